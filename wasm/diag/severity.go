// Package diag holds the types that every part of Ingest Doctor shares: how
// severe a finding is, where it is, the finding itself and the report it
// belongs to. It is a leaf: it imports nothing but the standard library's own
// leaves, so that the browser, the command line, the server and a stored
// report all speak the same form.
package diag

// Severity says how much a finding matters to the platform that takes the stream.
type Severity uint8

// The severities, in rising order.
const (
	Off     Severity = iota // the profile switches the rule off
	Info                    // worth knowing; nothing to do
	Warning                 // the platform may refuse or disturb the stream
	Error                   // the platform refuses the stream, or cannot use it
)

var severityNames = [...]string{"off", "info", "warning", "error"}

// String gives the word used in JSON and on every page: off, info, warning or error.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return "off"
}

// ParseSeverity is the inverse of String; ok is false for any other word.
func ParseSeverity(word string) (s Severity, ok bool) {
	for i, name := range severityNames {
		if name == word {
			return Severity(i), true
		}
	}
	return Off, false
}

// MarshalText writes the severity as its word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word written by MarshalText. An unknown word reads as Off.
func (s *Severity) UnmarshalText(text []byte) error {
	*s, _ = ParseSeverity(string(text))
	return nil
}

// Basis says on whose word a limit, and with it a finding's severity, rests.
type Basis string

// The three bases. A finding never claims that a platform refuses what the
// platform never published.
const (
	Documented Basis = "documented" // the platform, or the format's specification, says so
	Inferred   Basis = "inferred"   // we conclude it from what the platform says elsewhere
	Ours       Basis = "ours"       // our default, where nothing is published
)
