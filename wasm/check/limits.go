package check

import (
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/profile"
)

var limitsRules = []string{"resolution-exceeded", "framerate-exceeded", "bitrate-exceeded", "b-frames"}

// rateWindowMS is the media time over which a frame rate is measured. Arrival
// jitter of 50 ms at both ends is 2 % of it, so that two windows in a row, or
// the whole of a short recording, have to agree.
const rateWindowMS = 5000

// maxWindow bounds the seconds over which a bitrate is averaged.
const maxWindow = 64

// limits checks what the platform publishes as its limits.
type limits struct {
	none
	p *Pass

	resolution, frameRate, bitrate, bFrames *rule

	rates    [3]rateLimit // total, video, audio
	window   int          // seconds
	fpsLimit float64      // 0: none
}

// limitsTrack is a track's state.
type limitsTrack struct {
	from  int64
	n     int64      // frames of the track at from
	at    diag.Media // begin of the window
	last  float64    // rate of the window before, 0 after a break
	lastP diag.Media

	offsetSeen      bool
	minOffset       int32
	maxOffset       int32
	maxPTS          int64
	offsets         int64 // frames with a composition offset above the smallest
	firstB          diag.Media
	bOff, bTag, bMS int64 // the last B-frame
}

// rateLimit averages a bitrate over the last seconds.
type rateLimit struct {
	limit *profile.Limit
	name  string
	ring  [maxWindow]rateSecond
	sum   int64
	n     int
	next  int64 // index of the second that would continue the run

	over  *fold // the excess that is going on
	bytes int64 // in it
	from  int64
}

type rateSecond struct{ bytes, offset, tag int64 }

func newLimits(p *Pass) *limits {
	l := &limits{
		p:          p,
		resolution: p.rule("resolution-exceeded"), frameRate: p.rule("framerate-exceeded"),
		bitrate: p.rule("bitrate-exceeded"), bFrames: p.rule("b-frames"),
	}
	l.fpsLimit = lowest(&p.Profile.FrameRate)
	l.window = min(max(int(p.Profile.BitrateWindow/1000), 1), maxWindow)
	l.rates[0] = rateLimit{limit: &p.Profile.TotalKbps, name: "video and audio"}
	l.rates[1] = rateLimit{limit: &p.Profile.VideoKbps, name: "video"}
	l.rates[2] = rateLimit{limit: &p.Profile.AudioKbps, name: "audio"}
	return l
}

// Config judges the picture size.
func (l *limits) Config(t *flv.Tag, f *flv.Frame, tr *Track) {
	c := f.Config
	s := &l.p.Profile.Resolution
	if c == nil || tr.Kind != Video || c.CodedWidth == 0 || s.Within(c.CodedWidth, c.CodedHeight) {
		return
	}
	h := l.resolution.hitAs(s.Severity, s.Basis, 0, tr, at(t, tr))
	if h != nil && h.worse(float64(c.CodedWidth)*float64(c.CodedHeight)) {
		h.reset().whole("width", int64(c.CodedWidth)).whole("height", int64(c.CodedHeight)).whole("max_width", int64(s.Width)).whole("max_height", int64(s.Height))
	}
}

// rateFrom begins a window of the frame rate at a frame: the first, and one
// behind a leap.
func (l *limits) rateFrom(t *flv.Tag, tr *Track) {
	lt := &tr.limits
	lt.n, lt.from, lt.last = tr.Frames, t.Timestamp, 0
	if l.fpsLimit > 0 {
		lt.at = at(t, tr)
	}
}

// offset looks at presentation order: a frame shown before one that was decoded
// earlier means B-frames. Offsets that stay the same do not, nor does rounding.
func (l *limits) offset(t *flv.Tag, tr *Track, cts int32) {
	lt := &tr.limits
	pts := t.Timestamp + int64(cts)
	if !lt.offsetSeen {
		lt.offsetSeen = true
		lt.maxPTS = tr.LastMS
		lt.minOffset, lt.maxOffset = 0, cts
		if tr.Frames == 0 {
			lt.minOffset = cts
		}
	}
	switch {
	case tr.Frames == 0 || tr.Delta < 0:
		lt.maxPTS = pts
	case pts+2 < lt.maxPTS:
		if !tr.BFrames {
			tr.BFrames = true
			lt.firstB = at(t, tr)
		}
		lt.bOff, lt.bTag, lt.bMS = t.Offset, t.Index, t.Timestamp
	case pts > lt.maxPTS:
		lt.maxPTS = pts
	}
	if cts < lt.minOffset {
		lt.minOffset = cts
	}
	if cts > lt.maxOffset {
		lt.maxOffset = cts
	}
	if cts > lt.minOffset+2 {
		lt.offsets++
	}
}

// measure ends a window at the frame t and judges it: two in a row must be
// over the limit.
func (l *limits) measure(t *flv.Tag, tr *Track) {
	lt := &tr.limits
	rate := float64(tr.Frames-lt.n) * 1000 / float64(t.Timestamp-lt.from)
	if both := min(rate, lt.last); both > 0 {
		l.tooFast(tr, both, lt.lastP)
	}
	lt.last, lt.lastP = rate, lt.at
	lt.n, lt.from, lt.at = tr.Frames, t.Timestamp, at(t, tr)
}

