package rules

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
)

const (
	contract = "../../../shared/RULES.md"
	codeFile = "../../../shared/facts/codes.json"
)

// placeholders lists the arguments that a text asks for, in order.
func placeholders(t *testing.T, text string) (names []string) {
	t.Helper()
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '[':
			if depth++; depth > 1 {
				t.Errorf("nested [ in %q", text)
			}
		case ']':
			if depth--; depth < 0 {
				t.Errorf("] without [ in %q", text)
			}
		case '}':
			t.Errorf("} without { in %q", text)
		case '{':
			end := strings.IndexByte(text[i:], '}')
			if end < 0 {
				t.Fatalf("{ without } in %q", text)
			}
			name := text[i+1 : i+end]
			if strings.HasSuffix(name, "?") && depth == 0 {
				t.Errorf("{%s} outside of brackets in %q", name, text)
			}
			name, _, _ = plural(strings.TrimSuffix(name, "?"))
			names = append(names, name)
			i += end
		}
	}
	if depth != 0 {
		t.Errorf("[ without ] in %q", text)
	}
	return names
}

func TestEveryRuleIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range All() {
		t.Run(r.ID, func(t *testing.T) {
			if seen[r.ID] {
				t.Error("declared twice")
			}
			seen[r.ID] = true
			if got, ok := ByID(r.ID); !ok || got != r {
				t.Error("ByID does not find it")
			}
			for what, text := range map[string]string{
				"id": r.ID, "title": r.Title, "why": r.Why, "fix": r.Fix, "message": r.Message,
				"headline": r.Headline, "example": r.Example, "since": r.Since, "family": string(r.Family),
			} {
				if strings.TrimSpace(text) == "" || text != strings.TrimSpace(text) {
					t.Errorf("%s is empty or has blank ends: %q", what, text)
				}
				if strings.Contains(text, "  ") || strings.Contains(text, "—") || strings.Contains(text, "–") {
					t.Errorf("%s has a double blank or a dash: %q", what, text)
				}
			}
			if len(r.Why) < 150 || len(r.Why) > 1100 || strings.Contains(r.Why, "\n") {
				t.Errorf("why is not one good paragraph: %d bytes", len(r.Why))
			}
			for what, text := range map[string]string{"why": r.Why, "fix": r.Fix, "example": r.Example} {
				if strings.ContainsAny(text, "{}") {
					t.Errorf("%s holds a placeholder: %q", what, text)
				}
			}
			for what, text := range map[string]string{"why": r.Why, "fix": r.Fix, "message": r.Message} {
				if !strings.HasSuffix(text, ".") && what != "fix" {
					t.Errorf("%s does not end in a full stop: %q", what, text)
				}
			}
			if c := r.Headline[0]; c >= 'A' && c <= 'Z' {
				t.Errorf("headline begins with a capital, and it goes on after a colon: %q", r.Headline)
			}
			if strings.HasSuffix(r.Title, ".") || strings.HasSuffix(r.Headline, ".") {
				t.Error("title or headline ends in a full stop")
			}
			if r.Severity < diag.Info || r.Severity > diag.Error {
				t.Errorf("severity %v", r.Severity)
			}
			switch r.Basis {
			case diag.Documented, diag.Inferred, diag.Ours:
			default:
				t.Errorf("basis %q", r.Basis)
			}
			if len(r.Sources) == 0 {
				t.Error("no source")
			}
			for _, s := range r.Sources {
				if s.Title == "" || s.URL != "" && !strings.HasPrefix(s.URL, "https://") {
					t.Errorf("source %+v", s)
				}
			}
			args := map[string]bool{}
			for _, a := range r.Args {
				if args[a.Name] || a.Name == "" || a.Doc == "" {
					t.Errorf("argument %q is declared twice or without documentation", a.Name)
				}
				args[a.Name] = true
				if want := suffix(a.Unit); want != "" && !strings.HasSuffix(a.Name, want) && a.Name != want[1:] {
					t.Errorf("argument %s of unit %s does not end in %s", a.Name, a.Unit, want)
				}
			}
			for _, name := range append(placeholders(t, r.Message), placeholders(t, r.Headline)...) {
				if !args[name] {
					t.Errorf("message or headline asks for %q, which is not declared", name)
				}
			}
			codes := map[string]bool{}
			for _, c := range r.Codes {
				if key := c.Platform + " " + c.Code; codes[key] || c.Platform == "" || c.Code == "" {
					t.Errorf("code %q is listed twice or incomplete", key)
				} else {
					codes[key] = true
				}
			}
		})
	}
}

