package e2e

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"ingestdoctor/web/e2e/harness"
)

const embedCode = "azure-media-services/MPE_INGEST_RTMP_TOO_LARGE_UNPROCESSED_FLV"

const framed = `document.querySelector("%s").shadowRoot?.querySelector("div")?.className === "on"`

var embedElements = []struct{ selector, path string }{
	{"#help", "/embed/codes/"}, {"#search", "/embed/search"}, {"#check", "/embed/check/url"},
}

// Each element on a page of another site, at every width: as high as what it
// holds, also when that changes; the theme follows the system and the attribute;
// the keyboard goes in and comes out; nothing is stored.
func TestEmbedded(t *testing.T) {
	t.Parallel()
	e := embedInto(t)
	tab := openSite(t, e.Site+"/", 1200, 2600)
	frames := map[string]*harness.Tab{}
	for _, el := range embedElements {
		ready(t, tab, el.selector)
		frames[el.selector] = frameOf(t, tab, e.portal.URL+el.path)
	}
	help, check := frames["#help"], frames["#check"]

	for _, width := range []int64{1200, 768, 480, 320} {
		do(t, tab, chromedp.EmulateViewport(width, 2600))
		for _, el := range embedElements {
			fits(t, tab, frames[el.selector], el.selector, fmt.Sprint(width, " px"))
		}
		if got := eval[bool](t, tab, `document.documentElement.scrollWidth <= innerWidth`); !got {
			t.Errorf("%d px: the site's page scrolls sideways", width)
		}
	}
	before := eval[float64](t, tab, `document.querySelector("#help").offsetHeight`)
	eval[chromedp.Void](t, help, `document.querySelectorAll("details").forEach((d) => { d.open = true; })`)
	fits(t, tab, help, "#help", "all open")
	if after := eval[float64](t, tab, `document.querySelector("#help").offsetHeight`); after < before+200 {
		t.Errorf("everything open, the element went from %v to %v px", before, after)
	}
	eval[chromedp.Void](t, help, `document.querySelectorAll("details").forEach((d) => { d.open = false; })`)
	fits(t, tab, help, "#help", "all closed again")
	if after := eval[float64](t, tab, `document.querySelector("#help").offsetHeight`); after != before {
		t.Errorf("closed again it is %v px, was %v", after, before)
	}

	// the theme
	const background = `getComputedStyle(document.documentElement).backgroundColor`
	scheme(t, tab, false)
	light := eval[string](t, help, background)
	scheme(t, tab, true)
	wait(t, help, background+` !== "`+light+`"`, 5*time.Second)
	dark := eval[string](t, help, background)
	for _, step := range []struct{ js, want string }{
		{`setAttribute("theme", "light")`, light},
		{`setAttribute("theme", "dark")`, dark},
		{`setAttribute("theme", "auto")`, dark},
		{`setAttribute("theme", "light")`, light},
		{`removeAttribute("theme")`, dark},
		{`setAttribute("theme", "red;} body {display: none")`, dark},
	} {
		eval[chromedp.Void](t, tab, `document.querySelector("#help").`+step.js)
		wait(t, help, background+` === "`+step.want+`"`, 3*time.Second)
	}
	eval[chromedp.Void](t, tab, `document.querySelector("#help").removeAttribute("theme")`)
	scheme(t, tab, false)
	wait(t, help, background+` === "`+light+`"`, 5*time.Second)

	// the search goes on inside its frame
	search := frames["#search"]
	eval[chromedp.Void](t, search, `(() => { document.querySelector("#q").value = "key frame interval"; document.querySelector("form").requestSubmit(); })()`)
	wait(t, search, `location.search.includes("q=key") && document.querySelectorAll(".hits a").length > 3`, 5*time.Second)
	fits(t, tab, search, "#search", "with results")
	eval[chromedp.Void](t, search, `setTimeout(() => document.querySelector(".hits a").click())`)
	wait(t, search, `location.pathname.startsWith("/embed/codes/") && document.querySelector(".back a")`, 5*time.Second)
	fits(t, tab, search, "#search", "a code that it led to")

	// what the linter shows makes the frame higher
	eval[chromedp.Void](t, check, typeURL("rtmp://a.rtmp.youtube.com:443/live2 /abcd-efgh-ijkl-mnop-qrst"))
	wait(t, check, `document.querySelectorAll("#result .hits li").length > 1`, 15*time.Second)
	fits(t, tab, check, "#check", "with findings")

	// another code in the same element
	eval[chromedp.Void](t, tab, `document.querySelector("#help").setAttribute("code", "MPE_BAD_URL_SYNTAX")`)
	wait(t, help, `location.pathname.endsWith("/MPE_BAD_URL_SYNTAX")`, 5*time.Second)
	ready(t, tab, "#help")
	fits(t, tab, help, "#help", "another code")

	// nothing is kept, by anybody
	for selector, f := range frames {
		got := eval[string](t, f, `(async () => JSON.stringify([document.cookie, localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
			(await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length]))()`)
		if got != `["",0,0,0,0,0]` {
			t.Errorf("%s keeps something: cookies, storages, databases, caches, service workers are %s", selector, got)
		}
	}
	if cookies, err := chromedp.Call(tab.Ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{e.portal.URL, e.Site}}); err != nil || len(cookies.Cookies) > 0 {
		t.Errorf("cookies: %v %v", cookies, err)
	}
	quiet(t, tab)
}

