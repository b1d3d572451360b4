package rtmp

// Split calls use for each message inside an aggregate one (type 22; RTMP 1.0,
// 7.1.6): its body is a list of FLV tags whose times count from the first one's.
// It gives false when the list is broken; what came before that was used.
func Split(m *Message, use func(*Message)) bool {
	var base uint32
	for i, p := 0, m.Body; len(p) > 0; i++ {
		if len(p) < 11 {
			return false
		}
		n := int(p[1])<<16 | int(p[2])<<8 | int(p[3])
		at := uint32(p[7])<<24 | uint32(p[4])<<16 | uint32(p[5])<<8 | uint32(p[6])
		if len(p) < 11+n {
			return false
		}
		if i == 0 {
			base = at
		}
		use(&Message{Type: p[0], ChunkStream: m.ChunkStream, Stream: m.Stream, Time: m.Time + at - base, Length: n, Body: p[11 : 11+n]})
		p = p[11+n:]
		// the size of the tag follows it; the last one's may be missing
		p = p[min(4, len(p)):]
	}
	return true
}
