package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// staticPages are one page of each kind that the server draws; fixed lists
// would go stale, so the crawl below finds the others.
var staticPages = []string{"/", "/rules", "/rules/keyframe-interval", "/rules/flv-signature", "/rules/url-token", "/profiles", "/search?q=keyframe", "/search?q=zzzzzz", "/privacy", "/no-such-page"}

func get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	status, _, body = fetch(t, path)
	return status, body
}

func fetch(t *testing.T, path string) (status int, kind, body string) {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(shared.srv.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), string(b)
}

func TestStatus(t *testing.T) {
	for path, want := range map[string]int{
		"/": 200, "/check/file": 200, "/rules": 200, "/profiles": 200, "/healthz": 200,
		"/rules/keyframe-interval": 200, "/rules/no-such-rule": 404, "/rules/keyframe-interval/x": 404,
		"/check/nothing": 404, "/no-such-page": 404, "/web/app.wasm": 404, "/wasm/validator.wasm": 404,
		"/bench.js": 404, "/../go.mod": 404, "/web/ui/check.go": 404,
	} {
		if got, _ := get(t, path); got != want {
			t.Errorf("%s: status %d, want %d", path, got, want)
		}
	}
}

var href = regexp.MustCompile(`href="([^"]+)"`)

// crawl finds every page of ours that can be reached from / by links.
func crawl(t *testing.T) []string {
	t.Helper()
	seen := map[string]bool{"/": true, "/check/file": true}
	todo := []string{"/", "/check/file"}
	var pages []string
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		status, kind, body := fetch(t, path)
		if status != 200 {
			t.Errorf("%s is linked and answers %d", path, status)
			continue
		}
		if !strings.HasPrefix(kind, "text/html") {
			continue
		}
		pages = append(pages, path)
		for _, m := range href.FindAllStringSubmatch(body, -1) {
			u, err := url.Parse(strings.ReplaceAll(m[1], "&amp;", "&"))
			if err != nil {
				t.Errorf("%s links to %q: %v", path, m[1], err)
				continue
			}
			next := u.Path
			if u.RawQuery != "" {
				next += "?" + u.RawQuery
			}
			if u.IsAbs() || u.Host != "" || next == "" || seen[next] {
				continue
			}
			if !strings.HasPrefix(next, "/") {
				t.Errorf("%s has a relative link: %q", path, m[1])
				continue
			}
			seen[next] = true
			todo = append(todo, next)
		}
	}
	return pages
}

// Every page that is linked is there, none scrolls sideways on a phone, and the
// browser has nothing to complain about on any: no console error, nothing that
// the policy blocks.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	pages := crawl(t)
	for _, want := range []string{"/rules", "/profiles", "/rules/keyframe-interval", "/rules/probe-tls"} {
		if !slices.Contains(pages, want) {
			t.Errorf("no link leads to %s", want)
		}
	}
	tab := open(t, "/", 390, 844)
	kinds := map[string]int{}
	var rest []string
	for _, path := range pages {
		kind, _, _ := strings.Cut(path, "?")
		tool := strings.HasPrefix(kind, "/check/")
		if !tool {
			kind = strings.Join(strings.SplitN(kind, "/", 3)[:2], "/")
		}
		kinds[kind]++
		switch n := kinds[kind]; {
		case tool && n > 2:
			continue // the same page for each profile and host
		case n > 3 && n%12 != 0:
			rest = append(rest, path)
			continue
		}
		do(t, tab, chromedp.Navigate(shared.srv.URL+path))
		if title := eval[string](t, tab, "document.title"); !strings.Contains(title, "Ingest Doctor") {
			t.Errorf("%s: the title is %q", path, title)
		}
		if n := eval[int](t, tab, `document.querySelectorAll("h1").length`); n != 1 {
			t.Errorf("%s: %d headings of the first level", path, n)
		}
		narrow(t, tab, path)
		for _, p := range tab.Problems() {
			t.Errorf("%s: %s", path, p)
		}
		for _, r := range tab.Requests() {
			if !strings.HasPrefix(r.URL, shared.srv.URL+"/") && !strings.HasPrefix(r.URL, "data:") {
				t.Errorf("%s asks elsewhere: %s %s", path, r.Method, r.URL)
			}
		}
	}
	t.Logf("%d pages, %d of them drawn without a load of their own", len(pages), len(rest))

	// The others of a kind have the same head and scripts: what differs is drawn
	// within the page that is there, under the same policy.
	do(t, tab, chromedp.Navigate(shared.srv.URL+"/rules"))
	for some := range slices.Chunk(rest, 25) {
		list, err := json.Marshal(some)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range eval[[]string](t, tab, `(async () => {
			const faults = [];
			for (const path of `+string(list)+`) {
				const page = new DOMParser().parseFromString(await (await fetch(path)).text(), "text/html");
				document.body.innerHTML = page.body.innerHTML;
				if (!page.title.includes("Ingest Doctor")) faults.push(path + ": the title is " + page.title);
				const headings = document.querySelectorAll("h1").length;
				if (headings !== 1) faults.push(path + ": " + headings + " headings of the first level");
				const wide = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
				if (wide > document.documentElement.clientWidth) faults.push(path + " scrolls sideways: " + wide);
			}
			return faults;
		})()`) {
			t.Error(fault)
		}
		for _, p := range tab.Problems() {
			t.Errorf("one of %v: %s", some, p)
		}
		for _, r := range tab.Requests() {
			if !strings.HasPrefix(r.URL, shared.srv.URL+"/") && !strings.HasPrefix(r.URL, "data:") {
				t.Errorf("one of %v asks elsewhere: %s %s", some, r.Method, r.URL)
			}
		}
	}
}

