package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"ingestdoctor/web/e2e/flvgen"
	"ingestdoctor/web/e2e/harness"
)

// The pages of the peers work: each reads a recording to its end.
func TestPeers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	modules, err := harness.Modules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	srv := peersServer(modules)
	defer srv.Close()
	file, err := flvgen.Clean.File(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	br, err := harness.Launch(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer br.Close()
	tab, err := br.Open(false)
	if err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(tab.Ctx, chromedp.Navigate(srv.URL), tab.SetFiles("input", file)); err != nil {
		t.Fatal(err)
	}
	for _, call := range []string{"raw()", "mpegtsLoad()", "mediainfoStart().then(mediainfoLoad)", "mpegtsLoad()", "raw()"} {
		ms, err := harness.Eval[float64](tab, call)
		if err != nil || ms <= 0 {
			t.Errorf("%s: %v ms, %v\n%s", call, ms, err, strings.Join(tab.Problems(), "\n"))
		}
		t.Logf("%s %s: %.1f ms", filepath.Base(file), call, ms)
	}
}

func TestTable(t *testing.T) {
	tab := newTable()
	for round, ms := range []float64{100, 300, 200} {
		tab.add(round, "a", ms)
		tab.add(round, "b", ms/2)
	}
	tab.missing("c")
	if m, ok := tab.median("a"); m != 200 || !ok {
		t.Errorf("median %v %v", m, ok)
	}
	if r, ok := tab.ratio("a", "b"); r != 2 || !ok {
		t.Errorf("ratio %v %v", r, ok)
	}
	if _, ok := tab.ratio("a", "c"); ok {
		t.Error("a ratio by a tool that is not there")
	}
	var b strings.Builder
	tab.markdown(&b, 1e6, "a")
	for _, want := range []string{"| a | 200 ms | 5 |", "2.00 times its time", "| c | not installed |"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if s := (goal{what: "w", value: 2, max: 3, unit: "x", low: true}).String(); !strings.Contains(s, "missed") {
		t.Error(s)
	}
	if s := (goal{what: "w", value: 2, max: 3, unit: "x"}).String(); !strings.Contains(s, "reached") {
		t.Error(s)
	}
}
