package ui

import (
	"bytes"
	"encoding/json"
	"strings"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// LogReport is the report of a paste: the common form, and what wasm/explain
// adds to it (wasm/explain/json.go). All of it has its secrets masked.
type LogReport struct {
	diag.Report
	ProfileBy string       `json:"profile_by"` // given, paste or empty
	Paste     LogPaste     `json:"paste"`
	Entries   []LogEntry   `json:"entries"`
	LeftOut   int64        `json:"entries_left_out"`
	Settings  []LogSetting `json:"settings"`

	raw   []byte // as it came, without texts
	views []LogFinding
}

// LogPaste describes the text as a whole.
type LogPaste struct {
	Kinds    []LogKind `json:"kinds"`
	Encoding string    `json:"encoding"`
	Lines    int64     `json:"lines"`
	ANSI     bool      `json:"ansi"`
	Quoted   bool      `json:"quoted"`
	Wrapped  bool      `json:"wrapped"`
	Cut      bool      `json:"cut"`
}

// LogKind is one kind of text that was recognised.
type LogKind struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Lines int64  `json:"lines"`
	Items int64  `json:"items"`
	First int    `json:"first_line"`
}

// LogEntry is one thing that happened.
type LogEntry struct {
	Time     string `json:"time"`
	Clock    string `json:"clock"`
	Source   string `json:"source"`
	Level    string `json:"level"`
	Platform string `json:"platform"`
	Code     string `json:"code"`
	Title    string `json:"title"`
	URL      string `json:"url"`
	Rule     string `json:"rule"`
	Track    string `json:"track"`
	Text     string `json:"text"`
	First    int    `json:"first_line"`
	Final    int    `json:"last_line"`
	Count    int64  `json:"count"`
	Last     *struct {
		Time  string `json:"time"`
		First int    `json:"first_line"`
		Final int    `json:"last_line"`
	} `json:"last"`
}

// LogSetting is something that the paste shows of how the encoder is set up.
type LogSetting struct {
	ID     string `json:"id"`
	Label  string `json:"label"`
	Value  string `json:"value"`
	Line   int    `json:"line"`
	Source string `json:"source"`
	State  string `json:"state"`
	Limit  string `json:"limit"`
}

// Quote is a line that says so.
type Quote struct {
	N    int    `json:"n"`
	Text string `json:"text"`
}

// LogFinding is a finding with the lines that say so.
type LogFinding struct {
	FindingView
	First, Final int // lines, from 1; 0 where it has none
}

// parseLogReport reads a report of the worker and writes its texts; quotes are
// the lines of each finding. nil where it is none.
func parseLogReport(report, quotes string) *LogReport {
	r := &LogReport{}
	if json.Unmarshal([]byte(report), r) != nil {
		return nil
	}
	r.raw = []byte(report)
	rules.Tell(&r.Report)
	var lines [][]Quote
	_ = json.Unmarshal([]byte(quotes), &lines)
	for i, v := range findingViews(&r.Report) {
		f := LogFinding{FindingView: v}
		if p := r.Findings[i].Lines; p != nil {
			f.First, f.Final = p.First, p.Final
		}
		if i < len(lines) {
			f.Quotes = lines[i]
		}
		f.ownCode(&r.Findings[i])
		r.views = append(r.views, f)
	}
	return r
}

// ownCode titles a finding that is a code of the text: the code is what people
// look for, not the rule's name.
func (f *LogFinding) ownCode(d *diag.Finding) {
	if d.Rule != "log-code" && d.Rule != "log-code-unknown" {
		return
	}
	text := func(name string) string {
		a, _ := d.Args.Get(name)
		return a.Text
	}
	title := text("title")
	if title == "" {
		title = text("code")
	}
	if title != "" {
		f.Title = visible(title)
	}
	if m := text("means"); m != "" { // the title and the code stand beside it
		f.Message = visible(m)
	}
	if d.Rule == "log-code" {
		f.Basis, f.Source, f.SourceAt = "The knowledge base; the page of the code names its sources", "", ""
	}
	f.Values = nil
	if p := text("platform"); p != "" {
		f.Values = append(f.Values, Value{"Platform", visible(p)})
	}
}

// lines names a place in a paste.
func (v *FindingView) lines(f *diag.Finding) {
	if f.Lines == nil {
		return
	}
	v.Places = append(v.Places, Value{"Where", linesText(f.Lines.First, f.Lines.Final)})
	if f.Count > 1 {
		if f.Last != nil && f.Last.Lines != nil {
			v.Places = append(v.Places, Value{"Last seen", linesText(f.Last.Lines.First, f.Last.Lines.Final)})
		}
		v.Places = append(v.Places, Value{"How often", plural(f.Count, "time", "times")})
	}
}

// linesText names lines: "line 1,204" or "lines 12 to 14".
func linesText(first, final int) string {
	if final <= first {
		return "line " + countText(int64(first))
	}
	return "lines " + countText(int64(first)) + " to " + countText(int64(final))
}

