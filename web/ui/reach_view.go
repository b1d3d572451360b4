package ui

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

func (c *reachPage) Render() app.UI {
	class := "page page--tool"
	if c.desk.Run != nil {
		class += " page--answered"
	}
	return el("div", "", "app-shell", nil,
		app.Raw(c.header),
		el("main", "main", class, []string{"tabindex", "-1"},
			el("div", "", "wrap", nil,
				raw(`<header class="page-head"><h1>Test the ingest server</h1><p class="lede checker__lede">Is the ingest point there, and would it take your stream? Name, port, encryption, RTMP handshake and connect are tried one after the other, from our server.</p></header>`),
				el("div", "", "tool-grid checker reach", nil,
					el("div", "", "stack checker__main", nil, c.form(), c.problem(), c.verdict(), c.findings()),
					el("div", "details", "stack reach__details", nil, c.details()),
				),
			),
		),
		app.Raw(c.footer),
		el("p", "status", "sr-only", []string{"role", "status", "aria-live", "polite"}, c.status),
		publishDialog(),
		c.updateNotice(),
	)
}

func (c *reachPage) updateNotice() app.UI {
	if !c.update {
		return raw(`<div id="update" hidden></div>`)
	}
	return raw(`<div id="update" class="update callout" role="status">{!}<p>A new version of this page is ready.</p><p><button type="button" class="btn btn--small" id="reload" data-reach="click">Reload</button></p></div>`, iconHTML("refresh-cw", ""))
}

// form is what to probe. static/js/reach.js tells what is typed; the values are
// read when the form is sent.
func (c *reachPage) form() app.UI {
	off := ""
	if !c.live || c.desk.C == nil || c.desk.Off() {
		off = " disabled"
	}
	wait := off
	if c.left() > 0 {
		wait = " disabled"
	}
	return app.Elem("form").Class("panel panel__body reach__form").Aria("label", "Target").OnSubmit(c.submit).Body(
		raw(`<div class="field"><label class="label" for="target">Ingest URL or host</label><input id="target" class="input mono" type="text" placeholder="rtmp://live.example.com/app" autocomplete="off" autocapitalize="none" spellcheck="false" inputmode="url" maxlength="4096" aria-describedby="sent" data-reach="input"{!}></div>`, off),
		c.sent(),
		raw(`<div class="reach__options"><div class="field reach__picker"><label class="label" for="profile">Platform</label><select id="profile" class="select"{!}>{!}</select></div>`+
			`<label class="check small"><input id="enhanced" type="checkbox"{!}><span>Ask for Enhanced RTMP codecs too</span></label></div>`, off, profileOptions(c.desk.Profiles, c.wanted, `<option value="">As the host tells</option>`), off),
		raw(`<div class="toolbar"><button type="submit" id="probe" class="btn btn--primary"{!}>{!}Probe</button><button type="button" id="publish" class="btn" data-reach="click"{!}>{!}Also try to publish…</button></div>`,
			wait, iconHTML("activity", ""), wait, iconHTML("key-round", "")),
	)
}

// sent says what leaves the browser, before it does.
func (c *reachPage) sent() app.UI {
	text := ""
	switch t := c.desk.Target(); {
	case c.desk.Input == "":
		text = "A host alone is tried on ports 1935, 1936, 2935 and 2936. Of a URL only scheme, host, port and application are sent; the key stays in this browser."
	case t.Problem != "":
		text = t.Problem
	default:
		text = "Sent to our server: " + visible(t.Sent()) + "."
		if t.Kept {
			text += " The rest stays in this browser: it may hold your key."
		}
	}
	return el("p", "sent", "hint reach__sent", nil, text)
}

