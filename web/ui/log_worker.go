package ui

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// explainer is the Explainer of the browser: static/js/explainer.js, which keeps
// static/js/worker-log.js warm.
type explainer struct {
	client app.Value
	fn     app.Func
}

// newExplainer finds the client; ok is false where it is not there (an old copy
// of the page, a blocked script).
func newExplainer() (x *explainer, ok bool) {
	client := app.Window().Get("ingestExplainer")
	if !client.Truthy() {
		return nil, false
	}
	client.Call("start", map[string]any{
		"worker": app.Getenv("ASSET_LOG_JS"), "wasm": app.Getenv("ASSET_EXPLAINER_WASM"),
		"scripts": app.Getenv("ASSET_LOG_SCRIPTS"), "version": app.Getenv("PROGRAM_VERSION"),
	})
	return &explainer{client: client}, true
}

func (x *explainer) about() *About {
	if text := x.client.Get("about").String(); text != "" {
		return parseAbout(text)
	}
	return nil
}

// listen says who is told of events, and of what stands in the text area.
func (x *explainer) listen(event func(LogEvent), typed func(in LogInput, kind string)) {
	x.fn = app.FuncOf(func(_ app.Value, args []app.Value) any {
		m := args[0]
		if m.Get("t").String() == "typed" {
			typed(LogInput{Text: m.Get("text"), Chars: m.Get("chars").Int(), Typed: !m.Get("big").Truthy(), Pasted: m.Get("pasted").Truthy()}, m.Get("kind").String())
			return nil
		}
		if e, ok := logEvent(m); ok {
			event(e)
		}
		return nil
	})
	x.client.Call("listen", x.fn)
}

// logEvent reads one message of worker-log.js or explainer.js.
func logEvent(m app.Value) (e LogEvent, ok bool) {
	number := func(name string) float64 {
		if v := m.Get(name); v.Type() == app.TypeNumber {
			return v.Float()
		}
		return 0
	}
	text := func(name string) string {
		if v := m.Get(name); v.Type() == app.TypeString {
			return v.String()
		}
		return ""
	}
	e = LogEvent{
		Run: int(number("id")), Part: int(number("part")), Name: text("name"), Size: int64(number("size")),
		Read: int64(number("read")), Lines: int64(number("lines")), Longest: int64(number("longest")),
		Share: number("share"), MS: number("ms"), State: text("state"), Text: text("text"),
	}
	switch text("t") {
	case "ready":
		e.Kind, e.About = LogReady, parseAbout(text("about"))
		return e, e.About != nil
	case "part":
		e.Kind = LogPartOpen
	case "progress":
		e.Kind = LogProgress
	case "report":
		e.Kind, e.Report = LogReported, parseLogReport(text("report"), text("quotes"))
		if e.Report == nil {
			app.Log("log: the report is no report")
		}
	case "refused":
		e.Kind, e.Refusal = LogRefused, text("kind")
	case "done":
		e.Kind, e.Text = LogDone, text("detail")
	case "stopped":
		e.Kind = LogStopped
	case "failed":
		e.Kind, e.Fatal = LogFailed, m.Get("fatal").Truthy()
	default:
		return e, false
	}
	return e, true
}

// Explain implements Explainer.
func (x *explainer) Explain(run int, in LogInput, profile string) {
	what := map[string]any{"profile": profile, "name": in.Name}
	if len(in.Files) > 0 {
		list := make([]any, 0, len(in.Files))
		for _, f := range in.Files {
			list = append(list, f.Handle)
		}
		what["files"] = list
	} else {
		what["text"] = in.Text
	}
	x.client.Call("explain", run, what)
}

// Cancel implements Explainer.
func (x *explainer) Cancel(run int) { x.client.Call("cancel", run) }

// Forget implements Explainer.
func (x *explainer) Forget() { x.client.Call("forget") }
