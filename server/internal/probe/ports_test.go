package probe

import (
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"
)

func TestClosedPort(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	r := probeIt(t, testProber(t), Request{Target: "rtmp://" + addr + "/live"})
	(&fixture{stage: TCP, state: Failed, rule: "probe-tcp-refused", args: map[string]string{"address": "127.0.0.1"}}).check(t, r)
}

// A listener whose queue is full drops further SYNs, as a firewall does.
func TestFilteredPort(t *testing.T) {
	t.Parallel()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", sa.(*syscall.SockaddrInet4).Port)
	full := false
	for range 8 {
		c, err := net.DialTimeout("tcp4", addr, 200*time.Millisecond)
		if err != nil {
			full = true
			break
		}
		defer c.Close()
	}
	if !full {
		t.Fatal("the queue does not fill")
	}
	r := probeIt(t, testProber(t, withLimits(short(TCP))), Request{Target: "rtmp://" + addr + "/live"})
	(&fixture{stage: TCP, state: TimedOut, rule: "probe-tcp-timeout", args: map[string]string{"address": "127.0.0.1", "limit_ms": "1500"}}).check(t, r)
}
