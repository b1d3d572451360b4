package ui

import (
	"strings"
)

// Remux is the way from another container to FLV: the command, and what the
// copy hides from the checks.
type Remux struct {
	Kind    string    // MP4
	Article string    // an MP4
	Lines   []Command // the same for each kind of shell
	Hides   []string
	Keeps   string
	Caveats []string
}

// Command is one line to paste.
type Command struct {
	Shell string
	Line  string
}

// remuxable are the containers that recorders write and FFmpeg can copy out of,
// as flv's reader names them (Handler.NotFLV), in lower case.
var remuxable = []struct{ word, kind, article string }{
	{"mp4", "MP4", "an MP4"},
	{"quicktime", "MOV", "a QuickTime MOV"},
	{"matroska", "Matroska (MKV)", "a Matroska (MKV)"},
	{"webm", "WebM", "a WebM"},
	{"mpeg-ts", "MPEG-TS", "an MPEG-TS"},
	{"m2ts", "MPEG-TS (M2TS)", "an M2TS"},
	{"program stream", "MPEG program stream", "an MPEG program stream"},
	{"avi", "AVI", "an AVI"},
}

// newRemux gives the command for a file that looksLike another container; ok is
// false where a copy would not help (HTML, an empty file, noise).
func newRemux(looksLike, fileName string) (r Remux, ok bool) {
	like := strings.ToLower(looksLike)
	for _, c := range remuxable {
		if !strings.Contains(like, c.word) {
			continue
		}
		out := flvName(fileName)
		r = Remux{
			Kind:    c.kind,
			Article: c.article,
			Lines: []Command{
				{"Linux, macOS", remuxLine(fileName, out, quotePOSIX)},
				{"Windows (PowerShell)", remuxLine(fileName, out, quotePowerShell)},
			},
			Hides: []string{
				"Timestamps and the order of audio and video are written anew, so jumps, drift, gaps in the interleaving and a start other than zero may be gone, or be the copy's.",
				"onMetaData is FFmpeg's: what the encoder declares, or leaves out, does not show.",
				"FLV's own faults cannot show: header, PreviousTagSize, bytes between tags, a cut end.",
				"Sequence headers come first and once, even if the encoder sends them late or changes them.",
			},
			Keeps: "What still counts: codecs, picture size, frame rate, bitrates, key frame intervals and B-frames.",
			Caveats: []string{
				"It copies the first video and the first audio track. H.264 with AAC or MP3 always works; HEVC, AV1, VP9, Opus, FLAC and AC-3 need FFmpeg 6.1 or newer, some of them a newer one still.",
				"To see exactly what a platform sees, record FLV in the encoder itself: in OBS, Settings, Output, Recording, Recording Format: Flash Video (.flv).",
			},
		}
		return r, true
	}
	return Remux{}, false
}

func remuxLine(in, out string, quote func(string) string) string {
	return "ffmpeg -i " + quote(argument(in)) + " -c copy -f flv " + quote(argument(out))
}

// argument keeps a name from being read as an option or as a protocol: FFmpeg
// takes "a:b.mp4" for an address.
func argument(name string) string {
	if strings.HasPrefix(name, "-") || strings.Contains(name, ":") {
		return "./" + name
	}
	return name
}

// flvName is the copy's name, never the original's.
func flvName(name string) string {
	base := name
	if at := strings.LastIndexByte(base, '.'); at > 0 {
		base = base[:at]
	}
	if out := base + ".flv"; out != name {
		return out
	}
	return base + "-copy.flv"
}

// quotePOSIX quotes for sh, bash and zsh. Single quotes keep everything but
// themselves; a name with control characters needs the $'...' of bash and zsh,
// for a terminal would act on them when they are pasted.
func quotePOSIX(s string) string {
	if safeWord(s) {
		return s
	}
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			return quoteANSI(s)
		}
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func quoteANSI(s string) string {
	const hex = "0123456789abcdef"
	b := []byte("$'")
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20 || c == 0x7f:
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '\''))
}

// quotePowerShell quotes for PowerShell, which takes the curly quotes of word
// processors for quotes too.
func quotePowerShell(s string) string {
	if safeWord(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		switch r {
		case '\'', '\u2018', '\u2019', '\u201a', '\u201b':
			b.WriteRune(r)
		case '\r', '\n':
			r = ' ' // no file on Windows has one
		}
		b.WriteRune(r)
	}
	b.WriteByte('\'')
	return b.String()
}

// safeWord reports whether no shell gives any of the characters a meaning.
func safeWord(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '.' || c == '_' || c == '/' || c == '-' && i > 0:
		default:
			return false
		}
	}
	return true
}
