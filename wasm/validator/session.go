package main

import (
	"ingestdoctor/wasm/analyze"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

// Results that are no length.
const (
	badCall  = -1 // the call is wrong: no input open, a length beyond the buffer
	panicked = -2 // a fault of ours; result holds nothing, the instance should be replaced
)

// maxBuffer bounds the chunk buffer: 16 MiB is the largest slice that the
// worker ever reads at once.
const maxBuffer = 16 << 20

// session is the one analysis that an instance holds at a time. Its two
// buffers are never shrunk or moved while JavaScript holds a pointer to them:
// in comes from the worker, out goes to it.
type session struct {
	in   []byte
	out  []byte
	an   *analyze.Analyzer
	size int64
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

// taken is the first n bytes of the input buffer.
func (s *session) taken(n int) ([]byte, bool) {
	if n < 0 || n > len(s.in) {
		return nil, false
	}
	return s.in[:n], true
}

// open starts an analysis. The buffer holds the profile id and the file name,
// one after the other; size is -1 where it is unknown. An unknown profile is a
// wrong call: the page only offers those of about.
func (s *session) open(idLen, nameLen int, size int64) int {
	text, ok := s.taken(idLen + nameLen)
	if !ok || idLen < 0 || nameLen < 0 {
		return badCall
	}
	p, ok := profile.ByID(string(text[:idLen]))
	if !ok {
		return badCall
	}
	s.size = size
	s.an = analyze.New(analyze.Options{Profile: p, Name: string(text[idLen:]), Size: size})
	return 0
}

// write analyses the first n bytes of the buffer.
func (s *session) write(n int) int {
	p, ok := s.taken(n)
	if !ok || s.an == nil {
		return badCall
	}
	_, _ = s.an.Write(p)
	return n
}

// tail shows the analyser the last n bytes of the file, read ahead of the rest.
func (s *session) tail(n int) int {
	p, ok := s.taken(n)
	if !ok || s.an == nil {
		return badCall
	}
	s.an.Tail(p)
	return n
}

// progress writes the report so far.
func (s *session) progress() int {
	if s.an == nil {
		return badCall
	}
	return s.report(s.an.Progress())
}

// Ends of an input, as the worker numbers them.
var endings = [...]string{diag.StateComplete, diag.StateCancelled, diag.StateFailed}

// end closes the input; the buffer holds the reason, for a person.
func (s *session) end(state, detailLen int) int {
	detail, ok := s.taken(detailLen)
	if !ok || s.an == nil || state < 0 || state >= len(endings) {
		return badCall
	}
	an := s.an
	s.an = nil // whatever comes of it, this analysis is over
	return s.report(an.Close(endings[state], string(detail)))
}

func (s *session) report(r *diag.Report) int {
	if r == nil {
		return badCall
	}
	s.out = r.AppendJSON(s.out[:0])
	return len(s.out)
}

// named takes the program's version from the buffer: the server that sends the
// page knows it, and reports carry it.
func (s *session) named(n int) int {
	text, ok := s.taken(n)
	if !ok {
		return badCall
	}
	if n > 0 {
		analyze.Version = string(text)
	}
	return 0
}

// about writes what the page needs to know before a file is chosen: version
// and profiles.
func (s *session) about() int {
	b := append(s.out[:0], `{"version":`...)
	b = diag.AppendJSONString(b, analyze.Version)
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
	b = append(b, '}')
	s.out = b
	return len(b)
}
