package ingest

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// No text of 256 kB takes long to redact, and no URL long to lint, however
// it is made up.
func TestHostileTextsAreFast(t *testing.T) {
	if testing.Short() {
		t.Skip("slow in the browser's form")
	}
	for _, unit := range []string{
		"publish 'a' ", "publish", "rtmp://", "rtmp://a:b@c/d?e=f ", "rtmp:", "key=", "key: \"", "\"rtmp://a/b/c", "<rtmp://", "a=b&", "&amp;", "%25", "rtmp%25", "\\", "'", "@",
		"rtmp://a:b/", "x://", "://", "\u200b", "\uff52", "live_123_", "/live/", "a:b c:d@", "rtmp://u:p ", "((((", "rtmp://a/b?c=/", "Authorization:", " ", "\n", "<", "rtmp://[", "&#59;",
	} {
		text := strings.Repeat(unit, (1<<18)/len(unit))
		start := time.Now()
		Redact(text)
		t.Logf("%-30q redact %v", unit, time.Since(start))
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("redacting 256 kB of %q took %v", unit, d)
		}
		start = time.Now()
		in := "rtmp://live.example.com/live/" + text[:maxInput-100]
		Lint(Options{Input: in, Now: now})
		Lint(Options{Input: text[:maxInput-100], Now: now})
		Lint(Options{Split: true, Server: text[:maxInput/2], Key: text[:maxInput/2-100], Now: now})
		t.Logf("%-30q lint %v", unit, time.Since(start))
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("linting 16 kB of %q took %v", unit, d)
		}
	}
}

// One lint of 2 kB takes at most 50 µs natively and 1 ms as WebAssembly. The
// quickest of many runs is what it takes; others wait for a busy machine. The
// test leaves room for a slow one.
func TestLintIsFast(t *testing.T) {
	most := 100 * time.Microsecond
	if runtime.GOARCH == "wasm" {
		most = 1500 * time.Microsecond
	}
	for name, in := range map[string]string{
		"2 kB":                   long(2048),
		"2 kB with dirt":         "\u201c" + strings.Replace(long(2048), "AbCd", "A\u200bbCd", 3) + "\u201d ",
		"2 kB in a sentence":     "Please take " + long(2000) + " for the show, thanks.\n",
		"2 kB, server and key":   strings.Replace(long(2048), "/stream1", "\nstream1", 1),
		"2 kB of parameters":     "rtmp://push.example.com/live/s?" + strings.Repeat("txSecret=abcdef&a=b&", 100),
		"2 kB of a long name":    "rtmp://live.example.com/live/" + strings.Repeat("abcd-", 400),
		"2 kB, full-width signs": strings.Replace(long(2048), "://", "\uff1a\uff0f\uff0f", 1),
	} {
		best := time.Hour
		for range 300 {
			start := time.Now()
			Lint(Options{Input: in, Now: now})
			best = min(best, time.Since(start))
		}
		t.Logf("%s: %v", name, best)
		if best > most {
			t.Errorf("%s takes %v, at most %v", name, best, most)
		}
	}
}
