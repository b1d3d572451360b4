package static

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"

	"ingestdoctor/static/manifest"
)

// built makes a file system as static/build leaves it.
func built(t *testing.T) fstest.MapFS {
	t.Helper()
	content := []byte(strings.Repeat("body { color: red }\n", 100))
	wasm := []byte(strings.Repeat("\x00asm....", 500))
	var br, gz bytes.Buffer
	bw := brotli.NewWriter(&br)
	bw.Write(wasm)
	bw.Close()
	gw := gzip.NewWriter(&gz)
	gw.Write(wasm)
	gw.Close()
	return fstest.MapFS{
		"css/site.css":        {Data: content},
		"css/edited.css":      {Data: []byte("a {}")},
		"js/worker.js":        {Data: []byte("onmessage = () => {}")},
		"vendor/x/LICENSE.md": {Data: []byte("no asset")},
		"dist/README.md":      {Data: []byte("no asset")},
		"dist/css/site.css.br": {
			Data: []byte("brotli"),
		},
		"dist/css/site.css.gz":   {Data: []byte("gzip")},
		"dist/css/edited.css.br": {Data: []byte("stale")},
		"dist/css/edited.css.gz": {Data: []byte("stale")},
		"dist/app.wasm.br":       {Data: br.Bytes()},
		"dist/app.wasm.gz":       {Data: gz.Bytes()},
		"dist/manifest.json": {Data: fmt.Appendf(nil, `{"css/site.css": {"hash": %q, "size": %d}, "css/edited.css": {"hash": "old", "size": 9}, "app.wasm": {"hash": %q, "size": %d}}`,
			manifest.Hash(content), len(content), manifest.Hash(wasm), len(wasm))},
	}
}

func get(s *Set, method, url string, header ...string) *http.Response {
	r := httptest.NewRequest(method, url, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestServe(t *testing.T) {
	s, err := Load(built(t))
	if err != nil {
		t.Fatal(err)
	}
	css, wasm := s.URL("css/site.css"), s.URL(AppWasm)
	if !regexp.MustCompile(`^/assets/css/site\.[0-9a-f]{16}\.css$`).MatchString(css) {
		t.Errorf("address of css/site.css: %s", css)
	}
	tests := []struct {
		name, method, url, accept    string
		status                       int
		kind, encoding, wantContents string
	}{
		{"brotli", "GET", css, "gzip, deflate, br", 200, "text/css; charset=utf-8", "br", "brotli"},
		{"gzip", "GET", css, "gzip", 200, "text/css; charset=utf-8", "gzip", "gzip"},
		{"gzip preferred", "GET", css, "br;q=0.5, gzip;q=0.9", 200, "text/css; charset=utf-8", "gzip", "gzip"},
		{"brotli refused", "GET", css, "br;q=0, *", 200, "text/css; charset=utf-8", "gzip", "gzip"},
		{"plain", "GET", css, "", 200, "text/css; charset=utf-8", "", strings.Repeat("body { color: red }\n", 100)},
		{"all refused", "GET", css, "br;q=0, gzip;q=0", 200, "text/css; charset=utf-8", "", strings.Repeat("body { color: red }\n", 100)},
		{"head", "HEAD", css, "br", 200, "text/css; charset=utf-8", "br", ""},
		{"copy of an older source", "GET", s.URL("css/edited.css"), "br", 200, "text/css; charset=utf-8", "", "a {}"},
		{"built, brotli", "GET", wasm, "br", 200, "application/wasm", "br", string(built(t)["dist/app.wasm.br"].Data)},
		{"built, plain", "GET", wasm, "identity", 200, "application/wasm", "", strings.Repeat("\x00asm....", 500)},
		{"without hash", "GET", "/assets/css/site.css", "br", 404, "", "", ""},
		{"wrong hash", "GET", "/assets/css/site.0000000000000000.css", "br", 404, "", "", ""},
		{"a note", "GET", "/assets/vendor/x/LICENSE.md", "", 404, "", "", ""},
		{"climbing", "GET", "/assets/../static.go", "", 404, "", "", ""},
		{"post", "POST", css, "", 405, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := get(s, tt.method, tt.url, "Accept-Encoding", tt.accept)
			if res.StatusCode != tt.status {
				t.Fatalf("status %d, want %d", res.StatusCode, tt.status)
			}
			if tt.status != 200 {
				if cc := res.Header.Get("Cache-Control"); strings.Contains(cc, "immutable") {
					t.Errorf("an error is kept for ever: %q", cc)
				}
				return
			}
			if got := res.Header.Get("Content-Type"); got != tt.kind {
				t.Errorf("Content-Type %q, want %q", got, tt.kind)
			}
			if got := res.Header.Get("Content-Encoding"); got != tt.encoding {
				t.Errorf("Content-Encoding %q, want %q", got, tt.encoding)
			}
			if got := body(t, res); got != tt.wantContents {
				t.Errorf("content %.60q, want %.60q", got, tt.wantContents)
			}
			if got := res.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
				t.Errorf("Cache-Control %q", got)
			}
			if tt.method == "GET" {
				if got := res.Header.Get("Content-Length"); got != strconv.Itoa(len(tt.wantContents)) {
					t.Errorf("Content-Length %s, want %d", got, len(tt.wantContents))
				}
			}
			again := get(s, "GET", tt.url, "Accept-Encoding", tt.accept, "If-None-Match", res.Header.Get("ETag"))
			if again.StatusCode != 304 || body(t, again) != "" {
				t.Errorf("with its own ETag: status %d", again.StatusCode)
			}
		})
	}
	if plain, br := get(s, "GET", css).Header.Get("ETag"), get(s, "GET", css, "Accept-Encoding", "br").Header.Get("ETag"); plain == br {
		t.Errorf("the plain form and brotli share the ETag %s", plain)
	}
	if vary := get(s, "GET", css).Header.Get("Vary"); vary != "Accept-Encoding" {
		t.Errorf("Vary %q", vary)
	}
}

