package main

import (
	"ingestdoctor/wasm/explain"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/worker"
)

// maxBuffer bounds the buffer: a chunk of text, or a window of lines.
const maxBuffer = 8 << 20

// maxParts bounds the parts of one paste, each of which keeps its report.
const maxParts = 200

// session is what an instance holds: the parts of the paste, one explainer each
// (an archive has several).
type session struct {
	worker.Session
	parts  []*explain.Explainer
	opened bool // the last part is being read
}

// open begins the next part. The buffer holds the profile's id (empty: what the
// text tells) and then its name; size is -1 where it is not known. It returns the
// part's number, from 0.
func (s *session) open(profileLen, nameLen int, size int64) int {
	if profileLen < 0 || nameLen < 0 || len(s.parts) >= maxParts {
		return worker.BadCall
	}
	text, ok := s.Taken(profileLen + nameLen)
	if !ok {
		return worker.BadCall
	}
	o := explain.Options{Name: string(text[profileLen:]), Size: size, Tool: s.Tool}
	if profileLen > 0 {
		if o.Profile, ok = profile.ByID(string(text[:profileLen])); !ok {
			return worker.BadCall
		}
	}
	s.parts = append(s.parts, explain.New(o))
	s.opened = true
	return len(s.parts) - 1
}

// write reads the first n bytes of the buffer.
func (s *session) write(n int) int {
	p, ok := s.Taken(n)
	if !ok || !s.opened {
		return worker.BadCall
	}
	_, _ = s.parts[len(s.parts)-1].Write(p)
	return n
}

// end ends the part and writes its report, the JSON that wasm/explain/json.go
// describes. The buffer holds why, for a person.
func (s *session) end(state, detailLen int) int {
	p, ok := s.Taken(detailLen)
	if !ok || !s.opened || state < 0 || state >= len(worker.Endings) {
		return worker.BadCall
	}
	s.opened = false
	s.Out = s.parts[len(s.parts)-1].Close(worker.Endings[state], string(p)).AppendJSON(s.Out[:0])
	return len(s.Out)
}

// mask writes the n bytes of the buffer, lines of a part, with their secrets
// masked: those that the lines themselves tell, and those that were seen anywhere
// in that part. The lines stay the same in number and order.
func (s *session) mask(part, n int) int {
	p, ok := s.Taken(n)
	if !ok || part < 0 || part >= len(s.parts) {
		return worker.BadCall
	}
	s.Out = append(s.Out[:0], s.parts[part].Mask(string(p))...)
	clear(p)
	return len(s.Out)
}

// forget drops all that was read.
func (s *session) forget() int {
	s.Forget()
	s.parts, s.opened = nil, false
	return 0
}

// about writes what a page needs before anything is read.
func (s *session) about() int { return s.About(s.Tool.Version) }
