package site

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"ingestdoctor/content"
	"ingestdoctor/server/internal/kb"
	"ingestdoctor/web/page"
)

// found turns what the search gives into what the page shows.
func found(query, platform string, r kb.Results) page.Found {
	f := page.Found{Query: query, Platform: platform}
	for i := range r.Codes {
		h := &r.Codes[i]
		f.Codes = append(f.Codes, page.CodeHit{Code: h.Code, Matched: h.Matched, Message: h.Message})
	}
	for i := range r.Articles {
		f.Articles = append(f.Articles, r.Articles[i].Article)
	}
	for i := range r.Rules {
		f.Rules = append(f.Rules, r.Rules[i].Rule)
	}
	return f
}

// param is a part of the path without its escapes.
func param(c echo.Context, name string) string {
	v := c.Param(name)
	if u, err := url.PathUnescape(v); err == nil {
		return u
	}
	return v
}

func (s *Server) search(c echo.Context) error {
	query := strings.TrimSpace(shorten(c.QueryParam("q"), kb.MaxQuery))
	c.Response().Header().Set("Cache-Control", "private, no-cache")
	c.Response().Header().Set("X-Robots-Tag", "noindex")
	// the front page's box goes right there where there is one place to go
	if c.QueryParam("go") != "" {
		if h := s.kb.Exact(query); h != nil {
			return c.Redirect(http.StatusSeeOther, h.URL())
		}
	}
	return s.html(c, s.pages.Search(found(query, "", s.kb.All(query, "", 20))))
}

// codes lists the codes, narrowed by what stands after the question mark.
func (s *Server) codes(c echo.Context) error {
	f := page.Facets{
		Platform: c.QueryParam("platform"), Stage: c.QueryParam("stage"), Severity: c.QueryParam("severity"), Who: c.QueryParam("who"),
	}
	if id := param(c, "platform"); id != "" {
		f.Platform = id
	}
	if f.Platform != "" && len(s.lib.ByPlatform(f.Platform)) == 0 {
		if id := strings.ToLower(f.Platform); len(s.lib.ByPlatform(id)) > 0 {
			return c.Redirect(http.StatusMovedPermanently, "/codes/"+id)
		}
		return echo.ErrNotFound
	}
	if c.Request().URL.RawQuery == "" {
		return s.kept(c, s.pages.Codes(f))
	}
	return s.html(c, s.pages.Codes(f))
}

func (s *Server) code(c echo.Context) error {
	platform, slug := param(c, "platform"), strings.Trim(param(c, "*"), "/")
	if slug == "" {
		return c.Redirect(http.StatusMovedPermanently, "/codes/"+url.PathEscape(platform))
	}
	code, ok := s.lib.Code(platform, slug)
	if !ok && len(s.lib.ByPlatform(strings.ToLower(platform))) == 0 {
		return echo.ErrNotFound
	}
	if !ok {
		return s.noCode(c, slug, strings.ToLower(platform))
	}
	if c.Request().URL.Path != code.URL() {
		return c.Redirect(http.StatusMovedPermanently, code.URL())
	}
	if encoder := c.QueryParam("encoder"); encoder != "" {
		return s.html(c, s.pages.Code(code, encoder))
	}
	return s.kept(c, s.pages.Code(code, ""))
}

// shortCode is /e/CODE: the code as somebody read it out, on whatever platform.
func (s *Server) shortCode(c echo.Context) error {
	name := strings.Trim(param(c, "*"), "/ ")
	if name == "" {
		return c.Redirect(http.StatusMovedPermanently, "/codes")
	}
	list := s.named(name)
	switch len(list) {
	case 0:
		return s.noCode(c, name, "")
	case 1:
		return c.Redirect(http.StatusMovedPermanently, list[0].URL())
	}
	return s.html(c, s.pages.Choice(name, list))
}

// noCode answers 404 with what is near the code.
func (s *Server) noCode(c echo.Context, name, platform string) error {
	name = shorten(name, kb.MaxQuery)
	near := found(name, platform, s.kb.All(name, platform, 8))
	c.Response().Header().Set("Cache-Control", "no-store")
	return s.htmlAs(c, http.StatusNotFound, s.pages.NoCode(name, near.Codes))
}

func (s *Server) articles(kind content.Kind) echo.HandlerFunc {
	return func(c echo.Context) error { return s.kept(c, s.pages.Articles(kind)) }
}

func (s *Server) article(kind content.Kind) echo.HandlerFunc {
	return func(c echo.Context) error {
		a, ok := s.lib.Article(kind, strings.Trim(param(c, "slug"), "/"))
		if !ok {
			return echo.ErrNotFound
		}
		if c.Request().URL.Path != a.URL() {
			return c.Redirect(http.StatusMovedPermanently, a.URL())
		}
		return s.kept(c, s.pages.Article(a))
	}
}

// ---- API ----

// SearchResult is one code page that a search has found.
type SearchResult struct {
	Platform string   `json:"platform"`
	Code     string   `json:"code"`    // the one that the query names, else the page's first; empty where there is only a message
	Codes    []string `json:"codes"`   // every code of the page
	Title    string   `json:"title"`   // in plain words
	Message  string   `json:"message"` // literal: the one that the query holds, else the page's first
	Snippet  string   `json:"snippet"` // what it means, in short
	URL      string   `json:"url"`     // path of the page
	Score    float64  `json:"score"`   // comparable within one answer
}

// SearchAnswer is the answer to /api/v1/search.
type SearchAnswer struct {
	Results []SearchResult `json:"results"`
}

// Limits of /api/v1/search.
const (
	defaultResults = 10
	maxResults     = 50
)

