package ingest

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

type linter struct {
	o Options
	r *Result
	c cleaner
	t *text
	u *parsed
	p *profile.Profile
	f *profile.URLForm
	l layout
	m mender
	// server is how many bytes of the URL came from the server field; 0 where
	// there is one field.
	keyAt  int
	region [2]int // the input's range that the URL was read from

	pub          []bool
	counted      [2]struct{ pos, runes int } // characters of the input so far
	placeholders []seg                       // parts that are placeholders: no other rule speaks of them
	schemeBad    bool
	viewers      bool // a playback URL or a web address: its path is none of ours
	portBad      bool
}

func newLinter(o Options) *linter {
	l := &linter{o: o, r: &Result{opts: o}}
	if o.Split {
		l.c.in = [2]string{o.Server, o.Key}
	} else {
		l.c.in = [2]string{o.Input}
	}
	l.r.source = l.c.in
	l.p = o.Profile
	if l.p == nil {
		l.p = profile.Default()
	}
	l.f = &l.p.URL
	return l
}

func (l *linter) run() {
	if n := len(l.c.in[0]) + len(l.c.in[1]); n > maxInput {
		l.t = newText("", 0)
		l.u = parse("")
		l.setProfile()
		l.problem(problem{what: "the text is longer than 16 kB, so it is no URL", start: 0, end: len(l.c.in[0]), part: "text"})
		l.r.Redacted, l.r.RedactedKey = Mask, ""
		l.finish()
		return
	}
	l.read()
	l.setProfile()
	l.l = l.u.layout(l.f)
	l.m.start(l.u, &l.l)
	l.lintText()
	if len(l.t.s) == 0 {
		what := "there is nothing here"
		if len(l.c.in[0])+len(l.c.in[1]) > 0 {
			what = "there is nothing here but signs and spaces"
		}
		l.c.problems = nil
		l.problem(problem{what: what, start: 0, end: len(l.c.in[0]), part: "text"})
		l.mask()
		l.finish()
		return
	}
	l.rules()
	l.target()
	l.parts()
	l.mask()
	l.mend()
	l.finish()
}

// rules runs every rule but url-characters.
func (l *linter) rules() {
	l.mending()
	l.lintSigned()
	l.lintRates()
	l.lintCleartext()
	l.lintRetired()
}

// mending runs those that may correct something.
func (l *linter) mending() {
	l.lintPlaceholders()
	l.lintScheme()
	l.lintSyntax()
	l.lintHost()
	l.lintPort()
	l.lintPath()
	l.lintPlace()
}

// read cleans the input and takes it apart.
func (l *linter) read() {
	out := l.c.cleanURL(newText(l.c.in[0], 0))
	l.t = out.url
	l.region = [2]int{out.from, out.to}
	if !out.stable {
		l.t = newText("", 0)
		l.c.problems = append(l.c.problems, problem{what: "the text is encoded too many times over", start: 0, end: len(l.c.in[0]), part: "text"})
	}
	key := out.key
	if l.o.Split {
		key = nil
		if k := l.c.cleanKey(newText(l.c.in[1], fieldBit)); len(k.s) > 0 {
			key = k
			if h, ok := matchScheme(k.s, 0); ok && h.slashes > 0 {
				l.wholeInKey(k)
				key = nil
			}
		}
	}
	if key != nil && len(key.s) > 0 {
		n := len(l.t.s)
		for n > 0 && l.t.s[n-1] == '/' && (n < 2 || l.t.s[n-2] != '/') {
			n--
		}
		server := l.t.slice(0, n)
		l.t = join(server, "/", key)
		l.keyAt = n + 1
	}
	l.r.apart = l.o.Split || l.keyAt > 0
	l.u = parseJoined(string(l.t.s), l.keyAt)
}

// wholeInKey reads the key field as the URL where one was pasted there.
func (l *linter) wholeInKey(k *text) {
	start, end := k.span(0, len(k.s))
	l.c.problems = append(l.c.problems, problem{what: keyField, start: start, end: end})
	if len(l.t.s) == 0 || parse(string(l.t.s)).host.empty() {
		l.t = l.c.cleanURL(k).url
	}
}

// keyField marks the problem that is really one of url-key-place.
const keyField = "whole URL in the key field"

// setProfile takes the given profile, or the one that the URL tells.
func (l *linter) setProfile() {
	id, name, by := l.u.recognise()
	l.r.Platform = name
	if l.o.Profile != nil {
		l.r.By = "given"
	} else if p, ok := profile.ByID(id); ok {
		l.p, l.r.By = p, by
	}
	l.f = &l.p.URL
	l.r.Profile, l.r.form = l.p, l.f
}

