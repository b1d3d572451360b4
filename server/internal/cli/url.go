package cli

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"ingestdoctor/wasm/analyze"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/ingest"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// maxURL bounds what is read from standard input; the linter itself takes less.
const maxURL = 1 << 20

// URLOptions are the arguments of `ingestdoctor url`.
type URLOptions struct {
	URL         string // or - for Stdin
	Profile     string // profile id; empty: the one that the URL tells
	SignKey     string
	JSON        bool
	ShowSecrets bool

	Stdin          io.Reader
	Stdout, Stderr io.Writer

	now func() time.Time // for tests
}

// URL lints one ingest URL and prints the report. Secrets are masked in all
// that it prints, complaints included, unless ShowSecrets is set.
func URL(o URLOptions) int {
	fail := complaining(o.Stderr)
	var p *profile.Profile
	if o.Profile != "" {
		var err error
		if p, err = profileOf(o.Profile); err != nil {
			return fail("%v", err)
		}
	}
	text, err := typed(o.URL, o.Stdin, o.Stderr)
	if err != nil {
		return fail("%v", err)
	}
	if o.now == nil {
		o.now = time.Now
	}
	now := o.now()
	r := ingest.Lint(ingest.Options{
		Input: text, Profile: p, SignKey: o.SignKey, ShowSecrets: o.ShowSecrets, Now: now.Unix(), Tell: rules.Tell,
		Offset: func(unix int64) int {
			_, seconds := time.Unix(unix, 0).In(now.Location()).Zone()
			return seconds
		},
	})

	var raw []byte
	if o.JSON {
		raw = r.AppendJSON(nil, tool())
	}
	if err := deliver(o.Stdout, raw, func(p report) { writeURL(p, r, o.ShowSecrets) }); err != nil {
		return fail("%v", err)
	}
	return exit(false, &r.Verdict)
}

func tool() diag.Tool {
	return diag.Tool{Name: "ingestdoctor", Version: analyze.Version, RuleSet: rules.RuleSet}
}

// oneNewlineLess drops the newline that echo and editors put at the end, and
// nothing else: a space before it is a finding. CR and LF together are one
// newline, as files from Windows have it: nobody can see the CR, and it did not
// get into the encoder's field by it.
func oneNewlineLess(s string) string {
	if t, ok := strings.CutSuffix(s, "\r\n"); ok {
		return t
	}
	return strings.TrimSuffix(s, "\n")
}

// writeURL prints a linted URL for a person.
func writeURL(p report, r *ingest.Result, secrets bool) {
	text := func(value, shown string) string {
		if secrets {
			return printable(value)
		}
		return printable(shown)
	}
	rep := r.Report(tool())
	if r.Redacted != "" {
		p.line("%s", text(r.Source(), r.Redacted))
	}
	by := map[string]string{"host": ", told from the host", "query": ", told from the query", "key": ", told from the key"}[r.By]
	p.line("Checked against: %s (%s%s)", rep.Profile.Name, rep.Profile.ID, by)
	if r.Platform != "" && r.Platform != rep.Profile.Name {
		p.line("The host belongs to: %s", r.Platform)
	}
	p.answer(&r.Verdict)
	if len(r.Findings) > 0 {
		p.counts(&r.Verdict)
	}
	for i := range r.Findings {
		p.urlFinding(&r.Findings[i], r, rep, secrets)
	}
	if r.Mended != "" && r.Changed {
		p.line("")
		p.line("%s", p.bold("Mended URL"))
		p.line("  %s", text(r.Mended, r.MendedShown))
	}
	p.urlParts(r, text)
	switch r.Signature {
	case "verified":
		p.line("")
		p.line("The signature verifies with the key given.")
	case "unchecked":
		p.line("")
		p.line("The signature was not verified: that takes the signing key (--sign-key).")
	}
	if r.KeyUnused {
		p.line("")
		p.line("The signing key was not used: there is nothing here that it could verify.")
	}
	for _, s := range r.Settings() {
		p.line("")
		p.line("%s", p.bold(s.Name))
		for _, f := range s.Fields {
			p.line("  %-19s %s", f.Label, text(f.Value, f.Shown))
		}
		if s.Note != "" {
			p.text("  ", s.Note)
		}
	}
	if !secrets {
		for _, part := range r.Parts {
			if part.Secret {
				p.line("")
				p.line("Secrets are masked (%s); --show-secrets shows them.", ingest.Mask)
				break
			}
		}
	}
	p.checks(rep.Checks)
}

func (p report) urlFinding(f *diag.Finding, r *ingest.Result, rep *diag.Report, secrets bool) {
	part := ""
	if f.Part != "" {
		part = "  " + f.Part
	}
	if f.Count > 1 {
		part += fmt.Sprintf(", %d times", f.Count)
	}
	p.line("")
	p.line("%s %s%s", p.severity(f.Severity, fmt.Sprintf("%-7s", f.Severity)), p.bold(f.Rule), part)
	const indent = "        "
	line, from, to := r.Source(), f.Start, f.End
	if !secrets {
		line = r.Redacted
		from, to = r.InRedacted(f.Start, f.End, f.Field)
	}
	if before, marked, after := around(line, from, to); before+marked+after != "" {
		p.line("%s%s%s%s", indent, before, marked, after)
		p.line("%s%s%s", indent, strings.Repeat(" ", utf8.RuneCountInString(before)), strings.Repeat("^", max(1, utf8.RuneCountInString(marked))))
	}
	p.text(indent, f.Message)
	if rule, ok := rules.ByID(f.Rule); ok && f.Severity > diag.Info && rule.Fix != rep.Verdict.Next {
		p.text(indent+"Do now: ", rule.Fix)
	}
	if f.Severity > diag.Info && f.Basis != "" {
		p.text(indent+"On whose word: ", basis(f.Basis))
	}
	if codes := showsAs(f, rep.Profile.Platform); codes != "" {
		p.text(indent+"May show as: ", codes)
	}
}

// around cuts a line so that the marked piece stands in sight.
func around(line string, from, to int) (before, marked, after string) {
	const most = 34
	before, marked, after = printable(line[:from]), printable(line[from:to]), printable(line[to:])
	if r := []rune(before); len(r) > most {
		before = "..." + string(r[len(r)-most+3:])
	}
	if r := []rune(marked); len(r) > most {
		marked = string(r[:most-3]) + "..."
	}
	if r := []rune(after); len(r) > most {
		after = string(r[:most-3]) + "..."
	}
	return before, marked, after
}

func (p report) urlParts(r *ingest.Result, text func(value, shown string) string) {
	if len(r.Parts) == 0 {
		return
	}
	p.line("")
	p.line("%s", p.bold("Parts"))
	for i := range r.Parts {
		part := &r.Parts[i]
		name := part.Name
		if part.Param != "" {
			name = printable(part.Param)
		}
		note := ""
		if part.Note != "" {
			note = "  (" + printable(part.Note) + ")"
		}
		p.line("  %-14s %s%s", name, text(part.Value, part.Shown), note)
	}
}
