package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ingestdoctor/web/e2e/harness"
	"ingestdoctor/web/e2e/pgtest"
)

// What must never be found in a database or a log.
const (
	noteMarker = "MARKER-note-5e1f please use the backup encoder"
	wordMarker = "MARKER-word-9a2c it failed since Monday"
	hostMarker = "marker-host-77.example.com"
	keyMarker  = "markerSecretKey0123456789abcdef"
)

// profile is a tab of somebody else: storage, cache and workers of its own.
func profileTab(t *testing.T) *harness.Tab {
	t.Helper()
	tab, err := shared.browser.Open(true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		quiet(t, tab)
		tab.Close()
	})
	return tab
}

func goTo(t *testing.T, tab *harness.Tab, address string) {
	t.Helper()
	do(t, tab, chromedp.Navigate(address))
}

// set fills a field as typing does.
func set(t *testing.T, tab *harness.Tab, id, value string) {
	t.Helper()
	eval[chromedp.Void](t, tab, fmt.Sprintf(`(() => { const e = document.getElementById(%q); e.value = %q; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); })()`, id, value))
}

func press(t *testing.T, tab *harness.Tab, selector string) {
	t.Helper()
	wait(t, tab, fmt.Sprintf(`document.querySelector(%q) && !document.querySelector(%q).disabled`, selector, selector), 20*time.Second)
	eval[chromedp.Void](t, tab, fmt.Sprintf(`document.querySelector(%q).click()`, selector))
}

// makeDiagnosis fills in /new and gives the two links.
func makeDiagnosis(t *testing.T, tab *harness.Tab, server string) (customer, owner string) {
	t.Helper()
	goTo(t, tab, server+"/new")
	wait(t, tab, `globalThis.ingestDiagnosis && document.getElementById("make")`, 20*time.Second)
	set(t, tab, "platform", "youtube")
	set(t, tab, "host", hostMarker)
	set(t, tab, "size", "1920 x 1080")
	set(t, tab, "note", noteMarker)
	set(t, tab, "lang", "en-GB")
	eval[chromedp.Void](t, tab, `document.querySelector("#checks [value=reach]").click()`)
	press(t, tab, "#make")
	wait(t, tab, `document.getElementById("owner-link") || document.getElementById("new-problem").textContent`, 20*time.Second)
	if text := eval[string](t, tab, `document.getElementById("new-problem").textContent`); text != "" {
		t.Fatal(text)
	}
	return eval[string](t, tab, `document.getElementById("customer-link").value`), eval[string](t, tab, `document.getElementById("owner-link").value`)
}

// doURLStep does the step of the URL on the tool's own page and takes it back.
func doURLStep(t *testing.T, tab *harness.Tab, url string) {
	t.Helper()
	press(t, tab, "[data-start=url]")
	wait(t, tab, `location.pathname === "/check/url" && document.querySelector("#url:not([disabled])") && document.getElementById("step-use")`, 30*time.Second)
	if got := eval[string](t, tab, `location.search`); got != "?profile=youtube" {
		t.Errorf("the tool was opened with %q", got)
	}
	set(t, tab, "url", url)
	press(t, tab, "#step-use")
	wait(t, tab, `location.pathname.startsWith("/d/") && document.querySelector("#diagnosis[data-state=done] [data-step=url][data-state=done]")`, 30*time.Second)
}

// The whole story, with two people who share nothing but a link, against
// SQLite, and against PostgreSQL with a server each.
func TestDiagnosisStory(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := serveFor(t, dir)
		story(t, s, s)
		for _, marker := range markers {
			files, _ := filepath.Glob(filepath.Join(dir, "*"))
			if len(files) < 2 {
				t.Fatalf("%d files in the data folder", len(files))
			}
			for _, f := range files {
				b, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Contains(b, []byte(marker)) {
					t.Errorf("%s holds %q", f, marker)
				}
			}
		}
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db := pgtest.Start(t)
		address := db.Database(t)
		one := serveFor(t, t.TempDir(), "--database-url", address)
		two := serveFor(t, t.TempDir(), "--database-url", address)
		story(t, one, two)
		for _, marker := range markers {
			if db.Holds(t, []byte(marker)) {
				t.Errorf("the database or its log holds %q", marker)
			}
		}
	})
}

var markers = []string{"MARKER-", hostMarker, keyMarker, "a.rtmp.youtube.com", "url-"}

func serveFor(t *testing.T, dir string, flags ...string) *harness.Server {
	t.Helper()
	s, err := harness.Serve(context.Background(), shared.bin, "", dir, flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("the server's end: %v", err)
		}
	})
	return s
}

