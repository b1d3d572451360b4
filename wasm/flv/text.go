package flv

import "strconv"

//go:noinline
func itoa(n int64) string { return strconv.FormatInt(n, 10) }

//go:noinline
func utoa(n uint64) string { return strconv.FormatUint(n, 10) }

// commas writes a number with commas between its thousands.
func commas(n int64) string {
	s := itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
