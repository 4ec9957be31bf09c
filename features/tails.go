package features

import (
	"sync"
	"sync/atomic"
)

// tails is the memory of a table's tails: one in a head each, a million of them
// and more, of a few sizes. It is in large pieces that hold no pointers, which
// the collector looks at as wholes. So whoever moves a tail or drops its head
// gives the memory back, and what one grows out of, another one grows into.
//
// A tail is read under the lock of its head's shard, also while others take and
// give.
type tails struct {
	pieces atomic.Pointer[[][]byte]

	mu   sync.Mutex
	free [tailSizes][]uint32 // by size class
	next uint32              // the first unit of the last piece that was never taken
}

// A tail's place is a number of units, the upper bits that of the piece. Places
// begin at 1.
const (
	tailUnit   = 32 // bytes
	pieceBits  = 13 // units of a piece, as a power of two
	pieceUnits = 1 << pieceBits
	firstPiece = 1 << 7 // units; pieces double until they are whole
	fineUnits  = 128    // up to here sizes are a unit apart, then coarseUnits
	coarse     = 16
	tailSizes  = fineUnits + (blockBytes/tailUnit-fineUnits)/coarse + 1
	blockBytes = 1 << 16 // more than any block has
)

func newTails() *tails {
	t := &tails{next: 1}
	t.pieces.Store(&[][]byte{make([]byte, firstPiece*tailUnit)})
	return t
}

// classOf is the class of a size, and what its members have, in units.
func classOf(size int) (class int, units uint32) {
	u := (size + tailUnit - 1) / tailUnit
	if u <= fineUnits {
		return u, uint32(u)
	}
	step := (u - fineUnits + coarse - 1) / coarse
	return fineUnits + step, uint32(fineUnits + step*coarse)
}

// memory is what was taken at a place.
func (t *tails) memory(place, units uint32) []byte {
	from, size := int(place&(pieceUnits-1))*tailUnit, int(units)*tailUnit
	return (*t.pieces.Load())[place>>pieceBits][from : from+size : from+size]
}

// take gives zeroed memory, and its place.
func (t *tails) take(size int) (data []byte, place uint32) {
	class, units := classOf(size)
	t.mu.Lock()
	defer t.mu.Unlock()
	if list := t.free[class]; len(list) > 0 {
		place = list[len(list)-1]
		t.free[class] = list[:len(list)-1]
		data = t.memory(place, units)
		clear(data)
		return data, place
	}
	pieces := *t.pieces.Load()
	if last := len(pieces) - 1; int(t.next)+int(units) > len(pieces[last])/tailUnit {
		t.keepRest(uint32(last), uint32(len(pieces[last])/tailUnit))
		most := min(max(2*len(pieces[last])/tailUnit, int(units)), pieceUnits)
		if len(pieces) == 1<<(32-pieceBits) {
			panic("features: more than 128 GiB of newest events by one key field")
		}
		pieces = append(pieces, make([]byte, most*tailUnit)) // who reads the old slice does not see it
		t.pieces.Store(&pieces)
		t.next = 0
	}
	place = uint32(len(pieces)-1)<<pieceBits | t.next
	t.next += units
	return t.memory(place, units), place
}

// keepRest makes what is left of a piece memory for smaller tails.
func (t *tails) keepRest(piece, end uint32) {
	for t.next < end {
		units := min(end-t.next, fineUnits)
		t.free[units] = append(t.free[units], piece<<pieceBits|t.next)
		t.next += units
	}
}

// forget is what tests do to memory that was given back.
var forget func([]byte)

// give takes the memory of a tail that nobody reads any more.
func (t *tails) give(place, units uint32) {
	if place == 0 {
		return
	}
	if forget != nil {
		forget(t.memory(place, units))
	}
	class, _ := classOf(int(units) * tailUnit)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free[class] = append(t.free[class], place)
}

// giveTo gives back a tail's memory.
func (b *block) giveTo(t *tails) { t.give(b.home, uint32(len(b.data)/tailUnit)) }
