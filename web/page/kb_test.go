package page

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"ingestdoctor/content"
	"ingestdoctor/wasm/rules"
)

// Every code page shows all that its file says.
func TestCode(t *testing.T) {
	s := site()
	for _, c := range s.Library.Codes {
		t.Run(c.Platform+"/"+c.Slug, func(t *testing.T) {
			d := parse(t, c.URL(), s.Code(c, ""))
			d.sound()
			d.says("h1", strings.Join(strings.Fields(c.Title), " "))
			d.one("link[rel=canonical][href=https://doctor.example.com" + c.URL() + "]")
			for _, code := range c.Codes {
				if realCode(code) {
					found := false
					for _, n := range d.all("main .kb-code [data-copy]") {
						found = found || attr(n, "data-copy") == code
					}
					if !found {
						d.errorf("no copy button for %s", code)
					}
				}
			}
			var shown []string
			for _, n := range d.all("main .kb-messages [data-copy]") {
				shown = append(shown, attr(n, "data-copy"))
			}
			if !slices.Equal(shown, c.Messages) {
				d.errorf("copies %q, want %q", shown, c.Messages)
			}
			var heads []string
			for _, n := range d.all("main article h2") {
				heads = append(heads, words(n))
			}
			for _, sec := range c.Sections {
				if !slices.Contains(heads, sec.Title) {
					d.errorf("no section %s", sec.Title)
				}
			}
			d.says("main .kb-chips", severityWord(codeSeverity(c)))
			d.says("main .kb-chips", whoText(c))
			d.says("main .kb-chips", stageWord[c.Stage])
			if c.Status == "current" {
				d.lacks("main .callout--warning")
			} else {
				d.says("main .callout--warning", statusSince(&c.Page))
			}
			if !c.Verified() {
				d.says("main .callout", strings.Join(strings.Fields(c.Verification), " "))
			}
			if c.ShowsAs != "" {
				d.says("main article p", showsWord[c.ShowsAs])
			}
			for _, id := range c.Rules {
				d.says("main aside a[href="+RulePath(id)+"]", "")
			}
			for _, o := range slices.Concat(c.Related, c.SameAs) {
				d.says("main aside a[href="+o.URL()+"]", "")
			}
			for _, src := range c.Sources {
				d.says("main .kb-sources li", strings.Join(strings.Fields(src.Title), " "))
				d.says("main .kb-sources li", sourceDate(src))
			}
			if _, inFile := rulesOf(c); inFile && len(d.all("main aside a.btn--primary")) != 1 {
				d.errorf("no way to the check of a recording")
			}
			var ld struct {
				Graph []map[string]any `json:"@graph"`
			}
			if err := json.Unmarshal([]byte(words(d.one("script[type=application/ld+json]"))), &ld); err != nil || len(ld.Graph) != 2 {
				d.errorf("structured data: %v", err)
			}
		})
	}
}

// A rule's page leads to every code that it may show as, and the page of the
// code leads back.
func TestBothWays(t *testing.T) {
	s := site()
	n := 0
	for _, r := range rules.All() {
		d := parse(t, r.ID, s.Rule(r))
		for _, c := range r.Codes {
			p, ok := s.Library.Code(c.Platform, c.Code)
			if !ok {
				t.Errorf("%s: there is no page for %s/%s", r.ID, c.Platform, c.Code)
				continue
			}
			n++
			if !slices.Contains(p.Rules, r.ID) {
				t.Errorf("%s does not name the rule %s, which names it", p.URL(), r.ID)
			}
			d.says("main .code-list a[href="+p.URL()+"]", "")
		}
		for _, p := range s.Library.ByRule(r.ID) {
			d.says("main .code-list a[href="+p.URL()+"]", "")
		}
	}
	if n < 50 {
		t.Errorf("%d links from rules to codes", n)
	}
}

