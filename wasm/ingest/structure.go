package ingest

// structure mends the scheme and takes signs off the end.
func (c *cleaner) structure(t *text) (_ *text, changed bool) {
	t, changed = c.edges(t)
	h, ok := matchScheme(t.s, 0)
	if !ok {
		return t, changed
	}
	if h.encoded {
		start, end := t.span(h.name, len(t.s))
		c.once(problem{what: "the whole URL is percent-encoded", start: start, end: end, part: "text"})
		return decodeAll(t), true
	}
	rest := h.after
	if h.slashes > 2 && !hostLike(t.s[rest:]) {
		rest -= h.slashes - 2 // rtmp:///live/key: no host, not one slash too many
	}
	if h.slashes > 0 {
		if inner, ok := matchScheme(t.s, h.after); ok && inner.info != nil && inner.slashes > 0 && (inner.colon || inner.slashes > 1) {
			start, end := t.span(0, h.after)
			c.once(problem{what: "the scheme stands there twice", start: start, end: end, part: "scheme"})
			return t.slice(h.after, len(t.s)), true
		}
	}
	if h.colon && !h.choice && rest-h.name == 3 && t.s[h.name] == ':' && t.s[h.name+1] == '/' && t.s[h.name+2] == '/' {
		return t, changed
	}
	start, end := t.span(h.name, max(rest, h.name+1))
	name := string(t.s[:h.name])
	switch {
	case h.choice:
		start, _ = t.span(0, h.name)
		c.once(problem{what: name + "[s] is a choice in a template: write " + name + " or " + name + "s", start: start, end: end, part: "scheme"})
	case h.sign != 0:
		c.once(problem{what: "behind " + name + " stands " + string(rune(h.sign)) + " instead of a colon", start: start, end: start + 1, part: "scheme", r: rune(h.sign)})
	case !h.colon:
		c.once(problem{what: "the colon behind " + name + " is missing", start: start, end: end, part: "scheme"})
	case h.slashes > 2:
		c.once(problem{what: "there are too many slashes behind " + name + ":", start: start, end: end, part: "scheme"})
	case h.slashes == 1:
		c.once(problem{what: "one of the two slashes behind " + name + ": is missing", start: start, end: end, part: "scheme"})
	default:
		c.once(problem{what: "the two slashes behind " + name + ": are missing", start: start, end: end, part: "scheme"})
	}
	b := t.rebuild()
	b.keep(0, h.name)
	b.put("://", start, end)
	b.keep(rest, len(t.s))
	return b.done(), true
}

// once notes a problem unless a pass before did.
func (c *cleaner) once(p problem) {
	for i := range c.problems {
		if c.problems[i].what == p.what {
			return
		}
	}
	c.problems = append(c.problems, p)
}

// hostLike reports whether s begins with something that can be a host rather
// than an application: a name with a dot, an address, localhost, or a port.
func hostLike(s []byte) bool {
	i := 0
	for i < len(s) && !isOneOf(s[i], "/?#") {
		i++
	}
	h := s[:i]
	if len(h) == 0 {
		return false
	}
	if h[0] == '[' || equalFold(string(h), "localhost") {
		return true
	}
	for _, ch := range h[1:] {
		if ch == '.' || ch == ':' || ch == '@' {
			return true
		}
	}
	return false
}

// decodeAll undoes every percent escape.
func decodeAll(t *text) *text {
	b := t.rebuild()
	s := t.s
	for i := 0; i < len(s); {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			start, end := t.span(i, i+3)
			b.put(string([]byte{hexValue(s[i+1])<<4 | hexValue(s[i+2])}), start, end)
			i += 3
			continue
		}
		b.keep(i, i+1)
		i++
	}
	b.changed = true
	return b.done()
}

// escapes are percent escapes of white space and invisible characters.
var escapes = [...]string{"%20", "%09", "%0a", "%0d", "%00", "%c2%a0", "%e2%80%8b", "%e2%80%8c", "%e2%80%8d", "%ef%bb%bf", "%e3%80%80", "%22", "%e2%80%9d", "%e2%80%9c"}

// edges takes off the end what mails and manuals leave there. A bracket stays
// where it closes one inside.
func (c *cleaner) edges(t *text) (_ *text, changed bool) {
	from, to := 0, len(t.s)
	for from < to && t.s[from] == '\'' {
		c.wrapped(t, from, from+1)
		from++
	}
	for from < to {
		s := t.s[from:to]
		last := s[len(s)-1]
		cut := 0
		switch last {
		case '.', ',', ';', '!':
			cut = 1
		case '\'':
			start, end := t.span(to-1, to)
			c.add(dirt{kind: dirtQuote, r: '\'', start: start, end: end})
			to--
			changed = true
			continue
		case ')', ']', '}', '>':
			if surplus(s, last) {
				cut = 1
			}
		}
		if cut > 0 {
			start, end := t.span(to-cut, to)
			d := dirt{kind: dirtPunct, r: rune(last), start: start, end: end, what: "punctuation at the end (" + string(rune(last)) + ")"}
			if last == '>' {
				d.what = "an angle bracket around the URL"
			}
			c.add(d)
			to -= cut
			changed = true
			continue
		}
		if n := escapedEnd(s); n > 0 {
			start, end := t.span(to-n, to)
			c.add(dirt{kind: dirtEscaped, start: start, end: end, what: "a percent-encoded space, quotation mark or invisible character at the end"})
			to -= n
			changed = true
			continue
		}
		break
	}
	if from == 0 && !changed {
		return t, false
	}
	return t.slice(from, to), true
}

func escapedEnd(s []byte) int {
	for _, e := range escapes {
		if n := len(e); n < len(s) && equalFold(string(s[len(s)-n:]), e) {
			return n
		}
	}
	return 0
}

// surplus reports whether s has more of the closing bracket than of its
// opening one.
func surplus(s []byte, closer byte) bool {
	var opener byte
	switch closer {
	case ')':
		opener = '('
	case ']':
		opener = '['
	case '}':
		opener = '{'
	case '>':
		opener = '<'
	}
	n := 0
	for _, ch := range s {
		switch ch {
		case opener:
			n--
		case closer:
			n++
		}
	}
	return n > 0
}
