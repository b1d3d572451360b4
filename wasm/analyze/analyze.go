// Package analyze turns the bytes of a recording, in any chunking, into a
// report: it joins the FLV reader, the checks of wasm/check and the profile.
package analyze

import (
	"ingestdoctor/wasm/check"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// Version is the program's version in reports; the linker sets it
// (-X ingestdoctor/wasm/analyze.Version=...).
var Version = "dev"

// Options say what is analysed and against what.
type Options struct {
	Profile *profile.Profile // nil means generic
	Name    string           // file name for the report; never a path
	Size    int64            // bytes, -1 when unknown
}

// Tell writes a report's texts: rules.Tell wherever reports are shown as they
// come. The browser's validator leaves it nil, which keeps the texts out of it.
var Tell func(*diag.Report)

// Analyzer reads one input. It is not safe for concurrent use.
type Analyzer struct {
	opts   Options
	kind   string
	info   diag.Profile
	suite  *check.Suite
	reader *flv.Reader
	tail   tail
	final  *diag.Report
}

// New returns an Analyzer that has read nothing yet.
func New(o Options) *Analyzer {
	if o.Profile == nil {
		o.Profile = profile.Default()
	}
	return newAnalyzer(o, "flv", check.NewSuite(check.NewPass(o.Profile)))
}

func newAnalyzer(o Options, kind string, s *check.Suite) *Analyzer {
	return &Analyzer{opts: o, kind: kind, info: o.Profile.Info(), suite: s, reader: flv.NewReader(s)}
}

// Write takes the next bytes; it keeps no reference to p and never fails. What
// comes after Close is ignored.
func (a *Analyzer) Write(p []byte) (int, error) {
	if a.final != nil {
		return len(p), nil
	}
	a.suite.First(p)
	return a.reader.Write(p)
}

// Tail looks at the last bytes of the file, read ahead of the rest, so that an
// early report can name the duration. It changes nothing else.
func (a *Analyzer) Tail(p []byte) { a.tail.read(p) }

// Progress is the report so far, its state diag.StateReading. What only the
// whole recording can show is not in it yet, and its list of checks is empty.
func (a *Analyzer) Progress() *diag.Report {
	if a.final != nil {
		return a.final
	}
	return a.report(diag.StateReading, "")
}

// Close ends the input and returns the final report. state is
// diag.StateComplete, StateCancelled or StateFailed; a complete input that ends
// inside a tag becomes StateTruncated by itself. detail is for a person.
func (a *Analyzer) Close(state, detail string) *diag.Report {
	if a.final != nil {
		return a.final
	}
	cut := state == diag.StateCancelled || state == diag.StateFailed
	if !cut {
		a.reader.Close() // else nothing follows from where the input stops
	}
	e := &check.End{Cut: cut, Offset: a.reader.BytesRead()}
	e.In, e.Read, e.Missing = a.reader.End()
	a.suite.Close(e)
	if !cut {
		state = diag.StateComplete
		if a.suite.Truncated() {
			state = diag.StateTruncated
		}
	}
	r := a.report(state, detail)
	if !cut && r.Input.Bytes < 0 {
		r.Input.Bytes = r.Input.Read
	}
	r.Checks = a.checks(cut)
	a.final = r
	return r
}

func (a *Analyzer) report(state, detail string) *diag.Report {
	r := &diag.Report{
		Format:   diag.Format,
		Kind:     a.kind,
		Tool:     diag.Tool{Name: "ingestdoctor", Version: Version, RuleSet: rules.RuleSet},
		Profile:  a.info,
		Input:    diag.Input{Name: a.opts.Name, Bytes: a.opts.Size, Read: a.reader.BytesRead(), State: state, Detail: detail},
		Checks:   []diag.Check{},
		Findings: a.suite.Findings(),
	}
	if a.suite.IsFLV() && a.suite.Stream.HeaderSeen {
		r.Media = a.summary(state)
		r.Series = a.suite.Series()
	}
	if Tell != nil {
		Tell(r)
	}
	return r
}

// checks lists what became of every rule, in the order of the rules' pages.
func (a *Analyzer) checks(cut bool) []diag.Check {
	done := a.suite.Checks(cut)
	list := make([]diag.Check, 0, len(done))
	for _, r := range rules.Metas() {
		for i := range done {
			if done[i].Rule == r.ID {
				list = append(list, done[i])
			}
		}
	}
	return list
}
