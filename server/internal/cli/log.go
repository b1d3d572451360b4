package cli

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Logger makes the server's log. Lines are written together, many at a time
// under load and a moment later otherwise; warnings and errors at once. Flush
// writes what is still held, and is called before the program ends.
func Logger(w io.Writer, format, level string) (log *slog.Logger, flush func()) {
	var l slog.Level
	_ = l.UnmarshalText([]byte(level)) // the flag takes known words only
	opts := &slog.HandlerOptions{Level: l}
	lines := &lineWriter{to: w}
	var h slog.Handler
	if format == "json" {
		h = slog.NewJSONHandler(lines, opts)
	} else {
		h = slog.NewTextHandler(lines, opts)
	}
	return slog.New(urgent{h, lines}), lines.flush
}

// urgent writes at once what somebody may be waiting for.
type urgent struct {
	slog.Handler
	lines *lineWriter
}

func (u urgent) Handle(ctx context.Context, r slog.Record) error {
	err := u.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		u.lines.flush()
	}
	return err
}

func (u urgent) WithAttrs(attrs []slog.Attr) slog.Handler {
	return urgent{u.Handler.WithAttrs(attrs), u.lines}
}

func (u urgent) WithGroup(name string) slog.Handler {
	return urgent{u.Handler.WithGroup(name), u.lines}
}

const (
	holdLines = 25 * time.Millisecond // how long a line may wait for others
	holdBytes = 32 << 10
)

// lineWriter gathers lines, for a system call a line costs more than making it.
// It holds as much as it takes when writing is slow: nothing is dropped.
type lineWriter struct {
	mu      sync.Mutex
	to      io.Writer
	held    []byte
	waiting bool // a flush is on its way
}

func (l *lineWriter) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = append(l.held, line...)
	switch {
	case len(l.held) >= holdBytes:
		l.write()
	case !l.waiting:
		l.waiting = true
		time.AfterFunc(holdLines, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.waiting = false
			l.write()
		})
	}
	return len(line), nil
}

func (l *lineWriter) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write()
}

func (l *lineWriter) write() {
	if len(l.held) > 0 {
		_, _ = l.to.Write(l.held) // there is nowhere to say that the log cannot be written
		l.held = l.held[:0]
	}
}
