// Package profile holds what each platform publishes about its ingest: codecs,
// sizes, rates, key frame intervals, the form of its URL. It is the one source
// for checks, the URL linter and the pages. Every number says on whose word it
// rests and where that was read; what a platform does not publish is our
// default (basis "ours") and is never presented as the platform's.
package profile

import (
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// Source is the page or file that a limit was read from.
type Source struct {
	Title   string // with the date of the page where it has one
	URL     string // empty where there is none to link
	Checked string // day we last looked, ISO 8601
}

// Level is one threshold of a Limit.
type Level struct {
	At    float64    // in the limit's unit; 0 means no such threshold
	Basis diag.Basis // on whose word
}

// Limit holds one measured number against up to three thresholds. The highest
// one that the value exceeds gives the severity.
type Limit struct {
	Advised Level // above it: nothing by itself; shown beside the finding and on the page
	Info    Level // above it: info
	Warn    Level // above it: warning
	Error   Level // above it: error
	From    bool  // the highest threshold itself already counts ("from 36", not "above 36")
	// Slack is the part of a threshold that is forgiven for rounding and an
	// encoder's ordinary overshoot: 0.01 lets 30.3 pass a limit of 30.
	Slack float64
	Source
	Text string // the limit in words; made from the numbers where empty
	Note string // what the numbers alone do not say
}

// Judge gives the severity of a measured value, the threshold that it exceeds
// (without the slack) and that threshold's basis. A value within the limit is
// diag.Off; the threshold is then the lowest one there is, 0 where none is set.
func (l *Limit) Judge(v float64) (sev diag.Severity, limit float64, basis diag.Basis) {
	from := l.From
	for i, t := range [...]Level{l.Error, l.Warn, l.Info} {
		if t.At == 0 {
			continue
		}
		if v > t.At*(1+l.Slack) || from && v >= t.At*(1-l.Slack) {
			return diag.Error - diag.Severity(i), t.At, t.Basis
		}
		from = false
	}
	limit, basis = l.Lowest()
	return diag.Off, limit, basis
}

// Lowest is the lowest threshold above which a finding is raised, 0 where the
// profile sets none.
func (l *Limit) Lowest() (at float64, basis diag.Basis) {
	for _, v := range [...]Level{l.Info, l.Warn, l.Error} {
		if v.At > 0 {
			return v.At, v.Basis
		}
	}
	return 0, diag.Ours
}

// Set reports whether the profile has any threshold for this.
func (l *Limit) Set() bool { at, _ := l.Lowest(); return at > 0 }

// List is a list of what a platform takes. A nil Values takes anything.
type List struct {
	Values   []string      // codec names as flv.Codec.String gives them, AAC object types, ...
	Severity diag.Severity // of a value that is not in it
	Basis    diag.Basis
	Source
	Note string
}

// Takes reports whether the platform takes the value.
func (l *List) Takes(value string) bool {
	if l.Values == nil {
		return true
	}
	for _, v := range l.Values {
		if v == value {
			return true
		}
	}
	return false
}

// Numbers is a List of whole numbers, such as sample rates in Hz.
type Numbers struct {
	Values   []int
	Severity diag.Severity
	Basis    diag.Basis
	Source
	Note string
}

// Takes reports whether the platform takes the number.
func (n *Numbers) Takes(value int) bool {
	if n.Values == nil {
		return true
	}
	for _, v := range n.Values {
		if v == value {
			return true
		}
	}
	return false
}

// Size is the largest picture a platform takes, in coded pixels: 1080 lines are
// coded as 1088, so a limit of 1080 lines is kept as 1088 and a picture of
// 1920x1080 never exceeds it.
type Size struct {
	Width, Height int // 0 means no limit
	Severity      diag.Severity
	Basis         diag.Basis
	Source
	Text string // how the platform words it
	Note string
}

// Within reports whether a coded size fits. The long side is held against the
// long side and the short one against the short one: platforms publish their
// limits for a wide picture, and none says that an upright picture of the same
// number of pixels is refused.
func (s *Size) Within(width, height int) bool {
	if s.Width == 0 || s.Height == 0 {
		return true
	}
	long, short := width, height
	if short > long {
		long, short = short, long
	}
	maxLong, maxShort := s.Width, s.Height
	if maxShort > maxLong {
		maxLong, maxShort = maxShort, maxLong
	}
	return long <= maxLong && short <= maxShort
}

// Need says whether a platform needs (or advises against) something.
type Need struct {
	Severity diag.Severity // of a stream that does not meet it; Off means that the platform does not care
	Basis    diag.Basis
	Source
	Note string
}

// Override changes a rule's severity for one profile. Off switches it off.
type Override struct {
	Rule     string
	Severity diag.Severity
	Basis    diag.Basis
	Source
	Note string // why
}

// Profile is one platform in one mode.
type Profile struct {
	ID       string // azure-live-encoding; see RULES.md and facts/README.md
	Name     string // Azure Media Services, live encoding
	Platform string // folder of its codes: azure-media-services; empty for none
	Short    string // how a sentence names it: Azure, YouTube, Most platforms
	Summary  string // one or two sentences for the picker
	Retired  string // day the service ended, ISO 8601; empty while it runs
	Instead  string // where to go after that, one sentence

	// Codecs.
	VideoCodecs List // "H.264", "HEVC", "AV1", ...
	AudioCodecs List // "AAC", "MP3", "Opus", ...
	Enhanced    Need // Severity of Enhanced RTMP headers as such; Off: taken or not known to be refused

	// AAC, rule audio-config-mismatch.
	AACTypes      List    // names as flv.Config.Profile gives them: "LC", "HE-AAC", "HE-AAC v2"
	AudioRates    Numbers // Hz, of the output
	AudioChannels Limit   // most channels

	// Qualities, rule qualities-exceeded: most video and audio tracks or
	// configurations in one push; 0 means no limit.
	VideoQualities Limit
	AudioQualities Limit

	// Picture and rates.
	Resolution    Size
	FrameRate     Limit   // frames a second
	TotalKbps     Limit   // video and audio together, over BitrateWindow
	VideoKbps     Limit   // the same for video alone
	AudioKbps     Limit   // the same for audio alone
	BitrateWindow float64 // ms that a rate must stay above its limit
	BFrames       Need    // Severity of B-frames where the platform advises against them

	// Key frames.
	KeyframeMS        Limit // interval in ms; Advised is the platform's recommendation
	KeyframeBytes     Limit // video bytes since the last key frame
	KeyframeIrregular Limit // longest interval divided by the median

	// Time.
	TimestampJump Limit // ms ahead of the track's own cadence while the other track goes on
	IdleGap       Limit // ms without any tag
	Drift         Limit // ms that audio and video timestamps drift apart over the recording
	Interleave    Limit // ms between audio and video that stand next to each other in the file
	ClockPercent  Limit // percent that a track's timestamps run faster or slower than its samples
	ClockWindow   float64
	AudioBacklog  Limit // ms that audio runs ahead of the video around it
	Composition   Limit // ms between decoding and showing a frame; below 0 is an error by itself

	Arrival *Arrival // of a live push

	// Sizes of one tag, in bytes.
	VideoFrame Limit
	AudioFrame Limit

	// Metadata.
	MetadataSeveral Need    // metadata-missing where several bitrates are pushed
	RateFactor      Limit   // bitrate-mismatch: measured / declared, or declared / measured, from this on
	MetadataFPS     float64 // percent that the declared frame rate may be off

	// Tracks that the platform needs, rule track-missing.
	NeedVideo, NeedAudio Need

	// Probes.
	ProbeSlow Limit // ms of one stage

	Overrides []Override
	URL       URLForm
}

// Arrival is what a live push is held against: when its data comes. All in ms
// of the clock on the wall.
type Arrival struct {
	Burst    Limit // media ahead of real time
	Stall    Limit // media behind real time, for stallMS and longer
	Jitter   Limit // how unevenly data comes: the usual distance between the latest and the earliest within some seconds
	VideoGap Limit // between two video frames
	AudioGap Limit // between two audio frames
	FirstKey Limit // from publish to the first key frame
}

// Severity is what a rule means under this profile where no measured value
// grades it: the profile's override, else the rule's default.
func (p *Profile) Severity(rule string) (diag.Severity, diag.Basis) {
	for i := range p.Overrides {
		if o := &p.Overrides[i]; o.Rule == rule {
			return o.Severity, o.Basis
		}
	}
	if m, ok := rules.MetaOf(rule); ok {
		return m.Severity, m.Basis
	}
	return diag.Warning, diag.Ours
}

// All are the profiles in the order of the picker.
func All() []*Profile { return all }

// ByID finds a profile.
func ByID(id string) (*Profile, bool) {
	for _, p := range all {
		if p.ID == id {
			return p, true
		}
	}
	return nil, false
}

// Default is the profile used where none is chosen: what holds for RTMP ingest
// anywhere.
func Default() *Profile { return generic }
