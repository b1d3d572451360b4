package ui

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

// drawing is what the canvases show.
type drawing struct {
	job      int
	report   *diag.Report
	selected string
}

// reportParts is a report on a page: its findings with their places, its plots,
// its media and its checks. The pages of a recording and of a test stream have
// it in common.
type reportParts struct {
	desk    Desk
	status  string
	drawn   drawing
	tables  map[string]bool   // plots whose table is open
	changed func(app.Context) // follows every change of the desk
}

// draw brings the canvases up to date.
func (c *reportParts) draw() {
	j := c.desk.Shown
	if j == nil || !j.Detailed() {
		c.drawn = drawing{}
		return
	}
	now := drawing{j.ID, j.Report, c.desk.Selected}
	if now == c.drawn {
		return
	}
	plots := app.Window().Get("ingestPlots")
	if !plots.Truthy() {
		return
	}
	c.drawn = now
	file := countText(int64(j.ID))
	for i := range j.plots {
		p := &j.plots[i]
		json := p.AppendJSON(nil, file, j.views, c.desk.Selected)
		plots.Call("draw", app.Window().GetElementByID("plot-"+p.ID), string(json))
	}
}

// toggle shows the place of a finding, on the plots and in bytes, or hides it.
func (c *reportParts) toggle(ctx app.Context, key string) {
	if key == c.desk.Selected {
		c.desk.Select("")
		c.changed(ctx)
		return
	}
	c.show(ctx, key)
}

func (c *reportParts) show(ctx app.Context, key string) {
	c.desk.Select(key)
	f := c.desk.finding(key)
	if f == nil {
		return
	}
	c.status = "Showing the place of: " + f.Title
	c.changed(ctx)
	ctx.Defer(func(app.Context) {
		plots := app.Window().Get("ingestPlots")
		if !plots.Truthy() {
			return
		}
		if f.OnPlot {
			at, span := focusRange(f)
			plots.Call("show", "time", at, span)
		}
		if r := c.desk.Shown.Report; r != nil && f.InMedia {
			plots.Call("show", "bytes", float64(f.Offset), max(float64(r.Input.Read)/8, 200_000))
		}
	})
}

// toPlots goes to the plots, where they are not beside the finding; back returns.
func (c *reportParts) toPlots(ctx app.Context, _ app.Event) {
	ctx.Defer(func(app.Context) { tool("focus", "plots-title") })
}

func (c *reportParts) back(ctx app.Context, _ app.Event) {
	key := c.desk.Selected
	ctx.Defer(func(app.Context) { tool("focus", "show-"+key) })
}

// focusRange is the stretch of the recording around a finding: the finding and
// as much again on each side, 8 s at least.
func focusRange(f *FindingView) (at, span float64) {
	from, to := float64(f.AtMS), float64(max(f.LastMS, f.AtMS))
	return (from + to) / 2, max(3*(to-from), 8000)
}

func (c *reportParts) zoom(action string) app.EventHandler {
	return func(ctx app.Context, _ app.Event) {
		ctx.PreventUpdate()
		if plots := app.Window().Get("ingestPlots"); plots.Truthy() {
			plots.Call("zoom", action)
		}
	}
}

// findings are the evidence, by severity.
func (c *reportParts) findings() app.UI {
	var list []Group
	run := ""
	if j := c.desk.Shown; j != nil {
		list, run = groups(j.views), strconv.Itoa(j.ID)
	}
	return findingGroups(list, c.remux(), run, c.finding)
}

// finding is one card, with the way to its place.
func (c *reportParts) finding(f *FindingView) app.UI {
	key := f.Key
	selected := f.InMedia && key == c.desk.Selected
	var tools, below []app.UI
	if f.InMedia {
		text, open := "Show the place", "false"
		if selected {
			text, open = "Hide the place", "true"
			below = append(below, c.place(f))
		}
		tools = append(tools, action("show-"+key, "btn btn--small", "map-pin", text, func(ctx app.Context, _ app.Event) { c.toggle(ctx, key) }, key).
			Attr("aria-describedby", "title-"+key).Attr("aria-expanded", open))
	}
	return findingCard(f, selected, tools, below...)
}
