package state

// Entry is one key's value in memory.
//
// It is in one of three conditions, told by two epochs. Changed since the
// last cut: dirty is the store's epoch. Waiting for the checkpoint of the
// last cut: dirty is the epoch before and written is lower. Clean: dirty is
// in a finished checkpoint, and the entry may leave memory.
type Entry[V any] struct {
	value   V
	key     string
	expiry  int64  // Unix milliseconds of event time; 0 for never
	image   *image // what the checkpoint under way needs, if the entry has changed since
	dirty   uint32 // epoch of the last change
	written uint32 // epoch up to which its changes are encoded
	cost    uint32 // bytes counted for it in the cache
	slot    uint32 // place in the ring of its shard
	shard   uint16
	deleted bool // a tombstone: kept until the backend knows
	stored  bool // the backend may have a row
	unsure  bool // and nobody looked
	used    bool // since the eviction hand came by
}

// image is an entry's row as of the cut; nil bytes for a deleted one.
type image struct{ row []byte }

// Value is the value for reading.
func (e *Entry[V]) Value() *V { return &e.value }

// Key is the entry's key.
func (e *Entry[V]) Key() string { return e.key }

// Expiry is when the entry ends, in Unix milliseconds of event time, 0 for
// never.
func (e *Entry[V]) Expiry() int64 { return e.expiry }
