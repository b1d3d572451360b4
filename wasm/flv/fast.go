package flv

import "encoding/binary"

// whole reads tags that lie in p from offset i on, PreviousTagSize included. It
// returns the offset of the first tag that does not, or is in doubt. It is what
// the time of a run goes to: AAC and AVC frames are read here, everything else
// takes the steps of body.go.
func (r *Reader) whole(p []byte, i int) int {
	base := r.off - int64(i) // offset of p[0]
	for len(p)-i >= tagHeaderLen+ptsLen {
		q := p[i:]
		head := binary.BigEndian.Uint64(q)
		typ := byte(head >> 56)
		id := binary.BigEndian.Uint32(q[7:]) & 0xffffff
		size := uint32(head>>32) & 0xffffff
		if id != r.streamID || !knownType(typ) || len(q) < tagHeaderLen+ptsLen+int(size) {
			break
		}
		raw := uint32(head>>8)&0xffffff | uint32(head)<<24
		t := &r.tag
		t.Index = r.index
		t.Offset = base + int64(i)
		t.Type = typ
		t.Filter = false
		t.Size = size
		t.Timestamp = r.unwrap(kindOf(typ), raw)
		t.RawTimestamp = raw
		t.StreamID = id
		t.Truncated = false
		t.Arrival = r.arrival
		r.index++
		body := q[tagHeaderLen : tagHeaderLen+int(size)]
		r.body.pos = size
		switch {
		case typ == TypeAudio && size > 2 && body[0]>>4 == 10 && body[1] == 1:
			f := &r.audio1[0]
			f.Kind, f.Codec, f.CodecID, f.AudioHeader, f.Bytes = AudioFrame, AAC, 10, body[0], size-2
			r.h.Tag(t, r.audio1[:])
		case typ == TypeVideo && size > 5 && body[0]&0x8f == 7 && body[1] == 1 && body[0] != 0x57:
			r.avc1(t, body)
		default:
			r.startBody()
			if size > 0 {
				r.feed(body)
			}
			r.h.Tag(t, r.frames)
		}
		got := binary.BigEndian.Uint32(q[tagHeaderLen+int(size):])
		i += tagHeaderLen + ptsLen + int(size)
		if got != size+tagHeaderLen {
			if got == 0 {
				r.ptsZero = true
			} else if got == size+tagHeaderLen+4 {
				r.ptsMore = true
			}
		}
		r.h.PreviousTagSize(t, base+int64(i-ptsLen), got)
	}
	r.off = base + int64(i)
	return i
}

// avc1 reads a legacy AVC access unit that is all there.
func (r *Reader) avc1(t *Tag, body []byte) {
	f := &r.video1[0]
	*f = Frame{Kind: VideoFrame, Codec: AVC, CodecID: 7, Type: FrameType(body[0] >> 4)}
	f.CompositionTime = int32(uint32(body[2])<<24|uint32(body[3])<<16|uint32(body[4])<<8) >> 8
	f.Bytes = uint32(len(body) - 5)
	n := &f.NAL
	length := 4
	if c := r.vcfg[0]; c != nil && c.Codec == AVC && c.NALLength > 0 {
		n.Walked = true
		length = c.NALLength
	}
	if length != 4 {
		r.startBody()
		r.feed(body)
		r.h.Tag(t, r.frames)
		return
	}
	at := 5
	code := false
	for at != len(body) {
		if len(body)-at < 4 {
			if code {
				at = 5
			}
			n.breakAt(t.Offset+tagHeaderLen+int64(at), code)
			break
		}
		q := body[at:]
		size := be32(q)
		if at == 5 && (size == 1 || size>>8 == 1) {
			code = true
		}
		if size > uint32(len(q)-4) {
			if code {
				at = 5
			}
			n.breakAt(t.Offset+tagHeaderLen+int64(at), code)
			break
		}
		n.count(size)
		if size > 0 {
			typ := q[4] & 0x1f
			n.Types |= 1 << typ
			if typ >= 1 && typ <= 5 && !n.SliceSeen {
				n.SliceSeen = true
				n.Intra = size > 1 && intraSlice(q[5])
			}
		}
		at += 4 + int(size)
	}
	r.h.Tag(t, r.video1[:])
}
