package cep

import "slices"

// Offer gives an event of time t to a key in stream mode, where events come in
// any order. The event waits until [Matcher.Watermark] reaches its time. An
// event at or before the watermark is late: it is refused and counted.
func (m *Matcher[E]) Offer(s *State[E], event E, t, watermark int64) (late bool) {
	if t <= watermark {
		m.counts.Late++
		return true
	}
	at := len(s.queue)
	for at > 0 && s.queue[at-1].time > t {
		at--
	}
	s.queue = slices.Insert(s.queue, at, waiting[E]{t, event})
	return false
}

// Timer is the earliest watermark at which there is something to do for a key.
// The caller keeps the list of timers, and calls [Matcher.Watermark] when one
// is due; in live mode, [Matcher.Advance].
func (m *Matcher[E]) Timer(s *State[E]) (t int64, ok bool) {
	a := m.automaton
	if len(s.queue) > 0 {
		t, ok = s.queue[0].time, true
	}
	if a.window > 0 && !a.gaps && len(s.runs) > 0 && s.runs[0].seq != beginning {
		if end := s.runs[0].start + a.window; !ok || end < t {
			t, ok = end, true
		}
	}
	if len(s.timers) > 0 && (!ok || s.timers[0] < t) {
		t, ok = s.timers[0], true
	}
	return t, ok
}

// Watermark processes the events of a key up to w, in order of time and then
// of arrival, and moves the key's time to w. Before the key's timer it does
// nothing. The outputs are valid until the matcher's next call. The error is a
// [*SkipError].
func (m *Matcher[E]) Watermark(s *State[E], w int64) ([]Output[E], error) {
	m.out, m.started = m.out[:0], false
	if t, ok := m.Timer(s); !ok || t > w {
		return m.out, nil
	}
	done := 0
	for done < len(s.queue) && s.queue[done].time <= w {
		next := s.queue[done]
		if done == 0 || s.queue[done-1].time != next.time {
			if err := m.advance(s, next.time); err != nil {
				return m.out, err
			}
		}
		if err := m.take(s, next.event, next.time); err != nil {
			return m.out, err
		}
		done++
	}
	s.queue = slices.Delete(s.queue, 0, done)
	err := m.advance(s, w)
	return m.out, err
}

// register notes when the window of a partial match that began with this event
// ends. Patterns that also have windows between events need it written down:
// a timer outlives its partial match, and when it fires, gaps are checked too.
// Like Flink's it is set for every event after a beginning in the same batch.
func (m *Matcher[E]) register(s *State[E], t int64) {
	a := m.automaton
	if !m.started || !a.gaps || a.window == 0 {
		return
	}
	end := t + a.window
	if n := len(s.timers); n == 0 || s.timers[n-1] < end {
		s.timers = append(s.timers, end)
	}
}

// forgetTimers drops the timers that are due at t.
func (s *State[E]) forgetTimers(t int64) {
	due := 0
	for due < len(s.timers) && s.timers[due] <= t {
		due++
	}
	s.timers = slices.Delete(s.timers, 0, due)
}
