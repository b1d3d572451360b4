package site

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ingestdoctor/server/internal/probe"
	"ingestdoctor/wasm/diag"
)

// scripted is a prober that does what the target says: "ok.example" ends at
// once, "wait.example" when the test lets it, "stuck.example" when it is
// cancelled, "panic.example" never in order.
type scripted struct {
	runs    atomic.Int64
	running atomic.Int64
	release chan struct{}
	freed   atomic.Int64 // plans that the garbage collector has taken
}

func newScripted() *scripted { return &scripted{release: make(chan struct{})} }

func (s *scripted) Plan(req probe.Request) (*probe.Plan, error) {
	if strings.Contains(req.Target, " ") {
		return nil, &probe.InputError{Field: "target", Text: "There is a space in the target."}
	}
	// a real plan keeps the request, key and all
	plan := &probe.Plan{
		Host: strings.ToLower(req.Target), Publish: req.Publish, ID: req.Target + strconv.FormatBool(req.Enhanced),
		Redacted: req.Key,
	}
	runtime.AddCleanup(plan, func(n *atomic.Int64) { n.Add(1) }, &s.freed)
	return plan, nil
}

func (s *scripted) Run(ctx context.Context, plan *probe.Plan, emit func(probe.Event)) *probe.Result {
	s.runs.Add(1)
	s.running.Add(1)
	defer s.running.Add(-1)
	seq := 0
	say := func(e probe.Event) { seq++; e.Seq = seq; emit(e) }
	res := &probe.Result{Target: probe.Target{Host: plan.Host}, Vantage: "a test"}
	res.Format, res.Kind, res.Input.State = diag.Format, "probe", diag.StateComplete
	rung := func(state string) *probe.Rung {
		return &probe.Rung{Stage: probe.TCP, State: state, MS: 1.5, Detail: "said"}
	}
	say(probe.Event{Type: "target", Ladder: -1, Target: &res.Target})
	res.Ladders = []probe.Ladder{{Address: "203.0.113.7", Port: 1935, Scheme: "rtmp", State: probe.Waiting, Rungs: []probe.Rung{{Stage: probe.TCP, State: probe.Waiting}}}}
	say(probe.Event{Type: "ladders", Ladder: -1, Ladders: res.Ladders})
	say(probe.Event{Type: "rung", Rung: rung(probe.Running)})
	name, _, _ := strings.Cut(plan.Host, ".")
	switch strings.TrimRight(name, "0123456789") {
	case "panic":
		panic("secret-in-a-panic")
	case "wait":
		select {
		case <-s.release:
		case <-ctx.Done():
		}
	case "stuck":
		<-ctx.Done()
	}
	if ctx.Err() != nil {
		res.Input.State = diag.StateCancelled
		say(probe.Event{Type: "rung", Rung: rung(probe.Cancelled)})
	} else {
		say(probe.Event{Type: "rung", Rung: rung(probe.OK)})
	}
	say(probe.Event{Type: "done", Ladder: -1, Result: res})
	return res
}

// prober is a server whose probes are scripted.
func probing(t *testing.T, cfg Config) (*Server, *scripted, *logBuffer) {
	t.Helper()
	fake := newScripted()
	cfg.prober = fake
	s, log := newServer(t, cfg)
	t.Cleanup(s.Close)
	return s, fake, log
}

