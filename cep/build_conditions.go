package cep

// takeWhen is when a step takes an event.
func (s scope) takeWhen(t *step) *formula { return s.untilGroup(t.where) }

// passWhen is when a state shows its event to the next one.
func (s scope) passWhen() *formula { return s.untilGroup(always) }

// ignoreWhen is when a step passes over an event before its first one; nil: never.
func (s scope) ignoreWhen() *formula {
	c := s.step().contiguity
	if s.headOfGroup() {
		c = s.group.contiguity
		if !s.first {
			c = s.group.quantity.between()
		}
	}
	return s.skipping(c)
}

// betweenWhen is when a repeated step passes over an event between two of its
// own; nil: never.
func (s scope) betweenWhen() *formula {
	c := s.step().quantity.between()
	if s.headOfGroup() {
		c = s.group.quantity.between()
	}
	return s.skipping(c)
}

func (q quantity) between() contiguity {
	if q.kind == single {
		return relaxed
	}
	return q.inner
}

func (s scope) skipping(c contiguity) *formula {
	switch c {
	case relaxed:
		return s.untilGroup(not(s.step().where))
	case relaxedAny:
		return s.untilGroup(always)
	}
	return nil
}

func (s scope) untilGroup(f *formula) *formula {
	if s.group == nil {
		return f
	}
	return endedBy(f, s.group.until)
}

// endedBy is f as long as until has not come.
func endedBy(f, until *formula) *formula {
	if f == nil || until == nil {
		return f
	}
	return and(not(until), f)
}

// forbidden is a step that must not match while another waits.
type forbidden struct {
	step *step
	when *formula
}

// nots lists the NotFollowedBy steps that hold while this step waits: the ones
// before it, optional steps between them notwithstanding.
func (s scope) nots() []forbidden {
	var list []forbidden
	for i := s.at - 1; i >= 0; i-- {
		t := s.list[i]
		if t.contiguity == notRelaxed {
			list = append(list, forbidden{t, s.takeWhen(t)})
		} else if !t.optional() {
			break
		}
	}
	return list
}

// forbid lets what the steps before s forbid end a partial match in n.
func (b *builder) forbid(s scope, n *node) {
	for _, f := range s.nots() {
		n.add(proceed, b.stop(f.step, f.when), f.when)
	}
}

// forbidNext lets what the step after s forbids end a partial match that may
// still repeat s.
func (b *builder) forbidNext(s scope, n *node) {
	if next := s.following(); next != nil && next.contiguity == notRelaxed {
		when := s.takeWhen(next)
		n.add(proceed, b.stop(next, when), when)
	}
}

func (b *builder) stop(t *step, when *formula) *node {
	n := b.stops[t.name]
	if n == nil {
		n = b.node(t.name, stop, t)
		n.add(take, n, when)
		b.stops[t.name] = n
	}
	return n
}

// withoutNots is the state after an optional step has taken an event: what was
// forbidden before it is forbidden no longer.
func (b *builder) withoutNots(s scope, sink *node) *node {
	nots := s.nots()
	if len(nots) == 0 || !s.step().optional() {
		return sink
	}
	if leadsBack(sink) {
		b.endless(s.step())
		return sink
	}
	return b.stripped(sink, nots)
}

func (b *builder) stripped(n *node, nots []forbidden) *node {
	c := b.node(n.name, n.kind, n.step)
	for _, e := range n.edges {
		if e.kind != proceed {
			if e.to == n {
				e.to = c
			}
			c.edges = append(c.edges, e)
			continue
		}
		if e.to.kind == stop {
			if !forbids(nots, e.to.name) {
				c.edges = append(c.edges, e)
			}
			continue
		}
		if b.refusal != nil {
			return c
		}
		e.to = b.stripped(e.to, nots)
		c.edges = append(c.edges, e)
	}
	return c
}

func forbids(nots []forbidden, name string) bool {
	for _, f := range nots {
		if f.step.name == name {
			return true
		}
	}
	return false
}
