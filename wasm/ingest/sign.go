package ingest

import (
	"strconv"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

// SignTencent makes the two parameters of a Tencent push URL: txSecret is
// MD5(key + StreamName + txTime), txTime the expiry in hexadecimal Unix
// seconds, in capitals as the console writes it. (Tencent CSS, 267/32480)
func SignTencent(key, stream string, expiry int64) (secret, time string) {
	b := []byte(strconv.FormatInt(expiry, 16))
	for i, c := range b {
		if c >= 'a' {
			b[i] = c - 'a' + 'A'
		}
	}
	time = string(b)
	return md5Hex(key + stream + time), time
}

// SignAlibaba makes the auth_key of an ApsaraVideo Live URL:
// timestamp-rand-uid-MD5("/App/Stream-timestamp-rand-uid-key"). rand and uid
// may be 0; rand must not hold a dash.
func SignAlibaba(key, app, stream string, expiry int64, rand, uid string) string {
	head := strconv.FormatInt(expiry, 10) + "-" + rand + "-" + uid
	return head + "-" + md5Hex("/"+app+"/"+stream+"-"+head+"-"+key)
}

// Signed gives the result's URL with a fresh signature of the platform's, good
// until expiry (Unix seconds), the other parameters kept. ok is false where the
// platform does not sign URLs in a form that we know, or stream or application
// is missing. The URL holds secrets.
func (r *Result) Signed(key string, expiry int64) (url string, ok bool) {
	u := r.mended
	if u == nil || r.form.Signed == nil || key == "" {
		return "", false
	}
	lay := u.layout(r.form)
	app, stream := u.str(lay.app), u.str(lay.stream)
	if app == "" || stream == "" {
		return "", false
	}
	switch r.form.Signed.Auth {
	case "txSecret":
		secret, time := SignTencent(key, stream, expiry)
		return u.withParams([]pair{{"txSecret", secret}, {"txTime", time}}), true
	case "auth_key":
		return u.withParams([]pair{{"auth_key", SignAlibaba(key, app, stream, expiry, "0", "0")}}), true
	}
	return "", false
}

// WithRates gives the result's URL with videodatarate and audiodatarate in
// kbit/s, which Azure Media Services took in place of missing metadata; a rate
// of 0 is left out. ok is false where the platform takes none. The URL holds
// secrets.
func (r *Result) WithRates(video, audio int) (url string, ok bool) {
	u := r.mended
	if u == nil || !r.form.DataRates {
		return "", false
	}
	var set []pair
	if video > 0 {
		set = append(set, pair{"videodatarate", strconv.Itoa(video)})
	}
	if audio > 0 {
		set = append(set, pair{"audiodatarate", strconv.Itoa(audio)})
	}
	return u.withParams(set), true
}

type pair struct{ name, value string }

// withParams sets parameters, in place of those of the same name.
func (u *parsed) withParams(set []pair) string {
	end := len(u.t)
	if u.hasFrag {
		end = u.frag.s - 1
	}
	q := u.query
	if u.inQuery > 0 {
		q = u.query2
	}
	head := u.t[:end]
	var keep string
	if q.s > 0 {
		head = u.t[:q.s-1]
		for i := range u.params {
			p := &u.params[i]
			if p.server && u.inQuery > 0 {
				continue
			}
			replaced := false
			for _, s := range set {
				replaced = replaced || u.str(p.name) == s.name
			}
			if !replaced {
				if keep != "" {
					keep += "&"
				}
				keep += u.t[p.name.s:max(p.name.e, p.value.e)]
			}
		}
	}
	sep := byte('?')
	out := []byte(head)
	for _, s := range set {
		out = append(out, sep)
		out = append(append(append(out, s.name...), '='), s.value...)
		sep = '&'
	}
	if keep != "" {
		out = append(append(out, sep), keep...)
	}
	return string(out)
}

// soon is how long a signed URL should still be good: Tencent advises at least
// 12 hours.
const soon = 12 * 3600

func (l *linter) lintSigned() {
	sg := l.f.Signed
	if sg == nil {
		l.r.KeyUnused = l.o.SignKey != ""
		return
	}
	u := l.u
	if l.schemeBad || u.host.empty() || l.l.stream.empty() {
		l.r.KeyUnused = l.o.SignKey != ""
		return
	}
	auth, hasAuth := u.param(sg.Auth)
	hasAuth = hasAuth && !auth.value.empty()
	end := seg{len(u.t), len(u.t)}
	if !hasAuth {
		l.find("url-auth-missing", end, "query", "parameter", sg.Auth)
	}
	if sg.Expiry != sg.Auth {
		l.tencentSigned(sg, auth, hasAuth, end)
		return
	}
	if hasAuth && !l.isPlaceholder(auth.value) {
		l.alibabaSigned(auth)
	}
}

// tencentSigned judges txTime and txSecret.
func (l *linter) tencentSigned(sg *profile.Signed, auth *param, hasAuth bool, end seg) {
	u := l.u
	expiry, has := u.param(sg.Expiry)
	has = has && !expiry.value.empty()
	switch {
	case !has:
		l.find("url-expiry-missing", end, "query", "parameter", sg.Expiry)
	case l.isPlaceholder(expiry.value):
	default:
		text := u.str(expiry.value)
		at, err := strconv.ParseInt(text, 16, 64)
		decimal, derr := strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil:
			l.find("url-expiry-missing", expiry.value, "query", "parameter", sg.Expiry, "problem", "its value is no hexadecimal number")
		case derr == nil && len(text) == 10 && decimal > 1e9 && decimal < 1<<32:
			f := l.find("url-expiry-missing", expiry.value, "query", "parameter", sg.Expiry,
				"problem", "its value looks like decimal seconds ("+utc(decimal)+"), and the platform reads it as a hexadecimal number")
			f.Basis = diag.Inferred
		default:
			l.expires(at, sg.Expiry, expiry.value)
		}
	}
	if !hasAuth || l.isPlaceholder(auth.value) {
		l.r.KeyUnused = l.o.SignKey != "" && !hasAuth
		return
	}
	secret := u.str(auth.value)
	if len(secret) == 64 && allHex(secret) {
		// The console signs with SHA-256 too (Tencent CSS, 267/31059 of 2024-10-10);
		// how is not published, so nobody but the platform can tell.
		l.r.Signature, l.r.KeyUnused = "unchecked", l.o.SignKey != ""
		return
	}
	if what := notMD5(secret); what != "" {
		l.mismatch(sg.Auth, auth.value, what)
		return
	}
	l.r.Signature = "unchecked"
	if l.o.SignKey == "" || !has {
		l.r.KeyUnused = l.o.SignKey != ""
		return
	}
	want := md5Hex(l.o.SignKey + u.str(l.l.stream) + u.str(expiry.value))
	l.verified(equalFold(want, secret), sg.Auth, auth.value, "key, stream name and txTime")
}

