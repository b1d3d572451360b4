package site

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ingestdoctor/server/internal/live"
)

// replayed is an Inspector with one session whose events the test tells.
type replayed struct {
	mu       sync.Mutex
	snap     live.Snapshot
	made     []live.Request
	who      []netip.Prefix
	fail     error
	from     []int64
	watchers map[chan live.Event]context.Context
	stopped  int
}

const (
	liveID  = "aaaabbbbccccddddeeeeffff00001111"
	liveKey = "9999888877776666555544443333aaaa"
)

func newReplayed() *replayed {
	return &replayed{
		snap:     live.Snapshot{State: live.Waiting, Profile: "generic", Connections: []live.Connection{}, Entries: []live.Entry{}, Ticks: []live.Tick{}},
		watchers: map[chan live.Event]context.Context{},
	}
}

func (r *replayed) Create(req live.Request, who netip.Prefix) (live.Created, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made, r.who = append(r.made, req), append(r.who, who)
	return live.Created{ID: liveID, App: "live", Key: liveKey, Expires: time.Now().Add(30 * time.Minute)}, r.fail
}

func (r *replayed) Snapshot(id string) (live.Snapshot, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.snap, id == liveID
}

func (r *replayed) Watch(ctx context.Context, id string, from int64) (<-chan live.Event, bool) {
	if id != liveID {
		return nil, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.from = append(r.from, from)
	ch := make(chan live.Event, 64)
	b, _ := json.Marshal(r.snap)
	ch <- live.Event{N: from + 1, Name: "state", Data: b}
	r.watchers[ch] = ctx
	return ch, true
}

func (r *replayed) Stop(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id == liveID {
		r.stopped++
	}
	return id == liveID
}

// tell sends an event to whoever watches, and closes the channels after end.
func (r *replayed) tell(n int64, name, data string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ch := range r.watchers {
		ch <- live.Event{N: n, Name: name, Data: []byte(data)}
		if name == "end" {
			close(ch)
			delete(r.watchers, ch)
		}
	}
}

// inspecting is a server whose Inspector the test plays.
func inspecting(t *testing.T, cfg Config) (*Server, *replayed, *logBuffer) {
	t.Helper()
	fake := newReplayed()
	cfg.Live = fake
	if cfg.Ingest.Ports == nil {
		cfg.Ingest.Ports = []IngestPort{{Port: 1935, Plain: true, TLS: true}, {Port: 2935, TLS: true}}
	}
	s, log := newServer(t, cfg)
	t.Cleanup(s.Close)
	return s, fake, log
}

// liveCall sends a request to the API; header are pairs.
func liveCall(s http.Handler, method, path, body string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "localhost:8080"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func TestLiveCreate(t *testing.T) {
	s, fake, log := inspecting(t, Config{Ingest: Ingest{Host: "push.example.com", Ports: []IngestPort{{Port: 1935, Plain: true, TLS: true}, {Port: 2935, TLS: true}}}})
	res := liveCall(s, "POST", livePath, `{"profile": "youtube", "behave": true}`)
	if res.StatusCode != http.StatusCreated || res.Header.Get("Location") != livePath+"/"+liveID || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatal(res.Status, res.Header)
	}
	v := decode[liveSession](t, res)
	if v.Key != liveKey || v.App != "live" || v.URL != livePath+"/"+liveID || v.Events != v.URL+"/events" || v.Report != v.URL+"/report" || v.Expires.IsZero() {
		t.Errorf("%+v", v)
	}
	want := []pushURL{
		{"rtmp", "push.example.com", 1935, "rtmp://push.example.com:1935/live"},
		{"rtmps", "push.example.com", 1935, "rtmps://push.example.com:1935/live"},
		{"rtmps", "push.example.com", 2935, "rtmps://push.example.com:2935/live"},
	}
	if fmt.Sprint(v.Push) != fmt.Sprint(want) {
		t.Errorf("push %+v", v.Push)
	}
	if len(fake.made) != 1 || fake.made[0] != (live.Request{Profile: "youtube", Behave: true}) || fake.who[0] != netip.MustParsePrefix("192.0.2.1/32") {
		t.Errorf("asked for %+v by %v", fake.made, fake.who)
	}
	// the id opens everything and the key pushes: neither is in a log or a metric
	for _, path := range []string{"", "/events", "/report"} {
		if path != "/events" {
			liveCall(s, "GET", livePath+"/"+liveID+path, "")
		}
	}
	liveCall(s, "DELETE", livePath+"/"+liveID, "")
	metrics := textOfBody(t, liveCall(s, "GET", "/metrics", ""))
	for name, text := range map[string]string{"log": log.String(), "metrics": metrics} {
		if strings.Contains(text, liveID) || strings.Contains(text, liveKey) {
			t.Errorf("the %s tells an id or a key", name)
		}
	}
	if !strings.Contains(log.String(), livePath+"/:id") {
		t.Error("the log does not have the requests at all")
	}
}

// Where nothing else is set, encoders push to the name that the visitor came to,
// or to that of the public address.
func TestLiveHost(t *testing.T) {
	for public, want := range map[string]string{"": "localhost", "https://doctor.example.com": "doctor.example.com"} {
		s, _, _ := inspecting(t, Config{PublicURL: public, Ingest: Ingest{Ports: []IngestPort{{Port: 1935, Plain: true}}}})
		v := decode[liveService](t, liveCall(s, "GET", livePath, ""))
		if len(v.Behaviours) < 5 || !slices.ContainsFunc(v.Behaviours, func(b liveBehaviour) bool { return b.Behaves && len(b.Refusals) > 0 && b.Text != "" }) {
			t.Errorf("behaviours %+v", v.Behaviours)
		}
		if !v.Open || len(v.Push) != 1 || v.Push[0] != (pushURL{Scheme: "rtmp", Host: want, Port: 1935}) {
			t.Errorf("public %q: %+v", public, v)
		}
	}
	s, _, _ := inspecting(t, Config{Ingest: Ingest{Host: "[2001:db8::1]", Ports: []IngestPort{{Port: 1935, Plain: true}}}})
	v := decode[liveSession](t, liveCall(s, "POST", livePath, `{}`))
	if v.Push[0].Server != "rtmp://[2001:db8::1]:1935/live" {
		t.Errorf("%+v", v.Push)
	}
}

func TestLiveOff(t *testing.T) {
	s, log := newServer(t, Config{})
	t.Cleanup(s.Close)
	if v := decode[liveService](t, liveCall(s, "GET", livePath, "")); v.Open || v.Push == nil {
		t.Errorf("%+v", v)
	}
	res := liveCall(s, "POST", livePath, `{}`)
	p := decode[map[string]any](t, res)
	if res.StatusCode != 404 || res.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(fmt.Sprint(p["detail"]), "--ingest-listen") {
		t.Errorf("%s %v", res.Status, p)
	}
	for _, path := range []string{"/" + liveID, "/" + liveID + "/events", "/" + liveID + "/report"} {
		if res := liveCall(s, "GET", livePath+path, ""); res.StatusCode != 404 {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	if res := liveCall(s, "DELETE", livePath+"/"+liveID, ""); res.StatusCode != 404 {
		t.Error(res.Status)
	}
	if strings.Contains(log.String(), liveID) {
		t.Error("an id is in the log")
	}
}

func TestLiveRefusals(t *testing.T) {
	s, fake, _ := inspecting(t, Config{liveLimits: liveLimits{Client: pace{5, time.Hour}}})
	for _, c := range []struct {
		name, body string
		header     []string
		fail       error
		status     int
		says       string
	}{
		{"no JSON", `x`, nil, nil, 400, "JSON object"},
		{"a list", `[]`, nil, nil, 400, "JSON object"},
		{"null", `null`, nil, nil, 400, "JSON object"},
		{"too large", `{"profile":"` + strings.Repeat("x", 5000) + `"}`, nil, nil, 400, "JSON object"},
		{"no type", `{}`, []string{"Content-Type", "text/plain"}, nil, 415, "application/json"},
		{"another site", `{}`, []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, nil, 403, "another site"},
		{"no such profile", `{"profile":"x"}`, nil, live.ErrProfile, 400, `"field":"profile"`},
		{"no such refusal", `{"profile":"youtube","behave":true,"refuse":"x"}`, nil, live.ErrRefusal, 400, `"field":"refuse"`},
		{"client's sessions", `{}`, nil, live.ErrClient, 429, `"limit":"client-running"`},
		{"all sessions", `{}`, nil, live.ErrFull, 429, `"limit":"all-running"`},
		{"stopping", `{}`, nil, live.ErrClosed, 503, "not ready"},
		{"quota", `{}`, nil, nil, 429, `"limit":"client"`},
	} {
		fake.fail = c.fail
		res := liveCall(s, "POST", livePath, c.body, c.header...)
		text := textOfBody(t, res)
		if res.StatusCode != c.status || !strings.Contains(text, c.says) || strings.Contains(text, liveKey) {
			t.Errorf("%s: %s %s", c.name, res.Status, text)
		}
		if c.status == 429 && res.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", c.name)
		}
	}
	if res := liveCall(s, "DELETE", livePath+"/"+liveID, "", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); res.StatusCode != 403 {
		t.Errorf("another site's page stops a push: %s", res.Status)
	}
}

func TestLiveSnapshot(t *testing.T) {
	s, fake, _ := inspecting(t, Config{})
	if res := liveCall(s, "GET", livePath+"/"+liveID+"/report", ""); res.StatusCode != 404 || !strings.Contains(textOfBody(t, res), "no report yet") {
		t.Error("a report before anything was pushed:", res.Status)
	}
	fake.snap.State = live.Publishing
	fake.snap.Report = json.RawMessage(`{"format":"ingestdoctor.report/1","kind":"live"}`)
	res := liveCall(s, "GET", livePath+"/"+liveID, "")
	if snap := decode[live.Snapshot](t, res); snap.State != live.Publishing || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%+v %v", snap, res.Header)
	}
	if text := textOfBody(t, liveCall(s, "GET", livePath+"/"+liveID+"/report", "")); strings.TrimSpace(text) != string(fake.snap.Report) {
		t.Errorf("the report is %s", text)
	}
	for _, id := range []string{"x", strings.ToUpper(liveID), liveKey} {
		if res := liveCall(s, "GET", livePath+"/"+id, ""); res.StatusCode != 404 {
			t.Errorf("%s: %s", id, res.Status)
		}
	}
	if res := liveCall(s, "DELETE", livePath+"/"+liveID, ""); res.StatusCode != 204 || fake.stopped != 1 {
		t.Errorf("%s, stopped %d times", res.Status, fake.stopped)
	}
}

// A stream has the state, what happens, and ends with end; it can be taken up again.
func TestLiveEvents(t *testing.T) {
	s, fake, _ := inspecting(t, Config{liveLimits: liveLimits{Watchers: 1, Comment: 20 * time.Millisecond}})
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	follow := func(last string) (*http.Response, *bufio.Scanner) {
		r, _ := http.NewRequest("GET", srv.URL+livePath+"/"+liveID+"/events", nil)
		if last != "" {
			r.Header.Set("Last-Event-ID", last)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return res, bufio.NewScanner(res.Body)
	}
	until := func(lines *bufio.Scanner, prefix string) string {
		t.Helper()
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), prefix) {
				return lines.Text()
			}
		}
		t.Fatalf("the stream ended before %q: %v", prefix, lines.Err())
		return ""
	}
	res, lines := follow("")
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("X-Accel-Buffering") != "no" || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatal(res.Status, res.Header)
	}
	until(lines, "event: state")
	if text := until(lines, "data: "); !strings.Contains(text, `"state":"waiting"`) {
		t.Error(text)
	}
	until(lines, ": still here") // keeps proxies from closing it
	second, _ := follow("")
	if second.StatusCode != 429 {
		t.Errorf("a second watcher of one allowed: %s", second.Status)
	}
	for n := int64(2); n < 40; n++ {
		fake.tell(n, "tick", fmt.Sprintf(`{"at_ms":%d}`, n))
	}
	for n := 2; n < 40; n++ { // every one, in order
		if got := until(lines, "id: "); got != fmt.Sprint("id: ", n) {
			t.Fatalf("%s instead of %d", got, n)
		}
	}
	fake.tell(40, "end", `{"state":"ended"}`)
	until(lines, "event: end")
	for lines.Scan() {
		if text := lines.Text(); strings.HasPrefix(text, "event:") {
			t.Errorf("after the end: %s", text)
		}
	}
	// the place of the first watcher is free again
	deadline := time.Now().Add(5 * time.Second)
	for {
		again, lines := follow("40")
		if again.StatusCode == 200 {
			if got := until(lines, "id: "); got != "id: 41" {
				t.Errorf("taken up again at %s", got)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a stream that ended still counts")
		}
	}
	fake.mu.Lock()
	defer fake.mu.Unlock()
	if got := fake.from[len(fake.from)-1]; got != 40 {
		t.Errorf("Last-Event-ID came as %d", got)
	}
}

