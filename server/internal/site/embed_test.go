package site

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"ingestdoctor/static"
	"ingestdoctor/wasm/rules"
	"ingestdoctor/web/page"
)

// What has gone into other people's pages: version and hash of embed.js. A line
// is never changed. Where this test fails, embed.js was changed: copy the old one
// to static/embed/v<N>.js, raise EmbedVersion, and add a line.
var embedReleases = map[string]string{
	"v1": "sha384-IZEwFvwHjGuBLlOtWJ4GKWhhOX2A5a1exToG8JPulCIURZ/OzWmEeOt7pIedyOo2",
}

func TestEmbedReleases(t *testing.T) {
	s, _ := newServer(t, Config{})
	if embedReleases["v1"] == "" || len(embedReleases) != EmbedVersion {
		t.Fatalf("%d releases are listed, the version is %d", len(embedReleases), EmbedVersion)
	}
	for version, want := range embedReleases {
		res := ask(s, "GET", "/embed/"+version+"/embed.js")
		body := text(t, res)
		if res.StatusCode != 200 || len(body) > 4096 {
			t.Errorf("%s: status %d, %d bytes of at most 4,096", version, res.StatusCode, len(body))
		}
		name := embedScript
		if "/embed/"+version+"/embed.js" != embedPath() {
			name = "embed/" + version + ".js"
		}
		if got := integrity(static.Assets(), name); got != want {
			t.Errorf("embed.js %s: the hash is %s, and snippets hold %s", version, got, want)
		}
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin",
			"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "public, max-age=31536000, immutable",
		} {
			if got := res.Header.Get(name); got != want {
				t.Errorf("embed.js %s: %s is %q, want %q", version, name, got, want)
			}
		}
	}
	for _, path := range []string{"/embed/v2/embed.js", "/embed/v0/embed.js", "/embed/1/embed.js", "/embed/..%2f/embed.js", "/embed/v01/embed.js"} {
		if res := ask(s, "GET", path); res.StatusCode != 404 {
			t.Errorf("%s: status %d", path, res.StatusCode)
		}
	}
}

func TestEmbedPages(t *testing.T) {
	s, _ := newServer(t, Config{EmbedOrigins: []string{"https://docs.example.com"}})
	const code = "/embed/codes/azure-media-services/MPE_INGEST_RTMP_TOO_LARGE_UNPROCESSED_FLV"
	for _, tt := range []struct {
		path   string
		status int
		holds  string // or where it leads
	}{
		{code, 200, "<h1>Too much video without a key frame"},
		{code + "?theme=dark", 200, `data-theme="dark"`},
		{code + "?theme=light&accent=%230af", 200, `/embed/accent/00aaff.css`},
		{code + "?accent=ABCDEF", 200, `/embed/accent/abcdef.css`},
		{code + "?origin=https://docs.example.com", 200, `data-parent="https://docs.example.com"`},
		{"/embed/codes/azure-media-services/mpe_ingest_rtmp_too_large_unprocessed_flv?theme=dark", 302, code + "?theme=dark"},
		{"/embed/codes/tencent-css/18/501", 302, "/embed/codes/tencent-css/18-501"},
		{"/embed/codes/nobody/1", 404, "This code is not known here"},
		{"/embed/codes/tencent-css/nothing", 404, "This code is not known here"},
		{"/embed/e/MPE_BAD_URL_SYNTAX?accent=0af&origin=https://docs.example.com", 302, "/embed/codes/azure-media-services/MPE_BAD_URL_SYNTAX?accent=00aaff&origin=https%3A%2F%2Fdocs.example.com"},
		{"/embed/e/NetConnection.Connect.Rejected", 302, "/embed/codes/"},
		{"/embed/e/", 404, "This code is not known here"},
		{"/embed/e/zzz", 404, "This code is not known here"},
		{"/embed/rules/keyframe-interval", 200, "<h1>"},
		{"/embed/rules/KEYFRAME-INTERVAL", 302, "/embed/rules/keyframe-interval"},
		{"/embed/rules/none", 404, "There is no such rule"},
		{"/embed/search", 200, "A code, a message, a symptom"},
		{"/embed/search?q=18/501&theme=dark", 200, "/embed/codes/tencent-css/18-501?q=18%2F501&amp;theme=dark"},
		{"/embed/search?q=zzzzzz", 200, "Nothing is found"},
		{"/embed/check/url?profile=youtube", 200, `<option value="youtube" selected`},
		{"/embed/", 301, "/embed"},
		{"/embed", 200, "integrity="},
		{"/links", 200, "/check/reach?host="},
	} {
		res := ask(s, "GET", tt.path)
		body := text(t, res)
		if res.StatusCode != tt.status {
			t.Errorf("%s: status %d, want %d", tt.path, res.StatusCode, tt.status)
		}
		if tt.status >= 300 && tt.status < 400 {
			body = res.Header.Get("Location")
		}
		if !strings.Contains(body, tt.holds) {
			t.Errorf("%s: no %q in %.600s", tt.path, tt.holds, body)
		}
		if tt.status == 200 && strings.HasPrefix(tt.path, "/embed/") {
			checkEmbedded(t, tt.path, res, body)
		}
	}
}

