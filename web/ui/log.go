package ui

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// LogPath is the page that explains a log or an event.
const LogPath = "/check/log"

// logPage is /check/log. It wires the LogDesk to the browser and draws it. What
// is pasted lives in the text area and in the worker, and ends with them.
type logPage struct {
	app.Compo
	desk   LogDesk
	live   bool // the program runs: inputs work
	update bool // a newer version waits
	status string
	header string
	footer string

	drawn      *LogPart // whose lines are drawn
	pointed    [2]int
	revealed   int // run whose answer was brought into view
	wasWorking bool
	onFiles    app.Func
	onMark     app.Func
	onLines    app.Func
	taken      app.Func
}

func (c *logPage) OnInit() {
	c.header = currentNav(app.Getenv("SHELL_HEADER"), LogPath)
	c.footer = app.Getenv("SHELL_FOOTER")
	c.desk.Profiles = shipped
	c.desk.Limit = timelineStep
	if !app.IsClient {
		return
	}
	c.live = true
	x, ok := newExplainer()
	if !ok {
		c.desk.Broken = "A part of this page did not load. Reload it; if that does not help, an extension or a filter may block it."
		return
	}
	c.desk.E = x
	if about := x.about(); about != nil {
		c.desk.Handle(LogEvent{Kind: LogReady, About: about})
	}
}

// OnPreRender fills the page's head; the server calls it.
func (c *logPage) OnPreRender(ctx app.Context) {
	c.head(ctx)
	preload(ctx, app.Getenv("ASSET_EXPLAINER_WASM"))
}

// OnNav also follows a change of the query.
func (c *logPage) OnNav(ctx app.Context) {
	if !app.IsClient {
		return
	}
	c.head(ctx)
	if id := ctx.Page().URL().Query().Get("profile"); id != "" && id != c.desk.Profile {
		c.desk.SetProfile(id)
		if len(c.desk.Profiles) > 0 && c.desk.profile() == nil {
			c.desk.SetProfile("")
		}
		c.after(ctx)
	}
}

func (c *logPage) head(ctx app.Context) {
	ctx.Page().SetTitle("Explain a log or an event · Ingest Doctor")
	ctx.Page().SetDescription("Paste an event, a callback or a log of OBS, FFmpeg or a server, and read which codes are in it, in which order they happened, and what to do. It is read in your browser; nothing is sent.")
}

func (c *logPage) OnMount(ctx app.Context) {
	c.OnAppUpdate(ctx) // it may have come before the page did
	x, ok := c.desk.E.(*explainer)
	if !ok {
		return
	}
	x.listen(func(e LogEvent) {
		ctx.Dispatch(func(ctx app.Context) {
			c.desk.Handle(e)
			if e.Kind == LogDone && e.Run == c.desk.run {
				tool("mark", "ingest-log-done")
			}
			c.after(ctx)
		})
	}, func(in LogInput, kind string) {
		ctx.Dispatch(func(ctx app.Context) {
			c.take(ctx, in, kind)
		})
	})
	x.client.Call("box", app.Window().GetElementByID("paste"))
	c.onFiles = app.FuncOf(func(_ app.Value, args []app.Value) any {
		files := filesOf(args[0])
		problem := args[1].String()
		ctx.Dispatch(func(ctx app.Context) {
			if len(files) > 0 {
				c.files(ctx, files)
			}
			if problem != "" {
				c.desk.Notice = "A folder cannot be read as a whole: choose the logs in it, or pack it as zip."
				c.desk.say = c.desk.Notice
				c.after(ctx)
			}
		})
		return nil
	})
	tool("onFiles", c.onFiles)
	c.onMark = app.FuncOf(func(_ app.Value, args []app.Value) any {
		key := args[0].String()
		ctx.Dispatch(func(ctx app.Context) { c.toFinding(ctx, key) })
		return nil
	})
	x.client.Call("onMark", c.onMark)
	c.onLines = app.FuncOf(func(_ app.Value, args []app.Value) any {
		first, final, key := args[0].Int(), args[1].Int(), args[2].String()
		ctx.Dispatch(func(ctx app.Context) { c.goToLines(ctx, first, final, key) })
		return nil
	})
	x.client.Call("onLines", c.onLines)
	if h := app.Window().Get("ingestHandover"); h.Truthy() {
		c.taken = app.FuncOf(func(_ app.Value, args []app.Value) any {
			m := args[0]
			files, text := filesOf(m.Get("files")), m.Get("text")
			profile, problem := m.Get("profile").String(), m.Get("problem").String()
			ctx.Dispatch(func(ctx app.Context) {
				if profile != "" {
					c.desk.Profile = profile
				}
				switch {
				case problem != "":
					c.desk.Notice, c.desk.say = problem, problem
					c.after(ctx)
				case len(files) > 0:
					c.files(ctx, files)
				default:
					x.client.Call("fill", text)
				}
			})
			return nil
		})
		h.Call("take", "log", c.taken)
	}
	tool("mark", "ingest-log-mounted")
	c.after(ctx)
}

