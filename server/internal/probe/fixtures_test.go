package probe

import (
	"bytes"
	"io"
	"math"
	"net"
	"strings"
	"time"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/flv"
)

// fixture is a server that does one thing, and what the probe must say of it.
type fixture struct {
	name    string
	serve   func(n int, c *net.TCPConn)
	scheme  string // rtmp unless given
	publish bool

	stage, state string
	rule         string            // none: nothing may be found
	args         map[string]string // parts of the finding's arguments
	saw          string            // part of the transcript
}

// after gives a script that runs once the handshake is done and a command
// (the number says which) was read.
func after(commands int, then func(p *peer)) func(int, *net.TCPConn) {
	return func(_ int, c *net.TCPConn) {
		p, ok := shake(c)
		for range commands {
			if ok {
				_, ok = p.command()
			}
		}
		if ok {
			then(p)
		}
	}
}

func readC1(c net.Conn) { _, _ = io.ReadFull(c, make([]byte, 1+rtmp.C1Len)) }

// answerOf is a whole, correct answer to what is read of a C1.
func answerOf(c net.Conn) []byte {
	var in [1 + rtmp.C1Len]byte
	_, _ = io.ReadFull(c, in[:])
	return append(append([]byte{3}, make([]byte, rtmp.C1Len)...), in[1:]...)
}

func raw(text string) func(int, *net.TCPConn) {
	return func(_ int, c *net.TCPConn) {
		_, _ = io.WriteString(c, text)
		hold(c)
	}
}

func rawAfterC1(text string) func(int, *net.TCPConn) {
	return func(_ int, c *net.TCPConn) {
		readC1(c)
		_, _ = io.WriteString(c, text)
		hold(c)
	}
}

func resetAfter(n int) func(int, *net.TCPConn) {
	return func(_ int, c *net.TCPConn) {
		a := answerOf(c)
		_, _ = c.Write(a[:n])
		time.Sleep(400 * time.Millisecond) // a reset throws away what is not yet read
		reset(c)
	}
}

func trickle(c net.Conn, b []byte, every time.Duration) {
	for i := range b {
		if _, err := c.Write(b[i : i+1]); err != nil {
			return
		}
		time.Sleep(every)
	}
	hold(c)
}

// deep is an object in an object, n times.
func deep(n int) []byte {
	b := flv.AppendAMF0(flv.AppendAMF0(nil, flv.Str("_result")), flv.Num(1))
	for range n {
		b = append(b, 3, 0, 1, 'a')
	}
	return b
}

