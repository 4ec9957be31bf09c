package state

// list collects entries in blocks, so that appending to a long one never
// copies it while the shard's lock is held.
type list[V any] struct {
	blocks [][]*Entry[V]
	length int
}

const blockEntries = 512

func (l *list[V]) push(e *Entry[V]) {
	last := len(l.blocks) - 1
	if last < 0 || len(l.blocks[last]) == cap(l.blocks[last]) {
		size := blockEntries
		if last < 0 {
			size = 8 // most shards change little between two cuts
		}
		l.blocks = append(l.blocks, make([]*Entry[V], 0, size))
		last++
	}
	l.blocks[last] = append(l.blocks[last], e)
	l.length++
}
