package explain

import (
	"strconv"
	"strings"

	"ingestdoctor/wasm/diag"
)

// obsLog follows the log of OBS Studio.
type obsLog struct {
	block      string // whose settings follow, line by line: video, audio, x264, ...
	audio      bool   // the block is of an audio encoder
	fps        float64
	keyint     float64 // in frames
	keyLine    int
	starts     int
	recording  bool      // the block belongs to a recording, which nobody streams
	reconnects [64]int64 // their times, the last ones
	count      int64
	first      int64
	last       int64
	peak       int64
}

// obsLine reads one line of an OBS log.
func (r *reader) obsLine(rec *record) {
	s := rec.text
	o := &r.obs
	if len(s) > 1 && (s[0] == '\t' || s[0] == ' ') {
		r.obsSetting(rec, s)
		return
	}
	if s != "" {
		o.block = ""
	}
	switch {
	case hasPrefix(s, "Output '"):
		r.obsOutput(rec, s)
	case hasPrefix(s, "[rtmp stream: "), hasPrefix(s, "[obs-webrtc] "), hasPrefix(s, "[ffmpeg mpegts muxer: "):
		r.obsStream(rec, s)
	case hasPrefix(s, "["):
		if !hasSuffix(s, "settings:") {
			if i := strings.Index(s, "] bitrate: "); i >= 0 && strings.Contains(s[:i], "AAC") {
				// [FFmpeg AAC encoder: 'x'] bitrate: 160, channels: 2, channel_layout: stereo
				r.obsAudioLine(rec, s[i+2:])
			}
			return
		}
		name := s[1:]
		o.block, o.recording = "encoder", strings.Contains(name, "recording") || strings.Contains(name, "replay")
		o.audio = strings.Contains(name, "AAC") || strings.Contains(name, "Opus") || strings.Contains(name, "audio")
		if i := strings.Index(name, ": '"); i > 0 {
			name = name[:i]
		}
		if !o.recording && !o.audio {
			r.set.word("encoder", r.show(cutText(name, 60)), rec.line, kOBS)
			if c := codecOf(name); c != "" {
				r.set.word("video-codec", c, rec.line, kOBS)
			}
		}
	case hasPrefix(s, "video settings reset:"):
		o.block, o.recording = "video", false
	case hasPrefix(s, "audio settings reset:"):
		o.block, o.recording = "audio", false
	case hasPrefix(s, "OBS "):
		if len(s) > 4 && isDigit(s[4]) {
			r.set.word("program", r.show(cutText(s, 60)), rec.line, kOBS)
		}
	case hasPrefix(s, "==== Streaming Start"):
		o.starts++
		r.addEvent("Streaming started", diag.Info, "", r.at(rec))
	case hasPrefix(s, "==== Streaming Stop"):
		r.addEvent("Streaming stopped", diag.Info, "", r.at(rec))
	case hasPrefix(s, "Video stopped, number of skipped frames due to encoding lag:"):
		r.share("log-encoder-overload", s, rec)
	case hasPrefix(s, "Max audio buffering reached!"):
		r.buffer("OBS reached the most audio that it buffers", diag.Warning, rec)
	case hasPrefix(s, "Encoding overloaded!"):
		if c := r.t.byMessage["obs-studio/Encoding overloaded! Consider turning down video settings or using a faster encoding preset"]; c != nil {
			r.addCode(c, "", c.severity, r.at(rec))
		}
	}
}

// at is the mark of a record.
func (r *reader) at(rec *record) mark {
	return mark{rec: rec, first: rec.line, final: rec.line, text: excerptOf(rec.text, 0, min(len(rec.text), 200))}
}

func (r *reader) buffer(what string, sev diag.Severity, rec *record) {
	m := r.at(rec)
	t := r.tallyOf("log-buffer", what, &m)
	t.text = what
	t.n1 = int64(sev)
	r.addEvent(what, sev, "log-buffer", m)
}

