package ingest

import (
	"strconv"

	"ingestdoctor/wasm/profile"
)

// hostName is the host in lower case, without a closing dot.
func (l *linter) hostName() string {
	h := lowerASCII(l.u.str(l.u.host))
	if len(h) > 1 && h[len(h)-1] == '.' {
		h = h[:len(h)-1]
	}
	return h
}

// hostRule finds the platform's rule that the host follows.
func (l *linter) hostRule() *profile.Host {
	h := l.hostName()
	for i := range l.f.Hosts {
		if follows(h, &l.f.Hosts[i]) {
			return &l.f.Hosts[i]
		}
	}
	return nil
}

func follows(h string, r *profile.Host) bool {
	if r.Exact != "" {
		return h == r.Exact
	}
	if !hasSuffix(h, r.Suffix) {
		return false
	}
	label := h[:len(h)-len(r.Suffix)]
	if label == "" || !hasPrefix(label, r.Prefix) {
		return false
	}
	switch r.Label {
	case profile.Hex32:
		return len(label) == 32 && allHex(label)
	case profile.Alnum:
		return isAlnum(label)
	case profile.Dashed:
		words, n := 1, 0
		for i := 0; i < len(label); i++ {
			switch c := label[i]; {
			case c == '-':
				if n > 0 {
					words++
				}
				n = 0
			case isAlpha(c) || isDigit(c):
				n++
			default:
				return false
			}
		}
		return n > 0 && label[0] != '-' && words >= r.Words
	}
	return true
}

func isAlnum(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isAlpha(s[i]) && !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// hostForms writes the platform's host rules for a person.
func (l *linter) hostForms() string {
	text := ""
	for i := range l.f.Hosts {
		h := &l.f.Hosts[i]
		form := h.Exact
		if form == "" {
			switch h.Label {
			case profile.Hex32:
				form = "<32 hex digits>"
			case profile.Dashed:
				if h.Prefix != "" {
					form = h.Prefix + "<place>"
				} else if h.Words == 3 {
					form = "<event>-<account>-<region>"
				} else if h.Words == 2 {
					form = "<channel>-<account>"
				} else {
					form = "<region>"
				}
			default:
				form = "<name>"
			}
			form += h.Suffix
		}
		if i > 0 {
			text += " or "
		}
		text += form
	}
	if text == "" {
		return "the platform's ingest domain"
	}
	return text
}

func (l *linter) lintHost() {
	u := l.u
	h := l.hostName()
	if h == "" || l.isPlaceholder(u.host) || u.fam() == famHTTP && l.schemeBad || !u.showHost() {
		return
	}
	ip := u.bracket || u.bareV6 || isAddress(h)
	if (ip || oddAddress(h)) && l.f.NoIP {
		if p, ok := u.param("txHost"); ok && l.p.ID == "tencent-css" && !p.value.empty() {
			return
		}
		l.find("url-ip-host", u.host, "host", "found", h, "expected", l.hostForms())
		return
	}
	if ip {
		return
	}
	if l.f.Hosts != nil {
		if rule := l.hostRule(); rule == nil || rule.Words == 3 && len(eventName(h)) > mostEvent {
			args := []string{"found", h}
			if what := l.hostProblem(h); what != "" {
				args = append(args, "problem", what)
			}
			l.find("url-host", u.host, "host", append(args, "expected", l.hostForms())...)
		}
		return
	}
	if id, name, by := u.recognise(); by == "host" && id != "" && id != l.p.ID && !l.f.AnyPort && !(l.p.Retired != "" && hasPrefix(id, "azure")) {
		l.find("url-host", u.host, "host", "found", h, "problem", "it belongs to "+name, "expected", l.hostForms())
		return
	}
	if l.p.ID == "tencent-css" {
		l.tencentHost(h)
	}
}

// mostEvent is the longest name of a live event of Azure's (live event naming,
// ^[a-zA-Z0-9]+(-*[a-zA-Z0-9])*$ and at most 32 characters).
const mostEvent = 32

// eventName is what stands before -<account>-<region> in the first label.
func eventName(h string) string {
	for i := 0; i < len(h); i++ {
		if h[i] == '.' {
			h = h[:i]
		}
	}
	for range 2 {
		if at := lastIndex(h, '-'); at > 0 {
			h = h[:at]
		}
	}
	return h
}

// hostProblem says in words what is wrong with a host that follows no rule.
func (l *linter) hostProblem(h string) string {
	if id, name, by := l.u.recognise(); by == "host" && id != l.p.ID && name != "" && !(hasPrefix(id, "azure") && l.p.Retired != "") {
		return "it belongs to " + name
	}
	switch {
	case hasSuffix(h, ".streaming.media.azure.net"), hasSuffix(h, ".streaming.mediaservices.windows.net"):
		return "this is the playback endpoint"
	case contains(h, ".preview"), contains(h, "-preview"):
		return "this is the preview endpoint"
	case contains(h, "cloudflarestream.com"), hasPrefix(h, "stream.mux.com"), contains(h, "liveplay"):
		return "a playback domain"
	case hasPrefix(h, "www."):
		return "this is the web site"
	}
	for i := range l.f.Hosts {
		r := &l.f.Hosts[i]
		if r.Words == 3 && hasSuffix(h, r.Suffix) && len(eventName(h)) > mostEvent {
			return "the live event's name is longer than 32 characters"
		}
		if r.Label == profile.Hex32 && hasSuffix(h, r.Suffix) {
			label := h[:len(h)-len(r.Suffix)]
			if isAlnum(label) {
				if allHex(label) {
					return strconv.Itoa(len(label)) + " instead of 32 hexadecimal digits"
				}
				return "neither 32 hexadecimal digits nor <event>-<account>-<region>"
			}
		}
	}
	return ""
}
