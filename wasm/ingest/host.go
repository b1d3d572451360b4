package ingest

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// isIPv4 reports whether s is an address of four decimal numbers.
func isIPv4(s string) bool {
	parts, v, n := 0, 0, 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == '.' {
			if n == 0 || n > 3 || v > 255 {
				return false
			}
			parts++
			v, n = 0, 0
			continue
		}
		if !isDigit(s[i]) {
			return false
		}
		v = v*10 + int(s[i]-'0')
		n++
	}
	return parts == 4
}

// isIPv6 reports whether s is an IPv6 address, without brackets, with or
// without a zone.
func isIPv6(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' {
			if i == len(s)-1 {
				return false
			}
			s = s[:i]
			break
		}
	}
	groups, gap := 0, false
	for i := 0; i < len(s); {
		if s[i] == ':' {
			if i+1 < len(s) && s[i+1] == ':' {
				if gap {
					return false
				}
				gap = true
				i += 2
				continue
			}
			if i == 0 || i == len(s)-1 {
				return false
			}
			i++
			continue
		}
		j := i
		for j < len(s) && isHex(s[j]) {
			j++
		}
		if j < len(s) && s[j] == '.' {
			if !isIPv4(s[i:]) {
				return false
			}
			groups += 2
			break
		}
		if j == i || j-i > 4 || j < len(s) && s[j] != ':' {
			return false
		}
		groups++
		i = j
	}
	if gap {
		return groups < 8
	}
	return groups == 8
}

// isAddress reports whether a host (without brackets) is an IP address.
func isAddress(h string) bool { return isIPv4(h) || isIPv6(h) }

// oddAddress reports whether a host is a number in another notation that some
// resolvers take for an address: 2130706433, 0x7f.1.
func oddAddress(h string) bool {
	if h == "" || !isDigit(h[0]) {
		return false
	}
	last := h[lastIndex(h, '.')+1:]
	if last == "" {
		return false
	}
	return allDigits(last) || len(last) > 2 && last[0] == '0' && last[1]|0x20 == 'x' && allHex(last[2:])
}

// numbersAddress reports whether the C library takes a host for an IPv4
// address: one to four numbers, decimal, octal or hexadecimal, the last of which
// fills what is left (inet_aton, POSIX).
func numbersAddress(h string) bool {
	part := 0
	for {
		text, rest, more := strings.Cut(h, ".")
		radix := 10
		switch {
		case len(text) > 2 && text[0] == '0' && text[1]|0x20 == 'x':
			text, radix = text[2:], 16
		case len(text) > 1 && text[0] == '0':
			radix = 8
		}
		v, err := strconv.ParseUint(text, radix, 32)
		if err != nil || more && v > 255 {
			return false
		}
		if part++; !more {
			return part <= 4 && v < 1<<(8*(5-part))
		}
		h = rest
	}
}

// badPunycode reports whether a part of a host name begins with xn-- and cannot
// be decoded.
func badPunycode(h string) bool {
	for more := true; more; {
		var label string
		label, h, more = strings.Cut(h, ".")
		if len(label) >= 4 && equalFold(label[:4], "xn--") {
			if dec, ok := pcDecode(label[4:]); !ok || isASCII(dec) {
				return true
			}
		}
	}
	return false
}

