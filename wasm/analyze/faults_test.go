package analyze

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// fault is a recording with one thing wrong, and everything that may be found
// in it: the whole set of rules is compared.
type fault struct {
	name    string
	profile string // empty: generic
	build   func() []byte
	want    string // errors (with a !) and warnings, separated by spaces
	infos   string
	check   func(t *testing.T, r *diag.Report)
}

func allFaults() []fault {
	return slices.Concat(containerFaults, metadataFaults, codecFaults, limitFaults, timeFaults, keyframeFaults)
}

func TestFaults(t *testing.T) {
	for _, c := range allFaults() {
		t.Run(c.name, func(t *testing.T) {
			if c.profile == "" {
				c.profile = "generic"
			}
			r := analyse(t, c.profile, c.build(), 0)
			sound(t, r)
			grave, infos := found(r)
			want, wantInfos := strings.Fields(c.want), strings.Fields(c.infos)
			slices.Sort(want)
			slices.Sort(wantInfos)
			if !slices.Equal(grave, want) || !slices.Equal(infos, wantInfos) {
				t.Errorf("found %v and infos %v, want %v and %v", grave, infos, want, wantInfos)
				for _, f := range r.Findings {
					t.Logf("%s %s: %s", f.Severity, f.Rule, f.Message)
				}
			}
			if c.check != nil {
				c.check(t, r)
			}
		})
	}
}

// TestEveryRuleIsRaised holds the fixtures against the rules: each rule that a
// recording can show is raised by one at least, and the checks declare them all.
func TestEveryRuleIsRaised(t *testing.T) {
	raised := map[string]bool{}
	for _, c := range pushes {
		for _, id := range strings.Fields(c.want + " " + c.infos) {
			raised[strings.TrimSuffix(id, "!")] = true
		}
	}
	for _, c := range allFaults() {
		for _, id := range strings.Fields(c.want + " " + c.infos) {
			raised[strings.TrimSuffix(id, "!")] = true
		}
	}
	for _, c := range healthy {
		for _, id := range strings.Fields(c.infos) {
			raised[id] = true
		}
	}
	by := declared()
	for _, r := range rules.All() {
		switch r.Family {
		case rules.IngestURLs, rules.Reachability, rules.LogsAndEvents, rules.LogSettings:
			if len(by[r.ID]) > 0 {
				t.Errorf("%s is declared by a check of recordings", r.ID)
			}
			continue
		}
		if !raised[r.ID] {
			t.Errorf("no fixture raises %s", r.ID)
		}
		if len(by[r.ID]) != 1 || by[r.ID][0] != string(r.Family) {
			t.Errorf("%s of %s is declared by %v", r.ID, r.Family, by[r.ID])
		}
		delete(by, r.ID)
	}
	for id := range by {
		if _, ok := rules.ByID(id); !ok {
			t.Errorf("%s is declared by a check and is no rule", id)
		}
	}
}

// TestChunking holds the report against the size of the chunks: it must be the
// same to the last byte.
func TestChunking(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	for _, c := range allFaults() {
		file := c.build()
		sizes := []int{1, 7, 4096}
		if len(file) > 2<<20 {
			sizes = []int{4096}
		}
		if c.profile == "" {
			c.profile = "generic"
		}
		whole := analyse(t, c.profile, file, 0).JSON()
		for _, n := range sizes {
			if got := analyse(t, c.profile, file, n).JSON(); !bytes.Equal(got, whole) {
				t.Errorf("%s: chunks of %d bytes give another report\n%s\n%s", c.name, n, head(got, whole), head(whole, got))
			}
		}
	}
	for _, c := range healthy {
		file := c.build()
		whole := analyse(t, "generic", file, 0).JSON()
		for _, n := range []int{4093} {
			if !bytes.Equal(analyse(t, "generic", file, n).JSON(), whole) {
				t.Errorf("%s: chunks of %d bytes give another report", c.name, n)
			}
		}
	}
}

// head is where a begins to differ from b.
func head(a, b []byte) []byte {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return a[max(0, i-100):min(len(a), i+200)]
}

// arg reads a whole-number argument.
func arg(t *testing.T, r *diag.Report, rule, name string) int64 {
	t.Helper()
	f := finding(r, rule)
	if f == nil {
		t.Fatalf("no %s", rule)
	}
	a, ok := f.Args.Get(name)
	if !ok {
		t.Fatalf("%s has no %s: %v", rule, name, f.Args)
	}
	return a.Int
}

// near reports whether v is within d of want.
func near(t *testing.T, what string, v, want, d int64) {
	t.Helper()
	if v < want-d || v > want+d {
		t.Errorf("%s is %d, want %d within %d", what, v, want, d)
	}
}

func text(t *testing.T, r *diag.Report, rule, name, want string) {
	t.Helper()
	f := finding(r, rule)
	if f == nil {
		t.Fatalf("no %s", rule)
	}
	if a, ok := f.Args.Get(name); !ok || !strings.Contains(a.Text, want) {
		t.Errorf("%s: %s is %q, want %q", rule, name, a.Text, want)
	}
}
