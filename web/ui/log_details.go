package ui

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

// details is the second column: what happened, the text, the settings; before
// anything is pasted, what is read and where to find it.
func (c *logPage) details() []app.UI {
	p := c.desk.Shown
	if p == nil || p.Report == nil || p.Report.unknown() {
		out := []app.UI{c.help()}
		if p != nil && p.Report != nil {
			out = append(out, c.text(p))
		}
		return out
	}
	out := []app.UI{c.timeline(p.Report), c.text(p)}
	if len(p.Report.Settings) > 0 {
		out = append(out, c.settings(p.Report))
	}
	return out
}

// timeline is what happened, in order.
func (c *logPage) timeline(r *LogReport) app.UI {
	d := &c.desk
	if len(r.Entries) == 0 {
		return panel("timeline", "What happened", nil, app.P().Class("muted").Text("No line of this text tells of something that happened to the stream."))
	}
	count := map[string]int{}
	for i := range r.Entries {
		count[r.Entries[i].Level]++
	}
	var head []app.UI
	if len(count) > 1 {
		var levels []app.UI
		for _, sev := range []diag.Severity{diag.Error, diag.Warning, diag.Info} {
			level := sev.String()
			if count[level] == 0 {
				continue
			}
			levels = append(levels, app.Button().Type("button").ID("level-"+level).Class("btn btn--small timeline__level").
				Aria("pressed", strconv.FormatBool(!d.Hidden[level])).
				OnClick(c.toggle(level), app.EventScope(level)).
				Body(icon(severityIcon(sev), ""), app.Text(severityWord(sev)+"s "), app.Span().Class("count").Text(strconv.Itoa(count[level]))))
		}
		head = append(head, app.Div().Class("toolbar").Role("group").Aria("label", "Entries to show").Body(levels...))
	}
	sources := r.sources()
	if len(sources) > 1 {
		options := []app.UI{app.Option().Value("").Text("All sources").Selected(d.Source == "")}
		for _, s := range sources {
			options = append(options, app.Option().Value(s).Text(visible(r.kindName(s))).Selected(d.Source == s))
		}
		head = append(head, app.Select().ID("source").Class("select timeline__source").Aria("label", "Source").OnChange(c.setSource).Body(options...))
	}
	list := d.entries()
	shown := min(len(list), d.Limit)
	items := make([]app.UI, 0, shown)
	for _, e := range list[:shown] {
		items = append(items, c.entry(r, e, len(sources) > 1))
	}
	body := []app.UI{app.Ol().ID("entries").Class("list-plain timeline").Body(items...)}
	if len(list) == 0 {
		body = []app.UI{app.P().Class("muted").Text("The filter hides all of them.")}
	}
	if len(list) > shown {
		body = append(body, app.P().Body(app.Button().Type("button").ID("more-entries").Class("btn btn--small").OnClick(c.more).
			Body(icon("chevron-down", ""), app.Text("Show more: "+countText(int64(len(list)-shown))+" are left"))))
	}
	if r.LeftOut > 0 && len(list) <= shown {
		body = append(body, app.P().Class("small muted").Text(countText(r.LeftOut)+" more are not listed: the list holds the first "+countText(int64(len(r.Entries)))+"."))
	}
	return panel("timeline", "What happened", head, body...)
}

