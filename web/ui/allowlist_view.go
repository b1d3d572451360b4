package ui

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

// allowList helps with a platform's allow list. All of it happens in the
// browser; static/js/reach.js tells what is typed.
func (c *reachPage) allowList() app.UI {
	off, mine := " disabled", " disabled"
	if c.live {
		off = ""
		if c.desk.Me != nil && c.desk.Me.Address != "" {
			mine = ""
		}
	}
	return panel("allowlist", "Is the encoder on the allow list?", nil,
		raw(`<div class="stack"><p class="small">Some platforms let known addresses in only (<a href="/codes/azure-media-services/MPE_INGEST_ENCODER_CONNECTION_DENIED">Azure</a>, Tencent’s <a href="/codes/tencent-css/18-401">allow list</a> and <a href="/codes/tencent-css/18-400">block list</a>). Paste the list; nothing of it leaves this browser.</p>`+
			`<div class="field"><label class="label" for="allow">Allow list</label>`+
			`<textarea id="allow" class="input mono allow__text" rows="5" spellcheck="false" autocapitalize="none" autocomplete="off" maxlength="65536" placeholder="203.0.113.0/24, 2001:db8::/48" aria-describedby="allow-hint" data-reach="input"{!}></textarea>`+
			`<p class="hint" id="allow-hint">Addresses, CIDR ranges, masks or from–to, IPv4 and IPv6; one a line or separated by commas.</p></div>`+
			`<div class="field"><label class="label" for="encoder">The encoder’s public address, or several</label>`+
			`<input id="encoder" class="input mono" type="text" spellcheck="false" autocapitalize="none" autocomplete="off" maxlength="1000" placeholder="203.0.113.7" data-reach="input"{!}></div></div>`, off, off),
		raw(`<p><button type="button" class="btn btn--small" id="use-mine" data-reach="click"{!}>Use the address of this browser</button></p>`, mine),
		raw(`{!}`, c.allowAnswer()),
		raw(`{!}`, c.allowTable()),
	)
}

// allowAnswer says whether the encoder is let in.
func (c *reachPage) allowAnswer() string {
	if len(c.encoders) == 0 {
		return `<div id="allow-answer" hidden></div>`
	}
	body := ""
	for i := range c.encoders {
		class, ic, text := c.encoderAnswer(&c.encoders[i])
		note := ""
		if n := c.encoders[i].Note; n != "" {
			note = fill(`<p class="small">{}</p>`, n)
		}
		body += fill(`<div class="callout callout--{}" data-encoder="{}" data-answer="{}">{!}<p>{}</p>{!}</div>`,
			class, c.encoders[i].Text, class, iconHTML(ic, ""), text, note)
	}
	return fill(`<div id="allow-answer" class="stack stack--tight">{!}</div>`, body)
}

// encoderAnswer says what the list does with one address.
func (c *reachPage) encoderAnswer(v *EncoderView) (class, ic, text string) {
	name := shorten(visible(v.Text), 60)
	switch {
	case v.Problem != "":
		return "warning", "triangle-alert", name + ": " + v.Problem + "."
	case c.allow == nil:
		return "warning", "triangle-alert", v.Addr.String() + ": the list is empty. Azure lets nobody in then; at Tencent an empty list is no list."
	case len(v.By) == 0:
		return "error", "octagon-x", v.Addr.String() + " is not on the list: the platform would refuse it."
	}
	by := v.By[0]
	text = v.Addr.String() + " is let in by line " + strconv.Itoa(by.Line) + " (" + by.Range() + ")"
	if n := len(v.By) - 1; n > 0 {
		others := make([]string, 0, 3)
		for _, e := range v.By[1:min(len(v.By), 4)] {
			others = append(others, strconv.Itoa(e.Line))
		}
		text += ", and also by " + pluralWord(n, "line ", "lines ") + strings.Join(others, ", ")
		if n > 3 {
			text += " and " + strconv.Itoa(n-3) + " more"
		}
	}
	if v.Note != "" {
		return "warning", "triangle-alert", text + "."
	}
	return "passed", "circle-check", text + "."
}

