package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

// run analyses data as the worker does, in chunks.
func run(t *testing.T, s *session, profileID, name string, data []byte, chunk int) diag.Report {
	t.Helper()
	if !s.buffer(max(chunk, 1<<10)) {
		t.Fatal("no buffer")
	}
	n := copy(s.in, profileID)
	m := copy(s.in[n:], name)
	if got := s.open(n, m, int64(len(data))); got != 0 {
		t.Fatalf("open: %d", got)
	}
	for at := 0; at < len(data); at += chunk {
		part := data[at:min(at+chunk, len(data))]
		copy(s.in, part)
		if got := s.write(len(part)); got != len(part) {
			t.Fatalf("write: %d of %d", got, len(part))
		}
	}
	return decode(t, s, s.end(0, 0))
}

func decode(t *testing.T, s *session, n int) (r diag.Report) {
	t.Helper()
	if n <= 0 || n > len(s.out) {
		t.Fatalf("result of %d bytes, %d there", n, len(s.out))
	}
	if err := json.Unmarshal(s.out[:n], &r); err != nil {
		t.Fatalf("%v in %s", err, s.out[:n])
	}
	return r
}

func makeSample(t *testing.T, id string) []byte {
	t.Helper()
	for i, known := range sampleIDs {
		if known == id {
			var s session
			n := s.sample(i)
			return s.out[:n]
		}
	}
	t.Fatalf("no sample %s", id)
	return nil
}

// Each sample shows what its button promises, under every profile, and nothing
// worse than a note besides.
func TestSamples(t *testing.T) {
	for _, tc := range []struct {
		id   string
		must []string
		may  []string // follows from the same fault
	}{
		{"long-keyframe-gap", []string{"keyframe-interval"}, []string{"keyframe-irregular"}},
		{"clock-goes-back", []string{"timestamp-backwards"}, []string{"timestamp-jump", "av-drift", "keyframe-interval", "keyframe-irregular", "metadata-mismatch"}},
		{"joined-midway", []string{"metadata-missing", "config-video-late", "keyframe-first"}, []string{"track-missing"}},
		{"damaged", []string{"flv-garbage", "flv-truncated"}, nil},
		{"healthy", nil, nil},
	} {
		data := makeSample(t, tc.id)
		for _, p := range profile.All() {
			var s session
			r := run(t, &s, p.ID, tc.id+".flv", data, 1<<16)
			found := map[string]diag.Severity{}
			for _, f := range r.Findings {
				found[f.Rule] = f.Severity
				if f.Severity > diag.Info && !strings.Contains(strings.Join(append(tc.must, tc.may...), " "), f.Rule) {
					t.Errorf("%s, %s: %s %s: %s", tc.id, p.ID, f.Severity, f.Rule, f.Message)
				}
			}
			for _, rule := range tc.must {
				if sev, _ := p.Severity(rule); sev == diag.Off {
					continue
				}
				if _, ok := found[rule]; !ok {
					t.Errorf("%s, %s: no %s among %v", tc.id, p.ID, rule, found)
				}
			}
		}
	}
}

