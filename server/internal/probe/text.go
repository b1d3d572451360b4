package probe

import (
	"net/url"
	"slices"
	"strings"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/ingest"
)

// most is how much of one text that a server sent is shown, in characters.
const most = rtmp.MaxText

// visible writes a text that came from outside so that it can do nothing.
func visible(s string) string { return rtmp.Visible(s) }

// secrets masks what the request holds wherever it turns up: servers like to
// repeat a stream's name in their answers.
type secrets []string

// newSecrets takes each with the forms in which it may come back.
func newSecrets(values ...string) secrets {
	var s secrets
	add := func(v string) {
		if v != "" && !slices.Contains(s, v) {
			s = append(s, v)
		}
	}
	for _, v := range values {
		add(v)
		name, _, query := strings.Cut(v, "?")
		if query {
			add(name)
		}
		for _, w := range []string{v, name} {
			add(strings.ToLower(w))
			add(strings.ToUpper(w))
			add(url.QueryEscape(w))
			add(url.PathEscape(w))
			if u, err := url.PathUnescape(w); err == nil {
				add(u)
			}
		}
	}
	// the longest first: one may hold another
	slices.SortFunc(s, func(a, b string) int { return len(b) - len(a) })
	return s
}

// mask takes the secrets out of a text. A short one is masked as a whole word
// only, lest a key called "live" or "a" should blot out everything.
func (s secrets) mask(text string) string {
	for _, v := range s {
		for at := 0; at < len(text); {
			i := strings.Index(text[at:], v)
			if i < 0 {
				break
			}
			i += at
			if len(v) < 8 && !wholeWord(text, i, i+len(v)) {
				at = i + 1
				continue
			}
			text = text[:i] + ingest.Mask + text[i+len(v):]
			at = i + len(ingest.Mask)
		}
	}
	return text
}

func wholeWord(s string, from, to int) bool {
	word := func(c byte) bool {
		return c >= 0x80 || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
	}
	return (from == 0 || !word(s[from-1])) && (to == len(s) || !word(s[to]))
}

// show makes a server's text fit to be shown: secrets masked, bounded, harmless.
func (s secrets) show(text string) string {
	if len(text) > 8*most {
		// A secret across the cut is masked by no search.
		text = text[:8*most]
		for _, v := range s {
			for n := min(len(v)-1, len(text)); n > 3; n-- {
				if strings.HasSuffix(text, v[:n]) {
					text = text[:len(text)-n] + ingest.Mask
					break
				}
			}
		}
	}
	text = s.mask(text)
	return visible(keepReason(text, ingest.Redact(text)))
}

// keepReason gives Adobe's reason for a refusal back, which stands among values
// that are none of anybody's business: ?reason=authfailed&opaque=...
func keepReason(text, redacted string) string {
	const name = "reason="
	for _, word := range []string{"needauth", "authfailed", "nosuchuser", "invalid_session_id"} {
		if strings.Contains(text, name+word) {
			return strings.Replace(redacted, name+ingest.Mask, name+word, 1)
		}
	}
	return redacted
}

// hexBytes writes at most 16 bytes as a dump does.
func hexBytes(b []byte) string {
	var out strings.Builder
	for i, c := range b[:min(len(b), 16)] {
		if i > 0 {
			out.WriteByte(' ')
		}
		out.WriteByte("0123456789abcdef"[c>>4])
		out.WriteByte("0123456789abcdef"[c&15])
	}
	return out.String()
}
