// Package flvgen writes FLV recordings of any size, fast, for tests in the
// browser and for measuring: H.264 and AAC that decode, with nothing in them
// that a check could hold against them, or with a gap between key frames at a
// known time. It shares no code with the analyser, so that neither hides a
// mistake of the other.
package flvgen

import (
	"encoding/binary"
	"io"
	"math"
)

// Spec describes a recording.
type Spec struct {
	Name                 string
	Width, Height, FPS   int
	VideoKbps, AudioKbps int // kb/s, 1,000 bit
	SampleRate           int // Hz
	KeyMS                int // key frame interval
	Bytes                int64
	DurationMS           int64 // whichever of Bytes and DurationMS comes first, 0 is no limit
	// No key frame for GapMS: the last one before it comes at GapAtMS, a multiple of KeyMS.
	GapAtMS, GapMS int64
}

// The recordings that tests and benchmarks use.
var (
	Large20   = Spec{Name: "large-20mb", Width: 1920, Height: 1080, FPS: 30, VideoKbps: 2500, AudioKbps: 128, SampleRate: 48000, KeyMS: 2000, Bytes: 20e6}
	Large300  = Large20.sized("large-300mb", 304e6)
	Large1000 = Large20.sized("large-1gb", 1e9)
	Large2200 = Large20.sized("large-2200mb", 2.2e9)
	// Rich300 has the same size with frames eight times as large.
	Rich300 = Spec{Name: "rich-300mb", Width: 1920, Height: 1080, FPS: 30, VideoKbps: 20000, AudioKbps: 192, SampleRate: 48000, KeyMS: 2000, Bytes: 304e6}
	// Small is six hours at 364 kb/s, about 1.0 GB in 1.58 million tags.
	Small = Spec{Name: "small-tags-1gb", Width: 640, Height: 360, FPS: 30, VideoKbps: 300, AudioKbps: 64, SampleRate: 44100, KeyMS: 2000, DurationMS: 6 * 3600 * 1000}
	// Gap has no key frame between 0:14 and 0:34.
	Gap = Spec{Name: "keyframe-gap", Width: 1280, Height: 720, FPS: 30, VideoKbps: 1500, AudioKbps: 128, SampleRate: 44100, KeyMS: 2000, DurationMS: 60000, GapAtMS: 14000, GapMS: 20000}
	// Clean is a minute with nothing wrong.
	Clean = Spec{Name: "clean", Width: 1280, Height: 720, FPS: 30, VideoKbps: 1500, AudioKbps: 128, SampleRate: 44100, KeyMS: 2000, DurationMS: 60000}
)

func (s Spec) sized(name string, bytes float64) Spec {
	s.Name, s.Bytes = name, int64(bytes)
	return s
}

// Info says what was written.
type Info struct {
	Bytes, Tags, Video, Audio, KeyFrames int64
	DurationMS                           int64
}

const bufferSize = 4 << 20

type writer struct {
	w    io.Writer
	buf  []byte
	info Info
	err  error
	fill []byte // filler data, all ones
}

