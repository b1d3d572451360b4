package ingest

import "strings"

// maxPlaceholders bounds what is looked for: a template has a few.
const maxPlaceholders = 24

// lintPlaceholders finds parts that a person was meant to replace. Where one is
// found, no other rule speaks of that part.
func (l *linter) lintPlaceholders() {
	u := l.u
	look := func(g seg, part string, kind placeKind) {
		if g.empty() || l.isPlaceholder(g) {
			return
		}
		for from := g.s; from < g.e; {
			what, i, n := placeholder(u.t[from:g.e], kind)
			if n == 0 || len(l.placeholders) >= maxPlaceholders {
				return
			}
			p := seg{from + i, from + i + n}
			l.placeholders = append(l.placeholders, p)
			if isOneOf(what[0], "<{[") {
				// As it stands, with its spaces.
				start, end := l.t.span(p.s, p.e)
				if end < fieldBit && squash(l.c.in[0][start:end]) == squash(what) {
					what = l.c.in[0][start:end]
				}
			}
			l.find("url-placeholder", p, part, "placeholder", what, "part", part)
			from = p.e
		}
	}
	look(u.host, "host", inHost)
	look(u.port, "port", inPort)
	look(u.user, "user", inPath)
	look(u.pass, "password", inPath)
	look(l.l.app, "application", inPath)
	look(l.l.instance, "application", inPath)
	look(l.l.token, "access token", inPath)
	look(l.l.stream, "stream name", inPath)
	for i := range u.params {
		p := &u.params[i]
		look(p.name, "query", inQuery)
		look(p.value, "query", inQuery)
	}
}

type placeKind uint8

const (
	inHost placeKind = iota
	inPort
	inPath
	inQuery
)

// placeholder finds the first placeholder in a part: where it begins, how long
// it is (0: there is none), and how it may be shown. A text in brackets that is
// no common word may be a real key and is not shown.
func placeholder(s string, kind placeKind) (what string, at, n int) {
	signs := classes(s)&isSign != 0
	if !signs && len(s) > 64 && kind != inHost {
		return "", 0, 0
	}
	for i := 0; i < len(s) && signs; i++ {
		open := s[i]
		if open != '<' && open != '{' && open != '[' {
			continue
		}
		j := i + 1
		for j < len(s) && s[j] != closing(open) {
			j++
		}
		if j == len(s) {
			if open == '<' {
				return "a text in angle brackets", i, j - i
			}
			continue
		}
		inner := s[i+1 : j]
		for len(inner) > 0 && inner[0] == '{' { // {{key}}
			inner = inner[1:]
			if j+1 < len(s) && s[j+1] == '}' {
				j++
			}
		}
		if open != '<' && (isGUID(inner) || len(inner) == 32 && allHex(inner) || inner == "" || kind == inHost && isIPv6(inner)) {
			continue
		}
		from := i
		if from > 0 && s[from-1] == '$' { // ${KEY}
			from--
		}
		return bracketed(open, inner), from, j + 1 - from
	}
	if variable := trimChars(s, "$%"); len(variable) > 1 && len(s) > 2 && (s[0] == '$' || s[0] == '%' && s[len(s)-1] == '%') && isWordChars(variable) && isAlpha(variable[0]) {
		return "a variable that was never filled in", 0, len(s)
	}
	if kind == inHost {
		return hostPlaceholder(s)
	}
	if kind == inPort {
		if w := lowerASCII(s); w == "port" {
			return s, 0, len(s)
		}
		return "", 0, 0
	}
	if signs && masked(s) {
		return "a masked value", 0, len(s)
	}
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && s[j] != '/' {
			j++
		}
		if word := s[i:j]; isStock(word) {
			return word, i, j - i
		}
		i = j + 1
	}
	return "", 0, 0
}

// bracketed writes a placeholder in brackets, unless what is inside may be a
// real value that somebody put between them.
func bracketed(open byte, inner string) string {
	letters := 0
	for i := 0; i < len(inner); i++ {
		switch c := inner[i]; {
		case isAlpha(c):
			letters++
		case isDigit(c) && inner != "md5" && !contains(inner, "32") && !contains(inner, "128"):
			return "a text in brackets"
		}
	}
	if letters == 0 || len(inner) > 24 {
		return "a text in brackets"
	}
	if !knownWords(inner) {
		return "a text in brackets"
	}
	return string(rune(open)) + inner + string(rune(closing(open)))
}

