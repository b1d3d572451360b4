package explain

import (
	"fmt"
	"os"
	"testing"

	"ingestdoctor/wasm/rules"
)

func TestQuick(t *testing.T) {
	name := os.Getenv("QUICK")
	if name == "" {
		t.Skip()
	}
	b, _ := os.ReadFile(name)
	r := Explain(string(b), Options{Tell: rules.Tell})
	fmt.Printf("profile %s (%s) %+v\nverdict %s | %s\n", r.Profile.ID, r.ProfileBy, r.Paste, r.Verdict.Headline, r.Verdict.Next)
	for _, f := range r.Findings {
		fmt.Printf("  %-7s %s %v x%d lines %+v: %s\n", f.Severity, f.Rule, f.Codes, f.Count, *f.Lines, f.Message)
	}
	for _, e := range r.Entries {
		fmt.Printf("  E %s %s [%s] %s %s/%s %s x%d %d-%d: %s\n", e.Time, e.Clock, e.Source, e.Level, e.Platform, e.Code, e.Title, e.Count, e.First, e.Final, e.Text)
	}
	for _, s := range r.Settings {
		fmt.Printf("  S %s = %s (%s, line %d) %s %s\n", s.Label, s.Value, s.Source, s.Line, s.State, s.Limit)
	}
	_ = r.JSON()
}
