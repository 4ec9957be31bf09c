package cep

import (
	"iter"
	"math"
)

// Operator runs a pattern over a keyed stream: it keeps a [State] per key and
// the list of timers, and hands what comes out to emit. A key takes no memory
// once it has neither partial matches nor timers. For keyed state that lives
// elsewhere, use a [Matcher] directly.
type Operator[K comparable, E any] struct {
	matcher   *Matcher[E]
	emit      func(K, Output[E])
	late      func(K, E, int64)
	slots     map[K]*slot[K, E]
	free      []*slot[K, E] // of keys that went idle
	waiting   []*slot[K, E] // have events that wait
	timers    timers[K, E]
	watermark int64
}

type slot[K comparable, E any] struct {
	key     K
	state   State[E]
	waiting bool // is in Operator.waiting
	timed   bool // has a timer
}

// maxFree bounds the slots that wait for another key: enough for the keys that
// come and go between two watermarks.
const maxFree = 4096

// NewOperator makes an operator for a pattern. emit gets every output, late
// every late event with its time; late may be nil.
func NewOperator[K comparable, E any](a *Automaton[E], emit func(K, Output[E]), late func(K, E, int64)) *Operator[K, E] {
	return &Operator[K, E]{
		matcher:   NewMatcher(a),
		emit:      emit,
		late:      late,
		slots:     map[K]*slot[K, E]{},
		watermark: math.MinInt64,
	}
}

// Counts are the totals so far.
func (o *Operator[K, E]) Counts() Counts { return o.matcher.Counts() }

// Keys is the number of keys that take memory.
func (o *Operator[K, E]) Keys() int { return len(o.slots) }

// Event takes an event of time t, in any order.
func (o *Operator[K, E]) Event(key K, event E, t int64) {
	if t <= o.watermark {
		o.matcher.counts.Late++
		if o.late != nil {
			o.late(key, event, t)
		}
		return
	}
	s := o.slot(key)
	o.matcher.Offer(&s.state, event, t, o.watermark)
	o.wait(s)
}

// Watermark says that no event up to w will come any more. The error is a
// [*SkipError]; the other keys have been worked off nevertheless.
func (o *Operator[K, E]) Watermark(w int64) error {
	o.watermark = w
	due := o.waiting
	o.waiting = nil
	var failed error
	for _, s := range due {
		s.waiting = false
		if err := o.fire(s); err != nil && failed == nil {
			failed = err
		}
	}
	if o.waiting == nil {
		o.waiting = due[:0]
	}
	for len(o.timers) > 0 && o.timers[0].due <= w {
		s := o.timers.pop()
		s.timed = false
		if err := o.fire(s); err != nil && failed == nil {
			failed = err
		}
	}
	return failed
}

// States are the keys that take memory and what they hold, in no order: what a
// checkpoint has to keep, beside the watermark.
func (o *Operator[K, E]) States() iter.Seq2[K, *State[E]] {
	return func(yield func(K, *State[E]) bool) {
		for key, s := range o.slots {
			if !yield(key, &s.state) {
				return
			}
		}
	}
}

// Restore puts back what a checkpoint kept of a key. The operator owns the state.
func (o *Operator[K, E]) Restore(key K, state *State[E]) {
	s := o.slot(key)
	s.state = *state
	o.wait(s)
}

// fire works off what is due for a key.
func (o *Operator[K, E]) fire(s *slot[K, E]) error {
	outputs, err := o.matcher.Watermark(&s.state, o.watermark)
	for _, out := range outputs {
		o.emit(s.key, out)
	}
	if len(s.state.queue) > 0 {
		o.wait(s)
	}
	if s.timed {
		return err
	}
	if t, ok := o.matcher.Timer(&s.state); ok {
		s.timed = true
		o.timers.push(timer[K, E]{t, s})
	} else if s.state.Idle() {
		delete(o.slots, s.key)
		if len(o.free) < maxFree {
			o.free = append(o.free, s)
		}
	}
	return err
}

func (o *Operator[K, E]) slot(key K) *slot[K, E] {
	s := o.slots[key]
	if s != nil {
		return s
	}
	if n := len(o.free); n > 0 {
		s, o.free = o.free[n-1], o.free[:n-1]
	} else {
		s = &slot[K, E]{}
	}
	s.key = key
	o.slots[key] = s
	return s
}

func (o *Operator[K, E]) wait(s *slot[K, E]) {
	if !s.waiting {
		s.waiting = true
		o.waiting = append(o.waiting, s)
	}
}
