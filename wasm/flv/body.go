package flv

// A body is read in steps: each wants a few bytes at a place further on, gets
// them in place when the chunk holds them all (from scratch otherwise), and says
// what the next step wants. What no step wants is skipped unseen, so a body
// costs the same whatever its size, and every chunking takes the same steps.

// step names what the wanted bytes are.
type step uint8

const (
	stepNone      step = iota // nothing more is wanted
	stepVideo                 // first byte of a video body
	stepAVC                   // packet type and composition time of AVC, HEVC or AV1 the legacy way
	stepCommand               // video command
	stepAudio                 // first byte of an audio body
	stepAAC                   // AACPacketType
	stepModSize               // ModEx: size less one
	stepModSize16             // ModEx: the longer size less one
	stepModData               // ModEx: first bytes of the data
	stepModType               // ModEx: type, and the packet type that follows
	stepMulti                 // multitrack type and packet type
	stepFourCC                // FourCC of the tag
	stepTrack                 // header of one track
	stepCTS                   // composition time, E-RTMP
	stepNALSize               // length of a NAL unit
	stepNALHead               // first bytes of a NAL unit
	stepPeek                  // first bytes of a coded frame that describes itself
	stepRecord                // sequence header, metadata, channel configuration: all of it
	stepScript                // script message: all of it
)

// body is the state of reading one body.
type body struct {
	pos  uint32 // bytes of the body seen
	at   uint32 // where the wanted bytes begin
	want uint32 // how many
	have uint32 // how many of them are gathered
	step step

	// E-RTMP header.
	video    bool
	multi    uint8 // multitrack type plus 1; 0 for one track
	packet   uint8 // packet type
	mods     int   // ModEx packets so far
	modSize  uint32
	modNano  uint32 // first three bytes of the ModEx data
	nano     uint32 // TimestampOffsetNano
	trackEnd uint32 // end of the current track's payload
	fourCC   uint32
	first    byte // first byte of the body

	nal nalWalk

	scratch [16]byte
}

// startBody prepares for the body of r.tag, of which nothing was seen yet.
func (r *Reader) startBody() {
	b := &r.body
	b.pos, b.at, b.want, b.have, b.step = 0, 0, 0, 0, stepNone
	r.frames = r.frames[:0]
	if r.tag.Filter {
		return
	}
	switch r.tag.Type {
	case TypeAudio, TypeVideo:
		if r.tag.Size == 0 {
			r.addFrame().Kind = Empty
			return
		}
		b.trackEnd = r.tag.Size
		b.multi, b.mods = 0, 0
		b.video = r.tag.Type == TypeVideo
		if b.video {
			r.wants(stepVideo, 0, 1)
		} else {
			r.wants(stepAudio, 0, 1)
		}
	case TypeScript, TypeAMF3:
		if r.tag.Size == 0 {
			r.addFrame().Kind = Empty
			return
		}
		r.acc = r.acc[:0]
		r.wants(stepScript, 0, min(r.tag.Size, MaxScript))
	}
}

// wants sets the next step: n bytes at offset at of the body.
func (r *Reader) wants(s step, at, n uint32) {
	r.body.step, r.body.at, r.body.want = s, at, n
}

// addFrame appends a cleared frame of the current tag.
func (r *Reader) addFrame() *Frame {
	r.frames = append(r.frames, Frame{})
	return &r.frames[len(r.frames)-1]
}

// frame is the frame being read.
func (r *Reader) frame() *Frame { return &r.frames[len(r.frames)-1] }

// malformed ends the body: the current frame has a problem at offset at of the body.
func (r *Reader) malformed(at uint32, problem string) {
	f := r.frame()
	f.Kind = Malformed
	f.Problem = problem
	f.ProblemAt = r.tag.Offset + tagHeaderLen + int64(at)
	r.body.step = stepNone
}

// feed takes the next bytes of the body.
func (r *Reader) feed(p []byte) {
	b := &r.body
	for {
		switch b.step {
		case stepNone:
			b.pos += uint32(len(p))
			return
		case stepNALSize:
			if b.have == 0 {
				r.walk(p)
				if b.step != stepNALSize {
					continue
				}
			}
		}
		if b.have == 0 {
			if b.at >= b.pos+uint32(len(p)) {
				b.pos += uint32(len(p))
				return
			}
			skip := b.at - b.pos
			p = p[skip:]
			b.pos += skip
			if uint32(len(p)) >= b.want {
				// All of it is here.
				w := p[:b.want]
				p = p[b.want:]
				b.pos += b.want
				r.take(w)
				continue
			}
		}
		k := min(b.want-b.have, uint32(len(p)))
		if b.step >= stepRecord {
			r.acc = append(r.acc, p[:k]...)
		} else {
			copy(b.scratch[b.have:], p[:k])
		}
		b.have += k
		b.pos += k
		p = p[k:]
		if b.have < b.want {
			return
		}
		w := r.acc
		if b.step < stepRecord {
			w = b.scratch[:b.want]
		}
		b.have = 0
		r.take(w)
	}
}

// take gives the wanted bytes to their step.
func (r *Reader) take(w []byte) {
	b := &r.body
	at := b.at
	s := b.step
	b.step = stepNone
	switch s {
	case stepVideo:
		r.videoHeader(w[0])
	case stepAVC:
		r.avcHeader(w)
	case stepCommand:
		r.frame().Kind = VideoCommand
	case stepAudio:
		r.audioHeader(w[0])
	case stepAAC:
		r.aacHeader(w[0])
	case stepModSize, stepModSize16, stepModData, stepModType:
		r.modEx(s, at, w)
	case stepMulti:
		r.multitrack(at, w[0])
	case stepFourCC:
		b.fourCC = be32(w)
		if b.multi > 0 {
			r.nextTrack(at + 4)
		} else {
			r.addTrack(0, at+4, r.tag.Size)
		}
	case stepTrack:
		r.trackHeader(at, w)
	case stepCTS:
		r.frame().CompositionTime = int32(uint32(w[0])<<24|uint32(w[1])<<16|uint32(w[2])<<8) >> 8
		r.payload(at + 3)
	case stepNALSize:
		r.nalSize(at, w)
	case stepNALHead:
		b.nal.head(&r.frame().NAL, w)
		r.walkOn()
	case stepPeek:
		r.describe(w)
		r.endTrack()
	case stepRecord:
		r.record(at, w)
		r.endTrack()
	case stepScript:
		r.script(w)
	}
}

// truncated gives the frames of a body that the input ended in: those that
// were read far enough to say what they are.
func (r *Reader) truncated() []Frame {
	b := &r.body
	n := len(r.frames)
	if n == 0 {
		return nil
	}
	switch b.step {
	case stepAVC, stepCommand, stepAAC, stepCTS, stepRecord:
		n--
	case stepNone, stepNALSize, stepNALHead, stepPeek:
		// The payload that is there, not the one claimed.
		if f := &r.frames[n-1]; f.Bytes > 0 && b.trackEnd > b.pos {
			f.Bytes -= min(f.Bytes, b.trackEnd-b.pos)
		}
	}
	return r.frames[:n]
}

func be24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }

// be32 and be64 stand here because encoding/binary is compiled without inlining
// for the browser, and these are read at every tag.
func be32(b []byte) uint32 {
	_ = b[3]
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func be64(b []byte) uint64 {
	_ = b[7]
	return uint64(be32(b))<<32 | uint64(be32(b[4:]))
}
