package ui

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

// pushed is a page with a session that has come as far as the messages say; they
// are kind and data in turn.
func pushed(t *testing.T, messages ...string) *livePage {
	t.Helper()
	c := &livePage{}
	c.OnInit()
	c.live = true
	for _, p := range profile.All() {
		c.desk.Profiles = append(c.desk.Profiles, p.Info())
	}
	for i := 0; i+1 < len(messages); i += 2 {
		c.stream.Handle(LiveMessage{Kind: messages[i], Data: messages[i+1]})
	}
	return c
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
	tests := []struct {
		name     string
		messages []string
		state    LiveState
		holds    []string
		lacks    []string
	}{
		{"empty", nil, LiveEmpty, []string{"Nothing is pushed yet", `id="make"`, "What you see"}, []string{`id="stop"`}},
		{"off", []string{"off", ""}, LiveOff, []string{"takes no test streams", "--ingest-listen", `id="make" class="btn btn--primary" data-live="click" disabled`}, nil},
		{"refused", []string{"refused", `{"title":"Too many test streams","detail":"Stop one first."}`}, LiveRefused, []string{"Too many test streams", "Stop one first."}, nil},
		{"refused by a proxy", []string{"refused", `<html>`}, LiveRefused, []string{"This server does not answer"}, nil},
		{
			"waiting",
			[]string{"session", "", "state", `{"state":"waiting","profile":"youtube"}`},
			LiveWaiting,
			[]string{"Waiting for your encoder", "Against YouTube Live", `id="live-push"`, `id="live-commands"`},
			[]string{"Nothing has come yet", `id="make"`, "What you see"},
		},
		{"slow", []string{"session", "", "state", `{"state":"waiting"}`, "slow", ""}, LiveWaiting, []string{"Nothing has come yet", "/check/reach#outbound"}, nil},
		{
			"publishing",
			[]string{"session", "", "state", `{"state":"publishing","profile":"azure-live-encoding","behave":true,"refuse":"MPE_X","count":1}`, "report", reading},
			LivePublishing,
			[]string{"So far: ", "refusing with MPE_X", `id="stop"`, `data-finding="keyframe-interval"`},
			[]string{"Waiting", `id="download"`},
		},
		{"lost", []string{"session", "", "state", `{"state":"publishing"}`, "lost", ""}, LivePublishing, []string{"is interrupted"}, nil},
		{"back", []string{"session", "", "lost", "", "back", ""}, LiveWaiting, nil, []string{"is interrupted"}},
		{"between", []string{"session", "", "state", `{"state":"between","count":1,"went":"the connection broke"}`}, LiveBetween, []string{"The encoder went", "The connection broke. It may come back"}, nil},
		{
			"ended",
			[]string{"session", "", "state", `{"state":"publishing","count":1}`, "report", reading, "report", done, "state", `{"state":"ended","end_text":"The test was stopped.","count":1}`, "report", reading},
			LiveEnded,
			[]string{"Ended.", "The test was stopped.", `id="download"`, `id="share"`, `id="compare"`, `id="again"`, `id="checks"`, "Azure"},
			[]string{`id="stop"`, "So far"},
		},
		{"ended before anybody came", []string{"session", "", "state", `{"state":"ended","end_text":"The key's time was up."}`}, LiveEnded, []string{"Nothing was pushed", "The key&#39;s time was up.", `id="again"`}, []string{`id="download"`}},
		{"gone", []string{"session", "", "gone", ""}, LiveGone, []string{"no longer known", `id="again"`}, nil},
	}
	for _, tt := range tests {
		c := pushed(t, tt.messages...)
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

// A new push begins with nothing of the last; the select is drawn with what was
// chosen, and stays as it is while somebody chooses.
func TestLiveAgain(t *testing.T) {
	c := pushed(t, "session", "", "state", `{"state":"publishing"}`, "report", liveReport(t, diag.StateReading))
	c.do("again", "")
	if html := liveText(c); c.stream.State != LiveAsking || strings.Contains(html, "data-finding") || !strings.Contains(html, "Making a push address") {
		t.Errorf("asking again: %s", c.stream.State)
	}
	c.stream.Handle(LiveMessage{Kind: "refused", Data: `{"title":"x"}`, Status: 429})
	c.do("profile", "youtube")
	if html := liveText(c); strings.Contains(html, `value="youtube" selected`) || !strings.Contains(html, "YouTube") {
		t.Error("the select is drawn anew while somebody chooses")
	}
	c.do("other", "")
	if html := liveText(c); c.stream.State != LiveEmpty || !strings.Contains(html, `value="youtube" selected`) {
		t.Error("the chosen platform is not kept")
	}
}

// What is said aloud: changes of state and new errors, each once; not the notes,
// and not every report.
func TestLiveSaid(t *testing.T) {
	c := pushed(t, "session", "", "state", `{"state":"publishing"}`)
	if s := c.stream.Say(); s != "An encoder pushes." {
		t.Errorf("%q", s)
	}
	report := liveReport(t, diag.StateReading)
	c.stream.Handle(LiveMessage{Kind: "report", Data: report})
	if s := c.stream.Say(); !strings.HasPrefix(s, "Error: ") {
		t.Errorf("%q", s)
	}
	c.stream.Handle(LiveMessage{Kind: "report", Data: report})
	c.stream.Handle(LiveMessage{Kind: "state", Data: `{"state":"publishing"}`})
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
	text := Markdown(r)
	if !strings.Contains(text, "- Test stream: ") {
		t.Error(text)
	}
	if strings.Contains(text, "Recording") {
		t.Error("it is called a recording")
	}
}
