package ui

import "ingestdoctor/wasm/diag"

// Validator analyses recordings, one at a time. In the browser it is the
// worker (worker.go); native tests call the analyser directly. Every call
// returns at once and is answered by an Event.
type Validator interface {
	// Listen sets who is told; earlier events are not lost.
	Listen(func(Event))
	// Analyse reads a file against a profile: Progressed and Partial events, then
	// one of Finished, Stopped and Failed. Not called while another one runs.
	Analyse(run int, f File, profile string)
	// Cancel ends the analysis of that run: Finished with a report of what was
	// read, or Stopped.
	Cancel(run int)
	// Dissect asks for the tags around a byte offset: Dissected or Failed.
	Dissect(run int, f File, offset int64)
}

// File is a recording that was chosen.
type File struct {
	Name   string
	Size   int64
	Handle any // the browser's File; bytes in tests
}

// About is what the validator says of itself when it is ready.
type About struct {
	Version  string         `json:"version"`
	Profiles []diag.Profile `json:"profiles"`
	Default  string         `json:"default"`
}

// EventKind tells events apart.
type EventKind uint8

// The events.
const (
	Ready      EventKind = iota // About
	Progressed                  // Read, MS
	Partial                     // Report
	Finished                    // Report, MS
	Stopped                     // cancelled before there was a report
	Failed                      // Text; Run is 0 where no call is meant
	Dissected                   // Tags
)

// Event is one message of a Validator. Run is the number that the call was given.
type Event struct {
	Kind   EventKind
	Run    int
	About  *About
	Read   int64   // bytes
	MS     float64 // since the analysis began
	Report *diag.Report
	Text   string // what went wrong, for a person
	Fatal  bool   // Failed: the analyser does not run at all
	Tags   []TagView
}
