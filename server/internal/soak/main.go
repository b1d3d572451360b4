// Command soak pushes many test streams at once to the program itself, for
// minutes, beside connections that are idle, half-open or full of garbage, and
// watches every stream. It prints what that costs and fails when a push is
// disturbed, falls behind, or something is left behind afterwards. It is no part
// of what ships: make soak runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// settings are what a run is to be.
type settings struct {
	program string
	last    time.Duration
	pushes  int
	secure  int // of them over TLS
	kbps    int
	idle    int  // connections that say nothing
	half    int  // and those that stop in the middle
	garbage int  // connections at once that replay spoilt pushes
	patient bool // judge what came out, and not how quickly
}

func main() {
	var s settings
	flag.StringVar(&s.program, "program", "bin/ingestdoctor", "the program")
	flag.DurationVar(&s.last, "for", 5*time.Minute, "how long")
	flag.IntVar(&s.pushes, "pushes", 50, "streams at once")
	flag.IntVar(&s.secure, "tls", 5, "of them over TLS")
	flag.IntVar(&s.kbps, "kbps", 4000, "of each stream")
	flag.IntVar(&s.idle, "idle", 200, "connections that say nothing")
	flag.IntVar(&s.half, "half", 200, "connections that stop in the middle")
	flag.IntVar(&s.garbage, "garbage", 4, "connections at once that replay spoilt pushes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// run is one soak; its error says all that went wrong.
func run(ctx context.Context, s settings) error {
	media, err := makeMedia(ctx, s.kbps)
	if err != nil {
		return err
	}
	fmt.Printf("%d pushes of %.2f Mb/s (%d over TLS) for %v, each watched; %d idle and %d half-open connections, %d that replay spoilt pushes; %d CPUs\n",
		s.pushes, media.mbps(), s.secure, s.last, s.idle, s.half, s.garbage, runtime.NumCPU())
	p, err := start(s.program)
	if err != nil {
		return err
	}
	defer p.kill()

	began := p.measure()
	fmt.Printf("%7s %8s %8s %11s %8s %9s %9s %9s\n", "time", "CPU", "RSS", "goroutines", "RTMP", "lag p50", "lag p99", "lag max")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	h := newHarm(p, media)
	h.run(ctx, &wg, s)

	streams := make([]*stream, s.pushes)
	var pushing sync.WaitGroup
	pushCtx, endPushes := context.WithCancel(ctx)
	defer endPushes()
	for i := range streams {
		streams[i] = &stream{p: p, n: i, secure: i < s.secure, media: media}
		if err := streams[i].open(ctx); err != nil {
			return err
		}
		wg.Go(func() { streams[i].watch(ctx) })
		pushing.Go(func() { streams[i].push(pushCtx) })
		select { // encoders do not all begin in the same moment
		case <-time.After(2 * time.Second / time.Duration(s.pushes)):
		case <-ctx.Done():
		}
	}
	measures := []measure{p.measure()}
	steady := p.measure()
	every := max(s.last/20, time.Second)
	var halfway measure
	for end := time.Now().Add(s.last); time.Now().Before(end) && ctx.Err() == nil; {
		select {
		case <-time.After(min(every, time.Until(end))):
		case <-ctx.Done():
		case <-p.done:
			return fmt.Errorf("the program ended:\n%s", p.tail())
		}
		m := p.measure()
		last := measures[len(measures)-1]
		lags := take(streams)
		fmt.Printf("%7s %7.1f%% %5.0f MB %11d %8d %6d ms %6d ms %6d ms\n", m.at.Sub(steady.at).Round(time.Second), last.cpuTo(m),
			m.rss, m.goroutines, m.connections, lags.at(50), lags.at(99), lags.at(100))
		measures = append(measures, m)
		if halfway.at.IsZero() && m.at.Sub(steady.at) >= s.last/2 {
			halfway = m
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ended := p.measure()
	endPushes()
	pushing.Wait()

	var problems []string
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	all, ticks := everyLag(streams), 0
	late := &lags{}
	for _, st := range streams {
		if err := st.check(ctx); err != nil {
			wrong("push %d: %v", st.n, err)
		}
		ticks += st.ticks
		late.add(st.late...)
	}
	cancel()
	wg.Wait()
	rate := float64(ticks) / float64(len(streams)) / ended.at.Sub(steady.at).Seconds()
	goodbye := p.settle(began.goroutines + 10)
	peak := ended.peak
	fmt.Printf("\nCPU           %.1f%% of one core in the mean, %.2f%% a push\n", steady.cpuTo(ended), steady.cpuTo(ended)/float64(s.pushes))
	fmt.Printf("memory        RSS %.0f MB at the beginning, %.0f MB halfway, %.0f MB at the end, %.0f MB at most, %.0f MB afterwards\n", began.rss, halfway.rss, ended.rss, peak, goodbye.rss)
	fmt.Printf("goroutines    %d at the beginning, %d at the end, %d afterwards\n", began.goroutines, ended.goroutines, goodbye.goroutines)
	fmt.Printf("lag           p50 %d ms, p99 %d ms, max %d ms of %d ticks (%.1f a second and stream); the pusher itself was late by p99 %d ms, max %d ms\n",
		all.at(50), all.at(99), all.at(100), ticks, rate, late.at(99), late.at(100))
	fmt.Printf("others        %s\n", h)
	fmt.Printf("/healthz      p50 %d ms, p99 %d ms, max %d ms of %d\n", h.health.at(50), h.health.at(99), h.health.at(100), h.health.len())

	if a := all.at(99) - late.at(99); a > 500 && !s.patient {
		wrong("the lag is %d ms at p99, beside what the pusher was late itself", a)
	}
	if rate < 5 && !s.patient {
		wrong("only %.1f ticks a second and stream", rate)
	}
	if grown := ended.rss - halfway.rss; grown > 40+halfway.rss/5 {
		wrong("memory grew by %.0f MB in the second half", grown)
	}
	if goodbye.goroutines > began.goroutines+10 {
		wrong("%d goroutines are left of the pushes", goodbye.goroutines-began.goroutines)
	}
	if n := h.health.len(); !s.patient && (n < int(s.last.Seconds()/4) || h.health.at(99) > 1000) {
		wrong("the portal answered %d times, with %d ms at p99", n, h.health.at(99))
	}
	for _, e := range h.errors() {
		wrong("%s", e)
	}
	if log := p.tail(); strings.Contains(log, "panic") {
		wrong("the log tells of a panic:\n%s", log)
	}
	if err := p.stop(); err != nil {
		wrong("the program does not end in order: %v", err)
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "\n      "))
	}
	fmt.Println("\nnothing was disturbed, nothing fell behind, nothing is left")
	return nil
}

// program is the one under test.
type program struct {
	cmd    *exec.Cmd
	web    string // http://...
	ingest string // host:port
	dir    string
	log    *os.File
	done   chan struct{}
	err    error
}

// start runs the program with its own limits, and waits until it answers.
func start(path string) (*program, error) {
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return nil, err
	}
	p := &program{
		web: fmt.Sprintf("http://127.0.0.1:%d", ports[0]), ingest: fmt.Sprintf("127.0.0.1:%d", ports[1]), dir: dir,
		done: make(chan struct{}),
	}
	if p.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		return nil, err
	}
	// A proxy that is believed lets every stream be another client's, as it would be.
	p.cmd = exec.Command(path, "serve", "--listen", strings.TrimPrefix(p.web, "http://"), "--ingest-listen", p.ingest, "--dev-tls",
		"--data", filepath.Join(dir, "data"), "--trusted-proxies", "127.0.0.0/8", "--log-level", "warn")
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w (make build makes the program)", err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if ok := p.healthy(context.Background()) == nil; ok {
			return p, nil
		}
		select {
		case <-p.done:
			return nil, fmt.Errorf("the program ended: %w\n%s", p.err, p.tail())
		default:
		}
		if time.Now().After(end) {
			p.kill()
			return nil, fmt.Errorf("the program does not answer\n%s", p.tail())
		}
	}
}

func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// tail is the end of the program's log.
func (p *program) tail() string {
	b, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-4000):])
}

// stop ends the program in order.
func (p *program) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return p.err
	case <-time.After(30 * time.Second):
		return errors.New("it still runs 30 s after SIGTERM")
	}
}

func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
	os.RemoveAll(p.dir)
}
