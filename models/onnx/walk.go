package onnx

// unchecked is how many levels are walked before asking whether all trees
// have ended. Boosted trees are rarely deeper; in a random forest most leaves
// are far above the deepest.
const unchecked = 8

// walkNarrow finds the leaf of each tree, eight trees at once: each one waits
// for memory while the others compute, and no branch depends on the row.
func (p *packed) walkNarrow(keys *[keyMask + 1]int32, leaves []uint32) {
	nodes := p.narrow
	for g, depth := range p.depth {
		r := p.roots[g*lanes : g*lanes+lanes : g*lanes+lanes]
		a, b, c, d := uint64(r[0]), uint64(r[1]), uint64(r[2]), uint64(r[3])
		e, f, h, i := uint64(r[4]), uint64(r[5]), uint64(r[6]), uint64(r[7])
		for depth > 0 {
			level := min(depth, unchecked)
			depth -= level
			for ; level > 0; level-- {
				n := nodes[a]
				a = n&leftMask + uint64(int64(n)>>32-int64(keys[n>>leftBits&keyMask]))>>63
				n = nodes[b]
				b = n&leftMask + uint64(int64(n)>>32-int64(keys[n>>leftBits&keyMask]))>>63
				n = nodes[c]
				c = n&leftMask + uint64(int64(n)>>32-int64(keys[n>>leftBits&keyMask]))>>63
				n = nodes[d]
				d = n&leftMask + uint64(int64(n)>>32-int64(keys[n>>leftBits&keyMask]))>>63
				n = nodes[e]
				e = n&leftMask + uint64(int64(n)>>32-int64(keys[n>>leftBits&keyMask]))>>63
				n = nodes[f]
				f = n&leftMask + uint64(int64(n)>>32-int64(keys[n>>leftBits&keyMask]))>>63
				n = nodes[h]
				h = n&leftMask + uint64(int64(n)>>32-int64(keys[n>>leftBits&keyMask]))>>63
				n = nodes[i]
				i = n&leftMask + uint64(int64(n)>>32-int64(keys[n>>leftBits&keyMask]))>>63
			}
			if depth > 0 && nodes[a]&leftMask == a && nodes[b]&leftMask == b && nodes[c]&leftMask == c && nodes[d]&leftMask == d &&
				nodes[e]&leftMask == e && nodes[f]&leftMask == f && nodes[h]&leftMask == h && nodes[i]&leftMask == i {
				break
			}
		}
		l := leaves[g*lanes : g*lanes+lanes : g*lanes+lanes]
		l[0], l[1], l[2], l[3] = uint32(a), uint32(b), uint32(c), uint32(d)
		l[4], l[5], l[6], l[7] = uint32(e), uint32(f), uint32(h), uint32(i)
	}
}

// walkWide does it for nodes that do not fit in a word, four trees at once.
func (p *packed) walkWide(keys []int64, leaves []uint32) {
	nodes := p.wide
	for g := 0; g < len(p.roots); g += 4 {
		depth := p.depth[g/lanes]
		r := p.roots[g : g+4 : g+4]
		a, b, c, d := r[0], r[1], r[2], r[3]
		for depth > 0 {
			level := min(depth, unchecked)
			depth -= level
			for ; level > 0; level-- {
				a = stepWide(&nodes[a], keys)
				b = stepWide(&nodes[b], keys)
				c = stepWide(&nodes[c], keys)
				d = stepWide(&nodes[d], keys)
			}
			if depth > 0 && nodes[a].left == a && nodes[b].left == b && nodes[c].left == c && nodes[d].left == d {
				break
			}
		}
		l := leaves[g : g+4 : g+4]
		l[0], l[1], l[2], l[3] = a, b, c, d
	}
}

func stepWide(n *wideNode, keys []int64) uint32 {
	right := uint32(0)
	if keys[n.key] > n.threshold {
		right = 1
	}
	return n.left + right
}

// walker binds the walk over the rows of x, a []T of rows times columns: it
// gives the leaves of row r.
func (p *packed) walker(x any, columns int) func(r int) []uint32 {
	leaves := make([]uint32, len(p.roots))
	if p.narrow == nil {
		keys := make([]int64, max(2*len(p.columns), 1))
		switch x := x.(type) {
		case []float32:
			return wideWalk(p, x, columns, keys, leaves)
		case []float64:
			return wideWalk(p, x, columns, keys, leaves)
		case []int64:
			return wideWalk(p, x, columns, keys, leaves)
		case []int32:
			return wideWalk(p, x, columns, keys, leaves)
		}
		return nil
	}
	keys := new([keyMask + 1]int32)
	fill := func(r int) {
		switch x := x.(type) {
		case []int64:
			for i, c := range p.columns {
				k := key32(float32(x[r*columns+int(c)]))
				keys[2*i], keys[2*i+1] = k, k
			}
		case []int32:
			for i, c := range p.columns {
				k := key32(float32(x[r*columns+int(c)]))
				keys[2*i], keys[2*i+1] = k, k
			}
		}
	}
	if x, ok := x.([]float32); ok {
		fill = func(r int) { fillKeys32(keys[:], p.columns, x[r*columns:]) }
	}
	return func(r int) []uint32 {
		fill(r)
		p.walkNarrow(keys, leaves)
		return leaves
	}
}

func wideWalk[T number](p *packed, x []T, columns int, keys []int64, leaves []uint32) func(int) []uint32 {
	return func(r int) []uint32 {
		fillKeys64(keys, p.columns, x[r*columns:], p.double)
		p.walkWide(keys, leaves)
		return leaves
	}
}
