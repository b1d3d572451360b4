package ui

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/explain"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// idle is an Explainer without a worker: it answers when it is told to.
type idle struct {
	desk      *LogDesk
	run       int
	in        LogInput
	profile   string
	cancelled int
	forgotten int
}

func (d *idle) Explain(run int, in LogInput, profile string) {
	d.run, d.in, d.profile = run, in, profile
}
func (d *idle) Cancel(run int) { d.cancelled = run }
func (d *idle) Forget()        { d.forgotten++ }

func logDesk() (*LogDesk, *idle) {
	d := &LogDesk{Limit: timelineStep}
	x := &idle{desk: d}
	d.E = x
	for _, p := range profile.All() {
		d.Profiles = append(d.Profiles, p.Info())
	}
	return d, x
}

// explained is a report as the worker sends it, with the first line of each
// finding as its quote.
func explained(t *testing.T, text, profileID string) *LogReport {
	t.Helper()
	o := explain.Options{Name: "a.log"}
	if profileID != "" {
		o.Profile, _ = profile.ByID(profileID)
	}
	r := explain.Explain(text, o)
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
	quotes := make([][]Quote, len(r.Findings))
	for i := range r.Findings {
		if p := r.Findings[i].Lines; p != nil && p.First > 0 {
			quotes[i] = []Quote{{p.First, explain.Mask(lines[p.First-1])}}
		}
	}
	q, err := json.Marshal(quotes)
	if err != nil {
		t.Fatal(err)
	}
	got := parseLogReport(string(r.JSON()), string(q))
	if got == nil {
		t.Fatalf("no report: %s", r.JSON())
	}
	return got
}

// answer plays the worker for one part.
func (d *idle) answer(t *testing.T, part int, text string) {
	t.Helper()
	d.desk.Handle(LogEvent{Kind: LogPartOpen, Run: d.run, Part: part, Name: "a.log", Size: int64(len(text))})
	d.desk.Handle(LogEvent{Kind: LogReported, Run: d.run, Part: part, Read: int64(len(text)), Lines: 5, Report: explained(t, text, d.profile)})
}

func (d *idle) done() { d.desk.Handle(LogEvent{Kind: LogDone, Run: d.run, State: "complete"}) }

func TestLogDesk(t *testing.T) {
	d, x := logDesk()
	d.Take(LogInput{Text: "x", Chars: 3, Typed: true})
	if !d.Busy || x.run == 0 || x.profile != "" {
		t.Fatalf("%+v", x)
	}
	x.answer(t, 0, obsLog(true))
	x.done()
	if d.Busy || d.Shown == nil || d.Shown.Report.Verdict.Severity < diag.Warning || !strings.HasPrefix(d.Say(), "Done. ") {
		t.Fatalf("%+v", d.Shown)
	}
	if len(d.entries()) == 0 || d.finding(d.Shown.Report.views[0].Key) == nil {
		t.Error("no entries, or a finding that is not found by its key")
	}
	all := len(d.entries())
	d.Toggle("info")
	if n := len(d.entries()); n >= all {
		t.Errorf("%d entries of %d without notes", n, all)
	}
	d.Toggle("info")
	d.Mark(3, 4, "k")
	if got := d.Say(); got != "Showing lines 3 to 4 of the text." {
		t.Errorf("said %q", got)
	}

	// Typing on: the old answer stays until the new one is there.
	old := d.Shown
	d.Take(LogInput{Text: "y", Chars: 3, Typed: true})
	if d.Shown != old || !d.Busy {
		t.Error("the answer went away while the next is on its way")
	}
	before := x.run
	d.Take(LogInput{Text: "z", Chars: 3, Typed: true})
	d.Handle(LogEvent{Kind: LogPartOpen, Run: before})
	d.Handle(LogEvent{Kind: LogReported, Run: before, Report: explained(t, "hello", "")})
	d.Handle(LogEvent{Kind: LogDone, Run: before})
	if d.Shown != old || !d.Busy {
		t.Error("an answer of the past was taken")
	}
	x.answer(t, 0, obsLog(false))
	x.done()
	if d.Shown == old || d.First != 0 {
		t.Error("the new answer is not shown, or the old marks are")
	}

	d.SetProfile("twitch")
	if x.profile != "twitch" || !d.Busy {
		t.Error("not judged anew")
	}
	d.Cancel()
	if x.cancelled != x.run {
		t.Error("not cancelled")
	}
	d.Handle(LogEvent{Kind: LogStopped, Run: x.run})
	if d.Busy || d.Shown != nil || d.State != "cancelled" {
		t.Errorf("%+v", d)
	}
	d.Again()
	if !d.Busy {
		t.Error("not read again")
	}
	d.Elsewhere(LogInput{Text: "rtmp://x", Chars: 8, Typed: true}, "url")
	if d.Busy || d.Another != "url" || d.Shown != nil {
		t.Errorf("%+v", d)
	}
	d.Take(LogInput{Typed: true})
	if !d.In.Empty() || d.Another != "" || x.forgotten == 0 {
		t.Errorf("%+v", d)
	}
}

