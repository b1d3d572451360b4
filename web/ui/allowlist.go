package ui

import (
	"encoding/binary"
	mathbits "math/bits"
	"net/netip"
	"sort"
	"strconv"
	"strings"

	"ingestdoctor/wasm/diag"
)

// What the allow-list helper reads at most; more is cut and said so.
const (
	maxAllowBytes   = 64 << 10
	maxAllowEntries = 2000
	maxAllowShown   = 200 // rows on the page
	maxEncoders     = 16
)

// AllowEntry is one address or range of a pasted allow list.
type AllowEntry struct {
	Line     int    // in the paste, from 1
	Text     string // as it was typed
	From, To netip.Addr
	Bits     int    // prefix length; -1 for a range that was written from-to
	Problem  string // why it is no address or range; From and To are not set then
	Mended   string // what was probably meant, or the clean form; empty for none
	Remarks  []AllowRemark
}

// AllowRemark is one thing to know about an entry.
type AllowRemark struct {
	Severity diag.Severity
	Text     string
}

// Valid reports whether the entry lets anybody in.
func (e *AllowEntry) Valid() bool { return e.Problem == "" }

// Range is the entry in one form: an address, a CIDR range, or from to.
func (e *AllowEntry) Range() string {
	switch {
	case !e.Valid():
		return ""
	case e.From == e.To:
		return e.From.String()
	case e.Bits >= 0:
		return netip.PrefixFrom(e.From, e.Bits).String()
	}
	return e.From.String() + " to " + e.To.String()
}

// severity is the worst of the remarks.
func (e *AllowEntry) severity() diag.Severity {
	if !e.Valid() {
		return diag.Error
	}
	worst := diag.Off
	for _, r := range e.Remarks {
		worst = max(worst, r.Severity)
	}
	return worst
}

func (e *AllowEntry) remark(s diag.Severity, text string) {
	e.Remarks = append(e.Remarks, AllowRemark{s, text})
}

// holds reports whether the entry lets an address in.
func (e *AllowEntry) holds(a netip.Addr) bool {
	return e.Valid() && e.From.BitLen() == a.BitLen() && e.From.Compare(a) <= 0 && a.Compare(e.To) <= 0
}

// AllowList is a pasted allow list, judged.
type AllowList struct {
	Entries []AllowEntry
	Cut     string // why not all of the paste was read; empty when it was
}

// EncoderView is what the list does with one address of an encoder.
type EncoderView struct {
	Text    string // as typed
	Addr    netip.Addr
	Problem string        // why it is no address
	By      []*AllowEntry // what lets it in, the narrowest first
	Note    string        // about the address itself: private, an example
}

// readAllowList reads addresses, CIDR ranges, ranges a-b and netmasks: one or
// several a line, with commas, quotation marks and comments as they come.
func readAllowList(text string) AllowList {
	var l AllowList
	if len(text) > maxAllowBytes {
		text = text[:maxAllowBytes]
		if at := strings.LastIndexByte(text, '\n'); at > 0 {
			text = text[:at]
		}
		l.Cut = "Only the first 64 kB of the paste were read."
	}
	for n, line := range strings.Split(text, "\n") {
		for _, word := range allowWords(line) {
			if len(l.Entries) == maxAllowEntries {
				l.Cut = "Only the first " + countText(maxAllowEntries) + " entries were read."
				break
			}
			e := readAllowEntry(word)
			e.Line = n + 1
			l.Entries = append(l.Entries, e)
		}
	}
	l.compare()
	return l
}

