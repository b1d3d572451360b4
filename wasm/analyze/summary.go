package analyze

import (
	"math"
	"strconv"

	"ingestdoctor/wasm/check"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
)

// Bounds of the metadata in a report.
const (
	maxProperties = 64
	maxName       = 64
	maxValue      = 200
	maxDepth      = 3
)

func (a *Analyzer) summary(state string) *diag.Summary {
	st := a.suite.Stream
	m := &diag.Summary{
		Tracks:   []diag.Track{},
		Enhanced: st.Enhanced,
		Tags: diag.TagCounts{
			Total: st.Tags, Audio: st.AudioTags, Video: st.VideoTags, Script: st.ScriptTags,
			Unknown: st.UnknownTags, Empty: st.EmptyTags,
		},
	}
	var bytes int64
	var span float64
	begun := false
	for _, tr := range st.Tracks {
		if tr.Frames == 0 && tr.Config == nil {
			continue
		}
		m.Tracks = append(m.Tracks, a.track(tr))
		if tr.Frames == 0 {
			continue
		}
		end := tr.MaxMS + int64(tr.FrameMS()+0.5)
		if !begun || tr.FirstMS < m.StartMS {
			m.StartMS = tr.FirstMS
		}
		if !begun || end > m.EndMS {
			m.EndMS = end
		}
		begun = true
		bytes += tr.Bytes
		span = max(span, tr.SpanMS())
	}
	if state == diag.StateReading && begun {
		if end, ok := a.tail.end(m.StartMS); ok {
			m.EndMS = max(m.EndMS, end)
		}
	}
	m.DurationMS = max(m.EndMS-m.StartMS, int64(span+0.5))
	if span > 0 {
		m.Bitrate = diag.Rate{Mean: decimal(float64(bytes) * 8 / span), Peak: decimal(st.Seconds.PeakKbps())}
	}
	if v := st.Main[check.Video]; v != nil {
		m.GOP = v.GOP()
	}
	if s := a.suite.Metadata(); s != nil {
		m.Metadata, m.Encoder = flatten(s)
	}
	return m
}

func (a *Analyzer) track(tr *check.Track) diag.Track {
	d := diag.Track{
		Kind: "video", ID: int(tr.ID), Codec: tr.CodecName(), CodecTag: tr.CodecTag(),
		Frames: tr.Frames, KeyFrames: tr.Keys, BFrames: tr.BFrames, Bytes: tr.Bytes,
		FirstMS: tr.FirstMS, LastMS: tr.LastMS, Configs: tr.Configs(),
	}
	declared := a.suite.Declared()
	d.Declared, d.DeclaredRate = decimal(declared.VideoKbps), decimal3(declared.FrameRate)
	if tr.Kind == check.Audio {
		d.Kind = "audio"
		d.Declared, d.DeclaredRate = decimal(declared.AudioKbps), 0
	}
	if a.suite.Stream.Main[tr.Kind] != tr {
		d.Declared, d.DeclaredRate = 0, 0
	}
	if span := tr.SpanMS(); span > 0 {
		d.Bitrate = diag.Rate{Mean: decimal(float64(tr.Bytes) * 8 / span), Peak: decimal(tr.PeakKbps())}
	}
	if tr.Kind == check.Video {
		d.FrameRate = decimal3(tr.FrameRate())
	}
	if c := tr.Config; c != nil {
		if tr.Frames == 0 {
			d.Codec, d.CodecTag = c.Codec.String(), ""
		}
		d.Profile, d.Level = c.Profile, c.Level
		d.Width, d.Height, d.ChromaFormat, d.BitDepth = c.Width, c.Height, c.Chroma, c.BitDepth
		d.SampleRate, d.Channels = c.SampleRate, c.Channels
		if d.DeclaredRate == 0 {
			d.DeclaredRate = decimal3(c.FrameRate)
		}
	} else if rate, channels := tr.HeaderRate(); tr.Kind == check.Audio {
		d.SampleRate, d.Channels = rate, channels
	}
	return d
}

func decimal(v float64) float64  { return math.Round(v*10) / 10 }
func decimal3(v float64) float64 { return math.Round(v*1000) / 1000 }

// flatten writes the metadata as name and value, nested names joined by dots.
func flatten(s *flv.Script) (list []diag.Property, encoder string) {
	f := flattener{}
	for i := range s.Values {
		f.props("", s.Values[i].Props, 0)
	}
	return f.list, f.encoder
}

type flattener struct {
	list    []diag.Property
	encoder string
}

func (f *flattener) props(prefix string, props []flv.AMFProperty, depth int) {
	for i := range props {
		p := &props[i]
		name := prefix + clip(p.Name, maxName)
		f.value(name, &p.Value, depth)
		if depth == 0 && f.encoder == "" {
			switch p.Name {
			case "encoder", "metadatacreator", "creator", "videoencoder":
				f.encoder = clip(p.Value.String(), maxValue)
			}
		}
	}
}

func (f *flattener) value(name string, v *flv.AMFValue, depth int) {
	if len(f.list) >= maxProperties {
		return
	}
	if v.IsObject() && len(v.Props) > 0 && depth < maxDepth {
		f.props(name+".", v.Props, depth+1)
		return
	}
	f.list = append(f.list, diag.Property{Name: name, Value: valueText(v)})
}

func valueText(v *flv.AMFValue) string {
	switch v.Kind {
	case flv.AMFNumber:
		return strconv.FormatFloat(v.Num, 'g', 15, 64)
	case flv.AMFBool:
		if v.Num != 0 {
			return "true"
		}
		return "false"
	case flv.AMFString, flv.AMFXML:
		return clip(v.Str, maxValue)
	case flv.AMFDate:
		return strconv.FormatFloat(v.Num, 'f', 0, 64) + " ms since 1970"
	case flv.AMFStrictArray:
		return strconv.Itoa(len(v.Items)) + " values"
	case flv.AMFObject, flv.AMFECMAArray, flv.AMFTypedObject:
		return strconv.Itoa(len(v.Props)) + " properties"
	case flv.AMFNull:
		return "null"
	}
	return ""
}

// clip shortens a text to n bytes at the start of a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n] + "..."
}
