package explain

import (
	"strings"

	"ingestdoctor/wasm/ingest"
)

// Mask masks the secrets in any number of lines, for drawing a part of a paste.
// The lines stay the same in number and order; terminal colours go. It knows what the lines
// themselves tell; Explainer.Mask also knows the secrets seen elsewhere in the paste.
func Mask(text string) string { return maskAll(text, nil) }

// Mask is the function of that name, which also masks the secrets that have
// been seen anywhere in the paste so far.
func (e *Explainer) Mask(text string) string { return maskAll(text, &e.core.secrets) }

func maskAll(text string, known *secretSet) string {
	var b strings.Builder
	b.Grow(len(text))
	open := false // the line before ended in a secret and may have been broken there
	for {
		n := strings.IndexAny(text, "\r\n")
		line := text
		if n >= 0 {
			line = text[:n]
		}
		if strings.IndexByte(line, 0x1b) >= 0 || strings.Contains(line, "[0m") {
			line = uncoloured(line)
		}
		masked := maskLine(line)
		if known != nil {
			masked = known.apply(masked)
		}
		if open {
			masked = maskHead(masked)
		}
		open = len(line) >= 60 && hasSuffix(masked, ingest.Mask) && !hasSuffix(line, ingest.Mask)
		b.WriteString(masked)
		if n < 0 {
			return b.String()
		}
		b.WriteByte(text[n])
		if text[n] == '\r' && n+1 < len(text) && text[n+1] == '\n' {
			b.WriteByte('\n')
			n++
		}
		text = text[n+1:]
	}
}

// maskHead masks the first word of a line, the rest of a secret that a terminal
// broke; not where it is the start of a log's record.
func maskHead(s string) string {
	i := 0
	for i < len(s) && (isNameByte(s[i]) || isOneOf(s[i], "-&=?/.%+~")) {
		i++
	}
	if i < 3 || i >= 10 && (like(s, "9999-99-99") || like(s, "9999/99/99")) || i < len(s) && s[i] == ':' {
		return s
	}
	return ingest.Mask + s[i:]
}

func maskLine(line string) string { return ingest.Redact(labelled(line)) }

// labelled masks the values behind names that stand for secrets in
// notifications and in servers' logs: "streamKey": "…", name='…', stream=….
// What else is secret the redactor knows.
func labelled(s string) string {
	var b []byte
	from := 0
	for i := 1; i < len(s); i++ {
		if s[i] != ':' && s[i] != '=' && s[i] != '\'' && s[i] != ' ' {
			continue
		}
		start, end := 0, 0
		if s[i] == ' ' {
			if hasSuffix(s[:i], "tream") || hasSuffix(s[:i], "treamId") || hasSuffix(s[:i], "tream:") || hasSuffix(s[:i], "treamId:") { // for stream Abc123
				start, end = nameAfter(s, i+1)
			}
		} else if s[i] == '\'' {
			if hasSuffix(s[:i], "path ") { // MediaMTX: path 'live/key'
				start, end = quotedValue(s, i)
			}
		} else {
			start, end = secretValue(s, i)
		}
		if start >= end || start < from || s[start:end] == ingest.Mask {
			continue
		}
		b = append(b, s[from:start]...)
		b = append(b, ingest.Mask...)
		from = end
		i = max(i, end-1)
	}
	if b == nil {
		return s
	}
	return string(append(b, s[from:]...))
}

// secretValue gives the value behind the separator at i, where the name before
// it stands for a secret; start is not below end where there is none.
func secretValue(s string, i int) (start, end int) {
	j := i
	for j > 0 && s[j-1] == ' ' {
		j--
	}
	quoted := false
	for j > 0 && (s[j-1] == '"' || s[j-1] == '\'' || s[j-1] == '\\') {
		quoted = true
		j--
	}
	k := j
	for k > 0 && (isNameByte(s[k-1]) || s[k-1] == '-') {
		k--
	}
	if k == j || j-k > 32 {
		return 0, 0
	}
	name := s[k:j]
	v := i + 1
	for v < len(s) && s[v] == ' ' {
		v++
	}
	switch {
	case v == len(s):
		return 0, 0
	case quoted && s[i] == ':': // JSON
		if !secretName(name) {
			return 0, 0
		}
	case s[i] == '=':
		if eqFold(name, "url") || eqFold(name, "stream_url") {
			return lastSegment(s, v)
		}
		if !(s[v] == '\'' && (eqFold(name, "name") || eqFold(name, "args"))) && !secretName(name) {
			return 0, 0
		}
	default: // prose: only what nobody else calls so
		if !strongName(name) {
			return 0, 0
		}
	}
	return quotedValue(s, v)
}

// nameAfter is a stream's name in prose: a word with letters and digits, or the
// last part of a path.
func nameAfter(s string, v int) (start, end int) {
	if v < len(s) && s[v] == '/' {
		return lastSegment(s, v)
	}
	letters, digits := false, false
	for end = v; end < len(s) && (isNameByte(s[end]) || s[end] == '-'); end++ {
		if isDigit(s[end]) {
			digits = true
		} else if s[end] != '-' && s[end] != '_' {
			letters = true
		}
	}
	if !letters || !digits || end-v < 6 {
		return 0, 0
	}
	return v, end
}

// lastSegment is the stream's name in url=/live/name.
func lastSegment(s string, v int) (start, end int) {
	if s[v] != '/' {
		return 0, 0
	}
	end = v
	for end < len(s) && !isOneOf(s[end], " ,?'\"\t") {
		end++
	}
	start = v + strings.LastIndexByte(s[v:end], '/') + 1
	if start <= v+1 {
		return 0, 0
	}
	return start, end
}

