package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/web/e2e/harness"
)

// The server whose ports for encoders the tests push to; one for all of them.
var inspector struct {
	once sync.Once
	srv  *harness.Server
	err  error
}

func inspecting(t *testing.T) *harness.Server {
	t.Helper()
	inspector.once.Do(func() { inspector.srv, inspector.err = startInspector(context.Background(), "") })
	if inspector.err != nil {
		t.Fatal(inspector.err)
	}
	return inspector.srv
}

func startInspector(ctx context.Context, addr string) (*harness.Server, error) {
	bin, err := buildLoopback()
	if err != nil {
		return nil, err
	}
	return harness.Serve(ctx, bin, addr, "", "--ingest-listen", "127.0.0.1:0,127.0.0.1:0", "--ingest-host", "127.0.0.1", "--dev-tls")
}

// livePage opens /live and waits until a push address can be made.
func livePage(t *testing.T, srv *harness.Server, size ...int64) *harness.Tab {
	t.Helper()
	tab, err := shared.browser.Open(true) // sessionStorage of its own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tab.Close)
	if len(size) == 2 {
		do(t, tab, chromedp.EmulateViewport(size[0], size[1]))
	}
	do(t, tab, chromedp.Navigate(srv.URL+"/live"))
	if err := tab.Wait(`document.querySelector("#make:not([disabled])") && document.querySelectorAll("#profile option").length > 5`, 30*time.Second); err != nil {
		t.Fatalf("%v; the page: %s", err, eval[string](t, tab, `JSON.stringify([document.readyState, document.querySelector("#verdict")?.dataset.state, document.querySelectorAll("#profile option").length,
			performance.getEntriesByType("mark").map(m => m.name), performance.getEntriesByType("resource").map(r => [r.name.slice(-40), Math.round(r.startTime), Math.round(r.responseEnd)])])`))
	}
	return tab
}

func choosePlatform(t *testing.T, tab *harness.Tab, id string) {
	t.Helper()
	eval[chromedp.Void](t, tab, fmt.Sprintf(`(() => { const s = document.querySelector("#profile"); s.value = %q; s.dispatchEvent(new Event("input", {bubbles: true})); })()`, id))
}

// address presses the button and gives the URL to push to, as an encoder gets it
// from the copy buttons.
func address(t *testing.T, tab *harness.Tab) string {
	t.Helper()
	eval[chromedp.Void](t, tab, `document.querySelector("#make").click()`)
	stateIs(t, tab, "waiting")
	return eval[string](t, tab, `[...document.querySelectorAll("#push [data-copy]")].map(b => b.dataset.copy).join("/")`)
}

