package explain

import (
	"slices"
	"strconv"
	"strings"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// settings are what a paste shows of the encoder, the last word on each.
type settings struct {
	list   []Setting
	width  int
	height int
	keyFrm float64                 // key frame interval in frames
	server string                  // host, for telling the profile
	peak   map[string]measuredRate // highest measured rate by track
}

type measuredRate struct {
	kbps float64
	at   diag.Lines
}

var settingLabels = map[string]string{
	"program": "Program", "server": "Server", "encoder": "Encoder", "video-codec": "Video codec", "audio-codec": "Audio codec",
	"rate-control": "Rate control", "video-bitrate": "Video bitrate", "audio-bitrate": "Audio bitrate", "keyframe-interval": "Key frame interval",
	"size": "Output size", "frame-rate": "Frame rate", "preset": "Preset", "profile": "Profile", "b-frames": "B-frames",
	"sample-rate": "Sample rate", "channels": "Audio channels",
}

// settingOrder is how they are shown.
var settingOrder = [...]string{
	"program", "server", "encoder", "preset", "profile", "video-codec", "rate-control", "video-bitrate", "keyframe-interval", "b-frames", "size", "frame-rate",
	"audio-codec", "audio-bitrate", "sample-rate", "channels",
}

func (s *settings) put(n Setting, k kindID) {
	n.Label, n.Source = settingLabels[n.ID], kindInfo[k].id
	for i := range s.list {
		if s.list[i].ID == n.ID {
			s.list[i] = n
			return
		}
	}
	s.list = append(s.list, n)
}

func (s *settings) get(id string) *Setting {
	for i := range s.list {
		if s.list[i].ID == id {
			return &s.list[i]
		}
	}
	return nil
}

// word notes a setting in words, which must have no secrets and a place of their own.
func (s *settings) word(id, v string, line int, k kindID) {
	if v != "" {
		s.put(Setting{ID: id, Value: v, Line: line}, k)
	}
}

func (s *settings) number(id string, v float64, line int, k kindID) {
	unit := rules.Count
	switch id {
	case "keyframe-interval":
		unit = rules.Millis
	case "frame-rate":
		unit = rules.PerSec
	case "sample-rate":
		unit = rules.Hertz
	}
	if v > 1e9 {
		return
	}
	s.put(Setting{ID: id, Number: v, Unit: unitName(unit), Value: rules.Format(unit, diag.F("", v)), Line: line}, k)
}

// unitName is a unit as the JSON has it: a count has one too there.
func unitName(u rules.Unit) string {
	if u == rules.Count {
		return "count"
	}
	return string(u)
}

// rate notes a bitrate that is set, or declared, in kbit/s.
func (s *settings) rate(track string, kbps float64, line int, k kindID) {
	id := "video-bitrate"
	switch track {
	case "audio":
		id = "audio-bitrate"
	case "video":
	default:
		return
	}
	if kbps > 1e7 {
		return
	}
	if old := s.get(id); old != nil && old.Number == kbps {
		old.Line, old.Source = line, kindInfo[k].id
		return
	}
	s.put(Setting{ID: id, Number: kbps, Unit: string(rules.Kbps), Value: rules.Format(rules.Kbps, diag.F("", kbps)), Line: line}, k)
}

// frames notes a key frame interval in frames.
func (s *settings) frames(n, fps float64, line int, k kindID) {
	s.keyFrm = n
	ms := n / fps * 1000
	s.put(Setting{
		ID: "keyframe-interval", Number: ms, Unit: string(rules.Millis), Line: line,
		Value: rules.Format(rules.Millis, diag.F("", ms)) + " (" + strconv.Itoa(int(n)) + " frames)",
	}, k)
}

// size notes a size written as 1280x720.
func (s *settings) size(v string, line int, k kindID) {
	w, h, ok := strings.Cut(v, "x")
	if !ok {
		return
	}
	a, b := leadingInt(w), leadingInt(h)
	if a < 16 || b < 16 || a > 65535 || b > 65535 {
		return
	}
	s.width, s.height = int(a), int(b)
	s.put(Setting{ID: "size", Value: strconv.Itoa(int(a)) + "x" + strconv.Itoa(int(b)), Line: line}, k)
}

// url notes the server, without the key.
func (s *settings) url(r *reader, u string, line int, k kindID) {
	u = trimSpace(u)
	if u == "" || len(u) > 2048 {
		return
	}
	shown := r.show(u)
	if i := strings.Index(u, "://"); i > 0 && i < 8 {
		host := u[i+3:]
		if j := strings.IndexAny(host, "/?#'\" "); j >= 0 {
			host = host[:j]
		}
		if j := strings.LastIndexByte(host, '@'); j >= 0 {
			host = host[j+1:]
		}
		s.server = strings.Clone(host)
	}
	s.put(Setting{ID: "server", Value: shown, Line: line}, k)
}

// measured notes a rate that arrived.
func (s *settings) measured(track string, kbps float64, e *event) {
	if track != "video" && track != "audio" {
		return
	}
	if s.peak == nil {
		s.peak = map[string]measuredRate{}
	}
	if old := s.peak[track]; kbps > old.kbps {
		s.peak[strings.Clone(track)] = measuredRate{kbps: kbps, at: diag.Lines{First: e.first, Final: e.final}}
	}
}

// sorted gives the settings in the order in which they are shown.
func (s *settings) sorted() []Setting {
	rank := func(id string) int {
		for i, o := range settingOrder {
			if o == id {
				return i
			}
		}
		return len(settingOrder)
	}
	list := append([]Setting{}, s.list...)
	slices.SortStableFunc(list, func(a, b Setting) int { return rank(a.ID) - rank(b.ID) })
	return list
}
