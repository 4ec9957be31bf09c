package features

import "math/bits"

// row is one event as a group's history holds it.
type row struct {
	time   int64
	tag    uint32 // of the transaction's id, to tell events of one instant apart
	ints   []int64
	floats []float64
	places []Point
	tokens []uint64 // 0 is absent
	texts  []string // of the token columns that keep them
	masks  maskSet
}

func newRow(l *layout) row {
	return row{
		ints:   make([]int64, len(l.ints)),
		floats: make([]float64, len(l.floats)),
		places: make([]Point, len(l.places)),
		tokens: make([]uint64, len(l.tokens)),
		texts:  make([]string, l.texts),
	}
}

const maxMasks = 256

// maskSet holds a row's bit of each mask.
type maskSet [maxMasks / 64]uint64

func (s *maskSet) has(i int) bool { return s[i>>6]>>(i&63)&1 != 0 }

func (s *maskSet) set(i int, on bool) {
	if on {
		s[i>>6] |= 1 << (i & 63)
	} else {
		s[i>>6] &^= 1 << (i & 63)
	}
}

// bitsFrom is the mask of rows i to j-1.
func bitsFrom(i, j int) uint64 {
	if i >= j {
		return 0
	}
	return ^uint64(0) >> (64 - (j - i)) << i
}

func ones(mask uint64) int { return bits.OnesCount64(mask) }

// trailing is the first row of a mask, leading the row after its last one.
func trailing(mask uint64) int { return bits.TrailingZeros64(mask) }
func leading(mask uint64) int  { return bits.Len64(mask) }
