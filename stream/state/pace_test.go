package state_test

import (
	"fmt"
	"testing"

	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
)

// Who writes a checkpoint rests while it puts keys in order and while it
// encodes them. What changes in these rests belongs to the next one.
func TestCheckpointRests(t *testing.T) {
	const keys = 20_000
	name := func(i int) string { return fmt.Sprint("key", i%keys) }
	backend := statetest.NewMap()
	rests := 0
	var table *state.Table[statetest.Value]
	var store *state.Store
	store, table = open(t, backend, state.Options{Rest: func() {
		rests++
		put(t, table, name(rests*997), 2)
	}})
	for i := range keys {
		put(t, table, name(i), 1)
	}
	checkpoint(t, store, "")
	if rests < keys/2048 {
		t.Errorf("%d rests", rests)
	}
	_, values := open(t, backend, state.Options{})
	for i := range keys {
		if n := number(t, values, name(i)); n != 1 {
			t.Fatalf("%s is %d at the cut, want 1", name(i), n)
		}
	}
}
