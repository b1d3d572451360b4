package ui

import (
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
)

func TestAllowEntries(t *testing.T) {
	for _, tc := range []struct {
		in, span string
		sev      diag.Severity
		says     string // in a remark or the problem
		mended   string
	}{
		{"8.8.8.8", "8.8.8.8", diag.Off, "", ""},
		{"8.8.8.8/32", "8.8.8.8", diag.Off, "", ""},
		{"8.8.8.0/24", "8.8.8.0/24", diag.Off, "", ""},
		{"2a00:1450::/48", "2a00:1450::/48", diag.Off, "", ""},
		{"8.8.8.8/24", "8.8.8.0/24", diag.Warning, "one machine inside", "8.8.8.0/24"},
		{"2a00:1450::5/64", "2a00:1450::/64", diag.Warning, "one machine inside", "2a00:1450::/64"},
		{"0.0.0.0/0", "0.0.0.0/0", diag.Error, "every address", ""},
		{"::/0", "::/0", diag.Error, "every address", ""},
		{"8.0.0.0/8", "8.0.0.0/8", diag.Error, "Far too wide", ""},
		{"4.0.0.0/7", "4.0.0.0/7", diag.Error, "Far too wide", ""},
		{"8.8.0.0/15", "8.8.0.0/15", diag.Warning, "Wide", ""},
		{"8.8.0.0/16", "8.8.0.0/16", diag.Off, "", ""},
		{"2a00::/16", "2a00::/16", diag.Error, "Far too wide", ""},
		{"2a00:1450::/31", "2a00:1450::/31", diag.Warning, "Wide", ""},
		{"1.0.0.0-9.255.255.255", "1.0.0.0 to 9.255.255.255", diag.Error, "Far too wide", "1.0.0.0/8, 2.0.0.0/7, 4.0.0.0/6, 8.0.0.0/7"},
		{"10.1.2.3", "10.1.2.3", diag.Warning, "private", ""},
		{"172.31.0.0/16", "172.31.0.0/16", diag.Warning, "private", ""},
		{"172.32.0.0/16", "172.32.0.0/16", diag.Off, "", ""},
		{"100.64.3.4", "100.64.3.4", diag.Warning, "carrier-grade", ""},
		{"fd00::1", "fd00::1", diag.Warning, "private", ""},
		{"203.0.113.7", "203.0.113.7", diag.Warning, "examples", ""},
		{"8.8.8.0/255.255.255.0", "8.8.8.0/24", diag.Off, "", ""},
		{"8.8.8.0 255.255.255.0", "8.8.8.0/24", diag.Off, "", ""},
		{"8.8.8.0 / 24", "8.8.8.0/24", diag.Off, "", ""},
		{"8.8.8.4-8.8.8.7", "8.8.8.4 to 8.8.8.7", diag.Info, "as CIDR it is 8.8.8.4/30", "8.8.8.4/30"},
		{"8.8.8.4 – 8.8.8.9", "8.8.8.4 to 8.8.8.9", diag.Info, "8.8.8.4/30, 8.8.8.8/31", "8.8.8.4/30, 8.8.8.8/31"},
		{"8.8.8.4 - 8.8.8.4", "8.8.8.4", diag.Info, "8.8.8.4/32", "8.8.8.4/32"},
		{"::ffff:8.8.8.8", "8.8.8.8", diag.Info, "form of an IPv6", "8.8.8.8"},
		{"::ffff:8.8.8.0/120", "8.8.8.0/24", diag.Info, "form of an IPv6", "8.8.8.0/24"},
		{`"8.8.8.8",`, "8.8.8.8", diag.Off, "", ""},
		{"8.8.8.8 # the office", "8.8.8.8", diag.Off, "", ""},

		{"8.8.8.9-8.8.8.4", "", diag.Error, "ends before it begins", "8.8.8.4-8.8.8.9"},
		{"8.8.8.8-2a00::1", "", diag.Error, "not from one kind", ""},
		{"8.8.8", "", diag.Error, "four numbers", "8.8.8.0/24"},
		{"8.8.8/24", "", diag.Error, "four numbers", "8.8.8.0/24"},
		{"8.8.8.*", "", diag.Error, "wildcard", "8.8.8.0/24"},
		{"8.8.*.8", "", diag.Error, "wildcard", ""},
		{"8.8.8.256", "", diag.Error, "0 to 255", ""},
		{"008.8.8.8", "", diag.Error, "leading zero", "8.8.8.8"},
		{"8.8.8.8:1935", "", diag.Error, "port", "8.8.8.8"},
		{"[2a00::1]:1935", "", diag.Error, "port", "2a00::1"},
		{"8.8.8.8/33", "", diag.Error, "0 to 32", ""},
		{"2a00::/129", "", diag.Error, "0 to 128", ""},
		{"8.8.8.0/255.0.255.0", "", diag.Error, "no prefix length", ""},
		{"8.8.8.8/", "", diag.Error, "no prefix length", ""},
		{"fe80::1%eth0", "", diag.Error, "network card", "fe80::1"},
		{"live.example.com", "", diag.Error, "a name", ""},
		{"rtmp://8.8.8.8/app", "", diag.Error, "URL", ""},
		{"2a00::1::2", "", diag.Error, "IPv6", ""},
		{"everybody", "", diag.Error, "no address", ""},
		{"AllowAll", "", diag.Error, "no address", ""},
		{"1.2.3.4.5", "", diag.Error, "", ""},
	} {
		l := readAllowList(tc.in)
		if len(l.Entries) != 1 {
			t.Errorf("%q: %d entries: %+v", tc.in, len(l.Entries), l.Entries)
			continue
		}
		e := &l.Entries[0]
		said := e.Problem
		for _, r := range e.Remarks {
			said += " " + r.Text
		}
		if e.Range() != tc.span || e.severity() != tc.sev || !strings.Contains(said, tc.says) || e.Mended != tc.mended || tc.says == "" && tc.sev == diag.Off && said != "" {
			t.Errorf("%q: range %q, severity %v, mended %q, says %q", tc.in, e.Range(), e.severity(), e.Mended, said)
		}
	}
}

