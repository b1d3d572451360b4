package explain

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// Bounds of the JSON reader.
const (
	maxDepth   = 48
	maxFields  = 4096      // of one unconsumed object, nested ones included
	maxArena   = 512 << 10 // bytes of names and values of them
	maxString  = 32 << 10  // what is kept of a string
	maxElement = 256       // elements of an array that are kept for the object around it
	maxNested  = 3         // JSON in a string in JSON
)

// field is one value of an object or of what is inside it.
type field struct {
	path string // from the outermost object: data.resultCode, abnormal_event[].type
	val  string // text of a string, or the literal
	str  bool   // it was a string
	line int
}

// frame is an object or array that is open.
type frame struct {
	array  bool
	path   int // length of the path up to and with it
	fields int // number of fields when it began
	arena  int
	line   int
	index  int // elements so far
}

// scanner reads JSON as people paste it: cut off, broken into lines by a
// terminal, with single quotes and True and None of Python, with commas
// missing. It calls r.object for every object that ends, innermost first; what
// is not recognised becomes part of the object around it.
type scanner struct {
	r     *reader
	depth int // how deep in strings

	on     bool
	state  scanState
	stack  []frame
	fields []field
	arena  []byte
	path   []byte
	tok    []byte
	quote  byte
	line   int
	start  int // line where the value began
	first  int // line where the whole began
	sub    *scanner
	failed bool
}

type scanState uint8

const (
	wantValue scanState = iota
	wantKey
	wantColon
	wantComma
	inKey
	inString
	inLiteral
)

// begin starts at a line; implicit opens an object that the paste lacks.
func (s *scanner) begin(line int, implicit bool) {
	s.on, s.failed = true, false
	s.state = wantValue
	s.stack, s.fields, s.arena, s.path, s.tok = s.stack[:0], s.fields[:0], s.arena[:0], s.path[:0], s.tok[:0]
	s.line, s.first = line, line
	if implicit {
		s.push(false)
		s.state = wantKey
	}
}

func (s *scanner) push(array bool) {
	if len(s.stack) >= maxDepth {
		s.failed = true
		return
	}
	if array {
		s.path = append(s.path, '[', ']')
	}
	s.stack = append(s.stack, frame{array: array, path: len(s.path), fields: len(s.fields), arena: len(s.arena), line: s.line})
	if array {
		s.state = wantValue
	} else {
		s.state = wantKey
	}
}

// write takes text up to the end of the outermost value, and says how much it took.
func (s *scanner) write(b string) int {
	for i := 0; i < len(b); {
		if !s.on || s.failed {
			return i
		}
		switch s.state {
		case inKey, inString:
			i = s.inside(b, i)
			continue
		case inLiteral:
			c := b[i]
			if isNameByte(c) || c == '.' || c == '+' || c == '-' {
				if len(s.tok) < 64 {
					s.tok = append(s.tok, c)
				}
				i++
				continue
			}
			s.literal()
			continue
		}
		c := b[i]
		i++
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			continue
		}
		s.step(c)
	}
	return len(b)
}

func (s *scanner) step(c byte) {
	switch c {
	case '{', '[':
		if s.state == wantKey && len(s.stack) > 0 || s.state == wantColon {
			s.failed = true
			return
		}
		s.element()
		s.push(c == '[')
	case '}', ']':
		s.pop(c == ']')
	case '"', '\'':
		s.quote, s.tok, s.start = c, s.tok[:0], s.line
		switch s.state {
		case wantKey:
			s.state = inKey
		case wantValue:
			s.element()
			s.state = inString
		case wantComma: // the comma is missing
			if len(s.stack) == 0 {
				s.failed = true
				return
			}
			if s.stack[len(s.stack)-1].array {
				s.element()
				s.state = inString
			} else {
				s.path = s.path[:s.stack[len(s.stack)-1].path]
				s.state = inKey
			}
		default:
			s.failed = true
		}
	case ',':
		if s.state != wantComma && s.state != wantKey && s.state != wantValue || len(s.stack) == 0 {
			s.failed = true
			return
		}
		top := &s.stack[len(s.stack)-1]
		if top.array {
			s.state = wantValue
		} else {
			s.path = s.path[:top.path]
			s.state = wantKey
		}
	case ':':
		if s.state != wantColon {
			s.failed = true
			return
		}
		s.state = wantValue
	default:
		if s.state != wantValue || !isNameByte(c) && c != '-' && c != '+' {
			s.failed = true
			return
		}
		s.element()
		s.tok, s.start, s.state = append(s.tok[:0], c), s.line, inLiteral
	}
}