// allowWords takes a line apart into entries. A range may have spaces around
// its dash, and a mask may follow its address.
func allowWords(line string) []string {
	for _, mark := range [...]string{"#", "//"} {
		if at := strings.Index(line, mark); at >= 0 && !strings.HasSuffix(line[:at], ":") {
			line = line[:at]
		}
	}
	line = strings.Map(func(r rune) rune {
		switch r {
		case '–', '—':
			return '-'
		case '\u00a0':
			return ' '
		case '\u200b', '\ufeff':
			return -1
		}
		return r
	}, line)
	var words []string
	joined := false // the last word ends in a dash, or in a slash
	for _, w := range strings.FieldsFunc(line, func(r rune) bool {
		return r == ' ' || r == '\t' || r == '\r' || r == ',' || r == ';' || r == '"' || r == '\'' || r == '{' || r == '}'
	}) {
		w = trimBrackets(w)
		if w == "" {
			continue
		}
		last := len(words) - 1
		switch {
		case last >= 0 && (joined || w[0] == '-' && len(w) > 1 || w == "-" || w[0] == '/'):
			words[last] += w
		case last >= 0 && strings.HasPrefix(w, "255.") && !strings.ContainsAny(words[last], "/-"):
			words[last] += "/" + w
		default:
			words = append(words, w)
		}
		joined = strings.HasSuffix(w, "-") || w == "/"
	}
	return words
}

// trimBrackets takes off the brackets of a JSON list; those of an IPv6 address
// with a port stay.
func trimBrackets(w string) string {
	if strings.HasPrefix(w, "[") && !strings.Contains(w, "]:") {
		w = w[1:]
	}
	if strings.HasSuffix(w, "]") && !strings.HasPrefix(w, "[") {
		w = w[:len(w)-1]
	}
	return w
}

func readAllowEntry(word string) AllowEntry {
	e := AllowEntry{Text: word, Bits: -1}
	if strings.Contains(word, "://") {
		e.Problem = "a URL, not an address"
		return e
	}
	if from, to, ok := strings.Cut(word, "-"); ok && strings.Trim(from, "0123456789abcdefABCDEF.:") == "" {
		e.readPair(from, to)
		return e
	}
	base, length, ranged := strings.Cut(word, "/")
	a, problem, mended := readAddr(base)
	if problem != "" {
		if mended != "" && ranged && !strings.Contains(mended, "/") {
			mended += "/" + length
		}
		e.Problem, e.Mended = problem, mended
		return e
	}
	size := a.BitLen()
	if ranged {
		var ok bool
		if size, ok = prefixLength(length, a); !ok {
			e.Problem = "/" + shorten(visible(length), 24) + " is no prefix length: it is 0 to " + strconv.Itoa(a.BitLen())
			return e
		}
	}
	if a.Is4In6() && size >= 96 {
		a, size = a.Unmap(), size-96
		e.remark(diag.Info, "An IPv4 address in the form of an IPv6 one; lists want it plain.")
		e.Mended = a.String()
		if size < 32 {
			e.Mended += "/" + strconv.Itoa(size)
		}
	}
	p := netip.PrefixFrom(a, size).Masked()
	e.From, e.To, e.Bits = p.Addr(), lastAddr(p), size
	if p.Addr() != a {
		e.Mended = p.String()
		e.remark(diag.Warning, a.String()+" is one machine inside of the range, which begins at "+p.Addr().String()+". Many lists refuse it written so. For this one machine alone: "+netip.PrefixFrom(a, a.BitLen()).String()+".")
	}
	e.judge()
	return e
}

// readPair reads a range from-to, which platforms' lists do not take: the CIDR
// ranges that make it up are its clean form.
func (e *AllowEntry) readPair(from, to string) {
	a, problem, _ := readAddr(from)
	b := a
	if problem == "" {
		b, problem, _ = readAddr(to)
	}
	switch a, b = a.Unmap(), b.Unmap(); {
	case problem != "":
		e.Problem = problem
	case a.BitLen() != b.BitLen():
		e.Problem = "a range goes from one IPv4 address to another, or from one IPv6 address to another, not from one kind to the other"
	case b.Less(a):
		e.Problem = "it ends before it begins"
		e.Mended = b.String() + "-" + a.String()
	default:
		e.From, e.To = a, b
		list := cidrs(a, b, 8)
		e.Mended = strings.Join(list, ", ")
		if len(list) == 1 {
			e.remark(diag.Info, "Most lists take no range written from–to; as CIDR it is "+e.Mended+".")
		} else if n := cidrCount(a, b); n > len(list) {
			e.Mended = ""
			e.remark(diag.Warning, "Most lists take no range written from–to, and this one would need "+strconv.Itoa(n)+" CIDR ranges.")
		} else {
			e.remark(diag.Info, "Most lists take no range written from–to; as CIDR it is these "+strconv.Itoa(n)+": "+e.Mended+".")
		}
		e.judge()
	}
}