// manualWords are the words of placeholders, each with a space behind.
const manualWords = "stream key name access token host server address ip port app application instance domain push ingest publish url your live event account region random hex string md time secret user password pass id guid path channel here the expire expiry timestamp abbrev ams pop vhost insert enter my input playpath "

// knownWords reports whether a text is put together from the words that
// manuals use in placeholders.
func knownWords(s string) bool {
	w := squash(s)
	for len(w) > 0 {
		n := 0
		for from := 0; from < len(manualWords); {
			end := from + strings.IndexByte(manualWords[from:], ' ')
			if k := manualWords[from:end]; hasPrefix(w, k) && len(k) > n {
				n = len(k)
			}
			from = end + 1
		}
		if n == 0 {
			return false
		}
		w = w[n:]
	}
	return true
}

// squash leaves the letters of s, in lower case.
func squash(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if isAlpha(s[i]) {
			b = append(b, lower(s[i]))
		}
	}
	return string(b)
}

func trimChars(s, set string) string {
	for len(s) > 0 && isOneOf(s[0], set) {
		s = s[1:]
	}
	for len(s) > 0 && isOneOf(s[len(s)-1], set) {
		s = s[:len(s)-1]
	}
	return s
}

// masked reports whether a value is made of x, * or dots alone (xxxx-xxxx), or
// holds a run of them: somebody masked it before passing it on.
func masked(s string) bool {
	run, other, marks := 0, 0, 0
	longest := 0
	for i := 0; i < len(s); {
		c := s[i]
		size := 1
		mark := c == 'x' || c == 'X' || c == '*'
		if c == 0xE2 && i+2 < len(s) && s[i+1] == 0x80 && s[i+2] == 0xA2 { // bullet
			mark, size = true, 3
		}
		switch {
		case mark:
			run++
			marks++
		case c == '-', c == '_', c == '.', c == ' ':
			run = 0
		default:
			other++
			run = 0
		}
		longest = max(longest, run)
		i += size
	}
	return marks >= 3 && other == 0 || longest >= 4
}

// isStock reports whether a word is a placeholder that manuals use.
func isStock(s string) bool {
	// As they stand: in small letters these may well be real names.
	switch s {
	case "KEY", "TOKEN", "HOST", "SERVER", "STREAM_NAME", "STREAMNAME", "STREAM", "APP_NAME", "APPNAME", "APPLICATION", "ACCESS_TOKEN",
		"AppName", "StreamName", "StreamKey", "streamKey":
		return true
	}
	if len(s) > 48 || len(s) < 4 {
		return false
	}
	w := squash(s)
	switch w {
	case "guidappid", "appid", "streamkey", "streamkeyhere", "keyhere", "accesstoken", "changeme", "replaceme", "insertkeyhere",
		"enterkeyhere", "pastekeyhere", "insertstreamkey", "enterstreamkey", "todo":
		return len(w)+4 >= len(s) // a real name may have these letters among digits
	}
	if len(w) >= 7 && len(w)+4 >= len(s) {
		for i := 0; i+4 < len(w); i++ {
			if w[i:i+4] == "your" && knownWords(w[i:]) {
				return true
			}
		}
	}
	return false
}

func hostPlaceholder(s string) (what string, at, n int) {
	if inList(s, "HOST SERVER IP DOMAIN") || inList(lowerASCII(s), "hostname server_ip serverip server-ip ip_address ip-address ipaddress inputip domain.com servername server_name server-name x.x.x.x xxx.xxx.xxx.xxx pushdomain push-domain ingestdomain") {
		return s, 0, len(s)
	}
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && s[j] != '.' {
			j++
		}
		label := s[i:j]
		if w := squash(label); inList(w, "yourdomain yourserver yourhost yourhostname yourip youripaddress yourserverip yourserveraddress yourpushdomain youringestdomain yourdomainname") || masked(label) && len(label) > 2 && countByte(label, 'x')+countByte(label, 'X')+countByte(label, '*') == len(label) {
			return label, i, j - i
		}
		i = j + 1
	}
	return "", 0, 0
}
