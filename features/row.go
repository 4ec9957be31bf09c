package features

import (
	"math/bits"

	"github.com/tidegate/tidegate"
)

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

// fill makes r the row of an event whose outcome is not known.
func (s *groupState) fill(r *row, ev *tidegate.Event, tag uint32) {
	l := &s.layout
	r.time = int64(ev.Time)
	r.tag = tag
	r.masks = maskSet{}
	for i := range l.ints {
		v, ok := l.ints[i].value(s.words, ev)
		if !ok {
			v = 0
		}
		r.ints[i] = v
		r.masks.set(l.ints[i].present, ok)
	}
	for i := range l.floats {
		v := l.floats[i].source.number(ev)
		r.floats[i] = v
		r.masks.set(l.floats[i].present, v == v)
	}
	for i := range l.places {
		p, ok := l.places[i].value(s.points, ev)
		r.places[i] = p
		r.masks.set(l.places[i].present, ok)
	}
	for i := range l.tokens {
		c := &l.tokens[i]
		if c.source.kind == tidegate.KindText {
			text := c.source.text(ev)
			r.tokens[i] = hashText(text)
			if c.text >= 0 {
				r.texts[c.text] = text
			}
		} else {
			r.tokens[i] = hashNumber(c.source.number(ev))
		}
		r.masks.set(c.present, r.tokens[i] != 0)
	}
	for i := range s.filters {
		if f := &s.filters[i]; !f.usesOutcome {
			s.fillFilter(r, f, ev, "")
		}
	}
}

// fillOutcome completes a row when the event's outcome is known, or known to
// be none (""). It tells whether any filter lets the row pass.
func (s *groupState) fillOutcome(r *row, ev *tidegate.Event, outcome string) (any bool) {
	for i := range s.filters {
		f := &s.filters[i]
		if f.usesOutcome {
			s.fillFilter(r, f, ev, outcome)
		}
		any = any || f.mask < 0 || r.masks.has(f.mask) || f.maskIfFraud >= 0 && r.masks.has(f.maskIfFraud)
	}
	return any
}

// fillFilter sets the bits that say whether the row passes a filter, now and
// labelled as fraud.
func (s *groupState) fillFilter(r *row, f *filter, ev *tidegate.Event, outcome string) {
	if f.mask < 0 {
		return
	}
	s.scope = scope{event: ev, outcome: outcome}
	r.masks.set(f.mask, f.passes(&s.scope))
	if f.maskIfFraud >= 0 {
		s.scope.fraud = true
		r.masks.set(f.maskIfFraud, f.passes(&s.scope))
	}
}
