package ui

import (
	"strconv"
	"strings"

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

// timeline is what happened, in order. Its rows are HTML; explainer.js tells when
// one of their buttons is chosen.
func (c *logPage) timeline(r *LogReport) app.UI {
	d := &c.desk
	if len(r.Entries) == 0 {
		return panel("timeline", "What happened", nil, raw(`<p class="muted">No line of this text tells of something that happened to the stream.</p>`))
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
			if count[level] > 0 {
				levels = append(levels, action("level-"+level, "btn btn--small timeline__level", "", "", c.toggle(level), level).
					Aria("pressed", strconv.FormatBool(!d.Hidden[level])).
					Body(icon(severityIcon(sev), ""), raw(`<span>{}s <span class="count">{}</span></span>`, severityWord(sev), strconv.Itoa(count[level]))))
			}
		}
		head = append(head, el("div", "", "toolbar", []string{"role", "group", "aria-label", "Entries to show"}, levels))
	}
	sources := r.sources()
	if len(sources) > 1 {
		options := []app.UI{el("option", "", "", []string{"value", ""}, "All sources")}
		for _, s := range sources {
			options = append(options, el("option", "", "", []string{"value", s}, visible(r.kindName(s))))
		}
		head = append(head, &keyed{ // another text begins with all of its sources
			Key: strconv.Itoa(d.Shown.Run) + "-" + strconv.Itoa(d.Shown.Number),
			Make: func() app.UI {
				return el("select", "source", "select timeline__source", []string{"aria-label", "Source"}, options).OnChange(c.setSource)
			},
		})
	}
	list := d.entries()
	shown := min(len(list), d.Limit)
	rows := ""
	for _, e := range list[:shown] {
		rows += entryHTML(r, e, len(sources) > 1)
	}
	var body app.UI = raw(`<p class="muted">The filter hides all of them.</p>`)
	if rows != "" {
		body = el("div", "", "timeline", nil, raw(`<ol id="entries" class="list-plain">{!}</ol>`, rows))
	}
	below := nothing()
	switch {
	case len(list) > shown:
		below = el("p", "", "", nil, action("more-entries", "btn btn--small", "chevron-down", "Show more: "+countText(int64(len(list)-shown))+" are left", c.more))
	case r.LeftOut > 0:
		below = raw(`<p class="small muted">{} more are not listed: the list holds the first {}.</p>`, countText(r.LeftOut), countText(int64(len(r.Entries))))
	}
	return panel("timeline", "What happened", head, body, below)
}

// linesHTML is a button that leads to lines.
func linesHTML(first, final int, key, label string) string {
	text := linesText(first, final)
	if label != "" {
		label += ": " + text
	} else {
		label = text
	}
	return fill(`<button type="button" class="linklike" data-lines="{}-{}" data-key="{}" aria-label="{}">{}</button>`, strconv.Itoa(first), strconv.Itoa(final), key, label, text)
}

func entryHTML(r *LogReport, e *LogEntry, several bool) string {
	sev := levelOf(e.Level)
	title := visible(e.Title)
	if title == "" {
		title = visible(e.Code)
	}
	name := fill("{}", title)
	if e.URL != "" {
		name = fill(`<a href="{}">{}</a>`, e.URL, title)
	}
	tags, facts, key := "", "", ""
	if e.Track != "" {
		tags += fill(` <span class="tag">{}</span>`, e.Track)
	}
	if e.Count > 1 {
		tags += fill(` <span class="tag num">{} times</span>`, countText(e.Count))
	}
	if f := r.finding(e); f != nil {
		key = f.Key
	}
	if e.Code != "" && e.Code != e.Title && !strings.Contains(e.Code, " ") { // a message is no code; its words stand below
		facts += fill(`<code>{!}</code>, `, breakable(visible(e.Code)))
	}
	if several {
		facts += fill(`{}, `, visible(r.kindName(e.Source)))
	}
	facts += linesHTML(e.First, e.Final, key, "")
	when := fill("{}", timeText(e.Time))
	if e.Time == "" {
		when = `<span class="sr-only">no time</span>`
	}
	if l := e.Last; l != nil {
		if l.First > 0 && l.First != e.First {
			facts += " to " + linesHTML(l.First, l.Final, key, "")
		}
		if l.Time != "" && l.Time != e.Time {
			when += fill(` <br><span class="muted">to {}</span>`, timeText(l.Time))
		}
	}
	text := ""
	if e.Text != "" {
		text = fill(`<p class="timeline__text mono">{}</p>`, visible(e.Text))
	}
	return fill(`<li class="timeline__item" data-level="{}" data-code="{}" data-line="{}"><div class="timeline__time num small">{!}</div>`, e.Level, e.Code, strconv.Itoa(e.First), when) +
		fill(`<div class="timeline__body"><p><span class="timeline__sev timeline__sev--{}">{!}<span class="sr-only">{}: </span></span><strong class="timeline__title">{!}</strong>{!}</p><p class="small muted">{!}</p>{!}</div></li>`,
			e.Level, iconHTML(severityIcon(sev), ""), severityWord(sev), name, tags, facts, text)
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
	back := action("back", "btn btn--small logcheck__back", "arrow-left", "Back to the finding", c.back)
	if c.desk.Selected == "" {
		back = back.Attr("hidden", true)
	}
	name := "the text"
	if !c.desk.In.Typed {
		name = visible(p.Name)
	}
	return panel("text", "The text, secrets masked",
		[]app.UI{raw(`<span class="count">{}</span>`, plural(p.Lines, "line", "lines")), back},
		el("div", "lines", "log mono", []string{"tabindex", "0", "role", "region", "aria-label", "Lines of " + name + ", secrets masked"}),
	)
}

