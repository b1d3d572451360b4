package analyze

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv/flvtest"
	"ingestdoctor/wasm/profile"
)

// message is one tag of a push and when it arrives.
type message struct {
	typ   byte
	ts    int64 // ms
	key   bool
	coded bool
	bytes []byte  // the tag and its PreviousTagSize
	at    float64 // ms since the connection began
}

// messages takes a file apart; each message arrives at its timestamp.
func messages(file []byte) (header []byte, list []message) {
	header, file = file[:13], file[13:]
	var first int64 = -1
	for len(file) > 0 {
		size := int(binary.BigEndian.Uint32(file) & 0xffffff)
		ts := int64(int32(uint32(file[7])<<24 | uint32(file[4])<<16 | uint32(file[5])<<8 | uint32(file[6])))
		m := message{typ: file[0], ts: ts, bytes: file[:11+size+4]}
		body := file[11 : 11+size]
		m.coded = m.typ != 18 && len(body) > 1 && body[1] == 1
		m.key = m.typ == 9 && m.coded && body[0]>>4 == 1
		if m.typ != 18 && first < 0 {
			first = ts
		}
		m.at = float64(max(ts-max(first, 0), 0))
		list = append(list, m)
		file = file[len(m.bytes):]
	}
	return header, list
}

// arrive changes when messages arrive; what comes later never overtakes.
type arrive func([]message)

func ordered(list []message) {
	for i := 1; i < len(list); i++ {
		list[i].at = max(list[i].at, list[i-1].at)
	}
}

// jitter delays each message by up to ms at random.
func jitter(ms float64) arrive {
	return func(list []message) {
		r := rand.New(rand.NewPCG(1, 2))
		for i := range list {
			list[i].at += r.Float64() * ms
		}
	}
}

// wifi stalls the network by 50 to ms now and then, and lets all through at once.
func wifi(ms float64) arrive {
	return func(list []message) {
		r := rand.New(rand.NewPCG(3, 4))
		until := 0.0
		for i := range list {
			if r.Float64() < 0.03 {
				until = list[i].at + 50 + r.Float64()*(ms-50)
			}
			list[i].at = max(list[i].at, until)
		}
	}
}

// lumps sends all that is made within each stretch at its end.
func lumps(ms float64) arrive {
	return func(list []message) {
		for i := range list {
			list[i].at = float64(int(list[i].at/ms)+1) * ms
		}
	}
}

// groups sends each group of pictures when it is whole.
func groups(list []message) {
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && !list[to].key {
			to++
		}
		for i := from; i < to; i++ {
			list[i].at = list[to-1].at
		}
		from = to
	}
}

// stop freezes the encoder for ms at a moment; what it should have made meanwhile
// comes at so many times real time afterwards (1: never caught up).
func stop(at, ms, speed float64) arrive {
	return func(list []message) {
		for i := range list {
			if list[i].at > at {
				resumed := at + ms + (list[i].at-at)/speed
				if speed == 1 {
					list[i].at = resumed
				} else {
					list[i].at = max(list[i].at, resumed)
				}
			}
		}
	}
}

// pace sends at so many times real time.
func pace(speed float64) arrive {
	return func(list []message) {
		for i := range list {
			list[i].at /= speed
		}
	}
}

// backlog lets the first ms come at once.
func backlog(ms float64) arrive {
	return func(list []message) {
		for i := range list {
			list[i].at = max(list[i].at-ms, 0)
		}
	}
}

// line is a network of so many kbit/s.
func line(kbps float64) arrive {
	return func(list []message) {
		free := 0.0
		for i := range list {
			free = max(free, list[i].at) + float64(len(list[i].bytes))*8/kbps
			list[i].at = free
		}
	}
}

// wait is how long the encoder takes from publish to its first message.
func wait(ms float64) arrive {
	return func(list []message) {
		for i := range list {
			list[i].at += ms
		}
	}
}

// lose leaves out the messages of one type that come within a time.
func lose(typ byte, from, to float64) arrive {
	return func(list []message) {
		for i := range list {
			if m := &list[i]; m.typ == typ && m.coded && m.at >= from && m.at < to {
				m.bytes = nil
			}
		}
	}
}

