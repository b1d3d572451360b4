package probe

import (
	"encoding/binary"
	"io"
	"strconv"
	"strings"
	"time"

	"ingestdoctor/wasm/flv"
)

// command is a decoded RTMP command (RTMP 1.0, 7.1.1).
type command struct {
	Name string
	Tx   float64
	Args []flv.AMFValue // after name and transaction id; the first is the command object
}

// decodeCommand reads a command's body: AMF0, or AMF3's envelope around it. It
// takes bodies of up to maxBody; the decoder bounds depth and memory.
func decodeCommand(m *message) (*command, error) {
	body := m.Body
	if m.Type == msgCommandAMF3 && len(body) > 0 && body[0] == 0 {
		body = body[1:]
	}
	values, bad := flv.DecodeAMF0(body)
	if len(values) == 0 || values[0].Kind != flv.AMFString {
		if bad != nil {
			return nil, protocol("a command that is not AMF0: %s", bad.Error())
		}
		return nil, protocol("a command without a name")
	}
	c := &command{Name: values[0].Str}
	if len(values) > 1 {
		c.Tx, _ = values[1].Number()
		c.Args = values[2:]
	}
	// What was read up to an error stands: name and code are often before it.
	return c, nil
}

// status is what a server says about a command.
type status struct {
	Level, Code, Description string
	Redirect                 string
}

// info finds the status of a command: the last argument that is an object with
// a code. A text in its place is a description.
func (c *command) info() (s status) {
	for i := len(c.Args) - 1; i >= 0; i-- {
		v := &c.Args[i]
		if v.Kind == flv.AMFString && s.Description == "" {
			s.Description = v.Str
		}
		if !v.IsObject() {
			continue
		}
		get := func(v *flv.AMFValue, name string) string {
			if p, ok := v.Get(name); ok {
				if n, isNumber := p.Number(); isNumber {
					return strconv.FormatFloat(n, 'f', -1, 64)
				}
				return p.String()
			}
			return ""
		}
		code := get(v, "code")
		if code == "" && get(v, "level") == "" && get(v, "description") == "" {
			continue
		}
		s.Code, s.Level, s.Description = code, get(v, "level"), get(v, "description")
		if s.Description == "" {
			s.Description = get(v, "details")
		}
		if ex, ok := v.Get("ex"); ok && ex.IsObject() {
			s.Redirect = get(ex, "redirect")
		}
		break
	}
	return s
}

// property gives a property of the first object among the arguments that has it.
func (c *command) property(name string) (string, bool) {
	for i := range c.Args {
		if !c.Args[i].IsObject() {
			continue
		}
		if p, ok := c.Args[i].Get(name); ok {
			if n, isNumber := p.Number(); isNumber {
				return strconv.FormatFloat(n, 'f', -1, 64), true
			}
			if s, isText := p.Text(); isText {
				return s, true
			}
		}
	}
	return "", false
}

// text writes the command for the transcript.
func (c *command) text() string {
	var b strings.Builder
	b.WriteString(c.Name)
	b.WriteString("(" + strconv.FormatFloat(c.Tx, 'f', -1, 64) + ")")
	for i := range c.Args {
		b.WriteByte(' ')
		writeAMF(&b, &c.Args[i], 0)
		if b.Len() > 4*most {
			break
		}
	}
	return b.String()
}

// writeAMF writes a value as a person would; what is nested deep is left out.
func writeAMF(b *strings.Builder, v *flv.AMFValue, depth int) {
	if b.Len() > 4*most {
		return
	}
	switch v.Kind {
	case flv.AMFNumber:
		b.WriteString(strconv.FormatFloat(v.Num, 'f', -1, 64))
	case flv.AMFBool:
		b.WriteString(strconv.FormatBool(v.Num != 0))
	case flv.AMFString, flv.AMFXML:
		b.WriteString(`"` + v.Str + `"`)
	case flv.AMFObject, flv.AMFECMAArray, flv.AMFTypedObject:
		if depth > 2 {
			b.WriteString("{...}")
			return
		}
		b.WriteByte('{')
		for i := range v.Props {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(v.Props[i].Name + ": ")
			writeAMF(b, &v.Props[i].Value, depth+1)
		}
		b.WriteByte('}')
	case flv.AMFStrictArray:
		if depth > 2 {
			b.WriteString("[...]")
			return
		}
		b.WriteByte('[')
		for i := range v.Items {
			if i > 0 {
				b.WriteString(", ")
			}
			writeAMF(b, &v.Items[i], depth+1)
		}
		b.WriteByte(']')
	case flv.AMFNull:
		b.WriteString("null")
	case flv.AMFUndefined:
		b.WriteString("undefined")
	default:
		b.WriteString("...")
	}
}

