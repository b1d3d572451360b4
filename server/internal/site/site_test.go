package site

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"ingestdoctor/static"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// logBuffer is a log that several requests may write to.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newServer(t *testing.T, cfg Config) (*Server, *logBuffer) {
	t.Helper()
	log := &logBuffer{}
	cfg.Logger = slog.New(slog.NewJSONHandler(log, nil))
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, log
}

// ask sends one request; header are pairs. The host is localhost.
func ask(s http.Handler, method, target string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "localhost:8080"
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		} else {
			r.Header.Set(header[i], header[i+1])
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRoutes(t *testing.T) {
	s, _ := newServer(t, Config{Version: "v1.2.3"})
	tests := []struct {
		path   string
		status int
		kind   string
		holds  string
	}{
		{"/", 200, htmlType, "Why does my live stream not get in?"},
		{"/privacy", 200, htmlType, "connect-src"},
		{"/rules", 200, htmlType, "keyframe-interval"},
		{"/rules/keyframe-interval", 200, htmlType, "keyframe-interval"},
		{"/rules/KEYFRAME-INTERVAL", 301, "", ""},
		{"/rules/", 301, "", ""},
		{"/rules/no-such-rule", 404, "text/html; charset=UTF-8", "There is no such page"},
		{"/rules/keyframe-interval/more", 404, "text/html; charset=UTF-8", "There is no such page"},
		{"/profiles", 200, htmlType, "azure-live-encoding"},
		{"/profiles/youtube", 200, htmlType, "YouTube"},
		{"/profiles/no-such-profile", 404, "text/html; charset=UTF-8", "There is no such page"},
		{"/search", 200, htmlType, "A code, a message, a log line, a symptom"},
		{"/search?q=MPE_INGEST_CODEC_NOT_SUPPORTED", 200, htmlType, "/codes/azure-media-services/MPE_INGEST_CODEC_NOT_SUPPORTED"},
		{"/search?q=keyframe-interval", 200, htmlType, "/rules/keyframe-interval"},
		{"/search?q=zzzzzz", 200, htmlType, "Nothing is found"},
		{"/codes", 200, htmlType, "/codes/tencent-css/18-501"},
		{"/codes/", 301, "", ""},
		{"/codes?platform=srs&severity=error", 200, htmlType, "/codes/srs/1028"},
		{"/codes?platform=nobody", 404, "", "There is no such page"},
		{"/codes/tencent-css", 200, htmlType, "/codes/tencent-css/18-501"},
		{"/codes/Tencent-CSS", 301, "", ""},
		{"/codes/tencent-css/", 301, "", ""},
		{"/codes/nobody", 404, "", "There is no such page"},
		{"/codes/nobody/1", 404, "", "There is no such page"},
		{"/codes/tencent-css/18-501", 200, htmlType, "Reached the expiration time."},
		{"/codes/tencent-css/18-501?encoder=none", 200, htmlType, "Reached the expiration time."},
		{"/codes/tencent-css/18/501", 301, "", ""},
		{"/codes/tencent-css/18%2F501", 301, "", ""},
		{"/codes/azure-media-services/mpe_bad_url_syntax", 301, "", ""},
		{"/codes/azure-media-services/MPE_BAD_URL", 404, "", "MPE_BAD_URL_SYNTAX"},
		{"/e/mpe-bad-url-syntax", 301, "", ""},
		{"/e/18/501", 301, "", ""},
		{"/e/NetStream.Publish.BadName", 200, htmlType, "Choose the one that showed it."},
		{"/e/MPE_INGEST_CODEK", 404, "", "MPE_INGEST_CODEC_NOT_SUPPORTED"},
		{"/e/zzzzzz", 404, "", "This code is not known here"},
		{"/e/", 301, "", ""},
		{"/platforms", 200, htmlType, "/platforms/tencent-css"},
		{"/platforms/tencent-css", 200, htmlType, "Every limit with its source"},
		{"/platforms/Tencent_CSS", 301, "", ""},
		{"/platforms/azure-media-services", 200, htmlType, "30 June 2024"},
		{"/platforms/nobody", 404, "", "There is no such page"},
		{"/encoders", 200, htmlType, "Encoders"},
		{"/guides", 200, htmlType, "Guides"},
		{"/guides/nothing", 404, "", "There is no such page"},
		{"/api/v1/search?q=18/501", 200, "application/json", `"url": "/codes/tencent-css/18-501"`},
		{"/api/v1/search?q=x&limit=none", 400, "application/problem+json", `"status":400`},
		{"/api/v1/search?q=x&platform=nobody", 400, "application/problem+json", `"status":400`},
		{"/api/v1/search", 200, "application/json", `"results": []`},
		{"/api/v1/codes", 200, "application/json", `"MPE_BAD_URL_SYNTAX"`},
		{"/api/v1/codes/tencent-css/18-501", 200, "application/json", `"sub_errcode": 501`},
		{"/api/v1/codes/tencent-css/18/501", 200, "application/json", `"sub_errcode": 501`},
		{"/api/v1/codes/tencent-css/nothing", 404, "application/problem+json", `"status":404`},
		{"/api/v1/openapi.json", 200, "application/json", `"openapi": "3.1.0"`},
		{"/search?q=%3Cscript%3Ealert(1)%3C/script%3E", 200, htmlType, "&lt;script&gt;"},
		{"/check/file", 200, htmlType, "/app.js"},
		{"/check/file/", 301, "", ""},
		{"/check/nothing", 404, "text/html; charset=UTF-8", "There is no such page"},
		{"/app.js", 200, "text/javascript; charset=utf-8", "goappEnv"},
		{"/app-worker.js", 200, "text/javascript; charset=utf-8", "resourcesToCache"},
		{"/app.css", 200, "text/css; charset=utf-8", "goapp"},
		{"/manifest.webmanifest", 200, "application/manifest+json", "/assets/img/icon-512."},
		{"/favicon.ico", 200, "image/x-icon", ""},
		{"/robots.txt", 200, "text/plain; charset=utf-8", "User-agent"},
		{"/sitemap.xml", 200, "application/xml; charset=utf-8", "/rules/keyframe-interval"},
		{"/ads.txt", 404, "text/html; charset=UTF-8", "There is no such page"},
		{"/healthz", 200, "text/plain; charset=UTF-8", "ok"},
		{"/metrics", 200, "", "ingestdoctor_build_info"},
		{"/api/v1/rules", 200, "application/json", `"keyframe-interval"`},
		{"/api/v1/rules/keyframe-interval", 200, "application/json", `"interval_ms"`},
		{"/api/v1/rules/nothing", 404, "application/problem+json", `"request_id"`},
		{"/api/v1/profiles", 200, "application/json", `"azure-live-encoding"`},
		{"/api/v1/profiles/youtube", 200, "application/json", `"limits"`},
		{"/api/v1/profiles/nothing", 404, "application/problem+json", `"status":404`},
		{"/api/v2", 404, "application/problem+json", `"status":404`},
		{"/assets/nothing.js", 404, "text/plain; charset=utf-8", "no such asset"},
		{static.Assets().URL("css/site.css"), 200, "text/css; charset=utf-8", "--accent"},
		{"/web/app.wasm", 404, "", ""},
		{"/web/ui/register.go", 404, "", ""},
		{"/../go.mod", 404, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			res := ask(s, "GET", tt.path)
			if res.StatusCode != tt.status {
				t.Fatalf("status %d, want %d", res.StatusCode, tt.status)
			}
			if kind := res.Header.Get("Content-Type"); tt.kind != "" && kind != tt.kind {
				t.Errorf("Content-Type %q, want %q", kind, tt.kind)
			}
			if body := text(t, res); !strings.Contains(body, tt.holds) {
				t.Errorf("%q is not in %.300q", tt.holds, body)
			}
			head := ask(s, "HEAD", tt.path)
			if head.StatusCode != tt.status {
				t.Errorf("HEAD: status %d, want %d", head.StatusCode, tt.status)
			}
			if got, want := head.Header.Get("Content-Type"), res.Header.Get("Content-Type"); got != want {
				t.Errorf("HEAD: Content-Type %q, GET %q", got, want)
			}
		})
	}
}

