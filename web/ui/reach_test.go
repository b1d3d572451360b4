package ui

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

// asked is a ReachClient that notes what it is told.
type asked struct {
	bodies    []string
	cancelled []int
}

func (a *asked) Start(run int, body string) { a.bodies = append(a.bodies, body) }
func (a *asked) Cancel(run int)             { a.cancelled = append(a.cancelled, run) }

func newReach() (*ReachDesk, *asked) {
	a := &asked{}
	return &ReachDesk{C: a, Profiles: []diag.Profile{{ID: "generic", Name: "Any"}}}, a
}

const (
	hostile     = `<img src=x onerror=alert(1)>\u0007`
	ladderEvent = `{"seq":2,"type":"ladders","ladder":-1,"ladders":[` +
		`{"address":"203.0.113.7","port":1935,"scheme":"rtmp","state":"waiting","rungs":[{"stage":"tcp","state":"waiting"},{"stage":"handshake","state":"waiting"},{"stage":"connect","state":"waiting"}]},` +
		`{"address":"2001:db8::7","port":443,"scheme":"rtmps","state":"waiting","rungs":[{"stage":"tcp","state":"waiting"},{"stage":"tls","state":"waiting"}]}]}`
	doneEvent = `{"seq":9,"type":"done","ladder":-1,"result":{"format":"ingestdoctor.report/1","kind":"probe","tool":{"name":"ingestdoctor","version":"v1","rule_set":2},"profile":{"id":"generic","name":"Any","platform":"","short":"Any"},` +
		`"input":{"state":"complete","bytes":0,"bytes_read":0},"verdict":{"severity":"error","headline":"A push would fail: the server refuses the connection on port 1935","next":"Check the port first.","errors":1,"warnings":0,"infos":0},"checks":[],` +
		`"findings":[{"rule":"probe-tcp-refused","severity":"error","basis":"documented","message":"203.0.113.7 refuses connections on port 1935.","address":"203.0.113.7","port":1935,"stage":"tcp","count":1,"args":{"address":"203.0.113.7","port":"1935","took_ms":12},"codes":[],"doc_url":"/rules/probe-tcp-refused"}],` +
		`"target":{"host":"live.example.com","publish":false,"platform":"` + hostile + `"},"vantage":"from this server, not from your network","started":"2026-11-22T00:00:00Z","took_ms":140,` +
		`"dns":{"stage":"dns","state":"ok","ms":8,"addresses":["203.0.113.7","2001:db8::7"],"detail":"2 addresses"},` +
		`"ladders":[{"address":"203.0.113.7","port":1935,"scheme":"rtmp","state":"failed","failed_stage":"tcp","rungs":[{"stage":"tcp","state":"failed","start_ms":8,"ms":12,"detail":"` + hostile + `","seen":[{"ms":12,"dir":"<","text":"` + hostile + `"}],"facts":[{"name":"` + hostile + `","value":"` + hostile + `"}]},{"stage":"connect","state":"skipped","detail":"Not reached."}]},` +
		`{"address":"2001:db8::7","port":443,"scheme":"rtmps","state":"ok","rungs":[{"stage":"tcp","state":"ok","start_ms":8,"ms":20},{"stage":"tls","state":"ok","start_ms":28,"ms":90,"chain":[{"subject":"CN=` + hostile + `","issuer":"CN=CA","names":["live.example.com"],"not_before":"2026-01-01","not_after":"2027-01-01"}]}]}]}}`
)

