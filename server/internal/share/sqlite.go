package share

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLiteFile is the database's name in the data folder.
const SQLiteFile = "diagnoses.db"

// readers is how many may read at once; more would wait for the disk or the
// processor anyway.
const readers = 8

// OpenSQLite opens the database in a folder, which it makes, for the owner of
// the process alone. Errors are in words for whoever runs the server.
func OpenSQLite(ctx context.Context, folder string) (Store, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("the folder cannot be made: %w", plain(err))
	}
	path := filepath.Join(folder, SQLiteFile)
	// SQLite gives its other files the mode of this one.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be written: %w", path, plain(err))
	}
	f.Close()
	store, err := openSQLite(ctx, path, readers)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be used: %w", path, err)
	}
	return store, nil
}

// OpenMemory opens a store that is gone when the process ends.
func OpenMemory(ctx context.Context) (Store, error) { return openSQLite(ctx, "", 1) }

// BackupSQLite writes a consistent copy of a folder's database to a new file,
// while a server is using it or not. To restore, stop the server and put the copy
// in the place of the database, without the -wal and -shm files beside it.
func BackupSQLite(ctx context.Context, folder, path string) error {
	from := filepath.Join(folder, SQLiteFile)
	if _, err := os.Stat(from); err != nil {
		return fmt.Errorf("%s cannot be read: %w", from, plain(err))
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: from}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer db.Close()
	// Made here for its mode; SQLite takes an empty file.
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("%s cannot be made: %w", path, plain(err))
	}
	to.Close()
	if _, err := db.ExecContext(ctx, "VACUUM INTO $1", path); err != nil {
		os.Remove(path)
		return fmt.Errorf("the copy failed: %w", err)
	}
	return nil
}

// plain takes the path off, which the message around it has.
func plain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// openSQLite opens a file, or memory where path is empty.
func openSQLite(ctx context.Context, path string, readers int) (_ Store, err error) {
	// FULL: what is acknowledged survives a power cut too. What is deleted is
	// overwritten.
	pragmas := []string{
		"busy_timeout(5000)", "journal_mode(wal)", "synchronous(full)",
		"foreign_keys(on)", "secure_delete(on)", "journal_size_limit(67108864)",
	}
	var fresh []string
	if info, err := os.Stat(path); path == "" || err == nil && info.Size() == 0 {
		// For a new file alone, and first: it writes, which a full disk would not take.
		fresh = []string{"auto_vacuum(incremental)"}
	}
	sep := "?"
	name := "file:" + (&url.URL{Path: path}).EscapedPath()
	if path == "" {
		name = "file:/" + rand.Text() + "?vfs=memdb" // there as long as a connection is open
		sep = "&"
	}
	open := func(most int, pragmas ...string) (*sql.DB, error) {
		db, err := sql.Open("sqlite", name+sep+url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}.Encode())
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(most)
		db.SetMaxIdleConns(most)
		return db, nil
	}
	write, err := open(1, slices.Concat(fresh, pragmas)...) // one writer: nobody waits for a lock
	if err != nil {
		return nil, err
	}
	read, err := open(readers, slices.Concat(pragmas, []string{"query_only(on)"})...)
	if err != nil {
		write.Close()
		return nil, err
	}
	defer func() {
		if err != nil {
			read.Close()
			write.Close()
		}
	}()
	if err := migrate(ctx, write, goose.DialectSQLite3, "sqlite"); err != nil {
		return nil, err
	}
	var mode string
	if err := write.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return nil, err
	}
	if path != "" && mode != "wal" {
		return nil, fmt.Errorf("the file system does not take write-ahead logging (journal mode is %s)", mode)
	}

	if err := warm(ctx, read, readers); err != nil {
		return nil, err
	}

	w := newWriter(write)
	hub := newHub()
	s := &sqlStore{
		read: read, write: w.do, hub: hub,
		notify:  func(context.Context, *sql.Tx, ID) error { return nil },
		told:    hub.wake,
		cause:   sqliteCause,
		outside: w.outside,
		close: sync.OnceValue(func() error {
			w.stop()
			err := read.Close()
			return errors.Join(err, write.Close()) // the last one moves the log into the database
		}),
	}
	return s, nil
}

