package site

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"ingestdoctor/server/internal/probe"
	"ingestdoctor/wasm/diag"
)

// prober is probe.Prober, or a test's.
type prober interface {
	Plan(req probe.Request) (*probe.Plan, error)
	Run(ctx context.Context, plan *probe.Plan, emit func(probe.Event)) *probe.Result
}

// probes are the running probes and the results of the last minutes. A person
// holds a ticket, whose id nobody can guess; identical probes share one run, which
// goes on as long as one of its tickets wants it.
type probes struct {
	prober prober
	limits probeLimits
	log    *slog.Logger
	meter  *probeMeter
	now    func() time.Time

	ctx  context.Context // of every run; ends with the server
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu       sync.Mutex
	quota    admission
	tickets  map[string]*ticket
	order    []*ticket // by age
	recent   map[string]*run
	runningN int
	running  map[netip.Prefix]int // by client
	size     int                  // bytes of all runs' events
	closed   bool
}

// run is one probe.
type run struct {
	begun   time.Time
	cancel  context.CancelFunc
	wanted  int // tickets that have not been cancelled
	tickets int // tickets that exist
	changed chan struct{}

	events []message    // all but the last, which is made of final
	last   int          // number of the last event
	soFar  probe.Result // what the events have told
	final  []byte       // the result's JSON once it has ended
	state  string       // then: done or cancelled
	ended  time.Time
	size   int
}

// The states of a probe, as its JSON has them.
const (
	probeRunning   = "running"
	probeDone      = "done"
	probeCancelled = "cancelled"
)

// ticket is one person's hold on a run.
type ticket struct {
	id      string
	run     *run
	client  netip.Prefix
	reused  bool
	seen    time.Time
	streams int
	timer   *time.Timer
	gone    chan struct{} // closed when the ticket is cancelled
	final   []byte        // what was known then
}

func newProbes(l probeLimits, log *slog.Logger, m *probeMeter) *probes {
	l = l.complete()
	ps := &probes{
		limits: l, log: log, meter: m, now: time.Now,
		quota: newAdmission(l), tickets: map[string]*ticket{}, recent: map[string]*run{}, running: map[netip.Prefix]int{},
	}
	ps.ctx, ps.stop = context.WithCancel(context.Background())
	return ps
}

// admit is probe.Config.Admit: the quota of the address that would be dialled.
func (ps *probes) admit(a netip.Addr) error {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	err := ps.quota.dial(a)
	if err != nil {
		ps.meter.refused.WithLabelValues(limitAddress).Inc()
	}
	return err
}

var errStopping = errors.New("the server is stopping")

// begin starts what a plan says, or joins an identical run of the last minute.
func (ps *probes) begin(plan *probe.Plan, client netip.Prefix) (*ticket, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	now := ps.now()
	if ps.closed {
		return nil, errStopping
	}
	if r := ps.reusable(plan, now); r != nil {
		if err := ps.quota.again(client); err != nil {
			return nil, err
		}
		t := ps.ticket(r, client, now)
		t.reused = true
		ps.meter.reused.Inc()
		return t, nil
	}
	switch {
	case ps.running[client] >= ps.limits.ClientRunning:
		return nil, spent{limitClientRunning, 5 * time.Second}
	case ps.runningN >= ps.limits.AllRunning:
		return nil, spent{limitAllRunning, 5 * time.Second}
	}
	if err := ps.quota.begin(client, plan); err != nil {
		return nil, err
	}
	r := &run{begun: now, changed: make(chan struct{})}
	r.soFar.Format, r.soFar.Kind = diag.Format, "probe"
	r.soFar.Input.State = diag.StateReading
	if plan.Profile != nil {
		r.soFar.Profile = plan.Profile.Info()
	}
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(ps.ctx)
	if !plan.Publish && plan.ID != "" {
		ps.recent[plan.ID] = r
	}
	ps.runningN++
	ps.running[client]++
	ps.meter.running.Set(float64(ps.runningN))
	ps.wg.Add(1)
	go ps.work(ctx, r, plan, client)
	return ps.ticket(r, client, now), nil
}

