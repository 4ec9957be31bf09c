package state

import (
	"bytes"
	"iter"
)

// tableShard is the part of a table that one lock guards.
type tableShard[V any] struct {
	table   *Table[V]
	shard   *Shard
	number  uint16 // of the shard
	index   index
	slabs   []*slab[V]
	slots   int      // of the slabs, that were taken at least once
	free    []uint32 // slots that are not entries any more
	keys    keys
	hand    int              // the slot where eviction goes on
	weighed int              // the slot that is weighed next
	fresh   []uint32         // slots of entries that were never weighed
	images  map[uint32]image // rows as of the cut, by slot
	changed list[V]          // since the last cut
	waiting list[V]          // for the checkpoint under way
	cutKeys [][]byte         // the keys of those
	key     []byte           // scratch
	row     []byte           // scratch
}

func (s *tableShard[V]) entry(slot uint32) *Entry[V] {
	return &s.slabs[slot/slabEntries][slot%slabEntries]
}

// find finds a key's entry in memory, or nil.
func (s *tableShard[V]) find(key []byte, hash uint64) *Entry[V] {
	p := s.index.part(hash)
	slot, i, ok := p.next(hash, p.home(hash))
	for ok {
		if e := s.entry(slot); bytes.Equal(s.keys.bytes(&e.key), key) {
			return e
		}
		slot, i, ok = p.next(hash, i)
	}
	return nil
}

// load brings a key's entry into memory; nil if the backend has none. found
// says that it has a row, which may have expired.
func (s *tableShard[V]) load(key []byte, hash uint64) (e *Entry[V], found bool, err error) {
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
	if expired(expiry, t.group.clock.Load()) {
		return nil, true, nil
	}
	var value V
	if err := t.codec.decode(version, encoded, &value); err != nil {
		return nil, true, t.rowError(err)
	}
	e = s.add(key, hash, true)
	e.value, e.expiry = value, expiry
	s.weigh(e, len(encoded))
	return e, true, nil
}

// add makes an entry that is clean and empty.
func (s *tableShard[V]) add(key []byte, hash uint64, stored bool) *Entry[V] {
	slot := uint32(s.slots)
	if last := len(s.free) - 1; last >= 0 {
		slot = s.free[last]
		s.free = s.free[:last]
	} else {
		if s.slots == slabEntries*len(s.slabs) {
			s.slabs = append(s.slabs, new(slab[V]))
		}
		s.slots++
	}
	e := s.entry(slot)
	e.key, e.shard, e.slot, e.inUse, e.stored, e.used = s.keys.add(key), s.number, slot, true, stored, true
	s.index.part(hash).add(hash, slot)
	s.shard.loaded++
	s.weigh(e, 0)
	return e
}

// create is add for an entry that is about to get its first value.
func (s *tableShard[V]) create(key []byte, hash uint64, stored bool) *Entry[V] {
	e := s.add(key, hash, stored)
	if s.table.store.spill != nil {
		s.fresh = append(s.fresh, e.slot)
		s.shard.fresh = true
	}
	return e
}

// weigh counts what an entry takes in memory: itself, its key, and its place
// in the index, which is half full to three quarters.
func (s *tableShard[V]) weigh(e *Entry[V], encoded int) {
	cost := uint32(s.bare(e) + s.table.codec.size(&e.value, encoded))
	if cost != e.cost {
		s.table.store.cached.Add(int64(cost) - int64(e.cost))
		e.cost = cost
	}
}

// drop removes an entry from memory.
func (s *tableShard[V]) drop(e *Entry[V]) {
	if !e.inUse {
		return
	}
	s.leave(e)
	hash := s.table.group.hash(s.keys.bytes(&e.key))
	s.index.part(hash).remove(hash, e.slot)
	s.keys.remove(&e.key)
	s.free = append(s.free, e.slot)
	s.table.store.cached.Add(-int64(e.cost))
	s.table.codec.clear(&e.value)
	*e = Entry[V]{}
}

// all visits the entries in memory.
func (s *tableShard[V]) all() iter.Seq[*Entry[V]] {
	return func(yield func(*Entry[V]) bool) {
		for slot := range s.slots {
			if e := s.entry(uint32(slot)); e.inUse && !yield(e) {
				return
			}
		}
	}
}

// mark notes that an entry has changed in this epoch.
func (s *tableShard[V]) mark(e *Entry[V]) {
	store := s.table.store
	e.dirty = store.epoch
	s.changed.push(e)
	store.changed.Add(s.held(e))
}

// emptySlots is how many slots with nothing to let go of, free ones and those
// whose value is away, the hand passes over for the price of one step.
const emptySlots = 16

func (s *tableShard[V]) evict(steps int) (left int) {
	store := s.table.store
	applied, now := store.applied.Load(), s.table.group.clock.Load()
	for empty := 0; steps > 0; {
		if s.hand >= s.slots {
			s.hand = 0
			return steps
		}
		e := s.entry(uint32(s.hand))
		s.hand++
		if !e.inUse || e.away && e.dirty > applied {
			if empty++; empty%emptySlots == 0 {
				steps--
			}
			continue
		}
		steps--
		gone := e.deleted || expired(e.expiry, now)
		switch {
		case store.backend == nil && !gone:
		case e.dirty > applied && (store.spill == nil || e.deleted || store.spill.full.Load()):
		case e.used && !gone:
			e.used = false
		case e.dirty > applied:
			s.send(e)
		default:
			s.drop(e)
		}
	}
	return 0
}
