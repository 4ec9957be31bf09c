package state

import (
	"math"
	"sync/atomic"

	"github.com/tidegate/tidegate"
)

// Table is keyed state of one type.
//
// Its methods are called with the lock of the key's [Shard] held, where other
// goroutines use the store; an entry is valid while it is.
type Table[V any] struct {
	name   string
	number uint16
	store  *Store
	group  *Group
	prefix func(key []byte) int
	codec  codecs[V]
	shards []tableShard[V]
	err    error // the table can't be used

	expires atomic.Bool // its entries can expire
}

// TableOption says how a table is guarded.
type TableOption func(*tableOptions)

type tableOptions struct {
	group  *Group
	prefix func(key []byte) int
}

// In puts a table into a group other than the store's first.
func In(g *Group) TableOption { return func(o *tableOptions) { o.group = g } }

// ShardedBy says how many bytes of a key, from its start, choose its shard;
// all of them without this option. A table of parts of a key, such as the
// chunks of a history, so has them under the lock of the whole.
func ShardedBy(prefix func(key []byte) int) TableOption {
	return func(o *tableOptions) { o.prefix = prefix }
}

// NewTable makes a table of the store, or opens it: name says which. A name
// that is open already with another type of value gives a table whose every
// use is an error.
func NewTable[V any](s *Store, name string, codec Codec[V], options ...TableOption) *Table[V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if open, ok := s.tables[name]; ok {
		if t, ok := open.(*Table[V]); ok {
			return t
		}
	}
	o := tableOptions{group: s.groups[0]}
	for _, option := range options {
		option(&o)
	}
	t := &Table[V]{
		name: name, store: s, group: o.group, prefix: o.prefix,
		codec: codecsOf(codec), shards: make([]tableShard[V], len(o.group.shards)),
	}
	for i := range t.shards {
		t.shards[i] = tableShard[V]{table: t, shard: &o.group.shards[i], number: uint16(i), index: newIndex(len(t.shards))}
	}
	if _, taken := s.tables[name]; taken {
		t.err = tidegate.Errorf(tidegate.CodeInternal, "state table %q is open with another type", name)
		return t
	}
	info := s.register(name)
	if info.id == math.MaxUint16 {
		t.err = tidegate.Errorf(tidegate.CodeTooLarge, "state: more than %d tables", math.MaxUint16-1)
		return t
	}
	t.number = info.id
	t.expires.Store(info.expires)
	t.err = t.adopt(s.imported[t.number])
	delete(s.imported, t.number)
	s.tables[name] = t
	for i := range t.shards {
		o.group.shards[i].add(&t.shards[i])
	}
	return t
}

// Codec is the one that the table was made with first.
func (t *Table[V]) Codec() Codec[V] { return t.codec.Codec }

// Get finds a key's entry; nil if there is none, or if it has expired.
func (t *Table[V]) Get(key []byte) (*Entry[V], error) {
	sh, hash := t.locate(key)
	e := sh.find(key, hash)
	if e == nil {
		e, _, err := sh.load(key, hash)
		return e, err
	}
	return t.present(e)
}

// present is an entry in memory with its value, or nil if it is deleted or
// expired.
func (t *Table[V]) present(e *Entry[V]) (*Entry[V], error) {
	e = t.live(e)
	if e != nil && e.away {
		if err := t.shards[e.shard].recall(e); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// Key is a copy of an entry's key.
func (t *Table[V]) Key(e *Entry[V]) string { return string(t.shards[e.shard].keys.bytes(&e.key)) }

// live is an entry in memory, whose value may be away, or nil if it is deleted
// or expired.
func (t *Table[V]) live(e *Entry[V]) *Entry[V] {
	if e.deleted || e.expiry != 0 && expired(e.expiry, t.group.clock.Load()) {
		return nil
	}
	if !e.used {
		e.used = true
	}
	return e
}

// GetOrCreate finds a key's entry or makes one with a zero value, which
// counts as a change.
func (t *Table[V]) GetOrCreate(key []byte) (*Entry[V], error) {
	sh, hash := t.locate(key)
	e := sh.find(key, hash)
	if e == nil {
		e, found, err := sh.load(key, hash)
		if e != nil || err != nil {
			return e, err
		}
		return t.reset(sh.create(key, hash, found)), nil
	}
	if e, err := t.present(e); e != nil || err != nil {
		return e, err
	}
	return t.reset(e), nil
}

// Replace gives a key a zero value, whatever it had, without reading the
// backend.
func (t *Table[V]) Replace(key []byte) (*Entry[V], error) {
	if t.err != nil {
		return nil, t.err
	}
	sh, hash := t.locate(key)
	e := sh.find(key, hash)
	if e == nil {
		e = sh.create(key, hash, t.store.backend != nil)
		e.unsure = e.stored
	}
	return t.reset(e), nil
}

// reset makes an entry one with a zero value.
func (t *Table[V]) reset(e *Entry[V]) *Entry[V] {
	t.change(e)
	t.codec.clear(&e.value)
	e.expiry, e.deleted, e.used = 0, false, true
	return e
}

// Update returns the value for changing it. It marks the entry as changed and,
// when a checkpoint still needs the value as it is, saves that first.
func (t *Table[V]) Update(e *Entry[V]) *V {
	if e.dirty != t.store.epoch || e.place.taken() {
		t.change(e)
	}
	return &e.value
}

// SetExpiry sets when the entry ends: at this event time, Unix milliseconds,
// and not before the store's time comes to it; 0 for never. It is a change.
func (t *Table[V]) SetExpiry(e *Entry[V], at int64) {
	t.Update(e)
	e.expiry = at
	if at != 0 && !t.expires.Load() {
		t.store.setExpires(t.name)
		t.expires.Store(true)
	}
}

// Delete removes an entry.
func (t *Table[V]) Delete(e *Entry[V]) {
	if t.store.backend == nil {
		t.shards[e.shard].drop(e)
		return
	}
	t.change(e)
	t.codec.clear(&e.value)
	e.expiry, e.deleted = 0, true
}

// Remove removes a key without reading the backend.
func (t *Table[V]) Remove(key []byte) error {
	if t.err != nil {
		return t.err
	}
	sh, hash := t.locate(key)
	e := sh.find(key, hash)
	if e == nil {
		if t.store.backend == nil {
			return nil
		}
		e = sh.add(key, hash, true)
	}
	t.Delete(e)
	return nil
}

// locate is a key's shard and hash.
func (t *Table[V]) locate(key []byte) (*tableShard[V], uint64) {
	hash := t.group.hash(key)
	switch {
	case len(t.shards) == 1:
		return &t.shards[0], hash
	case t.prefix != nil:
		return &t.shards[t.group.index(key[:t.prefix(key)])], hash
	}
	return &t.shards[int(hash)&(len(t.shards)-1)], hash
}

// change marks an entry as changed in this epoch, before its value is.
func (t *Table[V]) change(e *Entry[V]) {
	s := &t.shards[e.shard]
	if e.dirty != t.store.epoch {
		if e.dirty > e.written {
			s.keepImage(e)
		}
		s.mark(e)
	}
	s.leave(e)
}

// appendRow appends an entry's row; nothing for a deleted one.
func (t *Table[V]) appendRow(dst []byte, e *Entry[V]) []byte {
	if e.deleted {
		return dst
	}
	return t.codec.Append(appendRowHeader(dst, t.codec.version, e.expiry), &e.value)
}
