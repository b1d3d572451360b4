package explain

import (
	"strings"

	"ingestdoctor/wasm/diag"
)

const tencent = "tencent-css"

// tencentEvent reads Tencent's callbacks (event_type 0, 1 and 321) and the rows
// of DescribeLiveStreamEventList.
func (r *reader) tencentEvent(e *event) bool {
	if hasSuffix(e.path, "abnormal_event[]") && e.has("type") {
		n := e.str("type")
		m := e.mark(kTencent, e.str("detail[].occur_time"))
		m.say(e, "abnormal_event: ", "type", "type_desc_en", "type_desc_cn", "event_key", "count", "detail[].desc")
		e.emit(tencent, "321:"+n, "push error callback", diag.Warning, m)
		r.hints[tencent] = true
		if c, ok := e.num("count"); ok && c > 1 && c < 1e9 {
			if f := r.codes[tencent+"/321:"+n]; f != nil {
				f.count += int64(c) - 1
			}
		}
		return true
	}
	if e.has("StopReason") && (e.has("StreamName") || e.has("StreamStartTime") || e.has("DomainName")) {
		e.took(kTencentList)
		r.hints[tencent] = true
		reason := e.str("StopReason")
		m := e.mark(kTencentList, e.str("StreamEndTime", "StreamStartTime"))
		m.say(e, "StopReason: "+r.show(cutText(reason, 200))+". ", "StreamStartTime", "StreamEndTime", "Duration", "ClientIp", "Resolution")
		if f := e.find("StopReason"); f != nil && f.val != "" {
			r.tencentReason(e, f.val, "DescribeLiveStreamEventList", m)
		} else {
			r.addEvent("Push recorded", diag.Info, "", m)
		}
		if s := e.str("Resolution"); s != "" {
			r.set.size(s, e.first, kTencentList)
		}
		return true
	}
	if !e.has("event_type") || !e.has("stream_id") && !e.has("appid") && !e.has("errcode") && !e.has("appname") && !e.has("report_interval") {
		return false
	}
	e.took(kTencent)
	r.hints[tencent] = true
	m := e.mark(kTencent, e.str("event_time", "data_time"))
	w, _ := e.num("width")
	h, _ := e.num("height")
	if w > 0 && h > 0 {
		r.set.size(whole(w)+"x"+whole(h), e.first, kTencent)
	}
	switch kind := e.str("event_type"); kind {
	case "1":
		m.say(e, "Push callback, started: ", "app", "appname", "user_ip", "node", "errcode", "errmsg")
		r.addEvent("Push started", diag.Info, "", m)
	case "0":
		m.say(e, "Push callback, interrupted: ", "errcode", "sub_errcode", "errmsg", "push_duration", "app", "appname", "user_ip", "node")
		code, sub := e.str("errcode"), e.str("sub_errcode")
		msg := ""
		if f := e.find("errmsg"); f != nil {
			msg = f.val
		}
		switch {
		case sub != "" && r.code(tencent, code+"/"+sub) != nil:
			c := r.code(tencent, code+"/"+sub)
			r.addCode(c, code+"/"+sub, c.severity, m)
		case msg != "" && r.said(tencent, msg) != nil:
			c := r.said(tencent, msg)
			exact := ""
			for _, x := range c.codes {
				if hasPrefix(x, code+"/") {
					exact = x
					break
				}
			}
			r.addCode(c, exact, c.severity, m)
		case r.code(tencent, code+"/0") != nil:
			c := r.code(tencent, code+"/0")
			r.addCode(c, code+"/0", c.severity, m)
		case code == "" && e.cut:
			r.addEvent("Push interrupted", diag.Info, "", m)
		default:
			if sub != "" {
				code += "/" + sub
			}
			r.addUnknown(tencent, code, "push callback", diag.Warning, m)
		}
	case "321":
		m.say(e, "Push error callback: ", "domain", "path", "report_interval", "user_ip")
		r.addEvent("Push error callback", diag.Info, "", m)
	default:
		m.say(e, "Callback: ", "event_type", "errcode", "errmsg")
		r.addEvent("Callback", diag.Info, "", m)
	}
	return true
}

// tencentReason finds the page of a StopReason: its text, or its numbers.
func (r *reader) tencentReason(e *event, reason, where string, m mark) {
	c, exact := r.said(tencent, reason), ""
	if c == nil {
		exact = trimSpace(hard(reason))
		c = r.code(tencent, exact)
		if c == nil && exact != "" && isDigit(exact[0]) && !strings.Contains(exact, "/") {
			c = r.code(tencent, exact+"/0")
		}
	}
	if c == nil {
		r.addUnknown(tencent, exact, where, diag.Warning, m)
		return
	}
	if r.t.byKey[tencent+"/"+exact] == nil {
		exact = ""
	}
	r.addCode(c, exact, c.severity, m)
}

