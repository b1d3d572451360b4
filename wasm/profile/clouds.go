package profile

import "ingestdoctor/wasm/diag"

var (
	tencentCallback = Source{
		"Tencent CSS, push error event notification (2025-11-27)",
		"https://cloud.tencent.com/document/product/267/84046", checked,
	}
	tencentCauses = Source{
		"Tencent CSS, stream interruption causes (2024-06-19)",
		"https://www.tencentcloud.com/document/product/267/31083", checked,
	}
	tencentURL = Source{
		"Tencent CSS, push URL and its signature (2025-12-03)",
		"https://www.tencentcloud.com/document/product/267/31560", checked,
	}
	ivsConfig = Source{
		"Amazon IVS Low-Latency Streaming User Guide, Streaming Configuration (undated)",
		"https://docs.aws.amazon.com/ivs/latest/LowLatencyUserGuide/streaming-config.html", checked,
	}
	ivsChannel = Source{
		"Amazon IVS API Reference, channel types (AWS SDK, undated)",
		"https://docs.aws.amazon.com/ivs/latest/LowLatencyAPIReference/API_Channel.html", checked,
	}
	ivsEvents = Source{
		"Amazon IVS API Reference, StreamEvent (undated)",
		"https://docs.aws.amazon.com/ivs/latest/APIReference/API_StreamEvent.html", checked,
	}
	ivsStage = Source{
		"Amazon IVS Real-Time Streaming User Guide, Stream Ingest (undated)",
		"https://docs.aws.amazon.com/ivs/latest/RealTimeUserGuide/rt-stream-ingest.html", checked,
	}
	mediaLiveCodecs = Source{
		"AWS Elemental MediaLive User Guide, Supported codecs by input type (undated)",
		"https://docs.aws.amazon.com/medialive/latest/ug/inputs-supported-codecs-by-input-type.html", checked,
	}
	mediaLivePush = Source{
		"AWS Elemental MediaLive User Guide, RTMP push input (2022-04-05)",
		"https://docs.aws.amazon.com/medialive/latest/ug/input-rtmp-push.html", checked,
	}
	obsServices = Source{
		"OBS Studio, list of services and their presets (2026-08-21)",
		"https://github.com/obsproject/obs-studio/blob/master/plugins/rtmp-services/data/services.json", checked,
	}
	muxBroadcast = Source{
		"Mux, Configure Broadcast Software (undated)",
		"https://www.mux.com/docs/guides/configure-broadcast-software", checked,
	}
	cloudflareStart = Source{
		"Cloudflare Stream, Start a live stream (about 2026)",
		"https://developers.cloudflare.com/stream/stream-live/start-stream-live/", checked,
	}
	alibabaURL = Source{
		"ApsaraVideo Live, Ingest and streaming URLs (2025-03-25)",
		"https://www.alibabacloud.com/help/en/live/user-guide/ingest-and-streaming-urls", checked,
	}
	alibabaPush = Source{
		"ApsaraVideo Live, Stream ingest callbacks (2026-01-30)",
		"https://www.alibabacloud.com/help/en/live/", checked,
	}
	huaweiLive = Source{
		"Huawei Cloud Live, Constraints (2024-03-28)",
		"https://support.huaweicloud.com/intl/en-us/productdesc-live/live_03_0009.html", checked,
	}
)

