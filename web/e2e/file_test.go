package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"ingestdoctor/web/e2e/flvgen"
	"ingestdoctor/web/e2e/harness"
)

func analyse(t *testing.T, c *harness.Check, file string, limit time.Duration) harness.Run {
	t.Helper()
	run, err := c.Analyse(file, limit)
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(file), err)
	}
	return run
}

// shown is what a person reads.
type shown struct {
	State    string   `json:"state"`
	Severity string   `json:"severity"`
	Headline string   `json:"headline"`
	Findings []string `json:"findings"` // rule, severity and message
}

func onPage(t *testing.T, c *harness.Check) shown {
	t.Helper()
	return eval[shown](t, c.Tab, `({
		state: document.querySelector("#verdict").dataset.state,
		severity: document.querySelector("#verdict").dataset.severity,
		headline: document.querySelector("#headline").innerText,
		findings: [...document.querySelectorAll("[data-finding]")].map(f =>
			f.dataset.finding + " " + f.dataset.severity + " " + f.querySelector(".finding__message").textContent),
	})`)
}

// agrees fails the test unless the page shows what the command line says of the
// same file: verdict and findings, to the word, and the whole report's JSON.
func agrees(t *testing.T, c *harness.Check, file string, args ...string) harness.Report {
	t.Helper()
	native := cli(t, append(args, file)...)
	want, err := harness.ParseReport(native)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range want.Findings {
		lines = append(lines, f.Rule+" "+f.Severity+" "+f.Message)
	}
	got := onPage(t, c)
	if got.Headline != want.Verdict.Headline || got.Severity != want.Verdict.Severity {
		t.Errorf("%s: the page says %q (%s), the command line %q (%s)", filepath.Base(file), got.Headline, got.Severity, want.Verdict.Headline, want.Verdict.Severity)
	}
	if !slices.Equal(got.Findings, lines) && len(got.Findings)+len(lines) > 0 {
		t.Errorf("%s: the page has\n\t%s\nthe command line\n\t%s", filepath.Base(file), strings.Join(got.Findings, "\n\t"), strings.Join(lines, "\n\t"))
	}
	saved, err := c.Saved()
	if err != nil {
		t.Fatal(err)
	}
	if diff := differences(t, saved, native); diff != "" {
		t.Errorf("%s: the two reports differ: %s", filepath.Base(file), diff)
	}
	return want
}

// differences compares two reports, the tool's version left out.
func differences(t *testing.T, a, b []byte) string {
	t.Helper()
	var x, y map[string]any
	for text, into := range map[*[]byte]*map[string]any{&a: &x, &b: &y} {
		if err := json.Unmarshal(*text, into); err != nil {
			t.Fatalf("%v in %.300s", err, *text)
		}
	}
	delete(x, "tool")
	delete(y, "tool")
	return firstDifference("", x, y)
}

// firstDifference names the first place where two JSON values differ.
func firstDifference(path string, a, b any) string {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			break
		}
		for key := range y {
			if _, ok := x[key]; !ok {
				return fmt.Sprintf("%s.%s is missing in the browser", path, key)
			}
		}
		for key := range x {
			if diff := firstDifference(path+"."+key, x[key], y[key]); diff != "" {
				return diff
			}
		}
		return ""
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			break
		}
		for i := range x {
			if diff := firstDifference(fmt.Sprintf("%s[%d]", path, i), x[i], y[i]); diff != "" {
				return diff
			}
		}
		return ""
	}
	if reflect.DeepEqual(a, b) {
		return ""
	}
	p, _ := json.Marshal(a)
	q, _ := json.Marshal(b)
	return fmt.Sprintf("%s: browser %.300s, native %.300s", path, p, q)
}

// Each real recording gives its report, the same as the command line's.
func TestSamples(t *testing.T) {
	dir, err := harness.Samples()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.flv"))
	if err != nil || len(files) == 0 {
		t.Skipf("no recordings in %s", dir)
	}
	c := check(t)
	for _, file := range files {
		run := analyse(t, c, file, 20*time.Second)
		if run.State != "done" {
			t.Errorf("%s: %v", filepath.Base(file), run)
		}
		agrees(t, c, file)
	}
}

