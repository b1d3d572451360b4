// Package rules documents every rule: what it finds, why it matters, how to
// mend it and who says so. One struct feeds the rule's page, the command line,
// the JSON and the text of every finding. A check may only emit rules that are
// declared here.
package rules

import "ingestdoctor/wasm/diag"

// Family groups the rules as RULES.md does; one file a family.
type Family string

// The families, in the order of the pages.
const (
	Container     Family = "FLV container"
	Metadata      Family = "Metadata"
	Codecs        Family = "Codecs and their configuration"
	Limits        Family = "Limits of the platform"
	Time          Family = "Time"
	KeyFrames     Family = "Key frames"
	IngestURLs    Family = "Ingest URLs"
	Reachability  Family = "Reachability probes"
	LogsAndEvents Family = "Logs and events"
	LogSettings   Family = "Settings in a log"
	LiveArrival   Family = "Arrival of a live push"
)

// Rule is one thing that Ingest Doctor can find.
type Rule struct {
	ID       string // stable for ever: links, reports and scripts use it
	Family   Family
	Title    string        // a short noun phrase: "Key frame interval too long"
	Severity diag.Severity // default; a profile may raise, lower, grade or switch off
	Basis    diag.Basis    // on whose word the default severity rests
	Why      string        // one paragraph: what it means for the stream
	Fix      string        // what to do now, in one or two sentences
	// Message is the finding's text: {name} stands for an argument, written with
	// its unit; a part in [square brackets] is left out when one of its arguments
	// is missing, an empty text or false; {name?} only asks and writes nothing;
	// {name|frame|frames} writes the word that goes with the number.
	Message string
	// Headline completes "Azure would refuse this: ..." for the customer; same form as Message.
	Headline string
	Args     []Arg    // every argument that a finding may carry, in order
	Sources  []Source // who says so
	Example  string   // what raises it, in a sentence or as text
	Codes    []Code   // the platform codes that this may show as
	Since    string   // first version with it
}

// Arg documents one argument of a finding.
type Arg struct {
	Name string // ends in its unit: interval_ms
	Unit Unit
	Doc  string
}

// Unit says how a value is written for a person.
type Unit string

// The units.
const (
	Count   Unit = ""        // 1,234
	Word    Unit = "text"    // as it is
	Millis  Unit = "ms"      // a duration: 20.0 s, 300 ms
	At      Unit = "at"      // a moment in the recording: 0:14.2
	Bytes   Unit = "bytes"   // 1,234 bytes, 64.0 kB, 1.50 MB
	AtByte  Unit = "offset"  // a place in the file: byte 1,234
	Kbps    Unit = "kbps"    // 2,500 kb/s, 12.5 Mb/s
	PerSec  Unit = "fps"     // 29.97 fps
	Hertz   Unit = "hz"      // 44.1 kHz
	Percent Unit = "percent" // 4.2 %
	Pixels  Unit = "px"      // 1920
	YesNo   Unit = "bool"    // yes or no
)

// Source is a specification clause or a vendor's page.
type Source struct {
	Title string // "Adobe Flash Video File Format Specification 10.1, E.4.1"
	URL   string // empty where there is none to link
	Date  string // ISO 8601, of the page
}

// Code names an entry of the knowledge base.
type Code struct {
	Platform string // azure-media-services, tencent-css, ...
	Code     string // exact: MPE_INGEST_CODEC_NOT_SUPPORTED, 18/300
	Title    string // the literal message where the code is only a number
}
