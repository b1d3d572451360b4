package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"ingestdoctor/server/internal/probe"
	"ingestdoctor/wasm/diag"
)

// ProbeOptions are the arguments of `ingestdoctor probe`.
type ProbeOptions struct {
	Target       string // URL, host, or - for Stdin
	Key          string // stream key where it is not in the URL
	Profile      string // profile id; empty: the one that the host tells
	Publish      bool
	Yes          bool // do not ask before publishing
	Enhanced     bool
	AllowPrivate bool
	Transcript   bool // of every stage, not of the failed ones alone
	JSON         bool

	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Probe climbs the ladder from this machine and prints the report. Secrets are
// masked in all that it prints.
func Probe(ctx context.Context, o ProbeOptions) int {
	fail := complaining(o.Stderr)
	if o.Profile != "" {
		if _, err := profileOf(o.Profile); err != nil {
			return fail("%v", err)
		}
	}
	target, err := typed(o.Target, o.Stdin, o.Stderr)
	if err != nil {
		return fail("%v", err)
	}
	p := probe.New(probe.Config{
		AllowPrivate: o.AllowPrivate, AnyPort: true, SystemNames: true, Vantage: "from this machine and its network",
	})
	plan, err := p.Plan(probe.Request{
		Target: target, Key: o.Key, Publish: o.Publish, Enhanced: o.Enhanced, Profile: o.Profile,
	})
	if err != nil {
		var input *probe.InputError
		if !errors.As(err, &input) {
			return fail("the target cannot be read")
		}
		return fail("%s", printable(input.Text))
	}
	if o.Publish && !o.Yes && o.Target != "-" && terminal(o.Stdin) && !confirmed(o, plan) {
		return fail("not confirmed: nothing was probed")
	}
	show := &rungProgress{w: o.Stderr, on: terminal(o.Stderr) && !o.JSON}
	r := p.Run(ctx, plan, show.event)
	show.clear()

	var raw []byte
	if o.JSON {
		if raw, err = json.Marshal(r); err != nil {
			return fail("the report could not be written: %v", err)
		}
	}
	if err := deliver(o.Stdout, raw, func(p report) { writeProbe(p, r, o) }); err != nil {
		return fail("%v", err)
	}
	return exit(ctx.Err() != nil, &r.Verdict)
}

// confirmed asks before a stream is published: it can cost a running one.
func confirmed(o ProbeOptions, plan *probe.Plan) bool {
	fmt.Fprintf(o.Stderr, "This asks %s to take the stream as an encoder would, without media. Where a stream runs under\n"+
		"this key, some servers throw it off the air. Type yes to go on: ", printable(plan.Host))
	line, _ := bufio.NewReader(o.Stdin).ReadString('\n')
	return strings.EqualFold(strings.TrimSpace(line), "yes")
}

// rungProgress shows which stage runs, on a terminal.
type rungProgress struct {
	w  io.Writer
	on bool
	mu sync.Mutex
	at []probe.Ladder
}

func (p *rungProgress) event(e probe.Event) {
	if !p.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case e.Type == "ladders":
		p.at = e.Ladders
	case e.Type == "rung" && e.Rung.State == probe.Running:
		where := ""
		if e.Ladder >= 0 && e.Ladder < len(p.at) {
			where = fmt.Sprintf("%s port %d: ", p.at[e.Ladder].Address, p.at[e.Ladder].Port)
		}
		fmt.Fprintf(p.w, "\r\x1b[K%s%s ...", where, e.Rung.Stage)
	}
}

func (p *rungProgress) clear() {
	if p.on {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// writeProbe prints a probe's report for a person.
func writeProbe(p report, r *probe.Result, o ProbeOptions) {
	p.line("%s", printable(r.Input.Name))
	p.line("Probed %s, against: %s (%s)", r.Vantage, r.Profile.Name, r.Profile.ID)
	if r.Target.Platform != "" && r.Target.Platform != r.Profile.Name {
		p.line("The host belongs to: %s", printable(r.Target.Platform))
	}
	if r.Input.State == diag.StateCancelled {
		p.line("%s", p.severity(diag.Warning, "Stopped before its end: what follows is true as far as it got."))
	}
	p.answer(&r.Verdict)
	refused := len(r.Findings) > 0 && r.Findings[0].Rule == "probe-refused-target"
	if refused && !o.AllowPrivate {
		p.text("", "To probe an address of your own network from this machine, add --allow-private.")
	}
	if len(r.Findings) > 0 {
		p.counts(&r.Verdict)
	}
	if r.DNS != nil {
		p.line("")
		p.line("%s", p.bold(printable(r.Target.Host)))
		p.rung(r.DNS, o.Transcript)
		if len(r.DNS.Addresses) > 0 {
			p.text("             ", strings.Join(r.DNS.Addresses, ", "))
		}
	}
	for i := range r.Ladders {
		l := &r.Ladders[i]
		p.line("")
		p.line("%s", p.bold(fmt.Sprintf("%s port %d, %s", l.Address, l.Port, l.Scheme)))
		for k := range l.Rungs {
			p.rung(&l.Rungs[k], o.Transcript)
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		p.finding(f, &r.Report)
		if f.Rung != nil && f.Rung.Port > 0 {
			p.text("        ", fmt.Sprintf("At: %s port %d, %s", printable(f.Rung.Address), f.Rung.Port, f.Rung.Stage))
		}
	}
	p.checks(r.Checks)
}

var rungWords = map[string]diag.Severity{
	probe.OK: diag.Off, probe.Failed: diag.Error, probe.TimedOut: diag.Error, probe.Cancelled: diag.Warning, probe.Skipped: diag.Info,
}

func (p report) rung(g *probe.Rung, all bool) {
	took := ""
	if g.State != probe.Skipped {
		took = fmt.Sprintf("%.1f ms", g.MS)
	}
	word := fmt.Sprintf("%-9s", g.State)
	if g.State != probe.Skipped {
		word = p.severity(rungWords[g.State], word)
	}
	lead := fmt.Sprintf("%-10s%11s  ", g.Stage, took)
	p.line("  %s %s%s", word, lead, printable(g.Detail))
	const indent = "             "
	if all || g.State == probe.Failed || g.State == probe.TimedOut {
		for _, line := range g.Seen {
			p.text(indent+line.Dir+" ", line.Text)
		}
		for _, c := range g.Chain {
			p.text(indent+"  certificate ", fmt.Sprintf("%s, issued by %s, %s to %s", c.Subject, c.Issuer, day(c.NotBefore), day(c.NotAfter)))
		}
	}
	if all {
		for _, f := range g.Facts {
			p.text(indent+"  ", f.Name+" "+f.Value)
		}
	}
}

func day(stamp string) string { return stamp[:min(len(stamp), 10)] }
