package ingest

import "strconv"

// dirtKind is one sort of character that does not belong in a URL.
type dirtKind uint8

const (
	clean dirtKind = iota
	dirtSpace
	dirtBreak
	dirtInvisible
	dirtQuote
	dirtWide
	dirtDash
	dirtSign // looks like a sign of the URL and is another one
	dirtEntity
	dirtBytes
	dirtControl
	dirtBackslash
	dirtEllipsis
	dirtWrap
	dirtPunct
	dirtEscaped
	dirtOptions
	dirtLetter
)

// dirt is one run of such characters, in positions of the input.
type dirt struct {
	kind       dirtKind
	r          rune // the first of them; 0 where several or none is meant
	start, end int
	what       string // instead of the kind's own name
	stands     rune   // of an entity: the character that it stands for
	edge       bool   // around the URL, not in it
}

// classify says what to make of a character that is not plain ASCII: its kind,
// and what to write for it; -1 leaves it out. Other letters stay: names may be
// in any script.
func classify(r rune) (kind dirtKind, to rune) {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E:
		return dirtWide, r - 0xFEE0
	case r == 0xA0, r == 0x1680, r >= 0x2000 && r <= 0x200A, r == 0x202F, r == 0x205F, r == 0x3000:
		return dirtSpace, ' '
	case r == 0x85, r == 0x2028, r == 0x2029:
		return dirtBreak, '\n'
	case r == 0xAD, r == 0x34F, r == 0x61C, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5,
		r >= 0x180B && r <= 0x180F, r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E,
		r >= 0x2060 && r <= 0x206F, r == 0x3164, r >= 0xFE00 && r <= 0xFE0F, r == 0xFEFF, r == 0xFFA0,
		r >= 0xFFF9 && r <= 0xFFFC, r >= 0x1D173 && r <= 0x1D17A, r >= 0xE0000 && r <= 0xE0FFF:
		return dirtInvisible, -1
	case r >= 0x2018 && r <= 0x201F, r == 0x2039, r == 0x203A, r == 0xAB, r == 0xBB, r == 0xB4, r == 0x2BC,
		r >= 0x2032 && r <= 0x2037, r >= 0x275B && r <= 0x275E, r >= 0x300C && r <= 0x300F, r >= 0x301D && r <= 0x301F:
		return dirtQuote, '"'
	case r >= 0x2010 && r <= 0x2015, r == 0x2212, r == 0xFE58, r == 0xFE63:
		return dirtDash, '-'
	case r == 0x2026, r == 0x22EF:
		return dirtEllipsis, -1
	case r == 0x3002, r == 0xFF61, r == 0xFE52, r == 0x2024:
		return dirtSign, '.'
	case r == 0x2044, r == 0x2215, r == 0x29F8:
		return dirtSign, '/'
	case r == 0x2236, r == 0xA789, r == 0xFE55, r == 0x2D0, r == 0xFE13:
		return dirtSign, ':'
	case r == 0x3001, r == 0xFE50, r == 0xFE51:
		return dirtSign, ','
	case r == 0x3008, r == 0x2329, r == 0x27E8:
		return dirtSign, '<'
	case r == 0x3009, r == 0x232A, r == 0x27E9:
		return dirtSign, '>'
	case r >= 0x80 && r < 0xA0:
		return dirtControl, -1
	case r == 0xFFFD:
		return dirtBytes, -1
	}
	return clean, r
}

// named are the characters that people know by a name.
func named(r rune) string {
	switch r {
	case ' ':
		return "a space"
	case '\t':
		return "a tab"
	case '\n', '\r', 0x85, 0x2028, 0x2029:
		return "a line break"
	case 0xA0:
		return "a no-break space"
	case 0x202F:
		return "a narrow no-break space"
	case 0x3000:
		return "an ideographic (full-width) space"
	case 0x200B:
		return "a zero-width space"
	case 0x200C, 0x200D:
		return "a zero-width joiner"
	case 0x200E, 0x200F, 0x61C, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069:
		return "an invisible mark for the writing direction"
	case 0x2060:
		return "a word joiner (invisible)"
	case 0xFEFF:
		return "a byte order mark (invisible)"
	case 0xAD:
		return "a soft hyphen (invisible)"
	case 0x2018, 0x2019, 0x201A, 0x201B, 0x201C, 0x201D, 0x201E, 0x201F:
		return "a curly quotation mark"
	case '"':
		return "a quotation mark"
	case '\'':
		return "a single quotation mark"
	case '`':
		return "a backtick"
	case '\\':
		return "a backslash"
	case 0x2010, 0x2011, 0x2212:
		return "a hyphen of another kind"
	case 0x2012, 0x2013, 0x2014, 0x2015:
		return "a typographic dash"
	case 0x2026:
		return "an ellipsis (the text may have been cut off)"
	case 0x3002:
		return "an ideographic full stop"
	}
	return ""
}