func (c *logPage) entry(r *LogReport, e *LogEntry, several bool) app.UI {
	sev := levelOf(e.Level)
	title := e.Title
	if title == "" {
		title = e.Code
	}
	var name app.UI = app.Span().Text(visible(title))
	if e.URL != "" {
		name = app.A().Href(e.URL).Text(visible(title))
	}
	head := []app.UI{
		app.Span().Class("timeline__sev timeline__sev--"+e.Level).Body(icon(severityIcon(sev), ""), app.Span().Class("sr-only").Text(severityWord(sev)+": ")),
		app.Strong().Class("timeline__title").Body(name),
	}
	if e.Track != "" {
		head = append(head, app.Text(" "), app.Span().Class("tag").Text(e.Track))
	}
	if e.Count > 1 {
		head = append(head, app.Text(" "), app.Span().Class("tag num").Text(countText(e.Count)+" times"))
	}
	key := ""
	if f := r.finding(e); f != nil {
		key = f.Key
	}
	line := func(first, final int) app.UI {
		return app.Button().Type("button").Class("linklike").Text(linesText(first, final)).
			OnClick(c.toLines(first, final, key), app.EventScope(first, final, key))
	}
	facts := []app.UI{}
	if e.Code != "" && e.Code != title {
		facts = append(facts, codeText(visible(e.Code)), app.Text(", "))
	}
	if several {
		facts = append(facts, app.Text(visible(r.kindName(e.Source))+", "))
	}
	facts = append(facts, line(e.First, e.Final))
	if e.Last != nil && e.Last.First > 0 && e.Last.First != e.First {
		facts = append(facts, app.Text(" to "), line(e.Last.First, e.Last.Final))
	}
	when := []app.UI{app.Text(timeText(e.Time))}
	if e.Time == "" {
		when = []app.UI{app.Span().Class("sr-only").Text("no time")}
	}
	if e.Last != nil && e.Last.Time != "" && e.Last.Time != e.Time {
		when = append(when, app.Text(" "), app.Br(), app.Span().Class("muted").Text("to "+timeText(e.Last.Time)))
	}
	class := "timeline__item"
	if c.desk.First > 0 && e.First <= c.desk.First && c.desk.First <= e.Final {
		class += " timeline__item--on"
	}
	body := []app.UI{
		app.P().Body(head...),
		app.P().Class("small muted").Body(facts...),
	}
	if e.Text != "" {
		body = append(body, app.P().Class("timeline__text mono").Text(visible(e.Text)))
	}
	return app.Li().Class(class).DataSet("level", e.Level).DataSet("code", e.Code).DataSet("line", e.First).Body(
		app.Div().Class("timeline__time num small").Body(when...),
		app.Div().Class("timeline__body").Body(body...),
	)
}

// timeText lets a long moment break between day and time, and drops what is
// finer than a millisecond.
func timeText(s string) string {
	s = visible(s)
	if len(s) > 19 && s[10] == 'T' {
		s = s[:10] + " " + s[11:]
	}
	if len(s) > 23 && s[19] == '.' {
		end := 20
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		if end > 23 {
			s = s[:23] + s[end:]
		}
	}
	return shorten(s, 40)
}

func levelOf(level string) diag.Severity {
	switch level {
	case "error":
		return diag.Error
	case "warning":
		return diag.Warning
	}
	return diag.Info
}

// text is the lines of the paste; static/js/explainer.js draws them.
func (c *logPage) text(p *LogPart) app.UI {
	back := app.Button().Type("button").ID("back").Class("btn btn--small logcheck__back").OnClick(c.back)
	if c.desk.Selected == "" {
		back = back.Hidden(true)
	}
	name := "the text"
	if !c.desk.In.Typed {
		name = visible(p.Name)
	}
	return panel("text", "The text, secrets masked",
		[]app.UI{
			app.Span().Class("count").Text(plural(p.Lines, "line", "lines")),
			back.Body(icon("arrow-left", ""), app.Text("Back to the finding")),
		},
		app.Div().ID("lines").Class("log mono").TabIndex(0).Role("region").Aria("label", "Lines of "+name+", secrets masked"),
	)
}

