package content

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// must loads what is embedded.
func must(t testing.TB) *Library {
	t.Helper()
	l, err := Load()
	if err != nil {
		t.Fatalf("the knowledge base does not load:\n%v", err)
	}
	return l
}

func TestLoad(t *testing.T) {
	start := time.Now()
	l := must(t)
	took := time.Since(start)
	t.Logf("%d code pages, %d encoders, %d platforms, %d guides in %v", len(l.Codes),
		len(l.Articles(Encoders)), len(l.Articles(PlatformPages)), len(l.Articles(Guides)), took)
	if took > 3*time.Second { // the goal is 150 ms; see BenchmarkLoad
		t.Errorf("loading took %v", took)
	}
	for i, c := range l.Codes {
		if i > 0 && l.Codes[i-1].URL() == c.URL() {
			t.Errorf("%s stands twice", c.URL())
		}
		for _, name := range append([]string{c.Slug, strings.ToLower(c.Slug)}, c.Codes...) {
			if got, ok := l.Code(c.Platform, name); !ok || got != c {
				t.Errorf("Code(%q, %q) is not %s", c.Platform, name, c.URL())
			}
		}
		if c.Summary() == "" {
			t.Errorf("%s: What it means must begin with a paragraph", c.File)
		}
		for _, s := range c.Sections {
			if !strings.Contains(s.HTML(), "<") {
				t.Errorf("%s: section %q renders as %q", c.File, s.Title, s.HTML())
			}
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		must(b)
	}
}

// page is a code page that loads; tests break it in one place.
const page = `---
platform: tencent-css
code: 18/501
codes: [18/501, 18/999]
title: The push URL has expired
numbers: [{errcode: 18, sub_errcode: 501}]
messages:
  - "Reached the expiration time."
aliases: [url expired]
severity: error
who: [account]
stage: publish
status: current
sources:
  - {title: Causes, url: "https://example.com", date: "2024-06-19"}
verification: verified
facts: [tencent-css:0067]
---

## What it means

The time in ` + "`txTime`" + ` has passed.

## How you see it

A record.

## Causes

1. Time.

## Fix

1. A new URL.

## Check that it worked

It runs. See [the fix](#fix).
`

const article = `---
title: Ports
summary: Which ports to open.
sources:
  - {title: RFC, url: "https://example.com", date: undated}
verification: verified
---

## Windows

Text.
`

func mapFS(files map[string]string) fs.FS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func TestErrors(t *testing.T) {
	const name = "codes/tencent-css/18-501.md"
	cases := []struct {
		about    string
		old, new string // one change in the page
		line     int
		reason   string
	}{
		{"unknown key", "stage: publish", "stage: publish\ncolour: red", 13, `unknown key "colour"`},
		{"key twice", "stage: publish", "stage: publish\nstage: end", 13, "stands twice, first in line 12"},
		{"missing key", "severity: error\n", "", 1, "key severity is missing"},
		{"empty value", "stage: publish", "stage:", 12, "is empty"},
		{"bad enum", "severity: error", "severity: fatal", 10, `"fatal" is none of error, warning, info`},
		{"bad enum in list", "who: [account]", "who: [account, god]", 11, `"god" is none of`},
		{"list wanted", "who: [account]", "who: account", 11, "must be a list"},
		{"bad yaml", "who: [account]", "who: [account", 11, "front matter: "},
		{"unknown platform", "platform: tencent-css", "platform: tencent", 2, "is no platform"},
		{"other folder", "platform: tencent-css", "platform: twitch", 2, "in the folder of tencent-css"},
		{"slug", "code: 18/501\ncodes: [18/501, 18/999]", "code: 18/502\ncodes: [18/502]", 3, "must be called 18-502.md"},
		{"codes without the code", "codes: [18/501, ", "codes: [", 4, "the first must be code"},
		{"value twice", "[18/501, 18/999]", "[18/501, 18/501]", 4, "stands twice"},
		{"number", "sub_errcode: 501", "sub_errcode: x", 6, "sub_errcode is not a number"},
		{"title", "has expired", "has expired.", 5, "no full stop"},
		{"source without date", `, date: "2024-06-19"`, "", 15, "must have title, url or path, and date"},
		{"unknown key in a source", "{title: Causes", "{author: me, title: Causes", 15, `unknown key "author" in a source`},
		{"no source", "sources:\n  - {title: Causes, url: \"https://example.com\", date: \"2024-06-19\"}", "sources: []", 14, "at least one source"},
		{"retired without date", "status: current", "status: retired", 13, "status_date is missing"},
		{"shows_as elsewhere", "stage: publish", "stage: publish\nshows_as: both", 13, "azure-media-services only"},
		{"missing section", "## Causes\n\n1. Time.\n\n", "", 19, `section "Causes" is missing`},
		{"empty section", "1. Time.", "", 28, `section "Causes" is empty`},
		{"unknown section", "## Causes", "## Reasons", 28, `unknown section "Reasons"`},
		{"section out of order", "## Fix", "## What it means too", 32, "unknown section"},
		{"heading twice", "1. Time.", "### A\n\nb\n\n### A\n\nc", 34, "stands twice"},
		{"level 1", "1. Time.", "# Time", 30, "level 1"},
		{"level 4", "1. Time.", "#### Time", 30, "level 3"},
		{"text before the first heading", "## What it means", "Hello.\n\n## What it means", 20, "text before the first"},
		{"raw HTML", "A record.", "A record of <stream name> here.", 26, "raw HTML <stream name>"},
		{"raw HTML block", "A record.", "<div>x</div>", 26, "raw HTML"},
		{"image", "A record.", "![x](/y.png)", 26, "images"},
		{"dead related", "facts: [", "related: [tencent-css/1/2]\nfacts: [", 17, "no page for tencent-css/1/2"},
		{"related to itself", "facts: [", "related: [tencent-css/18/999]\nfacts: [", 17, "is this page itself"},
		{"related to no platform", "facts: [", "related: [nowhere/1]\nfacts: [", 17, "is not platform/code"},
		{"same_as on one platform", "facts: [", "same_as: [tencent-css/0/0]\nfacts: [", 17, "same_as is for other platforms"},
		{"dead rule", "facts: [", "rules:\n  - no-such-rule\nfacts: [", 18, `no rule "no-such-rule"`},
		{"dead setting", "facts: [", "settings: [colour]\nfacts: [", 17, `"colour" is none of`},
		{"dead link to a code", "A record.", "A [record](/codes/tencent-css/9-9).", 26, "dead link /codes/tencent-css/9-9"},
		{"dead link to a rule", "A record.", "A [record](/rules/nope).", 26, "dead link /rules/nope"},
		{"dead link to a guide", "A record.", "A\n[record](/guides/nope).", 27, "dead link /guides/nope"},
		{"dead anchor elsewhere", "A record.", "A [record](/guides/ports#linux).", 26, "no such heading"},
		{"dead anchor here", "A record.", "A [record](#nope).", 26, "no such heading on this page"},
		{"relative link", "A record.", "A [record](18-502.md).", 26, "from the root"},
		{"unknown address", "A record.", "A [record](/nowhere/x).", 26, "no page has that address"},
		{"alias is a code of another page", "[url expired]", "[0/0]", 9, `"0/0" is a name of content/codes/tencent-css/0-0.md too`},
		{"alias twice", "[url expired]", "[unknown cause]", 9, "is a name of"},
		{"code twice", "[18/501, 18/999]", "[18/501, 0/0]", 4, "is a name of"},
		{"fact twice", "[tencent-css:0067]", "[tencent-css:0027]", 17, "is covered by content/codes/tencent-css/0-0.md too"},
		{"no front matter", "---\nplatform", "platform", 1, "no front matter"},
		{"CR LF", "title: The push URL has expired\n", "title: The push URL has expired\r\n", 1, "CR LF"},
	}
	other := strings.NewReplacer("18/501, 18/999", "0/0", "18/501", "0/0", "url expired", "unknown cause", "tencent-css:0067", "tencent-css:0027").Replace(page)
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			if strings.Count(page, c.old) != 1 {
				t.Fatalf("%q stands %d times in the page", c.old, strings.Count(page, c.old))
			}
			_, err := load(mapFS(map[string]string{
				name:                        strings.Replace(page, c.old, c.new, 1),
				"codes/tencent-css/0-0.md":  other,
				"guides/ports.md":           article,
				"codes/tencent-css/_no.md":  "not a page",
				"codes/tencent-css/img.png": "not a page",
			}))
			found := false
			for _, e := range all(err) {
				found = found || e.File == "content/"+name && e.Line == c.line && strings.Contains(e.Reason, c.reason)
			}
			if !found {
				t.Errorf("want content/%s:%d: ...%s..., got:\n%v", name, c.line, c.reason, err)
			}
		})
	}
}

