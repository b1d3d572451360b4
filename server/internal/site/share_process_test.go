package site

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ingestdoctor/server/internal/share"
	"ingestdoctor/web/e2e/pgtest"
)

// With this variable the test's own program is a server, so that there is a
// process to kill: a folder, or the address of a database.
const serveVariable = "INGESTDOCTOR_TEST_SERVE"

func TestMain(m *testing.M) {
	if place := os.Getenv(serveVariable); place != "" {
		if err := serveTest(place); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveTest serves until it is told to stop or killed, and writes its address.
func serveTest(place string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	var (
		store share.Store
		err   error
	)
	if strings.HasPrefix(place, "postgres://") {
		store, err = share.OpenPostgres(ctx, place, log)
	} else {
		store, err = share.OpenSQLite(ctx, place)
	}
	if err != nil {
		return err
	}
	defer store.Close()
	s, err := New(Config{Listen: "127.0.0.1:0", Logger: log, Diagnoses: store, shareLimits: quick()})
	if err != nil {
		return err
	}
	return s.Run(ctx, func(a net.Addr) { fmt.Println(a) })
}

// process is a running server.
type process struct {
	caller
	cmd *exec.Cmd
	log *logBuffer
}

func startProcess(t *testing.T, place string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0]), log: &logBuffer{}}
	p.cmd.Env = append(os.Environ(), serveVariable+"="+place)
	p.cmd.Stderr = p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = p.cmd.Wait()
		t.Fatalf("the server did not start: %v\n%s", err, p.log)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	p.caller = caller{t: t, base: "http://" + strings.TrimSpace(address), do: client.Do}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		client.CloseIdleConnections()
	})
	return p
}

// places are where a server may keep things.
func places(t *testing.T) map[string]string {
	return map[string]string{"sqlite": t.TempDir(), "postgres": pgtest.Start(t).Database(t)}
}

// kill -9 in the middle of 1,000 writes: what was acknowledged is there, whole,
// and so is whatever else is there.
func TestKilled(t *testing.T) {
	const writes, links, workers = 1000, 20, 16
	for name, place := range places(t) {
		t.Run(name, func(t *testing.T) {
			p := startProcess(t, place)
			var all []link
			for range links {
				l := newLink()
				if a := p.ask(http.MethodPut, l.id(), "", l.creation()); a.status != http.StatusCreated {
					t.Fatalf("create: %d %s", a.status, a.body)
				}
				all = append(all, l)
			}
			type write struct {
				link    link
				id      string
				body    []byte
				written bool
			}
			queue := make([]*write, writes)
			for i := range queue {
				queue[i] = &write{link: all[i%links], id: resultID(), body: sealed(2, 1<<(10+i%5))}
			}
			var (
				next, acknowledged atomic.Int64
				wg                 sync.WaitGroup
			)
			for range workers {
				wg.Go(func() {
					for {
						i := next.Add(1) - 1
						if i >= writes {
							return
						}
						w := queue[i]
						a, err := p.try(http.MethodPut, w.link.id()+"/results/"+w.id, w.link.add.String(), w.body)
						if err != nil {
							return // killed
						}
						if a.status != http.StatusCreated {
							t.Errorf("write: %d %s", a.status, a.body)
							return
						}
						w.written = true
						if acknowledged.Add(1) == writes/2 {
							_ = p.cmd.Process.Kill()
						}
					}
				})
			}
			wg.Wait()
			_ = p.cmd.Wait()
			if n := acknowledged.Load(); n < writes/2 || n == writes {
				t.Fatalf("%d of %d were acknowledged: it was not killed in the middle", n, writes)
			}

			p = startProcess(t, place)
			there := map[string]bool{}
			for _, l := range all {
				a := p.ask(http.MethodGet, l.id()+"/results", l.read.String(), nil)
				var list struct{ Results []shareResult }
				if err := json.Unmarshal(a.body, &list); err != nil || a.status != http.StatusOK {
					t.Fatalf("%d %s", a.status, a.body)
				}
				for i, r := range list.Results {
					there[r.ID] = true
					if r.Seq != i+1 {
						t.Errorf("number %d stands at %d", r.Seq, i+1)
					}
				}
			}
			for _, w := range queue {
				if w.written && !there[w.id] {
					t.Errorf("result %s was acknowledged and is gone", w.id)
				}
				if !there[w.id] {
					continue
				}
				if a := p.ask(http.MethodGet, w.link.id()+"/results/"+w.id, w.link.read.String(), nil); a.status != http.StatusOK || !bytes.Equal(a.body, w.body) {
					t.Errorf("result %s is not what was sent: %d, %d bytes", w.id, a.status, len(a.body))
				}
			}
			// whoever got no answer sends again, and has it once
			for _, w := range queue {
				if a := p.ask(http.MethodPut, w.link.id()+"/results/"+w.id, w.link.add.String(), w.body); a.status != http.StatusCreated && a.status != http.StatusOK || there[w.id] && a.status != http.StatusOK {
					t.Fatalf("again: %d %s", a.status, a.body)
				}
			}
			t.Logf("%d acknowledged of %d, %d there after the kill", acknowledged.Load(), writes, len(there))
		})
	}
}