// problem is what keeps the page from working at all.
func (c *reachPage) problem() app.UI {
	class, text := "warning", ""
	switch {
	case !c.live:
		return raw(`<noscript><p class="callout callout--warning">Probing from this page needs JavaScript and WebAssembly. The command line does the same from your own machine: ingestdoctor probe live.example.com</p></noscript>`)
	case c.broken != "":
		class, text = "error", c.broken
	case c.desk.Off():
		text = "Whoever runs this server has switched probes off. From your own machine the command line does the same: ingestdoctor probe live.example.com"
	default:
		return raw(`<div hidden></div>`)
	}
	return raw(`<div class="callout callout--{}">{!}<p id="problem">{}</p></div>`, class, iconHTML("triangle-alert", ""), text)
}

// verdict is the answer, in each of its states.
func (c *reachPage) verdict() app.UI {
	r := c.desk.Run
	state, sev, ic, class := ReachEmpty, diag.Off, "stethoscope", "verdict"
	headline, next := "Nothing probed yet", "The answer appears here: first in one sentence, then each rung with its time and what was seen, then what to do."
	about := ""
	if r != nil {
		state = r.State
		switch state {
		case ReachAsking, ReachRunning:
			ic, class = "loader-circle", "verdict verdict--working"
			headline = "Probing " + visible(r.Asked.Authority())
			next = c.soFar(r)
		case ReachDone, ReachCancelled:
			v := &r.Result.Report.Verdict
			sev = v.Severity
			ic, class = severityIcon(sev), "verdict verdict--"+severityClass(sev)
			headline, next = visible(v.Headline), visible(v.Next)
			if state == ReachCancelled && sev <= diag.Info {
				ic, class = "circle-minus", "verdict"
				headline, next = "Cancelled", "What was seen until then stands below."
			}
		case ReachRefused:
			ic, class = "octagon-x", "verdict verdict--error"
			headline, next = visible(r.Title), visible(r.Problem)
		case ReachQuota:
			ic, class = "hourglass", "verdict verdict--warning"
			headline, next = visible(r.Title), visible(r.Problem)
		case ReachLost:
			ic, class = "wifi-off", "verdict verdict--error"
			headline = "This server does not answer"
			next = "The connection from your browser to this site is interrupted. It says nothing about the ingest server. Check your connection, then probe again."
		}
		about = c.about(r)
	} else if !c.live {
		headline = "Starting"
	}
	if next != "" {
		next = fill(`<p id="next" class="verdict__next">{}</p>`, next)
	}
	return el("section", "verdict", class, []string{"tabindex", "-1", "aria-labelledby", "headline", "data-state", string(state), "data-severity", sev.String()},
		app.Raw(iconHTML(ic, "")),
		raw(`<div class="stack stack--tight"><h2 id="headline" class="verdict__headline">{}</h2>{!}{!}</div>`, headline, next, about),
		app.Raw(c.actions(r)),
		app.Raw(c.waitText(r)),
	)
}

// waitText counts a spent quota down, apart from the button, which stays where
// the focus may be.
func (c *reachPage) waitText(r *ReachRun) string {
	left := c.left()
	if r == nil || left == 0 {
		return `<p id="wait" hidden></p>`
	}
	return fill(`<p id="wait" class="small num">Try again in {} s.</p>`, strconv.Itoa(left))
}

// soFar says in words how far a running probe is.
func (c *reachPage) soFar(r *ReachRun) string {
	if len(r.Result.Ladders) == 0 {
		if r.State == ReachAsking {
			return "Asking the server to begin."
		}
		return "Looking the name up."
	}
	done, failed := 0, 0
	for i := range r.Result.Ladders {
		switch r.Result.Ladders[i].state() {
		case rungOK:
			done++
		case rungFailed, rungTimeout:
			failed++
		}
	}
	n := int64(len(r.Result.Ladders))
	text := plural(n, "address and port", "addresses and ports") + ": "
	return text + strconv.Itoa(done) + " reached, " + strconv.Itoa(failed) + " failed, " + strconv.Itoa(int(n)-done-failed) + " still running."
}

