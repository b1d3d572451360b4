package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"ingestdoctor/web/e2e/harness"
)

// typedURL has a port that does not go with its scheme; the key must not leave
// the page.
const (
	typedKey = "hush-wxyz-0000-1111-2222"
	typedURL = "rtmps://a.rtmps.youtube.com:1935/live2/" + typedKey
)

// openURL opens /check/url and waits until a URL can be typed and judged.
func openURL(t *testing.T, query string, size ...int64) *harness.Tab {
	t.Helper()
	tab := open(t, "/check/url"+query, size...)
	wait(t, tab, `document.querySelector("#url:not([disabled])") && window.ingestLinter?.about && document.querySelector("#examples")`, 20*time.Second)
	return tab
}

// typeIn types with the keyboard into a field.
func typeIn(t *testing.T, tab *harness.Tab, selector, text string) {
	t.Helper()
	eval[chromedp.Void](t, tab, fmt.Sprintf(`document.querySelector(%q).focus()`, selector))
	key(t, tab, text)
}

// paste puts a text in as a paste does.
func paste(t *testing.T, tab *harness.Tab, selector, text string) {
	t.Helper()
	js, _ := json.Marshal(text)
	eval[chromedp.Void](t, tab, fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		e.focus();
		e.select();
		document.execCommand("insertText", false, %s);
	})()`, selector, js))
}

func judged(t *testing.T, tab *harness.Tab, rule string) {
	t.Helper()
	wait(t, tab, fmt.Sprintf(`document.querySelector('#verdict[data-state="done"]') && document.querySelector("[data-finding=%s]")`, rule), 5*time.Second)
}

// The must-show of the page: a port that does not go with the scheme is found
// while it is typed, at its characters; one click mends it; a screen reader
// hears the result; nothing is asked of the network, stored or put into the
// address.
func TestURLTyped(t *testing.T) {
	b, log := watched(t)
	tab, err := b.Open(false)
	if err != nil {
		t.Fatal(err)
	}
	do(t, tab, chromedp.Navigate(shared.srv.URL+"/check/url"))
	wait(t, tab, `document.querySelector("#url:not([disabled])") && ingestLinter.about && document.querySelector("#examples")`, 20*time.Second)
	wait(t, tab, `navigator.serviceWorker.ready.then(() => caches.match("/check/url"))`, 30*time.Second) // what go-app fetches by itself is done
	time.Sleep(300 * time.Millisecond)
	tab.Requests()
	before := time.Now()

	// Each key is timed from its event to the frame in which its finding is there.
	eval[chromedp.Void](t, tab, `(() => {
		window.spoken = [];
		new MutationObserver(() => spoken.push(document.querySelector("#status").textContent)).observe(document.querySelector("#status"), {subtree: true, childList: true, characterData: true});
		window.frames = {};
		document.querySelector("#url").addEventListener("input", () => {
			const started = performance.now();
			let n = 0;
			const look = () => {
				n++;
				const under = document.querySelector("#url-marks .marked__at--error");
				const card = document.querySelector('[data-finding="url-port-scheme"]');
				if (under && !frames.underlined) frames.underlined = {n, ms: performance.now() - started, text: under.textContent};
				if (card && !frames.card) frames.card = {n, ms: performance.now() - started};
				if (!frames.card && n < 200) requestAnimationFrame(look);
			};
			if (/:1935\/$/.test(event.target.value)) requestAnimationFrame(look);
		});
	})()`)
	at := strings.Index(typedURL, "live2")
	typeIn(t, tab, "#url", typedURL[:at])
	judged(t, tab, "url-port-scheme")
	type seen struct {
		N    int     `json:"n"`
		MS   float64 `json:"ms"`
		Text string  `json:"text"`
	}
	wait(t, tab, "frames.underlined && frames.card", 5*time.Second)
	underlined, card := eval[seen](t, tab, "frames.underlined"), eval[seen](t, tab, "frames.card")
	t.Logf("from the key to the underline: %.1f ms, frame %d; to the finding: %.1f ms, frame %d", underlined.MS, underlined.N, card.MS, card.N)
	key(t, tab, typedURL[at:])
	wait(t, tab, `document.querySelector("#mended")?.textContent.includes(":443/live2/") && document.querySelectorAll("#url-marks .marked__at--error").length === 1`, 5*time.Second)
	if got := eval[[]string](t, tab, `[...document.querySelectorAll("#url-marks .marked__at--error")].map((e) => e.textContent)`); len(got) != 1 || got[0] != "1935" {
		t.Errorf("underlined: %q", got)
	}
	// The key is masked in all that is shown.
	if text := eval[string](t, tab, `[...document.querySelectorAll("#verdict, #findings, #details")].map((e) => e.innerText).join()`); text == "" || strings.Contains(text, typedKey) {
		t.Errorf("the key is shown")
	}
	// What a screen reader hears, once the person pauses.
	wait(t, tab, `document.querySelector("#status").textContent.startsWith("1 error")`, 5*time.Second)
	if n := eval[int](t, tab, "spoken.length"); n > 6 {
		t.Errorf("%d announcements for one URL typed", n)
	}
	if got := eval[[]string](t, tab, `((e) => [e.getAttribute("aria-invalid"), e.getAttribute("autocomplete"), e.getAttribute("spellcheck"),
		e.getAttribute("aria-describedby").split(" ").map((id) => document.getElementById(id) ? "there" : "missing").join()])(document.querySelector("#url"))`); strings.Join(got, " ") != "true off false there,there" {
		t.Errorf("the field says %q", got)
	}

	// The mend is one click; Ctrl-Z takes it back.
	click(t, tab, "#use")
	wait(t, tab, `document.querySelector("#url").value === "rtmps://a.rtmps.youtube.com:443/live2/`+typedKey+`" && !document.querySelector("[data-finding]")`, 5*time.Second)
	wait(t, tab, `document.querySelector("#verdict").dataset.severity === "off" && document.querySelector("#url").getAttribute("aria-invalid") === "false"`, 5*time.Second)
	wait(t, tab, `document.querySelector("#status").textContent.startsWith("Nothing found")`, 5*time.Second)
	eval[chromedp.Void](t, tab, `document.querySelector("#url").focus(); document.execCommand("undo")`)
	judged(t, tab, "url-port-scheme")
	// Parts and settings on request.
	click(t, tab, "#show-secrets")
	wait(t, tab, `document.querySelector("[data-part=stream] code").textContent === "`+typedKey+`" && document.querySelector("[data-setting=obs]").innerText.includes("`+typedKey+`")`, 5*time.Second)

	time.Sleep(200 * time.Millisecond)
	after := time.Now()
	if got := eval[string](t, tab, `location.pathname + location.search + location.hash`); got != "/check/url" {
		t.Errorf("the address bar: %s", got)
	}
	if stored := eval[string](t, tab, `JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage}) + document.cookie`); strings.Contains(stored, "rtmps") || strings.Contains(stored, "wxyz") {
		t.Errorf("stored: %s", stored)
	}
	if asked := tab.Sent(); len(asked) > 0 {
		t.Errorf("the page asked for %+v", asked)
	}
	quiet(t, tab)
	if n := barred(t, tab); n != 1 {
		t.Errorf("%d workers on the page, want the linter alone", n)
	}
	tab.Problems() // the refused attempt above is in the log
	// Going away and coming back does not bring the URL back.
	do(t, tab, chromedp.Navigate(shared.srv.URL+"/rules"), chromedp.Evaluate[chromedp.Void]("history.back()"))
	wait(t, tab, `location.pathname === "/check/url" && document.querySelector("#url:not([disabled])") && window.ingestLinter?.about && document.querySelector("#examples")`, 20*time.Second)
	if got := eval[string](t, tab, `document.querySelector("#url").value + document.querySelector("#url-marks").textContent.replace("\u200b", "")`); got != "" {
		t.Errorf("the Back button brought back %q", got)
	}
	b.Close()

	events, err := harness.ReadNetLog(log)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) == 0 {
		t.Error("the network log is empty: does it see anything?")
	}
	host := strings.TrimPrefix(shared.srv.URL, "http://")
	for _, e := range events {
		if e.At.After(before) && e.At.Before(after) && strings.Contains(e.URL, host) && !newerWorker(e) {
			t.Errorf("while typing: %s %s %s", e.Type, e.Method, e.URL)
		}
	}
	raw, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), typedKey) {
		t.Error("the key is in the network log")
	}
}

// What is underlined lies under its characters, wherever the line breaks.
func TestURLUnderlines(t *testing.T) {
	t.Parallel()
	tab := openURL(t, "", 390, 844)
	for _, c := range []struct {
		name, text string
		marks      []string // texts underlined as errors, in order
	}{
		{"two lines", "rtmps://a.rtmps.youtube.com:1935/live2/" + typedKey, []string{"1935"}},
		{"beyond ASCII in front", "rtmp://ex\u00e4mple.\U0001F600.com/live/a\u201cb\u201d", []string{"\u201c", "\u201d"}},
		{"spaces at the ends", "  rtmp://live.twitch.tv/app/live_1_a   ", []string{"  ", "   "}},
		{"zero width", "rtmp://live.twitch.tv/app/li\u200bve_1_a", []string{"\u200b"}},
		{"a long one", "rtmp://live.example.com:99999/" + strings.Repeat("app-with-a-name/", 30) + "a%zzb", []string{"99999"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			paste(t, tab, "#url", c.text)
			js, _ := json.Marshal(c.text)
			marks, _ := json.Marshal(c.marks)
			wait(t, tab, fmt.Sprintf(`document.querySelector("#url").value === %s && document.querySelector("#url-marks mark") &&
				%s.every((m) => [...document.querySelectorAll("#url-marks .marked__at--error")].some((e) => e.textContent === m))`, js, marks), 5*time.Second)
			// Both layers have the same text, the same wrapping and the same height.
			type layers struct {
				Same    bool    `json:"same"`
				Area    float64 `json:"area"`
				Content float64 `json:"content"`
				Lines   float64 `json:"lines"`
			}
			l := eval[layers](t, tab, `(() => {
				const area = document.querySelector("#url"), marks = document.querySelector("#url-marks");
				return {same: marks.textContent === area.value + "\u200b", area: area.clientHeight, content: area.scrollHeight, lines: marks.clientHeight};
			})()`)
			if !l.Same || l.Content > l.Area || l.Area != l.Lines {
				t.Errorf("%+v", l)
			}
			narrow(t, tab, c.name)
		})
	}
	// A place is found by keyboard: the button selects it.
	paste(t, tab, "#url", typedURL)
	judged(t, tab, "url-port-scheme")
	eval[chromedp.Void](t, tab, `document.querySelector("#show-url-port-scheme").focus()`)
	key(t, tab, kb.Enter)
	wait(t, tab, `document.activeElement.id === "url" && getSelection().toString() === "1935"`, 3*time.Second)
	// Enter makes no second line of it.
	eval[chromedp.Void](t, tab, `document.querySelector("#url").setSelectionRange(5, 5)`)
	key(t, tab, kb.Enter)
	if got := eval[string](t, tab, `document.querySelector("#url").value`); got != typedURL {
		t.Errorf("Enter changed the URL: %q", got)
	}
}

// Server and key apart: taken over both ways, underlined in the right field,
// mended in both.
func TestURLServerAndKey(t *testing.T) {
	t.Parallel()
	tab := openURL(t, "")
	paste(t, tab, "#url", typedURL)
	judged(t, tab, "url-port-scheme")
	click(t, tab, "#two")
	wait(t, tab, `document.querySelector("#server").offsetWidth && document.querySelector("#server").value === "rtmps://a.rtmps.youtube.com:1935/live2" && document.querySelector("#key").value === "`+typedKey+`"`, 3*time.Second)
	paste(t, tab, "#key", typedKey+" ")
	wait(t, tab, `document.querySelector("[data-finding=url-characters]") && document.querySelector("#key-marks mark")?.textContent === " " && document.querySelector("#server-marks mark")?.textContent === "1935"`, 5*time.Second)
	if got := eval[string](t, tab, `document.querySelector("#server").getAttribute("aria-invalid") + document.querySelector("#key").getAttribute("aria-invalid")`); got != "truetrue" {
		t.Errorf("aria-invalid: %s", got)
	}
	click(t, tab, "#use")
	wait(t, tab, `document.querySelector("#server").value === "rtmps://a.rtmps.youtube.com:443/live2" && document.querySelector("#key").value === "`+typedKey+`" && !document.querySelector("[data-finding]")`, 5*time.Second)
	paste(t, tab, "#server", "rtmps://a.rtmps.youtube.com:443/live2/"+typedKey)
	judged(t, tab, "url-key-place")
	click(t, tab, "#one")
	wait(t, tab, `document.querySelector("#url").value.startsWith("rtmps://a.rtmps.youtube.com:443/live2/") && document.querySelector("#url").offsetWidth > 0 && !document.querySelector("#server").offsetWidth`, 3*time.Second)
}

// A signed URL: how long it runs, in both times; verified, mismatched and made
// with a typed key; and from a profile given in the address.
func TestURLSigned(t *testing.T) {
	t.Parallel()
	tab := openURL(t, "?profile=tencent-css")
	if got := eval[string](t, tab, `document.querySelector("#profile").value`); got != "tencent-css" {
		t.Fatalf("profile %q", got)
	}
	paste(t, tab, "#url", "rtmp://push.example.com/live/room1?txSecret=0123456789abcdef0123456789abcdef&txTime=5867D600")
	judged(t, tab, "url-expired")
	wait(t, tab, `document.querySelector("#signing").innerText.includes("2016-12-31 16:00:00 UTC") && document.querySelector("#expiry").innerText.includes("expired")`, 3*time.Second)
	wait(t, tab, `document.querySelector("#signature").dataset.state === "unchecked"`, 3*time.Second)
	typeIn(t, tab, "#sign-key", "signwithme")
	wait(t, tab, `document.querySelector("#signature").dataset.state === "mismatch" && document.querySelector("[data-finding=url-auth-mismatch]")`, 5*time.Second)
	eval[chromedp.Void](t, tab, `(() => { const s = document.querySelector("#sign-for"); s.value = "43200"; s.dispatchEvent(new Event("change", {bubbles: true})); })()`)
	click(t, tab, "#sign")
	wait(t, tab, `document.querySelector("#made")?.textContent.includes("txTime=")`, 5*time.Second)
	if strings.Contains(eval[string](t, tab, `document.querySelector("#made").textContent`), "room1") {
		t.Error("the made URL is shown unmasked")
	}
	click(t, tab, "#use-made")
	wait(t, tab, `document.querySelector("#signature").dataset.state === "verified" && !document.querySelector("[data-finding=url-expired]")`, 5*time.Second)
	// It is counted down.
	first := eval[string](t, tab, `document.querySelector("#expiry").innerText`)
	if !strings.Contains(first, "11 hours 59 minutes") && !strings.Contains(first, "12 hours 0 minutes") {
		t.Error(first)
	}
	wait(t, tab, fmt.Sprintf(`document.querySelector("#expiry").innerText !== %q`, first), 3*time.Second)
	if strings.Contains(eval[string](t, tab, "location.href"), "signwithme") {
		t.Error("the signing key is in the address")
	}
}

// Azure: data rates, typed and out of a report.
func TestURLRates(t *testing.T) {
	t.Parallel()
	tab := openURL(t, "")
	click(t, tab, "#try-azure-live-encoding")
	judged(t, tab, "url-retired")
	typeIn(t, tab, "#video-rate", "5000")
	typeIn(t, tab, "#audio-rate", "128")
	click(t, tab, "#rates")
	wait(t, tab, `document.querySelector("#made")?.textContent.endsWith("?videodatarate=5000&audiodatarate=128")`, 5*time.Second)
	click(t, tab, "#use-made")
	wait(t, tab, `document.querySelector("#url").value.endsWith("/stream1?videodatarate=5000&audiodatarate=128")`, 5*time.Second)
	report := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(report, []byte(`{"format":"ingestdoctor.report/1","kind":"flv","input":{"name":"show.flv"},"media":{"tracks":[{"kind":"video","bitrate":{"mean_kbps":4321.4}},{"kind":"audio","bitrate":{"mean_kbps":96.2}}]}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	do(t, tab, tab.SetFiles("#rate-report", report))
	wait(t, tab, `document.querySelector("#video-rate").value === "4321" && document.querySelector("#audio-rate").value === "96" && document.querySelector("#rates-from").innerText.includes("show.flv")`, 5*time.Second)
	click(t, tab, "#rates")
	wait(t, tab, `document.querySelector("#made")?.textContent.endsWith("?videodatarate=4321&audiodatarate=96")`, 5*time.Second)
}

