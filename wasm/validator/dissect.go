package main

import (
	"strconv"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/worker"
)

// How much of the surroundings of a place is shown.
const (
	tagsBefore = 3
	tagsAfter  = 4
	mostFields = 80 // of one tag
	mostHex    = 16 // bytes of one field
)

// dissect takes the tags around a place apart. The buffer holds the file's
// bytes from base on, and focus is the place. The result is a JSON array of
//
//	{offset, kind, size, timestamp_ms, summary, focus, fields: [{offset, hex, size, name, value}], rest}
//
// kind is header, video, audio, script, unknown or garbage; rest counts the
// bytes whose fields were left out.
func (s *session) dissect(n int, base, focus int64) int {
	w, ok := s.Taken(n)
	if !ok || base < 0 {
		return worker.BadCall
	}
	j := dissectWriter{b: append(s.Out[:0], '['), w: w, base: base}
	at := tagOf(w, focus-base) + base
	if base == 0 && at < fileHeader && len(w) >= fileHeader && string(w[:3]) == "FLV" {
		j.header()
		for _, t := range flv.Dissect(w, base, headerEnd(w), 0, tagsAfter) {
			j.tag(&t, false)
		}
	} else {
		for _, t := range flv.Dissect(w, base, at, tagsBefore, tagsAfter) {
			j.tag(&t, t.Offset <= at && at < t.End)
		}
	}
	s.Out = append(j.b, ']')
	return len(s.Out)
}

// fileHeader is the FLV header and the first PreviousTagSize (FLV 10.1 E.2, E.3).
const fileHeader = 13

// headerEnd is where the first tag begins, by DataOffset where that makes sense.
func headerEnd(w []byte) int64 {
	if end := int64(w[5])<<24 | int64(w[6])<<16 | int64(w[7])<<8 | int64(w[8]); end >= 9 && end+4 < int64(len(w)) {
		return end + 4
	}
	return fileHeader
}

// tagOf finds the tag that a place inside it belongs to: a finding may be about
// a configuration or a name within the body. Where none is certain, the place
// itself is taken.
func tagOf(w []byte, pos int64) int64 {
	if pos < 0 || pos >= int64(len(w)) {
		return pos
	}
	for at := pos; at >= 0; at-- {
		if at+11 > int64(len(w)) {
			continue
		}
		h := w[at:]
		if kind := h[0] & 0x1f; kind != flv.TypeAudio && kind != flv.TypeVideo && kind != flv.TypeScript && kind != flv.TypeAMF3 {
			continue
		}
		if h[8]|h[9]|h[10] != 0 && at != pos {
			continue
		}
		size := 11 + (int64(h[1])<<16 | int64(h[2])<<8 | int64(h[3]))
		end := at + size
		if end+4 > int64(len(w)) {
			if at == pos {
				return at // nothing to check it by
			}
			continue
		}
		said := int64(w[end])<<24 | int64(w[end+1])<<16 | int64(w[end+2])<<8 | int64(w[end+3])
		if (said == size || said == size+4) && pos < end+4 {
			return at
		}
		if at == pos && end < int64(len(w)) {
			if kind := w[min(end+4, int64(len(w))-1)]; kind == flv.TypeAudio || kind == flv.TypeVideo || kind == flv.TypeScript {
				return at // only its PreviousTagSize is wrong
			}
		}
	}
	return pos
}

type dissectWriter struct {
	b    []byte
	w    []byte
	base int64
	more bool
}

func (j *dissectWriter) begin(offset int64, kind string, size int64) {
	if j.more {
		j.b = append(j.b, ',')
	}
	j.more = true
	j.b = append(j.b, `{"offset":`...)
	j.b = strconv.AppendInt(j.b, offset, 10)
	j.b = append(j.b, `,"kind":"`...)
	j.b = append(j.b, kind...)
	j.b = append(j.b, `","size":`...)
	j.b = strconv.AppendInt(j.b, size, 10)
}

