package site

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"ingestdoctor/server/internal/live"
)

// lives is what the portal keeps beside the Inspector: who may make sessions how
// often, and who watches.
type lives struct {
	inspector Inspector
	ingest    Ingest
	limits    liveLimits
	quota     *quota
	streams   prometheus.Gauge

	ctx  context.Context // of every stream; ends with the server
	stop context.CancelFunc

	mu   sync.Mutex
	all  int
	byID map[string]int // streams of a session
}

// liveLimits bound what watching costs. The zero value of a field means its default.
type liveLimits struct {
	Client     pace          // how many sessions one client may make
	Watchers   int           // streams of one session
	Streams    int           // streams in all
	Comment    time.Duration // between the comments that keep a stream open
	EventBatch int           // most bytes that are written at once
}

func (l liveLimits) complete() liveLimits {
	if l.Client.Burst <= 0 {
		l.Client = pace{10, 30 * time.Second}
	}
	for n, def := range map[*int]int{&l.Watchers: 6, &l.Streams: 400, &l.EventBatch: 256 << 10} {
		if *n <= 0 {
			*n = def
		}
	}
	if l.Comment <= 0 {
		l.Comment = 15 * time.Second
	}
	return l
}

// startLives sets up what stands around test streams.
func startLives(cfg Config, m *metrics) *lives {
	l := &lives{
		inspector: cfg.Live, ingest: cfg.Ingest, limits: cfg.liveLimits.complete(), byID: map[string]int{},
		streams: prometheus.NewGauge(prometheus.GaugeOpts{Name: "ingestdoctor_live_watchers", Help: "Event streams of test streams that are open."}),
	}
	m.registry.MustRegister(l.streams)
	if cfg.LiveMetrics != nil {
		m.registry.MustRegister(cfg.LiveMetrics)
	}
	l.quota = newQuota(l.limits.Client.Burst, l.limits.Client.Every)
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l
}

func (l *lives) close() { l.stop() }

// attach counts a stream of a session; detach must be called when it ends.
func (l *lives) attach(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= l.limits.Streams || l.byID[id] >= l.limits.Watchers {
		return false
	}
	l.all++
	l.byID[id]++
	l.streams.Inc()
	return true
}

func (l *lives) detach(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	l.streams.Dec()
	if l.byID[id]--; l.byID[id] <= 0 {
		delete(l.byID, id)
	}
}

// apiLiveEvents streams what happens to a session. Whoever comes back with
// Last-Event-ID gets the state as it is now and what comes after it.
func (s *Server) apiLiveEvents(c echo.Context) error {
	id, l := c.Param("id"), s.lives
	if l.inspector == nil {
		return errNoSession
	}
	last, _ := strconv.ParseInt(c.Request().Header.Get("Last-Event-ID"), 10, 64)
	ctx, cancel := context.WithCancel(c.Request().Context())
	defer cancel()
	events, ok := l.inspector.Watch(ctx, id, max(0, last))
	if !ok {
		return errNoSession
	}
	if !l.attach(id) {
		return tooManyLive(c, limitStreams, 10*time.Second, "This test stream is being watched as often as is allowed at once. Close another window with it.")
	}
	defer l.detach(id)

	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // or nginx would hold the events back
	c.Response().WriteHeader(http.StatusOK)
	w := eventWriter{c.Response(), http.NewResponseController(c.Response())}
	_ = w.ctl.SetReadDeadline(time.Time{}) // that of ordinary requests would end the stream
	if w.text("retry: 1000\n\n") != nil {
		return nil // the client is gone
	}
	comment := time.NewTicker(l.limits.Comment)
	defer comment.Stop()
	var b strings.Builder
	for {
		select {
		case e, ok := <-events:
			if !ok {
				return nil
			}
			b.Reset()
			ended := liveEvent(&b, e)
			for !ended && b.Len() < l.limits.EventBatch { // what is there already goes in one piece
				select {
				case e, ok = <-events:
					if !ok {
						ended = true
						break
					}
					ended = liveEvent(&b, e)
					continue
				default:
				}
				break
			}
			if w.text(b.String()) != nil || ended {
				return nil
			}
		case <-comment.C:
			if w.text(": still here\n\n") != nil {
				return nil
			}
		case <-ctx.Done():
			return nil
		case <-l.ctx.Done():
			// the sessions end with the server, and the last event is worth a moment
			b.Reset()
			for wait := time.After(time.Second); ; {
				select {
				case e, ok := <-events:
					if ok && !liveEvent(&b, e) {
						continue
					}
				case <-wait:
				}
				_ = w.text(b.String())
				return nil
			}
		}
	}
}

// liveEvent writes one event and reports whether it is the last.
func liveEvent(b *strings.Builder, e live.Event) (end bool) {
	if e.N > 0 {
		b.WriteString("id: " + strconv.FormatInt(e.N, 10) + "\n")
	}
	b.WriteString("event: " + e.Name + "\ndata: ")
	b.Write(e.Data)
	b.WriteString("\n\n")
	return e.Name == "end"
}
