package rules

import "ingestdoctor/wasm/diag"

var limits = []Rule{
	{
		ID: "resolution-exceeded", Title: "Picture too large", Severity: diag.Error, Basis: diag.Documented,
		Why:      "The picture is larger than the platform takes in this mode. It reads the size from the video's sequence header, so it knows before the first frame and refuses the push at once, or hangs up a moment later. We compare the coded size, which is rounded up to whole blocks (1080 lines are coded as 1088), and hold the longer side against the longer limit, so an upright picture is judged like a wide one.",
		Fix:      "Lower the encoder's output size, for example to 1920 x 1080, or choose a mode of the platform that takes more (on Azure: pass-through instead of live encoding).",
		Message:  "The picture is {width} x {height} (coded size); the limit is {max_width} x {max_height}.",
		Headline: "its picture of {width} x {height} is larger than {max_width} x {max_height}",
		Args: []Arg{
			{"width", Pixels, "coded width"},
			{"height", Pixels, "coded height"},
			{"max_width", Pixels, "the profile's limit"},
			{"max_height", Pixels, "the profile's limit"},
		},
		Sources: []Source{azureErrors, ivsChannel},
		Example: "3840 x 2160 pushed to Azure live encoding, which took 1920 x 1088.",
		Codes: []Code{
			{azure, "MPE_INGEST_VIDEO_RESOLUTION_NOT_SUPPORTED", ""},
			{youtube, "videoResolutionUnsupported", ""},
			{"aws-ivs", "Ingest Resolution", ""},
		}, Since: since,
	},
	{
		ID: "framerate-exceeded", Title: "Frame rate too high", Severity: diag.Error, Basis: diag.Documented,
		Why:      "More frames a second arrive than the platform takes in this mode. Its transcoder is sized for a fixed number of pictures a second; above it, some platforms refuse the push and others fall behind and drop frames. The rate is measured from the timestamps, not taken from the metadata. Microsoft's own pages disagree for Azure's live encoding (30 in one sentence, under 36 in the next), so there we warn above 30 and call it an error from 36.",
		Fix:      "Set the encoder to 30 fps (25 where the mains is 50 Hz), or choose a mode of the platform that takes 60.",
		Message:  "The video runs at {measured_fps}; the limit is {limit_fps}[. The metadata declares {declared_fps}].",
		Headline: "its video runs at {measured_fps}, above the limit of {limit_fps}",
		Args: []Arg{
			{"measured_fps", PerSec, "measured from the timestamps"},
			{"limit_fps", PerSec, "the profile's limit"},
			{"declared_fps", PerSec, "onMetaData's frame rate"},
		},
		Sources: []Source{azureErrors, azureEncoders, youtubeHealth},
		Example: "60 fps pushed to Azure live encoding.",
		Codes:   []Code{{azure, "MPE_INGEST_FRAMERATE_EXCEEDED", ""}, {youtube, "frameRateHigh", ""}}, Since: since,
	},
	{
		ID: "bitrate-exceeded", Title: "Bitrate over the platform's limit", Severity: diag.Error, Basis: diag.Documented,
		Why:      "For several seconds the stream brings more data than the platform takes. Short peaks are normal, a key frame alone makes one, so only what lasts counts. Platforms answer differently: Azure Media Services refused the push, Amazon IVS says that it will probably disconnect it, others keep it and let viewers buffer.",
		Fix:      "Lower the encoder's video bitrate, and use constant bitrate (CBR) so that peaks stay close to it. Leave room for the audio: the limit usually counts both.",
		Message:  "The bitrate of {track} is {measured_kbps} from {start_ms} to {end_ms}; the limit is {limit_kbps}[ (counted over {window_ms})].",
		Headline: "it sends {measured_kbps} of {track}, above the limit of {limit_kbps}",
		Args: []Arg{
			{"track", Word, "what is counted: video and audio, video, or audio"},
			{"measured_kbps", Kbps, "mean from start to end"},
			{"limit_kbps", Kbps, "the profile's limit"},
			{"start_ms", At, "where the rate first goes over the limit"},
			{"end_ms", At, "where it comes back"},
			{"window_ms", Millis, "how long it must last to count"},
		},
		Sources: []Source{azureErrors, ivsChannel, cloudflareStart},
		Example: "6 Mb/s pushed to Azure's basic pass-through, which took 5 Mb/s in total.",
		Codes: []Code{
			{azure, "MPE_INGEST_BITRATE_AGGREGATED_EXCEEDED", ""},
			{youtube, "bitrateHigh", ""},
			{youtube, "audioBitrateHigh", ""},
			{"twitch", "HIGH_BITRATE", ""},
			{"aws-ivs", "Ingest Bitrate", ""},
			{"agora-media-gateway", "6", "Stream property over limit"},
		}, Since: since,
	},
	{
		ID: "b-frames", Title: "B-frames where they are advised against", Severity: diag.Info, Basis: diag.Documented,
		Why:      "Some frames are sent in one order and shown in another (B-frames). That saves bitrate and is fine for ordinary delivery. Each one adds a little delay, and WebRTC readers and some low-latency modes cannot show them at all: they refuse the stream or the picture jitters back and forth. This platform advises against them for such delivery.",
		Fix:      "Set B-frames to 0 in the encoder (x264: bframes=0 or tune=zerolatency; NVENC: Max B-frames 0) if you use the low-latency mode. Otherwise leave them.",
		Message:  "The video has B-frames: {frames} {frames|frame is|frames are} shown later than decoded, by up to {max_offset_ms}.",
		Headline: "its video has B-frames",
		Args: []Arg{
			{"frames", Count, "frames whose composition offset is above the smallest one"},
			{"max_offset_ms", Millis, "largest composition offset"},
		},
		Sources: []Source{cloudflareStart, {flvSpec + "E.4.3.2 (CompositionTime)", flvSpecURL, flvSpecDate}},
		Example: "x264's default of three B-frames, pushed for LL-HLS.", Since: since,
	},
}
