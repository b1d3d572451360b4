package ingest

import "strings"

// seg is a half-open range of bytes in a cleaned URL.
type seg struct{ s, e int }

func (g seg) empty() bool { return g.s >= g.e }

// param is one name=value of a query.
type param struct {
	name, value seg
	has         bool // there is an equals sign
	server      bool // it stands before the stream name: ...live2?backup=1/key
}

// parsed is a cleaned URL taken apart. Nothing is decoded: RTMP sends the text
// as it stands.
type parsed struct {
	t string

	scheme  seg
	rest    int // where the part behind :// begins
	user    seg
	pass    seg
	hasUser bool
	hasPass bool
	slashed bool // the password has a bare / or ? or #
	host    seg  // without brackets
	bracket bool // [IPv6]
	bareV6  bool // IPv6 without them
	zone    seg
	port    seg
	hasPort bool

	path   seg   // from the first slash to the query
	segs   []seg // between the slashes, empty ones left out
	gaps   []int // where an empty one was
	tail   bool  // the path ends in a slash
	params []param
	query  seg // all behind the question mark that is not stream
	query2 seg // the query behind the stream where there was one before it
	// inQuery is how many of segs stand behind a query on the server part.
	inQuery int
	frag    seg
	hasFrag bool
	keyAt   int // where the key field begins, 0 where there is none
}

func (u *parsed) str(g seg) string { return u.t[g.s:g.e] }

// parse takes a cleaned URL apart; it takes anything.
func parse(t string) *parsed { return parseJoined(t, 0) }

// parseJoined does the same for a server and a key joined by a slash; keyAt is
// where the key begins.
func parseJoined(t string, keyAt int) *parsed {
	u := &parsed{t: t, keyAt: keyAt}
	if h, ok := matchScheme([]byte(t[:min(len(t), 24)]), 0); ok && h.plain() {
		u.scheme = seg{0, h.name}
		u.rest = h.after
	} else if ok && h.colon && h.slashes > 2 {
		u.scheme = seg{0, h.name}
		u.rest = h.name + 3
	}
	end := u.authority(u.rest)
	u.tailParts(end)
	return u
}

// fam is the family of the scheme.
func (u *parsed) fam() family {
	if i := schemeByName(u.str(u.scheme)); i != nil {
		return i.family
	}
	return famUnknown
}

// authority reads user, password, host and port from i on and gives the index
// behind them.
func (u *parsed) authority(i int) int {
	t := u.t
	end := i
	for end < len(t) && !isOneOf(t[end], "/?#") {
		end++
	}
	at := lastIndex(t[i:end], '@')
	if at >= 0 {
		at += i
	}
	if far := u.farAt(i, end, at); far > 0 {
		u.slashed = true
		at = far
		end = at + 1
		for end < len(t) && !isOneOf(t[end], "/?#") {
			end++
		}
	}
	host := i
	if at >= 0 {
		u.hasUser = true
		u.user = seg{i, at}
		for k := i; k < at; k++ {
			if t[k] == ':' {
				u.user.e = k
				u.hasPass = true
				u.pass = seg{k + 1, at}
				break
			}
		}
		host = at + 1
	}
	u.hostPort(host, end)
	return end
}

// farAt finds the @ of a password with slashes in it (user:pa/ss@host): the
// last @ behind what would otherwise be host and port, where those cannot be
// host and port, or hardly.
func (u *parsed) farAt(i, end, at int) int {
	t := u.t
	far := lastIndex(t[end:], '@')
	if far < 0 {
		return 0
	}
	far += end
	host := t[max(i, at+1):end]
	colon, colons := -1, 0
	for k := 0; k < len(host); k++ {
		if host[k] == ':' {
			colon = k
			colons++
		}
	}
	if len(host) > 0 && host[0] == '[' || colons > 1 && isIPv6(host) {
		return 0
	}
	if colon >= 0 && (colon == len(host)-1 || !allDigits(host[colon+1:])) {
		return far
	}
	name := host
	if colon >= 0 {
		name = host[:colon]
	}
	if lastIndex(name, '.') >= 0 || name == "localhost" {
		return 0
	}
	// A host without a dot and an @ in the first part of the path.
	for k := end + 1; k < len(t); k++ {
		if t[k] == '@' {
			return far
		}
		if t[k] == '/' {
			break
		}
	}
	if strong(t[far+1:]) && t[end] == '/' {
		return far
	}
	return 0
}

// strong reports whether s begins with what is hardly anything but a host.
func strong(s string) bool {
	i := 0
	for i < len(s) && s[i] != '/' && s[i] != '?' {
		i++
	}
	h := s[:i]
	return i < len(s) && s[i] == '/' && (lastIndex(h, '.') > 0 || lastIndex(h, ':') > 0 || h == "localhost")
}

