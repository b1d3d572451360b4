package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ticksPerSecond is what /proc counts processor time in on every Linux.
const ticksPerSecond = 100

// measure is what the program takes at one moment.
type measure struct {
	at          time.Time
	cpu         time.Duration // since its start
	rss, peak   float64       // MB
	goroutines  int
	connections int // of encoders
}

// cpuTo is the processor time up to another moment, in percent of one core.
func (m measure) cpuTo(o measure) float64 {
	return 100 * (o.cpu - m.cpu).Seconds() / max(o.at.Sub(m.at).Seconds(), 1e-3)
}

// measure looks at /proc and /metrics.
func (p *program) measure() measure {
	m := measure{at: time.Now()}
	pid := strconv.Itoa(p.cmd.Process.Pid)
	if b, err := os.ReadFile("/proc/" + pid + "/stat"); err == nil {
		// behind the name, which may hold anything
		f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		if len(f) > 12 {
			user, _ := strconv.Atoi(f[11])
			system, _ := strconv.Atoi(f[12])
			m.cpu = time.Duration(user+system) * time.Second / ticksPerSecond
		}
	}
	if b, err := os.ReadFile("/proc/" + pid + "/status"); err == nil {
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) < 2 {
				continue
			}
			kb, _ := strconv.ParseFloat(f[1], 64)
			switch f[0] {
			case "VmRSS:":
				m.rss = kb / 1024
			case "VmHWM:":
				m.peak = kb / 1024
			}
		}
	}
	res, err := http.Get(p.web + "/metrics")
	if err != nil {
		return m
	}
	defer res.Body.Close()
	for sc := bufio.NewScanner(res.Body); sc.Scan(); {
		name, value, _ := strings.Cut(sc.Text(), " ")
		n, _ := strconv.ParseFloat(value, 64)
		switch name {
		case "go_goroutines":
			m.goroutines = int(n)
		case "ingestdoctor_live_connections":
			m.connections = int(n)
		}
	}
	return m
}

// settle waits until no more than so many goroutines are left, and measures.
func (p *program) settle(goroutines int) measure {
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Second) {
		if m := p.measure(); m.goroutines <= goroutines || time.Now().After(end) {
			return m
		}
	}
}

// healthy asks the portal how it is.
func (p *program) healthy(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.web+"/healthz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return nil
}

// lags are many numbers in ms, of which the percentiles count.
type lags struct {
	mu  sync.Mutex
	all []int
}

func (l *lags) add(ms ...int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, ms...)
}

func (l *lags) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}

// at is a percentile; 100 is the greatest.
func (l *lags) at(percent int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) == 0 {
		return 0
	}
	slices.Sort(l.all)
	return l.all[min(len(l.all)*percent/100, len(l.all)-1)]
}

// take gives what the streams' ticks told since it was called last.
func take(streams []*stream) *lags {
	now := &lags{}
	for _, s := range streams {
		s.mu.Lock()
		now.all = append(now.all, s.lags[s.taken:]...)
		s.taken = len(s.lags)
		s.mu.Unlock()
	}
	return now
}

func everyLag(streams []*stream) *lags {
	all := &lags{}
	for _, s := range streams {
		s.mu.Lock()
		all.all = append(all.all, s.lags...)
		s.mu.Unlock()
	}
	return all
}

// client is an address that every stream has for itself.
func client(n int) string { return fmt.Sprintf("198.51.%d.%d", 100+n/250, 1+n%250) }
