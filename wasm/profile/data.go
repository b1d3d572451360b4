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
	warn := func(l *Limit, at float64) {
		if l.Set() {
			return
		}
		l.Warn = Level{at, ours}
		l.Source = ourDefault
	}
	if !p.KeyframeMS.Set() {
		p.KeyframeMS.Warn = Level{4000, ours}
		p.KeyframeMS.Error = Level{10000, ours}
		if p.KeyframeMS.Title == "" {
			p.KeyframeMS.Source = ourDefault
		}
	}
	if p.KeyframeMS.Advised.At == 0 {
		p.KeyframeMS.Advised = Level{2000, ours}
	}
	if p.KeyframeMS.Slack == 0 {
		// A GOP is a whole number of frames: 60 frames at 29.97 fps last 2,002 ms.
		p.KeyframeMS.Slack = 0.02
	}
	if !p.KeyframeBytes.Set() {
		p.KeyframeBytes.Error = Level{20e6, ours}
		p.KeyframeBytes.Source = ourDefault
	}
	if !p.KeyframeIrregular.Set() {
		p.KeyframeIrregular.Info = Level{1.5, ours}
		p.KeyframeIrregular.Source = ourDefault
	}
	warn(&p.VideoFrame, 3e6)
	warn(&p.AudioFrame, 64e3)
	warn(&p.TimestampJump, 1000)
	warn(&p.IdleGap, 10000)
	warn(&p.Interleave, 1000)
	warn(&p.Drift, 1000)
	warn(&p.ClockPercent, 2)
	warn(&p.AudioBacklog, 3000)
	warn(&p.RateFactor, 2)
	p.RateFactor.From = true
	warn(&p.Burst, 1.5)
	warn(&p.ProbeSlow, 2000)
	if !p.Composition.Set() {
		p.Composition.Error = Level{5000, ours}
		p.Composition.Source = ourDefault
	}
	if p.URL.Template != "" && p.URL.Basis == "" {
		p.URL.Basis = documented
	}
	p.ClockWindow = 5000
	p.BitrateWindow = 5000
	p.BurstWindow = 10000
	p.MetadataFPS = 5
	for _, l := range [...]*Limit{&p.TotalKbps, &p.VideoKbps, &p.AudioKbps} {
		if l.Set() && l.Slack == 0 {
			l.Slack = 0.05 // constant bitrate still swings a little
		}
	}
	if p.FrameRate.Set() && p.FrameRate.Slack == 0 {
		p.FrameRate.Slack = 0.01 // timestamps in whole milliseconds: 30 fps can measure 30.03
	}
}
