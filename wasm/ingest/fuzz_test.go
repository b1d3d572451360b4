package ingest

import (
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

// Dirt that a person's tools put into a URL goes, whatever and wherever it is,
// and the URL comes out as it was.
func TestCleanGivesBackTheURL(t *testing.T) {
	r := rand.New(rand.NewSource(*seed))
	invisible := []string{"\u200b", "\ufeff", "\u00ad", "\u2060", "\u200d", "\u202a", "\ufe0f"}
	spaces := []string{" ", "\u00a0", "\u3000", "\t", "\r\n", "\n", "\u2009"}
	quotes := [][2]string{{"\"", "\""}, {"\u201c", "\u201d"}, {"\u2018", "\u2019"}, {"'", "'"}, {"<", ">"}, {"(", ")"}, {"\u300c", "\u300d"}, {"`", "`"}}
	for i := 0; i < 4000; i++ {
		ids := profile.All()
		list := healthy[ids[r.Intn(len(ids))].ID]
		want := list[r.Intn(len(list))]
		s := want
		for n := 1 + r.Intn(3); n > 0; n-- {
			switch r.Intn(8) {
			case 0: // something invisible inside
				at := r.Intn(len(s) + 1)
				for at < len(s) && !utf8.RuneStart(s[at]) {
					at++
				}
				s = s[:at] + invisible[r.Intn(len(invisible))] + s[at:]
			case 1:
				s += spaces[r.Intn(len(spaces))]
			case 2:
				s = spaces[r.Intn(len(spaces))] + s
			case 3:
				q := quotes[r.Intn(len(quotes))]
				s = q[0] + s + q[1]
			case 4: // full-width
				var b strings.Builder
				for _, c := range s {
					if c > ' ' && c < 0x7F && c != '"' && c != '\'' && c != '<' && c != '(' && c != '`' && r.Intn(5) == 0 {
						c += 0xFEE0
					}
					b.WriteRune(c)
				}
				s = b.String()
			case 5:
				s = strings.ReplaceAll(s, "&", pick(r, "&amp;", "&#38;", "&#x26;", "&amp;amp;"))
			case 6:
				s += pick(r, ".", ",", ";", "!", "...", "\u3002")
			case 7: // a line break behind a slash, as mails do
				if at := strings.LastIndexByte(s, '/'); at > 12 && strings.HasPrefix(s, "rtmp") {
					s = s[:at+1] + "\n" + s[at+1:]
				}
			}
		}
		got, changed := Clean(s)
		if got != want {
			t.Errorf("%q\n cleaned %q\n want    %q", s, got, want)
		}
		if changed != (s != want) {
			t.Errorf("%q: changed %v", s, changed)
		}
		lint := lintAs(t, "", s)
		if lint.Host == "" {
			t.Errorf("%q does not parse: %q", s, raised(lint, diag.Error))
		}
		if t.Failed() && i > 20 {
			return
		}
	}
}

func seeds(f *testing.F) {
	for _, list := range healthy {
		for _, in := range list {
			f.Add(in)
		}
	}
	for _, in := range []string{
		"", " ", "rtmp://", "rtmp:", "://", "rtmp:///", "rtmp://[", "rtmp://[::1", "rtmp://@", "rtmp://:@:", "rtmp://a:b@c:d/e?f=g&h#i", "rtmp%253A%252F%252Fh",
		"&amp;amp;lt;", "&#59;&#38;", `\u005cu0026`, `rtmp:\\h\a\k`, "\uff1c\uff1e\uff06\uff1b", "\xff\xfe", "a\x00b", "rtmp://rtmp://rtmp:///", "Server: rtmp://h/a Key: b",
		"ffmpeg -f flv 'rtmp://h/a/k'", "<rtmp://h/<key>>", "rtmp://h/a?x=/y?z", "rtmp://h/a/%20", "rtmp[s]://h:port/a/{{ key }}", "key=abc token: \"x y\" publish 'z'",
		"rtmp://user:pa ss@h/a/k", "live_123456_abcdefghij", "x://y", "rtmp://h/a/k live=1", "[a](rtmp://h/a/k)", "\u201crtmp://h/a/k\u201d.", "rtmp://\u00fc.x/a/k", "rtmp://xn--/a/k", "https://h/whip/k",
	} {
		f.Add(in)
	}
	// Found by fuzzing before.
	files, _ := filepath.Glob("testdata/seeds/*")
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil {
			f.Add(string(b))
		}
	}
}