func TestLongGapIsWhereTheButtonSays(t *testing.T) {
	var s session
	r := run(t, &s, "generic", "x.flv", makeSample(t, "long-keyframe-gap"), 1<<20)
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
	cmd.Stdin = bytes.NewReader(makeSample(t, "healthy"))
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

// A wrong call is answered, never a panic, and leaves the session usable.
func TestWrongCalls(t *testing.T) {
	var s session
	for name, got := range map[string]int{
		"write":         s.write(0),
		"tail":          s.tail(0),
		"progress":      s.progress(),
		"end":           s.end(0, 0),
		"open":          s.open(1, 1, 0),
		"negative":      s.open(-1, 1, 0),
		"sample":        s.sample(len(samples)),
		"sample -1":     s.sample(-1),
		"dissect":       s.dissect(1, 0, 0),
		"dissect below": s.dissect(0, -1, 0),
		"named":         s.named(1),
	} {
		if got >= 0 {
			t.Errorf("%s: %d", name, got)
		}
	}
	if s.buffer(maxBuffer+1) || s.buffer(-1) {
		t.Error("a buffer of any size")
	}
	s.buffer(64)
	n := copy(s.in, "no-such-profile")
	if got := s.open(n, 0, 0); got >= 0 {
		t.Errorf("an unknown profile: %d", got)
	}
	run(t, &s, "generic", "x.flv", makeSample(t, "healthy"), 4096)
	if s.end(0, 0) >= 0 || s.write(1) >= 0 {
		t.Error("calls after the end")
	}
}

// The end's state and reason are in the report, whatever was read.
func TestEndings(t *testing.T) {
	data := makeSample(t, "healthy")
	for state, want := range endings {
		var s session
		s.buffer(len(data))
		n := copy(s.in, "generic")
		s.open(n, 0, int64(len(data)))
		copy(s.in, data[:200000])
		s.write(200000)
		if partial := decode(t, &s, s.progress()); partial.Input.State != diag.StateReading || partial.Input.Read != 200000 {
			t.Errorf("partial: %+v", partial.Input)
		}
		m := copy(s.in, "because")
		r := decode(t, &s, s.end(state, m))
		if want == diag.StateComplete {
			want = diag.StateTruncated
		}
		if r.Input.State != want || r.Input.Detail != "because" {
			t.Errorf("%+v, want %s", r.Input, want)
		}
	}
}

func TestAbout(t *testing.T) {
	var s session
	s.buffer(16)
	s.named(copy(s.in, "1.2.3"))
	n := s.about()
	var about struct {
		Version  string         `json:"version"`
		Profiles []diag.Profile `json:"profiles"`
		Samples  []string       `json:"samples"`
		Default  string         `json:"default"`
	}
	if err := json.Unmarshal(s.out[:n], &about); err != nil {
		t.Fatalf("%v in %s", err, s.out[:n])
	}
	if about.Version != "1.2.3" || about.Default != "generic" || len(about.Profiles) != len(profile.All()) || len(about.Samples) != len(samples) {
		t.Errorf("%s %s %d %v", about.Version, about.Default, len(about.Profiles), about.Samples)
	}
	for i, p := range about.Profiles {
		if want := profile.All()[i].Info(); p.ID != want.ID || len(p.Limits) != len(want.Limits) {
			t.Errorf("%s: %d limits, want %d", p.ID, len(p.Limits), len(want.Limits))
		}
	}
}

type tagJSON struct {
	Offset  int64  `json:"offset"`
	Kind    string `json:"kind"`
	Size    int64  `json:"size"`
	Summary string `json:"summary"`
	Focus   bool   `json:"focus"`
	Fields  []struct {
		Offset int64  `json:"offset"`
		Hex    string `json:"hex"`
		Size   int64  `json:"size"`
		Name   string `json:"name"`
		Value  string `json:"value"`
	} `json:"fields"`
}

func dissectAt(t *testing.T, data []byte, base, focus int64) []tagJSON {
	t.Helper()
	var s session
	s.buffer(len(data))
	copy(s.in, data)
	n := s.dissect(len(data), base, focus)
	var tags []tagJSON
	if n < 0 {
		t.Fatalf("dissect: %d", n)
	}
	if err := json.Unmarshal(s.out[:n], &tags); err != nil {
		t.Fatalf("%v in %s", err, s.out[:n])
	}
	return tags
}

// Every finding of every sample has its tag among the dissected ones, marked,
// and the bytes shown are the file's.
func TestDissectFindings(t *testing.T) {
	for _, id := range sampleIDs {
		data := makeSample(t, id)
		var s session
		r := run(t, &s, "generic", id, data, 1<<20)
		for _, f := range r.Findings {
			if f.Media == nil {
				continue
			}
			checkDissected(t, id+" "+f.Rule, data, f.Media.Offset)
		}
		checkDissected(t, id+" header", data, 0)
		checkDissected(t, id+" in a body", data, 60000)
	}
}

func checkDissected(t *testing.T, name string, data []byte, focus int64) {
	t.Helper()
	base := max(0, focus-100000)
	tags := dissectAt(t, data[base:min(int64(len(data)), focus+100000)], base, focus)
	marked := 0
	for _, tag := range tags {
		if tag.Focus {
			marked++
			if tag.Offset > focus {
				t.Errorf("%s: the marked tag begins at %d, the place is %d", name, tag.Offset, focus)
			}
		}
		for _, f := range tag.Fields {
			if f.Name == "" {
				t.Errorf("%s: a field without name in %+v", name, tag)
			}
			if len(f.Hex) < 2 {
				continue
			}
			const digits = "0123456789ABCDEF"
			c := data[f.Offset]
			if f.Hex[0] != digits[c>>4] || f.Hex[1] != digits[c&15] {
				t.Errorf("%s: field %s at %d shows %s, the byte is %02X", name, f.Name, f.Offset, f.Hex, c)
			}
		}
	}
	if marked != 1 {
		t.Errorf("%s: %d tags are marked of %d around %d", name, marked, len(tags), focus)
	}
}

// Hostile bytes are taken apart without a panic.
func FuzzDissect(f *testing.F) {
	for i := range samples {
		var s session
		n := s.sample(i)
		f.Add(s.out[:min(n, 5000)], int64(0), int64(300))
	}
	f.Add([]byte("FLV"), int64(0), int64(0))
	f.Add([]byte{9, 0xff, 0xff, 0xff}, int64(5), int64(5))
	f.Fuzz(func(t *testing.T, data []byte, base, focus int64) {
		var s session
		s.buffer(min(len(data), maxBuffer))
		n := copy(s.in, data)
		got := s.dissect(n, base, focus)
		if got >= 0 && !json.Valid(s.out[:got]) {
			t.Errorf("no JSON: %s", s.out[:got])
		}
	})
}
