package ui

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// OutboundCheck is how the check of the way out stands: what static/js/outbound.js
// tells, which says what the members mean.
type OutboundCheck struct {
	State   string         `json:"state"` // empty: not begun
	Title   string         `json:"title"`
	Problem string         `json:"problem"`
	Host    string         `json:"host"`
	Secure  bool           `json:"secure"`
	Ports   []OutboundPort `json:"ports"`
}

// OutboundPort is one port of it.
type OutboundPort struct {
	Port   int     `json:"port"`
	State  string  `json:"state"`
	MS     float64 `json:"ms"`
	Detail string  `json:"detail"` // what was seen
}

// documented are the ports that Azure's guide names, shown even where they are
// not offered.
var documented = [...]int{1935, 1936, 2935, 2936}

// outboundRows are all ports that are shown, in order.
func outboundRows(o *OutboundCheck, ports string) (list []OutboundPort) {
	list = append(list, o.Ports...)
	has := func(port int) bool {
		for i := range list {
			if list[i].Port == port {
				return true
			}
		}
		return false
	}
	for text := range strings.SplitSeq(ports, ",") {
		if n, err := strconv.Atoi(text); err == nil && !has(n) {
			list = append(list, OutboundPort{Port: n, State: "waiting"})
		}
	}
	for _, n := range documented {
		if !has(n) {
			list = append(list, OutboundPort{Port: n, State: "absent"})
		}
	}
	return list
}

// outboundWord is a state in a word, with its colour and icon.
func outboundWord(state string) (word, class, icon string) {
	switch state {
	case "running":
		return "Trying", "info", "loader-circle"
	case "open":
		return "Open", "passed", "circle-check"
	case "intercepted":
		return "Intercepted", "error", "eye"
	case "blocked":
		return "Blocked", "error", "octagon-x"
	case "refused":
		return "Refused", "error", "octagon-x"
	case "unclear":
		return "No connection", "error", "octagon-x"
	case "tls":
		return "Open, TLS fails", "warning", "triangle-alert"
	case "reached":
		return "No way back", "error", "octagon-x"
	case "barred", "notls":
		return "Cannot be tried", "off", "circle-minus"
	case "absent":
		return "Not offered", "off", "circle-minus"
	}
	return "Not tried", "off", "hourglass"
}

// outboundUse is what a port is known for.
func outboundUse(port int) string {
	switch port {
	case 1935, 1936:
		return "RTMP"
	case 443, 2935, 2936:
		return "RTMPS"
	}
	return ""
}

// sum is the check in one sentence, with its severity.
func (o *OutboundCheck) sum() (text, class string) {
	var open, not, seen []string
	for i := range o.Ports {
		p := &o.Ports[i]
		word, _, _ := outboundWord(p.State)
		switch p.State {
		case "open":
			open = append(open, countPort(p.Port))
		case "tls":
			seen = append(seen, countPort(p.Port))
		case "barred", "notls":
		default:
			not = append(not, countPort(p.Port)+" ("+strings.ToLower(word)+")")
		}
	}
	list := func(ports []string) string { return strings.Join(ports, ", ") }
	switch through := append(open, seen...); {
	case len(through)+len(not) == 0:
		return "None of our ports can be tried from this page.", "warning"
	case len(through) == 0:
		return "Nothing gets through from your network: " + list(not) + ".", "error"
	case len(seen) > 0:
		text, class = "Reached from your network: "+list(through)+"; TLS fails on "+list(seen)+".", "warning"
	default:
		text, class = "Open from your network: "+list(through)+".", "passed"
	}
	if len(not) > 0 {
		return text + " Not open: " + list(not) + ".", "warning"
	}
	return text, class
}

// markdown is the check as a ticket takes it.
func (o *OutboundCheck) markdown() string {
	if o.State != "done" {
		return ""
	}
	var m mdWriter
	text, _ := o.sum()
	m.line("")
	m.line("### From the visitor’s network: " + md(text))
	m.line("")
	m.line("| Port of " + md(o.Host) + " | State | Time | What was seen |")
	m.line("|---|---|---|---|")
	for i := range o.Ports {
		p := &o.Ports[i]
		word, _, _ := outboundWord(p.State)
		m.line("| " + countPort(p.Port) + " | " + word + " | " + msText(p.MS) + " | " + md(p.Detail) + " |")
	}
	return m.b.String()
}

