package stream

import (
	"sync"
	"sync/atomic"

	"github.com/tidegate/tidegate/stream/state"
)

// timer is due at a time, for a part of a key's state.
type timer struct {
	at   Millis
	key  string
	hash uint32 // of the key
	cell uint32
	hint state.Hint // where the key's row was when it was set
}

// before orders timers: by time, and in one instant by key, so that the order
// does not depend on when they were set. The hash of the key comes first,
// because it is at hand and the key itself is elsewhere in memory.
func (t *timer) before(u *timer) bool {
	if t.at != u.at {
		return t.at < u.at
	}
	if t.hash != u.hash {
		return t.hash < u.hash
	}
	if t.key != u.key {
		return t.key < u.key
	}
	return t.cell < u.cell
}

// timerQueue has the timers of some of an operator's keys. They stay in it
// when they are deleted: whoever takes one asks the key's state whether it
// still holds.
type timerQueue struct {
	first atomic.Int64 // when the first is due; MaxTime with empty set where there is none
	empty atomic.Bool
	mu    sync.Mutex
	heap  []timer // of four branches
}

func newTimerQueues(n int) []timerQueue {
	queues := make([]timerQueue, n)
	for i := range queues {
		queues[i].empty.Store(true)
	}
	return queues
}

func (q *timerQueue) due(now Millis) bool {
	return !q.empty.Load() && q.first.Load() <= int64(now)
}

func (q *timerQueue) push(t timer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.heap = append(q.heap, t)
	i := len(q.heap) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !t.before(&q.heap[parent]) {
			break
		}
		q.heap[i] = q.heap[parent]
		i = parent
	}
	q.heap[i] = t
	if i == 0 {
		q.note()
	}
}

// pop takes the first timer due up to now.
func (q *timerQueue) pop(now Millis) (t timer, ok bool) {
	if !q.due(now) {
		return timer{}, false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.heap) == 0 || q.heap[0].at > now {
		return timer{}, false
	}
	t = q.heap[0]
	last := len(q.heap) - 1
	moved := q.heap[last]
	q.heap[last] = timer{}
	q.heap = q.heap[:last]
	if last > 0 {
		q.sink(moved)
	}
	q.note()
	return t, true
}

// sink puts a timer where the first was, and moves it down to its place.
func (q *timerQueue) sink(t timer) {
	i := 0
	for {
		child := 4*i + 1
		if child >= len(q.heap) {
			break
		}
		for c := child + 1; c < min(4*i+5, len(q.heap)); c++ {
			if q.heap[c].before(&q.heap[child]) {
				child = c
			}
		}
		if !q.heap[child].before(&t) {
			break
		}
		q.heap[i] = q.heap[child]
		i = child
	}
	q.heap[i] = t
}

func (q *timerQueue) note() {
	if len(q.heap) == 0 {
		q.empty.Store(true)
		return
	}
	q.first.Store(int64(q.heap[0].at))
	q.empty.Store(false)
}
