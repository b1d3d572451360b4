package analyze

import "ingestdoctor/wasm/diag"

// Findings are the findings so far, by severity and position, without their
// texts: a cheap look while a push runs.
func (a *Analyzer) Findings() []diag.Finding {
	if a.final != nil {
		return a.final.Findings
	}
	return a.suite.Findings()
}
