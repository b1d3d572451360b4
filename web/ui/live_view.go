package ui

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

func (c *livePage) Render() app.UI {
	class := "page page--tool"
	if c.stream.Open { // the answer comes first: what is above it makes room
		class += " page--answered"
	}
	return el("div", "", "app-shell", nil,
		app.Raw(c.header),
		el("main", "main", class, []string{"tabindex", "-1"},
			el("div", "", "wrap", nil,
				raw(`<header class="page-head"><h1>Push a test stream</h1><p class="lede checker__lede">Your own encoder pushes to us over RTMP, and you watch: who connects, what is said, what the platform would refuse, and how the stream arrives.</p></header>`),
				el("div", "", "tool-grid checker inspect", nil,
					el("div", "", "stack checker__main", nil, c.form(), c.lost(), c.verdict(), liveBox("push"), c.findings(), liveBox("who"), liveBox("said")),
					el("div", "details", "stack live__details", []string{"tabindex", "-1", "aria-label", "Details", "role", "region"}, c.details()),
				),
			),
		),
		app.Raw(c.footer),
		el("p", "status", "sr-only", []string{"role", "status", "aria-live", "polite"}, c.status),
		newerVersion(c.update, func(ctx app.Context, _ app.Event) { ctx.Reload() }),
	)
}

// form is what to push against; it goes when a push address is there.
func (c *livePage) form() app.UI {
	if c.stream.Open {
		return raw(`<div hidden></div>`)
	}
	if c.broken != "" {
		return raw(`<div class="callout callout--error">{!}<p id="problem">{}</p></div>`, iconHTML("triangle-alert", ""), c.broken)
	}
	off, wait := "", ""
	if !c.live || c.stream.State == LiveOff {
		off, wait = " disabled", " disabled"
	}
	if c.stream.State == LiveAsking {
		wait = " disabled"
	}
	p, options := c.desk.profile(), profileOptions(c.desk.Profiles, c.picked, "")
	if options == "" {
		options = `<option value="">Loading the platforms</option>`
	}
	if p == nil {
		p = &diag.Profile{}
	}
	// what is chosen from stays as it is while somebody chooses, or the focus would go
	return el("section", "", "panel panel__body live__form", []string{"aria-label", "What to push against"},
		raw(`<div class="field"><label class="label" for="profile">Check against</label><select id="profile" class="select" data-live="input" aria-describedby="profile-summary"{!}>{!}</select></div>`, off, options),
		raw(profileSummary(p)),
		raw(`<div class="field"><label class="check"><input id="behave" type="checkbox" data-live="own" aria-describedby="behave-hint" disabled><span>Behave like the platform: refuse as it would, to see what your encoder makes of it</span></label><p class="hint" id="behave-hint"></p></div>`),
		liveBox("refuse"),
		raw(`<div class="toolbar"><button type="button" id="make" class="btn btn--primary" data-live="click"{!}>{!}Make a push address</button></div>`, wait, iconHTML("radio-tower", "")),
		raw(`<p class="small muted">It is for one test, and for 30 minutes. What you push is analysed and thrown away. <a href="/privacy#test-streams">What is kept</a></p>`),
		raw(`<noscript><p class="callout callout--warning">Following a test stream needs JavaScript and WebAssembly.</p></noscript>`),
	)
}

// profileOptions are the platforms for a select; first stands before them.
func profileOptions(list []diag.Profile, chosen, first string) string {
	text := first
	for _, g := range profileGroups(list) {
		group := ""
		for i := range g.Profiles {
			selected := ""
			if g.Profiles[i].ID == chosen {
				selected = " selected"
			}
			group += fill(`<option value="{}"{!}>{}</option>`, g.Profiles[i].ID, selected, g.Profiles[i].Name)
		}
		if g.Name != "" {
			group = fill(`<optgroup label="{}">{!}</optgroup>`, g.Name, group)
		}
		text += group
	}
	return text
}

// lost says that the page does not hear from the server.
func (c *livePage) lost() app.UI {
	if !c.stream.Lost {
		return raw(`<div id="lost" hidden></div>`)
	}
	return raw(`<div id="lost" class="callout callout--warning">{!}<p><strong>The connection from this page to the server is interrupted.</strong> What you see is as it was. The encoder’s own connection is another one and may go on. Connecting again.</p></div>`, iconHTML("wifi-off", ""))
}

