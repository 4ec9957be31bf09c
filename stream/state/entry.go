package state

// Entry is one key's value in memory.
//
// It is in one of three conditions, told by two epochs. Changed since the
// last cut: dirty is the store's epoch. Waiting for the checkpoint of the
// last cut: dirty is the epoch before and written is lower. Clean: dirty is
// in a finished checkpoint, and the entry may leave memory.
//
// Entries lie side by side in slabs, and have no pointers but those of their
// values: the collector passes over a slab of plain values.
type Entry[V any] struct {
	value   V
	expiry  int64 // Unix milliseconds of event time; 0 for never
	key     storedKey
	dirty   uint32 // epoch of the last change
	written uint32 // epoch up to which its changes are encoded
	cost    uint32 // bytes counted for it in the cache
	slot    uint32 // place in the slabs of its shard
	place   place  // of its row in the spill file
	shard   uint16
	inUse   bool // the slot is an entry
	deleted bool // a tombstone: kept until the backend knows
	stored  bool // the backend may have a row
	unsure  bool // and nobody looked
	used    bool // since the eviction hand came by
	away    bool // the value is in the spill file only
	imaged  bool // it has changed since the cut, and the shard keeps what the checkpoint under way needs
}

// Value is the value for reading.
func (e *Entry[V]) Value() *V { return &e.value }

// Expiry is when the entry ends, in Unix milliseconds of event time, 0 for
// never.
func (e *Entry[V]) Expiry() int64 { return e.expiry }

// slabEntries is how many entries lie side by side.
const slabEntries = 32

type slab[V any] [slabEntries]Entry[V]
