package ui

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

func (c *logPage) Render() app.UI {
	class := "page page--tool"
	if d := &c.desk; d.Shown != nil || d.Another != "" || d.Busy && !d.In.Typed { // the answer comes first: what is above it makes room
		class += " page--answered"
	}
	return el("div", "", "app-shell", nil,
		app.Raw(c.header),
		el("main", "main", class, []string{"tabindex", "-1"},
			el("div", "", "wrap", nil,
				raw(`<header class="page-head"><h1>Explain a log or an event</h1><p class="lede checker__lede">Paste what the platform or the encoder wrote, and read what happened in which order, what it means, and what to do.</p></header>`),
				el("div", "", "tool-grid checker logcheck", nil,
					el("div", "", "stack checker__main", nil, c.input(), c.parts(), c.verdict(), c.meaning(), c.findings()),
					el("div", "details", "checker__details", []string{"tabindex", "-1", "aria-label", "Details", "role", "region"}, c.details()),
				),
			),
		),
		app.Raw(c.footer),
		el("p", "status", "sr-only", []string{"role", "status", "aria-live", "polite"}, c.status),
		newerVersion(c.update, c.reload),
	)
}

// off keeps an input from use until the program runs.
func (c *logPage) off(attrs ...string) []string {
	if !c.live {
		attrs = append(attrs, "disabled?", "")
	}
	return attrs
}

// input is where a text comes in, and what its settings are held against.
func (c *logPage) input() app.UI {
	clear := action("clear", "btn btn--small", "x", "Clear", c.clear)
	if c.desk.In.Empty() {
		clear = clear.Attr("hidden", true)
	}
	return el("section", "", "stack stack--tight", []string{"aria-labelledby", "input-title"},
		raw(`<h2 id="input-title" class="sr-only">Text</h2>`),
		el("div", "", "drop logcheck__drop", []string{"data-drop", "log"},
			raw(`<label class="label" for="paste">Paste it here</label>`),
			el("textarea", "paste", "logcheck__paste mono", c.off(
				"rows", "8", "autocomplete", "off", "spellcheck", "false", "autocapitalize", "off", "autocorrect", "off",
				"data-1p-ignore", "true", "data-lpignore", "true", "data-bwignore", "true",
				"placeholder", "An event, a callback, a log: any length, any mixture", "aria-describedby", "sent",
			)),
			el("div", "", "toolbar logcheck__or", nil,
				raw(`<span class="muted small">or drop a file, also .gz and .zip:</span>`),
				app.Input().ID("file").Class("sr-only checker__file").Type("file").Multiple(true).Disabled(!c.live).
					Aria("describedby", "sent").OnChange(c.choose),
				raw(`<label for="file" class="btn btn--small">{!}Choose files</label>`, iconHTML("folder-open", "")),
				clear,
			),
		),
		raw(`<p id="sent" class="checker__uploaded small">{!}<strong class="num">0 bytes sent.</strong> <span class="muted">It is read in this browser, by a part that cannot connect to anything. Stream keys and tokens are masked before anything is drawn.</span></p>`,
			iconHTML("shield-check", "")),
		c.problem(),
		c.samples(),
		c.picker(),
	)
}

// problem is what keeps the page from working, or what the last action could not do.
func (c *logPage) problem() app.UI {
	text, class := c.desk.Notice, "callout callout--warning"
	if c.desk.Broken != "" {
		text, class = c.desk.Broken, "callout callout--error"
	}
	if text == "" {
		if !c.live {
			return raw(`<noscript><p class="callout callout--warning">Explaining a log needs JavaScript and WebAssembly: it is read in your browser, not on a server. The command line does the same: ingestdoctor explain obs.txt</p></noscript>`)
		}
		return nothing()
	}
	body := []any{icon("triangle-alert", ""), el("p", "problem", "", nil, text)}
	if c.desk.Broken != "" {
		body = append(body, el("p", "", "", nil, action("", "btn btn--small", "refresh-cw", "Reload the page", c.reload)))
	}
	return el("div", "", class, nil, body...)
}

