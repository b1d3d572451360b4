package site

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"ingestdoctor/content"
	"ingestdoctor/static/manifest"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
	"ingestdoctor/web/page"
)

// body is an answer with what is derived from it once.
type body struct {
	kind  string
	plain []byte
	tag   string
	gzip  []byte // nil where it is not worth it
}

func newBody(kind string, plain []byte) *body {
	// Weak: the same page may go out compressed or plain.
	return &body{kind: kind, plain: plain, tag: `W/"` + manifest.Hash(plain) + `"`, gzip: squeeze(plain)}
}

var writers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, 5) // the level is known
	return w
}}

// squeeze compresses what is long enough to gain by it.
func squeeze(plain []byte) []byte {
	if len(plain) < 1024 {
		return nil
	}
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	var b bytes.Buffer
	w.Reset(&b)
	_, _ = w.Write(plain) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// takesGzip reports whether a client takes gzip: named, and not with q=0.
func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name = strings.TrimSpace(name); name == "gzip" || name == "*" {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}

// send writes a body that a browser may keep and must ask about each time.
func (s *Server) send(c echo.Context, kind string, plain []byte) error {
	return s.sendBody(c, http.StatusOK, newBody(kind, plain))
}

func (s *Server) sendBody(c echo.Context, status int, b *body) error {
	h := c.Response().Header()
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	h.Add("Vary", "Accept-Encoding")
	if status == http.StatusOK {
		h.Set("ETag", b.tag)
		for part := range strings.SplitSeq(c.Request().Header.Get("If-None-Match"), ",") {
			if part = strings.TrimSpace(part); part == b.tag || part == "*" {
				return c.NoContent(http.StatusNotModified)
			}
		}
	}
	if b.gzip != nil && takesGzip(c.Request()) {
		h.Set("Content-Encoding", "gzip")
		return c.Blob(status, b.kind, b.gzip)
	}
	return c.Blob(status, b.kind, b.plain)
}

func (s *Server) html(c echo.Context, component templ.Component) error {
	return s.htmlAs(c, http.StatusOK, component)
}

func (s *Server) htmlAs(c echo.Context, status int, component templ.Component) error {
	b, err := s.draw(c, component)
	if err != nil {
		return err
	}
	return s.sendBody(c, status, b)
}

func (s *Server) draw(c echo.Context, component templ.Component) (*body, error) {
	var b bytes.Buffer
	if err := component.Render(c.Request().Context(), &b); err != nil {
		return nil, err
	}
	return newBody("text/html; charset=utf-8", b.Bytes()), nil
}

// kept is html for a page that depends on its address alone, and on nothing
// after the question mark: it is drawn and compressed once. Only for addresses
// that are there, so that nobody can fill the memory.
func (s *Server) kept(c echo.Context, component templ.Component) error {
	path := c.Request().URL.Path
	if b, ok := s.drawn.Load(path); ok {
		return s.sendBody(c, http.StatusOK, b.(*body))
	}
	b, err := s.draw(c, component)
	if err != nil {
		return err
	}
	s.drawn.Store(path, b)
	return s.sendBody(c, http.StatusOK, b)
}

func (s *Server) home(c echo.Context) error    { return s.kept(c, s.pages.Home()) }
func (s *Server) privacy(c echo.Context) error { return s.kept(c, s.pages.Privacy()) }
func (s *Server) rules(c echo.Context) error   { return s.kept(c, s.pages.Rules()) }

func (s *Server) rule(c echo.Context) error {
	id := c.Param("id")
	if r, ok := rules.ByID(id); ok {
		return s.kept(c, s.pages.Rule(r))
	}
	// forgiven: another case, a slash at the end
	if r, ok := rules.ByID(strings.ToLower(strings.Trim(id, "/"))); ok {
		return c.Redirect(http.StatusMovedPermanently, page.RulePath(r.ID))
	}
	return echo.ErrNotFound
}

func (s *Server) profiles(c echo.Context) error { return s.kept(c, s.pages.Profiles()) }

func (s *Server) profile(c echo.Context) error {
	id := c.Param("id")
	if p, ok := profile.ByID(id); ok {
		return s.kept(c, s.pages.Profile(p))
	}
	if p, ok := profile.ByID(strings.ToLower(strings.Trim(id, "/"))); ok {
		return c.Redirect(http.StatusMovedPermanently, page.ProfilePath(p.ID))
	}
	return echo.ErrNotFound
}

func (s *Server) robots(c echo.Context) error {
	text := "User-agent: *\nDisallow: /api/\nDisallow: /search\n"
	if s.cfg.PublicURL != "" {
		text += "Sitemap: " + s.cfg.PublicURL + "/sitemap.xml\n"
	}
	return s.send(c, "text/plain; charset=utf-8", []byte(text))
}

func (s *Server) sitemap(c echo.Context) error {
	type entry struct {
		Loc string `xml:"loc"`
	}
	origin := s.cfg.PublicURL
	if origin == "" {
		// The protocol wants whole addresses; the name was checked by checkHost.
		origin = "http://" + c.Request().Host
	}
	set := struct {
		XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		URLs    []entry  `xml:"url"`
	}{}
	for _, path := range s.paths() {
		set.URLs = append(set.URLs, entry{origin + (&url.URL{Path: path}).EscapedPath()})
	}
	body, err := xml.MarshalIndent(set, "", "  ")
	if err != nil {
		return err
	}
	return s.send(c, "application/xml; charset=utf-8", append([]byte(xml.Header), body...))
}

// paths are all pages that a search engine should know.
func (s *Server) paths() []string {
	paths := []string{"/", "/codes", "/platforms", "/encoders", "/guides", "/rules", "/profiles", "/privacy"}
	paths = append(paths, toolPages...)
	for _, id := range s.lib.Platforms() {
		paths = append(paths, "/codes/"+id)
	}
	for _, code := range s.lib.Codes {
		paths = append(paths, code.URL())
	}
	for _, kind := range []content.Kind{content.Guides, content.Encoders, content.PlatformPages} {
		for _, a := range s.lib.Articles(kind) {
			paths = append(paths, a.URL())
		}
	}
	for _, r := range rules.All() {
		paths = append(paths, page.RulePath(r.ID))
	}
	for _, p := range profile.All() {
		paths = append(paths, page.ProfilePath(p.ID))
	}
	return paths
}

func (s *Server) health(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	if wantsJSON(c.Request()) {
		return c.JSON(http.StatusOK, map[string]string{"status": "ok", "version": s.cfg.Version})
	}
	return c.String(http.StatusOK, "ok\n")
}