func story(t *testing.T, engineers, customers *harness.Server) {
	engineer, customer := profileTab(t), profileTab(t)
	customerLink, ownerLink := makeDiagnosis(t, engineer, engineers.URL)
	customerLink = strings.Replace(customerLink, engineers.URL, customers.URL, 1)

	goTo(t, engineer, ownerLink)
	wait(t, engineer, `document.querySelector("#diagnosis[data-role=owner][data-state=done]")`, 20*time.Second)
	if got := eval[string](t, engineer, `location.href`); strings.Contains(got, "#") {
		t.Errorf("the key stays in the address bar: %s", got)
	}
	if !eval[bool](t, engineer, fmt.Sprintf(`document.getElementById("asked").textContent.includes(%q)`, noteMarker)) {
		t.Error("the owner does not see the note")
	}

	// the customer's link comes through a mail gateway
	goTo(t, customer, strings.Replace(customerLink, "#", "%23", 1))
	wait(t, customer, `document.querySelector("#diagnosis[data-role=customer][data-state=done]")`, 20*time.Second)
	if !eval[bool](t, customer, `document.getElementById("mended")?.textContent.includes("%23") && !location.href.includes("%23") && /^\/d\/[\w-]{22}$/.test(location.pathname) && location.hash === ""`) {
		t.Errorf("the mended link is not told, or its key stays: %s", eval[string](t, customer, `location.pathname.length + " " + location.hash.length`))
	}
	if !eval[bool](t, customer, fmt.Sprintf(`document.getElementById("diagnosis").textContent.includes(%q) && document.getElementById("expected").textContent.includes(%q)`, noteMarker, hostMarker)) {
		t.Error("the customer does not see the note or what is expected")
	}
	if n := eval[int](t, customer, `document.querySelectorAll("[data-step]").length`); n != 1 {
		t.Errorf("%d steps, want the one that was asked for", n)
	}
	// nothing runs by itself
	if eval[bool](t, customer, `Boolean(document.getElementById("send"))`) {
		t.Error("there is something to send before anything was done")
	}

	doURLStep(t, customer, "rtmp://a.rtmp.youtube.com/live2/"+keyMarker)
	// left, and come back to in another tab's time
	goTo(t, customer, customers.URL+"/codes")
	goTo(t, customer, customerLink)
	wait(t, customer, `document.querySelector("[data-step=url][data-state=done]")`, 20*time.Second)
	set(t, customer, "message", wordMarker)
	exact := eval[string](t, customer, `document.getElementById("exact").textContent`)
	if strings.Contains(exact, keyMarker) || !strings.Contains(exact, wordMarker) || !strings.Contains(exact, "a.rtmp.youtube.com") {
		t.Errorf("what is shown is not redacted, or not all: %.300s", exact)
	}
	press(t, customer, "#send")
	wait(t, customer, `document.getElementById("sent") && document.getElementById("own-summary")`, 20*time.Second)

	wait(t, engineer, `document.querySelector("[data-result='1'] .share-part[data-check=url]")`, 20*time.Second)
	if !eval[bool](t, engineer, fmt.Sprintf(`document.getElementById("results").textContent.includes(%q)`, wordMarker)) {
		t.Error("the customer's word did not arrive")
	}
	// exactly what was shown
	got := eval[string](t, engineer, `document.querySelector("[data-result='1'] .share-exact pre").textContent`)
	var shown struct {
		Parts []struct {
			Report json.RawMessage `json:"report"`
		} `json:"parts"`
	}
	var a, b bytes.Buffer
	if err := json.Unmarshal([]byte(exact), &shown); err != nil || len(shown.Parts) != 1 {
		t.Fatalf("%v: %.200s", err, exact)
	}
	if json.Compact(&a, shown.Parts[0].Report) != nil || json.Compact(&b, []byte(got)) != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("what arrived is not what was shown")
	}

	// after the fix: a second result, and what has changed
	eval[chromedp.Void](t, customer, `[...document.querySelectorAll("[data-step=url] button")].find((b) => /after all/.test(b.textContent))?.click()`)
	doURLStep(t, customer, "rtmps://a.rtmps.youtube.com/live2/abcd-efgh-ijkl-mnop-qrst")
	press(t, customer, "#send")
	wait(t, engineer, `document.querySelector("[data-result='2']") && document.querySelector("#compare [data-change=gone]")`, 20*time.Second)
	if n := eval[int](t, engineer, `document.querySelectorAll("#compare [data-change=gone] [data-rule]").length`); n == 0 {
		t.Error("nothing has gone away between the first and the second result")
	}
	if !strings.Contains(eval[string](t, engineer, `document.getElementById("copy-all").dataset.copy`), "## Result 2") {
		t.Error("the ticket's text lacks the second result")
	}

	// one result alone
	eval[chromedp.Void](t, engineer, `[...document.querySelectorAll("[data-result='1'] button")].find((b) => b.textContent.includes("Share this alone")).click()`)
	wait(t, engineer, `document.querySelector("[data-single]")`, 20*time.Second)
	reader := profileTab(t)
	goTo(t, reader, eval[string](t, engineer, `document.querySelector("[data-single]").dataset.single`))
	wait(t, reader, `document.querySelector("#diagnosis[data-state=done] .share-part[data-check=url]")`, 20*time.Second)
	if eval[bool](t, reader, `document.body.textContent.includes("MARKER-word")`) {
		t.Error("the single result brings the message along")
	}

	press(t, engineer, "#extend")
	press(t, engineer, "#close")
	wait(t, engineer, `document.getElementById("item-state").textContent.startsWith("closed")`, 20*time.Second)
	goTo(t, customer, customerLink)
	wait(t, customer, `document.querySelector("#diagnosis[data-state=closed]")`, 20*time.Second)
	press(t, engineer, "#remove")
	press(t, engineer, "#remove-sure")
	wait(t, engineer, `document.querySelector("#diagnosis[data-state=gone]")`, 20*time.Second)

	for _, s := range []*harness.Server{engineers, customers} {
		log := s.Log()
		for _, marker := range append(markers[:4:4], customerLink[len(customerLink)-40:], ownerLink[len(ownerLink)-40:], "%23") {
			if strings.Contains(log, marker) {
				t.Errorf("a server's log holds %q", marker)
			}
		}
		if !strings.Contains(log, "route=/d/*") {
			t.Error("the log has no such request: does this test look at anything?")
		}
	}
}

