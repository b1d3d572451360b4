package site

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ingestdoctor/server/internal/probe"
	"ingestdoctor/wasm/diag"
)

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
