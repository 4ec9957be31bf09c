package onnx

import (
	"math"
	"slices"
)

// check makes sure that the nodes are trees over the given columns, with
// finite numbers, no deeper than allowed.
func (f *Forest) check(limits Limits) *Error {
	for i := range f.Nodes {
		if fault := f.checkNode(i); fault != nil {
			return fault
		}
	}
	for _, w := range f.Weights {
		if w.Target < 0 || int(w.Target) >= f.Targets {
			return refuse(InvalidTree, "a leaf votes for target %d of %d", w.Target, f.Targets)
		}
		if math.IsNaN(w.Weight) || math.IsInf(w.Weight, 0) && !f.saturates() {
			return refuse(InvalidNumber, "a leaf weighs %v", w.Weight)
		}
	}
	for _, b := range f.Base {
		if !finite(b) {
			return refuse(InvalidNumber, "a base value is %v", b)
		}
	}
	return f.checkShape(limits)
}

func (f *Forest) checkNode(i int) *Error {
	n := &f.Nodes[i]
	if n.Mode == Leaf {
		for a := n.First; a < n.Last; a++ {
			for b := a + 1; b < n.Last; b++ {
				if f.Weights[a].Target == f.Weights[b].Target {
					return refuse(InvalidTree, "a leaf has two weights for target %d", f.Weights[a].Target)
				}
			}
		}
		return nil
	}
	if n.Feature < 0 || int(n.Feature) >= f.Columns {
		return refuse(InvalidTree, "node %d reads feature %d of %d", i, n.Feature, f.Columns)
	}
	if n.Mode != Member && math.IsNaN(n.Threshold) {
		return refuse(InvalidNumber, "node %d compares with NaN", i)
	}
	for _, child := range [...]int32{n.True, n.False} {
		if child < 0 || int(child) >= len(f.Nodes) {
			return refuse(InvalidTree, "node %d leads to node %d of %d", i, child, len(f.Nodes))
		}
	}
	return nil
}

// saturates tells that an infinite leaf has a meaning: the one score of a
// logistic classifier, where it is a probability of 0 or 1. scikit-learn's
// gradient boosting exports so what overflows float32. Infinities of both
// signs could meet, and have none.
func (f *Forest) saturates() bool {
	up, down := false, false
	for _, w := range f.Weights {
		if w.Target != 0 {
			return false
		}
		up, down = up || math.IsInf(w.Weight, 1), down || math.IsInf(w.Weight, -1)
	}
	return f.votes && f.Targets == 2 && f.post == postLogistic && !(up && down)
}

// checkShape puts the nodes in order, without recursion: a file may chain as
// many nodes as it likes. What can't be put in order is on a cycle.
func (f *Forest) checkShape(limits Limits) *Error {
	ways := make([]int32, len(f.Nodes))
	for i := range f.Nodes {
		if n := &f.Nodes[i]; n.Mode != Leaf {
			ways[n.True]++
			ways[n.False]++
		}
	}
	for _, root := range f.Roots {
		if ways[root] != 0 {
			return refuse(InvalidTree, "node %d is a root twice, or a branch leads to it", root)
		}
		ways[root] = -1
	}
	depth := make([]int32, len(f.Nodes))
	f.order = slices.Clone(f.Roots)
	for i := 0; i < len(f.order); i++ {
		at := f.order[i]
		if int(depth[at]) > limits.MaxTreeDepth {
			return refuse(TooLarge, "a tree is deeper than %d", limits.MaxTreeDepth)
		}
		if n := &f.Nodes[at]; n.Mode != Leaf {
			for _, child := range [...]int32{n.True, n.False} {
				depth[child] = max(depth[child], depth[at]+1)
				if ways[child]--; ways[child] == 0 {
					f.order = append(f.order, child)
				}
			}
		}
	}
	if len(f.order) != len(f.Nodes) {
		return refuse(InvalidTree, "%d nodes are on a cycle or not reached from a root", len(f.Nodes)-len(f.order))
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
