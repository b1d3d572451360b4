package harness

import (
	"encoding/json"
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

// FileInput is the page's input for recordings; web/ui/register.go lists the
// ids and attributes that tests may use.
const FileInput = "#file"

// watchCheck notes when the page becomes usable, when a file was chosen, what
// the worker said and when, and when the report was on the page. e2e.begin()
// stands for a choice where a test makes the page read in another way.
const watchCheck = `(() => {
	try { localStorage.removeItem("ingestdoctor.profile"); } catch {} // of the test before
	const seen = window.e2e = {messages: [], usable: 0, chosen: 0, workers: [], changed: 0};
	const Real = window.Worker;
	window.Worker = class extends Real {
		constructor(...args) {
			super(...args);
			seen.workers.push(this);
			this.addEventListener("message", (e) => {
				const m = e.data || {};
				const note = {at: performance.now(), t: m.t, id: m.id, read: m.read, size: m.size, ms: m.ms, state: m.state, reader: m.reader, text: m.text};
				seen.messages.push(note);
			});
		}
	};
	const find = (selector) => document.querySelector(selector);
	seen.state = () => find("#verdict")?.dataset.state || "";
	seen.begin = () => Object.assign(seen, {chosen: performance.now(), messages: [], first: 0, done: 0});
	addEventListener("change", (e) => { if (e.target.type === "file") seen.begin(); }, true);
	addEventListener("drop", () => seen.begin(), true);
	const ended = () => {
		if (seen.messages.some((m) => m.t === "failed")) return /^(unreadable|broken)$/.test(seen.state());
		return seen.messages.some((m) => m.t === "done") && /^(done|cancelled|failed)$/.test(seen.state()) &&
			performance.getEntriesByName("ingest-done").some((m) => m.startTime > seen.chosen);
	};
	// The counts of findings are drawn as soon as there is a first report; what
	// is drawn in this turn is seen after the next frame.
	const painted = (name) => requestAnimationFrame(() => setTimeout(() => { seen[name] ||= performance.now(); }));
	new MutationObserver(() => {
		seen.changed = performance.now();
		if (!seen.chosen) return;
		if (!seen.first && find("#counts") && seen.messages.some((m) => m.t === "partial" || m.t === "done")) painted("first");
		if (!seen.done && ended()) painted("done");
	}).observe(document, {subtree: true, childList: true, characterData: true, attributes: true});
	// The report is on the page, and the page is at rest.
	seen.finished = () => {
		if (!seen.chosen || !ended() || performance.now() - seen.changed < 60) return false;
		seen.done ||= seen.changed;
		return true;
	};
	` + seenSave + `
	const timer = setInterval(() => {
		if (document.querySelector("#file:not([disabled])")) {
			seen.usable = performance.now();
			clearInterval(timer);
		}
	}, 2);
})()`

// seenSave is what "Download JSON" would save.
const seenSave = `seen.save = () => new Promise((resolve, reject) => {
		const save = ingestTool.download;
		ingestTool.download = (name, text) => {
			ingestTool.download = save;
			resolve(text);
		};
		document.querySelector("#download").click();
		setTimeout(reject, 3000, new Error("nothing was saved"));
	});`

// OpenCheck opens the page and waits until a file can be chosen. fresh gives it
// a cache and a service worker of its own.
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

// Run is how one analysis went, in milliseconds.
type Run struct {
	WorkerMS float64 // in the worker, from the message to the report
	FirstMS  float64 // from the choice to the first summary on the page, 0 when there was none
	DoneMS   float64 // from the choice to the report on the page
	State    string  // what the page shows: done, cancelled, failed, unreadable, broken
	Reader   string  // byob, stream or slices
}

// Choose chooses files, without waiting.
func (c *Check) Choose(files ...string) error {
	return chromedp.Do(c.Ctx, c.SetFiles(FileInput, files...))
}

// Analyse chooses a file and waits for its report.
func (c *Check) Analyse(file string, limit time.Duration) (Run, error) {
	if err := c.Choose(file); err != nil {
		return Run{}, err
	}
	return c.Finish(limit)
}

// Finish waits for the report of the file that was chosen last.
func (c *Check) Finish(limit time.Duration) (Run, error) {
	if err := c.Wait("e2e.finished()", limit); err != nil {
		return Run{}, fmt.Errorf("%w; the page says %s", err, c.now())
	}
	return Eval[Run](c.Tab, `(() => {
		const done = e2e.messages.find((m) => m.t === "done") || {};
		return {WorkerMS: done.ms || 0, FirstMS: e2e.first && e2e.first - e2e.chosen, DoneMS: e2e.done - e2e.chosen, State: e2e.state(), Reader: done.reader || ""};
	})()`)
}

func (c *Check) now() string {
	s, err := Eval[string](c.Tab, `e2e.state() + ": " + (document.querySelector("#verdict")?.innerText || document.body.innerText).slice(0, 500) + " | " + JSON.stringify(e2e.messages.slice(-3))`)
	if err != nil {
		return err.Error()
	}
	return s
}

// Finding is one finding as the report's JSON and the page have it.
type Finding struct {
	Rule        string         `json:"rule"`
	Severity    string         `json:"severity"`
	Message     string         `json:"message"`
	Offset      int64          `json:"offset"`
	TimestampMS int64          `json:"timestamp_ms"`
	Count       int64          `json:"count"`
	Args        map[string]any `json:"args"`
}

// Report is what tests read of a report.
type Report struct {
	Format  string `json:"format"`
	Profile struct {
		ID string `json:"id"`
	} `json:"profile"`
	Input struct {
		Name  string `json:"name"`
		Bytes int64  `json:"bytes"`
		Read  int64  `json:"bytes_read"`
		State string `json:"state"`
	} `json:"input"`
	Verdict struct {
		Severity string `json:"severity"`
		Headline string `json:"headline"`
	} `json:"verdict"`
	Media    json.RawMessage `json:"media"`
	Findings []Finding       `json:"findings"`
}

// ParseReport reads the JSON of a report.
func ParseReport(text []byte) (r Report, err error) {
	err = json.Unmarshal(text, &r)
	return r, err
}

// Saved is the JSON that the page gives to save.
func (c *Check) Saved() ([]byte, error) {
	text, err := Eval[string](c.Tab, "e2e.save()")
	return []byte(text), err
}

// Report is what the page gives to save, read.
func (c *Check) Report() (Report, error) {
	text, err := c.Saved()
	if err != nil {
		return Report{}, err
	}
	return ParseReport(text)
}
