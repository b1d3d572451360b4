package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"ingestdoctor/web/e2e/flvgen"
	"ingestdoctor/web/e2e/harness"
)

// describe names the element that has the focus, and whether it can be seen
// that it has: an outline, a ring or an underline on it or on its label.
const describe = `(() => {
	const e = document.activeElement;
	if (!e || e === document.body) return {name: "body", visible: true};
	const ring = (el) => {
		const s = getComputedStyle(el);
		return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== "none";
	};
	const candidates = [e, e.closest("label"), ...(e.labels || []), e.parentElement];
	const r = e.getBoundingClientRect();
	const name = e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + " " + (e.getAttribute("aria-label") || e.innerText || "").trim().slice(0, 40);
	return {name, visible: candidates.some(c => c && ring(c)), on: r.bottom > 0 && r.top < innerHeight};
})()`

type focused struct {
	Name    string `json:"name"`
	Visible bool   `json:"visible"`
	On      bool   `json:"on"`
}

// key presses keys, as a person without a mouse does.
func key(t *testing.T, tab *harness.Tab, keys string, opts ...chromedp.KeyOption) {
	t.Helper()
	do(t, tab, chromedp.KeyEvent(keys, opts...))
}

// tabTo presses Tab until the element has the focus. Every stop on the way must
// show where it is.
func tabTo(t *testing.T, tab *harness.Tab, selector string) {
	t.Helper()
	var way []string
	for range 120 {
		key(t, tab, kb.Tab)
		f := eval[focused](t, tab, describe)
		way = append(way, f.Name)
		if !f.Visible {
			t.Errorf("the focus cannot be seen on %s", f.Name)
		}
		if eval[bool](t, tab, fmt.Sprintf(`!!document.activeElement?.matches(%q)`, selector)) {
			return
		}
	}
	t.Fatalf("Tab never came to %s; it went to\n\t%s", selector, strings.Join(way, "\n\t"))
}

