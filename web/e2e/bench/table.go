package main

import (
	"fmt"
	"slices"
	"strings"
)

// table holds the times of several readers of one file, in rounds.
type table struct {
	names  []string
	rounds map[string]map[int]float64 // name -> round -> ms
	memory map[string]int64           // name -> bytes, highest
	notes  map[string]string
}

func newTable() *table {
	return &table{rounds: map[string]map[int]float64{}, memory: map[string]int64{}, notes: map[string]string{}}
}

func (t *table) row(name string) map[int]float64 {
	if t.rounds[name] == nil {
		t.rounds[name] = map[int]float64{}
		t.names = append(t.names, name)
	}
	return t.rounds[name]
}

func (t *table) add(round int, name string, ms float64) { t.row(name)[round] = ms }

func (t *table) peak(name string, bytes int64) { t.memory[name] = max(t.memory[name], bytes) }

func (t *table) missing(name string) {
	t.row(name)
	t.notes[name] = "not installed"
}

// failed notes that a reader gave up, in one line.
func (t *table) failed(name string, err error) {
	t.row(name)
	text, _, _ := strings.Cut(err.Error(), "\n")
	t.notes[name] = "failed: " + strings.ReplaceAll(text[:min(len(text), 120)], "|", "/")
}

func (t *table) median(name string) (float64, bool) {
	var all []float64
	for _, ms := range t.rounds[name] {
		all = append(all, ms)
	}
	return median(all)
}

// ratio is the median over the rounds of a's time by b's in the same round: the
// machine's drift falls out.
func (t *table) ratio(a, b string) (float64, bool) {
	var all []float64
	for round, ms := range t.rounds[a] {
		if other := t.rounds[b][round]; other > 0 {
			all = append(all, ms/other)
		}
	}
	return median(all)
}

func median(v []float64) (float64, bool) {
	if len(v) == 0 {
		return 0, false
	}
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2, true
	}
	return v[len(v)/2], true
}

// markdown writes the table; me is the reader that the others are compared with.
func (t *table) markdown(b *strings.Builder, size int64, me string) {
	b.WriteString("| reader | median | MB/s | ours against it | memory |\n|---|---:|---:|---:|---:|\n")
	for _, name := range t.names {
		ms, ok := t.median(name)
		if !ok {
			fmt.Fprintf(b, "| %s | %s | | | |\n", name, t.notes[name])
			continue
		}
		ratio := ""
		if r, ok := t.ratio(me, name); ok && name != me && t.notes[name] != "not compared" {
			if r < 1 {
				ratio = fmt.Sprintf("%.1f times faster", 1/r)
			} else {
				ratio = fmt.Sprintf("%.2f times its time", r)
			}
		}
		mem := ""
		if m := t.memory[name]; m > 0 {
			mem = fmt.Sprintf("%.0f MB", float64(m)/1e6)
		}
		speed := fmt.Sprintf("%.0f", float64(size)/1e3/ms)
		if n := t.notes[name]; n != "" && n != "not compared" {
			speed = n
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", name, duration(ms), speed, ratio, mem)
	}
	b.WriteString("\n")
}

func duration(ms float64) string {
	if ms < 1000 {
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.2f s", ms/1000)
}
