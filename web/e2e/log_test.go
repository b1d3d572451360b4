package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"ingestdoctor/web/e2e/flvgen"
	"ingestdoctor/web/e2e/harness"
)

// logPage opens /check/log and waits until something can be pasted.
func logPage(t *testing.T, size ...int64) *harness.Log {
	t.Helper()
	l, err := harness.OpenLog(shared.browser, shared.srv.URL, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		quiet(t, l.Tab)
		l.Close()
	})
	if len(size) == 2 {
		do(t, l.Tab, chromedp.EmulateViewport(size[0], size[1]))
	}
	return l
}

// sampleFindings are the rules or codes that our own samples must show.
var sampleFindings = map[string][]string{
	"obs":     {"log-dropped-frames", "log-reconnects", "log-encoder-overload", "log-settings-keyframe"},
	"azure":   {"MPE_INGEST_CODEC_NOT_SUPPORTED"},
	"tencent": {"3/0", "321:6"},
	"ffmpeg":  {"log-encoding-slow"},
	"healthy": {},
}

// The secrets that stand in our samples.
var sampleSecrets = []string{
	"5f3bd00a8f5c4c1e8a60c8c45b0f1d77", "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "7c4a8d09ca3762af61e59520943dc264", "live_81d3f7c2aa9e4b55",
}

// logDrawn is all that the page draws, with its attributes; what stands in the text
// area is the person's own and is no part of it.
const logDrawn = `document.documentElement.outerHTML + [...document.querySelectorAll("input, select")].map((e) => e.value).join()`

// hides fails the test for every secret that the page draws, or that its report
// and its ticket hold.
func hides(t *testing.T, l *harness.Log, what string, secrets []string) {
	t.Helper()
	saved, err := l.Saved()
	if err != nil {
		t.Fatal(what, err)
	}
	places := map[string]string{
		"the page": eval[string](t, l.Tab, logDrawn), "the report": string(saved),
		"the ticket":  eval[string](t, l.Tab, `document.querySelector("#copy-ticket").dataset.copy`),
		"the address": eval[string](t, l.Tab, "location.href + JSON.stringify(history.state) + JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})"),
	}
	for where, text := range places {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				at := strings.Index(text, s)
				t.Errorf("%s: %s shows the secret %s: …%s…", what, where, s, text[max(0, at-80):min(len(text), at+80)])
			}
		}
	}
}

// Each of our samples comes with one click and says what it is; its secrets are
// nowhere but where they were pasted.
func TestLogSamples(t *testing.T) {
	t.Parallel()
	l := logPage(t)
	for _, kind := range []string{"obs", "azure", "tencent", "ffmpeg", "healthy"} {
		if err := l.Do(fmt.Sprintf(`document.querySelector("#sample-%s").click()`, kind), 10*time.Second); err != nil {
			t.Fatal(kind, err)
		}
		wait(t, l.Tab, `document.querySelectorAll("#lines .log__text:not(:empty)").length > 5`, 5*time.Second)
		text := eval[string](t, l.Tab, `[...document.querySelectorAll("[data-finding]")].map(f => f.dataset.finding + " " + f.dataset.severity + ": " + f.innerText).join("\n---\n")`)
		for _, want := range sampleFindings[kind] {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %s in\n%s", kind, want, text)
			}
		}
		severity := eval[string](t, l.Tab, `document.querySelector("#verdict").dataset.severity`)
		if bad := severity == "error" || severity == "warning"; bad != (kind != "healthy") {
			t.Errorf("%s: %s\n%s", kind, severity, text)
		}
		if kind == "healthy" && !eval[bool](t, l.Tab, `document.querySelector("#meaning").innerText.includes("does not mean")`) {
			t.Error("the page does not say what it is worth that nothing was found")
		}
		hides(t, l, kind, sampleSecrets)
	}
	if n := eval[int](t, l.Tab, "e2e.workers.length"); n != 1 {
		t.Errorf("%d workers were needed", n)
	}
}

