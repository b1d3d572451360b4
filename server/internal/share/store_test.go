package share

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"ingestdoctor/web/e2e/pgtest"
)

// stores are the ways to keep things; each opens a fresh one, and can open it again.
func stores(t *testing.T) map[string]func(t *testing.T) (open func() Store) {
	quiet := slog.New(slog.DiscardHandler)
	reopen := func(t *testing.T, open func() (Store, error)) func() Store {
		return func() Store {
			t.Helper()
			s, err := open()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return s
		}
	}
	server := pgtest.Start(t)
	return map[string]func(t *testing.T) func() Store{
		"sqlite": func(t *testing.T) func() Store {
			dir := t.TempDir()
			return reopen(t, func() (Store, error) { return OpenSQLite(t.Context(), dir) })
		},
		"postgres": func(t *testing.T) func() Store {
			address := server.Database(t)
			return reopen(t, func() (Store, error) { return OpenPostgres(t.Context(), address, quiet) })
		},
		"memory": func(t *testing.T) func() Store {
			s, err := OpenMemory(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return func() Store { return s }
		},
	}
}

// sealed is an envelope of random bytes.
func sealed(kind byte, padded int) []byte {
	e := make([]byte, overhead+padded)
	rand.Read(e)
	e[0], e[1] = Version, kind
	return e
}

func newID() (id ID) { rand.Read(id[:]); return id }

// secrets are the three tokens of a link.
type secrets struct{ read, add, own Token }

func newSecrets() (s secrets) {
	rand.Read(s.read[:])
	rand.Read(s.add[:])
	rand.Read(s.own[:])
	return s
}

func (s secrets) hashes() Hashes { return Hashes{s.read.Hash(), s.add.Hash(), s.own.Hash()} }

var day0 = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func newItem() (Item, []byte) {
	h := newSecrets().hashes()
	return Item{ID: h.ID(), Kind: Diagnosis, Hashes: h, Created: day0, Expires: day0.Add(7 * Day)}, sealed(briefEnvelope, 2048)
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// Every store is held to the same.
func TestStore(t *testing.T) {
	tests := []struct {
		name string
		run  func(t *testing.T, open func() Store)
	}{
		{"create", testCreate},
		{"add", testAdd},
		{"together", testTogether},
		{"change and delete", testChange},
		{"purge", testPurge},
		{"mark", testMark},
		{"watch", testWatch},
		{"cancelled", testCancelled},
	}
	for name, fresh := range stores(t) {
		t.Run(name, func(t *testing.T) {
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) { tt.run(t, fresh(t)) })
			}
		})
	}
}

func testCreate(t *testing.T, open func() Store) {
	s, ctx := open(), t.Context()
	it, brief := newItem()
	if _, err := s.Item(ctx, it.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("before it is there: %v", err)
	}
	if _, err := s.Envelope(ctx, it.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("its envelope, before it is there: %v", err)
	}
	if created, err := s.Create(ctx, it, brief); err != nil || !created {
		t.Fatalf("create: %v, %v", created, err)
	}
	if created, err := s.Create(ctx, it, brief); err != nil || created {
		t.Errorf("the same again: %v, %v", created, err)
	}
	if _, err := s.Create(ctx, it, sealed(briefEnvelope, 2048)); !errors.Is(err, ErrConflict) {
		t.Errorf("another brief: %v", err)
	}
	other := it
	other.Hashes.Own[0]++
	if _, err := s.Create(ctx, other, brief); !errors.Is(err, ErrConflict) {
		t.Errorf("another owner: %v", err)
	}
	s = open() // as after a restart
	if got := must[Item](t)(s.Item(ctx, it.ID)); got != it {
		t.Errorf("kept %+v, want %+v", got, it)
	}
	if got := must[[]byte](t)(s.Envelope(ctx, it.ID)); !bytes.Equal(got, brief) {
		t.Error("the brief is another")
	}
}

