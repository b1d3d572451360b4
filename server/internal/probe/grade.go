package probe

import (
	"cmp"
	"slices"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// grade orders the findings and gives each the weight that it has beside the
// others. A closed port is fatal where it is the only one; where a host is
// asked on several and one answers, it is worth a note, and a second address
// that fails makes a push a matter of luck.
func (r *run) grade() {
	reached := func(port int) (this, any bool) {
		for i := range r.ladders {
			if l := &r.ladders[i]; l.State == OK {
				any = true
				this = this || l.Port == port
			}
		}
		return this, any
	}
	for i := range r.findings {
		f := &r.findings[i]
		if f.ladder < 0 || f.Severity < diag.Warning || f.Rule == "probe-slow" {
			continue
		}
		l := &r.ladders[f.ladder]
		this, any := reached(l.Port)
		switch {
		case f.Rule == "probe-no-route":
			if any {
				f.Severity = diag.Info
			}
		case l.State == OK:
		case this:
			f.Severity, f.Basis = diag.Warning, diag.Ours
		case any:
			f.Severity, f.Basis = diag.Info, diag.Ours
		}
	}
	// The first failing rung is the headline: of the ladder that got furthest,
	// where several fail, since it tells most.
	height := func(f *raised) int {
		if f.ladder < 0 {
			return 0
		}
		return -r.ladders[f.ladder].height()
	}
	slices.SortStableFunc(r.findings, func(a, b raised) int {
		return cmp.Or(
			cmp.Compare(b.Severity, a.Severity),
			cmp.Compare(height(&a), height(&b)),
			cmp.Compare(a.ladder, b.ladder),
			cmp.Compare(a.stage, b.stage),
		)
	})
}

// height is how many rungs were climbed before the first that failed.
func (l *Ladder) height() int {
	for i := range l.Rungs {
		if s := l.Rungs[i].State; s != OK {
			return i
		}
	}
	return len(l.Rungs)
}

// lintFindings are those of the URL rules. What was measured goes before what
// was read: where the server was reached, a rule about host, port or scheme is
// a warning.
func (r *run) lintFindings() []diag.Finding {
	if r.refused {
		return nil // the same answer for all
	}
	out := slices.Clone(r.plan.Lint)
	reached := slices.ContainsFunc(r.ladders, func(l Ladder) bool { return l.State == OK })
	for i := range out {
		if reached && out[i].Severity == diag.Error {
			switch out[i].Rule {
			case "url-port", "url-port-scheme", "url-scheme", "url-host", "url-ip-host", "url-syntax", "url-characters":
				out[i].Severity = diag.Warning
			}
		}
	}
	return out
}

// checks says of every rule of the family what became of it.
func (r *run) checks() []diag.Check {
	// How far any ladder got on each stage.
	passed := map[string]bool{}
	tried := map[string]bool{}
	note := func(g *Rung) {
		passed[g.Stage] = passed[g.Stage] || g.State == OK
		tried[g.Stage] = tried[g.Stage] || g.State == OK || g.State == Failed || g.State == TimedOut
	}
	if r.dns != nil {
		note(r.dns)
	}
	for i := range r.ladders {
		for k := range r.ladders[i].Rungs {
			note(&r.ladders[i].Rungs[k])
		}
	}
	asks := map[string]string{
		"probe-dns": DNS, "probe-tcp-refused": TCP, "probe-tcp-timeout": TCP, "probe-no-route": TCP, "probe-tls": TLS,
		"probe-not-rtmp": Handshake, "probe-handshake": Handshake,
		"probe-connect-rejected": Connect, "probe-publish-rejected": Publish,
	}
	var out []diag.Check
	for _, m := range rules.Metas() {
		if m.Family != rules.Reachability {
			continue
		}
		c := diag.Check{Rule: m.ID}
		stage := asks[m.ID]
		switch {
		case slices.ContainsFunc(r.findings, func(f raised) bool { return f.Rule == m.ID }):
			c.State = diag.CheckRaised
		case m.ID == "probe-refused-target":
			c.State = diag.CheckPassed
		case r.refused:
			c.State, c.Why = diag.CheckNA, "nothing was probed"
		case m.ID == "probe-slow" && len(passed) > 0, passed[stage]:
			c.State = diag.CheckPassed
		case m.ID == "probe-dns" && r.plan.addr.IsValid():
			c.State, c.Why = diag.CheckNA, "the target is an address"
		case stage == TLS && !slices.ContainsFunc(r.plan.Endpoints, func(e Endpoint) bool { return e.Scheme == "rtmps" }):
			c.State, c.Why = diag.CheckNA, "plain rtmp"
		case stage == Publish && !r.plan.Publish:
			c.State, c.Why = diag.CheckNA, "publish was not asked for"
		case stage == Connect && r.plan.link.app == "":
			c.State, c.Why = diag.CheckNA, "the target names no application"
		case tried[stage]:
			// another rule of the same stage was raised
			c.State, c.Why = diag.CheckStopped, "the stage failed otherwise"
		default:
			c.State, c.Why = diag.CheckStopped, "the stage was not reached"
		}
		out = append(out, c)
	}
	return out
}
