package live

import (
	"strings"
	"time"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/ingest"
)

// reply sends commands, control messages before them.
func (c *conn) reply(control []byte, stream uint32, bodies ...[]byte) {
	id := byte(3)
	if stream != 0 {
		id = 5
	}
	b := control
	for _, body := range bodies {
		b = rtmp.AppendMessage(b, id, rtmp.CommandAMF0, stream, body, 128)
	}
	c.sent(c.Write(b))
}

// command takes one command (RTMP 1.0, 7.2).
func (c *conn) command(cmd *rtmp.Command) {
	text := c.arguments(cmd)
	switch cmd.Name {
	case "connect":
		c.say("in", "connect", text, "")
		c.connect(cmd)
		return
	case "_result", "_error", "onStatus", "onBWDone":
		c.once(cmd.Name, text)
		return
	}
	if !c.connected {
		c.say("in", cmd.Name, text, "warning")
		c.refuse("NetConnection.Call.Failed", cmd.Name+" came before connect.")
		return
	}
	undefined := flv.AMFValue{Kind: flv.AMFUndefined}
	switch cmd.Name {
	case "releaseStream":
		c.say("in", cmd.Name, text, "")
		c.reply(nil, 0, rtmp.AppendCommand("_result", cmd.Tx, rtmp.Null(), undefined))
	case "FCPublish":
		c.say("in", cmd.Name, text, "")
		// Flash Media Live Encoder waits for onFCPublish.
		c.reply(nil, 0, rtmp.AppendCommand("_result", cmd.Tx, rtmp.Null(), undefined),
			rtmp.AppendCommand("onFCPublish", 0, rtmp.Null(), rtmp.Object("code", "NetStream.Publish.Start", "description", "FCPublish")))
		c.say("out", "onFCPublish", "NetStream.Publish.Start", "")
	case "createStream":
		c.say("in", cmd.Name, text, "")
		c.reply(nil, 0, rtmp.AppendCommand("_result", cmd.Tx, rtmp.Null(), flv.Num(streamID)))
		c.say("out", "_result", "stream 1", "")
	case "publish":
		c.say("in", cmd.Name, text, "")
		c.publish(cmd)
	case "FCUnpublish":
		c.say("in", cmd.Name, text, "")
		c.bye = c.push != nil
		c.reply(nil, 0, rtmp.AppendCommand("onFCUnpublish", 0, rtmp.Null(), rtmp.Object("code", "NetStream.Unpublish.Success", "description", "FCUnpublish")))
	case "deleteStream", "closeStream":
		c.say("in", cmd.Name, text, "")
		if c.push != nil {
			c.bye = true
			c.reply(nil, streamID, rtmp.AppendCommand("onStatus", 0, rtmp.Null(),
				rtmp.Object("level", "status", "code", "NetStream.Unpublish.Success", "description", "The stream has ended.")))
			c.say("out", "onStatus", "NetStream.Unpublish.Success", "")
			c.abort(ending{reason: "goodbye", text: "The encoder ended its stream."})
		}
	case "getStreamLength":
		c.say("in", cmd.Name, text, "")
		c.reply(nil, 0, rtmp.AppendCommand("_result", cmd.Tx, rtmp.Null(), flv.Num(0)))
	case "_checkbw", "checkBandwidth":
		c.once(cmd.Name, text)
		c.reply(nil, 0, rtmp.AppendCommand("_result", cmd.Tx, rtmp.Null(), undefined))
	case "play", "play2":
		c.say("in", cmd.Name, text, "warning")
		c.refuse("NetStream.Play.Failed", "This address takes streams from encoders; it does not play any.")
	default:
		c.once(cmd.Name, text)
		if cmd.Tx > 0 {
			c.reply(nil, 0, rtmp.AppendCommand("_error", cmd.Tx, rtmp.Null(),
				rtmp.Object("level", "error", "code", "NetConnection.Call.Failed", "description", "Method not found.")))
		}
	}
}

// refuse says no and ends the connection.
func (c *conn) refuse(code, text string) {
	c.say("out", "onStatus", code+": "+text, "error")
	c.abort(ending{reason: "refused", code: code, text: text})
}

