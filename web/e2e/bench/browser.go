package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"ingestdoctor/web/e2e/flvgen"
	"ingestdoctor/web/e2e/harness"
)

//go:embed pages
var pages embed.FS

// peersServer serves the pages of the peers, which never ship with the product.
func peersServer(modules string) *httptest.Server {
	sub, _ := fs.Sub(pages, "pages")
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(sub))
	mux.Handle("/modules/", http.StripPrefix("/modules/", http.FileServer(http.Dir(modules))))
	return httptest.NewServer(mux)
}

const (
	rawName  = "raw BYOB reading"
	doneName = "Ingest Doctor, choice to report"
	oursName = "Ingest Doctor, worker"
	mpegts   = "mpegts.js, load"
	mediaJS  = "mediainfo.js (reads a sample)"
)

// browser times every reader in one Chromium, in turn, round after round.
func (b *bench) browser(ctx context.Context, specs []flvgen.Spec) error {
	if b.only == "native" || b.only == "load" || b.only == "log" {
		return nil
	}
	modules, err := harness.Modules(ctx)
	if err != nil {
		return err
	}
	peersSrv := peersServer(modules)
	defer peersSrv.Close()
	srv, stop, err := b.serve(ctx)
	if err != nil {
		return err
	}
	defer stop()

	if b.only == "" || b.only == "start" {
		if err := b.start(ctx, srv.URL); err != nil {
			return err
		}
	}
	for _, s := range specs {
		if !b.wants("browser", s) {
			continue
		}
		path, err := s.File(b.dir)
		if err != nil {
			return err
		}
		if err := b.readers(ctx, srv.URL, peersSrv.URL, s, path); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

func (b *bench) readers(ctx context.Context, product, peers string, s flvgen.Spec, file string) error {
	st, err := os.Stat(file)
	if err != nil {
		return err
	}
	if err := warm(file); err != nil {
		return err
	}
	br, err := harness.Launch(ctx)
	if err != nil {
		return err
	}
	defer br.Close()

	check, err := harness.OpenCheck(br, product, false)
	if err != nil {
		return err
	}
	other, err := br.Open(false)
	if err != nil {
		return err
	}
	if err := chromedp.Do(other.Ctx, chromedp.Navigate(peers), other.SetFiles("input", file)); err != nil {
		return err
	}
	if _, err := harness.Eval[chromedp.Void](other, "mediainfoStart()"); err != nil {
		return err
	}
	t := newTable()
	var firsts []float64
	one := func(round int, name string) error {
		switch name {
		case oursName:
			run, err := check.Analyse(file, 5*time.Minute)
			if err != nil {
				return err
			}
			t.add(round, oursName, run.WorkerMS)
			t.add(round, doneName, run.DoneMS)
			t.notes[doneName] = "not compared"
			firsts = append(firsts, run.FirstMS)
			return nil
		case mpegts:
			if round >= 3 || t.notes[name] != "" {
				return nil
			}
		}
		call := map[string]string{rawName: "raw()", mpegts: "mpegtsLoad()", mediaJS: "mediainfoLoad()"}[name]
		ms, err := harness.Eval[float64](other, call)
		switch {
		case err == nil:
			t.add(round, name, ms)
		case name == rawName:
			return fmt.Errorf("%s: %w", name, err)
		default: // a peer that cannot read the file is a result, too
			t.failed(name, err)
		}
		return nil
	}
	// One round for nothing: programs compile, memory grows.
	for _, name := range []string{rawName, oursName} {
		if err := one(0, name); err != nil {
			return err
		}
	}
	t, firsts = newTable(), nil
	for round := range b.rounds {
		order := []string{rawName, oursName, mpegts, mediaJS}
		if round%2 == 1 {
			order = []string{oursName, rawName, mediaJS, mpegts}
		}
		for _, name := range order {
			if err := one(round, name); err != nil {
				return err
			}
		}
	}
	if read, err := harness.Eval[float64](other, "mediainfoRead"); err == nil {
		t.notes[mediaJS] = fmt.Sprintf("read %.1f MB", read/1e6)
	}
	check.Close()
	other.Close()
	br.Close()

	// Memory, each in a browser of its own.
	if err := b.memory(ctx, product, peers, file, t); err != nil {
		return err
	}
	b.print("## In the browser, %s (%d MB)\n\n", s.Name, st.Size()/1e6)
	var table strings.Builder
	t.markdown(&table, st.Size(), oursName)
	b.print("%s", table.String())

	limit := 1.15
	if s.Name == flvgen.Small.Name {
		limit = 1.3
	}
	if s.Name != flvgen.Large20.Name {
		r, ok := t.ratio(oursName, rawName)
		b.goal(ok, goal{what: "browser, " + s.Name + ": ours by raw BYOB reading", value: r, max: limit, unit: "x"})
		r, ok = t.ratio(mpegts, oursName)
		b.goal(ok, goal{what: "browser, " + s.Name + ": mpegts.js load by ours", value: r, max: 3, unit: "x", low: true})
	}
	b.goal(true, goal{what: "browser, " + s.Name + ": memory growth", value: float64(t.memory[oursName]) / 1e6, max: 100, unit: " MB"})
	first, ok := median(firsts)
	b.goal(ok, goal{what: "browser, " + s.Name + ": first summary after the choice", value: first, max: 100, unit: " ms"})
	return nil
}

// memory measures how much the browser grows over an analysis.
func (b *bench) memory(ctx context.Context, product, peers, file string, t *table) error {
	grown := func(name string, open func(*harness.Browser) (*harness.Tab, error), work func(*harness.Tab) error) error {
		br, err := harness.Launch(ctx)
		if err != nil {
			return err
		}
		defer br.Close()
		tab, err := open(br)
		if err != nil {
			return err
		}
		time.Sleep(time.Second) // what the start left is collected
		stop := harness.Watch(br.PID(), 20*time.Millisecond)
		err = work(tab)
		first, peak := stop()
		t.peak(name, peak-first)
		return err
	}
	err := grown(oursName, func(br *harness.Browser) (*harness.Tab, error) {
		c, err := harness.OpenCheck(br, product, false)
		if err != nil {
			return nil, err
		}
		return c.Tab, nil
	}, func(tab *harness.Tab) error {
		_, err := (&harness.Check{Tab: tab}).Analyse(file, 5*time.Minute)
		return err
	})
	if err != nil {
		return err
	}
	openPeers := func(br *harness.Browser) (*harness.Tab, error) {
		tab, err := br.Open(false)
		if err != nil {
			return nil, err
		}
		err = chromedp.Do(tab.Ctx, chromedp.Navigate(peers), tab.SetFiles("input", file))
		return tab, err
	}
	for name, call := range map[string]string{rawName: "raw()", mpegts: "mpegtsLoad()", mediaJS: "mediainfoStart().then(mediainfoLoad)"} {
		err := grown(name, openPeers, func(tab *harness.Tab) error {
			_, err := harness.Eval[float64](tab, call)
			return err
		})
		if err != nil && name == rawName {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// start measures a cold load of the page, and the programs' sizes as they travel.
func (b *bench) start(ctx context.Context, product string) error {
	clip, err := flvgen.Clean.File(b.dir)
	if err != nil {
		return err
	}
	var usable, first []float64
	sizes := map[string]int64{}
	for range b.rounds {
		br, err := harness.Launch(ctx) // a browser of its own: nothing cached, nothing compiled
		if err != nil {
			return err
		}
		c, err := harness.OpenCheck(br, product, true)
		if err != nil {
			br.Close()
			return err
		}
		usable = append(usable, c.UsableMS)
		run, err := c.Analyse(clip, time.Minute)
		if err != nil {
			br.Close()
			return err
		}
		first = append(first, c.UsableMS+run.FirstMS)
		for _, r := range c.Requests() {
			if strings.HasSuffix(strings.SplitN(r.URL, "?", 2)[0], ".wasm") {
				sizes[path.Base(r.URL)], err = brotliSize(r.URL)
				if err != nil {
					br.Close()
					return err
				}
			}
		}
		br.Close()
	}
	u, ok := median(usable)
	b.goal(ok, goal{what: "cold load of /check/file until a file can be chosen", value: u, max: 1000, unit: " ms"})
	f, ok := median(first)
	b.goal(ok, goal{what: "cold load until a file chosen at once has its first summary", value: f, max: 1000, unit: " ms"})
	for name, size := range sizes {
		limit := 0.75
		if strings.Contains(name, "app") {
			limit = 1.7
		}
		b.goal(true, goal{what: name + " with brotli", value: float64(size) / 1e6, max: limit, unit: " MB"})
	}
	return nil
}

func brotliSize(url string) (int64, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept-Encoding", "br")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if got := res.Header.Get("Content-Encoding"); got != "br" {
		return 0, fmt.Errorf("%s: Content-Encoding %q, not br", url, got)
	}
	return io.Copy(io.Discard, res.Body)
}
