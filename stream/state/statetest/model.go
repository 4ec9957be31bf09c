package statetest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"

	"github.com/tidegate/tidegate/stream/state"
)

// Value is the value of the tables that [Check] uses.
type Value struct {
	N    int64
	Text string
}

// Codec is its codec.
type Codec struct{}

// Append is [state.Codec.Append].
func (Codec) Append(dst []byte, v *Value) []byte {
	return append(binary.AppendVarint(dst, v.N), v.Text...)
}

// Decode is [state.Codec.Decode].
func (Codec) Decode(b []byte, v *Value) error {
	n, size := binary.Varint(b)
	if size <= 0 {
		return errors.New("no number")
	}
	v.N, v.Text = n, string(b[size:])
	return nil
}

// model is what a store should hold: per table and key.
type model struct {
	cut    int
	clock  int64
	values [2]map[string]known
}

type known struct {
	value  Value
	expiry int64
}

func newModel() *model {
	return &model{values: [2]map[string]known{{}, {}}}
}

func (m *model) clone() *model {
	c := *m
	for i := range c.values {
		c.values[i] = maps.Clone(m.values[i])
	}
	return &c
}

func (m *model) get(table int, key string) (known, bool) {
	k, ok := m.values[table][key]
	return k, ok && (k.expiry == 0 || k.expiry > m.clock)
}

// Few keys, so that much happens to each.
const (
	lastKey   = 'd'
	lastChunk = '1'
)

// system is a store and the tables that the test uses.
type system struct {
	store  *state.Store
	tables [2]*state.Table[Value]
	texts  *lent // of the tables' values
}

func newSystem(store *state.Store) system {
	codec := lending{lent: &lent{live: map[*byte]int{}}}
	return system{store: store, texts: codec.lent, tables: [2]*state.Table[Value]{
		state.NewTable(store, "heads", codec),
		state.NewTable(store, "chunks", codec, state.ShardedBy(func([]byte) int { return 1 })),
	}}
}

// locked runs a record of a key.
func (s *system) locked(key []byte, record func()) {
	shard := s.store.Shard(key[:1])
	shard.Lock()
	defer shard.Unlock()
	record()
}

// differs compares a key.
func (s *system) differs(want *model, table int, key string) error {
	e, err := s.tables[table].Get([]byte(key))
	if err != nil {
		return err
	}
	k, ok := want.get(table, key)
	switch {
	case ok != (e != nil):
		return fmt.Errorf("table %d key %s: there is %v, want %v", table, key, e != nil, ok)
	case ok && (*e.Value() != k.value || e.Expiry() != k.expiry):
		return fmt.Errorf("table %d key %s: %+v until %d, want %+v", table, key, *e.Value(), e.Expiry(), k)
	}
	return nil
}

// same compares every key there could be, and the time. More texts than there are
// keys have not been given back.
func (s *system) same(want *model) (err error) {
	if n, keys := s.texts.count(), int((lastKey-'a'+1)*(1+lastChunk-'0'+1)); n > keys {
		return fmt.Errorf("%d texts in memory, of %d keys", n, keys)
	}
	if s.store.Time() != want.clock {
		return fmt.Errorf("it is %d, want %d", s.store.Time(), want.clock)
	}
	for c := byte('a'); c <= lastKey && err == nil; c++ {
		s.locked([]byte{c}, func() {
			err = s.differs(want, 0, string(c))
			for n := byte('0'); n <= lastChunk && err == nil; n++ {
				err = s.differs(want, 1, string([]byte{c, n}))
			}
		})
	}
	return err
}
