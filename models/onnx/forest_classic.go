package onnx

import "math"

// classicForest reads the attributes of TreeEnsembleClassifier (votes
// "class") and TreeEnsembleRegressor (votes "target"): nodes by tree and node
// id, in any order, and votes by the same ids.
func (k *call) classicForest(votes string, targets int, x *value) (*Forest, *Error) {
	f := &Forest{Name: k.node.label(), Targets: targets, Columns: x.shape[len(x.shape)-1], double: x.typ == Float64, votes: votes == "class"}
	ids, fault := k.classicNodes(f)
	if fault != nil {
		return nil, fault
	}
	if fault := k.classicWeights(f, votes, ids); fault != nil {
		return nil, fault
	}
	f.Base, fault = k.numbers("base_values", f.double)
	if fault != nil {
		return nil, fault
	}
	var ok bool
	if f.agg, ok = aggregations[k.text("aggregate_function", "SUM")]; !ok {
		return nil, refuse(InvalidAttribute, "aggregate_function %q is not known", k.text("aggregate_function", ""))
	}
	if f.post, fault = k.postTransform(); fault != nil {
		return nil, fault
	}
	return f, f.check(k.c.opts.Limits)
}

// treeNodeID names a node in the file.
type treeNodeID struct{ tree, node int64 }

func (k *call) classicNodes(f *Forest) (map[treeNodeID]int32, *Error) {
	trees, nodes := k.ints("nodes_treeids"), k.ints("nodes_nodeids")
	features, modes := k.ints("nodes_featureids"), k.strings("nodes_modes")
	trues, falses := k.ints("nodes_truenodeids"), k.ints("nodes_falsenodeids")
	missing := k.ints("nodes_missing_value_tracks_true")
	values, fault := k.numbers("nodes_values", f.double)
	if fault != nil {
		return nil, fault
	}
	cover, fault := k.numbers("nodes_hitrates", f.double)
	if fault != nil {
		return nil, fault
	}
	n := len(nodes)
	if n == 0 || n > k.c.opts.Limits.MaxTreeNodes {
		return nil, refuse(TooLarge, "there are %d tree nodes, not 1 to %d", n, k.c.opts.Limits.MaxTreeNodes)
	}
	for _, l := range [...]int{len(trees), len(features), len(modes), len(trues), len(falses), len(values)} {
		if l != n {
			return nil, refuse(InconsistentLengths, "the lists of %d nodes differ in length", n)
		}
	}
	if len(missing) != 0 && len(missing) != n || len(cover) != 0 && len(cover) != n {
		return nil, refuse(InconsistentLengths, "the lists of %d nodes differ in length", n)
	}

	f.Nodes = make([]TreeNode, n)
	ids := make(map[treeNodeID]int32, n)
	for i := range n {
		id := treeNodeID{trees[i], nodes[i]}
		if _, dup := ids[id]; dup {
			return nil, refuse(InvalidTree, "node %d of tree %d occurs twice", id.node, id.tree)
		}
		ids[id] = int32(i)
		mode, ok := branchModes[modes[i]]
		if !ok {
			return nil, refuse(InvalidTree, "node %d of tree %d has mode %q", id.node, id.tree, modes[i])
		}
		node := TreeNode{Mode: mode}
		if mode != Leaf {
			if features[i] < 0 || features[i] > math.MaxInt32 {
				return nil, refuse(InvalidTree, "node %d of tree %d reads feature %d", id.node, id.tree, features[i])
			}
			node.Feature, node.Threshold = int32(features[i]), values[i]
			node.MissingTrue = len(missing) > 0 && missing[i] != 0
		}
		if len(cover) > 0 {
			node.Cover = cover[i]
		}
		f.Nodes[i] = node
	}
	return ids, f.linkClassic(ids, trees, trues, falses)
}

