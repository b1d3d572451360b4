package profile

import (
	"strconv"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// Info is the profile as reports and pages show it, with every limit in words.
func (p *Profile) Info() diag.Profile {
	return diag.Profile{
		ID: p.ID, Name: p.Name, Platform: p.Platform, Short: p.Short,
		Summary: p.Summary, Retired: p.Retired, Instead: p.Instead, Limits: p.limits(),
	}
}

// lister collects the limits that a profile sets.
type lister struct{ list []diag.Limit }

func (l *lister) add(d diag.Limit, s Source) {
	d.Source, d.URL, d.Checked = s.Title, s.URL, s.Checked
	l.list = append(l.list, d)
}

// values adds a list of words; note that a nil list takes anything.
func (l *lister) values(id, title, rule string, v *List, text string) {
	if v.Values == nil {
		return
	}
	l.add(diag.Limit{
		ID: id, Title: title, Rules: []string{rule}, Values: v.Values,
		Text: text + commas(v.Values) + "; anything else is " + a(v.Severity), Basis: v.Basis, Note: v.Note,
	}, v.Source)
}

// limit is a graded number and what it is.
type limit struct {
	id, title string
	unit      rules.Unit
	*Limit
	rule string
}

// number adds a graded number.
func (l *lister) number(n limit) {
	v, unit := n.Limit, n.unit
	if !v.Set() {
		return
	}
	advised := v.Advised.At
	if advised == 0 {
		advised = v.Info.At
	}
	text := v.Text
	if text == "" {
		text = v.words(unit)
	}
	if v.Slack >= 0.05 {
		text += " (" + rules.Format(rules.Percent, diag.F("", v.Slack*100)) + " over it is let pass)"
	}
	l.add(diag.Limit{
		ID: n.id, Title: n.title, Rules: []string{n.rule}, Unit: string(unit),
		Advised: advised, Warn: v.Warn.At, Error: v.Error.At,
		Text: text, Basis: v.strictest().Basis, Note: v.Note,
	}, v.Source)
}

// need adds something that the platform needs or advises against.
func (l *lister) need(id, title, rule string, n *Need, text string) {
	if n.Severity == diag.Off {
		return
	}
	l.add(diag.Limit{
		ID: id, Title: title, Rules: []string{rule}, Text: text + "; otherwise " + a(n.Severity), Basis: n.Basis, Note: n.Note,
	}, n.Source)
}

func (p *Profile) limits() []diag.Limit {
	var l lister
	l.values("video-codecs", "Video codecs", "codec-video-unsupported", &p.VideoCodecs, "")
	l.values("audio-codecs", "Audio codecs", "codec-audio-unsupported", &p.AudioCodecs, "")
	l.need("enhanced-rtmp", "Enhanced RTMP", "codec-video-unsupported", &p.Enhanced, "not known here, so video and audio need the classic headers")
	l.values("aac-types", "AAC types", "audio-config-mismatch", &p.AACTypes, "AAC ")
	if n := &p.AudioRates; n.Values != nil {
		words := make([]string, len(n.Values))
		for i, hz := range n.Values {
			words[i] = rules.Format(rules.Hertz, diag.I("", int64(hz)))
		}
		l.add(diag.Limit{
			ID: "audio-rates", Title: "Sample rates", Rules: []string{"audio-config-mismatch"}, Values: words,
			Text: commas(words) + "; anything else is " + a(n.Severity), Basis: n.Basis, Note: n.Note,
		}, n.Source)
	}
	l.number(limit{"audio-channels", "Audio channels", rules.Count, &p.AudioChannels, "audio-config-mismatch"})
	l.number(limit{"video-qualities", "Video qualities in one push", rules.Count, &p.VideoQualities, "qualities-exceeded"})
	l.number(limit{"audio-qualities", "Audio qualities in one push", rules.Count, &p.AudioQualities, "qualities-exceeded"})
	l.need("video-needed", "Video", "track-missing", &p.NeedVideo, "video is needed")
	l.need("audio-needed", "Audio", "track-missing", &p.NeedAudio, "audio is needed")
	if s := &p.Resolution; s.Width > 0 {
		size := strconv.Itoa(s.Width) + "x" + strconv.Itoa(s.Height)
		l.add(diag.Limit{
			ID: "resolution", Title: "Picture size", Rules: []string{"resolution-exceeded"}, Unit: string(rules.Pixels), Values: []string{size},
			Text: s.Text + "; more is " + a(s.Severity), Basis: s.Basis, Note: s.Note,
		}, s.Source)
	}
	l.need("b-frames", "B-frames", "b-frames", &p.BFrames, "advised against in some modes")
	l.need("metadata-several", "Metadata with several bitrates", "metadata-missing", &p.MetadataSeveral, "onMetaData with the rates is needed")
	for _, n := range [...]limit{
		{"frame-rate", "Frame rate", rules.PerSec, &p.FrameRate, "framerate-exceeded"},
		{"total-bitrate", "Bitrate, all together", rules.Kbps, &p.TotalKbps, "bitrate-exceeded"},
		{"video-bitrate", "Video bitrate", rules.Kbps, &p.VideoKbps, "bitrate-exceeded"},
		{"audio-bitrate", "Audio bitrate", rules.Kbps, &p.AudioKbps, "bitrate-exceeded"},
		{"keyframe-interval", "Key frame interval", rules.Millis, &p.KeyframeMS, "keyframe-interval"},
		{"keyframe-bytes", "Video since the last key frame", rules.Bytes, &p.KeyframeBytes, "keyframe-interval"},
		{"keyframe-irregular", "Longest key frame interval, as a multiple of the median", rules.Count, &p.KeyframeIrregular, "keyframe-irregular"},
		{"video-frame", "One video tag", rules.Bytes, &p.VideoFrame, "frame-too-large"},
		{"audio-frame", "One audio tag", rules.Bytes, &p.AudioFrame, "frame-too-large"},
		{"timestamp-jump", "Leap of one track's timestamp", rules.Millis, &p.TimestampJump, "timestamp-jump"},
		{"idle-gap", "Time without any data", rules.Millis, &p.IdleGap, "idle-gap"},
		{"drift", "Drift between audio and video", rules.Millis, &p.Drift, "av-drift"},
		{"interleave", "Distance between neighbouring audio and video", rules.Millis, &p.Interleave, "av-drift"},
		{"clock-pace", "Pace of a track's clock, off by", rules.Percent, &p.ClockPercent, "av-drift"},
		{"audio-backlog", "Audio ahead of the video", rules.Millis, &p.AudioBacklog, "audio-backlog"},
		{"composition-time", "Composition time (never below 0)", rules.Millis, &p.Composition, "composition-time"},
		{"burst", "Live: media ahead of real time", rules.Millis, &p.Arrival.Burst, "burst"},
		{"arrival-stall", "Live: media behind real time", rules.Millis, &p.Arrival.Stall, "arrival-stall"},
		{"arrival-jitter", "Live: unevenness of arrival", rules.Millis, &p.Arrival.Jitter, "arrival-jitter"},
		{"video-gap", "Live: between two video frames", rules.Millis, &p.Arrival.VideoGap, "arrival-gap"},
		{"audio-gap", "Live: between two audio frames", rules.Millis, &p.Arrival.AudioGap, "arrival-gap"},
		{"keyframe-delay", "Live: first key frame after publish", rules.Millis, &p.Arrival.FirstKey, "keyframe-delay"},
		{"bitrate-mismatch", "Measured and declared bitrate apart, as a factor", rules.Count, &p.RateFactor, "bitrate-mismatch"},
		{"probe-slow", "One stage of a probe", rules.Millis, &p.ProbeSlow, "probe-slow"},
	} {
		l.number(n)
	}
	for i := range p.Overrides {
		o := &p.Overrides[i]
		title := o.Rule
		if m, ok := rules.MetaOf(o.Rule); ok {
			title = m.Title
		}
		l.add(diag.Limit{
			ID: "severity-" + o.Rule, Title: title, Rules: []string{o.Rule},
			Text: "counts as " + a(o.Severity), Basis: o.Basis, Note: o.Note,
		}, o.Source)
	}
	if u := &p.URL; u.Template != "" {
		l.add(diag.Limit{
			ID: "url", Title: "Ingest URL", Rules: []string{"url-syntax", "url-scheme", "url-port", "url-port-scheme", "url-host", "url-app"},
			Values: u.schemes(), Text: u.Template, Basis: u.Basis, Note: u.Note,
		}, u.Source)
	}
	return l.list
}

// schemes are the schemes with their ports, in words.
func (u *URLForm) schemes() []string {
	var list []string
	for _, s := range u.Schemes {
		text := s.Name
		for i, port := range s.Ports {
			if i == 0 {
				text += " on "
			} else {
				text += ", "
			}
			text += strconv.Itoa(port)
		}
		list = append(list, text)
	}
	return list
}

// strictest is the threshold of the highest severity.
func (l *Limit) strictest() Level {
	for _, v := range [...]Level{l.Error, l.Warn, l.Info} {
		if v.At > 0 {
			return v
		}
	}
	return Level{}
}

// words writes the thresholds as one phrase: "up to 2.0 s advised; more than
// 4.0 s is a warning (our default), more than 10.0 s an error (inferred)".
func (l *Limit) words(unit rules.Unit) string {
	write := func(v Level) string { return rules.Format(unit, diag.F("", v.At)) }
	mixed := false
	basis := l.strictest().Basis
	for _, v := range [...]Level{l.Advised, l.Info, l.Warn, l.Error} {
		mixed = mixed || v.At > 0 && v.Basis != basis
	}
	said := func(v Level) string {
		if !mixed {
			return ""
		}
		switch v.Basis {
		case diag.Documented:
			return " (documented)"
		case diag.Inferred:
			return " (inferred)"
		}
		return " (our default)"
	}
	text := ""
	if l.Advised.At > 0 {
		text = "up to " + write(l.Advised) + " advised" + said(l.Advised)
	}
	sep := "; "
	highest := l.strictest().At
	add := func(v Level, sev diag.Severity) {
		if v.At == 0 {
			return
		}
		if text != "" {
			text += sep
		}
		sep = ", "
		if l.From && v.At == highest {
			text += write(v) + " or more is " + a(sev)
		} else {
			text += "more than " + write(v) + " is " + a(sev)
		}
		text += said(v)
	}
	add(l.Info, diag.Info)
	add(l.Warn, diag.Warning)
	add(l.Error, diag.Error)
	return text
}

// a is a severity with its article.
func a(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "an error"
	case diag.Warning:
		return "a warning"
	case diag.Info:
		return "a note"
	}
	return "fine"
}

// commas joins words: "A, B or C".
func commas(words []string) string {
	text := ""
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			text += " or "
		default:
			text += ", "
		}
		text += w
	}
	return text
}

// Lead is rules.Lead for this profile.
func (p *Profile) Lead(f *diag.Finding) string {
	info := p.Info()
	return rules.Lead(&info, f)
}