// name is how a finding calls the characters; never the text around them.
func (d *dirt) name() string {
	if d.what != "" {
		return d.what
	}
	if n := named(d.r); n != "" {
		return n
	}
	switch d.kind {
	case dirtSpace:
		return "white space"
	case dirtBreak:
		return "a line break"
	case dirtInvisible:
		return "an invisible character"
	case dirtQuote:
		return "a quotation mark"
	case dirtWide:
		return "a full-width character"
	case dirtDash:
		return "a typographic dash"
	case dirtSign:
		return "a look-alike of a URL's sign"
	case dirtEntity:
		return "an HTML entity for " + visible(d.stands)
	case dirtBytes:
		return "bytes that are not UTF-8 text"
	case dirtControl:
		return "a control character"
	}
	return "a character"
}

// codePoint writes a character as U+200B; empty for none.
func codePoint(r rune) string {
	if r <= 0 {
		return ""
	}
	h := strconv.FormatInt(int64(r), 16)
	b := []byte("U+")
	for i := len(h); i < 4; i++ {
		b = append(b, '0')
	}
	for i := 0; i < len(h); i++ {
		c := h[i]
		if c >= 'a' {
			c -= 'a' - 'A'
		}
		b = append(b, c)
	}
	return string(b)
}

// visible writes one character so that it can be seen in a sentence.
func visible(r rune) string {
	if n := named(r); n != "" {
		return n
	}
	if kind, _ := classify(r); r < ' ' || r == 0x7F || kind == dirtInvisible || kind == dirtControl {
		return codePoint(r)
	}
	return "\u201c" + string(r) + "\u201d"
}

// entity reads the name or number of an HTML character reference (without &
// and ;); ok is false when it is none that turns up in URLs.
func entity(s string) (r rune, ok bool) {
	if len(s) > 1 && s[0] == '#' {
		digits, radix := s[1:], 10
		if digits[0] == 'x' || digits[0] == 'X' {
			digits, radix = digits[1:], 16
		}
		v, err := strconv.ParseUint(digits, radix, 21)
		if err != nil || v == 0 || v > 0x10FFFF || v >= 0xD800 && v < 0xE000 {
			return 0, false
		}
		return rune(v), true
	}
	for i := range entities {
		if entities[i].name == s {
			return entities[i].r, true
		}
	}
	return 0, false
}

var entities = [...]struct {
	name string
	r    rune
}{
	{"amp", '&'},
	{"AMP", '&'},
	{"lt", '<'},
	{"gt", '>'},
	{"LT", '<'},
	{"GT", '>'},
	{"quot", '"'},
	{"QUOT", '"'},
	{"apos", '\''},
	{"nbsp", 0xA0},
	{"colon", ':'},
	{"sol", '/'},
	{"bsol", '/'},
	{"quest", '?'},
	{"equals", '='},
	{"num", '#'},
	{"period", '.'},
	{"lowbar", '_'},
	{"hyphen", 0x2010},
	{"dash", 0x2010},
	{"comma", ','},
	{"commat", '@'},
	{"percnt", '%'},
	{"plus", '+'},
	{"excl", '!'},
	{"dollar", '$'},
	{"semi", ';'},
	{"ast", '*'},
	{"lpar", '('},
	{"rpar", ')'},
	{"lsqb", '['},
	{"rsqb", ']'},
	{"lbrack", '['},
	{"rbrack", ']'},
	{"lcub", '{'},
	{"rcub", '}'},
	{"Tab", '\t'},
	{"NewLine", '\n'},
	{"shy", 0xAD},
	{"zwnj", 0x200C},
	{"zwj", 0x200D},
	{"lrm", 0x200E},
	{"rlm", 0x200F},
	{"ensp", 0x2002},
	{"emsp", 0x2003},
	{"thinsp", 0x2009},
	{"ndash", 0x2013},
	{"mdash", 0x2014},
	{"hellip", 0x2026},
	{"lsquo", 0x2018},
	{"rsquo", 0x2019},
	{"ldquo", 0x201C},
	{"rdquo", 0x201D},
	{"laquo", 0xAB},
	{"raquo", 0xBB},
}