// verdict is the answer, in each of its states.
func (c *livePage) verdict() app.UI {
	d, j := &c.stream, c.desk.Shown
	sev, ic, class := diag.Off, "stethoscope", "verdict"
	headline, next, about := "Nothing is pushed yet", "Make a push address, put it into your encoder, and start the stream. The answer appears here while it comes.", ""
	end := visible(d.Snap.EndText)
	switch d.State {
	case LiveEmpty:
		if !c.live {
			headline = "Starting"
		}
	case LiveOff:
		ic = "circle-minus"
		headline = "This server takes no test streams"
		next = "Whoever runs it can switch them on. Until then, a recording of the stream tells most of the same."
		const line = "ingestdoctor serve --ingest-listen :1935,:1936,:2935,:2936"
		about = fill(`<div class="code-block code-block--wrap"><pre tabindex="0" aria-label="Command"><code>{}</code></pre>{!}</div><p><a href="/check/file">Check a recording</a></p>`, line, copyHTML(line, "Copy the command"))
	case LiveAsking:
		ic, class = "loader-circle", "verdict verdict--working"
		headline, next = "Making a push address", "It takes a moment."
	case LiveWaiting:
		ic, class = "radio-tower", "verdict verdict--working live__waiting"
		headline, next = "Waiting for your encoder", "Put server and stream key into it, and start the stream. Nothing else is to be done here."
		if d.Slow {
			about = fill(`<div id="slow" class="callout callout--info">{!}<div><p><strong>Nothing has come yet.</strong> When the encoder says that it pushes, a firewall between it and us may hold it back.</p><p><a href="/check/reach#outbound">Test which of our ports your network lets out</a>, or choose another one under “Connect by”.</p></div></div>`, iconHTML("info", ""))
		}
	case LivePublishing, LiveBetween:
		ic, class = "loader-circle", "verdict verdict--working"
		headline, next = "The encoder pushes", "The first findings appear in a moment."
		if d.State == LiveBetween {
			ic, class = "hourglass", "verdict verdict--warning"
			headline, next = "The encoder went", d.went()+"It may come back under the same key: the report goes on."
		}
		if j != nil && d.State == LivePublishing {
			sev = j.Report.Verdict.Severity
			headline, next = "So far: "+soFar(j.Report), "Findings are added while the stream comes."
			if sev > diag.Info {
				ic, class = severityIcon(sev), "verdict verdict--"+severityClass(sev)
			}
		}
	case LiveEnded:
		ic, headline, next = "circle-minus", "Nothing was pushed", end
		if j != nil {
			v := &j.Report.Verdict
			sev = v.Severity
			ic, class = severityIcon(sev), "verdict verdict--"+severityClass(sev)
			headline, next = visible(v.Headline), visible(v.Next)
			about = fill(`<p id="input-state" class="small"><strong>Ended.</strong> {}</p>`, end)
		} else if d.Snap.Count > 0 {
			headline, next = "Nothing could be analysed", d.went()+end
		}
	case LiveRefused:
		ic, class = "octagon-x", "verdict verdict--error"
		headline, next = visible(d.Title), visible(d.Problem)
	case LiveGone:
		ic, headline, next = "circle-minus", "This test stream is no longer known", "Its report is kept for 30 minutes after its end, and goes when the server is restarted. What was seen stands below."
	}
	if d.Open {
		about += c.about(j)
	}
	return el("section", "verdict", class, []string{"tabindex", "-1", "aria-labelledby", "headline", "data-state", string(d.State), "data-severity", sev.String()},
		app.Raw(iconHTML(ic, "")),
		raw(`<div class="stack stack--tight"><h2 id="headline" class="verdict__headline">{}</h2><p id="next" class="verdict__next">{}</p>{!}</div>`, headline, next, about),
		app.Raw(c.actions(j)),
	)
}

