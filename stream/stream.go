package stream

// Record is a value and the time it belongs to.
type Record[T any] struct {
	Value T      `json:"value"`
	Time  Millis `json:"time"`
}

// Stream is a flow of records of one type: the output of an operator. It is a
// place in the graph of a [Pipeline], to be given to the next operator.
type Stream[T any] struct {
	p    *Pipeline
	node *node
	out  *output[T]
}

// Named names the operator whose output the stream is. Names are shown in the
// topology and the metrics, and state is found again by them, so an operator
// with state that is meant to outlive a change of the program should have one.
func (s Stream[T]) Named(name string) Stream[T] {
	s.p.rename(s.node, name)
	return s
}

// input takes the records of a stream, one at a time and run to completion:
// when receive returns, all that follows from the record has happened.
type input[T any] interface {
	receive(t *task, r Record[T])
}

// output is where an operator puts its records.
type output[T any] struct{ to []input[T] }

func (o *output[T]) emit(t *task, r Record[T]) {
	for _, in := range o.to {
		in.receive(t, r)
	}
}

// attach makes an operator's node for a stream it reads from.
func (s Stream[T]) attach(kind string, more ...*node) *node {
	return s.p.add(kind, append([]*node{s.node}, more...)...)
}

func (s Stream[T]) feed(in input[T]) { s.out.to = append(s.out.to, in) }

func streamOf[T any](p *Pipeline, n *node) Stream[T] {
	return Stream[T]{p: p, node: n, out: &output[T]{}}
}
