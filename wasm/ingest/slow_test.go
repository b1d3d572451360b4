package ingest

import (
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
