package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ingestdoctor/server/internal/share"
)

// A diagnosis from its creation to its end.
func TestDiagnosis(t *testing.T) {
	s, _, _ := newShareServer(t, quick())
	c, l := call(t, s), newLink()
	create := l.creation()
	a := c.ask(http.MethodPut, l.id(), "", create)
	if a.status != http.StatusCreated {
		t.Fatalf("create: %d %s", a.status, a.body)
	}
	if m := a.json(t); m["id"] != l.id() || m["kind"] != "diagnosis" || m["closed_at"] != nil || m["results"] != 0.0 || m["envelope"] != nil {
		t.Errorf("created: %s", a.body)
	}
	if cache := a.header.Get("Cache-Control"); cache != "no-store" {
		t.Errorf("Cache-Control: %s", cache)
	}
	if again := c.ask(http.MethodPut, l.id(), "", create); again.status != http.StatusOK {
		t.Errorf("the same again: %d %s", again.status, again.body)
	}
	if other := c.ask(http.MethodPut, l.id(), "", l.creation()); other.status != http.StatusConflict || other.code() != "conflict" {
		t.Errorf("another envelope under the same id: %d %s", other.status, other.body)
	}
	var sent struct{ Envelope string }
	if err := json.Unmarshal(create, &sent); err != nil {
		t.Fatal(err)
	}
	if a := c.ask(http.MethodGet, l.id(), l.read.String(), nil); a.status != http.StatusOK || a.json(t)["envelope"] != sent.Envelope {
		t.Errorf("read: %d %s", a.status, a.body)
	}

	id, e := resultID(), sealed(2, 4096)
	first := c.ask(http.MethodPut, l.id()+"/results/"+id, l.add.String(), e)
	if m := first.json(t); first.status != http.StatusCreated || m["seq"] != 1.0 || m["id"] != id {
		t.Errorf("add: %d %s", first.status, first.body)
	}
	if again := c.ask(http.MethodPut, l.id()+"/results/"+id, l.add.String(), e); again.status != http.StatusOK || !bytes.Equal(again.body, first.body) {
		t.Errorf("replay: %d %s, at first %s", again.status, again.body, first.body)
	}
	if a := c.ask(http.MethodPut, l.id()+"/results/"+id, l.add.String(), sealed(2, 4096)); a.status != http.StatusConflict || a.code() != "conflict" {
		t.Errorf("other bytes: %d %s", a.status, a.body)
	}
	if a := c.ask(http.MethodPut, l.id()+"/results/"+resultID(), l.add.String(), e); a.status != http.StatusCreated {
		t.Errorf("second: %d %s", a.status, a.body)
	}
	list := c.ask(http.MethodGet, l.id()+"/results", l.read.String(), nil)
	if n := len(list.json(t)["results"].([]any)); n != 2 {
		t.Errorf("%d results: %s", n, list.body)
	}
	if list := c.ask(http.MethodGet, l.id()+"/results?after=1", l.read.String(), nil); len(list.json(t)["results"].([]any)) != 1 {
		t.Errorf("after 1: %s", list.body)
	}
	if a := c.ask(http.MethodGet, l.id()+"/results?after=x", l.read.String(), nil); a.status != http.StatusBadRequest {
		t.Errorf("after x: %d", a.status)
	}
	if a := c.ask(http.MethodGet, l.id()+"/results/"+id, l.read.String(), nil); a.status != http.StatusOK || !bytes.Equal(a.body, e) || a.header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("result: %d, %d bytes, %s", a.status, len(a.body), a.header.Get("Content-Type"))
	}

	change := func(body string) answer {
		return c.ask(http.MethodPatch, l.id(), l.own.String(), []byte(body))
	}
	if a := change(`{"closed": true}`); a.status != http.StatusOK || a.json(t)["closed_at"] == nil {
		t.Errorf("close: %d %s", a.status, a.body)
	}
	if a := c.ask(http.MethodPut, l.id()+"/results/"+resultID(), l.add.String(), e); a.status != http.StatusConflict || a.code() != "closed" {
		t.Errorf("to a closed one: %d %s", a.status, a.body)
	}
	if a := c.ask(http.MethodPut, l.id()+"/results/"+id, l.add.String(), e); a.status != http.StatusOK {
		t.Errorf("replay to a closed one: %d %s", a.status, a.body)
	}
	if a := c.ask(http.MethodGet, l.id(), l.read.String(), nil); a.status != http.StatusOK {
		t.Errorf("a closed one cannot be read: %d", a.status)
	}
	if a := change(`{"closed": false, "days": 30}`); a.status != http.StatusOK || a.json(t)["closed_at"] != nil {
		t.Errorf("reopen: %d %s", a.status, a.body)
	} else if expires, _ := time.Parse(time.RFC3339, a.json(t)["expires_at"].(string)); time.Until(expires) < 719*time.Hour || time.Until(expires) > 720*time.Hour {
		t.Errorf("expires in %s", time.Until(expires))
	}
	for _, bad := range []string{`{}`, `{"days": 31}`, `{"days": 0}`, `{"days": -1}`, `{"days": 1.5}`, `{"closed": "yes"}`, `{"close": true}`, `{"days": 3} {}`, `[]`, ``, `null`} {
		if a := change(bad); a.status != http.StatusBadRequest {
			t.Errorf("change %s: %d %s", bad, a.status, a.body)
		}
	}
	if a := c.ask(http.MethodDelete, l.id(), l.own.String(), nil); a.status != http.StatusNoContent {
		t.Errorf("delete: %d %s", a.status, a.body)
	}
	for _, a := range []answer{
		c.ask(http.MethodGet, l.id(), l.read.String(), nil),
		c.ask(http.MethodGet, l.id()+"/results/"+id, l.read.String(), nil),
		c.ask(http.MethodDelete, l.id(), l.own.String(), nil),
		c.ask(http.MethodPut, l.id(), "", create), // a replay does not bring it back
	} {
		if a.status != http.StatusNotFound {
			t.Errorf("deleted: %d %s", a.status, a.body)
		}
	}
}

