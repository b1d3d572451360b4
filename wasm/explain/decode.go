package explain

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
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

	buf      []byte // the line so far, where it goes over a chunk's end
	cont     bool   // a piece of this line has been handed on
	wasCR    bool   // the last byte was a CR, whose LF may follow
	controls int64  // bytes that no text has
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
	for len(p) > 0 {
		if d.wasCR {
			d.wasCR = false
			if p[0] == '\n' {
				p = p[1:]
				continue
			}
		}
		n := lineEnd(p)
		room := maxLine - len(d.buf)
		if n < 0 && len(p) < room {
			d.buf = append(d.buf, p...)
			return
		}
		if n < 0 || n > room {
			d.piece(p[:room])
			p = p[room:]
			continue
		}
		d.wasCR = p[n] == '\r'
		line := p[:n]
		if len(d.buf) > 0 {
			d.buf = append(d.buf, line...)
			line = d.buf
		}
		d.out.feed(line, !d.cont, true)
		d.buf, d.cont = d.buf[:0], false
		p = p[n+1:]
	}
}

// piece hands on a full piece of a long line.
func (d *decoder) piece(p []byte) {
	if len(d.buf) > 0 {
		d.buf = append(d.buf, p...)
		p = d.buf
	}
	d.out.feed(p, !d.cont, false)
	d.buf, d.cont = d.buf[:0], true
}

// lineEnd finds the first LF or CR.
func lineEnd(p []byte) int {
	n := bytes.IndexByte(p, '\n')
	if n < 0 {
		return bytes.IndexByte(p, '\r')
	}
	if cr := bytes.IndexByte(p[:n], '\r'); cr >= 0 {
		return cr
	}
	return n
}

func (d *decoder) close() {
	if d.encoding == "" {
		d.decode(d.sniff())
	}
	if len(d.odd) > 0 {
		d.lines([]byte("\ufffd"))
	}
	if len(d.buf) > 0 || d.cont {
		d.out.feed(d.buf, !d.cont, true)
	}
	d.out.close()
}
