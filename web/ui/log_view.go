package ui

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

func (c *logPage) Render() app.UI {
	class := "page page--tool"
	if c.desk.Shown != nil || c.desk.Another != "" { // the answer comes first: what is above it makes room
		class += " page--answered"
	}
	return app.Div().Class("app-shell").Body(
		app.Raw(c.header),
		app.Main().ID("main").Class(class).TabIndex(-1).Body(
			app.Div().Class("wrap").Body(
				app.Header().Class("page-head").Body(
					app.H1().Text("Explain a log or an event"),
					app.P().Class("lede checker__lede").Text("Paste what the platform or the encoder wrote, and read what happened in which order, what it means, and what to do."),
				),
				app.Div().Class("tool-grid checker logcheck").Body(
					app.Div().Class("stack checker__main").Body(c.input(), c.parts(), c.verdict(), c.meaning(), c.findings()),
					app.Div().ID("details").Class("checker__details").TabIndex(-1).Aria("label", "Details").Role("region").Body(c.details()...),
				),
			),
		),
		app.Raw(c.footer),
		app.P().ID("status").Class("sr-only").Role("status").Aria("live", "polite").Text(c.status),
		c.updateNotice(),
	)
}

func (c *logPage) updateNotice() app.UI {
	n := app.Div().ID("update").Class("update callout")
	if !c.update {
		return n.Hidden(true)
	}
	return n.Role("status").Body(
		icon("refresh-cw", ""),
		app.P().Text("A new version of this page is ready."),
		app.P().Body(app.Button().Type("button").Class("btn btn--small").OnClick(c.reload).Text("Reload")),
	)
}

// input is where a text comes in, and what its settings are held against.
func (c *logPage) input() app.UI {
	area := app.Textarea().ID("paste").Class("logcheck__paste mono").Rows(8).
		Attr("autocomplete", "off").Attr("spellcheck", "false").
		Attr("autocapitalize", "off").Attr("autocorrect", "off").
		Attr("data-1p-ignore", "true").Attr("data-lpignore", "true").Attr("data-bwignore", "true").
		Placeholder("An event, a callback, a log: any length, any mixture").
		Aria("describedby", "sent")
	file := app.Input().ID("file").Class("sr-only checker__file").Type("file").Multiple(true).
		Aria("describedby", "sent").OnChange(c.choose)
	clear := app.Button().Type("button").ID("clear").Class("btn btn--small").OnClick(c.clear).Body(icon("x", ""), app.Text("Clear"))
	if !c.live {
		area = area.Disabled(true)
		file = file.Disabled(true)
	}
	if c.desk.In.Empty() {
		clear = clear.Hidden(true)
	}
	return app.Section().Class("stack stack--tight").Aria("labelledby", "input-title").Body(
		app.H2().ID("input-title").Class("sr-only").Text("Text"),
		app.Div().Class("drop logcheck__drop").DataSet("drop", "log").Body(
			app.Label().Class("label").For("paste").Text("Paste it here"),
			area,
			app.Div().Class("toolbar logcheck__or").Body(
				app.Span().Class("muted small").Text("or drop a file, also .gz and .zip:"),
				file,
				app.Label().For("file").Class("btn btn--small").Body(icon("folder-open", ""), app.Text("Choose files")),
				clear,
			),
		),
		app.P().ID("sent").Class("checker__uploaded small").Body(
			icon("shield-check", ""),
			app.Strong().Class("num").Text("0 bytes sent."),
			app.Text(" "),
			app.Span().Class("muted").Text("It is read in this browser, by a part that cannot connect to anything. Stream keys and tokens are masked before anything is drawn."),
		),
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
			return app.Elem("noscript").Body(
				app.P().Class("callout callout--warning").Text("Explaining a log needs JavaScript and WebAssembly: it is read in your browser, not on a server. The command line does the same: ingestdoctor explain obs.txt"),
			)
		}
		return app.Div().Hidden(true)
	}
	body := []app.UI{icon("triangle-alert", ""), app.P().ID("problem").Text(text)}
	if c.desk.Broken != "" {
		body = append(body, app.P().Body(
			app.Button().Type("button").Class("btn btn--small").OnClick(c.reload).Body(icon("refresh-cw", ""), app.Text("Reload the page")),
		))
	}
	return app.Div().Class(class).Body(body...)
}

