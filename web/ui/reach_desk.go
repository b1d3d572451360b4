package ui

import (
	"encoding/json"
	"strconv"
	"strings"

	"ingestdoctor/wasm/diag"
)

// ReachClient asks the server: static/js/reach.js in the browser.
type ReachClient interface {
	// Start asks for a probe; body is the JSON of the request.
	Start(run int, body string)
	// Cancel ends it; what is known comes as its last event.
	Cancel(run int)
}

// ReachState is how far a probe has come.
type ReachState string

// The states, as the page's data-state has them.
const (
	ReachEmpty     ReachState = "empty"
	ReachAsking    ReachState = "asking"  // the server has not answered yet
	ReachRunning   ReachState = "running" // rung by rung
	ReachDone      ReachState = "done"
	ReachCancelled ReachState = "cancelled"
	ReachRefused   ReachState = "refused" // the request was not taken; Problem says why
	ReachQuota     ReachState = "quota"   // too many; Retry says when
	ReachLost      ReachState = "lost"    // this server cannot be reached
)

// ReachMessage is one message of the client.
type ReachMessage struct {
	Kind   string // accepted, event, report, refused, lost, client
	Run    int
	Data   string
	Status int
}

// ReachRun is one probe on the page.
type ReachRun struct {
	ID      int
	Asked   ReachTarget
	Publish bool
	State   ReachState
	Result  *ProbeResult // what is known, never nil
	Ticket  string       // the result as Markdown once it is there
	Title   string       // of Problem
	Problem string
	Retry   int // seconds from RetryAt that were asked for
	Reused  bool
	AgeS    float64 // of a reused one, when it came

	views []FindingView
}

// Busy reports whether the probe still runs.
func (r *ReachRun) Busy() bool { return r.State == ReachAsking || r.State == ReachRunning }

// ReachDesk is all that the page knows. It has no browser in it; every method is
// called from one goroutine. Nothing of it holds a key.
type ReachDesk struct {
	C        ReachClient
	Profiles []diag.Profile
	Input    string
	Profile  string // empty: the one that the host tells
	Enhanced bool

	Run   *ReachRun // the one that is shown
	Last  *ReachRun // the finished one before it, of the same target
	Me    *ClientInfo
	MeBad bool // the visitor's address could not be had

	nextID int
	lines  []string // to announce
	final  string   // to announce at once
}

// Target is what is typed, read.
func (d *ReachDesk) Target() ReachTarget { return readTarget(d.Input) }

// Busy reports whether a probe runs.
func (d *ReachDesk) Busy() bool { return d.Run != nil && d.Run.Busy() }

// Off reports whether this server probes nothing at all.
func (d *ReachDesk) Off() bool { return d.Me != nil && !d.Me.Probes.Allowed }

// Probe begins with what is typed.
func (d *ReachDesk) Probe() {
	t := d.Target()
	if t.Problem != "" {
		d.refuse(t, "There is nothing to probe yet", t.Problem)
		return
	}
	d.start(t, t.Text(), "", false)
}

// Publish begins with an encoder's server and key. The key is passed on and not kept.
func (d *ReachDesk) Publish(server, key string) {
	t := readTarget(server)
	if t.Problem != "" {
		d.refuse(t, "There is nothing to probe yet", t.Problem)
		return
	}
	d.start(t, strings.TrimSpace(server), key, true)
}

// Again repeats the shown probe, without publish.
func (d *ReachDesk) Again() {
	if d.Run == nil || d.Run.Busy() {
		return
	}
	if d.Run.Asked.Problem != "" {
		d.Probe()
		return
	}
	d.start(d.Run.Asked, d.Run.Asked.Text(), "", false)
}

func (d *ReachDesk) start(t ReachTarget, target, key string, publish bool) {
	if d.Run != nil && d.Run.Busy() {
		d.C.Cancel(d.Run.ID)
	}
	d.keepLast(t)
	d.nextID++
	d.Run = &ReachRun{ID: d.nextID, Asked: t, Publish: publish, State: ReachAsking, Result: &ProbeResult{}}
	d.lines, d.final = nil, "Probing "+visible(t.Host)
	body, _ := json.Marshal(struct {
		Target   string `json:"target"`
		Profile  string `json:"profile,omitempty"`
		Enhanced bool   `json:"enhanced,omitempty"`
		Publish  bool   `json:"publish,omitempty"`
		Key      string `json:"key,omitempty"`
	}{target, d.Profile, d.Enhanced, publish, key})
	d.C.Start(d.Run.ID, string(body))
}

// keepLast keeps the result that the next one is shown beside.
func (d *ReachDesk) keepLast(next ReachTarget) {
	if d.Run != nil && d.Run.State == ReachDone {
		d.Last = d.Run
	}
	if d.Last != nil && (d.Last.Asked.Host != next.Host || d.Last.Asked.Scheme != next.Scheme || d.Last.Asked.Port != next.Port) {
		d.Last = nil
	}
}