// Of an archive, the part that matters most is shown, unless one was chosen.
func TestLogParts(t *testing.T) {
	d, x := logDesk()
	files := LogInput{Files: []File{{Name: "a.zip", Size: 9}}}
	for _, choose := range []bool{false, true} {
		d.Take(files)
		d.Handle(LogEvent{Kind: LogPartOpen, Run: x.run, Part: 0, Name: "a.png"})
		d.Handle(LogEvent{Kind: LogRefused, Run: x.run, Part: 0, Refusal: "binary", Text: "This is a picture."})
		x.answer(t, 1, obsLog(false))
		if choose {
			d.Show(1)
		}
		x.answer(t, 2, obsLog(true))
		d.Handle(LogEvent{Kind: LogProgress, Run: x.run, Part: 3, Share: 0.5})
		d.Handle(LogEvent{Kind: LogPartOpen, Run: x.run, Part: 3, Name: "cut.log"})
		d.Handle(LogEvent{Kind: LogDone, Run: x.run, State: "cancelled"})
		want := 2
		if choose {
			want = 1
		}
		if d.Shown.Number != want || len(d.Parts) != 3 {
			t.Errorf("part %d of %d is shown, want %d", d.Shown.Number, len(d.Parts), want)
		}
	}
	d.Show(0)
	if d.Shown.Problem == "" || !strings.Contains(d.Say(), "picture") {
		t.Errorf("%+v", d.Shown)
	}
	d.Take(files)
	d.Handle(LogEvent{Kind: LogFailed, Run: x.run, Text: "A fault of ours."})
	if d.Busy || d.State != "failed" || d.Notice == "" {
		t.Errorf("%+v", d)
	}
	d.Handle(LogEvent{Kind: LogFailed, Text: "It cannot start.", Fatal: true})
	if d.Broken == "" {
		t.Error("not broken")
	}
}

// What is saved is what the command line writes.
func TestLogTold(t *testing.T) {
	for i := range logSamples {
		s := &logSamples[i]
		text := s.text()
		got := explained(t, text, "").told()
		want := explain.Explain(text, explain.Options{Name: "a.log", Tell: rules.Tell}).JSON()
		if got != string(want) {
			t.Errorf("%s:\n%s\nwant\n%s", s.kind, got, want)
		}
	}
}

// Each sample is what its button says.
func TestLogSamples(t *testing.T) {
	for kind, want := range map[string]struct{ id, finding string }{
		"obs": {"obs-log", "log-dropped-frames"}, "azure": {"azure-event-grid", "log-code"},
		"tencent": {"tencent-callback", "log-code"}, "ffmpeg": {"ffmpeg-log", "log-encoding-slow"}, "healthy": {"obs-log", ""},
	} {
		for i := range logSamples {
			s := &logSamples[i]
			if s.kind != kind {
				continue
			}
			r := explained(t, s.text(), "")
			found := want.finding == ""
			for _, f := range r.views {
				found = found || f.Rule == want.finding
				if f.Title == "" || f.Message == "" || f.First == 0 || f.Basis == "" {
					t.Errorf("%s: %+v", kind, f)
				}
			}
			known := false
			for _, k := range r.Paste.Kinds {
				known = known || k.ID == want.id
			}
			if !found || !known || (r.Verdict.Severity >= diag.Warning) != (kind != "healthy") || r.unknown() {
				t.Errorf("%s: %v, %+v, %s", kind, r.Paste.Kinds, r.Verdict, r.told())
			}
			for j := range r.Entries {
				e := &r.Entries[j]
				if e.Rule == "log-code" && r.finding(e) == nil {
					t.Errorf("%s: %s belongs to no finding", kind, e.Code)
				}
			}
		}
	}
}

