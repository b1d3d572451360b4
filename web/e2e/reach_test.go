package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"ingestdoctor/web/e2e/harness"
)

// The released program refuses to probe this machine, whatever its settings, so
// these tests serve with another one of the same parts: server/internal/loopback.
var prober struct {
	once sync.Once
	srv  *harness.Server
	err  error
}

var buildLoopback = sync.OnceValues(func() (string, error) {
	root, err := harness.Root()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(root, ".build", "loopback")
	cmd := exec.Command("go", "build", "-o", bin, "./server/internal/loopback")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return bin, nil
})

// probing is the server whose probes may reach loopback, one for all tests.
func probing(t *testing.T) *harness.Server {
	t.Helper()
	prober.once.Do(func() { prober.srv, prober.err = startLoopback(context.Background()) })
	if prober.err != nil {
		t.Fatal(prober.err)
	}
	return prober.srv
}

func startLoopback(ctx context.Context, flags ...string) (*harness.Server, error) {
	bin, err := buildLoopback()
	if err != nil {
		return nil, err
	}
	return harness.Serve(ctx, bin, "", "", append(flags, "--stage", "2s")...)
}

// reach opens the page, with a query.
func reach(t *testing.T, query string, size ...int64) *harness.Tab {
	t.Helper()
	tab := reachAt(t, probing(t), query, size...)
	t.Cleanup(func() { quiet(t, tab) })
	return tab
}

// reachAt is reach on another server, which may fail: nobody minds what the
// browser says to that.
func reachAt(t *testing.T, srv *harness.Server, query string, size ...int64) *harness.Tab {
	t.Helper()
	tab, err := shared.browser.Open(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tab.Close)
	if len(size) == 2 {
		do(t, tab, chromedp.EmulateViewport(size[0], size[1]))
	}
	do(t, tab, chromedp.Navigate(srv.URL+"/check/reach"+query))
	if err := tab.Wait(`document.querySelector("#target:not([disabled])") && document.querySelectorAll("#profile option").length > 5 && document.querySelector("#my-address")`, 40*time.Second); err != nil {
		t.Fatalf("%v; the page: %s; asked for: %+v; complaints: %v", err, eval[string](t, tab, `document.body.innerText`), tab.Requests(), tab.Problems())
	}
	return tab
}