// warm opens all connections now: on a full disk none could be opened.
func warm(ctx context.Context, db *sql.DB, n int) error {
	for range n {
		c, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer c.Close() // all at once, so that each is another one
		var tables int
		if err := c.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
			return err
		}
	}
	return nil
}

// sqliteCause sorts SQLite's errors.
func sqliteCause(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch code := e.Code(); code & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PERM:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// writer makes one transaction of the writes that come while the one before is on
// its way to the disk: each waits for one sync, and many share it.
type writer struct {
	db    *sql.DB
	queue chan *job
	quit  chan struct{}
	done  chan struct{}
}

type job struct {
	fn  func(context.Context, *sql.Tx) error
	sql string // runs outside a transaction, instead of fn
	err chan error
}

const mostTogether = 64

func newWriter(db *sql.DB) *writer {
	w := &writer{db: db, queue: make(chan *job, mostTogether), quit: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w
}

var errStopped = fmt.Errorf("%w: it is closing", ErrUnavailable)

// do runs fn in a transaction. A context that ends while the write is on its way
// does not stop it.
func (w *writer) do(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	return w.enter(ctx, &job{fn: fn, err: make(chan error, 1)})
}

func (w *writer) outside(ctx context.Context, query string) error {
	return w.enter(ctx, &job{sql: query, err: make(chan error, 1)})
}

func (w *writer) enter(ctx context.Context, j *job) error {
	select {
	case w.queue <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.quit:
		return errStopped
	}
	select {
	case err := <-j.err:
		return err
	case <-w.done:
		// it may have been the last one that was done
		select {
		case err := <-j.err:
			return err
		default:
			return errStopped
		}
	}
}

func (w *writer) stop() {
	close(w.quit)
	<-w.done
}

func (w *writer) run() {
	defer close(w.done)
	for {
		select {
		case j := <-w.queue:
			batch := []*job{j}
			for len(batch) < mostTogether && len(w.queue) > 0 {
				batch = append(batch, <-w.queue)
			}
			w.together(batch)
		case <-w.quit:
			return
		}
	}
}

// together runs a batch. What fails by itself is undone by itself; when the
// transaction fails, each is tried alone, so that one that is too large for the
// disk does not take the others with it.
func (w *writer) together(batch []*job) {
	var inside []*job
	for _, j := range batch {
		if j.sql != "" {
			j.err <- drain(w.db, j.sql)
			continue
		}
		inside = append(inside, j)
	}
	if len(inside) == 0 {
		return
	}
	answers, err := w.transaction(inside)
	if err != nil && len(inside) > 1 {
		for _, j := range inside {
			alone, err := w.transaction([]*job{j})
			j.err <- errors.Join(alone[0], err)
		}
		return
	}
	for i, j := range inside {
		j.err <- errors.Join(answers[i], err)
	}
}

// drain runs a statement to its end: SQLite's vacuum frees one page a step.
func drain(db *sql.DB, query string) error {
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

// transaction commits a batch; answers are what each job said that is no failure.
func (w *writer) transaction(batch []*job) (answers []error, err error) {
	answers = make([]error, len(batch))
	ctx := context.Background()
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return answers, err
	}
	defer tx.Rollback() // after a commit it does nothing
	for i, j := range batch {
		if _, err := tx.ExecContext(ctx, "SAVEPOINT one"); err != nil {
			return answers, err
		}
		end := "RELEASE one"
		if e := j.fn(ctx, tx); e != nil {
			if !ours(e) {
				return make([]error, len(batch)), e
			}
			answers[i], end = e, "ROLLBACK TO one; RELEASE one"
		}
		if _, err := tx.ExecContext(ctx, end); err != nil {
			return make([]error, len(batch)), err
		}
	}
	if err := tx.Commit(); err != nil {
		return make([]error, len(batch)), err
	}
	return answers, nil
}
