package stream

import (
	"slices"
	"sync"
)

// outlet is a bounded queue at the edge of the graph. It takes what one record
// gives rise to even when it is full; the next record waits before it begins,
// so that nobody ever waits in the middle of one.
type outlet interface {
	full() bool
	length() int64
}

type room struct {
	mu      sync.Mutex
	changed sync.Cond
}

func (r *room) wake() {
	r.mu.Lock()
	r.changed.Broadcast()
	r.mu.Unlock()
}

// between is called from inside of the gate, before a record or a firing
// begins: the place where a checkpoint may come in, and where it is waited for
// room. It returns false when the run ends instead.
func (r *run) between(t *task) bool {
	r.gate.between()
	return r.awaitRoom(t, r.outlets)
}

// awaitRoomBehind waits for room in the outlets behind one. That one itself is
// about to make some.
func (r *run) awaitRoomBehind(t *task, o outlet) bool {
	return r.awaitRoom(t, r.outlets[slices.Index(r.outlets, o)+1:])
}

// awaitRoom waits, outside of the gate, until none of some outlets is full.
func (r *run) awaitRoom(t *task, outlets []outlet) bool {
	if !full(outlets) {
		return true
	}
	t.tell()
	r.gate.leave()
	r.room.mu.Lock()
	for full(outlets) && r.ctx.Err() == nil {
		r.room.changed.Wait()
	}
	r.room.mu.Unlock()
	r.gate.enter()
	return r.ctx.Err() == nil
}

func full(outlets []outlet) bool {
	for _, o := range outlets {
		if o.full() {
			return true
		}
	}
	return false
}
