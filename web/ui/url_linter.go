package ui

import (
	"encoding/json"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// linter is the Linter of the browser: static/js/linter.js, which keeps
// static/js/worker-linter.js warm.
type linter struct {
	client app.Value
	fn     app.Func
}

// newLinter finds the client that the page's script has started; ok is false
// where it is not there (an old copy of the page, a blocked script).
func newLinter() (l *linter, ok bool) {
	client := app.Window().Get("ingestLinter")
	if !client.Truthy() {
		return nil, false
	}
	return &linter{client: client}, true
}

// forms is what the linter said if it is ready already, so that the first
// drawing of the page has its profiles.
func (l *linter) forms() []URLForm {
	text := l.client.Get("about").String()
	if text == "" {
		return nil
	}
	return parseForms(text)
}

func parseForms(text string) []URLForm {
	var about struct {
		Profiles []URLForm `json:"profiles"`
	}
	if json.Unmarshal([]byte(text), &about) != nil {
		return nil
	}
	return about.Profiles
}

func (l *linter) listen(f func(URLEvent)) {
	l.fn = app.FuncOf(func(_ app.Value, args []app.Value) any {
		if len(args) == 1 {
			if e, ok := urlEvent(args[0]); ok {
				f(e)
			}
		}
		return nil
	})
	l.client.Call("listen", l.fn)
}

// urlEvent reads one message of linter.js.
func urlEvent(m app.Value) (e URLEvent, ok bool) {
	if id := m.Get("id"); id.Truthy() {
		e.Run = id.Int()
	}
	switch m.Get("t").String() {
	case "ready":
		e.Kind, e.Forms = URLReady, parseForms(m.Get("about").String())
		return e, e.Forms != nil
	case "linted":
		e.Kind, e.Result = URLLinted, parseURLResult(m.Get("report").String(), m.Get("plain").String())
		return e, e.Result != nil
	case "made":
		e.Kind, e.URL, e.Shown = URLMade, m.Get("url").String(), m.Get("shown").String()
	case "failed":
		e.Kind, e.Text, e.Fatal = URLFailed, m.Get("text").String(), m.Get("fatal").Truthy()
	default:
		return e, false
	}
	return e, true
}

func (w *URLText) object() map[string]any {
	return map[string]any{"text": w.Text, "key": w.Key, "split": w.Split, "profile": w.Profile, "signKey": w.SignKey}
}

func (l *linter) Lint(run int, w URLText) { l.client.Call("lint", run, w.object()) }

func (l *linter) Sign(run int, w URLText, expiry int64) {
	l.client.Call("sign", run, w.object(), float64(expiry))
}

func (l *linter) Rates(run int, w URLText, video, audio int) {
	l.client.Call("rates", run, w.object(), video, audio)
}

func (l *linter) Forget() { l.client.Call("forget") }