// Every page that the sitemap, the rules and the profiles promise is there.
func TestEveryPage(t *testing.T) {
	s, _ := newServer(t, Config{})
	var set struct {
		URLs []struct {
			Loc string `xml:"loc"`
		} `xml:"url"`
	}
	if err := xml.NewDecoder(ask(s, "GET", "/sitemap.xml").Body).Decode(&set); err != nil {
		t.Fatal(err)
	}
	if want := len(rules.All()) + len(profile.All()); len(set.URLs) < want {
		t.Fatalf("%d addresses in the sitemap, at least %d", len(set.URLs), want)
	}
	link := regexp.MustCompile(`(?:href|src|action)="(/[^"#?]*)[^"]*"`)
	checked := map[string]bool{}
	for _, u := range set.URLs {
		path := strings.TrimPrefix(u.Loc, "http://localhost:8080")
		res := ask(s, "GET", path)
		if res.StatusCode != 200 {
			t.Errorf("%s: status %d", path, res.StatusCode)
			continue
		}
		for _, m := range link.FindAllStringSubmatch(text(t, res), -1) {
			if checked[m[1]] {
				continue
			}
			checked[m[1]] = true
			if m[1] == "/oembed" {
				continue // it needs its query; TestOEmbed follows it
			}
			if m[1] == "/wasm_exec.js" && len(s.Missing()) > 0 {
				continue // a fresh clone has none yet
			}
			if res := ask(s, "GET", m[1]); res.StatusCode != 200 {
				t.Errorf("%s links to %s, which answers %d", path, m[1], res.StatusCode)
			}
		}
	}
}

