package diag

// Format names the report's JSON form. The number rises when a field changes
// its meaning or goes away, not when one is added.
const Format = "ingestdoctor.report/1"

// Input states.
const (
	StateReading   = "reading"   // a partial report, more to come
	StateComplete  = "complete"  // read to its end
	StateTruncated = "truncated" // read to its end, which is inside a tag
	StateCancelled = "cancelled" // stopped by the person
	StateFailed    = "failed"    // reading failed part of the way (the file changed or vanished)
)

// Report is the one form of every result: page, command line, API and shared diagnosis.
type Report struct {
	Format   string    `json:"format"`
	Kind     string    `json:"kind"` // flv, url, log, probe, live
	Tool     Tool      `json:"tool"`
	Profile  Profile   `json:"profile"`
	Input    Input     `json:"input"`
	Verdict  Verdict   `json:"verdict"`
	Media    *Summary  `json:"media,omitempty"`
	Series   *Series   `json:"series,omitempty"`
	Checks   []Check   `json:"checks"`
	Findings []Finding `json:"findings"` // by severity, then position
}

// Tool says what made the report.
type Tool struct {
	Name    string `json:"name"` // ingestdoctor
	Version string `json:"version"`
	RuleSet int    `json:"rule_set"` // rises with every added or changed rule
}

// Input says what was read.
type Input struct {
	Name   string `json:"name,omitempty"`
	Bytes  int64  `json:"bytes"`      // size, -1 when unknown (a pipe)
	Read   int64  `json:"bytes_read"` // how much of it was analysed
	State  string `json:"state"`
	Detail string `json:"detail,omitempty"` // why it was cut short, for a person
}

// Verdict is the answer in one or two sentences.
type Verdict struct {
	Severity Severity `json:"severity"`       // the worst finding's; off when there is none
	Headline string   `json:"headline"`       // "Azure would refuse this: no key frame for 20 s at 0:14"
	Next     string   `json:"next,omitempty"` // what to do now
	Errors   int      `json:"errors"`         // findings of each severity
	Warnings int      `json:"warnings"`
	Infos    int      `json:"infos"`
}

// Check is what became of one rule.
type Check struct {
	Rule  string `json:"rule"`
	State string `json:"state"` // passed, raised, not-applicable, off, stopped
	Why   string `json:"why,omitempty"`
}

// Check states.
const (
	CheckPassed  = "passed"
	CheckRaised  = "raised"
	CheckNA      = "not-applicable" // the input has nothing that the rule could judge
	CheckOff     = "off"            // the profile switches the rule off
	CheckStopped = "stopped"        // the input ended, or was cancelled, before the rule could say
)

// Profile is a platform's profile as a report and a page show it.
type Profile struct {
	ID       string  `json:"id"`       // azure-live-encoding
	Name     string  `json:"name"`     // Azure Media Services, live encoding
	Platform string  `json:"platform"` // azure-media-services
	Short    string  `json:"short"`    // Azure: how a sentence names the platform
	Summary  string  `json:"summary,omitempty"`
	Retired  string  `json:"retired,omitempty"` // day the service ended, ISO 8601
	Instead  string  `json:"instead,omitempty"` // where to go then, in a sentence
	Limits   []Limit `json:"limits,omitempty"`
}

// Limit is one number or list that a profile holds a stream against.
type Limit struct {
	ID      string   `json:"id"`             // keyframe-interval, resolution, video-codecs, ...
	Title   string   `json:"title"`          // Key frame interval
	Rules   []string `json:"rules"`          // which rules use it
	Unit    string   `json:"unit,omitempty"` // ms, bytes, kbps, fps, percent, px; empty for lists
	Advised float64  `json:"advised,omitempty"`
	Warn    float64  `json:"warn,omitempty"`   // above it: warning
	Error   float64  `json:"error,omitempty"`  // above it: error
	Values  []string `json:"values,omitempty"` // for lists: codecs, sample rates, 1920x1088
	Text    string   `json:"text"`             // the limit in words, with units
	Basis   Basis    `json:"basis"`
	Source  string   `json:"source,omitempty"` // title of the page that says so
	URL     string   `json:"url,omitempty"`
	Checked string   `json:"checked,omitempty"` // day we last looked, ISO 8601
	Note    string   `json:"note,omitempty"`
}

