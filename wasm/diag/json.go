package diag

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// The JSON of a report, format "ingestdoctor.report/1".
//
// One object a report; the fields are those of Report and the structs below
// it, under the names in their tags and in the order of their declaration.
//
//   - A severity is its word (off, info, warning, error), a basis its word.
//   - A list is never null: an empty one is []. A field marked omitempty is left
//     out when it is zero or empty.
//   - A finding always has rule, severity, basis, message, count, args, codes and
//     doc_url. A finding in media (kind flv or live) also always has offset, tag
//     and timestamp_ms; tag is -1 where no single tag is meant. "last" is the last
//     place of a folded finding, an object of the same place fields.
//   - args is one object in the rule's order. Names end in their unit. Whole
//     numbers are written without a point, fractional ones always with a point or
//     an exponent, so that reading a report back gives the same kinds. A fraction
//     that is no number (NaN, infinite) is null.
//   - In a series null stands for "nothing to say in this bucket".
//   - Text is UTF-8; bytes that are not become U+FFFD. <, >, &, U+2028 and U+2029
//     are escaped, so the text may stand inside a <script> element.
//
// It is written by hand because encoding/json costs more in the browser than
// the checks themselves (BROWSER.md). The types also work with encoding/json
// both ways, with the same result.

// JSON is the report as one line of JSON.
func (r *Report) JSON() []byte { return r.AppendJSON(nil) }

// MarshalJSON implements json.Marshaler with the same text as JSON.
func (r Report) MarshalJSON() ([]byte, error) { return r.AppendJSON(nil), nil }

// AppendJSON appends the report as one line of JSON to b.
func (r *Report) AppendJSON(b []byte) []byte {
	if b == nil {
		b = make([]byte, 0, 4096+512*len(r.Findings)+r.Series.jsonSize())
	}
	w := writer{b}
	w.open('{')
	w.text("format", r.Format)
	w.text("kind", r.Kind)

	w.object("tool")
	w.text("name", r.Tool.Name)
	w.text("version", r.Tool.Version)
	w.whole("rule_set", int64(r.Tool.RuleSet))
	w.close('}')

	w.key("profile")
	w.profile(&r.Profile)

	w.object("input")
	w.textOmit("name", r.Input.Name)
	w.whole("bytes", r.Input.Bytes)
	w.whole("bytes_read", r.Input.Read)
	w.text("state", r.Input.State)
	w.textOmit("detail", r.Input.Detail)
	w.close('}')

	w.object("verdict")
	w.text("severity", r.Verdict.Severity.String())
	w.text("headline", r.Verdict.Headline)
	w.textOmit("next", r.Verdict.Next)
	w.whole("errors", int64(r.Verdict.Errors))
	w.whole("warnings", int64(r.Verdict.Warnings))
	w.whole("infos", int64(r.Verdict.Infos))
	w.close('}')

	if r.Media != nil {
		w.key("media")
		w.summary(r.Media)
	}
	if r.Series != nil {
		w.key("series")
		w.series(r.Series)
	}

	w.list("checks")
	for i := range r.Checks {
		c := &r.Checks[i]
		w.next()
		w.open('{')
		w.text("rule", c.Rule)
		w.text("state", c.State)
		w.textOmit("why", c.Why)
		w.close('}')
	}
	w.close(']')

	w.list("findings")
	for i := range r.Findings {
		w.next()
		w.finding(&r.Findings[i])
	}
	w.close(']')

	w.close('}')
	return w.b
}

// MarshalJSON implements json.Marshaler.
func (f Finding) MarshalJSON() ([]byte, error) { return f.AppendJSON(nil), nil }

// AppendJSON appends the finding as one JSON object to b.
func (f *Finding) AppendJSON(b []byte) []byte {
	w := writer{b}
	w.finding(f)
	return w.b
}

