package cep

// take shows the event to every partial match.
func (m *Matcher[E]) take(s *State[E], event E, t int64) error {
	m.counts.Events++
	m.facts.begin(&s.taken, event, t)
	if len(s.runs) == 0 {
		s.runs = append(s.runs, run{seq: beginning, last: -1, state: int32(m.automaton.graph.start.id)})
	}
	for i, r := range s.runs {
		if o := m.facts.outcome(r); !o.stay {
			// From here on the heap is built anew; runs before it stay where they are.
			m.rest = append(m.rest[:0], s.runs[i:]...)
			s.runs = s.runs[:i]
			m.move(s, o, event, t)
			break
		}
	}
	m.register(s, t)
	if err := m.emit(s, t); err != nil {
		return err
	}
	return m.bound(s, t)
}

// move advances the runs in m.rest, of which the first has outcome o, and puts
// what they become into the state.
func (m *Matcher[E]) move(s *State[E], o *outcome, event E, t int64) {
	k := taking[E]{state: s, event: event, time: t, record: -1}
	for i, r := range m.rest {
		if i > 0 {
			o = m.facts.outcome(r)
		}
		if o.stay {
			s.runs = push(s.runs, r)
			continue
		}
		k.stage = -1
		for _, to := range o.done {
			m.done = push(m.done, k.become(r, to))
		}
		for _, to := range o.next {
			s.runs = push(s.runs, k.become(r, to))
		}
		if r.seq == beginning {
			m.started = true
			s.runs = push(s.runs, r)
		}
	}
}

// taking puts the event at hand into the buffer, once it is taken, and links
// it to the partial matches that take it.
type taking[E any] struct {
	state  *State[E]
	event  E
	time   int64
	record int32 // the event in the buffer; -1: not yet
	stage  int32 // that took it last from the run at hand; -1: none yet
	took   run   // and what became of the run
}

// become is what r becomes by one result.
func (k *taking[E]) become(r run, to result) run {
	if to.stage >= 0 {
		if to.stage != k.stage {
			k.link(r, to.stage)
		}
		r = k.took
	}
	r.state = to.to
	return r
}

func (k *taking[E]) link(r run, stage int32) {
	s := k.state
	if k.record < 0 {
		s.seq++
		k.record = s.taken.add(k.event, k.time, s.seq)
	}
	r.last = s.taken.link(r.last, k.record, stage)
	if r.seq == beginning {
		r.start, r.seq = k.time, s.seq
	}
	k.took, k.stage = r, stage
}
