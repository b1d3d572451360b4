package ui

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

// addresses are the ways to push of the session.
func (d *LiveDesk) addresses() []LiveAddress {
	if d.Session == nil {
		return nil
	}
	return d.Session.Push
}

// option names an address in the list of them.
func (a *LiveAddress) option() string { return a.Scheme + ", port " + strconv.Itoa(a.Port) }

// chosenAddress is the one that server, key and commands are for.
func (c *livePage) chosenAddress() *LiveAddress {
	list := c.stream.addresses()
	if c.address >= len(list) {
		return &LiveAddress{}
	}
	return &list[c.address]
}

// masked stands for a key.
const masked = "••••••••••••••••"

// push is what an encoder needs: in full while nobody pushes, closed while
// somebody does.
func (c *livePage) push() app.UI {
	d := &c.stream
	if !d.Busy() {
		return raw(`<div id="push" hidden></div>`)
	}
	a := c.chosenAddress()
	options := ""
	for _, o := range d.addresses() {
		options += fill(`<option{!}>{}</option>`, "", o.option())
	}
	key, word, pressed, ic := masked, "Show", "false", "eye"
	if c.reveal {
		key, word, pressed, ic = d.Session.Key, "Hide", "true", "eye-off"
	}
	note := ""
	if a.Scheme == "rtmps" && d.Session.Own {
		note = `<p class="small muted">The certificate of this server is its own: an encoder that checks certificates refuses it. OBS does; FFmpeg and librtmp do not unless told to.</p>`
	}
	body := raw(`<div class="stack stack--tight live__push"><div class="field"><label class="label" for="address">Connect by</label><select id="address" class="select" data-live="input">{!}</select></div>`+
		`<div class="field"><p class="label" id="server-label">Server</p><div class="code-block code-block--wrap"><pre tabindex="0" aria-labelledby="server-label"><code id="server">{}</code></pre>{!}</div></div>`+
		`<div class="field"><p class="label" id="key-label">Stream key</p><div class="live__key"><div class="code-block code-block--wrap"><pre tabindex="0" aria-labelledby="key-label"><code id="key">{}</code></pre>{!}</div>`+
		`<button type="button" id="show-key" class="btn btn--small" data-live="click" aria-pressed="{}" aria-describedby="key-label">{!}{}</button></div></div>{!}`+
		`<p class="small muted">In OBS Studio: Settings, Stream, Service: Custom.</p></div>`,
		options, a.Server, copyHTML(a.Server, "Copy the server"), key, copyHTML(d.Session.Key, "Copy the stream key"), pressed, iconHTML(ic, ""), word, note)
	if d.State == LiveWaiting {
		return panel("push", "Put this into your encoder", nil, body)
	}
	return el("details", "push", "details panel panel__body", nil, raw(`<summary>Server and stream key</summary>`), body)
}

// commands are complete lines for a terminal.
func (c *livePage) commands() app.UI {
	lines := ""
	for _, l := range liveCommands(c.chosenAddress()) {
		shown := l.Line
		if c.reveal {
			shown = l.with(c.stream.Session.Key)
		} else {
			shown = l.with(masked)
		}
		note := ""
		if l.Note != "" {
			note = fill(`<p class="small muted">{}</p>`, l.Note)
		}
		lines += fill(`<div class="stack stack--tight"><h3 id="command-{}-label">{}</h3><div class="code-block code-block--wrap"><pre tabindex="0" aria-labelledby="command-{}-label"><code id="command-{}">{}</code></pre>{!}</div>{!}</div>`,
			l.ID, l.Title, l.ID, l.ID, shown, copyHTML(l.with(c.stream.Session.Key), "Copy the command: "+l.Title), note)
	}
	return panel("commands", "Or push from a terminal", nil, raw(`<div class="stack">{!}</div>`, lines))
}

// liveCommand is a line for a terminal.
type liveCommand struct{ ID, Title, Line, Note string }

// keyHere stands for the key in a line.
const keyHere = "{KEY}"

func (l *liveCommand) with(key string) string { return strings.ReplaceAll(l.Line, keyHere, key) }

func liveCommands(a *LiveAddress) []liveCommand {
	to := a.Server + "/" + keyHere
	gst := to
	if a.Scheme == "rtmps" {
		gst += " tls-validation-flags=0"
	}
	return []liveCommand{
		{
			"ffmpeg", "FFmpeg, a test picture",
			"ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -re -f lavfi -i sine=frequency=440:sample_rate=48000 " +
				"-c:v libx264 -preset veryfast -pix_fmt yuv420p -b:v 2500k -maxrate 2500k -bufsize 2500k -g 60 -c:a aac -b:a 128k -f flv " + to, "",
		},
		{
			"file", "FFmpeg, your file", "ffmpeg -re -i YOUR_FILE -c copy -f flv " + to,
			"With -re it is sent as fast as it plays, as an encoder would; without, all at once. Copied as it is: H.264 and AAC, as a rule.",
		},
		{
			"gstreamer", "GStreamer, a test picture",
			"gst-launch-1.0 -e flvmux name=mux streamable=true ! rtmp2sink location=" + gst +
				" videotestsrc is-live=true ! video/x-raw,width=1280,height=720,framerate=30/1 ! x264enc bitrate=2500 key-int-max=60 speed-preset=veryfast tune=zerolatency ! h264parse ! mux." +
				" audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=2 ! avenc_aac bitrate=128000 ! aacparse ! mux.", "",
		},
	}
}

