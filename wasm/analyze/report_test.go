package analyze

import (
	"math"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv/flvtest"
	"ingestdoctor/wasm/profile"
)

func TestSummary(t *testing.T) {
	file := flvtest.Stream{Seconds: 60, FPS: 25, BFrames: 2, StartMS: 5000, VideoKbps: 2000, AudioKbps: 128, SampleRate: 48000}.Build().Bytes()
	r := analyse(t, "youtube", file, 0)
	m := r.Media
	if len(m.Tracks) != 2 {
		t.Fatalf("%d tracks", len(m.Tracks))
	}
	v, a := m.Tracks[0], m.Tracks[1]
	near(t, "start", m.StartMS, 5000, 0)
	near(t, "duration", m.DurationMS, 60000, 25)
	if v.Codec != "H.264" || v.CodecTag != "7" || v.Profile != "High" || v.Width != 1280 || v.Height != 720 || v.ChromaFormat != "4:2:0" || v.BitDepth != 8 {
		t.Errorf("video %+v", v)
	}
	if v.FrameRate != 25 || v.DeclaredRate != 25 || v.Frames != 1500 || v.KeyFrames != 30 || !v.BFrames || v.Configs != 1 {
		t.Errorf("video %+v", v)
	}
	if math.Abs(v.Bitrate.Mean-2000) > 20 || v.Bitrate.Peak < v.Bitrate.Mean || v.Bitrate.Peak > 2400 || v.Declared != 2000 {
		t.Errorf("video rate %+v", v.Bitrate)
	}
	if a.Codec != "AAC" || a.SampleRate != 48000 || a.Channels != 2 || a.Profile != "LC" || math.Abs(a.Bitrate.Mean-128) > 1 {
		t.Errorf("audio %+v", a)
	}
	if math.Abs(m.Bitrate.Mean-v.Bitrate.Mean-a.Bitrate.Mean) > 3 || m.Bitrate.Peak < m.Bitrate.Mean {
		t.Errorf("rate %+v", m.Bitrate)
	}
	if g := m.GOP; g.Count != 29 || g.MinMS != 2000 || g.MedianMS != 2000 || g.MaxMS != 2000 || g.OpenMS != 1960 {
		t.Errorf("GOP %+v", g)
	}
	if m.Encoder != "flvtest" || m.Enhanced || len(m.Metadata) < 8 {
		t.Errorf("%+v", m)
	}
	if r.Verdict.Headline != "Nothing in this recording would make YouTube refuse it." || r.Verdict.Severity != diag.Off || r.Verdict.Next != "" {
		t.Errorf("verdict %+v", r.Verdict)
	}
	if r.Input.State != diag.StateComplete || r.Input.Bytes != int64(len(file)) || r.Input.Read != int64(len(file)) || r.Kind != "flv" || r.Format != diag.Format {
		t.Errorf("input %+v", r.Input)
	}
}

func TestMetadataIsBounded(t *testing.T) {
	props := []flvtest.Prop{flvtest.S("encoder", strings.Repeat("é", 5000))}
	for range 500 {
		props = append(props, flvtest.S(strings.Repeat("n", 3000), "v"))
	}
	r := analyse(t, "generic", flvtest.Stream{MetaData: props}.Build().Bytes(), 0)
	sound(t, r)
	if n := len(r.Media.Metadata); n != maxProperties {
		t.Errorf("%d properties", n)
	}
	if n := len(r.Media.Encoder); n > maxValue+10 || n < maxValue-2 {
		t.Errorf("an encoder of %d bytes", n)
	}
	for _, p := range r.Media.Metadata {
		if len(p.Name) > maxName+3 || len(p.Value) > maxValue+3 {
			t.Errorf("property of %d and %d bytes", len(p.Name), len(p.Value))
		}
	}
}

