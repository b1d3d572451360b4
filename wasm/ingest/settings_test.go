package ingest

import (
	"encoding/json"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// Bilibili's key is a query: it goes into the key field whole.
func TestSettingsOfQueryKey(t *testing.T) {
	r := lintAs(t, "", "rtmp://live-push.bilivideo.com/live-bvc/?streamname=live_1_2&key=abc")
	obs := r.Settings()[0]
	if obs.Fields[0].Value != "rtmp://live-push.bilivideo.com/live-bvc" || obs.Fields[1].Value != "?streamname=live_1_2&key=abc" || obs.Note != "" {
		t.Errorf("%+v", obs)
	}
}

// What to type into encoders, as the platforms' own pages have it.
func TestSettings(t *testing.T) {
	for _, c := range []struct {
		profile, in, server, key, command string
	}{
		{"", "rtmps://a.rtmps.youtube.com:443/live2/" + ytKey, "rtmps://a.rtmps.youtube.com:443/live2", ytKey, "'rtmps://a.rtmps.youtube.com:443/live2/" + ytKey + "'"},
		{"", "rtmps://b.rtmps.youtube.com/live2?backup=1/" + ytKey, "rtmps://b.rtmps.youtube.com/live2?backup=1", ytKey, "'rtmps://b.rtmps.youtube.com/live2?backup=1/" + ytKey + "'"},
		{"", azure + "?videodatarate=5000", strings.TrimSuffix(azure, "/stream1"), "stream1?videodatarate=5000", "'" + azure + "?videodatarate=5000'"},
		{"", "rtmp://" + zeros + ".channel.media.azure.net:1935/" + zeros, "rtmp://" + zeros + ".channel.media.azure.net:1935/" + zeros, "", ""},
		{"", "rtmp://push.example.com/live/room1?" + sig, "rtmp://push.example.com/live", "room1?" + sig, "'rtmp://push.example.com/live/room1?" + sig + "'"},
		{"", "rtmps://rtmp-api.facebook.com:443/rtmp/" + fbKey, "rtmps://rtmp-api.facebook.com:443/rtmp", fbKey, ""},
		{"mediamtx", "rtmp://mtx.example.com/a/b?user=u&pass=p", "rtmp://mtx.example.com/a/b?user=u&pass=p", "", ""},
		{"", "rtmp://live.example.com/live/_definst_/s", "rtmp://live.example.com/live/_definst_", "s", ""},
		{"", "rtmp://user:pass@live.example.com/live/s", "rtmp://live.example.com/live", "s", "'rtmp://user:pass@live.example.com/live/s'"},
		{"", "rtmp://live.example.com/live/it's", "rtmp://live.example.com/live", "it's", `'rtmp://live.example.com/live/it'\''s'`},
		{"srs", "rtmp://srs.example.com/live?vhost=v.example.com/s?secret=x", "rtmp://srs.example.com/live?vhost=v.example.com", "s?secret=x", ""},
	} {
		got := lintAs(t, c.profile, c.in).Settings()
		if len(got) != 4 || got[0].ID != "obs" || got[1].ID != "ffmpeg" || got[2].ID != "gstreamer" || got[3].ID != "vmix" {
			t.Fatalf("%s: %+v", c.in, got)
		}
		if s, k := got[0].Fields[0].Value, got[0].Fields[1].Value; s != c.server || k != c.key {
			t.Errorf("%s\n server %s\n want   %s\n key %s\n want %s", c.in, s, c.server, k, c.key)
		}
		if c.command != "" && !strings.HasSuffix(got[1].Fields[0].Value, " -f flv "+c.command) {
			t.Errorf("%s: %s", c.in, got[1].Fields[0].Value)
		}
		if c.command != "" && !strings.Contains(got[2].Fields[0].Value, "location="+c.command) {
			t.Errorf("%s: %s", c.in, got[2].Fields[0].Value)
		}
		// Server and key typed into the two fields are the same URL again.
		if c.profile == "" && c.key != "" && !strings.Contains(c.in, "@") {
			back := Lint(Options{Split: true, Server: c.server, Key: c.key, Now: now})
			if back.Mended != c.in || back.raised("url-key-place") {
				t.Errorf("%s and %s are %s", c.server, c.key, back.Mended)
			}
		}
	}
	obs := lintAs(t, "", "rtmp://user:pass@live.example.com/live/s").Settings()[0]
	if len(obs.Fields) != 4 || obs.Fields[2].Value != "user" || obs.Fields[3].Value != "pass" || obs.Fields[3].Shown != Mask {
		t.Errorf("%+v", obs)
	}
	if lintAs(t, "", "https://example.com/a.m3u8").Settings() != nil {
		t.Error("settings for a playback URL")
	}
}

// The JSON is one valid object whether secrets are shown or not, and is a
// report that any reader of reports can read.
func TestJSON(t *testing.T) {
	for id, list := range healthy {
		for _, in := range append(list, "", "\u201c"+list[0]+"\u201d\xff<>&", list[0]+"\x00\u2028") {
			for _, open := range []bool{false, true} {
				r := Lint(Options{Input: in, Now: now, ShowSecrets: open, Tell: rules.Tell})
				b := r.AppendJSON([]byte("x"), diag.Tool{Name: "ingestdoctor"})[1:]
				var rep diag.Report
				if err := json.Unmarshal(b, &rep); err != nil {
					t.Fatalf("%s: %q: %v\n%s", id, in, err, b)
				}
				if rep.Format != diag.Format || rep.Kind != "url" || len(rep.Findings) != len(r.Findings) || rep.Verdict != r.Verdict {
					t.Errorf("%q: %+v", in, rep)
				}
				states := map[string]string{}
				for _, c := range rep.Checks {
					states[c.Rule] = c.State
				}
				for _, f := range rep.Findings {
					if states[f.Rule] != diag.CheckRaised {
						t.Errorf("%q: %s is %s", in, f.Rule, states[f.Rule])
					}
				}
			}
		}
	}
}

func TestInRedacted(t *testing.T) {
	r := Lint(Options{Input: "rtmp://live.example.com:1935/live/secretkey?token=abc&txTime=5867D600", Now: now})
	for _, want := range []string{"1935", "live.example.com", "5867D600"} {
		i := strings.Index(r.Source(), want)
		from, to := r.InRedacted(i, i+len(want), "")
		if got := r.Redacted[from:to]; got != want {
			t.Errorf("%s became %s", want, got)
		}
	}
	i := strings.Index(r.Source(), "secretkey")
	if from, to := r.InRedacted(i+2, i+4, ""); r.Redacted[from:to] != Mask {
		t.Errorf("a piece of the key became %q", r.Redacted[from:to])
	}
	if from, to := r.InRedacted(len(r.Source()), len(r.Source()), ""); from != len(r.Redacted) || to != from {
		t.Errorf("the end became %d-%d of %d", from, to, len(r.Redacted))
	}
}
