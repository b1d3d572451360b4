package check

import (
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
)

var timeRules = []string{"timestamp-backwards", "timestamp-jump", "idle-gap", "av-drift", "composition-time"}

const (
	// graceMS is how long audio and video are not held against each other after
	// one of them leapt: the other may be about to follow.
	graceMS = 2000
	// driftSeconds is the time over which the distance of audio and video is
	// averaged before two such means are compared.
	driftSeconds = 5
	// clockSlackMS is what timestamps may be off at the ends of a short run.
	clockSlackMS = 60
)

// timing checks timestamps.
type timing struct {
	none
	p *Pass

	backwards, jump, idle, drift, composition *rule

	interleave int64 // ms from which neighbours are judged
	maxOffset  int32 // composition time from which it is judged

	// A leap of one track of which it is not known yet whether the others follow.
	leap struct {
		open     bool
		tr       *Track
		from, to int64 // silence of every track
		at       diag.Media
		began    int64 // the track's own timestamp before
		cadence  int64
		told     bool // as timestamp-jump already
	}
	wholeFrom, wholeTo int64 // the last leap of every track

	gap driftWindow
}

// driftWindow averages audio minus video timestamp, in file order.
type driftWindow struct {
	sum     float64
	n       int64 // seconds
	next    int64 // index of the second that would continue the run
	windows int64
	base    float64
	baseEnd int64
}

// timeTrack is a track's state: the AAC clock. Frames are counted by the
// track's own number.
type timeTrack struct {
	check int64 // frame at which the clock is looked at
	gapMS int64 // a longer step begins a new run

	perFrame   float64 // ms; 0: the track has no such clock
	window     int64   // frames
	running    bool
	runFrom    int64 // timestamp and number of the run's first frame
	runFrame   int64
	from       int64 // the same of the current window
	frame      int64
	before     float64
	beforeFrom int64
	told       bool // this run
}

func newTime(p *Pass) *timing {
	t := &timing{
		p:         p,
		backwards: p.rule("timestamp-backwards"), jump: p.rule("timestamp-jump"), idle: p.rule("idle-gap"),
		drift: p.rule("av-drift"), composition: p.rule("composition-time"),
	}
	t.interleave = 1 << 62
	if v := lowest(&p.Profile.Interleave); v > 0 {
		t.interleave = int64(v)
	}
	t.maxOffset = 1<<31 - 1
	t.wholeFrom, t.wholeTo = -1<<62, 1<<62
	if v := lowest(&p.Profile.Composition); v > 0 && v < 1<<31 {
		t.maxOffset = int32(v)
	}
	return t
}

// Coded judges the timestamps of a coded frame that is unusual, or of any while
// the stream is odd. Only frames on the same track are compared: sequence headers
// and metadata are written with timestamp 0 mid-stream by servers everywhere,
// and mean nothing.
func (c *timing) Coded(t *flv.Tag, f *flv.Frame, tr *Track) {
	ts := t.Timestamp
	st := c.p.Stream
	if tr.Frames > 0 {
		if tr.Delta < 0 {
			c.back(t, tr)
		} else if tr.leaped {
			c.leapt(t, tr)
		}
	}
	if c.leap.open && tr != c.leap.tr {
		c.follow(ts)
	}
	if cts := f.CompositionTime; cts < 0 || cts > c.maxOffset {
		c.offset(t, tr, cts)
	}
	if other := st.Main[tr.Kind^1]; st.graceTr != nil {
		c.inGrace(tr, ts)
	} else if other != nil && other.LastMS-ts > c.interleave {
		c.apart(t, tr, other)
	}
	st.odd = c.leap.open || st.graceTr != nil
}

