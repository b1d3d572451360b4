package explain

import "strings"

// level is what a log says of a line itself.
type level uint8

const (
	levelNone level = iota
	levelDebug
	levelInfo
	levelWarning
	levelError
)

// record is a line without what a log puts before its text.
type record struct {
	line   int
	raw    string // the line as it stands
	text   string // what follows time, level, program, ...
	kind   kindID
	level  level
	time   string // as written
	clock  string
	shaped bool // the line shows by itself what it is
}

// parse takes a line apart. What a runtime put before the program's own line
// (docker, journald, kubectl) comes off first.
func (r *reader) parse(s string, line int) record {
	rec := record{line: line, raw: s, text: s}
	for range 4 {
		before := len(rec.text)
		rec.prefix()
		if rec.shaped || len(rec.text) == before {
			break
		}
	}
	if !rec.shaped {
		rec.content()
	}
	return rec
}

func skipSpace(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	return s
}

// like compares s with a pattern: 9 stands for a digit, anything else for itself.
func like(s, pattern string) bool {
	if len(s) < len(pattern) {
		return false
	}
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '9' {
			if !isDigit(s[i]) {
				return false
			}
		} else if s[i] != pattern[i] {
			return false
		}
	}
	return true
}

// prefix takes one prefix off the text.
func (rec *record) prefix() {
	s := rec.text
	if len(s) < 4 {
		return
	}
	switch c := s[0]; {
	case isDigit(c):
		rec.digits(s)
	case c == '[':
		rec.bracket(s)
	case c >= 'A' && c <= 'Z':
		rec.syslog(s)
	case c >= 'a' && c <= 'z':
		// docker compose: mediamtx-1  | text
		for i := 0; i < len(s) && i < 40; i++ {
			if s[i] == ' ' {
				rest := skipSpace(s[i:])
				if len(rest) > 1 && rest[0] == '|' && rest[1] == ' ' {
					rec.text = rest[2:]
				}
				return
			}
		}
	}
}

// digits reads the times that begin with a digit.
func (rec *record) digits(s string) {
	switch {
	case like(s, "99:99:99.999: "): // OBS
		rec.time, rec.clock = s[:12], "day"
		rec.text, rec.kind, rec.shaped = s[14:], kOBS, true
		if len(rec.text) > 0 && rec.text[0] == ' ' || hasPrefix(rec.text, "\t") {
			rec.text = s[13:]
		}
	case like(s, "99:99:99.999:"): // OBS, an empty line or one that lost its blank
		rec.time, rec.clock = s[:12], "day"
		rec.text, rec.kind, rec.shaped = s[13:], kOBS, true
	case like(s, "9999/99/99 99:99:99"): // nginx, and Go's log: MediaMTX
		rec.time, rec.clock = s[:19], "local"
		rest := s[19:]
		if len(rest) > 0 && rest[0] == '.' {
			n := 1
			for n < len(rest) && isDigit(rest[n]) {
				n++
			}
			rest = rest[n:]
		}
		rest = skipSpace(rest)
		rec.text = rest
		if hasPrefix(rest, "[") {
			rec.nginx(rest)
		} else {
			rec.mediamtx(rest)
		}
	case like(s, "9999-99-99T99:99:99"), like(s, "9999-99-99 99:99:99"):
		end := 19
		if end < len(s) && (s[end] == '.' || s[end] == ',') {
			end++
			for end < len(s) && isDigit(s[end]) {
				end++
			}
		}
		rec.clock = "local"
		if end < len(s) && s[end] == 'Z' {
			rec.clock = "utc"
			end++
		} else if end+6 <= len(s) && (s[end] == '+' || s[end] == '-') && like(s[end+1:], "99:99") {
			rec.clock = "utc"
			end += 6
		} else if end+5 <= len(s) && (s[end] == '+' || s[end] == '-') && like(s[end+1:], "9999") {
			rec.clock = "utc"
			end += 5
		}
		rec.time = s[:end]
		rest := skipSpace(s[end:])
		// CRI: stdout F text
		for _, stream := range [...]string{"stdout ", "stderr "} {
			if hasPrefix(rest, stream) && len(rest) > 9 && rest[8] == ' ' {
				rest = rest[9:]
			}
		}
		rec.text = rest
		if !rec.ant(rest) {
			rec.mediamtx(rest)
		}
	case like(s, "9:99:99.999999999 "): // GStreamer
		rec.gst(s, 17)
	case like(s, "99:99:99.999999999 "):
		rec.gst(s, 18)
	}
}

