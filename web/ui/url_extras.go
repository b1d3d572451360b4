package ui

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// examples is the empty state: what each platform's URL looks like, one click
// from being tried.
func (c *urlPage) examples() app.UI {
	forms := c.desk.Forms
	if f := c.desk.form(c.desk.What.Profile); f != nil {
		return el("div", "examples", "stack", nil, c.form(f), panel("try", "Try it", nil, c.example(f)), c.whatYouGet())
	}
	if len(forms) == 0 {
		return c.whatYouGet()
	}
	items := make([]app.UI, 0, len(forms))
	for i := range forms {
		f := &forms[i]
		if f.ID != "azure-live-encoding" && f.Platform == "azure-media-services" && f.ID != "azure-v2" {
			continue // the same form
		}
		items = append(items, el("li", "", "", nil, c.example(f)))
	}
	return el("div", "examples", "stack", nil,
		panel("try", "Examples", nil,
			muted("Invented values, in each platform's form. Take one and change it."),
			el("ul", "", "list-plain urlcheck__examples", nil, items),
		),
		c.whatYouGet(),
	)
}

func (c *urlPage) example(f *URLForm) app.UI {
	example, id := f.Example, f.ID
	name := f.Name
	if f.Platform == "azure-media-services" && f.ID != "azure-v2" {
		name = "Azure Media Services"
	}
	b := app.Elem("button").Attr("type", "button").ID("try-"+id).Class("btn btn--small").Aria("label", "Try the example of "+name).Text("Try").
		OnClick(func(ctx app.Context, _ app.Event) {
			if c.desk.What.Split {
				c.setSplit(ctx, false, "")
			}
			if f := c.fields[urlField]; f != nil {
				f.Call("replace", example)
			}
		}, app.EventScope(id))
	if !c.live || c.desk.L == nil {
		b = b.Attr("disabled", true)
	}
	return el("div", "", "urlcheck__example", nil,
		el("div", "", "", nil,
			el("p", "", "small", nil, el("strong", "", "", nil, name)),
			el("code", "", "small", nil, f.Example),
		),
		b,
	)
}

func (c *urlPage) whatYouGet() app.UI {
	return panel("what", "What you get", nil,
		el("ul", "", "", nil,
			el("li", "", "", nil, "What is wrong, underlined at the very characters, each with its reason and its fix: scheme, port, host, application, access token, stream name, signature, expiry, stray characters, placeholders that were never replaced."),
			el("li", "", "", nil, "The mended URL, one click away, and the URL part by part with its secrets masked."),
			el("li", "", "", nil, "What to type into OBS Studio, FFmpeg, GStreamer and vMix: server, key, command."),
			el("li", "", "", nil, "For Tencent and Alibaba: until when the URL is good, whether its signature verifies with your key, and a freshly signed URL."),
		),
		el("p", "", "", nil, app.Text("A whole line from a mail, a command or a chat may be pasted: what does not belong is named and taken away. "),
			el("a", "", "", []string{"href", "/rules#ingest-urls"}, "All rules"), app.Text(" with their reasons.")),
	)
}

var signDurations = []struct {
	value, label string
}{
	{"3600", "1 hour"},
	{"43200", "12 hours"},
	{"86400", "1 day"},
	{"604800", "7 days"},
	{"2592000", "30 days"},
}

