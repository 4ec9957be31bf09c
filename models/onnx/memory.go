package onnx

// slot is the place of a value in memory. Values that differ in shape only
// (Reshape, Identity, …) share a slot.
type slot int

// memory holds the values of one evaluation: a []T for each slot.
type memory []any

// at gives the buffer of a slot. Kernels call it when they are bound, once
// for each evaluator, never for each row.
func at[T Element](m memory, s slot) []T { return m[s].([]T) }

// step computes the outputs of one node for the row in memory.
type step func() error

// binder gives a kernel its buffers.
type binder func(memory) step

// kernel is a compiled node.
type kernel struct {
	node *Node
	in   []slot
	out  []slot
	cost int // operations, roughly
	bind binder
	tree *treeKernel // set for tree ensembles, for the passes that fuse them
}

// value is what a name stands for while compiling.
type value struct {
	typ      Type
	shape    []int
	slot     slot
	constant bool
	keys     *mapKeys // set for the output of a ZipMap
}

// mapKeys are the keys of a map output, in the order of its values.
type mapKeys struct {
	ints    []int64
	strings []string
}

func (v *value) len() int { return product(v.shape) }

func (v *value) rank() int { return len(v.shape) }

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