func pluralWord(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// allowSummary is what to announce of the list.
func (c *reachPage) allowSummary() string {
	var parts []string
	if len(c.encoders) == 1 {
		_, _, text := c.encoderAnswer(&c.encoders[0])
		parts = append(parts, text)
	}
	if s := c.allowCounts(); s != "" {
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func (c *reachPage) allowCounts() string {
	if c.allow == nil {
		return ""
	}
	valid, wrong, remarked := c.allow.counts()
	s := plural(int64(valid+wrong), "entry", "entries")
	if wrong > 0 {
		s += ", " + countText(int64(wrong)) + " not readable"
	}
	if remarked > 0 {
		s += ", " + countText(int64(remarked)) + " with a remark"
	}
	return s + "."
}

// allowTable is the list, entry by entry: those with a remark first.
func (c *reachPage) allowTable() string {
	if c.allow == nil {
		return `<div id="allow-table" hidden></div>`
	}
	rows, shown, left := "", 0, ""
	hidden := int64(0)
	for _, odd := range []bool{true, false} {
		for i := range c.allow.Entries {
			e := &c.allow.Entries[i]
			if odd != (e.severity() != diag.Off) {
				continue
			}
			if shown++; shown > maxAllowShown {
				hidden++
				continue
			}
			rows += allowRow(e)
		}
	}
	if hidden > 0 {
		left = fill(`<p class="small muted">{} not shown; they count all the same.</p>`, plural(hidden, "more entry is", "more entries are"))
	}
	return fill(`<div id="allow-table" class="stack stack--tight"><p class="small" id="allow-counts"><strong>{}</strong> {}</p>`+
		`<div class="table-wrap allow__table" tabindex="0" role="region" aria-label="The allow list, entry by entry"><table class="table table--dense">`+
		`<thead><tr><th scope="col" class="num">Line</th><th scope="col">Entry</th><th scope="col">What it means</th></tr></thead><tbody>{!}</tbody></table></div>{!}`+
		`<p class="small muted">By their own pages, Tencent takes IPv4 only, in ranges of /8, /16 and /24, and 500 rules at most; Azure lets nobody in while the list is empty.</p></div>`,
		c.allowCounts(), c.allow.Cut, rows, left)
}

func allowRow(e *AllowEntry) string {
	what := ""
	badge := func(s diag.Severity) string { return badgeHTML(severityClass(s), severityIcon(s), severityWord(s)) }
	switch {
	case !e.Valid():
		what = fill(`<p>{!} Not readable: {}.</p>`, badge(diag.Error), e.Problem)
	case len(e.Remarks) == 0:
		what = fill(`<p>{!} {}</p>`, badgeHTML("passed", "circle-check", "Fine"), e.meaning())
	default:
		what = fill(`<p class="muted">{}</p>`, e.meaning())
	}
	for _, r := range e.Remarks {
		what += fill(`<p>{!} {}</p>`, badge(r.Severity), r.Text)
	}
	if e.Mended != "" {
		what += fill(`<p>Write: <span class="code-copy"><code>{}</code>{!}</span></p>`, e.Mended, copyHTML(e.Mended, "Copy "+e.Mended))
	}
	line := strconv.Itoa(e.Line)
	return fill(`<tr data-allow-line="{}" data-severity="{}"><td class="num">{}</td><td class="allow__entry"><code>{}</code></td><td class="allow__what small">{!}</td></tr>`,
		line, e.severity().String(), line, shorten(visible(e.Text), 80), what)
}

// meaning is what an entry lets in.
func (e *AllowEntry) meaning() string {
	if e.From == e.To {
		return "One address."
	}
	return e.From.String() + " to " + e.To.String() + ", " + e.Size() + "."
}
