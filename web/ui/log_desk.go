package ui

import (
	"ingestdoctor/wasm/diag"
)

// Explainer reads logs, events and callbacks, one paste at a time. In the
// browser it is a worker (log_worker.go). Every call returns at once and is
// answered by a LogEvent.
type Explainer interface {
	// Explain reads a paste against a profile, "" for the one that it tells. It
	// ends the one before.
	Explain(run int, in LogInput, profile string)
	// Cancel ends that run: LogDone, or LogStopped.
	Cancel(run int)
	// Forget drops what was read.
	Forget()
}

// LogInput is what was pasted, dropped or chosen.
type LogInput struct {
	Name   string
	Text   any   // the browser's string; it is not copied into this program
	Chars  int   // its length
	Size   int64 // bytes of the files
	Files  []File
	Typed  bool // it stands in the text area
	Pasted bool // it came at once
}

// Empty reports whether there is nothing to read.
func (in *LogInput) Empty() bool { return in.Chars == 0 && len(in.Files) == 0 }

// LogEventKind tells events apart.
type LogEventKind uint8

// The events.
const (
	LogReady    LogEventKind = iota // About
	LogPartOpen                     // Part, Name, Size: it is read now
	LogProgress                     // Part, Read, Lines, Share, MS
	LogReported                     // Part, Report, Read, Lines, Longest
	LogRefused                      // Part, Refusal, Text
	LogDone                         // State, Text, MS
	LogStopped                      // cancelled without a report
	LogFailed                       // Text, Fatal
)

// LogEvent is one message of an Explainer.
type LogEvent struct {
	Kind    LogEventKind
	Run     int
	About   *About
	Part    int
	Name    string
	Size    int64 // bytes, -1 where it is not known
	Read    int64 // bytes of text
	Lines   int64
	Longest int64   // bytes of the longest line
	Share   float64 // 0 to 1 of all that is read
	MS      float64
	Report  *LogReport
	Refusal string // media, archive, broken, encrypted, large, binary, empty
	State   string // complete, cancelled, large
	Text    string
	Fatal   bool
}

// LogPart is one text: the paste, a file, a member of an archive.
type LogPart struct {
	Run     int
	Number  int
	Name    string
	Size    int64
	State   JobState // Reading, Done or Unreadable
	Read    int64
	Lines   int64
	Longest int64
	MS      float64
	Report  *LogReport
	Refusal string
	Problem string
}

// worst is the severity that a part is listed with.
func (p *LogPart) worst() diag.Severity {
	if p.Report == nil {
		return diag.Off
	}
	return p.Report.Verdict.Severity
}

// LogDesk is all that the page knows. It has no browser in it. Every method is
// called from one goroutine.
type LogDesk struct {
	E        Explainer
	Profiles []diag.Profile
	Profile  string // id to hold settings against, "" for the one that the text tells

	In      LogInput
	Parts   []*LogPart
	Shown   *LogPart
	Busy    bool
	State   string // of the last run: complete, cancelled, large
	Detail  string
	Share   float64
	MS      float64
	Broken  string // why the reader does not run at all
	Notice  string // one sentence about the last action that did nothing else
	Another string // url or report: the paste belongs to another page

	// What of the timeline is shown.
	Hidden map[string]bool // levels
	Source string          // "" for all
	Limit  int             // entries

	// The lines that are marked, and the finding that led there.
	First, Final int
	Selected     string

	run    int
	chosen bool // the part was chosen by the person
	said   float64
	say    string
}

// timelineStep is how many entries are drawn at first, and with each "more".
const timelineStep = 50

// Take reads a new paste.
func (d *LogDesk) Take(in LogInput) {
	d.Notice = ""
	d.In = in
	if in.Empty() {
		d.Clear()
		return
	}
	d.read()
}

// Elsewhere takes a paste that another page reads: kind is url or report.
func (d *LogDesk) Elsewhere(in LogInput, kind string) {
	d.Clear()
	d.In, d.Another = in, kind
	d.say = "This is for another page."
}

