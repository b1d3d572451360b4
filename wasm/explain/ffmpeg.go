package explain

import (
	"strconv"
	"strings"

	"ingestdoctor/wasm/diag"
)

// ffmpegLog follows what FFmpeg prints.
type ffmpegLog struct {
	output bool // the streams that follow belong to an output
	live   bool // an output goes to a live server
	anyOut bool
	gop    float64
	gopAt  int
	fps    float64

	speed     float64 // of the last progress line
	timeMS    int64
	line      int
	dup, drop int64
	dropLine  int
	frames    int64
}

// winErrors are socket errors of Windows, as FFmpeg prints them: Error number -10054 occurred.
var winErrors = map[string]string{
	"-10054": "ECONNRESET", "-10053": "ECONNRESET", "-10060": "ETIMEDOUT", "-10061": "ECONNREFUSED", "-10051": "ENETUNREACH", "-10065": "EHOSTUNREACH", "-138": "ETIMEDOUT",
}

// ffmpegLine reads one line of FFmpeg's output.
func (r *reader) ffmpegLine(rec *record) {
	f := &r.ff
	s := skipSpace(rec.text)
	if s == "" {
		return
	}
	switch {
	case hasPrefix(s, "frame="), hasPrefix(s, "size=") && strings.Contains(s, "time="):
		r.ffmpegProgress(rec, s)
	case hasPrefix(s, "Output #"):
		f.output, f.anyOut = true, true
		if i := strings.Index(s, " to '"); i > 0 {
			to := strings.TrimSuffix(strings.TrimSuffix(s[i+5:], ":"), "'")
			f.live = isLive(to)
			r.set.url(r, to, rec.line, kFFmpeg)
		}
		r.addEvent("Output opened", diag.Info, "", r.at(rec))
	case hasPrefix(s, "Input #"):
		f.output = false
	case hasPrefix(s, "Stream mapping:"):
		f.output = false
	case hasPrefix(s, "Stream #") && f.output && f.live:
		r.ffmpegStream(rec, s)
	case hasPrefix(s, "ffmpeg version "):
		*f = ffmpegLog{}
		w, _ := word(s[len("ffmpeg version "):])
		r.set.word("program", "FFmpeg "+r.show(cutText(w, 40)), rec.line, kFFmpeg)
	case strings.Contains(s, "ffmpeg -") || hasPrefix(s, "-"):
		if i := strings.Index(s, "ffmpeg -"); i >= 0 && i < 80 {
			r.ffmpegCommand(rec, s[i:])
		}
	case strings.Contains(s, "Error number -"):
		i := strings.Index(s, "Error number -") + len("Error number ")
		w, _ := word(s[i:])
		if c := r.code("ffmpeg", winErrors[w]); c != nil {
			r.addCode(c, "", c.severity, r.at(rec))
		}
	case strings.Contains(s, "Thread message queue blocking"):
		r.buffer("FFmpeg's queue for an input is full", diag.Info, rec)
	case strings.Contains(s, "real-time buffer") && strings.Contains(s, "frame dropped"):
		r.buffer("A capture buffer is full, and frames were dropped", diag.Warning, rec)
	case hasPrefix(s, "ALSA buffer xrun"):
		r.buffer("Sound was lost: the capture buffer ran over", diag.Warning, rec)
	case hasPrefix(s, "VBV underflow"):
		r.buffer("The encoder overran its rate for a moment (VBV underflow)", diag.Info, rec)
	case hasPrefix(s, "Exiting normally, received signal"):
		r.addEvent("Stopped by a signal", diag.Info, "", r.at(rec))
	}
	if rec.level == levelError {
		r.last = levelError
	}
}

func isLive(url string) bool {
	for _, p := range [...]string{"rtmp", "srt:", "rtsp:", "http", "udp:", "whip:"} {
		if hasPrefix(url, p) {
			return true
		}
	}
	return false
}

// value reads the value behind name= in a progress line.
func value(s, name string) string {
	i := strings.Index(s, name)
	if i < 0 {
		return ""
	}
	w, _ := word(skipSpace(s[i+len(name):]))
	return w
}

// ffmpegProgress reads frame= 123 fps= 25 q=28.0 size= ... time=00:00:41.13 ... speed=0.83x.
func (r *reader) ffmpegProgress(rec *record, s string) {
	f := &r.ff
	if t := value(s, "time="); len(t) >= 8 && like(t, "99:99:99") {
		if ms, ok := ofDay(t); ok {
			if ms < f.timeMS { // another run
				r.ffmpegEnd()
			}
			f.timeMS = ms
		}
	}
	if v, err := strconv.ParseFloat(strings.TrimSuffix(value(s, "speed="), "x"), 64); err == nil {
		f.speed, f.line = v, rec.line
	}
	if n := leadingInt(value(s, "frame=")); n > 0 {
		f.frames = n
	}
	if n := leadingInt(value(s, "drop=")); n > f.drop {
		f.drop, f.dropLine = n, rec.line
	}
	if n := leadingInt(value(s, "dup=")); n >= 0 {
		f.dup = n
	}
}

