// Package worker is what the browser's programs (wasm/validator, wasm/linter,
// wasm/explainer) share: the two buffers between a worker and its program, and
// calls that never panic out. The worker's side is static/js/worker-core.js.
package worker

import (
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// Results of calls that are no length.
const (
	BadCall  = -1 // the call is wrong: nothing open, a length beyond the buffer, an unknown profile
	Panicked = -2 // a fault of ours; result holds nothing, the instance should be replaced
)

// Session is what an instance holds in every program. Its two buffers are never
// shrunk or moved while JavaScript holds a pointer to them: In comes from the
// worker, Out goes to it. The zero value is ready.
type Session struct {
	In, Out []byte
	Tool    diag.Tool
}

// Room makes room for n bytes of input, of at most limit; false where that is no
// length.
func (s *Session) Room(n, limit int) bool {
	if n < 0 || n > limit {
		return false
	}
	if n > len(s.In) {
		s.In = make([]byte, n)
	}
	return true
}

// Taken is the first n bytes of the input buffer; false where it has not so many.
func (s *Session) Taken(n int) ([]byte, bool) {
	if n < 0 || n > len(s.In) {
		return nil, false
	}
	return s.In[:n], true
}

// Forget overwrites both buffers.
func (s *Session) Forget() {
	clear(s.In)
	clear(s.Out[:cap(s.Out)])
}

// Named takes the program's version from the first n bytes of the buffer: the
// server that sends the page knows it, and reports carry it.
func (s *Session) Named(n int) int {
	version, ok := s.Taken(n)
	if !ok {
		return BadCall
	}
	s.Tool = diag.Tool{Name: "ingestdoctor", Version: string(version), RuleSet: rules.RuleSet}
	return 0
}

// About writes what a page of recordings or logs needs before anything is read:
// version, the profiles as diag.Profile, and the id of the default one.
func (s *Session) About(version string) int {
	b := append(s.Out[:0], `{"version":`...)
	b = diag.AppendJSONString(b, version)
	b = append(b, `,"profiles":[`...)
	for i, p := range profile.All() {
		if i > 0 {
			b = append(b, ',')
		}
		info := p.Info()
		b = info.AppendJSON(b)
	}
	b = append(b, `],"default":`...)
	b = diag.AppendJSONString(b, profile.Default().ID)
	s.Out = append(b, '}')
	return len(s.Out)
}

// Endings are the ends of an input, as the worker numbers them.
var Endings = [...]string{diag.StateComplete, diag.StateCancelled, diag.StateFailed}

// Guard runs one call. No input ever makes our code panic; should it do so all
// the same, reset empties the session, and the page says that it is our fault
// instead of hanging.
func Guard(call func() int, reset func()) (n int32) {
	defer func() {
		if recover() != nil {
			reset()
			n = Panicked
		}
	}()
	return int32(call())
}
