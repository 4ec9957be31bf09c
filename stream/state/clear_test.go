package state_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
)

// A cleared table is empty at once, before and after a recovery; a crash
// before the next checkpoint brings its rows back; and in the end the backend
// holds none of them.
func TestClear(t *testing.T) {
	backend := statetest.NewMap()
	open := func() (*state.Store, *state.Table[statetest.Value], *state.Table[statetest.Value]) {
		s, err := state.Open(backend, state.Options{CacheBytes: 1})
		if err != nil {
			t.Fatal(err)
		}
		return s, state.NewTable(s, "a", statetest.Codec{}), state.NewTable(s, "b", statetest.Codec{})
	}
	checkpoint := func(s *state.Store) {
		t.Helper()
		c, err := s.Cut(nil)
		if err == nil {
			_, err = c.Write(context.Background())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	fill := func(s *state.Store, table *state.Table[statetest.Value], from, to int) {
		t.Helper()
		for i := from; i < to; i++ {
			s.Shard(nil).Lock()
			e, err := table.GetOrCreate(fmt.Append(nil, i))
			if err != nil {
				t.Fatal(err)
			}
			table.Update(e).N = int64(i)
			s.Shard(nil).Unlock()
		}
	}
	count := func(s *state.Store, table *state.Table[statetest.Value]) (n int) {
		t.Helper()
		for i := range 100 {
			s.Shard(nil).Lock()
			e, err := table.Get(fmt.Append(nil, i))
			if err != nil {
				t.Fatal(err)
			}
			if e != nil {
				n++
			}
			s.Shard(nil).Unlock()
		}
		return n
	}
	want := func(s *state.Store, a, b *state.Table[statetest.Value], wantA, wantB int) {
		t.Helper()
		if gotA, gotB := count(s, a), count(s, b); gotA != wantA || gotB != wantB {
			t.Fatalf("the tables hold %d and %d, want %d and %d", gotA, gotB, wantA, wantB)
		}
	}

	s, a, b := open()
	fill(s, a, 0, 50)
	fill(s, b, 0, 20)
	checkpoint(s)
	if err := a.Clear(); err != nil {
		t.Fatal(err)
	}
	want(s, a, b, 0, 20)
	fill(s, a, 90, 95)
	want(s, a, b, 5, 20)

	s, a, b = open() // nothing of that was in a checkpoint
	want(s, a, b, 50, 20)
	fill(s, a, 50, 60)
	if err := a.Clear(); err != nil {
		t.Fatal(err)
	}
	if err := a.Clear(); err != nil { // of an empty one
		t.Fatal(err)
	}
	fill(s, a, 90, 95)
	checkpoint(s)
	want(s, a, b, 5, 20)

	s, a, b = open()
	want(s, a, b, 5, 20)
	if u := s.Usage(); u.Changed != 0 {
		t.Errorf("%d bytes are changed", u.Changed)
	}
	for range 3 {
		checkpoint(s)
	}
	rows := 0
	if err := backend.Scan(nil, nil, func(_, _ []byte) bool { rows++; return true }); err != nil {
		t.Fatal(err)
	}
	if rows != 1+5+20 {
		t.Errorf("the backend holds %d rows", rows)
	}
	c := state.NewTable(s, "c", statetest.Codec{}) // takes a number that is free again, or a new one
	fill(s, c, 0, 10)
	checkpoint(s)
	s, a, b = open()
	want(s, a, b, 5, 20)
	if n := count(s, state.NewTable(s, "c", statetest.Codec{})); n != 10 {
		t.Errorf("the third table holds %d", n)
	}
}

// While a checkpoint is under way its rows are needed.
func TestClearWaitsForCheckpoints(t *testing.T) {
	s, err := state.Open(statetest.NewMap(), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	table := state.NewTable(s, "a", statetest.Codec{})
	c, err := s.Cut(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Clear(); tidegate.CodeOf(err) != tidegate.CodeConflict {
		t.Fatalf("cleared with %v", err)
	}
	if _, err := c.Write(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := table.Clear(); err != nil {
		t.Fatal(err)
	}
}
