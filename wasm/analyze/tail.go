package analyze

import "encoding/binary"

// tail finds the last media timestamp from the end of a file.
type tail struct {
	ms    uint32 // as written, extension byte included
	found bool
}

// maxTailTags is how many tags are walked back: audio and video each have their
// last one, and metadata may follow both.
const maxTailTags = 32

// read walks the tags in p, which ends where the file does, from the last one
// back by their PreviousTagSize.
func (t *tail) read(p []byte) {
	end := len(p)
	for range maxTailTags {
		if end < 15 {
			return
		}
		n := int64(binary.BigEndian.Uint32(p[end-4:]))
		at := start(p[:end-4], n)
		if at < 0 {
			at = start(p[:end-4], n-4) // writers whose number is 4 too many
		}
		if at < 0 {
			return
		}
		if b := p[at:]; b[0] == 8 || b[0] == 9 {
			ms := uint32(b[7])<<24 | uint32(b[4])<<16 | uint32(b[5])<<8 | uint32(b[6])
			if !t.found || int32(ms-t.ms) > 0 {
				t.ms, t.found = ms, true
			}
		}
		end = at
	}
}

// start is the offset of the tag of n bytes that p ends with, -1 where there is none.
func start(p []byte, n int64) int {
	if n < 11 || n > int64(len(p)) {
		return -1
	}
	at := len(p) - int(n)
	b := p[at:]
	switch b[0] {
	case 8, 9, 18, 15:
	default:
		return -1
	}
	if int64(b[1])<<16|int64(b[2])<<8|int64(b[3]) != n-11 {
		return -1
	}
	return at
}

// end is the last timestamp on the clock of a recording that begins at first.
func (t *tail) end(first int64) (ms int64, ok bool) {
	if !t.found {
		return 0, false
	}
	d := int64(int32(t.ms - uint32(first)))
	return first + d, d >= 0
}
