package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ingestdoctor/web/e2e/harness"
)

var axeSource = sync.OnceValues(func() (string, error) {
	modules, err := harness.Modules(context.Background())
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(filepath.Join(modules, "axe-core", "axe.min.js"))
	return string(b), err
})

// axe fails the test for every violation that axe-core finds in the page as it
// stands: WCAG 2.2 A, AA and its best practices, and AAA contrast, which the
// design asks for.
func axe(t *testing.T, tab *harness.Tab, state string) {
	t.Helper()
	source, err := axeSource()
	if err != nil {
		t.Fatal(err)
	}
	if !eval[bool](t, tab, `typeof axe === "object"`) {
		do(t, tab, chromedp.Evaluate[chromedp.Void](source))
	}
	type violation struct {
		ID     string   `json:"id"`
		Impact string   `json:"impact"`
		Help   string   `json:"help"`
		Nodes  []string `json:"nodes"`
	}
	found := eval[[]violation](t, tab, `axe.run(document, {
		resultTypes: ["violations"],
		rules: {"color-contrast-enhanced": {enabled: true}, "target-size": {enabled: true}},
	}).then(r => r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help,
		nodes: v.nodes.slice(0, 4).map(n => n.html.slice(0, 200) + " — " + n.failureSummary.replaceAll("\n", " ").slice(0, 300))})))`)
	for _, v := range found {
		t.Errorf("axe, %s: %s (%s): %s\n\t%s", state, v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n\t"))
	}
}

// That axe-core works here: it finds what is wrong with a bad page.
func TestAxeFinds(t *testing.T) {
	t.Parallel()
	source, err := axeSource()
	if err != nil {
		t.Fatal(err)
	}
	tab := open(t, "/rules")
	do(t, tab, chromedp.Evaluate[chromedp.Void](`document.querySelector("main").innerHTML = "<h1>x</h1><img src=data:,><input>"`), chromedp.Evaluate[chromedp.Void](source))
	ids := eval[[]string](t, tab, `axe.run().then(r => r.violations.map(v => v.id))`)
	for _, want := range []string{"image-alt", "label"} {
		if !slices.Contains(ids, want) {
			t.Errorf("axe does not find %s: %v", want, ids)
		}
	}
	tab.Problems()
}

// narrow fails the test when the page scrolls sideways, and goes on doing so: a
// plot takes a moment to follow another width.
func narrow(t *testing.T, tab *harness.Tab, state string) {
	t.Helper()
	type box struct {
		Scroll int      `json:"scroll"`
		Client int      `json:"client"`
		Wide   []string `json:"wide"`
	}
	var b box
	for until := time.Now().Add(2 * time.Second); ; {
		if b = eval[box](t, tab, sideways); b.Scroll <= b.Client {
			return
		}
		if time.Now().After(until) {
			break
		}
	}
	t.Errorf("%s: scrolls sideways: %d px wide in %d\n\t%s", state, b.Scroll, b.Client, strings.Join(b.Wide, "\n\t"))
}

// sideways measures how wide the page is, and names what stands out.
const sideways = `(() => {
		const client = document.documentElement.clientWidth;
		const wide = [...document.querySelectorAll("body *")].filter(e => {
			const r = e.getBoundingClientRect();
			return r.width > 0 && r.right > client + 1 && !e.closest("[data-scrolls], .scroll, pre, table");
		}).slice(0, 5).map(e => e.outerHTML.slice(0, 160));
		return {scroll: Math.max(document.documentElement.scrollWidth, document.body.scrollWidth), client, wide};
	})()`

// scheme sets the colours that the system asks for.
func scheme(t *testing.T, tab *harness.Tab, dark bool) {
	t.Helper()
	value := "light"
	if dark {
		value = "dark"
	}
	if err := tab.Scheme(value); err != nil {
		t.Fatal(fmt.Errorf("prefers-color-scheme: %w", err))
	}
	// Colours that fade from one to the other are there.
	wait(t, tab, `document.getAnimations().every(a => !(a instanceof CSSTransition) || a.playState === "finished")`, 3*time.Second)
}
