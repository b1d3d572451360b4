package live_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ingestdoctor/server/internal/listen"
	"ingestdoctor/server/internal/live"
	"ingestdoctor/wasm/analyze"
	"ingestdoctor/wasm/check"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// rig is a hub behind a port, as the program has it.
type rig struct {
	t    *testing.T
	hub  *live.Hub
	port int
}

func newRig(t *testing.T, cfg live.Config) *rig {
	t.Helper()
	l, err := listen.Open(listen.Config{Addrs: []string{"127.0.0.1:0"}, DevTLS: true, Hosts: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Sessions, cfg.PerClient = 200, 200
	r := &rig{t: t, hub: live.New(cfg), port: l.Ports()[0]}
	l.Serve(listen.Handlers{RTMP: r.hub.Serve})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.hub.Close(ctx); err != nil {
			t.Errorf("the hub does not close: %v", err)
		}
		l.Close(ctx)
	})
	return r
}

// stream is one session of the hub, and an address to push to.
type stream struct {
	t *testing.T
	live.Created
	hub *live.Hub
	tap *tap

	mu     sync.Mutex
	counts map[string]int // events seen, by name
	states []string       // of the session, in turn
	report json.RawMessage
	ticks  []live.Tick
}

// session makes one and watches it until the test ends.
func (r *rig) session(t *testing.T, req live.Request) *stream {
	t.Helper()
	made, err := r.hub.Create(req, netip.MustParsePrefix("127.0.0.1/32"))
	if err != nil {
		t.Fatal(err)
	}
	s := &stream{t: t, Created: made, hub: r.hub, tap: newTap(t, r.port), counts: map[string]int{}}
	events, ok := r.hub.Watch(context.Background(), made.ID, 0)
	if !ok {
		t.Fatal("a new session cannot be watched")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range events {
			s.take(e)
		}
	}()
	t.Cleanup(func() {
		r.hub.Stop(made.ID)
		<-done
	})
	return s
}

func (s *stream) take(e live.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[e.Name]++
	switch e.Name {
	case "state", "end":
		var v live.Snapshot
		if err := json.Unmarshal(e.Data, &v); err != nil {
			s.t.Errorf("%s: %v", e.Name, err)
		}
		if n := len(s.states); n == 0 || s.states[n-1] != v.State {
			s.states = append(s.states, v.State)
		}
	case "report":
		s.report = e.Data
	case "tick":
		var v live.Tick
		if err := json.Unmarshal(e.Data, &v); err != nil {
			s.t.Errorf("tick: %v", err)
		}
		s.ticks = append(s.ticks, v)
	}
}

// server is what goes into an encoder's field of that name.
func (s *stream) server() string { return fmt.Sprintf("rtmp://127.0.0.1:%d/%s", s.tap.port, s.App) }

func (s *stream) url() string { return s.server() + "/" + s.Key }

func (s *stream) snapshot() live.Snapshot {
	s.t.Helper()
	v, ok := s.hub.Snapshot(s.ID)
	if !ok {
		s.t.Fatal("the session is gone")
	}
	return v
}

// await waits until the session is as it should be.
func (s *stream) await(what string, limit time.Duration, ok func(v live.Snapshot) bool) live.Snapshot {
	s.t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(10 * time.Millisecond) {
		v := s.snapshot()
		if ok(v) {
			return v
		}
		if time.Now().After(end) {
			s.t.Fatalf("%s: not within %v; state %s, connections %+v\n%s", what, limit, v.State, v.Connections, entries(v))
		}
	}
}

func (s *stream) ended() live.Snapshot {
	s.t.Helper()
	return s.await("the end of the session", 60*time.Second, func(v live.Snapshot) bool { return v.State == live.Ended })
}

func entries(v live.Snapshot) string {
	var b strings.Builder
	for _, e := range v.Entries {
		fmt.Fprintf(&b, "%6d %d %-4s %s %s %s\n", e.At, e.Conn, e.Dir, e.Name, e.Text, e.Level)
	}
	return b.String()
}

func parse(t *testing.T, raw json.RawMessage) *diag.Report {
	t.Helper()
	r := &diag.Report{}
	if err := json.Unmarshal(raw, r); err != nil {
		t.Fatalf("report: %v: %.200s", err, raw)
	}
	return r
}

// found are the rules that a report raises: name! where it is an error, name
// where a warning, and the notes apart.
func found(r *diag.Report) (grave, infos []string) {
	for i := range r.Findings {
		switch f := &r.Findings[i]; f.Severity {
		case diag.Error:
			grave = append(grave, f.Rule+"!")
		case diag.Warning:
			grave = append(grave, f.Rule)
		default:
			infos = append(infos, f.Rule)
		}
	}
	slices.Sort(grave)
	slices.Sort(infos)
	return grave, infos
}

func tell(r *diag.Report) string {
	var b strings.Builder
	for i := range r.Findings {
		fmt.Fprintf(&b, "%s %s: %s\n", r.Findings[i].Severity, r.Findings[i].Rule, r.Findings[i].Message)
	}
	return b.String()
}

