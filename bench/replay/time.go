package replay

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate"
)

// parse reads an event time.
func (t *TimeColumn) parse(text string) (tidegate.Millis, error) {
	layout, form := t.Layout, t.Layout
	switch t.Layout {
	case "", "rfc3339":
		if ms, ok := fastRFC3339(text); ok {
			return ms, nil
		}
		layout, form = time.RFC3339Nano, "RFC 3339 with an offset, as 2006-01-02T15:04:05Z"
	case "unix", "unix_ms":
		v, err := strconv.ParseFloat(text, 64)
		if t.Layout == "unix" {
			v *= 1000
		}
		if err != nil || !(v >= firstMillis && v <= lastMillis) {
			return 0, fmt.Errorf("%s is not %s of the years 1 to 9999", shown(text), map[string]string{"unix": "seconds", "unix_ms": "milliseconds"}[t.Layout])
		}
		return tidegate.Millis(v), nil
	}
	at, err := time.Parse(layout, text)
	if err != nil {
		return 0, fmt.Errorf("%s is not of the form %s", shown(text), form)
	}
	return tidegate.MillisOf(at), nil
}

// The years 1 to 9999, as in events.
const (
	firstMillis = -62135596800000
	lastMillis  = 253402300799999
)

// wrong says what is wrong with a layout. A zone's letters are refused because
// they tell no offset: the library would take CET for UTC.
func (t *TimeColumn) wrong() string {
	switch t.Layout {
	case "", "rfc3339", "unix", "unix_ms":
		return ""
	}
	if strings.Contains(t.Layout, "MST") {
		return "has a zone by its letters, which say nothing of its offset"
	}
	days := [...]time.Time{time.Date(2021, 11, 23, 14, 35, 46, 0, time.UTC), time.Date(1998, 7, 8, 3, 9, 5, 0, time.UTC)}
	for _, day := range days {
		if at, err := time.Parse(t.Layout, day.Format(t.Layout)); err != nil || !at.Truncate(24*time.Hour).Equal(day.Truncate(24*time.Hour)) {
			return "does not tell the day"
		}
	}
	return ""
}

// fastRFC3339 reads the common form 2006-01-02T15:04:05Z without a fraction.
func fastRFC3339(s string) (tidegate.Millis, bool) {
	if len(s) != 20 || s[4] != '-' || s[7] != '-' || (s[10] != 'T' && s[10] != ' ') || s[13] != ':' || s[16] != ':' || s[19] != 'Z' {
		return 0, false
	}
	n := [...]int{0, 0, 0, 0, 0, 0}
	for i, at := range [...][2]int{{0, 4}, {5, 7}, {8, 10}, {11, 13}, {14, 16}, {17, 19}} {
		for _, c := range []byte(s[at[0]:at[1]]) {
			if c < '0' || c > '9' {
				return 0, false
			}
			n[i] = n[i]*10 + int(c-'0')
		}
	}
	if n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 28 || n[3] > 23 || n[4] > 59 || n[5] > 59 {
		return 0, false // rare or wrong: time.Parse tells
	}
	// Days from civil (Hinnant), valid in the proleptic Gregorian calendar.
	y, m := n[0], n[1]
	if m <= 2 {
		y--
	}
	era := y / 400
	yoe := y - era*400
	doy := (153*((m+9)%12)+2)/5 + n[2] - 1
	days := era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468
	return tidegate.Millis(((int64(days)*24+int64(n[3]))*60+int64(n[4]))*60+int64(n[5])) * 1000, true
}