var fixtures = []fixture{
	// -- what is no RTMP
	{
		name: "silent", serve: func(_ int, c *net.TCPConn) { hold(c) },
		stage: Handshake, state: TimedOut, rule: "probe-not-rtmp", args: map[string]string{"found": "nobody"},
	},
	{
		name: "HTTP", serve: rawAfterC1("HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n"),
		stage: Handshake, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "HTTP", "first_bytes": "48 54 54 50 2f 31"}, saw: "HTTP/1.1 400 Bad",
	},
	{
		name: "HTTP that closes", serve: func(_ int, c *net.TCPConn) { _, _ = io.WriteString(c, "HTTP/1.0 400\r\n\r\n") },
		stage: Handshake, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "HTTP"},
	},
	{
		name: "TLS alert", serve: rawAfterC1("\x15\x03\x01\x00\x02\x02\x46"),
		stage: Handshake, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "TLS", "first_bytes": "15 03 01"},
	},
	{
		name: "SSH banner", serve: raw("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
		stage: Handshake, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "SSH"}, saw: "SSH-2.0-Open",
	},
	{name: "SMTP", serve: raw("220 mail.example.com ESMTP\r\n"), stage: Handshake, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "mail or FTP"}},
	{name: "FTP that is full", serve: raw("421 Too many connections\r\n"), stage: Handshake, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "421"}},
	{name: "IMAP", serve: raw("* OK [CAPABILITY IMAP4rev1]\r\n"), stage: Handshake, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "IMAP"}},
	{name: "RTSP", serve: rawAfterC1("RTSP/1.0 400 Bad Request\r\n\r\n"), stage: Handshake, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "RTSP"}},
	{name: "MySQL", serve: raw("J\x00\x00\x00\x0a8.0.36\x00"), stage: Handshake, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "MySQL"}},
	{name: "VNC", serve: raw("RFB 003.008\n"), stage: Handshake, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "VNC"}},
	{name: "some text", serve: raw("hello there\r\n"), stage: Handshake, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "text protocol"}},
	{name: "some bytes", serve: raw("\xde\xad\xbe\xef\x00\x01"), stage: Handshake, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "unknown protocol"}},
	{
		name: "escapes in a banner", serve: raw("\x1b]0;owned\x07\x1b[31mhi"),
		stage: Handshake, state: Failed, rule: "probe-handshake", args: map[string]string{"reason": "version 27"}, saw: `\x1b]0;owned\a`,
	},

	// -- a handshake that breaks
	{
		name: "accept and close", serve: func(_ int, c *net.TCPConn) { readC1(c) },
		stage: Handshake, state: Failed, rule: "probe-handshake", args: map[string]string{"reason": "the connection was closed", "received_bytes": "0", "expected_bytes": "3073"},
	},
	{
		name: "accept and reset", serve: func(_ int, c *net.TCPConn) { reset(c) },
		stage: Handshake, state: Failed, rule: "probe-handshake", args: map[string]string{"reason": "the connection was reset", "received_bytes": "0"},
	},
	{
		name: "another version", serve: rawAfterC1("\x06" + strings.Repeat("\x00", 3072)),
		stage: Handshake, state: Failed, rule: "probe-handshake", args: map[string]string{"reason": "version 6 instead of 3"},
	},
	{
		name: "S0 alone", serve: rawAfterC1("\x03"),
		stage: Handshake, state: TimedOut, rule: "probe-handshake", args: map[string]string{"reason": "no whole answer within", "received_bytes": "1"},
	},
	{
		name: "S0 and S1, then nothing", serve: rawAfterC1("\x03" + strings.Repeat("\x00", rtmp.C1Len)),
		stage: Handshake, state: TimedOut, rule: "probe-handshake", args: map[string]string{"received_bytes": "1537"},
	},
	{
		name: "half close after 700 bytes", serve: func(_ int, c *net.TCPConn) {
			readC1(c)
			_, _ = c.Write(append([]byte{3}, make([]byte, 699)...))
			_ = c.CloseWrite()
			hold(c)
		},
		stage: Handshake, state: Failed, rule: "probe-handshake", args: map[string]string{"reason": "the connection was closed", "received_bytes": "700"},
	},
	{name: "reset after S0", serve: resetAfter(1), stage: Handshake, state: Failed, rule: "probe-handshake", args: map[string]string{"reason": "reset", "received_bytes": "1"}},
	{name: "reset in S1", serve: resetAfter(1000), stage: Handshake, state: Failed, rule: "probe-handshake", args: map[string]string{"reason": "reset", "received_bytes": "1000"}},
	{name: "reset in S2", serve: resetAfter(2000), stage: Handshake, state: Failed, rule: "probe-handshake", args: map[string]string{"reason": "reset", "received_bytes": "2000"}},
	{
		name: "a byte a second", serve: func(_ int, c *net.TCPConn) { trickle(c, answerOf(c), 50*time.Millisecond) },
		stage: Handshake, state: TimedOut, rule: "probe-handshake", args: map[string]string{"reason": "no whole answer within"},
	},
	{
		name: "garbage after S0", serve: rawAfterC1("\x03" + strings.Repeat("\xa5\x5a\xff", 1500)),
		stage: Handshake, state: Failed, rule: "probe-handshake", args: map[string]string{"reason": "S2 does not repeat"},
	},
	{
		name: "little garbage after S0", serve: func(_ int, c *net.TCPConn) {
			readC1(c)
			_, _ = io.WriteString(c, "\x03garbage")
		},
		stage: Handshake, state: Failed, rule: "probe-handshake", args: map[string]string{"reason": "the connection was", "received_bytes": "8"},
	},

	// -- connect
	{
		name: "no answer to connect", serve: after(1, func(p *peer) { hold(p) }),
		stage: Connect, state: TimedOut, rule: "probe-connect-rejected", args: map[string]string{"code": "no answer within 1.5 s"},
	},
	{
		name: "connect rejected", serve: after(1, func(p *peer) {
			p.reply(0, "_error", 1, rtmp.Null(), statusObject("error", "NetConnection.Connect.Rejected", "[ Server.Reject ] : Invalid application."))
		}),
		stage: Connect, state: Failed, rule: "probe-connect-rejected",
		args: map[string]string{"code": "NetConnection.Connect.Rejected", "description": "[ Server.Reject ] : Invalid application.", "closed": "1"},
		saw:  `_error(1) null {level: "error", code: "NetConnection.Connect.Rejected"`,
	},
	{
		name: "connect rejected, left open", serve: after(1, func(p *peer) {
			p.reply(0, "_error", 1, rtmp.Null(), statusObject("error", "NetConnection.Connect.InvalidApp", "no such application"))
			hold(p)
		}),
		stage: Connect, state: Failed, rule: "probe-connect-rejected", args: map[string]string{"code": "NetConnection.Connect.InvalidApp", "closed": ""},
	},
	{
		name: "Adobe authentication", serve: after(1, func(p *peer) {
			p.reply(0, "_error", 1, rtmp.Null(), statusObject("error", "NetConnection.Connect.Rejected", "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] :"))
		}),
		stage: Connect, state: Failed, rule: "probe-connect-rejected", args: map[string]string{"description": "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] :"},
		saw: "the server wants user and password (Adobe)",
	},
	{
		name: "Limelight authentication", serve: after(1, func(p *peer) {
			p.reply(0, "_error", 1, rtmp.Null(), statusObject("error", "NetConnection.Connect.Rejected", "[ AccessManager.Reject ] : [ code=403 need auth; authmod=llnw ] :"))
		}),
		stage: Connect, state: Failed, rule: "probe-connect-rejected", saw: "(Limelight)",
	},
	{
		name: "a redirect", serve: after(1, func(p *peer) {
			o := statusObject("error", "NetConnection.Connect.Rejected", "moved")
			o.Props = append(o.Props, flv.AMFProperty{Name: "ex", Value: rtmp.Object("code", 302.0, "redirect", "rtmp://10.0.0.1/elsewhere/secretkey")})
			p.reply(0, "_error", 1, rtmp.Null(), o)
		}),
		stage: Connect, state: Failed, rule: "probe-connect-rejected", args: map[string]string{"code": "NetConnection.Connect.Rejected"}, saw: "that was not followed",
	},
	{
		name: "a rtmp.Status before the answer", serve: after(1, func(p *peer) {
			p.reply(0, "onStatus", 4, rtmp.Null(), statusObject("error", "NetStream.Publish.Unauthorized", "authentication failed"))
		}),
		stage: Connect, state: Failed, rule: "probe-connect-rejected", args: map[string]string{"code": "NetStream.Publish.Unauthorized", "description": "authentication failed", "closed": "1"},
	},
	{
		name: "closed at connect", serve: after(1, func(*peer) {}),
		stage: Connect, state: Failed, rule: "probe-connect-rejected", args: map[string]string{"code": "the connection was closed", "closed": ""},
	},
	{
		name: "reset at connect", serve: after(1, func(p *peer) { reset(p.Conn.(*net.TCPConn)) }),
		stage: Connect, state: Failed, rule: "probe-connect-rejected", args: map[string]string{"code": "the connection was reset"},
	},
	{
		name: "trickles its answer", serve: after(1, func(p *peer) {
			trickle(p, rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, 0, rtmp.AppendCommand("_result", 1, rtmp.Null(), statusObject("status", "NetConnection.Connect.Success", "")), 128), 50*time.Millisecond)
		}),
		stage: Connect, state: TimedOut, rule: "probe-connect-rejected", args: map[string]string{"code": "no answer within"},
	},
	{
		name: "a chunk size of 1 GB", serve: after(1, func(p *peer) {
			_, _ = p.Write(rtmp.AppendMessage(nil, 2, rtmp.SetChunkSize, 0, []byte{0x40, 0, 0, 0}, 128))
			_, _ = p.Write(bytes.Repeat([]byte{3}, 1<<16))
			hold(p)
		}),
		stage: Connect, state: Failed, rule: "probe-connect-rejected", args: map[string]string{"code": "no RTMP", "description": "chunk size of 1073741824"},
	},
	{
		name: "a chunk size of 1", serve: after(1, func(p *peer) {
			_, _ = p.Write(rtmp.AppendMessage(nil, 2, rtmp.SetChunkSize, 0, []byte{0, 0, 0, 1}, 128))
			hold(p)
		}),
		stage: Connect, state: Failed, rule: "probe-connect-rejected", args: map[string]string{"description": "chunk size of 1 bytes"},
	},
	{
		name: "a command of 16 MB", serve: after(1, func(p *peer) {
			_, _ = p.Write([]byte{3, 0, 0, 0, 0xff, 0xff, 0xff, rtmp.CommandAMF0, 0, 0, 0, 0})
			for {
				if _, err := p.Write(bytes.Repeat([]byte{0xc3}, 4096)); err != nil {
					return
				}
			}
		}),
		stage: Connect, state: Failed, rule: "probe-connect-rejected", args: map[string]string{"code": "an answer without an end"},
	},
	{
		name: "AMF without an end", serve: after(1, func(p *peer) {
			body := rtmp.AppendCommand("_result", 1)
			body = append(body, 3)
			for len(body) < rtmp.MaxCommand-16 {
				body = append(body, 0, 1, 'a', 5)
			}
			_, _ = p.Write(rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, 0, body, 128))
			for {
				if _, err := p.Write(rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, 0, rtmp.AppendCommand("onBWDone", 0, rtmp.Null()), 128)); err != nil {
					return
				}
			}
		}),
		stage: Connect, state: OK,
	},
	{
		name: "commands without an end", serve: after(1, func(p *peer) {
			for {
				if _, err := p.Write(rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, 0, rtmp.AppendCommand("onBWDone", 0, rtmp.Null()), 128)); err != nil {
					return
				}
			}
		}),
		stage: Connect, state: Failed, rule: "probe-connect-rejected", args: map[string]string{"code": "no RTMP", "description": "more than 1000 messages"},
	},
	{
		name: "objects 10,000 deep", serve: after(1, func(p *peer) {
			_, _ = p.Write(rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, 0, deep(10000), 128))
			hold(p)
		}),
		stage: Connect, state: OK, // name and transaction stand
	},
	{
		name: "a command that is no AMF0", serve: after(1, func(p *peer) {
			_, _ = p.Write(rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, 0, []byte{0x77, 1, 2, 3}, 128))
			hold(p)
		}),
		stage: Connect, state: Failed, rule: "probe-connect-rejected", args: map[string]string{"code": "no RTMP", "description": "not AMF0"},
	},
	{
		name: "garbage after the handshake", serve: after(1, func(p *peer) {
			_, _ = p.Write(bytes.Repeat([]byte{0xff, 0xfe}, 5000))
			hold(p)
		}),
		stage: Connect, state: Failed, rule: "probe-connect-rejected", args: map[string]string{"code": "no RTMP"},
	},
	{
		name: "media without an end", serve: after(1, func(p *peer) {
			for {
				if _, err := p.Write(rtmp.AppendMessage(nil, 4, rtmp.Video, 1, make([]byte, 60000), 128)); err != nil {
					return
				}
			}
		}),
		stage: Connect, state: Failed, rule: "probe-connect-rejected", args: map[string]string{"code": "an answer without an end"},
	},
	{
		name: "a ping first", serve: after(1, func(p *peer) {
			_, _ = p.Write(rtmp.AppendMessage(nil, 2, rtmp.UserControl, 0, []byte{0, 6, 1, 2, 3, 4}, 128))
			m, err := p.in.Next()
			if err == nil && m.Type == rtmp.UserControl && bytes.Equal(m.Body, []byte{0, 7, 1, 2, 3, 4}) {
				p.reply(0, "_result", 1, rtmp.Null(), statusObject("status", "NetConnection.Connect.Success", ""))
			}
			hold(p)
		}),
		stage: Connect, state: OK, saw: "ping",
	},
	{
		name: "an answer in AMF3's envelope", serve: after(1, func(p *peer) {
			body := append([]byte{0}, rtmp.AppendCommand("_result", 1, rtmp.Null(), statusObject("status", "NetConnection.Connect.Success", ""))...)
			_, _ = p.Write(rtmp.AppendMessage(nil, 3, rtmp.CommandAMF3, 0, body, 128))
			hold(p)
		}),
		stage: Connect, state: OK,
	},
	{
		name: "numbers that are none", serve: after(1, func(p *peer) {
			p.reply(0, "_result", 1, rtmp.Object("capabilities", math.NaN(), "fmsVer", "\x1b[2J\u202egpj"), statusObject("status", "NetConnection.Connect.Success", "<script>alert(1)</script>"))
			hold(p)
		}),
		stage: Connect, state: OK, saw: `\x1b[2J\u202egpj`,
	},
	{name: "healthy", serve: healthy, stage: Connect, state: OK},

	// -- publish
	{name: "healthy, publish", serve: healthy, publish: true, stage: Publish, state: OK},
	{
		name: "closed before createStream is answered", serve: after(4, func(*peer) {}), publish: true,
		stage: Connect, state: TimedOut, rule: "probe-connect-rejected", // it never answers connect
	},
	{
		name: "createStream refused", publish: true, serve: func(_ int, c *net.TCPConn) {
			if p, ok := connected(c); ok {
				for range 3 {
					_, _ = p.command()
				}
				p.reply(0, "_error", 4, rtmp.Null(), statusObject("error", "NetConnection.Call.Failed", "no more streams"))
				hold(c)
			}
		},
		stage: Publish, state: Failed, rule: "probe-publish-rejected", args: map[string]string{"code": "NetConnection.Call.Failed", "description": "no more streams"},
	},
	{
		name: "closed at createStream", publish: true, serve: func(_ int, c *net.TCPConn) {
			if p, ok := connected(c); ok {
				for range 3 {
					_, _ = p.command()
				}
			}
		},
		stage: Publish, state: Failed, rule: "probe-publish-rejected", args: map[string]string{"code": "the connection was closed before publish"},
	},
	{
		name: "an error to releaseStream alone", publish: true, serve: func(_ int, c *net.TCPConn) {
			p, ok := connected(c)
			if !ok {
				return
			}
			for {
				cmd, ok := p.command()
				if !ok {
					return
				}
				switch cmd.Name {
				case "createStream":
					p.reply(0, "_result", cmd.Tx, rtmp.Null(), flv.Num(7))
				case "publish":
					p.reply(7, "onStatus", 0, rtmp.Null(), statusObject("status", "NetStream.Publish.Start", ""))
				default:
					p.reply(0, "_error", cmd.Tx, rtmp.Null(), statusObject("error", "NetConnection.Call.Failed", "Method not found."))
				}
			}
		},
		stage: Publish, state: OK,
	},
	{
		name: "key in use", publish: true, serve: func(_ int, c *net.TCPConn) {
			if p, ok := created(c); ok {
				p.reply(1, "onStatus", 0, rtmp.Null(), statusObject("error", "NetStream.Publish.BadName", "Already publishing"))
				hold(c)
			}
		},
		stage: Publish, state: Failed, rule: "probe-publish-rejected", args: map[string]string{"code": "NetStream.Publish.BadName", "description": "Already publishing", "closed": ""},
	},
	{
		name: "refused by onFCPublish", publish: true, serve: func(_ int, c *net.TCPConn) {
			if p, ok := created(c); ok {
				p.reply(0, "onFCPublish", 0, rtmp.Null(), statusObject("error", "NetStream.Publish.BadName", "in use"))
			}
		},
		stage: Publish, state: Failed, rule: "probe-publish-rejected", args: map[string]string{"code": "NetStream.Publish.BadName", "closed": "1"},
	},
	{
		name: "Start, then closed", publish: true, serve: func(_ int, c *net.TCPConn) {
			if p, ok := created(c); ok {
				p.reply(1, "onStatus", 0, rtmp.Null(), statusObject("status", "NetStream.Publish.Start", "ok"))
				time.Sleep(300 * time.Millisecond)
			}
		},
		stage: Publish, state: Failed, rule: "probe-publish-rejected", args: map[string]string{"code": "the connection was closed after NetStream.Publish.Start"},
	},
	{
		name: "Start, then 700 ms later an error", publish: true, serve: func(_ int, c *net.TCPConn) {
			if p, ok := created(c); ok {
				p.reply(1, "onStatus", 0, rtmp.Null(), statusObject("status", "NetStream.Publish.Start", "ok"))
				time.Sleep(700 * time.Millisecond)
				p.reply(1, "onStatus", 0, rtmp.Null(), statusObject("error", "NetStream.Publish.Denied", "not today"))
				hold(c)
			}
		},
		stage: Publish, state: Failed, rule: "probe-publish-rejected", args: map[string]string{"code": "NetStream.Publish.Denied", "description": "not today"},
	},
	{
		name: "no answer to publish", publish: true, serve: func(_ int, c *net.TCPConn) {
			if _, ok := created(c); ok {
				hold(c)
			}
		},
		stage: Publish, state: TimedOut, rule: "probe-publish-rejected", args: map[string]string{"code": "no answer within 1.5 s"},
	},
	{
		name: "reset at publish", publish: true, serve: func(_ int, c *net.TCPConn) {
			if _, ok := created(c); ok {
				reset(c)
			}
		},
		stage: Publish, state: Failed, rule: "probe-publish-rejected", args: map[string]string{"code": "the connection was reset"},
	},
	{
		name: "repeats the key", publish: true, serve: func(_ int, c *net.TCPConn) {
			if p, ok := created(c); ok {
				p.reply(1, "onStatus", 0, rtmp.Null(), statusObject("error", "NetStream.Publish.BadName", "stream s3cr3t-k3y?token=t0k3n is unknown, Key S3CR3T-K3Y, t0k3n"))
			}
		},
		stage: Publish, state: Failed, rule: "probe-publish-rejected", args: map[string]string{"description": "stream **** is unknown"},
	},

	// -- rtmps to what is no TLS
	{
		name: "rtmps to plain RTMP", scheme: "rtmps", serve: func(n int, c *net.TCPConn) { healthy(n, c) },
		stage: TLS, state: Failed, rule: "probe-tls", args: map[string]string{"reason": "the port speaks plain RTMP, not TLS"},
	},
	{
		name: "rtmps to plain RTMP that resets", scheme: "rtmps", serve: func(n int, c *net.TCPConn) {
			var b [1]byte
			if _, _ = c.Read(b[:]); b[0] != 3 {
				reset(c)
				return
			}
			_, _ = io.ReadFull(c, make([]byte, rtmp.C1Len))
			_, _ = c.Write(append([]byte{3}, make([]byte, 2*rtmp.C1Len)...))
			hold(c)
		},
		stage: TLS, state: Failed, rule: "probe-tls", args: map[string]string{"reason": "the port speaks plain RTMP, not TLS"},
	},
	{
		name: "rtmps to plain RTMP that answers at once", scheme: "rtmps", serve: raw("\x03" + strings.Repeat("\x00", 1536)),
		stage: TLS, state: Failed, rule: "probe-tls", args: map[string]string{"reason": "the port speaks plain RTMP, not TLS"},
	},
	{
		name: "rtmps to HTTP", scheme: "rtmps", serve: raw("HTTP/1.1 400 Bad Request\r\n\r\n"),
		stage: TLS, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "HTTP"},
	},
	{
		name: "rtmps to SSH", scheme: "rtmps", serve: raw("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
		stage: TLS, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "SSH"},
	},
	{
		name: "rtmps to silence", scheme: "rtmps", serve: func(_ int, c *net.TCPConn) { hold(c) },
		stage: TLS, state: TimedOut, rule: "probe-not-rtmp", args: map[string]string{"found": "nobody"},
	},
	{
		name: "rtmps, closed", scheme: "rtmps", serve: func(_ int, c *net.TCPConn) { _, _ = c.Read(make([]byte, 2000)) },
		stage: TLS, state: Failed, rule: "probe-tls", args: map[string]string{"reason": "the server closes the connection"},
	},
	{
		name: "rtmps, reset", scheme: "rtmps", serve: func(_ int, c *net.TCPConn) { reset(c) },
		stage: TLS, state: Failed, rule: "probe-tls", args: map[string]string{"reason": "the server resets the connection"},
	},
	{
		name: "rtmps, an alert", scheme: "rtmps", serve: raw("\x15\x03\x01\x00\x02\x02\x46"),
		stage: TLS, state: Failed, rule: "probe-tls", args: map[string]string{"reason": "none of the versions"},
	},
	{
		name: "rtmps, a byte a second", scheme: "rtmps", serve: func(_ int, c *net.TCPConn) {
			trickle(c, append([]byte{0x16, 3, 3, 0x10, 0}, make([]byte, 4096)...), 50*time.Millisecond)
		},
		stage: TLS, state: TimedOut, rule: "probe-tls", args: map[string]string{"reason": "did not end it"},
	},
	{
		name: "rtmps, records without an end", scheme: "rtmps", serve: func(_ int, c *net.TCPConn) {
			// a handshake message of the largest size, and another, and another
			for {
				if _, err := c.Write(append([]byte{0x16, 3, 3, 0x40, 0}, make([]byte, 0x4000)...)); err != nil {
					return
				}
			}
		},
		stage: TLS, state: Failed, rule: "probe-tls",
	},
}
