package stream

import (
	"maps"
	"slices"
	"sync"

	"github.com/tidegate/tidegate/stream/state"
)

// memory is a [state.Backend] in memory, for pipelines without a backend that
// start from a savepoint.
type memory struct {
	mu   sync.RWMutex
	rows map[string]string
}

func (m *memory) Get(key, dst []byte) ([]byte, bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	row, found := m.rows[string(key)]
	return append(dst, row...), found, nil
}

func (m *memory) Scan(start, end []byte, visit func(key, row []byte) bool) error {
	m.mu.RLock()
	rows := maps.Clone(m.rows)
	m.mu.RUnlock()
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		if key < string(start) || end != nil && key >= string(end) {
			continue
		}
		if !visit([]byte(key), []byte(rows[key])) {
			return nil
		}
	}
	return nil
}

func (m *memory) Begin(uint32) (state.Batch, error) {
	return &memoryBatch{m, map[string]*string{}}, nil
}

type memoryBatch struct {
	to   *memory
	rows map[string]*string // nil for a row to delete
}

func (b *memoryBatch) Put(key, row []byte) error {
	var kept *string
	if row != nil {
		kept = new(string)
		*kept = string(row)
	}
	b.rows[string(key)] = kept
	return nil
}

func (b *memoryBatch) Commit() (bytes int64, err error) {
	b.to.mu.Lock()
	defer b.to.mu.Unlock()
	for key, row := range b.rows {
		if row == nil {
			delete(b.to.rows, key)
			continue
		}
		b.to.rows[key] = *row
		bytes += int64(len(key) + len(*row))
	}
	return bytes, nil
}

func (b *memoryBatch) Discard() { b.rows = nil }
