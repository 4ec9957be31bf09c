// Package state is keyed state: tables from a key to a value that one writer
// reads and changes between records, that is checkpointed as a consistent cut
// while the writer goes on, and that may be larger than memory.
package state

// Codec turns the values of a table to bytes and back.
type Codec[V any] interface {
	// Append appends the encoding of v to dst.
	Append(dst []byte, v *V) []byte
	// Decode fills v, a zero value, from b, which it must not keep.
	Decode(b []byte, v *V) error
}

// Store is a set of tables that are checkpointed together.
type Store struct{}

// NewMemory makes a store that lives in memory only.
func NewMemory() *Store { return &Store{} }

// Table is keyed state of one type.
type Table[V any] struct {
	name    string
	codec   Codec[V]
	entries map[string]*Entry[V]
}

// Entry is one key's value in memory.
type Entry[V any] struct {
	key   string
	value V
}

// NewTable makes a table of the store, or opens it: name says which.
func NewTable[V any](s *Store, name string, codec Codec[V]) *Table[V] {
	return &Table[V]{name: name, codec: codec, entries: map[string]*Entry[V]{}}
}

// Get finds a key's entry; nil if there is none. The entry is valid until the
// writer's next record.
func (t *Table[V]) Get(key []byte) (*Entry[V], error) { return t.entries[string(key)], nil }

// GetOrCreate finds a key's entry or makes one with a zero value.
func (t *Table[V]) GetOrCreate(key []byte) (*Entry[V], error) {
	e := t.entries[string(key)]
	if e == nil {
		e = &Entry[V]{key: string(key)}
		t.entries[e.key] = e
	}
	return e, nil
}

// Update returns the value for changing it. It marks the entry as changed and,
// when a checkpoint still needs the value as it is, saves that first.
func (t *Table[V]) Update(e *Entry[V]) *V { return &e.value }

// Delete removes an entry.
func (t *Table[V]) Delete(e *Entry[V]) { delete(t.entries, e.key) }

// Value is the value for reading.
func (e *Entry[V]) Value() *V { return &e.value }

// Key is the entry's key.
func (e *Entry[V]) Key() string { return e.key }
