package page

import (
	"slices"
	"strings"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// grade is one profile's own severity for a rule.
type grade struct {
	profile  *profile.Profile
	severity diag.Severity
	basis    diag.Basis
	note     string
}

// gradedBy lists the profiles that give a rule another severity than its default.
func gradedBy(r *rules.Rule) []grade {
	var list []grade
	for _, p := range profile.All() {
		for _, o := range p.Overrides {
			if o.Rule == r.ID && o.Severity != r.Severity {
				list = append(list, grade{p, o.Severity, o.Basis, o.Note})
			}
		}
	}
	return list
}

// held is one profile's limit that a rule holds a stream against.
type held struct {
	profile *profile.Profile
	text    string
	basis   string
}

// limits are a profile's limits in words.
func limits(p *profile.Profile) []diag.Limit { return p.Info().Limits }

// limitsBy are the limits that rest on our own word, or on somebody's. The form
// of the ingest URL has a place of its own on the page.
func limitsBy(p *profile.Profile, ours bool) []diag.Limit {
	var list []diag.Limit
	for _, l := range limits(p) {
		if ourOwn(l) == ours && isLimit(l) {
			list = append(list, l)
		}
	}
	return list
}

// limitsOf lists what each profile allows where a rule measures. A default of
// ours is on the profile's own page; here it would only repeat.
func limitsOf(r *rules.Rule) []held {
	var list []held
	for _, p := range profile.All() {
		for _, l := range limits(p) {
			if isLimit(l) && slices.Contains(l.Rules, r.ID) && (!ourOwn(l) || p == profile.Default()) {
				list = append(list, held{p, l.Text, limitBasis(l)})
			}
		}
	}
	return list
}

// ourOwn tells a default of ours from a platform's limit. The latter may have a
// threshold of ours among its own, and says so in its text.
func ourOwn(l diag.Limit) bool { return l.Basis == diag.Ours && strings.HasPrefix(l.URL, "/") }

// limitBasis is the word beside a limit.
func limitBasis(l diag.Limit) string {
	if l.Basis == diag.Ours && !ourOwn(l) {
		return "see the text"
	}
	return basisWord(l.Basis)
}

// isLimit tells limits from what else a profile's list holds: the form of its
// URL and the rules that it grades by itself, which pages show in their own way.
func isLimit(l diag.Limit) bool {
	return l.ID != "url" && !strings.HasPrefix(l.ID, "severity-")
}
