package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/ingest"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
	"ingestdoctor/wasm/worker"
)

const now = 1_795_000_000 // 2026-11-18

// request writes the texts as the worker does and lints.
func request(t *testing.T, s *session, text, key, profileID, sign string, split bool) []byte {
	t.Helper()
	all := text + key + profileID + sign
	if !s.Room(len(all), maxBuffer) {
		t.Fatalf("no room for %d bytes", len(all))
	}
	copy(s.In, all)
	n := s.lint(len(text), len(key), len(profileID), len(sign), split, now)
	if n <= 0 || n > len(s.Out) {
		t.Fatalf("lint: %d, %d bytes there", n, len(s.Out))
	}
	return bytes.Clone(s.Out[:n])
}

func TestSameAsDirect(t *testing.T) {
	azure, _ := profile.ByID("azure-live-encoding")
	for _, c := range []struct {
		name                       string
		text, key, profileID, sign string
		split                      bool
		want                       ingest.Options
	}{
		{name: "one URL", text: "rtmps://a.rtmp.youtube.com:1935/live2/abcd-efgh", want: ingest.Options{Input: "rtmps://a.rtmp.youtube.com:1935/live2/abcd-efgh"}},
		{
			name: "server and key", text: "rtmp://live.twitch.tv/app", key: "live_123 x", split: true,
			want: ingest.Options{Server: "rtmp://live.twitch.tv/app", Key: "live_123 x", Split: true},
		},
		{
			name: "profile", text: "rtmp://x.example/live/a", profileID: azure.ID,
			want: ingest.Options{Input: "rtmp://x.example/live/a", Profile: azure},
		},
		{
			name: "signing key", text: "rtmp://push.example.com/live/s?txSecret=f85a2ab363fe4deaffef9754d79da6fe&txTime=5867D600", profileID: "tencent-css", sign: "key",
			want: ingest.Options{Input: "rtmp://push.example.com/live/s?txSecret=f85a2ab363fe4deaffef9754d79da6fe&txTime=5867D600", SignKey: "key"},
		},
		{name: "nothing", want: ingest.Options{}},
		{name: "no URL, zero-width and all", text: "\u200bтест\x00 <stream key>", want: ingest.Options{Input: "\u200bтест\x00 <stream key>"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := session{offset: func(int64) int { return 8 * 3600 }}
			got := request(t, &s, c.text, c.key, c.profileID, c.sign, c.split)
			o := c.want
			o.Now, o.Offset, o.Tell = now, s.offset, rules.Tell
			if c.profileID != "" {
				o.Profile, _ = profile.ByID(c.profileID)
			}
			r := ingest.Lint(o)
			if want := r.AppendJSON(nil, diag.Tool{}); !bytes.Equal(got, want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			var rep diag.Report
			if err := json.Unmarshal(got, &rep); err != nil {
				t.Fatal(err)
			}
			if rep.Verdict.Headline == "" {
				t.Error("the report has no words")
			}
			for _, f := range rep.Findings {
				if f.Message == "" {
					t.Errorf("%s has no message", f.Rule)
				}
			}
			if n := s.plain(); n <= 0 || !json.Valid(s.Out[:n]) {
				t.Errorf("plain: %d %s", n, s.Out)
			}
		})
	}
}

// What plain gives fits the report's lists one to one, and only it has the secret.
func TestPlain(t *testing.T) {
	const secret = "abcd-efgh-ijkl-mnop-qrst"
	var s session
	masked := request(t, &s, "rtmps://a.rtmps.youtube.com/live2/"+secret, "", "", "", false)
	if bytes.Contains(masked, []byte(secret)) {
		t.Errorf("the report has the key: %s", masked)
	}
	var rep struct {
		Mended string
		Parts  []struct {
			Value  string
			Secret bool
		}
		Settings []struct{ Fields []struct{ Value string } }
	}
	if err := json.Unmarshal(masked, &rep); err != nil {
		t.Fatal(err)
	}
	var plain struct {
		Mended   string
		Parts    []string
		Settings [][]string
	}
	if err := json.Unmarshal(s.Out[:s.plain()], &plain); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(plain.Mended, secret) || len(plain.Parts) != len(rep.Parts) || len(plain.Settings) != len(rep.Settings) || len(rep.Settings) == 0 {
		t.Fatalf("%+v\n%+v", rep, plain)
	}
	for i, p := range rep.Parts {
		if p.Secret != (p.Value != plain.Parts[i]) {
			t.Errorf("part %d: %q shown for %q", i, p.Value, plain.Parts[i])
		}
	}
	for i, set := range rep.Settings {
		if len(set.Fields) != len(plain.Settings[i]) {
			t.Errorf("settings %d: %d fields, %d values", i, len(set.Fields), len(plain.Settings[i]))
		}
	}
}

type made struct{ URL, Shown string }

func decode(t *testing.T, b []byte) (m made) {
	t.Helper()
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSign(t *testing.T) {
	for _, c := range []struct{ profileID, url string }{
		{"tencent-css", "rtmp://push.example.com/live/stream1"},
		{"alibaba", "rtmp://push.example.com/app/stream1?vhost=a"},
	} {
		var s session
		request(t, &s, c.url, "", c.profileID, "MyKey01", false)
		m := decode(t, s.Out[:s.sign(now+86400)])
		if m.URL == "" || m.Shown == "" || m.Shown == m.URL {
			t.Fatalf("%s: %+v", c.profileID, m)
		}
		got := request(t, &s, m.URL, "", c.profileID, "MyKey01", false)
		if !bytes.Contains(got, []byte(`"signature":"verified"`)) {
			t.Errorf("%s: what was signed here does not verify: %s", c.profileID, got)
		}
		got = request(t, &s, m.URL, "", c.profileID, "MyKey02", false)
		if !bytes.Contains(got, []byte(`"signature":"mismatch"`)) {
			t.Errorf("%s: another key verifies: %s", c.profileID, got)
		}
	}
	var s session
	request(t, &s, "rtmp://live.twitch.tv/app/key", "", "", "MyKey01", false)
	if m := decode(t, s.Out[:s.sign(now+86400)]); m.URL != "" || m.Shown != "" {
		t.Errorf("a platform without signatures: %+v", m)
	}
}

func TestRates(t *testing.T) {
	var s session
	request(t, &s, "rtmp://ev-acc-euwe.channel.media.azure.net:1935/live/"+strings.Repeat("0a", 16)+"/s", "", "azure-pass-through", "", false)
	m := decode(t, s.Out[:s.rates(5000, 128)])
	if !strings.HasSuffix(m.URL, "/s?videodatarate=5000&audiodatarate=128") || strings.Contains(m.Shown, "0a0a") {
		t.Errorf("%+v", m)
	}
}

func TestWrongCalls(t *testing.T) {
	var s session
	for name, got := range map[string]int{
		"plain before lint": s.plain(),
		"sign before lint":  s.sign(now),
		"rates before lint": s.rates(1, 1),
		"no buffer":         s.lint(1, 0, 0, 0, false, now),
		"negative":          s.lint(0, -1, 1, 0, false, now),
		"name beyond":       s.Named(5),
	} {
		if got != worker.BadCall {
			t.Errorf("%s: %d", name, got)
		}
	}
	if s.Room(-1, maxBuffer) || s.Room(maxBuffer+1, maxBuffer) {
		t.Error("a buffer of a wrong size")
	}
	s.Room(8, maxBuffer)
	copy(s.In, "nowhere!")
	if got := s.lint(0, 0, 8, 0, false, now); got != worker.BadCall {
		t.Errorf("an unknown profile: %d", got)
	}
}

func TestForget(t *testing.T) {
	var s session
	request(t, &s, "rtmp://live.twitch.tv/app/live_secret", "", "", "", false)
	s.plain()
	s.forget()
	if bytes.Contains(s.In, []byte("secret")) || bytes.Contains(s.Out[:cap(s.Out)], []byte("secret")) {
		t.Error("the buffers still hold the key")
	}
	if s.plain() != worker.BadCall {
		t.Error("the result is still there")
	}
}

func TestAbout(t *testing.T) {
	var s session
	s.Room(4, maxBuffer)
	copy(s.In, "v1.2")
	s.Named(4)
	var about struct {
		Version  string
		RuleSet  int
		Profiles []struct{ ID, Name, Template, Example, Signed, Rates string }
	}
	if err := json.Unmarshal(s.Out[:s.about()], &about); err != nil {
		t.Fatal(err)
	}
	if about.Version != "v1.2" || about.RuleSet != rules.RuleSet || len(about.Profiles) != len(profile.All()) {
		t.Errorf("%+v", about)
	}
	signed, rated := 0, 0
	for _, p := range about.Profiles {
		if p.ID == "" || p.Name == "" || p.Template == "" || p.Example == "" {
			t.Errorf("%+v", p)
		}
		if p.Signed != "" {
			signed++
		}
		if p.Rates != "" {
			rated++
		}
	}
	if signed < 2 || rated < 3 {
		t.Errorf("%d sign their URLs, %d take data rates", signed, rated)
	}
}

// Whatever is in the buffer, the calls neither panic nor answer without JSON.
func FuzzLint(f *testing.F) {
	f.Add("rtmp://live.twitch.tv/app", "live_1", "", "", true)
	f.Add("rtmps://a.rtmp.youtube.com:1935/live2/x", "", "youtube", "k", false)
	f.Fuzz(func(t *testing.T, text, key, profileID, sign string, split bool) {
		s := session{}
		all := text + key + profileID + sign
		if !s.Room(len(all), maxBuffer) {
			return
		}
		copy(s.In, all)
		n := s.lint(len(text), len(key), len(profileID), len(sign), split, now)
		if n == worker.BadCall {
			if _, ok := profile.ByID(profileID); ok || profileID == "" {
				t.Fatal("a right call was refused")
			}
			return
		}
		if !json.Valid(s.Out[:n]) || !json.Valid(s.Out[:s.plain()]) || !json.Valid(s.Out[:s.sign(now)]) || !json.Valid(s.Out[:s.rates(1, 2)]) {
			t.Fatal("no JSON")
		}
	})
}
