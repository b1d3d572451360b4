package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"ingestdoctor/wasm/ingest"
)

func callURL(o URLOptions) (code int, out, complaints string) {
	var stdout, stderr bytes.Buffer
	o.Stdout, o.Stderr = &stdout, &stderr
	o.now = func() time.Time {
		return time.Date(2026, 11, 21, 20, 0, 0, 0, time.FixedZone("", 8*3600))
	}
	code = URL(o)
	return code, stdout.String(), stderr.String()
}

const key = "live_123456789_SecretSecretSecret"

func TestURLExitStatus(t *testing.T) {
	for _, c := range []struct {
		name      string
		o         URLOptions
		code      int
		out       string // the report holds this
		complaint string
	}{
		{"healthy", URLOptions{URL: "rtmps://live.twitch.tv/app/" + key}, 0, "Twitch (twitch, told from the host)", ""},
		{"a warning only", URLOptions{URL: "rtmp://play.example.com/live/a?txSecret=0123456789abcdef0123456789abcdef&txTime=7FFFFFFF"}, 0, "url-host", ""},
		{"an error", URLOptions{URL: "rtmp://live.twitch.tv:443/app/" + key}, 1, "url-port-scheme", ""},
		{"given profile", URLOptions{URL: "rtmp://live.twitch.tv/app/" + key, Profile: "youtube"}, 1, "it belongs to Twitch", ""},
		{"empty", URLOptions{URL: ""}, 1, "there is nothing here", ""},
		{"empty input", URLOptions{URL: "-", Stdin: strings.NewReader("")}, 1, "there is nothing here", ""},
		{"a newline alone", URLOptions{URL: "-", Stdin: strings.NewReader("\n")}, 1, "there is nothing here.", ""},
		{"one newline", URLOptions{URL: "-", Stdin: strings.NewReader("rtmps://live.twitch.tv/app/" + key + "\n")}, 0, "Nothing is wrong", ""},
		{"two newlines", URLOptions{URL: "-", Stdin: strings.NewReader("rtmps://live.twitch.tv/app/" + key + "\n\n")}, 1, "A line break", ""},
		{"a newline of Windows", URLOptions{URL: "-", Stdin: strings.NewReader("rtmps://live.twitch.tv/app/" + key + "\r\n")}, 0, "Nothing is wrong", ""},
		{"two newlines of Windows", URLOptions{URL: "-", Stdin: strings.NewReader("rtmps://live.twitch.tv/app/" + key + "\r\n\r\n")}, 1, "A line break", ""},
		{"a CR alone", URLOptions{URL: "-", Stdin: strings.NewReader("rtmps://live.twitch.tv/app/" + key + "\r")}, 1, "A line break", ""},
		{"a space before it", URLOptions{URL: "-", Stdin: strings.NewReader("rtmps://live.twitch.tv/app/" + key + " \n")}, 1, "A space", ""},
		{"no newline", URLOptions{URL: "-", Stdin: strings.NewReader("rtmps://live.twitch.tv/app/" + key)}, 0, "Nothing is wrong", ""},
		{"too long", URLOptions{URL: "-", Stdin: strings.NewReader("rtmp://live.example.com/live/" + strings.Repeat(key, 4000))}, 1, "longer than 16 kB", ""},
		{"no such profile", URLOptions{URL: "rtmp://live.twitch.tv/app/" + key, Profile: "nothing"}, 2, "", "there is no profile nothing"},
		{"broken input", URLOptions{URL: "-", Stdin: io.MultiReader(strings.NewReader("rtmp://x/"+key), failing{})}, 2, "", "standard input cannot be read"},
	} {
		var piped []byte
		var broken bool
		if c.o.Stdin != nil {
			var err error
			piped, err = io.ReadAll(c.o.Stdin)
			broken = err != nil
		}
		for _, asJSON := range []bool{false, true} {
			o := c.o
			o.JSON = asJSON
			if o.Stdin != nil {
				o.Stdin = bytes.NewReader(piped)
			}
			if broken {
				o.Stdin = io.MultiReader(o.Stdin, failing{})
			}
			code, out, complaints := callURL(o)
			checkURL(t, c.name, asJSON, code, c.code, out, c.out, complaints, c.complaint)
		}
	}
}

func checkURL(t *testing.T, name string, asJSON bool, code, wantCode int, out, wantOut, complaints, wantComplaint string) {
	t.Helper()
	if code != wantCode {
		t.Errorf("%s: exit status %d, want %d", name, code, wantCode)
	}
	if !asJSON && !strings.Contains(out, wantOut) {
		t.Errorf("%s: %q is not in\n%s", name, wantOut, out)
	}
	if (wantOut == "") != (out == "") {
		t.Errorf("%s: output %q", name, out)
	}
	if !strings.Contains(complaints, wantComplaint) || (wantComplaint == "") != (complaints == "") {
		t.Errorf("%s: complaints %q, want %q", name, complaints, wantComplaint)
	}
	if strings.Contains(out+complaints, "SecretSecret") {
		t.Errorf("%s: the key is in\n%s%s", name, out, complaints)
	}
}

