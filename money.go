package tidegate

import (
	"math"
	"strconv"
)

// Money is an amount in minor units of its currency (ISO 4217).
type Money struct {
	Minor    int64
	Currency CurrencyCode
}

// Major is the amount in major units, for showing and comparing; sums are
// made of Minor.
func (m Money) Major() float64 { return float64(m.Minor) / pow10[m.Currency.Digits()] }

// String is the exact decimal amount without the currency, as "12.50".
func (m Money) String() string { return string(m.Append(nil)) }

// Append appends the exact decimal amount.
func (m Money) Append(dst []byte) []byte {
	digits := m.Currency.Digits()
	v := uint64(m.Minor)
	if m.Minor < 0 {
		dst = append(dst, '-')
		v = -v
	}
	scale := uint64(pow10[digits])
	dst = strconv.AppendUint(dst, v/scale, 10)
	if digits == 0 {
		return dst
	}
	dst = append(dst, '.')
	frac := v % scale
	for i := digits - 1; i > 0 && frac < uint64(pow10[i]); i-- {
		dst = append(dst, '0')
	}
	return strconv.AppendUint(dst, frac, 10)
}

var pow10 = [...]float64{1, 10, 100, 1000, 10000}

// ParseAmount reads a decimal number of major units exactly from its text
// (JSON number syntax, exponents included) as minor units of cur. Negative
// amounts, more decimals than the currency has, and amounts beyond int64 are
// refused, each by name.
func ParseAmount(text string, cur CurrencyCode) (Money, *Error) {
	fail := func(why string) (Money, *Error) {
		return Money{}, FieldErrorf(CodeInvalid, "/amount", "%s", why)
	}
	s, i := text, 0
	negative := false
	if i < len(s) && s[i] == '-' {
		negative = true
		i++
	}
	var mantissa uint64
	digits, scale := 0, 0 // value = mantissa * 10^-scale
	trailing := 0         // zeros not yet multiplied in
	seenDot := false
	push := func(d byte) bool {
		if d == 0 {
			trailing++
			return true
		}
		for ; trailing > 0; trailing-- {
			if mantissa > math.MaxUint64/10 {
				return false
			}
			mantissa *= 10
		}
		if mantissa > (math.MaxUint64-uint64(d))/10 {
			return false
		}
		mantissa = mantissa*10 + uint64(d)
		return true
	}
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
			if seenDot {
				scale++
			}
			if !push(c - '0') {
				return fail("amount is larger than a 64-bit number of minor units")
			}
			continue
		case c == '.' && !seenDot:
			seenDot = true
			continue
		}
		break
	}
	if digits == 0 {
		return fail("amount is not a decimal number")
	}
	exponent := 0
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		e, err := strconv.ParseInt(s[i+1:], 10, 32)
		if err != nil || e > 1000 || e < -1000 {
			return fail("amount is not a decimal number")
		}
		exponent, i = int(e), len(s)
	}
	if i != len(s) {
		return fail("amount is not a decimal number")
	}
	if mantissa == 0 {
		if negative {
			return fail("amount is negative")
		}
		return Money{Currency: cur}, nil
	}
	if negative {
		return fail("amount is negative")
	}
	// The zeros still held back are part of the mantissa's power of ten.
	shift := trailing - scale + exponent + cur.Digits()
	for ; shift < 0; shift++ {
		if mantissa%10 != 0 {
			return fail("amount has more decimals than " + cur.String() + " allows (" + strconv.Itoa(cur.Digits()) + ")")
		}
		mantissa /= 10
	}
	for ; shift > 0; shift-- {
		if mantissa > math.MaxInt64/10 {
			return fail("amount is larger than a 64-bit number of minor units")
		}
		mantissa *= 10
	}
	if mantissa > math.MaxInt64 {
		return fail("amount is larger than a 64-bit number of minor units")
	}
	return Money{Minor: int64(mantissa), Currency: cur}, nil
}
