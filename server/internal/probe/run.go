package probe

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"ingestdoctor/wasm/analyze"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// run is one probe under way.
type run struct {
	p     *Prober
	plan  *Plan
	began time.Time

	mu       sync.Mutex
	emit     func(Event)
	seq      int
	dns      *Rung
	ladders  []Ladder
	findings []raised
	refused  bool
}

// raised is a finding with where it came from, for order and severity.
type raised struct {
	diag.Finding
	ladder int // -1: dns, or none
	stage  int
}

// maxLadders bounds what one probe does at once.
const maxLadders = 16

var stages = []string{DNS, TCP, TLS, Handshake, Connect, Publish}

func newRun(p *Prober, plan *Plan, emit func(Event)) *run {
	if emit == nil {
		emit = func(Event) {}
	}
	return &run{p: p, plan: plan, emit: emit, began: time.Now()}
}

// ms is a length of time in milliseconds, to the microsecond.
func ms(d time.Duration) float64 { return math.Round(float64(d)/1e3) / 1e3 }

// send gives an event its number; the caller holds mu.
func (r *run) send(e Event) {
	r.seq++
	e.Seq = r.seq
	r.emit(e)
}

func (r *run) target() Target {
	t := Target{
		Host: r.plan.Host, App: r.plan.link.shown, Platform: r.plan.Platform, Publish: r.plan.Publish,
	}
	if strings.Contains(r.plan.Redacted, "/") {
		t.URL = visible(r.plan.Redacted)
	}
	if len(r.plan.Endpoints) == 1 {
		t.Port, t.Scheme = r.plan.Endpoints[0].Port, r.plan.Endpoints[0].Scheme
	}
	return t
}

// climb runs the whole probe.
func (r *run) climb(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, r.p.cfg.Limits.All)
	defer stop()
	r.mu.Lock()
	t := r.target()
	r.send(Event{Type: "target", Ladder: -1, Target: &t})
	r.mu.Unlock()
	if r.plan.refused {
		r.refuse(ctx)
		return
	}
	addrs := []netip.Addr{r.plan.addr}
	if !r.plan.addr.IsValid() {
		var ok bool
		if addrs, ok = r.resolve(ctx); !ok {
			return
		}
	}
	r.open(addrs)
	var wg sync.WaitGroup
	for i := range r.ladders {
		wg.Go(func() { (&ladder{run: r, at: i, addr: addrs[i/len(r.plan.Endpoints)]}).climb(ctx) })
	}
	wg.Wait()
}

// refuse answers for a target that may not be probed: always the same, and after
// the same time, so that nothing can be learned of a name from inside.
func (r *run) refuse(ctx context.Context) {
	step := r.p.cfg.Limits.Refusal
	wait := step - time.Since(r.began)%step
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused, r.dns = true, nil
	f := diag.Finding{
		Rule: "probe-refused-target", Count: 1, Args: diag.Args{
			diag.S("target", r.plan.Redacted),
			diag.S("reason", "only public addresses on the ports of live ingest can be"),
		},
	}
	if len(r.plan.Endpoints) == 1 {
		f.Args[0].Text = joinPort(r.plan.Host, r.plan.Endpoints[0].Port)
	} else {
		f.Args[0].Text = r.plan.Host
	}
	f.Severity, f.Basis = r.plan.Profile.Severity(f.Rule)
	f.Rung = &diag.Rung{Address: r.plan.Host, Stage: DNS}
	if len(r.plan.Endpoints) == 1 {
		f.Rung.Port = r.plan.Endpoints[0].Port
	}
	r.findings = append(r.findings, raised{f, -1, 0})
}