// obsOutput reads Output 'adv_stream': ...
func (r *reader) obsOutput(rec *record, s string) {
	o := &r.obs
	i := strings.Index(s, "': ")
	if i < 0 {
		return
	}
	name := s[8:i]
	rest := skipSpace(s[i+3:])
	stream := !strings.Contains(name, "record") && !strings.Contains(name, "file") && !strings.Contains(name, "replay") && !strings.Contains(name, "virtualcam")
	if !stream {
		return
	}
	switch {
	case hasPrefix(rest, "Reconnecting in "):
		ms, timed := rec.stamp()
		o.reconnect(ms, timed)
		m := r.at(rec)
		t := r.tallyOf("log-reconnects", "", &m)
		t.n1++
		r.addEvent("Reconnecting", diag.Warning, "log-reconnects", m)
	case hasPrefix(rest, "Number of lagged frames due to rendering lag/stalls:"):
		r.share("log-rendering-lag", rest, rec)
	case hasPrefix(rest, "Number of dropped frames due to insufficient bandwidth/connection stalls:"):
		r.share("log-dropped-frames", rest, rec)
	}
}

// reconnect counts an attempt, and the most within one minute.
func (o *obsLog) reconnect(ms int64, timed bool) {
	if !timed {
		o.count++
		return
	}
	if o.count > 0 && ms < o.last { // past midnight
		ms += 86400000
	}
	if o.count == 0 {
		o.first = ms
	}
	o.last = ms
	o.reconnects[o.count%int64(len(o.reconnects))] = ms
	o.count++
	n := int64(0)
	for i := range min(o.count, int64(len(o.reconnects))) {
		if ms-o.reconnects[i] < 60000 {
			n++
		}
	}
	o.peak = max(o.peak, n)
}

// share reads ": 1532 (8.1%)" or ": 900/18000 (5.0%)".
func (r *reader) share(rule, s string, rec *record) {
	i := strings.IndexByte(s, ':')
	rest := skipSpace(s[i+1:])
	n := leadingInt(rest)
	if n <= 0 {
		return
	}
	m := r.at(rec)
	t := r.tallyOf(rule, "", &m)
	t.n1 += n
	percent := -1.0
	if p := strings.IndexByte(rest, '('); p >= 0 {
		if q := strings.IndexByte(rest[p:], '%'); q > 0 {
			if v, err := strconv.ParseFloat(rest[p+1:p+q], 64); err == nil {
				percent = v
			}
		}
	}
	if p := strings.IndexByte(rest, '/'); p > 0 && p < 12 {
		if all := leadingInt(rest[p+1:]); all > 0 {
			percent = 100 * float64(n) / float64(all)
		}
	}
	t.x = max(t.x, percent)
	sev := shareSeverity(percent)
	t.n2 = max(t.n2, int64(sev))
	r.addEvent(shareTitle[rule], sev, rule, m)
}

var shareTitle = map[string]string{
	"log-dropped-frames":   "Frames dropped by the connection",
	"log-rendering-lag":    "Frames missed while drawing",
	"log-encoder-overload": "Frames skipped by the encoder",
}

// Shares of frames, in percent, from which on they are seen. Ours.
const (
	shareWarn  = 1
	shareError = 10
)

func shareSeverity(percent float64) diag.Severity {
	switch {
	case percent >= shareError:
		return diag.Error
	case percent >= shareWarn:
		return diag.Warning
	}
	return diag.Info
}

func leadingInt(s string) int64 {
	var n int64
	i := 0
	for ; i < len(s) && isDigit(s[i]) && i < 15; i++ {
		n = n*10 + int64(s[i]-'0')
	}
	if i == 0 {
		return -1
	}
	return n
}

// obsStream reads [rtmp stream: 'adv_stream'] ...
func (r *reader) obsStream(rec *record, s string) {
	i := strings.Index(s, "] ")
	if i < 0 {
		return
	}
	rest := s[i+2:]
	m := r.at(rec)
	switch {
	case hasPrefix(rest, "Connecting to RTMP URL "):
		r.set.url(r, strings.TrimSuffix(rest[len("Connecting to RTMP URL "):], "..."), rec.line, kOBS)
		r.addEvent("Connecting", diag.Info, "", m)
	case hasPrefix(rest, "Connection to ") && hasSuffix(rest, " successful"):
		r.addEvent("Connected", diag.Info, "", m)
	case hasPrefix(rest, "Connection to "):
		if k := strings.LastIndex(rest, " failed: "); k > 0 {
			exact := trimSpace(rest[k+9:])
			if c := r.code("obs-studio", exact); c != nil {
				r.addCode(c, exact, c.severity, m)
			}
		}
	case hasPrefix(rest, "Disconnected from "):
		if c := r.code("obs-studio", "-5"); c != nil {
			r.addCode(c, "-5", c.severity, m)
		}
	case hasPrefix(rest, "User stopped the stream"):
		r.addEvent("Stopped by the user", diag.Info, "", m)
	}
}

