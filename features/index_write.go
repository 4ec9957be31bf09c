package features

import "slices"

// insert puts a chunk at place i.
func (x *index) insert(i int, r ref, s *summary) {
	counts, ints, floats := len(s.counts), len(s.ints), len(s.floats)
	x.refs = slices.Insert(x.refs, i, r)
	x.floats = slices.Insert(x.floats, i*floats, s.floats...)
	// A new place has the totals of the one before it, then it and all behind
	// it grow by the chunk's.
	at := x.totals(i, counts, ints)
	x.counts = slices.Insert(x.counts, i*counts, at.counts...)
	x.powers = slices.Insert(x.powers, i*ints, at.powers...)
	for k := range s.ints {
		x.lows[k] = slices.Insert(x.lows[k], i, s.ints[k].min)
		x.highs[k] = slices.Insert(x.highs[k], i, s.ints[k].max)
		for j := i; j < len(x.refs); j++ {
			x.powers[j*ints+k].add(&s.ints[k].powers)
		}
	}
	for k, n := range s.counts {
		for j := i; j < len(x.refs); j++ {
			x.counts[j*counts+k] += n
		}
	}
}

// totals are the running totals before place i.
func (x *index) totals(i, counts, ints int) totals {
	if i == 0 {
		return x.before
	}
	return totals{x.counts[(i-1)*counts : i*counts], x.powers[(i-1)*ints : i*ints]}
}

// replace changes the chunk at place i.
func (x *index) replace(i int, r ref, s *summary) {
	counts, ints, floats := len(s.counts), len(s.ints), len(s.floats)
	x.refs[i] = r
	copy(x.floats[i*floats:], s.floats)
	for k := range s.ints {
		x.lows[k][i], x.highs[k][i] = s.ints[k].min, s.ints[k].max
		was := x.powers[i*ints+k]
		was.subtract(&x.totals(i, counts, ints).powers[k])
		for j := i; j < len(x.refs); j++ {
			x.powers[j*ints+k].subtract(&was)
			x.powers[j*ints+k].add(&s.ints[k].powers)
		}
	}
	for k, n := range s.counts {
		was := x.counts[i*counts+k] - x.totals(i, counts, ints).counts[k]
		for j := i; j < len(x.refs); j++ {
			x.counts[j*counts+k] += n - was
		}
	}
}

// drop removes the first k chunks, k > 0.
func (x *index) drop(g *group, k int) {
	counts, ints := len(g.counts), len(g.ints)
	at := x.totals(k, counts, ints)
	copy(x.before.counts, at.counts)
	copy(x.before.powers, at.powers)
	x.refs = slices.Delete(x.refs, 0, k)
	x.counts = slices.Delete(x.counts, 0, k*counts)
	x.powers = slices.Delete(x.powers, 0, k*ints)
	x.floats = slices.Delete(x.floats, 0, k*len(g.floats))
	for i := range x.lows {
		x.lows[i] = slices.Delete(x.lows[i], 0, k)
		x.highs[i] = slices.Delete(x.highs[i], 0, k)
	}
}

// part is a copy of chunks i to j-1.
func (x *index) part(g *group, i, j int) *index {
	counts, ints, floats := len(g.counts), len(g.ints), len(g.floats)
	before := x.totals(i, counts, ints)
	p := &index{
		refs:   slices.Clone(x.refs[i:j]),
		counts: slices.Clone(x.counts[i*counts : j*counts]),
		powers: slices.Clone(x.powers[i*ints : j*ints]),
		floats: slices.Clone(x.floats[i*floats : j*floats]),
		before: totals{slices.Clone(before.counts), slices.Clone(before.powers)},
	}
	for k := range x.lows {
		p.lows = append(p.lows, slices.Clone(x.lows[k][i:j]))
		p.highs = append(p.highs, slices.Clone(x.highs[k][i:j]))
	}
	return p
}