func testAdd(t *testing.T, open func() Store) {
	s, ctx := open(), t.Context()
	it, brief := newItem()
	must[bool](t)(s.Create(ctx, it, brief))
	id, e := newID(), sealed(resultEnvelope, 4096)
	now := day0.Add(time.Hour)
	first, added, err := s.Add(ctx, it.ID, id, e, now)
	if err != nil || !added || first != (Result{id, 1, now, len(e)}) {
		t.Fatalf("add: %+v, %v, %v", first, added, err)
	}
	again, added, err := s.Add(ctx, it.ID, id, e, now.Add(time.Hour))
	if err != nil || added || again != first {
		t.Errorf("the same again: %+v, %v, %v", again, added, err)
	}
	if _, _, err := s.Add(ctx, it.ID, id, sealed(resultEnvelope, 4096), now); !errors.Is(err, ErrConflict) {
		t.Errorf("other bytes under the same id: %v", err)
	}
	if _, _, err := s.Add(ctx, newID(), newID(), e, now); !errors.Is(err, ErrNotFound) {
		t.Errorf("to what is not there: %v", err)
	}
	if _, _, err := s.Add(ctx, it.ID, newID(), e, it.Expires); !errors.Is(err, ErrNotFound) {
		t.Errorf("at the moment it expires: %v", err)
	}
	second, _, err := s.Add(ctx, it.ID, newID(), e, now)
	if err != nil || second.Seq != 2 {
		t.Errorf("the second: %+v, %v", second, err)
	}
	s = open()
	list := must[[]Result](t)(s.Results(ctx, it.ID, 0))
	if len(list) != 2 || list[0] != first || list[1] != second {
		t.Errorf("listed %+v", list)
	}
	if list := must[[]Result](t)(s.Results(ctx, it.ID, 1)); len(list) != 1 || list[0] != second {
		t.Errorf("listed after 1: %+v", list)
	}
	if got := must[[]byte](t)(s.Result(ctx, it.ID, id)); !bytes.Equal(got, e) {
		t.Error("the result is another")
	}
	if _, err := s.Result(ctx, newID(), id); !errors.Is(err, ErrNotFound) {
		t.Errorf("under another diagnosis: %v", err)
	}
	if got := must[Item](t)(s.Item(ctx, it.ID)); got.Results != 2 || got.Bytes != 2*int64(len(e)) {
		t.Errorf("counted %d, %d bytes", got.Results, got.Bytes)
	}

	// a closed one takes no more, but acknowledges what it has
	if err := s.Change(ctx, it.ID, it.Expires, now, now); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Add(ctx, it.ID, newID(), e, now); !errors.Is(err, ErrClosed) {
		t.Errorf("to a closed one: %v", err)
	}
	if again, added, err := s.Add(ctx, it.ID, id, e, now); err != nil || added || again != first {
		t.Errorf("again to a closed one: %+v, %v, %v", again, added, err)
	}
	if err := s.Change(ctx, it.ID, it.Expires, time.Time{}, now); err != nil {
		t.Fatal(err)
	}
	for i := 3; i <= MaxResults; i++ {
		if _, _, err := s.Add(ctx, it.ID, newID(), sealed(resultEnvelope, 1024), now); err != nil {
			t.Fatalf("result %d: %v", i, err)
		}
	}
	if _, _, err := s.Add(ctx, it.ID, newID(), sealed(resultEnvelope, 1024), now); !errors.Is(err, ErrFull) {
		t.Errorf("one more than there may be: %v", err)
	}

	big, brief := newItem()
	must[bool](t)(s.Create(ctx, big, brief))
	for i := range MaxBytes / (MaxResult + overhead) {
		if _, _, err := s.Add(ctx, big.ID, newID(), sealed(resultEnvelope, MaxResult), now); err != nil {
			t.Fatalf("large result %d: %v", i, err)
		}
	}
	if _, _, err := s.Add(ctx, big.ID, newID(), sealed(resultEnvelope, MaxResult), now); !errors.Is(err, ErrFull) {
		t.Errorf("more bytes than there may be: %v", err)
	}
	report, e := newItem()
	report.Kind = Report
	must[bool](t)(s.Create(ctx, report, e))
	if _, _, err := s.Add(ctx, report.ID, newID(), e, now); !errors.Is(err, ErrNotFound) {
		t.Errorf("to a report: %v", err)
	}
}

// Many at once: each result once, numbers without gaps, failures alone fail.
func testTogether(t *testing.T, open func() Store) {
	s, ctx := open(), t.Context()
	const each, results = 4, 12
	var items []Item
	for range each {
		it, brief := newItem()
		must[bool](t)(s.Create(ctx, it, brief))
		items = append(items, it)
	}
	closed, brief := newItem()
	must[bool](t)(s.Create(ctx, closed, brief))
	if err := s.Change(ctx, closed.ID, closed.Expires, day0, day0); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, it := range items {
		for range results {
			id, e := newID(), sealed(resultEnvelope, 1024)
			for range 2 { // each is sent twice, as by an impatient network
				wg.Go(func() {
					if _, _, err := s.Add(ctx, it.ID, id, e, day0); err != nil {
						t.Errorf("add: %v", err)
					}
				})
			}
			wg.Go(func() {
				if _, _, err := s.Add(ctx, closed.ID, newID(), e, day0); !errors.Is(err, ErrClosed) {
					t.Errorf("to a closed one: %v", err)
				}
			})
		}
	}
	wg.Wait()
	for _, it := range items {
		list := must[[]Result](t)(s.Results(ctx, it.ID, 0))
		if len(list) != results {
			t.Fatalf("%d results of %d", len(list), results)
		}
		for i, r := range list {
			if r.Seq != i+1 {
				t.Errorf("result %d has number %d", i+1, r.Seq)
			}
		}
	}
	if list := must[[]Result](t)(s.Results(ctx, closed.ID, 0)); len(list) != 0 {
		t.Errorf("the closed one has %d results", len(list))
	}
}

