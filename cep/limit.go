package cep

// Limit bounds what one key may hold, so that nobody can fill the memory by
// feeding it first events. What is over it costs the oldest partial matches.
type Limit struct {
	Partials int // partial matches, and matches held back by a skip strategy; 0: no bound
	Taken    int // events taken, counted once per partial match that took them; 0: no bound
}

// DefaultLimit is far above what honest keys need and costs a key at most
// some 200 KB and a few microseconds an event.
var DefaultLimit = Limit{Partials: 256, Taken: 8192}

// Unlimited is for sources that can be trusted.
var Unlimited = Limit{}

// bound drops the oldest partial matches of a state that is over its limit.
func (m *Matcher[E]) bound(s *State[E], t int64) error {
	limit := m.automaton.limit
	for limit.Partials > 0 && len(s.runs)-1+len(s.held) > limit.Partials && len(s.runs) > 1 {
		if err := m.drop(s, t); err != nil {
			return err
		}
	}
	if s.taken.full() {
		s.taken.retain(s.runs, s.held)
		for limit.Taken > 0 && len(s.taken.links) > limit.Taken && len(s.runs) > 1 {
			for range 1 + len(s.runs)/8 {
				if err := m.drop(s, t); err != nil {
					return err
				}
			}
			s.taken.retain(s.runs, s.held)
		}
	}
	s.settle()
	return nil
}

// drop gives up the oldest partial match, and puts out what it held back.
func (m *Matcher[E]) drop(s *State[E], t int64) error {
	if len(s.runs) > 1 {
		_, s.runs = pop(s.runs)
		m.counts.Dropped++
	}
	return m.emit(s, t)
}
