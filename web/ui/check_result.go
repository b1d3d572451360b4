package ui

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

// verdict is the answer, in each of its states. The element stays the same, so
// that nothing jumps when one follows the other.
func (c *checkPage) verdict() app.UI {
	d := &c.desk
	j := d.Shown
	state, sev, ic := "empty", diag.Off, "stethoscope"
	class := "verdict"
	headline, next := "No recording chosen yet", "The answer appears here: first in one sentence, then each finding with its place and its fix."
	if !c.live {
		headline = "Starting the checker"
	}
	var below []app.UI
	switch {
	case d.Broken != "" && (j == nil || j.Report == nil):
		state, ic, class = "broken", "octagon-x", "verdict verdict--error"
		headline, next = "The checker does not run here", d.Broken
	case j == nil:
	case j.State == Unreadable:
		state, ic, class = "unreadable", "octagon-x", "verdict verdict--error"
		headline, next = "The recording could not be read", j.Problem
		below = append(below, c.again(j))
	case j.State == Unread:
		state, ic = "cancelled", "circle-minus"
		headline, next = "Not read", "Reading was cancelled before it began."
		below = append(below, c.again(j))
	case j.State == Waiting && j.Report == nil:
		state, ic = "reading", "hourglass"
		headline, next = "Waiting", "It is read as soon as the recording before it is done."
	case j.State != Done:
		state, ic, class = "reading", "loader-circle", "verdict verdict--working"
		headline, next = "Reading the recording", "The first findings appear in a moment."
		if j.Report != nil {
			sev = j.Report.Verdict.Severity
			headline = "So far: " + soFar(j.Report)
			next = "Findings are added while the recording is read."
		}
	default:
		v := &j.Report.Verdict
		state, sev = "done", v.Severity
		switch j.Report.Input.State {
		case diag.StateCancelled:
			state = "cancelled"
		case diag.StateFailed:
			state = "failed"
		}
		ic, class = severityIcon(sev), "verdict verdict--"+severityClass(sev)
		if sev <= diag.Info { // nothing found is no pass where not all was read
			switch state {
			case "cancelled":
				ic, class = "circle-minus", "verdict"
			case "failed":
				ic, class = "triangle-alert", "verdict verdict--warning"
			}
		}
		headline, next = visible(v.Headline), visible(v.Next)
		if _, ok := d.remux(); ok {
			next = "Copy it into an FLV with the line below; nothing is encoded anew. Then drop the FLV here."
		}
	}
	body := []app.UI{icon(ic, ""), el("h2", "headline", "verdict__headline", nil, headline)}
	if next != "" {
		body = append(body, el("p", "", "verdict__next", nil, next))
	}
	if j != nil {
		body = append(body, c.about(j)...)
	}
	body = append(body, below...)
	if state == "reading" && j.State != Waiting || j != nil && j == d.reading {
		body = append(body, c.progress(j))
	} else if j != nil && j.Report != nil {
		body = append(body, c.actions(j))
	}
	return app.Elem("section").ID("verdict").Class(class).TabIndex(-1).Aria("labelledby", "headline").
		DataSet("state", state).DataSet("severity", sev.String()).Body(body...)
}

// soFar is the verdict of a report that is not finished: no claim that all is well.
func soFar(r *diag.Report) string {
	if r.Verdict.Severity <= diag.Info {
		return "nothing that speaks against it"
	}
	return visible(r.Verdict.Headline)
}

// about names the recording, how far it was read and against what.
func (c *checkPage) about(j *Job) []app.UI {
	against, r := "", j.Report
	if r != nil {
		against = ", against " + r.Profile.Name
	}
	out := []app.UI{raw(`<p class="small muted"><bdi class="verdict__file">{}</bdi>, {}{}</p>`, shorten(visible(j.File.Name), 64), bytesText(j.File.Size), against)}
	if r == nil {
		return out
	}
	if j.State == Done {
		if s := inputState(&r.Input); s != "" {
			out = append(out, raw(`<p id="input-state" class="small"><strong>{}</strong></p>`, s))
		}
	}
	none := "No findings"
	if j.State != Done {
		none = "No findings yet"
	}
	return append(out, countBadges(&r.Verdict, none))
}

func (c *checkPage) again(j *Job) app.UI {
	id := j.ID
	return el("p", "", "", nil, action("again", "btn btn--small", "rotate-ccw", "Read it", func(ctx app.Context, _ app.Event) {
		c.desk.Again(id)
		c.after(ctx)
	}, "again", id))
}

// progress is how far reading has come, and the way out of it.
func (c *checkPage) progress(j *Job) app.UI {
	percent := j.Percent()
	text := bytesText(j.Read) + " of " + bytesText(j.File.Size)
	if j.Rate > 0 {
		text += ", " + speedText(j.Rate)
	}
	if left := j.Left(); left >= 0 && j.MS > 300 {
		text += ", " + leftText(left)
	}
	return el("div", "", "verdict__progress", nil,
		app.Progress().ID("progress").Class("progress").Max(100).Value(percent).
			Aria("label", "Reading "+visible(j.File.Name)),
		el("p", "progress-text", "small num", nil, text),
		action("cancel", "btn btn--small", "x", "Cancel", c.cancel),
	)
}

// actions are what can be done with a report.
func (c *checkPage) actions(j *Job) app.UI {
	return el("div", "", "verdict__actions toolbar", nil,
		raw(`<button type="button" id="copy-ticket" class="btn btn--small" data-copy="{}" data-copy-done="Copied as Markdown">{!}Copy for a ticket</button>`, Markdown(j.Report), iconHTML("clipboard", "")),
		action("download", "btn btn--small", "download", "Download JSON", c.download),
		el("span", "", "small muted num", nil, readText(j)),
	)
}

// readText says how fast it went, where that is worth saying.
func readText(j *Job) string {
	if j.MS < 1 || j.Read <= 0 {
		return ""
	}
	text := bytesText(j.Read) + " read in " + strconv.FormatFloat(j.MS/1000, 'f', 2, 64) + " s"
	if j.Read > 5e6 {
		text += " (" + speedText(float64(j.Read)/j.MS*1000) + ")"
	}
	return text
}

// remux is the way to FLV for a recording in another container.
func (c *reportParts) remux() app.UI {
	r, ok := c.desk.remux()
	if !ok {
		return nothing()
	}
	lines, hides, caveats := "", "", ""
	for i, l := range r.Lines {
		id := "remux"
		if i > 0 {
			id += "-" + strconv.Itoa(i+1)
		}
		lines += fill(`<p class="small muted" id="{}-label">{}</p><div class="code-block code-block--wrap"><pre tabindex="0" aria-labelledby="{}-label"><code id="{}">{}</code></pre>{!}</div>`,
			id, l.Shell, id, id, l.Line, copyHTML(l.Line, "Copy the command for "+l.Shell))
	}
	for _, h := range r.Hides {
		hides += fill(`<li>{}</li>`, h)
	}
	for _, t := range r.Caveats {
		caveats += fill(`<p class="small muted">{}</p>`, t)
	}
	return raw(`<section class="panel panel__body remux"><h3>Make an FLV of it</h3><p>This is {} recording. RTMP carries what an FLV holds, so copy it into one; nothing is encoded anew:</p>{!}`+
		`<p><strong>What such a copy hides from the checks:</strong></p><ul class="small">{!}</ul><p class="small">{}</p>{!}</section>`,
		r.Article, lines, hides, r.Keeps, caveats)
}
