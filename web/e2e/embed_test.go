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

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
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

const embedCode = "azure-media-services/MPE_INGEST_RTMP_TOO_LARGE_UNPROCESSED_FLV"

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
			w.Header().Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; "+e.Policy)
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
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		all, err := chromedp.Targets(tab.Ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range all {
			if info.Type == "iframe" && strings.HasPrefix(info.URL, prefix) && info.BrowserContextID == chromedp.FromContext(tab.Ctx).BrowserContextID {
				ctx, cancel := chromedp.NewContext(tab.Ctx, chromedp.WithTargetID(info.TargetID), chromedp.WithDetachOnCancel())
				t.Cleanup(cancel)
				return &harness.Tab{Ctx: ctx}
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("no frame of %s", prefix)
	return nil
}

const framed = `document.querySelector("%s").shadowRoot?.querySelector("div")?.className === "on"`

// ready waits until an element shows its frame.
func ready(t *testing.T, tab *harness.Tab, selector string) {
	t.Helper()
	wait(t, tab, fmt.Sprintf(framed, selector), 10*time.Second)
}

func TestEmbedLook(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no -screenshots DIR given: pictures are for people")
	}
	e := embedInto(t)
	for _, width := range []int64{1280, 390} {
		for _, dark := range []bool{false, true} {
			tab := openSite(t, e.Site+"/", width, 900)
			scheme(t, tab, dark)
			ready(t, tab, "#help")
			eval[chromedp.Void](t, tab, `document.querySelector("#check").scrollIntoView()`)
			ready(t, tab, "#check")
			time.Sleep(500 * time.Millisecond)
			shoot(t, tab, "embed-host-"+viewName(width, dark))
		}
	}
}

func shoot(t *testing.T, tab *harness.Tab, name string) {
	t.Helper()
	png, err := chromedp.Run(tab.Ctx, chromedp.FullScreenshot(90))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, strings.ReplaceAll(name, " ", "-")+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

var (
	_ = page.Navigate
	_ target.ID
)
