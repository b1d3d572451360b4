package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ingestdoctor/web/e2e/harness"
)

// A site that shows our help in its pages: another host name and another port,
// so that the browser treats the portal as a third party. The portal's settings
// name it; stranger is a site that they do not name.
type embedding struct {
	portal         *harness.Server
	site, stranger *httptest.Server
	Site, Stranger string // origins
	Script         string // the script element, as /embed shows it
	Policy         string // the policy, as /embed shows it
	pages          sync.Map
}

func embedInto(t *testing.T) *embedding {
	t.Helper()
	e := &embedding{}
	serve := func(w http.ResponseWriter, r *http.Request) {
		body, ok := e.pages.Load(r.URL.Path)
		if !ok {
			http.NotFound(w, r)
			return
		}
		// The site's own policy is the example that /embed gives, and nothing else.
		if r.URL.Path != "/evil" {
			w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src data:; base-uri 'none'; "+e.Policy)
		}
		if r.URL.Path == "/isolated" {
			w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
			w.Header().Set("Cross-Origin-Embedder-Policy", "require-corp")
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, body)
	}
	e.site, e.stranger = httptest.NewServer(http.HandlerFunc(serve)), httptest.NewServer(http.HandlerFunc(serve))
	t.Cleanup(e.site.Close)
	t.Cleanup(e.stranger.Close)
	e.Site = strings.Replace(e.site.URL, "127.0.0.1", "localhost", 1)
	e.Stranger = strings.Replace(e.stranger.URL, "127.0.0.1", "localhost", 1)
	e.start(t, "")

	_, body := e.get(t, "/embed?what=help&code="+url.QueryEscape(embedCode))
	e.Script = snippetOf(t, body, "snippet-script")
	e.Policy = strings.TrimPrefix(snippetOf(t, body, "snippet-policy"), "Content-Security-Policy: ")
	e.pages.Store("/", e.host(`<ingest-help id="help" code="`+embedCode+`"><a href="`+e.portal.URL+`/codes/`+embedCode+`">Help on the error</a></ingest-help>
		<ingest-search id="search"><a href="`+e.portal.URL+`/search">Search error codes</a></ingest-search>
		<ingest-url-check id="check" profile="youtube"><a href="`+e.portal.URL+`/check/url">Check an ingest URL</a></ingest-url-check>`))
	return e
}

// start runs the portal, at the same address again where one is given.
func (e *embedding) start(t *testing.T, addr string) {
	t.Helper()
	srv, err := harness.Serve(context.Background(), shared.bin, addr, t.TempDir(), "--embed-origins", e.Site)
	if err != nil {
		t.Fatal(err)
	}
	e.portal = srv
	t.Cleanup(func() { srv.Stop() })
}

// host is a page of the site around some elements.
func (e *embedding) host(body string) string {
	return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Console</title><link rel="icon" href="data:,">` +
		e.Script + `</head><body><main><h1>Console</h1><p><a id="before" href="#before">Before</a></p>` + body + `<p><a id="after" href="#after">After</a></p></main></body></html>`
}

func (e *embedding) get(t *testing.T, path string, header ...string) (*http.Response, string) {
	t.Helper()
	return ask(t, e.portal.URL+path, header...)
}

func ask(t *testing.T, address string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b strings.Builder
	buf := make([]byte, 32<<10)
	for {
		n, err := res.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return res, b.String()
		}
	}
}

// snippetOf is a snippet of /embed as a person copies it.
func snippetOf(t *testing.T, body, id string) string {
	t.Helper()
	m := regexp.MustCompile(`<code id="` + id + `">([^<]*)</code>`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no %s on /embed", id)
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&amp;", "&").Replace(m[1])
}

// openSite opens a page of the site.
func openSite(t *testing.T, address string, size ...int64) *harness.Tab {
	t.Helper()
	tab, err := shared.browser.Open(true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tab.Close)
	if len(size) == 2 {
		do(t, tab, chromedp.EmulateViewport(size[0], size[1]))
	}
	do(t, tab, chromedp.Navigate(address))
	return tab
}

// frameOf attaches to the frame whose address begins with prefix; it has a
// process of its own.
func frameOf(t *testing.T, tab *harness.Tab, prefix string) *harness.Tab {
	t.Helper()
	return targetOf(t, tab, "iframe", prefix)
}

// pageOf attaches to the tab whose address begins with prefix.
func pageOf(t *testing.T, tab *harness.Tab, prefix string) *harness.Tab {
	t.Helper()
	return targetOf(t, tab, "page", prefix)
}

func targetOf(t *testing.T, tab *harness.Tab, kind, prefix string) *harness.Tab {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		all, err := chromedp.Targets(tab.Ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range all {
			if info.Type == kind && strings.HasPrefix(info.URL, prefix) && info.BrowserContextID == chromedp.FromContext(tab.Ctx).BrowserContextID {
				ctx, cancel := chromedp.NewContext(tab.Ctx, chromedp.WithTargetID(info.TargetID), chromedp.WithDetachOnCancel())
				t.Cleanup(cancel)
				return &harness.Tab{Ctx: ctx}
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("no %s of %s", kind, prefix)
	return nil
}

// ready waits until an element shows its frame.
func ready(t *testing.T, tab *harness.Tab, selector string) {
	t.Helper()
	wait(t, tab, fmt.Sprintf(framed, selector), 10*time.Second)
}

// drawn is the size of a frame outside and of its page inside.
type drawn struct {
	Width, Height  float64 // of the frame
	Inner          float64 // height that the frame has inside
	Content, Wide  float64 // height and width that its page needs
	InnerWide, Gap float64 // width that it has; what is left over below
}

// fits fails the test unless a frame is as high as its page and no scroll bar shows.
func fits(t *testing.T, tab, frame *harness.Tab, selector, state string) {
	t.Helper()
	const inside = `(() => { const d = document.documentElement; return {Content: d.scrollHeight, Wide: d.scrollWidth, Inner: innerHeight, InnerWide: innerWidth, Gap: innerHeight - d.getBoundingClientRect().height}; })()`
	outside := fmt.Sprintf(`(() => { const f = document.querySelector(%q).shadowRoot.querySelector("iframe").getBoundingClientRect(); return {Width: f.width, Height: f.height}; })()`, selector)
	var in, out drawn
	deadline := time.Now().Add(8 * time.Second)
	for {
		in, out = eval[drawn](t, frame, inside), eval[drawn](t, tab, outside)
		ok := in.Inner == out.Height && in.InnerWide == out.Width && in.Content <= in.Inner && in.Wide <= in.InnerWide && in.Gap >= 0 && in.Gap <= 1 && in.Inner > 80
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%s, %s: the frame is %v, its page %+v", selector, state, out, in)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func shoot(t *testing.T, tab *harness.Tab, name string) {
	t.Helper()
	png, err := chromedp.Run(tab.Ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, strings.ReplaceAll(name, " ", "-")+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}
