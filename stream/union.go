package stream

// Union is all records of several streams. Its event time is that of the
// slowest; idle ones are not waited for.
func Union[T any](first Stream[T], more ...Stream[T]) Stream[T] {
	inputs := make([]*node, 0, 1+len(more))
	for _, s := range append([]Stream[T]{first}, more...) {
		inputs = append(inputs, s.node)
	}
	out := streamOf[T](first.p, first.p.add("union", inputs...))
	out.node.merge = newValve(len(inputs))
	for _, s := range append([]Stream[T]{first}, more...) {
		s.feed(&unionOp[T]{node: out.node, out: out.out})
	}
	return out
}

type unionOp[T any] struct {
	node *node
	out  *output[T]
}

func (o *unionOp[T]) receive(t *task, r Record[T]) {
	t.stats[o.node.id].in++
	o.out.emit(t, r)
}
