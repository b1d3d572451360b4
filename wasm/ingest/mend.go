package ingest

// mender gathers the corrections that are beyond doubt and writes the URL anew.
type mender struct {
	u                           *parsed
	newScheme, newHost, newPort string
	hasScheme, hasHost, hasPort bool
	bracket, escapeUser, noTail bool
	broken                      bool // no host: there is nothing to offer
	app                         string
	insert, replace             bool
	appIndex                    int
	dropped                     int // index of a segment to leave out, -1 for none
	question                    int // where a question mark belongs, 0 for nowhere
}

func (m *mender) start(u *parsed, l *layout) {
	m.u = u
	m.dropped = -1
	m.appIndex = -1
	for i, g := range u.segs {
		if !l.app.empty() && g.s == l.app.s {
			m.appIndex = i
		}
	}
}

func (m *mender) scheme(s string)     { m.newScheme, m.hasScheme = s, true }
func (m *mender) host(s string)       { m.newHost, m.hasHost = s, s != "" }
func (m *mender) port(s string)       { m.newPort, m.hasPort = s, true }
func (m *mender) insertApp(s string)  { m.app, m.insert = s, true }
func (m *mender) replaceApp(s string) { m.app, m.replace = s, true }
func (m *mender) drop(segment int)    { m.dropped = segment }

// text writes the mended URL.
func (m *mender) text() string {
	u := m.u
	if m.broken || u.host.empty() {
		return ""
	}
	b := make([]byte, 0, len(u.t)+32)
	scheme := lowerASCII(u.str(u.scheme))
	if m.hasScheme {
		scheme = m.newScheme
	}
	if scheme == "" {
		return ""
	}
	b = append(append(b, scheme...), "://"...)
	if u.hasUser {
		b = m.userinfo(b)
	}
	switch {
	case m.hasHost:
		b = append(b, m.newHost...)
	case u.bracket || m.bracket:
		b = append(b, '[')
		b = append(b, u.t[u.host.s:max(u.host.e, u.zone.e)]...)
		b = append(b, ']')
	default:
		b = append(b, u.str(u.host)...)
	}
	port, has := u.str(u.port), u.hasPort
	if m.hasPort {
		port, has = m.newPort, m.newPort != ""
	}
	if has {
		b = append(append(b, ':'), port...)
	}
	return string(m.path(b))
}

func (m *mender) userinfo(b []byte) []byte {
	u := m.u
	put := func(g seg) {
		for i := g.s; i < g.e; i++ {
			c := u.t[i]
			if m.escapeUser && (c == '/' || c == '?' || c == '#' || c == '@') {
				b = append(b, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
				continue
			}
			b = append(b, c)
		}
	}
	put(u.user)
	if u.hasPass {
		b = append(b, ':')
		put(u.pass)
	}
	return append(b, '@')
}

func (m *mender) path(b []byte) []byte {
	u := m.u
	segs := func(from, to int) {
		for i := from; i < to; i++ {
			if i == m.dropped {
				continue
			}
			b = append(b, '/')
			if m.replace && i == m.appIndex {
				b = append(b, m.app...)
			} else {
				b = append(b, u.str(u.segs[i])...)
				if g := u.segs[i]; m.question > g.s && m.question < g.e {
					b[len(b)-(g.e-m.question)] = '?'
				}
			}
		}
	}
	if m.insert {
		b = append(append(b, '/'), m.app...)
	}
	n := len(u.segs) - u.inQuery
	segs(0, n)
	if u.tail && u.inQuery == 0 && !m.noTail {
		b = append(b, '/')
	}
	if u.query.s > 0 {
		b = append(append(b, '?'), u.str(u.query)...)
	}
	if u.inQuery > 0 {
		segs(n, len(u.segs))
		if u.tail && !m.noTail {
			b = append(b, '/')
		}
		if u.query2.s > 0 {
			b = append(append(b, '?'), u.str(u.query2)...)
		}
	}
	if u.hasFrag {
		b = append(append(b, '#'), u.str(u.frag)...)
	}
	return b
}

// mend makes the mended URL and what is made from it.
func (l *linter) mend() {
	t := l.m.text()
	if t == "" {
		return
	}
	r := l.r
	last := l // whose URL t is, in the end
	// One correction can call for another: a scheme set right may need another
	// port. A few rounds end it.
	for round := 0; ; round++ {
		if round == 8 {
			return // no end to it: nothing that a person would have typed
		}
		if t == l.u.t && l.keyAt == 0 {
			break
		}
		next := newLinter(Options{Input: t, Profile: l.p, Now: l.o.Now})
		u := next.mendOnly()
		if u == "" {
			return // what was taken for a URL is none
		}
		if u == t {
			last = next
			break
		}
		t = u
	}
	r.Mended = t
	if last.u.t != t { // what is at rest may still be cleaned to something else
		last.u = parse(t)
		last.l = last.u.layout(l.f)
		last.pub = nil
	}
	r.mended = last.u
	r.MendedShown = mask(t, last.public())
	r.Changed = t != l.o.Input || l.o.Split
}

// mendOnly lints just for the mended URL.
func (l *linter) mendOnly() string {
	l.read()
	l.setProfile()
	l.l = l.u.layout(l.f)
	l.m.start(l.u, &l.l)
	if len(l.t.s) == 0 {
		return ""
	}
	l.mending()
	return l.m.text()
}

// target notes where the URL leads, for a probe.
func (l *linter) target() {
	r, u := l.r, l.u
	if u.host.empty() || l.isPlaceholder(u.host) || !u.showHost() {
		return
	}
	name := lowerASCII(u.str(u.scheme))
	if l.m.hasScheme {
		name = l.m.newScheme
	}
	r.Scheme = name
	r.Host = l.hostName()
	if l.m.hasHost {
		r.Host = l.m.newHost
	}
	if i := schemeByName(name); i != nil {
		r.Port = i.port
	}
	r.TLS = name == "rtmps" || name == "rtmpts" || name == "https"
	port := u.str(u.port)
	if l.m.hasPort {
		port = l.m.newPort
	}
	if v, ok := decimal(port); ok && v >= 1 && v <= 65535 {
		r.Port = int(v)
	}
}
