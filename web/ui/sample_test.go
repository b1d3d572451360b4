package ui

import (
	"bytes"
	"os/exec"
	"slices"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

func sampleOf(t *testing.T, kind string) []byte {
	t.Helper()
	for i := range samples {
		if samples[i].kind == kind {
			return samples[i].write(nil)
		}
	}
	t.Fatalf("no sample %s", kind)
	return nil
}

// Each sample shows what its button promises, under every profile, and nothing
// worse than a note besides.
func TestSamples(t *testing.T) {
	if len(samples) != 5 {
		t.Errorf("%d samples", len(samples))
	}
	for _, tc := range []struct {
		kind string
		must []string
		may  []string // follows from the same fault
	}{
		{"long-keyframe-gap", []string{"keyframe-interval"}, nil},
		{"clock-goes-back", []string{"timestamp-backwards"}, []string{"timestamp-jump", "av-drift", "keyframe-interval"}},
		{"joined-midway", []string{"metadata-missing", "config-video-late", "keyframe-first"}, []string{"track-missing"}},
		{"damaged", []string{"flv-garbage", "flv-truncated"}, nil},
		{"healthy", nil, nil},
	} {
		data := sampleOf(t, tc.kind)
		for _, p := range profile.All() {
			r := analysed(t, tc.kind+".flv", p.ID, data)
			found := map[string]bool{}
			for _, f := range r.Findings {
				found[f.Rule] = true
				if f.Severity > diag.Info && !slices.Contains(tc.must, f.Rule) && !slices.Contains(tc.may, f.Rule) {
					t.Errorf("%s, %s: %s %s: %s", tc.kind, p.ID, f.Severity, f.Rule, f.Message)
				}
			}
			for _, rule := range tc.must {
				if sev, _ := p.Severity(rule); sev != diag.Off && !found[rule] {
					t.Errorf("%s, %s: no %s among %v", tc.kind, p.ID, rule, found)
				}
			}
		}
	}
}

func TestLongGapIsWhereTheButtonSays(t *testing.T) {
	r := analysed(t, "x.flv", "generic", sampleOf(t, "long-keyframe-gap"))
	for _, f := range r.Findings {
		if f.Rule == "keyframe-interval" {
			if f.Media == nil || f.Media.TimestampMS != 14000 || f.Severity != diag.Error {
				t.Errorf("%+v at %+v", f, f.Media)
			}
			return
		}
	}
	t.Error("no keyframe-interval")
}

// The healthy sample is a recording that players take.
func TestHealthySampleDecodes(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("no ffmpeg")
	}
	cmd := exec.Command("ffmpeg", "-v", "error", "-xerror", "-i", "-", "-f", "null", "-")
	cmd.Stdin = bytes.NewReader(sampleOf(t, "healthy"))
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}
