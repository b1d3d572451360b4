package rtmp

import "encoding/binary"

// AppendMessage appends a message with timestamp 0 as chunks of the given size,
// the first with a full header.
func AppendMessage(b []byte, chunkStream, typ byte, stream uint32, body []byte, size int) []byte {
	return AppendMessageAt(b, uint32(chunkStream), typ, stream, 0, body, size)
}

// AppendMessageAt appends a message as chunks of the given size, the first with
// a full header (RTMP 1.0, 5.3.1). chunkStream is 2 to 65,599.
func AppendMessageAt(b []byte, chunkStream uint32, typ byte, stream, ms uint32, body []byte, size int) []byte {
	stamp := min(ms, 0xffffff)
	b = appendBasic(b, 0, chunkStream)
	b = append(b, byte(stamp>>16), byte(stamp>>8), byte(stamp), byte(len(body)>>16), byte(len(body)>>8), byte(len(body)), typ)
	b = binary.LittleEndian.AppendUint32(b, stream)
	for {
		if stamp == 0xffffff {
			b = binary.BigEndian.AppendUint32(b, ms)
		}
		n := min(size, len(body))
		b = append(b, body[:n]...)
		if body = body[n:]; len(body) == 0 {
			return b
		}
		b = appendBasic(b, 3, chunkStream)
	}
}

// appendBasic appends a chunk's basic header (RTMP 1.0, 5.3.1.1).
func appendBasic(b []byte, format byte, id uint32) []byte {
	switch {
	case id < 64:
		return append(b, format<<6|byte(id))
	case id < 64+256:
		return append(b, format<<6, byte(id-64))
	}
	return append(b, format<<6|1, byte(id-64), byte((id-64)>>8))
}

// AppendControl appends a protocol control message with one number: Set Chunk
// Size, Abort, Acknowledgement, Window Acknowledgement Size (RTMP 1.0, 5.4).
func AppendControl(b []byte, typ byte, value uint32) []byte {
	return AppendMessage(b, 2, typ, 0, binary.BigEndian.AppendUint32(nil, value), 128)
}

// AppendPeerBandwidth appends Set Peer Bandwidth of the limit type dynamic.
func AppendPeerBandwidth(b []byte, size uint32) []byte {
	return AppendMessage(b, 2, PeerBandwidth, 0, append(binary.BigEndian.AppendUint32(nil, size), 2), 128)
}

// AppendUserControl appends a user control message (RTMP 1.0, 7.1.7).
func AppendUserControl(b []byte, event uint16, value uint32) []byte {
	body := binary.BigEndian.AppendUint16(nil, event)
	return AppendMessage(b, 2, UserControl, 0, binary.BigEndian.AppendUint32(body, value), 128)
}
