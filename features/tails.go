package features

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// tails is the memory of a table's tails: one in a head each, a million of them
// and more, of a few sizes. It is in spans that hold no pointers, which the
// collector looks at as wholes; a span is of one size, and when its last tail
// has gone it goes too. So whoever moves a tail or drops its head gives the
// memory back.
//
// A tail is read under the lock of its head's shard, also while others take and
// give.
type tails struct {
	memory atomic.Pointer[[][]byte] // of the spans, by number; nil for one that is gone

	mu      sync.Mutex
	spans   []span
	gone    []uint32              // numbers of spans
	partial [tailSizes + 1]uint32 // by size: the first span with room; 0 for none
}

// span is memory for tails of one size.
type span struct {
	size     uint16 // of its tails, in units
	used     uint16 // tails
	fresh    uint16 // units from which on nothing was taken yet
	free     uint16 // 1 + the unit of a tail that was given back, whose first bytes are the next one's; 0 for none
	previous uint32 // with room, of this size; 0 for none
	next     uint32
}

// A tail's place is its span's number and its first unit. Spans are numbered
// from 1.
const (
	tailUnit  = 32 // bytes
	spanBits  = 9  // units of a span, as a power of two
	spanUnits = 1 << spanBits
	tailSizes = spanUnits / 4 // units; larger tails are not kept here
)

func newTails() *tails {
	t := &tails{spans: make([]span, 1)}
	t.memory.Store(&[][]byte{nil})
	return t
}

func unitsOf(size int) int { return (size + tailUnit - 1) / tailUnit }

// at is what was taken at a place.
func (t *tails) at(place uint32, units uint16) []byte {
	from, size := int(place&(spanUnits-1))*tailUnit, int(units)*tailUnit
	return (*t.memory.Load())[place>>spanBits][from : from+size : from+size]
}

// take gives zeroed memory of at least a size, and its place; 0 for memory that
// is the collector's, because it is too large or, of nil, for no tail.
func (t *tails) take(size int) (data []byte, place uint32) {
	units := uint16(unitsOf(size))
	if t == nil || units > tailSizes {
		return make([]byte, size), 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	number := t.partial[units]
	if number == 0 {
		number = t.newSpan(units)
	}
	s := &t.spans[number]
	if s.free > 0 {
		place = number<<spanBits | uint32(s.free-1)
		data = t.at(place, units)
		s.free = binary.LittleEndian.Uint16(data)
		clear(data)
	} else {
		place = number<<spanBits | uint32(s.fresh)
		data = t.at(place, units)
		s.fresh += units
	}
	s.used++
	if !s.hasRoom() {
		t.unlink(number)
	}
	return data, place
}

func (s *span) hasRoom() bool { return s.free > 0 || s.fresh+s.size <= spanUnits }

// newSpan makes a span for tails of so many units.
func (t *tails) newSpan(units uint16) (number uint32) {
	memory := *t.memory.Load()
	if last := len(t.gone) - 1; last >= 0 {
		number = t.gone[last]
		t.gone = t.gone[:last]
	} else {
		number = uint32(len(t.spans))
		if number == 1<<(32-spanBits) {
			panic("features: more than 128 GiB of newest events by one key field")
		}
		t.spans = append(t.spans, span{})
		memory = append(memory, nil) // who reads by the old slice does not read the new span
		t.memory.Store(&memory)
	}
	memory[number] = make([]byte, spanUnits*tailUnit)
	t.spans[number] = span{size: units}
	t.link(number)
	return number
}

// link puts a span among those with room.
func (t *tails) link(number uint32) {
	s := &t.spans[number]
	first := &t.partial[s.size]
	s.previous, s.next = 0, *first
	if s.next > 0 {
		t.spans[s.next].previous = number
	}
	*first = number
}

func (t *tails) unlink(number uint32) {
	s := &t.spans[number]
	if s.previous > 0 {
		t.spans[s.previous].next = s.next
	} else {
		t.partial[s.size] = s.next
	}
	if s.next > 0 {
		t.spans[s.next].previous = s.previous
	}
}

// forget is what tests do to memory that was given back.
var forget func([]byte)

// give takes the memory of a tail that nobody reads any more.
func (t *tails) give(place uint32, units uint16) {
	if place == 0 {
		return
	}
	data := t.at(place, units)
	if forget != nil {
		forget(data)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	number := place >> spanBits
	s := &t.spans[number]
	had := s.hasRoom()
	binary.LittleEndian.PutUint16(data, s.free)
	s.free = uint16(place&(spanUnits-1)) + 1
	s.used--
	switch {
	case !had:
		t.link(number)
	case s.used == 0 && (s.previous > 0 || s.next > 0): // the last one with room stays
		t.unlink(number)
		(*t.memory.Load())[number] = nil
		t.gone = append(t.gone, number)
	}
}
