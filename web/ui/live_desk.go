package ui

import (
	"encoding/json"
	"strconv"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// LiveState is how far a test stream has come.
type LiveState string

// The states, as the page's data-state has them. From LiveWaiting to LiveEnded
// they are the session's own.
const (
	LiveEmpty      LiveState = "empty"
	LiveOff        LiveState = "off"    // this server takes none
	LiveAsking     LiveState = "asking" // for a push address
	LiveWaiting    LiveState = "waiting"
	LivePublishing LiveState = "publishing"
	LiveBetween    LiveState = "between" // the encoder went and may come back
	LiveEnded      LiveState = "ended"
	LiveRefused    LiveState = "refused" // no push address was given; Problem says why
	LiveGone       LiveState = "gone"    // the server does not know the session any more
)

// LiveMessage is one message of the client; static/js/live.js lists them.
type LiveMessage struct {
	Kind   string
	Data   string
	Status int
}

// LiveSnapshot is a session as it stands. Connections, what was said and how it
// arrives are drawn by static/js/live-parts.js; the report comes by itself.
type LiveSnapshot struct {
	State   LiveState `json:"state"`
	EndText string    `json:"end_text"` // why it ended, for a person
	Profile string    `json:"profile"`
	Behave  bool      `json:"behave"`
	Refuse  string    `json:"refuse"`
	Count   int       `json:"count"` // of connections so far
	Went    string    `json:"went"`  // how the last one ended, for a person
}

// LiveDesk is all that the page knows. It has no browser in it; every method is
// called from one goroutine.
type LiveDesk struct {
	Desk *Desk // whose shown job is the report
	Off  bool  // this server takes no test streams

	State   LiveState
	Open    bool // there is a session, which may have ended
	Snap    LiveSnapshot
	Lost    bool   // the connection to this server is interrupted
	Slow    bool   // nothing has come for a while
	Title   string // of Problem
	Problem string

	seen  map[string]bool // errors that were announced
	lines []string
}

// Busy reports whether a session is open.
func (d *LiveDesk) Busy() bool {
	switch d.State {
	case LiveWaiting, LivePublishing, LiveBetween:
		return true
	}
	return false
}

// Leave goes back to the empty page.
func (d *LiveDesk) Leave() {
	d.State, d.Open, d.Lost, d.Slow, d.seen = LiveEmpty, false, false, false, nil
	for _, j := range d.Desk.Jobs {
		d.Desk.Remove(j.ID)
	}
	if d.Off {
		d.State = LiveOff
	}
}

// Handle takes in one message of the client.
func (d *LiveDesk) Handle(m LiveMessage) {
	data := []byte(m.Data)
	switch m.Kind {
	case "off":
		if d.Off = true; d.State == LiveEmpty {
			d.State = LiveOff
		}
	case "profiles":
		var list struct {
			Profiles []diag.Profile `json:"profiles"`
		}
		if json.Unmarshal(data, &list) == nil {
			d.Desk.Profiles = list.Profiles
		}
	case "session":
		d.Open, d.State = true, LiveWaiting
	case "refused":
		d.refused(m)
	case "state":
		d.state(data)
	case "report":
		d.report(data)
	case "slow":
		d.Slow = d.State == LiveWaiting
		if d.Slow {
			d.say("Nothing has come yet.")
		}
	case "lost":
		if !d.Lost {
			d.say("The connection to this server is interrupted. Connecting again.")
		}
		d.Lost = true
	case "back":
		if d.Lost {
			d.say("The connection to this server is there again.")
		}
		d.Lost = false
	case "gone":
		if d.Open {
			d.State, d.Lost = LiveGone, false
			d.say("This test stream is no longer known to the server.")
		}
	}
}

func (d *LiveDesk) refused(m LiveMessage) {
	var p probeProblem
	d.State = LiveRefused
	switch {
	case json.Unmarshal([]byte(m.Data), &p) == nil && p.Title != "":
		d.Title, d.Problem = p.Title, p.Detail
	case m.Status == 0:
		d.Title, d.Problem = "This server does not answer", "The connection from your browser to this site is interrupted. Check it, then try again."
	default: // not an answer of ours: a proxy's page, as a rule
		d.Title, d.Problem = "This server did not take the request", "It answered with the number "+strconv.Itoa(m.Status)+" and nothing else. Try again; if it stays, tell whoever runs this server."
	}
	d.say(d.Title + ". " + d.Problem)
}

func (d *LiveDesk) state(data []byte) {
	was := d.State
	var s LiveSnapshot
	if !d.Open || json.Unmarshal(data, &s) != nil {
		return
	}
	d.Snap, d.State = s, s.State
	if s.State != LiveWaiting {
		d.Slow = false
	}
	j := d.Desk.Shown
	if s.State == LiveEnded && j != nil {
		j.State = Done
	}
	if was == d.State {
		return
	}
	switch d.State {
	case LiveWaiting:
		d.say("Waiting for your encoder.")
	case LivePublishing:
		d.say("An encoder pushes.")
	case LiveBetween:
		d.say("The encoder went. It may come back.")
	case LiveEnded:
		text := "Ended. " + visible(s.EndText)
		if j != nil {
			text += " " + visible(j.Report.Verdict.Headline)
		}
		d.say(text)
	}
}

// report takes in the report so far, and announces errors that are new.
func (d *LiveDesk) report(data []byte) {
	r := &diag.Report{}
	if !d.Open || json.Unmarshal(data, r) != nil || r.Format != diag.Format {
		return
	}
	rules.Tell(r)
	j := d.Desk.live()
	if r.Input.State == diag.StateReading && j.State == Done {
		return // it came later than the last
	}
	j.Read = r.Input.Read
	j.setReport(r)
	d.Desk.dropSelection(j)
	first := d.seen == nil
	if first {
		d.seen = map[string]bool{}
	}
	for i := range j.views {
		f := &j.views[i]
		if f.Severity != diag.Error || d.seen[f.Key] {
			continue
		}
		d.seen[f.Key] = true
		if !first || d.State == LivePublishing {
			d.say("Error: " + f.Title)
		}
	}
}

func (d *LiveDesk) say(s string) { d.lines = append(d.lines, s) }

// Say is what to announce, once.
func (d *LiveDesk) Say() string {
	text := ""
	for _, l := range d.lines {
		if text != "" {
			text += " "
		}
		text += l
	}
	d.lines = nil
	return text
}

// live is the job of a test stream: the one that the page shows.
func (d *Desk) live() *Job {
	if d.Shown == nil {
		d.nextID++
		j := &Job{ID: d.nextID, File: File{Name: liveName}, State: Reading, Live: true}
		d.Jobs = append(d.Jobs, j)
		d.Shown = j
	}
	return d.Shown
}

// liveName names a test stream where a recording has the name of its file.
const liveName = "Test stream"

// kindLive is the kind of its report.
const kindLive = "live"
