package wire

import (
	"strconv"
	"time"

	"github.com/tidegate/tidegate"
)

// timestamp reads an instant: RFC 3339 text with an offset, cut below the
// millisecond, or an integer of milliseconds since 1970. False without an
// error is null.
//
// A leap second (":60") is refused: which second it stands for depends on the
// sender's clock, and event time has no room for it.
func (sc *scanner) timestamp() (tidegate.Millis, bool) {
	switch c := sc.peek(); {
	case c == 'n':
		sc.literal("null")
		return 0, false
	case c == '"':
		text, ok := sc.string()
		if !ok {
			return 0, false
		}
		t, why := parseTime(text)
		if why != "" {
			return 0, sc.fail(tidegate.CodeInvalid, why)
		}
		return t, true
	case c == '-' || c-'0' <= 9:
		text, ok := sc.number()
		if !ok {
			return 0, false
		}
		ms, err := strconv.ParseInt(text, 10, 64)
		if err != nil || ms < firstMillis || ms > lastMillis {
			return 0, sc.fail(tidegate.CodeInvalid, "a timestamp that is a number must be a whole number of milliseconds since 1970")
		}
		return tidegate.Millis(ms), true
	}
	return 0, sc.wrongType("a timestamp: RFC 3339 text or epoch milliseconds")
}

// The years 1 to 9999, which RFC 3339 can write.
const (
	firstMillis = -62135596800000
	lastMillis  = 253402300799999
)

const notRFC3339 = `must be RFC 3339 with an offset, as "2006-01-02T15:04:05.000Z" or "2006-01-02T15:04:05+01:00"`

// parseTime reads RFC 3339, section 5.6; why is empty or what is wrong.
func parseTime(s string) (t tidegate.Millis, why string) {
	if len(s) < len("2006-01-02T15:04:05Z") || s[4] != '-' || s[7] != '-' || s[10]|0x20 != 't' || s[13] != ':' || s[16] != ':' {
		return 0, notRFC3339
	}
	year, ok1 := twoDigits(s, 0)
	low, ok2 := twoDigits(s, 2)
	month, ok3 := twoDigits(s, 5)
	day, ok4 := twoDigits(s, 8)
	hour, ok5 := twoDigits(s, 11)
	minute, ok6 := twoDigits(s, 14)
	second, ok7 := twoDigits(s, 17)
	year = year*100 + low
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7) {
		return 0, notRFC3339
	}
	millis, i := 0, 19
	if s[i] == '.' {
		first := i + 1
		i = digitsEnd(s, first)
		if i == first {
			return 0, notRFC3339
		}
		for place, d := 100, first; place > 0 && d < i; place, d = place/10, d+1 {
			millis += int(s[d]-'0') * place
		}
	}
	offset, ok := parseOffset(s[i:])
	if !ok {
		return 0, notRFC3339
	}
	if second == 60 {
		return 0, "a leap second (:60) has no place in event time: send :59"
	}
	if year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 {
		return 0, "no such date or time of day"
	}
	seconds := (daysSince1970(year, month, day)*24+hour)*3600 + minute*60 + second - offset*60
	return tidegate.Millis(seconds*1000 + millis), ""
}

// parseOffset reads "Z" or "+hh:mm" as minutes.
func parseOffset(s string) (minutes int, ok bool) {
	if s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) != 6 || s[3] != ':' || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	h, ok1 := twoDigits(s, 1)
	m, ok2 := twoDigits(s, 4)
	if !ok1 || !ok2 || h > 23 || m > 59 {
		return 0, false
	}
	minutes = h*60 + m
	if s[0] == '-' {
		minutes = -minutes
	}
	return minutes, true
}

func twoDigits(s string, i int) (int, bool) {
	tens, ones := s[i]-'0', s[i+1]-'0'
	return int(tens)*10 + int(ones), tens <= 9 && ones <= 9
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSince1970 counts days of the Gregorian calendar. Years begin in March
// here, so that the leap day is a year's last.
func daysSince1970(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	return year*365 + year/4 - year/100 + year/400 + dayOfYear - 719468
}

// firstYear refuses 1970: a zero that nobody set, or seconds for milliseconds.
var firstYear = tidegate.MillisOf(time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC))

// CheckClock refuses an event whose time is too far from when it arrived.
func CheckClock(ev *tidegate.Event, arrival tidegate.Millis, opts Options) error {
	const field = "/timestamp"
	switch age := arrival - ev.Time; {
	case ev.Time < firstYear:
		return tidegate.FieldErrorf(tidegate.CodeTooOld, field, "lies in or before 1970: seconds sent for milliseconds?")
	case opts.MaxAge > 0 && age > tidegate.Millis(opts.MaxAge.Milliseconds()):
		return tidegate.FieldErrorf(tidegate.CodeTooOld, field, "is more than %v before the time of arrival", opts.MaxAge)
	case -age > tidegate.Millis(opts.maxAhead().Milliseconds()):
		return tidegate.FieldErrorf(tidegate.CodeInFuture, field, "is more than %v ahead of the time of arrival", opts.maxAhead())
	}
	return nil
}

// CheckReported refuses a label from further ahead than clocks differ: being the
// newest, it would stand for ever.
func CheckReported(l *tidegate.Label, arrival tidegate.Millis, maxAhead time.Duration) error {
	if l.ReportedAt > arrival+tidegate.Millis(maxAhead.Milliseconds()) {
		return tidegate.FieldErrorf(tidegate.CodeInFuture, "/reported_at", "is more than %v ahead of the time of arrival", maxAhead)
	}
	return nil
}
