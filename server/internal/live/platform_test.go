package live

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ingestdoctor/wasm/flv/flvtest"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// arrivals plays a stream to a behaviour: each message comes at its time, but for
// what change makes of it (below 0: never), and the clock ticks for so much longer.
func arrivals(b behaviour, file []byte, change func(ms int64) int64, longer time.Duration) (all []verdict, at []time.Duration) {
	now := time.Duration(0)
	until := func(t time.Duration) bool {
		for now < t {
			now += min(200*time.Millisecond, t-now)
			if v := b.tick(&Tick{}, now, nil); !v.none() {
				all, at = append(all, v), append(at, now)
				if v.close {
					return false
				}
			}
		}
		return true
	}
	if v := b.connect(nil); !v.none() {
		return []verdict{v}, []time.Duration{0}
	}
	if v := b.publish(nil); !v.none() {
		return []verdict{v}, []time.Duration{0}
	}
	for file = file[13:]; len(file) > 0; {
		n := int(binary.BigEndian.Uint32(file) & 0xffffff)
		ts := uint32(file[7])<<24 | uint32(file[4])<<16 | uint32(file[5])<<8 | uint32(file[6])
		ms := int64(ts)
		if change != nil {
			ms = change(ms)
		}
		if ms >= 0 {
			if !until(time.Duration(ms) * time.Millisecond) {
				return all, at
			}
			b.message(now, file[0], ts, file[11:11+n])
		}
		file = file[11+n+4:]
	}
	until(now + longer)
	return all, at
}

func healthyStream() []byte { return flvtest.Stream{Seconds: 30, VideoKbps: 2000}.Build().Bytes() }

func TestNobodyRefusesAHealthyPush(t *testing.T) {
	file := healthyStream()
	for _, p := range profile.All() {
		b := newBehaviour(p, "")
		if (b != nil) != Behaves(p) {
			t.Errorf("%s: Behaves says %v", p.ID, Behaves(p))
		}
		text := BehaviourText(p)
		if text == "" || !strings.HasSuffix(text, ".") || Behaves(p) == strings.Contains(text, "nothing is refused") {
			t.Errorf("%s: %q", p.ID, text)
		}
		if b == nil {
			if Refusals(p) != nil {
				t.Errorf("%s has refusals and no behaviour", p.ID)
			}
			continue
		}
		if list, at := arrivals(b, file, nil, 500*time.Millisecond); len(list) > 0 {
			t.Errorf("%s: %v %+v", p.ID, at, list)
		}
	}
}

// refusing is a push that a platform does not let go on.
type refusing struct {
	name     string
	profiles string // separated by spaces
	file     func() []byte
	change   func(ms int64) int64
	longer   time.Duration
	code     string        // of the end; empty: none
	notes    string        // codes of what is only told, in any order
	from, to time.Duration // when the end comes, since publish
	status   string        // of the onStatus
	says     string        // part of the text
}

const azureAll = "azure-live-encoding azure-pass-through azure-pass-through-basic azure-v2"

