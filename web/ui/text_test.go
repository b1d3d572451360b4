package ui

import (
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain.flv":                 "plain.flv",
		"ünï ©.flv":                 "ünï ©.flv",
		"a\nb\x1b[31m":              `a\u{a}b\u{1b}[31m`,
		"gpj.\u202efl\u200bv":       `gpj.\u{202e}fl\u{200b}v`,
		"\xff\xfe":                  `\u{fffd}\u{fffd}`,
		"<b>&amp;":                  "<b>&amp;",
		"line\u2028paragraph\u2029": `line\u{2028}paragraph\u{2029}`,
	} {
		if got := visible(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestShorten(t *testing.T) {
	if got := shorten("short.flv", 20); got != "short.flv" {
		t.Error(got)
	}
	long := strings.Repeat("ä", 100) + ".flv"
	got := shorten(long, 30)
	if n := len([]rune(got)); n != 30 || !strings.HasSuffix(got, "ä.flv") || !strings.Contains(got, "…") {
		t.Errorf("%q (%d)", got, n)
	}
}

func TestDownloadName(t *testing.T) {
	for in, want := range map[string]string{
		"a.flv":                   "a.ingestdoctor.json",
		"my.show.mkv":             "my.show.ingestdoctor.json",
		`a/b\c:d*e?f"g<h>i|j.flv`: "a_b_c_d_e_f_g_h_i_j.ingestdoctor.json",
		".flv":                    "flv.ingestdoctor.json",
		"..":                      "recording.ingestdoctor.json",
		"":                        "recording.ingestdoctor.json",
		"a\nb\u202e.flv":          "a_b_.ingestdoctor.json",
	} {
		if got := downloadName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := downloadName(strings.Repeat("x", 500)); len(got) > 110 {
		t.Errorf("%d characters", len(got))
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		speedText(1.49e9):      "1,490 MB/s",
		speedText(2.34e6):      "2.3 MB/s",
		leftText(0.2):          "about a second left",
		leftText(12.4):         "about 12 s left",
		leftText(600):          "about 10 min left",
		leftText(9000):         "about 2.5 h left",
		exactText(14000):       "0:14.000",
		exactText(13960):       "0:13.960",
		exactText(3723004):     "1:02:03.004",
		hexOffset(0x132aa0):    "00132aa0",
		plural(1, "x", "xs"):   "1 x",
		plural(1234, "x", "y"): "1,234 y",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Each severity is a word, an icon and a colour, none of them shared.
func TestSeverities(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range []diag.Severity{diag.Off, diag.Info, diag.Warning, diag.Error} {
		for _, part := range []string{severityWord(s), severityIcon(s), "class " + severityClass(s)} {
			if seen[part] {
				t.Errorf("%s: %q is another's too", s, part)
			}
			seen[part] = true
		}
	}
}
