// Package check holds the checks of an FLV stream: each watches the tags go by
// and notes what a rule of wasm/rules describes. A check brings evidence only;
// how severe it is comes from the profile. State is bounded whatever the input,
// and a healthy tag allocates nothing.
package check

import (
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/rules"
)

// Observer is one running check. Its methods are called in file order, each with
// what concerns the check: Suite says which frames those are, because a call
// costs as much as all else that a healthy tag needs. The pointers are valid
// during the call, those to Track for the whole pass.
type Observer interface {
	// Header is called once with the file header.
	Header(h flv.Header)
	// Tag is called before the frames of a tag whose header is out of the ordinary.
	Tag(t *flv.Tag)
	// Coded is called with coded audio or video frames. The track stands as it
	// was before the frame, but for Delta.
	Coded(t *flv.Tag, f *flv.Frame, tr *Track)
	// Config is called with each sequence header, before the track takes it over.
	Config(t *flv.Tag, f *flv.Frame, tr *Track)
	// Other is called with every other frame: script data, malformed and empty
	// bodies, ends of sequence. tr is nil for script tags.
	Other(t *flv.Tag, f *flv.Frame, tr *Track)
	// PreviousTagSize and Garbage are the reader's (flv.Handler).
	PreviousTagSize(t *flv.Tag, offset int64, got uint32)
	Garbage(offset, n int64)
	// Close is called once at the end of the input.
	Close(e *End)
}

// End says how the input ended.
type End struct {
	Cut     bool      // cancelled or failed: what did not come may have been about to
	In      flv.State // what the next byte would have belonged to
	Read    int64     // bytes of that that are there
	Missing int64     // bytes of that that are not
	Offset  int64     // bytes read in all
}

// Check is one family of rules and the observer that raises them.
type Check struct {
	Family rules.Family
	Rules  []string // ids that its findings may have
	New    func(*Pass) Observer
}

// All are the checks in the order of the rules' pages.
func All() []Check {
	return []Check{
		{rules.Container, containerRules, func(p *Pass) Observer { return newContainer(p) }},
		{rules.Metadata, metadataRules, func(p *Pass) Observer { return newMetadata(p) }},
		{rules.Codecs, codecsRules, func(p *Pass) Observer { return newCodecs(p) }},
		{rules.Limits, limitsRules, func(p *Pass) Observer { return newLimits(p) }},
		{rules.Time, timeRules, func(p *Pass) Observer { return newTime(p) }},
		{rules.KeyFrames, keysRules, func(p *Pass) Observer { return newKeys(p) }},
	}
}

// watcher is what a live push adds to a Suite. It stands behind an interface so
// that a program that only reads recordings does not hold it: NewPush alone makes one.
type watcher interface {
	// tag is called before the suite takes the tag; it may move its timestamp.
	tag(t *flv.Tag, frames []flv.Frame)
	// silence is asked about a time of the media's clock in which nothing was sent,
	// and reports whether it has judged it.
	silence(from, to int64, where diag.Media) bool
	// close is called behind the checks.
	close(e *End)
}

// none is an Observer that ignores everything; the checks embed it.
type none struct{}

func (none) Header(flv.Header)                             {}
func (none) Tag(*flv.Tag)                                  {}
func (none) Coded(*flv.Tag, *flv.Frame, *Track)            {}
func (none) Config(*flv.Tag, *flv.Frame, *Track)           {}
func (none) Other(*flv.Tag, *flv.Frame, *Track)            {}
func (none) PreviousTagSize(t *flv.Tag, _ int64, _ uint32) {}
func (none) Garbage(_, _ int64)                            {}
func (none) Close(*End)                                    {}

// Suite runs every check over what a flv.Reader reads: it is the reader's
// Handler. The observers are called by their own types, without an interface
// between, because six of them see every tag.
type Suite struct {
	*Pass

	container *container
	metadata  *metadata
	codecs    *codecs
	limits    *limits
	time      *timing
	keys      *keys

	close  int64 // ms that one kind is behind the other from which it is judged
	notFLV bool
}

