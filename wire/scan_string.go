package wire

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	eachByte = 0x0101010101010101
	highBits = 0x8080808080808080
)

// string reads the string whose opening quote is next. Without escapes it is
// a part of the scanner's copy and costs no allocation.
func (sc *scanner) string() (string, bool) {
	b, start := sc.b, sc.i+1
	i := start
	sc.control = false
	for i+8 <= len(b) {
		// Eight bytes at a time: the lowest high bit that is set marks the first
		// byte that is a quote, a backslash, a control character or not ASCII.
		x := binary.LittleEndian.Uint64(b[i:])
		quote, slash := x^('"'*eachByte), x^('\\'*eachByte)
		stop := ((quote - eachByte) | (slash - eachByte) | (x - 0x20*eachByte) | x) & highBits
		if stop != 0 {
			i += bits.TrailingZeros64(stop) / 8
			break
		}
		i += 8
	}
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			sc.i = i + 1
			return sc.s[start:i], true
		case c == '\\':
			return sc.escaped(start, i)
		case c < 0x20:
			sc.i = i
			return "", sc.broken("a control character in a string is not escaped")
		case c < utf8.RuneSelf:
			i++
		default:
			r, size := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && size == 1 {
				sc.i = i
				return "", sc.broken("not UTF-8")
			}
			i += size
		}
	}
	sc.i = i
	return "", sc.broken("a string does not end")
}

// escaped reads on from the first backslash, at i, into a buffer of its own.
func (sc *scanner) escaped(start, i int) (string, bool) {
	b := sc.b
	out := append(make([]byte, 0, i-start+32), b[start:i]...)
	for i < len(b) {
		c := b[i]
		switch {
		case c == '"':
			sc.i = i + 1
			return string(out), true
		case c == '\\':
			sc.i = i
			r, ok := sc.escape()
			if !ok {
				return "", false
			}
			if r < 0x20 || r == 0x7f {
				sc.control = true
			}
			out = utf8.AppendRune(out, r)
			i = sc.i
		case c < 0x20:
			sc.i = i
			return "", sc.broken("a control character in a string is not escaped")
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
		default:
			r, size := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && size == 1 {
				sc.i = i
				return "", sc.broken("not UTF-8")
			}
			out = append(out, b[i:i+size]...)
			i += size
		}
	}
	sc.i = i
	return "", sc.broken("a string does not end")
}

// escape reads one escape, at the backslash.
func (sc *scanner) escape() (rune, bool) {
	if sc.i+1 >= len(sc.b) {
		return 0, sc.broken("a string does not end")
	}
	c := sc.b[sc.i+1]
	sc.i += 2
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		r, ok := sc.hex4()
		if !ok {
			return 0, sc.broken("\\u takes four hexadecimal digits")
		}
		if !utf16.IsSurrogate(r) {
			return r, true
		}
		if sc.i+1 < len(sc.b) && sc.b[sc.i] == '\\' && sc.b[sc.i+1] == 'u' {
			sc.i += 2
			low, ok := sc.hex4()
			if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
				return pair, true
			}
		}
		return 0, sc.broken("half of a surrogate pair is no character")
	}
	return 0, sc.broken("an unknown escape in a string")
}

func (sc *scanner) hex4() (rune, bool) {
	if sc.i+4 > len(sc.b) {
		return 0, false
	}
	var r rune
	for _, c := range sc.b[sc.i : sc.i+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	sc.i += 4
	return r, true
}