func TestReachDesk(t *testing.T) {
	d, a := newReach()
	d.Input = "no host"
	d.Probe()
	if d.Run.State != ReachRefused || len(a.bodies) != 0 || d.Say(false) == "" {
		t.Fatalf("%+v %v", d.Run, a.bodies)
	}
	d.Input, d.Profile, d.Enhanced = "rtmp://live.example.com/app/KEY?x=KEY", "youtube", true
	d.Probe()
	if want := `{"target":"rtmp://live.example.com/app","profile":"youtube","enhanced":true}`; a.bodies[0] != want {
		t.Errorf("%s, want %s", a.bodies[0], want)
	}
	run := d.Run.ID
	d.Handle(ReachMessage{Kind: "accepted", Run: run - 1, Data: `{}`}) // of the past
	if d.Run.State != ReachAsking {
		t.Error("a message of another run is taken")
	}
	d.Handle(ReachMessage{Kind: "accepted", Run: run, Data: `{"state":"running"}`})
	d.Handle(ReachMessage{Kind: "event", Run: run, Data: ladderEvent})
	d.Handle(ReachMessage{Kind: "event", Run: run, Data: `{"seq":3,"type":"rung","ladder":0,"rung":{"stage":"tcp","state":"running"}}`})
	d.Handle(ReachMessage{Kind: "event", Run: run, Data: `{"seq":4,"type":"rung","ladder":0,"rung":{"stage":"tcp","state":"failed","ms":12},"findings":[{"rule":"probe-tcp-refused","severity":"error","basis":"documented","message":"m","count":1,"args":{}}]}`})
	d.Handle(ReachMessage{Kind: "event", Run: run, Data: `{"seq":5,"type":"rung","ladder":7,"rung":{"stage":"tcp","state":"ok"}}`}) // of nowhere
	d.Handle(ReachMessage{Kind: "event", Run: run, Data: `nonsense`})
	if l := &d.Run.Result.Ladders[0]; l.state() != rungFailed || l.Failed != "tcp" || len(d.Run.views) != 1 || !d.Busy() {
		t.Errorf("%+v", l)
	}
	if s := d.Say(false); s != "Probing live.example.com" {
		t.Errorf("said %q", s)
	}
	if !d.Pending() || d.Say(false) != "" {
		t.Error("rungs are announced one by one")
	}
	if s := d.Say(true); !strings.Contains(s, "203.0.113.7 port 1935, TCP: Failed") || d.Pending() {
		t.Errorf("said %q", s)
	}
	d.Handle(ReachMessage{Kind: "event", Run: run, Data: doneEvent})
	if d.Run.State != ReachDone || d.Say(false) != "A push would fail: the server refuses the connection on port 1935" || d.Run.Ticket == "" {
		t.Errorf("%+v", d.Run)
	}
	d.Handle(ReachMessage{Kind: "lost", Run: run})
	if d.Run.State != ReachDone {
		t.Error("a message after the end is taken")
	}

	d.Again() // the last one stays beside it
	if d.Last == nil || len(a.bodies) != 2 || d.Run.ID == run {
		t.Fatalf("%v %v", d.Last, a.bodies)
	}
	d.Handle(ReachMessage{Kind: "refused", Run: d.Run.ID, Status: 429, Data: `{"title":"Too many probes","detail":"Wait.","retry_after_s":12}`})
	if d.Run.State != ReachQuota || d.Run.Retry != 12 {
		t.Errorf("%+v", d.Run)
	}
	d.Again()
	d.Handle(ReachMessage{Kind: "refused", Run: d.Run.ID, Status: 502, Data: `<html>`})
	if d.Run.State != ReachRefused || !strings.Contains(d.Run.Problem, "502") {
		t.Errorf("%+v", d.Run)
	}
	d.Again()
	d.Handle(ReachMessage{Kind: "lost", Run: d.Run.ID})
	if d.Run.State != ReachLost || d.Last == nil {
		t.Errorf("%+v", d.Run)
	}
	d.Again()
	d.Cancel()
	if d.Run.State != ReachCancelled || len(a.cancelled) != 1 {
		t.Errorf("%+v", d.Run)
	}
	d.Again()
	d.Handle(ReachMessage{Kind: "report", Run: d.Run.ID, Data: `{"state":"done","report":` + doneEvent[strings.Index(doneEvent, `{"format"`):len(doneEvent)-1] + `}`})
	if d.Run.State != ReachDone {
		t.Errorf("%+v", d.Run)
	}
	d.Publish("rtmp://other.example.com/app", "KEY")
	if want := `{"target":"rtmp://other.example.com/app","profile":"youtube","enhanced":true,"publish":true,"key":"KEY"}`; a.bodies[len(a.bodies)-1] != want || d.Last != nil {
		t.Errorf("%s, last %v", a.bodies[len(a.bodies)-1], d.Last)
	}
	d.Handle(ReachMessage{Kind: "client", Data: `{"address":"203.0.113.9","kind":"public","probes":{"allowed":false}}`})
	if !d.Off() {
		t.Error("probes are not off")
	}
}