// post asks for a probe; header are pairs.
func post(s http.Handler, body string, header ...string) *http.Response {
	r := httptest.NewRequest("POST", probesPath, strings.NewReader(body))
	r.Host = "localhost:8080"
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Remote" {
			r.RemoteAddr = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func decode[T any](t *testing.T, res *http.Response) (v T) {
	t.Helper()
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// begun is a probe that was taken.
func begun(t *testing.T, s http.Handler, body string, header ...string) probeView {
	t.Helper()
	res := post(s, body, header...)
	if res.StatusCode != 202 {
		t.Fatalf("%s: %d %s", body, res.StatusCode, text(t, res))
	}
	return decode[probeView](t, res)
}

type problemJSON struct {
	Title      string `json:"title"`
	Status     int    `json:"status"`
	Detail     string `json:"detail"`
	Field      string `json:"field"`
	Limit      string `json:"limit"`
	RetryAfter int    `json:"retry_after_s"`
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !f(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// event is one of a stream.
type event struct{ id, kind, data string }

// readEvents reads a stream to its end.
func readEvents(t *testing.T, url string, header ...string) []event {
	t.Helper()
	return follow(t, url, func() {}, header...)
}

// follow is readEvents, told of every comment that keeps the stream open.
func follow(t *testing.T, url string, comment func(), header ...string) (events []event) {
	t.Helper()
	r, _ := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if kind := res.Header.Get("Content-Type"); kind != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s %s", res.StatusCode, kind, res.Header.Get("Cache-Control"))
	}
	var e event
	scan := bufio.NewScanner(res.Body)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		name, value, _ := strings.Cut(scan.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.kind = value
		case "data":
			e.data = value
		case "":
			if scan.Text() != "" {
				comment()
			} else if e.kind != "" {
				events = append(events, e)
				e = event{}
			}
		}
	}
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
	return events
}

func kinds(events []event) (list []string) {
	for i, e := range events {
		list = append(list, e.kind)
		if n, err := strconv.Atoi(e.id); err != nil || i > 0 && events[i-1].id != strconv.Itoa(n-1) {
			list = append(list, "badly numbered "+e.id)
		}
	}
	return list
}

// From the request to the report: accepted, followed, read, taken up again in
// the middle, forgotten.
func TestProbe(t *testing.T) {
	s, fake, _ := probing(t, Config{limits: probeLimits{Comment: 5 * time.Millisecond}})
	web := httptest.NewServer(s)
	defer web.Close()

	res := post(s, `{"target": "wait.example"}`)
	if res.StatusCode != 202 || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatal(res.StatusCode, res.Header)
	}
	v := decode[probeView](t, res)
	if len(v.ID) != 32 || v.URL != "/api/v1/probes/"+v.ID || v.Events != v.URL+"/events" || res.Header.Get("Location") != v.URL || v.State != "running" || v.Reused || v.Report != nil {
		t.Errorf("%+v", v)
	}

	eventually(t, "a rung begins", func() bool {
		so := decode[probeView](t, ask(s, "GET", v.URL))
		var r probe.Result
		if err := json.Unmarshal(so.Report, &r); err != nil {
			t.Fatal(err)
		}
		return so.State == "running" && r.Input.State == diag.StateReading && r.Target.Host == "wait.example" &&
			len(r.Ladders) == 1 && r.Ladders[0].Rungs[0].State == probe.Running
	})

	all, comments := make(chan []event), make(chan struct{}, 1000)
	go func() { all <- follow(t, web.URL+v.Events, func() { comments <- struct{}{} }) }()
	for range 3 {
		select {
		case <-comments:
		case <-time.After(5 * time.Second):
			t.Fatal("nothing keeps the stream open")
		}
	}
	close(fake.release)
	got := <-all
	if k := kinds(got); !slices.Equal(k, []string{"target", "ladders", "rung", "rung", "done"}) {
		t.Errorf("%v", k)
	}
	var last probe.Event
	if err := json.Unmarshal([]byte(got[4].data), &last); err != nil || last.Result == nil || last.Result.Input.State != diag.StateComplete || last.Seq != 5 {
		t.Errorf("%v %+v", err, last)
	}

	// taken up again after the second
	again := readEvents(t, web.URL+v.Events, "Last-Event-ID", "2")
	if k := kinds(again); !slices.Equal(k, []string{"rung", "rung", "done"}) || again[0] != got[2] || again[2] != got[4] {
		t.Errorf("%v", k)
	}
	for _, id := range []string{"5", "99"} {
		if res := ask(s, "GET", v.Events, "Last-Event-ID", id); res.StatusCode != 204 {
			t.Errorf("after the last: %d", res.StatusCode)
		}
	}
	if e := readEvents(t, web.URL+v.Events, "Last-Event-ID", "-4"); len(e) != 5 {
		t.Errorf("%d events", len(e))
	}

	end := decode[probeView](t, ask(s, "GET", v.URL))
	if end.State != "done" || !strings.Contains(string(end.Report), `"vantage":"a test"`) {
		t.Errorf("%s %s", end.State, end.Report)
	}
	if res := ask(s, "DELETE", v.URL); res.StatusCode != 204 {
		t.Errorf("%d", res.StatusCode)
	}
	for _, path := range []string{v.URL, v.Events, probesPath + "/" + strings.Repeat("0", 32), probesPath + "/x"} {
		if res := ask(s, "GET", path); res.StatusCode != 404 || res.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	if n := len(s.probes.tickets) + len(s.probes.order) + len(s.probes.recent) + s.probes.size; n != 0 {
		t.Errorf("%d things are left", n)
	}
}

// A cancelled probe ends, and says so to those who follow it.
func TestProbeCancel(t *testing.T) {
	s, fake, log := probing(t, Config{})
	web := httptest.NewServer(s)
	defer web.Close()
	v := begun(t, s, `{"target": "stuck.example"}`)
	eventually(t, "it runs", func() bool { return fake.running.Load() == 1 })
	got := make(chan []event)
	go func() {
		got <- readEvents(t, web.URL+v.Events)
	}()
	eventually(t, "somebody listens", func() bool {
		s.probes.mu.Lock()
		defer s.probes.mu.Unlock()
		return s.probes.tickets[v.ID].streams == 1
	})
	if res := ask(s, "DELETE", v.URL); res.StatusCode != 204 {
		t.Fatal(res.StatusCode)
	}
	events := <-got
	if k := kinds(events); k[len(k)-1] != "done" || !strings.Contains(events[len(events)-1].data, `"state":"cancelled"`) {
		t.Errorf("%v", events)
	}
	eventually(t, "it ends", func() bool { return fake.running.Load() == 0 })
	if v := decode[probeView](t, ask(s, "GET", v.URL)); v.State != "cancelled" {
		t.Errorf("%s", v.State)
	}
	eventually(t, "it is logged", func() bool { return strings.Contains(log.String(), `"outcome":"cancelled"`) })
	if v := begun(t, s, `{"target": "stuck.example"}`); v.Reused {
		t.Error("a cancelled probe is reused")
	}
}

// Identical probes of a minute share one run; what one person cancels goes on
// for the other; a publish probe is never shared.
func TestProbeReuse(t *testing.T) {
	now := time.Now()
	var mu sync.Mutex
	s, fake, _ := probing(t, Config{})
	s.probes.now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	one := begun(t, s, `{"target": "wait.example"}`)
	two := begun(t, s, `{"target": "wait.example"}`, "Remote", "198.51.100.9:1")
	if one.Reused || !two.Reused || one.ID == two.ID {
		t.Errorf("%+v %+v", one, two)
	}
	other := begun(t, s, `{"target": "wait.example", "enhanced": true}`)
	if other.Reused {
		t.Error("another question is answered by the same run")
	}
	ask(s, "DELETE", one.URL)
	gone := decode[probeView](t, ask(s, "GET", one.URL))
	if gone.State != "cancelled" || !strings.Contains(string(gone.Report), `"state":"cancelled"`) {
		t.Errorf("%s %s", gone.State, gone.Report)
	}
	// its events end too, the run's go on
	if res := ask(s, "GET", one.Events); !strings.Contains(text(t, res), "event: done") {
		t.Error("the cancelled stream does not end")
	}
	if v := decode[probeView](t, ask(s, "GET", two.URL)); v.State != "running" {
		t.Errorf("the other's is %s", v.State)
	}
	close(fake.release)
	eventually(t, "it ends", func() bool { return decode[probeView](t, ask(s, "GET", two.URL)).State == "done" })
	if fake.runs.Load() != 2 {
		t.Errorf("%d runs", fake.runs.Load())
	}

	mu.Lock()
	now = now.Add(59 * time.Second)
	mu.Unlock()
	if v := begun(t, s, `{"target": "wait.example"}`); !v.Reused || v.AgeS < 58 {
		t.Errorf("after 59 s: %+v", v)
	}
	mu.Lock()
	now = now.Add(2 * time.Second)
	mu.Unlock()
	if v := begun(t, s, `{"target": "wait.example"}`); v.Reused {
		t.Error("after 61 s it is reused")
	}
	for range 2 {
		if v := begun(t, s, `{"target": "ok.example", "publish": true, "key": "k"}`); v.Reused {
			t.Error("a publish probe is reused")
		}
	}
}

// A probe that nobody watches ends; one that is watched or asked for goes on.
func TestProbeAbandoned(t *testing.T) {
	s, fake, _ := probing(t, Config{limits: probeLimits{Grace: 600 * time.Millisecond}})
	web := httptest.NewServer(s)
	defer web.Close()
	begun(t, s, `{"target": "stuck1.example"}`)
	eventually(t, "it runs", func() bool { return fake.running.Load() == 1 })
	eventually(t, "it ends by itself", func() bool { return fake.running.Load() == 0 })

	v := begun(t, s, `{"target": "stuck2.example"}`)
	eventually(t, "it runs", func() bool { return fake.running.Load() == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	r, _ := http.NewRequestWithContext(ctx, "GET", web.URL+v.Events, nil)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(900 * time.Millisecond)
	if fake.running.Load() != 1 {
		t.Fatal("it ended although somebody listens")
	}
	cancel()
	res.Body.Close()
	for range 6 { // asked for from time to time
		time.Sleep(150 * time.Millisecond)
		if ask(s, "GET", v.URL); fake.running.Load() != 1 {
			t.Fatal("it ended although somebody asks for it")
		}
	}
	eventually(t, "it ends by itself", func() bool { return fake.running.Load() == 0 })
	if out := text(t, ask(s, "GET", "/metrics")); !strings.Contains(out, "ingestdoctor_probes_abandoned_total 2") {
		t.Error("not counted")
	}
}

// Each quota holds, says its name and when to come back.
func TestProbeQuotas(t *testing.T) {
	small := pace{2, time.Minute}
	for _, tc := range []struct {
		limit  string
		limits probeLimits
		ask    func(i int) (body, remote string)
		taken  int
	}{
		{limitClient, probeLimits{Client: small}, func(i int) (string, string) {
			return fmt.Sprintf(`{"target": "ok%d.example"}`, i), "203.0.113.9:1"
		}, 2},
		{limitClient, probeLimits{Client: small}, func(i int) (string, string) { // one /64
			return fmt.Sprintf(`{"target": "ok%d.example"}`, i), fmt.Sprintf("[2001:db8:1:2::%x]:1", i+1)
		}, 2},
		{limitClient, probeLimits{Client: small}, func(i int) (string, string) { // reused ones count too
			return `{"target": "ok.example"}`, "203.0.113.9:1"
		}, 2},
		{limitHost, probeLimits{Host: small}, func(i int) (string, string) {
			return fmt.Sprintf(`{"target": "ok.example", "publish": true, "key": "k%d"}`, i), fmt.Sprintf("203.0.113.%d:1", i+1)
		}, 2},
		{limitAll, probeLimits{All: small}, func(i int) (string, string) {
			return fmt.Sprintf(`{"target": "ok%d.example"}`, i), fmt.Sprintf("203.0.113.%d:1", i+1)
		}, 2},
		{limitClientRunning, probeLimits{ClientRunning: 2}, func(i int) (string, string) {
			return fmt.Sprintf(`{"target": "stuck%d.example"}`, i), "203.0.113.9:1"
		}, 2},
		{limitAllRunning, probeLimits{AllRunning: 2}, func(i int) (string, string) {
			return fmt.Sprintf(`{"target": "stuck%d.example"}`, i), fmt.Sprintf("203.0.113.%d:1", i+1)
		}, 2},
	} {
		s, _, _ := probing(t, Config{limits: tc.limits})
		taken := 0
		for i := range 5 {
			body, remote := tc.ask(i)
			res := post(s, body, "Remote", remote)
			switch res.StatusCode {
			case 202:
				taken++
			case 429:
				p := decode[problemJSON](t, res)
				retry, _ := strconv.Atoi(res.Header.Get("Retry-After"))
				if p.Limit != tc.limit || p.RetryAfter < 1 || p.RetryAfter > 60 || retry != p.RetryAfter || p.Status != 429 || p.Detail != limitTexts[tc.limit] {
					t.Errorf("%s: %+v, Retry-After %d", tc.limit, p, retry)
				}
			default:
				t.Errorf("%s: %d", tc.limit, res.StatusCode)
			}
		}
		if taken != tc.taken {
			t.Errorf("%s: %d were taken", tc.limit, taken)
		}
		if tc.limit != limitAll && tc.limit != limitAllRunning {
			// somebody else, elsewhere
			if res := post(s, `{"target": "ok77.example"}`, "Remote", "192.0.2.200:1"); res.StatusCode != 202 {
				t.Errorf("%s: another user gets %d", tc.limit, res.StatusCode)
			}
		}
		if out := text(t, ask(s, "GET", "/metrics")); !strings.Contains(out, `ingestdoctor_probes_refused_total{limit="`+tc.limit+`"} 3`) {
			t.Errorf("%s is not counted", tc.limit)
		}
	}
	for limit := range limitTexts {
		if limitTexts[limit] == "" {
			t.Errorf("no words for %s", limit)
		}
	}
}

// The quota of an address holds whatever name led to it.
func TestProbeAddressQuota(t *testing.T) {
	s, _, _ := probing(t, Config{limits: probeLimits{Address: pace{2, time.Minute}}})
	for i := range 2 {
		if err := s.probes.admit(mustAddr(t, "203.0.113.7")); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if err := s.probes.admit(mustAddr(t, "::ffff:203.0.113.7")); err == nil || err.Error() != limitTexts[limitAddress] {
		t.Errorf("%v", err)
	}
	if err := s.probes.admit(mustAddr(t, "203.0.113.8")); err != nil {
		t.Error("another address is refused")
	}
	// asked for by its number, it is refused at the door
	if p := decode[problemJSON](t, post(s, `{"target": "203.0.113.7"}`)); p.Limit != limitAddress {
		t.Errorf("%+v", p)
	}
}

// A stream more than may be is refused.
func TestProbeStreams(t *testing.T) {
	s, _, _ := probing(t, Config{limits: probeLimits{Streams: 1}})
	web := httptest.NewServer(s)
	defer web.Close()
	v := begun(t, s, `{"target": "stuck.example"}`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, "GET", web.URL+v.Events, nil)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	second, err := http.Get(web.URL + v.Events)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Body.Close()
	if p := decode[problemJSON](t, second); p.Limit != limitStreams || second.Header.Get("Retry-After") == "" {
		t.Errorf("%+v", p)
	}
}

// Only our own pages and programs that are no browser may change anything.
func TestProbeOrigin(t *testing.T) {
	s, fake, _ := probing(t, Config{PublicURL: "https://doctor.example.com"})
	for _, tc := range []struct {
		header []string
		want   int
	}{
		{nil, 202},
		{[]string{"Origin", "http://localhost:8080", "Sec-Fetch-Site", "same-origin"}, 202},
		{[]string{"Origin", "https://doctor.example.com"}, 202},
		{[]string{"Origin", "https://evil.example"}, 403},
		{[]string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403},
		{[]string{"Sec-Fetch-Site", "same-site", "Origin", "http://other.localhost:8080"}, 403},
		{[]string{"Origin", "null"}, 403},
	} {
		if res := post(s, `{"target": "ok.example"}`, tc.header...); res.StatusCode != tc.want {
			t.Errorf("%v: %d", tc.header, res.StatusCode)
		}
	}
	v := begun(t, s, `{"target": "stuck.example"}`)
	if res := ask(s, "DELETE", v.URL, "Origin", "https://evil.example"); res.StatusCode != 403 {
		t.Errorf("another site cancels: %d", res.StatusCode)
	}
	if res := ask(s, "GET", v.URL); res.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another site may read it")
	}
	_ = fake
}

// What makes no sense is refused in words that hold nothing of what was sent.
func TestProbeBadRequests(t *testing.T) {
	s, fake, log := probing(t, Config{})
	const key = "live_SECRET_0123456789"
	for _, tc := range []struct {
		body   string
		status int
		field  string
	}{
		{``, 400, ""},
		{`null`, 400, ""},
		{`[]`, 400, ""},
		{`{"target": "` + key, 400, ""},
		{`{"target": {"` + key + `": 1}}`, 400, ""},
		{`{}`, 400, "target"},
		{`{"target": ""}`, 400, "target"},
		{`{"target": "ok.example", "key": "` + key + `"}`, 400, "key"},
		{`{"target": "with space ` + key + `"}`, 400, "target"},
		{`{"target": "` + strings.Repeat(key, 1000) + `"}`, 400, ""},
	} {
		res := post(s, tc.body)
		body := text(t, res)
		var p problemJSON
		if err := json.Unmarshal([]byte(body), &p); err != nil || res.StatusCode != tc.status || p.Field != tc.field || p.Detail == "" || strings.Contains(body, key) {
			t.Errorf("%.60s: %d %s %v", tc.body, res.StatusCode, body, err)
		}
	}
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "", "application/json; charset"} {
		if res := post(s, `{"target": "ok.example"}`, "Content-Type", kind); res.StatusCode != 415 {
			t.Errorf("%q: %d", kind, res.StatusCode)
		}
	}
	if res := ask(s, "GET", probesPath); res.StatusCode != 405 {
		t.Errorf("GET: %d", res.StatusCode)
	}
	if fake.runs.Load() != 0 {
		t.Error("something was probed")
	}
	if strings.Contains(log.String(), key) {
		t.Errorf("the log: %s", log.String())
	}
	off, _, _ := probing(t, Config{NoProbes: true})
	if res := post(off, `{"target": "ok.example"}`); res.StatusCode != 403 || !strings.Contains(text(t, res), "ingestdoctor probe") {
		t.Errorf("switched off: %d", res.StatusCode)
	}
}

// A key, a target, an id: none is in the log or the metrics, and nobody holds on
// to a key when its probe is over.
func TestProbeKeepsNoSecrets(t *testing.T) {
	s, fake, log := probing(t, Config{})
	const key = "live_SECRET_0123456789"
	v := begun(t, s, `{"target": "ok.secret-host.example", "publish": true, "key": "`+key+`"}`)
	eventually(t, "it ends", func() bool { return decode[probeView](t, ask(s, "GET", v.URL)).State == "done" })
	p := begun(t, s, `{"target": "panic.secret-host.example", "publish": true, "key": "`+key+`"}`)
	eventually(t, "it breaks", func() bool { return decode[probeView](t, ask(s, "GET", p.URL)).State == "done" })
	eventually(t, "it is logged", func() bool {
		return strings.Contains(log.String(), `"outcome":"ok"`) && strings.Contains(log.String(), `"outcome":"broken"`)
	})
	out := log.String() + text(t, ask(s, "GET", "/metrics"))
	for _, secret := range []string{key, "secret-host", "secret-in-a-panic", v.ID} {
		if strings.Contains(out, secret) {
			at := strings.Index(out, secret)
			t.Errorf("%s: %s", secret, out[max(0, at-200):at+100])
		}
	}
	for _, want := range []string{`ingestdoctor_probes_total{outcome="ok",rule="none"} 1`, `ingestdoctor_probes_total{outcome="broken",rule="none"} 1`, "ingestdoctor_probes_running 0"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s", want)
		}
	}
	if body := text(t, ask(s, "GET", p.URL)); !strings.Contains(body, "broke on our side") || strings.Contains(body, key) {
		t.Errorf("%s", body)
	}
	eventually(t, "the plans are let go", func() bool { runtime.GC(); return fake.freed.Load() == 2 })
}

// The limits of ordinary requests do not end a stream, and a server that stops
// ends its probes first, with a last event for those who follow.
func TestProbeStreamOutlivesTimeouts(t *testing.T) {
	fake := newScripted()
	s, _ := newServer(t, Config{
		Listen: "127.0.0.1:0", prober: fake, limits: probeLimits{Comment: 20 * time.Millisecond},
		ReadTimeout: 100 * time.Millisecond, WriteTimeout: 100 * time.Millisecond, ShutdownTimeout: 5 * time.Second,
	})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	addr, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- s.Run(ctx, func(a net.Addr) { addr <- a }) }()
	base := "http://" + (<-addr).String()
	v := begun(t, s, `{"target": "stuck.example"}`)
	got := make(chan []event)
	go func() {
		got <- readEvents(t, base+v.Events)
	}()
	select {
	case e := <-got:
		t.Fatalf("the stream ended: %v", e)
	case <-time.After(400 * time.Millisecond):
	}
	start := time.Now()
	stop()
	if e := <-got; len(e) == 0 || e[len(e)-1].kind != "done" {
		t.Errorf("%v", e)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 2*time.Second || fake.running.Load() != 0 {
		t.Errorf("stopping took %v; %d still run", took, fake.running.Load())
	}
	if res := post(s, `{"target": "ok.example"}`); res.StatusCode != 503 {
		t.Errorf("a stopped server: %d", res.StatusCode)
	}
}

// 500 at once, most of them stuck: the quotas hold, nothing is left when they
// are over, and another user's page is quick meanwhile.
func TestProbeCrowd(t *testing.T) {
	s, fake, _ := probing(t, Config{limits: probeLimits{Client: pace{1000, time.Second}, All: pace{1000, time.Second}, ClientRunning: 1000}})
	ask(s, "GET", "/rules/keyframe-interval")
	runtime.GC()
	var before, during, after runtime.MemStats
	runtime.ReadMemStats(&before)
	goroutines := runtime.NumGoroutine()

	var taken, refused, other atomic.Int64
	var wg sync.WaitGroup
	for i := range 500 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			switch res := post(s, fmt.Sprintf(`{"target": "stuck%d.example"}`, i), "Remote", fmt.Sprintf("10.%d.%d.1:1", i/250, i%250)); res.StatusCode {
			case 202:
				taken.Add(1)
			case 429:
				refused.Add(1)
			default:
				other.Add(1)
			}
		}()
	}
	wg.Wait()
	if taken.Load() != int64(s.probes.limits.AllRunning) || refused.Load() != 500-taken.Load() || other.Load() != 0 {
		t.Errorf("%d taken, %d refused, %d otherwise", taken.Load(), refused.Load(), other.Load())
	}
	eventually(t, "all run", func() bool { return fake.running.Load() == taken.Load() })
	runtime.GC()
	runtime.ReadMemStats(&during)
	var slowest time.Duration
	for range 50 {
		start := time.Now()
		if res := ask(s, "GET", "/rules/keyframe-interval"); res.StatusCode != 200 {
			t.Fatal(res.StatusCode)
		}
		slowest = max(slowest, time.Since(start))
	}
	if slowest > 500*time.Millisecond {
		t.Errorf("another user's page took %v", slowest)
	}
	s.Close()
	if fake.running.Load() != 0 {
		t.Errorf("%d still run", fake.running.Load())
	}
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= goroutines+2 })
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grew := int64(after.HeapAlloc) - int64(before.HeapAlloc); grew > 20<<20 {
		t.Errorf("%d bytes are left", grew)
	}
	t.Logf("%d taken, %d refused; heap %d kB, %d kB, %d kB; slowest page %v", taken.Load(), refused.Load(),
		before.HeapAlloc>>10, during.HeapAlloc>>10, after.HeapAlloc>>10, slowest)
}