// Clear forgets the paste.
func (d *LogDesk) Clear() {
	d.stopReading()
	d.In, d.Parts, d.Shown, d.State, d.Detail, d.Another = LogInput{}, nil, nil, "", "", ""
	d.unmark()
	if d.E != nil {
		d.E.Forget()
	}
}

func (d *LogDesk) stopReading() {
	d.run++ // what is still on its way is of the past
	d.Busy = false
}

// SetProfile holds the paste against another profile.
func (d *LogDesk) SetProfile(id string) {
	d.Profile = id
	if !d.In.Empty() && d.Another == "" {
		d.read()
	}
}

// Again reads the paste once more.
func (d *LogDesk) Again() {
	if !d.In.Empty() {
		d.read()
	}
}

// read begins to read. What was shown stays until there is something new, so
// that nothing jumps while a person types.
func (d *LogDesk) read() {
	if d.E == nil || d.Broken != "" {
		return
	}
	d.run++
	d.Busy, d.Another, d.State, d.Detail, d.Share, d.MS, d.said = true, "", "", "", 0, 0, 0
	d.chosen = false
	if !d.In.Typed {
		d.Parts, d.Shown = nil, nil
		d.unmark()
	}
	d.E.Explain(d.run, d.In, d.Profile)
}

func (d *LogDesk) unmark() { d.First, d.Final, d.Selected = 0, 0, "" }

// Cancel stops reading.
func (d *LogDesk) Cancel() {
	if d.Busy {
		d.E.Cancel(d.run)
	}
}

// Show shows a part.
func (d *LogDesk) Show(number int) {
	for _, p := range d.Parts {
		if p.Number == number && p.State != Reading {
			d.show(p)
			d.chosen = true
			d.say = "Showing " + visible(p.Name) + ". " + d.summary(p)
		}
	}
}

func (d *LogDesk) show(p *LogPart) {
	if d.Shown == p {
		return
	}
	d.Shown = p
	d.Limit, d.Source = timelineStep, ""
	d.unmark()
}

// Mark marks lines, and the finding that led there, if one did.
func (d *LogDesk) Mark(first, final int, key string) {
	d.First, d.Final, d.Selected = first, final, key
	if first > 0 {
		d.say = "Showing " + linesText(first, final) + " of the text."
	}
}

// Toggle shows or hides the entries of a level.
func (d *LogDesk) Toggle(level string) {
	if d.Hidden == nil {
		d.Hidden = map[string]bool{}
	}
	d.Hidden[level] = !d.Hidden[level]
}

// entries are those that the filter leaves, all of them.
func (d *LogDesk) entries() []*LogEntry {
	if d.Shown == nil || d.Shown.Report == nil {
		return nil
	}
	r := d.Shown.Report
	list := make([]*LogEntry, 0, len(r.Entries))
	for i := range r.Entries {
		e := &r.Entries[i]
		if !d.Hidden[e.Level] && (d.Source == "" || d.Source == e.Source) {
			list = append(list, e)
		}
	}
	return list
}

// Handle takes in one event.
func (d *LogDesk) Handle(e LogEvent) {
	switch e.Kind {
	case LogReady:
		d.Broken = ""
		if e.About != nil {
			d.Profiles = e.About.Profiles
		}
		return
	case LogFailed:
		d.failed(e)
		return
	}
	if e.Run != d.run || !d.Busy {
		return
	}
	switch e.Kind {
	case LogPartOpen:
		if e.Part == 0 {
			d.fresh()
		}
		d.Parts = append(d.Parts, &LogPart{Run: e.Run, Number: e.Part, Name: e.Name, Size: e.Size, State: Reading})
	case LogProgress:
		d.Share, d.MS = e.Share, e.MS
		if p := d.part(e.Part); p != nil {
			p.Read, p.Lines = e.Read, e.Lines
		}
		if d.MS-d.said >= 5000 {
			d.said = d.MS
			d.say = "Reading, " + countText(int64(d.Share*100)) + " %."
		}
	case LogReported:
		p := d.part(e.Part)
		if p == nil || e.Report == nil {
			return
		}
		p.State, p.Report, p.Read, p.Lines, p.Longest, p.MS = Done, e.Report, e.Read, e.Lines, e.Longest, e.MS
		if d.Shown == nil || d.Shown.Run != d.run {
			d.show(p)
		}
	case LogRefused:
		if p := d.part(e.Part); p != nil {
			p.State, p.Refusal, p.Problem = Unreadable, e.Refusal, e.Text
		}
	case LogDone:
		d.Busy, d.State, d.Detail, d.MS = false, e.State, e.Text, e.MS
		d.finished()
	case LogStopped:
		d.Busy, d.State = false, "cancelled"
		d.finished()
	}
}