// told is the report as JSON, with its texts: what the command line writes.
func (r *LogReport) told() string {
	b := r.AppendJSON(nil)
	// What wasm/explain adds stands behind the common form; inside of a text a
	// quotation mark would be escaped.
	if at := bytes.Index(r.raw, []byte(`,"profile_by":`)); at >= 0 && len(b) > 0 {
		b = append(b[:len(b)-1], r.raw[at:]...)
	}
	return string(b)
}

// unknown reports whether the text is of no kind that is known here.
func (r *LogReport) unknown() bool {
	for i := range r.Findings {
		if r.Findings[i].Rule == "log-unknown" {
			return true
		}
	}
	return false
}

// kinds says what was recognised: "Azure Event Grid (3 events), OBS Studio log".
func (r *LogReport) kinds() string {
	parts := make([]string, 0, len(r.Paste.Kinds))
	for i := range r.Paste.Kinds {
		k := &r.Paste.Kinds[i]
		text := k.Name
		if k.Items > 1 {
			text += " (" + countText(k.Items) + ")"
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "Text"
	}
	return strings.Join(parts, ", ")
}

// about says what the text is made of besides: "UTF-16, colours of a terminal".
func (r *LogReport) about() []string {
	var list []string
	switch r.Paste.Encoding {
	case "utf-16le", "utf-16be":
		list = append(list, "UTF-16")
	}
	if r.Paste.ANSI {
		list = append(list, "terminal colours left out")
	}
	if r.Paste.Quoted {
		list = append(list, "quoted as in a mail")
	}
	if r.Paste.Wrapped {
		list = append(list, "lines were broken and are read as one")
	}
	if r.Paste.Cut {
		list = append(list, "its JSON is cut off")
	}
	return list
}

// against says which limits the settings were held against, and why those.
func (r *LogReport) against() string {
	switch r.ProfileBy {
	case "given":
		return "Held against " + r.Profile.Name + ", as chosen."
	case "paste":
		return "Held against " + r.Profile.Name + ": the text says that it goes there."
	}
	return "The text does not say which platform it is for: settings are held against " + r.Profile.Name + ". Choose yours above."
}

// kindName is the name of a kind in this report.
func (r *LogReport) kindName(id string) string {
	for i := range r.Paste.Kinds {
		if r.Paste.Kinds[i].ID == id {
			return r.Paste.Kinds[i].Name
		}
	}
	return id
}

// sources are the kinds that entries came from, in the order of the entries.
func (r *LogReport) sources() []string {
	var list []string
	seen := map[string]bool{}
	for i := range r.Entries {
		if s := r.Entries[i].Source; !seen[s] {
			seen[s] = true
			list = append(list, s)
		}
	}
	return list
}

// finding is the finding that an entry belongs to, nil for none: of the same
// rule, and where a rule has several, the one that names the same code.
func (r *LogReport) finding(e *LogEntry) *LogFinding {
	for i := range r.views {
		f := &r.views[i]
		if f.Rule != e.Rule {
			continue
		}
		if e.Code == "" || f.Rule != "log-code" && f.Rule != "log-code-unknown" || f.names(e, &r.Findings[i]) {
			return f
		}
	}
	return nil
}

func (f *LogFinding) names(e *LogEntry, d *diag.Finding) bool {
	if a, ok := d.Args.Get("code"); ok && a.Text == e.Code {
		return true
	}
	for _, l := range f.Codes {
		if l.Code == e.Code && l.Platform == e.Platform {
			return true
		}
	}
	return f.First >= e.First && f.First <= e.Final && f.Title == e.Title
}

// logMark is a finding's place among the lines.
type logMark struct {
	First    int    `json:"first"`
	Last     int    `json:"last"`
	Severity string `json:"severity"`
	Key      string `json:"key"`
	Title    string `json:"title"`
	Told     []int  `json:"told"` // the lines that say so
}

// marksJSON is what the drawing of the lines needs: static/js/explainer.js, Lines.
func (p *LogPart) marksJSON() string {
	marks := []logMark{}
	for i := range p.Report.views {
		f := &p.Report.views[i]
		if f.First == 0 {
			continue
		}
		mark := func(from, to int) {
			m := logMark{from, to, f.Severity.String(), f.Key, f.Title, []int{}}
			for _, q := range f.Quotes {
				if q.N >= from && q.N <= to {
					m.Told = append(m.Told, q.N)
				}
			}
			marks = append(marks, m)
		}
		mark(f.First, f.Final)
		if last := p.Report.Findings[i].Last; last != nil && last.Lines != nil {
			mark(last.Lines.First, last.Lines.Final)
		}
	}
	b, _ := json.Marshal(map[string]any{
		"part": p.Number, "run": p.Run, "lines": p.Lines, "longest": p.Longest, "read": p.Read, "marks": marks,
	})
	return string(b)
}
