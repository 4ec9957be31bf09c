package state

// image is a row as it was at the cut, for the checkpoint under way: the bytes,
// or the place that the entry had. It is neither for a deleted entry.
type image struct {
	row   []byte
	place place
}

// keepImage keeps the row of an entry that is about to change.
func (s *tableShard[V]) keepImage(e *Entry[V]) {
	if s.images == nil {
		s.images = map[uint32]image{}
	}
	if e.place.taken() {
		s.images[e.slot] = image{place: e.place}
		e.place = place{}
	} else {
		s.images[e.slot] = image{row: s.table.appendRow(nil, e)}
	}
	e.imaged, e.written = true, e.dirty
}

// takeImage appends the row that was kept of an entry to dst.
func (s *tableShard[V]) takeImage(e *Entry[V], dst []byte) ([]byte, error) {
	kept := s.images[e.slot]
	defer s.dropImage(e)
	if kept.place.taken() {
		return s.appendSpilled(dst, kept.place)
	}
	return append(dst, kept.row...), nil
}

func (s *tableShard[V]) dropImage(e *Entry[V]) {
	if kept := s.images[e.slot]; kept.place.taken() {
		s.table.store.spill.release(kept.place)
	}
	delete(s.images, e.slot)
	e.imaged = false
	if len(s.images) == 0 {
		s.images = nil
	}
}

// appendSpilled appends a row of the spill file to dst.
func (s *tableShard[V]) appendSpilled(dst []byte, p place) ([]byte, error) {
	row, buf, err := s.table.store.spill.read(p, s.row)
	s.row = buf
	return append(dst, row...), err
}
