package ui

import (
	"sort"
	"strconv"
	"strings"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// linkCodes switches the links from a finding to the pages of platform codes on.
const linkCodes = true

// Value is a labelled value of a list or a table.
type Value struct{ Label, Text string }

// FindingView is a finding as the page and the ticket show it.
type FindingView struct {
	Key      string // stable while a report grows: rule, track, and a number where they repeat
	Rule     string
	Title    string
	Severity diag.Severity
	Message  string
	Why, Fix string
	Values   []Value // measured values beside their limits
	Places   []Value // where first, where last, how often
	Basis    string  // on whose word the severity rests, in a sentence
	Source   string  // page that says so
	SourceAt string  // its address
	Codes    []diag.Link
	DocURL   string

	InMedia bool // there is a place to show
	AtMS    int64
	LastMS  int64
	Offset  int64
	OnPlot  bool // the place has a moment, not only an offset

	Quotes []Quote // lines of a paste that say so

	InText     bool // the place is a span of a text: bytes, half-open
	Start, End int
	Field      string // key where it is in the key field
}

// Group is the findings of one severity.
type Group struct {
	Severity diag.Severity
	Title    string
	Findings []FindingView
}

// findingViews writes a report's findings out.
func findingViews(r *diag.Report) []FindingView {
	if r == nil {
		return nil
	}
	views := make([]FindingView, 0, len(r.Findings))
	seen := make(map[string]int, len(r.Findings))
	for i := range r.Findings {
		v := newFindingView(&r.Findings[i], r)
		seen[v.Key]++
		if n := seen[v.Key]; n > 1 {
			v.Key += "-" + countText(int64(n))
		}
		views = append(views, v)
	}
	return views
}

func newFindingView(f *diag.Finding, r *diag.Report) FindingView {
	v := FindingView{
		Key: f.Rule, Rule: f.Rule, Title: f.Rule, Severity: f.Severity,
		Message: f.Message, Codes: f.Links, DocURL: f.DocURL,
	}
	if v.DocURL == "" {
		v.DocURL = "/rules/" + f.Rule
	}
	rule, known := rules.ByID(f.Rule)
	if known {
		v.Title, v.Why, v.Fix = rule.Title, rule.Why, rules.Fix(f)
		if v.Message == "" {
			v.Message = rules.Message(f)
		}
		for _, a := range f.Args {
			doc, ok := rule.Arg(a.Name)
			if !ok {
				continue
			}
			text := rules.Format(doc.Unit, a)
			if text == "" || doc.Unit == rules.YesNo && a.Int == 0 {
				continue
			}
			label := argLabel(a.Name)
			if doc.Unit == rules.Word { // first_bytes: no number of bytes
				label = argLabel(a.Name + "_ms")
			}
			v.Values = append(v.Values, Value{label, visible(text)})
		}
	} else {
		for _, a := range f.Args {
			v.Values = append(v.Values, Value{argLabel(a.Name), visible(rules.Format(argUnit(a.Name), a))})
		}
	}
	v.Message = visible(v.Message)
	v.place(f)
	v.rung(f)
	v.lines(f)
	if f.Span != nil {
		v.InText, v.Start, v.End, v.Field = true, f.Start, f.End, f.Field
	}
	if known {
		v.extent(f, rule)
	}
	v.basis(f, rule, &r.Profile)
	return v
}

func (v *FindingView) place(f *diag.Finding) {
	m := f.Media
	if m == nil {
		return
	}
	if m.Track != "" {
		v.Key += "-" + m.Track
	}
	if m.Tag < 0 && m.Offset == 0 && m.Track != "" {
		v.Places = append(v.Places, Value{"Where", "the " + m.Track + " as a whole"})
		return
	}
	v.InMedia = true
	v.AtMS, v.Offset, v.LastMS = m.TimestampMS, m.Offset, m.TimestampMS
	v.OnPlot = m.Tag >= 0 || m.TimestampMS != 0
	v.Places = append(v.Places, Value{"Where", placeText(m)})
	if f.Last != nil && f.Last.Media != nil {
		v.LastMS = f.Last.Media.TimestampMS
		if f.Count > 1 {
			v.Places = append(v.Places, Value{"Last seen", placeText(f.Last.Media)})
		}
	}
	if f.Count > 1 {
		v.Places = append(v.Places, Value{"How often", plural(f.Count, "time", "times")})
	}
}

// rung names a place in a probe, and where the same happened last.
func (v *FindingView) rung(f *diag.Finding) {
	if f.Rung == nil {
		return
	}
	r := f.Rung
	v.Key += "-" + r.Stage
	if r.Address != "" {
		// a colon in an id would have to be escaped wherever it is looked for
		v.Key += "-" + strings.ReplaceAll(r.Address, ":", ".")
	}
	if r.Port != 0 {
		v.Key += "-" + strconv.Itoa(r.Port)
	}
	v.Places = append(v.Places, Value{"Where", rungText(r)})
	if f.Count > 1 && f.Last != nil && f.Last.Rung != nil {
		v.Places = append(v.Places, Value{"Last seen", rungText(f.Last.Rung)})
	}
	if f.Count > 1 {
		v.Places = append(v.Places, Value{"How often", plural(f.Count, "time", "times")})
	}
}

// rungText names a rung: "203.0.113.7 port 1935, TLS".
func rungText(r *diag.Rung) string {
	text := visible(r.Address)
	if r.Port != 0 {
		text = strings.TrimPrefix(text+" port "+strconv.Itoa(r.Port), " ")
	}
	if text != "" {
		text += ", "
	}
	return text + stageName(r.Stage)
}

// stageName is a stage of a probe as a sentence names it.
func stageName(stage string) string {
	switch stage {
	case "dns", "tcp", "tls":
		return strings.ToUpper(stage)
	case "handshake":
		return "RTMP handshake"
	}
	return visible(stage)
}

// extent reaches to the last moment that the finding names.
func (v *FindingView) extent(f *diag.Finding, rule *rules.Rule) {
	for _, a := range f.Args {
		if doc, ok := rule.Arg(a.Name); ok && doc.Unit == rules.At && a.Kind == diag.Int && f.Count <= 1 {
			v.LastMS = max(v.LastMS, a.Int)
		}
	}
}

// placeText names a place so that a person finds it with any tool.
func placeText(m *diag.Media) string {
	parts := make([]string, 0, 4)
	if m.Tag >= 0 {
		parts = append(parts, momentText(m.TimestampMS))
	}
	parts = append(parts, offsetText(m.Offset))
	if m.Tag >= 0 {
		parts = append(parts, "tag "+countText(m.Tag))
	}
	if m.Track != "" {
		parts = append(parts, m.Track)
	}
	return strings.Join(parts, ", ")
}

// basis says who published the number, and where it can be read.
func (v *FindingView) basis(f *diag.Finding, rule *rules.Rule, p *diag.Profile) {
	limit := limitOf(p, f.Rule)
	switch f.Basis {
	case diag.Documented:
		v.Basis = "Documented"
	case diag.Inferred:
		v.Basis = "Inferred from what " + sentenceName(p) + " publishes elsewhere"
	default:
		v.Basis = "Our default, where nothing is published"
		return
	}
	switch {
	case limit != nil && limit.Source != "":
		v.Source, v.SourceAt = limit.Source, limit.URL
		if limit.Checked != "" {
			v.Source += ", checked " + limit.Checked
		}
	case rule != nil && len(rule.Sources) > 0:
		v.Source, v.SourceAt = rule.Sources[0].Title, rule.Sources[0].URL
	}
}

// limitOf finds the profile's limit that a rule uses.
func limitOf(p *diag.Profile, rule string) *diag.Limit {
	for i := range p.Limits {
		for _, id := range p.Limits[i].Rules {
			if id == rule {
				return &p.Limits[i]
			}
		}
	}
	return nil
}

// sentenceName names the platform within a sentence.
func sentenceName(p *diag.Profile) string {
	if p.Short == "" || p.Platform == "" {
		return "the platform"
	}
	return p.Short
}

// argLabel makes words of an argument's name: limit_interval_ms -> Limit interval.
func argLabel(name string) string {
	for _, unit := range [...]string{"_ms", "_bytes", "_kbps", "_fps", "_percent", "_hz", "_px"} {
		if rest, ok := strings.CutSuffix(name, unit); ok {
			name = rest
			break
		}
	}
	words := strings.ReplaceAll(name, "_", " ")
	if words == "" {
		return name
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// argUnit is the unit of an argument of a rule that this build does not know:
// a stored report may be newer.
func argUnit(name string) rules.Unit {
	for _, u := range [...]struct {
		suffix string
		unit   rules.Unit
	}{
		{"_ms", rules.Millis},
		{"_bytes", rules.Bytes},
		{"_kbps", rules.Kbps},
		{"_fps", rules.PerSec},
		{"_percent", rules.Percent},
		{"_hz", rules.Hertz},
	} {
		if strings.HasSuffix(name, u.suffix) {
			return u.unit
		}
	}
	return rules.Count
}

// groups sorts findings into one group a severity, worst first; empty groups
// are left out.
func groups(views []FindingView) []Group {
	list := []Group{
		{Severity: diag.Error, Title: "Errors"},
		{Severity: diag.Warning, Title: "Warnings"},
		{Severity: diag.Info, Title: "Notes"},
	}
	for _, v := range views {
		for i := range list {
			if list[i].Severity == v.Severity {
				list[i].Findings = append(list[i].Findings, v)
			}
		}
	}
	kept := list[:0]
	for _, g := range list {
		if len(g.Findings) > 0 {
			kept = append(kept, g)
		}
	}
	return kept
}

// countsText sums up a verdict: "2 errors, 1 warning, 3 notes".
func countsText(v *diag.Verdict) string {
	parts := make([]string, 0, 3)
	if v.Errors > 0 {
		parts = append(parts, plural(int64(v.Errors), "error", "errors"))
	}
	if v.Warnings > 0 {
		parts = append(parts, plural(int64(v.Warnings), "warning", "warnings"))
	}
	if v.Infos > 0 {
		parts = append(parts, plural(int64(v.Infos), "note", "notes"))
	}
	if len(parts) == 0 {
		return "nothing found"
	}
	return strings.Join(parts, ", ")
}

// worstText is the short form of it for a list: "2 errors".
func worstText(v *diag.Verdict) string {
	switch {
	case v.Errors > 0:
		return plural(int64(v.Errors), "error", "errors")
	case v.Warnings > 0:
		return plural(int64(v.Warnings), "warning", "warnings")
	case v.Infos > 0:
		return plural(int64(v.Infos), "note", "notes")
	}
	return "Nothing found"
}

// CheckGroup is the rules that came to the same end.
type CheckGroup struct {
	State  string
	Title  string
	Icon   string
	Class  string
	Checks []CheckView
}

// CheckView is what became of one rule.
type CheckView struct{ Rule, Title, Why string }

// checkGroups sorts the checks by what became of them.
func checkGroups(r *diag.Report) []CheckGroup {
	list := []CheckGroup{
		{State: diag.CheckRaised, Title: "Found something", Icon: "triangle-alert", Class: "warning"},
		{State: diag.CheckPassed, Title: "Passed", Icon: "circle-check", Class: "passed"},
		{State: diag.CheckNA, Title: "Not applicable", Icon: "circle-minus", Class: "off"},
		{State: diag.CheckStopped, Title: "Not finished", Icon: "circle-question-mark", Class: "off"},
		{State: diag.CheckOff, Title: "Switched off by the profile", Icon: "circle-minus", Class: "off"},
	}
	for _, c := range r.Checks {
		view := CheckView{Rule: c.Rule, Title: c.Rule, Why: c.Why}
		if rule, ok := rules.ByID(c.Rule); ok {
			view.Title = rule.Title
		}
		for i := range list {
			if list[i].State == c.State {
				list[i].Checks = append(list[i].Checks, view)
			}
		}
	}
	kept := list[:0]
	for _, g := range list {
		if len(g.Checks) > 0 {
			sort.SliceStable(g.Checks, func(a, b int) bool { return g.Checks[a].Title < g.Checks[b].Title })
			kept = append(kept, g)
		}
	}
	return kept
}
