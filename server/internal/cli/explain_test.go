package cli

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const rejected = `[{"eventType":"Microsoft.Media.LiveEventConnectionRejected","eventTime":"2024-01-01T00:00:00Z","data":{"streamId":"` + key + `","ingestUrl":"rtmp://demo.channel.media.azure.net:1935/live/` + key + `","resultCode":"MPE_INGEST_CODEC_NOT_SUPPORTED"}}]`

func callExplain(o ExplainOptions) (code int, out, complaints string) {
	var stdout, stderr bytes.Buffer
	o.Stdout, o.Stderr = &stdout, &stderr
	code = Explain(context.Background(), o)
	return code, stdout.String(), stderr.String()
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	w.Close()
	return b.String()
}

func zippedTexts(texts ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, text := range texts {
		f, _ := w.Create("logs/" + string(rune('a'+i)) + ".txt")
		_, _ = io.WriteString(f, text)
	}
	w.Close()
	return b.String()
}

func TestExplainExitStatus(t *testing.T) {
	const nginx = "2024/01/01 12:00:00 [error] 7#7: *1 live: drop idle publisher, client: 203.0.113.5, server: 0.0.0.0:1935"
	for _, c := range []struct {
		name, text string
		profile    string
		code       int
		outs       []string // the report holds these
		complaint  string
	}{
		{name: "an error", text: rejected, code: 1, outs: []string{"MPE_INGEST_CODEC_NOT_SUPPORTED", "Azure Event Grid", "told from the text", "line 1"}},
		{name: "healthy", text: "20:01:02.345: OBS 30.1.2 (64-bit, windows)\n20:01:02.400: audio settings reset:\n", code: 0, outs: []string{"Nothing in this text points to a fault.", "OBS Studio log"}},
		{name: "nothing known", text: "hello\n", code: 0, outs: []string{"log-unknown"}},
		{name: "empty", text: "", code: 0, outs: []string{"There is nothing in it."}},
		{name: "a recording", text: "FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00", code: 1, outs: []string{"log-not-text", "an FLV recording"}},
		{name: "gzip", text: gzipped(rejected), code: 1, outs: []string{"MPE_INGEST_CODEC_NOT_SUPPORTED"}},
		{name: "zip", text: zippedTexts(rejected, nginx, "hello"), code: 1, outs: []string{"MPE_INGEST_CODEC_NOT_SUPPORTED", "A silent publisher was dropped", "nginx error log"}},
		{name: "cut gzip", text: gzipped(strings.Repeat(nginx+"\n", 1000))[:60], code: 2, outs: []string{}, complaint: "ingestdoctor:"},
		{name: "no gzip", text: "\x1f\x8bnonsense", code: 2, complaint: "it begins like gzip and is none"},
		{name: "part of a zip", text: zippedTexts(rejected)[:40], code: 2, complaint: "only a part of one"},
		{name: "given profile", text: rejected, profile: "twitch", code: 1, outs: []string{"Checked against: Twitch (twitch)"}},
		{name: "no such profile", text: rejected, profile: "nothing", code: 2, complaint: "there is no profile nothing"},
	} {
		for _, file := range []bool{false, true} {
			for _, asJSON := range []bool{false, true} {
				o := ExplainOptions{File: "-", Profile: c.profile, JSON: asJSON, Stdin: strings.NewReader(c.text)}
				if file {
					o.File = filepath.Join(t.TempDir(), "a "+key+".log")
					if err := os.WriteFile(o.File, []byte(c.text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				code, out, complaints := callExplain(o)
				if code != c.code {
					t.Errorf("%s (file %v, JSON %v): status %d, want %d: %s%s", c.name, file, asJSON, code, c.code, out, complaints)
				}
				if asJSON && len(c.outs) > 0 {
					var r struct {
						Format, Kind string
						Entries      []struct{ Text string }
					}
					if err := json.Unmarshal([]byte(out), &r); err != nil || r.Format != "ingestdoctor.report/1" || r.Kind != "log" {
						t.Errorf("%s: JSON %v: %s", c.name, err, out)
					}
				}
				for _, want := range c.outs {
					if !asJSON && !strings.Contains(out, want) {
						t.Errorf("%s (file %v): %q is not in\n%s", c.name, file, want, out)
					}
				}
				if !strings.Contains(complaints, c.complaint) {
					t.Errorf("%s: %q is not in %q", c.name, c.complaint, complaints)
				}
				if strings.Contains(out+complaints, "SecretSecret") {
					t.Errorf("%s (file %v, JSON %v): the key comes out: %s%s", c.name, file, asJSON, out, complaints)
				}
			}
		}
	}
}

func TestExplainUnreadable(t *testing.T) {
	code, _, complaints := callExplain(ExplainOptions{File: filepath.Join(t.TempDir(), "none.log")})
	if code != ExitUnusable || !strings.Contains(complaints, "there is no file") {
		t.Errorf("status %d: %s", code, complaints)
	}
	code, out, complaints := callExplain(ExplainOptions{File: "-", Stdin: io.MultiReader(strings.NewReader(rejected+"\n"), failing{})})
	if code != ExitUnusable || !strings.Contains(out, "MPE_INGEST_CODEC_NOT_SUPPORTED") || !strings.Contains(complaints, "Reading failed") {
		t.Errorf("status %d: %s%s", code, out, complaints)
	}
}

// A text without end is cut, and that is said.
func TestExplainIsBounded(t *testing.T) {
	l := &limited{r: zeros{}, left: 1000}
	n, err := io.Copy(io.Discard, l)
	if n != 1000 || err == nil || !strings.Contains(err.Error(), "the rest is not read") {
		t.Errorf("%d bytes, %v", n, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
