package site

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

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

func TestHeaders(t *testing.T) {
	s, _ := newServer(t, Config{PublicURL: "https://doctor.example.com"})
	always := map[string]string{
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Strict-Transport-Security":    "max-age=31536000",
	}
	policies := map[string]string{
		"/":                       pagePolicy,
		"/rules":                  pagePolicy,
		"/rules/no-such-rule":     pagePolicy,
		"/api/v1/rules":           pagePolicy,
		"/healthz":                pagePolicy,
		"/check/file":             toolPolicy,
		"/app-worker.js":          serviceWorkerPolicy,
		s.assets.URL("icons.svg"): pagePolicy,
	}
	if u := s.assets.URL("js/worker.js"); u != "" {
		policies[u] = static.WorkerPolicy
	}
	for path, policy := range policies {
		h := ask(s, "GET", path).Header
		if got := h.Get("Content-Security-Policy"); got != policy {
			t.Errorf("%s: policy\n%s\nwant\n%s", path, got, policy)
		}
		for name, want := range always {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if h.Get("Permissions-Policy") == "" || h.Get("X-Request-Id") == "" {
			t.Errorf("%s: no Permissions-Policy or request id", path)
		}
		if h.Get("Server") != "" || h.Get("X-Powered-By") != "" {
			t.Errorf("%s says what it runs on", path)
		}
	}
	for name, policy := range map[string]string{"page": pagePolicy, "tool": toolPolicy, "worker": static.WorkerPolicy, "service worker": serviceWorkerPolicy} {
		if strings.Contains(policy, "unsafe-inline") || strings.Contains(policy, "'unsafe-eval'") || strings.Contains(policy, "*") || !strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("the policy of a %s is not strict: %s", name, policy)
		}
	}
	if strings.Contains(pagePolicy, "wasm-unsafe-eval") || strings.Contains(serviceWorkerPolicy, "wasm-unsafe-eval") {
		t.Error("a policy allows WebAssembly where there is none")
	}
	plain, _ := newServer(t, Config{})
	if got := ask(plain, "GET", "/").Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("HSTS without TLS: %q", got)
	}
}

func TestHostCheck(t *testing.T) {
	tests := []struct {
		name   string
		cfg    Config
		host   string
		status int
	}{
		{"localhost", Config{}, "localhost:8080", 200},
		{"other port", Config{}, "localhost:9", 200},
		{"upper case", Config{}, "LOCALHOST", 200},
		{"loopback", Config{}, "127.0.0.1:8080", 200},
		{"loopback 6", Config{}, "[::1]:8080", 200},
		{"stranger", Config{}, "evil.example.com", 421},
		{"suffix", Config{}, "localhost.evil.example.com", 421},
		{"not a name", Config{}, "a b\"<", 400},
		{"empty", Config{}, "", 400},
		{"listen host", Config{Listen: "10.0.0.5:8080"}, "10.0.0.5:8080", 200},
		{"allowed", Config{AllowedHosts: []string{"doctor.example.com"}}, "doctor.example.com", 200},
		{"allowed, with port", Config{AllowedHosts: []string{"doctor.example.com:8443"}}, "doctor.example.com", 200},
		{"allowed, other", Config{AllowedHosts: []string{"doctor.example.com"}}, "example.com", 421},
		{"public", Config{PublicURL: "https://doctor.example.com"}, "doctor.example.com", 200},
		{"any", Config{AllowedHosts: []string{"*"}}, "whatever", 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := newServer(t, tt.cfg)
			for _, path := range []string{"/", "/check/file", "/nothing"} {
				res := ask(s, "GET", path, "Host", tt.host)
				want := tt.status
				if path == "/nothing" && want == 200 {
					want = 404
				}
				if res.StatusCode != want {
					t.Errorf("%s: status %d, want %d", path, res.StatusCode, want)
				}
				if body := text(t, res); want == 421 && !strings.Contains(body, "--allowed-hosts "+tt.host) {
					t.Errorf("the refusal does not say what to do: %q", body)
				}
			}
			if res := ask(s, "GET", "/healthz", "Host", tt.host); res.StatusCode != 200 {
				t.Errorf("a health check by another name: status %d", res.StatusCode)
			}
		})
	}
}

