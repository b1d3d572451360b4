package ui

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

func (c *checkPage) Render() app.UI {
	left := []app.UI{c.input(), c.jobs(), c.verdict(), c.findings()}
	class := "page page--tool"
	if c.desk.Shown != nil { // the answer comes first: what is above it makes room
		class += " page--answered"
	}
	return app.Div().Class("app-shell").Body(
		app.Raw(c.header),
		app.Main().ID("main").Class(class).TabIndex(-1).Body(
			app.Div().Class("wrap").Body(
				app.Header().Class("page-head").Body(
					app.H1().Text("Check a recording"),
					app.P().Class("lede checker__lede").Text("Drop an FLV recording of your live stream and read why a platform would refuse it, where in the recording, and what to change."),
				),
				app.Div().Class("tool-grid checker").Body(
					app.Div().Class("stack checker__main").Body(left...),
					app.Div().ID("details").Class("checker__details").TabIndex(-1).Aria("label", "Details").Role("region").Body(c.details()...),
				),
			),
		),
		app.Raw(c.footer),
		app.P().ID("status").Class("sr-only").Role("status").Aria("live", "polite").Text(c.status),
		c.updateNotice(),
	)
}

func (c *checkPage) updateNotice() app.UI { return newerVersion(c.update, c.reload) }

// input is where recordings come in and what they are checked against.
func (c *checkPage) input() app.UI {
	file := app.Input().ID("file").Class("sr-only checker__file").Type("file").Multiple(true).
		Aria("describedby", "uploaded").OnChange(c.choose)
	if !c.live {
		file = file.Disabled(true)
	}
	return app.Section().Class("stack stack--tight").Aria("labelledby", "input-title").Body(
		app.H2().ID("input-title").Class("sr-only").Text("Recording"),
		app.Div().Class("drop checker__drop").DataSet("drop", "files").Body(
			icon("file-video", "icon--l"),
			app.P().Class("checker__dropline").Body(
				app.Strong().Text("Drop recordings here"),
				app.Span().Class("muted").Text(" or "),
				file,
				app.Label().For("file").Class("btn btn--primary").Body(
					icon("folder-open", ""),
					app.Text("Choose files"),
				),
			),
			app.P().ID("uploaded").Class("checker__uploaded small").Body(
				icon("shield-check", ""),
				app.Strong().Class("num").Text("0 bytes uploaded."),
				app.Text(" "),
				app.Span().Class("muted").Text("The file is read in this browser, by a part that cannot connect to anything."),
			),
		),
		c.problem(),
		c.samples(),
		c.picker(),
	)
}