// about names what was probed and from where.
func (c *reachPage) about(r *ReachRun) string {
	text := ""
	if r.Asked.Host != "" {
		more := ""
		if p := r.Result.Target.Platform; p != "" {
			more = ", " + visible(p)
		}
		if r.Publish {
			more += ", publish included"
		}
		text = fill(`<p id="asked" class="small muted"><bdi class="verdict__file">{}</bdi>{}</p>`, visible(r.Asked.Text()), more)
	}
	ended := r.State == ReachDone || r.State == ReachCancelled
	if ended || r.Busy() {
		vantage := visible(r.Result.Vantage)
		if vantage == "" {
			vantage = "from this server, not from your network"
		}
		text += fill(`<p id="vantage" class="small">{!} Tried <strong>{}</strong>.</p>`, iconHTML("server", "icon--s"), vantage)
	}
	if r.Reused && !r.Busy() && r.AgeS >= 1 {
		text += fill(`<p id="reused" class="small">The same was probed {} ago, and this is what was seen then: identical probes are run once a minute.</p>`, ageText(r.AgeS))
	}
	if ended {
		if v := &r.Result.Report.Verdict; v.Errors+v.Warnings+v.Infos > 0 {
			text += countsHTML(v, "")
		}
	}
	return text
}

func ageText(s float64) string {
	if s < 100 {
		return strconv.Itoa(int(s+0.5)) + " s"
	}
	return strconv.Itoa(int(s/60+0.5)) + " min"
}

// actions are the way out of a running probe, and what to do with a result.
func (c *reachPage) actions(r *ReachRun) string {
	switch {
	case r == nil:
		return `<div hidden></div>`
	case r.Busy():
		return fill(`<div class="verdict__actions toolbar"><button type="button" id="cancel" class="btn btn--small" data-reach="click">{!}Cancel</button></div>`, iconHTML("x", ""))
	}
	off, word, more := "", "Run again", ""
	if c.left() > 0 {
		off = " disabled"
	}
	if r.State == ReachQuota || r.State == ReachLost || r.State == ReachRefused {
		word = "Try again"
	}
	if r.Ticket != "" {
		more = fill(`<button type="button" id="copy-ticket" class="btn btn--small" data-copy="{}" data-copy-done="Copied as Markdown">{!}Copy for a ticket</button>`+
			`<button type="button" id="copy-json" class="btn btn--small" data-copy=" " data-copy-done="Copied as JSON">{!}Copy JSON</button>`+
			`<button type="button" id="download" class="btn btn--small">{!}Download JSON</button>`,
			r.Ticket+c.out.markdown(), iconHTML("clipboard", ""), iconHTML("file-json", ""), iconHTML("download", ""))
	}
	return fill(`<div class="verdict__actions toolbar"><button type="button" id="again" class="btn btn--small" data-reach="click"{!}>{!}{}</button>{!}</div>`,
		off, iconHTML("rotate-ccw", ""), word, more)
}

// findings are the evidence, by severity.
func (c *reachPage) findings() app.UI {
	body := []app.UI{raw(`<h2 id="findings-title" class="sr-only">Findings</h2>`)}
	if r := c.desk.Run; r != nil {
		for _, g := range groups(r.views) {
			body = append(body, raw(`<h3>{} <span class="count">{}</span></h3>`, g.Title, strconv.Itoa(len(g.Findings))))
			for i := range g.Findings {
				f := &g.Findings[i]
				body = append(body, &keyed{Key: strconv.Itoa(r.ID) + f.Key, Make: func() app.UI { return findingCard(f, false, nil) }})
			}
		}
	}
	return el("section", "findings", "stack", []string{"aria-labelledby", "findings-title"}, body)
}

