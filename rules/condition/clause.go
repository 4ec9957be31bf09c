package condition

import (
	"cmp"
	"slices"
)

// clause is a conjunction that makes its condition hold. A condition with
// "or" has several. What the index answers of it is a bit; rest is what has
// to be evaluated when that bit is set.
type clause struct {
	condition int32
	rest      []int32
}

// maxClauses bounds how many clauses one condition is split into; one that
// has more stays in one piece.
const maxClauses = 16

// split writes the active conditions as clauses. At first, everything is rest.
func (p *Program) split(active []bool) {
	for i, root := range p.roots {
		if !active[i] {
			continue
		}
		for _, conjuncts := range p.clausesOf(root) {
			p.clauses = append(p.clauses, clause{int32(i), conjuncts})
		}
	}
	p.words = (len(p.clauses) + 63) / 64
}

// order puts what is cheap to evaluate before what is not. The meaning stays:
// evaluation has no effects and never fails.
func (p *Program) order() {
	for _, c := range p.clauses {
		slices.SortStableFunc(c.rest, func(a, b int32) int { return cmp.Compare(p.cost(a), p.cost(b)) })
	}
}

// cost is that of the dearest operation of a node: 0 arithmetic and
// comparisons, 1 lists, 2 searches in texts, 3 expr's VM.
func (p *Program) cost(i int32) int {
	n := &p.nodes[i]
	cost := 0
	switch n.op {
	case opInList:
		cost = 1
	case opContains, opMatches, opLower, opUpper, opJoin:
		cost = 2
	case opForeign:
		cost = 3
	}
	n.children(func(child int32) { cost = max(cost, p.cost(child)) })
	return cost
}

// clausesOf is the disjunctive normal form of a node, as far as it stays
// small. What can be looked up by one variable is not taken apart.
func (p *Program) clausesOf(i int32) [][]int32 {
	n := &p.nodes[i]
	if n.op != opAnd && n.op != opOr || p.subject(i) >= 0 {
		return [][]int32{{i}}
	}
	a, b := p.clausesOf(n.a), p.clausesOf(n.b)
	if n.op == opOr {
		if len(a)+len(b) > maxClauses {
			return [][]int32{{i}}
		}
		return append(a, b...)
	}
	if len(a)*len(b) > maxClauses {
		return [][]int32{{i}}
	}
	var out [][]int32
	for _, x := range a {
		for _, y := range b {
			out = append(out, append(append([]int32(nil), x...), y...))
		}
	}
	return out
}
