package ui

import (
	"strings"
	"testing"
)

func TestReadTarget(t *testing.T) {
	for _, tc := range []struct {
		in, sent string
		kept     bool
	}{
		{"live.example.com", "live.example.com", false},
		{" Live.Example.com. ", "live.example.com", false},
		{"live.example.com:1936", "live.example.com:1936", false},
		{"rtmp://live.example.com/app", "rtmp://live.example.com/app", false},
		{"RTMPS://live.example.com:443/live2/abcd-efgh-ijkl", "rtmps://live.example.com:443/live2", true},
		{"rtmp://user:pw@live.example.com/live/KEY", "rtmp://live.example.com/live", true},
		{"rtmp://live.example.com/live?token=KEY", "rtmp://live.example.com/live", true},
		{"rtmp://live.example.com?txSecret=KEY", "rtmp://live.example.com", true},
		{"rtmp://live.example.com#KEY", "rtmp://live.example.com", true},
		{"rtmp://x.channel.media.azure.net:1935/live/0123456789abcdef0123456789abcdef/s", "rtmp://x.channel.media.azure.net:1935/live", true},
		{"rtmp://x.channel.media.azure.net:1935/0123456789abcdef0123456789abcdef", "rtmp://x.channel.media.azure.net:1935", true},
		{"rtmp://a.example.com/live_12345_KEY", "rtmp://a.example.com", true},
		{"rtmp://a.example.com/app KEY", "rtmp://a.example.com/app", true},
		{`"rtmp://a.example.com/app"`, "rtmp://a.example.com/app", false},
		{"a.example.com/app/KEY", "a.example.com/app", true},
		{"203.0.113.7:1935", "203.0.113.7:1935", false},
		{"2001:db8::7", "[2001:db8::7]", false},
		{"rtmps://[2001:DB8::7]:443/app", "rtmps://[2001:db8::7]:443/app", false},
		{"rtmp://bücher.example/live", "rtmp://bücher.example/live", false},
		{"http://live.example.com/", "http://live.example.com", false},
	} {
		got := readTarget(tc.in)
		if got.Problem != "" || got.Text() != tc.sent || got.Kept != tc.kept {
			t.Errorf("%q: %q %v %q", tc.in, got.Text(), got.Kept, got.Problem)
		}
	}
	for _, bad := range []string{
		"", "  ", "live_123456_SECRET", "abcd-efgh-ijkl-mnop", "rtmp://", "rtmp:///app/key", "rtmp://SECRETKEY/app", "rt mp://x", "://x.y",
		"rtmp://a.example.com:0/app", "a.example.com:99999", "a.example.com:SECRET", "rtmp://[2001:db8::1/app", "a!b.example.com",
		strings.Repeat("a", 5000) + ".example.com", strings.Repeat("ab.", 100) + "example", "SECRET://a.example.com", "verylongscheme://a.example.com", "x::y",
	} {
		got := readTarget(bad)
		if got.Problem == "" || got.Text() != "" || strings.Contains(got.Problem, "SECRET") {
			t.Errorf("%.40q: %+v", bad, got)
		}
	}
}

// Nothing of a key leaves the browser, whatever URL it stands in.
func FuzzReadTarget(f *testing.F) {
	for _, s := range []string{"rtmp://h.example/app/", "rtmps://u:", "h.example?k=", "rtmp://h.example/live/x?token=", "h.example/", "rtmp://h.example:1935/app "} {
		f.Add(s)
	}
	const key = "live_98765_SeCrEtKeY43210"
	f.Fuzz(func(t *testing.T, s string) {
		for _, in := range []string{s + key, s + "/" + key, s + "?" + key, s + "@" + key} {
			if got := readTarget(in); strings.Contains(strings.ToLower(got.Text()+got.Sent()+got.Problem), strings.ToLower(key)) {
				// a name with a dot may be anything: only what is plainly its last label's neighbour
				if !strings.Contains(got.Host, strings.ToLower(key)) {
					t.Errorf("%q: %q", in, got.Text())
				}
			}
		}
	})
}

func TestPublishServer(t *testing.T) {
	for in, want := range map[string]string{
		"rtmp://live.example.com/app/key":         "rtmp://live.example.com/app",
		"rtmp://live.example.com/app":             "rtmp://live.example.com/app",
		"rtmp://live.example.com/app/":            "rtmp://live.example.com/app",
		"rtmps://x.example.com:443/a/b/key?t=1#z": "rtmps://x.example.com:443/a/b",
		"rtmp://u:p@x.example.com/a/key":          "rtmp://x.example.com/a",
		"rtmp://x.example.com/live_12345_KEY":     "rtmp://x.example.com",
		"x.example.com":                           "rtmp://x.example.com",
		"x.example.com:443":                       "rtmps://x.example.com:443",
		"nothing":                                 "",
	} {
		if got := publishServer(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
