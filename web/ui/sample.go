package ui

import (
	"math"
	"slices"
)

// Our own recordings, made on the page so that trying it out asks nothing of
// the network. The pictures are real H.264 (a grey key frame,
// then pictures that repeat it) and the sound real AAC (silence), brought to
// the declared rates with filler, so that any player takes the healthy one.

const (
	sampleFPS    = 25
	sampleWidth  = 1280
	sampleHeight = 720
	sampleRate   = 44100
	videoKbps    = 600
	audioKbps    = 96
	sampleKey    = 2 * sampleFPS // frames between key frames
)

// samples are the recordings in the order of their buttons.
var samples = [...]struct {
	kind, label string
	recording
}{
	// One pause of 20 s between key frames, from 0:14 on.
	{"long-keyframe-gap", "No key frame for 20 s", recording{seconds: 44, metadata: true, noKeyFrom: 14, noKeyTo: 34}},
	// The encoder's clock starts again 8 s early, 12 s into the recording.
	{"clock-goes-back", "Clock goes back", recording{seconds: 30, metadata: true, backAt: 12, backBy: 8}},
	// Joined on the way: no metadata, and pictures before their configuration.
	{"joined-midway", "Joined midway, no metadata", recording{seconds: 20, lateBy: 1, silent: true}},
	// Bytes that are no FLV at 0:08, and an end in the middle of a tag.
	{"damaged", "Damaged and cut off", recording{seconds: 20, metadata: true, garbageAt: 8, cut: 700}},
	{"healthy", "A healthy one", recording{seconds: 20, metadata: true}},
}

// recording says how a sample goes; times are in seconds, 0 is never.
type recording struct {
	seconds            int
	metadata           bool
	noKeyFrom, noKeyTo int
	backAt, backBy     int
	lateBy             int // the sequence headers come that late, with the first key frame after it
	silent             bool
	garbageAt          int
	cut                int // bytes missing at the end
}

// write appends the recording.
func (r recording) write(b []byte) []byte {
	b = slices.Grow(b, r.seconds*(videoKbps+audioKbps)*150)
	flags := byte(5)
	if r.silent {
		flags = 1
	}
	w := tagWriter{append(b, 'F', 'L', 'V', 1, flags, 0, 0, 0, 9, 0, 0, 0, 0)}
	if r.metadata {
		w.tag(18, 0, sampleMetadata(r.seconds))
	}
	avc := append([]byte{0x17, 0, 0, 0, 0}, avcConfig()...)
	if r.lateBy == 0 {
		w.tag(9, 0, avc)
		w.tag(8, 0, []byte{0xaf, 0, 0x12, 0x10}) // AAC-LC, 44.1 kHz, stereo
	}
	key, plain := frameSizes()
	pictures := [2][]byte{picture(true, 0, key), nil}
	audio := append([]byte{0xaf, 1}, aacFrame(audioKbps*125*1024/sampleRate)...)

	inGroup, group := 0, 0
	var sample int64
	for frame := 0; frame < r.seconds*sampleFPS; {
		videoMS := frame * 1000 / sampleFPS
		audioMS := int(sample * 1024 * 1000 / sampleRate)
		if !r.silent && audioMS < videoMS {
			w.tag(8, r.clock(audioMS), audio)
			sample++
			continue
		}
		second := frame / sampleFPS
		isKey := frame%sampleKey == 0 && (second <= r.noKeyFrom || second >= r.noKeyTo) && (r.lateBy == 0 || second >= r.lateBy)
		if isKey {
			if r.lateBy > 0 && group == 0 {
				w.tag(9, videoMS, avc)
			}
			inGroup, group = 0, group+1
			pictures[0] = picture(true, group, key)
			w.tag(9, r.clock(videoMS), append([]byte{0x17, 1, 0, 0, 0}, pictures[0]...))
		} else {
			inGroup++
			pictures[1] = picture(false, inGroup, plain)
			w.tag(9, r.clock(videoMS), append([]byte{0x27, 1, 0, 0, 0}, pictures[1]...))
		}
		frame++
		if r.garbageAt > 0 && frame == r.garbageAt*sampleFPS {
			for i := range 3000 {
				w.b = append(w.b, byte(0x80|i*37%97))
			}
		}
	}
	return w.b[:len(w.b)-r.cut]
}

// clock is the timestamp that the encoder writes at a moment of the recording.
func (r recording) clock(ms int) int {
	if r.backAt > 0 && ms >= r.backAt*1000 {
		return ms - r.backBy*1000
	}
	return ms
}

type tagWriter struct{ b []byte }

