package stream

import (
	"github.com/tidegate/tidegate/stream/state"
)

// keyedOp is what operators with keyed state have in common: a table of one
// entry a key, and the queues of their timers.
type keyedOp[K comparable, S any] struct {
	node   *node
	space  *keyspace[K]
	table  *state.Table[S]
	timers [2][]timerQueue // by domain, then by key
	// onTimer handles a timer of a key that has an entry, with the key's lock
	// held.
	onTimer func(t *task, e *state.Entry[S], d Domain, tm timer)
	// rearm puts the timers that an entry says are armed into the queues,
	// after a restart.
	rearm func(key string, s *S)
}

func (o *keyedOp[K, S]) open(r *run, codec state.Codec[S]) error {
	o.table = state.NewTable(r.store, o.node.name, codec, state.In(o.space.group))
	for d := range o.timers {
		o.timers[d] = newTimerQueues(r.shards)
	}
	return nil
}

func (o *keyedOp[K, S]) push(d Domain, tm timer) {
	o.timers[d][queueOf(tm.key, len(o.timers[d]))].push(tm)
}

// queueOf spreads keys over queues.
func queueOf(key string, queues int) int {
	if queues == 1 {
		return 0
	}
	h := uint32(2166136261) // FNV-1a
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 16777619
	}
	return int(h) & (queues - 1)
}

func (o *keyedOp[K, S]) due(d Domain, queue int, now Millis) bool { return o.timers[d][queue].due(now) }

func (o *keyedOp[K, S]) fire(t *task, d Domain, queue int, now Millis) bool {
	q := &o.timers[d][queue]
	for q.due(now) {
		if !t.run.between() {
			return false
		}
		if tm, ok := q.pop(now); ok {
			o.handle(t, d, tm)
		}
	}
	return true
}

func (o *keyedOp[K, S]) handle(t *task, d Domain, tm timer) {
	origin, from := t.origin, t.from
	t.origin, t.from = nil, ""
	scratch := &t.local[o.node.id]
	scratch.key = append(scratch.key[:0], tm.key...)
	shard := o.space.group.Shard(scratch.key)
	shard.Lock()
	defer func() {
		shard.Unlock()
		if cause := recover(); cause != nil {
			t.poisoned(o.node, cause, tm.at, tm.key)
		}
		t.origin, t.from = origin, from
	}()
	e, err := o.table.Get(scratch.key)
	if err != nil {
		t.fatal(o.node, err)
		return
	}
	if e != nil {
		o.onTimer(t, e, d, tm)
	}
}
