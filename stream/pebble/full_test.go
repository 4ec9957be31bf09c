package pebble_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/pebble"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
)

// TestFullDisk has every write fail, or every write to some files, for a few
// checkpoints: processing goes on, cold keys are read, each failure is
// reported, and the first checkpoint after holds everything.
func TestFullDisk(t *testing.T) {
	for _, where := range []string{"", "batch/", "MANIFEST", "live-", ".tmp/", "checkpoints", "CHECKPOINT"} {
		t.Run("writes to "+where, func(t *testing.T) {
			memory := vfs.NewMem()
			var full atomic.Bool
			fs := errorfs.Wrap(memory, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if full.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && strings.Contains(op.Path, where) {
					return syscall.ENOSPC
				}
				return nil
			}))
			backend, err := pebble.Open("state", pebble.Options{FS: fs})
			if err != nil {
				t.Fatal(err)
			}
			store, err := state.Open(backend, state.Options{CacheBytes: 1, Spill: true})
			if err != nil {
				t.Fatal(err)
			}
			table := state.NewTable(store, "values", statetest.Codec{})
			const keys, rounds = 40, 4
			add := func(from int) {
				t.Helper()
				for i := from; i < keys; i += 2 {
					shard := store.Shard(nil)
					shard.Lock()
					e, err := table.GetOrCreate(fmt.Append(nil, i))
					if err != nil {
						t.Fatal(err)
					}
					table.Update(e).N++
					shard.Unlock()
				}
			}
			add(0)
			add(1)
			write(t, store, "before")

			full.Store(true)
			for round := range rounds {
				add(round % 2)
				c, err := store.Cut([]byte("full"))
				if err != nil {
					t.Fatal(err)
				}
				_, err = c.Write(context.Background())
				if tidegate.CodeOf(err) != tidegate.CodeUnavailable || !errors.Is(err, syscall.ENOSPC) && where != "MANIFEST" && where != "live-" && where != "" {
					t.Errorf("round %d: %v", round, err)
				}
			}
			full.Store(false)
			add(0)
			write(t, store, "after")
			if err := backend.Close(); err != nil {
				t.Error(err)
			}

			if backend, err = pebble.Open("state", pebble.Options{FS: memory}); err != nil {
				t.Fatal(err)
			}
			defer backend.Close()
			if store, err = state.Open(backend, state.Options{}); err != nil {
				t.Fatal(err)
			}
			if r := backend.Recovery(); len(r.Skipped) > 0 || string(store.Meta()) != "after" {
				t.Errorf("recovered %q, skipped %v", store.Meta(), r.Skipped)
			}
			table = state.NewTable(store, "values", statetest.Codec{})
			for i := range keys {
				e, err := table.Get(fmt.Append(nil, i))
				if err != nil || e == nil {
					t.Fatal(e, err)
				}
				if want := int64(1 + rounds/2 + (i+1)%2); e.Value().N != want {
					t.Errorf("key %d is %d, want %d", i, e.Value().N, want)
				}
			}
		})
	}
}