// SearchResults writes hits as the API and the command line do.
func SearchResults(hits []kb.Hit) SearchAnswer {
	out := SearchAnswer{Results: []SearchResult{}}
	for i := range hits {
		h := &hits[i]
		out.Results = append(out.Results, SearchResult{
			Platform: h.Code.Platform, Code: h.Matched, Codes: emptyNotNil(h.Code.Codes), Title: h.Code.Title, Message: h.Message,
			Snippet: snippet(h.Code), URL: h.Code.URL(), Score: roundScore(h.Score),
		})
	}
	return out
}

func emptyNotNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (s *Server) apiSearch(c echo.Context) error {
	limit := defaultResults
	if text := c.QueryParam("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return echo.NewHTTPError(http.StatusBadRequest)
		}
		limit = min(n, maxResults)
	}
	platform := strings.ToLower(c.QueryParam("platform"))
	if platform != "" && len(s.lib.ByPlatform(platform)) == 0 {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	c.Response().Header().Set("Cache-Control", "private, max-age=60")
	return s.send(c, "application/json", s.results.append(nil, s.kb.Codes(c.QueryParam("q"), platform, limit)))
}

// CodeEntry is a code page in the list of the API.
type CodeEntry struct {
	Platform string   `json:"platform"`
	Code     string   `json:"code"` // empty where there is only a message
	Codes    []string `json:"codes"`
	Title    string   `json:"title"`
	Severity string   `json:"severity"`
	Who      []string `json:"who"`
	Stage    string   `json:"stage"`
	Status   string   `json:"status"`
	URL      string   `json:"url"`
}

// Code is a whole code page as the API and `ingestdoctor code --json` write it.
type Code struct {
	CodeEntry
	StatusDate   string        `json:"status_date,omitempty"`
	Numbers      []CodeNumbers `json:"numbers"`
	Events       []string      `json:"events"`
	Messages     []string      `json:"messages"` // literal; %s and the like for what varies
	Aliases      []string      `json:"aliases"`
	Symptoms     []string      `json:"symptoms"`
	ShowsAs      string        `json:"shows_as,omitempty"`
	Settings     []string      `json:"settings"`
	Rules        []string      `json:"rules"`
	Related      []string      `json:"related"` // paths of pages
	SameAs       []string      `json:"same_as"`
	Sections     []CodeSection `json:"sections"`
	Sources      []CodeSource  `json:"sources"`
	Verification string        `json:"verification"`
}

// CodeNumbers is one set of numbers that a code shows as, by name.
type CodeNumbers map[string]int64

// CodeSection is a part of a code's page.
type CodeSection struct {
	Title    string `json:"title"`
	Markdown string `json:"markdown"`
}

// CodeSource says where it was read.
type CodeSource struct {
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
	Path  string `json:"path,omitempty"`
	Date  string `json:"date"`
}

// CodeList is the answer to /api/v1/codes.
type CodeList struct {
	Codes []CodeEntry `json:"codes"`
}

// Codes are the code pages of a library in their JSON form.
func Codes(lib *content.Library) CodeList { return codeList(lib.Codes) }

// CodesOf are those of one platform.
func CodesOf(lib *content.Library, platform string) CodeList {
	return codeList(lib.ByPlatform(platform))
}

func codeList(codes []*content.Code) CodeList {
	out := CodeList{Codes: []CodeEntry{}}
	for _, c := range codes {
		out.Codes = append(out.Codes, codeEntry(c))
	}
	return out
}

func codeEntry(c *content.Code) CodeEntry {
	return CodeEntry{c.Platform, c.Code, emptyNotNil(c.Codes), c.Title, c.Severity, emptyNotNil(c.Who), c.Stage, c.Status, c.URL()}
}

// CodeJSON is a code page in its JSON form.
func CodeJSON(c *content.Code) Code {
	out := Code{
		CodeEntry: codeEntry(c), StatusDate: c.StatusDate, Numbers: []CodeNumbers{}, Events: emptyNotNil(c.Events),
		Messages: emptyNotNil(c.Messages), Aliases: emptyNotNil(c.Aliases), Symptoms: emptyNotNil(c.Symptoms), ShowsAs: c.ShowsAs,
		Settings: []string{}, Rules: emptyNotNil(c.Rules), Related: []string{}, SameAs: []string{},
		Sections: []CodeSection{}, Sources: []CodeSource{}, Verification: c.Verification,
	}
	for _, n := range c.Numbers {
		set := CodeNumbers{}
		for _, f := range n {
			set[f.Name] = f.Value
		}
		out.Numbers = append(out.Numbers, set)
	}
	for _, st := range c.Settings {
		out.Settings = append(out.Settings, st.ID)
	}
	for _, o := range c.Related {
		out.Related = append(out.Related, o.URL())
	}
	for _, o := range c.SameAs {
		out.SameAs = append(out.SameAs, o.URL())
	}
	for _, sec := range c.Sections {
		out.Sections = append(out.Sections, CodeSection{sec.Title, sec.Markdown})
	}
	for _, src := range c.Sources {
		out.Sources = append(out.Sources, CodeSource{src.Title, src.URL, src.Path, src.Date})
	}
	return out
}

func (s *Server) apiCodes(c echo.Context) error { return s.keptJSON(c, Codes(s.lib)) }

func (s *Server) apiCode(c echo.Context) error {
	// a code may hold a slash: /api/v1/codes/tencent-css/18/501
	code, ok := s.lib.Code(param(c, "platform"), param(c, "*"))
	if !ok {
		return echo.ErrNotFound
	}
	if c.Request().URL.Path != "/api/v1"+code.URL() { // forgiven, in however many ways
		return s.json(c, CodeJSON(code))
	}
	return s.keptJSON(c, CodeJSON(code))
}
