// Package rtmp is the wire of RTMP: handshake of both sides, chunks, messages
// and commands. It reads what strangers send: memory is bounded by what has
// arrived, never by what a header promises.
//
// Source: Adobe's Real-Time Messaging Protocol 1.0 ("RTMP 1.0"); Enhanced RTMP
// v2 for what connect says of codecs.
package rtmp

import "fmt"

// Message types (RTMP 1.0, 5.4, 6.2 and 7.1).
const (
	SetChunkSize  = 1
	Abort         = 2
	Ack           = 3
	UserControl   = 4
	WindowAckSize = 5
	PeerBandwidth = 6
	Audio         = 8
	Video         = 9
	DataAMF3      = 15
	SharedAMF3    = 16
	CommandAMF3   = 17
	Data          = 18
	Shared        = 19
	CommandAMF0   = 20
	Aggregate     = 22
)

// Events of a user control message (RTMP 1.0, 7.1.7).
const (
	StreamBegin  = 0
	StreamEOF    = 1
	StreamDry    = 2
	BufferLength = 3
	Recorded     = 4
	PingRequest  = 6
	PingResponse = 7
)

// MaxCommand is the longest command (or control message) that is decoded. A
// longer one is skipped: Message.Oversize.
const MaxCommand = 64 << 10

// Error is input that is not RTMP, or that goes beyond what this package takes;
// its text says why, for a person ("it" is whoever sent it).
type Error struct{ Why string }

// Error implements error.
func (e *Error) Error() string { return e.Why }

// Errorf makes an Error.
func Errorf(format string, args ...any) error {
	return &Error{fmt.Sprintf(format, args...)}
}

// Message is one RTMP message.
type Message struct {
	Type        byte
	ChunkStream uint32
	Stream      uint32 // message stream id
	Time        uint32 // ms
	Length      int    // as declared
	// Body is valid until the next call of Reader.Next. It is nil for messages
	// that are counted and thrown away, and for those that are too long.
	Body     []byte
	Oversize bool // longer than Limits.Keep allows
}