func all(err error) []*Error {
	joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // errors.Join's own form
	if !ok {
		return nil
	}
	var list []*Error
	for _, err := range joined.Unwrap() {
		var e *Error
		if errors.As(err, &e) {
			list = append(list, e)
		}
	}
	return list
}

func TestArticleErrors(t *testing.T) {
	cases := []struct {
		file, old, new string
		line           int
		reason         string
	}{
		{"guides/ports.md", "summary: Which ports to open.\n", "", 1, "key summary is missing"},
		{"guides/ports.md", "title: Ports", "title: Ports\ncode: x", 3, `unknown key "code"`},
		{"guides/ports.md", "title: Ports", "title: Ports\nprofiles: [nope]", 3, `"nope" is none of`},
		{"guides/ports.md", "title: Ports", "title: Ports\norder: x", 3, "whole number"},
		{"guides/ports.md", "## Windows\n\nText.\n", "", 8, "no ## section"},
		{"guides/Ports.md", "", "", 1, "small letters"},
		{"guides/a/ports.md", "", "", 1, "wrong place"},
		{"platforms/x.md", "", "", 1, "key status is missing"},
		{"platforms/x.md", "title: Ports", "title: Ports\nplatform: twitch\nstatus: retired\nstatus_date: 2024-06-30", 4, "where should the reader go"},
		{"encoders/x.md", "", "", 8, `section "Key frame interval" is missing`},
	}
	for _, c := range cases {
		_, err := load(mapFS(map[string]string{c.file: strings.Replace(article, c.old, c.new, 1)}))
		found := false
		for _, e := range all(err) {
			found = found || e.File == "content/"+c.file && e.Line == c.line && strings.Contains(e.Reason, c.reason)
		}
		if !found {
			t.Errorf("want content/%s:%d: ...%s..., got:\n%v", c.file, c.line, c.reason, err)
		}
	}
}

