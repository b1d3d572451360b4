package harness

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// What the tests of the product rely on is seen when it is there: an error on
// the console, an exception, a blocked script, and a request of page and worker.
func TestHarnessSees(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		w.Write([]byte(`<!doctype html><title>t</title><script>inline()</script><script src="/page.js"></script><p id="done" hidden>`))
	})
	mux.HandleFunc("/page.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		w.Write([]byte(`console.error("page says", 7); setTimeout(() => { throw new Error("thrown") });
			const w = new Worker("/worker.js"); window.go = () => w.postMessage(1); w.onmessage = () => document.title = "answered"; fetch("/by-page");`))
	})
	mux.HandleFunc("/worker.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		w.Write([]byte(`fetch("/early-by-worker"); onmessage = async () => { console.error("worker says"); await fetch("/by-worker", {method: "POST", body: "x"}); postMessage(1); }`))
	})
	mux.HandleFunc("/by-page", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/by-worker", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/early-by-worker", func(http.ResponseWriter, *http.Request) {})
	srv := httptest.NewServer(mux)
	defer srv.Close()

	netlog := filepath.Join(t.TempDir(), "net.json")
	b, err := Launch(context.Background(), "log-net-log="+netlog)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	tab, err := b.Open(true)
	if err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(tab.Ctx, chromedp.Navigate(srv.URL)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	before := time.Now()
	if _, err := Eval[chromedp.Void](tab, "go()"); err != nil {
		t.Fatal(err)
	}
	if err := tab.Wait(`document.title == "answered"`, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	problems := strings.Join(tab.Problems(), "\n")
	for _, want := range []string{"page says 7", "thrown", "script-src", "CSP violation", "worker says"} {
		if !strings.Contains(problems, want) {
			t.Errorf("not seen: %s\nseen:\n%s", want, problems)
		}
	}
	var urls []string
	for _, r := range tab.Requests() {
		urls = append(urls, r.Method+" "+strings.TrimPrefix(r.URL, srv.URL)+" from "+strings.ReplaceAll(r.From, srv.URL, ""))
	}
	for _, want := range []string{"GET / from page", "GET /by-page from page", "POST /by-worker from worker"} {
		if !strings.Contains(strings.Join(urls, "\n"), want) {
			t.Errorf("not seen: %s\nseen:\n%s", want, strings.Join(urls, "\n"))
		}
	}
	if m, err := Memory(b.PID()); err != nil || m < 20<<20 || m > 2<<30 {
		t.Errorf("memory %d, %v", m, err)
	}
	b.Close()

	events, err := ReadNetLog(netlog)
	if err != nil {
		t.Fatal(err)
	}
	seen := ""
	for _, e := range events {
		late := e.At.After(before)
		if strings.HasSuffix(e.URL, "/by-worker") && e.Type == "URL_REQUEST_START_JOB" && late && e.Method == "POST" && e.Upload {
			seen += "by-worker "
		}
		if strings.HasSuffix(e.URL, "/early-by-worker") && !late {
			seen += "early "
		}
	}
	if !strings.Contains(seen, "by-worker") || !strings.Contains(seen, "early") {
		t.Errorf("not all in the network log: %q, %+v", seen, events)
	}
}