// element counts the elements of an array.
func (s *scanner) element() {
	if n := len(s.stack); n > 0 && s.stack[n-1].array {
		s.stack[n-1].index++
	}
}

// inside takes the text of a string.
func (s *scanner) inside(b string, i int) int {
	for i < len(b) {
		j := i
		for quote := s.quote; j < len(b) && b[j] != quote && b[j] != '\\'; {
			j++
		}
		if room := maxString - len(s.tok); room > 0 {
			s.tok = append(s.tok, b[i:min(j, i+room)]...)
		}
		if j == len(b) {
			return j
		}
		if b[j] == s.quote {
			s.ended()
			return j + 1
		}
		i = s.escape(b, j)
	}
	return i
}

// escape takes \n and its like at b[i], and says where the text goes on.
func (s *scanner) escape(b string, i int) int {
	if i+1 >= len(b) {
		return len(b)
	}
	c := b[i+1]
	switch c {
	case 'n':
		c = '\n'
	case 't':
		c = '\t'
	case 'r':
		c = '\r'
	case 'b', 'f':
		c = ' '
	case 'u':
		if len(b)-i >= 6 {
			if v, ok := hex4(b[i+2 : i+6]); ok {
				n := 6
				if utf16.IsSurrogate(v) && len(b)-i >= 12 && b[i+6] == '\\' && b[i+7] == 'u' {
					if low, ok := hex4(b[i+8 : i+12]); ok {
						v = utf16.DecodeRune(v, low)
						n = 12
					}
				}
				if len(s.tok) < maxString {
					s.tok = utf8.AppendRune(s.tok, v)
				}
				return i + n
			}
		}
	}
	if len(s.tok) < maxString {
		s.tok = append(s.tok, c)
	}
	return i + 2
}