// settings are what the text shows of the encoder, held against the profile.
func (c *logPage) settings(r *LogReport) app.UI {
	rows := ""
	for i := range r.Settings {
		s := &r.Settings[i]
		judged, line := "", ""
		switch s.State {
		case "ok":
			judged = badgeHTML("passed", "circle-check", "Within")
		case "info", "warning", "error":
			sev := levelOf(s.State)
			judged = badgeHTML(severityClass(sev), severityIcon(sev), severityWord(sev))
		}
		if s.Limit != "" {
			judged += fill(` <span class="small">limit: {}</span>`, s.Limit)
		}
		if judged != "" {
			judged = `<p class="logcheck__judged">` + judged + `</p>`
		}
		if s.Line > 0 {
			line = " " + linesHTML(s.Line, s.Line, "", s.Label)
		}
		rows += fill(`<tr data-setting="{}" data-state="{}"><th scope="row">{}</th><td><span class="num">{}</span>{!}{!}</td></tr>`, s.ID, s.State, s.Label, visible(s.Value), line, judged)
	}
	return panel("settings", "Settings that it shows", []app.UI{raw(`<span class="count">against {}</span>`, r.Profile.Name)},
		raw(`<div class="table-wrap" tabindex="0" role="region" aria-label="Settings"><table class="table table--dense"><thead><tr><th scope="col">Setting</th><th scope="col">Value, and whether it fits</th></tr></thead><tbody>{!}</tbody></table></div>`, rows),
	)
}

// help is the empty state: what is read, and where it is found.
func (c *logPage) help() app.UI {
	return el("div", "", "stack", nil,
		panel("reads", "What it reads", nil, raw(`<dl class="kv logcheck__reads"><dt>Events and callbacks</dt><dd>Azure Event Grid, Tencent push callbacks and DescribeLiveStreamEventList, Amazon IVS, Cloudflare, Mux, YouTube configurationIssues, Alibaba; one, an array, JSON lines, a webhook with its headers</dd><dt>Logs</dt><dd>OBS Studio, FFmpeg, librtmp, GStreamer, nginx-rtmp, SRS, MediaMTX</dd><dt>As</dt><dd>text, UTF-16, with the colours of a terminal, quoted in a mail; files of up to 2 GB, .gz and .zip</dd></dl>`)),
		panel("where", "Where the log is", nil, raw(`<dl class="kv logcheck__reads"><dt>OBS Studio</dt><dd>Help, Log Files, View Current Log; after the stream has ended, so that it holds the counts of dropped frames</dd><dt>FFmpeg</dt><dd>add <code>-report</code> to the command, or copy the terminal's last screen</dd><dt>GStreamer</dt><dd>run it with <code>GST_DEBUG=3</code> and keep what it writes to standard error</dd><dt>Servers</dt><dd>nginx: error.log; SRS: objs/srs.log; MediaMTX: its standard output</dd><dt>Platforms</dt><dd>the event as the webhook or the queue delivered it, with all of its fields</dd></dl>`)),
		panel("what", "What you get", nil, raw(`<ul><li>The answer first: what went wrong, and what to do.</li><li>Each known code and message with its meaning and its lines.</li><li>What the numbers say: drops, reconnects, bitrates, times that do not fit.</li><li>What happened in which order, and the encoder's settings held against the platform.</li><li>A summary for a ticket, with every secret masked.</li></ul>`)),
	)
}
