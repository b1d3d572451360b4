package profile

import "ingestdoctor/wasm/diag"

var (
	wowzaGuide = Source{
		"Wowza, Optimise live video streams (undated)",
		"https://support.wowza.com/hc/en-us/articles/4413567437979", checked,
	}
	nginxSource = Source{
		"nginx-rtmp-module, ngx_rtmp_core_module.c (2024-12-24)",
		"https://github.com/arut/nginx-rtmp-module", checked,
	}
	srsSource = Source{
		"SRS, conf/full.conf (2024-10-15)",
		"https://github.com/ossrs/srs/blob/develop/trunk/conf/full.conf", checked,
	}
	mediamtxSource = Source{
		"MediaMTX, mediamtx.yml and documentation (2026-08-22)",
		"https://github.com/bluenviron/mediamtx", checked,
	}
	mediamtxBFrames = Source{
		"MediaMTX, issue 1491: WebRTC doesn't support H264 streams with B-frames (2023-02-19)",
		"https://github.com/bluenviron/mediamtx/issues/1491", checked,
	}
	antMediaSource = Source{
		"Ant Media Server, red5.properties (2026-06-24)",
		"https://github.com/ant-media/Ant-Media-Server", checked,
	}
)

// A server that one runs oneself relays whatever key frames come: a long
// interval makes viewers wait, and refuses nothing.
var (
	relayKeyframe = Limit{
		Advised: Level{2000, ours}, Warn: Level{4000, ours}, Source: ourDefault,
		Note: "The server refuses nothing here; players wait for the next key frame before they show a picture.",
	}
	relayKeyframeBytes = Limit{Warn: Level{20e6, ours}, Source: ourDefault}
)

var wowza = &Profile{
	ID: "wowza", Name: "Wowza Streaming Engine", Platform: "", Short: "Wowza",
	Summary: "Wowza publishes guidance for encoders rather than hard limits.",
	KeyframeMS: Limit{
		Advised: Level{2000, documented}, Warn: Level{4000, documented}, Error: Level{10000, ours}, Source: wowzaGuide,
		Note: "Wowza advises 1 s to 2 s and no more than 4 s; the 10 s are ours.",
	},
	URL: URLForm{
		Template: "rtmp://<host>:1935/<application>[/<instance>]/<stream>",
		Example:  "rtmp://wowza.example.com:1935/live/stream1",
		Schemes:  []Scheme{{"rtmp", []int{1935}, false}, {"rtmps", []int{443}, true}}, StreamNeeded: true, AnyPort: true,
		Other: []string{"rtmpt", "rtmpts", "rtmpe", "rtmpte"},
		Basis: ours, Source: ourDefault, Note: "From general knowledge, not from a page of Wowza's.",
	},
}

var nginxRTMP = &Profile{
	ID: "nginx-rtmp", Name: "nginx with the RTMP module", Platform: "nginx-rtmp", Short: "nginx-rtmp",
	Summary: "The module's defaults: messages of at most 1 MiB, a connection silent for 60 s is closed.",
	VideoFrame: Limit{
		Error: Level{1 << 20, documented}, Source: nginxSource,
		Note: "max_message: a larger message is logged as \"too big message\" and closes the connection. The configuration can raise it.",
	},
	AudioFrame: Limit{
		Warn: Level{64e3, ours}, Error: Level{1 << 20, documented}, Source: nginxSource, Note: "max_message, as for video; the 64 kB are ours.",
	},
	IdleGap:    Limit{Warn: Level{60000, documented}, Source: nginxSource, Note: "timeout, 60 s by default."},
	KeyframeMS: relayKeyframe, KeyframeBytes: relayKeyframeBytes,
	URL: URLForm{
		Template: "rtmp://<host>:1935/<application>/<stream name>",
		Example:  "rtmp://media.example.com:1935/live/stream1",
		Schemes:  []Scheme{{"rtmp", []int{1935}, false}}, StreamNeeded: true, AnyPort: true, Source: nginxSource,
		Note: "The module speaks no TLS; rtmps means a TLS proxy in front of it.",
	},
}

