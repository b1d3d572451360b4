package ui

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

// livePlayer is a LiveClient that notes what it is asked.
type livePlayer struct{ calls []string }

func (p *livePlayer) Make(body string) { p.calls = append(p.calls, "make "+body) }
func (p *livePlayer) Stop()            { p.calls = append(p.calls, "stop") }
func (p *livePlayer) Forget()          { p.calls = append(p.calls, "forget") }

const liveMade = `{"id":"x","app":"live","key":"00112233445566778899aabbccddeeff","push":[
	{"scheme":"rtmp","host":"h","port":1935,"server":"rtmp://h:1935/live"},
	{"scheme":"rtmps","host":"h","port":2935,"server":"rtmps://h:2935/live"}],"own_certificate":true}`

// pushed is a page with a session that has come as far as the messages say; they
// are kind and data in turn.
func pushed(t *testing.T, messages ...string) (*livePage, *livePlayer) {
	t.Helper()
	c, p := &livePage{}, &livePlayer{}
	c.OnInit()
	c.live = true
	c.stream.C = p
	for _, p := range profile.All() {
		c.desk.Profiles = append(c.desk.Profiles, p.Info())
	}
	for i := 0; i+1 < len(messages); i += 2 {
		c.stream.Handle(LiveMessage{Kind: messages[i], Data: messages[i+1]})
	}
	return c, p
}

func liveText(c *livePage) string { return app.HTMLString(c) }

func liveReport(t *testing.T, state string) string {
	t.Helper()
	r := analysed(t, "gap.flv", "azure-live-encoding", recorded(t, shortGap()))
	r.Kind, r.Input.State, r.Input.Name = kindLive, state, ""
	return string(r.JSON())
}

func TestLiveStates(t *testing.T) {
	reading, done := liveReport(t, diag.StateReading), liveReport(t, diag.StateComplete)
	conn := `{"n":1,"address":"192.0.2.7","port":1935,"handshake":"digest","began_ms":100,"ended_ms":-1,"client":"OBS 30.2","flash_ver":"FMLE/3.0","fields":[{"name":"app","value":"<live>"}],"first_key_ms":120,"first_media_ms":-1}`
	between := strings.Replace(conn, `"ended_ms":-1`, `"ended_ms":4100,"why":"the connection broke"`, 1)
	tests := []struct {
		name     string
		messages []string
		state    LiveState
		holds    []string
		lacks    []string
	}{
		{"empty", nil, LiveEmpty, []string{"Nothing is pushed yet", `id="make"`, "What you see"}, []string{`id="stop"`}},
		{"off", []string{"service", `{"open":false}`}, LiveOff, []string{"takes no test streams", "--ingest-listen", `id="make" class="btn btn--primary" data-live="click" disabled`}, nil},
		{"refused", []string{"refused", `{"title":"Too many test streams","detail":"Stop one first."}`}, LiveRefused, []string{"Too many test streams", "Stop one first."}, nil},
		{"refused by a proxy", []string{"refused", `<html>`}, LiveRefused, []string{"This server does not answer"}, nil},
		{
			"waiting",
			[]string{"session", liveMade, "state", `{"state":"waiting","profile":"youtube"}`},
			LiveWaiting,
			[]string{"Waiting for your encoder", "rtmp://h:1935/live", masked, "gst-launch-1.0", "Against YouTube Live"},
			[]string{"Nothing has come yet", `id="make"`},
		},
		{"slow", []string{"session", liveMade, "state", `{"state":"waiting"}`, "slow", ""}, LiveWaiting, []string{"Nothing has come yet", "/check/reach#outbound"}, nil},
		{
			"publishing",
			[]string{"session", liveMade, "state", `{"state":"publishing","profile":"azure-live-encoding","behave":true,"refuse":"MPE_X","connections":[` + conn + `]}`, "report", reading},
			LivePublishing,
			[]string{"So far: ", "1. OBS 30.2", "192.0.2.7", "&lt;live&gt;", "120 ms after publish", "not yet", `id="live-numbers"`, `id="live-entries"`, "refusing with MPE_X", `id="stop"`, `data-finding="keyframe-interval"`},
			[]string{"Waiting", `id="download"`, "<live>"},
		},
		{"lost", []string{"session", liveMade, "state", `{"state":"publishing","connections":[]}`, "lost", ""}, LivePublishing, []string{"is interrupted"}, nil},
		{"back", []string{"session", liveMade, "lost", "", "back", ""}, LiveWaiting, nil, []string{"is interrupted"}},
		{"between", []string{"session", liveMade, "state", `{"state":"between","connections":[` + between + `]}`}, LiveBetween, []string{"The encoder went", "The connection broke. It may come back"}, nil},
		{
			"ended",
			[]string{"session", liveMade, "state", `{"state":"publishing","connections":[` + conn + `]}`, "report", reading, "end", `{"state":"ended","end":"stopped","end_text":"The test was stopped.","connections":[` + between + `],"report":` + done + `}`},
			LiveEnded,
			[]string{"Ended.", "The test was stopped.", `id="download"`, `id="share"`, `id="compare"`, `id="again"`, `id="checks"`, "Azure"},
			[]string{`id="stop"`, "So far"},
		},
		{"ended before anybody came", []string{"session", liveMade, "end", `{"state":"ended","end_text":"The key's time was up."}`}, LiveEnded, []string{"Nothing was pushed", "The key&#39;s time was up.", `id="again"`}, []string{`id="download"`}},
		{"gone", []string{"session", liveMade, "gone", ""}, LiveGone, []string{"no longer known", `id="again"`}, nil},
	}
	for _, tt := range tests {
		c, _ := pushed(t, tt.messages...)
		html := liveText(c)
		if c.stream.State != tt.state || !strings.Contains(html, `data-state="`+string(tt.state)+`"`) {
			t.Errorf("%s: the state is %s", tt.name, c.stream.State)
		}
		for _, part := range tt.holds {
			if !strings.Contains(html, part) {
				t.Errorf("%s lacks %q", tt.name, part)
			}
		}
		for _, part := range tt.lacks {
			if strings.Contains(html, part) {
				t.Errorf("%s has %q", tt.name, part)
			}
		}
	}
}