// moment is something to look at while a push runs.
type moment struct {
	at    float64 // ms since the push began
	check func(t *testing.T, r *diag.Report)
}

// push is how a stream arrives, and everything that may be found above the file's own.
type push struct {
	name    string
	profile string // empty: generic
	stream  flvtest.Stream
	arrive  []arrive
	silence float64 // ms for which the encoder stays connected behind its last message
	again   []gone  // further connections, each with the same stream
	want    string  // as in a fault
	infos   string
	during  []moment
	check   func(t *testing.T, r *diag.Report)
}

// gone is how a connection ended and when the next one came.
type gone struct {
	away float64 // ms
	lost bool
}

// session plays pushes into an analyser with a clock.
type session struct {
	t    *testing.T
	live *Live
	now  float64
	look []moment
}

// until lets time pass.
func (s *session) until(ms float64) {
	for s.now < ms {
		next := min(s.now+200, ms)
		s.now = next
		s.live.Tick(int64(s.now * 1e6))
		for len(s.look) > 0 && s.look[0].at <= s.now {
			r := s.live.Progress()
			sound(s.t, r)
			s.look[0].check(s.t, r)
			s.look = s.look[1:]
		}
	}
}

func (s *session) play(list []message) {
	from := s.now
	s.live.Publish(int64(from * 1e6))
	for i := range list {
		if list[i].bytes == nil {
			continue
		}
		s.until(from + list[i].at)
		s.live.SetArrival(int64(s.now * 1e6))
		_, _ = s.live.Write(list[i].bytes)
	}
}

func (p *push) play(t *testing.T) *diag.Report {
	t.Helper()
	id := p.profile
	if id == "" {
		id = "generic"
	}
	target, ok := profile.ByID(id)
	if !ok {
		t.Fatalf("no profile %q", id)
	}
	header, list := messages(p.stream.Build().Bytes())
	for _, f := range p.arrive {
		f(list)
		ordered(list)
	}
	s := session{t: t, live: NewLive(Options{Profile: target, Size: -1}), look: p.during}
	_, _ = s.live.Write(header)
	s.until(3000) // the key was made, nobody pushes yet
	s.play(list)
	s.until(s.now + p.silence)
	for _, g := range p.again {
		s.live.Unpublish(int64(s.now*1e6), g.lost)
		s.until(s.now + g.away)
		s.play(list)
	}
	s.live.Unpublish(int64(s.now*1e6), false)
	s.until(s.now + 60000)
	r := s.live.Close(diag.StateComplete, "")
	sound(t, r)
	if len(s.look) > 0 {
		t.Errorf("the moment %v was not reached", s.look[0].at)
	}
	return r
}

func has(rule string, want map[string]int64, absent ...string) func(*testing.T, *diag.Report) {
	return func(t *testing.T, r *diag.Report) {
		t.Helper()
		f := finding(r, rule)
		if f == nil {
			t.Errorf("no %s: %v", rule, r.Findings)
			return
		}
		for name, v := range want {
			a, ok := f.Args.Get(name)
			if !ok || a.Int < v-v/10-1 || a.Int > v+v/10+1 {
				t.Errorf("%s: %s is %d, want about %d: %s", rule, name, a.Int, v, f.Message)
			}
		}
		for _, name := range absent {
			if a, ok := f.Args.Get(name); ok {
				t.Errorf("%s has %s %v: %s", rule, name, a, f.Message)
			}
		}
	}
}

func none(rule string) func(*testing.T, *diag.Report) {
	return func(t *testing.T, r *diag.Report) {
		t.Helper()
		if f := finding(r, rule); f != nil {
			t.Errorf("%s: %s", rule, f.Message)
		}
	}
}

var minute = flvtest.Stream{Seconds: 60, FPS: 25, VideoKbps: 300, AudioKbps: 48}

