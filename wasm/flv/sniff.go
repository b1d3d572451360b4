package flv

// What NotFLV says a file looks like. The words are stable.
const (
	LooksEmpty      = "empty"
	LooksCutFLV     = "a cut FLV header"
	LooksHeaderless = "FLV tags without the file header"
	LooksMP4        = "MP4"
	LooksFragmented = "fragmented MP4"
	LooksMOV        = "QuickTime MOV"
	LooksTS         = "MPEG-TS"
	LooksM2TS       = "M2TS"
	LooksPS         = "MPEG program stream"
	LooksMatroska   = "Matroska"
	LooksWebM       = "WebM"
	LooksAVI        = "AVI"
	LooksWAV        = "WAV"
	LooksASF        = "Windows Media"
	LooksMP3        = "MP3"
	LooksADTS       = "AAC (ADTS)"
	LooksOgg        = "Ogg"
	LooksFLAC       = "FLAC"
	LooksHTML       = "HTML"
	LooksXML        = "XML"
	LooksJSON       = "JSON"
	LooksHLS        = "an HLS playlist"
	LooksHTTP       = "an HTTP answer"
	LooksText       = "plain text"
	LooksGzip       = "gzip"
	LooksZip        = "ZIP"
	LooksPNG        = "PNG"
	LooksJPEG       = "JPEG"
	LooksGIF        = "GIF"
	LooksPDF        = "PDF"
	LooksSWF        = "Flash SWF"
	LooksPcap       = "a packet capture"
	LooksAnnexB     = "raw H.264 or HEVC (Annex B)"
	LooksRTMP       = "a raw RTMP connection"
	LooksZeros      = "zeros"
	LooksUnknown    = ""
)

// otherFormat gathers the begin of a file that is no FLV.
func (r *Reader) otherFormat(p []byte) int {
	if len(r.look) == 0 {
		r.look = append(make([]byte, 0, sniffLen), r.buf[:r.have]...)
	}
	k := min(sniffLen-len(r.look), len(p))
	r.look = append(r.look, p[:k]...)
	r.off += int64(k)
	if len(r.look) == sniffLen {
		r.notFLV(r.look)
	}
	return k
}

func (r *Reader) notFLV(head []byte) {
	what := LooksLike(head)
	r.look, r.have = nil, 0
	r.state = InOtherFmt
	r.h.NotFLV(what)
}

// LooksLike names the kind of a file that is no FLV by its first bytes (1 KiB
// do), in one of the words above.
func LooksLike(b []byte) string {
	if len(b) == 0 {
		return LooksEmpty
	}
	if prefix(b, "FLV") || len(b) < 3 && prefix([]byte("FLV"), string(b)) {
		return LooksCutFLV
	}
	for _, m := range magics {
		if len(b) >= m.at && prefix(b[m.at:], m.magic) {
			return m.what
		}
	}
	if what := box(b); what != "" {
		return what
	}
	if what := packets(b); what != "" {
		return what
	}
	if prefix(b, "\x1a\x45\xdf\xa3") {
		if contains(b[:min(len(b), 64)], "webm") {
			return LooksWebM
		}
		return LooksMatroska
	}
	if tagChain(b) {
		return LooksHeaderless
	}
	if what := text(b); what != "" {
		return what
	}
	return binaryKind(b)
}

var magics = []struct {
	at    int
	magic string
	what  string
}{
	{0, "\x1f\x8b", LooksGzip},
	{0, "PK\x03\x04", LooksZip},
	{0, "PK\x05\x06", LooksZip},
	{0, "\x89PNG\r\n\x1a\n", LooksPNG},
	{0, "\xff\xd8\xff", LooksJPEG},
	{0, "GIF8", LooksGIF},
	{0, "%PDF-", LooksPDF},
	{0, "HTTP/1.", LooksHTTP},
	{0, "OggS", LooksOgg},
	{0, "fLaC", LooksFLAC},
	{0, "ID3", LooksMP3},
	{0, "FWS", LooksSWF},
	{0, "CWS", LooksSWF},
	{0, "ZWS", LooksSWF},
	{8, "AVI ", LooksAVI},
	{8, "WAVE", LooksWAV},
	{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", LooksASF},
	{0, "\xd4\xc3\xb2\xa1", LooksPcap},
	{0, "\xa1\xb2\xc3\xd4", LooksPcap},
	{0, "\x4d\x3c\xb2\xa1", LooksPcap},
	{0, "\xa1\xb2\x3c\x4d", LooksPcap},
	{0, "\x0a\x0d\x0d\x0a", LooksPcap},
	{0, "\x00\x00\x01\xba", LooksPS},
}

//go:noinline
func prefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }

//go:noinline
func contains(b []byte, s string) bool {
	for i := range b {
		if prefix(b[i:], s) {
			return true
		}
	}
	return false
}

