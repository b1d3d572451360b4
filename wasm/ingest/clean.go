package ingest

import "bytes"

// problem is a finding of url-syntax in the making.
type problem struct {
	what       string
	start, end int
	part       string
	r          rune // the character in question, 0 for none
	mild       bool // some programs cope with it: a warning
	note       bool // worth knowing, no more
}

// cleaned is what came out of an input.
type cleaned struct {
	url *text
	key *text // out of a paste with a line for server and one for key; nil for none
	// from and to are the range of the input that the URL was read from; what is
	// outside is words around it.
	from, to int
	stable   bool // false when the text never came to rest: not a URL
}

// maxPasses bounds the unwrapping of encodings inside encodings.
const maxPasses = 12

// cleanURL takes away what does not belong in a URL, until nothing changes any
// more: what comes out is left as it is when it goes in again.
func (c *cleaner) cleanURL(t *text) cleaned {
	out := cleaned{url: t}
	out.from, out.to = t.span(0, len(t.s))
	for pass := 0; pass < maxPasses; pass++ {
		var changed, ch bool
		all := classes(t.s)
		if all&(isWork|isSemi) != 0 {
			if t, changed = c.normalise(t); changed {
				all = classes(t.s)
			}
		}
		c.hasSoft = all&(isSoft|isApart) != 0
		place := c.locate(t)
		if place.from > 0 || place.to < len(t.s) {
			changed = true
			out.from, out.to = t.span(place.from, place.to)
			if place.keyTo > place.keyFrom && out.key == nil {
				out.key = t.slice(place.keyFrom, place.keyTo)
			}
			t = t.slice(place.from, place.to)
		}
		if all&isSoft != 0 {
			t, ch = c.squeeze(t)
			changed = changed || ch
		}
		t, ch = c.structure(t)
		changed = changed || ch
		out.url = t
		if !changed {
			out.stable = true
			break
		}
	}
	if out.key != nil {
		out.key = c.cleanKey(out.key)
	}
	// What was cleaned away outside of the URL is none of its faults.
	kept := c.dirt[:0]
	for _, d := range c.dirt {
		if d.kind == dirtBackslash && c.shell {
			continue // found to be a command line only afterwards
		}
		inKey := false
		if out.key != nil {
			s, e := out.key.span(0, len(out.key.s))
			inKey = d.start >= s && d.end <= e
		}
		if d.edge || d.start >= fieldBit || t.base >= fieldBit || d.start >= out.from && d.end <= out.to || inKey {
			kept = append(kept, d)
		}
	}
	c.dirt = kept
	return out
}

// cleanKey does the same for a stream key in a field of its own.
func (c *cleaner) cleanKey(t *text) *text {
	for pass := 0; pass < maxPasses; pass++ {
		u, a := c.normalise(t)
		u, b := c.squeeze(u)
		u, d := c.edges(u)
		t = u
		if !a && !b && !d {
			break
		}
	}
	return t
}

// place is where in a text the URL stands, and the key where it has a label.
type place struct {
	from, to       int
	keyFrom, keyTo int
	labelled       bool // words in front say what it is
}

const wraps = " \n\"'`<([{*_~|>=-,.;:!/"

func isOneOf(c byte, set string) bool {
	for i := 0; i < len(set); i++ {
		if set[i] == c {
			return true
		}
	}
	return false
}

// locate finds the URL among what was pasted with it: quotation marks, labels,
// a command line, a second line with the key.
func (c *cleaner) locate(t *text) place {
	s := t.s
	p := place{to: len(s)}
	lead := 0
	for lead < len(s) && isOneOf(s[lead], wraps) {
		lead++
	}
	if _, ok := matchScheme(s, lead); ok {
		p.from = lead
		c.wrapped(t, 0, lead)
	} else if h, ok := findScheme(s, lead); ok {
		p.from = h.start
		c.prefix(t, &p)
	} else {
		for p.from < len(s) && isOneOf(s[p.from], " \n\"'`<") {
			p.from++
		}
		c.wrapped(t, 0, p.from)
	}
	c.ending(t, &p)
	return p
}