func (c *logPage) samples() app.UI {
	body := []app.UI{app.Span().Class("muted small").ID("samples-label").Text("Nothing at hand? Take one of ours:")}
	for i := range logSamples {
		s := &logSamples[i]
		b := app.Button().Type("button").ID("sample-"+s.kind).Class("btn btn--small").Text(s.label).
			OnClick(c.sample(s), app.EventScope(s.kind))
		if !c.live || c.desk.Broken != "" {
			b = b.Disabled(true)
		}
		body = append(body, b)
	}
	return app.Div().Class("cluster checker__samples").Role("group").Aria("labelledby", "samples-label").Body(body...)
}

// picker chooses whose limits settings are held against; the text tells it where
// nobody does.
func (c *logPage) picker() app.UI {
	sel := app.Select().ID("profile").Class("select").OnChange(c.setProfile).Aria("describedby", "profile-summary")
	if !c.live {
		sel = sel.Disabled(true)
	}
	option := func(id, name string) app.UI {
		o := app.Option().Value(id).Text(name)
		if id == c.desk.Profile {
			o = o.Selected(true)
		}
		return o
	}
	options := []app.UI{option("", "The platform that the text names")}
	for _, g := range profileGroups(c.desk.Profiles) {
		list := make([]app.UI, 0, len(g.Profiles))
		for i := range g.Profiles {
			list = append(list, option(g.Profiles[i].ID, g.Profiles[i].Name))
		}
		if g.Name == "" {
			options = append(options, list...)
			continue
		}
		options = append(options, app.OptGroup().Label(g.Name).Body(list...))
	}
	text := "Settings that a log shows, and bitrates, are held against its limits."
	if c.desk.Shown != nil && c.desk.Shown.Report != nil {
		text = c.desk.Shown.Report.against()
	} else if p := c.desk.profile(); p != nil {
		text = p.Summary
	}
	return app.Div().Class("field panel checker__picker").Body(
		app.Label().Class("label").For("profile").Text("Hold against"),
		sel.Body(options...),
		app.P().ID("profile-summary").Class("hint").Text(text),
	)
}

