// Package page renders the portal's own pages: the shell that all share, the
// home page, the rules, the profiles, search results and errors. The pages work
// without script; what script adds (theme, copying, shortcuts) is in
// static/js/site.js.
//
// The generated *_templ.go files are committed; `make generate` renews them.
package page

import (
	"bytes"
	"context"
	"html"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"ingestdoctor/content"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// Name is what the portal calls itself.
const Name = "Ingest Doctor"

// Site is what every page needs to know of the server that shows it.
type Site struct {
	Asset   func(name string) string // address of an asset of static, "" for none
	Origin  string                   // scheme and host for canonical links, empty where none is configured
	Version string                   // of the program, for the footer
	Library *content.Library         // the knowledge base
}

// view is what one page tells the shell.
type view struct {
	path        string // canonical path
	title       string // without the portal's name
	description string
	noIndex     bool
	article     bool   // for link previews
	trail       []tool // the pages above it, for search engines
	narrow      bool   // one column of text
	oembed      bool   // other sites may show it in a frame
}

func (v view) fullTitle() string {
	if v.title == "" {
		return Name
	}
	return v.title + " · " + Name
}

// Header is the header of every page as HTML, for the tool pages, which go-app
// draws. It has one root element. path is that of the page it stands on.
func (s *Site) Header(path string) string { return render(s.header(path)) }

// Footer is the footer of every page as HTML, with one root element.
func (s *Site) Footer() string { return render(s.footer()) }

func render(c templ.Component) string {
	var b bytes.Buffer
	if err := c.Render(context.Background(), &b); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.String()
}

// tool is a page on which a person checks something of theirs.
type tool struct {
	path, name string
}

// icon is the symbol of static/icons.svg that stands for it.
func (t tool) icon() string {
	switch t {
	case urlTool:
		return "link"
	case logTool:
		return "file-search"
	case reachTool:
		return "plug"
	case liveTool:
		return "radio-tower"
	}
	return "file-video"
}

var (
	fileTool = tool{"/check/file", "Check a recording"}
	urlTool  = tool{"/check/url", "Check a URL"}
	logTool  = tool{"/check/log", "Explain a log"}

	reachTool = tool{"/check/reach", "Test a server"}
	liveTool  = tool{"/live", "Push a test stream"}
)

// toolFor names the tool that raises the rules of a family.
func toolFor(f rules.Family) (t tool, ok bool) {
	switch f {
	case rules.IngestURLs:
		return urlTool, true
	case rules.LogsAndEvents, rules.LogSettings:
		return logTool, true
	case rules.Reachability:
		return reachTool, true
	case rules.LiveArrival:
		return liveTool, true
	}
	return fileTool, true
}

// toolOf names the tool that raises a rule. One of the rules of time needs a clock
// that no recording has.
func toolOf(r *rules.Rule) (t tool, ok bool) {
	if r.ID == "burst" {
		return liveTool, true
	}
	return toolFor(r.Family)
}

// navigation is the header's, in order.
var navigation = []tool{
	// short: all of them stand in one row from 1,200 px
	{fileTool.path, "Recording"},
	{liveTool.path, "Live"},
	{urlTool.path, "URL"},
	{logTool.path, "Log"},
	{reachTool.path, "Server"},
	{"/codes", "Codes"},
	{"/guides", "Guides"},
	{"/platforms", "Platforms"},
	{"/rules", "Rules"},
}

func isCurrent(path, item string) bool {
	return path == item || strings.HasPrefix(path, item+"/")
}

// RulePath is the address of a rule's page.
func RulePath(id string) string { return "/rules/" + id }

// ProfilePath is the address of a profile's page.
func ProfilePath(id string) string { return "/profiles/" + id }

// severityIcon names the icon that stands beside the word.
func severityIcon(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "octagon-x"
	case diag.Warning:
		return "triangle-alert"
	case diag.Info:
		return "info"
	}
	return "circle-minus"
}

// severityWord is how a page writes the severity.
func severityWord(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "Error"
	case diag.Warning:
		return "Warning"
	case diag.Info:
		return "Info"
	}
	return "Off"
}

// severityMeans says in words what a severity claims.
func severityMeans(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "The platform refuses the stream, or cannot use it."
	case diag.Warning:
		return "The platform may refuse or disturb the stream."
	case diag.Info:
		return "Worth knowing; nothing to do."
	}
	return "Not checked."
}

// basisWord says on whose word a limit rests.
func basisWord(b diag.Basis) string {
	switch b {
	case diag.Documented:
		return "documented"
	case diag.Inferred:
		return "inferred"
	}
	return "our default"
}

// codeHTML writes a code so that it may wrap after "_", "/" and ".": an
// identifier of 45 characters must not push a phone's page wide.
func codeHTML(text string) string {
	var b strings.Builder
	b.WriteString("<code>")
	for i, r := range text {
		b.WriteString(html.EscapeString(string(r)))
		if (r == '_' || r == '/' || r == '.') && i+1 < len(text) {
			b.WriteString("<wbr>")
		}
	}
	b.WriteString("</code>")
	return b.String()
}

// day writes an ISO 8601 day as 22 September 2022; what is no day stays as it is.
func day(iso string) string {
	parts := strings.Split(iso, "-")
	months := [...]string{
		"January", "February", "March", "April", "May", "June", "July",
		"August", "September", "October", "November", "December",
	}
	if len(parts) < 2 || len(parts) > 3 {
		return iso
	}
	m, err := strconv.Atoi(parts[1])
	if err != nil || m < 1 || m > 12 {
		return iso
	}
	out := months[m-1] + " " + parts[0]
	if len(parts) == 3 {
		d, err := strconv.Atoi(parts[2])
		if err != nil {
			return iso
		}
		out = strconv.Itoa(d) + " " + out
	}
	return out
}

// plural writes a count with its noun: 1 rule, 12 rules.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