func TestReport(t *testing.T) {
	s, _, _ := newShareServer(t, quick())
	c, l := call(t, s), newLink()
	e := sealed(3, share.MaxResult) // the largest there is
	a := c.ask(http.MethodPut, l.id(), "", l.creation(func(m map[string]any) { m["kind"], m["envelope"] = "report", share.EnvelopeText(e) }))
	if a.status != http.StatusCreated || a.json(t)["kind"] != "report" {
		t.Fatalf("create: %d %s", a.status, a.body)
	}
	if a := c.ask(http.MethodGet, l.id(), l.read.String(), nil); a.json(t)["envelope"] != share.EnvelopeText(e) {
		t.Errorf("read: %d", a.status)
	}
	if a := c.ask(http.MethodPut, l.id()+"/results/"+resultID(), l.add.String(), sealed(2, 1024)); a.status != http.StatusNotFound {
		t.Errorf("a result for a report: %d %s", a.status, a.body)
	}
}

// What must not be told apart is the same to the byte.
func TestRefusalsAreAlike(t *testing.T) {
	s, _, _ := newShareServer(t, quick())
	c, l, gone := call(t, s), newLink(), newLink()
	for _, l := range []link{l, gone} {
		if a := c.ask(http.MethodPut, l.id(), "", l.creation()); a.status != http.StatusCreated {
			t.Fatal(a.status)
		}
	}
	id := resultID()
	if a := c.ask(http.MethodPut, l.id()+"/results/"+id, l.add.String(), sealed(2, 1024)); a.status != http.StatusCreated {
		t.Fatal(a.status)
	}
	c.ask(http.MethodDelete, gone.id(), gone.own.String(), nil)
	flipped := l.read
	flipped[31] ^= 1

	unknown := newLink()
	want := c.ask(http.MethodGet, unknown.id(), unknown.read.String(), nil)
	if want.status != http.StatusNotFound || want.code() != "not-found" {
		t.Fatalf("unknown: %d %s", want.status, want.body)
	}
	tests := []struct{ what, method, path, token string }{
		{"deleted", http.MethodGet, gone.id(), gone.read.String()},
		{"another's token", http.MethodGet, l.id(), unknown.read.String()},
		{"one bit of the token", http.MethodGet, l.id(), flipped.String()},
		{"no token", http.MethodGet, l.id(), ""},
		{"half a token", http.MethodGet, l.id(), l.read.String()[:20]},
		{"a token and more", http.MethodGet, l.id(), l.read.String() + "A"},
		{"the token to add, to read", http.MethodGet, l.id(), l.add.String()},
		{"the token to own, to read", http.MethodGet, l.id(), l.own.String()},
		{"the token to read, to add", http.MethodPut, l.id() + "/results/" + resultID(), l.read.String()},
		{"the token to read, to own", http.MethodPatch, l.id(), l.read.String()},
		{"the token to add, to own", http.MethodDelete, l.id(), l.add.String()},
		{"the hash of a token", http.MethodGet, l.id(), l.hashes().Read.String()},
		{"a malformed id", http.MethodGet, "not-an-id", l.read.String()},
		{"an id with a byte more", http.MethodGet, l.id() + "A", l.read.String()},
		{"an id in another text", http.MethodGet, l.id()[:21] + "_", l.read.String()},
		{"another's results", http.MethodGet, l.id() + "/results", unknown.read.String()},
		{"an unknown result", http.MethodGet, l.id() + "/results/" + resultID(), l.read.String()},
		{"another's result", http.MethodGet, l.id() + "/results/" + id, unknown.read.String()},
		{"another's events", http.MethodGet, l.id() + "/events", unknown.read.String()},
		{"a deletion of what is unknown", http.MethodDelete, unknown.id(), unknown.own.String()},
		{"another's hashes", http.MethodPut, l.id(), ""},
	}
	for _, tt := range tests {
		var body []byte
		switch tt.method {
		case http.MethodPut:
			body = unknown.creation()
		case http.MethodPatch:
			body = []byte(`{"closed": true}`)
		}
		got := c.ask(tt.method, tt.path, tt.token, body)
		if got.status != want.status || !bytes.Equal(got.body, want.body) {
			t.Errorf("%s: %d %s", tt.what, got.status, got.body)
		}
		got.header.Del("X-Request-Id")
		want.header.Del("X-Request-Id")
		if fmt.Sprint(got.header) != fmt.Sprint(want.header) {
			t.Errorf("%s: header %v, want %v", tt.what, got.header, want.header)
		}
	}
}