// publishDialog asks, each time anew, before a publish command is sent.
// static/js/reach.js opens, checks and empties it: the key comes here when it is
// confirmed, and goes on at once.
func publishDialog() app.UI {
	return raw(`<dialog id="publish-dialog" class="dialog" aria-labelledby="publish-title"><form class="stack" autocomplete="off" method="dialog">`+
		`<h2 id="publish-title">Also try to publish?</h2>`+
		`<div class="callout callout--warning">{!}<p><strong>This can throw a running stream off the air.</strong> Some servers close the stream that runs under a key when another connection publishes under it. Do it only when nothing is on air with this key.</p></div>`+
		`<p class="small">The publish command is sent without picture or sound, the answer is waited for, and the connection is closed. The key goes to our server for this one probe, stays in its memory until the probe ends, and is never stored or logged.</p>`+
		`<div class="field"><label class="label" for="publish-server">Server</label><input id="publish-server" class="input mono" type="text" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="4096" aria-describedby="publish-server-hint"><p class="hint" id="publish-server-hint">As in the encoder: with the application, without the key.</p></div>`+
		`<div class="field"><label class="label" for="publish-key">Stream key</label><input id="publish-key" class="input mono" type="password" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="4096" aria-describedby="publish-key-hint"><p class="hint" id="publish-key-hint">Whole, with what follows a ? where the platform signs its URLs.</p>`+
		`<label class="check small"><input id="publish-reveal" type="checkbox"><span>Show the key</span></label></div>`+
		`<label class="check"><input id="publish-sure" type="checkbox"><span>Nothing is on air under this key, or it may be interrupted.</span></label>`+
		`<div class="toolbar"><button type="submit" id="publish-confirm" class="btn btn--primary" disabled>{!}Probe and publish</button><button type="button" id="publish-cancel" class="btn">Do not</button></div>`+
		`</form></dialog>`, iconHTML("triangle-alert", ""), iconHTML("key-round", ""))
}

// details is the second column.
func (c *reachPage) details() []app.UI {
	r := c.desk.Run
	var out []app.UI
	if r != nil && (r.Result.DNS != nil || len(r.Result.Ladders) > 0) {
		out = append(out, c.ladder(r), c.beside(r), c.commands(r))
	} else {
		out = append(out, c.help())
	}
	return append(out, c.outbound(), c.me(), c.allowList())
}

// help is the empty state of the second column.
func (c *reachPage) help() app.UI {
	return panel("what", "What is tried", nil,
		raw(`<ol class="reach__steps"><li><strong>DNS.</strong> Does the name have addresses?</li><li><strong>TCP.</strong> Does the port answer, refuse, or keep silent?</li><li><strong>TLS</strong> (rtmps). Version, certificate, name, expiry.</li><li><strong>Handshake.</strong> Is it RTMP that answers, or something else?</li><li><strong>connect.</strong> Does the server take the application? Its own words are shown.</li><li><strong>publish</strong> (only when you ask for it). Is the key taken? It can throw a running stream off the air.</li></ol>`),
		raw(`<p class="small">It is tried from this server, not from your network. If it works here and not at your place, the block is on your side: the commands to repeat it there come with the result.</p>`),
		raw(`<p class="small">The other way round, from your encoder to us: <a href="/live">push a test stream</a>.</p>`),
		raw(`<p class="small"><a href="/rules#reachability">What is looked for</a> · <a href="/guides/ports-and-firewalls">Ports and firewalls</a></p>`),
	)
}

// me is the visitor's own address.
func (c *reachPage) me() app.UI {
	me := c.desk.Me
	text := `<p class="muted">Asking the server…</p>`
	switch {
	case me != nil && me.Address != "":
		a, note := visible(me.Address), "A private address: the server is in your own network, so it does not see the one that a platform would see."
		switch me.Kind {
		case "public":
			note = "An allow list wants this address if the encoder is in the same network and takes the same way out. A VPN, a second line, or IPv6 beside IPv4 give it another."
		case "loopback":
			note = "Server and browser are on one machine, so this is no address that a platform would see."
		}
		text = fill(`<p>This browser reaches us from <span class="code-copy"><code id="my-address">{}</code>{!}</span></p><p class="small muted">{}</p>`, a, copyHTML(a, "Copy the address"), note)
	case c.desk.MeBad:
		text = `<p id="my-address-bad" class="muted">Your address could not be asked for: this server does not answer.</p>`
	}
	return panel("me", "Your own address", nil, raw(`<div class="stack stack--tight reach__me">{!}</div>`, text))
}