var (
	inlineScript = regexp.MustCompile(`<script(?:[^>]*)>[^<]`)
	tags         = regexp.MustCompile(`<[^>]*>`) // > in a value is escaped
	values       = regexp.MustCompile(`"[^"]*"`)
	attributes   = regexp.MustCompile(`\s(?:style|on[a-z]+)\s*=`)
)

// forbidden finds an attribute that carries style or script.
func forbidden(body string) string {
	for _, tag := range tags.FindAllString(body, -1) {
		if m := attributes.FindString(values.ReplaceAllString(tag, `""`)); m != "" {
			return tag
		}
	}
	return ""
}

// checkEmbedded looks for what no embedded page may hold.
func checkEmbedded(t *testing.T, path string, res *http.Response, body string) {
	t.Helper()
	if inlineScript.MatchString(body) || strings.Contains(body, "<style") {
		t.Errorf("%s: something inline", path)
	}
	if m := forbidden(body); m != "" {
		t.Errorf("%s: an attribute that the policy blocks: %s", path, m)
	}
	h := res.Header
	if got := h.Get("Content-Security-Policy"); !strings.HasSuffix(got, "; frame-ancestors 'self' https://docs.example.com") || strings.Contains(got, "unsafe-inline") {
		t.Errorf("%s: the policy is %q", path, got)
	}
	if h.Get("X-Robots-Tag") != "noindex" || h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || h.Get("Set-Cookie") != "" {
		t.Errorf("%s: headers %v", path, h)
	}
	if h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%s: may be read by scripts of other sites", path)
	}
}

// Everything else stays out of frames, and what is not for reading by others is
// not read by them.
func TestFramesElsewhere(t *testing.T) {
	s, _ := newServer(t, Config{EmbedOrigins: []string{"*"}})
	for _, path := range []string{"/", "/embed", "/links", "/codes", "/rules/keyframe-interval", "/search?q=1", "/privacy", "/no-such-page", "/embed/nothing", "/embed/accent/red.css", "/healthz", "/api/v1/rules"} {
		res := ask(s, "GET", path)
		if got := res.Header.Get("Content-Security-Policy"); !strings.Contains(got, "frame-ancestors 'none'") || strings.Count(got, "frame-ancestors") != 1 {
			t.Errorf("%s: the policy is %q", path, got)
		}
	}
	if got := ask(s, "GET", "/embed/search").Header.Get("Content-Security-Policy"); !strings.HasSuffix(got, "frame-ancestors 'self' *") {
		t.Errorf("any site: %q", got)
	}
	none, _ := newServer(t, Config{})
	if got := ask(none, "GET", "/embed/search").Header.Get("Content-Security-Policy"); !strings.HasSuffix(got, "frame-ancestors 'self'") {
		t.Errorf("no site: %q", got)
	}
}

