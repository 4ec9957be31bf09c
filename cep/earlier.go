package cep

import "iter"

// Earlier is what a partial match has taken before the event in question. It
// is valid only while its condition runs. A stage that has taken nothing has
// no events; so have later stages.
type Earlier[E any] struct {
	automaton *Automaton[E]
	taken     *taken[E]
	last      int32
	time      int64
}

// Time is the time of the event in question in milliseconds.
func (e Earlier[E]) Time() int64 { return e.time }

// Last is the newest event of a stage.
func (e Earlier[E]) Last(stage string) (event E, ok bool) {
	for l := e.last; l >= 0; l = e.taken.links[l].prev {
		if e.of(l, stage) {
			return e.taken.of(l).event, true
		}
	}
	return event, false
}

// First is the oldest event of a stage.
func (e Earlier[E]) First(stage string) (event E, ok bool) {
	for l := e.last; l >= 0; l = e.taken.links[l].prev {
		if e.of(l, stage) {
			event, ok = e.taken.of(l).event, true
		}
	}
	return event, ok
}

// Count is the number of events of a stage.
func (e Earlier[E]) Count(stage string) int {
	n := 0
	for l := e.last; l >= 0; l = e.taken.links[l].prev {
		if e.of(l, stage) {
			n++
		}
	}
	return n
}

// All are the events of a stage, oldest first.
func (e Earlier[E]) All(stage string) iter.Seq[E] {
	return func(yield func(E) bool) {
		var few [16]int32
		path := few[:0]
		for l := e.last; l >= 0; l = e.taken.links[l].prev {
			if e.of(l, stage) {
				path = append(path, l)
			}
		}
		for i := len(path) - 1; i >= 0; i-- {
			if !yield(e.taken.of(path[i]).event) {
				return
			}
		}
	}
}

func (e Earlier[E]) of(l int32, stage string) bool {
	return e.automaton.stages[e.taken.links[l].stage] == stage
}
