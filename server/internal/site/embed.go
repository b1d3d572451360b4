package site

import (
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"ingestdoctor/content"
	"ingestdoctor/server/internal/kb"
	"ingestdoctor/static"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
	"ingestdoctor/web/page"
)

// EmbedVersion is the version of static/embed.js, which stands in its address.
// Snippets in other people's pages hold the address and the file's hash, so a
// version never changes: to change the file, copy it to
// static/embed/v<EmbedVersion>.js, where it stays, and raise this number.
const EmbedVersion = 1

const (
	embedScript = "embed.js"
	embedPrefix = "/embed/"
	// What a frame may do on the page around it: run its own scripts with its own
	// origin, send its search form, open links in a new tab, copy. Not navigate
	// that page, nor open dialogs over it.
	embedSandbox = "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox"
)

// Policies of what is shown inside other sites, without frame-ancestors, which
// the settings give.
const (
	embedPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors "
	// The check of a URL runs WebAssembly in a worker; the page loads the program.
	embedToolPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
		"connect-src 'self'; worker-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors "
	// The page that shows the snippets frames a preview.
	pickerPolicy = pagePolicy + "; frame-src 'self'"
)

// embedding is what the settings and the assets say of other sites.
type embedding struct {
	origins   embedOrigins
	ancestors string // the same as a policy's frame-ancestors
	script    string // address of embed.js as an asset
	integrity string // of embed.js
}

func newEmbedding(cfg Config, assets *static.Set) (e embedding, err error) {
	e.origins, err = parseEmbedOrigins(cfg.EmbedOrigins)
	e.ancestors, e.script, e.integrity = e.origins.ancestors(), assets.URL(embedScript), integrity(assets, embedScript)
	return e, err
}

// embedRoutes adds the pages for other sites and what belongs to them.
func (s *Server) embedRoutes(get func(string, echo.HandlerFunc)) {
	get("/embed", s.picker)
	get(embedPrefix, redirect("/embed"))
	get("/links", s.links)
	get("/links/", redirect("/links"))
	get("/oembed", s.oembed)

	get("/embed/codes/:platform/*", s.embedCode)
	get("/embed/e/*", s.embedAnyCode)
	get("/embed/rules/:id", s.embedRule)
	get("/embed/search", s.embedSearch)
	get("/embed/check/url", s.embedURL)
	get("/embed/accent/:file", s.embedAccent)
	get("/embed/:version/embed.js", s.embedJS)
}

// Values of headers of what other sites may use. They are never changed in place.
var (
	anyOrigin   = []string{"*"}
	crossOrigin = []string{"cross-origin"}
)

