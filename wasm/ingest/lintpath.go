package ingest

import (
	"unicode/utf8"

	"ingestdoctor/wasm/diag"
)

func (l *linter) lintPath() {
	u, f, lay := l.u, l.f, &l.l
	if u.host.empty() && u.path.empty() || l.viewers || l.schemeBad && u.fam() != famRTMP || u.scheme.empty() && u.path.empty() {
		return
	}
	here := seg{u.path.e, u.path.e} // where something is missing
	app := u.str(lay.app)
	switch {
	case f.WholePath:
	case lay.appMissing:
		l.find("url-app", here, "application", l.appArgs("missing", yes)...)
		if f.App != "" && len(u.segs) > 0 {
			l.m.insertApp(f.App)
		}
	case lay.noLive:
		l.shortForm()
	case lay.appWrong && !l.isPlaceholder(lay.app):
		args := l.appArgs()
		if shown, ok := l.shown(lay.app); ok {
			args = l.appArgs("found", shown)
		}
		l.find("url-app", lay.app, "application", args...)
		if equalFold(app, f.App) {
			l.m.replaceApp(f.App)
		} else if len(u.segs) > 1 && wellKnownApp(app) && !f.Token.Hex32 {
			l.m.replaceApp(f.App)
		}
	case f.NameChars != "" && !l.isPlaceholder(lay.app):
		l.nameChars("url-app", "application", lay.app)
	}
	l.lintToken()
	l.lintStream(here)
}

// public says of every byte of the URL whether it may be shown.
func (l *linter) public() []bool {
	if l.pub == nil {
		l.pub = l.u.public(l.f, &l.l)
	}
	return l.pub
}

// shown is a part as it stands, where it may be shown as a whole. Whatever goes
// into a finding out of the path goes through it.
func (l *linter) shown(g seg) (string, bool) {
	pub := l.public()
	for i := g.s; i < g.e; i++ {
		if !pub[i] {
			return "", false
		}
	}
	return l.u.str(g), !g.empty()
}

func (l *linter) appArgs(args ...string) []string {
	form := l.f.App
	if form == "" {
		form = l.expected()
	}
	return append(args, "expected", form)
}

// shortForm reports Azure's older form without /live, and mostly without a
// stream name.
func (l *linter) shortForm() {
	if l.isPlaceholder(l.l.token) {
		return
	}
	missing := "/" + l.f.App
	if l.l.stream.empty() {
		missing += " and the stream name"
	}
	full := l.expected()
	if u := l.u; u.showHost() && !u.host.empty() {
		full = u.t[:u.host.e]
		if u.hasUser {
			full = u.t[:u.rest] + u.str(u.host)
		}
		if u.hasPort && allDigits(u.str(u.port)) {
			full += ":" + u.str(u.port)
		}
		full += "/" + l.f.App + "/<access token>/<stream name>"
	}
	f := l.find("url-form", l.l.token, "access token", "missing", missing, "expected", full)
	f.Severity = min(f.Severity, diag.Info)
	if !l.l.stream.empty() && isToken(l.u.str(l.l.token), l.f.Token) {
		l.m.insertApp(l.f.App)
	}
}

func (l *linter) lintToken() {
	rule := l.f.Token
	if !rule.Hex32 || l.l.token.empty() || l.isPlaceholder(l.l.token) {
		return
	}
	s := l.u.str(l.l.token)
	if isToken(s, rule) {
		return
	}
	n := utf8.RuneCountInString(s)
	args := []string{"found_length", whole(int64(n))}
	if r, at := firstNot(s, func(r rune) bool { return r < utf8.RuneSelf && (isHex(byte(r)) || r == '-' && rule.GUID) }); at > 0 {
		args = append(args, "character", visible(r), "position", whole(int64(at)))
	}
	expected := "32 hexadecimal digits"
	if rule.GUID {
		expected += ", or a GUID with dashes"
	}
	l.find("url-token", l.l.token, "access token", append(args, "expected", expected)...)
}

