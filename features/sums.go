package features

// sums are the accumulators of a plan: the history's events from the last
// edge on, without the current one.
type sums struct {
	counts []int64
	ints   []moments
	floats []spread
}

func newSums(g *group) sums {
	s := sums{counts: make([]int64, 1)} // for a slider's population
	for i := range g.plans {
		p := &g.plans[i]
		s.counts = grow(s.counts, len(p.counts))
		s.ints = grow(s.ints, len(p.ints))
		s.floats = grow(s.floats, len(p.floats))
	}
	return s
}

func grow[T any](s []T, n int) []T {
	if len(s) < n {
		return make([]T, n)
	}
	return s
}

func (s *sums) reset(p *plan) {
	clear(s.counts[:len(p.counts)])
	for i := range p.ints {
		s.ints[i] = noMoments
	}
	for i := range p.floats {
		s.floats[i] = noSpread
	}
}

// reach is how many of a plan's terms go back as far as an edge.
type reach struct{ counts, ints, floats int }

func (p *plan) reach(edge int) reach {
	return reach{reaching(p.counts, edge), reaching(p.ints, edge), reaching(p.floats, edge)}
}

func reaching[T any](terms []planTerm[T], edge int) int {
	n := 0
	for n < len(terms) && terms[n].edges > edge {
		n++
	}
	return n
}

// addBetween adds the events between two positions.
func (s *sums) addBetween(r *reader, p *plan, upTo reach, lo, hi position) {
	if !lo.before(hi) {
		return
	}
	if r.hasHole && !r.hole.before(lo) && r.hole.before(hi) {
		s.addRun(r, p, upTo, lo, r.hole)
		lo = r.hole
		lo.row++
	}
	s.addRun(r, p, upTo, lo, hi)
}

func (s *sums) addRun(r *reader, p *plan, upTo reach, lo, hi position) {
	if lo.page == hi.page && lo.block == hi.block {
		if lo.row < hi.row {
			s.addRows(r.s.group, p, upTo, r.blockAt(lo), bitsFrom(lo.row, hi.row))
		}
		return
	}
	if lo.row > 0 {
		b := r.blockAt(lo)
		s.addRows(r.s.group, p, upTo, b, bitsFrom(lo.row, b.n))
		lo.block++
	}
	tail := r.pages() + 1
	switch {
	case lo.page == hi.page:
		s.addChunks(r, p, upTo, r.page(lo.page), lo.block, hi.block)
	default:
		first := r.page(lo.page)
		s.addChunks(r, p, upTo, first, lo.block, len(first.refs))
		s.addChunks(r, p, upTo, &r.head.older.top, lo.page+1, min(hi.page, tail-1))
		if hi.page < tail {
			s.addChunks(r, p, upTo, r.page(hi.page), 0, hi.block)
		} else if lo.page < tail-1 {
			open := r.page(tail - 1)
			s.addChunks(r, p, upTo, open, 0, len(open.refs))
		}
	}
	if hi.row > 0 {
		s.addRows(r.s.group, p, upTo, r.blockAt(hi), bitsFrom(0, hi.row))
	}
}

// addChunks adds whole chunks, i to j-1 of an index, by their sums.
func (s *sums) addChunks(r *reader, p *plan, upTo reach, x *index, i, j int) {
	if i >= j {
		return
	}
	g := r.s.group
	for k := range p.counts[:upTo.counts] {
		s.counts[k] += int64(x.count(g, p.counts[k].slot, i, j))
	}
	for k := range p.ints[:upTo.ints] {
		x.addMoments(g, p.ints[k].slot, i, j, &s.ints[k])
	}
	for k := range p.floats[:upTo.floats] {
		x.addSpread(g, p.floats[k].slot, i, j, &s.floats[k])
	}
}

// addRows adds the masked rows of a block.
func (s *sums) addRows(g *group, p *plan, upTo reach, b *block, rows uint64) {
	if rows == 0 || b.n == 0 {
		return
	}
	for k := range p.counts[:upTo.counts] {
		t := &p.counts[k].term
		s.counts[k] += int64(ones(rows & g.rowsWith(b, t.filter, t.with)))
	}
	for k := range p.ints[:upTo.ints] {
		t := &p.ints[k].term
		b.addInts(firstInt+t.column, rows&g.rowsWith(b, t.filter, property{hasInt, t.column}), &s.ints[k])
	}
	for k := range p.floats[:upTo.floats] {
		t := p.floats[k].term
		for m := rows & g.rowsWith(b, t.filter, property{hasFloat, t.column}); m != 0; m &= m - 1 {
			s.floats[k].add(b.float(g.layout.floatAt(t.column), trailing(m)))
		}
	}
}

// addPairs adds the rows between two positions that the pair mask lets pass.
func (s *sums) addPairs(r *reader, p *plan, upTo reach, lo, hi position) {
	for {
		b, rows, ok := r.back(&hi, lo)
		if !ok {
			return
		}
		s.addRows(r.s.group, p, upTo, b, rows&r.pairMask(b, p))
	}
}

// pairMask is the mask of rows whose tokens equal the current event's.
func (r *reader) pairMask(b *block, p *plan) uint64 {
	l := &r.s.layout
	mask := bitsFrom(0, b.n)
	for _, t := range p.pair {
		code := b.find(l.wordsAt(t), r.s.row.tokens[t])
		if code < 0 {
			return 0
		}
		mask &= b.matches(l.codesAt(t), code, 0, b.n)
	}
	return mask
}
