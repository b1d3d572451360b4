package explain

import (
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/ingest"
	"ingestdoctor/wasm/profile"
)

func (e *Explainer) report(state, detail string) *Report {
	p := e.opts.Profile
	by := "given"
	if p == nil {
		p, by = profile.Default(), ""
	}
	r := &Report{ProfileBy: by}
	r.Report = diag.Report{
		Format: diag.Format, Kind: "log", Tool: e.opts.Tool, Profile: p.Info(),
		Input:    diag.Input{Name: ingest.Redact(e.opts.Name), Bytes: e.opts.Size, Read: e.dec.read, State: state, Detail: detail},
		Checks:   []diag.Check{},
		Findings: []diag.Finding{},
	}
	if r.Input.Bytes < 0 {
		r.Input.Bytes = e.dec.read
	}
	r.Paste = Paste{Encoding: e.dec.encoding, Lines: e.core.line}
	if e.opts.Tell != nil {
		e.opts.Tell(&r.Report)
	}
	return r
}
