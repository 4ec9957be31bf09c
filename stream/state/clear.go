package state

import (
	"math"

	"github.com/tidegate/tidegate"
)

// Clear empties a table, however large, at once: it goes on under another
// number, and the rows of the old one leave the backend a stretch at each
// checkpoint. Like [Store.Cut] it needs the store for itself, and no
// checkpoint may be under way.
func (t *Table[V]) Clear() error {
	s := t.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.err != nil {
		return t.err
	}
	if s.underway {
		return tidegate.Errorf(tidegate.CodeConflict, "state: table %q can't be cleared while checkpoint %d is being written", t.name, s.epoch-1)
	}
	if s.backend != nil {
		id := s.freeID()
		if id == math.MaxUint16 {
			return tidegate.Errorf(tidegate.CodeTooLarge, "state: more than %d tables", math.MaxUint16-1)
		}
		s.cleared = append(s.cleared, t.number)
		s.catalog[t.name] = tableInfo{id: id, expires: t.expires.Load()}
		t.number = id
	}
	for i := range t.shards {
		t.shards[i].clear()
	}
	return nil
}

func (s *tableShard[V]) clear() {
	store := s.table.store
	for e := range s.all() {
		store.cached.Add(-int64(e.cost))
		if e.dirty == store.epoch && store.backend != nil {
			store.changed.Add(-s.held(e))
		}
		s.leave(e)
		s.table.codec.clear(&e.value)
	}
	s.index, s.slabs, s.slots, s.free, s.keys = newIndex(len(s.table.shards)), nil, 0, nil, keys{}
	s.hand, s.weighed, s.fresh, s.changed = 0, 0, nil, list[V]{}
}
