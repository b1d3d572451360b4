package explain

import (
	"strings"
	"sync"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// code is a page of the knowledge base, as far as a log needs it.
type code struct {
	platform string
	name     string // of the platform, for a person
	severity diag.Severity
	slug     string // empty: that of the first code
	codes    []string
	title    string
	means    string // a sentence or two
	fix      string // the first step
}

func (c *code) url() string {
	if c.slug != "" {
		return "/codes/" + c.platform + "/" + c.slug
	}
	return rules.CodeURL(c.platform, c.codes[0])
}

// template is one message, or one code that stands for itself in a text.
type template struct {
	code   *code
	exact  string   // the code as it stands, for a word; else that of the page
	pieces []string // literal parts; anything may stand between them
	anchor int      // index of the longest piece
	score  int      // how much of it is literal
	before bool     // a variable stands before the first piece
	after  bool     // and one after the last
	mode   mode
}

// mode says where a template may match.
type mode uint8

const (
	modeLine  mode = iota // anywhere in a line of its own platform's log
	modeProse             // anywhere: it is long enough to be nobody else's words
	modeTail              // the end of a line of its own log, after a colon or in brackets, or a whole line
	modeWord              // a whole word, anywhere
	modeOwn               // a whole word, in its own log or event only
)

// table is the knowledge base in memory, and the matcher over all of it.
type table struct {
	codes     []code
	byKey     map[string]*code // platform "/" exact code
	templates []template
	byMessage map[string]*code // platform "/" message of one piece
	wm        matcher
}

var (
	tableOnce sync.Once
	tableOf   table
)

// knowledgeTable is read once: it is the same for every paste.
func knowledgeTable() *table {
	tableOnce.Do(func() { tableOf.load(knowledge) })
	return &tableOf
}

func (t *table) load(text string) {
	t.byKey = make(map[string]*code, 512)
	t.byMessage = make(map[string]*code, 512)
	t.codes = make([]code, 0, 384)
	platform, name := "", ""
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		kind, rest, _ := strings.Cut(line, "\t")
		f := strings.Split(rest, "\t")
		switch kind {
		case "P":
			platform, name = f[0], f[1]
		case "C":
			sev := diag.Warning
			switch f[0] {
			case "e":
				sev = diag.Error
			case "i":
				sev = diag.Info
			}
			t.codes = append(t.codes, code{
				platform: platform, name: name, severity: sev, slug: f[1],
				codes: strings.Split(f[2], "\x1f"), title: f[3], means: f[4], fix: f[5],
			})
			c := &t.codes[len(t.codes)-1] // never grows beyond its first room, see below
			for _, exact := range c.codes {
				if exact == "" {
					continue
				}
				t.byKey[platform+"/"+exact] = c
				if m, ok := wordMode(platform, exact); ok {
					t.templates = append(t.templates, template{code: c, exact: exact, pieces: []string{exact}, score: len(exact), mode: m})
				}
			}
		case "M":
			c := &t.codes[len(t.codes)-1]
			pieces := strings.Split(rest, "\x01")
			if len(pieces) == 1 {
				t.byMessage[platform+"/"+rest] = c
			}
			if skipped(platform, rest) {
				continue
			}
			m := template{code: c, exact: codeOf(c, rest)}
			if n := len(pieces); n > 1 && pieces[n-1] == "" {
				pieces, m.after = pieces[:n-1], true
			}
			if len(pieces) > 1 && pieces[0] == "" {
				pieces, m.before = pieces[1:], true
			}
			m.pieces = pieces
			for i, p := range pieces {
				m.score += len(p)
				if len(p) > len(pieces[m.anchor]) {
					m.anchor = i
				}
			}
			if len(pieces[m.anchor]) < window {
				continue
			}
			m.mode = messageMode(platform, &m)
			m.score -= 8 * (len(pieces) - 1)
			if m.after {
				m.score -= 8
			}
			t.templates = append(t.templates, m)
		}
	}
	// Pointers into codes hold only if it never moved.
	if len(t.codes) > 384 {
		panic("explain: room for 384 pages")
	}
	t.wm.init(t.templates)
}

