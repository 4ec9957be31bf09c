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

// ParseAmount reads a decimal number of major units (JSON number syntax,
// exponents included) exactly from its text, as minor units of cur. Negative
// amounts, amounts with more decimals than the currency has, and amounts
// beyond int64 are refused, each by name.
func ParseAmount(text string, cur CurrencyCode) (Money, *Error) {
	fail := func(why string) (Money, *Error) { return Money{}, FieldErrorf(CodeInvalid, "/amount", "%s", why) }
	d, ok := parseDecimal(text)
	switch {
	case !ok:
		return fail("amount is not a decimal number")
	case d.digits == 0:
		return Money{Currency: cur}, nil
	case d.negative:
		return fail("amount is negative")
	}
	shift := d.exponent + cur.Digits()
	if shift < 0 {
		return fail("amount has more decimals than " + cur.String() + " allows (" + strconv.Itoa(cur.Digits()) + ")")
	}
	const tooLarge = "amount is larger than a 64-bit number of minor units"
	if d.digits+shift > maxDecimalDigits {
		return fail(tooLarge)
	}
	minor := d.mantissa
	for ; shift > 0; shift-- {
		minor *= 10
	}
	if minor > math.MaxInt64 {
		return fail(tooLarge)
	}
	return Money{Minor: int64(minor), Currency: cur}, nil
}

// ParseMinor reads a whole number of minor units of cur from its text, in the
// syntax of JSON numbers.
func ParseMinor(text string, cur CurrencyCode) (Money, *Error) {
	fail := func(why string) (Money, *Error) { return Money{}, FieldErrorf(CodeInvalid, "/amount_minor", "%s", why) }
	switch _, ok := parseDecimal(text); {
	case !ok:
		return fail("amount is not a decimal number")
	case text[0] == '-' && text != "-0":
		return fail("amount is negative")
	case leadingDigits(text[1:]) != len(text)-1:
		return fail("a number of minor units is a whole number")
	}
	minor, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fail("amount is larger than a 64-bit number of minor units")
	}
	return Money{Minor: minor, Currency: cur}, nil
}

// decimal is ±mantissa x 10^exponent. The mantissa has no zeros at either end;
// of one with more digits than fit, only their number is kept.
type decimal struct {
	mantissa uint64
	digits   int // of the mantissa; 0 for zero
	exponent int
	negative bool
}

const maxDecimalDigits = 19 // of a uint64, whatever they are

// parseDecimal reads a number in JSON syntax (RFC 8259, section 6).
func parseDecimal(s string) (d decimal, ok bool) {
	if d.negative = s != "" && s[0] == '-'; d.negative {
		s = s[1:]
	}
	whole := leadingDigits(s)
	if whole == 0 || whole > 1 && s[0] == '0' {
		return d, false
	}
	d.push(s[:whole])
	s = s[whole:]
	if s != "" && s[0] == '.' {
		fraction := leadingDigits(s[1:])
		if fraction == 0 {
			return d, false
		}
		d.push(s[1 : 1+fraction])
		d.exponent -= fraction
		s = s[1+fraction:]
	}
	if s == "" {
		return d, true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return d, false
	}
	s = s[1:]
	sign := 1
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	n := leadingDigits(s)
	if n == 0 || n != len(s) {
		return d, false
	}
	exponent := 0
	for i := 0; i < n && exponent < math.MaxInt32; i++ { // larger makes no difference
		exponent = exponent*10 + int(s[i]-'0')
	}
	d.exponent += sign * exponent
	return d, true
}

func leadingDigits(s string) int {
	n := 0
	for n < len(s) && s[n]-'0' <= 9 {
		n++
	}
	return n
}

// push takes more digits. Zeros wait in the exponent until another digit follows.
func (d *decimal) push(digits string) {
	for i := 0; i < len(digits); i++ {
		c := digits[i] - '0'
		if c == 0 {
			if d.digits > 0 {
				d.exponent++
			}
			continue
		}
		for ; d.exponent > 0; d.exponent-- {
			d.grow(0)
		}
		d.grow(c)
	}
}

func (d *decimal) grow(digit byte) {
	if d.digits++; d.digits <= maxDecimalDigits {
		d.mantissa = d.mantissa*10 + uint64(digit)
	}
}
