package check

import (
	"bytes"
	"strconv"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/profile"
)

var codecsRules = []string{
	"codec-video-unsupported", "codec-audio-unsupported",
	"config-video-missing", "config-audio-missing", "config-video-late", "config-audio-late",
	"config-malformed", "config-changed", "qualities-exceeded", "nal-format", "frame-malformed", "audio-config-mismatch",
}

// maxConfigs bounds the sequence headers of a track that are told apart.
const maxConfigs = 32

// codecs checks codecs and their configuration.
type codecs struct {
	none
	p *Pass

	unsupported, missing, late                                [2]*rule // by kind
	malformed, changed, qualities, nal, frameMalformed, audio *rule

	tracks [2]int64 // with coded frames, by kind
}

// codecsTrack is a track's state.
type codecsTrack struct {
	busy bool // its frames have to be counted

	refused *fold // its codec is one that the profile does not take

	needs   bool // the codec cannot be decoded without a sequence header
	has     bool // a sequence header came, readable or not
	bare    int64
	bareAt  diag.Media // first coded frame without one
	bareEnd diag.Media

	last    *flv.Config // sequence header before this one, readable or not
	frames  int64       // of the track when it came
	seen    []uint64    // fingerprints of the distinct ones
	returns int64       // changes back to one that was there before
}

func newCodecs(p *Pass) *codecs {
	return &codecs{
		p:           p,
		unsupported: [2]*rule{p.rule("codec-video-unsupported"), p.rule("codec-audio-unsupported")},
		missing:     [2]*rule{p.rule("config-video-missing"), p.rule("config-audio-missing")},
		late:        [2]*rule{p.rule("config-video-late"), p.rule("config-audio-late")},
		malformed:   p.rule("config-malformed"), changed: p.rule("config-changed"), qualities: p.rule("qualities-exceeded"),
		nal: p.rule("nal-format"), frameMalformed: p.rule("frame-malformed"), audio: p.rule("audio-config-mismatch"),
	}
}

// needsConfig reports whether frames of the codec mean nothing without a
// sequence header. Opus, VP8 and VP9 carry what a decoder needs in each frame;
// the codecs of FLV 10.1 other than AVC and AAC know no sequence header.
func needsConfig(c flv.Codec) bool {
	switch c {
	case flv.AVC, flv.HEVC, flv.VVC, flv.AV1, flv.AAC, flv.FLAC:
		return true
	}
	return false
}

// codec takes the first frame of a track, and the first of another codec.
func (c *codecs) codec(t *flv.Tag, f *flv.Frame, tr *Track) {
	ct := &tr.codecs
	if tr.Frames == 0 {
		c.tracks[tr.Kind]++
		c.severalTracks(t, tr)
	} else if f.Codec != tr.Codec {
		c.change(t, tr, "codec", tr.CodecName(), codecName(f.Codec, f.CodecID, f.FourCC))
	}
	if f.Codec != tr.Codec {
		ct.needs = needsConfig(f.Codec)
		ct.has = ct.last != nil && ct.last.Codec == f.Codec
		ct.bare = 0
	}
	tr.Codec, tr.CodecID, tr.FourCC, tr.Enhanced = f.Codec, f.CodecID, f.FourCC, f.Enhanced
	tr.AudioHeader = f.AudioHeader
	if f.Enhanced {
		c.p.Stream.Enhanced = true
	}
	tr.keys.idr = idrTypes(f.Codec)
	c.support(t, tr)
	ct.busy = true
}

// support holds the codec against the profile's list.
func (c *codecs) support(t *flv.Tag, tr *Track) {
	tr.codecs.refused = nil
	l := &c.p.Profile.VideoCodecs
	if tr.Kind == Audio {
		l = &c.p.Profile.AudioCodecs
	}
	r := c.unsupported[tr.Kind]
	name, sev, basis := tr.CodecName(), l.Severity, l.Basis
	switch {
	case tr.Codec == flv.UnknownCodec && l.Values == nil:
		sev, basis = r.sev, r.basis
	case tr.Codec == flv.UnknownCodec || !l.Takes(supportName(tr.Codec)):
	case tr.Enhanced && c.p.Profile.Enhanced.Severity != diag.Off:
		sev, basis = c.p.Profile.Enhanced.Severity, c.p.Profile.Enhanced.Basis
		name += " in an Enhanced RTMP header"
	default:
		return
	}
	f := r.hitAs(sev, basis, uint8(tr.Codec), tr, at(t, tr))
	if f == nil {
		return
	}
	f.count-- // the frame that brought us here is counted with the others
	tr.codecs.refused = f
	if f.args == nil {
		f.reset().text("codec", name).text("codec_tag", tr.CodecTag())
		if len(l.Values) > 0 {
			f.text("accepted", join(l.Values))
		}
	}
}

