package state_test

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
)

func open(t *testing.T, b state.Backend, o state.Options) (*state.Store, *state.Table[statetest.Value]) {
	t.Helper()
	store, err := state.Open(b, o)
	if err != nil {
		t.Fatal(err)
	}
	return store, state.NewTable(store, "values", statetest.Codec{})
}

func put(t *testing.T, table *state.Table[statetest.Value], key string, n int64) *state.Entry[statetest.Value] {
	t.Helper()
	e, err := table.GetOrCreate([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	table.Update(e).N = n
	return e
}

// number is a key's value; -1 for none.
func number(t *testing.T, table *state.Table[statetest.Value], key string) int64 {
	t.Helper()
	e, err := table.Get([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	if e == nil {
		return -1
	}
	return e.Value().N
}

func checkpoint(t *testing.T, store *state.Store, meta string) state.CheckpointStats {
	t.Helper()
	c, err := store.Cut([]byte(meta))
	if err != nil {
		t.Fatal(err)
	}
	stats, err := c.Write(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

func TestCutHoldsNothingThatCameAfter(t *testing.T) {
	backend := statetest.NewMap()
	store, table := open(t, backend, state.Options{})
	kept, deleted := put(t, table, "kept", 1), put(t, table, "deleted", 1)
	c, err := store.Cut([]byte("here"))
	if err != nil {
		t.Fatal(err)
	}
	table.Update(kept).N = 2
	table.Delete(deleted)
	put(t, table, "new", 2)
	stats, err := c.Write(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if stats.Keys != 2 || stats.Deleted != 0 || stats.Epoch != 1 {
		t.Errorf("stats %+v", stats)
	}

	after, values := open(t, backend.Clone(), state.Options{})
	if string(after.Meta()) != "here" {
		t.Errorf("meta %q", after.Meta())
	}
	for key, want := range map[string]int64{"kept": 1, "deleted": 1, "new": -1} {
		if n := number(t, values, key); n != want {
			t.Errorf("%s is %d at the cut, want %d", key, n, want)
		}
	}
	if stats := checkpoint(t, store, "later"); stats.Keys != 2 || stats.Deleted != 1 {
		t.Errorf("the next checkpoint: %+v", stats)
	}
	_, values = open(t, backend, state.Options{})
	for key, want := range map[string]int64{"kept": 2, "deleted": -1, "new": 2} {
		if n := number(t, values, key); n != want {
			t.Errorf("%s is %d later, want %d", key, n, want)
		}
	}
}

// TestWriteGivenUp ends a checkpoint by its context, with and without changes.
func TestWriteGivenUp(t *testing.T) {
	backend := statetest.NewMap()
	store, table := open(t, backend, state.Options{})
	ended, end := context.WithCancel(context.Background())
	end()
	for _, change := range []bool{true, false} {
		if change {
			put(t, table, "key", 7)
		}
		c, err := store.Cut([]byte("given up"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("with changes %v: %v", change, err)
		}
		if after, _ := open(t, backend.Clone(), state.Options{}); after.Meta() != nil {
			t.Errorf("with changes %v: there is a checkpoint %q", change, after.Meta())
		}
	}
	checkpoint(t, store, "at last")
	after, values := open(t, backend, state.Options{})
	if n := number(t, values, "key"); n != 7 || string(after.Meta()) != "at last" {
		t.Errorf("%d at %q", n, after.Meta())
	}
}

func TestOneCheckpointAtATime(t *testing.T) {
	store, _ := open(t, statetest.NewMap(), state.Options{})
	if _, err := store.Cut(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Cut(nil); tidegate.CodeOf(err) != tidegate.CodeConflict {
		t.Errorf("a second cut: %v", err)
	}
}

// TestStats counts with a clock that moves a second with each look.
func TestStats(t *testing.T) {
	now := time.Unix(0, 0)
	store, table := open(t, statetest.NewMap(), state.Options{Now: func() time.Time {
		now = now.Add(time.Second)
		return now
	}})
	put(t, table, "a", 1)
	if used := store.Usage(); used.Changed == 0 || used.Cached < used.Changed {
		t.Errorf("usage %+v", used)
	}
	stats := checkpoint(t, store, "")
	// Looks: two at the cut, two at the one slice, one at the end.
	want := state.CheckpointStats{Epoch: 1, Keys: 1, Bytes: stats.Bytes, Duration: 4 * time.Second, LongestPause: time.Second}
	if stats != want {
		t.Errorf("%+v, want %+v", stats, want)
	}
	if used := store.Usage(); used.Changed != 0 {
		t.Errorf("usage %+v after a checkpoint", used)
	}
}

// TestConcurrentWriters moves units between two keys of different shards, a
// record at a time, while checkpoints are cut between records: every one of
// them must hold all units.
func TestConcurrentWriters(t *testing.T) {
	const keys, units, records = 64, 10, 5000
	backend := statetest.NewMap()
	store, table := open(t, backend, state.Options{Shards: 8, CacheBytes: 1})
	key := func(i int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(i)) }
	add := func(i int, n int64) {
		shard := store.Shard(key(i))
		shard.Lock()
		defer shard.Unlock()
		e, err := table.GetOrCreate(key(i))
		if err != nil {
			t.Error(err)
			return
		}
		table.Update(e).N += n
	}
	for i := range keys {
		add(i, units)
	}
	var gate sync.RWMutex // a record holds it; the cut closes it
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := range records {
				gate.RLock()
				add((i*7+w)%keys, -1)
				add((i*13+w*5)%keys, 1)
				gate.RUnlock()
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		writers.Wait()
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		gate.Lock()
		c, err := store.Cut(nil)
		gate.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(context.Background()); err != nil {
			t.Fatal(err)
		}
		_, values := open(t, backend.Clone(), state.Options{})
		var sum int64
		for i := range keys {
			sum += number(t, values, string(key(i)))
		}
		if sum != keys*units {
			t.Fatalf("a checkpoint holds %d units of %d", sum, keys*units)
		}
	}
	<-done
}
