package ingest

import (
	"sort"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// now is the moment of all tests: 2026-11-21 20:00:00 UTC.
const now = 1795291200

const (
	zeros = "00000000000000000000000000000000"
	token = "0123456789abcdef0123456789abcdef"
	azure = "rtmps://" + zeros + ".channel.media.azure.net:2935/live/" + zeros + "/stream1"
	// A real form of every key; none of them is one.
	ytKey = "a1b2-c3d4-e5f6-g7h8-i9j0"
	twKey = "live_123456789_AbCdEfGhIjKlMnOpQrStUv"
	fbKey = "FB-123456789012345-0-AbCdEfGhIj?s_bl=1&s_ps=1&s_sw=0&s_vt=api-s&a=AbxTxyz012345678"
	sig   = "txSecret=" + token + "&txTime=7FFFFFFF"
)

// healthy are URLs as the platforms document them, by profile.
var healthy = map[string][]string{
	"generic": {
		"rtmp://live.example.com/live/stream1", "rtmps://live.example.com/live/stream1", "rtmp://192.0.2.10:1935/live/stream1",
		"rtmp://[2001:db8::1]:1935/live/stream1", "rtmp://localhost/live/stream1", "rtmp://live.example.com:8080/app/instance/stream1",
		"rtmp://live.example.com/live/_definst_/stream1", "rtmpt://live.example.com/live/stream1", "rtmps://live.example.com:8443/live/stream1",
		"rtmp://live.restream.io/live/re_1234567_abcdef0123456789", "rtmp://fra.pscp.tv:80/x/abcdefgh12345678",
		"rtmp://global-rtmp.lip2.navercorp.com:8080/relay/abcdefgh12345678", "rtmp://xn--mnchen-3ya.example/live/stream1",
		"rtmp://live.example.com/live/stream1?vhost=other.example.com", "rtmp://user:pass@live.example.com/live/stream1",
		"rtmp://live.example.com./live/stream1", "rtmp://my_server/live/stream1", "rtmp://rtmp:1935/live/stream1",
		"rtmp://live.example.com/live/caf%C3%A9", "RTMP://live.example.com/live/stream1", "rtmp://LIVE.EXAMPLE.COM/live/stream1",
		"rtmp://live-push.bilivideo.com/live-bvc/?streamname=live_123_456789&key=abcdef0123456789&schedule=rtmp&pflag=1",
		"rtmps://rtmp-auto.millicast.com:443/v2/pub/abc123?token=abcdef0123456789", "rtmp://cg.castr.io/static/live_abcdef0123456789?password=abc12345",
		"rtmp://broadcast.api.video/s/01234567-89ab-cdef-0123-456789abcdef", "rtmp://rtmp.livepeer.com/live/abcd-efgh-ijkl", "rtmp://livepush.trovo.live/live/abc123def",
		"rtmp://rtmp.cloud.vimeo.com/live/abcd-1234-efgh", "rtmp://open-push.voip.yximgs.com/gifshow/abc123", "rtmp://stream.dlive.tv/live/abc123",
		"rtmp://ingest-rtmp.broadcast.steamcontent.com/app/abc123", "rtmpe://live.example.com/live/stream1", "rtmp://[fe80::1%25eth0]/live/stream1",
		"rtmp://live.example.com/live/mp4:sample.mp4", "rtmp://live.example.com/live/a=b", "rtmp://live.example.com/live/a&b", "rtmp://live.example.com/live/s?a=1;b=2",
		"rtmp://123.example.com/live/stream1",
		"rtmp://live.example.com/live/\u76f4\u64ad", "rtmp://rtls-ingress-prod-eu.agoramdn.com/live/abc123def456",
	},
	"azure-live-encoding": {
		azure, "rtmps://show-acct-usw2.channel.media.azure.net:2935/live/" + zeros + "/stream1",
		"rtmp://" + token + ".channel.media.azure.net:1936/live/01234567-89ab-cdef-0123-456789abcdef/s",
		"rtmp://my-show-acct-usw22.channel.media.azure.net/live/" + token + "/stream1?videodatarate=5000&audiodatarate=192",
		"rtmp://" + strings.ToUpper(token) + ".channel.media.azure.net:1935/live/" + strings.ToUpper(token) + "/stream1",
		"rtmp://" + token + ".channel.media.azure.net:1935/" + token, "rtmps://show-acct-usw2.channel.media.azure.net:2936/" + token,
	},
	"azure-pass-through": {azure}, "azure-pass-through-basic": {azure},
	"azure-v2": {
		"rtmp://show-acct.channel.mediaservices.windows.net:1935/live/" + zeros + "/stream1",
		"rtmp://show-acct.channel.mediaservices.windows.net:1936/live/" + zeros,
	},
	"tencent-css": {
		"rtmp://push.example.com/live/room1?" + sig, "rtmps://push.example.com/live/room1?" + sig, "rtmp://push.example.com:1935/live/room-1_b?" + sig,
		"rtmp://203.0.113.7/live/room1?" + sig + "&txHost=push.example.com", "rtmp://8888.livepush.myqcloud.com/live/8888_room1?bizid=8888&" + sig,
		"rtmp://12345.tlivepush.com/live/room1?" + sig, "webrtc://push.example.com/live/room1?" + sig,
		"srt://push.example.com:9000?streamid=#!::h=push.example.com,r=live/room1,txSecret=" + token + ",txTime=7FFFFFFF",
	},
	"youtube": {
		"rtmps://a.rtmps.youtube.com:443/live2/" + ytKey, "rtmps://a.rtmps.youtube.com/live2/" + ytKey,
		"rtmp://a.rtmp.youtube.com/live2/" + ytKey, "rtmp://b.rtmp.youtube.com/live2?backup=1/" + ytKey,
		"rtmps://b.rtmps.youtube.com:443/live2?backup=1/" + ytKey,
	},
	"twitch": {
		"rtmp://live.twitch.tv/app/" + twKey, "rtmp://live-fra.twitch.tv/app/" + twKey + "?bandwidthtest=true", "rtmps://live.twitch.tv:443/app/" + twKey,
		"rtmp://fra05.contribute.live-video.net/app/" + twKey, "rtmps://ingest.global-contribute.live-video.net:443/app/" + twKey,
	},
	"facebook": {
		"rtmps://rtmp-api.facebook.com:443/rtmp/" + fbKey, "rtmps://live-api-s.facebook.com:443/rtmp/" + fbKey, "rtmps://rtmp-pc.facebook.com/rtmp/" + fbKey,
	},
	"aws-ivs": {
		"rtmps://0123456789ab.global-contribute.live-video.net:443/app/sk_us-west-2_AbCdEfGhIjKl_0123456789abcdef",
		"rtmp://0123456789ab.global-contribute.live-video.net/app/sk_us-west-2_AbCdEfGhIjKl_0123456789abcdef",
		"rtmps://fra05.contribute.live-video.net/app/sk_eu-central-1_AbCdEfGhIjKl_0123456789abcdef",
	},
	"aws-medialive": {"rtmp://198.51.100.99:1935/live/curling", "rtmp://198.51.100.99/live/curling"},
	"mux": {
		"rtmp://global-live.mux.com:5222/app/00000000-0000-0000-0000-000000000000", "rtmps://global-live.mux.com:443/app/01234567-89ab-cdef-0123-456789abcdef",
		"rtmps://global-live.mux.com/app/01234567-89ab-cdef-0123-456789abcdef",
	},
	"cloudflare": {"rtmps://live.cloudflare.com:443/live/" + token + "k" + token, "rtmps://live.cloudflare.com/live/abc"},
	"alibaba": {
		"rtmp://demo.example.com/app/stream?auth_key=4102444800-0-0-" + token, "rtmp://push.example.com/app/stream?vhost=a.example.com&auth_key=4102444800-abc-1-" + token,
	},
	"huawei":     {"rtmp://push.example.com/live/room1", "rtmp://push.example.com/live/room1?hwSecret=" + token + "&hwTime=7fffffff"},
	"wowza":      {"rtmp://wowza.example.com:1935/live/stream1", "rtmp://user:pass@wowza.example.com/live/_definst_/stream1", "rtmps://wowza.example.com/live/stream1"},
	"nginx-rtmp": {"rtmp://media.example.com:1935/live/stream1", "rtmp://192.168.1.20/live/stream1?psk=abc", "rtmps://media.example.com/live/stream1"},
	"srs":        {"rtmp://srs.example.com/live/livestream", "rtmp://srs.example.com/live/livestream?vhost=v.example.com&secret=abc", "rtmp://srs.example.com/live?vhost=v.example.com/livestream", "rtmp://10.0.0.7:19350/a/b/c"},
	"mediamtx":   {"rtmp://mtx.example.com/mystream", "rtmps://mtx.example.com:1936/a/b?user=u&pass=p", "rtmp://localhost:1935/mystream"},
	"ant-media":  {"rtmp://ant.example.com:1935/LiveApp/stream1", "rtmps://ant.example.com:1936/WebRTCAppEE/stream1?token=abc"},
}

func lintAs(t testing.TB, id, in string) *Result {
	t.Helper()
	o := Options{Input: in, Now: now, Tell: rules.Tell}
	if id != "" {
		p, ok := profile.ByID(id)
		if !ok {
			t.Fatalf("no profile %s", id)
		}
		o.Profile = p
	}
	r := Lint(o)
	check(t, r)
	return r
}

// check holds a result against what must be true of every one.
func check(t testing.TB, r *Result) {
	t.Helper()
	for i := range r.Findings {
		f := &r.Findings[i]
		if err := rules.Validate(f); err != nil {
			t.Errorf("%q: %v", r.source, err)
		}
		if f.Span == nil {
			t.Fatalf("%s without a place", f.Rule)
		}
		in := r.source[0]
		if f.Field == "key" {
			in = r.source[1]
		}
		if f.Start < 0 || f.End < f.Start || f.End > len(in) {
			t.Errorf("%q: %s at %d-%d of %d bytes", r.source, f.Rule, f.Start, f.End, len(in))
		}
		if strings.Contains(f.Message, "(unknown)") || f.Message == "" && r.opts.Tell != nil {
			t.Errorf("%s: message %q", f.Rule, f.Message)
		}
	}
	for _, p := range r.Parts {
		in := r.source[0]
		if p.Field == "key" {
			in = r.source[1]
		}
		if p.Start < 0 || p.End < p.Start || p.End > len(in) {
			t.Errorf("%q: part %s at %d-%d of %d bytes", r.source, p.Name, p.Start, p.End, len(in))
		}
	}
}

// raised are the rules of a severity at least, each once, sorted.
func raised(r *Result, least diag.Severity) string {
	set := map[string]bool{}
	for _, f := range r.Findings {
		if f.Severity >= least {
			set[f.Rule] = true
		}
	}
	var list []string
	for id := range set {
		list = append(list, id)
	}
	sort.Strings(list)
	return strings.Join(list, " ")
}

// What the platforms document is clean: nothing above info, but for Azure's
// being switched off.
func TestHealthy(t *testing.T) {
	for _, p := range profile.All() {
		if len(healthy[p.ID]) == 0 {
			t.Errorf("%s: no healthy URL", p.ID)
		}
		for _, in := range healthy[p.ID] {
			want := ""
			if p.Retired != "" {
				want = "url-retired"
			}
			r := lintAs(t, p.ID, in)
			if got := raised(r, diag.Warning); got != want {
				t.Errorf("%s: %s: raised %q, want %q", p.ID, in, got, want)
			}
			wantMended := in
			if strings.HasPrefix(in, "RTMP") {
				wantMended = strings.ToLower(in)
			}
			if strings.Contains(in, azureShort) && r.raised("url-form") {
				continue
			}
			if r.Mended != wantMended {
				t.Errorf("%s: %s was mended to %s", p.ID, in, r.Mended)
			}
		}
	}
}

const azureShort = "azure.net"

// The examples that the pages show and offer to try are clean themselves.
func TestExamples(t *testing.T) {
	for _, p := range profile.All() {
		want := ""
		if p.Retired != "" {
			want = "url-retired"
		}
		r := lintAs(t, p.ID, p.URL.Example)
		if got := raised(r, diag.Warning); got != want || r.Changed || r.Mended == "" {
			t.Errorf("%s: %s: raised %q, mended to %s", p.ID, p.URL.Example, got, r.Mended)
		}
	}
}

// Where host or query tell the platform, it needs no choosing, and the URL is
// as clean as with the profile chosen.
func TestRecognise(t *testing.T) {
	own := map[string]bool{"generic": true, "azure-live-encoding": true, "azure-v2": true, "tencent-css": true, "youtube": true, "twitch": true, "facebook": true, "aws-ivs": true, "mux": true, "cloudflare": true, "alibaba": true}
	for id := range own {
		for _, in := range healthy[id] {
			r := lintAs(t, "", in)
			if strings.HasPrefix(in, "srt:") {
				continue // nothing in it says Tencent but its stream id
			}
			if r.Profile.ID != id {
				t.Errorf("%s was taken for %s", in, r.Profile.ID)
			}
			if id != "generic" && r.By == "" {
				t.Errorf("%s: By is empty", in)
			}
		}
	}
	if r := lintAs(t, "", "rtmp://live.restream.io/live/abc"); r.Platform != "Restream" || r.Profile.ID != "generic" {
		t.Errorf("Restream: %q, profile %s", r.Platform, r.Profile.ID)
	}
	if id, name := Recognise("A.RTMPS.YouTube.com."); id != "youtube" || name != "YouTube Live" {
		t.Errorf("Recognise: %q %q", id, name)
	}
}

// judges lists the rules that say something of a profile's URLs: those that are
// not off, and are applicable to one of its healthy URLs, given in one field or
// in two.
func judges(t *testing.T, p *profile.Profile) map[string]bool {
	t.Helper()
	list := map[string]bool{}
	for _, in := range healthy[p.ID] {
		server, key := in, ""
		if at := strings.LastIndexByte(in, '/'); at > 0 {
			server, key = in[:at], in[at+1:]
		}
		for _, o := range []Options{
			{Input: in, SignKey: "key"}, {Split: true, Server: server, Key: key},
		} {
			o.Profile, o.Now = p, now
			for _, c := range Lint(o).Report(diag.Tool{}).Checks {
				if c.State == diag.CheckPassed || c.State == diag.CheckRaised {
					list[c.Rule] = true
				}
			}
		}
	}
	return list
}

// TestEveryRuleOnEveryProfile bends a healthy URL of each profile in every way
// that the profile has a rule for: the rule is raised, and no other error; and
// the healthy URL raises none of them. A rule that judges a profile's URLs and
// is not tried on it fails the test.
func TestEveryRuleOnEveryProfile(t *testing.T) {
	seen := map[string]map[string]bool{}
	for _, p := range profile.All() {
		seen[p.ID] = map[string]bool{}
		base := healthy[p.ID][0]
		f := &p.URL
		try := func(rule, in string, also ...string) {
			t.Helper()
			seen[p.ID][rule] = true
			r := lintAs(t, p.ID, in)
			if !r.raised(rule) {
				t.Errorf("%s: %s does not raise %s but %q", p.ID, in, rule, raised(r, diag.Info))
			}
			allowed := map[string]bool{rule: true}
			for _, a := range also {
				allowed[a] = true
				if !r.raised(a) {
					t.Errorf("%s: %s does not raise %s", p.ID, in, a)
				}
			}
			if p.Retired != "" {
				allowed["url-retired"] = true
			}
			for _, id := range strings.Fields(raised(r, diag.Warning)) {
				if !allowed[id] {
					t.Errorf("%s: %s raises %s too", p.ID, in, id)
				}
			}
			// A healthy URL never raises it.
			if h := lintAs(t, p.ID, base); h.raised(rule) && rule != "url-cleartext" && rule != "url-retired" {
				t.Errorf("%s: the healthy URL raises %s", p.ID, rule)
			}
		}
		swap := func(old, new string) string {
			if !strings.Contains(base, old) {
				t.Fatalf("%s: %s has no %s", p.ID, base, old)
			}
			return strings.Replace(base, old, new, 1)
		}
		scheme := base[:strings.Index(base, ":")]
		rest := base[len(scheme):] // ://...
		host := strings.SplitN(rest[3:], "/", 2)[0]
		name := strings.SplitN(host, ":", 2)[0]
		path := "/" + strings.SplitN(rest[3:], "/", 2)[1]
		query := ""
		if i := strings.IndexByte(path, '?'); i >= 0 {
			path, query = path[:i], path[i:]
		}
		app := path[:strings.Index(path[1:]+"/", "/")+1]

		try("url-syntax", scheme+":/"+rest[3:])
		try("url-syntax", scheme+"//"+rest[3:])
		try("url-syntax", swap(host, name+":port1"))
		try("url-syntax", scheme+":///"+path[1:]+query)
		if !f.WholePath {
			try("url-syntax", "")
		}
		try("url-scheme", "https"+rest)
		try("url-scheme", "udp"+rest)
		try("url-scheme", scheme+"://"+host+app+"/playlist.m3u8")
		try("url-characters", base+" ")
		try("url-characters", "\u201c"+base+"\u201d")
		try("url-characters", swap(name, name[:3]+"\u200b"+name[3:]))
		try("url-characters", strings.Replace(base, "://", "\uff1a\uff0f\uff0f", 1))
		try("url-placeholder", swap(name, "<host>"))
		stream := path[strings.LastIndex(path, "/"):]
		try("url-placeholder", swap(stream, "/YOUR_STREAM_KEY"))
		try("url-placeholder", swap(stream, "/<stream key>"))
		try("url-port", swap(host, name+":70000"))
		if !f.AnyPort {
			try("url-port", swap(host, name+":8888"))
		}
		for _, s := range f.Schemes {
			for _, o := range f.Schemes {
				if s.TLS != o.TLS {
					in := s.Name + "://" + name + ":" + ports(o.Ports[:1]) + path + query
					if p.ID == "youtube" && s.Name == "rtmps" {
						continue // its hosts take one scheme each
					}
					try("url-port-scheme", in)
				}
			}
		}
		if f.Hosts != nil {
			try("url-host", swap(name, "live.example.com"))
			bad := map[string]string{
				"youtube": "www.youtube.com", "twitch": "www.twitch.tv", "facebook": "www.facebook.com", "aws-ivs": "a.b.global-contribute.live-video.net",
				"mux": "stream.mux.com", "cloudflare": "customer-abc.cloudflarestream.com", "azure-v2": "show.channel.mediaservices.windows.net",
			}[p.ID]
			if bad == "" {
				bad = zeros[1:] + ".channel.media.azure.net"
			}
			try("url-host", swap(name, bad))
		}
		if f.NoIP {
			try("url-ip-host", swap(name, "203.0.113.7"))
			try("url-ip-host", swap(name, "[2001:db8::7]"))
		}
		if f.Token.Hex32 {
			try("url-token", swap("/live/"+zeros, "/live/"+zeros[1:]))
			try("url-token", swap("/live/"+zeros, "/live/"+zeros[1:]+"g"))
			try("url-token", swap("/live/"+zeros, "/live/{01234567-89ab-cdef-0123-456789abcdef}"))
		}
		if !f.WholePath {
			also := []string{"url-stream-name"}
			if !f.StreamNeeded {
				also = nil
			}
			try("url-app", swap(path+query, "/"+query), also...)
			try("url-app", swap(path+query, query), also...)
		}
		if f.App != "" {
			try("url-app", swap(app+"/", "/origin/"))
			try("url-app", swap(app+"/", strings.ToUpper(app)+"/"))
		}
		if f.StreamNeeded && !f.Token.Hex32 {
			try("url-stream-name", swap(stream+query, ""))
			try("url-stream-name", swap(stream+query, "/"))
		}
		if f.Token.Hex32 && f.StreamNeeded {
			try("url-stream-name", swap(stream, ""))
		}
		if f.NameChars != "" {
			try("url-app", swap(app+"/", app+"!/"))
			try("url-stream-name", swap(stream, stream+"\u4e2d"))
			try("url-stream-name", swap(stream, stream+"%41"))
			try("url-stream-name", swap(stream, "/my room"), "url-characters")
		}
		if s := f.Signed; s != nil {
			try("url-auth-mismatch", strings.Replace(base, token, token[1:], 1))
			try("url-auth-mismatch", strings.Replace(base, token, "z"+token[1:], 1))
			if s.Auth == s.Expiry {
				try("url-auth-missing", swap(query, ""))
				try("url-auth-missing", swap(query, "?auth_key="))
				try("url-expired", strings.Replace(base, "4102444800", "1763451219", 1))
				try("url-expiry-soon", strings.Replace(base, "4102444800", whole(now+3600), 1))
				try("url-auth-mismatch", strings.Replace(base, "-0-0-", "-0-", 1))
				try("url-auth-mismatch", strings.Replace(base, "-0-0-", "-a-b-0-", 1))
			} else {
				try("url-auth-missing", swap(query, ""), "url-expiry-missing")
				try("url-auth-missing", swap(query, "?txTime=7FFFFFFF"))
				try("url-auth-missing", swap(query, "?txSecret=&txTime=7FFFFFFF"))
				try("url-expiry-missing", swap(query, "?txSecret="+token))
				try("url-expiry-missing", strings.Replace(base, "7FFFFFFF", "tomorrow", 1))
				try("url-expiry-missing", strings.Replace(base, "7FFFFFFF", "1795291300", 1))
				try("url-expired", strings.Replace(base, "7FFFFFFF", "5867D600", 1))
				try("url-expiry-soon", strings.Replace(base, "7FFFFFFF", "6B020280", 1))
			}
		}
		if f.DataRates {
			for _, v := range []string{"5Mbps", "0", "-5", "", "5000000", "abc", "1e3"} {
				try("url-datarate", base+"?videodatarate="+v+"&audiodatarate=192")
			}
		}
		if f.Short != nil {
			try("url-form", swap(path, "/"+zeros))
			try("url-form", swap(path, "/"+zeros+"/stream1"))
		}
		if p.Retired != "" {
			try("url-retired", base)
		}
		if p.ID == "srs" {
			try("url-form", "rtmp://srs.example.com/live...vhost...v.example.com/s")
		}
		if p.ID == "tencent-css" {
			try("url-host", swap(name, "1234.liveplay.myqcloud.com"))
		}
		if f.WholePath {
			try("url-stream-name", swap(path, "/"))
		}
		if len(f.Schemes) == 1 { // the other of rtmp and rtmps on its port
			if f.Schemes[0].TLS {
				try("url-port-scheme", "rtmp://"+name+":443"+path+query, "url-scheme")
			} else if f.AnyPort {
				try("url-port-scheme", "rtmps://"+name+":1935"+path+query)
			} else {
				try("url-port-scheme", "rtmps://"+name+":1935"+path+query, "url-scheme")
			}
		}
		if f.Hosts == nil && !f.AnyPort {
			try("url-host", swap(name, "live.twitch.tv"))
		}
		clear, secure := cleartext(p)
		if clear != "" {
			try("url-cleartext", clear)
			if r := lintAs(t, p.ID, secure); r.raised("url-cleartext") {
				t.Errorf("%s: %s raises url-cleartext", p.ID, secure)
			}
		}
		// Server and key apart: the URL in the key field, the key in both, and right.
		apart := func(server, key string, want bool) {
			t.Helper()
			seen[p.ID]["url-key-place"] = true
			r := Lint(Options{Split: true, Server: server, Key: key, Profile: p, Now: now, Tell: rules.Tell})
			check(t, r)
			if r.raised("url-key-place") != want {
				t.Errorf("%s: server %s, key %s: url-key-place is %v", p.ID, server, key, !want)
			}
			for _, id := range strings.Fields(raised(r, diag.Error)) {
				if id != "url-key-place" || !want {
					t.Errorf("%s: server %s, key %s: raises %s", p.ID, server, key, id)
				}
			}
		}
		apart("", base, true)
		if !f.WholePath {
			apart(scheme+"://"+host+strings.TrimSuffix(path, stream), stream[1:]+query, false)
			if f.App != "" {
				apart(scheme+"://"+host+path, stream[1:]+query, true)
			}
		}
	}
	for _, p := range profile.All() {
		list := judges(t, p)
		for _, r := range rules.All() {
			if r.Family != rules.IngestURLs {
				continue
			}
			switch {
			case list[r.ID] && !seen[p.ID][r.ID]:
				t.Errorf("%s judges the URLs of %s and was never tried on them", r.ID, p.ID)
			case !list[r.ID] && seen[p.ID][r.ID] && r.ID != "url-auth-mismatch" && r.ID != "url-host":
				t.Errorf("%s was tried on %s, whose URLs it does not judge", r.ID, p.ID)
			}
			delete(seen[p.ID], r.ID)
		}
		for id := range seen[p.ID] {
			t.Errorf("%s: no such rule", id)
		}
	}
}

// cleartext is a URL of the profile with a key in the clear, and the same over
// TLS; empty where the platform takes one of them only.
func cleartext(p *profile.Profile) (clear, secure string) {
	for _, s := range p.URL.Schemes {
		for _, in := range healthy[p.ID] {
			if !strings.HasPrefix(in, s.Name+"://") {
				continue
			}
			if s.TLS && secure == "" {
				secure = in
			} else if !s.TLS && clear == "" {
				clear = in
			}
		}
	}
	switch p.ID {
	case "generic": // without credentials it is nobody's business
		return clear + "?token=abc", secure + "?token=abc"
	case "azure-pass-through", "azure-pass-through-basic":
		clear = strings.Replace(strings.Replace(secure, "rtmps", "rtmp", 1), "2935", "1935", 1)
	}
	if clear == "" || secure == "" {
		return "", ""
	}
	return clear, secure
}
