package ui

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// keyed is an element that is made anew when its key changes, so that what the
// browser keeps of it (an open details, the focus) does not pass to another.
type keyed struct {
	app.Compo
	Key  string
	Make func() app.UI
}

// CompoID implements app.DismountEnforcer.
func (k *keyed) CompoID() string { return k.Key }

func (k *keyed) Render() app.UI { return k.Make() }

var iconsURL string

// icon draws a symbol of static/icons.svg; a word always stands beside it.
func icon(name, class string) app.UI {
	if iconsURL == "" || app.IsServer {
		iconsURL = app.Getenv("ASSET_ICONS")
	}
	if class != "" {
		class = " " + class
	}
	return app.Raw(`<svg class="icon` + class + `" aria-hidden="true" focusable="false"><use href="` + iconsURL + "#" + name + `"></use></svg>`)
}

// values is a list of labelled values.
func values(list []Value, class string) app.UI {
	body := make([]app.UI, 0, 2*len(list))
	for _, v := range list {
		body = append(body, app.Dt().Text(v.Label), app.Dd().Text(v.Text))
	}
	return app.Dl().Class("kv " + class).Body(body...)
}

// copyButton copies a text; site.js does the work.
func copyButton(text, label string) app.UI {
	return app.Button().Type("button").Class("copy-btn").DataSet("copy", text).Aria("label", label).Title("Copy").
		Body(icon("copy", ""))
}

// external is a link to somebody else's page.
func external(text, address string) app.UI {
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
		return app.Span().Text(text)
	}
	return app.A().Href(address).Rel("noreferrer").Target("_blank").Text(text)
}

// panel is a titled surface.
func panel(id, title string, head []app.UI, body ...app.UI) app.UI {
	top := append([]app.UI{app.H2().ID(id + "-title").TabIndex(-1).Text(title)}, head...)
	return app.Section().ID(id).Class("panel").Aria("labelledby", id+"-title").Body(
		app.Div().Class("panel__head").Body(top...),
		app.Div().Class("panel__body").Body(body...),
	)
}

// tool calls static/js/tool.js; a page without it still works.
func tool(method string, args ...any) app.Value {
	if app.IsServer {
		return nil
	}
	t := app.Window().Get("ingestTool")
	if !t.Truthy() {
		return nil
	}
	return t.Call(method, args...)
}

// currentNav marks the page in the shell's navigation, where the shell has not.
func currentNav(header, path string) string {
	link := `href="` + path + `"`
	if !strings.Contains(header, link) || strings.Contains(header, link+` aria-current`) {
		return header
	}
	// the shell is drawn once for all tool pages
	header = strings.ReplaceAll(header, ` aria-current="page"`, "")
	return strings.Replace(header, link, link+` aria-current="page"`, 1)
}
