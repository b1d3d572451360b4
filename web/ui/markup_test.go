package ui

import (
	"html"
	"testing"
)

func TestFill(t *testing.T) {
	for _, tc := range []struct{ template, want string }{
		{"", ""},
		{"<p>plain</p>", "<p>plain</p>"},
		{`<p title="{}">{}{!}</p>`, `<p title="&lt;b&gt;&#34;&#39;&amp;">{} and {!}<i>x</i></p>`},
		{"{}", "&lt;b&gt;&#34;&#39;&amp;"},
		{"a{}b{}c{!}d{}e", "a&lt;b&gt;&#34;&#39;&amp;b{} and {!}c<i>x</i>de"},
	} {
		if got := fill(tc.template, `<b>"'&`, "{} and {!}", "<i>x</i>"); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.template, got, tc.want)
		}
	}
	all := ""
	for r := rune(1); r < 0x300; r++ {
		all += string(r)
	}
	if fill("{}", all) != html.EscapeString(all) {
		t.Error("not as html.EscapeString")
	}
}