func (w *writer) flush() {
	if w.err == nil {
		_, w.err = w.w.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

// tag appends one tag whose body is the parts one after another, then n bytes of fill and end.
func (w *writer) tag(kind byte, ms int64, fill int, end []byte, parts ...[]byte) {
	size := fill + len(end)
	for _, p := range parts {
		size += len(p)
	}
	if len(w.buf)+size+15 > bufferSize {
		w.flush()
	}
	w.buf = append(w.buf, kind, byte(size>>16), byte(size>>8), byte(size),
		byte(ms>>16), byte(ms>>8), byte(ms), byte(ms>>24), 0, 0, 0)
	for _, p := range parts {
		w.buf = append(w.buf, p...)
	}
	for fill > 0 {
		n := min(fill, len(w.fill))
		w.buf = append(w.buf, w.fill[:n]...)
		fill -= n
	}
	w.buf = append(w.buf, end...)
	w.buf = binary.BigEndian.AppendUint32(w.buf, uint32(size+11))
	w.info.Bytes += int64(size) + 15
	w.info.Tags++
}

// Write writes the recording to w.
func (s Spec) Write(out io.Writer) (Info, error) {
	w := &writer{w: out, buf: make([]byte, 0, bufferSize), fill: make([]byte, 1<<20)}
	for i := range w.fill {
		w.fill[i] = 0xff
	}
	w.buf = append(w.buf, 'F', 'L', 'V', 1, 5, 0, 0, 0, 9, 0, 0, 0, 0)
	w.info.Bytes = int64(len(w.buf))
	w.tag(18, 0, 0, nil, s.metadata())
	w.tag(9, 0, 0, nil, []byte{0x17, 0, 0, 0, 0}, s.avcConfig())
	w.tag(8, 0, 0, nil, []byte{0xaf, 0}, s.aacConfig())

	// Frames of a group: the key frame has eight times the bytes of another.
	group := s.KeyMS * s.FPS / 1000
	perGroup := float64(s.VideoKbps) * 125 * float64(s.KeyMS) / 1000
	plain := perGroup / float64(group+7)
	longest := group + int(s.GapMS)*s.FPS/1000
	skipped := make([][]byte, longest+1)
	for i := range skipped {
		skipped[i] = s.skipped(uint64(i))
	}
	idr := [2][]byte{s.idr(0), s.idr(1)}
	audio := aacFrame(max(16, s.AudioKbps*125*1024/s.SampleRate))

	var inGroup, frame, sample int64
	lengths, fillHead := make([]byte, 9), make([]byte, 5)
	for w.err == nil {
		videoMS := (frame*1000 + int64(s.FPS)/2) / int64(s.FPS)
		audioMS := sample * 1024 * 1000 / int64(s.SampleRate)
		ms := min(videoMS, audioMS)
		if s.DurationMS > 0 && ms >= s.DurationMS || s.Bytes > 0 && w.info.Bytes >= s.Bytes {
			break
		}
		w.info.DurationMS = ms
		if audioMS < videoMS {
			w.tag(8, audioMS, 0, nil, []byte{0xaf, 1}, audio)
			w.info.Audio++
			sample++
			continue
		}
		key := frame%int64(group) == 0 && !(videoMS > s.GapAtMS && videoMS < s.GapAtMS+s.GapMS)
		head, slice, size := byte(0x27), skipped[min(inGroup, int64(longest))], plain
		if key {
			inGroup = 0
			head, slice, size = 0x17, idr[w.info.KeyFrames&1], plain*8
			w.info.KeyFrames++
		}
		inGroup++
		// A little unrest, as encoders have, the same at every run.
		size *= 1 + 0.15*math.Sin(float64(frame)*0.7)
		lengths = append(lengths[:0], head, 1, 0, 0, 0)
		lengths = binary.BigEndian.AppendUint32(lengths, uint32(len(slice)))
		fill := int(size) - len(lengths) - len(slice) - 6
		if fill > 0 {
			fillHead = binary.BigEndian.AppendUint32(fillHead[:0], uint32(fill+2))
			fillHead = append(fillHead, 0x0c)
			w.tag(9, videoMS, fill, []byte{0x80}, lengths, slice, fillHead)
		} else {
			w.tag(9, videoMS, 0, nil, lengths, slice)
		}
		w.info.Video++
		frame++
	}
	w.flush()
	return w.info, w.err
}

// metadata is an onMetaData whose values agree with the media.
func (s Spec) metadata() []byte {
	str := func(b []byte, v string) []byte {
		return append(append(b, byte(len(v)>>8), byte(len(v))), v...)
	}
	b := str([]byte{2}, "onMetaData")
	b = append(b, 8, 0, 0, 0, 10)
	number := func(name string, v float64) {
		b = append(str(b, name), 0)
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(v))
	}
	number("width", float64(s.Width))
	number("height", float64(s.Height))
	number("framerate", float64(s.FPS))
	number("videocodecid", 7)
	number("videodatarate", float64(s.VideoKbps))
	number("audiocodecid", 10)
	number("audiodatarate", float64(s.AudioKbps))
	number("audiosamplerate", float64(s.SampleRate))
	b = append(str(b, "stereo"), 1, 1)
	b = str(append(str(b, "encoder"), 2), "flvgen")
	return append(b, 0, 0, 9)
}