// explainCLI runs `ingestdoctor explain --json`.
func explainCLI(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.Command(shared.bin, append([]string{"explain", "--json"}, args...)...).Output()
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() == 1 {
		err = nil
	}
	if err != nil {
		t.Fatalf("ingestdoctor explain --json %v: %v", args, err)
	}
	return out
}

// The whole corpus of wasm/explain, dropped at once: every part's report is the
// command line's, and no secret of it is drawn.
func TestLogCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../wasm/explain/testdata/corpus/*")
	if err != nil || len(files) < 80 {
		t.Fatalf("%d files in the corpus: %v", len(files), err)
	}
	files = slices.DeleteFunc(files, func(path string) bool { // those that the page refuses: TestLogFiles
		b := read(t, path)
		return len(b) == 0 || strings.HasPrefix(string(b), "FLV")
	})
	for i := range files {
		if files[i], err = filepath.Abs(files[i]); err != nil {
			t.Fatal(err)
		}
	}
	l := logPage(t)
	for len(files) > 0 {
		some := files[:min(len(files), 80)]
		files = files[len(some):]
		if err := l.Choose(60*time.Second, some...); err != nil {
			t.Fatal(err)
		}
		reports := eval[[]struct {
			Part   int    `json:"part"`
			Report string `json:"report"`
		}](t, l.Tab, "e2e.reports")
		if len(reports) != len(some) {
			t.Fatalf("%d reports of %d files; refused: %s", len(reports), len(some), eval[string](t, l.Tab, `JSON.stringify(e2e.messages.filter((m) => m.t === "refused"))`))
		}
		for _, r := range reports {
			native := explainCLI(t, some[r.Part])
			if diff := logDifference(t, []byte(r.Report), native); diff != "" {
				t.Errorf("%s: %s", filepath.Base(some[r.Part]), diff)
			}
		}
		// One of them to the last word, as it is saved.
		last := len(some) - 1
		click(t, l.Tab, fmt.Sprintf(`[data-part="%d"] button`, last))
		wait(t, l.Tab, fmt.Sprintf(`document.querySelector('[data-part="%d"] [aria-current]')`, last), 5*time.Second)
		saved, err := l.Saved()
		if err != nil {
			t.Fatal(err)
		}
		if diff := differences(t, saved, explainCLI(t, some[last])); diff != "" {
			t.Errorf("%s, saved: %s", filepath.Base(some[last]), diff)
		}
		// Every part is shown once: what is drawn piles up in seen.
		seen := eval[string](t, l.Tab, `(async () => {
			let all = "";
			for (const b of document.querySelectorAll("[data-part] button")) {
				b.click();
				for (let i = 0; i < 100 && !(b.getAttribute("aria-current") && document.querySelector("#lines .log__text:not(:empty)")); i++) await new Promise((r) => setTimeout(r, 10));
				all += document.querySelector("main").outerHTML;
			}
			return all;
		})()`)
		for _, s := range corpusSecrets(t) {
			if at := strings.Index(seen, s); at >= 0 {
				t.Errorf("the page shows the secret %s: …%s…", s, seen[max(0, at-200):at+len(s)])
			}
		}
	}
}

// corpusSecrets are those that the corpus' own test names.
func corpusSecrets(t *testing.T) []string {
	t.Helper()
	src, err := os.ReadFile("../../wasm/explain/corpus_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, list, ok := strings.Cut(string(src), "var secrets = []string{")
	list, _, end := strings.Cut(list, "}")
	var out []string
	for i, s := range strings.Split(list, `"`) {
		if i%2 == 1 {
			out = append(out, s)
		}
	}
	if !ok || !end || len(out) < 5 {
		t.Fatalf("the corpus names %d secrets", len(out))
	}
	return out
}

// logDifference compares a report of the worker, which has no texts yet, with
// the command line's.
func logDifference(t *testing.T, a, b []byte) string {
	t.Helper()
	var x, y map[string]any
	for text, into := range map[*[]byte]*map[string]any{&a: &x, &b: &y} {
		if err := json.Unmarshal(*text, into); err != nil {
			t.Fatalf("%v in %.300s", err, *text)
		}
		m := *into
		delete(m, "tool")
		delete(m, "verdict")
		if list, ok := m["findings"].([]any); ok {
			for _, f := range list {
				for _, text := range []string{"message", "links", "codes", "doc_url"} {
					delete(f.(map[string]any), text)
				}
			}
		}
	}
	return firstDifference("", x, y)
}

// What is pasted is read at once, in any of these shapes.
func TestLogPaste(t *testing.T) {
	t.Parallel()
	l := logPage(t)
	const rejected = `{"eventType":"Microsoft.Media.LiveEventConnectionRejected","data":{"streamId":"s","ingestUrl":"rtmp://demo.channel.media.azure.net:1935/live/Zq8Kp3LmN7","encoderIp":"203.0.113.5","encoderPort":"50000","resultCode":"MPE_INGEST_CODEC_NOT_SUPPORTED"}}`
	for _, c := range []struct{ name, text, kind, want string }{
		{"one event", rejected, "azure-event-grid", "MPE_INGEST_CODEC_NOT_SUPPORTED"},
		{"an array", "[" + rejected + "," + rejected + "]", "azure-event-grid", "MPE_INGEST_CODEC_NOT_SUPPORTED"},
		{"JSON lines", rejected + "\n" + rejected + "\n", "azure-event-grid", "MPE_INGEST_CODEC_NOT_SUPPORTED"},
		{"with headers", "POST /hook HTTP/1.1\r\nHost: x.example\r\nAuthorization: Bearer Zq8Kp3LmN7\r\n\r\n" + rejected, "azure-event-grid", "MPE_INGEST_CODEC_NOT_SUPPORTED"},
		{"cut off", rejected[:len(rejected)-2], "azure-event-grid", "MPE_INGEST_CODEC_NOT_SUPPORTED"},
		{"in a mail", "> " + rejected + "\n> can you help?\n", "azure-event-grid", "MPE_INGEST_CODEC_NOT_SUPPORTED"},
		{"colours", "\x1b[31mav_interleaved_write_frame(): Broken pipe\x1b[0m\r\nframe=  100 fps= 12 q=28.0 size=     512kB time=00:00:04.00 bitrate=1048.6kbits/s speed=0.48x\r\n", "ffmpeg-log", "EPIPE"},
	} {
		if err := l.Paste(c.text, 10*time.Second); err != nil {
			t.Fatal(c.name, err)
		}
		if state := eval[string](t, l.Tab, "e2e.state()"); state != "done" {
			t.Errorf("%s: %s", c.name, l.State())
		}
		if got := eval[string](t, l.Tab, `[...document.querySelectorAll("[data-finding]")].map(f => f.innerText).join("\n")`); !strings.Contains(got, c.want) {
			t.Errorf("%s: no %s in\n%s", c.name, c.want, got)
		}
		saved, err := l.Saved()
		if err != nil || !strings.Contains(string(saved), `"id":"`+c.kind+`"`) {
			t.Errorf("%s: no %s in %.400s: %v", c.name, c.kind, saved, err)
		}
		hides(t, l, c.name, []string{"Zq8Kp3LmN7"})
	}

	// What is typed is read after a pause; cleared, nothing stays.
	click(t, l.Tab, "#clear")
	wait(t, l.Tab, `e2e.state() === "empty"`, 5*time.Second)
	if got := eval[string](t, l.Tab, `e2e.state() + document.querySelector("#paste").value + document.querySelectorAll("[data-finding], #lines").length`); got != "empty0" {
		t.Errorf("after clearing: %q", got)
	}
	do(t, l.Tab, chromedp.Evaluate[chromedp.Void](`document.querySelector("#paste").focus(); e2e.begin()`), chromedp.KeyEvent("Output 'adv_stream': Number of dropped frames due to insufficient bandwidth/connection stalls: 6531 (9.5%)"))
	if err := l.Finish(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	wait(t, l.Tab, `document.querySelector('[data-finding="log-dropped-frames"]')`, 5*time.Second)
	if n := eval[int](t, l.Tab, `e2e.messages.filter((m) => m.t === "begun").length`); n > 8 {
		t.Errorf("%d readings while typing one line", n)
	}
}

// A URL alone, and a recording, are for other pages, and are handed over.
func TestLogElsewhere(t *testing.T) {
	t.Parallel()
	l := logPage(t)
	if err := l.Paste("rtmp://live.example.com/app/Zq8Kp3LmN7", 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if got := eval[string](t, l.Tab, "e2e.state()"); got != "elsewhere" {
		t.Fatal(l.State())
	}
	axe(t, l.Tab, "a URL")
	click(t, l.Tab, "#elsewhere")
	wait(t, l.Tab, `location.pathname === "/check/url" && [...document.querySelectorAll("textarea")].some((e) => e.value.includes("Zq8Kp3LmN7"))`, 15*time.Second)
	if at := eval[string](t, l.Tab, "location.href"); strings.Contains(at, "Zq8Kp3LmN7") {
		t.Error("the key is in the address: " + at)
	}

	// And the other way: what was pasted on another page comes here.
	for _, what := range []string{
		`{kind: "log", text: "12:00:00.000: Output 's': Number of dropped frames due to insufficient bandwidth/connection stalls: 90 (9.0%)\nrtmp://live.example.com/app/Zq8Kp3LmN7", profile: "twitch"}`,
		`{kind: "log", files: [new File(["12:00:00.000: Output 's': Number of dropped frames due to insufficient bandwidth/connection stalls: 90 (9.0%)"], "obs.txt")]}`,
	} {
		tab := open(t, "/rules")
		do(t, tab, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`ingestHandover.go(%s); undefined`, what)))
		wait(t, tab, `location.pathname === "/check/log" && document.querySelector('[data-finding="log-dropped-frames"]')`, 15*time.Second)
		if at := eval[string](t, tab, "location.href + JSON.stringify({...sessionStorage})"); strings.Contains(at, "Zq8Kp3LmN7") {
			t.Error("the key is kept: " + at)
		}
		if want := strings.Contains(what, "twitch"); want != eval[bool](t, tab, `document.querySelector("#profile").value === "twitch"`) {
			t.Errorf("the platform was not taken along: %s", what)
		}
	}

	l = logPage(t)
	if err := l.Choose(10*time.Second, recording(t, flvgen.Gap)); err != nil {
		t.Fatal(err)
	}
	if got := eval[string](t, l.Tab, "e2e.state()"); got != "unreadable" {
		t.Fatal(l.State())
	}
	axe(t, l.Tab, "a recording")
	click(t, l.Tab, "#elsewhere")
	wait(t, l.Tab, `location.pathname === "/check/file" && document.querySelector('[data-finding="keyframe-interval"]')`, 20*time.Second)
}

// From a finding to its lines and back, in a short text and in a long one whose
// lines are drawn as they come into view.
func TestLogLines(t *testing.T) {
	t.Parallel()
	l := logPage(t)
	if err := l.Do(`document.querySelector("#sample-obs").click()`, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	there := func(rule, part string) {
		t.Helper()
		click(t, l.Tab, fmt.Sprintf(`[data-finding=%q] [id^="show-"]`, rule))
		wait(t, l.Tab, fmt.Sprintf(`[...document.querySelectorAll(".log__line--on .log__text")].some((e) => e.textContent.includes(%q))`, part), 10*time.Second)
		wait(t, l.Tab, `(() => {
			const host = document.querySelector("#lines").getBoundingClientRect(), row = document.querySelector(".log__line--on").getBoundingClientRect();
			return row.top >= host.top - 1 && row.bottom <= host.bottom + 1 && document.activeElement.id === "lines";
		})()`, 5*time.Second)
		if said := eval[string](t, l.Tab, `document.querySelector("#status").textContent`); !strings.Contains(said, "line") {
			t.Errorf("not announced: %q", said)
		}
	}
	back := func(rule string) {
		t.Helper()
		click(t, l.Tab, ".log__line--on button[data-mark]")
		wait(t, l.Tab, fmt.Sprintf(`document.activeElement.closest('[data-finding=%q]')`, rule), 5*time.Second)
	}
	there("log-dropped-frames", "Number of dropped frames")
	back("log-dropped-frames")
	there("log-reconnects", "Reconnecting in")

	// The order in which things happened is the order of the text.
	lines := eval[[]int](t, l.Tab, `[...document.querySelectorAll("#entries > li")].map((e) => +e.dataset.line)`)
	if len(lines) < 5 || !slices.IsSorted(lines) {
		t.Errorf("the timeline goes by lines %v", lines)
	}
	before := len(lines)
	click(t, l.Tab, "#level-info")
	wait(t, l.Tab, fmt.Sprintf(`document.querySelectorAll("#entries > li").length < %d && !document.querySelector('#entries > [data-level="info"]')`, before), 5*time.Second)
	click(t, l.Tab, "#entries > li:last-child button")
	wait(t, l.Tab, `document.querySelector(".log__line--on")`, 5*time.Second)

	// A setting leads to its line; another platform judges it anew.
	click(t, l.Tab, `[data-setting="keyframe-interval"] button`)
	wait(t, l.Tab, `document.querySelector(".log__line--on .log__text")?.textContent.includes("keyint")`, 5*time.Second)
	if err := l.Do(`{ const s = document.querySelector("#profile"); s.value = "twitch"; s.dispatchEvent(new Event("change", {bubbles: true})); }`, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	saved, err := l.Saved()
	if err != nil || !strings.Contains(string(saved), `"id":"twitch"`) || !strings.Contains(string(saved), `"profile_by":"given"`) {
		t.Errorf("not held against Twitch: %.300s %v", saved, err)
	}

	// The long one.
	file, err := harness.BigLog(5e6)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Choose(30*time.Second, file); err != nil {
		t.Fatal(err)
	}
	there("log-code", "send error")
	if n := eval[int](t, l.Tab, `document.querySelectorAll(".log__line").length`); n > 300 {
		t.Errorf("%d lines are drawn", n)
	}
	want := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(read(t, file))), "\n")
	for _, share := range []float64{1, 0.37, 0} {
		do(t, l.Tab, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => { const e = document.querySelector("#lines"); e.scrollTop = e.scrollHeight * %g; })()`, share)))
		wait(t, l.Tab, fmt.Sprintf(`(() => {
			const e = document.querySelector("#lines"), box = e.getBoundingClientRect();
			const rows = [...document.querySelectorAll(".log__line")].filter((r) => r.getBoundingClientRect().bottom > box.top && r.getBoundingClientRect().top < box.bottom);
			return rows.length > 5 && rows.every((r) => r.lastChild.textContent !== "" || %q.split(",").includes(r.dataset.line));
		})()`, blank(want)), 10*time.Second)
		got := eval[map[string]string](t, l.Tab, `Object.fromEntries([...document.querySelectorAll(".log__line")].filter((r) => r.lastChild.textContent).map((r) => [r.dataset.line, r.lastChild.textContent]))`)
		for n, text := range got {
			var line int
			fmt.Sscan(n, &line)
			raw := want[line-1]
			if strings.Contains(raw, harness.BigLogKey) {
				if strings.Contains(text, harness.BigLogKey) {
					t.Errorf("line %d shows the key: %s", line, text)
				}
			} else if text != raw {
				t.Errorf("line %d is %q, want %q", line, text, raw)
			}
		}
		if share == 1 && got[fmt.Sprint(len(want)-1)] == "" && got[fmt.Sprint(len(want)-2)] == "" {
			t.Errorf("the end is not shown: %d lines, drawn %d", len(want), len(got))
		}
	}
}

// blank names the lines that are empty.
func blank(lines []string) string {
	var b strings.Builder
	for i, l := range lines {
		if l == "" {
			fmt.Fprintf(&b, "%d,", i+1)
		}
	}
	return b.String()
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A file can be dropped anywhere on the page.
func TestLogDrop(t *testing.T) {
	t.Parallel()
	l := logPage(t)
	file := filepath.Join(t.TempDir(), "obs.txt")
	if err := os.WriteFile(file, []byte("12:00:00.000: Output 'x': Number of dropped frames due to insufficient bandwidth/connection stalls: 90 (9.0%)\r\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	eval[chromedp.Void](t, l.Tab, "e2e.begin()")
	data := &input.DragData{Files: []string{file}, DragOperationsMask: 1, Items: []*input.DragDataItem{}}
	for _, typ := range []input.DispatchDragEventType{"dragEnter", "dragOver", "drop"} {
		if _, err := chromedp.Call(l.Ctx, input.DispatchDragEvent, input.DispatchDragEventParams{Type: typ, X: 800, Y: 600, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Finish(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	wait(t, l.Tab, `document.querySelector('[data-finding="log-dropped-frames"]')`, 5*time.Second)
}

// The whole way without a mouse: paste, read, go to the lines, come back, filter,
// copy, download.
func TestLogKeyboard(t *testing.T) {
	t.Parallel()
	l := logPage(t)
	key(t, l.Tab, kb.Tab)
	key(t, l.Tab, kb.Enter) // past the header
	tabTo(t, l.Tab, "#paste")
	if err := l.Paste("12:00:00.000: [rtmp stream: 's'] WriteN, RTMP send error 10054 (1448 bytes)\n12:00:00.100: Output 's': Reconnecting in 2.00 seconds..\n12:00:09.000: Output 's': Number of dropped frames due to insufficient bandwidth/connection stalls: 90 (9.0%)\n", 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if said := eval[string](t, l.Tab, `document.querySelector("#status").textContent`); !strings.Contains(said, "Done") {
		t.Errorf("the result is not announced: %q", said)
	}
	if !eval[bool](t, l.Tab, `document.activeElement.id === "paste"`) {
		t.Error("the focus left the text area")
	}
	tabTo(t, l.Tab, `[data-finding="log-dropped-frames"] [id^="show-"]`)
	key(t, l.Tab, kb.Enter)
	wait(t, l.Tab, `document.activeElement.id === "lines" && document.querySelector(".log__line--on")`, 5*time.Second)
	tabTo(t, l.Tab, ".log__line--on button[data-mark]")
	key(t, l.Tab, kb.Enter)
	wait(t, l.Tab, `document.activeElement.closest('[data-finding="log-dropped-frames"]')`, 5*time.Second)
	tabTo(t, l.Tab, "#level-error")
	key(t, l.Tab, " ")
	wait(t, l.Tab, `document.querySelector("#level-error").getAttribute("aria-pressed") === "false"`, 3*time.Second)

	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		if _, err := chromedp.CallBrowser(l.Ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: "granted", Origin: shared.srv.URL,
		}); err != nil {
			t.Fatal(err)
		}
	}
	eval[chromedp.Void](t, l.Tab, `document.querySelector("#profile").focus()`)
	tabTo(t, l.Tab, "#copy-ticket")
	key(t, l.Tab, kb.Enter)
	wait(t, l.Tab, `navigator.clipboard.readText().then(v => v.includes("log-dropped-frames") && v.includes("9.0"), () => false)`, 5*time.Second)
	dir := t.TempDir()
	if _, err := chromedp.CallBrowser(l.Ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: "allow", DownloadPath: dir}); err != nil {
		t.Fatal(err)
	}
	tabTo(t, l.Tab, "#download")
	key(t, l.Tab, kb.Enter)
	if got, err := harness.ParseReport(download(t, dir)); err != nil || len(got.Findings) < 2 || got.Findings[0].Message == "" {
		t.Errorf("the report that was saved: %+v, %v", got, err)
	}
}
