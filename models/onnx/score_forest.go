package onnx

// scoring turns the leaves that a row reaches into one score per target, in
// float32 or, for double input, float64: tree by tree, in their order.
type scoring[A float] struct {
	agg     aggregation
	trees   int
	targets int
	base    []A
	single  []A     // weight by place, for one target whose leaves all have one weight
	first   []int32 // weights of a place: [first[i], first[i+1])
	weights []weighted[A]
}

type weighted[A float] struct {
	target int32
	weight A
}

func newScoring[A float](f *Forest, p *packed) *scoring[A] {
	s := &scoring[A]{agg: f.agg, trees: p.trees, targets: f.Targets, base: convert(f.Base, func(b float64) A { return A(b) })}
	s.first = make([]int32, 0, len(p.source)+1)
	all := true
	for _, node := range p.source {
		s.first = append(s.first, int32(len(s.weights)))
		n := &f.Nodes[node]
		if n.Mode != Leaf {
			continue
		}
		for _, w := range f.Weights[n.First:n.Last] {
			s.weights = append(s.weights, weighted[A]{w.Target, A(w.Weight)})
		}
		all = all && n.Last == n.First+1
	}
	s.first = append(s.first, int32(len(s.weights)))
	if all && oneTarget(f.Weights) {
		s.flatten()
	}
	return s
}

func oneTarget(weights []LeafWeight) bool {
	for _, w := range weights {
		if w.Target != weights[0].Target {
			return false
		}
	}
	return len(weights) > 0
}

// flatten puts the only weight of each leaf at the leaf's place.
func (s *scoring[A]) flatten() {
	s.single = make([]A, len(s.first)-1)
	for i := range s.single {
		if at := s.first[i]; at < s.first[i+1] {
			s.single[i] = s.weights[at].weight
		}
	}
}

// collect adds up the leaves. voted tells which targets got any weight.
func (s *scoring[A]) collect(leaves []uint32, scores []A, voted []bool) {
	clear(scores)
	clear(voted)
	leaves = leaves[:s.trees]
	if s.single != nil && s.agg <= averageTrees {
		sum := A(0)
		single := s.single
		for _, l := range leaves {
			sum += single[l]
		}
		target := s.weights[0].target
		scores[target], voted[target] = sum, true
		return
	}
	for _, l := range leaves {
		for _, w := range s.weights[s.first[l]:s.first[l+1]] {
			score := &scores[w.target]
			switch {
			case s.agg <= averageTrees:
				*score += w.weight
			case !voted[w.target], s.agg == minTrees && w.weight < *score, s.agg == maxTrees && w.weight > *score:
				*score = w.weight
			}
			voted[w.target] = true
		}
	}
}

// regress finishes the scores of a regressor.
func (s *scoring[A]) regress(scores []A) {
	for i := range scores {
		if s.agg == averageTrees {
			scores[i] /= A(s.trees)
		}
		if len(s.base) > 0 {
			scores[i] += s.base[i]
		}
	}
}

// logisticOf is logistic in the precision of the scores.
func logisticOf[A float](x A) float32 { return logistic(float32(x)) }
