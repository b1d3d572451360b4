package live

import (
	"bytes"
	"encoding/json"
	"math"
	"sync"
	"time"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/analyze"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// analysis is the session's: one for all its pushes, which go on where the one
// before ended (analyze.Live).
type analysis struct {
	mu      sync.Mutex
	created time.Time
	live    *analyze.Live
	current *push // whose media counts
	begun   bool  // something was published
	final   bool
	json    json.RawMessage // the last report
	jsonAt  time.Time
	moved   bool // something happened since
}

func newAnalysis(p *profile.Profile, created time.Time) *analysis {
	return &analysis{created: created, live: analyze.NewLive(analyze.Options{Profile: p, Size: -1})}
}

// clock is nanoseconds since the session was made.
func (a *analysis) clock() int64 { return int64(time.Since(a.created)) }

// publish makes p the push whose media counts.
func (a *analysis) publish(p *push) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.final {
		return
	}
	if !a.begun {
		a.begun = true
		_, _ = a.live.Write([]byte{'F', 'L', 'V', 1, 5, 0, 0, 0, 9, 0, 0, 0, 0})
	}
	a.current, a.moved = p, true
	a.live.Publish(a.clock())
}

// unpublish ends p; lost means that it did not say goodbye.
func (a *analysis) unpublish(p *push, lost bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.current == p && !a.final {
		a.current, a.moved = nil, true
		a.live.Unpublish(a.clock(), lost)
	}
}

// report is one not older than age; nil before anything was published. fresh
// says that it was made now and something had happened.
func (a *analysis) report(age time.Duration) (report json.RawMessage, fresh bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.begun || a.final || !a.moved || time.Since(a.jsonAt) < age {
		return a.json, false
	}
	r := a.live.Progress()
	rules.Tell(r)
	text := r.JSON()
	fresh = !bytes.Equal(text, a.json)
	a.json, a.jsonAt, a.moved = text, time.Now(), false
	return a.json, fresh
}

// close makes the last report; nil where nothing was published.
func (a *analysis) close(m Metrics) json.RawMessage {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.begun || a.final {
		a.final = true
		return a.json
	}
	a.final, a.current = true, nil
	r := a.live.Close(diag.StateComplete, "")
	rules.Tell(r)
	for i := range r.Findings {
		m.Finding(r.Findings[i].Rule, r.Findings[i].Severity.String())
	}
	a.json = r.JSON()
	a.live = nil // it is large
	return a.json
}

// push is what one connection publishes, from publish to its end, and what is
// measured of it.
type push struct {
	*analysis
	s    *session
	conn *conn
	info *Connection // under s.mu
	// behaviour is the platform's, nil for none; it is asked under s.mu
	behaviour behaviour
	began     time.Time
	stop      chan struct{} // ends the ticking
	over      chan struct{} // it has ended

	// under analysis.mu
	head       [11]byte // of a tag
	tail       [4]byte
	tags       int64
	first      uint32        // timestamp
	media      int64         // highest timestamp less the first
	firstAt    time.Duration // arrival of the first media
	lastAt     time.Duration // arrival of the last media
	lag        int64         // ms, at the last media
	keyAt      int64         // media time of the last key frame, -1
	audio      track
	video      track
	declared   float64
	firstKey   int64
	firstMedia int64
	samples    []sample
}

// track is what is measured of all audio or all video.
type track struct {
	seen   bool
	ts     uint32
	at     time.Duration
	jitter float64 // ms
	bytes  int64
	frames int64
}

type sample struct {
	at                             time.Duration
	received, video, audio, frames int64
}

func newPush(s *session, c *conn, info *Connection, b behaviour) *push {
	return &push{
		analysis: s.analysis, s: s, conn: c, info: info, behaviour: b, began: time.Now(),
		stop: make(chan struct{}), over: make(chan struct{}),
		keyAt: -1, firstKey: -1, firstMedia: -1,
		samples: []sample{{received: c.got.Load()}},
	}
}

func (p *push) received() int64 { return p.conn.got.Load() }

// idle is for how long no media has come.
func (p *push) idle() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.began) - p.lastAt
}

