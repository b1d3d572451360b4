// Package ingest reads ingest URLs: it takes apart what a person has (one URL,
// server and key as encoders ask for them, a line out of a mail or a command),
// cleans it, says what is wrong at the very characters, mends what is plain,
// and keeps every secret out of what is shown. It never opens a connection and
// keeps nothing.
package ingest

import (
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

// maxInput is the longest text that is read as a URL, in bytes.
const maxInput = 16 << 10

// Options say what is linted and against what.
type Options struct {
	// Input is the URL, or what was pasted as one.
	Input string
	// Server and Key are an encoder's two fields; with Split they take the place
	// of Input.
	Server, Key string
	Split       bool

	Profile *profile.Profile // nil: the one that host or query tell
	SignKey string           // the platform's signing key; never shown, kept or sent
	Now     int64            // Unix seconds, to judge expiry
	// Offset gives the seconds that local time is ahead of UTC at a moment; nil
	// leaves local time out.
	Offset func(unix int64) int

	ShowSecrets bool // for JSON
	// Tell writes the findings' texts and the verdict: rules.Tell wherever the
	// result is shown as it comes. The browser's validator leaves it nil, and the
	// page tells the report, so that the texts are not loaded twice.
	Tell func(*diag.Report)
}

// Result is what came of it. Its own fields hold secrets; what is made for
// showing says so.
type Result struct {
	Profile *profile.Profile
	// By is what the profile was told from: given, host, query, key; empty where
	// nothing tells the platform and the generic profile is used.
	By string
	// Platform is the name of the platform that the host belongs to, where one
	// is known: also for platforms without a profile.
	Platform string

	Redacted    string // the input with its secrets masked
	RedactedKey string // the same of the key field
	Mended      string // the corrected URL; empty where there is none to offer. Holds secrets.
	MendedShown string // the same with its secrets masked
	Changed     bool   // Mended differs from the input

	Parts    []Part
	Findings []diag.Finding // by severity, then position
	Verdict  diag.Verdict

	Expiry    *Expiry // of a signed URL
	Signature string  // verified, mismatch, unchecked; empty where there is none
	KeyUnused bool    // a signing key was given and there is nothing to verify with it

	// What a probe of the host needs, and nothing more.
	Scheme string
	Host   string // without brackets; empty where the input has none
	Port   int    // the scheme's default where none is given; 0 where none is known
	TLS    bool

	opts   Options
	source [2]string
	show   [2][]bool // which bytes of the source may be shown
	mended *parsed
	apart  bool // server and key were apart
	form   *profile.URLForm
}

// Part is one part of the URL.
type Part struct {
	// Name is scheme, user, password, host, zone, port, app, token, instance,
	// stream, query or fragment.
	Name   string
	Param  string // name of the query's parameter, masked where it may be a secret
	Start  int    // bytes of the input, half-open
	End    int
	Field  string // key where it stands in the key field
	Value  string // as it stands, cleaned; holds secrets
	Shown  string // the same with secrets masked
	Secret bool
	Note   string // for a person: the punycode in letters, a time in words
}

// Expiry is until when a signed URL is good.
type Expiry struct {
	Param string
	Unix  int64  // seconds
	UTC   string // 2016-12-31 16:00:00 UTC
	Local string // 2017-01-01 00:00:00 UTC+8; empty without Options.Offset and where it is UTC
	Left  int64  // seconds still to run, negative when it has passed
}

// Lint judges one URL. It never fails: what cannot be read is a finding.
func Lint(o Options) *Result {
	l := newLinter(o)
	l.run()
	return l.r
}

// Clean gives a URL without what does not belong in it, and whether that is
// something else than the input. What it returns is not changed by it again.
func Clean(input string) (url string, changed bool) {
	if len(input) > maxInput {
		return input, false
	}
	var c cleaner
	c.in[0] = input
	out := c.cleanURL(newText(input, 0))
	if !out.stable {
		return "", true
	}
	s := string(out.url.s)
	return s, s != input
}
