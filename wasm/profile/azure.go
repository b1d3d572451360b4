package profile

import "ingestdoctor/wasm/diag"

var (
	azureCompare = Source{
		"Live event types comparison, Azure Media Services v3 (2020-08-31, edited later)",
		"https://learn.microsoft.com/azure/media-services/latest/live-event-types-comparison-reference", checked,
	}
	azureErrors = Source{
		"Live event error codes, Azure Media Services v3 (2021-03-26)",
		"https://learn.microsoft.com/azure/media-services/latest/live-event-error-codes-reference", checked,
	}
	azureEvents = Source{
		"Event Grid schemas for Media Services events, Azure Media Services v3 (2021-07-08)",
		"https://learn.microsoft.com/azure/media-services/latest/monitoring/media-services-event-schemas", checked,
	}
	azureOutputs = Source{
		"Live events and live outputs, Azure Media Services v3 (2020-10-23, edited later)",
		"https://learn.microsoft.com/azure/media-services/latest/live-event-outputs-concept", checked,
	}
	azureV2Encoding = Source{
		"Live encoding with Azure Media Services v2 channels (2019-03-18)",
		"https://learn.microsoft.com/azure/media-services/previous/media-services-manage-live-encoder-enabled-channels", checked,
	}
	azureV2Channels = Source{
		"Overview of live streaming with Azure Media Services v2 channels (2019-03-18)",
		"https://learn.microsoft.com/azure/media-services/previous/media-services-manage-channels-overview", checked,
	}
)

const (
	azurePlatform = "azure-media-services"
	azureRetired  = "2024-06-30"
	azureInstead  = "Azure Media Services ended on 30 June 2024 and nothing takes streams at its addresses any more; the stream needs a new home on another platform, and its profile here shows what to change."
)

var (
	azureVideo = List{
		Values: []string{"H.264"}, Severity: diag.Error, Basis: documented, Source: azureErrors,
		Note: "Over RTMP only H.264. HEVC was taken over Smooth Streaming alone, and only for pass-through.",
	}
	azureAudio = List{
		Values: []string{"AAC"}, Severity: diag.Error, Basis: documented, Source: azureCompare,
	}
	azureAAC = List{
		Values: []string{"LC", "HE-AAC", "HE-AAC v2"}, Severity: diag.Warning, Basis: documented, Source: azureCompare,
	}
	azureEnhanced = Need{
		Severity: diag.Error, Basis: inferred, Source: azureErrors,
		Note: "The service ended without ever announcing Enhanced RTMP, so a FourCC header would not have been understood.",
	}
	azureKeyframe = Limit{
		Advised: Level{2000, documented}, Warn: Level{4000, ours}, Error: Level{10000, inferred}, Source: azureCompare,
		Note: "Microsoft advised 2 s and documented that the service disconnects an encoder that sends a large amount of video without any key frame, but not how much. For packaging, the live event's keyFrameIntervalDuration could be set from 0.5 s to 20 s. The 4 s and 10 s are ours.",
	}
	azureRateFactor = Limit{
		Warn: Level{2, documented}, Source: azureEvents,
		Note: "Azure's heartbeat said unexpectedBitrate when the incoming rate was at least twice or at most half the declared one, or 0.",
	}
	azureURL = URLForm{
		Template: "{scheme}://<32 hex digits>.channel.media.azure.net:{port}/live/<access token>/<stream name>",
		Example:  "rtmps://00000000000000000000000000000000.channel.media.azure.net:2935/live/00000000000000000000000000000000/stream1",
		Schemes:  []Scheme{{"rtmp", []int{1935, 1936}, false}, {"rtmps", []int{2935, 2936}, true}},
		Hosts: []Host{
			{Suffix: ".channel.media.azure.net", Label: Hex32, Note: "the host name changes each time the live event starts"},
			{Suffix: ".channel.media.azure.net", Label: Dashed, Words: 3, Note: "static host name: <live event>-<account>-<region>"},
		},
		NoIP: true, App: "live", Token: Token{Hex32: true, GUID: true}, StreamNeeded: true, DataRates: true,
		Short: []string{
			"rtmp://<host>:1935/<access token>", "rtmp://<host>:1936/<access token>",
			"rtmps://<host>:2935/<access token>", "rtmps://<host>:2936/<access token>",
		},
		Source: azureOutputs,
		Note:   "Ports 1935 and 2935 are the primary, 1936 and 2936 the secondary ingest. The guide of 2022-09-19 leaves out /live and the stream name.",
	}
)

