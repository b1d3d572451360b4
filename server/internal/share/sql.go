package share

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

// sqlStore is a Store in SQL that SQLite and PostgreSQL both understand.
type sqlStore struct {
	read *sql.DB
	// write runs fn in a transaction and returns once it is on disk. fn may be run
	// again after a failure.
	write func(ctx context.Context, fn func(context.Context, *sql.Tx) error) error
	// tell lets every process know, from within the transaction and after it.
	notify func(ctx context.Context, tx *sql.Tx, id ID) error
	told   func(id ID)

	lock  string // what makes a SELECT lock its row
	cause func(error) error
	hub   *hub
	// outside runs a statement between two transactions; nil for PostgreSQL.
	outside func(ctx context.Context, query string) error
	close   func() error
}

//go:embed migrations
var migrations embed.FS

// migrate brings the tables up to date.
func migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect, folder string, options ...goose.ProviderOption) error {
	dir, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, db, dir, options...)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	is, known, err := p.GetVersions(ctx)
	if err == nil && is > known {
		err = fmt.Errorf("its tables are of version %d and this program knows %d: it was written by a newer one", is, known)
	}
	return err
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

const itemColumns = `kind, read_hash, add_hash, own_hash, created_at, expires_at, closed_at, results, bytes`

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *sqlStore) item(ctx context.Context, q querier, id ID, lock string) (Item, error) {
	it := Item{ID: id}
	var (
		read, add, own           []byte
		created, expires, closed int64
	)
	err := q.QueryRowContext(ctx, `SELECT `+itemColumns+` FROM diagnoses WHERE id = $1`+lock, id[:]).
		Scan(&it.Kind, &read, &add, &own, &created, &expires, &closed, &it.Results, &it.Bytes)
	if err != nil {
		return Item{}, err
	}
	copy(it.Hashes.Read[:], read)
	copy(it.Hashes.Add[:], add)
	copy(it.Hashes.Own[:], own)
	it.Created, it.Expires, it.Closed = fromMillis(created), fromMillis(expires), fromMillis(closed)
	return it, nil
}

// fault gives an error its place among ours.
func (s *sqlStore) fault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case ours(err), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return s.cause(err)
}

// ours reports whether an error is an answer and no failure.
func ours(err error) bool {
	for _, e := range []error{ErrNotFound, ErrClosed, ErrConflict, ErrFull, sql.ErrNoRows} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// change writes, and lets those know who watch.
func (s *sqlStore) change(ctx context.Context, id ID, fn func(ctx context.Context, tx *sql.Tx) error) error {
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return s.notify(ctx, tx, id)
	})
	if err == nil {
		s.told(id)
	}
	return s.fault(err)
}

func (s *sqlStore) Create(ctx context.Context, it Item, envelope []byte) (created bool, err error) {
	err = s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		created = false
		var gone int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM gone WHERE id = $1`, it.ID[:]).Scan(&gone); err != nil {
			return err
		}
		if gone > 0 {
			return ErrNotFound
		}
		res, err := tx.ExecContext(ctx, `INSERT INTO diagnoses (id, kind, read_hash, add_hash, own_hash, created_at, expires_at, envelope)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING`,
			it.ID[:], int64(it.Kind), it.Hashes.Read[:], it.Hashes.Add[:], it.Hashes.Own[:],
			millis(it.Created), millis(it.Expires), envelope)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if n > 0 {
			created = true
			return nil
		}
		is, err := s.item(ctx, tx, it.ID, "")
		if err != nil {
			return err
		}
		var held []byte
		if err := tx.QueryRowContext(ctx, `SELECT envelope FROM diagnoses WHERE id = $1`, it.ID[:]).Scan(&held); err != nil {
			return err
		}
		switch {
		case !is.Expires.After(it.Created):
			return ErrNotFound // expired; it is deleted when it is next looked for
		case is.Kind != it.Kind || is.Hashes != it.Hashes || !bytes.Equal(held, envelope):
			return ErrConflict
		}
		return nil
	})
	return created, s.fault(err)
}

func (s *sqlStore) Item(ctx context.Context, id ID) (Item, error) {
	it, err := s.item(ctx, s.read, id, "")
	return it, s.fault(err)
}

func (s *sqlStore) Envelope(ctx context.Context, id ID) ([]byte, error) {
	var envelope []byte
	err := s.read.QueryRowContext(ctx, `SELECT envelope FROM diagnoses WHERE id = $1`, id[:]).Scan(&envelope)
	return envelope, s.fault(err)
}

func (s *sqlStore) Add(ctx context.Context, item, result ID, envelope []byte, now time.Time) (res Result, added bool, err error) {
	err = s.change(ctx, item, func(ctx context.Context, tx *sql.Tx) error {
		res, added = Result{ID: result, Size: len(envelope)}, false
		it, err := s.item(ctx, tx, item, s.lock)
		switch {
		case err != nil:
			return err
		case !it.Expires.After(now) || it.Kind != Diagnosis:
			return ErrNotFound
		}
		var (
			held    []byte
			created int64
		)
		err = tx.QueryRowContext(ctx, `SELECT seq, created_at, envelope FROM results WHERE diagnosis = $1 AND id = $2`, item[:], result[:]).
			Scan(&res.Seq, &created, &held)
		switch {
		case err == nil && bytes.Equal(held, envelope):
			res.Created = fromMillis(created)
			return nil
		case err == nil:
			return ErrConflict
		case !errors.Is(err, sql.ErrNoRows):
			return err
		case !it.Closed.IsZero():
			return ErrClosed
		case it.Results >= MaxResults || it.Bytes+int64(len(envelope)) > MaxBytes:
			return ErrFull
		}
		res.Seq, res.Created, added = it.Results+1, now, true
		if _, err := tx.ExecContext(ctx, `INSERT INTO results (diagnosis, id, seq, created_at, size, envelope) VALUES ($1, $2, $3, $4, $5, $6)`,
			item[:], result[:], res.Seq, millis(now), len(envelope), envelope); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE diagnoses SET results = $2, bytes = $3 WHERE id = $1`,
			item[:], res.Seq, it.Bytes+int64(len(envelope)))
		return err
	})
	if err != nil {
		return Result{}, false, err
	}
	return res, added, nil
}