// No secret reaches the log: not a query, not a header, not the path of an
// address that nobody serves.
func TestLogHoldsNoSecrets(t *testing.T) {
	s, log := newServer(t, Config{})
	const secret = "s3cr3tstreamkey"
	ask(s, "GET", "/search?q="+secret, "Authorization", "Bearer "+secret, "Cookie", "k="+secret, "Referer", "http://x/?"+secret, "User-Agent", secret)
	ask(s, "GET", "/check/file?key="+secret)
	ask(s, "GET", "/rtmp://live.example.com/app/"+secret)
	ask(s, "GET", "/assets/"+secret+".js?"+secret)
	ask(s, "POST", "/search?q="+secret)
	ask(s, secret, "/")
	ask(s, "GET", "/", "X-Request-Id", secret+" with spaces")
	ask(s, "GET", "/", "Host", secret+".example.com")
	out := log.String()
	if n := strings.Count(out, `"msg":"request"`); n != 8 {
		t.Errorf("%d requests in the log, want 8", n)
	}
	if i := strings.Index(out, secret); i >= 0 {
		t.Errorf("the log tells a secret: ...%s...", out[max(0, i-200):min(len(out), i+60)])
	}
	for line := range strings.Lines(out) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for _, key := range []string{"id", "method", "route", "status", "bytes", "ms"} {
			if _, ok := e[key]; !ok {
				t.Errorf("no %s in %s", key, line)
			}
		}
	}
}

func TestRequestID(t *testing.T) {
	s, log := newServer(t, Config{})
	if got := ask(s, "GET", "/", "X-Request-Id", "abcd-1234.EF_9").Header.Get("X-Request-Id"); got != "abcd-1234.EF_9" {
		t.Errorf("a sane id became %q", got)
	}
	for _, id := range []string{"", "short", "with space in it", "<script>alert(1)</script>", strings.Repeat("a", 65), "ünïcode-id"} {
		got := ask(s, "GET", "/", "X-Request-Id", id).Header.Get("X-Request-Id")
		if got == id || !regexp.MustCompile(`^[0-9a-f]{24}$`).MatchString(got) {
			t.Errorf("%q became %q", id, got)
		}
	}
	res := ask(s, "GET", "/nothing")
	if id := res.Header.Get("X-Request-Id"); !strings.Contains(text(t, res), id) || !strings.Contains(log.String(), id) {
		t.Errorf("page and log do not both name %s", id)
	}
}

func TestErrors(t *testing.T) {
	s, log := newServer(t, Config{})
	s.echo.GET("/test/panic", func(echo.Context) error { panic("internal-detail") })
	s.echo.GET("/test/error", func(echo.Context) error { return fmt.Errorf("internal-detail") })
	s.echo.GET("/test/busy", func(echo.Context) error { return echo.ErrTooManyRequests })
	s.echo.GET("/test/down", func(echo.Context) error { return echo.ErrServiceUnavailable })
	s.echo.GET("/test/odd", func(echo.Context) error { return echo.NewHTTPError(418, "internal-detail") })
	tests := []struct {
		method, path string
		status       int
		title        string
	}{
		{"GET", "/nothing", 404, "There is no such page"},
		{"POST", "/rules", 405, "This address does not take such a request"},
		{"DELETE", "/check/file", 405, "This address does not take such a request"},
		{"GET", "/test/panic", 500, "Something broke on this server"},
		{"GET", "/test/error", 500, "Something broke on this server"},
		{"GET", "/test/busy", 429, "Too many requests in a short time"},
		{"GET", "/test/down", 503, "This server is not ready"},
		{"GET", "/test/odd", 418, "This request makes no sense to the server"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status, tt.path), func(t *testing.T) {
			page := ask(s, tt.method, tt.path, "Accept", "text/html,application/json")
			body := text(t, page)
			if page.StatusCode != tt.status || !strings.Contains(body, "<h1>"+tt.title+"</h1>") || !strings.Contains(body, "</html>") {
				t.Errorf("page: status %d, %.200q", page.StatusCode, body)
			}
			if strings.Contains(body, "internal-detail") {
				t.Error("the page tells what is inside")
			}
			if page.Header.Get("Cache-Control") != "no-store" || page.Header.Get("Content-Security-Policy") != pagePolicy {
				t.Errorf("headers of the error page: %v", page.Header)
			}
			res := ask(s, tt.method, tt.path, "Accept", "application/json")
			var p struct {
				Title, Detail string
				Status        int
				RequestID     string `json:"request_id"`
			}
			if err := json.NewDecoder(res.Body).Decode(&p); err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != tt.status || p.Status != tt.status || p.Title != tt.title || p.Detail == "" || p.RequestID != res.Header.Get("X-Request-Id") {
				t.Errorf("JSON: status %d, %+v", res.StatusCode, p)
			}
			if tt.status == 405 && !strings.Contains(page.Header.Get("Allow"), "GET") {
				t.Errorf("405 with Allow %q", page.Header.Get("Allow"))
			}
		})
	}
	if out := log.String(); !strings.Contains(out, `"panic":"internal-detail"`) || !strings.Contains(out, "site_test.go") {
		t.Error("the log does not say what panicked, and where")
	}
}