// tag appends a tag and its PreviousTagSize (FLV 10.1 E.3, E.4.1).
func (w *tagWriter) tag(kind byte, ms int, body []byte) {
	n := len(body)
	w.b = append(w.b, kind, byte(n>>16), byte(n>>8), byte(n), byte(ms>>16), byte(ms>>8), byte(ms), byte(ms>>24), 0, 0, 0)
	w.b = append(w.b, body...)
	n += 11
	w.b = append(w.b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// frameSizes share the bitrate out: a key frame has eight times the bytes of another.
func frameSizes() (key, plain int) {
	perGroup := videoKbps * 125 * sampleKey / sampleFPS
	plain = perGroup / (sampleKey + 7)
	return 8 * plain, plain
}

// sampleMetadata is onMetaData as an ECMA array (FLV 10.1 E.5).
func sampleMetadata(seconds int) []byte {
	b := []byte{2, 0, 10}
	b = append(b, "onMetaData"...)
	b = append(b, 8, 0, 0, 0, 11)
	number := func(name string, v float64) {
		b = append(b, 0, byte(len(name)))
		b = append(b, name...)
		b = append(b, 0)
		for bits, i := math.Float64bits(v), 56; i >= 0; i -= 8 {
			b = append(b, byte(bits>>i))
		}
	}
	number("duration", float64(seconds))
	number("width", sampleWidth)
	number("height", sampleHeight)
	number("framerate", sampleFPS)
	number("videocodecid", 7)
	number("videodatarate", videoKbps)
	number("audiocodecid", 10)
	number("audiodatarate", audioKbps)
	number("audiosamplerate", sampleRate)
	number("audiosamplesize", 16)
	b = append(b, 0, 7)
	b = append(b, "encoder"...)
	b = append(b, 2, 0, 20)
	b = append(b, "Ingest Doctor sample"...)
	return append(b, 0, 0, 9)
}

// bits writes H.264 syntax elements, most significant bit first.
type bits struct {
	b    []byte
	free uint // unused bits of the last byte
}

func (w *bits) u(n uint, v uint32) {
	for ; n > 0; n-- {
		if w.free == 0 {
			w.b = append(w.b, 0)
			w.free = 8
		}
		w.free--
		w.b[len(w.b)-1] |= byte(v>>(n-1)&1) << w.free
	}
}

// ue is Exp-Golomb (ISO/IEC 14496-10 9.1).
func (w *bits) ue(v uint32) {
	n := uint(0)
	for (v+1)>>(n+1) != 0 {
		n++
	}
	w.u(n, 0)
	w.u(n+1, v+1)
}

// nal closes a NAL unit: stop bit, then emulation prevention (ISO/IEC 14496-10 7.3.1).
func (w *bits) nal(header byte) []byte {
	w.u(1, 1)
	out, zeros := []byte{header}, 0
	for _, c := range w.b {
		if zeros == 2 && c <= 3 {
			out, zeros = append(out, 3), 0
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		out = append(out, c)
	}
	return out
}

// avcConfig is the decoder configuration record (ISO/IEC 14496-15 5.3.3.1):
// Main profile, level 3.1, no B-frames.
func avcConfig() []byte {
	var w bits
	w.u(24, 77<<16|0x40<<8|31)
	for _, v := range [...]uint32{0, 12, 2, 1} { // id, log2_max_frame_num - 4, pic_order_cnt_type, references
		w.ue(v)
	}
	w.u(1, 0)
	w.ue(sampleWidth/16 - 1)
	w.ue(sampleHeight/16 - 1)
	w.u(4, 0b1101) // frames only, direct_8x8_inference, no cropping, VUI
	w.u(5, 0b00001)
	w.u(32, 1)
	w.u(32, 2*sampleFPS)
	w.u(5, 0b10000) // fixed frame rate, no HRD, no restriction
	sps := w.nal(0x67)

	w = bits{}
	w.u(2, 0b11)
	w.u(2, 0)
	w.u(3, 0b111)
	w.u(3, 0)
	w.u(3, 0b111)
	w.u(3, 0)
	pps := w.nal(0x68)

	b := []byte{1, sps[1], sps[2], sps[3], 0xff, 0xe1, 0, byte(len(sps))}
	b = append(b, sps...)
	b = append(b, 1, 0, byte(len(pps)))
	return append(b, pps...)
}

// picture is one access unit of about size bytes: a coded picture and a unit
// of filler data, each behind its length.
func picture(key bool, n, size int) []byte {
	const blocks = sampleWidth / 16 * sampleHeight / 16
	var w bits
	w.ue(0) // first_mb_in_slice
	header := byte(0x41)
	if key {
		header = 0x65
		w.ue(7) // all I
		w.ue(0)
		w.u(16, 0) // frame_num
		w.ue(uint32(n & 1))
		w.u(2, 0)
		w.ue(0)
		for range blocks {
			w.u(8, 0b00100_1_1_1) // I_16x16 without residual, DC
		}
	} else {
		w.ue(5) // all P
		w.ue(0)
		w.u(16, uint32(n))
		w.u(3, 0)
		w.ue(0)
		w.ue(blocks) // every macroblock skipped
	}
	b := unit(nil, w.nal(header))
	if fill := size - len(b) - 6; fill > 0 {
		filler := make([]byte, fill+2)
		for i := range filler {
			filler[i] = 0xff
		}
		filler[0], filler[fill+1] = 12, 0x80
		b = unit(b, filler)
	}
	return b
}

func unit(b, nal []byte) []byte {
	n := len(nal)
	return append(append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n)), nal...)
}

// aacFrame is a raw_data_block of stereo silence (ISO/IEC 14496-3 4.4.2.1)
// brought to size bytes by fill elements.
func aacFrame(size int) []byte {
	var w bits
	w.u(32, 0x21100460)
	w.u(8, 0x8c)
	w.u(3, 0)
	for {
		left := size*8 - (len(w.b)*8 - int(w.free)) - 3
		if left < 15 {
			break
		}
		n := min((left-7)/8, 269)
		w.u(3, 6) // ID_FIL
		if n < 15 {
			w.u(4, uint32(n))
		} else {
			n--
			w.u(4, 15)
			w.u(8, uint32(n-14))
		}
		for i := range n {
			v := uint32(0xa5)
			if i == 0 {
				v = 0x10
			}
			w.u(8, v)
		}
	}
	w.u(3, 7) // ID_END
	for len(w.b) < size {
		w.b = append(w.b, 0)
	}
	return w.b
}