func levelOf(word string) level {
	switch {
	case eqFold(word, "error"), eqFold(word, "err"), eqFold(word, "fatal"), eqFold(word, "panic"), eqFold(word, "crit"), eqFold(word, "alert"), eqFold(word, "emerg"), eqFold(word, "severe"):
		return levelError
	case eqFold(word, "warn"), eqFold(word, "warning"), eqFold(word, "war"):
		return levelWarning
	case eqFold(word, "info"), eqFold(word, "inf"), eqFold(word, "notice"):
		return levelInfo
	case eqFold(word, "debug"), eqFold(word, "deb"), eqFold(word, "trace"), eqFold(word, "verb"), eqFold(word, "verbose"), eqFold(word, "log"), eqFold(word, "fixme"):
		return levelDebug
	}
	return levelNone
}

// word cuts the first word.
func word(s string) (w, rest string) {
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' || s[i] == '\t' {
			return s[:i], skipSpace(s[i:])
		}
	}
	return s, ""
}

// nginx reads [error] 123#0: *45 text.
func (rec *record) nginx(s string) {
	for i := 1; i < len(s) && i < 10; i++ {
		if s[i] != ']' {
			continue
		}
		l := levelOf(s[1:i])
		if l == levelNone {
			return
		}
		rest := skipSpace(s[i+1:])
		n := 0
		for n < len(rest) && (isDigit(rest[n]) || rest[n] == '#') {
			n++
		}
		if n == 0 || n >= len(rest) || rest[n] != ':' {
			return
		}
		rest = skipSpace(rest[n+1:])
		if len(rest) > 0 && rest[0] == '*' {
			_, rest = word(rest)
		}
		rec.level, rec.kind, rec.shaped, rec.text = l, kNginx, true, rest
		return
	}
}

// mediamtx reads INF [RTMP] text.
func (rec *record) mediamtx(s string) {
	if len(s) < 4 || s[3] != ' ' {
		return
	}
	switch s[:3] {
	case "INF", "WAR", "ERR", "DEB":
		rec.level = levelOf(s[:3])
		rec.kind, rec.shaped, rec.text = kMediaMTX, true, s[4:]
	}
}

// ant reads what Java's loggers write: [thread] INFO  class - text, in any order.
func (rec *record) ant(s string) bool {
	l := levelNone
	rest := s
	for range 3 {
		if hasPrefix(rest, "[") {
			n := 0
			for n < len(rest) && rest[n] != ']' {
				n++
			}
			if n == len(rest) {
				return false
			}
			if k := levelOf(trimSpace(rest[1:n])); k != levelNone {
				l = k
			}
			rest = skipSpace(rest[n+1:])
			continue
		}
		w, r := word(rest)
		k := levelOf(w)
		if k == levelNone {
			break
		}
		l, rest = k, r
	}
	if l == levelNone {
		return false
	}
	class, text := word(rest)
	if !javaClass(class) {
		return false
	}
	if hasPrefix(text, "- ") {
		text = text[2:]
	}
	rec.level, rec.kind, rec.shaped, rec.text = l, kAnt, true, text
	return true
}

// javaClass reports whether a word is a Java class as loggers shorten it:
// i.a.a.AntMediaApplicationAdapter, org.red5.server.net.rtmp.RTMPHandler.
func javaClass(s string) bool {
	if !hasPrefix(s, "i.a.") && !hasPrefix(s, "io.antmedia") && !hasPrefix(s, "o.r.s") && !hasPrefix(s, "org.red5") && !hasPrefix(s, "o.red5") {
		return false
	}
	return true
}

