package onnx

import "math"

// TreeEnsemble (ai.onnx.ml 5) numbers modes, aggregations and transforms.
var (
	modesV5        = []BranchMode{LessOrEqual, Less, GreaterOrEqual, Greater, Equal, NotEqual, Member}
	aggregationsV5 = []aggregation{averageTrees, sumTrees, minTrees, maxTrees}
)

// forestV5 reads the attributes of a TreeEnsemble. Its branches and leaves
// are in separate lists; each reference to a leaf becomes a node.
func (k *call) forestV5(x *value) (*Forest, *Error) {
	f := &Forest{Name: k.node.label(), Targets: 1, Columns: x.shape[len(x.shape)-1], double: x.typ == Float64}
	if n := k.int("n_targets", 1); n >= 1 && n <= int64(k.c.opts.Limits.MaxRowElements) {
		f.Targets = int(n)
	} else {
		return nil, refuse(InvalidAttribute, "n_targets is %d", n)
	}
	if a := k.int("aggregate_function", 1); a >= 0 && a < int64(len(aggregationsV5)) {
		f.agg = aggregationsV5[a]
	} else {
		return nil, refuse(InvalidAttribute, "aggregate_function is %d", a)
	}
	if p := k.int("post_transform", 0); p != 0 {
		// The standard numbers SOFTMAX 1 and LOGISTIC 2, ONNX Runtime the other way round.
		return nil, refuse(UnsupportedOperator, "post_transform %d is not supported", p)
	}
	if fault := k.branchesV5(f); fault != nil {
		return nil, fault
	}
	return f, f.check(k.c.opts.Limits)
}

func (k *call) branchesV5(f *Forest) *Error {
	features, missing := k.ints("nodes_featureids"), k.ints("nodes_missing_value_tracks_true")
	trues, trueLeaf := k.ints("nodes_truenodeids"), k.ints("nodes_trueleafs")
	falses, falseLeaf := k.ints("nodes_falsenodeids"), k.ints("nodes_falseleafs")
	roots := k.ints("tree_roots")
	splits, fault := k.tensorV5("nodes_splits", f.double)
	if fault != nil {
		return fault
	}
	cover, fault := k.tensorV5("nodes_hitrates", f.double)
	if fault != nil {
		return fault
	}
	modes, fault := k.modesV5()
	if fault != nil {
		return fault
	}
	n := len(modes)
	if n == 0 || 3*n > k.c.opts.Limits.MaxTreeNodes {
		return refuse(TooLarge, "there are %d tree nodes, not 1 to %d", n, k.c.opts.Limits.MaxTreeNodes/3)
	}
	for _, l := range [...]int{len(features), len(splits), len(trues), len(trueLeaf), len(falses), len(falseLeaf)} {
		if l != n {
			return refuse(InconsistentLengths, "the lists of %d nodes differ in length", n)
		}
	}
	if len(missing) != 0 && len(missing) != n || len(cover) != 0 && len(cover) != n {
		return refuse(InconsistentLengths, "the lists of %d nodes differ in length", n)
	}
	if fault := k.leavesV5(f); fault != nil {
		return fault
	}

	f.Nodes = make([]TreeNode, n, 3*n)
	for i := range n {
		if features[i] < 0 || features[i] > math.MaxInt32 {
			return refuse(InvalidTree, "node %d reads feature %d", i, features[i])
		}
		f.Nodes[i] = TreeNode{
			Mode: modes[i], Feature: int32(features[i]), Threshold: splits[i],
			MissingTrue: len(missing) > 0 && missing[i] != 0,
		}
		if len(cover) > 0 {
			f.Nodes[i].Cover = cover[i]
		}
	}
	for i := range n {
		t, fault := f.childV5(n, trues[i], trueLeaf[i])
		if fault != nil {
			return fault
		}
		o, fault := f.childV5(n, falses[i], falseLeaf[i])
		if fault != nil {
			return fault
		}
		f.Nodes[i].True, f.Nodes[i].False = t, o
	}
	if fault := k.membersV5(f, n); fault != nil {
		return fault
	}
	return f.rootsV5(n, roots)
}