// find adds a finding at a part of the cleaned URL.
func (l *linter) find(rule string, g seg, part string, args ...string) *diag.Finding {
	start, end := l.t.span(g.s, g.e)
	return l.findAt(rule, start, end, part, args...)
}

// findAt adds a finding at a range of the input.
func (l *linter) findAt(rule string, start, end int, part string, args ...string) *diag.Finding {
	sev, basis := l.p.Severity(rule)
	span := &diag.Span{Start: start, End: end, Part: part}
	if start >= fieldBit {
		span.Start, span.Field = start-fieldBit, "key"
		span.End = max(end-fieldBit, span.Start)
	} else if end >= fieldBit { // from the server field into the key field
		span.End = len(l.c.in[0])
	}
	l.r.Findings = append(l.r.Findings, diag.Finding{
		Rule: rule, Severity: sev, Basis: basis, Place: diag.Place{Span: span}, Count: 1, Args: pairs(args),
	})
	return &l.r.Findings[len(l.r.Findings)-1]
}

// pairs makes a finding's arguments from names and values in turn. Texts and
// numbers come as text: a call is then a fraction of the size in the browser.
func pairs(list []string) diag.Args {
	args := make(diag.Args, 0, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		name, value := list[i], list[i+1]
		switch name {
		case "position", "found_length", "ago_ms", "left_ms":
			n, _ := strconv.ParseInt(value, 10, 64)
			args = append(args, diag.I(name, n))
		default:
			if value == yes {
				args = append(args, diag.B(name, true))
			} else {
				args = append(args, diag.S(name, value))
			}
		}
	}
	return args
}

// yes is the value of an argument that is a truth.
const yes = "\x00yes"

func whole(n int64) string { return strconv.FormatInt(n, 10) }

// lowered gives a finding another severity than the rule's.
func lowered(f *diag.Finding, sev diag.Severity, basis diag.Basis) {
	if f.Severity > sev {
		f.Severity = sev
	}
	f.Basis = basis
}

func (l *linter) problem(p problem) {
	name := "problem"
	if p.mild || p.note {
		name = "remark"
	}
	args := []string{name, p.what}
	if p.r != 0 {
		args = append(args, "position", whole(l.character(p.start)), "character", visible(p.r))
	}
	args = append(args, "part", p.part)
	if name == "problem" {
		args = append(args, "expected", l.expected())
	}
	f := l.findAt("url-syntax", p.start, p.end, p.part, args...)
	switch {
	case p.mild:
		lowered(f, diag.Warning, diag.Ours)
	case p.note:
		lowered(f, diag.Info, diag.Documented)
	}
}

func (l *linter) expected() string {
	if l.f.Template != "" {
		return l.f.Template
	}
	return "rtmp[s]://<host>[:port]/<application>/<stream name>"
}

// character is the position of a byte of the input in characters, from 1.
func (l *linter) character(pos int) int64 {
	f := 0
	if pos >= fieldBit {
		f, pos = 1, pos-fieldBit
	}
	in := l.c.in[f]
	pos = min(pos, len(in))
	if c := &l.counted[f]; c.pos <= pos && (pos == len(in) || utf8.RuneStart(in[pos])) { // mostly it goes on from the last one
		c.runes += utf8.RuneCountInString(in[c.pos:pos])
		c.pos = pos
		return int64(c.runes) + 1
	}
	return int64(utf8.RuneCountInString(in[:pos])) + 1
}

// maxDirt bounds the findings of one sort of character; more fold into the last.
const maxDirt = 12

// lintText reports what was cleaned away.
func (l *linter) lintText() {
	for _, p := range l.c.problems {
		if p.what == keyField {
			l.findAt("url-key-place", p.start, p.end, "key",
				"where", "not alone in its field: the whole URL is in the key field")
			continue
		}
		l.problem(p)
	}
	d := l.c.dirt
	slices.SortStableFunc(d, func(a, b dirt) int { return a.start - b.start })
	counts := [32]int{}
	var last [32]int
	for i := range d {
		k := d[i].kind
		counts[k]++
		if counts[k] > maxDirt {
			f := &l.r.Findings[last[k]]
			f.Count++
			f.Last = &diag.Place{Span: &diag.Span{Start: d[i].start &^ fieldBit, End: d[i].end &^ fieldBit}}
			continue
		}
		args := []string{"character", d[i].name()}
		if cp := codePoint(d[i].r); cp != "" && d[i].kind != dirtPunct && d[i].kind != dirtWrap {
			args = append(args, "code_point", cp)
		}
		args = append(args, "position", whole(l.character(d[i].start)))
		part := l.partAt(d[i].start)
		if part != "" {
			args = append(args, "part", part)
		}
		l.findAt("url-characters", d[i].start, d[i].end, part, args...)
		last[k] = len(l.r.Findings) - 1
	}
}