// The whole way without a mouse: choose a file, read the verdict, change the
// platform, go to a finding's place, zoom, copy, download.
func TestKeyboardOnly(t *testing.T) {
	c := check(t)
	file := recording(t, flvgen.Gap)

	// The first stop leads past the header.
	key(t, c.Tab, kb.Tab)
	if first := eval[string](t, c.Tab, `document.activeElement.innerText + " " + document.activeElement.getAttribute("href")`); !strings.Contains(strings.ToLower(first), "skip") || !strings.Contains(first, "#main") {
		t.Errorf("the first stop is %q, no way past the header", first)
	}
	key(t, c.Tab, kb.Enter)
	tabTo(t, c.Tab, "#file")

	if _, err := chromedp.Call(c.Ctx, page.SetInterceptFileChooserDialog, page.SetInterceptFileChooserDialogParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(c.Ctx, 5*time.Second)
	opened, err := chromedp.Run(ctx, chromedp.WaitEvent(page.FileChooserOpened, nil, chromedp.KeyEvent(kb.Enter)))
	cancel()
	if err != nil {
		t.Fatalf("Enter on the file input opens no file dialog: %v", err)
	}
	if _, err := chromedp.Call(c.Ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{file}, BackendNodeID: opened.BackendNodeID}); err != nil {
		t.Fatal(err)
	}
	finish(t, c)
	if got := eval[string](t, c.Tab, `document.querySelector("#status").textContent`); !strings.Contains(got, "Done") {
		t.Errorf("the result is not announced: %q", got)
	}
	if f := eval[focused](t, c.Tab, describe); f.Name == "body" {
		t.Error("the focus got lost when the file was read")
	}

	// Another platform, with the arrow keys: the picker stands after the file input.
	eval[chromedp.Void](t, c.Tab, `document.querySelector("#file").focus()`)
	tabTo(t, c.Tab, "#profile")
	before := eval[string](t, c.Tab, `document.querySelector("#profile").value`)
	eval[chromedp.Void](t, c.Tab, "e2e.begin()")
	key(t, c.Tab, kb.ArrowUp)
	if eval[string](t, c.Tab, `document.querySelector("#profile").value`) == before {
		key(t, c.Tab, kb.ArrowDown)
	}
	finish(t, c)
	report, err := c.Report()
	if err != nil || report.Profile.ID == before {
		t.Errorf("still judged against %s: %v", report.Profile.ID, err)
	}

	// To the place of the finding, which opens below it and closes again.
	const place = `document.querySelector('[data-finding="keyframe-interval"] [data-tag][data-focus="true"]')`
	tabTo(t, c.Tab, `[id^="show-keyframe-interval"]`)
	key(t, c.Tab, kb.Enter)
	wait(t, c.Tab, place, 5*time.Second)
	key(t, c.Tab, kb.Enter)
	wait(t, c.Tab, "!"+place, 5*time.Second)
	key(t, c.Tab, kb.Enter)
	wait(t, c.Tab, place, 5*time.Second)
	tabTo(t, c.Tab, "[data-tag] summary")

	// Plots: keys zoom, and the buttons do.
	const picture = `document.querySelector("#plot-key-frame-interval canvas").toDataURL()`
	tabTo(t, c.Tab, "#zoom-reset")
	key(t, c.Tab, kb.Enter)
	time.Sleep(200 * time.Millisecond)
	whole := eval[string](t, c.Tab, picture)
	tabTo(t, c.Tab, "#plot-key-frame-interval")
	key(t, c.Tab, "+")
	wait(t, c.Tab, picture+" !== "+fmt.Sprintf("%q", whole), 3*time.Second)
	key(t, c.Tab, "0")
	wait(t, c.Tab, picture+" === "+fmt.Sprintf("%q", whole), 3*time.Second)

	// The ticket and the report.
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		if _, err := chromedp.CallBrowser(c.Ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: "granted", Origin: shared.srv.URL,
		}); err != nil {
			t.Fatal(err)
		}
	}
	tabTo(t, c.Tab, "#copy-ticket")
	key(t, c.Tab, kb.Enter)
	wait(t, c.Tab, `navigator.clipboard.readText().then(v => v.includes("keyframe-interval"), () => false)`, 5*time.Second)
	ticket := eval[string](t, c.Tab, "navigator.clipboard.readText()")
	for _, want := range []string{"keyframe-gap.flv", "0:14", report.Verdict.Headline} {
		if !strings.Contains(ticket, want) {
			t.Errorf("the ticket does not say %q:\n%s", want, ticket)
		}
	}

	dir := t.TempDir()
	if _, err := chromedp.CallBrowser(c.Ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: "allow", DownloadPath: dir}); err != nil {
		t.Fatal(err)
	}
	tabTo(t, c.Tab, "#download")
	key(t, c.Tab, kb.Enter)
	saved := download(t, dir)
	got, err := harness.ParseReport(saved)
	if err != nil || got.Format == "" || got.Verdict.Headline != report.Verdict.Headline {
		t.Errorf("the report that was saved: %+v, %v", got, err)
	}
	if diff := differences(t, saved, cli(t, "--profile", report.Profile.ID, file)); diff != "" {
		t.Errorf("the report that was saved is not the command line's: %s", diff)
	}
}

// Cancelling without a mouse.
func TestKeyboardCancel(t *testing.T) {
	c := check(t)
	eval[chromedp.Void](t, c.Tab, `document.querySelector("#file").focus()`)
	if err := c.Choose(recording(t, flvgen.Large2200)); err != nil {
		t.Fatal(err)
	}
	wait(t, c.Tab, `document.querySelector("#cancel")`, 5*time.Second)
	for range 60 {
		key(t, c.Tab, kb.Tab)
		if eval[bool](t, c.Tab, `document.activeElement?.id === "cancel"`) {
			break
		}
	}
	key(t, c.Tab, kb.Enter)
	wait(t, c.Tab, `e2e.state() === "cancelled"`, 2*time.Second)
	if f := eval[focused](t, c.Tab, describe); f.Name == "body" {
		t.Error("the focus went with the button")
	}
}

func finish(t *testing.T, c *harness.Check) {
	t.Helper()
	if run, err := c.Finish(20 * time.Second); err != nil || run.State != "done" {
		t.Fatal(run, err)
	}
}

// download waits for the one file in a folder.
func download(t *testing.T, dir string) []byte {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
		if len(files) == 1 {
			if b, err := os.ReadFile(files[0]); err == nil && len(b) > 0 {
				return b
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("nothing was saved")
	return nil
}
