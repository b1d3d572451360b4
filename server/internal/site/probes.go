package site

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"ingestdoctor/server/internal/probe"
	"ingestdoctor/web/page"
	"ingestdoctor/web/ui"
)

const (
	probesPath   = "/api/v1/probes"
	maxProbeBody = 16 << 10 // bytes of a request for a probe
)

// probeMeter counts probes, never what was probed.
type probeMeter struct {
	ended     *prometheus.CounterVec
	refused   *prometheus.CounterVec
	took      prometheus.Histogram
	running   prometheus.Gauge
	streams   prometheus.Gauge
	size      prometheus.Gauge
	reused    prometheus.Counter
	abandoned prometheus.Counter
}

func newProbeMeter(r *prometheus.Registry) *probeMeter {
	m := &probeMeter{
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ingestdoctor_probes_total", Help: "Probes that have ended, by outcome and by the rule of the first finding.",
		}, []string{"outcome", "rule"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ingestdoctor_probes_refused_total", Help: "Probes that were not begun, by the limit that was reached.",
		}, []string{"limit"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "ingestdoctor_probe_duration_seconds", Help: "How long probes took.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 40},
		}),
		running:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "ingestdoctor_probes_running", Help: "Probes that run."}),
		streams:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "ingestdoctor_probe_streams", Help: "Event streams that are open."}),
		size:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "ingestdoctor_probe_results_bytes", Help: "Bytes of results that are kept."}),
		reused:    prometheus.NewCounter(prometheus.CounterOpts{Name: "ingestdoctor_probes_reused_total", Help: "Probes that were answered by an identical one of the last minute."}),
		abandoned: prometheus.NewCounter(prometheus.CounterOpts{Name: "ingestdoctor_probes_abandoned_total", Help: "Probes that ended because nobody watched them."}),
	}
	r.MustRegister(m.ended, m.refused, m.took, m.running, m.streams, m.size, m.reused, m.abandoned)
	return m
}

// startProbes sets up what probes from this server.
func startProbes(cfg Config, m *metrics) *probes {
	if cfg.ProbeFreely {
		much := pace{1 << 20, time.Millisecond}
		cfg.limits.Client, cfg.limits.Host, cfg.limits.Address, cfg.limits.All = much, much, much, much
		cfg.limits.ClientRunning = 1 << 20
	}
	ps := newProbes(cfg.limits, cfg.Logger, newProbeMeter(m.registry))
	if ps.prober = cfg.prober; ps.prober != nil {
		return ps
	}
	c := cfg.Probe
	c.Ports = append(c.Ports[:len(c.Ports):len(c.Ports)], cfg.ProbePorts...)
	c.Own = append(c.Own[:len(c.Own):len(c.Own)], cfg.own...)
	if c.Contact == "" && cfg.PublicURL != "" {
		c.Contact = cfg.PublicURL + ui.ReachPath
	}
	c.Admit = ps.admit
	c.Log = cfg.Logger
	ps.prober = probe.New(c)
	return ps
}

// probeRoutes are the addresses of the API that have to do with probes.
func (s *Server) probeRoutes(e *echo.Echo) {
	own := ownOrigin(s.cfg.PublicURL)
	e.GET("/api/v1/client", s.apiClient)
	e.POST(probesPath, s.apiProbe, own)
	e.GET(probesPath+"/:id", s.apiProbeReport)
	e.DELETE(probesPath+"/:id", s.apiProbeCancel, own)
	e.GET(probesPath+"/:id/events", s.apiProbeEvents)
}

// probeRequest is the body of POST /api/v1/probes. It may hold a key.
type probeRequest struct {
	Target   string `json:"target"`
	Key      string `json:"key"`
	Publish  bool   `json:"publish"`
	Enhanced bool   `json:"enhanced"`
	Profile  string `json:"profile"`
}

// apiProbe begins a probe: 202 and where to look.
func (s *Server) apiProbe(c echo.Context) error {
	if s.cfg.NoProbes {
		return problemError{Problem: page.Problem{
			Status: http.StatusForbidden, Title: "Probes are switched off here",
			Text: "Whoever runs this server has switched probes off. From your own machine the same is done by: ingestdoctor probe HOST",
		}}
	}
	req, err := readProbeRequest(c)
	if err != nil {
		return err
	}
	plan, err := s.probes.prober.Plan(req)
	if err != nil {
		var input *probe.InputError
		if !errors.As(err, &input) {
			return err
		}
		return problemError{
			Problem: page.Problem{Status: http.StatusBadRequest, Title: "This cannot be probed", Text: input.Text},
			Field:   input.Field,
		}
	}
	t, err := s.probes.begin(plan, client(c))
	var over spent
	switch {
	case errors.As(err, &over):
		s.probes.meter.refused.WithLabelValues(over.limit).Inc()
		return tooManyProbes(c, over)
	case errors.Is(err, errStopping):
		return echo.NewHTTPError(http.StatusServiceUnavailable)
	case err != nil:
		return err
	}
	v := s.probes.view(t, false)
	c.Response().Header().Set("Location", v.URL)
	return s.fresh(c, http.StatusAccepted, v)
}