// firstNot finds the first character that a name may not have and its
// position from 1; 0 where all are fine.
func firstNot(s string, ok func(rune) bool) (r rune, at int) {
	for i, r := range s {
		if !ok(r) {
			return r, utf8.RuneCountInString(s[:i]) + 1
		}
	}
	return 0, 0
}

func (l *linter) lintStream(here seg) {
	u, f, lay := l.u, l.f, &l.l
	if lay.stream.empty() {
		switch {
		case u.streamInQuery(): // Bilibili's key: ?streamname=...&key=...
		case lay.noLive && f.Short != nil: // the short form has none
		case !f.StreamNeeded && !f.WholePath:
		default:
			l.find("url-stream-name", here, "stream name", l.streamArgs("missing", yes)...)
		}
		return
	}
	if f.NameChars != "" && !l.isPlaceholder(lay.stream) {
		if !l.spaced(lay.stream) {
			l.nameChars("url-stream-name", "stream name", lay.stream)
		}
	}
	if l.p.ID == "tencent-css" {
		l.tencentStream()
	}
	if l.p.ID == "srs" && contains(u.str(lay.app), "...vhost...") {
		l.find("url-form", lay.app, "application", "missing", "?vhost= (the old app...vhost...NAME form)", "expected", l.f.Template)
	}
}

// streamInQuery reports a stream name that is given as a parameter.
func (u *parsed) streamInQuery() bool {
	p, ok := u.param("streamname")
	return ok && !p.value.empty()
}

func (l *linter) streamArgs(args ...string) []string {
	switch {
	case l.f.NameChars != "":
		return append(args, "expected", "letters, digits and "+spelled(l.f.NameChars))
	case l.f.KeyInField:
		return append(args, "expected", l.expected()+" (encoders take the stream key in a field of its own)")
	}
	return append(args, "expected", l.expected())
}

func spelled(chars string) string {
	text := ""
	for i := 0; i < len(chars); i++ {
		if i > 0 {
			text += " "
		}
		text += chars[i : i+1]
	}
	return text
}

// spaced reports a name that stood with white space inside: cleaned it is
// fine, but the platform would have seen the space.
func (l *linter) spaced(g seg) bool {
	start, end := l.t.span(g.s, g.e)
	for i := range l.c.dirt {
		d := &l.c.dirt[i]
		if (d.kind == dirtSpace || d.kind == dirtBreak) && d.start > start && d.end < end {
			l.findAt("url-stream-name", d.start, d.end, "stream name",
				l.streamArgs("character", d.name(), "position", whole(l.character(d.start)-l.character(start)+1))...)
			return true
		}
	}
	return false
}

// nameChars reports the first character of a name that the platform refuses.
func (l *linter) nameChars(rule, part string, g seg) {
	s := l.u.str(g)
	r, at := firstNot(s, func(r rune) bool {
		return r < utf8.RuneSelf && (isAlpha(byte(r)) || isDigit(byte(r)) || isOneOf(byte(r), l.f.NameChars))
	})
	if at == 0 {
		return
	}
	i, count := 0, 0
	for k := range s {
		if count++; count == at {
			i = k
			break
		}
	}
	bad := seg{g.s + i, g.s + i + utf8.RuneLen(r)}
	args := []string{}
	if shown, ok := l.shown(g); ok && rule == "url-app" {
		args = append(args, "found", shown)
	}
	args = append(args, "character", visible(r))
	if rule == "url-stream-name" {
		args = append(args, "position", whole(int64(at)))
	}
	f := l.find(rule, bad, part, append(args, "expected", "letters, digits and "+spelled(l.f.NameChars))...)
	f.Basis = diag.Inferred
}