// linkClassic turns ids into places and finds the roots: the root of a tree
// is the node that no other leads to. Trees are in order of first occurrence.
func (f *Forest) linkClassic(ids map[treeNodeID]int32, trees, trues, falses []int64) *Error {
	isChild := make([]bool, len(f.Nodes))
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Mode == Leaf {
			continue
		}
		t, okTrue := ids[treeNodeID{trees[i], trues[i]}]
		o, okFalse := ids[treeNodeID{trees[i], falses[i]}]
		if !okTrue || !okFalse {
			return refuse(InvalidTree, "node %d leads to nodes %d and %d, of which tree %d lacks one", i, trues[i], falses[i], trees[i])
		}
		n.True, n.False = t, o
		isChild[t], isChild[o] = true, true
	}
	place := map[int64]int{}
	for i := range f.Nodes {
		if _, seen := place[trees[i]]; !seen {
			place[trees[i]] = len(f.Roots)
			f.Roots = append(f.Roots, -1)
		}
		if isChild[i] {
			continue
		}
		if f.Roots[place[trees[i]]] >= 0 {
			return refuse(InvalidTree, "tree %d has two roots", trees[i])
		}
		f.Roots[place[trees[i]]] = int32(i)
	}
	for tree, at := range place {
		if f.Roots[at] < 0 {
			return refuse(InvalidTree, "tree %d has no root", tree)
		}
	}
	return nil
}

// classicWeights gathers the votes of each leaf, in the order of the file.
func (k *call) classicWeights(f *Forest, votes string, ids map[treeNodeID]int32) *Error {
	trees, nodes, targets := k.ints(votes+"_treeids"), k.ints(votes+"_nodeids"), k.ints(votes+"_ids")
	weights, fault := k.numbers(votes+"_weights", f.double)
	if fault != nil {
		return fault
	}
	if len(trees) != len(weights) || len(nodes) != len(weights) || len(targets) != len(weights) {
		return refuse(InconsistentLengths, "the lists of %d leaf weights differ in length", len(weights))
	}
	leaf := make([]int32, len(weights))
	for i := range weights {
		at, ok := ids[treeNodeID{trees[i], nodes[i]}]
		if !ok {
			return refuse(InvalidTree, "there is a weight for node %d of tree %d, which does not exist", nodes[i], trees[i])
		}
		if f.Nodes[at].Mode != Leaf {
			return refuse(InvalidTree, "there is a weight for node %d of tree %d, which is a branch", nodes[i], trees[i])
		}
		if targets[i] < 0 || targets[i] >= int64(f.Targets) {
			return refuse(InvalidTree, "a leaf votes for target %d of %d", targets[i], f.Targets)
		}
		leaf[i] = at
		f.Nodes[at].Last++
	}
	next := int32(0)
	for i := range f.Nodes {
		n := &f.Nodes[i]
		n.First, n.Last, next = next, next, next+n.Last
	}
	f.Weights = make([]LeafWeight, len(weights))
	for i, at := range leaf {
		n := &f.Nodes[at]
		f.Weights[n.Last] = LeafWeight{Target: int32(targets[i]), Weight: weights[i]}
		n.Last++
	}
	return nil
}

// numbers reads a list that is either a float attribute or, with the suffix
// "_as_tensor", a tensor that may hold doubles.
func (k *call) numbers(name string, double bool) ([]float64, *Error) {
	floats := convert(k.floats(name), func(v float32) float64 { return float64(v) })
	t := k.tensor(name + "_as_tensor")
	if t == nil {
		return floats, nil
	}
	if len(floats) > 0 {
		return nil, refuse(InconsistentLengths, "%s is given twice", name)
	}
	return tensorNumbers(name+"_as_tensor", t, double)
}

func tensorNumbers(name string, t *Tensor, double bool) ([]float64, *Error) {
	switch data := t.Data.(type) {
	case []float32:
		return convert(data, func(v float32) float64 { return float64(v) }), nil
	case []float64:
		if double {
			return data, nil
		}
	}
	return nil, refuse(WrongType, "%s is of type %s", name, t.Type)
}