func trimSpace(s string) string {
	s = skipSpace(s)
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t' || s[len(s)-1] == '\n' || s[len(s)-1] == '\r') {
		s = s[:len(s)-1]
	}
	return s
}

// bracket reads what begins with [: SRS, FFmpeg.
func (rec *record) bracket(s string) {
	if like(s, "[9999-99-99 99:99:99") || like(s, "[9999-99-99T99:99:99") {
		end := 20
		for end < len(s) && s[end] != ']' && end < 36 {
			end++
		}
		if end >= len(s) || s[end] != ']' {
			return
		}
		rec.time, rec.clock = s[1:end], "local"
		rest := s[end+1:]
		groups := 0
		for len(rest) > 0 && rest[0] == '[' {
			n := 1
			for n < len(rest) && rest[n] != ']' {
				n++
			}
			if n == len(rest) {
				break
			}
			if l := levelOf(rest[1:n]); l != levelNone {
				rec.level = l
			}
			groups++
			rest = rest[n+1:]
		}
		rec.text = skipSpace(rest)
		if groups >= 2 && rec.level != levelNone {
			rec.kind, rec.shaped = kSRS, true
		}
		return
	}
	// [flv @ 0x55d0c8a0] [error] text; [in#0/rtsp @ 0x...]; [vost#0:0/libx264 @ 0x...]
	for i := 1; i < len(s) && i < 60; i++ {
		if s[i] != ']' {
			continue
		}
		name := s[1:i]
		if l := levelOf(name); l != levelNone {
			rec.level = l
			rec.text = skipSpace(s[i+1:])
			return
		}
		for k := 0; k+4 < len(name); k++ {
			if name[k:k+4] == " @ 0" && k+5 < len(name) && name[k+4] == 'x' || name[k:k+3] == " @ " && allHex(name[k+3:]) {
				rec.kind, rec.shaped = kFFmpeg, true
				rec.text = skipSpace(s[i+1:])
				if hasPrefix(rec.text, "[") {
					for j := 1; j < len(rec.text) && j < 10; j++ {
						if rec.text[j] == ']' {
							if l := levelOf(rec.text[1:j]); l != levelNone {
								rec.level = l
								rec.text = skipSpace(rec.text[j+1:])
							}
							break
						}
					}
				}
				return
			}
		}
		return
	}
}

func allHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := lower(s[i]); !isDigit(c) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) >= 6
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"

// syslog reads Jan  2 03:04:05 host program[12]: text.
func (rec *record) syslog(s string) {
	if len(s) < 20 || s[3] != ' ' || !like(s[6:], " 99:99:99 ") {
		return
	}
	known := false
	for i := 0; i < len(months); i += 4 {
		known = known || s[:3] == months[i:i+3]
	}
	if !known {
		return
	}
	rec.time, rec.clock = s[:15], "day"
	_, rest := word(s[16:])
	for i := 0; i < len(rest) && i < 60; i++ {
		if rest[i] == ':' && i+1 < len(rest) && rest[i+1] == ' ' {
			rec.text = rest[i+2:]
			return
		}
		if rest[i] == ' ' {
			return
		}
	}
}

// gst reads 0:00:01.234567890  1234 0x55d0 WARN  category file.c:12:func:<obj> text.
func (rec *record) gst(s string, n int) {
	rest := skipSpace(s[n:])
	_, rest = word(rest)
	_, rest = word(rest)
	w, rest := word(rest)
	l := levelOf(w)
	if l == levelNone {
		return
	}
	rec.time, rec.clock = s[:n], "seconds"
	rec.level, rec.kind, rec.shaped, rec.text = l, kGStreamer, true, rest
}