// A refusal takes its time, whatever its reason.
func TestRefusalsTakeTheirTime(t *testing.T) {
	limits := quick()
	limits.Refusal = 40 * time.Millisecond
	s, _, _ := newShareServer(t, limits)
	c, l := call(t, s), newLink()
	c.ask(http.MethodPut, l.id(), "", l.creation())
	for _, path := range []string{l.id(), newLink().id(), "x"} {
		start := time.Now()
		c.ask(http.MethodGet, path, newLink().read.String(), nil)
		if took := time.Since(start); took < limits.Refusal {
			t.Errorf("%s is refused after %s", path, took)
		}
	}
	start := time.Now()
	if a := c.ask(http.MethodGet, l.id(), l.read.String(), nil); a.status != http.StatusOK || time.Since(start) > limits.Refusal {
		t.Errorf("who may come in waits %s (%d)", time.Since(start), a.status)
	}
}

func TestMalformed(t *testing.T) {
	s, _, _ := newShareServer(t, quick())
	c := call(t, s)
	whole := sealed(1, 2048)
	set := func(name string, v any) func(map[string]any) {
		return func(m map[string]any) { m[name] = v }
	}
	envelope := func(e []byte) func(map[string]any) { return set("envelope", share.EnvelopeText(e)) }
	turned := func(i int, to byte) []byte {
		e := bytes.Clone(whole)
		e[i] = to
		return e
	}
	for _, tt := range []struct {
		what   string
		change func(map[string]any)
		status int
		code   string
	}{
		{"as it should be", envelope(whole), 201, ""},
		{"cut by a byte", envelope(whole[:len(whole)-1]), 400, "bad-envelope"},
		{"cut by half", envelope(whole[:len(whole)/2]), 400, "bad-envelope"},
		{"empty", envelope(nil), 400, "bad-envelope"},
		{"a byte more", envelope(append(bytes.Clone(whole), 0)), 400, "bad-envelope"},
		{"another version", envelope(turned(0, 2)), 400, "bad-envelope"},
		{"a result's", envelope(turned(1, 2)), 400, "bad-envelope"},
		{"too large", envelope(sealed(1, 64<<10)), 413, "too-large"},
		{"padding in base64", set("envelope", share.EnvelopeText(whole)+"="), 400, "bad-envelope"},
		{"a line break in base64", set("envelope", "\n"+share.EnvelopeText(whole)[1:]), 400, "bad-envelope"},
		{"an unknown member", set("note", "x"), 400, "bad-request"},
		{"another version of the whole", set("version", 2), 400, "bad-request"},
		{"no such kind", set("kind", "stream"), 400, "bad-request"},
		{"a kind as a number", set("kind", 1), 400, "bad-request"},
		{"no days", set("days", 0), 400, "bad-request"},
		{"too many days", set("days", 31), 400, "bad-request"},
		{"a short hash", set("read", "AAAA"), 400, "bad-request"},
		{"a token twice", func(m map[string]any) { m["add"] = m["read"] }, 404, "not-found"},
	} {
		l := newLink()
		if a := c.ask(http.MethodPut, l.id(), "", l.creation(tt.change)); a.status != tt.status || a.code() != tt.code {
			t.Errorf("%s: %d %s, want %d %s", tt.what, a.status, a.body, tt.status, tt.code)
		}
	}
	l := newLink()
	if a := c.ask(http.MethodPut, l.id(), "", l.creation(), "Content-Type", "text/plain"); a.status != http.StatusUnsupportedMediaType {
		t.Errorf("as text/plain: %d", a.status)
	}
	if a := c.ask(http.MethodPut, l.id(), "", bytes.Repeat([]byte(" "), maxCreate+1)); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a flood: %d", a.status)
	}
	if a := c.ask(http.MethodPut, l.id(), "", l.creation(), "Origin", "https://evil.example"); a.status != http.StatusForbidden {
		t.Errorf("from another site: %d", a.status)
	}
	c.ask(http.MethodPut, l.id(), "", l.creation())
	for _, tt := range []struct {
		what   string
		body   []byte
		status int
		code   string
	}{
		{"cut by a byte", sealed(2, 4096)[:4000], 400, "bad-envelope"},
		{"empty", nil, 400, "bad-envelope"},
		{"a brief's", sealed(1, 1024), 400, "bad-envelope"},
		{"not a power of two", sealed(2, 1500), 400, "bad-envelope"},
		{"below the least", sealed(2, 512), 400, "bad-envelope"},
		{"a byte too large", append(sealed(2, share.MaxResult), 0), 413, "too-large"},
		{"twice too large", sealed(2, 2*share.MaxResult), 413, "too-large"},
		{"the largest", sealed(2, share.MaxResult), 201, ""},
	} {
		if a := c.ask(http.MethodPut, l.id()+"/results/"+resultID(), l.add.String(), tt.body); a.status != tt.status || a.code() != tt.code {
			t.Errorf("result %s: %d %s, want %d %s", tt.what, a.status, a.body, tt.status, tt.code)
		}
	}
	if a := c.ask(http.MethodPut, l.id()+"/results/"+resultID(), l.add.String(), sealed(2, 1024), "Content-Type", "application/json"); a.status != http.StatusUnsupportedMediaType {
		t.Errorf("a result as JSON: %d", a.status)
	}
	if a := c.ask(http.MethodPut, l.id()+"/results/short", l.add.String(), sealed(2, 1024)); a.status != http.StatusBadRequest {
		t.Errorf("a malformed id of a result: %d", a.status)
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch} {
		if a := c.ask(method, l.id(), l.own.String(), []byte(`{"closed": true}`), "Sec-Fetch-Site", "cross-site"); a.status != http.StatusForbidden {
			t.Errorf("%s from another site: %d", method, a.status)
		}
	}
}