var tencentCSS = &Profile{
	ID: "tencent-css", Name: "Tencent Cloud Streaming Services (CSS)", Platform: "tencent-css", Short: "Tencent CSS",
	Summary: "Push to Tencent's live platform. Its callback reports timestamp jumps, late headers and codec changes; most of its size limits are set per account and not published.",

	VideoCodecs: List{
		Values: []string{"H.264", "HEVC"}, Severity: diag.Warning, Basis: inferred, Source: tencentCallback,
		Note: "CSS publishes no list. Its callback names an uncommon format (321, type 13), and its pages speak of H.264 and H.265.",
	},
	AudioCodecs: List{
		Values: []string{"AAC"}, Severity: diag.Warning, Basis: inferred, Source: tencentCallback,
		Note: "CSS publishes no list; its callback names an uncommon format (321, type 13).",
	},
	TimestampJump: Limit{
		Warn: Level{1000, documented}, Source: tencentCallback,
		Note: "The callback reports a jump of more than 1,000 ms (types 3 and 4).",
	},
	VideoFrame: Limit{
		Warn: Level{3e6, ours}, Source: tencentCauses,
		Note: "CSS interrupts a push whose single RTMP frame is too large, at a size that is set per account and not published. The number is ours.",
	},
	AudioFrame: Limit{Warn: Level{64e3, ours}, Source: tencentCauses, Note: "As for video: the number is ours."},
	IdleGap: Limit{
		Warn: Level{10000, ours}, Source: tencentCauses,
		Note: "CSS interrupts a push that brings no data for a long period and does not say how long. The number is ours.",
	},
	Arrival: &Arrival{
		VideoGap: Limit{Warn: Level{3000, documented}, Source: tencentCallback, Note: "The callback reports it (type 6)."},
		AudioGap: Limit{Warn: Level{1000, documented}, Source: tencentCallback, Note: "The callback reports it (type 7)."},
	},
	Overrides: []Override{{
		Rule: "config-changed", Severity: diag.Warning, Basis: documented, Source: tencentCallback,
		Note: "The callback reports a change of codec (types 8 and 9).",
	}},
	URL: URLForm{
		Template: "rtmp://<push domain>/<AppName>/<StreamName>?txSecret=<32 hex digits>&txTime=<hex seconds>",
		Example:  "rtmp://push.example.com/live/room1?txSecret=0123456789abcdef0123456789abcdef&txTime=7FFFFFFF",
		Schemes:  []Scheme{{"rtmp", []int{1935}, false}, {"rtmps", []int{443}, true}},
		Other:    []string{"webrtc", "srt"}, NoPort: []string{"rtmp", "rtmps"},
		NoIP: true, StreamNeeded: true, NameChars: "_-",
		Signed: &Signed{Auth: "txSecret", Expiry: "txTime", ExpiryForm: "hex-seconds"},
		Secret: []string{"txSecret"}, Source: tencentURL,
		Note: "The rtmps port and the character set are inferred. An IP address is taken where txHost names the push domain.",
	},
}

var (
	ivsWarnTracks = Limit{
		Warn: Level{1, documented}, Source: ivsEvents,
		Note: "Several tracks are taken only where the channel's multitrack policy is ALLOW or REQUIRE.",
	}
	awsIVS = &Profile{
		ID: "aws-ivs", Name: "Amazon IVS, low-latency channel", Platform: "aws-ivs", Short: "Amazon IVS",
		Summary: "A STANDARD or ADVANCED channel: up to 1080p and 8.5 Mb/s. A BASIC channel takes 3.5 Mb/s, or 1.5 Mb/s up to 480p.",

		VideoCodecs: List{
			Values: []string{"H.264"}, Severity: diag.Error, Basis: inferred, Source: ivsStage,
			Note: "HEVC belongs to multitrack pushes that the channel is set up for.",
		},
		AudioCodecs: List{Values: []string{"AAC"}, Severity: diag.Error, Basis: inferred, Source: ivsStage},
		AudioRates: Numbers{
			Values: []int{44100, 48000}, Severity: diag.Warning, Basis: inferred, Source: ivsStage,
			Note: "Published for real-time stages.",
		},
		AudioChannels:  Limit{Warn: Level{2, inferred}, Source: ivsStage, Note: "Published for real-time stages."},
		VideoQualities: ivsWarnTracks,
		AudioQualities: ivsWarnTracks,
		Resolution: Size{
			Width: 1920, Height: 1088, Severity: diag.Error, Basis: documented, Source: ivsChannel,
			Text: "at most 1080p (1920 x 1080, upright 1080 x 1920)",
			Note: "1080 lines are coded as 1088.",
		},
		TotalKbps: Limit{
			Error: Level{8500, documented}, Source: ivsChannel,
			Note: "AWS says that a stream above its channel type's limit will probably be disconnected. BASIC channels: 3.5 Mb/s, up to 480p 1.5 Mb/s.",
		},
		KeyframeMS: Limit{
			Advised: Level{2000, documented}, Warn: Level{4000, ours}, Error: Level{10000, ours}, Source: ivsConfig,
			Note: "AWS advises 2 s, and 1 s for the lowest latency. The 4 s and 10 s are ours.",
		},
		NeedVideo: Need{Severity: diag.Error, Basis: documented, Source: ivsConfig, Note: "Audio alone is not supported."},
		URL: URLForm{
			Template: "rtmps://<12 hex digits>.global-contribute.live-video.net:443/app/<stream key>",
			Example:  "rtmps://0123456789ab.global-contribute.live-video.net:443/app/sk_us-west-2_EXAMPLEONLY",
			Schemes:  []Scheme{{"rtmps", []int{443}, true}, {"rtmp", []int{1935}, false}},
			Hosts: []Host{
				{Suffix: ".global-contribute.live-video.net", Label: Alnum},
				{Suffix: ".contribute.live-video.net", Label: Alnum},
			},
			NoIP: true, App: "app", StreamNeeded: true, KeyInField: true, Source: obsServices,
			Note: "rtmp only where the channel allows insecure ingest.",
		},
	}
)

