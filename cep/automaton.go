package cep

// Automaton is a compiled pattern. It never changes, so any number of
// goroutines may share it; each needs a [Matcher] of its own.
type Automaton[E any] struct {
	graph  *graph
	table  *table
	stages []string // named stages in the order of the definition
	atoms  []atom[E]
	skip   Skip
	limit  Limit
	window int64 // ms; 0: none
	gaps   bool  // some state bounds the time since the event before

	fingerprint uint64
}

// Compile checks a pattern and makes its automaton. The error is a [*Refusal].
func Compile[E any](p *Pattern[E]) (*Automaton[E], error) {
	switch {
	case p == nil || p.wrong == nil && len(p.stages) == 0:
		return nil, refuse(NoStages, "", "a pattern needs stages")
	case p.wrong != nil:
		return nil, p.wrong
	}
	l := &lowering[E]{byTerm: map[*term[E]]int{}, seen: map[string]bool{finalName: true}}
	steps := l.lower(p.stages)
	if l.twice != "" {
		return nil, refuse(DuplicateName, l.twice, "the name is taken")
	}
	if err := p.skip.check(steps); err != nil {
		return nil, err
	}
	g, refusal := build(steps)
	if refusal != nil {
		return nil, refusal
	}
	a := &Automaton[E]{
		graph:  g,
		table:  g.tabulate(len(l.atoms), maxPaths),
		stages: l.names,
		atoms:  l.atoms,
		skip:   p.skip,
		limit:  p.limit,
		window: g.window,

		fingerprint: fingerprint(steps, p.skip),
	}
	for _, n := range g.states {
		a.gaps = a.gaps || n.gap > 0
	}
	return a, nil
}

func (s Skip) check(steps []*step) error {
	if s.stage == "" {
		return nil
	}
	for _, t := range steps {
		if t.name == s.stage && t.group == nil {
			return nil
		}
	}
	return refuse(SkipTargetUnknown, s.stage, "can't skip to it: no such stage outside of groups")
}

// Stages are the names of the stages in the order of the definition.
func (a *Automaton[E]) Stages() []string { return a.stages }

// Window is the longest time from the first to the last event of a match in
// milliseconds; 0: there is no bound.
func (a *Automaton[E]) Window() int64 { return a.window }
