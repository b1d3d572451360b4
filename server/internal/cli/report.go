package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// width is where text is broken: comfortable to read, and within most terminals.
const width = 92

// report prints a diag.Report for a person.
type report struct {
	w      io.Writer
	colour bool
}

func writeReport(p report, r *diag.Report) {
	p.verdict(r)
	for i := range r.Findings {
		p.finding(&r.Findings[i], r)
	}
	if r.Media != nil {
		p.media(r.Media)
	}
	p.checks(r.Checks)
}

func (p report) line(format string, args ...any) { fmt.Fprintf(p.w, format+"\n", args...) }

// text prints a paragraph, its first line after lead and the others below it.
func (p report) text(lead, text string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(lead))
	used := utf8.RuneCountInString(lead)
	fmt.Fprint(p.w, lead)
	for i, word := range strings.Fields(printable(text)) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case used+1+n > width:
			fmt.Fprint(p.w, "\n", indent)
			used = len(indent)
		default:
			fmt.Fprint(p.w, " ")
			used++
		}
		fmt.Fprint(p.w, word)
		used += n
	}
	fmt.Fprintln(p.w)
}

// severity writes the word, in its colour where there are colours.
func (p report) severity(s diag.Severity, word string) string {
	code := map[diag.Severity]string{diag.Error: "1;31", diag.Warning: "1;33", diag.Info: "1;34", diag.Off: "1;32"}[s]
	if !p.colour {
		return word
	}
	return "\x1b[" + code + "m" + word + "\x1b[0m"
}