func (c *logPage) samples() app.UI {
	body := []any{raw(`<span class="muted small" id="samples-label">Nothing at hand? Take one of ours:</span>`)}
	for i := range logSamples {
		s := &logSamples[i]
		b := action("sample-"+s.kind, "btn btn--small", "", s.label, c.sample(s), s.kind)
		if !c.live || c.desk.Broken != "" {
			b = b.Attr("disabled", true)
		}
		body = append(body, b)
	}
	return el("div", "", "cluster checker__samples", []string{"role", "group", "aria-labelledby", "samples-label"}, body...)
}

// picker chooses whose limits settings are held against; the text tells it where
// nobody does.
func (c *logPage) picker() app.UI {
	option := func(id, name string) app.UI {
		attrs := []string{"value", id}
		if id == c.desk.Profile {
			attrs = append(attrs, "selected?", "")
		}
		return el("option", "", "", attrs, name)
	}
	options := []app.UI{option("", "The platform that the text names")}
	for _, g := range profileGroups(c.desk.Profiles) {
		list := make([]app.UI, 0, len(g.Profiles))
		for i := range g.Profiles {
			list = append(list, option(g.Profiles[i].ID, g.Profiles[i].Name))
		}
		if g.Name != "" {
			list = []app.UI{el("optgroup", "", "", []string{"label", g.Name}, list)}
		}
		options = append(options, list...)
	}
	text := "Settings that a log shows, and bitrates, are held against its limits."
	if c.desk.Shown != nil && c.desk.Shown.Report != nil {
		text = c.desk.Shown.Report.against()
	} else if p := c.desk.profile(); p != nil {
		text = p.Summary
	}
	return el("div", "", "field panel checker__picker", nil,
		raw(`<label class="label" for="profile">Hold against</label>`),
		el("select", "profile", "select", c.off("aria-describedby", "profile-summary"), options).OnChange(c.setProfile),
		el("p", "profile-summary", "hint", nil, text),
	)
}

// parts lists the texts when there are several.
func (c *logPage) parts() app.UI {
	if len(c.desk.Parts) < 2 {
		return nothing()
	}
	items := make([]app.UI, 0, len(c.desk.Parts))
	for _, p := range c.desk.Parts {
		items = append(items, c.partItem(p))
	}
	return el("section", "", "panel", []string{"aria-labelledby", "parts-title"},
		raw(`<div class="panel__head"><h2 id="parts-title">Files <span class="count">{}</span></h2></div>`, strconv.Itoa(len(items))),
		el("ul", "parts", "list-plain jobs", nil, items),
	)
}

func (c *logPage) partItem(p *LogPart) app.UI {
	number := p.Number
	word, ic, class, state := "Reading", "loader-circle", "off", "reading"
	size := p.Size
	switch {
	case p.State == Unreadable:
		word, ic, class, state = "Could not be read", "octagon-x", "error", "unreadable"
	case p.Report != nil:
		v := &p.Report.Verdict
		word, ic, class, state = worstText(v), severityIcon(v.Severity), severityClass(v.Severity), "done"
		if v.Severity <= diag.Info && p.Report.Input.State == diag.StateFailed {
			word, ic, class = "Read in part", "triangle-alert", "warning"
		}
		size = p.Read
	}
	b := action("", "jobs__name", "", "", func(ctx app.Context, _ app.Event) {
		c.desk.Show(number)
		c.after(ctx)
	}, number).Body(raw(`<bdi>{}</bdi>`, shorten(visible(p.Name), 60)))
	if p == c.desk.Shown {
		b = b.Aria("current", "true")
	}
	length := ""
	if size >= 0 {
		length = bytesText(size)
	}
	return el("li", "", "jobs__item", []string{"data-part", strconv.Itoa(number), "data-state", state}, b,
		raw(`<span class="muted small num nowrap">{}</span>`, length), app.Raw(badgeHTML(class, ic, word)))
}

