package explain

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// maxLine bounds what is held of one line; a longer one comes in pieces of
// this size.
const maxLine = 64 << 10

// decoder turns bytes in any chunking into lines of UTF-8. Lines end with LF,
// CRLF or CR, as in a text area.
type decoder struct {
	out  *reader
	read int64

	encoding string // empty until the first bytes told
	head     []byte // the first bytes, until then
	odd      []byte // an incomplete UTF-16 unit or surrogate pair
	conv     []byte // UTF-16 as UTF-8

	buf   []byte // the line so far, where it goes over a chunk's end
	cont  bool   // a piece of this line has been handed on
	wasCR bool   // the last byte was a CR, whose LF may follow
}

// sniffSize is how many bytes tell the encoding.
const sniffSize = 4

func (d *decoder) write(p []byte) {
	d.read += int64(len(p))
	if d.encoding == "" {
		d.head = append(d.head, p...)
		if len(d.head) < sniffSize {
			return
		}
		p = d.sniff()
	}
	d.decode(p)
}

// sniff tells the encoding and gives what follows the byte order mark.
func (d *decoder) sniff() []byte {
	h := d.head
	d.head = nil
	d.encoding = "utf-8"
	switch {
	case bytes.HasPrefix(h, []byte("\xef\xbb\xbf")):
		return h[3:]
	case bytes.HasPrefix(h, []byte("\xff\xfe")):
		d.encoding = "utf-16le"
		return h[2:]
	case bytes.HasPrefix(h, []byte("\xfe\xff")):
		d.encoding = "utf-16be"
		return h[2:]
	case len(h) >= 4 && h[0] != 0 && h[1] == 0 && h[2] != 0 && h[3] == 0:
		d.encoding = "utf-16le"
	case len(h) >= 4 && h[0] == 0 && h[1] != 0 && h[2] == 0 && h[3] != 0:
		d.encoding = "utf-16be"
	}
	return h
}

func (d *decoder) decode(p []byte) {
	if d.encoding == "utf-8" {
		d.lines(p)
		return
	}
	// In steps, so that the converted text stays small.
	for len(p) > 0 {
		n := min(len(p), 32<<10)
		d.wide(p[:n])
		p = p[n:]
	}
}

// wide converts UTF-16.
func (d *decoder) wide(p []byte) {
	d.conv = d.conv[:0]
	unit := func(a, b byte) rune {
		if d.encoding == "utf-16be" {
			a, b = b, a
		}
		return rune(a) | rune(b)<<8
	}
	if len(d.odd) > 0 {
		d.odd = append(d.odd, p...)
		p = d.odd
		d.odd = nil
	}
	for len(p) >= 2 {
		r := unit(p[0], p[1])
		n := 2
		if utf16.IsSurrogate(r) {
			if len(p) < 4 {
				break
			}
			if r2 := utf16.DecodeRune(r, unit(p[2], p[3])); r2 != utf8.RuneError {
				r, n = r2, 4
			} else {
				r = utf8.RuneError
			}
		}
		d.conv = utf8.AppendRune(d.conv, r)
		p = p[n:]
	}
	if len(p) > 0 {
		d.odd = append(d.odd, p...)
	}
	d.lines(d.conv)
}

// lines cuts text into lines.
func (d *decoder) lines(p []byte) {
	// Where the next of each is, from the start of p; looked for once.
	lf, cr := -1, -1
	for at := 0; at < len(p); {
		if d.wasCR {
			d.wasCR = false
			if p[at] == '\n' {
				at++
				continue
			}
		}
		if lf < at {
			lf = next(p, at, '\n')
		}
		if cr < at {
			cr = next(p, at, '\r')
		}
		n := min(lf, cr) - at
		room := maxLine - len(d.buf)
		if at+n == len(p) && n <= room {
			d.buf = append(d.buf, p[at:]...)
			return
		}
		if n > room {
			d.hand(p[at:at+room], false)
			at += room
			continue
		}
		d.wasCR = p[at+n] == '\r'
		d.hand(p[at:at+n], true)
		at += n + 1
	}
}

// next is the place of c in p from at on, len(p) where there is none.
func next(p []byte, at int, c byte) int {
	if n := bytes.IndexByte(p[at:], c); n >= 0 {
		return at + n
	}
	return len(p)
}

// hand gives on a line, or a piece of a long one.
func (d *decoder) hand(p []byte, last bool) {
	if len(d.buf) > 0 {
		d.buf = append(d.buf, p...)
		p = d.buf
	}
	// The text is only good during the call: whoever keeps any of it makes a copy.
	d.out.feed(unsafe.String(unsafe.SliceData(p), len(p)), !d.cont, last)
	d.buf, d.cont = d.buf[:0], !last
}

func (d *decoder) close() {
	if d.encoding == "" {
		d.decode(d.sniff())
	}
	if len(d.odd) > 0 {
		d.lines([]byte("\ufffd"))
	}
	if len(d.buf) > 0 || d.cont {
		d.hand(nil, true)
	}
	d.out.close()
}