// alibabaSigned judges auth_key.
func (l *linter) alibabaSigned(auth *param) {
	u := l.u
	value := u.str(auth.value)
	var part [5]seg
	n := 0
	from := 0
	for i := 0; i <= len(value) && n < 5; i++ {
		if i == len(value) || value[i] == '-' {
			part[n] = seg{from, i}
			n++
			from = i + 1
		}
	}
	get := func(i int) string { return value[part[i].s:part[i].e] }
	what := ""
	switch {
	case n < 4:
		what = "it has " + strconv.Itoa(n) + " parts between dashes instead of 4"
	case n > 4:
		what = "it has more than 4 parts between dashes; the random part must not have a dash in it"
	case get(0) == "" || !allDigits(get(0)) || len(get(0)) > 12:
		what = "its first part is no Unix time in seconds"
	default:
		if what = notMD5(get(3)); what != "" {
			what = "its last part: " + what
		}
	}
	if what != "" {
		l.mismatch("auth_key", auth.value, what)
		return
	}
	at, _ := strconv.ParseInt(get(0), 10, 64)
	l.expires(at, "auth_key", seg{auth.value.s, auth.value.s + part[0].e})
	l.r.Signature = "unchecked"
	if l.o.SignKey == "" {
		return
	}
	head := value[:part[2].e]
	want := md5Hex("/" + u.str(l.l.app) + "/" + u.str(l.l.stream) + "-" + head + "-" + l.o.SignKey)
	l.verified(equalFold(want, get(3)), "auth_key", auth.value, "path, time, random part, user id and key")
}

