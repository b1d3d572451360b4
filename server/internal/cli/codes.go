package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"ingestdoctor/content"
)

// CodesOptions are the settings of `ingestdoctor codes` and `ingestdoctor code`.
type CodesOptions struct {
	Query    string // for codes: what to look for, empty for all; for code: the code
	Platform string // only codes of this platform; empty for any
	Library  *content.Library
	Search   func(query, platform string, limit int) []*content.Code // best first

	Stdout, Stderr io.Writer
}

func (o CodesOptions) complain(format string, args ...any) int {
	fmt.Fprintf(o.Stderr, "ingestdoctor: "+format+"\n", args...)
	return ExitUnusable
}

func (o CodesOptions) platformKnown() bool {
	return o.Platform == "" || len(o.Library.ByPlatform(o.Platform)) > 0
}

// Codes lists code pages, one a line: all, or what the query finds, best first.
func Codes(o CodesOptions) int {
	if !o.platformKnown() {
		return o.complain("there is no platform %s; they are %s", printable(o.Platform), strings.Join(o.Library.Platforms(), ", "))
	}
	list := o.Library.Codes
	switch {
	case o.Query != "":
		list = o.Search(o.Query, o.Platform, 20)
	case o.Platform != "":
		list = o.Library.ByPlatform(o.Platform)
	}
	if len(list) == 0 {
		return o.complain("nothing is found for %q: try a part of the code, the message without what varies in it, or plainer words", printable(o.Query))
	}
	return o.table(list)
}

func (o CodesOptions) table(list []*content.Code) int {
	w := tabwriter.NewWriter(o.Stdout, 0, 0, 2, ' ', 0)
	for _, c := range list {
		code := c.Code
		if code == "" {
			code = c.Slug
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.Platform, code, c.Severity, c.Title)
	}
	return written(o.Stderr, w.Flush())
}

// FindCode finds the page of a code for `ingestdoctor code`: platform/code, or a
// code that only one platform has. Where it is not one page it says so and
// returns nil with the exit status.
func FindCode(o CodesOptions) (*content.Code, int) {
	if !o.platformKnown() {
		return nil, o.complain("there is no platform %s; they are %s", printable(o.Platform), strings.Join(o.Library.Platforms(), ", "))
	}
	if o.Platform != "" {
		if c, ok := o.Library.Code(o.Platform, o.Query); ok {
			return c, ExitClean
		}
	} else if platform, code, ok := strings.Cut(o.Query, "/"); ok {
		if c, ok := o.Library.Code(platform, code); ok {
			return c, ExitClean
		}
	}
	var found, exact []*content.Code
	for _, c := range o.Library.Anywhere(o.Query) {
		if o.Platform != "" && c.Platform != o.Platform {
			continue
		}
		found = append(found, c)
		for _, code := range append([]string{c.Slug}, c.Codes...) {
			if strings.EqualFold(code, o.Query) {
				exact = append(exact, c)
				break
			}
		}
	}
	if len(exact) > 0 { // to the letter wins: -1 is not 1
		found = exact
	}
	switch len(found) {
	case 1:
		return found[0], ExitClean
	case 0:
		o.complain("there is no code %s", printable(o.Query))
		if near := o.Search(o.Query, o.Platform, 5); len(near) > 0 {
			fmt.Fprintln(o.Stderr, "Near it:")
			o.Stdout = o.Stderr
			o.table(near)
		}
		return nil, ExitUnusable
	}
	o.complain("several platforms use %s; name one with --platform:", printable(o.Query))
	o.Stdout = o.Stderr
	o.table(found)
	return nil, ExitUnusable
}

// Code prints the page of one code.
func Code(stdout, stderr io.Writer, c *content.Code) int {
	var b strings.Builder
	p := report{&b, false}
	p.line("%s", c.Title)
	if len(c.Codes) > 0 {
		p.text("", strings.Join(c.Codes, "  "))
	}
	p.line("%s; %s; comes at: %s; mended by: %s", c.PlatformName(), c.Severity, c.Stage, strings.Join(c.Who, ", "))
	if c.Status != "current" {
		p.line("%s since %s", c.Status, c.StatusDate)
	}
	if !c.Verified() {
		p.text("Not fully verified: ", c.Verification)
	}
	for _, m := range c.Messages {
		p.line("  %q", m)
	}
	for _, s := range c.Sections {
		p.line("\n%s\n", strings.ToUpper(s.Title))
		p.line("%s", s.Markdown)
	}
	list := func(title string, codes []*content.Code) {
		if len(codes) == 0 {
			return
		}
		p.line("\n%s\n", strings.ToUpper(title))
		for _, o := range codes {
			p.line("  %s/%s  %s", o.Platform, o.Slug, o.Title)
		}
	}
	if len(c.Rules) > 0 {
		p.line("\nRULES THAT DETECT IT\n\n  %s", strings.Join(c.Rules, ", "))
	}
	list("Same thing on other platforms", c.SameAs)
	list("Related", c.Related)
	p.line("\nSOURCES\n")
	for _, s := range c.Sources {
		where := s.URL
		if where == "" {
			where = s.Path
		}
		p.line("  %s (%s)\n    %s", s.Title, s.Date, where)
	}
	_, err := io.WriteString(stdout, b.String())
	return written(stderr, err)
}
