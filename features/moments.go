package features

import (
	"math"
	"math/bits"
)

// moments summarises integers (minor units of money, 0 and 1, hours) exactly:
// their number, sum, sum of squares, minimum and maximum.
type moments struct {
	powers
	min, max int64 // of nothing: the largest and the smallest int64
}

var noMoments = moments{min: math.MaxInt64, max: math.MinInt64}

// powers are the sums of x⁰, x¹ (128 bits) and x² (192 bits). No amount that
// fits in 64 bits can overflow them, and being exact they do not depend on the
// order in which events were added, can be subtracted, and give a variance
// whose numerator n·Σx² − (Σx)² knows no cancellation.
type powers struct {
	n     int64
	sumHi int64
	sumLo uint64
	sq    [3]uint64 // least significant word first
}

func powersOf(x int64) powers {
	abs := absolute(x)
	hi, lo := bits.Mul64(abs, abs)
	return powers{1, x >> 63, uint64(x), [3]uint64{lo, hi, 0}}
}

func (m *moments) add(x int64) {
	one := powersOf(x)
	m.powers.add(&one)
	m.min, m.max = min(m.min, x), max(m.max, x)
}

func (p *powers) add(o *powers) {
	var carry uint64
	p.n += o.n
	p.sumLo, carry = bits.Add64(p.sumLo, o.sumLo, 0)
	p.sumHi += o.sumHi + int64(carry)
	p.sq[0], carry = bits.Add64(p.sq[0], o.sq[0], 0)
	p.sq[1], carry = bits.Add64(p.sq[1], o.sq[1], carry)
	p.sq[2] += o.sq[2] + carry
}

func (p *powers) subtract(o *powers) {
	var borrow uint64
	p.n -= o.n
	p.sumLo, borrow = bits.Sub64(p.sumLo, o.sumLo, 0)
	p.sumHi -= o.sumHi + int64(borrow)
	p.sq[0], borrow = bits.Sub64(p.sq[0], o.sq[0], 0)
	p.sq[1], borrow = bits.Sub64(p.sq[1], o.sq[1], borrow)
	p.sq[2] -= o.sq[2] + borrow
}

// addNarrow adds up to 64 little-endian integers of width 1, 2 or 4 bytes: the
// sum fits in 64 bits, a square in 62.
func (m *moments) addNarrow(src []byte, width int) {
	var sum int64
	var sq, carries uint64
	low, high := m.min, m.max
	switch width {
	case 1:
		for _, c := range src {
			x := int64(int8(c))
			sum += x
			sq += uint64(x * x)
			low, high = min(low, x), max(high, x)
		}
	case 2:
		for k := 0; k+2 <= len(src); k += 2 {
			x := int64(int16(le.Uint16(src[k:])))
			sum += x
			sq += uint64(x * x)
			low, high = min(low, x), max(high, x)
		}
	default:
		for k := 0; k+4 <= len(src); k += 4 {
			x := int64(int32(le.Uint32(src[k:])))
			var carry uint64
			sum += x
			sq, carry = bits.Add64(sq, uint64(x*x), 0)
			carries += carry
			low, high = min(low, x), max(high, x)
		}
	}
	m.powers.add(&powers{int64(len(src) / width), sum >> 63, uint64(sum), [3]uint64{sq, carries, 0}})
	m.min, m.max = low, high
}

// extremes adds minima and maxima. Two of each at a time, so that no
// comparison waits for the one before.
func (m *moments) extremes(lows, highs []int64) {
	low, high := m.min, m.max
	low2, high2 := low, high
	highs = highs[:len(lows)]
	for len(lows) >= 2 {
		low, low2 = min(low, lows[0]), min(low2, lows[1])
		high, high2 = max(high, highs[0]), max(high2, highs[1])
		lows, highs = lows[2:], highs[2:]
	}
	if len(lows) > 0 {
		low, high = min(low, lows[0]), max(high, highs[0])
	}
	m.min, m.max = min(low, low2), max(high, high2)
}

func (p *powers) sum() float64 {
	if p.sumHi == int64(p.sumLo)>>63 {
		return float64(int64(p.sumLo))
	}
	return math.Ldexp(float64(p.sumHi), 64) + float64(p.sumLo)
}

func (p *powers) mean() float64 { return p.sum() / float64(p.n) }

// deviation is the sample standard deviation (n-1), NaN below two.
func (p *powers) deviation() float64 {
	if p.n < 2 {
		return math.NaN()
	}
	n := uint64(p.n)
	var numerator float64
	if p.sq[1]|p.sq[2] == 0 && p.sumHi == int64(p.sumLo)>>63 {
		abs := absolute(int64(p.sumLo))
		ph, pl := bits.Mul64(n, p.sq[0])
		sh, sl := bits.Mul64(abs, abs)
		lo, borrow := bits.Sub64(pl, sl, 0)
		hi, _ := bits.Sub64(ph, sh, borrow)
		numerator = float64(hi)*0x1p64 + float64(lo)
	} else {
		numerator = p.wideNumerator(n)
	}
	return math.Sqrt(numerator / (float64(n) * float64(n-1)))
}

// wideNumerator is n·Σx² − (Σx)² in 256 bits.
func (p *powers) wideNumerator(n uint64) float64 {
	var q, s [4]uint64
	var carry uint64
	for i, w := range p.sq {
		hi, lo := bits.Mul64(n, w)
		q[i], carry = bits.Add64(lo, carry, 0)
		carry += hi
	}
	q[3] = carry

	lo, hi := p.sumLo, uint64(p.sumHi)
	if p.sumHi < 0 {
		lo, carry = bits.Add64(^lo, 1, 0)
		hi = ^hi + carry
	}
	// (hi·2^64 + lo)²
	h1, l1 := bits.Mul64(lo, lo)
	h2, l2 := bits.Mul64(lo, hi)
	h3, l3 := bits.Mul64(hi, hi)
	s[0], s[1] = l1, h1
	for range 2 {
		s[1], carry = bits.Add64(s[1], l2, 0)
		s[2], carry = bits.Add64(s[2], h2, carry)
		s[3] += carry
	}
	s[2], carry = bits.Add64(s[2], l3, 0)
	s[3] += h3 + carry

	var borrow uint64
	for i := range q {
		q[i], borrow = bits.Sub64(q[i], s[i], borrow)
	}
	return ((float64(q[3])*0x1p64+float64(q[2]))*0x1p64+float64(q[1]))*0x1p64 + float64(q[0])
}

func absolute(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}