// childV5 finds a branch, or adds a leaf.
func (f *Forest) childV5(branches int, id, isLeaf int64) (int32, *Error) {
	if isLeaf == 0 {
		if id < 0 || id >= int64(branches) {
			return 0, refuse(InvalidTree, "a branch leads to node %d of %d", id, branches)
		}
		return int32(id), nil
	}
	if id < 0 || id >= int64(len(f.Weights)) {
		return 0, refuse(InvalidTree, "a branch leads to leaf %d of %d", id, len(f.Weights))
	}
	f.Nodes = append(f.Nodes, TreeNode{First: int32(id), Last: int32(id) + 1})
	return int32(len(f.Nodes) - 1), nil
}

// rootsV5 takes the roots. A tree that is a single leaf is written as a
// branch with that leaf on both sides.
func (f *Forest) rootsV5(branches int, roots []int64) *Error {
	if len(roots) == 0 {
		return refuse(InvalidTree, "there are no trees")
	}
	for _, r := range roots {
		if r < 0 || r >= int64(branches) {
			return refuse(InvalidTree, "a tree starts at node %d of %d", r, branches)
		}
		f.Roots = append(f.Roots, int32(r))
	}
	return nil
}

func (k *call) leavesV5(f *Forest) *Error {
	targets := k.ints("leaf_targetids")
	weights, fault := k.tensorV5("leaf_weights", f.double)
	if fault != nil {
		return fault
	}
	if len(targets) != len(weights) {
		return refuse(InconsistentLengths, "there are %d leaf weights and %d targets", len(weights), len(targets))
	}
	f.Weights = make([]LeafWeight, len(weights))
	for i := range weights {
		if targets[i] < 0 || targets[i] >= int64(f.Targets) {
			return refuse(InvalidTree, "a leaf votes for target %d of %d", targets[i], f.Targets)
		}
		f.Weights[i] = LeafWeight{Target: int32(targets[i]), Weight: weights[i]}
	}
	return nil
}

func (k *call) modesV5() ([]BranchMode, *Error) {
	t := k.tensor("nodes_modes")
	if t == nil {
		return nil, refuse(InvalidAttribute, "nodes_modes is missing")
	}
	codes, ok := t.Data.([]uint8)
	if !ok {
		return nil, refuse(WrongType, "nodes_modes is of type %s", t.Type)
	}
	modes := make([]BranchMode, len(codes))
	for i, code := range codes {
		if int(code) >= len(modesV5) {
			return nil, refuse(InvalidTree, "node %d has mode %d", i, code)
		}
		modes[i] = modesV5[code]
	}
	return modes, nil
}

// membersV5 deals out membership_values: a set for each Member branch in
// order, each closed by NaN, which may be left out after the last.
func (k *call) membersV5(f *Forest, branches int) *Error {
	values, fault := k.tensorV5("membership_values", f.double)
	if fault != nil {
		return fault
	}
	for i := range branches {
		if f.Nodes[i].Mode != Member {
			continue
		}
		end := 0
		for end < len(values) && !math.IsNaN(values[end]) {
			end++
		}
		if len(values) == 0 {
			return refuse(InconsistentLengths, "membership_values has no set for node %d", i)
		}
		f.Nodes[i].Members, values = values[:end], values[min(end+1, len(values)):]
	}
	if len(values) > 0 {
		return refuse(InconsistentLengths, "membership_values has more sets than there are nodes for them")
	}
	return nil
}

func (k *call) tensorV5(name string, double bool) ([]float64, *Error) {
	t := k.tensor(name)
	if t == nil {
		return nil, nil
	}
	return tensorNumbers(name, t, double)
}
