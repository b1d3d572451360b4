package site

import (
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what /metrics shows. Labels come from route patterns and known
// methods only, so that no request can make a new series.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge

	log slog.Handler

	mu     sync.RWMutex
	series map[seriesKey]series
}

func newMetrics(version, build string, log slog.Handler) *metrics {
	m := &metrics{
		log:      log,
		series:   map[seriesKey]series{},
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ingestdoctor_http_requests_total", Help: "Requests by method, route pattern and status.",
		}, []string{"method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "ingestdoctor_http_request_duration_seconds", Help: "Time to answer a request, by route pattern.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "ingestdoctor_http_requests_in_flight", Help: "Requests being answered.",
		}),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "ingestdoctor_build_info", Help: "1, with the version of the program and the hash of its assets.",
		ConstLabels: prometheus.Labels{"version": version, "assets": build, "go": runtime.Version()},
	})
	info.Set(1)
	m.registry.MustRegister(m.requests, m.duration, m.inFlight, info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// series is what requests of one method, route and status have in common. It is
// looked up once, for finding counters by their labels takes longer than all
// else about them; there are as many as there are routes, methods and statuses.
type series struct {
	count prometheus.Counter
	took  prometheus.Observer
	log   slog.Handler // has the three in it already
}

type seriesKey struct {
	method, route string
	status        int
}

func (m *metrics) of(verb, route string, status int) series {
	k := seriesKey{verb, route, status}
	m.mu.RLock()
	one, ok := m.series[k]
	m.mu.RUnlock()
	if ok {
		return one
	}
	one = series{
		m.requests.WithLabelValues(verb, route, strconv.Itoa(status)),
		m.duration.WithLabelValues(route),
		m.log.WithAttrs([]slog.Attr{slog.String("method", verb), slog.String("route", route), slog.Int("status", status)}),
	}
	m.mu.Lock()
	m.series[k] = one
	m.mu.Unlock()
	return one
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
