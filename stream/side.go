package stream

const sideKind = "side output"

// Side is a second output of an operator: late records, or whatever a function
// gives to [EmitTo]. It is made first, then given to the operator that writes
// it, and read as the stream that it is.
type Side[T any] struct{ Stream[T] }

// SideOutput makes a side output.
func SideOutput[T any](p *Pipeline, name string) Side[T] {
	n := p.add(sideKind)
	p.rename(n, name)
	return Side[T]{streamOf[T](p, n)}
}

// writtenBy says which operator writes the side output.
func (s Side[T]) writtenBy(n *node) {
	if s.node.side != nil && s.node.side != n {
		s.p.reject(s.node, "%s writes this side output, and %s too", s.node.side.name, n.name)
	}
	s.node.side = n
}

// Writes declares that the operator whose output s is emits into a side
// output by [EmitTo].
func (s Stream[T]) Writes(sides ...interface{ writtenBy(*node) }) Stream[T] {
	for _, side := range sides {
		side.writtenBy(s.node)
	}
	return s
}

// EmitTo emits a record into a side output from within an operator: c is the
// [Collector] or [Context] that the operator's function was given.
func EmitTo[T any](c interface{ emitting() *emitter }, to Side[T], v T) {
	e := c.emitting()
	to.out.emit(e.task, Record[T]{v, e.at})
}
