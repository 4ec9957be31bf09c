package onnx

func treeEnsembleClassifier(k *call) *Error {
	x, rows, fault := k.rowInput(Float32, Float64, Int64, Int32)
	if fault != nil {
		return fault
	}
	labels, fault := k.classLabels("classlabels_int64s", "classlabels_strings")
	if fault != nil {
		return fault
	}
	if labels.len() < 2 {
		return refuse(UnsupportedOperator, "a classifier with %d class labels is not supported", labels.len())
	}
	f, fault := k.classicForest("class", labels.len(), x)
	if fault != nil {
		return fault
	}
	c := newTreeClassifier(f)
	if fault := c.check(); fault != nil {
		return fault
	}
	label, fault := k.result(0, labels.typ(), []int{rows})
	if fault != nil {
		return fault
	}
	y, fault := k.result(1, Float32, []int{rows, f.Targets})
	if fault != nil {
		return fault
	}
	return k.emitTrees(f, x, func(p *packed) finisher {
		if f.double {
			return finishClassifier[float64](c, p, labels, label.slot, y.slot)
		}
		return finishClassifier[float32](c, p, labels, label.slot, y.slot)
	})
}

// treeClassifier decides on a class as ONNX Runtime does. The standard leaves
// open what two classes mean when the leaves vote for one only; exporters
// rely on what that runtime made of it.
type treeClassifier struct {
	forest   *Forest
	oneClass bool // two labels, and all leaves vote for the same one
	positive bool // no weight is negative and there is no LOGISTIC: scores are probabilities already
}

func newTreeClassifier(f *Forest) *treeClassifier {
	c := &treeClassifier{forest: f, positive: f.post != postLogistic}
	for _, w := range f.Weights {
		c.positive = c.positive && w.Weight >= 0
	}
	c.oneClass = f.Targets == 2 && oneTarget(f.Weights)
	return c
}

// check refuses what runtimes compute differently or not at all.
func (c *treeClassifier) check() *Error {
	f := c.forest
	if f.agg != sumTrees {
		return refuse(InvalidAttribute, "a classifier has no aggregate_function")
	}
	votesForSecond := false
	for _, w := range f.Weights {
		votesForSecond = votesForSecond || w.Target == 1
	}
	switch {
	case f.Targets > 2 && len(f.Base) != 0 && len(f.Base) != f.Targets, len(f.Base) > f.Targets:
		return refuse(InconsistentLengths, "there are %d base values for %d classes", len(f.Base), f.Targets)
	case f.Targets == 2 && len(f.Base) == 2 && votesForSecond:
		return refuse(UnsupportedOperator, "two base values with votes for the second class are not supported: runtimes disagree on them")
	case f.Targets == 2 && !votesForSecond && f.post == postProbit:
		return refuse(UnsupportedOperator, "post_transform PROBIT with votes for one class only is not supported")
	}
	return nil
}

func finishClassifier[A float](c *treeClassifier, p *packed, labels classLabels, label, y slot) finisher {
	f := c.forest
	s := newScoring[A](f, p)
	return func(m memory) func(int, []uint32) {
		put, y := labels.writer(m, label), at[float32](m, y)
		scores, voted := make([]A, f.Targets), make([]bool, f.Targets)
		return func(row int, leaves []uint32) {
			s.collect(leaves, scores, voted)
			out := y[row*f.Targets : (row+1)*f.Targets]
			if f.Targets == 2 {
				put(row, binaryScores(c, s.base, scores, voted, out))
				return
			}
			for i, b := range s.base {
				scores[i] += b
				voted[i] = true
			}
			put(row, strongest(scores, voted))
			for i, v := range scores {
				out[i] = float32(v)
			}
			f.post.apply(out)
		}
	}
}

// strongest is the first class with the highest score among those voted for.
func strongest[A float](scores []A, voted []bool) int {
	best := -1
	for i, s := range scores {
		if voted[i] && (best < 0 || s > scores[best]) {
			best = i
		}
	}
	return max(best, 0)
}

// binaryScores decides between two classes. Without votes for the second one
// the score of the first is taken for a score of the second.
func binaryScores[A float](c *treeClassifier, base, scores []A, voted []bool, out []float32) (class int) {
	switch len(base) {
	case 2:
		scores[0] += base[0]
		scores[1] += base[1]
	case 1:
		scores[0] += base[0]
	}
	decisive := scores[0]
	if voted[1] {
		decisive = scores[1]
	}
	limit := A(0)
	if c.oneClass && c.positive {
		limit = 0.5
	}
	if decisive > limit {
		class = 1
	}
	if voted[1] || len(base) == 2 {
		out[0], out[1] = float32(scores[0]), float32(scores[1])
		c.forest.post.apply(out)
		return class
	}
	switch {
	case c.oneClass && c.positive:
		out[0], out[1] = float32(1-decisive), float32(decisive)
	case c.forest.post == postLogistic:
		out[0], out[1] = logisticOf(-decisive), logisticOf(decisive)
	default:
		out[0], out[1] = float32(-decisive), float32(decisive)
	}
	return class
}