// NewSuite makes every check ready for one pass.
func NewSuite(p *Pass) *Suite {
	s := &Suite{
		Pass:      p,
		container: newContainer(p),
		metadata:  newMetadata(p),
		codecs:    newCodecs(p),
		limits:    newLimits(p),
		time:      newTime(p),
		keys:      newKeys(p),
	}
	seconds := &p.Stream.Seconds
	seconds.Done = func(sec *Second) {
		s.limits.second(sec)
		s.time.second(sec)
		p.Stream.plots.second(sec, seconds.origin)
	}
	seconds.Enter = p.Stream.plots.enter
	s.close = min(s.time.interleave, s.keys.ahead)
	return s
}

// First takes the first bytes of the input, before the reader does.
func (s *Suite) First(p []byte) { s.container.first(p) }

// Series are the plots so far.
func (s *Suite) Series() *diag.Series { return s.Stream.plots.Series(s.Stream) }

// Metadata is the first onMetaData, nil before it; Declared what the last one
// announces.
func (s *Suite) Metadata() *flv.Script { return s.metadata.first }
func (s *Suite) Declared() *Declared   { return &s.metadata.declared }

// Header implements flv.Handler.
func (s *Suite) Header(h flv.Header) {
	s.Stream.Header, s.Stream.HeaderSeen = h, true
	s.container.Header(h)
}

// Tag implements flv.Handler.
func (s *Suite) Tag(t *flv.Tag, frames []flv.Frame) {
	if s.live != nil {
		s.live.tag(t, frames)
	}
	st := s.Stream
	c := s.container
	st.Tags++
	odd := t.StreamID != 0 || t.Filter
	switch t.Type {
	case flv.TypeVideo:
		st.VideoTags++
		odd = odd || t.Size > c.limit[Video]
	case flv.TypeAudio:
		st.AudioTags++
		odd = odd || t.Size > c.limit[Audio]
	case flv.TypeScript, flv.TypeAMF3:
		st.ScriptTags++
	default:
		st.UnknownTags++
		odd = true
	}
	if odd {
		c.Tag(t)
	}
	for i := range frames {
		f := &frames[i]
		switch f.Kind {
		case flv.VideoFrame:
			tr := st.byID[Video][f.Track]
			if tr == nil {
				tr = st.track(Video, f.Track)
			}
			s.coded(t, f, tr)
		case flv.AudioFrame:
			tr := st.byID[Audio][f.Track]
			if tr == nil {
				tr = st.track(Audio, f.Track)
			}
			s.coded(t, f, tr)
		case flv.VideoConfig:
			s.config(t, f, st.track(Video, f.Track))
		case flv.AudioConfig:
			s.config(t, f, st.track(Audio, f.Track))
		default:
			s.other(t, f)
		}
	}
}

