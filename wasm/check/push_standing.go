package check

import (
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
)

// Preview calls fn while the findings are as if the push ended here: somebody who
// watches for half an hour wants to know by then what its end will show. Before
// previewMS of media that would be too early, and nothing is added.
func (w *Push) Preview(fn func()) {
	if w.c.ran < previewMS {
		fn()
		return
	}
	kept := make([]rule, len(w.rules))
	for i, r := range w.rules {
		kept[i] = *r
		kept[i].folds = make([]*fold, len(r.folds))
		for j, f := range r.folds {
			c := *f
			c.args = append(diag.Args{}, f.args...)
			kept[i].folds[j] = &c
		}
	}
	// Those that judge at the end by what they have counted, and change nothing else.
	e := &End{In: flv.InTagHeader, Offset: w.off}
	found := w.metadata.found
	w.metadata.Close(e)
	w.codecs.Close(e)
	w.limits.Close(e)
	w.keys.Close(e)
	fn()
	w.metadata.found = found
	for i, r := range w.rules {
		folds := r.folds[:len(kept[i].folds)]
		for j, f := range folds {
			*f = *kept[i].folds[j] // others point to it
		}
		*r = kept[i]
		r.folds = folds
	}
}

// Standing is what a push shows so far that no finding tells before its end.
type Standing struct {
	Media    bool  // coded audio or video came
	Metadata bool  // onMetaData came
	Bare     bool  // coded frames came and the sequence header that they need did not
	Tracks   int   // with coded frames
	Videos   int   // video qualities: tracks, or sequence headers that take turns
	KeyMS    int64 // media time since the last key frame, or since the video's first frame
	KeyBytes int64 // coded video since then
}

// Standing is how the push stands.
func (w *Push) Standing() Standing {
	s := Standing{Media: w.media, Metadata: w.metadata.first != nil}
	for _, tr := range w.Stream.Tracks {
		if tr.Frames == 0 {
			continue
		}
		s.Tracks++
		s.Bare = s.Bare || tr.codecs.needs && !tr.codecs.has
		if tr.Kind != Video {
			continue
		}
		s.Videos++
		if tr.codecs.returns > 1 { // as qualities-exceeded tells them from a change
			s.Videos += tr.Configs() - 1
		}
		s.KeyMS = max(s.KeyMS, tr.LastMS-tr.keys.at.TimestampMS-tr.keys.paused)
		s.KeyBytes = max(s.KeyBytes, tr.Bytes-tr.keys.bytes)
	}
	return s
}