// supportName is the codec's name in the profiles' lists.
func supportName(c flv.Codec) string {
	switch c {
	case flv.MP3At8k:
		return flv.MP3.String()
	case flv.PCMPlatform, flv.PCMLittle:
		return "PCM"
	}
	return c.String()
}

// CodecName names the track's codec.
func (tr *Track) CodecName() string { return codecName(tr.Codec, tr.CodecID, tr.FourCC) }

// CodecTag is the codec as the file says it: a legacy id or a FourCC.
func (tr *Track) CodecTag() string { return codecTag(tr.CodecID, tr.FourCC) }

func codecName(c flv.Codec, id uint8, cc uint32) string {
	if c == flv.UnknownCodec {
		return "unknown (" + codecTag(id, cc) + ")"
	}
	return c.String()
}

func codecTag(id uint8, cc uint32) string {
	if cc != 0 {
		return flv.FourCCString(cc)
	}
	return strconv.Itoa(int(id))
}

func join(list []string) string {
	n := 0
	for _, s := range list {
		n += len(s) + 2
	}
	b := make([]byte, 0, n)
	for i, s := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, s...)
	}
	return string(b)
}

// Coded judges a coded frame. It is called only with those that are unusual:
// the first ones, of a track that is busy, with NAL units that do not add up.
func (c *codecs) Coded(t *flv.Tag, f *flv.Frame, tr *Track) {
	ct := &tr.codecs
	if ct.refused != nil {
		ct.refused.count++
		ct.refused.last = at(t, tr)
	}
	if f.Config != nil {
		c.sequence(t, f, tr) // a codec that describes itself in its frames
	}
	if ct.needs && !ct.has {
		if ct.bare == 0 {
			ct.bareAt = at(t, tr)
		}
		ct.bare++
		ct.bareEnd = at(t, tr)
	}
	if f.NAL.Broken && (f.NAL.Walked || f.NAL.AnnexB) {
		c.badNAL(t, f, tr)
	}
	ct.busy = ct.refused != nil || ct.needs && !ct.has
}

func (c *codecs) badNAL(t *flv.Tag, f *flv.Frame, tr *Track) {
	if t.Truncated {
		return
	}
	cause := uint8(0)
	if f.NAL.AnnexB {
		cause = 1
	}
	h := c.nal.hit(cause, tr, at(t, tr))
	if h == nil || h.count > 1 {
		return
	}
	h.reset().text("codec", tr.CodecName())
	if f.NAL.AnnexB {
		h.truth("annexb", true)
	} else {
		h.text("problem", "a length that does not fit in the frame")
	}
	h.whole("problem_offset", f.NAL.BrokenAt)
	if tr.Config != nil && tr.Config.NALLength > 0 {
		h.whole("length_size", int64(tr.Config.NALLength))
	}
}

// Other takes bodies that cannot be read.
func (c *codecs) Other(t *flv.Tag, f *flv.Frame, tr *Track) {
	if f.Kind != flv.Malformed || tr == nil || t.Truncated {
		return
	}
	h := c.frameMalformed.hit(0, tr, at(t, tr))
	if h != nil && h.count == 1 {
		h.reset().text("track", tr.Name).text("problem", f.Problem).whole("problem_offset", f.ProblemAt)
	}
}

// Config takes a sequence header.
func (c *codecs) Config(t *flv.Tag, f *flv.Frame, tr *Track) {
	ct := &tr.codecs
	if tr.Codec != f.Codec && tr.Frames > 0 {
		ct.bare = 0 // those of another codec
		ct.has = false
	}
	if ct.bare > 0 && !ct.has {
		if h := c.late[tr.Kind].hit(0, tr, ct.bareAt); h != nil {
			h.count, h.last = ct.bare, ct.bareEnd
			h.reset().text("codec", tr.CodecName()).whole("frames", ct.bare).whole("late_ms", max(t.Timestamp-ct.bareAt.TimestampMS, 0))
		}
	}
	ct.has = true
	ct.bare = 0
	c.sequence(t, f, tr)
}

