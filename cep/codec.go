package cep

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/tidegate/tidegate"
)

// EventCodec is how the events in a state are written. Append adds an event to
// b; Decode reads what Append added and must not keep b. An error makes the
// whole state unreadable.
type EventCodec[E any] interface {
	Append(b []byte, event E) []byte
	Decode(b []byte) (E, error)
}

// ErrPatternChanged says that a state belongs to another definition of the
// pattern, or to states that its automaton no longer has: the key starts fresh.
var ErrPatternChanged = errors.New("cep: the state belongs to another definition of the pattern")

// The version is the first byte of a written state. Every binary reads all
// versions up to its own and writes the newest. In version 1 partial matches
// name the automaton's states by number. Since version 2 by name, through a
// list of those in use, so that a binary may number them in another way.
const (
	numberedStates = 1
	stateVersion   = 2
)

// AppendState writes a key's state to b. Equal histories give equal bytes. It
// may tidy the state, so it counts as using it.
func (a *Automaton[E]) AppendState(b []byte, s *State[E], codec EventCodec[E]) []byte {
	s.taken.retain(s.runs, s.held)
	w := stateWriter[E]{codec: codec, b: append(b, stateVersion)}
	w.b = binary.LittleEndian.AppendUint64(w.b, a.fingerprint)
	w.uint(s.seq)
	if s.seen {
		w.uint(1)
		w.int(s.newest)
	} else {
		w.uint(0)
	}
	w.uint(uint64(len(s.taken.events)))
	time, seq := int64(0), uint64(0)
	for _, r := range s.taken.events {
		w.int(r.time - time)
		w.uint(r.seq - seq)
		w.event(r.event)
		time, seq = r.time, r.seq
	}
	w.uint(uint64(len(s.taken.links)))
	for _, l := range s.taken.links {
		w.uint(uint64(l.prev + 1))
		w.uint(uint64(l.event))
		w.uint(uint64(l.stage))
	}
	w.states(a.graph, s.runs, s.held)
	w.runs(s.runs)
	w.runs(s.held)
	w.uint(uint64(len(s.queue)))
	time = 0
	for _, q := range s.queue {
		w.int(q.time - time)
		w.event(q.event)
		time = q.time
	}
	w.uint(uint64(len(s.timers)))
	time = 0
	for _, t := range s.timers {
		w.int(t - time)
		time = t
	}
	return w.b
}

type stateWriter[E any] struct {
	codec EventCodec[E]
	b     []byte
	room  []byte
	used  []int32 // states, by their place in the list
}

func (w *stateWriter[E]) uint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }
func (w *stateWriter[E]) int(v int64)   { w.b = binary.AppendVarint(w.b, v) }

func (w *stateWriter[E]) event(e E) {
	w.room = w.codec.Append(w.room[:0], e)
	w.uint(uint64(len(w.room)))
	w.b = append(w.b, w.room...)
}

// states lists the names of the states that runs are in.
func (w *stateWriter[E]) states(g *graph, lists ...[]run) {
	for _, runs := range lists {
		for _, r := range runs {
			if !slices.Contains(w.used, r.state) {
				w.used = append(w.used, r.state)
			}
		}
	}
	w.uint(uint64(len(w.used)))
	for _, state := range w.used {
		name := g.states[state].name
		w.uint(uint64(len(name)))
		w.b = append(w.b, name...)
	}
}

// runs writes states and last links; the rest of a run follows from its links.
func (w *stateWriter[E]) runs(runs []run) {
	w.uint(uint64(len(runs)))
	for _, r := range runs {
		w.uint(uint64(slices.Index(w.used, r.state)))
		w.uint(uint64(r.last + 1))
	}
}

// DecodeState reads what [Automaton.AppendState] wrote. The error is
// [ErrPatternChanged], or a *tidegate.Error with tidegate.CodeCorrupt.
func (a *Automaton[E]) DecodeState(b []byte, codec EventCodec[E]) (*State[E], error) {
	if len(b) < 9 {
		return nil, corrupt("is cut off")
	}
	if b[0] < numberedStates || b[0] > stateVersion {
		return nil, corrupt("has format %d, which this binary does not know", b[0])
	}
	if binary.LittleEndian.Uint64(b[1:]) != a.fingerprint {
		return nil, ErrPatternChanged
	}
	r := stateReader[E]{automaton: a, codec: codec, b: b[9:], numbered: b[0] == numberedStates}
	s := r.state()
	if r.err == nil && len(r.b) > 0 {
		r.fail("goes on after its end")
	}
	if r.err != nil {
		return nil, r.err
	}
	return s, nil
}

func corrupt(format string, args ...any) error {
	return tidegate.Errorf(tidegate.CodeCorrupt, "pattern state "+format, args...)
}