// messageCodes tell the code of a message where a page has several.
var messageCodes = [...]struct{ platform, part, code string }{
	{"ffmpeg", "No route to host", "EHOSTUNREACH"},
	{"obs-studio", "Hostname found, but no data", "NO_DATA / WSANO_DATA 11004"},
	{"obs-studio", "Error reaching host", "EHOSTUNREACH / WSAEHOSTUNREACH 10065"},
	{"obs-studio", "The connection was aborted", "ECONNABORTED / WSAECONNABORTED 10053"},
	{"rtmp-protocol", "reason=nosuchuser", "AccessManager.Reject:nosuchuser"},
	{"rtmp-protocol", "reason=needauth", "AccessManager.Reject:needauth"},
	{"tencent-css", "audio timestamp moved", "321:2"},
	{"tencent-css", "音频时间戳回退", "321:2"},
	{"tencent-css", "audio timestamp increased", "321:4"},
	{"tencent-css", "音频时间戳突然变大", "321:4"},
	{"tencent-css", "audio frames arrived late", "321:7"},
	{"tencent-css", "audio frame arrive interval", "321:7"},
	{"tencent-css", "两帧音频帧", "321:7"},
	{"tencent-css", "音频帧到达时间差", "321:7"},
	{"tencent-css", "audio codec changed", "321:9"},
	{"tencent-css", "音频编码类型", "321:9"},
	{"tencent-css", "before an audio frame", "321:11"},
	{"tencent-css", "音频帧到来前", "321:11"},
	{"aws-ivs", "one or more tracks with an invalid codec", "InvalidMultitrackInputVideoTrackMediaProperties"},
	{"aws-ivs", "without providing an authenticated", "GetClientConfigurationStreamKeyRequired"},
	{"aws-ivs", "different media properties", "StreamTakeoverMediaMismatch"},
	{"aws-ivs", "priority integer value", "StreamTakeoverInvalidPriority"},
	{"aws-ivs", "maximum allowed takeover attempts", "StreamTakeoverLimitBreached"},
	{"facebook-live", "at least 100 followers", "200/1363144"},
	{"alibaba-apsaravideo-live", "not on the allowlist", "2002"},
	{"srs", "Socket read data failed", "1007"},
	{"srs", "Socket write data failed", "1009"},
}

// codeOf is the code of a page that a message stands for.
func codeOf(c *code, message string) string {
	for _, exact := range c.codes {
		if strings.TrimRight(exact, ".") == message {
			return exact
		}
	}
	for i := range messageCodes {
		if m := &messageCodes[i]; m.platform == c.platform && strings.Contains(message, m.part) {
			return m.code
		}
	}
	return c.codes[0]
}

// wordMode says whether a code is a word that stands for itself in a text.
func wordMode(platform, exact string) (m mode, ok bool) {
	if len(exact) < window || strings.ContainsAny(exact, " /:%'()") {
		return 0, false
	}
	switch platform {
	case "azure-media-services", "cloudflare-stream", "facebook-live", "mux":
		return modeWord, true
	case "rtmp-protocol":
		return modeWord, true
	case "nginx-rtmp", "ant-media":
		return modeOwn, true
	case "aws-ivs", "ffmpeg":
		return modeWord, !strings.HasPrefix(exact, "E")
	}
	return 0, false
}

// skipped names messages that say too little by themselves, and those whose
// numbers a rule of its own judges.
func skipped(platform, message string) bool {
	switch platform {
	case "obs-studio":
		// Shares of frames are log-dropped-frames and its like; where OBS says that it
		// is disconnected, its own reader looks at the whole line.
		return strings.Contains(message, "rames") || message == "Disconnected from " || hasPrefix(message, "Encoding overloaded")
	case "ffmpeg":
		switch message {
		case "Error muxing a packet", "Conversion failed!": // of any failure
			return true
		}
	case "librtmp-obs":
		return message == "rtmp server sent error"
	case "twitch":
		return true
	case "youtube-live":
		return strings.HasPrefix(message, "Check ") || message == "Video output low"
	case "facebook-live":
		return message == "Generic Stream" || message == "Upload Problem" || message == "Permissions error"
	case "agora-media-push":
		return true // words such as TOO_OFTEN; read where its callback is
	case "tencent-css":
		return message == "Unknown error" || message == "Unknown reason" || message == "Chunk size too big"
	case "azure-media-services":
		return strings.HasPrefix(message, "This is general error")
	}
	return false
}

// messageMode says where a message may match.
func messageMode(platform string, m *template) mode {
	pieces, literal := m.pieces, m.score
	alone := len(pieces) == 1 && !m.before && !m.after
	words := 0
	for _, p := range pieces {
		words += strings.Count(p, " ")
	}
	switch platform {
	case "ffmpeg":
		if alone && literal < 24 && words <= 3 {
			return modeTail
		}
		if strings.HasPrefix(pieces[0], "av_interleaved") {
			return modeLine
		}
	case "mediamtx":
		if alone && literal < 30 {
			return modeTail
		}
		return modeLine
	case "srs":
		return modeLine
	case "nginx-rtmp":
		return modeLine
	}
	if literal >= 32 && words >= 4 || literal >= 18 && pieces[0] != "" && pieces[0][0] >= 0x80 {
		return modeProse
	}
	return modeLine
}