func TestCORS(t *testing.T) {
	s, _ := newServer(t, Config{})
	const origin = "https://console.example.com"
	open := []string{
		"/api/v1/codes", "/api/v1/codes/tencent-css/18-501", "/api/v1/codes/tencent-css/none", "/api/v1/rules", "/api/v1/rules/flv-empty",
		"/api/v1/profiles", "/api/v1/profiles/youtube", "/api/v1/search?q=18", "/api/v1/search?q=18&limit=x", "/api/v1/openapi.json", "/oembed?url=/rules/flv-empty", "/oembed",
	}
	for range 2 { // the second time from memory
		for _, path := range open {
			h := ask(s, "GET", path, "Origin", origin).Header
			if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s: %v", path, h)
			}
		}
	}
	for _, path := range []string{"/", "/codes", "/api/v1/probes", "/api/v1/diagnoses", "/api/v1/codesx", "/api/v1/", "/healthz", "/metrics", "/embed/search", "/assets/x.js", "/search?q=1"} {
		res := ask(s, "GET", path, "Origin", origin)
		if got := res.Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s: readable from %q", path, got)
		}
		pre := ask(s, "OPTIONS", path, "Origin", origin, "Access-Control-Request-Method", "POST")
		if pre.Header.Get("Access-Control-Allow-Origin") != "" || pre.Header.Get("Access-Control-Allow-Methods") != "" {
			t.Errorf("%s: a preflight is answered: %v", path, pre.Header)
		}
	}
	pre := ask(s, "OPTIONS", "/api/v1/rules", "Origin", origin, "Access-Control-Request-Method", "GET")
	if pre.StatusCode != 204 || pre.Header.Get("Access-Control-Allow-Methods") != "GET, HEAD" {
		t.Errorf("preflight: %d %v", pre.StatusCode, pre.Header)
	}
	if res := ask(s, "POST", "/api/v1/rules", "Origin", origin); res.StatusCode != 405 {
		t.Errorf("POST: %d", res.StatusCode)
	}
	// another host's name is refused before all else
	if res := ask(s, "OPTIONS", "/api/v1/rules", "Host", "evil.example", "Access-Control-Request-Method", "GET"); res.StatusCode != 421 {
		t.Errorf("a preflight to another host: %d", res.StatusCode)
	}
}

// No parameter gets anywhere but where it belongs, as what it is.
func TestEmbedParameters(t *testing.T) {
	s, _ := newServer(t, Config{EmbedOrigins: []string{"https://docs.example.com"}})
	attacks := []string{
		`"><script>alert(1)</script>`, `';alert(1)//`, `red;}body{display:none}`, `javascript:alert(1)`, `</style><script>alert(1)</script>`,
		`#fff" onload="alert(1)`, `url(https://evil.example)`, `expression(alert(1))`, "dark\" style=\"x", "../../../etc", "09585d.css?x", "00000g", "#12345", "#1234567",
		"https://docs.example.com.evil.example", "https://docs.example.com@evil.example", "https://evil.example", "null", "*", "data:text/html,x", "https://docs.example.com/\"><x", "\x00", "%00", "xmarker",
	}
	for _, path := range []string{"/embed/codes/tencent-css/18-501", "/embed/search", "/embed/check/url", "/embed/rules/flv-empty", "/embed", "/oembed?url=/rules/flv-empty"} {
		clean := text(t, ask(s, "GET", path))
		for _, attack := range attacks {
			for _, name := range []string{"theme", "accent", "lang", "origin", "profile", "what", "rule"} {
				sep := "?"
				if strings.Contains(path, "?") {
					sep = "&"
				}
				target := path + sep + name + "=" + url.QueryEscape(attack)
				res := ask(s, "GET", target)
				if body := text(t, res); res.StatusCode != 200 || body != clean {
					t.Errorf("%s: status %d, another page than without it", target, res.StatusCode)
				}
			}
			for _, name := range []string{"q", "code"} {
				body := text(t, ask(s, "GET", strings.Split(path, "?")[0]+"?"+name+"="+url.QueryEscape(attack)))
				if inlineScript.MatchString(body) || strings.Contains(body, "<script>alert") || strings.Contains(body, "<style") || forbidden(body) != "" {
					t.Errorf("%s, %s=%s gets through", path, name, attack)
				}
			}
		}
	}
	for _, file := range []string{"red.css", "00aaff", "00AAFF.css", "00aaff.css.css", "0af.css", "%23fff.css", "}body{.css", ".css", "00aafg.css"} {
		if res := ask(s, "GET", "/embed/accent/"+url.PathEscape(file)); res.StatusCode != 404 {
			t.Errorf("/embed/accent/%s: status %d", file, res.StatusCode)
		}
	}
	// a name in the path
	body := text(t, ask(s, "GET", "/embed/rules/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E"))
	if strings.Contains(body, "<script>alert") {
		t.Errorf("a rule's name gets through: %s", body)
	}
}

