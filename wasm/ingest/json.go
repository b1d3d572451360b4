package ingest

import (
	"strconv"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// The JSON of a linted URL is a report (diag.Format) of the kind "url" without
// media, with these members besides. Secrets are masked in all of them unless
// Options.ShowSecrets is set; findings never hold any.
//
//	input_redacted  the input with its secrets masked
//	key_redacted    the same of the key field, where server and key were given apart
//	mended          the corrected URL; "" where there is none to offer
//	changed         mended differs from the input
//	platform        name of the platform that the host belongs to, where one is known
//	profile_by      given, host, query or key: what the profile was told from; "" for none
//	parts[]         name, start, end (bytes of the input), value, secret; where they
//	                apply field ("key"), param (the parameter's name) and note
//	expiry          param, unix, utc, local, left_s; only for a signed URL
//	signature       verified, mismatch or unchecked; only for a signed URL
//	key_unused      true where a signing key was given and nothing is signed
//	target          scheme, host, port, tls: what a probe needs; only with a host
//	settings[]      id, name, note and fields[] (label, value, secret): what to type
//	                into encoders

// Report is the result in the form of every report, without its own members.
func (r *Result) Report(tool diag.Tool) *diag.Report {
	p := r.Profile
	n := int64(len(r.source[0]) + len(r.source[1]))
	rep := &diag.Report{
		Format: diag.Format, Kind: "url", Tool: tool,
		Profile:  diag.Profile{ID: p.ID, Name: p.Name, Platform: p.Platform, Short: p.Short, Summary: p.Summary, Retired: p.Retired},
		Input:    diag.Input{Bytes: n, Read: n, State: diag.StateComplete},
		Verdict:  r.Verdict,
		Findings: r.Findings,
	}
	for _, rule := range rules.Metas() {
		if rule.Family != rules.IngestURLs {
			continue
		}
		c := diag.Check{Rule: rule.ID, State: diag.CheckPassed}
		sev, _ := p.Severity(rule.ID)
		switch {
		case r.raised(rule.ID):
			c.State = diag.CheckRaised
		case sev == diag.Off:
			c.State = diag.CheckOff
		default:
			if why := r.notApplicable(rule.ID); why != "" {
				c.State, c.Why = diag.CheckNA, why
			}
		}
		rep.Checks = append(rep.Checks, c)
	}
	return rep
}

func (r *Result) raised(rule string) bool {
	for i := range r.Findings {
		if r.Findings[i].Rule == rule {
			return true
		}
	}
	return false
}

// notApplicable says why a rule could not be judged.
func (r *Result) notApplicable(rule string) string {
	f := r.form
	if r.raised("url-syntax") && r.Host == "" && rule != "url-characters" && rule != "url-placeholder" {
		return "the text could not be read as a URL"
	}
	switch rule {
	case "url-host":
		if f.Hosts == nil && r.Profile.ID != "tencent-css" {
			return "the platform has no rule for host names"
		}
	case "url-ip-host":
		if !f.NoIP {
			return "an IP address is taken here"
		}
	case "url-app":
		if f.WholePath {
			return "there is no application: the whole path is the stream"
		}
	case "url-stream-name":
		if !f.StreamNeeded && !f.WholePath && f.NameChars == "" {
			return "the stream name may be left out"
		}
	case "url-token":
		if !f.Token.Hex32 {
			return "the platform's URL has no access token"
		}
	case "url-expiry-missing", "url-auth-missing":
		if f.Signed == nil {
			return "the platform does not sign its URLs, or in no form that we know"
		}
		if rule == "url-expiry-missing" && f.Signed.Auth == f.Signed.Expiry {
			return "the expiry time is part of " + f.Signed.Auth
		}
	case "url-expired", "url-expiry-soon":
		if r.Expiry == nil {
			return "the URL has no expiry time"
		}
	case "url-auth-mismatch":
		if f.Signed == nil {
			return "the platform does not sign its URLs, or in no form that we know"
		}
		if r.Signature != "verified" {
			return "without the signing key nobody but the platform can tell"
		}
	case "url-datarate":
		if !f.DataRates {
			return "the platform takes no data rates in the URL"
		}
	case "url-cleartext":
		plain, secure := false, false
		for i := range f.Schemes {
			plain, secure = plain || !f.Schemes[i].TLS, secure || f.Schemes[i].TLS
		}
		if !secure {
			return "the platform offers no rtmps"
		}
		if !plain {
			return "the platform takes nothing but rtmps"
		}
	case "url-key-place":
		if !r.apart {
			return "server and key were not given apart"
		}
	case "url-form":
		if f.Short == nil && r.Profile.ID != "srs" {
			return "the platform has one form of URL"
		}
	case "url-retired":
		if r.Profile.Retired == "" {
			return "the platform is running"
		}
	}
	return ""
}

// AppendJSON appends the result as one line of JSON.
func (r *Result) AppendJSON(b []byte, tool diag.Tool) []byte {
	b = r.Report(tool).AppendJSON(b)
	b = b[:len(b)-1] // the closing brace
	w := jsonWriter{b, r.opts.ShowSecrets}
	in, key, mended := r.Redacted, r.RedactedKey, r.MendedShown
	if w.open {
		in, key, mended = r.source[0], r.source[1], r.Mended
	}
	w.text("input_redacted", in)
	if r.opts.Split {
		w.text("key_redacted", key)
	}
	w.text("mended", mended)
	w.truth("changed", r.Changed)
	if r.Platform != "" {
		w.text("platform", r.Platform)
	}
	w.text("profile_by", r.By)
	w.key("parts")
	w.b = append(w.b, '[')
	for i := range r.Parts {
		p := &r.Parts[i]
		w.start('{')
		w.text("name", p.Name)
		w.whole("start", int64(p.Start))
		w.whole("end", int64(p.End))
		if p.Field != "" {
			w.text("field", p.Field)
		}
		if p.Param != "" {
			w.text("param", p.Param)
		}
		w.text("value", w.secret(p.Value, p.Shown))
		w.truth("secret", p.Secret)
		if p.Note != "" {
			w.text("note", p.Note)
		}
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, ']')
	if e := r.Expiry; e != nil {
		w.key("expiry")
		w.b = append(w.b, '{')
		w.text("param", e.Param)
		w.whole("unix", e.Unix)
		w.text("utc", e.UTC)
		if e.Local != "" {
			w.text("local", e.Local)
		}
		w.whole("left_s", e.Left)
		w.b = append(w.b, '}')
	}
	if r.Signature != "" {
		w.text("signature", r.Signature)
	}
	if r.KeyUnused {
		w.truth("key_unused", true)
	}
	if r.Host != "" {
		w.key("target")
		w.b = append(w.b, '{')
		w.text("scheme", r.Scheme)
		w.text("host", r.Host)
		w.whole("port", int64(r.Port))
		w.truth("tls", r.TLS)
		w.b = append(w.b, '}')
	}
	w.key("settings")
	w.b = append(w.b, '[')
	for _, s := range r.Settings() {
		w.start('{')
		w.text("id", s.ID)
		w.text("name", s.Name)
		if s.Note != "" {
			w.text("note", s.Note)
		}
		w.key("fields")
		w.b = append(w.b, '[')
		for _, f := range s.Fields {
			w.start('{')
			w.text("label", f.Label)
			w.text("value", w.secret(f.Value, f.Shown))
			w.truth("secret", f.Secret)
			w.b = append(w.b, '}')
		}
		w.b = append(w.b, "]}"...)
	}
	w.b = append(w.b, "]}"...)
	return w.b
}

// jsonWriter appends members; a comma is due unless a bracket was just opened.
type jsonWriter struct {
	b    []byte
	open bool // secrets are shown
}

func (w *jsonWriter) secret(value, shown string) string {
	if w.open {
		return value
	}
	return shown
}

func (w *jsonWriter) comma() {
	if c := w.b[len(w.b)-1]; c != '{' && c != '[' {
		w.b = append(w.b, ',')
	}
}

func (w *jsonWriter) start(c byte) { w.comma(); w.b = append(w.b, c) }

func (w *jsonWriter) key(name string) {
	w.comma()
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

func (w *jsonWriter) text(name, v string) { w.key(name); w.b = diag.AppendJSONString(w.b, v) }

func (w *jsonWriter) whole(name string, v int64) {
	w.key(name)
	w.b = strconv.AppendInt(w.b, v, 10)
}

func (w *jsonWriter) truth(name string, v bool) {
	w.key(name)
	w.b = strconv.AppendBool(w.b, v)
}

// AppendPlain appends what AppendJSON masks, for the page that the person typed
// into: a secret is shown there on request, and copied whole. The lists are in
// the order of AppendJSON's.
//
//	mended    the corrected URL
//	parts     the parts' values
//	settings  a list of the fields' values for each of the settings
func (r *Result) AppendPlain(b []byte) []byte {
	w := jsonWriter{append(b, '{'), true}
	w.text("mended", r.Mended)
	w.key("parts")
	w.b = append(w.b, '[')
	for i := range r.Parts {
		w.comma()
		w.b = diag.AppendJSONString(w.b, r.Parts[i].Value)
	}
	w.b = append(w.b, ']')
	w.key("settings")
	w.b = append(w.b, '[')
	for _, s := range r.Settings() {
		w.start('[')
		for _, f := range s.Fields {
			w.comma()
			w.b = diag.AppendJSONString(w.b, f.Value)
		}
		w.b = append(w.b, ']')
	}
	w.b = append(w.b, "]}"...)
	return w.b
}
