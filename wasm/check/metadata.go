package check

import (
	"strconv"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/profile"
)

var metadataRules = []string{"metadata-missing", "metadata-late", "metadata-malformed", "metadata-mismatch", "bitrate-mismatch"}

// minRateMS is the media time from which a track's mean rate says something
// about its declared rate: below it a single key frame outweighs the rest. It
// is the same time that a rate has to stay above a limit to count.
const minRateMS = 5000

// metaTrack is a track's state.
type metaTrack struct {
	due bool // the next frame is held against the metadata
}

// metadata checks the script messages (FLV 10.1 E.4.4, E.5).
type metadata struct {
	none
	p *Pass

	missing, late, malformed, mismatch, bitrate *rule

	first    *flv.Script
	declared Declared // of the last onMetaData
	count    int64
	unread   bool // a script message without a readable name
	found    uint // properties that differ, as bits
}

func newMetadata(p *Pass) *metadata {
	return &metadata{
		p:       p,
		missing: p.rule("metadata-missing"), late: p.rule("metadata-late"), malformed: p.rule("metadata-malformed"),
		mismatch: p.rule("metadata-mismatch"), bitrate: p.rule("bitrate-mismatch"),
	}
}

// Other takes script messages.
func (m *metadata) Other(t *flv.Tag, f *flv.Frame, _ *Track) {
	s := f.Script
	if f.Kind != flv.ScriptData || s == nil {
		return
	}
	if s.Err != nil {
		m.broken(t, s)
	}
	if s.Name != "onMetaData" {
		if s.Name == "" {
			m.unread = true
		}
		return
	}
	if m.count++; m.count == 1 {
		m.first = s
		m.tooLate(t)
	}
	m.declared = declare(s)
	m.declared.at = at(t, nil)
	st := m.p.Stream
	st.declaredFPS = m.declared.FrameRate
	st.declaredVideo, st.declaredAudio = m.declared.hasVideo, m.declared.hasAudio
	for _, tr := range st.Main {
		if tr != nil {
			tr.meta.due = true
		}
	}
}

func (m *metadata) broken(t *flv.Tag, s *flv.Script) {
	h := m.malformed.hit(0, nil, at(t, nil))
	if h == nil || h.count > 1 {
		return
	}
	if s.Name != "" {
		h.text("name", clip(s.Name, 64))
	}
	h.text("problem", s.Err.Reason).whole("problem_offset", t.Offset+11+int64(s.Err.Offset))
	if names := namesOf(s); names != "" {
		h.text("read", names)
	}
}

// namesOf lists the properties that were read, in at most 120 bytes.
func namesOf(s *flv.Script) string {
	var b []byte
	for i := range s.Values {
		for j := range s.Values[i].Props {
			name := clip(s.Values[i].Props[j].Name, 32)
			if len(b)+len(name) > 120 {
				return string(append(b, ", ..."...))
			}
			if len(b) > 0 {
				b = append(b, ", "...)
			}
			b = append(b, name...)
		}
	}
	return string(b)
}

// clip shortens a text to about n bytes, at the start of a character.
//
//go:noinline
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n] + "..."
}

// tooLate tells metadata behind coded media. Sequence headers in front of it
// are common and harm nobody.
func (m *metadata) tooLate(t *flv.Tag) {
	st := m.p.Stream
	var first, last int64
	seen := false
	for _, tr := range st.Tracks {
		if tr.Frames == 0 {
			continue
		}
		if !seen || tr.FirstMS < first {
			first = tr.FirstMS
		}
		if !seen || tr.LastMS > last {
			last = tr.LastMS
		}
		seen = true
	}
	if !seen {
		return
	}
	if h := m.late.hit(0, nil, at(t, nil)); h != nil {
		h.reset().whole("media_tags", st.AudioTags+st.VideoTags).whole("late_ms", max(last-first, 0))
	}
}