// reachDrawn is the page in a state, as the browser would have it.
func reachDrawn(t *testing.T, change func(*reachPage)) string {
	t.Helper()
	t.Setenv("SHELL_HEADER", "<header></header>")
	t.Setenv("SHELL_FOOTER", "<footer></footer>")
	c := &reachPage{live: true}
	d, _ := newReach()
	c.desk = *d
	change(c)
	return app.HTMLString(c)
}

func TestReachStates(t *testing.T) {
	begin := func(c *reachPage) int {
		c.desk.Input = "rtmp://live.example.com/app"
		c.desk.Probe()
		return c.desk.Run.ID
	}
	done := func(c *reachPage) {
		c.desk.Handle(ReachMessage{Kind: "event", Run: begin(c), Data: doneEvent})
	}
	for _, tc := range []struct {
		state  string
		change func(*reachPage)
		parts  []string
	}{
		{"empty", func(*reachPage) {}, []string{"Nothing probed yet", "What is tried", "from this server, not from your network", `id="allow"`}},
		{"asking", func(c *reachPage) { begin(c) }, []string{`id="cancel"`, "Asking the server"}},
		{"running", func(c *reachPage) {
			c.desk.Handle(ReachMessage{Kind: "event", Run: begin(c), Data: ladderEvent})
		}, []string{"2 addresses and ports: 0 reached, 0 failed, 2 still running.", `data-ladder="2001.db8..7-443"`, "Waiting", `id="cancel"`}},
		{"done", done, []string{
			"A push would fail: the server refuses", `data-finding="probe-tcp-refused"`, "Stops at TCP", "Reached", "Test-NetConnection -ComputerName live.example.com -Port 1935",
			`id="copy-ticket"`, `id="copy-json"`, `id="download"`, "150 ms", "&lt;img src=x", `\u{7}`, "203.0.113.7 port 1935, TCP", `<option>rtmps, port 443</option>`, `width="`,
		}},
		{"done", func(c *reachPage) { done(c); done(c) }, []string{"Beside the last time", "Stops at TCP, 12 ms"}},
		{"quota", func(c *reachPage) {
			c.desk.Handle(ReachMessage{Kind: "refused", Run: begin(c), Status: 429, Data: `{"title":"Too many probes","detail":"` + hostile + `"}`})
		}, []string{"Too many probes", "&lt;img"}},
		{"refused", func(c *reachPage) { c.desk.Input = "x"; c.desk.Probe() }, []string{"no host name", "Try again"}},
		{"lost", func(c *reachPage) { c.desk.Handle(ReachMessage{Kind: "lost", Run: begin(c)}) }, []string{"This server does not answer"}},
		{"cancelled", func(c *reachPage) { begin(c); c.desk.Cancel() }, []string{"Cancelled"}},
		{"empty", func(c *reachPage) {
			c.desk.Handle(ReachMessage{Kind: "client", Data: `{"address":"203.0.113.9","kind":"public","probes":{"allowed":false}}`})
		}, []string{`<code id="my-address">203.0.113.9</code>`, "switched probes off", "ingestdoctor probe"}},
		{"empty", func(c *reachPage) {
			c.allowText, c.encoderText = "8.8.8.0/24\n<b>\n0.0.0.0/0", "8.8.8.8 192.168.1.1"
			c.judge()
		}, []string{`data-answer="passed"`, "line 1 (8.8.8.0/24)", "&lt;b&gt;", "protects nothing", "3 entries, 1 not readable", "private address"}},
	} {
		html := reachDrawn(t, tc.change)
		checked(t, html, tc.state, tc.parts...)
		html = attribute.ReplaceAllString(html, "")
		for _, bad := range []string{"<img", "<b>", " style="} {
			if strings.Contains(html, bad) {
				at := strings.Index(html, bad)
				t.Errorf("%s: %s", tc.state, html[max(0, at-100):at+50])
			}
		}
	}
}

