package ingest

import "ingestdoctor/wasm/profile"

// where is a host that belongs to a platform.
type where struct {
	suffix  string // the name, or what it ends with when it begins with a dot
	profile string // id; empty for a platform that has no profile
	name    string // for a person, where the profile does not say it
}

// hosts are the domains of the platforms, playback and web domains included:
// those are then found not to be ingest hosts.
var hosts = [...]where{
	{".mediaservices.windows.net", "azure-v2", ""},
	{".media.azure.net", "azure-live-encoding", ""},
	{"media.azure.net", "azure-live-encoding", ""},
	{".youtube.com", "youtube", ""},
	{"youtube.com", "youtube", ""},
	{".twitch.tv", "twitch", ""},
	{"twitch.tv", "twitch", ""},
	{".facebook.com", "facebook", ""},
	{"facebook.com", "facebook", ""},
	{"ingest.global-contribute.live-video.net", "twitch", ""},
	{".global-contribute.live-video.net", "aws-ivs", ""},
	{".contribute.live-video.net", "twitch", ""},
	{".live-video.net", "aws-ivs", ""},
	{".mux.com", "mux", ""},
	{".cloudflare.com", "cloudflare", ""},
	{".cloudflarestream.com", "cloudflare", ""},
	{".livepush.myqcloud.com", "tencent-css", ""},
	{".liveplay.myqcloud.com", "tencent-css", ""},
	{".tlivepush.com", "tencent-css", ""},
	{".tliveplay.com", "tencent-css", ""},
	{".alivecdn.com", "alibaba", ""},
	{".agoramdn.com", "", "Agora Media Gateway"},
	{".restream.io", "", "Restream"},
	{".vimeo.com", "", "Vimeo"},
	{".trovo.live", "", "Trovo"},
	{".api.video", "", "api.video"},
	{".livepeer.com", "", "Livepeer"},
	{".pscp.tv", "", "X (Twitter)"},
	{".navercorp.com", "", "CHZZK"},
	{".bilivideo.com", "", "Bilibili"},
	{".yximgs.com", "", "Kuaishou"},
	{".millicast.com", "", "Dolby OptiView"},
	{".castr.io", "", "Castr"},
	{".steamcontent.com", "", "Steam"},
	{".dlive.tv", "", "DLive"},
	{".instagram.com", "", "Instagram"},
}

// Recognise tells the platform from a host name: the id of its profile and its
// name. Both are empty for a host that is nobody's in particular; only the id
// is for a platform that we have no profile of.
func Recognise(host string) (profileID, name string) {
	h := lowerASCII(host)
	for len(h) > 0 && h[len(h)-1] == '.' {
		h = h[:len(h)-1]
	}
	for i := range hosts {
		w := &hosts[i]
		if h == w.suffix || w.suffix[0] == '.' && hasSuffix(h, w.suffix) {
			name = w.name
			if p, ok := profile.ByID(w.profile); ok {
				name = p.Name
			}
			return w.profile, name
		}
	}
	// A near miss of Azure's long names: the wrong end, or a part left out.
	if contains(h, ".channel.media") || contains(h, "media.azure") {
		p, _ := profile.ByID("azure-live-encoding")
		return p.ID, p.Name
	}
	return "", ""
}

func hasSuffix(s, suffix string) bool {
	return len(s) >= len(suffix) && s[len(s)-len(suffix):] == suffix
}

func hasPrefix(s, prefix string) bool { return len(s) >= len(prefix) && s[:len(prefix)] == prefix }

// recognise tells the platform from the whole URL. by is host, query or key:
// what it was told from; empty when nothing tells it.
func (u *parsed) recognise() (id, name, by string) {
	host := lowerASCII(u.str(u.host))
	id, name = Recognise(host)
	if id == "twitch" || id == "aws-ivs" {
		// Twitch and Amazon IVS share a network; the key tells them apart.
		if n := len(u.segs); n > 0 && hasSuffix(host, ".live-video.net") {
			key := u.str(u.segs[n-1])
			other := ""
			switch {
			case hasPrefix(key, "sk_"):
				other = "aws-ivs"
			case hasPrefix(key, "live_"):
				other = "twitch"
			}
			if p, ok := profile.ByID(other); ok && other != id {
				return other, p.Name, "key"
			}
		}
	}
	if id != "" || name != "" {
		return id, name, "host"
	}
	for i := range u.params {
		p := &u.params[i]
		other := ""
		switch u.str(p.name) {
		case "txSecret", "txTime":
			other = "tencent-css"
		case "auth_key":
			if k := u.str(p.value); countByte(k, '-') >= 2 || isBracketed(k) {
				other = "alibaba"
			}
		case "hwSecret", "hwTime":
			other = "huawei"
		}
		if q, ok := profile.ByID(other); ok {
			return other, q.Name, "query"
		}
	}
	return "", "", ""
}