// back notes a step back.
func (c *timing) back(t *flv.Tag, tr *Track) {
	c.disturbed(tr, t.Timestamp)
	if l := &c.leap; l.open && tr == l.tr && t.Timestamp < l.to {
		// It comes back before anybody followed: the leap was its own.
		l.open = false
		if !l.told {
			c.ahead(tr, l.began, l.to, l.cadence, l.at)
		}
	}
	by := -tr.Delta
	f := c.backwards.hit(0, tr, at(t, tr))
	if f == nil || !f.worse(float64(by)) {
		return
	}
	f.reset().text("track", tr.Name).whole("from_ms", tr.LastMS).whole("to_ms", t.Timestamp).whole("back_ms", by)
	const (
		low24  = 1<<24 - 1
		low31  = 1<<31 - 1
		minute = 60000
	)
	switch last, now := tr.LastMS, t.Timestamp; {
	case by > low24-2*minute && by <= low24+1 && last&low24 > low24-minute && now&low24 < minute:
		f.text("cause", "the low 24 bits start again at 0 and the extension byte for the higher ones is never set")
	case last > low31-minute && last <= low31 && now >= 0 && now < minute:
		// FFmpeg masks the extension byte with 0x7f.
		f.text("cause", "a time just below 0 was written without its sign")
	}
}

// disturbed begins the time in which audio and video are not compared.
func (c *timing) disturbed(tr *Track, ts int64) {
	c.p.Stream.graceTr, c.p.Stream.graceEnd = tr, ts+graceMS
	if sec := c.p.Stream.Seconds.cur; sec != nil {
		sec.Disturbed = true
	}
}

func (c *timing) inGrace(tr *Track, ts int64) {
	if tr == c.p.Stream.graceTr && ts >= c.p.Stream.graceEnd {
		c.p.Stream.graceTr = nil
	}
}

// leapt sorts a leap of one track: the others went on meanwhile (then it is
// this track's), or nobody sent anything, or it is not known yet.
func (c *timing) leapt(t *flv.Tag, tr *Track) {
	from, to := tr.LastMS, t.Timestamp
	c.disturbed(tr, to)
	leap := c.p.Stream.leap
	if l := &c.leap; l.open {
		if tr == l.tr {
			c.everyone(l.from, l.to) // nobody followed
		} else if to >= l.to-leap {
			c.everyone(max(l.from, from), min(l.to, to))
		}
	}
	if from <= c.wholeFrom+leap && to >= c.wholeTo-leap {
		return // one more track that leaps with the others
	}
	last, others := from, false
	for _, o := range c.p.Stream.Tracks {
		if o != tr && o.Frames > 0 {
			others = true
			last = max(last, min(o.LastMS, to))
		}
	}
	told := false
	if last-from > leap {
		told = true
		c.ahead(tr, from, to, tr.cadence, at(t, tr))
	}
	if to-last <= leap {
		return
	}
	if !others {
		c.wholeFrom, c.wholeTo = last, to
		c.silence(last, to, at(t, tr))
		return
	}
	l := &c.leap
	l.open, l.tr, l.from, l.to, l.at, l.began, l.cadence, l.told = true, tr, last, to, at(t, tr), from, tr.cadence, told
}

// follow looks where the next frame of another track is, after one has leapt.
func (c *timing) follow(ts int64) {
	l := &c.leap
	leap := c.p.Stream.leap
	switch {
	case ts >= l.to-leap:
		c.everyone(l.from, min(l.to, ts))
	case ts > l.from+leap:
		l.open = false
		if !l.told {
			c.ahead(l.tr, l.began, l.to, l.cadence, l.at)
		}
	}
}

// everyone closes a leap that all tracks made.
func (c *timing) everyone(from, to int64) {
	c.leap.open = false
	c.wholeFrom, c.wholeTo = from, to
	c.silence(from, to, c.leap.at)
}

// ahead notes a leap of one track.
func (c *timing) ahead(tr *Track, from, to, cadence int64, where diag.Media) {
	if tr.steadyN < 2 {
		return // the track has no cadence yet
	}
	gap := to - from
	f, limit := c.jump.judge(&c.p.Profile.TimestampJump, float64(gap-cadence), 0, tr, where)
	if f != nil && f.worse(float64(gap)) {
		f.reset().text("track", tr.Name).whole("from_ms", from).whole("to_ms", to).whole("gap_ms", gap).whole("cadence_ms", cadence).whole("limit_ms", int64(limit))
	}
}