// least is the media time after which a speed says something.
const leastSpeed = 10000

// Speeds at which FFmpeg cannot keep up, or does not hold back. Ours.
const (
	speedSlow  = 0.95
	speedStart = 0.9   // in the first minute, in which connecting still counts
	startMS    = 60000 // that minute
	speedFast  = 1.25
)

// ffmpegEnd judges a run by its last progress line: FFmpeg's speed is the mean
// since its start.
func (r *reader) ffmpegEnd() {
	f := &r.ff
	if f.speed > 0 && f.timeMS >= leastSpeed && (f.live || !f.anyOut) {
		m := mark{kind: kFFmpeg, first: f.line, final: f.line, clean: true, text: "speed=" + speedText(f.speed)}
		switch {
		case f.speed < speedStart || f.speed < speedSlow && f.timeMS >= startMS:
			t := r.tallyOf("log-encoding-slow", "", &m)
			if t.x == 0 || f.speed < t.x {
				t.x, t.y = f.speed, float64(f.timeMS)
			}
			r.addEvent("Slower than real time", diag.Warning, "log-encoding-slow", m)
		case f.speed > speedFast && f.live:
			t := r.tallyOf("log-too-fast", "", &m)
			if f.speed > t.x {
				t.x, t.y = f.speed, float64(f.timeMS)
			}
			r.addEvent("Faster than real time", diag.Warning, "log-too-fast", m)
		}
	}
	if f.drop > 0 && f.frames > 0 {
		percent := 100 * float64(f.drop) / float64(f.drop+f.frames)
		m := mark{kind: kFFmpeg, first: f.dropLine, final: f.dropLine, clean: true, text: "drop=" + whole(float64(f.drop))}
		t := r.tallyOf("log-dropped-frames", "ffmpeg", &m)
		t.n1 += f.drop
		t.x = max(t.x, percent)
		t.n2 = max(t.n2, int64(min(shareSeverity(percent), diag.Warning)))
		r.addEvent("Frames dropped by FFmpeg", min(shareSeverity(percent), diag.Warning), "log-dropped-frames", m)
	}
	f.speed, f.timeMS, f.drop, f.frames = 0, 0, 0, 0
}

func speedText(v float64) string {
	return strconv.FormatFloat(v, 'f', -1, 64) + "x"
}

// ffmpegStream reads Stream #0:0: Video: h264 (libx264), yuv420p, 1280x720, q=-1--1, 3000 kb/s, 30 fps.
func (r *reader) ffmpegStream(rec *record, s string) {
	f := &r.ff
	kind := ""
	var rest string
	if i := strings.Index(s, ": Video: "); i > 0 {
		kind, rest = "video", s[i+9:]
	} else if i := strings.Index(s, ": Audio: "); i > 0 {
		kind, rest = "audio", s[i+9:]
	} else {
		return
	}
	name, _ := word(rest)
	name = strings.TrimSuffix(name, ",")
	if kind == "video" {
		if c := codecOf(name); c != "" {
			r.set.word("video-codec", c, rec.line, kFFmpeg)
		} else if name == "flv1" {
			r.set.word("video-codec", "Sorenson H.263", rec.line, kFFmpeg)
		}
		if i := strings.Index(rest, "(lib"); i > 0 && i < 20 {
			if j := strings.IndexByte(rest[i:], ')'); j > 0 {
				r.set.word("encoder", r.show(rest[i+1:i+j]), rec.line, kFFmpeg)
			}
		}
	} else if c := audioCodec(name); c != "" {
		r.set.word("audio-codec", c, rec.line, kFFmpeg)
	}
	for part := range strings.SplitSeq(rest, ", ") {
		part = trimSpace(part)
		n := float64(leadingInt(part))
		switch {
		case n <= 0:
			if kind == "audio" {
				switch {
				case part == "mono":
					r.set.number("channels", 1, rec.line, kFFmpeg)
				case part == "stereo":
					r.set.number("channels", 2, rec.line, kFFmpeg)
				case hasPrefix(part, "5.1"):
					r.set.number("channels", 6, rec.line, kFFmpeg)
				}
			}
		case hasSuffix(part, " kb/s"):
			r.set.rate(kind, n, rec.line, kFFmpeg)
		case hasSuffix(part, " fps"):
			if v, err := strconv.ParseFloat(strings.TrimSuffix(part, " fps"), 64); err == nil {
				f.fps = v
				r.set.number("frame-rate", v, rec.line, kFFmpeg)
				r.ffmpegKeyframes()
			}
		case hasSuffix(part, " Hz"):
			r.set.number("sample-rate", n, rec.line, kFFmpeg)
		case kind == "video" && strings.IndexByte(part, 'x') > 1:
			w, _ := word(part)
			r.set.size(w, rec.line, kFFmpeg)
		case kind == "audio" && hasPrefix(part, "5.1"):
			r.set.number("channels", 6, rec.line, kFFmpeg)
		}
	}
}

