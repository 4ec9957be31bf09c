package state_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
)

// visits is how often a customer came.
type visits struct{ count uint64 }

type visitsCodec struct{}

func (visitsCodec) Append(dst []byte, v *visits) []byte { return binary.AppendUvarint(dst, v.count) }

func (visitsCodec) Decode(b []byte, v *visits) error {
	var n int
	if v.count, n = binary.Uvarint(b); n <= 0 {
		return errors.New("no count")
	}
	return nil
}

// A store is checkpointed, goes on, and crashes. In a program the backend
// would be Pebble's.
func Example() {
	backend := statetest.NewMap()
	store, err := state.Open(backend, state.Options{})
	if err != nil {
		panic(err)
	}
	table := state.NewTable(store, "visits", visitsCodec{})
	visit := func(customer string) {
		shard := store.Shard([]byte(customer))
		shard.Lock()
		defer shard.Unlock()
		entry, err := table.GetOrCreate([]byte(customer))
		if err != nil {
			panic(err)
		}
		table.Update(entry).count++
	}

	visit("ada")
	visit("ada")
	cut, err := store.Cut([]byte("record 2"))
	if err != nil {
		panic(err)
	}
	visit("ada") // the checkpoint is not written yet, and does not hold this
	if _, err := cut.Write(context.Background()); err != nil {
		panic(err)
	}

	store, err = state.Open(backend, state.Options{}) // after a crash
	if err != nil {
		panic(err)
	}
	table = state.NewTable(store, "visits", visitsCodec{})
	entry, err := table.Get([]byte("ada"))
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d visits at %s\n", entry.Value().count, store.Meta())
	// Output: 2 visits at record 2
}
