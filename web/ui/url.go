package ui

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

// URLPath is the page that checks an ingest URL.
const URLPath = "/check/url"

// quietFor is how long a person has to pause before the result is announced.
const quietFor = 700 * time.Millisecond

// lastReport is that of the recording which was checked last in this tab, for
// the data rates; it is gone with the tab.
var lastReport *diag.Report

// urlPage is /check/url. It wires the URLDesk to the browser and draws it. What
// is typed lives in this component, in the fields and in the worker, and ends
// with them.
type urlPage struct {
	app.Compo
	desk   URLDesk
	live   bool // the program runs: inputs work
	update bool // a newer version waits
	status string
	header string
	footer string

	fields  [3]app.Value // url, server, key: Fields of linter.js
	taken   app.Func
	changes int  // how often something was judged, for the announcement
	ticking bool // a URL's remaining time is followed
	now     int64

	signFor      string // seconds, as the select has it
	video, audio string // data rates as typed
	ratesFrom    string // where they came from
}

// The fields, in the order of urlPage.fields.
const (
	urlField = iota
	serverField
	keyField
)

var fieldIDs = [...]string{"url", "server", "key"}

func (c *urlPage) OnInit() {
	c.header = currentNav(app.Getenv("SHELL_HEADER"), URLPath)
	c.footer = app.Getenv("SHELL_FOOTER")
	c.signFor = "86400"
	if !app.IsClient {
		return
	}
	c.live = true
	l, ok := newLinter()
	if !ok {
		c.desk.Broken = "A part of this page did not load. Reload it; if that does not help, an extension or a filter may block it."
		return
	}
	c.desk.L = l
	c.desk.Forms = l.forms()
}

// OnPreRender fills the page's head; the server calls it.
func (c *urlPage) OnPreRender(ctx app.Context) {
	c.head(ctx)
	preload(ctx, app.Getenv("ASSET_LINTER_WASM"))
}

// OnNav also follows a change of the query.
func (c *urlPage) OnNav(ctx app.Context) {
	if !app.IsClient {
		return
	}
	c.head(ctx)
	if id := ctx.Page().URL().Query().Get("profile"); id != "" && id != c.desk.What.Profile {
		if len(c.desk.Forms) == 0 || c.desk.form(id) != nil {
			c.desk.What.Profile = id
			c.judge(ctx)
		}
	}
}

func (c *urlPage) head(ctx app.Context) {
	ctx.Page().SetTitle("Check an ingest URL · Ingest Doctor")
	ctx.Page().SetDescription("Type or paste the ingest URL, or server and stream key, and read what is wrong with it at the very characters, with the mended URL. It is read in your browser; nothing is sent.")
}

func (c *urlPage) OnMount(ctx app.Context) {
	c.OnAppUpdate(ctx) // it may have come before the page did
	l, ok := c.desk.L.(*linter)
	if !ok {
		return
	}
	l.client.Call("start")
	l.listen(func(e URLEvent) {
		ctx.Dispatch(func(ctx app.Context) {
			c.desk.Handle(e)
			c.after(ctx, e)
		})
	})
	for i, id := range fieldIDs {
		which := "text"
		if i == keyField {
			which = "key"
		}
		c.fields[i] = l.client.Call("field", app.Window().GetElementByID(id), app.Window().GetElementByID(id+"-marks"), which)
	}
	if h := app.Window().Get("ingestHandover"); h.Truthy() {
		c.taken = app.FuncOf(func(_ app.Value, args []app.Value) any {
			text, profile := args[0].Get("text").String(), args[0].Get("profile").String()
			ctx.Dispatch(func(ctx app.Context) {
				if profile != "" {
					c.desk.What.Profile = profile
				}
				c.put(text)
			})
			return nil
		})
		h.Call("take", "url", c.taken)
	}
	tool("mark", "ingest-url-mounted")
}

func (c *urlPage) OnDismount() {
	for _, f := range c.fields {
		if f != nil {
			f.Call("close")
		}
	}
	if c.desk.L != nil {
		c.desk.L.Forget()
	}
}

