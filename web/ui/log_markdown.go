package ui

import (
	"strings"

	"ingestdoctor/wasm/diag"
)

// Numbers of rows that a ticket takes.
const (
	ticketEntries  = 40
	ticketQuote    = 3
	ticketSettings = 24
)

// MarkdownLog is the report of a paste as a ticket takes it: the verdict, the
// findings with the lines that say so, what happened in which order, and the
// settings. Its secrets are masked, and what comes from the paste stays text in
// any renderer.
func MarkdownLog(r *LogReport) string {
	var m mdWriter
	m.verdict(&r.Verdict)
	what := md(r.kinds()) + ", " + plural(r.Paste.Lines, "line", "lines")
	if r.Input.Name != "" {
		what = code(r.Input.Name) + ", " + what
	}
	m.line("- Read: " + what)
	if s := logState(&r.Input); s != "" {
		m.line("- State: " + md(s))
	}
	m.line("- Settings held against: " + md(r.Profile.Name) + " (" + code(r.Profile.ID) + ")")
	m.line("- Result: " + countsText(&r.Verdict))
	m.line(toolLine(&r.Tool) + "; secrets are masked")

	for _, sev := range []diag.Severity{diag.Error, diag.Warning, diag.Info} {
		title := map[diag.Severity]string{diag.Error: "Errors", diag.Warning: "Warnings", diag.Info: "Notes"}[sev]
		for i := range r.views {
			f := &r.views[i]
			if f.Severity != sev {
				continue
			}
			if title != "" {
				m.line("")
				m.line("### " + title)
				title = ""
			}
			m.finding(&f.FindingView)
			m.quotes(f.Quotes)
		}
	}
	m.timeline(r)
	if len(r.Settings) > 0 {
		m.line("")
		m.line("### Settings")
		m.line("")
		m.line("| Setting | Value | Limit | Line |")
		m.line("|---|---|---|---|")
		for i := range r.Settings[:min(len(r.Settings), ticketSettings)] {
			s := &r.Settings[i]
			m.line("| " + md(s.Label) + " | " + md(s.Value) + " | " + md(s.Limit) + " | " + countText(int64(s.Line)) + " |")
		}
	}
	return m.b.String()
}

// quotes writes lines as code, indented: nothing in them can end it.
func (m *mdWriter) quotes(list []Quote) {
	if len(list) == 0 {
		return
	}
	m.line("")
	for _, q := range list[:min(len(list), ticketQuote)] {
		m.line("      " + countText(int64(q.N)) + "  " + visible(strings.ReplaceAll(q.Text, "\t", "  ")))
	}
}

func (m *mdWriter) timeline(r *LogReport) {
	if len(r.Entries) == 0 {
		return
	}
	m.line("")
	m.line("### What happened")
	m.line("")
	m.line("| Time | What | Code | Line |")
	m.line("|---|---|---|---|")
	for i := range r.Entries[:min(len(r.Entries), ticketEntries)] {
		e := &r.Entries[i]
		what := e.Title
		if what == "" {
			what = e.Text
		}
		if e.Track != "" {
			what += " (" + e.Track + ")"
		}
		if e.Count > 1 {
			what += ", " + plural(e.Count, "time", "times")
		}
		m.line("| " + md(e.Time) + " | " + md(what) + " | " + md(e.Code) + " | " + countText(int64(e.First)) + " |")
	}
	if rest := int64(len(r.Entries)-ticketEntries) + r.LeftOut; rest > 0 {
		m.line("")
		m.line(countText(rest) + " more.")
	}
}

// logState says how far reading got; empty for a complete text.
func logState(in *diag.Input) string {
	if in.Detail != "" {
		return visible(in.Detail)
	}
	switch in.State {
	case diag.StateTruncated:
		return "The text ends in the middle of its JSON."
	case diag.StateCancelled:
		return "Cancelled: only the first " + bytesText(in.Read) + " were read."
	case diag.StateFailed:
		return "Reading stopped after " + bytesText(in.Read) + "."
	}
	return ""
}