// What go-app needs to know and must not do (design, section 5).
func TestApp(t *testing.T) {
	s, _ := newServer(t, Config{})
	js := text(t, ask(s, "GET", "/app.js"))
	for _, name := range []string{"SHELL_HEADER", "SHELL_FOOTER", "ASSET_ICONS", "BUILD_VERSION", "ASSET_WORKER_JS", "ASSET_WORKER_SCRIPTS", "ASSET_LOG_SCRIPTS"} {
		if !strings.Contains(js, `"`+name+`":`) {
			t.Errorf("app.js does not hand over %s", name)
		}
	}
	if strings.Contains(js, originMark) || !strings.Contains(js, `"GOAPP_INTERNAL_URLS":JSON.stringify(["/rules",`) {
		t.Error("app.js does not know which links are the server's")
	}
	if strings.Contains(js, "goappInitWebAssembly();") || !strings.Contains(js, "addEventListener('DOMContentLoaded', goappInitWebAssembly)") {
		t.Error("the program may start before the scripts that it calls")
	}
	if a := s.assets.Get(static.AppWasm); a != nil {
		if !strings.Contains(js, a.URL) || !strings.Contains(js, fmt.Sprintf(`goappWasmContentLength = "%d"`, a.Size)) {
			t.Error("app.js does not know the program's address or size")
		}
	}

	page := text(t, ask(s, "GET", "/check/file"))
	for _, want := range []string{`lang="en"`, s.assets.URL("css/site.css"), s.assets.URL("css/parts.css"), s.assets.URL("css/pages.css"), s.assets.URL("js/theme.js"), s.assets.URL("js/site.js"), "site-header", "site-footer", "/manifest.webmanifest"} {
		if !strings.Contains(page, want) {
			t.Errorf("/check/file lacks %q", want)
		}
	}
	for _, bad := range []string{"style=", "<style", "githubusercontent", "https:///", "onclick="} {
		if strings.Contains(page, bad) {
			t.Errorf("/check/file holds %q", bad)
		}
	}
	if a, b := page, text(t, ask(s, "GET", "/check/file?profile=youtube")); a != b {
		t.Error("the page of the server depends on the query")
	}

	worker := text(t, ask(s, "GET", "/app-worker.js"))
	list := regexp.MustCompile(`resourcesToCache = (\[.*?\]);`).FindStringSubmatch(worker)
	if list == nil {
		t.Fatal("the service worker has no list")
	}
	var cached []string
	if err := json.Unmarshal([]byte(list[1]), &cached); err != nil {
		t.Fatal(err)
	}
	seen := strings.Join(cached, " ")
	if !strings.Contains(seen, "/check/file") || !strings.Contains(seen, s.assets.URL("icons.svg")) {
		t.Errorf("the page does not work offline: %v", cached)
	}
	for _, u := range cached {
		// one that fails keeps the service worker from being installed
		if len(s.Missing()) > 0 && (u == "" || u == "/wasm_exec.js") {
			continue
		}
		if res := ask(s, "GET", u); res.StatusCode != 200 {
			t.Errorf("the service worker keeps %q, which answers %d", u, res.StatusCode)
		}
	}
}

func TestVersionFollowsContent(t *testing.T) {
	a, _ := newServer(t, Config{Version: "v1"})
	b, _ := newServer(t, Config{Version: "v1"})
	c, _ := newServer(t, Config{Version: "v2"})
	if a.app.Version != b.app.Version {
		t.Error("the same build has two versions: every restart would be an update")
	}
	if a.app.Version == c.app.Version {
		t.Error("two builds share a version")
	}
}

func TestMetrics(t *testing.T) {
	s, _ := newServer(t, Config{Version: "v1.2.3"})
	ask(s, "GET", "/rules/keyframe-interval")
	ask(s, "GET", "/rules/no-such-rule")
	for i := range 50 {
		ask(s, fmt.Sprintf("M%d", i), fmt.Sprintf("/nothing/%d", i))
	}
	out := text(t, ask(s, "GET", "/metrics"))
	for _, want := range []string{
		`ingestdoctor_http_requests_total{method="GET",route="/rules/:id",status="200"} 1`,
		`ingestdoctor_http_requests_total{method="GET",route="/rules/:id",status="404"} 1`,
		`ingestdoctor_http_requests_total{method="other",route="unmatched",status="404"} 50`,
		`version="v1.2.3"`, "go_goroutines", "ingestdoctor_http_request_duration_seconds_bucket",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%.2000s", want, out)
		}
	}
	apart, _ := newServer(t, Config{MetricsListen: "127.0.0.1:0"})
	if res := ask(apart, "GET", "/metrics"); res.StatusCode != 404 {
		t.Errorf("/metrics on the portal beside an address of its own: %d", res.StatusCode)
	}
}

// The rules are found, too, by their ids and by the codes that they may show as.
func TestFindRules(t *testing.T) {
	s, _ := newServer(t, Config{})
	for query, want := range map[string]string{
		"keyframe-interval":             "keyframe-interval",
		"MPE_INGEST_FRAMERATE_EXCEEDED": "framerate-exceeded",
		"flv-sig":                       "flv-signature",
		"annex b start codes":           "nal-format",
	} {
		found := s.kb.All(query, "", 10).Rules
		if len(found) == 0 || found[0].Rule.ID != want {
			t.Errorf("%q finds %d, first not %s", query, len(found), want)
		}
	}
	if found := s.kb.All("  ", "", 10); len(found.Rules) != 0 {
		t.Error("nothing finds something")
	}
}
