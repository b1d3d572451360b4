package explain

import (
	"strings"

	"ingestdoctor/wasm/diag"
)

// reader takes lines and keeps what comes of them.
type reader struct {
	t    *table
	line int64 // number of the physical line that is being read, from 1

	kind     kindID // of the lines before: a line without a shape of its own belongs to it
	plain    int    // how many such lines there were in a row
	last     level  // of the record before
	seen     [kindCount]Kind
	hints    map[string]bool // platforms that something in the text points to
	js       scanner
	joined   []byte    // the lines before, where a message may go on over their end
	joins    int       // how many lines that is
	mute     bool      // nothing has come of them so far
	effects  int       // how often something was noted
	stopping bool      // the server said that it is shutting down
	failed   errorLine // an error line that nobody knows, kept back
	rec      record
	inside   record // a line in a string of JSON
	found    []match
	buf      []byte // a line without its colours

	ansi, quoted, wrapped, cut bool
	controls, bytes            int64 // to tell text from what is none
	head                       []byte

	entries []Entry
	keys    []string // of the entries
	leftOut int64
	codes   map[string]*raised
	pages   map[*code]int // last line on which a page's code was seen
	order   []string
	tallies map[string]*tally
	tallied []string
	secrets secretSet
	set     settings
	obs     obsLog
	ff      ffmpegLog
	gst     gstLog
}

// raised is a finding of a code.
type raised struct {
	code        *code
	exact       string
	sev         diag.Severity
	first, last diag.Lines
	count       int64
	text        string // of an unknown code: its event; of an error line: the line
	platform    string
}

// Bounds of what is kept.
const (
	maxCodes   = 512
	maxTallies = 128
	maxExcerpt = 400
	lookBack   = 6 // entries within which a repeat folds
)

func (r *reader) init() {
	r.t = knowledgeTable()
	r.js.r = r
	r.hints = map[string]bool{}
	r.codes = map[string]*raised{}
	r.pages = map[*code]int{}
	r.tallies = map[string]*tally{}
}

// feed takes a line, or a piece of a long one. b is good during the call only.
func (r *reader) feed(b string, first, last bool) {
	if first {
		r.line++
	}
	r.look(b)
	s := b
	if strings.IndexByte(s, 0x1b) >= 0 || strings.Contains(s, "[0m") {
		s = r.plainText(s)
	}
	if first {
		s = r.unquote(s)
	}
	if r.js.on && first {
		if len(s) > 18 && r.newRecord(s) {
			r.stopJSON()
		} else {
			r.js.newline(int(r.line))
		}
	}
	if r.js.on {
		s = r.json(s)
		if s == "" {
			return
		}
	}
	if last {
		for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
			s = s[:len(s)-1]
		}
	}
	if s == "" {
		return
	}
	r.text(s, int(r.line))
}

// look gathers what tells text from a recording or an archive.
func (r *reader) look(b string) {
	if r.bytes > 64<<10 {
		return
	}
	if len(r.head) < 16 {
		r.head = append(r.head, b[:min(len(b), 16)]...)
	}
	r.bytes += int64(len(b))
	for i := 0; i < len(b); i++ {
		if c := b[i]; c < ' ' && c != '\t' && c != 0x1b && c != '\f' && c != '\b' && c != '\v' {
			r.controls++
		}
	}
}

// plainText takes terminal colours out.
func (r *reader) plainText(s string) string {
	r.buf = appendPlain(r.buf[:0], s)
	r.ansi = r.ansi || len(r.buf) < len(s)
	return text(r.buf)
}

// uncoloured is a line without terminal colours.
func uncoloured(s string) string { return string(appendPlain(nil, s)) }

func appendPlain(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		n := escape(s[i:])
		if n == 0 {
			b = append(b, s[i])
			i++
			continue
		}
		i += n
	}
	return b
}

// escape is the length of a terminal's control sequence at the start of s; the
// escape character itself may have been lost on the way.
func escape(s string) int {
	i := 0
	switch {
	case s[0] == 0x1b && len(s) > 1 && s[1] == ']': // OSC, up to BEL
		for i = 2; i < len(s) && s[i] != 7 && s[i] != 0x1b; i++ {
		}
		return min(i+1, len(s))
	case s[0] == 0x1b && len(s) > 1 && s[1] == '[':
		for i = 2; i < len(s) && (s[i] < '@' || s[i] > '~'); i++ {
		}
		return min(i+1, len(s))
	case s[0] == 0x1b:
		return min(2, len(s))
	case s[0] == '[' && len(s) > 2 && (isDigit(s[1]) || s[1] == ';'):
		for i = 1; i < len(s) && i < 12 && (isDigit(s[i]) || s[i] == ';'); i++ {
		}
		if i < len(s) && s[i] == 'm' {
			return i + 1
		}
	}
	return 0
}

