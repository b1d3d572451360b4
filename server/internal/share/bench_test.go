package share

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"ingestdoctor/web/e2e/pgtest"
)

// What a store does in a second. An operation of "write" is one result of 4 kB,
// acknowledged, that is on the disk (SQLite: write-ahead log, synchronous=FULL);
// of "read" a look for the item by its token, as every request has it, and one
// result. As many at once as given:
//
//	go test -run '^$' -bench Store ./server/internal/share
func BenchmarkStore(b *testing.B) {
	open := map[string]func(b *testing.B) Store{
		"sqlite": func(b *testing.B) Store {
			s, err := OpenSQLite(b.Context(), b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			return s
		},
		"postgres": func(b *testing.B) Store { return benchPostgres(b) },
	}
	for _, name := range []string{"sqlite", "postgres"} {
		for _, together := range []int{1, 16, 64} {
			b.Run(name+"/write/"+strconv.Itoa(together), func(b *testing.B) {
				s := open[name](b)
				defer s.Close()
				items := benchItems(b, s, b.N/MaxResults+together)
				e := sealed(resultEnvelope, 4096)
				var n atomic.Int64
				parallel(b, together, func(ctx context.Context) error {
					_, _, err := s.Add(ctx, items[int(n.Add(1))%len(items)].ID, newID(), e, day0)
					return err
				})
			})
			b.Run(name+"/read/"+strconv.Itoa(together), func(b *testing.B) {
				s := open[name](b)
				defer s.Close()
				items := benchItems(b, s, 100)
				results := make([]ID, len(items))
				for i := range items {
					results[i] = newID()
					if _, _, err := s.Add(b.Context(), items[i].ID, results[i], sealed(resultEnvelope, 4096), day0); err != nil {
						b.Fatal(err)
					}
				}
				var n atomic.Int64
				parallel(b, together, func(ctx context.Context) error {
					i := int(n.Add(1)) % len(items)
					if _, err := s.Item(ctx, items[i].ID); err != nil {
						return err
					}
					_, err := s.Result(ctx, items[i].ID, results[i])
					return err
				})
			})
		}
	}
}

func benchItems(b *testing.B, s Store, n int) []Item {
	b.Helper()
	items := make([]Item, n)
	for i := range items {
		it, brief := newItem()
		if _, err := s.Create(b.Context(), it, brief); err != nil {
			b.Fatal(err)
		}
		items[i] = it
	}
	return items
}

// parallel runs fn b.N times, so many at once.
func parallel(b *testing.B, together int, fn func(context.Context) error) {
	b.Helper()
	var (
		n  atomic.Int64
		wg sync.WaitGroup
	)
	b.ResetTimer()
	for range together {
		wg.Go(func() {
			for n.Add(1) <= int64(b.N) {
				if err := fn(b.Context()); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
}

func benchPostgres(b *testing.B) Store {
	s, err := OpenPostgres(b.Context(), pgtest.Start(b).Database(b), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	return s
}
