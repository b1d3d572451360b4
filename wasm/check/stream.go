package check

import (
	"strconv"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
)

// Kind tells video tracks from audio tracks.
type Kind uint8

// The kinds of track.
const (
	Video Kind = iota
	Audio
)

// Track is what the observers and the summary know of one track. Observers see
// it as it stood before the frame that they are shown, but for Delta. The
// fields that every frame touches come first.
type Track struct {
	Kind     Kind
	ID       uint8 // E-RTMP track id, else 0
	CodecID  uint8
	Codec    flv.Codec
	Enhanced bool
	leaped   bool // Delta is far beyond the cadence
	FourCC   uint32

	LastMS  int64 // timestamp of the last coded frame
	MaxMS   int64 // highest timestamp of a coded frame
	Delta   int64 // this frame's timestamp less the last one's; 0 for the first
	cadence int64 // the usual Delta, quick to fall and slow to rise

	Frames int64
	Keys   int64
	Bytes  int64

	// Deltas that are no leaps, forwards or back, for the frame rate, and how
	// often each length of them came (the last one holds all longer ones).
	steadyMS, steadyN int64

	// One second of the track's media time, for its highest rate.
	secFrom, secBytes int64

	lastOff, lastTag int64

	codecs codecsTrack
	limits limitsTrack
	time   timeTrack
	keys   keysTrack
	meta   metaTrack

	Name        string // video, audio; video:1 for other tracks of a multitrack push
	AudioHeader uint8  // of the first frame, legacy header
	BFrames     bool   // frames are shown in another order than they are decoded
	FirstMS     int64
	Config      *flv.Config // the last one that could be read, nil before it
	peak        int64       // bits in the fullest second
	first       diag.Media  // first coded frame

	deltas [128]uint32
}

// FrameRate is the measured frame rate, 0 where too little is known.
func (tr *Track) FrameRate() float64 {
	if tr.steadyN < 2 || tr.steadyMS <= 0 {
		return 0
	}
	return float64(tr.steadyN) * 1000 / float64(tr.steadyMS)
}

// TypicalRate is the frame rate of the usual distance between frames, whatever
// was dropped in between; 0 where there is no such distance.
func (tr *Track) TypicalRate() float64 {
	var n, half int64
	for half < int64(len(tr.deltas)) {
		n += int64(tr.deltas[half])
		if 2*n > tr.steadyN {
			break
		}
		half++
	}
	if tr.steadyN < 2 || half >= int64(len(tr.deltas)-1) {
		return tr.FrameRate()
	}
	// Whole milliseconds: 16 and 17 make 60 frames a second together.
	var sum int64
	n = 0
	slack := half/4 + 1
	for d := max(half-slack, 0); d <= min(half+slack, int64(len(tr.deltas)-2)); d++ {
		n += int64(tr.deltas[d])
		sum += d * int64(tr.deltas[d])
	}
	if sum == 0 {
		return 0
	}
	return float64(n) * 1000 / float64(sum)
}

// FrameMS is the usual time from frame to frame, 0 where it is not known.
func (tr *Track) FrameMS() float64 {
	if tr.steadyN < 1 {
		return 0
	}
	return float64(tr.steadyMS) / float64(tr.steadyN)
}

// SpanMS is the media time that the track covers, its leaps left out.
func (tr *Track) SpanMS() float64 { return float64(tr.steadyMS) + tr.FrameMS() }

// PeakKbps is the rate of the fullest second in kbit/s.
func (tr *Track) PeakKbps() float64 {
	peak := max(tr.peak, tr.secBytes*8)
	return float64(peak) / 1000
}

// GOP sums up the key frame intervals; nil where there is no key frame.
func (tr *Track) GOP() *diag.GOP {
	if tr.Keys == 0 {
		return nil
	}
	g := &tr.keys.gops
	open := tr.LastMS - tr.keys.at.TimestampMS - tr.keys.paused
	return &diag.GOP{Count: g.Count, MinMS: g.Min, MedianMS: g.Median(), MaxMS: g.Max, OpenMS: max(open, 0)}
}

// Configs is how many distinct sequence headers the track had.
func (tr *Track) Configs() int { return len(tr.codecs.seen) }

// Stream is the state that all observers share.
type Stream struct {
	pass *Pass

	Header     flv.Header
	HeaderSeen bool

	Tags, AudioTags, VideoTags, ScriptTags, UnknownTags, EmptyTags int64
	Encrypted                                                      int64
	Enhanced                                                       bool

	// The track of each kind with the lowest id, nil before its first frame: what
	// metadata speaks of, and what audio and video are held against each other with.
	Main [2]*Track
	// Tracks by kind and id.
	Tracks []*Track
	byID   [2][256]*Track

	leap int64 // a Delta this far beyond the cadence is a leap

	// Audio and video are not held against each other before graceTr has come to
	// graceEnd: one of them has leapt, and the other may be about to follow.
	graceTr  *Track
	graceEnd int64

	// odd makes the timestamp checks look at every frame: after a leap.
	odd bool

	// What onMetaData declares, 0 and false where it does not.
	declaredFPS                  float64
	declaredVideo, declaredAudio bool

	Seconds  Seconds
	plots    *Plots
	nextByte int64 // where the next bucket of the plots by offset begins
}

