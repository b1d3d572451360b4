package ingest

import (
	"crypto/md5"
	"encoding/hex"
	"math/rand"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

func TestMD5(t *testing.T) {
	for n := range 300 {
		s := strings.Repeat("a\xff0", n)[:n]
		sum := md5.Sum([]byte(s))
		if got, want := md5Hex(s), hex.EncodeToString(sum[:]); got != want {
			t.Fatalf("%d bytes: %s, want %s", n, got, want)
		}
	}
}

// 5867D600 is the example of Tencent's page: 2017-01-01 00:00:00 in China.
func TestTencentTime(t *testing.T) {
	r := Lint(Options{Input: "rtmp://push.example.com/live/room1?txSecret=" + token + "&txTime=5867D600", Now: now, Offset: func(int64) int { return 8 * 3600 }})
	e := r.Expiry
	if e == nil || e.Unix != 1483200000 || e.Local != "2017-01-01 00:00:00 UTC+8" || e.UTC != "2016-12-31 16:00:00 UTC" || e.Left != 1483200000-now {
		t.Errorf("%+v", e)
	}
	if _, time := SignTencent("key", "room1", 1483200000); time != "5867D600" {
		t.Errorf("txTime %s", time)
	}
}

// The worked examples of the platforms' own pages, byte for byte.
func TestDocumentedSignatures(t *testing.T) {
	// Tencent CSS, Hotlink Protection URL Calculation (267/31560): three hours
	// after 2018-12-29 11:13:45 in China.
	const tencent = "rtmp://livepush.tcloud.com/live/test?txSecret=f85a2ab363fe4deaffef9754d79da6fe&txTime=5C271099"
	const key = "e12c46f2612d5106e2034781ab261ca3"
	if secret, time := SignTencent(key, "test", 1546064025); secret != "f85a2ab363fe4deaffef9754d79da6fe" || time != "5C271099" {
		t.Errorf("%s %s", secret, time)
	}
	r := Lint(Options{Input: tencent, Now: 1546064025 - 3*3600, SignKey: key, Offset: func(int64) int { return 8 * 3600 }, Tell: rules.Tell})
	check(t, r)
	if r.Profile.ID != "tencent-css" || r.Signature != "verified" || r.raised("url-auth-mismatch") || r.Expiry.Local != "2018-12-29 14:13:45 UTC+8" || r.Expiry.Left != 3*3600 {
		t.Errorf("%s, signature %s, %+v", r.Profile.ID, r.Signature, r.Expiry)
	}
	if url, ok := r.Signed(key, 1546064025); !ok || url != tencent {
		t.Errorf("signed: %s", url)
	}
	// Alibaba Cloud, URL signing, type A: 2015-10-10 08:00:00 in China.
	for path, want := range map[string]string{
		"video/standard test.mp4": "23bf85053008f5c0e791667a313e28ce",
		"video/standard 1K.html":  "80cd3862d699b7118eed99103f2a3a4f",
	} {
		app, stream, _ := strings.Cut(path, " ")
		if got := SignAlibaba("aliyuncdnexp1234", app, stream, 1444435200, "0", "0"); got != "1444435200-0-0-"+want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// A secret of 64 digits is what the console makes with SHA-256: no mistake.
func TestTencentSHA256(t *testing.T) {
	in := "rtmp://push.example.com/live/room1?txSecret=" + token + token + "&txTime=7FFFFFFF"
	r := Lint(Options{Input: in, Now: now, SignKey: "key", Tell: rules.Tell})
	check(t, r)
	if got := raised(r, diag.Warning); got != "" || r.Signature != "unchecked" || !r.KeyUnused {
		t.Errorf("raised %q, signature %q, unused %v", got, r.Signature, r.KeyUnused)
	}
	if strings.Contains(r.Redacted, token) {
		t.Error(r.Redacted)
	}
}

// txSecret as Tencent's page documents it: MD5(key + StreamName + txTime).
func TestSignTencent(t *testing.T) {
	const key = "txrtmp1234567"
	secret, time := SignTencent(key, "test1", 0x5867D600)
	sum := md5.Sum([]byte(key + "test1" + "5867D600"))
	if secret != hex.EncodeToString(sum[:]) || time != "5867D600" {
		t.Errorf("%s %s", secret, time)
	}
	sign := func(stream string, at int64) string {
		s, x := SignTencent(key, stream, at)
		return "rtmp://push.example.com/live/" + stream + "?txSecret=" + s + "&txTime=" + x
	}
	verify := func(in, key string) *Result {
		r := Lint(Options{Input: in, Now: now, SignKey: key, Tell: rules.Tell})
		check(t, r)
		return r
	}
	const at = 0x7ABCDEF0 // with letters in it
	good := sign("room1", at)
	for _, c := range []struct {
		name, in, key, want string
		mismatch            bool
	}{
		{"the same key", good, key, "verified", false},
		{"no key", good, "", "unchecked", false},
		{"another key", good, key + "x", "mismatch", true},
		{"another stream", strings.Replace(good, "room1", "room2", 1), key, "mismatch", true},
		{"another case of the time", strings.Replace(good, "7ABCDEF0", "7abcdef0", 1), key, "mismatch", true},
		{"capitals in the sum", good[:strings.Index(good, "=")+1] + strings.ToUpper(good[strings.Index(good, "=")+1:strings.Index(good, "&")]) + good[strings.Index(good, "&"):], key, "verified", false},
		{"an application is not signed", strings.Replace(good, "/live/", "/other/", 1), key, "verified", false},
	} {
		r := verify(c.in, c.key)
		if r.raised("url-auth-mismatch") != c.mismatch || r.Signature != c.want {
			t.Errorf("%s: signature %q, raised %v", c.name, r.Signature, r.raised("url-auth-mismatch"))
		}
	}
	if r := verify("rtmp://push.example.com/live/room1?txTime=7FFFFFFF", key); !r.KeyUnused || r.Signature != "" {
		t.Errorf("no signature: unused %v, %q", r.KeyUnused, r.Signature)
	}
	if r := verify("rtmps://a.rtmps.youtube.com/live2/"+ytKey, key); !r.KeyUnused {
		t.Error("YouTube does not sign")
	}
}

func TestSignAlibaba(t *testing.T) {
	const key = "aliyuncdnexp1234"
	got := SignAlibaba(key, "app", "stream", 1763451219, "0", "0")
	sum := md5.Sum([]byte("/app/stream-1763451219-0-0-" + key))
	if got != "1763451219-0-0-"+hex.EncodeToString(sum[:]) {
		t.Error(got)
	}
	in := "rtmp://demo.example.com/app/stream?auth_key=" + SignAlibaba(key, "app", "stream", now+86400, "abc", "1")
	if r := Lint(Options{Input: in, Now: now, SignKey: key}); r.Signature != "verified" || r.raised("url-auth-mismatch") {
		t.Errorf("signature %q", r.Signature)
	}
	if r := Lint(Options{Input: in, Now: now, SignKey: key + "x"}); r.Signature != "mismatch" || !r.raised("url-auth-mismatch") {
		t.Errorf("signature %q", r.Signature)
	}
	if r := Lint(Options{Input: strings.Replace(in, "/stream?", "/other?", 1), Now: now, SignKey: key}); r.Signature != "mismatch" {
		t.Errorf("signature %q", r.Signature)
	}
}

// Whatever is signed here verifies here, is clean, and keeps its other
// parameters.
func TestSigned(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for _, in := range []string{
		"rtmp://push.example.com/live/room1", "rtmp://push.example.com/live/room1?" + sig, "rtmp://push.example.com/live/room1?txTime=5867D600&bizid=8&txSecret=" + token,
		"rtmp://demo.example.com/app/stream", "rtmp://demo.example.com/app/stream?vhost=a.example.com&auth_key=1-0-0-" + token,
	} {
		id := "tencent-css"
		if strings.Contains(in, "/app/") {
			id = "alibaba"
		}
		key := secretText(r, keyChars)
		l := lintAs(t, id, in)
		out, ok := l.Signed(key, now+100000)
		if !ok {
			t.Fatalf("%s was not signed", in)
		}
		again := Lint(Options{Input: out, Now: now, SignKey: key})
		if again.Signature != "verified" || again.Verdict.Errors+again.Verdict.Warnings > 0 || again.Expiry.Left != 100000 {
			t.Errorf("%s: %q, %s", out, again.Signature, raised(again, 0))
		}
		for _, keep := range []string{"bizid=8", "vhost=a.example.com"} {
			if strings.Contains(in, keep) != strings.Contains(out, keep) {
				t.Errorf("%s became %s", in, out)
			}
		}
		if strings.Count(out, "txSecret=")+strings.Count(out, "auth_key=") != 1 || strings.Contains(out, key) {
			t.Errorf("%s", out)
		}
	}
	if _, ok := lintAs(t, "youtube", "rtmps://a.rtmps.youtube.com/live2/"+ytKey).Signed("key", now); ok {
		t.Error("YouTube URLs are not signed")
	}
	if _, ok := lintAs(t, "tencent-css", "rtmp://push.example.com/live").Signed("key", now); ok {
		t.Error("signed without a stream name")
	}
}

func TestWithRates(t *testing.T) {
	for _, c := range []struct {
		in           string
		video, audio int
		want         string
	}{
		{azure, 5000, 192, azure + "?videodatarate=5000&audiodatarate=192"},
		{azure, 5000, 0, azure + "?videodatarate=5000"},
		{azure + "?videodatarate=1&x=2", 5000, 192, azure + "?videodatarate=5000&audiodatarate=192&x=2"},
	} {
		got, ok := lintAs(t, "", c.in).WithRates(c.video, c.audio)
		if !ok || got != c.want {
			t.Errorf("%s: %s", c.in, got)
		}
		if r := lintAs(t, "", got); r.raised("url-datarate") {
			t.Errorf("%s raises url-datarate", got)
		}
	}
	if _, ok := lintAs(t, "", "rtmp://live.example.com/live/a").WithRates(1, 1); ok {
		t.Error("rates for a platform that takes none")
	}
}

func TestCivil(t *testing.T) {
	for _, c := range []struct {
		unix int64
		want string
	}{
		{0, "1970-01-01 00:00:00 UTC"},
		{951782400, "2000-02-29 00:00:00 UTC"},
		{951868799, "2000-02-29 23:59:59 UTC"},
		{4107542400, "2100-03-01 00:00:00 UTC"},
		{1795291200, "2026-11-21 20:00:00 UTC"},
		{2147483647, "2038-01-19 03:14:07 UTC"},
		{253402300799, "9999-12-31 23:59:59 UTC"},
		{253402300800, "after the year 9999 UTC"},
		{-1, "before 1970 UTC"},
	} {
		if got := utc(c.unix); got != c.want {
			t.Errorf("%d: %s, want %s", c.unix, got, c.want)
		}
	}
	if got := local(1483200000, -(3*3600 + 1800)); got != "2016-12-31 12:30:00 UTC-3:30" {
		t.Error(got)
	}
}