// readAddr reads one address, and says what is wrong with what is none.
func readAddr(s string) (a netip.Addr, problem, mended string) {
	if a, err := netip.ParseAddr(s); err == nil {
		if a.Zone() != "" {
			return netip.Addr{}, "the part after % names a network card and holds on one machine only", a.WithZone("").String()
		}
		return a, "", ""
	}
	if at := strings.LastIndexByte(s, ':'); at > 0 && (strings.Count(s, ":") == 1 || s[0] == '[') {
		if a, err := netip.ParseAddr(strings.Trim(s[:at], "[]")); err == nil {
			return netip.Addr{}, "there is a port; lists want the address alone", a.String()
		}
	}
	parts := strings.Split(s, ".")
	digits := s != "" && strings.Trim(s, "0123456789.*xX") == ""
	switch {
	case s == "":
		return netip.Addr{}, "there is no address", ""
	case digits && strings.ContainsAny(s, "*xX") && len(parts) <= 4:
		return netip.Addr{}, "lists take no wildcard", wildcard(parts)
	case digits && len(parts) < 4 && len(parts) > 1:
		full, bits := s+strings.Repeat(".0", 4-len(parts)), 8*len(parts)
		if _, err := netip.ParseAddr(full); err != nil {
			return netip.Addr{}, "no address", ""
		}
		return netip.Addr{}, "an IPv4 address has four numbers", full + "/" + strconv.Itoa(bits)
	case digits && len(parts) == 4:
		for i, p := range parts {
			n, err := strconv.Atoi(p)
			switch {
			case p == "" || err != nil || n > 255:
				return netip.Addr{}, "each of the four numbers is 0 to 255", ""
			case len(p) > 1 && p[0] == '0':
				parts[i] = strconv.Itoa(n)
			}
		}
		return netip.Addr{}, "numbers with a leading zero: some programs read them as octal", strings.Join(parts, ".")
	case strings.Contains(s, ":"):
		return netip.Addr{}, "no IPv6 address: it has eight groups of up to four hex digits, and one :: may stand for zeros", ""
	case strings.ContainsAny(s, ".") && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789-.") == "":
		return netip.Addr{}, "a name, not an address; lists want the address that it has", ""
	}
	return netip.Addr{}, "no address and no range", ""
}

// wildcard writes 203.0.113.* as 203.0.113.0/24.
func wildcard(parts []string) string {
	bits := 0
	for len(parts) < 4 {
		parts = append(parts, "*")
	}
	wild := false
	for i, p := range parts {
		if p == "*" || p == "x" || p == "X" {
			parts[i], wild = "0", true
			continue
		}
		if wild {
			return ""
		}
		bits += 8
	}
	full := strings.Join(parts, ".")
	if _, err := netip.ParseAddr(full); err != nil || bits == 0 {
		return ""
	}
	return full + "/" + strconv.Itoa(bits)
}

// prefixLength reads what follows the slash: a length, or an IPv4 mask.
func prefixLength(s string, a netip.Addr) (int, bool) {
	if m, err := netip.ParseAddr(s); err == nil && m.Is4() && a.Is4() {
		b := m.As4()
		v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		n := 0
		for n < 32 && v&(1<<(31-n)) != 0 {
			n++
		}
		return n, v<<n == 0
	}
	if s == "" || len(s) > 3 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n <= a.BitLen()
}

