package ingest

// secretNames are the names behind which a secret stands, in lower case.
// Those with spaced take a space in place of the colon too.
var secretNames = [...]struct {
	name   string
	equals bool // only with an equals sign: the word is too common
	line   bool // the rest of the line
	spaced bool // a space is enough
}{
	{name: "stream key"},
	{name: "stream_key"},
	{name: "streamkey"},
	{name: "stream-key"},
	{name: "stream name/key"},
	{name: "sign-key", spaced: true},
	{name: "sign_key"},
	{name: "signkey"},
	{name: "push key"},
	{name: "pushkey"},
	{name: "api key"},
	{name: "api_key"},
	{name: "apikey"},
	{name: "access_token"},
	{name: "accesstoken"},
	{name: "access token"},
	{name: "key"},
	{name: "token"},
	{name: "jwt"},
	{name: "secret"},
	{name: "passphrase"},
	{name: "password"},
	{name: "passwd"},
	{name: "pwd"},
	{name: "pass", equals: true},
	{name: "playpath"},
	{name: "rtmp_playpath", spaced: true},
	{name: "rtmp_conn", spaced: true},
	{name: "pubpasswd"},
	{name: "pubuser"},
	{name: "conn", equals: true},
	{name: "auth", equals: true},
	{name: "auth_key"},
	{name: "txsecret"},
	{name: "wssecret"},
	{name: "hwsecret"},
	{name: "streamid", equals: true},
	{name: "sign", equals: true},
	{name: "signature"},
	{name: "response", equals: true},
	{name: "challenge", equals: true},
	{name: "opaque", equals: true},
	{name: "authorization", line: true},
	{name: "proxy-authorization", line: true},
	{name: "cookie", line: true},
	{name: "set-cookie", line: true},
	{name: "cid", equals: true},
	{name: "bearer", spaced: true},
}

// labels masks values behind names such as "stream key:" and token=, and the
// names that servers log in quotation marks when somebody publishes.
func (r *redactor) labels() {
	s := r.s
	line := 0 // up to where quotation marks were looked at
	for i := 0; i < len(s); i++ {
		if !isAlpha(s[i]) || i > 0 && (isAlpha(s[i-1]) || isDigit(s[i-1]) || s[i-1] == '%') {
			continue
		}
		if c := s[i] | 0x20; c == 'p' && i >= line && foldPrefix(s[i:], "publish") {
			line = r.published(i)
		}
		i = max(i, r.label(i)-1) // a value is masked whole, whatever names are in it
	}
}

func foldPrefix(s, lowerPrefix string) bool {
	if len(s) < len(lowerPrefix) {
		return false
	}
	for i := 0; i < len(lowerPrefix); i++ {
		if lower(s[i]) != lowerPrefix[i] {
			return false
		}
	}
	return true
}

// label masks the value behind a name at i and gives its end, 0 for none.
func (r *redactor) label(i int) int {
	s := r.s
	for k := range secretNames {
		n := &secretNames[k]
		if lower(s[i]) != n.name[0] || !foldPrefix(s[i:], n.name) {
			continue
		}
		j := i + len(n.name)
		if j < len(s) && (isAlpha(s[j]) || isDigit(s[j]) || s[j] == '_') {
			continue
		}
		if from, to, ok := r.value(j, n.equals, n.line, n.spaced); ok {
			r.cover(from, to)
			return to
		}
	}
	return 0
}

// value finds the value behind a name that ends at j: the colon or equals sign
// may stand after a quotation mark (JSON) and spaces.
func (r *redactor) value(j int, equals, line, spaced bool) (from, to int, ok bool) {
	s := r.s
	start := j
	for j < len(s) && isOneOf(s[j], "\"'\\") {
		j++
	}
	for j < len(s) && s[j] == ' ' {
		j++
	}
	switch {
	case j < len(s) && (s[j] == '=' || s[j] == ':' && !equals):
		j++
		if j < len(s) && s[j] == '/' && s[j-1] == ':' {
			return 0, 0, false // secret://
		}
	case spaced && j > start && s[start] == ' ':
	default:
		return 0, 0, false
	}
	for j < len(s) && s[j] == ' ' {
		j++
	}
	quote := byte(0)
	for j < len(s) && isOneOf(s[j], "\"'\\`") {
		quote = s[j]
		j++
	}
	from = j
	for j < len(s) {
		c := s[j]
		if c == '\n' || c == '\r' || !line && quote == 0 && (isSpace(c) || isOneOf(c, "&\"'<>")) || quote != 0 && (c == quote || c == '\\' && j+1 < len(s) && s[j+1] == quote) {
			break
		}
		j++
	}
	if quote != 0 && (j == len(s) || s[j] == '\n' || s[j] == '\r') {
		// The quotation mark never closes: take the word.
		for j = from; j < len(s) && !isSpace(s[j]); j++ {
		}
	}
	if j == from || s[from:j] == Mask {
		return 0, 0, false
	}
	return from, j, true
}

// published masks what stands in single quotation marks on a line that speaks
// of publishing: nginx-rtmp's publish: name='key', MediaMTX's path 'live/key'.
// It gives the end of the line.
func (r *redactor) published(i int) int {
	s := r.s
	for i < len(s) && s[i] != '\n' {
		if s[i] != '\'' {
			i++
			continue
		}
		j := i + 1
		for j < len(s) && s[j] != '\'' && s[j] != '\n' && s[j] != ' ' {
			j++
		}
		if j < len(s) && s[j] == '\'' && j > i+1 {
			if w := s[i+1 : j]; !wellKnownApp(w) && !contains(w, "://") && w != Mask {
				r.cover(i+1, j)
			}
			i = j + 1
			continue
		}
		i = max(j, i+1)
	}
	return i
}

// bareKey masks words that have the form of a platform's stream key, and an
// access token behind /live/.
func (r *redactor) bareKey(i, j int) {
	s := r.s
	for k := i; k < j; {
		if !isAlpha(s[k]) && !isDigit(s[k]) {
			k++
			continue
		}
		e := k
		for e < j && (isAlpha(s[e]) || isDigit(s[e]) || s[e] == '_' || s[e] == '-') {
			e++
		}
		w := s[k:e]
		if isKeyForm(w) || k-i >= 5 && k >= 6 && s[k-6:k] == "/live/" && (len(w) == 32 && allHex(w) || isGUID(w)) {
			r.cover(k, e)
		}
		k = e
	}
}

// isKeyForm reports whether a word has the published form of a platform's
// stream key: Twitch, Amazon IVS, Facebook, YouTube.
func isKeyForm(s string) bool {
	switch {
	case hasPrefix(s, "live_"):
		rest := s[5:]
		n := 0
		for n < len(rest) && isDigit(rest[n]) {
			n++
		}
		return n >= 3 && len(rest) > n+6 && rest[n] == '_'
	case hasPrefix(s, "sk_"):
		return len(s) > 16 && countByte(s, '-') >= 2 && countByte(s, '_') >= 2
	case hasPrefix(s, "FB-"):
		return len(s) > 12 && isDigit(s[3])
	}
	if len(s) != 19 && len(s) != 24 {
		return false
	}
	digits := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case i%5 == 4:
			if c != '-' {
				return false
			}
		case isDigit(c):
			digits++
		case c < 'a' || c > 'z':
			return false
		}
	}
	return digits > 0
}