// AppendJSONString appends s as a JSON string to b, escaped as in a report.
func AppendJSONString(b []byte, s string) []byte {
	w := writer{b}
	w.quote(s)
	return w.b
}

// writer appends JSON. Its small methods are kept out of line: there are hundreds
// of calls, and the program's size counts in the browser.
//
// Commas follow from the last byte: none after an opening
// bracket or a colon.
type writer struct{ b []byte }

//go:noinline
func (w *writer) open(c byte) { w.b = append(w.b, c) }

//go:noinline
func (w *writer) close(c byte) { w.b = append(w.b, c) }

// next puts the comma before the next member where one is due.
//
//go:noinline
func (w *writer) next() {
	if n := len(w.b); n > 0 && w.b[n-1] != '{' && w.b[n-1] != '[' {
		w.b = append(w.b, ',')
	}
}

// key starts the next member; names are plain ASCII.
//
//go:noinline
func (w *writer) key(name string) {
	w.next()
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

//go:noinline
func (w *writer) object(name string) { w.key(name); w.open('{') }

//go:noinline
func (w *writer) list(name string) { w.key(name); w.open('[') }

//go:noinline
func (w *writer) text(name, v string) { w.key(name); w.quote(v) }

//go:noinline
func (w *writer) textOmit(name, v string) {
	if v != "" {
		w.text(name, v)
	}
}

//go:noinline
func (w *writer) whole(name string, v int64) {
	w.key(name)
	w.b = strconv.AppendInt(w.b, v, 10)
}

//go:noinline
func (w *writer) wholeOmit(name string, v int64) {
	if v != 0 {
		w.whole(name, v)
	}
}

//go:noinline
func (w *writer) float(name string, v float64) { w.key(name); w.number(v) }

//go:noinline
func (w *writer) floatOmit(name string, v float64) {
	if v != 0 {
		w.float(name, v)
	}
}

//go:noinline
func (w *writer) truth(name string, v bool) {
	w.key(name)
	w.b = strconv.AppendBool(w.b, v)
}

// number writes a float, null where JSON has no number for it.
//
//go:noinline
func (w *writer) number(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		w.b = append(w.b, "null"...)
		return
	}
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	w.b = strconv.AppendFloat(w.b, v, format, -1, 64)
}

const hexDigits = "0123456789abcdef"