// judged does what a platform would, and reports whether that ends the
// connection.
func (c *conn) judged(v verdict) bool {
	if v.none() {
		return false
	}
	if v.command != "" && !v.close {
		c.reply(nil, streamID, statusBody(v.command, v.level, v.code, v.description))
	}
	level := "warning"
	if v.close || v.level == "error" {
		level = "error"
	}
	text := v.code
	if v.description != "" {
		text += ": " + v.description
	}
	if v.command != "" {
		c.s.note(Entry{At: c.s.since(), Conn: c.info.N, Dir: "out", Name: v.command, Text: text, Level: level})
	}
	if v.why != "" {
		note := v.why
		if v.page != "" {
			note += " (" + v.page + ")"
		}
		c.s.note(Entry{At: c.s.since(), Conn: c.info.N, Dir: "note", Name: "platform", Text: note, Level: level})
	}
	if !v.close {
		return false
	}
	why := "Closed as the platform would"
	if first, _, _ := strings.Cut(v.why, ". "); first != "" {
		why += ": " + strings.TrimSuffix(first, ".") // the log has all of it
	}
	why += "."
	c.abort(ending{reason: "platform", command: v.command, level: v.level, code: v.code, description: v.description, text: why})
	return true
}

// statusBody is the body of a status.
func statusBody(command, level, code, description string) []byte {
	return rtmp.AppendCommand(command, 0, rtmp.Null(), rtmp.Object("level", level, "code", code, "description", description))
}

// connect takes the encoder's introduction (RTMP 1.0, 7.2.1.1; E-RTMP v2,
// "Enhancing NetConnection connect Command").
func (c *conn) connect(cmd *rtmp.Command) {
	if c.connected {
		c.refuse("NetConnection.Connect.Failed", "connect came twice on one connection.")
		return
	}
	c.connected = true
	var object flv.AMFValue
	if len(cmd.Args) > 0 && cmd.Args[0].IsObject() {
		object = cmd.Args[0]
	}
	c.introduce(&object)

	properties := []any{"fmsVer", "FMS/3,5,7,7009", "capabilities", 31.0, "mode", 1.0}
	encoding := 0.0
	if v, ok := object.Get("objectEncoding"); ok {
		encoding, _ = v.Number()
	}
	information := []any{
		"level", "status", "code", "NetConnection.Connect.Success", "description", "Connection succeeded.", "objectEncoding", encoding,
	}
	if more := enhancedAnswer(&object); more != nil {
		properties = append(properties, more...)
		information = append(information, more...)
	}
	control := rtmp.AppendControl(nil, rtmp.WindowAckSize, ackWindow)
	control = rtmp.AppendPeerBandwidth(control, ackWindow)
	c.reply(control, 0, rtmp.AppendCommand("_result", cmd.Tx, rtmp.Object(properties...), rtmp.Object(information...)))
	c.say("out", "_result", "NetConnection.Connect.Success", "")
}

// enhancedAnswer is what we say of Enhanced RTMP to an encoder that names it:
// every codec is taken, for it is looked at and not shown. Older encoders are
// told nothing, since some stumble over a list.
func enhancedAnswer(object *flv.AMFValue) []any {
	var more []any
	if _, ok := object.Get("fourCcList"); ok {
		list := flv.AMFValue{Kind: flv.AMFStrictArray}
		for _, cc := range []string{"av01", "vp09", "vp08", "hvc1", "avc1", "vvc1", "Opus", "fLaC", "ac-3", "ec-3", "mp4a", ".mp3"} {
			list.Items = append(list.Items, flv.Str(cc))
		}
		more = append(more, "fourCcList", list)
	}
	// CanDecode | CanForward
	for _, name := range []string{"videoFourCcInfoMap", "audioFourCcInfoMap"} {
		if _, ok := object.Get(name); ok {
			more = append(more, name, rtmp.Object("*", 5.0))
		}
	}
	if v, ok := object.Get("capsEx"); ok {
		// Multitrack, ModEx, TimestampNanoOffset, as far as the encoder has them;
		// not Reconnect.
		n, _ := v.Number()
		more = append(more, "capsEx", float64(uint32(n)&0x0e))
	}
	return more
}

