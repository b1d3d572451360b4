package explain

import (
	"strings"

	"ingestdoctor/wasm/diag"
)

// serverLine reads a line of nginx, SRS, MediaMTX or Ant Media Server, beyond
// the messages that the matcher finds.
func (r *reader) serverLine(rec *record) {
	switch rec.kind {
	case kSRS:
		r.srsLine(rec)
	case kNginx:
		if hasPrefix(rec.text, "publish: name=") || hasPrefix(rec.text, "play: name=") {
			r.learnName(rec.text, "name='", '\'')
			if hasPrefix(rec.text, "publish") {
				r.addEvent("Publishing", diag.Info, "", r.at(rec))
			}
		}
	case kMediaMTX:
		r.stopping = r.stopping || hasPrefix(rec.text, "shutting down gracefully")
		if i := strings.Index(rec.text, "path '"); i >= 0 {
			r.learnName(rec.text[i:], "path '", '\'')
		}
		if strings.Contains(rec.text, "is publishing to path") {
			r.addEvent("Publishing", diag.Info, "", r.at(rec))
		}
	}
	if rec.level == levelError && rec.shaped {
		r.errorLine(rec)
	}
}

// learnName keeps a stream's name in mind: on most servers it is the key.
func (r *reader) learnName(s, before string, end byte) {
	i := strings.Index(s, before)
	if i < 0 {
		return
	}
	s = s[i+len(before):]
	if j := strings.IndexByte(s, end); j > 0 {
		name := s[:j]
		for part := range strings.SplitSeq(name, "/") {
			r.secrets.add(part)
		}
	}
}

// errorLine notes a line that its program calls an error and the knowledge
// base does not know. It is only told, never judged.
func (r *reader) errorLine(rec *record) {
	r.found = r.t.find(rec.text, r.found[:0])
	for i := range r.found {
		if r.counts(&r.found[i], rec.kind, rec.text) {
			return
		}
	}
	if rec.kind == kSRS && srsCode(rec.text) != "" {
		return
	}
	// Not yet: the next line may be the rest of a message that is known.
	e := &r.failed
	e.m = r.at(rec)
	e.m.fill()
	e.m.rec, e.m.clean = nil, true
	e.m.time = strings.Clone(e.m.time)
	e.m.text = r.show(excerptOf(rec.text, 0, min(len(rec.text), 200)))
	e.open = true
}

// errorLine is a line that a program calls an error, until the next one.
type errorLine struct {
	m    mark
	open bool
}

// flushError notes the error line that was kept back.
func (r *reader) flushError() {
	e := &r.failed
	if !e.open {
		return
	}
	e.open = false
	t := r.tallyOf("log-error-line", kindInfo[e.m.kind].id, &e.m)
	if t.text == "" {
		t.text = strings.TrimRight(e.m.text, ". ")
	}
	r.addEvent("Error line", diag.Info, "log-error-line", e.m)
}

// srsCode is the number behind code= in an SRS error, empty where there is none.
func srsCode(s string) string {
	for from := 0; ; {
		i := strings.Index(s[from:], "code=")
		n := 5
		if i < 0 {
			if i = strings.Index(s[from:], "ret="); i < 0 {
				return ""
			}
			n = 4
		}
		i += from
		j := i + n
		for j < len(s) && isDigit(s[j]) {
			j++
		}
		if j-i-n == 4 && (i == 0 || !isNameByte(s[i-1])) {
			return s[i+n : j]
		}
		from = i + n
	}
}

// srsLine reads the numbers that SRS writes: serve error code=1028 : ...
func (r *reader) srsLine(rec *record) {
	s := rec.text
	if strings.Contains(s, "client identified, type=") {
		r.learnName(s, "stream=", ',')
		if strings.Contains(s, "publish") {
			r.addEvent("Publishing", diag.Info, "", r.at(rec))
		}
	}
	if rec.level < levelWarning {
		return
	}
	number := srsCode(s)
	if number == "" {
		return
	}
	sev := diag.Error
	if rec.level == levelWarning || strings.Contains(s, "client disconnect peer") {
		sev = diag.Info // how every client leaves
	}
	if c := r.code("srs", number); c != nil {
		r.addCode(c, number, min(sev, c.severity), r.at(rec))
		return
	}
	r.addUnknown("srs", number, "SRS log", min(sev, diag.Warning), r.at(rec))
}

// gstLog follows GStreamer's messages of several lines.
type gstLog struct {
	element, message, debug string
	at                      mark
	open, wantDebug         bool
}