// The key is drawn when it is asked for, and is in no ticket.
func TestLiveKey(t *testing.T) {
	c, _ := pushed(t, "session", liveMade, "state", `{"state":"waiting"}`)
	const key = "00112233445566778899aabbccddeeff"
	shown := func() int { return strings.Count(strings.ReplaceAll(liveText(c), `data-copy="`+key, ""), ">"+key+"<") }
	if shown() != 0 {
		t.Error("the key is shown")
	}
	c.do(app.Context{}, "show-key", "")
	if shown() != 1 {
		t.Errorf("the key is shown %d times", shown())
	}
	c.do(app.Context{}, "address", "rtmps, port 2935")
	if html := liveText(c); !strings.Contains(html, "rtmps://h:2935/live/"+key) || !strings.Contains(html, "certificate of this server is its own") || !strings.Contains(html, "tls-validation-flags=0") {
		t.Error("another address is not taken")
	}
}

// Making, repeating and leaving ask the client for what they should, once.
func TestLiveCalls(t *testing.T) {
	c, p := pushed(t, "service", `{"open":true,"behaviours":[{"profile":"azure-live-encoding","behaves":true,"text":"It closes.","refusals":[{"code":"MPE_X","title":"Bad"}]},{"profile":"youtube","text":"Nothing is refused."}]}`)
	c.do(app.Context{}, "profile", "youtube")
	c.do(app.Context{}, "behave", "true")
	if html := liveText(c); !strings.Contains(html, "Nothing is refused.") || strings.Contains(html, `id="refuse"`) {
		t.Error("YouTube refuses nothing, and the page says otherwise")
	}
	c.do(app.Context{}, "make", "")
	c.do(app.Context{}, "make", "") // while it is asked for
	c.stream.Handle(LiveMessage{Kind: "refused", Data: `{"title":"x"}`, Status: 429})
	c.do(app.Context{}, "profile", "azure-live-encoding")
	if html := liveText(c); !strings.Contains(html, "It closes.") || !strings.Contains(html, "MPE_X: Bad") {
		t.Error("the refusals are not offered")
	}
	c.do(app.Context{}, "refuse", "MPE_X")
	c.do(app.Context{}, "make", "")
	c.stream.Handle(LiveMessage{Kind: "session", Data: liveMade})
	c.stream.Handle(LiveMessage{Kind: "state", Data: `{"state":"waiting","profile":"azure-live-encoding","behave":true,"refuse":"MPE_X"}`})
	c.do(app.Context{}, "stop", "")
	c.do(app.Context{}, "again", "")
	want := []string{
		`make {"profile":"youtube","behave":false}`,
		`make {"profile":"azure-live-encoding","behave":true,"refuse":"MPE_X"}`,
		"stop", "forget",
		`make {"profile":"azure-live-encoding","behave":true,"refuse":"MPE_X"}`,
	}
	if strings.Join(p.calls, "\n") != strings.Join(want, "\n") {
		t.Errorf("asked for\n%s", strings.Join(p.calls, "\n"))
	}
}

// What is said aloud: changes of state and new errors, each once; not the notes,
// and not every report.
func TestLiveSaid(t *testing.T) {
	c, _ := pushed(t, "session", liveMade, "state", `{"state":"publishing","connections":[]}`)
	if s := c.stream.Say(); s != "An encoder pushes." {
		t.Errorf("%q", s)
	}
	report := liveReport(t, diag.StateReading)
	c.stream.Handle(LiveMessage{Kind: "report", Data: report})
	if s := c.stream.Say(); !strings.HasPrefix(s, "Error: ") {
		t.Errorf("%q", s)
	}
	c.stream.Handle(LiveMessage{Kind: "report", Data: report})
	c.stream.Handle(LiveMessage{Kind: "state", Data: `{"state":"publishing","connections":[]}`})
	if s := c.stream.Say(); s != "" {
		t.Errorf("once more: %q", s)
	}
	c.stream.Handle(LiveMessage{Kind: "report", Data: `{"format":"of another day"}`})
	c.stream.Handle(LiveMessage{Kind: "state", Data: `{`})
	if c.stream.State != LivePublishing || c.desk.Shown == nil {
		t.Error("what cannot be read was taken for something")
	}
}

func TestLiveMarkdown(t *testing.T) {
	r := &diag.Report{}
	if err := json.Unmarshal([]byte(liveReport(t, diag.StateComplete)), r); err != nil {
		t.Fatal(err)
	}
	text := LiveMarkdown(r, []LiveConnection{{N: 1, Client: "OBS *30*", Address: "192.0.2.7", Port: 2935, TLS: "TLS 1.3", Ended: 5000, Began: 1000, FirstKey: -1, Changed: []string{"video bitrate 2,500 -> 1,200 kb/s"}}})
	for _, part := range []string{"- Test stream: ", "### Connections", `**1. OBS \*30\***`, "RTMP over TLS 1.3", "First key frame: never", "Lasted: 4.0 s", `Changed: video bitrate 2,500 -\> 1,200 kb/s`} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
	if strings.Contains(text, "Recording") {
		t.Error("it is called a recording")
	}
}
