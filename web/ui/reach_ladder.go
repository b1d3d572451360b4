package ui

import (
	"strconv"
	"strings"
)

// LadderView is one address and port as the page shows it.
type LadderView struct {
	Key   string
	Title string
	Note  string // rtmps, port 443
	State string // of the rungs
	Word  string
	Time  string
	Rungs []RungView
}

// RungView is one rung of it.
type RungView struct {
	Stage, Label string
	State, Word  string
	Time         string
	Start, Width float64 // of the scale's 1,000
	Detail       string
	Lines        []ProbeLine
	Facts        []Value
	Certs        []ProbeCert
}

// Open reports whether there is more to it than the line.
func (v *RungView) Open() bool {
	return len(v.Lines) > 0 || len(v.Facts) > 0 || len(v.Certs) > 0
}

// stageLabel names a stage at the head of a line.
func stageLabel(stage string) string {
	switch stage {
	case "dns":
		return "DNS"
	case "tcp":
		return "TCP"
	case "tls":
		return "TLS"
	case "handshake":
		return "Handshake"
	case "connect", "publish":
		return stage
	}
	return visible(stage)
}

// stateWord says a state in words.
func stateWord(state string) string {
	switch state {
	case rungWaiting:
		return "Waiting"
	case rungRunning:
		return "Running"
	case rungOK:
		return "OK"
	case rungFailed:
		return "Failed"
	case rungTimeout:
		return "No answer"
	case rungSkipped:
		return "Not tried"
	case rungCancelled:
		return "Cancelled"
	}
	return visible(state)
}

func stateIcon(state string) string {
	switch state {
	case rungRunning:
		return "loader-circle"
	case rungOK:
		return "circle-check"
	case rungFailed, rungTimeout:
		return "octagon-x"
	case rungWaiting:
		return "hourglass"
	}
	return "circle-minus"
}

// stateClass is the class suffix of .sev.
func stateClass(state string) string {
	switch state {
	case rungOK:
		return "passed"
	case rungFailed, rungTimeout:
		return "error"
	case rungRunning:
		return "info"
	}
	return "off"
}

// msText is a stage's time: 0.4 ms, 12 ms, 1.50 s.
func msText(ms float64) string {
	switch {
	case ms <= 0:
		return ""
	case ms < 9.95:
		return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
	case ms < 999.5:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(ms/1000, 'f', 2, 64) + " s"
}

// scale is the time that the whole width of the bars stands for: the end of the
// last rung, rounded up to 1, 2 or 5 of a power of ten.
func (r *ProbeResult) scale() float64 {
	end := 0.0
	see := func(rung *ProbeRung) { end = max(end, rung.StartMS+rung.MS) }
	if r.DNS != nil {
		see(r.DNS)
	}
	for i := range r.Ladders {
		for j := range r.Ladders[i].Rungs {
			see(&r.Ladders[i].Rungs[j])
		}
	}
	if end < 1 {
		return 1
	}
	step := 1.0
	for 10*step <= end {
		step *= 10
	}
	for _, m := range [...]float64{1, 1.5, 2, 3, 5, 7.5} {
		if m*step >= end {
			return m * step
		}
	}
	return 10 * step
}

// ladders are all ladders, drawn to one scale.
func (r *ProbeResult) ladders() (list []LadderView, scale float64) {
	scale = r.scale()
	for i := range r.Ladders {
		l := &r.Ladders[i]
		state := l.state()
		v := LadderView{
			Key: l.key(), Title: visible(l.Address), Note: l.endpoint(),
			State: state, Word: ladderWord(l, state), Time: msText(l.took()),
		}
		for j := range l.Rungs {
			v.Rungs = append(v.Rungs, newRungView(&l.Rungs[j], scale))
		}
		list = append(list, v)
	}
	return list, scale
}

// ladderWord sums a ladder up.
func ladderWord(l *ProbeLadder, state string) string {
	switch state {
	case rungOK:
		return "Reached"
	case rungFailed, rungTimeout:
		if s := l.stuck(); s != nil {
			return "Stops at " + strings.TrimPrefix(stageName(s.Stage), "RTMP ")
		}
	}
	return stateWord(state)
}

func newRungView(r *ProbeRung, scale float64) RungView {
	v := RungView{
		Stage: r.Stage, Label: stageLabel(r.Stage), State: r.State, Word: stateWord(r.State),
		Time: msText(r.MS), Detail: visible(r.Detail), Lines: r.Seen, Certs: r.Chain,
	}
	if r.State != rungWaiting && r.State != rungSkipped {
		v.Start = min(995, 1000*r.StartMS/scale)
		v.Width = min(1000-v.Start, max(5, 1000*r.MS/scale)) // what is short is still seen
	}
	if len(r.Addresses) > 0 {
		list := make([]string, len(r.Addresses))
		for i, a := range r.Addresses {
			list[i] = visible(a)
		}
		v.Facts = append(v.Facts, Value{"Addresses", strings.Join(list, ", ")})
	}
	for _, f := range r.Facts {
		if f.Name != "addresses" {
			value := visible(f.Value)
			if strings.HasSuffix(f.Name, "_ms") {
				value += " ms"
			} else if strings.HasSuffix(f.Name, "_bytes") && f.Name != "first_bytes" {
				value += " bytes"
			}
			v.Facts = append(v.Facts, Value{factLabel(f.Name), value})
		}
	}
	return v
}

// factLabel makes words of a fact's name.
func factLabel(name string) string {
	for _, abbr := range [...][2]string{
		{"tls_version", "TLS version"},
		{"tls_cipher", "TLS cipher"},
		{"tls_alpn", "ALPN"},
		{"rtmp_version", "RTMP version"},
		{"fms_ver", "fmsVer"},
		{"enhanced", "Enhanced RTMP"},
		{"first_bytes", "First bytes"},
		{"stream_id", "Stream id"},
		{"window_ack_bytes", "Acknowledgement window"},
		{"chunk_bytes", "Chunk size"},
	} {
		if abbr[0] == name {
			return abbr[1]
		}
	}
	return visible(argLabel(name))
}

// Compared is one address and port in two runs.
type Compared struct {
	Where, Before, Now string
	Changed            bool
}

// compared puts two runs side by side.
func compared(before, now *ProbeResult) []Compared {
	var rows []Compared
	at := map[string]int{}
	row := func(l *ProbeLadder) *Compared {
		where := visible(l.Address) + ", " + l.endpoint()
		i, ok := at[where]
		if !ok {
			i = len(rows)
			at[where] = i
			rows = append(rows, Compared{Where: where, Before: "not tried", Now: "not tried"})
		}
		return &rows[i]
	}
	for i := range now.Ladders {
		row(&now.Ladders[i]).Now = now.Ladders[i].sum()
	}
	for i := range before.Ladders {
		row(&before.Ladders[i]).Before = before.Ladders[i].sum()
	}
	for i := range rows {
		b, _, _ := strings.Cut(rows[i].Before, ",")
		n, _, _ := strings.Cut(rows[i].Now, ",")
		rows[i].Changed = b != n
	}
	return rows
}

// sum is a ladder in a few words: "Reached, 84 ms".
func (l *ProbeLadder) sum() string {
	s := ladderWord(l, l.state())
	if t := msText(l.took()); t != "" {
		s += ", " + t
	}
	return s
}
