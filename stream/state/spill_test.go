package state_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
)

// fillTexts changes a number of keys, each as a record of its own; their values
// are some kilobyte each.
func fillTexts(t *testing.T, store *state.Store, table *state.Table[statetest.Value], keys int) {
	t.Helper()
	for i := range keys {
		shard := store.Shard(nil)
		shard.Lock()
		e, err := table.GetOrCreate(fmt.Append(nil, i))
		if err != nil {
			t.Fatal(err)
		}
		v := table.Update(e)
		v.N++
		v.Text = strings.Repeat(fmt.Sprint(i%10), 900+i%500)
		shard.Unlock()
	}
}

func sameTexts(t *testing.T, store *state.Store, table *state.Table[statetest.Value], keys int, n int64) {
	t.Helper()
	for i := range keys {
		shard := store.Shard(nil)
		shard.Lock()
		e, err := table.Get(fmt.Append(nil, i))
		if err != nil || e == nil {
			t.Fatalf("key %d: %v, %v", i, e, err)
		}
		if v := e.Value(); v.N != n || v.Text != strings.Repeat(fmt.Sprint(i%10), 900+i%500) {
			t.Fatalf("key %d is %d with %d bytes, want %d", i, v.N, len(v.Text), n)
		}
		shard.Unlock()
	}
}

// TestSpill changes many times the state that fits into memory, without a
// checkpoint: the bound holds, but for what each key takes that is away, and so
// it does with what a checkpoint under way still needs.
func TestSpill(t *testing.T) {
	const keys, cache = 5000, 1 << 20
	backend := statetest.NewMap()
	store, table := open(t, backend, state.Options{CacheBytes: cache, Spill: true})
	bounded := func(when string) {
		t.Helper()
		if u := store.Usage(); u.Cached > cache+cache/4 || u.Changed > keys*200 {
			t.Errorf("%s: %+v, with %d bytes of cache", when, u, cache)
		}
	}
	for range 3 {
		fillTexts(t, store, table, keys)
		bounded("filling")
	}
	sameTexts(t, store, table, keys, 3)
	c, err := store.Cut([]byte("three"))
	if err != nil {
		t.Fatal(err)
	}
	fillTexts(t, store, table, keys)
	bounded("with a checkpoint under way")
	if _, err := c.Write(context.Background()); err != nil {
		t.Fatal(err)
	}
	sameTexts(t, store, table, keys, 4)
	bounded("after the checkpoint")

	recovered, table := open(t, backend.Clone(), state.Options{})
	sameTexts(t, recovered, table, keys, 3)
}

// TestSpillFull has the disk fill: what changed stays in memory, which the
// store tells, until the next checkpoint has been written.
func TestSpillFull(t *testing.T) {
	const keys, cache = 500, 1 << 17
	backend := statetest.NewMap()
	var full atomic.Bool
	backend.Fail = func() error {
		if full.Load() {
			return errors.New("disk full")
		}
		return nil
	}
	store, table := open(t, backend, state.Options{CacheBytes: cache, Spill: true})
	fillTexts(t, store, table, keys)
	full.Store(true)
	fillTexts(t, store, table, keys)
	if u := store.Usage(); u.Changed <= cache {
		t.Errorf("%+v, and nothing can leave", u)
	}
	c, err := store.Cut(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(context.Background()); err == nil {
		t.Fatal("a checkpoint on a full disk")
	}
	sameTexts(t, store, table, keys, 2)
	full.Store(false)
	checkpoint(t, store, "there is room")
	fillTexts(t, store, table, keys)
	if u := store.Usage(); u.Changed > cache {
		t.Errorf("%+v, and there is room again", u)
	}
	sameTexts(t, store, table, keys, 3)
}

// damagedSpill returns other bytes than were written.
type damagedSpill struct {
	*statetest.Map
	damaged atomic.Bool
}

type damagedFile struct {
	state.SpillFile
	from *damagedSpill
}

func (d *damagedSpill) Spill() (state.SpillFile, error) {
	file, err := d.Map.Spill()
	return damagedFile{file, d}, err
}

func (f damagedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.SpillFile.ReadAt(p, off)
	if f.from.damaged.Load() {
		p[len(p)/2] ^= 4
	}
	return n, err
}

// TestSpillDamaged has the disk return other bytes than were written: the row
// is refused, and so is a checkpoint that needs it.
func TestSpillDamaged(t *testing.T) {
	backend := &damagedSpill{Map: statetest.NewMap()}
	store, table := open(t, backend, state.Options{CacheBytes: 1, Spill: true})
	fillTexts(t, store, table, 100)
	backend.damaged.Store(true)
	if _, err := table.Get([]byte("0")); tidegate.CodeOf(err) != tidegate.CodeCorrupt {
		t.Errorf("read: %v", err)
	}
	c, err := store.Cut(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(context.Background()); tidegate.CodeOf(err) != tidegate.CodeCorrupt {
		t.Errorf("checkpoint: %v", err)
	}
	backend.damaged.Store(false)
	checkpoint(t, store, "sound")
	sameTexts(t, store, table, 100, 1)
}
