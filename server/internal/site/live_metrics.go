package site

import (
	"github.com/prometheus/client_golang/prometheus"

	"ingestdoctor/server/internal/live"
)

// LiveMetrics counts test streams, never whose they are: it is the Metrics of a
// live.Hub, and /metrics shows it where Config has it.
type LiveMetrics struct {
	sessions    *prometheus.CounterVec
	refused     *prometheus.CounterVec
	open        prometheus.Gauge
	connections prometheus.Gauge
	ended       *prometheus.CounterVec
	received    prometheus.Counter
	findings    *prometheus.CounterVec
}

var _ live.Metrics = (*LiveMetrics)(nil)

// NewLiveMetrics makes the counters, all at zero.
func NewLiveMetrics() *LiveMetrics {
	return &LiveMetrics{
		sessions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ingestdoctor_live_sessions_total", Help: "Test streams that have ended, by why.",
		}, []string{"end"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ingestdoctor_live_refused_total", Help: "Push addresses that were not given, by the reason.",
		}, []string{"reason"}),
		open:        prometheus.NewGauge(prometheus.GaugeOpts{Name: "ingestdoctor_live_sessions_open", Help: "Test streams that have not ended."}),
		connections: prometheus.NewGauge(prometheus.GaugeOpts{Name: "ingestdoctor_live_connections", Help: "Connections of encoders that are open."}),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ingestdoctor_live_connections_total", Help: "Connections of encoders that have ended, by how.",
		}, []string{"end"}),
		received: prometheus.NewCounter(prometheus.CounterOpts{Name: "ingestdoctor_live_received_bytes_total", Help: "Bytes that encoders have sent."}),
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ingestdoctor_live_findings_total", Help: "Findings of the last report of each push, by rule and severity.",
		}, []string{"rule", "severity"}),
	}
}

// SessionMade implements live.Metrics, as the methods below do.
func (m *LiveMetrics) SessionMade() { m.open.Inc() }

func (m *LiveMetrics) SessionRefused(reason string) { m.refused.WithLabelValues(reason).Inc() }

func (m *LiveMetrics) SessionEnded(reason string) {
	m.open.Dec()
	m.sessions.WithLabelValues(reason).Inc()
}
func (m *LiveMetrics) Connection(delta int)          { m.connections.Add(float64(delta)) }
func (m *LiveMetrics) ConnectionEnded(reason string) { m.ended.WithLabelValues(reason).Inc() }
func (m *LiveMetrics) Received(bytes int64)          { m.received.Add(float64(bytes)) }
func (m *LiveMetrics) Finding(rule, severity string) {
	m.findings.WithLabelValues(rule, severity).Inc()
}

// Describe implements prometheus.Collector.
func (m *LiveMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range m.all() {
		c.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (m *LiveMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, c := range m.all() {
		c.Collect(ch)
	}
}

func (m *LiveMetrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.sessions, m.refused, m.open, m.connections, m.ended, m.received, m.findings}
}
