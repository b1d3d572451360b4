package analyze

import (
	"bytes"
	"encoding/json"
	"slices"
	"sort"
	"strings"
	"testing"

	"ingestdoctor/wasm/check"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// analyse runs a recording in chunks of n bytes (0: whole) against a profile.
func analyse(t testing.TB, id string, file []byte, n int) *diag.Report {
	t.Helper()
	p, ok := profile.ByID(id)
	if !ok {
		t.Fatalf("no profile %q", id)
	}
	a := New(Options{Profile: p, Name: "test.flv", Size: int64(len(file))})
	if n == 0 {
		n = max(len(file), 1)
	}
	for p := file; len(p) > 0; {
		k := min(n, len(p))
		// The analyser may keep nothing of what it is given.
		chunk := bytes.Clone(p[:k])
		_, _ = a.Write(chunk)
		for i := range chunk {
			chunk[i] = 0xaa
		}
		p = p[k:]
	}
	return a.Close(diag.StateComplete, "")
}

// declared maps each rule to the checks that may emit it.
func declared() map[string][]string {
	m := map[string][]string{}
	for _, c := range append(check.All(), check.PushRules()...) {
		for _, id := range c.Rules {
			m[id] = append(m[id], string(c.Family))
		}
	}
	return m
}

// arrival reports whether only a live push can raise the rule.
func arrival(id string) bool {
	for _, c := range check.PushRules() {
		if slices.Contains(c.Rules, id) {
			return true
		}
	}
	return false
}

// sound checks what every report must fulfil.
func sound(t testing.TB, r *diag.Report) {
	t.Helper()
	by := declared()
	for i := range r.Findings {
		f := &r.Findings[i]
		if err := rules.Validate(f); err != nil {
			t.Error(err)
		}
		if len(by[f.Rule]) != 1 {
			t.Errorf("%s is declared by %v", f.Rule, by[f.Rule])
		}
		if f.Severity == diag.Off || f.Media == nil {
			t.Errorf("%s: severity %v, place %v", f.Rule, f.Severity, f.Media)
		}
		if f.Media != nil && (f.Offset < 0 || f.Offset > r.Input.Read || f.Tag < -1) {
			t.Errorf("%s: place %+v is outside the file", f.Rule, *f.Media)
		}
		if (f.Count > 1) != (f.Last != nil) {
			t.Errorf("%s: count %d, last %v", f.Rule, f.Count, f.Last)
		}
		for _, text := range []string{f.Message, rules.Headline(f)} {
			if text == "" || strings.Contains(text, "(unknown)") || strings.ContainsAny(text, "{}[]") {
				t.Errorf("%s: text %q", f.Rule, text)
			}
		}
		if i > 0 && (r.Findings[i-1].Severity < f.Severity) {
			t.Errorf("findings are not sorted: %s behind %s", f.Rule, r.Findings[i-1].Rule)
		}
	}
	if len(r.Findings) > 16*len(by) {
		t.Errorf("%d findings", len(r.Findings))
	}
	states := map[string]string{}
	for _, c := range r.Checks {
		if states[c.Rule] != "" {
			t.Errorf("check %s is listed twice", c.Rule)
		}
		states[c.Rule] = c.State
		if (c.State == diag.CheckNA || c.State == diag.CheckOff || c.State == diag.CheckStopped) != (c.Why != "") {
			t.Errorf("check %s is %s because of %q", c.Rule, c.State, c.Why)
		}
	}
	if r.Input.State != diag.StateReading {
		for id := range by {
			if want := r.Kind == "live" || !arrival(id); want != (states[id] != "") {
				t.Errorf("check %s of %s: %q", id, r.Kind, states[id])
			}
		}
		for _, f := range r.Findings {
			if states[f.Rule] != diag.CheckRaised {
				t.Errorf("%s was found, its check is %s", f.Rule, states[f.Rule])
			}
		}
	}
	if r.Verdict.Headline == "" || strings.HasSuffix(r.Verdict.Headline, "..") {
		t.Errorf("headline %q", r.Verdict.Headline)
	}
	if s := r.Series; s != nil {
		n := len(s.VideoKbps)
		if n > diag.MaxPoints || len(s.AVMinMS) != n || len(s.FrameRate) != n || len(s.VideoByByte) > diag.MaxPoints || len(s.GOPLenMS) > diag.MaxPoints {
			t.Errorf("series of %d and %d points", n, len(s.VideoByByte))
		}
	}
	text := r.JSON()
	var back diag.Report
	if err := json.Unmarshal(text, &back); err != nil {
		t.Errorf("the report is not JSON: %v", err)
	} else if !bytes.Equal(back.JSON(), text) {
		t.Error("the report changes when it is read and written")
	}
}

// found lists the rules of a report as "rule" for errors and warnings ("rule!"
// for errors), infos apart.
func found(r *diag.Report) (grave, infos []string) {
	seen := map[string]bool{}
	for _, f := range r.Findings {
		id := f.Rule
		if f.Severity == diag.Error {
			id += "!"
		}
		if seen[id+f.Severity.String()] {
			continue
		}
		seen[id+f.Severity.String()] = true
		if f.Severity == diag.Info {
			infos = append(infos, id)
		} else {
			grave = append(grave, id)
		}
	}
	sort.Strings(grave)
	sort.Strings(infos)
	return grave, infos
}

func finding(r *diag.Report, rule string) *diag.Finding {
	for i := range r.Findings {
		if r.Findings[i].Rule == rule {
			return &r.Findings[i]
		}
	}
	return nil
}