var pushes = []push{
	// What is healthy.
	{name: "real time", stream: minute},
	{name: "real time, every platform's eyes", stream: minute, profile: "tencent-css"},
	{name: "30 ms of jitter", stream: minute, arrive: []arrive{jitter(30)}},
	{name: "Wi-Fi, 200 ms", stream: minute, arrive: []arrive{wifi(200)}},
	{name: "Wi-Fi, 200 ms, Tencent", stream: minute, profile: "tencent-css", arrive: []arrive{wifi(200)}},
	{name: "mobile, 1 s now and then", stream: minute, arrive: []arrive{wifi(1000)}},
	{name: "a second at a time", stream: minute, arrive: []arrive{lumps(1000)}},
	{name: "a second at a time over Wi-Fi", stream: minute, arrive: []arrive{lumps(1000), wifi(200)}},
	{name: "groups of pictures of 1 s", stream: flvtest.Stream{Seconds: 60, FPS: 25, GOP: 1, VideoKbps: 300}, arrive: []arrive{groups}},
	{name: "groups of pictures of 2 s", stream: minute, arrive: []arrive{groups}, infos: "arrival-jitter"},
	{name: "groups of pictures of 4 s", stream: flvtest.Stream{Seconds: 60, FPS: 25, GOP: 4, VideoKbps: 300}, arrive: []arrive{groups}, infos: "arrival-jitter"},
	{name: "OBS: starts with what it had buffered", stream: minute, arrive: []arrive{backlog(700)}},
	{name: "a relay that starts with its cache of 4 s", stream: minute, arrive: []arrive{backlog(4000)}},
	{name: "FFmpeg: the encoder looks ahead for 2 s, then sends them at once", stream: minute, arrive: []arrive{wait(2000), backlog(2000)}},
	{name: "a relay that starts with its cache of 4 s, and ends 5 s later", stream: flvtest.Stream{Seconds: 9}, arrive: []arrive{backlog(4000)}},
	{name: "a short test of an encoder that looks ahead for 2.5 s", stream: flvtest.Stream{Seconds: 3}, arrive: []arrive{backlog(2500)}},
	{name: "starts 4 s after publish", stream: minute, arrive: []arrive{wait(4000)}},
	{name: "a clock that is 0.1 % slow, for half an hour", stream: flvtest.Stream{Seconds: 1800, FPS: 5, VideoKbps: 20, NoAudio: true}, arrive: []arrive{pace(0.999)}},
	{name: "a clock that is 0.1 % fast, for half an hour", stream: flvtest.Stream{Seconds: 1800, FPS: 5, VideoKbps: 20, NoAudio: true}, arrive: []arrive{pace(1.001)}},
	{name: "a stall of 3 s, caught up fast", stream: minute, arrive: []arrive{stop(20000, 3000, 10)}},
	{name: "a stall of 6 s, caught up fast", stream: minute, arrive: []arrive{stop(20000, 6000, 10)}},
	{name: "a stall of 8 s, caught up slowly", stream: minute, arrive: []arrive{stop(20000, 8000, 1.5)}},
	{name: "stopped for 9 s, caught up at once", stream: minute, arrive: []arrive{stop(20000, 9000, 1000)}},
	{name: "audio only", stream: flvtest.Stream{Seconds: 60, NoVideo: true}, arrive: []arrive{wifi(200)}},
	{name: "video only", stream: flvtest.Stream{Seconds: 60, NoAudio: true}, arrive: []arrive{wifi(200)}},
	{name: "60 fps with B-frames", stream: flvtest.Stream{Seconds: 30, FPS: 60, BFrames: 2}, arrive: []arrive{wifi(200)}},
	{name: "one frame a second", stream: flvtest.Stream{Seconds: 60, FPS: 1}, arrive: []arrive{wifi(200)}},
	{name: "a slide every 4 s, no sound", stream: flvtest.Stream{Seconds: 60, FPS: 0.25, GOP: 4, NoAudio: true}},
	{name: "the encoder pauses for 4 s and its clock runs on", stream: paused(4000)},
	{name: "timestamps begin at five hours", stream: flvtest.Stream{Seconds: 30, StartMS: 5 * 3600 * 1000}, arrive: []arrive{wifi(200)}},
	{name: "a line that is just wide enough", stream: minute, arrive: []arrive{line(460)}},
	{name: "2 s of a file at once", stream: flvtest.Stream{Seconds: 2}, arrive: []arrive{pace(100)}},
	{name: "silent behind its end, for 5 s", stream: minute, silence: 4900},

	// What is not.
	{
		name: "as fast as it can", stream: minute, arrive: []arrive{pace(50)}, want: "burst",
		check: has("burst", map[string]int64{"media_ms": 60000, "arrival_ms": 1200, "limit_ms": 5000}),
	},
	{name: "as fast as it can, 10 s", stream: flvtest.Stream{Seconds: 10}, arrive: []arrive{pace(1000)}, want: "burst"},
	{name: "as fast as a line of 8 Mb/s can", stream: minute, arrive: []arrive{pace(1000), line(2500)}, want: "burst"},
	{name: "a file of 4 s at once", stream: flvtest.Stream{Seconds: 4}, arrive: []arrive{pace(100)}, want: "burst"},
	{name: "twice as fast", stream: minute, arrive: []arrive{pace(2)}, want: "burst"},
	{name: "a fifth too fast", stream: minute, arrive: []arrive{pace(1.2)}, want: "burst"},
	{name: "a backlog of 20 s", stream: minute, arrive: []arrive{backlog(20000)}, want: "burst"},
	{
		name: "stopped for 14 s", stream: minute, arrive: []arrive{stop(20000, 14000, 1000)}, want: "idle-gap",
		during: []moment{
			{3000 + 20000 + 9500, none("idle-gap")},
			{3000 + 20000 + 10400, has("idle-gap", map[string]int64{"gap_ms": 10400, "since_ms": 20000, "open": 1})},
			{3000 + 20000 + 13500, has("idle-gap", map[string]int64{"gap_ms": 13500, "open": 1})},
		},
		check: has("idle-gap", map[string]int64{"gap_ms": 14000, "since_ms": 20000, "start_ms": 20000, "limit_ms": 10000}, "open", "end_ms"),
	},
	{name: "stopped for 14 s, never caught up", stream: minute, arrive: []arrive{stop(20000, 14000, 1)}, want: "idle-gap"},
	{name: "stopped for 14 s over Wi-Fi, caught up slowly", stream: minute, arrive: []arrive{stop(20000, 14000, 1.3), wifi(200)}, want: "idle-gap"},
	{name: "stopped for 6 s, SRS", profile: "srs", stream: minute, arrive: []arrive{stop(20000, 6000, 1000)}, want: "idle-gap"},
	{name: "stopped for 20 s, nginx", profile: "nginx-rtmp", stream: minute, arrive: []arrive{stop(20000, 20000, 1000)}},
	{name: "stopped for 4 s, Tencent", profile: "tencent-css", stream: minute, arrive: []arrive{stop(20000, 4000, 1000)}, want: "arrival-gap"},
	{
		name: "the encoder pauses for 14 s and its clock runs on", stream: paused(14000), want: "idle-gap",
		check: has("idle-gap", map[string]int64{"gap_ms": 14000, "start_ms": 20000}, "leapt", "end_ms", "open"),
	},
	{
		name: "the clock leaps by 14 s", stream: paused(14000), arrive: []arrive{stopped}, want: "idle-gap",
		check: has("idle-gap", map[string]int64{"gap_ms": 14000, "start_ms": 20000, "leapt": 1}, "since_ms", "end_ms", "open"),
	},
	{
		name: "silent behind its end", stream: flvtest.Stream{Seconds: 20}, silence: 30000, want: "idle-gap",
		check: has("idle-gap", map[string]int64{"gap_ms": 30000}),
	},
	{
		name: "nothing for 12 s after publish", stream: minute, arrive: []arrive{wait(12000)}, want: "idle-gap",
		during: []moment{{3000 + 11000, has("idle-gap", map[string]int64{"gap_ms": 11000, "since_ms": 0, "open": 1}, "start_ms")}},
	},
	{
		name: "the camera goes", stream: minute, arrive: []arrive{lose(9, 20000, 28000)}, want: "arrival-gap timestamp-jump",
		during: []moment{
			{3000 + 24000, none("arrival-gap")},
			{3000 + 26000, has("arrival-gap", map[string]int64{"gap_ms": 6000, "since_ms": 20000, "open": 1})},
		},
		check: has("arrival-gap", map[string]int64{"gap_ms": 8000}, "open"),
	},
	{
		name: "the microphone goes for good", stream: minute, arrive: []arrive{lose(8, 20000, 1e9)}, want: "arrival-gap",
		check: has("arrival-gap", map[string]int64{"gap_ms": 40000}),
	},
	{name: "the camera goes for 4 s, Tencent", profile: "tencent-css", stream: minute, arrive: []arrive{lose(9, 20000, 24000)}, want: "arrival-gap timestamp-jump"},
	{
		name: "a line too narrow", stream: minute, arrive: []arrive{line(310)}, want: "arrival-stall",
		check: has("arrival-stall", map[string]int64{"limit_ms": 3000}),
	},
	{name: "an encoder too slow", stream: minute, arrive: []arrive{pace(0.8)}, want: "arrival-stall"},
	{
		name: "a pause of 6 s that is never caught up", stream: minute, arrive: []arrive{stop(20000, 6000, 1)}, want: "arrival-stall",
		check: has("arrival-stall", map[string]int64{"behind_ms": 6000, "since_ms": 20000}),
	},
	{name: "groups of pictures of 8 s", stream: flvtest.Stream{Seconds: 120, FPS: 25, GOP: 8, VideoKbps: 300}, arrive: []arrive{groups}, want: "arrival-jitter keyframe-interval", infos: "keyframe-delay"},
	{name: "publishes, and the first key frame comes 7 s later", stream: noKeys(7000), infos: "keyframe-delay", want: "keyframe-first keyframe-interval"},
	{
		name: "the first key frame comes 12 s later", stream: noKeys(12000), want: "keyframe-delay keyframe-first keyframe-interval!",
		during: []moment{
			{3000 + 11000, has("keyframe-delay", map[string]int64{"delay_ms": 11000, "open": 1})},
			{3000 + 13000, has("keyframe-delay", map[string]int64{"delay_ms": 12000}, "open")},
		},
	},
	{
		name: "no metadata, and no key frame but the first", stream: flvtest.Stream{Seconds: 40, NoMetaData: true, GOP: 60, VideoKbps: 300}, want: "metadata-missing keyframe-interval!",
		during: []moment{
			{3000 + 9000, none("metadata-missing")},
			{3000 + 11000, has("metadata-missing", nil)},
			{3000 + 11000, has("keyframe-interval", map[string]int64{"interval_ms": 11000, "open": 1})},
			{3000 + 30000, has("keyframe-interval", map[string]int64{"interval_ms": 30000, "open": 1})},
		},
		check: func(t *testing.T, r *diag.Report) {
			if f := finding(r, "keyframe-interval"); f == nil || f.Count != 1 {
				t.Errorf("%+v", f)
			}
		},
	},
	{
		name: "breaks and comes back", stream: minute, again: []gone{{4000, true}}, want: "push-reconnect",
		check: has("push-reconnect", map[string]int64{"away_ms": 4000, "since_ms": 60000, "lost": 1}),
	},
	{
		name: "breaks and comes back three times over Wi-Fi", stream: minute, arrive: []arrive{wifi(200)}, again: []gone{{4000, true}, {300, true}, {9000, true}}, want: "push-reconnect",
		check: func(t *testing.T, r *diag.Report) {
			has("push-reconnect", map[string]int64{"away_ms": 9000})(t, r)
			if f := finding(r, "push-reconnect"); f != nil && f.Count != 3 {
				t.Errorf("count %d", f.Count)
			}
		},
	},
	{name: "is stopped and started again after a minute", stream: minute, again: []gone{{60000, false}}, infos: "push-reconnect"},
	{name: "timestamps of five hours, and again", stream: flvtest.Stream{Seconds: 30, StartMS: 5 * 3600 * 1000}, again: []gone{{1000, false}}, infos: "push-reconnect"},
}

