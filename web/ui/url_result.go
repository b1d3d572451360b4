package ui

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

// verdict is the answer, in each of its states. The element stays the same, so
// that nothing jumps when one follows the other.
func (c *urlPage) verdict() app.UI {
	d := &c.desk
	r := d.Result
	state, sev, ic, class := "empty", diag.Off, "stethoscope", "verdict"
	headline, next := "Nothing typed yet", "The answer appears here while you type: first in one sentence, then each finding with its reason and its fix."
	var below []app.UI
	switch {
	case !c.live:
		headline = "Starting the linter"
	case d.Broken != "":
		state, ic, class = "broken", "octagon-x", "verdict verdict--error"
		headline, next = "The linter does not run here", d.Broken
	case r == nil && !d.What.Empty():
		state, ic, headline, next = "reading", "loader-circle", "Reading the URL", "The linter is still loading."
		class = "verdict verdict--working"
	case r != nil:
		state, sev = "done", r.Verdict.Severity
		ic, class = severityIcon(sev), "verdict verdict--"+severityClass(sev)
		headline, next = visible(r.Verdict.Headline), visible(r.Verdict.Next)
		below = []app.UI{countBadges(&r.Verdict, "No findings"), c.mended(r), c.actions(r)}
	}
	body := []app.UI{
		icon(ic, ""),
		el("p", "headline", "verdict__headline", nil, headline),
	}
	if next != "" {
		body = append(body, el("p", "next", "verdict__next", nil, next))
	}
	return app.Elem("section").ID("verdict").Class(class).TabIndex(-1).Aria("label", "Result").
		DataSet("state", state).DataSet("severity", sev.String()).Body(append(body, below...)...)
}

// mended offers the corrected URL.
func (c *urlPage) mended(r *URLResult) app.UI {
	if !r.Changed || r.Mended == "" {
		return nothing()
	}
	shown := r.Mended
	if c.desk.Show {
		shown = r.plain.Mended
	}
	return el("div", "", "urlcheck__mended", nil,
		el("h3", "mended-title", "", nil, "Mended URL"),
		commandBlock("mended", shown, r.plain.Mended, "mended-title", "Copy the mended URL"),
		el("p", "", "", nil,
			app.Elem("button").Attr("type", "button").ID("use").Class("btn btn--primary btn--small").OnClick(c.use).
				Body(icon("check", ""), app.Text("Use it")),
		),
	)
}

// actions are what can be done with the result.
func (c *urlPage) actions(r *URLResult) app.UI {
	var list []app.UI
	if at := r.probe(); at != "" {
		list = append(list, app.Elem("a").ID("probe").Class("btn btn--small").Attr("href", at).Title("Goes to the probe with scheme, host and port, nothing else").
			Body(icon("activity", ""), app.Text("Probe the host")))
	}
	list = append(list,
		app.Elem("button").Attr("type", "button").ID("copy-ticket").Class("btn btn--small").
			DataSet("copy", MarkdownURL(r)).DataSet("copy-done", "Copied as Markdown, secrets masked").
			Body(icon("clipboard", ""), app.Text("Copy for a ticket")),
		app.Elem("button").Attr("type", "button").ID("download").Class("btn btn--small").OnClick(c.download).
			Body(icon("download", ""), app.Text("Download JSON")),
	)
	return el("div", "", "verdict__actions toolbar", nil, list)
}

// findings are the evidence, by severity.
func (c *urlPage) findings() app.UI {
	var list []Group
	if r := c.desk.Result; r != nil {
		list = groups(r.views)
	}
	return findingGroups(list, nil, "", c.finding)
}

// finding is one card, with the way to its characters.
func (c *urlPage) finding(f *FindingView) app.UI {
	if !f.InText {
		return findingCard(f, false, nil)
	}
	// the finding as it stands now: the card outlives what it was made from
	return findingCard(f, false, []app.UI{
		app.Elem("button").Attr("type", "button").ID("show-"+f.Key).Class("btn btn--small").Aria("describedby", "title-"+f.Key).
			OnClick(func(app.Context, app.Event) { c.selectIn(f) }, app.EventScope(f.Key, f.Start, f.End, f.Field)).
			Body(icon("map-pin", ""), app.Text("Select it in the field")),
	})
}

