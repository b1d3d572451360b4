package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ingestdoctor/web/e2e/flvgen"
	"ingestdoctor/web/e2e/harness"
)

// state brings /check/file into one of the states that it can be in.
type state struct {
	name  string
	reach func(t *testing.T, c *harness.Check)
}

func choose(s flvgen.Spec) func(t *testing.T, c *harness.Check) {
	return func(t *testing.T, c *harness.Check) { analyse(t, c, recording(t, s), 30*time.Second) }
}

var checkStates = []state{
	{"empty", func(*testing.T, *harness.Check) {}},
	{"working", func(t *testing.T, c *harness.Check) {
		if err := c.Choose(recording(t, flvgen.Large2200)); err != nil {
			t.Fatal(err)
		}
		wait(t, c.Tab, `e2e.state() === "reading" && document.querySelector("#media") && document.querySelector("#cancel")`, 10*time.Second)
		hold(t, c)
	}},
	{"errors", choose(flvgen.Gap)},
	{"place", func(t *testing.T, c *harness.Check) {
		choose(flvgen.Gap)(t, c)
		click(t, c.Tab, `[id^="show-keyframe-interval"]`)
		wait(t, c.Tab, `document.querySelector('[data-tag][data-focus="true"]')`, 5*time.Second)
		time.Sleep(400 * time.Millisecond) // the page scrolls there
	}},
	{"clean", choose(flvgen.Clean)},
	{"not-flv", func(t *testing.T, c *harness.Check) {
		for _, h := range hostiles(t) {
			if h.name == "film.mp4" {
				analyse(t, c, h.file(t), 10*time.Second)
			}
		}
	}},
	{"cancelled", func(t *testing.T, c *harness.Check) {
		if err := c.Choose(recording(t, flvgen.Large2200)); err != nil {
			t.Fatal(err)
		}
		wait(t, c.Tab, `document.querySelector("#media") && document.querySelector("#cancel")`, 10*time.Second)
		do(t, c.Tab, chromedp.Evaluate[chromedp.Void](`document.querySelector("#cancel").click()`))
		wait(t, c.Tab, `e2e.state() === "cancelled"`, 3*time.Second)
	}},
	{"failed", func(t *testing.T, c *harness.Check) {
		file := copyOf(t, recording(t, flvgen.Clean), "gone.flv")
		if err := c.Choose(file); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Finish(20 * time.Second); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		eval[chromedp.Void](t, c.Tab, "e2e.begin()")
		do(t, c.Tab, chromedp.Evaluate[chromedp.Void](`(() => { const s = document.querySelector("#profile"); s.value = "twitch"; s.dispatchEvent(new Event("change", {bubbles: true})); })()`))
		if _, err := c.Finish(20 * time.Second); err != nil {
			t.Fatal(err)
		}
	}},
	{"everything-open", func(t *testing.T, c *harness.Check) {
		choose(flvgen.Gap)(t, c)
		do(t, c.Tab, chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => { d.open = true; })`))
	}},
}

// hold stops the reading where it is, so that the state can be looked at: what
// comes from the worker is kept away from the page.
func hold(t *testing.T, c *harness.Check) {
	t.Helper()
	eval[chromedp.Void](t, c.Tab, `e2e.workers.forEach(w => { w.onmessage = null; })`)
	time.Sleep(150 * time.Millisecond)
}

// axe-core finds nothing in any state of the tool, nothing scrolls sideways,
// wide and narrow, light and dark.
func TestToolAccessible(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int64{{1280, 900}, {390, 844}} {
		for _, s := range checkStates {
			t.Run(fmt.Sprintf("%s-%d", s.name, size[0]), func(t *testing.T) {
				t.Parallel()
				c := check(t)
				do(t, c.Tab, chromedp.EmulateViewport(size[0], size[1]))
				s.reach(t, c)
				for _, dark := range []bool{false, true} {
					scheme(t, c.Tab, dark)
					name := s.name + " " + viewName(size[0], dark)
					axe(t, c.Tab, name)
					narrow(t, c.Tab, name)
				}
			})
		}
	}
}

// Pictures of every page and state for people to look at:
//
//	go test ./web/e2e -run Screenshots -screenshots DIR
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no -screenshots DIR given: pictures are for people")
	}
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	take := func(tab *harness.Tab, name string) {
		t.Helper()
		time.Sleep(150 * time.Millisecond)
		for suffix, full := range map[string]bool{"": false, "-full": true} {
			action := chromedp.CaptureScreenshot()
			if full {
				action = chromedp.FullScreenshot(100)
			}
			png, err := chromedp.Run(tab.Ctx, action)
			if err != nil {
				t.Fatal(name, err)
			}
			if err := os.WriteFile(filepath.Join(*screenshots, name+suffix+".png"), png, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, size := range [][2]int64{{1280, 900}, {390, 844}} {
		for _, dark := range []bool{false, true} {
			view := strings.ReplaceAll(viewName(size[0], dark), " ", "-")
			tab := open(t, "/", size[0], size[1])
			scheme(t, tab, dark)
			for _, path := range staticPages {
				do(t, tab, chromedp.Navigate(shared.srv.URL+path))
				name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(path), "-")
				if name == "" {
					name = "home"
				}
				take(tab, name+"_"+view)
				missing(tab, path)
			}
			for _, s := range checkStates {
				c := check(t)
				do(t, c.Tab, chromedp.EmulateViewport(size[0], size[1]))
				scheme(t, c.Tab, dark)
				s.reach(t, c)
				take(c.Tab, "check-file-"+s.name+"_"+view)
				c.Close()
			}
		}
	}
}
