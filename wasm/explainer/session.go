package main

import (
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/explain"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// Results that are no length.
const (
	badCall  = -1 // the call is wrong: nothing open, a length beyond the buffer, an unknown profile
	panicked = -2 // a fault of ours; result holds nothing, the instance should be replaced
)

// maxBuffer bounds the buffer: a chunk of text, or a window of lines.
const maxBuffer = 8 << 20

// maxParts bounds the parts of one paste, each of which keeps its report.
const maxParts = 200

// session is what an instance holds: its two buffers, and the parts of the
// paste, one explainer each (an archive has several). in comes from the worker,
// out goes to it; neither is moved while JavaScript holds a pointer to it.
type session struct {
	in, out []byte
	parts   []*explain.Explainer
	opened  bool // the last part is being read
	tool    diag.Tool
}

// buffer makes room for n bytes of input.
func (s *session) buffer(n int) bool {
	if n < 0 || n > maxBuffer {
		return false
	}
	if n > len(s.in) {
		s.in = make([]byte, n)
	}
	return true
}

// taken is the first n bytes of the buffer.
func (s *session) taken(n int) ([]byte, bool) {
	if n < 0 || n > len(s.in) {
		return nil, false
	}
	return s.in[:n], true
}

// open begins the next part. The buffer holds the profile's id (empty: what the
// text tells) and then its name; size is -1 where it is not known. It returns the
// part's number, from 0.
func (s *session) open(profileLen, nameLen int, size int64) int {
	if profileLen < 0 || nameLen < 0 || len(s.parts) >= maxParts {
		return badCall
	}
	text, ok := s.taken(profileLen + nameLen)
	if !ok {
		return badCall
	}
	o := explain.Options{Name: string(text[profileLen:]), Size: size, Tool: s.tool}
	if profileLen > 0 {
		if o.Profile, ok = profile.ByID(string(text[:profileLen])); !ok {
			return badCall
		}
	}
	s.parts = append(s.parts, explain.New(o))
	s.opened = true
	return len(s.parts) - 1
}

// write reads the first n bytes of the buffer.
func (s *session) write(n int) int {
	p, ok := s.taken(n)
	if !ok || !s.opened {
		return badCall
	}
	_, _ = s.parts[len(s.parts)-1].Write(p)
	return n
}

// Ends of a part, as the worker numbers them.
var endings = [...]string{diag.StateComplete, diag.StateCancelled, diag.StateFailed}

// end ends the part and writes its report, the JSON that wasm/explain/json.go
// describes. The buffer holds why, for a person.
func (s *session) end(state, detailLen int) int {
	p, ok := s.taken(detailLen)
	if !ok || !s.opened || state < 0 || state >= len(endings) {
		return badCall
	}
	s.opened = false
	s.out = s.parts[len(s.parts)-1].Close(endings[state], string(p)).AppendJSON(s.out[:0])
	return len(s.out)
}

// mask writes the n bytes of the buffer, lines of a part, with their secrets
// masked: those that the lines themselves tell, and those that were seen anywhere
// in that part. The lines stay the same in number and order.
func (s *session) mask(part, n int) int {
	p, ok := s.taken(n)
	if !ok || part < 0 || part >= len(s.parts) {
		return badCall
	}
	s.out = append(s.out[:0], s.parts[part].Mask(string(p))...)
	clear(p)
	return len(s.out)
}

// forget drops all that was read.
func (s *session) forget() int {
	clear(s.in)
	clear(s.out[:cap(s.out)])
	s.parts, s.opened = nil, false
	return 0
}

// named takes the program's version from the buffer: the server that sends the
// page knows it, and reports carry it.
func (s *session) named(n int) int {
	p, ok := s.taken(n)
	if !ok {
		return badCall
	}
	s.tool = diag.Tool{Name: "ingestdoctor", Version: string(p), RuleSet: rules.RuleSet}
	return 0
}

// about writes what a page needs before anything is read: version, the profiles
// as diag.Profile, and the id of the one for a text that tells none.
func (s *session) about() int {
	b := append(s.out[:0], `{"version":`...)
	b = diag.AppendJSONString(b, s.tool.Version)
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
	s.out = append(b, '}')
	return len(s.out)
}
