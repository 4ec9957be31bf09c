package stream

// Either is a record of one of two connected streams.
type Either[L, R any] struct {
	Left    L
	Right   R
	IsRight bool
}

// Connect brings two keyed streams together, so that one operator sees the
// records of both and shares its state between them. Its event time is that of
// the slower; an idle one is not waited for.
func Connect[K comparable, L, R any](left Keyed[K, L], right Keyed[K, R]) Keyed[K, Either[L, R]] {
	n := left.attach("connect", right.node)
	n.merge = newPair(2)
	space := newKeyspace[K](n)
	out := &keyedOutput[K, Either[L, R]]{}
	join := connection[K, L, R]{node: n, space: space, out: out}
	left.feed(&leftInput[K, L, R]{join})
	right.feed(&rightInput[K, L, R]{join})
	return Keyed[K, Either[L, R]]{p: left.p, node: n, space: space, out: out}
}

type connection[K comparable, L, R any] struct {
	node  *node
	space *keyspace[K]
	out   *keyedOutput[K, Either[L, R]]
}

func (c *connection[K, L, R]) emit(t *task, k K, at Millis, e Either[L, R]) {
	t.stats[c.node.id].in++
	v := c.space.begin(t, k)
	c.out.emit(t, v, Record[Either[L, R]]{e, at})
	c.space.end(t, v)
}

type leftInput[K comparable, L, R any] struct{ connection[K, L, R] }

func (c *leftInput[K, L, R]) receiveKeyed(t *task, v *visit[K], r Record[L]) {
	c.emit(t, v.key, r.Time, Either[L, R]{Left: r.Value})
}

type rightInput[K comparable, L, R any] struct{ connection[K, L, R] }

func (c *rightInput[K, L, R]) receiveKeyed(t *task, v *visit[K], r Record[R]) {
	c.emit(t, v.key, r.Time, Either[L, R]{Right: r.Value, IsRight: true})
}