// listenTo reads the events of a diagnosis until the test ends.
func (p *process) listenTo(t *testing.T, l link, after int) <-chan event {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/api/v1/diagnoses/%s/events?after=%d", p.base, l.id(), after), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+l.read.String())
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s %s", res.Status, res.Header.Get("Content-Type"))
	}
	events := make(chan event, 100)
	go func() {
		defer res.Body.Close()
		defer close(events)
		_ = scan(res.Body, func(e event) { events <- e }, func() {}) // it ends with the test, or the process
	}()
	return events
}

// expect waits for an event; of others it takes no notice.
func expect(t *testing.T, events <-chan event, name, holds string) event {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case e, open := <-events:
			if !open {
				t.Fatalf("the stream ended before %s %s", name, holds)
			}
			if e.kind == name && strings.Contains(e.data, holds) {
				return e
			}
		case <-late:
			t.Fatalf("%s %s did not come", name, holds)
		}
	}
}

// Two servers on one database: what one takes, the other tells at once; one is
// killed, and the other goes on.
func TestTwoServers(t *testing.T) {
	db := pgtest.Start(t)
	address := db.Database(t)
	// started together, on an empty database
	var a, b *process
	var wg sync.WaitGroup
	wg.Go(func() { a = startProcess(t, address) })
	wg.Go(func() { b = startProcess(t, address) })
	wg.Wait()
	if a == nil || b == nil {
		t.FailNow()
	}
	l := newLink()
	if r := a.ask(http.MethodPut, l.id(), "", l.creation()); r.status != http.StatusCreated {
		t.Fatalf("create: %d %s", r.status, r.body)
	}
	events := b.listenTo(t, l, 0)
	expect(t, events, "state", `"results":0`)
	send := func(p *process) string {
		t.Helper()
		id := resultID()
		if r := p.ask(http.MethodPut, l.id()+"/results/"+id, l.add.String(), sealed(2, 1024)); r.status != http.StatusCreated {
			t.Fatalf("add: %d %s", r.status, r.body)
		}
		return id
	}
	start := time.Now()
	first := send(a)
	if e := expect(t, events, "result", first); e.id != "1" {
		t.Errorf("event %+v", e)
	}
	t.Logf("from the answer of one server to the event of the other: %s", time.Since(start))
	second := send(b) // its own are told too
	expect(t, events, "result", second)
	a.ask(http.MethodPatch, l.id(), l.own.String(), []byte(`{"closed": true}`))
	for closed := false; !closed; { // one for each result comes before
		closed = strings.Contains(expect(t, events, "state", "").data, `"closed_at":"2`)
	}
	a.ask(http.MethodPatch, l.id(), l.own.String(), []byte(`{"closed": false}`))
	if e := expect(t, events, "state", ""); strings.Contains(e.data, "closed_at") {
		t.Errorf("open again: %s", e.data)
	}

	// the connection that listens is lost, and what is sent meanwhile is not
	db.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
	third := send(a)
	expect(t, events, "result", third)

	if err := a.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	fourth := send(b)
	expect(t, events, "result", fourth)
	a = startProcess(t, address)
	resumed := a.listenTo(t, l, 3)
	if e := <-resumed; e.kind != "state" {
		t.Errorf("first comes %s", e.kind)
	}
	if e := <-resumed; e.kind != "result" || e.id != "4" {
		t.Errorf("after 3 comes %+v", e)
	}
	if r := a.ask(http.MethodDelete, l.id(), l.own.String(), nil); r.status != http.StatusNoContent {
		t.Errorf("delete: %d", r.status)
	}
	expect(t, events, "gone", "{}")
	if _, open := <-events; open {
		t.Error("the stream goes on after its end")
	}
	expect(t, resumed, "gone", "{}")

	for _, token := range []share.Token{l.read, l.add, l.own} {
		if db.Holds(t, token[:]) || db.Holds(t, []byte(token.String())) {
			t.Error("the database or its log has a token")
		}
	}
	h := l.hashes()
	if db.Holds(t, h.Read[:]) {
		t.Log("(the hash is still in a page of the database: deletion is PostgreSQL's)")
	}
	for _, p := range []*process{a, b} {
		if strings.Contains(p.log.String(), l.id()) {
			t.Error("a server's log has the id")
		}
	}
}

