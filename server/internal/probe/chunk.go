package probe

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Bounds of what a server may make us keep.
const (
	minChunk   = 128     // RTMP 1.0, 5.4.1: at least 128 where a server sets it
	maxChunk   = 1 << 20 // the largest seen is 65,536
	maxStreams = 64      // chunk streams in use at once; servers use three or four
	maxBody    = 64 << 10
)

// RTMP message types (RTMP 1.0, 5.4, 6.2 and 7.1).
const (
	msgSetChunkSize  = 1
	msgAbort         = 2
	msgAck           = 3
	msgUserControl   = 4
	msgWindowAckSize = 5
	msgPeerBandwidth = 6
	msgAudio         = 8
	msgVideo         = 9
	msgDataAMF3      = 15
	msgSharedAMF3    = 16
	msgCommandAMF3   = 17
	msgData          = 18
	msgShared        = 19
	msgCommand       = 20
	msgAggregate     = 22
)

// errProtocol is an answer that is not RTMP any more; its text says why, for a
// person.
type errProtocol struct{ why string }

func (e *errProtocol) Error() string { return e.why }

func protocol(format string, args ...any) error {
	return &errProtocol{fmt.Sprintf(format, args...)}
}

// message is one RTMP message. Body is nil for types that are not looked into
// (media): they are counted and thrown away.
type message struct {
	Type     byte
	Stream   uint32 // message stream id
	Time     uint32 // ms
	Length   int    // as declared
	Body     []byte
	oversize bool // a command longer than maxBody; Body is nil
}

// chunkReader puts messages together from chunks (RTMP 1.0, 5.3). Its memory
// is bounded: by chunk stream, and by what has arrived, never by what a header
// promises.
type chunkReader struct {
	r       *bufio.Reader
	size    int
	streams map[uint32]*chunkStream
}

type chunkStream struct {
	typ      byte
	stream   uint32
	time     uint32
	delta    uint32
	length   int
	extended bool
	known    bool // a header came
	got      int  // bytes of the message under way
	body     []byte
}

func newChunkReader(r io.Reader) *chunkReader {
	return &chunkReader{r: bufio.NewReaderSize(r, 4096), size: 128, streams: map[uint32]*chunkStream{}}
}

// wanted reports whether a message's body is looked at.
func wanted(typ byte) bool {
	switch typ {
	case msgSetChunkSize, msgAbort, msgAck, msgUserControl, msgWindowAckSize, msgPeerBandwidth,
		msgCommandAMF3, msgCommand, msgData, msgDataAMF3:
		return true
	}
	return false
}

// next gives the next whole message. Set Chunk Size and Abort are obeyed
// before they are given.
func (c *chunkReader) next() (*message, error) {
	for {
		m, err := c.chunk()
		if err != nil {
			return nil, err
		}
		if m == nil {
			continue
		}
		switch {
		case m.Type == msgSetChunkSize:
			if len(m.Body) < 4 {
				return nil, protocol("a chunk size of %d bytes", len(m.Body))
			}
			size := binary.BigEndian.Uint32(m.Body)
			if size&0x80000000 != 0 || size < minChunk || size > maxChunk {
				return nil, protocol("it sets a chunk size of %d bytes", size)
			}
			c.size = int(size)
		case m.Type == msgAbort && len(m.Body) >= 4:
			if s := c.streams[binary.BigEndian.Uint32(m.Body)]; s != nil {
				s.got, s.body = 0, nil
			}
		}
		return m, nil
	}
}

// chunk reads one chunk, and gives the message that it completes.
func (c *chunkReader) chunk() (*message, error) {
	// The first byte decides between a server that has nothing more to say and
	// one that stops in the middle.
	b, err := c.r.ReadByte()
	if err != nil {
		return nil, err
	}
	fmtType, id := b>>6, uint32(b&0x3f)
	switch id {
	case 0:
		b, err := c.r.ReadByte()
		if err != nil {
			return nil, cut(err)
		}
		id = uint32(b) + 64
	case 1:
		var p [2]byte
		if _, err := io.ReadFull(c.r, p[:]); err != nil {
			return nil, cut(err)
		}
		id = uint32(p[1])<<8 + uint32(p[0]) + 64
	}
	s := c.streams[id]
	if s == nil {
		if len(c.streams) >= maxStreams {
			return nil, protocol("it uses more than %d chunk streams", maxStreams)
		}
		s = &chunkStream{}
		c.streams[id] = s
	}
	if err := c.header(s, fmtType); err != nil {
		return nil, err
	}
	n := min(c.size, s.length-s.got)
	if wanted(s.typ) && s.length <= maxBody {
		at := len(s.body)
		s.body = append(s.body, make([]byte, n)...)
		_, err = io.ReadFull(c.r, s.body[at:])
	} else {
		_, err = c.r.Discard(n)
	}
	if err != nil {
		return nil, cut(err)
	}
	if s.got += n; s.got < s.length {
		return nil, nil
	}
	m := &message{Type: s.typ, Stream: s.stream, Time: s.time, Length: s.length, Body: s.body}
	m.oversize = wanted(s.typ) && s.length > maxBody
	s.got, s.body = 0, nil
	return m, nil
}

// header reads a chunk's message header.
func (c *chunkReader) header(s *chunkStream, fmtType byte) error {
	var p [11]byte
	n := [4]int{11, 7, 3, 0}[fmtType]
	if _, err := io.ReadFull(c.r, p[:n]); err != nil {
		return cut(err)
	}
	if fmtType != 0 && !s.known && fmtType != 1 {
		return protocol("a chunk refers to a message that never began")
	}
	if s.got > 0 && fmtType != 3 {
		return protocol("a message begins inside another one")
	}
	var stamp uint32
	if fmtType < 3 {
		stamp = uint32(p[0])<<16 | uint32(p[1])<<8 | uint32(p[2])
		s.extended = stamp == 0xffffff
	}
	if fmtType < 2 {
		s.length = int(p[3])<<16 | int(p[4])<<8 | int(p[5])
		s.typ = p[6]
	}
	if fmtType == 0 {
		s.stream = binary.LittleEndian.Uint32(p[7:])
	}
	s.known = true
	if s.extended {
		var e [4]byte
		if _, err := io.ReadFull(c.r, e[:]); err != nil {
			return cut(err)
		}
		stamp = binary.BigEndian.Uint32(e[:])
	}
	switch {
	case fmtType == 0:
		s.time, s.delta = stamp, 0
	case fmtType < 3:
		s.delta = stamp
		s.time += stamp
	case s.got == 0:
		s.time += s.delta
	}
	return nil
}

// cut marks an end inside a message, so that it is not taken for an orderly one.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// appendMessage appends a message as chunks of the given size, the first with a
// full header.
func appendMessage(b []byte, chunkStreamID byte, typ byte, stream uint32, body []byte, size int) []byte {
	b = append(b, chunkStreamID, 0, 0, 0, byte(len(body)>>16), byte(len(body)>>8), byte(len(body)), typ)
	b = binary.LittleEndian.AppendUint32(b, stream)
	for {
		n := min(size, len(body))
		b = append(b, body[:n]...)
		if body = body[n:]; len(body) == 0 {
			return b
		}
		b = append(b, 0xc0|chunkStreamID)
	}
}
