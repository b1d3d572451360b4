package profile

import "ingestdoctor/wasm/diag"

// checked is the day on which the sources of this file were last looked at.
const checked = "2026-11-21"

const (
	documented = diag.Documented
	inferred   = diag.Inferred
	ours       = diag.Ours
)

// ourDefault is the source of every number that no platform publishes.
var ourDefault = Source{Title: "Ingest Doctor's default", URL: "/rules", Checked: checked}

// all is in the order of the picker: what holds anywhere first, then platforms
// by how often we are asked about them, then servers that one runs oneself.
var all = []*Profile{
	generic,
	azureLiveEncoding, azurePassThrough, azurePassThroughBasic, azureV2,
	tencentCSS,
	youtube, twitch, facebook,
	awsIVS, awsMediaLive, mux, cloudflare,
	alibaba, huawei,
	wowza, nginxRTMP, srs, mediaMTX, antMedia,
}

var generic = &Profile{
	ID:      "generic",
	Name:    "Any RTMP platform",
	Short:   "Most platforms",
	Summary: "What holds for RTMP ingest anywhere. Choose this when the platform is not in the list; numbers that differ from platform to platform are our own cautious defaults.",
	VideoCodecs: List{
		Values: []string{"H.264", "HEVC", "AV1", "VP9", "VP8", "VVC"}, Severity: diag.Warning, Basis: ours, Source: ourDefault,
		Note: "H.264 is the only video codec that every RTMP platform takes. HEVC, AV1, VP9, VP8 and VVC need a platform that knows Enhanced RTMP. The codecs of the Flash era are taken by hardly any.",
	},
	AudioCodecs: List{
		Values: []string{"AAC", "MP3", "Opus", "FLAC", "AC-3", "E-AC-3"}, Severity: diag.Warning, Basis: ours, Source: ourDefault,
		Note: "AAC is the only audio codec that every RTMP platform takes. Opus, FLAC, AC-3 and E-AC-3 need a platform that knows Enhanced RTMP.",
	},
	URL: URLForm{
		Template: "rtmp[s]://<host>[:port]/<application>/<stream name>",
		Example:  "rtmp://live.example.com/live/stream1",
		Schemes:  []Scheme{{"rtmp", []int{1935}, false}, {"rtmps", []int{443}, true}},
		Other:    []string{"rtmpt", "rtmpts", "rtmpe", "rtmpte"},
		AnyPort:  true, StreamNeeded: true, Basis: inferred,
		Source: Source{
			"FFmpeg, libavformat/rtmpproto.c, and OBS Studio, librtmp/parseurl.c (2026-08-21)",
			"https://github.com/FFmpeg/FFmpeg/blob/master/libavformat/rtmpproto.c", checked,
		},
		Note: "Ports are the schemes' defaults; one's own server may listen on any.",
	},
}

// ourArrival is what a live push is held against where a platform says nothing.
var ourArrival Arrival

// The profiles are literals without calls, so that they are data and not code
// in the browser's program; what holds for each is filled in here.
func init() {
	for _, p := range all {
		p.fill()
	}
}

// fill sets our default numbers (RULES.md, last section) wherever the profile
// has none of its own.
func (p *Profile) fill() {
	p.TotalKbps.slack(0.05) // constant bitrate still swings a little
	p.VideoKbps.slack(0.05)
	p.AudioKbps.slack(0.05)
	p.FrameRate.slack(0.01)  // timestamps in whole milliseconds: 30 fps can measure 30.03
	p.KeyframeMS.slack(0.02) // a whole number of frames: 60 at 29.97 fps last 2,002 ms
	p.RateFactor.From = true
	if p.KeyframeMS.Advised.At == 0 {
		p.KeyframeMS.Advised = Level{2000, ours}
	}
	if p.Arrival == nil {
		p.Arrival = &ourArrival
	}
	live := p.Arrival
	for _, d := range [...]struct {
		l                 *Limit
		info, warn, error float64
	}{
		{&p.KeyframeMS, 0, 4000, 10000},
		{&p.KeyframeBytes, 0, 0, 20e6},
		{&p.KeyframeIrregular, 1.5, 0, 0},
		{&p.VideoFrame, 0, 3e6, 0},
		{&p.AudioFrame, 0, 64e3, 0},
		{&p.TimestampJump, 0, 1000, 0},
		{&p.IdleGap, 0, 10000, 0},
		{&p.Interleave, 0, 1000, 0},
		{&p.Drift, 0, 1000, 0},
		{&p.ClockPercent, 0, 2, 0},
		{&p.AudioBacklog, 0, 3000, 0},
		{&p.RateFactor, 0, 2, 0},
		{&p.Composition, 0, 0, 5000},
		{&p.ProbeSlow, 0, 2000, 0},
		{&live.Burst, 0, 5000, 0},
		{&live.Stall, 0, 3000, 0},
		{&live.Jitter, 1500, 5000, 0},
		{&live.VideoGap, 0, 5000, 0},
		{&live.AudioGap, 0, 5000, 0},
		{&live.FirstKey, 5000, 10000, 0},
	} {
		if d.l.Set() {
			continue
		}
		d.l.Info.our(d.info)
		d.l.Warn.our(d.warn)
		d.l.Error.our(d.error)
		d.l.Source = ourDefault
	}
	p.ClockWindow = 5000
	p.BitrateWindow = 5000
	p.MetadataFPS = 5
	if p.URL.Template != "" && p.URL.Basis == "" {
		p.URL.Basis = documented
	}
}

func (l *Limit) slack(s float64) {
	if l.Slack == 0 {
		l.Slack = s
	}
}

func (v *Level) our(at float64) {
	if at > 0 {
		*v = Level{at, ours}
	}
}
