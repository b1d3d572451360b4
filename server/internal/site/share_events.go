package site

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"ingestdoctor/server/internal/share"
)

// enter counts a stream; leave must be called when it ends.
func (s *shares) enter(client string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= s.limits.Streams || s.streams[client] >= s.limits.ClientStreams {
		return nil, spent{limitWatches, 30 * time.Second}
	}
	s.open++
	s.streams[client]++
	s.live.Inc()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open--
		s.live.Dec()
		if s.streams[client]--; s.streams[client] == 0 {
			delete(s.streams, client)
		}
	}, nil
}

// shareEvents streams what happens to an item, for as long as anybody looks.
func (s *Server) shareEvents(c echo.Context) error {
	it, err := s.opened(c, share.Read)
	if err != nil {
		return err
	}
	last, err := after(c)
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(c.Request().Header.Get("Last-Event-ID")); err == nil && n > last {
		last = n
	}
	leave, err := s.shares.enter(client(c).String())
	if err != nil {
		return err
	}
	defer leave()
	changed, stop := s.shares.keeper.Watch(it) // from before the first look, so that nothing is missed
	defer stop()

	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // or nginx would hold the events back
	c.Response().WriteHeader(http.StatusOK)
	w := eventWriter{c.Response(), http.NewResponseController(c.Response())}
	_ = w.ctl.SetReadDeadline(time.Time{}) // that of ordinary requests would end the stream
	if w.text("retry: 2000\n\n") != nil {
		return nil // the client is gone
	}

	ctx := c.Request().Context()
	comment := time.NewTicker(s.shares.limits.Comment)
	defer comment.Stop()
	for first := true; ; first = false {
		now, err := s.shares.keeper.Again(ctx, it)
		switch {
		case errors.Is(err, share.ErrNotFound):
			_ = w.text("event: gone\ndata: {}\n\n")
			return nil
		case err == nil:
			if first || now != it {
				if sendEvent(w, "state", 0, s.shares.item(now)) != nil {
					return nil
				}
			}
			it = now
			list, err := s.shares.keeper.Results(ctx, it, last)
			if err != nil {
				break // the next look may do
			}
			for _, r := range list {
				if sendEvent(w, "result", r.Seq, s.shares.result(r)) != nil {
					return nil
				}
				last = r.Seq
			}
		}
		select {
		case <-changed:
		case <-comment.C: // also a look: another program may have the same file open
			if w.text(": still here\n\n") != nil {
				return nil
			}
		case <-ctx.Done():
			return nil
		case <-s.shares.ctx.Done():
			return nil
		}
	}
}

func sendEvent(w eventWriter, name string, id int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	text := "event: " + name + "\ndata: " + string(data) + "\n\n"
	if id > 0 {
		text = "id: " + strconv.Itoa(id) + "\n" + text
	}
	return w.text(text)
}
