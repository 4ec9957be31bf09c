package cep

import "encoding/binary"

// maxPaths bounds the ways through the decisions of one state, maxAllPaths
// those of all states. A state with more (a dozen conditions at once) is
// resolved anew for each event.
const (
	maxPaths    = 4096
	maxAllPaths = 1 << 18
)

// undecided marks a state without decisions.
const undecided = int32(-1 << 31)

// decision asks an atom. Its ways on are the index of another decision, or the
// complement of the index of an outcome.
type decision struct {
	atom    int32
	yes, no int32
}

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
	budget := maxAllPaths
	for i, n := range g.states {
		paths := min(maxPaths, budget)
		b := tabulator{table: t, graph: g, state: n, facts: unasked(atoms), left: paths,
			decided: map[decision]int32{}, known: known}
		t.roots[i] = undecided
		if root := b.decide(); b.left >= 0 {
			t.roots[i] = root
		}
		budget -= paths - max(b.left, 0)
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
		key = binary.AppendUvarint(key, uint64(len(list)))
		for _, r := range list {
			key = binary.AppendVarint(binary.AppendVarint(key, int64(r.to)), int64(r.stage))
		}
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
