package e2e

import (
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"ingestdoctor/web/e2e/flvgen"
	"ingestdoctor/web/e2e/harness"
)

// kbPages are one page of each kind of the knowledge base.
var kbPages = []string{
	"/codes", "/codes?platform=srs&severity=error", "/codes/tencent-css/18-501",
	"/codes/azure-media-services/MPE_INGEST_RTMP_TOO_LARGE_UNPROCESSED_FLV?encoder=ffmpeg", "/e/NetStream.Publish.BadName",
	"/platforms", "/platforms/azure-media-services", "/encoders", "/encoders/gstreamer", "/guides", "/guides/ports-and-firewalls",
	"/search?q=stream+key",
}

func TestKnowledgeAccessible(t *testing.T) {
	t.Parallel()
	for _, view := range []struct {
		width, height int64
		dark          bool
	}{{1280, 900, false}, {390, 844, true}} {
		t.Run(viewName(view.width, view.dark), func(t *testing.T) {
			t.Parallel()
			tab := open(t, "/privacy", view.width, view.height)
			scheme(t, tab, view.dark)
			for _, path := range kbPages {
				do(t, tab, chromedp.Navigate(shared.srv.URL+path))
				axe(t, tab, path)
				narrow(t, tab, path)
			}
		})
	}
}

// typed puts the focus into a box and types.
func typed(t *testing.T, tab *harness.Tab, selector, text string) {
	t.Helper()
	wait(t, tab, fmt.Sprintf(`document.querySelector(%q)`, selector), 5*time.Second)
	eval[chromedp.Void](t, tab, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.value = ""; e.focus() })()`, selector))
	key(t, tab, text)
}

const (
	listed   = `document.querySelectorAll('#suggestions [role="option"]').length`
	expanded = `document.activeElement.getAttribute("aria-expanded") === "true"`
	// whatever was said last in a polite region
	said = `[...document.querySelectorAll('[aria-live="polite"]')].map(e => e.textContent).join(" ")`
)

// Suggestions with the keyboard alone, in the header's box and in the home
// page's, and what a screen reader is told.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	tab := open(t, "/guides")
	for path, box := range map[string]string{"/guides": "[data-search]", "/": "#anything"} {
		do(t, tab, chromedp.Navigate(shared.srv.URL+path))
		if path == "/guides" {
			key(t, tab, "k", chromedp.KeyModifiers(kb.ModifierCtrl))
			wait(t, tab, `document.activeElement.matches("[data-search]")`, 3*time.Second)
			key(t, tab, "setdata")
		} else {
			typed(t, tab, box, "setdata")
		}
		wait(t, tab, listed+" > 0 && "+expanded, 5*time.Second)
		wait(t, tab, `/\d+ suggestions?/.test(`+said+`)`, 3*time.Second)
		if !eval[bool](t, tab, `document.activeElement.matches('[role="combobox"][aria-controls="suggestions"][aria-autocomplete="list"]')`) {
			t.Error(path, "the box is no combobox")
		}
		axe(t, tab, path+" with suggestions")
		narrow(t, tab, path+" with suggestions")

		selected := `document.querySelector('#suggestions [aria-selected="true"]')`
		key(t, tab, kb.ArrowDown)
		key(t, tab, kb.ArrowUp) // from the first to the last
		wait(t, tab, selected+` === document.querySelector('#suggestions [role="option"]:last-child')`, time.Second)
		key(t, tab, kb.ArrowDown)
		wait(t, tab, selected+`.id === document.activeElement.getAttribute("aria-activedescendant")`, time.Second)
		key(t, tab, kb.Escape)
		wait(t, tab, listed+" === 0 && !("+expanded+") && document.activeElement.value === 'setdata'", time.Second)
		key(t, tab, "f")
		wait(t, tab, listed+" > 0", 5*time.Second)
		key(t, tab, kb.Tab) // goes on, and leaves no list behind
		wait(t, tab, listed+" === 0", time.Second)

		typed(t, tab, box, "SETDATAFRAME")
		wait(t, tab, `document.querySelector('#suggestions [role="option"]')?.dataset.url.endsWith("SETDATAFRAME_NOT_RECEIVED")`, 5*time.Second)
		key(t, tab, kb.ArrowDown)
		wait(t, tab, selected, time.Second)
		key(t, tab, kb.Enter)
		if err := tab.Wait(`location.pathname === "/codes/azure-media-services/MPE_INGEST_RTMP_SETDATAFRAME_NOT_RECEIVED"`, 5*time.Second); err != nil {
			t.Fatal(path, err, eval[string](t, tab, `location.href + document.querySelector("#suggestions")?.outerHTML`))
		}
	}
	// nothing found is said, and what is left out never asks
	typed(t, tab, "[data-search]", "qqqqzzzz")
	wait(t, tab, `/No suggestions/.test(`+said+`)`, 5*time.Second)
	// with the mouse
	typed(t, tab, "[data-search]", "18/501")
	wait(t, tab, listed+" > 0", 5*time.Second)
	click(t, tab, `#suggestions [role="option"]`)
	wait(t, tab, `location.pathname === "/codes/tencent-css/18-501"`, 5*time.Second)
	// without the network nothing is suggested, and nothing is complained about
	for _, r := range tab.Requests() {
		if !strings.HasPrefix(r.URL, shared.srv.URL+"/") {
			t.Error(r.URL)
		}
	}
}