// axe-core finds nothing, and nothing scrolls sideways: every kind of page,
// wide and narrow, light and dark.
func TestPagesAccessible(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int64{{1280, 900}, {390, 844}} {
		t.Run(viewName(size[0], false), func(t *testing.T) {
			t.Parallel()
			tab := open(t, "/", size[0], size[1])
			for _, dark := range []bool{false, true} {
				scheme(t, tab, dark)
				for _, path := range staticPages {
					state := path + " " + viewName(size[0], dark)
					do(t, tab, chromedp.Navigate(shared.srv.URL+path))
					axe(t, tab, state)
					narrow(t, tab, state)
					missing(tab, path)
					for _, p := range tab.Problems() {
						t.Errorf("%s: %s", state, p)
					}
				}
			}
		})
	}
}

func viewName(width int64, dark bool) string {
	name := "wide"
	if width < 600 {
		name = "phone"
	}
	if dark {
		return name + " dark"
	}
	return name + " light"
}

// missing takes what the browser logs about the page that is meant to be missing.
func missing(tab interface{ Problems() []string }, path string) {
	if path == "/no-such-page" {
		tab.Problems()
	}
}

// Without scripts the tool's page says what it needs, and nothing covers it.
func TestNoScript(t *testing.T) {
	tab, err := shared.browser.Open(true)
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	if _, err := chromedp.Call(tab.Ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	do(t, tab, chromedp.Navigate(shared.srv.URL+"/check/file"))
	text := eval[string](t, tab, "document.body.innerText")
	for _, want := range []string{"JavaScript", "WebAssembly", "Check a recording", "ingestdoctor flv"} {
		if !strings.Contains(text, want) {
			t.Errorf("without scripts the page does not say %q:\n%s", want, text)
		}
	}
	// What is on top at several places is the page itself, not a loader.
	for _, at := range []string{"innerWidth / 2, innerHeight / 2", "innerWidth / 3, 200", "innerWidth / 2, 300"} {
		top := eval[string](t, tab, `(() => {
			const e = document.elementFromPoint(`+at+`);
			return e.closest("#app-wasm-loader, .goapp-app-info") ? e.outerHTML.slice(0, 200) : "";
		})()`)
		if top != "" {
			t.Errorf("covered at %s by %s", at, top)
		}
	}
	if !eval[bool](t, tab, `document.querySelector("#file").disabled`) {
		t.Error("a file can be chosen that nothing will read")
	}
	axeOff := eval[bool](t, tab, `[...document.querySelectorAll("main a[href]")].every(a => a.getBoundingClientRect().height > 0 || a.closest("details:not([open]), [hidden]"))`)
	if !axeOff {
		t.Error("links of the page are not visible without scripts")
	}
}

// From the tool's page, which go-app draws, links lead to the server's pages.
func TestLinksOutOfTheTool(t *testing.T) {
	t.Parallel()
	c := check(t)
	// The click ends this page, and with it the answer to a click of the protocol.
	eval[chromedp.Void](t, c.Tab, `setTimeout(() => document.querySelector('header a[href="/rules"]').click())`)
	wait(t, c.Tab, `location.pathname === "/rules" && document.querySelectorAll('a[href^="/rules/"]').length > 20`, 5*time.Second)
	eval[chromedp.Void](t, c.Tab, "setTimeout(() => history.back())")
	wait(t, c.Tab, `location.pathname === "/check/file" && document.querySelector("#file:not([disabled])")`, 10*time.Second)
}

// What the server lets a browser do: nothing inline, nothing from elsewhere,
// and a worker that cannot connect to anything.
func TestPolicies(t *testing.T) {
	for _, path := range []string{"/", "/check/file", "/rules", "/no-such-page"} {
		res, err := http.Get(shared.srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		csp := res.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src", "object-src", "base-uri", "frame-ancestors", "form-action"} {
			if !strings.Contains(csp, want) && !strings.Contains(csp, "default-src 'none'") {
				t.Errorf("%s: no %s in the policy %q", path, want, csp)
			}
		}
		for _, never := range []string{"unsafe-inline", "'unsafe-eval'", "http:", "https:", "*"} {
			if strings.Contains(csp, never) {
				t.Errorf("%s: %s in the policy %q", path, never, csp)
			}
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": ""} {
			if got := res.Header.Get(name); got == "" || want != "" && got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
	}
}