func TestSeries(t *testing.T) {
	file := flvtest.Stream{Seconds: 100, FPS: 25, StartMS: 7000, VideoKbps: 2000, SampleRate: 48000}.Build().Bytes()
	s := analyse(t, "generic", file, 0).Series
	if s.StartMS != 7000 || s.StepMS != 1000 || len(s.VideoKbps) != 100 || s.LeftOut != 0 {
		t.Fatalf("start %d step %d points %d left out %d", s.StartMS, s.StepMS, len(s.VideoKbps), s.LeftOut)
	}
	sum := 0.0
	for i := range s.VideoKbps {
		sum += s.VideoKbps[i]
		if s.VideoPeakKbps[i] < s.VideoKbps[i] || math.Abs(s.FrameRate[i]-25) > 1.1 || math.Abs(s.AudioKbps[i]-128) > 5 {
			t.Errorf("second %d: %v peak %v, %v fps, audio %v", i, s.VideoKbps[i], s.VideoPeakKbps[i], s.FrameRate[i], s.AudioKbps[i])
		}
		if math.IsNaN(s.AVMinMS[i]) || s.AVMinMS[i] > s.AVMaxMS[i] || s.AVMinMS[i] < -60 || s.AVMaxMS[i] > 60 {
			t.Errorf("second %d: audio minus video %v to %v", i, s.AVMinMS[i], s.AVMaxMS[i])
		}
	}
	if math.Abs(sum/100-2000) > 20 {
		t.Errorf("mean %v", sum/100)
	}
	if len(s.GOPStartMS) != 49 || s.GOPStartMS[3] != 13000 || s.GOPLenMS[3] != 2000 {
		t.Errorf("GOPs %v %v", s.GOPStartMS, s.GOPLenMS)
	}
	if want := (int64(len(file)) + s.ByteStep - 1) / s.ByteStep; int64(len(s.VideoByByte)) != want || want > diag.MaxPoints || want < diag.MaxPoints/2 {
		t.Errorf("%d byte buckets of %d, want %d", len(s.VideoByByte), s.ByteStep, want)
	}
	last := 0.0
	for i, v := range s.VideoByByte {
		if !math.IsNaN(v) {
			if v < last {
				t.Errorf("byte bucket %d: %v behind %v", i, v, last)
			}
			last = v
		}
	}
	if last != 106960 {
		t.Errorf("the last byte bucket holds %v", last)
	}
}

// TestSeriesStaysBounded plots ten hours, and a clock that goes mad.
func TestSeriesStaysBounded(t *testing.T) {
	b := flvtest.New()
	b.Video(0, flvtest.AVCConfig(flvtest.SPS{}))
	for i := range 18000 {
		b.Video(int64(i)*2000, flvtest.IDR(100, 0))
	}
	r := analyse(t, "generic", b.Bytes(), 0)
	s := r.Series
	if n := len(s.VideoKbps); n > diag.MaxPoints || n < diag.MaxPoints/2 || s.StepMS != 64000 {
		t.Errorf("%d points of %d ms", n, s.StepMS)
	}
	if len(s.GOPLenMS) > diag.MaxPoints || r.Media.GOP.MedianMS < 1950 || r.Media.GOP.MedianMS > 2050 || r.Media.GOP.Count != 17999 {
		t.Errorf("GOP %+v, %d points", r.Media.GOP, len(s.GOPLenMS))
	}
	for i, v := range s.FrameRate {
		if math.Abs(v-0.5) > 0.1 {
			t.Errorf("bucket %d: %v fps", i, v)
		}
	}

	far := flvtest.Stream{Seconds: 60, FPS: 25}
	far.Each = func(t *flvtest.Tag) {
		if t.Frame >= 0 && t.Frame%200 == 100 {
			t.Timestamp += 8 * 3600 * 1000
		}
	}
	s = analyse(t, "generic", far.Build().Bytes(), 0).Series
	if s.StepMS != 1000 || len(s.VideoKbps) != 60 || s.LeftOut != 7+13 {
		t.Errorf("step %d, %d points, %d left out", s.StepMS, len(s.VideoKbps), s.LeftOut)
	}

	first := flvtest.Stream{Seconds: 60, FPS: 25}
	first.Each = func(t *flvtest.Tag) {
		if t.Timestamp > 0 {
			t.Timestamp += 10 * 3600 * 1000
		}
	}
	s = analyse(t, "generic", first.Build().Bytes(), 0).Series
	if s.StepMS != 1000 || s.StartMS < 10*3600*1000 || s.LeftOut != 2 {
		t.Errorf("start %d, step %d, %d left out", s.StartMS, s.StepMS, s.LeftOut)
	}
}

func TestTail(t *testing.T) {
	file := flvtest.Stream{Seconds: 30, FPS: 25}.Build().Bytes()
	for _, n := range []int{64 << 10, 20000} {
		a := New(Options{Size: int64(len(file))})
		a.Tail(file[len(file)-n:])
		_, _ = a.Write(file[:50000])
		r := a.Progress()
		sound(t, r)
		near(t, "early duration", r.Media.DurationMS, 29970, 40)
		if r.Input.State != diag.StateReading || r.Input.Read != 50000 || len(r.Checks) != 0 {
			t.Errorf("%+v", r.Input)
		}
	}
	// The end of the file changes nothing in the final report.
	with, without := New(Options{Size: int64(len(file))}), New(Options{Size: int64(len(file))})
	with.Tail(file[len(file)-5000:])
	_, _ = with.Write(file)
	_, _ = without.Write(file)
	if string(with.Close("complete", "").JSON()) != string(without.Close("complete", "").JSON()) {
		t.Error("the tail changes the final report")
	}
	// Whatever the last bytes are, they are only a hint.
	for _, bad := range [][]byte{nil, {1}, file[len(file)-14:], make([]byte, 4096), file[100:4000], []byte(strings.Repeat("\xff", 1000)), file[len(file)-1000 : len(file)-2]} {
		a := New(Options{Size: int64(len(file))})
		a.Tail(bad)
		_, _ = a.Write(file[:50000])
		if d := a.Progress().Media.DurationMS; d > 30100 {
			t.Errorf("a duration of %d", d)
		}
	}
	wrap := flvtest.Stream{Seconds: 30, FPS: 25, StartMS: 1<<32 - 10000}.Build().Bytes()
	a := New(Options{})
	a.Tail(wrap[len(wrap)-30000:])
	_, _ = a.Write(wrap[:50000])
	near(t, "duration over the wrap", a.Progress().Media.DurationMS, 29970, 40)
	zero := withPTS(flvtest.PTSMore)
	a = New(Options{})
	a.Tail(zero[len(zero)-30000:])
	_, _ = a.Write(zero[:50000])
	near(t, "duration with sizes 4 too many", a.Progress().Media.DurationMS, 9970, 40)
}