// describe is the media summary in a line.
func describe(r *diag.Report) string {
	if r.Media == nil {
		return "no media"
	}
	var all []string
	for _, t := range r.Media.Tracks {
		s := strings.Join(strings.Fields(t.Codec+" "+t.Profile+" "+t.Level), " ")
		if t.Width > 0 {
			s += fmt.Sprintf(" %dx%d", t.Width, t.Height)
		}
		if t.Kind == "video" {
			fps := t.FrameRate
			if d := t.DeclaredRate; math.Abs(fps-d) < d/10 {
				fps = d // a live source on a busy machine is not exact
			}
			s += fmt.Sprintf(" %g fps", math.Round(fps))
		} else {
			s += fmt.Sprintf(" %d/%d", t.SampleRate, t.Channels)
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}

// ofLive are the rules that a recording cannot raise.
var ofLive = func() map[string]bool {
	m := map[string]bool{}
	for _, c := range check.PushRules() {
		for _, id := range c.Rules {
			m[id] = true
		}
	}
	return m
}()

// sameAsFile holds a push's report against that of the same bytes as a file. Only
// when things arrive, and the header that a push does not have, may differ.
func (s *stream) sameAsFile(t *testing.T, got *diag.Report, profileID string) {
	t.Helper()
	file := fileOf(t, s.tap.sent(0))
	p, ok := profile.ByID(profileID)
	if !ok {
		p = profile.Default()
	}
	a := analyze.New(analyze.Options{Profile: p, Size: int64(len(file))})
	_, _ = a.Write(file)
	whole := a.Close(diag.StateComplete, "")
	rules.Tell(whole)
	want := parse(t, whole.JSON())
	plain := func(r *diag.Report) (findings []diag.Finding, checks []diag.Check) {
		for _, f := range r.Findings {
			if !ofLive[f.Rule] {
				f.Message = ""
				if f.Rule == "idle-gap" {
					f.Args = nil // a push tells a leap of the clock from a pause, which a file cannot
				}
				findings = append(findings, f)
			}
		}
		for _, c := range r.Checks {
			if !ofLive[c.Rule] && !strings.HasPrefix(c.Rule, "flv-") {
				checks = append(checks, c)
			}
		}
		return findings, checks
	}
	same := func(what string, live, file any) {
		t.Helper()
		a, _ := json.Marshal(live)
		b, _ := json.Marshal(file)
		if string(a) != string(b) {
			at := 0
			for at < len(a) && at < len(b) && a[at] == b[at] {
				at++
			}
			near := func(s []byte) []byte { return s[max(0, min(at-120, len(s))):min(at+120, len(s))] }
			t.Errorf("%s of the push and of the file differ:\npush ...%s...\nfile ...%s...", what, near(a), near(b))
		}
	}
	gotFindings, gotChecks := plain(got)
	wantFindings, wantChecks := plain(want)
	same("findings", gotFindings, wantFindings)
	same("checks", gotChecks, wantChecks)
	same("media", got.Media, want.Media)
	if got.Input.Read != int64(len(file)) {
		t.Errorf("%d bytes were analysed, the file has %d", got.Input.Read, len(file))
	}
	if got.Kind != "live" || want.Kind != "flv" {
		t.Errorf("kinds %q and %q", got.Kind, want.Kind)
	}
	if len(want.Findings)+len(want.Media.Tracks) == 0 {
		t.Error("the file holds nothing: nothing was compared")
	}
}

// need finds a program, or says what to install: make test does.
func need(t *testing.T, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: install the Debian package %s, or run make test, which does", name, debian)
	}
	return path
}

// encoder is one that runs.
type encoder struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *strings.Builder
	done chan struct{}
	err  error
}

// begin starts an encoder, which ends with the test at the latest.
func begin(t *testing.T, name string, args ...string) *encoder {
	t.Helper()
	return beginWith(t, func(*exec.Cmd) {}, name, args...)
}

// beginWith is begin with something changed before.
func beginWith(t *testing.T, change func(*exec.Cmd), name string, args ...string) *encoder {
	t.Helper()
	r := &encoder{t: t, cmd: exec.Command(name, args...), out: &strings.Builder{}, done: make(chan struct{})}
	r.cmd.Stdout, r.cmd.Stderr = r.out, r.out
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	change(r.cmd)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		r.err = r.cmd.Wait()
		close(r.done)
	}()
	t.Cleanup(r.kill)
	return r
}

func (r *encoder) signal(s syscall.Signal) { _ = syscall.Kill(-r.cmd.Process.Pid, s) }

func (r *encoder) kill() {
	r.signal(syscall.SIGKILL)
	<-r.done
}

// wait waits until the encoder has ended by itself.
func (r *encoder) wait(limit time.Duration) error {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(limit):
		r.kill()
		return fmt.Errorf("it still runs after %v\n%s", limit, r.out)
	}
	if r.err != nil {
		return fmt.Errorf("%w\n%s", r.err, r.out)
	}
	return nil
}