// When the server stops, its streams end.
func TestLiveEventsEndWithServer(t *testing.T) {
	s, fake, _ := inspecting(t, Config{})
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	res, err := http.Get(srv.URL + livePath + "/" + liveID + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "event: state") {
	}
	s.Close()
	fake.tell(7, "end", `{"state":"ended","end":"shutdown"}`)
	said := false
	for lines.Scan() {
		said = said || strings.Contains(lines.Text(), "shutdown")
	}
	if !said {
		t.Error("the last event did not come")
	}
}

func textOfBody(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLiveAnswersAreAsDescribed(t *testing.T) {
	s, fake, _ := inspecting(t, Config{Ingest: Ingest{OwnCertificate: true, Ports: []IngestPort{{Port: 1935, Plain: true}}}})
	doc := described(t, s)
	one := livePath + "/{id}"
	doc.holds(t, "get", livePath, liveCall(s, "GET", livePath, ""))
	doc.holds(t, "post", livePath, liveCall(s, "POST", livePath, `{}`))
	doc.holds(t, "post", livePath, liveCall(s, "POST", livePath, `[]`))
	fake.snap.Connections = []live.Connection{{
		N: 1, Fields: []live.Field{{Name: "app", Value: "live"}}, Enhanced: []live.Field{{Name: "a", Value: "b"}},
		Metadata: []live.Field{}, Changed: []string{"x"}, TLS: "TLS 1.3", Why: "it went",
	}}
	fake.snap.Entries = []live.Entry{{Dir: "in", Name: "connect", Text: "x", Level: "warning"}}
	fake.snap.Ticks = []live.Tick{{At: 200}}
	doc.holds(t, "get", one+"/report", liveCall(s, "GET", livePath+"/"+liveID+"/report", ""))
	fake.snap.End, fake.snap.EndText, fake.snap.Report = live.EndedStopped, "Stopped.", json.RawMessage(`{}`)
	doc.holds(t, "get", one, liveCall(s, "GET", livePath+"/"+liveID, ""))
	doc.holds(t, "get", one, liveCall(s, "GET", livePath+"/x", ""))
	doc.holds(t, "get", one+"/report", liveCall(s, "GET", livePath+"/"+liveID+"/report", ""))
	doc.holds(t, "delete", one, liveCall(s, "DELETE", livePath+"/"+liveID, ""))
	doc.holds(t, "delete", one, liveCall(s, "DELETE", livePath+"/x", ""))
	doc.holds(t, "get", one+"/events", liveCall(s, "GET", livePath+"/x/events", ""))
}