// hostFault says what makes a host name impossible, with the index of the
// character in question; index -1 means the whole name.
func hostFault(h string) (what string, at int) {
	if len(h) > 253 {
		return "the host name is longer than 253 characters", -1
	}
	label := 0
	for i := 0; i <= len(h); i++ {
		if i == len(h) || h[i] == '.' {
			switch {
			case label == 0 && i == len(h) && i > 0:
				return "", 0 // the dot of a complete name
			case label == 0:
				return "the host name has an empty part", min(i, len(h)-1)
			case label > 63:
				return "a part of the host name is longer than 63 characters", -1
			}
			label = 0
			continue
		}
		c := h[i]
		if !isAlpha(c) && !isDigit(c) && c != '-' && c != '_' && c < utf8.RuneSelf {
			return "the host name has a character that host names cannot have", i
		}
		label++
	}
	return "", 0
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Punycode, RFC 3492.
const (
	pcBase, pcTMin, pcTMax, pcSkew, pcDamp = 36, 1, 26, 38, 700
)

func pcAdapt(delta, n int, first bool) int {
	if first {
		delta /= pcDamp
	} else {
		delta /= 2
	}
	delta += delta / n
	k := 0
	for delta > (pcBase-pcTMin)*pcTMax/2 {
		delta /= pcBase - pcTMin
		k += pcBase
	}
	return k + (pcBase-pcTMin+1)*delta/(delta+pcSkew)
}

// toASCII writes a host name in the form that the name service has it
// (xn--...). It maps nothing but ASCII capitals; names that need more are
// rare in ingest URLs.
func toASCII(h string) (string, bool) {
	out := make([]byte, 0, len(h)+16)
	for len(h) > 0 {
		i := 0
		for i < len(h) && h[i] != '.' {
			i++
		}
		label := h[:i]
		if isASCII(label) {
			out = append(out, label...)
		} else {
			enc, ok := pcEncode(label)
			if !ok || len(enc) > 59 {
				return "", false
			}
			out = append(out, "xn--"...)
			out = append(out, enc...)
		}
		if i == len(h) {
			break
		}
		out = append(out, '.')
		h = h[i+1:]
	}
	return string(out), true
}

func pcEncode(label string) (string, bool) {
	rs := []rune(label)
	if len(rs) > 63 {
		return "", false
	}
	var out []byte
	for i, r := range rs {
		if r < utf8.RuneSelf {
			rs[i] = rune(lower(byte(r)))
			out = append(out, byte(rs[i]))
		}
	}
	basic := len(out)
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias := rune(0x80), 0, 72
	for h := basic; h < len(rs); {
		m := rune(0x10FFFF)
		for _, r := range rs {
			if r >= n && r < m {
				m = r
			}
		}
		delta += int(m-n) * (h + 1)
		n = m
		for _, r := range rs {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := pcBase; ; k += pcBase {
				t := min(max(k-bias, pcTMin), pcTMax)
				if q < t {
					out = append(out, pcDigit(q))
					break
				}
				out = append(out, pcDigit(t+(q-t)%(pcBase-t)))
				q = (q - t) / (pcBase - t)
			}
			bias = pcAdapt(delta, h+1, h == basic)
			delta = 0
			h++
		}
		delta++
		n++
	}
	return string(out), true
}

func pcDigit(d int) byte {
	if d < 26 {
		return byte('a' + d)
	}
	return byte('0' + d - 26)
}

// toUnicode writes a host name as people write it; ok is false when no part of
// it is in the xn-- form.
func toUnicode(h string) (string, bool) {
	out := make([]byte, 0, len(h))
	any := false
	for {
		i := 0
		for i < len(h) && h[i] != '.' {
			i++
		}
		label := h[:i]
		if len(label) > 4 && equalFold(label[:4], "xn--") {
			if dec, ok := pcDecode(label[4:]); ok {
				label = dec
				any = true
			}
		}
		out = append(out, label...)
		if i == len(h) {
			return string(out), any
		}
		out = append(out, '.')
		h = h[i+1:]
	}
}

func pcDecode(s string) (string, bool) {
	var out []rune
	b := lastIndex(s, '-')
	for i := 0; i < b; i++ {
		out = append(out, rune(s[i]))
	}
	n, i, bias := 0x80, 0, 72
	for p := b + 1; p < len(s); {
		old, w := i, 1
		for k := pcBase; ; k += pcBase {
			if p >= len(s) {
				return "", false
			}
			c, d := s[p], 0
			p++
			switch {
			case isDigit(c):
				d = int(c-'0') + 26
			case isAlpha(c):
				d = int(c | 0x20 - 'a')
			default:
				return "", false
			}
			i += d * w
			if i > 1<<24 {
				return "", false
			}
			t := min(max(k-bias, pcTMin), pcTMax)
			if d < t {
				break
			}
			w *= pcBase - t
			if w > 1<<24 {
				return "", false
			}
		}
		bias = pcAdapt(i-old, len(out)+1, old == 0)
		n += i / (len(out) + 1)
		i %= len(out) + 1
		if n > 0x10FFFF || n >= 0xD800 && n < 0xE000 {
			return "", false
		}
		out = append(out, 0)
		copy(out[i+1:], out[i:])
		out[i] = rune(n)
		i++
	}
	return string(out), len(out) > 0
}
