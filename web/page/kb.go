package page

import (
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"

	"ingestdoctor/content"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// codeSeverity is a code's severity as the rules have it.
func codeSeverity(c *content.Code) diag.Severity {
	switch c.Severity {
	case "error":
		return diag.Error
	case "warning":
		return diag.Warning
	}
	return diag.Info
}

// whoWord says who can mend it.
var whoWord = map[string]string{
	"encoder": "in the encoder", "network": "in the network", "account": "in the account", "platform": "by the platform",
}

// stageWord says when in a stream's life it comes.
var stageWord = map[string]string{
	"connect": "while connecting", "publish": "when publishing begins", "ingest": "while the stream runs", "end": "at the end",
}

// showsWord says which of Azure's events carries the code.
var showsWord = map[string]string{
	"rejected":     "Shows as LiveEventConnectionRejected.",
	"disconnected": "Shows as LiveEventEncoderDisconnected.",
	"both":         "Shows as LiveEventConnectionRejected or LiveEventEncoderDisconnected.",
	"neither":      "Shows in neither LiveEventConnectionRejected nor LiveEventEncoderDisconnected.",
	"unknown":      "Which event carries it is not documented.",
}

func statusWord(status string) string {
	switch status {
	case "retired":
		return "Retired"
	case "deprecated":
		return "Deprecated"
	}
	return "In use"
}

// whoText joins who can mend a code: in the encoder or in the account.
func whoText(c *content.Code) string {
	words := make([]string, len(c.Who))
	for i, w := range c.Who {
		words[i] = whoWord[w]
	}
	return strings.Join(words, ", ")
}

// numbersText writes a set of numbers: errcode 18, sub_errcode 501.
func numbersText(n content.Number) string {
	parts := make([]string, len(n))
	for i, f := range n {
		parts[i] = f.Name + " " + itoa(int(f.Value))
	}
	return strings.Join(parts, ", ")
}

// shorter cuts a text at a word for lists and link previews.
func shorter(text string, most int) string {
	if len(text) <= most {
		return text
	}
	cut := strings.LastIndexByte(text[:most], ' ')
	if cut < most/2 {
		cut = most
	}
	return strings.ToValidUTF8(text[:cut], "") + "…"
}

// Facets narrow the list of codes; empty is all.
type Facets struct{ Platform, Stage, Severity, Who string }

// facet is one choice of the list of codes.
type facet struct {
	name, label string
	options     []option
}

type option struct {
	value, label string
	count        int
	chosen       bool
}

func (f Facets) get(name string) string {
	switch name {
	case "platform":
		return f.Platform
	case "stage":
		return f.Stage
	case "severity":
		return f.Severity
	}
	return f.Who
}

func (f Facets) with(name, value string) Facets {
	switch name {
	case "platform":
		f.Platform = value
	case "stage":
		f.Stage = value
	case "severity":
		f.Severity = value
	case "who":
		f.Who = value
	}
	return f
}

// matches tells whether a code is in what the facets leave.
func (f Facets) matches(c *content.Code) bool {
	return (f.Platform == "" || c.Platform == f.Platform) && (f.Stage == "" || c.Stage == f.Stage) &&
		(f.Severity == "" || c.Severity == f.Severity) && (f.Who == "" || slices.Contains(c.Who, f.Who))
}

// path is the address of the list with these facets.
func (f Facets) path() string {
	base := "/codes"
	if f.Platform != "" {
		base += "/" + f.Platform
	}
	q := url.Values{}
	for _, name := range []string{"stage", "severity", "who"} {
		if v := f.get(name); v != "" {
			q.Set(name, v)
		}
	}
	if len(q) > 0 {
		base += "?" + q.Encode()
	}
	return base
}

func (f Facets) narrowed() bool { return f.Stage != "" || f.Severity != "" || f.Who != "" }

// codesBy are the codes that facets leave, platform by platform.
func (s *Site) codesBy(f Facets) (groups [][]*content.Code, n int) {
	if s.Library == nil {
		return nil, 0
	}
	for _, id := range s.Library.Platforms() {
		var list []*content.Code
		for _, c := range s.Library.ByPlatform(id) {
			if f.matches(c) {
				list = append(list, c)
			}
		}
		if len(list) > 0 {
			groups = append(groups, list)
			n += len(list)
		}
	}
	return groups, n
}

// facets are the choices with how many codes each would leave.
func (s *Site) facets(f Facets) []facet {
	list := []facet{
		{name: "platform", label: "Platform"}, {name: "stage", label: "When"}, {name: "severity", label: "Severity"}, {name: "who", label: "Who can mend it"},
	}
	values := map[string][]string{
		"platform": s.Library.Platforms(), "stage": {"connect", "publish", "ingest", "end"},
		"severity": {"error", "warning", "info"}, "who": {"encoder", "network", "account", "platform"},
	}
	for i := range list {
		for _, v := range values[list[i].name] {
			g := f.with(list[i].name, v)
			o := option{value: v, chosen: f.get(list[i].name) == v}
			for _, c := range s.Library.Codes {
				if g.matches(c) {
					o.count++
				}
			}
			switch list[i].name {
			case "platform":
				o.label = content.PlatformName(v)
			case "stage":
				o.label = strings.ToUpper(stageWord[v][:1]) + stageWord[v][1:]
			case "severity":
				o.label = severityWord(codeSeverity(&content.Code{Severity: v}))
			case "who":
				o.label = strings.ToUpper(whoWord[v][:1]) + whoWord[v][1:]
			}
			list[i].options = append(list[i].options, o)
		}
	}
	return list
}

// codeLink is a platform's code as a rule names it, with its page where there is one.
type codeLink struct {
	code, title, platform, url string
}

// codesOfRule are the codes that a rule's finding may show as: those the rule
// names, and the pages that name the rule.
func (s *Site) codesOfRule(r *rules.Rule) []codeLink {
	var list []codeLink
	var seen []*content.Code
	for _, c := range r.Codes {
		l := codeLink{title: c.Title, platform: platformWord(c.Platform)}
		if hasCode(c) {
			l.code = c.Code
		}
		if s.Library != nil {
			if p, ok := s.Library.Code(c.Platform, c.Code); ok {
				l.url = p.URL()
				seen = append(seen, p)
				if l.title == "" {
					l.title = p.Title
				}
			}
		}
		list = append(list, l)
	}
	if s.Library != nil {
		for _, p := range s.Library.ByRule(r.ID) {
			if !slices.Contains(seen, p) {
				list = append(list, codeLink{p.Code, p.Title, p.PlatformName(), p.URL()})
			}
		}
	}
	return list
}

// rulesOf are the rules that detect what a code page is about, and whether one
// of them is raised by the check of a recording.
func rulesOf(c *content.Code) (list []*rules.Rule, inFile bool) {
	for _, id := range c.Rules {
		if r, ok := rules.ByID(id); ok {
			list = append(list, r)
			if t, ok := toolOf(r); ok && t == fileTool {
				inFile = true
			}
		}
	}
	return list, inFile
}

// checkURL opens the check of a recording with the platform's profile chosen.
func checkURL(platform string) string {
	for _, p := range profile.All() {
		if p.Platform == platform {
			return fileTool.path + "?profile=" + p.ID
		}
	}
	return fileTool.path
}

// profilesOf are the profiles of a platform's page: those it names, else those
// that name its platform.
func profilesOf(a *content.Article) []*profile.Profile {
	var list []*profile.Profile
	for _, p := range profile.All() {
		if slices.Contains(a.Profiles, p.ID) || len(a.Profiles) == 0 && a.Platform != "" && p.Platform == a.Platform {
			list = append(list, p)
		}
	}
	return list
}

// schemesText writes where a platform listens: rtmp 1935, rtmps 443.
func schemesText(p *profile.Profile) string {
	var parts []string
	for _, sch := range p.URL.Schemes {
		text := sch.Name
		for i, port := range sch.Ports {
			if i > 0 {
				text += ","
			}
			text += " " + itoa(port)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// encoders are the pages of encoders, nil where there are none.
func (s *Site) encoders() []*content.Article {
	if s.Library == nil {
		return nil
	}
	return s.Library.Articles(content.Encoders)
}

// sourceText is a source that has no public page.
func sourceText(src content.Source) string {
	if src.Path != "" {
		return src.Title + " (" + src.Path + ")"
	}
	return src.Title
}

// sourceDate writes a source's date; "undated" where it has none.
func sourceDate(src content.Source) string {
	if src.Date == "" {
		return "undated"
	}
	return day(src.Date)
}

// breakable writes text that is no code so that long identifiers in it may wrap.
func breakable(text string) string {
	return strings.ReplaceAll(html.EscapeString(text), "_", "_<wbr>")
}

// Found is what a search has found.
type Found struct {
	Query    string
	Platform string
	Codes    []CodeHit
	Articles []*content.Article
	Rules    []*rules.Rule
}

// CodeHit is a code page with what of it the query names.
type CodeHit struct {
	Code    *content.Code
	Matched string // one of its codes
	Message string // one of its messages
}

func (f Found) empty() bool { return len(f.Codes)+len(f.Articles)+len(f.Rules) == 0 }

// kindWord names what an article is.
func kindWord(a *content.Article) string {
	switch a.Kind {
	case content.Encoders:
		return "Encoder"
	case content.PlatformPages:
		return "Platform"
	}
	return "Guide"
}

// realCode tells a code that a person sees from one made up for a bare message.
func realCode(code string) bool { return code != "" && !strings.HasPrefix(code, "log:") }

// crumb is how a code page is named in the way back to the list.
func crumb(c *content.Code) string {
	if realCode(c.Code) {
		return c.Code
	}
	return c.Title
}

// statusSince opens the notice of what is no longer in service.
func statusSince(p *content.Page) string {
	if p.StatusDate == "" {
		return statusWord(p.Status) + "."
	}
	return statusWord(p.Status) + " since " + day(p.StatusDate) + "."
}

// settingNames joins what a fix changes.
func settingNames(c *content.Code) string {
	names := make([]string, len(c.Settings))
	for i, st := range c.Settings {
		names[i] = st.Heading
	}
	return strings.Join(names, ", ")
}

// structured is what search engines are told of a page, as JSON-LD in a script
// element: a data block, which browsers do not run and the policy does not ask about.
func (s *Site) structured(v view) string {
	type item map[string]any
	crumbs := []item{}
	for i, t := range append(slices.Clone(v.trail), tool{v.path, v.title}) {
		crumbs = append(crumbs, item{"@type": "ListItem", "position": i + 1, "name": t.name, "item": s.Origin + t.path})
	}
	article := item{
		"@type": "TechArticle", "headline": shorter(v.title, 110), "description": v.description, "inLanguage": "en",
		"url": s.Origin + v.path, "publisher": item{"@type": "Organization", "name": Name},
	}
	b, err := json.Marshal(item{"@context": "https://schema.org", "@graph": []item{article, {"@type": "BreadcrumbList", "itemListElement": crumbs}}})
	if err != nil {
		return ""
	}
	// Marshal writes < and > as escapes, so that nothing in it can end the element.
	return `<script type="application/ld+json">` + string(b) + `</script>`
}