// The properties of metadata-mismatch.
const (
	propWidth = iota
	propHeight
	propFrameRate
	propVideoCodec
	propAudioCodec
	propSampleRate
	propChannels
)

var propNames = [...]string{"width", "height", "frame rate", "video codec", "audio codec", "sample rate", "channels"}

// differ notes a property in which metadata and stream differ. The first one
// makes the finding, the others go along with it.
func (m *metadata) differ(prop uint, declared, measured string, tolerance float64) {
	if m.found&(1<<prop) != 0 {
		return
	}
	m.found |= 1 << prop
	f := m.mismatch.hit(0, nil, m.declared.at)
	if f == nil {
		return
	}
	if f.count == 1 {
		f.reset().text("property", propNames[prop]).text("declared", declared).text("measured", measured)
		if tolerance > 0 {
			f.number("tolerance_percent", tolerance)
		}
		return
	}
	text := propNames[prop] + " " + declared + " (" + measured + " in the stream)"
	if others, ok := f.args.Get("others"); ok {
		text = others.Text + ", " + text
		f.args = f.args[:len(f.args)-1]
	}
	f.text("others", text)
}

// Coded holds the first frame after the metadata, or after the first sequence
// header, against the metadata.
func (m *metadata) Coded(_ *flv.Tag, f *flv.Frame, tr *Track) {
	tr.meta.due = false
	if m.count == 0 || m.p.Stream.Main[tr.Kind] != tr {
		return
	}
	d := &m.declared
	if tr.Kind == Video {
		if d.VideoCodec != flv.UnknownCodec && f.Codec != flv.UnknownCodec && d.VideoCodec != f.Codec {
			m.differ(propVideoCodec, d.VideoCodec.String(), f.Codec.String(), 0)
		}
		if c := tr.Config; c != nil && c.Width > 0 && c.Height > 0 {
			if d.Width > 0 && d.Width != float64(c.Width) && d.Width != float64(c.CodedWidth) {
				m.differ(propWidth, whole(d.Width), strconv.Itoa(c.Width), 0)
			}
			if d.Height > 0 && d.Height != float64(c.Height) && d.Height != float64(c.CodedHeight) {
				m.differ(propHeight, whole(d.Height), strconv.Itoa(c.Height), 0)
			}
		}
		return
	}
	if d.AudioCodec != flv.UnknownCodec && f.Codec != flv.UnknownCodec && !sameAudio(d.AudioCodec, f.Codec) {
		m.differ(propAudioCodec, d.AudioCodec.String(), f.Codec.String(), 0)
		return
	}
	m.audio(f, tr)
}

// sameAudio forgives ids that name the same coding.
func sameAudio(a, b flv.Codec) bool {
	if a == flv.MP3At8k {
		a = flv.MP3
	}
	if b == flv.MP3At8k {
		b = flv.MP3
	}
	pcm := func(c flv.Codec) bool { return c == flv.PCMPlatform || c == flv.PCMLittle }
	return a == b || pcm(a) && pcm(b)
}

