package share

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// channel is what the replicas listen on; what is sent is an id alone.
const channel = "ingestdoctor_diagnoses"

// OpenPostgres opens a database that several servers may share. Errors are in
// words for whoever runs the server, and name no password.
func OpenPostgres(ctx context.Context, address string, log *slog.Logger) (_ Store, err error) {
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errors.New("the address of the database must be like postgres://user:password@host:5432/database")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 10 * time.Second
	}
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	db.SetConnMaxIdleTime(5 * time.Minute)
	defer func() {
		if err != nil {
			db.Close()
		}
	}()
	if err := db.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("no connection to the database: %s", pgWords(err, cfg))
	}
	// Replicas that start together take turns.
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, db, goose.DialectPostgres, "postgres", goose.WithSessionLocker(locker)); err != nil {
		return nil, fmt.Errorf("the database's tables cannot be made: %s", pgWords(err, cfg))
	}

	hub := newHub()
	listening, stop := context.WithCancel(context.WithoutCancel(ctx))
	ready, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		listen(listening, cfg, hub, log, sync.OnceFunc(func() { close(ready) }))
	}()
	select {
	case <-ready: // else what the next does could be missed
	case <-time.After(10 * time.Second):
	}

	return &sqlStore{
		read: db, hub: hub, lock: " FOR UPDATE",
		write: func(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer tx.Rollback() // after a commit it does nothing
			if err := fn(ctx, tx); err != nil {
				return err
			}
			return tx.Commit()
		},
		notify: func(ctx context.Context, tx *sql.Tx, id ID) error {
			_, err := tx.ExecContext(ctx, `SELECT pg_notify($1, $2)`, channel, id.String())
			return err
		},
		told:  func(ID) {}, // the notice comes back to this process too
		cause: pgCause,
		close: sync.OnceValue(func() error {
			stop()
			<-done
			return db.Close()
		}),
	}, nil
}

// listen hears what any replica has changed, for as long as it lasts.
func listen(ctx context.Context, cfg *pgx.ConnConfig, hub *hub, log *slog.Logger, ready func()) {
	lost := false
	for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, 30*time.Second) {
		err := func() error {
			conn, err := pgx.ConnectConfig(ctx, cfg.Copy())
			if err != nil {
				return err
			}
			defer conn.Close(context.WithoutCancel(ctx))
			if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
				return err
			}
			wait = time.Second
			if lost {
				log.Info("the database is heard again")
				lost = false
			}
			ready()
			hub.wakeAll() // whatever was missed
			for {
				// A connection that died without a word is noticed by asking.
				quiet, cancel := context.WithTimeout(ctx, time.Minute)
				n, err := conn.WaitForNotification(quiet)
				cancel()
				switch {
				case err == nil:
					if id, ok := ParseID(n.Payload); ok {
						hub.wake(id)
					}
				case ctx.Err() != nil:
					return nil
				case quiet.Err() != nil && !conn.IsClosed():
					if err := conn.Ping(ctx); err != nil {
						return err
					}
				default:
					return err
				}
			}
		}()
		if err == nil || ctx.Err() != nil {
			return
		}
		if !lost {
			log.Warn("live updates from other servers are interrupted", "error", pgWords(err, cfg))
			lost = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// pgCause sorts PostgreSQL's errors by class (PostgreSQL documentation, appendix A).
func pgCause(err error) error {
	var (
		e       *pgconn.PgError
		connect *pgconn.ConnectError // has the server's answer inside, where there was one
	)
	if errors.As(err, &e) && !errors.As(err, &connect) {
		switch {
		case e.Code == "53100": // disk_full
			return fmt.Errorf("%w: %w", ErrNoSpace, err)
		case e.Code == "25006", // read_only_sql_transaction
			strings.HasPrefix(e.Code, "08"), // connection exception
			strings.HasPrefix(e.Code, "40"), // rolled back, deadlock
			strings.HasPrefix(e.Code, "53"), // insufficient resources
			strings.HasPrefix(e.Code, "57"), // operator intervention
			strings.HasPrefix(e.Code, "58"): // system error
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err) // no answer: the connection failed
}

// pgWords tells an error without the password, should it be in there.
func pgWords(err error, cfg *pgx.ConnConfig) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if cfg.Password != "" {
		for _, secret := range []string{cfg.Password, url.QueryEscape(cfg.Password), url.PathEscape(cfg.Password)} {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return text
}