// verdict is the answer, in each of its states. The element stays the same, so
// that nothing jumps when one follows the other.
func (c *logPage) verdict() app.UI {
	d := &c.desk
	p := d.Shown
	state, sev, ic, class := "empty", diag.Off, "stethoscope", "verdict"
	headline, next := "Nothing pasted yet", "The answer appears here: first in one sentence, then each finding with the lines that say so."
	if !c.live {
		headline = "Starting the reader"
	}
	var below []app.UI
	switch {
	case d.Broken != "" && p == nil:
		state, ic, class = "broken", "octagon-x", "verdict verdict--error"
		headline, next = "The reader does not run here", d.Broken
	case d.Another != "":
		state, ic, class = "elsewhere", "arrow-right", "verdict verdict--info"
		headline, next, below = c.elsewhere()
	case p == nil && d.Busy:
		state, ic, class = "reading", "loader-circle", "verdict verdict--working"
		headline, next = "Reading", "The findings appear when the text has been read."
	case p == nil && d.State == "cancelled":
		state, ic = "cancelled", "circle-minus"
		headline, next = "Not read", "Reading was cancelled before anything was found."
		below = append(below, c.readIt())
	case p == nil && d.State == "failed":
		state, ic, class = "failed", "octagon-x", "verdict verdict--error"
		headline, next = "The text could not be read", d.Notice
		below = append(below, c.readIt())
	case p == nil:
	case p.State == Unreadable:
		state, ic, class = "unreadable", "octagon-x", "verdict verdict--error"
		if p.Refusal == "media" {
			ic, class = "file-video", "verdict verdict--info"
		}
		headline, next = refusedHeadline(p.Refusal), visible(p.Problem)
		if b := c.toCheckFile(p); b != nil {
			below = append(below, b)
		}
	default:
		r := p.Report
		v := &r.Verdict
		state, sev = "done", v.Severity
		ic, class = severityIcon(sev), "verdict verdict--"+severityClass(sev)
		headline, next = visible(v.Headline), visible(v.Next)
		switch {
		case r.Input.State == diag.StateCancelled:
			state = "cancelled"
			if sev <= diag.Info { // nothing found is no pass where not all was read
				ic, class = "circle-minus", "verdict"
			}
		case r.Input.State == diag.StateFailed:
			state = "failed"
			if sev <= diag.Info {
				ic, class = "triangle-alert", "verdict verdict--warning"
			}
		case r.unknown():
			state = "unknown"
			ic, class = "circle-question-mark", "verdict"
		}
	}
	body := []any{icon(ic, ""), raw(`<h2 id="headline" class="verdict__headline">{!}</h2>`, breakable(headline))}
	if next != "" {
		body = append(body, el("p", "", "verdict__next", nil, next))
	}
	if p != nil && p.Report != nil {
		body = append(body, c.about(p))
	}
	body = append(body, below)
	if d.Detail != "" {
		body = append(body, raw(`<p id="detail" class="small"><strong>{}</strong></p>`, visible(d.Detail)))
	}
	if d.Busy && (p == nil || len(d.Parts) > 1 && p.Run == d.run) {
		body = append(body, c.progress())
	} else if p != nil && p.Report != nil {
		body = append(body, c.actions(p))
	}
	return el("section", "verdict", class, []string{
		"tabindex", "-1", "aria-labelledby", "headline", "data-state", state, "data-severity", sev.String(), "aria-busy", strconv.FormatBool(d.Busy),
	}, body...)
}

// breakable lets the codes in a sentence wrap at their underscores.
func breakable(s string) string {
	return strings.ReplaceAll(fill("{}", s), "_", "_<wbr>")
}

func refusedHeadline(kind string) string {
	switch kind {
	case "media":
		return "This is a recording"
	case "encrypted":
		return "The archive is encrypted"
	case "broken":
		return "The file is damaged"
	case "large":
		return "This is too large"
	case "empty":
		return "There is nothing in it"
	case "archive":
		return "This archive cannot be opened here"
	}
	return "This is no text"
}

