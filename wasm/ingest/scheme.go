package ingest

// family groups the schemes that turn up where an ingest URL is meant.
type family uint8

const (
	famUnknown family = iota
	famRTMP
	famHTTP
	famSRT
	famWebRTC
	famOther
)

type schemeInfo struct {
	name   string
	family family
	port   int // the port that an encoder takes where none is given
}

// schemes are those that a person may mix up. The port of rtmpt and its kin is
// that of the HTTP tunnel.
var schemes = [...]schemeInfo{
	{"rtmp", famRTMP, 1935},
	{"rtmps", famRTMP, 443},
	{"rtmpt", famRTMP, 80},
	{"rtmpts", famRTMP, 443},
	{"rtmpe", famRTMP, 1935},
	{"rtmpte", famRTMP, 80},
	{"rtmfp", famOther, 1935},
	{"http", famHTTP, 80},
	{"https", famHTTP, 443},
	{"srt", famSRT, 0},
	{"webrtc", famWebRTC, 0},
	{"whip", famWebRTC, 443},
	{"whips", famWebRTC, 443},
	{"artc", famWebRTC, 0},
	{"webrtcs", famWebRTC, 443},
	{"rtsp", famOther, 554},
	{"rtsps", famOther, 322},
	{"rist", famOther, 0},
	{"udp", famOther, 0},
	{"rtp", famOther, 0},
	{"tcp", famOther, 0},
	{"ws", famOther, 80},
	{"wss", famOther, 443},
	{"ftp", famOther, 21},
	{"hls", famOther, 0},
	{"mms", famOther, 1755},
	{"file", famOther, 0},
}

func schemeByName(name string) *schemeInfo {
	for i := range schemes {
		if equalFold(schemes[i].name, name) {
			return &schemes[i]
		}
	}
	return nil
}

// hit is a scheme found in a text, with what separates it from the rest.
type hit struct {
	start, name int // the name is s[start:name]
	after       int // where the rest begins
	slashes     int
	colon       bool // a plain colon
	sign        byte // ';', '.' or ',' in its place
	encoded     bool // %3A
	choice      bool // rtmp[s]
	spaced      bool // white space between name and rest
	info        *schemeInfo
}

// plain reports whether it is written as it should be.
func (h *hit) plain() bool { return h.colon && h.slashes == 2 && !h.choice && !h.spaced }

// matchScheme reads a scheme at s[i:], however it is mangled. A name that is
// not known counts only with its "://".
func matchScheme(s []byte, i int) (h hit, ok bool) {
	j := i
	for j < len(s) && j-i <= 12 && (isAlpha(s[j]) || j > i && isDigit(s[j])) {
		j++
	}
	if j == i || j-i > 12 {
		return h, false
	}
	h.start, h.name = i, j
	h.info = schemeByName(string(s[i:j]))
	known := h.info != nil
	if known && h.info.family == famRTMP && j+3 <= len(s) && (string(s[j:j+3]) == "[s]" || string(s[j:j+3]) == "(s)") {
		h.choice = true
		j += 3
	}
	skip := func() {
		for j < len(s) && (s[j] == ' ' || s[j] == '\n') {
			j++
			h.spaced = true
		}
	}
	if known {
		skip()
	}
	switch {
	case j < len(s) && s[j] == ':':
		h.colon = true
		j++
	case !known:
		return h, false
	case j+2 < len(s) && s[j] == '%' && s[j+1] == '3' && s[j+2]|0x20 == 'a':
		h.encoded = true
		h.after = j
		return h, true
	case j+2 < len(s) && s[j] == '%' && s[j+1] == '2' && s[j+2] == '5': // %253A, %25253A
		k := j + 3
		for k+1 < len(s) && s[k] == '2' && s[k+1] == '5' {
			k += 2
		}
		if k+1 < len(s) && s[k] == '3' && s[k+1]|0x20 == 'a' {
			h.encoded = true
			h.after = j
			return h, true
		}
		return h, false
	case j+2 < len(s) && (s[j] == ';' || s[j] == '.' || s[j] == ',') && s[j+1] == '/' && s[j+2] == '/':
		h.sign = s[j]
		j++
	}
	if known && (h.colon || h.sign != 0) {
		for k := j; k < len(s) && (s[k] == ' ' || s[k] == '\n'); k++ {
			if k+1 < len(s) && s[k+1] == '/' {
				j = k + 1
				h.spaced = true
			}
		}
	}
	for j < len(s) && s[j] == '/' {
		h.slashes++
		j++
	}
	h.after = j
	if !known {
		return h, h.slashes >= 2
	}
	if h.colon && h.slashes >= 1 || h.sign != 0 {
		if h.spaced || h.slashes > 0 {
			skip()
			h.after = j
		}
		return h, true
	}
	ingest := h.info.family == famRTMP || h.info.family == famSRT
	if h.colon { // rtmp:host; rtmp:1935 would be a host of that name with its port
		skip()
		h.after = j
		return h, ingest && j < len(s) && (isAlpha(s[j]) || s[j] == '[')
	}
	return h, ingest && !h.spaced && h.slashes >= 2
}

// findScheme looks for the first scheme in s from i on that begins a word.
func findScheme(s []byte, i int) (h hit, ok bool) {
	for ; i < len(s); i++ {
		if !isAlpha(s[i]) || i > 0 && (isAlpha(s[i-1]) || isDigit(s[i-1])) {
			continue
		}
		if h, ok = matchScheme(s, i); ok && (h.slashes > 0 || h.encoded) {
			return h, true
		}
	}
	return h, false
}

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				b[i] = lower(b[i])
			}
			return string(b)
		}
	}
	return s
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	default:
		return c | 0x20 - 'a' + 10
	}
}
