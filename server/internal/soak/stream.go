package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/flv"
)

// stream is one test stream: its maker, its encoder and its watcher.
type stream struct {
	p      *program
	n      int
	secure bool
	media  *media
	id     string
	app    string
	key    string

	mu       sync.Mutex
	lags     []int // ms, of every tick
	taken    int
	ticks    int
	late     []int // ms, of the pusher itself
	pushErr  error
	watchErr error
	ended    bool // the watcher saw the end
	sent     int64
	publish  time.Time
}

// ask asks the portal as the stream's own client.
func (s *stream) ask(ctx context.Context, method, path, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.p.web+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Forwarded-For", client(s.n))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return http.DefaultClient.Do(req)
}

// open makes the session.
func (s *stream) open(ctx context.Context) error {
	res, err := s.ask(ctx, http.MethodPost, "/api/v1/live", "{}")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusCreated {
		return fmt.Errorf("stream %d: %s %v %s", s.n, res.Status, err, b)
	}
	var made struct{ ID, App, Key string }
	if err := json.Unmarshal(b, &made); err != nil {
		return err
	}
	s.id, s.app, s.key = made.ID, made.App, made.Key
	return nil
}

// push sends the media in real time until the context ends, and says goodbye.
func (s *stream) push(ctx context.Context) {
	err := s.pushed(ctx)
	s.mu.Lock()
	s.pushErr = err
	s.mu.Unlock()
}

func (s *stream) pushed(ctx context.Context) error {
	var c net.Conn
	// An address of its own on loopback: limits count by client.
	d := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 10, byte(1+s.n%250))}}
	c, err := d.Dial("tcp4", s.p.ingest)
	if err != nil {
		return err
	}
	if s.secure {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the program made it a moment ago
	}
	defer c.Close()
	if err := publish(c, s.app, s.key); err != nil {
		return err
	}
	heard := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, c)
		heard <- err
	}()

	var out []byte
	for _, t := range s.media.head {
		out = rtmp.AppendMessageAt(out, uint32(t.typ), t.typ, 1, 0, t.body, chunk)
	}
	began := time.Now()
	s.publish = began
	timer := time.NewTimer(0)
	defer timer.Stop()
	for round := int64(0); ; round++ {
		for i := 0; i < len(s.media.round); {
			due := round*s.media.ms + s.media.round[i].ms
			timer.Reset(time.Until(began.Add(time.Duration(due) * time.Millisecond)))
			select {
			case <-timer.C:
			case err := <-heard:
				return fmt.Errorf("the connection ended after %v: %w", time.Since(began).Round(time.Second), orEOF(err))
			case <-ctx.Done():
				return s.bye(c)
			}
			now := time.Since(began).Milliseconds()
			if len(s.late) < 1<<20 {
				s.late = append(s.late, int(now-due))
			}
			// A frame, and what is due with it.
			for until := max(now, due+5) - round*s.media.ms; i < len(s.media.round) && s.media.round[i].ms <= until; i++ {
				t := &s.media.round[i]
				out = rtmp.AppendMessageAt(out, uint32(t.typ), t.typ, 1, uint32(round*s.media.ms+t.ms), t.body, chunk)
			}
			_ = c.SetWriteDeadline(time.Now().Add(10 * time.Second))
			n, err := c.Write(out)
			s.sent += int64(n)
			if err != nil {
				return fmt.Errorf("after %v: %w", time.Since(began).Round(time.Second), err)
			}
			out = out[:0]
		}
	}
}

const chunk = 4096

func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

// publish says what an encoder says up to publish.
func publish(c net.Conn, app, key string) error {
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	defer c.SetDeadline(time.Time{})
	if err := rtmp.NewClientHandshake().Run(c); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	if _, err := c.Write(introduction(app, key)); err != nil {
		return err
	}
	var heard []byte
	buf := make([]byte, 4096)
	for !bytes.Contains(heard, []byte("NetStream.Publish.Start")) || !bytes.Contains(heard, []byte("onStatus")) {
		n, err := c.Read(buf)
		if err != nil {
			return fmt.Errorf("publish: %w after %q", err, heard)
		}
		heard = append(heard, buf[:n]...)
	}
	return nil
}

