package ui

import (
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

func TestFindingViews(t *testing.T) {
	r := analysed(t, "gap.flv", "azure-live-encoding", recorded(t, shortGap()))
	var v *FindingView
	views := findingViews(r)
	for i := range views {
		if views[i].Rule == "keyframe-interval" {
			v = &views[i]
		}
	}
	if v == nil {
		t.Fatalf("no keyframe-interval: %+v", r.Findings)
	}
	rule, _ := rules.ByID(v.Rule)
	if v.Title != rule.Title || v.Fix == "" || v.Why == "" || v.DocURL != "/rules/keyframe-interval" || len(v.Codes) == 0 {
		t.Errorf("%+v", v)
	}
	if v.Basis == "" || strings.HasPrefix(v.Basis, "Inferred") && v.Source == "" {
		t.Errorf("basis %q, source %q", v.Basis, v.Source)
	}
	has := func(list []Value, label, part string) {
		t.Helper()
		for _, x := range list {
			if x.Label == label && strings.Contains(x.Text, part) {
				return
			}
		}
		t.Errorf("no %s with %q in %+v", label, part, list)
	}
	has(v.Places, "Where", "0:14.0, byte ")
	has(v.Values, "Interval", "20.0 s")
	has(v.Values, "Limit", " s")
}

// A basis never says that a platform refuses what it never published.
func TestBasisWords(t *testing.T) {
	p, _ := profile.ByID("azure-live-encoding")
	r := &diag.Report{Profile: p.Info()}
	for basis, part := range map[diag.Basis]string{
		diag.Documented: "Documented",
		diag.Inferred:   "Inferred from what Azure publishes elsewhere",
		diag.Ours:       "Our default, where nothing is published",
	} {
		f := diag.Finding{Rule: "keyframe-interval", Severity: diag.Error, Basis: basis, Count: 1}
		v := newFindingView(&f, r)
		if v.Basis != part {
			t.Errorf("%s: %q", basis, v.Basis)
		}
		if (basis == diag.Ours) != (v.Source == "") {
			t.Errorf("%s: source %q", basis, v.Source)
		}
	}
}

// A rule that this build does not know, of a stored report, still shows.
func TestUnknownRule(t *testing.T) {
	f := diag.Finding{
		Rule: "from-the-future", Severity: diag.Warning, Count: 3, Message: "Something new.",
		Args:  diag.Args{diag.I("gap_ms", 1500), diag.S("what", "a\x00b"), diag.F("rate_kbps", 2500)},
		Place: diag.Place{Media: &diag.Media{Offset: 5, Tag: 1, TimestampMS: 14200, Track: "video"}},
		Last:  &diag.Place{Media: &diag.Media{Offset: 50, Tag: 9, TimestampMS: 20000, Track: "video"}},
	}
	v := newFindingView(&f, &diag.Report{})
	if v.Title != "from-the-future" || v.Message != "Something new." || v.LastMS != 20000 {
		t.Errorf("%+v", v)
	}
	got := ""
	for _, x := range append(v.Places, v.Values...) {
		got += x.Label + "=" + x.Text + "; "
	}
	if want := `Where=0:14.2, byte 5, tag 1, video; Last seen=0:20.0, byte 50, tag 9, video; How often=3 times; Gap=1.5 s; What=a\u{0}b; Rate=2,500 kb/s; `; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestKeysAreUnique(t *testing.T) {
	place := func(track string) diag.Place {
		return diag.Place{Media: &diag.Media{Track: track, Tag: 1}}
	}
	r := &diag.Report{Findings: []diag.Finding{
		{Rule: "b-frames", Count: 1, Place: place("video")},
		{Rule: "b-frames", Count: 1, Place: place("video")},
		{Rule: "b-frames", Count: 1, Place: place("video:1")},
		{Rule: "flv-header", Count: 1},
	}}
	seen := map[string]bool{}
	for _, v := range findingViews(r) {
		if seen[v.Key] {
			t.Errorf("%s twice", v.Key)
		}
		seen[v.Key] = true
	}
}

func TestChecks(t *testing.T) {
	r := analysed(t, "gap.flv", "generic", recorded(t, shortGap()))
	n := 0
	for _, g := range checkGroups(r) {
		n += len(g.Checks)
		for _, c := range g.Checks {
			if c.Title == "" || c.Title == c.Rule {
				t.Errorf("%s has no title", c.Rule)
			}
		}
	}
	if n != len(r.Checks) || n < 30 {
		t.Errorf("%d checks shown of %d", n, len(r.Checks))
	}
}

func TestMedia(t *testing.T) {
	r := analysed(t, "gap.flv", "generic", recorded(t, shortGap()))
	var text strings.Builder
	for _, s := range mediaSections(r) {
		for _, v := range s.Values {
			text.WriteString(s.Title + "/" + v.Label + ": " + v.Text + "\n")
		}
	}
	for _, part := range []string{"Video/Picture: 1280 × 720", "Video/Codec: H.264 Main", "30 fps measured", "Audio/Codec: AAC LC", "44.1 kHz", "2, stereo", "Recording/Duration: ", "Key frame interval: 2.0 s to 20.0 s, median 2.0 s"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("no %q in\n%s", part, text.String())
		}
	}
	if len(mediaSections(&diag.Report{})) != 0 {
		t.Error("media of nothing")
	}
}

func TestPlots(t *testing.T) {
	r := analysed(t, "gap.flv", "generic", recorded(t, shortGap()))
	views := findingViews(r)
	for _, p := range plotsOf(r) {
		if len(p.X) == 0 || len(p.Series) == 0 {
			t.Errorf("%s is empty", p.ID)
			continue
		}
		var spec struct {
			ID, Group string
			X         []float64
			Series    []struct {
				Label  string
				Values []*float64
			}
			Markers []struct {
				X, To    float64
				Key      string
				Severity string
			}
			Limits []struct{ Y float64 }
		}
		text := p.AppendJSON(nil, "1", views, "")
		if err := json.Unmarshal(text, &spec); err != nil {
			t.Fatalf("%s: %v in %s", p.ID, err, text)
		}
		for _, s := range spec.Series {
			if len(s.Values) != len(spec.X) {
				t.Errorf("%s %s: %d values at %d places", p.ID, s.Label, len(s.Values), len(spec.X))
			}
		}
		found := false
		for _, m := range spec.Markers {
			if strings.HasPrefix(m.Key, "keyframe-interval") && m.Severity == "error" {
				found = p.Group == "bytes" && m.X > 1000 || m.X == 14000 && m.To == 34000
			}
		}
		if !found {
			t.Errorf("%s: the key frame gap is not marked: %+v", p.ID, spec.Markers)
		}
		if p.ID == "key-frame-interval" && len(spec.Limits) == 0 {
			t.Error("no limits on the key frame plot")
		}
		head, rows := p.Table()
		if len(rows) == 0 || len(rows) > tableRows {
			t.Errorf("%s: %d rows", p.ID, len(rows))
		}
		for _, row := range rows {
			if len(row) != len(head) {
				t.Errorf("%s: %v under %v", p.ID, row, head)
			}
		}
		if s := p.Summary(); !strings.HasPrefix(s, p.Title+", ") || !strings.HasSuffix(s, ".") {
			t.Errorf("%s: %q", p.ID, s)
		}
	}
}

func TestPlotsOfNothing(t *testing.T) {
	for _, r := range []*diag.Report{
		{},
		{Series: &diag.Series{StepMS: 1000}},
		{Series: &diag.Series{StepMS: 1000, VideoKbps: diag.Floats{0, 0}, AVMinMS: diag.Floats{math.NaN()}, AVMaxMS: diag.Floats{math.NaN()}}},
	} {
		for _, p := range plotsOf(r) {
			if len(p.X) != 0 {
				t.Errorf("%s: %v %+v", p.ID, p.X, p.Series)
			}
			if !json.Valid(p.AppendJSON(nil, "1", nil, "")) {
				t.Errorf("%s: no JSON", p.ID)
			}
			if head, rows := p.Table(); len(rows) != 0 || len(head) == 0 {
				t.Errorf("%s: %v %v", p.ID, head, rows)
			}
			if p.Summary() == "" {
				t.Errorf("%s says nothing", p.ID)
			}
		}
	}
}

func TestNullsInPlots(t *testing.T) {
	b := appendNumbers(nil, []float64{1, math.NaN(), math.Inf(1), 2.34567, -0.5, 1e18})
	if got := string(b); got != "[1,null,null,2.346,-0.5,1000000000000000000]" {
		t.Error(got)
	}
}

// Whatever a file is called and carries, a ticket shows it as text.
func TestMarkdownIsText(t *testing.T) {
	evil := "a|b`c`` *x* _y_ [l](javascript:1) <img src=x onerror=1> @all #1 ![i](http://x) https://x.y www.z.de & \u202e\n# head"
	r := analysed(t, evil, "generic", recorded(t, shortGap()))
	r.Media.Encoder = evil
	r.Findings[0].Message = evil
	r.Verdict.Headline = evil
	r.Media.Tracks[0].CodecTag = evil
	text := Markdown(r)
	table := 0
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "#") && !regexp.MustCompile(`^(## a\\\||### (Errors|Warnings|Notes|Media)$)`).MatchString(line) {
			t.Errorf("a heading: %q", line)
		}
		if strings.HasPrefix(line, "|") {
			table++
			if n := len(regexp.MustCompile(`(^|[^\\])\|`).FindAllString(line, -1)); n != 3 {
				t.Errorf("%d cells borders in %q", n, line)
			}
		}
	}
	if table < 10 {
		t.Errorf("%d table rows", table)
	}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "- Recording: ") { // a code span: TestCode
			continue
		}
		for _, bad := range []string{"<img", "[l]", "https://x", "www.z", "@all", "\u202e", "*x*", "`c"} {
			for rest := line; ; {
				at := strings.Index(rest, bad)
				if at < 0 {
					break
				}
				if at == 0 || rest[at-1] != '\\' {
					t.Errorf("%q is in the ticket: %s", bad, line)
				}
				rest = rest[at+1:]
			}
		}
	}
}

func TestMarkdown(t *testing.T) {
	r := analysed(t, "gap.flv", "azure-live-encoding", recorded(t, shortGap()))
	text := Markdown(r)
	for _, part := range []string{
		"## " + md(r.Verdict.Headline) + "\n",
		"- Recording: `gap.flv`, ",
		"- Checked against: Azure Media Services, live encoding (`azure-live-encoding`)",
		"### Errors\n",
		"(`keyframe-interval`): No key frame for 20.0 s",
		"- Where: 0:14.0, byte ",
		"- Fix: ",
		"- May show as: `MPE\\_", "| Video: picture | 1280 × 720 |",
	} {
		part = strings.ReplaceAll(part, "`MPE\\_", "`MPE_")
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
}

func TestCode(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "`plain`", "a`b": "`` a`b ``", "``": "``` `` ```", "": "` `", "a\nb": "`a b`",
	} {
		if got := code(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
