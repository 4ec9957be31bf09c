package state

import "bytes"

// Reach is a key that will be looked up. Who looks up several keys reaches for
// all of them, then for their entries, before it reads the first: so the
// processor fetches them from memory at the same time instead of one after
// the other.
type Reach[V any] struct {
	shard *tableShard[V]
	hash  uint64
	word  uint64 // of the index, where the search begins
}

// Reach reaches for a key.
func (t *Table[V]) Reach(key []byte) Reach[V] {
	s, hash := t.locate(key)
	r := Reach[V]{shard: s, hash: hash}
	if p := s.index.part(hash); p.taken > 0 {
		r.word = p.words[p.home(hash)]
	}
	return r
}

// Likely is an entry in memory that is most likely the key's; nil if there is
// none. It is for reading ahead only: [Table.Reached] tells.
func (r *Reach[V]) Likely() *Entry[V] {
	if r.word == 0 {
		return nil
	}
	if uint32(r.word>>32) == hashBits(r.hash) {
		return r.shard.entry(uint32(r.word) - 1)
	}
	p := r.shard.index.part(r.hash)
	if slot, _, ok := p.next(r.hash, p.home(r.hash)+1); ok {
		return r.shard.entry(slot)
	}
	return nil
}

// Touch reads a byte of what is behind an entry's value, and the first one of its key.
func (r *Reach[V]) Touch(e *Entry[V]) byte {
	if key := r.shard.keys.bytes(&e.key); len(key) > 0 {
		return key[0] + byte(e.shard)
	}
	return byte(e.shard)
}

// Reached is [Table.Get] of a key that was reached for, with what
// [Reach.Likely] gave. Nothing may have changed since.
func (t *Table[V]) Reached(key []byte, r *Reach[V], likely *Entry[V]) (*Entry[V], error) {
	if likely != nil && !bytes.Equal(r.shard.keys.bytes(&likely.key), key) {
		likely = r.shard.find(key, r.hash)
	}
	if likely == nil {
		e, _, err := r.shard.load(key, r.hash)
		return e, err
	}
	return t.present(likely)
}