// elsewhere is a paste that another page reads.
func (c *logPage) elsewhere() (headline, next string, below []app.UI) {
	headline, next = "This is an ingest URL", "Another page looks at each part of it, mends it, and tells what to type where. It is handed over inside this tab."
	text, kind, ic := "Check this URL", "url", "link"
	if c.desk.Another == "report" {
		headline, next = "This is a report of ours", "The page that checks recordings reads it."
		text, kind, ic = "Open the report", "report", "file-json"
	}
	return headline, next, []app.UI{el("p", "", "", nil, action("elsewhere", "btn btn--primary", ic, text, c.handOver(kind, nil), kind))}
}

// toCheckFile is the way to the page for recordings, nil for another file.
func (c *logPage) toCheckFile(p *LogPart) app.UI {
	if p.Refusal != "media" {
		return nil
	}
	for _, f := range c.desk.In.Files {
		if f.Name == p.Name {
			return el("p", "", "", nil, action("elsewhere", "btn btn--primary", "file-video", "Check the recording", c.handOver("file", []File{f}), p.Name))
		}
	}
	return raw(`<p><a id="elsewhere" class="btn" href="{}">{!}Check a recording</a></p>`, FilePath, iconHTML("file-video", ""))
}

func (c *logPage) readIt() app.UI {
	return el("p", "", "", nil, action("again", "btn btn--small", "rotate-ccw", "Read it", c.again))
}

// about names the text, how far it was read and what was recognised in it.
func (c *logPage) about(p *LogPart) []app.UI {
	r := p.Report
	name, rest := "", ""
	if !c.desk.In.Typed {
		name = fill(`<bdi class="verdict__file">{}</bdi>: `, shorten(visible(p.Name), 64))
	}
	for _, s := range r.about() {
		rest += "; " + s
	}
	out := []app.UI{raw(`<p class="small muted">{!}<span id="kinds">{}</span>{}</p>`, name,
		visible(r.kinds())+", "+plural(p.Lines, "line", "lines")+", "+bytesText(p.Read), rest)}
	if s := logState(&r.Input); s != "" {
		out = append(out, raw(`<p id="input-state" class="small"><strong>{}</strong></p>`, s))
	}
	if r.unknown() {
		return out
	}
	return append(out, countBadges(&r.Verdict, "No findings"))
}

// progress is how far reading has come, and the way out of it.
func (c *logPage) progress() app.UI {
	d := &c.desk
	percent := strconv.Itoa(int(d.Share * 100))
	text := percent + " %"
	if p := d.reading(); p != nil {
		text += ", " + plural(p.Lines, "line", "lines")
		if len(d.Parts) > 1 || !d.In.Typed {
			text += " of " + shorten(visible(p.Name), 40)
		}
	}
	if d.Share > 0.02 && d.MS > 300 {
		text += ", " + leftText(d.MS/1000*(1-d.Share)/d.Share)
	}
	return el("div", "", "verdict__progress", nil,
		el("progress", "progress", "progress", []string{"max", "100", "value", percent, "aria-label", "Reading"}),
		el("p", "progress-text", "small num", nil, text),
		action("cancel", "btn btn--small", "x", "Cancel", c.cancel),
	)
}

// actions are what can be done with a report.
func (c *logPage) actions(p *LogPart) app.UI {
	speed := ""
	if p.Read > 1e6 && p.MS > 1 {
		speed = "read in " + strconv.FormatFloat(p.MS/1000, 'f', 2, 64) + " s (" + speedText(float64(p.Read)/p.MS*1000) + ")"
	}
	return el("div", "", "verdict__actions toolbar", nil,
		raw(`<button type="button" id="copy-ticket" class="btn btn--small" data-copy="{}" data-copy-done="Copied as Markdown, secrets masked">{!}Copy for a ticket</button>`,
			MarkdownLog(p.Report), iconHTML("clipboard", "")),
		action("download", "btn btn--small", "download", "Download JSON", c.download),
		raw(`<span class="small muted num">{}</span>`, speed),
	)
}

