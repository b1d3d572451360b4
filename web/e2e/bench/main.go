// Command bench measures Ingest Doctor beside its peers, in one run on the
// same files: `make bench`. Natively it runs the program, ffprobe, flvmeta,
// mediainfo, cat and dd; in Chromium the page's worker with every check on, raw
// reading of the same kind, mpegts.js and mediainfo.js; the server under load beside nginx. Times are medians of
// alternated rounds, ratios medians of the rounds' ratios, files warm in the
// page cache.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"

	"ingestdoctor/web/e2e/flvgen"
	"ingestdoctor/web/e2e/harness"
)

type options struct {
	rounds   int
	files    string
	only     string
	markdown string
	keep     bool
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 7, "rounds of each measurement (slow peers: three)")
	flag.StringVar(&o.files, "files", "", "only recordings whose name contains this")
	flag.StringVar(&o.only, "only", "", "only the part named: native, browser, start, load or log")
	flag.StringVar(&o.markdown, "markdown", "", "write the tables to this file too")
	flag.BoolVar(&o.keep, "keep", false, "keep the generated recordings for the next run")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// goal is one line of the summary.
type goal struct {
	what       string
	value, max float64
	unit       string
	low        bool // the value must be at least max
}

func (g goal) String() string {
	verdict, sign := "reached", "at most"
	if g.low {
		sign = "at least"
	}
	if g.low && g.value < g.max || !g.low && g.value > g.max {
		verdict = "**missed**"
	}
	return fmt.Sprintf("| %s | %.2f%s | %s %g%s | %s |", g.what, g.value, g.unit, sign, g.max, g.unit, verdict)
}

type bench struct {
	options
	bin   string
	dir   string
	goals []goal
	out   strings.Builder
}

// serve starts the portal with a folder of its own; stop ends it.
func (b *bench) serve(ctx context.Context) (srv *harness.Server, stop func(), err error) {
	data, err := os.MkdirTemp("", "ingestdoctor-bench-*")
	if err != nil {
		return nil, nil, err
	}
	if srv, err = harness.Serve(ctx, b.bin, "", data); err != nil {
		os.RemoveAll(data)
		return nil, nil, err
	}
	return srv, func() { srv.Stop(); os.RemoveAll(data) }, nil
}

func (b *bench) print(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	b.out.WriteString(s)
	fmt.Print(s)
}

// goal adds a line, unless the value could not be measured.
func (b *bench) goal(ok bool, g goal) {
	if ok {
		b.goals = append(b.goals, g)
	}
}

func (b *bench) wants(part string, s flvgen.Spec) bool {
	return (b.only == "" || b.only == part) && strings.Contains(s.Name, b.files)
}

func run(ctx context.Context, o options) error {
	bin, err := harness.Binary(ctx)
	if err != nil {
		return err
	}
	dir, err := harness.Cache("bench")
	if err != nil {
		return err
	}
	b := &bench{options: o, bin: bin, dir: dir}
	if !o.keep {
		defer os.RemoveAll(dir)
	}
	b.print("# Benchmark\n\n%s, %d cores, %s; warm page cache, medians of %d alternated rounds.\n\n", chromiumVersion(), runtime.NumCPU(), runtime.Version(), o.rounds)

	for _, s := range []flvgen.Spec{flvgen.Large1000, flvgen.Small} {
		if b.wants("native", s) {
			if err := b.native(ctx, s); err != nil {
				return err
			}
		}
	}
	if err := b.load(ctx); err != nil {
		return err
	}
	if err := b.logs(ctx); err != nil {
		return err
	}
	if err := b.browser(ctx, []flvgen.Spec{flvgen.Large20, flvgen.Large300, flvgen.Large2200, flvgen.Small}); err != nil {
		return err
	}
	b.print("## Goals\n\n| what | measured | goal | |\n|---|---:|---:|---|\n")
	for _, g := range b.goals {
		b.print("%s\n", g)
	}
	if o.markdown != "" {
		return os.WriteFile(o.markdown, []byte(b.out.String()), 0o644)
	}
	return nil
}

func (b *bench) native(ctx context.Context, s flvgen.Spec) error {
	path, err := s.File(b.dir)
	if err != nil {
		return err
	}
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	t, err := native(ctx, b.bin, path, b.rounds)
	if err != nil {
		return err
	}
	b.print("## Native, %s (%d MB)\n\n", s.Name, st.Size()/1e6)
	var table strings.Builder
	t.markdown(&table, st.Size(), ours)
	b.print("%s", table.String())
	if s.Name == flvgen.Small.Name {
		r, ok := t.ratio("ffprobe -show_packets", ours)
		b.goal(ok, goal{what: "native, small tags: ffprobe -show_packets by ours", value: r, max: 20, unit: "x", low: true})
		r, ok = t.ratio("flvmeta --check", ours)
		b.goal(ok, goal{what: "native, small tags: flvmeta --check by ours", value: r, max: 4, unit: "x", low: true})
	} else {
		r, ok := t.ratio(ours, "cat")
		b.goal(ok, goal{what: "native, 1 GB of large tags: ours by cat", value: r, max: 1.5, unit: "x"})
		r, ok = t.ratio(ours, "dd bs=1M")
		b.goal(ok, goal{what: "native, 1 GB of large tags: ours by dd with our chunk size", value: r, max: 1.5, unit: "x"})
	}
	return nil
}

func chromiumVersion() string {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if name == "" {
			continue
		}
		if out, err := exec.Command(name, "--version").Output(); err == nil {
			fields := strings.Fields(string(out))
			return strings.Join(slices.Clip(fields[:min(2, len(fields))]), " ")
		}
	}
	return "no Chromium"
}
