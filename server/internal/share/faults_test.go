package share

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ingestdoctor/web/e2e/pgtest"
)

// volume is a file system of its own, where this process may mount one.
func volume(t *testing.T, options string) (dir string, ok bool) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Logf("nothing can be mounted here (%v)", err)
		return dir, false
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir, true
}

// fill adds results until the store has no room, and gives back what it said it has.
func fill(t *testing.T, s Store) (kept map[ID]map[ID][]byte, full error) {
	t.Helper()
	kept = map[ID]map[ID][]byte{}
	for range 1000 {
		it, brief := newItem()
		if _, err := s.Create(t.Context(), it, brief); err != nil {
			return kept, err
		}
		kept[it.ID] = map[ID][]byte{}
		for range 8 {
			id, e := newID(), sealed(resultEnvelope, 64<<10)
			if _, _, err := s.Add(t.Context(), it.ID, id, e, day0); err != nil {
				return kept, err
			}
			kept[it.ID][id] = e
		}
	}
	return kept, nil
}

// holds checks that everything that was acknowledged is there, whole, and nothing else.
func holds(t *testing.T, s Store, kept map[ID]map[ID][]byte) {
	t.Helper()
	for item, results := range kept {
		list, err := s.Results(t.Context(), item, 0)
		if err != nil || len(list) != len(results) {
			t.Errorf("%d results are listed, %d were acknowledged (%v)", len(list), len(results), err)
		}
		for i, r := range list {
			e, err := s.Result(t.Context(), item, r.ID)
			if err != nil || !bytes.Equal(e, results[r.ID]) || r.Seq != i+1 {
				t.Errorf("result %d: %d bytes (%v), not what was acknowledged", r.Seq, len(e), err)
			}
		}
	}
}

// A full disk refuses with a clear error, loses nothing, and serves what it has;
// with room again, all works again. Once by SQLite's own limit, once on a small
// file system.
func TestDiskFull(t *testing.T) {
	check := func(t *testing.T, dir string, s Store, room func()) {
		kept, err := fill(t, s)
		if !errors.Is(err, ErrNoSpace) {
			t.Fatalf("full: %v", err)
		}
		if len(kept) < 2 {
			t.Fatalf("%d diagnoses fit: this tests nothing", len(kept))
		}
		holds(t, s, kept)
		var one ID // any
		for one = range kept {
			break
		}
		if _, _, err := s.Add(t.Context(), one, newID(), sealed(resultEnvelope, MaxResult), day0); !errors.Is(err, ErrNoSpace) {
			t.Errorf("again: %v", err)
		}
		// in one transaction with what is too large, what is small is tried alone
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if _, _, err := s.Add(t.Context(), one, newID(), sealed(resultEnvelope, MaxResult), day0); !errors.Is(err, ErrNoSpace) {
					t.Errorf("together: %v", err)
				}
			})
		}
		wg.Wait()
		holds(t, s, kept)
		room()
		more, err := func() (map[ID][]byte, error) {
			id, e := newID(), sealed(resultEnvelope, 64<<10)
			_, _, err := s.Add(t.Context(), one, id, e, day0)
			return map[ID][]byte{id: e}, err
		}()
		if err != nil {
			t.Fatalf("with room again: %v", err)
		}
		for id, e := range more {
			kept[one][id] = e
		}
		// a restart while there is no room says so, or works; with room it works
		for err == nil && len(kept[one]) < 20 {
			id, e := newID(), sealed(resultEnvelope, 128<<10)
			if _, _, err = s.Add(t.Context(), one, id, e, day0); err == nil {
				kept[one][id] = e
			}
		}
		s.Close()
		if s, err = OpenSQLite(t.Context(), dir); err == nil {
			holds(t, s, kept)
			s.Close()
		} else if !strings.Contains(err.Error(), "full") {
			t.Errorf("restarted without room: %v", err)
		}
		room()
		s = must[Store](t)(OpenSQLite(t.Context(), dir))
		defer s.Close()
		holds(t, s, kept)
		var verdict string
		if err := s.(*sqlStore).read.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
			t.Errorf("integrity: %s %v", verdict, err)
		}
	}
	t.Run("limit", func(t *testing.T) {
		dir := t.TempDir()
		s := must[Store](t)(OpenSQLite(t.Context(), dir))
		set := func(pages int) {
			if err := s.(*sqlStore).outside(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
				t.Fatal(err)
			}
		}
		set(600)
		check(t, dir, s, sync.OnceFunc(func() { set(100_000) })) // after a restart there is none
	})
	t.Run("tmpfs", func(t *testing.T) {
		dir, ok := volume(t, "size=8m,mode=700")
		if !ok {
			t.Skip("a small file system needs the right to mount; the limit of SQLite is tested above")
		}
		var ballast []string
		for i := range 2 {
			ballast = append(ballast, filepath.Join(dir, fmt.Sprint("ballast", i)))
			if err := os.WriteFile(ballast[i], make([]byte, 1<<20), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		check(t, dir, must[Store](t)(OpenSQLite(t.Context(), dir)), func() {
			if err := os.Remove(ballast[0]); err != nil {
				t.Fatal(err)
			}
			ballast = ballast[1:]
		})
	})
}

// A place that cannot be written is said at the start, in words.
func TestReadOnlyFolder(t *testing.T) {
	dir, mounted := volume(t, "size=6m,mode=700")
	if mounted {
		s := must[Store](t)(OpenSQLite(t.Context(), dir))
		it, brief := newItem()
		must[bool](t)(s.Create(t.Context(), it, brief))
		s.Close()
		if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
		for _, folder := range []string{dir, filepath.Join(dir, "below")} {
			if _, err := OpenSQLite(t.Context(), folder); err == nil || !strings.Contains(err.Error(), "read-only file system") {
				t.Errorf("%s: %v", folder, err)
			}
		}
		if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT, "size=6m,mode=700"); err != nil {
			t.Fatal(err)
		}
		s = must[Store](t)(OpenSQLite(t.Context(), dir))
		defer s.Close()
		if got := must[Item](t)(s.Item(t.Context(), it.ID)); got != it {
			t.Errorf("lost: %+v", got)
		}
		return
	}
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere, and nothing can be mounted here")
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o700)
	if _, err := OpenSQLite(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a read-only folder: %v", err)
	}
}

