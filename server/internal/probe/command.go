package probe

import (
	"encoding/binary"
	"io"
	"strconv"
	"time"

	"ingestdoctor/server/internal/rtmp"
)

// maxChunk is the largest chunk size that a server may set; the largest seen is
// 65,536.
const maxChunk = 1 << 20

// session speaks RTMP on a connection after its handshake.
type session struct {
	rw     io.ReadWriter
	in     *rtmp.Reader
	window uint32 // bytes that the server wants acknowledged, 0 for none
	read   func() int64
	acked  int64

	say  func(dir, text string) // transcript
	fact func(name, value string)
}

func newSession(rw io.ReadWriter, read func() int64) *session {
	return &session{
		rw: rw, in: rtmp.NewReader(rw, rtmp.Limits{MaxChunk: maxChunk}), read: read,
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
		b = rtmp.AppendMessage(b, id, rtmp.CommandAMF0, stream, body, 128)
	}
	_, err := s.rw.Write(b)
	return err
}

// maxMessages bounds what one stage looks at; a real answer takes ten.
const maxMessages = 1000

// await reads until use says that it has what it waited for. It answers what
// needs an answer (ping, acknowledgement) and reports the rest.
func (s *session) await(use func(c *rtmp.Command) (done bool)) error {
	for range maxMessages {
		m, err := s.in.Next()
		if err != nil {
			return err
		}
		if s.window > 0 && s.read()-s.acked >= int64(s.window) {
			s.acked = s.read()
			ack := binary.BigEndian.AppendUint32(nil, uint32(s.acked))
			if _, err := s.rw.Write(rtmp.AppendMessage(nil, 2, rtmp.Ack, 0, ack, 128)); err != nil {
				return err
			}
		}
		switch {
		case m.Oversize:
			return rtmp.Errorf("a command of %d bytes", m.Length)
		case m.Type == rtmp.CommandAMF0 || m.Type == rtmp.CommandAMF3:
			c, err := rtmp.DecodeCommand(m)
			if err != nil {
				return err
			}
			s.say("<", c.String())
			if use(c) {
				return nil
			}
		default:
			if err := s.control(m); err != nil {
				return err
			}
		}
	}
	return rtmp.Errorf("more than %d messages and no answer", maxMessages)
}

// control takes a message that is no command.
func (s *session) control(m *rtmp.Message) error {
	word := func() uint32 {
		if len(m.Body) < 4 {
			return 0
		}
		return binary.BigEndian.Uint32(m.Body)
	}
	number := func(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
	switch m.Type {
	case rtmp.SetChunkSize:
		s.say("<", "set chunk size "+number(word()))
		s.fact("chunk_bytes", number(word()))
	case rtmp.Abort:
		s.say("<", "abort message")
	case rtmp.Ack:
		s.say("<", "acknowledgement of "+number(word())+" bytes")
	case rtmp.WindowAckSize:
		s.window = word()
		if s.window < 1024 { // not to be made to write without end
			s.window = 0
		}
		s.say("<", "window acknowledgement size "+number(word()))
		s.fact("window_ack_bytes", number(word()))
	case rtmp.PeerBandwidth:
		s.say("<", "set peer bandwidth "+number(word()))
	case rtmp.UserControl:
		if len(m.Body) < 2 {
			return rtmp.Errorf("a user control message of %d bytes", len(m.Body))
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
			_, err := s.rw.Write(rtmp.AppendMessage(nil, 2, rtmp.UserControl, 0, pong, 128))
			return err
		}
	case rtmp.Audio, rtmp.Video, rtmp.Data, rtmp.DataAMF3, rtmp.Shared, rtmp.SharedAMF3, rtmp.Aggregate:
		s.say("<", "a message of type "+number(uint32(m.Type))+", "+strconv.Itoa(m.Length)+" bytes")
	default:
		return rtmp.Errorf("a message of the unknown type %d", m.Type)
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
