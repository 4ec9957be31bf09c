package onnx

import "slices"

// fuseLeaves computes at load what follows from the leaf of one tree. A tree
// has few leaves; values that depend on nothing else but the leaf that a row
// reaches (an exporter's arithmetic on a leaf's number, its depth, its sample
// count) become a table with a line for each leaf, and the nodes that computed
// them are gone. An isolation forest is a thousand such nodes.
func (c *compiler) fuseLeaves(outputs []port) {
	for i := 0; i < len(c.kernels); i++ {
		if t := c.kernels[i].tree; t == nil || t.rows != 1 || t.packed.trees != 1 {
			continue
		}
		if fused := c.tabulate(i, outputs); fused != nil {
			c.kernels = fused
		}
	}
}

// maxTable bounds the elements of a table of leaves.
const maxTable = 1 << 16

// tabulate gives the kernels without those that depend on the leaf of kernel
// i only, or nil if there are none or they can't be tabulated.
func (c *compiler) tabulate(i int, outputs []port) []kernel {
	tree := c.kernels[i]
	byLeaf, chain := c.dependents(i)
	if len(chain) == 0 {
		return nil
	}
	results := c.resultsOf(byLeaf, chain, outputs)
	leaves, width, cost := tree.tree.leafPlaces(), 0, 0
	for _, s := range results {
		width += bufferLen(c.memory[s])
	}
	for _, j := range chain {
		cost += c.kernels[j].cost
	}
	if n := len(leaves) * width; n > maxTable || n > c.elements || len(leaves)*(cost+tree.cost) > c.folding {
		return nil
	}
	c.elements -= len(leaves) * width
	c.folding -= len(leaves) * (cost + tree.cost)

	t := &leafTable{line: make([]int32, len(tree.tree.packed.source)), results: results, columns: make([]any, len(results))}
	finish := tree.tree.finish(c.memory)
	var steps []step
	for _, j := range chain {
		steps = append(steps, c.kernels[j].bind(c.memory))
	}
	for line, place := range leaves {
		finish(0, []uint32{place})
		for _, s := range steps {
			if s() != nil {
				return nil // this leaf has no answer; leave it to the rows that reach it
			}
		}
		t.line[place] = int32(line)
		for r, s := range results {
			t.columns[r] = appendBuffer(t.columns[r], c.memory[s])
		}
	}
	return c.replace(i, chain, t)
}

// dependents finds the slots, and the kernels after i, that depend on the
// outputs of kernel i and on constants only.
func (c *compiler) dependents(i int) (byLeaf []bool, chain []int) {
	byLeaf = make([]bool, len(c.memory))
	for _, s := range c.kernels[i].out {
		byLeaf[s] = true
	}
	for j := i + 1; j < len(c.kernels); j++ {
		k := &c.kernels[j]
		depends := slices.ContainsFunc(k.in, func(s slot) bool { return byLeaf[s] })
		foreign := slices.ContainsFunc(k.in, func(s slot) bool { return c.rowValue[s] && !byLeaf[s] })
		if !depends || foreign {
			continue
		}
		chain = append(chain, j)
		for _, s := range k.out {
			byLeaf[s] = true
		}
	}
	return byLeaf, chain
}

// resultsOf finds those of the slots that the rest of the program reads.
func (c *compiler) resultsOf(byLeaf []bool, chain []int, outputs []port) []slot {
	var results []slot
	add := func(s slot) {
		if byLeaf[s] && !slices.Contains(results, s) {
			results = append(results, s)
		}
	}
	for j := range c.kernels {
		if slices.Contains(chain, j) {
			continue
		}
		for _, s := range c.kernels[j].in {
			add(s)
		}
	}
	for _, o := range outputs {
		add(o.value.slot)
	}
	return results
}

// replace puts the table in the place of the tree's outputs.
func (c *compiler) replace(i int, chain []int, table *leafTable) []kernel {
	tree := *c.kernels[i].tree
	tree.finish, tree.table = table.finish, table
	fused := kernel{node: c.kernels[i].node, in: c.kernels[i].in, out: table.results, cost: tree.cost(), bind: tree.bind, tree: &tree}
	var kept []kernel
	for j := range c.kernels {
		switch {
		case j == i:
			kept = append(kept, fused)
		case !slices.Contains(chain, j):
			kept = append(kept, c.kernels[j])
		}
	}
	return kept
}

// leafTable holds, for each leaf, the values that follow from it.
type leafTable struct {
	line    []int32 // by place
	results []slot
	columns []any // a []T for each result: its elements, line after line
}

func (t *leafTable) finish(m memory) func(int, []uint32) {
	copies := make([]func(line int), len(t.results))
	for i, s := range t.results {
		copies[i] = lineCopy(m[s], t.columns[i])
	}
	return func(_ int, leaves []uint32) {
		line := int(t.line[leaves[0]])
		for _, c := range copies {
			c(line)
		}
	}
}

// leafPlaces lists one place of each leaf.
func (t *treeKernel) leafPlaces() []uint32 {
	var places []uint32
	for place, node := range t.packed.source {
		if t.forest.Nodes[node].Mode == Leaf {
			places = append(places, uint32(place))
		}
	}
	return places
}

func appendBuffer(to, from any) any {
	switch from := from.(type) {
	case []float32:
		return appendTo(to, from)
	case []float64:
		return appendTo(to, from)
	case []int64:
		return appendTo(to, from)
	case []int32:
		return appendTo(to, from)
	case []bool:
		return appendTo(to, from)
	case []string:
		return appendTo(to, from)
	}
	return to
}

func appendTo[T Element](to any, from []T) []T {
	list, _ := to.([]T)
	return append(list, from...)
}

func lineCopy(to, lines any) func(int) {
	switch to := to.(type) {
	case []float32:
		return lineCopyOf(to, lines)
	case []float64:
		return lineCopyOf(to, lines)
	case []int64:
		return lineCopyOf(to, lines)
	case []int32:
		return lineCopyOf(to, lines)
	case []bool:
		return lineCopyOf(to, lines)
	}
	return lineCopyOf(to.([]string), lines)
}

func lineCopyOf[T Element](to []T, lines any) func(int) {
	from, n := lines.([]T), len(to)
	return func(line int) { copy(to, from[line*n:]) }
}
