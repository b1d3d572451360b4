package profile

import "ingestdoctor/wasm/diag"

var (
	youtubeSettings = Source{
		"YouTube Help, Choose live encoder settings, bitrates and resolutions (undated)",
		"https://support.google.com/youtube/answer/2853702", checked,
	}
	youtubeHealth = Source{
		"YouTube Live Streaming API, stream health messages (enumeration as of 2026-09)",
		"https://developers.google.com/youtube/v3/live/docs/liveStreams/health_status_messages", checked,
	}
	youtubeRTMPS = Source{
		"YouTube Live Streaming API, RTMPS ingestion (2023-02-22)",
		"https://developers.google.com/youtube/v3/live/guides/rtmps-ingestion", checked,
	}
	twitchGuide = Source{
		"Twitch Creator Camp, Broadcast recommendations (undated)",
		"https://twitch.tv/creatorcamp/en/paths/going-live/broadcast-recommendations", checked,
	}
	facebookReference = Source{
		"Facebook Live Video API, Reference (mirror of 2026-04-16)",
		"https://developers.facebook.com/docs/live-video-api/reference", checked,
	}
)

var youtube = &Profile{
	ID: "youtube", Name: "YouTube Live", Platform: "youtube-live", Short: "YouTube",
	Summary: "YouTube Live over RTMP or RTMPS: H.264, HEVC or AV1, a key frame at least every 4 s.",

	VideoCodecs: List{
		Values: []string{"H.264", "HEVC", "AV1"}, Severity: diag.Error, Basis: documented, Source: youtubeSettings,
		Note: "HEVC and AV1 come as Enhanced RTMP.",
	},
	AudioCodecs: List{Values: []string{"AAC", "MP3"}, Severity: diag.Error, Basis: documented, Source: youtubeSettings},
	AudioRates:  Numbers{Values: []int{44100, 48000}, Severity: diag.Warning, Basis: documented, Source: youtubeSettings},
	VideoQualities: Limit{
		Error: Level{1, inferred}, Source: youtubeHealth, Note: "Stream health names multipleVideoStreams as an issue.",
	},
	AudioQualities: Limit{
		Error: Level{1, inferred}, Source: youtubeHealth, Note: "Stream health names multipleAudioStreams as an issue.",
	},
	Resolution: Size{
		Width: 3840, Height: 2160, Severity: diag.Warning, Basis: inferred, Source: youtubeSettings,
		Text: "up to 3840 x 2160 is listed", Note: "YouTube's table ends there.",
	},
	FrameRate: Limit{Warn: Level{60, documented}, Source: youtubeSettings},
	VideoKbps: Limit{
		Warn: Level{51000, inferred}, Source: obsServices,
		Note: "The highest rate of OBS's preset for YouTube. YouTube's own table depends on size and frame rate and ends at 40 Mb/s for HEVC and AV1 in 2160p60.",
	},
	AudioKbps: Limit{Info: Level{160, inferred}, Source: obsServices, Note: "From OBS's preset for YouTube; 128 kb/s stereo is advised."},
	KeyframeMS: Limit{
		Advised: Level{2000, documented}, Warn: Level{4000, documented}, Error: Level{10000, ours}, Source: youtubeSettings,
		Note: "YouTube asks for 2 s and no more than 4 s. It has a hard maximum as well (gopSizeOver) that it does not publish; the 10 s are ours.",
	},
	NeedVideo: Need{Severity: diag.Error, Basis: inferred, Source: youtubeHealth, Note: "Stream health names noVideoStream."},
	NeedAudio: Need{Severity: diag.Warning, Basis: inferred, Source: youtubeHealth, Note: "Stream health names noAudioStream."},
	URL: URLForm{
		Template: "rtmps://a.rtmps.youtube.com:443/live2/<stream key>",
		Example:  "rtmps://a.rtmps.youtube.com:443/live2/abcd-efgh-ijkl-mnop-qrst",
		Schemes:  []Scheme{{"rtmps", []int{443}, true}, {"rtmp", []int{1935}, false}},
		Hosts: []Host{
			{Exact: "a.rtmps.youtube.com", Scheme: "rtmps", Note: "rtmps only"},
			{Exact: "b.rtmps.youtube.com", Scheme: "rtmps", Note: "rtmps only, backup"},
			{Exact: "a.rtmp.youtube.com", Scheme: "rtmp", Note: "rtmp only"},
			{Exact: "b.rtmp.youtube.com", Scheme: "rtmp", Note: "rtmp only, backup"},
		},
		NoIP: true, App: "live2", StreamNeeded: true, KeyInField: true, Source: youtubeRTMPS,
		Note: "The backup's ?backup=1 belongs to the server address, before the key.",
	},
}

