package wire

import (
	"bytes"
	"strconv"
)

// Mask makes a refused body fit to be kept: in place, it overwrites card
// numbers, and the values of members for security codes, PINs, track data or
// card numbers, with '*' in texts and '9' in numbers. The body need not be
// valid JSON; if it is, it stays valid. Its length stays as it is.
func Mask(b []byte) []byte {
	for i := 0; i < len(b); {
		if b[i] != '"' {
			end := len(b)
			if n := bytes.IndexByte(b[i:], '"'); n >= 0 {
				end = i + n
			}
			maskNumbers(b[i:end])
			i = end
			continue
		}
		end := quoted(b, i)
		text := bytes.TrimSuffix(b[i+1:end], []byte{'"'})
		if value := valueAfter(b, end); value > 0 && sensitiveName(unescaped(text)) != "" {
			end = valueEnd(b, value)
			overwrite(b[value:end])
		} else {
			maskText(text)
		}
		i = end
	}
	return b
}

// quoted returns where the string that begins at i is over.
func quoted(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// valueAfter finds the value of the member whose name is over at i; 0 if there
// is none.
func valueAfter(b []byte, i int) int {
	const space = " \t\r\n"
	rest := bytes.TrimLeft(b[i:], space)
	if len(rest) == 0 || rest[0] != ':' {
		return 0
	}
	return len(b) - len(bytes.TrimLeft(rest[1:], space))
}

// valueEnd returns where the value that begins at i is over.
func valueEnd(b []byte, i int) int {
	for depth := 0; i < len(b); {
		switch c := b[i]; {
		case c == '"':
			i = quoted(b, i)
			if depth == 0 {
				return i
			}
			continue
		case c == '{' || c == '[':
			depth++
		case (c == '}' || c == ']') && depth <= 1:
			return i + depth // without the bracket, if it is not the value's own
		case c == '}' || c == ']':
			depth--
		case c == ',' && depth == 0:
			return i
		}
		i++
	}
	return len(b)
}

// overwrite masks all texts and numbers of a value.
func overwrite(b []byte) {
	for i := 0; i < len(b); {
		if b[i] == '"' {
			end := quoted(b, i)
			for k := i + 1; k < end; k++ {
				if k < end-1 || b[k] != '"' {
					b[k] = '*'
				}
			}
			i = end
			continue
		}
		if isDigit(b[i]) {
			b[i] = '9'
		}
		i++
	}
}

// maskText masks a card number that is, or stands in, the inside of a string.
func maskText(text []byte) {
	if bytes.IndexByte(text, '\\') >= 0 {
		if !hasCardNumber(unescaped(text)) {
			maskRuns(text, '*')
			return
		}
		for i := range text {
			text[i] = '*'
		}
		return
	}
	for at := 0; ; {
		from, to := cardNumberIn(string(text[at:]))
		if to == 0 {
			break
		}
		for i := at + from; i < at+to; i++ {
			if isDigit(text[i]) {
				text[i] = '*'
			}
		}
		at += to
	}
	maskRuns(text, '*')
}

// maskNumbers masks card numbers outside of strings, written out or as floats.
func maskNumbers(b []byte) {
	for i := 0; i < len(b); i++ {
		end := i
		for end < len(b) && inNumber[b[end]] {
			end++
		}
		if end-i >= 13 {
			text := string(b[i:end])
			if v, err := strconv.ParseFloat(text, 64); err == nil && isCardNumberJSON(text, v) {
				overwrite(b[i:end])
			}
		}
		i = max(i, end-1)
	}
	maskRuns(b, '9')
}

// inNumber are the bytes that numbers are written with.
var inNumber = func() (is [256]bool) {
	for _, c := range []byte("0123456789.eE+-") {
		is[c] = true
	}
	return is
}()

// maskRuns masks every run of digits, spaces and dashes that is a card number
// and stands by itself.
func maskRuns(b []byte, with byte) {
	s := string(b)
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) || endsWord(s[:i]) {
			continue
		}
		end := i
		for k, width := i, 1; k < len(s) && width > 0; k += width {
			if width = 1; isDigit(s[k]) {
				end = k + 1
			} else {
				width = gap(s[k:])
			}
		}
		run := s[i:end]
		if !beginsWord(s[end:]) && isCardNumber(run) && !(with == '9' && isEpoch(run)) {
			for k := i; k < end; k++ {
				if isDigit(b[k]) {
					b[k] = with
				}
			}
		}
		i = end - 1
	}
}

// unescaped is the string of this inside; as it stands, if it is none.
func unescaped(inside []byte) string {
	if bytes.IndexByte(inside, '\\') < 0 {
		return string(inside)
	}
	quotes := append(append([]byte{'"'}, inside...), '"')
	sc := scanner{b: quotes, s: string(quotes)}
	if text, ok := sc.string(); ok {
		return text
	}
	return string(inside)
}

func isDigit(c byte) bool { return c-'0' <= 9 }

func isWord(c byte) bool {
	return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}
