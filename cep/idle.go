package cep

// Begins tells whether an event begins a match of a key that holds nothing.
// [Matcher.Live] leaves an idle state idle with any other event.
func (m *Matcher[E]) Begins(event E, t int64) bool {
	m.facts.begin(&m.nothing, event, t)
	return !m.facts.outcome(run{seq: beginning, last: -1, state: int32(m.automaton.graph.start.id)}).stay
}

// CompletesByTime tells whether the end of a window can complete a match, as
// not_followed_by at the end does: then somebody has to drive the timers.
func (a *Automaton[E]) CompletesByTime() bool {
	for _, n := range a.graph.states {
		if n.kind == pending {
			return true
		}
	}
	return false
}

// Memory is how long after a key's newest event it can still hold something,
// in milliseconds; false: for ever, since no window ends it.
func (a *Automaton[E]) Memory() (ms int64, bounded bool) {
	if a.window > 0 {
		return a.window, true
	}
	for _, n := range a.graph.states {
		if n == a.graph.start || n.kind == final || n.kind == stop {
			continue
		}
		if n.gap <= 0 {
			return 0, false
		}
		ms = max(ms, n.gap)
	}
	return ms, true
}
