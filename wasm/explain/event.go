package explain

import (
	"strconv"
	"strings"

	"ingestdoctor/wasm/diag"
)

// event is one object of JSON, with the fields of the objects inside of it.
type event struct {
	r      *reader
	fields []field
	path   string // where it stands itself
	first  int
	final  int
	cut    bool // the paste ends inside of it
	strict bool // fields may stand beside path, too
}

// sub is the same event, seen from an object inside of it.
func (e *event) sub(name string) *event {
	if name == "" {
		return e
	}
	d := *e
	if len(e.path) > 0 {
		name = e.path + "." + name
	}
	d.path, d.strict = name, true
	return &d
}

// name is a field's path inside of the event.
func (e *event) name(f *field) string {
	if len(e.path) == 0 {
		return f.path
	}
	if len(f.path) <= len(e.path) {
		return ""
	}
	return f.path[len(e.path)+1:]
}

func (e *event) find(name string) *field {
	off := len(e.path)
	if off > 0 {
		off++
	}
	for i := range e.fields {
		// The end first: names of one length mostly differ there.
		if p := e.fields[i].path; len(p)-off == len(name) && p[len(p)-1]|0x20 == name[len(name)-1]|0x20 && eqFold(p[off:], name) && (!e.strict || eqFold(p[:off-1], e.path)) {
			return &e.fields[i]
		}
	}
	return nil
}

func (e *event) has(name string) bool { return e.find(name) != nil }

// str is a field's text, with line breaks of the paste taken out; the first of
// the names that is there.
func (e *event) str(names ...string) string {
	for _, name := range names {
		if f := e.find(name); f != nil && (f.str || f.val != "null" && f.val != "None") {
			return hard(f.val)
		}
	}
	return ""
}

// hard takes the soft line breaks out of a value.
func hard(s string) string {
	if strings.IndexByte(s, softBreak) < 0 {
		return s
	}
	return strings.ReplaceAll(s, string(rune(softBreak)), "")
}

// num is a field's number, written as one or as a string.
func (e *event) num(names ...string) (float64, bool) {
	for _, name := range names {
		if f := e.find(name); f != nil {
			v, err := strconv.ParseFloat(trimSpace(hard(f.val)), 64)
			return v, err == nil && v == v
		}
	}
	return 0, false
}

// truth is a field's truth value; known is false where it has none.
func (e *event) truth(name string) (v, known bool) {
	s := e.str(name)
	switch {
	case eqFold(s, "true"):
		return true, true
	case eqFold(s, "false"):
		return false, true
	}
	return false, false
}

// mark is the event's place and time.
func (e *event) mark(k kindID, time string) mark {
	m := mark{kind: k, first: e.first, final: e.final, clean: true}
	if time == "" {
		return m
	}
	m.time = time
	if ms, ok := moment(time); ok {
		m.unix, m.hasUnix, m.clock = ms, true, "utc"
		return m
	}
	if v, err := strconv.ParseFloat(time, 64); err == nil && v > 1e8 && v < 1e14 {
		if v < 1e11 { // seconds
			v *= 1000
		}
		m.unix, m.hasUnix, m.clock = int64(v), true, "utc"
		m.time = written(m.unix)
	}
	return m
}

// say makes the event's excerpt, once it is needed: most events repeat.
func (m *mark) say(e *event, head string, names ...string) {
	m.ev, m.head, m.names = e, head, names
}

// excerpt writes fields as name=value, without those that may be secret.
func (e *event) excerpt(names ...string) string {
	var b strings.Builder
	for _, n := range names {
		v := e.str(n)
		if v == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		if i := strings.LastIndexByte(n, '.'); i >= 0 {
			n = n[i+1:]
		}
		b.WriteString(n)
		b.WriteByte(' ')
		b.WriteString(e.r.show(cutText(v, 200)))
	}
	return b.String()
}

