package page

import (
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"ingestdoctor/content"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// EmbedLanguages are the values of lang that embedded pages know. The portal
// speaks English; a site may say so, and what it says otherwise is left out.
var EmbedLanguages = map[string]bool{"en": true}

// Frame is how an embedded page is to look and whom it may speak to. Its values
// are checked: they stand in attributes and addresses.
type Frame struct {
	Theme  string // light or dark; empty for what the reader's system asks
	Accent string // six digits, lower case; empty for ours
	Lang   string // one of EmbedLanguages; empty for English
	Parent string // origin of the page around it, empty where none was declared or allowed
	Query  string // of the embedded search: what is looked for, or what led here
}

// Path is the address of the embedded form of a page of ours, with the looks.
func (f Frame) Path(path string) string { return f.PathWith(path, "q", f.Query) }

// PathWith is Path with one more parameter in place of the query.
func (f Frame) PathWith(path, name, value string) string {
	q := url.Values{}
	for k, v := range map[string]string{"theme": f.Theme, "accent": f.Accent, "lang": f.Lang, "origin": f.Parent, name: value} {
		if v != "" {
			q.Set(k, v)
		}
	}
	out := (&url.URL{Path: "/embed" + path}).EscapedPath()
	if len(q) > 0 {
		out += "?" + q.Encode()
	}
	return out
}

// hidden are the looks as the fields of a form.
func (f Frame) hidden() [][2]string {
	var list [][2]string
	for _, field := range [][2]string{{"theme", f.Theme}, {"accent", f.Accent}, {"lang", f.Lang}, {"origin", f.Parent}} {
		if field[1] != "" {
			list = append(list, field)
		}
	}
	return list
}

// Embedded is what stands in a frame.
type Embedded struct {
	title  string
	full   string // the portal's own page of it
	open   string // what its link says
	oembed bool   // can be asked for at /oembed
	script string // asset beside frame.js, empty for none
	body   templ.Component
}

// CodeTitle is the title of a code's page, with the code where it has one.
func CodeTitle(c *content.Code) string { return codeView(c).title }

// EmbedCode is a code's page for other sites: what it means and the fix, the
// rest folded away.
func (s *Site) EmbedCode(f Frame, c *content.Code) Embedded {
	return Embedded{title: CodeTitle(c), full: c.URL(), open: "Open the full page", oembed: true, body: s.embedCode(f, c)}
}

// EmbedChoice lists the pages that share a code.
func (s *Site) EmbedChoice(f Frame, code string, list []*content.Code) Embedded {
	return Embedded{title: code + ": which one?", full: "/e/" + url.PathEscape(code), open: "Open in " + Name, body: s.embedChoice(f, code, choices(list))}
}

// EmbedNoCode says that a code is not known, and what is near it.
func (s *Site) EmbedNoCode(f Frame, code string, near []CodeHit) Embedded {
	return Embedded{title: "This code is not known here", full: "/search?q=" + url.QueryEscape(code), open: "Search in " + Name, body: s.embedNoCode(f, code, near)}
}

// EmbedRule is a rule's page for other sites.
func (s *Site) EmbedRule(f Frame, r *rules.Rule) Embedded {
	return Embedded{title: r.Title, full: RulePath(r.ID), open: "Open the full page", oembed: true, body: s.embedRule(f, r)}
}

// EmbedNoRule says that there is no such rule.
func (s *Site) EmbedNoRule(id string) Embedded {
	return Embedded{title: "There is no such rule", full: "/rules", open: "All rules", body: s.embedNoRule(id)}
}

// EmbedSearch is the search with what it found.
func (s *Site) EmbedSearch(f Frame, found Found) Embedded {
	full := "/search"
	if f.Query != "" {
		full += "?q=" + url.QueryEscape(f.Query)
	}
	return Embedded{title: "Search error codes", full: full, open: "Open the full search", oembed: true, script: "embed/search.js", body: s.embedSearch(f, found)}
}

// EmbedURL is the check of an ingest URL, with a platform chosen.
func (s *Site) EmbedURL(profileID string) Embedded {
	full := "/check/url"
	if profileID != "" {
		full += "?profile=" + url.QueryEscape(profileID)
	}
	return Embedded{title: "Check an ingest URL", full: full, open: "Open the full check", oembed: true, script: "embed/url.js", body: s.embedURL(profileID)}
}

// severityShape is the icon of a severity as one path: a sprite would be a
// request of its own.
func severityShape(sev diag.Severity) string {
	switch sev {
	case diag.Error:
		return "M15 9l-6 6M9 9l6 6M8 2h8l6 6v8l-6 6H8l-6-6V8z"
	case diag.Warning:
		return "M12 9v4M12 17h.01M10.3 3.9L1.8 18a2 2 0 0 0 1.7 3h17a2 2 0 0 0 1.7-3L13.7 3.9a2 2 0 0 0-3.4 0z"
	case diag.Off: // passed
		return "M20 6L9 17l-5-5"
	}
	return "M12 16v-4M12 8h.01M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0z"
}

// folded are the sections of a code's page that an embedded one opens only on
// demand, and those that it leaves to the full page.
func embedSections(c *content.Code) (open, folded []*content.Section) {
	for _, title := range []string{"What it means", "Fix"} {
		if sec := c.Section(title); sec != nil {
			open = append(open, sec)
		}
	}
	for _, title := range []string{"Causes", "How you see it", "Check that it worked", "Notes"} {
		if sec := c.Section(title); sec != nil {
			folded = append(folded, sec)
		}
	}
	return open, folded
}

// Pick is what was chosen on the page that makes snippets, and what it needs to
// know to write them.
type Pick struct {
	What    string // help, rule, search or url
	Code    string // as typed
	Page    *content.Code
	Rule    string
	Profile string
	Theme   string
	Accent  string

	Origin      string // the portal's own, with its scheme
	Script      string // path of embed.js with its version
	ScriptAsset string // path of embed.js as this page loads it
	Integrity   string // of embed.js
	Sandbox     string // of a frame without embed.js
	Sites       []string
}

// kind is What, or help for anything else.
func (p Pick) kind() string {
	switch p.What {
	case "rule", "search", "url":
		return p.What
	}
	return "help"
}

// exampleCode is shown until one is chosen.
const exampleCode, exampleRule = "youtube-live/gopSizeLong", "keyframe-interval"

func (p Pick) code() string {
	if p.Page != nil {
		return p.Page.Platform + "/" + p.Page.Slug
	}
	return exampleCode
}

func (p Pick) rule() string {
	if p.Rule != "" {
		return p.Rule
	}
	return exampleRule
}

// pick is one element: its name, its attributes, the page that it shows and
// the words of the link.
func (p Pick) element() (name string, attrs [][2]string, path, words string) {
	switch p.kind() {
	case "rule":
		name, path, words = "ingest-help", RulePath(p.rule()), "Help on "+p.rule()
		attrs = append(attrs, [2]string{"rule", p.rule()})
	case "search":
		name, path, words = "ingest-search", "/search", "Search error codes"
	case "url":
		name, path, words = "ingest-url-check", "/check/url", "Check an ingest URL"
		if p.Profile != "" {
			attrs = append(attrs, [2]string{"profile", p.Profile})
			path += "?profile=" + p.Profile
		}
	default:
		_, slug, _ := strings.Cut(p.code(), "/")
		name, path, words = "ingest-help", "/codes/"+p.code(), "Help on "+slug
		attrs = append(attrs, [2]string{"code", p.code()})
	}
	if p.Theme != "" {
		attrs = append(attrs, [2]string{"theme", p.Theme})
	}
	if p.Accent != "" {
		attrs = append(attrs, [2]string{"accent", "#" + p.Accent})
	}
	return name, attrs, path, words
}

// attributes are an element's, for templ.
func (p Pick) attributes() templ.Attributes {
	_, attrs, _, _ := p.element()
	out := templ.Attributes{}
	for _, a := range attrs {
		out[a[0]] = a[1]
	}
	return out
}

// tag writes the element as a person pastes it.
func (p Pick) tag() string {
	name, attrs, path, words := p.element()
	var b strings.Builder
	b.WriteString("<" + name)
	for _, a := range attrs {
		b.WriteString(" " + a[0] + `="` + templ.EscapeString(a[1]) + `"`)
	}
	b.WriteString(">\n  <a href=\"" + templ.EscapeString(p.Origin+path) + "\">" + templ.EscapeString(words) + "</a>\n</" + name + ">")
	return b.String()
}

// scriptTag loads embed.js, once a page.
func (p Pick) scriptTag() string {
	return `<script src="` + templ.EscapeString(p.Origin+p.Script) + "\"\n  integrity=\"" + p.Integrity + "\"\n  crossorigin=\"anonymous\" defer></script>"
}

// frameTag is the same without script, at a height of the site's choice.
func (p Pick) frameTag() string {
	_, _, path, words := p.element()
	f := Frame{Theme: p.Theme, Accent: p.Accent}
	path, _, _ = strings.Cut(path, "?")
	return `<iframe src="` + templ.EscapeString(p.Origin+f.PathWith(path, "profile", p.profileOf(path))) + "\"\n  title=\"" + templ.EscapeString(words) +
		"\" width=\"100%\" height=\"480\" loading=\"lazy\"\n  referrerpolicy=\"no-referrer\"\n  sandbox=\"" + p.Sandbox + "\"></iframe>"
}

func (p Pick) profileOf(path string) string {
	if path == "/check/url" {
		return p.Profile
	}
	return ""
}

// policy is what the embedding site's own policy must allow.
func (p Pick) policy() string {
	return "Content-Security-Policy: script-src 'self' " + p.Origin + "; frame-src " + p.Origin
}

// accentField is the value of a colour field, which always has one.
func (p Pick) accentField() string {
	if p.Accent != "" {
		return "#" + p.Accent
	}
	return "#" + DefaultAccent
}

// DefaultAccent is --accent of embed.css, which no parameter need name.
const DefaultAccent = "09585d"

// Readies are addresses that open a tool with its fields filled in.
type ready struct {
	profile *profile.Profile
	file    string // the check of a recording
	url     string // the check of an ingest URL
	hosts   []string
}

// readies are the links of every platform. A host is offered where the platform
// has one for everybody.
func readies() []ready {
	var list []ready
	for _, p := range profile.All() {
		r := ready{profile: p, file: fileTool.path + "?profile=" + p.ID, url: "/check/url?profile=" + p.ID}
		for _, h := range p.URL.Hosts {
			if h.Exact != "" {
				r.hosts = append(r.hosts, h.Exact)
			}
		}
		list = append(list, r)
	}
	return list
}

// reachPath opens the test of reaching a host.
func reachPath(host string) string { return "/check/reach?host=" + url.QueryEscape(host) }

// oembedURL is where a program asks for the embedded form of a page. Where no
// public address is configured it is a path: the reader's own address stands before it.
func oembedURL(origin, path string) string {
	return origin + "/oembed?format=json&url=" + url.QueryEscape(origin+path)
}
