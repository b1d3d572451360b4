package probe

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/ingest"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// documented are the ports of live ingest that any host is asked on; 443 only
// where a platform documents it. TLS on all but the first two.
var documented = []Endpoint{{1935, "rtmp"}, {1936, "rtmp"}, {2935, "rtmps"}, {2936, "rtmps"}}

const httpsPort = 443

// link is what an encoder would say to the server. All of it may hold secrets.
type link struct {
	app, stream string
	shown       string // the application with its secrets masked
}

// maxTarget bounds a target; the linter takes no more.
const maxTarget = 16 << 10

// Plan reads a request. The error is an *InputError. A target that may not be
// probed is no error: Run says so, always in the same words and after the same
// time.
func (p *Prober) Plan(req Request) (*Plan, error) {
	plan := &Plan{req: req, Publish: req.Publish}
	var given *profile.Profile
	if req.Profile != "" {
		var ok bool
		if given, ok = profile.ByID(req.Profile); !ok {
			return nil, &InputError{"profile", "There is no profile of that name."}
		}
	}
	if len(req.Target) > maxTarget || len(req.Key) > maxTarget {
		return nil, &InputError{"target", "This is longer than 16 kB, so it is no address."}
	}
	target := strings.TrimSpace(req.Target)
	var err error
	switch {
	case target == "":
		return nil, &InputError{"target", "Give an ingest URL, such as rtmp://live.example.com/app, or a host name."}
	case strings.ContainsAny(target, "/?"):
		err = p.planURL(plan, given)
	default:
		err = p.planHost(plan, target, given)
	}
	if err != nil {
		return nil, err
	}
	if req.Publish {
		switch {
		case plan.link.app == "" && plan.link.stream == "":
			return nil, &InputError{"target", "To try publishing, give the whole URL with its application, and the stream key."}
		case plan.link.stream == "" && !plan.Profile.URL.WholePath:
			return nil, &InputError{"key", "To try publishing, give the stream key."}
		}
	}
	plan.refused = plan.refused || !p.mayName(plan)
	for _, e := range plan.Endpoints {
		plan.refused = plan.refused || !p.mayPort(e.Port, plan)
	}
	plan.ID = p.id(plan)
	return plan, nil
}