// paused is a stream whose clock leaps by ms at 20 s.
func paused(ms int64) flvtest.Stream {
	s := minute
	s.Each = func(t *flvtest.Tag) {
		if t.Timestamp > 20000 {
			t.Timestamp += ms
		}
	}
	return s
}

// stopped takes the leap of paused(14000) out of the arrival.
func stopped(list []message) {
	for i := range list {
		if list[i].at > 20000 {
			list[i].at -= 14000
		}
	}
}

// noKeys is a stream whose first ms have no key frame.
func noKeys(ms int64) flvtest.Stream {
	s := flvtest.Stream{Seconds: 40, FPS: 25, GOP: 1, VideoKbps: 300}
	s.Each = func(t *flvtest.Tag) {
		if t.Key && t.Timestamp < ms {
			t.Body = flvtest.P(3000, 0)
		}
	}
	return s
}

// TestPushes plays streams in as they would arrive.
func TestPushes(t *testing.T) {
	for _, p := range pushes {
		t.Run(p.name, func(t *testing.T) {
			r := p.play(t)
			grave, infos := found(r)
			want, wantInfos := strings.Fields(p.want), strings.Fields(p.infos)
			slices.Sort(want)
			slices.Sort(wantInfos)
			if !slices.Equal(grave, want) || !slices.Equal(infos, wantInfos) {
				t.Errorf("found %v and infos %v, want %v and %v", grave, infos, want, wantInfos)
			}
			for _, f := range r.Findings {
				t.Logf("%s %s ×%d: %s", f.Severity, f.Rule, f.Count, f.Message)
			}
			if p.check != nil {
				p.check(t, r)
			}
		})
	}
}

