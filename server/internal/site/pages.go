package site

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"ingestdoctor/static/manifest"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
	"ingestdoctor/web/page"
)

// send writes a body that a browser may keep and must ask about each time.
func (s *Server) send(c echo.Context, kind string, body []byte) error {
	h := c.Response().Header()
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	// Weak: the same page may go out compressed or plain.
	tag := `W/"` + manifest.Hash(body) + `"`
	h.Set("ETag", tag)
	for part := range strings.SplitSeq(c.Request().Header.Get("If-None-Match"), ",") {
		if part = strings.TrimSpace(part); part == tag || part == "*" {
			return c.NoContent(http.StatusNotModified)
		}
	}
	return c.Blob(http.StatusOK, kind, body)
}

func (s *Server) html(c echo.Context, component templ.Component) error {
	var b bytes.Buffer
	if err := component.Render(c.Request().Context(), &b); err != nil {
		return err
	}
	return s.send(c, "text/html; charset=utf-8", b.Bytes())
}

func (s *Server) home(c echo.Context) error    { return s.html(c, s.pages.Home()) }
func (s *Server) privacy(c echo.Context) error { return s.html(c, s.pages.Privacy()) }
func (s *Server) rules(c echo.Context) error   { return s.html(c, s.pages.Rules()) }

func (s *Server) rule(c echo.Context) error {
	id := c.Param("id")
	if r, ok := rules.ByID(id); ok {
		return s.html(c, s.pages.Rule(r))
	}
	// forgiven: another case, a slash at the end
	if r, ok := rules.ByID(strings.ToLower(strings.Trim(id, "/"))); ok {
		return c.Redirect(http.StatusMovedPermanently, page.RulePath(r.ID))
	}
	return echo.ErrNotFound
}

func (s *Server) profiles(c echo.Context) error { return s.html(c, s.pages.Profiles()) }

func (s *Server) profile(c echo.Context) error {
	id := c.Param("id")
	if p, ok := profile.ByID(id); ok {
		return s.html(c, s.pages.Profile(p))
	}
	if p, ok := profile.ByID(strings.ToLower(strings.Trim(id, "/"))); ok {
		return c.Redirect(http.StatusMovedPermanently, page.ProfilePath(p.ID))
	}
	return echo.ErrNotFound
}

func (s *Server) search(c echo.Context) error {
	query := strings.TrimSpace(shorten(c.QueryParam("q"), 200))
	c.Response().Header().Set("Cache-Control", "private, no-cache")
	return s.html(c, s.pages.Search(query, findRules(query)))
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
	for _, path := range sitePaths() {
		set.URLs = append(set.URLs, entry{origin + path})
	}
	body, err := xml.MarshalIndent(set, "", "  ")
	if err != nil {
		return err
	}
	return s.send(c, "application/xml; charset=utf-8", append([]byte(xml.Header), body...))
}

// sitePaths are all pages that a search engine should know.
func sitePaths() []string {
	paths := []string{"/", "/rules", "/profiles", "/privacy"}
	paths = append(paths, toolPages...)
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
