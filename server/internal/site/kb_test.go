package site

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"ingestdoctor/server/internal/kb"
	"ingestdoctor/static"
)

// Where other spellings of an address lead.
func TestCodeRedirects(t *testing.T) {
	s, _ := newServer(t, Config{})
	for from, to := range map[string]string{
		"/codes/tencent-css/18/501":                       "/codes/tencent-css/18-501",
		"/codes/tencent-css/18%2F501":                     "/codes/tencent-css/18-501",
		"/codes/TENCENT-CSS/18-501":                       "/codes/tencent-css/18-501",
		"/codes/tencent-css/18-501/":                      "/codes/tencent-css/18-501",
		"/codes/azure-media-services/mpe-bad-url-syntax":  "/codes/azure-media-services/MPE_BAD_URL_SYNTAX",
		"/codes/azure-media-services/MPE_BAD_URL_SYNTAX/": "/codes/azure-media-services/MPE_BAD_URL_SYNTAX",
		"/codes/Tencent-CSS":                              "/codes/tencent-css",
		"/e/MPE_BAD_URL_SYNTAX":                           "/codes/azure-media-services/MPE_BAD_URL_SYNTAX",
		"/e/mpebadurlsyntax":                              "/codes/azure-media-services/MPE_BAD_URL_SYNTAX",
		"/e/18-501":                                       "/codes/tencent-css/18-501",
		"/e/18/501":                                       "/codes/tencent-css/18-501",
		"/e/setDataFrame":                                 "/codes/azure-media-services/MPE_INGEST_RTMP_SETDATAFRAME_NOT_RECEIVED",
		"/guides/Ports_and_Firewalls":                     "/guides/ports-and-firewalls",
		"/platforms/youtubelive":                          "/platforms/youtube-live",
	} {
		res := ask(s, "GET", from)
		if got := res.Header.Get("Location"); got != to || res.StatusCode != 301 {
			t.Errorf("%s: %d to %q, want %s", from, res.StatusCode, got, to)
		}
	}
	// every code by its short address: the page itself, or a list that holds it
	for _, c := range s.lib.Codes {
		for _, code := range c.Codes {
			res := ask(s, "GET", "/e/"+strings.NewReplacer("%", "%25", " ", "%20", "?", "%3F", "#", "%23", "\n", "%0A").Replace(code))
			switch {
			case res.StatusCode == 301 && res.Header.Get("Location") == c.URL():
			case res.StatusCode == 200 && strings.Contains(text(t, res), `href="`+c.URL()+`"`):
			default:
				t.Errorf("/e/%s: %d %s, want %s", code, res.StatusCode, res.Header.Get("Location"), c.URL())
			}
		}
	}
}

// A code page is at most 30 KB over the wire, with all that it loads.
func TestCodePageWeight(t *testing.T) {
	s, _ := newServer(t, Config{PublicURL: "https://doctor.example.com"})
	shared := 0
	for _, name := range []string{"css/site.css", "css/parts.css", "css/pages.css", "css/kb.css", "js/theme.js", "js/site.js", "js/kb.js", "icons.svg", "img/mark.svg"} {
		a := static.Assets().Get(name)
		if a == nil {
			t.Fatalf("no %s", name)
		}
		n := a.CompressedSize()
		if n == 0 {
			n = a.Size / 3 // a fresh clone has no compressed copies: about what brotli makes of it
		}
		shared += int(n)
	}
	most, where := 0, ""
	for _, c := range s.lib.Codes {
		res := ask(s, "GET", c.URL(), "Accept-Encoding", "gzip")
		if n := len(text(t, res)); n > most {
			most, where = n, c.URL()
		}
		if strings.Contains(res.Header.Get("Cache-Control"), "no-store") || res.Header.Get("ETag") == "" {
			t.Errorf("%s cannot be kept", c.URL())
		}
	}
	t.Logf("at most %d bytes of page (%s) and %d of assets", most, where, shared)
	if most+shared > 30_000 {
		t.Errorf("%s: %d bytes with its assets, at most 30,000", where, most+shared)
	}
}

