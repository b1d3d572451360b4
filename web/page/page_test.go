package page

import (
	"strings"
	"sync"
	"testing"

	"ingestdoctor/content"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

var library = sync.OnceValue(func() *content.Library {
	l, err := content.Load()
	if err != nil {
		panic(err)
	}
	return l
})

func site() *Site {
	return &Site{Asset: func(name string) string { return "/assets/" + name }, Origin: "https://doctor.example.com", Version: "v1", Library: library()}
}

func TestHome(t *testing.T) {
	d := parse(t, "/", site().Home())
	d.sound()
	d.says("h1", "Why does my live stream not get in?")
	// one box, and the doors
	d.one("main form[action=/search][method=get] input[name=q]")
	for _, path := range []string{"/check/file", "/check/url", "/check/reach", "/check/log"} {
		d.one("main a[href=" + path + "]")
	}
	d.says("main", "0 bytes uploaded")
	d.one("link[rel=canonical][href=https://doctor.example.com/]")
	for _, p := range profile.All() {
		d.one("main a[href=" + ProfilePath(p.ID) + "]")
	}
	// an example that the profile named in it does not bear out would be a lie
	p, ok := profile.ByID("facebook")
	if !ok {
		t.Fatal("no profile facebook")
	}
	if sev, limit, basis := p.KeyframeMS.Judge(20_000); sev != diag.Error || limit != 4000 || basis != diag.Documented {
		t.Errorf("the example says Facebook refuses 20 s over a limit of 4 s; its profile says %v over %v, %v", sev, limit, basis)
	}
}

func TestPrivacy(t *testing.T) {
	d := parse(t, "/privacy", site().Privacy())
	d.sound()
	d.says("main", "connect-src 'none'")
}

func TestRules(t *testing.T) {
	d := parse(t, "/rules", site().Rules())
	d.sound()
	if len(rules.All()) == 0 {
		t.Fatal("there are no rules")
	}
	for _, r := range rules.All() {
		d.one("main a[href=" + RulePath(r.ID) + "]")
	}
	for _, f := range rules.Families() {
		if len(ofFamily(f)) > 0 {
			d.says("main h2#"+anchor(f), string(f))
		}
	}
	d.one(`header a[href=/rules][aria-current=page]`)
}

// Every rule has a page that says all there is to say.
func TestRule(t *testing.T) {
	for _, r := range rules.All() {
		t.Run(r.ID, func(t *testing.T) {
			d := parse(t, r.ID, site().Rule(r))
			d.sound()
			d.says("h1", r.Title)
			d.says("main .sev", severityWord(r.Severity))
			d.one("main article .sev--" + r.Severity.String() + " svg use")
			d.says("main article p", strings.Join(strings.Fields(r.Why), " "))
			d.says("main article p", strings.Join(strings.Fields(r.Fix), " "))
			d.one("main [data-copy=" + r.ID + "]")
			for _, a := range r.Args {
				d.says("main table th", a.Name)
			}
			for _, src := range r.Sources {
				d.says("main article li", src.Title)
				if src.URL != "" && len(d.all("main a[href="+src.URL+"]")) == 0 {
					d.errorf("no link to %s", src.URL)
				}
			}
			for _, c := range r.Codes {
				if hasCode(c) {
					d.says("main .code-list code", c.Code)
				} else {
					d.says("main .code-list li", c.Title)
				}
			}
			for _, g := range gradedBy(r) {
				d.says("main table td", severityWord(g.severity))
			}
			if t, ok := toolOf(r); ok {
				d.one("main aside a[href=" + t.path + "]")
			}
			message := words(d.one("main .message"))
			if strings.ContainsAny(message, "{}[]") || message == "" {
				d.errorf("the message shows its own syntax: %q", message)
			}
		})
	}
}

func TestProfiles(t *testing.T) {
	d := parse(t, "/profiles", site().Profiles())
	d.sound()
	for _, p := range profile.All() {
		d.one("main a[href=" + ProfilePath(p.ID) + "]")
	}
	if len(profile.All()) < 11 {
		t.Errorf("%d profiles", len(profile.All()))
	}
}

// Every profile's page shows each of its limits with basis, source and day.
func TestProfile(t *testing.T) {
	for _, p := range profile.All() {
		t.Run(p.ID, func(t *testing.T) {
			d := parse(t, p.ID, site().Profile(p))
			d.sound()
			d.says("h1", p.Name)
			d.one("main a[href=/check/file?profile=" + p.ID + "]")
			shown := 0
			for _, l := range limits(p) {
				if !isLimit(l) {
					continue
				}
				shown++
				d.says("main .limits th", l.Title)
				d.says("main .limits td", l.Text)
				d.says("main .limits .tag", limitBasis(l))
				if !ourOwn(l) {
					d.says("main .limits td", l.Source)
					d.says("main .limits td", day(l.Checked))
				}
			}
			if shown == 0 {
				d.errorf("no limits")
			}
			for _, o := range p.Overrides {
				r, ok := rules.ByID(o.Rule)
				if !ok {
					d.errorf("grades %s, which is no rule", o.Rule)
					continue
				}
				d.says("main table th a", r.Title)
			}
			if p.Retired != "" {
				d.says("main .callout--warning", day(p.Retired))
			} else {
				d.lacks("main .callout--warning")
			}
		})
	}
}

func TestSearch(t *testing.T) {
	d := parse(t, "/search", site().Search(Found{}))
	d.sound()
	d.one("meta[name=robots][content=noindex]")
	d.lacks("main .rule-list")

	hostile := `"><script>alert(1)</script>`
	d = parse(t, "nothing found", site().Search(Found{Query: hostile}))
	d.sound()
	d.says("main", hostile)
	if got := attr(d.one("main input[name=q]"), "value"); got != hostile {
		t.Errorf("the box holds %q", got)
	}
	d = parse(t, "found", site().Search(Found{Query: "key", Rules: rules.All()[:2]}))
	d.sound()
	d.says("main", "2 other pages for key")
	if n := len(d.all("main .rule-list li")); n != 2 {
		t.Errorf("%d results", n)
	}
}

func TestError(t *testing.T) {
	d := parse(t, "404", site().Error(Problem{Status: 404, Title: "There is no such page", Text: "The address may be mistyped.", RequestID: "abc-123"}))
	d.sound()
	d.says("h1", "There is no such page")
	d.says("main", "abc-123")
	d.one("meta[name=robots][content=noindex]")
	d.lacks("link[rel=canonical]")
}

// The tool pages get the same header and footer, each as one element.
func TestShell(t *testing.T) {
	s := site()
	for name, text := range map[string]string{"header": s.Header("/check/file"), "footer": s.Footer()} {
		d := parseString(t, name, text)
		d.wellFormed()
		n := 0
		for c := range d.one("body").ChildNodes() {
			_ = c
			n++
		}
		if n != 1 {
			t.Errorf("the %s has %d roots", name, n)
		}
		d.one(name)
	}
	d := parseString(t, "header", s.Header("/check/file"))
	d.one("nav a[href=/check/file][aria-current=page]")
	d.one("a.skip-link[href=#main]")
	d.one("input[data-search][name=q]")
	d.one("button[data-theme-switch]")
}

func TestWords(t *testing.T) {
	for in, want := range map[string]string{
		"2022-09-19": "19 September 2022", "2026-04": "April 2026", "2026": "2026", "": "", "2026-13-01": "2026-13-01", "soon": "soon", "2020-01-0x": "2020-01-0x",
	} {
		if got := day(in); got != want {
			t.Errorf("day(%q) = %q, want %q", in, got, want)
		}
	}
	if got, want := codeHTML("A_B<c>/d"), "<code>A_<wbr>B&lt;c&gt;/<wbr>d</code>"; got != want {
		t.Errorf("codeHTML: %s, want %s", got, want)
	}
	if got := codeHTML("A_"); got != "<code>A_</code>" {
		t.Errorf("codeHTML: %s", got)
	}
	r := &rules.Rule{Message: "No key frame for {interval_ms}[, the limit is {limit_ms}][{open?}, open]. <b>"}
	want := `No key frame for <span class="slot">interval</span><span class="optional">, the limit is <span class="slot">limit</span></span><span class="optional">, open</span>. &lt;b&gt;`
	if got := messageHTML(r); got != want {
		t.Errorf("messageHTML:\n%s\nwant\n%s", got, want)
	}
	if got := firstSentence("One thing. Another."); got != "One thing." {
		t.Errorf("firstSentence: %q", got)
	}
	// every unit that a rule uses has a word
	for _, r := range rules.All() {
		for _, a := range r.Args {
			switch w := unitWord(a.Unit); {
			case a.Unit == rules.Word, a.Unit == rules.Bytes, a.Unit == rules.Percent:
			case w == string(a.Unit):
				t.Errorf("%s: the unit %q of %s has no word", r.ID, a.Unit, a.Name)
			}
		}
		for _, c := range r.Codes {
			if _, ok := platforms[c.Platform]; !ok {
				t.Errorf("%s: the platform %q has no name", r.ID, c.Platform)
			}
		}
	}
}