// resolve climbs the shared rung. Nothing of it is shown before every address
// was judged.
func (r *run) resolve(ctx context.Context) (addrs []netip.Addr, ok bool) {
	limit := r.p.cfg.Limits.DNS
	x := r.begin(-1, DNS, limit)
	dctx, stop := context.WithTimeout(ctx, limit)
	answers := r.p.lookupAll(dctx, r.plan.Host)
	stop()
	var all []netip.Addr
	for _, a := range answers {
		for _, ip := range a.addrs {
			if !slices.Contains(all, ip) {
				all = append(all, ip)
			}
		}
	}
	for _, ip := range all {
		if r.p.guard.may(ip) {
			addrs = append(addrs, ip)
		}
	}
	if len(all) > 0 && len(addrs) == 0 {
		r.refuse(ctx)
		return nil, false
	}
	for _, a := range answers {
		x.sent("%s record of %s", a.record, r.plan.Host)
		for _, name := range a.aliases {
			if len(addrs) > 0 || a.outcome == dnsEmpty {
				x.seen("%s: is an alias of %s", a.record, name)
			}
		}
		for _, ip := range a.addrs {
			if slices.Contains(addrs, ip) {
				x.seen("%s: %s", a.record, ip)
			}
		}
		if len(a.addrs) == 0 {
			x.seen("%s: %s", a.record, a.outcome)
		}
		x.fact(strings.ToLower(a.record)+"_ms", fmt.Sprint(ms(a.took)))
	}
	if n := len(all) - len(addrs); n > 0 {
		x.remark("%s left out: not public", count(n, "address", "addresses"))
	}
	if len(addrs) == 0 {
		what := outcome(answers)
		switch {
		case what == dnsStopped || ctx.Err() == context.Canceled:
			x.end(Cancelled, "Stopped.")
		default:
			state := Failed
			if what == dnsSilent {
				state = TimedOut
				what += " within " + rules.Duration(ms(limit))
			}
			x.end(state, upper(what)+".", r.finding("probe-dns", &diag.Rung{Address: r.plan.Host, Stage: DNS},
				diag.S("host", r.plan.Host), diag.S("outcome", what), diag.I("took_ms", x.took())))
		}
		return nil, false
	}
	detail := count(len(addrs), "address", "addresses") + "."
	most := min(r.p.cfg.Limits.Addresses, max(1, maxLadders/len(r.plan.Endpoints)))
	if len(addrs) > most {
		detail = fmt.Sprintf("%d addresses; the first %d are tried.", len(addrs), most)
		addrs = addrs[:most]
	}
	for _, ip := range addrs {
		x.rung.Addresses = append(x.rung.Addresses, ip.String())
	}
	x.end(OK, detail, r.slow(x)...)
	return addrs, true
}

// open lists the ladders: for each address, each port.
func (r *run) open(addrs []netip.Addr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range addrs {
		for _, e := range r.plan.Endpoints {
			l := Ladder{Address: a.String(), Port: e.Port, Scheme: e.Scheme, State: Waiting}
			for _, s := range stages[1:] {
				if s != TLS || e.Scheme == "rtmps" {
					l.Rungs = append(l.Rungs, Rung{Stage: s, State: Waiting})
				}
			}
			r.ladders = append(r.ladders, l)
		}
	}
	r.send(Event{Type: "ladders", Ladder: -1, Ladders: copyLadders(r.ladders)})
}

func copyLadders(in []Ladder) []Ladder {
	out := slices.Clone(in)
	for i := range out {
		out[i].Rungs = make([]Rung, len(in[i].Rungs))
		for k := range out[i].Rungs {
			out[i].Rungs[k] = *copyRung(&in[i].Rungs[k])
		}
	}
	return out
}

func copyRung(r *Rung) *Rung {
	c := *r
	c.Seen, c.Facts, c.Rules = slices.Clone(r.Seen), slices.Clone(r.Facts), slices.Clone(r.Rules)
	return &c
}

// finding makes one, with the severity of the profile.
func (r *run) finding(rule string, at *diag.Rung, args ...diag.Arg) diag.Finding {
	sev, basis := r.plan.Profile.Severity(rule)
	f := diag.Finding{Rule: rule, Severity: sev, Basis: basis, Count: 1, Place: diag.Place{Rung: at}}
	for _, a := range args {
		if a.Kind != diag.Text || a.Text != "" {
			f.Args = append(f.Args, a)
		}
	}
	return f
}

// slow raises probe-slow for a stage that succeeded.
func (r *run) slow(x *rec) []diag.Finding {
	took := time.Since(x.began)
	if x.answered > 0 {
		took = x.answered
	}
	sev, limit, basis := r.plan.Profile.ProbeSlow.Judge(ms(took))
	if sev == diag.Off {
		return nil
	}
	name := map[string]string{DNS: "DNS", TCP: "TCP", TLS: "TLS", Handshake: "the RTMP handshake"}[x.rung.Stage]
	if name == "" {
		name = x.rung.Stage
	}
	f := r.finding("probe-slow", x.place(), diag.S("stage", name), diag.I("took_ms", took.Milliseconds()), diag.I("limit_ms", int64(limit)))
	f.Severity, f.Basis = sev, basis
	return []diag.Finding{f}
}

// rec records one rung. Its methods may be called from several goroutines.
type rec struct {
	run      *run
	ladder   int
	index    int // of the rung in its ladder
	began    time.Time
	answered time.Duration // how long the answer took, where the rung waits on after it
	rung     Rung
	mu       sync.Mutex
}

// begin starts a rung.
func (r *run) begin(at int, stage string, limit time.Duration) *rec {
	x := &rec{run: r, ladder: at, began: time.Now()}
	x.rung = Rung{Stage: stage, State: Running, StartMS: ms(x.began.Sub(r.began)), LimitMS: ms(limit)}
	r.mu.Lock()
	defer r.mu.Unlock()
	if at < 0 {
		r.dns = copyRung(&x.rung)
	} else {
		l := &r.ladders[at]
		x.index = slices.IndexFunc(l.Rungs, func(g Rung) bool { return g.Stage == stage })
		l.Rungs[x.index] = x.rung
		l.State = Running
	}
	r.send(Event{Type: "rung", Ladder: at, Rung: copyRung(&x.rung)})
	return x
}