//go:noinline
func whole(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// audio compares sample rate and channels.
func (m *metadata) audio(f *flv.Frame, tr *Track) {
	d := &m.declared
	rates, channels := carried(f, tr)
	if declared := d.SampleRate; declared > 0 && rates[0] > 0 {
		if declared < 200 {
			declared *= 1000 // in kHz, as some encoders write it
		}
		near := false
		for _, r := range rates {
			near = near || declared > 0.98*float64(r) && declared < 1.02*float64(r)
		}
		if !near {
			m.differ(propSampleRate, whole(d.SampleRate)+" Hz", strconv.Itoa(rates[0])+" Hz", 0)
		}
	}
	if channels == 0 {
		return
	}
	// FFmpeg writes stereo: false for 5.1; a mono AAC track of 24 kHz or less may
	// become stereo by parametric stereo that its configuration does not mention.
	hidden := channels == 1 && tr.Config != nil && tr.Config.CoreRate <= 24000
	switch {
	case d.Channels > 0 && d.Channels != float64(channels):
		if !(hidden && d.Channels == 2) && !(channels == 2 && psStereo(tr) && d.Channels == 1) {
			m.differ(propChannels, whole(d.Channels), strconv.Itoa(channels), 0)
		}
	case d.Channels > 0:
	case d.Stereo > 0 && channels == 1 && !hidden:
		m.differ(propChannels, "stereo", "1", 0)
	case d.Stereo < 0 && channels == 2 && !psStereo(tr):
		m.differ(propChannels, "not stereo", "2", 0)
	}
}

// psStereo reports whether the track's two channels come from parametric stereo.
func psStereo(tr *Track) bool { return tr.Config != nil && tr.Config.Profile == "HE-AAC v2" }

// carried is what the stream itself says: sample rates that may rightly be
// declared for it, and channels; 0 where it does not say.
func carried(f *flv.Frame, tr *Track) (rates [2]int, channels int) {
	if c := tr.Config; c != nil && c.SampleRate > 0 {
		rates[0], rates[1], channels = c.SampleRate, c.CoreRate, c.Channels
		if c.CoreRate > 0 && c.CoreRate <= 24000 && c.SampleRate == c.CoreRate {
			rates[1] = 2 * c.CoreRate // SBR that the configuration does not mention
		}
		return rates, channels
	}
	if rates[0], channels = headerRate(f.Codec, f.AudioHeader, f.Enhanced); f.Codec == flv.MP3 && rates[0] == 44100 {
		rates[1] = 48000 // the header has no value for it
	}
	return rates, channels
}

// headerRate reads sample rate in Hz and channels from a legacy audio header
// (FLV 10.1 E.4.2.1); 0 for the formats for which its fields mean nothing.
func headerRate(c flv.Codec, header uint8, enhanced bool) (rate, channels int) {
	if enhanced {
		return 0, 0
	}
	switch c {
	case flv.MP3, flv.PCMPlatform, flv.PCMLittle, flv.ADPCM, flv.Nellymoser:
		return [...]int{5512, 11025, 22050, 44100}[header>>2&3], 1 + int(header&1)
	case flv.MP3At8k, flv.Nellymoser8k, flv.G711A, flv.G711Mu:
		return 8000, 1 + int(header&1)
	case flv.Nellymoser16k, flv.Speex:
		return 16000, 1
	}
	return 0, 0
}

// HeaderRate is what the track's legacy audio header says of sample rate and
// channels, 0 where it says nothing.
func (tr *Track) HeaderRate() (rate, channels int) {
	return headerRate(tr.Codec, tr.AudioHeader, tr.Enhanced)
}

// Close judges what only the whole recording shows.
func (m *metadata) Close(e *End) {
	st := m.p.Stream
	if st.Main[Video] == nil && st.Main[Audio] == nil {
		for _, r := range [...]*rule{m.missing, m.late, m.mismatch, m.bitrate} {
			r.na("there is no audio and no video")
		}
		if st.ScriptTags == 0 {
			m.malformed.na("there is no script message")
		}
		return
	}
	if m.count == 0 {
		m.absent(e)
		for _, r := range [...]*rule{m.late, m.mismatch, m.bitrate} {
			r.na("there is no onMetaData")
		}
		if st.ScriptTags == 0 {
			m.malformed.na("there is no script message")
		}
		return
	}
	m.frameRate()
	m.rates(e)
}

func (m *metadata) absent(e *End) {
	if m.unread {
		m.missing.na("a script message that may be it cannot be read")
		return
	}
	if e.Cut {
		m.missing.open = true
		return
	}
	videos := int64(0)
	for _, tr := range m.p.Stream.Tracks {
		if tr.Kind == Video && tr.Frames > 0 {
			videos++
		}
	}
	sev, basis := m.missing.sev, m.missing.basis
	if n := &m.p.Profile.MetadataSeveral; videos > 1 && n.Severity != diag.Off {
		sev, basis = n.Severity, n.Basis
	}
	if f := m.missing.hitAs(sev, basis, 0, nil, nowhere); f != nil && videos > 1 {
		f.reset().whole("qualities", videos)
	}
}

// frameRate compares the declared frame rate. The mean and the usual distance
// of frames must both contradict it: dropped frames change only the one, an
// uneven rhythm only the other.
func (m *metadata) frameRate() {
	tr, want := m.p.Stream.Main[Video], m.declared.FrameRate
	if tr == nil || want == 0 || tr.steadyN < 10 || tr.steadyMS < 1000 {
		return
	}
	tolerance := m.p.Profile.MetadataFPS
	off := func(got float64) bool { return got > want*(1+tolerance/100) || got < want*(1-tolerance/100) }
	if got := tr.FrameRate(); off(got) && off(tr.TypicalRate()) {
		m.differ(propFrameRate, fps(want), fps(got), tolerance)
	}
}

func fps(v float64) string {
	s := strconv.FormatFloat(v, 'f', 2, 64)
	for s[len(s)-1] == '0' {
		s = s[:len(s)-1]
	}
	if s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	return s + " fps"
}

// rates compares the declared data rates.
func (m *metadata) rates(e *End) {
	judged, short := false, false
	for k, declared := range [...]float64{m.declared.VideoKbps, m.declared.AudioKbps} {
		tr := m.p.Stream.Main[k]
		if declared == 0 || tr == nil {
			continue
		}
		span := tr.SpanMS()
		if span < minRateMS {
			short = true
			continue
		}
		judged = true
		measured := float64(tr.Bytes) * 8 / span
		if factor, _ := apart(measured, declared); within(&m.p.Profile.RateFactor, factor) {
			continue
		}
		// In a push of several tracks the declared rate may be that of all together.
		if all := m.together(Kind(k)); all != tr.Bytes {
			if factor, _ := apart(float64(all)*8/span, declared); within(&m.p.Profile.RateFactor, factor) {
				continue
			}
		}
		factor, ratio := apart(measured, declared)
		where := m.declared.at
		where.Track = tr.Name
		f, limit := m.bitrate.judge(&m.p.Profile.RateFactor, factor, uint8(k), tr, where)
		if f == nil {
			continue
		}
		f.reset().text("track", tr.Name).number("declared_kbps", round(declared, 1)).number("measured_kbps", round(measured, 1)).number("ratio", round(ratio, 2)).number("limit_ratio", limit)
	}
	switch {
	case judged:
	case e.Cut:
		m.bitrate.open = true
	case short:
		m.bitrate.na("there are less than 5 s of media to measure")
	default:
		m.bitrate.na("onMetaData declares no data rate")
	}
}

// together is the bytes of all tracks of a kind.
func (m *metadata) together(k Kind) (n int64) {
	for _, tr := range m.p.Stream.Tracks {
		if tr.Kind == k {
			n += tr.Bytes
		}
	}
	return n
}

// apart is by what factor two rates differ, up or down. "At least twice" counts
// the limit itself, which a threshold that must be exceeded does not.
func apart(measured, declared float64) (factor, ratio float64) {
	ratio = measured / declared
	factor = ratio
	if factor < 1 {
		factor = 1 / max(ratio, 1e-6)
	}
	return factor * (1 + 1e-9), ratio
}

//go:noinline
func within(l *profile.Limit, v float64) bool {
	sev, _, _ := l.Judge(v)
	return sev == diag.Off
}

// lowest is the threshold from which a limit of the profile is judged, 0 for none.
//
//go:noinline
func lowest(l *profile.Limit) float64 {
	v, _ := l.Lowest()
	return v
}

// round rounds to a number of decimals, so that reports stay readable.
//
//go:noinline
func round(v float64, decimals int) float64 {
	scale := 1.0
	for range decimals {
		scale *= 10
	}
	if v < 0 {
		return -float64(int64(-v*scale+0.5)) / scale
	}
	return float64(int64(v*scale+0.5)) / scale
}
