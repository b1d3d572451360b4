package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"ingestdoctor/web/e2e/harness"
)

// logBytes is the size of the log that the page must read within 2 s.
const logBytes = 50e6

// logs times /check/log on a big log: as it is, and in a gzip.
func (b *bench) logs(ctx context.Context) error {
	if b.only != "" && b.only != "log" {
		return nil
	}
	plain, err := harness.BigLog(logBytes)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	packed := filepath.Join(b.dir, "big.log.gz")
	if err := pack(plain, packed); err != nil {
		return err
	}
	srv, stop, err := b.serve(ctx)
	if err != nil {
		return err
	}
	defer stop()
	b.print("## A log of %d MB in the browser\n\n| what | worker | choice to answer | browser's memory grows by |\n|---|---:|---:|---:|\n", int(logBytes/1e6))
	for _, c := range []struct{ name, file string }{{"as it is", plain}, {"in a gzip", packed}} {
		br, err := harness.Launch(ctx)
		if err != nil {
			return err
		}
		worker, done, grown, err := b.log(br, srv.URL, c.file)
		br.Close()
		if err != nil {
			return fmt.Errorf("a log %s: %w", c.name, err)
		}
		b.print("| %s | %.2f s | %.2f s | %.0f MB |\n", c.name, worker/1e3, done/1e3, grown)
		if c.file == plain {
			b.goal(true, goal{what: "50 MB of log, from the choice to the answer on the page", value: done / 1e3, max: 2, unit: " s"})
			b.goal(true, goal{what: "50 MB of log, growth of the whole browser", value: grown, max: 100, unit: " MB"})
		}
	}
	b.print("\n")
	return nil
}

// log reads a file again and again: medians in ms, and the growth in MB of the
// first reading.
func (b *bench) log(br *harness.Browser, url, file string) (worker, done, grown float64, err error) {
	l, err := harness.OpenLog(br, url, false)
	if err != nil {
		return 0, 0, 0, err
	}
	if err := l.Paste("one line\n", 10*time.Second); err != nil { // the page has drawn an answer once
		return 0, 0, 0, err
	}
	time.Sleep(time.Second) // what the start left is collected
	stop := harness.Watch(br.PID(), 25*time.Millisecond)
	err = l.Choose(time.Minute, file)
	first, peak := stop()
	if err != nil {
		return 0, 0, 0, err
	}
	var workers, dones []float64
	for range b.rounds {
		if err := l.Choose(time.Minute, file); err != nil {
			return 0, 0, 0, err
		}
		ms, err := harness.Eval[[2]float64](l.Tab, `[e2e.messages.findLast((m) => m.t === "report").ms, performance.getEntriesByName("ingest-log-done").at(-1).startTime - e2e.began]`)
		if err != nil {
			return 0, 0, 0, err
		}
		workers, dones = append(workers, ms[0]), append(dones, ms[1])
	}
	worker, _ = median(workers)
	done, _ = median(dones)
	return worker, done, float64(peak-first) / 1e6, nil
}

func pack(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	w := gzip.NewWriter(out)
	if _, err := io.Copy(w, in); err != nil {
		return err
	}
	return w.Close()
}