func TestBodyLimit(t *testing.T) {
	s, _ := newServer(t, Config{MaxBody: 1000})
	for _, size := range []int{999, 1001, 1 << 20} {
		r := httptest.NewRequest("POST", "/rules", strings.NewReader(strings.Repeat("x", size)))
		r.Host = "localhost"
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		want := 405
		if size > 1000 {
			want = 413
		}
		if w.Code != want {
			t.Errorf("%d bytes: status %d, want %d", size, w.Code, want)
		}
	}
}

func TestCaching(t *testing.T) {
	s, _ := newServer(t, Config{})
	for _, path := range []string{"/", "/rules", "/check/file", "/app.js", "/app-worker.js", "/api/v1/rules", "/sitemap.xml"} {
		res := ask(s, "GET", path)
		tag := res.Header.Get("ETag")
		if tag == "" || res.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: ETag %q, Cache-Control %q", path, tag, res.Header.Get("Cache-Control"))
			continue
		}
		again := ask(s, "GET", path, "If-None-Match", tag)
		if again.StatusCode != 304 || text(t, again) != "" {
			t.Errorf("%s asked again: status %d", path, again.StatusCode)
		}
		if res := ask(s, "GET", path, "If-None-Match", `W/"other"`); res.StatusCode != 200 {
			t.Errorf("%s with another ETag: status %d", path, res.StatusCode)
		}
	}
	if a, b := ask(s, "GET", "/rules").Header.Get("ETag"), ask(s, "GET", "/privacy").Header.Get("ETag"); a == b {
		t.Error("two pages share an ETag")
	}
}