// partAt names the part of the URL around a position of the input; empty at
// its edges.
func (l *linter) partAt(pos int) string {
	u := l.u
	n := len(u.t)
	i := sort.Search(n, func(i int) bool { return l.t.start(i) >= pos })
	switch in := func(g seg) bool { return g.e > g.s && i > g.s && i < g.e }; {
	case i == 0 || i >= n:
		return ""
	case i < u.rest:
		return "scheme"
	case in(seg{u.user.s, u.pass.e}), in(u.user):
		return "user or password"
	case in(u.host):
		return "host"
	case in(u.port):
		return "port"
	case in(l.l.app):
		return "application"
	case in(l.l.token):
		return "access token"
	case in(l.l.stream):
		return "stream name"
	case in(u.path):
		return "path"
	case u.query.s > 0 && i >= u.query.s:
		return "query"
	}
	return ""
}

// isPlaceholder reports whether a part was found to be one.
func (l *linter) isPlaceholder(g seg) bool {
	for _, p := range l.placeholders {
		if p.s < g.e && g.s < p.e {
			return true
		}
	}
	return false
}

// lintSyntax reports what keeps the URL from being read.
func (l *linter) lintSyntax() {
	u := l.u
	at := func(what string, g seg, part string) { // at a part, without a character
		start, end := l.t.span(g.s, g.e)
		l.problem(problem{what: what, start: start, end: end, part: part})
	}
	mild := func(what string, g seg, part string) {
		start, end := l.t.span(g.s, g.e)
		l.problem(problem{what: what, start: start, end: end, part: part, mild: true})
	}
	if u.scheme.empty() {
		if lone := lastIndex(u.t, '/') < 0 && !hostLike([]byte(u.t)); lone {
			at("this is a single word, perhaps a stream key or a host name; the address of the server is missing", seg{0, len(u.t)}, "text")
			return
		}
		at("the scheme is missing in front: rtmp:// or rtmps://", seg{0, 0}, "scheme")
		l.m.scheme(l.preferred())
	}
	switch h := u.str(u.host); {
	case u.host.empty() && !u.bracket:
		at("the host is missing", seg{u.rest, u.host.e}, "host")
		l.m.broken = true
	case l.isPlaceholder(u.host):
	case u.bracket && !isIPv6(h):
		at("what stands in [brackets] is no IPv6 address", u.host, "host")
	case u.bareV6:
		at("an IPv6 address needs [brackets] around it", u.host, "host")
		l.m.bracket = true
	case u.bracket || isIPv4(h):
	case !isASCII(h):
		if ascii, ok := toASCII(h); ok {
			f := l.find("url-characters", u.host, "host", "character", "a letter that is not ASCII", "part", "host")
			lowered(f, diag.Warning, diag.Ours)
			l.m.host(ascii)
		}
	default:
		if what, i := hostFault(h); what != "" {
			g, r := u.host, rune(0)
			if i >= 0 {
				r, _ = utf8.DecodeRuneInString(h[i:])
				g = seg{u.host.s + i, u.host.s + i + utf8.RuneLen(r)}
			}
			start, end := l.t.span(g.s, g.e)
			l.problem(problem{what: what, start: start, end: end, part: "host", r: r})
			break
		}
		switch {
		case badPunycode(h):
			mild("a part of the host name begins with xn-- and is no name in other letters", u.host, "host")
		case !oddAddress(h) || l.f.NoIP: // url-ip-host says it
		case numbersAddress(h):
			mild("this is an IPv4 address written in a way that many programs do not read: write it as four numbers", u.host, "host")
		default:
			at("this looks like an IPv4 address and is none", u.host, "host")
		}
	}
	if u.hasPort && !l.isPlaceholder(u.port) {
		port := u.str(u.port)
		switch {
		case port == "":
			at("there is a colon behind the host and no port", seg{u.port.s - 1, u.port.s}, "port")
			l.m.port("")
		case !allDigits(port):
			at("the port is not a number", u.port, "port")
		}
	}
	if u.slashed {
		at("the password has a /, ? or # in it, which has to be written %2F, %3F or %23", u.pass, "password")
		l.m.escapeUser = true
	}
	if l.viewers {
		return
	}
	for _, i := range u.gaps {
		if i < u.path.e || u.inQuery > 0 {
			mild("there are two slashes in a row in the path", seg{i - 1, i + 1}, "path")
			break
		}
	}
	if u.tail && !l.l.stream.empty() && l.l.stream.e < u.path.e {
		mild("there is a slash behind the stream name", seg{u.path.e - 1, u.path.e}, "path")
		l.m.noTail = true
	}
	if u.hasFrag && u.fam() == famRTMP {
		mild("RTMP has no part behind #: servers take it for part of the stream name", seg{u.frag.s - 1, u.frag.e}, "fragment")
	}
	for i := u.rest; i < len(u.t); i++ {
		n := strings.IndexByte(u.t[i:], '%')
		if n < 0 {
			break
		}
		i += n
		if (i+2 >= len(u.t) || !isHex(u.t[i+1]) || !isHex(u.t[i+2])) && (u.zone.s == 0 || i < u.host.e || i >= u.zone.e) && !l.isPlaceholder(seg{i, i + 1}) {
			mild("a percent sign is not followed by two hexadecimal digits", seg{i, i + 1}, "path")
			break
		}
	}
	l.lintAmpersand()
	l.lintHabits()
	if n := l.l.stream.s; n > 1024 && u.fam() == famRTMP {
		mild("the address up to the stream name is longer than the 1,024 characters that FFmpeg takes", seg{u.rest, n}, "path")
	}
}

