package onnx

import "slices"

// fuseForests joins trees that were exported one by one and are added up: a
// sum over tables of leaves, all of the same input, is a forest whose leaves
// weigh what the tables say. It is walked eight trees at once.
func (c *compiler) fuseForests(outputs []port) {
	for i := 0; i < len(c.kernels); i++ {
		trees := c.summands(i, outputs)
		if len(trees) < 2 {
			continue
		}
		joined, ok := c.join(i, trees)
		if !ok {
			continue
		}
		var kept []kernel
		for j := range c.kernels {
			switch {
			case j == i:
				kept = append(kept, joined)
				i = len(kept) - 1
			case !slices.Contains(trees, j):
				kept = append(kept, c.kernels[j])
			}
		}
		c.kernels = kept
	}
}

// summands finds the trees that a Sum or Add kernel adds up, if it does
// nothing else and nothing else reads them.
func (c *compiler) summands(i int, outputs []port) []int {
	sum := &c.kernels[i]
	if sum.node.Domain != "" || sum.node.Op != "Sum" && sum.node.Op != "Add" || len(sum.out) != 1 {
		return nil
	}
	if out, ok := c.memory[sum.out[0]].([]float32); !ok || len(out) != 1 {
		return nil
	}
	producer := map[slot]int{}
	for j := range i {
		if t := c.kernels[j].tree; t != nil && t.table != nil && len(t.table.results) == 1 && !t.forest.double {
			producer[t.table.results[0]] = j
		}
	}
	var trees []int
	for _, s := range sum.in {
		j, ok := producer[s]
		if !ok || slices.Contains(trees, j) || c.kernels[j].tree.in != c.kernels[producer[sum.in[0]]].tree.in {
			return nil
		}
		if c.readers(s) != 1 || slices.ContainsFunc(outputs, func(o port) bool { return o.value.slot == s }) {
			return nil
		}
		trees = append(trees, j)
	}
	return trees
}

func (c *compiler) readers(s slot) int {
	n := 0
	for i := range c.kernels {
		for _, in := range c.kernels[i].in {
			if in == s {
				n++
			}
		}
	}
	return n
}

// join makes the kernel of the joined forest. There is none where a table
// holds NaN or an infinity: a forest refuses that, a sum does not.
func (c *compiler) join(i int, trees []int) (joined kernel, ok bool) {
	first := c.kernels[trees[0]].tree
	f := &Forest{Name: c.kernels[i].node.label(), Input: -1, Columns: first.columns, Targets: 1}
	for _, j := range trees {
		f.addTree(c.kernels[j].tree)
	}
	if f.check(c.opts.Limits) != nil {
		return kernel{}, false
	}
	p, fault := pack(f, c.opts.Limits)
	if fault != nil {
		return kernel{}, false
	}
	y := c.kernels[i].out[0]
	t := &treeKernel{forest: f, packed: p, in: first.in, columns: first.columns, rows: 1, finish: finishRegressor[float32, float32](f, p, y)}
	return kernel{node: c.kernels[i].node, in: []slot{t.in}, out: []slot{y}, cost: t.cost(), bind: t.bind, tree: t}, true
}

// addTree takes over the nodes of a tree, with the tabulated weights.
func (f *Forest) addTree(t *treeKernel) {
	base := int32(len(f.Nodes))
	f.Roots = append(f.Roots, t.forest.Roots[0]+base)
	f.Nodes = append(f.Nodes, t.forest.Nodes...)
	for i := base; i < int32(len(f.Nodes)); i++ {
		n := &f.Nodes[i]
		n.True, n.False = n.True+base, n.False+base
	}
	weights := t.table.columns[0].([]float32)
	for _, place := range t.leafPlaces() {
		n := &f.Nodes[base+t.packed.source[place]]
		n.First = int32(len(f.Weights))
		n.Last = n.First + 1
		f.Weights = append(f.Weights, LeafWeight{Weight: float64(weights[t.table.line[place]])})
	}
}
