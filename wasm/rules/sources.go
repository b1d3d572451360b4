package rules

// The specifications and pages that the rules rest on.

// The literals hold no calls, so that the rules are data and not code in the
// browser's program.
const (
	flvSpec     = "Adobe Flash Video File Format Specification 10.1, "
	flvSpecURL  = "https://rtmp.veriskope.com/pdf/video_file_format_spec_v10_1.pdf"
	flvSpecDate = "2010-08"

	rtmpSpec     = "Adobe's Real Time Messaging Protocol 1.0, "
	rtmpSpecURL  = "https://rtmp.veriskope.com/docs/spec/"
	rtmpSpecDate = "2012-12-21"

	enhanced     = "Enhanced RTMP v2, "
	enhancedURL  = "https://veovera.github.io/enhanced-rtmp/docs/enhanced/enhanced-rtmp-v2"
	enhancedDate = "2026-08-18"

	nalSpec = "ISO/IEC 14496-15, "
)

var (
	azureErrors = Source{
		Title: "Azure Media Services, Live event error codes",
		URL:   "https://learn.microsoft.com/azure/media-services/latest/live-event-error-codes-reference",
		Date:  "2021-03-26",
	}
	azureEvents = Source{
		Title: "Azure Media Services, Event Grid schemas",
		URL:   "https://learn.microsoft.com/azure/media-services/latest/monitoring/media-services-event-schemas",
		Date:  "2021-07-08",
	}
	azureEncoders = Source{
		Title: "Azure Media Services, Recommended on-premises live encoders",
		URL:   "https://learn.microsoft.com/azure/media-services/latest/encode-recommended-on-premises-live-encoders",
		Date:  "2022-03-04",
	}
	azureURLs = Source{
		Title: "Azure Media Services, Live events and live outputs",
		URL:   "https://learn.microsoft.com/azure/media-services/latest/live-event-outputs-concept",
		Date:  "2020-10-23",
	}
	azureGuide = Source{
		Title: "Azure Media Services, Live streaming and RTMP error (support guide)",
		Date:  "2022-09-19",
	}
	tencentCauses = Source{
		Title: "Tencent CSS, causes of stream interruption",
		URL:   "https://www.tencentcloud.com/document/product/267/31083",
		Date:  "2024-06-19",
	}
	tencentCallback = Source{
		Title: "Tencent CSS, push error event notification",
		URL:   "https://cloud.tencent.com/document/product/267/84046",
		Date:  "2025-11-27",
	}
	tencentURLs = Source{
		Title: "Tencent CSS, push URL and its signature",
		URL:   "https://www.tencentcloud.com/document/product/267/31560",
		Date:  "2025-12-03",
	}
	youtubeHealth = Source{
		Title: "YouTube Live Streaming API, stream health messages",
		URL:   "https://developers.google.com/youtube/v3/live/docs/liveStreams/health_status_messages",
		Date:  "2026-09",
	}
	youtubeSettings = Source{
		Title: "YouTube Help, Choose live encoder settings, bitrates and resolutions",
		URL:   "https://support.google.com/youtube/answer/2853702",
	}
	youtubeRTMPS = Source{
		Title: "YouTube Live Streaming API, RTMPS ingestion",
		URL:   "https://developers.google.com/youtube/v3/live/guides/rtmps-ingestion",
		Date:  "2023-02-22",
	}
	facebookReference = Source{
		Title: "Facebook Live Video API, Reference",
		URL:   "https://developers.facebook.com/docs/live-video-api/reference",
		Date:  "2026-04-16",
	}
	ivsChannel = Source{
		Title: "Amazon IVS API Reference, Channel",
		URL:   "https://docs.aws.amazon.com/ivs/latest/LowLatencyAPIReference/API_Channel.html",
	}
	cloudflareStart = Source{
		Title: "Cloudflare Stream, Start a live stream",
		URL:   "https://developers.cloudflare.com/stream/stream-live/start-stream-live/",
		Date:  "2026",
	}
	nginxCore = Source{
		Title: "nginx-rtmp-module, ngx_rtmp_core_module.c (max_message)",
		URL:   "https://github.com/arut/nginx-rtmp-module",
		Date:  "2024-12-24",
	}
	measured = Source{Title: "Ingest Doctor's own measurements of nine RTMP servers"}
	ourRule  = Source{Title: "Ingest Doctor's own judgement; no specification or platform speaks of it"}
)

// Platform codes. Where a message appears under several numbers, all are listed.

const (
	azure   = "azure-media-services"
	tencent = "tencent-css"
	youtube = "youtube-live"
	librtmp = "librtmp-obs"
	obs     = "obs-studio"
)

const (
	abnormalText = "Abnormal RTMP protocol content."
	idleText     = "The system interrupted the stream because no data was generated for a long period."
	replacedText = "A new push URL replaced this one."
)

var (
	abnormal6     = Code{tencent, "6/0", abnormalText}
	abnormal23    = Code{tencent, "23/0", abnormalText}
	noDescription = Code{azure, "MPE_INGEST_DESCRIPTION_INFO_NOT_RECEIVED", ""}
	noKeyframe    = Code{azure, "MPE_INGEST_RTMP_TOO_LARGE_UNPROCESSED_FLV", ""}
	noMetadata    = Code{azure, "MPE_INGEST_RTMP_SETDATAFRAME_NOT_RECEIVED", ""}
	discontinuity = Code{azure, "MPE_INGEST_DISCONTINUITY", ""}
	badTimestamp  = Code{azure, "MPE_RTMP_FLV_TAG_TIMESTAMP_INVALID", ""}
	badURL        = Code{azure, "MPE_BAD_URL_SYNTAX", ""}
	invalidData   = Code{"ffmpeg", "AVERROR_INVALIDDATA", "Invalid data found when processing input"}
)

// since is the first version with the rules that came together.
const since = "0.1"