// The way to the probe takes scheme, host and port along, nothing else; what is
// shared is masked.
func TestURLLeads(t *testing.T) {
	t.Parallel()
	tab := openURL(t, "")
	paste(t, tab, "#url", typedURL)
	judged(t, tab, "url-port-scheme")
	if got := eval[string](t, tab, `document.querySelector("#probe").getAttribute("href")`); got != "/check/reach?host=a.rtmps.youtube.com&port=443&scheme=rtmps" {
		t.Errorf("probe: %s", got)
	}
	saved := eval[string](t, tab, `new Promise((resolve) => { ingestTool.download = (name, text) => resolve(text); document.querySelector("#download").click(); })`)
	var report struct {
		Format, Kind  string
		InputRedacted string `json:"input_redacted"`
		Findings      []struct{ Rule string }
	}
	if err := json.Unmarshal([]byte(saved), &report); err != nil || report.Kind != "url" || len(report.Findings) == 0 || report.InputRedacted == "" {
		t.Errorf("%v %+v", err, report)
	}
	ticket := eval[string](t, tab, `document.querySelector("#copy-ticket").dataset.copy`)
	if strings.Contains(saved+ticket, "wxyz") || !strings.Contains(ticket, "url-port-scheme") {
		t.Errorf("shared: %s\n%s", saved, ticket)
	}
	// A key that stands where the host should is not put into an address.
	paste(t, tab, "#url", "rtmp://<host>/live/x")
	judged(t, tab, "url-placeholder")
	if eval[bool](t, tab, `!!document.querySelector("#probe")`) {
		t.Error("a placeholder is offered to the probe")
	}
}