// Ten thousand guesses: the first few are answered, the rest wait, and nobody
// else does.
func TestGuesses(t *testing.T) {
	s, _, _ := newShareServer(t, shareLimits{Refusal: time.Microsecond})
	c, l := call(t, s), newLink()
	if a := c.ask(http.MethodPut, l.id(), "", l.creation()); a.status != http.StatusCreated {
		t.Fatal(a.status)
	}
	count := map[int]int{}
	for range 10_000 {
		a := c.ask(http.MethodGet, l.id(), newLink().read.String(), nil)
		count[a.status]++
		if a.status == http.StatusTooManyRequests && (a.header.Get("Retry-After") == "" || a.code() != "quota") {
			t.Fatalf("too many: %s %s", a.header.Get("Retry-After"), a.body)
		}
	}
	if len(count) != 2 || count[http.StatusNotFound] < 60 || count[http.StatusNotFound] > 70 {
		t.Errorf("answers: %v", count)
	}
	// also for the right one: else the answer would tell
	if a := c.ask(http.MethodGet, l.id(), l.read.String(), nil); a.status != http.StatusTooManyRequests {
		t.Errorf("the right token after 10,000 wrong ones: %d", a.status)
	}
	r := httptest.NewRequest(http.MethodGet, "http://localhost:8080/api/v1/diagnoses/"+l.id(), nil)
	r.RemoteAddr = "198.51.100.7:1"
	r.Header.Set("Authorization", "Bearer "+l.read.String())
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("another client: %d", w.Code)
	}
}

