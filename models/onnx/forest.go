package onnx

// Forest is a tree ensemble as its file states it: the one form that the
// classic operators and the newer TreeEnsemble are read into. It is checked:
// every node is reached from a root, no way leads back to itself, and numbers
// are finite, but for leaves that drive a logistic score to 0 or 1. Branches
// may share what follows them: LightGBM's categories are exported so. float64
// holds the float32 of most files exactly.
//
// Of two classes with votes for the first only, what is added up is the score
// of the second, as in the runtimes.
type Forest struct {
	Name    string // of the node
	Input   int    // the program's input that it reads unchanged, or -1
	Columns int    // of what it reads
	Targets int    // classes or targets
	Roots   []int32
	Nodes   []TreeNode
	Weights []LeafWeight
	Base    []float64 // added to the targets; may be empty

	order  []int32 // nodes, each after all that lead to it
	double bool    // compares and adds in float64
	votes  bool    // targets are classes
	agg    aggregation
	post   postTransform
}

// TreeNode is a branch or a leaf.
type TreeNode struct {
	Mode        BranchMode
	MissingTrue bool // NaN takes the true branch
	Feature     int32
	True, False int32 // nodes, of a branch
	First, Last int32 // weights [First, Last), of a leaf
	Threshold   float64
	Members     []float64 // of a Member branch
	Cover       float64   // training weight that reached the node (nodes_hitrates), or 0
}

// LeafWeight is what a leaf gives to one target.
type LeafWeight struct {
	Target int32
	Weight float64
}

// BranchMode says how a branch compares a feature with its threshold; the
// true branch is taken where the comparison holds.
type BranchMode uint8

const (
	Leaf BranchMode = iota
	LessOrEqual
	Less
	GreaterOrEqual
	Greater
	Equal
	NotEqual
	Member // of a set
)

var branchModes = map[string]BranchMode{
	"LEAF": Leaf, "BRANCH_LEQ": LessOrEqual, "BRANCH_LT": Less, "BRANCH_GTE": GreaterOrEqual,
	"BRANCH_GT": Greater, "BRANCH_EQ": Equal, "BRANCH_NEQ": NotEqual,
}

type aggregation uint8

const (
	sumTrees aggregation = iota
	averageTrees
	minTrees
	maxTrees
)

var aggregations = map[string]aggregation{
	"SUM": sumTrees, "AVERAGE": averageTrees, "MIN": minTrees, "MAX": maxTrees,
}

// Transform is the post_transform of the file: NONE, LOGISTIC, SOFTMAX,
// SOFTMAX_ZERO or PROBIT. The targets before it are the margins.
func (f *Forest) Transform() string { return nameOf(postTransforms, f.post) }

// Aggregate is how the trees' votes are put together: SUM, AVERAGE, MIN or MAX.
func (f *Forest) Aggregate() string { return nameOf(aggregations, f.agg) }

func nameOf[T comparable](names map[string]T, v T) string {
	for name, value := range names {
		if value == v {
			return name
		}
	}
	return ""
}