var refusings = []refusing{
	{
		name: "HEVC", profiles: azureAll, file: func() []byte { return flvtest.Stream{Seconds: 10, HEVC: true}.Build().Bytes() },
		code: "MPE_INGEST_CODEC_NOT_SUPPORTED", to: time.Second, says: "LiveEventConnectionRejected",
	},
	{
		name: "HEVC", profiles: "aws-ivs srs nginx-rtmp mediamtx tencent-css alibaba", file: func() []byte { return flvtest.Stream{Seconds: 10, HEVC: true}.Build().Bytes() },
	},
	{
		name: "HEVC", profiles: "cloudflare", file: func() []byte { return flvtest.Stream{Seconds: 10, HEVC: true}.Build().Bytes() },
		notes: "ERR_UNSUPPORTED_VIDEO_CODEC",
	},
	{
		name: "no sequence headers", profiles: azureAll, file: func() []byte {
			return flvtest.Stream{Seconds: 10, NoVideoConfig: true, NoAudioConfig: true}.Build().Bytes()
		},
		code: "MPE_INGEST_DESCRIPTION_INFO_NOT_RECEIVED", from: 3 * time.Second, to: 4 * time.Second, says: "sequence header",
	},
	{
		name: "no metadata, one bitrate", profiles: azureAll, file: func() []byte { return flvtest.Stream{Seconds: 10, NoMetaData: true}.Build().Bytes() },
	},
	{
		name: "no metadata, two bitrates", profiles: "azure-pass-through", file: alternating,
		code: "MPE_INGEST_RTMP_SETDATAFRAME_NOT_RECEIVED", to: 5 * time.Second, says: "onMetaData",
	},
	{
		name: "two bitrates", profiles: "azure-live-encoding", file: alternating,
		code: "MPE_INGEST_MEDIA_QUALITIES_EXCEEDED", to: 5 * time.Second,
	},
	{
		name: "two tracks", profiles: "aws-ivs", file: twoQualities, code: "MultitrackInputNotAllowed", to: 5 * time.Second,
	},
	{
		name: "2160 lines", profiles: "azure-live-encoding", file: size(3840, 2160), code: "MPE_INGEST_VIDEO_RESOLUTION_NOT_SUPPORTED", to: time.Second,
	},
	{name: "2160 lines", profiles: "azure-pass-through", file: size(3840, 2160)},
	{name: "2160 lines", profiles: "aws-ivs", file: size(3840, 2160), code: "Ingest Resolution", to: time.Second, says: "inferred"},
	{
		name: "60 fps", profiles: "azure-live-encoding", file: func() []byte { return flvtest.Stream{Seconds: 20, FPS: 60}.Build().Bytes() },
		code: "MPE_INGEST_FRAMERATE_EXCEEDED", from: 5 * time.Second, to: 15 * time.Second,
	},
	{name: "33 fps", profiles: "azure-live-encoding", file: func() []byte { return flvtest.Stream{Seconds: 20, FPS: 33}.Build().Bytes() }},
	{name: "60 fps", profiles: "azure-pass-through tencent-css", file: func() []byte { return flvtest.Stream{Seconds: 20, FPS: 60}.Build().Bytes() }},
	{
		name: "12 Mb/s", profiles: "azure-pass-through-basic", file: rate(12000), code: "MPE_INGEST_BITRATE_AGGREGATED_EXCEEDED", from: 4 * time.Second, to: 25 * time.Second,
	},
	{name: "12 Mb/s", profiles: "aws-ivs", file: rate(12000), code: "Ingest Bitrate", from: 4 * time.Second, to: 25 * time.Second, says: "probably"},
	{
		name: "no key frame", profiles: azureAll, file: func() []byte { return flvtest.Stream{Seconds: 20, GOP: 60}.Build().Bytes() },
		code: "MPE_INGEST_RTMP_TOO_LARGE_UNPROCESSED_FLV", from: 10 * time.Second, to: 12 * time.Second,
	},
	{
		name: "as fast as it can", profiles: azureAll, file: healthyStream, change: func(ms int64) int64 { return ms / 20 },
		code: "MPE_CAPACITY_LIMIT_REACHED", to: 2 * time.Second, says: "LiveEventEncoderDisconnected",
	},
	{name: "silence", profiles: azureAll, file: short, longer: 40 * time.Second, code: "MPE_RTMP_SESSION_IDLE_TIMEOUT", from: 13 * time.Second, to: 14 * time.Second, says: "ours"},
	{name: "silence", profiles: "tencent-css", file: short, longer: 40 * time.Second, code: "8/0", notes: "321:6 321:7", from: 13 * time.Second, to: 14 * time.Second, says: "no data was generated"},
	{name: "silence", profiles: "alibaba", file: short, longer: 40 * time.Second, code: "publish_done", from: 13 * time.Second, to: 14 * time.Second},
	{name: "silence", profiles: "srs", file: short, longer: 40 * time.Second, code: "1011", from: 8 * time.Second, to: 9 * time.Second},
	{name: "silence", profiles: "nginx-rtmp", file: short, longer: 70 * time.Second, code: "client-timed-out", from: 63 * time.Second, to: 64 * time.Second},
	{name: "silence", profiles: "mediamtx", file: short, longer: 40 * time.Second, code: "", from: 13 * time.Second, to: 14 * time.Second, says: "readTimeout"},
	{name: "silence", profiles: "aws-ivs", file: short, longer: 40 * time.Second, notes: "Starvation Start"},
	{name: "nothing after publish", profiles: "srs", file: short, change: never, longer: 40 * time.Second, code: "1011", from: 20 * time.Second, to: 21 * time.Second, says: "firstpkt_timeout"},
	{name: "a frame of 4 MB", profiles: "tencent-css", file: large(4 << 20), code: "7/0", to: 12 * time.Second, says: "ours"},
	{name: "a frame of 4 MB", profiles: "ant-media", file: large(4 << 20), code: "NetStream.Failed", to: 12 * time.Second, status: "NetStream.Failed"},
	{name: "a frame of 2 MB", profiles: "nginx-rtmp", file: large(2 << 20), code: "too-big-message", to: 12 * time.Second},
	{name: "a frame of 2 MB", profiles: "tencent-css ant-media", file: large(2 << 20)},
	{name: "metadata that is no AMF", profiles: "tencent-css", file: badMetadata, code: "33/0", to: time.Second, says: "inferred"},
	{name: "metadata that is no AMF", profiles: "alibaba", file: badMetadata, notes: "3003"},
	{
		name: "the camera goes", profiles: "tencent-css", file: func() []byte {
			s := flvtest.Stream{Seconds: 12}
			s.Each = func(t *flvtest.Tag) { t.Drop = t.Type == 9 && t.Frame > 0 && t.Timestamp > 5000 && t.Timestamp < 9000 }
			return s.Build().Bytes()
		}, notes: "321:3 321:6",
	},
	{
		name: "the clock goes back", profiles: "tencent-css", file: func() []byte {
			s := flvtest.Stream{Seconds: 12}
			s.Each = func(t *flvtest.Tag) {
				if t.Timestamp > 5000 {
					t.Timestamp -= 3000
				}
			}
			return s.Build().Bytes()
		}, change: func(ms int64) int64 { return ms }, notes: "321:1 321:2",
	},
	{
		name: "only codecs that it does not take", profiles: "mediamtx", file: func() []byte {
			s := flvtest.Stream{Seconds: 10, NoAudio: true}
			s.Each = func(t *flvtest.Tag) {
				if t.Type == 9 && len(t.Body) > 0 {
					t.Body[0] = t.Body[0]&0xf0 | 4 // VP6
					t.Drop = t.Config
				}
			}
			return s.Build().Bytes()
		}, code: "log:the stream doesn't contain a", from: 3 * time.Second, to: 5 * time.Second,
	},
}

