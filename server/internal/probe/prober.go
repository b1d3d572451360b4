package probe

import (
	"context"
)

// Prober probes. It is safe for concurrent use and keeps nothing between
// probes; one a process will do.
type Prober struct {
	cfg Config
}

// New makes a Prober.
func New(cfg Config) *Prober {
	return &Prober{cfg: cfg}
}

// Plan reads a request. The error is an *InputError. A target that may not be
// probed is no error: Run says so, always in the same words and after the same
// time.
func (p *Prober) Plan(req Request) (*Plan, error) {
	return &Plan{req: req}, nil
}

// Run climbs all ladders of a plan and returns when the last has ended, the
// limit for all is over or ctx is done (then at once, with what is known). It
// never fails. emit, when not nil, is called for one event after the other, in
// order and never at the same time; what it is given is its own. It must not
// block for long: the probe waits for it.
func (p *Prober) Run(ctx context.Context, plan *Plan, emit func(Event)) *Result {
	return &Result{}
}
