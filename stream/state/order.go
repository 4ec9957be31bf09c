package state

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// sortable is an entry with eight bytes of its key beside it: comparing those
// decides nearly always, and saves following two pointers for a comparison.
type sortable[V any] struct {
	head  uint64
	entry *Entry[V]
}

// waiting are the entries set aside for the checkpoint, in the order of keys.
func (t *Table[V]) waiting() []sortable[V] {
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
	skip := commonPrefix(entries)
	for i := range entries {
		entries[i].head = head(entries[i].entry.key[skip:])
	}
	slices.SortFunc(entries, func(a, b sortable[V]) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		return strings.Compare(a.entry.key, b.entry.key)
	})
	return entries
}

// commonPrefix is how many bytes all keys begin with: often a tenant.
func commonPrefix[V any](entries []sortable[V]) int {
	if len(entries) == 0 {
		return 0
	}
	prefix := entries[0].entry.key
	for i := range entries {
		key := entries[i].entry.key
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
func head(key string) uint64 {
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}
