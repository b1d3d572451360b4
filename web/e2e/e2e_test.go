// Package e2e tests the program as a person uses it: the built binary, served
// on a port of this machine, in a real Chromium.
package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ingestdoctor/web/e2e/flvgen"
	"ingestdoctor/web/e2e/harness"
)

var screenshots = flag.String("screenshots", "", "folder for pictures of every page and state (with -run Screenshots)")

// What all tests share: one program, one browser.
var shared struct {
	bin     string
	srv     *harness.Server
	browser *harness.Browser
}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if testing.Short() {
		fmt.Println("web/e2e: left out by -short")
		return 0
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	data, err := os.MkdirTemp("", "ingestdoctor-e2e-*")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(data)
	if shared.bin, err = harness.Binary(ctx); err != nil {
		return fail(err)
	}
	if shared.srv, err = harness.Serve(ctx, shared.bin, "", data); err != nil {
		return fail(err)
	}
	if shared.browser, err = harness.Launch(ctx); err != nil {
		shared.srv.Stop()
		return fail(err)
	}
	code := m.Run()
	shared.browser.Close()
	forget()
	// A server that does not end in order, or that panicked, is a failure too.
	if err := shared.srv.Stop(); err != nil {
		code = fail(fmt.Errorf("the server's end: %w\n%s", err, shared.srv.Log()))
	}
	if log := shared.srv.Log(); strings.Contains(log, "panic") {
		code = fail(fmt.Errorf("the server's log:\n%s", log))
	}
	return code
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "web/e2e:", err)
	return 1
}

// open opens a page in a tab of its own, which must have nothing to complain
// about at the test's end.
func open(t *testing.T, path string, size ...int64) *harness.Tab {
	t.Helper()
	tab, err := shared.browser.Open(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		quiet(t, tab)
		tab.Close()
	})
	if len(size) == 2 {
		if err := chromedp.Do(tab.Ctx, chromedp.EmulateViewport(size[0], size[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := chromedp.Do(tab.Ctx, chromedp.Navigate(shared.srv.URL+path)); err != nil {
		t.Fatal(err)
	}
	return tab
}

// check opens /check/file and waits until a file can be chosen.
func check(t *testing.T) *harness.Check {
	t.Helper()
	c, err := harness.OpenCheck(shared.browser, shared.srv.URL, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		quiet(t, c.Tab)
		c.Close()
	})
	return c
}

// quiet fails the test for what a page complained about: console errors,
// exceptions, violations of the policy.
func quiet(t *testing.T, tab *harness.Tab) {
	t.Helper()
	for _, p := range tab.Problems() {
		t.Errorf("the browser complains: %s", p)
	}
}

func do(t *testing.T, tab *harness.Tab, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab.Ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

func click(t *testing.T, tab *harness.Tab, selector string) {
	t.Helper()
	if err := tab.Click(selector); err != nil {
		t.Fatal(err)
	}
}

func eval[T any](t *testing.T, tab *harness.Tab, js string) T {
	t.Helper()
	v, err := harness.Eval[T](tab, js)
	if err != nil {
		t.Fatalf("%s: %v", js, err)
	}
	return v
}

func wait(t *testing.T, tab *harness.Tab, js string, limit time.Duration) {
	t.Helper()
	if err := tab.Wait(js, limit); err != nil {
		t.Fatal(err)
	}
}

// recording is the path of a generated recording, made once for all tests.
func recording(t *testing.T, s flvgen.Spec) string {
	t.Helper()
	dir, err := harness.Cache("recordings")
	if err != nil {
		t.Fatal(err)
	}
	path, err := s.File(dir)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// forget removes the recordings that are too big to keep for the next run.
func forget() {
	dir, err := harness.Cache("recordings")
	if err != nil {
		return
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.flv"))
	for _, path := range files {
		if st, err := os.Stat(path); err == nil && st.Size() > 500e6 && os.Getenv("INGESTDOCTOR_KEEP") == "" {
			os.Remove(path)
		}
	}
}

// copyOf gives a private copy of a file that the test may spoil.
func copyOf(t *testing.T, path, name string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(to, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return to
}

// cli runs `ingestdoctor flv --json`; exit codes 0 and 1 both come with a report.
func cli(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.Command(shared.bin, append([]string{"flv", "--json"}, args...)...).Output()
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() == 1 {
		err = nil
	}
	if err != nil {
		t.Fatalf("ingestdoctor flv --json %v: %v", args, err)
	}
	return out
}
