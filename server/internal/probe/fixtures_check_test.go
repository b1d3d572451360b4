package probe

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			limits := patient()
			if f.state == TimedOut {
				limits = short(f.stage)
			}
			p := testProber(t, withLimits(limits))
			scheme := "rtmp"
			if f.scheme != "" {
				scheme = f.scheme
			}
			req := Request{Target: scheme + "://" + serve(t, f.serve) + "/live", Publish: f.publish}
			if f.publish {
				req.Target += "/s3cr3t-k3y?token=t0k3n"
			}
			began := time.Now()
			r := probeIt(t, p, req)
			if d := time.Since(began); d > 20*time.Second {
				t.Errorf("took %v", d)
			}
			f.check(t, r)
		})
	}
}

func (f *fixture) check(t *testing.T, r *Result) {
	t.Helper()
	g := rungOf(t, r, f.stage)
	if g.State != f.state {
		t.Errorf("%s is %s, want %s: %s\n%s", f.stage, g.State, f.state, g.Detail, transcript(g))
	}
	if !strings.Contains(transcript(g), f.saw) {
		t.Errorf("the transcript does not hold %q:\n%s", f.saw, transcript(g))
	}
	below := true
	for _, other := range r.Ladders[0].Rungs {
		if other.Stage == f.stage {
			below = false
		} else if below && other.State != OK {
			t.Errorf("%s is %s: %s", other.Stage, other.State, other.Detail)
		} else if !below && f.state != OK && other.State != Skipped {
			t.Errorf("%s is %s after %s failed", other.Stage, other.State, f.stage)
		}
	}
	text := fmt.Sprint(messages(r))
	for _, secret := range []string{"s3cr3t", "S3CR3T", "t0k3n"} {
		if whole, _ := r.MarshalJSON(); bytes.Contains(whole, []byte(secret)) {
			t.Errorf("%s is in the report", secret)
		}
	}
	if f.rule == "" {
		if len(r.Findings) > 0 || r.Verdict.Severity != 0 {
			t.Errorf("found %s", text)
		}
		return
	}
	found := findingOf(r, f.rule)
	if found == nil {
		t.Fatalf("no %s, but %s", f.rule, text)
	}
	if len(r.Findings) != 1 || found.Severity.String() != "error" || found.Rung.Stage != f.stage {
		t.Errorf("found %s at %s, %v", text, found.Rung.Stage, found.Severity)
	}
	for name, want := range f.args {
		got := argOf(found, name)
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !strings.HasPrefix(r.Verdict.Headline, "A push would fail: ") {
		t.Errorf("verdict %q", r.Verdict.Headline)
	}
}
