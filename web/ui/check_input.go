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
	return el("div", "", "app-shell", nil,
		app.Raw(c.header),
		el("main", "main", class, []string{"tabindex", "-1"},
			el("div", "", "wrap", nil,
				raw(`<header class="page-head"><h1>Check a recording</h1><p class="lede checker__lede">Drop an FLV recording of your live stream and read why a platform would refuse it, where in the recording, and what to change.</p></header>`),
				el("div", "", "tool-grid checker", nil,
					el("div", "", "stack checker__main", nil, left),
					el("div", "details", "checker__details", []string{"tabindex", "-1", "aria-label", "Details", "role", "region"}, c.details()),
				),
			),
		),
		app.Raw(c.footer),
		el("p", "status", "sr-only", []string{"role", "status", "aria-live", "polite"}, c.status),
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
	return el("section", "", "stack stack--tight", []string{"aria-labelledby", "input-title"},
		raw(`<h2 id="input-title" class="sr-only">Recording</h2>`),
		el("div", "", "drop checker__drop", []string{"data-drop", "files"},
			icon("file-video", "icon--l"),
			el("p", "", "checker__dropline", nil,
				raw(`<strong>Drop recordings here</strong>`), raw(`<span class="muted"> or </span>`), file,
				raw(`<label for="file" class="btn btn--primary">{!}Choose files</label>`, iconHTML("folder-open", "")),
			),
			raw(`<p id="uploaded" class="checker__uploaded small">{!}<strong class="num">0 bytes uploaded.</strong> <span class="muted">The file is read in this browser, by a part that cannot connect to anything.</span></p>`, iconHTML("shield-check", "")),
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
			return raw(`<noscript><p class="callout callout--warning">Checking a recording needs JavaScript and WebAssembly: the file is analysed in your browser, not on a server. The command line does the same: ingestdoctor flv recording.flv</p></noscript>`)
		}
		return nothing()
	}
	body := []app.UI{icon("triangle-alert", ""), raw(`<p id="problem">{}</p>`, text)}
	if c.desk.Broken != "" {
		body = append(body, el("p", "", "", nil, action("", "btn btn--small", "refresh-cw", "Reload the page", c.reload)))
	}
	return el("div", "", class, nil, body)
}

func (c *checkPage) samples() app.UI {
	body := []app.UI{raw(`<span class="muted small" id="samples-label">No recording at hand? Take one of ours:</span>`)}
	for i := range samples {
		s := &samples[i]
		b := action("sample-"+s.kind, "btn btn--small checker__sample", "", s.label, func(ctx app.Context, _ app.Event) {
			c.desk.Choose([]File{fileOf("sample-"+s.kind+".flv", s.write(nil))})
			c.after(ctx)
		}, s.kind)
		if !c.live || c.desk.V == nil {
			b = b.Attr("disabled", true)
		}
		body = append(body, b)
	}
	return el("div", "", "cluster checker__samples", []string{"role", "group", "aria-labelledby", "samples-label"}, body)
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
	return el("div", "", "field panel checker__picker", nil,
		raw(`<label class="label" for="profile">Check against</label>`),
		sel.Body(options...),
		app.Raw(profileSummary(p)),
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

func profileSummary(p *diag.Profile) string {
	retired := ""
	if p.Retired != "" {
		retired = fill(` <strong>Switched off on {}. </strong>{}`, p.Retired, p.Instead)
	}
	return fill(`<p id="profile-summary" class="hint">{}{!}</p>`, p.Summary, retired)
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
	return el("details", "profile-limits", "details", nil,
		el("summary", "", "", nil, title),
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
		return nothing()
	}
	items := make([]app.UI, 0, len(c.desk.Jobs))
	for _, j := range c.desk.Jobs {
		items = append(items, c.jobItem(j))
	}
	return el("section", "", "panel", []string{"aria-labelledby", "jobs-title"},
		raw(`<div class="panel__head"><h2 id="jobs-title">Recordings <span class="count">{}</span></h2></div>`, strconv.Itoa(len(c.desk.Jobs))),
		el("ul", "jobs", "list-plain jobs", nil, items),
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
	with := func(f func(int)) app.EventHandler {
		return func(ctx app.Context, _ app.Event) {
			f(id)
			c.after(ctx)
		}
	}
	b := el("button", "", "jobs__name", []string{"type", "button"}, el("bdi", "", "", nil, name)).OnClick(with(c.desk.Show), app.EventScope(id))
	if j == c.desk.Shown {
		b = b.Attr("aria-current", "true")
	}
	row := []app.UI{b, raw(`<span class="muted small num nowrap">{}</span>`, bytesText(j.File.Size)), app.Raw(badgeHTML(class, ic, word))}
	if j.State == Unread || j.State == Unreadable {
		row = append(row, action("", "btn btn--small", "", "Read it", with(c.desk.Again), "again", id).Attr("aria-label", "Read "+name))
	}
	row = append(row, action("", "btn btn--small btn--quiet btn--icon", "x", "", with(c.desk.Remove), "remove", id).
		Attr("aria-label", "Remove "+name+" from the page").Attr("title", "Remove"))
	return el("li", "", "jobs__item", []string{"data-job", strconv.Itoa(id), "data-state", state}, row)
}
