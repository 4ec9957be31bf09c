package cep

// taken is the buffer that the partial matches of a key share: every event
// once, and one link per partial match's step. A link knows the one before it,
// so that partial matches with the same beginning share it. Links never change;
// what no partial match reaches any more is collected when the buffer has doubled.
type taken[E any] struct {
	events  []record[E]
	links   []link
	collect int32 // collect when there are more links than this
}

type record[E any] struct {
	time  int64
	seq   uint64
	event E
}

type link struct {
	prev  int32 // -1: the first
	event int32
	stage int32
}

// minLinks is the number of links below which collecting is not worth it.
const minLinks = 24

func (t *taken[E]) add(event E, time int64, seq uint64) int32 {
	t.events = append(t.events, record[E]{time, seq, event})
	return int32(len(t.events) - 1)
}

func (t *taken[E]) link(prev, event, stage int32) int32 {
	t.links = append(t.links, link{prev, event, stage})
	return int32(len(t.links) - 1)
}

// of is the event of a link.
func (t *taken[E]) of(l int32) *record[E] { return &t.events[t.links[l].event] }

func (t *taken[E]) clear() {
	clear(t.events)
	t.events, t.links = t.events[:0], t.links[:0]
}

// full tells whether it is time to collect.
func (t *taken[E]) full() bool { return len(t.links) > max(int(t.collect), minLinks) }

// retain drops what no run reaches and renumbers the rest.
func (t *taken[E]) retain(runs ...[]run) {
	const dead, live = -1, -2
	links := make([]int32, len(t.links)) // new numbers
	events := make([]int32, len(t.events))
	for i := range links {
		links[i] = dead
	}
	for i := range events {
		events[i] = dead
	}
	for _, list := range runs {
		for _, r := range list {
			for l := r.last; l >= 0 && links[l] == dead; l = t.links[l].prev {
				links[l] = live
				events[t.links[l].event] = live
			}
		}
	}
	n := int32(0)
	for i, mark := range events {
		if mark == live {
			t.events[n], events[i] = t.events[i], n
			n++
		}
	}
	clear(t.events[n:])
	t.events = t.events[:n]
	n = 0
	for i, mark := range links {
		if mark == dead {
			continue
		}
		l := t.links[i] // prev is older, so renumbered already
		if l.prev >= 0 {
			l.prev = links[l.prev]
		}
		l.event = events[l.event]
		t.links[n], links[i] = l, n
		n++
	}
	t.links = t.links[:n]
	for _, list := range runs {
		for i, r := range list {
			if r.last >= 0 {
				list[i].last = links[r.last]
			}
		}
	}
	t.collect = 2 * n
}