func TestMarkdownLog(t *testing.T) {
	r := explained(t, tencentCallback+"\n<script>|`x`\n", "")
	got := MarkdownLog(r)
	for _, part := range []string{"## ", "Tencent push callback", "### What happened", "| Time | What | Code | Line |", "3/0", "secrets are masked", "      7  "} {
		if !strings.Contains(got, part) {
			t.Errorf("no %q in\n%s", part, got)
		}
	}
	for _, secret := range []string{"0f1e2d3c4b5a69788796a5b4c3d2e1f0", "7c4a8d09ca3762af61e59520943dc264"} {
		if strings.Contains(got, secret) {
			t.Errorf("the ticket shows %s", secret)
		}
	}
	got = MarkdownLog(explained(t, obsLog(true), "twitch"))
	for _, part := range []string{"### Settings", "Key frame interval", "Twitch", "OBS Studio log"} {
		if !strings.Contains(got, part) {
			t.Errorf("no %q in\n%s", part, got)
		}
	}
}

func TestMarksJSON(t *testing.T) {
	p := &LogPart{Run: 3, Number: 1, Lines: 70, Longest: 90, Read: 4000, Report: explained(t, obsLog(true), "")}
	var got struct {
		Part, Run, Lines, Longest, Read int
		Marks                           []struct {
			First, Last          int
			Severity, Key, Title string
			Told                 []int
		}
	}
	if err := json.Unmarshal([]byte(p.marksJSON()), &got); err != nil {
		t.Fatalf("%v in %s", err, p.marksJSON())
	}
	if got.Part != 1 || got.Run != 3 || got.Lines != 70 || got.Longest != 90 || got.Read != 4000 || len(got.Marks) < 4 {
		t.Errorf("%+v", got)
	}
	told := 0
	for _, m := range got.Marks {
		told += len(m.Told)
		if m.First < 1 || m.Last < m.First || m.Key == "" || m.Title == "" || m.Severity == "" {
			t.Errorf("%+v", m)
		}
	}
	if told == 0 {
		t.Error("no line says so")
	}
}

func TestTimeText(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "20:03:17.502": "20:03:17.502", "2023-11-14T18:02:11.4410213Z": "2023-11-14 18:02:11.441Z",
		"2023-11-14T18:02:11Z": "2023-11-14 18:02:11Z", "2026/11/14 18:02:11": "2026/11/14 18:02:11", "a\u202eb": `a\u{202e}b`,
		"2023-11-14T18:02:11.44+08:00": "2023-11-14 18:02:11.44+08:00",
	} {
		if got := timeText(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Without a program the page is whole, and no input that would do nothing can be
// used.
func TestLogPrerendered(t *testing.T) {
	html := prerendered(t, LogPath, `<a href="/check/log">Explain</a>`)
	says(t, html,
		"<title>Explain a log", "<h1>", "0 bytes sent.", "What it reads", "Where the log is", "noscript", "ingestdoctor explain",
		`<a href="/check/log" aria-current="page">`, "foot", `id="verdict"`, `data-state="empty"`, `role="status"`, `for="paste"`,
	)
	preloaded(t, html, "/web/app.wasm", "/explainer.wasm")
	disabled(t, html, " hidden")
	sound(t, html)
	if n := len(regexp.MustCompile(`<option[^>]* selected`).FindAllString(html, -1)); n != 1 {
		t.Errorf("%d selected options", n)
	}
}