// awsEvent reads the events of Amazon IVS and MediaLive, from EventBridge or
// from the API.
func (r *reader) awsEvent(e *event) bool {
	detail, source := e.str("detail-type"), e.str("source")
	switch {
	case hasPrefix(detail, "IVS ") || source == "aws.ivs":
		e.took(kIVS)
		m := e.mark(kIVS, e.str("time", "detail.event_time"))
		m.say(e, cutText(r.show(detail), 60)+": ", "detail.event_name", "detail.limit_name", "detail.limit_value", "detail.exceeded_by", "detail.limit_unit", "detail.code", "detail.reason", "detail.recording_status", "detail.stream_id")
		r.ivs(e, e.str("detail.event_name", "detail.limit_name", "detail.recording_status"), e.str("detail.code"), detail, m)
		return true
	case hasPrefix(e.str("type"), "IVS ") && e.has("name"):
		e.took(kIVS)
		m := e.mark(kIVS, e.str("eventTime", "time"))
		m.say(e, e.excerpt("type")+": ", "name", "code")
		r.ivs(e, e.str("name"), e.str("code"), e.str("type"), m)
		return true
	case hasPrefix(detail, "MediaLive ") || source == "aws.medialive":
		e.took(kMediaLive)
		m := e.mark(kMediaLive, e.str("time"))
		m.say(e, cutText(r.show(detail), 60)+": ", "detail.alarm_state", "detail.alert_type", "detail.alarm_id", "detail.pipeline", "detail.message", "detail.state")
		r.mediaLive(e, m)
		return true
	}
	return false
}

func (r *reader) ivs(e *event, name, code, kind string, m mark) {
	const platform = "aws-ivs"
	known := false
	for _, exact := range [...]string{name, code} {
		c := r.code(platform, exact)
		if c == nil {
			continue
		}
		sev := c.severity
		if exact == "Starvation End" { // one page with the start
			sev = diag.Info
		}
		r.addCode(c, strings.Clone(exact), sev, m)
		known = true
	}
	if code != "" && r.code(platform, code) == nil {
		r.addUnknown(platform, code, kind, diag.Warning, m)
	} else if !known {
		r.addEvent(r.show(cutText(kind+" "+name, 80)), diag.Info, "", m)
	}
}

// mediaLiveWords finds an alert's page where it does not carry its number.
var mediaLiveWords = [...]struct{ words, code string }{
	{"input loss image", "5002"},
	{"input-loss image", "5002"},
	{"probing", "5007"},
	{"program", "5010"},
	{"scte", "5012"},
	{"audio not detected", "5101"},
	{"no audio", "5101"},
	{"missing audio", "5101"},
}

func (r *reader) mediaLive(e *event, m mark) {
	const platform = "aws-medialive"
	state := e.str("detail.alarm_state")
	kind, msg := e.str("detail.alert_type"), e.str("detail.message")
	if state == "" && kind == "" {
		r.addEvent("MediaLive "+r.show(cutText(e.str("detail.state", "detail-type"), 60)), diag.Info, "", m)
		return
	}
	var c *code
	exact := e.str("detail.alert_code", "detail.alert_id", "detail.code")
	if c = r.code(platform, exact); c == nil {
		exact = ""
		for _, s := range [...]string{kind, msg} {
			for i := 0; i+4 <= len(s) && c == nil; i++ {
				if like(s[i:], "9999") && (i == 0 || !isNameByte(s[i-1])) && (i+4 == len(s) || !isNameByte(s[i+4])) {
					if c = r.code(platform, s[i:i+4]); c != nil {
						exact = s[i : i+4]
					}
				}
			}
		}
	}
	for _, w := range mediaLiveWords {
		if c == nil && (containsFold(kind, w.words) || containsFold(msg, w.words)) {
			c, exact = r.code(platform, w.code), w.code
		}
	}
	cleared := eqFold(state, "CLEARED")
	switch {
	case cleared:
		r.addEvent("Alert cleared", diag.Info, "", m)
	case c != nil:
		r.addCode(c, strings.Clone(exact), c.severity, m)
	case kind != "" || msg != "":
		if kind == "" {
			kind = msg
		}
		r.addUnknown(platform, kind, "MediaLive Channel Alert", diag.Warning, m)
	}
}

