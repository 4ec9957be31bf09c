package features

import (
	"sync"
	"sync/atomic"
)

// packed is a head as its table holds it: without a pointer, so that the
// collector passes over millions of them.
type packed struct {
	origin int64  // of the tail
	first  int64  // of the head
	tail   uint32 // place of the tail's data; 0 where it is rare
	rare   uint32 // what few heads have; 0 for nothing
	units  uint16 // of the tail's data
	n      uint8  // rows of the tail
}

// rare is what few heads have.
type rare struct {
	older   *older
	recalls *[]recalled
	data    []byte      // of a tail that is too large for a place
	texts   *[][]string // of the tail
}

// packer keeps what the packed heads of a table refer to.
type packer struct {
	tails *tails
	rares atomic.Pointer[[]*rares]

	mu   sync.Mutex
	free []uint32 // places in rares
	next uint32
}

// rares are some that lie side by side. Places begin at 1.
type rares [1 << raresBits]rare

const raresBits = 5

func newPacker() *packer {
	k := &packer{tails: newTails(), next: 1}
	k.rares.Store(new([]*rares))
	return k
}

func (k *packer) rare(place uint32) *rare {
	return &(*k.rares.Load())[place>>raresBits][place&(1<<raresBits-1)]
}

// unpack fills h.
func (k *packer) unpack(p *packed, h *head) {
	*h = head{tail: block{origin: p.origin, n: int(p.n), home: p.tail}, first: p.first}
	if p.tail != 0 {
		h.tail.data = k.tails.at(p.tail, p.units)
	}
	if p.rare == 0 {
		return
	}
	r := k.rare(p.rare)
	h.older, h.recalls, h.tail.texts = r.older, r.recalls, r.texts
	if p.tail == 0 {
		h.tail.data = r.data
	}
}

// pack keeps what has become of a head that was unpacked from p. A tail in
// memory of its own gets a place, unless it is too large.
func (k *packer) pack(p *packed, h *head) {
	r := rare{older: h.older, recalls: h.recalls, texts: h.tail.texts}
	if h.tail.home == 0 && h.tail.n > 0 {
		if data := h.tail.data; unitsOf(len(data)) > tailSizes {
			r.data = data
		} else {
			h.tail.data, h.tail.home = k.tails.take(len(data))
			copy(h.tail.data, data)
		}
	}
	p.origin, p.first, p.n = h.tail.origin, h.first, uint8(h.tail.n)
	p.tail, p.units = h.tail.home, uint16(unitsOf(len(h.tail.data)))
	if p.rare == 0 {
		if r.older == nil && r.recalls == nil && r.data == nil && r.texts == nil {
			return
		}
		p.rare = k.takeRare()
	}
	*k.rare(p.rare) = r
}

// release gives back what a head has.
func (k *packer) release(p *packed) {
	k.tails.give(p.tail, p.units)
	if p.rare == 0 {
		return
	}
	*k.rare(p.rare) = rare{}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.free = append(k.free, p.rare)
}

func (k *packer) takeRare() uint32 {
	k.mu.Lock()
	defer k.mu.Unlock()
	if last := len(k.free) - 1; last >= 0 {
		place := k.free[last]
		k.free = k.free[:last]
		return place
	}
	place := k.next
	k.next++
	if all := *k.rares.Load(); int(place>>raresBits) == len(all) {
		all = append(all, new(rares))
		k.rares.Store(&all)
	}
	return place
}
