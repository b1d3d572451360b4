package profile

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/rules"
)

const factsDir = "../../../shared/facts/"

// The ids of facts/README.md.
const wantIDs = "azure-live-encoding azure-pass-through azure-pass-through-basic azure-v2 tencent-css youtube twitch " +
	"facebook aws-ivs aws-medialive mux cloudflare alibaba huawei wowza nginx-rtmp srs mediamtx ant-media generic"

// The platforms of facts/README.md.
const platforms = " azure-media-services tencent-css rtmp-protocol obs-studio ffmpeg librtmp-obs nginx-rtmp srs mediamtx ant-media youtube-live twitch " +
	"facebook-live aws-ivs aws-medialive mux cloudflare-stream alibaba-apsaravideo-live agora-media-push agora-media-gateway "

func TestAllProfilesAreThere(t *testing.T) {
	for _, id := range strings.Fields(wantIDs) {
		p, ok := ByID(id)
		if !ok || p.ID != id {
			t.Errorf("profile %s is missing", id)
		}
	}
	if len(All()) < len(strings.Fields(wantIDs)) {
		t.Errorf("%d profiles", len(All()))
	}
	seen := map[string]bool{}
	for _, p := range All() {
		if seen[p.ID] {
			t.Errorf("profile %s is there twice", p.ID)
		}
		seen[p.ID] = true
	}
	if Default().ID != "generic" {
		t.Errorf("the default is %s", Default().ID)
	}
	if _, ok := ByID("nonsense"); ok {
		t.Error("an unknown id finds something")
	}
}

func TestEveryProfileIsComplete(t *testing.T) {
	for _, p := range All() {
		t.Run(p.ID, func(t *testing.T) {
			if p.Name == "" || p.Short == "" || p.Summary == "" {
				t.Error("name, short name or summary is empty")
			}
			if p.Platform != "" && !strings.Contains(platforms, " "+p.Platform+" ") {
				t.Errorf("platform %q is none of the knowledge base's", p.Platform)
			}
			if azure := p.Platform == azurePlatform; azure != (p.Retired == "2024-06-30") || azure != (p.Instead != "") {
				t.Error("retired without a word where to go, or the other way round")
			}
			ids := map[string]bool{}
			for _, l := range p.Info().Limits {
				if ids[l.ID] {
					t.Errorf("limit %s is listed twice", l.ID)
				}
				ids[l.ID] = true
				if l.Title == "" || l.Text == "" || strings.Contains(l.Text, "  ") {
					t.Errorf("limit %s: title %q, text %q", l.ID, l.Title, l.Text)
				}
				if len(l.Rules) == 0 {
					t.Errorf("limit %s names no rule", l.ID)
				}
				for _, id := range l.Rules {
					if _, ok := rules.ByID(id); !ok {
						t.Errorf("limit %s: rule %s is not declared", l.ID, id)
					}
				}
				if len(l.Checked) != len("2006-01-02") || l.Source == "" {
					t.Errorf("limit %s: source %q, checked %q", l.ID, l.Source, l.Checked)
				}
				switch l.Basis {
				case diag.Documented, diag.Inferred:
					if l.Source == ourDefault.Title {
						t.Errorf("limit %s is said to be %s, and its source is ourselves", l.ID, l.Basis)
					}
					if !strings.HasPrefix(l.URL, "https://") {
						t.Errorf("limit %s is said to be %s without a page: %q", l.ID, l.Basis, l.URL)
					}
				case diag.Ours:
				default:
					t.Errorf("limit %s: basis %q", l.ID, l.Basis)
				}
				if l.Unit != "" && l.Values == nil && l.Advised == 0 && l.Warn == 0 && l.Error == 0 {
					t.Errorf("limit %s has a unit and no number", l.ID)
				}
				if l.Warn > 0 && l.Error > 0 && l.Warn > l.Error {
					t.Errorf("limit %s warns above its error", l.ID)
				}
			}
			for _, must := range []string{"keyframe-interval", "keyframe-bytes", "idle-gap", "timestamp-jump", "audio-backlog", "composition-time", "interleave", "drift", "clock-pace", "bitrate-mismatch", "video-frame", "audio-frame"} {
				if !ids[must] {
					t.Errorf("limit %s is not set", must)
				}
			}
			if p != generic {
				if !ids["url"] {
					t.Error("no URL form")
				}
				for _, s := range p.URL.Schemes {
					if len(s.Ports) == 0 || s.TLS != (s.Name == "rtmps") {
						t.Errorf("scheme %+v", s)
					}
				}
			}
			if p.BitrateWindow == 0 || p.ClockWindow == 0 || p.MetadataFPS == 0 {
				t.Error("a window or tolerance is 0")
			}
		})
	}
}

