package explain

import (
	"math"
	"strings"

	"ingestdoctor/wasm/diag"
)

const (
	azure    = "azure-media-services"
	eventTop = "Microsoft.Media."
)

// azureEvent reads Azure Event Grid's live events, in its own envelope, in that
// of CloudEvents, or the data alone.
func (r *reader) azureEvent(e *event) bool {
	kind := e.str("eventType", "type")
	base := "data"
	if i := strings.Index(kind, eventTop); i >= 0 && i <= 1 {
		kind = kind[i+len(eventTop):]
	} else if t := e.str("properties.eventType"); hasPrefix(t, eventTop) {
		kind, base = t[len(eventTop):], "properties.data"
	} else {
		kind = ""
	}
	if kind == "" {
		// The data without its envelope.
		base = ""
		switch {
		case e.has("resultCode") && (e.has("encoderIp") || e.has("encoderPort") || e.has("ingestUrl")):
			kind = "LiveEventEncoderDisconnected"
			if e.has("data.resultCode") {
				return false
			}
		case e.has("resultCode") && e.has("trackType"):
			kind = "LiveEventIncomingDataChunkDropped"
		case e.has("incomingBitrate") && e.has("overlapCount"):
			kind = "LiveEventIngestHeartbeat"
		case e.has("minLastTimestamp") && e.has("maxLastTimestamp"):
			kind = "LiveEventIncomingStreamsOutOfSync"
		case e.has("firstTimestamp") && e.has("secondTimestamp"):
			kind = "LiveEventIncomingVideoStreamsOutOfSync"
		case e.has("discontinuityGap") && e.has("previousTimestamp"):
			kind = "LiveEventTrackDiscontinuityDetected"
		default:
			return false
		}
	}
	if base == "data" && !e.hasUnder("data.") {
		base = "" // flattened, as log tables have it
	}
	d := e.sub(base)
	e.took(kAzure)
	r.hints[azure] = true
	m := e.mark(kAzure, e.str("eventTime", "time"))
	m.track = lowered(d.str("trackType"))
	switch kind {
	case "LiveEventConnectionRejected", "LiveEventEncoderDisconnected":
		m.say(d, kind+": ", "resultCode", "encoderIp", "encoderPort", "ingestUrl")
		sev := diag.Error
		if kind == "LiveEventEncoderDisconnected" {
			sev = diag.Warning
		}
		code := d.str("resultCode")
		if code == "" {
			if e.cut {
				r.addEvent(title(kind), diag.Info, "", m)
				break
			}
			code = kind + " without a result code"
		}
		e.emit(azure, code, kind, sev, m)
	case "LiveEventIncomingDataChunkDropped":
		m.say(d, kind+": ", "resultCode", "trackType", "trackName", "bitrate", "timestamp", "timescale")
		if code := d.str("resultCode"); code != "" {
			e.emit(azure, code, kind, diag.Warning, m)
		} else {
			r.addEvent(title(kind), diag.Info, "", m)
		}
	case "LiveEventIngestHeartbeat":
		r.heartbeat(d, m)
	case "LiveEventIncomingStreamsOutOfSync":
		r.outOfSync(d, m)
	case "LiveEventIncomingVideoStreamsOutOfSync":
		m.say(d, kind+": ", "firstTimestamp", "secondTimestamp", "timescale")
		t := r.tallyOf("log-out-of-sync", "qualities", &m)
		a, ok1 := seconds(d, "firstTimestamp", "timescale")
		b, ok2 := seconds(d, "secondTimestamp", "timescale")
		if ok1 && ok2 && math.Abs(a-b)*1000 >= t.x {
			t.x = math.Abs(a-b) * 1000
			t.text, t.more = "The first video quality", "the second"
			if a < b {
				t.text, t.more = "The second video quality", "the first"
			}
		} else if t.text == "" {
			t.text, t.more = "One video quality", "another"
		}
		r.addEvent(title(kind), diag.Warning, "log-out-of-sync", m)
	case "LiveEventTrackDiscontinuityDetected":
		m.say(d, kind+": ", "trackType", "trackName", "previousTimestamp", "newTimestamp", "discontinuityGap", "timescale")
		t := r.tallyOf("log-discontinuity", m.track, &m)
		t.n1++
		if gap, ok := seconds(d, "discontinuityGap", "timescale"); ok {
			t.x = max(t.x, gap*1000)
		}
		r.addEvent(title(kind), diag.Warning, "log-discontinuity", m)
	case "LiveEventIncomingStreamReceived", "LiveEventEncoderConnected":
		m.say(d, kind+": ", "trackType", "trackName", "bitrate", "encoderIp", "ingestUrl")
		r.addEvent(title(kind), diag.Info, "", m)
		if v, ok := d.num("bitrate"); ok && v > 0 {
			r.set.rate(m.track, v/1000, e.first, kAzure)
		}
		r.set.url(r, d.str("ingestUrl"), e.first, kAzure)
	case "LiveEventChannelArchiveHeartbeat":
		m.say(d, kind+": ", "channelLatencyMs", "latencyResultCode")
		r.addEvent(title(kind), diag.Info, "", m)
		if code := d.str("latencyResultCode"); code != "" && code != "S_OK" {
			e.emit(azure, code, kind, diag.Warning, m)
		}
	default:
		m.text = r.show(cutText(kind, 80))
		r.addEvent("Event "+m.text, diag.Info, "", m)
	}
	return true
}

