package onnx

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The oracle: an ensemble as pointers, evaluated as the standard reads.

type oracleNode struct {
	mode      BranchMode
	missing   bool // NaN takes the true branch
	feature   int
	threshold float64
	members   []float64
	yes, no   *oracleNode
	votes     []oracleVote // of a leaf
	id        int64
}

type oracleVote struct {
	target int
	weight float64
}

type oracleEnsemble struct {
	trees    []*oracleNode
	columns  int
	targets  int
	double   bool
	agg      string
	base     []float64
	nodes    []*oracleNode // in the order of the file
	treeOf   []int64
	maxDepth int
}

func (n *oracleNode) leaf(x []float64) *oracleNode {
	for n.mode != Leaf {
		v := x[n.feature]
		if math.IsNaN(v) && n.missing || n.holds(v) {
			n = n.yes
		} else {
			n = n.no
		}
	}
	return n
}

func (n *oracleNode) holds(v float64) bool {
	switch n.mode {
	case LessOrEqual:
		return v <= n.threshold
	case Less:
		return v < n.threshold
	case GreaterOrEqual:
		return v >= n.threshold
	case Greater:
		return v > n.threshold
	case Equal:
		return v == n.threshold
	case NotEqual:
		return v != n.threshold
	}
	for _, m := range n.members {
		if v == m {
			return true
		}
	}
	return false
}

// evaluate adds up in float32, or in float64 for double ensembles.
func (e *oracleEnsemble) evaluate(x []float64) []float64 {
	round := func(v float64) float64 { return float64(float32(v)) }
	if e.double {
		round = func(v float64) float64 { return v }
	}
	scores, seen := make([]float64, e.targets), make([]bool, e.targets)
	for _, tree := range e.trees {
		for _, v := range tree.leaf(x).votes {
			s := &scores[v.target]
			switch {
			case e.agg == "SUM" || e.agg == "AVERAGE":
				*s = round(*s + v.weight)
			case !seen[v.target], e.agg == "MIN" && v.weight < *s, e.agg == "MAX" && v.weight > *s:
				*s = v.weight
			}
			seen[v.target] = true
		}
	}
	for i := range scores {
		if e.agg == "AVERAGE" {
			scores[i] = round(scores[i] / float64(len(e.trees)))
		}
		if len(e.base) > 0 {
			scores[i] = round(scores[i] + e.base[i])
		}
	}
	return scores
}

// values are thresholds and inputs: few, so that they meet, and awkward.
var values32 = []float32{
	0, float32(math.Copysign(0, -1)), 1, -1, 0.5, 2, 3, 7, 1e-45, -1e-45, math.MaxFloat32, -math.MaxFloat32,
	math.Nextafter32(1, 2), math.Nextafter32(1, 0), math.Nextafter32(-1, 0), 1.5e-39, 1e30, 0.1,
}

func drawValue(t *rapid.T, double bool) float64 {
	v := float64(rapid.SampledFrom(values32).Draw(t, "value"))
	if double && rapid.Bool().Draw(t, "nudge") {
		v = math.Nextafter(v, 100)
	}
	return v
}

func drawEnsemble(t *rapid.T, modes []BranchMode) *oracleEnsemble {
	e := &oracleEnsemble{
		columns: rapid.IntRange(1, 6).Draw(t, "columns"),
		targets: rapid.IntRange(1, 3).Draw(t, "targets"),
		double:  rapid.Bool().Draw(t, "double"),
		agg:     rapid.SampledFrom([]string{"SUM", "SUM", "AVERAGE", "MIN", "MAX"}).Draw(t, "aggregate"),
	}
	e.maxDepth = rapid.SampledFrom([]int{1, 3, 6, 14}).Draw(t, "depth")
	for i := range rapid.IntRange(1, 19).Draw(t, "trees") {
		e.trees = append(e.trees, e.drawTree(t, int64(i), 0, modes))
	}
	if rapid.Bool().Draw(t, "based") {
		for range e.targets {
			e.base = append(e.base, float64(float32(rapid.Float64Range(-2, 2).Draw(t, "base"))))
		}
	}
	return e
}