// coded takes a coded frame. A call costs as much as the rest in the browser, so
// an observer is called only when the frame has something for it; what it
// counts follows from the track's own numbers.
func (s *Suite) coded(t *flv.Tag, f *flv.Frame, tr *Track) {
	st := s.Stream
	ts := t.Timestamp
	d := ts - tr.LastMS
	tr.Delta = d
	tr.leaped = d-tr.cadence > st.leap
	if tr.Frames == 0 || f.Codec != tr.Codec || f.CodecID != tr.CodecID || f.FourCC != tr.FourCC {
		s.codecs.codec(t, f, tr)
		if tr.Frames == 0 {
			st.begin(tr, t)
		}
	}
	if tr.codecs.busy || f.NAL.Broken || f.Config != nil {
		s.codecs.Coded(t, f, tr)
		if f.Config != nil {
			s.selfDescribed(t, f, tr)
		}
	}
	unusual := d < 0 || tr.leaped
	cts := f.CompositionTime
	other := st.Main[tr.Kind^1]
	if unusual || st.odd || cts < 0 || cts > s.time.maxOffset || other != nil && other.LastMS-ts > s.close {
		s.time.Coded(t, f, tr)
		if other != nil && tr.Kind == Video {
			s.keys.behind(t, tr, other)
		}
	}
	if tr.Kind == Video {
		lt := &tr.limits
		if unusual || tr.Frames == 0 {
			s.limits.rateFrom(t, tr)
		} else if ts-lt.from >= rateWindowMS {
			s.limits.measure(t, tr)
		}
		if cts != 0 || lt.offsetSeen {
			s.limits.offset(t, tr, cts)
		}
		if unusual || tr.Keys == 0 || f.Type == 1 || f.Type == 4 || f.NAL.Types&tr.keys.idr != 0 {
			s.keys.Coded(t, f, tr)
		}
	} else if tt := &tr.time; tr.Frames >= tt.check || uint64(d) > uint64(tt.gapMS) {
		s.time.clock(t, tr)
	}
	if tr.meta.due {
		s.metadata.Coded(t, f, tr)
	}
	st.advance(tr, t, f)
}

// selfDescribed takes the configuration that a codec without sequence headers
// writes into its frames.
func (s *Suite) selfDescribed(t *flv.Tag, f *flv.Frame, tr *Track) {
	tr.Config = f.Config
	s.limits.Config(t, f, tr)
	s.time.Config(t, f, tr)
}

func (s *Suite) config(t *flv.Tag, f *flv.Frame, tr *Track) {
	s.codecs.Config(t, f, tr)
	s.limits.Config(t, f, tr)
	if c := f.Config; c != nil && c.Err == "" {
		tr.meta.due = tr.meta.due || tr.Config == nil
		tr.Config = c
	}
	s.time.Config(t, f, tr)
}

func (s *Suite) other(t *flv.Tag, f *flv.Frame) {
	var tr *Track
	switch t.Type {
	case flv.TypeVideo:
		tr = s.Stream.track(Video, f.Track)
	case flv.TypeAudio:
		tr = s.Stream.track(Audio, f.Track)
	default:
		s.metadata.Other(t, f, nil)
	}
	if f.Kind == flv.Empty {
		s.Stream.EmptyTags++
	}
	s.container.Other(t, f, tr)
	s.codecs.Other(t, f, tr)
	s.time.Other(t, f, tr)
}

// PreviousTagSize implements flv.Handler.
func (s *Suite) PreviousTagSize(t *flv.Tag, offset int64, got uint32) {
	if t != nil && got == t.Size+11 {
		s.container.tags++
		return
	}
	s.container.PreviousTagSize(t, offset, got)
}

// Garbage implements flv.Handler.
func (s *Suite) Garbage(offset, n int64) { s.container.Garbage(offset, n) }

// NotFLV implements flv.Handler.
func (s *Suite) NotFLV(looksLike string) {
	s.notFLV = true
	s.container.notFLV(looksLike)
}

// Truncated reports whether the input ended inside a tag.
func (s *Suite) Truncated() bool { return s.container.inside }

// IsFLV reports whether the signature, as far as it was read, is FLV's.
func (s *Suite) IsFLV() bool { return !s.notFLV }

// Close ends the pass.
func (s *Suite) Close(e *End) {
	st := s.Stream
	if end, ok := st.Last(); ok {
		st.Seconds.close(end + int64(st.frameMS()))
	}
	// By their own types: interfaces would keep every method of every check in
	// the browser's program.
	s.container.Close(e)
	s.metadata.Close(e)
	s.codecs.Close(e)
	s.limits.Close(e)
	s.time.Close(e)
	s.keys.Close(e)
	if s.notFLV {
		for _, r := range s.rules {
			r.why, r.open = "the file is not FLV", false
		}
	}
	if s.live != nil {
		s.live.close(e)
	}
}