// Each way in which a link can be wrong has its word.
func TestDiagnosisLinks(t *testing.T) {
	t.Parallel()
	tab := profileTab(t)
	customer, owner := makeDiagnosis(t, tab, shared.srv.URL)
	turn := func(s string, i int) string {
		c := byte('A')
		if s[i] == c {
			c = 'B'
		}
		return s[:i] + string(c) + s[i+1:]
	}
	path, key, _ := strings.Cut(customer, "#")
	visitor, err := shared.browser.Open(true) // the browser complains of the 404
	if err != nil {
		t.Fatal(err)
	}
	defer visitor.Close()
	for _, tt := range []struct{ name, link, code string }{
		{"without its key", path, "no-key"},
		{"cut", customer[:len(customer)-9], "cut"},
		{"a character changed in the key", turn(customer, len(path)+20), "changed"},
		{"a character changed in the id", turn(path, len(path)-5) + "#" + key, "changed"},
		{"no diagnosis", shared.srv.URL + "/d/nothing#x", "no-link"},
	} {
		goTo(t, visitor, "about:blank")
		goTo(t, visitor, tt.link)
		wait(t, visitor, fmt.Sprintf(`document.querySelector("#diagnosis[data-state=failed] [data-code=%s]")`, tt.code), 20*time.Second)
		if eval[bool](t, visitor, `Boolean(location.hash)`) {
			t.Errorf("%s: the fragment stays", tt.name)
		}
	}
	// the whole one, pasted into the page that says so
	set(t, visitor, "paste", "Hello, please open "+customer+".")
	eval[chromedp.Void](t, visitor, `document.querySelector("#diagnosis form").requestSubmit()`)
	wait(t, visitor, `document.querySelector("#diagnosis[data-role=customer]")`, 20*time.Second)

	goTo(t, tab, owner)
	press(t, tab, "#remove")
	press(t, tab, "#remove-sure")
	wait(t, tab, `document.querySelector("#diagnosis[data-state=gone]")`, 20*time.Second)
	goTo(t, visitor, customer)
	wait(t, visitor, `document.querySelector("#diagnosis[data-state=failed] [data-code=not-found]")`, 20*time.Second)
}

// A key in the note is not sent around.
func TestDiagnosisRefusesKeys(t *testing.T) {
	t.Parallel()
	tab := open(t, "/new")
	wait(t, tab, `globalThis.ingestDiagnosis && document.getElementById("make")`, 20*time.Second)
	for id, value := range map[string]string{
		"note": "use rtmp://live.example.com/app/abcdef123456",
		"host": "rtmp://live.example.com/app",
		"days": "31",
	} {
		set(t, tab, id, value)
		eval[chromedp.Void](t, tab, `document.getElementById("new").requestSubmit()`)
		wait(t, tab, fmt.Sprintf(`document.getElementById("new-problem").textContent && document.activeElement.id === %q`, id), 10*time.Second)
		set(t, tab, id, map[string]string{"days": "7"}[id])
	}
	if eval[bool](t, tab, `!document.getElementById("links").hidden`) {
		t.Error("links were made")
	}
}