func (d *ReachDesk) refuse(t ReachTarget, title, why string) {
	d.nextID++
	d.Run = &ReachRun{ID: d.nextID, Asked: t, State: ReachRefused, Title: title, Problem: why, Result: &ProbeResult{}}
	d.final = why
}

// Cancel ends the running probe.
func (d *ReachDesk) Cancel() {
	if d.Busy() {
		d.C.Cancel(d.Run.ID)
		if d.Run.State == ReachAsking {
			d.ended(ReachCancelled, "Cancelled.")
		}
	}
}

// Handle takes in one message of the client.
func (d *ReachDesk) Handle(m ReachMessage) {
	if m.Kind == "profiles" {
		var list struct {
			Profiles []diag.Profile `json:"profiles"`
		}
		if json.Unmarshal([]byte(m.Data), &list) == nil {
			d.Profiles = list.Profiles
		}
		return
	}
	if m.Kind == "client" {
		var info ClientInfo
		d.MeBad = m.Data == "" || json.Unmarshal([]byte(m.Data), &info) != nil
		if !d.MeBad {
			d.Me = &info
		}
		return
	}
	r := d.Run
	if r == nil || m.Run != r.ID || !r.Busy() {
		return
	}
	switch m.Kind {
	case "accepted":
		var a probeAnswer
		if json.Unmarshal([]byte(m.Data), &a) == nil {
			r.State, r.Reused, r.AgeS = ReachRunning, a.Reused, a.AgeS
		}
	case "event":
		var e probeEvent
		if json.Unmarshal([]byte(m.Data), &e) != nil {
			return
		}
		r.State = ReachRunning
		if e.Type == "done" {
			d.done(e.Result)
			return
		}
		r.Result.apply(&e)
		r.views = findingViews(&r.Result.Report)
		d.tell(&e)
	case "report":
		var a probeAnswer
		if json.Unmarshal([]byte(m.Data), &a) != nil {
			return
		}
		if a.State != "running" {
			d.done(a.Report)
		} else if res, ok := readProbe(a.Report); ok {
			r.State, r.Result = ReachRunning, res
			r.views = findingViews(&res.Report)
		}
	case "refused":
		d.refused(m)
	case "lost":
		d.ended(ReachLost, "This server does not answer.")
	}
}

func (d *ReachDesk) done(raw []byte) {
	r := d.Run
	res, ok := readProbe(raw)
	if !ok {
		r.Title, r.Problem = "The answer could not be read", "The page and the server may be of different versions: reload the page."
		d.ended(ReachRefused, r.Problem)
		return
	}
	r.Result, r.Ticket = res, ReachMarkdown(res)
	r.views = findingViews(&res.Report)
	state := ReachDone
	if res.Report.Input.State == diag.StateCancelled {
		state = ReachCancelled
	}
	d.ended(state, visible(res.Report.Verdict.Headline))
}

func (d *ReachDesk) refused(m ReachMessage) {
	r := d.Run
	var p probeProblem
	if json.Unmarshal([]byte(m.Data), &p) != nil || p.Title == "" {
		// not an answer of ours: a proxy's page, as a rule
		r.Title, r.Problem = "This server did not take the request", "It answered with the number "+strconv.Itoa(m.Status)+" and nothing else. Try again; if it stays, tell whoever runs this server."
	} else {
		r.Title, r.Problem, r.Retry = p.Title, p.Detail, p.RetryAfter
	}
	state := ReachRefused
	if m.Status == 429 {
		state, r.Retry = ReachQuota, max(1, r.Retry)
	}
	d.ended(state, r.Title+". "+r.Problem)
}

func (d *ReachDesk) ended(s ReachState, say string) {
	d.Run.State = s
	d.lines, d.final = nil, say
}

// tell notes what an event is worth to somebody who listens: ends of rungs.
func (d *ReachDesk) tell(e *probeEvent) {
	if e.Rung == nil || e.Rung.State == rungRunning || e.Rung.State == rungSkipped || e.Rung.State == rungWaiting {
		return
	}
	line := stageLabel(e.Rung.Stage) + ": " + stateWord(e.Rung.State)
	if e.Ladder >= 0 && e.Ladder < len(d.Run.Result.Ladders) && len(d.Run.Result.Ladders) > 1 {
		l := &d.Run.Result.Ladders[e.Ladder]
		line = visible(l.Address) + " port " + countPort(l.Port) + ", " + line
	}
	d.lines = append(d.lines, line)
}

// Say is what to announce, once: the end of a probe at once, rungs when asked
// for, several as one.
func (d *ReachDesk) Say(rungs bool) string {
	if s := d.final; s != "" {
		d.final = ""
		return s
	}
	if !rungs || len(d.lines) == 0 {
		return ""
	}
	lines := d.lines
	d.lines = nil
	const most = 4
	if n := len(lines) - most; n > 0 {
		lines = append(lines[n:], "and "+plural(int64(n), "other", "others"))
	}
	return strings.Join(lines, "; ")
}

// Pending reports whether rungs wait to be announced.
func (d *ReachDesk) Pending() bool { return len(d.lines) > 0 }

func countPort(n int) string { return strconv.Itoa(n) }
