package e2e

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"ingestdoctor/web/e2e/harness"
)

// The looks that an embedded page can have; the weight is that with all of them.
const embedLooks = "?theme=dark&accent=%23ff8800&lang=en&origin="

func slow(t *testing.T, tab *harness.Tab, times float64) {
	t.Helper()
	if _, err := chromedp.Call(tab.Ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: times}); err != nil {
		t.Fatal(err)
	}
}

// The largest embedded code page: at most 12 KB over the wire and painted
// within 200 ms on a processor four times slower, alone and inside a site's page.
func TestEmbeddedPaint(t *testing.T) {
	e := embedInto(t)
	address := e.portal.URL + "/embed/codes/" + embedCode + embedLooks + url.QueryEscape(e.Site)
	const (
		// asked once, for questions cost the page time
		paint  = `new Promise((resolve) => new PerformanceObserver((list) => list.getEntriesByName("first-contentful-paint").forEach((e) => resolve(e.startTime))).observe({type: "paint", buffered: true}))`
		weight = `[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].reduce((n, r) => n + r.transferSize, 0)`
	)
	var alone []float64
	for range 4 {
		tab := openSite(t, "about:blank", 800, 900)
		slow(t, tab, 4)
		do(t, tab, chromedp.Navigate(address))
		alone = append(alone, eval[float64](t, tab, paint))
		if n := eval[int](t, tab, weight); n > 12<<10 || n < 3000 {
			t.Errorf("%d bytes over the wire, want at most %d", n, 12<<10)
		} else if len(alone) == 1 {
			t.Logf("%d bytes over the wire", n)
		}
		tab.Close()
	}

	tab := openSite(t, e.Site+"/", 800, 2600)
	ready(t, tab, "#help")
	help := frameOf(t, tab, e.portal.URL+"/embed/codes/")
	slow(t, help, 4)
	var inside []float64
	for range 5 {
		eval[chromedp.Void](t, help, `window.old = true; setTimeout(() => location.reload())`)
		for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
			time.Sleep(300 * time.Millisecond)
			if eval[bool](t, help, `!window.old`) {
				break
			}
		}
		inside = append(inside, eval[float64](t, help, paint))
	}
	// The machine is shared: the median is what it takes, the least what it can.
	// Where a page of one word is late, others have the processor.
	e.pages.Store("/word", "<!DOCTYPE html><title>x</title><p>word")
	var word []float64
	for range 3 {
		tab := openSite(t, "about:blank", 800, 900)
		slow(t, tab, 4)
		do(t, tab, chromedp.Navigate(e.Site+"/word"))
		word = append(word, eval[float64](t, tab, paint))
		tab.Close()
	}
	t.Logf("a page of one word: %.0f ms", word)
	late := slices.Min(word) > 80
	for where, list := range map[string][]float64{"alone": alone, "in a site's page": inside} {
		slices.Sort(list)
		t.Logf("%s, first contentful paint after %.0f ms (median; %.0f)", where, list[len(list)/2], list)
		if list[0] > 200 && late {
			t.Logf("%s: not judged, the machine is busy", where)
		} else if list[0] > 200 {
			t.Errorf("%s it is painted after %.0f ms at best, want 200", where, list[0])
		}
	}
}

var logged = regexp.MustCompile(`status=(\d+) .*bytes=(\d+) .*path=(\S+)`)

// sent is what the portal has sent below some paths: how often, how many bytes.
func (e *embedding) sent() (requests []string, bytes int) {
	for _, m := range logged.FindAllStringSubmatch(e.portal.Log(), -1) {
		if path := m[3]; path != "/healthz" && path != "/embed" {
			n, _ := strconv.Atoi(m[2])
			requests, bytes = append(requests, path), bytes+n
		}
	}
	return requests, bytes
}

