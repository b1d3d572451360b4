// Package flv reads FLV and Enhanced RTMP: bytes in any chunking become tags
// with their offsets, and tag bodies become frames, configurations and
// metadata. It never fails on bad media: what it cannot read it reports to the
// Handler, finds its place again and goes on. Memory is bounded whatever the
// input claims, and the steady state allocates nothing.
//
// Sources: Adobe Flash Video File Format Specification 10.1, annex E ("FLV
// 10.1"); Enhanced RTMP v2 ("E-RTMP v2"); ISO/IEC 14496-15 for decoder
// configuration records.
package flv

// Tag types (FLV 10.1 E.4.1; 15 is the AMF3 script message of RTMP 1.0).
const (
	TypeAudio  = 8
	TypeVideo  = 9
	TypeAMF3   = 15
	TypeScript = 18
)

// Header is the FLV file header (FLV 10.1 E.2).
type Header struct {
	Version    uint8
	Flags      uint8 // TypeFlags as they stand: 4 audio, 1 video, the rest reserved
	DataOffset uint32
}

// HasAudio and HasVideo are the header's promises.
func (h Header) HasAudio() bool { return h.Flags&4 != 0 }
func (h Header) HasVideo() bool { return h.Flags&1 != 0 }

// Tag is one tag's header (FLV 10.1 E.4.1) and what the reader saw of it.
type Tag struct {
	Index        int64  // from 0, in file order
	Offset       int64  // byte offset of the tag header in the file
	Type         uint8  // 8 audio, 9 video, 18 script, 15 AMF3 script; anything else is unknown
	Filter       bool   // the filter bit: the body is encrypted
	Size         uint32 // DataSize: bytes of the body as the header claims
	Timestamp    int64  // milliseconds; signed 32 bit, its wraps followed per track kind
	RawTimestamp uint32 // as written, extension byte included
	StreamID     uint32
	Truncated    bool  // the input ended inside the body
	Arrival      int64 // nanoseconds since the push began; -1 when unknown (a file)
}

// End is the offset of the first byte after the body.
func (t *Tag) End() int64 { return t.Offset + 11 + int64(t.Size) }

// FrameKind says what a (track of a) tag body holds.
type FrameKind uint8

// The kinds of frame.
const (
	Malformed         FrameKind = iota // an audio or video body that cannot be read; Frame.Problem says why
	Empty                              // a body of no bytes, or a header with no payload where one belongs
	VideoConfig                        // sequence header: decoder configuration record
	VideoFrame                         // coded video
	VideoEnd                           // end of sequence
	VideoMetadata                      // E-RTMP VideoPacketType.Metadata (colorInfo and the like)
	VideoCommand                       // video info/command frame (seek start, seek end)
	AudioConfig                        // sequence header: AudioSpecificConfig, OpusHead, ...
	AudioFrame                         // coded audio
	AudioEnd                           // end of sequence
	AudioMultichannel                  // E-RTMP AudioPacketType.MultichannelConfig
	ScriptData                         // onMetaData and other script messages
)

// IsVideo and IsAudio tell the track kind; ScriptData, Malformed and Empty
// follow their tag.
func (k FrameKind) IsVideo() bool { return k >= VideoConfig && k <= VideoCommand }
func (k FrameKind) IsAudio() bool { return k >= AudioConfig && k <= AudioMultichannel }

// FrameType is the video frame type of the tag (FLV 10.1 E.4.3.1).
type FrameType uint8

// Frame is what one track of one tag holds. A Frame is valid only during the
// Handler's call; its pointers to Config and Script stay valid.
type Frame struct {
	Kind     FrameKind
	Codec    Codec
	CodecID  uint8  // legacy id as written (FLV 10.1 E.4.2.1, E.4.3.1), when not Enhanced
	FourCC   uint32 // E-RTMP FourCC as written, big endian, else 0
	Track    uint8  // E-RTMP track id, else 0
	Multi    bool   // the tag is a multitrack tag
	Enhanced bool   // E-RTMP header rather than the legacy one
	Type     FrameType
	// CompositionTime is presentation minus decoding time in milliseconds (SI24).
	CompositionTime int32
	NanoOffset      uint32 // E-RTMP ModEx TimestampOffsetNano
	Bytes           uint32 // payload bytes of this track, headers left out
	NAL             NAL    // of VideoFrame with AVC or HEVC
	// Config is that of a sequence header. A codec without one (MP3, Sorenson
	// H.263, AC-3, ...) describes itself in its frames: there Config comes with
	// the first frame, and again with each that changes it.
	Config      *Config
	Script      *Script // of ScriptData and VideoMetadata
	AudioHeader uint8   // first byte of a legacy audio body: format, rate, size, type
	Problem     string  // of Malformed: what is wrong, for a person
	ProblemAt   int64   // byte offset in the file of the problem
}

