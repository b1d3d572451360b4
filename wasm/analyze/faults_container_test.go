package analyze

import (
	"bytes"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv/flvtest"
)

var containerFaults = []fault{
	{name: "nothing at all", build: func() []byte { return nil }, want: "flv-signature!", check: func(t *testing.T, r *diag.Report) {
		if r.Verdict.Headline != "This file is empty." {
			t.Error(r.Verdict.Headline)
		}
	}},
	{name: "an MP4", build: func() []byte {
		return append([]byte("\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"), bytes.Repeat([]byte("x"), 5000)...)
	}, want: "flv-signature!", check: func(t *testing.T, r *diag.Report) {
		if r.Verdict.Headline != "This is not an FLV file; it looks like MP4." {
			t.Error(r.Verdict.Headline)
		}
		text(t, r, "flv-signature", "first_bytes", "00 00 00 20 66 74 79 70")
		for _, c := range r.Checks {
			if c.Rule != "flv-signature" && c.State != diag.CheckNA {
				t.Errorf("%s is %s", c.Rule, c.State)
			}
		}
	}},
	{name: "a web page", build: func() []byte { return []byte("<!doctype html><html><title>404</title></html>") }, want: "flv-signature!", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "flv-signature", "looks_like", "HTML")
	}},
	{name: "noise", build: func() []byte { return flvtest.NewHeader(1, 5, 9).Garbage(100000).Bytes()[13:] }, want: "flv-signature!"},
	{name: "five bytes of FLV", build: func() []byte { return []byte("FLV\x01\x05") }, want: "flv-signature!"},
	{name: "version 2 and reserved flags", build: func() []byte {
		b := flvtest.NewHeader(2, 0xff, 9)
		return append(b.Bytes(), flvtest.Healthy(5, 30, 2).Bytes()[13:]...)
	}, want: "flv-header", check: func(t *testing.T, r *diag.Report) {
		n := 0
		for _, f := range r.Findings {
			if f.Rule == "flv-header" {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%d findings for two faults", n)
		}
	}},
	{name: "a long header", build: func() []byte {
		return append(flvtest.NewHeader(1, 5, 32).Bytes(), flvtest.Healthy(5, 30, 2).Bytes()[13:]...)
	}, want: "flv-header"},
	{name: "audio promised by the header", build: func() []byte {
		return flvtest.Stream{NoAudio: true, Flags: 5}.Build().Bytes()
	}, want: "track-missing", infos: "flv-header-flags", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "track-missing", "promised_by", "file header")
		text(t, r, "flv-header-flags", "track", "audio")
	}},
	{name: "cut inside a body", build: func() []byte { return flvtest.Healthy(10, 30, 2).Cut(100).Bytes() }, want: "flv-truncated", check: func(t *testing.T, r *diag.Report) {
		if r.Input.State != diag.StateTruncated {
			t.Error(r.Input.State)
		}
		near(t, "missing_bytes", arg(t, r, "flv-truncated", "missing_bytes"), 96, 0)
	}},
	{name: "cut inside a tag header", build: func() []byte {
		b := flvtest.Healthy(10, 30, 2)
		return b.Raw(9, 0, 1, 0).Bytes()
	}, want: "flv-truncated", check: func(t *testing.T, r *diag.Report) {
		near(t, "have_bytes", arg(t, r, "flv-truncated", "have_bytes"), 4, 0)
	}},
	{name: "cut in the first second", build: func() []byte {
		b := flvtest.New()
		b.Script(0, flvtest.MetaData(flvtest.N("videocodecid", 7), flvtest.N("audiocodecid", 10)))
		b.Video(0, flvtest.AVCConfig(flvtest.SPS{})).Video(0, flvtest.IDR(20000, 0))
		return b.Cut(5000).Bytes()
	}, want: "flv-truncated", check: func(t *testing.T, r *diag.Report) {
		for _, c := range r.Checks {
			if c.Rule == "track-missing" && c.State != diag.CheckStopped {
				t.Errorf("%s is %s", c.Rule, c.State)
			}
		}
	}},
	{name: "PreviousTagSize always 0", build: func() []byte { return withPTS(flvtest.PTSZero) }, want: "flv-previous-tag-size", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "flv-previous-tag-size", "pattern", "0 is written")
	}},
	{name: "PreviousTagSize 4 too many", build: func() []byte { return withPTS(flvtest.PTSMore) }, want: "flv-previous-tag-size", check: func(t *testing.T, r *diag.Report) {
		text(t, r, "flv-previous-tag-size", "pattern", "4 too many")
	}},
	{name: "one PreviousTagSize wrong", build: func() []byte {
		s := flvtest.Stream{}
		s.Each = func(t *flvtest.Tag) {
			if t.Index == 100 {
				t.PTS = flvtest.PTSWrong
			}
		}
		return s.Build().Bytes()
	}, want: "flv-previous-tag-size", check: func(t *testing.T, r *diag.Report) {
		near(t, "count", finding(r, "flv-previous-tag-size").Count, 1, 0)
		near(t, "got", arg(t, r, "flv-previous-tag-size", "got"), 0x12345678, 0)
	}},
	{name: "noise between two tags", build: func() []byte {
		s := flvtest.Stream{}
		s.Each = func(t *flvtest.Tag) {
			if t.Index == 200 {
				t.Before = flvtest.New().Garbage(513).Bytes()[13:]
			}
		}
		return s.Build().Bytes()
	}, want: "flv-garbage!", check: func(t *testing.T, r *diag.Report) {
		near(t, "skipped_bytes", arg(t, r, "flv-garbage", "skipped_bytes"), 513, 0)
		if !strings.HasPrefix(r.Verdict.Headline, "The recording is at fault: ") {
			t.Error(r.Verdict.Headline)
		}
	}},
	{name: "a tag of type 20", build: func() []byte {
		s := flvtest.Stream{}
		s.Each = func(t *flvtest.Tag) {
			if t.Index == 100 || t.Index == 200 {
				t.Before = flvtest.New().Tag(20, t.Timestamp, make([]byte, 50)).Bytes()[13:]
			}
		}
		return s.Build().Bytes()
	}, want: "flv-unknown-tag", check: func(t *testing.T, r *diag.Report) {
		near(t, "type", arg(t, r, "flv-unknown-tag", "type"), 20, 0)
		near(t, "count", finding(r, "flv-unknown-tag").Count, 2, 0)
	}},
	{name: "encrypted video", build: func() []byte {
		s := flvtest.Stream{}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 9 {
				t.Type |= 0x20
			}
		}
		return s.Build().Bytes()
	}, want: "flv-encrypted!"},
	{name: "header only", build: func() []byte { return flvtest.New().Bytes()[:9] }, want: "flv-empty!"},
	{name: "header and PreviousTagSize", build: func() []byte { return flvtest.New().Bytes() }, want: "flv-empty!"},
	{name: "metadata only", build: func() []byte {
		return flvtest.New().Script(0, flvtest.MetaData(flvtest.N("width", 640))).Bytes()
	}, want: "flv-empty!"},
	{name: "sequence headers only", build: func() []byte {
		return flvtest.New().Video(0, flvtest.AVCConfig(flvtest.SPS{})).Audio(0, flvtest.AACConfig(44100, 2)).Bytes()
	}, want: "flv-empty!"},
	{name: "a key frame of 3.4 MB", build: func() []byte {
		s := flvtest.Stream{}
		s.Each = func(t *flvtest.Tag) {
			if t.Key && t.Timestamp == 4000 {
				t.Body = flvtest.IDR(3_400_000, 0)
			}
		}
		return s.Build().Bytes()
	}, want: "frame-too-large bitrate-mismatch", check: func(t *testing.T, r *diag.Report) {
		near(t, "bytes", arg(t, r, "frame-too-large", "bytes"), 3_400_005, 0)
	}},
	{name: "audio tags of 70 kB", build: func() []byte {
		s := flvtest.Stream{}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 8 && (t.Frame == 5 || t.Frame == 9) {
				t.Body = flvtest.AAC(70000 + t.Frame)
			}
		}
		return s.Build().Bytes()
	}, want: "frame-too-large", check: func(t *testing.T, r *diag.Report) {
		near(t, "largest_bytes", arg(t, r, "frame-too-large", "largest_bytes"), 70011, 0)
	}},
	{name: "a frame of 1.1 MB at nginx-rtmp", profile: "nginx-rtmp", build: func() []byte {
		s := flvtest.Stream{Seconds: 4}
		s.Each = func(t *flvtest.Tag) {
			if t.Key && t.Timestamp == 2000 {
				t.Body = flvtest.IDR(1_100_000, 0)
			}
		}
		return s.Build().Bytes()
	}, want: "frame-too-large!"},
}

func withPTS(mode flvtest.PTSMode) []byte {
	s := flvtest.Stream{}
	s.Each = func(t *flvtest.Tag) { t.PTS = mode }
	return s.Build().Bytes()
}