// No threshold says documented or inferred where the limit's source is our own
// default, and nothing that only OBS's presets say is called documented.
func TestBasisIsHonest(t *testing.T) {
	for _, p := range All() {
		for name, l := range numbers(p) {
			for _, v := range []Level{l.Advised, l.Info, l.Warn, l.Error} {
				if v.At == 0 {
					if v.Basis != "" {
						t.Errorf("%s %s: a basis and no number", p.ID, name)
					}
					continue
				}
				switch {
				case v.Basis == "":
					t.Errorf("%s %s: %v has no basis", p.ID, name, v.At)
				case v.Basis != ours && l.Source == ourDefault:
					t.Errorf("%s %s: %v is %s, and the source is ourselves", p.ID, name, v.At, v.Basis)
				case v.Basis == documented && l.Source == obsServices:
					t.Errorf("%s %s: %v is documented by an encoder's preset only", p.ID, name, v.At)
				}
			}
			if l.Source == obsServices && l.Error.At > 0 && l.Error.Basis != ours {
				t.Errorf("%s %s: an error on an encoder's preset", p.ID, name)
			}
		}
		for _, l := range []*List{&p.VideoCodecs, &p.AudioCodecs, &p.AACTypes} {
			if l.Values != nil && (l.Severity == diag.Off || l.Basis == "" || l.Title == "") {
				t.Errorf("%s: list %v has no severity, basis or source", p.ID, l.Values)
			}
			if l.Source == obsServices && (l.Basis == documented || l.Severity == diag.Error) {
				t.Errorf("%s: list %v rests on an encoder's preset", p.ID, l.Values)
			}
		}
		for _, o := range p.Overrides {
			if _, ok := rules.ByID(o.Rule); !ok || o.Note == "" || o.Basis == "" || o.Title == "" {
				t.Errorf("%s: override %+v", p.ID, o)
			}
		}
	}
}

func numbers(p *Profile) map[string]*Limit {
	return map[string]*Limit{
		"AudioChannels": &p.AudioChannels, "VideoQualities": &p.VideoQualities, "AudioQualities": &p.AudioQualities,
		"FrameRate": &p.FrameRate, "TotalKbps": &p.TotalKbps, "VideoKbps": &p.VideoKbps, "AudioKbps": &p.AudioKbps,
		"KeyframeMS": &p.KeyframeMS, "KeyframeBytes": &p.KeyframeBytes, "KeyframeIrregular": &p.KeyframeIrregular,
		"TimestampJump": &p.TimestampJump, "IdleGap": &p.IdleGap, "Drift": &p.Drift, "Interleave": &p.Interleave,
		"ClockPercent": &p.ClockPercent, "AudioBacklog": &p.AudioBacklog, "Composition": &p.Composition,
		"VideoFrame": &p.VideoFrame, "AudioFrame": &p.AudioFrame, "RateFactor": &p.RateFactor, "ProbeSlow": &p.ProbeSlow,
	}
}