// lintAmpersand reports parameters that begin with & where ? belongs.
func (l *linter) lintAmpersand() {
	u, g := l.u, l.l.stream
	if u.query.s > 0 || g.empty() {
		return
	}
	i := strings.IndexByte(u.str(g), '&')
	if i < 1 {
		return
	}
	name, _, ok := strings.Cut(u.t[g.s+i+1:g.e], "=")
	switch name {
	case "txSecret", "txTime", "auth_key", "token", "sign", "bandwidthtest":
	default:
		ok = false
	}
	if !ok {
		return
	}
	start, end := l.t.span(g.s+i, g.s+i+1)
	l.problem(problem{what: "the parameters begin with & where ? belongs", start: start, end: end, part: "query", r: '&', mild: true})
	l.m.question = g.s + i
}

// lintHabits reports what one platform or another does differently.
func (l *linter) lintHabits() {
	u := l.u
	note := func(what string, g seg, part string) {
		start, end := l.t.span(g.s, g.e)
		l.problem(problem{what: what, start: start, end: end, part: part, note: true})
	}
	if l.p.ID == "mediamtx" && u.hasUser {
		start, end := l.t.span(u.user.s, max(u.user.e, u.pass.e))
		l.problem(problem{what: "MediaMTX takes user and password in the query (?user=...&pass=...), not in front of the host", start: start, end: end, part: "user", mild: true})
	}
	for i := range u.params {
		p := &u.params[i]
		switch g := (seg{p.name.s, max(p.name.e, p.value.e)}); {
		case l.p.ID == "youtube" && u.str(p.name) == "backup" && !p.server && !l.l.stream.empty():
			note("backup=1 belongs to the server address, before the key: /live2?backup=1/<stream key>", g, "query")
		case l.p.ID == "twitch" && u.str(p.name) == "bandwidthtest" && p.server:
			note("bandwidthtest belongs to the key, behind it", g, "query")
		}
	}
}

// preferred is the scheme that the platform's URL begins with.
func (l *linter) preferred() string {
	if len(l.f.Schemes) > 0 && l.p != profile.Default() {
		if port := l.u.str(l.u.port); port != "" {
			for _, s := range l.f.Schemes {
				for _, p := range s.Ports {
					if strconv.Itoa(p) == port {
						return s.Name
					}
				}
			}
		}
		return l.f.Schemes[0].Name
	}
	if l.u.str(l.u.port) == "443" {
		return "rtmps"
	}
	return "rtmp"
}

// finish sorts the findings and sums up.
func (l *linter) finish() {
	r := l.r
	list := r.Findings[:0]
	for _, f := range r.Findings {
		if f.Severity != diag.Off {
			list = append(list, f)
		}
	}
	r.Findings = list
	slices.SortStableFunc(list, func(a, b diag.Finding) int {
		switch {
		case a.Severity != b.Severity:
			return int(b.Severity) - int(a.Severity)
		case a.Field == b.Field:
			return a.Start - b.Start
		case a.Field == "":
			return -1
		}
		return 1
	})
	if l.o.Tell != nil {
		rep := r.Report(diag.Tool{})
		l.o.Tell(rep)
		r.Verdict = rep.Verdict
		return
	}
	v := &r.Verdict
	for i := range list {
		f := &list[i]
		f.Codes = []string{}
		f.DocURL = "/rules/" + f.Rule
		v.Severity = max(v.Severity, f.Severity)
		switch f.Severity {
		case diag.Error:
			v.Errors++
		case diag.Warning:
			v.Warnings++
		default:
			v.Infos++
		}
	}
}