// silence judges a time in which no track sent anything.
// The place is the first tag behind it, its time the last before it.
func (c *timing) silence(from, to int64, behind diag.Media) {
	where := behind
	where.TimestampMS, where.Track = from, ""
	if live := c.p.live; live != nil && live.silence(from, to, where) {
		return
	}
	f, limit := c.idle.judge(&c.p.Profile.IdleGap, float64(to-from), 0, nil, where)
	if f != nil && f.worse(float64(to-from)) {
		f.reset().whole("start_ms", from).whole("end_ms", to).whole("gap_ms", to-from).whole("limit_ms", int64(limit))
	}
}

// offset judges a composition time.
func (c *timing) offset(t *flv.Tag, tr *Track, cts int32) {
	limit := float64(c.maxOffset)
	var f *fold
	worst := float64(-cts)
	if cts < 0 {
		f = c.composition.hit(0, tr, at(t, tr))
	} else {
		worst = float64(cts)
		f, limit = c.composition.judge(&c.p.Profile.Composition, worst, 1, tr, at(t, tr))
	}
	if f == nil || !f.worse(worst) {
		return
	}
	f.reset().whole("offset_ms", int64(cts))
	if limit < 1<<31-1 {
		f.whole("limit_ms", int64(limit))
	}
}

// apart notes a frame that stands in the file behind later ones of the other
// kind. Where one track pauses, starts later or ends earlier none does.
func (c *timing) apart(t *flv.Tag, tr, other *Track) {
	gap := other.LastMS - t.Timestamp
	f, limit := c.drift.judge(&c.p.Profile.Interleave, float64(gap), 0, nil, at(t, tr))
	if f != nil && f.worse(float64(gap)) {
		f.reset().whole("interleave_ms", gap).whole("at_ms", t.Timestamp).whole("limit_ms", int64(limit)).text("ahead", other.Name)
	}
}

// second takes the distance of audio and video in a finished second, and
// compares its mean over some seconds with that of an earlier time. The first
// window is passed over: streams settle while they start.
func (c *timing) second(s *Second) {
	g := &c.gap
	if s.Disturbed || s.Index != g.next && g.n > 0 {
		*g = driftWindow{}
	}
	g.next = s.Index + 1
	if !s.Both || s.Frames == 0 || s.Sounds == 0 || s.MS < 1000 || s.Disturbed {
		return
	}
	g.sum += float64(s.Low+s.High) / 2
	if g.n++; g.n < driftSeconds {
		return
	}
	mean := g.sum / float64(g.n)
	g.n, g.sum = 0, 0
	end := c.p.Stream.Seconds.origin + (s.Index+1)*1000
	switch g.windows++; g.windows {
	case 1:
		return
	case 2:
		g.base, g.baseEnd = mean, end
		return
	}
	by, ahead := mean-g.base, "audio"
	if by < 0 {
		by, ahead = -by, "video"
	}
	where := diag.Media{Offset: s.Offset, Tag: s.Tag, TimestampMS: end - 1000}
	f, limit := c.drift.judge(&c.p.Profile.Drift, by, 1, nil, where)
	if f != nil && f.worse(by) {
		f.reset().whole("drift_ms", int64(by)).whole("at_ms", end).whole("over_ms", end-g.baseEnd).whole("limit_ms", int64(limit)).text("ahead", ahead)
	}
}

// Config prepares the clock of an AAC track.
func (c *timing) Config(_ *flv.Tag, f *flv.Frame, tr *Track) {
	per := 0.0
	if cfg := f.Config; cfg != nil && cfg.Codec == flv.AAC && cfg.Err == "" && cfg.FrameSize > 0 && cfg.CoreRate > 0 {
		per = float64(cfg.FrameSize) * 1000 / float64(cfg.CoreRate)
	}
	if tr.Kind != Audio || per == tr.time.perFrame {
		return
	}
	c.endRun(tr)
	tr.time = timeTrack{perFrame: per}
	if per > 0 {
		tr.time.gapMS = int64(max(4*per, 100))
		tr.time.window = int64(c.p.Profile.ClockWindow/per) + 1
	}
}

