package cep

// Matcher advances states of one pattern. It keeps the room that work needs,
// so one goroutine uses it at a time; it holds nothing of any key.
type Matcher[E any] struct {
	automaton *Automaton[E]
	facts     eventFacts[E]
	nothing   taken[E] // what an idle key has taken
	rest      []run    // of the runs of the state at hand, what is not yet advanced
	done      []run    // what the event completes; a heap
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
	s.forgetTimers(t)
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