// unquote takes the marks off that mail puts before quoted lines.
func (r *reader) unquote(s string) string {
	for len(s) > 0 && s[0] == '>' && (len(s) == 1 || s[1] == ' ' || s[1] == '>') {
		r.quoted = true
		s = s[1:]
		if len(s) > 0 && s[0] == ' ' {
			s = s[1:]
		}
	}
	return s
}

// newRecord reports whether a line begins a log's record, which no line of
// JSON does.
func (r *reader) newRecord(s string) bool {
	if isDigit(s[0]) {
		return like(s, "99:99:99.999:") || like(s, "9999/99/99 99:99:99") || like(s, "9999-99-99 99:99:99") || like(s, "9999-99-99T99:99:99")
	}
	return s[0] == '[' && (like(s, "[9999-99-99") || strings.Contains(s[:min(len(s), 48)], " @ 0x"))
}

// json gives text to the scanner and returns what it leaves.
func (r *reader) json(s string) string {
	n := r.js.write(s)
	if r.js.failed {
		r.stopJSON()
		return s[n:]
	}
	if r.js.on {
		return ""
	}
	// What follows an outermost value: the next one, or the rest of a log line.
	rest := skipSpace(s[n:])
	for len(rest) > 0 && (rest[0] == ',' || rest[0] == ';' || rest[0] == ']' || rest[0] == '}') {
		rest = skipSpace(rest[1:])
	}
	return rest
}

func (r *reader) stopJSON() {
	r.js.stop(true)
	r.js.on = false
	r.cut = true
}

// close ends the paste.
func (r *reader) close() {
	if r.js.on {
		r.stopJSON()
	}
	r.flushError()
	r.obsClose()
	r.gstFlush()
}

// text takes a line that is no JSON so far.
func (r *reader) text(s string, line int) {
	rec := &r.rec // one is enough: a line is done with before the next begins
	*rec = r.parse(s, line)
	switch {
	case rec.shaped:
		r.kind, r.plain = rec.kind, 0
		r.last = rec.level
	case rec.time != "":
		rec.kind = kText // a time, and nobody's form
		r.plain = 0
	default:
		if r.kind != kOBS || s[0] != '\t' && s[0] != ' ' { // a block of settings, on a terminal
			r.plain++
		}
		if r.kind.stamped() && r.plain > 3 || r.plain > 200 {
			r.kind = kText
		}
		rec.kind = r.kind
		if r.kind.isLog() && r.kind.stamped() && rec.level == levelNone {
			rec.level = r.last
		}
	}
	body := rec.text
	if at, implicit := jsonStart(body); at >= 0 {
		if at > 0 {
			rec.text = body[:at]
			r.record(rec)
		}
		if body[at] == '{' && at+1 < len(body) && body[at+1] == '\\' {
			body, at = unescaped(body[at:]), 0
		}
		r.js.begin(line, implicit)
		if rest := r.json(body[at:]); rest != "" && len(rest) < len(body) {
			r.text(rest, line)
		}
		return
	}
	r.record(rec)
}

// jsonStart finds where JSON begins in a line, -1 where it does not; implicit
// where the paste begins inside of an object.
func jsonStart(s string) (at int, implicit bool) {
	t := skipSpace(s)
	if t == "" {
		return -1, false
	}
	lead := len(s) - len(t)
	switch t[0] {
	case '{':
		rest := skipSpace(t[1:])
		if rest == "" || rest[0] == '"' || rest[0] == '}' || rest[0] == '\'' || hasPrefix(rest, `\"`) {
			return lead, false
		}
	case '[':
		rest := skipSpace(t[1:])
		if rest == "" || rest[0] == '{' || rest[0] == '"' {
			return lead, false
		}
	case '"':
		// "name": value
		for i := 1; i < len(t) && i < 60; i++ {
			if t[i] == '"' {
				rest := skipSpace(t[i+1:])
				if i > 1 && len(rest) > 1 && rest[0] == ':' {
					return lead, true
				}
				break
			}
			if !isNameByte(t[i]) && t[i] != '-' && t[i] != '.' {
				break
			}
		}
		return -1, false
	}
	if strings.IndexByte(s, '{') < 0 {
		return -1, false
	}
	if i := strings.Index(s, `{"`); i >= 0 {
		return i, false
	}
	if i := strings.Index(s, `{'`); i >= 0 {
		return i, false
	}
	if i := strings.Index(s, `{\"`); i >= 0 {
		return i, false
	}
	return -1, false
}

// unescaped takes one layer of backslashes off.
func unescaped(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}

// record takes one line of a log, or of a text.
func (r *reader) record(rec *record) {
	k := rec.kind
	r.count(k, rec.line, 1, 0)
	if rec.shaped && r.failed.open {
		r.flushError()
	}
	before := r.effects
	r.byKind(rec)
	r.match(rec, rec.text, rec.line)
	r.join(rec, r.effects == before)
}

