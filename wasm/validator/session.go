package main

import (
	"ingestdoctor/wasm/analyze"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/worker"
)

// maxBuffer bounds the chunk buffer: 16 MiB is the largest slice that the
// worker ever reads at once.
const maxBuffer = 16 << 20

// session is the one analysis that an instance holds at a time.
type session struct {
	worker.Session
	an   *analyze.Analyzer
	size int64
}

// open starts an analysis. The buffer holds the profile id and the file name,
// one after the other; size is -1 where it is unknown. An unknown profile is a
// wrong call: the page only offers those of about.
func (s *session) open(idLen, nameLen int, size int64) int {
	text, ok := s.Taken(idLen + nameLen)
	if !ok || idLen < 0 || nameLen < 0 {
		return worker.BadCall
	}
	p, ok := profile.ByID(string(text[:idLen]))
	if !ok {
		return worker.BadCall
	}
	s.size = size
	s.an = analyze.New(analyze.Options{Profile: p, Name: string(text[idLen:]), Size: size})
	return 0
}

// write analyses the first n bytes of the buffer.
func (s *session) write(n int) int {
	p, ok := s.Taken(n)
	if !ok || s.an == nil {
		return worker.BadCall
	}
	_, _ = s.an.Write(p)
	return n
}

// tail shows the analyser the last n bytes of the file, read ahead of the rest.
func (s *session) tail(n int) int {
	p, ok := s.Taken(n)
	if !ok || s.an == nil {
		return worker.BadCall
	}
	s.an.Tail(p)
	return n
}

// progress writes the report so far.
func (s *session) progress() int {
	if s.an == nil {
		return worker.BadCall
	}
	return s.report(s.an.Progress())
}

// end closes the input; the buffer holds the reason, for a person.
func (s *session) end(state, detailLen int) int {
	detail, ok := s.Taken(detailLen)
	if !ok || s.an == nil || state < 0 || state >= len(worker.Endings) {
		return worker.BadCall
	}
	an := s.an
	s.an = nil // whatever comes of it, this analysis is over
	return s.report(an.Close(worker.Endings[state], string(detail)))
}

func (s *session) report(r *diag.Report) int {
	if r == nil {
		return worker.BadCall
	}
	s.Out = r.AppendJSON(s.Out[:0])
	return len(s.Out)
}

// named takes the program's version from the buffer: the server that sends the
// page knows it, and reports carry it.
func (s *session) named(n int) int {
	text, ok := s.Taken(n)
	if !ok {
		return worker.BadCall
	}
	if n > 0 {
		analyze.Version = string(text)
	}
	return 0
}

// about writes what the page needs to know before a file is chosen: version
// and profiles.
func (s *session) about() int { return s.About(analyze.Version) }
