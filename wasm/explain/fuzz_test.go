package explain

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// Whatever is pasted: no panic, the same report for any chunking, bounds held,
// findings as their rules declare them.
func FuzzExplain(f *testing.F) {
	for _, p := range corpus(f) {
		f.Add(p.text, 7)
	}
	f.Add([]byte(`{"a":{"b":[1,2,{"c":"{\"eventType\":\"Microsoft.Media.X\"}`), 3)
	f.Add([]byte("\xff\xfe\x3d\xd8"), 1)
	f.Add([]byte("20:00:00.000: \n20:00:00.000: \t\n[[[[[{{{{\n\"a\":\n"), 2)
	f.Fuzz(func(t *testing.T, text []byte, chunk int) {
		if len(text) > 64<<10 {
			return
		}
		r := explained(text, 1<<30)
		if chunk > 0 && chunk < 4096 {
			if a, b := r.JSON(), explained(text, chunk).JSON(); !bytes.Equal(a, b) {
				t.Fatalf("chunks of %d:\n%s\n%s", chunk, a, b)
			}
		}
		if len(r.Entries) > MaxEntries {
			t.Fatalf("%d entries", len(r.Entries))
		}
		for i := range r.Findings {
			fi := &r.Findings[i]
			if err := rules.Validate(fi); err != nil {
				t.Fatal(err)
			}
			if fi.First < 1 || fi.Final < fi.First {
				t.Fatalf("%s at %+v", fi.Rule, fi.Lines)
			}
		}
		if !utf8.Valid(r.JSON()) {
			t.Fatal("JSON is no UTF-8")
		}
	})
}

// Around every secret of the corpus anything may stand, and the secret still
// does not come out where the paste shows what it is.
func FuzzSecrets(f *testing.F) {
	f.Add("20:02:00.100: [rtmp stream: 'x'] Connecting to RTMP URL ", "\n")
	f.Add(`{"streamKey": "`, `"}`)
	f.Add("2024/01/01 12:00:00 [info] 7#7: *1 publish: name='", "' args=''")
	f.Fuzz(func(t *testing.T, before, after string) {
		const secret = "sk_Zq8Kp3LmN7xT"
		if len(before)+len(after) > 4096 || strings.Contains(before+after, secret[:6]) {
			return
		}
		for _, form := range []string{"rtmp://live.example.com/live/" + secret, `"streamKey": "` + secret + `"`, "stream key: " + secret, "token=" + secret + " "} {
			text := before + "\n" + form + "\n" + after
			if strings.ContainsAny(before, "\x00") {
				return // may be taken for UTF-16
			}
			e := New(Options{Size: int64(len(text)), Tell: rules.Tell})
			_, _ = e.Write([]byte(text))
			r := e.Close(diag.StateComplete, "")
			if strings.Contains(string(r.JSON()), secret) {
				t.Fatalf("%q: in the report: %s", text, r.JSON())
			}
			if out := e.Mask(text); strings.Contains(out, secret) {
				t.Fatalf("%q: in the mask: %q", text, out)
			}
		}
	})
}
