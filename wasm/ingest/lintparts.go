package ingest

import (
	"strconv"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

// scheme finds the platform's entry for the URL's scheme.
func (l *linter) scheme() *profile.Scheme {
	name := lowerASCII(l.u.str(l.u.scheme))
	if name == "" {
		name = l.preferred()
	}
	for i := range l.f.Schemes {
		if l.f.Schemes[i].Name == name {
			return &l.f.Schemes[i]
		}
	}
	return nil
}

// tls finds the platform's scheme with TLS.
func (l *linter) tls() *profile.Scheme {
	for i := range l.f.Schemes {
		if l.f.Schemes[i].TLS {
			return &l.f.Schemes[i]
		}
	}
	return nil
}

func has(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func (l *linter) schemeNames() string {
	text := ""
	for i, s := range l.f.Schemes {
		if i > 0 {
			text += ", "
		}
		text += s.Name
	}
	return text
}

func ports(list []int) string {
	text := ""
	for i, p := range list {
		if i > 0 {
			text += ", "
		}
		text += strconv.Itoa(p)
	}
	return text
}

func (l *linter) lintScheme() {
	u := l.u
	if u.scheme.empty() {
		return
	}
	name := lowerASCII(u.str(u.scheme))
	if kind := l.playback(); kind != "" {
		l.schemeBad, l.viewers = true, true
		l.find("url-scheme", u.scheme, "scheme", "found", name, "kind", kind, "expected", l.schemeNames())
		return
	}
	if l.scheme() != nil {
		l.hostScheme(name)
		return
	}
	info := schemeByName(name)
	if has(l.f.Other, name) {
		if info != nil && info.family != famRTMP {
			l.schemeBad = true
			f := l.find("url-scheme", u.scheme, "scheme", "found", name, "kind", schemeKind(name), "expected", l.schemeNames())
			lowered(f, diag.Info, diag.Documented)
		}
		return
	}
	l.schemeBad = true
	found := name
	if info == nil && looksLikeKey(name) {
		found = Mask
	}
	args := []string{"found", found}
	if k := schemeKind(name); k != "" {
		args = append(args, "kind", k)
	} else if info == nil {
		if near := nearScheme(name); near != "" {
			args = append(args, "kind", "probably a slip for "+near)
			l.m.scheme(near)
		}
	}
	args = append(args, "expected", l.schemeNames())
	f := l.find("url-scheme", u.scheme, "scheme", args...)
	if name == "rtmps" && l.f.AnyPort {
		// One's own server may have a TLS proxy in front of it.
		lowered(f, diag.Info, l.f.Basis)
		l.schemeBad = false
		return
	}
	if info == nil || info.family != famRTMP {
		return
	}
	// Facebook and Cloudflare take rtmps alone: the same host with TLS.
	if s := l.tls(); s != nil && len(l.f.Schemes) == 1 {
		l.m.scheme(s.Name)
		if u.hasPort && !hasPort(s, u.str(u.port)) {
			l.m.port(strconv.Itoa(s.Ports[0]))
		}
	} else if len(l.f.Schemes) > 0 {
		s := &l.f.Schemes[0]
		l.m.scheme(s.Name)
		if u.hasPort && !hasPort(s, u.str(u.port)) {
			l.m.port(strconv.Itoa(s.Ports[0]))
		}
	}
}

func hasPort(s *profile.Scheme, port string) bool {
	for _, p := range s.Ports {
		if strconv.Itoa(p) == port {
			return true
		}
	}
	return false
}

// hostScheme reports a host that takes another scheme than the URL's: YouTube
// has hosts of their own for rtmp and rtmps.
func (l *linter) hostScheme(name string) {
	h := l.hostRule()
	if h == nil || h.Scheme == "" || h.Scheme == name {
		return
	}
	if name == "rtmps" {
		other := ""
		host := l.hostName()
		for i := range l.f.Hosts {
			if o := &l.f.Hosts[i]; o.Scheme == name && o.Exact != "" && o.Exact[0] == host[0] {
				other = o.Exact
			}
		}
		l.find("url-host", l.u.host, "host", "found", host, "problem", "this host takes "+h.Scheme+" only", "expected", other)
		l.m.host(other)
		return
	}
	l.m.scheme(h.Scheme)
	if s := l.tls(); s != nil && l.u.hasPort && hasPort(s, l.u.str(l.u.port)) {
		return // url-port-scheme says it
	}
	l.schemeBad = true
	if s := l.tls(); s != nil && l.u.hasPort {
		l.m.port(strconv.Itoa(s.Ports[0]))
	}
	l.find("url-scheme", l.u.scheme, "scheme", "found", name, "kind", "which this host does not take", "expected", h.Scheme)
}

// playback names a URL that viewers use, or that belongs to another protocol;
// empty for one that may be an ingest URL.
func (l *linter) playback() string {
	u := l.u
	path := lowerASCII(u.str(u.path))
	switch u.fam() {
	case famRTMP:
		if hasSuffix(path, ".m3u8") || hasSuffix(path, ".mpd") {
			return "with the path of a playback URL (" + path[lastIndex(path, '.'):] + ")"
		}
	case famHTTP:
		switch {
		case contains(path, ".m3u8") && !contains(path, "upload"):
			return "a playback URL (HLS)"
		case contains(path, ".isml") || contains(path, "/streams("):
			return "a Smooth Streaming ingest URL, which is not RTMP"
		case contains(path, "http_upload_hls"):
			return "an HLS ingest URL, which is not RTMP"
		case hasSuffix(path, ".mpd"):
			return "a playback URL (DASH)"
		case hasSuffix(path, ".flv"):
			return "a playback URL (HTTP-FLV)"
		case contains(path, "/whip"):
			return "a WebRTC ingest URL (WHIP), which is not RTMP"
		case hasSuffix(path, ".mp4") || hasSuffix(path, ".ts") || contains(path, "/manifest"):
			return "a playback URL"
		default:
			return "a web address or a playback URL"
		}
	}
	return ""
}

func schemeKind(name string) string {
	switch name {
	case "srt":
		return "an SRT address, which is not RTMP"
	case "webrtc", "webrtcs", "artc":
		return "a WebRTC address, which is not RTMP"
	case "whip", "whips":
		return "a WebRTC ingest address (WHIP), which is not RTMP"
	case "rtmpt", "rtmpts":
		return "RTMP tunnelled through HTTP"
	case "rtmpe", "rtmpte":
		return "RTMP with Adobe's own encryption, which few servers still know"
	case "rtmfp":
		return "Adobe's peer-to-peer protocol"
	case "rtsp", "rtsps":
		return "an RTSP address, as cameras have it"
	case "rist", "udp", "rtp", "tcp":
		return "another transport, which is not RTMP"
	case "ws", "wss":
		return "a WebSocket address"
	case "ftp", "file":
		return "the address of a file"
	case "mms", "hls":
		return "a playback address"
	}
	return ""
}

// nearScheme gives rtmp or rtmps for a slip of one letter.
func nearScheme(name string) string {
	for _, s := range [...]string{"rtmp", "rtmps"} {
		if near(name, s) {
			return s
		}
	}
	return ""
}

// near reports whether b becomes a by one letter more, less or other, or two
// neighbours changing places.
func near(a, b string) bool {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	ra, rb := a[i:], b[i:]
	switch len(ra) - len(rb) {
	case 0:
		if len(ra) == 0 {
			return true
		}
		return ra[1:] == rb[1:] || len(ra) >= 2 && ra[0] == rb[1] && ra[1] == rb[0] && ra[2:] == rb[2:]
	case 1:
		return ra[1:] == rb
	case -1:
		return ra == rb[1:]
	}
	return false
}

func (l *linter) lintPort() {
	u := l.u
	port := u.str(u.port)
	if u.hasPort && (port == "" || !allDigits(port) || l.isPlaceholder(u.port)) {
		return
	}
	if u.hasPort {
		if v, err := strconv.Atoi(port); err != nil || v < 1 || v > 65535 {
			l.portBad = true
			l.find("url-port", u.port, "port", "found", clip(port, 12), "expected", "1 to 65535")
			if s := l.scheme(); s != nil {
				l.m.port(strconv.Itoa(s.Ports[0]))
			}
			return
		}
	}
	if !isKnownFamily(u) || u.host.empty() {
		return
	}
	name := lowerASCII(u.str(u.scheme))
	if name == "" {
		name = l.preferred()
	}
	if l.pairing(name, port) || l.schemeBad {
		return
	}
	s := l.scheme()
	if s == nil || l.f.AnyPort {
		return
	}
	shown := port
	if !u.hasPort {
		info := schemeByName(name)
		if hasPort(s, strconv.Itoa(info.port)) {
			return
		}
		shown = strconv.Itoa(info.port) + " (the default of " + name + ", because none is given)"
	} else if hasPort(s, port) {
		return
	}
	l.portBad = true
	g := u.port
	if !u.hasPort {
		g = u.host
	}
	f := l.find("url-port", g, "port", "found", shown, "scheme", name, "expected", ports(s.Ports))
	if has(l.f.NoPort, name) {
		lowered(f, diag.Error, diag.Inferred)
	}
	l.m.port(strconv.Itoa(s.Ports[0]))
}

func isKnownFamily(u *parsed) bool {
	f := u.fam()
	return f == famRTMP || f == famUnknown && u.scheme.empty()
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n] + "..."
	}
	return s
}

