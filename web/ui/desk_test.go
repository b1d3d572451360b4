package ui

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"ingestdoctor/wasm/analyze"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
	"ingestdoctor/web/e2e/flvgen"
)

// recorded makes a recording by code that the analyser does not share.
func recorded(t testing.TB, s flvgen.Spec) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// analysed is the direct call that a native test makes instead of the worker.
func analysed(t testing.TB, name, profileID string, data []byte) *diag.Report {
	t.Helper()
	p, ok := profile.ByID(profileID)
	if !ok {
		t.Fatalf("no profile %s", profileID)
	}
	a := analyze.New(analyze.Options{Profile: p, Name: name, Size: int64(len(data))})
	_, _ = a.Write(data)
	r := a.Close(diag.StateComplete, "")
	rules.Tell(r)
	return r
}

func shortGap() flvgen.Spec {
	s := flvgen.Gap
	s.VideoKbps = 300
	return s
}

// script is a Validator that keeps the calls; the test answers them.
type script struct {
	calls   []string
	listen  func(Event)
	profile string
}

func (s *script) Listen(f func(Event)) { s.listen = f }
func (s *script) Analyse(run int, f File, p string) {
	s.profile = p
	s.calls = append(s.calls, fmt.Sprintf("analyse %d %s %s", run, f.Name, p))
}
func (s *script) Cancel(run int) { s.calls = append(s.calls, fmt.Sprintf("cancel %d", run)) }
func (s *script) Dissect(run int, f File, at int64) {
	s.calls = append(s.calls, fmt.Sprintf("dissect %d %s %d", run, f.Name, at))
}

// take gives the calls since the last take.
func (s *script) take() string {
	all := strings.Join(s.calls, ", ")
	s.calls = nil
	return all
}

func newDesk() (*Desk, *script) {
	s := &script{}
	d := &Desk{V: s, Profile: "generic"}
	var list []diag.Profile
	for _, p := range profile.All() {
		list = append(list, p.Info())
	}
	d.Handle(Event{Kind: Ready, About: &About{Profiles: list, Default: "generic"}})
	return d, s
}