// A recording with 20 s between key frames names the rule, the time, and what
// it is; the finding leads to its place.
func TestKeyframeGap(t *testing.T) {
	t.Parallel()
	c := check(t)
	file := recording(t, flvgen.Gap)
	if err := c.Choose(file); err != nil {
		t.Fatal(err)
	}
	if run, err := c.Finish(20 * time.Second); err != nil || run.State != "done" {
		t.Fatal(run, err)
	}
	report := agrees(t, c, file)
	i := slices.IndexFunc(report.Findings, func(f harness.Finding) bool { return f.Rule == "keyframe-interval" })
	if i < 0 {
		t.Fatalf("keyframe-interval is not among the findings: %+v", report.Findings)
	}
	f := report.Findings[i]
	if math.Abs(float64(f.TimestampMS-14000)) > 50 || f.Severity != "error" {
		t.Errorf("%+v: want an error at 14000 ms", f)
	}
	said := onPage(t, c)
	if !strings.Contains(said.Headline, "0:14") || !strings.Contains(said.Headline, "20") {
		t.Errorf("the headline does not say 20 s at 0:14: %q", said.Headline)
	}
	// One gap, one error: nothing else is wrong with this recording.
	for _, f := range report.Findings {
		if f.Severity != "info" && f.Rule != "keyframe-interval" {
			t.Errorf("a false alarm: %+v", f)
		}
	}

	click(t, c.Tab, `[id^="show-keyframe-interval"]`)
	wait(t, c.Tab, `document.querySelector('[data-tag][data-focus="true"]')`, 5*time.Second)
	if got := eval[string](t, c.Tab, `document.querySelector('[data-tag][data-focus="true"]').dataset.tag`); got != fmt.Sprint(f.Offset) {
		t.Errorf("the bytes shown are those at %s, the finding is at %d", got, f.Offset)
	}
	text := eval[string](t, c.Tab, `document.querySelector('[data-tag][data-focus="true"]').innerText`)
	if !strings.Contains(text, "0:14") || !strings.Contains(strings.ToLower(text), "timestamp") {
		t.Errorf("the tag does not name its time and fields:\n%s", text)
	}
	if n := eval[int](t, c.Tab, `document.querySelectorAll(".plot canvas").length`); n < 4 {
		t.Errorf("%d plots drawn", n)
	}
}

// Healthy recordings raise nothing above info, against any bitrate or length.
func TestHealthy(t *testing.T) {
	t.Parallel()
	c := check(t)
	for _, s := range []flvgen.Spec{flvgen.Clean, flvgen.Large20, flvgen.Rich300} {
		file := recording(t, s)
		run := analyse(t, c, file, 60*time.Second)
		t.Log(s.Name, run)
		report := agrees(t, c, file)
		for _, f := range report.Findings {
			if f.Severity != "info" {
				t.Errorf("%s: a false alarm: %s %s", s.Name, f.Rule, f.Message)
			}
		}
	}
}

// Several recordings are read one after another, and each report stays.
func TestSeveral(t *testing.T) {
	t.Parallel()
	c := check(t)
	files := []string{recording(t, flvgen.Clean), recording(t, flvgen.Gap), recording(t, flvgen.Large20)}
	if err := c.Choose(files...); err != nil {
		t.Fatal(err)
	}
	wait(t, c.Tab, `document.querySelectorAll('[data-job][data-state="done"]').length === 3`, 30*time.Second)
	click(t, c.Tab, `[data-job="2"] button`)
	wait(t, c.Tab, `document.querySelector('#verdict[data-severity="error"]')`, 5*time.Second)
	click(t, c.Tab, `[data-job="1"] button`)
	wait(t, c.Tab, `document.querySelector('#verdict:not([data-severity="error"])')`, 5*time.Second)
	axe(t, c.Tab, "several recordings")
}

