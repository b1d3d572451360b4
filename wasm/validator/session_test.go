package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"ingestdoctor/wasm/analyze"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/worker"
	"ingestdoctor/web/e2e/flvgen"
)

// run analyses data as the worker does, in chunks.
func run(t *testing.T, s *session, profileID, name string, data []byte, chunk int) diag.Report {
	t.Helper()
	if !s.Room(max(chunk, 1<<10), maxBuffer) {
		t.Fatal("no buffer")
	}
	n := copy(s.In, profileID)
	m := copy(s.In[n:], name)
	if got := s.open(n, m, int64(len(data))); got != 0 {
		t.Fatalf("open: %d", got)
	}
	for at := 0; at < len(data); at += chunk {
		part := data[at:min(at+chunk, len(data))]
		copy(s.In, part)
		if got := s.write(len(part)); got != len(part) {
			t.Fatalf("write: %d of %d", got, len(part))
		}
	}
	return decode(t, s, s.end(0, 0))
}

func decode(t *testing.T, s *session, n int) (r diag.Report) {
	t.Helper()
	if n <= 0 || n > len(s.Out) {
		t.Fatalf("result of %d bytes, %d there", n, len(s.Out))
	}
	if err := json.Unmarshal(s.Out[:n], &r); err != nil {
		t.Fatalf("%v in %s", err, s.Out[:n])
	}
	return r
}

// recordings are what the tests read: a healthy one, one without key frames for
// a while, and one with damage in the middle and a cut end.
func recordings(t testing.TB) map[string][]byte {
	t.Helper()
	spec := flvgen.Spec{Width: 640, Height: 360, FPS: 25, VideoKbps: 200, AudioKbps: 64, SampleRate: 44100, KeyMS: 2000, DurationMS: 40000}
	gap := spec
	gap.GapAtMS, gap.GapMS = 10000, 20000
	all := map[string][]byte{"healthy": written(t, spec), "gap": written(t, gap)}
	h := all["healthy"]
	damaged := append(bytes.Clone(h[:300000]), bytes.Repeat([]byte{0x80, 0x31, 0xff}, 1000)...)
	all["damaged"] = append(damaged, h[300000:len(h)-77]...)
	return all
}

func written(t testing.TB, s flvgen.Spec) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The calls of the worker come to the same as the analyser called directly,
// whatever the chunks.
func TestSameAsDirect(t *testing.T) {
	for name, data := range recordings(t) {
		for _, chunk := range []int{4096, 65536, 1 << 20} {
			var s session
			got := run(t, &s, "youtube", name, data, chunk)
			p, _ := profile.ByID("youtube")
			a := analyze.New(analyze.Options{Profile: p, Name: name, Size: int64(len(data))})
			_, _ = a.Write(data)
			var want diag.Report
			if err := json.Unmarshal(a.Close(diag.StateComplete, "").JSON(), &want); err != nil {
				t.Fatal(err)
			}
			if x, y := got.JSON(), want.JSON(); !bytes.Equal(x, y) {
				t.Errorf("%s in chunks of %d:\n%.400s\ndirectly\n%.400s", name, chunk, x, y)
			}
			if name == "gap" && len(got.Findings) == 0 {
				t.Error("nothing found in the gap")
			}
		}
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
		"dissect":       s.dissect(1, 0, 0),
		"dissect below": s.dissect(0, -1, 0),
		"named":         s.named(1),
	} {
		if got >= 0 {
			t.Errorf("%s: %d", name, got)
		}
	}
	if s.Room(maxBuffer+1, maxBuffer) || s.Room(-1, maxBuffer) {
		t.Error("a buffer of any size")
	}
	s.Room(64, maxBuffer)
	n := copy(s.In, "no-such-profile")
	if got := s.open(n, 0, 0); got >= 0 {
		t.Errorf("an unknown profile: %d", got)
	}
	run(t, &s, "generic", "x.flv", recordings(t)["healthy"], 4096)
	if s.end(0, 0) >= 0 || s.write(1) >= 0 {
		t.Error("calls after the end")
	}
}

// The end's state and reason are in the report, whatever was read.
func TestEndings(t *testing.T) {
	data := recordings(t)["healthy"]
	for state, want := range worker.Endings {
		var s session
		s.Room(len(data), maxBuffer)
		n := copy(s.In, "generic")
		s.open(n, 0, int64(len(data)))
		copy(s.In, data[:200000])
		s.write(200000)
		if partial := decode(t, &s, s.progress()); partial.Input.State != diag.StateReading || partial.Input.Read != 200000 {
			t.Errorf("partial: %+v", partial.Input)
		}
		m := copy(s.In, "because")
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
	s.Room(16, maxBuffer)
	s.named(copy(s.In, "1.2.3"))
	n := s.about()
	var about struct {
		Version  string         `json:"version"`
		Profiles []diag.Profile `json:"profiles"`
		Default  string         `json:"default"`
	}
	if err := json.Unmarshal(s.Out[:n], &about); err != nil {
		t.Fatalf("%v in %s", err, s.Out[:n])
	}
	if about.Version != "1.2.3" || about.Default != "generic" || len(about.Profiles) != len(profile.All()) {
		t.Errorf("%s %s %d", about.Version, about.Default, len(about.Profiles))
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
	s.Room(len(data), maxBuffer)
	copy(s.In, data)
	n := s.dissect(len(data), base, focus)
	var tags []tagJSON
	if n < 0 {
		t.Fatalf("dissect: %d", n)
	}
	if err := json.Unmarshal(s.Out[:n], &tags); err != nil {
		t.Fatalf("%v in %s", err, s.Out[:n])
	}
	return tags
}

// Every finding has its tag among the dissected ones, marked, and the bytes shown are the file's.
func TestDissectFindings(t *testing.T) {
	for id, data := range recordings(t) {
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
	for _, data := range recordings(f) {
		f.Add(data[:5000], int64(0), int64(300))
	}
	f.Add([]byte("FLV"), int64(0), int64(0))
	f.Add([]byte{9, 0xff, 0xff, 0xff}, int64(5), int64(5))
	f.Fuzz(func(t *testing.T, data []byte, base, focus int64) {
		var s session
		s.Room(min(len(data), maxBuffer), maxBuffer)
		n := copy(s.In, data)
		got := s.dissect(n, base, focus)
		if got >= 0 && !json.Valid(s.Out[:got]) {
			t.Errorf("no JSON: %s", s.Out[:got])
		}
	})
}
