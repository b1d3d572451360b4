package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

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
	"tencent": {"3/0", "321/6"},
	"ffmpeg":  {"log-encoding-slow"},
	"healthy": {},
}

// The secrets that stand in our samples.
var sampleSecrets = []string{
	"5f3bd00a8f5c4c1e8a60c8c45b0f1d77", "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "7c4a8d09ca3762af61e59520943dc264", "live_81d3f7c2aa9e4b55",
}

// Each of our samples comes with one click and says what it is; its secrets are
// nowhere on the page but where they were pasted.
func TestLogSamples(t *testing.T) {
	l := logPage(t)
	for _, kind := range []string{"obs", "azure", "tencent", "ffmpeg", "healthy"} {
		if err := l.Do(fmt.Sprintf(`document.querySelector("#sample-%s").click()`, kind), 10*time.Second); err != nil {
			t.Fatal(kind, err)
		}
		text := eval[string](t, l.Tab, `[...document.querySelectorAll("[data-finding]")].map(f => f.dataset.finding + " " + f.dataset.severity + ": " + f.innerText).join("\n---\n")`)
		for _, want := range sampleFindings[kind] {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %s in\n%s", kind, want, text)
			}
		}
		t.Logf("%s: %s\n%s", kind, l.State(), text)
	}
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

var logStates = []logState{
	{"empty", func(*testing.T, *harness.Log) {}},
	{"obs", sampled("obs")},
	{"azure", sampled("azure")},
	{"tencent", sampled("tencent")},
	{"ffmpeg", sampled("ffmpeg")},
	{"clean", sampled("healthy")},
	{"lines", func(t *testing.T, l *harness.Log) {
		sampled("obs")(t, l)
		click(t, l.Tab, `[id^="show-log-dropped"]`)
		wait(t, l.Tab, `document.querySelector(".log__line--on")`, 5*time.Second)
	}},
	{"unknown", pasted("Dear all,\nthe stream did not work yesterday evening.\nCan you have a look?\n")},
	{"url", pasted("rtmp://live.example.com/app/sk_live_0011223344")},
}