// The worker that reads recordings has no way out: this is the promise "0 bytes
// uploaded", and it holds for every script that runs as a worker.
func TestWorkerPolicy(t *testing.T) {
	s := Assets()
	seen := 0
	for _, name := range s.Names() {
		if !IsWorker(name) {
			continue
		}
		seen++
		policy := get(s, "GET", s.URL(name)).Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "connect-src 'none'", "script-src 'self' 'wasm-unsafe-eval'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy %q lacks %q", name, policy, want)
			}
		}
	}
	if seen == 0 {
		t.Error("there is no worker script")
	}
}

func TestServeAs(t *testing.T) {
	s, err := Load(built(t))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.ServeAs(w, httptest.NewRequest("GET", "/site.css", nil), "css/site.css")
	if w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("status %d, Cache-Control %q", w.Code, w.Header().Get("Cache-Control"))
	}
	w = httptest.NewRecorder()
	s.ServeAs(w, httptest.NewRequest("GET", "/x", nil), "nothing")
	if w.Code != 404 {
		t.Errorf("an asset that is not there: status %d", w.Code)
	}
}

func TestLoad(t *testing.T) {
	fresh := fstest.MapFS{"css/site.css": {Data: []byte("a {}")}, "dist/README.md": {}}
	s, err := Load(fresh)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Missing(); len(got) != len(manifest.Built) {
		t.Errorf("a fresh clone misses %v", got)
	}
	before := s.Version()
	fresh["css/site.css"] = &fstest.MapFile{Data: []byte("b {}")}
	if s, _ = Load(fresh); s.Version() == before {
		t.Error("another style sheet, the same version")
	}

	broken := built(t)
	delete(broken, "dist/app.wasm.br")
	if _, err := Load(broken); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("a built asset without its copy: %v", err)
	}
	broken["dist/manifest.json"] = &fstest.MapFile{Data: []byte("{")}
	if _, err := Load(broken); err == nil {
		t.Error("a broken manifest is not noticed")
	}
}

// Everything under the source folders that is an asset is embedded.
func TestEmbedded(t *testing.T) {
	s := Assets()
	for _, dir := range []string{"css", "js", "img", "vendor", "embed", "share", "embed.js", "icons.svg"} {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !manifest.Served(name) {
				return err
			}
			want, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			a := s.Get(filepath.ToSlash(name))
			if a == nil {
				t.Errorf("%s is not embedded", name)
				return nil
			}
			if got, _ := a.Content(); !bytes.Equal(got, want) {
				t.Errorf("%s is embedded with other content", name)
			}
			if a.Type == "application/octet-stream" {
				t.Errorf("%s: no Content-Type for its kind", name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"css/site.css", "css/parts.css", "css/pages.css", "js/site.js", "js/theme.js", "icons.svg", "img/mark.svg", "img/icon-192.png", "img/icon-512.png", "img/icon-maskable-512.png", "img/favicon.ico"} {
		if s.Get(name) == nil {
			t.Errorf("%s is missing", name)
		}
	}
}

// The budgets: what a person waits for before anything can be analysed.
func TestBudget(t *testing.T) {
	s := Assets()
	if missing := s.Missing(); len(missing) > 0 {
		if os.Getenv("INGESTDOCTOR_BUILT") != "" {
			t.Fatalf("not built: %v", missing)
		}
		t.Skipf("not built: %v (make test builds them first)", missing)
	}
	for name, most := range map[string]int64{ValidatorWasm: 750_000, LinterWasm: 700_000, ExplainerWasm: 800_000, AppWasm: 1_700_000, WasmExec: 6_000} {
		size := s.Get(name).CompressedSize()
		t.Logf("%s: %d bytes with brotli of at most %d", name, size, most)
		if size > most {
			t.Errorf("%s: %d bytes with brotli, at most %d (if it was built with BROTLI below 11, run make)", name, size, most)
		}
	}
	var page int64
	for _, name := range []string{"css/site.css", "css/parts.css", "css/pages.css", "js/theme.js", "js/site.js", "icons.svg"} {
		page += s.Get(name).CompressedSize()
	}
	if page == 0 || page > 20_000 {
		t.Errorf("style, scripts and icons of every page: %d bytes with brotli, at most 20,000", page)
	}
	// the copies hold what they should
	for _, name := range s.Names() {
		a := s.Get(name)
		if a.br == nil {
			continue
		}
		got, err := io.ReadAll(brotli.NewReader(bytes.NewReader(a.br)))
		if err != nil || manifest.Hash(got) != a.Hash || int64(len(got)) != a.Size {
			t.Errorf("%s: its brotli copy is of something else (%v)", name, err)
		}
	}
}

// Every icon that a page or a script names is in the sprite.
func TestIcons(t *testing.T) {
	sprite, err := os.ReadFile("icons.svg")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sprite, []byte("<script")) || bytes.Contains(sprite, []byte("style=")) {
		t.Error("the sprite brings a script or a style")
	}
	used := regexp.MustCompile(`(?:@s\.icon|\bicon)\("([a-z0-9-]+)"`)
	for _, pattern := range []string{"../web/page/*.templ", "../web/ui/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range used.FindAllSubmatch(source, -1) {
				if !bytes.Contains(sprite, fmt.Appendf(nil, `<symbol id="%s"`, m[1])) {
					t.Errorf("%s names the icon %s, which is not in icons.svg", file, m[1])
				}
			}
		}
	}
}