func containsFold(s, sub string) bool {
	for i := 0; i+len(sub) <= len(s); i++ {
		if eqFold(s[i:i+len(sub)], sub) {
			return true
		}
	}
	return false
}

// cloudEvent reads the webhooks of Cloudflare Stream and Mux.
func (r *reader) cloudEvent(e *event) bool {
	if kind := e.str("data.event_type", "event_type"); hasPrefix(kind, "live_input.") {
		e.took(kCloudflare)
		base := "data."
		if !e.has("data.event_type") {
			base = ""
		}
		m := e.mark(kCloudflare, e.str(base+"updated_at", "ts"))
		m.say(e, "", base+"event_type", base+"live_input_errored.error.code", base+"live_input_errored.error.message", base+"live_input_errored.video_codec", base+"live_input_errored.audio_codec")
		code := e.str(base + "live_input_errored.error.code")
		if code == "" {
			code = kind
		}
		e.emit("cloudflare-stream", code, kind, diag.Error, m)
		return true
	}
	if kind := e.str("type"); hasPrefix(kind, "video.live_stream.") {
		e.took(kMux)
		m := e.mark(kMux, e.str("created_at", "data.created_at"))
		m.say(e, "", "type", "data.status", "data.id", "data.reconnect_window")
		if c := r.code("mux", kind); c != nil {
			r.addCode(c, strings.Clone(kind), c.severity, m)
		} else {
			r.addEvent(r.show(cutText(kind, 60)), diag.Info, "", m)
		}
		return true
	}
	return false
}

// socialEvent reads what YouTube, Facebook and Twitch answer.
func (r *reader) socialEvent(e *event) bool {
	switch {
	case hasSuffix(e.path, "configurationIssues[]") && e.has("type"):
		e.took(kYouTube)
		m := e.mark(kYouTube, "")
		m.say(e, "configurationIssues: ", "type", "severity", "reason", "description")
		sev, told := diag.ParseSeverity(e.str("severity"))
		exact := e.str("type")
		if c := r.code("youtube-live", exact); c != nil {
			if !told || sev == diag.Off {
				sev = c.severity
			}
			r.addCode(c, strings.Clone(exact), sev, m)
		} else {
			if !told || sev == diag.Off {
				sev = diag.Warning
			}
			r.addUnknown("youtube-live", exact, "configurationIssues", sev, m)
		}
		return true
	case hasSuffix(e.path, "healthStatus") && e.has("status"):
		e.took(kYouTube)
		m := e.mark(kYouTube, e.str("lastUpdateTimeSeconds"))
		m.say(e, "healthStatus: ", "status", "lastUpdateTimeSeconds")
		exact := e.str("status")
		if c := r.code("youtube-live", "healthStatus:"+exact); c != nil {
			r.addCode(c, "healthStatus:"+exact, c.severity, m)
		}
		return true
	case e.has("error_code") && (e.has("error_message") || e.has("error_type")):
		e.took(kFacebook)
		m := e.mark(kFacebook, e.str("creation_time"))
		m.say(e, "LiveVideo error: ", "error_code", "error_type", "error_message")
		sev := diag.Error
		if e.str("error_type") == "info" {
			sev = diag.Info
		}
		e.emit("facebook-live", e.str("error_code"), "LiveVideo errors", sev, m)
		return true
	case hasSuffix(e.path, "error") && e.has("error_subcode") && e.has("message"):
		e.took(kFacebook)
		m := e.mark(kFacebook, "")
		m.say(e, "Graph API error: ", "code", "error_subcode", "type", "message", "error_user_title", "error_user_msg")
		exact := e.str("code") + "/" + e.str("error_subcode")
		if r.code("facebook-live", exact) == nil && r.code("facebook-live", e.str("error_subcode")) != nil {
			exact = e.str("error_subcode")
		}
		e.emit("facebook-live", exact, "Graph API error", diag.Error, m)
		return true
	}
	return r.twitchEvent(e)
}