// pairing reports an explicit port that speaks the other of rtmp and rtmps.
func (l *linter) pairing(name, port string) bool {
	u := l.u
	if !u.hasPort {
		return false
	}
	info := schemeByName(name)
	if info == nil || info.family != famRTMP {
		return false
	}
	own := l.scheme()
	if own != nil && hasPort(own, port) {
		return false
	}
	for i := range l.f.Schemes {
		s := &l.f.Schemes[i]
		if s.Name == name || !hasPort(s, port) || s.TLS == (name == "rtmps" || name == "rtmpts") {
			continue
		}
		l.portBad = true
		speaks := "plain RTMP"
		if s.TLS {
			speaks = "TLS"
		}
		args := []string{"scheme", name, "found", port, "speaks", speaks}
		if own != nil {
			args = append(args, "expected", ports(own.Ports))
		}
		f := l.find("url-port-scheme", u.port, "port", args...)
		if l.f.AnyPort {
			f.Basis = diag.Inferred
		}
		switch {
		case s.TLS: // rtmp on the TLS port: keep the port, encrypt
			l.m.scheme(s.Name)
		case own != nil: // rtmps on the plain port: Azure's primary and secondary stay what they are
			to := own.Ports[0]
			for k, p := range s.Ports {
				if strconv.Itoa(p) == port && k < len(own.Ports) {
					to = own.Ports[k]
				}
			}
			l.m.port(strconv.Itoa(to))
		}
		return true
	}
	if own == nil && name == "rtmps" && (port == "1935") && l.f.AnyPort {
		f := l.find("url-port-scheme", u.port, "port", "scheme", name, "found", port, "speaks", "plain RTMP")
		f.Basis = diag.Inferred
		l.m.port("")
		return true
	}
	return false
}

