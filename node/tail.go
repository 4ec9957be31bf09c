package node

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/tidegate/tidegate/stream/journal"
)

// tail reads and decodes records ahead of the one who applies them, on a
// second core.
type tail struct {
	batches chan []Record
	free    chan []Record
	cancel  context.CancelFunc
	wait    sync.WaitGroup
	err     error // why the last batch is the last; set before batches is closed
	batch   []Record
	at      int
}

// Batches bound what is decoded ahead: 3 x 256 records.
const (
	tailBatch   = 256
	tailBatches = 3
)

// decodeAhead starts with record from and ends after record last.
func decodeAhead(j *journal.Journal, from, last uint64) *tail {
	ctx, cancel := context.WithCancel(context.Background())
	t := &tail{batches: make(chan []Record, tailBatches), free: make(chan []Record, tailBatches), cancel: cancel}
	for range tailBatches {
		t.free <- make([]Record, 0, tailBatch)
	}
	t.wait.Go(func() {
		defer close(t.batches)
		t.err = t.fill(ctx, j, from, last)
	})
	return t
}

func (t *tail) fill(ctx context.Context, j *journal.Journal, from, last uint64) (err error) {
	reader := j.ReadFrom(from)
	defer func() { err = errors.Join(err, reader.Close()) }()
	for from <= last {
		var batch []Record
		select {
		case batch = <-t.free:
		case <-ctx.Done():
			return ctx.Err()
		}
		for batch = batch[:0]; from <= last && len(batch) < tailBatch; from++ {
			sequence, body, err := reader.Next(ctx)
			if err != nil {
				return err
			}
			batch = batch[:len(batch)+1]
			r := &batch[len(batch)-1]
			r.reset()
			if err := r.Decode(sequence, body); err != nil {
				return err
			}
		}
		t.batches <- batch // there is room: as many batches as places
	}
	return nil
}

// next gives the next record, valid until the call after; io.EOF at the end.
func (t *tail) next() (*Record, error) {
	for t.at == len(t.batch) {
		if cap(t.batch) > 0 {
			t.free <- t.batch
		}
		batch, ok := <-t.batches
		if !ok {
			t.batch, t.at = nil, 0
			if t.err != nil {
				return nil, t.err
			}
			return nil, io.EOF
		}
		t.batch, t.at = batch, 0
	}
	t.at++
	return &t.batch[t.at-1], nil
}

func (t *tail) stop() {
	t.cancel()
	t.wait.Wait()
}
