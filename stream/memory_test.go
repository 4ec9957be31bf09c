package stream_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/pebble"
)

// TestMemoryBound has more keys than fit into the memory that state may have,
// and no checkpoint due for an hour: they are taken as memory fills, and every
// key is counted.
func TestMemoryBound(t *testing.T) {
	const keys, cache = 20_000, 1 << 20
	backend, err := pebble.Open(t.TempDir(), pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	var mu sync.Mutex
	early := make(chan struct{})
	taken := 0
	p := stream.New("p", stream.Options{State: backend, CacheBytes: cache, Checkpoint: time.Hour, OnCheckpoint: func(r stream.CheckpointReport) {
		mu.Lock()
		defer mu.Unlock()
		if r.Err != nil {
			t.Error(r.Err)
		}
		if taken++; taken == 1 {
			close(early)
		}
	}})
	in := stream.From(p, stream.Generate(func(i int64) (int64, bool) {
		if i == 2*keys {
			<-early // the last checkpoint, at the end, is none of them
		}
		return i % keys, i <= 2*keys
	}), stream.SourceTimestamps[int64]())
	sums := map[int64]int64{}
	stream.To(stream.Process(stream.KeyBy(in, func(v int64) int64 { return v }), &counting{}), stream.ToFunc(func(_ context.Context, r stream.Record[int64]) error {
		sums[r.Value]++
		return nil
	}))
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sums[1] != keys || sums[2] != keys {
		t.Errorf("%d keys were counted once and %d twice, of %d", sums[1], sums[2], keys)
	}
}

// counting emits how often its key has come.
type counting struct{ n stream.Value[int64] }

func (c *counting) Open(s *stream.States) error {
	c.n = stream.NewValue[int64](s, "n")
	return nil
}

func (c *counting) Process(x *stream.Context[int64, int64], _ int64) error {
	n := c.n.Update(x)
	*n++
	x.Emit(*n)
	return nil
}
