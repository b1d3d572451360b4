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
		body = append(body, el("dt", "", "", nil, v.Label), el("dd", "", "", nil, v.Text))
	}
	return el("dl", "", "kv "+class, nil, body)
}

// copyButton copies a text; site.js does the work.
func copyButton(text, label string) app.UI {
	return app.Elem("button").Attr("type", "button").Class("copy-btn").DataSet("copy", text).Aria("label", label).Title("Copy").
		Body(icon("copy", ""))
}

// external is a link to somebody else's page.
func external(text, address string) app.UI {
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
		return el("span", "", "", nil, text)
	}
	return app.Elem("a").Attr("href", address).Attr("rel", "noreferrer").Attr("target", "_blank").Text(text)
}

// panel is a titled surface.
func panel(id, title string, head []app.UI, body ...app.UI) app.UI {
	top := append([]app.UI{app.Elem("h2").ID(id + "-title").TabIndex(-1).Text(title)}, head...)
	return app.Elem("section").ID(id).Class("panel").Aria("labelledby", id+"-title").Body(
		el("div", "", "panel__head", nil, top),
		el("div", "", "panel__body", nil, body),
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