var azureLiveEncoding = &Profile{
	ID: "azure-live-encoding", Name: "Azure Media Services, live encoding", Platform: azurePlatform, Short: "Azure",
	Summary: "A live event that transcodes in the cloud (Standard or Premium 1080p): one video and one audio come in, the service makes the ladder.",
	Retired: azureRetired, Instead: azureInstead,

	VideoCodecs: azureVideo, AudioCodecs: azureAudio, AACTypes: azureAAC, Enhanced: azureEnhanced,
	VideoQualities: Limit{Error: Level{1, documented}, Source: azureErrors, Note: "A redundant push of the same bitrate to the secondary address does not count."},
	AudioQualities: Limit{Error: Level{1, documented}, Source: azureErrors},

	Resolution: Size{
		Width: 1920, Height: 1088, Severity: diag.Error, Basis: documented, Source: azureErrors,
		Text: "at most 1920 x 1088, the coded size of 1080 lines",
		Note: "We hold the longer side against 1920 and the shorter against 1088, so an upright 1080 x 1920 picture passes; Microsoft did not say either way.",
	},
	FrameRate: Limit{
		Warn: Level{30, documented}, Error: Level{36, documented}, From: true, Source: azureErrors,
		Note: "Microsoft's pages disagree: the error page says that 30 fps is the most and to stay under 36 fps, the comparison table allows 60 fps halved on output, the encoder page of 2022 says 60 fps is rejected.",
	},
	VideoKbps:  Limit{Warn: Level{20000, documented}, Source: azureCompare},
	KeyframeMS: azureKeyframe,
	RateFactor: azureRateFactor,
	Overrides: []Override{{
		Rule: "metadata-missing", Severity: diag.Info, Basis: documented, Source: azureErrors,
		Note: "For a single bitrate the live event worked the rate out by itself.",
	}},
	MetadataSeveral: Need{Severity: diag.Error, Basis: documented, Source: azureErrors},
	URL:             azureURL,
}

var azurePassThrough = &Profile{
	ID: "azure-pass-through", Name: "Azure Media Services, standard pass-through", Platform: azurePlatform, Short: "Azure",
	Summary: "A live event that passes the encoder's own renditions on, up to 60 Mb/s in total.",
	Retired: azureRetired, Instead: azureInstead,

	VideoCodecs: azureVideo, AudioCodecs: azureAudio, AACTypes: azureAAC, Enhanced: azureEnhanced,
	Resolution: azurePassSize, FrameRate: azurePassRate,
	VideoKbps:       Limit{Warn: Level{20000, documented}, Source: azureCompare},
	TotalKbps:       Limit{Error: Level{60000, documented}, Source: azureCompare},
	KeyframeMS:      azureKeyframe,
	RateFactor:      azureRateFactor,
	MetadataSeveral: azureSeveral,
	Overrides:       azurePassMetadata,
	URL:             azureURL,
}

var azurePassThroughBasic = &Profile{
	ID: "azure-pass-through-basic", Name: "Azure Media Services, basic pass-through", Platform: azurePlatform, Short: "Azure",
	Summary: "The small pass-through live event: at most 5 Mb/s in total.",
	Retired: azureRetired, Instead: azureInstead,

	VideoCodecs: azureVideo, AudioCodecs: azureAudio, AACTypes: azureAAC, Enhanced: azureEnhanced,
	Resolution: azurePassSize, FrameRate: azurePassRate,
	VideoKbps:       Limit{Warn: Level{4000, documented}, Source: azureCompare},
	TotalKbps:       Limit{Error: Level{5000, documented}, Source: azureCompare},
	KeyframeMS:      azureKeyframe,
	RateFactor:      azureRateFactor,
	MetadataSeveral: azureSeveral,
	Overrides:       azurePassMetadata,
	URL:             azureURL,
}

