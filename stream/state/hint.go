package state

import "bytes"

// Hint is where a key's entry lies in memory, or lay: looking it up there
// saves the way through the index. 0 is no hint. A hint is of one table and
// good as long as the store is open; its shard is always the key's.
type Hint uint64

// Hint is an entry's.
func (t *Table[V]) Hint(e *Entry[V]) Hint { return Hint(e.shard)<<32 | Hint(e.slot) + 1 }

// ShardAt is the shard of a key by a hint other than 0.
func (g *Group) ShardAt(h Hint) *Shard { return &g.shards[h>>32] }

// GetAt is [Table.Get] of a key that a hint, or 0, is known of.
func (t *Table[V]) GetAt(key []byte, h Hint) (*Entry[V], error) {
	if h == 0 {
		return t.Get(key)
	}
	s, slot := &t.shards[h>>32], uint32(h)-1
	if int(slot) < s.slots {
		if e := s.entry(slot); e.inUse && bytes.Equal(s.keys.bytes(&e.key), key) {
			return t.present(e)
		}
	}
	return t.Get(key)
}