func TestShareQuotas(t *testing.T) {
	limits := quick()
	limits.Create, limits.Add = pace{2, time.Hour}, pace{3, time.Hour}
	s, _, _ := newShareServer(t, limits)
	c, l := call(t, s), newLink()
	for i, want := range []int{201, 201, 429} {
		m := newLink()
		if i == 0 {
			m = l
		}
		a := c.ask(http.MethodPut, m.id(), "", m.creation())
		if a.status != want {
			t.Errorf("create %d: %d %s", i, a.status, a.body)
		}
		if want == 429 && (a.header.Get("Retry-After") != "3600" || a.json(t)["limit"] != limitCreates) {
			t.Errorf("quota: %v %s", a.header, a.body)
		}
	}
	for i, want := range []int{201, 201, 201, 429} {
		if a := c.ask(http.MethodPut, l.id()+"/results/"+resultID(), l.add.String(), sealed(2, 1024)); a.status != want {
			t.Errorf("add %d: %d %s", i, a.status, a.body)
		}
	}
}

// Without a store the rest is served.
func TestNoStore(t *testing.T) {
	s, _ := newServer(t, Config{})
	l := newLink()
	a := call(t, s).ask(http.MethodPut, l.id(), "", l.creation())
	if a.status != http.StatusServiceUnavailable || a.code() != "unavailable" || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if res := ask(s, http.MethodGet, "/"); res.StatusCode != http.StatusOK {
		t.Errorf("the front page: %d", res.StatusCode)
	}
}

// No token, no id and no mangled key is in the log, nor a token in the store.
func TestNothingIsLogged(t *testing.T) {
	s, log, dir := newShareServer(t, quick())
	c, l := call(t, s), newLink()
	c.ask(http.MethodPut, l.id(), "", l.creation())
	c.ask(http.MethodPut, l.id()+"/results/"+resultID(), l.add.String(), sealed(2, 1024))
	c.ask(http.MethodGet, l.id(), l.read.String(), nil)
	c.ask(http.MethodGet, l.id(), l.own.String(), nil)
	c.ask(http.MethodPatch, l.id(), l.own.String(), []byte(`{"days": 3}`))
	secret := "1cSECRETKEYmarker"
	for _, path := range []string{"/d/" + l.id() + "%23" + secret, "/d/" + l.id() + "%2523" + secret, "/d/" + l.id() + "/%23" + secret, "//d/" + l.id() + "%23" + secret, "/rules/%23" + secret, "/D/" + l.id() + "%23" + secret} {
		for _, host := range []string{"localhost:8080", "evil.example"} {
			ask(s, http.MethodGet, path, "Host", host)
			ask(s, http.MethodPost, path, "Host", host)
		}
	}
	if !strings.Contains(log.String(), `"route":"/api/v1/diagnoses/:id"`) {
		t.Error("the log has no such request: does this test look at anything?")
	}
	for _, marker := range []string{l.id(), l.read.String(), l.add.String(), l.own.String(), "SECRETKEY"} {
		if strings.Contains(log.String(), marker) {
			t.Errorf("the log has %s", marker)
		}
	}
	metrics := text(t, ask(s, http.MethodGet, "/metrics"))
	if strings.Contains(metrics, l.id()) || strings.Contains(metrics, "SECRETKEY") || !strings.Contains(metrics, "ingestdoctor_diagnoses_refused_total") {
		t.Error("the metrics have an id or a key, or nothing at all")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	found := false
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range []share.Token{l.read, l.add, l.own} {
			if bytes.Contains(b, token[:]) || bytes.Contains(b, []byte(token.String())) {
				t.Errorf("%s has a token", f)
			}
		}
		h := l.hashes()
		found = found || bytes.Contains(b, h.Read[:])
	}
	if !found {
		t.Error("no file has the hash: does this test look at anything?")
	}
}