// OnDismount drops what was pasted when another tool's page takes over.
func (c *logPage) OnDismount() {
	if c.desk.E != nil {
		c.desk.E.Forget()
	}
	if x, ok := c.desk.E.(*explainer); ok {
		x.client.Call("listen", nil)
		x.client.Call("draw", nil, "")
	}
}

// OnAppUpdate is called when a newer version of the page is ready.
func (c *logPage) OnAppUpdate(ctx app.Context) { c.update = ctx.AppUpdateAvailable() }

// take reads what stands in the text area, or a paste that is too long for it.
func (c *logPage) take(ctx app.Context, in LogInput, kind string) {
	if in.Chars > 0 && (kind == "url" || kind == "report") {
		c.desk.Elsewhere(in, kind)
	} else {
		in.Name = ""
		if !in.Typed {
			in.Name = "Pasted text"
		}
		c.desk.Take(in)
	}
	c.after(ctx)
}

func (c *logPage) files(ctx app.Context, files []File) {
	in := LogInput{Files: files}
	for _, f := range files {
		in.Size += f.Size
	}
	if x, ok := c.desk.E.(*explainer); ok {
		x.client.Call("empty") // the answer is about the file now
	}
	c.desk.Take(in)
	c.after(ctx)
}

// choose takes the files of the input, and empties it so that the same file can
// be chosen again.
func (c *logPage) choose(ctx app.Context, _ app.Event) {
	files := filesOf(ctx.JSSrc().Get("files"))
	if len(files) > 0 {
		c.files(ctx, files)
	}
	ctx.JSSrc().Set("value", "")
}

// sample puts one of ours into the text area.
func (c *logPage) sample(s *logSample) app.EventHandler {
	return func(ctx app.Context, _ app.Event) {
		if x, ok := c.desk.E.(*explainer); ok {
			x.client.Call("fill", s.text())
		}
	}
}

func (c *logPage) clear(ctx app.Context, _ app.Event) {
	if x, ok := c.desk.E.(*explainer); ok {
		x.client.Call("empty")
	}
	c.desk.Clear()
	c.status = "Cleared."
	c.after(ctx)
	ctx.Defer(func(app.Context) { tool("focus", "paste") })
}

// after follows every change of the desk: what to announce, which lines to draw,
// and where the focus goes when its element went away.
func (c *logPage) after(ctx app.Context) {
	if s := c.desk.Say(); s != "" {
		c.status = s
	}
	ctx.Defer(func(app.Context) {
		c.draw()
		d := &c.desk
		if !d.Busy && d.Shown != nil && d.Shown.Run != c.revealed {
			c.revealed = d.Shown.Run
			if d.In.Pasted || !d.In.Typed {
				tool("reveal", "verdict")
			}
		}
		working := d.Busy && d.Shown == nil
		if working && !c.wasWorking && !d.In.Typed {
			tool("reveal", "verdict")
		}
		if lost := tool("lost"); lost != nil && lost.Truthy() && c.wasWorking && !working {
			tool("focus", "verdict")
		}
		c.wasWorking = working
	})
}

