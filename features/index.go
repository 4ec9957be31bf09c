package features

import "slices"

// index is an ordered run of chunks with a summary of each: a page indexes
// blocks, the top of a history indexes pages. An index that another one
// refers to is sealed, like a block.
type index struct {
	refs   []ref
	counts []uint32  // len(group.counts) for each ref
	ints   []moments // len(group.ints) for each ref
	floats []spread  // len(group.floats) for each ref
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
		s.counts[i] = uint32(ones(all & g.countMask(b, &g.counts[i])))
	}
	var values [blockRows]int64
	for i, t := range g.ints {
		narrow := b.integers(firstInt+t.column, 0, b.n, &values)
		addRows(&s.ints[i], &values, narrow, all&g.intMask(b, t.filter, t.column))
	}
	for i, t := range g.floats {
		for m := g.floatMask(b, t.filter, t.column, all); m != 0; m &= m - 1 {
			s.floats[i].add(b.float(g.layout.floatAt(t.column), trailing(m)))
		}
	}
}

// addRows adds the values of the masked rows; in one run where they are one.
func addRows(m *moments, values *[blockRows]int64, narrow bool, rows uint64) {
	if rows == 0 {
		return
	}
	i := trailing(rows)
	if run := rows >> i; run&(run+1) == 0 {
		m.addAll(values[i:i+ones(rows)], narrow)
		return
	}
	m.addMasked(values, rows)
}

// ofIndex sums up a page.
func (s *summary) ofIndex(x *index) {
	s.reset()
	for i := range x.refs {
		s.merge(x, i)
	}
}

// merge adds one chunk's summary.
func (s *summary) merge(x *index, i int) {
	for k, c := range x.counts[i*len(s.counts) : (i+1)*len(s.counts)] {
		s.counts[k] += c
	}
	for k := range s.ints {
		s.ints[k].merge(&x.ints[i*len(s.ints)+k])
	}
	for k := range s.floats {
		s.floats[k].merge(&x.floats[i*len(s.floats)+k])
	}
}

// insert puts a chunk at place i.
func (x *index) insert(i int, r ref, s *summary) {
	x.refs = slices.Insert(x.refs, i, r)
	x.counts = slices.Insert(x.counts, i*len(s.counts), s.counts...)
	x.ints = slices.Insert(x.ints, i*len(s.ints), s.ints...)
	x.floats = slices.Insert(x.floats, i*len(s.floats), s.floats...)
}

// replace changes the chunk at place i.
func (x *index) replace(i int, r ref, s *summary) {
	x.refs[i] = r
	copy(x.counts[i*len(s.counts):], s.counts)
	copy(x.ints[i*len(s.ints):], s.ints)
	copy(x.floats[i*len(s.floats):], s.floats)
}

// drop removes the first k chunks.
func (x *index) drop(g *group, k int) {
	x.refs = slices.Delete(x.refs, 0, k)
	x.counts = slices.Delete(x.counts, 0, k*len(g.counts))
	x.ints = slices.Delete(x.ints, 0, k*len(g.ints))
	x.floats = slices.Delete(x.floats, 0, k*len(g.floats))
}

// part is a copy of chunks i to j-1.
func (x *index) part(g *group, i, j int) *index {
	return &index{
		refs:   slices.Clone(x.refs[i:j]),
		counts: slices.Clone(x.counts[i*len(g.counts) : j*len(g.counts)]),
		ints:   slices.Clone(x.ints[i*len(g.ints) : j*len(g.ints)]),
		floats: slices.Clone(x.floats[i*len(g.floats) : j*len(g.floats)]),
	}
}
