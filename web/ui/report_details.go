package ui

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

var zooms = []struct{ action, icon, label string }{
	{"in", "zoom-in", "Zoom in"},
	{"out", "zoom-out", "Zoom out"},
	{"left", "chevron-left", "Earlier"},
	{"right", "chevron-right", "Later"},
	{"reset", "rotate-ccw", "Show all"},
}

func (c *reportParts) plots(j *Job) app.UI {
	if j.State == Done && !anything(j.plots) {
		return panel("plots", "Plots", nil, el("p", "", "muted", nil, "There is nothing to plot: no audio or video was found."))
	}
	buttons := make([]app.UI, 0, len(zooms))
	for _, z := range zooms {
		buttons = append(buttons, action("zoom-"+z.action, "btn btn--small btn--icon", z.icon, "", c.zoom(z.action), z.action).
			Attr("aria-label", z.label).Attr("title", z.label))
	}
	body := []app.UI{
		raw(`<p class="small muted plots__hint">Drag across a plot to zoom, double-click for all of it; with the keyboard: arrows, +, − and 0. A marker is a finding: choose it to go to it.</p>`),
	}
	for i := range j.plots {
		body = append(body, c.plot(&j.plots[i]))
	}
	back := action("back", "btn btn--small", "arrow-left", "Back to the finding", c.back)
	if c.desk.Selected == "" {
		back = back.Attr("hidden", true)
	}
	head := []app.UI{el("div", "", "toolbar", []string{"role", "group", "aria-label", "Zoom of all plots"}, buttons), back}
	return panel("plots", "Plots", head, body...)
}

// anything reports whether one of the plots has something to show.
func anything(plots []Plot) bool {
	for i := range plots {
		if len(plots[i].X) > 0 {
			return true
		}
	}
	return false
}

func (c *reportParts) plot(p *Plot) app.UI {
	legend, none := "", ` hidden`
	if len(p.Series) > 1 {
		for _, s := range p.Series {
			legend += fill(`<span class="legend legend--{} legend--{}">{}</span>`, s.Role, s.Style, s.Label)
		}
	}
	canvas := el("div", "plot-"+p.ID, "plot__canvas", []string{"role", "group", "tabindex", "0", "aria-label", p.Summary(), "aria-roledescription", "plot"})
	if len(p.X) == 0 {
		canvas, none = canvas.Attr("hidden", true), ""
	}
	return el("div", "", "plot", nil,
		raw(`<div class="plot__head"><h3 id="plot-{}-title">{}</h3>{!}</div>`, p.ID, p.Title, legend),
		raw(`<p class="plot__hint small muted">{}</p>`, p.Hint),
		canvas,
		raw(`<p class="plot__empty small muted"{!}>Nothing to show: the recording has no data for this plot.</p>`, none),
		c.plotTable(p),
	)
}

// plotTable says what the canvas shows to those who do not see it. Its rows are
// made when it is opened: they are most of the page's elements.
func (c *reportParts) plotTable(p *Plot) app.UI {
	id := p.ID
	d := app.Elem("details").Class("details small plot__table").On("toggle", func(ctx app.Context, _ app.Event) {
		if c.tables == nil {
			c.tables = map[string]bool{}
		}
		c.tables[id] = ctx.JSSrc().Get("open").Bool()
	}, app.EventScope(id))
	if len(p.X) == 0 {
		return d.Hidden(true)
	}
	summary := el("summary", "", "", nil, app.Text("As a table"), el("span", "", "sr-only", nil, ": "+p.Title))
	if !c.tables[id] {
		return d.Body(summary)
	}
	head, rows := p.Table()
	return d.Body(
		summary,
		raw(`<p>{}</p>`, p.Summary()),
		app.Raw(tableHTML(p.Title+" as a table", head, rows, "num")),
	)
}