// quotedValue is a value at v, with the quotes around it taken off, if any.
func quotedValue(s string, v int) (start, end int) {
	for v < len(s) && s[v] == '\\' {
		v++
	}
	if v < len(s) && (s[v] == '"' || s[v] == '\'') {
		q := s[v]
		end = v + 1
		for end < len(s) && s[end] != q {
			end++
		}
		start = v + 1
		for end > start && end < len(s) && s[end-1] == '\\' {
			end--
		}
	} else {
		start, end = v, v
		for end < len(s) && !isOneOf(s[end], " ,&;'\")}]\t<>") {
			end++
		}
	}
	w := s[start:end]
	if w == "null" || w == "true" || w == "false" || w == "None" || len(w) <= 2 && leadingInt(w) >= 0 {
		return 0, 0
	}
	return start, end
}

// plainName writes a name without _ and - and in lower case, for comparison.
func plainName(s string) string {
	b := make([]byte, 0, 32)
	for i := 0; i < len(s) && len(b) < 32; i++ {
		if s[i] != '_' && s[i] != '-' {
			b = append(b, lower(s[i]))
		}
	}
	return string(b)
}

// secretName reports whether a field of that name holds a secret. A stream's
// name counts as one, because on most platforms it is the key.
func secretName(name string) bool {
	if len(name) < 3 || len(name) > 24 {
		return false
	}
	switch name[len(name)-1] | 0x20 { // how the names below end
	case 'y', 'm', 'd', 'e', 's', 'n', 't', 'h':
	default:
		return false
	}
	switch plainName(name) {
	case "key", "stream", "streamid", "streamname", "channelid", "streamparam", "param", "params", "usrargs", "sign", "signature", "auth", "rtmpkey":
		return true
	}
	return strongName(name)
}

// strongName is a name that stands for a secret wherever it is.
func strongName(name string) bool {
	switch plainName(name) {
	case "streamkey", "txsecret", "hwsecret", "authkey", "token", "accesstoken", "refreshtoken", "idtoken", "bearertoken", "password", "passwd", "pwd", "passphrase",
		"secret", "secretkey", "clientsecret", "apikey", "apisecret", "authorization", "xsignature", "muxsignature", "webhooksignature", "sharedaccesssignature", "accountkey", "aegsastoken", "aegsaskey":
		return true
	}
	return false
}

// secretSet is what was masked in one place of a paste and must not be shown in
// another.
type secretSet struct {
	list []string
}

const maxSecrets = 256

// learn takes what a masked text hides.
func (s *secretSet) learn(original, masked string) {
	if len(s.list) >= maxSecrets || original == masked {
		return
	}
	pos := 0
	parts := strings.Split(masked, ingest.Mask)
	for i, part := range parts {
		if i == 0 {
			if !hasPrefix(original, part) {
				return
			}
			pos = len(part)
			continue
		}
		n := len(original) - pos
		if part != "" {
			if n = strings.Index(original[pos:], part); n < 0 {
				return
			}
		} else if i < len(parts)-1 {
			continue
		}
		s.add(original[pos : pos+n])
		pos += n + len(part)
	}
}

// add keeps a secret, and the parts of one that is a path or a query.
func (s *secretSet) add(secret string) {
	for from := 0; from <= len(secret); {
		to := from
		for to < len(secret) && !isOneOf(secret[to], "/?&= '\",\n;@:\\") {
			to++
		}
		w := secret[from:to]
		from = to + 1
		if !telling(w) || len(s.list) >= maxSecrets {
			continue
		}
		known := false
		for _, old := range s.list {
			known = known || old == w
		}
		if !known {
			s.list = append(s.list, strings.Clone(w))
		}
	}
}

// telling reports whether a word is one that would not stand in a text by
// chance.
func telling(w string) bool {
	if len(w) < 6 || len(w) > 512 || w == ingest.Mask {
		return false
	}
	for i := 0; i < len(w); i++ {
		if c := w[i]; isDigit(c) || c >= 'A' && c <= 'Z' {
			return !isAddressLike(w) && !plainParameter(w)
		}
	}
	return len(w) >= 14 && !plainParameter(w)
}

// isAddressLike reports whether a word is an IPv4 address or a number of a few digits.
func isAddressLike(w string) bool {
	for i := 0; i < len(w); i++ {
		if !isDigit(w[i]) && w[i] != '.' {
			return false
		}
	}
	return strings.Contains(w, ".") || len(w) < 8
}

// plainParameter reports whether a word is the name of a parameter, and no value.
func plainParameter(w string) bool {
	switch w {
	case "txSecret", "txTime", "auth_key", "stream1", "livestream", "streamName":
		return true
	}
	return false
}

// apply masks what is known, where it stands as a word of its own.
func (s *secretSet) apply(text string) string {
	for _, w := range s.list {
		for from := 0; ; {
			i := strings.Index(text[from:], w)
			if i < 0 {
				break
			}
			i += from
			j := i + len(w)
			if i > 0 && isNameByte(text[i-1]) && isNameByte(w[0]) || j < len(text) && isNameByte(text[j]) && isNameByte(w[len(w)-1]) {
				from = i + 1
				continue
			}
			text = text[:i] + ingest.Mask + text[j:]
			from = i + len(ingest.Mask)
		}
	}
	return text
}
