package cep

import "encoding/binary"

// outcome is what an event does to a partial match in some state, once it is
// known which conditions hold.
type outcome struct {
	stay bool     // it goes on as it is
	next []result // where it goes on, in order
	done []result // what it completes, in order
}

// result is one way on: to a state, with the event taken by a stage or passed over.
type result struct {
	to    int32
	stage int32 // -1: passed over
}

// decision asks an atom. Its ways on are the index of another decision, or the
// complement of the index of an outcome.
type decision struct {
	atom    int32
	yes, no int32
}

// resolve follows the edges from a state for one event. The order in which
// states are looked at is part of the semantics: edges of a state in their
// order, then the state shown last. If it needs an atom that facts lacks, it
// gives up and names it.
func (g *graph) resolve(from *node, facts []int8) (o outcome, need int) {
	var discard bool
	look := []*node{from}
	for len(look) > 0 {
		n := look[len(look)-1]
		look = look[:len(look)-1]
		for _, e := range n.edges {
			if e.kind == ignore && from == g.start {
				continue // there is nothing yet that could wait
			}
			holds, need := e.when.eval(facts)
			if need >= 0 {
				return outcome{}, need
			}
			if !holds {
				continue
			}
			if e.kind == proceed {
				look = append(look, e.to)
				continue
			}
			r := result{to: int32(e.to.id), stage: -1}
			if e.kind == take {
				r.stage = int32(n.step.index)
			}
			switch e.to.kind {
			case stop:
				discard = true
			case final:
				o.done = append(o.done, r)
			default:
				o.next = append(o.next, r)
			}
			if e.kind == take && e.to.kind != stop {
				end, need := g.finish(e.to, facts)
				if need >= 0 {
					return outcome{}, need
				}
				if end != nil {
					o.done = append(o.done, result{to: int32(end.id), stage: r.stage})
				}
			}
		}
	}
	if discard {
		o.next = nil // but not what is complete
	}
	if from == g.start {
		o.stay = len(o.next) == 0 && len(o.done) == 0
	} else {
		o.stay = !discard && len(o.done) == 0 && len(o.next) == 1 && o.next[0] == result{int32(from.id), -1}
	}
	return o, -1
}

// finish finds the final state that can be reached from n without an event.
func (g *graph) finish(n *node, facts []int8) (end *node, need int) {
	look := []*node{n}
	for len(look) > 0 {
		n := look[len(look)-1]
		look = look[:len(look)-1]
		for _, e := range n.edges {
			if e.kind != proceed {
				continue
			}
			holds, need := e.when.eval(facts)
			switch {
			case need >= 0:
				return nil, need
			case !holds:
			case e.to.kind == final:
				return e.to, -1
			default:
				look = append(look, e.to)
			}
		}
	}
	return nil, -1
}

// maxPaths bounds the ways through the decisions of one state. A state with
// more (a dozen conditions at once) is resolved anew for each event.
const maxPaths = 4096

// undecided marks a state without decisions.
const undecided = int32(-1 << 31)

// table is the graph made ready for events: per state a tree of decisions that
// asks only atoms that matter, in the order in which the edges ask them.
type table struct {
	roots     []int32 // per state
	decisions []decision
	outcomes  []outcome
}

// tabulate makes the table of g.
func (g *graph) tabulate(atoms, maxPaths int) *table {
	t := &table{roots: make([]int32, len(g.states))}
	known := map[string]int32{}
	for i, n := range g.states {
		b := tabulator{table: t, graph: g, state: n, facts: unasked(atoms), left: maxPaths,
			decided: map[decision]int32{}, known: known}
		t.roots[i] = undecided
		if root := b.decide(); b.left >= 0 {
			t.roots[i] = root
		}
	}
	return t
}

func unasked(atoms int) []int8 {
	facts := make([]int8, atoms)
	for i := range facts {
		facts[i] = unknown
	}
	return facts
}

type tabulator struct {
	table   *table
	graph   *graph
	state   *node
	facts   []int8
	left    int
	decided map[decision]int32
	known   map[string]int32
}

func (b *tabulator) decide() int32 {
	o, atom := b.graph.resolve(b.state, b.facts)
	if atom < 0 {
		b.left--
		return b.outcome(o)
	}
	if b.left < 0 {
		return 0
	}
	b.facts[atom] = 1
	yes := b.decide()
	b.facts[atom] = 0
	no := b.decide()
	b.facts[atom] = unknown
	if yes == no {
		return yes // the atom does not matter here
	}
	d := decision{int32(atom), yes, no}
	if i, ok := b.decided[d]; ok {
		return i
	}
	b.table.decisions = append(b.table.decisions, d)
	b.decided[d] = int32(len(b.table.decisions) - 1)
	return b.decided[d]
}

// outcome numbers o; equal outcomes share a number.
func (b *tabulator) outcome(o outcome) int32 {
	var key []byte
	for _, list := range [][]result{o.next, o.done} {
		for _, r := range list {
			key = binary.AppendVarint(binary.AppendVarint(key, int64(r.to)), int64(r.stage))
		}
		key = append(key, 0xff, 0xff, byte(len(list)))
	}
	if o.stay {
		key = append(key, 1)
	}
	if i, ok := b.known[string(key)]; ok {
		return ^i
	}
	i := int32(len(b.table.outcomes))
	b.known[string(key)] = i
	b.table.outcomes = append(b.table.outcomes, o)
	return ^i
}
