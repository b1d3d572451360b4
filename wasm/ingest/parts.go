package ingest

import (
	"bytes"
	"strconv"
)

// parts lists the URL's parts in the order in which they stand.
func (l *linter) parts() {
	u, lay := l.u, &l.l
	pub := l.public()
	add := func(name string, g seg) *Part {
		p := Part{Name: name, Value: u.str(g), Shown: mask(u.t[g.s:g.e], pub[g.s:g.e])}
		for i := g.s; i < g.e; i++ {
			p.Secret = p.Secret || !pub[i]
		}
		p.Start, p.End = l.t.span(g.s, g.e)
		if p.Start >= fieldBit {
			p.Start, p.End, p.Field = p.Start-fieldBit, max(p.End-fieldBit, 0), "key"
		} else if p.End >= fieldBit {
			p.End = len(l.c.in[0])
		}
		l.r.Parts = append(l.r.Parts, p)
		return &l.r.Parts[len(l.r.Parts)-1]
	}
	if !u.scheme.empty() {
		p := add("scheme", u.scheme)
		if i := schemeByName(p.Value); i != nil && !u.hasPort && i.port > 0 {
			p.Note = "port " + strconv.Itoa(i.port) + ", because none is given"
		}
	}
	if u.hasUser {
		add("user", u.user)
		if u.hasPass {
			add("password", u.pass)
		}
	}
	if !u.host.empty() {
		p := add("host", u.host)
		if p.Shown == p.Value {
			if name, ok := toUnicode(p.Value); ok {
				p.Note = "written in letters: " + name
			} else if !isASCII(p.Value) {
				if ascii, ok := toASCII(p.Value); ok {
					p.Note = "in the name service: " + ascii
				}
			} else if l.r.Platform != "" {
				p.Note = l.r.Platform
			}
		}
	}
	if !u.zone.empty() {
		add("zone", u.zone)
	}
	if u.hasPort && !u.port.empty() {
		add("port", u.port)
	}
	late := func(g seg) bool { return u.inQuery > 0 && g.s > u.query.e }
	path := func(want bool) {
		for _, x := range [...]struct {
			name string
			g    seg
		}{{"app", lay.app}, {"token", lay.token}, {"instance", lay.instance}, {"stream", lay.stream}} {
			if !x.g.empty() && late(x.g) == want {
				add(x.name, x.g)
			}
		}
	}
	params := func(want bool) {
		for i := range u.params {
			if u.params[i].server != want {
				continue
			}
			p := &u.params[i]
			g := p.value
			name := mask(u.str(p.name), pub[p.name.s:p.name.e])
			if !p.has {
				g, name = p.name, ""
			}
			part := add("query", g)
			part.Param = name
			if e := l.r.Expiry; e != nil && name == e.Param {
				part.Note = expiryNote(e)
			}
		}
	}
	path(false)
	params(true)
	path(true)
	params(false)
	if u.hasFrag && !u.frag.empty() {
		add("fragment", u.frag)
	}
}

// expiryNote says until when a URL is good, and how long that still is.
func expiryNote(e *Expiry) string {
	s := "good until " + e.UTC
	if e.Local != "" {
		s += " (" + e.Local + ")"
	}
	if e.Left > 0 {
		return s + ", " + span(e.Left) + " from now"
	}
	return s + ", " + span(-e.Left) + " ago"
}

// span writes a number of seconds in the largest unit that says enough.
func span(sec int64) string {
	unit := func(n int64, name string) string {
		if n != 1 {
			name += "s"
		}
		return strconv.FormatInt(n, 10) + " " + name
	}
	switch {
	case sec < 120:
		return unit(sec, "second")
	case sec < 7200:
		return unit(sec/60, "minute")
	case sec < 2*86400:
		return unit(sec/3600, "hour")
	case sec < 730*86400:
		return unit(sec/86400, "day")
	}
	return unit(sec/(365*86400), "year")
}

