package flv_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"ingestdoctor/wasm/flv"
	ft "ingestdoctor/wasm/flv/flvtest"
)

// sane checks what holds for every result.
func sane(tags []flv.DissectedTag, base int64, n int) error {
	if len(tags) > 64 {
		return fmt.Errorf("%d tags", len(tags))
	}
	last := int64(-1)
	for _, t := range tags {
		if t.Offset < base || t.End > base+int64(n) || t.End <= t.Offset || t.Offset < last {
			return fmt.Errorf("tag %d-%d in window %d-%d after %d", t.Offset, t.End, base, base+int64(n), last)
		}
		last = t.End
		if t.Summary == "" || len(t.Fields) > 410 {
			return fmt.Errorf("summary %q, %d fields", t.Summary, len(t.Fields))
		}
		at := t.Offset
		for _, f := range t.Fields {
			if f.Start < t.Offset || f.End > t.End || f.End < f.Start || f.Name == "" {
				return fmt.Errorf("field %+v of tag %d-%d", f, t.Offset, t.End)
			}
			if f.Name == "problem" || f.Name == "more" {
				continue
			}
			if f.Start < at && f.End != at {
				return fmt.Errorf("field %+v overlaps what ends at %d", f, at)
			}
			at = f.End
		}
	}
	return nil
}

func TestDissectEveryTag(t *testing.T) {
	files := map[string][]byte{}
	for _, f := range fixtures() {
		files[f.name] = f.data
	}
	for name, data := range files {
		k := &keeper{}
		r := flv.NewReader(k)
		r.Write(data)
		r.Close()
		for i, tag := range k.tags {
			if len(k.tags) > 100 && i%23 != 0 {
				continue
			}
			got := flv.Dissect(data, 0, tag.Offset, 2, 2)
			if err := sane(got, 0, len(data)); err != nil {
				t.Errorf("%s: tag %d: %v", name, i, err)
			}
			found := false
			for _, g := range got {
				if g.Offset != tag.Offset {
					continue
				}
				found = true
				if g.Garbage || g.Type != tag.Type || g.Size != tag.Size || g.Timestamp != int64(int32(tag.RawTimestamp)) {
					t.Errorf("%s: tag %d: %+v, the reader saw %+v", name, i, g, tag)
				}
				if len(k.frames[i]) == 1 && k.frames[i][0].Kind == flv.Malformed && !strings.Contains(g.Summary, "malformed") {
					t.Errorf("%s: tag %d: %q", name, i, g.Summary)
				}
				// Every byte of a whole tag is named.
				covered := g.Offset
				for _, f := range g.Fields {
					if f.Start <= covered && f.End > covered {
						covered = f.End
					}
				}
				if covered != g.End && !strings.Contains(name, "script") {
					t.Errorf("%s: tag %d: %s: named up to %d of %d", name, i, g.Summary, covered, g.End)
				}
			}
			if !found {
				t.Errorf("%s: tag %d at %d is not in %+v", name, i, tag.Offset, got)
			}
		}
	}
}

func TestDissectNeighbours(t *testing.T) {
	for _, mode := range []ft.PTSMode{ft.PTSRight, ft.PTSZero, ft.PTSMore, ft.PTSWrong} {
		data := withPTS(mode).Bytes()
		k := &keeper{}
		r := flv.NewReader(k)
		r.Write(data)
		at := k.tags[7].Offset
		// The window begins inside tag 3 and ends inside tag 11.
		lo, hi := k.tags[3].Offset+5, k.tags[11].Offset+20
		got := flv.Dissect(data[lo:hi], lo, at, 10, 10)
		var want []int64
		for _, tag := range k.tags[4:12] {
			want = append(want, tag.Offset)
		}
		var have []int64
		for _, g := range got {
			have = append(have, g.Offset)
		}
		if fmt.Sprint(have) != fmt.Sprint(want) {
			t.Errorf("mode %d: tags at %v, want %v", mode, have, want)
		}
		if last := got[len(got)-1]; !last.Partial || got[0].Partial {
			t.Errorf("mode %d: partial: %+v", mode, last)
		}
		if got = flv.Dissect(data, 0, at, 1, 2); len(got) != 4 || got[1].Offset != at {
			t.Errorf("mode %d: %d tags", mode, len(got))
		}
	}
}