func (e *oracleEnsemble) drawTree(t *rapid.T, tree int64, depth int, modes []BranchMode) *oracleNode {
	n := &oracleNode{id: int64(len(e.nodes))}
	e.nodes, e.treeOf = append(e.nodes, n), append(e.treeOf, tree)
	grow := rapid.IntRange(0, 9).Draw(t, "grow")
	if depth == e.maxDepth || grow < 2 || depth > 4 && grow < 5 {
		for target := range e.targets {
			if e.targets == 1 || rapid.IntRange(0, 3).Draw(t, "votes") > 0 {
				weight := float64(float32(rapid.Float64Range(-3, 3).Draw(t, "weight")))
				n.votes = append(n.votes, oracleVote{target, weight})
			}
		}
		return n
	}
	n.mode = rapid.SampledFrom(modes).Draw(t, "mode")
	n.missing = rapid.Bool().Draw(t, "missing")
	n.feature = rapid.IntRange(0, e.columns-1).Draw(t, "feature")
	n.threshold = drawValue(t, e.double)
	if n.mode == Member {
		for range rapid.IntRange(0, 6).Draw(t, "members") {
			n.members = append(n.members, drawValue(t, e.double))
		}
	}
	n.yes = e.drawTree(t, tree, depth+1, modes)
	n.no = e.drawTree(t, tree, depth+1, modes)
	return n
}

func drawRow(t *rapid.T, e *oracleEnsemble) []float64 {
	row := make([]float64, e.columns)
	for i := range row {
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			row[i] = math.NaN()
		case 1:
			row[i] = math.Inf(rapid.SampledFrom([]int{-1, 1}).Draw(t, "infinity"))
		default:
			row[i] = drawValue(t, e.double)
		}
	}
	return row
}

// classicFile writes a model that is one TreeEnsembleRegressor.
func (e *oracleEnsemble) classicFile() []byte { return e.file(e.classicNode("X", "Y"), 1) }

func (e *oracleEnsemble) classicNode(in, out string) []byte {
	names := map[BranchMode]string{}
	for name, mode := range branchModes {
		names[mode] = name
	}
	var modes []string
	var ids, features, yes, no, missing, voteTrees, voteNodes, voteTargets []int64
	var thresholds, weights []float64
	for i, n := range e.nodes {
		modes, ids = append(modes, names[n.mode]), append(ids, n.id)
		features, thresholds = append(features, int64(n.feature)), append(thresholds, n.threshold)
		missing = append(missing, boolAs[int64](n.missing))
		if n.mode == Leaf {
			yes, no = append(yes, 0), append(no, 0)
		} else {
			yes, no = append(yes, n.yes.id), append(no, n.no.id)
		}
		for _, v := range n.votes {
			voteTrees, voteNodes = append(voteTrees, e.treeOf[i]), append(voteNodes, n.id)
			voteTargets, weights = append(voteTargets, int64(v.target)), append(weights, v.weight)
		}
	}
	attributes := [][]byte{
		encodeAttribute("nodes_treeids", e.treeOf), encodeAttribute("nodes_nodeids", ids), encodeAttribute("nodes_modes", modes),
		encodeAttribute("nodes_featureids", features), encodeAttribute("nodes_truenodeids", yes), encodeAttribute("nodes_falsenodeids", no),
		encodeAttribute("nodes_missing_value_tracks_true", missing), encodeAttribute("n_targets", int64(e.targets)),
		encodeAttribute("target_treeids", voteTrees), encodeAttribute("target_nodeids", voteNodes), encodeAttribute("target_ids", voteTargets),
		encodeAttribute("aggregate_function", e.agg),
		encodeNumbers("nodes_values", thresholds, e.double), encodeNumbers("target_weights", weights, e.double),
	}
	if len(e.base) > 0 {
		attributes = append(attributes, encodeNumbers("base_values", e.base, e.double))
	}
	return encodeNode("ai.onnx.ml", "TreeEnsembleRegressor", []string{in}, []string{out}, attributes...)
}

func encodeNumbers(name string, v []float64, double bool) []byte {
	if double {
		return encodeAttribute(name+"_as_tensor", v)
	}
	return encodeAttribute(name, convert(v, func(x float64) float32 { return float32(x) }))
}

