package explain

// moment reads a time as logs and notifications write it: milliseconds since
// 1970 in UTC, a local time taken for UTC. A time of day alone has no date and
// is no moment.
func moment(s string) (ms int64, ok bool) {
	if len(s) < 19 || !like(s, "9999") {
		return 0, false
	}
	sep := s[4]
	if sep != '-' && sep != '/' || s[7] != sep || s[10] != 'T' && s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	n := func(i, j int) int64 {
		var v int64
		for ; i < j; i++ {
			if !isDigit(s[i]) {
				return -1
			}
			v = v*10 + int64(s[i]-'0')
		}
		return v
	}
	year, month, day := n(0, 4), n(5, 7), n(8, 10)
	hour, minute, sec := n(11, 13), n(14, 16), n(17, 19)
	if month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || sec < 0 || sec > 60 {
		return 0, false
	}
	ms = (days(year, month, day)*86400 + hour*3600 + minute*60 + sec) * 1000
	i := 19
	if i < len(s) && (s[i] == '.' || s[i] == ',') {
		unit := int64(100)
		for i++; i < len(s) && isDigit(s[i]); i++ {
			ms += int64(s[i]-'0') * unit
			unit /= 10
		}
	}
	if i+5 <= len(s) && (s[i] == '+' || s[i] == '-') {
		z := s[i+1:]
		var off int64
		switch {
		case like(z, "99:99"):
			off = (int64(z[0]-'0')*10+int64(z[1]-'0'))*60 + int64(z[3]-'0')*10 + int64(z[4]-'0')
		case like(z, "9999"):
			off = (int64(z[0]-'0')*10+int64(z[1]-'0'))*60 + int64(z[2]-'0')*10 + int64(z[3]-'0')
		}
		if s[i] == '+' {
			off = -off
		}
		ms += off * 60000
	}
	return ms, true
}

// days since 1970-01-01 (Howard Hinnant's days_from_civil).
func days(y, m, d int64) int64 {
	if m <= 2 {
		y--
	}
	era := y / 400
	yoe := y - era*400
	mp := (m + 9) % 12
	doy := (153*mp+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

// ofDay reads a time of day in milliseconds: 20:01:02.345.
func ofDay(s string) (ms int64, ok bool) {
	if !like(s, "99:99:99") {
		return 0, false
	}
	two := func(i int) int64 { return int64(s[i]-'0')*10 + int64(s[i+1]-'0') }
	ms = (two(0)*3600 + two(3)*60 + two(6)) * 1000
	if like(s, "99:99:99.999") {
		ms += int64(s[9]-'0')*100 + int64(s[10]-'0')*10 + int64(s[11]-'0')
	}
	return ms, true
}

// stamp is a record's time in milliseconds on its own clock, for distances.
func (rec *record) stamp() (ms int64, ok bool) {
	switch rec.clock {
	case "day":
		t := rec.time
		if len(t) == 15 { // Jan  2 03:04:05
			t = t[7:]
		}
		return ofDay(t)
	case "utc", "local":
		return moment(rec.time)
	}
	return 0, false
}

// written writes milliseconds since 1970 as 2024-01-01T00:00:00Z, with
// milliseconds where there are any.
func written(ms int64) string {
	day := ms / 86400000
	rest := ms % 86400000
	if rest < 0 {
		rest += 86400000
		day--
	}
	z := day + 719468
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	y := yoe + era*400
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d := doy - (153*mp+2)/5 + 1
	m := mp + 3
	if m > 12 {
		m -= 12
		y++
	}
	b := make([]byte, 0, 24)
	two := func(v int64) { b = append(b, byte('0'+v/10%10), byte('0'+v%10)) }
	two(y / 100)
	two(y % 100)
	b = append(b, '-')
	two(m)
	b = append(b, '-')
	two(d)
	b = append(b, 'T')
	two(rest / 3600000)
	b = append(b, ':')
	two(rest / 60000 % 60)
	b = append(b, ':')
	two(rest / 1000 % 60)
	if f := rest % 1000; f > 0 {
		b = append(b, '.', byte('0'+f/100))
		two(f % 100)
	}
	return string(append(b, 'Z'))
}
