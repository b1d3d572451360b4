package explain

import (
	"strconv"

	"ingestdoctor/wasm/diag"
)

// The JSON of an explained paste is a report (diag.Format) of the kind "log"
// without media, with these members besides. Secrets are masked in all of it.
//
//	profile_by      given, paste or ""
//	paste           kinds[] (id, name, lines, items, first_line), encoding, lines,
//	                ansi, quoted, wrapped, cut
//	entries[]       source, level, count, first_line, last_line, text; where they
//	                apply time, unix_ms, clock, platform, code, title, url, rule,
//	                track; of a folded one last: time, unix_ms, first_line, last_line
//	entries_left_out  how many more there were
//	settings[]      id, label, value, line, source; where they apply number, unit,
//	                state, limit

// JSON is the report as one line of JSON.
func (r *Report) JSON() []byte { return r.AppendJSON(nil) }

// MarshalJSON implements json.Marshaler with the same text as JSON.
func (r Report) MarshalJSON() ([]byte, error) { return r.AppendJSON(nil), nil }

// AppendJSON appends the report as one line of JSON.
func (r *Report) AppendJSON(b []byte) []byte {
	b = r.Report.AppendJSON(b)
	w := jsonWriter{b[:len(b)-1]} // without the closing brace
	w.text("profile_by", r.ProfileBy)
	w.key("paste")
	w.b = append(w.b, '{')
	w.list("kinds")
	for i := range r.Paste.Kinds {
		k := &r.Paste.Kinds[i]
		w.start('{')
		w.text("id", k.ID)
		w.text("name", k.Name)
		w.whole("lines", k.Lines)
		w.whole("items", k.Items)
		w.whole("first_line", int64(k.First))
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, ']')
	w.text("encoding", r.Paste.Encoding)
	w.whole("lines", r.Paste.Lines)
	w.truth("ansi", r.Paste.ANSI)
	w.truth("quoted", r.Paste.Quoted)
	w.truth("wrapped", r.Paste.Wrapped)
	w.truth("cut", r.Paste.Cut)
	w.b = append(w.b, '}')

	w.list("entries")
	for i := range r.Entries {
		w.entry(&r.Entries[i])
	}
	w.b = append(w.b, ']')
	w.whole("entries_left_out", r.LeftOut)

	w.list("settings")
	for i := range r.Settings {
		s := &r.Settings[i]
		w.start('{')
		w.text("id", s.ID)
		w.text("label", s.Label)
		w.text("value", s.Value)
		if s.Unit != "" {
			w.key("number")
			w.b = strconv.AppendFloat(w.b, s.Number, 'f', -1, 64)
			w.text("unit", s.Unit)
		}
		w.whole("line", int64(s.Line))
		w.text("source", s.Source)
		w.omit("state", s.State)
		w.omit("limit", s.Limit)
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, "]}"...)
	return w.b
}

func (w *jsonWriter) entry(e *Entry) {
	w.start('{')
	w.omit("time", e.Time)
	if e.HasUnix {
		w.whole("unix_ms", e.UnixMS)
	}
	w.omit("clock", e.Clock)
	w.text("source", e.Source)
	w.text("level", e.Level)
	w.omit("platform", e.Platform)
	w.omit("code", e.Code)
	w.omit("title", e.Title)
	w.omit("url", e.URL)
	w.omit("rule", e.Rule)
	w.omit("track", e.Track)
	w.text("text", e.Text)
	w.whole("first_line", int64(e.First))
	w.whole("last_line", int64(e.Final))
	w.whole("count", e.Count)
	if e.Count > 1 {
		w.key("last")
		w.b = append(w.b, '{')
		w.omit("time", e.LastTime)
		if e.HasUnix {
			w.whole("unix_ms", e.LastUnix)
		}
		w.whole("first_line", int64(e.LastFirst))
		w.whole("last_line", int64(e.LastFinal))
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, '}')
}

// jsonWriter appends members; a comma is due unless a bracket was just opened.
type jsonWriter struct{ b []byte }

func (w *jsonWriter) comma() {
	if c := w.b[len(w.b)-1]; c != '{' && c != '[' {
		w.b = append(w.b, ',')
	}
}

func (w *jsonWriter) start(c byte) { w.comma(); w.b = append(w.b, c) }

func (w *jsonWriter) key(name string) {
	w.comma()
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

func (w *jsonWriter) list(name string) { w.key(name); w.b = append(w.b, '[') }

func (w *jsonWriter) text(name, v string) { w.key(name); w.b = diag.AppendJSONString(w.b, v) }

func (w *jsonWriter) omit(name, v string) {
	if v != "" {
		w.text(name, v)
	}
}

func (w *jsonWriter) whole(name string, v int64) {
	w.key(name)
	w.b = strconv.AppendInt(w.b, v, 10)
}

func (w *jsonWriter) truth(name string, v bool) {
	w.key(name)
	w.b = strconv.AppendBool(w.b, v)
}