func TestDissectWords(t *testing.T) {
	b := short().Video(66, ft.IDR(34_120, 80)).Audio(66, nil).Video(99, ft.AnnexB(1, ft.Slice(0x65, 7, 90))).
		Video(99, ft.ExVideo(1, 0, "hvc1", ft.HEVCRecord(1920, 1080, 30))).Video(99, []byte{0x17})
	data := b.Bytes()
	got := flv.Dissect(data, 0, 13, 0, 60)
	var s []string
	for _, g := range got {
		s = append(s, g.Summary)
	}
	want := []string{
		"script, onMetaData, 54 bytes",
		"video, H.264 sequence header, High 4.0, 1280x720",
		"audio, AAC sequence header, LC, 44,100 Hz, 2 channels",
		"video, H.264 key frame, 500 bytes",
		"audio, AAC frame, 50 bytes",
		"audio, AAC frame, 60 bytes",
		"video, H.264 inter frame, 100 bytes",
		"video, H.264 key frame, 34,120 bytes, CTS 80 ms",
		"audio, empty",
		"video, H.264 key frame, 94 bytes, start codes instead of NAL lengths",
		"video, HEVC sequence header, Main 4.0, 1920x1080",
		"video, malformed: the video header ends before the packet type",
	}
	if strings.Join(s, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(s, "\n"), strings.Join(want, "\n"))
	}
	has := func(i int, name, value string, length int64) {
		t.Helper()
		for _, f := range got[i].Fields {
			if f.Name == name && strings.Contains(f.Value, value) && f.End-f.Start == length {
				return
			}
		}
		t.Errorf("tag %d: no %s with %q in %d bytes: %+v", i, name, value, length, got[i].Fields)
	}
	has(0, "TagType", "18 (script)", 1)
	has(0, "name", `"onMetaData"`, 13)
	has(0, "width", "1280", 16)
	has(0, "PreviousTagSize", "65", 4)
	has(1, "AVCLevelIndication", "40 (High 4.0)", 1)
	has(1, "sequenceParameterSetNALUnit", "sequence parameter set (7)", int64(len(ft.SPS{FPS: 30}.NAL())))
	has(2, "SoundRate", "3 (44 kHz)", 1)
	has(2, "AudioSpecificConfig", "LC, 44,100 Hz", 2)
	has(7, "CompositionTime", "80 ms", 3)
	has(7, "NALUnitLength", "34,116", 4)
	has(7, "NALUnit", "IDR slice (5), nal_ref_idc 3, I slice", 34_116)
	has(9, "NALUnitLength", "1", 4)
	has(10, "FourCC", "hvc1 (HEVC)", 4)
	has(10, "nalUnit", "video parameter set (32)", 24)
	has(11, "problem", "ends before the packet type", 0)

	g := flv.Dissect(short().Garbage(300).Video(66, ft.P(40, 0)).Bytes(), 0, 944, 1, 1)
	if len(g) != 3 || !g[1].Garbage || g[1].Summary != "300 bytes that are no tag" || g[2].Type != 9 {
		t.Errorf("%+v", g)
	}
	if flv.Dissect(data, 100, 99, 1, 1) != nil || flv.Dissect(nil, 0, 0, 1, 1) != nil {
		t.Error("a place outside the window")
	}
}

func TestDissectDump(t *testing.T) {
	name := os.Getenv("FLV")
	if name == "" {
		t.Skip("for a person: FLV=file")
	}
	b, _ := os.ReadFile(name)
	for _, g := range flv.Dissect(b, 0, 13, 0, 12) {
		fmt.Printf("%d-%d %s\n", g.Offset, g.End, g.Summary)
		for _, f := range g.Fields {
			fmt.Printf("    %6d %5d  %-28s %s\n", f.Start, f.End-f.Start, f.Name, f.Value)
		}
	}
}