func TestSearchAPI(t *testing.T) {
	s, log := newServer(t, Config{})
	var a SearchAnswer
	get := func(path string) {
		t.Helper()
		a = SearchAnswer{}
		res := ask(s, "GET", path)
		if err := json.NewDecoder(res.Body).Decode(&a); err != nil || res.StatusCode != 200 {
			t.Fatalf("%s: %d, %v", path, res.StatusCode, err)
		}
		if res.Header.Get("ETag") == "" || res.Header.Get("Cache-Control") == "" {
			t.Errorf("%s: no ETag or Cache-Control", path)
		}
	}
	get("/api/v1/search?q=errcode+18+sub+501")
	if r := a.Results[0]; r.Platform != "tencent-css" || r.Code != "18/501" || !slices.Contains(r.Codes, "18/501") ||
		r.Title == "" || r.Message != "Reached the expiration time." || r.Snippet == "" || r.URL != "/codes/tencent-css/18-501" || r.Score <= 0 {
		t.Errorf("%+v", r)
	}
	// a code that is on a page with others is named as it was asked for
	get("/api/v1/search?q=18/104")
	if r := a.Results[0]; r.Code != "18/104" || r.URL != "/codes/tencent-css/5-0" {
		t.Errorf("%+v", r)
	}
	get("/api/v1/search?q=timeout&limit=3")
	if len(a.Results) != 3 {
		t.Errorf("%d results", len(a.Results))
	}
	get("/api/v1/search?q=timeout&limit=5000&platform=obs-studio")
	for i, r := range a.Results {
		if r.Platform != "obs-studio" || i > 0 && r.Score > a.Results[i-1].Score {
			t.Errorf("%+v", r)
		}
	}
	get("/api/v1/search?q=" + strings.Repeat("a", 20000))
	get("/api/v1/search?q=zzzzzz")
	if a.Results == nil || len(a.Results) > 0 {
		t.Errorf("%+v", a.Results)
	}
	if out := log.String(); strings.Contains(out, "zzzzzz") || strings.Contains(out, "errcode") {
		t.Error("the log tells what was searched for")
	}
	ask(s, "GET", "/e/s3cr3t-key")
	if strings.Contains(log.String(), "s3cr3t") {
		t.Error("the log tells of an address that is not there")
	}
}

// The OpenAPI document is held against what the server answers: every path of
// the API is in it, and every answer has the shape that it says.
func TestOpenAPI(t *testing.T) {
	s, _ := newServer(t, Config{Version: "v1.2.3"})
	doc := described(t, s)
	if v := doc.at("info", "version"); v != "v1.2.3" {
		t.Errorf("version %v", v)
	}
	paths, _ := doc.at("paths").(map[string]any)
	inDoc := map[string]bool{}
	for p, methods := range paths {
		p = strings.NewReplacer("{platform}/{code}", ":platform/*", "{id}", ":id", "{result}", ":result").Replace(p)
		for m := range methods.(map[string]any) { // "parameters" harms nobody
			inDoc[strings.ToUpper(m)+" "+p] = true
		}
	}
	for _, r := range s.echo.Routes() {
		if strings.HasPrefix(r.Path, "/api/") && r.Method != http.MethodHead && !inDoc[r.Method+" "+r.Path] {
			t.Errorf("%s %s is not in the document", r.Method, r.Path)
		}
	}
	hold := func(template, path string, status int) {
		t.Helper()
		res := ask(s, "GET", path)
		if res.StatusCode != status {
			t.Errorf("%s: %d", path, res.StatusCode)
			return
		}
		doc.holds(t, "get", template, res)
	}
	hold("/api/v1/search", "/api/v1/search?q=authentication+failed", 200)
	hold("/api/v1/search", "/api/v1/search?q=x&limit=0", 400)
	hold("/api/v1/codes", "/api/v1/codes", 200)
	for _, c := range s.lib.Codes {
		hold("/api/v1/codes/{platform}/{code}", "/api/v1"+c.URL(), 200)
	}
	hold("/api/v1/codes/{platform}/{code}", "/api/v1/codes/srs/nothing", 404)
	hold("/api/v1/rules", "/api/v1/rules", 200)
	hold("/api/v1/rules/{id}", "/api/v1/rules/keyframe-interval", 200)
	hold("/api/v1/rules/{id}", "/api/v1/rules/nothing", 404)
	hold("/api/v1/profiles", "/api/v1/profiles", 200)
	hold("/api/v1/profiles/{id}", "/api/v1/profiles/youtube", 200)
	hold("/api/v1/profiles/{id}", "/api/v1/profiles/nothing", 404)
	hold("/api/v1/openapi.json", "/api/v1/openapi.json", 200)
}

