package ui

import (
	"strconv"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// ReachPath is the page that tests whether an ingest server is reached.
const ReachPath = "/check/reach"

// reachPage is /check/reach. It wires the ReachDesk to the browser and draws it.
type reachPage struct {
	app.Compo
	desk   ReachDesk
	live   bool
	update bool
	status string
	header string
	footer string

	broken  string
	wanted  string    // platform that the address names
	chosen  string    // endpoint whose commands are shown
	retryAt time.Time // when a spent quota is worth another try
	telling bool      // rungs will be announced in a moment
	ticking bool
	shown   int  // run whose verdict was brought into view
	wasBusy bool // where the focus goes when the cancel button does

	ports string // that this portal listens on for encoders: 1935,1936
	out   OutboundCheck

	allowText, encoderText string
	allow                  *AllowList
	encoders               []EncoderView
	allowTurn              int
}

// reachClient is the ReachClient of the browser.
type reachClient struct{ js app.Value }

func (c reachClient) Start(run int, body string) { c.js.Call("start", run, body) }
func (c reachClient) Cancel(run int)             { c.js.Call("cancel", run) }

func (c *reachPage) OnInit() {
	c.header = currentNav(app.Getenv("SHELL_HEADER"), ReachPath)
	c.footer = app.Getenv("SHELL_FOOTER")
	c.desk.Profiles = shipped
	c.ports = app.Getenv("INGEST_PORTS")
	if !app.IsClient {
		return
	}
	c.live = true
	js := app.Window().Get("ingestReach")
	if !js.Truthy() {
		c.broken = "A part of this page did not load. Reload it; if that does not help, an extension or a filter may block it."
		return
	}
	c.desk.C = reachClient{js}
}

// OnPreRender fills the page's head; the server calls it.
func (c *reachPage) OnPreRender(ctx app.Context) {
	c.head(ctx)
	preload(ctx, "")
}

func (c *reachPage) head(ctx app.Context) {
	ctx.Page().SetTitle("Test the ingest server · Ingest Doctor")
	ctx.Page().SetDescription("Is the ingest point there, and would it take your stream? Name, port, encryption, RTMP handshake and connect, tried one after the other from our server, with the rung that fails, why, and what to do.")
}

// OnNav fills the target in from the address; it never probes by itself.
func (c *reachPage) OnNav(ctx app.Context) {
	if !app.IsClient {
		return
	}
	c.head(ctx)
	q := ctx.Page().URL().Query()
	if host := q.Get("host"); host != "" && c.desk.Input == "" {
		t := readTarget(host)
		if t.Problem == "" {
			t.App = ""
			if n, err := strconv.Atoi(q.Get("port")); err == nil && n > 0 && n < 65536 {
				t.Port = n
			}
			if s := q.Get("scheme"); s == "rtmp" || s == "rtmps" {
				t.Scheme = s
			}
			c.desk.Input = t.Text()
			ctx.Defer(func(app.Context) {
				if el := app.Window().GetElementByID("target"); el.Truthy() {
					el.Set("value", c.desk.Input)
				}
			})
		}
	}
	c.wanted = q.Get("profile") // what is no platform is not among the options
}

func (c *reachPage) OnMount(ctx app.Context) {
	c.OnAppUpdate(ctx) // it may have come before the page did
	client, ok := c.desk.C.(reachClient)
	if !ok {
		return
	}
	client.js.Call("listen", app.FuncOf(func(_ app.Value, args []app.Value) any {
		m := ReachMessage{Kind: args[0].Get("t").String(), Run: args[0].Get("run").Int(), Data: args[0].Get("data").String(), Status: args[0].Get("status").Int()}
		id := args[0].Get("id").String()
		ctx.Dispatch(func(ctx app.Context) {
			switch m.Kind {
			case "publish":
				c.begin(ctx, func() { c.desk.Publish(id, m.Data) })
				return
			case "input":
				c.typedHere(ctx, id, m.Data)
				return
			}
			c.desk.Handle(m)
			if r := c.desk.Run; r != nil && r.State == ReachQuota && c.retryAt.IsZero() {
				c.retryAt = time.Now().Add(time.Duration(r.Retry) * time.Second)
				c.tick(ctx)
			}
			c.after(ctx)
		})
		return nil
	}))
	if js := app.Window().Get("ingestOutbound"); js.Truthy() {
		js.Call("listen", app.FuncOf(func(_ app.Value, args []app.Value) any {
			data := args[0].String()
			ctx.Dispatch(func(app.Context) { c.tellOutbound(data) })
			return nil
		}))
	}
	client.js.Call("client")
	tool("mark", "ingest-reach-mounted")
}

func (c *reachPage) OnDismount() { c.desk.Cancel() }

// OnAppUpdate is called when a newer version of the page is ready.
func (c *reachPage) OnAppUpdate(ctx app.Context) { c.update = ctx.AppUpdateAvailable() }

// after follows every change of the desk: what to announce, and where the focus
// goes when its element went away.
func (c *reachPage) after(ctx app.Context) {
	if s := c.desk.Say(false); s != "" {
		c.status = s
	}
	if c.desk.Pending() && !c.telling { // several rungs are one announcement
		c.telling = true
		ctx.After(tellEvery, func(ctx app.Context) {
			c.telling = false
			if s := c.desk.Say(true); s != "" {
				c.status = s
			}
			ctx.Update()
		})
	}
	busy := c.desk.Busy()
	ctx.Defer(func(app.Context) {
		if r := c.desk.Run; r != nil && r.ID != c.shown {
			c.shown = r.ID
			tool("reveal", "verdict")
		}
		if lost := tool("lost"); lost != nil && lost.Truthy() && c.wasBusy != busy {
			tool("focus", "verdict")
		}
		c.wasBusy = busy
	})
}

// tellEvery is the pause between two announcements of rungs.
const tellEvery = 1500 * time.Millisecond

// tick counts the wait for a spent quota down.
func (c *reachPage) tick(ctx app.Context) {
	if c.ticking {
		return
	}
	c.ticking = true
	ctx.After(time.Second, func(ctx app.Context) {
		c.ticking = false
		switch {
		case c.left() > 0:
			c.tick(ctx)
		case !c.retryAt.IsZero():
			c.retryAt = time.Time{}
			c.status = "It may be tried again now."
		}
		ctx.Update()
	})
}

// left is how many seconds a spent quota still lasts.
func (c *reachPage) left() int {
	if c.retryAt.IsZero() {
		return 0
	}
	if d := time.Until(c.retryAt); d > 0 {
		return int(d/time.Second) + 1
	}
	return 0
}

func (c *reachPage) begin(ctx app.Context, f func()) {
	if c.desk.C == nil || c.left() > 0 || c.desk.Off() {
		return
	}
	c.retryAt = time.Time{}
	c.chosen = ""
	f()
	c.after(ctx)
}

// submit reads the form and begins.
func (c *reachPage) submit(ctx app.Context, e app.Event) {
	e.PreventDefault()
	c.read()
	c.begin(ctx, c.desk.Probe)
}

// read takes what the form's elements hold.
func (c *reachPage) read() {
	get := app.Window().GetElementByID
	c.desk.Input = get("target").Get("value").String()
	c.desk.Profile = get("profile").Get("value").String()
	c.desk.Enhanced = get("enhanced").Get("checked").Bool()
}

// typedHere takes in what was typed or pressed beside go-app, once typing pauses.
func (c *reachPage) typedHere(ctx app.Context, id, text string) {
	switch id {
	case "target":
		c.desk.Input = text
		return
	case "repeat-port":
		c.chosen = text
		return
	case "again":
		c.read()
		c.begin(ctx, c.desk.Again)
		return
	case "cancel":
		c.desk.Cancel()
		c.after(ctx)
		return
	case "publish":
		c.read()
		c.desk.C.(reachClient).js.Call("ask", publishServer(c.desk.Input))
		return
	case "reload":
		ctx.Reload()
		return
	case "use-mine":
		c.useMine()
		return
	case "allow":
		c.allowText = text
	case "encoder":
		c.encoderText = text
	}
	c.judgeSoon(ctx)
}

func (c *reachPage) judgeSoon(ctx app.Context) {
	c.allowTurn++
	turn := c.allowTurn
	ctx.After(250*time.Millisecond, func(ctx app.Context) {
		if turn == c.allowTurn {
			c.judge()
			ctx.Update()
		}
	})
}

func (c *reachPage) judge() {
	c.allow, c.encoders = nil, nil
	l := readAllowList(c.allowText)
	if len(l.Entries) > 0 {
		c.allow = &l
	}
	c.encoders = l.encoders(c.encoderText)
	if s := c.allowSummary(); s != "" {
		c.status = s
	}
}

// useMine takes the visitor's own address for the encoder's.
func (c *reachPage) useMine() {
	if c.desk.Me == nil {
		return
	}
	c.encoderText = c.desk.Me.Address
	if el := app.Window().GetElementByID("encoder"); el.Truthy() {
		el.Set("value", c.encoderText)
	}
	c.judge()
}