// who is who connected, the last one first.
func (c *livePage) who() app.UI {
	list := c.stream.Snap.Connections
	if len(list) == 0 {
		return raw(`<div hidden></div>`)
	}
	body := make([]app.UI, 0, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		body = append(body, &keyed{Key: strconv.Itoa(list[i].N), Make: func() app.UI { return liveConnection(&list[i]) }})
	}
	return panel("connections", "Who connects", []app.UI{el("span", "", "count", nil, plural(int64(len(list)), "connection", "connections"))}, body...)
}

func liveConnection(n *LiveConnection) app.UI {
	client := visible(n.Client)
	if client == "" {
		client = "An encoder that does not say what it is"
	}
	state, class, ic := "connected", "passed", "circle-check"
	if n.Ended >= 0 {
		state, class, ic = "ended", "off", "circle-minus"
	}
	changed := ""
	for _, t := range n.Changed {
		changed += fill(`<li>{}</li>`, visible(t))
	}
	if changed != "" {
		changed = fill(`<div class="callout callout--info" data-changed>{!}<div><p><strong>Changed against the connection before</strong></p><ul class="small">{!}</ul></div></div>`, iconHTML("refresh-cw", ""), changed)
	}
	body := []any{
		raw(`<div class="cluster"><h3>{}</h3>{!}</div>`, strconv.Itoa(n.N)+". "+client, badgeHTML(class, ic, state)),
		raw(pairsHTML(connectionFacts(n), "small")),
		app.Raw(`<div>` + changed + `</div>`),
	}
	for _, g := range [...]struct {
		title string
		list  []liveKV
	}{{"connect, field by field", n.Fields}, {"Enhanced RTMP", n.Enhanced}, {"onMetaData", n.Metadata}} {
		rows := make([]Value, len(g.list))
		for i, f := range g.list {
			rows[i] = Value{visible(f.Name), visible(f.Value)}
		}
		d := el("details", "", "details", nil, raw(`<summary>{}<span class="count"> {}</span></summary>`, g.title, strconv.Itoa(len(rows))), raw(pairsHTML(rows, "small mono")))
		if len(rows) == 0 {
			d = d.Attr("hidden", true)
		}
		body = append(body, d)
	}
	return el("article", "", "live-conn stack stack--tight", []string{"data-conn", strconv.Itoa(n.N), "data-state", state}, body...)
}

// connectionFacts are what is known of a connection, in words.
func connectionFacts(n *LiveConnection) []Value {
	way := "RTMP, not encrypted"
	if n.TLS != "" {
		way = "RTMP over " + visible(n.TLS)
	}
	list := []Value{
		{"From", visible(n.Address)},
		{"To our port", strconv.Itoa(n.Port) + ", " + way},
		{"Handshake", visible(n.Handshake)},
		{"flashVer", visible(n.FlashVer)},
		{"Application", visible(n.App)},
		{"tcUrl", visible(n.TcURL)},
	}
	since := func(label string, ms int64) {
		text := durationText(ms) + " after publish"
		if ms < 0 {
			text = "not yet"
			if n.Ended >= 0 {
				text = "never"
			}
		}
		list = append(list, Value{label, text})
	}
	since("First media", n.FirstData)
	since("First key frame", n.FirstKey)
	if n.Ended >= 0 {
		list = append(list, Value{"Lasted", durationText(n.Ended - n.Began)}, Value{"Ended because", visible(n.Why)})
	}
	kept := list[:0]
	for _, v := range list {
		if v.Text != "" {
			kept = append(kept, v)
		}
	}
	return kept
}

// LiveMarkdown is the report of a test stream as a ticket takes it, with who
// connected.
func LiveMarkdown(r *diag.Report, list []LiveConnection) string {
	var m mdWriter
	m.b.WriteString(Markdown(r))
	m.line("")
	m.line("### Connections")
	for i := range list {
		n := &list[i]
		m.line("")
		m.line("**" + strconv.Itoa(n.N) + ". " + md(n.Client) + "**")
		m.line("")
		for _, v := range connectionFacts(n) {
			m.line("- " + v.Label + ": " + md(v.Text))
		}
		for _, t := range n.Changed {
			m.line("- Changed: " + md(t))
		}
	}
	return m.b.String()
}