func TestAllowOverlaps(t *testing.T) {
	l := readAllowList("8.8.8.0/24\n8.8.8.8\n1.1.1.1, 1.1.1.1\n8.8.9.0-8.8.9.20\n8.8.9.16/28\n2a00::/32\n2a00::5\n8.8.8.0/24 # again\n# nothing\n\nnonsense\n")
	want := []string{
		"1 off ", "2 info Needless: line 1 (8.8.8.0/24)", "3 off ", "3 warning Twice: the same as line 3.",
		"4 info Most lists", "5 info Overlaps line 4 (8.8.9.0 to 8.8.9.20).", "6 off ", "7 info Needless: line 6 (2a00::/32)",
		"8 warning Twice: the same as line 1.", "11 error ",
	}
	if len(l.Entries) != len(want) {
		t.Fatalf("%d entries", len(l.Entries))
	}
	for i := range l.Entries {
		e := &l.Entries[i]
		got := countText(int64(e.Line)) + " " + e.severity().String() + " "
		if len(e.Remarks) > 0 {
			got += e.Remarks[0].Text
		}
		if !strings.HasPrefix(got, want[i]) {
			t.Errorf("%q, want %q", got, want[i])
		}
	}
	if valid, wrong, remarked := l.counts(); valid != 9 || wrong != 1 || remarked != 6 {
		t.Errorf("%d %d %d", valid, wrong, remarked)
	}
}

// Any two ranges are told apart as a plain comparison of all pairs does.
func TestAllowOverlapsAllPairs(t *testing.T) {
	list := []string{"8.0.0.0-8.0.0.99", "8.0.0.5-8.0.0.10", "8.0.0.8-8.0.0.50", "8.0.0.90-8.0.0.120", "8.0.0.110", "8.0.0.121", "8.0.1.0/24", "9.9.9.9"}
	l := readAllowList(strings.Join(list, "\n"))
	for i := range l.Entries {
		e := &l.Entries[i]
		needless, overlap := false, false
		for j := range l.Entries {
			o := &l.Entries[j]
			if i == j {
				continue
			}
			if o.holds(e.From) && o.holds(e.To) {
				needless = true
			} else if o.holds(e.From) {
				overlap = true
			}
		}
		said := ""
		for _, r := range e.Remarks {
			said += r.Text
		}
		if needless != strings.Contains(said, "Needless") || overlap && !needless != strings.Contains(said, "Overlaps") {
			t.Errorf("%s: %v %v: %s", e.Text, needless, overlap, said)
		}
	}
}

func TestEncoders(t *testing.T) {
	l := readAllowList("8.8.0.0/16\n8.8.8.0/24\n2a00::/32\n8.8.8.8")
	v := l.encoders("8.8.8.8 8.8.9.9\n1.1.1.1, ::ffff:8.8.9.9 2a00::1 10.0.0.1 8.8.8.0/24 8.8.8.8:99 name.example")
	got := make([]string, len(v))
	for i := range v {
		by := make([]string, len(v[i].By))
		for j, e := range v[i].By {
			by[j] = e.Range()
		}
		got[i] = strings.Join(by, "+")
		if v[i].Problem != "" {
			got[i] = "problem"
		}
		if v[i].Note != "" {
			got[i] += "note"
		}
	}
	want := "8.8.8.8+8.8.8.0/24+8.8.0.0/16,8.8.0.0/16,,8.8.0.0/16,2a00::/32,note,problem,problem,problem"
	if s := strings.Join(got, ","); s != want {
		t.Errorf("%s\n%s", s, want)
	}
}

func TestAllowListBounds(t *testing.T) {
	l := readAllowList(strings.Repeat("8.8.8.8\n", 100_000))
	if len(l.Entries) > maxAllowEntries || l.Cut == "" {
		t.Errorf("%d entries, %q", len(l.Entries), l.Cut)
	}
	if l := readAllowList(strings.Repeat("x", 200_000)); l.Cut == "" || len(l.Entries) != 1 {
		t.Errorf("%d %q", len(l.Entries), l.Cut)
	}
}

func FuzzAllowList(f *testing.F) {
	for _, s := range []string{"8.8.8.8/24\n::1", "1.1.1.1-2.2.2.2", "::-ffff::", "[::1]:5,8.8/9", "255.0.0.0 255.0.0.0", "0.0.0.1-255.255.255.254"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l := readAllowList(s)
		l.encoders(s)
		for i := range l.Entries {
			e := &l.Entries[i]
			if e.Valid() && (!e.holds(e.From) || !e.holds(e.To) || e.Size() == "") {
				t.Errorf("%q: %+v", s, e)
			}
		}
	})
}