// introduction is connect up to publish.
func introduction(app, key string) []byte {
	b := rtmp.AppendControl(nil, rtmp.SetChunkSize, chunk)
	b = rtmp.AppendMessage(b, 3, rtmp.CommandAMF0, 0, rtmp.AppendCommand("connect", 1,
		rtmp.Object("app", app, "type", "nonprivate", "flashVer", "FMLE/3.0 (compatible; soak)", "tcUrl", "rtmp://127.0.0.1/"+app)), chunk)
	b = rtmp.AppendMessage(b, 3, rtmp.CommandAMF0, 0, rtmp.AppendCommand("createStream", 2, rtmp.Null()), chunk)
	return rtmp.AppendMessage(b, 4, rtmp.CommandAMF0, 1, rtmp.AppendCommand("publish", 3, rtmp.Null(), flv.Str(key), flv.Str("live")), chunk)
}

// bye ends the stream in order, and closes as encoders do.
func (s *stream) bye(c net.Conn) error {
	b := rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, 0, rtmp.AppendCommand("FCUnpublish", 4, rtmp.Null(), flv.Str(s.key)), chunk)
	b = rtmp.AppendMessage(b, 3, rtmp.CommandAMF0, 0, rtmp.AppendCommand("deleteStream", 5, rtmp.Null(), flv.Num(1)), chunk)
	_, err := c.Write(b)
	return err
}

// watch follows the session as its page does, until it or the context ends.
func (s *stream) watch(ctx context.Context) {
	err := s.watched(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended && ctx.Err() == nil {
		s.watchErr = orEOF(err)
	}
}

func (s *stream) watched(ctx context.Context) error {
	res, err := s.ask(ctx, http.MethodGet, "/api/v1/live/"+s.id+"/events", "")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	name := ""
	sc := bufio.NewScanner(res.Body)
	sc.Buffer(make([]byte, 64<<10), 8<<20)
	for sc.Scan() {
		line := sc.Text()
		if v, ok := strings.CutPrefix(line, "event: "); ok {
			name = v
			continue
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		switch name {
		case "tick":
			var t struct {
				Media int64 `json:"media_ms"`
				Lag   int64 `json:"lag_ms"`
				Idle  int64 `json:"idle_ms"`
			}
			if err := json.Unmarshal([]byte(data), &t); err != nil {
				return err
			}
			s.mu.Lock()
			s.ticks++
			if t.Media > 0 {
				s.lags = append(s.lags, int(max(t.Lag, 0)))
			}
			s.mu.Unlock()
		case "end":
			s.mu.Lock()
			s.ended = true
			s.mu.Unlock()
			return nil
		}
	}
	return sc.Err()
}

// check ends the session and holds its report against what was sent.
func (s *stream) check(ctx context.Context) error {
	s.mu.Lock()
	pushErr, watchErr := s.pushErr, s.watchErr
	s.mu.Unlock()
	if err := errors.Join(pushErr, watchErr); err != nil {
		return err
	}
	res, err := s.ask(ctx, http.MethodDelete, "/api/v1/live/"+s.id, "")
	if err != nil {
		return err
	}
	res.Body.Close()
	if res, err = s.ask(ctx, http.MethodGet, "/api/v1/live/"+s.id+"/report", ""); err != nil {
		return err
	}
	defer res.Body.Close()
	var r struct {
		Input struct {
			State string
			Read  int64 `json:"bytes_read"`
		}
		Media struct {
			Duration int64 `json:"duration_ms"`
			Tracks   []struct {
				Codec  string
				Frames int64
			}
		}
		Findings []struct{ Rule, Severity, Message string }
	}
	if err := json.NewDecoder(res.Body).Decode(&r); err != nil {
		return fmt.Errorf("its report: %s %w", res.Status, err)
	}
	var found []string
	for _, f := range r.Findings {
		found = append(found, f.Severity+" "+f.Rule+": "+f.Message)
	}
	if len(found) > 0 {
		return fmt.Errorf("found %q", found)
	}
	if len(r.Media.Tracks) != 2 || r.Media.Tracks[0].Frames < r.Media.Duration*fps/1000-2 || r.Input.Read < s.sent*9/10 || r.Input.State != "complete" {
		return fmt.Errorf("%d bytes were sent, and the report is %+v", s.sent, r)
	}
	return nil
}
