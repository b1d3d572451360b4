package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The page that is asked for, and searches that nobody has asked before: the
// number keeps the answer to one from being the answer to the next.
const (
	loadPage = "/codes/azure-media-services/MPE_INGEST_RTMP_SETDATAFRAME_NOT_RECEIVED"
	loadLua  = `local q = {"stream+key+wrong", "18/501", "push+url+expired", "obs+drops+frames", "MPE_INGEST_CODEC_NOT_SUPORTED",
  "ffmpeg+broken+pipe", "no+data+for+a+long+time"}
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", "/api/v1/search?q=" .. q[n % #q + 1] .. "+" .. n)
end
`
	loadConnections = "32"
	loadTime        = "3s"
)

// nginx as Debian sets it up, and with the one directive that helps a small
// static file the most.
const nginxConf = `worker_processes auto;
daemon off;
pid nginx.pid;
error_log error.log;
events { worker_connections 768; }
http {
  sendfile on;
  tcp_nopush on;
  types_hash_max_size 2048;
  types { text/html html; }
  default_type application/octet-stream;
  access_log access.log;
  gzip on;
  client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
  %s
  server { listen %s; root www; }
}
`

// target is one server under load.
type target struct {
	name, url string
	wrk       []string
	pids      func() []int // whose processor time counts

	rates, costs []float64 // requests a second; microseconds of processor a request, server and client together
	server       []float64 // of the server alone
}