// reusable is an identical probe that still runs or has ended a moment ago.
func (ps *probes) reusable(plan *probe.Plan, now time.Time) *run {
	if plan.Publish || plan.ID == "" {
		return nil
	}
	for id, r := range ps.recent {
		if now.Sub(r.begun) >= ps.limits.Reuse && r.final != nil || r.wanted == 0 && r.final == nil {
			delete(ps.recent, id)
		}
	}
	return ps.recent[plan.ID]
}

func (ps *probes) ticket(r *run, client netip.Prefix, now time.Time) *ticket {
	var b [16]byte
	rand.Read(b[:]) // never fails
	t := &ticket{id: hex.EncodeToString(b[:]), run: r, client: client, seen: now, gone: make(chan struct{})}
	r.wanted++
	r.tickets++
	ps.tickets[t.id] = t
	ps.order = append(ps.order, t)
	t.timer = time.AfterFunc(ps.limits.Grace, func() { ps.tick(t) })
	ps.trim()
	return t
}

// work runs a probe to its end. The plan holds the key; nothing else does, and
// nobody keeps the plan.
func (ps *probes) work(ctx context.Context, r *run, plan *probe.Plan, client netip.Prefix) {
	defer ps.wg.Done()
	defer r.cancel()
	result := ps.attempt(ctx, r, plan)

	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.runningN--
	if ps.running[client]--; ps.running[client] <= 0 {
		delete(ps.running, client)
	}
	ps.meter.running.Set(float64(ps.runningN))
	outcome, rule := "failed", "none"
	if result == nil {
		outcome, result = "broken", &r.soFar
		result.Input.State = diag.StateFailed
		result.Input.Detail = "The probe broke on our side."
		result.Verdict.Headline = "The probe broke on our side."
		result.Verdict.Next = "It says nothing about the target. Try again; if it stays, tell whoever runs this server."
	}
	if r.final == nil {
		ps.finish(r, r.last+1, result)
	}
	switch {
	case outcome == "broken":
	case r.state == probeCancelled:
		outcome = r.state
	case result.Verdict.Severity < diag.Error:
		outcome = "ok"
	case len(result.Findings) > 0:
		rule = result.Findings[0].Rule // an id of ours: no request makes a new one
	}
	took := ps.now().Sub(r.begun)
	ps.meter.ended.WithLabelValues(outcome, rule).Inc()
	ps.meter.took.Observe(took.Seconds())
	ps.log.Info("probe", "outcome", outcome, "rule", rule, "publish", plan.Publish,
		"ladders", len(result.Ladders), "ms", float64(took.Microseconds())/1000)
}

// attempt is the probe itself; nil when it broke.
func (ps *probes) attempt(ctx context.Context, r *run, plan *probe.Plan) (result *probe.Result) {
	defer func() {
		if v := recover(); v != nil {
			// The value may hold what a server or a person said: the stack tells enough.
			ps.log.Error("a probe broke", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			result = nil
		}
	}()
	return ps.prober.Run(ctx, plan, func(e probe.Event) { ps.event(r, e) })
}

// event takes in one event of a run.
func (ps *probes) event(r *run, e probe.Event) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if r.final != nil {
		return
	}
	if e.Type == "done" && e.Result != nil {
		ps.finish(r, e.Seq, e.Result)
		return
	}
	r.apply(&e)
	if r.size > maxRunSize && e.Rung != nil {
		rung := *e.Rung
		rung.Seen = nil
		e.Rung = &rung
	}
	m := message{e.Seq, e.Type, marshal(e)}
	r.events = append(r.events, m)
	r.last = e.Seq
	ps.grow(r, len(m.data))
	r.tell()
}

// tell wakes those who wait for events.
func (r *run) tell() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// finish stores a run's result. What was cancelled is not reused.
func (ps *probes) finish(r *run, seq int, result *probe.Result) {
	r.ended, r.last = ps.now(), seq
	r.final, r.state = marshal(result), probeDone
	ps.grow(r, len(r.final))
	if result.Input.State == diag.StateCancelled {
		r.state = probeCancelled
		ps.unshare(r)
	}
	r.soFar = probe.Result{} // the text has it all
	for _, t := range ps.tickets {
		if t.run == r {
			t.timer.Reset(ps.limits.Keep)
		}
	}
	r.tell()
	ps.trim()
}