// byKind lets the reader of the record's kind look at it.
func (r *reader) byKind(rec *record) {
	switch rec.kind {
	case kOBS:
		r.obsLine(rec)
	case kFFmpeg:
		r.ffmpegLine(rec)
	case kGStreamer:
		r.gstLine(rec)
	case kNginx, kSRS, kMediaMTX, kAnt:
		r.serverLine(rec)
	case kText:
		r.textLine(rec)
	}
}

// match looks for messages and codes.
func (r *reader) match(rec *record, s string, first int) {
	r.found = r.t.find(s, r.found[:0])
	if len(r.found) == 0 {
		return
	}
	n := 0
	for i := range r.found {
		if r.counts(&r.found[i], rec.kind, s) {
			r.found[n] = r.found[i]
			n++
		}
	}
	list := best(r.found[:n])
	for i := range list {
		r.hit(rec, &list[i], s, first)
	}
}

// best leaves out what is part of a better match of the same platform.
func best(list []match) []match {
	n := 0
	for i := range list {
		a := &list[i]
		keep := true
		for j := range list {
			b := &list[j]
			if i == j || a.t.code.platform != b.t.code.platform {
				continue
			}
			overlap := a.start < b.end && b.start < a.end
			if overlap && (b.t.score > a.t.score || b.t.score == a.t.score && j < i) {
				keep = false
			}
			// Connection to %s failed: %s, where the reason has a page of its own.
			if overlap && a.t.after && !b.t.after && b.t.mode == modeTail {
				keep = false
			}
		}
		if keep {
			list[n] = *a
			n++
		}
	}
	return list[:n]
}

// hit takes a match that counts.
func (r *reader) hit(rec *record, m *match, s string, first int) {
	c := m.t.code
	exact := m.t.exact
	sev := c.severity
	switch {
	case rec.kind == kSRS && rec.level <= levelInfo && rec.level > levelNone:
		sev = diag.Info // SRS tells of it and goes on
	case rec.level == levelDebug, r.stopping && exact == "log:terminated":
		sev = diag.Info
	}
	r.addCode(c, exact, sev, mark{
		rec: rec, first: first, final: rec.line, text: excerptOf(s, m.start, m.end),
		words: m.t.mode != modeWord && m.t.mode != modeOwn,
	})
}

// excerptOf is the line, or where it is very long what matched in it.
func excerptOf(s string, start, end int) string {
	if len(s) <= 4096 {
		return s
	}
	return s[start:end]
}

// Widths at which terminals break lines.
func terminalWidth(n int) bool {
	return n == 80 || n == 100 || n == 120 || n == 132 || n == 160 || n == 200
}

const (
	leastJoin = 30 // nobody breaks shorter lines
	mostJoin  = 250
	joinLines = 5
)

// join looks over the line ends that a terminal or a mail put in: a line
// without a shape of its own may be the rest of the one before. mute says that
// nothing has come of this line by itself.
func (r *reader) join(rec *record, mute bool) {
	prev := text(r.joined)
	more := !rec.shaped && rec.time == "" && len(prev) > 0 && len(rec.raw) <= mostJoin
	if more && mute {
		for _, between := range [...]string{"", " "} {
			s := prev + between + skipSpace(rec.raw)
			whole := r.parse(s, rec.line)
			if !whole.shaped {
				whole.kind = rec.kind
			}
			before := r.effects
			if !r.matchOver(&whole, len(prev)-(len(s)-len(whole.text)), rec.line-r.joins) && r.mute && whole.kind == kOBS && (hasPrefix(whole.text, "[rtmp stream: ") || hasPrefix(whole.text, "Output '") || hasPrefix(whole.text, "Video stopped")) {
				r.obsLine(&whole)
			}
			if r.effects > before {
				r.wrapped, mute, r.failed.open = true, false, false
				break
			}
		}
	}
	switch {
	case !mute || len(rec.raw) < leastJoin || len(rec.raw) > mostJoin:
		r.joined = r.joined[:0]
	case more && r.joins < joinLines:
		if !terminalWidth(len(prev)) {
			r.joined = append(r.joined, ' ')
		}
		r.joined = append(r.joined, skipSpace(rec.raw)...)
		r.joins++
	default:
		r.joined, r.joins = append(r.joined[:0], rec.raw...), 1
	}
	r.mute = mute
}

// matchOver is match for what goes over byte cut.
func (r *reader) matchOver(rec *record, cut, first int) bool {
	r.found = r.t.find(rec.text, r.found[:0])
	n := 0
	for i := range r.found {
		m := &r.found[i]
		if m.start < cut && m.end > cut && r.counts(m, rec.kind, rec.text) {
			r.found[n] = *m
			n++
		}
	}
	list := best(r.found[:n])
	for i := range list {
		r.hit(rec, &list[i], rec.text, first)
	}
	return len(list) > 0
}

// count notes that something of a kind was seen.
func (r *reader) count(k kindID, line int, lines, items int64) {
	s := &r.seen[k]
	if s.First == 0 {
		s.First = line
	}
	s.Lines += lines
	s.Items += items
}
