package state_test

import (
	"bytes"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
)

// savepoint is a small one: two tables, an expiry, a meta.
func savepoint(tb testing.TB) []byte {
	store := state.NewMemory()
	a := state.NewTable(store, "a", statetest.Codec{})
	b := state.NewTable(store, "b", moneyCodec{1})
	for _, key := range []string{"x", "y", ""} {
		e, err := a.GetOrCreate([]byte(key))
		if err != nil {
			tb.Fatal(err)
		}
		a.Update(e).N = int64(len(key))
		a.SetExpiry(e, 1_000_000)
	}
	e, err := b.GetOrCreate([]byte("x"))
	if err != nil {
		tb.Fatal(err)
	}
	*b.Update(e) = money{12, "CHF"}
	store.Advance(77)
	if _, err := store.Cut([]byte("here")); err != nil {
		tb.Fatal(err)
	}
	var file bytes.Buffer
	if err := store.Export(&file); err != nil {
		tb.Fatal(err)
	}
	return file.Bytes()
}

// TestSavepointDamage flips every bit of a savepoint and cuts it at every
// byte: it is refused, and nothing of it is in the backend.
func TestSavepointDamage(t *testing.T) {
	whole := savepoint(t)
	try := func(b []byte) {
		t.Helper()
		backend := statetest.NewMap()
		_, err := state.Import(bytes.NewReader(b), backend, state.Options{})
		if code := tidegate.CodeOf(err); err == nil || code != tidegate.CodeCorrupt && code != tidegate.CodeInvalid {
			t.Fatalf("imported with %v", err)
		}
		if n := rows(t, backend); n != 0 {
			t.Fatalf("%d rows of it are there", n)
		}
		if _, err := state.Import(bytes.NewReader(b), nil, state.Options{}); err == nil {
			t.Fatal("imported into memory")
		}
	}
	for i := range whole {
		try(whole[:i])
		for bit := range 8 {
			b := bytes.Clone(whole)
			b[i] ^= 1 << bit
			try(b)
		}
	}
}

// TestImportWhole finds in a savepoint what went into it, and refuses to put
// it over something else.
func TestImportWhole(t *testing.T) {
	backend := statetest.NewMap()
	store, err := state.Import(bytes.NewReader(savepoint(t)), backend, state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := state.NewTable(store, "b", moneyCodec{1})
	e, err := b.Get([]byte("x"))
	if err != nil || *e.Value() != (money{12, "CHF"}) || store.Time() != 77 || string(store.Meta()) != "here" {
		t.Errorf("%+v, %v at %d, %q", e, err, store.Time(), store.Meta())
	}
	if _, err := state.Import(bytes.NewReader(savepoint(t)), backend, state.Options{}); tidegate.CodeOf(err) != tidegate.CodeConflict {
		t.Errorf("imported over itself: %v", err)
	}
}

func TestExportOfNothing(t *testing.T) {
	store, _ := open(t, statetest.NewMap(), state.Options{})
	if err := store.Export(new(bytes.Buffer)); tidegate.CodeOf(err) != tidegate.CodeNotFound {
		t.Errorf("exported with %v", err)
	}
}

// FuzzImport imports anything, into memory and into a backend: both refuse it,
// with a code, or take it, and export the same.
func FuzzImport(f *testing.F) {
	whole := savepoint(f)
	f.Add(whole)
	f.Add(whole[:len(whole)-5])
	f.Add(whole[:40])
	f.Fuzz(func(t *testing.T, b []byte) {
		memory, errMemory := state.Import(bytes.NewReader(b), nil, state.Options{})
		stored, errStored := state.Import(bytes.NewReader(b), statetest.NewMap(), state.Options{})
		for _, err := range []error{errMemory, errStored} {
			if code := tidegate.CodeOf(err); err != nil && code != tidegate.CodeCorrupt && code != tidegate.CodeInvalid {
				t.Fatalf("code %s: %v", code, err)
			}
		}
		for _, store := range []*state.Store{memory, stored} {
			if store == nil {
				continue
			}
			if err := store.Export(new(bytes.Buffer)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
