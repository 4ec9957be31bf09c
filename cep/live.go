package cep

// Live is what one event means for a decision.
type Live[E any] struct {
	Completed []Match[E]  // what this event completes, before the skip strategy
	Outputs   []Output[E] // what comes out for alerts, after the skip strategy
	Stale     bool        // older than the key's newest event: shown to no partial match
	Dropped   int         // partial matches given up for the limit
}

// Live shows an event of time t to a key in live mode: at once, in the order of
// arrival. An event older than the key's newest is offered to nothing, counted
// and flagged. The result is valid until the matcher's next call. The error is
// a [*SkipError]; Completed holds nevertheless.
func (m *Matcher[E]) Live(s *State[E], event E, t int64) (Live[E], error) {
	m.out, m.completed, m.started = m.out[:0], m.completed[:0], false
	if s.seen && t < s.newest {
		m.counts.Stale++
		return Live[E]{Stale: true}, nil
	}
	dropped := m.counts.Dropped
	var err error
	if !s.seen || t > s.newest { // time moves once per instant, as in stream mode
		err = m.advance(s, t)
	}
	s.newest, s.seen = t, true
	if err == nil {
		m.live = true
		err = m.take(s, event, t)
		m.live = false
	}
	return Live[E]{Completed: m.completed, Outputs: m.out, Dropped: int(m.counts.Dropped - dropped)}, err
}