var srs = &Profile{
	ID: "srs", Name: "SRS (Simple Realtime Server)", Platform: "srs", Short: "SRS",
	Summary: "The defaults of SRS's full.conf: 20 s for the first packet, then a packet at least every 5 s.",
	IdleGap: Limit{
		Warn: Level{5000, documented}, Source: srsSource,
		Note: "normal_timeout, 5,000 ms by default; 20,000 ms for the first packet.",
	},
	KeyframeMS: relayKeyframe, KeyframeBytes: relayKeyframeBytes,
	URL: URLForm{
		Template: "rtmp://<host>[:1935]/<app>/<stream>[?vhost=<vhost>]",
		Example:  "rtmp://srs.example.com/live/livestream",
		Schemes:  []Scheme{{"rtmp", []int{1935}, false}}, StreamNeeded: true, KeyInField: true, AnyPort: true, LongApp: true, Other: []string{"srt", "webrtc"}, Source: srsSource,
		Note: "Everything before the last slash is the application.",
	},
}

var mediaMTX = &Profile{
	ID: "mediamtx", Name: "MediaMTX", Platform: "mediamtx", Short: "MediaMTX",
	Summary: "Takes Enhanced RTMP and most codecs; closes a publisher that is silent for 10 s.",
	VideoCodecs: List{
		Values: []string{"H.264", "HEVC", "AV1", "VP9"}, Severity: diag.Error, Basis: documented, Source: mediamtxSource,
	},
	AudioCodecs: List{
		Values:   []string{"AAC", "Opus", "FLAC", "MP3", "AC-3", "G.711 A-law", "G.711 mu-law", "PCM"},
		Severity: diag.Error, Basis: documented, Source: mediamtxSource,
	},
	IdleGap: Limit{Warn: Level{10000, documented}, Source: mediamtxSource, Note: "readTimeout, 10 s by default."},
	BFrames: Need{
		Severity: diag.Info, Basis: documented, Source: mediamtxBFrames, Note: "Readers over WebRTC cannot have them; all others can.",
	},
	KeyframeMS: relayKeyframe, KeyframeBytes: relayKeyframeBytes,
	URL: URLForm{
		Template: "rtmp[s]://<host>[:port]/<path>[?user=<user>&pass=<password>]",
		Example:  "rtmp://mtx.example.com/mystream",
		Schemes:  []Scheme{{"rtmp", []int{1935}, false}, {"rtmps", []int{1936}, true}},
		Secret:   []string{"pass", "token", "jwt"}, AnyPort: true, WholePath: true, Other: []string{"srt", "whip", "whips"}, Source: mediamtxSource,
		Note: "The whole path is the stream; leave the key field of OBS empty. Credentials go into the query.",
	},
}

var antMedia = &Profile{
	ID: "ant-media", Name: "Ant Media Server", Platform: "ant-media", Short: "Ant Media",
	Summary: "The server's defaults: messages of at most 3 MiB.",
	VideoFrame: Limit{
		Error: Level{3145728, documented}, Source: antMediaSource,
		Note: "rtmp.max_packet_size: more ends in NetStream.Failed, \"Data exceeded maximum allowed\".",
	},
	AudioFrame: Limit{Warn: Level{64e3, ours}, Error: Level{3145728, documented}, Source: antMediaSource, Note: "As for video; the 64 kB are ours."},
	KeyframeMS: relayKeyframe, KeyframeBytes: relayKeyframeBytes,
	URL: URLForm{
		Template: "rtmp://<host>:1935/<application>/<stream id>[?token=<token>]",
		Example:  "rtmp://ant.example.com:1935/LiveApp/stream1",
		Schemes:  []Scheme{{"rtmp", []int{1935}, false}, {"rtmps", []int{1936}, true}}, StreamNeeded: true,
		NameChars: "_-", Secret: []string{"token", "subscriberCode"}, AnyPort: true, Other: []string{"srt", "webrtc"}, Source: antMediaSource,
		Note: "No special characters in the stream id. rtmps on 1936 is inferred.",
	},
}
