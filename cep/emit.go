package cep

// emit puts out the matches in m.done, and those held back before, as far as
// the skip strategy lets them.
func (m *Matcher[E]) emit(s *State[E], t int64) error {
	before := len(m.out)
	for _, r := range m.done {
		s.held = push(s.held, r)
	}
	skip := m.automaton.skip
	for m.live && skip.kind != noSkip && len(m.done) > 0 {
		var r run
		r, m.done = pop(m.done)
		m.completed = append(m.completed, m.match(s, r.last))
	}
	m.done = m.done[:0]
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
				m.out = m.out[:before] // like Flink, which has not handed them on yet
				return err
			}
			s.runs, s.held = prune(s.runs, seq), prune(s.held, seq)
		}
		match := m.match(s, r.last)
		m.out = append(m.out, Output[E]{Matched, t, match})
		if m.live && skip.kind == noSkip {
			m.completed = append(m.completed, match)
		}
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
