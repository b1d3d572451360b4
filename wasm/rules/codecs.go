package rules

import "ingestdoctor/wasm/diag"

var (
	alibabaVideoCodecs = []Code{
		{"alibaba-apsaravideo-live", "2001", "Video codec on the block list"},
		{"alibaba-apsaravideo-live", "2002", "Video codec not on the allow list"},
	}
	alibabaAudioCodecs = []Code{
		{"alibaba-apsaravideo-live", "2003", "Audio codec on the block list"},
		{"alibaba-apsaravideo-live", "2004", "Audio codec not on the allow list"},
	}
	uncommonCodec = css("321:13", "Uncommon audio/video codec format")
	noCodec       = Code{"mediamtx", "log:the stream doesn't contain a", "the stream doesn't contain any supported codec, which are currently AV1, VP9, H265, H264, Opus, FLAC, MPEG-4 Audio (AAC), MPEG-1/2 Audio (MP3), AC-3, G711, LPCM"}
)

var codecs = []Rule{
	{
		ID: "codec-video-unsupported", Title: "Video codec not taken", Severity: diag.Error, Basis: diag.Documented,
		Why:      "Every video tag names its codec. The one used here is not on the platform's list, so its decoder cannot open the stream: the connection is accepted, media flows, and after a second or two the platform hangs up or shows no picture. H.264 is taken everywhere. HEVC (H.265) and AV1 travel in the newer Enhanced RTMP form, which only some platforms read; codecs of the Flash era (Sorenson Spark, VP6, Screen Video) are taken almost nowhere.",
		Fix:      "Choose H.264 (x264, NVENC H.264, QuickSync H.264, VideoToolbox H.264) as the encoder's video codec and start the stream anew.",
		Message:  "The video codec is {codec}[ (written as {codec_tag})][; taken: {accepted}].",
		Headline: "its video is {codec}[ (taken: {accepted})]",
		Args: []Arg{
			{"codec", Word, "name of the codec"},
			{"codec_tag", Word, "as the file says it: legacy id (\"2\") or Enhanced RTMP FourCC (\"hvc1\")"},
			{"accepted", Word, "the profile's list, separated by commas"},
		},
		Sources: []Source{flvSpec("E.4.3.1 (VIDEODATA, CodecID)"), enhanced("Enhanced Video"), azureErrors},
		Example: "HEVC (FourCC hvc1) pushed to a platform that takes H.264 over RTMP.",
		Codes: join([]Code{
			ams("MPE_INGEST_CODEC_NOT_SUPPORTED"), uncommonCodec, youtube("videoCodec"),
			{"twitch", "INCOMP_VIDEO_CODEC", ""},
			{"cloudflare-stream", "ERR_UNSUPPORTED_VIDEO_CODEC", ""},
		}, alibabaVideoCodecs, []Code{noCodec, {"srs", "3098", "HEVC is disabled"}}), Since: since,
	},
	{
		ID: "codec-audio-unsupported", Title: "Audio codec not taken", Severity: diag.Error, Basis: diag.Documented,
		Why:      "Every audio tag names its codec, and the platform's list does not have this one. Depending on the platform the whole push is refused, or the picture goes out without sound. AAC is taken everywhere; MP3 by some; Opus and FLAC need Enhanced RTMP; PCM, Speex and Nellymoser are left over from Flash.",
		Fix:      "Choose AAC (AAC-LC, 44.1 or 48 kHz, stereo, about 128 kb/s) as the encoder's audio codec and start the stream anew.",
		Message:  "The audio codec is {codec}[ (written as {codec_tag})][; taken: {accepted}].",
		Headline: "its audio is {codec}[ (taken: {accepted})]",
		Args: []Arg{
			{"codec", Word, "name of the codec"},
			{"codec_tag", Word, "as the file says it: legacy id (\"2\") or Enhanced RTMP FourCC (\"Opus\")"},
			{"accepted", Word, "the profile's list, separated by commas"},
		},
		Sources: []Source{flvSpec("E.4.2.1 (AUDIODATA, SoundFormat)"), enhanced("Enhanced Audio"), azureErrors},
		Example: "MP3 audio pushed to Azure Media Services, which took AAC only.",
		Codes: join([]Code{
			ams("MPE_INGEST_CODEC_NOT_SUPPORTED"), uncommonCodec, youtube("audioCodec"),
			{"twitch", "INCOMP_AUDIO_CODEC", ""}, {"twitch", "INCOMP_MP3_DEPRECATED", ""},
			{"cloudflare-stream", "ERR_UNSUPPORTED_AUDIO_CODEC", ""},
		}, alibabaAudioCodecs, []Code{noCodec}), Since: since,
	},
	{
		ID: "config-video-missing", Title: "Video sequence header missing", Severity: diag.Error, Basis: diag.Documented,
		Why:      "Before the first picture an encoder sends a small sequence header (the decoder configuration record) with what a decoder must know: profile, size, parameter sets. This stream has coded video and never sends one. No decoder can open it, so the platform receives data that it cannot use and hangs up, or viewers see black. It happens when recording or relaying starts in the middle of a stream and the header is not repeated, and with encoders that put the parameter sets into the frames only.",
		Fix:      "Restart the encoder so that the stream begins anew, and record from that moment. If a relay stands between, it must keep the sequence header and send it first to every receiver. If a fresh start has none either, update the encoder.",
		Message:  "{frames} coded {codec} {frames|frame|frames}, and no video sequence header anywhere.",
		Headline: "its video never sends a sequence header, so nothing can decode it",
		Args: []Arg{
			{"codec", Word, "name of the codec"},
			{"frames", Count, "coded frames seen"},
		},
		Sources: []Source{flvSpec("E.4.3.1 (AVCPacketType 0)"), nalSpec("5.3.3 (decoder configuration information)"), enhanced("VideoPacketType.SequenceStart"), azureErrors},
		Example: "A recording that a relay started after the encoder had been running for an hour.",
		Codes: []Code{
			noDescription, css("321:10", "Video frame before its codec header"),
			{"srs", "3043", "Drop frames before get sps and pps"},
		}, Since: since,
	},
	{
		ID: "config-audio-missing", Title: "Audio sequence header missing", Severity: diag.Error, Basis: diag.Documented,
		Why:      "AAC over RTMP comes without headers of its own: one AudioSpecificConfig at the start tells sample rate and channels, and the frames that follow carry sound only. This stream has the frames and never the configuration, so no decoder knows how to play them. Platforms refuse such a stream or send it out silent.",
		Fix:      "Restart the encoder so that the stream begins anew. If a relay stands between, it must keep the audio sequence header and send it first. If a fresh start has none either, update the encoder or choose its other AAC encoder.",
		Message:  "{frames} coded {codec} {frames|frame|frames}, and no audio sequence header anywhere.",
		Headline: "its audio never sends a sequence header, so nothing can decode it",
		Args: []Arg{
			{"codec", Word, "name of the codec"},
			{"frames", Count, "coded frames seen"},
		},
		Sources: []Source{flvSpec("E.4.2.2 (AACPacketType 0)"), {Title: "ISO/IEC 14496-3, 1.6.2.1 (AudioSpecificConfig)"}, enhanced("AudioPacketType.SequenceStart"), azureErrors},
		Example: "AAC frames (AACPacketType 1) from the first audio tag on, and never a packet of type 0.",
		Codes:   []Code{noDescription, css("321:11", "Audio frame before its codec header")}, Since: since,
	},
	{
		ID: "config-video-late", Title: "Video begins before its sequence header", Severity: diag.Error, Basis: diag.Documented,
		Why:      "Coded pictures arrive before the sequence header that says how to decode them. Decoders throw those pictures away; strict platforms take it for a protocol violation and disconnect. Azure Media Services documented exactly that, and Tencent reports it in its callback. It points to a relay or an encoder that does not hold the first frames back.",
		Fix:      "Update the encoder or relay so that the sequence header goes first after every connect and reconnect. If the recording was started mid-stream, record once more from the start of the push.",
		Message:  "{frames} coded {codec} {frames|frame comes|frames come} before the video sequence header[, which arrives {late_ms} late].",
		Headline: "video arrives before its sequence header",
		Args: []Arg{
			{"codec", Word, "name of the codec"},
			{"frames", Count, "coded frames before the sequence header"},
			{"late_ms", Millis, "from the first coded frame to the sequence header"},
		},
		Sources: []Source{flvSpec("E.4.3.1 (AVCPacketType 0)"), azureErrors, tencentCallback},
		Example: "Twelve inter frames, then the sequence header and a key frame.",
		Codes: []Code{
			noDescription, css("321:10", "Video frame before its codec header"),
			{"srs", "3043", "Drop frames before get sps and pps"},
		}, Since: since,
	},
	{
		ID: "config-audio-late", Title: "Audio begins before its sequence header", Severity: diag.Error, Basis: diag.Documented,
		Why:      "Audio frames arrive before the AudioSpecificConfig that says how to decode them. Decoders throw those frames away; strict platforms take it for a protocol violation and disconnect. Azure Media Services documented exactly that, and Tencent reports it in its callback.",
		Fix:      "Update the encoder or relay so that the audio sequence header goes first after every connect and reconnect. If the recording was started mid-stream, record once more from the start of the push.",
		Message:  "{frames} coded {codec} {frames|frame comes|frames come} before the audio sequence header[, which arrives {late_ms} late].",
		Headline: "audio arrives before its sequence header",
		Args: []Arg{
			{"codec", Word, "name of the codec"},
			{"frames", Count, "coded frames before the sequence header"},
			{"late_ms", Millis, "from the first coded frame to the sequence header"},
		},
		Sources: []Source{flvSpec("E.4.2.2 (AACPacketType 0)"), azureErrors, tencentCallback},
		Example: "Thirty AAC frames, then the AudioSpecificConfig.",
		Codes:   []Code{noDescription, css("321:11", "Audio frame before its codec header")}, Since: since,
	},
	{
		ID: "config-malformed", Title: "Sequence header cannot be read", Severity: diag.Error, Basis: diag.Documented,
		Why:      "A sequence header is there, but it contradicts itself: a length that runs past its end, parameter sets that are missing or cannot be parsed, an audio object type that does not exist. A decoder that needs it cannot start, so the effect is the same as with no header at all: the platform hangs up, or there is no picture or no sound.",
		Fix:      "Update the encoder's software or firmware. If you build the record yourself, compare it byte by byte with the specification: AVCDecoderConfigurationRecord for H.264, HEVCDecoderConfigurationRecord, AV1CodecConfigurationRecord or AudioSpecificConfig.",
		Message:  "The {track} sequence header ({codec}[, {size_bytes}]) cannot be read: {problem}.",
		Headline: "its {track} sequence header is broken ({problem})",
		Args: []Arg{
			{"track", Word, "video or audio"},
			{"codec", Word, "name of the codec"},
			{"size_bytes", Bytes, "size of the record"},
			{"problem", Word, "what is wrong, in words"},
		},
		Sources: []Source{nalSpec("5.3.3 and 8.3.3 (decoder configuration records)"), {Title: "ISO/IEC 14496-3, 1.6.2.1 (AudioSpecificConfig)"}, {Title: "AV1 Codec ISO Media File Format Binding, 2.3 (AV1CodecConfigurationRecord)", URL: "https://aomediacodec.github.io/av1-isobmff/"}, azureErrors},
		Example: "An AVC record that announces two SPS and holds one.",
		Codes: []Code{
			noDescription,
			{"alibaba-apsaravideo-live", "3001", "Audio header would not parse"},
			{"alibaba-apsaravideo-live", "3002", "Video header would not parse"},
			{"srs", "3001", "HLS decode av stream failed"},
		}, Since: since,
	},
	{
		ID: "config-changed", Title: "Configuration changes mid-stream", Severity: diag.Warning, Basis: diag.Ours,
		Why:      "A second, different sequence header arrives while the stream runs: the size, codec, profile or sample rate is no longer what it was. Some platforms start a new decoder and go on, some stop the recording or the transcoder, some drop the connection; viewers see at least a stutter. It happens when somebody changes a scene's canvas, a source switches between cameras, or a phone is turned.",
		Fix:      "Fix the output size, frame rate and codec in the encoder and let it scale every source to that. To change them, stop the stream and start it again.",
		Message:  "The {track} configuration changes mid-stream: {changed}[ from {before} to {after}].",
		Headline: "its {track} changes {changed} mid-stream",
		Args: []Arg{
			{"track", Word, "video or audio"},
			{"changed", Word, "what changed, in words: resolution, codec, profile, level, sample rate, channels, parameter sets"},
			{"before", Word, "value before, with unit"},
			{"after", Word, "value after, with unit"},
		},
		Sources: []Source{tencentCallback, facebookReference},
		Example: "1920 x 1080 for ten minutes, then 1280 x 720.",
		Codes: []Code{
			css("321:8", "Video codec changed mid-stream"), css("321:9", "Audio codec changed mid-stream"),
			{"alibaba-apsaravideo-live", "4001", "Video resolution is inconsistent"},
		}, Since: since,
	},
	{
		ID: "qualities-exceeded", Title: "More qualities than the platform takes", Severity: diag.Error, Basis: diag.Documented,
		Why:      "The push carries several versions of the picture or sound: Enhanced RTMP tracks side by side, or configurations that keep alternating because two encoders feed one stream name. The platform takes fewer. Azure's live encoding took exactly one video and one audio and made the rest itself; YouTube names several streams an error. The extra ones are ignored, or the whole push is refused.",
		Fix:      "Send a single quality: switch multitrack (in OBS: Enhanced Broadcasting) off, or choose a platform mode that takes several. If the configurations alternate, find the second encoder that uses the same stream key.",
		Message:  "{qualities} {track} qualities in one push[ ({how})]; the limit is {limit}[. Seen: {seen}].",
		Headline: "it sends {qualities} {track} qualities where {limit} is taken",
		Args: []Arg{
			{"track", Word, "video or audio"},
			{"qualities", Count, "different qualities seen"},
			{"limit", Count, "the profile's limit"},
			{"how", Word, "multitrack, or alternating configurations"},
			{"seen", Word, "what they are, shortened: 1920x1080, 1280x720"},
		},
		Sources: []Source{azureErrors, enhanced("Multitrack Streaming"), youtubeHealth},
		Example: "Enhanced RTMP multitrack with 1080p, 720p and 480p sent to Azure live encoding.",
		Codes: []Code{
			ams("MPE_INGEST_MEDIA_QUALITIES_EXCEEDED"), youtube("multipleVideoStreams"), youtube("multipleAudioStreams"),
			{"aws-ivs", "MultitrackInputNotAllowed", ""}, {"aws-ivs", "InvalidMultitrackInputTrackCount", ""},
		}, Since: since,
	},
	{
		ID: "nal-format", Title: "Video payload is not in NAL length format", Severity: diag.Error, Basis: diag.Documented,
		Why:      "In FLV and RTMP each piece of an H.264 or HEVC picture (a NAL unit) is preceded by its length. Here the lengths do not add up to the size of the frame. When the payload begins with 00 00 00 01, it is in Annex B form, the one used in transport streams: the encoder's output was put into RTMP without conversion. A server that walks the lengths runs past the end, throws the frame away, and often the connection with it; viewers see black or a broken picture.",
		Fix:      "If it is Annex B, convert before sending: replace each start code by the unit's length in four bytes, and put SPS and PPS into the sequence header (FFmpeg's muxer and every maintained RTMP library do so). Otherwise look for damage near the byte offset, or update the encoder.",
		Message:  "The {codec} payload does not divide into NAL units[{annexb?}: it is in Annex B form, with start codes (00 00 01) where lengths belong][: a length of {claimed} bytes stands where {left} are left][: {problem}][ (at {problem_offset})].",
		Headline: "its video frames are not in the form that RTMP needs[{annexb?} (Annex B start codes instead of lengths)]",
		Args: []Arg{
			{"codec", Word, "H.264 or HEVC"},
			{"annexb", YesNo, "the payload uses Annex B start codes"},
			{"claimed", Count, "length that a NAL unit claims, in bytes; with left, when it is not Annex B"},
			{"left", Count, "bytes left in the frame at that place"},
			{"problem", Word, "what is wrong, when neither of the two fits"},
			{"problem_offset", AtByte, "where in the file the first wrong length stands"},
			{"length_size", Count, "bytes of a length field, from the sequence header"},
		},
		Sources: []Source{flvSpec("E.4.3.2 (AVCVIDEOPACKET)"), nalSpec("5.3.4.2 (sample format)"), {Title: "ITU-T H.264, annex B (byte stream format)", URL: "https://www.itu.int/rec/T-REC-H.264"}},
		Example: "00 00 00 01 65 88 ... in a tag where 00 00 1A 2C 65 88 ... belongs.",
		Codes: join(cssAbnormal, []Code{
			{"srs", "3006", "HLS decode avc sample size failed"},
			{"alibaba-apsaravideo-live", "4003", "Media does not match its header"},
		}), Since: since,
	},
	{
		ID: "frame-malformed", Title: "Frame cannot be read", Severity: diag.Error, Basis: diag.Documented,
		Why:      "The first bytes of an audio or video tag say what kind of frame follows. In this tag they contradict themselves: the tag ends in the middle of them, or they name something that does not exist. A server cannot tell what the frame is. Some skip it, and the viewer sees or hears a short fault; others take the connection for broken and close it. One such frame is often damage on the way; many are a fault of the program that writes them.",
		Fix:      "If the recording is damaged elsewhere too, compare it with a second copy. If every copy has it, update the encoder, and switch Enhanced RTMP features (multitrack, HDR metadata) off for a test: they use the newer form of these bytes.",
		Message:  "A frame of the {track} track cannot be read: {problem}[ (at {problem_offset})].",
		Headline: "a frame of its {track} cannot be read ({problem})",
		Args: []Arg{
			{"track", Word, "video or audio, with the track id where the stream has several"},
			{"problem", Word, "what is wrong, in words"},
			{"problem_offset", AtByte, "where in the file the fault is"},
		},
		Sources: []Source{flvSpec("E.4.2.1 and E.4.3.1 (AUDIODATA, VIDEODATA)"), enhanced("Enhanced Audio, Enhanced Video")},
		Example: "A video tag of one byte where an AVC frame needs five.",
		Codes:   join(cssAbnormal, []Code{{"srs", "3042", "Invalid video tag for FLV"}}), Since: since,
	},
	{
		ID: "audio-config-mismatch", Title: "Audio settings that the platform does not take", Severity: diag.Warning, Basis: diag.Documented,
		Why:      "The codec is right, but its settings are outside what the platform lists: an unusual sample rate, more channels than stereo, or a form of AAC such as HE-AAC where plain AAC-LC is asked for. The stream usually connects. What follows depends on the platform: a warning in its console, sound at the wrong pitch, missing channels, or silence on some players.",
		Fix:      "Set the encoder's audio to AAC-LC, stereo, 48 kHz or 44.1 kHz, about 128 kb/s; every platform takes that.",
		Message:  "The audio {property} is {got}[; taken: {accepted}].",
		Headline: "its audio {property} is {got}[ (taken: {accepted})]",
		Args: []Arg{
			{"property", Word, "sample rate, channel count or AAC type"},
			{"got", Word, "its value, with unit"},
			{"accepted", Word, "what the profile takes, with units"},
		},
		Sources: []Source{youtubeHealth, youtubeSettings, facebookReference},
		Example: "AAC-LC at 32 kHz pushed to YouTube, which asks for 44.1 or 48 kHz.",
		Codes:   []Code{youtube("audioSampleRate"), youtube("audioTooManyChannels")}, Since: since,
	},
}