// settings are what the text shows of the encoder, held against the profile.
func (c *logPage) settings(r *LogReport) app.UI {
	rows := make([]app.UI, 0, len(r.Settings))
	for i := range r.Settings {
		s := &r.Settings[i]
		judged := []app.UI{}
		switch s.State {
		case "ok":
			judged = append(judged, app.Span().Class("sev sev--passed").Body(icon("circle-check", ""), app.Text("Within")))
		case "info", "warning", "error":
			judged = append(judged, severityBadge(levelOf(s.State)))
		}
		if s.Limit != "" {
			if len(judged) > 0 {
				judged = append(judged, app.Text(" "))
			}
			judged = append(judged, app.Span().Class("small").Text(s.Limit))
		}
		value := []app.UI{app.Span().Class("num").Text(visible(s.Value))}
		if s.Line > 0 {
			value = append(value, app.Text(" "), app.Button().Type("button").Class("linklike small").Text(linesText(s.Line, s.Line)).
				Aria("label", s.Label+": "+linesText(s.Line, s.Line)).
				OnClick(c.toLines(s.Line, s.Line, ""), app.EventScope("setting", s.ID, s.Line)))
		}
		if len(judged) > 0 {
			value = append(value, app.P().Class("logcheck__judged").Body(judged...))
		}
		rows = append(rows, app.Tr().DataSet("setting", s.ID).DataSet("state", s.State).Body(
			app.Th().Scope("row").Text(s.Label),
			app.Td().Body(value...),
		))
	}
	return panel("settings", "Settings that it shows", []app.UI{app.Span().Class("count").Text("against " + r.Profile.Name)},
		app.Div().Class("table-wrap").TabIndex(0).Role("region").Aria("label", "Settings").Body(
			app.Table().Class("table table--dense").Body(
				app.THead().Body(app.Tr().Body(
					app.Th().Scope("col").Text("Setting"),
					app.Th().Scope("col").Text("Value, and whether it fits"),
				)),
				app.TBody().Body(rows...),
			),
		),
	)
}

// help is the empty state: what is read, and where it is found.
func (c *logPage) help() app.UI {
	return app.Div().Class("stack").Body(
		panel("reads", "What it reads", nil,
			app.Dl().Class("kv logcheck__reads").Body(
				app.Dt().Text("Events and callbacks"),
				app.Dd().Text("Azure Event Grid, Tencent push callbacks and DescribeLiveStreamEventList, Amazon IVS, Cloudflare, Mux, YouTube configurationIssues, Alibaba; one, an array, JSON lines, a webhook with its headers"),
				app.Dt().Text("Logs"),
				app.Dd().Text("OBS Studio, FFmpeg, librtmp, GStreamer, nginx-rtmp, SRS, MediaMTX"),
				app.Dt().Text("As"),
				app.Dd().Text("text, UTF-16, with the colours of a terminal, quoted in a mail; files of up to 2 GB, .gz and .zip"),
			),
		),
		panel("where", "Where the log is", nil,
			app.Dl().Class("kv logcheck__reads").Body(
				app.Dt().Text("OBS Studio"),
				app.Dd().Text("Help, Log Files, View Current Log; after the stream has ended, so that it holds the counts of dropped frames"),
				app.Dt().Text("FFmpeg"),
				app.Dd().Body(app.Text("add "), app.Code().Text("-report"), app.Text(" to the command, or copy the terminal's last screen")),
				app.Dt().Text("GStreamer"),
				app.Dd().Body(app.Text("run it with "), app.Code().Text("GST_DEBUG=3"), app.Text(" and keep what it writes to standard error")),
				app.Dt().Text("Servers"),
				app.Dd().Text("nginx: error.log; SRS: objs/srs.log; MediaMTX: its standard output"),
				app.Dt().Text("Platforms"),
				app.Dd().Text("the event as the webhook or the queue delivered it, with all of its fields"),
			),
		),
		panel("what", "What you get", nil,
			app.Ul().Body(
				app.Li().Text("The answer first: what went wrong, and what to do."),
				app.Li().Text("Each known code and message with its meaning and its lines."),
				app.Li().Text("What the numbers say: drops, reconnects, bitrates, times that do not fit."),
				app.Li().Text("What happened in which order, and the encoder's settings held against the platform."),
				app.Li().Text("A summary for a ticket, with every secret masked."),
			),
		),
	)
}
