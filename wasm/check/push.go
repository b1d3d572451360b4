package check

import (
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

var (
	pushRules     = []string{"arrival-gap", "arrival-stall", "arrival-jitter", "keyframe-delay", "push-reconnect"}
	pushTimeRules = []string{"burst"} // idle-gap is raised here as well: timeRules has it
)

// PushRules are the rules that only a live push can raise, by family.
func PushRules() []Check {
	return []Check{{Family: rules.Time, Rules: pushTimeRules}, {Family: rules.LiveArrival, Rules: pushRules}}
}

const (
	// creditMS is how much of the time between publish and the first media counts
	// as time in which media may have been made.
	creditMS = 5000
	// startMS is what an encoder may take from publish to its first media, however
	// soon the platform calls a running stream idle.
	startMS = 10000
	// previewMS is the media from which on the findings of the end are shown.
	previewMS = 10000
	// lapseMS is how far apart ticks come at most while the server itself runs.
	lapseMS = 2000
	// shortMS is how far ahead a push that has ended counts as a burst, where it
	// came twice as fast as real time from its beginning to its end.
	shortMS = 3000
	// paceDivisor forgives clocks that run at another pace than ours: 1/500 is
	// 0.2 %, more than a crystal is ever off.
	paceDivisor = 500
	// stallMS is how long arrival must stay behind until it is called a stall. A
	// pause that is caught up sooner is none.
	stallMS = 10000
	// jitterMS is the time over which the unevenness of arrival is measured. Only
	// what lumpWindows of the last jitterWindows show is the push's habit; once is an accident.
	jitterMS      = 10000
	jitterWindows = 6
	lumpWindows   = 3
	// leapMS is the step of the media's clock from which it is a leap or a pause
	// and no progress by itself.
	leapMS = 1000
)

// notInPush are the rules about the file around the media.
var notInPush = [...]string{
	"flv-signature", "flv-header", "flv-header-flags", "flv-truncated", "flv-previous-tag-size", "flv-stream-id", "flv-garbage",
}

// Push is a Suite that also judges when a live stream arrives. Times are in
// nanoseconds of one steady clock that begins anywhere. Its state is bounded.
type Push struct {
	*Suite

	burst, idle, gap, stall, jitter, delay, reconnect *rule

	open     bool  // an encoder publishes
	began    bool  // one ever did
	ticks    bool  // Tick is called
	zero     int64 // ms of the first publish
	now      int64 // ms, the latest time that was heard of
	left     int64 // ms at which the last one went
	lost     bool  // without saying goodbye
	connects int64
	offset   int64 // added to the timestamps of this connection
	joining  bool  // the offset is not known yet
	top      int64 // highest timestamp so far, of all connections
	media    bool  // there was any
	off, at  int64 // of the last tag

	c pushed
}

// pushed is the state of one connection.
type pushed struct {
	publish int64 // ms
	last    int64 // ms at which media came last; publish before any
	seen    bool  // any coded frame came
	video   bool  // coded video came
	key     bool  // a key frame came
	burst   bool  // it was told of a burst
	first   int64 // ms of the first coded frame
	top     int64 // highest timestamp of the media's clock
	topAt   int64 // ms at which it was reached
	ran     int64 // media time since the first frame, leaps left out as far as no time passed

	tracks [2]pushedTrack
	paused struct{ from, ms int64 } // the last long pause: timestamp before it and length

	low    float64 // lowest lag so far, less what clocks may be off
	lowAt  int64
	behind int64 // ms at which the lag exceeded its limit; -1: it does not
	fine   int64 // ms at which the lag was last as good as none
	peak   int64 // highest lag since behind

	window struct {
		until      int64
		last       int64 // lag
		low, high  int64
		rise, fall int64 // most within the window
		spreads    [jitterWindows]int64
		n          int
	}

	bursts, idles, stalls, jitters, delays episode
}

// pushedTrack is what a connection knows of one kind of media.
type pushedTrack struct {
	n       int64
	last    int64 // ms of arrival
	ts      int64 // timestamp
	cadence int64 // usual step of the timestamps
	gaps    episode
	shared  int64 // ms since last in which nothing at all came
}

// NewPush makes the checks ready for a live push.
func NewPush(p *Pass) *Push {
	w := &Push{Suite: NewSuite(p)}
	w.burst, w.idle = p.rule("burst"), p.rule("idle-gap")
	w.gap, w.stall, w.jitter = p.rule("arrival-gap"), p.rule("arrival-stall"), p.rule("arrival-jitter")
	w.delay, w.reconnect = p.rule("keyframe-delay"), p.rule("push-reconnect")
	w.at = -1
	p.live = w
	return w
}

// where is the place that the push has come to.
func (w *Push) where(track string) diag.Media {
	return diag.Media{Offset: w.off, Tag: w.at, TimestampMS: w.top, Track: track}
}

// Publish says that an encoder begins to publish, for the first time or again:
// the timestamps of what follows are a new connection's own, and go on where
// those before ended.
func (w *Push) Publish(ns int64) {
	ms := w.clock(ns)
	if w.open {
		w.gone(ms, true)
	}
	if !w.began {
		w.began, w.zero = true, ms
	} else {
		w.again(ms)
	}
	w.open, w.joining, w.ticks = true, w.media, false
	w.c = pushed{publish: ms, last: ms, behind: -1}
	for _, tr := range w.Stream.Tracks {
		w.time.endRun(tr)
		w.time.disturbed(tr, w.top)
	}
}

// Unpublish says that the encoder went; lost: without saying goodbye.
func (w *Push) Unpublish(ns int64, lost bool) {
	if w.open {
		w.gone(w.clock(ns), lost)
	}
}

// Tick says what time it is while nothing arrives.
func (w *Push) Tick(ns int64) {
	ms := w.clock(ns)
	w.ticks = true
	if w.open {
		w.quiet(ms)
	}
}

// clock takes the time over; it never runs backwards. Where the ticks fail to
// come it is we who stood still, and nobody knows what came meanwhile.
func (w *Push) clock(ns int64) int64 {
	ms := max(w.now, ns/1e6)
	if lapse := ms - w.now; w.ticks && w.open && lapse > lapseMS {
		w.c.last += lapse
		for i := range w.c.tracks {
			w.c.tracks[i].last += lapse
		}
	}
	w.now = ms
	return ms
}

// again notes a reconnect.
func (w *Push) again(ms int64) {
	w.connects++
	sev, cause := diag.Info, uint8(0)
	if w.lost {
		sev, cause = w.reconnect.sev, 1
	}
	away := float64(ms - w.left)
	f := w.reconnect.hitAs(sev, w.reconnect.basis, cause, nil, w.where(""))
	if f != nil && f.worse(away) {
		f.reset().whole("away_ms", ms-w.left).whole("since_ms", w.left-w.zero)
		if w.lost {
			f.truth("lost", true)
		}
	}
}

// gone closes what the connection left open.
func (w *Push) gone(ms int64, lost bool) {
	w.quiet(ms)
	c := &w.c
	w.short()
	over(c.idles.end())
	over(c.delays.end())
	for i := range c.tracks {
		over(c.tracks[i].gaps.end())
	}
	w.open, w.left, w.lost = false, ms, lost
}

// short judges a push that ended before it could be far ahead of real time: a short
// file that came at once. Who starts with a backlog goes on in real time.
func (w *Push) short() {
	c := &w.c
	took := c.topAt - c.first
	made := took + min(c.first-c.publish, creditMS)
	if c.bursts.f != nil || c.burst || c.ran-made < shortMS || c.ran < 2*made {
		return
	}
	if f := w.burst.hit(0, nil, w.where("")); f != nil && f.worse(float64(c.ran-made)) {
		w.tellBurst(f, took, c.ran-made)
	}
}

func (w *Push) tellBurst(f *fold, took, ahead int64) *fold {
	ran := w.c.ran
	return f.reset().whole("media_ms", ran).whole("arrival_ms", took).number("ratio", round(float64(ran)/float64(max(took, 1)), 1)).whole("ahead_ms", ahead)
}

// over takes back that a finding still lasts, which is its last argument.
func over(f *fold) {
	if f == nil {
		return
	}
	if n := len(f.args) - 1; n >= 0 && f.args[n].Name == "open" {
		f.args = f.args[:n]
	}
}

// tag implements watcher.
func (w *Push) tag(t *flv.Tag, frames []flv.Frame) {
	w.Stream.Header = flv.Header{Version: 1, DataOffset: 9} // the session's, not the encoder's
	w.off, w.at = t.Offset, t.Index
	if t.Type != flv.TypeAudio && t.Type != flv.TypeVideo {
		if w.joining {
			t.Timestamp = w.top
		}
		return
	}
	ms := w.now
	if t.Arrival >= 0 {
		ms = w.clock(t.Arrival)
	}
	if !w.open {
		w.Publish(ms * 1e6)
	}
	coded, key := false, false
	for i := range frames {
		switch f := &frames[i]; f.Kind {
		case flv.VideoFrame:
			coded, key = true, key || f.Type == 1 || f.Type == 4
		case flv.AudioFrame:
			coded = true
		}
	}
	if w.joining {
		if !coded {
			t.Timestamp = w.top
		} else {
			w.joining = false
			w.offset += w.top + w.step() - (t.Timestamp + w.offset)
		}
	}
	if !w.joining {
		t.Timestamp += w.offset
	}
	w.idleEnds(ms)
	if coded {
		w.coded(t, ms, key)
	}
	w.c.last = ms
}

// step is the usual time from frame to frame, for where two connections meet.
func (w *Push) step() int64 { return max(int64(w.Stream.frameMS()+0.5), 20) }

// coded takes a tag with coded frames.
func (w *Push) coded(t *flv.Tag, ms int64, key bool) {
	c := &w.c
	kind, ts := Video, t.Timestamp
	if t.Type == flv.TypeAudio {
		kind = Audio
	}
	tr := &c.tracks[kind]
	back := tr.n > 0 && ts < tr.ts-leapMS
	usual := tr.cadence
	w.gapEnds(kind, ms)
	if d := ts - tr.ts; tr.n == 1 && d >= 0 {
		tr.cadence = d
	} else if tr.n > 1 && d >= 0 {
		tr.cadence += (min(d, 60000) - tr.cadence) / 8
	}
	tr.n++
	tr.ts, tr.last, tr.shared = ts, ms, 0
	switch {
	case !c.seen:
		c.seen, c.first, c.top, c.topAt = true, ms, ts, ms
		c.lowAt, c.fine, c.window.until = ms, ms, ms+jitterMS
	case back:
		c.top = ts // the clock was set anew
	case ts > c.top:
		d := ts - c.top
		if d > leapMS+usual {
			// A leap of the clock, or a pause of the encoder: as much as time passed.
			d = min(d, max(ms-c.topAt, 0))
		}
		c.ran += d
		c.top, c.topAt = ts, ms
		w.pace(ms)
	}
	w.media, w.top = true, max(w.top, ts)
	if kind == Video {
		c.video = true
		if key && !c.key {
			w.firstKey(ms, false)
			over(c.delays.end())
			c.key = true
		}
	}
	w.gaps(ms)
}

// pace holds the time that passed against the media that came.
func (w *Push) pace(ms int64) {
	c := &w.c
	a := w.Profile.Arrival
	took := ms - c.first
	lag := took - c.ran

	// Ahead of real time: the media cannot have been made since publish.
	ahead := c.ran - took - min(c.first-c.publish, creditMS) - took/paceDivisor
	if f, limit := c.bursts.judge(w.burst, &a.Burst, float64(ahead), 0, nil, w.where("")); f != nil {
		w.tellBurst(f, took, ahead).whole("limit_ms", int64(limit))
		c.burst = true
	} else if float64(ahead) < limit/2 {
		c.bursts.end()
	}

	c.low = min(c.low+float64(ms-c.lowAt)/paceDivisor, float64(lag))
	c.lowAt = ms
	floor := max(c.low, -lowest(&a.Burst))
	w.late(ms, int64(float64(lag)-floor))
	w.uneven(ms, lag)
}

// late judges how far arrival is behind. What is being caught up is no stall.
func (w *Push) late(ms, by int64) {
	c := &w.c
	limit := w.Profile.Arrival.Stall
	at := lowest(&limit)
	if at == 0 || float64(by) <= at {
		if float64(by) <= at/2 {
			c.fine = ms
		}
		c.behind = -1
		over(c.stalls.end())
		return
	}
	if c.behind < 0 {
		c.behind, c.peak = ms, by
	}
	c.peak = max(c.peak, by)
	if ms-c.behind < stallMS || by < c.peak/4*3 {
		return
	}
	if f, limit := c.stalls.judge(w.stall, &limit, float64(by), 0, nil, w.where("")); f != nil {
		f.reset().whole("behind_ms", by).whole("since_ms", c.fine-w.zero).whole("limit_ms", int64(limit))
	}
}

// uneven judges in what lumps data comes.
func (w *Push) uneven(ms, lag int64) {
	u := &w.c.window
	for ms >= u.until {
		u.spreads[u.n%jitterWindows] = min(u.rise, u.fall)
		u.n++
		u.rise, u.fall, u.low, u.high = 0, 0, u.last, u.last
		u.until += jitterMS
		if ms-u.until > jitterWindows*jitterMS {
			u.until = ms + jitterMS // after a long silence
		}
		w.lumps()
	}
	u.last = lag
	u.low, u.high = min(u.low, lag), max(u.high, lag)
	u.rise, u.fall = max(u.rise, lag-u.low), max(u.fall, u.high-lag)
}

// lumps judges the windows so far by the one that lumpWindows reach.
func (w *Push) lumps() {
	u := &w.c.window
	var top [lumpWindows]int64 // falling
	for _, v := range u.spreads {
		for i := range top {
			if v > top[i] {
				v, top[i] = top[i], v
			}
		}
	}
	v := top[lumpWindows-1]
	f, limit := w.c.jitters.judge(w.jitter, &w.Profile.Arrival.Jitter, float64(v), 0, nil, w.where(""))
	if f != nil {
		f.reset().whole("late_ms", v).whole("limit_ms", int64(limit))
	} else if float64(v) < limit {
		w.c.jitters.end()
	}
}

// quiet judges what only the time shows.
func (w *Push) quiet(ms int64) {
	w.silent(ms, true)
	w.gaps(ms)
	if c := &w.c; c.video && !c.key {
		w.firstKey(ms, true)
	}
}

// silent judges the time since media came last.
func (w *Push) silent(ms int64, open bool) {
	c := &w.c
	gap := ms - c.last
	if !c.seen && gap < startMS {
		return
	}
	f, limit := c.idles.judge(w.idle, &w.Profile.IdleGap, float64(gap), 1, nil, w.where(""))
	if f == nil {
		return
	}
	f.reset()
	if c.seen {
		f.whole("start_ms", w.top)
	}
	f.whole("gap_ms", gap).whole("limit_ms", int64(limit)).whole("since_ms", c.last-w.zero)
	if open {
		f.truth("open", true)
	}
}

// idleEnds closes a silence when media comes.
func (w *Push) idleEnds(ms int64) {
	c := &w.c
	gap := ms - c.last
	if gap < leapMS {
		return
	}
	c.paused.from, c.paused.ms = c.top, gap
	for i := range c.tracks {
		c.tracks[i].shared += gap - leapMS
	}
	w.silent(ms, false)
	if c.idles.f == nil {
		return
	}
	over(c.idles.end())
	// Whoever was silent that long and does not catch up is late by it; the
	// silence has been told.
	if c.seen {
		c.low = max(c.low, float64(ms-c.first-c.ran))
	}
	c.behind, c.fine = -1, ms
}

// told reports whether the platform itself speaks of gaps of this kind.
func (w *Push) told(k Kind) bool {
	_, basis := w.gapLimit(k).Lowest()
	return basis != diag.Ours
}

func (w *Push) gapLimit(k Kind) *profile.Limit {
	if k == Audio {
		return &w.Profile.Arrival.AudioGap
	}
	return &w.Profile.Arrival.VideoGap
}

// gaps judges the time since the last frame of each kind. Time in which nothing
// at all comes is idle-gap's, unless the platform counts each kind by itself.
func (w *Push) gaps(ms int64) {
	for k := range w.c.tracks {
		w.gapOf(Kind(k), ms, true)
	}
}

func (w *Push) gapOf(k Kind, ms int64, open bool) {
	tr := &w.c.tracks[k]
	gap := ms - tr.last
	if tr.n < 2 || gap < leapMS/2 {
		return
	}
	alone := gap - tr.cadence
	if !w.told(k) {
		if w.c.tracks[k^1].n == 0 {
			return
		}
		alone -= tr.shared + max(ms-w.c.last-leapMS, 0)
	}
	name := "video"
	if k == Audio {
		name = "audio"
	}
	where := w.where(name)
	where.TimestampMS = tr.ts
	f, limit := tr.gaps.judge(w.gap, w.gapLimit(k), float64(alone), uint8(k), nil, where)
	if f == nil {
		return
	}
	f.reset().text("track", name).whole("gap_ms", gap).whole("limit_ms", int64(limit)).whole("since_ms", tr.last-w.zero)
	if open {
		f.truth("open", true)
	}
}

func (w *Push) gapEnds(k Kind, ms int64) {
	w.gapOf(k, ms, false)
	over(w.c.tracks[k].gaps.end())
}

// firstKey judges how long the first key frame takes from publish, or from the
// first media where nothing at all came for so long that idle-gap told of it.
func (w *Push) firstKey(ms int64, open bool) {
	c := &w.c
	from := c.publish
	if !within(&w.Profile.IdleGap, float64(c.first-c.publish)) {
		from = c.first
	}
	where := w.where("video")
	f, limit := c.delays.judge(w.delay, &w.Profile.Arrival.FirstKey, float64(ms-from), 0, nil, where)
	if f == nil {
		return
	}
	f.reset().whole("delay_ms", ms-from).whole("limit_ms", int64(limit))
	if open {
		f.truth("open", true)
	}
}

// silence implements watcher: a leap of the whole clock is a pause only where
// nothing came meanwhile, and then it has been told by arrival.
func (w *Push) silence(from, to int64, where diag.Media) bool {
	p := &w.c.paused
	if p.ms > 0 && p.from <= from+leapMS && p.from >= from-leapMS && !within(&w.Profile.IdleGap, float64(p.ms)) {
		return true
	}
	f, limit := w.idle.judge(&w.Profile.IdleGap, float64(to-from), 0, nil, where)
	if f != nil && f.worse(float64(to-from)) {
		f.reset().whole("start_ms", from).whole("gap_ms", to-from).whole("limit_ms", int64(limit)).truth("leapt", true)
	}
	return true
}

// close implements watcher.
func (w *Push) close(e *End) {
	if w.open {
		w.gone(w.now, false)
	}
	for _, id := range notInPush {
		r := w.rule(id)
		r.folds, r.open, r.why = nil, false, "a push has no file around its media"
	}
	v := w.Stream.Main[Video]
	if v == nil {
		w.delay.na("there is no video")
	}
	if v == nil && w.Stream.Main[Audio] == nil {
		for _, r := range [...]*rule{w.burst, w.gap, w.stall, w.jitter} {
			r.na("there is no audio and no video")
		}
	}
	if e.Cut {
		w.reconnect.open = true
	}
}
