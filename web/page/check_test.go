package page

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

// In the manner of pkgsite's htmlcheck: a document, and questions to it.

type doc struct {
	t    *testing.T
	name string
	root *html.Node
	text string
}

func parse(t *testing.T, name string, c templ.Component) doc {
	t.Helper()
	var b strings.Builder
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return parseString(t, name, b.String())
}

func parseString(t *testing.T, name, text string) doc {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return doc{t, name, root, text}
}

func (d doc) errorf(format string, args ...any) {
	d.t.Helper()
	d.t.Errorf("%s: %s", d.name, fmt.Sprintf(format, args...))
}

// all finds the elements that match a selector: steps separated by spaces (any
// depth), each tag, .class, #id, [attribute] or [attribute=value] put together.
func (d doc) all(selector string) []*html.Node {
	found := []*html.Node{d.root}
	for step := range strings.FieldsSeq(selector) {
		match := compile(d.t, step)
		var next []*html.Node
		for _, from := range found {
			for n := range from.Descendants() {
				if n.Type == html.ElementNode && match(n) && !slices.Contains(next, n) {
					next = append(next, n)
				}
			}
		}
		found = next
	}
	return found
}

var stepPart = regexp.MustCompile(`^(?:[a-z0-9]+|\.[\w-]+|#[\w-]+|\[[\w-]+(?:=[^\]]*)?\])`)

func compile(t *testing.T, step string) func(*html.Node) bool {
	t.Helper()
	var tests []func(*html.Node) bool
	for rest := step; rest != ""; {
		part := stepPart.FindString(rest)
		if part == "" {
			t.Fatalf("selector %q", step)
		}
		rest = rest[len(part):]
		switch part[0] {
		case '.':
			tests = append(tests, func(n *html.Node) bool { return slices.Contains(strings.Fields(attr(n, "class")), part[1:]) })
		case '#':
			tests = append(tests, func(n *html.Node) bool { return attr(n, "id") == part[1:] })
		case '[':
			name, value, valued := strings.Cut(part[1:len(part)-1], "=")
			tests = append(tests, func(n *html.Node) bool {
				got, ok := lookup(n, name)
				return ok && (!valued || got == value)
			})
		default:
			tests = append(tests, func(n *html.Node) bool { return n.Data == part })
		}
	}
	return func(n *html.Node) bool {
		for _, ok := range tests {
			if !ok(n) {
				return false
			}
		}
		return true
	}
}

func lookup(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func attr(n *html.Node, name string) string {
	v, _ := lookup(n, name)
	return v
}

// words is the text of an element with white space folded.
func words(n *html.Node) string {
	var b strings.Builder
	if n.Type == html.TextNode {
		b.WriteString(n.Data)
	}
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// one is the only element that matches.
func (d doc) one(selector string) *html.Node {
	d.t.Helper()
	found := d.all(selector)
	if len(found) != 1 {
		d.errorf("%d of %q, want 1", len(found), selector)
		if len(found) == 0 {
			return &html.Node{}
		}
	}
	return found[0]
}

// says checks that an element's text holds something.
func (d doc) says(selector, want string) {
	d.t.Helper()
	var got []string
	for _, n := range d.all(selector) {
		if text := words(n); strings.Contains(text, want) {
			return
		} else {
			got = append(got, text)
		}
	}
	d.errorf("no %q says %q: %.300q", selector, want, got)
}

func (d doc) lacks(selector string) {
	d.t.Helper()
	if n := len(d.all(selector)); n > 0 {
		d.errorf("%d of %q, want none", n, selector)
	}
}

var void = map[string]bool{
	"area": true, "base": true, "br": true, "col": true, "embed": true, "hr": true, "img": true, "input": true,
	"link": true, "meta": true, "source": true, "track": true, "wbr": true, "!doctype": true,
}

// wellFormed checks that tags are closed in order: the parser mends such
// mistakes silently, and browsers mend them in ways that differ from what was meant.
func (d doc) wellFormed() {
	d.t.Helper()
	z := html.NewTokenizer(strings.NewReader(d.text))
	var open []string
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				d.errorf("never closed: %v", open)
			}
			return
		case html.StartTagToken:
			name, _ := z.TagName()
			if !void[string(name)] {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				d.errorf("</%s> closes %v", name, open)
				return
			}
			open = open[:len(open)-1]
		}
	}
}

// sound checks what holds for every page.
func (d doc) sound() {
	d.t.Helper()
	if !strings.HasPrefix(d.text, "<!doctype html>") && !strings.HasPrefix(d.text, "<!DOCTYPE html>") {
		d.errorf("starts with %.30q", d.text)
	}
	d.wellFormed()
	if attr(d.one("html"), "lang") != "en" {
		d.errorf("no language")
	}
	title := words(d.one("head title"))
	h1 := words(d.one("h1"))
	if title == "" || h1 == "" || !strings.Contains(title, Name) {
		d.errorf("title %q, h1 %q", title, h1)
	}
	if text := attr(d.one("meta[name=description]"), "content"); len(text) < 20 {
		d.errorf("description %q", text)
	}
	for _, landmark := range []string{"body header", "body main", "body footer", "header nav", "header search", "a.skip-link[href=#main]", "main#main"} {
		d.one(landmark)
	}
	// nothing inline: the policy would block it
	d.lacks("style")
	d.lacks("[style]")
	for _, s := range d.all("script") {
		if attr(s, "type") == "application/ld+json" {
			continue // data, which no browser runs
		}
		if src := attr(s, "src"); !strings.HasPrefix(src, "/assets/js/") || words(s) != "" {
			d.errorf("a script that is not an asset: %q", src)
		}
	}
	ids := map[string]bool{}
	for n := range d.root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"):
				d.errorf("an inline handler %s on <%s>", a.Key, n.Data)
			case a.Key == "id" && ids[a.Val]:
				d.errorf("two elements with the id %q", a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			case a.Key == "href" && strings.HasPrefix(strings.ToLower(a.Val), "javascript:"):
				d.errorf("a link to %q", a.Val)
			}
		}
		switch n.Data {
		case "button", "a", "summary":
			if words(n) == "" && attr(n, "aria-label") == "" {
				d.errorf("a <%s> without a name: %v", n.Data, n.Attr)
			}
		case "img":
			if _, ok := lookup(n, "alt"); !ok {
				d.errorf("an image without a text")
			}
		case "th":
			if attr(n, "scope") == "" {
				d.errorf("a table heading %q without its scope", words(n))
			}
		}
	}
	for _, name := range []string{"aria-labelledby", "for"} {
		for _, n := range d.all("[" + name + "]") {
			if !ids[attr(n, name)] {
				d.errorf("%s names %q, which is not there", name, attr(n, name))
			}
		}
	}
	for _, n := range d.all("a[href]") {
		if place, ok := strings.CutPrefix(attr(n, "href"), "#"); ok && !ids[place] {
			d.errorf("a link to #%s, which is not there", place)
		}
	}
	// headings do not skip a level
	level := 1
	for n := range d.one("main").Descendants() {
		if n.Type == html.ElementNode && len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6' {
			now := int(n.Data[1] - '0')
			if now > level+1 {
				d.errorf("<%s> %q after a heading of level %d", n.Data, words(n), level)
			}
			level = now
		}
	}
	for _, s := range d.all("svg") {
		if attr(s, "aria-hidden") != "true" {
			d.errorf("an icon that a screen reader would read")
		}
	}
}
