package onnx

import (
	"math"
	"math/bits"
	"slices"
)

// packed is a forest laid out for walking. Every branch is one comparison of
// integers, "key > threshold goes right", with the two children side by side
// so that the comparison's result is added to the place of the left one. A
// leaf is its own child: walking on from it stays there, so that trees of
// different depth are walked together without asking where each one ends.
//
// Where keys of 32 bits do, a node is one word: threshold in the upper 32
// bits, then 10 bits of key index, then 22 bits of left child.
type packed struct {
	columns []int32  // of the input that are read; keys 2i and 2i+1 are of columns[i]
	roots   []uint32 // padded to whole lanes with the first root
	trees   int
	depth   []int // of the deepest tree of each group of lanes
	narrow  []uint64
	wide    []wideNode // when narrow is nil
	source  []int32    // node of the forest, by place
	double  bool
}

type wideNode struct {
	threshold int64
	key       uint32
	left      uint32
}

const (
	lanes      = 8 // trees walked at once
	keyBits    = 10
	leftBits   = 22
	leftMask   = 1<<leftBits - 1
	keyMask    = 1<<keyBits - 1
	alwaysLeft = math.MaxInt64
)

// pack lays out a checked forest, in single words if it fits.
func pack(f *Forest, limits Limits) (*packed, *Error) {
	p, fault := layOut(f, limits)
	if fault == nil {
		p.narrowDown()
	}
	return p, fault
}

func layOut(f *Forest, limits Limits) (*packed, *Error) {
	b := &packer{forest: f, columnOf: map[int32]uint32{}, written: make([]uint32, len(f.Nodes))}
	b.out.trees, b.out.double = len(f.Roots), f.double
	heights := f.comparisons()
	for i, root := range f.Roots {
		if i%lanes == 0 {
			b.out.depth = append(b.out.depth, 0)
		}
		group := &b.out.depth[len(b.out.depth)-1]
		*group = max(*group, int(heights[root]))
		b.tree(root)
		if len(b.out.wide) > limits.MaxTreeNodes {
			return nil, refuse(TooLarge, "the trees have more than %d comparisons", limits.MaxTreeNodes)
		}
	}
	for len(b.out.roots)%lanes != 0 {
		b.out.roots = append(b.out.roots, b.out.roots[0])
	}
	return &b.out, nil
}

// comparisons counts, for each node, the comparisons on the longest way from
// it to a leaf.
func (f *Forest) comparisons() []int32 {
	heights := make([]int32, len(f.Nodes))
	for _, at := range slices.Backward(f.order) {
		n := &f.Nodes[at]
		own := 0
		switch n.Mode {
		case Leaf:
			continue
		case Equal, NotEqual:
			own = 2
		case Member:
			own = 2 + bits.Len(uint(len(n.Members)))
		default:
			own = 1
		}
		heights[at] = int32(own) + max(heights[n.True], heights[n.False])
	}
	return heights
}

// packer places the nodes of one tree after the other, level by level.
type packer struct {
	forest   *Forest
	out      packed
	columnOf map[int32]uint32
	written  []uint32 // place by branch, plus one
	queue    []placement
}

// placement is a node, or the part of a set test, that has a place but is not
// written yet. Equality and membership take several comparisons: set holds
// the members that are still possible.
type placement struct {
	place uint32
	node  int32
	set   []float64
	last  bool // x <= set[0] holds; x < set[0] is to be tested
}

func (b *packer) tree(root int32) {
	at := b.grow(1)
	b.out.roots = append(b.out.roots, at)
	b.queue = append(b.queue[:0], placement{place: at, node: root})
	for i := 0; i < len(b.queue); i++ {
		b.write(b.queue[i])
	}
}

func (b *packer) grow(n int) uint32 {
	at := len(b.out.wide)
	b.out.wide = append(b.out.wide, make([]wideNode, n)...)
	b.out.source = append(b.out.source, make([]int32, n)...)
	return uint32(at)
}