// pasteInto gives a box a paste, as the clipboard does.
func pasteInto(t *testing.T, tab *harness.Tab, selector, text string) {
	t.Helper()
	eval[bool](t, tab, fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		e.focus();
		const data = new DataTransfer();
		data.setData("text/plain", %q);
		return e.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
	})()`, selector, text))
}

// stored is everything that the browser keeps for the page by itself.
const stored = `(async () => {
	let n = 0;
	if ((await indexedDB.databases()).some((d) => d.name === "ingestHandover")) {
		const db = await new Promise((done) => {
			const r = indexedDB.open("ingestHandover");
			r.onsuccess = () => done(r.result);
		});
		n = await new Promise((done) => { const r = db.transaction("kept").objectStore("kept").count(); r.onsuccess = () => done(r.result) });
		db.close();
	}
	return Object.values(sessionStorage).join() + Object.values(localStorage).join() + n;
})()`

// The front page's box takes anything and leads to the right tool. What may
// hold a key goes there inside the browser alone.
func TestAnything(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-4bcd-5efg-6hij"
	url := "rtmp://a.rtmp.youtube.com/live2/" + secret
	log := "14:00:01.000: [rtmp stream: 'adv_stream'] Connecting to RTMP URL rtmp://a.rtmp.youtube.com/live2...\n" +
		"14:00:01.500: [rtmp stream: 'adv_stream'] stream key " + secret + "\n" +
		"14:00:02.000: [rtmp stream: 'adv_stream'] Connection to rtmp://a.rtmp.youtube.com/live2 failed: -3\n"

	home := func(t *testing.T) *harness.Tab {
		t.Helper()
		tab := open(t, "/")
		tab.Requests()
		return tab
	}
	arrived := func(t *testing.T, tab *harness.Tab, path, js string) {
		t.Helper()
		wait(t, tab, fmt.Sprintf("location.pathname === %q", path), 10*time.Second)
		wait(t, tab, js, 20*time.Second)
		if at := eval[string](t, tab, "location.href"); at != shared.srv.URL+path {
			t.Errorf("the address is %s", at)
		}
		if kept := eval[string](t, tab, stored); strings.Contains(kept, secret) || !strings.HasSuffix(kept, "0") {
			t.Errorf("still kept: %q", kept)
		}
		for _, r := range tab.Requests() {
			if strings.Contains(r.URL, secret) || r.Body {
				t.Errorf("sent: %s %s", r.Method, r.URL)
			}
		}
		if strings.Contains(shared.srv.Log(), secret) {
			t.Error("the key is in the server's log")
		}
	}

	t.Run("a URL, typed", func(t *testing.T) {
		tab := home(t)
		typed(t, tab, "#anything", url)
		key(t, tab, kb.Enter)
		arrived(t, tab, "/check/url", fmt.Sprintf(`document.querySelector("#url")?.value === %q`, url))
	})
	t.Run("a URL, pasted, in the header's box", func(t *testing.T) {
		tab := home(t)
		pasteInto(t, tab, "[data-search]", "  "+url+"\n")
		wait(t, tab, `document.querySelector(".site-search [data-kept]:not([hidden])")?.textContent.includes("stays in this browser")`, 3*time.Second)
		click(t, tab, ".site-search [data-kept] button")
		arrived(t, tab, "/check/url", fmt.Sprintf(`document.querySelector("#url")?.value.includes(%q)`, url))
	})
	t.Run("a log, pasted", func(t *testing.T) {
		tab := home(t)
		pasteInto(t, tab, "#anything", log)
		wait(t, tab, `document.querySelector(".anything [data-kept]:not([hidden])")?.textContent.includes("4 lines")`, 3*time.Second)
		axe(t, tab, "home with a log pasted")
		click(t, tab, "[data-kept] button")
		arrived(t, tab, "/check/log", `document.querySelector("#paste")?.value.includes("failed: -3")`)
	})
	t.Run("an event, pasted, and Enter", func(t *testing.T) {
		tab := home(t)
		pasteInto(t, tab, "#anything", `[{"eventType":"Microsoft.Media.LiveEventConnectionRejected","data":{"resultCode":"MPE_INGEST_RTMP_SETDATAFRAME_NOT_RECEIVED"}}]`)
		wait(t, tab, `document.querySelector('[data-kept] a.chip')?.textContent === "MPE_INGEST_RTMP_SETDATAFRAME_NOT_RECEIVED"`, 3*time.Second)
		key(t, tab, kb.Enter)
		arrived(t, tab, "/check/log", `document.querySelector("#paste")?.value.includes("resultCode")`)
	})
	t.Run("a recording, chosen", func(t *testing.T) {
		tab := home(t)
		do(t, tab, tab.SetFiles("#anything-file", recording(t, flvgen.Gap)))
		arrived(t, tab, "/check/file", `document.querySelector('#verdict[data-state="done"]')`)
		if !eval[bool](t, tab, `!!document.querySelector('[data-finding="keyframe-interval"]')`) {
			t.Error("the finding is not there")
		}
	})
	t.Run("a recording, dropped", func(t *testing.T) {
		tab := home(t)
		data := &input.DragData{Items: []*input.DragDataItem{}, Files: []string{recording(t, flvgen.Gap)}, DragOperationsMask: 1}
		for _, kind := range []input.DispatchDragEventType{"dragEnter", "dragOver", "drop"} {
			if _, err := chromedp.Call(tab.Ctx, input.DispatchDragEvent, input.DispatchDragEventParams{Type: kind, X: 300, Y: 600, Data: data}); err != nil {
				t.Fatal(err)
			}
		}
		arrived(t, tab, "/check/file", `document.querySelector('#verdict[data-state="done"]')`)
	})
	t.Run("a saved report, chosen", func(t *testing.T) {
		tab := home(t)
		name := filepath.Join(t.TempDir(), "report.json")
		if err := os.WriteFile(name, cli(t, recording(t, flvgen.Gap)), 0o644); err != nil {
			t.Fatal(err)
		}
		do(t, tab, tab.SetFiles("#anything-file", name))
		arrived(t, tab, "/check/file", `document.querySelector('#verdict[data-state="done"]') && document.querySelector('[data-finding="keyframe-interval"]')`)
	})
	t.Run("a packed log, chosen", func(t *testing.T) {
		tab := home(t)
		name := filepath.Join(t.TempDir(), "obs.log.gz")
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		z := gzip.NewWriter(f)
		fmt.Fprint(z, log)
		z.Close()
		f.Close()
		do(t, tab, tab.SetFiles("#anything-file", name))
		arrived(t, tab, "/check/log", `document.querySelector('#verdict[data-state="done"]')`)
	})
	for text, path := range map[string]string{
		"mpe_ingest_rtmp_setdataframe_not_received": "/codes/azure-media-services/MPE_INGEST_RTMP_SETDATAFRAME_NOT_RECEIVED",
		"Reached the expiration time.":              "/codes/tencent-css/18-501",
		"18/501":                                    "/codes/tencent-css/18-501",
		"stream stops after a few seconds":          "/search",
	} {
		t.Run(text, func(t *testing.T) {
			tab := home(t)
			typed(t, tab, "#anything", text)
			key(t, tab, kb.Enter)
			wait(t, tab, fmt.Sprintf("location.pathname === %q && document.readyState === 'complete'", path), 10*time.Second)
			if path == "/search" && !eval[bool](t, tab, `document.querySelectorAll(".hits > li").length > 3`) {
				t.Error("little is found")
			}
		})
	}
	// what lies there too long, or was meant for another page, is gone
	t.Run("meant for another page", func(t *testing.T) {
		tab := home(t)
		eval[chromedp.Void](t, tab, fmt.Sprintf(`sessionStorage.setItem("ingestHandover", JSON.stringify({kind: "url", text: %q, at: Date.now()}))`, url))
		do(t, tab, chromedp.Navigate(shared.srv.URL+"/guides"))
		if kept := eval[string](t, tab, stored); strings.Contains(kept, secret) {
			t.Errorf("still kept: %q", kept)
		}
	})
	t.Run("too old", func(t *testing.T) {
		tab := home(t)
		eval[chromedp.Void](t, tab, fmt.Sprintf(`sessionStorage.setItem("ingestHandover", JSON.stringify({kind: "url", text: %q, at: Date.now() - 61000}))`, url))
		do(t, tab, chromedp.Navigate(shared.srv.URL+"/check/url"))
		wait(t, tab, `document.querySelector("#url:not([disabled])")`, 20*time.Second)
		if kept := eval[string](t, tab, stored+`.then((s) => s + document.querySelector("#url").value)`); strings.Contains(kept, secret) {
			t.Errorf("still kept: %q", kept)
		}
	})
}

// What a text is, by the one function that every box asks.
func TestKindOfText(t *testing.T) {
	t.Parallel()
	tab := open(t, "/")
	for text, want := range map[string]string{
		"rtmp://a.rtmp.youtube.com/live2/abcd-efgh":                "url",
		"  \"rtmps://live.example.com:443/app/key?x=1\"  ":         "url",
		"Server: rtmp://host/app\nStream key: abcd":                "url",
		"rtmp://host/app\nabcd-efgh-ijkl":                          "url",
		"srt://host:9000?streamid=publish:abc&passphrase=x":        "url",
		"rtmp:/host/app/key":                                       "url",
		"rtmp:\\\\host\\app\\key":                                  "url",
		"push.example.com/live/stream1?txSecret=abc&txTime=6":      "url",
		"ffmpeg -re -i in.mp4 -c copy -f flv rtmp://host/app/key":  "url",
		"<rtmp://host/app/key>":                                    "url",
		"https://example.com/hook":                                 "url",
		"[rtmp @ 0x55] Cannot open connection tcp://host:1935":     "log",
		"2024/05/01 12:00:00 [error] x\n2024/05/01 12:00:01 [y] z": "log",
		`{"resultCode": "MPE_BAD_URL_SYNTAX"}`:                     "log",
		`{"format": "ingestdoctor.report/1"}`:                      "report",
		"MPE_INGEST_CODEC_NOT_SUPPORTED":                           "",
		"18/501":                                                   "",
		"Error: Connection refused":                                "",
		"NetStream.Publish.BadName":                                "",
		"RTMP: connection timed out":                               "",
		"no data for 30 s / stream stops":                          "",
		"av_interleaved_write_frame(): Broken pipe":                "",
		"nginx-rtmp: application not found":                        "",
		"":                                                         "",
	} {
		if got := eval[string](t, tab, fmt.Sprintf("ingestHandover.kindOfText(%q)", text)); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// The reader's encoder is chosen once, remembered in this browser, and shown in
// the fix of every page that names a setting.
func TestEncoderRemembered(t *testing.T) {
	tab, err := shared.browser.Open(true) // storage of its own
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	const (
		first  = "/codes/azure-media-services/MPE_INGEST_RTMP_TOO_LARGE_UNPROCESSED_FLV"
		second = "/codes/twitch/HIGH_BITRATE"
		inBox  = `document.querySelector("[data-encoder-body]").innerText`
	)
	do(t, tab, chromedp.Navigate(shared.srv.URL+first))
	if text := eval[string](t, tab, inBox); !strings.Contains(text, "Choose your encoder") {
		t.Errorf("before the choice: %s", text)
	}
	eval[chromedp.Void](t, tab, `document.querySelector("[data-encoder]").focus()`)
	key(t, tab, "vM") // as in every select: typing the name
	wait(t, tab, inBox+`.includes("vMix")`, 5*time.Second)
	do(t, tab, chromedp.Navigate(shared.srv.URL+second))
	wait(t, tab, `document.querySelector("[data-encoder]").value === "vmix" && `+inBox+`.includes("vMix")`, 5*time.Second)
	// the address says another one: that holds from now on
	do(t, tab, chromedp.Navigate(shared.srv.URL+first+"?encoder=ffmpeg"))
	wait(t, tab, inBox+`.includes("FFmpeg")`, 5*time.Second)
	do(t, tab, chromedp.Navigate(shared.srv.URL+second))
	wait(t, tab, inBox+`.includes("FFmpeg")`, 5*time.Second)
	quiet(t, tab)
}

// Without scripts every page of the knowledge base says the same.
func TestKnowledgeWithoutScript(t *testing.T) {
	t.Parallel()
	tab, err := shared.browser.Open(true)
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	off := func(off bool) {
		if _, err := chromedp.Call(tab.Ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off}); err != nil {
			t.Fatal(err)
		}
	}
	// what only a script can do, like copying, is not offered without
	const text = `(() => {
		for (const e of document.querySelectorAll("main .needs-js, main noscript")) e.remove();
		return document.querySelector("main").innerText.replace(/\s+/g, " ").trim();
	})()`
	for _, path := range kbPages {
		off(false)
		do(t, tab, chromedp.Navigate(shared.srv.URL+path))
		with := eval[string](t, tab, text)
		off(true)
		do(t, tab, chromedp.Navigate(shared.srv.URL+path))
		without := eval[string](t, tab, text)
		if with != without {
			i := 0
			for i < min(len(with), len(without)) && with[i] == without[i] {
				i++
			}
			t.Errorf("%s: with scripts\n...%.200s\nwithout\n...%.200s", path, with[max(0, i-60):], without[max(0, i-60):])
		}
	}

	// the search works, the encoder's choice too
	do(t, tab, chromedp.Navigate(shared.srv.URL+"/"))
	typed(t, tab, "#anything", "setdataframe")
	key(t, tab, kb.Enter)
	wait(t, tab, `location.pathname.startsWith("/codes/") || document.querySelector('.hits a[href$="MPE_INGEST_RTMP_SETDATAFRAME_NOT_RECEIVED"]')`, 5*time.Second)
	do(t, tab, chromedp.Navigate(shared.srv.URL+"/codes/twitch/HIGH_BITRATE?encoder=vmix"))
	if got := eval[string](t, tab, `document.querySelector("[data-encoder-body]").innerText`); !strings.Contains(got, "vMix") {
		t.Errorf("the encoder: %s", got)
	}

	// a URL is not sent: the box does not take it
	for _, secret := range []string{"rtmp://a.rtmp.youtube.com/live2/abcd-efgh", "push.example.com/live/a?txSecret=5f&txTime=6", "streamkey=abcd", "srt://h:1?streamid=x"} {
		do(t, tab, chromedp.Navigate(shared.srv.URL+"/"))
		for _, box := range []string{"#anything", "#site-search"} {
			typed(t, tab, box, secret)
			key(t, tab, kb.Enter)
			if !eval[bool](t, tab, fmt.Sprintf(`location.href === %q && document.querySelector(%q).matches(":invalid")`, shared.srv.URL+"/", box)) {
				t.Errorf("%s takes %s: %s", box, secret, eval[string](t, tab, "location.href"))
			}
		}
	}
	for _, harmless := range []string{"MPE_BAD_URL_SYNTAX", "18/501", "errcode: 18, sub_errcode: 501", "wrong stream key", "RTMP_Connect1: handshake failed", "av_interleaved_write_frame(): -32", "Error -3 / -5?"} {
		if !eval[bool](t, tab, fmt.Sprintf(`(() => { const e = document.querySelector("#anything"); e.value = %q; return e.checkValidity() })()`, harmless)) {
			t.Errorf("the box does not take %q", harmless)
		}
	}
}

// Nothing moves once it is drawn.
func TestNoLayoutShift(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int64{{1280, 900}, {390, 844}} {
		tab := open(t, "/privacy", size[0], size[1])
		for _, path := range append([]string{"/", "/privacy", "/rules"}, kbPages...) {
			do(t, tab, chromedp.Navigate(shared.srv.URL+path))
			moved := eval[[]string](t, tab, `new Promise((done) => {
				const moved = [];
				new PerformanceObserver((list) => {
					for (const e of list.getEntries()) moved.push(e.value.toFixed(6) + " " +
						e.sources.map((s) => s.node?.outerHTML?.slice(0, 120) + JSON.stringify([s.previousRect, s.currentRect])).join(" "));
				}).observe({type: "layout-shift", buffered: true});
				document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(moved), 100))));
			})`)
			if len(moved) > 0 {
				t.Errorf("%s at %d px moves: %s", path, size[0], strings.Join(moved, "\n\t"))
			}
		}
	}
}