// obsAudioLine reads "bitrate: 160, channels: 2, channel_layout: stereo".
func (r *reader) obsAudioLine(rec *record, s string) {
	for s != "" {
		var part string
		part, s, _ = strings.Cut(s, ", ")
		name, v, _ := strings.Cut(part, ": ")
		if n := leadingInt(v); n > 0 {
			switch name {
			case "bitrate":
				r.set.rate("audio", float64(n), rec.line, kOBS)
			case "channels":
				r.set.number("channels", float64(n), rec.line, kOBS)
			}
		}
	}
}

// obsSetting reads one indented line of a block of settings.
func (r *reader) obsSetting(rec *record, s string) {
	o := &r.obs
	if o.block == "" || o.recording {
		return
	}
	name, v, ok := strings.Cut(skipSpace(s), ":")
	v = skipSpace(v)
	if !ok || v == "" {
		return
	}
	n := float64(leadingInt(v))
	switch o.block {
	case "video":
		switch name {
		case "output resolution":
			r.set.size(v, rec.line, kOBS)
		case "fps":
			num, den, _ := strings.Cut(v, "/")
			a, b := float64(leadingInt(num)), float64(leadingInt(den))
			if b <= 0 {
				b = 1
			}
			if a > 0 {
				o.fps = a / b
				r.set.number("frame-rate", o.fps, rec.line, kOBS)
			}
		}
	case "audio":
		switch name {
		case "samples per sec":
			r.set.number("sample-rate", n, rec.line, kOBS)
		case "speakers":
			if n > 0 {
				r.set.number("channels", n, rec.line, kOBS)
			}
		}
	case "encoder":
		if o.audio {
			if name == "bitrate" && n > 0 {
				r.set.rate("audio", n, rec.line, kOBS)
			}
			return
		}
		switch lowered(name) {
		case "rate_control", "rate control":
			r.set.word("rate-control", r.show(cutText(v, 20)), rec.line, kOBS)
		case "bitrate":
			if n > 0 {
				r.set.rate("video", n, rec.line, kOBS)
			}
		case "keyint":
			o.keyint, o.keyLine = n, rec.line
			r.obsKeyframes()
		case "keyint_sec":
			if f, err := strconv.ParseFloat(v, 64); err == nil && f > 0 {
				r.set.number("keyframe-interval", f*1000, rec.line, kOBS)
			}
		case "fps_num":
			o.fps = n
		case "fps_den":
			if n > 1 {
				o.fps /= n
			}
			r.obsKeyframes()
		case "preset":
			r.set.word("preset", r.show(cutText(v, 30)), rec.line, kOBS)
		case "profile":
			r.set.word("profile", r.show(cutText(v, 30)), rec.line, kOBS)
		case "codec":
			if c := codecOf(v); c != "" {
				r.set.word("video-codec", c, rec.line, kOBS)
			}
		case "b-frames", "bf", "bframes", "b frames":
			if n >= 0 {
				r.set.number("b-frames", n, rec.line, kOBS)
			}
		}
	}
}

// obsKeyframes turns frames into time once the frame rate is known.
func (r *reader) obsKeyframes() {
	o := &r.obs
	if o.keyint > 0 && o.fps > 0 {
		r.set.frames(o.keyint, o.fps, o.keyLine, kOBS)
	}
}

func (r *reader) obsClose() { r.obsKeyframes() }

// codecOf names the codec in an encoder's name, as profiles write it.
func codecOf(s string) string {
	switch {
	case containsFold(s, "hevc"), containsFold(s, "h265"), containsFold(s, "x265"), containsFold(s, "h.265"):
		return "HEVC"
	case containsFold(s, "av1"):
		return "AV1"
	case containsFold(s, "x264"), containsFold(s, "h264"), containsFold(s, "h.264"), containsFold(s, "avc"):
		return "H.264"
	case containsFold(s, "vp9"):
		return "VP9"
	case containsFold(s, "vp8"):
		return "VP8"
	}
	return ""
}
