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
	facts := append(append([]Value(nil), f.Places...), f.Values...)
	basis := fill(`<dt>Whose word</dt><dd>{}</dd>`, f.Basis)
	if f.Source != "" {
		basis = fill(`<dt>Whose word</dt><dd>{}: {!}</dd>`, f.Basis, externalHTML(f.Source, f.SourceAt))
	}
	body := []app.UI{
		raw(`<header class="finding__head">{!}<h4 id="title-{}">{}</h4></header>`,
			badgeHTML(severityClass(f.Severity), severityIcon(f.Severity), severityWord(f.Severity)), key, f.Title),
		raw(`<p class="finding__message">{}</p>`, f.Message),
		raw(`<dl class="kv small finding__facts">{!}{!}</dl>`, rowsHTML(facts), basis),
	}
	if f.Fix != "" {
		body = append(body, raw(`<p class="finding__fix"><strong>What to do: </strong>{}</p>`, f.Fix))
	}
	if f.Why != "" {
		body = append(body, raw(`<details class="details small"><summary>Why it matters</summary><p>{}</p></details>`, f.Why))
	}
	if len(f.Codes) > 0 {
		codes := ""
		for _, l := range f.Codes {
			text, title := codeHTML(l.Code), ""
			if linkCodes && l.URL != "" {
				text = fill(`<a href="{}">{!}</a>`, l.URL, text)
			}
			if l.Title != "" {
				title = fill(`<span class="muted"> {}</span>`, l.Title)
			}
			codes += fill(`<li>{!}{!}{!}</li>`, text, copyHTML(l.Code, "Copy "+l.Code), title)
		}
		body = append(body, raw(`<details class="details small"><summary>May show as {}</summary><ul class="list-plain finding__codes">{!}</ul></details>`,
			plural(int64(len(f.Codes)), "platform code", "platform codes"), codes))
	}
	tools = append(tools[:len(tools):len(tools)], raw(`<a class="small" href="{}">About this rule<span class="sr-only">: {}</span></a>`, f.DocURL, f.Title))
	body = append(body, el("div", "", "toolbar", nil, tools))
	body = append(body, below...)
	return app.Elem("article").Class(class).Aria("labelledby", "title-"+key).
		DataSet("finding", f.Rule).DataSet("severity", f.Severity.String()).DataSet("key", key).Body(body...)
}
