package check

import (
	"math"

	"ingestdoctor/wasm/diag"
)

const (
	// farMS is how far a timestamp may be from the one before to be plotted: a
	// plot that spans a leap of days shows nothing else.
	farMS = 6 * 3600 * 1000
	// A recording may begin with a few tags of another clock (a key frame from a
	// server's cache, stamped 0): the plot begins anew behind them.
	settleTags  = 50
	settleMS    = 60 * 1000
	firstByteSh = 12 // 4,096 bytes
)

// Plots collects the time series in bounded memory, from finished seconds and
// at byte offsets: a bucket's width doubles when there are too many.
type Plots struct {
	started bool
	start   int64 // media time of the first bucket
	step    int64 // ms
	buckets []bucket
	last    int64 // last timestamp that was taken
	reach   int64 // highest one that may be plotted
	taken   int64 // frames
	leftOut int64

	shift        uint // of an offset, gives its byte bucket
	video, audio [diag.MaxPoints]int64
	bytes        int // byte buckets in use
}

type bucket struct {
	video, audio         int64 // bytes
	videoPeak, audioPeak int64 // bytes in the fullest second
	frames               int64
	low, high            int64 // audio minus video
	both                 bool
}

// nothing marks an empty byte bucket.
const nothing = math.MinInt64

func newPlots() *Plots {
	p := &Plots{step: 1000, shift: firstByteSh, buckets: make([]bucket, 0, diag.MaxPoints)}
	p.clear()
	return p
}

func (p *Plots) clear() {
	p.buckets = p.buckets[:0]
	p.step = 1000
	for i := range p.video {
		p.video[i], p.audio[i] = nothing, nothing
	}
}

// enter is told when the stream comes to another second.
func (p *Plots) enter(ts int64) {
	d := ts - p.last
	far := d > settleMS || d < -settleMS
	switch {
	case !p.started || far && p.taken < settleTags:
		p.leftOut += p.taken
		p.taken = 0
		p.clear()
		p.started, p.start, p.reach = true, ts, ts
	case far && (d > farMS || d < -farMS || ts < p.start):
		return
	}
	p.last = ts
	p.reach = max(p.reach, ts)
}

// offset is told when the file comes to another byte bucket; it returns the
// offset of the next one.
func (p *Plots) offset(at int64, st *Stream) int64 {
	for at>>p.shift >= diag.MaxPoints {
		p.widen()
	}
	p.mark(st)
	p.bytes = max(p.bytes, int(at>>p.shift)+1)
	return (at>>p.shift + 1) << p.shift
}

// mark notes the last timestamps in the byte buckets of their frames.
func (p *Plots) mark(st *Stream) {
	for k, tr := range st.Main {
		if tr == nil || tr.Frames == 0 || tr.LastMS > p.reach+settleMS || tr.LastMS < p.start-settleMS {
			continue
		}
		if i := tr.lastOff >> p.shift; i < diag.MaxPoints {
			if k == int(Video) {
				p.video[i] = tr.LastMS
			} else {
				p.audio[i] = tr.LastMS
			}
		}
	}
}

// widen doubles the byte buckets.
func (p *Plots) widen() {
	p.shift++
	for _, s := range [...]*[diag.MaxPoints]int64{&p.video, &p.audio} {
		for i := range diag.MaxPoints / 2 {
			s[i] = s[2*i+1]
			if s[i] == nothing {
				s[i] = s[2*i]
			}
		}
		for i := diag.MaxPoints / 2; i < diag.MaxPoints; i++ {
			s[i] = nothing
		}
	}
	p.bytes = (p.bytes + 1) / 2
}

// bucket finds or makes the bucket of a timestamp; nil before the start.
func (p *Plots) bucket(ts int64) *bucket {
	d := ts - p.start
	if d < 0 {
		if d < -1000 {
			return nil
		}
		d = 0 // the other track began a little earlier
	}
	for d/p.step >= diag.MaxPoints {
		half := (len(p.buckets) + 1) / 2
		for i := range half {
			b := p.buckets[2*i]
			if 2*i+1 < len(p.buckets) {
				b.merge(&p.buckets[2*i+1])
			}
			p.buckets[i] = b
		}
		p.buckets = p.buckets[:half]
		p.step *= 2
	}
	i := int(d / p.step)
	for len(p.buckets) <= i {
		p.buckets = append(p.buckets, bucket{})
	}
	return &p.buckets[i]
}