// lastAddr is the last address of a range.
func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// span is the distance from the first to the last address: a number of 128 bits.
func (e *AllowEntry) span() (hi, lo uint64) {
	a, b := e.From.As16(), e.To.As16()
	lo, borrow := mathbits.Sub64(binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(a[8:]), 0)
	hi, _ = mathbits.Sub64(binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(a[:8]), borrow)
	return hi, lo
}

func (e *AllowEntry) narrower(o *AllowEntry) bool {
	eh, el := e.span()
	oh, ol := o.span()
	return eh < oh || eh == oh && el < ol
}

// wideBits is the bits of the range: 8 for 256 addresses, and for 200.
func (e *AllowEntry) wideBits() int {
	hi, lo := e.span()
	if hi > 0 {
		return 64 + mathbits.Len64(hi)
	}
	return mathbits.Len64(lo)
}

// Size is how many addresses the entry lets in, in words.
func (e *AllowEntry) Size() string {
	if !e.Valid() {
		return ""
	}
	if hi, lo := e.span(); hi == 0 && lo < 1<<50 {
		return plural(int64(lo)+1, "address", "addresses")
	}
	return "2^" + strconv.Itoa(e.wideBits()) + " addresses"
}

// judge says what is odd about the range by itself.
func (e *AllowEntry) judge() {
	free := e.From.BitLen() - e.wideBits() // prefix length, also for from-to
	v4 := e.From.Is4()
	switch {
	case free == 0:
		e.remark(diag.Error, "Lets every address of the internet in: the list protects nothing.")
	case v4 && free <= 8 || !v4 && free <= 16:
		e.remark(diag.Error, "Far too wide: "+e.Size()+" of many thousand networks. An encoder's site has a handful.")
	case v4 && free < 16 || !v4 && free < 32:
		e.remark(diag.Warning, "Wide: "+e.Size()+", more than one provider's customers.")
	}
	if why := specialRange(e.From, e.To); why != "" {
		e.remark(diag.Warning, why)
	}
}

// special are the ranges that no encoder comes from, as a platform on the
// internet sees it.
var special = []struct{ prefix, why string }{
	{"10.0.0.0/8", private},
	{"172.16.0.0/12", private},
	{"192.168.0.0/16", private},
	{"100.64.0.0/10", "An address inside a provider's own network (carrier-grade NAT): a platform sees another, public one."},
	{"127.0.0.0/8", "The machine itself (loopback): never seen on a network."},
	{"169.254.0.0/16", "A machine that got no address gives itself such a one (link-local)."},
	{"0.0.0.0/8", "Addresses that begin with 0 belong to nobody."},
	{"192.0.2.0/24", example},
	{"198.51.100.0/24", example},
	{"203.0.113.0/24", example},
	{"198.18.0.0/15", "Kept for measurements between networks; nobody has it on the internet."},
	{"224.0.0.0/4", "A multicast address: nobody sends from it."},
	{"240.0.0.0/4", "Kept free; nobody has it."},
	{"fc00::/7", private},
	{"fe80::/10", "Holds on one network cable only (link-local)."},
	{"::/127", "The machine itself, or nobody."},
	{"2001:db8::/32", example},
	{"ff00::/8", "A multicast address: nobody sends from it."},
}

const (
	private = "A private address: a platform on the internet never sees it, but the public one of the router."
	example = "An address of documentation examples: nobody has it."
)

// specialRange says why nobody comes from a range, where all of it is special.
func specialRange(from, to netip.Addr) string {
	for _, s := range special {
		base, length, _ := strings.Cut(s.prefix, "/")
		size, _ := strconv.Atoi(length)
		if p := netip.PrefixFrom(netip.MustParseAddr(base), size); p.Contains(from) && p.Contains(to) {
			return s.why
		}
	}
	return ""
}