func (l *limits) tooFast(tr *Track, rate float64, where diag.Media) {
	h, limit := l.frameRate.judge(&l.p.Profile.FrameRate, rate, 0, tr, where)
	if h != nil && h.worse(rate) {
		h.reset().number("measured_fps", round(rate, 2)).number("limit_fps", limit)
	}
}

// second takes a finished second of media time.
func (l *limits) second(s *Second) {
	if s.MS < 1000 {
		return
	}
	l.rates[0].add(l, s, s.Video+s.Audio)
	l.rates[1].add(l, s, s.Video)
	l.rates[2].add(l, s, s.Audio)
}

// add moves the window on by a second and judges its mean.
func (r *rateLimit) add(l *limits, s *Second, bytes int64) {
	if !r.limit.Set() {
		return
	}
	if s.Index != r.next {
		r.sum, r.n, r.over = 0, 0, nil
	}
	r.next = s.Index + 1
	slot := s.Index & (maxWindow - 1)
	if r.n == l.window {
		r.sum -= r.ring[(s.Index-int64(l.window))&(maxWindow-1)].bytes
	} else {
		r.n++
	}
	r.ring[slot] = rateSecond{bytes, s.Offset, s.Tag}
	r.sum += bytes
	if r.n < l.window {
		return
	}
	kbps := float64(r.sum) * 8 / 1000 / float64(r.n)
	sev, limit, basis := r.limit.Judge(kbps)
	if sev == diag.Off {
		r.over = nil
		return
	}
	origin := l.p.Stream.Seconds.origin
	end := origin + (s.Index+1)*1000
	if r.over != nil && r.over.sev == sev {
		// The same excess goes on: its mean from start to end.
		r.bytes += bytes
	} else {
		r.from = end - int64(r.n)*1000
		r.bytes = r.sum
		begin := &r.ring[(s.Index+1-int64(r.n))&(maxWindow-1)]
		where := diag.Media{Offset: begin.offset, Tag: begin.tag, TimestampMS: r.from}
		cause := uint8(0)
		for i := range l.rates {
			if &l.rates[i] == r {
				cause = uint8(i)
			}
		}
		r.over = l.bitrate.hitAs(sev, basis, cause, nil, where)
		if r.over == nil {
			return
		}
	}
	h := r.over
	h.last.Offset, h.last.Tag, h.last.TimestampMS = s.Offset, s.Tag, s.Index*1000+origin
	mean := float64(r.bytes) * 8 / float64(end-r.from)
	// Of several stretches the longest is told.
	if length := float64(end - r.from); h.count == 1 || length >= h.worst {
		h.worst = length
		h.reset().text("track", r.name).number("measured_kbps", round(mean, 0)).number("limit_kbps", limit).whole("start_ms", r.from).whole("end_ms", end).whole("window_ms", int64(l.window)*1000)
	}
}

// Close judges recordings that are too short for the windows, and B-frames.
func (l *limits) Close(e *End) {
	st := l.p.Stream
	p := l.p.Profile
	measured := false
	for _, tr := range st.Tracks {
		if tr.Kind != Video || tr.Frames == 0 {
			continue
		}
		measured = measured || tr.steadyMS >= 1000
		l.whole(tr)
		l.reordered(tr)
	}
	if d := st.declaredFPS; d > 0 {
		for _, h := range l.frameRate.folds {
			h.number("declared_fps", round(d, 3))
		}
	}
	if st.Main[Video] == nil {
		for _, r := range [...]*rule{l.resolution, l.frameRate, l.bFrames} {
			r.na("there is no video")
		}
	}
	if p.Resolution.Width == 0 {
		l.resolution.na("the profile sets no limit")
	}
	if l.fpsLimit == 0 {
		l.frameRate.na("the profile sets no limit")
	} else if !measured {
		l.frameRate.na("there is less than 1 s of video to measure")
	}
	if !p.TotalKbps.Set() && !p.VideoKbps.Set() && !p.AudioKbps.Set() {
		l.bitrate.na("the profile sets no limit")
	}
	if p.BFrames.Severity == diag.Off {
		l.bFrames.na("the profile has no objection")
	}
}

// whole judges the frame rate over the whole recording.
func (l *limits) whole(tr *Track) {
	if l.fpsLimit == 0 || tr.steadyN < 10 || tr.steadyMS < 1000 {
		return
	}
	for _, h := range l.frameRate.folds {
		if h.track == tr {
			return // the windows said so
		}
	}
	rate := tr.FrameRate()
	if tr.steadyMS < 3*rateWindowMS {
		// Few frames: an uneven rhythm weighs more (flvmux of GStreamer begins with
		// three frames at 0), so the usual distance of frames must say the same. It
		// is known to whole milliseconds: 33 ms are 30 frames a second as well.
		usual := tr.TypicalRate()
		if usual <= l.fpsLimit*1.015 {
			return
		}
		rate = min(rate, usual*1.03)
	}
	l.tooFast(tr, rate, tr.first)
}

func (l *limits) reordered(tr *Track) {
	n := &l.p.Profile.BFrames
	if !tr.BFrames || n.Severity == diag.Off {
		return
	}
	lt := &tr.limits
	if h := l.bFrames.hitAs(n.Severity, n.Basis, 0, tr, lt.firstB); h != nil {
		h.count = max(lt.offsets, 1)
		h.last = diag.Media{Offset: lt.bOff, Tag: lt.bTag, TimestampMS: lt.bMS, Track: tr.Name}
		h.reset().whole("frames", lt.offsets).whole("max_offset_ms", int64(lt.maxOffset))
	}
}
