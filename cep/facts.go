package cep

// eventFacts knows which conditions hold for the event at hand. Conditions on
// the event alone are asked once; the others once per partial match.
type eventFacts[E any] struct {
	automaton *Automaton[E]
	event     E
	earlier   Earlier[E]
	asked     uint64 // per atom below 64: it was asked for this event
	holds     uint64 // and holds
	resolved  outcome
}

// begin turns to another event.
func (f *eventFacts[E]) begin(t *taken[E], event E, time int64) {
	f.event = event
	f.earlier = Earlier[E]{automaton: f.automaton, taken: t, time: time}
	f.asked, f.holds = 0, 0
}

// outcome is what the event does to r.
func (f *eventFacts[E]) outcome(r run) *outcome {
	table := f.automaton.table
	d := table.roots[r.state]
	if d == undecided {
		return f.resolve(r)
	}
	for d >= 0 {
		if next := &table.decisions[d]; f.ask(next.atom, r) {
			d = next.yes
		} else {
			d = next.no
		}
	}
	return &table.outcomes[^d]
}

func (f *eventFacts[E]) ask(atom int32, r run) bool {
	bit := uint64(1) << uint(atom) // 0 from 64 on: those are not remembered
	if f.asked&bit != 0 {
		return f.holds&bit != 0
	}
	a := &f.automaton.atoms[atom]
	if a.earlier != nil {
		f.earlier.last = r.last
		return a.earlier(f.event, f.earlier)
	}
	holds := a.plain(f.event)
	f.asked |= bit
	if holds {
		f.holds |= bit
	}
	return holds
}

// resolve is for states with too many conditions for a table.
func (f *eventFacts[E]) resolve(r run) *outcome {
	g := f.automaton.graph
	facts := unasked(len(f.automaton.atoms))
	for {
		o, atom := g.resolve(g.states[r.state], facts)
		if atom < 0 {
			f.resolved = o
			return &f.resolved
		}
		facts[atom] = 0
		if f.ask(int32(atom), r) {
			facts[atom] = 1
		}
	}
}