func audioCodec(name string) string {
	switch {
	case hasPrefix(name, "aac"), name == "libfdk_aac":
		return "AAC"
	case hasPrefix(name, "mp3"), name == "libmp3lame":
		return "MP3"
	case hasPrefix(name, "opus"), name == "libopus":
		return "Opus"
	case name == "flac":
		return "FLAC"
	case name == "ac3":
		return "AC-3"
	case name == "eac3":
		return "E-AC-3"
	}
	return ""
}

func (r *reader) ffmpegKeyframes() {
	f := &r.ff
	if f.gop > 0 && f.fps > 0 {
		r.set.frames(f.gop, f.fps, f.gopAt, kFFmpeg)
	}
}

// ffmpegCommand reads the settings of a command line.
func (r *reader) ffmpegCommand(rec *record, s string) {
	f := &r.ff
	list := strings.Fields(s)
	live := false
	for _, w := range list {
		if w = strings.Trim(w, `"'`); isLive(w) && (hasPrefix(w, "rtmp") || hasPrefix(w, "srt")) {
			live = true
		}
	}
	if !live {
		return // a recording's settings are nobody's business here
	}
	last := 0
	for i := range list { // options before the last -i are the input's
		if list[i] == "-i" {
			last = i
		}
	}
	for i := last; i+1 < len(list); i++ {
		v := strings.Trim(list[i+1], `"'`)
		switch list[i] {
		case "-g":
			if n := leadingInt(v); n > 0 {
				f.gop, f.gopAt = float64(n), rec.line
			}
		case "-r":
			if n, err := strconv.ParseFloat(v, 64); err == nil && n > 0 && n < 1000 {
				f.fps = n
				r.set.number("frame-rate", n, rec.line, kFFmpeg)
			}
		case "-s":
			r.set.size(v, rec.line, kFFmpeg)
		case "-b:v", "-vb":
			if n := bits(v); n > 0 {
				r.set.rate("video", n, rec.line, kFFmpeg)
			}
		case "-b:a", "-ab":
			if n := bits(v); n > 0 {
				r.set.rate("audio", n, rec.line, kFFmpeg)
			}
		case "-crf":
			if !strings.Contains(s, "-maxrate") {
				r.set.word("rate-control", "CRF", rec.line, kFFmpeg)
			}
		case "-preset":
			r.set.word("preset", r.show(cutText(v, 30)), rec.line, kFFmpeg)
		case "-bf":
			if n := leadingInt(v); n >= 0 {
				r.set.number("b-frames", float64(n), rec.line, kFFmpeg)
			}
		case "-ar":
			if n := leadingInt(v); n > 0 {
				r.set.number("sample-rate", float64(n), rec.line, kFFmpeg)
			}
		case "-ac":
			if n := leadingInt(v); n > 0 {
				r.set.number("channels", float64(n), rec.line, kFFmpeg)
			}
		case "-c:v", "-vcodec", "-codec:v":
			if c := codecOf(v); c != "" {
				r.set.word("video-codec", c, rec.line, kFFmpeg)
			}
			if v != "copy" {
				r.set.word("encoder", r.show(cutText(v, 40)), rec.line, kFFmpeg)
			}
		case "-c:a", "-acodec", "-codec:a":
			if c := audioCodec(v); c != "" {
				r.set.word("audio-codec", c, rec.line, kFFmpeg)
			}
		}
	}
	for _, w := range list {
		w = strings.Trim(w, `"'`)
		if isLive(w) && (hasPrefix(w, "rtmp") || hasPrefix(w, "srt")) {
			f.live, f.anyOut = true, true
			r.set.url(r, w, rec.line, kFFmpeg)
		}
	}
	r.ffmpegKeyframes()
}

// bits reads 3000k, 4.5M or 2500000 in kbit/s.
func bits(s string) float64 {
	f := 0.001
	switch {
	case hasSuffix(s, "k"), hasSuffix(s, "K"):
		f = 1
	case hasSuffix(s, "M"), hasSuffix(s, "m"):
		f = 1000
	}
	v, err := strconv.ParseFloat(strings.TrimRight(s, "kKmM"), 64)
	if err != nil || v <= 0 || v > 1e12 {
		return 0
	}
	return v * f
}