// fresh drops what the run before has shown.
func (d *LogDesk) fresh() { d.Parts = nil }

// finished shows the part that matters most, unless the person has chosen one.
func (d *LogDesk) finished() {
	if len(d.Parts) == 0 || d.Parts[0].Run != d.run { // nothing came of it
		d.Parts, d.Shown = nil, nil
		d.unmark()
	}
	for i := len(d.Parts) - 1; i >= 0; i-- {
		if d.Parts[i].State == Reading { // cancelled before it had a report
			d.Parts = append(d.Parts[:i], d.Parts[i+1:]...)
		}
	}
	if !d.chosen && len(d.Parts) > 0 {
		best := d.Parts[0]
		for _, p := range d.Parts {
			if best.Report == nil && p.Report != nil || best.Report != nil && p.Report != nil && p.worst() > best.worst() {
				best = p
			}
		}
		d.show(best)
	}
	switch {
	case d.Shown == nil:
		d.say = "Cancelled."
	default:
		d.say = "Done. " + d.summary(d.Shown)
		if d.State == "cancelled" {
			d.say = "Cancelled. " + d.summary(d.Shown)
		}
	}
}

// summary is a part's answer in one sentence, for the announcement.
func (d *LogDesk) summary(p *LogPart) string {
	if p.Report == nil {
		return visible(p.Problem)
	}
	return visible(p.Report.Verdict.Headline) + " " + countsText(&p.Report.Verdict) + "."
}

func (d *LogDesk) failed(e LogEvent) {
	if e.Fatal {
		d.Broken = e.Text
		d.Busy = false
		d.say = e.Text
		return
	}
	if e.Run != 0 && e.Run != d.run {
		return
	}
	d.Notice, d.say = e.Text, e.Text
	if d.Busy {
		d.Busy, d.State = false, "failed"
		if len(d.Parts) > 0 && d.Parts[0].Run != d.run {
			d.Parts, d.Shown = nil, nil
		}
		d.unmark()
	}
}

func (d *LogDesk) part(number int) *LogPart {
	for _, p := range d.Parts {
		if p.Number == number && p.Run == d.run {
			return p
		}
	}
	return nil
}

// reading is the part that is read now.
func (d *LogDesk) reading() *LogPart {
	if !d.Busy {
		return nil
	}
	for _, p := range d.Parts {
		if p.State == Reading && p.Run == d.run {
			return p
		}
	}
	return nil
}

// finding is the finding of a key.
func (d *LogDesk) finding(key string) *LogFinding {
	if d.Shown == nil || d.Shown.Report == nil {
		return nil
	}
	for i := range d.Shown.Report.views {
		if f := &d.Shown.Report.views[i]; f.Key == key {
			return f
		}
	}
	return nil
}

// Say takes what is to be announced.
func (d *LogDesk) Say() string {
	s := d.say
	d.say = ""
	return s
}

// profile is the chosen one, nil for none.
func (d *LogDesk) profile() *diag.Profile {
	for i := range d.Profiles {
		if d.Profiles[i].ID == d.Profile {
			return &d.Profiles[i]
		}
	}
	return nil
}
