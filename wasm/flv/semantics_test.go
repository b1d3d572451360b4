package flv_test

import (
	"fmt"
	"strings"
	"testing"

	"ingestdoctor/wasm/flv"
	ft "ingestdoctor/wasm/flv/flvtest"
)

// keeper keeps what a Reader reports.
type keeper struct {
	tags    []flv.Tag
	frames  [][]flv.Frame
	pts     []uint32
	garbage []string
}

func (k *keeper) Header(flv.Header) {}
func (k *keeper) Tag(t *flv.Tag, f []flv.Frame) {
	k.tags = append(k.tags, *t)
	k.frames = append(k.frames, append([]flv.Frame(nil), f...))
}
func (k *keeper) PreviousTagSize(_ *flv.Tag, _ int64, got uint32) { k.pts = append(k.pts, got) }
func (k *keeper) Garbage(o, n int64)                              { k.garbage = append(k.garbage, fmt.Sprintf("%d+%d", o, n)) }
func (k *keeper) NotFLV(string)                                   {}

func keep(b *ft.Builder) (*keeper, *flv.Reader) {
	k := &keeper{}
	r := flv.NewReader(k)
	r.Write(b.Bytes())
	r.Close()
	return k, r
}

// frame gives the only frame of a body put into a tag.
func frame(t *testing.T, typ byte, body []byte, before ...[]byte) flv.Frame {
	t.Helper()
	b := ft.New()
	for _, p := range before {
		b.Tag(typ, 0, p)
	}
	k, _ := keep(b.Tag(typ, 0, body))
	f := k.frames[len(k.frames)-1]
	if len(f) != 1 {
		t.Fatalf("%d frames, want 1", len(f))
	}
	return f[0]
}

func TestTimestamps(t *testing.T) {
	for _, c := range []struct {
		name string
		raw  []int64 // video, audio by turns
		want []int64
	}{
		{"plain", []int64{0, 0, 40, 23}, []int64{0, 0, 40, 23}},
		{"starts at five hours", []int64{18_000_000, 18_000_010, 18_000_040}, []int64{18_000_000, 18_000_010, 18_000_040}},
		{"negative start", []int64{-16, 0, 17}, []int64{-16, 0, 17}},
		{"written as 0xfffffff0", []int64{0xfffffff0, 5, 0x10}, []int64{-16, 5, 16}},
		{
			"49 days",
			[]int64{0, 0, 1 << 30, 1 << 30, 1 << 31, 1 << 31, 3 << 30, 3 << 30, 1<<32 - 10, 1<<32 - 5, 30, 35},
			[]int64{0, 0, 1 << 30, 1 << 30, 1 << 31, 1 << 31, 3 << 30, 3 << 30, 1<<32 - 10, 1<<32 - 5, 1<<32 + 30, 1<<32 + 35},
		},
		{"24.8 days", []int64{1<<31 - 10, 1<<31 - 5, 1<<31 + 30}, []int64{1<<31 - 10, 1<<31 - 5, 1<<31 + 30}},
		{"backwards", []int64{1000, 1000, 500}, []int64{1000, 1000, 500}},
		{"other track after the wrap", []int64{1<<32 - 10, 20, 30}, []int64{-10, 20, 30}},
	} {
		b := ft.New()
		for i, ms := range c.raw {
			if i%2 == 0 {
				b.Video(ms, ft.P(20, 0))
			} else {
				b.Audio(ms, ft.AAC(20))
			}
		}
		k, _ := keep(b)
		for i := range c.want {
			if k.tags[i].Timestamp != c.want[i] || k.tags[i].RawTimestamp != uint32(c.raw[i]) {
				t.Errorf("%s: tag %d: %d (raw %d), want %d", c.name, i, k.tags[i].Timestamp, k.tags[i].RawTimestamp, c.want[i])
			}
		}
	}
	// A script tag at 0 in front of media that is late in the stream.
	k, _ := keep(ft.New().Script(0, meta).Video(18_000_000, ft.P(20, 0)).Script(0, meta).Video(18_000_040, ft.P(20, 0)))
	if k.tags[1].Timestamp != 18_000_000 || k.tags[2].Timestamp != 0 || k.tags[3].Timestamp != 18_000_040 {
		t.Error("script and video share a clock: ", k.tags)
	}
}