// unshare keeps a run from being found by who asks for the same.
func (ps *probes) unshare(r *run) {
	for id, other := range ps.recent {
		if other == r {
			delete(ps.recent, id)
		}
	}
}

// maxRunSize bounds the events of one run: beyond it the transcripts are left
// out, which the result still has.
const maxRunSize = 2 << 20

func (ps *probes) grow(r *run, n int) {
	r.size += n
	ps.size += n
	ps.meter.size.Set(float64(ps.size))
}

// apply keeps the result so far.
func (r *run) apply(e *probe.Event) {
	switch e.Type {
	case "target":
		if e.Target != nil {
			r.soFar.Target = *e.Target
		}
	case "ladders":
		r.soFar.Ladders = make([]probe.Ladder, len(e.Ladders))
		for i, l := range e.Ladders {
			l.Rungs = append([]probe.Rung(nil), l.Rungs...)
			r.soFar.Ladders[i] = l
		}
	case "rung":
		r.applyRung(e)
	}
}

func (r *run) applyRung(e *probe.Event) {
	r.soFar.Findings = append(r.soFar.Findings, e.Findings...)
	switch {
	case e.Rung == nil:
	case e.Ladder < 0:
		rung := *e.Rung
		r.soFar.DNS = &rung
	case e.Ladder < len(r.soFar.Ladders):
		l := &r.soFar.Ladders[e.Ladder]
		for i := range l.Rungs {
			if l.Rungs[i].Stage == e.Rung.Stage {
				l.Rungs[i] = *e.Rung
			}
		}
		if s := e.Rung.State; l.Failed == "" && (s == probe.Failed || s == probe.TimedOut) {
			l.State, l.Failed = s, e.Rung.Stage
		}
	}
}

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil { // our own types: cannot be
		panic(err)
	}
	return b
}

// find gives a ticket and notes that somebody asks for it.
func (ps *probes) find(id string) *ticket {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	t := ps.tickets[id]
	if t != nil {
		t.seen = ps.now()
	}
	return t
}

// probeView is the answer to GET /api/v1/probes/{id}.
type probeView struct {
	ID      string          `json:"id"`
	State   string          `json:"state"` // running, done, cancelled
	Reused  bool            `json:"reused"`
	Started string          `json:"started"` // RFC 3339, UTC
	AgeS    float64         `json:"age_s"`   // since it began
	URL     string          `json:"url"`
	Events  string          `json:"events"`
	Report  json.RawMessage `json:"report,omitempty"`
}

func (ps *probes) view(t *ticket, report bool) probeView {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	r := t.run
	v := probeView{
		ID: t.id, State: probeRunning, Reused: t.reused,
		Started: r.begun.UTC().Format(time.RFC3339), AgeS: ps.now().Sub(r.begun).Seconds(),
		URL: probesPath + "/" + t.id, Events: probesPath + "/" + t.id + "/events",
	}
	switch {
	case t.final != nil:
		v.State = probeCancelled
	case r.final != nil:
		v.State = r.state
	}
	if report {
		v.Report = t.report()
	}
	return v
}

// report is what is known. The caller holds the lock.
func (t *ticket) report() []byte {
	switch {
	case t.final != nil:
		return t.final
	case t.run.final != nil:
		return t.run.final
	}
	return marshal(t.run.soFar)
}

// message is one event as a stream sends it.
type message struct {
	id   int
	kind string
	data []byte
}

// after gives the events that follow a number. done says that no more will come;
// otherwise changed is closed when there are more.
func (ps *probes) after(t *ticket, seq int) (list []message, changed <-chan struct{}, done bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	r := t.run
	if t.final != nil { // cancelled, while the run goes on for others
		return []message{doneMessage(max(r.last, seq)+1, t.final)}, nil, true
	}
	list = append(list, r.events[max(0, min(seq, len(r.events))):]...)
	if r.final == nil {
		return list, r.changed, false
	}
	if seq < r.last {
		list = append(list, doneMessage(r.last, r.final))
	}
	return list, nil, true
}