func (j *dissectWriter) text(name, v string) {
	j.b = append(j.b, ',', '"')
	j.b = append(j.b, name...)
	j.b = append(j.b, `":`...)
	j.b = diag.AppendJSONString(j.b, v)
}

func (j *dissectWriter) field(i int, start, end int64, name, value string) {
	if i > 0 {
		j.b = append(j.b, ',')
	}
	j.b = append(j.b, `{"offset":`...)
	j.b = strconv.AppendInt(j.b, start, 10)
	j.b = append(j.b, `,"size":`...)
	j.b = strconv.AppendInt(j.b, end-start, 10)
	j.text("hex", j.hex(start, end))
	j.text("name", name)
	j.text("value", value)
	j.b = append(j.b, '}')
}

// hex writes the first bytes of a field: 17 01 00 00 50.
func (j *dissectWriter) hex(start, end int64) string {
	const digits = "0123456789ABCDEF"
	from, to := start-j.base, end-j.base
	if from < 0 || to > int64(len(j.w)) || from >= to {
		return ""
	}
	bytes := j.w[from:to]
	cut := len(bytes) > mostHex
	if cut {
		bytes = bytes[:mostHex]
	}
	text := make([]byte, 0, 3*mostHex+3)
	for i, c := range bytes {
		if i > 0 {
			text = append(text, ' ')
		}
		text = append(text, digits[c>>4], digits[c&15])
	}
	if cut {
		text = append(text, " …"...)
	}
	return string(text)
}

func (j *dissectWriter) tag(t *flv.DissectedTag, focus bool) {
	kind := "unknown"
	switch {
	case t.Garbage:
		kind = "garbage"
	case t.Type == flv.TypeAudio:
		kind = "audio"
	case t.Type == flv.TypeVideo:
		kind = "video"
	case t.Type == flv.TypeScript, t.Type == flv.TypeAMF3:
		kind = "script"
	}
	size := int64(t.Size)
	if t.Garbage {
		size = t.End - t.Offset
	}
	j.begin(t.Offset, kind, size)
	j.b = append(j.b, `,"timestamp_ms":`...)
	j.b = strconv.AppendInt(j.b, t.Timestamp, 10)
	j.text("summary", t.Summary)
	if focus {
		j.b = append(j.b, `,"focus":true`...)
	}
	j.b = append(j.b, `,"fields":[`...)
	fields, rest := t.Fields, int64(0)
	if len(fields) > mostFields {
		fields = fields[:mostFields]
		rest = t.End - fields[mostFields-1].End
	}
	for i := range fields {
		f := &fields[i]
		j.field(i, f.Start, f.End, f.Name, f.Value)
	}
	j.b = append(j.b, `],"rest":`...)
	j.b = strconv.AppendInt(j.b, rest, 10)
	j.b = append(j.b, '}')
}

// header is the file header, which is no tag.
func (j *dissectWriter) header() {
	j.begin(0, "header", fileHeader)
	j.text("summary", "file header")
	j.b = append(j.b, `,"focus":true,"timestamp_ms":0,"rest":0,"fields":[`...)
	flags := "0x" + strconv.FormatInt(int64(j.w[4]), 16)
	switch j.w[4] & 5 {
	case 5:
		flags += ", audio and video"
	case 4:
		flags += ", audio"
	case 1:
		flags += ", video"
	}
	number := func(at int) string {
		return strconv.FormatInt(int64(j.w[at])<<24|int64(j.w[at+1])<<16|int64(j.w[at+2])<<8|int64(j.w[at+3]), 10)
	}
	j.field(0, 0, 3, "Signature", "FLV")
	j.field(1, 3, 4, "Version", strconv.Itoa(int(j.w[3])))
	j.field(2, 4, 5, "TypeFlags", flags)
	j.field(3, 5, 9, "DataOffset", number(5))
	j.field(4, 9, 13, "PreviousTagSize0", number(9))
	j.b = append(j.b, "]}"...)
}