func typeURL(text string) string {
	return fmt.Sprintf(`(() => { const u = document.querySelector("#url"); u.focus(); u.value = %q; u.dispatchEvent(new Event("input", {bubbles: true})); })()`, text)
}

// Tab goes into each frame, through it and out again, and Shift-Tab goes back.
func TestEmbeddedKeyboard(t *testing.T) {
	t.Parallel()
	e := embedInto(t)
	tab := openSite(t, e.Site+"/", 1200, 2600)
	frames := map[string]*harness.Tab{}
	for _, el := range embedElements {
		ready(t, tab, el.selector)
		frames[el.selector] = frameOf(t, tab, e.portal.URL+el.path)
	}
	wait(t, frames["#check"], `!document.querySelector("#url").disabled`, 5*time.Second)
	const at = `document.activeElement?.id || ""`
	walk := func(from, to string, opts ...chromedp.KeyOption) (way []string) {
		t.Helper()
		eval[chromedp.Void](t, tab, fmt.Sprintf(`document.querySelector(%q).focus()`, from))
		for range 60 {
			key(t, tab, kb.Tab, opts...)
			var now string
			var d focused
			// on its way between processes nothing has the focus
			for deadline := time.Now().Add(3 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
				now, d = eval[string](t, tab, at), focused{}
				if f := frames["#"+now]; f != nil {
					d = eval[focused](t, f, describe)
				}
				if now != "" && (d.Visible && d.Name != "body" || frames["#"+now] == nil) {
					break
				}
			}
			if frames["#"+now] != nil && (!d.Visible || d.Name == "body") {
				t.Errorf("inside %s the focus is on %q and cannot be seen", now, d.Name)
			}
			if len(way) == 0 || way[len(way)-1] != now {
				way = append(way, now)
			}
			if now == to {
				return way
			}
		}
		t.Fatalf("from %s Tab never came to %s: %v", from, to, way)
		return nil
	}
	if way := strings.Join(walk("#before", "after"), " "); way != "help search check after" {
		t.Errorf("Tab went %s", way)
	}
	if way := strings.Join(walk("#after", "before", chromedp.KeyModifiers(kb.ModifierShift)), " "); way != "check search help before" {
		t.Errorf("Shift-Tab went %s", way)
	}
	// and with the keyboard alone something is folded open and shut
	eval[chromedp.Void](t, tab, `document.querySelector("#before").focus()`)
	for range 20 {
		key(t, tab, kb.Tab)
		if eval[bool](t, frames["#help"], `document.activeElement.localName === "summary"`) {
			break
		}
	}
	key(t, tab, kb.Enter)
	wait(t, frames["#help"], `document.activeElement.parentElement.open`, 3*time.Second)
	fits(t, tab, frames["#help"], "#help", "opened by Enter")

	// a link opens the portal's page beside the site's, free of the frame's sandbox
	for range 40 {
		key(t, tab, kb.Tab)
		if eval[bool](t, frames["#help"], `document.activeElement.matches("footer a")`) {
			break
		}
	}
	key(t, tab, kb.Enter)
	full := pageOf(t, tab, e.portal.URL+"/codes/"+embedCode)
	wait(t, full, `document.documentElement.dataset.js === "" && document.querySelector(".site-header") && localStorage.length === 0`, 5*time.Second)
	if got := eval[string](t, tab, `location.href`); got != e.Site+"/" {
		t.Errorf("the site's page went to %s", got)
	}
	quiet(t, tab)
}