// meaning says what it is worth that nothing was found.
func (c *logPage) meaning() app.UI {
	none := raw(`<div id="meaning" hidden></div>`)
	p := c.desk.Shown
	if p == nil || p.Report == nil || p.Report.Verdict.Severity > diag.Info {
		return none
	}
	link := func(address, ic, text string) string {
		return fill(`<a class="btn btn--small" href="{}">{!}{}</a>`, address, iconHTML(ic, ""), text)
	}
	const callout = `<div id="meaning" class="callout">{!}<p>{!}</p><p class="cluster">{!}</p></div>`
	if p.Report.unknown() {
		return raw(callout, iconHTML("info", ""),
			"No line of it looks like an event, a callback or a log of a program that is known here. Is it the right text, and the part around the fault? The list of what is read stands on this page. If one line names the error, search for that line, without its URL.",
			link("/search", "search", "Search")+link("/codes", "list", "All codes"))
	}
	if p.Report.Input.State != diag.StateComplete {
		return none
	}
	return raw(callout, iconHTML("info", ""),
		"<strong>What that means:</strong> none of its lines holds a code or a message that points to a fault, and its numbers are within limits. It does not mean that the stream is sound: a log may end before the fault, come from another machine, or say too little.",
		link(FilePath, "file-video", "Check a recording")+link(URLPath, "link", "Check the URL")+link("/check/reach", "plug", "Test the way to the server"))
}

// findings are the evidence, by severity.
func (c *logPage) findings() app.UI {
	var views []LogFinding
	p := c.desk.Shown
	if p != nil && p.Report != nil {
		views = p.Report.views
	}
	body := []any{raw(`<h2 id="findings-title" class="sr-only">Findings</h2>`)}
	for _, g := range []struct {
		sev   diag.Severity
		title string
	}{{diag.Error, "Errors"}, {diag.Warning, "Warnings"}, {diag.Info, "Notes"}} {
		name := "findings-" + g.sev.String()
		var cards []app.UI
		for i := range views {
			f := &views[i]
			if f.Severity != g.sev || f.Rule == "log-unknown" { // the verdict says it
				continue
			}
			cards = append(cards, &keyed{
				Key:  strconv.Itoa(p.Run) + "-" + strconv.Itoa(p.Number) + f.Key,
				Make: func() app.UI { return c.finding(f) },
			})
		}
		if len(cards) == 0 {
			body = append(body, el("section", name, "stack stack--tight", []string{"hidden?", ""}))
			continue
		}
		body = append(body, el("section", name, "stack stack--tight", []string{"aria-labelledby", name + "-title"},
			raw(`<h3 id="{}-title">{} <span class="count">{}</span></h3>`, name, g.title, strconv.Itoa(len(cards))), cards))
	}
	attrs := []string{"aria-labelledby", "findings-title"}
	if len(views) == 0 || p.Report.unknown() {
		attrs = append(attrs, "hidden?", "")
	}
	return el("section", "findings", "stack", attrs, body...)
}

// finding is one card with the lines that say so.
func (c *logPage) finding(f *LogFinding) app.UI {
	view := f.FindingView
	var tools []app.UI
	if f.First > 0 {
		tools = append(tools, action("show-"+f.Key, "btn btn--small", "map-pin", "Show in the text", c.toLines(f.First, f.Final, f.Key), f.Key, f.First, f.Final).
			Aria("describedby", "title-"+f.Key))
	}
	if f.Rule == "log-code" {
		// The code is in the text; the page about it is the way on.
		for _, l := range f.Codes {
			if l.URL != "" {
				tools = append(tools, raw(`<a class="btn btn--small" href="{}">{!}About this code<span class="sr-only">: {}</span></a>`, l.URL, iconHTML("book-open", ""), l.Code))
				break
			}
		}
		view.Codes = nil
	}
	return findingCard(&view, f.Key == c.desk.Selected, tools)
}