// window is how many bytes of a literal the matcher looks for, and the least
// that a template needs.
const window = 8

// matcher finds all templates in one pass (Wu and Manber): most bytes are
// never looked at. Each template is looked for by the first window bytes of its
// longest piece; what is found is then compared whole.
type matcher struct {
	shift [hashes]uint8  // how far to go on, by the hash of the last three bytes of the window
	first [hashes]uint16 // first template whose window ends in them, from 1
	next  []uint16
	start []byte   // first bytes of the windows
	head  []string // the windows
}

const hashes = 1 << 14

func hash3(a, b, c byte) uint32 {
	return (uint32(a) ^ uint32(b)<<4 ^ uint32(c)<<8) & (hashes - 1)
}

func (m *matcher) init(list []template) {
	for i := range m.shift {
		m.shift[i] = window - 2
	}
	m.next = make([]uint16, len(list)+1)
	m.start = make([]byte, len(list)+1)
	m.head = make([]string, len(list)+1)
	for i := range list {
		h := list[i].pieces[list[i].anchor][:window]
		m.head[i+1], m.start[i+1] = h, h[0]
		for k := 2; k < window; k++ {
			x := hash3(h[k-2], h[k-1], h[k])
			m.shift[x] = min(m.shift[x], uint8(window-1-k))
		}
		x := hash3(h[window-3], h[window-2], h[window-1])
		m.next[i+1] = m.first[x]
		m.first[x] = uint16(i + 1)
	}
}

// match is a template found in a line.
type match struct {
	t          *template
	start, end int
}

// find appends the templates whose anchor stands in b and whose other pieces
// stand where they should. The line's kind decides what may count.
func (t *table) find(b string, out []match) []match {
	m := &t.wm
	for i := window - 1; i < len(b); {
		x := hash3(b[i-2], b[i-1], b[i])
		if s := m.shift[x]; s > 0 {
			i += int(s)
			continue
		}
		for k := m.first[x]; k != 0; k = m.next[k] {
			if b[i-window+1] == m.start[k] && b[i-window+1:i+1] == m.head[k] {
				if c, ok := t.templates[k-1].check(b, i-window+1); ok {
					c.t = &t.templates[k-1]
					out = append(out, c)
				}
			}
		}
		i++
	}
	return out
}

// gap is the longest text that stands for a variable.
const gap = 300

// check compares a template whose anchor's window is at b[at:].
func (t *template) check(b string, at int) (match, bool) {
	p := t.pieces[t.anchor]
	if len(b)-at < len(p) || b[at:at+len(p)] != p {
		return match{}, false
	}
	start, end := at, at+len(p)
	for i := t.anchor - 1; i >= 0; i-- {
		from := max(0, start-gap-len(t.pieces[i]))
		n := strings.LastIndex(b[from:start], t.pieces[i])
		if n < 0 {
			return match{}, false
		}
		start = from + n
	}
	for i := t.anchor + 1; i < len(t.pieces); i++ {
		to := min(len(b), end+gap+len(t.pieces[i]))
		n := strings.Index(b[end:to], t.pieces[i])
		if n < 0 {
			return match{}, false
		}
		end += n + len(t.pieces[i])
	}
	switch t.mode {
	case modeWord, modeOwn:
		return match{start: start, end: end}, isWord(b, start, end)
	case modeTail:
		return match{start: start, end: end}, isTail(b, start, end)
	}
	// Not the middle of a longer word.
	if start > 0 && isNameByte(b[start]) && isNameByte(b[start-1]) || end < len(b) && isNameByte(b[end-1]) && isNameByte(b[end]) {
		return match{}, false
	}
	return match{start: start, end: end}, true
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// isWord reports whether b[i:j] stands by itself: MPE_X in MPE_X_Y does not.
func isWord(b string, i, j int) bool {
	if i > 0 && (isNameByte(b[i-1]) || b[i-1] == '.' || b[i-1] == '-') {
		return false
	}
	if j < len(b) && (isNameByte(b[j]) || b[j] == '-') {
		return false
	}
	return j+1 >= len(b) || b[j] != '.' || !isNameByte(b[j+1])
}

// isTail reports whether b[i:j] ends the line and is all of it, or comes after a
// colon or in brackets.
func isTail(b string, i, j int) bool {
	for j < len(b) && (b[j] == '.' || b[j] == ')' || b[j] == ' ' || b[j] == '"' || b[j] == '\'' || b[j] == ',') {
		j++
	}
	if j != len(b) {
		return false
	}
	if i == 0 {
		return true
	}
	if b[i-1] == '(' {
		return true
	}
	return i >= 2 && b[i-1] == ' ' && (b[i-2] == ':' || b[i-2] == ']')
}
