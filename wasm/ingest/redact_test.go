package ingest

import (
	"flag"
	"math/rand"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

var seed = flag.Int64("seed", 4, "seed of the generated URLs")

func TestRedact(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"nothing here to hide: 12:30, a/b, 50 % & more = less", "nothing here to hide: 12:30, a/b, 50 % & more = less"},
		{"rtmp://live.example.com/live/key1", "rtmp://live.example.com/live/****"},
		{"rtmp://live.example.com/live", "rtmp://live.example.com/live"},
		{"rtmp://live.example.com/key1", "rtmp://live.example.com/****"},
		{"rtmps://live.twitch.tv:443/app/live_123456_abcdefgh?bandwidthtest=true", "rtmps://live.twitch.tv:443/app/****?bandwidthtest=true"},
		{"rtmps://live.twitch.tv/whatever/live_123456_abcdefgh", "rtmps://live.twitch.tv/****/****"},
		{azure, "rtmps://" + zeros + ".channel.media.azure.net:2935/live/****/****"},
		{"rtmp://" + token + ".channel.media.azure.net:1935/" + token, "rtmp://" + token + ".channel.media.azure.net:1935/****"},
		{"rtmp://push.example.com/live/room1?" + sig + "&x=1", "rtmp://push.example.com/live/****?txSecret=****&txTime=7FFFFFFF&x=****"},
		{"rtmps://b.rtmps.youtube.com:443/live2?backup=1/" + ytKey, "rtmps://b.rtmps.youtube.com:443/live2?backup=1/****"},
		{"rtmp://user:pass@live.example.com/live/key1", "rtmp://****:****@live.example.com/live/****"},
		{"rtmp://tok@live.example.com/live/key1", "rtmp://****@live.example.com/live/****"},
		{"rtmp://user:pa/ss@live.example.com/live/key1", "rtmp://****:****@live.example.com/live/****"},
		{"rtmp://user:pa ss@live.example.com/live/key1 failed", "rtmp://****:****@live.example.com/live/**** failed"},
		{"rtmp://[2001:db8::1]:1935/live/key1", "rtmp://[2001:db8::1]:1935/live/****"},
		{"rtmp://live.example.com/live/_definst_/key1", "rtmp://live.example.com/live/_definst_/****"},
		{"rtmp://live.example.com/live/key1#x", "rtmp://live.example.com/live/****#****"},
		{"rtmp:/live.example.com/live/key1", "rtmp:/live.example.com/live/****"},
		{"rtmp//live.example.com/live/key1", "rtmp//live.example.com/live/****"},
		{`rtmp:\\live.example.com\live\key1`, `rtmp:\\live.example.com\live\****`},
		{`{"url":"rtmp:\/\/live.example.com\/live\/key1","n":1}`, `{"url":"rtmp:\/\/live.example.com\/live\/****","n":1}`},
		{`Opening "rtmp://live.example.com/live/key1" for writing`, `Opening "rtmp://live.example.com/live/****" for writing`},
		{"see rtmp://live.example.com/live/key1, then wait.", "see rtmp://live.example.com/live/****, then wait."},
		{"rtmp%3A%2F%2Flive.example.com%2Flive%2Fkey1", "rtmp%3A****"},
		{"\uff52\uff54\uff4d\uff50\uff1a\uff0f\uff0flive.example.com/live/key1", "\uff52\uff54\uff4d\uff50\uff1a\uff0f\uff0flive.example.com/live/****"},
		{"rt\u200bmp://live.example.com/live/key1", "rt\u200bmp://live.example.com/live/****"},
		{"srt://live.example.com:9000?streamid=publish:a:b:c&passphrase=abcdefghij&latency=200", "srt://live.example.com:9000?streamid=****&passphrase=****&latency=200"},
		{"Stream key: live_abc", "Stream key: ****"},
		{"stream_key=abc&x", "stream_key=****&x"},
		{`"streamKey": "abc def"`, `"streamKey": "****"`},
		{"playpath=abc live=1", "playpath=**** live=1"},
		{"Authorization: Basic dXNlcjpwYXNz extra", "Authorization: ****"},
		{"txSecret=abc&txTime=5867D600", "txSecret=****&txTime=5867D600"},
		{"?psk=abc&n=2", "?psk=****&n=****"},
		{"my key live_123456789_AbCdEfGhIj here", "my key **** here"},
		{"key " + ytKey, "key ****"},
		{"publish: name='key1' args='psk=x' type=live", "publish: name='****' args='****' type=live"},
		{"[conn] is publishing to path 'live/key1', 2 tracks", "[conn] is publishing to path '****', 2 tracks"},
		{"GET /live/" + token + "/s", "GET /live/****/s"},
		{"https://learn.microsoft.com/azure/media-services/latest/live-event-error-codes-reference", "https://learn.microsoft.com/azure/media-services/latest/live-event-error-codes-reference"},
		{"https://user:pw@example.com/a/b?x=1#frag", "https://****:****@example.com/a/b?x=****#****"},
		{"https://host.example.com/whip/key1", "https://host.example.com/whip/****"},
		{"https://" + token + ".channel.media.azure.net/" + token + "/ingest.isml/streams(s1)", "https://" + token + ".channel.media.azure.net/****/****"},
		{"the keyframe interval is 2 s; foreign keys; token bucket", "the keyframe interval is 2 s; foreign keys; token bucket"},
		{"f47ac10b-58cc-4372-a567-0e02b2c3d479 is a request id", "f47ac10b-58cc-4372-a567-0e02b2c3d479 is a request id"},
		{"Connecting to RTMP URL rtmp://a.rtmp.youtube.com/live2...", "Connecting to RTMP URL rtmp://a.rtmp.youtube.com/live2..."},
		{"rtmp://live.twitch.tv/app/ " + "re_1234567_abcdef0123456789", "rtmp://live.twitch.tv/app/ ****"},
	} {
		got := Redact(c.in)
		if got != c.want {
			t.Errorf("Redact(%q)\n got %q\nwant %q", c.in, got, c.want)
		}
		if again := Redact(got); again != got {
			t.Errorf("twice %q\n then %q", got, again)
		}
	}
}

