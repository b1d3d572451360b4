package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// liveNow is how the stream arrives: numbers and plots. static/js/live.js fills
// them in, several times a second; nothing here is drawn again for that.
func liveNow() app.UI {
	numbers := ""
	for _, n := range [...]struct{ id, label string }{
		{"lag", "Arrival lag"},
		{"jitter", "Jitter"},
		{"idle", "Idle"},
		{"video", "Video"},
		{"audio", "Audio"},
		{"fps", "Frame rate"},
		{"media", "Media time"},
		{"bytes", "Received"},
		{"first", "First key frame"},
		{"key", "Since key frame"},
		{"unacked", "Unacknow\u00adledged"},
		{"window", "Window"},
		{"queue", "Receive queue"},
		{"rtt", "Round trip"},
		{"for", "Connected"},
	} {
		numbers += fill(`<div><dt>{}</dt><dd data-live-text="{}">–</dd></div>`, n.label, n.id)
	}
	plots := ""
	for _, p := range [...]struct{ id, title, hint, legend string }{
		{"lag", "Arrival against media time", "How far the stream is behind its own clock: flat near zero is good, rising is a stall, falling is a burst.", ""},
		{"rate", "Bitrate as it arrives", "Over the last second.", `<span class="legend legend--video legend--steps">video</span><span class="legend legend--audio legend--steps">audio</span>`},
		{"frames", "Frame rate as it arrives", "Frames of the last second, beside what is declared.", `<span class="legend legend--video legend--steps">arrived</span><span class="legend legend--accent legend--thin">declared</span>`},
		{"jitter", "Jitter and idle time", "How unevenly it comes, and how long nothing came.", `<span class="legend legend--accent legend--line">jitter</span><span class="legend legend--audio legend--thin">idle</span>`},
	} {
		plots += fill(`<div class="plot"><div class="plot__head"><h3 id="live-{}-title">{}</h3>{!}</div><p class="plot__hint small muted">{}</p><div id="live-plot-{}" class="plot__canvas" role="group" tabindex="0" aria-roledescription="plot" aria-labelledby="live-{}-title"></div></div>`,
			p.id, p.title, p.legend, p.hint, p.id, p.id)
	}
	return raw(`<section id="now" class="panel" aria-labelledby="now-title"><div class="panel__head"><h2 id="now-title">How it arrives</h2>`+
		`<div class="toolbar" role="group" aria-label="How much the plots show"><button type="button" id="live-minute" class="btn btn--small" data-live-span="60000" aria-pressed="true">Last minute</button><button type="button" id="live-all" class="btn btn--small" data-live-span="0" aria-pressed="false">All</button></div></div>`+
		`<div class="panel__body"><dl id="live-numbers" class="live-numbers num" data-tick="0">{!}</dl>{!}`+
		`<details id="live-table" class="details small"><summary>As a table</summary><div class="table-wrap" tabindex="0" role="region" aria-label="How it arrives, as a table"></div></details></div></section>`, numbers, plots)
}