// Without a program the page is whole, and nothing can be used that would do nothing.
func TestReachPrerendered(t *testing.T) {
	html := prerendered(t, ReachPath, `<a href="/check/reach">Server</a>`)
	says(t, html, "<title>Test the ingest server", "<noscript>", "ingestdoctor probe", `aria-current="page"`, "YouTube", "What is tried", "off the air")
	preloaded(t, html, "/web/app.wasm")
	disabled(t, html, "publish-", "copy-btn") // the dialog is closed
	sound(t, html)
}

func TestReachMarkdown(t *testing.T) {
	d, _ := newReach()
	d.Input = "live.example.com"
	d.Probe()
	d.Handle(ReachMessage{Kind: "event", Run: d.Run.ID, Data: doneEvent})
	for _, part := range []string{
		"## A push would fail", "- Target: `live.example.com`", "- Tried from: from this server, not from your network", "- Publish: not tried",
		"| 203.0.113.7 | 1935 rtmp | TCP | Failed | 12 ms |", "**Connection refused** (`probe-tcp-refused`)", `\<img src`,
	} {
		if !strings.Contains(d.Run.Ticket, part) {
			t.Errorf("no %q in\n%s", part, d.Run.Ticket)
		}
	}
}

func TestScale(t *testing.T) {
	for end, want := range map[float64]float64{0: 1, 0.5: 1, 1: 1, 1.2: 1.5, 4.7: 5, 10: 10, 11: 15, 499: 500, 1010: 1500, 8000: 10000} {
		r := &ProbeResult{Ladders: []ProbeLadder{{Rungs: []ProbeRung{{StartMS: end / 2, MS: end / 2}}}}}
		if got := r.scale(); got != want {
			t.Errorf("%v: %v, want %v", end, got, want)
		}
	}
	list, scale := (&ProbeResult{Ladders: []ProbeLadder{{Rungs: []ProbeRung{{State: rungOK, StartMS: 20, MS: 60}, {State: rungOK, StartMS: 80, MS: 0.01}}}}}).ladders()
	if a, b := list[0].Rungs[0], list[0].Rungs[1]; scale != 100 || a.Start != 200 || a.Width != 600 || b.Start != 800 || b.Width != 5 {
		t.Errorf("%v %+v %+v", scale, a, b)
	}
}

// Commands hold nothing that a shell would take for more than text.
func TestCommands(t *testing.T) {
	for _, bad := range []string{"", "-oProxyCommand=x", "a;rm", "$(x)", "a b", "a'b", "a`b", "bücher.example"} {
		if list := commandsFor(bad, "rtmp", 1935, "live"); list != nil {
			t.Errorf("%q: %v", bad, list)
		}
	}
	for _, l := range commandsFor("2001:db8::7", "rtmps", 443, "$(x)") {
		if strings.Contains(l.Line, "$(x)") || strings.Contains(l.Line, "-servername") {
			t.Errorf("%s: %s", l.ID, l.Line)
		}
		if (l.ID == "openssl" || l.ID == "ffmpeg") && !strings.Contains(l.Line, "[2001:db8::7]:443") {
			t.Errorf("%s: %s", l.ID, l.Line)
		}
	}
}