// compare finds entries that are there twice, that lie within another, or that
// overlap one. Sorted by start, the one that reaches farthest so far tells all.
func (l *AllowList) compare() {
	order := make([]*AllowEntry, 0, len(l.Entries))
	for i := range l.Entries {
		if l.Entries[i].Valid() {
			order = append(order, &l.Entries[i])
		}
	}
	sort.SliceStable(order, func(i, j int) bool {
		if c := order[i].From.Compare(order[j].From); c != 0 {
			return c < 0
		}
		return order[j].To.Less(order[i].To)
	})
	var far, first *AllowEntry
	for _, e := range order {
		switch {
		case far == nil || far.From.BitLen() != e.From.BitLen() || far.To.Less(e.From):
			far, first = e, e
			continue
		case first != nil && first.From == e.From && first.To == e.To:
			e.remark(diag.Warning, "Twice: the same as line "+strconv.Itoa(first.Line)+".")
			continue
		case !far.To.Less(e.To):
			if far.severity() == diag.Error {
				e.remark(diag.Info, "Line "+strconv.Itoa(far.Line)+" ("+far.Range()+") lets it in as well, and far too many others.")
			} else {
				e.remark(diag.Info, "Needless: line "+strconv.Itoa(far.Line)+" ("+far.Range()+") lets it in already.")
			}
		default:
			e.remark(diag.Info, "Overlaps line "+strconv.Itoa(far.Line)+" ("+far.Range()+").")
			far = e
		}
		first = e
	}
}

// encoders reads the addresses that encoders come from, and looks for what lets
// each in.
func (l *AllowList) encoders(text string) []EncoderView {
	var views []EncoderView
	for _, word := range allowWords(strings.ReplaceAll(text, "\n", " ")) {
		if len(views) == maxEncoders {
			break
		}
		v := EncoderView{Text: word}
		a, problem, mended := readAddr(word)
		switch {
		case strings.ContainsAny(word, "/-"):
			v.Problem = "a range; the encoder comes from one address"
		case problem != "":
			if v.Problem = problem; mended != "" {
				v.Problem += " (" + mended + "?)"
			}
		default:
			v.Addr = a.Unmap()
			v.Note = specialRange(v.Addr, v.Addr)
			for i := range l.Entries {
				if l.Entries[i].holds(v.Addr) {
					v.By = append(v.By, &l.Entries[i])
				}
			}
			sort.SliceStable(v.By, func(i, j int) bool { return v.By[i].narrower(v.By[j]) })
		}
		views = append(views, v)
	}
	return views
}

// counts are the entries that let somebody in, those that are wrong, and those
// that have a remark.
func (l *AllowList) counts() (valid, wrong, remarked int) {
	for i := range l.Entries {
		switch e := &l.Entries[i]; {
		case !e.Valid():
			wrong++
		case len(e.Remarks) > 0:
			valid++
			remarked++
		default:
			valid++
		}
	}
	return valid, wrong, remarked
}

// cidrs are the fewest CIDR ranges that make up from-to, the first ones at most.
func cidrs(from, to netip.Addr, most int) []string {
	var list []string
	eachCIDR(from, to, func(p netip.Prefix) bool {
		list = append(list, p.String())
		return len(list) < most
	})
	return list
}

func cidrCount(from, to netip.Addr) (n int) {
	eachCIDR(from, to, func(netip.Prefix) bool { n++; return true })
	return n
}

// eachCIDR goes through them in order; there are 254 at most.
func eachCIDR(from, to netip.Addr, f func(netip.Prefix) bool) {
	for {
		bits := from.BitLen()
		for bits > 0 {
			wider := netip.PrefixFrom(from, bits-1)
			if wider.Masked().Addr() != from || to.Less(lastAddr(wider)) {
				break
			}
			bits--
		}
		p := netip.PrefixFrom(from, bits)
		last := lastAddr(p)
		if !f(p) || last == to {
			return
		}
		from = last.Next()
	}
}
