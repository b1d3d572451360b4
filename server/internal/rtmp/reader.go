package rtmp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// Limits bound what a Reader takes. Zero fields mean the defaults.
type Limits struct {
	MinChunk int // smallest chunk size that may be set: 128 (RTMP 1.0, 5.4.1)
	MaxChunk int // largest: 2^31 - 1
	Streams  int // chunk streams in use at once: 64
	Held     int // bytes of messages under way, in all: 16 MiB
	Buffer   int // of the reader: 4,096 bytes

	// Grant, where not nil, is asked before n more bytes are kept, and told (n < 0)
	// when some are let go: a budget that several Readers share.
	Grant func(n int) bool

	// Keep is how many bytes of a message of that type are kept; 0 means that it is
	// counted and thrown away. Where nil, commands, data and control messages of
	// up to MaxCommand are kept.
	Keep func(typ byte) int
}

// keepCommands is the default of Limits.Keep.
func keepCommands(typ byte) int {
	switch typ {
	case SetChunkSize, Abort, Ack, UserControl, WindowAckSize, PeerBandwidth, CommandAMF3, CommandAMF0, Data, DataAMF3:
		return MaxCommand
	}
	return 0
}

// Reader puts messages together from chunks (RTMP 1.0, 5.3). Its steady state
// allocates nothing.
type Reader struct {
	r       *bufio.Reader
	lim     Limits
	size    int // chunk size in force
	low     [64]*chunkStream
	high    map[uint32]*chunkStream
	streams int
	held    int      // bytes in bodies and spares
	spare   [][]byte // bodies that are free again
	given   []byte   // body of the last message
	msg     Message
	bare    bool // the writer leaves the extended timestamp out where a message goes on
}

type chunkStream struct {
	id       uint32
	typ      byte
	known    bool // a header came
	extended bool // the last header had an extended timestamp
	stream   uint32
	time     uint32
	delta    uint32
	stamp    uint32 // the extended timestamp as written
	length   int
	keep     int
	got      int // bytes of the message under way
	body     []byte
}

// NewReader reads from r.
func NewReader(r io.Reader, l Limits) *Reader {
	def := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	def(&l.MinChunk, 128)
	def(&l.MaxChunk, 1<<31-1)
	def(&l.Streams, 64)
	def(&l.Held, 16<<20)
	def(&l.Buffer, 4096)
	if l.Keep == nil {
		l.Keep = keepCommands
	}
	return &Reader{r: bufio.NewReaderSize(r, l.Buffer), lim: l, size: 128}
}

// ChunkSize is the chunk size in force.
func (c *Reader) ChunkSize() int { return c.size }

// Held is how many bytes of messages the Reader keeps.
func (c *Reader) Held() int { return c.held }

// Streams is how many chunk streams are in use.
func (c *Reader) Streams() int { return c.streams }

// Buffered is how many bytes were read and not looked at yet.
func (c *Reader) Buffered() int { return c.r.Buffered() }

// Next gives the next whole message; it is valid until the next call. Set Chunk
// Size and Abort are obeyed before they are given. The error is io.EOF between
// chunks, io.ErrUnexpectedEOF inside one, an *Error for what is not RTMP, or
// that of the reader below.
func (c *Reader) Next() (*Message, error) {
	if c.given != nil {
		c.free(c.given)
		c.given = nil
	}
	for {
		s, err := c.chunk()
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		c.msg = Message{
			Type: s.typ, ChunkStream: s.id, Stream: s.stream, Time: s.time, Length: s.length, Body: s.body,
			Oversize: s.keep > 0 && s.length > s.keep,
		}
		c.given = s.body
		s.got, s.body = 0, nil
		m := &c.msg
		switch {
		case m.Type == SetChunkSize:
			if len(m.Body) < 4 {
				return nil, Errorf("a chunk size of %d bytes", len(m.Body))
			}
			size := binary.BigEndian.Uint32(m.Body)
			if size&0x80000000 != 0 || int64(size) < int64(c.lim.MinChunk) || int64(size) > int64(c.lim.MaxChunk) {
				if int64(size) < int64(c.lim.MinChunk) {
					return nil, Errorf("it sets a chunk size of %d bytes; less than %d is not taken", size, c.lim.MinChunk)
				}
				return nil, Errorf("it sets a chunk size of %d bytes", size)
			}
			c.size = int(size)
		case m.Type == Abort && len(m.Body) >= 4:
			if s := c.find(binary.BigEndian.Uint32(m.Body)); s != nil && s.got > 0 {
				c.free(s.body)
				s.got, s.body = 0, nil
			}
		}
		return m, nil
	}
}

func (c *Reader) find(id uint32) *chunkStream {
	if id < uint32(len(c.low)) {
		return c.low[id]
	}
	return c.high[id]
}

// chunk reads one chunk, and gives the stream whose message it completes.
func (c *Reader) chunk() (*chunkStream, error) {
	// The first byte decides between a peer that has nothing more to say and one
	// that stops in the middle.
	b, err := c.r.ReadByte()
	if err != nil {
		return nil, err
	}
	format, id := b>>6, uint32(b&0x3f)
	switch id {
	case 0:
		b, err := c.r.ReadByte()
		if err != nil {
			return nil, cut(err)
		}
		id = uint32(b) + 64
	case 1:
		p, err := c.take(2)
		if err != nil {
			return nil, err
		}
		id = uint32(p[1])<<8 + uint32(p[0]) + 64
	}
	s := c.find(id)
	if s == nil {
		if c.streams >= c.lim.Streams {
			return nil, Errorf("it uses more than %d chunk streams", c.lim.Streams)
		}
		c.streams++
		s = &chunkStream{id: id}
		if id < uint32(len(c.low)) {
			c.low[id] = s
		} else {
			if c.high == nil {
				c.high = map[uint32]*chunkStream{}
			}
			c.high[id] = s
		}
	}
	if err := c.header(s, format); err != nil {
		return nil, err
	}
	n := min(c.size, s.length-s.got)
	if s.keep > 0 && s.length <= s.keep {
		err = c.body(s, n)
	} else {
		_, err = c.r.Discard(n)
	}
	if err != nil {
		return nil, cut(err)
	}
	if s.got += n; s.got < s.length {
		return nil, nil
	}
	return s, nil
}