// KeyFrame reports whether the tag says that the frame is a key frame.
func (f *Frame) KeyFrame() bool { return f.Kind == VideoFrame && (f.Type == 1 || f.Type == 4) }

// NAL sums up the NAL units of one access unit (ISO/IEC 14496-15 5.3.4.2).
type NAL struct {
	Count     uint16
	Types     uint64 // bit n is set when a unit of nal_unit_type n was seen
	Walked    bool   // the lengths were walked (a configuration was known)
	Broken    bool   // the lengths do not add up
	BrokenAt  int64  // byte offset in the file of the first length that does not
	AnnexB    bool   // the payload starts with a start code instead of a length
	Intra     bool   // the first slice is an I slice (AVC only)
	SliceSeen bool   // a coded slice was seen
	Zero      uint16 // units of no bytes, counted in Count as well
}

// RandomAccess reports whether the units hold an IDR picture (AVC) or an IRAP
// picture (HEVC).
func (n *NAL) RandomAccess(c Codec) bool {
	switch c {
	case AVC:
		return n.Types&(1<<5) != 0
	case HEVC:
		return n.Types&(0xff<<16) != 0
	}
	return false
}

// Config is a parsed sequence header.
type Config struct {
	Codec     Codec
	Raw       []byte // the record, at most MaxConfig bytes of it
	Size      uint32 // its full size
	NALLength int    // bytes of a NAL length (AVC, HEVC)

	Profile, Level          string  // "High", "4.1"; "LC", "HE-AAC v2"
	Width, Height           int     // coded size after cropping
	CodedWidth, CodedHeight int     // before cropping, 1088 for 1080
	FrameRate               float64 // of the SPS timing, 0 when absent
	FixedFrameRate          bool
	Chroma                  string // 4:2:0
	BitDepth                int

	ObjectType int // AAC audio object type
	SampleRate int // Hz, of the output (SBR counted)
	CoreRate   int // Hz, of the AAC core (1,024 samples a frame)
	Channels   int // 0 when the stream carries it in-band
	FrameSize  int // samples a frame where fixed: 1,024 for AAC-LC at CoreRate

	Err   string // why it cannot be parsed; the fields read so far stay
	ErrAt int64  // byte offset in the file of the record (or of the fault where known)

	opaque     bool // MPEG-2 TS descriptor: not parsed
	opaqueByte byte // audio header byte of a codec that describes itself
}

// Script is a decoded script message (FLV 10.1 E.4.4).
type Script struct {
	Name         string // onMetaData (a leading @setDataFrame is skipped and noted)
	SetDataFrame bool
	Values       []AMFValue // what follows the name
	Err          *AMFError  // nil when the body is valid AMF0
	AMF3         bool       // a tag of type 15
	Cut          bool       // longer than MaxScript: only the begin was decoded, Err stays nil
}

// Handler receives what a Reader reads, in file order. The calls' pointers are
// valid during the call only.
type Handler interface {
	// Header is called once, when the file header was read and is FLV.
	Header(h Header)
	// Tag is called when a tag's body was read (or the input ended in it).
	// frames is empty for unknown and encrypted tags. Of a truncated tag it holds
	// what could be told: coded frames with the bytes that are there, but neither
	// configurations nor scripts.
	Tag(t *Tag, frames []Frame)
	// PreviousTagSize is called after Tag with the four bytes that follow it;
	// also once after the header, with t nil, where it should be 0. It is not
	// called when the input ends before the four bytes.
	PreviousTagSize(t *Tag, offset int64, got uint32)
	// Garbage is called when bytes [offset, offset+n) turned out to be no tags.
	Garbage(offset, n int64)
	// NotFLV is called instead of everything else when the signature is not FLV;
	// looksLike names the kind in words ("MP4", "MPEG-TS", "HTML", "empty", "").
	NotFLV(looksLike string)
}
