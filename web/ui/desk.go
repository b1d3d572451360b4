package ui

import (
	"encoding/json"
	"strconv"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// maxJobs bounds the recordings that a page holds reports of.
const maxJobs = 50

// JobState is how far a recording has come.
type JobState uint8

// The states of a job.
const (
	Waiting JobState = iota
	Reading
	Done       // with a report: complete, truncated, cancelled or failed part of the way
	Unread     // cancelled before it was begun
	Unreadable // failed without a report; Job.Problem says why
)

// Job is one recording on the page.
type Job struct {
	ID      int
	File    File
	State   JobState
	Read    int64   // bytes so far
	MS      float64 // reading time so far
	Rate    float64 // bytes a second, smoothed
	Report  *diag.Report
	Problem string
	Saved   bool // a report that was opened: there is no recording to read
	Live    bool // a test stream: its media is gone

	reports int           // how many there were
	views   []FindingView // of Report
	plots   []Plot
}

// Detailed reports whether plots, media and checks are shown: the first
// summary, a moment after the choice, does without.
func (j *Job) Detailed() bool {
	return j.Report != nil && (j.State == Done || j.reports > 1)
}

func (j *Job) setReport(r *diag.Report) {
	if r == nil {
		return
	}
	j.Report = r
	j.reports++
	j.views = findingViews(r)
	j.plots = plotsOf(r)
}

// Left is the seconds that reading will still take, negative when unknown.
func (j *Job) Left() float64 {
	if j.Rate <= 0 || j.File.Size <= 0 || j.Read >= j.File.Size {
		return -1
	}
	return float64(j.File.Size-j.Read) / j.Rate
}

// Percent is 0 to 100.
func (j *Job) Percent() int {
	if j.File.Size <= 0 {
		return 0
	}
	return int(min(100, j.Read*100/j.File.Size))
}

// Desk is all that the page knows: the recordings, the profile, and what is
// selected. It has no browser in it. Every method is called from one
// goroutine.
type Desk struct {
	V        Validator
	Profiles []diag.Profile
	Profile  string // id of the profile to check against
	Jobs     []*Job
	Shown    *Job // whose report is on the page

	Broken   string // why the analyser does not run at all
	Notice   string // one sentence about the last action that did nothing else
	Selected string // key of the finding whose place is shown
	Bytes    ByteView

	run     int  // number of the last call
	reading *Job // the job of run reading
	readRun int
	drop    bool // what the running analysis still says is not wanted
	nextID  int
	said    float64 // MS of the last announcement of progress
	say     string
}

// ByteView is the tags around the selected finding.
type ByteView struct {
	Key     string // the finding
	Run     int
	State   JobState // Reading, Done or Unreadable
	Tags    []TagView
	Problem string
}

// Handle takes in one event of the validator.
func (d *Desk) Handle(e Event) {
	switch e.Kind {
	case Ready:
		d.Broken = ""
		if e.About != nil {
			d.Profiles = e.About.Profiles
			if d.profile() == nil {
				d.Profile = e.About.Default
			}
		}
	case Dissected:
		if e.Run == d.Bytes.Run {
			d.Bytes.State, d.Bytes.Tags = Done, e.Tags
		}
	case Failed:
		d.failed(e)
	case Progressed:
		if j := d.current(e); j != nil {
			d.progress(j, e)
		}
	case Partial:
		if j := d.current(e); j != nil {
			j.setReport(e.Report)
		}
	case Finished, Stopped:
		d.finished(e)
	}
}

// current is the job that an event of an analysis is about, nil for one of the past.
func (d *Desk) current(e Event) *Job {
	if d.reading == nil || e.Run != d.readRun || d.drop {
		return nil
	}
	return d.reading
}

func (d *Desk) progress(j *Job, e Event) {
	if dt := e.MS - j.MS; dt > 0 && e.Read >= j.Read {
		rate := float64(e.Read-j.Read) / dt * 1000
		if j.Rate == 0 {
			j.Rate = rate
		} else {
			j.Rate += (rate - j.Rate) * min(1, dt/1000)
		}
	}
	j.Read, j.MS = e.Read, e.MS
	if e.MS-d.said >= announceEvery {
		d.said = e.MS
		d.say = strconv.Itoa(j.Percent()) + " percent read"
		if j.Report != nil {
			d.say += ", " + countsText(&j.Report.Verdict) + " so far"
		}
	}
}

// announceEvery is the pause between two announcements of progress, in
// milliseconds: more often would talk over everything else.
const announceEvery = 5000

func (d *Desk) finished(e Event) {
	if d.reading == nil || e.Run != d.readRun {
		return
	}
	j, dropped := d.reading, d.drop
	d.reading, d.drop = nil, false
	if !dropped {
		j.MS = e.MS
		if e.Kind == Finished && e.Report != nil {
			j.State = Done
			j.Read = e.Report.Input.Read
			j.setReport(e.Report)
			d.say = "Done. " + visible(j.File.Name) + ": " + e.Report.Verdict.Headline
		} else if j.Report != nil { // the last partial report is what there is
			j.Report.Input.State = diag.StateCancelled
			j.State = Done
			d.say = "Cancelled."
		} else {
			j.State = Unread
			d.say = "Cancelled."
		}
		d.dropSelection(j)
	}
	d.next()
}

// dropSelection forgets the selected finding where a new report does not have it.
func (d *Desk) dropSelection(j *Job) {
	if j != d.Shown || d.Selected == "" || d.finding(d.Selected) != nil {
		return
	}
	d.Selected, d.Bytes = "", ByteView{}
}

func (d *Desk) failed(e Event) {
	switch {
	case e.Fatal:
		d.Broken = e.Text
		d.say = e.Text
		if d.reading != nil {
			d.reading.State = Waiting
			d.reading, d.drop = nil, false
		}
	case d.reading != nil && e.Run == d.readRun:
		j, dropped := d.reading, d.drop
		d.reading, d.drop = nil, false
		if !dropped {
			j.State, j.Problem = Unreadable, e.Text
			d.say = e.Text
		}
		d.next()
	case e.Run == d.Bytes.Run && e.Run != 0:
		d.Bytes.State, d.Bytes.Problem = Unreadable, e.Text
	default:
		d.Notice, d.say = e.Text, e.Text
	}
}

// Choose takes recordings in; they are read one after another, and the first
// of them is shown.
func (d *Desk) Choose(files []File) {
	d.Notice = ""
	room := maxJobs - len(d.Jobs)
	if len(files) > room {
		d.Notice = "The page holds " + strconv.Itoa(maxJobs) + " recordings at a time. Remove some, or reload the page, to check more."
		d.say = d.Notice
		files = files[:max(0, room)]
	}
	for i, f := range files {
		d.nextID++
		j := &Job{ID: d.nextID, File: f}
		d.Jobs = append(d.Jobs, j)
		if i == 0 {
			d.Show(j.ID)
		}
	}
	d.next()
}

// Open shows a report that was saved as JSON. The recording is not at hand: it
// cannot be read again, nor its bytes shown.
func (d *Desk) Open(text string) {
	d.Notice = ""
	r := &diag.Report{}
	if json.Unmarshal([]byte(text), r) != nil || r.Format != diag.Format {
		d.Notice = "This report cannot be read: it is cut off, or another version of this program made it."
		d.say = d.Notice
		return
	}
	rules.Tell(r)
	d.nextID++
	j := &Job{ID: d.nextID, File: File{Name: r.Input.Name, Size: r.Input.Bytes}, State: Done, Read: r.Input.Read, Saved: true}
	if r.Kind == kindLive {
		j.Live, j.File = true, File{Name: liveName, Size: r.Input.Read}
	}
	j.setReport(r)
	d.Jobs = append(d.Jobs, j)
	d.Show(j.ID)
	d.say = "A saved report. " + visible(j.File.Name) + ": " + r.Verdict.Headline
}

// next starts the next waiting job, the shown one first, unless one runs.
func (d *Desk) next() {
	if d.reading != nil || d.Broken != "" {
		return
	}
	var j *Job
	if d.Shown != nil && d.Shown.State == Waiting {
		j = d.Shown
	}
	for _, other := range d.Jobs {
		if j == nil && other.State == Waiting {
			j = other
		}
	}
	if j == nil {
		return
	}
	d.run++
	d.reading, d.readRun, d.drop = j, d.run, false
	j.State, j.Read, j.MS, j.Rate, j.Problem = Reading, 0, 0, 0, ""
	d.said = 0
	d.say = "Reading " + visible(j.File.Name)
	d.V.Analyse(d.run, j.File, d.Profile)
}

// Retry starts jobs that wait, once the analyser runs again.
func (d *Desk) Retry() { d.next() }

// Cancel ends the running analysis, and what waits is not begun.
func (d *Desk) Cancel() {
	for _, j := range d.Jobs {
		if j.State == Waiting {
			if j.Report != nil { // it had one, against another profile
				j.State = Done
			} else {
				j.State = Unread
			}
		}
	}
	if d.reading != nil && !d.drop {
		d.V.Cancel(d.readRun)
	}
}

// SetProfile checks against another profile: every recording is read again,
// the shown one first.
func (d *Desk) SetProfile(id string) {
	if id == d.Profile {
		return
	}
	d.Profile = id
	for _, j := range d.Jobs {
		if !j.Saved && (j.State == Done || j.State == Unreadable) {
			j.State = Waiting
		}
	}
	if d.reading != nil {
		d.reading.State = Waiting
		if !d.drop {
			d.drop = true
			d.V.Cancel(d.readRun)
		}
		return // next follows when it has stopped
	}
	d.next()
}

// Again reads one recording once more.
func (d *Desk) Again(id int) {
	for _, j := range d.Jobs {
		if j.ID == id && j.State != Reading && !j.Saved {
			j.State = Waiting
			d.Show(id)
		}
	}
	d.next()
}

// Show puts another recording's report on the page.
func (d *Desk) Show(id int) {
	for _, j := range d.Jobs {
		if j.ID == id && j != d.Shown {
			d.Shown = j
			d.Selected, d.Bytes = "", ByteView{}
		}
	}
}

// Remove takes a recording off the page.
func (d *Desk) Remove(id int) {
	for i, j := range d.Jobs {
		if j.ID != id {
			continue
		}
		d.Jobs = append(d.Jobs[:i:i], d.Jobs[i+1:]...)
		if j == d.reading && !d.drop {
			d.drop = true
			d.V.Cancel(d.readRun)
		}
		if j == d.Shown {
			d.Shown, d.Selected, d.Bytes = nil, "", ByteView{}
			if len(d.Jobs) > 0 {
				d.Shown = d.Jobs[min(i, len(d.Jobs)-1)]
			}
		}
		return
	}
}

// Select shows the place of a finding: on the plots, and in bytes.
func (d *Desk) Select(key string) {
	f := d.finding(key)
	if f == nil {
		d.Selected, d.Bytes = "", ByteView{}
		return
	}
	d.Selected = key
	if !f.InMedia {
		d.Bytes = ByteView{}
		return
	}
	if d.Shown.Live {
		d.Bytes = ByteView{Key: key, State: Unreadable, Problem: "What was pushed is thrown away once it was looked at, so its bytes cannot be shown. A recording of the same stream shows them."}
		return
	}
	if d.Shown.Saved {
		d.Bytes = ByteView{Key: key, State: Unreadable, Problem: "This is a saved report: the recording itself is not at hand. Choose it here to see its bytes."}
		return
	}
	d.run++
	d.Bytes = ByteView{Key: key, Run: d.run, State: Reading, Tags: d.Bytes.Tags}
	d.V.Dissect(d.run, d.Shown.File, f.Offset)
}

// finding is a finding of the shown report.
func (d *Desk) finding(key string) *FindingView {
	if d.Shown == nil {
		return nil
	}
	for i := range d.Shown.views {
		if d.Shown.views[i].Key == key {
			return &d.Shown.views[i]
		}
	}
	return nil
}

// Busy reports whether a recording is being read.
func (d *Desk) Busy() bool { return d.reading != nil && !d.drop }

// Say is what to announce, once.
func (d *Desk) Say() string {
	s := d.say
	d.say = ""
	return s
}

// profile is the chosen profile, nil until profiles are known.
func (d *Desk) profile() *diag.Profile {
	for i := range d.Profiles {
		if d.Profiles[i].ID == d.Profile {
			return &d.Profiles[i]
		}
	}
	return nil
}

// ProfileGroup is the profiles of one platform.
type ProfileGroup struct {
	Name     string
	Profiles []diag.Profile
}

// profileGroups groups profiles by platform, in their order. A platform with
// one profile stands alone, without a heading.
func profileGroups(list []diag.Profile) []ProfileGroup {
	var out []ProfileGroup
	at := map[string]int{}
	for _, p := range list {
		i, ok := at[p.Platform]
		if !ok || p.Platform == "" {
			at[p.Platform] = len(out)
			out = append(out, ProfileGroup{Profiles: []diag.Profile{p}})
			continue
		}
		out[i].Profiles = append(out[i].Profiles, p)
	}
	for i := range out {
		if g := &out[i]; len(g.Profiles) > 1 {
			g.Name = commonName(g.Profiles)
		}
	}
	return out
}

// commonName is what the names of a platform's profiles start with.
func commonName(list []diag.Profile) string {
	for i := range len(list[0].Name) {
		if list[0].Name[i] != ',' {
			continue
		}
		prefix := list[0].Name[:i]
		for _, p := range list[1:] {
			if len(p.Name) < i || p.Name[:i] != prefix {
				return list[0].Short
			}
		}
		return prefix
	}
	return list[0].Short
}

// remux is the way to FLV for the shown recording, where it is in another container.
func (d *Desk) remux() (Remux, bool) {
	j := d.Shown
	if j == nil || j.Report == nil {
		return Remux{}, false
	}
	for i := range j.Report.Findings {
		f := &j.Report.Findings[i]
		if f.Rule != "flv-signature" {
			continue
		}
		if a, ok := f.Args.Get("looks_like"); ok {
			return newRemux(a.Text, j.File.Name)
		}
	}
	return Remux{}, false
}
