package e2e

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/chromedp/chromedp"

	"ingestdoctor/web/e2e/flvgen"
	"ingestdoctor/web/e2e/harness"
)

const droppedLog = "12:00:00.000: Output 's': Number of dropped frames due to insufficient bandwidth/connection stalls: 90 (9.0%)\r\n"

func gzipped(parts ...string) []byte {
	var b bytes.Buffer
	for _, p := range parts {
		w := gzip.NewWriter(&b)
		w.Write([]byte(p))
		w.Close()
	}
	return b.Bytes()
}

func zipped(t *testing.T, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		f, err := w.Create(members[i])
		if err == nil {
			_, err = f.Write([]byte(members[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func wide(s string, order binary.ByteOrder, mark bool) []byte {
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	b := make([]byte, 2*len(units))
	for i, u := range units {
		order.PutUint16(b[2*i:], u)
	}
	return b
}

// Files of every shape: read, in parts, or refused in words.
func TestLogFiles(t *testing.T) {
	t.Parallel()
	healthy := strings.Repeat("12:00:00.000: ==== Streaming Start ====\r\n", 3)
	locked := zipped(t, "obs.txt", droppedLog)
	for at := 0; ; { // the flag that says encrypted, in both headers
		i := bytes.Index(locked[at:], []byte("PK"))
		if i < 0 {
			break
		}
		at += i
		switch locked[at+2] {
		case 3:
			locked[at+6] |= 1
		case 1:
			locked[at+8] |= 1
		}
		at += 2
	}
	whole := gzipped(strings.Repeat("12:00:00.000: a quiet line of a log, number one of many\r\n", 200) + droppedLog + strings.Repeat("12:00:00.000: another line\r\n", 9000))
	broken := bytes.Clone(zipped(t, "a.txt", droppedLog))
	copy(broken[len(broken)-22:], "xxxx")
	swapped := bytes.Clone(whole)
	swapped[len(swapped)/2] ^= 0xff
	dropped := "log-dropped-frames"
	l := logPage(t)
	for _, c := range []struct {
		name, state, finding, word string
		data                       []byte
	}{
		{"obs.txt", "done", dropped, "", []byte(droppedLog)},
		{"obs.log.gz", "done", dropped, "obs.log", gzipped(droppedLog)},
		{"joined.gz", "done", dropped, "3 lines", gzipped("12:00:00.000: one\n", "12:00:00.000: two\n", droppedLog)},
		{"padded.gz", "done", dropped, "", append(gzipped(droppedLog), make([]byte, 512)...)},
		{"logs.zip", "done", dropped, "Files 2", zipped(t, "old/", "", "old/healthy.txt", healthy, "__MACOSX/._x", "junk", "obs.txt", droppedLog)},
		{"nested.zip", "unreadable", "", "packed twice", gzipped(string(gzipped(droppedLog)))},
		{"utf16le.txt", "done", dropped, "UTF-16", wide(droppedLog, binary.LittleEndian, true)},
		{"utf16be.txt", "done", dropped, "UTF-16", wide(droppedLog, binary.BigEndian, true)},
		{"utf16-no-mark.txt", "done", dropped, "UTF-16", wide(droppedLog, binary.LittleEndian, false)},
		{"utf16.zip", "done", dropped, "UTF-16", zipped(t, "a.txt", string(wide(droppedLog, binary.LittleEndian, true)))},
		{"cut.gz", "failed", dropped, "damaged or cut off", whole[:len(whole)-40]},
		{"swapped.gz", "failed", "", "damaged", swapped},
		{"head.gz", "unreadable", "", "Nothing of it could be read", whole[:12]},
		{"locked.zip", "unreadable", "", "encrypted", locked},
		{"broken.zip", "unreadable", "", "table of contents", broken},
		{"half.zip", "unreadable", "", "cut off", zipped(t, "obs.txt", strings.Repeat(droppedLog, 50))[:200]},
		{"nothing.zip", "unreadable", "", "no file in this zip", zipped(t, "empty/", "")},
		{"report.docx", "unreadable", "", "office document", zipped(t, "[Content_Types].xml", "<x/>", "word/document.xml", "<x/>")},
		{"screen.png", "unreadable", "", "picture", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00")},
		{"system.evtx", "unreadable", "", "Event Viewer", []byte("ElfFile\x00\x00\x00\x00\x00")},
		{"logs.7z", "unreadable", "", "7z archive", []byte("7z\xbc\xaf\x27\x1c\x00\x04")},
		{"logs.tar.gz", "unreadable", "", "tar archive", gzipped("obs.txt" + strings.Repeat("\x00", 250) + "ustar\x0000" + strings.Repeat("\x00", 300))},
		{"random.bin", "unreadable", "", "no text", bytes.Repeat([]byte{0, 1, 2, 3, 200, 255, 65}, 100)},
		{"empty.log", "unreadable", "", "nothing in it", nil},
		{"notes.txt", "unknown", "", "that we know", []byte("Dear all,\nwhat about lunch?\n")},
		{"<b>&'\u202egpj.log", "done", dropped, `\u{202e}`, []byte(droppedLog)},
		{"again.txt", "done", dropped, "", []byte(droppedLog)},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, c.data, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := l.Choose(20*time.Second, path); err != nil {
			t.Fatal(c.name, err)
		}
		if got := eval[string](t, l.Tab, "e2e.state()"); got != c.state {
			t.Errorf("%s: want %s: %s", c.name, c.state, l.State())
		}
		text := eval[string](t, l.Tab, `document.querySelector("main").innerText`)
		if !strings.Contains(strings.ToLower(text), strings.ToLower(c.word)) {
			t.Errorf("%s: the page does not say %q:\n%s", c.name, c.word, text)
		}
		if c.finding != "" && !eval[bool](t, l.Tab, fmt.Sprintf(`!!document.querySelector('[data-finding=%q]')`, c.finding)) {
			t.Errorf("%s: no %s: %s", c.name, c.finding, l.State())
		}
		for _, never := range []string{"panic", "goroutine", "undefined", "NaN", "[object", "runtime error", "fault of ours", "TypeError"} {
			if strings.Contains(text, never) {
				t.Errorf("%s: the page says %q", c.name, never)
			}
		}
		if strings.HasPrefix(c.name, "utf16") {
			wait(t, l.Tab, `document.querySelector("#lines .log__text")?.textContent.startsWith("12:00:00.000: Output")`, 5*time.Second)
		}
	}
	if n := eval[int](t, l.Tab, "e2e.workers.length"); n != 1 {
		t.Errorf("%d workers were needed", n)
	}
}

// More than 2 GB is refused at once, with the way to less of it.
func TestLogTooLarge(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "huge.log")
	if err := os.WriteFile(path, []byte(droppedLog), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 2_100_000_000); err != nil {
		t.Skip("no sparse files here:", err)
	}
	l := logPage(t)
	if err := l.Choose(10*time.Second, path); err != nil {
		t.Fatal(err)
	}
	if text := eval[string](t, l.Tab, `document.querySelector("#verdict").innerText`); !strings.Contains(text, "2.1 GB") || !strings.Contains(text, "tail -n 200000 huge.log > part.log") {
		t.Errorf("the page says %q", text)
	}
}

// Lines of a big archive can be drawn, though it is not kept.
func TestLogPackedLines(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := 1; b.Len() < 24e6; i++ { // more than is kept of an unpacked text
		fmt.Fprintf(&b, "12:00:00.000: line %d of a log that is packed\n", i)
	}
	text := b.String() + droppedLog
	path := filepath.Join(t.TempDir(), "big.zip")
	if err := os.WriteFile(path, zipped(t, "big.log", text), 0o644); err != nil {
		t.Fatal(err)
	}
	l := logPage(t)
	if err := l.Choose(60*time.Second, path); err != nil {
		t.Fatal(err)
	}
	for _, share := range []float64{0, 1, 0.5} {
		do(t, l.Tab, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => { const e = document.querySelector("#lines"); e.scrollTop = e.scrollHeight * %g; })()`, share)))
		wait(t, l.Tab, `(() => {
			const e = document.querySelector("#lines"), box = e.getBoundingClientRect();
			const rows = [...document.querySelectorAll(".log__line")].filter((r) => r.getBoundingClientRect().bottom > box.top && r.getBoundingClientRect().top < box.bottom);
			return rows.length > 5 && rows.every((r) => r.lastChild.textContent.includes("line " + r.dataset.line + " of") || r.lastChild.textContent.includes("dropped frames"));
		})()`, 20*time.Second)
	}
}

// Cancel works at once, and what was read until then is explained.
func TestLogCancel(t *testing.T) {
	file, err := harness.BigLog(100e6)
	if err != nil {
		t.Fatal(err)
	}
	l := logPage(t)
	if err := chromedp.Do(l.Ctx, l.SetFiles("#file", file)); err != nil {
		t.Fatal(err)
	}
	wait(t, l.Tab, `e2e.messages.filter((m) => m.t === "progress").length >= 2 && document.querySelector("#cancel")`, 15*time.Second)
	ms := cancelled(t, l.Tab)
	t.Logf("cancelled after %.0f ms", ms)
	if got := eval[string](t, l.Tab, "e2e.state()"); got != "cancelled" {
		t.Fatal(l.State())
	}
	if text := eval[string](t, l.Tab, `document.querySelector("#verdict").innerText`); !strings.Contains(text, "Cancelled") {
		t.Errorf("the page does not say that it was cancelled: %s", text)
	}
	axe(t, l.Tab, "cancelled")
	if f := eval[focused](t, l.Tab, describe); f.Name == "body" {
		t.Error("the focus went with the button")
	}
	// A new paste ends a reading that goes on.
	if err := chromedp.Do(l.Ctx, l.SetFiles("#file", file)); err != nil {
		t.Fatal(err)
	}
	wait(t, l.Tab, `document.querySelector("#cancel")`, 15*time.Second)
	if err := l.Paste(droppedLog, 15*time.Second); err != nil {
		t.Fatal(err)
	}
	wait(t, l.Tab, `document.querySelector('[data-finding="log-dropped-frames"]') && document.querySelector("#kinds").innerText.includes("1 line")`, 10*time.Second)
	if n := eval[int](t, l.Tab, "e2e.workers.length"); n != 1 {
		t.Errorf("%d workers were needed", n)
	}
}

// A file that changes, or vanishes, gets a clear word.
func TestLogFileChanges(t *testing.T) {
	t.Parallel()
	l := logPage(t)
	path := filepath.Join(t.TempDir(), "obs.txt")
	if err := os.WriteFile(path, []byte(droppedLog), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := l.Choose(10*time.Second, path); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := l.Do(`{ const s = document.querySelector("#profile"); s.value = "twitch"; s.dispatchEvent(new Event("change", {bubbles: true})); }`, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if text := eval[string](t, l.Tab, `document.querySelector("#verdict").innerText`); !strings.Contains(text, "changed, moved or deleted") {
		t.Errorf("the page says %q", text)
	}
}

// A log of 100 MB is read with flat memory: the whole browser grows by at most
// 100 MB.
func TestLogFlatMemory(t *testing.T) {
	file, err := harness.BigLog(100e6)
	if err != nil {
		t.Fatal(err)
	}
	b := own(t)
	l, err := harness.OpenLog(b, shared.srv.URL, false)
	if err != nil {
		t.Fatal(err)
	}
	defer quiet(t, l.Tab)
	if err := l.Paste(droppedLog, 10*time.Second); err != nil { // the page has drawn an answer once
		t.Fatal(err)
	}
	time.Sleep(time.Second) // what the start left is collected
	stop := harness.Watch(b.PID(), 25*time.Millisecond)
	err = l.Choose(2*time.Minute, file)
	first, peak := stop()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s; memory %d MB before, %d MB at most", l.State(), first/1e6, peak/1e6)
	if grown := peak - first; grown > 100e6 {
		t.Errorf("the browser grew by %d MB", grown/1e6)
	}
}

// Nothing leaves while something is read, from the browser's own network log;
// and the worker could not if it wanted to.
func TestLogNothingLeaves(t *testing.T) {
	b, log := watched(t)
	l, err := harness.OpenLog(b, shared.srv.URL, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Wait(cached, 30*time.Second); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	l.Requests()
	start := time.Now()
	for _, kind := range []string{"obs", "tencent"} {
		if err := l.Do(fmt.Sprintf(`document.querySelector("#sample-%s").click()`, kind), 10*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range map[string][]byte{"a.gz": gzipped(droppedLog), "b.zip": zipped(t, "x.log", droppedLog), "c.bin": {0, 1, 2, 3}} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := l.Choose(10*time.Second, path); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Paste(droppedLog, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	click(t, l.Tab, `[data-finding="log-dropped-frames"] [id^="show-"]`)
	wait(t, l.Tab, `document.querySelector(".log__line--on")`, 5*time.Second)
	time.Sleep(300 * time.Millisecond)
	end := time.Now()
	for _, r := range l.Sent() {
		t.Errorf("%s asked for %s %s", r.From, r.Method, r.URL)
	}
	if n := barred(t, l.Tab); n != 1 {
		t.Errorf("%d workers on the page, want the reader of logs alone", n)
	}
	l.Problems() // the refused attempt above is in the log
	b.Close()
	silent(t, log, start, end, "the paste")
}

// logState brings /check/log into one of the states that it can be in.
type logState struct {
	name  string
	reach func(t *testing.T, l *harness.Log)
}

func sampled(kind string) func(t *testing.T, l *harness.Log) {
	return func(t *testing.T, l *harness.Log) {
		t.Helper()
		if err := l.Do(fmt.Sprintf(`document.querySelector("#sample-%s").click()`, kind), 10*time.Second); err != nil {
			t.Fatal(err)
		}
		wait(t, l.Tab, `document.querySelector("#lines .log__text:not(:empty)")`, 5*time.Second)
	}
}

func pasted(text string) func(t *testing.T, l *harness.Log) {
	return func(t *testing.T, l *harness.Log) {
		t.Helper()
		if err := l.Paste(text, 10*time.Second); err != nil {
			t.Fatal(err)
		}
	}
}

func chosen(name string, data func(t *testing.T) []byte) func(t *testing.T, l *harness.Log) {
	return func(t *testing.T, l *harness.Log) {
		t.Helper()
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data(t), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := l.Choose(20*time.Second, path); err != nil {
			t.Fatal(err)
		}
	}
}

var logStates = []logState{
	{"empty", func(*testing.T, *harness.Log) {}},
	{"obs", sampled("obs")},
	{"azure", sampled("azure")},
	{"tencent", sampled("tencent")},
	{"ffmpeg", sampled("ffmpeg")},
	{"clean", sampled("healthy")},
	{"lines", func(t *testing.T, l *harness.Log) {
		sampled("obs")(t, l)
		click(t, l.Tab, `[data-finding="log-dropped-frames"] [id^="show-"]`)
		wait(t, l.Tab, `document.querySelector(".log__line--on")`, 5*time.Second)
	}},
	{"long", func(t *testing.T, l *harness.Log) {
		file, err := harness.BigLog(5e6)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Choose(30*time.Second, file); err != nil {
			t.Fatal(err)
		}
		click(t, l.Tab, `[data-finding="log-code"] [id^="show-"]`)
		wait(t, l.Tab, `document.querySelector(".log__line--on .log__text:not(:empty)")`, 5*time.Second)
	}},
	{"archive", chosen("logs.zip", func(t *testing.T) []byte {
		return zipped(t, "tonight/obs.txt", droppedLog, "tonight/healthy.txt", "12:00:00.000: ==== Streaming Start ====\n", "tonight/picture.png", "\x89PNG\r\n")
	})},
	{"unknown", pasted("Dear all,\nthe stream did not work yesterday evening.\nCan you have a look?\n")},
	{"url", pasted("rtmp://live.example.com/app/sk_live_0011223344")},
	{"recording", chosen("show.flv", func(t *testing.T) []byte { return read(t, recording(t, flvgen.Clean)) })},
	{"locked", chosen("logs.7z", func(*testing.T) []byte { return []byte("7z\xbc\xaf\x27\x1c\x00\x04") })},
	{"cut", chosen("obs.log.gz", func(*testing.T) []byte {
		b := gzipped(strings.Repeat(droppedLog, 400))
		return b[:len(b)-9]
	})},
	// last, for it never ends
	{"reading", func(t *testing.T, l *harness.Log) {
		file, err := harness.BigLog(100e6)
		if err != nil {
			t.Fatal(err)
		}
		if err := chromedp.Do(l.Ctx, l.SetFiles("#file", file)); err != nil {
			t.Fatal(err)
		}
		wait(t, l.Tab, `e2e.messages.some((m) => m.t === "progress") && document.querySelector("#cancel")`, 15*time.Second)
		eval[chromedp.Void](t, l.Tab, `e2e.workers.forEach((w) => { w.onmessage = null; })`)
	}},
}

// axe-core finds nothing in any state of the page, nothing scrolls sideways,
// wide and narrow, light and dark.
func TestLogAccessible(t *testing.T) {
	t.Parallel()
	views := []struct {
		wide, high int64
		dark       bool
	}{{1280, 900, false}, {390, 844, true}}
	l := logPage(t)
	for _, s := range logStates {
		s.reach(t, l)
		for _, v := range views {
			do(t, l.Tab, chromedp.EmulateViewport(v.wide, v.high))
			scheme(t, l.Tab, v.dark)
			name := s.name + " " + viewName(v.wide, v.dark)
			axe(t, l.Tab, name)
			narrow(t, l.Tab, name)
		}
	}
}