// The browser blocks what third parties keep, as it does by default here, and the
// page may be isolated from other origins: everything works.
func TestEmbeddedIsolated(t *testing.T) {
	t.Parallel()
	e := embedInto(t)
	const cookie = `(() => { document.cookie = "probe=1; SameSite=None; Secure"; return document.cookie; })()`
	tab := openSite(t, e.portal.URL+"/embed/search", 800, 2600)
	if got := eval[string](t, tab, cookie); got != "probe=1" {
		t.Errorf("by itself the page keeps %q: this test shows nothing", got)
	}
	front, _ := e.pages.Load("/")
	e.pages.Store("/isolated", front)
	do(t, tab, chromedp.Navigate(e.Site+"/isolated"))
	if !eval[bool](t, tab, `crossOriginIsolated`) {
		t.Error("the page is not isolated")
	}
	for _, el := range embedElements {
		ready(t, tab, el.selector)
	}
	if got := eval[string](t, frameOf(t, tab, e.portal.URL+"/embed/search"), cookie); got != "" {
		t.Errorf("a third party keeps a cookie: %s", got)
	}
	check := frameOf(t, tab, e.portal.URL+"/embed/check/url")
	eval[chromedp.Void](t, check, typeURL("http://a.rtmp.youtube.com/live2/x"))
	wait(t, check, `document.querySelector("#result .hits li")`, 15*time.Second)
	quiet(t, tab)
}

// The portal is down, or does not answer: the link shows, and the site's page is
// as it was.
func TestEmbeddedPortalDown(t *testing.T) {
	t.Parallel()
	e := embedInto(t)
	const linkShown = `(() => {
		const el = document.querySelector("#help"), a = el.querySelector("a"), f = el.shadowRoot?.querySelector("iframe");
		return a.checkVisibility() && a.getBoundingClientRect().height > 10 && (!f || getComputedStyle(f).visibility === "hidden") && el.offsetHeight < 60;
	})()`
	one := e.host(`<ingest-help id="help" code="` + embedCode + `" height="300"><a href="` + e.portal.URL + `/codes/` + embedCode + `">Help on the error</a></ingest-help>`)
	e.pages.Store("/one", one)
	e.pages.Store("/none", strings.Replace(one, "<a href", "<!-- a", 1)) // somebody left the link out

	// embed.js is there and the frame is not: the server ends in between
	tab := openSite(t, e.Site+"/", 800, 2600) // the script is in the browser's cache
	ready(t, tab, "#help")
	addr := e.portal.Addr
	e.portal.Kill()
	do(t, tab, chromedp.Navigate(e.Site+"/one"))
	wait(t, tab, `customElements.get("ingest-help") && `+linkShown, 10*time.Second)
	do(t, tab, chromedp.Navigate(e.Site+"/none"))
	wait(t, tab, `document.querySelector("#help")?.shadowRoot?.querySelector("slot a").checkVisibility()`, 10*time.Second)
	tab.Problems() // the browser logs what it could not load

	// nothing is there at all
	fresh := openSite(t, e.Site+"/one", 800, 900)
	wait(t, fresh, `!customElements.get("ingest-help") && document.readyState === "complete" && `+linkShown, 10*time.Second)

	// something listens and never answers
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	do(t, tab, chromedp.Navigate(e.Site+"/one"))
	wait(t, tab, `document.querySelector("#help").shadowRoot && document.querySelector("#help a").checkVisibility()`, 10*time.Second)
	l.Close()

	// it comes back: what asks anew is shown
	e.start(t, addr)
	do(t, tab, chromedp.Navigate(e.Site+"/one"))
	ready(t, tab, "#help")

	// and goes while the reader is inside: the next page of the frame does not come, and the link is back
	search := openSite(t, e.Site+"/", 800, 2600)
	ready(t, search, "#search")
	f := frameOf(t, search, e.portal.URL+"/embed/search")
	e.portal.Kill()
	eval[chromedp.Void](t, f, `setTimeout(() => { document.querySelector("#q").value = "key frame"; document.querySelector("form").requestSubmit(); })`)
	wait(t, search, `document.querySelector("#search a").checkVisibility()`, 10*time.Second)
}

