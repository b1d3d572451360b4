package ui

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// findingCard is one finding: what, where, how much, what to do. tools stand
// before the link to the rule's page, below follows at the end. Where findings
// can change places, wrap it in a keyed with the finding's Key.
func findingCard(f *FindingView, selected bool, tools []app.UI, below ...app.UI) app.UI {
	key := f.Key
	class := "finding finding--" + f.Severity.String()
	if selected {
		class += " finding--selected"
	}
	facts := make([]app.UI, 0, 2*(len(f.Places)+len(f.Values)+1))
	for _, v := range f.Places {
		facts = append(facts, app.Dt().Text(v.Label), app.Dd().Text(v.Text))
	}
	for _, v := range f.Values {
		facts = append(facts, app.Dt().Text(v.Label), app.Dd().Text(v.Text))
	}
	basis := []app.UI{app.Text(f.Basis)}
	if f.Source != "" {
		basis = append(basis, app.Text(": "), external(f.Source, f.SourceAt))
	}
	facts = append(facts, app.Dt().Text("Whose word"), app.Dd().Body(basis...))

	body := []app.UI{
		app.Header().Class("finding__head").Body(
			severityBadge(f.Severity),
			app.H4().ID("title-"+key).Text(f.Title),
		),
		app.P().Class("finding__message").Text(f.Message),
		quoteList(f.Quotes),
		app.Dl().Class("kv small finding__facts").Body(facts...),
	}
	if f.Fix != "" {
		body = append(body, app.P().Class("finding__fix").Body(app.Strong().Text("What to do: "), app.Text(f.Fix)))
	}
	if f.Why != "" {
		body = append(body, app.Details().Class("details small").Body(
			app.Summary().Text("Why it matters"),
			app.P().Text(f.Why),
		))
	}
	if len(f.Codes) > 0 {
		codes := make([]app.UI, 0, len(f.Codes))
		for _, l := range f.Codes {
			var text app.UI = codeText(l.Code)
			if linkCodes && l.URL != "" {
				text = app.A().Href(l.URL).Body(text)
			}
			item := []app.UI{text, copyButton(l.Code, "Copy "+l.Code)}
			if l.Title != "" {
				item = append(item, app.Span().Class("muted").Text(" "+l.Title))
			}
			codes = append(codes, app.Li().Body(item...))
		}
		body = append(body, app.Details().Class("details small").Body(
			app.Summary().Text("May show as "+plural(int64(len(f.Codes)), "platform code", "platform codes")),
			app.Ul().Class("list-plain finding__codes").Body(codes...),
		))
	}
	tools = append(tools[:len(tools):len(tools)], app.A().Class("small").Href(f.DocURL).Body(
		app.Text("About this rule"),
		app.Span().Class("sr-only").Text(": "+f.Title),
	))
	body = append(body, app.Div().Class("toolbar").Body(tools...))
	body = append(body, below...)
	return app.Article().Class(class).Aria("labelledby", "title-"+key).
		DataSet("finding", f.Rule).DataSet("severity", f.Severity.String()).DataSet("key", key).Body(body...)
}
