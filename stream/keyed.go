package stream

import "github.com/tidegate/tidegate/stream/state"

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
func KeyBy[K comparable, T any](s Stream[T], of func(T) K) Keyed[K, T] {
	n := s.attach("key by")
	k := Keyed[K, T]{p: s.p, node: n, space: &keyspace[K]{node: n}, out: &keyedOutput[K, T]{}}
	n.open = func(r *run) error { return k.space.open(r) }
	s.feed(&keyBy[K, T]{of: of, node: n, space: k.space, out: k.out})
	return k
}

// Named names the operator, as [Stream.Named] does.
func (k Keyed[K, T]) Named(name string) Keyed[K, T] {
	k.p.rename(k.node, name)
	return k
}

func (k Keyed[K, T]) attach(kind string, more ...*node) *node {
	return k.p.add(kind, append([]*node{k.node}, more...)...)
}

func (k Keyed[K, T]) feed(in keyedInput[K, T]) { k.out.to = append(k.out.to, in) }

// key is a key and its encoding, which is valid while the record is handled.
type key[K comparable] struct {
	value K
	bytes []byte
}

// keyedInput takes the records of a keyed stream, with the lock of the key's
// shard held.
type keyedInput[K comparable, T any] interface {
	receiveKeyed(t *task, k key[K], r Record[T])
}

type keyedOutput[K comparable, T any] struct{ to []keyedInput[K, T] }

func (o *keyedOutput[K, T]) emit(t *task, k key[K], r Record[T]) {
	for _, in := range o.to {
		in.receiveKeyed(t, k, r)
	}
}

// keyspace is a set of keys and the locks that guard their state, whichever
// of the operators after one KeyBy has it.
type keyspace[K comparable] struct {
	node  *node
	codec keyCodec[K]
	group *state.Group
}

func (s *keyspace[K]) open(r *run) error {
	if s.group != nil {
		return nil
	}
	codec, err := keyCodecOf[K](r.p)
	if err != nil {
		return r.p.fault(s.node, "%v", err)
	}
	s.codec, s.group = codec, r.store.NewGroup(r.shards)
	return nil
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
	shard := o.space.group.Shard(k.bytes)
	shard.Lock()
	o.out.emit(t, k, r)
	shard.Unlock()
}

func (o *keyBy[K, T]) key(t *task, r Record[T]) (k key[K], ok bool) {
	defer func() {
		if cause := recover(); cause != nil {
			t.poisoned(o.node, cause, r.Time, r.Value)
		}
	}()
	t.stats[o.node.id].in++
	k.value = o.of(r.Value)
	buf := &t.local[o.node.id].key
	*buf = o.space.codec.append((*buf)[:0], k.value)
	k.bytes = *buf
	return k, true
}
