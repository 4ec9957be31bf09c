package cep

// Match is a complete or partial match: its events in their order, each with
// the stage that took it.
type Match[E any] struct {
	Events []Taken[E]
}

// Taken is an event of a match.
type Taken[E any] struct {
	Stage string
	Time  int64 // ms
	Event E
}

// Of is the events that a stage took.
func (m Match[E]) Of(stage string) []E {
	var events []E
	for _, t := range m.Events {
		if t.Stage == stage {
			events = append(events, t.Event)
		}
	}
	return events
}

// Stages are the stages that took events, in the order of their first ones.
func (m Match[E]) Stages() []string {
	var names []string
next:
	for _, t := range m.Events {
		for _, name := range names {
			if name == t.Stage {
				continue next
			}
		}
		names = append(names, t.Stage)
	}
	return names
}

// Output is something a pattern has to say.
type Output[E any] struct {
	Kind  OutputKind
	Time  int64 // ms; of a match the time at which it came out, of a timeout the window's end
	Match Match[E]
}

// OutputKind says what an [Output] is.
type OutputKind uint8

const (
	Matched  OutputKind = iota // a match that the skip strategy lets through
	TimedOut                   // a partial match whose window has ended
)

// match follows the links back from l.
func (m *Matcher[E]) match(s *State[E], l int32) Match[E] {
	n := 0
	for i := l; i >= 0; i = s.taken.links[i].prev {
		n++
	}
	events := make([]Taken[E], n)
	for i := l; i >= 0; {
		link := s.taken.links[i]
		r := &s.taken.events[link.event]
		n--
		events[n] = Taken[E]{Stage: m.automaton.stages[link.stage], Time: r.time, Event: r.event}
		i = link.prev
	}
	return Match[E]{events}
}
