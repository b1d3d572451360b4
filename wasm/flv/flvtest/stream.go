package flvtest

import (
	"slices"
	"sort"

	"ingestdoctor/wasm/flv"
)

// Prop is one property of a script message.
type Prop = flv.AMFProperty

// N, S and T are properties with a number, a string and a truth value.
func N(name string, v float64) Prop { return Prop{Name: name, Value: flv.Num(v)} }
func S(name, v string) Prop         { return Prop{Name: name, Value: flv.Str(v)} }
func T(name string, v bool) Prop    { return Prop{Name: name, Value: flv.Bool(v)} }

// Script is the body of a script tag: a name and values.
func Script(name string, values ...flv.AMFValue) []byte {
	b := flv.AppendAMF0(nil, flv.Str(name))
	for _, v := range values {
		b = flv.AppendAMF0(b, v)
	}
	return b
}

// MetaData is the body of an onMetaData tag, an ECMA array.
func MetaData(props ...Prop) []byte {
	return Script("onMetaData", flv.AMFValue{Kind: flv.AMFECMAArray, Props: props})
}

// MetaDataObject is the same as an object.
func MetaDataObject(props ...Prop) []byte {
	return Script("onMetaData", flv.AMFValue{Kind: flv.AMFObject, Props: props})
}

// Tag is a tag of a Stream, which Stream.Each may change.
type Tag struct {
	Index     int // in the file
	Type      byte
	Timestamp int64
	Body      []byte
	Frame     int    // number of the video or audio frame, from 0; -1 of the others
	Key       bool   // a key frame
	Config    bool   // a sequence header
	Drop      bool   // set it to leave the tag out
	Before    []byte // bytes to put before the tag
	StreamID  uint32
	PTS       PTSMode
}

// Stream describes a recording. A zero field means the healthy value.
type Stream struct {
	Seconds   float64 // 10
	FPS       float64 // 30
	GOP       float64 // seconds between key frames, 2
	StartMS   int64   // timestamp of the first frame
	VideoKbps float64 // 1,000
	AudioKbps float64 // 128
	KeyFactor float64 // a key frame is this many times as large as the others, 4
	SPS       SPS     // 1280x720, High 4.0, at FPS
	BFrames   int     // between two others

	SampleRate int // 44,100
	Channels   int // 2

	NoVideo, NoAudio             bool
	NoMetaData                   bool
	NoVideoConfig, NoAudioConfig bool
	MetaData                     []Prop                    // instead of the right ones
	EditMetaData                 func(props []Prop) []Prop // change the right ones
	HEVC                         bool                      // Enhanced RTMP, hvc1
	Flags                        byte                      // of the header; 0: what the stream has

	// Each may change every tag before it is written.
	Each func(t *Tag)
}

// Healthy is a stream with nothing to find: H.264 High 1280x720, AAC-LC 44.1
// kHz stereo, right metadata.
func Healthy(seconds, fps, gopSeconds float64) *Builder {
	return Stream{Seconds: seconds, FPS: fps, GOP: gopSeconds}.Build()
}

func or[T comparable](v, other T) T {
	var zero T
	if v == zero {
		return other
	}
	return v
}

