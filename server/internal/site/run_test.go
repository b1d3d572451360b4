package site

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

func TestHealth(t *testing.T) {
	s, _ := newServer(t, Config{Version: "v9"})
	var got map[string]string
	if err := json.NewDecoder(ask(s, "GET", "/healthz", "Accept", "application/json").Body).Decode(&got); err != nil || got["status"] != "ok" || got["version"] != "v9" {
		t.Errorf("%v %v", got, err)
	}
}

func TestConfig(t *testing.T) {
	for _, bad := range []Config{
		{PublicURL: "doctor.example.com"},
		{PublicURL: "ftp://doctor.example.com"},
		{PublicURL: "https://doctor.example.com/portal"},
		{PublicURL: "https://u:p@doctor.example.com"},
		{AllowedHosts: []string{"https://doctor.example.com"}},
	} {
		if _, err := New(bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	s, _ := newServer(t, Config{PublicURL: "https://doctor.example.com/"})
	if body := text(t, ask(s, "GET", "/rules")); !strings.Contains(body, `<link rel="canonical" href="https://doctor.example.com/rules"`) {
		t.Error("no canonical link")
	}
	if body := text(t, ask(s, "GET", "/robots.txt")); !strings.Contains(body, "Sitemap: https://doctor.example.com/sitemap.xml") {
		t.Errorf("robots.txt: %q", body)
	}
}

// A real server: it answers, and when it is told to stop it first finishes what
// it has begun.
func TestRun(t *testing.T) {
	s, log := newServer(t, Config{Listen: "127.0.0.1:0", MetricsListen: "127.0.0.1:0", ShutdownTimeout: 5 * time.Second})
	begun, finish := make(chan struct{}), make(chan struct{})
	s.echo.GET("/test/slow", func(c echo.Context) error {
		close(begun)
		<-finish
		return c.String(200, "done")
	})
	ctx, stop := context.WithCancel(context.Background())
	addr, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- s.Run(ctx, func(a net.Addr) { addr <- a }) }()
	base := "http://" + (<-addr).String()

	slow := make(chan string, 1)
	go func() {
		res, err := http.Get(base + "/test/slow")
		if err != nil {
			slow <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		slow <- string(b)
	}()
	<-begun
	stop()
	time.Sleep(50 * time.Millisecond)
	if _, err := http.Get(base + "/healthz"); err == nil {
		t.Error("a stopping server takes new requests")
	}
	close(finish)
	if got := <-slow; got != "done" {
		t.Errorf("the running request got %q", got)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Run: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the server does not stop")
	}
	if out := log.String(); !strings.Contains(out, "listening") || !strings.Contains(out, "stopping") {
		t.Errorf("log: %s", out)
	}
}

// A request that will not end does not keep the server from stopping.
func TestRunStopsInTime(t *testing.T) {
	s, _ := newServer(t, Config{Listen: "127.0.0.1:0", ShutdownTimeout: 100 * time.Millisecond})
	begun, finish := make(chan struct{}), make(chan struct{})
	defer close(finish)
	s.echo.GET("/test/hang", func(echo.Context) error { close(begun); <-finish; return nil })
	ctx, stop := context.WithCancel(context.Background())
	addr, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- s.Run(ctx, func(a net.Addr) { addr <- a }) }()
	base := "http://" + (<-addr).String()
	go http.Get(base + "/test/hang") //nolint:errcheck // it is cut off
	<-begun
	stop()
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "still running") {
			t.Errorf("Run: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the server does not stop")
	}
}

func TestRunPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, _ := newServer(t, Config{Listen: l.Addr().String()})
	if err := s.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "cannot listen on") {
		t.Errorf("a taken port: %v", err)
	}
}

// A client that never finishes its headers is let go.
func TestHeaderTimeout(t *testing.T) {
	s, _ := newServer(t, Config{Listen: "127.0.0.1:0", ReadHeaderTimeout: 100 * time.Millisecond})
	addr := make(chan net.Addr, 1)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go s.Run(ctx, func(a net.Addr) { addr <- a }) //nolint:errcheck // TestRun looks at it
	conn, err := net.Dial("tcp", (<-addr).String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n")
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("the connection is still open: %v", err)
	}
}
