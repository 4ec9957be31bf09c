package features

import "slices"

// A slider answers for a hot key what sums of chunks can't: how many different
// values, which quantile, how often this pair. It holds the events of one
// window and slides along with it, event by event, so that an answer costs as
// much as a few events have come and gone since the last one.
//
// What a slider holds follows from the history and the window. Where it stands
// does not matter, so it is not stored: it is filled when it is needed. What
// is stored is decided when a block is sealed, by the records alone: whether a
// window holds enough events to have one, and how it samples.
const (
	// A window with more than promoteAbove events at the seal of a block gets a
	// slider; with fewer than demoteBelow it loses it.
	promoteAbove = 512
	demoteBelow  = 256
	// distinctCap is how many different values are held one by one. Above it
	// texts are sampled, with a standard error of about 1%, and numbers are
	// counted in buckets.
	distinctCap = 1 << 14
)

type sliderKind uint8

const (
	ofTokens sliderKind = iota
	ofValues
	ofPairs
)

// sliderSpec says what a slider holds: it is part of the group's plan.
type sliderSpec struct {
	kind   sliderKind
	plan   int
	edge   int
	filter int
	column int
	floats bool
	sums   []int // int columns whose sums a slider of pairs knows
	counts plan  // counts the events that pass the filter
}

// slider is one key's.
type slider struct {
	promoted bool
	level    uint8 // of the sample of tokens; 1 if values are coarse

	built  bool
	lo, hi int64 // holds the events with lo < t <= hi
	rows   int
	tokens multiset  // by kind
	values histogram // by kind
	pairs  pairSums  // by kind
}

// sliderFor finds or makes the spec of a window and filter.
func (g *group) sliderFor(want sliderSpec) int {
	for i := range g.sliders {
		have := g.sliders[i]
		if have.kind == want.kind && have.plan == want.plan && have.edge == want.edge &&
			have.filter == want.filter && have.column == want.column && have.floats == want.floats {
			return i
		}
	}
	t := countTerm{filter: want.filter}
	term(&want.counts.counts, &g.counts, t, 0, true)
	g.sliders = append(g.sliders, want)
	return len(g.sliders) - 1
}

// slide gives the plan's features their sliders.
func (g *group) slide(i int) {
	p := &g.plans[i]
	if len(p.pair) == 0 {
		for k := range p.distincts {
			d := &p.distincts[k]
			d.slider = g.sliderFor(sliderSpec{kind: ofTokens, plan: i, edge: d.edge, filter: d.filter, column: d.column})
		}
		for k := range p.quantiles {
			q := &p.quantiles[k]
			q.slider = g.sliderFor(sliderSpec{kind: ofValues, plan: i, edge: q.edge, filter: q.filter, column: q.column, floats: q.floats})
		}
		return
	}
	for edge, outputs := range p.outputs {
		for k := range outputs {
			g.slidePair(i, edge, &outputs[k])
		}
	}
	for k := range p.ends {
		if f := &p.ends[k]; f.kind == sinceLast {
			f.slider = g.sliderFor(sliderSpec{kind: ofPairs, plan: i, edge: f.edge, filter: f.filter})
		}
	}
}

// slidePair gives a feature of a pair its slider, if that can know it.
func (g *group) slidePair(i, edge int, o *output) {
	p := &g.plans[i]
	switch {
	case o.from == fromCount && o.operation != opShare && p.counts[o.term].term.with.kind == anyRow:
		o.slider = g.sliderFor(sliderSpec{kind: ofPairs, plan: i, edge: edge, filter: p.counts[o.term].term.filter})
	case o.from == fromInts && o.operation != opMin && o.operation != opMax:
		t := p.ints[o.term].term
		o.slider = g.sliderFor(sliderSpec{kind: ofPairs, plan: i, edge: edge, filter: t.filter})
		spec := &g.sliders[o.slider]
		if o.over = slices.Index(spec.sums, t.column); o.over < 0 {
			o.over = len(spec.sums)
			spec.sums = append(spec.sums, t.column)
		}
	}
}

// window is where a slider stands for an event at t.
func (g *group) window(spec *sliderSpec, t int64) (lo, hi int64) {
	p := &g.plans[spec.plan]
	hi = t - p.delay
	return hi - p.edges[spec.edge], hi
}

