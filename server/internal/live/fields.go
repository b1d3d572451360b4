package live

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/ingest"
)

// maxFields bounds the fields of connect and of metadata that are shown.
const maxFields = 64

// arguments writes a command's arguments with the stream's name, which is the
// key, masked.
func (c *conn) arguments(cmd *rtmp.Command) string {
	args := slices.Clone(cmd.Args)
	switch cmd.Name {
	case "releaseStream", "FCPublish", "publish", "FCUnpublish", "getStreamLength", "play":
		if len(args) > 1 && args[1].Kind == flv.AMFString {
			args[1].Str = keyText(args[1].Str)
		}
	case "connect":
		return "" // its fields are shown one by one
	}
	if len(args) > 0 && args[0].Kind == flv.AMFNull {
		args = args[1:]
	}
	return c.values(args)
}

func (c *conn) values(list []flv.AMFValue) string {
	var b strings.Builder
	for i := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		rtmp.WriteAMF(&b, &list[i])
	}
	return b.String()
}

// keyText masks a stream's name; of a query behind it what is harmless stays.
func keyText(name string) string {
	if name == "" {
		return ""
	}
	_, query, ok := strings.Cut(name, "?")
	if !ok {
		return ingest.Mask
	}
	masked := ingest.Redact("rtmp://host/live/key?" + query)
	if _, query, ok = strings.Cut(masked, "?"); !ok {
		return ingest.Mask
	}
	return ingest.Mask + "?" + query
}

// appText shows an application's name, its query and whatever may be a key
// masked.
func appText(app string) string {
	masked := ingest.Redact("rtmp://host/" + app)
	return strings.TrimPrefix(masked, "rtmp://host/")
}

func (c *conn) newInfo() *Connection {
	kind := "simple"
	if c.shake.Digest {
		kind = "digest"
	}
	return &Connection{
		Address: addressOf(c.raw), Port: c.port, TLS: c.tls, Handshake: kind, Ended: -1, FirstKey: -1, FirstData: -1,
		Fields: []Field{}, Client: "unknown",
	}
}

// introduce takes what connect says.
func (c *conn) introduce(object *flv.AMFValue) {
	c.info = c.newInfo()
	i := c.info
	for k := range object.Props {
		p := &object.Props[k]
		var b strings.Builder
		rtmp.WriteAMF(&b, &p.Value)
		value := b.String()
		if s, ok := p.Value.Text(); ok {
			value = s
		}
		switch p.Name {
		case "app":
			c.app = value
			value = appText(value)
			i.App = value
		case "flashVer", "flashver":
			i.FlashVer = value
		case "tcUrl", "swfUrl", "pageUrl":
			value = ingest.Redact(value)
			if p.Name == "tcUrl" {
				i.TcURL = value
			}
		}
		if len(i.Fields) < maxFields {
			i.Fields = append(i.Fields, Field{p.Name, value})
		}
	}
	i.Enhanced = enhancedFields(object)
	i.Client = clientName(i.FlashVer, "")
}

// maskInfo makes what the encoder said of itself fit to be shown; the session
// is known.
func (c *conn) maskInfo() {
	i := c.info
	for _, s := range []*string{&i.App, &i.FlashVer, &i.TcURL, &i.Client} {
		*s = c.mask(*s)
	}
	for _, list := range [][]Field{i.Fields, i.Enhanced} {
		for k := range list {
			list[k].Name, list[k].Value = rtmp.Visible(list[k].Name), c.mask(list[k].Value)
		}
	}
	i.Began = max(c.start.Sub(c.s.created).Milliseconds(), 0)
}

