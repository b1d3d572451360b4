package rules

import "ingestdoctor/wasm/diag"

// arrivals are what only a live push shows: when its data comes.
var arrivals = []Rule{
	{
		ID: "arrival-gap", Title: "Video or audio stops arriving", Severity: diag.Warning, Basis: diag.Ours,
		Why:      "Frames of one kind stopped coming for longer than the limit, measured by the clock on the wall. A camera, capture card or microphone that fails while the other goes on does this, and so does an uplink that stalls. Viewers see a frozen picture or hear nothing. Tencent's callback reports 3 s without video and 1 s without audio.",
		Fix:      "Check the device that delivers this track and the encoder's log at this moment. If both tracks stop, check the uplink.",
		Message:  "No {track} arrived for {gap_ms}[ so far{open?}], from {since_ms} of the push on; the limit is {limit_ms}.",
		Headline: "no {track} arrives for {gap_ms}",
		Args: []Arg{
			{"track", Word, "video or audio"},
			{"gap_ms", Millis, "time without a frame of it"},
			{"limit_ms", Millis, "the profile's limit"},
			{"since_ms", At, "when the last one came, since the push began"},
			{"open", YesNo, "none has come since"},
		},
		Sources: []Source{tencentCallback, ourRule},
		Example: "The camera's cable is pulled; the microphone goes on.",
		Codes: []Code{
			{tencent, "321:6", "More than 3,000 ms between two video frames arriving"},
			{tencent, "321:7", "More than 1,000 ms between two audio frames arriving"},
		}, Since: since2,
	},
	{
		ID: "arrival-stall", Title: "Arrival falls behind real time", Severity: diag.Warning, Basis: diag.Ours,
		Why:      "Less than a second of media arrives each second, or a pause was never caught up: the uplink carries less than the encoder makes, or the encoder's computer is too slow. The delay grows until the encoder drops frames or the connection; viewers see the player wait.",
		Fix:      "Lower the bitrate well below the measured uplink, use a cable in place of Wi-Fi, and look at the encoder's processor load and its count of dropped frames.",
		Message:  "The stream is {behind_ms} behind real time, falling back since {since_ms} of the push; the limit is {limit_ms}.",
		Headline: "it falls {behind_ms} behind real time",
		Args: []Arg{
			{"behind_ms", Millis, "how far behind, at most"},
			{"since_ms", At, "when it was last on time, since the push began"},
			{"limit_ms", Millis, "the profile's limit"},
		},
		Sources: []Source{youtubeHealth, ourRule},
		Example: "4 Mb/s over an uplink of 3 Mb/s.",
		Codes:   []Code{{youtube, "videoIngestionStarved", ""}}, Since: since2,
	},
	{
		ID: "arrival-jitter", Title: "Data arrives in lumps", Severity: diag.Info, Basis: diag.Ours,
		Why:      "Again and again nothing comes for a while, and then much at once. Some encoders and relays send a whole group of pictures or a segment at a time, which is harmless up to some seconds; Wi-Fi and mobile networks that stall do the same. A platform or player with a smaller buffer than that runs dry.",
		Fix:      "If the encoder has a setting for low delay or small segments, use it. Otherwise compare with a wired connection.",
		Message:  "Data comes up to {late_ms} late and then all at once, again and again; the limit is {limit_ms}.",
		Headline: "its data comes in lumps of {late_ms}",
		Args: []Arg{
			{"late_ms", Millis, "usual distance between the latest and the earliest arrival within 10 s, against media time"},
			{"limit_ms", Millis, "the profile's limit"},
		},
		Sources: []Source{{Title: "RFC 3550, 6.4.1 (interarrival jitter: arrival against media time)", URL: "https://www.rfc-editor.org/rfc/rfc3550", Date: "2003-07"}, ourRule},
		Example: "A packager that sends 2 s of stream every 2 s.", Since: since2,
	},
	{
		ID: "keyframe-delay", Title: "First key frame comes late", Severity: diag.Warning, Basis: diag.Ours,
		Why:      "Until the first key frame nobody can show a picture, and platforms hold back or drop what comes before it. Measured from the moment in which the server let the encoder publish. A slow start of the encoder delays it, or a camera's stream that is passed on and joined in the middle of a long interval.",
		Fix:      "Set the key frame interval to 2 s. If a camera's stream is passed on, set it in the camera.",
		Message:  "No key frame for {delay_ms} after publish[, and none has come yet{open?}]; the limit is {limit_ms}.",
		Headline: "no key frame for {delay_ms} after publish",
		Args: []Arg{
			{"delay_ms", Millis, "from publish to the first key frame, or until now"},
			{"limit_ms", Millis, "the profile's limit"},
			{"open", YesNo, "it has not come yet"},
		},
		Sources: []Source{azureErrors, ourRule},
		Example: "A camera with a key frame every 12 s, passed on as it is.",
		Codes:   []Code{noKeyframe}, Since: since2,
	},
	{
		ID: "push-reconnect", Title: "The encoder reconnected", Severity: diag.Warning, Basis: diag.Ours,
		Why:      "The encoder's connection ended, and it came back. Viewers saw an interruption at least that long, and many platforms start a new recording or session with each connection. It is a note where the encoder said goodbye, as when somebody stops and starts it, and a warning where the connection broke.",
		Fix:      "Look at the encoder's log at this moment: who closed the connection, and with what error. Where it broke, check the uplink, power saving, and firewalls that drop long connections.",
		Message:  "The encoder was away for {away_ms}, from {since_ms} of the push on[; the connection had broken{lost?}].",
		Headline: "its connection is interrupted for {away_ms}",
		Args: []Arg{
			{"away_ms", Millis, "how long it was away, at most"},
			{"since_ms", At, "when it went, since the push began"},
			{"lost", YesNo, "it did not say goodbye"},
		},
		Sources: []Source{ourRule},
		Example: "A mobile uplink that changes its address.", Since: since2,
	},
}

// since2 is the first version with the rules of live pushes.
const since2 = "0.2"
