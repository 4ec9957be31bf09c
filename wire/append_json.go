package wire

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/tidegate/tidegate"
)

// appendText appends a JSON string. What is not UTF-8 becomes U+FFFD.
func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		// U+2028 and U+2029 end a line in JavaScript, and so would end an event
		// of a text/event-stream in a careless reader.
		if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
			dst = append(dst, s[start:i]...)
			dst = append(dst, `\u`...)
			for shift := 12; shift >= 0; shift -= 4 {
				dst = append(dst, hexDigits[r>>shift&0xf])
			}
			i += size
			start = i
			continue
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

const hexDigits = "0123456789abcdef"

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}

// appendNumber appends the shortest text that reads back as v; a number that
// is missing or infinite is null.
func appendNumber(dst []byte, v float64) []byte {
	size := math.Abs(v)
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return append(dst, "null"...)
	case size < 1e15 && v == float64(int64(v)) && (v != 0 || !math.Signbit(v)):
		return strconv.AppendInt(dst, int64(v), 10)
	case size != 0 && size < 1e-6 || size >= 1e21:
		return strconv.AppendFloat(dst, v, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, v, 'f', -1, 64)
}

// appendTime appends an instant as RFC 3339 text with milliseconds, in UTC.
func appendTime(dst []byte, t tidegate.Millis) []byte {
	dst = append(dst, '"')
	dst = t.Time().AppendFormat(dst, "2006-01-02T15:04:05.000Z07:00")
	return append(dst, '"')
}

// appendKey appends the name of a member, after a comma unless it is the first.
func appendKey(dst []byte, name string) []byte {
	if c := dst[len(dst)-1]; c != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

func appendTextMember(dst []byte, name, value string) []byte {
	return appendText(appendKey(dst, name), value)
}

// appendOptionalText appends null for "".
func appendOptionalText(dst []byte, name, value string) []byte {
	dst = appendKey(dst, name)
	if value == "" {
		return append(dst, "null"...)
	}
	return appendText(dst, value)
}

func appendTextList(dst []byte, name string, list []string) []byte {
	dst = append(appendKey(dst, name), '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(dst, s)
	}
	return append(dst, ']')
}

// appendValue appends a named value by its kind; a missing one is null.
func appendValue(dst []byte, kind tidegate.Kind, num float64, text string) []byte {
	switch {
	case math.IsNaN(num):
		return append(dst, "null"...)
	case kind == tidegate.KindText:
		return appendText(dst, text)
	case kind == tidegate.KindBool:
		return strconv.AppendBool(dst, num != 0)
	}
	return appendNumber(dst, num)
}