// content tells a line by its words where it has no prefix.
func (rec *record) content() {
	s := skipSpace(rec.text)
	if len(s) < 5 {
		return
	}
	kind := kText
	switch s[0] {
	case 'i', 'w', 'e', 'd':
		// OBS on a terminal: info: [rtmp stream: 'x'] ...
		for _, p := range [...]string{"info: ", "warning: ", "error: ", "debug: "} {
			t, ok := cut(s, p)
			if !ok || !obsWords(t) {
				continue
			}
			kind, rec.level, s = kOBS, levelOf(p[:len(p)-2]), t
			break
		}
	case '=', '[':
		if obsWords(s) {
			kind = kOBS
		}
	case 'f':
		if hasPrefix(s, "frame=") || hasPrefix(s, "ffmpeg version ") || hasPrefix(s, "ffmpeg -") || hasPrefix(s, "fftools") {
			kind = kFFmpeg
		}
	case '$', '#':
		if t := skipSpace(s[1:]); hasPrefix(t, "ffmpeg -") {
			kind = kFFmpeg
		} else if hasPrefix(t, "gst-launch-1.0 ") {
			kind = kGStreamer
		}
	case 's':
		if hasPrefix(s, "size=") && strings.Contains(s, "time=") {
			kind = kFFmpeg
		}
	case 'I', 'O':
		if obsWords(s) {
			kind = kOBS
		} else if (hasPrefix(s, "Input #") || hasPrefix(s, "Output #")) && strings.Contains(s, ", ") {
			kind = kFFmpeg
		}
	case 'S':
		if hasPrefix(s, "Stream #") || hasPrefix(s, "Stream mapping:") {
			kind = kFFmpeg
		} else if hasPrefix(s, "Setting pipeline to ") {
			kind = kGStreamer
		}
	case 'P':
		if hasPrefix(s, "Press [q] to stop") {
			kind = kFFmpeg
		} else if hasPrefix(s, "Pipeline is ") {
			kind = kGStreamer
		}
	case 'a':
		if hasPrefix(s, "av_interleaved_write_frame()") {
			kind = kFFmpeg
		}
	case 'g':
		if hasPrefix(s, "gst-launch-1.0 ") {
			kind = kGStreamer
		}
	case 'C':
		if s == "Conversion failed!" {
			kind = kFFmpeg
		}
	case 'E', 'W', 'D':
		for _, p := range [...]struct {
			word string
			l    level
		}{{"ERROR: ", levelError}, {"WARNING: ", levelWarning}, {"DEBUG: ", levelDebug}} {
			t, ok := cut(s, p.word)
			if !ok {
				continue
			}
			if hasPrefix(t, "from element ") || hasPrefix(t, "pipeline ") || hasPrefix(t, "erroneous pipeline") {
				kind, rec.level = kGStreamer, p.l
				s = t
			} else if hasPrefix(t, "RTMP") || hasPrefix(t, "HandShake") || hasPrefix(t, "PublisherAuth") || hasPrefix(t, "WriteN") {
				kind, rec.level = kLibrtmp, p.l
				s = t
			}
		}
		if hasPrefix(s, "Execution ended after") {
			kind = kGStreamer
		}
		if hasPrefix(s, "Error opening output") || hasPrefix(s, "Error writing trailer of ") || hasPrefix(s, "Error while filtering") || hasPrefix(s, "Exiting normally, received signal") {
			kind = kFFmpeg
		}
	}
	if kind != kText {
		rec.kind, rec.shaped, rec.text = kind, true, s
	}
}

// obsWords reports whether a line without a time is OBS's.
func obsWords(s string) bool {
	for _, p := range [...]string{
		"[rtmp stream: '", "[x264 encoder: '", "[obs-nvenc: '", "[NVENC encoder: '", "[jim-nvenc: '", "[qsv encoder: '", "[FFmpeg AAC encoder: '", "[FFmpeg aac encoder: '",
		"[CoreAudio AAC: '", "Output '", "Video stopped, number of skipped frames", "==== Streaming St", "==== Recording St", "video settings reset:", "audio settings reset:", "OBS ",
	} {
		if hasPrefix(s, p) {
			return p != "Output '" && p != "OBS " || strings.Contains(s, "': ") || p == "OBS " && len(s) > 4 && isDigit(s[4])
		}
	}
	return false
}

func cut(s, prefix string) (string, bool) {
	if hasPrefix(s, prefix) {
		return s[len(prefix):], true
	}
	return s, false
}