// sequence judges a sequence header itself, and against the one before.
func (c *codecs) sequence(t *flv.Tag, f *flv.Frame, tr *Track) {
	ct := &tr.codecs
	now := f.Config
	if now == nil || now == ct.last {
		return
	}
	before := ct.last
	since := tr.Frames > ct.frames
	ct.last, ct.frames = now, tr.Frames
	if now.Err != "" {
		h := c.malformed.hit(0, tr, at(t, tr))
		if h != nil && h.count == 1 {
			h.reset().text("track", tr.Name).text("codec", codecName(f.Codec, f.CodecID, f.FourCC)).whole("size_bytes", int64(now.Size)).text("problem", now.Err)
		}
	}
	back := ct.note(fingerprint(now))
	c.audioSettings(t, tr, now)
	if before == nil || !since {
		return
	}
	if now.Codec != before.Codec && tr.Codec == before.Codec {
		return // the first frame of the new codec says so
	}
	what, from, to := difference(before, now)
	if what == "" {
		return
	}
	c.change(t, tr, what, from, to)
	if back {
		c.alternating(t, tr)
	}
}

// note counts a sequence header among the distinct ones of the track; back
// means that it was there before.
func (ct *codecsTrack) note(print uint64) (back bool) {
	for _, have := range ct.seen {
		if have == print {
			ct.returns++
			return true
		}
	}
	if len(ct.seen) < maxConfigs {
		ct.seen = append(ct.seen, print)
	}
	return false
}

// fingerprint is FNV-1a over the record.
func fingerprint(c *flv.Config) uint64 {
	h := uint64(14695981039346656037)
	add := func(b byte) { h = (h ^ uint64(b)) * 1099511628211 }
	add(byte(c.Codec))
	for _, b := range c.Raw {
		add(b)
	}
	if len(c.Raw) == 0 {
		for _, v := range [...]int{c.Width, c.Height, c.SampleRate, c.Channels} {
			add(byte(v >> 16))
			add(byte(v >> 8))
			add(byte(v))
		}
	}
	return h
}

// difference names the most telling difference of two sequence headers; empty
// where nothing that a decoder goes by differs.
func difference(a, b *flv.Config) (what, from, to string) {
	size := func(c *flv.Config) string { return strconv.Itoa(c.Width) + "x" + strconv.Itoa(c.Height) }
	switch {
	case a.Codec != b.Codec:
		return "codec", a.Codec.String(), b.Codec.String()
	case a.Err != "" || b.Err != "":
		if bytes.Equal(a.Raw, b.Raw) {
			return "", "", ""
		}
		return "parameter sets", "", ""
	case a.Width != b.Width || a.Height != b.Height:
		return "resolution", size(a), size(b)
	case a.Profile != b.Profile:
		return "profile", a.Profile, b.Profile
	case a.Level != b.Level:
		return "level", a.Level, b.Level
	case a.Chroma != b.Chroma:
		return "chroma format", a.Chroma, b.Chroma
	case a.BitDepth != b.BitDepth:
		return "bit depth", strconv.Itoa(a.BitDepth), strconv.Itoa(b.BitDepth)
	case a.SampleRate != b.SampleRate:
		return "sample rate", hertz(a.SampleRate), hertz(b.SampleRate)
	case a.Channels != b.Channels:
		return "channels", strconv.Itoa(a.Channels), strconv.Itoa(b.Channels)
	case a.Codec == flv.AAC && a.ObjectType == b.ObjectType && a.CoreRate == b.CoreRate:
		return "", "", "" // the same settings, written another way
	case bytes.Equal(a.Raw, b.Raw):
		return "", "", ""
	}
	return "parameter sets", "", ""
}

//go:noinline
func hertz(v int) string { return strconv.FormatFloat(float64(v)/1000, 'f', -1, 64) + " kHz" }

// The kinds of change, so that each folds by itself.
var changes = [...]string{"codec", "resolution", "profile", "level", "chroma format", "bit depth", "sample rate", "channels", "parameter sets"}

func (c *codecs) change(t *flv.Tag, tr *Track, what, from, to string) {
	cause := uint8(0)
	for i, name := range changes {
		if name == what {
			cause = uint8(i)
		}
	}
	h := c.changed.hit(cause, tr, at(t, tr))
	if h == nil || h.count > 1 {
		return
	}
	h.reset().text("track", tr.Name).text("changed", what)
	if from != "" && to != "" {
		h.text("before", from).text("after", to)
	}
}

// alternating tells configurations that take turns: two qualities that share
// one track, as when two encoders push to one address.
func (c *codecs) alternating(t *flv.Tag, tr *Track) {
	if tr.codecs.returns < 2 {
		return
	}
	n := int64(len(tr.codecs.seen))
	h, limit := c.qualities.judge(c.qualityLimit(tr.Kind), float64(n), 1, tr, at(t, tr))
	if h != nil {
		h.reset().text("track", tr.Name).whole("qualities", n).whole("limit", int64(limit)).text("how", "alternating configurations")
	}
}

func (c *codecs) qualityLimit(k Kind) *profile.Limit {
	if k == Video {
		return &c.p.Profile.VideoQualities
	}
	return &c.p.Profile.AudioQualities
}