// OnAppUpdate is called when a newer version of the page is ready.
func (c *urlPage) OnAppUpdate(ctx app.Context) { c.update = ctx.AppUpdateAvailable() }

// typed takes what stands in a field. Nothing is drawn before the linter has
// said what it makes of it: what is underlined follows at once by linter.js.
func (c *urlPage) typed(field int) app.EventHandler {
	return func(ctx app.Context, _ app.Event) {
		text := ctx.JSSrc().Get("value").String()
		w := &c.desk.What
		if field == keyField {
			w.Key = text
		} else {
			w.Text = text
		}
		empty := w.Empty()
		c.judge(ctx)
		if !empty && c.desk.Notice == "" {
			ctx.PreventUpdate()
		}
	}
}

// judge has the text judged anew; the answer comes as an event.
func (c *urlPage) judge(ctx app.Context) {
	c.desk.Changed()
	c.say(ctx)
}

// say announces the result once the person pauses.
func (c *urlPage) say(ctx app.Context) {
	c.changes++
	n := c.changes
	ctx.After(quietFor, func(app.Context) {
		if n == c.changes {
			c.status = c.desk.said()
		}
	})
}

// after follows an event of the linter.
func (c *urlPage) after(ctx app.Context, e URLEvent) {
	c.now = time.Now().Unix()
	if e.Kind == URLLinted {
		c.tick(ctx)
	}
	if e.Kind == URLMade || e.Kind == URLFailed {
		c.status = c.desk.Notice
		if m := c.desk.Made; m != nil && m.URL != "" {
			c.status = "The URL is ready."
		}
	}
}

// tick counts a signed URL's time down, and judges it anew when it has run out.
func (c *urlPage) tick(ctx app.Context) {
	if c.ticking || c.desk.Result == nil || c.desk.Result.Expiry == nil {
		return
	}
	c.ticking = true
	ctx.After(time.Second, func(ctx app.Context) {
		c.ticking = false
		r := c.desk.Result
		if r == nil || r.Expiry == nil {
			return
		}
		before := c.now
		c.now = time.Now().Unix()
		if before < r.Expiry.Unix && c.now >= r.Expiry.Unix {
			c.judge(ctx)
		}
		c.tick(ctx)
	})
}

// put fills the field that is in use, as if it had been typed.
func (c *urlPage) put(text string) {
	at := urlField
	if c.desk.What.Split {
		at = serverField
	}
	if f := c.fields[at]; f != nil {
		f.Call("replace", text)
	}
}

// use puts the mended URL into the fields.
func (c *urlPage) use(app.Context, app.Event) {
	text, key := c.desk.mended()
	if text == "" {
		return
	}
	if c.desk.What.Split && c.fields[keyField] != nil {
		c.fields[keyField].Call("replace", key)
	}
	c.put(text)
}

// useMade puts a signed URL, or one with rates, into the field.
func (c *urlPage) useMade(ctx app.Context, e app.Event) {
	m := c.desk.Made
	if m == nil || m.URL == "" {
		return
	}
	made := m.URL
	if c.desk.What.Split {
		c.setSplit(ctx, false, made)
		return
	}
	c.put(made)
}

// split switches between one field and two, and takes along what is there.
func (c *urlPage) split(on bool) app.EventHandler {
	return func(ctx app.Context, _ app.Event) {
		if on == c.desk.What.Split {
			return
		}
		if on {
			server, key := c.desk.cut()
			c.desk.What.Split = true
			c.fill(ctx, server, key)
			return
		}
		c.setSplit(ctx, false, c.desk.joined())
	}
}

func (c *urlPage) setSplit(ctx app.Context, on bool, text string) {
	c.desk.What.Split = on
	c.fill(ctx, text, "")
}