func TestEmbedOrigins(t *testing.T) {
	list, err := parseEmbedOrigins([]string{"https://docs.example.com", " http://localhost:3000/ ", "https://*.Example.org", "", "https://a.example:443"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := list.ancestors(), "'self' https://docs.example.com http://localhost:3000 https://*.example.org https://a.example"; got != want {
		t.Errorf("frame-ancestors %s, want %s", got, want)
	}
	for origin, want := range map[string]bool{
		"https://docs.example.com": true, "https://DOCS.example.com": true, "https://docs.example.com:443": true, "http://localhost:3000": true,
		"https://x.example.org": true, "https://x.y.example.org": true, "https://a.example": true,
		"http://docs.example.com": false, "https://docs.example.com:444": false, "https://example.org": false, "https://x.example.org.evil": false,
		"https://xexample.org": false, "http://x.example.org": false, "https://x.example.org:8443": false, "https://*.example.org": false,
		"https://docs.example.com/x": false, "https://u@docs.example.com": false, "null": false, "": false, "ftp://docs.example.com": false,
	} {
		if got := list.allow(origin); got != want {
			t.Errorf("%s: %v, want %v", origin, got, want)
		}
	}
	for _, bad := range []string{
		"docs.example.com", "https://", "https://a.example/path", "https://a.example?x", "https://a.example;script-src *", "https://a.example b", "'unsafe-inline'", "javascript:x",
		"https://a.example#x", "https://a.exa*mple", "https://*.*.example", "https://a.example:0", "https://a.example:99999", "https://a.example:", "**", "https://*", "//a.example", "https://u:p@a.example", "https://a.example,https://b.example",
	} {
		if _, err := New(Config{EmbedOrigins: []string{bad}}); err == nil || !strings.Contains(err.Error(), "embed origin") {
			t.Errorf("%q is taken: %v", bad, err)
		}
	}
}

// The accent of a site stays legible in either theme, and keeps its hue where it can.
func TestAccent(t *testing.T) {
	for _, hex := range []string{"000000", "ffffff", "ff0000", "00ff00", "0000ff", "ffff00", "808080", "09585d", "ff8800", "7f7f00"} {
		css := accentCSS(hex)
		m := regexp.MustCompile(`--accent:(#[0-9a-f]{6});--accent-hover:(#[0-9a-f]{6});--on-accent:(#[0-9a-f]{6});`).FindAllStringSubmatch(css, -1)
		if len(m) != 3 || m[1][0] != m[2][0] {
			t.Fatalf("%s: %s", hex, css)
		}
		for i, on := range []colour{lightSurface, darkSurface} {
			for _, c := range m[i][1:3] {
				if got := contrast(parseColour(c[1:]), on); got < 7 {
					t.Errorf("%s: %s has a contrast of %.2f", hex, c, got)
				}
				if got := contrast(parseColour(c[1:]), parseColour(m[i][3][1:])); got < 7 {
					t.Errorf("%s: text on %s has a contrast of %.2f", hex, c, got)
				}
			}
		}
	}
	if !strings.HasPrefix(accentCSS("09585d"), ":root{--accent:#09585d;") {
		t.Error("a legible colour is changed")
	}
}

// The tokens of embed.css are those of site.css.
func TestEmbedTokens(t *testing.T) {
	token := regexp.MustCompile(`(--[a-z0-9-]+):\s*([^;]+);`)
	blocks := func(name string) []string {
		b, err := os.ReadFile("../../../static/css/" + name)
		if err != nil {
			t.Fatal(err)
		}
		css := string(b)
		var out []string
		for _, start := range []string{":root {", `:root:not([data-theme="light"]) {`, `:root[data-theme="dark"] {`} {
			i := strings.Index(css, start)
			if i < 0 {
				t.Fatalf("%s has no %s", name, start)
			}
			out = append(out, css[i:i+strings.Index(css[i:], "}")])
		}
		return out
	}
	site, embed := blocks("site.css"), blocks("embed.css")
	for i := range site {
		want := map[string]string{}
		for _, m := range token.FindAllStringSubmatch(site[i], -1) {
			want[m[1]] = m[2]
		}
		list := token.FindAllStringSubmatch(embed[i], -1)
		if len(list) < 15 {
			t.Errorf("only %d tokens in block %d", len(list), i)
		}
		for _, m := range list {
			if want[m[1]] != m[2] {
				t.Errorf("block %d: %s is %s in embed.css and %q in site.css", i, m[1], m[2], want[m[1]])
			}
		}
	}
	if light := "#" + page.DefaultAccent; !strings.Contains(embed[0], "--accent: "+light+";") {
		t.Errorf("DefaultAccent is not the style sheet's: %s", light)
	}
}

// A whole embedded page, with style and script, in at most 12 KB over the wire:
// every code and every rule. Headers are counted too.
func TestEmbedWeight(t *testing.T) {
	s, _ := newServer(t, Config{EmbedOrigins: []string{"https://docs.example.com"}})
	const most = 12 << 10
	fetch := func(path string) int {
		res := ask(s, "GET", path, "Accept-Encoding", "gzip")
		var b bytes.Buffer
		if err := res.Write(&b); err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != 200 {
			t.Fatalf("%s: %d", path, res.StatusCode)
		}
		n := b.Len()
		if res.Header.Get("Content-Encoding") == "" && n > 2048 { // an asset of a fresh clone
			var z bytes.Buffer
			w := gzip.NewWriter(&z)
			_, _ = w.Write(b.Bytes())
			_ = w.Close()
			n = z.Len()
		}
		return n
	}
	const looks = "?theme=dark&accent=ff8800&origin=https%3A%2F%2Fdocs.example.com"
	rest := fetch(static.Assets().URL("css/embed.css")) + fetch(static.Assets().URL("embed/frame.js")) + fetch("/embed/accent/ff8800.css")
	heaviest, which := 0, ""
	var paths []string
	for _, c := range s.lib.Codes {
		paths = append(paths, "/embed"+(&url.URL{Path: c.URL()}).EscapedPath())
	}
	for _, r := range rules.All() {
		paths = append(paths, "/embed"+page.RulePath(r.ID))
	}
	for _, path := range paths {
		n := rest + fetch(path+looks)
		if n > heaviest {
			heaviest, which = n, path
		}
		if n > most {
			t.Errorf("%s weighs %d bytes of at most %d", path, n, most)
		}
	}
	t.Logf("the heaviest of %d pages: %s, %d bytes, of which style, accent and script %d", len(paths), which, heaviest, rest)
}

func TestOEmbed(t *testing.T) {
	s, _ := newServer(t, Config{PublicURL: "https://doctor.example.com"})
	get := func(query string) (*http.Response, OEmbed) {
		t.Helper()
		res := ask(s, "GET", "/oembed?"+query)
		var o OEmbed
		if res.StatusCode == 200 && strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
			if err := json.Unmarshal([]byte(text(t, res)), &o); err != nil {
				t.Fatal(err)
			}
		}
		return res, o
	}
	for address, src := range map[string]string{
		"https://doctor.example.com/codes/tencent-css/18-501":             "https://doctor.example.com/embed/codes/tencent-css/18-501",
		"https://doctor.example.com/codes/tencent-css/18/501?encoder=obs": "https://doctor.example.com/embed/codes/tencent-css/18-501",
		"http://localhost:8080/e/MPE_BAD_URL_SYNTAX":                      "https://doctor.example.com/embed/codes/azure-media-services/MPE_BAD_URL_SYNTAX",
		"/rules/flv-empty": "https://doctor.example.com/embed/rules/flv-empty",
		"https://doctor.example.com/rules/flv-empty?theme=dark":     "https://doctor.example.com/embed/rules/flv-empty?theme=dark",
		"https://doctor.example.com/search?q=x":                     "https://doctor.example.com/embed/search",
		"https://doctor.example.com/check/url?profile=youtube":      "https://doctor.example.com/embed/check/url?profile=youtube",
		"https://doctor.example.com/check/url?profile=%22%3E":       "https://doctor.example.com/embed/check/url",
		"https://doctor.example.com/embed/codes/tencent-css/18-501": "https://doctor.example.com/embed/codes/tencent-css/18-501",
	} {
		res, o := get("format=json&url=" + url.QueryEscape(address))
		if res.StatusCode != 200 || o.Version != "1.0" || o.Type != "rich" || o.Width != 720 || o.Height != 480 || o.Title == "" {
			t.Errorf("%s: %d %+v", address, res.StatusCode, o)
		}
		if !strings.Contains(o.HTML, `<iframe src="`+src+`"`) || !strings.Contains(o.HTML, `sandbox="`) || !strings.HasSuffix(o.HTML, "</iframe>") {
			t.Errorf("%s: %s", address, o.HTML)
		}
	}
	if _, o := get("url=/rules/flv-empty&maxwidth=300&maxheight=150"); o.Width != 300 || o.Height != 150 || o.ThumbnailURL != "" || !strings.Contains(o.HTML, `width="300" height="150"`) {
		t.Errorf("smaller: %+v", o)
	}
	for query, want := range map[string]int{
		"": 404, "url=": 404, "url=https://elsewhere.example/rules/flv-empty": 404, "url=/rules/none": 404, "url=/privacy": 404, "url=//elsewhere.example/rules/flv-empty": 404,
		"url=javascript:alert(1)": 404, "url=/codes/tencent-css": 404, "url=%00": 404, "url=https://u@doctor.example.com/rules/flv-empty": 404,
		"url=/rules/flv-empty&format=yaml": 501, "url=/rules/flv-empty&maxwidth=x": 400, "url=/rules/flv-empty&maxheight=0": 400,
	} {
		if res, _ := get(query); res.StatusCode != want {
			t.Errorf("?%s: %d, want %d", query, res.StatusCode, want)
		}
	}
	res := ask(s, "GET", "/oembed?format=xml&url=/rules/flv-empty")
	var o OEmbed
	if err := xml.Unmarshal([]byte(text(t, res)), &o); err != nil || o.XMLName.Local != "oembed" || !strings.Contains(o.HTML, "<iframe") {
		t.Errorf("xml: %v %+v", err, o)
	}

	// discovery: what a page names answers, and is about that page
	link := regexp.MustCompile(`<link rel="alternate" type="application/json\+oembed" href="([^"]+)"`)
	for _, path := range []string{"/codes/tencent-css/18-501", "/rules/flv-empty"} {
		for _, cfg := range []Config{{}, {PublicURL: "https://doctor.example.com"}} {
			s, _ := newServer(t, cfg)
			m := link.FindStringSubmatch(text(t, ask(s, "GET", path)))
			if m == nil {
				t.Fatalf("%s names no oEmbed address", path)
			}
			address := strings.ReplaceAll(m[1], "&amp;", "&")
			if cfg.PublicURL != "" && !strings.HasPrefix(address, cfg.PublicURL+"/oembed?") {
				t.Errorf("%s: %s", path, address)
			}
			res := ask(s, "GET", strings.TrimPrefix(address, cfg.PublicURL))
			if body := text(t, res); res.StatusCode != 200 || !strings.Contains(body, "/embed"+path) {
				t.Errorf("%s: %s answers %d %s", path, address, res.StatusCode, body)
			}
		}
	}
}