func never(int64) int64 { return -1 }

func short() []byte { return flvtest.Stream{Seconds: 3}.Build().Bytes() }

func size(w, h int) func() []byte {
	return func() []byte {
		return flvtest.Stream{Seconds: 8, SPS: flvtest.SPS{Width: w, Height: h}}.Build().Bytes()
	}
}

func rate(kbps float64) func() []byte {
	return func() []byte { return flvtest.Stream{Seconds: 25, VideoKbps: kbps}.Build().Bytes() }
}

// large is a stream with one key frame of n bytes.
func large(n int) func() []byte {
	return func() []byte {
		s := flvtest.Stream{Seconds: 12}
		s.Each = func(t *flvtest.Tag) {
			if t.Key && t.Timestamp > 9000 {
				t.Body = flvtest.IDR(n, 0)
			}
		}
		return s.Build().Bytes()
	}
}

func badMetadata() []byte {
	s := flvtest.Stream{Seconds: 5}
	s.Each = func(t *flvtest.Tag) {
		if t.Type == 18 {
			t.Body = append([]byte("\x02\x00\x0aonMetaData"), 0x03, 0, 5, 'w', 'i', 'd', 't', 'h', 0x3f, 1, 2)
		}
	}
	return s.Build().Bytes()
}

// alternating is a push of two qualities without metadata, whose key frames take turns.
func alternating() []byte {
	s := flvtest.Stream{Seconds: 8, NoMetaData: true, GOP: 0.5}
	n := 0
	s.Each = func(t *flvtest.Tag) {
		if t.Key {
			w := []int{1280, 640}[n%2]
			n++
			b := flvtest.New()
			b.Video(t.Timestamp, flvtest.AVCConfig(flvtest.SPS{Width: w, Height: w / 16 * 9, FPS: 30}))
			t.Before = b.Bytes()[13:]
		}
	}
	return s.Build().Bytes()
}

