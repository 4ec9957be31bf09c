package cep

import "strconv"

// maxStates bounds an automaton; repetitions of repeated groups multiply.
const maxStates = 20_000

// Names that states have in Flink; windows between events depend on them.
const (
	finalName = "$endState$"
	groupName = "GroupPattern"
)

// builder turns steps into a graph, from the last step to the first: a step
// needs to know the state that follows it.
type builder struct {
	graph   graph
	names   map[string]int   // names in use, and how many numbers they have got
	stops   map[string]*node // one stop state per forbidden stage
	greedy  map[*node]*node  // state → its copy from before greedy conditions
	refusal *Refusal
}

// scope is where a step stands: the list it belongs to and the group around it.
type scope struct {
	list  []*step
	at    int
	after *step // the step after the list
	group *step // nil: none
	first bool  // the group's first repetition
}

func (s scope) step() *step { return s.list[s.at] }

func (s scope) following() *step {
	if s.at+1 < len(s.list) {
		return s.list[s.at+1]
	}
	return s.after
}

// headOfGroup tells whether a step opens its group; the group's contiguity is
// then its own.
func (s scope) headOfGroup() bool { return s.group != nil && s.at == 0 }

// build makes the graph of a pattern.
func build(steps []*step) (*graph, *Refusal) {
	b := &builder{names: map[string]int{}, stops: map[string]*node{}, greedy: map[*node]*node{}}
	end := b.node(finalName, final, nil)
	last := steps[len(steps)-1]
	if last.window != nil {
		b.graph.window = *last.window
	}
	b.graph.start = b.list(steps, nil, nil, false, end)
	if b.refusal == nil {
		b.refusal = b.check(last)
	}
	return &b.graph, b.refusal
}

// list builds the steps of a pattern or group in front of sink.
func (b *builder) list(steps []*step, after, group *step, first bool, sink *node) *node {
	s := scope{list: steps, at: len(steps) - 1, after: after, group: group, first: first}
	for ; s.at > 0 && b.refusal == nil; s.at-- {
		switch s.step().contiguity {
		case notRelaxed:
			sink = b.notFollowed(s, sink)
		case notStrict:
			sink = b.notNext(s, sink)
		default:
			sink = b.convert(s, sink)
		}
		// The smallest window on any step counts for the whole.
		if w := s.list[s.at-1].window; w != nil && (b.graph.window == 0 || *w < b.graph.window) {
			b.graph.window = *w
		}
	}
	return b.convert(s, sink)
}

// notFollowed needs a state of its own only at the end of the pattern, where
// it waits for the window's end; elsewhere it is a condition on other states.
func (b *builder) notFollowed(s scope, sink *node) *node {
	if sink.kind != final || s.step().gap == nil && b.graph.window <= 0 {
		return sink
	}
	wait := b.stateOf(s, pending)
	forbidden := s.takeWhen(s.step())
	wait.add(proceed, b.stop(s.step(), forbidden), forbidden)
	wait.add(ignore, wait, not(forbidden))
	return wait
}

func (b *builder) notNext(s scope, sink *node) *node {
	look := b.stateOf(s, normal)
	forbidden := s.takeWhen(s.step())
	halt := b.stop(s.step(), forbidden)
	if sink.kind == final {
		look.add(ignore, sink, not(forbidden)) // it takes an event to know
	} else {
		look.add(proceed, sink, not(forbidden))
	}
	look.add(proceed, halt, forbidden)
	return look
}

func (b *builder) convert(s scope, sink *node) *node {
	var entry *node
	switch q := s.step().quantity; q.kind {
	case looping:
		entry = b.repeated(s, b.loop(s, b.withoutNots(s, sink)), sink)
	case times:
		entry = b.repeated(s, sink, sink)
	default:
		entry = b.one(s, sink, sink, s.takeWhen(s.step()), s.ignoreWhen(), q.optional, true)
	}
	b.forbid(s, entry)
	return entry
}

// node makes a state with a name no other has.
func (b *builder) node(name string, kind nodeKind, step *step) *node {
	if len(b.graph.states) >= maxStates {
		b.refusal = refuse(TooLarge, "", "repetitions multiply to more than %d states", maxStates)
		return b.graph.states[0]
	}
	unique := name
	for used := b.names[name]; b.names[unique] > 0; used++ {
		unique = name + ":" + strconv.Itoa(used-1)
		b.names[name] = used + 1
	}
	b.names[unique]++
	n := &node{id: len(b.graph.states), name: unique, kind: kind, step: step}
	b.graph.states = append(b.graph.states, n)
	return n
}

// stateOf makes a state of a step that starts the clock of the window between
// events. Of a repeated step the state made first has no such window.
func (b *builder) stateOf(s scope, kind nodeKind) *node {
	step := s.step()
	n := b.node(step.name, kind, step)
	window := step.gap
	if step.quantity.kind != single {
		window = nil
		if n.name != step.name {
			window = step.quantity.step
		}
	}
	if window != nil {
		n.gap = *window
	}
	return n
}
