package features

// sums are the accumulators of a plan: the history's events from the last
// edge on, without the current one.
type sums struct {
	counts []int64
	ints   []moments
	floats []spread
}

func newSums(g *group) sums {
	var s sums
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
	tail := r.pages() + 1
	for page := lo.page; page <= min(hi.page, tail-1); page++ {
		if page == tail-1 && r.head.older == nil {
			continue
		}
		if page > lo.page && page < hi.page && page < tail-1 && !(r.hasHole && r.hole.page == page) {
			s.addRef(p, r.s.group, upTo, &r.head.older.top, page)
			continue
		}
		x := r.page(page)
		from, to := 0, len(x.refs)
		if page == lo.page {
			from = lo.block
		}
		if page == hi.page {
			to = min(hi.block+1, to)
		}
		for i := from; i < to; i++ {
			first, last := 0, x.refs[i].n
			if page == lo.page && i == lo.block {
				first = lo.row
			}
			if page == hi.page && i == hi.block {
				last = hi.row
			}
			switch at := (position{page, i, 0}); {
			case first >= last:
			case last-first == x.refs[i].n && !(r.hasHole && r.hole.page == page && r.hole.block == i):
				s.addRef(p, r.s.group, upTo, x, i)
			default:
				s.addRows(r.s.group, p, upTo, r.blockOf(x, i), r.around(at, bitsFrom(first, last)))
			}
		}
	}
	if hi.page == tail {
		first := 0
		if lo.page == tail {
			first = lo.row
		}
		s.addRows(r.s.group, p, upTo, &r.head.tail, r.around(hi, bitsFrom(first, hi.row)))
	}
}

// addRef adds a whole chunk by its summary.
func (s *sums) addRef(p *plan, g *group, upTo reach, x *index, i int) {
	counts := x.counts[i*len(g.counts) : (i+1)*len(g.counts)]
	for k := range p.counts[:upTo.counts] {
		s.counts[k] += int64(counts[p.counts[k].slot])
	}
	for k := range p.ints[:upTo.ints] {
		s.ints[k].merge(&x.ints[i*len(g.ints)+p.ints[k].slot])
	}
	for k := range p.floats[:upTo.floats] {
		s.floats[k].merge(&x.floats[i*len(g.floats)+p.floats[k].slot])
	}
}

// addRows adds the masked rows of a block.
func (s *sums) addRows(g *group, p *plan, upTo reach, b *block, rows uint64) {
	if rows == 0 || b.n == 0 {
		return
	}
	for k := range p.counts[:upTo.counts] {
		s.counts[k] += int64(ones(rows & g.countMask(b, &p.counts[k].term)))
	}
	var values [blockRows]int64
	unpacked, narrow := -1, false
	for k := range p.ints[:upTo.ints] {
		t := p.ints[k].term
		if t.column != unpacked {
			narrow = b.integers(firstInt+t.column, trailing(rows), leading(rows), &values)
			unpacked = t.column
		}
		addRows(&s.ints[k], &values, narrow, rows&g.intMask(b, t.filter, t.column))
	}
	for k := range p.floats[:upTo.floats] {
		t := p.floats[k].term
		for m := g.floatMask(b, t.filter, t.column, rows); m != 0; m &= m - 1 {
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