var awsMediaLive = &Profile{
	ID: "aws-medialive", Name: "AWS Elemental MediaLive, RTMP push", Platform: "aws-medialive", Short: "MediaLive",
	Summary: "An RTMP push input of a MediaLive channel. The input's address is an IP; the channel must be running before the push.",

	VideoCodecs: List{Values: []string{"H.264"}, Severity: diag.Error, Basis: documented, Source: mediaLiveCodecs},
	AudioCodecs: List{Values: []string{"AAC"}, Severity: diag.Error, Basis: documented, Source: mediaLiveCodecs},
	URL: URLForm{
		Template: "rtmp://<input IP>:1935/<application name>/<application instance>",
		Example:  "rtmp://198.51.100.99:1935/live/curling",
		Schemes:  []Scheme{{"rtmp", []int{1935}, false}},
		// The host is an IP literal by design.
		StreamNeeded: true, Source: mediaLivePush,
		Note: "A standard channel has two such addresses; a public input needs an input security group that lets the encoder in.",
	},
}

var mux = &Profile{
	ID: "mux", Name: "Mux live streaming", Platform: "mux", Short: "Mux",
	Summary: "Mux publishes advice rather than hard limits; the rates are those of OBS's preset for it.",

	VideoCodecs: List{
		Values: []string{"H.264"}, Severity: diag.Warning, Basis: inferred, Source: obsServices,
		Note: "From OBS's preset; Mux's own pages that we have seen name no list.",
	},
	AudioCodecs: List{Values: []string{"AAC"}, Severity: diag.Warning, Basis: inferred, Source: obsServices},
	VideoKbps: Limit{
		Info: Level{5000, inferred}, Source: obsServices, Note: "OBS's preset for Mux stops here. It is advice, not a limit of Mux's.",
	},
	AudioKbps: Limit{Info: Level{160, inferred}, Source: obsServices, Note: "From the same preset."},
	KeyframeMS: Limit{
		Advised: Level{2000, inferred}, Warn: Level{4000, ours}, Error: Level{10000, ours}, Source: obsServices,
		Note: "The 2 s are from OBS's preset for Mux; the 4 s and 10 s are ours.",
	},
	URL: URLForm{
		Template: "rtmps://global-live.mux.com:443/app/<stream key>",
		Example:  "rtmps://global-live.mux.com:443/app/00000000-0000-0000-0000-000000000000",
		Schemes:  []Scheme{{"rtmps", []int{443}, true}, {"rtmp", []int{5222}, false}},
		Hosts:    []Host{{Exact: "global-live.mux.com"}, {Suffix: ".live.mux.com", Label: Dashed, Note: "a region; inferred"}},
		NoIP:     true, App: "app", StreamNeeded: true, KeyInField: true, Source: muxBroadcast,
		Note: "Plain rtmp is on port 5222, not 1935.",
	},
}

