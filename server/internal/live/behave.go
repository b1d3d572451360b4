package live

import (
	"time"

	"ingestdoctor/wasm/diag"
)

// behaviour treats one connection's push as a platform would. platform.go has
// those of the profiles. Its methods are not called at the same time, but for message.
type behaviour interface {
	// connect and publish are asked when publish came: only the key tells which
	// session, and so which platform, a connection belongs to. What connect says is
	// sent in place of an answer to publish.
	connect(c *Connection) verdict
	publish(c *Connection) verdict
	// message is shown each message of audio, video and data, at a time since publish.
	message(at time.Duration, typ byte, ms uint32, body []byte)
	// media is asked once, with the first audio or video.
	media(c *Connection) verdict
	// tick is asked with every Tick, with the time since publish and the findings
	// so far, whose texts are not written yet.
	tick(t *Tick, elapsed time.Duration, findings []diag.Finding) verdict
}

// verdict is what a platform does; the zero value is that it lets the encoder go on.
type verdict struct {
	command     string // onStatus or _error; empty: nothing is sent
	level       string // error, warning, status
	code        string // verbatim, such as NetStream.Publish.Failed
	description string // verbatim
	close       bool   // the connection is closed
	why         string // for a person: what the platform does not take
	page        string // path of the page of the platform's own code, empty where there is none
}

func (v *verdict) none() bool { return v.command == "" && !v.close && v.why == "" }
