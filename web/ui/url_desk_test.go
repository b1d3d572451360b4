package ui

import (
	"regexp"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/ingest"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

const urlNow = 1795291200 // 2026-11-21 20:00:00 UTC

// direct is a Linter that calls wasm/ingest; its answers wait in events.
type direct struct {
	events    []URLEvent
	forgotten int
}

func (l *direct) lint(w URLText) *ingest.Result {
	o := ingest.Options{Input: w.Text, SignKey: w.SignKey, Now: urlNow, Tell: rules.Tell}
	if w.Split {
		o = ingest.Options{Split: true, Server: w.Text, Key: w.Key, SignKey: w.SignKey, Now: urlNow, Tell: rules.Tell}
	}
	if p, ok := profile.ByID(w.Profile); ok {
		o.Profile = p
	}
	return ingest.Lint(o)
}

func (l *direct) Lint(run int, w URLText) {
	r := l.lint(w)
	l.events = append(l.events, URLEvent{
		Kind: URLLinted, Run: run,
		Result: parseURLResult(string(r.AppendJSON(nil, diag.Tool{Name: "ingestdoctor", Version: "v1", RuleSet: 1})), string(r.AppendPlain(nil))),
	})
}

func (l *direct) Sign(run int, w URLText, expiry int64) {
	url, _ := l.lint(w).Signed(w.SignKey, expiry)
	l.events = append(l.events, URLEvent{Kind: URLMade, Run: run, URL: url, Shown: ingest.Redact(url)})
}

func (l *direct) Rates(run int, w URLText, video, audio int) {
	url, _ := l.lint(w).WithRates(video, audio)
	l.events = append(l.events, URLEvent{Kind: URLMade, Run: run, URL: url, Shown: ingest.Redact(url)})
}

func (l *direct) Forget() { l.forgotten++ }

func urlForms() []URLForm {
	var list []URLForm
	for _, p := range profile.All() {
		f := URLForm{ID: p.ID, Name: p.Name, Platform: p.Platform, Short: p.Short, Template: p.URL.Template, Example: p.URL.Example, Source: p.URL.Title, URL: p.URL.URL}
		if p.URL.Signed != nil {
			f.Signed = p.URL.Signed.Auth
		}
		if p.URL.DataRates {
			f.Rates = "yes"
		}
		list = append(list, f)
	}
	return list
}

func newURLDesk(w URLText) (*URLDesk, *direct) {
	l := &direct{}
	d := &URLDesk{L: l, What: w}
	d.Handle(URLEvent{Kind: URLReady, Forms: urlForms()})
	d.Changed()
	l.answer(d)
	return d, l
}

func (l *direct) answer(d *URLDesk) {
	for _, e := range l.events {
		d.Handle(e)
	}
	l.events = nil
}

const yt = "rtmps://a.rtmps.youtube.com:1935/live2/a1b2-c3d4-e5f6-g7h8-i9j0"

func TestURLDesk(t *testing.T) {
	d, l := newURLDesk(URLText{Text: yt})
	if d.Result == nil || d.Result.Verdict.Errors != 1 || d.recognised() != "Checked against YouTube Live, told from the host." {
		t.Fatalf("%+v, %s", d.Result, d.recognised())
	}
	if text, key := d.mended(); text != strings.Replace(yt, "1935", "443", 1) || key != "" {
		t.Errorf("mended %s %s", text, key)
	}
	if said := d.said(); !strings.HasPrefix(said, "1 error. This URL would not work") || !strings.HasSuffix(said, "A mended URL is offered.") {
		t.Error(said)
	}
	if server, key := d.cut(); server != "rtmps://a.rtmps.youtube.com:1935/live2" || key != "a1b2-c3d4-e5f6-g7h8-i9j0" {
		t.Errorf("cut into %s and %s", server, key)
	}
	// Two fields: the mend goes into both.
	d.What = URLText{Split: true, Text: "rtmps://a.rtmps.youtube.com:1935/live2/", Key: "a1b2-c3d4-e5f6-g7h8-i9j0"}
	d.Changed()
	l.answer(d)
	if text, key := d.mended(); text != "rtmps://a.rtmps.youtube.com:443/live2" || key != "a1b2-c3d4-e5f6-g7h8-i9j0" {
		t.Errorf("mended %s and %s", text, key)
	}
	if got := d.joined(); got != yt {
		t.Errorf("joined %s", got)
	}
	// Nothing typed: nothing kept.
	d.What.Text, d.What.Key = "", ""
	d.Changed()
	if d.Result != nil || l.forgotten != 1 || d.said() != "Nothing to check." {
		t.Errorf("%v %d %s", d.Result, l.forgotten, d.said())
	}
	d.Handle(URLEvent{Kind: URLLinted, Run: 99, Result: &URLResult{}})
	if d.Result != nil {
		t.Error("an answer to a text that is gone is shown")
	}
	// Answers out of order: the newest stays.
	d.What.Text = yt
	d.Changed()
	late := l.events
	l.events = nil
	d.What.Text = "rtmp://live.twitch.tv/app"
	d.Changed()
	l.answer(d)
	d.Handle(late[0])
	if d.Result.Profile.ID != "twitch" {
		t.Errorf("%s is shown", d.Result.Profile.ID)
	}
}

// The first finding of a rule says the fix, the others only where; the source is
// the platform's own page.
func TestURLFindings(t *testing.T) {
	d, _ := newURLDesk(URLText{Text: "\u201c" + yt + "\u201d "})
	fixes, seen := 0, 0
	for _, v := range d.Result.views {
		if v.Message == "" || len(v.Values) > 0 || !v.InText || v.DocURL == "" {
			t.Errorf("%+v", v)
		}
		if v.Rule == "url-characters" {
			seen++
			if v.Fix != "" {
				fixes++
			}
		}
		if v.Rule == "url-port-scheme" && !strings.Contains(v.Source, "YouTube") {
			t.Errorf("the word of %s", v.Source)
		}
	}
	if seen < 2 || fixes != 1 {
		t.Errorf("%d findings, %d fixes", seen, fixes)
	}
}

func TestURLMake(t *testing.T) {
	d, l := newURLDesk(URLText{Text: "rtmp://push.example.com/live/room1", Profile: "tencent-css"})
	d.Sign(urlNow, 3600)
	if d.Made != nil || d.Notice == "" {
		t.Error("signed without a key")
	}
	d.What.SignKey = "k"
	d.Changed()
	d.Sign(urlNow, 3600)
	l.answer(d)
	if d.Made == nil || !strings.Contains(d.Made.URL, "txSecret=") || d.Notice != "" {
		t.Fatalf("%+v %s", d.Made, d.Notice)
	}
	made := *d.Made
	d.Handle(URLEvent{Kind: URLMade, Run: made.run - 1, URL: "x"})
	if d.Made.URL != made.URL {
		t.Error("an older answer took its place")
	}
	d.Changed()
	if d.Made != nil {
		t.Error("what was made of another text is still there")
	}
	d.What.Text = "rtmp://push.example.com/live"
	d.Sign(urlNow, 3600)
	l.answer(d)
	if d.Made != nil || d.Notice == "" {
		t.Error("signed without a stream name")
	}
	d.What = URLText{Text: "rtmp://e-a-euwe.channel.media.azure.net:1935/live/0123456789abcdef0123456789abcdef/s"}
	d.Changed()
	for _, bad := range [][2]string{{"", ""}, {"5M", ""}, {"-1", "1"}, {"1.5", ""}, {"9999999", ""}, {"0", "0"}} {
		if d.Rates(bad[0], bad[1]); d.Notice == "" || d.Made != nil {
			t.Errorf("%q was taken", bad)
		}
	}
	d.Rates(" 5000 ", "128")
	l.answer(d)
	if d.Made == nil || !strings.HasSuffix(d.Made.URL, "/s?videodatarate=5000&audiodatarate=128") {
		t.Errorf("%+v", d.Made)
	}
}

// The probe gets scheme, host and port, and never what may be a secret.
func TestURLProbe(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{yt, "/check/reach?host=a.rtmps.youtube.com&port=443&scheme=rtmps"},
		{"rtmp://[2001:db8::7]/live/x", "/check/reach?host=2001%3Adb8%3A%3A7&port=1935&scheme=rtmp"},
		{"rtmp://user:pass@live.example.com/live/x?token=secret", "/check/reach?host=live.example.com&port=1935&scheme=rtmp"},
		{"rtmp://<host>/live/x", ""},
		{"rtmp://", ""},
		{"live_123456789_AbCdEfGhIjKlMnOp", ""},
		{"rtmp://live_123456789_AbCdEfGhIjKlMnOp/x", ""},
		{"https://example.com/x.m3u8", ""},
		{"srt://example.com:9000?streamid=x", ""},
	} {
		d, _ := newURLDesk(URLText{Text: c.in})
		if got := d.Result.probe(); got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
	}
}