// load compares our code page with nginx and the same bytes as a static file,
// and counts searches. The default middleware and logging are on, the log goes
// to a file.
func (b *bench) load(ctx context.Context) error {
	if b.only != "" && b.only != "load" {
		return nil
	}
	for _, name := range []string{"wrk", "nginx"} {
		if _, err := exec.LookPath(name); err != nil {
			b.print("## Under load\n\n%s is not installed (Debian: apt-get install wrk nginx-light); left out.\n\n", name)
			return nil
		}
	}
	dir, err := os.MkdirTemp("", "ingestdoctor-load-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	addr, err := freeAddr()
	if err != nil {
		return err
	}
	ours, err := process(ctx, dir, addr, "server.log", b.bin, "serve", "--listen", addr, "--data", filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	defer ours.stop()
	body, err := fetch(ctx, "http://"+addr+loadPage)
	if err != nil {
		return err
	}
	mine := func() []int { return []int{ours.cmd.Process.Pid} }
	lua := filepath.Join(dir, "search.lua")
	if err := os.WriteFile(lua, []byte(loadLua), 0o644); err != nil {
		return err
	}
	page := &target{name: "code page", url: "http://" + addr + loadPage, pids: mine}
	packed := &target{name: "code page, to a client that takes brotli", url: page.url, wrk: []string{"-H", "Accept-Encoding: br, gzip"}, pids: mine}
	distinct := &target{name: "search, every query new", url: "http://" + addr, wrk: []string{"-s", lua}, pids: mine}
	same := &target{name: "search, one query", url: "http://" + addr + "/api/v1/search?q=setdataframe", pids: mine}
	targets := []*target{page, packed, distinct, same}

	var statics []*target
	for _, n := range []struct{ name, extra string }{{"nginx, as Debian sets it up", ""}, {"nginx with open_file_cache", "open_file_cache max=100;"}} {
		t, stop, err := nginx(ctx, filepath.Join(dir, strconv.Itoa(len(statics))), n.extra, body)
		if err != nil {
			return err
		}
		defer stop()
		t.name = n.name
		statics = append(statics, t)
	}
	targets = append(targets, statics...)

	for round := range b.rounds {
		for _, t := range targets {
			if err := t.run(ctx); err != nil {
				return fmt.Errorf("round %d: %s: %w", round+1, t.name, err)
			}
		}
	}

	b.print("## Under load\n\nwrk -t1 -c%s -d%s over loopback, %d rounds in turn; the page and the static file are the same %d bytes. Load of the machine afterwards: %s.\n\n",
		loadConnections, loadTime, b.rounds, len(body), loadAverage())
	b.print("| what | requests a second | processor a request, server | with the client |\n|---|---:|---:|---:|\n")
	for _, t := range targets {
		rate, _ := median(append([]float64(nil), t.rates...))
		server, _ := median(append([]float64(nil), t.server...))
		cost, _ := median(append([]float64(nil), t.costs...))
		b.print("| %s | %.0f | %.1f µs | %.1f µs |\n", t.name, rate, server, cost)
	}
	b.print("\n")
	for _, t := range statics {
		var rates, costs []float64
		for i := range t.rates {
			rates = append(rates, page.rates[i]/t.rates[i])
			costs = append(costs, t.costs[i]/page.costs[i])
		}
		rate, ok := median(rates)
		b.goal(ok, goal{what: "under load: code page by " + t.name, value: rate, max: 0.5, unit: "x", low: true})
		cost, ok := median(costs)
		b.goal(ok, goal{what: "under load: the same by processor time", value: cost, max: 0.5, unit: "x", low: true})
	}
	rate, ok := median(append([]float64(nil), distinct.rates...))
	b.goal(ok, goal{what: "under load: new searches a second", value: rate, max: 3000, low: true})
	return nil
}

// run loads a target once.
func (t *target) run(ctx context.Context) error {
	before := processorTime(t.pids())
	cmd := exec.CommandContext(ctx, "wrk", append([]string{"-t1", "-c" + loadConnections, "-d" + loadTime}, append(t.wrk, t.url)...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	if regexp.MustCompile(`Non-2xx|Socket errors`).Match(out) {
		return fmt.Errorf("not every answer was good:\n%s", out)
	}
	m := regexp.MustCompile(`(\d+) requests in[\s\S]*Requests/sec:\s+([\d.]+)`).FindSubmatch(out)
	if m == nil {
		return fmt.Errorf("wrk says:\n%s", out)
	}
	n, _ := strconv.ParseFloat(string(m[1]), 64)
	rate, _ := strconv.ParseFloat(string(m[2]), 64)
	server := processorTime(t.pids()) - before
	client := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	t.rates = append(t.rates, rate)
	t.server = append(t.server, float64(server.Nanoseconds())/1000/n)
	t.costs = append(t.costs, float64((server+client).Nanoseconds())/1000/n)
	return nil
}

// processorTime is what processes have used so far (Linux; elsewhere 0).
func processorTime(pids []int) (sum time.Duration) {
	const tick = 10 * time.Millisecond // USER_HZ, 100 everywhere
	for _, pid := range pids {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		// the name, in brackets, may hold anything
		fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
		if len(fields) < 13 {
			continue
		}
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		sum += time.Duration(user+system) * tick
	}
	return sum
}

func nginx(ctx context.Context, dir, extra string, body []byte) (*target, func(), error) {
	www := filepath.Join(dir, "www")
	if err := os.MkdirAll(www, 0o755); err != nil {
		return nil, nil, err
	}
	// nginx's workers may run as another user
	for d := dir; d != filepath.Dir(filepath.Dir(dir)); d = filepath.Dir(d) {
		_ = os.Chmod(d, 0o755)
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(filepath.Join(www, "page.html"), body, 0o644); err != nil {
		return nil, nil, err
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, extra, addr), 0o644); err != nil {
		return nil, nil, err
	}
	p, err := process(ctx, dir, addr, "nginx.log", "nginx", "-p", dir, "-e", filepath.Join(dir, "error.log"), "-c", conf)
	if err != nil {
		return nil, nil, err
	}
	return &target{url: "http://" + addr + "/page.html", pids: func() []int { return children(p.cmd.Process.Pid) }}, p.stop, nil
}

func children(pid int) (list []int) {
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for f := range strings.FieldsSeq(string(raw)) {
		if n, err := strconv.Atoi(f); err == nil {
			list = append(list, n)
		}
	}
	return list
}

// running is a server that was started here.
type running struct {
	cmd *exec.Cmd
	log *os.File
}

// process starts a server with its output in a file and waits until it listens.
func process(ctx context.Context, dir, addr, log string, args ...string) (*running, error) {
	f, err := os.Create(filepath.Join(dir, log))
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = f, f
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		f.Close()
		return nil, err
	}
	p := &running{cmd, f}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return p, nil
		}
		if time.Now().After(end) {
			p.stop()
			text, _ := os.ReadFile(f.Name())
			return nil, fmt.Errorf("%s does not listen on %s: %s", args[0], addr, text)
		}
	}
}

func (p *running) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
	p.log.Close()
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func fetch(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultTransport.(*http.Transport).Clone().RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, res.Status)
	}
	return b.Bytes(), nil
}

func loadAverage() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(raw), " ")
	return one
}
