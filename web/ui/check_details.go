package ui

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// details is the second column: plots, media, checks;
// before a recording is chosen, how to come by one.
func (c *checkPage) details() []app.UI {
	j := c.desk.Shown
	if j == nil || !j.Detailed() {
		return []app.UI{c.help()}
	}
	return []app.UI{
		c.plots(j),
		c.media(j),
		c.checks(j),
	}
}

// help is the empty state.
func (c *checkPage) help() app.UI {
	const line = "ffmpeg -i rtmp://SERVER/APP/STREAM -t 60 -c copy -f flv recording.flv"
	return el("div", "", "stack", nil,
		panel("how", "How to make a recording", nil,
			raw(`<p>Record what your encoder sends, for a minute or until the fault shows, in the FLV container: it holds the same tags that go over RTMP.</p>`),
			raw(`<h3>In OBS Studio</h3>`),
			raw(`<p>Settings, Output, Recording: set Recording Format to Flash Video (.flv) and Recording Quality to Same as stream. Then start the recording together with the stream.</p>`),
			raw(`<h3>With FFmpeg, from a server that receives the stream</h3>`),
			raw(`<div class="code-block code-block--wrap"><pre tabindex="0" aria-label="Command"><code id="record-line">{}</code></pre>{!}</div>`, line, copyHTML(line, "Copy the command")),
			raw(`<p>No way to record? <a href="/live">Push a test stream</a> instead: it is checked while it comes.</p>`),
			raw(`<h3>With an MP4, MKV or TS</h3>`),
			raw(`<p>Drop it here all the same: you get the line that makes an FLV of it, and what such a copy hides.</p>`),
		),
		panel("what", "What you get", nil,
			raw(`<ul><li>The answer first: would the platform take this stream, and if not, why.</li>`+
				`<li>Each finding with its place (0:14.2, byte 1,234,567), the measured value beside the limit, on whose word the limit rests, and the fix.</li>`+
				`<li>Plots of bitrate, frame rate, key frame interval, audio against video, and timestamps against bytes.</li>`+
				`<li>The bytes around a finding, with every field named.</li>`+
				`<li>A report to download, and a summary to paste into a ticket.</li></ul>`),
			raw(`<p><a href="/rules">All rules</a>, each with its reason and its source.</p>`),
		),
	)
}