// lintPlace reports a key in the wrong field, or twice.
func (l *linter) lintPlace() {
	u := l.u
	for _, d := range l.r.Findings {
		if d.Rule == "url-key-place" {
			return // the whole URL is in the key field
		}
	}
	report := func(g seg, where string) {
		l.find("url-key-place", g, "stream name", "where", where, "server", l.serverShown())
	}
	if l.o.Split && l.keyAt == 0 {
		if !l.l.stream.empty() && !l.f.WholePath && !l.isPlaceholder(l.l.stream) {
			report(l.l.stream, "in the server field")
		}
		return
	}
	n := len(u.segs)
	if l.keyAt == 0 {
		if n >= 3 {
			if a, b := u.str(u.segs[n-2]), u.str(u.segs[n-1]); a == b && (looksLikeKey(a) || l.f.App != "" && !l.f.Token.Hex32) {
				report(seg{u.segs[n-2].s, u.segs[n-1].e}, "there twice")
				l.m.drop(n - 1)
			}
		}
		return
	}
	// Server and key apart: what of the stream stands in the server field?
	first := n
	for i, g := range u.segs {
		if g.s >= l.keyAt {
			first = i
			break
		}
	}
	lay := &l.l
	key := u.t[l.keyAt:]
	for i := 0; i < len(key); i++ {
		if key[i] == '?' {
			key = key[:i]
			break
		}
	}
	switch {
	case lay.app.s >= l.keyAt && !lay.app.empty() && !l.f.WholePath:
		report(lay.app, "not alone in its field: the application is in the key field")
	case lay.token.s >= l.keyAt && !lay.token.empty():
		report(lay.token, "not alone in its field: the access token is in the key field")
	case l.f.WholePath, first == 0:
	case !lay.stream.empty() && lay.stream.s < l.keyAt && first > 0,
		l.f.App == "" && first >= 2 && looksLikeKey(u.str(u.segs[first-1])):
		server := u.str(u.segs[first-1])
		g := seg{u.segs[first-1].s, u.segs[first-1].e}
		if server == key {
			report(g, "in both fields")
			l.m.drop(n - 1)
		} else if hasSuffix(key, server) || hasPrefix(key, server) || !l.f.Token.Hex32 {
			report(g, "split between the two fields")
		}
	case first >= 2 && l.f.App == "" && u.str(u.segs[first-1]) == key && !wellKnownApp(key):
		report(u.segs[first-1], "in both fields")
		l.m.drop(n - 1)
	}
}

// serverShown is what belongs in the server field, without anything secret.
func (l *linter) serverShown() string {
	u := l.u
	if u.host.empty() {
		return ""
	}
	end := l.l.app.e
	if end == 0 {
		end = u.path.s
	}
	pub := l.public()
	s := mask(u.t[:end], pub[:end])
	if l.l.app.empty() && l.f.App != "" {
		s += "/" + l.f.App
	}
	if !l.l.token.empty() {
		s += "/<access token>"
	}
	return s
}

func (l *linter) lintRates() {
	if !l.f.DataRates {
		return
	}
	u := l.u
	for i := range u.params {
		p := &u.params[i]
		name, value := u.str(p.name), u.str(p.value)
		video := equalFold(name, "videodatarate")
		if !video && !equalFold(name, "audiodatarate") || l.isPlaceholder(p.value) {
			continue
		}
		most := 2000.0
		if video {
			most = 100000
		}
		v, ok := decimal(value)
		if ok && v > 0 && v <= most && name == lowerASCII(name) {
			continue
		}
		g := p.value
		if g.empty() || name != lowerASCII(name) && ok {
			g = p.name
		}
		shown := value
		switch {
		case value == "":
			shown = "empty"
		case !harmless("videodatarate", value):
			shown = "something else"
		case ok && v > most:
			shown += " (that would be bit/s)"
		case name != lowerASCII(name) && ok && v > 0:
			shown += ", and the name is written in small letters"
		}
		l.find("url-datarate", g, "query", "parameter", lowerASCII(name), "found", shown)
	}
}

// decimal reads a plain decimal number.
func decimal(s string) (v float64, ok bool) {
	digits, dot := 0, false
	scale := 1.0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isDigit(c):
			digits++
			if dot {
				scale /= 10
				v += float64(c-'0') * scale
			} else {
				v = v*10 + float64(c-'0')
			}
		case c == '.' && !dot:
			dot = true
		default:
			return 0, false
		}
	}
	return v, digits > 0 && len(s) < 20
}