// box names an ISO base media file by its first box.
func box(b []byte) string {
	if len(b) < 8 {
		return ""
	}
	size := be32(b)
	if size > 1 && size < 8 {
		return ""
	}
	switch string(b[4:8]) {
	case "ftyp":
		if prefix(b[8:], "qt  ") {
			return LooksMOV
		}
		if size < 8 {
			size = 256 // 0: up to the end of the file; 1: a 64-bit size follows
		}
		head := b[8:min(len(b), int(min(size, 256)))]
		for i := 0; i+4 <= len(head); i += 4 {
			switch brand := string(head[i : i+4]); {
			case i == 0 && (brand == "iso5" || brand == "iso6"), brand == "dash", brand == "msdh", brand == "cmfc", brand == "hlsf":
				return LooksFragmented
			}
		}
		return LooksMP4
	case "styp", "sidx", "moof", "emsg", "prft":
		return LooksFragmented
	case "moov", "mdat", "free", "skip", "uuid":
		return LooksMP4
	case "wide", "pnot":
		return LooksMOV
	}
	return ""
}

// packets recognises MPEG-TS by its sync bytes: packets of 188 bytes, or of
// 192 with four bytes before each (M2TS).
func packets(b []byte) string {
	every := func(first, step int) bool {
		if len(b) <= first+step {
			return len(b) >= 188 && first == 0 && step == 188 && b[0] == 0x47
		}
		for i := first; i < len(b); i += step {
			if b[i] != 0x47 {
				return false
			}
		}
		return true
	}
	if every(0, 188) {
		return LooksTS
	}
	if every(4, 192) {
		return LooksM2TS
	}
	return ""
}

// tagChain reports two FLV tags in a row at the begin, or behind four bytes.
func tagChain(b []byte) bool {
	for _, at := range [...]int{0, ptsLen} {
		n := 0
		for p := at; len(b)-p >= tagHeaderLen; n++ {
			if !knownType(b[p]) || be24(b[p+8:]) != 0 {
				n = -1
				break
			}
			size := int(be24(b[p+1:]))
			end := p + tagHeaderLen + size
			if end+ptsLen > len(b) {
				break
			}
			if be32(b[end:]) != uint32(size+tagHeaderLen) {
				n = -1
				break
			}
			p = end + ptsLen
		}
		if n >= 1 {
			return true
		}
	}
	return false
}

// text names text formats.
func text(b []byte) string {
	if prefix(b, "\xef\xbb\xbf") {
		b = b[3:]
	}
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\n' || b[0] == '\r' || b[0] == '\t') {
		b = b[1:]
	}
	for _, c := range b {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b || c == 0x7f {
			return ""
		}
	}
	if len(b) == 0 {
		return LooksText
	}
	low := make([]byte, 0, 16)
	for _, c := range b[:min(len(b), 16)] {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		low = append(low, c)
	}
	switch {
	case prefix(low, "#extm3u"):
		return LooksHLS
	case prefix(low, "<!doctype html"), prefix(low, "<html"), prefix(low, "<head"), prefix(low, "<body"), prefix(low, "<script"):
		return LooksHTML
	case prefix(low, "<?xml"):
		if contains(b, "<html") {
			return LooksHTML
		}
		return LooksXML
	case low[0] == '<':
		if contains(b, "<html") || contains(b, "<HTML") {
			return LooksHTML
		}
		return LooksXML
	case low[0] == '{', low[0] == '[':
		return LooksJSON
	}
	// Not text when much of it is outside ASCII and no UTF-8.
	if visible(b) != string(b) && len(b) < sniffLen-8 || high(b) > len(b)/2 {
		return ""
	}
	return LooksText
}

func high(b []byte) (n int) {
	for _, c := range b {
		if c >= 0x80 {
			n++
		}
	}
	return n
}

// binaryKind names raw streams, whose marks are weak.
func binaryKind(b []byte) string {
	zero := true
	for _, c := range b {
		if c != 0 {
			zero = false
			break
		}
	}
	switch {
	case zero:
		return LooksZeros
	case startCode(b):
		return LooksAnnexB
	case len(b) >= 7 && b[0] == 0xff && b[1]&0xf6 == 0xf0 && b[2]>>2&15 < 13:
		return LooksADTS
	case len(b) >= 4 && b[0] == 0xff && b[1]&0xe0 == 0xe0:
		var c Config
		if c.mp3(b[:4]) {
			return LooksMP3
		}
	case len(b) >= 9 && (b[0] == 3 || b[0] == 6) && be32(b[5:]) == 0:
		// C0, then C1 with its four zero bytes (RTMP 1.0 5.2.3).
		return LooksRTMP
	case len(b) >= 9 && b[0] == 3 && len(b) >= sniffLen && (b[5] == 9 || b[5] == 0x80 || b[5] == 10 || b[5] == 0x0c):
		return LooksRTMP // C1 with a version (digest handshake)
	}
	return LooksUnknown
}
