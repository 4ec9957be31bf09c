package schema

import (
	"strconv"
	"time"
)

// unit is what an integer counts since 1970.
type unit uint8

const (
	none unit = iota
	millis
	micros
	nanos
	wholeDays
)

// connectTime are the names that Kafka Connect and Debezium have for integers
// that are times.
var connectTime = map[string]unit{
	"io.debezium.time.Timestamp":              millis,
	"io.debezium.time.MicroTimestamp":         micros,
	"io.debezium.time.NanoTimestamp":          nanos,
	"io.debezium.time.Date":                   wholeDays,
	"org.apache.kafka.connect.data.Timestamp": millis,
	"org.apache.kafka.connect.data.Date":      wholeDays,
	"io.debezium.time.IsoTimestamp":           none, // text already
	"io.debezium.time.ZonedTimestamp":         none,
}

const daySeconds = 24 * 3600

// appendTime adds RFC 3339 in UTC, or a date. What lies beyond the years that
// it can write stays a number.
func appendTime(dst []byte, n int64, u unit) []byte {
	var t time.Time
	switch u {
	case millis:
		t = time.UnixMilli(n)
	case micros:
		t = time.UnixMicro(n)
	case nanos:
		t = time.Unix(0, n)
	case wholeDays:
		if n > -daySeconds*100 && n < daySeconds*100 {
			t = time.Unix(n*daySeconds, 0)
		}
	}
	t = t.UTC()
	if year := t.Year(); u == none || year < 1 || year > 9999 || t.IsZero() {
		return strconv.AppendInt(dst, n, 10)
	}
	dst = append(dst, '"')
	if u == wholeDays {
		dst = t.AppendFormat(dst, time.DateOnly)
	} else {
		dst = t.AppendFormat(dst, time.RFC3339Nano)
	}
	return append(dst, '"')
}

// appendDecimal adds unscaled / 10^scale as exact text; unscaled is big-endian
// in two's complement.
func appendDecimal(dst, unscaled []byte, scale int) []byte {
	return append(append(append(dst, '"'), decimal(unscaled, scale)...), '"')
}