// clock looks at an AAC track: each frame is the same time long, so timestamps
// must advance as fast as samples. It is called at the end of a window and with
// a frame that leaps or goes back.
func (c *timing) clock(t *flv.Tag, tr *Track) {
	ts := t.Timestamp
	tt := &tr.time
	if tt.perFrame == 0 {
		tt.check, tt.gapMS = 1<<62, 1<<62
		return
	}
	if !tt.running || tr.Delta < 0 || tr.Delta > tt.gapMS {
		c.endRun(tr)
		tt.running, tt.told, tt.before = true, false, 0
		tt.runFrom, tt.runFrame = ts, tr.Frames
	} else {
		off := pace(ts-tt.from, float64(tr.Frames-tt.frame)*tt.perFrame)
		// Two windows in a row: what jitter adds to the one it takes from the next.
		if off > 0 && tt.before > 0 || off < 0 && tt.before < 0 {
			least := min(off, tt.before)
			if off < 0 {
				least = max(off, tt.before)
			}
			tt.told = c.pace(tr, least, tt.beforeFrom, ts, at(t, tr)) || tt.told
		}
		tt.before, tt.beforeFrom = off, tt.from
	}
	tt.from, tt.frame = ts, tr.Frames
	tt.check = tr.Frames + tt.window
}

// Other ends a run of the clock at an audio tag that holds nothing: whether it
// stands for a frame nobody can tell.
func (c *timing) Other(_ *flv.Tag, f *flv.Frame, tr *Track) {
	if f.Kind == flv.Empty && tr != nil && tr.time.running {
		c.endRun(tr)
		tr.time.check = 0
	}
}

// pace is how much faster timestamps run than samples, in percent.
func pace(ms int64, samples float64) float64 { return (float64(ms)/samples - 1) * 100 }

func (c *timing) pace(tr *Track, off float64, from, to int64, where diag.Media) bool {
	by, word := off, "fast"
	if off < 0 {
		by, word = -off, "slow"
	}
	f, limit := c.drift.judge(&c.p.Profile.ClockPercent, by, 2, tr, where)
	if f == nil {
		return false
	}
	if f.worse(by) {
		f.reset().text("track", tr.Name).number("pace_percent", round(by, 1)).text("pace", word).whole("over_ms", to-from).number("limit_percent", limit)
	}
	return true
}

// endRun judges a run that was too short for two windows.
func (c *timing) endRun(tr *Track) {
	tt := &tr.time
	if !tt.running {
		return
	}
	tt.running = false
	samples := float64(tr.Frames-1-tt.runFrame) * tt.perFrame
	if tt.told || samples < c.p.Profile.ClockWindow || samples >= 2.5*c.p.Profile.ClockWindow {
		return
	}
	ms := tr.LastMS - tt.runFrom
	off := pace(ms, samples)
	slack := clockSlackMS * 100 / samples
	if off > 0 {
		off = max(off-slack, 0)
	} else {
		off = min(off+slack, 0)
	}
	if within(&c.p.Profile.ClockPercent, max(off, -off)) {
		return
	}
	c.pace(tr, pace(ms, samples), tt.runFrom, tr.LastMS, tr.lastAt())
}

// Close judges what was still open.
func (c *timing) Close(e *End) {
	st := c.p.Stream
	if c.leap.open {
		c.everyone(c.leap.from, c.leap.to)
	}
	clock := false
	for _, tr := range st.Tracks {
		if tr.time.perFrame > 0 {
			clock = true
			c.endRun(tr)
		}
	}
	v, a := st.Main[Video], st.Main[Audio]
	switch {
	case v == nil && a == nil:
		for _, r := range [...]*rule{c.backwards, c.jump, c.idle, c.drift, c.composition} {
			r.na("there is no audio and no video")
		}
	case v == nil || a == nil:
		c.jump.na("there is only one track")
		if !clock {
			c.drift.na("there is only one track")
		}
	}
	if v == nil {
		c.composition.na("there is no video")
	}
}
