package stream

// node is an operator's place in the graph: what is known of it without its
// types.
type node struct {
	id     int // in the order of creation
	kind   string
	name   string
	named  bool   // by the program
	detail string // what the topology says of it beyond kind and name
	inputs []*node
	ends   bool  // a sink: nothing need follow
	side   *node // of a side output: the operator that writes it

	// open makes ready for the first record: state is opened here.
	open func(r *run) error
	// timed is the operator where it has timers, or holds watermarks back.
	timed timed
	// merge combines the event times of several inputs; nil for one input.
	merge merger
	// line is the event time as of this node's output; its own or, where the
	// operator has no say in it, that of its input.
	line *timeline
	// queue is a bounded queue that the operator has, nil without one.
	queue outlet
	// save appends state that is not keyed to a checkpoint, load takes it back;
	// nil for an operator without.
	save func(dst []byte) []byte
	load func(b []byte) error
	// inspect shows a key's state, as a value for JSON; nil for an operator
	// without.
	inspect func(key string) (any, error)
}

// timed is an operator that acts when time passes.
type timed interface {
	// due says whether a queue of timers has one up to now.
	due(d Domain, queue int, now Millis) bool
	// fire handles the timers of a queue up to now, in the order of their
	// times. It returns false when the run ends before it is done.
	fire(t *task, d Domain, queue int, now Millis) bool
}