var cloudflare = &Profile{
	ID: "cloudflare", Name: "Cloudflare Stream, live input", Platform: "cloudflare-stream", Short: "Cloudflare",
	Summary: "H.264 and AAC over RTMPS, key frames every 2 to 10 s in closed GOPs.",

	VideoCodecs: List{Values: []string{"H.264"}, Severity: diag.Error, Basis: documented, Source: cloudflareStart},
	AudioCodecs: List{Values: []string{"AAC"}, Severity: diag.Error, Basis: documented, Source: cloudflareStart},
	TotalKbps: Limit{
		Advised: Level{10000, documented}, Warn: Level{14000, documented}, Source: cloudflareStart,
		Note: "2 to 14 Mb/s is the documented range, up to 10 Mb/s the advice. The troubleshooting page says to come down to 8 Mb/s from above 15.",
	},
	KeyframeMS: Limit{
		Advised: Level{8000, documented}, Warn: Level{8000, documented}, Error: Level{10000, documented}, Source: cloudflareStart,
		Note: "2 s to 10 s is the documented range, 4 s to 8 s the advice (2 s to 4 s for LL-HLS). Below 2 s is out of range as well.",
	},
	BFrames: Need{
		Severity: diag.Info, Basis: documented, Source: cloudflareStart,
		Note: "Advised against for LL-HLS only.",
	},
	URL: URLForm{
		Template: "rtmps://live.cloudflare.com:443/live/<stream key>",
		Example:  "rtmps://live.cloudflare.com:443/live/EXAMPLEONLY",
		Schemes:  []Scheme{{"rtmps", []int{443}, true}},
		Hosts:    []Host{{Exact: "live.cloudflare.com"}},
		NoIP:     true, App: "live", StreamNeeded: true, KeyInField: true, Source: cloudflareStart,
		Note: "The slash after /live in the dashboard is normal.",
	},
}

var alibaba = &Profile{
	ID: "alibaba", Name: "Alibaba Cloud ApsaraVideo Live", Platform: "alibaba-apsaravideo-live", Short: "ApsaraVideo Live",
	Summary: "Push to ApsaraVideo Live. Which codecs are taken is set per domain; URLs are signed by default.",

	IdleGap: Limit{
		Warn: Level{10000, documented}, Source: alibabaPush, Note: "A push that brings no data for 10 s is cut.",
	},
	URL: URLForm{
		Template: "rtmp://<ingest domain>/<AppName>/<StreamName>?auth_key=<time>-<rand>-<uid>-<md5>",
		Example:  "rtmp://demo.example.com/app/stream?auth_key=4102444800-0-0-0123456789abcdef0123456789abcdef",
		Schemes:  []Scheme{{"rtmp", []int{1935}, false}}, StreamNeeded: true,
		Other: []string{"artc", "srt"}, NoPort: []string{"rtmp"},
		Signed: &Signed{Auth: "auth_key", Expiry: "auth_key", ExpiryForm: "auth-key"},
		Secret: []string{"auth_key"}, Source: alibabaURL,
	},
}

var huawei = &Profile{
	ID: "huawei", Name: "Huawei Cloud Live", Platform: "", Short: "Huawei Cloud Live",
	Summary: "H.264 or H.265 with AAC; video of 4 Mb/s or less is advised.",

	VideoCodecs: List{Values: []string{"H.264", "HEVC"}, Severity: diag.Error, Basis: documented, Source: huaweiLive},
	AudioCodecs: List{Values: []string{"AAC"}, Severity: diag.Error, Basis: documented, Source: huaweiLive},
	VideoKbps:   Limit{Info: Level{4000, documented}, Source: huaweiLive, Note: "Advised, not enforced."},
	BFrames: Need{
		Severity: diag.Info, Basis: documented, Source: huaweiLive, Note: "Low-latency live takes H.264 without B-frames only.",
	},
	URL: URLForm{
		Template: "rtmp://<ingest domain>/<AppName>/<StreamName>",
		Example:  "rtmp://push.example.com/live/room1",
		Schemes:  []Scheme{{"rtmp", []int{1935}, false}}, NoPort: []string{"rtmp"}, StreamNeeded: true, Source: huaweiLive,
		Note: "AppName and StreamName must be the same in the play URL. The form of the signature was not verified.",
	},
}
