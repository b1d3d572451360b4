package explain

import (
	"strings"

	"ingestdoctor/wasm/diag"
)

// mark is where something was seen, and in which words.
type mark struct {
	rec          *record // of a log line; nil in JSON
	kind         kindID
	time, clock  string
	unix         int64
	hasUnix      bool
	first, final int
	text         string // not yet masked
	clean        bool   // text has no secrets in it
	words        bool   // told from a message, not from a number or a code
	track        string

	// What the excerpt is made of, where it is not in text.
	ev    *event
	head  string
	names []string
}

func (m *mark) fill() {
	if m.rec == nil {
		return
	}
	m.kind, m.time, m.clock = m.rec.kind, m.rec.time, m.rec.clock
	if m.clock == "utc" || m.clock == "local" {
		m.unix, m.hasUnix = moment(m.time)
	}
}

// addCode notes a code of the knowledge base. Codes that share a page are told
// apart.
func (r *reader) addCode(c *code, exact string, sev diag.Severity, m mark) {
	m.fill()
	if exact == "" {
		exact = c.codes[0]
	}
	if m.rec != nil {
		if m.words && r.pages[c] == m.final {
			return // number and message of one line
		}
		r.pages[c] = m.final
	}
	key := c.platform + "/" + exact
	if exact == "" {
		key += c.title
	}
	f := r.codes[key]
	if f == nil {
		if len(r.codes) >= maxCodes {
			return
		}
		f = &raised{code: c, exact: strings.Clone(exact), first: diag.Lines{First: m.first, Final: m.final}}
		r.codes[key] = f
		r.order = append(r.order, key)
	}
	f.sev = max(f.sev, sev)
	if m.rec != nil && f.count > 0 && f.last.Final == m.final {
		return
	}
	f.count++
	f.last = diag.Lines{First: m.first, Final: m.final}
	r.addEntry(Entry{
		Level: sev.String(), Platform: c.platform, Code: exact, Title: c.title, URL: c.url(), Rule: "log-code",
	}, key, &m)
}

// addUnknown notes a code that the knowledge base has no page for.
func (r *reader) addUnknown(platform, exact, event string, sev diag.Severity, m mark) {
	m.fill()
	key := "?" + platform + "/" + exact
	f := r.codes[key]
	if f == nil {
		if len(r.codes) >= maxCodes {
			return
		}
		f = &raised{
			exact: r.show(cutText(exact, 80)), platform: platform, text: strings.Clone(event), sev: sev,
			first: diag.Lines{First: m.first, Final: m.final},
		}
		r.codes[key] = f
		key = strings.Clone(key)
		r.order = append(r.order, key)
	}
	f.sev = max(f.sev, sev)
	f.count++
	f.last = diag.Lines{First: m.first, Final: m.final}
	r.addEntry(Entry{Level: sev.String(), Platform: platform, Code: f.exact, Title: f.text, Rule: "log-code-unknown"}, key, &m)
}

// addEvent notes something that happened and is no code.
func (r *reader) addEvent(title string, lvl diag.Severity, rule string, m mark) {
	m.fill()
	key := title // titles are few, and each has one rule
	if rule != "" {
		key = rule + "|" + title
	}
	r.addEntry(Entry{Level: lvl.String(), Title: title, Rule: rule}, key, &m)
}

// addEntry puts an entry into the timeline, or folds it into one of the last.
func (r *reader) addEntry(e Entry, key string, m *mark) {
	r.effects++
	for i := len(r.entries) - 1; i >= 0 && i >= len(r.entries)-lookBack; i-- {
		old := &r.entries[i]
		if r.keys[i] != key || old.Track != m.track || old.Source != kindInfo[m.kind].id {
			continue
		}
		old.Count++
		if m.first > old.LastFirst || old.LastFirst == 0 {
			if old.LastTime != m.time {
				old.LastTime = strings.Clone(m.time)
			}
			old.LastUnix = m.unix
			old.LastFirst, old.LastFinal = m.first, m.final
		}
		return
	}
	if len(r.entries) >= MaxEntries {
		r.leftOut++
		return
	}
	e.Source = kindInfo[m.kind].id
	e.Time, e.Clock = strings.Clone(m.time), m.clock
	e.UnixMS, e.HasUnix = m.unix, m.hasUnix
	e.First, e.Final = m.first, m.final
	e.LastFirst, e.LastFinal, e.LastTime, e.LastUnix = m.first, m.final, e.Time, m.unix
	e.Track = strings.Clone(m.track)
	e.Title, e.Code = strings.Clone(e.Title), strings.Clone(e.Code)
	e.Count = 1
	if m.ev != nil {
		m.text, m.clean = m.head+m.ev.excerpt(m.names...), true
	}
	if m.clean {
		e.Text = strings.Clone(cutText(m.text, maxExcerpt))
	} else {
		e.Text = r.show(m.text)
	}
	if e.Rule != "" && e.URL == "" {
		e.URL = "/rules/" + e.Rule
	}
	r.entries = append(r.entries, e)
	r.keys = append(r.keys, strings.Clone(key))
}

// show masks a text and cuts it, and gives a copy of its own.
func (r *reader) show(s string) string {
	masked := maskLine(s)
	if masked != s {
		r.secrets.learn(s, masked)
	}
	return strings.Clone(cutText(trimSpace(masked), maxExcerpt))
}

// cutText cuts a text at a letter's edge.
func cutText(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xc0 == 0x80 {
		most--
	}
	return s[:most] + "…"
}

// tally sums up what numbers say, for one rule and one track.
type tally struct {
	rule        string
	first, last diag.Lines
	count       int64
	n1, n2      int64
	x, y        float64
	track       string
	text, more  string
	kind        kindID
}

// tallyOf finds or makes one; nil when there are too many.
func (r *reader) tallyOf(rule, track string, m *mark) *tally {
	m.fill()
	key := rule + "|" + track
	t := r.tallies[key]
	if t == nil {
		if len(r.tallies) >= maxTallies {
			return &tally{}
		}
		key = strings.Clone(key)
		t = &tally{rule: rule, track: strings.Clone(track), first: diag.Lines{First: m.first, Final: m.final}, kind: m.kind}
		r.tallies[key] = t
		r.tallied = append(r.tallied, key)
	}
	t.count++
	t.last = diag.Lines{First: m.first, Final: m.final}
	return t
}