// hasUnder reports whether any field stands below a name.
func (e *event) hasUnder(name string) bool {
	for i := range e.fields {
		if n := e.name(&e.fields[i]); len(n) > len(name) && eqFold(n[:len(name)], name) {
			return true
		}
	}
	return false
}

// title writes LiveEventEncoderConnected as "Encoder connected".
func title(kind string) string {
	s := strings.TrimPrefix(kind, "LiveEvent")
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if i > 0 && c >= 'A' && c <= 'Z' {
			b.WriteByte(' ')
			c = lower(c)
		}
		b.WriteByte(c)
	}
	return b.String()
}

// seconds divides a timestamp by its timescale.
func seconds(e *event, value, scale string) (float64, bool) {
	v, ok1 := e.num(value)
	s, ok2 := e.num(scale)
	if !ok1 || !ok2 || s <= 0 {
		return 0, false
	}
	return v / s, true
}

func (r *reader) outOfSync(d *event, m mark) {
	const kind = "LiveEventIncomingStreamsOutOfSync"
	m.say(d, kind+": ", "minLastTimestamp", "maxLastTimestamp", "typeOfStreamWithMinLastTimestamp", "typeOfStreamWithMaxLastTimestamp", "timescaleOfMinLastTimestamp", "timescaleOfMaxLastTimestamp")
	behind := d.str("typeOfStreamWithMinLastTimestamp", "typeOfTrackWithMinLastTimestamp")
	ahead := d.str("typeOfStreamWithMaxLastTimestamp", "typeOfTrackWithMaxLastTimestamp")
	t := r.tallyOf("log-out-of-sync", "", &m)
	low, ok1 := seconds(d, "minLastTimestamp", "timescaleOfMinLastTimestamp")
	high, ok2 := seconds(d, "maxLastTimestamp", "timescaleOfMaxLastTimestamp")
	if known := ok1 && ok2; known && math.Abs(high-low)*1000 >= t.x || t.text == "" {
		if known {
			t.x = math.Abs(high-low) * 1000
		}
		t.text, t.more = trackWord(ahead, "One track"), lowered(trackWord(behind, "another"))
	}
	r.addEvent(title(kind), diag.Warning, "log-out-of-sync", m)
}

// trackWord is Video or Audio, as a notification names it in any case.
func trackWord(s, otherwise string) string {
	switch {
	case eqFold(s, "video"):
		return "Video"
	case eqFold(s, "audio"):
		return "Audio"
	}
	return otherwise
}

// heartbeat reads a LiveEventIngestHeartbeat.
func (r *reader) heartbeat(d *event, m mark) {
	m.say(d, "LiveEventIngestHeartbeat: ", "trackType", "bitrate", "incomingBitrate", "overlapCount", "discontinuityCount",
		"nonincreasingCount", "unexpectedBitrate", "ingestDriftValue", "healthy", "state")
	declared, _ := d.num("bitrate")
	incoming, measured := d.num("incomingBitrate")
	if declared > 0 {
		r.set.rate(m.track, declared/1000, d.first, kAzure)
	}
	rule := ""
	tally := func(id string) *tally {
		if rule == "" {
			rule = id
		}
		return r.tallyOf(id, m.track, &m)
	}
	unexpected, _ := d.truth("unexpectedBitrate")
	if measured && incoming == 0 && declared > 0 {
		t := tally("log-no-data")
		if t.text == "" {
			t.text = r.show(cutText(d.str("lastFragmentArrivalTime"), 40))
		}
	} else if unexpected {
		t := tally("log-bitrate-unexpected")
		if off := apart(incoming, declared); t.count == 1 || off > t.more2() {
			t.x, t.y = incoming/1000, declared/1000
		}
	}
	overlap, _ := d.num("overlapCount")
	still, _ := d.num("nonincreasingCount")
	if overlap > 0 || still > 0 {
		t := tally("log-overlap")
		t.n1 += int64(overlap)
		t.n2 += int64(still)
	}
	if gaps, _ := d.num("discontinuityCount"); gaps > 0 {
		tally("log-discontinuity").n1 += int64(gaps)
	}
	if drift, ok := d.num("ingestDriftValue"); ok && drift > 0 {
		t := tally("log-ingest-drift")
		t.x = max(t.x, drift*1000)
	}
	if measured && incoming > 0 {
		r.set.measured(m.track, incoming/1000, d)
	}
	if rule == "" {
		if healthy, known := d.truth("healthy"); known && !healthy {
			r.addEvent("Heartbeat, not healthy", diag.Warning, "", m)
			return
		}
		r.addEvent("Heartbeat", diag.Info, "", m)
		return
	}
	r.addEvent("Heartbeat with a warning", diag.Warning, rule, m)
}

// apart is by which factor two rates differ.
func apart(a, b float64) float64 {
	if a <= 0 || b <= 0 {
		return math.Inf(1)
	}
	return max(a/b, b/a)
}

// more2 is by which factor the rates of a tally differ so far.
func (t *tally) more2() float64 { return apart(t.x, t.y) }
