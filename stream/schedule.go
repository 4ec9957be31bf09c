package stream

import "slices"

// schedule is what a window, or a key, waits for: the timers set for it and
// the state of its trigger. Of its timers one at a time is in the operator's
// queue of each domain, the armed one; it is never later than the first that
// is set, so a timer that moves back costs nothing until the armed one is due.
type schedule struct {
	armed  [2]armed
	more   *waiting // nil while there is nothing in it
	silent bool     // the window is forgotten without asking the trigger, which has deleted that timer
}

type armed struct {
	at  Millis
	set bool
}

// waiting is what few windows need: timers other than the one at which the
// window is cleaned up, and trigger state.
type waiting struct {
	timers  [2][]Millis // sorted
	numbers TriggerState
}

func (s *schedule) state() TriggerState {
	if s.more == nil {
		return nil
	}
	return s.more.numbers
}

func (s *schedule) store(i int, v int64) {
	if s.more == nil {
		s.more = &waiting{}
	}
	for i >= len(s.more.numbers) {
		s.more.numbers = append(s.more.numbers, unset)
	}
	s.more.numbers[i] = v
}

// set adds a timer, once.
func (s *schedule) set(d Domain, at Millis) {
	if s.more == nil {
		s.more = &waiting{}
	}
	timers := s.more.timers[d]
	if i, found := slices.BinarySearch(timers, at); !found {
		s.more.timers[d] = slices.Insert(timers, i, at)
	}
}

// remove deletes a timer, if it is set.
func (s *schedule) remove(d Domain, at Millis) {
	if s.more == nil {
		return
	}
	if i, found := slices.BinarySearch(s.more.timers[d], at); found {
		s.more.timers[d] = slices.Delete(s.more.timers[d], i, i+1)
	}
}

// first is the earliest timer that is set.
func (s *schedule) first(d Domain) (Millis, bool) {
	if s.more == nil || len(s.more.timers[d]) == 0 {
		return 0, false
	}
	return s.more.timers[d][0], true
}

// clear forgets the timers and the trigger's state, and what is armed stays.
func (s *schedule) clear() { s.more, s.silent = nil, false }

// arm says whether a timer at this time must go into the queue, and notes
// that it has.
func (s *schedule) arm(d Domain, at Millis) bool {
	if s.armed[d].set && s.armed[d].at <= at {
		return false
	}
	s.armed[d] = armed{at, true}
	return true
}

// disarm is called with a timer from the queue. It says whether it is the one
// that is armed; another one has been overtaken.
func (s *schedule) disarm(d Domain, at Millis) bool {
	if s.armed[d] != (armed{at, true}) {
		return false
	}
	s.armed[d] = armed{}
	return true
}

// What a stored schedule says of itself.
const (
	hasMore byte = 1 << iota
	isSilent
)

func (s *schedule) append(dst []byte) []byte {
	for _, a := range s.armed {
		dst = a.append(dst)
	}
	var has byte
	if s.more != nil {
		has |= hasMore
	}
	if s.silent {
		has |= isSilent
	}
	dst = append(dst, has)
	if s.more == nil {
		return dst
	}
	for _, timers := range s.more.timers {
		dst = appendUint(dst, uint64(len(timers)))
		for _, at := range timers {
			dst = appendInt(dst, int64(at))
		}
	}
	dst = appendUint(dst, uint64(len(s.more.numbers)))
	for _, v := range s.more.numbers {
		dst = appendInt(dst, v)
	}
	return dst
}

func (s *schedule) decode(d *decoder) {
	for i := range s.armed {
		s.armed[i].decode(d)
	}
	has := d.byte()
	if s.silent = has&isSilent != 0; has&hasMore == 0 {
		return
	}
	s.more = &waiting{}
	for i := range s.more.timers {
		timers := make([]Millis, d.count())
		for j := range timers {
			timers[j] = Millis(d.int())
		}
		s.more.timers[i] = timers
	}
	numbers := make(TriggerState, d.count())
	for i := range numbers {
		numbers[i] = d.int()
	}
	s.more.numbers = numbers
}

// push hands an operator's only timer of a key on.
func (a armed) push(push func(d Domain, at Millis, cell uint32)) {
	if a.set {
		push(EventTime, a.at, 0)
	}
}

func (a armed) append(dst []byte) []byte {
	if dst = appendBool(dst, a.set); a.set {
		dst = appendInt(dst, int64(a.at))
	}
	return dst
}

func (a *armed) decode(d *decoder) {
	if a.set = d.bool(); a.set {
		a.at = Millis(d.int())
	}
}
