package ui

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// storageKey remembers the profile.
const storageKey = "ingestdoctor.profile"

// checkPage is /check/file. It wires the Desk to the browser and draws it.
type checkPage struct {
	app.Compo
	reportParts
	live   bool // the program runs: inputs work
	update bool // a newer version waits
	header string
	footer string

	revealed   int // job whose verdict was brought into view
	wasWorking bool
	marked     int // run whose first summary was marked
	onFiles    app.Func
	onHanded   app.Func
	onMark     app.Func
}

func (c *checkPage) OnInit() {
	c.header = currentNav(app.Getenv("SHELL_HEADER"), FilePath)
	c.footer = app.Getenv("SHELL_FOOTER")
	c.changed = c.after
	c.desk.Profile = fallbackProfile
	c.desk.Profiles = shipped
	if !app.IsClient {
		return
	}
	c.live = true
	if id := rememberedProfile(); id != "" {
		c.desk.Profile = id
	}
	w, ok := newWorker()
	if !ok {
		c.desk.Broken = "A part of this page did not load. Reload it; if that does not help, an extension or a filter may block it."
		return
	}
	c.desk.V = w
	if about := w.about(); about != nil {
		c.desk.Handle(Event{Kind: Ready, About: about})
	}
}

// OnPreRender fills the page's head; the server calls it.
func (c *checkPage) OnPreRender(ctx app.Context) {
	c.head(ctx)
	// Both programs start to load with the page instead of after its scripts.
	// The suffix asks for what fetch asks for, or they would be loaded twice.
	preload(ctx, app.Getenv("ASSET_VALIDATOR_WASM"))
}

// OnNav also follows a change of the query.
func (c *checkPage) OnNav(ctx app.Context) {
	if !app.IsClient {
		return
	}
	c.head(ctx)
	if id := ctx.Page().URL().Query().Get("profile"); id != "" && id != c.desk.Profile && c.knows(id) {
		c.desk.SetProfile(id)
		c.after(ctx)
	}
}

func (c *checkPage) head(ctx app.Context) {
	ctx.Page().SetTitle("Check a recording · Ingest Doctor")
	ctx.Page().SetDescription("Drop an FLV recording of your live stream and read why a platform would refuse it, with the place in the file and the fix. It is read in your browser; nothing is uploaded.")
}

// knows reports whether a profile may be chosen: any, until they are known.
func (c *checkPage) knows(id string) bool {
	if len(c.desk.Profiles) == 0 {
		return true
	}
	for i := range c.desk.Profiles {
		if c.desk.Profiles[i].ID == id {
			return true
		}
	}
	return false
}

func (c *checkPage) OnMount(ctx app.Context) {
	c.OnAppUpdate(ctx) // it may have come before the page did
	if c.desk.V != nil {
		c.desk.V.Listen(func(e Event) {
			ctx.Dispatch(func(ctx app.Context) {
				c.desk.Handle(e)
				if e.Kind == Ready {
					c.desk.Retry()
				}
				if (e.Kind == Partial || e.Kind == Finished) && e.Run != c.marked {
					c.marked = e.Run
					tool("mark", "ingest-first-summary")
				}
				if e.Kind == Finished {
					tool("mark", "ingest-done")
				}
				c.after(ctx)
			})
		})
	}
	c.onFiles = app.FuncOf(func(_ app.Value, args []app.Value) any {
		files := filesOf(args[0])
		problem := args[1].String()
		ctx.Dispatch(func(ctx app.Context) {
			if len(files) > 0 {
				c.desk.Choose(files)
			}
			if problem != "" {
				c.desk.Notice, c.desk.say = problem, problem
			}
			c.after(ctx)
		})
		return nil
	})
	tool("onFiles", c.onFiles)
	c.takeHanded(ctx)
	c.onMark = app.FuncOf(func(_ app.Value, args []app.Value) any {
		key := args[0].String()
		ctx.Dispatch(func(ctx app.Context) {
			c.show(ctx, key)
			c.back(ctx, app.Event{})
		})
		return nil
	})
	if plots := app.Window().Get("ingestPlots"); plots.Truthy() {
		plots.Call("onMarker", c.onMark)
	}
	tool("mark", "ingest-mounted")
	c.after(ctx)
}