func (p report) bold(text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[1m" + text + "\x1b[0m"
}

func (p report) verdict(r *diag.Report) {
	about := printable(r.Input.Name)
	if r.Input.Read > 0 {
		about += ", " + size(r.Input.Read)
	}
	if r.Media != nil && r.Media.DurationMS > 0 {
		about += ", " + rules.Moment(float64(r.Media.DurationMS))
	}
	p.line("%s", about)
	p.line("Checked against: %s (%s)", r.Profile.Name, r.Profile.ID)
	switch r.Input.State {
	case diag.StateTruncated:
		p.line("The recording ends inside a tag.")
	case diag.StateCancelled:
		p.line("%s", p.severity(diag.Warning, "Stopped before its end: what follows is true of the part that was read."))
	case diag.StateFailed:
		p.line("%s", p.severity(diag.Error, "Not read to its end: what follows is true of the part that was read."))
	}
	if r.Input.Detail != "" {
		p.text("", r.Input.Detail)
	}
	p.answer(&r.Verdict)
	if len(r.Findings) > 0 {
		p.counts(&r.Verdict)
	}
}

// answer prints the verdict, which comes before all else.
func (p report) answer(v *diag.Verdict) {
	p.line("")
	p.line("%s", p.severity(v.Severity, printable(v.Headline)))
	if v.Next != "" {
		p.text("", v.Next)
	}
}

func (p report) counts(v *diag.Verdict) {
	p.line("%s, %s, %s", plural(v.Errors, "error"), plural(v.Warnings, "warning"), plural(v.Infos, "note"))
}

// finding prints one: what, where, how often, what to do.
func (p report) finding(f *diag.Finding, r *diag.Report) {
	p.line("")
	p.line("%s %s%s", p.severity(f.Severity, fmt.Sprintf("%-7s", f.Severity)), p.bold(f.Rule), place(f))
	const indent = "        "
	p.text(indent, f.Message)
	if fix := rules.Fix(f); f.Severity > diag.Info && fix != r.Verdict.Next {
		p.text(indent+"Do now: ", fix)
	}
	if f.Severity > diag.Info && f.Basis != "" {
		p.text(indent+"On whose word: ", basis(f.Basis))
	}
	if codes := showsAs(f, r.Profile.Platform); codes != "" && f.Rule != "log-code" {
		p.text(indent+"May show as: ", codes)
	}
}

// showsAs names the platform's own codes for a finding; where it has none, a
// few of others.
func showsAs(f *diag.Finding, platform string) string {
	const most = 3
	name := func(l diag.Link) string {
		// a message without a code has a made-up one
		if l.Title != "" && (l.Code == "" || strings.HasPrefix(l.Code, "log:")) {
			return l.Title
		}
		return l.Code
	}
	var own, others []string
	for _, l := range f.Links {
		if l.Platform == platform {
			own = append(own, name(l))
		} else {
			others = append(others, name(l)+" ("+l.Platform+")")
		}
	}
	if len(own) > 0 {
		return strings.Join(own, ", ")
	}
	if more := len(others) - most; more > 0 {
		others = append(others[:most], fmt.Sprintf("and %d more on other platforms", more))
	}
	return strings.Join(others, ", ")
}

// place says where a finding was seen, and how often.
func place(f *diag.Finding) string {
	var parts []string
	if m := f.Media; m != nil {
		if m.Tag >= 0 {
			parts = append(parts, "at "+rules.Moment(float64(m.TimestampMS)))
		}
		parts = append(parts, rules.Format(rules.AtByte, diag.I("", m.Offset)))
		if m.Track != "" {
			parts = append(parts, printable(m.Track))
		}
	}
	if l := f.Lines; l != nil {
		parts = append(parts, lineNumbers(l.First, l.Final))
	}
	if f.Count > 1 {
		times := rules.Format(rules.Count, diag.I("", f.Count)) + " times"
		if f.Last != nil && f.Last.Media != nil {
			times += ", last at " + rules.Moment(float64(f.Last.Media.TimestampMS))
		}
		if f.Last != nil && f.Last.Lines != nil && *f.Last.Lines != *f.Lines {
			times += ", last in " + lineNumbers(f.Last.First, f.Last.Final)
		}
		parts = append(parts, times)
	}
	if len(parts) == 0 {
		return ""
	}
	return "  " + strings.Join(parts, ", ")
}

// lineNumbers names lines of a text.
func lineNumbers(first, final int) string {
	if first == final {
		return fmt.Sprintf("line %d", first)
	}
	return fmt.Sprintf("lines %d to %d", first, final)
}

func basis(b diag.Basis) string {
	switch b {
	case diag.Documented:
		return "documented by the platform or the format"
	case diag.Inferred:
		return "inferred from what the platform says elsewhere"
	}
	return "our default; the platform publishes nothing"
}

func (p report) media(m *diag.Summary) {
	if len(m.Tracks) == 0 {
		return
	}
	p.line("")
	p.line("%s", p.bold("Media"))
	for i := range m.Tracks {
		t := &m.Tracks[i]
		var parts []string
		add := func(text string) { parts = append(parts, printable(text)) }
		add(strings.Join(nonEmpty([]string{t.Codec, t.Profile, t.Level}), " "))
		if t.Width > 0 {
			add(fmt.Sprintf("%dx%d", t.Width, t.Height))
		}
		if t.FrameRate > 0 {
			add(rules.Format(rules.PerSec, diag.F("", t.FrameRate)))
		}
		if t.SampleRate > 0 {
			add(rules.Format(rules.Hertz, diag.I("", int64(t.SampleRate))))
		}
		if t.Channels > 0 {
			add(plural(t.Channels, "channel"))
		}
		if t.Bitrate.Mean > 0 {
			add(rules.Format(rules.Kbps, diag.F("", t.Bitrate.Mean)) + " (peak " + rules.Format(rules.Kbps, diag.F("", t.Bitrate.Peak)) + ")")
		}
		p.text(fmt.Sprintf("  %-6s ", t.Kind), strings.Join(nonEmpty(parts), ", "))
	}
	if g := m.GOP; g != nil && g.Count > 0 {
		p.text("  key frames ", fmt.Sprintf("every %s (%s to %s)", rules.Duration(float64(g.MedianMS)), rules.Duration(float64(g.MinMS)), rules.Duration(float64(g.MaxMS))))
	}
	if m.Encoder != "" {
		p.text("  encoder ", m.Encoder)
	}
}

// checks sums up what was looked at: silence alone does not tell whether a rule
// passed or had nothing to judge.
func (p report) checks(list []diag.Check) {
	counts := map[string]int{}
	for _, c := range list {
		counts[c.State]++
	}
	var parts []string
	for _, s := range []struct{ state, words string }{
		{diag.CheckPassed, "passed"},
		{diag.CheckRaised, "raised"},
		{diag.CheckNA, "not applicable"},
		{diag.CheckOff, "switched off by the profile"},
		{diag.CheckStopped, "cut short"},
	} {
		if n := counts[s.state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s.words))
		}
	}
	if len(parts) > 0 {
		p.line("")
		p.line("Rules: %s", strings.Join(parts, ", "))
	}
}

func nonEmpty(list []string) []string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func size(n int64) string { return rules.Format(rules.Bytes, diag.I("", n)) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
