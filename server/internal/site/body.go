package site

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/a-h/templ"
	"github.com/andybalholm/brotli"
	"github.com/labstack/echo/v4"

	"ingestdoctor/static"
	"ingestdoctor/static/manifest"
)

// body is an answer with what is derived from it once. What an answer sends
// again and again stands ready as header values: setting them allocates nothing.
type body struct {
	kind  []string
	tag   []string
	plain packed
	gzip  packed // empty where it is not worth it
	// made when the first client asks for it, for it takes the longest; nil for
	// what is sent only once
	brotli func() packed

	fixed []header // of a kept body: all headers but those of the encoding and of the request
}

// packed is a body in one encoding.
type packed struct {
	data     []byte
	length   []string
	encoding []string
	lines    []byte // of a kept body: the headers that net/http need not write
}

func (b *body) pack(data []byte, encoding string) packed {
	p := packed{data: data, length: []string{strconv.Itoa(len(data))}}
	if encoding != "" {
		p.encoding = []string{encoding}
		p.lines = fmt.Appendf(p.lines, "Content-Encoding: %s\r\n", encoding)
	}
	for _, h := range b.fixed {
		for _, v := range h.value {
			p.lines = fmt.Appendf(p.lines, "%s: %s\r\n", h.name, v)
		}
	}
	return p
}

// Values of headers that most answers share. They are never changed in place.
var (
	askEachTime  = []string{"no-cache"}
	varyEncoding = []string{"Accept-Encoding"}
)

// Smaller bodies go out as they are: compression gains nothing there.
const worthPacking = 1024

// newBody is a body that is sent once.
func newBody(kind string, plain []byte) *body {
	b := &body{
		kind: []string{kind},
		// Weak: the same page may go out compressed or plain.
		tag: []string{`W/"` + manifest.Hash(plain) + `"`},
	}
	b.plain = b.pack(plain, "")
	return b
}

// keptBody is a body that is sent often: it is compressed once, and its headers
// are those that the first answer has.
func keptBody(kind string, plain []byte, first http.Header) *body {
	b := newBody(kind, plain)
	b.headers(first)
	for name, value := range first {
		switch name {
		case requestIDHeader, "Content-Type": // of the request; net/http's own
		default:
			b.fixed = append(b.fixed, header{name, slices.Clone(value)})
		}
	}
	slices.SortFunc(b.fixed, func(a, b header) int { return cmp.Compare(a.name, b.name) })
	b.plain = b.pack(plain, "")
	if len(plain) < worthPacking {
		return b
	}
	b.gzip = b.pack(squeeze(plain), "gzip")
	b.brotli = sync.OnceValue(func() packed { return b.pack(withBrotli(plain, 9), "br") })
	return b
}

// headers sets what an answer of 200 has beside what its handler set.
func (b *body) headers(h http.Header) {
	if len(h["Cache-Control"]) == 0 {
		h["Cache-Control"] = askEachTime
	}
	if len(h["Vary"]) == 0 {
		h["Vary"] = varyEncoding
	} else if !slices.Contains(h["Vary"], varyEncoding[0]) {
		h.Add("Vary", varyEncoding[0])
	}
	h["Etag"] = b.tag
}

func withBrotli(plain []byte, level int) []byte {
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, level)
	_, _ = w.Write(plain) // a buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// as is the body in the encoding that a client takes.
func (b *body) as(accept string) packed {
	if accept == "" || len(b.plain.data) < worthPacking {
		return b.plain
	}
	switch static.Negotiate(accept, b.brotli != nil, true) {
	case "br":
		return b.brotli()
	case "gzip":
		if b.gzip.data == nil { // sent once
			return b.pack(squeeze(b.plain.data), "gzip")
		}
		return b.gzip
	}
	if b.brotli == nil && static.Negotiate(accept, true, false) == "br" {
		return b.pack(withBrotli(b.plain.data, 3), "br") // a client that takes nothing else
	}
	return b.plain
}

