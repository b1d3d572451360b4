package ingest

import (
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

// One URL, the rules it must and must not raise, the very characters that a
// rule marks, and the mended URL.
func TestCases(t *testing.T) {
	const (
		az    = "rtmps://" + zeros + ".channel.media.azure.net"
		azOld = "rtmp://" + zeros + ".channel.media.azure.net"
	)
	for _, c := range []struct {
		name, profile, in string
		must, never       string // rules, separated by spaces; never "*" is every error
		marks             string // what the first finding of the first rule marks
		mended            string // empty: not looked at; "-": none
	}{
		// Azure.
		{"rtmps on the plain primary port", "", az + ":1935/live/" + zeros + "/s", "url-port-scheme", "url-port url-syntax url-cleartext", "1935", az + ":2935/live/" + zeros + "/s"},
		{"rtmps on the plain secondary port", "", az + ":1936/live/" + zeros + "/s", "url-port-scheme", "url-port", "1936", az + ":2936/live/" + zeros + "/s"},
		{"rtmp on the TLS port", "", azOld + ":2935/live/" + zeros + "/s", "url-port-scheme", "url-port url-cleartext", "2935", az + ":2935/live/" + zeros + "/s"},
		{"rtmp on the TLS secondary", "", azOld + ":2936/live/" + zeros + "/s", "url-port-scheme", "url-port", "2936", az + ":2936/live/" + zeros + "/s"},
		{"neither port", "", az + ":443/live/" + zeros + "/s", "url-port", "url-port-scheme", "443", az + ":2935/live/" + zeros + "/s"},
		{"rtmps without a port means 443", "", az + "/live/" + zeros + "/s", "url-port", "url-port-scheme url-syntax", "", az + ":2935/live/" + zeros + "/s"},
		{"the guide's short form", "", azOld + ":1935/" + zeros, "url-form", "url-app url-stream-name url-token url-syntax", zeros, azOld + ":1935/" + zeros},
		{"short form with a stream name", "", azOld + ":1935/" + zeros + "/s", "url-form", "url-app url-stream-name url-token", zeros, azOld + ":1935/live/" + zeros + "/s"},
		{"short form, 31 digits", "", azOld + ":1935/" + token[1:], "url-token url-form", "url-app url-stream-name", token[1:], ""},
		{"no stream name", "", az + ":2935/live/" + zeros, "url-stream-name", "url-app url-token url-form", "", ""},
		{"token lost", "", az + ":2935/live/stream1", "url-token", "url-app", "stream1", ""},
		{"another application", "", az + ":2935/origin/" + zeros + "/s", "url-app", "url-token url-stream-name", "origin", ""},
		{"LIVE in capitals", "", az + ":2935/LIVE/" + zeros + "/s", "url-app", "url-token", "LIVE", az + ":2935/live/" + zeros + "/s"},
		{"guide's placeholders", "", "rtmp://hostname:1935/live/GUID_APPID/streamname?videodatarate=5000&audiodatarate=192", "url-placeholder", "url-token url-host url-datarate url-syntax", "hostname", ""},
		{"guide's placeholders, profile chosen", "azure-live-encoding", "rtmp://hostname:1935/live/GUID_APPID/streamname", "url-placeholder", "url-token url-host url-syntax url-stream-name", "hostname", ""},
		{"the error list's template", "azure-live-encoding", "rtmp[s]://hostname:port/live/GUID_APPID/streamname", "url-placeholder url-syntax", "url-token url-host url-port", "hostname", ""},
		{"31 hex digits in the host", "", "rtmps://" + token[1:] + ".channel.media.azure.net:2935/live/" + zeros + "/s", "url-host", "url-token", token[1:] + ".channel.media.azure.net", ""},
		{"wrong end of the host", "", "rtmps://" + token + ".channel.media.azure.com:2935/live/" + zeros + "/s", "url-host", "url-token", "", ""},
		{"preview endpoint", "", "rtmps://" + token + ".preview-usw2.channel.media.azure.net:2935/live/" + zeros + "/s", "url-host", "url-token", "", ""},
		{"playback endpoint", "", "rtmps://ep-acct-usw2.streaming.media.azure.net:2935/live/" + zeros + "/s", "url-host url-retired", "url-token", "", ""},
		{"Smooth ingest", "", "https://" + token + ".channel.media.azure.net/" + token + "/ingest.isml/streams(s1)", "url-scheme url-retired", "url-token url-app url-stream-name url-characters", "https", ""},
		{"capitals in token and host", "", strings.ToUpper("rtmps://"+token) + ".channel.media.azure.net:2935/live/" + strings.ToUpper(token) + "/s", "url-retired", "url-token url-host url-scheme", "", ""},
		{"version 2 knew no rtmps", "azure-v2", "rtmps://show-acct.channel.mediaservices.windows.net:2935/live/" + zeros + "/s", "url-scheme", "url-port", "rtmps", "rtmp://show-acct.channel.mediaservices.windows.net:1935/live/" + zeros + "/s"},
		{"retired whatever the profile", "generic", az + ":2935/live/" + zeros + "/s", "url-retired", "*", "", ""},
		{"rate in bit/s", "", az + ":2935/live/" + zeros + "/s?videodatarate=5000000", "url-datarate", "*", "5000000", ""},
		{"rate as a fraction", "", az + ":2935/live/" + zeros + "/s?videodatarate=5000.5&audiodatarate=96", "", "url-datarate", "", ""},
		{"rate misspelt", "", az + ":2935/live/" + zeros + "/s?videoDataRate=5000", "url-datarate", "*", "videoDataRate", ""},
		{"rates on another platform", "", "rtmp://live.example.com/live/s?videodatarate=5Mbps", "", "url-datarate", "", ""},
		{"cleartext is a note", "", azOld + ":1935/live/" + zeros + "/s", "url-cleartext", "*", "rtmp", ""},

		// Tencent.
		{"expired", "", "rtmp://push.example.com/live/room1?txSecret=" + token + "&txTime=5867D600", "url-expired", "url-expiry-missing url-auth-missing url-auth-mismatch url-syntax", "5867D600", ""},
		{"no signature at all, profile chosen", "tencent-css", "rtmp://push.example.com/live/room1", "url-auth-missing url-expiry-missing", "url-syntax", "", ""},
		{"no signature at all, nothing says Tencent", "", "rtmp://push.example.com/live/room1", "", "url-auth-missing url-expiry-missing", "", ""},
		{"IP address", "", "rtmp://203.0.113.7/live/room1?" + sig, "url-ip-host", "url-host url-syntax", "203.0.113.7", ""},
		{"IP address with txHost", "", "rtmp://203.0.113.7/live/room1?" + sig + "&txHost=push.example.com", "", "url-ip-host url-host", "", ""},
		{"playback domain", "", "rtmp://1234.liveplay.myqcloud.com/live/room1?" + sig, "url-host", "url-ip-host", "1234.liveplay.myqcloud.com", ""},
		{"playback by its name is a warning", "", "rtmp://pull.example.com/live/room1?" + sig, "url-host", "*", "pull.example.com", ""},
		{"test domain is a note", "", "rtmp://1234.tlivepush.com/live/room1?" + sig, "url-host", "*", "", ""},
		{"old domain without bizid", "", "rtmp://8888.livepush.myqcloud.com/live/room1?" + sig, "url-stream-name", "*", "room1", ""},
		{"transcoding template", "", "rtmp://push.example.com/live/room1_720p?" + sig, "url-stream-name", "*", "_720p", ""},
		{"a number is no template", "", "rtmp://push.example.com/live/room_1?" + sig, "", "url-stream-name", "", ""},
		{"a dot in AppName", "tencent-css", "rtmp://push.example.com/my.app/room1?" + sig, "url-app", "url-stream-name", ".", ""},
		{"a slash too many", "tencent-css", "rtmp://push.example.com//live/room1?" + sig, "url-syntax", "*", "//", "rtmp://push.example.com/live/room1?" + sig},
		{"decimal time", "", "rtmp://push.example.com/live/room1?txSecret=" + token + "&txTime=1795300000", "url-expiry-missing", "url-expired", "1795300000", ""},
		{"small hex is fine", "", "rtmp://push.example.com/live/room1?txSecret=" + token + "&txTime=7fffffff", "", "url-expired url-expiry-missing", "", ""},
		{"template of the console", "", "rtmp://<push domain>/<AppName>/<StreamName>?txSecret=<md5>&txTime=<hex>", "url-placeholder", "url-auth-mismatch url-expired url-expiry-missing url-syntax url-characters url-stream-name url-app", "<push domain>", ""},
		{"WebRTC of Tencent is a note", "tencent-css", "webrtc://push.example.com/live/room1?" + sig, "url-scheme", "*", "webrtc", ""},
		{"playback URL", "tencent-css", "https://play.example.com/live/room1.m3u8", "url-scheme", "url-auth-missing url-stream-name url-expiry-missing url-host", "https", ""},

		// Alibaba.
		{"auth_key past", "", "rtmp://demo.example.com/app/stream?auth_key=1763451219-0-0-" + token, "url-expired", "url-auth-mismatch url-auth-missing", "1763451219", ""},
		{"auth_key with a dashed random part", "alibaba", "rtmp://demo.example.com/app/stream?auth_key=4102444800-a-b-0-" + token, "url-auth-mismatch", "url-expired", "", ""},
		{"auth_key template", "", "rtmp://demo.example.com/app/stream?auth_key=<timestamp>-<rand>-<uid>-<md5>", "url-placeholder", "url-auth-mismatch url-expired", "<timestamp>", ""},

		// YouTube.
		{"rtmps on the rtmp host", "", "rtmps://a.rtmp.youtube.com/live2/" + ytKey, "url-host", "url-scheme url-port url-port-scheme", "a.rtmp.youtube.com", "rtmps://a.rtmps.youtube.com/live2/" + ytKey},
		{"rtmps on the backup's rtmp host", "", "rtmps://b.rtmp.youtube.com/live2?backup=1/" + ytKey, "url-host", "url-scheme", "b.rtmp.youtube.com", "rtmps://b.rtmps.youtube.com/live2?backup=1/" + ytKey},
		{"rtmp on the rtmps host", "", "rtmp://a.rtmps.youtube.com/live2/" + ytKey, "url-scheme", "url-host url-port-scheme", "rtmp", "rtmps://a.rtmps.youtube.com/live2/" + ytKey},
		{"rtmp on the rtmps host and port", "", "rtmp://a.rtmps.youtube.com:443/live2/" + ytKey, "url-port-scheme", "url-host url-scheme url-port", "443", "rtmps://a.rtmps.youtube.com:443/live2/" + ytKey},
		{"the old application", "", "rtmps://a.rtmps.youtube.com/live/" + ytKey, "url-app", "url-stream-name", "live", "rtmps://a.rtmps.youtube.com/live2/" + ytKey},
		{"application forgotten", "", "rtmps://a.rtmps.youtube.com/" + ytKey, "url-app", "url-stream-name", "", "rtmps://a.rtmps.youtube.com/live2/" + ytKey},
		{"server alone", "", "rtmps://a.rtmps.youtube.com:443/live2", "url-stream-name", "url-app url-syntax", "", ""},
		{"watch page", "", "https://www.youtube.com/watch?v=abcdefghijk", "url-scheme", "url-host url-app url-stream-name url-port", "https", ""},
		{"HLS ingest", "", "https://a.upload.youtube.com/http_upload_hls?cid=" + ytKey + "&copy=0&file=out.m3u8", "url-scheme", "url-host url-app url-characters", "https", ""},
		{"manual's key", "", "rtmps://a.rtmps.youtube.com/live2/xxxx-xxxx-xxxx-xxxx-xxxx", "url-placeholder", "url-stream-name", "xxxx-xxxx-xxxx-xxxx-xxxx", ""},
		{"masked key", "", "rtmps://a.rtmps.youtube.com/live2/****", "url-placeholder", "url-stream-name", "****", ""},

		// Others.
		{"plain rtmp on Facebook", "", "rtmp://rtmp-api.facebook.com:80/rtmp/" + fbKey, "url-scheme", "url-port url-port-scheme", "rtmp", "rtmps://rtmp-api.facebook.com:443/rtmp/" + fbKey},
		{"plain rtmp on Cloudflare", "", "rtmp://live.cloudflare.com/live/abc", "url-scheme", "url-port url-stream-name", "rtmp", "rtmps://live.cloudflare.com/live/abc"},
		{"Cloudflare's server field", "", "rtmps://live.cloudflare.com:443/live/", "url-stream-name", "url-syntax url-app", "", ""},
		{"Cloudflare's playback host", "", "rtmps://customer-abc.cloudflarestream.com/live/abc", "url-host", "url-scheme", "", ""},
		{"Mux on 1935", "", "rtmp://global-live.mux.com:1935/app/abc", "url-port", "url-port-scheme", "1935", "rtmp://global-live.mux.com:5222/app/abc"},
		{"Mux without a port", "", "rtmp://global-live.mux.com/app/abc", "url-port", "url-port-scheme", "global-live.mux.com", "rtmp://global-live.mux.com:5222/app/abc"},
		{"Mux, TLS on the plain port", "", "rtmps://global-live.mux.com:5222/app/abc", "url-port-scheme", "url-port", "5222", "rtmps://global-live.mux.com:443/app/abc"},
		{"a Mux region", "", "rtmps://us-east.live.mux.com/app/abc", "", "url-host", "", ""},
		{"Twitch, rtmps on 1935", "", "rtmps://live.twitch.tv:1935/app/" + twKey, "url-port-scheme", "url-port", "1935", "rtmps://live.twitch.tv:443/app/" + twKey},
		{"Twitch's web site", "", "rtmp://www.twitch.tv/app/" + twKey, "url-host", "url-app", "www.twitch.tv", ""},
		{"Twitch, key in the application's place", "", "rtmp://live.twitch.tv/" + twKey, "url-app", "url-stream-name", "", "rtmp://live.twitch.tv/app/" + twKey},
		{"a Twitch host under YouTube", "youtube", "rtmps://live.twitch.tv/app/" + twKey, "url-host url-app", "url-scheme", "live.twitch.tv", ""},
		{"IVS by its key", "", "rtmps://fra05.contribute.live-video.net/app/sk_eu-west-1_abcdefgh_ijkl", "", "*", "", ""},
		{"MediaLive has an IP address", "aws-medialive", "rtmp://198.51.100.99:1935/live/curling", "", "url-ip-host url-host", "", ""},
		{"MediaLive knows no rtmps", "aws-medialive", "rtmps://198.51.100.99:1935/live/curling", "url-scheme url-port-scheme", "url-port", "rtmps", ""},
		{"MediaMTX has no application", "mediamtx", "rtmp://mtx.example.com/mystream", "", "url-app url-stream-name", "", ""},
		{"MediaMTX, TLS on the plain port", "mediamtx", "rtmps://mtx.example.com:1935/mystream", "url-port-scheme", "url-port", "1935", "rtmps://mtx.example.com:1936/mystream"},
		{"nginx behind a TLS proxy", "nginx-rtmp", "rtmps://media.example.com/live/s", "url-scheme", "*", "", ""},
		{"SRS's old vhost form", "srs", "rtmp://srs.example.com/live...vhost...v.example.com/s", "url-form", "*", "live...vhost...v.example.com", ""},

		{"MediaMTX takes credentials in the query", "mediamtx", "rtmp://u:p@mtx.example.com/mystream", "url-syntax", "*", "u:p", ""},
		{"YouTube's backup behind the key", "", "rtmps://b.rtmps.youtube.com/live2/" + ytKey + "?backup=1", "url-syntax", "*", "backup=1", ""},
		{"Twitch's test before the key", "", "rtmp://live.twitch.tv/app?bandwidthtest=true/" + twKey, "url-syntax", "*", "bandwidthtest=true", ""},
		{"Twitch's test behind the key", "", "rtmp://live.twitch.tv/app/" + twKey + "?bandwidthtest=true", "", "url-syntax", "", ""},
		{"an event's name of 33 characters", "", "rtmps://" + strings.Repeat("e", 33) + "-acct-usw2.channel.media.azure.net:2935/live/" + zeros + "/s", "url-host", "url-token", "", ""},
		{"an event's name of 32 characters", "", "rtmps://" + strings.Repeat("e", 32) + "-acct-usw2.channel.media.azure.net:2935/live/" + zeros + "/s", "url-retired", "url-host", "", ""},
		{"a special character for Ant Media", "ant-media", "rtmp://ant.example.com/LiveApp/stream.1", "url-stream-name", "url-app", ".", ""},

		// Any platform.
		{"rtmps on 1935", "", "rtmps://live.example.com:1935/live/s", "url-port-scheme", "url-port", "1935", "rtmps://live.example.com:443/live/s"},
		{"rtmp on 443", "", "rtmp://live.example.com:443/live/s", "url-port-scheme", "url-port", "443", "rtmps://live.example.com:443/live/s"},
		{"any other port", "", "rtmp://live.example.com:8080/live/s", "", "url-port url-port-scheme", "", ""},
		{"port 0", "", "rtmp://live.example.com:0/live/s", "url-port", "url-syntax", "0", ""},
		{"port too large", "", "rtmp://live.example.com:65536/live/s", "url-port", "url-syntax", "65536", ""},
		{"no port behind the colon", "", "rtmp://live.example.com:/live/s", "url-syntax", "url-port", ":", "rtmp://live.example.com/live/s"},
		{"SRT", "", "srt://live.example.com:9000?streamid=abc", "url-scheme", "url-syntax url-app url-stream-name url-port", "srt", ""},
		{"RTSP", "", "rtsp://live.example.com/live/s", "url-scheme", "url-syntax", "rtsp", ""},
		{"HLS playback", "", "https://live.example.com/live/s/index.m3u8", "url-scheme", "url-app url-stream-name url-syntax url-characters", "https", ""},
		{"HTTP-FLV playback", "", "http://live.example.com/live/s.flv", "url-scheme", "*-", "http", ""},
		{"WHIP", "", "https://live.example.com/rtc/v1/whip/?app=live&stream=s", "url-scheme", "url-syntax", "https", ""},
		{"a slip in the scheme", "", "rmtp://live.example.com/live/s", "url-scheme", "url-syntax", "rmtp", "rtmp://live.example.com/live/s"},
		{"the scheme lost its first letter", "", "tmp://live.example.com/live/s", "url-scheme", "url-syntax", "tmp", "rtmp://live.example.com/live/s"},
		{"one slash", "", "rtmp:/live.example.com/live/s", "url-syntax", "url-scheme url-characters url-app", ":/", "rtmp://live.example.com/live/s"},
		{"no slash", "", "rtmp:live.example.com/live/s", "url-syntax", "url-scheme", ":", "rtmp://live.example.com/live/s"},
		{"no colon", "", "rtmp//live.example.com/live/s", "url-syntax", "url-scheme", "//", "rtmp://live.example.com/live/s"},
		{"three slashes", "", "rtmp:///live.example.com/live/s", "url-syntax", "url-scheme", ":///", "rtmp://live.example.com/live/s"},
		{"semicolon", "", "rtmp;//live.example.com/live/s", "url-syntax", "url-scheme", ";", "rtmp://live.example.com/live/s"},
		{"scheme twice", "", "rtmp://rtmp://live.example.com/live/s", "url-syntax", "url-scheme", "rtmp://", "rtmp://live.example.com/live/s"},
		{"http in front", "", "http://rtmp://live.example.com/live/s", "url-syntax", "url-scheme", "http://", "rtmp://live.example.com/live/s"},
		{"no scheme", "", "live.example.com/live/s", "url-syntax", "url-scheme", "", "rtmp://live.example.com/live/s"},
		{"no scheme, a platform", "", "a.rtmps.youtube.com/live2/" + ytKey, "url-syntax", "url-host url-app url-port", "", "rtmps://a.rtmps.youtube.com/live2/" + ytKey},
		{"no scheme, a port", "", zeros + ".channel.media.azure.net:1935/live/" + zeros + "/s", "url-syntax", "url-port url-port-scheme", "", azOld + ":1935/live/" + zeros + "/s"},
		{"a key alone", "", twKey, "url-syntax", "url-app url-stream-name url-host url-port", twKey, "-"},
		{"no host", "", "rtmp:///live/s", "url-syntax", "url-app", "", "-"},
		{"two dots", "", "rtmp://live..example.com/live/s", "url-syntax", "url-host", ".", ""},
		{"an odd character in the host", "", "rtmp://live$example.com/live/s", "url-syntax", "url-host", "$", ""},
		{"IPv6 without brackets", "", "rtmp://2001:db8::1/live/s", "url-syntax", "url-port url-host", "2001:db8::1", "rtmp://[2001:db8::1]/live/s"},
		{"no IPv6 in the brackets", "", "rtmp://[live.example.com]/live/s", "url-syntax", "url-app", "live.example.com", ""},
		{"a zone", "", "rtmp://[fe80::1%25eth0]:1935/live/s", "", "*", "", "rtmp://[fe80::1%25eth0]:1935/live/s"},
		{"IPv6 without brackets, with a port", "", "rtmp://2001:db8::1:1935/live/s", "url-syntax", "url-port url-host", "2001:db8::1", "rtmp://[2001:db8::1]:1935/live/s"},
		{"words behind the bracket", "", "rtmp://[2001:db8::1]live/s", "url-syntax", "url-placeholder", "[", ""},
		{"an address of two numbers", "", "rtmp://127.1/live/s", "url-syntax", "*", "127.1", ""},
		{"an address of one number", "", "rtmp://2130706433/live/s", "url-syntax", "*", "2130706433", ""},
		{"an octal address", "", "rtmp://0300.0250.0.1/live/s", "url-syntax", "*", "0300.0250.0.1", ""},
		{"256 in an address", "", "rtmp://256.1.1.1/live/s", "url-syntax", "url-ip-host", "256.1.1.1", ""},
		{"five numbers", "", "rtmp://1.2.3.4.5/live/s", "url-syntax", "url-ip-host", "1.2.3.4.5", ""},
		{"an address of two numbers where none is taken", "youtube", "rtmp://127.1/live2/" + ytKey, "url-ip-host", "url-syntax", "127.1", ""},
		{"punycode of nothing", "", "rtmp://xn--/live/s", "url-syntax", "*", "xn--", ""},
		{"variables", "", "rtmp://$HOST/live/%KEY%", "url-placeholder", "url-syntax", "$HOST", ""},
		{"a name with two spaces", "", "rtmp://live.example.com/live/my cool stream", "url-characters", "url-syntax", " ", "rtmp://live.example.com/live/mycoolstream"},
		{"& for ?", "", "rtmp://push.example.com/live/room1&" + sig, "url-syntax", "*", "&", "rtmp://push.example.com/live/room1?" + sig},
		{"& in a name", "", "rtmp://live.example.com/live/a&b=c", "", "url-syntax", "", ""},
		{"Bilibili's key without a name", "", "rtmp://live-push.bilivideo.com/live-bvc/?streamname=&key=abc", "url-stream-name", "url-app", "", ""},
		{"password with a slash", "", "rtmp://user:pa/ss@live.example.com/live/s", "url-syntax", "url-port url-app", "pa/ss", "rtmp://user:pa%2Fss@live.example.com/live/s"},
		{"no application", "", "rtmp://live.example.com", "url-app url-stream-name", "url-syntax", "", ""},
		{"no stream", "", "rtmp://live.example.com/live", "url-stream-name", "url-app url-syntax", "", ""},
		{"the key twice", "", "rtmp://live.example.com/live/abc123def456ghi789/abc123def456ghi789", "url-key-place", "url-syntax", "abc123def456ghi789/abc123def456ghi789", "rtmp://live.example.com/live/abc123def456ghi789"},
		{"a slash at the end", "", "rtmp://live.example.com/live/s/", "url-syntax", "*", "/", "rtmp://live.example.com/live/s"},
		{"a fragment", "", "rtmp://live.example.com/live/s#1", "url-syntax", "*", "#1", ""},
		{"no percent escape", "", "rtmp://live.example.com/live/100%", "url-syntax", "*", "%", ""},
		{"the whole percent-encoded", "", "rtmp%3A%2F%2Flive.example.com%2Flive%2Fs", "url-syntax", "url-scheme", "%3A%2F%2Flive.example.com%2Flive%2Fs", "rtmp://live.example.com/live/s"},
		{"credentials in the clear", "", "rtmp://live.example.com/live/s?token=abc", "url-cleartext", "*", "rtmp", ""},
		{"no credentials", "", "rtmp://live.example.com/live/s", "", "url-cleartext", "", ""},
		{"variable", "", "rtmp://live.example.com/live/$STREAM_KEY", "url-placeholder", "url-stream-name", "$STREAM_KEY", ""},
		{"braces", "", "rtmp://live.example.com/live/{stream_key}", "url-placeholder", "", "{stream_key}", ""},
		{"double braces", "", "rtmp://live.example.com/live/{{ key }}", "url-placeholder", "url-characters", "{{ key }}", ""},
		{"your domain", "", "rtmp://live.yourdomain.com/live/s", "url-placeholder", "url-host url-syntax", "yourdomain", ""},
		{"a brand with your in it", "", "rtmp://live.yourstream.example/live/s", "", "url-placeholder", "", ""},
		{"a stream named test", "", "rtmp://live.example.com/live/test", "", "url-placeholder", "", ""},
		{"a stream named streamname", "", "rtmp://live.example.com/live/streamname", "", "url-placeholder", "", ""},
		{"key of the word key", "", "rtmp://live.example.com/live/key", "", "url-placeholder", "", ""},
		{"letters that are not ASCII", "", "rtmp://m\u00fcnchen.example/live/s", "url-characters", "*", "m\u00fcnchen.example", "rtmp://xn--mnchen-3ya.example/live/s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := lintAs(t, c.profile, c.in)
			for _, id := range strings.Fields(c.must) {
				if !r.raised(id) {
					t.Errorf("%s: %s is not raised but %q", c.in, id, raised(r, diag.Info))
				}
			}
			for _, id := range strings.Fields(c.never) {
				switch {
				case id == "*":
					if got := raised(r, diag.Error); got != "" {
						t.Errorf("%s: errors %q", c.in, got)
					}
				case id == "*-":
					if got := raised(r, diag.Info); got != c.must {
						t.Errorf("%s: raised %q", c.in, got)
					}
				case r.raised(id):
					t.Errorf("%s: %s is raised", c.in, id)
				}
			}
			if c.marks != "" {
				for _, f := range r.Findings {
					if f.Rule == strings.Fields(c.must)[0] {
						if got := c.in[f.Start:f.End]; got != c.marks {
							t.Errorf("%s: %s marks %q, want %q", c.in, f.Rule, got, c.marks)
						}
						break
					}
				}
			}
			switch {
			case c.mended == "-":
				if r.Mended != "" {
					t.Errorf("%s: mended to %s", c.in, r.Mended)
				}
			case c.mended != "" && r.Mended != c.mended:
				t.Errorf("%s\n mended %s\n want   %s", c.in, r.Mended, c.mended)
			}
		})
	}
}

