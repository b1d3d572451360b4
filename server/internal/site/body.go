package site

import (
	"bytes"
	"compress/gzip"
	"net/http"
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
}

// packed is a body in one encoding.
type packed struct {
	data     []byte
	length   []string
	encoding []string
}

func newPacked(data []byte, encoding string) packed {
	p := packed{data: data, length: []string{strconv.Itoa(len(data))}}
	if encoding != "" {
		p.encoding = []string{encoding}
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
	return &body{
		kind: []string{kind},
		// Weak: the same page may go out compressed or plain.
		tag:   []string{`W/"` + manifest.Hash(plain) + `"`},
		plain: newPacked(plain, ""),
	}
}

// keptBody is a body that is sent often: it is compressed once.
func keptBody(kind string, plain []byte) *body {
	b := newBody(kind, plain)
	if len(plain) < worthPacking {
		return b
	}
	b.gzip = newPacked(squeeze(plain), "gzip")
	b.brotli = sync.OnceValue(func() packed {
		var out bytes.Buffer
		w := brotli.NewWriterLevel(&out, 9)
		_, _ = w.Write(plain) // a buffer takes everything
		_ = w.Close()
		return newPacked(out.Bytes(), "br")
	})
	return b
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
			return newPacked(squeeze(b.plain.data), "gzip")
		}
		return b.gzip
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
	if len(h["Cache-Control"]) == 0 {
		h["Cache-Control"] = askEachTime
	}
	if len(h["Vary"]) == 0 {
		h["Vary"] = varyEncoding
	} else {
		h.Add("Vary", varyEncoding[0])
	}
	if status == http.StatusOK {
		h["Etag"] = b.tag
		if asked := r.Header.Get("If-None-Match"); asked != "" {
			for part := range strings.SplitSeq(asked, ",") {
				if part = strings.TrimSpace(part); part == b.tag[0] || part == "*" {
					return c.NoContent(http.StatusNotModified)
				}
			}
		}
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

// keep sends a body and remembers it for its address.
func (s *Server) keep(c echo.Context, kind string, plain []byte) error {
	b, _ := s.drawn.LoadOrStore(c.Request().URL.Path, keptBody(kind, plain))
	return s.sendBody(c, http.StatusOK, b.(*body))
}

// remembered answers with what was kept for an address, before a handler looks
// anything up.
func (s *Server) remembered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if u := c.Request().URL; u.RawQuery == "" {
			if b, ok := s.drawn.Load(u.Path); ok {
				return s.sendBody(c, http.StatusOK, b.(*body))
			}
		}
		return next(c)
	}
}