func TestCompression(t *testing.T) {
	s, _ := newServer(t, Config{})
	for _, path := range []string{"/", "/rules", "/check/file", "/app.js", "/api/v1/rules"} {
		plain := text(t, ask(s, "GET", path))
		res := ask(s, "GET", path, "Accept-Encoding", "gzip")
		if res.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(res.Header.Get("Vary"), "Accept-Encoding") {
			t.Errorf("%s is not compressed: %v", path, res.Header)
			continue
		}
		zr, err := gzip.NewReader(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(zr); err != nil || string(got) != plain {
			t.Errorf("%s: compressed and plain differ (%v)", path, err)
		}
	}
	if res := ask(s, "GET", "/healthz", "Accept-Encoding", "gzip"); res.Header.Get("Content-Encoding") != "" || text(t, res) != "ok\n" {
		t.Error("three bytes were compressed")
	}
	// assets bring their own
	res := ask(s, "GET", s.assets.URL("css/site.css"), "Accept-Encoding", "gzip, br")
	if e := res.Header.Get("Content-Encoding"); e == "gzip" && s.assets.Get("css/site.css").CompressedSize() > 0 {
		t.Error("a style sheet with a brotli copy went out as gzip")
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
	if a := s.assets.Get(static.AppWasm); a != nil {
		if !strings.Contains(js, a.URL) || !strings.Contains(js, fmt.Sprintf(`goappWasmContentLength = "%d"`, a.Size)) {
			t.Error("app.js does not know the program's address or size")
		}
	}

	page := text(t, ask(s, "GET", "/check/file"))
	for _, want := range []string{`lang="en"`, s.assets.URL("css/site.css"), s.assets.URL("js/theme.js"), s.assets.URL("js/site.js"), "site-header", "site-footer", "/manifest.webmanifest"} {
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

func TestHealth(t *testing.T) {
	s, _ := newServer(t, Config{Version: "v9"})
	var got map[string]string
	if err := json.NewDecoder(ask(s, "GET", "/healthz", "Accept", "application/json").Body).Decode(&got); err != nil || got["status"] != "ok" || got["version"] != "v9" {
		t.Errorf("%v %v", got, err)
	}
}

func TestConfig(t *testing.T) {
	for _, bad := range []Config{
		{PublicURL: "doctor.example.com"},
		{PublicURL: "ftp://doctor.example.com"},
		{PublicURL: "https://doctor.example.com/portal"},
		{PublicURL: "https://u:p@doctor.example.com"},
		{AllowedHosts: []string{"https://doctor.example.com"}},
	} {
		if _, err := New(bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	s, _ := newServer(t, Config{PublicURL: "https://doctor.example.com/"})
	if body := text(t, ask(s, "GET", "/rules")); !strings.Contains(body, `<link rel="canonical" href="https://doctor.example.com/rules"`) {
		t.Error("no canonical link")
	}
	if body := text(t, ask(s, "GET", "/robots.txt")); !strings.Contains(body, "Sitemap: https://doctor.example.com/sitemap.xml") {
		t.Errorf("robots.txt: %q", body)
	}
}

// A real server: it answers, and when it is told to stop it first finishes what
// it has begun.
func TestRun(t *testing.T) {
	s, log := newServer(t, Config{Listen: "127.0.0.1:0", MetricsListen: "127.0.0.1:0", ShutdownTimeout: 5 * time.Second})
	begun, finish := make(chan struct{}), make(chan struct{})
	s.echo.GET("/test/slow", func(c echo.Context) error {
		close(begun)
		<-finish
		return c.String(200, "done")
	})
	ctx, stop := context.WithCancel(context.Background())
	addr, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- s.Run(ctx, func(a net.Addr) { addr <- a }) }()
	base := "http://" + (<-addr).String()

	slow := make(chan string, 1)
	go func() {
		res, err := http.Get(base + "/test/slow")
		if err != nil {
			slow <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		slow <- string(b)
	}()
	<-begun
	stop()
	time.Sleep(50 * time.Millisecond)
	if _, err := http.Get(base + "/healthz"); err == nil {
		t.Error("a stopping server takes new requests")
	}
	close(finish)
	if got := <-slow; got != "done" {
		t.Errorf("the running request got %q", got)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Run: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the server does not stop")
	}
	if out := log.String(); !strings.Contains(out, "listening") || !strings.Contains(out, "stopping") {
		t.Errorf("log: %s", out)
	}
}

// A request that will not end does not keep the server from stopping.
func TestRunStopsInTime(t *testing.T) {
	s, _ := newServer(t, Config{Listen: "127.0.0.1:0", ShutdownTimeout: 100 * time.Millisecond})
	begun, finish := make(chan struct{}), make(chan struct{})
	defer close(finish)
	s.echo.GET("/test/hang", func(echo.Context) error { close(begun); <-finish; return nil })
	ctx, stop := context.WithCancel(context.Background())
	addr, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- s.Run(ctx, func(a net.Addr) { addr <- a }) }()
	base := "http://" + (<-addr).String()
	go http.Get(base + "/test/hang") //nolint:errcheck // it is cut off
	<-begun
	stop()
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "still running") {
			t.Errorf("Run: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the server does not stop")
	}
}

func TestRunPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, _ := newServer(t, Config{Listen: l.Addr().String()})
	if err := s.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "cannot listen on") {
		t.Errorf("a taken port: %v", err)
	}
}

// A client that never finishes its headers is let go.
func TestHeaderTimeout(t *testing.T) {
	s, _ := newServer(t, Config{Listen: "127.0.0.1:0", ReadHeaderTimeout: 100 * time.Millisecond})
	addr := make(chan net.Addr, 1)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go s.Run(ctx, func(a net.Addr) { addr <- a }) //nolint:errcheck // TestRun looks at it
	conn, err := net.Dial("tcp", (<-addr).String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n")
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("the connection is still open: %v", err)
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