func TestProgressAndCancel(t *testing.T) {
	file := flvtest.Stream{Seconds: 60, GOP: 15}.Build().Bytes()
	p, _ := profile.ByID("youtube")
	a := New(Options{Profile: p, Name: "a.flv", Size: int64(len(file))})
	if r := a.Progress(); r == nil || r.Media != nil || r.Verdict.Headline != "Nothing found so far." {
		t.Errorf("before the first byte: %+v", r)
	}
	grown := 0
	for i := 0; i < len(file)/2; i += 100000 {
		_, _ = a.Write(file[i:min(i+100000, len(file)/2)])
		r := a.Progress()
		sound(t, r)
		if n := len(r.Series.VideoKbps); n < grown {
			t.Errorf("the plot shrinks from %d to %d", grown, n)
		} else {
			grown = n
		}
		if string(a.Progress().JSON()) != string(r.JSON()) {
			t.Error("looking changes the report")
		}
	}
	if finding(a.Progress(), "keyframe-interval") == nil {
		t.Error("a closed interval is not told while reading")
	}
	r := a.Close(diag.StateCancelled, "stopped by the person")
	sound(t, r)
	if r.Input.State != diag.StateCancelled || r.Input.Detail == "" {
		t.Errorf("%+v", r.Input)
	}
	states := map[string]int{}
	for _, c := range r.Checks {
		states[c.State]++
	}
	if states[diag.CheckPassed] != 0 || states[diag.CheckStopped] < 30 {
		t.Errorf("states %v", states)
	}
	for _, f := range r.Findings {
		switch f.Rule {
		case "flv-truncated", "metadata-missing", "track-missing", "flv-header-flags", "flv-empty":
			t.Errorf("%s is told of a cancelled input", f.Rule)
		}
	}
	if again := a.Close(diag.StateComplete, ""); again != r || a.Progress() != r {
		t.Error("a second Close gives another report")
	}
	_, _ = a.Write(file)
	if string(a.Progress().JSON()) != string(r.JSON()) {
		t.Error("writing after Close changes the report")
	}

	for _, n := range []int{0, 1, 5, 9, 13, 20, 300} {
		a := New(Options{})
		_, _ = a.Write(file[:n])
		r := a.Close(diag.StateCancelled, "")
		sound(t, r)
		for _, f := range r.Findings {
			t.Errorf("cancelled after %d bytes: %s", n, f.Rule)
		}
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		profile string
		file    []byte
		want    string
	}{
		{"youtube", flvtest.Healthy(10, 30, 2).Bytes(), "Nothing in this recording would make YouTube refuse it."},
		{"azure-live-encoding", flvtest.Healthy(10, 30, 2).Bytes(), "Nothing in this recording would have made Azure refuse it."},
		{"generic", flvtest.Healthy(10, 30, 2).Bytes(), "Nothing in this recording would make an RTMP platform refuse it."},
		{"youtube", flvtest.Healthy(30, 30, 6).Bytes(), "YouTube may have trouble with this: no key frame for 6.0 s at 0:00.0"},
		{"facebook", flvtest.Healthy(30, 30, 6).Bytes(), "Facebook would refuse this: no key frame for 6.0 s at 0:00.0"},
		{"youtube", flvtest.Healthy(30, 30, 20).Bytes(), "YouTube may refuse this: no key frame for 20.0 s at 0:00.0"},
		{"generic", []byte("hello, this is a text of more than a few words"), "This is not an FLV file; it looks like plain text."},
	} {
		r := analyse(t, c.profile, c.file, 0)
		if r.Verdict.Headline != c.want {
			t.Errorf("%s: %q, want %q", c.profile, r.Verdict.Headline, c.want)
		}
		if r.Profile.Retired != "" && !strings.Contains(r.Verdict.Next, "2024") {
			t.Errorf("%s is retired, and Next says %q", c.profile, r.Verdict.Next)
		}
		if r.Verdict.Severity >= diag.Warning && r.Verdict.Next == "" {
			t.Errorf("%s: nothing to do next", c.profile)
		}
	}
}
