package share

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"
)

// machine is a clock that can be set, and real time that cannot.
type machine struct {
	wall time.Time
	real time.Duration
}

func (m *machine) clock() *clock {
	return &clock{wall: func() time.Time { return m.wall }, mono: func() time.Duration { return m.real }}
}

// wait lets time pass; jump sets the clock.
func (m *machine) wait(d time.Duration) { m.wall, m.real = m.wall.Add(d), m.real+d }
func (m *machine) jump(d time.Duration) { m.wall = m.wall.Add(d) }

// keeperOf starts a keeper on a machine, as a process does.
func keeperOf(t *testing.T, s Store, m *machine) *Keeper {
	t.Helper()
	k, err := newKeeper(t.Context(), s, slog.New(slog.DiscardHandler), m.clock())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newDiagnosis(s secrets, days int) New {
	h := s.hashes()
	return New{ID: h.ID(), Kind: Diagnosis, Hashes: h, Envelope: sealed(briefEnvelope, 1024), Days: days}
}

// A clock that jumps does not bring back what has expired: forwards and back,
// read or not meanwhile, within one life of the process and over a restart.
func TestClockJumps(t *testing.T) {
	type world struct {
		m *machine
		k *Keeper
	}
	tests := []struct {
		name    string
		happens func(t *testing.T, w *world, restart func())
		there   bool // in the end
	}{
		{"nothing", func(_ *testing.T, w *world, _ func()) { w.m.wait(6 * Day) }, true},
		{"it expires", func(_ *testing.T, w *world, _ func()) { w.m.wait(7 * Day) }, false},
		{"back by an hour while it lives", func(_ *testing.T, w *world, _ func()) { w.m.wait(Day); w.m.jump(-time.Hour) }, true},
		{"back by a year: it still lives its seven days, and no more", func(_ *testing.T, w *world, _ func()) {
			w.m.jump(-365 * Day)
			w.m.wait(7 * Day)
		}, false},
		{"back by a year, six days", func(_ *testing.T, w *world, _ func()) {
			w.m.jump(-365 * Day)
			w.m.wait(6 * Day)
		}, true},
		{"expired, read, and back", func(t *testing.T, w *world, _ func()) {
			w.m.wait(7 * Day)
			readable(t, w.k, false)
			w.m.jump(-2 * Day)
		}, false},
		{"expired, not read, and back", func(_ *testing.T, w *world, _ func()) {
			w.m.wait(7 * Day)
			w.k.clock.now() // somebody else did something
			w.m.jump(-2 * Day)
		}, false},
		{"forwards by a year, read, and back", func(t *testing.T, w *world, _ func()) {
			w.m.jump(365 * Day)
			readable(t, w.k, false)
			w.m.jump(-365 * Day)
		}, false},
		{"expired, read, a restart with the clock set back", func(t *testing.T, w *world, restart func()) {
			w.m.wait(7 * Day)
			readable(t, w.k, false)
			w.m.jump(-5 * Day)
			restart()
		}, false},
		{"expired, purged, a restart with the clock set back", func(t *testing.T, w *world, restart func()) {
			w.m.wait(7 * Day)
			if err := w.k.purge(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.m.jump(-5 * Day)
			restart()
		}, false},
		{"the mark is written, a restart with the clock set back, it goes on from there", func(t *testing.T, w *world, restart func()) {
			w.m.wait(6 * Day)
			if err := w.k.purge(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.m.jump(-30 * Day)
			restart()
			readable(t, w.k, true)
			w.m.wait(Day)
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			open := func() Store { return must[Store](t)(OpenSQLite(t.Context(), dir)) }
			s := open()
			w := &world{m: &machine{wall: day0}}
			w.k = keeperOf(t, s, w.m)
			if _, _, err := w.k.Create(t.Context(), newDiagnosis(fixed, 7)); err != nil {
				t.Fatal(err)
			}
			readable(t, w.k, true)
			tt.happens(t, w, func() {
				s.Close()
				s = open()
				w.m.real = 0
				w.k = keeperOf(t, s, w.m)
			})
			readable(t, w.k, tt.there)
			s.Close()
		})
	}
}

var fixed = newSecrets()

func readable(t *testing.T, k *Keeper, want bool) {
	t.Helper()
	for _, try := range []struct {
		right Right
		token Token
	}{{Read, fixed.read}, {Add, fixed.add}, {Own, fixed.own}} {
		_, err := k.Open(t.Context(), fixed.hashes().ID(), try.token, try.right)
		if want && err != nil || !want && !errors.Is(err, ErrNotFound) {
			t.Errorf("opened with right %d: %v, want there: %v", try.right, err, want)
		}
	}
}

// What is made while the clock stands wrong lives its days, and people are shown
// a date that their own clock will reach.
func TestNewWhileTheClockIsBehind(t *testing.T) {
	s := must[Store](t)(OpenMemory(t.Context()))
	defer s.Close()
	m := &machine{wall: day0}
	k := keeperOf(t, s, m)
	m.wait(time.Hour)
	k.clock.now()
	m.jump(-100 * Day) // and the clock stays wrong
	it, _, err := k.Create(t.Context(), newDiagnosis(fixed, 7))
	if err != nil {
		t.Fatal(err)
	}
	if shown := k.Shown(it.Expires); !shown.Equal(m.wall.Add(7 * Day)) {
		t.Errorf("shown to expire at %s; now it is %s", shown, m.wall)
	}
	m.wait(7*Day - time.Minute)
	readable(t, k, true)
	m.wait(time.Minute)
	readable(t, k, false)
}

// Nothing can be done to what has expired with what was opened before.
func TestExpiresWhileOpen(t *testing.T) {
	s := must[Store](t)(OpenMemory(t.Context()))
	defer s.Close()
	m := &machine{wall: day0}
	k := keeperOf(t, s, m)
	n := newDiagnosis(fixed, 1)
	it, _, err := k.Create(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	m.wait(Day)
	if _, _, err := k.Add(t.Context(), it, newID(), sealed(resultEnvelope, 1024)); !errors.Is(err, ErrNotFound) {
		t.Errorf("add: %v", err)
	}
	if _, err := k.Again(t.Context(), it); !errors.Is(err, ErrNotFound) {
		t.Errorf("again: %v", err)
	}
	if _, err := k.Change(t.Context(), it, false, 30); !errors.Is(err, ErrNotFound) {
		t.Errorf("extended after its end: %v", err)
	}
	if _, _, err := k.Create(t.Context(), n); !errors.Is(err, ErrNotFound) {
		t.Errorf("created again: %v", err)
	}
}

// An extension counts from now and is bounded.
func TestExtend(t *testing.T) {
	s := must[Store](t)(OpenMemory(t.Context()))
	defer s.Close()
	m := &machine{wall: day0}
	k := keeperOf(t, s, m)
	it, _, err := k.Create(t.Context(), newDiagnosis(fixed, 7))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		m.wait(5 * Day)
		if it, err = k.Change(t.Context(), it, false, 999); err != nil {
			t.Fatal(err)
		}
		if want := k.clock.now().Add(MaxDays * Day); !it.Expires.Equal(want) {
			t.Errorf("extended to %s, want %s", it.Expires, want)
		}
	}
	closed, err := k.Change(t.Context(), it, true, 0)
	if err != nil || closed.Closed.IsZero() || closed.Expires != it.Expires {
		t.Errorf("closed: %+v, %v", closed, err)
	}
	m.wait(Day)
	if again, err := k.Change(t.Context(), closed, true, 0); err != nil || again.Closed != closed.Closed {
		t.Errorf("closed again: %+v, %v", again, err)
	}
}

// An id belongs to its tokens: nobody can take one, nor learn that it is taken.
func TestIDsBelongToTheirTokens(t *testing.T) {
	s := must[Store](t)(OpenMemory(t.Context()))
	defer s.Close()
	k := keeperOf(t, s, &machine{wall: day0})
	n := newDiagnosis(newSecrets(), 7)
	if _, created, err := k.Create(t.Context(), n); err != nil || !created {
		t.Fatal(created, err)
	}
	mine := newDiagnosis(newSecrets(), 7)
	for _, id := range []ID{n.ID, newID()} { // taken, and free
		mine.ID = id
		if _, _, err := k.Create(t.Context(), mine); !errors.Is(err, ErrNotFound) {
			t.Errorf("under another id: %v", err)
		}
	}
	twice := newSecrets()
	twice.add = twice.read
	if _, _, err := k.Create(t.Context(), newDiagnosis(twice, 7)); !errors.Is(err, ErrNotFound) {
		t.Errorf("one token for two rights: %v", err)
	}
}

func TestPurgeJob(t *testing.T) {
	s := must[Store](t)(OpenMemory(t.Context()))
	defer s.Close()
	m := &machine{wall: day0}
	k := keeperOf(t, s, m)
	if _, _, err := k.Create(t.Context(), newDiagnosis(fixed, 1)); err != nil {
		t.Fatal(err)
	}
	m.wait(2 * Day)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { k.Run(ctx, time.Millisecond); close(done) }()
	deadline := time.Now().Add(5 * time.Second)
	for {
		if _, err := s.Item(t.Context(), fixed.hashes().ID()); errors.Is(err, ErrNotFound) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it was not purged")
		}
		time.Sleep(time.Millisecond)
	}
	stop()
	<-done
}

func TestTextForms(t *testing.T) {
	id := newID()
	if got, ok := ParseID(id.String()); !ok || got != id || len(id.String()) != 22 {
		t.Errorf("%s: %v", id, ok)
	}
	for _, bad := range []string{"", "A", id.String() + "A", id.String()[:21], id.String()[:21] + "/", id.String()[:21] + "=", id.String()[:20] + "\n\n", "AAAAAAAAAAAAAAAAAAAAAB"} {
		if _, ok := ParseID(bad); ok {
			t.Errorf("%q is taken for an id", bad)
		}
	}
	s := newSecrets()
	if got, ok := ParseToken(s.own.String()); !ok || got != s.own {
		t.Error("a token is not read")
	}
	h := s.own.Hash()
	if got, ok := ParseHash(h.String()); !ok || got != h {
		t.Error("a hash is not read")
	}
}

func TestCheckEnvelope(t *testing.T) {
	for _, tt := range []struct {
		what string
		e    []byte
		want error
	}{
		{"least", sealed(resultEnvelope, 1024), nil},
		{"most", sealed(resultEnvelope, MaxResult), nil},
		{"too much", sealed(resultEnvelope, 2*MaxResult), ErrTooLarge},
		{"nothing", nil, ErrEnvelope},
		{"a head", []byte{Version, resultEnvelope}, ErrEnvelope},
		{"no padding", sealed(resultEnvelope, 0), ErrEnvelope},
		{"below the least", sealed(resultEnvelope, 512), ErrEnvelope},
		{"odd", sealed(resultEnvelope, 1025), ErrEnvelope},
		{"another kind", sealed(briefEnvelope, 1024), ErrEnvelope},
	} {
		if err := checkEnvelope(tt.e, resultEnvelope, MaxResult); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.what, err, tt.want)
		}
	}
}