// Summary describes the media of a recording or a push.
type Summary struct {
	StartMS    int64      `json:"start_ms"`    // first media timestamp
	EndMS      int64      `json:"end_ms"`      // last media timestamp plus one frame where known
	DurationMS int64      `json:"duration_ms"` // EndMS - StartMS; more where the clock goes back on its way
	Tracks     []Track    `json:"tracks"`
	Bitrate    Rate       `json:"bitrate"`       // audio and video together, without FLV overhead
	GOP        *GOP       `json:"gop,omitempty"` // of the first video track
	Tags       TagCounts  `json:"tags"`
	Metadata   []Property `json:"metadata,omitempty"` // first onMetaData, flattened, bounded
	Encoder    string     `json:"encoder,omitempty"`  // as the metadata names it
	Enhanced   bool       `json:"enhanced_rtmp"`
}

// Track is one audio or video track.
type Track struct {
	Kind         string  `json:"kind"`              // video or audio
	ID           int     `json:"id"`                // Enhanced RTMP track id, else 0
	Codec        string  `json:"codec"`             // H.264, HEVC, AV1, AAC, Opus, ...
	CodecTag     string  `json:"codec_tag"`         // as the file says it: "7", "avc1", "mp4a"
	Profile      string  `json:"profile,omitempty"` // High, Main 10, LC, HE-AAC v2
	Level        string  `json:"level,omitempty"`   // 4.1
	Width        int     `json:"width,omitempty"`
	Height       int     `json:"height,omitempty"`
	ChromaFormat string  `json:"chroma_format,omitempty"` // 4:2:0
	BitDepth     int     `json:"bit_depth,omitempty"`
	FrameRate    float64 `json:"frame_rate,omitempty"`          // measured, frames a second
	DeclaredRate float64 `json:"declared_frame_rate,omitempty"` // onMetaData or SPS
	SampleRate   int     `json:"sample_rate,omitempty"`         // Hz
	Channels     int     `json:"channels,omitempty"`
	Frames       int64   `json:"frames"`
	KeyFrames    int64   `json:"key_frames,omitempty"`
	BFrames      bool    `json:"b_frames,omitempty"`
	Bytes        int64   `json:"bytes"` // coded bytes
	Bitrate      Rate    `json:"bitrate"`
	Declared     float64 `json:"declared_kbps,omitempty"` // onMetaData's data rate
	FirstMS      int64   `json:"first_ms"`
	LastMS       int64   `json:"last_ms"`
	Configs      int     `json:"configs"` // distinct sequence headers
}

// Rate is a bitrate in kbit/s (1,000 bit).
type Rate struct {
	Mean float64 `json:"mean_kbps"`
	Peak float64 `json:"peak_kbps"` // highest over one second of media time
}

// GOP sums up the key frame intervals, in milliseconds.
type GOP struct {
	Count    int64 `json:"count"` // closed intervals
	MinMS    int64 `json:"min_ms"`
	MedianMS int64 `json:"median_ms"`
	MaxMS    int64 `json:"max_ms"`
	OpenMS   int64 `json:"open_ms"` // from the last key frame to the end
}

// TagCounts counts tags by kind.
type TagCounts struct {
	Total   int64 `json:"total"`
	Audio   int64 `json:"audio"`
	Video   int64 `json:"video"`
	Script  int64 `json:"script"`
	Unknown int64 `json:"unknown"`
	Empty   int64 `json:"empty"`
}

// Property is one flattened metadata value.
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Series are the plots, in bounded memory: at most MaxPoints a series, the
// step doubling when they would not do.
type Series struct {
	StartMS int64 `json:"start_ms"` // media time of the first bucket
	StepMS  int64 `json:"step_ms"`  // width of a bucket, 1,000 ms times a power of two

	VideoKbps     Floats `json:"video_kbps"`      // mean over the bucket
	VideoPeakKbps Floats `json:"video_peak_kbps"` // highest second in it
	AudioKbps     Floats `json:"audio_kbps"`
	AudioPeakKbps Floats `json:"audio_peak_kbps"`
	FrameRate     Floats `json:"frame_rate"`

	// GOPStartMS and GOPLenMS are the key frame intervals: start and length. When
	// there are more than MaxPoints, neighbours merge into their longest.
	GOPStartMS []int64 `json:"gop_start_ms"`
	GOPLenMS   []int64 `json:"gop_len_ms"`

	// Audio minus video timestamp in file order, lowest and highest in the bucket.
	// A bucket with nothing to say holds null in JSON, NaN in Go.
	AVMinMS Floats `json:"av_min_ms"`
	AVMaxMS Floats `json:"av_max_ms"`

	// Timestamp against byte offset.
	ByteStep    int64  `json:"byte_step"`     // width of an offset bucket in bytes
	VideoByByte Floats `json:"video_by_byte"` // last video timestamp in the bucket, ms
	AudioByByte Floats `json:"audio_by_byte"`

	LeftOut int64 `json:"left_out"` // tags whose timestamps are too far off to plot
}

// MaxPoints bounds every series.
const MaxPoints = 1024
