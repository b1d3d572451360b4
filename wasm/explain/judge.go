package explain

import (
	"strconv"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// settings holds what the paste shows of the encoder against the profile.
func (c *conclusion) settings() {
	c.na = map[string]string{}
	p := c.p
	const unset = "the paste does not show it"
	none := "the profile sets no limit"

	c.measured()
	if s := c.setting("keyframe-interval"); s == nil {
		c.na["log-settings-keyframe"] = unset
	} else if f := c.limit("log-settings-keyframe", s, &p.KeyframeMS, rules.Millis, func(limit float64) diag.Args {
		args := diag.Args{diag.F("interval_ms", s.Number)}
		if c.r.set.keyFrm > 0 {
			args = append(args, diag.I("frames", int64(c.r.set.keyFrm)))
		}
		return append(args, diag.F("limit_ms", limit))
	}); f != nil {
		link(f, c.r.code("youtube-live", "gopSizeLong"), "gopSizeLong")
	}

	video, audio := c.setting("video-bitrate"), c.setting("audio-bitrate")
	if video == nil && audio == nil {
		c.na["log-settings-bitrate"] = unset
	} else {
		c.bitrate("video", video, &p.VideoKbps)
		c.bitrate("audio", audio, &p.AudioKbps)
		if video != nil && p.TotalKbps.Set() {
			total := *video
			if audio != nil {
				total.Number += audio.Number
			}
			if c.bitrate("total", &total, &p.TotalKbps) {
				video.State, video.Limit = total.State, total.Limit
			}
		}
	}

	if s := c.setting("size"); s == nil {
		c.na["log-settings-size"] = unset
	} else if l := &p.Resolution; l.Width == 0 {
		c.na["log-settings-size"] = none
	} else {
		w, h := c.r.set.width, c.r.set.height
		s.State, s.Limit = "ok", l.Text
		if !l.Within(w, h) {
			s.State = l.Severity.String()
			at := diag.Lines{First: s.Line, Final: s.Line}
			c.add("log-settings-size", l.Severity, l.Basis, at, at, 1, diag.Args{
				diag.I("width", int64(w)), diag.I("height", int64(h)), diag.S("limit", strconv.Itoa(l.Width)+"x"+strconv.Itoa(l.Height)),
			})
		}
	}

	if s := c.setting("frame-rate"); s == nil {
		c.na["log-settings-frame-rate"] = unset
	} else if !p.FrameRate.Set() {
		c.na["log-settings-frame-rate"] = none
	} else {
		c.limit("log-settings-frame-rate", s, &p.FrameRate, rules.PerSec, func(limit float64) diag.Args {
			return diag.Args{diag.F("found_fps", s.Number), diag.F("limit_fps", limit)}
		})
	}

	v, a := c.setting("video-codec"), c.setting("audio-codec")
	if v == nil && a == nil {
		c.na["log-settings-codec"] = unset
	}
	c.codec("video", v, &p.VideoCodecs)
	c.codec("audio", a, &p.AudioCodecs)

	if s := c.setting("rate-control"); s == nil {
		c.na["log-settings-rate-control"] = unset
	} else if s.State = "ok"; !eqFold(s.Value, "CBR") && !eqFold(s.Value, "CBR_LTR") {
		s.State = "info"
		at := diag.Lines{First: s.Line, Final: s.Line}
		c.add("log-settings-rate-control", diag.Info, diag.Ours, at, at, 1, diag.Args{diag.S("found", s.Value)})
	}

	c.sound()

	if s := c.setting("b-frames"); s == nil {
		c.na["log-settings-b-frames"] = unset
	} else if p.BFrames.Severity == diag.Off {
		c.na["log-settings-b-frames"] = none
	} else if s.State = "ok"; s.Number > 0 {
		s.State = p.BFrames.Severity.String()
		at := diag.Lines{First: s.Line, Final: s.Line}
		c.add("log-settings-b-frames", p.BFrames.Severity, p.BFrames.Basis, at, at, 1, diag.Args{diag.I("frames", int64(s.Number))})
	}
}

func (c *conclusion) setting(id string) *Setting {
	for i := range c.rep.Settings {
		if c.rep.Settings[i].ID == id {
			return &c.rep.Settings[i]
		}
	}
	return nil
}

// limit judges one number, and gives the finding where there is one.
func (c *conclusion) limit(rule string, s *Setting, l *profile.Limit, unit rules.Unit, args func(limit float64) diag.Args) *diag.Finding {
	sev, limit, basis := l.Judge(s.Number)
	s.State = "ok"
	if limit > 0 {
		s.Limit = rules.Format(unit, diag.F("", limit))
	}
	if sev == diag.Off {
		return nil
	}
	s.State = sev.String()
	at := diag.Lines{First: s.Line, Final: s.Line}
	return c.add(rule, sev, basis, at, at, 1, args(limit))
}

func (c *conclusion) bitrate(what string, s *Setting, l *profile.Limit) bool {
	if s == nil || !l.Set() {
		return false
	}
	return c.limit("log-settings-bitrate", s, l, rules.Kbps, func(limit float64) diag.Args {
		return diag.Args{diag.S("what", what), diag.F("bitrate_kbps", s.Number), diag.F("limit_kbps", limit)}
	}) != nil
}

func (c *conclusion) codec(what string, s *Setting, l *profile.List) {
	if s == nil {
		return
	}
	s.State = "ok"
	if l.Takes(s.Value) {
		return
	}
	expected := ""
	for i, v := range l.Values {
		if i > 0 {
			expected += ", "
		}
		expected += v
	}
	s.State, s.Limit = l.Severity.String(), expected
	at := diag.Lines{First: s.Line, Final: s.Line}
	c.add("log-settings-codec", l.Severity, l.Basis, at, at, 1, diag.Args{diag.S("what", what), diag.S("found", s.Value), diag.S("expected", expected)})
}

// sound judges sample rate and channels.
func (c *conclusion) sound() {
	rate, channels := c.setting("sample-rate"), c.setting("channels")
	if rate == nil && channels == nil {
		c.na["log-settings-audio"] = "the paste does not show it"
	}
	if n := &c.p.AudioRates; rate != nil && n.Values != nil {
		rate.State = "ok"
		if !n.Takes(int(rate.Number)) {
			expected := ""
			for i, hz := range n.Values {
				if i > 0 {
					expected += ", "
				}
				expected += rules.Format(rules.Hertz, diag.I("", int64(hz)))
			}
			rate.State, rate.Limit = n.Severity.String(), expected
			at := diag.Lines{First: rate.Line, Final: rate.Line}
			c.add("log-settings-audio", n.Severity, n.Basis, at, at, 1, diag.Args{diag.I("rate_hz", int64(rate.Number)), diag.S("expected", expected)})
		}
	}
	if l := &c.p.AudioChannels; channels != nil && l.Set() {
		sev, limit, basis := l.Judge(channels.Number)
		channels.State, channels.Limit = "ok", whole(limit)
		if sev != diag.Off {
			channels.State = sev.String()
			at := diag.Lines{First: channels.Line, Final: channels.Line}
			c.add("log-settings-audio", sev, basis, at, at, 1, diag.Args{diag.I("channels", int64(channels.Number)), diag.S("expected", "at most "+whole(limit)+" channels")})
		}
	}
}

// measured holds the highest rates that arrived against the profile.
func (c *conclusion) measured() {
	for _, t := range [...]struct {
		track string
		limit *profile.Limit
	}{{"video", &c.p.VideoKbps}, {"audio", &c.p.AudioKbps}} {
		m, ok := c.r.set.peak[t.track]
		l := t.limit
		track := t.track
		if !ok {
			continue
		}
		if !l.Set() && t.track == "video" {
			l = &c.p.TotalKbps // one track alone that is over the limit of all
		}
		if !l.Set() {
			continue
		}
		if sev, limit, basis := l.Judge(m.kbps); sev != diag.Off {
			c.add("log-bitrate-exceeded", sev, basis, m.at, m.at, 1, diag.Args{
				diag.S("track", track), diag.F("measured_kbps", m.kbps), diag.F("limit_kbps", limit),
			})
		}
	}
}