// What was dropped or pasted on the front page is taken over.
func TestURLHandedOver(t *testing.T) {
	t.Parallel()
	tab := open(t, "/check/file")
	wait(t, tab, `window.ingestHandover`, 10*time.Second)
	do(t, tab, chromedp.Evaluate[chromedp.Void](`void ingestHandover.go({kind: "url", text: "`+typedURL+`"})`))
	wait(t, tab, `location.pathname === "/check/url" && document.querySelector("#url")?.value === "`+typedURL+`" && document.querySelector("[data-finding=url-port-scheme]")`, 20*time.Second)
	if got := eval[string](t, tab, `location.href + JSON.stringify({...sessionStorage}) + JSON.stringify({...localStorage})`); strings.Contains(got, "wxyz") {
		t.Errorf("left behind: %s", got)
	}
}

// urlStates are what the page looks like.
var urlStates = []struct {
	name  string
	reach func(t *testing.T, tab *harness.Tab)
}{
	{"empty", func(*testing.T, *harness.Tab) {}},
	{"error", func(t *testing.T, tab *harness.Tab) {
		paste(t, tab, "#url", "\u201c"+strings.Replace(typedURL, "live2", "live", 1)+"\u201d ")
		judged(t, tab, "url-port-scheme")
	}},
	{"clean", func(t *testing.T, tab *harness.Tab) {
		paste(t, tab, "#url", "rtmps://a.rtmps.youtube.com:443/live2/"+typedKey)
		wait(t, tab, `document.querySelector('#verdict[data-state="done"]')`, 5*time.Second)
	}},
	{"server-and-key", func(t *testing.T, tab *harness.Tab) {
		click(t, tab, "#two")
		wait(t, tab, `document.querySelector("#server").offsetWidth`, 3*time.Second)
		paste(t, tab, "#server", "rtmp://live.twitch.tv:443/app/live_1_a")
		paste(t, tab, "#key", "live_1_a\u200bb")
		judged(t, tab, "url-key-place")
	}},
	{"signed", func(t *testing.T, tab *harness.Tab) {
		paste(t, tab, "#url", "rtmp://push.example.com/live/room1?txSecret=0123456789abcdef0123456789abcdef&txTime=5867D600")
		judged(t, tab, "url-expired")
		typeIn(t, tab, "#sign-key", "abc")
		click(t, tab, "#sign")
		wait(t, tab, `document.querySelector("#made")`, 5*time.Second)
	}},
	{"azure", func(t *testing.T, tab *harness.Tab) {
		paste(t, tab, "#url", "rtmp://show-acct-euwe.channel.media.azure.net:2935/0123456789abcdef0123456789abcdef?videodatarate=5M")
		judged(t, tab, "url-retired")
	}},
	{"no-url", func(t *testing.T, tab *harness.Tab) {
		paste(t, tab, "#url", "what is my stream key")
		judged(t, tab, "url-syntax")
	}},
}

