package content

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	mdtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdown is CommonMark with tables. It is shared: a goldmark parser and its
// renderer keep their state in the call.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.Table),
	goldmark.WithParserOptions(parser.WithAutoHeadingID()),
	goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(codeRenderer{}, 100))),
)

// body parses the Markdown, cuts it into sections and notes its links.
func (d *draft) body(src []byte, firstLine int) {
	lineAt := func(offset int) int { return firstLine + bytes.Count(src[:offset], []byte("\n")) }
	doc := markdown.Parser().Parse(mdtext.NewReader(src))

	p := d.page()
	var open *Section
	var bodyStart int
	var plain strings.Builder
	finish := func(end int) {
		if open == nil {
			return
		}
		open.Markdown = strings.TrimSpace(string(src[bodyStart:end]))
		open.Text = strings.Join(strings.Fields(plain.String()), " ")
		plain.Reset()
		if open.Text == "" {
			d.fail(open.Line, "section "+strconv.Quote(open.Title)+" is empty")
		}
	}
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		if h, ok := n.(*ast.Heading); ok {
			start, end := headingLine(src, h)
			line := lineAt(start)
			switch {
			case end == start || src[start] != '#':
				d.fail(line, "write headings as ## Heading, with words in it")
			case h.Level == 1:
				d.fail(line, "a heading of level 1: the title stands in the front matter")
			case h.Level > 3:
				d.fail(line, "headings go down to level 3")
			}
			title := nodeText(src, h)
			id := headingID(h)
			if want := anchor(title); id != want {
				d.fail(line, "heading "+strconv.Quote(title)+" stands twice, or has no letters: its anchor would be "+id)
			}
			d.ids[id] = true
			if h.Level == 2 {
				finish(start)
				open = &Section{Title: title, ID: id, Line: line}
				bodyStart = end
				p.Sections = append(p.Sections, open)
				continue
			}
		}
		if open == nil {
			d.fail(lineAt(nodeStart(n)), "text before the first ## heading")
		}
		plainText(&plain, src, n)
		if open != nil && open.First == "" && n.Kind() == ast.KindParagraph {
			open.First = strings.Join(strings.Fields(nodeText(src, n)), " ")
		}
	}
	finish(len(src))
	d.inlines(src, doc, lineAt)
	d.sections(firstLine)
}

// inlines notes links and refuses raw HTML, which is mostly a placeholder such
// as <stream name> that should stand in code and would vanish from the page.
func (d *draft) inlines(src []byte, doc ast.Node, lineAt func(int) int) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.RawHTML:
			seg := n.Segments.At(0)
			d.fail(lineAt(seg.Start), "raw HTML "+string(seg.Value(src))+": put a placeholder in `code`")
		case *ast.HTMLBlock:
			d.fail(lineAt(nodeStart(n)), "raw HTML: write Markdown")
		case *ast.Image:
			d.fail(lineAt(nodeStart(n)), "images are not for the knowledge base")
		case *ast.Link:
			d.links = append(d.links, ref{string(n.Destination), lineAt(nodeStart(n))})
		case *ast.AutoLink:
			d.links = append(d.links, ref{string(n.URL(src)), lineAt(nodeStart(n.Parent()))})
		}
		return ast.WalkContinue, nil
	})
}

// sections holds a code page and an encoder page against their fixed headings.
func (d *draft) sections(firstLine int) {
	p := d.page()
	if len(p.Sections) == 0 {
		d.fail(firstLine, "no ## section")
		return
	}
	var want []string
	switch p.Kind {
	case Codes:
		want = CodeSections
	case Encoders:
		for _, s := range Settings {
			want = append(want, s.Heading)
		}
	default:
		return
	}
	last := -1
	for _, s := range p.Sections {
		i := slices.Index(want, s.Title)
		switch {
		case i < 0 && p.Kind == Codes:
			d.fail(s.Line, "unknown section "+strconv.Quote(s.Title)+"; the sections are "+strings.Join(want, ", "))
		case i >= 0 && i < last:
			d.fail(s.Line, "section "+strconv.Quote(s.Title)+" must stand before "+strconv.Quote(want[last]))
		case i >= 0:
			last = i
		}
	}
	for _, title := range want {
		if title != "Notes" && p.Section(title) == nil {
			d.fail(firstLine, "section "+strconv.Quote(title)+" is missing")
		}
	}
}

