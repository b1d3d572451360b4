package ingest

import (
	"ingestdoctor/wasm/profile"
)

// Redact masks what must not be shown in any text: a log, an error, a pasted
// event, a URL. In every URL, however mangled, the stream name or key, user and
// password, and all query values that are not known to be harmless become
// Mask; so do values behind names such as "stream key:" or token=, and words
// that have the form of a platform's key. Ordinary web addresses stay readable.
// What was redacted once stays as it is.
func Redact(s string) string {
	// Masking can lay open what stood behind the mask; the second look rarely
	// finds anything.
	for pass := 0; pass < 8; pass++ {
		r := redactor{s: s}
		r.labels()
		r.words()
		if r.hide == nil {
			return s
		}
		next := r.text()
		if next == s {
			return s
		}
		s = next
	}
	return s
}

type redactor struct {
	s    string
	hide []bool
}

func (r *redactor) cover(i, j int) {
	if i >= j {
		return
	}
	if r.hide == nil {
		r.hide = make([]bool, len(r.s))
	}
	for ; i < j; i++ {
		r.hide[i] = true
	}
}

func (r *redactor) text() string {
	b := make([]byte, 0, len(r.s))
	for i := 0; i < len(r.s); i++ {
		if !r.hide[i] {
			b = append(b, r.s[i])
		} else if i == 0 || !r.hide[i-1] {
			b = append(b, Mask...)
		}
	}
	return string(b)
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\v' || c == '\f'
}

// words looks at one word after the other.
func (r *redactor) words() {
	s := r.s
	keyNext := false
	for i := 0; i < len(s); {
		if isSpace(s[i]) {
			i++
			continue
		}
		j := i
		plain := true // nothing in it that a URL or a query needs
		for j < len(s) && !isSpace(s[j]) {
			if c := s[j]; c >= 0x80 || c == ':' || c == '/' || c == '%' || c == '=' || c == '&' || c == '\\' {
				plain = false
			}
			j++
		}
		w := s[i:j]
		if keyNext && looksLikeKey(w) {
			r.cover(i, j)
		}
		keyNext = false
		if !plain {
			j, keyNext = r.word(i, j)
		}
		r.bareKey(i, j)
		i = j
	}
}

// word masks the URLs and queries in s[i:j] and gives the end of what it has
// dealt with. keyNext says that a key may follow as the next word.
func (r *redactor) word(i, j int) (end int, keyNext bool) {
	var c cleaner
	t := newText(r.s[i:j], int32(i))
	c.in[0] = r.s
	n, _ := c.normalise(t)
	found := false
	for k := 0; k < len(n.s); {
		h, ok := r.scheme(n.s, k)
		if !ok {
			break
		}
		found = true
		if h.encoded {
			// rtmp%3A%2F%2F...: all behind the colon.
			e := h.after
			for e < len(n.s) && n.s[e]|0x20 != 'a' {
				e++
			}
			r.coverText(n, min(e+1, len(n.s)), len(n.s))
			return j, false
		}
		if inner, ok := matchScheme(n.s, h.after); ok && inner.start == h.after && (inner.slashes > 0 || inner.encoded) {
			k = h.after // the scheme twice
			continue
		}
		stop := r.urlEnd(n.s, h)
		strong := h.info == nil || h.info.family != famHTTP
		if strong && stop == len(n.s) {
			if more := r.cutPassword(string(n.s[h.after:]), j); more > j {
				return r.word(i, more)
			}
		}
		keyNext = r.url(n, h, stop, strong)
		k = max(stop, h.after)
	}
	if !found {
		r.query(n)
	}
	return j, keyNext
}

// scheme finds the next scheme in a word.
func (r *redactor) scheme(s []byte, k int) (h hit, ok bool) {
	for ; k < len(s); k++ {
		if !isAlpha(s[k]) || k > 0 && (isAlpha(s[k-1]) || isDigit(s[k-1])) {
			continue
		}
		if h, ok = matchScheme(s, k); ok {
			return h, true
		}
	}
	return h, false
}

// urlEnd is where a URL in a word ends: at the quotation mark or bracket that
// goes with the one before it, else at the end, without punctuation.
func (r *redactor) urlEnd(s []byte, h hit) int {
	end := len(s)
	if h.start > 0 {
		switch open := s[h.start-1]; open {
		case '"', '\'', '`':
			for k := h.after; k < len(s); k++ {
				if s[k] == open {
					return k
				}
			}
		case '<', '(', '[', '{':
			for k := len(s) - 1; k > h.after; k-- {
				if s[k] == closing(open) {
					end = k
					break
				}
			}
		}
	}
	for end > h.after && isOneOf(s[end-1], ".,;:!)]}>\"'`") {
		if isOneOf(s[end-1], ")]}>") && !surplus(s[h.after:end], s[end-1]) {
			break
		}
		end--
	}
	return end
}

