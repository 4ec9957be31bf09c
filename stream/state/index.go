package state

// index finds entries' slots by the hashes of their keys: open addressing
// with linear probing, without pointers for the collector to follow. It is in
// parts that grow one by one, so that no change waits for all of it.
type index struct{ parts []indexPart }

// indexPart is a power of two of words: 32 bits of the hash over 1 + the slot;
// 0 is free. At most three of four are taken.
type indexPart struct {
	words []uint64
	taken int
	shift uint8 // of the hash bits: to the word where the search begins
}

// indexParts is how many parts the shards of a table have together, at least.
const indexParts = 256

func newIndex(shards int) index { return index{make([]indexPart, max(indexParts/shards, 1))} }

// part is chosen by the highest bits of a hash, whose lowest choose the shard.
func (x *index) part(hash uint64) *indexPart {
	return &x.parts[hash>>56&uint64(len(x.parts)-1)]
}

// hashBits are what the words hold of a hash.
func hashBits(hash uint64) uint32 { return uint32(hash >> 24) }

// home is the word where a search begins.
func (p *indexPart) home(hash uint64) int { return int(hashBits(hash) >> p.shift) }

// next finds the next slot of a hash from word i on, and the word after; false
// when there is none.
func (p *indexPart) next(hash uint64, i int) (slot uint32, after int, ok bool) {
	if p.taken == 0 {
		return 0, 0, false
	}
	mask := len(p.words) - 1
	for bits := hashBits(hash); ; i++ {
		w := p.words[i&mask]
		if w == 0 {
			return 0, 0, false
		}
		if uint32(w>>32) == bits {
			return uint32(w) - 1, i + 1, true
		}
	}
}

func (p *indexPart) add(hash uint64, slot uint32) {
	if 4*(p.taken+1) > 3*len(p.words) {
		p.grow()
	}
	p.put(uint64(hashBits(hash))<<32 | uint64(slot+1))
	p.taken++
}

func (p *indexPart) put(word uint64) {
	mask := len(p.words) - 1
	i := int(uint32(word>>32) >> p.shift)
	for p.words[i&mask] != 0 {
		i++
	}
	p.words[i&mask] = word
}

func (p *indexPart) grow() {
	was := p.words
	if len(was) == 0 {
		p.words, p.shift = make([]uint64, 4), 30
		return
	}
	p.words = make([]uint64, 2*len(was))
	p.shift--
	for _, w := range was {
		if w != 0 {
			p.put(w)
		}
	}
}

// remove takes out a slot that is in, and moves up those that were put behind
// it for want of room.
func (p *indexPart) remove(hash uint64, slot uint32) {
	mask := len(p.words) - 1
	word := uint64(hashBits(hash))<<32 | uint64(slot+1)
	hole := p.home(hash)
	for p.words[hole&mask] != word {
		hole++
	}
	hole &= mask
	for i := hole + 1; p.words[i&mask] != 0; i++ {
		home := int(uint32(p.words[i&mask]>>32) >> p.shift)
		if (i-home)&mask >= (i-hole)&mask {
			p.words[hole&mask] = p.words[i&mask]
			hole = i
		}
	}
	p.words[hole&mask] = 0
	p.taken--
}
