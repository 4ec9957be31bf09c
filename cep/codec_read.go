package cep

import (
	"encoding/binary"
	"slices"
)

// stateReader reads a state and checks what the matcher relies on. After the
// first error it reads zeros.
type stateReader[E any] struct {
	automaton *Automaton[E]
	codec     EventCodec[E]
	b         []byte
	err       error
	numbered  bool    // runs give the automaton's own numbers of states
	used      []int32 // the states that runs are in, by their place in the list
}

func (r *stateReader[E]) state() *State[E] {
	s := &State[E]{seq: r.uint()}
	if r.uint() != 0 {
		s.newest, s.seen = r.int(), true
	}
	time, seq := int64(0), uint64(0)
	for i := range r.count() {
		t, step := r.int(), r.uint()
		time, seq = time+t, seq+step
		r.check(step > 0 && seq <= s.seq && (i == 0 || t >= 0), "has events out of order")
		s.taken.events = append(s.taken.events, record[E]{time, seq, r.event()})
	}
	roots := r.links(s)
	if !r.numbered {
		r.states()
	}
	s.runs = r.runs(s, roots)
	s.held = r.runs(s, roots)
	r.checkKinds(s)
	time = 0
	for i := range r.count() {
		t := r.int()
		time += t
		r.check(i == 0 || t >= 0, "has waiting events out of order")
		s.queue = append(s.queue, waiting[E]{time, r.event()})
	}
	time = 0
	for i := range r.count() {
		t := r.int()
		time += t
		r.check(i == 0 || t > 0, "has timers out of order")
		s.timers = append(s.timers, time)
	}
	s.taken.collect = 2 * int32(len(s.taken.links))
	return s
}

// links reads the links and returns the first link of each one's chain.
func (r *stateReader[E]) links(s *State[E]) (roots []int32) {
	events, stages := uint64(len(s.taken.events)), uint64(len(r.automaton.stages))
	for i := range r.count() {
		prev, event, stage := r.uint(), r.uint(), r.uint()
		if !r.check(prev <= uint64(i) && event < events && stage < stages, "has a link to nowhere") {
			return nil
		}
		l := link{int32(prev) - 1, int32(event), int32(stage)}
		root := int32(i)
		if l.prev >= 0 {
			r.check(s.taken.links[l.prev].event < l.event, "has a chain out of order")
			root = roots[l.prev]
		}
		s.taken.links, roots = append(s.taken.links, l), append(roots, root)
	}
	return roots
}

// states reads the names of the states that runs are in.
func (r *stateReader[E]) states() {
	for range r.count() {
		n := r.count()
		if r.err != nil {
			return
		}
		name := string(r.b[:n])
		r.b = r.b[n:]
		i := slices.IndexFunc(r.automaton.graph.states, func(n *node) bool { return n.name == name })
		if i < 0 {
			r.b, r.err = nil, ErrPatternChanged
			return
		}
		r.used = append(r.used, int32(i))
	}
}

func (r *stateReader[E]) runs(s *State[E], roots []int32) []run {
	var runs []run
	for i := range r.count() {
		state, last := r.uint(), r.uint()
		states := len(r.used)
		if r.numbered {
			states = len(r.automaton.graph.states)
		}
		if !r.check(state < uint64(states) && last <= uint64(len(roots)), "has a partial match in no state") {
			return nil
		}
		if !r.numbered {
			state = uint64(r.used[state])
		}
		m := run{seq: beginning, last: int32(last) - 1, state: int32(state)}
		if m.last >= 0 {
			first := s.taken.of(roots[m.last])
			m.start, m.seq = first.time, first.seq
		}
		r.check(i == 0 || runs[(i-1)/2].seq <= m.seq, "has partial matches out of order")
		runs = append(runs, m)
	}
	return runs
}

// checkKinds checks that exactly one run waits for the beginning, that partial
// matches are partial and complete ones complete.
func (r *stateReader[E]) checkKinds(s *State[E]) {
	states, starts := r.automaton.graph.states, 0
	for _, m := range s.runs {
		n := states[m.state]
		if n == r.automaton.graph.start {
			starts++
		}
		r.check((n == r.automaton.graph.start) == (m.last < 0) && (n.kind == normal || n.kind == pending), "has a partial match in a wrong state")
	}
	for _, m := range s.held {
		n := states[m.state]
		r.check(m.last >= 0 && (n.kind == final || n.kind == pending), "has a complete match that is not")
	}
	none := len(s.runs) == 0 && len(s.held) == 0
	r.check(starts == 1 || none, "has no beginning")
}

func (r *stateReader[E]) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	return advance(r, v, n)
}

func (r *stateReader[E]) int() int64 {
	v, n := binary.Varint(r.b)
	return advance(r, v, n)
}

func advance[E any, V any](r *stateReader[E], v V, n int) V {
	var zero V
	if r.err != nil {
		return zero
	}
	if n <= 0 {
		r.fail("is cut off")
		return zero
	}
	r.b = r.b[n:]
	return v
}

// count reads the length of a list. Every item takes a byte at least, so no
// count makes the reader allocate more than its input's size.
func (r *stateReader[E]) count() int {
	n := r.uint()
	if !r.check(n <= uint64(len(r.b)), "is cut off") {
		return 0
	}
	return int(n)
}

func (r *stateReader[E]) event() (e E) {
	n := r.count()
	if r.err != nil {
		return e
	}
	e, err := r.codec.Decode(r.b[:n:n])
	r.b = r.b[n:]
	if err != nil && r.err == nil {
		r.fail("has an event that can't be read: " + err.Error())
	}
	return e
}

func (r *stateReader[E]) check(ok bool, what string) bool {
	if !ok && r.err == nil {
		r.fail(what)
	}
	return r.err == nil
}

func (r *stateReader[E]) fail(what string) {
	r.b = nil
	r.err = corrupt("%s", what)
}