// appendCommand makes a command's body.
func appendCommand(name string, tx float64, args ...flv.AMFValue) []byte {
	b := flv.AppendAMF0(nil, flv.Str(name))
	b = flv.AppendAMF0(b, flv.Num(tx))
	for _, a := range args {
		b = flv.AppendAMF0(b, a)
	}
	return b
}

func null() flv.AMFValue { return flv.AMFValue{Kind: flv.AMFNull} }

// object makes an object of names and values in turn.
func object(pairs ...any) flv.AMFValue {
	v := flv.AMFValue{Kind: flv.AMFObject}
	for i := 0; i+1 < len(pairs); i += 2 {
		var p flv.AMFValue
		switch x := pairs[i+1].(type) {
		case string:
			p = flv.Str(x)
		case float64:
			p = flv.Num(x)
		case flv.AMFValue:
			p = x
		}
		v.Props = append(v.Props, flv.AMFProperty{Name: pairs[i].(string), Value: p})
	}
	return v
}

// session speaks RTMP on a connection after its handshake.
type session struct {
	rw     io.ReadWriter
	in     *chunkReader
	window uint32 // bytes that the server wants acknowledged, 0 for none
	read   func() int64
	acked  int64

	say  func(dir, text string) // transcript
	fact func(name, value string)
}

func newSession(rw io.ReadWriter, read func() int64) *session {
	return &session{
		rw: rw, in: newChunkReader(rw), read: read,
		say: func(string, string) {}, fact: func(string, string) {},
	}
}

// send writes commands in one piece.
func (s *session) send(stream uint32, bodies ...[]byte) error {
	var b []byte
	for _, body := range bodies {
		id := byte(3)
		if stream != 0 {
			id = 8
		}
		b = appendMessage(b, id, msgCommand, stream, body, 128)
	}
	_, err := s.rw.Write(b)
	return err
}

// maxMessages bounds what one stage looks at; a real answer takes ten.
const maxMessages = 1000

// await reads until use says that it has what it waited for. It answers what
// needs an answer (ping, acknowledgement) and reports the rest.
func (s *session) await(use func(c *command) (done bool)) error {
	for range maxMessages {
		m, err := s.in.next()
		if err != nil {
			return err
		}
		if s.window > 0 && s.read()-s.acked >= int64(s.window) {
			s.acked = s.read()
			ack := binary.BigEndian.AppendUint32(nil, uint32(s.acked))
			if _, err := s.rw.Write(appendMessage(nil, 2, msgAck, 0, ack, 128)); err != nil {
				return err
			}
		}
		switch {
		case m.oversize:
			return protocol("a command of %d bytes", m.Length)
		case m.Type == msgCommand || m.Type == msgCommandAMF3:
			c, err := decodeCommand(m)
			if err != nil {
				return err
			}
			s.say("<", c.text())
			if use(c) {
				return nil
			}
		default:
			if err := s.control(m); err != nil {
				return err
			}
		}
	}
	return protocol("more than %d messages and no answer", maxMessages)
}

// control takes a message that is no command.
func (s *session) control(m *message) error {
	word := func() uint32 {
		if len(m.Body) < 4 {
			return 0
		}
		return binary.BigEndian.Uint32(m.Body)
	}
	number := func(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
	switch m.Type {
	case msgSetChunkSize:
		s.say("<", "set chunk size "+number(word()))
		s.fact("chunk_bytes", number(word()))
	case msgAbort:
		s.say("<", "abort message")
	case msgAck:
		s.say("<", "acknowledgement of "+number(word())+" bytes")
	case msgWindowAckSize:
		s.window = word()
		if s.window < 1024 { // not to be made to write without end
			s.window = 0
		}
		s.say("<", "window acknowledgement size "+number(word()))
		s.fact("window_ack_bytes", number(word()))
	case msgPeerBandwidth:
		s.say("<", "set peer bandwidth "+number(word()))
	case msgUserControl:
		if len(m.Body) < 2 {
			return protocol("a user control message of %d bytes", len(m.Body))
		}
		event := binary.BigEndian.Uint16(m.Body)
		names := map[uint16]string{0: "stream begin", 1: "stream end", 2: "stream dry", 4: "stream is recorded", 6: "ping"}
		name := names[event]
		if name == "" {
			name = "event " + number(uint32(event))
		}
		s.say("<", "user control: "+name)
		if event == 6 && len(m.Body) >= 6 {
			pong := append([]byte{0, 7}, m.Body[2:6]...)
			_, err := s.rw.Write(appendMessage(nil, 2, msgUserControl, 0, pong, 128))
			return err
		}
	case msgAudio, msgVideo, msgData, msgDataAMF3, msgShared, msgSharedAMF3, msgAggregate:
		s.say("<", "a message of type "+number(uint32(m.Type))+", "+strconv.Itoa(m.Length)+" bytes")
	default:
		return protocol("a message of the unknown type %d", m.Type)
	}
	return nil
}

// until is the earlier of two times.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