// openUp sets the headers of what other sites may use: the pages below /embed/
// from the sites that were configured, the script that makes their frames and
// the reading part of the API from anywhere. Nothing of it knows a person: there
// are no cookies, so any origin may read it. It reports whether the request is
// one that a browser sends ahead (CORS preflight) of such a reading.
func (s *Server) openUp(r *http.Request, h http.Header) (preflight bool) {
	path := r.URL.Path
	if path == s.embed.script || strings.HasPrefix(path, embedPrefix) {
		h["Cross-Origin-Resource-Policy"] = crossOrigin
	}
	if path != s.embed.script && !openToAll(path) {
		return false
	}
	h["Access-Control-Allow-Origin"] = anyOrigin
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

// openToAll tells the addresses that any site's script may read: the reading
// API, oEmbed, embed.js. Probes, shared diagnoses and the rest are not among them.
func openToAll(path string) bool {
	if rest, ok := strings.CutPrefix(path, "/api/v1/"); ok {
		what, _, _ := strings.Cut(rest, "/")
		switch what {
		case "codes", "rules", "profiles", "search", "openapi.json":
			return true
		}
		return false
	}
	return path == "/oembed" || strings.HasPrefix(path, embedPrefix+"v") && strings.HasSuffix(path, "/"+embedScript)
}

// allowReading answers a preflight.
func allowReading(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Access-Control-Allow-Methods", "GET, HEAD")
	h.Set("Access-Control-Allow-Headers", "Accept, Content-Type")
	h.Set("Access-Control-Max-Age", "86400")
	return c.NoContent(http.StatusNoContent)
}

// frameOf reads how an embedded page is to look and to whom it may speak. What
// is not known is left out, never passed on.
func (s *Server) frameOf(c echo.Context) page.Frame {
	f := page.Frame{Accent: cleanAccent(c.QueryParam("accent")), Parent: s.parentOf(c)}
	if theme := c.QueryParam("theme"); theme == "light" || theme == "dark" {
		f.Theme = theme
	}
	if lang := c.QueryParam("lang"); page.EmbedLanguages[lang] {
		f.Lang = lang
	}
	f.Query = strings.TrimSpace(shorten(c.QueryParam("q"), kb.MaxQuery))
	return f
}

// framed sends an embedded page, with the policy that says who may frame it.
func (s *Server) framed(c echo.Context, status int, policy string, f page.Frame, e page.Embedded) error {
	h := c.Response().Header()
	h.Set("Content-Security-Policy", policy+s.embed.ancestors)
	// Everything in it is ours, so that it may stand in pages that are isolated too.
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	// In a frame it says nothing; opened by itself, a process of its own would
	// double the time to the first paint, and there is nothing to guard.
	h.Del("Cross-Origin-Opener-Policy")
	h.Set("X-Robots-Tag", "noindex") // the page that it is taken from is the one to find
	if status != http.StatusOK {
		h.Set("Cache-Control", "no-store")
	}
	return s.htmlAs(c, status, s.pages.Embed(f, e))
}

func (s *Server) embedCode(c echo.Context) error {
	platform, slug, f := param(c, "platform"), strings.Trim(param(c, "*"), "/"), s.frameOf(c)
	code, ok := s.lib.Code(platform, slug)
	if !ok {
		return s.embedNoCode(c, f, slug, strings.ToLower(platform))
	}
	if c.Request().URL.Path != "/embed"+code.URL() {
		return c.Redirect(http.StatusFound, f.Path(code.URL()))
	}
	return s.framed(c, http.StatusOK, embedPolicy, f, s.pages.EmbedCode(f, code))
}

// embedAnyCode is a code without its platform: its page where one platform
// uses it, else the choice.
func (s *Server) embedAnyCode(c echo.Context) error {
	name, f := strings.Trim(param(c, "*"), "/ "), s.frameOf(c)
	switch list := s.named(name); len(list) {
	case 0:
		return s.embedNoCode(c, f, name, "")
	case 1:
		return c.Redirect(http.StatusFound, f.Path(list[0].URL()))
	default:
		return s.framed(c, http.StatusOK, embedPolicy, f, s.pages.EmbedChoice(f, shorten(name, 80), list))
	}
}

// named are the pages of a code as somebody wrote it: those that have it to the
// letter (-1 is not 1), else those that have it nearly.
func (s *Server) named(name string) []*content.Code {
	list := s.lib.Anywhere(name)
	var exact []*content.Code
	for _, code := range list {
		for _, n := range append([]string{code.Slug}, code.Codes...) {
			if strings.EqualFold(n, name) {
				exact = append(exact, code)
				break
			}
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return list
}

func (s *Server) embedNoCode(c echo.Context, f page.Frame, name, platform string) error {
	name = shorten(name, kb.MaxQuery)
	if len(s.lib.ByPlatform(platform)) == 0 {
		platform = ""
	}
	near := found(name, platform, s.kb.All(name, platform, 5))
	return s.framed(c, http.StatusNotFound, embedPolicy, f, s.pages.EmbedNoCode(f, shorten(name, 80), near.Codes))
}

func (s *Server) embedRule(c echo.Context) error {
	id, f := c.Param("id"), s.frameOf(c)
	r, ok := rules.ByID(id)
	if !ok {
		if r, ok = rules.ByID(strings.ToLower(strings.Trim(id, "/"))); ok {
			return c.Redirect(http.StatusFound, f.Path(page.RulePath(r.ID)))
		}
		return s.framed(c, http.StatusNotFound, embedPolicy, f, s.pages.EmbedNoRule(shorten(id, 80)))
	}
	return s.framed(c, http.StatusOK, embedPolicy, f, s.pages.EmbedRule(f, r))
}

func (s *Server) embedSearch(c echo.Context) error {
	f := s.frameOf(c)
	c.Response().Header().Set("Cache-Control", "private, no-cache")
	list := found(f.Query, "", s.kb.All(f.Query, "", 8))
	list.Rules = list.Rules[:min(3, len(list.Rules))]
	return s.framed(c, http.StatusOK, embedPolicy, f, s.pages.EmbedSearch(f, list))
}

func (s *Server) embedURL(c echo.Context) error {
	f := s.frameOf(c)
	id := c.QueryParam("profile")
	if _, ok := profile.ByID(id); !ok {
		id = ""
	}
	f.Query = "" // it could only be a URL, which belongs in the page and in no address
	return s.framed(c, http.StatusOK, embedToolPolicy, f, s.pages.EmbedURL(id))
}

// ---- embed.js ----

var versionForm = regexp.MustCompile(`^v[1-9][0-9]{0,3}$`)

// embedJS serves /embed/v1/embed.js: this version, or one that snippets of
// older days name.
func (s *Server) embedJS(c echo.Context) error {
	version, name := c.Param("version"), embedScript
	if !versionForm.MatchString(version) {
		return echo.ErrNotFound
	}
	if version != "v"+strconv.Itoa(EmbedVersion) {
		name = "embed/" + version + ".js"
	}
	asset := s.assets.Get(name)
	if asset == nil {
		return echo.ErrNotFound
	}
	s.assets.ServeFrozen(c.Response(), c.Request(), name)
	return nil
}

// embedPath is the address of embed.js that snippets hold.
func embedPath() string { return embedPrefix + "v" + strconv.Itoa(EmbedVersion) + "/" + embedScript }

// integrity is the hash of an asset as a script element's attribute has it.
func integrity(assets *static.Set, name string) string {
	asset := assets.Get(name)
	if asset == nil {
		return ""
	}
	content, err := asset.Content()
	if err != nil {
		return ""
	}
	sum := sha512.Sum384(content)
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

// origin is the portal's own address as the reader of this request has it.
func (s *Server) origin(c echo.Context) string {
	if s.cfg.PublicURL != "" {
		return s.cfg.PublicURL
	}
	return c.Scheme() + "://" + c.Request().Host // the name was checked by checkHost
}

// ---- the page that makes snippets, and the page of links ----

func (s *Server) picker(c echo.Context) error {
	pick := page.Pick{
		What: c.QueryParam("what"), Code: strings.TrimSpace(shorten(c.QueryParam("code"), 200)), Accent: cleanAccent(c.QueryParam("accent")),
		Origin: s.origin(c), Script: embedPath(), ScriptAsset: s.embed.script, Integrity: s.embed.integrity, Sandbox: embedSandbox,
		Sites: s.embed.origins,
	}
	if pick.Accent == page.DefaultAccent {
		pick.Accent = ""
	}
	if theme := c.QueryParam("theme"); theme == "light" || theme == "dark" {
		pick.Theme = theme
	}
	if p, ok := profile.ByID(c.QueryParam("profile")); ok {
		pick.Profile = p.ID
	}
	if r, ok := rules.ByID(strings.ToLower(strings.TrimSpace(c.QueryParam("rule")))); ok {
		pick.Rule = r.ID
	}
	if pick.Code != "" {
		platform, slug, ok := strings.Cut(pick.Code, "/")
		if ok {
			pick.Page, _ = s.lib.Code(platform, slug)
		}
		if list := s.named(pick.Code); pick.Page == nil && len(list) == 1 {
			pick.Page = list[0]
		}
	}
	c.Response().Header().Set("Content-Security-Policy", pickerPolicy)
	return s.html(c, s.pages.Picker(pick))
}

func (s *Server) links(c echo.Context) error {
	return s.html(c, s.pages.Links(s.origin(c)))
}

// ownPath is the path and query of an address of this portal; an address
// without a host is one.
func (s *Server) ownPath(c echo.Context, address string) (*url.URL, bool) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.User != nil || u.Opaque != "" || !strings.HasPrefix(u.Path, "/") {
		return nil, false
	}
	if u.Host == "" && u.Scheme == "" {
		return u, true
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, false
	}
	own := strings.EqualFold(u.Host, c.Request().Host) || strings.EqualFold("https://"+u.Host, s.cfg.PublicURL) || strings.EqualFold("http://"+u.Host, s.cfg.PublicURL)
	return u, own
}