// openAPIDoc is the API's description, read.
type openAPIDoc map[string]any

func described(t *testing.T, s http.Handler) (doc openAPIDoc) {
	t.Helper()
	if err := json.NewDecoder(ask(s, "GET", "/api/v1/openapi.json").Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func (d openAPIDoc) at(path ...string) any {
	var v any = map[string]any(d)
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

// holds fails the test where an answer is not as the document says.
func (d openAPIDoc) holds(t *testing.T, method, template string, res *http.Response) {
	t.Helper()
	kind, where := "application/json", method+" "+template
	if res.StatusCode >= 400 {
		kind = "application/problem+json"
	}
	answer, ok := d.at("paths", template, method, "responses", fmt.Sprint(res.StatusCode)).(map[string]any)
	if !ok {
		t.Errorf("%s: the document has no answer %d", where, res.StatusCode)
		return
	}
	content, ok := answer["content"].(map[string]any)
	if !ok { // none
		if b := text(t, res); b != "" {
			t.Errorf("%s %d: the document has no body, the answer has %.60q", where, res.StatusCode, b)
		}
		return
	}
	if got := res.Header.Get("Content-Type"); got != kind {
		t.Errorf("%s %d: %s", where, res.StatusCode, got)
		return
	}
	one, _ := content[kind].(map[string]any)
	var v any
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
		t.Fatal(err)
	}
	d.fits(t, where, one["schema"], v)
}

// fits fails the test where a value does not have the shape of a schema.
func (d openAPIDoc) fits(t *testing.T, where string, schema, v any) {
	t.Helper()
	m, _ := schema.(map[string]any)
	if ref, ok := m["$ref"].(string); ok {
		to := d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		if to == nil {
			t.Fatalf("%s: no %s", where, ref)
		}
		d.fits(t, where, to, v)
		return
	}
	switch m["type"] {
	case "object":
		o, ok := v.(map[string]any)
		if !ok {
			t.Errorf("%s is no object: %v", where, v)
			return
		}
		required, _ := m["required"].([]any)
		for _, name := range required {
			if _, ok := o[name.(string)]; !ok {
				t.Errorf("%s lacks %s", where, name)
			}
		}
		props, _ := m["properties"].(map[string]any)
		for name, val := range o {
			switch p, ok := props[name]; {
			case ok:
				d.fits(t, where+"."+name, p, val)
			case m["additionalProperties"] == false:
				t.Errorf("%s has %s, which the document does not know", where, name)
			default:
				if extra, ok := m["additionalProperties"].(map[string]any); ok {
					d.fits(t, where+"."+name, extra, val)
				}
			}
		}
	case "array":
		list, ok := v.([]any)
		if !ok {
			t.Errorf("%s is no array: %v", where, v)
		}
		for i, e := range list {
			d.fits(t, fmt.Sprintf("%s[%d]", where, i), m["items"], e)
		}
	case "string":
		text, ok := v.(string)
		if !ok {
			t.Errorf("%s is no string: %v", where, v)
		}
		if enum, ok := m["enum"].([]any); ok && !slices.Contains(enum, any(text)) {
			t.Errorf("%s is %q, not one of %v", where, text, enum)
		}
	case "integer":
		if n, ok := v.(float64); !ok || n != float64(int64(n)) {
			t.Errorf("%s is no integer: %v", where, v)
		}
	case "number":
		if _, ok := v.(float64); !ok {
			t.Errorf("%s is no number: %v", where, v)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			t.Errorf("%s is no truth value: %v", where, v)
		}
	default:
		t.Errorf("%s: the document says nothing of it", where)
	}
}

// The knowledge base loads, is indexed and answers within a second.
func TestStart(t *testing.T) {
	start := time.Now()
	k, err := loadOnce()
	if err != nil || k.lib == nil || k.index == nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 5*time.Second { // the goal is 1 s on a quiet machine
		t.Errorf("loading took %v", took)
	}
}

func BenchmarkCodePage(b *testing.B) {
	s, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		ask(s, "GET", "/codes/tencent-css/18-501", "Accept-Encoding", "gzip")
	}
}

func BenchmarkSearchAPI(b *testing.B) {
	s, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		ask(s, "GET", "/api/v1/search?q=stream+key+wrong", "Accept-Encoding", "gzip")
	}
}