// A site that is not on the list cannot frame anything, and one that is cannot
// frame what is not meant for it.
func TestEmbeddedStranger(t *testing.T) {
	t.Parallel()
	e := embedInto(t)
	const linkShown = `document.readyState === "complete" && document.querySelector("#help").shadowRoot && document.querySelector("#help a").checkVisibility()`
	tab := openSite(t, e.Stranger+"/", 800, 2600)
	wait(t, tab, linkShown+` && performance.getEntriesByType("resource").some((r) => r.initiatorType === "iframe" || r.name.includes("/embed/codes/"))`, 10*time.Second)
	refused(t, tab, "frame-ancestors", 3)
	if eval[bool](t, tab, fmt.Sprintf(framed, "#help")) {
		t.Error("a stranger shows our page")
	}

	// by hand, with the origin of a site that is on the list
	raw := ""
	for _, path := range []string{"/embed/codes/" + embedCode, "/embed/search", "/embed/check/url", "/embed/rules/flv-empty"} {
		raw += `<iframe src="` + e.portal.URL + path + `?origin=` + url.QueryEscape(e.Site) + `"></iframe>`
	}
	e.pages.Store("/raw", e.host(raw))
	do(t, tab, chromedp.Navigate(e.Stranger+"/raw"))
	refused(t, tab, "frame-ancestors", 4)

	raw = ""
	for _, path := range []string{"/", "/embed", "/codes/" + embedCode, "/check/url", "/search?q=1", "/links"} {
		raw += `<iframe src="` + e.portal.URL + path + `"></iframe>`
	}
	e.pages.Store("/raw", e.host(raw))
	do(t, tab, chromedp.Navigate(e.Site+"/raw"))
	refused(t, tab, "frame-ancestors", 6)
}

