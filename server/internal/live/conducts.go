package live

import (
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

const (
	// describeMS is how long an encoder may take to describe its media, from the
	// first of it: sequence headers and metadata come first where they come at all.
	describeMS = 3000
	azureClose = "Microsoft documents the event in Event Grid and not what is said on the wire, so the connection is closed without a word."
)

// conducts are the platforms that refuse. What the knowledge base has no word of
// is not made up: where only an event or a log is documented, the connection is
// closed without a word.
var conducts = []conduct{
	{
		platform: "azure-media-services",
		text:     "Refuses as the live event did: the connection is closed without a word, and the log here shows the code that Event Grid would have told. When it refused is documented; after what time, and what the encoder was told, is not.",
		tells:    "Event Grid tells it as LiveEventConnectionRejected. " + azureClose,
		refusals: []refusal{
			{code: "MPE_INGEST_CODEC_NOT_SUPPORTED", title: "codec not supported", rules: []string{"codec-video-unsupported", "codec-audio-unsupported"}, basis: diag.Documented},
			{code: "MPE_INGEST_DESCRIPTION_INFO_NOT_RECEIVED", title: "media before its description", rules: []string{"config-video-late", "config-audio-late", "config-malformed"}, when: undescribed, basis: diag.Documented},
			{code: "MPE_INGEST_RTMP_SETDATAFRAME_NOT_RECEIVED", title: "no onMetaData", when: severalWithout, basis: diag.Documented},
			{code: "MPE_INGEST_MEDIA_QUALITIES_EXCEEDED", title: "more qualities than allowed", rules: []string{"qualities-exceeded"}, basis: diag.Documented},
			{code: "MPE_INGEST_VIDEO_RESOLUTION_NOT_SUPPORTED", title: "picture too large", rules: []string{"resolution-exceeded"}, basis: diag.Documented},
			{code: "MPE_INGEST_FRAMERATE_EXCEEDED", title: "frame rate too high", rules: []string{"framerate-exceeded"}, basis: diag.Documented},
			{code: "MPE_INGEST_BITRATE_AGGREGATED_EXCEEDED", title: "bitrate too high", rules: []string{"bitrate-exceeded"}, basis: diag.Documented},
			{code: "MPE_INGEST_RTMP_TOO_LARGE_UNPROCESSED_FLV", title: "no key frame for too long, or much audio at once", rules: []string{"keyframe-interval"}, when: noKeyFrame, basis: diag.Documented},
			{code: "MPE_CAPACITY_LIMIT_REACHED", title: "data comes too fast", rules: []string{"burst"}, least: diag.Warning, basis: diag.Documented, tells: "Event Grid tells it as LiveEventEncoderDisconnected. " + azureClose},
			{code: "MPE_RTMP_SESSION_IDLE_TIMEOUT", title: "nothing comes", rules: []string{"idle-gap"}, least: diag.Warning, basis: diag.Documented, tells: "Event Grid tells it as LiveEventEncoderDisconnected. " + azureClose},
			{code: "MPE_RTMP_APPID_AUTH_FAILURE", title: "wrong access token", publish: true, basis: diag.Documented},
			{code: "MPE_INGEST_ENCODER_CONNECTION_DENIED", title: "address not on the allow list", publish: true, basis: diag.Documented},
			{code: "MPE_BAD_URL_SYNTAX", title: "malformed URL", publish: true, basis: diag.Documented},
			{code: "MPI_SYSTEM_MAINTENANCE", title: "maintenance", basis: diag.Documented, tells: "Event Grid tells it as LiveEventEncoderDisconnected. " + azureClose},
			{code: "MPI_REST_API_CHANNEL_STOP", title: "the live event was stopped", basis: diag.Documented, tells: "Event Grid tells it as LiveEventEncoderDisconnected. " + azureClose},
			{code: "MPI_REST_API_CHANNEL_RESET", title: "the live event was reset", basis: diag.Documented, tells: "Event Grid tells it as LiveEventEncoderDisconnected. " + azureClose},
			{code: "MPE_INGEST_DISCONTINUITY", title: "discontinuity", rules: []string{"timestamp-jump"}, least: diag.Warning, note: true, basis: diag.Documented},
			{code: "MPE_INGEST_BITRATE_NOT_MATCH", title: "bitrate differs from the declared one", rules: []string{"bitrate-mismatch"}, least: diag.Warning, note: true, basis: diag.Documented},
		},
		calls: "It is documented as a warning.",
	},
	{
		platform: "tencent-css",
		text:     "Ends the push as CSS does: the connection is closed without a word, and the log here shows the numbers that CSS writes into its interruption records and callbacks. Which causes it has is documented; sizes and times are not, and are ours. What only its push error callback (321) tells is shown and ends nothing.",
		tells:    "CSS shows it in Stream Interruption Records and its callback; what is said on the wire is not documented, so the connection is closed without a word.",
		calls:    "CSS tells it by its push error callback (event_type 321).",
		refusals: []refusal{
			{code: "7/0", title: "Single RTMP frame size exceeds the upper limit.", rules: []string{"frame-too-large"}, least: diag.Warning, basis: diag.Documented},
			{code: "33/0", title: "RTMP AMF data exception.", rules: []string{"metadata-malformed"}, basis: diag.Inferred},
			{code: "8/0", title: "The system interrupted the stream because no data was generated for a long period.", rules: []string{"idle-gap"}, least: diag.Warning, basis: diag.Documented},
			{code: "18/300", title: "Push via IP address is not allowed.", publish: true, basis: diag.Documented},
			{code: "18/302", title: "Invalid push domain name.", publish: true, basis: diag.Documented},
			{code: "18/305", title: "The stream is disabled.", publish: true, basis: diag.Documented},
			{code: "18/400", title: "The push client IP is in the blocklist.", publish: true, basis: diag.Documented},
			{code: "18/401", title: "The push client IP is not in the allowlist.", publish: true, basis: diag.Documented},
			{code: "18/501", title: "Reached the expiration time.", publish: true, basis: diag.Documented},
			{code: "18/502", title: "The push URL carries no authentication parameter.", publish: true, basis: diag.Documented},
			{code: "18/503", title: "Authentication failed.", publish: true, basis: diag.Documented},
			{code: "18/600", title: "The number of current push streams exceeds the upper limit.", publish: true, basis: diag.Documented},
			{code: "19/0", title: "Third-party authentication failed.", publish: true, basis: diag.Documented},
			{code: "6/0", title: "Abnormal RTMP protocol content.", basis: diag.Documented},
			{code: "21/100", title: "CSS received a request for stream interruption from the customer.", basis: diag.Documented},
			{code: "21/102", title: "A new push URL replaced this one.", basis: diag.Documented},
			{code: "321:1", title: "video timestamps went back", rules: []string{"timestamp-backwards"}, track: "video", note: true, basis: diag.Documented},
			{code: "321:2", title: "audio timestamps went back", rules: []string{"timestamp-backwards"}, track: "audio", note: true, basis: diag.Documented},
			{code: "321:3", title: "video timestamps leapt", rules: []string{"timestamp-jump"}, least: diag.Warning, track: "video", note: true, basis: diag.Documented},
			{code: "321:4", title: "audio timestamps leapt", rules: []string{"timestamp-jump"}, least: diag.Warning, track: "audio", note: true, basis: diag.Documented},
			{code: "321:6", title: "more than 3 s between two video frames", rules: []string{"arrival-gap"}, least: diag.Warning, track: "video", note: true, basis: diag.Documented},
			{code: "321:7", title: "more than 1 s between two audio frames", rules: []string{"arrival-gap"}, least: diag.Warning, track: "audio", note: true, basis: diag.Documented},
			{code: "321:10", title: "video before its sequence header", rules: []string{"config-video-late"}, note: true, basis: diag.Documented},
			{code: "321:11", title: "audio before its sequence header", rules: []string{"config-audio-late"}, note: true, basis: diag.Documented},
			{code: "321:13", title: "uncommon codec", rules: []string{"codec-video-unsupported", "codec-audio-unsupported"}, least: diag.Warning, note: true, basis: diag.Documented},
		},
	},
	{
		platform: "aws-ivs",
		text:     "Ends the push where Amazon documents that a limit of the channel does: bitrate, size, and tracks that the channel is not set up for. The connection is closed without a word; the log here shows the event that EventBridge would tell.",
		tells:    "EventBridge tells it; what is said on the wire is not documented, so the connection is closed without a word.",
		calls:    "EventBridge tells it as IVS Stream Health Change.",
		refusals: []refusal{
			{code: "Ingest Bitrate", title: "bitrate over the channel's limit", rules: []string{"bitrate-exceeded"}, basis: diag.Documented, tells: "EventBridge tells it as IVS Limit Breach. Amazon says that such a stream will probably be disconnected; what is said on the wire is not documented."},
			{code: "Ingest Resolution", title: "picture over the channel's limit", rules: []string{"resolution-exceeded"}, basis: diag.Inferred},
			{code: "MultitrackInputNotAllowed", title: "several tracks, and the channel takes one", rules: []string{"qualities-exceeded"}, least: diag.Warning, basis: diag.Documented},
			{code: "InvalidGetClientConfigurationStreamKey", title: "stream key invalid or expired", publish: true, basis: diag.Documented},
			{code: "Stream Takeover", title: "another session took over", basis: diag.Documented},
			{code: "Starvation Start", title: "no data arrives", rules: []string{"idle-gap"}, least: diag.Warning, note: true, basis: diag.Documented},
		},
	},
	{
		platform: "cloudflare-stream",
		text:     "Cloudflare documents the faults that its webhook tells and not that they end the push: they are shown, and nothing is closed but for what you ask for.",
		tells:    "What is said on the wire is not documented, so the connection is closed without a word.",
		calls:    "Its webhook tells it as live_input.errored.",
		refusals: []refusal{
			{code: "input disabled", title: "the live input is disabled", publish: true, basis: diag.Documented},
			{code: "keys rotated", title: "the stream keys were changed", basis: diag.Documented},
			{code: "ERR_UNSUPPORTED_VIDEO_CODEC", title: "video codec not supported", rules: []string{"codec-video-unsupported"}, least: diag.Warning, note: true, basis: diag.Documented},
			{code: "ERR_UNSUPPORTED_AUDIO_CODEC", title: "audio codec not supported", rules: []string{"codec-audio-unsupported"}, least: diag.Warning, note: true, basis: diag.Documented},
			{code: "ERR_GOP_OUT_OF_RANGE", title: "key frame interval out of range", rules: []string{"keyframe-interval"}, note: true, basis: diag.Documented},
		},
	},
	{
		platform: "alibaba-apsaravideo-live",
		text:     "Cuts a push that brings nothing for 10 s, as documented, and shows what the push exception event would tell, which ends nothing.",
		tells:    "The stream status callback tells it; the connection is closed without a word.",
		calls:    "The push exception event tells it.",
		refusals: []refusal{
			{code: "publish_done", title: "no data for 10 s", rules: []string{"idle-gap"}, least: diag.Warning, basis: diag.Documented},
			{code: "3001", title: "audio header cannot be parsed", rules: []string{"config-malformed"}, track: "audio", note: true, basis: diag.Documented},
			{code: "3002", title: "video header cannot be parsed", rules: []string{"config-malformed"}, track: "video", note: true, basis: diag.Documented},
			{code: "3003", title: "metadata cannot be parsed", rules: []string{"metadata-malformed"}, note: true, basis: diag.Documented},
		},
	},
	{
		platform: "srs",
		text:     "Closes the connection as SRS does by its defaults: 20 s without a first packet, then 5 s without one. No word is said; the number stands in the server's log.",
		tells:    "It stands in SRS's log; the connection is closed without a word.",
		refusals: []refusal{
			{code: "1011", title: "Socket io timeout", when: srsTimeout, basis: diag.Documented},
			{code: "1028", title: "Stream already exists or busy", publish: true, basis: diag.Documented, tells: "Measured: SRS closes the connection in place of an answer to publish; the number stands in its log."},
			{code: "1053", title: "Referer security failed for deny rules", publish: true, basis: diag.Documented},
			{code: "9001", title: "User requires to disconnect connection", basis: diag.Documented},
		},
	},
	{
		platform: "nginx-rtmp",
		text:     "Closes the connection as the module does by its defaults: a message of more than 1 MiB, or 60 s of silence. What it answers to publish was measured on the server.",
		tells:    "It stands in nginx's error log; the connection is closed without a word.",
		refusals: []refusal{
			{code: "too-big-message", title: "too big message", rules: []string{"frame-too-large"}, basis: diag.Documented},
			{code: "client-timed-out", title: "client timed out", rules: []string{"idle-gap"}, least: diag.Warning, basis: diag.Documented},
			{code: "NetStream.Publish.BadName", title: "Already publishing", publish: true, stays: true, status: "NetStream.Publish.BadName", description: "Already publishing", basis: diag.Documented, tells: "Measured: it answers so and keeps the connection open; the encoder has to go by itself."},
			{code: "access-forbidden", title: "access forbidden by rule", publish: true, start: true, basis: diag.Documented, tells: "Measured: NetStream.Publish.Start, and then the connection is closed; the rule stands in nginx's error log."},
			{code: "notify-refused", title: "the on_publish hook said no", publish: true, basis: diag.Documented, tells: "Measured: the connection is closed in place of an answer to publish; it stands in nginx's error log."},
		},
	},
	{
		platform: "mediamtx",
		text:     "Closes the connection as MediaMTX does: 10 s without data, and codecs that it does not take. A refused login is answered as measured on the server.",
		tells:    "It stands in MediaMTX's log; the connection is closed without a word.",
		refusals: []refusal{
			{code: "log:the stream doesn't contain a", title: "the stream doesn't contain any supported codec", when: nothingSupported, basis: diag.Documented},
			{title: "10 s without data", rules: []string{"idle-gap"}, least: diag.Warning, basis: diag.Documented, tells: "readTimeout is 10 s by default; the connection is closed without a word."},
			{code: "log:authentication failed", title: "authentication failed", publish: true, status: "NetStream.Publish.Unauthorized", description: "authentication failed", basis: diag.Documented, tells: "Measured: it answers so after 1 to 4 s and closes the connection."},
			{code: "log:someone is already publishin", title: "someone is already publishing", basis: diag.Documented, tells: "Measured: publish is accepted, and the connection is closed once media flows."},
		},
	},
	{
		platform: "ant-media",
		text:     "Refuses as the server does by its defaults: a message of more than 3 MiB, with the status that it sends. Others can be asked for.",
		tells:    "The server says so with this status.",
		refusals: []refusal{
			{code: "NetStream.Failed", title: "Data exceeded maximum allowed", rules: []string{"frame-too-large"}, status: "NetStream.Failed", description: "Data exceeded maximum allowed by N bytes", basis: diag.Documented},
			{code: "NetStream.Publish.BadName", title: "You are not allowed to publish the stream.", publish: true, status: "NetStream.Publish.BadName", description: "You are not allowed to publish the stream.", basis: diag.Documented},
			{code: "streamIdInUse", title: "stream id in use", publish: true, basis: diag.Documented, tells: "A hook tells it; what is said on the wire is not documented, so the connection is closed without a word."},
		},
	},
}

// undescribed: coded media, and no sequence header though it needs one.
func undescribed(_ *actor, s *standing) string {
	if s.Bare && s.media >= describeMS {
		return "Audio or video came, and the sequence header that it needs did not."
	}
	return ""
}

// severalWithout: several video qualities that nobody declares the rates of. With one
// the live event measured by itself.
func severalWithout(_ *actor, s *standing) string {
	if !s.Metadata && s.Videos > 1 && s.media >= describeMS {
		return "Several video qualities came and no onMetaData. With a single one Azure measured the bitrate by itself."
	}
	return ""
}

// noKeyFrame: the interval that is open is over the profile's limit.
func noKeyFrame(b *actor, s *standing) string {
	at := func(f diag.Finding) string { return rules.Message(&f) }
	if sev, limit, _ := b.p.KeyframeMS.Judge(float64(s.KeyMS)); sev == diag.Error {
		return at(diag.Finding{Rule: "keyframe-delay", Args: diag.Args{diag.I("delay_ms", s.KeyMS), diag.F("limit_ms", limit)}})
	}
	if sev, _, _ := b.p.KeyframeBytes.Judge(float64(s.KeyBytes)); sev == diag.Error {
		return rules.Format(rules.Bytes, diag.I("", s.KeyBytes)) + " of video came without a key frame."
	}
	return ""
}

// srsTimeout: firstpkt_timeout and normal_timeout.
func srsTimeout(b *actor, s *standing) string {
	if s.media < 0 {
		if s.publish > 20000 {
			return "Nothing came within 20 s of publish (firstpkt_timeout)."
		}
		return ""
	}
	for i := range s.findings {
		if f := &s.findings[i]; f.Rule == "idle-gap" && f.Severity >= diag.Warning {
			return rules.Message(f)
		}
	}
	return ""
}

// nothingSupported: all tracks have a codec that is refused.
func nothingSupported(_ *actor, s *standing) string {
	refused := 0
	for i := range s.findings {
		if f := &s.findings[i]; (f.Rule == "codec-video-unsupported" || f.Rule == "codec-audio-unsupported") && f.Severity == diag.Error {
			refused++
		}
	}
	if refused == 0 || refused < s.Tracks || s.media < describeMS {
		return ""
	}
	return "No track has a codec that MediaMTX takes."
}
