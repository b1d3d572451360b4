package rules

import (
	"math"
	"strconv"

	"ingestdoctor/wasm/diag"
)

// Format writes an argument's value for a person, in the given unit: durations
// as 300 ms, 20.0 s or 1 min 5 s, moments as 0:14.2, rates in kb/s and Mb/s,
// sizes in bytes, kB and MB, always with the unit. A text stays as it is,
// whatever the unit.
func Format(unit Unit, a diag.Arg) string {
	var v float64
	switch a.Kind {
	case diag.Text:
		return a.Text
	case diag.Bool:
		if a.Int != 0 {
			return "yes"
		}
		return "no"
	case diag.Float:
		if math.IsNaN(a.Float) || math.IsInf(a.Float, 0) {
			return "unknown"
		}
		v = a.Float
	default:
		v = float64(a.Int)
	}
	switch unit {
	case Millis:
		return Duration(v)
	case At:
		return Moment(v)
	case Bytes:
		return size(v)
	case AtByte:
		return "byte " + thousands(int64(v))
	case Kbps:
		switch {
		case math.Abs(v) >= 9999.5:
			return number(v/1000, 1, true) + " Mb/s"
		case math.Abs(v) < 10:
			return number(v, 1, false) + " kb/s"
		}
		return thousands(int64(math.Round(v))) + " kb/s"
	case PerSec:
		return number(v, 2, false) + " fps"
	case Hertz:
		if math.Abs(v) < 1000 {
			return number(v, 0, false) + " Hz"
		}
		return number(v/1000, 3, false) + " kHz"
	case Percent:
		return number(v, 1, false) + " %"
	case Pixels:
		return strconv.FormatInt(int64(math.Round(v)), 10)
	case YesNo:
		if v != 0 {
			return "yes"
		}
		return "no"
	}
	if a.Kind == diag.Int {
		return thousands(a.Int)
	}
	return number(v, 2, false)
}

// Duration writes a length of time in milliseconds: 300 ms, 20.0 s, 1 min 35 s, 5 h 0 min 3 s, 12 days.
func Duration(ms float64) string {
	sign := ""
	if ms < 0 {
		sign, ms = "-", -ms
	}
	switch {
	case ms < 999.5:
		return sign + strconv.FormatInt(int64(math.Round(ms)), 10) + " ms"
	case ms <= 90000:
		return sign + strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
	}
	s := int64(math.Round(ms / 1000))
	text := strconv.FormatInt(s%60, 10) + " s"
	switch m := s / 60; {
	case m < 60:
		return sign + strconv.FormatInt(m, 10) + " min " + text
	case m >= 3*24*60:
		return sign + thousands(m/60/24) + " days"
	default:
		return sign + thousands(m/60) + " h " + strconv.FormatInt(m%60, 10) + " min " + text
	}
}

// Moment writes a place in a recording, in milliseconds, as m:ss.d or h:mm:ss.d.
// It cuts rather than rounds: a moment is never shown later than it is.
func Moment(ms float64) string {
	sign := ""
	if ms < 0 {
		sign, ms = "-", -ms
	}
	d := int64(ms) / 100
	s, m := d/10, d/600
	text := two(s%60) + "." + strconv.FormatInt(d%10, 10)
	if m < 60 {
		return sign + strconv.FormatInt(m, 10) + ":" + text
	}
	return sign + strconv.FormatInt(m/60, 10) + ":" + two(m%60) + ":" + text
}

func two(n int64) string {
	if n < 10 {
		return "0" + strconv.FormatInt(n, 10)
	}
	return strconv.FormatInt(n, 10)
}

// size keeps every byte of a small number, because a person checks it by hand.
func size(v float64) string {
	abs := math.Abs(v)
	unit := " kB"
	switch {
	case abs == 1:
		return strconv.FormatInt(int64(v), 10) + " byte"
	case abs < 10000:
		return thousands(int64(math.Round(v))) + " bytes"
	case abs >= 1e9:
		v, unit = v/1e9, " GB"
	case abs >= 1e6:
		v, unit = v/1e6, " MB"
	default:
		v /= 1e3
	}
	if math.Abs(v) < 9.995 {
		return number(v, 2, true) + unit
	}
	return number(v, 1, true) + unit
}

// number writes v with at most that many decimals, all of them where fixed is
// set, and thousands separators.
func number(v float64, decimals int, fixed bool) string {
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	whole, part := s, ""
	for i := 0; i < len(s); i++ {
		if s[i] == '.' {
			whole, part = s[:i], s[i:]
			break
		}
	}
	if !fixed {
		for len(part) > 0 && (part[len(part)-1] == '0' || part[len(part)-1] == '.') {
			part = part[:len(part)-1]
		}
	}
	if whole == "-0" && part == "" {
		whole = "0"
	}
	return group(whole) + part
}

func thousands(n int64) string { return group(strconv.FormatInt(n, 10)) }

// group puts a comma before every third digit from the right.
func group(digits string) string {
	sign := ""
	if len(digits) > 0 && digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if len(digits) <= 3 {
		return sign + digits
	}
	b := make([]byte, 0, len(sign)+len(digits)+len(digits)/3)
	b = append(b, sign...)
	for i := 0; i < len(digits); i++ {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b = append(b, ',')
		}
		b = append(b, digits[i])
	}
	return string(b)
}