// gstLine reads a line of GStreamer, from gst-launch or its debug log.
func (r *reader) gstLine(rec *record) {
	g := &r.gst
	s := skipSpace(rec.text)
	switch {
	case hasPrefix(s, "from element "):
		if rec.level != levelError {
			r.gstFlush()
			return
		}
		r.gstFlush()
		element, msg, _ := strings.Cut(s[len("from element "):], ": ")
		if i := strings.LastIndexByte(element, '/'); i >= 0 {
			element = element[i+1:]
		}
		if k := strings.IndexByte(element, ':'); k >= 0 {
			element = element[k+1:]
		}
		g.element, g.message = r.show(cutText(element, 60)), strings.TrimRight(r.show(cutText(msg, 200)), ".")
		g.at = r.at(rec)
		g.at.fill()
		g.at.rec = nil
		g.at.time, g.at.text, g.at.clean = strings.Clone(g.at.time), r.show(rec.text), true
		g.open, g.wantDebug = true, false
		return
	case g.open && hasPrefix(s, "Additional debug info:"):
		g.wantDebug = true
		g.at.final = rec.line
		return
	case g.open && g.wantDebug && g.debug == "":
		g.at.final = rec.line
		d := strings.TrimRight(s, ":")
		if i := strings.LastIndex(d, ": "); i > 0 {
			d = d[i+2:] // file.c(123): func (): /GstPipeline:...: the words
		}
		if hasPrefix(d, "/Gst") {
			return // and the words on the next line
		}
		g.debug = strings.TrimRight(r.show(cutText(d, 200)), ".")
		r.gstFlush()
		return
	case g.open && rec.shaped:
		r.gstFlush()
	}
	if hasPrefix(s, "gst-launch-1.0 ") {
		r.gstCommand(rec, s)
	}
	if rec.clock == "seconds" && rec.level == levelError {
		r.errorLine(rec)
	}
}

// gstFlush ends an error that has been read.
func (r *reader) gstFlush() {
	g := &r.gst
	if !g.open {
		return
	}
	g.open = false
	m := g.at
	t := r.tallyOf("log-element-error", g.element+g.message, &m)
	t.track, t.text, t.more = g.element, g.message, g.debug
	r.addEvent("GStreamer stopped with an error", diag.Error, "log-element-error", m)
	g.debug = ""
}

// gstCommand reads a pipeline as it was typed.
func (r *reader) gstCommand(rec *record, s string) {
	encoder := ""
	for _, w := range strings.Fields(s) {
		w = strings.Trim(w, `"'`)
		name, v, ok := strings.Cut(w, "=")
		if !ok {
			if c := codecOf(w); c != "" && strings.Contains(w, "enc") {
				encoder = w
				r.set.word("encoder", r.show(cutText(w, 40)), rec.line, kGStreamer)
				r.set.word("video-codec", c, rec.line, kGStreamer)
			} else if w == "!" {
				encoder = ""
			}
			continue
		}
		switch {
		case name == "location" && isLive(v):
			r.set.url(r, strings.Trim(v, `"'`), rec.line, kGStreamer)
		case encoder == "x264enc" && name == "bitrate":
			if n := leadingInt(v); n > 0 {
				r.set.rate("video", float64(n), rec.line, kGStreamer)
			}
		case encoder != "" && name == "key-int-max":
			r.ff.gop, r.ff.gopAt = float64(leadingInt(v)), rec.line
		}
	}
}

// textLine reads what stands in no log: HTTP requests, callbacks as a query.
func (r *reader) textLine(rec *record) {
	s := rec.text
	if hasPrefix(s, "POST ") || hasPrefix(s, "GET ") || hasPrefix(s, "HTTP/1") || hasPrefix(s, "PUT ") {
		if hasPrefix(s, "HTTP/1") || strings.Contains(s, " HTTP/") {
			r.count(kHTTP, rec.line, 1, 1)
		}
	}
	if !r.hints[tencent] && (strings.Contains(s, "StopReason") || strings.Contains(s, "txSecret") || strings.Contains(s, "Tencent") || strings.Contains(s, "DescribeLiveStream")) {
		r.hints[tencent] = true
	}
	if i := strings.Index(s, "action=publish"); i >= 0 && (i == 0 || s[i-1] == '?' || s[i-1] == '&') {
		query := s[i:]
		if j := strings.IndexAny(query, " \"'"); j >= 0 {
			query = query[:j]
		}
		if !strings.Contains(query, "&appname=") && !strings.Contains(query, "&usrargs=") {
			return
		}
		ev := event{r: r, first: rec.line, final: rec.line}
		for part := range strings.SplitSeq(query, "&") {
			name, v, _ := strings.Cut(part, "=")
			if len(ev.fields) < 40 {
				ev.fields = append(ev.fields, field{path: name, val: v, str: true, line: rec.line})
			}
		}
		ev.learn()
		r.count(kAlibaba, rec.line, 0, 1)
		m := ev.mark(kAlibaba, ev.str("time"))
		m.say(&ev, "Callback: ", "action", "ip", "app", "appname", "node", "width", "height")
		r.alibabaAction(ev.str("action"), m)
		return
	}
	if i := strings.Index(s, "onRtmpStreamingStateChanged"); i >= 0 {
		r.agoraLine(rec, s[i:])
	}
}

// agoraLine reads the number behind reason or errCode in an app's log.
func (r *reader) agoraLine(rec *record, s string) {
	for _, name := range [...]string{"reason", "errCode", "errorCode", "err"} {
		i := strings.Index(s, name)
		if i < 0 {
			continue
		}
		rest := strings.TrimLeft(s[i+len(name):], " :=\"'")
		n := leadingInt(rest)
		if n <= 0 {
			continue
		}
		exact := whole(float64(n))
		r.count(kAgoraPush, rec.line, 0, 1)
		m := r.at(rec)
		m.fill()
		m.rec, m.kind = nil, kAgoraPush
		if c := r.code("agora-media-push", exact); c != nil {
			r.addCode(c, exact, c.severity, m)
		} else {
			r.addUnknown("agora-media-push", exact, "onRtmpStreamingStateChanged", diag.Warning, m)
		}
		return
	}
}
