// Package explain reads what a person pastes or drops: notifications of a
// platform, callbacks, API answers, logs of servers and encoders, any mixture
// of them. It says which known codes are in it, in which order things
// happened, which settings a log shows, and what the numbers say beyond the
// codes. It reads in chunks of any size in bounded memory, and everything that
// comes out has its secrets masked.
package explain

import (
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

// Options say what is read and against what.
type Options struct {
	// Profile is the platform that settings and rates are held against; nil takes
	// the one that the paste shows (Report.ProfileBy), else profile.Default.
	Profile *profile.Profile
	Name    string    // file name for the report; never a path. Redacted.
	Size    int64     // bytes, -1 when unknown
	Tool    diag.Tool // what makes the report
	// Tell writes the findings' texts and the verdict: rules.Tell wherever the
	// report is shown as it comes. The browser's program leaves it nil, and the
	// page tells the report, so that the texts are not loaded twice.
	Tell func(*diag.Report)
}

// Report is a report of the kind "log": the common form, and what a paste has
// besides. Every text in it has its secrets masked.
type Report struct {
	diag.Report // findings have their place in diag.Lines

	// ProfileBy is given (Options.Profile), paste (told from what was read) or
	// empty (nothing tells the platform: profile.Default).
	ProfileBy string
	Paste     Paste
	// Entries are what happened, in order; repeats of one thing fold into one
	// entry. At most MaxEntries; LeftOut counts the rest.
	Entries  []Entry
	LeftOut  int64
	Settings []Setting // what the log shows of the encoder's settings
}

// MaxEntries bounds Report.Entries.
const MaxEntries = 1000

// Paste describes the text as a whole.
type Paste struct {
	Kinds    []Kind
	Encoding string // utf-8, utf-16le or utf-16be
	Lines    int64  // physical lines; a last one without line end counts
	ANSI     bool   // terminal colours were in it, and were taken out
	Quoted   bool   // quoted as mail does (> at the start of lines)
	Wrapped  bool   // broken by a terminal or a mail: a match goes over a line end
	Cut      bool   // JSON ends in the middle
}

// Kind is one kind of text that was recognised.
type Kind struct {
	ID    string // azure-event-grid, tencent-callback, obs-log, ffmpeg-log, text, ...
	Name  string // for a person: "Azure Event Grid", "OBS Studio log"
	Lines int64  // how many lines are of it; for JSON the lines it spans
	Items int64  // events in JSON; 0 for a log
	First int    // line where it begins, from 1
}

// Entry is one thing that happened. Repeats fold: Count says how often, the
// Last fields where and when the last was.
type Entry struct {
	Time   string // as written, empty where the paste has none
	UnixMS int64  // milliseconds UTC since 1970; only with HasUnix. A log's local time is read as UTC, see Clock
	// HasUnix says that date and time are known.
	HasUnix bool
	// Clock is utc, local (a date without zone), day (a time of day without date),
	// seconds (since the program's start), or empty.
	Clock string

	Source   string // Kind.ID
	Level    string // error, warning, info: the code's severity; the finding's for a derived one
	Platform string // platform id of the code; empty for an entry without code
	Code     string // exact code
	Title    string // plain words
	URL      string // page of the code, or of the rule
	Rule     string // rule id of the finding that this belongs to; may be empty
	Text     string // excerpt of the line or the event, masked, at most 400 bytes
	Track    string // video or audio, where the event is about one

	First, Final int // lines, from 1, both ends included

	Count     int64
	LastTime  string
	LastUnix  int64
	LastFirst int // lines of the last repeat
	LastFinal int
}

// Setting is something that the paste shows of how the encoder is set up.
type Setting struct {
	ID     string // keyframe-interval, video-bitrate, audio-bitrate, rate-control, size, frame-rate, video-codec, audio-codec, sample-rate, channels, encoder, server, b-frames, program, service, preset, profile
	Label  string // Key frame interval
	Value  string // for a person, with its unit, masked
	Number float64
	Unit   string // rules.Unit of Number; empty where there is none
	Line   int    // where it was read last
	Source string // Kind.ID
	State  string // ok, info, warning, error against the profile; empty where it is not judged
	Limit  string // the profile's limit in words, where it was judged
}

// Explainer reads one paste. It is not safe for concurrent use.
type Explainer struct {
	opts  Options
	dec   decoder
	core  reader
	final *Report
}

// New returns an Explainer that has read nothing yet.
func New(o Options) *Explainer {
	e := &Explainer{opts: o}
	e.core.init()
	e.dec.out = &e.core
	return e
}

// Write takes the next bytes, in chunks of any size: the report is the same
// for any chunking. It keeps no reference to p and never fails. What comes
// after Close is ignored.
func (e *Explainer) Write(p []byte) (int, error) {
	if e.final == nil {
		e.dec.write(p)
	}
	return len(p), nil
}

// Lines is how many lines have been read.
func (e *Explainer) Lines() int64 { return e.core.line }

// Read is how many bytes have been read.
func (e *Explainer) Read() int64 { return e.dec.read }

// Close ends the input and returns the report. state is diag.StateComplete,
// StateCancelled or StateFailed; detail is for a person. A paste whose JSON ends
// in the middle becomes diag.StateTruncated by itself.
func (e *Explainer) Close(state, detail string) *Report {
	if e.final == nil {
		e.dec.close()
		e.final = e.report(state, detail)
	}
	return e.final
}

// Explain reads a whole text.
func Explain(text string, o Options) *Report {
	if o.Size == 0 {
		o.Size = int64(len(text))
	}
	e := New(o)
	_, _ = e.Write([]byte(text))
	return e.Close(diag.StateComplete, "")
}
