package flv

// whole reads tags that lie in p from offset i on, PreviousTagSize included. It
// returns the offset of the first tag that does not, or is in doubt. It is what
// the time of a run goes to: the frames of usual streams are read here, everything
// else takes the steps of body.go.
func (r *Reader) whole(p []byte, i int) int {
	base := r.off - int64(i) // offset of p[0]
	for len(p)-i >= tagHeaderLen+ptsLen {
		q := p[i:]
		head := be64(q)
		typ := byte(head >> 56)
		id := be32(q[7:]) & 0xffffff
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
			f := &r.video1[0]
			*f = Frame{Kind: VideoFrame, Codec: AVC, CodecID: 7, Type: FrameType(body[0] >> 4)}
			f.CompositionTime = int32(uint32(body[2])<<24|uint32(body[3])<<16|uint32(body[4])<<8) >> 8
			r.accessUnit(t, f, body, 5)
		case typ == TypeVideo && size > 8 && body[0]&0xf0 != 0xd0 && (body[0]&0x8f == 0x81 || body[0]&0x8f == 0x83) && walkable(be32(body[1:])):
			f := &r.video1[0]
			cc := be32(body[1:])
			*f = Frame{Kind: VideoFrame, Codec: CodecOf(cc), FourCC: cc, Enhanced: true, Type: FrameType(body[0] >> 4 & 7)}
			at := 5
			if body[0]&15 == packetCodedFrames {
				f.CompositionTime = int32(uint32(body[5])<<24|uint32(body[6])<<16|uint32(body[7])<<8) >> 8
				at = 8
			}
			r.accessUnit(t, f, body, at)
		case typ == TypeAudio && size > 5 && body[0] == 0x91 && be32(body[1:]) == ccOpus:
			f := &r.opus1[0]
			f.Kind, f.Codec, f.FourCC, f.Enhanced, f.AudioHeader, f.Bytes = AudioFrame, Opus, ccOpus, true, 0x91, size-5
			r.h.Tag(t, r.opus1[:])
		default:
			r.startBody()
			if size > 0 {
				r.feed(body)
			}
			r.h.Tag(t, r.frames)
		}
		got := be32(q[tagHeaderLen+int(size):])
		i += tagHeaderLen + ptsLen + int(size)
		r.ptsZero = got == 0
		r.ptsMore = got - (size + tagHeaderLen)
		r.h.PreviousTagSize(t, base+int64(i-ptsLen), got)
	}
	r.off = base + int64(i)
	return i
}

func walkable(cc uint32) bool { return cc == ccHVC || cc == ccAVC || cc == ccHEV }

// accessUnit reads the AVC or HEVC access unit of track 0 that is body[at:]
// and all there, and delivers it as f.
func (r *Reader) accessUnit(t *Tag, f *Frame, body []byte, at int) {
	f.Bytes = uint32(len(body) - at)
	n := &f.NAL
	length := 4
	if c := r.vcfg[0]; c != nil && c.Codec == f.Codec && c.NALLength > 0 {
		n.Walked = true
		length = c.NALLength
	}
	if length != 4 {
		r.startBody()
		r.feed(body)
		r.h.Tag(t, r.frames)
		return
	}
	begin, code := at, false
	for at != len(body) {
		q := body[at:]
		var size uint32
		if len(q) >= 4 {
			size = be32(q)
			if at == begin && (size == 1 || size>>8 == 1) {
				code = true
			}
		}
		if len(q) < 4 || size > uint32(len(q)-4) {
			if code {
				at = begin
			}
			n.breakAt(t.Offset+tagHeaderLen+int64(at), code)
			break
		}
		n.count(size)
		if size > 0 {
			if f.Codec == HEVC {
				typ := q[4] >> 1 & 0x3f
				n.Types |= 1 << typ
				n.SliceSeen = n.SliceSeen || typ < 32
			} else {
				typ := q[4] & 0x1f
				n.Types |= 1 << typ
				if typ >= 1 && typ <= 5 && !n.SliceSeen {
					n.SliceSeen = true
					n.Intra = size > 1 && intraSlice(q[5])
				}
			}
		}
		at += 4 + int(size)
	}
	r.h.Tag(t, r.video1[:])
}
