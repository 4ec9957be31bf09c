package cep

import "math"

// State is what one key holds of one pattern: its partial matches, the events
// they have taken, and, in stream mode, events that wait for the watermark.
// The zero State is a key that was never seen. It belongs to the caller, who
// keeps it until [State.Idle] and passes it to a [Matcher] of its pattern, or
// of any pattern with the same [Automaton.Fingerprint].
type State[E any] struct {
	runs   []run // a heap by start; empty: only the start
	held   []run // complete matches that a skip strategy holds back; a heap
	taken  taken[E]
	seq    uint64       // events taken so far
	newest int64        // time of the newest event
	seen   bool         // there was one
	queue  []waiting[E] // by time, then arrival
	timers []int64      // ends of windows, ascending; only of patterns with both kinds of window
}

// run is a partial match: a state of the automaton and the chain of events
// that led there.
type run struct {
	start int64  // time of its first event
	seq   uint64 // of its first event; beginning: none yet
	last  int32  // link of its last event; -1: none
	state int32
}

// beginning orders the run that waits for first events behind all others.
const beginning = math.MaxUint64

type waiting[E any] struct {
	time  int64
	event E
}

// Idle tells that nothing is open: the caller may drop the state. What is lost
// with it is only the time of the newest event; see [State.Seen].
func (s *State[E]) Idle() bool {
	return len(s.runs) == 0 && len(s.held) == 0 && len(s.queue) == 0 && len(s.timers) == 0
}

// Seen tells an idle state that the key's newest event so far was at t. It is
// for callers of [Matcher.Live] that drop idle states and know that time anyway.
func (s *State[E]) Seen(t int64) {
	if s.Idle() && (!s.seen || t > s.newest) {
		s.newest, s.seen = t, true
	}
}

// Reuse makes an idle state that of a key that was never seen, and keeps its
// room. It tells whether the state is idle.
func (s *State[E]) Reuse() bool {
	if !s.Idle() {
		return false
	}
	s.seq, s.newest, s.seen = 0, 0, false
	return true
}

// Partials is the number of partial matches.
func (s *State[E]) Partials() int { return max(len(s.runs)-1, 0) }

// Held is the number of complete matches that the skip strategy holds back.
func (s *State[E]) Held() int { return len(s.held) }

// Waiting is the number of events that wait for the watermark.
func (s *State[E]) Waiting() int { return len(s.queue) }

// settle forgets what nothing refers to when only the start is left.
func (s *State[E]) settle() {
	if len(s.runs) == 1 && len(s.held) == 0 {
		s.runs = s.runs[:0]
		s.taken.clear()
	}
}

// reset empties the state.
func (s *State[E]) reset() {
	*s = State[E]{newest: s.newest, seen: s.seen}
}
