package ui

import "strings"

// ReachMarkdown is a probe as a ticket takes it.
func ReachMarkdown(r *ProbeResult) string {
	var m mdWriter
	rep := &r.Report
	m.verdict(&rep.Verdict)
	target, publish := r.Target.URL, "not tried"
	if target == "" {
		target = r.Target.Host
	}
	if r.Target.Publish {
		publish = "tried"
	}
	m.line("- Target: " + code(target))
	for _, v := range [...][2]string{
		{"Platform", r.Target.Platform},
		{"Tried from", r.Vantage},
		{"Began", r.Started},
		{"Took", msText(r.TookMS)},
		{"Publish", publish},
		{"Tool", strings.TrimSpace(rep.Tool.Name+" "+rep.Tool.Version) + ", rules " + countText(int64(rep.Tool.RuleSet))},
	} {
		if v[1] != "" {
			m.line("- " + v[0] + ": " + md(v[1]))
		}
	}
	if r.DNS != nil {
		m.line("- DNS: " + md(stateWord(r.DNS.State)+", "+msText(r.DNS.MS)+", "+strings.Join(r.DNS.Addresses, ", ")))
	}
	if len(r.Ladders) > 0 {
		m.line("")
		m.line("| Address | Port | Stage | State | Time | What was seen |")
		m.line("|---|---|---|---|---|---|")
		for i := range r.Ladders {
			l := &r.Ladders[i]
			for j := range l.Rungs {
				g := &l.Rungs[j]
				if g.State == rungSkipped && g.Detail == "" {
					continue
				}
				m.line("| " + strings.Join([]string{
					md(l.Address), md(countPort(l.Port) + " " + l.Scheme), md(stageLabel(g.Stage)), stateWord(g.State), msText(g.MS), md(g.Detail),
				}, " | ") + " |")
			}
		}
	}
	for _, g := range groups(findingViews(rep)) {
		m.line("")
		m.line("### " + g.Title)
		for i := range g.Findings {
			m.finding(&g.Findings[i])
		}
	}
	return m.b.String()
}