func (e *oracleEnsemble) file(node []byte, outputCode int64) []byte {
	code := int64(1)
	if e.double {
		code = 11
	}
	return graphParts{
		nodes:   [][]byte{node},
		inputs:  [][]byte{encodeValue("X", code, -1, int64(e.columns))},
		outputs: [][]byte{encodeValue("Y", outputCode, -1, int64(e.targets))},
		ml:      5,
	}.encode()
}

// check compares a compiled file with the oracle on random rows, bit by bit.
func (e *oracleEnsemble) check(t *rapid.T, file []byte, rounded bool) {
	m, err := Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ev := p.NewEvaluator()
	columns := p.Columns()
	for range 20 {
		row := drawRow(t, e)
		for i, v := range row {
			if err := ev.SetNumber(columns[i], v); err != nil {
				t.Fatal(err)
			}
		}
		if err := ev.Run(); err != nil {
			t.Fatal(err)
		}
		for i, want := range e.evaluate(row) {
			if rounded {
				want = float64(float32(want))
			}
			s, err := p.ScoreAt("Y", i)
			if err != nil {
				t.Fatal(err)
			}
			if got := ev.Score(s); got != want {
				t.Fatalf("row %v: target %d is %v, want %v", row, i, got, want)
			}
		}
	}
}

// TestClassicTreesAgainstOracle evaluates random TreeEnsembleRegressors.
func TestClassicTreesAgainstOracle(t *testing.T) {
	modes := []BranchMode{LessOrEqual, LessOrEqual, Less, GreaterOrEqual, Greater, Equal, NotEqual}
	rapid.Check(t, func(t *rapid.T) {
		e := drawEnsemble(t, modes)
		e.check(t, e.classicFile(), true)
	})
}

// v5File writes a TreeEnsemble, whose leaves have one vote each.
func (e *oracleEnsemble) v5File() []byte {
	codes := map[BranchMode]uint8{}
	for code, mode := range modesV5 {
		codes[mode] = uint8(code)
	}
	var modes []uint8
	var features, yes, yesLeaf, no, noLeaf, missing, targets, roots []int64
	var splits, weights, members []float64
	place := map[*oracleNode]int64{}
	for _, n := range e.nodes {
		if n.mode != Leaf {
			place[n] = int64(len(place))
		}
	}
	link := func(n *oracleNode) (id, leaf int64) {
		if n.mode != Leaf {
			return place[n], 0
		}
		targets, weights = append(targets, int64(n.votes[0].target)), append(weights, n.votes[0].weight)
		return int64(len(weights) - 1), 1
	}
	add := func(n *oracleNode, a, b *oracleNode) {
		modes, features = append(modes, codes[n.mode]), append(features, int64(n.feature))
		splits, missing = append(splits, n.threshold), append(missing, boolAs[int64](n.missing))
		id, leaf := link(a)
		yes, yesLeaf = append(yes, id), append(yesLeaf, leaf)
		id, leaf = link(b)
		no, noLeaf = append(no, id), append(noLeaf, leaf)
		if n.mode == Member {
			members = append(append(members, n.members...), math.NaN())
		}
	}
	for _, n := range e.nodes {
		if n.mode != Leaf {
			add(n, n.yes, n.no)
		}
	}
	for _, tree := range e.trees {
		if tree.mode != Leaf {
			roots = append(roots, place[tree])
			continue
		}
		// A tree that is one leaf is a branch with that leaf on both sides.
		roots = append(roots, int64(len(modes)))
		add(&oracleNode{mode: LessOrEqual}, tree, tree)
	}
	node := encodeNode("ai.onnx.ml", "TreeEnsemble", []string{"X"}, []string{"Y"},
		encodeAttribute("nodes_modes", modes), encodeAttribute("nodes_featureids", features), encodeV5("nodes_splits", splits, e.double),
		encodeAttribute("nodes_truenodeids", yes), encodeAttribute("nodes_trueleafs", yesLeaf),
		encodeAttribute("nodes_falsenodeids", no), encodeAttribute("nodes_falseleafs", noLeaf),
		encodeAttribute("nodes_missing_value_tracks_true", missing), encodeAttribute("tree_roots", roots),
		encodeAttribute("leaf_targetids", targets), encodeV5("leaf_weights", weights, e.double), encodeV5("membership_values", members, e.double),
		encodeAttribute("n_targets", int64(e.targets)),
		encodeAttribute("aggregate_function", map[string]int64{"AVERAGE": 0, "SUM": 1, "MIN": 2, "MAX": 3}[e.agg]),
	)
	code := int64(1)
	if e.double {
		code = 11
	}
	return e.file(node, code)
}

