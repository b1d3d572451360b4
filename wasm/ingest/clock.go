package ingest

import "strconv"

// utc writes Unix seconds as 2016-12-31 16:00:00 UTC.
func utc(unix int64) string { return civil(unix) + " UTC" }

// local writes Unix seconds in a zone that is so many seconds ahead of UTC:
// 2017-01-01 00:00:00 UTC+8.
func local(unix int64, offset int) string {
	zone := " UTC"
	if offset != 0 {
		sign := "+"
		o := offset
		if o < 0 {
			sign, o = "-", -o
		}
		zone += sign + strconv.Itoa(o/3600)
		if m := o / 60 % 60; m != 0 {
			zone += ":" + two(m)
		}
	}
	return civil(unix+int64(offset)) + zone
}

func two(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// civil writes Unix seconds as date and time of the Gregorian calendar. It
// takes the place of package time, which would cost the browser 50 kB.
func civil(unix int64) string {
	const most = 253402300799 // 9999-12-31 23:59:59
	if unix > most {
		return "after the year 9999"
	}
	if unix < 0 {
		return "before 1970"
	}
	days, sec := unix/86400, int(unix%86400)
	// Days since 0000-03-01, in eras of 400 years (H. Hinnant, chrono algorithms).
	z := days + 719468
	era := z / 146097
	doe := z % 146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d := doy - (153*mp+2)/5 + 1
	m := mp + 3
	if m > 12 {
		m -= 12
	}
	y := yoe + era*400
	if m <= 2 {
		y++
	}
	return strconv.FormatInt(y, 10) + "-" + two(int(m)) + "-" + two(int(d)) + " " + two(sec/3600) + ":" + two(sec/60%60) + ":" + two(sec%60)
}
