package analyze

import (
	"ingestdoctor/wasm/check"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

// Live analyses a push while it comes: an Analyzer that also judges when its
// bytes arrive. It is written one FLV header, once, and then whole tags, those
// of a connection that comes back behind those of the one before it. Times are
// nanoseconds of one steady clock that begins anywhere from 0 on. Like an
// Analyzer it is not safe for concurrent use. Its report's kind is live.
type Live struct {
	*Analyzer
	push *check.Push
}

// NewLive returns a Live that has read nothing yet. Options.Size is -1 for a push.
func NewLive(o Options) *Live {
	if o.Profile == nil {
		o.Profile = profile.Default()
	}
	push := check.NewPush(check.NewPass(o.Profile))
	return &Live{Analyzer: newAnalyzer(o, "live", push.Suite), push: push}
}

// Publish says that an encoder was let publish, for the first time or again: arrival
// is judged from here on. The timestamps that follow may begin anywhere; they
// are moved so that they go on where the connection before ended.
func (l *Live) Publish(ns int64) { l.push.Publish(ns) }

// Unpublish says that the encoder went, so that its silence is none; lost means
// that the connection broke without a word (no FCUnpublish, deleteStream or closeStream).
func (l *Live) Unpublish(ns int64, lost bool) { l.push.Unpublish(ns, lost) }

// SetArrival says when the tags that are written next arrived.
func (l *Live) SetArrival(ns int64) { l.reader.SetArrival(ns) }

// Tick says what time it is, so that silence is found while it lasts. A few
// times a second are enough; after Close it does nothing.
func (l *Live) Tick(ns int64) {
	if l.final == nil {
		l.push.Tick(ns)
	}
}

// Progress is the report so far. Once some seconds have come it holds what only
// the end of a recording would show, such as metadata that never came.
func (l *Live) Progress() (r *diag.Report) {
	if l.final != nil {
		return l.final
	}
	l.push.Preview(func() { r = l.Analyzer.Progress() })
	return r
}

// Findings are those of Progress without their texts: less than a report.
func (l *Live) Findings() (list []diag.Finding) {
	if l.final != nil {
		return l.final.Findings
	}
	l.push.Preview(func() { list = l.suite.Findings() })
	return list
}

// Standing is how the push stands beside its findings.
func (l *Live) Standing() check.Standing { return l.push.Standing() }
