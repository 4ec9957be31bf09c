// Package statetest tests backends of keyed state: the same random operations
// on a store over any of them, held to a plain map.
package statetest

import (
	"maps"
	"slices"
	"sync"

	"github.com/tidegate/tidegate/stream/state"
)

// Map is a [state.Backend] in memory: the simplest that keeps the contract.
type Map struct {
	mu   sync.RWMutex
	rows map[string]string

	// Fail, if set, is asked before each Put and Commit.
	Fail func() error
}

// NewMap makes an empty backend.
func NewMap() *Map { return &Map{rows: map[string]string{}} }

// Get is [state.Backend.Get].
func (m *Map) Get(key, dst []byte) ([]byte, bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	row, ok := m.rows[string(key)]
	return append(dst, row...), ok, nil
}

// Scan is [state.Backend.Scan].
func (m *Map) Scan(start, end []byte, visit func(key, row []byte) bool) error {
	m.mu.RLock()
	rows := maps.Clone(m.rows)
	m.mu.RUnlock()
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		if key >= string(start) && (end == nil || key < string(end)) && !visit([]byte(key), []byte(rows[key])) {
			return nil
		}
	}
	return nil
}

// Begin is [state.Backend.Begin].
func (m *Map) Begin(uint32) (state.Batch, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return &mapBatch{backend: m, rows: maps.Clone(m.rows)}, nil
}

type mapBatch struct {
	backend *Map
	rows    map[string]string
	last    string
}

func (b *mapBatch) fail() error {
	if b.backend.Fail == nil {
		return nil
	}
	return b.backend.Fail()
}

func (b *mapBatch) Put(key, row []byte) error {
	if string(key) <= b.last {
		panic("statetest: keys out of order")
	}
	b.last = string(key)
	if row == nil {
		delete(b.rows, string(key))
	} else {
		b.rows[string(key)] = string(row)
	}
	return b.fail()
}

func (b *mapBatch) Commit() (int64, error) {
	if err := b.fail(); err != nil {
		return 0, err
	}
	b.backend.mu.Lock()
	defer b.backend.mu.Unlock()
	b.backend.rows = b.rows
	return int64(len(b.rows)), nil
}

func (b *mapBatch) Discard() {}

// Clone is a copy of the rows as they are now: what a crash would leave.
func (m *Map) Clone() *Map {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return &Map{rows: maps.Clone(m.rows)}
}