// publish asks for the stream: here the key tells which session it is.
func (c *conn) publish(cmd *rtmp.Command) {
	if c.push != nil {
		c.refuse("NetStream.Publish.BadName", "This connection publishes already.")
		return
	}
	name := cmd.Text(1)
	key, _, _ := strings.Cut(name, "?")
	key = strings.Trim(key, " /")
	app, _, _ := strings.Cut(c.app, "?")
	app = strings.Trim(app, " /")
	s := c.hub.sessionOfKey(key)
	misplaced, more := false, false
	among := func(path string) bool {
		for _, part := range strings.SplitN(path, "/", 8) {
			if s == nil {
				s = c.hub.sessionOfKey(part)
			}
		}
		return s != nil
	}
	if s == nil {
		more = among(key)
	}
	if s == nil {
		misplaced = among(app)
	}
	if s != nil {
		c.joinSession(s)
	}
	bad := func(text string) { c.refuse("NetStream.Publish.BadName", text) }
	switch {
	case misplaced:
		bad("The stream key is in the server's address. The server ends in /" + c.hub.cfg.App + ", and the key goes into the field of its own.")
		return
	case more:
		bad("The stream key has something else before or behind it. The key alone goes into its field, and the server ends in /" + c.hub.cfg.App + ".")
		return
	case s == nil && key == "":
		bad("There is no stream key.")
		return
	case s == nil:
		bad("This stream key is not known here: it is wrong, its time was up, or its test stream has ended.")
		return
	case app != c.hub.cfg.App:
		bad("The application is " + c.quote(app) + "; it has to be \"" + c.hub.cfg.App + "\": rtmp://.../" + c.hub.cfg.App + ".")
		return
	}
	var b behaviour
	if s.behave {
		b = newBehaviour(s.profile, s.refuse)
	}
	if b != nil {
		s.mu.Lock()
		v := b.connect(c.info)
		if v.none() {
			v = b.publish(c.info)
		}
		s.mu.Unlock()
		if c.judged(v) || v.command != "" {
			return // some say no and leave the connection open
		}
	}
	p := newPush(s, c, c.info, b)
	if why := s.begin(p); why != "" {
		bad(why)
		return
	}
	c.push = p
	c.mu.Lock()
	if c.ended == nil {
		_ = c.raw.SetReadDeadline(time.Time{}) // from here on the ticks watch
	}
	c.mu.Unlock()
	go p.run()
	control := rtmp.AppendUserControl(nil, rtmp.StreamBegin, streamID)
	c.reply(control, streamID, rtmp.AppendCommand("onStatus", 0, rtmp.Null(),
		rtmp.Object("level", "status", "code", "NetStream.Publish.Start", "description", "Publishing.")))
	c.say("out", "onStatus", "NetStream.Publish.Start", "")
	s.mu.Lock()
	s.emitState()
	s.mu.Unlock()
}

// joinSession makes the connection one of the session's, and tells what was
// said so far.
func (c *conn) joinSession(s *session) {
	c.s = s
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.info == nil {
		c.info = c.newInfo()
	}
	s.join(c.info)
	first := s.created
	for _, p := range c.pending {
		p.e.Conn, p.e.At = c.info.N, max(p.at.Sub(first).Milliseconds(), 0)
		p.e.Text = c.mask(p.e.Text)
		s.add(p.e)
	}
	c.pending = nil
	c.maskInfo()
	c.info.Changed = s.differs(c.info)
	s.changed(c.info)
}

// say notes an entry; false when there are too many to show this one.
func (c *conn) say(dir, name, text, level string) (shown bool) {
	e := Entry{Dir: dir, Name: rtmp.Visible(name), Text: text, Level: level}
	if c.s == nil {
		if len(c.pending) < 64 {
			c.pending = append(c.pending, early{time.Now(), e})
		}
		return true
	}
	now := time.Now()
	if dir == "in" {
		// A flood of commands is counted, not shown.
		c.tokens = min(c.tokens+now.Sub(c.tokensAt).Seconds()*entryRate, entryBurst)
		c.tokensAt = now
		if c.tokens < 1 {
			c.s.skip()
			return false
		}
		c.tokens--
	}
	e.At, e.Conn, e.Text = c.s.since(), c.info.N, c.mask(text)
	c.s.note(e)
	return true
}

// once notes an entry the first time that this name turns up.
func (c *conn) once(name, text string) {
	if c.names == nil {
		c.names = map[string]bool{}
	}
	if c.names[name] || len(c.names) >= 64 {
		return
	}
	c.names[name] = true
	c.say("in", name, text, "")
}

// mask makes a text of the encoder's fit to be shown.
func (c *conn) mask(s string) string {
	if c.s != nil {
		s = strings.ReplaceAll(s, c.s.secret, ingest.Mask)
	}
	return rtmp.Visible(ingest.Redact(s))
}

func (c *conn) quote(s string) string { return `"` + rtmp.Visible(appText(s)) + `"` }
