package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ingestdoctor/web/e2e/harness"
)

// shellPages are one page that the server draws and one that go-app draws over:
// the header must work on both.
var shellPages = []string{"/rules/keyframe-interval", "/check/file"}

// clean opens a tab in which nothing was chosen before.
func clean(t *testing.T) *harness.Tab {
	t.Helper()
	tab := open(t, "/")
	eval[chromedp.Void](t, tab, "localStorage.clear()")
	return tab
}

// settled waits until the page is what it stays: on the tool's page, until the
// program has drawn it anew.
func settled(t *testing.T, tab *harness.Tab, path string) {
	t.Helper()
	do(t, tab, chromedp.Navigate(shared.srv.URL+path))
	if path == "/check/file" {
		wait(t, tab, `document.querySelector("#file:not([disabled])")`, 20*time.Second)
	}
}

// The theme follows the system until the person chooses; the choice holds on
// every page and is there before anything is drawn.
func TestTheme(t *testing.T) {
	const background = `getComputedStyle(document.body).backgroundColor`
	for _, path := range shellPages {
		t.Run(path, func(t *testing.T) {
			tab := clean(t)
			scheme(t, tab, false)
			settled(t, tab, path)
			light := eval[string](t, tab, background)
			scheme(t, tab, true)
			dark := eval[string](t, tab, background)
			if light == dark {
				t.Fatalf("light and dark are both %s", light)
			}
			// auto, light, dark, auto
			for _, step := range []struct{ label, want string }{
				{"Theme: light", light}, {"Theme: dark", dark}, {"Theme: as the system", dark}, {"Theme: light", light},
			} {
				eval[chromedp.Void](t, tab, `document.querySelector("[data-theme-switch]").click()`)
				if got := eval[string](t, tab, background); got != step.want {
					t.Errorf("%s: the background is %s, want %s", step.label, got, step.want)
				}
				if got := eval[string](t, tab, `document.querySelector("[data-theme-switch]").getAttribute("aria-label")`); got != step.label {
					t.Errorf("the switch says %q, want %q", got, step.label)
				}
			}
			for _, again := range shellPages {
				settled(t, tab, again)
				if got := eval[string](t, tab, background); got != light {
					t.Errorf("%s after the choice of light on a dark system: %s", again, got)
				}
				if got := eval[string](t, tab, `document.querySelector("[data-theme-switch]").getAttribute("aria-label")`); got != "Theme: light" {
					t.Errorf("%s: the switch says %q", again, got)
				}
			}
			for _, p := range tab.Problems() {
				t.Error(p)
			}
			eval[chromedp.Void](t, tab, "localStorage.clear()") // storage is the browser's, not the tab's
		})
	}
}

// Ctrl-K and / jump to the search; / can be switched off (WCAG 2.1.4), and
// types a slash where text is written.
func TestSearchShortcuts(t *testing.T) {
	const (
		inSearch = `document.activeElement.matches("[data-search]")`
		leave    = `document.activeElement.blur()`
		press    = `(key, ctrl) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, ctrlKey: ctrl, bubbles: true, cancelable: true}))`
	)
	for _, path := range shellPages {
		t.Run(path, func(t *testing.T) {
			tab := clean(t)
			settled(t, tab, path)
			expect := func(what, js string, want bool) {
				t.Helper()
				eval[chromedp.Void](t, tab, leave)
				eval[bool](t, tab, js)
				if got := eval[bool](t, tab, inSearch); got != want {
					t.Errorf("%s: the search has the focus: %v, want %v", what, got, want)
				}
			}
			expect("Ctrl-K", `(`+press+`)("k", true)`, true)
			expect("k", `(`+press+`)("k", false)`, false)
			expect("/", `(`+press+`)("/", false)`, true)
			if eval[bool](t, tab, `(`+press+`)("/", false) === false`) {
				t.Error("/ cannot be typed in the search box")
			}
			eval[chromedp.Void](t, tab, `document.querySelector("[data-slash-switch]").click()`)
			expect("/ switched off", `(`+press+`)("/", false)`, false)
			expect("Ctrl-K still", `(`+press+`)("k", true)`, true)
			settled(t, tab, path)
			expect("/ switched off, on the next page", `(`+press+`)("/", false)`, false)
			if eval[bool](t, tab, `document.querySelector("[data-slash-switch]").checked`) {
				t.Error("the switch forgot that it is off")
			}
			if got := eval[string](t, tab, `document.querySelector("[data-slash-hint]").textContent`); got != "Ctrl K" {
				t.Errorf("the box hints at %q", got)
			}
			for _, p := range tab.Problems() {
				t.Error(p)
			}
			eval[chromedp.Void](t, tab, "localStorage.clear()") // storage is the browser's, not the tab's
		})
	}
}

// A copy button copies and says so, for those who do not see it too.
func TestCopy(t *testing.T) {
	tab := clean(t)
	settled(t, tab, "/rules/keyframe-interval")
	eval[chromedp.Void](t, tab, `window.copied = []; navigator.clipboard.writeText = async (text) => { copied.push(text) }`)
	eval[chromedp.Void](t, tab, `document.querySelector('[data-copy="keyframe-interval"]').click()`)
	wait(t, tab, `copied.join() === "keyframe-interval" && document.querySelector(".live[role=status]")?.textContent === "Copied"`, 2*time.Second)
	settled(t, tab, "/")
	eval[chromedp.Void](t, tab, `window.copied = []; navigator.clipboard.writeText = async (text) => { copied.push(text) }`)
	eval[chromedp.Void](t, tab, `document.querySelector('[data-copy-from="#cli-example"]').click()`)
	wait(t, tab, `copied.join().startsWith("ingestdoctor flv")`, 2*time.Second)
	// without a clipboard, as on plain http: the old way, or a word about it
	eval[chromedp.Void](t, tab, `navigator.clipboard.writeText = async () => { throw new Error("blocked") }; document.addEventListener("copy", () => { window.old = true })`)
	eval[chromedp.Void](t, tab, `document.querySelector('[data-copy-from="#cli-example"]').click()`)
	wait(t, tab, `window.old || /blocked/.test(document.querySelector(".live").textContent)`, 2*time.Second)
}
