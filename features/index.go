package features

// index is an ordered run of chunks with sums of each: a page indexes blocks,
// the top of a history indexes pages. An index that another one refers to is
// sealed, like a block.
//
// Counts and powers are running totals, which makes a range of chunks one
// subtraction; they are exact, so nothing is lost by it, and wrap around.
// before is what was dropped in front.
type index struct {
	refs   []ref
	counts []uint32  // len(group.counts) for each ref
	powers []powers  // len(group.ints) for each ref
	lows   [][]int64 // by group.ints: the minimum of each ref
	highs  [][]int64 // and the maximum
	floats []spread  // len(group.floats) for each ref; not running
	before totals
}

// totals are the running totals at one place of an index.
type totals struct {
	counts []uint32
	powers []powers
}

// pageRefs is the number of blocks that make a page, 4096 events; late events
// may split blocks until it holds twice as many.
const pageRefs = 64

// ref is a reference to a sealed chunk: a block or a page.
type ref struct {
	id          uint64
	first, last int64
	n           int    // rows
	block       *block // nil: not loaded, or it is a page
	page        *index
}

func (x *index) last() int64 { return x.refs[len(x.refs)-1].last }

func (x *index) rows() int {
	n := 0
	for i := range x.refs {
		n += x.refs[i].n
	}
	return n
}

// after is the first chunk with an event later than t.
func (x *index) after(t int64) int {
	lo, hi := 0, len(x.refs)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if x.refs[mid].last <= t {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// summary is room for the sums of one chunk.
type summary struct {
	counts []uint32
	ints   []moments
	floats []spread
}

func newSummary(g *group) *summary {
	return &summary{make([]uint32, len(g.counts)), make([]moments, len(g.ints)), make([]spread, len(g.floats))}
}

func (s *summary) reset() {
	clear(s.counts)
	for i := range s.ints {
		s.ints[i] = noMoments
	}
	for i := range s.floats {
		s.floats[i] = noSpread
	}
}

// ofBlock sums up a block.
func (s *summary) ofBlock(g *group, b *block) {
	s.reset()
	all := bitsFrom(0, b.n)
	for i := range g.counts {
		s.counts[i] = uint32(ones(all & g.rowsWith(b, g.counts[i].filter, g.counts[i].with)))
	}
	for i, t := range g.ints {
		b.addInts(firstInt+t.column, all&g.rowsWith(b, t.filter, property{hasInt, t.column}), &s.ints[i])
	}
	for i, t := range g.floats {
		for m := all & g.rowsWith(b, t.filter, property{hasFloat, t.column}); m != 0; m &= m - 1 {
			s.floats[i].add(b.float(g.layout.floatAt(t.column), trailing(m)))
		}
	}
}

// ofIndex sums up a page.
func (s *summary) ofIndex(g *group, x *index) {
	s.reset()
	for i := range g.counts {
		s.counts[i] = x.count(g, i, 0, len(x.refs))
	}
	for i := range g.ints {
		x.addMoments(g, i, 0, len(x.refs), &s.ints[i])
	}
	for i := range g.floats {
		x.addSpread(g, i, 0, len(x.refs), &s.floats[i])
	}
}

func newIndex(g *group) index {
	x := index{lows: make([][]int64, len(g.ints)), highs: make([][]int64, len(g.ints))}
	x.before = totals{make([]uint32, len(g.counts)), make([]powers, len(g.ints))}
	return x
}

// count is a term's count over chunks i to j-1.
func (x *index) count(g *group, slot, i, j int) uint32 {
	n := len(g.counts)
	if i == 0 {
		return x.counts[(j-1)*n+slot] - x.before.counts[slot]
	}
	return x.counts[(j-1)*n+slot] - x.counts[(i-1)*n+slot]
}

// addMoments adds a term's moments over chunks i to j-1.
func (x *index) addMoments(g *group, slot, i, j int, m *moments) {
	n := len(g.ints)
	m.powers.add(&x.powers[(j-1)*n+slot])
	if i == 0 {
		m.powers.subtract(&x.before.powers[slot])
	} else {
		m.powers.subtract(&x.powers[(i-1)*n+slot])
	}
	m.extremes(x.lows[slot][i:j], x.highs[slot][i:j])
}

// addSpread adds a term's spread over chunks i to j-1.
func (x *index) addSpread(g *group, slot, i, j int, s *spread) {
	n := len(g.floats)
	for ; i < j; i++ {
		s.merge(&x.floats[i*n+slot])
	}
}