// A key that was pasted alone, or with words around it, is not shown.
func TestKeyAlone(t *testing.T) {
	for _, in := range []string{"abcd-efgh-ijkl-mnop", "SecretKey", " SecretKey\n", "key: SecretKey", "my key is SecretKey", "SecretKey?x=1", "live/SecretKey", "user:SecretKey@live.example.com", "\u201cSecretKey\u201d"} {
		r := lintAs(t, "", in)
		if b := string(r.AppendJSON(nil, diag.Tool{})); strings.Contains(b, "SecretKey") || strings.Contains(b, "efgh") {
			i := max(strings.Index(b, "SecretKey"), strings.Index(b, "efgh"))
			t.Errorf("%q: ...%s", in, b[max(0, i-80):min(len(b), i+40)])
		}
		if !r.raised("url-syntax") {
			t.Errorf("%q: %s", in, raised(r, diag.Info))
		}
	}
}

// secretText makes a secret of at least 10 characters that no other text holds.
func secretText(r *rand.Rand, chars string) string {
	b := []byte("Zq")
	for n := 10 + r.Intn(20); len(b) < n; {
		b = append(b, chars[r.Intn(len(chars))])
	}
	return string(b) + "9kQ"
}

// escaped writes some characters of s as percent escapes.
func escaped(r *rand.Rand, s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if r.Intn(4) == 0 {
			b.WriteByte('%')
			const up, low = "0123456789ABCDEF", "0123456789abcdef"
			set := up
			if r.Intn(2) == 0 {
				set = low
			}
			b.WriteByte(set[s[i]>>4])
			b.WriteByte(set[s[i]&15])
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

const (
	keyChars  = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	passChars = keyChars + "!$&'()*+,;=.~:/?#@%"
	pathChars = keyChars + ".~=+%,;@:!$"
)

func pick(r *rand.Rand, list ...string) string { return list[r.Intn(len(list))] }

// secretURL makes a URL with secrets in every place that one can be in.
func secretURL(r *rand.Rand) (url, server, key string, secrets []string) {
	add := func(s string) string { secrets = append(secrets, s); return s }
	odd := func(s string) string {
		if r.Intn(3) == 0 {
			s = escaped(r, s)
		}
		return add(s)
	}
	scheme := pick(r, "rtmp", "rtmps", "rtmpt", "rtmpe", "RTMP", "srt", "webrtc", "rtmp", "rtmps")
	host := pick(r, "live.example.com", "live.twitch.tv", "a.rtmps.youtube.com", "push.example.com", zeros+".channel.media.azure.net",
		"global-live.mux.com", "192.0.2.7", "[2001:db8::7]", "live-api-s.facebook.com", "localhost", "media-server", "0123456789ab.global-contribute.live-video.net")
	user := ""
	switch r.Intn(4) {
	case 0:
		user = pick(r, "user", "u", "me.too") + ":" + odd(secretText(r, passChars)) + "@"
	case 1:
		user = odd(secretText(r, keyChars)) + "@"
	}
	if user != "" && host == "localhost" {
		host = "localhost:1935"
	}
	port := pick(r, "", "", ":1935", ":443")
	if strings.Contains(host, ":1935") && host[0] != '[' {
		port = ""
	}
	app := pick(r, "/live", "/app", "/live2", "/rtmp", "/live/_definst_", "", "/")
	if strings.Contains(host, "azure") && r.Intn(2) == 0 {
		app = "/live/" + add(token)
	}
	stream := ""
	if r.Intn(5) > 0 {
		stream = odd(secretText(r, pathChars))
		if r.Intn(6) == 0 {
			stream += "/" + odd(secretText(r, keyChars))
		}
	}
	query := ""
	for n := r.Intn(4); n > 0; n-- {
		sep := "&"
		if query == "" {
			sep = "?"
		}
		name := pick(r, "txSecret", "token", "key", "sign", "auth_key", "foo", "pass", "s_bl", "jwt", "vhost", "")
		v := odd(secretText(r, keyChars+".~+%:=/"))
		if name == "" {
			query += sep + v
		} else {
			query += sep + name + "=" + v
		}
	}
	base := scheme + "://" + user + host + port + app
	if stream == "" {
		return base + query, base, "", secrets
	}
	join := "/"
	if strings.HasSuffix(base, "/") {
		join = ""
	}
	return base + join + stream + query, base, stream + query, secrets
}

// leaks reports the first secret that a text still holds.
func leaks(text string, secrets []string) string {
	for _, s := range secrets {
		if strings.Contains(text, s) {
			return s
		}
	}
	return ""
}

// No secret of a generated URL survives: not alone, not inside a log, not in
// anything that Lint makes for showing, with every profile.
func TestNoSecretSurvives(t *testing.T) {
	r := rand.New(rand.NewSource(*seed))
	n := 6000
	if testing.Short() {
		n = 600
	}
	wraps := []func(string) string{
		func(s string) string { return s },
		func(s string) string { return "2026-11-21 error: cannot open " + s + ": I/O error" },
		func(s string) string { return `{"url":"` + s + `","n":1}` },
		func(s string) string { return "<" + s + ">" },
		func(s string) string { return "a=b&url=" + s },
		func(s string) string { return "rtmp://" + s },
		func(s string) string { return strings.Replace(s, "://", ":/", 1) },
		func(s string) string { return strings.ReplaceAll(s, "/", `\/`) },
	}
	profiles := profile.All()
	for i := 0; i < n; i++ {
		url, server, key, secrets := secretURL(r)
		k := r.Intn(len(wraps))
		if k == 7 {
			for j, s := range secrets {
				secrets[j] = strings.ReplaceAll(s, "/", `\/`)
			}
		}
		text := wraps[k](url)
		if got := Redact(text); leaks(got, secrets) != "" {
			t.Errorf("Redact leaks %q\n in %s\nout %s", leaks(got, secrets), text, got)
		} else if again := Redact(got); again != got {
			t.Errorf("redacting twice changes\n%s\n%s", got, again)
		}
		o := Options{Input: text, Now: now, SignKey: "TheSigningKey1", Tell: rules.Tell}
		if r.Intn(2) == 0 {
			o.Profile = profiles[r.Intn(len(profiles))]
		}
		checkShown(t, Lint(o), secrets)
		if key != "" {
			o.Split, o.Server, o.Key, o.Input = true, server, key, ""
			checkShown(t, Lint(o), secrets)
		}
		if t.Failed() && i > 50 {
			return
		}
	}
}

// checkShown holds everything that is made for showing against the secrets.
func checkShown(t *testing.T, r *Result, secrets []string) {
	t.Helper()
	check(t, r)
	b := string(r.AppendJSON(nil, diag.Tool{Name: "ingestdoctor"}))
	shown := []string{r.Redacted, r.RedactedKey, r.MendedShown, b, strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">", `\\`, `\`).Replace(b)}
	for _, p := range r.Parts {
		shown = append(shown, p.Shown, p.Param, p.Note)
	}
	for _, f := range r.Findings {
		shown = append(shown, f.Message)
	}
	for _, s := range r.Settings() {
		for _, f := range s.Fields {
			shown = append(shown, f.Shown)
		}
	}
	for _, s := range shown {
		if leak := leaks(s, append(secrets, "TheSigningKey1")); leak != "" {
			i := strings.Index(s, leak)
			t.Errorf("leaks %q\n in %q\nout ...%s", leak, r.source, s[max(0, i-100):min(len(s), i+120)])
			return
		}
	}
}
