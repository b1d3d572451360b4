package kb

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/analysis/token/porter"
)

// split cuts text into words in lower case, as people and codes write them:
// MPE_INGEST_CODEC, videoIngestionStarved and NetStream.Publish.BadName are
// several words each. Chinese and the like come character by character.
func split(text string) []string {
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out = append(out, join(strings.ToLower(string(word)))...)
			word = word[:0]
		}
	}
	var last rune
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Han, r):
			flush()
			out = append(out, string(r))
		case r == '\'' || r == '’': // doesn't is one word
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
		case unicode.IsUpper(r) && unicode.IsLower(last):
			flush()
			word = append(word, r)
		default:
			word = append(word, r)
		}
		last = r
	}
	flush()
	// what is written in two words as often as in one
	for i := 1; i < len(out); i++ {
		switch before := &out[i-1]; {
		case out[i] == "list" && *before == "white":
			*before = "allow"
		case out[i] == "list" && *before == "black":
			*before = "block"
		case *before == "i" && (out[i] == "frame" || out[i] == "frames"): // I-frame
			*before = "key"
		}
	}
	return out
}

// join writes words that people write in two ways in one.
func join(word string) []string {
	if two, ok := apart[word]; ok {
		return two
	}
	return []string{word}
}

var apart = map[string][]string{
	"keyframe": {"key", "frame"}, "keyframes": {"key", "frames"}, "hostname": {"host", "name"}, "username": {"user", "name"},
	"framerate": {"frame", "rate"}, "streamname": {"stream", "name"}, "streamkey": {"stream", "key"}, "timeout": {"timed", "out"},
	"fps": {"frame", "rate"}, "allowlist": {"allow", "list"}, "whitelist": {"allow", "list"}, "blocklist": {"block", "list"},
	"blacklist": {"block", "list"}, "datarate": {"data", "rate"}, "setdataframe": {"setdataframe", "metadata"},
	"takeover": {"take", "over"}, "url's": {"url"}, "licence": {"license"}, "licences": {"license"}, "timestamps": {"time", "stamps"},
	"timestamp": {"time", "stamp"}, "authorisation": {"authorization"}, "authorised": {"authorized"}, "h264": {"avc"}, "h265": {"hevc"},
	"iframe": {"key", "frame"}, "iframes": {"key", "frames"}, "idr": {"key", "frame"}, "megabyte": {"mb"}, "megabytes": {"mb"}, "mbyte": {"mb"}, "mbytes": {"mb"},
	"two": {"2"}, "three": {"3"}, "four": {"4"}, "five": {"5"}, "ten": {"10"}, "twenty": {"20"}, "thirty": {"30"}, "sixty": {"60"},
	"app": {"application"}, "apps": {"applications"}, "config": {"configuration"}, "x264": {"avc"}, "x265": {"hevc"}, "sound": {"audio"},
}

// stop are words that say nothing; no, not and without say much.
var stop = wordSet("a an ok okay and are as at be been but by can do does for from has have he i if in into is it its me my of on or our s so " +
	"t than that the their them then there these they this to was we were what when which while who why will with would you your am how did")

func wordSet(text string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(text) {
		set[w] = true
	}
	return set
}

var porterStemmer = porter.NewPorterStemmer()

// stem takes endings off: refused and refuse are one word.
func stem(word string) string {
	if len(word) < 3 || strings.IndexFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) >= 0 {
		return word
	}
	return string(porterStemmer.Filter(analysis.TokenStream{{Term: []byte(word)}})[0].Term)
}

// words are what a text is looked up by.
func words(text string) []string {
	all := split(text)
	out := all[:0]
	for _, w := range all {
		if !stop[w] {
			out = append(out, w)
		}
	}
	return out
}

// plain is text as messages are compared: words in lower case, one space
// between and around them.
func plain(text string) string {
	var b strings.Builder
	b.WriteByte(' ')
	gap := true
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
			gap = false
		} else if !gap {
			b.WriteByte(' ')
			gap = true
		}
	}
	if !gap {
		b.WriteByte(' ')
	}
	return b.String()
}

// slot is what varies in a message: %s, %08x, <name>, {id}, an ellipsis.
var slot = regexp.MustCompile(`%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|z|j|u)?[sdiuxXcpfgvqwVDO]z?|%[A-Z][A-Z0-9_]*%|<[^<>]*>|\{[^{}]*\}|\.\.\.|…`)

// message is a literal message as it is compared.
type message struct {
	text  string   // as it stands on the page
	raw   string   // in lower case
	plain string   // whole, slots as they are
	parts []string // the literal parts between the slots, in order
	size  int      // characters of the parts
}

func newMessage(text string) message {
	m := message{text: text, raw: strings.ToLower(strings.TrimSpace(text)), plain: plain(text)}
	for _, part := range slot.Split(text, -1) {
		if p := plain(part); p != " " {
			m.parts = append(m.parts, p)
			m.size += len(p) - 1
		}
	}
	return m
}

// inside reports whether a text (plain) holds the whole message, whatever
// stands in its slots.
func (m *message) inside(text string) bool {
	if len(m.parts) == 0 {
		return false
	}
	for _, part := range m.parts {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part)-1:] // the last space may begin the next part
	}
	return true
}

// spelling is a word with the letters in it, a bit each: words that differ by
// one slip have at most two bits that differ, which is quickly seen.
type spelling struct {
	text    string
	letters uint32
}

func lettersOf(word string) (set uint32) {
	for i := range len(word) {
		set |= 1 << (word[i] & 31)
	}
	return set
}

// near tells whether two words differ by at most max letters put in, left out,
// exchanged or swapped with their neighbour (optimal string alignment).
func near(a, b string, most int) bool {
	if d := len(a) - len(b); d > most || -d > most {
		return false
	}
	var rows [3][64]int
	if len(a) >= 64 || len(b) >= 64 {
		return false
	}
	for j := 0; j <= len(b); j++ {
		rows[1][j] = j
	}
	before, last, row := &rows[0], &rows[1], &rows[2]
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if least > most {
			return false
		}
		before, last, row = last, row, before
	}
	return last[len(b)] <= most
}