func encodeV5(name string, v []float64, double bool) []byte {
	if double {
		return encodeAttribute(name, v)
	}
	raw := rawFloat32s(convert(v, func(x float64) float32 { return float32(x) }))
	a := textField(nil, 1, name)
	a = field(a, 5, encodeTensor("", 1, []int64{int64(len(v))}, raw))
	return intField(a, 20, int64(KindTensor))
}

// TestV5TreesAgainstOracle evaluates random TreeEnsembles, sets included.
func TestV5TreesAgainstOracle(t *testing.T) {
	modes := []BranchMode{LessOrEqual, Less, GreaterOrEqual, Greater, Equal, NotEqual, Member, Member}
	rapid.Check(t, func(t *rapid.T) {
		e := drawEnsemble(t, modes)
		e.base = nil
		for _, n := range e.nodes {
			if n.mode == Leaf {
				n.votes = []oracleVote{{rapid.IntRange(0, e.targets-1).Draw(t, "target"), float64(rapid.IntRange(-8, 8).Draw(t, "weight")) / 4}}
			}
		}
		e.check(t, e.v5File(), !e.double)
	})
}

// TestWideNodesAgree walks a forest in both of its layouts.
func TestWideNodesAgree(t *testing.T) {
	for _, name := range []string{"xgb_500x8", "lgbm_categorical", "tree_reg_all_modes"} {
		p, err := load("testdata/models/"+name+".onnx", Options{})
		if err != nil {
			t.Fatal(err)
		}
		f := p.Forests()[0]
		narrow, fault := pack(f, DefaultLimits)
		if fault != nil || narrow.narrow == nil {
			t.Fatal(fault)
		}
		wide, fault := layOut(f, DefaultLimits)
		if fault != nil || wide.wide == nil {
			t.Fatal(fault)
		}
		ev := p.NewEvaluator()
		x := InputOf[float32](ev, 0)
		a, b := narrow.walker(x, f.Columns), wide.walker(x, f.Columns)
		for i, row := range readTable(t, "testdata/models/"+name+".rows.csv.gz")[1:] {
			setRow(t, ev, row)
			if got, want := a(0), b(0); !slices.Equal(got, want) {
				t.Fatalf("%s, row %d: leaves %v in narrow nodes, %v in wide ones", name, i, got, want)
			}
		}
	}
}

// TestTreesOfIntegers reads integer inputs as float32, as ONNX Runtime does.
func TestTreesOfIntegers(t *testing.T) {
	stump := map[string]any{
		"nodes_treeids": list[int64](0, 0, 0), "nodes_nodeids": list[int64](0, 1, 2), "nodes_modes": list("BRANCH_LT", "LEAF", "LEAF"),
		"nodes_featureids": list[int64](1, 0, 0), "nodes_values": list[float32](2.5, 0, 0),
		"nodes_truenodeids": list[int64](1, 0, 0), "nodes_falsenodeids": list[int64](2, 0, 0),
		"target_treeids": list[int64](0, 0), "target_nodeids": list[int64](1, 2), "target_ids": list[int64](0, 0), "target_weights": list[float32](10, 20),
	}
	runNodeCases(t, []nodeCase{
		{what: "int64 below", op: "TreeEnsembleRegressor", attributes: stump, inputs: []any{list[int64](9, 2)}, want: []any{list[float32](10)}},
		{what: "int64 above", op: "TreeEnsembleRegressor", attributes: stump, inputs: []any{list[int64](0, 3)}, want: []any{list[float32](20)}},
		{what: "int32", op: "TreeEnsembleRegressor", attributes: stump, inputs: []any{list[int32](0, -7)}, want: []any{list[float32](10)}},
		{what: "text", op: "TreeEnsembleRegressor", attributes: stump, inputs: []any{list("0", "1")}, refused: WrongType},
	})
}
