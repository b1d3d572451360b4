package ui

import (
	"strings"

	"ingestdoctor/wasm/diag"
)

// Markdown is a report as a ticket takes it: the verdict, what was read, the
// findings with place, values, fix and codes, and the media. Everything that
// comes from the file is escaped: it stays text in any renderer.
func Markdown(r *diag.Report) string {
	var m mdWriter
	m.verdict(&r.Verdict)
	if r.Kind == kindLive {
		m.line("- " + liveName + ": " + inputSize(&r.Input))
	} else {
		m.line("- Recording: " + code(r.Input.Name) + ", " + inputSize(&r.Input))
	}
	if state := inputState(&r.Input); state != "" {
		m.line("- State: " + md(state))
	}
	m.line("- Checked against: " + md(r.Profile.Name) + " (" + code(r.Profile.ID) + ")")
	m.line("- Result: " + countsText(&r.Verdict))
	m.line(toolLine(&r.Tool))

	for _, g := range groups(findingViews(r)) {
		m.line("")
		m.line("### " + g.Title)
		for i := range g.Findings {
			m.finding(&g.Findings[i])
		}
	}

	if sections := mediaSections(r); len(sections) > 0 {
		m.line("")
		m.line("### Media")
		m.line("")
		m.line("| What | Value |")
		m.line("|---|---|")
		for i, s := range sections {
			for _, v := range s.Values {
				label := v.Label
				if i > 0 {
					label = s.Title + ": " + strings.ToLower(label[:1]) + label[1:]
				}
				m.line("| " + md(label) + " | " + md(v.Text) + " |")
			}
		}
	}
	return m.b.String()
}

type mdWriter struct{ b strings.Builder }

func (m *mdWriter) line(s string) {
	m.b.WriteString(s)
	m.b.WriteByte('\n')
}

// verdict is the head of a ticket: what it comes to, and what to do now.
func (m *mdWriter) verdict(v *diag.Verdict) {
	m.line("## " + md(v.Headline))
	m.line("")
	if v.Next != "" {
		m.line(md(v.Next))
		m.line("")
	}
}

func toolLine(t *diag.Tool) string {
	name := t.Name
	if name == "" {
		name = "ingestdoctor"
	}
	if t.Version != "" {
		name += " " + t.Version
	}
	return "- Tool: " + md(name) + ", rules " + countText(int64(t.RuleSet))
}

func (m *mdWriter) finding(f *FindingView) {
	m.line("")
	m.line("**" + md(f.Title) + "** (" + code(f.Rule) + "): " + md(f.Message))
	m.line("")
	for _, v := range f.Places {
		m.line("- " + v.Label + ": " + md(v.Text))
	}
	if len(f.Values) > 0 {
		parts := make([]string, len(f.Values))
		for i, v := range f.Values {
			parts[i] = md(v.Label) + " " + md(v.Text)
		}
		m.line("- Values: " + strings.Join(parts, "; "))
	}
	basis := f.Basis
	if f.Source != "" {
		basis += ": " + f.Source
	}
	m.line("- Basis: " + md(basis))
	if f.Fix != "" {
		m.line("- Fix: " + md(f.Fix))
	}
	if len(f.Codes) > 0 {
		parts := make([]string, len(f.Codes))
		for i, c := range f.Codes {
			parts[i] = code(c.Code) + " (" + md(c.Platform) + ")"
		}
		m.line("- May show as: " + strings.Join(parts, ", "))
	}
}

// md escapes text for GitHub, GitLab, Jira's and Azure DevOps' Markdown: no
// character of it makes a heading, a link, HTML, a mention or a table cell.
func md(s string) string {
	s = visible(strings.Join(strings.Fields(s), " "))
	var b strings.Builder
	b.Grow(len(s) + 8)
	for i, r := range s {
		switch r {
		case '\\', '`', '*', '_', '[', ']', '<', '>', '|', '~', '{', '}', '$':
			b.WriteByte('\\')
		case '#', '+', '=':
			if i == 0 {
				b.WriteByte('\\')
			}
		case '-':
			if i == 0 {
				b.WriteByte('\\')
			}
		case '!':
			if i+1 < len(s) && s[i+1] == '[' {
				b.WriteByte('\\')
			}
		case '&':
			b.WriteString("&amp;")
			continue
		case ':': // an address would become a link
			if strings.HasPrefix(s[i:], "://") {
				b.WriteString("&#58;")
				continue
			}
		case '.':
			if strings.HasSuffix(s[:i], "www") {
				b.WriteString("&#46;")
				continue
			}
		case '@':
			// A zero-width joiner would travel with a copy; an entity does not mention anybody.
			b.WriteString("&#64;")
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// code makes a code span, whatever back-ticks the text has; a pipe in it would
// still end a table cell, so it is used outside of tables only.
func code(s string) string {
	s = visible(strings.Join(strings.Fields(s), " "))
	if s == "" {
		return "` `"
	}
	longest, run := 0, 0
	for _, r := range s {
		if r == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	fence := strings.Repeat("`", longest+1)
	if longest > 0 {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}