// problem is what keeps the page from working, or what the last action could not do.
func (c *checkPage) problem() app.UI {
	text, class := c.desk.Notice, "callout callout--warning"
	if c.desk.Broken != "" {
		text, class = c.desk.Broken, "callout callout--error"
	}
	if text == "" {
		if !c.live {
			return app.Elem("noscript").Body(
				app.P().Class("callout callout--warning").Text("Checking a recording needs JavaScript and WebAssembly: the file is analysed in your browser, not on a server. The command line does the same: ingestdoctor flv recording.flv"),
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

func (c *checkPage) samples() app.UI {
	body := []app.UI{app.Span().Class("muted small").ID("samples-label").Text("No recording at hand? Take one of ours:")}
	for i := range samples {
		s := &samples[i]
		b := app.Button().Type("button").ID("sample-"+s.kind).Class("btn btn--small checker__sample").Text(s.label).
			OnClick(func(ctx app.Context, _ app.Event) {
				c.desk.Choose([]File{fileOf("sample-"+s.kind+".flv", s.write(nil))})
				c.after(ctx)
			}, app.EventScope(s.kind))
		if !c.live || c.desk.V == nil {
			b = b.Disabled(true)
		}
		body = append(body, b)
	}
	return app.Div().Class("cluster checker__samples").Role("group").Aria("labelledby", "samples-label").Body(body...)
}

// picker chooses the profile and says what its limits are.
func (c *checkPage) picker() app.UI {
	sel := app.Select().ID("profile").Class("select").OnChange(c.setProfile).Aria("describedby", "profile-summary")
	if !c.live {
		sel = sel.Disabled(true)
	}
	var options []app.UI
	for _, g := range profileGroups(c.desk.Profiles) {
		list := make([]app.UI, 0, len(g.Profiles))
		for i := range g.Profiles {
			list = append(list, c.option(&g.Profiles[i]))
		}
		if g.Name == "" {
			options = append(options, list...)
			continue
		}
		options = append(options, app.OptGroup().Label(g.Name).Body(list...))
	}
	p := c.desk.profile()
	if p == nil {
		options = []app.UI{app.Option().Value(c.desk.Profile).Text("Loading the platforms").Selected(true)}
		p = &diag.Profile{ID: c.desk.Profile}
	}
	return app.Div().Class("field panel checker__picker").Body(
		app.Label().Class("label").For("profile").Text("Check against"),
		sel.Body(options...),
		app.P().ID("profile-summary").Class("hint").Body(profileSummary(p)...),
		c.limits(p),
	)
}

func (c *checkPage) option(p *diag.Profile) app.UI {
	o := app.Option().Value(p.ID).Text(p.Name)
	if p.ID == c.desk.Profile {
		o = o.Selected(true)
	}
	return o
}

func profileSummary(p *diag.Profile) []app.UI {
	body := []app.UI{app.Text(p.Summary)}
	if p.Retired != "" {
		body = append(body, app.Text(" "), app.Strong().Text("Switched off on "+p.Retired+". "), app.Text(p.Instead))
	}
	return body
}

// limits lists what the profile holds a stream against, and on whose word.
func (c *checkPage) limits(p *diag.Profile) app.UI {
	rows := ""
	for i := range p.Limits {
		l := &p.Limits[i]
		basis, note := basisWord(l.Basis), ""
		source := ""
		if l.Source != "" && l.Basis != diag.Ours {
			source = ": " + externalHTML(l.Source, l.URL)
			if l.Checked != "" {
				source += fill(`, checked {}`, l.Checked)
			}
		}
		if l.Note != "" {
			note = fill(`<p class="muted small">{}</p>`, l.Note)
		}
		rows += fill(`<tr><th scope="row">{}</th><td>{}{!}<p class="small">{}{!}</p></td></tr>`, l.Title, l.Text, note, basis, source)
	}
	title := "What it is checked against"
	if len(p.Limits) > 0 {
		title += ": " + strconv.Itoa(len(p.Limits)) + " limits"
	}
	return app.Details().ID("profile-limits").Class("details").Body(
		app.Summary().Text(title),
		raw(`<div class="table-wrap" tabindex="0" role="region" aria-label="Limits"><table class="table table--dense"><thead><tr><th scope="col">What</th><th scope="col">Limit, and on whose word</th></tr></thead><tbody>{!}</tbody></table></div>`, rows),
	)
}

func basisWord(b diag.Basis) string {
	switch b {
	case diag.Documented:
		return "Documented"
	case diag.Inferred:
		return "Inferred"
	}
	return "Our default"
}

// jobs lists the recordings when there are several.
func (c *checkPage) jobs() app.UI {
	if len(c.desk.Jobs) < 2 {
		return app.Div().Hidden(true)
	}
	items := make([]app.UI, 0, len(c.desk.Jobs))
	for _, j := range c.desk.Jobs {
		items = append(items, c.jobItem(j))
	}
	return app.Section().Class("panel").Aria("labelledby", "jobs-title").Body(
		app.Div().Class("panel__head").Body(
			app.H2().ID("jobs-title").Body(
				app.Text("Recordings "),
				app.Span().Class("count").Text(strconv.Itoa(len(c.desk.Jobs))),
			),
		),
		app.Ul().ID("jobs").Class("list-plain jobs").Body(items...),
	)
}

func (c *checkPage) jobItem(j *Job) app.UI {
	id := j.ID
	name, word, ic, class := shorten(visible(j.File.Name), 48), "", "", "off"
	state := "waiting"
	switch j.State {
	case Waiting:
		word, ic = "Waiting", "hourglass"
	case Reading:
		word, ic, state = "Reading, "+strconv.Itoa(j.Percent())+" %", "loader-circle", "reading"
	case Unread:
		word, ic, state = "Not read", "circle-minus", "unread"
	case Unreadable:
		word, ic, class, state = "Could not be read", "octagon-x", "error", "unreadable"
	case Done:
		v := &j.Report.Verdict
		word, ic, class, state = worstText(v), severityIcon(v.Severity), severityClass(v.Severity), "done"
	}
	b := app.Button().Type("button").Class("jobs__name").Body(app.Elem("bdi").Text(name)).
		OnClick(func(ctx app.Context, _ app.Event) {
			c.desk.Show(id)
			c.after(ctx)
		}, app.EventScope(id))
	if j == c.desk.Shown {
		b = b.Aria("current", "true")
	}
	row := []app.UI{
		b,
		app.Span().Class("muted small num nowrap").Text(bytesText(j.File.Size)),
		app.Span().Class("sev sev--"+class).Body(icon(ic, ""), app.Text(word)),
	}
	if j.State == Unread || j.State == Unreadable {
		row = append(row, app.Button().Type("button").Class("btn btn--small").Text("Read it").
			Aria("label", "Read "+name).
			OnClick(func(ctx app.Context, _ app.Event) {
				c.desk.Again(id)
				c.after(ctx)
			}, app.EventScope("again", id)))
	}
	row = append(row, app.Button().Type("button").Class("btn btn--small btn--quiet btn--icon").
		Aria("label", "Remove "+name+" from the page").Title("Remove").
		OnClick(func(ctx app.Context, _ app.Event) {
			c.desk.Remove(id)
			c.after(ctx)
		}, app.EventScope("remove", id)).
		Body(icon("x", "")))
	return app.Li().Class("jobs__item").DataSet("job", id).DataSet("state", state).Body(row...)
}