func isBracketed(s string) bool { return len(s) > 0 && s[0] == '<' }

func countByte(s string, c byte) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] == c {
			n++
		}
	}
	return n
}

// isServer reports whether s is a whole server address of a platform that
// takes the key apart: scheme, host and application, nothing behind.
func isServer(s string) bool {
	u := parse(s)
	id, _, _ := u.recognise()
	p, ok := profile.ByID(id)
	return ok && p.URL.App != "" && !p.URL.Token.Hex32 && len(u.segs) == 1 && !u.tail && u.str(u.segs[0]) == p.URL.App
}

// layout says what the parts of the path are under one platform's form.
type layout struct {
	app      seg // the application
	instance seg // what stands between application and stream: _definst_, a room
	token    seg // the access token
	stream   seg // to the end of the path: a key may have slashes in it
	// What is left out or not as it should be.
	appMissing, appWrong bool
	noLive               bool // Azure's older form without /live
}

// isToken reports whether s is 32 hex digits, or a GUID with dashes where those
// are taken.
func isToken(s string, rule profile.Token) bool {
	return rule.Hex32 && len(s) == 32 && allHex(s) || rule.GUID && isGUID(s)
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
		} else if !isHex(s[i]) {
			return false
		}
	}
	return true
}

// layout gives every part of the path its role.
func (u *parsed) layout(f *profile.URLForm) (l layout) {
	segs := u.segs
	n := len(segs)
	span := func(i, j int) seg { // segments i to j-1
		if i >= j {
			return seg{}
		}
		return seg{segs[i].s, segs[j-1].e}
	}
	switch {
	case f.WholePath:
		l.stream = span(0, n)
		return l
	case n == 0:
		l.appMissing = true
		return l
	case f.App != "":
		first := u.str(segs[0])
		i := 0
		switch {
		case first == f.App:
			l.app = segs[0]
			i = 1
		case f.Token.Hex32 && (isToken(first, f.Token) || looksLikeKey(first) && (n == 1 || !isToken(u.str(segs[1]), f.Token))):
			l.noLive = true
		case n > 1 || !looksLikeKey(first):
			// Another name stands in the application's place, or the key in that of
			// both: where a single word stands, only a key is taken for one.
			l.app, l.appWrong = segs[0], true
			i = 1
		default:
			l.appMissing = true
		}
		if f.Token.Hex32 && i < n {
			l.token = segs[i]
			i++
		}
		l.stream = span(i, n)
		return l
	case n == 1:
		if looksLikeKey(u.str(segs[0])) {
			l.appMissing = true
			l.stream = segs[0]
			return l
		}
		l.app = segs[0]
		return l
	}
	if u.inQuery > 0 { // app?vhost=x/stream
		l.app = span(0, n-u.inQuery)
		l.stream = span(n-u.inQuery, n)
		return l
	}
	if f.LongApp {
		l.app, l.stream = span(0, n-1), segs[n-1]
		return l
	}
	l.app, l.instance, l.stream = segs[0], span(1, n-1), segs[n-1]
	return l
}

// looksLikeKey reports whether a word is hardly a name that a person chose: a
// known form of key, 32 hex digits, or a long mixture of letters and digits.
func looksLikeKey(s string) bool {
	if hasPrefix(s, "live_") && len(s) > 12 || hasPrefix(s, "sk_") && len(s) > 12 || hasPrefix(s, "FB-") && len(s) > 8 || isGUID(s) {
		return true
	}
	if len(s) < 16 {
		return false
	}
	digits, letters, groups := 0, 0, 0
	for i := 0; i < len(s); i++ {
		switch {
		case isDigit(s[i]):
			digits++
		case isAlpha(s[i]):
			letters++
		case s[i] == '-':
			groups++
		}
	}
	return digits >= 3 && letters >= 3 || digits >= 16 || groups >= 3 && digits > 0 || len(s) >= 24 && digits > 0
}
