package diag

// Finding is one thing that a rule found, with the place, the count of its
// repeats and the measured values. Its text is made from the rule and the
// arguments when it is shown (rules.Message); Message in the JSON is a
// convenience made the same way.
type Finding struct {
	Rule     string   `json:"rule"`     // rule id, for example keyframe-interval
	Severity Severity `json:"severity"` // after the profile's thresholds and conditions
	Basis    Basis    `json:"basis"`    // on whose word the severity rests
	Message  string   `json:"message"`  // one or two sentences, made from rule and arguments
	Place             // where it was seen first
	Last     *Place   `json:"last,omitempty"`  // where it was seen last, when Count > 1
	Count    int64    `json:"count"`           // how often; repeats fold into one finding
	Args     Args     `json:"args"`            // measured values and limits, in the rule's order
	Codes    []string `json:"codes"`           // platform error codes that this may show as, the profile's own platform first
	Links    []Link   `json:"links,omitempty"` // the same codes with platform and page
	DocURL   string   `json:"doc_url"`         // page of the rule
}

// Link names the page of one platform code.
type Link struct {
	Platform string `json:"platform"` // platform id, for example azure-media-services
	Code     string `json:"code"`     // exact code, for example MPE_INGEST_CODEC_NOT_SUPPORTED or 18/300
	Title    string `json:"title,omitempty"`
	URL      string `json:"url"` // path on this portal
}

// Place is one of: a place in media, a span of text, lines of a paste, a rung
// of a probe. At most one is set; in JSON their fields stand side by side with
// the finding's own.
type Place struct {
	*Media
	*Span
	*Lines
	*Rung
}

// Media is a place in a recording or a live push.
type Media struct {
	Offset      int64  `json:"offset"`          // byte offset of the tag (or of the bytes in question) in the file
	Tag         int64  `json:"tag"`             // index of the tag, from 0; -1 where no tag is meant
	TimestampMS int64  `json:"timestamp_ms"`    // the tag's timestamp in milliseconds, wraps followed
	Track       string `json:"track,omitempty"` // video, audio, script; with a track id where the tag holds several: video:1
}

// Span is a half-open range of bytes in a text, such as a part of a URL.
type Span struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Part  string `json:"part,omitempty"`  // what the span is: scheme, host, port, app, stream, ...
	Field string `json:"field,omitempty"` // key where server and key were given apart and the span is in the key; else empty
}

// Lines is a range of lines in a paste, from 1, both ends included.
type Lines struct {
	First int `json:"first_line"`
	Final int `json:"last_line"`
}

// Rung is one stage of a probe at one address and port.
type Rung struct {
	Address string `json:"address"`
	Port    int    `json:"port"`
	Stage   string `json:"stage"` // dns, tcp, tls, handshake, connect, publish
}

// ArgKind tells which field of an Arg holds the value.
type ArgKind uint8

// The kinds of argument.
const (
	Int ArgKind = iota
	Float
	Text
	Bool
)

// Arg is one named value of a finding. The name ends in its unit where it has
// one (_ms, _bytes, _kbps, _fps, _percent), so that JSON explains itself.
type Arg struct {
	Name  string
	Kind  ArgKind
	Int   int64 // Int; 0 or 1 for Bool
	Float float64
	Text  string
}

// I makes a whole-number argument, F a fractional one, S a text, B a truth value.
func I(name string, v int64) Arg   { return Arg{Name: name, Kind: Int, Int: v} }
func F(name string, v float64) Arg { return Arg{Name: name, Kind: Float, Float: v} }
func S(name, v string) Arg         { return Arg{Name: name, Kind: Text, Text: v} }
func B(name string, v bool) Arg {
	a := Arg{Name: name, Kind: Bool}
	if v {
		a.Int = 1
	}
	return a
}

// Args are a finding's arguments in the order that its rule declares. In JSON
// they are one object.
type Args []Arg

// Get returns the argument of that name; ok is false when there is none.
func (a Args) Get(name string) (arg Arg, ok bool) {
	for i := range a {
		if a[i].Name == name {
			return a[i], true
		}
	}
	return Arg{}, false
}