// Results are kept in bounds, by number and by size, and not for ever.
func TestProbeRetention(t *testing.T) {
	plenty := probeLimits{Client: pace{1000, time.Second}, Host: pace{1000, time.Second}, All: pace{1000, time.Second}}
	finished := func(s *Server, i int) probeView {
		v := begun(t, s, fmt.Sprintf(`{"target": "ok%d.example"}`, i))
		eventually(t, "it ends", func() bool {
			s.probes.mu.Lock()
			defer s.probes.mu.Unlock()
			tk := s.probes.tickets[v.ID]
			return (tk == nil || tk.run.final != nil) && s.probes.runningN == 0
		})
		return v
	}
	few := plenty
	few.Kept = 5
	s, _, _ := probing(t, Config{limits: few})
	var views []probeView
	for i := range 20 {
		views = append(views, finished(s, i))
	}
	if n := len(s.probes.tickets); n > 6 {
		t.Errorf("%d results are kept", n)
	}
	if res := ask(s, "GET", views[0].URL); res.StatusCode != 404 {
		t.Error("the oldest is kept")
	}
	if res := ask(s, "GET", views[19].URL); res.StatusCode != 200 {
		t.Error("the youngest is not kept")
	}

	small := plenty
	small.KeptSize = 20_000
	s, _, _ = probing(t, Config{limits: small})
	for i := range 100 {
		finished(s, i)
	}
	if s.probes.size > 20_000 || len(s.probes.tickets) < 3 {
		t.Errorf("%d bytes in %d results", s.probes.size, len(s.probes.tickets))
	}

	short := plenty
	short.Keep = 30 * time.Millisecond
	s, _, _ = probing(t, Config{limits: short})
	v := finished(s, 1)
	eventually(t, "it is forgotten", func() bool { return ask(s, "GET", v.URL).StatusCode == 404 })
	s.probes.mu.Lock()
	defer s.probes.mu.Unlock()
	if n := len(s.probes.tickets) + len(s.probes.order) + len(s.probes.recent) + s.probes.size; n != 0 {
		t.Errorf("%d things are left", n)
	}
}