// One that becomes so while the server runs: writes are refused, reads go on.
func TestReadOnlyWhileRunning(t *testing.T) {
	s := must[Store](t)(OpenSQLite(t.Context(), t.TempDir()))
	defer s.Close()
	it, brief := newItem()
	must[bool](t)(s.Create(t.Context(), it, brief))
	set := func(on string) {
		if err := s.(*sqlStore).outside(t.Context(), "PRAGMA query_only = "+on); err != nil {
			t.Fatal(err)
		}
	}
	set("on")
	for range 3 {
		if _, _, err := s.Add(t.Context(), it.ID, newID(), sealed(resultEnvelope, 1024), day0); !errors.Is(err, ErrUnavailable) {
			t.Errorf("add: %v", err)
		}
		if got := must[Item](t)(s.Item(t.Context(), it.ID)); got != it {
			t.Errorf("read: %+v", got)
		}
	}
	// what has expired is not readable, although it cannot be deleted
	m := &machine{wall: day0}
	k := &Keeper{store: s, clock: m.clock(), log: slog.New(slog.DiscardHandler)}
	m.wait(8 * Day)
	if _, err := k.Again(t.Context(), it); !errors.Is(err, ErrNotFound) {
		t.Errorf("expired: %v", err)
	}
	m.jump(-8 * Day)
	if _, err := k.Again(t.Context(), it); !errors.Is(err, ErrNotFound) {
		t.Errorf("expired, and the clock set back: %v", err)
	}
	set("off")
	if _, _, err := s.Add(t.Context(), it.ID, newID(), sealed(resultEnvelope, 1024), day0); err != nil {
		t.Errorf("writable again: %v", err)
	}
}

// What is no database of ours is not touched.
func TestForeignFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, SQLiteFile)
	foreign := []byte(strings.Repeat("this is no database ", 500))
	if err := os.WriteFile(path, foreign, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSQLite(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "not a database") {
		t.Errorf("opened: %v", err)
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, foreign) {
		t.Error("it was changed")
	}

	newer := t.TempDir()
	s := must[Store](t)(OpenSQLite(t.Context(), newer))
	err := s.(*sqlStore).write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := OpenSQLite(t.Context(), newer); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("of a newer version: %v", err)
	}
}

