package site

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"ingestdoctor/static"
)

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