func testChange(t *testing.T, open func() Store) {
	s, ctx := open(), t.Context()
	it, brief := newItem()
	must[bool](t)(s.Create(ctx, it, brief))
	id := newID()
	if _, _, err := s.Add(ctx, it.ID, id, sealed(resultEnvelope, 1024), day0); err != nil {
		t.Fatal(err)
	}
	expires, closed := day0.Add(20*Day), day0.Add(time.Minute)
	if err := s.Change(ctx, it.ID, expires, closed, day0); err != nil {
		t.Fatal(err)
	}
	s = open()
	if got := must[Item](t)(s.Item(ctx, it.ID)); got.Expires != expires || got.Closed != closed {
		t.Errorf("changed to %+v", got)
	}
	if err := s.Change(ctx, newID(), expires, closed, day0); !errors.Is(err, ErrNotFound) {
		t.Errorf("change of what is not there: %v", err)
	}
	if err := s.Change(ctx, it.ID, expires.Add(Day), closed, expires); !errors.Is(err, ErrNotFound) {
		t.Errorf("change of what has expired: %v", err)
	}
	if err := s.Delete(ctx, newID(), day0); !errors.Is(err, ErrNotFound) {
		t.Errorf("deletion of what is not there: %v", err)
	}
	if err := s.Delete(ctx, it.ID, day0); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Item(ctx, it.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("deleted, and there: %v", err)
		}
		if _, err := s.Result(ctx, it.ID, id); !errors.Is(err, ErrNotFound) {
			t.Errorf("its result is there: %v", err)
		}
		if err := s.Delete(ctx, it.ID, day0); !errors.Is(err, ErrNotFound) {
			t.Errorf("deleted twice: %v", err)
		}
		// the same request again does not bring it back
		if _, err := s.Create(ctx, it, brief); !errors.Is(err, ErrNotFound) {
			t.Errorf("created again: %v", err)
		}
		s = open()
	}
}

func testPurge(t *testing.T, open func() Store) {
	s, ctx := open(), t.Context()
	var ids []ID
	for i := range 2*purgeBatch + 7 {
		it, brief := newItem()
		it.Expires = day0.Add(time.Duration(i+1) * time.Minute)
		must[bool](t)(s.Create(ctx, it, brief))
		ids = append(ids, it.ID)
	}
	if _, _, err := s.Add(ctx, ids[0], newID(), sealed(resultEnvelope, 1024), day0); err != nil {
		t.Fatal(err)
	}
	gone := 2*purgeBatch + 2
	now := day0.Add(time.Duration(gone) * time.Minute) // the last one expires now
	if n := must[int](t)(s.Purge(ctx, now)); n != gone {
		t.Errorf("%d are purged, want %d", n, gone)
	}
	if n := must[int](t)(s.Purge(ctx, now)); n != 0 {
		t.Errorf("%d are purged again", n)
	}
	for i, id := range ids {
		_, err := s.Item(ctx, id)
		if want := i < gone; errors.Is(err, ErrNotFound) != want {
			t.Errorf("item %d: %v", i, err)
		}
	}
	// ids are not remembered for ever
	must[int](t)(s.Purge(ctx, now.Add(remembered+time.Minute)))
	it, brief := newItem()
	it.ID = ids[0]
	if created, err := s.Create(ctx, it, brief); err != nil || !created {
		t.Errorf("an id from long ago: %v, %v", created, err)
	}
}

func testMark(t *testing.T, open func() Store) {
	s, ctx := open(), t.Context()
	for _, step := range []struct{ set, want time.Time }{
		{day0, day0},
		{day0.Add(-Day), day0},
		{day0.Add(time.Millisecond), day0.Add(time.Millisecond)},
		{day0, day0.Add(time.Millisecond)},
	} {
		if got := must[time.Time](t)(s.Mark(ctx, step.set)); !got.Equal(step.want) {
			t.Errorf("mark %s stands at %s, want %s", step.set, got, step.want)
		}
		s = open()
	}
}