// takeHanded takes what was dropped on another page: recordings, or a report
// that was saved here.
func (c *checkPage) takeHanded(ctx app.Context) {
	h := app.Window().Get("ingestHandover")
	if !h.Truthy() {
		return
	}
	c.onHanded = app.FuncOf(func(_ app.Value, args []app.Value) any {
		files := filesOf(args[0].Get("files"))
		kind, text := args[0].Get("kind").String(), args[0].Get("text").String()
		profile, problem := args[0].Get("profile").String(), args[0].Get("problem").String()
		ctx.Dispatch(func(ctx app.Context) {
			if profile != "" && c.knows(profile) {
				c.desk.SetProfile(profile)
			}
			switch {
			case kind == "report":
				c.desk.Open(text)
			case len(files) > 0:
				c.desk.Choose(files)
			}
			if problem != "" {
				c.desk.Notice, c.desk.say = problem, problem
			}
			c.after(ctx)
		})
		return nil
	})
	h.Call("take", "file", c.onHanded)
	h.Call("take", "report", c.onHanded)
}

// OnAppUpdate is called when a newer version of the page is ready.
func (c *checkPage) OnAppUpdate(ctx app.Context) { c.update = ctx.AppUpdateAvailable() }

// after follows every change of the desk: what to announce, what to draw, and
// where the focus goes when its element went away.
func (c *checkPage) after(ctx app.Context) {
	if s := c.desk.Say(); s != "" {
		c.status = s
	}
	ctx.Defer(func(app.Context) {
		c.draw()
		if shown := c.shownID(); shown != c.revealed {
			c.revealed = shown
			if shown != 0 {
				tool("reveal", "verdict")
			}
		}
		if lost := tool("lost"); lost != nil && lost.Truthy() && c.wasWorking && !c.desk.Busy() {
			tool("focus", "verdict")
		}
		c.wasWorking = c.desk.Busy()
	})
}

func (c *checkPage) shownID() int {
	if c.desk.Shown == nil {
		return 0
	}
	return c.desk.Shown.ID
}

// choose takes the files of the input, and empties it so that the same file can
// be chosen again.
func (c *checkPage) choose(ctx app.Context, _ app.Event) {
	files := filesOf(ctx.JSSrc().Get("files"))
	ctx.JSSrc().Set("value", "")
	if len(files) > 0 {
		c.desk.Choose(files)
	}
	c.after(ctx)
}

func (c *checkPage) setProfile(ctx app.Context, _ app.Event) {
	id := ctx.JSSrc().Get("value").String()
	rememberProfile(id)
	c.desk.SetProfile(id)
	c.after(ctx)
}

func (c *checkPage) cancel(ctx app.Context, _ app.Event) {
	c.desk.Cancel()
	c.after(ctx)
}

func (c *checkPage) download(ctx app.Context, _ app.Event) {
	if j := c.desk.Shown; j != nil && j.Report != nil {
		tool("download", downloadName(j.File.Name), string(j.Report.JSON()))
		c.status = "The report was saved."
	}
}

func (c *checkPage) reload(ctx app.Context, _ app.Event) { ctx.Reload() }

// The storage may be blocked, and then throws.
func rememberedProfile() (id string) {
	defer func() {
		if recover() != nil {
			id = ""
		}
	}()
	v := app.Window().Get("localStorage").Call("getItem", storageKey)
	if v.Type() != app.TypeString {
		return ""
	}
	return v.String()
}

func rememberProfile(id string) {
	defer func() { _ = recover() }()
	app.Window().Get("localStorage").Call("setItem", storageKey, id)
}