func hex4(s string) (v rune, ok bool) {
	for i := 0; i < 4; i++ {
		c := lower(s[i])
		switch {
		case isDigit(c):
			v = v<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			v = v<<4 | rune(c-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}

// ended is called at a string's closing quote.
func (s *scanner) ended() {
	if s.state == inKey {
		// A key inside of an object: the path goes on with it.
		if n := len(s.stack); n > 0 {
			s.path = s.path[:s.stack[n-1].path]
		}
		if len(s.path) > 0 {
			s.path = append(s.path, '.')
		}
		s.path = append(s.path, s.tok[:min(len(s.tok), 80)]...)
		s.state = wantColon
		return
	}
	s.value(true)
}

func (s *scanner) literal() { s.value(false) }

// value is called with a whole value in tok.
func (s *scanner) value(str bool) {
	s.state = wantComma
	s.add(text(s.path), text(s.tok), str, s.start)
	if len(s.stack) == 0 {
		s.finish()
	}
}

func (s *scanner) add(path, val string, str bool, line int) {
	if str && s.depth < maxNested && len(val) > 8 {
		if inner, ok := jsonText(val); ok {
			s.nested(path, inner, line)
			return
		}
	}
	if n := len(s.stack); n > 0 && s.stack[n-1].array && s.stack[n-1].index > maxElement {
		return
	}
	s.keep(path, val, str, line)
}

// text looks at bytes as a text that is good until they change.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// jsonText reports whether a string holds JSON, plain or in base64.
func jsonText(val string) (inner string, ok bool) {
	t := skipSpace(val)
	if len(t) > 1 && (t[0] == '{' && (t[1] == '"' || t[1] == '\n' || t[1] == ' ' || t[1] == '\\') || t[0] == '[' && (t[1] == '{' || t[1] == '\n')) {
		return t, true
	}
	if hasPrefix(t, "eyJ") || hasPrefix(t, "W3si") || hasPrefix(t, "W3sK") {
		if d, ok := unbase64(t); ok && len(d) > 2 && (d[0] == '{' || d[0] == '[') {
			return d, true
		}
	}
	return "", false
}

// nested reads JSON that stands in a string. What is recognised there is
// consumed; the rest become fields of the object around it.
func (s *scanner) nested(path, inner string, line int) {
	if s.sub == nil {
		s.sub = &scanner{r: s.r, depth: s.depth + 1}
	}
	sub := s.sub
	sub.begin(line, false)
	sub.path = append(sub.path, path...)
	sub.write(inner)
	if sub.on {
		sub.stop(true)
	}
	for i := range sub.fields {
		f := &sub.fields[i]
		s.keep(f.path, f.val, f.str, f.line)
	}
}

// keep stores a value until its object is dealt with. The arena never moves,
// so that its texts need no room of their own.
func (s *scanner) keep(path, val string, str bool, line int) {
	if len(s.fields) >= maxFields || len(s.arena)+len(path)+len(val) > maxArena {
		return
	}
	if s.arena == nil {
		s.arena = make([]byte, 0, maxArena)
	}
	at := len(s.arena)
	s.arena = append(append(s.arena, path...), val...)
	text := unsafe.String(unsafe.SliceData(s.arena[at:]), len(path)+len(val))
	s.fields = append(s.fields, field{text[:len(path)], text[len(path):], str, line})
}

// softBreak stands in a string where the paste breaks the line inside of it:
// nobody can tell whether a blank was there.
const softBreak = '\v'

// newline is called where a line of the paste ends and another follows.
func (s *scanner) newline(line int) {
	s.line = line
	if s.state == inString && len(s.tok) > 0 && len(s.tok) < maxString {
		s.tok = append(s.tok, softBreak)
		s.r.wrapped = true
	}
}

func (s *scanner) pop(array bool) {
	n := len(s.stack)
	if n == 0 || s.stack[n-1].array != array || s.state == wantColon {
		s.failed = true
		return
	}
	if s.state == wantValue && !array {
		s.failed = true
		return
	}
	top := s.stack[n-1]
	s.stack = s.stack[:n-1]
	s.close(&top, false)
	s.state = wantComma
	if len(s.stack) == 0 {
		s.finish()
	}
}

// close ends an object: it is recognised, or its fields stay for the one around it.
func (s *scanner) close(top *frame, cut bool) {
	prefix := top.path
	if top.array {
		s.path = s.path[:max(0, top.path-2)]
		return
	}
	if len(s.fields) > top.fields || cut {
		s.path = s.path[:min(prefix, len(s.path))]
		ev := event{r: s.r, fields: s.fields[top.fields:], path: text(s.path), first: top.line, final: s.line, cut: cut}
		consumed := s.r.object(&ev)
		drop := consumed
		if !consumed {
			// An element of an outermost array has nothing around it; of a long
			// one only the first are kept.
			if n := len(s.stack); n > 0 && s.stack[n-1].array && (s.depth == 0 && n == 1 || s.stack[n-1].index > maxElement) {
				s.r.leftover(ev.fields)
				drop = true
			}
		}
		if drop {
			s.fields, s.arena = s.fields[:top.fields], s.arena[:top.arena]
		}
	}
	s.path = s.path[:min(prefix, len(s.path))]
}

// finish ends the outermost value.
func (s *scanner) finish() {
	if s.depth == 0 {
		s.r.leftover(s.fields)
		s.fields, s.arena = s.fields[:0], s.arena[:0]
		s.r.jsonDone(s.first, s.line)
	}
	s.on = false
}

// stop ends what is open: the paste is cut off there.
func (s *scanner) stop(cut bool) {
	if !s.on {
		return
	}
	switch s.state {
	case inLiteral:
		s.value(false)
	case inString:
		// Half a text is no code; JSON in it may hold some that are whole.
		if _, ok := jsonText(text(s.tok)); ok {
			s.value(true)
		}
	}
	for n := len(s.stack); n > 0 && s.on; n = len(s.stack) {
		top := s.stack[n-1]
		s.stack = s.stack[:n-1]
		s.close(&top, cut)
	}
	if s.on {
		s.finish()
	}
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// unbase64 decodes standard base64, padded or not.
func unbase64(s string) (string, bool) {
	s = strings.TrimRight(s, "=")
	out := make([]byte, 0, len(s)*3/4)
	var acc uint32
	bits := 0
	for i := 0; i < len(s); i++ {
		n := strings.IndexByte(base64Alphabet, s[i])
		if n < 0 {
			return "", false
		}
		acc = acc<<6 | uint32(n)
		if bits += 6; bits >= 8 {
			bits -= 8
			out = append(out, byte(acc>>bits))
		}
	}
	return string(out), true
}
