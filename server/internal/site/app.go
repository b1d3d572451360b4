package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/static"
	"ingestdoctor/static/manifest"
	"ingestdoctor/web/page"
	"ingestdoctor/web/ui"
)

// toolPages are the pages that go-app draws: the only ones that go through it,
// for it answers 200 for whatever it does not know.
var toolPages = []string{"/check/file", "/check/url", "/check/log", "/check/reach", "/live"}

// serverPages are the prefixes that go-app's router must leave to the browser.
var serverPages = []string{
	"/rules", "/profiles", "/codes", "/e/", "/platforms", "/encoders", "/guides", "/search", "/privacy", "/api", "/assets",
	"/embed", "/links", "/oembed", "/new", "/d/", "/compare",
}

// originMark stands for the page's own scheme and host in the list of links
// that go-app must leave alone: it compares whole addresses, and the server
// has several names.
const originMark = "__ORIGIN__"

// resolver tells go-app where its program is. It is deliberately no
// http.Handler: go-app would serve files of ./web with it, which is our source.
type resolver struct{ assets *static.Set }

func (r resolver) Resolve(location string) string {
	switch location {
	case "":
		return "/"
	case "/web/app.wasm":
		return r.assets.URL(static.AppWasm)
	}
	return location
}

// registerTools gives go-app its routes, which are the process's own: once.
var registerTools = sync.OnceFunc(func() { ui.Register(Profiles().Profiles...) })

// newApp returns go-app's handler for the tool pages and the files that belong
// to it.
func newApp(cfg Config, assets *static.Set, pages *page.Site) *app.Handler {
	registerTools()

	// what a worker loads beside itself
	beside := strings.Join(present(assets, static.WasmExec, "js/worker-core.js"), " ")
	env := map[string]string{
		"ASSET_WORKER_SCRIPTS": beside,
		"ASSET_WORKER_JS":      assets.URL("js/worker.js"),
		"ASSET_VALIDATOR_WASM": assets.URL(static.ValidatorWasm),
		"ASSET_LINTER_JS":      assets.URL("js/worker-linter.js"),
		"ASSET_LINTER_WASM":    assets.URL(static.LinterWasm),
		"ASSET_LOG_JS":         assets.URL("js/worker-log.js"),
		"ASSET_LOG_SCRIPTS":    beside + " " + assets.URL("js/worker-unpack.js"),
		"ASSET_EXPLAINER_WASM": assets.URL(static.ExplainerWasm),
		"ASSET_UPLOT_JS":       assets.URL("vendor/uplot/uPlot.iife.min.js"),
		"ASSET_UPLOT_CSS":      assets.URL("vendor/uplot/uPlot.min.css"),
		"ASSET_ICONS":          assets.URL("icons.svg"),
		"PROGRAM_VERSION":      cfg.Version, // for the reports that the browser makes
		"INGEST_PORTS":         portList(cfg.Ingest.Ports),
		"SHELL_HEADER":         pages.Header(toolPages[0]),
		"SHELL_FOOTER":         pages.Footer(),
	}
	version := buildVersion(cfg.Version, assets, env)
	env["BUILD_VERSION"] = version

	// Everything that the tool needs, so that it works without the network.
	var offline []string
	for _, name := range assets.Names() {
		if strings.HasPrefix(name, "embed") || name == "css/embed.css" || name == "css/picker.css" {
			continue // of pages inside other sites
		}
		if strings.HasSuffix(name, ".js") || strings.HasSuffix(name, ".css") || name == "icons.svg" ||
			name == "img/mark.svg" || name == static.ValidatorWasm || name == static.LinterWasm ||
			name == static.ExplainerWasm {
			offline = append(offline, assets.URL(name))
		}
	}
	offline = append(offline, toolPages...)

	h := &app.Handler{
		Name:            page.Name,
		ShortName:       page.Name,
		Title:           page.Name,
		Description:     "Check a recording of a live stream in the browser: why a platform would refuse it, where, and what to change.",
		Author:          page.Name,
		Lang:            "en",
		ThemeColor:      "#09585d",
		BackgroundColor: "#f7f8f9",
		LoadingLabel:    "Starting the checker: {progress} %",
		StartURL:        toolPages[0],
		Version:         version,
		Resources:       resolver{assets},
		Env:             env,
		InternalURLs:    []string{originMark},
		Styles:          present(assets, "css/site.css", "css/parts.css", "css/pages.css", "css/kb.css", "css/tool.css", "css/url.css", "css/log.css", "css/reach.css", "css/live.css"),
		Scripts:         scripts(assets),
		Icon: app.Icon{
			Default:  assets.URL("img/icon-192.png"),
			Large:    assets.URL("img/icon-512.png"),
			SVG:      assets.URL("img/mark.svg"),
			Maskable: assets.URL("img/icon-maskable-512.png"),
		},
		CacheableResources: offline,
	}
	if u, err := url.Parse(cfg.PublicURL); err == nil {
		h.Domain = u.Host
	}
	if a := assets.Get(static.AppWasm); a != nil {
		// The browser counts bytes after decompression.
		h.WasmContentLength = strconv.FormatInt(a.Size, 10)
	}
	return h
}