// signing is about a signed URL: how long it is good, whether it verifies, and
// a fresh one. The key stays in the browser.
func (c *urlPage) signing(r *URLResult, f *URLForm) app.UI {
	var body []app.UI
	if e := r.Expiry; e != nil {
		body = append(body, values(c.expiry(e), "urlcheck__expiry"))
		class, ic := "passed", "clock"
		switch n := e.Unix - c.now; {
		case n <= 0:
			class, ic = "error", "octagon-x"
		case n < 12*3600:
			class, ic = "warning", "triangle-alert"
		}
		body = append(body, raw(`<p><span id="expiry" class="sev sev--{} num">{!}It {}</span></p>`, class, iconHTML(ic, ""), left(e.Unix, c.now)))
	}
	state, class, ic := "", "", ""
	switch r.Signature {
	case "verified":
		state, class, ic = "The signature verifies with this key", "passed", "circle-check"
	case "mismatch":
		state, class, ic = "The signature does not verify", "error", "octagon-x"
	case "unchecked":
		state, class, ic = "The signature is not verified: type the key", "off", "circle-question-mark"
		if c.desk.What.SignKey != "" {
			state = "Signed with SHA-256, or without a time: only the platform can verify it"
		}
	default:
		state, class, ic = "The URL has no signature", "off", "circle-minus"
	}
	key := app.Input().ID("sign-key").Class("input input--secret mono").Type("text").AutoComplete(false).Spellcheck(false).
		Attr("autocapitalize", "off").Attr("data-1p-ignore", "true").Attr("data-lpignore", "true").Attr("data-bwignore", "true").
		Aria("describedby", "sign-hint signature").OnInput(c.setSignKey)
	if c.desk.Show {
		key = key.Class("input--shown")
	}
	options := make([]app.UI, 0, len(signDurations))
	for _, d := range signDurations {
		options = append(options, app.Option().Value(d.value).Text(d.label).Selected(d.value == c.signFor))
	}
	body = append(body,
		el("div", "", "field", nil,
			raw(`<label class="label" for="sign-key">Signing key</label>`),
			key,
			raw(`<p id="sign-hint" class="hint">From the platform's console. It stays in this browser, to verify {} and to sign.</p>`, f.Signed),
		),
		raw(`<p id="signature" data-state="{}">{!}</p>`, r.Signature, badgeHTML(class, ic, state)),
		el("div", "", "toolbar", nil,
			raw(`<label class="label" for="sign-for">Fresh URL, good for</label>`),
			app.Select().ID("sign-for").Class("select urlcheck__for").OnChange(c.setSignFor).Body(options...),
			action("sign", "btn", "key-round", "Sign", c.sign),
		),
		c.made("signed"),
	)
	return panel("signing", "Signature and expiry", nil, body...)
}

func (c *urlPage) expiry(e *URLExpiry) []Value {
	local := e.Local
	if local == "" {
		local = "the same: this computer's clock is on UTC"
	}
	return []Value{{"Good until", e.UTC}, {"Local time", local}, {"Says", "parameter " + e.Param}}
}

// made is a URL that was made on request.
func (c *urlPage) made(kind string) app.UI {
	m := c.desk.Made
	if m == nil || m.Kind != kind || m.URL == "" {
		return nothing()
	}
	shown := m.Shown
	if c.desk.Show {
		shown = m.URL
	}
	return el("div", "", "stack stack--tight", nil,
		raw(`<p id="made-label" class="small muted">The URL</p>`),
		commandBlock("made", shown, m.URL, "made-label", "Copy the URL"),
		el("p", "", "", nil, action("use-made", "btn btn--small", "check", "Use it", c.useMade)),
	)
}

// dataRates adds videodatarate and audiodatarate.
func (c *urlPage) dataRates(f *URLForm) app.UI {
	rate := func(id, label string, value *string) app.UI {
		return el("div", "", "field", nil,
			el("label", "", "label", []string{"for", id}, label),
			app.Input().ID(id).Class("input num").Type("text").Attr("inputmode", "numeric").AutoComplete(false).Value(*value).
				OnInput(c.setRate(value), app.EventScope(id)),
		)
	}
	sources := []app.UI{}
	if v, a := ratesOf(lastReport); v+a > 0 {
		sources = append(sources, app.Elem("button").Attr("type", "button").ID("last-rates").Class("btn btn--small").OnClick(c.lastRates).
			Body(icon("file-video", ""), app.Text("From the recording checked last ("+strconv.Itoa(v)+" and "+strconv.Itoa(a)+")")))
	}
	sources = append(sources,
		app.Input().ID("rate-report").Class("sr-only checker__file").Type("file").Accept(".json,application/json").OnChange(c.chooseReport),
		el("label", "", "btn btn--small", []string{"for", "rate-report"}, icon("file-json", ""), app.Text("From a report (JSON)")),
	)
	body := []app.UI{
		small(f.Short + " takes the rates in the URL where the encoder sends no metadata."),
		el("div", "", "urlcheck__rates", nil,
			rate("video-rate", "Video, kbit/s", &c.video),
			rate("audio-rate", "Audio, kbit/s", &c.audio),
			app.Elem("button").Attr("type", "button").ID("rates").Class("btn").OnClick(c.rates).Text("Add to the URL"),
		),
		el("div", "", "toolbar", nil, sources),
	}
	if c.ratesFrom != "" {
		body = append(body, el("p", "rates-from", "small muted", nil, c.ratesFrom))
	}
	return panel("datarates", "Data rates in the URL", nil, append(body, c.made("rates"))...)
}