func TestMarkdownURL(t *testing.T) {
	d, _ := newURLDesk(URLText{Text: yt})
	text := MarkdownURL(d.Result)
	for _, want := range []string{"## This URL would not work", "- URL: `rtmps://a.rtmps.youtube.com:1935/live2/****`", "- Mended: `rtmps://a.rtmps.youtube.com:443/live2/****`", "(`youtube`)", "(`url-port-scheme`)", "| Stream name or key | \\*\\*\\*\\* |"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "a1b2") {
		t.Errorf("the key is in it:\n%s", text)
	}
	d, _ = newURLDesk(URLText{Split: true, Text: "rtmp://live.twitch.tv/app", Key: "live_123456789_AbCdEfGhIjKlMnOp"})
	if text := MarkdownURL(d.Result); !strings.Contains(text, "- Server: `rtmp://live.twitch.tv/app`") || !strings.Contains(text, "- Key: `****`") {
		t.Error(text)
	}
}

func TestClockText(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 seconds", 1: "1 second", 61: "1 minute 1 second", 3599: "59 minutes 59 seconds", 3600: "1 hour 0 minutes 0 seconds",
		90000: "1 day 1 hour", 86400 * 90: "90 days",
	} {
		if got := clockText(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	if got := left(100, 40) + ", " + left(40, 100) + ", " + left(40, 40); got != "runs for another 1 minute 0 seconds, expired 1 minute 0 seconds ago, expired 0 seconds ago" {
		t.Error(got)
	}
}

// Without a program the page is whole, and its linter begins to load.
func TestURLPrerendered(t *testing.T) {
	html := prerendered(t, URLPath, `<a href="/check/file" aria-current="page">Check</a><a href="/check/url">URL</a>`)
	says(t, html,
		"<title>Check an ingest URL", "It stays in this tab.", "noscript", "ingestdoctor url -", `data-linter="start"`, `data-worker="/worker-linter.js"`,
		`data-scripts="/wasm_exec.js /worker-core.js"`,
		`<a href="/check/file">Check</a><a href="/check/url" aria-current="page">`, `autocomplete="off"`, `spellcheck="false"`, `role="status"`, `id="verdict"`,
	)
	preloaded(t, html, "/web/app.wasm", "/linter.wasm")
	disabled(t, html)
	sound(t, html)
	if n := strings.Count(html, "<option"); n != len(profile.All())+1 {
		t.Errorf("%d options for %d profiles", n, len(profile.All()))
	}
}

// Every state of the page can be drawn, labels refer to what is there, and a
// secret is in it only where it is to be copied.
func TestURLDrawn(t *testing.T) {
	for name, w := range map[string]URLText{
		"empty": {}, "error": {Text: yt}, "signed": {Text: "rtmp://push.example.com/live/room1?txSecret=0123456789abcdef0123456789abcdef&txTime=5867D600", SignKey: "TheSigningKey"},
		"azure": {Text: "rtmp://e-a-euwe.channel.media.azure.net:1935/0123456789abcdef0123456789abcdef"}, "none": {Text: "what?"},
		"two fields": {Split: true, Text: "rtmp://live.twitch.tv/app", Key: "live_123456789_AbCdEfGhIjKlMnOp"}, "profile": {Profile: "mux"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SHELL_HEADER", "<header></header>")
			d, _ := newURLDesk(w)
			c := &urlPage{live: true, desk: *d, now: urlNow, signFor: "3600"}
			html := app.HTMLString(c)
			labelled(t, html)
			shown := regexp.MustCompile(` data-copy="(?:[^"\\]|\\.)*"`).ReplaceAllString(html, "")
			for _, secret := range []string{"a1b2-c3d4", "0123456789abcdef0123456789abcdef", "AbCdEfGhIj", "TheSigningKey"} {
				if at := strings.Index(shown, secret); at >= 0 && w.Text != "" {
					// the platform's own example may look alike
					if !strings.Contains(shown[max(0, at-300):at], "For example") {
						t.Errorf("%s is shown: %s", secret, shown[max(0, at-120):at+20])
					}
				}
			}
			if want := map[bool]string{true: `data-state="empty"`, false: `data-state="done"`}[w.Empty()]; !strings.Contains(html, want) {
				t.Errorf("no %s", want)
			}
		})
	}
}
