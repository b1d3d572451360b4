package ui

import (
	"strconv"
	"strings"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// Section is a titled list of values.
type Section struct {
	Title  string
	Role   string // video or audio: the colour beside the title
	Values []Value
}

// mediaSections describes what the recording carries: the whole, then track by track.
func mediaSections(r *diag.Report) []Section {
	m := r.Media
	if m == nil {
		return nil
	}
	whole := Section{Title: "Recording"}
	if r.Kind == kindLive {
		whole.Title = liveName
	}
	whole.add("Size", inputSize(&r.Input))
	whole.add("Duration", durationText(m.DurationMS))
	whole.add("Timestamps", momentText(m.StartMS)+" to "+momentText(m.EndMS))
	whole.add("Bitrate", rateBoth(m.Bitrate))
	if g := m.GOP; g != nil {
		whole.add("Key frame interval", gopText(g))
	}
	whole.add("Tags", tagsText(&m.Tags))
	whole.add("Encoder", visible(m.Encoder))
	if m.Enhanced {
		whole.add("Format", "Enhanced RTMP")
	}
	list := []Section{whole}
	several := map[string]int{}
	for i := range m.Tracks {
		several[m.Tracks[i].Kind]++
	}
	for i := range m.Tracks {
		t := &m.Tracks[i]
		title := strings.ToUpper(t.Kind[:min(1, len(t.Kind))]) + t.Kind[min(1, len(t.Kind)):]
		if several[t.Kind] > 1 {
			title += " track " + strconv.Itoa(t.ID)
		}
		list = append(list, trackSection(t, title))
	}
	return list
}

func (s *Section) add(label, text string) {
	if text != "" {
		s.Values = append(s.Values, Value{label, text})
	}
}

func trackSection(t *diag.Track, title string) Section {
	s := Section{Title: title, Role: t.Kind}
	codec := t.Codec
	if t.Profile != "" {
		codec += " " + t.Profile
	}
	if t.Level != "" {
		codec += ", level " + t.Level
	}
	if t.CodecTag != "" {
		codec += " (" + visible(t.CodecTag) + ")"
	}
	s.add("Codec", codec)
	if t.Width > 0 {
		s.add("Picture", strconv.Itoa(t.Width)+" × "+strconv.Itoa(t.Height))
	}
	switch {
	case t.FrameRate > 0 && t.DeclaredRate > 0:
		s.add("Frame rate", fpsText(t.FrameRate)+" measured, "+fpsText(t.DeclaredRate)+" declared")
	case t.FrameRate > 0:
		s.add("Frame rate", fpsText(t.FrameRate)+" measured")
	case t.DeclaredRate > 0:
		s.add("Frame rate", fpsText(t.DeclaredRate)+" declared")
	}
	if t.ChromaFormat != "" {
		chroma := t.ChromaFormat
		if t.BitDepth > 0 {
			chroma += ", " + strconv.Itoa(t.BitDepth) + " bit"
		}
		s.add("Chroma", chroma)
	}
	if t.SampleRate > 0 {
		s.add("Sample rate", rules.Format(rules.Hertz, diag.I("", int64(t.SampleRate))))
	}
	if t.Channels > 0 {
		s.add("Channels", channelsText(t.Channels))
	}
	s.add("Bitrate", rateBoth(t.Bitrate))
	if t.Declared > 0 {
		s.add("Declared", rateText(t.Declared))
	}
	frames := countText(t.Frames)
	if t.Kind == "video" {
		frames += ", " + plural(t.KeyFrames, "key frame", "key frames")
		if t.BFrames {
			frames += ", with B-frames"
		}
	}
	s.add("Frames", frames)
	s.add("Coded", bytesText(t.Bytes))
	s.add("From, to", momentText(t.FirstMS)+" to "+momentText(t.LastMS))
	if t.Configs > 1 {
		s.add("Configurations", countText(int64(t.Configs)))
	}
	return s
}

func channelsText(n int) string {
	switch n {
	case 1:
		return "1, mono"
	case 2:
		return "2, stereo"
	}
	return strconv.Itoa(n)
}

func rateBoth(r diag.Rate) string {
	if r.Mean == 0 && r.Peak == 0 {
		return ""
	}
	return rateText(r.Mean) + " mean, " + rateText(r.Peak) + " peak over 1 s"
}

func gopText(g *diag.GOP) string {
	if g.Count == 0 {
		if g.OpenMS == 0 {
			return ""
		}
		return "one key frame, " + durationText(g.OpenMS) + " to the end"
	}
	text := durationText(g.MinMS)
	if g.MaxMS != g.MinMS {
		text += " to " + durationText(g.MaxMS) + ", median " + durationText(g.MedianMS)
	}
	if g.OpenMS > 0 {
		text += "; " + durationText(g.OpenMS) + " from the last one to the end"
	}
	return text
}

func tagsText(t *diag.TagCounts) string {
	text := countText(t.Total) + ": " + countText(t.Video) + " video, " + countText(t.Audio) + " audio, " + countText(t.Script) + " script"
	if t.Unknown > 0 {
		text += ", " + countText(t.Unknown) + " unknown"
	}
	if t.Empty > 0 {
		text += ", " + countText(t.Empty) + " of them empty"
	}
	return text
}

func inputSize(in *diag.Input) string {
	switch {
	case in.Bytes < 0:
		return bytesText(in.Read)
	case in.Read < in.Bytes:
		return bytesText(in.Read) + " read of " + bytesText(in.Bytes)
	}
	return bytesText(in.Bytes)
}

// inputState says how far reading got; empty for a complete input.
func inputState(in *diag.Input) string {
	if in.Detail != "" {
		return visible(in.Detail)
	}
	switch in.State {
	case diag.StateTruncated:
		return "The file ends in the middle of a tag."
	case diag.StateCancelled:
		return "Cancelled: only the first " + bytesText(in.Read) + " were read."
	case diag.StateFailed:
		return "Reading stopped after " + bytesText(in.Read) + "."
	}
	return ""
}