// severalTracks judges the number of tracks when one more begins.
func (c *codecs) severalTracks(t *flv.Tag, tr *Track) {
	n := c.tracks[tr.Kind]
	if n < 2 {
		return
	}
	h, limit := c.qualities.judge(c.qualityLimit(tr.Kind), float64(n), 2+uint8(tr.Kind), nil, at(t, tr))
	if h == nil {
		return
	}
	name := "video"
	if tr.Kind == Audio {
		name = "audio"
	}
	h.reset().text("track", name).whole("qualities", n).whole("limit", int64(limit)).text("how", "multitrack")
	if seen := c.tracksSeen(tr.Kind); seen != "" {
		h.text("seen", seen)
	}
}

// tracksSeen lists the first tracks of a kind.
func (c *codecs) tracksSeen(k Kind) string {
	var list []string
	for _, tr := range c.p.Stream.Tracks {
		cfg := tr.codecs.last
		if tr.Kind != k || cfg == nil || len(list) == 8 {
			continue
		}
		switch {
		case cfg.Width > 0:
			list = append(list, strconv.Itoa(cfg.Width)+"x"+strconv.Itoa(cfg.Height))
		case cfg.SampleRate > 0:
			list = append(list, cfg.Codec.String()+" "+hertz(cfg.SampleRate))
		}
	}
	return join(list)
}

// audioSettings holds an audio configuration against what the profile takes.
func (c *codecs) audioSettings(t *flv.Tag, tr *Track, cfg *flv.Config) {
	p := c.p.Profile
	if tr.Kind != Audio || cfg.Err != "" || !p.AudioCodecs.Takes(supportName(cfg.Codec)) {
		return
	}
	note := func(cause uint8, sev diag.Severity, basis diag.Basis, property, got, accepted string) {
		h := c.audio.hitAs(sev, basis, cause, tr, at(t, tr))
		if h != nil && h.count == 1 {
			h.reset().text("property", property).text("got", got).text("accepted", accepted)
		}
	}
	if l := &p.AudioRates; cfg.SampleRate > 0 && !l.Takes(cfg.SampleRate) {
		var list []string
		for _, v := range l.Values {
			list = append(list, hertz(v))
		}
		note(0, l.Severity, l.Basis, "sample rate", hertz(cfg.SampleRate), join(list))
	}
	if sev, limit, basis := p.AudioChannels.Judge(float64(cfg.Channels)); sev != diag.Off {
		note(1, sev, basis, "channel count", strconv.Itoa(cfg.Channels), "at most "+whole(limit))
	}
	if l := &p.AACTypes; cfg.Codec == flv.AAC && cfg.Profile != "" && !l.Takes(cfg.Profile) {
		note(2, l.Severity, l.Basis, "AAC type", cfg.Profile, join(l.Values))
	}
}

// Close judges what only the end shows.
func (c *codecs) Close(e *End) {
	var frames [2]int64
	var needs [2]bool
	nal := false
	for _, tr := range c.p.Stream.Tracks {
		frames[tr.Kind] += tr.Frames
		ct := &tr.codecs
		needs[tr.Kind] = needs[tr.Kind] || ct.needs || len(ct.seen) > 0
		nal = nal || tr.Codec == flv.AVC || tr.Codec == flv.HEVC
		if ct.bare == 0 || ct.has {
			continue
		}
		if h := c.missing[tr.Kind].hit(0, tr, ct.bareAt); h != nil {
			h.count, h.last = ct.bare, ct.bareEnd
			h.reset().text("codec", tr.CodecName()).whole("frames", ct.bare)
		}
	}
	for k, name := range [...]string{"video", "audio"} {
		if frames[k] == 0 {
			c.unsupported[k].na("there is no " + name)
		}
		switch {
		case frames[k] == 0:
			c.missing[k].na("there is no " + name)
			c.late[k].na("there is no " + name)
		case !needs[k]:
			c.missing[k].na("the " + name + " codec needs none")
			c.late[k].na("the " + name + " codec needs none")
		}
	}
	if !nal {
		c.nal.na("there is no H.264 and no HEVC")
	}
	if frames[Video]+frames[Audio] == 0 {
		c.malformed.na("there is no audio and no video")
		c.changed.na("there is no audio and no video")
	}
	p := c.p.Profile
	if frames[Audio] == 0 {
		c.audio.na("there is no audio")
	} else if p.AudioRates.Values == nil && p.AACTypes.Values == nil && !p.AudioChannels.Set() {
		c.audio.na("the profile sets no limit")
	}
	if !p.VideoQualities.Set() && !p.AudioQualities.Set() {
		c.qualities.na("the profile sets no limit")
	}
}
