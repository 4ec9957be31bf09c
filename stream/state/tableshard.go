package state

import "unsafe"

// tableShard is the part of a table that one lock guards.
type tableShard[V any] struct {
	table   *Table[V]
	shard   *Shard
	number  uint16 // of the shard
	entries map[string]*Entry[V]
	ring    []*Entry[V] // the same entries, for the eviction hand
	hand    int
	changed list[V] // since the last cut
	waiting list[V] // for the checkpoint under way
	key     []byte  // scratch
	row     []byte  // scratch
}

// load brings a key's entry into memory; nil if the backend has none. found
// says that it has a row, which may have expired.
func (s *tableShard[V]) load(key []byte) (e *Entry[V], found bool, err error) {
	t := s.table
	if t.err != nil || t.store.backend == nil {
		return nil, false, t.err
	}
	s.key = append(appendID(s.key[:0], t.number), key...)
	row, found, err := t.store.backend.Get(s.key, s.row[:0])
	if row != nil {
		s.row = row
	}
	if !found || err != nil {
		return nil, false, err
	}
	version, expiry, encoded, err := parseRow(row)
	if err != nil {
		return nil, true, err
	}
	if expired(expiry, t.store.clock.Load()) {
		return nil, true, nil
	}
	var value V
	if err := t.codec.decode(version, encoded, &value); err != nil {
		return nil, true, t.rowError(err)
	}
	e = s.add(string(key), true)
	e.value, e.expiry = value, expiry
	s.weigh(e, len(encoded))
	return e, true, nil
}

// add makes an entry that is clean and empty.
func (s *tableShard[V]) add(key string, stored bool) *Entry[V] {
	e := &Entry[V]{key: key, shard: s.number, slot: uint32(len(s.ring)), stored: stored, used: true}
	s.entries[key] = e
	s.ring = append(s.ring, e)
	s.shard.loaded++
	s.weigh(e, 0)
	return e
}

// weigh counts what an entry takes in memory: itself, its key, its place in
// the map (a string and a pointer, three quarters full) and in the ring.
func (s *tableShard[V]) weigh(e *Entry[V], encoded int) {
	cost := uint32(int(unsafe.Sizeof(*e)) + len(e.key) + 32 + 8 + s.table.codec.size(&e.value, encoded))
	if cost != e.cost {
		s.table.store.cached.Add(int64(cost) - int64(e.cost))
		e.cost = cost
	}
}

// drop removes an entry from memory.
func (s *tableShard[V]) drop(e *Entry[V]) {
	if s.entries[e.key] != e {
		return
	}
	delete(s.entries, e.key)
	last := len(s.ring) - 1
	s.ring[e.slot] = s.ring[last]
	s.ring[e.slot].slot = e.slot
	s.ring[last] = nil
	s.ring = s.ring[:last]
	s.table.store.cached.Add(-int64(e.cost))
}

func (s *tableShard[V]) evict(steps int) (left int) {
	store := s.table.store
	applied, now := store.applied.Load(), store.clock.Load()
	for ; steps > 0; steps-- {
		if s.hand >= len(s.ring) {
			s.hand = 0
			return steps
		}
		e := s.ring[s.hand]
		gone := e.deleted || expired(e.expiry, now)
		switch {
		case store.backend == nil && !gone, e.dirty > applied:
			s.hand++
		case e.used && !gone:
			e.used = false
			s.hand++
		default:
			s.drop(e)
		}
	}
	return 0
}