// Server and key as encoders take them.
func TestKeyPlace(t *testing.T) {
	const yt = "rtmps://a.rtmps.youtube.com/live2"
	for _, c := range []struct {
		name, profile, server, key string
		must, never                string
		mended                     string
	}{
		{"as it should be", "", yt, ytKey, "", "*", yt + "/" + ytKey},
		{"a slash behind the server", "", yt + "/", ytKey, "", "*", yt + "/" + ytKey},
		{"the backup", "", "rtmps://b.rtmps.youtube.com/live2?backup=1", ytKey, "", "*", "rtmps://b.rtmps.youtube.com/live2?backup=1/" + ytKey},
		{"key in the server field", "", yt + "/" + ytKey, "", "url-key-place", "url-app url-stream-name", yt + "/" + ytKey},
		{"key in both fields", "", yt + "/" + ytKey, ytKey, "url-key-place", "url-app", yt + "/" + ytKey},
		{"key split", "", yt + "/a1b2-c3d4", "e5f6-g7h8-i9j0", "url-key-place", "url-app", ""},
		{"application in the key field", "", "rtmps://a.rtmps.youtube.com", "live2/" + ytKey, "url-key-place", "url-app", yt + "/" + ytKey},
		{"whole URL in the key field", "", "", yt + "/" + ytKey, "url-key-place", "url-app url-stream-name", yt + "/" + ytKey},
		{"whole URL in the key field, server too", "", yt, yt + "/" + ytKey, "url-key-place", "url-app", ""},
		{"no key yet", "", yt, "", "url-stream-name", "url-key-place url-app", ""},
		{"a space at the key", "", yt, ytKey + " ", "url-characters", "url-key-place", yt + "/" + ytKey},
		{"Tencent's key has the signature", "", "rtmp://push.example.com/live/", "room1?" + sig, "", "*", "rtmp://push.example.com/live/room1?" + sig},
		{"Azure's server ends in the token", "", "rtmps://" + zeros + ".channel.media.azure.net:2935/live/" + zeros, "stream1", "", "url-key-place url-token url-stream-name url-app", azure},
		{"Azure's token in the key field", "", "rtmps://" + zeros + ".channel.media.azure.net:2935/live", zeros + "/stream1", "url-key-place", "url-token", azure},
		{"MediaMTX takes no key", "mediamtx", "rtmp://mtx.example.com/mystream", "", "", "*", "rtmp://mtx.example.com/mystream"},
		{"an instance is no key", "", "rtmp://live.example.com/live/_definst_", "stream1", "", "*", "rtmp://live.example.com/live/_definst_/stream1"},
		{"the same long key twice, any platform", "", "rtmp://live.example.com/live/abc123def456ghi789", "abc123def456ghi789", "url-key-place", "url-syntax", "rtmp://live.example.com/live/abc123def456ghi789"},
		{"both empty", "", "", "", "url-syntax", "url-key-place url-app", ""},
		{"Bilibili's key is a query", "", "rtmp://live-push.bilivideo.com/live-bvc/", "?streamname=live_123_456789&key=abcdef0123456789", "", "*", "rtmp://live-push.bilivideo.com/live-bvc/?streamname=live_123_456789&key=abcdef0123456789"},
		{"Facebook's query is part of the key", "", "rtmps://live-api-s.facebook.com:443/rtmp/", fbKey, "", "*", "rtmps://live-api-s.facebook.com:443/rtmp/" + fbKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Split: true, Server: c.server, Key: c.key, Now: now}
			if c.profile != "" {
				o.Profile, _ = profile.ByID(c.profile)
			}
			r := Lint(o)
			check(t, r)
			for _, id := range strings.Fields(c.must) {
				if !r.raised(id) {
					t.Errorf("%s is not raised but %q", id, raised(r, diag.Info))
				}
			}
			for _, id := range strings.Fields(c.never) {
				if id == "*" {
					if got := raised(r, diag.Error); got != "" {
						t.Errorf("errors %q", got)
					}
				} else if r.raised(id) {
					t.Errorf("%s is raised", id)
				}
			}
			if c.mended != "" && r.Mended != c.mended {
				t.Errorf("mended %s, want %s", r.Mended, c.mended)
			}
		})
	}
}