// place is the tags around the selected finding, below its card.
func (c *reportParts) place(f *FindingView) app.UI {
	b := &c.desk.Bytes
	body := []app.UI{
		el("p", "", "small muted", nil, "The tags around "+f.Places[0].Text+". ", action("", "linklike place__toplots", "", "See it on the plots", c.toPlots)),
	}
	if b.State == Unreadable {
		body = append(body, raw(`<div class="callout callout--warning">{!}<p>{}</p></div>`, iconHTML("triangle-alert", ""), b.Problem))
	} else {
		list := make([]app.UI, 0, len(b.Tags))
		for i := range b.Tags {
			t := &b.Tags[i]
			list = append(list, &keyed{
				Key:  strconv.Itoa(b.Run) + "-" + strconv.FormatInt(t.Offset, 10),
				Make: func() app.UI { return tagView(t) },
			})
		}
		if len(list) == 0 {
			text := "Reading the bytes around the place."
			if b.State == Done {
				text = "There are no bytes to show here."
			}
			list = append(list, el("p", "", "muted", nil, text))
		}
		tags := el("div", "tags", "tags", nil, list)
		if b.State == Reading {
			tags = tags.Aria("busy", "true")
		}
		body = append(body, tags)
	}
	return el("div", "place", "place stack stack--tight", []string{"role", "region", "aria-label", "Bytes around the finding"}, body)
}

// tagView is one tag with its fields.
func tagView(t *TagView) app.UI {
	at, rows, table, rest, open := "", "", "", "", ""
	switch t.Kind {
	case "video", "audio", "script":
		at = fill(`<span class="num">{}</span> `, exactText(t.TimestampMS))
	}
	for _, f := range t.Fields {
		rows += fill(`<tr><td class="mono num tags__offset">{}</td><td class="mono tags__hex">{}</td><td><span class="muted">{} </span><span>{}</span></td></tr>`,
			hexOffset(f.Offset), f.Hex, f.Name, visible(f.Value))
	}
	if rows != "" {
		table = fill(`<div class="table-wrap" tabindex="0" role="region" aria-label="{} at {}"><table class="table table--dense"><thead><tr><th scope="col" class="num tags__offset">Offset</th><th scope="col">Bytes</th><th scope="col">Field and value</th></tr></thead><tbody>{!}</tbody></table></div>`,
			t.Title(), offsetText(t.Offset), rows)
	}
	if t.Rest > 0 {
		rest = fill(`<p class="small muted">{} more in this tag.</p>`, bytesText(t.Rest))
	}
	class := "details tags__tag"
	if t.Focus {
		class, open = class+" tags__tag--focus", ` open data-focus="true"`
	}
	return raw(`<details class="{}" data-tag="{}"{!}><summary><span class="tags__title tags__title--{}">{}</span> {!}<span class="muted small num">{} (0x{})</span></summary>{!}{!}</details>`,
		class, strconv.FormatInt(t.Offset, 10), open, t.Kind, t.Title(), at, offsetText(t.Offset), hexOffset(t.Offset), table, rest)
}

func (c *reportParts) media(j *Job) app.UI {
	sections := mediaSections(j.Report)
	if len(sections) == 0 {
		return panel("media", "Media", nil, el("p", "", "muted", nil, "There is no audio or video to describe."))
	}
	body := ""
	for _, s := range sections {
		class := "media__title"
		if s.Role != "" {
			class += " media__title--" + s.Role
		}
		body += fill(`<div class="media__section"><h3 class="{}">{}</h3>{!}</div>`, class, s.Title, pairsHTML(s.Values, "small"))
	}
	grid := raw(`<div class="media">{!}</div>`, body)
	if len(j.Report.Media.Metadata) == 0 {
		return panel("media", "Media", nil, grid)
	}
	props := make([]Value, 0, len(j.Report.Media.Metadata))
	for _, p := range j.Report.Media.Metadata {
		props = append(props, Value{visible(p.Name), visible(p.Value)})
	}
	return panel("media", "Media", nil, grid,
		raw(`<details id="metadata" class="details"><summary>onMetaData as it stands: {}</summary>{!}</details>`,
			plural(int64(len(props)), "value", "values"), pairsHTML(props, "small mono")),
	)
}

func (c *reportParts) checks(j *Job) app.UI { return checksPanel(j.Report) }