func (x *rec) took() int64 { return time.Since(x.began).Milliseconds() }

func (x *rec) place() *diag.Rung {
	if x.ladder < 0 {
		return &diag.Rung{Address: x.run.plan.Host, Stage: DNS}
	}
	x.run.mu.Lock()
	defer x.run.mu.Unlock()
	l := &x.run.ladders[x.ladder]
	return &diag.Rung{Address: l.Address, Port: l.Port, Stage: x.rung.Stage}
}

// maxLines bounds a rung's transcript.
const maxLines = 60

func (x *rec) line(dir, text string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch n := len(x.rung.Seen); {
	case n > maxLines:
		return
	case n == maxLines:
		dir, text = "-", "(more is left out)"
	}
	x.rung.Seen = append(x.rung.Seen, Line{MS: ms(time.Since(x.began)), Dir: dir, Text: x.run.plan.mask.show(text)})
}

func (x *rec) sent(format string, args ...any)   { x.line(">", fmt.Sprintf(format, args...)) }
func (x *rec) seen(format string, args ...any)   { x.line("<", fmt.Sprintf(format, args...)) }
func (x *rec) remark(format string, args ...any) { x.line("-", fmt.Sprintf(format, args...)) }

// fact notes a value once; a later one of the same name takes its place.
func (x *rec) fact(name, value string) {
	if value == "" {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	value = x.run.plan.mask.show(value)
	for i := range x.rung.Facts {
		if x.rung.Facts[i].Name == name {
			x.rung.Facts[i].Value = value
			return
		}
	}
	x.rung.Facts = append(x.rung.Facts, Fact{name, value})
}

// end ends the rung.
func (x *rec) end(state, detail string, findings ...diag.Finding) {
	x.mu.Lock()
	x.rung.State, x.rung.Detail, x.rung.MS = state, detail, ms(time.Since(x.began))
	for i := range findings {
		x.rung.Rules = append(x.rung.Rules, findings[i].Rule)
	}
	x.mu.Unlock()
	x.publish(findings)
}

// amend shows what was learned after the rung had ended; change, when not
// nil, may change its state.
func (x *rec) amend(change func(*Rung), findings ...diag.Finding) {
	x.mu.Lock()
	if change != nil {
		change(&x.rung)
	}
	for i := range findings {
		x.rung.Rules = append(x.rung.Rules, findings[i].Rule)
	}
	x.mu.Unlock()
	x.publish(findings)
}

func (x *rec) publish(findings []diag.Finding) {
	r := x.run
	r.mu.Lock()
	defer r.mu.Unlock()
	x.mu.Lock()
	rung := copyRung(&x.rung)
	x.mu.Unlock()
	if x.ladder < 0 {
		r.dns = copyRung(rung)
	} else {
		r.ladders[x.ladder].Rungs[x.index] = *copyRung(rung)
	}
	told := slices.Clone(findings)
	for i := range findings {
		r.findings = append(r.findings, raised{findings[i], x.ladder, slices.Index(stages, rung.Stage)})
		rules.Complete(&told[i], r.plan.Profile.Platform)
	}
	r.send(Event{Type: "rung", Ladder: x.ladder, Rung: rung, Findings: told})
}

// finish grades the findings, writes the report and sends the last event.
func (r *run) finish(ctx context.Context) *Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	res := &Result{
		Target: r.target(), Vantage: r.p.cfg.Vantage, Started: r.began.UTC().Format(time.RFC3339),
		TookMS: ms(time.Since(r.began)), Ladders: copyLadders(r.ladders),
	}
	if r.refused {
		// The time would tell a name from an address.
		res.TookMS = ms(time.Since(r.began).Truncate(r.p.cfg.Limits.Refusal))
	}
	if r.dns != nil {
		res.DNS = copyRung(r.dns)
	}
	res.Format, res.Kind = diag.Format, "probe"
	res.Tool = diag.Tool{Name: "ingestdoctor", Version: analyze.Version, RuleSet: rules.RuleSet}
	res.Profile = r.plan.Profile.Info()
	res.Profile.Limits = slices.DeleteFunc(res.Profile.Limits, func(l diag.Limit) bool { return l.ID != "probe-slow" })
	res.Input = diag.Input{Name: visible(r.plan.Redacted), Bytes: -1, State: diag.StateComplete}
	if ctx.Err() != nil {
		res.Input.State, res.Input.Detail = diag.StateCancelled, "The probe was stopped before its end."
	}
	r.grade()
	for i := range r.findings {
		res.Findings = append(res.Findings, r.findings[i].Finding)
	}
	res.Findings = append(res.Findings, r.lintFindings()...)
	slices.SortStableFunc(res.Findings, func(a, b diag.Finding) int { return int(b.Severity) - int(a.Severity) })
	if res.Findings == nil {
		res.Findings = []diag.Finding{}
	}
	res.Checks = r.checks()
	rules.Tell(&res.Report)
	r.send(Event{Type: "done", Ladder: -1, Result: res})
	return res
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func upper(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
