package harness

import (
	"fmt"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Check is the page /check/file in a tab.
type Check struct {
	*Tab
	UsableMS float64 // from navigation until a file can be chosen
}

// The selectors that tests use; web/ui documents the attributes.
const (
	FileInput = `[data-testid="file-input"]`
	State     = `[data-testid="check-file"]`
)

// watchCheck notes when the page becomes usable, when a file was chosen, what
// the worker said and when, and when the first summary was on the page.
const watchCheck = `(() => {
	const seen = window.e2e = {messages: [], usable: 0, chosen: 0, first: 0, done: 0, workers: 0};
	const Real = window.Worker;
	window.Worker = class extends Real {
		constructor(...args) {
			super(...args);
			seen.workers++;
			seen.worker = this;
			this.addEventListener("message", (e) => {
				const m = e.data || {};
				seen.messages.push({at: performance.now(), t: m.t, read: m.read, ms: m.ms, state: m.state, reader: m.reader});
			});
		}
	};
	addEventListener("change", (e) => {
		if (e.target.type !== "file") return;
		Object.assign(seen, {chosen: performance.now(), first: 0, done: 0, messages: []});
	}, true);
	setInterval(() => {
		const now = performance.now();
		if (!seen.usable && document.querySelector('[data-testid="file-input"]:not([disabled])')) seen.usable = now;
		const state = document.querySelector('[data-testid="check-file"]')?.dataset.state;
		if (seen.chosen && !seen.first && document.querySelector('[data-testid="summary"]')) seen.first = now;
		if (seen.chosen && !seen.done && /^(done|cancelled|failed)$/.test(state)) seen.done = now;
	}, 4);
})()`

// OpenCheck opens the page and waits until a file can be chosen. query is
// added to the address, with its question mark, or empty.
func OpenCheck(b *Browser, base string, fresh bool) (*Check, error) {
	t, err := b.Open(fresh)
	if err != nil {
		return nil, err
	}
	c := &Check{Tab: t}
	if err := c.load(base); err != nil {
		t.Close()
		return nil, err
	}
	return c, nil
}

func (c *Check) load(base string) error {
	_, err := chromedp.Call(c.Ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watchCheck})
	if err != nil {
		return err
	}
	if err := chromedp.Do(c.Ctx, chromedp.Navigate(base+"/check/file")); err != nil {
		return err
	}
	if err := c.Wait("e2e.usable", 20*time.Second); err != nil {
		return err
	}
	c.UsableMS, err = Eval[float64](c.Tab, "e2e.usable")
	return err
}

// Run is how long one analysis took, in milliseconds.
type Run struct {
	WorkerMS float64 // in the worker, from the message to the report
	FirstMS  float64 // from the choice to the first summary on the page
	DoneMS   float64 // from the choice to the report on the page
	State    string
	Reader   string // byob, stream or slices
}

// Analyse chooses a file and waits for its report.
func (c *Check) Analyse(file string, limit time.Duration) (Run, error) {
	if err := chromedp.Do(c.Ctx, c.SetFiles(FileInput, file)); err != nil {
		return Run{}, err
	}
	return c.Finish(limit)
}

// Finish waits for the report of the file that was chosen last.
func (c *Check) Finish(limit time.Duration) (Run, error) {
	if err := c.Wait("e2e.chosen && e2e.done", limit); err != nil {
		return Run{}, err
	}
	return Eval[Run](c.Tab, `(() => {
		const done = e2e.messages.find((m) => m.t === "done") || {};
		return {WorkerMS: done.ms || 0, FirstMS: e2e.first - e2e.chosen, DoneMS: e2e.done - e2e.chosen, State: done.state || "", Reader: done.reader || ""};
	})()`)
}

func (r Run) String() string {
	return fmt.Sprintf("%s: worker %.0f ms, first %.0f ms, done %.0f ms, %s", r.State, r.WorkerMS, r.FirstMS, r.DoneMS, r.Reader)
}
