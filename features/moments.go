package features

import (
	"math"
	"math/bits"
)

// moments summarises integers (minor units of money, 0 and 1, hours) exactly:
// the sum in 128 bits, the sum of squares in 192. So the result does not
// depend on the order in which events were added or chunks merged, and the
// variance, whose numerator n·Σx² − (Σx)² is computed in integers too, knows
// no cancellation. No amount that fits in 64 bits can overflow it.
type moments struct {
	n        int64
	sumHi    int64
	sumLo    uint64
	sq       [3]uint64 // least significant word first
	min, max int64     // of nothing: the largest and the smallest int64
}

var noMoments = moments{min: math.MaxInt64, max: math.MinInt64}

func (m *moments) add(x int64) {
	m.n++
	m.addSum(x, uint64(x>>63))
	abs := absolute(x)
	hi, lo := bits.Mul64(abs, abs)
	m.addSquares(lo, hi, 0)
	m.min, m.max = min(m.min, x), max(m.max, x)
}

func (m *moments) merge(o *moments) {
	m.n += o.n
	m.addSum(int64(o.sumLo), uint64(o.sumHi))
	m.addSquares(o.sq[0], o.sq[1], o.sq[2])
	m.min, m.max = min(m.min, o.min), max(m.max, o.max)
}

func (m *moments) addSum(lo int64, hi uint64) {
	var carry uint64
	m.sumLo, carry = bits.Add64(m.sumLo, uint64(lo), 0)
	m.sumHi += int64(hi + carry)
}

func (m *moments) addSquares(w0, w1, w2 uint64) {
	var carry uint64
	m.sq[0], carry = bits.Add64(m.sq[0], w0, 0)
	m.sq[1], carry = bits.Add64(m.sq[1], w1, carry)
	m.sq[2] += w2 + carry
}

// addAll adds every value of v; each fits in 32 bits if narrow.
func (m *moments) addAll(v []int64, narrow bool) {
	if !narrow {
		for _, x := range v {
			m.add(x)
		}
		return
	}
	// At most 64 values of 32 bits: the sum fits in 64 bits, a square in 62.
	var sum int64
	var sq, carries uint64
	low, high := m.min, m.max
	for _, x := range v {
		var carry uint64
		sum += x
		sq, carry = bits.Add64(sq, uint64(x*x), 0)
		carries += carry
		low, high = min(low, x), max(high, x)
	}
	m.n += int64(len(v))
	m.addSum(sum, uint64(sum>>63))
	m.addSquares(sq, carries, 0)
	m.min, m.max = low, high
}

// addMasked adds the values whose bit in mask is set.
func (m *moments) addMasked(v *[64]int64, mask uint64) {
	for ; mask != 0; mask &= mask - 1 {
		m.add(v[bits.TrailingZeros64(mask)])
	}
}

func (m *moments) sum() float64 {
	if m.sumHi == int64(m.sumLo)>>63 {
		return float64(int64(m.sumLo))
	}
	return math.Ldexp(float64(m.sumHi), 64) + float64(m.sumLo)
}

func (m *moments) mean() float64 { return m.sum() / float64(m.n) }

// deviation is the sample standard deviation (n-1); n is 2 at least.
func (m *moments) deviation() float64 {
	n := uint64(m.n)
	var numerator float64
	if m.sq[1]|m.sq[2] == 0 && m.sumHi == int64(m.sumLo)>>63 {
		abs := absolute(int64(m.sumLo))
		ph, pl := bits.Mul64(n, m.sq[0])
		sh, sl := bits.Mul64(abs, abs)
		lo, borrow := bits.Sub64(pl, sl, 0)
		hi, _ := bits.Sub64(ph, sh, borrow)
		numerator = float64(hi)*0x1p64 + float64(lo)
	} else {
		numerator = m.wideNumerator(n)
	}
	return math.Sqrt(numerator / (float64(n) * float64(n-1)))
}

// wideNumerator is n·Σx² − (Σx)² in 256 bits.
func (m *moments) wideNumerator(n uint64) float64 {
	var p, s [4]uint64
	var carry uint64
	for i, w := range m.sq {
		hi, lo := bits.Mul64(n, w)
		p[i], carry = bits.Add64(lo, carry, 0)
		carry += hi
	}
	p[3] = carry

	lo, hi := m.sumLo, uint64(m.sumHi)
	if m.sumHi < 0 {
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
	for i := range p {
		p[i], borrow = bits.Sub64(p[i], s[i], borrow)
	}
	return ((float64(p[3])*0x1p64+float64(p[2]))*0x1p64+float64(p[1]))*0x1p64 + float64(p[0])
}

func absolute(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}