// tellOutbound takes in how the check stands.
func (c *reachPage) tellOutbound(data string) {
	var o OutboundCheck
	if json.Unmarshal([]byte(data), &o) != nil {
		return
	}
	switch was := c.out.State; {
	case o.State == was:
	case o.State == "asking":
		c.status = "Trying the ports."
	case o.State == "done":
		c.status, _ = o.sum()
	case o.State != "running":
		c.status = outboundTrouble(&o)
	}
	c.out = o
}

// outboundTrouble says why there is no answer.
func outboundTrouble(o *OutboundCheck) string {
	switch o.State {
	case "refused":
		return o.Title + ". " + o.Problem
	case "lost":
		return "This server does not answer. Check your connection, then try again."
	case "stale":
		return "This page is older than the server, whose ports have changed since. Reload it, then try again."
	}
	return ""
}

// outbound is the check from the visitor's own network.
func (c *reachPage) outbound() app.UI {
	if c.ports == "" {
		return panel("outbound", "From your network", nil, raw(`<p class="small">This portal does not listen on ingest ports itself, so there is nothing here that your browser could try; the commands that come with a probe do it from your own machine.</p>`))
	}
	o := &c.out
	off, links := "", false
	if !c.live || c.broken != "" {
		off = " disabled"
	}
	intro := "Your browser tries each ingest port of this portal, the way that an encoder in the same network would go. Nothing runs by itself."
	if o.Secure {
		intro += " This page is encrypted, so only encrypted connections may be tried; each of these ports takes them. Whether RTMP without TLS passes, the command tells."
	}
	answer := ""
	if text := outboundTrouble(o); text != "" {
		answer = fill(`<div class="callout callout--warning">{!}<p>{}</p></div>`, iconHTML("triangle-alert", ""), visible(text))
	} else if o.State == "done" {
		text, class := o.sum()
		ic := "octagon-x"
		switch class {
		case "passed":
			ic = "circle-check"
		case "warning":
			ic = "triangle-alert"
		}
		answer = fill(`<div class="callout callout--{}">{!}<p><strong>{}</strong></p></div>`, class, iconHTML(ic, ""), text)
		links = true
	}
	to := ""
	if t := c.desk.Target(); t.Problem == "" {
		to = visible(t.Host)
	}
	var rows []app.UI
	for _, p := range outboundRows(o, c.ports) {
		word, class, ic := outboundWord(p.State)
		more := ""
		if p.Detail != "" {
			more = fill(`<span class="rung__detail small">{}`, visible(p.Detail))
			if p.State == "unclear" && links && plainHost(o.Host) {
				more += fill(` <a href="https://{}:{}/" target="_blank" rel="noreferrer">Open the port in a new tab</a>`, o.Host, countPort(p.Port))
			}
			more += "</span>"
		}
		rows = append(rows, raw(`<li class="rung outbound__port" data-port="{}" data-state="{}"><span class="outbound__line"><span class="rung__stage num">{} <span class="ladder__note small">{}</span></span>{!}<span class="rung__time num">{}</span></span>{!}</li>`,
			countPort(p.Port), p.State, countPort(p.Port), outboundUse(p.Port), badgeHTML(class, ic, word), msText(p.MS), more))
	}
	return panel("outbound", "From your network", nil,
		raw(`<p class="small">{}</p>`, intro),
		raw(`<div class="toolbar"><button type="button" id="outbound-start" class="btn" data-ports="{}"{!}>{!}Test from this browser</button></div>`, c.ports, off, iconHTML("activity", "")),
		raw(`<div id="outbound-answer">{!}</div>`, answer),
		el("ul", "outbound-ports", "rungs", []string{"data-check", o.State, "data-to", to, "data-ticket", strings.TrimSpace(o.markdown())}, rows),
		raw(`<div id="outbound-next" class="stack"></div>`), // outbound.js fills it
	)
}