// A finding in the key field says so, and counts from the field's beginning.
func TestKeyFieldPositions(t *testing.T) {
	r := Lint(Options{Split: true, Server: "rtmps://a.rtmps.youtube.com/live2", Key: "a1b2-c3d4 -e5f6-g7h8-i9j0", Now: now})
	f := r.Findings[0]
	if f.Rule != "url-characters" || f.Field != "key" || f.Start != 9 || f.End != 10 {
		t.Errorf("%s in field %q at %d-%d", f.Rule, f.Field, f.Start, f.End)
	}
	p := r.Parts[len(r.Parts)-1]
	if p.Name != "stream" || p.Field != "key" || p.Start != 0 || p.End != 25 {
		t.Errorf("part %+v", p)
	}
	if r.RedactedKey != Mask || r.Redacted != "rtmps://a.rtmps.youtube.com/live2" {
		t.Errorf("redacted %q %q", r.Redacted, r.RedactedKey)
	}
}

// What people paste around a URL.
func TestPastes(t *testing.T) {
	const want = "rtmp://live.example.com/live/room1"
	for _, c := range []struct{ in, mended, errors string }{
		{`ffmpeg -re -i in.mp4 -c copy -f flv "` + want + `"`, want, ""},
		{`ffmpeg -i rtmp://src.example.com/live/a -c copy -f flv ` + want, want, ""},
		{`ffmpeg -i in.mp4 -f flv ` + want + `\?a=1\&b=2`, want + "?a=1&b=2", ""},
		{`gst-launch-1.0 videotestsrc ! x264enc ! flvmux ! rtmpsink location='` + want + ` live=1'`, want, ""},
		{"Server: rtmp://live.example.com/live Stream key: room1", want, ""},
		{"Server: rtmp://live.example.com/live\nStream Key: room1\n", want, ""},
		{"Server URL\nrtmp://live.example.com/live\nStream key\nroom1", want, ""},
		{"URL: " + want, want, ""},
		{`{"url":"` + want + `"}`, want, ""},
		{"rtmps://a.rtmps.youtube.com/live2\n" + ytKey, "rtmps://a.rtmps.youtube.com/live2/" + ytKey, ""},
		{"<" + want + ">", want, "url-characters"},
		{"(" + want + ").", want, "url-characters"},
		{"[link](" + want + ")", want, ""},
		{want + ".", want, "url-characters"},
		{"rtmp://live.example.com/\nlive/room1", want, "url-characters"},
		{"rtmp://live.exam\nple.com/live/room1", want, "url-characters"},
		{"hello please take " + want + " for the show", want, "url-syntax"},
		{want + " please use this one", want, "url-syntax"},
		{want + "\nrtmp://backup.example.com/live/room1", want, "url-syntax"},
		{want + " live=1 playpath=abc", want, "url-characters"},
		{"rtmp://live.example.com/live/room1?a=1&amp;b=2", want + "?a=1&b=2", "url-characters"},
		{"rtmp://live.example.com/live/room1?a=1&amp;amp;b=2", want + "?a=1&b=2", "url-characters"},
		{`rtmp:\/\/live.example.com\/live\/room1?a=1\u0026b=2`, want + "?a=1&b=2", "url-characters"},
		{"rtmp://live.example.com/live/room1%20", want, "url-characters"},
		{"rtmp://live.example.com/live/room\u20111", "rtmp://live.example.com/live/room-1", "url-characters"},
		{"\ufeff" + want, want, "url-characters"},
		{"rtmp\uff1a\uff0f\uff0flive\uff0eexample\u3002com\uff0flive\uff0froom\uff11", want, "url-characters"},
	} {
		r := lintAs(t, "", c.in)
		if r.Mended != c.mended {
			t.Errorf("%q\n mended %s\n want   %s", c.in, r.Mended, c.mended)
		}
		if got := raised(r, diag.Error); got != c.errors {
			t.Errorf("%q: errors %q, want %q", c.in, got, c.errors)
		}
		if !r.Changed {
			t.Errorf("%q: Changed is false", c.in)
		}
	}
}

// Every character that was cleaned away is named where it stood.
func TestCharacterNames(t *testing.T) {
	r := lintAs(t, "", "rtmp://live.exa\u200bmple.com/live/ro\u00a0om1")
	var got []string
	for _, f := range r.Findings {
		if f.Rule == "url-characters" {
			a, _ := f.Args.Get("code_point")
			part, _ := f.Args.Get("part")
			got = append(got, a.Text+" "+part.Text)
		}
	}
	if s := strings.Join(got, ", "); s != "U+200B host, U+00A0 stream name" {
		t.Error(s)
	}
	// Many of a sort fold.
	r = lintAs(t, "", "rtmp://live.example.com/live/"+strings.Repeat("a\u200b", 100))
	n, count := 0, int64(0)
	for _, f := range r.Findings {
		if f.Rule == "url-characters" {
			n++
			count += f.Count
		}
	}
	if n != maxDirt || count != 100 {
		t.Errorf("%d findings for %d characters", n, count)
	}
}