// Build writes the stream.
func (s Stream) Build() *Builder {
	s.Seconds, s.FPS, s.GOP = or(s.Seconds, 10), or(s.FPS, 30), or(s.GOP, 2)
	s.VideoKbps, s.AudioKbps, s.KeyFactor = or(s.VideoKbps, 1000), or(s.AudioKbps, 128), or(s.KeyFactor, 4)
	s.SampleRate, s.Channels = or(s.SampleRate, 44100), or(s.Channels, 2)
	s.SPS.FPS = or(s.SPS.FPS, s.FPS)
	s.SPS = s.SPS.defaults()
	flags := byte(0)
	if !s.NoAudio {
		flags |= 4
	}
	if !s.NoVideo {
		flags |= 1
	}
	b := NewHeader(1, or(s.Flags, flags), 9)

	var tags []Tag
	if !s.NoMetaData {
		tags = append(tags, Tag{Type: 18, Timestamp: 0, Body: MetaData(s.metaData()...), Frame: -1})
	}
	if !s.NoVideo && !s.NoVideoConfig {
		body := AVCConfig(s.SPS)
		if s.HEVC {
			body = ExVideo(1, 0, "hvc1", HEVCRecord(s.SPS.Width, s.SPS.Height, s.SPS.FPS))
		}
		tags = append(tags, Tag{Type: 9, Timestamp: s.StartMS, Body: body, Config: true, Frame: -1})
	}
	if !s.NoAudio && !s.NoAudioConfig {
		tags = append(tags, Tag{Type: 8, Timestamp: s.StartMS, Body: AACConfig(s.SampleRate, s.Channels), Config: true, Frame: -1})
	}
	var media []Tag
	if !s.NoVideo {
		media = append(media, s.video()...)
	}
	if !s.NoAudio {
		n := int(s.Seconds * float64(s.SampleRate) / 1024)
		size := int(s.AudioKbps * 1000 / 8 * 1024 / float64(s.SampleRate))
		for i := range n {
			ms := s.StartMS + int64(float64(i)*1024*1000/float64(s.SampleRate)+0.5)
			media = append(media, Tag{Type: 8, Timestamp: ms, Body: AAC(size), Frame: i})
		}
	}
	sort.SliceStable(media, func(i, j int) bool { return media[i].Timestamp < media[j].Timestamp })
	tags = append(tags, media...)
	size := 0
	for i := range tags {
		size += len(tags[i].Body) + 15
	}
	b.buf = slices.Grow(b.buf, size)
	for i, t := range tags {
		t.Index = i
		if s.Each != nil {
			s.Each(&t)
		}
		if t.Drop {
			continue
		}
		b.Raw(t.Before...)
		b.StreamID, b.PTS = t.StreamID, t.PTS
		b.Tag(t.Type, t.Timestamp, t.Body)
	}
	return b
}

func (s Stream) metaData() []Prop {
	props := s.MetaData
	if props == nil {
		props = []Prop{N("duration", 0)}
		if !s.NoVideo {
			id := 7.0
			if s.HEVC {
				id = 0x68766331
			}
			props = append(props, N("width", float64(s.SPS.Width)), N("height", float64(s.SPS.Height)),
				N("videodatarate", s.VideoKbps), N("framerate", s.FPS), N("videocodecid", id))
		}
		if !s.NoAudio {
			props = append(props, N("audiodatarate", s.AudioKbps), N("audiosamplerate", float64(s.SampleRate)),
				N("audiosamplesize", 16), T("stereo", s.Channels == 2), N("audiocodecid", 10))
		}
		props = append(props, S("encoder", "flvtest"))
	}
	if s.EditMetaData != nil {
		props = s.EditMetaData(props)
	}
	return props
}

func (s Stream) video() []Tag {
	n := int(s.Seconds*s.FPS + 0.5)
	gop := max(1, int(s.GOP*s.FPS+0.5))
	// Sizes whose mean over a GOP is the rate.
	mean := s.VideoKbps * 1000 / 8 / s.FPS
	small := mean * float64(gop) / (float64(gop) - 1 + s.KeyFactor)
	frame := 1000 / s.FPS
	var tags []Tag
	at := func(i int) int64 { return s.StartMS + int64(float64(i)*frame+0.5) }
	for i := range n {
		key := i%gop == 0
		size := int(small)
		kind := uint32(5)
		shown := i
		header := byte(0x41)
		switch {
		case key:
			size = int(small * s.KeyFactor)
			kind, header = 7, 0x65
		case s.BFrames > 0 && (i%gop-1)%(s.BFrames+1) != 0:
			kind, header = 6, 0x01
			shown = i - 1
		case s.BFrames > 0:
			shown = min(i+s.BFrames, i-i%gop+gop-1, n-1)
		}
		cts := 0
		if s.BFrames > 0 {
			// One frame of delay, so that no frame is shown before it is decoded.
			cts = int(at(shown+1) - at(i))
		}
		typ := byte(2)
		if key {
			typ = 1
		}
		body := AVC(typ, cts, Slice(header, kind, max(size-4, 8)))
		if s.HEVC {
			nal := byte(1)
			if key {
				nal = 19
			}
			body = ExVideo(typ, 1, "hvc1", WithCTS(cts, NALs(HEVCSlice(nal, max(size-4, 8)))))
		}
		tags = append(tags, Tag{Type: 9, Timestamp: at(i), Body: body, Frame: i, Key: key})
	}
	return tags
}