// typeInto types into a field as a person does, in one go.
func typeInto(t *testing.T, tab *harness.Tab, selector, text string) {
	t.Helper()
	eval[chromedp.Void](t, tab, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.focus(); e.value = %q; e.dispatchEvent(new Event("input", {bubbles: true})); })()`, selector, text))
}

func stateIs(t *testing.T, tab *harness.Tab, want string) {
	t.Helper()
	if err := tab.Wait(fmt.Sprintf(`document.querySelector("#verdict").dataset.state === %q`, want), 15*time.Second); err != nil {
		t.Fatalf("%v; the page says %s", err, eval[string](t, tab, `document.querySelector("#verdict").innerText`))
	}
}

func probeFor(t *testing.T, tab *harness.Tab, target string) {
	t.Helper()
	typeInto(t, tab, "#target", target)
	click(t, tab, "#probe")
}

func textOf(t *testing.T, tab *harness.Tab, selector string) string {
	t.Helper()
	return eval[string](t, tab, fmt.Sprintf(`[...document.querySelectorAll(%q)].map(e => e.innerText).join("\n")`, selector))
}

// The ladder fills rung by rung while the server hesitates; then the verdict, the
// commands, the copies, and a second run beside the first.
func TestReachLive(t *testing.T) {
	t.Parallel()
	in := rtmpServer(t, true, "")
	tab := reach(t, "")
	tab.Requests()
	eval[chromedp.Void](t, tab, `window.said = []; new MutationObserver(() => { const s = document.querySelector("#status").innerText; if (s && said.at(-1) !== s) said.push(s); }).observe(document.querySelector("#status"), {childList: true, characterData: true, subtree: true})`)
	typeInto(t, tab, "#target", "rtmp://"+in.addr()+"/live/SECRET_KEY?token=SECRET")
	wait(t, tab, `document.querySelector("#sent").innerText.includes("application live")`, 2*time.Second)
	if s := textOf(t, tab, "#sent"); !strings.Contains(s, "application live") || !strings.Contains(s, "stays in this browser") || strings.Contains(s, "SECRET") {
		t.Errorf("what is sent: %q", s)
	}
	click(t, tab, "#probe")
	rung := func(stage string) string {
		return fmt.Sprintf(`document.querySelector('[data-ladder] [data-stage=%q]')?.dataset.state`, stage)
	}
	wait(t, tab, rung("handshake")+` === "ok" && `+rung("connect")+` === "running"`, 10*time.Second)
	if s := textOf(t, tab, "#verdict"); !strings.Contains(s, "still running") || !strings.Contains(s, "from this server, not from your network") {
		t.Errorf("while it runs: %q", s)
	}
	close(in.release)
	stateIs(t, tab, "done")
	if sev := eval[string](t, tab, `document.querySelector("#verdict").dataset.severity`); sev == "error" {
		t.Errorf("a healthy server: %s", textOf(t, tab, "#verdict"))
	}
	wait(t, tab, rung("connect")+` === "ok"`, time.Second)
	for stage, want := range map[string]string{"publish": "skipped", "tcp": "ok"} {
		if got := eval[string](t, tab, rung(stage)); got != want {
			t.Errorf("%s is %s", stage, got)
		}
	}
	for _, id := range []string{"nc", "nc-mac", "tnc", "ffmpeg", "self"} {
		if s := textOf(t, tab, "#command-"+id); !strings.Contains(s, in.host) || !strings.Contains(s, in.port) || strings.Contains(s, "SECRET") {
			t.Errorf("%s: %q", id, s)
		}
	}
	if s := eval[string](t, tab, `document.querySelector("#copy-ticket").dataset.copy`); !strings.Contains(s, "| 127") || !strings.Contains(s, "connect") || !strings.Contains(s, "not from your network") {
		t.Errorf("Markdown: %s", s)
	}
	saved := eval[string](t, tab, `new Promise(r => { ingestTool.download = (name, text) => r(name + "\n" + text); document.querySelector("#download").click(); })`)
	name, body, _ := strings.Cut(saved, "\n")
	var report struct {
		Kind    string `json:"kind"`
		Ladders []any  `json:"ladders"`
	}
	if err := json.Unmarshal([]byte(body), &report); err != nil || report.Kind != "probe" || len(report.Ladders) != 1 || name != "probe-127.0.0.1.ingestdoctor.json" {
		t.Errorf("JSON %s: %v %+v", name, err, report)
	}
	copied := eval[string](t, tab, `new Promise(r => { navigator.clipboard.writeText = (s) => { r(s); return Promise.resolve(); }; document.querySelector("#copy-json").click(); })`)
	if copied != body {
		t.Errorf("what is copied is not what is saved: %.80q", copied)
	}
	// the transcript opens, and is text
	click(t, tab, `[data-ladder] [data-stage="connect"] summary`)
	wait(t, tab, `document.querySelector('[data-transcript$="connect"]').innerText.includes("Connect.Success")`, 2*time.Second)
	if said := eval[[]string](t, tab, "said"); len(said) < 2 || len(said) > 6 || !strings.Contains(said[len(said)-1], textOf(t, tab, "#headline")) {
		t.Errorf("announced: %q", said)
	}
	// again: the same answer within the minute, and the last one beside it
	click(t, tab, "#again")
	wait(t, tab, `document.querySelector("#compare table")`, 10*time.Second)
	if s := textOf(t, tab, "#compare"); !strings.Contains(s, "Reached") {
		t.Errorf("beside: %s", s)
	}
	for _, r := range tab.Requests() {
		if strings.Contains(r.URL, "SECRET") {
			t.Errorf("in an address: %s", r.URL)
		}
	}
	if u := eval[string](t, tab, "location.href"); strings.Contains(u, "?") || strings.Contains(u, in.port+"/live") {
		t.Errorf("the address bar: %s", u)
	}
	if log := probing(t).Log(); strings.Contains(log, "SECRET") || strings.Contains(log, in.port+"/") {
		t.Error("the log holds the target")
	}
}

// Cancel ends a probe that waits, and what was seen stays on the page.
func TestReachCancel(t *testing.T) {
	t.Parallel()
	in := rtmpServer(t, true, "")
	defer close(in.release)
	tab := reach(t, "")
	probeFor(t, tab, "rtmp://"+in.addr()+"/live")
	wait(t, tab, `document.querySelector('[data-ladder] [data-stage="connect"]')?.dataset.state === "running"`, 10*time.Second)
	start := time.Now()
	click(t, tab, "#cancel")
	stateIs(t, tab, "cancelled")
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("cancelling took %v", took)
	}
	if s := eval[string](t, tab, `document.querySelector('[data-ladder] [data-stage="handshake"]').dataset.state + " " + document.querySelector('[data-ladder] [data-stage="connect"]').dataset.state`); s != "ok cancelled" {
		t.Errorf("the ladder: %s", s)
	}
	wait(t, tab, `document.activeElement.id === "verdict"`, 2*time.Second)
}

// What does not answer as RTMP: the rung, the finding, the words.
func TestReachFails(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, target, rule, stage, state string
	}{
		{"closed", "rtmp://" + closedPort(t).addr() + "/live", "probe-tcp-refused", "tcp", "failed"},
		{"silent", "rtmp://" + silentServer(t).addr() + "/live", "probe-not-rtmp", "handshake", "timeout"},
		{"web", "rtmp://" + webServer(t).addr() + "/live", "probe-not-rtmp", "handshake", "failed"},
		{"plain", "rtmps://" + rtmpServer(t, false, "").addr() + "/live", "probe-tls", "tls", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tab := reach(t, "")
			probeFor(t, tab, tc.target)
			stateIs(t, tab, "done")
			if s := eval[string](t, tab, `document.querySelector("#verdict").dataset.severity`); s != "error" {
				t.Errorf("the verdict is %s", s)
			}
			wait(t, tab, fmt.Sprintf(`document.querySelector('[data-finding=%q] .finding__fix')`, tc.rule), 2*time.Second)
			got := eval[string](t, tab, fmt.Sprintf(`document.querySelector('[data-ladder] [data-stage=%q]').dataset.state`, tc.stage))
			if tc.state != "" && got != tc.state || got == "ok" {
				t.Errorf("%s is %s", tc.stage, got)
			}
			if eval[bool](t, tab, `!!document.querySelector("main script")`) {
				t.Error("an answer became HTML")
			}
		})
	}
	t.Run("refused target", func(t *testing.T) {
		tab := reach(t, "")
		probeFor(t, tab, "rtmp://10.1.2.3/live")
		stateIs(t, tab, "done")
		wait(t, tab, `document.querySelector('[data-finding="probe-refused-target"]')`, 2*time.Second)
	})
	t.Run("no target", func(t *testing.T) {
		tab := reach(t, "")
		tab.Requests()
		probeFor(t, tab, "live_123456_SECRETKEY")
		stateIs(t, tab, "refused")
		for _, r := range tab.Sent() {
			if r.Method == "POST" {
				t.Errorf("it was sent: %s", r.URL)
			}
		}
	})
}

// The address fills the form and starts nothing; the released program says that
// loopback may not be probed.
func TestReachPrefilled(t *testing.T) {
	t.Parallel()
	tab := open(t, "/check/reach?host=127.0.0.1&port=1936&scheme=rtmps")
	wait(t, tab, `document.querySelector("#target:not([disabled])")?.value === "rtmps://127.0.0.1:1936" && document.querySelector("#my-address")`, 20*time.Second)
	if s := eval[string](t, tab, `document.querySelector("#verdict").dataset.state`); s != "empty" {
		t.Errorf("it runs by itself: %s", s)
	}
	for _, r := range tab.Sent() {
		if r.Method == "POST" {
			t.Errorf("it runs by itself: %s", r.URL)
		}
	}
	click(t, tab, "#probe")
	stateIs(t, tab, "done")
	wait(t, tab, `document.querySelector('[data-finding="probe-refused-target"]')`, 2*time.Second)
}

// Publish needs the key typed and the box ticked, each time; the key is nowhere
// afterwards.
func TestReachPublish(t *testing.T) {
	t.Parallel()
	const secret = "live_SECRET_98765?txSecret=abcdef"
	in := rtmpServer(t, false, "NetStream.Publish.BadName")
	tab := reach(t, "")
	typeInto(t, tab, "#target", "rtmp://"+in.addr()+"/live/"+secret)
	tab.Requests()
	ready := `!document.querySelector("#publish-confirm").disabled`
	openDialog := func() {
		click(t, tab, "#publish")
		wait(t, tab, `document.querySelector("#publish-dialog").open && document.activeElement.id === "publish-key"`, 3*time.Second)
		if s := eval[string](t, tab, `[document.querySelector("#publish-server").value, document.querySelector("#publish-key").value, document.querySelector("#publish-sure").checked].join()`); s != "rtmp://"+in.addr()+"/live,,false" {
			t.Errorf("the dialog begins with %s", s)
		}
		if eval[bool](t, tab, ready) {
			t.Error("it can be confirmed at once")
		}
	}
	openDialog()
	if s := textOf(t, tab, "#publish-dialog"); !strings.Contains(s, "off the air") {
		t.Errorf("no warning: %s", s)
	}
	typeInto(t, tab, "#publish-key", secret)
	if eval[bool](t, tab, ready) {
		t.Error("without the box it can be confirmed")
	}
	key(t, tab, kb.Enter) // nor by the keyboard
	if !eval[bool](t, tab, `document.querySelector("#publish-dialog").open`) {
		t.Error("Enter confirms what is not confirmed")
	}
	key(t, tab, kb.Escape)
	wait(t, tab, `!document.querySelector("#publish-dialog").open && document.querySelector("#publish-key").value === "" && document.activeElement.id === "publish"`, 2*time.Second)
	for _, r := range tab.Sent() {
		if r.Method == "POST" {
			t.Error("something was sent")
		}
	}

	openDialog()
	typeInto(t, tab, "#publish-key", secret)
	axe(t, tab, "publish dialog")
	click(t, tab, "#publish-sure")
	wait(t, tab, ready, time.Second)
	click(t, tab, "#publish-confirm")
	stateIs(t, tab, "done")
	wait(t, tab, `document.querySelector('[data-finding="probe-publish-rejected"]')`, 2*time.Second)
	if s := textOf(t, tab, "main"); !strings.Contains(s, "NetStream.Publish.BadName") {
		t.Error("the server's own words are missing")
	}
	html := eval[string](t, tab, `(() => { document.querySelector("#target").value = ""; return document.documentElement.outerHTML + [...document.querySelectorAll("input,textarea")].map(e => e.value).join(); })()`)
	for what, s := range map[string]string{"the page": html, "the log": probing(t).Log(), "the address": eval[string](t, tab, "location.href"), "the storage": eval[string](t, tab, "JSON.stringify({...localStorage, ...sessionStorage})")} {
		for _, part := range []string{"live_SECRET_98765", "abcdef"} {
			if strings.Contains(s, part) {
				at := strings.Index(s, part)
				t.Errorf("%s holds the key: …%s…", what, s[max(0, at-80):at+20])
			}
		}
	}
	typeInto(t, tab, "#target", "rtmp://"+in.addr()+"/live")
	openDialog() // each time anew
	key(t, tab, kb.Escape)
}

// Everything can be done with the keyboard: type, probe, look into a rung, cancel.
func TestReachKeyboard(t *testing.T) {
	in := rtmpServer(t, false, "")
	tab := reach(t, "")
	typeInto(t, tab, "#target", "rtmp://"+in.addr()+"/live")
	key(t, tab, kb.Enter)
	stateIs(t, tab, "done")
	tabTo(t, tab, "#again")
	tabTo(t, tab, `[data-stage="tcp"] summary`)
	key(t, tab, kb.Enter)
	wait(t, tab, `document.querySelector('[data-stage="tcp"] details').open`, time.Second)
	tabTo(t, tab, "[data-transcript]")
	tabTo(t, tab, "#command-nc-label + div pre")
	tabTo(t, tab, "#allow")
	tabTo(t, tab, "#encoder")
}

// The allow-list helper: judged in the browser, nothing sent.
func TestReachAllowList(t *testing.T) {
	t.Parallel()
	tab := reach(t, "")
	tab.Requests()
	typeInto(t, tab, "#allow", "8.8.8.0/24\n8.8.8.8\n0.0.0.0/0\n203.0.113.5/24\nnonsense<img src=x onerror=alert(1)>\n2a00:1450::/32")
	typeInto(t, tab, "#encoder", "8.8.8.8")
	wait(t, tab, `document.querySelector('[data-answer="passed"]')`, 3*time.Second)
	if s := textOf(t, tab, "#allow-answer"); !strings.Contains(s, "line 2 (8.8.8.8)") {
		t.Errorf("the answer: %s", s)
	}
	for line, sev := range map[string]string{"1": "info", "2": "info", "3": "error", "4": "warning", "5": "error", "6": "off"} {
		if got := eval[string](t, tab, fmt.Sprintf(`document.querySelector('[data-allow-line="%s"]').dataset.severity`, line)); got != sev {
			t.Errorf("line %s: %s: %s", line, got, textOf(t, tab, `[data-allow-line="`+line+`"]`))
		}
	}
	if s := textOf(t, tab, `[data-allow-line="4"]`); !strings.Contains(s, "203.0.113.0/24") {
		t.Errorf("no mended form: %s", s)
	}
	if eval[bool](t, tab, `!!document.querySelector("#allowlist img")`) {
		t.Error("an entry became HTML")
	}
	click(t, tab, "#use-mine")
	wait(t, tab, `document.querySelector("#encoder").value === "127.0.0.1" && document.querySelector('[data-encoder="127.0.0.1"]')`, 2*time.Second)
	typeInto(t, tab, "#encoder", "9.9.9.9")
	typeInto(t, tab, "#allow", "8.8.8.0/24")
	wait(t, tab, `document.querySelector('[data-answer="error"]')?.innerText.includes("not on the list")`, 3*time.Second)
	for _, r := range tab.Sent() {
		t.Errorf("something was asked for: %s %s", r.Method, r.URL)
	}
	typeInto(t, tab, "#allow", strings.Repeat("8.8.8.8\n", 3000))
	wait(t, tab, `document.querySelectorAll("[data-allow-line]").length === 200 && document.querySelector("#allow-counts").innerText.includes("first 2,000")`, 5*time.Second)
}

// A spent quota counts down; a form of another kind is no request for a probe; and
// the page says when its server is gone.
func TestReachQuota(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	srv, err := startLoopback(ctx, "--quota")
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Stop()
	in := closedPort(t)
	tab := reachAt(t, srv, "")
	status := 0
	for i := 0; status != 429; i++ {
		res, err := http.Post(srv.URL+"/api/v1/probes", "application/json", strings.NewReader(fmt.Sprintf(`{"target": "rtmp://%s:%d/live"}`, in.host, 2000+i)))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if status = res.StatusCode; i > 30 {
			t.Fatalf("no quota: %d", status)
		}
	}
	probeFor(t, tab, "rtmp://"+in.addr()+"/live")
	stateIs(t, tab, "quota")
	wait(t, tab, `document.querySelector("#again").disabled && document.querySelector("#probe").disabled && /Try again in \d+ s/.test(document.querySelector("#wait").innerText)`, 2*time.Second)
	// and when the wait is over, it may be tried again
	tab = reachAt(t, srv, "")
	answerWith(t, tab, 429, `{"title":"Too many probes","status":429,"detail":"Wait.","limit":"client","retry_after_s":1}`)
	probeFor(t, tab, "live.example.com")
	stateIs(t, tab, "quota")
	wait(t, tab, `!document.querySelector("#again").disabled && document.querySelector("#wait").hidden`, 5*time.Second)
	if got := eval[int](t, tab, `fetch("/api/v1/probes", {method: "POST", headers: {"Content-Type": "text/plain"}, body: "{}"}).then(r => r.status)`); got != 415 {
		t.Errorf("text/plain: %d", got)
	}
	// the server goes away
	srv.Stop()
	click(t, tab, "#again")
	stateIs(t, tab, "lost")
}

// reachStates bring the page into each of its states.
var reachStates = []struct {
	name  string
	reach func(t *testing.T, tab *harness.Tab)
}{
	{"empty", func(*testing.T, *harness.Tab) {}},
	{"running", func(t *testing.T, tab *harness.Tab) {
		in := rtmpServer(t, true, "")
		t.Cleanup(func() { close(in.release) })
		probeFor(t, tab, "rtmp://"+in.addr()+"/live")
		wait(t, tab, `document.querySelector('[data-ladder] [data-stage="connect"]')?.dataset.state === "running"`, 10*time.Second)
	}},
	{"ok", func(t *testing.T, tab *harness.Tab) {
		probeFor(t, tab, "rtmp://"+rtmpServer(t, false, "").addr()+"/live")
		stateIs(t, tab, "done")
		eval[chromedp.Void](t, tab, `document.querySelectorAll("details.rung__more").forEach(d => { d.open = true; })`)
	}},
	{"failed", func(t *testing.T, tab *harness.Tab) {
		probeFor(t, tab, "rtmps://"+rtmpServer(t, false, "").addr()+"/live")
		stateIs(t, tab, "done")
	}},
	{"web", func(t *testing.T, tab *harness.Tab) {
		probeFor(t, tab, "rtmp://"+webServer(t).addr()+"/live")
		stateIs(t, tab, "done")
		click(t, tab, "#again")
		wait(t, tab, `document.querySelector("#compare table")`, 10*time.Second)
	}},
	{"refused-target", func(t *testing.T, tab *harness.Tab) {
		probeFor(t, tab, "rtmp://192.168.1.20/live")
		stateIs(t, tab, "done")
	}},
	{"refused", func(t *testing.T, tab *harness.Tab) {
		probeFor(t, tab, "abcd-efgh-ijkl-mnop")
		stateIs(t, tab, "refused")
	}},
	{"cancelled", func(t *testing.T, tab *harness.Tab) {
		probeFor(t, tab, "rtmp://"+silentServer(t).addr()+"/live")
		wait(t, tab, `document.querySelector('[data-ladder] [data-stage="handshake"]')?.dataset.state === "running"`, 10*time.Second)
		click(t, tab, "#cancel")
		stateIs(t, tab, "cancelled")
	}},
	{"quota", func(t *testing.T, tab *harness.Tab) {
		answerWith(t, tab, 429, `{"title":"Too many probes","status":429,"detail":"Too many probes from your address in a short time. Wait a little and try again.","limit":"client","retry_after_s":37}`)
		probeFor(t, tab, "live.example.com")
		stateIs(t, tab, "quota")
	}},
	{"lost", func(t *testing.T, tab *harness.Tab) {
		answerWith(t, tab, 0, "")
		probeFor(t, tab, "live.example.com")
		stateIs(t, tab, "lost")
	}},
	{"publish", func(t *testing.T, tab *harness.Tab) {
		typeInto(t, tab, "#target", "rtmp://live.example.com/app")
		click(t, tab, "#publish")
		wait(t, tab, `document.querySelector("#publish-dialog").open`, 3*time.Second)
	}},
	{"allow-list", func(t *testing.T, tab *harness.Tab) {
		typeInto(t, tab, "#allow", "8.8.8.0/24\n8.8.8.8\n0.0.0.0/0\n203.0.113.5/24\n8.8.8\n2a00:1450::/32\n9.9.9.4-9.9.9.9")
		typeInto(t, tab, "#encoder", "8.8.8.8 1.1.1.1 192.168.1.7")
		wait(t, tab, `document.querySelectorAll("#allow-answer [data-answer]").length === 3`, 3*time.Second)
	}},
}

// answerWith lets the page's next request for a probe get that answer; status 0
// is no answer at all.
func answerWith(t *testing.T, tab *harness.Tab, status int, body string) {
	t.Helper()
	eval[chromedp.Void](t, tab, fmt.Sprintf(`(() => { const real = window.fetch; window.fetch = (url, how) => {
		if (url !== "/api/v1/probes") return real(url, how);
		window.fetch = real;
		return %d ? Promise.resolve(new Response(%q, {status: %d || 200})) : Promise.reject(new TypeError("no network"));
	}; })()`, status, body, status))
}

// axe-core finds nothing in any state, and nothing scrolls sideways: wide and
// narrow, light and dark.
func TestReachAccessible(t *testing.T) {
	t.Parallel()
	if _, err := net.Dial("tcp", probing(t).Addr); err != nil {
		t.Fatal(err)
	}
	for _, size := range [][2]int64{{1280, 900}, {390, 844}} {
		for _, s := range reachStates {
			wide := size[0] > 1000
			if wide && s.name != "web" && s.name != "allow-list" {
				continue // what differs from the phone is the layout: two states have all of it
			}
			t.Run(fmt.Sprintf("%s-%d", s.name, size[0]), func(t *testing.T) {
				t.Parallel()
				tab := reach(t, "", size[0], size[1])
				s.reach(t, tab)
				for _, dark := range []bool{false, true} {
					if wide && !dark {
						continue
					}
					scheme(t, tab, dark)
					name := "reach " + s.name + " " + viewName(size[0], dark)
					axe(t, tab, name)
					narrow(t, tab, name)
				}
			})
		}
	}
}

// Pictures of the page in every state:
//
//	go test ./web/e2e -run ReachScreenshots -args -screenshots DIR
func TestReachScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no -screenshots DIR given: pictures are for people")
	}
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, size := range [][2]int64{{1280, 900}, {390, 844}} {
		for _, dark := range []bool{false, true} {
			for _, s := range reachStates {
				tab := reach(t, "", size[0], size[1])
				scheme(t, tab, dark)
				s.reach(t, tab)
				time.Sleep(200 * time.Millisecond)
				for suffix, action := range map[string]chromedp.Action[[]byte]{"": chromedp.CaptureScreenshot(), "-full": chromedp.FullScreenshot(100)} {
					png, err := chromedp.Run(tab.Ctx, action)
					if err != nil {
						t.Fatal(err)
					}
					name := "reach-" + s.name + "_" + strings.ReplaceAll(viewName(size[0], dark), " ", "-") + suffix + ".png"
					if err := os.WriteFile(filepath.Join(*screenshots, name), png, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				tab.Close()
			}
		}
	}
}