// parts lists the texts when there are several.
func (c *logPage) parts() app.UI {
	if len(c.desk.Parts) < 2 {
		return app.Div().Hidden(true)
	}
	items := make([]app.UI, 0, len(c.desk.Parts))
	for _, p := range c.desk.Parts {
		items = append(items, c.partItem(p))
	}
	return app.Section().Class("panel").Aria("labelledby", "parts-title").Body(
		app.Div().Class("panel__head").Body(
			app.H2().ID("parts-title").Body(app.Text("Files "), app.Span().Class("count").Text(strconv.Itoa(len(items)))),
		),
		app.Ul().ID("parts").Class("list-plain jobs").Body(items...),
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
	b := app.Button().Type("button").Class("jobs__name").Body(app.Elem("bdi").Text(shorten(visible(p.Name), 60))).
		OnClick(func(ctx app.Context, _ app.Event) {
			c.desk.Show(number)
			c.after(ctx)
		}, app.EventScope(number))
	if p == c.desk.Shown {
		b = b.Aria("current", "true")
	}
	row := []app.UI{b}
	if size >= 0 {
		row = append(row, app.Span().Class("muted small num nowrap").Text(bytesText(size)))
	}
	row = append(row, app.Span().Class("sev sev--"+class).Body(icon(ic, ""), app.Text(word)))
	return app.Li().Class("jobs__item").DataSet("part", number).DataSet("state", state).Body(row...)
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
	body := []app.UI{icon(ic, ""), app.H2().ID("headline").Class("verdict__headline").Body(breakable(headline)...)}
	if next != "" {
		body = append(body, app.P().Class("verdict__next").Text(next))
	}
	if p != nil && p.Report != nil {
		body = append(body, c.about(p)...)
	}
	body = append(body, below...)
	if d.Detail != "" {
		body = append(body, app.P().ID("detail").Class("small").Body(app.Strong().Text(visible(d.Detail))))
	}
	if d.Busy && (p == nil || len(d.Parts) > 1 && p.Run == d.run) {
		body = append(body, c.progress())
	} else if p != nil && p.Report != nil {
		body = append(body, c.actions(p))
	}
	s := app.Section().ID("verdict").Class(class).TabIndex(-1).Aria("labelledby", "headline").
		DataSet("state", state).DataSet("severity", sev.String())
	if d.Busy {
		s = s.Aria("busy", "true")
	} else {
		s = s.Aria("busy", "false")
	}
	return s.Body(body...)
}

// breakable lets the codes in a sentence wrap at their underscores.
func breakable(s string) []app.UI {
	parts := strings.SplitAfter(s, "_")
	body := make([]app.UI, 0, 2*len(parts))
	for i, p := range parts {
		if i > 0 {
			body = append(body, app.Wbr())
		}
		body = append(body, app.Text(p))
	}
	return body
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
	return headline, next, []app.UI{app.P().Body(
		app.Button().Type("button").ID("elsewhere").Class("btn btn--primary").OnClick(c.handOver(kind, nil), app.EventScope(kind)).
			Body(icon(ic, ""), app.Text(text)),
	)}
}

// toCheckFile is the way to the page for recordings, nil for another file.
func (c *logPage) toCheckFile(p *LogPart) app.UI {
	if p.Refusal != "media" {
		return nil
	}
	for _, f := range c.desk.In.Files {
		if f.Name == p.Name {
			return app.P().Body(
				app.Button().Type("button").ID("elsewhere").Class("btn btn--primary").OnClick(c.handOver("file", []File{f}), app.EventScope(p.Name)).
					Body(icon("file-video", ""), app.Text("Check the recording")),
			)
		}
	}
	return app.P().Body(app.A().ID("elsewhere").Class("btn").Href(FilePath).Body(icon("file-video", ""), app.Text("Check a recording")))
}

func (c *logPage) readIt() app.UI {
	return app.P().Body(app.Button().Type("button").ID("again").Class("btn btn--small").OnClick(c.again).
		Body(icon("rotate-ccw", ""), app.Text("Read it")))
}

// about names the text, how far it was read and what was recognised in it.
func (c *logPage) about(p *LogPart) []app.UI {
	r := p.Report
	line := []app.UI{}
	if !c.desk.In.Typed {
		line = append(line, app.Elem("bdi").Class("verdict__file").Text(shorten(visible(p.Name), 64)), app.Text(": "))
	}
	text := visible(r.kinds()) + ", " + plural(p.Lines, "line", "lines") + ", " + bytesText(p.Read)
	line = append(line, app.Span().ID("kinds").Text(text))
	for _, s := range r.about() {
		line = append(line, app.Text("; "+s))
	}
	out := []app.UI{app.P().Class("small muted").Body(line...)}
	if s := logState(&r.Input); s != "" {
		out = append(out, app.P().ID("input-state").Class("small").Body(app.Strong().Text(s)))
	}
	if r.unknown() {
		return out
	}
	var badges []app.UI
	for _, n := range []struct {
		n         int
		sev       diag.Severity
		one, many string
	}{
		{r.Verdict.Errors, diag.Error, "error", "errors"},
		{r.Verdict.Warnings, diag.Warning, "warning", "warnings"},
		{r.Verdict.Infos, diag.Info, "note", "notes"},
	} {
		if n.n > 0 {
			badges = append(badges, app.Span().Class("sev sev--"+n.sev.String()).Body(
				icon(severityIcon(n.sev), ""), app.Text(plural(int64(n.n), n.one, n.many))))
		}
	}
	if len(badges) == 0 {
		badges = append(badges, app.Span().Class("muted").Text("No findings"))
	}
	return append(out, app.P().ID("counts").Class("cluster small").Body(badges...))
}

// progress is how far reading has come, and the way out of it.
func (c *logPage) progress() app.UI {
	d := &c.desk
	text := strconv.Itoa(int(d.Share*100)) + " %"
	if p := d.reading(); p != nil {
		text += ", " + plural(p.Lines, "line", "lines")
		if len(d.Parts) > 1 || !d.In.Typed {
			text += " of " + shorten(visible(p.Name), 40)
		}
	}
	if d.Share > 0.02 && d.MS > 300 {
		text += ", " + leftText(d.MS/1000*(1-d.Share)/d.Share)
	}
	return app.Div().Class("verdict__progress").Body(
		app.Progress().ID("progress").Class("progress").Max(100).Value(int(d.Share*100)).Aria("label", "Reading"),
		app.P().ID("progress-text").Class("small num").Text(text),
		app.Button().Type("button").ID("cancel").Class("btn btn--small").OnClick(c.cancel).
			Body(icon("x", ""), app.Text("Cancel")),
	)
}

// actions are what can be done with a report.
func (c *logPage) actions(p *LogPart) app.UI {
	body := []app.UI{
		app.Button().Type("button").ID("copy-ticket").Class("btn btn--small").
			DataSet("copy", MarkdownLog(p.Report)).DataSet("copy-done", "Copied as Markdown, secrets masked").
			Body(icon("clipboard", ""), app.Text("Copy for a ticket")),
		app.Button().Type("button").ID("download").Class("btn btn--small").OnClick(c.download).
			Body(icon("download", ""), app.Text("Download JSON")),
	}
	if p.Read > 1e6 && p.MS > 1 {
		body = append(body, app.Span().Class("small muted num").Text("read in "+strconv.FormatFloat(p.MS/1000, 'f', 2, 64)+" s ("+speedText(float64(p.Read)/p.MS*1000)+")"))
	}
	return app.Div().Class("verdict__actions toolbar").Body(body...)
}

// meaning says what it is worth that nothing was found.
func (c *logPage) meaning() app.UI {
	none := app.Div().ID("meaning").Hidden(true)
	p := c.desk.Shown
	if p == nil || p.Report == nil || p.Report.Verdict.Severity > diag.Info {
		return none
	}
	if p.Report.unknown() {
		return app.Div().ID("meaning").Class("callout").Body(
			icon("info", ""),
			app.P().Text("No line of it looks like an event, a callback or a log of a program that is known here. Is it the right text, and the part around the fault? The list of what is read stands on this page. If one line names the error, search for that line, without its URL."),
			app.P().Class("cluster").Body(
				app.A().Class("btn btn--small").Href("/search").Body(icon("search", ""), app.Text("Search")),
				app.A().Class("btn btn--small").Href("/codes").Body(icon("list", ""), app.Text("All codes")),
			),
		)
	}
	if p.Report.Input.State != diag.StateComplete {
		return none
	}
	return app.Div().ID("meaning").Class("callout").Body(
		icon("info", ""),
		app.P().Body(
			app.Strong().Text("What that means: "),
			app.Text("none of its lines holds a code or a message that points to a fault, and its numbers are within limits. It does not mean that the stream is sound: a log may end before the fault, come from another machine, or say too little."),
		),
		app.P().Class("cluster").Body(
			app.A().Class("btn btn--small").Href(FilePath).Body(icon("file-video", ""), app.Text("Check a recording")),
			app.A().Class("btn btn--small").Href("/check/url").Body(icon("link", ""), app.Text("Check the URL")),
			app.A().Class("btn btn--small").Href("/check/reach").Body(icon("plug", ""), app.Text("Test the way to the server")),
		),
	)
}

// findings are the evidence, by severity.
func (c *logPage) findings() app.UI {
	var views []LogFinding
	p := c.desk.Shown
	if p != nil && p.Report != nil {
		views = p.Report.views
	}
	body := []app.UI{app.H2().ID("findings-title").Class("sr-only").Text("Findings")}
	for _, g := range []struct {
		sev   diag.Severity
		title string
	}{{diag.Error, "Errors"}, {diag.Warning, "Warnings"}, {diag.Info, "Notes"}} {
		name := "findings-" + g.sev.String()
		section := app.Section().ID(name).Class("stack stack--tight")
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
			body = append(body, section.Hidden(true))
			continue
		}
		head := app.H3().ID(name+"-title").Body(app.Text(g.title+" "), app.Span().Class("count").Text(strconv.Itoa(len(cards))))
		body = append(body, section.Aria("labelledby", name+"-title").Body(append([]app.UI{head}, cards...)...))
	}
	s := app.Section().ID("findings").Class("stack").Aria("labelledby", "findings-title")
	if len(views) == 0 || p.Report.unknown() {
		s = s.Hidden(true)
	}
	return s.Body(body...)
}

