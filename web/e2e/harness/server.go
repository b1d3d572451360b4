// Package harness runs the program and a real browser for the tests and the
// benchmarks of web/e2e.
package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Root is the repository's root: the nearest folder above that holds go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = up
	}
}

// Cache is a folder, ignored by git, that holds generated recordings.
func Cache(name string) (string, error) {
	root, err := Root()
	return filepath.Join(root, ".build", name), err
}

// Samples is the folder of recordings beside the repository that it did not
// write; it may not exist.
func Samples() (string, error) {
	root, err := Root()
	return filepath.Join(root, "..", "shared", "samples"), err
}

// Binary gives the program to test: INGESTDOCTOR_BIN, else what `make build` makes.
func Binary(ctx context.Context) (string, error) {
	if bin := os.Getenv("INGESTDOCTOR_BIN"); bin != "" {
		return filepath.Abs(bin)
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "make", "build")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make build: %w\n%s", err, out)
	}
	return filepath.Join(root, "bin", "ingestdoctor"), nil
}

// Server is a running `ingestdoctor serve`.
type Server struct {
	URL  string // http://127.0.0.1:port
	Addr string
	cmd  *exec.Cmd
	log  lockedBuffer
	done chan error
}

// Serve starts the program on a free port of 127.0.0.1, or on addr where that is
// not empty, and waits until it answers. flags are added to its command.
func Serve(ctx context.Context, bin, addr, dataDir string, flags ...string) (*Server, error) {
	if addr == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		addr = l.Addr().String()
		l.Close()
	}
	s := &Server{URL: "http://" + addr, Addr: addr, done: make(chan error, 1)}
	s.cmd = exec.CommandContext(ctx, bin, append([]string{"serve", "--listen", addr, "--data", dataDir}, flags...)...)
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = 5 * time.Second
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.done <- s.cmd.Wait() }()
	deadline := time.Now().Add(15 * time.Second)
	for {
		if res, err := http.Get(s.URL + "/healthz"); err == nil {
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return s, nil
			}
		}
		select {
		case err := <-s.done:
			return nil, fmt.Errorf("serve ended: %v\n%s", err, s.Log())
		case <-time.After(30 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			s.Stop()
			return nil, fmt.Errorf("no answer from /healthz after 15 s\n%s", s.Log())
		}
	}
}

// Stop ends the server in order and reports how it ended.
func (s *Server) Stop() error {
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-s.done:
		s.done <- err
		return err
	case <-time.After(10 * time.Second):
		s.cmd.Process.Kill()
		return errors.New("the server did not end within 10 s")
	}
}

// Kill ends the server as a crash does.
func (s *Server) Kill() {
	s.cmd.Process.Kill()
	s.done <- <-s.done
}

// Log is what the server has written so far.
func (s *Server) Log() string { return s.log.String() }

// lockedBuffer takes writes from one goroutine while another reads.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