// twoQualities is a push with two video tracks and no metadata.
func twoQualities() []byte {
	s := flvtest.Stream{Seconds: 8, NoMetaData: true}
	s.Each = func(t *flvtest.Tag) {
		if t.Type != 9 {
			return
		}
		kind := byte(1)
		payload := flvtest.WithCTS(0, flvtest.NALs(flvtest.Slice(0x65, 7, 400)))
		if t.Config {
			kind, payload = 0, flvtest.AVCRecord(flvtest.SPS{Width: 640, Height: 360}, 4)
		}
		b := flvtest.New()
		b.Video(t.Timestamp, flvtest.MultiVideo(kind, flvtest.OneTrack, 1, flvtest.Track{ID: 1, FourCC: "avc1", Payload: payload}))
		t.Before = b.Bytes()[13:]
	}
	return s.Build().Bytes()
}

func TestRefusals(t *testing.T) {
	for _, c := range refusings {
		for _, id := range strings.Fields(c.profiles) {
			t.Run(id+" "+c.name, func(t *testing.T) {
				p, ok := profile.ByID(id)
				if !ok {
					t.Fatal("no such profile")
				}
				list, at := arrivals(newBehaviour(p, ""), c.file(), c.change, c.longer)
				var notes []string
				ended := false
				for i, v := range list {
					if !v.close {
						notes = append(notes, v.page)
						if v.level != "warning" || !strings.Contains(v.why, "lets the stream go on") {
							t.Errorf("%+v", v)
						}
						continue
					}
					ended = true
					if want := page(p, c.code); v.page != want || c.to == 0 {
						t.Errorf("ended with %q, want %q: %s", v.page, want, v.why)
					}
					if at[i] < c.from || at[i] > c.to {
						t.Errorf("after %v, want %v to %v: %s", at[i], c.from, c.to, v.why)
					}
					if v.code != c.status || (v.command != "") != (c.status != "") {
						t.Errorf("says %s %q, want %q", v.command, v.code, c.status)
					}
					if !strings.Contains(v.why, c.says) || !strings.Contains(v.why, c.code) {
						t.Errorf("text %q", v.why)
					}
					t.Log(at[i], v.why)
				}
				if ended != (c.to > 0) {
					t.Errorf("ended: %v %+v", ended, list)
				}
				var want []string
				for _, code := range strings.Fields(c.notes) {
					want = append(want, page(p, code))
				}
				if c.notes == "Starvation Start" {
					want = []string{page(p, c.notes)}
				}
				slices.Sort(notes)
				slices.Sort(want)
				if !slices.Equal(notes, want) {
					t.Errorf("told of %v, want %v", notes, want)
				}
			})
		}
	}
}

func page(p *profile.Profile, code string) string {
	if code == "" {
		return ""
	}
	return rules.CodeURL(p.Platform, code)
}

// TestAskedRefusals: whatever is asked for comes, at publish or once media flows.
func TestAskedRefusals(t *testing.T) {
	file := healthyStream()
	for _, p := range profile.All() {
		for _, r := range Refusals(p) {
			list, at := arrivals(newBehaviour(p, r.Code), file, nil, 0)
			if len(list) != 1 {
				t.Errorf("%s %s: %+v", p.ID, r.Code, list)
				continue
			}
			v := list[0]
			if v.page != r.URL || at[0] > time.Second || !strings.Contains(v.why, r.Code) || !strings.HasPrefix(v.why, "As was asked for") {
				t.Errorf("%s %s after %v: %+v", p.ID, r.Code, at[0], v)
			}
			if !v.close && v.command == "" {
				t.Errorf("%s %s does nothing", p.ID, r.Code)
			}
		}
	}
}

