package wire

import (
	"math"
	"strconv"

	"github.com/tidegate/tidegate"
)

// number reads a number and returns its text.
func (sc *scanner) number() (string, bool) {
	end := numberEnd(sc.s, sc.i)
	if end < 0 {
		return "", sc.broken("a number expected")
	}
	text := sc.s[sc.i:end]
	sc.i = end
	return text, true
}

// numberEnd returns where the JSON number at i ends, or -1 if there is none.
func numberEnd(s string, i int) int {
	if i < len(s) && s[i] == '-' {
		i++
	}
	switch {
	case i < len(s) && s[i] == '0':
		i++
	default:
		first := i
		if i = digitsEnd(s, i); i == first {
			return -1
		}
	}
	if i < len(s) && s[i] == '.' {
		first := i + 1
		if i = digitsEnd(s, first); i == first {
			return -1
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		first := i
		if i = digitsEnd(s, i); i == first {
			return -1
		}
	}
	return i
}

func digitsEnd(s string, i int) int {
	for i < len(s) && s[i]-'0' <= 9 {
		i++
	}
	return i
}

// float reads a finite number; false without an error is null.
func (sc *scanner) float() (v float64, text string, ok bool) {
	switch c := sc.peek(); {
	case c == 'n':
		sc.literal("null")
		return 0, "", false
	case c != '-' && c-'0' > 9:
		return 0, "", sc.wrongType("a number")
	}
	text, ok = sc.number()
	if !ok {
		return 0, "", false
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(v, 0) {
		return 0, "", sc.fail(tidegate.CodeInvalid, "the number is beyond a 64-bit float")
	}
	return v, text, true
}
