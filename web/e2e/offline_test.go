package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ingestdoctor/web/e2e/flvgen"
	"ingestdoctor/web/e2e/harness"
)

// The cache is filled in one go; go-app's service worker does not wait for it
// before it is active.
const cached = `navigator.serviceWorker.ready.then(() => caches.match("/check/file"))`

// The tool works without the network once it was loaded, and a new version is
// offered, not forced: the page says that it is ready.
func TestOfflineAndUpdate(t *testing.T) {
	t.Parallel()
	srv, err := harness.Serve(t.Context(), shared.bin, "", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := own(t)
	c, err := harness.OpenCheck(b, srv.URL, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(cached, 30*time.Second); err != nil {
		t.Fatal(err)
	}
	if err := srv.Stop(); err != nil {
		t.Fatal(err)
	}
	c.Problems()
	do(t, c.Tab, chromedp.Reload())
	wait(t, c.Tab, "window.e2e?.usable && ingestValidator.about", 15*time.Second)
	if run, err := c.Analyse(recording(t, flvgen.Gap), 20*time.Second); err != nil || run.State != "done" {
		t.Fatal(run, err)
	}
	if n := eval[int](t, c.Tab, `document.querySelectorAll(".plot canvas").length`); n < 4 {
		t.Errorf("%d plots without the network", n)
	}
	c.Problems() // that the network is not there

	// A new version on the same address.
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	next := filepath.Join(t.TempDir(), "ingestdoctor")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w -X main.version=e2e-next", "-o", next, "./server")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as make build, so that only linking is left to do
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	srv, err = harness.Serve(t.Context(), next, srv.Addr, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Stop()
	do(t, c.Tab, chromedp.Reload())
	wait(t, c.Tab, `document.querySelector("#update:not([hidden])")`, 20*time.Second)
	axe(t, c.Tab, "update ready")
	click(t, c.Tab, "#update button")
	wait(t, c.Tab, `window.e2e?.usable && ingestValidator.about && !document.querySelector("#update:not([hidden])")`, 20*time.Second)
	if run, err := c.Analyse(recording(t, flvgen.Clean), 20*time.Second); err != nil || run.State != "done" {
		t.Fatal(run, err)
	}
	quiet(t, c.Tab)
}