func TestURLJSON(t *testing.T) {
	o := URLOptions{URL: "rtmp://user:SecretPass1@push.example.com/live/SecretRoom?txSecret=0123456789abcdef0123456789abcdef&txTime=5867D600", JSON: true, SignKey: "SecretSigningKey"}
	code, out, _ := callURL(o)
	if code != 1 {
		t.Errorf("exit status %d", code)
	}
	if strings.Count(out, "\n") != 1 || !strings.HasSuffix(out, "\n") {
		t.Errorf("not one line: %q", out)
	}
	var r struct {
		Format, Kind  string
		Profile       struct{ ID string }
		InputRedacted string `json:"input_redacted"`
		Mended        string
		Signature     string
		Parts         []struct {
			Name, Value, Param, Note string
			Start, End               int
			Secret                   bool
		}
		Findings []struct {
			Rule, Severity, Message string
			Start, End              int
			Args                    map[string]any
			Codes                   []string
			DocURL                  string `json:"doc_url"`
		}
		Expiry struct {
			Unix       int64
			UTC, Local string
		}
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out, "Secret1") || strings.Contains(out, "SecretPass") || strings.Contains(out, "SecretRoom") || strings.Contains(out, "SecretSigningKey") || strings.Contains(out, "0123456789abcdef") {
		t.Errorf("a secret is in %s", out)
	}
	const redacted = "rtmp://****:****@push.example.com/live/****?txSecret=****&txTime=5867D600"
	if r.Format != "ingestdoctor.report/1" || r.Kind != "url" || r.Profile.ID != "tencent-css" || r.InputRedacted != redacted || r.Mended != redacted || r.Signature != "mismatch" {
		t.Errorf("%+v", r)
	}
	if r.Expiry.Unix != 0x5867D600 || r.Expiry.UTC != "2016-12-31 16:00:00 UTC" || r.Expiry.Local != "2017-01-01 00:00:00 UTC+8" {
		t.Errorf("expiry %+v", r.Expiry)
	}
	found := map[string]bool{}
	for _, f := range r.Findings {
		found[f.Rule] = true
		if f.Message == "" || f.DocURL != "/rules/"+f.Rule || f.End < f.Start || f.End > len(o.URL) {
			t.Errorf("finding %+v", f)
		}
		if f.Rule == "url-expired" && o.URL[f.Start:f.End] != "5867D600" {
			t.Errorf("url-expired marks %q", o.URL[f.Start:f.End])
		}
	}
	if !found["url-expired"] || !found["url-auth-mismatch"] {
		t.Errorf("findings %v", found)
	}
	for _, p := range r.Parts {
		if p.Secret != strings.Contains(p.Value, ingest.Mask) {
			t.Errorf("part %+v", p)
		}
	}

	o.ShowSecrets = true
	if _, out, _ = callURL(o); !strings.Contains(out, "SecretRoom") || !strings.Contains(out, "SecretPass1") {
		t.Errorf("--show-secrets does not show them: %s", out)
	}
	if strings.Contains(out, "SecretSigningKey") {
		t.Errorf("the signing key is in %s", out)
	}
	o.JSON = false
	if _, out, _ = callURL(o); !strings.Contains(out, "SecretRoom") || strings.Contains(out, "SecretSigningKey") {
		t.Errorf("--show-secrets: %s", out)
	}
}

func TestOneNewlineLess(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a", "a"},
		{"a\n", "a"},
		{"a\r\n", "a"},
		{"a\n\n", "a\n"},
		{"a\r\n\r\n", "a\r\n"},
		{"a\n\r\n", "a\n"},
		{"a\r\r\n", "a\r"},
		{"a \n", "a "},
		{"a \r\n", "a "},
		{"", ""},
		{"\n", ""},
		{"\r\n", ""},
		{"a\r", "a\r"},
		{"a\n\r", "a\n\r"},
	} {
		if got := oneNewlineLess(c.in); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

func TestAround(t *testing.T) {
	line := strings.Repeat("a", 50) + "XY" + strings.Repeat("b", 50)
	before, marked, after := around(line, 50, 52)
	if marked != "XY" || !strings.HasPrefix(before, "...a") || !strings.HasSuffix(after, "b...") || len(before) != 34 || len(after) != 34 {
		t.Errorf("%q %q %q", before, marked, after)
	}
	if _, marked, _ := around("rtmp://x\u200by", 8, 11); marked != "\uFFFD" {
		t.Errorf("an invisible character is %q", marked)
	}
}
