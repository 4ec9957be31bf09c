package wire

import (
	"unicode"
	"unicode/utf8"
)

// printed are the groups in which card numbers are written.
var printed = [][]int{{16}, {15}, {14}, {19}, {4, 4, 4, 4}, {4, 6, 5}, {4, 6, 4}, {4, 4, 4, 4, 3}}

// cardNumberIn finds a card number that a text is, or has among other text: one
// as the networks issue them then, because one in ten of all long numbers has
// the right check digit. It stands by itself, in one piece or in the groups that
// are printed, and is neither a telephone number (+) nor a part of an IBAN. To
// is 0 if there is none.
func cardNumberIn(s string) (from, to int) {
	if isCardNumber(s) {
		return 0, len(s)
	}
	for i := nextDigit(s, 0); i+14 <= len(s); i = nextDigit(s, i+1) {
		alone := i == 0 || !endsWord(s[:i]) && s[i-1] != '+' && s[i-1] != '.' && !afterIBAN(s[:i])
		if alone {
			for _, groups := range printed {
				if end := grouped(s, i, groups); end > 0 && issued(s[i:end]) && checks(s[i:end]) {
					return i, end
				}
			}
		}
		i = runEnd(s, i)
	}
	return 0, 0
}

func hasCardNumber(s string) bool {
	_, to := cardNumberIn(s)
	return to > 0
}

// runEnd returns the last byte of the digits that i is in, with gaps between.
func runEnd(s string, i int) int {
	for i+1 < len(s) {
		width := 0
		if !isDigit(s[i+1]) {
			if width = gap(s[i+1:]); width == 0 {
				break
			}
		}
		next := i + 1 + width
		if next >= len(s) || !isDigit(s[next]) {
			break
		}
		i = next
	}
	return i
}

// gap is how many bytes of the space or the dash that s begins with lie between
// groups of digits, as people and word processors write them; 0 for none.
func gap(s string) int {
	if len(s) == 0 {
		return 0
	}
	switch c := s[0]; {
	case c == ' ' || c == '-':
		return 1
	case c < utf8.RuneSelf:
		return 0
	}
	if r, width := utf8.DecodeRuneInString(s); isGap(r) {
		return width
	}
	return 0
}

// between is gap for groups as they are printed, which nothing else looks like:
// dots and underscores lie between them, too.
func between(s string) int {
	if len(s) > 0 && (s[0] == '.' || s[0] == '_') {
		return 1
	}
	return gap(s)
}

func isGap(r rune) bool { return unicode.In(r, unicode.Zs, unicode.Pd) }

// beginsWord and endsWord say whether a number beside s would be a part of a word.
func beginsWord(s string) bool { return len(s) > 0 && isWord(s[0]) && gap(s) == 0 }

func endsWord(s string) bool {
	if len(s) == 0 || !isWord(s[len(s)-1]) {
		return false
	}
	r, _ := utf8.DecodeLastRuneInString(s)
	return !isGap(r)
}

// grouped returns where digits in these groups, from i on, are over, or 0.
func grouped(s string, i int, groups []int) int {
	for g, n := range groups {
		if g > 0 {
			width := between(s[i:])
			if width == 0 {
				return 0
			}
			i += width
		}
		for ; n > 0; n-- {
			if i >= len(s) || !isDigit(s[i]) {
				return 0
			}
			i++
		}
	}
	if beginsWord(s[i:]) {
		return 0
	}
	return i
}

// issued reports whether a number begins as those of the large networks do
// (their published ranges of issuer identification numbers, ISO/IEC 7812-1).
func issued(number string) bool {
	digits, first := 0, 0 // four digits; printed groups begin with four
	for i := range len(number) {
		if !isDigit(number[i]) {
			continue
		}
		if digits++; digits <= 4 {
			first = 10*first + int(number[i]-'0')
		}
	}
	two := first / 100
	switch digits {
	case 14: // Diners Club
		return two == 30 || two == 36 || two == 38 || two == 39
	case 15: // American Express
		return two == 34 || two == 37
	case 16: // Visa, Mastercard, JCB, Discover, UnionPay
		return two/10 == 4 || two >= 51 && two <= 55 || first >= 2221 && first <= 2720 || two == 35 || two == 60 || two == 62 || two == 64 || two == 65
	}
	return two/10 == 4 || two == 62 // 19
}

// afterIBAN reports whether text ends with the head of an IBAN, as in "DE44 ".
func afterIBAN(text string) bool {
	if len(text) < 5 || text[len(text)-1] != ' ' {
		return false
	}
	head := text[len(text)-5 : len(text)-1]
	return isCapital(head[0]) && isCapital(head[1]) && isDigit(head[2]) && isDigit(head[3])
}

func isCapital(c byte) bool { return c >= 'A' && c <= 'Z' }
