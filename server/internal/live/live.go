// Package live is the inspector: encoders push to it, the core analyses what
// comes while it comes, and whoever made the session watches. Media is thrown
// away once it was looked at.
package live

import (
	"encoding/json"
	"errors"
	"time"
)

// The states of a session.
const (
	Waiting    = "waiting"    // nobody has pushed yet
	Publishing = "publishing" // an encoder is connected and publishes
	Between    = "between"    // the encoder went; it may come back
	Ended      = "ended"
)

// Why a session ended.
const (
	EndedFinished = "finished" // the encoder said goodbye or went, and did not come back in time
	EndedStopped  = "stopped"  // by whoever watches
	EndedExpired  = "expired"  // the key's time was up
	EndedLimit    = "limit"    // a limit was reached; Snapshot.EndText says which
	EndedShutdown = "shutdown" // the server stops
)

// The errors of Create; each has a text for a person.
var (
	ErrFull    = errors.New("too many test streams run on this server; try again in a few minutes")
	ErrClient  = errors.New("you have too many test streams open; stop one first")
	ErrProfile = errors.New("there is no such profile")
	ErrRefusal = errors.New("this platform does not refuse with that code")
	ErrClosed  = errors.New("the server is stopping")
)

// Request is what a new session is to be.
type Request struct {
	Profile string `json:"profile"` // id; empty means generic
	Behave  bool   `json:"behave"`  // refuse and close as the platform would
	Refuse  string `json:"refuse"`  // with Behave: the code of Refusals to answer with at once; empty: what the stream brings about
}

// Created is a new session. ID lets whoever holds it watch, Key lets an encoder
// push; neither can be guessed from the other (128 bits each, hex).
type Created struct {
	ID      string    `json:"id"`
	App     string    `json:"app"` // application name of the push URL
	Key     string    `json:"key"` // stream key
	Expires time.Time `json:"expires"`
}

// Snapshot is a session as it stands.
type Snapshot struct {
	State       string          `json:"state"`
	End         string          `json:"end,omitempty"`      // why it ended
	EndText     string          `json:"end_text,omitempty"` // the same for a person
	Profile     string          `json:"profile"`
	Behave      bool            `json:"behave"`
	Refuse      string          `json:"refuse,omitempty"`
	Created     time.Time       `json:"created"`
	Expires     time.Time       `json:"expires"`
	Connections []Connection    `json:"connections"`
	Entries     []Entry         `json:"entries"`          // the last 500
	Dropped     int             `json:"dropped_entries"`  // entries before them
	Ticks       []Tick          `json:"ticks"`            // so far, thinned to at most 600, for the plots
	Report      json.RawMessage `json:"report,omitempty"` // diag.Report with its texts, of all pushes of the session, each going on where the one before ended; state reading until the session has ended; from the first publish on
}

// Connection is one encoder's connection, and what it said of itself. Secrets
// are masked.
type Connection struct {
	N         int      `json:"n"` // 1, 2, ...
	Address   string   `json:"address"`
	Port      int      `json:"port"`          // of ours
	TLS       string   `json:"tls,omitempty"` // version, such as TLS 1.3; empty: plain
	Handshake string   `json:"handshake"`     // simple or digest
	Began     int64    `json:"began_ms"`      // since the session was made
	Ended     int64    `json:"ended_ms"`      // -1: it is open
	Why       string   `json:"why,omitempty"` // how it ended, for a person
	Client    string   `json:"client"`        // what it is, where flashVer and metadata tell: OBS 30.2, FFmpeg, ...
	FlashVer  string   `json:"flash_ver"`
	App       string   `json:"app"`
	TcURL     string   `json:"tc_url"`
	Fields    []Field  `json:"fields"`             // all fields of connect, in order
	Enhanced  []Field  `json:"enhanced,omitempty"` // Enhanced RTMP: fourCcList, capsEx, video codecs, ... in words
	Metadata  []Field  `json:"metadata,omitempty"` // the last onMetaData
	Changed   []string `json:"changed,omitempty"`  // against the connection before: "video bitrate 2,500 -> 1,200 kb/s"
	FirstKey  int64    `json:"first_key_ms"`       // from publish to the first whole key frame; -1: none yet
	FirstData int64    `json:"first_media_ms"`     // from publish to the first media; -1: none yet
}

// Field is one named value, as a person reads it.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Entry is one line of what was said.
type Entry struct {
	At    int64  `json:"at_ms"` // since the session was made
	Conn  int    `json:"conn"`
	Dir   string `json:"dir"`             // in, out, or note
	Name  string `json:"name"`            // connect, _result, createStream, publish, onStatus, @setDataFrame, Acknowledgement, ...
	Text  string `json:"text,omitempty"`  // arguments, secrets masked
	Level string `json:"level,omitempty"` // warning or error where it is one
}

// Tick is how the push stands now; five or more a second while one runs.
type Tick struct {
	At        int64   `json:"at_ms"` // since the session was made
	Conn      int     `json:"conn"`
	Bytes     int64   `json:"bytes"`        // of all connections' messages
	Media     int64   `json:"media_ms"`     // media time that arrived on this connection
	Lag       int64   `json:"lag_ms"`       // arrival behind media time since the first media; negative: ahead (burst)
	Jitter    float64 `json:"jitter_ms"`    // of arrival against media time, smoothed as RFC 3550 6.4.1 does
	Idle      int64   `json:"idle_ms"`      // since anything of media arrived
	Video     int64   `json:"video_bps"`    // over the last second
	Audio     int64   `json:"audio_bps"`    // over the last second
	FPS       float64 `json:"fps"`          // over the last second
	Unacked   int64   `json:"unacked"`      // bytes received since our last Acknowledgement
	Window    int64   `json:"window"`       // acknowledgement window in force
	Queue     int64   `json:"queue"`        // bytes that wait in the kernel's receive queue; -1: not known
	RTT       float64 `json:"rtt_ms"`       // as the kernel sees it; -1: not known
	Errors    int     `json:"errors"`       // of the report so far
	Warnings  int     `json:"warnings"`     // of the report so far
	Keyframe  int64   `json:"key_ms"`       // media time since the last key frame
	FrameRate float64 `json:"declared_fps"` // 0: not declared
}

// Event is one thing that happened, for the watchers: Name is state (Data is a
// Snapshot: first of all, and when the state changes), connection (a Connection,
// when something of it changes), entry (an Entry), tick (a Tick), report (a
// diag.Report so far, about once a second where it changed) or end (a Snapshot,
// the last of all). Data is JSON.
type Event struct {
	N    int64 // rises by one a session's event; a watcher that fell behind sees a gap and a fresh state
	Name string
	Data []byte
}
