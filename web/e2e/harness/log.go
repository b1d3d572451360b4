package harness

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Log is the page /check/log in a tab.
type Log struct{ *Tab }

// watchLog notes what the worker said, and counts the runs that came to an end.
const watchLog = `(() => {
	const seen = window.e2e = {messages: [], reports: [], workers: [], ended: 0, changed: 0};
	const Real = window.Worker;
	window.Worker = class extends Real {
		constructor(...args) {
			super(...args);
			seen.workers.push(this);
			this.addEventListener("message", (e) => {
				const m = e.data || {};
				seen.messages.push({at: performance.now(), t: m.t, id: m.id, part: m.part, read: m.read, ms: m.ms, state: m.state, kind: m.kind, name: m.name, text: m.t === "refused" || m.t === "failed" ? m.text : ""});
				if (m.t === "report") seen.reports.push({part: m.part, report: m.report});
			});
		}
	};
	new MutationObserver(() => { seen.changed = performance.now(); })
		.observe(document, {subtree: true, childList: true, characterData: true, attributes: true});
	seen.state = () => document.querySelector("#verdict")?.dataset.state || "";
	seen.begin = () => { seen.messages = []; seen.reports = []; seen.began = performance.now(); };
	// The answer is on the page, and the page is at rest.
	seen.finished = () => {
		const last = seen.messages.findLast((m) => m.t === "done" || m.t === "failed" || m.t === "begun");
		const drawn = performance.getEntriesByName("ingest-log-done").at(-1);
		const over = last && (last.t === "failed" || last.t === "done" && drawn && drawn.startTime > last.at) || seen.state() === "elsewhere";
		return over && document.querySelector("#verdict").getAttribute("aria-busy") === "false" && performance.now() - seen.changed > 60;
	};
	` + seenSave + `
})()`

// OpenLog opens the page and waits until something can be pasted. fresh gives it
// a cache and a service worker of its own.
func OpenLog(b *Browser, base string, fresh bool) (*Log, error) {
	t, err := b.Open(fresh)
	if err != nil {
		return nil, err
	}
	_, err = chromedp.Call(t.Ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watchLog})
	if err == nil {
		err = chromedp.Do(t.Ctx, chromedp.Navigate(base+"/check/log"))
	}
	if err == nil {
		err = t.Wait(`document.querySelector("#paste:not([disabled])") && window.ingestExplainer && ingestExplainer.about`, 20*time.Second)
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	return &Log{t}, nil
}

// Do runs JavaScript that gives the page something to read, and waits for the
// answer.
func (l *Log) Do(js string, limit time.Duration) error {
	if _, err := Eval[chromedp.Void](l.Tab, "e2e.begin(); "+js+"; undefined"); err != nil {
		return err
	}
	return l.Finish(limit)
}

// Finish waits for the answer to what was given last.
func (l *Log) Finish(limit time.Duration) error {
	if err := l.Wait("e2e.finished()", limit); err != nil {
		return fmt.Errorf("%w; the page says %s", err, l.State())
	}
	return nil
}

// Paste puts a text into the text area as if it had been pasted.
func (l *Log) Paste(text string, limit time.Duration) error {
	js, err := json.Marshal(text)
	if err != nil {
		return err
	}
	return l.Do(fmt.Sprintf(`{
		const box = document.querySelector("#paste");
		box.focus();
		box.select();
		const data = new DataTransfer();
		data.setData("text/plain", %s);
		if (box.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}))) {
			document.execCommand("insertText", false, data.getData("text/plain"));
		}
	}`, js), limit)
}

// Choose chooses files and waits for the answer.
func (l *Log) Choose(limit time.Duration, files ...string) error {
	if _, err := Eval[chromedp.Void](l.Tab, "e2e.begin()"); err != nil {
		return err
	}
	if err := chromedp.Do(l.Ctx, l.SetFiles("#file", files...)); err != nil {
		return err
	}
	return l.Finish(limit)
}

// State is what the page says, for messages.
func (l *Log) State() string {
	s, err := Eval[string](l.Tab, `e2e.state() + ": " + (document.querySelector("#verdict")?.innerText || document.body.innerText).slice(0, 600) + " | " + JSON.stringify(e2e.messages.slice(-4))`)
	if err != nil {
		return err.Error()
	}
	return s
}

// Saved is the JSON that the page gives to save.
func (l *Log) Saved() ([]byte, error) {
	text, err := Eval[string](l.Tab, "e2e.save()")
	return []byte(text), err
}
