package ui

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// prerendered is a page as the server draws it, with a header that has a link.
func prerendered(t *testing.T, path, link string) string {
	t.Helper()
	registerOnce()
	for name, value := range map[string]string{
		"ASSET_ICONS": "/icons.svg", "ASSET_VALIDATOR_WASM": "/validator.wasm", "ASSET_EXPLAINER_WASM": "/explainer.wasm",
		"ASSET_LINTER_WASM": "/linter.wasm", "ASSET_LINTER_JS": "/worker-linter.js", "ASSET_WORKER_SCRIPTS": "/wasm_exec.js /worker-core.js",
		"SHELL_HEADER": `<header>` + link + `</header>`, "SHELL_FOOTER": `<footer>foot</footer>`,
	} {
		t.Setenv(name, value)
	}
	h := &app.Handler{Version: "1", Icon: app.Icon{Default: "/i.png", Large: "/i.png", SVG: "/i.svg", Maskable: "/i.png"}}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	if w.Code != 200 {
		t.Fatalf("%d", w.Code)
	}
	return w.Body.String()
}

// says looks for parts of a page.
func says(t *testing.T, html string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(html, part) {
			t.Errorf("no %q in the page", part)
		}
	}
}

// preloaded looks for the programs that a page begins to load at once.
func preloaded(t *testing.T, html string, names ...string) {
	t.Helper()
	for _, name := range names {
		link := regexp.MustCompile(`<link[^>]*href="` + name + `"[^>]*>`).FindString(html)
		if !strings.Contains(link, `rel="preload"`) || !strings.Contains(link, `as="fetch"`) || !strings.Contains(link, "crossorigin") {
			t.Errorf("%s is not preloaded: %q", name, link)
		}
	}
}

// disabled looks for inputs that do nothing before the program runs. Those whose tag
// has one of the words work without it, or are not to be seen.
func disabled(t *testing.T, html string, but ...string) {
	t.Helper()
	tags := regexp.MustCompile(`<(input|select|button|textarea)\b[^>]*>`).FindAllString(html, -1)
	if len(tags) == 0 {
		t.Error("the page has no inputs")
	}
next:
	for _, tag := range tags {
		for _, word := range append(but, " disabled") {
			if strings.Contains(tag, word) {
				continue next
			}
		}
		t.Errorf("usable before the program runs: %s", tag)
	}
}

// sound looks at a page's markup. The policy forbids inline styles and scripts;
// go-app writes attribute values as Go strings, so none may hold a quote; false
// would mean true.
func sound(t *testing.T, html string) {
	t.Helper()
	for _, bad := range []string{
		` style=`, ` onclick`, `\"`, `="false" hidden`, `disabled="false"`, `hidden="false"`, `open="false"`, `selected="false"`, `required="false"`, "<b>",
	} {
		if at := strings.Index(html, bad); at >= 0 {
			t.Errorf("%q: %s", bad, html[max(0, at-80):min(len(html), at+80)])
		}
	}
	labelled(t, html)
}

// labelled looks at ids: each is there once, and what refers to one finds it.
func labelled(t *testing.T, html string) {
	t.Helper()
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		if ids[m[1]] {
			t.Errorf("id %s twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(` (?:aria-labelledby|aria-describedby|for)="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		for _, id := range strings.Fields(m[1]) {
			if !ids[id] {
				t.Errorf("a label refers to %s, which is not there", id)
			}
		}
	}
}