// headingLine is the first and one past the last byte of a heading's line.
func headingLine(src []byte, h *ast.Heading) (start, end int) {
	if h.Lines().Len() == 0 {
		return 0, 0
	}
	at := h.Lines().At(0).Start
	start = bytes.LastIndexByte(src[:at], '\n') + 1
	if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
		return start, at + i + 1
	}
	return start, len(src)
}

func headingID(h *ast.Heading) string {
	if v, ok := h.AttributeString("id"); ok {
		if b, ok := v.([]byte); ok {
			return string(b)
		}
	}
	return ""
}

// anchor is what goldmark makes of a heading that stands once: letters, digits,
// _ and - in lower case, spaces as -.
func anchor(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' || r == '-':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}

// nodeStart is the offset of the first text in or under a node.
func nodeStart(n ast.Node) int {
	start := -1
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch t := n.(type) {
		case *ast.Text:
			start = t.Segment.Start
			return ast.WalkStop, nil
		case *ast.RawHTML:
			start = t.Segments.At(0).Start
			return ast.WalkStop, nil
		}
		if n.Type() == ast.TypeBlock && n.Lines() != nil && n.Lines().Len() > 0 {
			start = n.Lines().At(0).Start
			return ast.WalkStop, nil
		}
		return ast.WalkContinue, nil
	})
	if start < 0 && n.Parent() != nil {
		return nodeStart(n.Parent())
	}
	return max(start, 0)
}

// nodeText is the text of a node without its marks.
func nodeText(src []byte, n ast.Node) string {
	var b strings.Builder
	plainText(&b, src, n)
	return strings.TrimSpace(b.String())
}

func plainText(b *strings.Builder, src []byte, n ast.Node) {
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			if n.Type() == ast.TypeBlock || n.Kind() == extast.KindTableCell {
				b.WriteByte('\n')
			}
			return ast.WalkContinue, nil
		}
		switch t := n.(type) {
		case *ast.Text:
			b.Write(util.UnescapePunctuations(t.Segment.Value(src)))
			if t.SoftLineBreak() || t.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(t.Value)
		case *ast.AutoLink:
			b.Write(t.Label(src))
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			lines := n.Lines()
			for i := range lines.Len() {
				seg := lines.At(i)
				b.Write(seg.Value(src))
			}
		}
		return ast.WalkContinue, nil
	})
}

// scopes says of each heading in a table that it heads its column: Markdown has
// no others. Text cannot hold a bare tag.
var scopes = strings.NewReplacer("<thead", "<thead", "<th", `<th scope="col"`)

// onceHTML renders Markdown when it is first asked for.
type onceHTML struct {
	once sync.Once
	out  string
}

func (o *onceHTML) get(md string) string {
	o.once.Do(func() {
		var b bytes.Buffer
		if err := markdown.Convert([]byte(md), &b); err == nil { // a bytes.Buffer does not fail
			o.out = scopes.Replace(b.String())
		}
	})
	return o.out
}

// codeRenderer lets long codes break after _ and gives what may scroll a place
// in the tab order, so that the keyboard can scroll it.
type codeRenderer struct{}

func (r codeRenderer) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(ast.KindCodeSpan, r.span)
	reg.Register(ast.KindFencedCodeBlock, r.block)
	reg.Register(ast.KindCodeBlock, r.block)
	reg.Register(extast.KindTable, r.table)
}

func (codeRenderer) span(w util.BufWriter, src []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	_, _ = w.WriteString("<code>")
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		t, ok := c.(*ast.Text)
		if !ok {
			continue
		}
		v := bytes.ReplaceAll(t.Segment.Value(src), []byte("\n"), []byte(" "))
		_, _ = w.Write(bytes.ReplaceAll(util.EscapeHTML(v), []byte("_"), []byte("_<wbr>")))
	}
	_, _ = w.WriteString("</code>")
	return ast.WalkSkipChildren, nil
}

func (codeRenderer) block(w util.BufWriter, src []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	_, _ = w.WriteString(`<pre tabindex="0"><code>`)
	for i := range n.Lines().Len() {
		seg := n.Lines().At(i)
		_, _ = w.Write(util.EscapeHTML(seg.Value(src)))
	}
	_, _ = w.WriteString("</code></pre>\n")
	return ast.WalkSkipChildren, nil
}

func (codeRenderer) table(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString(`<div class="table-scroll" tabindex="0"><table`)
		if n.Attributes() != nil {
			html.RenderAttributes(w, n, extension.TableAttributeFilter)
		}
		_, _ = w.WriteString(">\n")
	} else {
		_, _ = w.WriteString("</table></div>\n")
	}
	return ast.WalkContinue, nil
}
