package explain

import "strings"

// kindID is a kind of text that is recognised.
type kindID uint8

const (
	kText kindID = iota
	kOBS
	kFFmpeg
	kLibrtmp
	kGStreamer
	kNginx
	kSRS
	kMediaMTX
	kAnt
	kAzure
	kTencent
	kTencentList
	kIVS
	kMediaLive
	kCloudflare
	kMux
	kYouTube
	kAlibaba
	kAgoraGateway
	kAgoraPush
	kFacebook
	kTwitch
	kRTMP
	kSRSHook
	kHTTP
	kJSON
	kindCount
)

var kindInfo = [kindCount]struct{ id, name, platform string }{
	kText:         {"text", "Text", ""},
	kOBS:          {"obs-log", "OBS Studio log", "obs-studio"},
	kFFmpeg:       {"ffmpeg-log", "FFmpeg log", "ffmpeg"},
	kLibrtmp:      {"librtmp-log", "librtmp log", "librtmp-obs"},
	kGStreamer:    {"gstreamer-log", "GStreamer log", ""},
	kNginx:        {"nginx-log", "nginx error log", "nginx-rtmp"},
	kSRS:          {"srs-log", "SRS log", "srs"},
	kMediaMTX:     {"mediamtx-log", "MediaMTX log", "mediamtx"},
	kAnt:          {"ant-media-log", "Ant Media Server log", "ant-media"},
	kAzure:        {"azure-event-grid", "Azure Event Grid, live event", "azure-media-services"},
	kTencent:      {"tencent-callback", "Tencent push callback", "tencent-css"},
	kTencentList:  {"tencent-event-list", "Tencent DescribeLiveStreamEventList", "tencent-css"},
	kIVS:          {"aws-ivs-event", "Amazon IVS event", "aws-ivs"},
	kMediaLive:    {"aws-medialive-alert", "AWS MediaLive alert", "aws-medialive"},
	kCloudflare:   {"cloudflare-webhook", "Cloudflare Stream webhook", "cloudflare-stream"},
	kMux:          {"mux-webhook", "Mux webhook", "mux"},
	kYouTube:      {"youtube-health", "YouTube stream health", "youtube-live"},
	kAlibaba:      {"alibaba-callback", "Alibaba Cloud callback", "alibaba-apsaravideo-live"},
	kAgoraGateway: {"agora-gateway-webhook", "Agora Media Gateway webhook", "agora-media-gateway"},
	kAgoraPush:    {"agora-push", "Agora Media Push callback", "agora-media-push"},
	kFacebook:     {"facebook-errors", "Facebook Live errors", "facebook-live"},
	kTwitch:       {"twitch-health", "Twitch stream health", "twitch"},
	kRTMP:         {"rtmp-status", "RTMP status object", "rtmp-protocol"},
	kSRSHook:      {"srs-hook", "SRS HTTP callback", "srs"},
	kHTTP:         {"http", "HTTP headers", ""},
	kJSON:         {"json", "JSON", ""},
}

// isLog reports whether a kind comes line by line.
func (k kindID) isLog() bool { return k >= kOBS && k <= kAnt }

// stamped reports whether every line of a log of this kind begins with a time,
// so that a line without one belongs to the line before, or to something else.
func (k kindID) stamped() bool {
	switch k {
	case kOBS, kNginx, kSRS, kMediaMTX, kAnt:
		return true
	}
	return false
}

// open reports whether the text may be of anybody: mail, JSON of no known kind.
func (k kindID) open() bool { return k == kText || k == kJSON || k == kHTTP }

// owns reports whether messages of a platform may stand in a text of this kind.
func (k kindID) owns(platform string) bool {
	if platform == kindInfo[k].platform {
		return true
	}
	switch k {
	case kOBS:
		return platform == "librtmp-obs" || platform == "ffmpeg"
	case kFFmpeg, kGStreamer:
		return platform == "librtmp-obs"
	}
	return false
}

// counts reports whether a match may be believed where it stands: a platform's
// message is not claimed for another's log.
func (r *reader) counts(m *match, k kindID, line string) bool {
	t := m.t
	platform := t.code.platform
	switch t.mode {
	case modeWord:
		if platform == "rtmp-protocol" && (k == kNginx || k == kAnt) {
			_, own := r.t.byKey[kindInfo[k].platform+"/"+t.exact]
			return !own
		}
		return true
	case modeOwn:
		return k.owns(platform) || k.open() && platform == "ant-media" && !hasPrefix(t.exact, "NetStream.")
	case modeProse:
		return k.owns(platform) || k.open()
	}
	if platform == "obs-studio" && t.score < 30 && !wholeLine(line, m) {
		return false // "Failed to connect to server" is anybody's
	}
	if platform == "ffmpeg" && t.pieces[0] == "Operation not permitted" && !strings.Contains(line, "rtmp") {
		return false // of a device, a file
	}
	if k == kOBS && platform == "ffmpeg" {
		return false // recordings; their faults are not the stream's
	}
	if k.owns(platform) {
		return true
	}
	if !k.open() {
		return false
	}
	if r.hints[platform] && t.mode == modeLine {
		return true
	}
	// In a text of nobody's a short message counts only where it is all there is.
	return t.mode == modeLine && t.score >= 12 && wholeLine(line, m)
}

// wholeLine reports whether a match is all that the line says, quotes, list
// marks and a full stop aside.
func wholeLine(line string, m *match) bool {
	i, j := m.start, m.end
	if m.t.before {
		i = 0
	}
	if m.t.after {
		j = len(line)
	}
	for i > 0 && isOneOf(line[i-1], " \t\"'*-•[(:") {
		i--
	}
	for j < len(line) && isOneOf(line[j], " \t\"'.,;!)]") {
		j++
	}
	return i == 0 && j == len(line)
}

func isOneOf(c byte, set string) bool {
	for i := 0; i < len(set); i++ {
		if set[i] == c {
			return true
		}
	}
	return false
}

func hasPrefix(s, p string) bool { return len(s) >= len(p) && s[:len(p)] == p }
func hasSuffix(s, p string) bool { return len(s) >= len(p) && s[len(s)-len(p):] == p }

// eqFold compares ASCII without case.
func eqFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// lowered is s in lower case, ASCII only: what else is in it stays.
func lowered(s string) string {
	for i := 0; i < len(s); i++ {
		if lower(s[i]) == s[i] {
			continue
		}
		b := []byte(s)
		for ; i < len(b); i++ {
			b[i] = lower(b[i])
		}
		return string(b)
	}
	return s
}
