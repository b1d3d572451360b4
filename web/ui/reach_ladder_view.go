package ui

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// ladder is every address and port, rung by rung, all to one scale of time.
func (c *reachPage) ladder(r *ReachRun) app.UI {
	list, scale := r.Result.ladders()
	body := []app.UI{raw(`<p id="scale" class="small muted">Times to scale: the whole width is {} from the start of the probe.</p>`, msText(scale))}
	if r.Result.DNS != nil {
		v := newRungView(r.Result.DNS, scale)
		body = append(body, el("ol", "dns", "rungs rungs--dns", []string{"aria-label", "Name look-up"}, c.rung(&v, "dns", r.ID)))
	}
	for i := range list {
		l := &list[i]
		rungs := make([]app.UI, len(l.Rungs))
		for j := range l.Rungs {
			rungs[j] = c.rung(&l.Rungs[j], l.Key, r.ID)
		}
		title := "ladder-" + l.Key
		body = append(body, el("section", "", "ladder", []string{"aria-labelledby", title, "data-ladder", l.Key, "data-state", l.State},
			raw(`<div class="ladder__head"><h3 id="{}"><span class="mono">{}</span><span class="ladder__note"> {}</span></h3><span class="ladder__sum">{!}<span class="num small muted">{}</span></span></div>`,
				title, l.Title, l.Note, badgeHTML(stateClass(l.State), stateIcon(l.State), l.Word), l.Time),
			el("ol", "", "rungs", nil, rungs)))
	}
	return panel("ladder", "Rung by rung", nil, body...)
}

// rung is one line: stage, state, bar, time; what was seen opens below it. The
// element that opens stays while its content changes.
func (c *reachPage) rung(v *RungView, ladder string, run int) app.UI {
	class, rect, mark := stateClass(v.State), "", ""
	if v.Width > 0 {
		rect = fill(`<rect class="bar bar--{}" x="{}" y="2" width="{}" height="8" rx="1"></rect>`, class, number(v.Start), number(v.Width))
	}
	if v.Open() {
		mark = iconHTML("chevron-down", "icon--s rung__mark") + `<span class="sr-only">, what was seen</span>`
	}
	// The text says what the bar shows.
	detail := ""
	if v.Detail != "" && v.State != rungWaiting && v.Detail != "Not reached." {
		detail = fill(`<span class="rung__detail small">{}</span>`, v.Detail)
	}
	line := raw(`<span class="rung__head"><span class="rung__line"><span class="rung__stage">{}</span><span class="rung__state rung__state--{}">{!} {}</span>`+
		`<svg class="rung__bar" viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true" focusable="false"><line class="bar__line" x1="0" y1="6" x2="1000" y2="6"></line>{!}</svg>`+
		`<span class="rung__time num">{}</span>{!}</span>{!}</span>`,
		v.Label, class, iconHTML(stateIcon(v.State), "icon--s"), v.Word, rect, v.Time, mark, detail)
	key := strconv.Itoa(run) + ladder + v.Stage
	inner := app.UI(&keyed{Key: key, Make: func() app.UI { return line }})
	if v.Open() {
		inner = &keyed{Key: key + "-more", Make: func() app.UI {
			return el("details", "", "rung__more", nil, el("summary", "", "", nil, line), app.Raw(seenHTML(v, ladder)))
		}}
	}
	return el("li", "", "rung", []string{"data-stage", v.Stage, "data-state", v.State}, inner)
}

// seenHTML is what a rung learned, and its transcript.
func seenHTML(v *RungView, ladder string) string {
	body := ""
	if len(v.Facts) > 0 {
		body = pairsHTML(v.Facts, "small rung__facts")
	}
	for i, cert := range v.Certs {
		title := "Certificate"
		if i > 0 {
			title = "Issued by"
		}
		list := []Value{{title, visible(cert.Subject)}, {"Issuer", visible(cert.Issuer)}, {"Valid", visible(cert.NotBefore) + " to " + visible(cert.NotAfter)}}
		if i == 0 && len(cert.Names) > 0 {
			list = append(list, Value{"Names", visible(strings.Join(cert.Names, ", "))})
		}
		body += pairsHTML(list, "small rung__facts")
	}
	lines := ""
	for _, l := range v.Lines {
		who := "remark"
		switch l.Dir {
		case ">":
			who = "sent"
		case "<":
			who = "received"
		}
		lines += fill(`<li class="seen__line seen__line--{}"><span class="seen__ms num">{}</span> <span class="seen__dir">{}</span> <span class="seen__text">{}</span></li>`, who, msAt(l.MS), who, visible(l.Text))
	}
	if lines != "" {
		body += fill(`<ol class="seen list-plain" tabindex="0" aria-label="{} transcript" data-transcript="{}">{!}</ol>`, v.Label, ladder+" "+v.Stage, lines)
	}
	return fill(`<div class="rung__seen">{!}</div>`, body)
}

// msAt is a moment of a transcript.
func msAt(ms float64) string {
	if t := msText(ms); t != "" {
		return t
	}
	return "0 ms"
}