// tag analyses one message. It is called by the reading goroutine alone.
func (p *push) tag(typ byte, ms uint32, body []byte) (key, media bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != p {
		return false, false
	}
	p.moved = true
	p.live.SetArrival(p.clock())
	n := len(body)
	p.head = [11]byte{typ, byte(n >> 16), byte(n >> 8), byte(n), byte(ms >> 16), byte(ms >> 8), byte(ms), byte(ms >> 24)}
	_, _ = p.live.Write(p.head[:])
	_, _ = p.live.Write(body)
	n += len(p.head)
	p.tail = [4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	_, _ = p.live.Write(p.tail[:])
	if p.behaviour != nil {
		p.behaviour.message(time.Since(p.began), typ, ms, body)
	}
	if typ != rtmp.Audio && typ != rtmp.Video {
		return false, false
	}
	return p.measure(typ, ms, body, time.Since(p.began))
}

// measure keeps the numbers of the ticks. p.mu is held.
func (p *push) measure(typ byte, ms uint32, body []byte, now time.Duration) (key, first bool) {
	p.lastAt = now
	if p.tags++; p.tags == 1 {
		p.first, p.firstAt, p.firstMedia = ms, now, now.Milliseconds()
		first = true
	}
	at := int64(int32(ms - p.first))
	p.media = max(p.media, at)
	p.lag = (now - p.firstAt).Milliseconds() - at
	t := &p.audio
	frame := true
	if typ == rtmp.Video {
		t = &p.video
		var isKey bool
		if frame, isKey = videoFrame(body); frame && isKey {
			p.keyAt = at
			if p.firstKey < 0 {
				p.firstKey = now.Milliseconds()
				key = true
			}
		}
	}
	if t.seen {
		// RFC 3550, 6.4.1, in milliseconds.
		d := float64(now-t.at)/1e6 - float64(int32(ms-t.ts))
		t.jitter += (max(d, -d) - t.jitter) / 16
	}
	t.seen, t.ts, t.at = true, ms, now
	t.bytes += int64(len(body))
	if frame {
		t.frames++
	}
	return key, first
}

// videoFrame reports whether a video message holds a coded frame, and a key one
// (FLV 10.1 E.4.3.1; E-RTMP v2, "Enhanced Video").
func videoFrame(b []byte) (frame, key bool) {
	if len(b) < 2 {
		return false, false
	}
	key = b[0]>>4&7 == 1
	switch {
	case b[0]&0x80 != 0:
		kind := b[0] & 15
		return kind == 1 || kind == 3 || kind >= 6, key
	case b[0]>>4 == 5: // a command
		return false, false
	case b[0]&15 == 7, b[0]&15 == 12:
		return b[1] == 1, key
	}
	return true, key
}

// run ticks until the push ends.
func (p *push) run() {
	defer close(p.over)
	cfg := &p.s.hub.cfg
	tick := time.NewTicker(cfg.Tick)
	defer tick.Stop()
	ping := time.Now()
	reported := time.Now()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
		t, findings := p.tick()
		p.s.tick(t)
		if e, ended := p.limits(); ended {
			if e.session {
				p.s.end(EndedLimit, e.text)
			} else {
				p.conn.abort(e)
			}
			return
		}
		if p.behaviour != nil {
			p.s.mu.Lock()
			v := p.behaviour.tick(&t, time.Since(p.began), findings)
			p.s.mu.Unlock()
			if p.conn.judged(v) {
				return
			}
		}
		if time.Since(ping) >= 5*time.Second {
			ping = time.Now()
			p.conn.ping()
		}
		if time.Since(reported) >= cfg.Report && p.s.watched() {
			reported = time.Now()
			if r, fresh := p.report(0); fresh {
				p.s.tell("report", r)
			}
		}
	}
}

// tick measures, and lets the rules of arrival see the clock.
func (p *push) tick() (Tick, []diag.Finding) {
	queue, rtt := p.conn.kernel()
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Since(p.began)
	t := Tick{
		At: p.s.since(), Conn: p.info.N, Bytes: p.received(), Media: p.media, Lag: p.lag, Jitter: round(p.audio.jitter),
		Idle: (now - p.lastAt).Milliseconds(), Queue: queue, RTT: rtt, FrameRate: p.declared,
	}
	t.Unacked, t.Window = p.conn.unacked()
	if p.tags > 0 && t.Idle > 500 {
		t.Lag = max(t.Lag, (now-p.firstAt).Milliseconds()-p.media)
	}
	if p.video.seen {
		t.Jitter = round(p.video.jitter)
		if p.keyAt >= 0 {
			t.Keyframe = int64(int32(p.video.ts-p.first)) - p.keyAt
		}
	}
	p.samples = append(p.samples, sample{at: now, received: t.Bytes, video: p.video.bytes, audio: p.audio.bytes, frames: p.video.frames})
	keep := 0
	for keep < len(p.samples)-1 && now-p.samples[keep+1].at >= p.s.hub.cfg.Window {
		keep++
	}
	p.samples = append(p.samples[:0], p.samples[keep:]...)
	was := sample{}
	for i := len(p.samples) - 1; i >= 0; i-- {
		was = p.samples[i]
		if now-was.at >= time.Second {
			break
		}
	}
	if span := (now - was.at).Seconds(); span > 0 {
		t.Video = int64(float64(p.video.bytes-was.video) * 8 / span)
		t.Audio = int64(float64(p.audio.bytes-was.audio) * 8 / span)
		t.FPS = round(float64(p.video.frames-was.frames) / span)
	}
	if p.current != p {
		return t, nil
	}
	p.live.Tick(p.clock())
	p.moved = true // silence is news too
	findings := p.live.Findings()
	for i := range findings {
		switch findings[i].Severity {
		case diag.Error:
			t.Errors++
		case diag.Warning:
			t.Warnings++
		}
	}
	return t, findings
}

// limits holds the push against what it may do.
func (p *push) limits() (ending, bool) {
	cfg := &p.s.hub.cfg
	p.mu.Lock()
	idle := time.Since(p.began) - p.lastAt
	now := p.samples[len(p.samples)-1]
	was := p.samples[0]
	p.mu.Unlock()
	p.s.mu.Lock()
	pushed := p.s.pushed + time.Since(p.began)
	p.s.mu.Unlock()
	switch {
	case idle >= cfg.Idle:
		return ending{
			reason: "idle", code: "NetConnection.Connect.IdleTimeout",
			text: "No audio or video came for " + seconds(cfg.Idle) + ", so the connection was closed.",
		}, true
	case float64(now.received-was.received)*8 > float64(cfg.Bitrate)*cfg.Window.Seconds():
		return ending{reason: "limit", session: true, text: "The push was faster than " + megabits(cfg.Bitrate) +
			" over " + seconds(cfg.Window) + ", the most that a test stream may have here."}, true
	case cfg.Duration > 0 && pushed >= cfg.Duration:
		return ending{reason: "limit", session: true, text: "The test stream has run for " + minutes(cfg.Duration) +
			", the most that it may here."}, true
	}
	return ending{}, false
}

func round(v float64) float64 { return math.Round(v*10) / 10 }