func testWatch(t *testing.T, open func() Store) {
	s, ctx := open(), t.Context()
	elsewhere := open() // another process's, but for the address space
	it, brief := newItem()
	must[bool](t)(s.Create(ctx, it, brief))
	other, brief := newItem()
	must[bool](t)(s.Create(ctx, other, brief))

	here, stop := s.Watch(it.ID)
	defer stop()
	quiet, stopQuiet := s.Watch(other.ID)
	defer stopQuiet()
	watches := []<-chan struct{}{here}
	if _, live := s.(*sqlStore); live && s.(*sqlStore).lock != "" || s == elsewhere {
		there, stop := elsewhere.Watch(it.ID)
		defer stop()
		watches = append(watches, there)
	}
	for _, ch := range append(watches, quiet) { // what the start left behind
		select {
		case <-ch:
		case <-time.After(10 * time.Millisecond):
		}
	}
	changes := []func() error{
		func() error {
			_, _, err := s.Add(ctx, it.ID, newID(), sealed(resultEnvelope, 1024), day0)
			return err
		},
		func() error { return s.Change(ctx, it.ID, day0.Add(Day), time.Time{}, day0) },
		func() error { _, err := s.Purge(ctx, day0.Add(2*Day)); return err },
	}
	for i, change := range changes {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		for j, ch := range watches {
			select {
			case <-ch:
			case <-time.After(5 * time.Second):
				t.Errorf("change %d is not heard by watcher %d", i, j)
			}
		}
	}
	select {
	case <-quiet:
		t.Error("another's watcher is woken")
	case <-time.After(20 * time.Millisecond):
	}
}

// A caller who gives up harms nobody else.
func testCancelled(t *testing.T, open func() Store) {
	s, ctx := open(), t.Context()
	it, brief := newItem()
	must[bool](t)(s.Create(ctx, it, brief))
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := s.Add(gone, it.ID, newID(), sealed(resultEnvelope, 1024), day0); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := s.Item(gone, it.ID); err == nil || !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled read: %v", err)
	}
	if _, _, err := s.Add(ctx, it.ID, newID(), sealed(resultEnvelope, 1024), day0); err != nil {
		t.Errorf("the next: %v", err)
	}
	if _, err := s.Item(ctx, it.ID); err != nil {
		t.Errorf("the next read: %v", err)
	}
}

// The files are for the server's own user.
func TestSQLiteFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := must[Store](t)(OpenSQLite(t.Context(), dir))
	it, brief := newItem()
	must[bool](t)(s.Create(t.Context(), it, brief))
	entries := must[[]os.DirEntry](t)(os.ReadDir(dir))
	if len(entries) < 2 {
		t.Errorf("%d files: is this write-ahead logging?", len(entries))
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", e.Name(), info.Mode().Perm())
		}
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %o", info.Mode().Perm())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if _, _, err := s.Add(t.Context(), it.ID, newID(), sealed(resultEnvelope, 1024), day0); !errors.Is(err, ErrUnavailable) {
		t.Errorf("after closing: %v", err)
	}
	if names := fmt.Sprint(must[[]os.DirEntry](t)(os.ReadDir(dir))); names != "[- "+SQLiteFile+"]" {
		t.Errorf("left behind: %s", names)
	}
}

// Settings that everything rests on, on both connections.
func TestSQLiteSettings(t *testing.T) {
	s := must[Store](t)(OpenSQLite(t.Context(), t.TempDir())).(*sqlStore)
	defer s.Close()
	want := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1", "auto_vacuum": "2", "busy_timeout": "5000"}
	for name, value := range want {
		var got string
		if err := s.write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			return tx.QueryRowContext(ctx, "PRAGMA "+name).Scan(&got)
		}); err != nil || got != value {
			t.Errorf("%s of the writer is %s (%v), want %s", name, got, err, value)
		}
		if err := s.read.QueryRow("PRAGMA " + name).Scan(&got); err != nil || got != value {
			t.Errorf("%s is %s (%v), want %s", name, got, err, value)
		}
	}
	if _, err := s.read.Exec("DELETE FROM clock"); err == nil {
		t.Error("a reader can write")
	}
}

// What is deleted gives its space back.
func TestSQLiteShrinks(t *testing.T) {
	dir := t.TempDir()
	s := must[Store](t)(OpenSQLite(t.Context(), dir))
	for range 10 {
		it, brief := newItem()
		must[bool](t)(s.Create(t.Context(), it, brief))
		if _, _, err := s.Add(t.Context(), it.ID, newID(), sealed(resultEnvelope, 1<<20), day0); err != nil {
			t.Fatal(err)
		}
	}
	if n := must[int](t)(s.Purge(t.Context(), day0.Add(8*Day))); n != 10 {
		t.Errorf("%d are purged", n)
	}
	s.Close()
	info, err := os.Stat(filepath.Join(dir, SQLiteFile))
	if err != nil || info.Size() > 1<<20 {
		t.Errorf("%d bytes are left (%v)", info.Size(), err)
	}
}
