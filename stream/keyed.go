package stream

// Keyed is a stream whose records each have a key. Operators with state are
// made from it; a key's records are handled one at a time, in the order in
// which they come.
type Keyed[K comparable, T any] struct {
	p     *Pipeline
	node  *node
	space *keyspace[K]
	out   *keyedOutput[K, T]
}

// KeyBy gives each record a key: a string or an integer, or any comparable
// value that [Register] knows how to encode. Nothing is moved between
// goroutines; re-keying a stream is only another key.
//
// A key's state is stored as one row, whichever of the operators after this
// KeyBy it belongs to. It is found again by the name of the KeyBy and theirs.
func KeyBy[K comparable, T any](s Stream[T], of func(T) K) Keyed[K, T] {
	n := s.attach("key by")
	k := Keyed[K, T]{p: s.p, node: n, space: newKeyspace[K](n), out: &keyedOutput[K, T]{}}
	s.feed(&keyBy[K, T]{of: of, node: n, space: k.space, out: k.out})
	return k
}

// Named names the operator, as [Stream.Named] does.
func (k Keyed[K, T]) Named(name string) Keyed[K, T] {
	k.p.rename(k.node, name)
	return k
}

// Stream is the records without their keys.
func (k Keyed[K, T]) Stream() Stream[T] {
	out := Stream[T]{p: k.p, node: k.node, out: &output[T]{}}
	k.feed(unkeyed[K, T]{out.out})
	return out
}

type unkeyed[K comparable, T any] struct{ out *output[T] }

func (u unkeyed[K, T]) receiveKeyed(t *task, _ *visit[K], r Record[T]) { u.out.emit(t, r) }

func (k Keyed[K, T]) attach(kind string, more ...*node) *node {
	return k.p.add(kind, append([]*node{k.node}, more...)...)
}

func (k Keyed[K, T]) feed(in keyedInput[K, T]) { k.out.to = append(k.out.to, in) }

// keyedInput takes the records of a keyed stream, one at a time and with the
// key's lock held.
type keyedInput[K comparable, T any] interface {
	receiveKeyed(t *task, v *visit[K], r Record[T])
}

type keyedOutput[K comparable, T any] struct{ to []keyedInput[K, T] }

func (o *keyedOutput[K, T]) emit(t *task, v *visit[K], r Record[T]) {
	for _, in := range o.to {
		in.receiveKeyed(t, v, r)
	}
}

type keyBy[K comparable, T any] struct {
	of    func(T) K
	node  *node
	space *keyspace[K]
	out   *keyedOutput[K, T]
}

func (o *keyBy[K, T]) receive(t *task, r Record[T]) {
	k, ok := o.key(t, r)
	if !ok {
		return
	}
	v := o.space.begin(t, k)
	o.out.emit(t, v, r)
	o.space.end(t, v)
}

func (o *keyBy[K, T]) key(t *task, r Record[T]) (k K, ok bool) {
	defer func() {
		if cause := recover(); cause != nil {
			t.poisoned(o.node, cause, r.Time, r.Value)
		}
	}()
	t.stats[o.node.id].in++
	return o.of(r.Value), true
}