// take reads n bytes, which stay valid until the next read.
func (c *Reader) take(n int) ([]byte, error) {
	p, err := c.r.Peek(n)
	if err != nil {
		return nil, cut(err)
	}
	_, _ = c.r.Discard(n)
	return p, nil
}

// header reads a chunk's message header (RTMP 1.0, 5.3.1.2).
func (c *Reader) header(s *chunkStream, format byte) error {
	n := [4]int{11, 7, 3, 0}[format]
	p, err := c.take(n)
	if err != nil {
		return err
	}
	if format > 1 && !s.known {
		return Errorf("a chunk refers to a message that never began")
	}
	if s.got > 0 && format != 3 {
		return Errorf("a message begins inside another one")
	}
	var stamp uint32
	if format < 3 {
		stamp = uint32(p[0])<<16 | uint32(p[1])<<8 | uint32(p[2])
		s.extended = stamp == 0xffffff
	}
	if format < 2 {
		s.length = int(p[3])<<16 | int(p[4])<<8 | int(p[5])
		s.typ = p[6]
	}
	if s.got == 0 {
		s.keep = c.lim.Keep(s.typ)
	}
	if format == 0 {
		s.stream = binary.LittleEndian.Uint32(p[7:])
	}
	s.known = true
	if s.extended {
		if format == 3 {
			// By the specification the extended timestamp stands in every chunk;
			// some writers leave it out where a message goes on. The four bytes
			// tell: they repeat what stood before, or they are payload.
			if left := s.length - s.got; !c.bare || s.got == 0 || left >= 4 {
				p, err := c.r.Peek(4)
				switch {
				case err == nil && binary.BigEndian.Uint32(p) == s.stamp:
					_, _ = c.r.Discard(4)
				case err != nil && (s.got == 0 || left >= 4):
					return cut(err)
				default:
					c.bare = true
				}
			}
		} else {
			p, err := c.take(4)
			if err != nil {
				return err
			}
			s.stamp = binary.BigEndian.Uint32(p)
			stamp = s.stamp
		}
	}
	switch {
	case format == 0:
		// A chunk of type 3 that begins the next message repeats the timestamp as a
		// delta (5.3.1.2.4), and FFmpeg writes by that.
		s.time, s.delta = stamp, stamp
	case format < 3:
		s.delta = stamp
		s.time += stamp
	case s.got == 0:
		s.time += s.delta
	}
	return nil
}

// body reads n bytes of a message that is kept. Memory grows with what arrives.
func (c *Reader) body(s *chunkStream, n int) error {
	if s.body == nil {
		s.body = c.get(s.length)
	}
	for n > 0 {
		if len(s.body) == cap(s.body) {
			if err := c.grow(s); err != nil {
				return err
			}
		}
		at := len(s.body)
		k := min(n, cap(s.body)-at)
		m, err := io.ReadFull(c.r, s.body[at:at+k])
		s.body = s.body[:at+m]
		if err != nil {
			return err
		}
		n -= k
	}
	return nil
}

const leastBody = 4 << 10

// get gives an empty body: the smallest spare one that is large enough, else
// the largest.
func (c *Reader) get(length int) []byte {
	best := -1
	for i, b := range c.spare {
		if best < 0 {
			best = i
			continue
		}
		have, fits := cap(c.spare[best]), cap(b) >= length
		if fits && (have < length || cap(b) < have) || !fits && have < length && cap(b) > have {
			best = i
		}
	}
	if best < 0 {
		return []byte{}
	}
	b := c.spare[best]
	last := len(c.spare) - 1
	c.spare[best] = c.spare[last]
	c.spare[last] = nil
	c.spare = c.spare[:last]
	return b[:0]
}

// grow makes room for more of a message: twice what has come, up to its length.
func (c *Reader) grow(s *chunkStream) error {
	n := min(max(2*cap(s.body), leastBody), max(s.length, leastBody))
	if c.held+n > c.lim.Held {
		for _, b := range c.spare {
			c.release(cap(b))
		}
		c.spare = c.spare[:0]
		if c.held+n > c.lim.Held {
			return Errorf("it has messages of more than %d bytes under way", c.lim.Held)
		}
	}
	more := n - cap(s.body)
	if c.lim.Grant != nil && !c.lim.Grant(more) {
		return Errorf("all connections together have more under way than there is room for")
	}
	body := make([]byte, len(s.body), n)
	copy(body, s.body)
	c.held += more
	s.body = body
	return nil
}

func (c *Reader) release(n int) {
	c.held -= n
	if c.lim.Grant != nil {
		c.lim.Grant(-n)
	}
}

// Close lets everything go that is kept. The Reader is not used again.
func (c *Reader) Close() { c.release(c.held) }

// free takes a body back.
func (c *Reader) free(b []byte) {
	if cap(b) == 0 {
		return
	}
	// Encoders interleave two or three messages; a rare giant is let go.
	if len(c.spare) >= 4 || cap(b) > 1<<20 {
		c.release(cap(b))
		return
	}
	c.spare = append(c.spare, b)
}

// cut marks an end inside a message, so that it is not taken for an orderly one.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
