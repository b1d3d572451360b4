package e2e

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ingestdoctor/web/e2e/harness"
)

// watched is a browser of a test's own that keeps a log of its network, which has
// what pages, workers and service workers ask for. No other name than ours
// resolves: Chromium's own errands, such as asking for the accounts of its user,
// end before the network.
func watched(t *testing.T) (b *harness.Browser, log string) {
	t.Helper()
	log = filepath.Join(t.TempDir(), "net.json")
	return own(t, "log-net-log="+log, "net-log-capture-mode=Everything", "host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"), log
}

// barred counts the page's workers, none of which can connect to anything. The
// attempts are in the tab's log.
func barred(t *testing.T, tab *harness.Tab) (workers int) {
	t.Helper()
	for _, w := range tab.Workers() {
		if w.Type != "worker" {
			continue
		}
		workers++
		got, err := chromedp.Run(w.Ctx, chromedp.Evaluate[string](
			`fetch(self.location.origin + "/healthz", {method: "POST", body: "x"}).then(() => "sent", e => "refused: " + e)`, chromedp.EvalAwaitPromise))
		if err != nil || !strings.HasPrefix(got, "refused") {
			t.Errorf("the worker can connect: %q %v", got, err)
		}
	}
	return workers
}

// silent reads the log of a browser that is closed: between two moments nothing
// was asked for but by Chromium itself.
func silent(t *testing.T, log string, start, end time.Time, since string) {
	t.Helper()
	events, err := harness.ReadNetLog(log)
	if err != nil {
		t.Fatal(err)
	}
	before := 0
	for _, e := range events {
		if e.At.Before(start) {
			before++
			continue
		}
		if e.At.After(end) || chromiumsOwn(e) || newerWorker(e) {
			continue
		}
		t.Errorf("%s %s %s from %q, %v after %s", e.Type, e.Method, e.URL, e.Who, e.At.Sub(start), since)
	}
	if before < 10 {
		t.Errorf("the log has only %d events of the page's load: it proves nothing", before)
	}
}

// newerWorker tells the browser's look, at a time of its choice, whether there is
// a newer service worker: a fixed address, and nothing is sent along.
func newerWorker(e harness.NetEvent) bool {
	u, err := url.Parse(e.URL)
	return err == nil && e.Method == "GET" && u.Path == "/app-worker.js" && u.RawQuery == ""
}

// chromiumsOwn tells what the browser asks for by itself: no page stands behind
// it, and it goes to its maker.
func chromiumsOwn(e harness.NetEvent) bool {
	if e.Who != "" && e.Who != "not an origin" {
		return false
	}
	// Whether there is IPv6 at all: a socket is connected to this address, nothing is sent.
	if e.Type == "UDP_CONNECT" && strings.HasPrefix(e.URL, "[2001:4860:4860::8888]") {
		return true
	}
	u, err := url.Parse(e.URL)
	if err != nil {
		return false
	}
	for _, maker := range []string{".google.com", ".googleapis.com", ".gstatic.com"} {
		if strings.HasSuffix(u.Hostname(), maker) {
			return true
		}
	}
	return false
}
