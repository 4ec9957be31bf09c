package stream

import "github.com/tidegate/tidegate/stream/state"

// keyedOp is what operators with keyed state have in common: their part of
// the row of a key, and the queues of their timers.
type keyedOp[K comparable, S any] struct {
	node   *node
	space  *keyspace[K]
	slot   int
	timers [2][]timerQueue // by domain, then by key
	codec  state.Codec[S]
	// handle is called with a timer of a key that has a row.
	handle func(t *task, v *visit[K], d Domain, tm timer)
	// armed calls push for each timer that a key's state says is armed.
	armed func(s *S, push func(d Domain, at Millis, cell uint32))
}

// join makes the operator one of its keyspace's. codec is asked for when the
// pipeline opens.
func (o *keyedOp[K, S]) join(n *node, space *keyspace[K], codec func(p *Pipeline) (state.Codec[S], error)) {
	o.node, o.space = n, space
	o.slot = space.add(o)
	n.inspect = func(key string) (any, error) { return space.inspect(n.name, key) }
	n.open = func(r *run) (err error) {
		if o.codec, err = codec(r.p); err != nil {
			return r.p.fault(n, "%v", err)
		}
		for d := range o.timers {
			o.timers[d] = newTimerQueues(r.shards)
		}
		return nil
	}
}

// part is the operator's share of the key's row for changing it, a zero one if
// it had none.
func (o *keyedOp[K, S]) part(t *task, v *visit[K]) *S {
	p := &v.write().parts[o.slot]
	s, _ := (*p).(*S)
	if s == nil {
		s = o.fresh(t)
		*p = s
	}
	return s
}

// drop removes the operator's share of the row. The operator has made it zero
// again, but for memory that the next to use it may use; keys that come and go
// so cost no memory and little cache.
func (o *keyedOp[K, S]) drop(t *task, v *visit[K], s *S) {
	v.clear(o.slot)
	if free, ok := t.local[o.node.id].free.(*[]*S); ok && len(*free) < maxFree {
		*free = append(*free, s)
	}
}

// maxFree is how many unused shares an operator keeps for each goroutine.
const maxFree = 4096

func (o *keyedOp[K, S]) fresh(t *task) *S {
	l := &t.local[o.node.id]
	if l.free == nil {
		l.free = new([]*S)
	}
	free := l.free.(*[]*S)
	last := len(*free) - 1
	if last < 0 {
		return new(S)
	}
	s := (*free)[last]
	*free = (*free)[:last]
	return s
}

func (o *keyedOp[K, S]) name() string   { return o.node.name }
func (o *keyedOp[K, S]) version() uint8 { return 0 }
func (o *keyedOp[K, S]) append(dst []byte, contents any) []byte {
	return o.codec.Append(dst, contents.(*S))
}

func (o *keyedOp[K, S]) show(contents any) any {
	if shower, ok := contents.(interface{ show() any }); ok {
		return shower.show()
	}
	return nil
}

func (o *keyedOp[K, S]) rearm(key string, contents any) {
	hash := hashOf(key)
	o.armed(contents.(*S), func(d Domain, at Millis, cell uint32) {
		o.push(d, timer{at: at, key: key, hash: hash, cell: cell})
	})
}

func (o *keyedOp[K, S]) decode(_ uint8, b []byte) (any, error) {
	s := new(S)
	return s, o.codec.Decode(b, s)
}

func (o *keyedOp[K, S]) push(d Domain, tm timer) {
	queues := o.timers[d]
	queues[int(tm.hash)&(len(queues)-1)].push(tm)
}

// hashOf is FNV-1a, of which the low bits choose a queue.
func hashOf[T string | []byte](key T) uint32 {
	h := uint32(2166136261)
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 16777619
	}
	return h
}

func (o *keyedOp[K, S]) due(d Domain, queue int, now Millis) bool { return o.timers[d][queue].due(now) }

// maxFirings is how many timers of one key are handled in one go at most, so
// that a checkpoint, and a sink that is full, wait for a few only.
const maxFirings = 16

// upTo is the time up to which the handler of a timer may go on with the same
// key: the watermark where nobody can tell, because the keys are in several
// queues that fire beside each other, and the timer's time where there is one
// queue, whose timers fire in the order of their times whatever their keys.
func (o *keyedOp[K, S]) upTo(at Millis) Millis {
	if len(o.timers[EventTime]) == 1 {
		return at
	}
	return o.node.line.watermark()
}

func (o *keyedOp[K, S]) fire(t *task, d Domain, queue int, now Millis) bool {
	q := &o.timers[d][queue]
	for q.due(now) {
		if !t.run.between(t) {
			return false
		}
		if tm, ok := q.pop(now); ok {
			o.onTimer(t, d, tm)
		}
	}
	return true
}

// onTimer takes a key's lock for one of its timers, if the key is still known.
func (o *keyedOp[K, S]) onTimer(t *task, d Domain, tm timer) {
	origin, from := t.origin, t.from
	t.origin, t.from = nil, ""
	v := o.space.beginTimer(t, tm)
	defer func() {
		if cause := recover(); cause != nil {
			t.poisoned(o.node, cause, tm.at, tm.key)
		}
		o.space.end(t, v)
		t.origin, t.from = origin, from
	}()
	if v.read() != nil {
		o.handle(t, v, d, tm)
	}
}