// TestConducts holds the tables against the rules and the knowledge base.
func TestConducts(t *testing.T) {
	for i := range conducts {
		c := &conducts[i]
		if !slices.ContainsFunc(profile.All(), func(p *profile.Profile) bool { return p.Platform == c.platform }) {
			t.Errorf("no profile has the platform %s", c.platform)
		}
		kb := knowledge(t, c.platform)
		seen := map[string]bool{}
		for _, r := range c.refusals {
			if seen[r.code+r.title] || r.title == "" || r.basis == "" || strings.HasSuffix(r.tells, " ") {
				t.Errorf("%s: %+v", c.platform, r)
			}
			seen[r.code+r.title] = true
			if r.code != "" && !kb[r.code] {
				t.Errorf("%s: the knowledge base has no %q", c.platform, r.code)
			}
			for _, id := range r.rules {
				if _, ok := rules.ByID(id); !ok {
					t.Errorf("%s %s: no rule %s", c.platform, r.code, id)
				}
			}
			if r.note && (r.rules == nil && r.when == nil || c.calls == "") {
				t.Errorf("%s %s is told of, and it is not said when or how", c.platform, r.code)
			}
			if (r.start || r.stays) && r.publish == (r.start && r.stays) {
				t.Errorf("%s %s: %+v", c.platform, r.code, r)
			}
		}
		if len(c.text) > 400 || c.tells == "" {
			t.Errorf("%s: %q %q", c.platform, c.text, c.tells)
		}
	}
}

// knowledge is every code of a platform's pages, and their slugs.
func knowledge(t *testing.T, platform string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../../../content/codes/" + platform + "/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages of %s: %v", platform, err)
	}
	codes := map[string]bool{}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		codes[strings.TrimSuffix(filepath.Base(name), ".md")] = true
		_, front, _ := strings.Cut(string(b), "---\n")
		front, _, _ = strings.Cut(front, "\n---\n")
		listed := false
		for _, line := range strings.Split(front, "\n") {
			if !strings.HasPrefix(line, " ") {
				listed = strings.HasPrefix(line, "codes:")
			}
			if v, ok := strings.CutPrefix(line, "code:"); ok {
				codes[strings.Trim(v, ` "'`)] = true
			} else if listed {
				for _, v := range strings.FieldsFunc(strings.TrimPrefix(strings.TrimSpace(line), "codes:"), func(r rune) bool { return strings.ContainsRune("[],", r) }) {
					codes[strings.Trim(v, ` -"'`)] = true
				}
			}
		}
	}
	return codes
}

func TestCreateRefusal(t *testing.T) {
	azure, _ := profile.ByID("azure-live-encoding")
	code := Refusals(azure)[0].Code
	h := New(Config{PerClient: 10})
	defer h.Close(t.Context())
	for _, c := range []struct {
		req Request
		ok  bool
	}{
		{Request{Profile: azure.ID, Behave: true, Refuse: code}, true},
		{Request{Profile: azure.ID, Behave: true}, true},
		{Request{Profile: azure.ID, Refuse: code}, false},
		{Request{Profile: "tencent-css", Behave: true, Refuse: code}, false},
		{Request{Profile: "generic", Behave: true, Refuse: code}, false},
		{Request{Profile: azure.ID, Behave: true, Refuse: "MPE_INGEST_DISCONTINUITY"}, false}, // told, and refuses nothing
	} {
		if _, err := h.Create(c.req, netip.MustParsePrefix("192.0.2.0/24")); (err == nil) != c.ok || err != nil && err != ErrRefusal {
			t.Errorf("%+v: %v", c.req, err)
		}
	}
}