// The colours: text 7:1 on whatever it stands on, everything else 4.5:1, in
// both themes; and the two ways to the dark theme say the same.
func TestContrast(t *testing.T) {
	raw, err := os.ReadFile("css/site.css")
	if err != nil {
		t.Fatal(err)
	}
	css := string(raw)
	block := func(start string) string {
		_, rest, ok := strings.Cut(css, start)
		if !ok {
			t.Fatalf("no %q in site.css", start)
		}
		text, _, _ := strings.Cut(rest, "}")
		return text
	}
	tokens := func(text string) map[string]string {
		m := map[string]string{}
		for _, f := range regexp.MustCompile(`--([a-z0-9-]+):\s*([^;]+);`).FindAllStringSubmatch(text, -1) {
			m[f[1]] = f[2]
		}
		return m
	}
	light := tokens(block("\n:root {"))
	dark := tokens(block("\n:root[data-theme=\"dark\"] {"))
	system := tokens(block(":root:not([data-theme=\"light\"]) {"))
	if fmt.Sprint(dark) != fmt.Sprint(system) {
		t.Errorf("dark by choice and dark by system differ:\n%v\n%v", dark, system)
	}
	for name, value := range light {
		if strings.HasPrefix(value, "#") && dark[name] == "" {
			t.Errorf("--%s has no dark form", name)
		}
	}
	pairs := []struct {
		text  string
		on    string
		least float64
	}{
		{"text", "bg surface surface-2 surface-3 error-soft warning-soft info-soft passed-soft accent-soft", 7},
		{"text-2", "bg surface surface-2", 7},
		{"accent", "bg surface surface-2", 7},
		{"on-accent", "accent accent-hover", 7},
		{"error", "error-soft surface", 7},
		{"warning", "warning-soft surface", 7},
		{"info", "info-soft surface", 7},
		{"passed", "passed-soft surface", 7},
		{"plot-axis", "surface", 7},
		{"video", "surface video-soft", 4.5},
		{"audio", "surface audio-soft", 4.5},
		{"plot-mark", "surface", 4.5},
		{"focus", "bg surface", 4.5},
		{"line-strong", "bg surface surface-2", 4.5},
		{"error-line", "error-soft surface", 4.5},
		{"warning-line", "warning-soft surface", 4.5},
		{"info-line", "info-soft surface", 4.5},
		{"passed-line", "passed-soft surface", 4.5},
	}
	for theme, set := range map[string]map[string]string{"light": light, "dark": dark} {
		for _, p := range pairs {
			for on := range strings.FieldsSeq(p.on) {
				if got := contrast(t, set[p.text], set[on]); got < p.least {
					t.Errorf("%s: --%s on --%s is %.2f:1, at least %.1f:1", theme, p.text, on, got, p.least)
				}
			}
		}
	}
}

// contrast is WCAG 2.2's ratio of two colours #rrggbb.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(c string) float64 {
		if len(c) != 7 {
			t.Fatalf("%q is no colour of the form #rrggbb", c)
		}
		sum := 0.0
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			n, err := strconv.ParseUint(c[1+2*i:3+2*i], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			v := float64(n) / 255
			if v <= 0.04045 {
				v /= 12.92
			} else {
				v = math.Pow((v+0.055)/1.055, 2.4)
			}
			sum += weight * v
		}
		return sum
	}
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}