// learn keeps the event's secrets in mind, to mask them wherever they appear.
func (e *event) learn() {
	if len(e.r.secrets.list) >= maxSecrets {
		return
	}
	for i := range e.fields {
		f := &e.fields[i]
		name := f.path
		if len(f.val) < 6 {
			continue
		}
		if k := strings.LastIndexByte(name, '.'); k >= 0 {
			name = name[k+1:]
		}
		if secretName(name) {
			e.r.secrets.add(hard(f.val))
		} else if f.str && (strings.Contains(f.val, "://") || strings.Contains(f.val, "=")) {
			v := hard(f.val)
			e.r.secrets.learn(v, maskLine(v))
		}
	}
}

// object takes an object that has ended, innermost first. What it knows is
// consumed; the rest become fields of the object around it.
func (r *reader) object(e *event) bool {
	if len(e.fields) == 0 || hasSuffix(e.path, "data") && !e.cut {
		return false // what is inside of an envelope waits for it
	}
	known := r.azureEvent(e) || r.tencentEvent(e) || r.awsEvent(e) || r.cloudEvent(e) || r.socialEvent(e) || r.otherEvent(e)
	if known {
		e.learn()
	}
	return known
}

// leftover looks through the values of an object that nobody knows: lines of a
// log in JSON, codes in fields of any name.
func (r *reader) leftover(fields []field) {
	if len(fields) == 0 {
		return
	}
	ev := event{r: r, fields: fields}
	ev.learn()
	line := 0
	for i := range fields {
		f := &fields[i]
		if f.line != line {
			line = f.line
			r.count(kJSON, line, 1, 0)
		}
		if !f.str || len(f.val) < window {
			continue
		}
		s := f.val
		for s != "" {
			var one string
			one, s, _ = strings.Cut(s, "\n")
			one = strings.TrimRight(one, "\r \t")
			if strings.IndexByte(one, softBreak) >= 0 {
				r.inner(strings.ReplaceAll(one, "\v", " "), f.line)
				one = hard(one)
			}
			r.inner(one, f.line)
		}
	}
}

// inner takes a text that stood in a string.
func (r *reader) inner(s string, line int) {
	if len(s) < window {
		return
	}
	if strings.IndexByte(s, 0x1b) >= 0 {
		s = r.plainText(s)
	}
	r.joined = r.joined[:0]
	rec := &r.inside
	*rec = r.parse(s, line)
	if rec.shaped {
		r.record(rec)
	} else {
		rec.kind = kJSON
		r.match(rec, rec.text, line)
	}
	r.joined = r.joined[:0]
}

// jsonDone is called after an outermost value.
func (r *reader) jsonDone(first, final int) {
	r.joined = r.joined[:0]
}

// took notes an event of a kind.
func (e *event) took(k kindID) {
	e.r.count(k, e.first, int64(e.final-e.first+1), 1)
}

// code finds a page by platform and exact code.
func (r *reader) code(platform, exact string) *code {
	if exact == "" {
		return nil
	}
	return r.t.byKey[platform+"/"+exact]
}

// said finds a page by a message of one piece, or by any template that is all
// of the text.
func (r *reader) said(platform, s string) *code {
	for _, v := range [...]string{hard(s), strings.ReplaceAll(s, "\v", " ")} {
		v = strings.TrimRight(trimSpace(v), ".。")
		if v == "" {
			continue
		}
		if c := r.t.byMessage[platform+"/"+v]; c != nil {
			return c
		}
		r.found = r.t.find(v, r.found[:0])
		var bestOf *match
		for i := range r.found {
			m := &r.found[i]
			if m.t.code.platform == platform && (bestOf == nil || m.t.score > bestOf.t.score) {
				bestOf = m
			}
		}
		if bestOf != nil {
			return bestOf.t.code
		}
	}
	return nil
}

// emit notes a code, or what it is where there is no page for it.
func (e *event) emit(platform, exact, name string, sev diag.Severity, m mark) {
	if c := e.r.code(platform, exact); c != nil {
		e.r.addCode(c, exact, c.severity, m)
		return
	}
	e.r.addUnknown(platform, exact, name, sev, m)
}

func whole(v float64) string { return strconv.FormatInt(int64(v), 10) }
