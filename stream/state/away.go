package state

import "unsafe"

// A changed entry that the backend does not have yet can leave memory too,
// into the spill file: its value is away. The entry itself stays, with all
// that a cut and a checkpoint need to know of it, which is some hundred bytes.
//
// place is where an entry's row lies as long as it is the value's, also after
// the value has come back. A change gives the place up, or leaves it to the
// checkpoint under way that wants the value as it was.

// send lets an entry's value leave memory. It stays when there is no room.
func (s *tableShard[V]) send(e *Entry[V]) {
	if !e.place.taken() {
		s.row = append(s.row[:0], make([]byte, spillHeader)...)
		s.row = s.table.appendRow(s.row, e)
		if e.place = s.table.store.spill.write(s.row); !e.place.taken() {
			return
		}
	}
	s.table.codec.clear(&e.value)
	e.away = true
	s.weigh(e, 0)
}

// recall brings an entry's value back.
func (s *tableShard[V]) recall(e *Entry[V]) (err error) {
	var row []byte
	row, s.row, err = s.table.store.spill.read(e.place, s.row)
	if err != nil {
		return err
	}
	version, _, encoded, err := parseRow(row)
	if err != nil {
		return err
	}
	var value V
	if err := s.table.codec.decode(version, encoded, &value); err != nil {
		return s.table.rowError(err)
	}
	e.value, e.away = value, false
	s.shard.loaded++
	s.weigh(e, len(encoded))
	return nil
}

// leave gives up an entry's place.
func (s *tableShard[V]) leave(e *Entry[V]) {
	if e.place.taken() {
		s.table.store.spill.release(e.place)
	}
	e.place, e.away = place{}, false
}

// held is what a changed entry takes in memory until a checkpoint has it.
func (s *tableShard[V]) held(e *Entry[V]) int64 {
	if s.table.store.spill == nil {
		return int64(e.cost)
	}
	const inList = 8
	return int64(s.bare(e) + inList)
}

// bare is what an entry takes in memory without what its value refers to.
func (s *tableShard[V]) bare(e *Entry[V]) int {
	return int(unsafe.Sizeof(*e)) + e.key.room() + 13
}

// Values grow and nobody knows until they are encoded, which without a
// checkpoint may never be. So a new entry is, when its record has been handled,
// only to be weighed, and then now and then another: one after so many uses of
// the shard that it costs a small part of them.
const (
	weighEvery = 4
	weighBytes = 64 // encoded, for the price of one use
)

// weighFresh weighs the entries that were made since it was last called.
func (s *tableShard[V]) weighFresh() {
	for _, slot := range s.fresh {
		s.weighAgain(s.entry(slot))
	}
	s.fresh = s.fresh[:0]
}

// weighAgain weighs an entry whose weight is not known; it returns the bytes
// that were encoded for it.
func (s *tableShard[V]) weighAgain(e *Entry[V]) int {
	if !e.inUse || e.away || e.deleted || e.place.taken() {
		return 0
	}
	s.row = s.table.appendRow(s.row[:0], e)
	s.weigh(e, len(s.row))
	return len(s.row)
}

// weighNext weighs the next entry, and returns the bytes that were encoded and
// whether the table has been gone through.
func (s *tableShard[V]) weighNext() (encoded int, through bool) {
	for range emptySlots {
		if s.weighed >= s.slots {
			s.weighed = 0
			return 0, true
		}
		e := s.entry(uint32(s.weighed))
		s.weighed++
		if encoded = s.weighAgain(e); encoded > 0 {
			return encoded, false
		}
	}
	return 0, false
}
