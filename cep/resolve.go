package cep

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