// A server that stops ends its streams and does not wait for them.
func TestStopsWithStreams(t *testing.T) {
	p := startProcess(t, t.TempDir())
	l := newLink()
	p.ask(http.MethodPut, l.id(), "", l.creation())
	events := p.listenTo(t, l, 0)
	expect(t, events, "state", l.id())
	start := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, p.log)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestStreamLimits(t *testing.T) {
	limits := quick()
	limits.ClientStreams = 2
	limits.Comment = 10 * time.Millisecond
	s, _, _ := newShareServer(t, limits)
	l := newLink()
	call(t, s).ask(http.MethodPut, l.id(), "", l.creation())
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 2 {
		leave, err := s.shares.enter("192.0.2.1/32")
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() { <-ctx.Done(); leave() })
	}
	if a := call(t, s).ask(http.MethodGet, l.id()+"/events", l.read.String(), nil); a.status != http.StatusTooManyRequests {
		t.Errorf("a third stream: %d", a.status)
	}
	cancel()
	wg.Wait()
	if leave, err := s.shares.enter("192.0.2.1/32"); err != nil {
		t.Error("left, and still counted")
	} else {
		leave()
	}
	if len(s.shares.streams) != 0 || s.shares.open != 0 {
		t.Errorf("%d streams are counted, %d clients remembered", s.shares.open, len(s.shares.streams))
	}
}

// A disk that is full: 507 in words, pages as ever, what was acknowledged is
// there; with room again it takes more.
func TestDiskFullOverHTTP(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m,mode=700"); err != nil {
		t.Skipf("a small file system needs the right to mount (%v); server/internal/share tests the same by SQLite's limit", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startProcess(t, dir)
	l := newLink()
	p.ask(http.MethodPut, l.id(), "", l.creation())
	kept := map[string][]byte{}
	var refused answer
	for range share.MaxResults {
		id, e := resultID(), sealed(2, 128<<10)
		if refused = p.ask(http.MethodPut, l.id()+"/results/"+id, l.add.String(), e); refused.status != http.StatusCreated {
			break
		}
		kept[id] = e
	}
	if refused.status != http.StatusInsufficientStorage || refused.code() != "no-space" || !strings.Contains(string(refused.body), "disk is full") {
		t.Fatalf("full: %d %s", refused.status, refused.body)
	}
	for id, e := range kept {
		if a := p.ask(http.MethodGet, l.id()+"/results/"+id, l.read.String(), nil); a.status != http.StatusOK || !bytes.Equal(a.body, e) {
			t.Errorf("read: %d", a.status)
		}
	}
	res, err := http.Get(p.base + "/codes")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("a page: %d", res.StatusCode)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if a := p.ask(http.MethodPut, l.id()+"/results/"+resultID(), l.add.String(), sealed(2, 128<<10)); a.status != http.StatusCreated {
		t.Errorf("with room again: %d %s", a.status, a.body)
	}
}
