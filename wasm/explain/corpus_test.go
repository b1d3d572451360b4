package explain

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// paste is one text of the corpus and what must be found in it: these codes and
// no others, these rules above info and no others.
type paste struct {
	name  string
	text  []byte
	codes []string // platform/code with _ for blanks, platform/#slug of a page without a code
	rules []string // beside log-code
	kinds []string
}

// corpus reads testdata/corpus.tsv: file, codes, rules, kinds.
func corpus(t testing.TB) (list []paste) {
	t.Helper()
	table, err := os.ReadFile("testdata/corpus.tsv")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for line := range strings.Lines(string(table)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 4 {
			t.Fatalf("corpus.tsv: %q", line)
		}
		text, err := os.ReadFile("testdata/corpus/" + f[0])
		if err != nil {
			t.Fatal(err)
		}
		named[f[0]] = true
		list = append(list, paste{f[0], text, strings.Fields(f[1]), strings.Fields(f[2]), strings.Fields(f[3])})
	}
	files, _ := filepath.Glob("testdata/corpus/*")
	for _, f := range files {
		if !named[filepath.Base(f)] {
			t.Errorf("%s is not in corpus.tsv", f)
		}
	}
	return list
}

// secrets stand in the pastes of the corpus and in nothing that comes out.
var secrets = []string{
	"Zq8Kp3LmN7", "0123456789abcdef0123456789abcdef", "Rm7XkQ2vTb", "c0ffee11c0ffee22c0ffee33c0ffee44", "ca3e25e5dc17a6f9909a9ae7281e300d",
	"QxT7rPw2LkV9sYd4", "SuperSecretKey1", "wxyz-1234-abcd-5678-efgh", "a1b2c3d4-e5f6-7890-abcd-ef0011223344",
}

func explained(text []byte, chunk int) *Report {
	e := New(Options{Size: int64(len(text)), Tell: rules.Tell, Tool: diag.Tool{Name: "ingestdoctor", Version: "test", RuleSet: rules.RuleSet}})
	for len(text) > 0 {
		n := min(len(text), chunk)
		_, _ = e.Write(text[:n])
		text = text[n:]
	}
	return e.Close(diag.StateComplete, "")
}

// found lists codes and rules as corpus.tsv writes them.
func found(r *Report) (codes, above []string) {
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Rule != "log-code" {
			if f.Severity > diag.Info && !slices.Contains(above, f.Rule) {
				above = append(above, f.Rule)
			}
			continue
		}
		l := f.Links[0]
		name := l.Platform + "/" + strings.ReplaceAll(l.Code, " ", "_")
		if l.Code == "" {
			name = l.Platform + "/#" + l.URL[strings.LastIndexByte(l.URL, '/')+1:]
		}
		codes = append(codes, name)
	}
	slices.Sort(codes)
	slices.Sort(above)
	return codes, above
}

func TestCorpus(t *testing.T) {
	list := corpus(t)
	if len(list) < 80 {
		t.Fatalf("%d pastes", len(list))
	}
	for _, p := range list {
		t.Run(p.name, func(t *testing.T) {
			r := explained(p.text, 1<<20)
			codes, above := found(r)
			slices.Sort(p.codes)
			slices.Sort(p.rules)
			if !slices.Equal(codes, p.codes) {
				t.Errorf("codes\n got %v\nwant %v", codes, p.codes)
			}
			if !slices.Equal(above, p.rules) {
				t.Errorf("rules\n got %v\nwant %v", above, p.rules)
			}
			var kinds []string
			for _, k := range r.Paste.Kinds {
				kinds = append(kinds, k.ID)
			}
			if !slices.Equal(kinds, p.kinds) {
				t.Errorf("kinds\n got %v\nwant %v", kinds, p.kinds)
			}
			lines := int(r.Paste.Lines)
			for i := range r.Findings {
				f := &r.Findings[i]
				if err := rules.Validate(f); err != nil {
					t.Error(err)
				}
				if f.Lines == nil || f.First < 1 || f.Final < f.First || f.Final > max(lines, 1) {
					t.Errorf("%s at lines %+v of %d", f.Rule, f.Lines, lines)
				}
			}
			for i := range r.Entries {
				if e := &r.Entries[i]; e.First < 1 || e.Final < e.First || e.Final > lines || e.Source == "" || e.Level == "" || len(e.Text) > maxExcerpt+8 {
					t.Errorf("entry %+v", e)
				}
			}
		})
	}
}

// Nothing that comes out holds a secret: not the report, not the paste drawn.
func TestNoSecretComesOut(t *testing.T) {
	for _, p := range corpus(t) {
		e := New(Options{Size: int64(len(p.text)), Tell: rules.Tell})
		_, _ = e.Write(p.text)
		r := e.Close(diag.StateComplete, "")
		plain := string(p.text)
		outs := map[string]string{"report": string(r.JSON()), "mask": e.Mask(plain), "mask alone": Mask(plain)}
		for what, out := range outs {
			for _, s := range secrets {
				if strings.Contains(out, s) {
					i := strings.Index(out, s)
					t.Errorf("%s: %s in the %s: %s", p.name, s, what, out[max(0, i-60):min(len(out), i+60)])
				}
			}
		}
		if a, b := strings.Count(outs["mask"], "\n"), strings.Count(plain, "\n"); a != b {
			t.Errorf("%s: %d lines masked, %d lines", p.name, a, b)
		}
	}
}

// The report is the same to the last byte for any chunking.
func TestChunking(t *testing.T) {
	for _, p := range corpus(t) {
		want := explained(p.text, 1<<30).JSON()
		for _, chunk := range []int{1, 2, 3, 7, 64, 1000} {
			if got := explained(p.text, chunk).JSON(); !bytes.Equal(got, want) {
				t.Errorf("%s in chunks of %d:\n got %s\nwant %s", p.name, chunk, got, want)
			}
		}
	}
}

// Ordinary logs of streams that went well: nothing above info.
func TestHealthyLogs(t *testing.T) {
	files, _ := filepath.Glob("testdata/healthy/*")
	lines := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(text, []byte("\n"))
		for _, id := range []string{"", "generic"} {
			o := Options{Size: int64(len(text)), Tell: rules.Tell}
			if id != "" {
				o.Profile, _ = profile.ByID(id)
			}
			r := Explain(string(text), o)
			for i := range r.Findings {
				if f := &r.Findings[i]; f.Severity > diag.Info {
					t.Errorf("%s, line %d: %s: %s", name, f.First, f.Rule, f.Message)
				}
			}
			if len(r.Paste.Kinds) == 0 {
				t.Errorf("%s: nothing recognised", name)
			}
		}
	}
	if lines < 2000 {
		t.Errorf("%d lines of healthy logs", lines)
	}
}

// The codes that messages stand for are codes of their page.
func TestMessageCodes(t *testing.T) {
	tab := knowledgeTable()
	for i := range messageCodes {
		m := &messageCodes[i]
		c := tab.byKey[m.platform+"/"+m.code]
		used := false
		for k := range tab.templates {
			used = used || c != nil && tab.templates[k].code == c && tab.templates[k].exact == m.code
		}
		if !used {
			t.Errorf("%s: no message of %s holds %q", m.platform, m.code, m.part)
		}
	}
}