func TestOurDefaults(t *testing.T) {
	p := Default()
	for _, c := range []struct {
		name string
		got  float64
		want float64
	}{
		{"key frames advised", p.KeyframeMS.Advised.At, 2000},
		{"key frames warn", p.KeyframeMS.Warn.At, 4000},
		{"key frames error", p.KeyframeMS.Error.At, 10000},
		{"key frame bytes", p.KeyframeBytes.Error.At, 20e6},
		{"irregular", p.KeyframeIrregular.Info.At, 1.5},
		{"video frame", p.VideoFrame.Warn.At, 3e6},
		{"audio frame", p.AudioFrame.Warn.At, 64e3},
		{"jump", p.TimestampJump.Warn.At, 1000},
		{"idle", p.IdleGap.Warn.At, 10000},
		{"interleave", p.Interleave.Warn.At, 1000},
		{"drift", p.Drift.Warn.At, 1000},
		{"pace", p.ClockPercent.Warn.At, 2},
		{"pace over", p.ClockWindow, 5000},
		{"backlog", p.AudioBacklog.Warn.At, 3000},
		{"bitrate factor", p.RateFactor.Warn.At, 2},
		{"bitrate window", p.BitrateWindow, 5000},
		{"metadata frame rate", p.MetadataFPS, 5},
		{"composition", p.Composition.Error.At, 5000},
		{"probe", p.ProbeSlow.Warn.At, 2000},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, RULES.md says %v", c.name, c.got, c.want)
		}
	}
}

func TestJudge(t *testing.T) {
	azure, _ := ByID("azure-live-encoding")
	yt, _ := ByID("youtube")
	for _, c := range []struct {
		name  string
		limit *Limit
		v     float64
		sev   diag.Severity
		at    float64
		basis diag.Basis
	}{
		{"29.97 fps", &azure.FrameRate, 29.97, diag.Off, 30, documented},
		{"30 fps measured with rounding", &azure.FrameRate, 30.05, diag.Off, 30, documented},
		{"31 fps", &azure.FrameRate, 31, diag.Warning, 30, documented},
		{"36 fps", &azure.FrameRate, 35.99, diag.Error, 36, documented},
		{"60 fps", &azure.FrameRate, 59.94, diag.Error, 36, documented},
		{"60 fps on YouTube", &yt.FrameRate, 60.02, diag.Off, 60, documented},
		{"2 s", &azure.KeyframeMS, 2002, diag.Off, 4000, ours},
		{"4 s at 29.97 fps", &azure.KeyframeMS, 4004, diag.Off, 4000, ours},
		{"5 s", &azure.KeyframeMS, 5000, diag.Warning, 4000, ours},
		{"5 s on YouTube", &yt.KeyframeMS, 5000, diag.Warning, 4000, documented},
		{"10.01 s: 300 frames at 29.97 fps", &azure.KeyframeMS, 10010, diag.Warning, 4000, ours},
		{"20 s", &azure.KeyframeMS, 20000, diag.Error, 10000, inferred},
		{"one quality", &azure.VideoQualities, 1, diag.Off, 1, documented},
		{"two qualities", &azure.VideoQualities, 2, diag.Error, 1, documented},
		{"1.9 times", &azure.RateFactor, 1.9, diag.Off, 2, documented},
		{"twice counts", &azure.RateFactor, 2, diag.Warning, 2, documented},
		{"not set", &yt.TotalKbps, 1e9, diag.Off, 0, ours},
	} {
		sev, at, basis := c.limit.Judge(c.v)
		if sev != c.sev || at != c.at || basis != c.basis {
			t.Errorf("%s: %v above %v (%s), want %v above %v (%s)", c.name, sev, at, basis, c.sev, c.at, c.basis)
		}
	}
}

func TestWithin(t *testing.T) {
	azure, _ := ByID("azure-live-encoding")
	pass, _ := ByID("azure-pass-through")
	for _, c := range []struct {
		s    *Size
		w, h int
		want bool
	}{
		{&azure.Resolution, 1920, 1088, true},
		{&azure.Resolution, 1080, 1920, true},
		{&azure.Resolution, 1280, 720, true},
		{&azure.Resolution, 1936, 1088, false},
		{&azure.Resolution, 1440, 1440, false},
		{&azure.Resolution, 1920, 1200, false},
		{&pass.Resolution, 3840, 2160, true},
		{&pass.Resolution, 4096, 2176, false},
		{&generic.Resolution, 7680, 4320, true},
	} {
		if got := c.s.Within(c.w, c.h); got != c.want {
			t.Errorf("%d x %d within %d x %d: %v", c.w, c.h, c.s.Width, c.s.Height, got)
		}
	}
}