// quote writes s as a JSON string that is also safe inside HTML and JavaScript.
//
//go:noinline
func (w *writer) quote(s string) {
	b := append(w.b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && c != 0x7f {
				i++
				continue
			}
			b = append(b, s[start:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			i++
			start = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b = append(b, s[start:i]...)
			b = append(b, "\ufffd"...)
			start = i + n
		case r == '\u2028' || r == '\u2029':
			b = append(b, s[start:i]...)
			b = append(b, `\u202`...)
			b = append(b, hexDigits[r&15])
			start = i + n
		}
		i += n
	}
	b = append(b, s[start:]...)
	w.b = append(b, '"')
}

func (w *writer) strings(name string, list []string) {
	w.list(name)
	for _, s := range list {
		w.next()
		w.quote(s)
	}
	w.close(']')
}

// AppendJSON appends the profile as one line of JSON, as it stands in a report.
func (p *Profile) AppendJSON(b []byte) []byte {
	w := writer{b}
	w.profile(p)
	return w.b
}

func (w *writer) profile(p *Profile) {
	w.open('{')
	w.text("id", p.ID)
	w.text("name", p.Name)
	w.text("platform", p.Platform)
	w.text("short", p.Short)
	w.textOmit("summary", p.Summary)
	w.textOmit("retired", p.Retired)
	w.textOmit("instead", p.Instead)
	if len(p.Limits) > 0 {
		w.list("limits")
		for i := range p.Limits {
			w.next()
			w.limit(&p.Limits[i])
		}
		w.close(']')
	}
	w.close('}')
}

func (w *writer) limit(l *Limit) {
	w.open('{')
	w.text("id", l.ID)
	w.text("title", l.Title)
	w.strings("rules", l.Rules)
	w.textOmit("unit", l.Unit)
	w.floatOmit("advised", l.Advised)
	w.floatOmit("warn", l.Warn)
	w.floatOmit("error", l.Error)
	if len(l.Values) > 0 {
		w.strings("values", l.Values)
	}
	w.text("text", l.Text)
	w.text("basis", string(l.Basis))
	w.textOmit("source", l.Source)
	w.textOmit("url", l.URL)
	w.textOmit("checked", l.Checked)
	w.textOmit("note", l.Note)
	w.close('}')
}

func (w *writer) finding(f *Finding) {
	w.open('{')
	w.text("rule", f.Rule)
	w.text("severity", f.Severity.String())
	w.text("basis", string(f.Basis))
	w.text("message", f.Message)
	w.place(&f.Place)
	if f.Last != nil {
		w.object("last")
		w.place(f.Last)
		w.close('}')
	}
	w.whole("count", f.Count)
	w.key("args")
	w.args(f.Args)
	w.strings("codes", f.Codes)
	if len(f.Links) > 0 {
		w.list("links")
		for i := range f.Links {
			l := &f.Links[i]
			w.next()
			w.open('{')
			w.text("platform", l.Platform)
			w.text("code", l.Code)
			w.textOmit("title", l.Title)
			w.text("url", l.URL)
			w.close('}')
		}
		w.close(']')
	}
	w.text("doc_url", f.DocURL)
	w.close('}')
}

func (w *writer) place(p *Place) {
	if m := p.Media; m != nil {
		w.whole("offset", m.Offset)
		w.whole("tag", m.Tag)
		w.whole("timestamp_ms", m.TimestampMS)
		w.textOmit("track", m.Track)
	}
	if s := p.Span; s != nil {
		w.whole("start", int64(s.Start))
		w.whole("end", int64(s.End))
		w.textOmit("part", s.Part)
		w.textOmit("field", s.Field)
	}
	if l := p.Lines; l != nil {
		w.whole("first_line", int64(l.First))
		w.whole("last_line", int64(l.Final))
	}
	if r := p.Rung; r != nil {
		w.text("address", r.Address)
		w.whole("port", int64(r.Port))
		w.text("stage", r.Stage)
	}
}

func (w *writer) args(args Args) {
	w.open('{')
	for i := range args {
		a := &args[i]
		w.next()
		w.quote(a.Name)
		w.b = append(w.b, ':')
		switch a.Kind {
		case Int:
			w.b = strconv.AppendInt(w.b, a.Int, 10)
		case Float:
			w.fraction(a.Float)
		case Bool:
			w.b = strconv.AppendBool(w.b, a.Int != 0)
		default:
			w.quote(a.Text)
		}
	}
	w.close('}')
}

// fraction writes a float so that it reads back as one: 30 becomes 30.0.
func (w *writer) fraction(v float64) {
	start := len(w.b)
	w.number(v)
	for _, c := range w.b[start:] {
		if c == '.' || c == 'e' || c == 'n' {
			return
		}
	}
	w.b = append(w.b, '.', '0')
}

func (w *writer) summary(m *Summary) {
	w.open('{')
	w.whole("start_ms", m.StartMS)
	w.whole("end_ms", m.EndMS)
	w.whole("duration_ms", m.DurationMS)
	w.list("tracks")
	for i := range m.Tracks {
		w.next()
		w.track(&m.Tracks[i])
	}
	w.close(']')
	w.rate("bitrate", m.Bitrate)
	if g := m.GOP; g != nil {
		w.object("gop")
		w.whole("count", g.Count)
		w.whole("min_ms", g.MinMS)
		w.whole("median_ms", g.MedianMS)
		w.whole("max_ms", g.MaxMS)
		w.whole("open_ms", g.OpenMS)
		w.close('}')
	}
	w.object("tags")
	w.whole("total", m.Tags.Total)
	w.whole("audio", m.Tags.Audio)
	w.whole("video", m.Tags.Video)
	w.whole("script", m.Tags.Script)
	w.whole("unknown", m.Tags.Unknown)
	w.whole("empty", m.Tags.Empty)
	w.close('}')
	if len(m.Metadata) > 0 {
		w.list("metadata")
		for i := range m.Metadata {
			w.next()
			w.open('{')
			w.text("name", m.Metadata[i].Name)
			w.text("value", m.Metadata[i].Value)
			w.close('}')
		}
		w.close(']')
	}
	w.textOmit("encoder", m.Encoder)
	w.truth("enhanced_rtmp", m.Enhanced)
	w.close('}')
}

func (w *writer) track(t *Track) {
	w.open('{')
	w.text("kind", t.Kind)
	w.whole("id", int64(t.ID))
	w.text("codec", t.Codec)
	w.text("codec_tag", t.CodecTag)
	w.textOmit("profile", t.Profile)
	w.textOmit("level", t.Level)
	w.wholeOmit("width", int64(t.Width))
	w.wholeOmit("height", int64(t.Height))
	w.textOmit("chroma_format", t.ChromaFormat)
	w.wholeOmit("bit_depth", int64(t.BitDepth))
	w.floatOmit("frame_rate", t.FrameRate)
	w.floatOmit("declared_frame_rate", t.DeclaredRate)
	w.wholeOmit("sample_rate", int64(t.SampleRate))
	w.wholeOmit("channels", int64(t.Channels))
	w.whole("frames", t.Frames)
	w.wholeOmit("key_frames", t.KeyFrames)
	if t.BFrames {
		w.truth("b_frames", true)
	}
	w.whole("bytes", t.Bytes)
	w.rate("bitrate", t.Bitrate)
	w.floatOmit("declared_kbps", t.Declared)
	w.whole("first_ms", t.FirstMS)
	w.whole("last_ms", t.LastMS)
	w.whole("configs", int64(t.Configs))
	w.close('}')
}

func (w *writer) rate(name string, r Rate) {
	w.object(name)
	w.float("mean_kbps", r.Mean)
	w.float("peak_kbps", r.Peak)
	w.close('}')
}

func (w *writer) series(s *Series) {
	w.open('{')
	w.whole("start_ms", s.StartMS)
	w.whole("step_ms", s.StepMS)
	w.floats("video_kbps", s.VideoKbps)
	w.floats("video_peak_kbps", s.VideoPeakKbps)
	w.floats("audio_kbps", s.AudioKbps)
	w.floats("audio_peak_kbps", s.AudioPeakKbps)
	w.floats("frame_rate", s.FrameRate)
	w.wholes("gop_start_ms", s.GOPStartMS)
	w.wholes("gop_len_ms", s.GOPLenMS)
	w.floats("av_min_ms", s.AVMinMS)
	w.floats("av_max_ms", s.AVMaxMS)
	w.whole("byte_step", s.ByteStep)
	w.floats("video_by_byte", s.VideoByByte)
	w.floats("audio_by_byte", s.AudioByByte)
	w.whole("left_out", s.LeftOut)
	w.close('}')
}

func (w *writer) floats(name string, list Floats) {
	w.key(name)
	w.b = list.appendJSON(w.b)
}

func (w *writer) wholes(name string, list []int64) {
	w.list(name)
	for _, v := range list {
		w.next()
		w.b = strconv.AppendInt(w.b, v, 10)
	}
	w.close(']')
}

// jsonSize estimates the series' share of the text.
func (s *Series) jsonSize() int {
	if s == nil {
		return 0
	}
	return 8 * (5*len(s.VideoKbps) + 2*len(s.GOPLenMS) + 2*len(s.AVMinMS) + 2*len(s.VideoByByte))
}
