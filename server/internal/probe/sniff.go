package probe

import (
	"bytes"
	"strings"
)

// sniffLen is how many bytes of an answer are enough to say what it is.
const sniffLen = 16

// other says what an answer that is not RTMP is, from its first bytes. They are
// at most sniffLen that came before a silence or the end; ok is false when they
// may be RTMP. (RTMP 1.0, 5.2.2: S0 is the version, 3; 32 to 255 are not
// allowed, so that text protocols, which begin with a printable character, can
// be told apart.)
func other(b []byte) (what string, ok bool) {
	if len(b) == 0 || b[0] == 3 {
		return "", false
	}
	for _, k := range [...]struct{ prefix, what string }{
		{"HTTP/", "a web server (HTTP)"},
		{"<!DOCTYPE", "a web server (HTML)"},
		{"<html", "a web server (HTML)"},
		{"RTSP/", "an RTSP server"},
		{"ICY ", "an Icecast server"},
		{"SSH-", "an SSH server"},
		{"* OK", "a mail server (IMAP)"},
		{"+OK", "a mail server (POP3)"},
		{"-ERR", "a Redis or POP3 server"},
		{"RFB ", "a VNC server"},
		{"AMQP", "a message broker (AMQP)"},
		{"@RSYNCD", "an rsync server"},
		{"@PJL", "a printer"},
	} {
		if n := min(len(b), len(k.prefix)); n >= 3 && strings.EqualFold(string(b[:n]), k.prefix[:n]) {
			return k.what, true
		}
	}
	if isTLS(b) {
		return "TLS", true
	}
	switch {
	case len(b) >= 4 && b[0] == '2' && b[1] == '2' && b[2] == '0' && (b[3] == ' ' || b[3] == '-'):
		return "a mail or FTP server (220 greeting)", true
	case len(b) >= 4 && (b[0] == '4' || b[0] == '5') && isDigit(b[1]) && isDigit(b[2]) && (b[3] == ' ' || b[3] == '-'):
		return "a mail or FTP server (" + string(b[:3]) + " greeting)", true
	case len(b) >= 5 && b[1] == 0 && b[2] == 0 && b[3] == 0 && (b[4] == 10 || b[4] == 0xff):
		return "a MySQL server", true
	case len(b) >= 2 && b[0] == 0xff && b[1] >= 0xfb:
		return "a Telnet server", true
	case b[0] < 32:
		return "", false // a version that RTMP could have
	case printable(b):
		return "a text protocol", true
	}
	return "an unknown protocol", true
}

// isTLS reports whether bytes begin a TLS record that a server sends first: an
// alert or a handshake message. (RFC 8446, 5.1)
func isTLS(b []byte) bool {
	return len(b) >= 3 && (b[0] == 0x15 || b[0] == 0x16) && b[1] == 3 && b[2] <= 4
}

func printable(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return (r < ' ' && r != '\r' && r != '\n' && r != '\t') || r == 0x7f || r == 0xfffd }) < 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