// enhancedFields writes what connect says of Enhanced RTMP in words.
func enhancedFields(object *flv.AMFValue) []Field {
	var list []Field
	text := func(v *flv.AMFValue) string {
		switch {
		case v.Kind == flv.AMFStrictArray:
			var names []string
			for i := range v.Items {
				names = append(names, fourCC(v.Items[i].String(), ""))
			}
			return strings.Join(names, ", ")
		case v.IsObject():
			var names []string
			for i := range v.Props {
				n, _ := v.Props[i].Value.Number()
				names = append(names, fourCC(v.Props[i].Name, bits(uint32(n), "decode", "encode", "forward")))
			}
			return strings.Join(names, ", ")
		}
		var b strings.Builder
		rtmp.WriteAMF(&b, v)
		return b.String()
	}
	for _, f := range [...]struct{ name, title string }{
		{"fourCcList", "Codecs"}, {"videoFourCcInfoMap", "Video codecs"}, {"audioFourCcInfoMap", "Audio codecs"},
	} {
		if v, ok := object.Get(f.name); ok {
			list = append(list, Field{f.title, text(v)})
		}
	}
	if v, ok := object.Get("capsEx"); ok {
		n, _ := v.Number()
		list = append(list, Field{"Abilities", or(bits(uint32(n), "reconnect", "multitrack", "ModEx", "nanosecond timestamps"), "none")})
	}
	return list
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// bits names the bits of n that are set.
func bits(n uint32, names ...string) string {
	var set []string
	for i, name := range names {
		if n>>i&1 != 0 {
			set = append(set, name)
		}
	}
	return strings.Join(set, ", ")
}

// fourCC names a codec of Enhanced RTMP: AV1 (av01), with more inside the brackets.
func fourCC(cc, more string) string {
	inside := cc
	if more != "" {
		inside += ": " + more
	}
	for _, k := range [...][2]string{
		{"*", "any"},
		{"av01", "AV1"},
		{"vp09", "VP9"},
		{"vp08", "VP8"},
		{"hvc1", "HEVC"},
		{"avc1", "H.264"},
		{"vvc1", "VVC"},
		{"Opus", "Opus"},
		{"fLaC", "FLAC"},
		{"ac-3", "AC-3"},
		{"ec-3", "E-AC-3"},
		{"mp4a", "AAC"},
		{".mp3", "MP3"},
	} {
		if k[0] == cc {
			return k[1] + " (" + inside + ")"
		}
	}
	return inside
}

// clientName says what the encoder is, by flashVer and onMetaData's encoder.
func clientName(flashVer, encoder string) string {
	version := func(s, after string) string {
		_, rest, ok := strings.Cut(s, after)
		if !ok {
			return ""
		}
		end := 0
		for end < len(rest) && (rest[end] >= '0' && rest[end] <= '9' || rest[end] == '.') {
			end++
		}
		return strings.Trim(rest[:end], ".")
	}
	name := func(n, v string) string { return strings.TrimSpace(n + " " + v) }
	for _, s := range []string{encoder, flashVer} {
		l := strings.ToLower(s)
		switch {
		case strings.Contains(l, "libobs") || strings.Contains(l, "obs-output"):
			return name("OBS", version(s, "version "))
		case strings.Contains(l, "streamlabs"):
			return "Streamlabs"
		case strings.Contains(s, "Lavf"):
			return name("FFmpeg", "(libavformat "+or(version(s, "Lavf"), "of an unknown version")+")")
		case strings.Contains(l, "gstreamer"):
			return name("GStreamer", version(l, "gstreamer "))
		case strings.Contains(l, "haishinkit"):
			return name("HaishinKit", version(l, "haishinkit/"))
		case strings.Contains(l, "larix"):
			return "Larix Broadcaster"
		case strings.Contains(l, "wirecast"):
			return name("Wirecast", version(l, "wirecast "))
		case strings.Contains(l, "vmix"):
			return "vMix"
		case strings.Contains(l, "xsplit"):
			return "XSplit"
		case strings.Contains(l, "elemental"):
			return "AWS Elemental"
		case strings.Contains(l, "teradek"):
			return "Teradek"
		case strings.Contains(l, "librtmp"):
			return "librtmp"
		case strings.Contains(l, "ingestdoctor"):
			return "Ingest Doctor"
		}
	}
	switch {
	case encoder != "":
		return encoder
	case strings.HasPrefix(flashVer, "FMLE/3.0 (compatible; FMSc/1.0"):
		return "an encoder with librtmp, or one that names itself like it"
	case strings.HasPrefix(flashVer, "LNX ") || strings.HasPrefix(flashVer, "WIN ") || strings.HasPrefix(flashVer, "MAC "):
		return "unknown; it names itself as Flash Player " + strings.ReplaceAll(flashVer[4:], ",", ".")
	case flashVer != "":
		return flashVer
	}
	return "unknown"
}

// metadata takes an onMetaData.
func (c *conn) metadata(p *push, name string, values []flv.AMFValue) {
	var fields, plain []Field
	encoder := ""
	declared := 0.0
	for i := range values {
		for k := range values[i].Props {
			f := &values[i].Props[k]
			var b strings.Builder
			rtmp.WriteAMF(&b, &f.Value)
			value := b.String()
			if s, ok := f.Value.Text(); ok {
				value = s
			}
			if n, ok := f.Value.Number(); ok && (f.Name == "framerate" || f.Name == "fps" || f.Name == "videoframerate") && declared == 0 {
				declared = n
			}
			value = c.mask(value)
			if f.Name == "encoder" {
				encoder = value
			}
			if len(fields) < maxFields {
				fields = append(fields, Field{rtmp.Visible(f.Name), value})
				if f.Name != "creationdate" {
					plain = append(plain, fields[len(fields)-1])
				}
			}
		}
	}
	p.mu.Lock()
	if declared > 0 && declared < 1000 {
		p.declared = declared
	}
	p.mu.Unlock()
	// GStreamer's flvmux sends them several times a second, with the time in them.
	if c.described && slices.Equal(plain, c.metadataOf) {
		return
	}
	c.described, c.metadataOf = true, plain
	shown := c.say("in", name, c.values(values), "")
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	c.info.Metadata = fields
	c.info.Client = clientName(c.info.FlashVer, encoder)
	c.info.Changed = s.differs(c.info)
	if shown {
		s.changed(c.info)
	}
}

// began notes the first media and the first key frame.
func (c *conn) began(p *push) {
	p.mu.Lock()
	key, data := p.firstKey, p.firstMedia
	p.mu.Unlock()
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	c.info.FirstKey, c.info.FirstData = key, data
	s.changed(c.info)
}

// gone notes how a connection ended, once. s.mu is held.
func (s *session) gone(c *Connection, why string) {
	if c.Ended >= 0 {
		return
	}
	c.Ended, c.Why = s.since(), why
	s.changed(c)
	s.add(Entry{At: c.Ended, Conn: c.N, Dir: "note", Name: "end", Text: why})
}

// tell sends an event that is JSON already.
func (s *session) tell(name string, raw []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != Ended {
		s.emit(name, func() any { return json.RawMessage(raw) })
	}
}

// differs says what of a connection is not as it was on the one before. s.mu is
// held.
func (s *session) differs(c *Connection) []string {
	var was *Connection
	for _, o := range s.conns {
		if o == c {
			break
		}
		if o.FirstData >= 0 {
			was = o // it did push
		}
	}
	if was == nil {
		return nil
	}
	var list []string
	hold := func(what, a, b string) {
		if a != b && a != "" && b != "" {
			list = append(list, what+" "+a+" → "+b)
		}
	}
	security := func(c *Connection) string { return or(c.TLS, "plain RTMP") }
	hold("address", was.Address, c.Address)
	hold("port", strconv.Itoa(was.Port), strconv.Itoa(c.Port))
	hold("security", security(was), security(c))
	hold("flashVer", was.FlashVer, c.FlashVer)
	hold("server", was.TcURL, c.TcURL)
	for _, f := range [...]struct{ name, title string }{
		{"encoder", "encoder"},
		{"width", "width"},
		{"height", "height"},
		{"framerate", "frame rate"},
		{"videocodecid", "video codec"},
		{"videodatarate", "video bitrate"},
		{"audiocodecid", "audio codec"},
		{"audiodatarate", "audio bitrate"},
		{"audiosamplerate", "audio sample rate"},
	} {
		hold(f.title, declared(was.Metadata, f.name), declared(c.Metadata, f.name))
	}
	return list
}

// declared is a field of the metadata as a person reads it.
func declared(list []Field, name string) string {
	for i := range list {
		if list[i].Name != name {
			continue
		}
		v := list[i].Value
		n, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return v
		}
		switch name {
		case "videodatarate", "audiodatarate":
			return number(int64(n+0.5)) + " kb/s"
		case "audiosamplerate":
			return number(int64(n+0.5)) + " Hz"
		case "width", "height":
			return v + " px"
		case "videocodecid", "audiocodecid":
			return codecName(name[0] == 'v', n)
		}
		return v
	}
	return ""
}

// codecName names a codec as onMetaData does: the id of FLV 10.1 E.4.2.1 and
// E.4.3.1, or an Enhanced RTMP FourCC as a number.
func codecName(video bool, id float64) string {
	n := uint32(id)
	switch {
	case n >= 1<<24:
		return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	case video && n == 7:
		return "H.264"
	case video && n == 12:
		return "HEVC"
	case video && n == 2:
		return "Sorenson H.263"
	case video && n == 4:
		return "VP6"
	case !video && n == 10:
		return "AAC"
	case !video && n == 2:
		return "MP3"
	case !video && n == 11:
		return "Speex"
	}
	return "codec " + strconv.FormatFloat(id, 'f', -1, 64)
}

// number writes a number with its thousands apart.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func text1(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

func megabits(bits int64) string {
	return strconv.FormatFloat(float64(bits)/1e6, 'f', -1, 64) + " Mb/s"
}

func minutes(d time.Duration) string {
	if d < 2*time.Minute {
		return seconds(d)
	}
	return strconv.FormatFloat(d.Minutes(), 'f', -1, 64) + " minutes"
}