// count adds the masked rows of a block to a slider, or takes them out.
func (s *slider) count(g *group, spec *sliderSpec, b *block, rows uint64, in bool) {
	switch spec.kind {
	case ofTokens:
		codes, words := g.layout.codesAt(spec.column), g.layout.wordsAt(spec.column)
		rows &= g.filterMask(b, spec.filter)
		s.countRows(rows, in)
		for m := rows & g.rowsWith(b, spec.filter, property{hasToken, spec.column}); m != 0; m &= m - 1 {
			s.countToken(b.word(words, b.code(codes, trailing(m))), in)
		}
	case ofPairs:
		rows &= g.filterMask(b, spec.filter)
		s.countRows(rows, in)
		for m := rows; m != 0; m &= m - 1 {
			if i := trailing(m); in {
				s.addPair(g, spec, b, i)
			} else {
				s.removePair(g, spec, b, i)
			}
		}
	default:
		if spec.floats {
			rows &= g.rowsWith(b, spec.filter, property{hasFloat, spec.column})
			s.countRows(rows, in)
			for m := rows; m != 0; m &= m - 1 {
				v := ordered(b.float(g.layout.floatAt(spec.column), trailing(m)))
				s.countValue(bucketOfOrdered(v), v, in)
			}
			return
		}
		rows &= g.rowsWith(b, spec.filter, property{hasInt, spec.column})
		s.countRows(rows, in)
		for m := rows; m != 0; m &= m - 1 {
			v := b.integer(firstInt+spec.column, trailing(m))
			s.countValue(bucketOfInt(v), v, in)
		}
	}
}

// countRow adds a row that is being inserted.
func (s *slider) countRow(g *group, spec *sliderSpec, r *row) {
	if !g.counted(r, spec.filter) {
		return
	}
	switch spec.kind {
	case ofTokens:
		s.rows++
		if token := r.tokens[spec.column]; token != 0 {
			s.tokens.add(token)
		}
	case ofPairs:
		s.rows++
		if hash := r.pairOf(g.plans[spec.plan].pair); hash != 0 {
			sums := s.pairs.add(hash, r.time, r.time >= s.hi)
			for k, c := range spec.sums {
				if r.masks.has(g.layout.ints[c].present) {
					one := powersOf(r.ints[c])
					sums[k].add(&one)
				}
			}
		}
	default:
		if spec.floats {
			if v := r.floats[spec.column]; v == v {
				s.rows++
				s.values.add(bucketOfOrdered(ordered(v)), ordered(v))
			}
		} else if r.masks.has(g.layout.ints[spec.column].present) {
			s.rows++
			s.values.add(bucketOfInt(r.ints[spec.column]), r.ints[spec.column])
		}
	}
}

func (s *slider) countRows(rows uint64, in bool) {
	if in {
		s.rows += ones(rows)
	} else {
		s.rows -= ones(rows)
	}
}

func (s *slider) countToken(hash uint64, in bool) {
	if in {
		s.tokens.add(hash)
	} else {
		s.tokens.remove(hash)
	}
}

func (s *slider) addPair(g *group, spec *sliderSpec, b *block, i int) {
	hash := g.pairOf(b, i, g.plans[spec.plan].pair)
	if hash == 0 {
		return
	}
	t := b.time(i)
	sums := s.pairs.add(hash, t, t > s.hi)
	for k, c := range spec.sums {
		if b.mask(g.layout.masksAt(), g.layout.ints[c].present)>>i&1 == 1 {
			one := powersOf(b.integer(firstInt+c, i))
			sums[k].add(&one)
		}
	}
}

func (s *slider) removePair(g *group, spec *sliderSpec, b *block, i int) {
	hash := g.pairOf(b, i, g.plans[spec.plan].pair)
	if hash == 0 {
		return
	}
	sums := s.pairs.remove(hash, b.time(i))
	if sums == nil {
		return
	}
	for k, c := range spec.sums {
		if b.mask(g.layout.masksAt(), g.layout.ints[c].present)>>i&1 == 1 {
			one := powersOf(b.integer(firstInt+c, i))
			sums[k].subtract(&one)
		}
	}
}

func (s *slider) countValue(bucket, value int64, in bool) {
	if in {
		s.values.add(bucket, value)
	} else {
		s.values.remove(bucket, value)
	}
}

// pairOf is one hash for a row's tokens of a pair; 0 if one is absent.
func (g *group) pairOf(b *block, i int, pair []int) uint64 {
	hash := uint64(0)
	for _, t := range pair {
		token := b.word(g.layout.wordsAt(t), b.code(g.layout.codesAt(t), i))
		if token == 0 {
			return 0
		}
		hash = joinHash(hash, token)
	}
	return max(hash, 1)
}

func (r *row) pairOf(pair []int) uint64 {
	hash := uint64(0)
	for _, t := range pair {
		if r.tokens[t] == 0 {
			return 0
		}
		hash = joinHash(hash, r.tokens[t])
	}
	return max(hash, 1)
}

// joinHash mixes a token into a hash (the finalizer of SplitMix64).
func joinHash(hash, token uint64) uint64 {
	hash = hash*0x9e3779b97f4a7c15 + token
	hash = (hash ^ hash>>30) * 0xbf58476d1ce4e5b9
	hash = (hash ^ hash>>27) * 0x94d049bb133111eb
	return hash ^ hash>>31
}