func (s *sqlStore) Results(ctx context.Context, item ID, after int) ([]Result, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, seq, created_at, size FROM results WHERE diagnosis = $1 AND seq > $2 ORDER BY seq`, item[:], after)
	if err != nil {
		return nil, s.fault(err)
	}
	defer rows.Close()
	list := []Result{}
	for rows.Next() {
		var (
			r       Result
			id      []byte
			created int64
		)
		if err := rows.Scan(&id, &r.Seq, &created, &r.Size); err != nil {
			return nil, s.fault(err)
		}
		copy(r.ID[:], id)
		r.Created = fromMillis(created)
		list = append(list, r)
	}
	return list, s.fault(rows.Err())
}

func (s *sqlStore) Result(ctx context.Context, item, result ID) ([]byte, error) {
	var envelope []byte
	err := s.read.QueryRowContext(ctx, `SELECT envelope FROM results WHERE diagnosis = $1 AND id = $2`, item[:], result[:]).Scan(&envelope)
	return envelope, s.fault(err)
}

func (s *sqlStore) Change(ctx context.Context, id ID, expires, closed, now time.Time) error {
	return s.change(ctx, id, func(ctx context.Context, tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE diagnoses SET expires_at = $2, closed_at = $3 WHERE id = $1 AND expires_at > $4`,
			id[:], millis(expires), millis(closed), millis(now))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, sql.ErrNoRows)
		}
		return nil
	})
}

func (s *sqlStore) Delete(ctx context.Context, id ID, now time.Time) error {
	err := s.change(ctx, id, func(ctx context.Context, tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM diagnoses WHERE id = $1`, id[:])
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, sql.ErrNoRows)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO gone (id, gone_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, id[:], millis(now))
		return err
	})
	return err
}

func (s *sqlStore) Purge(ctx context.Context, now time.Time) (int, error) {
	deleted := 0
	for {
		var ids []ID
		// A few at a time, so that nobody waits long.
		err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
			ids, err = expired(ctx, tx, now)
			if err != nil {
				return err
			}
			for _, id := range ids {
				if _, err := tx.ExecContext(ctx, `DELETE FROM diagnoses WHERE id = $1`, id[:]); err != nil {
					return err
				}
				if _, err := tx.ExecContext(ctx, `INSERT INTO gone (id, gone_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, id[:], millis(now)); err != nil {
					return err
				}
				if err := s.notify(ctx, tx, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return deleted, s.fault(err)
		}
		for _, id := range ids {
			s.told(id)
		}
		deleted += len(ids)
		if len(ids) < purgeBatch {
			break
		}
	}
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM gone WHERE gone_at < $1`, millis(now.Add(-remembered)))
		return err
	})
	if deleted > 0 && s.outside != nil { // PostgreSQL gives space back by itself
		_ = s.outside(ctx, "PRAGMA incremental_vacuum(4096)") // of pages; the next purge goes on
	}
	return deleted, s.fault(err)
}

const purgeBatch = 50

func expired(ctx context.Context, tx *sql.Tx, now time.Time) ([]ID, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id FROM diagnoses WHERE expires_at <= $1 LIMIT $2`, millis(now), purgeBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []ID
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		ids = append(ids, ID(b))
	}
	return ids, rows.Err()
}

func (s *sqlStore) Mark(ctx context.Context, t time.Time) (time.Time, error) {
	var mark int64
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE clock SET mark = $1 WHERE mark < $1`, millis(t)); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT mark FROM clock`).Scan(&mark)
	})
	return fromMillis(mark), s.fault(err)
}

func (s *sqlStore) Watch(id ID) (<-chan struct{}, func()) { return s.hub.watch(id) }
func (s *sqlStore) Close() error                          { return s.close() }