func (b *bucket) merge(c *bucket) {
	b.video += c.video
	b.audio += c.audio
	b.frames += c.frames
	b.videoPeak = max(b.videoPeak, c.videoPeak)
	b.audioPeak = max(b.audioPeak, c.audioPeak)
	if c.both {
		if !b.both {
			b.both, b.low, b.high = true, c.low, c.high
		}
		b.low, b.high = min(b.low, c.low), max(b.high, c.high)
	}
}

// second takes a finished second of media time; origin is that of the seconds.
func (p *Plots) second(s *Second, origin int64) {
	from := origin + s.Index*1000
	n := s.Frames + s.Sounds
	if !p.started || from > p.reach || from < p.start-1000 {
		p.leftOut += n
		return
	}
	b := p.bucket(from)
	if b == nil {
		p.leftOut += n
		return
	}
	p.taken += n
	b.merge(&bucket{
		video: s.Video, audio: s.Audio, videoPeak: s.Video, audioPeak: s.Audio,
		frames: s.Frames, low: s.Low, high: s.High, both: s.Both,
	})
}

// Series writes the series so far.
func (p *Plots) Series(st *Stream) *diag.Series {
	// The seconds that are still open count as well, in a copy.
	q := *p
	q.buckets = append(make([]bucket, 0, diag.MaxPoints), p.buckets...)
	q.mark(st)
	st.Seconds.Open(func(s *Second) { q.second(s, st.Seconds.origin) })

	end, _ := st.Last()
	n := len(q.buckets)
	s := &diag.Series{
		StartMS: q.start, StepMS: q.step,
		VideoKbps: make(diag.Floats, n), VideoPeakKbps: make(diag.Floats, n),
		AudioKbps: make(diag.Floats, n), AudioPeakKbps: make(diag.Floats, n),
		FrameRate: make(diag.Floats, n), AVMinMS: make(diag.Floats, n), AVMaxMS: make(diag.Floats, n),
		GOPStartMS: []int64{}, GOPLenMS: []int64{},
		ByteStep: 1 << q.shift, VideoByByte: make(diag.Floats, q.bytes), AudioByByte: make(diag.Floats, q.bytes),
		LeftOut: q.leftOut,
	}
	for i := range q.buckets {
		b := &q.buckets[i]
		ms := float64(q.step)
		if i == n-1 {
			// The last bucket ends where the recording does.
			if length := float64(end-q.start-int64(i)*q.step) + st.frameMS(); length < ms {
				ms = max(length, 200)
			}
		}
		s.VideoKbps[i] = round(float64(b.video)*8/ms, 1)
		s.AudioKbps[i] = round(float64(b.audio)*8/ms, 1)
		s.VideoPeakKbps[i] = max(round(float64(b.videoPeak)*8/1000, 1), s.VideoKbps[i])
		s.AudioPeakKbps[i] = max(round(float64(b.audioPeak)*8/1000, 1), s.AudioKbps[i])
		s.FrameRate[i] = round(float64(b.frames)*1000/ms, 2)
		s.AVMinMS[i], s.AVMaxMS[i] = math.NaN(), math.NaN()
		if b.both {
			s.AVMinMS[i], s.AVMaxMS[i] = float64(b.low), float64(b.high)
		}
	}
	for i := range q.bytes {
		s.VideoByByte[i], s.AudioByByte[i] = orNaN(q.video[i]), orNaN(q.audio[i])
	}
	if v := st.Main[Video]; v != nil {
		for _, pt := range v.keys.gops.points {
			s.GOPStartMS = append(s.GOPStartMS, pt.from)
			s.GOPLenMS = append(s.GOPLenMS, pt.length)
		}
	}
	return s
}

func orNaN(v int64) float64 {
	if v == nothing {
		return math.NaN()
	}
	return float64(v)
}
