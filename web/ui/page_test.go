package ui

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

var registerOnce = sync.OnceFunc(func() {
	var list []diag.Profile
	for _, p := range profile.All() {
		list = append(list, p.Info())
	}
	Register(list...)
})

// Without a program the page is whole: it says what it does and how to come by
// a recording, and no input that would do nothing can be used.
func TestPrerendered(t *testing.T) {
	html := prerendered(t, FilePath, `<a href="/check/file">Check</a>`)
	says(t, html,
		"<title>Check a recording", "<h1>", "0 bytes uploaded.", "How to make a recording", "noscript",
		`<a href="/check/file" aria-current="page">`, "foot", "Azure Media Services", "on whose word", "limits",
		`href="/icons.svg#file-video"`, `id="verdict"`, `data-state="empty"`, `role="status"`,
	)
	preloaded(t, html, "/web/app.wasm", "/validator.wasm")
	disabled(t, html, "copy-btn") // works without the program
	sound(t, html)
	if n := strings.Count(html, "<option"); n != len(profile.All()) {
		t.Errorf("%d options for %d profiles", n, len(profile.All()))
	}
	if n := len(regexp.MustCompile(`<option[^>]* selected`).FindAllString(html, -1)); n != 1 {
		t.Errorf("%d selected options", n)
	}
}

// drawn is the page in a state, as the browser would have it.
func drawn(t *testing.T, change func(*checkPage)) string {
	t.Helper()
	t.Setenv("SHELL_HEADER", "<header></header>")
	c := &checkPage{live: true}
	d, _ := newDesk()
	c.desk = *d
	change(c)
	return app.HTMLString(c)
}

var attribute = regexp.MustCompile(`="(?:[^"\\]|\\.)*"`)

func checked(t *testing.T, html, state string, parts ...string) {
	t.Helper()
	if !strings.Contains(html, `data-state="`+state+`"`) {
		t.Errorf("the verdict is not in state %s", state)
	}
	for _, part := range parts {
		if !strings.Contains(html, part) {
			t.Errorf("%s: no %q", state, part)
		}
	}
}

func TestStates(t *testing.T) {
	data := recorded(t, shortGap())
	name := `<img src=x onerror=alert(1)>.flv`
	escaped := "&lt;img src=x onerror=alert(1)&gt;.flv"
	file := File{Name: name, Size: int64(len(data))}
	done := func(c *checkPage) {
		c.desk.Choose([]File{file})
		c.desk.Handle(Event{Kind: Finished, Run: 1, MS: 30, Report: analysed(t, name, "generic", data)})
	}
	with := func(state string) func(c *checkPage) {
		return func(c *checkPage) {
			r := analysed(t, name, "generic", data)
			r.Input.State = state
			c.desk.Choose([]File{file})
			c.desk.Handle(Event{Kind: Finished, Run: 1, Report: r})
		}
	}
	for _, tc := range []struct {
		name   string
		change func(*checkPage)
		parts  []string
	}{
		{"empty", func(*checkPage) {}, []string{"No recording chosen yet", "How to make a recording"}},
		{"reading", func(c *checkPage) { c.desk.Choose([]File{file}) }, []string{`id="cancel"`, `id="progress"`, escaped}},
		{"reading", func(c *checkPage) {
			c.desk.Choose([]File{file})
			c.desk.Handle(Event{Kind: Progressed, Run: 1, Read: file.Size / 2, MS: 1000})
			c.desk.Handle(Event{Kind: Partial, Run: 1, Report: analysed(t, name, "generic", data)})
		}, []string{"So far: ", `data-finding="keyframe-interval"`, "How to make a recording"}},
		{"reading", func(c *checkPage) {
			c.desk.Choose([]File{file})
			c.desk.Handle(Event{Kind: Progressed, Run: 1, Read: file.Size / 2, MS: 1000})
			c.desk.Handle(Event{Kind: Partial, Run: 1, Report: analysed(t, name, "generic", data)})
			c.desk.Handle(Event{Kind: Partial, Run: 1, Report: analysed(t, name, "generic", data)})
		}, []string{"So far: ", "MB/s", "left", `data-finding="keyframe-interval"`, `id="plot-bitrate"`}},
		{"done", done, []string{"no key frame for 20.0 s at 0:14.0", `data-severity="error"`, `id="download"`, `id="copy-ticket"`, `id="media"`, `data-check="keyframe-interval"`, escaped, "1 error", "May show as", "MPE_"}},
		{"done", func(c *checkPage) {
			done(c)
			c.desk.Select("keyframe-interval-video")
			c.desk.Handle(Event{Kind: Dissected, Run: 2, Tags: []TagView{{
				Offset: 9, Kind: "video", Summary: "video, <b>", Focus: true,
				Fields: []FieldView{{Offset: 9, Hex: "09", Size: 1, Name: "TagType", Value: "9\x00 <i>"}},
			}}})
		}, []string{`id="place"`, `data-tag="9"`, "Hide the place", "Video, &lt;b&gt;", `9\u{0} &lt;i&gt;`}},
		{"cancelled", with(diag.StateCancelled), []string{"Cancelled: only the first "}},
		{"failed", with(diag.StateFailed), []string{"Reading stopped after "}},
		{"unreadable", func(c *checkPage) {
			c.desk.Choose([]File{file})
			c.desk.Handle(Event{Kind: Failed, Run: 1, Text: "A fault of ours."})
		}, []string{"A fault of ours.", `id="again"`}},
		{"broken", func(c *checkPage) {
			c.desk.Handle(Event{Kind: Failed, Text: "No worker here.", Fatal: true})
		}, []string{"No worker here.", "Reload the page"}},
	} {
		html := drawn(t, tc.change)
		checked(t, html, tc.name, tc.parts...)
		// go-app escapes no attribute values when it writes HTML; in the browser, the
		// only place with names in them, it sets them through the DOM.
		html = attribute.ReplaceAllString(html, "")
		if strings.Contains(html, "<img") || strings.Contains(html, "<b>") || strings.Contains(html, "<i>") {
			t.Errorf("%s: a name became HTML", tc.name)
		}
	}
}

// An MP4 gets its line, under its own name.
func TestAnotherContainer(t *testing.T) {
	data := append([]byte("\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"), make([]byte, 100)...)
	html := drawn(t, func(c *checkPage) {
		c.desk.Choose([]File{{Name: "my show.mp4", Size: int64(len(data))}})
		c.desk.Handle(Event{Kind: Finished, Run: 1, Report: analysed(t, "my show.mp4", "generic", data)})
	})
	checked(t, html, "done", `id="remux"`, "ffmpeg -i &#39;my show.mp4&#39; -c copy -f flv &#39;my show.flv&#39;", "What such a copy hides")
	if strings.Contains(html, `id="plot-bitrate"`) {
		t.Error("plots of a file that is no FLV")
	}
}

func TestCurrentNav(t *testing.T) {
	for in, want := range map[string]string{
		`<a href="/x">`:                     `<a href="/x" aria-current="page">`,
		`<a href="/x" aria-current="page">`: `<a href="/x" aria-current="page">`,
		`<a href="/y">`:                     `<a href="/y">`,
	} {
		if got := currentNav(in, "/x"); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// Every sample has a button, and every button its recording.
func TestSampleButtons(t *testing.T) {
	html := drawn(t, func(*checkPage) {})
	for i := range samples {
		s := &samples[i]
		if !strings.Contains(html, `id="sample-`+s.kind+`"`) {
			t.Errorf("no button for %s", s.kind)
		}
	}
}
