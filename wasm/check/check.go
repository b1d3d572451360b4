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

// Observer is one running check. Its methods are called in file order. The
// pointers are valid during the call, those to Track for the whole pass.
type Observer interface {
	// Header is called once with the file header.
	Header(h flv.Header)
	// Tag is called once a tag, before its frames.
	Tag(t *flv.Tag)
	// Coded is called with each coded audio or video frame. The track stands as
	// it was before the frame, but for Delta.
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

	plots  *Plots
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
		plots:     newPlots(),
	}
	seconds := &p.Stream.Seconds
	seconds.Done = func(sec *Second) {
		s.limits.second(sec)
		s.plots.second(sec, seconds.origin)
	}
	return s
}

// First takes the first bytes of the input, before the reader does.
func (s *Suite) First(p []byte) { s.container.first(p) }

// Series are the plots so far.
func (s *Suite) Series() *diag.Series { return s.plots.Series(s.Stream) }

// Metadata is the first onMetaData, nil before it; Declared what the last one
// announces.
func (s *Suite) Metadata() *flv.Script { return s.metadata.first }
func (s *Suite) Declared() *Declared   { return &s.metadata.declared }

// observers are the checks in the order of All.
func (s *Suite) observers() [6]Observer {
	return [6]Observer{s.container, s.metadata, s.codecs, s.limits, s.time, s.keys}
}

// Header implements flv.Handler.
func (s *Suite) Header(h flv.Header) {
	s.Stream.Header, s.Stream.HeaderSeen = h, true
	s.container.Header(h)
}

// Tag implements flv.Handler.
func (s *Suite) Tag(t *flv.Tag, frames []flv.Frame) {
	st := s.Stream
	st.Tags++
	switch t.Type {
	case flv.TypeVideo:
		st.VideoTags++
	case flv.TypeAudio:
		st.AudioTags++
	case flv.TypeScript, flv.TypeAMF3:
		st.ScriptTags++
	default:
		st.UnknownTags++
	}
	s.container.Tag(t)
	for i := range frames {
		f := &frames[i]
		switch f.Kind {
		case flv.VideoFrame:
			s.coded(t, f, st.track(Video, f.Track))
		case flv.AudioFrame:
			s.coded(t, f, st.track(Audio, f.Track))
		case flv.VideoConfig:
			s.config(t, f, st.track(Video, f.Track))
		case flv.AudioConfig:
			s.config(t, f, st.track(Audio, f.Track))
		default:
			s.other(t, f)
		}
	}
}

func (s *Suite) coded(t *flv.Tag, f *flv.Frame, tr *Track) {
	if f.Codec != tr.Codec || f.CodecID != tr.CodecID || f.FourCC != tr.FourCC || tr.Frames == 0 {
		s.codecs.codec(t, f, tr)
	}
	s.Stream.begin(tr, t)
	s.container.Coded(t, f, tr)
	s.codecs.Coded(t, f, tr)
	if f.Config != nil {
		tr.Config = f.Config // a codec that describes itself in its frames
	}
	s.limits.Coded(t, f, tr)
	s.time.Coded(t, f, tr)
	if tr.Kind == Video {
		s.keys.Coded(t, f, tr)
	}
	if tr.meta.due {
		s.metadata.Coded(t, f, tr)
	}
	s.Stream.advance(tr, t, f)
	s.plots.coded(t, tr, s.Stream)
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
	for _, o := range s.observers() {
		o.Close(e)
	}
	if s.notFLV {
		for _, r := range s.rules {
			r.why, r.open = "the file is not FLV", false
		}
	}
}
