package node

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/stream/journal"
)

// tail reads and decodes records ahead of the one who applies them, on a
// second core.
type tail struct {
	batches chan *batch
	free    chan *batch
	cancel  context.CancelFunc
	wait    sync.WaitGroup
	err     error // why the last batch is the last; set before batches is closed
	batch   *batch
	at      int
}

// batch is a few decoded records, and the memory of what of them is not
// decoded: the reader uses its own again.
type batch struct {
	records []Record
	facts   []byte
	effects []features.Effect // of the records, for who applies them to the histories
}

func (b *batch) decode(sequence uint64, body []byte) error {
	b.records = b.records[:len(b.records)+1]
	r := &b.records[len(b.records)-1]
	r.again()
	if err := r.Decode(sequence, body); err != nil {
		return err
	}
	start := len(b.facts)
	b.facts = append(b.facts, r.Facts...)
	r.Facts = b.facts[start:len(b.facts):len(b.facts)]
	return nil
}

// Batches bound what is decoded ahead: 3 x 256 records.
const (
	tailBatch   = 256
	tailBatches = 3
)

// decodeAhead starts with record from and ends after record last.
func decodeAhead(j *journal.Journal, from, last uint64) *tail {
	ctx, cancel := context.WithCancel(context.Background())
	t := &tail{batches: make(chan *batch, tailBatches), free: make(chan *batch, tailBatches), cancel: cancel}
	for range tailBatches {
		t.free <- &batch{records: make([]Record, 0, tailBatch), effects: make([]features.Effect, tailBatch)}
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
		var b *batch
		select {
		case b = <-t.free:
		case <-ctx.Done():
			return ctx.Err()
		}
		b.records, b.facts = b.records[:0], b.facts[:0]
		for ; from <= last && len(b.records) < tailBatch; from++ {
			sequence, body, err := reader.Next(ctx)
			if err == nil {
				err = b.decode(sequence, body)
			}
			if err != nil {
				return err
			}
		}
		t.batches <- b // there is room: as many batches as places
	}
	return nil
}

// next gives the next record, valid until the call after; io.EOF at the end.
func (t *tail) next() (*Record, error) {
	for t.batch == nil || t.at == len(t.batch.records) {
		if t.batch != nil {
			t.done(t.batch)
		}
		var err error
		if t.batch, err = t.take(); err != nil {
			return nil, err
		}
		t.at = 0
	}
	t.at++
	return &t.batch.records[t.at-1], nil
}

// take gives the next batch, valid until it is done with; io.EOF at the end.
func (t *tail) take() (*batch, error) {
	b := <-t.batches
	switch {
	case b != nil:
		return b, nil
	case t.err != nil:
		return nil, t.err
	}
	return nil, io.EOF
}

// done gives a batch's memory back.
func (t *tail) done(b *batch) { t.free <- b }

func (t *tail) stop() {
	t.cancel()
	t.wait.Wait()
}
