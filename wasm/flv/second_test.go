package flv_test

import (
	"bytes"
	"io"
	"testing"

	goflv "github.com/yutopp/go-flv"
	"github.com/yutopp/go-flv/tag"

	"ingestdoctor/wasm/flv"
	ft "ingestdoctor/wasm/flv/flvtest"
)

// agree compares frames of legacy tags with go-flv's reading of the same body.
func agree(t *testing.T, name string, data []byte) int {
	t.Helper()
	k := &keeper{}
	r := flv.NewReader(k)
	r.Write(data)
	r.Close()
	n := 0
	for i, tg := range k.tags {
		if tg.Filter || tg.Truncated || len(k.frames[i]) != 1 || tg.Size == 0 {
			continue
		}
		f := k.frames[i][0]
		if f.Enhanced || f.Kind == flv.Malformed {
			continue
		}
		body := data[tg.Offset+11 : tg.Offset+11+int64(tg.Size)]
		switch tg.Type {
		case flv.TypeVideo:
			var v tag.VideoData
			if err := tag.DecodeVideoData(bytes.NewReader(body), &v); err != nil {
				if f.Kind != flv.VideoEnd && f.Kind != flv.VideoCommand { // we forgive a missing composition time there
					t.Errorf("%s: tag %d: go-flv: %v, we: %+v", name, i, err, f)
				}
				continue
			}
			n++
			if uint8(v.FrameType) != uint8(f.Type) || uint8(v.CodecID) != f.CodecID {
				t.Errorf("%s: tag %d: go-flv: %+v, we: %+v", name, i, v, f)
			}
			if f.Codec != flv.AVC {
				continue
			}
			rest, _ := io.ReadAll(v.Data)
			kind := map[tag.AVCPacketType]flv.FrameKind{0: flv.VideoConfig, 1: flv.VideoFrame, 2: flv.VideoEnd}[v.AVCPacketType]
			if f.Kind == flv.Empty && len(rest) == 0 || f.Kind == flv.VideoCommand {
				continue
			}
			if kind != f.Kind || kind == flv.VideoFrame && (v.CompositionTime != f.CompositionTime || uint32(len(rest)) != f.Bytes) {
				t.Errorf("%s: tag %d: go-flv: %+v and %d bytes, we: %+v", name, i, v, len(rest), f)
			}
		case flv.TypeAudio:
			var a tag.AudioData
			if err := tag.DecodeAudioData(bytes.NewReader(body), &a); err != nil {
				t.Errorf("%s: tag %d: go-flv: %v, we: %+v", name, i, err, f)
				continue
			}
			n++
			rest, _ := io.ReadAll(a.Data)
			if uint8(a.SoundFormat) != f.CodecID || uint32(len(rest)) != f.Bytes {
				t.Errorf("%s: tag %d: go-flv: %+v and %d bytes, we: %+v", name, i, a, len(rest), f)
			}
			if f.Codec == flv.AAC && len(rest) > 0 && (a.AACPacketType == 0) != (f.Kind == flv.AudioConfig) {
				t.Errorf("%s: tag %d: go-flv: %+v, we: %+v", name, i, a, f)
			}
		}
	}
	return n
}

func TestBodiesLikeGoFLV(t *testing.T) {
	n := 0
	for _, f := range fixtures() {
		n += agree(t, f.name, f.data)
	}
	if n < 500 {
		t.Errorf("only %d bodies compared", n)
	}
}

func TestSamplesLikeGoFLV(t *testing.T) {
	for name, data := range samples(t) {
		if agree(t, name, data) == 0 && name != "enhanced-rtmp_testsrc.flv" {
			t.Errorf("%s: nothing compared", name)
		}
	}
}

// TestFramingLikeGoFLV holds the framing against go-flv's decoder, on files
// whose script tags it can bear.
func TestFramingLikeGoFLV(t *testing.T) {
	files := map[string][]byte{"healthy": ft.Healthy(3, 30, 1).Bytes(), "b-frames": ft.Stream{BFrames: 2, Seconds: 2, StartMS: 1 << 25}.Build().Bytes()}
	for name, data := range files {
		k := &keeper{}
		r := flv.NewReader(k)
		r.Write(data)
		d, err := goflv.NewDecoder(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			var g tag.FlvTag
			if err := d.Decode(&g); err != nil {
				if i != len(k.tags) {
					t.Errorf("%s: go-flv ends at tag %d of %d: %v", name, i, len(k.tags), err)
				}
				break
			}
			g.Close()
			if w := k.tags[i]; uint8(g.TagType) != w.Type || g.Timestamp != w.RawTimestamp || g.StreamID != w.StreamID {
				t.Errorf("%s: tag %d: go-flv %+v, we %+v", name, i, g, w)
			}
		}
	}
}

// TestRoundTrip reads what go-flv's encoder writes.
func TestRoundTrip(t *testing.T) {
	var b bytes.Buffer
	e, err := goflv.NewEncoder(&b, goflv.FlagsAudio|goflv.FlagsVideo)
	if err != nil {
		t.Fatal(err)
	}
	slice := ft.NALs(ft.Slice(0x65, 7, 100))
	for _, g := range []tag.FlvTag{
		{TagType: tag.TagTypeVideo, Timestamp: 0, Data: &tag.VideoData{FrameType: 1, CodecID: 7, AVCPacketType: 0, Data: bytes.NewReader(ft.AVCRecord(ft.SPS{Width: 1920, Height: 1080}, 4))}},
		{TagType: tag.TagTypeAudio, Timestamp: 0, Data: &tag.AudioData{SoundFormat: 10, SoundRate: 3, SoundSize: 1, SoundType: 1, AACPacketType: 0, Data: bytes.NewReader(ft.ASC(2, 48000, 2))}},
		{TagType: tag.TagTypeVideo, Timestamp: 0x12345678, Data: &tag.VideoData{FrameType: 1, CodecID: 7, AVCPacketType: 1, CompositionTime: 80, Data: bytes.NewReader(slice)}},
		{TagType: tag.TagTypeAudio, Timestamp: 0x12345688, Data: &tag.AudioData{SoundFormat: 10, SoundRate: 3, SoundSize: 1, SoundType: 1, AACPacketType: 1, Data: bytes.NewReader([]byte{1, 2, 3})}},
	} {
		if err := e.Encode(&g); err != nil {
			t.Fatal(err)
		}
	}
	k := &keeper{}
	r := flv.NewReader(k)
	r.Write(b.Bytes())
	r.Close()
	if len(k.tags) != 4 {
		t.Fatalf("%d tags", len(k.tags))
	}
	f := func(i int) flv.Frame { return k.frames[i][0] }
	if c := f(0).Config; c == nil || c.Width != 1920 || c.Height != 1080 || c.CodedHeight != 1088 {
		t.Errorf("video configuration %+v", c)
	}
	if c := f(1).Config; c == nil || c.SampleRate != 48000 || c.Channels != 2 {
		t.Errorf("audio configuration %+v", c)
	}
	if v := f(2); v.CompositionTime != 80 || !v.KeyFrame() || !v.NAL.RandomAccess(flv.AVC) || k.tags[2].Timestamp != 0x12345678 {
		t.Errorf("frame %+v", v)
	}
	if a := f(3); a.Bytes != 3 || a.AudioHeader != 0xaf || k.tags[3].Timestamp != 0x12345688 {
		t.Errorf("frame %+v", a)
	}
}
