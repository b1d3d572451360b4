package ui

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

func (c *urlPage) Render() app.UI {
	d := &c.desk
	class := "page page--tool"
	if d.Result != nil {
		class += " page--answered"
	}
	// linter.js finds its parts here, and begins to load them with the page.
	parts := []string{
		"data-linter", "start", "data-worker", app.Getenv("ASSET_LINTER_JS"), "data-wasm", app.Getenv("ASSET_LINTER_WASM"),
		"data-scripts", app.Getenv("ASSET_WORKER_SCRIPTS"), "data-version", app.Getenv("PROGRAM_VERSION"),
	}
	return el("div", "", "app-shell", nil,
		app.Raw(c.header),
		el("main", "main", class, []string{"tabindex", "-1"},
			el("div", "", "wrap", nil,
				raw(`<header class="page-head"><h1>Check an ingest URL</h1><p class="lede checker__lede">Type or paste what the encoder is given, and read what is wrong with it at the very characters.</p></header>`),
				el("div", "", "tool-grid checker urlcheck", parts,
					el("div", "", "stack checker__main", nil, c.input(), c.verdict(), c.findings()),
					el("div", "details", "checker__details", []string{"tabindex", "-1", "aria-label", "Details", "role", "region"}, c.details()),
				),
			),
		),
		app.Raw(c.footer),
		el("p", "status", "sr-only", []string{"role", "status", "aria-live", "polite"}, c.status),
		newerVersion(c.update, c.reload),
	)
}

// input is what a person has: one URL, or server and key.
func (c *urlPage) input() app.UI {
	split := c.desk.What.Split
	return el("section", "", "stack stack--tight", []string{"aria-labelledby", "input-title"},
		raw(`<h2 id="input-title" class="sr-only">Ingest URL</h2>`),
		el("div", "", "urlcheck__mode", []string{"role", "radiogroup", "aria-label", "What you have"},
			c.mode("one", "One URL", !split, false),
			c.mode("two", "Server and key", split, true),
		),
		c.field(urlField, "Ingest URL", split),
		c.field(serverField, "Server", !split),
		c.field(keyField, "Stream key", !split),
		raw(`<p id="url-hint" class="checker__uploaded small">{!}<strong>It stays in this tab.</strong> <span class="muted">Read in this browser, by a part that cannot connect to anything. Nothing typed here is stored, sent or put into the address bar.</span></p>`, iconHTML("shield-check", "")),
		c.problem(),
		c.picker(),
	)
}

func (c *urlPage) mode(id, label string, on, split bool) app.UI {
	in := app.Input().ID(id).Type("radio").Name("what").Checked(on).OnChange(c.split(split), app.EventScope(id))
	if !c.live {
		in = in.Disabled(true)
	}
	return el("label", "", "urlcheck__choice", []string{"for", id}, in, app.Text(label))
}

// field is a text area with what is underlined in it behind.
func (c *urlPage) field(at int, label string, hidden bool) app.UI {
	id := fieldIDs[at]
	area := app.Elem("textarea").ID(id).Class("marked__input").Attr("rows", "1").Attr("wrap", "soft").
		Attr("autocomplete", "off").Attr("spellcheck", "false").
		Attr("autocapitalize", "off").Attr("autocorrect", "off").
		Attr("data-1p-ignore", "true").Attr("data-lpignore", "true").Attr("data-bwignore", "true").
		Aria("describedby", "headline url-hint").
		OnInput(c.typed(at), app.EventScope(id))
	if bad := c.invalid(at); bad {
		area = area.Aria("invalid", "true")
	} else {
		area = area.Aria("invalid", "false")
	}
	if !c.live {
		area = area.Attr("disabled", true)
	}
	box := el("div", "", "field", nil,
		el("label", "", "label", []string{"for", id}, label),
		el("div", "", "marked", nil,
			app.Elem("div").ID(id+"-marks").Class("marked__text").Aria("hidden", "true"),
			area,
		),
	)
	if hidden {
		box = box.Hidden(true)
	}
	return box
}

// invalid reports whether an error stands in that field.
func (c *urlPage) invalid(at int) bool {
	r := c.desk.Result
	if r == nil {
		return false
	}
	for i := range r.views {
		f := &r.views[i]
		if f.Severity == diag.Error && (f.Field == "key") == (at == keyField) {
			return true
		}
	}
	return false
}

// problem is what keeps the page from working, or what the last action could not do.
func (c *urlPage) problem() app.UI {
	text, class := c.desk.Notice, "callout callout--warning"
	if c.desk.Broken != "" {
		text, class = c.desk.Broken, "callout callout--error"
	}
	if text == "" {
		if !c.live {
			return app.Elem("noscript").Body(
				el("p", "", "callout callout--warning", nil, "Checking a URL needs JavaScript and WebAssembly: it is read in your browser, not on a server. The command line does the same: ingestdoctor url -"),
			)
		}
		return nothing()
	}
	body := []app.UI{icon("triangle-alert", ""), el("p", "problem", "", nil, text)}
	if c.desk.Broken != "" {
		body = append(body, el("p", "", "", nil,
			app.Elem("button").Attr("type", "button").Class("btn btn--small").OnClick(c.reload).Body(icon("refresh-cw", ""), app.Text("Reload the page")),
		))
	}
	return el("div", "", class, nil, body)
}

// picker chooses the profile; the URL tells it where nobody does.
func (c *urlPage) picker() app.UI {
	d := &c.desk
	sel := app.Select().ID("profile").Class("select").OnChange(c.setProfile).Aria("describedby", "recognised")
	if !c.live {
		sel = sel.Disabled(true)
	}
	list := shipped
	if len(d.Forms) > 0 {
		list = make([]diag.Profile, len(d.Forms))
		for i := range d.Forms {
			f := &d.Forms[i]
			list[i] = diag.Profile{ID: f.ID, Name: f.Name, Platform: f.Platform, Short: f.Short}
		}
	}
	options := []app.UI{app.Option().Value("").Text("The platform that the URL tells").Selected(d.What.Profile == "")}
	for _, g := range profileGroups(list) {
		items := make([]app.UI, 0, len(g.Profiles))
		for i := range g.Profiles {
			p := &g.Profiles[i]
			o := app.Option().Value(p.ID).Text(p.Name)
			if p.ID == d.What.Profile {
				o = o.Selected(true)
			}
			items = append(items, o)
		}
		if g.Name == "" {
			options = append(options, items...)
			continue
		}
		options = append(options, app.OptGroup().Label(g.Name).Body(items...))
	}
	text := d.recognised()
	if text == "" {
		text = "Choose one to see its form, or where the host does not tell it."
	}
	return el("div", "", "field panel checker__picker urlcheck__picker", nil,
		el("label", "", "label", []string{"for", "profile"}, "Check against"),
		sel.Body(options...),
		el("p", "recognised", "hint", nil, text),
	)
}