func FuzzClean(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, in string) {
		if len(in) > maxInput {
			return
		}
		got, _ := Clean(in)
		again, changed := Clean(got)
		if changed || again != got {
			t.Fatalf("%q cleans to %q, and that to %q", in, got, again)
		}
		if utf8.ValidString(in) && !utf8.ValidString(got) {
			t.Fatalf("%q cleans to %q, which is not UTF-8", in, got)
		}
		if len(got) > len(in)+4 {
			t.Fatalf("%q grows to %q", in, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, in string) {
		if len(in) > maxInput {
			return
		}
		u := parse(in)
		last := 0
		in2 := func(name string, g seg) {
			if g.s < 0 || g.e < g.s || g.e > len(in) {
				t.Fatalf("%q: %s at %d-%d", in, name, g.s, g.e)
			}
		}
		for _, g := range []seg{u.scheme, u.user, u.pass, u.host, u.zone, u.port, u.path, u.query, u.query2, u.frag} {
			in2("part", g)
		}
		for _, g := range u.segs {
			in2("segment", g)
			if g.s < last {
				t.Fatalf("%q: segments overlap", in)
			}
			last = g.e
		}
		for _, p := range u.params {
			in2("name", p.name)
			in2("value", p.value)
		}
		for _, p := range profile.All() {
			l := u.layout(&p.URL)
			for _, g := range []seg{l.app, l.instance, l.token, l.stream} {
				in2("role", g)
			}
			u.public(&p.URL, &l)
		}
	})
}

func FuzzLint(f *testing.F) {
	seeds(f)
	profiles := profile.All()
	f.Fuzz(func(t *testing.T, in string) {
		if len(in) > 4000 {
			return
		}
		o := Options{Input: in, Now: now, SignKey: "key"}
		if len(in) > 0 {
			if k := int(in[len(in)-1]) % (len(profiles) + 1); k > 0 {
				o.Profile = profiles[k-1]
			}
		}
		r := Lint(o)
		check(t, r)
		r.AppendJSON(nil, diag.Tool{})
		for _, fd := range r.Findings {
			from, to := r.InRedacted(fd.Start, fd.End, fd.Field)
			if from < 0 || to < from || to > len(r.Redacted) {
				t.Fatalf("%q: %d-%d is %d-%d of %q", in, fd.Start, fd.End, from, to, r.Redacted)
			}
		}
		if r.Mended == "" {
			return
		}
		// The mended URL is at rest: nothing is left to clean or to correct.
		o.Input = r.Mended
		if again := Lint(o); again.Mended != r.Mended {
			t.Fatalf("%q is mended to %q, and that to %q", in, r.Mended, again.Mended)
		} else if again.raised("url-characters") && isASCII(r.Mended) {
			t.Fatalf("%q is mended to %q, which still holds odd characters", in, r.Mended)
		}
		// The two fields of an encoder are the same URL again.
		for i := 0; i < len(in); i++ {
			if in[i] == '/' {
				Lint(Options{Split: true, Server: in[:i], Key: in[i+1:], Now: now})
				break
			}
		}
	})
}

func FuzzRedact(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, in string) {
		if len(in) > 4000 {
			return
		}
		got := Redact(in)
		if again := Redact(got); again != got {
			t.Fatalf("%q is redacted to %q, and that to %q", in, got, again)
		}
		if utf8.ValidString(in) && !utf8.ValidString(got) {
			t.Fatalf("%q is redacted to %q, which is not UTF-8", in, got)
		}
	})
}
