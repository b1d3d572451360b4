package ingest

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// cleaner gathers what was cleaned away.
type cleaner struct {
	in       [2]string // the input, and the key field where there is one
	dirt     []dirt
	problems []problem
	edge     bool // what is noted now stands around the URL
	hasSoft  bool // the text has white space or quotation marks
	shell    bool // out of a command line, where backslashes and quotes have their place
}

func (c *cleaner) add(d dirt) {
	d.edge = c.edge
	if n := len(c.dirt); n > 0 {
		// A run of the same sort is one finding, and so is an entity inside another.
		if last := &c.dirt[n-1]; last.kind == d.kind && last.edge == d.edge && d.start <= last.end && d.end >= last.end {
			if last.r != d.r {
				last.r = 0
			}
			last.start = min(last.start, d.start)
			last.end = d.end
			return
		}
	}
	c.dirt = append(c.dirt, d)
}

// runeAt is the character of the input at a position.
func (c *cleaner) runeAt(pos int) rune {
	in := c.in[0]
	if pos >= fieldBit {
		in, pos = c.in[1], pos-fieldBit
	}
	if pos >= len(in) {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(in[pos:])
	return r
}

// normalise writes full-width and look-alike characters, entities and JSON
// escapes as what they stand for, and leaves out what cannot be seen. Spaces
// become ' ', line breaks '\n', quotation marks '"': what they mean depends on
// where they stand, which is found out later.
func (c *cleaner) normalise(t *text) (_ *text, changed bool) {
	if !needsWork(t.s) {
		return t, false
	}
	n := normaliser{c: c, b: t.rebuild()}
	s := t.s
	for i := 0; i < len(s); {
		switch ch := s[i]; {
		case ch == '\\':
			i = n.backslash(i)
		case ch < utf8.RuneSelf && ch >= ' ' && ch != 0x7F && ch != ';':
			j := i + 1
			for j < len(s) && s[j] < utf8.RuneSelf && s[j] >= ' ' && s[j] != 0x7F && s[j] != ';' && s[j] != '\\' {
				j++
			}
			n.b.keep(i, j)
			i = j
		default:
			r, size := utf8.DecodeRune(s[i:])
			start, end := t.span(i, i+size)
			if r == '\n' || r >= utf8.RuneSelf && size > 1 && isClean(r) {
				n.b.keep(i, i+size)
			} else {
				n.emit(r, start, end)
			}
			i += size
		}
	}
	if !n.b.changed {
		return t, false
	}
	return n.b.done(), true
}

func isClean(r rune) bool { kind, _ := classify(r); return kind == clean }

// class sorts bytes, so that most texts are gone through with one look-up each.
var class = func() (t [256]uint8) {
	for i := range t {
		if i >= utf8.RuneSelf || i == 0x7F || i < ' ' && i != '\n' || i == '\\' {
			t[i] |= isWork
		}
	}
	t[';'] |= isSemi
	for _, c := range " \n\"`" {
		t[c] |= isSoft
	}
	t['\''] |= isApart
	for _, c := range "<{[$%*xX\xe2" {
		t[byte(c)] |= isSign
	}
	t[0xE2] |= isSign
	return t
}()

const (
	isWork  = 1 << iota // has to be normalised
	isSemi              // may end an entity
	isSoft              // white space and quotation marks, which a URL has none of
	isApart             // may part one text from another
	isSign              // may belong to a placeholder
)

// classes are the classes that occur in s.
func classes[T string | []byte](s T) (all uint8) {
	for i := 0; i < len(s); i++ {
		all |= class[s[i]]
	}
	return all
}

func needsWork(s []byte) bool {
	all := classes(s)
	return all&isWork != 0 || all&isSemi != 0 && bytes.IndexByte(s, '&') >= 0
}

type normaliser struct {
	c *cleaner
	b *builder
}

// emit writes one character that came from the input's range start to end.
func (n *normaliser) emit(r rune, start, end int) {
	switch {
	case r == ';':
		n.semicolon(start, end)
	case r == '\t':
		n.b.put(" ", start, end)
	case r == '\n':
		n.b.put("\n", start, end)
	case r == '\r':
		n.b.put("\n", start, end)
	case r < ' ' || r == 0x7F:
		n.b.changed = true
		n.c.add(dirt{kind: dirtControl, r: r, start: start, end: end, what: "a control character"})
	case r == '\\':
		n.b.put("/", start, end)
	case r < utf8.RuneSelf:
		n.b.put(string(r), start, end)
	default:
		kind, to := classify(r)
		if kind == clean {
			n.b.put(string(r), start, end)
			return
		}
		n.b.changed = true
		switch {
		case kind == dirtSpace || kind == dirtBreak || kind == dirtQuote:
			// Reported when it turns out to stand inside the URL.
		default:
			n.c.add(dirt{kind: kind, r: r, start: start, end: end})
		}
		if to >= 0 {
			n.emit(to, start, end)
		}
	}
}

// semicolon ends an entity where the text written so far holds one.
func (n *normaliser) semicolon(start, end int) {
	b := n.b
	for i := len(b.s) - 1; i >= 0 && i >= len(b.s)-10; i-- {
		ch := b.s[i]
		if ch == '&' {
			r, ok := entity(string(b.s[i+1:]))
			if !ok {
				break
			}
			first, _ := b.span(i, i+1)
			b.cut(i)
			n.c.add(dirt{kind: dirtEntity, start: first, end: end, stands: r})
			n.emit(r, first, end)
			return
		}
		if ch != '#' && (ch < '0' || ch > '9') && (ch|0x20 < 'a' || ch|0x20 > 'z') {
			break
		}
	}
	b.put(";", start, end)
}

// backslash reads the backslashes at i and gives the index behind them: those
// of JSON (\/, \u0026) and of a shell (\?, \&) go, those in place of a slash
// become one.
func (n *normaliser) backslash(i int) int {
	t := n.b.from
	s := t.s
	j := i
	for j < len(s) && s[j] == '\\' {
		j++
	}
	start, end := t.span(i, j)
	n.b.changed = true
	if j == len(s) {
		n.c.add(dirt{kind: dirtBackslash, r: '\\', start: start, end: end})
		return j
	}
	next := s[j]
	if next == 'u' && j+5 <= len(s) {
		if v, err := strconv.ParseUint(string(s[j+1:j+5]), 16, 16); err == nil && (v < 0xD800 || v >= 0xE000) && v != 0 {
			_, end = t.span(i, j+5)
			n.c.add(dirt{kind: dirtBackslash, start: start, end: end, what: "an escape of a programming language for " + visible(rune(v))})
			n.emit(rune(v), start, end)
			return j + 5
		}
	}
	if (next == 'n' || next == 'r' || next == 't') && onlySpace(s[j+1:]) {
		_, end = t.span(i, j+1)
		n.c.add(dirt{kind: dirtBackslash, start: start, end: end, what: "a line break written as \\" + string(rune(next))})
		return j + 1
	}
	n.c.add(dirt{kind: dirtBackslash, r: '\\', start: start, end: end})
	alnum := next >= '0' && next <= '9' || next|0x20 >= 'a' && next|0x20 <= 'z' || next >= utf8.RuneSelf || next == '_' || next == '*'
	switch {
	case !alnum: // the escape of the sign that follows
	case len(n.b.s) > 0 && n.b.s[len(n.b.s)-1] == ':':
		n.b.put("//", start, end)
	default:
		n.b.put("/", start, end)
	}
	return j
}

func onlySpace(s []byte) bool {
	for _, ch := range s {
		if ch != ' ' && ch != '\n' && ch != '\t' && ch != '\r' && ch != '"' {
			return false
		}
	}
	return true
}
