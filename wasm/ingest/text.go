package ingest

// text is a copy of an input in which every byte knows which bytes of the
// input it came from, so that a finding can point at the characters that a
// person sees however much was cleaned away around them.
type text struct {
	s []byte
	// at and to are the half-open range of the input behind each byte; nil while
	// nothing was changed, then a byte stands for itself, base further on.
	at, to []int32
	base   int32
	end    int32 // where the input ends, in the same positions
}

// fieldBit marks positions in the key field where server and key were given apart.
const fieldBit = 1 << 28

func newText(s string, base int32) *text {
	return &text{s: []byte(s), base: base, end: base + int32(len(s))}
}

// span is the range of the input behind bytes i to j (half-open).
func (t *text) span(i, j int) (start, end int) {
	if i >= j {
		p := t.start(i)
		return p, p
	}
	if t.at == nil {
		return int(t.base) + i, int(t.base) + j
	}
	return int(t.at[i]), int(t.to[j-1])
}

// start is where byte i begins in the input; the end of the last byte for i
// behind it.
func (t *text) start(i int) int {
	switch {
	case t.at == nil:
		return int(t.base) + min(i, len(t.s))
	case i < len(t.s):
		return int(t.at[i])
	case len(t.s) > 0:
		return int(t.to[len(t.s)-1])
	}
	return int(t.base)
}

// run is where byte i stands in the input, and how many bytes from it on stand
// there side by side, each for itself; 0 where byte i stands for something else.
func (t *text) run(i int) (start, n int) {
	if t.at == nil {
		return int(t.base) + i, len(t.s) - i
	}
	p := t.at[i]
	at, to := t.at[i:], t.to[i:len(t.at)]
	for n < len(at) && at[n] == p && to[n] == p+1 {
		n++
		p++
	}
	return int(t.at[i]), n
}

// builder makes a changed copy of a text.
type builder struct {
	from *text
	text
	changed bool
}

func (t *text) rebuild() *builder {
	n := len(t.s)
	b := &builder{from: t}
	b.base, b.end = t.base, t.end
	b.s = make([]byte, 0, n+4)
	b.at = make([]int32, 0, n+4)
	b.to = make([]int32, 0, n+4)
	return b
}

// keep copies bytes i to j unchanged.
func (b *builder) keep(i, j int) {
	t := b.from
	b.s = append(b.s, t.s[i:j]...)
	if t.at == nil {
		n := len(b.at)
		if m := n + j - i; m <= cap(b.at) && m <= cap(b.to) {
			b.at, b.to = b.at[:m], b.to[:m]
		} else {
			b.at = append(b.at, make([]int32, j-i)...)
			b.to = append(b.to, make([]int32, j-i)...)
		}
		at, to := b.at[n:], b.to[n:]
		p := t.base + int32(i)
		for k := range at {
			at[k] = p
			p++
			to[k] = p
		}
		return
	}
	b.at = append(b.at, t.at[i:j]...)
	b.to = append(b.to, t.to[i:j]...)
}

// put writes s, which stands for the input's range start to end.
func (b *builder) put(s string, start, end int) {
	b.changed = true
	for i := 0; i < len(s); i++ {
		b.s = append(b.s, s[i])
		b.at = append(b.at, int32(start))
		b.to = append(b.to, int32(end))
	}
}

// cut takes the last bytes back, down to length n.
func (b *builder) cut(n int) {
	b.s, b.at, b.to = b.s[:n], b.at[:n], b.to[:n]
	b.changed = true
}

func (b *builder) done() *text {
	t := b.text
	return &t
}

// slice is the part of t from byte i to j.
func (t *text) slice(i, j int) *text {
	if t.at == nil {
		return &text{s: t.s[i:j:j], base: t.base + int32(i), end: t.end}
	}
	u := &text{s: t.s[i:j:j], at: t.at[i:j:j], to: t.to[i:j:j], end: t.end}
	u.base = int32(t.start(i))
	return u
}

// join puts b behind a with sep between them.
func join(a *text, sep string, b *text) *text {
	out := a.rebuild()
	out.keep(0, len(a.s))
	p := a.start(len(a.s))
	out.put(sep, p, p)
	out.from = b
	out.keep(0, len(b.s))
	return out.done()
}
