package rules

import "ingestdoctor/wasm/diag"

var metadata = []Rule{
	{
		ID: "metadata-missing", Title: "No metadata", Severity: diag.Warning, Basis: diag.Ours,
		Why:      "Before its media an encoder sends one script message, onMetaData, with the picture size, frame rate, codecs and bitrates. There is none here. The stream can be decoded without it, and many platforms do. A platform that receives several bitrates of one event needs the declared rates to tell them apart, and tools in between use them to plan. Azure Media Services documented both: harmless where one bitrate is pushed to live encoding, a problem for several bitrates.",
		Fix:      "Switch the encoder's metadata on (it is on by default in OBS, FFmpeg and most hardware encoders), or update the encoder. On Azure the rates could be given in the URL instead: ?videodatarate=5000&audiodatarate=192, in kbit/s.",
		Message:  "There is no onMetaData anywhere[, and {qualities} bitrates are pushed together].",
		Headline: "it sends no metadata (onMetaData)",
		Args:     []Arg{{"qualities", Count, "video bitrates pushed together; given when there is more than one"}},
		Sources:  []Source{{flvSpec + "E.5 (onMetadata)", flvSpecURL, flvSpecDate}, azureErrors},
		Example:  "A push that begins straight with the video sequence header.",
		Codes:    []Code{noMetadata}, Since: since,
	},
	{
		ID: "metadata-late", Title: "Metadata comes after the media", Severity: diag.Warning, Basis: diag.Ours,
		Why:      "The stream's description (onMetaData) arrives only after audio or video has begun. A server that sets up its decoder, its recording or its bitrate ladder at the first frame does so without knowing size and rates, and some refuse the stream for it. It happens when an encoder is restarted behind a proxy, or when a recorder starts in the middle of a stream.",
		Fix:      "Let the encoder send onMetaData before the first frame and again after each reconnect; a current version of it normally does. If the recording was started mid-stream, record once more from the very start of the push before you worry.",
		Message:  "The first onMetaData comes after {media_tags} audio or video {media_tags|tag|tags}[, {late_ms} into the stream].",
		Headline: "its metadata comes too late[, {late_ms} into the stream]",
		Args: []Arg{
			{"media_tags", Count, "audio and video tags before it, sequence headers included"},
			{"late_ms", Millis, "from the first media timestamp to the metadata"},
		},
		Sources: []Source{{flvSpec + "E.5 (onMetadata)", flvSpecURL, flvSpecDate}, azureErrors},
		Example: "Two sequence headers and 40 frames, then onMetaData.",
		Codes:   []Code{noMetadata}, Since: since,
	},
	{
		ID: "metadata-malformed", Title: "Metadata cannot be read", Severity: diag.Error, Basis: diag.Documented,
		Why:      "Script messages are written in AMF0, where each value says its type and length. This one contradicts itself: a length runs past the end, a type does not exist, or the message stops in the middle. A server has to read it to go on; some skip the message, others take the whole connection for broken and close it. Typical causes are an encoder that writes AMF3 or JSON into an AMF0 message, a text with wrong length, or damaged bytes.",
		Fix:      "Update the encoder, or leave out custom metadata fields that were added by hand or by a plugin (titles, cue points, captions) until the message is clean; then add them back one by one.",
		Message:  "The script message[ {name}] is not valid AMF0: {problem}[ at {problem_offset}][. Read up to there: {read}].",
		Headline: "its metadata cannot be read ({problem})",
		Args: []Arg{
			{"name", Word, "name of the message where it could be read, for example onMetaData"},
			{"problem", Word, "what is wrong, in words"},
			{"problem_offset", AtByte, "where in the file the fault is"},
			{"read", Word, "the names of what was read before the fault, shortened"},
		},
		Sources: []Source{{flvSpec + "E.4.4 (data tags)", flvSpecURL, flvSpecDate}, {Title: "Adobe Action Message Format AMF 0", URL: "https://rtmp.veriskope.com/pdf/amf0-file-format-specification.pdf", Date: "2007-12-04"}},
		Example: "A string that claims 65,535 bytes in a tag of 200.",
		Codes: []Code{
			{tencent, "33/0", "RTMP AMF data exception."},
			{"alibaba-apsaravideo-live", "3003", "Metadata would not parse"},
			{"srs", "2003", "Decode AMF0 message failed"},
			{"srs", "2004", "Invalid AMF0 message type"},
		}, Since: since,
	},
	{
		ID: "metadata-mismatch", Title: "Metadata contradicts the stream", Severity: diag.Warning, Basis: diag.Ours,
		Why:      "The encoder announces one thing and sends another. Decoders go by what is really in the stream, so the picture usually appears; but whatever trusted the announcement is wrong: the platform's choice of quality, a recording's proportions, a monitor's alarms. The usual cause is a setting that was changed while metadata was written from the old one, or metadata that a relay passed on unchanged after transcoding.",
		Fix:      "Restart the encoder after changing its output settings, and make sure that a relay or transcoder in between writes metadata of its own.",
		Message:  "The metadata says {property} {declared}; the stream carries {measured}[. Also: {others}].",
		Headline: "its metadata says {property} {declared}, the stream carries {measured}",
		Args: []Arg{
			{"property", Word, "what differs, in words: width, height, frame rate, video codec, audio codec, sample rate, channels"},
			{"declared", Word, "value in onMetaData, with unit"},
			{"measured", Word, "value in the stream, with unit"},
			{"tolerance_percent", Percent, "how far the two may differ; missing where they must be equal"},
			{"others", Word, "further properties that differ"},
		},
		Sources: []Source{{flvSpec + "E.5 (onMetadata)", flvSpecURL, flvSpecDate}, {Title: "ApsaraVideo Live, Abnormal stream ingest events", URL: "https://help.aliyun.com/en/live/user-guide/abnormal-event"}},
		Example: "onMetaData says 1280 x 720, the SPS says 1920 x 1080.",
		Codes: []Code{
			{"alibaba-apsaravideo-live", "4001", "Video resolution is inconsistent"},
			{"alibaba-apsaravideo-live", "4003", "Media does not match its header"},
		}, Since: since,
	},
	{
		ID: "bitrate-mismatch", Title: "Declared and measured bitrate differ widely", Severity: diag.Warning, Basis: diag.Ours,
		Why:      "The metadata declares one bitrate and the stream has quite another. Platforms compare the two to see whether a push is healthy: far too little looks like a connection that cannot keep up, far too much like a burst. Azure Media Services called it unexpectedBitrate from twice, or down to half, the declared rate. A quiet scene under variable bitrate can look the same, so see whether it lasts; silence takes almost no bits, so far too little audio is often a microphone that is muted.",
		Fix:      "Set the encoder to constant bitrate. If the measured rate is far too low, check its load and the upload bandwidth; if the declared rate is simply wrong, correct it in the encoder or in the URL (videodatarate, audiodatarate in kbit/s).",
		Message:  "The metadata declares {declared_kbps} for {track}, and {measured_kbps} were measured: {ratio} times the declared rate[. A factor of {limit_ratio} either way counts as a mismatch].",
		Headline: "it sends {measured_kbps} of {track} where {declared_kbps} are declared",
		Args: []Arg{
			{"track", Word, "video, audio, or the two together"},
			{"declared_kbps", Kbps, "onMetaData's data rate"},
			{"measured_kbps", Kbps, "mean over the recording"},
			{"ratio", Count, "measured divided by declared"},
			{"limit_ratio", Count, "the factor, up or down, from which it counts"},
		},
		Sources: []Source{azureEvents, azureErrors},
		Example: "videodatarate 5000 in onMetaData, 1,900 kb/s measured.",
		Codes:   []Code{{azure, "MPE_INGEST_BITRATE_NOT_MATCH", ""}}, Since: since,
	},
}