var twitch = &Profile{
	ID: "twitch", Name: "Twitch", Platform: "twitch", Short: "Twitch",
	Summary: "H.264 with AAC-LC, strict constant bitrate up to 6 Mb/s, a key frame every 2 s.",

	VideoCodecs: List{
		Values: []string{"H.264"}, Severity: diag.Error, Basis: documented, Source: twitchGuide,
		Note: "HEVC and AV1 only for channels in Enhanced Broadcasting.",
	},
	AudioCodecs:   List{Values: []string{"AAC"}, Severity: diag.Error, Basis: documented, Source: twitchGuide},
	AACTypes:      List{Values: []string{"LC"}, Severity: diag.Warning, Basis: documented, Source: twitchGuide},
	AudioRates:    Numbers{Values: []int{44100, 48000}, Severity: diag.Warning, Basis: documented, Source: twitchGuide},
	AudioChannels: Limit{Warn: Level{2, documented}, Source: twitchGuide},
	VideoQualities: Limit{
		Warn: Level{1, inferred}, Source: twitchGuide, Note: "Several tracks only for channels in Enhanced Broadcasting.",
	},
	FrameRate: Limit{Warn: Level{60, documented}, Source: twitchGuide, Note: "25, 30, 50 or 60 fps are advised."},
	VideoKbps: Limit{Warn: Level{6000, documented}, Source: twitchGuide},
	AudioKbps: Limit{Warn: Level{320, documented}, Source: twitchGuide, Note: "128 kb/s is advised."},
	KeyframeMS: Limit{
		Advised: Level{2000, documented}, Warn: Level{2000, documented}, Error: Level{10000, ours}, Slack: 0.1, Source: twitchGuide,
		Note: "Twitch asks for 2 s. The 10 s are ours.",
	},
	URL: URLForm{
		Template: "rtmp://<ingest server>/app/<stream key>",
		Example:  "rtmp://live.twitch.tv/app/live_000000000_EXAMPLEONLY",
		Schemes:  []Scheme{{"rtmp", []int{1935}, false}, {"rtmps", []int{443}, true}},
		Hosts: []Host{
			{Exact: "live.twitch.tv"},
			{Suffix: ".twitch.tv", Prefix: "live-", Label: Dashed, Words: 2, Note: "live-<place>.twitch.tv"},
			{Suffix: ".contribute.live-video.net", Label: AnyLabel},
			{Exact: "ingest.global-contribute.live-video.net"},
		},
		NoIP: true, NoPort: []string{"rtmps"}, App: "app", StreamNeeded: true, KeyInField: true, Source: obsServices,
		Note: "?bandwidthtest=true belongs to the key. The rtmps port is inferred.",
	},
}

var facebook = &Profile{
	ID: "facebook", Name: "Facebook Live", Platform: "facebook-live", Short: "Facebook",
	Summary: "RTMPS only: H.264 with AAC-LC stereo, both audio and video, a key frame at least every 4 s, nothing changed mid-stream.",

	VideoCodecs: List{
		Values: []string{"H.264"}, Severity: diag.Error, Basis: documented, Source: facebookReference,
		Note: "Level 4.1, for 1080p60 level 4.2.",
	},
	AudioCodecs:   List{Values: []string{"AAC"}, Severity: diag.Error, Basis: documented, Source: facebookReference},
	AACTypes:      List{Values: []string{"LC"}, Severity: diag.Warning, Basis: documented, Source: facebookReference},
	AudioRates:    Numbers{Values: []int{44100, 48000}, Severity: diag.Warning, Basis: documented, Source: facebookReference},
	AudioChannels: Limit{Warn: Level{2, documented}, Source: facebookReference},
	Resolution: Size{
		Width: 1920, Height: 1088, Severity: diag.Warning, Basis: inferred, Source: facebookReference,
		Text: "up to 1920 x 1080 is listed", Note: "Facebook's table ends there. 1080 lines are coded as 1088.",
	},
	FrameRate: Limit{Warn: Level{60, documented}, Source: facebookReference},
	VideoKbps: Limit{Warn: Level{9000, documented}, Source: facebookReference, Note: "For 1080p60; less for smaller pictures."},
	AudioKbps: Limit{Warn: Level{256, documented}, Source: facebookReference, Note: "128 kb/s is preferred."},
	KeyframeMS: Limit{
		Advised: Level{2000, documented}, Error: Level{4000, documented}, Source: facebookReference,
		Note: "Facebook advises 2 s and gives 4 s as the most.",
	},
	NeedVideo: Need{Severity: diag.Error, Basis: documented, Source: facebookReference},
	NeedAudio: Need{Severity: diag.Error, Basis: documented, Source: facebookReference},
	Overrides: []Override{{
		Rule: "config-changed", Severity: diag.Error, Basis: documented, Source: facebookReference,
		Note: "Facebook asks that nothing change while the stream runs.",
	}},
	URL: URLForm{
		Template: "rtmps://rtmp-api.facebook.com:443/rtmp/<stream key>",
		Example:  "rtmps://rtmp-api.facebook.com:443/rtmp/FB-000000000000000-0-EXAMPLEONLY",
		Schemes:  []Scheme{{"rtmps", []int{443}, true}},
		Hosts: []Host{
			{Exact: "live-api-s.facebook.com"}, {Exact: "rtmp-api.facebook.com"}, {Exact: "rtmp-pc.facebook.com"},
		},
		NoIP: true, App: "rtmp", StreamNeeded: true, KeyInField: true, Source: obsServices,
		Note: "Plain rtmp is not accepted. The query after the key (s_bl, s_gl, ...) is part of the key.",
	},
}