// A copy is made while writes go on, and is whole; put in the database's place it is one.
func TestBackup(t *testing.T) {
	dir, away := t.TempDir(), t.TempDir()
	s := must[Store](t)(OpenSQLite(t.Context(), dir))
	kept := map[ID]map[ID][]byte{}
	it, brief := newItem()
	must[bool](t)(s.Create(t.Context(), it, brief))
	kept[it.ID] = map[ID][]byte{}
	add := func() {
		id, e := newID(), sealed(resultEnvelope, 1024)
		if _, _, err := s.Add(t.Context(), it.ID, id, e, day0); err != nil {
			t.Error(err)
		}
		kept[it.ID][id] = e
	}
	for range 10 {
		add()
	}
	path := filepath.Join(away, "copy.db")
	if err := BackupSQLite(t.Context(), dir, path); err != nil {
		t.Fatal(err)
	}
	before := map[ID]map[ID][]byte{it.ID: {}}
	for id, e := range kept[it.ID] {
		before[it.ID][id] = e
	}
	for range 5 {
		add()
	}
	holds(t, s, kept)
	s.Close()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v %v", info.Mode(), err)
	}
	if err := BackupSQLite(t.Context(), dir, path); err == nil || !strings.Contains(err.Error(), "file exists") {
		t.Errorf("over another: %v", err)
	}
	if err := BackupSQLite(t.Context(), away, filepath.Join(away, "x.db")); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("of nothing: %v", err)
	}

	restored := t.TempDir()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(restored, SQLiteFile), b, 0o600); err != nil {
		t.Fatal(err)
	}
	s = must[Store](t)(OpenSQLite(t.Context(), restored))
	defer s.Close()
	holds(t, s, before)
	if _, _, err := s.Add(t.Context(), it.ID, newID(), sealed(resultEnvelope, 1024), day0); err != nil {
		t.Errorf("the restored one takes nothing: %v", err)
	}
}

// Addresses of databases that cannot be used are refused in words, without the password.
func TestPostgresRefusals(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	for _, address := range []string{
		"postgres://doctor:hunter2secret@127.0.0.1:1/db",
		"postgres://doctor:hunter2secret@127.0.0.1:notaport/db",
		"host=127.0.0.1 port=1 password=hunter2secret connect_timeout=1",
		"mysql://doctor:hunter2secret@localhost/db",
	} {
		_, err := OpenPostgres(t.Context(), address, quiet)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A database that goes away: clear errors, and all is well when it is back;
// watchers are told what they missed.
func TestPostgresGoesAway(t *testing.T) {
	server := pgtest.Start(t)
	address := server.Database(t)
	s := must[Store](t)(OpenPostgres(t.Context(), address, slog.New(slog.DiscardHandler)))
	defer s.Close()
	it, brief := newItem()
	must[bool](t)(s.Create(t.Context(), it, brief))
	changed, stop := s.Watch(it.ID)
	defer stop()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	server.Exec(t, "ALTER DATABASE "+u.Path[1:]+" ALLOW_CONNECTIONS false")
	server.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+u.Path[1:]+"'")
	if _, _, err := s.Add(t.Context(), it.ID, newID(), sealed(resultEnvelope, 1024), day0); !errors.Is(err, ErrUnavailable) {
		t.Errorf("without a database: %v", err)
	}
	if _, err := s.Item(t.Context(), it.ID); !errors.Is(err, ErrUnavailable) {
		t.Errorf("read without a database: %v", err)
	}
	for len(changed) > 0 {
		<-changed
	}
	server.Exec(t, "ALTER DATABASE "+u.Path[1:]+" ALLOW_CONNECTIONS true")
	select {
	case <-changed:
	case <-time.After(10 * time.Second):
		t.Error("the watcher is not woken when the database is heard again")
	}
	if _, _, err := s.Add(t.Context(), it.ID, newID(), sealed(resultEnvelope, 1024), day0); err != nil {
		t.Errorf("with a database again: %v", err)
	}
}