func mustAddr(t *testing.T, s string) netip.Addr {
	t.Helper()
	a, err := netip.ParseAddr(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Visitors learn the address under which they come.
func TestClientInfo(t *testing.T) {
	s, _, _ := probing(t, Config{TrustedProxies: []string{"10.0.0.0/8"}, ProbePorts: []int{8443}})
	for _, tc := range []struct{ remote, forwarded, address, family, kind string }{
		{"203.0.113.9:1", "", "203.0.113.9", "ipv4", "public"},
		{"203.0.113.9:1", "1.2.3.4", "203.0.113.9", "ipv4", "public"},
		{"10.0.0.1:1", "1.2.3.4, 203.0.113.9", "203.0.113.9", "ipv4", "public"},
		{"[2001:db8::5%eth0]:1", "", "2001:db8::5", "ipv6", "public"},
		{"192.168.7.7:1", "", "192.168.7.7", "ipv4", "private"},
		{"100.64.0.9:1", "", "100.64.0.9", "ipv4", "private"},
		{"127.0.0.1:1", "", "127.0.0.1", "ipv4", "loopback"},
	} {
		r := httptest.NewRequest("GET", "/api/v1/client", nil)
		r.Host, r.RemoteAddr = "localhost", tc.remote
		if tc.forwarded != "" {
			r.Header.Set("X-Forwarded-For", tc.forwarded)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Error("it may be kept")
		}
		got := decode[clientInfo](t, w.Result())
		if got.Address != tc.address || got.Family != tc.family || got.Kind != tc.kind || !got.Probes.Allowed || !slices.Equal(got.Probes.Ports, []int{8443}) {
			t.Errorf("%+v: %+v", tc, got)
		}
	}
}

func TestProbeConfig(t *testing.T) {
	for _, bad := range []Config{{ProbePorts: []int{0}}, {ProbePorts: []int{70000}}, {OwnAddresses: []string{"here"}}, {TrustedProxies: []string{"*"}}} {
		if _, err := New(bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

// The answers are as the API's description says.
func TestProbeOpenAPI(t *testing.T) {
	s, fake, _ := probing(t, Config{limits: probeLimits{ClientRunning: 1}})
	doc := described(t, s)
	doc.holds(t, "get", "/api/v1/client", ask(s, "GET", "/api/v1/client"))
	one := "/api/v1/probes/{id}"
	v := begun(t, s, `{"target": "wait.example", "profile": "youtube"}`)
	doc.holds(t, "post", probesPath, post(s, `{"target": "wait.example", "profile": "youtube"}`)) // reused
	doc.holds(t, "get", one, ask(s, "GET", v.URL))
	doc.holds(t, "post", probesPath, post(s, `{"target": "other.example"}`)) // 429
	doc.holds(t, "post", probesPath, post(s, `{}`))
	doc.holds(t, "post", probesPath, post(s, `{}`, "Content-Type", "text/plain"))
	doc.holds(t, "post", probesPath, post(s, `{}`, "Origin", "https://evil.example"))
	close(fake.release)
	eventually(t, "it ends", func() bool { return decode[probeView](t, ask(s, "GET", v.URL)).State == "done" })
	doc.holds(t, "get", one, ask(s, "GET", v.URL))
	doc.holds(t, "get", one+"/events", ask(s, "GET", v.Events, "Last-Event-ID", "99"))
	doc.holds(t, "get", one+"/events", ask(s, "GET", probesPath+"/x/events"))
	doc.holds(t, "get", one, ask(s, "GET", probesPath+"/x"))
	doc.holds(t, "delete", one, ask(s, "DELETE", v.URL))
	doc.holds(t, "delete", one, ask(s, "DELETE", v.URL))
	s.Close()
	doc.holds(t, "post", probesPath, post(s, `{"target": "ok.example"}`))
}