// Saved reports are read and compared without the server.
func TestCompareReports(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	report := func(name, rule string) string {
		path := filepath.Join(dir, name)
		text := fmt.Sprintf(`{"format":"ingestdoctor.report/1","kind":"url","verdict":{"severity":"error","headline":"Headline of %s"},"findings":[{"rule":"%s","severity":"error","message":"<b>%s</b>"},{"rule":"url-cleartext","severity":"info","message":"clear"}]}`, name, rule, rule)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	first, second := report("before.json", "url-host"), report("after.json", "url-port")
	now := time.Now()
	if err := os.Chtimes(first, now, now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.json")
	if err := os.WriteFile(other, []byte(`{"x":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	tab := open(t, "/compare")
	wait(t, tab, `globalThis.shareView`, 20*time.Second)
	tab.Requests() // what the page itself asked for
	do(t, tab, tab.SetFiles("#reports", other))
	wait(t, tab, `document.getElementById("compare-problem").textContent.includes("other.json is no report")`, 10*time.Second)
	do(t, tab, tab.SetFiles("#reports", second, first))
	wait(t, tab, `document.querySelector(".share-compare")`, 10*time.Second)
	for change, rule := range map[string]string{"gone": "url-host", "new": "url-port", "same": "url-cleartext"} {
		if got := eval[string](t, tab, fmt.Sprintf(`[...document.querySelectorAll("[data-change=%s] [data-rule]")].map((e) => e.dataset.rule).join()`, change)); got != rule {
			t.Errorf("%s: %s, want %s", change, got, rule)
		}
	}
	if eval[bool](t, tab, `Boolean(document.querySelector("#compared b"))`) {
		t.Error("a report's text became HTML")
	}
	for _, r := range tab.Requests() {
		if !strings.Contains(r.URL, "/assets/") {
			t.Errorf("asked for %s", r.URL)
		}
	}
}

// diagnosisStates are the pages' states: each brings a fresh tab there.
var diagnosisStates = []struct {
	name  string
	reach func(t *testing.T, tab *harness.Tab)
}{
	{"new", func(t *testing.T, tab *harness.Tab) {
		goTo(t, tab, shared.srv.URL+"/new")
		wait(t, tab, `document.getElementById("make") && globalThis.ingestDiagnosis`, 20*time.Second)
	}},
	{"new-refused", func(t *testing.T, tab *harness.Tab) {
		goTo(t, tab, shared.srv.URL+"/new")
		wait(t, tab, `document.getElementById("make") && globalThis.ingestDiagnosis`, 20*time.Second)
		set(t, tab, "days", "99")
		eval[chromedp.Void](t, tab, `document.getElementById("new").requestSubmit()`)
		wait(t, tab, `document.getElementById("new-problem").textContent`, 10*time.Second)
	}},
	{"new-made", func(t *testing.T, tab *harness.Tab) { makeDiagnosis(t, tab, shared.srv.URL) }},
	{"customer", func(t *testing.T, tab *harness.Tab) { openRole(t, tab, "customer", 0) }},
	{"customer-ready", func(t *testing.T, tab *harness.Tab) {
		openRole(t, tab, "customer", 0)
		eval[chromedp.Void](t, tab, `(() => { const id = location.pathname.slice(3); const k = ingestDiagnosis.kept(id); k.extra.parts = {url: `+samplePart+`}; localStorage.setItem("ingestdoctor.diagnosis." + id, JSON.stringify(k)); })()`)
		do(t, tab, chromedp.Reload())
		wait(t, tab, `document.getElementById("send")`, 20*time.Second)
	}},
	{"customer-sent", func(t *testing.T, tab *harness.Tab) {
		openRole(t, tab, "customer", 0)
		eval[chromedp.Void](t, tab, `(() => { const id = location.pathname.slice(3); const k = ingestDiagnosis.kept(id); k.extra.parts = {url: `+samplePart+`}; localStorage.setItem("ingestdoctor.diagnosis." + id, JSON.stringify(k)); })()`)
		do(t, tab, chromedp.Reload())
		press(t, tab, "#send")
		wait(t, tab, `document.getElementById("sent")`, 20*time.Second)
	}},
	{"owner-empty", func(t *testing.T, tab *harness.Tab) { openRole(t, tab, "owner", 0) }},
	{"owner", func(t *testing.T, tab *harness.Tab) { openRole(t, tab, "owner", 2) }},
	{"reader", func(t *testing.T, tab *harness.Tab) { openRole(t, tab, "reader", 1) }},
	{"failed", func(t *testing.T, tab *harness.Tab) {
		goTo(t, tab, shared.srv.URL+"/d/AAAAAAAAAAAAAAAAAAAAAA")
		wait(t, tab, `document.querySelector("#diagnosis[data-state=failed]")`, 20*time.Second)
	}},
	{"compare", func(t *testing.T, tab *harness.Tab) {
		goTo(t, tab, shared.srv.URL+"/compare")
		wait(t, tab, `globalThis.shareView`, 20*time.Second)
	}},
}

const samplePart = `{check: "url", at: "2026-11-22T09:00:00Z", severity: "error", headline: "YouTube would refuse this: the port is not one that it listens on", markdown: "**YouTube would refuse this**",
	report: {format: "ingestdoctor.report/1", kind: "url", verdict: {severity: "error", headline: "YouTube would refuse this"}, findings: [
		{rule: "url-port", severity: "error", message: "Port 1936 is not one that YouTube listens on for rtmp: 1935 is."},
		{rule: "url-cleartext", severity: "info", message: "The key travels in clear; YouTube also takes rtmps."}]}}`

// openRole makes a diagnosis with results and opens it as one of its people.
func openRole(t *testing.T, tab *harness.Tab, role string, results int) {
	t.Helper()
	goTo(t, tab, shared.srv.URL+"/new")
	wait(t, tab, `globalThis.ingestDiagnosis`, 20*time.Second)
	link := eval[string](t, tab, fmt.Sprintf(`(async () => {
		const made = await ingestDiagnosis.create({days: 7, text: JSON.stringify({v: 1, profile: "youtube", platform: "YouTube Live", checks: ["url", "reach", "file"], host: "a.rtmp.youtube.com",
			settings: {size: "1920 × 1080", rate: "30", bitrate: "4500 kb/s", keyframe: "2 s"}, note: "Please run these on the machine that streams.\nThe recording may be one minute.", lang: "en-GB"})});
		const customer = await ingestDiagnosis.open(made.links.customer);
		for (let i = 0; i < %d; i++) {
			const part = %s;
			if (i > 0) part.report.findings.splice(0, 1, {rule: "url-stream-name", severity: "warning", message: "The stream name is missing."});
			await (await customer.draft(JSON.stringify({v: 1, message: i ? "" : "It began on Monday.", parts: [part]}))).send();
		}
		return made.links[%q];
	})()`, results, samplePart, role))
	goTo(t, tab, link)
	wait(t, tab, fmt.Sprintf(`document.querySelector("#diagnosis[data-state=done]") && document.querySelectorAll("[data-result]").length >= %d`, results), 20*time.Second)
}

// Every state, wide and narrow, light and dark: accessible, and no wider than the screen.
func TestDiagnosisAccessible(t *testing.T) {
	for _, size := range [][2]int64{{1280, 900}, {390, 844}} {
		for _, s := range diagnosisStates {
			t.Run(s.name+" "+viewName(size[0], false), func(t *testing.T) {
				t.Parallel()
				tab, err := shared.browser.Open(true)
				if err != nil {
					t.Fatal(err)
				}
				defer tab.Close()
				do(t, tab, chromedp.EmulateViewport(size[0], size[1]))
				s.reach(t, tab)
				for _, dark := range []bool{false, true} {
					if size[0] > 1000 && !dark {
						continue // seen on the phone
					}
					scheme(t, tab, dark)
					name := "diagnosis " + s.name + " " + viewName(size[0], dark)
					axe(t, tab, name)
					narrow(t, tab, name)
				}
			})
		}
	}
}

// Pictures of the pages in every state:
//
//	go test ./web/e2e -run DiagnosisScreenshots -args -screenshots DIR
func TestDiagnosisScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no -screenshots DIR given: pictures are for people")
	}
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, size := range [][2]int64{{1280, 900}, {390, 844}} {
		for _, s := range diagnosisStates {
			tab, err := shared.browser.Open(true)
			if err != nil {
				t.Fatal(err)
			}
			do(t, tab, chromedp.EmulateViewport(size[0], size[1]))
			s.reach(t, tab)
			for _, dark := range []bool{false, true} {
				scheme(t, tab, dark)
				png, err := chromedp.Run(tab.Ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				name := "diagnosis-" + s.name + "_" + strings.ReplaceAll(viewName(size[0], dark), " ", "-") + ".png"
				if err := os.WriteFile(filepath.Join(*screenshots, name), png, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			tab.Close()
		}
	}
}
