package site

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"ingestdoctor/content"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
	"ingestdoctor/web/page"
)

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
	text += "Sitemap: " + s.origin(c) + "/sitemap.xml\n"
	return s.send(c, "text/plain; charset=utf-8", []byte(text))
}

func (s *Server) sitemap(c echo.Context) error {
	type entry struct {
		Loc string `xml:"loc"`
	}
	origin := s.origin(c)
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
	paths := []string{"/", "/codes", "/platforms", "/encoders", "/guides", "/rules", "/profiles", "/privacy", "/embed", "/links"}
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
