package ui

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

// What several pages have in common.

// countBadges are the numbers of findings; none is what stands there when there
// are none.
func countBadges(v *diag.Verdict, none string) app.UI { return app.Raw(countsHTML(v, none)) }

// countsHTML is countBadges within HTML.
func countsHTML(v *diag.Verdict, none string) string {
	badges := ""
	for _, n := range [...]struct {
		n         int
		sev       diag.Severity
		one, many string
	}{
		{v.Errors, diag.Error, "error", "errors"},
		{v.Warnings, diag.Warning, "warning", "warnings"},
		{v.Infos, diag.Info, "note", "notes"},
	} {
		if n.n > 0 {
			badges += badgeHTML(n.sev.String(), severityIcon(n.sev), plural(int64(n.n), n.one, n.many)) + " "
		}
	}
	if badges == "" {
		badges = fill(`<span class="muted">{}</span>`, none)
	}
	return fill(`<p id="counts" class="cluster small">{!}</p>`, badges)
}

// preload has the browser load the page's program, and the worker's where there
// is one, before the scripts ask for them.
func preload(ctx app.Context, worker string) {
	var list []app.Preload
	for _, address := range []string{ctx.ResolveStaticResource("/web/app.wasm"), worker} {
		if address != "" {
			list = append(list, app.Preload{Href: address + " crossorigin=anonymous", As: "fetch"})
		}
	}
	ctx.Page().SetPreloads(list...)
}

// findingGroups are findings by severity, each as a card, below what stands
// above them. The groups are always there, so that a new error does not remake
// the warnings below it; run tells the cards of one report from those of the
// next.
func findingGroups(list []Group, above app.UI, run string, card func(*FindingView) app.UI) app.UI {
	body := []app.UI{raw(`<h2 id="findings-title" class="sr-only">Findings</h2>`)}
	if above != nil {
		body = append(body, above)
	}
	for _, sev := range []diag.Severity{diag.Error, diag.Warning, diag.Info} {
		section := app.Elem("section").ID("findings-" + sev.String()).Class("stack stack--tight")
		var group Group
		for _, g := range list {
			if g.Severity == sev {
				group = g
			}
		}
		if len(group.Findings) == 0 {
			body = append(body, section.Hidden(true))
			continue
		}
		cards := []app.UI{raw(`<h3 id="findings-{}-title">{} <span class="count">{}</span></h3>`, sev.String(), group.Title, strconv.Itoa(len(group.Findings)))}
		for i := range group.Findings {
			f := &group.Findings[i]
			cards = append(cards, &keyed{Key: run + f.Key, Make: func() app.UI { return card(f) }})
		}
		body = append(body, section.Aria("labelledby", "findings-"+sev.String()+"-title").Body(cards...))
	}
	s := app.Elem("section").ID("findings").Class("stack").Aria("labelledby", "findings-title")
	if len(list) == 0 {
		s = s.Hidden(true)
	}
	return s.Body(body...)
}

// checksPanel is what became of every rule.
func checksPanel(r *diag.Report) app.UI {
	list := checkGroups(r)
	body := make([]app.UI, 0, len(list))
	for _, g := range list {
		items := ""
		for _, k := range g.Checks {
			why := ""
			if k.Why != "" {
				why = fill(`<span class="muted"> {}</span>`, visible(k.Why))
			}
			items += fill(`<li data-check="{}" data-state="{}"><a href="/rules/{}">{}</a>{!}</li>`, k.Rule, g.State, k.Rule, k.Title, why)
		}
		// the element that opens stays while what is in it changes
		body = append(body, app.Elem("details").Class("details checks__group").DataSet("state", g.State).Body(
			app.Elem("summary").Body(raw(`<span>{!}<span class="count"> {}</span></span>`, badgeHTML(g.Class, g.Icon, g.Title), strconv.Itoa(len(g.Checks)))),
			raw(`<ul class="list-plain small checks__list">{!}</ul>`, items),
		))
	}
	return panel("checks", "Checks", []app.UI{
		app.Elem("span").Class("count").Text(plural(int64(len(r.Checks)), "rule", "rules")),
	}, body...)
}

// newerVersion says that one is ready.
func newerVersion(ready bool, reload app.EventHandler) app.UI {
	n := app.Elem("div").ID("update").Class("update callout")
	if !ready {
		return n.Hidden(true)
	}
	return n.Role("status").Body(
		icon("refresh-cw", ""),
		app.Elem("p").Text("A new version of this page is ready."),
		app.Elem("p").Body(
			app.Elem("button").Attr("type", "button").Class("btn btn--small").OnClick(reload).Text("Reload"),
		),
	)
}

// el makes an element in one call: tag, id and class (empty for none),
// attributes as names and values in turn (a name that ends in ? stands without
// a value), and what is in it: texts and elements. A chain of calls says the
// same in more WebAssembly.
func el(tag, id, class string, attrs []string, body ...any) app.HTMLElem {
	e := app.Elem(tag)
	if id != "" {
		e = e.ID(id)
	}
	if class != "" {
		e = e.Class(class)
	}
	for i := 0; i+1 < len(attrs); i += 2 {
		if name, bare := strings.CutSuffix(attrs[i], "?"); bare {
			e = e.Attr(name, true)
		} else {
			e = e.Attr(name, attrs[i+1])
		}
	}
	list := make([]app.UI, 0, len(body))
	for _, b := range body {
		switch b := b.(type) {
		case string:
			list = append(list, app.Text(b))
		case []app.UI:
			list = append(list, b...)
		case app.UI:
			list = append(list, b)
		case nil:
		default:
			list = append(list, app.Text(b))
		}
	}
	return e.Body(list...)
}

// nothing holds the place of what is not there.
func nothing() app.UI { return el("div", "", "", []string{"hidden?", ""}) }

// action is a button with an icon (empty for none); scope is what its handler
// depends on (app.EventScope).
func action(id, class, ic, text string, f app.EventHandler, scope ...any) app.HTMLElem {
	body := []any{text}
	if ic != "" {
		body = []any{icon(ic, ""), text}
	}
	var options []app.EventOption
	if len(scope) > 0 {
		options = append(options, app.EventScope(scope...))
	}
	return el("button", id, class, []string{"type", "button"}, body...).OnClick(f, options...)
}

// commandBlock is a text to copy: what is shown, and what is copied.
func commandBlock(id, shown, copied, labelledBy, copyLabel string) app.UI {
	return el("div", "", "code-block code-block--wrap", nil,
		el("pre", "", "", []string{"tabindex", "0", "aria-labelledby", labelledBy}, el("code", id, "", nil, visible(shown))),
		copyButton(copied, copyLabel),
	)
}

// small is a paragraph in small print.
func small(body ...any) app.UI { return el("p", "", "small", nil, body...) }

// muted is one that steps back.
func muted(text string) app.UI { return el("p", "", "small muted", nil, text) }