// refused waits until the browser has said that it blocked n frames.
func refused(t *testing.T, tab *harness.Tab, directive string, n int) {
	t.Helper()
	seen := 0
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		for _, p := range tab.Problems() {
			if strings.Contains(p, directive) {
				seen++
			}
		}
		if seen >= n {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d frames were blocked by %s, want %d", seen, directive, n)
}

// Messages from anybody else change nothing, in the site's page and in the frame.
func TestEmbeddedMessages(t *testing.T) {
	t.Parallel()
	e := embedInto(t)
	evil := `<!DOCTYPE html><script>
		onmessage = () => {
			parent.postMessage({ingest: "height", height: 1234}, "*");
			for (let i = 0; i < parent.frames.length; i++) if (parent.frames[i] !== self) parent.frames[i].postMessage({ingest: "theme", theme: "dark"}, "*");
			parent.postMessage("sent", "*");
		};
	</script>`
	e.pages.Store("/evil", evil)
	page := strings.Replace(e.host(`<ingest-help id="help" code="`+embedCode+`"><a href="/">Help</a></ingest-help><iframe id="evil" src="`+e.Stranger+`/evil"></iframe>`), "<head>", `<head>`, 1)
	e.pages.Store("/messages", page)
	policy := e.Policy
	e.Policy += " " + e.Stranger // only here the site lets itself be attacked
	tab := openSite(t, e.Site+"/messages", 800, 2600)
	e.Policy = policy
	ready(t, tab, "#help")
	help := frameOf(t, tab, e.portal.URL+"/embed/codes/")
	fits(t, tab, help, "#help", "before")
	before := eval[float64](t, tab, `document.querySelector("#help").offsetHeight`)
	eval[bool](t, tab, `new Promise((resolve) => {
		addEventListener("message", (e) => { if (e.data === "sent") resolve(true); });
		document.querySelector("#evil").contentWindow.postMessage("go", "*");
	})`)
	// the site's page itself, and the frame's page with what is no height
	eval[chromedp.Void](t, tab, `postMessage({ingest: "height", height: 2222}, "*")`)
	for _, data := range []string{`{ingest: "height", height: -5}`, `{ingest: "height", height: "x"}`, `{ingest: "height"}`, `{ingest: "heigh", height: 3333}`, `null`, `"height"`, `{ingest: "height", height: {}}`, `{ingest: "height", height: NaN}`} {
		eval[chromedp.Void](t, help, `parent.postMessage(`+data+`, "*")`)
	}
	eval[bool](t, help, `new Promise((resolve) => setTimeout(resolve, 300, true))`)
	if after := eval[float64](t, tab, `document.querySelector("#help").offsetHeight`); after != before {
		t.Errorf("a stranger's message made the frame %v px high, was %v", after, before)
	}
	if got := eval[string](t, help, `document.documentElement.dataset.theme || ""`); got != "" {
		t.Errorf("a stranger's message made the theme %q", got)
	}
	// however high it says it is, there is an end
	eval[chromedp.Void](t, help, `parent.postMessage({ingest: "height", height: 1e12}, "*")`)
	wait(t, tab, `document.querySelector("#help").offsetHeight > 10000`, 3*time.Second)
	if got := eval[float64](t, tab, `document.querySelector("#help").offsetHeight`); got > 20100 {
		t.Errorf("the frame is %v px high", got)
	}

	// A frame tells its height to the origin that was declared, and only where that is on the list.
	heard := `<!DOCTYPE html><title>x</title><script>window.heard = []; onmessage = (e) => heard.push(e.data);</script><iframe></iframe>`
	e.pages.Store("/evil", heard)
	tab = openSite(t, e.Site+"/evil", 800, 900)
	for _, origin := range []string{e.Stranger, "*", "http://localhost", "null", "", e.Site + ".evil.example"} {
		eval[bool](t, tab, `new Promise((resolve) => { const f = document.querySelector("iframe"); f.onload = () => setTimeout(resolve, 200, true); f.src = `+fmt.Sprintf("%q", e.portal.URL+"/embed/search?origin="+url.QueryEscape(origin))+`; })`)
		if got := eval[int](t, tab, `heard.length`); got != 0 {
			t.Errorf("declared as %q it was told %d messages", origin, got)
		}
	}
	eval[bool](t, tab, `new Promise((resolve) => { const f = document.querySelector("iframe"); f.onload = () => resolve(true); f.src = `+fmt.Sprintf("%q", e.portal.URL+"/embed/search?origin="+url.QueryEscape(e.Site))+`; })`)
	wait(t, tab, `heard.some((m) => m.ingest === "height" && m.height > 80)`, 3*time.Second)
}

// Pictures of our help in another site's page, and of the page that makes snippets.
func TestEmbedScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no -screenshots DIR given: pictures are for people")
	}
	e := embedInto(t)
	for _, width := range []int64{1280, 390} {
		for _, dark := range []bool{false, true} {
			view := viewName(width, dark)
			tab := openSite(t, e.Site+"/", width, 2400)
			scheme(t, tab, dark)
			ready(t, tab, "#help")
			ready(t, tab, "#check")
			f := frameOf(t, tab, e.portal.URL+"/embed/check/url")
			wait(t, f, `/Ready/.test(document.querySelector("#state").textContent)`, 10*time.Second)
			shoot(t, tab, "embed-host-"+view)
			eval[chromedp.Void](t, f, `(() => { const u = document.querySelector("#url"); u.value = "rtmp://a.rtmp.youtube.com:443/live2 /abcd-efgh-ijkl-mnop-qrst"; u.dispatchEvent(new Event("input")); })()`)
			wait(t, f, `document.querySelector("#result .verdict")`, 10*time.Second)
			s := frameOf(t, tab, e.portal.URL+"/embed/search")
			eval[chromedp.Void](t, s, `(() => { document.querySelector("#q").value = "key frame"; document.querySelector("form").requestSubmit(); })()`)
			wait(t, tab, `document.querySelector("#search").offsetHeight > 300`, 10*time.Second)
			eval[chromedp.Void](t, tab, `document.querySelector("#help").setAttribute("rule", "keyframe-interval")`)
			time.Sleep(time.Second)
			shoot(t, tab, "embed-host-used-"+view)

			own := openSite(t, e.portal.URL+"/embed", width, 1700)
			scheme(t, own, dark)
			ready(t, own, "ingest-help")
			shoot(t, own, "embed-picker-"+view)
			do(t, own, chromedp.Navigate(e.portal.URL+"/links"))
			shoot(t, own, "embed-links-"+view)
		}
	}
}