var (
	azurePassMetadata = []Override{{
		Rule: "metadata-missing", Severity: diag.Warning, Basis: documented, Source: azureErrors,
		Note: "Documented as a matter for pass-through where several bitrates, or primary and backup, are pushed: then it is an error.",
	}}
	azurePassSize = Size{
		Width: 4096, Height: 2160, Severity: diag.Error, Basis: documented, Source: azureErrors,
		Text: "at most 4096 x 2160",
		Note: "We hold the longer side against 4096 and the shorter against 2160.",
	}
	azurePassRate = Limit{
		Warn: Level{60, documented}, Source: azureCompare,
		Note: "The comparison table says 60 fps; no code is documented for more on pass-through.",
	}
	azureSeveral = Need{
		Severity: diag.Error, Basis: documented, Source: azureErrors,
		Note: "With several bitrates or a double push the service could not tell the renditions apart without their declared rates.",
	}
)

var azureV2 = &Profile{
	ID: "azure-v2", Name: "Azure Media Services v2, channels", Platform: azurePlatform, Short: "Azure",
	Summary: "The legacy channels of Media Services v2, with the limits of a channel that encodes. Their REST interface ended on 29 February 2024.",
	Retired: azureRetired, Instead: azureInstead,

	VideoCodecs: List{
		Values: []string{"H.264"}, Severity: diag.Error, Basis: documented, Source: azureV2Encoding,
		Note: "Baseline, Main and High with 8 bits 4:2:0; High 10 and High 4:2:2 as well.",
	},
	AudioCodecs: List{Values: []string{"AAC"}, Severity: diag.Error, Basis: documented, Source: azureV2Encoding},
	AACTypes:    List{Values: []string{"LC"}, Severity: diag.Warning, Basis: documented, Source: azureV2Encoding},
	AudioRates:  Numbers{Values: []int{44100}, Severity: diag.Warning, Basis: documented, Source: azureV2Encoding},
	AudioChannels: Limit{
		Warn: Level{8, documented}, Source: azureV2Encoding, Note: "Mono, stereo, 5.1 and 7.1.",
	},
	Enhanced: azureEnhanced,
	VideoQualities: Limit{
		Warn: Level{1, documented}, Error: Level{8, documented}, Source: azureV2Channels,
		Note: "A channel that encodes takes one bitrate, a pass-through channel up to eight.",
	},
	Resolution: Size{
		Width: 1920, Height: 1088, Severity: diag.Error, Basis: documented, Source: azureV2Encoding,
		Text: "at most 1920 x 1080", Note: "1080 lines are coded as 1088. The longer side is held against 1920.",
	},
	FrameRate: Limit{
		Warn: Level{30, documented}, Source: azureV2Encoding,
		Note: "30 fps for a channel that encodes; pass-through channels took 60 fps and more.",
	},
	VideoKbps: Limit{Warn: Level{15000, documented}, Source: azureV2Encoding},
	AudioKbps: Limit{Warn: Level{1000, documented}, Source: azureV2Encoding},
	KeyframeMS: Limit{
		Advised: Level{2000, documented}, Warn: Level{4000, ours}, Error: Level{10000, inferred}, Source: azureV2Encoding,
		Note: "A fixed interval of 2 s was asked for; the 4 s and 10 s are ours.",
	},
	RateFactor: azureRateFactor,
	URL: URLForm{
		Template: "rtmp://<channel>-<account>.channel.mediaservices.windows.net:{port}/live/<32 hex digits>/<stream name>",
		Example:  "rtmp://show-acct.channel.mediaservices.windows.net:1935/live/00000000000000000000000000000000/stream1",
		Schemes:  []Scheme{{"rtmp", []int{1935, 1936}, false}},
		Hosts:    []Host{{Suffix: ".channel.mediaservices.windows.net", Label: Dashed, Words: 2}},
		NoIP:     true, App: "live", Token: Token{Hex32: true, GUID: true},
		Source: azureV2Channels,
		Note:   "Version 2 had no rtmps. The host name's form is known from third-party samples only.",
	},
}