// mask writes the input with its secrets masked. It goes by what is known to
// be harmless; a byte that is no part of the URL is shown only when it is a
// space, a sign or a common word.
func (l *linter) mask() {
	u := l.u
	pub := l.public()
	r := l.r
	if l.t.at == nil && !l.o.Split && len(pub) == len(l.c.in[0]) { // nothing was cleaned away
		r.show[0] = pub
		r.Redacted = mask(u.t, pub)
		return
	}
	var show [2][]bool
	var known [2][]byte // 1 for a byte that is part of the URL
	for f := range show {
		show[f] = make([]bool, len(l.c.in[f]))
		known[f] = make([]byte, len(l.c.in[f]))
	}
	for i := 0; i < len(pub); {
		s, n := l.t.run(i)
		f := 0
		if s >= fieldBit {
			f, s = 1, s-fieldBit
		}
		if n > 0 { // bytes that stand for themselves
			n = min(n, len(show[f])-s)
			copy(show[f][s:s+n], pub[i:i+n])
			fill(known[f][s : s+n])
			i += max(n, 1)
			continue
		}
		_, e := l.t.span(i, i+1)
		if f == 1 {
			e -= fieldBit
		}
		for k := s; k < e && k < len(show[f]); k++ {
			show[f][k] = pub[i] && (known[f][k] == 0 || show[f][k])
			known[f][k] = 1
		}
		i++
	}
	for f := range show {
		in, st := l.c.in[f], known[f]
		for i := 0; i < len(in); {
			n := bytes.IndexByte(st[i:], 0)
			if n < 0 {
				break
			}
			i += n
			j := i
			for j < len(in) && st[j] == 0 {
				j++
			}
			inside := i > 0 && j < len(in) && !show[f][i-1] && !show[f][j]
			for k := i; k < j; k++ {
				show[f][k] = !inside
			}
			if !inside {
				l.hideWords(f, in, i, j, show[f])
			}
			i = j
		}
	}
	r.show = show
	r.Redacted = mask(l.c.in[0], show[0])
	r.RedactedKey = mask(l.c.in[1], show[1])
}

// fill sets every byte to 1.
func fill(b []byte) {
	for i := range b {
		b[i] = 1
	}
}

// hideWords masks the words in a stretch of the input that is no part of the
// URL, but for common ones. What the cleaner took away is no word.
func (l *linter) hideWords(f int, in string, i, j int, show []bool) {
	dirty := func(k int) bool {
		if f == 1 {
			k += fieldBit
		}
		for _, d := range l.c.dirt {
			if k >= d.start && k < d.end && d.kind != dirtOptions {
				return true
			}
		}
		return false
	}
	for k := i; k < j; {
		if !isAlpha(in[k]) && !isDigit(in[k]) && in[k] < 0x80 || dirty(k) {
			k++
			continue
		}
		e := k
		for e < j && !isSpace(in[e]) && in[e] != ':' && in[e] != '"' && in[e] != '\'' && !dirty(e) {
			e++
		}
		if !commonWord(in[k:e]) {
			for ; k < e; k++ {
				show[k] = false
			}
		}
		k = e
	}
}

// commonWord reports whether a word beside the URL may be shown.
func commonWord(s string) bool {
	if n := len(s); n > 0 && isOneOf(s[n-1], ",;.") {
		s = s[:n-1]
	}
	return inList(lowerASCII(s), "server url stream key name rtmp rtmps ingest push publish address link primary backup ffmpeg obs f c copy flv re i http https the is my here use this please and for")
}

// Source is the input as it came; it holds secrets.
func (r *Result) Source() string { return r.source[0] }

// InRedacted gives the range of Redacted (or, for the key field, RedactedKey)
// that a range of the input became.
func (r *Result) InRedacted(start, end int, field string) (from, to int) {
	show := r.show[0]
	if field == "key" {
		show = r.show[1]
	}
	if start < 0 || end > len(show) || start > end {
		return 0, 0
	}
	n := 0 // bytes of the result so far
	for i := 0; i <= end; i++ {
		at := n
		if i < len(show) && !show[i] && i > 0 && !show[i-1] {
			at = n - len(Mask) // inside a mask
		}
		if i == start {
			from = at
		}
		if i == end {
			to = at
			if end > start && !show[end-1] {
				to = n
			}
			break
		}
		switch {
		case show[i]:
			n++
		case i == 0 || show[i-1]:
			n += len(Mask)
		}
	}
	return from, to
}