// A file can be dropped anywhere.
func TestDrop(t *testing.T) {
	t.Parallel()
	c := check(t)
	data := &input.DragData{Files: []string{recording(t, flvgen.Gap)}, DragOperationsMask: 1, Items: []*input.DragDataItem{}}
	for _, typ := range []input.DispatchDragEventType{"dragEnter", "dragOver", "drop"} {
		if _, err := chromedp.Call(c.Ctx, input.DispatchDragEvent, input.DispatchDragEventParams{Type: typ, X: 700, Y: 600, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	if run, err := c.Finish(20 * time.Second); err != nil || run.State != "done" {
		t.Fatal(run, err)
	}
	if s := onPage(t, c); s.Severity != "error" {
		t.Errorf("%+v", s)
	}
}

// Our own recordings come with one click, and are what they say.
func TestOurSamples(t *testing.T) {
	t.Parallel()
	c := check(t)
	for kind, rule := range map[string]string{
		"long-keyframe-gap": "keyframe-interval", "clock-goes-back": "timestamp-backwards",
		"joined-midway": "metadata-missing", "damaged": "flv-garbage", "healthy": "",
	} {
		eval[chromedp.Void](t, c.Tab, "e2e.begin()")
		click(t, c.Tab, "#sample-"+kind)
		if run, err := c.Finish(20 * time.Second); err != nil || run.State != "done" {
			t.Fatal(kind, run, err)
		}
		got := onPage(t, c)
		all := strings.Join(got.Findings, "\n")
		if rule != "" && !strings.Contains(all, rule+" ") {
			t.Errorf("%s: no %s in\n%s", kind, rule, all)
		}
		if rule == "" && (got.Severity == "warning" || got.Severity == "error") {
			t.Errorf("%s: %s\n%s", kind, got.Headline, all)
		}
	}
}

// Against another platform the same recording is judged anew.
func TestProfile(t *testing.T) {
	c := check(t)
	file := recording(t, flvgen.Gap)
	analyse(t, c, file, 20*time.Second)
	for _, id := range []string{"azure-live-encoding", "youtube", "tencent-css", "twitch"} {
		eval[chromedp.Void](t, c.Tab, "e2e.begin()")
		do(t, c.Tab, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => { const s = document.querySelector("#profile"); s.value = %q; s.dispatchEvent(new Event("change", {bubbles: true})); })()`, id)))
		if run, err := c.Finish(20 * time.Second); err != nil || run.State != "done" {
			t.Fatal(id, run, err)
		}
		report := agrees(t, c, file, "--profile", id)
		if report.Profile.ID != id {
			t.Errorf("judged against %s instead of %s", report.Profile.ID, id)
		}
	}
	if got := eval[string](t, c.Tab, `document.querySelector("#profile-limits").textContent`); !strings.Contains(got, "Documented") && !strings.Contains(got, "Our default") {
		t.Errorf("the limits do not say on whose word they rest: %.300s", got)
	}
}

// Bad input gets a clear word, the same as on the command line, never a crash;
// the page goes on working.
func TestBadInput(t *testing.T) {
	t.Parallel()
	c := check(t)
	for _, h := range hostiles(t) {
		file := h.file(t)
		run := analyse(t, c, file, 20*time.Second)
		if run.State != "done" && run.State != "failed" {
			t.Errorf("%s: %v", h.name, run)
			continue
		}
		report := agrees(t, c, file)
		if h.rule != "" && !slices.ContainsFunc(report.Findings, func(f harness.Finding) bool { return f.Rule == h.rule }) {
			t.Errorf("%s: no %s among %+v", h.name, h.rule, report.Findings)
		}
		text := eval[string](t, c.Tab, `document.querySelector("main").innerText`)
		if !strings.Contains(strings.ToLower(text), strings.ToLower(h.word)) {
			t.Errorf("%s: the page does not say %q", h.name, h.word)
		}
		for _, never := range []string{"panic", "goroutine", "undefined", "NaN", "[object", "runtime error", "fault of ours"} {
			if strings.Contains(text, never) {
				t.Errorf("%s: the page says %q", h.name, never)
			}
		}
		if strings.HasSuffix(h.name, ".mp4") {
			line := eval[string](t, c.Tab, `document.querySelector("#remux")?.innerText || ""`)
			if !strings.Contains(line, "-c copy") || !strings.Contains(line, "film.mp4") || !strings.Contains(line, "film.flv") {
				t.Errorf("the ffmpeg line is %q", line)
			}
			axe(t, c.Tab, "an MP4")
		}
	}
	if run := analyse(t, c, recording(t, flvgen.Clean), 20*time.Second); run.State != "done" {
		t.Errorf("afterwards: %v", run)
	}
	if n := eval[int](t, c.Tab, "e2e.workers.length"); n != 1 {
		t.Errorf("%d workers were needed", n)
	}
}

// A file that vanishes, or changes, between the choice and the reading or while
// it is read, gets a clear word.
func TestFileChanges(t *testing.T) {
	t.Parallel()
	c := check(t)
	reread := func(id string) harness.Run {
		t.Helper()
		eval[chromedp.Void](t, c.Tab, "e2e.begin()")
		do(t, c.Tab, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => { const s = document.querySelector("#profile"); s.value = %q; s.dispatchEvent(new Event("change", {bubbles: true})); })()`, id)))
		run, err := c.Finish(30 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	clear := func(what string, run harness.Run) {
		t.Helper()
		text := eval[string](t, c.Tab, `document.querySelector("#verdict").innerText`)
		if run.State != "failed" && run.State != "unreadable" {
			t.Errorf("%s: %v\n%s", what, run, text)
		}
		if !strings.Contains(text, "changed") {
			t.Errorf("%s: the page says %q", what, text)
		}
	}

	file := copyOf(t, recording(t, flvgen.Clean), "growing.flv")
	analyse(t, c, file, 20*time.Second)
	if f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0); err != nil {
		t.Fatal(err)
	} else {
		f.WriteString("more")
		f.Close()
	}
	clear("changed before it is read again", reread("youtube"))
	axe(t, c.Tab, "a file that changed")

	file = copyOf(t, recording(t, flvgen.Clean), "vanishing.flv")
	analyse(t, c, file, 20*time.Second)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	clear("removed before it is read again", reread("twitch"))

	// Cut while it is read: what is missing is named, whichever way the browser reports it.
	file = copyOf(t, recording(t, flvgen.Rich300), "cut-meanwhile.flv")
	if err := c.Choose(file); err != nil {
		t.Fatal(err)
	}
	wait(t, c.Tab, `e2e.messages.some(m => m.t === "progress")`, 10*time.Second)
	if err := os.Truncate(file, 40<<20); err != nil {
		t.Fatal(err)
	}
	run, err := c.Finish(30 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	report, err := c.Report()
	if err != nil {
		t.Fatal(err)
	}
	if report.Input.State == "complete" && report.Input.Read < report.Input.Bytes {
		t.Errorf("cut while it was read: %v; %d of %d bytes and called complete", run, report.Input.Read, report.Input.Bytes)
	}
	if run := analyse(t, c, recording(t, flvgen.Clean), 20*time.Second); run.State != "done" {
		t.Errorf("afterwards: %v", run)
	}
}
