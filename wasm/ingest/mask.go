package ingest

import (
	"strings"

	"ingestdoctor/wasm/profile"
)

// Mask stands for a secret in everything that is shown.
const Mask = "****"

// public says of every byte of a URL whether it may be shown. It goes by what
// is known to be harmless: whatever is not, a key in an odd place included, is
// masked. A stream name counts as a key, because on most platforms it is one.
func (u *parsed) public(f *profile.URLForm, l *layout) []bool {
	pub := make([]bool, len(u.t))
	show := func(g seg) {
		for i := g.s; i < g.e; i++ {
			pub[i] = true
		}
	}
	at := func(i int) {
		if i >= 0 && i < len(pub) {
			pub[i] = true
		}
	}
	show(seg{0, u.rest})
	if u.hasUser {
		if u.hasPass {
			at(u.user.e)
		}
		if u.hasPass {
			at(u.pass.e)
		} else {
			at(u.user.e)
		}
	}
	if u.showHost() {
		show(u.host)
		if u.zone.s > 0 && !looksLikeKey(u.str(u.zone)) && len(u.str(u.zone)) <= 16 && isWordChars(u.str(u.zone)) {
			show(seg{u.host.e, u.zone.e})
		}
	}
	if u.bracket {
		at(u.host.s - 1)
		at(max(u.host.e, u.zone.e))
	}
	if u.hasPort {
		at(u.port.s - 1)
		if p := u.str(u.port); allDigits(p) && len(p) <= 5 {
			show(u.port)
		}
	}
	u.showPath(f, l, pub, show, at)
	u.showQuery(show, at)
	if u.hasFrag {
		at(u.frag.s - 1)
	}
	return pub
}

// showHost reports whether the host is one, and not a piece of a password.
func (u *parsed) showHost() bool {
	h := u.str(u.host)
	if isAddress(h) {
		return true
	}
	if what, _ := hostFault(h); what != "" {
		return false
	}
	if lastIndex(h, '.') < 0 && h != "localhost" && (u.scheme.empty() || looksLikeKey(h)) {
		return false // without a scheme a single word may be the key
	}
	// user:p@ss/w@rd@host: what looks like the host may be part of the password.
	return !(u.hasUser && lastIndex(u.str(u.path), '@') >= 0)
}

func (u *parsed) showPath(f *profile.URLForm, l *layout, pub []bool, show func(seg), at func(int)) {
	inside := func(i int, g seg) bool { return i >= g.s && i < g.e }
	for i := u.path.s; i < u.path.e; i++ {
		if u.t[i] == '/' && !inside(i, l.stream) && !inside(i, l.instance) && !inside(i, l.app) {
			pub[i] = true
		}
	}
	if u.inQuery > 0 {
		at(u.query.e)
	}
	app := u.str(l.app)
	switch {
	case app == "" || !isWordChars(app) || len(app) > 32 || u.keyAt > 0 && l.app.s >= u.keyAt:
	case app == f.App, wellKnownApp(app):
		show(l.app)
	case f.App == "" && len(u.segs) >= 2 && isPlainName(app):
		show(l.app)
	}
	if u.str(l.instance) == "_definst_" {
		show(l.instance)
	}
}

// inList reports whether a word stands in a list of words with spaces between.
func inList(word, list string) bool {
	if len(word) > 32 {
		return false // no list has such a word
	}
	for from := 0; word != ""; {
		i := strings.Index(list[from:], word)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(word)
		if (i == 0 || list[i-1] == ' ') && (end == len(list) || list[end] == ' ') {
			return strings.IndexByte(word, ' ') < 0
		}
		from = end
	}
	return false
}

// isPlainName reports whether s is a name as people choose them for an
// application: a few words, digits at the end at most.
func isPlainName(s string) bool {
	end := len(s)
	for end > 0 && isDigit(s[end-1]) {
		end--
	}
	if end == 0 || len(s)-end > 4 || len(s) > 24 {
		return false
	}
	bends := 0
	for i := 0; i < end; i++ {
		c := s[i]
		if !isAlpha(c) && c != '-' && c != '_' {
			return false
		}
		if i > 0 && c >= 'A' && c <= 'Z' && s[i-1] >= 'a' && s[i-1] <= 'z' {
			bends++
		}
	}
	return bends <= 2
}