func TestSeverity(t *testing.T) {
	for _, c := range []struct {
		profile, rule string
		sev           diag.Severity
	}{
		{"generic", "metadata-missing", diag.Warning},
		{"azure-live-encoding", "metadata-missing", diag.Info},
		{"azure-pass-through", "metadata-missing", diag.Warning},
		{"facebook", "config-changed", diag.Error},
		{"generic", "flv-garbage", diag.Error},
	} {
		p, _ := ByID(c.profile)
		if sev, basis := p.Severity(c.rule); sev != c.sev || basis == "" {
			t.Errorf("%s under %s: %v (%s), want %v", c.rule, c.profile, sev, basis, c.sev)
		}
	}
	if p, _ := ByID("azure-pass-through"); p.MetadataSeveral.Severity != diag.Error {
		t.Error("several bitrates to pass-through without metadata are not an error")
	}
}

func TestLead(t *testing.T) {
	for _, c := range []struct {
		profile, rule string
		sev           diag.Severity
		basis         diag.Basis
		want          string
	}{
		{"azure-live-encoding", "keyframe-interval", diag.Error, inferred, "Azure would probably refuse this: "},
		{"azure-live-encoding", "keyframe-interval", diag.Error, ours, "Azure may refuse this: "},
		{"azure-live-encoding", "framerate-exceeded", diag.Error, documented, "Azure would refuse this: "},
		{"facebook", "keyframe-interval", diag.Error, documented, "Facebook would refuse this: "},
		{"mux", "nal-format", diag.Error, documented, "Mux would probably refuse this: "},
		{"generic", "nal-format", diag.Error, documented, "Most platforms would refuse this: "},
		{"youtube", "keyframe-interval", diag.Warning, documented, "YouTube may have trouble with this: "},
		{"youtube", "b-frames", diag.Info, documented, "Worth knowing: "},
		{"youtube", "flv-signature", diag.Error, documented, "This cannot be analysed: "},
		{"youtube", "flv-garbage", diag.Error, documented, "The recording is at fault: "},
		{"youtube", "url-host", diag.Error, documented, "This URL would not work: "},
	} {
		p, _ := ByID(c.profile)
		f := diag.Finding{Rule: c.rule, Severity: c.sev, Basis: c.basis}
		if got := p.Lead(&f); got != c.want {
			t.Errorf("%s %s %v %s: %q, want %q", c.profile, c.rule, c.sev, c.basis, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	azure, _ := ByID("azure-live-encoding")
	ms := rules.Millis
	for _, c := range []struct{ got, want string }{
		{generic.KeyframeMS.words(ms), "up to 2.0 s advised; more than 4.0 s is a warning, more than 10.0 s is an error"},
		{azure.KeyframeMS.words(ms), "up to 2.0 s advised (documented); more than 4.0 s is a warning (our default), more than 10.0 s is an error (inferred)"},
		{azure.FrameRate.words(rules.PerSec), "more than 30 fps is a warning, 36 fps or more is an error"},
		{azure.RateFactor.words(rules.Count), "2 or more is a warning"},
	} {
		if c.got != c.want {
			t.Errorf("got  %s\nwant %s", c.got, c.want)
		}
	}
}

// fact is one row of limits.json.
type fact map[string]any

// number reads a number at a path like keyframe_s.recommended or total_kbps.1.
func (f fact) number(t *testing.T, path string) float64 {
	t.Helper()
	var v any = map[string]any(f)
	for _, key := range strings.Split(path, ".") {
		switch m := v.(type) {
		case map[string]any:
			v = m[key]
		case []any:
			i := int(key[0] - '0')
			if i >= len(m) {
				t.Fatalf("%s: no such element", path)
			}
			v = m[i]
		}
	}
	n, ok := v.(float64)
	if !ok {
		t.Fatalf("%v %v: %s is %v, not a number", f["platform"], f["profile"], path, v)
	}
	return n
}

func (f fact) words(key string) (list []string) {
	for _, v := range f[key].([]any) {
		list = append(list, v.(string))
	}
	return list
}

func TestNumbersAgreeWithTheFacts(t *testing.T) {
	b, err := os.ReadFile(factsDir + "limits.json")
	if err != nil {
		t.Skipf("the facts are not here: %v", err)
	}
	var rows []fact
	if err := json.Unmarshal(b, &rows); err != nil {
		t.Fatal(err)
	}
	row := func(platform, profile string) fact {
		for _, r := range rows {
			if r["platform"] == platform && r["profile"] == profile {
				return r
			}
		}
		t.Fatalf("no row %s, %s", platform, profile)
		return nil
	}
	get := func(id string) *Profile {
		p, ok := ByID(id)
		if !ok {
			t.Fatalf("no profile %s", id)
		}
		return p
	}
	same := func(what string, got float64, f fact, path string, scale float64) {
		t.Helper()
		if want := f.number(t, path) * scale; math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %v, the facts say %v", what, got, want)
		}
	}
	// A height of 1080 is kept as the 1088 that it is coded in.
	height := func(what string, got int, f fact) {
		t.Helper()
		want := (int(f.number(t, "max_height")) + 15) / 16 * 16
		if got != want {
			t.Errorf("%s: %d, the facts say %d (coded)", what, got, want)
		}
	}
	names := map[string]string{
		"h264": "H.264", "h265": "HEVC", "hevc": "HEVC", "av1": "AV1", "vp9": "VP9", "aac": "AAC", "mp3": "MP3",
		"opus": "Opus", "flac": "FLAC", "ac3": "AC-3", "g711": "G.711 A-law", "lpcm": "PCM", "aac-lc": "AAC",
		"he-aac": "AAC", "he-aac-v2": "AAC", "aac (ADTS; not LATM)": "AAC", "h264 level 4.1 (4.2 for 1080p60)": "H.264",
	}
	// Every codec of the facts is taken; the numbers of codecs agree but for synonyms.
	lists := func(p *Profile, f fact) {
		t.Helper()
		for key, l := range map[string]*List{"video_codecs": &p.VideoCodecs, "audio_codecs": &p.AudioCodecs} {
			if f[key] == nil {
				continue
			}
			known := map[string]bool{}
			for _, c := range f.words(key) {
				name := names[c]
				if name == "" {
					t.Fatalf("%s: codec %q of the facts has no name here", p.ID, c)
				}
				known[name] = true
				if !l.Takes(name) {
					t.Errorf("%s does not take %s, the facts do", p.ID, name)
				}
			}
			for _, v := range l.Values {
				if !known[v] && v != "G.711 mu-law" {
					t.Errorf("%s takes %s, the facts do not say so", p.ID, v)
				}
			}
		}
	}
	rates := func(p *Profile, f fact) {
		t.Helper()
		want := f["audio_rates"].([]any)
		if len(want) != len(p.AudioRates.Values) {
			t.Errorf("%s: sample rates %v, the facts say %v", p.ID, p.AudioRates.Values, want)
		}
		for _, v := range want {
			if !p.AudioRates.Takes(int(v.(float64))) {
				t.Errorf("%s does not take %v Hz", p.ID, v)
			}
		}
	}

	const ams = "azure-media-services"
	for id, name := range map[string]string{
		"azure-live-encoding":      "v3 encoding (Standard / Premium1080p)",
		"azure-pass-through":       "v3 standard pass-through",
		"azure-pass-through-basic": "v3 basic pass-through",
	} {
		p, f := get(id), row(ams, name)
		lists(p, f)
		same(id+" width", float64(p.Resolution.Width), f, "max_width", 1)
		same(id+" height", float64(p.Resolution.Height), f, "max_height", 1)
		same(id+" frame rate", p.FrameRate.Warn.At, f, "max_fps", 1)
		same(id+" video bitrate", p.VideoKbps.Warn.At, f, "max_video_kbps", 1)
		same(id+" key frames", p.KeyframeMS.Advised.At, f, "keyframe_s.recommended", 1000)
		if f["max_total_kbps"] != nil {
			same(id+" total bitrate", p.TotalKbps.Error.At, f, "max_total_kbps", 1)
		}
		if f["hard_reject_fps"] != nil {
			same(id+" frame rate, error", p.FrameRate.Error.At, f, "hard_reject_fps", 1)
		}
	}

	p, f := get("azure-v2"), row(ams, "v2 Standard encoding channel")
	same("v2 width", float64(p.Resolution.Width), f, "max_width", 1)
	height("v2 height", p.Resolution.Height, f)
	same("v2 frame rate", p.FrameRate.Warn.At, f, "max_fps", 1)
	same("v2 video", p.VideoKbps.Warn.At, f, "max_video_kbps", 1)
	same("v2 audio", p.AudioKbps.Warn.At, f, "max_audio_kbps", 1)
	same("v2 key frames", p.KeyframeMS.Advised.At, f, "keyframe_s.fixed", 1000)
	rates(p, f)
	same("v2 layers", p.VideoQualities.Error.At, row(ams, "v2 pass-through"), "layers", 1)

	p, f = get("tencent-css"), row("tencent-css", "push")
	lists(p, f)
	same("CSS jump", p.TimestampJump.Warn.At, f, "ts_jump_warn_ms", 1)

	p, f = get("youtube"), row("youtube-live", "encoder settings")
	lists(p, f)
	rates(p, f)
	same("YouTube frame rate", p.FrameRate.Warn.At, f, "max_fps", 1)
	same("YouTube video", p.VideoKbps.Warn.At, f, "max_video_kbps", 1)
	same("YouTube audio", p.AudioKbps.Info.At, f, "max_audio_kbps", 1)
	same("YouTube key frames", p.KeyframeMS.Advised.At, f, "keyframe_s.recommended", 1000)
	same("YouTube key frames, most", p.KeyframeMS.Warn.At, f, "keyframe_s.max", 1000)

	p, f = get("twitch"), row("twitch", "broadcast")
	lists(p, f)
	rates(p, f)
	same("Twitch video", p.VideoKbps.Warn.At, f, "max_video_kbps", 1)
	same("Twitch audio", p.AudioKbps.Warn.At, f, "max_audio_kbps", 1)
	same("Twitch key frames", p.KeyframeMS.Warn.At, f, "keyframe_s.fixed", 1000)
	same("Twitch frame rate", p.FrameRate.Warn.At, f, "fps.3", 1)

	p, f = get("facebook"), row("facebook-live", "ingest")
	lists(p, f)
	rates(p, f)
	same("Facebook key frames", p.KeyframeMS.Error.At, f, "keyframe_s.max", 1000)
	same("Facebook audio", p.AudioKbps.Warn.At, f, "audio_kbps.max", 1)
	same("Facebook video", p.VideoKbps.Warn.At, f, "bitrate_table_kbps.1080p60.1", 1)
	if p.NeedAudio.Severity != diag.Error || p.NeedVideo.Severity != diag.Error {
		t.Error("Facebook needs audio and video")
	}

	p, f = get("aws-ivs"), row("aws-ivs", "STANDARD / ADVANCED_SD / ADVANCED_HD")
	lists(p, f)
	height("IVS height", p.Resolution.Height, f)
	same("IVS bitrate", p.TotalKbps.Error.At, f, "max_video_kbps", 1)
	same("IVS key frames", p.KeyframeMS.Advised.At, f, "keyframe_s.recommended", 1000)
	rates(p, row("aws-ivs", "real-time stage RTMP"))

	p, f = get("mux"), row("mux", "recommended")
	lists(p, f)
	same("Mux video", p.VideoKbps.Info.At, f, "max_video_kbps", 1)
	same("Mux audio", p.AudioKbps.Info.At, f, "max_audio_kbps", 1)
	same("Mux key frames", p.KeyframeMS.Advised.At, f, "keyframe_s.recommended", 1000)

	p, f = get("cloudflare"), row("cloudflare-stream", "requirements")
	lists(p, f)
	same("Cloudflare bitrate", p.TotalKbps.Warn.At, f, "total_kbps.1", 1)
	same("Cloudflare bitrate, advised", p.TotalKbps.Advised.At, f, "recommended_total_kbps_max", 1)
	same("Cloudflare key frames", p.KeyframeMS.Error.At, f, "keyframe_s.max", 1000)
	same("Cloudflare key frames, advised", p.KeyframeMS.Warn.At, f, "keyframe_s.recommended.1", 1000)

	same("Alibaba idle", get("alibaba").IdleGap.Warn.At, row("alibaba-apsaravideo-live", "push"), "no_data_cut_s", 1000)
	p, f = get("huawei"), row("huawei-live", "push")
	lists(p, f)
	same("Huawei video", p.VideoKbps.Info.At, f, "recommended_video_kbps_max", 1)
	p, f = get("wowza"), row("wowza", "guidance")
	same("Wowza key frames", p.KeyframeMS.Warn.At, f, "keyframe_s.max", 1000)
	same("Wowza key frames, advised", p.KeyframeMS.Advised.At, f, "keyframe_s.recommended.1", 1000)
	same("SRS idle", get("srs").IdleGap.Warn.At, row("srs", "defaults"), "normal_timeout_ms", 1)
	p, f = get("nginx-rtmp"), row("nginx-rtmp", "defaults")
	same("nginx message", p.VideoFrame.Error.At, f, "max_message_bytes", 1)
	same("nginx audio message", p.AudioFrame.Error.At, f, "max_message_bytes", 1)
	same("nginx idle", p.IdleGap.Warn.At, f, "timeout_ms", 1)
	p, f = get("mediamtx"), row("mediamtx", "defaults")
	lists(p, f)
	same("MediaMTX idle", p.IdleGap.Warn.At, f, "read_timeout_s", 1000)
	same("Ant Media message", get("ant-media").VideoFrame.Error.At, row("ant-media", "defaults"), "max_packet_bytes", 1)
}

// Schemes and ports agree with url_formats.json wherever both speak of them.
func TestURLFormsAgreeWithTheFacts(t *testing.T) {
	b, err := os.ReadFile(factsDir + "url_formats.json")
	if err != nil {
		t.Skipf("the facts are not here: %v", err)
	}
	var rows []struct {
		Platform, Profile string
		Schemes           []string
		Ports             map[string]any `json:"default_ports"`
	}
	if err := json.Unmarshal(b, &rows); err != nil {
		t.Fatal(err)
	}
	alias := map[string]string{"generic": "generic-rtmp", "huawei": "huawei-live", "wowza": "wowza"}
	for _, p := range All() {
		platform := p.Platform
		if platform == "" {
			platform = alias[p.ID]
		}
		for _, s := range p.URL.Schemes {
			found := false
			for _, r := range rows {
				if r.Platform != platform || r.Ports[s.Name] == nil {
					continue
				}
				if p.Platform == azurePlatform && strings.HasPrefix(r.Profile, "v2") != (p.ID == "azure-v2") {
					continue
				}
				var ports []any
				switch v := r.Ports[s.Name].(type) {
				case float64:
					ports = []any{v}
				case []any:
					ports = v
				}
				equal := len(ports) == len(s.Ports)
				for i := range ports {
					equal = equal && ports[i].(float64) == float64(s.Ports[i])
				}
				found = found || equal
			}
			if !found {
				t.Errorf("%s: %s on %v is not in the facts", p.ID, s.Name, s.Ports)
			}
		}
	}
}

// Every codec of a profile's list is one that the reader names so; PCM stands
// for both byte orders (check.supportName).
func TestCodecNamesAreTheReaders(t *testing.T) {
	known := map[string]bool{"PCM": true}
	for c := flv.UnknownCodec + 1; c <= flv.DeviceSound; c++ {
		known[c.String()] = true
	}
	for _, p := range All() {
		for _, l := range []*List{&p.VideoCodecs, &p.AudioCodecs} {
			for _, v := range l.Values {
				if !known[v] {
					t.Errorf("%s: the reader knows no codec %q", p.ID, v)
				}
			}
		}
		for _, v := range p.AACTypes.Values {
			if v != "LC" && v != "HE-AAC" && v != "HE-AAC v2" {
				t.Errorf("%s: the reader knows no AAC type %q", p.ID, v)
			}
		}
	}
}