// TestHealthyPushesAreCleanEverywhere: nothing above a note, under any profile.
func TestHealthyPushesAreCleanEverywhere(t *testing.T) {
	stream := flvtest.Stream{Seconds: 25, FPS: 25, VideoKbps: 300, AudioKbps: 48}
	for _, c := range []struct {
		name   string
		arrive []arrive
		lumpy  bool // Tencent's callback tells of a second without audio
	}{
		{name: "real time"},
		{name: "30 ms of jitter", arrive: []arrive{jitter(30)}},
		{name: "Wi-Fi", arrive: []arrive{wifi(200)}},
		{name: "OBS", arrive: []arrive{backlog(700), jitter(20)}},
		{name: "FFmpeg", arrive: []arrive{wait(2000), backlog(2000)}},
		{name: "a stall of 2 s, caught up", arrive: []arrive{stop(10000, 2000, 5)}, lumpy: true},
		{name: "half a second at a time", arrive: []arrive{lumps(500), jitter(100)}},
		{name: "a second at a time", arrive: []arrive{lumps(1000), wifi(200)}, lumpy: true},
		{name: "groups of pictures", arrive: []arrive{groups}, lumpy: true},
	} {
		for _, target := range profile.All() {
			if c.lumpy && target.ID == "tencent-css" {
				continue
			}
			p := push{profile: target.ID, stream: stream, arrive: c.arrive}
			if grave, _ := found(p.play(t)); len(grave) > 0 {
				t.Errorf("%s, %s: %v", c.name, target.ID, grave)
			}
		}
	}
}

// fuzzLive plays a file in with arrival times that mean nothing.
func fuzzLive(t *testing.T, p *profile.Profile, file []byte, seed int64) {
	l := NewLive(Options{Profile: p, Size: -1})
	r := rand.New(rand.NewPCG(uint64(seed), 5))
	for part := range slices.Chunk(file, max(len(file)/7, 1)) {
		ns := int64(r.Uint64() >> r.UintN(63))
		switch r.IntN(5) {
		case 0:
			l.Publish(ns)
		case 1:
			l.Unpublish(ns, ns%2 == 0)
		case 2:
			l.Tick(ns)
		default:
			l.SetArrival(ns)
		}
		_, _ = l.Write(part)
		_ = l.Findings()
		_ = l.Standing()
	}
	sound(t, l.Close(diag.StateComplete, ""))
}
