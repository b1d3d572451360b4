package site

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ingestdoctor/server/internal/listen"
)

// Encoders are the ports that encoders push to, open and not yet served. A
// Server that was given them serves and closes them.
type Encoders struct {
	cfg       EncoderConfig
	listeners *listen.Listeners
}

// EncoderConfig are the settings of the ports. Each is a flag of `ingestdoctor serve`.
type EncoderConfig struct {
	Listen   []string // host:port each
	CertFile string   // PEM; read anew when it changes
	KeyFile  string
	DevTLS   bool   // a self-signed certificate, for trying out
	Host     string // that encoders and browsers reach the ports under; empty: that of PublicURL, else the page's
	// The portal's own names: what encoders use where Host is empty, and what a
	// self-signed certificate is for.
	PublicURL    string
	AllowedHosts []string
	Hub          Hub // takes the streams; nil: RTMP is closed at once
	Logger       *slog.Logger
	Limits       listen.Limits
	// Wait is how long a browser waits for a port before it counts as blocked; 0 for
	// the usual time.
	Wait time.Duration
}

// Hub is the Inspector as encoders see it: live.Hub, or a test's.
type Hub interface {
	Inspector
	Serve(conn net.Conn, port int, state *tls.ConnectionState)
	Close(ctx context.Context) error
}

// OpenEncoders opens the ports. Its errors are for whoever gave the settings.
func OpenEncoders(cfg EncoderConfig) (*Encoders, error) {
	if cfg.Host != "" && !saneHost(strings.ToLower(cfg.Host)) {
		return nil, fmt.Errorf("ingest host %q must be a host name or an address alone, like ingest.example.com", cfg.Host)
	}
	if len(cfg.Listen) == 0 {
		if cfg.CertFile != "" || cfg.KeyFile != "" || cfg.DevTLS || cfg.Host != "" {
			return nil, errors.New("settings of ingest ports without any: add --ingest-listen :1935,:1936,:2935,:2936")
		}
		return nil, nil
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	names := []string{cfg.Host}
	if u, err := url.Parse(cfg.PublicURL); err == nil && cfg.Host == "" {
		names = []string{u.Host}
	}
	if cfg.DevTLS {
		names = append(names, cfg.AllowedHosts...)
	}
	for i := range names {
		names[i] = hostName(names[i])
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !saneHost(name) })
	l, err := listen.Open(listen.Config{
		Addrs: cfg.Listen, CertFile: cfg.CertFile, KeyFile: cfg.KeyFile, DevTLS: cfg.DevTLS, Hosts: names,
		Limits: cfg.Limits, Log: cfg.Logger,
	})
	if err != nil {
		return nil, err
	}
	return &Encoders{cfg: cfg, listeners: l}, nil
}

// Ports are the ports that are open.
func (e *Encoders) Ports() []int { return e.listeners.Ports() }

// ingest says where encoders reach the ports. Each port takes RTMP with and
// without TLS; it is offered for what people know it for.
func (e *Encoders) ingest() Ingest {
	in := Ingest{Host: e.cfg.Host, OwnCertificate: e.listeners.TLS() == listen.SelfSigned}
	in.Ports = offered(e.Ports(), e.listeners.TLS())
	return in
}

func offered(ports []int, mode listen.TLSMode) (list []IngestPort) {
	secure, known := mode != listen.NoTLS, slices.ContainsFunc(ports, usuallyTLS)
	for _, port := range ports {
		list = append(list, IngestPort{
			Port: port, Plain: !secure || !usuallyTLS(port), TLS: secure && (usuallyTLS(port) || !known),
		})
	}
	return list
}

// usuallyTLS reports whether a port is one that encoders use with rtmps.
func usuallyTLS(port int) bool { return port == 443 || port == 2935 || port == 2936 }

// start serves the ports.
func (e *Encoders) start(s *Server) {
	meter := newIngestMeter(s.metrics.registry, e)
	h := listen.Handlers{HTTP: s.outbound, Observe: func(ev listen.Event) {
		meter.observe(ev)
		s.outbound.observe(ev)
	}}
	if e.cfg.Hub != nil {
		h.RTMP = e.cfg.Hub.Serve
	}
	e.listeners.Serve(h)
	e.cfg.Logger.Info("encoders may push", "ports", fmt.Sprint(e.Ports()), "tls", string(e.listeners.TLS()))
	if e.listeners.TLS() == listen.SelfSigned {
		e.cfg.Logger.Warn("the certificate for rtmps is self-signed: good for trying out, and refused by whoever checks it")
	}
}

// Close ends everything that the ports serve: streams are told, and get five
// seconds.
func (e *Encoders) Close() {
	if e == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if e.cfg.Hub != nil {
			if err := e.cfg.Hub.Close(ctx); err != nil {
				e.cfg.Logger.Warn("test streams did not end in order", "error", err.Error())
			}
		}
	}()
	e.listeners.Close(ctx)
	<-done
}

// ingestMeter counts connections to the ports, never whose they are.
type ingestMeter struct {
	connections, refused *prometheus.CounterVec
}

func newIngestMeter(r *prometheus.Registry, e *Encoders) *ingestMeter {
	m := &ingestMeter{
		connections: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ingestdoctor_ingest_connections_total", Help: "Connections to the ports for encoders, by what they turned out to be.",
		}, []string{"kind"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ingestdoctor_ingest_refused_total", Help: "Connections to these ports that a limit closed.",
		}, []string{"limit"}),
	}
	open := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "ingestdoctor_ingest_connections", Help: "Connections to these ports that are open.",
	}, func() float64 { return float64(e.listeners.Open()) })
	r.MustRegister(m.connections, m.refused, open)
	return m
}

func (m *ingestMeter) observe(e listen.Event) {
	switch e.Kind {
	case listen.RefusedAll:
		m.refused.WithLabelValues("all").Inc()
	case listen.RefusedClient:
		m.refused.WithLabelValues("client").Inc()
	case listen.Displaced:
		m.refused.WithLabelValues("waiting").Inc()
	default:
		m.connections.WithLabelValues(e.Kind).Inc()
	}
}