// fill sets the fields that are in use and empties the others.
func (c *urlPage) fill(ctx app.Context, text, key string) {
	c.desk.What.Text, c.desk.What.Key = text, key
	c.judge(ctx)
	list := [3]string{urlField: text}
	if c.desk.What.Split {
		list = [3]string{serverField: text, keyField: key}
	}
	for i, f := range c.fields {
		if f != nil {
			f.Call("set", list[i])
		}
	}
}

func (c *urlPage) setProfile(ctx app.Context, _ app.Event) {
	c.desk.What.Profile = ctx.JSSrc().Get("value").String()
	c.judge(ctx)
}

func (c *urlPage) setSignKey(ctx app.Context, _ app.Event) {
	c.desk.What.SignKey = ctx.JSSrc().Get("value").String()
	c.judge(ctx)
}

func (c *urlPage) setSignFor(ctx app.Context, _ app.Event) {
	c.signFor = ctx.JSSrc().Get("value").String()
}

func (c *urlPage) sign(app.Context, app.Event) {
	seconds, err := strconv.ParseInt(c.signFor, 10, 64)
	if err != nil {
		seconds = 86400
	}
	c.desk.Sign(time.Now().Unix(), seconds)
	c.status = c.desk.Notice
}

func (c *urlPage) setRate(to *string) app.EventHandler {
	return func(ctx app.Context, _ app.Event) {
		*to = ctx.JSSrc().Get("value").String()
		c.ratesFrom = ""
	}
}

func (c *urlPage) rates(app.Context, app.Event) {
	c.desk.Rates(c.video, c.audio)
	c.status = c.desk.Notice
}

// rateReport takes the rates of a report on a recording.
func (c *urlPage) rateReport(r *diag.Report) {
	v, a := ratesOf(r)
	if v+a == 0 {
		c.desk.Notice = "That file is no report on a recording with video or audio in it. Save one with Download JSON on the page Check a recording."
		c.status = c.desk.Notice
		return
	}
	c.desk.Notice = ""
	c.video, c.audio = strconv.Itoa(v), strconv.Itoa(a)
	c.ratesFrom = "Measured in " + visible(shorten(r.Input.Name, 48)) + "."
	if r.Input.Name == "" {
		c.ratesFrom = "Measured in the recording."
	}
	c.status = c.ratesFrom
}

func (c *urlPage) lastRates(app.Context, app.Event) { c.rateReport(lastReport) }

// chooseReport reads a report that was saved as JSON.
func (c *urlPage) chooseReport(ctx app.Context, _ app.Event) {
	files := ctx.JSSrc().Get("files")
	if !files.Truthy() || files.Length() == 0 {
		return
	}
	file := files.Index(0)
	ctx.JSSrc().Set("value", "")
	if file.Get("size").Float() > 20e6 {
		c.rateReport(nil)
		return
	}
	file.Call("text").Then(func(v app.Value) {
		text := v.String()
		ctx.Dispatch(func(app.Context) {
			r := &diag.Report{}
			if json.Unmarshal([]byte(text), r) != nil || !strings.HasPrefix(r.Format, "ingestdoctor.report/") {
				r = nil
			}
			c.rateReport(r)
		})
	})
}

func (c *urlPage) toggleShow(app.Context, app.Event) {
	c.desk.Show = !c.desk.Show
	c.status = "Secrets are masked."
	if c.desk.Show {
		c.status = "Secrets are shown."
	}
}

// selectIn selects a finding's characters in the field.
func (c *urlPage) selectIn(f *FindingView) {
	at := urlField
	switch {
	case f.Field == "key":
		at = keyField
	case c.desk.What.Split:
		at = serverField
	}
	if v := c.fields[at]; v != nil {
		v.Call("select", f.Start, f.End)
	}
}

func (c *urlPage) download(app.Context, app.Event) {
	if r := c.desk.Result; r != nil {
		tool("download", "ingest-url.ingestdoctor.json", r.raw)
		c.status = "The report was saved, its secrets masked."
	}
}

func (c *urlPage) reload(ctx app.Context, _ app.Event) { ctx.Reload() }