func TestURLAccessible(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int64{{1280, 900}, {390, 844}} {
		t.Run(fmt.Sprint(size[0]), func(t *testing.T) {
			t.Parallel()
			tab := openURL(t, "", size[0], size[1])
			for _, s := range urlStates {
				do(t, tab, chromedp.Navigate(shared.srv.URL+"/check/url"))
				wait(t, tab, `document.querySelector("#url:not([disabled])") && window.ingestLinter?.about && document.querySelector("#examples")`, 20*time.Second)
				s.reach(t, tab)
				for _, dark := range []bool{false, true} {
					name := s.name + " " + viewName(size[0], dark)
					if *screenshots == "" && dark != (size[0] < 600) && s.name != "signed" {
						continue // light on a wide screen, dark on a phone, one state as both
					}
					scheme(t, tab, dark)
					axe(t, tab, name)
					narrow(t, tab, name)
					if dir := *screenshots; dir != "" {
						png, err := chromedp.Run(tab.Ctx, chromedp.FullScreenshot(100))
						if err != nil {
							t.Fatal(err)
						}
						if err := os.WriteFile(filepath.Join(dir, "check-url-"+strings.ReplaceAll(name, " ", "-")+".png"), png, 0o644); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
		})
	}
}

// The linter works without the network once the page was loaded.
func TestURLOffline(t *testing.T) {
	t.Parallel()
	srv, err := harness.Serve(t.Context(), shared.bin, "", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tab, err := own(t).Open(false)
	if err != nil {
		t.Fatal(err)
	}
	do(t, tab, chromedp.Navigate(srv.URL+"/check/url"))
	wait(t, tab, `navigator.serviceWorker.ready.then(() => caches.match("/check/url"))`, 30*time.Second)
	if err := srv.Stop(); err != nil {
		t.Fatal(err)
	}
	do(t, tab, chromedp.Reload())
	wait(t, tab, `document.querySelector("#url:not([disabled])") && window.ingestLinter?.about`, 20*time.Second)
	paste(t, tab, "#url", typedURL)
	judged(t, tab, "url-port-scheme")
	click(t, tab, "#use")
	wait(t, tab, `!document.querySelector("[data-finding]")`, 5*time.Second)
}