// wrapped notes quotation marks and brackets in front of or behind a URL.
func (c *cleaner) wrapped(t *text, i, j int) {
	if c.shell {
		return
	}
	c.edge = true
	defer func() { c.edge = false }()
	for k := i; k < j; k++ {
		start, end := t.span(k, k+1)
		switch ch := t.s[k]; ch {
		case ' ', '\n', '"', '`':
			c.soft(t, k)
		case '\'':
			c.add(dirt{kind: dirtQuote, r: '\'', start: start, end: end})
		default:
			d := dirt{kind: dirtWrap, r: rune(ch), start: start, end: end, what: "a sign around the URL (" + string(rune(ch)) + ")"}
			if ch == '<' || ch == '>' {
				d.what = "an angle bracket around the URL"
			}
			c.add(d)
		}
	}
}

// soft notes a space, a line break or a quotation mark that was left out,
// under the name of the character that really stands in the input.
func (c *cleaner) soft(t *text, k int) {
	start, end := t.span(k, k+1)
	r := c.runeAt(start)
	if r == '&' || r == '\\' || r == '%' {
		return // noted as an entity or an escape
	}
	d := dirt{r: r, start: start, end: end}
	switch t.s[k] {
	case ' ':
		d.kind = dirtSpace
	case '\n':
		d.kind = dirtBreak
	default:
		d.kind = dirtQuote
	}
	if r == '\r' || r == '\n' {
		d.kind = dirtBreak
	}
	c.add(d)
}

// prefix judges the words before a URL.
func (c *cleaner) prefix(t *text, p *place) {
	words := lowerASCII(string(t.s[:p.from]))
	for _, w := range [...]string{"ffmpeg", "gst-launch", "-f flv", "location=", "rtmpdump", "-c copy", "ffplay", "ffprobe"} {
		if contains(words, w) {
			c.shell = true
			// The last URL of a command is its output.
			for {
				h, ok := findScheme(t.s, p.from+1)
				if !ok {
					return
				}
				p.from = h.start
			}
		}
	}
	if kf, kt, ok := keyLabel(t.s[:p.from], 0); ok {
		p.keyFrom, p.keyTo, p.labelled = kf, kt, true
		return
	}
	for _, w := range [...]string{"url", "server", "address", "link", "ingest", "endpoint", "push", "publish", "rtmp", "stream", "host", "primary", "backup"} {
		if contains(words, w) && len(words) < 60 {
			p.labelled = true
			return
		}
	}
	start, end := t.span(0, p.from)
	c.problems = append(c.problems, problem{what: "there is other text in front of the URL", start: start, end: end, part: "text"})
}

func contains(s, sub string) bool {
	for i := 0; i+len(sub) <= len(s); i++ {
		if s[i:i+len(sub)] == sub {
			return true
		}
	}
	return false
}

// ending finds where the URL ends.
func (c *cleaner) ending(t *text, p *place) {
	s := t.s
	end := len(s)
	opened := byte(0)
	if p.from > 0 {
		opened = s[p.from-1]
	}
	switch opened {
	case '"', '\'', '`':
		for i := p.from; i < len(s); i++ {
			if s[i] == opened {
				end = i
				break
			}
		}
	case '<', '(', '[', '{':
		closer := closing(opened)
		depth := 0
		for i := p.from; i < len(s); i++ {
			if s[i] == opened {
				depth++
			} else if s[i] == closer {
				if depth == 0 {
					end = i
					break
				}
				depth--
			}
		}
	}
	if !c.hasSoft {
		p.to = end
		if end < len(s) {
			c.behind(t, p, end)
		}
		return
	}
	if c.shell {
		for i := p.from; i < end; i++ {
			if s[i] == ' ' || s[i] == '\n' || s[i] == '|' {
				end = i
				break
			}
		}
		p.to = end
		return
	}
	if kf, kt, ok := keyLabel(s[p.from:], 1); ok && p.keyTo == 0 {
		p.keyFrom, p.keyTo = p.from+kf, p.from+kt
		label := p.from + labelStart(s[p.from:], kf)
		end = min(end, label)
		for end > p.from && isOneOf(s[end-1], " \n,;|") {
			end--
		}
		p.to = end
		return
	}
	if i, ok := c.options(t, p.from, end); ok {
		p.to = i
		return
	}
	if i, ok := c.foreign(t, p, end); ok {
		end = i
	}
	if end < len(s) {
		c.behind(t, p, end)
	}
	p.to = end
}