// push starts FFmpeg; what it is given goes before the output's address.
func push(t *testing.T, url string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("ffmpeg", append(append([]string{"-hide_banner", "-loglevel", "error"}, args...), "-f", "flv", url)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("ffmpeg (Debian: apt-get install ffmpeg): %v", err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd
}

// small is a picture that costs no time to encode.
func small(codec string, seconds int, live bool) []string {
	var list []string
	re := func() {
		if live {
			list = append(list, "-re")
		}
	}
	re()
	list = append(list, "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25")
	re()
	return append(list, "-f", "lavfi", "-i", "sine=sample_rate=48000", "-c:v", codec, "-g", "25", "-b:v", "300k", "-pix_fmt", "yuv420p", "-c:a", "aac", "-t", fmt.Sprint(seconds))
}

// A push is followed while it runs: five updates a second or more, who connects,
// what is said, plots; a reload goes on; stopping it ends with a report that can be
// saved and opened. The key and the id are where they belong and nowhere else.
func TestLiveFollows(t *testing.T) {
	t.Parallel()
	srv := inspecting(t)
	tab := livePage(t, srv)
	eval[chromedp.Void](t, tab, `window.said = []; new MutationObserver(() => { const s = document.querySelector("#status").innerText; if (s && said.at(-1) !== s) said.push(s); }).observe(document.querySelector("#status"), {childList: true, characterData: true, subtree: true})`)
	choosePlatform(t, tab, "youtube")
	url := address(t, tab)
	key := url[strings.LastIndexByte(url, '/')+1:]
	if len(key) != 32 || !strings.HasPrefix(url, "rtmp://127.0.0.1:") {
		t.Fatalf("to push to: %q", url)
	}
	if s := textOf(t, tab, "#push, #commands"); strings.Contains(s, key) || !strings.Contains(s, "••••") {
		t.Errorf("the key is shown without being asked for: %s", s)
	}
	click(t, tab, "#show-key")
	wait(t, tab, `document.querySelector("#key").innerText === `+fmt.Sprintf("%q", key), 2*time.Second)
	if s := textOf(t, tab, "#commands"); strings.Count(s, key) != 3 {
		t.Errorf("the commands: %s", s)
	}
	click(t, tab, "#show-key")

	push(t, url, small("libx264", 60, true)...)
	stateIs(t, tab, "publishing")
	wait(t, tab, `Number(document.querySelector("#live-numbers")?.dataset.tick) > 3 && document.querySelectorAll("#now canvas").length === 4`, 10*time.Second)
	// what a person sees changes: counted in the page, over 2 s of its own clock
	type seen struct {
		Ticks, Texts int
		MS           float64
	}
	got := eval[seen](t, tab, `new Promise((resolve) => {
		const box = document.querySelector("#live-numbers"), from = performance.now(), tick = Number(box.dataset.tick);
		let Texts = 0, last = box.innerText;
		const o = new MutationObserver(() => { if (box.innerText !== last) { last = box.innerText; Texts++; } });
		o.observe(box, {childList: true, characterData: true, subtree: true});
		setTimeout(() => { o.disconnect(); resolve({Ticks: Number(box.dataset.tick) - tick, Texts, MS: performance.now() - from}); }, 2000);
	})`)
	if rate := float64(got.Ticks) / got.MS * 1000; rate < 5 || got.Texts < 8 {
		t.Errorf("%.1f updates a second, %d of them seen: %+v", rate, got.Texts, got)
	}
	for selector, want := range map[string]string{
		"#verdict": "So far", "#connections": "Lavf", "#live-entries": "publish", "#live-numbers": "fps", "#media": "H.264",
	} {
		wait(t, tab, fmt.Sprintf(`(document.querySelector(%q)?.innerText || "").includes(%q)`, selector, want), 8*time.Second)
	}
	// the page's own place does not tell what it holds
	if at := eval[string](t, tab, "location.href"); strings.TrimPrefix(at, srv.URL) != "/live" {
		t.Errorf("the address is %s", at)
	}

	do(t, tab, chromedp.Reload())
	stateIs(t, tab, "publishing")
	wait(t, tab, `Number(document.querySelector("#live-numbers")?.dataset.tick) > 2 && document.querySelector("#connections [data-conn]")`, 10*time.Second)
	if n := eval[int](t, tab, `document.querySelectorAll("#connections [data-conn]").length`); n != 1 {
		t.Errorf("after a reload %d connections", n)
	}
	id := eval[string](t, tab, `JSON.parse(sessionStorage["ingestdoctor.live"]).id`)
	click(t, tab, "#stop")
	stateIs(t, tab, "ended")
	if s := textOf(t, tab, "#verdict"); !strings.Contains(s, "Ended.") || !strings.Contains(s, "stopped") {
		t.Errorf("the end: %s", s)
	}
	wait(t, tab, `document.querySelector("#copy-ticket").dataset.whole`, 5*time.Second)
	if ticket := eval[string](t, tab, `document.querySelector("#copy-ticket").dataset.copy`); !strings.Contains(ticket, "Test stream") || !strings.Contains(ticket, "### Connections") || strings.Contains(ticket, key) {
		t.Errorf("the ticket: %s", ticket)
	}

	b := saved(t, tab)
	var r diag.Report
	if err := json.Unmarshal(b, &r); err != nil || r.Kind != "live" || r.Profile.ID != "youtube" || r.Media == nil || r.Input.State == diag.StateReading {
		t.Fatalf("the saved report: %v, %s", err, b[:min(300, len(b))])
	}
	for where, text := range map[string]string{"the report": string(b), "the log": srv.Log()} {
		if strings.Contains(text, key) || strings.Contains(text, id) {
			t.Errorf("a key or an id is in %s", where)
		}
	}
	quiet(t, tab)

	// It opens where reports open.
	c, err := harness.OpenCheck(shared.browser, srv.URL, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	eval[chromedp.Void](t, c.Tab, fmt.Sprintf(`ingestHandover.go({kind: "report", text: %q})`, b))
	wait(t, c.Tab, `document.querySelector("#verdict")?.dataset.state === "done"`, 15*time.Second)
	if s := textOf(t, c.Tab, "#verdict, #media"); !strings.Contains(s, "Test stream") || !strings.Contains(s, "H.264") {
		t.Errorf("opened: %s", s)
	}
	eval[chromedp.Void](t, tab, `document.querySelector("#compare").click()`)
	wait(t, tab, `location.pathname === "/compare" && document.querySelector(".share-part h3")?.innerText.includes("Test stream")`, 10*time.Second)
	eval[chromedp.Void](t, tab, `history.back()`)
	wait(t, tab, `location.pathname === "/live" && document.querySelector("#verdict")?.dataset.state === "ended"`, 15*time.Second)
	quiet(t, tab)
}

// saved presses the button and gives what the browser is handed to save.
func saved(t *testing.T, tab *harness.Tab) []byte {
	t.Helper()
	eval[chromedp.Void](t, tab, `ingestTool.download = (name, text) => { window.given = {name, text}; }`)
	click(t, tab, "#download")
	wait(t, tab, `window.given && /^test-stream-\d{8}-\d{4}\.ingestdoctor\.json$/.test(given.name)`, 2*time.Second)
	return []byte(eval[string](t, tab, "given.text"))
}

// When the server is away the page says so, and when it does not know the session
// any more too.
func TestLiveLost(t *testing.T) {
	t.Parallel()
	srv, err := startInspector(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	tab := livePage(t, srv)
	address(t, tab)
	srv.Kill()
	wait(t, tab, `!document.querySelector("#lost").hidden`, 15*time.Second)
	again, err := startInspector(t.Context(), srv.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.Stop() })
	stateIs(t, tab, "gone")
	if eval[bool](t, tab, `"ingestdoctor.live" in sessionStorage`) {
		t.Error("a session that is gone is still remembered")
	}
	click(t, tab, "#again")
	stateIs(t, tab, "waiting")
}

// A report of a test stream is shared as a link of its own, and compared.
func TestLiveShared(t *testing.T) {
	t.Parallel()
	tab := open(t, "/rules")
	hand := func(kind, headline string) {
		t.Helper()
		eval[chromedp.Void](t, tab, fmt.Sprintf(`void ingestHandover.go({kind: %q, text: JSON.stringify({format: %q, kind: "live", verdict: {severity: "error", headline: %q},
			findings: [{rule: "burst", severity: "warning", message: "Too fast."}]})})`, kind, diag.Format, headline))
		wait(t, tab, fmt.Sprintf(`location.pathname === "/compare" && document.querySelector(".share-part")?.innerText.includes(%q)`, headline), 10*time.Second)
	}
	hand("share", "YouTube would refuse this")
	if s := eval[string](t, tab, `document.activeElement.innerText`); s != "Share this alone" {
		t.Errorf("the focus is on %q", s)
	}
	eval[chromedp.Void](t, tab, `document.activeElement.click()`)
	wait(t, tab, `document.querySelector("[data-single]")`, 15*time.Second)
	do(t, tab, chromedp.Navigate(eval[string](t, tab, `document.querySelector("[data-single]").dataset.single`)))
	wait(t, tab, `document.querySelector(".share-part")?.innerText.includes("Test stream")`, 15*time.Second)
	hand("compare", "Now it is taken")
	eval[chromedp.Void](t, tab, fmt.Sprintf(`(() => {
		const files = new DataTransfer();
		files.items.add(new File([JSON.stringify({format: %q, kind: "flv", verdict: {severity: "off", headline: "A recording"}, findings: []})], "before.json", {lastModified: 1}));
		const input = document.querySelector("#reports");
		input.files = files.files;
		input.dispatchEvent(new Event("change", {bubbles: true}));
	})()`, diag.Format))
	wait(t, tab, `document.querySelector('[data-change="new"] [data-rule="burst"]')`, 5*time.Second)
	axe(t, tab, "compared")
}

// Where the operator has not switched it on, the page says what to do.
func TestLiveOff(t *testing.T) {
	t.Parallel()
	tab := open(t, "/live")
	stateIs(t, tab, "off")
	if s := textOf(t, tab, "#verdict"); !strings.Contains(s, "--ingest-listen") {
		t.Error(s)
	}
	if !eval[bool](t, tab, `document.querySelector("#make").disabled`) {
		t.Error("an address can be asked for")
	}
	axe(t, tab, "off")
	res, err := http.Post(shared.srv.URL+"/api/v1/live", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Error(res.Status)
	}
}

// walk brings /live through its states, and has each looked at: a push that the
// platform would refuse, as fast as it can; another one after it; and the end.
func walk(t *testing.T, tab *harness.Tab, look func(state string)) {
	t.Helper()
	eval[chromedp.Void](t, tab, `window.said = []; new MutationObserver(() => { said.push(document.querySelector("#status").innerText); }).observe(document.querySelector("#status"), {childList: true, characterData: true, subtree: true})`)
	look("empty")
	choosePlatform(t, tab, "youtube")
	url := address(t, tab)
	look("waiting")
	if err := push(t, url, small("flv1", 12, false)...).Wait(); err != nil {
		t.Fatal("ffmpeg: ", err)
	}
	stateIs(t, tab, "between")
	// the findings came while it ran, and new errors are announced
	wait(t, tab, `document.querySelector('[data-finding="codec-video-unsupported"][data-severity="error"]') && document.querySelector('[data-finding="burst"]')`, 10*time.Second)
	wait(t, tab, `said.some(s => s.includes("Error: ")) && said.some(s => s.includes("may come back"))`, 2*time.Second)
	look("between")
	push(t, url, small("libx264", 60, true)...)
	stateIs(t, tab, "publishing")
	wait(t, tab, `document.querySelectorAll("#connections [data-conn]").length === 2 && document.querySelector('[data-conn="2"] [data-changed]')`, 10*time.Second)
	wait(t, tab, `Number(document.querySelector("#live-numbers")?.dataset.tick) > 20 && document.querySelector("#plots canvas")`, 20*time.Second)
	look("publishing")
	click(t, tab, "#stop")
	stateIs(t, tab, "ended")
	wait(t, tab, `document.querySelector("#checks") && document.activeElement.id === "verdict"`, 5*time.Second) // its button has gone
	do(t, tab, chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("main details").forEach(d => { d.open = true; })`))
	wait(t, tab, `document.querySelector("#live-table td")`, 5*time.Second)
	look("ended")
}

// axe-core finds nothing in any state, nothing scrolls sideways, wide and narrow,
// light and dark; and a new push begins with nothing of the last.
func TestLiveStates(t *testing.T) {
	t.Parallel()
	tab := livePage(t, inspecting(t))
	walk(t, tab, func(state string) {
		for _, size := range [][2]int64{{1280, 900}, {390, 844}} {
			do(t, tab, chromedp.EmulateViewport(size[0], size[1]))
			for _, dark := range []bool{false, true} {
				name := state + " " + viewName(size[0], dark)
				if dark == (size[0] == 390) || state == "publishing" { // the colours are the same in both widths
					scheme(t, tab, dark)
					axe(t, tab, name)
				}
				narrow(t, tab, name)
			}
		}
		do(t, tab, chromedp.EmulateViewport(1280, 900))
	})
	quiet(t, tab)
	click(t, tab, "#again")
	stateIs(t, tab, "waiting")
	if n := eval[int](t, tab, `document.querySelectorAll("[data-finding], [data-conn], #live-entries li").length`); n != 0 {
		t.Errorf("%d things of the push before", n)
	}
	click(t, tab, "#stop")
	stateIs(t, tab, "ended")
	click(t, tab, "#other")
	stateIs(t, tab, "empty")
	if id := eval[string](t, tab, `document.querySelector("#profile").value`); id != "youtube" {
		t.Errorf("the platform is %s", id)
	}
	quiet(t, tab)
}

// A platform's refusal is asked for; and where nothing comes for 20 s, the page says
// what may be in the way.
func TestLiveSlow(t *testing.T) {
	t.Parallel()
	tab := livePage(t, inspecting(t))
	// where the platform's refusals are known, they are offered; the select keeps the focus
	eval[chromedp.Void](t, tab, `document.querySelector("#profile").focus()`)
	wait(t, tab, `document.querySelector("#behave").disabled && document.querySelector("#behave-hint").innerText !== ""`, 5*time.Second)
	choosePlatform(t, tab, "azure-live-encoding")
	wait(t, tab, `!document.querySelector("#behave").disabled && document.activeElement.id === "profile" && document.querySelector("#profile-summary").innerText.includes("Azure")`, 5*time.Second)
	click(t, tab, "#behave")
	wait(t, tab, `document.querySelectorAll("#refuse option").length > 2`, 5*time.Second)
	axe(t, tab, "refusals")
	code := eval[string](t, tab, `(() => { const s = document.querySelector("#refuse"); s.selectedIndex = 1; return s.value; })()`)
	// the 20 s are over at once
	eval[chromedp.Void](t, tab, `{ const later = setTimeout; window.setTimeout = (f, ms, ...a) => later(f, ms === 20000 ? 50 : ms, ...a); }`)
	address(t, tab)
	wait(t, tab, `document.querySelector("#slow a[href='/check/reach#outbound']")`, 3*time.Second)
	axe(t, tab, "slow")
	if s := textOf(t, tab, "#verdict"); !strings.Contains(s, "refusing with "+code) {
		t.Errorf("asked for %s: %s", code, s)
	}
	do(t, tab, chromedp.EmulateViewport(390, 844))
	narrow(t, tab, "slow")
	quiet(t, tab)
}

// Pictures of every state for people to look at, as TestScreenshots makes them.
func TestLiveScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no -screenshots DIR given: pictures are for people")
	}
	tab := livePage(t, inspecting(t))
	walk(t, tab, func(state string) {
		for _, size := range [][2]int64{{1280, 900}, {390, 844}} {
			for _, dark := range []bool{false, true} {
				do(t, tab, chromedp.EmulateViewport(size[0], size[1]))
				scheme(t, tab, dark)
				time.Sleep(400 * time.Millisecond) // plots follow the width
				png, err := chromedp.Run(tab.Ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(state, err)
				}
				name := "live-" + state + "_" + strings.ReplaceAll(viewName(size[0], dark), " ", "-") + ".png"
				if err := os.WriteFile(filepath.Join(*screenshots, name), png, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