func report(name string, sev diag.Severity) *diag.Report {
	return &diag.Report{Input: diag.Input{Name: name, Bytes: 100, Read: 100, State: diag.StateComplete}, Verdict: diag.Verdict{Severity: sev, Headline: name + " judged"}}
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func states(d *Desk) string {
	words := [...]string{"waiting", "reading", "done", "unread", "unreadable"}
	var s []string
	for _, j := range d.Jobs {
		s = append(s, words[j.State])
	}
	return strings.Join(s, " ")
}

func TestSeveralOneAfterAnother(t *testing.T) {
	d, s := newDesk()
	d.Choose([]File{{Name: "a", Size: 100}, {Name: "b", Size: 100}})
	want(t, "calls", s.take(), "analyse 1 a generic")
	want(t, "shown", d.Shown.File.Name, "a")
	d.Choose([]File{{Name: "c", Size: 100}})
	want(t, "calls", s.take(), "")
	d.Handle(Event{Kind: Progressed, Run: 1, Read: 50, MS: 10})
	if d.Jobs[0].Percent() != 50 || d.Jobs[0].Left() <= 0 {
		t.Errorf("%d %%, %v left", d.Jobs[0].Percent(), d.Jobs[0].Left())
	}
	d.Handle(Event{Kind: Finished, Run: 1, MS: 20, Report: report("a", diag.Off)})
	// The recording that was chosen last is on the page, so it goes first.
	want(t, "calls", s.take(), "analyse 2 c generic")
	d.Handle(Event{Kind: Finished, Run: 2, MS: 20, Report: report("c", diag.Off)})
	want(t, "calls", s.take(), "analyse 3 b generic")
	d.Handle(Event{Kind: Failed, Run: 3, Text: "cannot"})
	want(t, "states", states(d), "done unreadable done")
	want(t, "problem", d.Jobs[1].Problem, "cannot")
	if d.Busy() {
		t.Error("busy with nothing")
	}
	d.Again(2)
	want(t, "calls", s.take(), "analyse 4 b generic")
}

func TestCancel(t *testing.T) {
	d, s := newDesk()
	d.Choose([]File{{Name: "a", Size: 100}, {Name: "b", Size: 100}})
	s.take()
	d.Cancel()
	want(t, "calls", s.take(), "cancel 1")
	r := report("a", diag.Off)
	r.Input.State = diag.StateCancelled
	d.Handle(Event{Kind: Finished, Run: 1, Report: r})
	want(t, "states", states(d), "done unread")
	want(t, "calls", s.take(), "")
	// A second cancel of nothing is nothing.
	d.Cancel()
	want(t, "calls", s.take(), "")
}

// A worker that had to be ended leaves the last partial report, marked as cancelled.
func TestStoppedKeepsWhatThereWas(t *testing.T) {
	d, _ := newDesk()
	d.Choose([]File{{Name: "a", Size: 100}})
	p := report("a", diag.Warning)
	p.Input.State = diag.StateReading
	d.Handle(Event{Kind: Partial, Run: 1, Report: p})
	d.Handle(Event{Kind: Stopped, Run: 1})
	want(t, "states", states(d), "done")
	want(t, "input", d.Shown.Report.Input.State, diag.StateCancelled)

	d, _ = newDesk()
	d.Choose([]File{{Name: "a", Size: 100}})
	d.Handle(Event{Kind: Stopped, Run: 1})
	want(t, "states", states(d), "unread")
}

// Another profile reads the shown recording again first; what the old reading
// still says is not shown.
func TestAnotherProfile(t *testing.T) {
	d, s := newDesk()
	d.Choose([]File{{Name: "a", Size: 100}, {Name: "b", Size: 100}})
	d.Handle(Event{Kind: Finished, Run: 1, Report: report("a", diag.Off)})
	s.take() // b is being read
	d.SetProfile("youtube")
	want(t, "calls", s.take(), "cancel 2")
	d.Handle(Event{Kind: Partial, Run: 2, Report: report("stale", diag.Error)})
	if d.Jobs[1].Report != nil {
		t.Error("a report of the old profile was taken")
	}
	d.Handle(Event{Kind: Finished, Run: 2, Report: report("stale", diag.Error)})
	want(t, "calls", s.take(), "analyse 3 a youtube")
	if d.Shown.Report.Verdict.Headline != "a judged" {
		t.Error("the old report went away before the new one is there")
	}
	// And again, before that is done.
	d.SetProfile("twitch")
	d.SetProfile("mux")
	want(t, "calls", s.take(), "cancel 3")
	d.Handle(Event{Kind: Stopped, Run: 3})
	want(t, "calls", s.take(), "analyse 4 a mux")
	d.Handle(Event{Kind: Finished, Run: 4, Report: report("a2", diag.Off)})
	want(t, "calls", s.take(), "analyse 5 b mux")
	d.Handle(Event{Kind: Finished, Run: 5, Report: report("b2", diag.Off)})
	want(t, "states", states(d), "done done")
	d.SetProfile("mux")
	want(t, "calls", s.take(), "")
}

func TestEventsOfThePastAreIgnored(t *testing.T) {
	d, _ := newDesk()
	d.Handle(Event{Kind: Finished, Run: 7, Report: report("x", diag.Error)})
	d.Handle(Event{Kind: Progressed, Run: 7, Read: 5})
	d.Handle(Event{Kind: Stopped, Run: 7})
	d.Handle(Event{Kind: Dissected, Run: 7, Tags: []TagView{{}}})
	if len(d.Jobs) != 0 || len(d.Bytes.Tags) != 0 {
		t.Error("something was taken")
	}
}

func TestRemove(t *testing.T) {
	d, s := newDesk()
	d.Choose([]File{{Name: "a", Size: 1}, {Name: "b", Size: 1}, {Name: "c", Size: 1}})
	s.take()
	d.Remove(1)
	want(t, "calls", s.take(), "cancel 1")
	want(t, "shown", d.Shown.File.Name, "b")
	d.Handle(Event{Kind: Finished, Run: 1, Report: report("a", diag.Off)})
	want(t, "calls", s.take(), "analyse 2 b generic")
	d.Remove(3)
	d.Handle(Event{Kind: Finished, Run: 2, Report: report("b", diag.Off)})
	want(t, "calls", s.take(), "")
	d.Remove(2)
	if d.Shown != nil || len(d.Jobs) != 0 {
		t.Error("something is left")
	}
}

func TestBounds(t *testing.T) {
	d, _ := newDesk()
	files := make([]File, maxJobs+10)
	d.Choose(files)
	if len(d.Jobs) != maxJobs || !strings.Contains(d.Notice, "50") {
		t.Errorf("%d jobs, %q", len(d.Jobs), d.Notice)
	}
}

func TestBrokenWorker(t *testing.T) {
	d, s := newDesk()
	d.Choose([]File{{Name: "a", Size: 1}})
	s.take()
	d.Handle(Event{Kind: Failed, Text: "no worker", Fatal: true})
	want(t, "broken", d.Broken, "no worker")
	want(t, "states", states(d), "waiting")
	d.Choose([]File{{Name: "b", Size: 1}})
	want(t, "calls", s.take(), "")
	d.Handle(Event{Kind: Ready, About: &About{Profiles: d.Profiles, Default: "generic"}})
	d.Retry()
	want(t, "calls", s.take(), "analyse 2 b generic")
}

func TestRememberedProfileThatIsGone(t *testing.T) {
	d := &Desk{Profile: "switched-off"}
	p, _ := profile.ByID("generic")
	d.Handle(Event{Kind: Ready, About: &About{Profiles: []diag.Profile{p.Info()}, Default: "generic"}})
	want(t, "profile", d.Profile, "generic")
}

// A click on a finding asks for its bytes; another report that does not have
// the finding any more forgets it.
func TestSelect(t *testing.T) {
	d, s := newDesk()
	data := recorded(t, shortGap())
	d.Choose([]File{{Name: "gap.flv", Size: int64(len(data))}})
	d.Handle(Event{Kind: Finished, Run: 1, Report: analysed(t, "gap.flv", "generic", data)})
	s.take()
	key := ""
	for _, v := range d.Shown.views {
		if v.Rule == "keyframe-interval" {
			key = v.Key
			if v.AtMS != 14000 || v.LastMS != 34000 || !v.InMedia || !v.OnPlot {
				t.Errorf("%+v", v)
			}
			want(t, "call", fmt.Sprint(v.Offset > 0), "true")
		}
	}
	if key == "" {
		t.Fatal("no keyframe-interval")
	}
	d.Select(key)
	f := d.finding(key)
	want(t, "calls", s.take(), fmt.Sprintf("dissect 2 gap.flv %d", f.Offset))
	d.Handle(Event{Kind: Failed, Run: 2, Text: "gone"})
	want(t, "bytes", d.Bytes.Problem, "gone")
	d.Select(key)
	d.Handle(Event{Kind: Dissected, Run: 2, Tags: []TagView{{Offset: 1}}})
	if len(d.Bytes.Tags) != 0 {
		t.Error("tags of an older question")
	}
	d.Handle(Event{Kind: Dissected, Run: 3, Tags: []TagView{{Offset: 1}}})
	if len(d.Bytes.Tags) != 1 || d.Bytes.State != Done {
		t.Errorf("%+v", d.Bytes)
	}
	d.SetProfile("youtube")
	d.Handle(Event{Kind: Finished, Run: 4, Report: report("clean", diag.Off)})
	if d.Selected != "" || len(d.Bytes.Tags) != 0 {
		t.Errorf("still selected: %q", d.Selected)
	}
	d.Select("no-such-finding")
	want(t, "selected", d.Selected, "")
}

// Progress is announced now and then, results once.
func TestAnnouncements(t *testing.T) {
	d, _ := newDesk()
	d.Choose([]File{{Name: "a", Size: 100000}})
	want(t, "say", d.Say(), "Reading a")
	said := 0
	for ms := 100; ms <= 20000; ms += 100 {
		d.Handle(Event{Kind: Progressed, Run: 1, Read: int64(ms), MS: float64(ms)})
		if d.Say() != "" {
			said++
		}
	}
	if said < 2 || said > 4 {
		t.Errorf("%d announcements in 20 s", said)
	}
	d.Handle(Event{Kind: Finished, Run: 1, Report: report("a", diag.Off)})
	want(t, "say", d.Say(), "Done. a: a judged")
	want(t, "say", d.Say(), "")
}

func TestProfileGroups(t *testing.T) {
	d, _ := newDesk()
	n := 0
	names := map[string]bool{}
	for _, g := range profileGroups(d.Profiles) {
		n += len(g.Profiles)
		if (g.Name == "") != (len(g.Profiles) == 1) {
			t.Errorf("group %q of %d", g.Name, len(g.Profiles))
		}
		if g.Name != "" && names[g.Name] {
			t.Errorf("two groups %q", g.Name)
		}
		names[g.Name] = true
	}
	if n != len(d.Profiles) || !names["Azure Media Services"] {
		t.Errorf("%d of %d profiles, groups %v", n, len(d.Profiles), names)
	}
}

// A report that was saved is shown without its recording.
func TestOpen(t *testing.T) {
	d, s := newDesk()
	data := recorded(t, shortGap())
	d.Open(string(analysed(t, "gap.flv", "generic", data).JSON()))
	if d.Notice != "" || d.Shown == nil || d.Shown.State != Done || len(d.Shown.views) == 0 || d.Shown.views[0].Title == "" || !d.Shown.Detailed() {
		t.Fatalf("%q %+v", d.Notice, d.Shown)
	}
	want(t, "name", d.Shown.File.Name, "gap.flv")
	d.Select(d.Shown.views[0].Key)
	if !strings.Contains(d.Bytes.Problem, "not at hand") {
		t.Errorf("%+v", d.Bytes)
	}
	d.SetProfile("youtube")
	d.Again(d.Shown.ID)
	want(t, "calls", s.take(), "")
	for _, bad := range []string{"", "{", "[]", `{"format":"ingestdoctor.report/99"}`, "null"} {
		d.Open(bad)
		if !strings.Contains(d.Notice, "cannot be read") || len(d.Jobs) != 1 {
			t.Errorf("%q: %q, %d jobs", bad, d.Notice, len(d.Jobs))
		}
	}
}