// behind judges what stands behind the URL.
func (c *cleaner) behind(t *text, p *place, end int) {
	if onlyOf(t.s[end:], " \n\"'`>)]},.;:!") {
		if !p.labelled && !c.shell {
			c.wrapped(t, end, len(t.s))
		}
	} else if p.keyTo == 0 && !c.shell {
		c.junk(t, end, len(t.s))
	}
}

func closing(open byte) byte {
	switch open {
	case '<':
		return '>'
	case '(':
		return ')'
	case '[':
		return ']'
	}
	return '}'
}

func onlyOf(s []byte, set string) bool {
	for _, ch := range s {
		if !isOneOf(ch, set) {
			return false
		}
	}
	return true
}

// junk notes text behind the URL.
func (c *cleaner) junk(t *text, i, j int) {
	if n := len(c.problems); n > 0 && c.problems[n-1].part == "text" && c.problems[n-1].what != "there is other text in front of the URL" {
		return
	}
	for i < j && (t.s[i] == ' ' || t.s[i] == '\n') {
		i++
	}
	start, end := t.span(i, j)
	c.problems = append(c.problems, problem{what: "there is other text behind the URL", start: start, end: end, part: "text"})
}

// options finds librtmp's options behind a space ("live=1", "playpath=..."):
// FFmpeg and rtmpdump take them there, encoders do not.
func (c *cleaner) options(t *text, from, to int) (at int, ok bool) {
	s := t.s
	for i := from; i+1 < to; i++ {
		if s[i] != ' ' && s[i] != '\n' {
			continue
		}
		word := s[i+1 : min(to, i+14)]
		if bytes.IndexByte(word, '=') < 0 {
			continue
		}
		rest := lowerASCII(string(word))
		for _, o := range [...]string{"live=", "playpath=", "swfurl=", "swfvfy=", "pageurl=", "tcurl=", "app=", "conn=", "flashver=", "pubuser=", "pubpasswd=", "timeout=", "buffer=", "subscribe=", "jtv=", "token="} {
			if len(rest) >= len(o) && rest[:len(o)] == o {
				for i > from && (s[i-1] == ' ' || s[i-1] == '\n') {
					i--
				}
				start, end := t.span(i, to)
				c.edge = true
				c.add(dirt{kind: dirtOptions, start: start, end: end, what: "a space with options for librtmp behind it"})
				c.edge = false
				return i, true
			}
		}
	}
	return 0, false
}

// foreign finds where another URL, the key on a line of its own, or prose
// begins behind white space.
func (c *cleaner) foreign(t *text, p *place, to int) (at int, ok bool) {
	s := t.s
	first := -1
	inside := false // brackets
	for i := p.from; i < to; i++ {
		if s[i] != ' ' && s[i] != '\n' {
			inside = bracket(s[i], inside)
			continue
		}
		if inside {
			continue
		}
		if first < 0 {
			first = i
		}
		if h, ok := matchScheme(s, i+1); ok && (h.slashes > 0 || h.encoded) && i > p.from+12 {
			return i, true
		}
	}
	if first < 0 {
		return 0, false
	}
	if line := trimSpace(s[first:to]); s[first] == '\n' && isWord(line) && p.keyTo == 0 && isServer(string(s[p.from:first])) {
		for p.keyFrom = first; p.keyFrom < to && (s[p.keyFrom] == ' ' || s[p.keyFrom] == '\n'); p.keyFrom++ {
		}
		p.keyTo = p.keyFrom + len(line)
		return first, true
	}
	// Prose: at least four more words, or two with a common one among them, none
	// with a sign of a URL in it. Otherwise the stream name has spaces in it.
	words, inWord, common := 0, false, false
	for i := first; i < to; i++ {
		ch := s[i]
		if ch == ' ' || ch == '\n' {
			inWord = false
			continue
		}
		if !inWord {
			e := i
			for e < to && isAlpha(s[e]) {
				e++
			}
			common = common || e-i < 10 && proseWord(lowerASCII(string(s[i:e])))
		}
		if isOneOf(ch, "/?=&%_@:") || isDigit(ch) {
			return 0, false
		}
		if !isAlpha(ch) {
			continue
		}
		if !inWord {
			words++
			inWord = true
		}
	}
	if (words >= 4 || words >= 2 && common) && s[first-1] != '/' && first > p.from+12 {
		return first, true
	}
	return 0, false
}