func (l *linter) lintCleartext() {
	u := l.u
	name := lowerASCII(u.str(u.scheme))
	if name != "rtmp" && name != "rtmpt" || l.schemeBad || l.portBad || l.l.stream.empty() && l.l.token.empty() && len(u.params) == 0 {
		return
	}
	s := l.tls()
	if s == nil {
		return
	}
	if l.p == profile.Default() && !u.hasUser && !l.hasCredentials() {
		return
	}
	if l.f.AnyPort && (l.hostName() == "localhost" || isLocal(l.hostName())) {
		return
	}
	l.find("url-cleartext", u.scheme, "scheme", "expected", s.Name+" on port "+ports(s.Ports))
}

func (l *linter) hasCredentials() bool {
	for i := range l.u.params {
		switch lowerASCII(l.u.str(l.u.params[i].name)) {
		case "token", "key", "secret", "pass", "password", "sign", "signature", "auth", "auth_key", "jwt":
			return true
		}
	}
	return false
}

// isLocal reports whether an address is one of a local network (RFC 1918) or
// of the machine itself.
func isLocal(h string) bool {
	if !isIPv4(h) {
		return h == "::1"
	}
	if hasPrefix(h, "10.") || hasPrefix(h, "127.") || hasPrefix(h, "192.168.") {
		return true
	}
	return hasPrefix(h, "172.") && h[6] == '.' && h[4:6] >= "16" && h[4:6] <= "31"
}

func (l *linter) lintRetired() {
	p := l.p
	if p.Retired == "" {
		id, _, by := l.u.recognise()
		other, ok := profile.ByID(id)
		if !ok || by != "host" || other.Retired == "" {
			return
		}
		p = other
	}
	if l.u.host.empty() {
		return
	}
	l.find("url-retired", l.u.host, "host", "service", "Azure Media Services", "retired_on", p.Retired)
}
