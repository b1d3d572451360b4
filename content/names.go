package content

import "slices"

// Kind is one of the four folders of the knowledge base.
type Kind string

// The kinds; each is also the first part of its pages' addresses.
const (
	Codes         Kind = "codes"
	Encoders      Kind = "encoders"
	PlatformPages Kind = "platforms"
	Guides        Kind = "guides"
)

var kinds = []Kind{Codes, Encoders, PlatformPages, Guides}

// Platform is a service, program or protocol whose codes we explain.
type Platform struct {
	ID   string // the folder under codes/, and `platform` in every JSON
	Name string // as it is written for a person
}

// The order is that of the pages: the two services that the project began with,
// the other services, servers, encoders and libraries, the protocol itself.
var platforms = []Platform{
	{"azure-media-services", "Azure Media Services"},
	{"tencent-css", "Tencent Cloud Streaming Services (CSS)"},
	{"youtube-live", "YouTube Live"},
	{"twitch", "Twitch"},
	{"facebook-live", "Facebook Live"},
	{"aws-ivs", "Amazon IVS"},
	{"aws-medialive", "AWS Elemental MediaLive"},
	{"mux", "Mux"},
	{"cloudflare-stream", "Cloudflare Stream"},
	{"alibaba-apsaravideo-live", "Alibaba ApsaraVideo Live"},
	{"agora-media-push", "Agora Media Push"},
	{"agora-media-gateway", "Agora Media Gateway"},
	{"nginx-rtmp", "nginx-rtmp"},
	{"srs", "SRS"},
	{"mediamtx", "MediaMTX"},
	{"ant-media", "Ant Media Server"},
	{"obs-studio", "OBS Studio"},
	{"librtmp-obs", "librtmp (in OBS)"},
	{"ffmpeg", "FFmpeg"},
	{"rtmp-protocol", "RTMP status codes"},
}

// PlatformName is the name of a platform for a person; the id where it is unknown.
func PlatformName(id string) string {
	if i := platformOrder(id); i < len(platforms) {
		return platforms[i].Name
	}
	return id
}

func platformOrder(id string) int {
	if i := slices.IndexFunc(platforms, func(p Platform) bool { return p.ID == id }); i >= 0 {
		return i
	}
	return len(platforms)
}

// profileIDs are the profiles of the analyser that an article may name.
// content may not import wasm/profile; a test holds the two lists together.
var profileIDs = []string{
	"azure-live-encoding", "azure-pass-through", "azure-pass-through-basic", "azure-v2", "tencent-css",
	"youtube", "twitch", "facebook", "aws-ivs", "aws-medialive", "mux", "cloudflare", "alibaba", "huawei", "wowza",
	"nginx-rtmp", "srs", "mediamtx", "ant-media", "generic",
}

// Setting is something that a fix tells the reader to change in the encoder. A
// code page names the settings of its fix; each encoder page says in a section
// of that heading where its own setting is, so the reader sees their encoder.
type Setting struct {
	ID      string // in `settings` of a code page
	Heading string // the level-2 heading of an encoder page
}

// Settings are all settings, in the order of the sections of an encoder page.
var Settings = []Setting{
	{"server-and-key", "Server and key"},
	{"video-codec", "Video codec and profile"},
	{"keyframe-interval", "Key frame interval"},
	{"rate-control", "Rate control and bitrate"},
	{"frame-rate", "Frame rate"},
	{"picture-size", "Picture size"},
	{"audio", "Audio"},
	{"metadata", "Stream metadata"},
	{"reconnect", "Reconnect"},
	{"log-file", "Log file"},
}

// CodeSections are the level-2 headings of a code page, in this order; only the
// last may be left out.
var CodeSections = []string{
	"What it means", "How you see it", "Causes", "Fix", "Check that it worked", "Notes",
}

var (
	severities = []string{"error", "warning", "info"}
	fixers     = []string{"encoder", "network", "account", "platform"}
	stages     = []string{"connect", "publish", "ingest", "end"}
	statuses   = []string{"current", "deprecated", "retired"}
	shows      = []string{"rejected", "disconnected", "both", "neither", "unknown"}
)