// proseWord reports whether a word is one of a sentence rather than of a name.
func proseWord(w string) bool {
	switch w {
	case "please", "use", "this", "that", "the", "for", "and", "is", "it", "to", "with", "or", "thanks", "thank", "you", "your", "here", "as",
		"on", "at", "from", "if", "we", "our", "not", "will", "bitte", "und", "mit", "merci", "por", "gracias":
		return true
	}
	return false
}

// bracket says whether what follows a character stands in the brackets of a
// placeholder; inside is what held before it.
func bracket(c byte, inside bool) bool {
	switch c {
	case '<', '{':
		return true
	case '>', '}':
		return false
	}
	return inside
}

func trimSpace(s []byte) []byte {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\n') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\n') {
		s = s[:len(s)-1]
	}
	return s
}

func isWord(s []byte) bool {
	for _, ch := range s {
		if ch == ' ' || ch == '\n' {
			return false
		}
	}
	return len(s) > 0
}

var keyLabels = [...]string{"stream key", "streamkey", "stream_key", "stream-key", "stream name/key", "stream name", "streamname", "key"}

// keyLabel finds "Stream key: value" in s; behind says how much must stand
// before it.
func keyLabel(s []byte, behind int) (from, to int, ok bool) {
	for i := behind; i < len(s); i++ {
		if c := s[i] | 0x20; c != 's' && c != 'k' {
			continue
		}
		if i > 0 && !isOneOf(s[i-1], " \n,;|\"'{(") {
			continue
		}
		for _, l := range keyLabels {
			j := i + len(l)
			if j > len(s) || !equalFold(string(s[i:j]), l) {
				continue
			}
			sep := false
			for j < len(s) && isOneOf(s[j], " :=\n\"'") {
				sep = sep || s[j] != ' ' && s[j] != '"' && s[j] != '\''
				j++
			}
			if !sep {
				continue
			}
			k := j
			for k < len(s) && !isOneOf(s[k], " \n\"'") {
				k++
			}
			if k > j {
				return j, k, true
			}
		}
	}
	return 0, 0, false
}

// labelStart is where the label begins whose value stands at.
func labelStart(s []byte, at int) int {
	for at > 0 && isOneOf(s[at-1], " :=\n\"'") {
		at--
	}
	for _, l := range keyLabels {
		if i := at - len(l); i >= 0 && equalFold(string(s[i:at]), l) {
			return i
		}
	}
	return at
}

// squeeze leaves out white space and quotation marks; a URL has none.
func (c *cleaner) squeeze(t *text) (_ *text, changed bool) {
	s := t.s
	if classes(s)&isSoft == 0 {
		return t, false
	}
	i := 0
	b := t.rebuild()
	from := 0
	inside := false
	for ; i < len(s); i++ {
		switch s[i] {
		case ' ', '\n', '"', '`':
			b.keep(from, i)
			from = i + 1
			// A space inside <stream key> belongs to the placeholder, which is a
			// finding of its own.
			if !(s[i] == ' ' && inside) {
				c.soft(t, i)
			}
		default:
			inside = bracket(s[i], inside)
		}
	}
	b.keep(from, len(s))
	return b.done(), true
}
