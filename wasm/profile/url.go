package profile

import "ingestdoctor/wasm/diag"

// URLForm is the form of a platform's ingest URL as plain data; the URL linter
// reads it. A zero form says nothing.
type URLForm struct {
	Template string   // rtmps://<host>:443/live2/<stream key>
	Example  string   // with invented values; never a real key
	Schemes  []Scheme // taken by the platform
	Other    []string // further schemes that it takes and that are not plain RTMP: webrtc, srt, rtmpt
	Hosts    []Host   // naming rule; nil: any host
	NoIP     bool     // an IP address is refused as host
	AnyPort  bool     // one's own server: the ports are only its defaults
	NoPort   []string // schemes whose ports the platform does not document
	App      string   // the application must be this; empty: any
	Token    Token    // access token inside the path
	// StreamNeeded says that a stream name (or key) must follow.
	StreamNeeded bool
	WholePath    bool   // the whole path is the stream; there is no application
	LongApp      bool   // everything before the last slash is the application
	NameChars    string // allowed beside letters and digits in app and stream; empty: not published
	KeyInField   bool   // encoders take the key in a field of its own
	Signed       *Signed
	Secret       []string // query parameters that must never be shown
	DataRates    bool     // takes videodatarate and audiodatarate in kbit/s
	Short        []string // older or shorter forms, accepted with a note
	Basis        diag.Basis
	Source
	Note string
}

// Scheme is one URL scheme and the ports it goes with.
type Scheme struct {
	Name  string // rtmp, rtmps
	Ports []int  // the first is the default
	TLS   bool
}

// Host is one rule for host names; all of its set fields must hold.
type Host struct {
	Exact  string // the whole name
	Suffix string // with its leading dot
	Prefix string // of the label: live-
	Words  int    // least number of words between the label's dashes; 0: any
	Scheme string // the only scheme that the host takes; empty: any
	Label  Label  // what stands before the suffix
	Note   string
}

// Label is a rule for the part of a host name before its suffix.
type Label uint8

// The label rules.
const (
	AnyLabel Label = iota
	Hex32          // 32 hex digits
	Alnum          // letters and digits
	Dashed         // letters, digits and inner dashes: <event>-<account>-<region>
)

// Token is a rule for an access token in the path.
type Token struct {
	Hex32 bool // 32 hex digits
	GUID  bool // or a GUID with dashes
}

// Signed names the query parameters of a signed URL.
type Signed struct {
	Auth       string // txSecret, auth_key
	Expiry     string // txTime; the same as Auth where the time is inside it
	ExpiryForm string // hex-seconds, decimal-seconds, auth-key
}
