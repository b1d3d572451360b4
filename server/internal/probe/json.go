package probe

import (
	"encoding/json"

	"ingestdoctor/wasm/diag"
)

// members are what a Result has beside its report.
type members struct {
	Target  Target   `json:"target"`
	Vantage string   `json:"vantage"`
	Started string   `json:"started"`
	TookMS  float64  `json:"took_ms"`
	DNS     *Rung    `json:"dns,omitempty"`
	Ladders []Ladder `json:"ladders"`
}

// MarshalJSON writes the report's object with the probe's members at its end.
// The text may stand inside a <script> element.
func (r Result) MarshalJSON() ([]byte, error) {
	m := members{r.Target, r.Vantage, r.Started, r.TookMS, r.DNS, r.Ladders}
	if m.Ladders == nil {
		m.Ladders = []Ladder{}
	}
	more, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	b := r.Report.JSON()
	b[len(b)-1] = ','
	return append(b, more[1:]...), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Result) UnmarshalJSON(b []byte) error {
	var m members
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	var report diag.Report
	if err := json.Unmarshal(b, &report); err != nil {
		return err
	}
	*r = Result{report, m.Target, m.Vantage, m.Started, m.TookMS, m.DNS, m.Ladders}
	return nil
}
