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

// quoted returns where the string that begins at i is over. It may have megabytes.
func quoted(b []byte, i int) int {
	quote := i
	for i++; i < len(b); {
		if quote < i {
			if quote = bytes.IndexByte(b[i:], '"') + i; quote < i {
				return len(b)
			}
		}
		escape := bytes.IndexByte(b[i:quote], '\\')
		if escape < 0 {
			return quote + 1
		}
		i += escape + 2
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
	if nextDigit(text, 0) == len(text) {
		return
	}
	s := string(text) // once: a text of megabytes may be nothing but card numbers
	for at := 0; ; {
		from, to := cardNumberIn(s[at:])
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
	first := nextDigit(b, 0)
	if first == len(b) {
		return
	}
	s := string(b)
	for i := first; i < len(s); i++ {
		if i = nextDigit(s, i); i == len(s) {
			return
		}
		if endsWord(s[:i]) {
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

// nextDigit returns where, from i on, the first digit stands, or the length. It
// looks at eight bytes at once: what is searched may have megabytes without any.
func nextDigit[T string | []byte](s T, i int) int {
	for ; i+8 <= len(s); i += 8 {
		t := s[i : i+8]
		v := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
			uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
		// Of a byte under 0x80, adding 0x50 sets the top bit from '0' on, and 0x46
		// from ':' on.
		low := v &^ tops
		if (low+0x50*ones)&^(low+0x46*ones)&^v&tops != 0 {
			break
		}
	}
	for ; i < len(s) && !isDigit(s[i]); i++ {
	}
	return i
}

const (
	ones = 0x0101010101010101
	tops = 0x80 * ones
)

func isWord(c byte) bool {
	return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}