// doneMessage is the last event, around a result that is JSON already.
func doneMessage(seq int, result []byte) message {
	return message{seq, "done", marshal(struct {
		Seq    int             `json:"seq"`
		Type   string          `json:"type"`
		Ladder int             `json:"ladder"`
		Result json.RawMessage `json:"result"`
	}{seq, "done", -1, result})}
}

// attach counts a stream; detach takes it off, and then the probe has a moment
// for its client to come back.
func (ps *probes) attach(t *ticket) error {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if t.streams >= ps.limits.Streams {
		return spent{limitStreams, ps.limits.Grace}
	}
	t.streams++
	ps.meter.streams.Inc()
	return nil
}

func (ps *probes) detach(t *ticket) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	t.streams--
	t.seen = ps.now()
	ps.meter.streams.Dec()
	if t.run.final == nil && t.final == nil {
		t.timer.Reset(ps.limits.Grace)
	}
}

// tick is a ticket's timer: it ends what nobody watches, and forgets what is old.
func (ps *probes) tick(t *ticket) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.tickets[t.id] != t {
		return
	}
	now := ps.now()
	ended := t.run.ended
	if t.final != nil {
		ended = t.seen
	}
	switch {
	case t.run.final != nil || t.final != nil:
		if left := ps.limits.Keep - now.Sub(ended); left > 0 {
			t.timer.Reset(left)
			return
		}
		ps.forget(t)
	case t.streams > 0: // detach starts it anew
		t.timer.Reset(ps.limits.Grace)
	case now.Sub(t.seen) < ps.limits.Grace:
		t.timer.Reset(ps.limits.Grace - now.Sub(t.seen))
	default:
		ps.meter.abandoned.Inc()
		ps.drop(t)
	}
}

// cancel ends a ticket's interest in a run that has not ended, and forgets the
// result of one that has.
func (ps *probes) cancel(t *ticket) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	switch {
	case ps.tickets[t.id] != t || t.final != nil:
	case t.run.final != nil:
		ps.forget(t)
	default:
		ps.drop(t)
	}
}

// drop takes a ticket's interest away; without any the run is cancelled, and
// ends at once with a result of its own.
func (ps *probes) drop(t *ticket) {
	r := t.run
	r.wanted--
	if r.wanted <= 0 {
		r.cancel()
		return
	}
	so := r.soFar
	so.Input.State = diag.StateCancelled
	t.final = marshal(so)
	ps.grow(r, len(t.final))
	t.seen = ps.now()
	close(t.gone)
	t.timer.Reset(ps.limits.Keep)
}

// trim keeps the results within their bounds: the oldest that have ended go.
func (ps *probes) trim() {
	for i := 0; i < len(ps.order) && (len(ps.tickets) > ps.limits.Kept || ps.size > ps.limits.KeptSize); {
		t := ps.order[i]
		if t.run.final == nil || t.streams > 0 {
			i++
			continue
		}
		ps.forget(t) // takes it out of order
	}
}

func (ps *probes) forget(t *ticket) {
	t.timer.Stop()
	delete(ps.tickets, t.id)
	for i := range ps.order {
		if ps.order[i] == t {
			ps.order = append(ps.order[:i], ps.order[i+1:]...)
			break
		}
	}
	if t.run.tickets--; t.run.tickets > 0 {
		return
	}
	ps.unshare(t.run)
	ps.grow(t.run, -t.run.size)
}

// close cancels every probe and waits until they have ended. It returns within
// a few seconds whatever they do.
func (ps *probes) close() {
	ps.mu.Lock()
	ps.closed = true
	ps.mu.Unlock()
	ps.stop()
	ended := make(chan struct{})
	go func() { ps.wg.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		ps.log.Error("probes were still running after 5 s")
	}
}