// finding is one card with the lines that say so.
func (c *logPage) finding(f *LogFinding) app.UI {
	view := f.FindingView
	var tools []app.UI
	if f.First > 0 {
		tools = append(tools, app.Button().Type("button").ID("show-"+f.Key).Class("btn btn--small").
			Aria("describedby", "title-"+f.Key).
			OnClick(c.toLines(f.First, f.Final, f.Key), app.EventScope(f.Key, f.First, f.Final)).
			Body(icon("map-pin", ""), app.Text("Show in the text")))
	}
	if f.Rule == "log-code" {
		// The code is in the text; the page about it is the way on.
		for _, l := range f.Codes {
			if l.URL == "" {
				continue
			}
			tools = append(tools, app.A().Class("btn btn--small").Href(l.URL).
				Body(icon("book-open", ""), app.Text("About this code"), app.Span().Class("sr-only").Text(": "+l.Code)))
			break
		}
		view.Codes = nil
	}
	return findingCard(&view, f.Key == c.desk.Selected, tools)
}

// quoteList is the lines of a finding.
func quoteList(list []Quote) app.UI {
	if len(list) == 0 {
		return app.Ul().Hidden(true)
	}
	items := make([]app.UI, 0, len(list))
	for _, q := range list {
		items = append(items, app.Li().Class("quote__line").Body(
			app.Span().Class("quote__n num").Text(countText(int64(q.N))),
			app.Code().Class("quote__text").Text(visible(strings.ReplaceAll(q.Text, "\t", "    "))),
		))
	}
	return app.Ul().Class("list-plain quote").Aria("label", "Lines that say so").Body(items...)
}
