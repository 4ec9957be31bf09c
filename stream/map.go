package stream

// Map turns each record into another one of the same time.
func Map[In, Out any](s Stream[In], f func(In) Out) Stream[Out] {
	return tryMap(s, "map", func(v In) (Out, error) { return f(v), nil })
}

// TryMap is [Map] with a function that can fail: its records of an error go to
// the dead letters.
func TryMap[In, Out any](s Stream[In], f func(In) (Out, error)) Stream[Out] {
	return tryMap(s, "map", f)
}

func tryMap[In, Out any](s Stream[In], kind string, f func(In) (Out, error)) Stream[Out] {
	out := streamOf[Out](s.p, s.attach(kind))
	s.feed(&mapOp[In, Out]{node: out.node, f: f, out: out.out})
	return out
}

type mapOp[In, Out any] struct {
	node *node
	f    func(In) (Out, error)
	out  *output[Out]
}

func (o *mapOp[In, Out]) receive(t *task, r Record[In]) {
	if v, ok := o.apply(t, r); ok {
		o.out.emit(t, Record[Out]{v, r.Time})
	}
}

// apply calls the function. Its panic is the record's fault; one of the
// operators behind is not, so they are called outside.
func (o *mapOp[In, Out]) apply(t *task, r Record[In]) (v Out, ok bool) {
	defer func() {
		if cause := recover(); cause != nil {
			t.poisoned(o.node, cause, r.Time, r.Value)
		}
	}()
	t.stats[o.node.id].in++
	v, err := o.f(r.Value)
	if err != nil {
		t.failed(o.node, err, r.Time, r.Value)
		return v, false
	}
	t.stats[o.node.id].out++
	return v, true
}

// Filter keeps the records for which keep is true.
func Filter[T any](s Stream[T], keep func(T) bool) Stream[T] {
	out := streamOf[T](s.p, s.attach("filter"))
	s.feed(&filterOp[T]{node: out.node, keep: keep, out: out.out})
	return out
}

type filterOp[T any] struct {
	node *node
	keep func(T) bool
	out  *output[T]
}

func (o *filterOp[T]) receive(t *task, r Record[T]) {
	if o.keeps(t, r) {
		o.out.emit(t, r)
	}
}

func (o *filterOp[T]) keeps(t *task, r Record[T]) bool {
	defer func() {
		if cause := recover(); cause != nil {
			t.poisoned(o.node, cause, r.Time, r.Value)
		}
	}()
	t.stats[o.node.id].in++
	if !o.keep(r.Value) {
		return false
	}
	t.stats[o.node.id].out++
	return true
}
