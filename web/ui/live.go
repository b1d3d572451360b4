package ui

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// LivePath is the page that takes a test stream and follows it.
const LivePath = "/live"

// livePage is /live. It wires the LiveDesk to the browser and draws it.
type livePage struct {
	app.Compo
	reportParts
	stream LiveDesk
	live   bool // the program runs: inputs work
	update bool
	header string
	footer string

	broken string
	picked string // profile that the select is drawn with
	was    LiveState
}

func (c *livePage) OnInit() {
	c.header = currentNav(app.Getenv("SHELL_HEADER"), LivePath)
	c.footer = app.Getenv("SHELL_FOOTER")
	c.changed = c.after
	c.desk.Profile = fallbackProfile
	c.desk.Profiles = shipped
	c.stream.Desk, c.stream.State = &c.desk, LiveEmpty
	if !app.IsClient {
		return
	}
	c.live = true
	if id := rememberedProfile(); id != "" {
		c.desk.Profile = id
	}
	c.picked = c.desk.Profile
	if !app.Window().Get("ingestLive").Truthy() {
		c.broken = "A part of this page did not load. Reload it; if that does not help, an extension or a filter may block it."
	}
}

// OnPreRender fills the page's head; the server calls it.
func (c *livePage) OnPreRender(ctx app.Context) {
	c.head(ctx)
	preload(ctx, "")
}

func (c *livePage) head(ctx app.Context) {
	ctx.Page().SetTitle("Push a test stream · Ingest Doctor")
	ctx.Page().SetDescription("Push a test stream from your own encoder and watch it being checked while it comes: who connects, what is said, what the platform would refuse, and how it arrives.")
}

// OnNav takes the platform from the address; it makes nothing by itself.
func (c *livePage) OnNav(ctx app.Context) {
	if !app.IsClient {
		return
	}
	c.head(ctx)
	if id := ctx.Page().URL().Query().Get("profile"); id != "" {
		c.desk.Profile, c.picked = id, id // what is no platform is not among the options
	}
}

func (c *livePage) OnMount(ctx app.Context) {
	c.OnAppUpdate(ctx) // it may have come before the page did
	js := app.Window().Get("ingestLive")
	if !js.Truthy() {
		return
	}
	js.Call("listen", app.FuncOf(func(_ app.Value, args []app.Value) any {
		m := LiveMessage{Kind: args[0].Get("t").String(), Data: args[0].Get("data").String(), Status: args[0].Get("status").Int()}
		id := args[0].Get("id").String()
		ctx.Dispatch(func(ctx app.Context) {
			if m.Kind == "do" {
				c.do(id, m.Data)
			} else {
				c.stream.Handle(m)
			}
			c.after(ctx)
		})
		return nil
	}))
	if plots := app.Window().Get("ingestPlots"); plots.Truthy() {
		plots.Call("onMarker", app.FuncOf(func(_ app.Value, args []app.Value) any {
			key := args[0].String()
			ctx.Dispatch(func(ctx app.Context) {
				c.show(ctx, key)
				c.back(ctx, app.Event{})
			})
			return nil
		}))
	}
	tool("mark", "ingest-live-mounted")
}

func (c *livePage) OnDismount() {
	if js := app.Window().Get("ingestLive"); js.Truthy() {
		js.Call("leave")
	}
}

// OnAppUpdate is called when a newer version of the page is ready.
func (c *livePage) OnAppUpdate(ctx app.Context) { c.update = ctx.AppUpdateAvailable() }

// do is what was pressed or chosen; static/js/live.js tells, with the element's id.
func (c *livePage) do(id, value string) {
	switch id {
	case "make", "again":
		c.stream.Leave()
		c.stream.State = LiveAsking
	case "other":
		c.picked = c.desk.Profile
		c.stream.Leave()
	case "profile":
		c.desk.Profile = value
		rememberProfile(value)
	}
}

// after follows every change: what to announce, what to draw, and where the
// focus goes when its element went away.
func (c *livePage) after(ctx app.Context) {
	if s := c.stream.Say() + c.desk.Say(); s != "" {
		c.status = s
	}
	state := c.stream.State
	ctx.Defer(func(app.Context) {
		c.draw()
		if state == c.was {
			return
		}
		c.was = state
		if lost := tool("lost"); lost != nil && lost.Truthy() && (state == LiveWaiting || state == LiveEnded || state == LiveEmpty) {
			id := "verdict"
			if state == LiveEmpty {
				id = "profile"
			}
			tool("focus", id)
		}
	})
}