// draw brings the lines up to date.
func (c *logPage) draw() {
	x, ok := c.desk.E.(*explainer)
	if !ok {
		return
	}
	p := c.desk.Shown
	if p != nil && p.Report == nil {
		p = nil
	}
	if p != c.drawn {
		c.drawn, c.pointed = p, [2]int{}
		if p == nil {
			x.client.Call("draw", nil, "")
			return
		}
		x.client.Call("draw", app.Window().GetElementByID("lines"), p.marksJSON())
	}
	if p == nil {
		return
	}
	if at := [2]int{c.desk.First, c.desk.Final}; at != c.pointed {
		c.pointed = at
		x.client.Call("point", at[0], at[1])
	}
}

func (c *logPage) setProfile(ctx app.Context, _ app.Event) {
	c.desk.SetProfile(ctx.JSSrc().Get("value").String())
	c.after(ctx)
}

func (c *logPage) cancel(ctx app.Context, _ app.Event) {
	c.desk.Cancel()
	c.after(ctx)
}

func (c *logPage) again(ctx app.Context, _ app.Event) {
	c.desk.Again()
	c.after(ctx)
}

// toLines marks lines and goes to them.
func (c *logPage) toLines(first, final int, key string) app.EventHandler {
	return func(ctx app.Context, _ app.Event) { c.goToLines(ctx, first, final, key) }
}

func (c *logPage) goToLines(ctx app.Context, first, final int, key string) {
	c.desk.Mark(first, final, key)
	c.after(ctx)
	ctx.Defer(func(app.Context) { tool("focus", "lines") })
}

// toFinding goes to a finding, from the mark of one of its lines.
func (c *logPage) toFinding(ctx app.Context, key string) {
	f := c.desk.finding(key)
	if f == nil {
		return
	}
	c.desk.Mark(f.First, f.Final, key)
	c.status = "Finding: " + f.Title
	c.desk.say = ""
	c.after(ctx)
	ctx.Defer(func(app.Context) { tool("focus", "show-"+key) })
}

func (c *logPage) back(ctx app.Context, _ app.Event) {
	key := c.desk.Selected
	ctx.Defer(func(app.Context) { tool("focus", "show-"+key) })
}

func (c *logPage) toggle(level string) app.EventHandler {
	return func(ctx app.Context, _ app.Event) {
		c.desk.Toggle(level)
		c.status = plural(int64(len(c.desk.entries())), "entry", "entries") + " shown."
	}
}

func (c *logPage) setSource(ctx app.Context, _ app.Event) {
	c.desk.Source = ctx.JSSrc().Get("value").String()
	c.desk.Limit = timelineStep
	c.status = plural(int64(len(c.desk.entries())), "entry", "entries") + " shown."
}

func (c *logPage) more(app.Context, app.Event) { c.desk.Limit += 4 * timelineStep }

func (c *logPage) download(app.Context, app.Event) {
	if p := c.desk.Shown; p != nil && p.Report != nil {
		name := p.Report.Input.Name
		if name == "" {
			name = "log"
		}
		tool("download", downloadName(name), p.Report.told())
		c.status = "The report was saved, its secrets masked."
	}
}

// handOver gives the paste to the page that reads it.
func (c *logPage) handOver(kind string, files []File) app.EventHandler {
	return func(ctx app.Context, _ app.Event) {
		h := app.Window().Get("ingestHandover")
		if !h.Truthy() {
			return
		}
		what := map[string]any{"kind": kind}
		if len(files) > 0 {
			what["files"] = []any{files[0].Handle}
		} else {
			what["text"] = c.desk.In.Text
		}
		h.Call("go", what).Then(func(v app.Value) {
			if v.Type() == app.TypeBoolean && !v.Bool() {
				ctx.Dispatch(func(app.Context) {
					c.desk.Notice = "This browser keeps nothing between two pages: open the other page, and drop or paste it there."
					c.status = c.desk.Notice
				})
			}
		})
	}
}

func (c *logPage) reload(ctx app.Context, _ app.Event) { ctx.Reload() }
