package ui

import (
	"encoding/json"
	"strings"

	"ingestdoctor/wasm/diag"
)

// The JSON of a probe, as the server's package probe describes it: what the page
// shows of it.

// ProbeRung is one stage at one address and port.
type ProbeRung struct {
	Stage     string      `json:"stage"`
	State     string      `json:"state"`
	StartMS   float64     `json:"start_ms"`
	MS        float64     `json:"ms"`
	LimitMS   float64     `json:"limit_ms"`
	Detail    string      `json:"detail"`
	Seen      []ProbeLine `json:"seen"`
	Facts     []ProbeFact `json:"facts"`
	Addresses []string    `json:"addresses"`
	Chain     []ProbeCert `json:"chain"`
}

// ProbeLine is one line of a transcript.
type ProbeLine struct {
	MS   float64 `json:"ms"`
	Dir  string  `json:"dir"`
	Text string  `json:"text"`
}

// ProbeFact is one thing that a stage learned.
type ProbeFact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ProbeCert is one certificate of a chain.
type ProbeCert struct {
	Subject   string   `json:"subject"`
	Issuer    string   `json:"issuer"`
	Names     []string `json:"names"`
	NotBefore string   `json:"not_before"`
	NotAfter  string   `json:"not_after"`
}

// ProbeLadder is one address and port.
type ProbeLadder struct {
	Address string      `json:"address"`
	Port    int         `json:"port"`
	Scheme  string      `json:"scheme"`
	State   string      `json:"state"`
	Failed  string      `json:"failed_stage"`
	Rungs   []ProbeRung `json:"rungs"`
}

// ProbeTarget is what was probed.
type ProbeTarget struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Scheme   string `json:"scheme"`
	App      string `json:"app"`
	URL      string `json:"url"`
	Platform string `json:"platform"`
	Publish  bool   `json:"publish"`
}

// ProbeResult is a report of kind probe.
type ProbeResult struct {
	Report  diag.Report   `json:"-"`
	Target  ProbeTarget   `json:"target"`
	Vantage string        `json:"vantage"`
	Started string        `json:"started"`
	TookMS  float64       `json:"took_ms"`
	DNS     *ProbeRung    `json:"dns"`
	Ladders []ProbeLadder `json:"ladders"`
}

// probeEvent is one step of a probe.
type probeEvent struct {
	Seq      int             `json:"seq"`
	Type     string          `json:"type"`
	Ladder   int             `json:"ladder"`
	Rung     *ProbeRung      `json:"rung"`
	Findings []diag.Finding  `json:"findings"`
	Target   *ProbeTarget    `json:"target"`
	Ladders  []ProbeLadder   `json:"ladders"`
	Result   json.RawMessage `json:"result"`
}

// probeAnswer is what the server says of a probe that it took.
type probeAnswer struct {
	State  string          `json:"state"`
	Reused bool            `json:"reused"`
	AgeS   float64         `json:"age_s"`
	Report json.RawMessage `json:"report"`
}

// probeProblem is why a probe was not begun.
type probeProblem struct {
	Title      string `json:"title"`
	Detail     string `json:"detail"`
	Field      string `json:"field"`
	Limit      string `json:"limit"`
	RetryAfter int    `json:"retry_after_s"`
}

// ClientInfo is the visitor as this server sees them.
type ClientInfo struct {
	Address string `json:"address"`
	Family  string `json:"family"`
	Kind    string `json:"kind"`
	Probes  struct {
		Allowed bool  `json:"allowed"`
		Ports   []int `json:"ports"`
	} `json:"probes"`
}

// readProbe reads a result.
func readProbe(text []byte) (*ProbeResult, bool) {
	r := &ProbeResult{}
	if json.Unmarshal(text, r) != nil || json.Unmarshal(text, &r.Report) != nil {
		return nil, false
	}
	return r, true
}

// apply takes one event in.
func (r *ProbeResult) apply(e *probeEvent) {
	switch e.Type {
	case "target":
		if e.Target != nil {
			r.Target = *e.Target
		}
	case "ladders":
		r.Ladders = e.Ladders
	case "rung":
		r.Report.Findings = append(r.Report.Findings, e.Findings...)
		if e.Rung == nil {
			return
		}
		if e.Ladder < 0 {
			r.DNS = e.Rung
		} else if e.Ladder < len(r.Ladders) {
			r.Ladders[e.Ladder].set(e.Rung)
		}
	}
}

func (l *ProbeLadder) set(rung *ProbeRung) {
	for i := range l.Rungs {
		if l.Rungs[i].Stage == rung.Stage {
			l.Rungs[i] = *rung
		}
	}
	if l.Failed == "" && (rung.State == rungFailed || rung.State == rungTimeout) {
		l.State, l.Failed = rung.State, rung.Stage
	}
}

// The states of a rung.
const (
	rungWaiting   = "waiting"
	rungRunning   = "running"
	rungOK        = "ok"
	rungFailed    = "failed"
	rungTimeout   = "timeout"
	rungSkipped   = "skipped"
	rungCancelled = "cancelled"
)

// state is where a ladder stands: that of its first rung that is not done well.
func (l *ProbeLadder) state() string {
	for i := range l.Rungs {
		if s := l.Rungs[i].State; s != rungOK && s != rungSkipped {
			if s == rungWaiting && i > 0 {
				return rungRunning // between two
			}
			return s
		}
	}
	if l.State == "" {
		return rungOK
	}
	return l.State
}

// took is how long the ladder's rungs took together, in milliseconds.
func (l *ProbeLadder) took() (ms float64) {
	for i := range l.Rungs {
		ms += l.Rungs[i].MS
	}
	return ms
}

// stuck is the rung that a ladder ends at, nil when all went well.
func (l *ProbeLadder) stuck() *ProbeRung {
	for i := range l.Rungs {
		if s := l.Rungs[i].State; s == rungFailed || s == rungTimeout {
			return &l.Rungs[i]
		}
	}
	return nil
}

// endpoint names a ladder without its address: "rtmps, port 443".
func (l *ProbeLadder) endpoint() string {
	return visible(l.Scheme) + ", port " + countPort(l.Port)
}

// key tells ladders apart, in ids too.
func (l *ProbeLadder) key() string {
	return strings.ReplaceAll(visible(l.Address), ":", ".") + "-" + countPort(l.Port)
}