// write writes a node. A branch that is reached in several ways is written in
// several places, but what follows it only once.
func (b *packer) write(p placement) {
	n := &b.forest.Nodes[p.node]
	b.out.source[p.place] = p.node
	switch {
	case p.set != nil:
		b.writeSet(p, n)
	case n.Mode == Leaf:
		b.out.wide[p.place] = wideNode{threshold: alwaysLeft, left: p.place}
	case b.written[p.node] != 0:
		b.out.wide[p.place] = b.out.wide[b.written[p.node]-1]
	default:
		b.written[p.node] = p.place + 1
		b.writeBranch(p, n)
	}
}

func (b *packer) writeBranch(p placement, n *TreeNode) {
	switch n.Mode {
	case LessOrEqual:
		b.threshold(p, b.key(n.Threshold), !n.MissingTrue, n.True, n.False)
	case Less:
		b.threshold(p, b.key(n.Threshold)-1, !n.MissingTrue, n.True, n.False)
	case Greater:
		b.threshold(p, b.key(n.Threshold), n.MissingTrue, n.False, n.True)
	case GreaterOrEqual:
		b.threshold(p, b.key(n.Threshold)-1, n.MissingTrue, n.False, n.True)
	case Equal, NotEqual:
		p.set = []float64{n.Threshold}
		b.writeSet(p, n)
	case Member:
		if len(n.Members) == 0 { // holds for no number
			b.threshold(p, nanLow64, !n.MissingTrue, n.True, n.False)
			return
		}
		p.set = slices.Clone(n.Members)
		slices.Sort(p.set)
		b.writeSet(p, n)
	}
}

// threshold writes a branch that is one comparison between two nodes.
func (b *packer) threshold(p placement, threshold int64, nanHigh bool, left, right int32) {
	b.comparison(p, threshold, nanHigh, placement{node: left}, placement{node: right})
}

// comparison writes "key > threshold goes right" and queues what follows.
func (b *packer) comparison(p placement, threshold int64, nanHigh bool, left, right placement) {
	feature := b.forest.Nodes[p.node].Feature
	column, ok := b.columnOf[feature]
	if !ok {
		column = uint32(len(b.out.columns))
		b.columnOf[feature] = column
		b.out.columns = append(b.out.columns, feature)
	}
	key := 2 * column
	if nanHigh {
		key++
	}
	at := b.grow(2)
	left.place, right.place = at, at+1
	b.queue = append(b.queue, left, right)
	b.out.wide[p.place] = wideNode{threshold: threshold, key: key, left: at}
}

// writeSet halves the members that are possible until one is left, and then
// compares with it twice: x <= member, and not x < member.
func (b *packer) writeSet(p placement, n *TreeNode) {
	inside, outside, nanInside := n.True, n.False, n.MissingTrue
	if n.Mode == NotEqual { // NaN differs from every number
		inside, outside, nanInside = n.False, n.True, false
	}
	half := len(p.set) / 2
	switch {
	case half > 0:
		b.comparison(p, b.key(p.set[half-1]), true,
			placement{node: p.node, set: p.set[:half]}, placement{node: p.node, set: p.set[half:]})
	case !p.last:
		b.comparison(p, b.key(p.set[0]), !nanInside,
			placement{node: p.node, set: p.set, last: true}, placement{node: outside})
	default:
		b.comparison(p, b.key(p.set[0])-1, true, placement{node: outside}, placement{node: inside})
	}
}

func (b *packer) key(threshold float64) int64 {
	if b.forest.double {
		return key64(threshold)
	}
	return int64(key32(float32(threshold)))
}

// narrowDown turns the nodes into single words if they fit.
func (p *packed) narrowDown() {
	if p.double || len(p.wide) > leftMask || 2*len(p.columns) > keyMask+1 {
		return
	}
	p.narrow = make([]uint64, len(p.wide))
	for i, n := range p.wide {
		t := max(min(n.threshold, nanHigh32), nanLow32)
		p.narrow[i] = uint64(t)<<32 | uint64(n.key)<<leftBits | uint64(n.left)
	}
	p.wide = nil
}
