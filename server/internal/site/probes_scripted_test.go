package site

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
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
	if err := scan(res.Body, func(e event) { events = append(events, e) }, comment); err != nil {
		t.Fatal(err)
	}
	return events
}

// scan reads events, and the comments that keep a stream open, to its end.
func scan(r io.Reader, each func(event), comment func()) error {
	var e event
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.kind = value
		case "data":
			e.data = value
		case "":
			if lines.Text() != "" {
				comment()
			} else if e.kind != "" {
				each(e)
				e = event{}
			}
		}
	}
	return lines.Err()
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