// cutPassword looks for the rest of a password with white space in it
// (user:pa ss@host) and gives the end of the word that holds the @.
func (r *redactor) cutPassword(rest string, j int) int {
	colon := -1
	for k := 0; k < len(rest); k++ {
		switch rest[k] {
		case '/', '?', '#', '@', '[':
			return 0
		case ':':
			colon = k
		}
	}
	if colon < 0 || colon < len(rest)-1 && allDigits(rest[colon+1:]) {
		return 0
	}
	at := -1
	for k := j; k < len(r.s) && k < j+128; k++ {
		if r.s[k] == '\n' {
			break
		}
		if r.s[k] == '@' {
			at = k
		}
		if at >= 0 && isSpace(r.s[k]) {
			return k
		}
	}
	if at < 0 {
		return 0
	}
	for at < len(r.s) && !isSpace(r.s[at]) {
		at++
	}
	return at
}

// url masks one URL, n.s[h.start:stop].
func (r *redactor) url(n *text, h hit, stop int, strong bool) (keyNext bool) {
	after := h.after
	if h.slashes > 2 && !hostLike(n.s[after:]) {
		after -= h.slashes - 2
	}
	if stop < after {
		return false
	}
	t := string(n.s[h.start:h.name]) + "://" + string(n.s[after:stop])
	u := parse(t)
	form := u.form()
	l := u.layout(form)
	pub := u.public(form, &l)
	if !strong {
		u.webPublic(pub)
	}
	base := u.rest
	if base == 0 { // cannot be: the scheme was just put there
		base = len(t)
	}
	for k := base; k < len(t); k++ {
		if !pub[k] {
			r.coverText(n, after+k-base, after+k-base+1)
		}
	}
	return strong && len(u.segs) <= 1 && u.query.empty()
}

// coverText masks what stands behind bytes i to j of a normalised word.
func (r *redactor) coverText(n *text, i, j int) {
	if i < j {
		s, e := n.span(i, j)
		r.cover(s, e)
	}
}

// form is the URL form of the platform that the URL shows by itself.
func (u *parsed) form() *profile.URLForm {
	id, _, _ := u.recognise()
	if p, ok := profile.ByID(id); ok {
		return &p.URL
	}
	return &profile.Default().URL
}

// webPublic lets the path of an ordinary web address be read, except where a
// part of it looks like a key or a token.
func (u *parsed) webPublic(pub []bool) {
	if id, _, by := u.recognise(); by == "host" && (id == "azure-live-encoding" || id == "azure-v2") && contains(u.str(u.host), ".channel.") {
		return
	}
	hideNext := false
	for _, g := range u.segs {
		w := u.str(g)
		secret := hideNext || isKeyForm(w) || len(w) == 32 && allHex(w) || isGUID(w) || lastIndex(w, '@') >= 0 || looksRandom(w)
		hideNext = w == "whip" || w == "whep"
		for i := g.s; i < g.e; i++ {
			pub[i] = !secret
		}
		if g.s > 0 {
			pub[g.s-1] = true
		}
	}
	for i := u.path.s; i < u.path.e; i++ {
		if u.t[i] == '/' {
			pub[i] = true
		}
	}
}

// looksRandom reports whether a word of a web address is a mixture that no
// person wrote: capitals, small letters and digits through each other.
func looksRandom(s string) bool {
	if len(s) < 20 {
		return false
	}
	upper, low, digits := 0, 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z':
			upper++
		case c >= 'a' && c <= 'z':
			low++
		case isDigit(c):
			digits++
		}
	}
	return digits >= 3 && (upper >= 3 && low >= 3 || digits >= 6 && low+upper >= 6 && countByte(s, '-') < 2)
}

// query masks the values of name=value&name=value outside of any URL.
func (r *redactor) query(n *text) {
	s := string(n.s)
	amp := lastIndex(s, '&') >= 0
	for i := 0; i < len(s); i++ {
		if s[i] != '=' {
			continue
		}
		from := i
		for from > 0 && (isAlpha(s[from-1]) || isDigit(s[from-1]) || isOneOf(s[from-1], "_-.*")) {
			from--
		}
		asked := from > 0 && (s[from-1] == '?' || s[from-1] == '&')
		to := i + 1
		for to < len(s) && !isOneOf(s[to], "&\"'<>") {
			to++
		}
		if (asked || amp) && to > i+1 {
			name, value := s[from:i], s[i+1:to]
			if !harmless(name, value) {
				r.coverText(n, i+1, to)
			}
			if asked && !showName(name, value) {
				r.coverText(n, from, i)
			}
		}
		i = to - 1
	}
}