func (u *parsed) hostPort(i, end int) {
	t := u.t
	h := t[i:end]
	if len(h) > 0 && h[0] == '[' {
		closer := -1
		for k := 1; k < len(h); k++ {
			if h[k] == ']' {
				closer = k
				break
			}
		}
		if closer > 0 {
			u.bracket = true
			u.host = seg{i + 1, i + closer}
			u.splitZone()
			if rest := i + closer + 1; rest < end {
				if t[rest] == ':' {
					u.hasPort = true
					u.port = seg{rest + 1, end}
				} else {
					u.bracket = false
					u.host = seg{i, end}
				}
			}
			return
		}
	}
	colons := 0
	for k := 0; k < len(h); k++ {
		if h[k] == ':' {
			colons++
		}
	}
	if colons > 1 && isIPv6(h) {
		u.bareV6 = true
		u.host = seg{i, end}
		if c := lastIndex(h, ':'); isIPv6(h[:c]) && likelyPort(h[c+1:]) {
			u.host.e = i + c
			u.hasPort = true
			u.port = seg{i + c + 1, end}
		}
		u.splitZone()
		return
	}
	u.host = seg{i, end}
	if c := lastIndex(h, ':'); c >= 0 {
		u.host.e = i + c
		u.hasPort = true
		u.port = seg{i + c + 1, end}
	}
}

// likelyPort reports whether a number behind an IPv6 address without brackets
// is rather a port than the address's end.
func likelyPort(s string) bool {
	switch s {
	case "1935", "1936", "2935", "2936", "443", "8443", "8080", "5222":
		return true
	}
	return false
}

func (u *parsed) splitZone() {
	for k := u.host.s; k < u.host.e; k++ {
		if u.t[k] == '%' {
			u.zone = seg{k + 1, u.host.e}
			if u.host.e-k > 3 && u.t[k+1:k+3] == "25" {
				u.zone.s = k + 3
			}
			u.host.e = k
			return
		}
	}
}

// tailParts reads path, query and fragment from i on.
func (u *parsed) tailParts(i int) {
	t := u.t
	end := len(t)
	if f := u.fam(); f != famSRT { // an SRT stream id begins with #!::
		if k := strings.IndexByte(t[i:], '#'); k >= 0 {
			u.hasFrag = true
			u.frag = seg{i + k + 1, len(t)}
			end = i + k
		}
	}
	q := end
	if k := strings.IndexByte(t[i:end], '?'); k >= 0 {
		q = i + k
	}
	u.path = seg{i, q}
	u.segments(i, q)
	if q >= end {
		return
	}
	u.query = seg{q + 1, end}
	if u.keyAt > q {
		u.serverQuery(q, u.keyAt-1, end)
		return
	}
	if len(u.segs) > 0 && len(u.segs) <= 2 && u.fam() != famHTTP && u.fam() != famSRT {
		// A query on the server part, the stream behind it:
		// live2?backup=1/key, live?vhost=x/stream?token=y.
		second := end
		if k := strings.IndexByte(t[q+1:end], '?'); k >= 0 {
			second = q + 1 + k
		}
		slash := strings.LastIndexByte(t[q+1:second], '/')
		if slash >= 0 {
			slash += q + 1
			if strings.IndexByte(t[q+1:slash], '/') >= 0 && strings.IndexByte(t[q+1:slash], '&') >= 0 || strings.IndexByte(t[slash:second], '&') >= 0 {
				slash = -1 // a slash inside a value
			}
		}
		if slash >= 0 && (len(u.segs) == 1 || second < end) {
			u.serverQuery(q, slash, end)
			return
		}
	}
	u.parameters(u.query, false)
}

// serverQuery reads a query that ends at a slash with the stream behind it.
func (u *parsed) serverQuery(q, slash, end int) {
	u.query = seg{q + 1, slash}
	u.parameters(u.query, true)
	second := slash
	for second < end && u.t[second] != '?' {
		second++
	}
	n := len(u.segs)
	u.segments(slash, second)
	u.inQuery = len(u.segs) - n
	if second < end {
		u.query2 = seg{second + 1, end}
		u.parameters(u.query2, false)
	}
}

func (u *parsed) segments(i, end int) {
	for k := i; k < end; {
		k++ // the slash
		j := k
		for j < end && u.t[j] != '/' {
			j++
		}
		if j > k {
			u.segs = append(u.segs, seg{k, j})
			u.tail = false
		} else if j < end {
			u.gaps = append(u.gaps, k)
		} else {
			u.tail = true
		}
		k = j
	}
}

func (u *parsed) parameters(q seg, server bool) {
	if u.params == nil && q.e > q.s {
		u.params = make([]param, 0, strings.Count(u.t[q.s:q.e], "&")+1)
	}
	for k := q.s; k < q.e; {
		j := q.e
		if n := strings.IndexByte(u.t[k:q.e], '&'); n >= 0 {
			j = k + n
		}
		if j > k {
			p := param{name: seg{k, j}, value: seg{j, j}, server: server}
			if n := strings.IndexByte(u.t[k:j], '='); n >= 0 {
				p.name.e, p.value, p.has = k+n, seg{k + n + 1, j}, true
			}
			u.params = append(u.params, p)
		}
		k = j + 1
	}
}

// param finds a parameter by its name.
func (u *parsed) param(name string) (*param, bool) {
	for i := range u.params {
		if u.str(u.params[i].name) == name {
			return &u.params[i], true
		}
	}
	return nil, false
}

func lastIndex(s string, c byte) int { return strings.LastIndexByte(s, c) }

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func allHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}