// twitchEvent reads the health that Twitch's interface answers.
func (r *reader) twitchEvent(e *event) bool {
	found := false
	for i := range e.fields {
		f := &e.fields[i]
		if !f.str || len(f.val) < 5 || f.val[0] < 'A' || f.val[0] > 'Z' || f.val[1] < 'A' || f.val[1] > 'Z' {
			continue
		}
		if r.t.byKey["twitch/"+f.val] == nil {
			continue
		}
		n := e.name(f)
		if k := strings.LastIndexByte(n, '.'); k >= 0 {
			n = n[k+1:]
		}
		if !containsFold(n, "reason") && !containsFold(n, "health") {
			continue
		}
		if f.val == "UNKNOWN" && !containsFold(f.path, "health") {
			continue
		}
		m := mark{kind: kTwitch, first: f.line, final: f.line, clean: true, text: "Stream health: " + f.val}
		c := r.t.byKey["twitch/"+f.val]
		r.addCode(c, strings.Clone(f.val), c.severity, m)
		found = true
	}
	if found {
		e.took(kTwitch)
	}
	return found
}

// otherEvent reads Agora, Alibaba Cloud, SRS and RTMP's own status objects.
func (r *reader) otherEvent(e *event) bool {
	switch {
	case e.str("productId") == "10" && e.has("eventType"):
		e.took(kAgoraGateway)
		m := e.mark(kAgoraGateway, e.str("notifyMs"))
		m.say(e, "Media Gateway: ", "eventType", "payload.errorCode", "payload.reason", "payload.region", "payload.videoProfile.codec", "payload.videoProfile.width", "payload.videoProfile.height", "payload.videoProfile.gop")
		if gop, ok := e.num("payload.videoProfile.gop"); ok && gop > 0 {
			r.set.number("keyframe-interval", gop, e.first, kAgoraGateway)
		}
		if code := e.str("payload.errorCode"); code != "" && code != "0" {
			e.emit("agora-media-gateway", code, "live_stream_aborted", diag.Error, m)
			return true
		}
		names := map[string]string{"1": "Stream connected", "2": "Stream disconnected", "3": "Stream aborted"}
		t := names[e.str("eventType")]
		if t == "" {
			t = "Media Gateway event"
		}
		r.addEvent(t, diag.Info, "", m)
		return true
	case hasPrefix(e.str("level"), "error") && hasPrefix(e.str("code"), "Net"), e.has("description") && hasPrefix(e.str("code"), "Net"):
		e.took(kRTMP)
		m := e.mark(kRTMP, "")
		m.say(e, "onStatus: ", "level", "code", "description")
		e.emit("rtmp-protocol", e.str("code"), "onStatus", diag.Error, m)
		return true
	case hasPrefix(e.str("action"), "on_") && (e.has("client_id") || e.has("vhost") || e.has("server_id")):
		e.took(kSRSHook)
		m := e.mark(kSRSHook, "")
		m.say(e, "HTTP callback: ", "action", "ip", "vhost", "app")
		r.addEvent("SRS "+r.show(cutText(e.str("action"), 30)), diag.Info, "", m)
		return true
	case (e.str("action") == "publish" || e.str("action") == "publish_done") && e.has("appname"):
		e.took(kAlibaba)
		m := e.mark(kAlibaba, e.str("time"))
		m.say(e, "Callback: ", "action", "ip", "app", "appname", "node", "width", "height")
		r.alibabaAction(e.str("action"), m)
		return true
	case r.alibabaFault(e):
		return true
	}
	return false
}

func (r *reader) alibabaAction(action string, m mark) {
	if c := r.code("alibaba-apsaravideo-live", action); c != nil {
		r.addCode(c, strings.Clone(action), c.severity, m)
		return
	}
	r.addEvent("Push started", diag.Info, "", m)
}

// alibabaFault reads a push exception: a number of four digits beside the
// names that Alibaba Cloud uses for domain, application and stream.
func (r *reader) alibabaFault(e *event) bool {
	const platform = "alibaba-apsaravideo-live"
	if !e.has("DomainName") && !e.has("domain") && !e.has("Domain") && !e.has("domainName") {
		return false
	}
	if !e.has("StreamName") && !e.has("stream") && !e.has("Stream") && !e.has("streamName") && !e.has("AppName") && !e.has("app") {
		return false
	}
	for _, name := range [...]string{"ErrorCode", "error_code", "EventCode", "event_code", "Code", "code", "event", "EventId", "Event", "errorCode"} {
		v := e.str(name)
		c := r.code(platform, v)
		if c == nil || !isDigit(v[0]) {
			continue
		}
		e.took(kAlibaba)
		m := e.mark(kAlibaba, e.str("Time", "time", "StartTime", "timestamp", "EventTime"))
		m.say(e, "Push exception: ", name, "DomainName", "domain", "AppName", "app", "Message", "message", "description")
		r.addCode(c, strings.Clone(v), c.severity, m)
		return true
	}
	return false
}