// notMD5 says what keeps a text from being an MD5 sum in hexadecimal.
func notMD5(s string) string {
	if len(s) != 32 {
		return strconv.Itoa(len(s)) + " characters instead of 32 hexadecimal digits"
	}
	if !allHex(s) {
		return "characters other than hexadecimal digits"
	}
	return ""
}

func (l *linter) mismatch(name string, g seg, problem string) {
	l.r.Signature = "mismatch"
	l.find("url-auth-mismatch", g, "query", "parameter", name, "problem", problem)
}

func (l *linter) verified(ok bool, name string, g seg, over string) {
	if ok {
		l.r.Signature = "verified"
		return
	}
	l.r.Signature = "mismatch"
	l.find("url-auth-mismatch", g, "query", "parameter", name, "signed", over)
}

// expires notes until when the URL is good and reports one that is not, or
// hardly, any more.
func (l *linter) expires(at int64, name string, g seg) {
	e := &Expiry{Param: name, Unix: at, UTC: utc(at), Left: at - l.o.Now}
	if l.o.Offset != nil {
		if o := l.o.Offset(at); o != 0 {
			e.Local = local(at, o)
		}
	}
	l.r.Expiry = e
	args := []string{"expires_at", e.UTC}
	if e.Local != "" {
		args = append(args, "local_at", e.Local)
	}
	switch {
	case e.Left <= 0:
		l.find("url-expired", g, "query", append(args, "ago_ms", whole(-e.Left*1000), "parameter", name)...)
	case e.Left < soon:
		l.find("url-expiry-soon", g, "query", append(args, "left_ms", whole(e.Left*1000), "parameter", name)...)
	}
}

// tencentHost reports playback domains and the test domain.
func (l *linter) tencentHost(h string) {
	label := h
	for i := 0; i < len(h); i++ {
		if h[i] == '.' {
			label = h[:i]
			break
		}
	}
	const expected = "a domain of the type push, from Domain Management"
	switch {
	case contains(h, "liveplay.myqcloud.com"), hasSuffix(h, ".tliveplay.com"):
		l.find("url-host", l.u.host, "host", "found", h, "problem", "a playback domain", "expected", expected)
	case label == "play" || label == "pull" || label == "playback" || label == "liveplay":
		f := l.find("url-host", l.u.host, "host", "found", h, "problem", "its name is that of a playback domain", "expected", expected)
		lowered(f, diag.Warning, diag.Ours)
	case hasSuffix(h, ".tlivepush.com"):
		f := l.find("url-host", l.u.host, "host", "found", h, "problem", "this is Tencent's test domain, not meant for production", "expected", expected)
		lowered(f, diag.Info, diag.Documented)
	}
}

// tencentStream reports what the platform's own names do with the stream name.
func (l *linter) tencentStream() {
	h, stream := l.hostName(), l.u.str(l.l.stream)
	if hasSuffix(h, ".livepush.myqcloud.com") {
		id := h[:len(h)-len(".livepush.myqcloud.com")]
		if id != "" && allDigits(id) && !hasPrefix(stream, id+"_") && !l.isPlaceholder(l.l.stream) {
			f := l.find("url-stream-name", l.l.stream, "stream name", "problem", "does not begin with "+id+"_, as it has to on this domain", "expected", id+"_<name>")
			lowered(f, diag.Warning, diag.Inferred)
		}
		return
	}
	if at := lastIndex(stream, '_'); at > 0 {
		switch tail := lowerASCII(stream[at+1:]); {
		case tail == "hd", tail == "sd", tail == "fhd", tail == "uhd", len(tail) > 3 && tail[len(tail)-1] == 'p' && allDigits(tail[:len(tail)-1]):
			g := seg{l.l.stream.s + at, l.l.stream.e}
			f := l.find("url-stream-name", g, "stream name", "problem", "ends in _"+tail+", as playback URLs of a transcoding template do", "expected", "the plain name")
			lowered(f, diag.Info, diag.Documented)
		}
	}
}
