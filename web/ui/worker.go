package ui

import (
	"encoding/json"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// worker is the Validator of the browser: static/js/validator.js, which keeps
// static/js/worker.js warm.
type worker struct {
	client app.Value
	listen func(Event)
	fn     app.Func
}

// newWorker finds the client that the page's script has started; ok is false
// where it is not there (an old copy of the page, a blocked script).
func newWorker() (w *worker, ok bool) {
	client := app.Window().Get("ingestValidator")
	if !client.Truthy() {
		return nil, false
	}
	return &worker{client: client}, true
}

// about is what the validator said if it is ready already, so that the first
// drawing of the page has its profiles.
func (w *worker) about() *About {
	if text := w.client.Get("about").String(); text != "" {
		return parseAbout(text)
	}
	return nil
}

func parseAbout(text string) *About {
	a := &About{}
	if json.Unmarshal([]byte(text), a) != nil {
		return nil
	}
	return a
}

func (w *worker) Listen(f func(Event)) {
	w.listen = f
	w.fn = app.FuncOf(func(_ app.Value, args []app.Value) any {
		if len(args) == 1 {
			if e, ok := event(args[0]); ok {
				w.listen(e)
			}
		}
		return nil
	})
	w.client.Call("listen", w.fn)
}

// event reads one message of worker.js or validator.js.
func event(m app.Value) (e Event, ok bool) {
	if id := m.Get("id"); id.Truthy() {
		e.Run = id.Int()
	}
	number := func(name string) float64 {
		if v := m.Get(name); v.Type() == app.TypeNumber {
			return v.Float()
		}
		return 0
	}
	switch m.Get("t").String() {
	case "ready":
		e.Kind, e.About = Ready, parseAbout(m.Get("about").String())
		return e, e.About != nil
	case "progress":
		e.Kind, e.Read, e.MS = Progressed, int64(number("read")), number("ms")
	case "partial":
		e.Kind, e.MS, e.Report = Partial, number("ms"), parseReport(m)
		return e, e.Report != nil
	case "done":
		e.Kind, e.MS, e.Read, e.Report = Finished, number("ms"), int64(number("read")), parseReport(m)
	case "stopped":
		e.Kind = Stopped
	case "failed":
		e.Kind, e.Text, e.Fatal = Failed, m.Get("text").String(), m.Get("fatal").Truthy()
	case "dissected":
		e.Kind = Dissected
		e.Tags = parseTags([]byte(m.Get("tags").String()))
	default:
		return e, false
	}
	return e, true
}

func parseReport(m app.Value) *diag.Report {
	r := &diag.Report{}
	if err := json.Unmarshal([]byte(m.Get("report").String()), r); err != nil {
		app.Log("report: " + err.Error())
		return nil
	}
	rules.Tell(r) // the validator leaves the texts to the page
	return r
}

func (w *worker) Analyse(run int, f File, profile string) {
	w.client.Call("analyse", run, f.Handle, profile)
}

func (w *worker) Cancel(run int) { w.client.Call("cancel", run) }

func (w *worker) Dissect(run int, f File, offset int64) {
	w.client.Call("dissect", run, f.Handle, float64(offset))
}

// filesOf reads a FileList or an array of files.
func filesOf(list app.Value) []File {
	if !list.Truthy() {
		return nil
	}
	files := make([]File, 0, list.Length())
	for i := range list.Length() {
		f := list.Index(i)
		files = append(files, File{Name: f.Get("name").String(), Size: int64(f.Get("size").Float()), Handle: f})
	}
	return files
}

// fileOf makes a file of the browser's from bytes, as if it had been chosen.
func fileOf(name string, data []byte) File {
	array := app.Window().Get("Uint8Array").New(len(data))
	app.CopyBytesToJS(array, data)
	return File{Name: name, Size: int64(len(data)), Handle: app.Window().Get("File").New([]any{array}, name)}
}
