package statetest

import (
	"sync"

	"github.com/tidegate/tidegate/stream/state"
)

// gated is a backend whose checkpoints end only while the gate is open: much
// can happen between their beginning and their end.
type gated struct {
	state.Backend
	gate *sync.Mutex
}

// Spill is that of the backend.
func (g gated) Spill() (state.SpillFile, error) { return g.Backend.(state.Spiller).Spill() }

func (g gated) Begin(epoch uint32) (state.Batch, error) {
	batch, err := g.Backend.Begin(epoch)
	if err != nil {
		return nil, err
	}
	return gatedBatch{batch, g.gate}, nil
}

type gatedBatch struct {
	state.Batch
	gate *sync.Mutex
}

func (b gatedBatch) Commit() (int64, error) {
	b.gate.Lock()
	defer b.gate.Unlock()
	return b.Batch.Commit()
}
