package ui

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// The words and numbers of the page. Units and rounding are those of
// rules.Format, so that a table says the same as the sentence beside it.

func bytesText(n int64) string     { return rules.Format(rules.Bytes, diag.I("", n)) }
func offsetText(n int64) string    { return rules.Format(rules.AtByte, diag.I("", n)) }
func countText(n int64) string     { return rules.Format(rules.Count, diag.I("", n)) }
func rateText(kbps float64) string { return rules.Format(rules.Kbps, diag.F("", kbps)) }
func fpsText(v float64) string     { return rules.Format(rules.PerSec, diag.F("", v)) }
func momentText(ms int64) string   { return rules.Moment(float64(ms)) }
func durationText(ms int64) string { return rules.Duration(float64(ms)) }

// exactText is a timestamp to the millisecond: 0:13.960.
func exactText(ms int64) string {
	text := momentText(ms)
	if ms < 0 {
		ms = -ms
	}
	return text + strconv.Itoa(int(ms%100/10)) + strconv.Itoa(int(ms%10))
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return countText(n) + " " + many
}

// speedText is a reading speed in MB/s of 1,000,000 bytes.
func speedText(bytesPerSecond float64) string {
	mb := bytesPerSecond / 1e6
	if mb < 10 {
		return strconv.FormatFloat(mb, 'f', 1, 64) + " MB/s"
	}
	return countText(int64(mb+0.5)) + " MB/s"
}

// leftText says how long reading will still take; it does not pretend to know tenths.
func leftText(seconds float64) string {
	switch {
	case seconds < 1.5:
		return "about a second left"
	case seconds < 100:
		return "about " + strconv.Itoa(int(seconds+0.5)) + " s left"
	case seconds < 5400:
		return "about " + strconv.Itoa(int(seconds/60+0.5)) + " min left"
	}
	return "about " + strconv.FormatFloat(seconds/3600, 'f', 1, 64) + " h left"
}

// severityWord and severityIcon go together wherever a severity is shown.
func severityWord(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "Error"
	case diag.Warning:
		return "Warning"
	case diag.Info:
		return "Note"
	}
	return "Passed"
}

func severityIcon(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "octagon-x"
	case diag.Warning:
		return "triangle-alert"
	case diag.Info:
		return "info"
	}
	return "circle-check"
}

// severityClass is the class suffix of site.css.
func severityClass(s diag.Severity) string {
	if s == diag.Off {
		return "passed"
	}
	return s.String()
}

// visible makes a file name or another foreign text safe to show: characters
// that print nothing, break lines or turn the direction of writing become
// visible escapes.
func visible(s string) string {
	plain := true
	for _, r := range s {
		if hidden(r) {
			plain = false
			break
		}
	}
	if plain && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			b.WriteString(`\u{`)
			b.WriteString(strconv.FormatInt(int64(r), 16))
			b.WriteByte('}')
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func hidden(r rune) bool {
	return r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) ||
		r == '\u2028' || r == '\u2029'
}

// shorten keeps the start and the end of a long name, where its extension is.
func shorten(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	tail := most / 3
	return string(runes[:most-tail-1]) + "…" + string(runes[len(runes)-tail:])
}

// downloadName makes a name for the report of a recording: the recording's own
// name, as far as every file system takes it.
func downloadName(name string) string {
	base := name
	if at := strings.LastIndexByte(base, '.'); at > 0 {
		base = base[:at]
	}
	base = strings.Map(func(r rune) rune {
		if hidden(r) || strings.ContainsRune(`<>:"/\|?*`, r) {
			return '_'
		}
		return r
	}, base)
	base = strings.Trim(base, " .")
	if base == "" {
		base = "recording"
	}
	if runes := []rune(base); len(runes) > 80 {
		base = string(runes[:80])
	}
	return base + ".ingestdoctor.json"
}
