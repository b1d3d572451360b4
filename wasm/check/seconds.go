package check

import "ingestdoctor/wasm/flv"

// Second is one second of media time.
type Second struct {
	Index        int64 // since the first coded frame
	Video, Audio int64 // bytes
	Frames       int64 // of video
	MS           int64 // 1,000; less for the last one
	Offset, Tag  int64 // of its first frame
	Sounds       int64 // frames of audio
	Low, High    int64 // audio minus video timestamp, in file order
	Both         bool  // Low and High are known
	Disturbed    bool  // a track leapt in it
	used         bool
}

// openSeconds is how far apart audio and video may be interleaved and still
// count in the same second.
const openSeconds = 16

// Seconds counts bytes and frames by seconds of media time, whichever order
// the tags come in, in bounded memory. A second is handed on when the stream
// is openSeconds past it, or when the clock leaps.
type Seconds struct {
	// Done is called with each finished second that had any frame, rising within
	// one run of the clock. The pointer is valid during the call.
	Done func(*Second)

	origin  int64
	started bool
	newest  int64 // highest index in the ring
	oldest  int64 // lowest index that the ring can hold
	ring    [openSeconds]Second

	// The second of the last frame, so that most frames need no division.
	from int64
	cur  *Second

	peak int64 // bits in the fullest second

	// Enter is called when the stream comes to another second.
	Enter func(ts int64)
}

// add counts a frame of a track that was just advanced.
func (s *Seconds) add(st *Stream, tr *Track, t *flv.Tag, bytes int64) {
	if uint64(t.Timestamp-s.from) >= 1000 || s.cur == nil {
		s.move(t)
	}
	c := s.cur
	if tr.Kind == Video {
		c.Video += bytes
		c.Frames++
	} else {
		c.Audio += bytes
		c.Sounds++
	}
	v, a := st.Main[Video], st.Main[Audio]
	if v == nil || a == nil {
		return
	}
	d := a.LastMS - v.LastMS
	if !c.Both {
		c.Both, c.Low, c.High = true, d, d
	}
	if d < c.Low {
		c.Low = d
	}
	if d > c.High {
		c.High = d
	}
}

// move makes the second of the frame's timestamp the current one.
func (s *Seconds) move(t *flv.Tag) {
	ts := t.Timestamp
	if !s.started {
		s.started = true
		s.origin = ts
		s.oldest = -openSeconds / 2
	}
	d := ts - s.origin
	i := d / 1000
	if d < 0 && d%1000 != 0 {
		i--
	}
	switch {
	case i > s.newest+openSeconds || i < s.oldest:
		// The clock leapt, forwards or back.
		s.flush(s.newest)
		s.newest, s.oldest = i, i-openSeconds/2
	case i > s.newest:
		for s.newest < i {
			s.newest++
			if s.newest-openSeconds >= s.oldest {
				s.oldest = s.newest - openSeconds + 1
				s.done(s.oldest - 1)
			}
		}
	}
	if s.Enter != nil {
		s.Enter(ts)
	}
	s.from = s.origin + i*1000
	s.cur = &s.ring[i&(openSeconds-1)]
	if !s.cur.used {
		*s.cur = Second{Index: i, MS: 1000, Offset: t.Offset, Tag: t.Index, used: true}
	}
}

// done hands on one second.
func (s *Seconds) done(i int64) {
	sec := &s.ring[i&(openSeconds-1)]
	if !sec.used || sec.Index != i {
		return
	}
	s.peak = max(s.peak, 8*(sec.Video+sec.Audio))
	if s.Done != nil {
		s.Done(sec)
	}
	sec.used = false
}

// flush hands on every open second up to last.
func (s *Seconds) flush(last int64) {
	for i := s.oldest; i <= last; i++ {
		s.done(i)
	}
	s.cur = nil
}

// close hands on what is left; the last second ends at end.
func (s *Seconds) close(end int64) {
	if !s.started {
		return
	}
	sec := &s.ring[s.newest&(openSeconds-1)]
	if ms := end - s.origin - s.newest*1000; sec.used && ms > 0 && ms < 1000 {
		sec.MS = ms
	}
	s.flush(s.newest)
}

// PeakKbps is the rate of the fullest second so far, open ones included.
func (s *Seconds) PeakKbps() float64 {
	peak := s.peak
	for i := range s.ring {
		if sec := &s.ring[i]; sec.used {
			peak = max(peak, 8*(sec.Video+sec.Audio))
		}
	}
	return float64(peak) / 1000
}

// Open calls fn with each second that is not finished yet, oldest first.
func (s *Seconds) Open(fn func(*Second)) {
	for i := s.oldest; s.started && i <= s.newest; i++ {
		if sec := &s.ring[i&(openSeconds-1)]; sec.used && sec.Index == i {
			fn(sec)
		}
	}
}
