package main

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream"
)

// decodeTransaction reads an event envelope with a transaction as payload. It
// looks at the members that it needs, whatever their order, and steps over the
// others.
func decodeTransaction(line []byte, t *Transaction) error {
	s := scanner{b: line}
	var has struct{ time, amount, location bool }
	var event, customer []byte
	for key := s.open('{'); s.more(); key = s.key() {
		switch string(key) {
		case "event_id":
			event = s.text()
		case "timestamp":
			t.At, has.time = s.time(), true
		case "payload":
			for key := s.open('{'); s.more(); key = s.key() {
				switch string(key) {
				case "customer_id":
					customer = s.text()
				case "amount":
					t.Cents, has.amount = s.cents(), true
				case "geo_location":
					for key := s.open('{'); s.more(); key = s.key() {
						switch string(key) {
						case "lat":
							t.Lat, has.location = s.float(), true
						case "lon":
							t.Lon = s.float()
						default:
							s.skip()
						}
					}
				default:
					s.skip()
				}
			}
		default:
			s.skip()
		}
	}
	if err := s.end(); err != nil {
		return err
	}
	switch {
	case !utf8.Valid(event) || !utf8.Valid(customer):
		return tidegate.Errorf(tidegate.CodeMalformed, "an id that is not UTF-8")
	case len(event) == 0 || len(event) > 255:
		return tidegate.FieldErrorf(tidegate.CodeInvalid, "/event_id", "it is missing, or longer than 255 bytes")
	case !has.time:
		return tidegate.FieldErrorf(tidegate.CodeInvalid, "/timestamp", "it is missing")
	case len(customer) == 0:
		return tidegate.FieldErrorf(tidegate.CodeInvalid, "/payload/customer_id", "it is missing")
	case !has.amount:
		return tidegate.FieldErrorf(tidegate.CodeInvalid, "/payload/amount", "it is missing")
	case !has.location:
		return tidegate.FieldErrorf(tidegate.CodeInvalid, "/payload/geo_location", "it is missing")
	}
	var both [64]byte
	ids := string(append(append(both[:0], event...), customer...)) // one piece of memory for the two
	t.EventID, t.CustomerID = ids[:len(event)], ids[len(event):]
	return nil
}

// time reads a timestamp of RFC 3339. The form that machines write, in UTC
// with milliseconds, takes a short way.
func (s *scanner) time() stream.Millis {
	b := s.text()
	if t, ok := utcMillis(b); ok {
		return t
	}
	t, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		s.fail("a timestamp that is not of RFC 3339")
		return 0
	}
	return stream.Millis(t.UnixMilli())
}

// utcMillis reads 2006-01-02T15:04:05.000Z.
func utcMillis(b []byte) (stream.Millis, bool) {
	const form = "0000-00-00T00:00:00.000Z"
	if len(b) != len(form) {
		return 0, false
	}
	for i, c := range []byte(form) {
		if c == '0' && (b[i] < '0' || b[i] > '9') || c != '0' && b[i] != c {
			return 0, false
		}
	}
	two := func(i int) int { return int(b[i]-'0')*10 + int(b[i+1]-'0') }
	year, month, day := two(0)*100+two(2), two(5), two(8)
	hour, minute, second := two(11), two(14), two(17)
	if month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59 {
		return 0, false // or a day that not every month has: left to package time
	}
	ms := int64(b[20]-'0')*100 + int64(two(21))
	seconds := int64(daysFrom1970(year, month, day))*86400 + int64(hour*3600+minute*60+second)
	return stream.Millis(seconds*1000 + ms), true
}

// daysFrom1970 counts the days to a date of the Gregorian calendar, in years
// that begin in March, so that the leap day is their last.
func daysFrom1970(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468
}

// cents reads an amount, a number or one in a text, exactly.
func (s *scanner) cents() int64 {
	var b []byte
	if s.peek() == '"' {
		b = s.text()
	} else {
		b = s.number()
	}
	var cents int64
	digits, decimals, point := 0, 0, false
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9' && cents < 1<<55:
			cents = cents*10 + int64(c-'0')
			digits++
			if point {
				decimals++
			}
		case c == '.' && !point && digits > 0:
			point = true
		default:
			s.fail("an amount that is not a plain positive number")
			return 0
		}
	}
	if digits == 0 || decimals > 2 || point && decimals == 0 {
		s.fail("an amount that is not a number with up to two decimals")
		return 0
	}
	for ; decimals < 2; decimals++ {
		cents *= 10
	}
	return cents
}

func (s *scanner) float() float64 {
	b := s.number()
	if v, ok := shortDecimal(b); ok {
		return v
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		s.fail("a number that is not one")
	}
	return v
}

// shortDecimal reads a decimal of at most 15 digits. Both the digits and the
// power of ten are exact in a float64, so their quotient is rounded once:
// correctly.
func shortDecimal(b []byte) (float64, bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 16 || b[0] == '.' || b[len(b)-1] == '.' || b[0] == '0' && len(b) > 1 && b[1] != '.' {
		return 0, false
	}
	var digits int64
	decimals := -1
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			digits = digits*10 + int64(c-'0')
			if decimals >= 0 {
				decimals++
			}
		case c == '.' && decimals < 0:
			decimals = 0
		default:
			return 0, false
		}
	}
	if digits >= 1e15 {
		return 0, false
	}
	v := float64(digits) / powersOfTen[max(decimals, 0)]
	if negative {
		v = -v
	}
	return v, true
}

var powersOfTen = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}