// TestTemplates: what writers start from is right by the rules it explains.
func TestTemplates(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	other := strings.Replace(strings.Replace(page, "18/501, 18/999", "18/503", 1), "18/501", "18/503", 1)
	proto := strings.NewReplacer("tencent-css\n", "rtmp-protocol\n", "codes: [18/501, 18/999]\n", "", "18/501", "NetStream.Publish.BadName", "0067", "1").Replace(page)
	l, err := load(mapFS(map[string]string{
		"codes/tencent-css/18-999.md":                      strings.Replace(read("codes/_template.md"), "rules: [keyframe-interval]", "", 1),
		"codes/tencent-css/18-503.md":                      other,
		"codes/rtmp-protocol/NetStream.Publish.BadName.md": proto,
		"encoders/x.md":                                    read("encoders/_template.md"),
		"platforms/x.md":                                   read("platforms/_template.md"),
		"guides/x.md":                                      read("guides/_template.md"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	// A link made on one side is there on both.
	c, _ := l.Code("rtmp-protocol", "NetStream.Publish.BadName")
	if len(c.SameAs) != 1 || c.SameAs[0].Code != "18/999" {
		t.Errorf("same_as does not lead back: %v", c.SameAs)
	}
	if s := c.Section("Fix"); s == nil || s.Text != "A new URL." {
		t.Errorf("Section(Fix) = %+v", s)
	}
}

func TestLookup(t *testing.T) {
	two := strings.NewReplacer("tencent-css\n", "twitch\n", "18/501, 18/999", "A_B.c-d, 100", "18/501", "A_B.c-d", "0067", "1").Replace(page)
	l, err := load(mapFS(map[string]string{"codes/tencent-css/18-501.md": page, "codes/twitch/A_B.c-d.md": two}))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []struct {
		platform, code string
		want           string
	}{
		{"tencent-css", "18/501", "18/501"},
		{"Tencent-CSS ", " 18-501", "18/501"},
		{"tencent-css", "18_501", ""},
		{"tencent-css", "18501", ""},
		{"tencent-css", "18/999", "18/501"},
		{"tencent-css", "URL Expired", "18/501"},
		{"twitch", "ab.cd", "A_B.c-d"},
		{"twitch", "A-B.C-D", "A_B.c-d"},
		{"twitch", "18/501", ""},
		{"nowhere", "18/501", ""},
		{"", "", ""},
	} {
		c, ok := l.Code(q.platform, q.code)
		if ok != (q.want != "") || ok && c.Code != q.want {
			t.Errorf("Code(%q, %q) = %v, want %q", q.platform, q.code, c, q.want)
		}
	}
	if got := l.Anywhere("url-EXPIRED"); len(got) != 2 || got[0].Platform != "tencent-css" {
		t.Errorf("Anywhere: %v", got)
	}
	if got := l.Platforms(); len(got) != 2 || got[1] != "twitch" {
		t.Errorf("Platforms: %v", got)
	}
	if len(l.ByPlatform("twitch")) != 1 || l.ByPlatform("srs") != nil {
		t.Error("ByPlatform")
	}
}

func TestSlugAndFold(t *testing.T) {
	for code, want := range map[string][2]string{
		"18/501":                {"18-501", "18-501"},
		"(unknown error codes)": {"-unknown-error-codes-", "unknownerrorcodes"},
		"MPE_BAD_URL_SYNTAX":    {"MPE_BAD_URL_SYNTAX", "mpebadurlsyntax"},
		"mpe-bad-url-syntax":    {"mpe-bad-url-syntax", "mpebadurlsyntax"},
		"321:14":                {"321-14", "321-14"},
		"Stream End":            {"Stream-End", "streamend"},
		"a // b":                {"a-b", "ab"},
		"":                      {"", ""},
		"___":                   {"___", ""},
	} {
		if got := Slug(code); got != want[0] {
			t.Errorf("Slug(%q) = %q, want %q", code, got, want[0])
		}
		if got := Fold(code); got != want[1] {
			t.Errorf("Fold(%q) = %q, want %q", code, got, want[1])
		}
	}
}

func TestNatural(t *testing.T) {
	order := []string{"", "0/0", "2/0", "10/0", "18/99", "18/100", "321:1", "321:12", "a", "a1", "a02", "b"}
	for i := range order {
		for j := range order {
			if got := natural(order[i], order[j]); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("natural(%q, %q) = %d", order[i], order[j], got)
			}
		}
	}
}

func TestHTML(t *testing.T) {
	text := strings.Replace(page, "A record.", "`MPE_BAD_<x>` and\n\n    code <b>\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n", 1)
	l, err := load(mapFS(map[string]string{"codes/tencent-css/18-501.md": text}))
	if err != nil {
		t.Fatal(err)
	}
	html := l.Codes[0].Section("How you see it").HTML()
	for _, want := range []string{
		"<code>MPE_<wbr>BAD_<wbr>&lt;x&gt;</code>", `<pre tabindex="0"><code>code &lt;b&gt;`,
		`<div class="table-scroll" tabindex="0"><table>`, "<td", "</table></div>",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q in\n%s", want, html)
		}
	}
	if plain := l.Codes[0].Section("How you see it").Text; plain != "MPE_BAD_<x> and code <b> a b 1 2" {
		t.Errorf("plain text %q", plain)
	}
}