var writers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, 5) // the level is known
	return w
}}

func squeeze(plain []byte) []byte {
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	var b bytes.Buffer
	w.Reset(&b)
	_, _ = w.Write(plain) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// send writes a body that a browser may keep and must ask about each time.
func (s *Server) send(c echo.Context, kind string, plain []byte) error {
	return s.sendBody(c, http.StatusOK, newBody(kind, plain))
}

func (s *Server) sendBody(c echo.Context, status int, b *body) error {
	r, res := c.Request(), c.Response()
	h := res.Header()
	b.headers(h)
	if status != http.StatusOK {
		delete(h, "Etag")
	} else if b.matches(r) {
		return c.NoContent(http.StatusNotModified)
	}
	p := b.as(r.Header.Get("Accept-Encoding"))
	h["Content-Type"] = b.kind
	h["Content-Length"] = p.length // else it would go out in chunks
	if p.encoding != nil {
		h["Content-Encoding"] = p.encoding
	}
	res.WriteHeader(status)
	_, err := res.Write(p.data)
	return err
}

// matches reports whether the client has the body already.
func (b *body) matches(r *http.Request) bool {
	asked := r.Header.Get("If-None-Match")
	if asked == "" {
		return false
	}
	for part := range strings.SplitSeq(asked, ",") {
		if part = strings.TrimSpace(part); part == b.tag[0] || part == "*" {
			return true
		}
	}
	return false
}

// sendKept sends a kept body. No header but the request's id is set yet.
func (s *Server) sendKept(c echo.Context, b *body) error {
	r, res := c.Request(), c.Response()
	h := res.Header()
	p := b.as(r.Header.Get("Accept-Encoding"))
	to := connFor(r, len(p.data))
	if to == nil || b.matches(r) {
		for _, f := range b.fixed {
			h[f.name] = f.value
		}
		return s.sendBody(c, http.StatusOK, b)
	}
	h["Content-Type"] = b.kind
	h["Content-Length"] = p.length
	res.WriteHeader(http.StatusOK)
	to.announce(p.lines, len(p.data))
	_, err := res.Write(p.data)
	return err
}

func (s *Server) html(c echo.Context, component templ.Component) error {
	return s.htmlAs(c, http.StatusOK, component)
}

func (s *Server) htmlAs(c echo.Context, status int, component templ.Component) error {
	plain, err := draw(c, component)
	if err != nil {
		return err
	}
	return s.sendBody(c, status, newBody(htmlType, plain))
}

const htmlType = "text/html; charset=utf-8"

func draw(c echo.Context, component templ.Component) ([]byte, error) {
	var b bytes.Buffer
	err := component.Render(c.Request().Context(), &b)
	return b.Bytes(), err
}

// kept is html for a page that depends on its address alone, and on nothing
// after the question mark: it is drawn and compressed once. Only for addresses
// that are there, so that nobody can fill the memory.
func (s *Server) kept(c echo.Context, component templ.Component) error {
	if b, ok := s.drawn.Load(c.Request().URL.Path); ok {
		return s.sendBody(c, http.StatusOK, b.(*body))
	}
	plain, err := draw(c, component)
	if err != nil {
		return err
	}
	return s.keep(c, htmlType, plain)
}

// keep sends a body and remembers it, with its headers, for its address.
func (s *Server) keep(c echo.Context, kind string, plain []byte) error {
	b, _ := s.drawn.LoadOrStore(c.Request().URL.Path, keptBody(kind, plain, c.Response().Header()))
	return s.sendBody(c, http.StatusOK, b.(*body))
}

// remembered is what was kept for the address of a request, or nil.
func (s *Server) remembered(r *http.Request) *body {
	if r.URL.RawQuery != "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil
	}
	b, _ := s.drawn.Load(r.URL.Path)
	kept, _ := b.(*body)
	return kept
}
