package ui

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// fill writes HTML from a template of ours: {} becomes the next argument as
// text, safe in an element and in a quoted attribute, {!} becomes it as HTML that
// fill has made. What does not change while a person reads it is drawn so: a
// call of go-app for every element weighs ten times as much in the browser.
func fill(template string, args ...string) string {
	var b strings.Builder
	b.Grow(len(template) + 64)
	for i := 0; ; i++ {
		before, after, ok := strings.Cut(template, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		arg := ""
		if i < len(args) {
			arg = args[i]
		}
		if after[0] == '!' {
			b.WriteString(arg)
			template = after[2:]
		} else {
			escape(&b, arg)
			template = after[1:]
		}
	}
}

// escape makes text safe in HTML (html.EscapeString weighs 25 kB more).
func escape(b *strings.Builder, s string) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '"':
			b.WriteString("&#34;")
		case '\'':
			b.WriteString("&#39;")
		default:
			b.WriteByte(c)
		}
	}
}

// raw is fill as an element; the template has one root.
func raw(template string, args ...string) app.UI { return app.Raw(fill(template, args...)) }

// iconHTML is icon within HTML.
func iconHTML(name, class string) string {
	if iconsURL == "" || app.IsServer {
		iconsURL = app.Getenv("ASSET_ICONS")
	}
	return fill(`<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>`, class, iconsURL, name)
}

// copyHTML is copyButton within HTML.
func copyHTML(text, label string) string {
	return fill(`<button type="button" class="copy-btn" data-copy="{}" aria-label="{}" title="Copy">{!}</button>`, text, label, iconHTML("copy", ""))
}

// badgeHTML is a severity: icon, word and colour.
func badgeHTML(class, iconName, word string) string {
	return fill(`<span class="sev sev--{}">{!}{}</span>`, class, iconHTML(iconName, ""), word)
}

// pairsHTML is a list of labelled values.
func pairsHTML(list []Value, class string) string {
	return fill(`<dl class="kv {}">{!}</dl>`, class, rowsHTML(list))
}

// rowsHTML is what such a list holds.
func rowsHTML(list []Value) string {
	rows := ""
	for _, v := range list {
		rows += fill(`<dt>{}</dt><dd>{}</dd>`, v.Label, v.Text)
	}
	return rows
}

// codeHTML is a code that wraps at its underscores.
func codeHTML(code string) string {
	return "<code>" + strings.ReplaceAll(fill(`{}`, code), "_", "_<wbr>") + "</code>"
}

// externalHTML is external within HTML.
func externalHTML(text, address string) string {
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
		return fill(`<span>{}</span>`, text)
	}
	return fill(`<a href="{}" rel="noreferrer" target="_blank">{}</a>`, address, text)
}

// tableHTML is a table of texts that scrolls by itself; first is the class of
// the first column, which heads its rows.
func tableHTML(label string, head []string, rows [][]string, class string) string {
	top, body := "", ""
	for i, h := range head {
		c := class
		if i == 0 {
			c = ""
		}
		top += fill(`<th scope="col" class="{}">{}</th>`, c, h)
	}
	for _, row := range rows {
		body += "<tr>"
		for i, v := range row {
			if i == 0 {
				body += fill(`<th scope="row" class="{}">{}</th>`, class, v)
			} else {
				body += fill(`<td class="{}">{}</td>`, class, v)
			}
		}
		body += "</tr>"
	}
	return fill(`<div class="table-wrap" tabindex="0" role="region" aria-label="{}"><table class="table table--dense"><thead><tr>{!}</tr></thead><tbody>{!}</tbody></table></div>`, label, top, body)
}
