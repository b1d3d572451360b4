package main

import (
	"strconv"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/ingest"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
	"ingestdoctor/wasm/worker"
)

// maxBuffer bounds the buffer. A text beyond what the linter reads is a finding,
// so there is room for one.
const maxBuffer = 1 << 20

// session is what an instance holds: the latest result, of which plain, sign and
// rates speak.
type session struct {
	worker.Session
	last   *ingest.Result
	req    ingest.Options       // what last came from
	offset func(unix int64) int // of local time, in seconds ahead of UTC
}

// lint judges a URL. The buffer holds four texts, one after the other: the URL
// (or, split, the server field), the key field, the profile's id (empty: the one
// that the URL tells), the platform's signing key. now is in Unix seconds. The
// result is the JSON that wasm/ingest/json.go describes, its secrets masked.
func (s *session) lint(text, key, profileID, sign int, split bool, now int64) int {
	var part [4]string
	at := 0
	for i, n := range [...]int{text, key, profileID, sign} {
		if n < 0 || n > len(s.In)-at {
			return worker.BadCall
		}
		part[i] = string(s.In[at : at+n])
		at += n
	}
	o := ingest.Options{Profile: nil, SignKey: part[3], Now: now, Offset: s.offset, Tell: rules.Tell}
	if split {
		o.Server, o.Key, o.Split = part[0], part[1], true
	} else {
		o.Input = part[0]
	}
	if part[2] != "" {
		p, ok := profile.ByID(part[2])
		if !ok {
			return worker.BadCall
		}
		o.Profile = p
	}
	clear(s.In[:at]) // it may hold a key
	s.req = o
	s.last = ingest.Lint(o)
	s.Out = s.last.AppendJSON(s.Out[:0], s.Tool)
	return len(s.Out)
}

// plain writes what the latest result masks (ingest.Result.AppendPlain), for the
// person who typed it.
func (s *session) plain() int {
	if s.last == nil {
		return worker.BadCall
	}
	s.Out = s.last.AppendPlain(s.Out[:0])
	return len(s.Out)
}

// sign writes the latest URL with a fresh signature, good until expiry (Unix
// seconds): {"url": in the clear, "shown": masked}; both "" where it cannot be
// signed.
func (s *session) sign(expiry int64) int {
	if s.last == nil {
		return worker.BadCall
	}
	url, _ := s.last.Signed(s.req.SignKey, expiry)
	return s.made(url)
}

// rates writes the latest URL with the data rates in kbit/s in the same form; ""
// where the platform takes none.
func (s *session) rates(video, audio int) int {
	if s.last == nil {
		return worker.BadCall
	}
	url, _ := s.last.WithRates(video, audio)
	return s.made(url)
}

func (s *session) made(url string) int {
	shown := ""
	if url != "" {
		shown = ingest.Lint(ingest.Options{Input: url, Profile: s.last.Profile, Now: s.req.Now}).Redacted
	}
	b := append(s.Out[:0], `{"url":`...)
	b = diag.AppendJSONString(b, url)
	b = append(b, `,"shown":`...)
	b = diag.AppendJSONString(b, shown)
	s.Out = append(b, '}')
	return len(s.Out)
}

// forget drops all that was typed.
func (s *session) forget() int {
	s.Forget()
	s.last, s.req = nil, ingest.Options{}
	return 0
}

// about writes what a page needs before anything is typed: version, rule set
// and each profile's URL form.
//
//	version, ruleset
//	profiles[]  id, name, platform, short, retired, instead, template, example
//	            (with invented values), note, source, url, signed (the parameter
//	            of the signature, "" for none), rates (takes data rates)
func (s *session) about() int {
	b := append(s.Out[:0], `{"version":`...)
	b = diag.AppendJSONString(b, s.Tool.Version)
	b = append(b, `,"ruleset":`...)
	b = strconv.AppendInt(b, rules.RuleSet, 10)
	b = append(b, `,"profiles":[`...)
	for i, p := range profile.All() {
		if i > 0 {
			b = append(b, ',')
		}
		form := &p.URL
		signed, rates := "", ""
		if form.Signed != nil {
			signed = form.Signed.Auth
		}
		if form.DataRates {
			rates = "yes"
		}
		open := byte('{')
		for _, m := range [...]struct{ name, value string }{
			{"id", p.ID},
			{"name", p.Name},
			{"platform", p.Platform},
			{"short", p.Short},
			{"retired", p.Retired},
			{"instead", p.Instead},
			{"template", form.Template},
			{"example", form.Example},
			{"note", form.Note},
			{"source", form.Title},
			{"url", form.URL},
			{"signed", signed},
			{"rates", rates},
		} {
			b = append(b, open, '"')
			b = append(append(b, m.name...), '"', ':')
			b = diag.AppendJSONString(b, m.value)
			open = ','
		}
		b = append(b, '}')
	}
	s.Out = append(b, "]}"...)
	return len(s.Out)
}