// id is a keyed hash over all that makes two probes the same.
func (p *Prober) id(plan *Plan) string {
	m := hmac.New(sha256.New, p.key[:])
	fmt.Fprintf(m, "%q %v %q %q %v %v %q", plan.Host, plan.Endpoints, plan.link.app, plan.link.stream,
		plan.req.Publish, plan.req.Enhanced, plan.Profile.ID)
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// planHost reads a host with or without a port.
func (p *Prober) planHost(plan *Plan, target string, given *profile.Profile) error {
	host, port := target, 0
	if at := strings.LastIndexByte(target, ':'); at >= 0 && (strings.Count(target, ":") == 1 || strings.HasPrefix(target, "[") && at > strings.LastIndexByte(target, ']')) {
		n, err := strconv.ParseUint(target[at+1:], 10, 16)
		if err != nil || n == 0 {
			return &InputError{"target", "The port is no number from 1 to 65535."}
		}
		host, port = target[:at], int(n)
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	lint := ingest.Lint(ingest.Options{Input: host, Profile: given, Now: p.cfg.Now().Unix()})
	if part := partOf(lint, "host"); ingest.Redact(host) != host || part != nil && part.Secret && strings.Count(host, "-") > 1 {
		return &InputError{"target", "This looks like a stream key. Give the server's address."}
	}
	plan.Profile, plan.Platform = lint.Profile, lint.Platform
	if err := plan.setHost(host); err != nil {
		return err
	}
	known := given != nil || lint.By != ""
	switch {
	case port != 0:
		plan.Endpoints = []Endpoint{{port, schemeOf(port, plan.Profile)}}
	case known && len(plan.Profile.URL.Schemes) > 0:
		only := schemeOnly(plan.Profile, plan.Host)
		for _, s := range plan.Profile.URL.Schemes {
			if (s.Name == "rtmp" || s.Name == "rtmps") && (only == "" || s.Name == only) {
				for _, n := range s.Ports {
					plan.Endpoints = append(plan.Endpoints, Endpoint{n, s.Name})
				}
			}
		}
	default:
		plan.Endpoints = documented
	}
	plan.Redacted = plan.Host
	if port != 0 {
		plan.Redacted = joinPort(plan.Host, port)
	}
	plan.mask = newSecrets(plan.req.Key)
	plan.keepHost(given, p.cfg.Now().Unix())
	return nil
}

// keepHost takes over what the URL rules say of a bare host.
func (plan *Plan) keepHost(given *profile.Profile, now int64) {
	const before = "rtmp://"
	lint := ingest.Lint(ingest.Options{Input: before + plan.Host + "/live", Profile: given, Now: now})
	report := lint.Report(diag.Tool{})
	rules.Tell(report)
	for _, f := range report.Findings {
		if f.Rule != "url-retired" && f.Rule != "url-host" && f.Rule != "url-ip-host" {
			continue
		}
		if f.Span != nil {
			span := *f.Span
			span.Start, span.End = max(span.Start-len(before), 0), min(max(span.End-len(before), 0), len(plan.Host))
			f.Place = diag.Place{Span: &span}
			f.Last = nil
		}
		plan.Lint = append(plan.Lint, f)
	}
}

// schemeOnly is the one scheme that a platform's host takes, where there is one.
func schemeOnly(prof *profile.Profile, host string) string {
	for _, h := range prof.URL.Hosts {
		if h.Exact == host || h.Exact == "" && h.Suffix != "" && strings.HasSuffix(host, h.Suffix) {
			return h.Scheme
		}
	}
	return ""
}

// schemeOf guesses what a port speaks.
func schemeOf(port int, prof *profile.Profile) string {
	for _, s := range prof.URL.Schemes {
		if slices.Contains(s.Ports, port) && (s.Name == "rtmp" || s.Name == "rtmps") {
			return s.Name
		}
	}
	if port == httpsPort {
		return "rtmps"
	}
	for _, e := range documented {
		if e.Port == port {
			return e.Scheme
		}
	}
	return "rtmp"
}

// planURL reads an ingest URL, with the key apart where it was typed so.
func (p *Prober) planURL(plan *Plan, given *profile.Profile) error {
	req := &plan.req
	now := p.cfg.Now().Unix()
	options := ingest.Options{Input: req.Target, Profile: given, Now: now}
	if req.Key != "" {
		options = ingest.Options{Server: req.Target, Key: req.Key, Split: true, Profile: given, Now: now}
	}
	lint := ingest.Lint(options)
	report := lint.Report(diag.Tool{})
	rules.Tell(report)

	// What the linter cleaned is read again, so that places are those in it.
	clean, _ := ingest.Clean(req.Target)
	if !strings.Contains(clean, "://") {
		clean = "rtmp://" + clean
	}
	read := ingest.Lint(ingest.Options{Input: clean, Profile: given, Now: now})
	host := partOf(read, "host")
	if host == nil || host.Secret || read.Host == "" {
		return &InputError{"target", sentence(report, "This cannot be read as an address.")}
	}
	scheme := "rtmp"
	if part := partOf(read, "scheme"); part != nil {
		scheme = strings.ToLower(part.Value)
	}
	if scheme != "rtmp" && scheme != "rtmps" {
		scheme = lint.Scheme // a slip of the pen is mended
	}
	if scheme != "rtmp" && scheme != "rtmps" {
		return &InputError{"target", "Only rtmp and rtmps can be probed. " + sentence(report, "")}
	}
	port := 1935
	if scheme == "rtmps" {
		port = httpsPort
	}
	if part := partOf(read, "port"); part != nil {
		n, err := strconv.ParseUint(part.Value, 10, 16)
		if err != nil || n == 0 {
			return &InputError{"target", "The port is no number from 1 to 65535."}
		}
		port = int(n)
	}
	plan.Profile, plan.Platform = read.Profile, read.Platform
	name := host.Value
	if zone := partOf(read, "zone"); zone != nil {
		name += "%" + zone.Value
	}
	if err := plan.setHost(name); err != nil {
		return err
	}
	plan.Endpoints = []Endpoint{{port, scheme}}
	plan.Redacted = lint.Redacted
	plan.read(read, clean)
	plan.keep(lint, report)
	return nil
}

// read takes application and stream out of the cleaned URL.
func (plan *Plan) read(lint *ingest.Result, clean string) {
	end := strings.Index(clean, "://") + len("://")
	if n := strings.IndexAny(clean[end:], "/?"); n >= 0 {
		end += n
	} else {
		end = len(clean)
	}
	path := strings.TrimPrefix(clean[end:], "/")
	end = len(clean) - len(path)
	cut := len(clean)
	switch stream := partOf(lint, "stream"); {
	case plan.Profile.URL.WholePath:
		// As FFmpeg has it: up to the first slash, and the rest.
		if n := strings.IndexByte(path, '/'); n >= 0 {
			cut = end + n + 1
		}
	case stream != nil && plan.req.Key == "":
		cut = max(stream.Start, end)
	}
	l := &plan.link
	l.app, l.stream = strings.TrimRight(clean[end:cut], "/"), clean[cut:]
	from, to := lint.InRedacted(end, end+len(l.app), "")
	l.shown = visible(lint.Redacted[from:to])
	if key, _ := ingest.Clean(plan.req.Key); key != "" {
		l.stream = strings.TrimLeft(key, "/")
	}
	hide := []string{l.stream, plan.req.Key}
	for i := range lint.Parts {
		if part := &lint.Parts[i]; part.Secret && len(part.Value) > 1 {
			hide = append(hide, part.Value)
		}
	}
	if _, query, ok := strings.Cut(l.stream, "?"); ok {
		hide = append(hide, query)
		for _, pair := range strings.Split(query, "&") {
			if _, value, ok := strings.Cut(pair, "="); ok && len(value) > 3 {
				hide = append(hide, value)
			}
		}
	}
	plan.mask = newSecrets(hide...)
}

// keep takes over the linter's findings that bear on reaching the server, with
// their places moved into the redacted URL.
func (plan *Plan) keep(lint *ingest.Result, report *diag.Report) {
	for _, f := range report.Findings {
		switch f.Rule {
		case "url-stream-name", "url-key-place", "url-expiry-missing", "url-expired", "url-auth-missing", "url-auth-mismatch":
			if !plan.req.Publish {
				continue // the key is not used
			}
		case "url-cleartext", "url-form", "url-datarate":
			continue // nothing that could be in the way
		}
		if f.Span != nil {
			span := *f.Span
			span.Start, span.End = lint.InRedacted(f.Start, f.End, f.Field)
			f.Place = diag.Place{Span: &span}
			f.Last = nil
		}
		f.Message = plan.mask.mask(f.Message)
		plan.Lint = append(plan.Lint, f)
	}
}

// sentence is the linter's worst finding in words.
func sentence(report *diag.Report, otherwise string) string {
	for i := range report.Findings {
		if f := &report.Findings[i]; f.Severity == diag.Error {
			return f.Message
		}
	}
	return otherwise
}

func partOf(r *ingest.Result, name string) *ingest.Part {
	for i := range r.Parts {
		if r.Parts[i].Name == name && r.Parts[i].Field == "" {
			return &r.Parts[i]
		}
	}
	return nil
}

// setHost takes a host: an address, or a name in the form of the name service.
func (plan *Plan) setHost(host string) error {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if a, err := netip.ParseAddr(host); err == nil {
		plan.Host, plan.addr = a.String(), a
		return nil
	}
	if strings.IndexFunc(host, func(r rune) bool { return r >= 0x80 }) >= 0 {
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return &InputError{"target", "The host name has a character that host names cannot have."}
		}
		// Full-width digits come out as an address.
		host = strings.TrimSuffix(ascii, ".")
		if a, err := netip.ParseAddr(host); err == nil {
			plan.Host, plan.addr = a.String(), a
			return nil
		}
	}
	if len(host) == 0 || len(host) > 253 {
		return &InputError{"target", "The host name is empty, or longer than 253 characters."}
	}
	for _, label := range strings.Split(host, ".") {
		if label == "" || len(label) > 63 {
			return &InputError{"target", "The host name has a part that is empty or longer than 63 characters."}
		}
		for _, c := range []byte(label) {
			if c != '-' && c != '_' && !isDigit(c) && (c < 'a' || c > 'z') {
				return &InputError{"target", "The host name has a character that host names cannot have."}
			}
		}
	}
	plan.Host = host
	return nil
}

// private are the ends of names that never lead to a public server: they are
// not even asked for. (RFC 6761, RFC 6762, RFC 8375, RFC 9476, ICANN's name
// collisions and .internal)
var private = []string{
	"localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan", "home.arpa", "arpa",
	"test", "invalid", "example", "onion", "alt",
}

// mayName judges the host as it is written. Names are judged again by what they
// resolve to.
func (p *Prober) mayName(plan *Plan) bool {
	if plan.addr.IsValid() {
		return p.guard.may(plan.addr)
	}
	if numeric(plan.Host) {
		return false // an address in an odd notation, for those who look no further
	}
	if p.cfg.AllowPrivate {
		return true
	}
	if !strings.Contains(plan.Host, ".") {
		return false
	}
	for _, end := range private {
		if plan.Host == end || strings.HasSuffix(plan.Host, "."+end) {
			return false
		}
	}
	return true
}

// numeric reports whether a name would be taken for an address by a lenient
// reader: its last part is a number. (URL Standard, "ends in a number")
func numeric(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

// mayPort judges a port.
func (p *Prober) mayPort(port int, plan *Plan) bool {
	if p.cfg.AnyPort || port == httpsPort || slices.Contains(p.cfg.Ports, port) {
		return true
	}
	for _, e := range documented {
		if e.Port == port {
			return true
		}
	}
	// Only of a host that is the platform's own: a profile can be chosen freely.
	id, _ := ingest.Recognise(plan.Host)
	if prof, ok := profile.ByID(id); ok {
		for _, s := range prof.URL.Schemes {
			if slices.Contains(s.Ports, port) {
				return true
			}
		}
	}
	return false
}

func joinPort(host string, port int) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}