// about says what it is held against, how long it still runs, and what was found.
func (c *livePage) about(j *Job) string {
	d := &c.stream
	name := d.Snap.Profile
	for i := range c.desk.Profiles {
		if c.desk.Profiles[i].ID == name {
			name = c.desk.Profiles[i].Name
		}
	}
	text := ""
	if d.Busy() {
		text = `<span id="live-left" class="num" data-live-text="left"></span>`
	}
	if d.Snap.Behave {
		name += ", and behaving like it"
		if d.Snap.Refuse != "" {
			name += ": refusing with " + d.Snap.Refuse
		}
	}
	text = fill(`<p class="small muted live__about">Against {}. {!}</p>`, name, text)
	if j != nil && d.State != LiveWaiting {
		none := "No findings"
		if d.State != LiveEnded {
			none = "No findings yet"
		}
		text += countsHTML(&j.Report.Verdict, none)
	}
	return text
}

// went says how the last connection ended.
func (d *LiveDesk) went() string {
	if why := visible(d.Snap.Went); why != "" {
		return strings.ToUpper(why[:1]) + strings.TrimSuffix(why[1:], ".") + ". "
	}
	return ""
}

// actions are the way out of what runs, and what to do with a report.
func (c *livePage) actions(j *Job) string {
	button := func(id, ic, text string) string {
		return fill(`<button type="button" id="{}" class="btn btn--small" data-live="click">{!}{}</button>`, id, iconHTML(ic, ""), text)
	}
	list := ""
	switch d := &c.stream; {
	case d.State == LiveWaiting:
		list = button("stop", "x", "Cancel")
	case d.Busy():
		list = button("stop", "square", "Stop now")
	case d.State == LiveEnded || d.State == LiveGone:
		if j != nil {
			list = fill(`<button type="button" id="copy-ticket" class="btn btn--small" data-copy="{}" data-copy-done="Copied as Markdown">{!}Copy for a ticket</button>`, Markdown(j.Report), iconHTML("clipboard", "")) +
				button("download", "download", "Download JSON") + button("share", "link", "Share as a link") + button("compare", "git-compare", "Compare")
		}
		list += button("again", "rotate-ccw", "Push again") + button("other", "list", "Other settings")
	default:
		return `<div hidden></div>`
	}
	return fill(`<div class="verdict__actions toolbar">{!}</div>`, list)
}

// details is the second column.
func (c *livePage) details() []app.UI {
	j, help := c.desk.Shown, ""
	if !c.stream.Open || c.stream.Snap.Count == 0 && c.stream.State == LiveEnded {
		help = liveHelp
	}
	out := []app.UI{app.Raw(`<div>` + help + `</div>`), liveBox("commands"), liveBox("now")}
	if j != nil && j.Detailed() {
		out = append(out, c.plots(j), c.media(j))
		if len(j.Report.Checks) > 0 {
			out = append(out, c.checks(j))
		}
	}
	return out
}

// liveBox is a place that static/js/live-parts.js fills.
func liveBox(id string) app.UI { return el("div", "live-"+id, "live-box", nil) }

// liveHelp is the empty state.
const liveHelp = `<div class="stack"><section id="what" class="panel" aria-labelledby="what-title"><div class="panel__head"><h2 id="what-title">What you see</h2></div><div class="panel__body"><ul>` +
	`<li><strong>Who connects:</strong> the encoder, what it says of itself, the fields of connect, Enhanced RTMP.</li>` +
	`<li><strong>What is said:</strong> each command and each answer, keys masked.</li>` +
	`<li><strong>How it arrives:</strong> in time, in bursts or in fits; bitrate, frame rate, jitter, how long the first key frame takes.</li>` +
	`<li><strong>What the platform would refuse:</strong> the same report as for a recording, growing while it comes, and what changed when the encoder comes back.</li></ul>` +
	`<p>At the end the report can be saved, shared, and compared with that of a recording.</p></div></section>` +
	`<section id="when" class="panel" aria-labelledby="when-title"><div class="panel__head"><h2 id="when-title">When something else fits better</h2></div><div class="panel__body"><ul>` +
	`<li>The encoder does not get out at all: <a href="/check/reach">test the way to the server</a>.</li>` +
	`<li>You have a recording: <a href="/check/file">check it in your browser</a>; nothing is sent.</li></ul></div></section></div>`
