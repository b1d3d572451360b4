package ui

import (
	"strconv"
	"strings"
	"unicode"
)

// ReachTarget is what of a typed target a probe needs. What else was typed, a
// key above all, stays in the browser.
type ReachTarget struct {
	Scheme string // empty where none was typed
	Host   string // without brackets
	Port   int    // 0 where none was typed
	App    string // empty where none was typed, or where it may be a secret

	Kept    bool   // there was more, which is not sent
	Problem string // why it is no target; empty when it is one
}

// knownSchemes may leave the browser; what is wrong with most of them the
// server's answer says.
var knownSchemes = map[string]bool{
	"rtmp": true, "rtmps": true, "rtmpt": true, "rtmpe": true, "rtmpte": true, "rtmpts": true,
	"http": true, "https": true, "srt": true, "rtsp": true, "ws": true, "wss": true,
}

// maxTarget is the longest text that is read as a target.
const maxTarget = 4 << 10

// readTarget reads a URL or a host, with or without a port.
func readTarget(text string) (t ReachTarget) {
	s := strings.Trim(strings.TrimSpace(text), `"'<>`+"`")
	if s == "" {
		return ReachTarget{Problem: "Type a host, like live.example.com, or an ingest URL."}
	}
	if len(s) > maxTarget {
		return ReachTarget{Problem: "This is too long for a host or a URL."}
	}
	if at := strings.IndexFunc(s, unicode.IsSpace); at >= 0 {
		s, t.Kept = s[:at], true
	}
	rest := s
	if scheme, after, ok := strings.Cut(s, "://"); ok {
		t.Scheme, rest = strings.ToLower(scheme), after
		if !knownSchemes[t.Scheme] {
			return ReachTarget{Problem: "What stands before :// is no scheme of a stream. RTMP has two: rtmp and rtmps."}
		}
	}
	path := ""
	if at := strings.IndexAny(rest, "/?#"); at >= 0 {
		rest, path = rest[:at], rest[at:]
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest, t.Kept = rest[at+1:], true
	}
	if t.Problem = t.readHost(rest); t.Problem != "" {
		return ReachTarget{Problem: t.Problem}
	}
	t.readPath(path)
	return t
}

func (t *ReachTarget) readHost(s string) (problem string) {
	host, port := s, ""
	switch {
	case strings.HasPrefix(s, "["):
		in, after, ok := strings.Cut(s[1:], "]")
		if !ok || after != "" && after[0] != ':' {
			return "The bracket around the IPv6 address is not closed."
		}
		host, port = in, strings.TrimPrefix(after, ":")
	case strings.Count(s, ":") == 1:
		host, port, _ = strings.Cut(s, ":")
	}
	host = strings.TrimSuffix(host, ".")
	if port != "" {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return "The port is no number from 1 to 65535."
		}
		t.Port = n
	}
	switch {
	case host == "":
		return "There is no host in it."
	case len(host) > 253:
		return "The host is longer than a name can be. Is it a stream key? It was not sent."
	case strings.Contains(host, ":"):
		if strings.Trim(host, "0123456789abcdefABCDEF:.") != "" {
			return "This is no IPv6 address."
		}
	case strings.IndexFunc(host, func(r rune) bool {
		return r != '-' && r != '.' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	}) >= 0:
		return "There is a character in the host that no name has."
	case !strings.Contains(host, ".") && !strings.EqualFold(host, "localhost"):
		// the key alone, pasted into the wrong field, must not leave the browser
		return "This is no host name: one has a dot in it, like live.example.com. If it is a stream key: it was not sent."
	}
	t.Host = strings.ToLower(host)
	return ""
}

// readPath takes the application, where it looks like one.
func (t *ReachTarget) readPath(path string) {
	if at := strings.IndexAny(path, "?#"); at >= 0 {
		path, t.Kept = path[:at], true
	}
	first, more, _ := strings.Cut(strings.Trim(path, "/"), "/")
	if more != "" {
		t.Kept = true
	}
	if plainApp(first) {
		t.App = first
	} else if first != "" {
		t.Kept = true
	}
}

// plainApp reports whether a path's first part is an application name beyond
// doubt: live, live2, app, ingest-1; not a token or a key.
func plainApp(s string) bool {
	if s == "" || len(s) > 24 {
		return false
	}
	digits := 0
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return digits <= 4
}

// Authority is host and port.
func (t *ReachTarget) Authority() string {
	host := t.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if t.Port != 0 {
		host += ":" + strconv.Itoa(t.Port)
	}
	return host
}

// Text is the target as it is sent.
func (t *ReachTarget) Text() string {
	s := t.Authority()
	if t.Scheme != "" {
		s = t.Scheme + "://" + s
	}
	if t.App != "" {
		s += "/" + t.App
	}
	return s
}

// Sent says what leaves the browser.
func (t *ReachTarget) Sent() string {
	parts := make([]string, 0, 4)
	if t.Scheme != "" {
		parts = append(parts, t.Scheme)
	}
	parts = append(parts, "host "+t.Host)
	switch {
	case t.Port != 0:
		parts = append(parts, "port "+strconv.Itoa(t.Port))
	case t.Scheme == "":
		parts = append(parts, "the usual ports")
	}
	if t.App != "" {
		parts = append(parts, "application "+t.App)
	}
	return strings.Join(parts, ", ")
}

// publishServer guesses an encoder's server field from what was typed: all but
// the last part of the path, which is the key, and the query.
func publishServer(text string) string {
	t := readTarget(text)
	if t.Problem != "" {
		return ""
	}
	if t.Scheme == "" {
		t.Scheme = "rtmp"
		if t.Port == 443 || t.Port == 2935 || t.Port == 2936 {
			t.Scheme = "rtmps"
		}
	}
	t.App = ""
	server := t.Text()
	s := strings.Trim(strings.TrimSpace(text), `"'<>`+"`")
	if at := strings.IndexFunc(s, unicode.IsSpace); at >= 0 {
		s = s[:at]
	}
	if _, after, ok := strings.Cut(s, "://"); ok {
		s = after
	}
	if at := strings.IndexAny(s, "?#"); at >= 0 {
		s = s[:at]
	}
	_, path, _ := strings.Cut(s, "/")
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	if len(parts) > 1 || len(parts) == 1 && !plainApp(parts[0]) {
		parts = parts[:len(parts)-1]
	}
	for _, p := range parts {
		server += "/" + p
	}
	return server
}