// What is written by hand is what the encoder writes.
func TestSearchJSON(t *testing.T) {
	lib, index, err := Knowledge()
	if err != nil {
		t.Fatal(err)
	}
	w := newSearchWriter(lib)
	for _, q := range []string{"", "nothing like this anywhere", "1", "stream", "18/501", "MPE_BAD_URL_SYNTAX", "<b>\"&", "%s codec %s not compatible with flv", "\xff", "stream name", "key frame"} {
		hits := index.Codes(q, "", 50)
		want, err := json.MarshalIndent(SearchResults(hits), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if got := w.append(nil, hits); string(got) != string(want)+"\n" {
			t.Errorf("%q:\n%s\nwant\n%s", q, got, want)
		}
	}
	for _, c := range lib.Codes { // every page, with every code and message that may stand there
		for _, name := range append([]string{c.Code}, c.Codes...) {
			for _, m := range append([]string{""}, c.Messages...) {
				hits := []kb.Hit{{Code: c, Matched: name, Message: m, Score: 1000}}
				want, _ := json.MarshalIndent(SearchResults(hits), "", "  ")
				if got := w.append(nil, hits); string(got) != string(want)+"\n" {
					t.Fatalf("%s:\n%s\nwant\n%s", c.URL(), got, want)
				}
			}
		}
	}
}

// An announced answer goes out in one piece, with its headers put in, however
// net/http cuts it; what is not announced passes as it is.
func TestOnePiece(t *testing.T) {
	var rec recording
	c := &conn{Conn: &rec}
	head := "HTTP/1.1 200 OK\r\nDate: now\r\n\r\n"
	for _, cuts := range [][]int{{4096, 9000}, {4096, 100}, {9000}, {4096, 4096, 4096}, {len(head), 5000}} {
		total := 0
		for _, n := range cuts {
			total += n
		}
		answer := head + strings.Repeat("x", total-len(head))
		rec = recording{}
		c.announce([]byte("A: 1\r\nB: 2\r\n"), total-len(head))
		rest := answer
		for _, n := range cuts {
			if m, err := c.Write([]byte(rest[:n])); m != n || err != nil {
				t.Fatal(m, err)
			}
			rest = rest[n:]
		}
		if want := strings.Replace(answer, "Date:", "A: 1\r\nB: 2\r\nDate:", 1); rec.text != want {
			t.Errorf("%v: %d bytes, want %d: %.80q", cuts, len(rec.text), len(want), rec.text)
		}
		c.Write([]byte("next"))
		if !strings.HasSuffix(rec.text, "xnext") {
			t.Errorf("%v: the next answer ends %q", cuts, rec.text[len(rec.text)-10:])
		}
	}

	rec = recording{}
	c.announce([]byte("A: 1\r\n"), 10)
	long := "HTTP/1.1 200 OK\r\nLong: " + strings.Repeat("l", 5000)
	c.Write([]byte(long[:4096]))
	c.Write([]byte(long[4096:] + "\r\n\r\n0123456789"))
	if want := strings.Replace(long, "Long", "A: 1\r\nLong", 1) + "\r\n\r\n0123456789"; rec.text != want {
		t.Errorf("headers larger than the buffer: %.60q ... %d bytes, want %d", rec.text, len(rec.text), len(want))
	}
}

type recording struct {
	net.Conn
	text string
}

func (r *recording) Write(p []byte) (int, error) {
	r.text += string(p)
	return len(p), nil
}

// Over a real connection: every encoding, GET and HEAD, 304, again and again on
// one connection.
func TestAnswersWhole(t *testing.T) {
	s, _ := newServer(t, Config{Listen: "127.0.0.1:0"})
	ctx, stop := context.WithCancel(t.Context())
	at, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- s.Run(ctx, func(a net.Addr) { at <- "http://" + a.String() }) }()
	base := <-at
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, MaxConnsPerHost: 1}, Timeout: 10 * time.Second}
	over := func(method, path, encoding, tag string) (*http.Response, string) {
		t.Helper()
		req, _ := http.NewRequestWithContext(t.Context(), method, base+path, nil)
		req.Header.Set("Accept-Encoding", encoding)
		if tag != "" {
			req.Header.Set("If-None-Match", tag)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var r io.Reader = res.Body
		switch coding := res.Header.Get("Content-Encoding"); {
		case method == http.MethodHead || res.StatusCode == http.StatusNotModified:
		case coding == "br":
			r = brotli.NewReader(r)
		case coding == "gzip":
			if r, err = gzip.NewReader(r); err != nil {
				t.Fatal(err)
			}
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(b)
	}
	for _, path := range []string{
		"/", "/codes", "/codes/azure-media-services/MPE_BAD_URL_SYNTAX", "/search?q=stream", "/api/v1/search?q=stream", "/api/v1/codes",
		"/api/v1/codes/tencent-css/18-501", "/healthz", "/api/v1/openapi.json",
	} {
		want := ask(s, "GET", path).Header // without a connection, thus as the handlers set it
		first, plain := over("GET", path, "identity", "")
		again, _ := over("GET", path, "identity", "")
		for _, h := range []http.Header{want, first.Header, again.Header} {
			h.Del("Date")
			h.Del("X-Request-Id")
			h.Del("Content-Length") // the recorder has none
		}
		if !reflect.DeepEqual(first.Header, want) || !reflect.DeepEqual(again.Header, want) {
			t.Errorf("%s: headers\n%v\n%v\nwant\n%v", path, first.Header, again.Header, want)
		}
		for _, encoding := range []string{"gzip", "br", "gzip, deflate, br, zstd", "", "br;q=0, gzip;q=0.5", "*"} {
			for range 2 {
				res, text := over("GET", path, encoding, "")
				if text != plain {
					t.Errorf("%s with %q: another text", path, encoding)
				}
				if packed := res.Header.Get("Content-Encoding"); len(plain) > 1024 && (strings.Contains(encoding, "br") || strings.Contains(encoding, "gzip")) && packed == "" {
					t.Errorf("%s with %q: not compressed", path, encoding)
				}
			}
			if res, text := over("HEAD", path, encoding, ""); res.StatusCode != 200 || text != "" {
				t.Errorf("HEAD %s: %d, %d bytes", path, res.StatusCode, len(text))
			}
			res, _ := over("GET", path, encoding, "")
			if tag := res.Header.Get("ETag"); tag != "" {
				if res, text := over("GET", path, encoding, tag); res.StatusCode != 304 || text != "" {
					t.Errorf("%s again: %d", path, res.StatusCode)
				}
			}
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