// beside is the run before, next to this one.
func (c *reachPage) beside(r *ReachRun) app.UI {
	last := c.desk.Last
	if last == nil || r.State != ReachDone || last == r {
		return raw(`<div id="compare" hidden></div>`)
	}
	rows := ""
	for _, row := range compared(last.Result, r.Result) {
		changed := ""
		if row.Changed {
			changed = ` <span class="tag">changed</span>`
		}
		rows += fill(`<tr><th scope="row">{}</th><td>{}</td><td>{}{!}</td></tr>`, row.Where, row.Before, row.Now, changed)
	}
	return panel("compare", "Beside the last time", nil,
		raw(`<p class="small">Then: <strong>{}</strong></p>`, visible(last.Result.Report.Verdict.Headline)),
		raw(`<div class="table-wrap" tabindex="0" role="region" aria-label="Both runs, side by side"><table class="table table--dense"><thead><tr><th scope="col">Address</th><th scope="col">Last time</th><th scope="col">Now</th></tr></thead><tbody>{!}</tbody></table></div>`, rows),
	)
}

// commands repeat the probe from the customer's side.
func (c *reachPage) commands(r *ReachRun) app.UI {
	// each port once; the first that failed is shown
	var ends []*ProbeLadder
	pick, failed := 0, false
	for i := range r.Result.Ladders {
		l := &r.Result.Ladders[i]
		known := false
		for _, other := range ends {
			known = known || other.endpoint() == l.endpoint()
		}
		if known {
			continue
		}
		if !failed && l.stuck() != nil {
			pick, failed = len(ends), true
		}
		ends = append(ends, l)
	}
	host := r.Result.Target.Host
	if host == "" {
		host = r.Asked.Host
	}
	if len(ends) == 0 || !plainHost(host) {
		return raw(`<div id="repeat" hidden></div>`)
	}
	options := ""
	for i, l := range ends {
		selected := ""
		if i == pick { // not the chosen one: what is drawn anew loses the focus
			selected = " selected"
		}
		options += fill(`<option{!}>{}</option>`, selected, l.endpoint())
	}
	choice := `<div hidden></div>`
	if len(ends) > 1 {
		choice = fill(`<div class="field reach__picker"><label class="label" for="repeat-port">Port</label><select id="repeat-port" class="select" data-reach="input">{!}</select></div>`, options)
	}
	for i, l := range ends {
		if l.endpoint() == c.chosen {
			pick = i
		}
	}
	lines := ""
	for _, l := range commandsFor(host, ends[pick].Scheme, ends[pick].Port, r.Asked.App) {
		lines += fill(`<div class="reach__command"><p id="command-{}-label" class="small"><strong>{}</strong> <span class="muted">{}</span></p><div class="code-block code-block--wrap"><pre tabindex="0" aria-labelledby="command-{}-label"><code id="command-{}">{}</code></pre>{!}</div></div>`,
			l.ID, l.Title, l.Shell, l.ID, l.ID, l.Line, copyHTML(l.Line, "Copy the command for "+l.Shell))
	}
	return panel("repeat", "Repeat it from your side", nil,
		raw(`<p class="small">The ladder above was climbed from our server. From the encoder’s network the way is another: repeat it there, and compare. <a href="/guides/ports-and-firewalls">What the results mean</a></p>`),
		app.Raw(choice),
		raw(`<div class="stack">{!}</div>`, lines),
	)
}

// number is a coordinate of a drawing.
func number(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}