// isWordChars reports whether s holds nothing but what names are made of.
func isWordChars(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isAlpha(c) && !isDigit(c) && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// wellKnownApp reports whether a lone word in the path is surely an
// application and no key.
func wellKnownApp(s string) bool {
	return inList(lowerASCII(s), "live live1 live2 app rtmp rtmp2 stream streams ingest publish push pub input liveapp webrtcapp webrtcappee x s in relay static live-bvc gifshow lsm manual hls vod live-upload _definst_ origin broadcast http_upload_hls")
}

func (u *parsed) showQuery(show func(seg), at func(int)) {
	if u.query.s > 0 {
		at(u.query.s - 1)
	}
	if u.query2.s > 0 {
		at(u.query2.s - 1)
	}
	for _, q := range [...]seg{u.query, u.query2} {
		for i := q.s; i < q.e; i++ {
			n := strings.IndexByte(u.t[i:q.e], '&')
			if n < 0 {
				break
			}
			i += n
			at(i)
		}
	}
	for i := range u.params {
		p := &u.params[i]
		name, value := u.str(p.name), u.str(p.value)
		if !p.has {
			continue
		}
		at(p.name.e)
		if showName(name, value) {
			show(p.name)
		}
		if harmless(name, value) {
			show(p.value)
		}
	}
}

// showName reports whether a parameter's name may be shown: a known one, or a
// short lower-case word. c2VjcmV0== is no name but a secret with its padding.
func showName(name, value string) bool {
	switch name {
	case "txSecret", "txTime", "txHost", "auth_key", "clientConfigId", "hwSecret", "hwTime", "subscriberId", "subscriberCode", "mainTrack",
		"videodatarate", "audiodatarate", "bandwidthtest", "streamname", "videoDataRate", "audioDataRate":
		return true
	}
	if name == "" || len(name) > 16 || value == "" || onlyEquals(value) || !isAlpha(name[0]) || looksLikeKey(name) {
		return false
	}
	digits := 0
	for i := 0; i < len(name); i++ {
		c := name[i]
		if isDigit(c) {
			digits++
		} else if (c < 'a' || c > 'z') && c != '_' && c != '-' {
			return false
		}
	}
	return digits <= 2
}

func onlyEquals(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '=' {
			return false
		}
	}
	return true
}

// harmless reports whether a parameter's value may be shown. The list says
// which are; every other value may be a secret.
func harmless(name, value string) bool {
	switch name {
	case "txTime", "hwTime":
		return len(value) <= 12 && allHex(value)
	case "videodatarate", "audiodatarate", "videoDataRate", "audioDataRate":
		return len(value) <= 10 && isWordChars(value) && value != "" && (isDigit(value[0]) || value[0] == '-')
	case "backup", "bandwidthtest", "bizid", "copy", "priority", "record", "wm", "wmid", "mode", "latency", "pkt_size", "live",
		"s_bl", "s_gl", "s_ps", "s_psm", "s_sc", "s_sw", "s_vt", "s_tids", "s_oil", "timeout", "transtype", "tlpktdrop":
		return len(value) <= 8 && isWordChars(value) && !looksLikeKey(value)
	case "vhost", "domain", "txHost":
		return value == "__defaultVhost__" || isPlainHost(value)
	}
	return false
}

// isPlainHost reports whether s is a host name as people write them: small
// letters, a dot, a last part of letters, nothing that looks like a key.
func isPlainHost(s string) bool {
	dot := lastIndex(s, '.')
	if dot < 1 || len(s) > 100 || len(s)-dot < 3 {
		return false
	}
	from := 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == '.' {
			if i == from || looksLikeKey(s[from:i]) {
				return false
			}
			from = i + 1
			continue
		}
		c := s[i]
		if (c < 'a' || c > 'z') && c != '-' && (!isDigit(c) || i > dot) {
			return false
		}
	}
	return true
}

// runs counts the stretches of the same value.
func runs(pub []bool) int {
	n := 0
	for i := range pub {
		if i == 0 || pub[i] != pub[i-1] {
			if n++; n > 1 {
				break
			}
		}
	}
	return n
}

// mask writes t with every run of bytes that may not be shown as Mask.
func mask(t string, pub []bool) string {
	switch n := runs(pub[:len(t)]); {
	case len(t) == 0 || n == 1 && pub[0]:
		return t
	case n == 1:
		return Mask
	}
	b := make([]byte, 0, len(t))
	for i := 0; i < len(t); {
		j := i
		for j < len(t) && pub[j] {
			j++
		}
		b = append(b, t[i:j]...)
		if i = j; i == len(t) {
			break
		}
		b = append(b, Mask...)
		for i < len(t) && !pub[i] {
			i++
		}
	}
	return string(b)
}