// suffix is how the name of an argument of that unit must end.
func suffix(u Unit) string {
	switch u {
	case Millis, At:
		return "_ms"
	case Bytes:
		return "_bytes"
	case AtByte:
		return "_offset"
	case Kbps:
		return "_kbps"
	case PerSec:
		return "_fps"
	case Hertz:
		return "_hz"
	case Percent:
		return "_percent"
	}
	return ""
}

// table is one family of RULES.md.
type table struct {
	family string
	rules  []row
}

type row struct{ id, severity, kb string }

// readContract reads the tables of RULES.md, up to the section of defaults.
func readContract(t *testing.T) (tables []table) {
	t.Helper()
	b, err := os.ReadFile(contract)
	if err != nil {
		t.Skipf("the contract is not here: %v", err)
	}
	for _, line := range strings.Split(string(b), "\n") {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			tables = append(tables, table{family: name})
			continue
		}
		if !strings.HasPrefix(line, "|") || len(tables) == 0 {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 4 {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if cells[0] == "rule" || strings.HasPrefix(cells[0], "---") {
			continue
		}
		last := &tables[len(tables)-1]
		last.rules = append(last.rules, row{cells[0], cells[1], cells[3]})
	}
	for len(tables) > 0 && len(tables[len(tables)-1].rules) == 0 {
		tables = tables[:len(tables)-1]
	}
	return tables
}

func TestRulesFollowTheContract(t *testing.T) {
	tables := readContract(t)
	if len(tables) != 8 {
		t.Fatalf("%d tables, want 8", len(tables))
	}
	var want []row
	if len(Families()) < len(tables) { // further ones follow those of the contract
		t.Fatalf("%d families, the contract has %d", len(Families()), len(tables))
	}
	for i, tab := range tables {
		if string(Families()[i]) != tab.family {
			t.Errorf("family %d is %q, the contract says %q", i, Families()[i], tab.family)
		}
		for _, r := range tab.rules {
			want = append(want, r)
			got, ok := ByID(r.id)
			if !ok {
				t.Errorf("rule %s of the contract is not declared", r.id)
				continue
			}
			if string(got.Family) != tab.family {
				t.Errorf("rule %s is in family %q, the contract says %q", r.id, got.Family, tab.family)
			}
			if word := strings.TrimRight(strings.Fields(r.severity)[0], ";"); got.Severity.String() != word {
				t.Errorf("rule %s is %v, the contract says %s", r.id, got.Severity, r.severity)
			}
			for _, part := range strings.Split(r.kb, ",") {
				part = strings.TrimSpace(part)
				if !strings.HasPrefix(part, "MP") {
					continue
				}
				found := false
				for _, c := range got.Codes {
					found = found || c.Platform == azure && c.Code == part
				}
				if !found {
					t.Errorf("rule %s does not name %s, which the contract links it to", r.id, part)
				}
			}
			if strings.Contains(r.kb, "CSS") {
				found := false
				for _, c := range got.Codes {
					found = found || c.Platform == "tencent-css"
				}
				if !found {
					t.Errorf("rule %s names no Tencent code; the contract says %q", r.id, r.kb)
				}
			}
		}
	}
	// Further rules may be added; those of the contract keep their order.
	next := 0
	for _, r := range All() {
		if next < len(want) && r.ID == want[next].id {
			next++
		}
	}
	if next != len(want) {
		t.Errorf("the order differs from the contract's from %s on", want[next].id)
	}
}

func TestCodesExist(t *testing.T) {
	b, err := os.ReadFile(codeFile)
	if err != nil {
		t.Skipf("the list of codes is not here: %v", err)
	}
	var rows []struct {
		Platform string
		Code     *string
		Messages []string
	}
	if err := json.Unmarshal(b, &rows); err != nil {
		t.Fatal(err)
	}
	messages := map[string][]string{}
	numbers := map[string][]string{} // Tencent message -> codes
	for _, r := range rows {
		if r.Code == nil {
			continue
		}
		key := r.Platform + " " + *r.Code
		messages[key] = append(messages[key], r.Messages...)
		if r.Platform == "tencent-css" {
			for _, m := range r.Messages {
				numbers[m] = append(numbers[m], *r.Code)
			}
		}
	}
	for _, r := range All() {
		listed := map[string]bool{}
		for _, c := range r.Codes {
			listed[c.Platform+" "+c.Code] = true
		}
		for _, c := range r.Codes {
			literal, ok := messages[c.Platform+" "+c.Code]
			if !ok {
				if _, known := messages[c.Platform+" "+c.Code]; !known {
					t.Errorf("%s: %s has no code %q", r.ID, c.Platform, c.Code)
				}
				continue
			}
			if len(literal) > 0 && c.Title != "" && !contains(literal, c.Title) {
				t.Errorf("%s: %s %s: title %q is none of the literal messages %q", r.ID, c.Platform, c.Code, c.Title, literal)
			}
			if c.Platform == "tencent-css" {
				if c.Title == "" {
					t.Errorf("%s: Tencent's %s is only a number and needs its message", r.ID, c.Code)
				}
				for _, other := range numbers[c.Title] {
					if !listed["tencent-css "+other] {
						t.Errorf("%s: the message %q also appears as %s", r.ID, c.Title, other)
					}
				}
			}
		}
	}
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// sample makes a value for an argument.
func sample(a Arg) diag.Arg {
	switch a.Unit {
	case Word:
		return diag.S(a.Name, "some words")
	case YesNo:
		return diag.B(a.Name, true)
	case PerSec, Percent:
		return diag.F(a.Name, 29.97)
	}
	return diag.I(a.Name, 12345)
}

func TestMessagesReadWell(t *testing.T) {
	for _, r := range All() {
		var all diag.Args
		for _, a := range r.Args {
			all = append(all, sample(a))
		}
		// The arguments that stand outside of brackets are always there.
		needed := map[string]bool{}
		for _, text := range []string{r.Message, r.Headline} {
			depth := 0
			for i := 0; i < len(text); i++ {
				switch text[i] {
				case '[':
					depth++
				case ']':
					depth--
				case '{':
					if depth == 0 {
						name, _, _ := plural(text[i+1 : i+strings.IndexByte(text[i:], '}')])
						needed[name] = true
					}
				}
			}
		}
		var few diag.Args
		for _, a := range all {
			if needed[a.Name] {
				few = append(few, a)
			}
		}
		for what, args := range map[string]diag.Args{"all": all, "few": few} {
			f := diag.Finding{Rule: r.ID, Severity: r.Severity, Basis: r.Basis, Count: 1, Args: args}
			if err := Validate(&f); err != nil {
				t.Error(err)
			}
			for _, text := range []string{Message(&f), Headline(&f)} {
				if strings.ContainsAny(text, "{}[]") || strings.Contains(text, "(unknown)") || strings.Contains(text, "  ") {
					t.Errorf("%s with %s arguments: %q", r.ID, what, text)
				}
				if strings.Contains(text, " ,") || strings.Contains(text, " .") || strings.Contains(text, "..") && !strings.Contains(text, "...") {
					t.Errorf("%s with %s arguments: %q", r.ID, what, text)
				}
			}
		}
	}
}

func TestMessage(t *testing.T) {
	f := diag.Finding{Rule: "keyframe-interval", Severity: diag.Error, Basis: diag.Ours, Count: 1, Args: diag.Args{
		diag.I("start_ms", 14200), diag.I("end_ms", 34200), diag.I("interval_ms", 20000), diag.I("limit_ms", 10000),
		diag.I("bytes", 2_500_000), diag.B("open", false),
	}}
	want := "No key frame for 20.0 s from 0:14.2 to 0:34.2; the limit is 10.0 s; 2.50 MB of video since the last key frame."
	if got := Message(&f); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := Headline(&f), "no key frame for 20.0 s at 0:14.2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	Complete(&f, "youtube-live")
	if f.DocURL != "/rules/keyframe-interval" || f.Message != want {
		t.Errorf("Complete: %+v", f)
	}
	if f.Codes[0] != "gopSizeLong" || f.Codes[1] != "gopSizeOver" || f.Codes[2] != "MPE_INGEST_RTMP_TOO_LARGE_UNPROCESSED_FLV" {
		t.Errorf("the platform's own codes do not come first: %q", f.Codes)
	}
	if len(f.Links) != len(f.Codes) || f.Links[2].URL != "/codes/azure-media-services/MPE_INGEST_RTMP_TOO_LARGE_UNPROCESSED_FLV" {
		t.Errorf("links: %+v", f.Links)
	}
	f.Args[5] = diag.B("open", true)
	if got := Message(&f); !strings.Contains(got, "to 0:34.2, and none came after; the limit") {
		t.Errorf("open interval: %s", got)
	}
	if got := Message(&diag.Finding{Rule: "no-such-rule"}); got != "no-such-rule" {
		t.Errorf("unknown rule: %q", got)
	}
}

func TestValidate(t *testing.T) {
	ok := diag.Finding{Rule: "flv-stream-id", Severity: diag.Info, Basis: diag.Documented, Count: 1, Args: diag.Args{diag.I("got", 1)}}
	if err := Validate(&ok); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(f *diag.Finding){
		"unknown rule":   func(f *diag.Finding) { f.Rule = "flv-nonsense" },
		"undeclared":     func(f *diag.Finding) { f.Args = diag.Args{diag.I("wrong", 1)} },
		"twice":          func(f *diag.Finding) { f.Args = append(f.Args, diag.I("got", 2)) },
		"wrong kind":     func(f *diag.Finding) { f.Args = diag.Args{diag.S("got", "1")} },
		"no basis":       func(f *diag.Finding) { f.Basis = "" },
		"no count":       func(f *diag.Finding) { f.Count = 0 },
		"wrong severity": func(f *diag.Finding) { f.Severity = 9 },
	} {
		f := ok
		change(&f)
		if Validate(&f) == nil {
			t.Errorf("%s passes", name)
		}
	}
	order := diag.Finding{Rule: "idle-gap", Basis: diag.Ours, Count: 1, Args: diag.Args{diag.I("end_ms", 2), diag.I("start_ms", 1)}}
	if Validate(&order) == nil {
		t.Error("arguments out of order pass")
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		unit Unit
		arg  diag.Arg
		want string
	}{
		{Millis, diag.I("", 300), "300 ms"},
		{Millis, diag.I("", 0), "0 ms"},
		{Millis, diag.I("", 999), "999 ms"},
		{Millis, diag.F("", 999.7), "1.0 s"},
		{Millis, diag.I("", 20000), "20.0 s"},
		{Millis, diag.I("", 90000), "90.0 s"},
		{Millis, diag.I("", 90001), "1 min 30 s"},
		{Millis, diag.I("", 65000), "65.0 s"},
		{Millis, diag.I("", 125000), "2 min 5 s"},
		{Millis, diag.I("", 18003000), "5 h 0 min 3 s"},
		{Millis, diag.I("", 3599999), "1 h 0 min 0 s"},
		{Millis, diag.I("", -40), "-40 ms"},
		{At, diag.I("", 14230), "0:14.2"},
		{At, diag.I("", 0), "0:00.0"},
		{At, diag.I("", 59999), "0:59.9"},
		{At, diag.I("", 3600000), "1:00:00.0"},
		{At, diag.I("", 18003400), "5:00:03.4"},
		{At, diag.I("", -500), "-0:00.5"},
		{Bytes, diag.I("", 0), "0 bytes"},
		{Bytes, diag.I("", 1), "1 byte"},
		{Bytes, diag.I("", 9999), "9,999 bytes"},
		{Bytes, diag.I("", 64000), "64.0 kB"},
		{Bytes, diag.I("", 1048576), "1.05 MB"},
		{Bytes, diag.I("", 20000000), "20.0 MB"},
		{Bytes, diag.I("", 2200000000), "2.20 GB"},
		{AtByte, diag.I("", 123456), "byte 123,456"},
		{Kbps, diag.F("", 128.4), "128 kb/s"},
		{Kbps, diag.F("", 2500), "2,500 kb/s"},
		{Kbps, diag.I("", 9999), "9,999 kb/s"},
		{Kbps, diag.I("", 12500), "12.5 Mb/s"},
		{Kbps, diag.F("", 1.25), "1.2 kb/s"},
		{PerSec, diag.F("", 29.97), "29.97 fps"},
		{PerSec, diag.F("", 30), "30 fps"},
		{PerSec, diag.F("", 23.976), "23.98 fps"},
		{Hertz, diag.I("", 44100), "44.1 kHz"},
		{Hertz, diag.I("", 48000), "48 kHz"},
		{Hertz, diag.I("", 11025), "11.025 kHz"},
		{Hertz, diag.I("", 800), "800 Hz"},
		{Percent, diag.F("", 4.25), "4.2 %"},
		{Percent, diag.I("", 2), "2 %"},
		{Pixels, diag.I("", 1920), "1920"},
		{Count, diag.I("", 1234567), "1,234,567"},
		{Count, diag.I("", -1234), "-1,234"},
		{Count, diag.F("", 2.4), "2.4"},
		{Count, diag.F("", -0.001), "0"},
		{YesNo, diag.B("", true), "yes"},
		{YesNo, diag.B("", false), "no"},
		{Word, diag.S("", "H.264"), "H.264"},
		{Kbps, diag.F("", nan()), "unknown"},
	} {
		if got := Format(c.unit, c.arg); got != c.want {
			t.Errorf("%s %v: got %q, want %q", c.unit, c.arg, got, c.want)
		}
	}
}

func nan() float64 { z := 0.0; return z / z }

func TestSlug(t *testing.T) {
	for code, want := range map[string]string{
		"18/501":                       "18-501",
		"MPE_INGEST_DISCONTINUITY":     "MPE_INGEST_DISCONTINUITY",
		"NetStream.Publish.BadName":    "NetStream.Publish.BadName",
		"ETIMEDOUT / WSAETIMEDOUT 100": "ETIMEDOUT-WSAETIMEDOUT-100",
		"-2":                           "-2",
	} {
		if got := Slug(code); got != want {
			t.Errorf("Slug(%q) = %q, want %q", code, got, want)
		}
	}
}

// Nothing of the texts may tell a secret's value: no argument of the URL rules
// is named after one.
func TestNoSecretArguments(t *testing.T) {
	for _, r := range All() {
		for _, a := range r.Args {
			for _, word := range []string{"key", "secret", "password", "signature"} {
				if strings.Contains(a.Name, word) {
					t.Errorf("%s: argument %s sounds like a secret", r.ID, a.Name)
				}
			}
		}
	}
}

func TestFilesAreText(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(b, []byte{'\n'}); n > 600 {
			t.Errorf("%s has %d lines", f.Name(), n)
		}
	}
}