// present are the addresses of those assets that there are.
func present(assets *static.Set, names ...string) []string {
	var urls []string
	for _, name := range names {
		if u := assets.URL(name); u != "" {
			urls = append(urls, u)
		}
	}
	return urls
}

// scripts are the tool pages' own: theme.js at once, so that a remembered theme
// does not flash, the others once the page is there.
func scripts(assets *static.Set) []string {
	list := present(assets, "js/theme.js")
	for _, name := range assets.Names() {
		if strings.HasPrefix(name, "js/") && name != "js/theme.js" && !static.IsWorker(name) {
			list = append(list, assets.URL(name)+" defer")
		}
	}
	return list
}

// buildVersion changes when anything that a tool page is made of does, and only
// then: browsers keep the tool by it.
func buildVersion(program string, assets *static.Set, env map[string]string) string {
	raw, _ := json.Marshal(env)
	return manifest.Hash(fmt.Appendf(nil, "%s\n%s\n%s", program, assets.Version(), raw))
}

// viaApp answers with what go-app makes of a path.
func (s *Server) viaApp(c echo.Context) error {
	page, err := s.rendered(c.Path())
	if err != nil {
		return err
	}
	policy := page.policy
	if c.Path() == ui.ReachPath && len(s.cfg.Ingest.Ports) > 0 {
		policy = connectPolicy(policy, s.ingestHost(c), s.cfg.Ingest.Ports)
		c.Response().Header().Set("Content-Security-Policy", policy)
		// The policy depends on the name that the visitor came to, and a browser must not
		// keep an older one with the page.
		b := newBody(page.kind, page.body)
		b.tag = []string{`W/"` + manifest.Hash(append([]byte(policy), page.body...)) + `"`}
		return s.sendBody(c, http.StatusOK, b)
	}
	if policy != "" {
		c.Response().Header().Set("Content-Security-Policy", policy)
	}
	return s.keep(c, page.kind, page.body)
}

// rendered is one answer of go-app.
type rendered struct {
	kind, policy string
	body         []byte
}

// rendered asks go-app for a path, once: what it draws depends on nothing else,
// but the order of the attributes in it is different each time. What comes
// back is mended: go-app names no character set and knows one origin only.
func (s *Server) rendered(path string) (rendered, error) {
	s.appMu.Lock()
	defer s.appMu.Unlock()
	if page, ok := s.appPages[path]; ok {
		return page, nil
	}
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, Header: http.Header{}}
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	s.app.ServeHTTP(rec, r)
	if rec.status != http.StatusOK {
		return rendered{}, echo.NewHTTPError(rec.status)
	}
	page := rendered{kind: rec.header.Get("Content-Type"), body: rec.body.Bytes()}
	switch {
	case path == "/app.js":
		list, err := json.Marshal(serverPages)
		if err != nil {
			return rendered{}, err
		}
		page.body = bytes.Replace(page.body, fmt.Appendf(nil, `"[\"%s\"]"`, originMark),
			fmt.Appendf(nil, "JSON.stringify(%s.map((p) => location.origin + p))", list), 1)
		// The program finds the scripts of its pages: all of them have run by then.
		page.body = bytes.Replace(page.body, []byte("goappInitWebAssembly();"),
			[]byte("addEventListener('DOMContentLoaded', goappInitWebAssembly);"), 1)
	case path == "/app-worker.js":
		page.policy = serviceWorkerPolicy
		// What goes to our ingest ports is none of its business, and its policy would not
		// let it through.
		page.body = bytes.Replace(page.body, []byte("event.respondWith("),
			[]byte("if (new URL(event.request.url).origin !== location.origin) return;\n  event.respondWith("), 1)
	case page.kind == "text/html":
		page.policy = toolPolicy
		// what is not checked has no such attribute: any value of it means that it is
		page.body = bytes.ReplaceAll(page.body, []byte(` checked="false"`), nil)
		if s.cfg.PublicURL == "" {
			// og:url and og:image want a host; without one configured there is none to name
			page.body = bytes.ReplaceAll(page.body, []byte(`content="https:///`), []byte(`content="/`))
		}
	}
	switch {
	case page.kind == "application/javascript":
		page.kind = "text/javascript; charset=utf-8"
	case strings.HasPrefix(page.kind, "text/"):
		page.kind += "; charset=utf-8"
	}
	s.appPages[path] = page
	return page, nil
}

// recorder keeps what a handler writes.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
func (r *recorder) WriteHeader(status int)      { r.status = status }