// The description is held against real answers of every kind.
func TestShareOpenAPI(t *testing.T) {
	limits := quick()
	limits.Add = pace{3, time.Hour}
	s, _, _ := newShareServer(t, limits)
	doc, c, l, other := described(t, s), call(t, s), newLink(), newLink()
	hold := func(method, template, path, token string, body []byte, status int, header ...string) {
		t.Helper()
		a := c.ask(method, path, token, body, header...)
		if a.status != status {
			t.Errorf("%s %s: %d %s, want %d", method, template, a.status, a.body, status)
			return
		}
		doc.holds(t, strings.ToLower(method), "/api/v1/diagnoses/"+template, &http.Response{
			StatusCode: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)),
		})
	}
	create, id := l.creation(), resultID()
	hold(http.MethodPut, "{id}", l.id(), "", create, 201)
	hold(http.MethodPut, "{id}", l.id(), "", create, 200)
	hold(http.MethodPut, "{id}", l.id(), "", l.creation(), 409)
	hold(http.MethodPut, "{id}", l.id(), "", []byte(`{}`), 400)
	hold(http.MethodPut, "{id}", l.id(), "", bytes.Repeat([]byte(" "), maxCreate+1), 413)
	hold(http.MethodPut, "{id}", l.id(), "", create, 415, "Content-Type", "text/plain")
	hold(http.MethodPut, "{id}", l.id(), "", create, 403, "Sec-Fetch-Site", "cross-site")
	hold(http.MethodPut, "{id}", l.id(), "", other.creation(), 404)
	hold(http.MethodGet, "{id}", l.id(), l.read.String(), nil, 200)
	hold(http.MethodGet, "{id}", l.id(), l.own.String(), nil, 404)
	hold(http.MethodPatch, "{id}", l.id(), l.own.String(), []byte(`{"days": 1}`), 200)
	hold(http.MethodPatch, "{id}", l.id(), l.own.String(), []byte(`{"days": 99}`), 400)
	hold(http.MethodPut, "{id}/results/{result}", l.id()+"/results/"+id, l.add.String(), sealed(2, 1024), 201)
	hold(http.MethodPut, "{id}/results/{result}", l.id()+"/results/"+id, l.add.String(), sealed(2, 1024), 409)
	hold(http.MethodPut, "{id}/results/{result}", l.id()+"/results/"+id, l.add.String(), sealed(1, 1024), 400)
	hold(http.MethodPut, "{id}/results/{result}", l.id()+"/results/"+id, l.add.String(), sealed(2, 1024), 429)
	hold(http.MethodPut, "{id}/results/{result}", l.id()+"/results/"+id, l.read.String(), sealed(2, 1024), 404)
	hold(http.MethodGet, "{id}/results", l.id()+"/results", l.read.String(), nil, 200)
	hold(http.MethodGet, "{id}/results", l.id()+"/results?after=-1", l.read.String(), nil, 400)
	hold(http.MethodGet, "{id}/results/{result}", l.id()+"/results/"+resultID(), l.read.String(), nil, 404)
	hold(http.MethodGet, "{id}/events", l.id()+"/events", other.read.String(), nil, 404)
	hold(http.MethodDelete, "{id}", l.id(), l.own.String(), nil, 204)
	hold(http.MethodDelete, "{id}", l.id(), l.own.String(), nil, 404)

	// a stored result, by the schema of the list's entry, and the type of a body
	if kind, _ := doc.at("paths", "/api/v1/diagnoses/{id}/results/{result}", "get", "responses", "200", "content", envelopeType).(map[string]any); kind == nil {
		t.Error("the document has no envelope")
	}
	none, _ := newServer(t, Config{})
	a := call(t, none).ask(http.MethodGet, l.id(), l.read.String(), nil)
	doc.holds(t, "get", "/api/v1/diagnoses/{id}", &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body))})
}