func idPTS(id uint32, mode ft.PTSMode) *ft.Builder {
	b := ft.New()
	b.StreamID, b.PTS = id, mode
	return b.Script(0, meta).Video(0, ft.P(9, 0)).Video(40, ft.P(9, 0))
}

func TestFraming(t *testing.T) {
	tags := func(b *ft.Builder) string {
		k, r := keep(b)
		var s []string
		for _, tag := range k.tags {
			w := fmt.Sprintf("%d", tag.Type)
			if tag.Filter {
				w += "f"
			}
			if tag.StreamID != 0 {
				w += fmt.Sprintf("#%d", tag.StreamID)
			}
			if tag.Truncated {
				w += "t"
			}
			s = append(s, w)
		}
		for _, g := range k.garbage {
			s = append(s, "garbage "+g)
		}
		in, read, missing := r.End()
		return strings.Join(s, " ") + fmt.Sprintf(" end %d %d %d", in, read, missing)
	}
	const whole = " end 2 0 11"
	id := func(b *ft.Builder, id uint32) *ft.Builder { b.StreamID = id; return b }
	for _, c := range []struct {
		name string
		b    *ft.Builder
		want string
	}{
		{"whole", short(), "18 9 8 9 8 8 9" + whole},
		{"pts zero", withPTS(ft.PTSZero), "18 9 8 9 8 9 8 9 8 9 8 9 8 9 8" + whole},
		{"pts more", withPTS(ft.PTSMore), "18 9 8 9 8 9 8 9 8 9 8 9 8 9 8" + whole},
		{"pts wrong", withPTS(ft.PTSWrong), "18 9 8 9 8 9 8 9 8 9 8 9 8 9 8" + whole},
		{"last pts missing", short().Cut(4), "18 9 8 9 8 8 9 end 1 0 4"},
		{"last pts cut", short().Cut(1), "18 9 8 9 8 8 9 end 1 3 1"},
		{"cut in body", short().Cut(30), "18 9 8 9 8 8 9t end 3 79 26"},
		{"cut in header", short().Cut(114), "18 9 8 9 8 8 end 2 6 5"},
		{"claims 16 MB", short().Claim(9, 50, 1<<24-1, ft.IDR(900, 0)), "18 9 8 9 8 8 9 9t end 3 905 16776310"},
		{"no first pts", ft.New().Cut(4).Raw(short().Bytes()[13:]...), "18 9 8 9 8 8 9" + whole},
		{"unknown types", short().Tag(1, 0, []byte("x")).Tag(31, 0, nil).Video(0, ft.P(9, 0)), "18 9 8 9 8 8 9 1 31 9" + whole},
		{"unknown type last", short().Tag(1, 0, []byte("x")), "18 9 8 9 8 8 9 1" + whole},
		{"encrypted", short().Tag(0x29, 0, ft.P(9, 0)).Video(0, ft.P(9, 0)), "18 9 8 9 8 8 9 9f 9" + whole},
		{"stream id", id(ft.New(), 1).Script(0, meta).Video(0, ft.P(9, 0)), "18#1 9#1" + whole},
		{"stream id, pts zero", idPTS(1, ft.PTSZero), "18#1 9#1 9#1" + whole},
		{"stream id, pts more", idPTS(7, ft.PTSMore), "18#7 9#7 9#7" + whole},
		{"stream id, pts wrong", idPTS(1, ft.PTSWrong), "18#1 9#1 9#1" + whole},
		{"stream ids by turns", id(id(id(ft.New(), 1).Script(0, meta), 2).Video(0, ft.P(9, 0)), 1).Video(0, ft.P(9, 0)), "18#1 9#2 9#1" + whole},
		{"one garbage", short().Raw(0).Video(0, ft.P(9, 0)).Video(0, ft.P(9, 0)), "18 9 8 9 8 8 9 9 9 garbage 944+1" + whole},
		{"garbage at the begin", ft.New().Garbage(100).Video(0, ft.P(9, 0)).Video(0, ft.P(9, 0)), "9 9 garbage 13+100" + whole},
		{"garbage before the last tag", short().Garbage(100).Video(0, ft.P(9, 0)), "18 9 8 9 8 8 9 9 garbage 944+100" + whole},
		{"trailing zeros", short().Raw(make([]byte, 1000)...), "18 9 8 9 8 8 9 garbage 944+1000 end 4 0 0"},
		{"three trailing zeros", short().Raw(0, 0, 0), "18 9 8 9 8 8 9 garbage 944+3 end 2 0 11"},
		{"noise", short().Raw(noise(100_000, 1)...), "18 9 8 9 8 8 9 garbage 944+100000 end 4 0 0"},
		{"noise, pts zero", withPTS(ft.PTSZero).Raw(noise(100_000, 4)...), "18 9 8 9 8 9 8 9 8 9 8 9 8 9 8 garbage 2352+100000 end 4 0 0"},
		{"a hole", ft.New().Video(0, ft.P(400, 0)).Cut(200).Raw(short().Bytes()[13:]...), "9 9 8 8 9 garbage 429+325" + whole},
		{"garbage then a tag beyond the look-ahead", short().Garbage(10).Claim(9, 0, 2<<20, make([]byte, 500)), "18 9 8 9 8 8 9 garbage 944+521 end 4 0 0"},
		{"empty", ft.New(), whole},
	} {
		got := tags(c.b)
		if c.name == "a hole" {
			// Where exactly depends on what the hole hides; the tags behind it must be there.
			if !strings.HasSuffix(got, whole) || !strings.Contains(got, "8 8 9 garbage") {
				t.Errorf("%s: %s", c.name, got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestNoiseIsNeverTags(t *testing.T) {
	for seed := range uint64(40) {
		b := short()
		if seed%2 == 1 {
			b = withPTS(ft.PTSZero)
		}
		before, _ := keep(b)
		n := len(before.tags)
		k, _ := keep(b.Raw(1).Raw(noise(100_000, seed)...))
		if len(k.tags) != n || len(k.garbage) != 1 {
			t.Errorf("seed %d: %d tags (%d before), garbage %v", seed, len(k.tags), n, k.garbage)
		}
	}
}

func TestNALUnits(t *testing.T) {
	cfg := ft.AVCConfig(ft.SPS{})
	slice := ft.Slice(0x65, 7, 50)
	for _, c := range []struct {
		name string
		body []byte
		want flv.NAL // BrokenAt is an offset into the payload
	}{
		{"idr", ft.IDR(60, 0), flv.NAL{Count: 1, Types: 1 << 5, Walked: true, Intra: true, SliceSeen: true}},
		{"p", ft.P(60, 0), flv.NAL{Count: 1, Types: 1 << 1, Walked: true, SliceSeen: true}},
		{"b", ft.B(60, 0), flv.NAL{Count: 1, Types: 1 << 1, Walked: true, SliceSeen: true}},
		{"intra without idr", ft.I(60, 0), flv.NAL{Count: 1, Types: 1 << 1, Walked: true, Intra: true, SliceSeen: true}},
		{"i slice of a mixed picture", ft.AVC(2, 0, ft.Slice(0x41, 2, 60)), flv.NAL{Count: 1, Types: 1 << 1, Walked: true, Intra: true, SliceSeen: true}},
		{"p slice of a mixed picture", ft.AVC(2, 0, ft.Slice(0x41, 0, 60)), flv.NAL{Count: 1, Types: 1 << 1, Walked: true, SliceSeen: true}},
		{
			"aud sei sps pps idr", ft.AVC(1, 0, []byte{9, 0xf0}, []byte{6, 5, 1, 1, 0x80}, ft.SPS{}.NAL(), ft.PPS(), slice),
			flv.NAL{Count: 5, Types: 1<<9 | 1<<6 | 1<<7 | 1<<8 | 1<<5, Walked: true, Intra: true, SliceSeen: true},
		},
		{"one byte too many", append(ft.IDR(60, 0), 1), flv.NAL{Count: 1, Types: 1 << 5, Walked: true, Broken: true, BrokenAt: 60, Intra: true, SliceSeen: true}},
		{"runs over", ft.AVCRaw(1, 0, append([]byte{0, 0, 1, 200}, slice...)), flv.NAL{Walked: true, Broken: true, AnnexB: true}},
		{"runs over, no start code", ft.AVCRaw(1, 0, append([]byte{0, 1, 1, 200}, slice...)), flv.NAL{Walked: true, Broken: true}},
		{"annex b", ft.AnnexB(1, slice, slice), flv.NAL{Walked: true, Broken: true, AnnexB: true}},
		{"three-byte start code", ft.AVCRaw(1, 0, append([]byte{0, 0, 1}, slice...)), flv.NAL{Walked: true, Broken: true, AnnexB: true}},
		{"a unit of one byte first", ft.AVC(1, 0, []byte{9}, slice), flv.NAL{Count: 2, Types: 1<<9 | 1<<5, Walked: true, Intra: true, SliceSeen: true}},
		{"a unit of 257 bytes first", ft.AVC(1, 0, ft.Slice(0x65, 7, 257)), flv.NAL{Count: 1, Types: 1 << 5, Walked: true, Intra: true, SliceSeen: true}},
		{"no bytes", ft.AVC(1, 0, nil, slice, nil), flv.NAL{Count: 3, Types: 1 << 5, Walked: true, Intra: true, SliceSeen: true, Zero: 2}},
		{"later slice of a picture only", ft.AVC(1, 0, []byte{0x65, 0x40, 9, 9}), flv.NAL{Count: 1, Types: 1 << 5, Walked: true, SliceSeen: true}},
	} {
		for _, enhanced := range []bool{false, true} {
			body, first := c.body, cfg
			head := int64(5)
			if enhanced {
				body = ft.ExVideo(body[0]>>4, 1, "avc1", body[2:])
				first = ft.ExVideo(1, 0, "avc1", cfg[5:])
				head = 8
			}
			f := frame(t, 9, body, first)
			want := c.want
			if want.Broken {
				want.BrokenAt += 13 + 11 + int64(len(first)) + 4 + 11 + head
			}
			if f.NAL != want || f.Kind != flv.VideoFrame {
				t.Errorf("%s, enhanced %v:\n got %+v\nwant %+v", c.name, enhanced, f.NAL, want)
			}
		}
	}
	if f := frame(t, 9, ft.IDR(60, 0)); f.NAL.Walked || f.NAL.Count != 1 {
		t.Error("without a configuration: ", f.NAL)
	}
	for typ, random := range map[byte]bool{19: true, 20: true, 21: true, 16: true, 1: false, 0: false} {
		f := frame(t, 9, ft.ExVideo(1, 3, "hvc1", ft.NALs(ft.HEVCSlice(typ, 30))), ft.ExVideo(1, 0, "hvc1", ft.HEVCRecord(1920, 1080, 30)))
		if f.NAL.Types != 1<<typ || !f.NAL.SliceSeen || f.NAL.RandomAccess(f.Codec) != random {
			t.Errorf("HEVC type %d: %+v", typ, f.NAL)
		}
	}
}

func TestBodies(t *testing.T) {
	for _, c := range []struct {
		name string
		typ  byte
		body []byte
		want string
	}{
		{"avc", 9, ft.P(20, -40), "3 codec 1 id 7 type 2 cts -40 bytes 20"},
		{"avc, large cts", 9, ft.P(20, 0x7fffff), "3 codec 1 id 7 type 2 cts 8388607 bytes 20"},
		{"avc end", 9, ft.AVCEnd(), "4 codec 1 id 7 type 1 cts 0 bytes 0"},
		{"avc end without cts", 9, []byte{0x17, 2}, "4 codec 1 id 7 type 1 cts 0 bytes 0"},
		{"hevc, id 12", 9, []byte{0x1c, 1, 0, 0, 40, 0, 0, 0, 2, 0x26, 1}, "3 codec 2 id 12 type 1 cts 40 bytes 6"},
		{"av1, id 13", 9, []byte{0x2d, 1, 0, 0, 0, 0x12, 0}, "3 codec 3 id 13 type 2 cts 0 bytes 2"},
		{"unknown id", 9, []byte{0x19, 1}, "3 codec 0 id 9 type 1 cts 0 bytes 1"},
		{"command", 9, []byte{0x57, 0}, "6 codec 1 id 7 type 5 cts 0 bytes 0"},
		{"generated key frame", 9, []byte{0x42, 0, 0, 0x84, 9}, "3 codec 7 id 2 type 4 cts 0 bytes 4"},
		{"aac", 8, ft.AAC(9), "8 codec 13 id 10 type 0 cts 0 bytes 9"},
		{"speex", 8, []byte{0xb6, 1, 2}, "8 codec 25 id 11 type 0 cts 0 bytes 2"},
		{"empty audio", 8, nil, "1 codec 0 id 0 type 0 cts 0 bytes 0"},
		{"empty video", 9, nil, "1 codec 0 id 0 type 0 cts 0 bytes 0"},
		{"empty aac frame", 8, []byte{0xaf, 1}, "1 codec 13 id 10 type 0 cts 0 bytes 0"},
		{"empty avc frame", 9, []byte{0x17, 1, 0, 0, 0}, "1 codec 1 id 7 type 1 cts 0 bytes 0"},
		{"empty sequence header", 9, []byte{0x17, 0, 0, 0, 0}, "1 codec 1 id 7 type 1 cts 0 bytes 0"},
		{"aac cut", 8, []byte{0xaf}, "0 codec 13 id 10 type 0 cts 0 bytes 0"},
		{"avc cut", 9, []byte{0x17, 1, 0}, "0 codec 1 id 7 type 1 cts 0 bytes 0"},
		{"avc packet type", 9, []byte{0x17, 5, 0, 0, 0}, "0 codec 1 id 7 type 1 cts 0 bytes 0"},
		{"aac packet type", 8, []byte{0xaf, 5, 0, 0, 0}, "0 codec 13 id 10 type 0 cts 0 bytes 0"},
		{"ex hevc", 9, ft.ExVideo(1, 1, "hvc1", ft.WithCTS(40, []byte{0, 0, 0, 2, 0x26, 1})), "3 codec 2 cc hvc1 type 1 cts 40 bytes 6"},
		{"ex hev1", 9, ft.ExVideo(1, 3, "hev1", []byte{0, 0, 0, 2, 0x26, 1}), "3 codec 2 cc hev1 type 1 cts 0 bytes 6"},
		{"ex av1 has no cts", 9, ft.ExVideo(2, 1, "av01", []byte{1, 2, 3, 4}), "3 codec 3 cc av01 type 2 cts 0 bytes 4"},
		{"ex vp9", 9, ft.ExVideo(2, 1, "vp09", []byte{1}), "3 codec 5 cc vp09 type 2 cts 0 bytes 1"},
		{"ex vvc", 9, ft.ExVideo(2, 1, "vvc1", ft.WithCTS(1, []byte{1})), "3 codec 6 cc vvc1 type 2 cts 1 bytes 1"},
		{"ex end", 9, ft.ExVideo(1, 2, "av01", nil), "4 codec 3 cc av01 type 1 cts 0 bytes 0"},
		{"ex unknown", 9, ft.ExVideo(1, 1, "abcd", []byte{1}), "3 codec 0 cc abcd type 1 cts 0 bytes 1"},
		{"ex command", 9, []byte{0x80 | 5<<4 | 1, 0}, "6 codec 0 type 5 cts 0 bytes 0 ex"},
		{"ex metadata", 9, ft.ExVideo(5, 4, "hvc1", ft.Script("colorInfo")), "5 codec 2 cc hvc1 type 5 cts 0 bytes 12"},
		{"ex opus", 8, ft.ExAudio(1, "Opus", []byte{1, 2}), "8 codec 16 cc Opus type 0 cts 0 bytes 2"},
		{"ex end of audio", 8, ft.ExAudio(2, "mp4a", nil), "9 codec 13 cc mp4a type 0 cts 0 bytes 0"},
		{"ex empty opus start", 8, ft.ExAudio(0, "Opus", nil), "7 codec 16 cc Opus type 0 cts 0 bytes 0"},
		{"ex empty aac start", 8, ft.ExAudio(0, "mp4a", nil), "1 codec 13 cc mp4a type 0 cts 0 bytes 0"},
		{"ex channels", 8, ft.ExAudio(4, "Opus", []byte{0, 6}), "10 codec 16 cc Opus type 0 cts 0 bytes 2"},
		{"ex nanoseconds", 9, ft.NanoOffset(ft.ExVideo(2, 3, "av01", []byte{1, 2}), 999_999), "3 codec 3 cc av01 type 2 cts 0 bytes 2 nano 999999"},
		{"ex modex of 256", 9, ft.ModEx(ft.ExVideo(2, 3, "av01", []byte{1, 2}), 0, append([]byte{0, 0, 7}, make([]byte, 253)...)), "3 codec 3 cc av01 type 2 cts 0 bytes 2 nano 7"},
		{"ex modex of 65,536", 9, ft.ModEx(ft.ExVideo(2, 3, "av01", []byte{1, 2}), 1, make([]byte, 65536)), "3 codec 3 cc av01 type 2 cts 0 bytes 2"},
		{"ex two modex", 8, ft.NanoOffset(ft.ModEx(ft.ExAudio(1, "Opus", []byte{1, 2}), 4, []byte{1}), 3), "8 codec 16 cc Opus type 0 cts 0 bytes 2 nano 3"},
		{"ex one track", 8, ft.MultiAudio(ft.OneTrack, 1, ft.Track{ID: 9, FourCC: "Opus", Payload: []byte{1, 2}}), "8 codec 16 cc Opus type 0 cts 0 bytes 2 track 9"},
		{"ex modex too long", 9, []byte{0x97, 9, 1, 2}, "0 codec 0 type 1 cts 0 bytes 0 ex"},
		{"ex track too long", 8, []byte{0x95, 0x11, 'O', 'p', 'u', 's', 3, 0, 0, 9, 1}, "0 codec 16 cc Opus type 0 cts 0 bytes 0 track 3"},
	} {
		f := frame(t, c.typ, c.body)
		got := fmt.Sprintf("%d codec %d", f.Kind, f.Codec)
		switch {
		case f.FourCC != 0:
			got += fmt.Sprintf(" cc %c%c%c%c", f.FourCC>>24, f.FourCC>>16&255, f.FourCC>>8&255, f.FourCC&255)
		case !f.Enhanced:
			got += fmt.Sprintf(" id %d", f.CodecID)
		}
		got += fmt.Sprintf(" type %d cts %d bytes %d", f.Type, f.CompositionTime, f.Bytes)
		if f.NanoOffset != 0 {
			got += fmt.Sprintf(" nano %d", f.NanoOffset)
		}
		if f.Multi {
			got += fmt.Sprintf(" track %d", f.Track)
		}
		if f.Enhanced && f.FourCC == 0 {
			got += " ex"
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if (f.Kind == flv.Malformed) != (f.Problem != "") || f.Kind == flv.Malformed && f.ProblemAt < 24 {
			t.Errorf("%s: problem %q at %d", c.name, f.Problem, f.ProblemAt)
		}
	}
}

func TestTracks(t *testing.T) {
	pay := func(n int) []byte { return ft.WithCTS(n, ft.NALs(ft.Slice(0x65, 7, 20+n))) }
	for multi, want := range map[byte]string{
		ft.ManyTracks:      "0:avc1:1:25 7:avc1:2:26 255:avc1:3:27 ",
		ft.ManyTracksCodec: "0:avc1:1:25 7:hvc1:2:26 255:avc1:3:27 ",
	} {
		k, _ := keep(ft.New().Video(0, ft.MultiVideo(1, multi, 1,
			ft.Track{ID: 0, FourCC: "avc1", Payload: pay(1)}, ft.Track{ID: 7, FourCC: "hvc1", Payload: pay(2)}, ft.Track{ID: 255, FourCC: "avc1", Payload: pay(3)})))
		got := ""
		for _, f := range k.frames[0] {
			got += fmt.Sprintf("%d:%c%c%c%c:%d:%d ", f.Track, f.FourCC>>24, f.FourCC>>16&255, f.FourCC>>8&255, f.FourCC&255, f.CompositionTime, f.Bytes)
			if !f.Multi || !f.KeyFrame() || f.NAL.Count != 1 || f.NAL.Broken {
				t.Errorf("%+v", f)
			}
		}
		if got != want {
			t.Errorf("multitrack type %d: %s, want %s", multi, got, want)
		}
	}
	// Each track walks with its own length size and keeps its own configuration.
	k, _ := keep(ft.New().
		Video(0, ft.MultiVideo(1, ft.OneTrack, 0, ft.Track{ID: 1, FourCC: "avc1", Payload: ft.AVCRecord(ft.SPS{Width: 640, Height: 360}, 2)})).
		Video(0, ft.ExVideo(1, 0, "avc1", ft.AVCRecord(ft.SPS{}, 4))).
		Video(0, ft.MultiVideo(1, ft.OneTrack, 3, ft.Track{ID: 1, FourCC: "avc1", Payload: []byte{0, 2, 0x65, 0x88}})).
		Video(0, ft.ExVideo(1, 3, "avc1", []byte{0, 0, 0, 2, 0x65, 0x88})))
	for _, i := range []int{2, 3} {
		if n := k.frames[i][0].NAL; !n.Walked || n.Broken || n.Count != 1 || !n.Intra {
			t.Errorf("tag %d: %+v", i, n)
		}
	}
	if a, b := k.frames[0][0].Config, k.frames[1][0].Config; a.Width != 640 || b.Width != 1280 || a.NALLength != 2 {
		t.Errorf("%+v %+v", a, b)
	}
	many := make([]ft.Track, 70)
	for i := range many {
		many[i] = ft.Track{ID: byte(i), FourCC: "Opus", Payload: []byte{1}}
	}
	k, _ = keep(ft.New().Audio(0, ft.MultiAudio(ft.ManyTracks, 1, many...)))
	if f := k.frames[0]; len(f) != flv.MaxTracks+1 || f[64].Kind != flv.Malformed || f[63].Kind != flv.AudioFrame {
		t.Errorf("%d frames", len(f))
	}
}

func TestRepeatedConfigIsTheSame(t *testing.T) {
	cfg, asc := ft.AVCConfig(ft.SPS{}), ft.AACConfig(44100, 2)
	k, _ := keep(ft.New().Video(0, cfg).Audio(0, asc).Video(0, cfg).Audio(0, asc).Video(0, ft.AVCConfig(ft.SPS{Width: 640, Height: 360})))
	c := func(i int) *flv.Config { return k.frames[i][0].Config }
	if c(0) != c(2) || c(1) != c(3) || c(0) == c(4) || c(4).Width != 640 {
		t.Error("configurations:", c(0), c(2), c(4))
	}
}

func TestNoAllocationATag(t *testing.T) {
	hevc, av1 := ft.HEVCRecord(1920, 1080, 30), ft.AV1Record(1280, 720)
	files := map[string][]byte{}
	for _, c := range []struct {
		name string
		b    *ft.Builder
	}{
		{"legacy", ft.Stream{Seconds: 2, NoMetaData: true}.Build()},
		{"enhanced", ft.New().Video(0, ft.ExVideo(1, 0, "hvc1", hevc)).Audio(0, ft.ExAudio(0, "Opus", ft.OpusHead(2, 48000))).
			Video(0, ft.ExVideo(1, 1, "hvc1", ft.WithCTS(0, ft.NALs(ft.HEVCSlice(19, 90))))).Audio(0, ft.ExAudio(1, "Opus", make([]byte, 30)))},
		{"multitrack", ft.New().Video(0, ft.MultiVideo(1, ft.ManyTracksCodec, 0, ft.Track{ID: 0, FourCC: "hvc1", Payload: hevc}, ft.Track{ID: 1, FourCC: "av01", Payload: av1})).
			Video(0, ft.NanoOffset(ft.MultiVideo(1, ft.ManyTracks, 3, ft.Track{ID: 0, FourCC: "av01", Payload: []byte{1}}, ft.Track{ID: 1, Payload: []byte{2}}), 5))},
		{"old codecs", ft.New().Audio(0, ft.MP3(60)).Video(0, []byte{0x22, 0, 0, 0x84, 0, 0, 0}).Audio(0, ft.MP3(90)).Audio(0, nil).Video(0, nil)},
		{"encrypted", ft.New().Tag(0x29, 0, ft.P(9, 0)).Tag(0x28, 0, ft.AAC(9)).Tag(3, 0, ft.AAC(9))},
	} {
		files[c.name] = c.b.Bytes()
	}
	for name, file := range files {
		for _, chunk := range []int{100, 1 << 20} {
			r := flv.NewReader(&quiet{})
			r.Write(file[:13])
			pass := func() {
				for p := file[13:]; len(p) > 0; {
					n := min(chunk, len(p))
					r.Write(p[:n])
					p = p[n:]
				}
			}
			pass()
			if n := testing.AllocsPerRun(20, pass); n > 0 {
				t.Errorf("%s in chunks of %d: %v allocations a pass", name, chunk, n)
			}
		}
	}
}
