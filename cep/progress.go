package cep

import (
	"cmp"
	"slices"
)

// Partial is a partial match for people to look at.
type Partial[E any] struct {
	Match   Match[E]
	Stage   string   // the stage that took the newest event
	Number  int      // its place in the definition, from 1
	Waiting []string // the stages that may take the next event; none: only the window's end is awaited
	Ends    int64    // when its window ends, ms; 0: it has none
}

// Partials are the partial matches of a key, the oldest first.
func (m *Matcher[E]) Partials(s *State[E]) []Partial[E] {
	a := m.automaton
	var list []Partial[E]
	runs := slices.Clone(s.runs)
	slices.SortStableFunc(runs, func(a, b run) int { return cmp.Compare(a.seq, b.seq) })
	for _, r := range runs {
		if r.seq == beginning {
			continue
		}
		stage := s.taken.links[r.last].stage
		p := Partial[E]{Match: m.match(s, r.last), Stage: a.stages[stage], Number: int(stage) + 1}
		if a.window > 0 {
			p.Ends = r.start + a.window
		}
		if n := a.graph.states[r.state]; n.gap > 0 {
			if end := s.taken.of(r.last).time + n.gap; p.Ends == 0 || end < p.Ends {
				p.Ends = end
			}
		}
		p.Waiting = a.graph.states[r.state].waitsFor()
		list = append(list, p)
	}
	return list
}

// Progress is how far the most advanced partial match of a key is: the stage
// of the definition that took its newest event and the stage's place, from 1.
// 0 is no partial match. s may be nil.
func (a *Automaton[E]) Progress(s *State[E]) (stage string, number int) {
	if s == nil {
		return "", 0
	}
	furthest := int32(-1)
	for _, r := range s.runs {
		if r.last >= 0 {
			furthest = max(furthest, s.taken.links[r.last].stage)
		}
	}
	if furthest < 0 {
		return "", 0
	}
	return a.stages[furthest], int(furthest) + 1
}

// waitsFor names the stages that may take an event in n.
func (n *node) waitsFor() []string {
	var names []string
	n.reach(func(n *node) {
		if n.kind == stop {
			return
		}
		for _, e := range n.edges {
			if e.kind == take && !slices.Contains(names, n.step.name) {
				names = append(names, n.step.name)
			}
		}
	})
	return names
}