// details is the second column: the parts, what to type where, and what the
// platform's URLs bring besides; before anything is typed, examples.
func (c *urlPage) details() []app.UI {
	r := c.desk.Result
	if r == nil {
		return []app.UI{c.examples()}
	}
	list := []app.UI{c.parts(r)}
	if f := c.desk.current(); f != nil {
		if f.Signed != "" {
			list = append(list, c.signing(r, f))
		}
		if f.Rates != "" {
			list = append(list, c.dataRates(f))
		}
	}
	list = append(list, c.settings(r))
	if f := c.desk.current(); f != nil {
		list = append(list, c.form(f))
	}
	return append(list, checksPanel(&r.Report))
}

func (c *urlPage) showSecrets() app.UI {
	text, pressed := "Show secrets", "false"
	if c.desk.Show {
		text, pressed = "Hide secrets", "true"
	}
	return app.Elem("button").Attr("type", "button").ID("show-secrets").Class("btn btn--small").Aria("pressed", pressed).OnClick(c.toggleShow).
		Body(icon("eye", ""), app.Text(text))
}

func (c *urlPage) parts(r *URLResult) app.UI {
	rows := ""
	secret := false
	for i := range r.Parts {
		p := &r.Parts[i]
		value, more := p.Value, ""
		if c.desk.Show {
			value = r.plain.Parts[i]
		}
		secret = secret || p.Secret
		if p.Secret {
			more = ` <span class="tag">secret</span>`
		}
		if p.Note != "" {
			more += fill(`<p class="muted small">{}</p>`, visible(p.Note))
		}
		rows += fill(`<tr data-part="{}"><th scope="row">{}</th><td><code>{}</code>{!}</td></tr>`, p.Name, partName(p), visible(value), more)
	}
	if rows == "" {
		return panel("parts", "Part by part", nil, muted("Nothing in it can be taken apart as a URL."))
	}
	var head []app.UI
	if secret || c.desk.Show {
		head = []app.UI{c.showSecrets()}
	}
	return panel("parts", "Part by part", head,
		raw(`<table class="table table--dense urlcheck__parts"><thead class="sr-only"><tr><th scope="col">Part</th><th scope="col">Value</th></tr></thead><tbody>{!}</tbody></table>`, rows),
	)
}

// settings are what to type into common encoders.
func (c *urlPage) settings(r *URLResult) app.UI {
	if len(r.Settings) == 0 {
		return panel("settings", "What to type where", nil,
			el("p", "", "muted", nil, "There is no RTMP URL to make settings from yet."))
	}
	body := make([]app.UI, 0, 4*len(r.Settings))
	if r.Verdict.Errors > 0 {
		text := "Made from the URL as it stands, which has errors."
		if r.Changed && r.Mended != "" {
			text = "Made from the mended URL."
		}
		body = append(body, muted(text))
	}
	for i := range r.Settings {
		s := &r.Settings[i]
		block := []app.UI{el("h3", "set-"+s.ID, "", nil, s.Name)}
		for k := range s.Fields {
			f := &s.Fields[k]
			value, shown := r.plain.Settings[i][k], f.Value
			if c.desk.Show {
				shown = value
			}
			id := "set-" + s.ID + "-" + strconv.Itoa(k)
			block = append(block, el("p", id, "small muted", nil, f.Label))
			if value == "" {
				block = append(block, small("Leave it empty."))
				continue
			}
			block = append(block, commandBlock("", shown, value, "set-"+s.ID+" "+id, "Copy "+f.Label+" for "+s.Name))
		}
		if s.Note != "" {
			block = append(block, small(s.Note))
		}
		body = append(body, app.Elem("section").Class("urlcheck__setting").DataSet("setting", s.ID).Aria("labelledby", "set-"+s.ID).Body(block...))
	}
	return panel("settings", "What to type where", nil, body...)
}

// form is what the platform's URLs look like.
func (c *urlPage) form(f *URLForm) app.UI {
	body := []app.UI{
		el("p", "", "mono urlcheck__template", nil, f.Template),
		el("p", "", "small", nil, app.Text("For example "), el("code", "", "", nil, f.Example), app.Text(" (invented).")),
	}
	if f.Note != "" {
		body = append(body, small(f.Note))
	}
	if f.Retired != "" {
		body = append(body, el("p", "", "small", nil, el("strong", "", "", nil, "Switched off on "+f.Retired+". "), app.Text(f.Instead)))
	}
	source := []app.UI{}
	if f.Source != "" {
		source = append(source, app.Text("Source: "), external(f.Source, f.URL), app.Text(". "))
	}
	source = append(source, app.Elem("a").Attr("href", "/profiles/"+f.ID).Text("All limits of this profile"))
	body = append(body, el("p", "", "small", nil, source))
	return panel("form", "The form of "+f.Name, nil, body...)
}
