package onnx

import "slices"

// scoring turns the leaves that a row reaches into one score per target, in
// float32 or, for double input, float64: tree by tree, in their order.
type scoring[A float] struct {
	agg     aggregation
	trees   int
	targets int
	base    []A
	first   []int32 // weights of a place: [first[i], first[i+1])
	weights []weighted[A]

	// Where all leaves vote for the same targets in the same order, as most
	// exporters write them, the weights alone do.
	voted  []int32 // these targets; nil if leaves differ
	single []A     // weight by place, for one target
	pairs  [][2]A  // weights by place, for two
}

type weighted[A float] struct {
	target int32
	weight A
}

func newScoring[A float](f *Forest, p *packed) *scoring[A] {
	s := &scoring[A]{agg: f.agg, trees: p.trees, targets: f.Targets, base: convert(f.Base, func(b float64) A { return A(b) })}
	s.first = make([]int32, 0, len(p.source)+1)
	uniform := true
	for _, node := range p.source {
		s.first = append(s.first, int32(len(s.weights)))
		n := &f.Nodes[node]
		if n.Mode != Leaf {
			continue
		}
		votes := f.Weights[n.First:n.Last]
		if s.voted == nil {
			s.voted = convert(votes, func(w LeafWeight) int32 { return w.Target })
		}
		uniform = uniform && slices.EqualFunc(votes, s.voted, func(w LeafWeight, target int32) bool { return w.Target == target })
		for _, w := range votes {
			s.weights = append(s.weights, weighted[A]{w.Target, A(w.Weight)})
		}
	}
	s.first = append(s.first, int32(len(s.weights)))
	if !uniform || s.agg > averageTrees {
		s.voted = nil
	}
	s.flatten()
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

// flatten puts one or two weights of each leaf at the leaf's place.
func (s *scoring[A]) flatten() {
	places := len(s.first) - 1
	switch len(s.voted) {
	case 1:
		s.single = make([]A, places)
	case 2:
		s.pairs = make([][2]A, places)
	}
	for i := range places {
		from := s.first[i]
		switch {
		case from == s.first[i+1]:
		case s.single != nil:
			s.single[i] = s.weights[from].weight
		case s.pairs != nil:
			s.pairs[i] = [2]A{s.weights[from].weight, s.weights[from+1].weight}
		}
	}
}

// collect adds up the leaves. voted tells which targets got any weight.
func (s *scoring[A]) collect(leaves []uint32, scores []A, voted []bool) {
	clear(scores)
	clear(voted)
	leaves = leaves[:s.trees]
	switch {
	case s.single != nil:
		var sum A
		for _, l := range leaves {
			sum += s.single[l]
		}
		scores[s.voted[0]], voted[s.voted[0]] = sum, true
		return
	case s.pairs != nil:
		var a, b A
		for _, l := range leaves {
			w := &s.pairs[l]
			a += w[0]
			b += w[1]
		}
		scores[s.voted[0]], voted[s.voted[0]] = a, true
		scores[s.voted[1]], voted[s.voted[1]] = b, true
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