func readProbeRequest(c echo.Context) (probe.Request, error) {
	bad := func(field, text string) (probe.Request, error) {
		return probe.Request{}, problemError{
			Problem: page.Problem{Status: http.StatusBadRequest, Title: "This request for a probe makes no sense", Text: text},
			Field:   field,
		}
	}
	r := c.Request()
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return probe.Request{}, echo.NewHTTPError(http.StatusUnsupportedMediaType)
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, maxProbeBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return bad("", "The request is larger than 16 kB. A probe needs a host or a URL, and nothing else of that size.")
	case err != nil:
		return bad("", "The request broke off.")
	}
	// A decoder's complaint may repeat what was sent, which may hold a key.
	var in *probeRequest
	if json.Unmarshal(body, &in) != nil || in == nil {
		return bad("", `The body must be a JSON object like {"target": "rtmp://live.example.com/app"}; beside target it may have profile, enhanced, publish and key.`)
	}
	switch {
	case in.Target == "":
		return bad("target", "There is no target: a host, or an ingest URL.")
	case in.Key != "" && !in.Publish:
		return bad("key", "A key is needed and taken with publish only. Send it with \"publish\": true, or leave it out.")
	}
	return probe.Request(*in), nil
}

// tooManyProbes is a quota that is spent: 429, when to come back, and which it was.
func tooManyProbes(c echo.Context, over spent) error {
	c.Response().Header().Set("Retry-After", strconv.Itoa(over.seconds()))
	return problemError{
		Problem: page.Problem{Status: http.StatusTooManyRequests, Title: "Too many probes", Text: over.Error()},
		Limit:   over.limit, RetryAfter: over.seconds(),
	}
}

// probeOf finds the probe of a request.
func (s *Server) probeOf(c echo.Context) (*ticket, error) {
	if t := s.probes.find(c.Param("id")); t != nil {
		return t, nil
	}
	return nil, problemError{Problem: page.Problem{
		Status: http.StatusNotFound, Title: "There is no such probe",
		Text: "Results are kept for a few minutes only, and go when the server is restarted. Run the probe again.",
	}}
}

// apiProbeReport tells what is known so far, and in the end the whole report.
func (s *Server) apiProbeReport(c echo.Context) error {
	t, err := s.probeOf(c)
	if err != nil {
		return err
	}
	return s.fresh(c, http.StatusOK, s.probes.view(t, true))
}

// apiProbeCancel cancels a probe that runs, and forgets the result of one that has ended.
func (s *Server) apiProbeCancel(c echo.Context) error {
	t, err := s.probeOf(c)
	if err != nil {
		return err
	}
	s.probes.cancel(t)
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.NoContent(http.StatusNoContent)
}

// apiProbeEvents streams a probe's events, from the one after Last-Event-ID on.
func (s *Server) apiProbeEvents(c echo.Context) error {
	t, err := s.probeOf(c)
	if err != nil {
		return err
	}
	last, _ := strconv.Atoi(c.Request().Header.Get("Last-Event-ID"))
	if err := s.probes.attach(t); err != nil {
		var over spent
		if errors.As(err, &over) {
			return tooManyProbes(c, over)
		}
		return err
	}
	defer s.probes.detach(t)
	list, changed, done := s.probes.after(t, last)
	if done && len(list) == 0 { // it has them all: 204 tells an EventSource to stop
		c.Response().Header().Set("Cache-Control", "no-store")
		return c.NoContent(http.StatusNoContent)
	}

	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // or nginx would hold the events back
	c.Response().WriteHeader(http.StatusOK)
	w := eventWriter{c.Response(), http.NewResponseController(c.Response())}
	// The limits of ordinary requests would end the stream.
	_ = w.ctl.SetReadDeadline(time.Time{})
	if err := w.text("retry: 1000\n\n"); err != nil {
		return nil // the client is gone
	}
	comment := time.NewTicker(s.probes.limits.Comment)
	defer comment.Stop()
	ctx := c.Request().Context()
	for {
		for _, m := range list {
			if err := w.text("id: " + strconv.Itoa(m.id) + "\nevent: " + m.kind + "\ndata: " + string(m.data) + "\n\n"); err != nil {
				return nil
			}
			last = m.id
		}
		if done {
			return nil
		}
		if !w.waits(ctx, s.probes.ctx, changed, t.gone, comment.C) {
			return nil
		}
		list, changed, done = s.probes.after(t, last)
	}
}

// eventWriter sends server-sent events, each with a deadline of its own.
type eventWriter struct {
	w   http.ResponseWriter
	ctl *http.ResponseController
}

// maxEventWrite is how long a client may take to read what was sent.
const maxEventWrite = 20 * time.Second

func (w eventWriter) text(s string) error {
	_ = w.ctl.SetWriteDeadline(time.Now().Add(maxEventWrite))
	if _, err := io.WriteString(w.w, s); err != nil {
		return err
	}
	return w.ctl.Flush()
}

// waits for more events, and sends a comment from time to time, which keeps
// proxies from closing the stream and finds out that the client is gone. It is
// false when the stream has to end.
func (w eventWriter) waits(client, server context.Context, changed, gone <-chan struct{}, comment <-chan time.Time) bool {
	for {
		select {
		case <-changed:
			return true
		case <-gone:
			return true
		case <-client.Done():
			return false
		case <-server.Done(): // the probe ends at once, and its last event is worth a moment
			select {
			case <-changed:
				return true
			case <-time.After(time.Second):
				return false
			}
		case <-comment:
			if w.text(": still here\n\n") != nil {
				return false
			}
		}
	}
}

// fresh answers with JSON that nobody may keep.
func (s *Server) fresh(c echo.Context, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(status, "application/json", append(b, '\n'))
}
