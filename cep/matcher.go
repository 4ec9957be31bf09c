package cep

// Matcher advances states of one pattern. It keeps the room that work needs,
// so one goroutine uses it at a time; it holds nothing of any key.
type Matcher[E any] struct {
	automaton *Automaton[E]
	facts     eventFacts[E]
	rest      []run // of the runs of the state at hand, what is not yet advanced
	done      []run // what the event completes; a heap
	out       []Output[E]
	timeouts  []Output[E]
	completed []Match[E]
	live      bool // collect completed
	started   bool // an event of this call began a partial match
	counts    Counts
}

// Counts are a matcher's totals.
type Counts struct {
	Events  uint64 // looked at
	Dropped uint64 // partial matches over the limit
	Stale   uint64 // events older than their key's newest, in live mode
	Late    uint64 // events at or before the watermark, in stream mode
}

// NewMatcher makes a matcher for states of a's pattern.
func NewMatcher[E any](a *Automaton[E]) *Matcher[E] {
	m := &Matcher[E]{automaton: a}
	m.facts.automaton = a
	return m
}

// Counts are the totals so far.
func (m *Matcher[E]) Counts() Counts { return m.counts }

// Advance moves the time of a key to t: partial matches whose window has ended
// time out, and matches that only waited for that come out. The outputs are
// valid until the matcher's next call. The error is a [*SkipError].
func (m *Matcher[E]) Advance(s *State[E], t int64) ([]Output[E], error) {
	m.out = m.out[:0]
	err := m.advance(s, t)
	return m.out, err
}

// Process shows an event of time t to a key, after moving the key's time there.
// Events of a key must come in order of time. The outputs are valid until the
// matcher's next call. The error is a [*SkipError].
func (m *Matcher[E]) Process(s *State[E], event E, t int64) ([]Output[E], error) {
	m.out, m.started = m.out[:0], false
	if err := m.advance(s, t); err != nil {
		return m.out, err
	}
	err := m.take(s, event, t)
	return m.out, err
}

func (m *Matcher[E]) advance(s *State[E], t int64) error {
	a := m.automaton
	if len(s.runs) == 0 || !a.gaps && !(a.window > 0 && s.runs[0].seq != beginning && t-s.runs[0].start >= a.window) {
		return nil // the oldest run is inside its window, so all are
	}
	m.rest = append(m.rest[:0], s.runs...)
	m.timeouts = m.timeouts[:0]
	s.runs = s.runs[:0]
	for _, r := range m.rest {
		end, over := a.ended(s, r, t)
		switch {
		case !over:
			s.runs = push(s.runs, r)
		case a.graph.states[r.state].kind == pending:
			m.done = push(m.done, r)
		default:
			m.timeouts = append(m.timeouts, Output[E]{TimedOut, end, m.match(s, r.last)})
		}
	}
	if err := m.emit(s, t); err != nil {
		return err
	}
	m.out = append(m.out, m.timeouts...)
	s.settle()
	return nil
}

// ended tells whether a run is out of time at t, and when its window ended.
func (a *Automaton[E]) ended(s *State[E], r run, t int64) (end int64, over bool) {
	if r.seq == beginning {
		return 0, false
	}
	if gap := a.graph.states[r.state].gap; gap > 0 {
		if last := s.taken.of(r.last).time; t-last >= gap {
			return last + gap, true
		}
	}
	return r.start + a.window, a.window > 0 && t-r.start >= a.window
}

// take shows the event to every run.
func (m *Matcher[E]) take(s *State[E], event E, t int64) error {
	m.counts.Events++
	m.facts.begin(&s.taken, event, t)
	if len(s.runs) == 0 {
		s.runs = append(s.runs, run{seq: beginning, last: -1, state: int32(m.automaton.graph.start.id)})
	}
	for i, r := range s.runs {
		if !m.facts.outcome(r).stay {
			m.rest = append(m.rest[:0], s.runs[i:]...)
			s.runs = s.runs[:i]
			m.move(s, event, t)
			break
		}
	}
	m.register(s, t)
	if err := m.emit(s, t); err != nil {
		return err
	}
	return m.bound(s, t)
}

// move advances the runs in m.rest and puts what they become into the state.
func (m *Matcher[E]) move(s *State[E], event E, t int64) {
	record := int32(-1) // the event in the buffer, once a run takes it
	for _, r := range m.rest {
		o := m.facts.outcome(r)
		if o.stay {
			s.runs = push(s.runs, r)
			continue
		}
		took, stage := r, int32(-1)
		become := func(to result) run {
			next := r
			if to.stage >= 0 {
				if record < 0 {
					s.seq++
					record = s.taken.add(event, t, s.seq)
				}
				if to.stage != stage {
					took, stage = r, to.stage
					took.last = s.taken.link(r.last, record, stage)
					if r.seq == beginning {
						took.start, took.seq, m.started = t, s.seq, true
					}
				}
				next = took
			}
			next.state = to.to
			return next
		}
		for _, to := range o.done {
			m.done = push(m.done, become(to))
		}
		for _, to := range o.next {
			s.runs = push(s.runs, become(to))
		}
		if r.seq == beginning {
			s.runs = push(s.runs, r)
		}
	}
}

// emit puts out the matches in m.done, and those held back before, as far as
// the skip strategy lets them.
func (m *Matcher[E]) emit(s *State[E], t int64) error {
	if m.live {
		for _, r := range m.done {
			m.completed = append(m.completed, m.match(s, r.last))
		}
	}
	for _, r := range m.done {
		s.held = push(s.held, r)
	}
	m.done = m.done[:0]
	skip := m.automaton.skip
	for len(s.held) > 0 {
		if skip.kind != noSkip && s.held[0].seq > s.runs[0].seq {
			break
		}
		var r run
		r, s.held = pop(s.held)
		if skip.kind != noSkip {
			seq, err := m.pruneTo(s, r)
			if err != nil {
				s.reset()
				return err
			}
			s.runs, s.held = prune(s.runs, seq), prune(s.held, seq)
		}
		m.out = append(m.out, Output[E]{Matched, t, m.match(s, r.last)})
	}
	return nil
}

// pruneTo is the number of the newest first event that the match r ends.
func (m *Matcher[E]) pruneTo(s *State[E], r run) (uint64, error) {
	skip := m.automaton.skip
	switch skip.kind {
	case skipToNext:
		return r.seq, nil
	case skipPastLast:
		return s.taken.of(r.last).seq, nil
	}
	target := uint64(0)
	for l := r.last; l >= 0; l = s.taken.links[l].prev {
		if m.automaton.stages[s.taken.links[l].stage] == skip.stage {
			target = s.taken.of(l).seq
			if skip.kind == skipToLast {
				break
			}
		}
	}
	switch {
	case target == 0 && skip.fail:
		return 0, &SkipError{Stage: skip.stage}
	case target == 0:
		return 0, nil
	case target == r.seq && skip.fail:
		return 0, &SkipError{Stage: skip.stage, First: true}
	}
	return target - 1, nil
}

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
