package cep

// one builds one repetition of a step: a state that takes an event and goes to
// sink. An optional one can be passed over, towards beyond.
func (b *builder) one(s scope, sink, beyond *node, taking, ignoring *formula, optional, first bool) *node {
	step := s.step()
	if step.group != nil {
		entry := b.list(step.group, s.following(), step, first, sink)
		if optional {
			entry.add(proceed, beyond, s.passWhen())
		}
		return entry
	}
	entry := b.stateOf(s, normal)
	sink = b.withoutNots(s, sink)
	entry.add(take, sink, taking)
	if optional {
		b.passOver(s, entry, beyond)
	}
	if ignoring == nil {
		return entry
	}
	waiting := entry
	if optional || s.headOfGroup() && s.first && s.group.optional() {
		// After an ignored event the step can't be passed over any more:
		// that choice was another partial match's.
		waiting = b.node(step.name, normal, step)
		waiting.add(take, sink, taking)
		waiting.add(ignore, waiting, ignoring)
		b.forbid(s, waiting)
	}
	entry.add(ignore, waiting, ignoring)
	return entry
}

func (b *builder) passOver(s scope, from, beyond *node) {
	pass, until := s.passWhen(), s.step().until
	if !s.step().quantity.greedy || until == nil {
		from.add(proceed, beyond, pass)
		return
	}
	free := b.greedy[beyond]
	if free == nil {
		b.refusal = refuse(GreedyOptionalUntil, s.step().name, "greedy, optional and until together have no meaning here (Flink fails on it)")
		return
	}
	from.add(proceed, free, and(pass, until))
	from.add(proceed, beyond, and(pass, not(until)))
}

// repeated builds a step that wants from..to events in front of sink. beyond
// is where it goes when it wants no more.
func (b *builder) repeated(s scope, sink, beyond *node) *node {
	q := s.step().quantity
	taking := endedBy(s.takeWhen(s.step()), s.step().until)
	between := endedBy(s.betweenWhen(), s.step().until)
	if q.greedy && q.from != q.to {
		refuseWhere(sink, taking)
	}
	for i := q.from; i < q.to && b.refusal == nil; i++ {
		sink = b.one(s, sink, beyond, taking, between, true, false)
		b.forbidNext(s, sink)
	}
	for i := 1; i < q.from && b.refusal == nil; i++ {
		sink = b.one(s, sink, nil, taking, between, false, false)
		b.forbidNext(s, sink)
	}
	return b.one(s, sink, beyond, taking, s.ignoreWhen(), q.optional, true)
}

// loop builds the state that a step without an upper bound stays in.
func (b *builder) loop(s scope, sink *node) *node {
	step := s.step()
	pass := s.passWhen()
	if step.group != nil {
		back := b.stateOf(s, normal)
		entry := b.list(step.group, s.following(), step, false, back)
		entry.add(proceed, sink, pass)
		back.add(proceed, entry, pass)
		return entry
	}
	taking := endedBy(s.takeWhen(step), step.until)
	between := endedBy(s.betweenWhen(), step.until)
	again := b.stateOf(s, normal)
	switch {
	case !step.quantity.greedy:
		again.add(proceed, sink, pass)
	case step.until == nil:
		again.add(proceed, sink, pass)
		refuseWhere(sink, s.takeWhen(step))
	default:
		// The event that ends the loop is not the loop's: towards it the next
		// step keeps its conditions.
		free := b.copyOf(sink, sink.name)
		b.greedy[sink] = free
		again.add(proceed, free, and(pass, step.until))
		again.add(proceed, sink, and(pass, not(step.until)))
		refuseWhere(sink, s.takeWhen(step))
	}
	again.add(take, again, taking)
	b.forbidNext(s, again)
	if between != nil {
		waiting := b.node(step.name, normal, step)
		waiting.add(take, again, taking)
		waiting.add(ignore, waiting, between)
		again.add(ignore, waiting, between)
		b.forbidNext(s, waiting)
	}
	return again
}

// copyOf makes a state with n's edges; edges to n itself lead to the copy.
func (b *builder) copyOf(n *node, name string) *node {
	c := b.node(name, n.kind, n.step)
	for _, e := range n.edges {
		if e.to == n {
			e.to = c
		}
		c.edges = append(c.edges, e)
	}
	return c
}

// refuseWhere keeps the events that a greedy step would take from the state
// after it.
func refuseWhere(n *node, taken *formula) {
	for i := range n.edges {
		n.edges[i].when = and(n.edges[i].when, not(taken))
	}
}
