package state_test

import (
	"fmt"
	"testing"

	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
)

// rows counts what a backend holds, beside the description of the cut.
func rows(t *testing.T, b state.Backend) (n int) {
	t.Helper()
	if err := b.Scan([]byte{0, 1}, nil, func(_, _ []byte) bool { n++; return true }); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestExpiredRowsLeave expires keys that nobody asks for again: on disk only,
// in memory, and of a table that is not open any more.
func TestExpiredRowsLeave(t *testing.T) {
	const keys = 30_000 // more than one checkpoint looks at
	backend := statetest.NewMap()
	store, table := open(t, backend, state.Options{CacheBytes: 1})
	gone := state.NewTable(store, "another", statetest.Codec{})
	for i := range keys {
		e := put(t, table, fmt.Sprint(i), int64(i))
		table.SetExpiry(e, int64(1+i%2)*1000)
	}
	e := put(t, gone, "key", 1)
	gone.SetExpiry(e, 1000)
	checkpoint(t, store, "")
	if n := rows(t, backend); n != keys+1 {
		t.Fatalf("%d rows, want %d", n, keys+1)
	}

	store, table = open(t, backend, state.Options{CacheBytes: 1})
	for _, step := range []struct {
		at   int64
		want int
	}{{999, keys + 1}, {1000, keys / 2}, {2000, 0}} {
		store.Advance(step.at)
		if n := number(t, table, "0"); (n == 0) != (step.at < 1000) {
			t.Errorf("at %d the first key is %d", step.at, n)
		}
		expired := 0
		for range keys/10_000 + 1 {
			expired += checkpoint(t, store, "").Expired
		}
		if n := rows(t, backend); n != step.want {
			t.Errorf("at %d there are %d rows, want %d (%d removed)", step.at, n, step.want, expired)
		}
	}
}

// TestExpiryMoves expires, and brings back, an entry in ways that its rows on
// disk must not remember.
func TestExpiryMoves(t *testing.T) {
	backend := statetest.NewMap()
	store, table := open(t, backend, state.Options{CacheBytes: 1})
	e := put(t, table, "key", 1)
	table.SetExpiry(e, 100)
	checkpoint(t, store, "")

	store.Advance(50)
	table.SetExpiry(e, 200)
	store.Advance(150)
	if n := number(t, table, "key"); n != 1 {
		t.Errorf("prolonged, and it is %d", n)
	}
	checkpoint(t, store, "")
	store.Advance(200)
	if n := number(t, table, "key"); n != -1 {
		t.Errorf("expired, and it is %d", n)
	}
	if e, _ := table.GetOrCreate([]byte("key")); e.Value().N != 0 || e.Expiry() != 0 {
		t.Errorf("made anew, and it is %+v until %d", e.Value(), e.Expiry())
	}
	checkpoint(t, store, "")
	store, table = open(t, backend, state.Options{})
	store.Advance(1000)
	if n := number(t, table, "key"); n != 0 {
		t.Errorf("without an expiry, and it is %d", n)
	}
}

// TestMemoryStoreForgets has expired entries leave memory while others are
// used.
func TestMemoryStoreForgets(t *testing.T) {
	store := state.NewMemory()
	table := state.NewTable(store, "values", statetest.Codec{})
	shard := store.Shard(nil)
	for i := range int64(10_000) {
		shard.Lock()
		store.Advance(i)
		table.SetExpiry(put(t, table, fmt.Sprint(i), i), i+100)
		shard.Unlock()
	}
	const entry = 200 // bytes, at the least
	if used := store.Usage().Cached; used > 300*2*entry {
		t.Errorf("%d bytes for 100 entries that live", used)
	}
}

// TestPartedGroup looks at entries from the times of two groups: the one that
// is parted is behind until it rejoins.
func TestPartedGroup(t *testing.T) {
	store := state.NewMemory()
	group := store.NewGroup(1)
	ahead := state.NewTable(store, "ahead", statetest.Codec{})
	behind := state.NewTable(store, "behind", statetest.Codec{}, state.In(group))
	for _, table := range []*state.Table[statetest.Value]{ahead, behind} {
		table.SetExpiry(put(t, table, "key", 1), 1000)
	}
	store.Advance(400)
	group.Part()
	want := func(when string, first, second int64) {
		t.Helper()
		if a, b := number(t, ahead, "key"), number(t, behind, "key"); a != first || b != second {
			t.Errorf("%s: %d and %d, want %d and %d", when, a, b, first, second)
		}
	}
	store.Advance(1000)
	want("the store is at the end", -1, 1)
	group.Advance(999)
	want("the group is before it", -1, 1)
	group.Advance(1000)
	want("the group is there, too", -1, -1)

	behind.SetExpiry(put(t, behind, "key", 2), 2000)
	group.Advance(1500)
	if store.Time() != 1000 {
		t.Errorf("the store is at %d", store.Time())
	}
	store.Advance(2000)
	want("the store goes on", -1, 2)
	group.Rejoin()
	want("together again", -1, -1)
}