// The check of a URL loads nothing before it comes near the reader's view, the
// linter only when it is in view or used, all of it at most 0.8 MB; and what is
// typed is asked of nobody.
func TestEmbeddedURLCheck(t *testing.T) {
	t.Parallel()
	e := embedInto(t)
	far := func(distance int) string {
		return e.host(`<svg width="10" height="` + strconv.Itoa(distance) + `"></svg><ingest-url-check id="check"><a href="` + e.portal.URL + `/check/url">Check</a></ingest-url-check>`)
	}
	has := func(list []string, part string) bool {
		return slices.ContainsFunc(list, func(path string) bool { return strings.Contains(path, part) })
	}
	e.pages.Store("/far", far(9000))
	tab := openSite(t, e.Site+"/far", 800, 900)
	wait(t, tab, `document.readyState === "complete" && document.querySelector("#check").shadowRoot`, 5*time.Second)
	time.Sleep(300 * time.Millisecond) // nothing to wait for: nothing is to happen
	if list, _ := e.sent(); !has(list, "/embed.js") || has(list, "check/url") || has(list, "linter") {
		t.Errorf("far from the view it loads %v", list)
	}

	// Near it the frame is made ready, and the linter is not.
	e.pages.Store("/near", far(1100))
	do(t, tab, chromedp.Navigate(e.Site+"/near"))
	ready(t, tab, "#check")
	check := frameOf(t, tab, e.portal.URL+"/embed/check/url")
	wait(t, check, `document.readyState === "complete" && !document.querySelector("#url").disabled`, 5*time.Second)
	time.Sleep(300 * time.Millisecond)
	if list, _ := e.sent(); !has(list, "check/url") || has(list, "linter") || has(list, "wasm") {
		t.Errorf("near the view it loads %v", list)
	}
	// in view
	eval[chromedp.Void](t, tab, `document.querySelector("#check").scrollIntoView()`)
	wait(t, check, `/Ready/.test(document.querySelector("#state").textContent)`, 15*time.Second)

	// In view it is loaded; what it weighs is what the portal has sent.
	fresh := openSite(t, e.Site+"/near", 800, 900)
	ready(t, fresh, "#check")
	time.Sleep(400 * time.Millisecond) // the log is written together
	_, before := e.sent()
	focusOnly := frameOf(t, fresh, e.portal.URL+"/embed/check/url")
	eval[chromedp.Void](t, focusOnly, `document.querySelector("#url").focus({preventScroll: true})`)
	wait(t, focusOnly, `/Ready/.test(document.querySelector("#state").textContent)`, 15*time.Second)
	weigh := func() (list []string, bytes int) {
		deadline := time.Now().Add(3 * time.Second)
		for {
			list, bytes = e.sent()
			if bytes-before > 300_000 && has(list, "wasm_exec") || time.Now().After(deadline) {
				return list, bytes
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	list, after := weigh()
	page := eval[int](t, focusOnly, `[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].reduce((n, r) => n + r.transferSize, 0)`)
	total := page + 6000 + 2000 // wasm_exec.js and worker-core.js, which the worker loads
	t.Logf("%d bytes in all, %d of them after the focus", total, after-before)
	if total > 800_000 || after-before < 300_000 || after-before > total {
		t.Errorf("%d bytes (%d after the focus), want at most 800,000: %v", total, after-before, list)
	}
	for _, not := range []string{"app.", "validator", "explainer", "css/site", "/api/"} {
		if has(list, not) {
			t.Errorf("it loads %s: %v", not, list)
		}
	}

	// what is typed
	const entries = `performance.getEntriesByType("resource").length`
	n := eval[int](t, check, entries)
	const key = "abcd-efgh-ijkl-mnop-qrst"
	eval[chromedp.Void](t, check, typeURL("rtmp://a.rtmp.youtube.com/live2 /"+key))
	wait(t, check, `document.querySelector("#result .verdict") && document.querySelector("#said").textContent`, 10*time.Second)
	shown := eval[string](t, check, `document.querySelector("#result").innerText`)
	for _, want := range []string{"Error", "U+0020", "****", "Copy"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the result does not say %q: %s", want, shown)
		}
	}
	if strings.Contains(shown, key) {
		t.Errorf("the result shows the key: %s", shown)
	}
	if got := eval[int](t, check, entries); got != n {
		t.Errorf("typing made %d requests", got-n)
	}
	if got := eval[string](t, check, `[...document.querySelectorAll("#marks mark")].map((m) => m.textContent).join("|")`); !strings.Contains(got, " ") {
		t.Errorf("the space is not underlined: %q", got)
	}
	// copied whole, key included, for the person who typed it
	eval[chromedp.Void](t, check, `window.copied = []; navigator.clipboard.writeText = async (text) => { copied.push(text); }; document.querySelector("#result button").click()`)
	wait(t, check, `copied[0] === "rtmp://a.rtmp.youtube.com/live2/`+key+`"`, 3*time.Second)
	// another platform, an empty field, a sound URL
	eval[chromedp.Void](t, check, `(() => { const p = document.querySelector("#profile"); p.value = "twitch"; p.dispatchEvent(new Event("change", {bubbles: true})); })()`)
	wait(t, check, `/Twitch/.test(document.querySelector("#state").textContent)`, 5*time.Second)
	eval[chromedp.Void](t, check, typeURL(""))
	wait(t, check, `!document.querySelector("#result").hasChildNodes() && /Ready/.test(document.querySelector("#state").textContent)`, 5*time.Second)
	eval[chromedp.Void](t, check, typeURL("rtmp://live.twitch.tv/app/live_123456789_abcdefghijklmnopqrstuvwxyz0123"))
	wait(t, check, `document.querySelector("#result .verdict .sev")`, 5*time.Second)
	if got := eval[string](t, check, `document.querySelector("#result .verdict").innerText`); strings.Contains(got, "Error") {
		t.Errorf("a sound URL: %s", got)
	}
	quiet(t, tab)
}

// Embedded pages are as accessible as the others, and hold together at any
// width, in both themes, with a colour of the site's own.
func TestEmbeddedAccessible(t *testing.T) {
	t.Parallel()
	type look struct {
		width int64
		dark  bool
	}
	// A run takes a second or so: each kind of page in one look and its opposite somewhere.
	for l, paths := range map[look][]string{
		{1280, false}: {"/embed/codes/" + embedCode, "/embed/search?q=key+frame", "/embed?what=url"},
		{1280, true}:  {"/embed/rules/keyframe-interval?accent=0000ff", "/embed/check/url?profile=youtube", "/links"},
		{320, false}:  {"/embed/check/url", "/embed/e/-1", "/links", "/embed/codes/tencent-css/18-501?theme=dark&accent=ff0000"},
		{320, true}:   {"/embed/codes/" + embedCode, "/embed/search?q=key+frame", "/embed"},
	} {
		tab := open(t, "/embed/search", l.width, 900)
		scheme(t, tab, l.dark)
		for _, path := range paths {
			do(t, tab, chromedp.Navigate(shared.srv.URL+path))
			if strings.HasPrefix(path, "/embed/check") {
				eval[chromedp.Void](t, tab, typeURL("rtmp://a.rtmp.youtube.com:443/live2 /x"))
				wait(t, tab, `document.querySelector("#result .hits li")`, 15*time.Second)
			}
			if strings.HasPrefix(path, "/embed/codes") {
				eval[chromedp.Void](t, tab, `document.querySelectorAll("details").forEach((d) => { d.open = true; })`)
			}
			state := path + " " + viewName(l.width, l.dark)
			axe(t, tab, state)
			narrow(t, tab, state)
			for _, p := range tab.Problems() {
				t.Errorf("%s: %s", state, p)
			}
		}
	}
}

// The page that makes snippets: what is picked shows at once, in the snippet as
// in the preview, and the address keeps it.
func TestEmbedPicker(t *testing.T) {
	t.Parallel()
	tab := open(t, "/codes/"+embedCode, 1280, 1800)
	eval[chromedp.Void](t, tab, `setTimeout(() => document.querySelector('form[action="/embed"]').requestSubmit())`)
	wait(t, tab, `location.pathname === "/embed" && document.querySelector("#code")?.value === "`+embedCode+`"`, 5*time.Second)
	ready(t, tab, "#preview-box > *")
	snippet := func(want string) {
		t.Helper()
		wait(t, tab, fmt.Sprintf(`document.querySelector("#snippet-element").textContent.includes(%q)`, want), 5*time.Second)
	}
	preview := func(path string) {
		t.Helper()
		wait(t, tab, fmt.Sprintf(`(() => { const f = document.querySelector("#preview-box > *").shadowRoot.querySelector("iframe"); return f.contentDocument?.readyState === "complete" && (f.contentWindow.location.pathname + f.contentWindow.location.search).includes(%q); })()`, path), 5*time.Second)
		ready(t, tab, "#preview-box > *")
	}
	set := func(id, value string) {
		t.Helper()
		eval[chromedp.Void](t, tab, fmt.Sprintf(`(() => { const i = document.getElementById(%q); i.value = %q; i.dispatchEvent(new Event("input", {bubbles: true})); i.dispatchEvent(new Event("change", {bubbles: true})); })()`, id, value))
	}
	snippet(`<ingest-help code="` + embedCode + `">`)
	preview("/embed/codes/" + embedCode)
	set("code", "twitch/DROPPED_FRAMES")
	snippet(`<ingest-help code="twitch/DROPPED_FRAMES">`)
	preview("/embed/codes/twitch/DROPPED_FRAMES")
	set("accent", "#cc0055")
	snippet(`accent="#cc0055"`)
	preview("accent=")
	set("theme", "dark")
	snippet(`theme="dark"`)
	wait(t, tab, `document.querySelector("#preview-box > *").shadowRoot.querySelector("iframe").contentDocument.documentElement.dataset.theme === "dark"`, 5*time.Second)
	set("code", "no such code")
	wait(t, tab, `document.querySelector("#code").getAttribute("aria-invalid") === "true"`, 5*time.Second)
	set("what", "rule")
	set("rule", "flv-empty")
	snippet(`<ingest-help rule="flv-empty"`)
	preview("/embed/rules/flv-empty")
	set("what", "search")
	snippet(`<ingest-search`)
	preview("/embed/search")
	set("what", "url")
	set("profile", "youtube")
	snippet(`<ingest-url-check profile="youtube"`)
	preview("/embed/check/url?profile=youtube")
	if got := eval[string](t, tab, `location.search`); !strings.Contains(got, "what=url") || !strings.Contains(got, "theme=dark") {
		t.Errorf("the address keeps %s", got)
	}
	do(t, tab, chromedp.Navigate(eval[string](t, tab, `location.href`)))
	snippet(`<ingest-url-check profile="youtube" theme="dark" accent="#cc0055"`)
	eval[chromedp.Void](t, tab, `window.copied = []; navigator.clipboard.writeText = async (text) => { copied.push(text) }; document.querySelector('[data-copy-from="#snippet-script"]').click()`)
	wait(t, tab, `copied[0]?.includes('integrity="sha384-') && copied[0].includes("/embed/v1/embed.js")`, 3*time.Second)
}

// What stands in the address reaches no script and no style.
func TestEmbeddedInjection(t *testing.T) {
	t.Parallel()
	tab := open(t, "/embed/search")
	// a script that got through would say so
	for _, path := range []string{"/embed/codes/" + embedCode, "/embed/search", "/embed/check/url", "/embed"} {
		do(t, tab, chromedp.Navigate(shared.srv.URL+path))
		const look = `[getComputedStyle(document.body).color, getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.body).display, [...document.scripts].filter((s) => !s.src.startsWith(location.origin + "/assets/")).length, document.styleSheets.length].join()`
		clean := eval[string](t, tab, look)
		for _, attack := range []string{`"><script>injected = 1</script>`, `x" onfocus="injected=1" autofocus x="`, `red;}body{display:none}`, `</style><style>body{display:none}</style>`, `javascript:injected=1`, `"><img src=x onerror=injected=1>`} {
			q := url.QueryEscape(attack)
			do(t, tab, chromedp.Navigate(shared.srv.URL+path+"?theme="+q+"&accent="+q+"&lang="+q+"&origin="+q+"&q="+q+"&profile="+q+"&code="+q+"&rule="+q+"&what="+q))
			if got := eval[string](t, tab, look); got != clean || eval[bool](t, tab, `typeof injected !== "undefined"`) {
				t.Errorf("%s with %s: %s, want %s", path, attack, got, clean)
			}
		}
	}
	// The embedded search stops a key before it is sent.
	do(t, tab, chromedp.Navigate(shared.srv.URL+"/embed/search"))
	for _, secret := range []string{"rtmp://a.rtmp.youtube.com/live2/abcd", "key=0123", "live_123456789_abcdefghijklmnop", "abcd-efgh-ijkl-mnop-qrst"} {
		eval[chromedp.Void](t, tab, fmt.Sprintf(`(() => { document.querySelector("#q").value = %q; document.querySelector("form").requestSubmit(); })()`, secret))
		wait(t, tab, `/not sent/.test(document.querySelector("#kept").textContent)`, 2*time.Second)
		eval[chromedp.Void](t, tab, `document.querySelector("#kept").textContent = ""`)
	}
	if got := eval[string](t, tab, `location.search`); got != "" {
		t.Errorf("a key was sent: %s", got)
	}
}

// Ready links fill in a field and start nothing.
func TestReadyLinks(t *testing.T) {
	t.Parallel()
	tab := open(t, "/links")
	links := eval[[]string](t, tab, `[...document.querySelectorAll(".ready a")].map((a) => a.getAttribute("href"))`)
	if len(links) < 40 || !slices.Contains(links, "/check/url?profile=youtube") || !slices.Contains(links, "/check/reach?host=live.twitch.tv") {
		t.Fatalf("links: %v", links)
	}
	copies := eval[[]string](t, tab, `[...document.querySelectorAll(".ready [data-copy]")].map((a) => a.dataset.copy)`)
	if len(copies) != len(links) || !strings.HasPrefix(copies[0], shared.srv.URL+"/check/") {
		t.Errorf("what is copied: %v", copies)
	}
	tab.Requests()
	for path, field := range map[string]string{
		"/check/file?profile=youtube":      `document.querySelector("#profile:not([disabled])")?.value === "youtube"`,
		"/check/url?profile=youtube":       `document.querySelector("#profile:not([disabled])")?.value === "youtube"`,
		"/check/reach?host=live.twitch.tv": `[...document.querySelectorAll("main input:not([disabled])")].some((i) => i.value.includes("live.twitch.tv"))`,
	} {
		do(t, tab, chromedp.Navigate(shared.srv.URL+path))
		wait(t, tab, field, 15*time.Second)
		for _, r := range tab.Requests() {
			if r.Method != "GET" || strings.Contains(r.URL, "/api/v1/probes") {
				t.Errorf("%s runs by itself: %s %s", path, r.Method, r.URL)
			}
		}
	}
}
