package ui

import (
	"encoding/json"
	"strconv"
)

// TagView is one tag (or a stretch of bytes that is none) around a finding, as
// the validator takes it apart.
type TagView struct {
	Offset      int64       `json:"offset"`
	Kind        string      `json:"kind"` // video, audio, script, header, garbage, ...
	Size        int64       `json:"size"` // of the body, or of the stretch
	TimestampMS int64       `json:"timestamp_ms"`
	Summary     string      `json:"summary"` // video, H.264 key frame, 34,120 bytes
	Focus       bool        `json:"focus"`   // the finding's own
	Fields      []FieldView `json:"fields"`
	Rest        int64       `json:"rest"` // bytes of the body that are not shown
}

// FieldView is a named run of bytes.
type FieldView struct {
	Offset int64  `json:"offset"`
	Hex    string `json:"hex"` // 17 01 00 00 00; the first bytes of a long one
	Size   int64  `json:"size"`
	Name   string `json:"name"`
	Value  string `json:"value"`
}

func parseTags(text []byte) []TagView {
	var tags []TagView
	if json.Unmarshal(text, &tags) != nil {
		return nil
	}
	return tags
}

// Title names the tag in a line.
func (t *TagView) Title() string {
	if t.Summary != "" {
		return upper(visible(t.Summary))
	}
	return upper(t.Kind)
}

func upper(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// hexOffset is an offset as hex tools show it.
func hexOffset(n int64) string {
	s := strconv.FormatInt(n, 16)
	for len(s) < 8 {
		s = "0" + s
	}
	return s
}
