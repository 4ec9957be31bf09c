package cep

import "slices"

// maxWays bounds the ways an event can be shown to states that follow one
// another: optional groups of optional stages double them.
const maxWays = 10_000

// check finds what only the finished graph shows.
func (b *builder) check(last *step) *Refusal {
	g := &b.graph
	for _, n := range g.states {
		if n.gap > g.window && g.window > 0 {
			return refuse(StepWindowLargerThanAll, n.step.name, "the window between two events is longer than the window of the pattern")
		}
	}
	if last.contiguity == notRelaxed && g.window <= 0 && b.gapOf(last.name) <= 0 {
		return refuse(NotLastWithoutWindow, last.name, "not_followed_by at the end needs a window: without one its match would never be complete")
	}
	if g.endless() {
		b.endless(nil)
		return b.refusal
	}
	if ways := map[*node]int{}; slices.ContainsFunc(g.states, func(n *node) bool { return n.ways(ways) > maxWays }) {
		return refuse(TooLarge, "", "there are more than %d ways to pass over optional stages", maxWays)
	}
	halts := false
	g.start.reach(func(n *node) { halts = halts || n.kind == stop })
	if halts {
		return refuse(NotAfterAllOptionalStart, "", "what is forbidden has no event to come after: everything before it is optional")
	}
	return nil
}

// ways counts the ways along proceed edges from n; known has the results so far.
func (n *node) ways(known map[*node]int) int {
	if w, ok := known[n]; ok {
		return w
	}
	w := 1
	for _, e := range n.edges {
		if e.kind == proceed {
			w = min(w+e.to.ways(known), maxWays+1)
		}
	}
	known[n] = w
	return w
}

func (b *builder) gapOf(name string) int64 {
	for _, n := range b.graph.states {
		if n.name == name {
			return n.gap
		}
	}
	return 0
}

func (b *builder) endless(t *step) {
	name := ""
	if t != nil && t.group == nil {
		name = t.name
	}
	b.refusal = refuse(EndlessEmptyLoop, name, "a repeated group can match nothing and would repeat without an end")
}
