package live_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ingestdoctor/server/internal/live"
	"ingestdoctor/wasm/flv/flvtest"
)

// refused pushes until the server closes the connection. Where it is to stay open,
// it must have said said, and not close within some ticks after that.
func (s *stream) refused(push []byte, stays bool, said string) (answer []byte, open bool) {
	s.t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(s.tap.port))
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	go func() { _, _ = conn.Write(push) }() // the other end may close first
	buf := make([]byte, 4096)
	_ = conn.SetReadDeadline(time.Now().Add(15 * time.Second))
	for heard := false; ; {
		n, err := conn.Read(buf)
		answer = append(answer, buf[:n]...)
		if stays && !heard && bytes.Contains(answer, []byte(said)) {
			heard = true
			_ = conn.SetReadDeadline(time.Now().Add(600 * time.Millisecond))
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, syscall.ECONNRESET) {
				s.t.Errorf("the answer broke off: %v", err)
			}
			return answer, errors.Is(err, os.ErrDeadlineExceeded)
		}
	}
}

// A session that behaves like a platform says and does on the wire what that
// platform does, and the reason stands in its log.
func TestBehave(t *testing.T) {
	t.Parallel()
	r := newRig(t, live.Config{Goodbye: time.Millisecond, Tick: 20 * time.Millisecond})
	hevc := flvtest.Stream{Seconds: 2, HEVC: true}.Build().Bytes()
	good := flvtest.Stream{Seconds: 3}.Build().Bytes()
	for _, c := range []struct {
		name   string
		req    live.Request
		file   []byte // nil: the encoder waits for the answer to publish, as they do
		open   bool
		start  bool   // NetStream.Publish.Start was sent, which onFCPublish says too
		status string // in the answer
		entry  string // in the log
		end    string // how the connection ended
	}{
		{"HEVC to Azure", live.Request{Profile: "azure-live-encoding", Behave: true}, hevc, false, true, "", "MPE_INGEST_CODEC_NOT_SUPPORTED", "Closed as the platform would"},
		{"HEVC to Azure that only looks", live.Request{Profile: "azure-live-encoding"}, hevc, true, true, "", "", ""},
		{"a stream that Azure takes", live.Request{Profile: "azure-live-encoding", Behave: true}, good, true, true, "", "", ""},
		{"wrong signature at Tencent", live.Request{Profile: "tencent-css", Behave: true, Refuse: "18/503"}, nil, false, false, "", "18/503 (Authentication failed)", "Closed as the platform would"},
		{"wrong password at MediaMTX", live.Request{Profile: "mediamtx", Behave: true, Refuse: "log:authentication failed"}, nil, false, false, "NetStream.Publish.Unauthorized", "authentication failed", "Closed as the platform would"},
		{"key in use at nginx", live.Request{Profile: "nginx-rtmp", Behave: true, Refuse: "NetStream.Publish.BadName"}, nil, true, false, "NetStream.Publish.BadName", "Already publishing", ""},
		{"address forbidden at nginx", live.Request{Profile: "nginx-rtmp", Behave: true, Refuse: "access-forbidden"}, good, false, true, "", "access forbidden by rule", "Closed as the platform would"},
		{"a takeover at Tencent", live.Request{Profile: "tencent-css", Behave: true, Refuse: "21/102"}, good, false, true, "", "21/102", "Closed as the platform would"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := r.session(t, c.req)
			said := c.status
			if said == "" {
				said = "Publishing."
			}
			answer, open := s.refused(append(opening(s.App, s.Key), played(c.file)...), c.open, said)
			if open != c.open {
				t.Errorf("open: %v\n%s", open, entries(s.snapshot()))
			}
			if got := bytes.Contains(answer, []byte("Publishing.")); got != c.start {
				t.Errorf("Publish.Start: %v", got)
			}
			if c.status != "" && !bytes.Contains(answer, []byte(c.status)) {
				t.Errorf("the answer has no %s: %q", c.status, answer)
			}
			if c.status == "" && bytes.Contains(answer, []byte("error")) {
				t.Errorf("an error is said: %q", answer)
			}
			v := s.await("the end of the connection", 10*time.Second, func(v live.Snapshot) bool { return len(v.Connections) > 0 && v.Connections[0].Ended >= 0 })
			log := entries(v)
			if c.entry == "" && strings.Contains(log, "platform") || !strings.Contains(log, c.entry) {
				t.Errorf("the log has no %q, or too much:\n%s", c.entry, log)
			}
			if !strings.HasPrefix(v.Connections[0].Why, c.end) {
				t.Errorf("it ended: %s", v.Connections[0].Why)
			}
			if v.Refuse != c.req.Refuse || v.Behave != c.req.Behave {
				t.Errorf("the session says %v %q", v.Behave, v.Refuse)
			}
		})
	}
}

// What one connection did is not held against the next.
func TestBehaveBeginsAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t, live.Config{Goodbye: time.Millisecond, Tick: 20 * time.Millisecond})
	s := r.session(t, live.Request{Profile: "azure-live-encoding", Behave: true})
	for i, c := range []struct {
		file []byte
		open bool
	}{
		{flvtest.Stream{Seconds: 2, HEVC: true}.Build().Bytes(), false},
		{flvtest.Stream{Seconds: 2}.Build().Bytes(), true},
		{flvtest.Stream{Seconds: 2, HEVC: true}.Build().Bytes(), false},
	} {
		if _, open := s.refused(append(opening(s.App, s.Key), played(c.file)...), c.open, "Publishing."); open != c.open {
			t.Errorf("push %d: open is %v\n%s", i, open, entries(s.snapshot()))
		}
		s.await("its end", 10*time.Second, func(v live.Snapshot) bool {
			return len(v.Connections) == i+1 && v.Connections[i].Ended >= 0
		})
	}
}