// The reader's encoder: its own sections inside the page of the code.
func TestEncoderBox(t *testing.T) {
	s := site()
	if len(s.encoders()) == 0 {
		t.Fatal("there is no encoder")
	}
	c, _ := s.Library.Code("azure-media-services", "MPE_INGEST_RTMP_TOO_LARGE_UNPROCESSED_FLV")
	d := parse(t, "no choice", s.Code(c, ""))
	if n := len(d.all("main .kb-encoder option")); n != len(s.encoders())+1 {
		t.Errorf("%d choices", n)
	}
	d.says("main .kb-encoder", "Choose your encoder")
	for _, e := range s.encoders() {
		d := parse(t, e.Slug, s.Code(c, e.Slug))
		d.sound()
		d.one("main .kb-encoder option[value=" + e.Slug + "][selected]")
		for _, st := range c.Settings {
			d.says("main .kb-encoder h4", st.Heading)
			if first := e.Section(st.Heading).First; first != "" {
				d.says("main .kb-encoder", strings.Join(strings.Fields(first), " "))
			}
		}
		d.one("main .kb-encoder a[href=" + e.URL() + "]")
	}
	parse(t, "unknown", s.Code(c, "nobody")).says("main .kb-encoder", "Choose your encoder")
}

func TestCodes(t *testing.T) {
	s := site()
	d := parse(t, "all", s.Codes(Facets{}))
	d.sound()
	for _, c := range s.Library.Codes {
		d.says("main .rule-list a[href="+c.URL()+"]", "")
	}
	f := Facets{Platform: "srs", Severity: "error"}
	d = parse(t, "narrowed", s.Codes(f))
	d.sound()
	want := 0
	for _, c := range s.Library.ByPlatform("srs") {
		if c.Severity == "error" {
			want++
		}
	}
	if n := len(d.all("main .rule-list li")); n != want || n == 0 {
		t.Errorf("%d codes, want %d", n, want)
	}
	d.one("main select#facet-platform option[value=srs][selected]")
	d.one("meta[name=robots][content=noindex]")
	d = parse(t, "none", s.Codes(Facets{Platform: "srs", Stage: "nowhere"}))
	d.says("main", "No code fits")
}

func TestArticles(t *testing.T) {
	s := site()
	for _, kind := range []content.Kind{content.PlatformPages, content.Encoders, content.Guides} {
		d := parse(t, string(kind), s.Articles(kind))
		d.sound()
		for _, a := range s.Library.Articles(kind) {
			d.one("main a[href=" + a.URL() + "]")
			d := parse(t, a.URL(), s.Article(a))
			d.sound()
			d.says("h1", strings.Join(strings.Fields(a.Title), " "))
			for _, p := range profilesOf(a) {
				if kind == content.PlatformPages {
					d.says("main a[href="+ProfilePath(p.ID)+"]", "Every limit with its source")
					for _, l := range limitsBy(p, false) {
						d.says("main dd", strings.Join(strings.Fields(l.Text), " "))
					}
				}
			}
			if a.Instead != "" {
				d.says("main .callout--warning", strings.Join(strings.Fields(a.Instead), " "))
			}
		}
	}
}

func TestFoundPages(t *testing.T) {
	s := site()
	c, _ := s.Library.Code("tencent-css", "18/501")
	d := parse(t, "found", s.Search(Found{Query: "18/501", Codes: []CodeHit{{c, "18/501", "Reached the expiration time."}}, Articles: s.Library.Articles(content.PlatformPages)[:1]}))
	d.sound()
	d.says("main .hits a", c.Title)
	d.says("main .hits code", "Reached the expiration time.")
	parse(t, "nothing", s.Search(Found{Query: "zzzzzz"})).says("main", "What helps")
	d = parse(t, "choice", s.Choice("x", s.Library.Codes[:2]))
	d.sound()
	if n := len(d.all("main .hits li")); n != 2 {
		t.Errorf("%d choices", n)
	}
	d = parse(t, "no code", s.NoCode("<b>", []CodeHit{{c, "", ""}}))
	d.sound()
	d.says("main", "<b>")
}