func newStream(p *Pass) *Stream {
	s := &Stream{pass: p, leap: 1000, plots: newPlots()}
	if v, _ := p.Profile.TimestampJump.Lowest(); v > 0 {
		s.leap = int64(v)
	}
	return s
}

// track finds or makes the track of a frame.
func (s *Stream) track(k Kind, id uint8) *Track {
	if tr := s.byID[k][id]; tr != nil {
		return tr
	}
	tr := &Track{Kind: k, ID: id, Name: "video"}
	if k == Audio {
		tr.Name = "audio"
	}
	if id != 0 {
		tr.Name += ":" + strconv.Itoa(int(id))
	}
	tr.meta.due = true
	s.byID[k][id] = tr
	i := len(s.Tracks)
	for i > 0 && (s.Tracks[i-1].Kind > k || s.Tracks[i-1].Kind == k && s.Tracks[i-1].ID > id) {
		i--
	}
	s.Tracks = append(s.Tracks, nil)
	copy(s.Tracks[i+1:], s.Tracks[i:])
	s.Tracks[i] = tr
	return tr
}

// lastAt is the place of the track's last coded frame.
func (tr *Track) lastAt() diag.Media {
	return diag.Media{Offset: tr.lastOff, Tag: tr.lastTag, TimestampMS: tr.LastMS, Track: tr.Name}
}

// Last is the latest of the tracks' last timestamps; ok is false before the
// first coded frame.
func (s *Stream) Last() (ms int64, ok bool) {
	for _, tr := range s.Tracks {
		if tr.Frames > 0 && (!ok || tr.LastMS > ms) {
			ms, ok = tr.LastMS, true
		}
	}
	return ms, ok
}

// frameMS is the usual length of the last frame.
func (s *Stream) frameMS() float64 {
	for _, tr := range s.Main {
		if tr != nil {
			return tr.FrameMS()
		}
	}
	return 0
}

// begin prepares the track for its first coded frame.
func (s *Stream) begin(tr *Track, t *flv.Tag) {
	ts := t.Timestamp
	tr.first = at(t, tr)
	tr.Delta, tr.leaped = 0, false
	if m := s.Main[tr.Kind]; m == nil || tr.ID < m.ID {
		s.Main[tr.Kind] = tr
	}
	tr.FirstMS, tr.MaxMS, tr.LastMS = ts, ts, ts
	tr.secFrom = ts
}

// advance counts a coded frame after the observers have seen it.
func (s *Stream) advance(tr *Track, t *flv.Tag, f *flv.Frame) {
	ts := t.Timestamp
	if t.Offset >= s.nextByte {
		s.nextByte = s.plots.offset(t.Offset, s)
	}
	if d := tr.Delta; tr.Frames > 0 {
		switch {
		case d < 0:
		case d < tr.cadence>>1 || tr.steadyN == 0:
			tr.cadence = d
		default:
			tr.cadence += (d - tr.cadence) >> 3
		}
		// Small steps back count too: the sum is then the time that passed.
		if !tr.leaped && d > -s.leap {
			tr.steadyMS += d
			tr.steadyN++
			tr.deltas[min(max(d, 0), int64(len(tr.deltas)-1))]++
		}
	}
	tr.Frames++
	size := int64(f.Bytes)
	if t.Truncated {
		size = 0 // what a cut tag claims is no measure of the stream
	}
	tr.Bytes += size
	tr.LastMS = ts
	tr.lastOff, tr.lastTag = t.Offset, t.Index
	if ts > tr.MaxMS {
		tr.MaxMS = ts
	}
	// One unsigned comparison for both ends: a step back starts a second too.
	if uint64(ts-tr.secFrom) >= 1000 {
		tr.newSecond(ts)
	}
	tr.secBytes += size
	s.Seconds.add(s, tr, t, size)
}

// newSecond closes the track's second and opens the one of ts.
func (tr *Track) newSecond(ts int64) {
	tr.peak = max(tr.peak, tr.secBytes*8)
	tr.secBytes = 0
	if d := ts - tr.secFrom; d >= 1000 && d < 2000 {
		tr.secFrom += 1000
	} else {
		tr.secFrom = ts
	}
}

// tooShort reports whether the input ended before a track that is promised had
// to come: it was cut, or broke off within its first second.
func (s *Stream) tooShort(e *End) bool {
	if e.Cut {
		return true
	}
	if e.In != flv.InBody {
		return false
	}
	for _, tr := range s.Tracks {
		if tr.MaxMS-tr.FirstMS >= 1000 {
			return false
		}
	}
	return true
}
