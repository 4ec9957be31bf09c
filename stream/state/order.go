package state

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// sortable is an entry with eight bytes of its key beside it: comparing those
// decides nearly always, and saves following two pointers for a comparison.
type sortable[V any] struct {
	head  uint64
	entry *Entry[V]
}

// waiting are the entries set aside for the checkpoint, in the order of keys.
func (t *Table[V]) waiting(p *pace) []sortable[V] {
	n := 0
	for i := range t.shards {
		n += t.shards[i].waiting.length
	}
	entries := make([]sortable[V], 0, n)
	for i := range t.shards {
		for _, block := range t.shards[i].waiting.blocks {
			for _, e := range block {
				entries = append(entries, sortable[V]{entry: e})
			}
		}
	}
	skip := t.commonPrefix(entries, p)
	for i := range entries {
		p.looked()
		entries[i].head = head(t.cutKey(entries[i].entry)[skip:])
	}
	slices.SortFunc(entries, func(a, b sortable[V]) int {
		p.looked()
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		return bytes.Compare(t.cutKey(a.entry), t.cutKey(b.entry))
	})
	return entries
}

// cutKey is the key of an entry that waits: read without the shard's lock,
// while others add keys and remove them.
func (t *Table[V]) cutKey(e *Entry[V]) []byte { return keysOf(t.shards[e.shard].cutKeys, &e.key) }

// commonPrefix is how many bytes all keys begin with: often a tenant.
func (t *Table[V]) commonPrefix(entries []sortable[V], p *pace) int {
	if len(entries) == 0 {
		return 0
	}
	prefix := t.cutKey(entries[0].entry)
	for i := range entries {
		p.looked()
		key := t.cutKey(entries[i].entry)
		n := 0
		for n < min(len(key), len(prefix)) && key[n] == prefix[n] {
			n++
		}
		prefix = prefix[:n]
	}
	return len(prefix)
}

// head is the first eight bytes of a key as a number, with zeros behind a
// shorter one.
func head(key []byte) uint64 {
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}
