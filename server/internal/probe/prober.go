package probe

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/x509"
	"log/slog"
	"time"
)

// Prober probes. It is safe for concurrent use and keeps nothing between
// probes; one a process will do.
type Prober struct {
	cfg   Config
	guard *guard
	key   [32]byte // of Plan.ID
}

// New makes a Prober.
func New(cfg Config) *Prober {
	l := &cfg.Limits
	l.DNS = cmp.Or(l.DNS, 5*time.Second)
	l.TCP = cmp.Or(l.TCP, 5*time.Second)
	l.TLS = cmp.Or(l.TLS, 6*time.Second)
	l.Handshake = cmp.Or(l.Handshake, 6*time.Second)
	l.Connect = cmp.Or(l.Connect, 8*time.Second)
	l.Publish = cmp.Or(l.Publish, 8*time.Second)
	l.Settle = cmp.Or(l.Settle, time.Second)
	l.All = cmp.Or(l.All, 40*time.Second)
	l.Silence = cmp.Or(l.Silence, 2*time.Second)
	l.Refusal = cmp.Or(l.Refusal, 500*time.Millisecond)
	l.Addresses = cmp.Or(l.Addresses, 8)
	l.Bytes = cmp.Or(l.Bytes, 1<<20)
	if cfg.Vantage == "" {
		cfg.Vantage = "from this server, not from your network"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	p := &Prober{cfg: cfg, guard: newGuard(cfg)}
	_, _ = rand.Read(p.key[:]) // never fails
	return p
}

func (p *Prober) roots() *x509.CertPool {
	if p.cfg.Roots != nil {
		return p.cfg.Roots
	}
	return systemRoots()
}

// Run climbs all ladders of a plan and returns when the last has ended, the
// limit for all is over or ctx is done (then at once, with what is known). It
// never fails. emit, when not nil, is called for one event after the other, in
// order and never at the same time; what it is given is its own. It must not
// block for long: the probe waits for it.
func (p *Prober) Run(ctx context.Context, plan *Plan, emit func(Event)) *Result {
	r := newRun(p, plan, emit)
	r.climb(ctx)
	return r.finish(ctx)
}
