package state_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
)

// money was a number of cents, and is now one with its currency.
type money struct {
	cents    int64
	currency string
}

type moneyCodec struct{ version uint8 }

func (c moneyCodec) Version() uint8 { return c.version }

func (c moneyCodec) Append(dst []byte, v *money) []byte {
	dst = binary.AppendVarint(dst, v.cents)
	if c.version > 0 {
		dst = append(dst, v.currency...)
	}
	return dst
}

func (c moneyCodec) Decode(b []byte, v *money) error { return c.DecodeVersion(c.version, b, v) }

func (c moneyCodec) DecodeVersion(version uint8, b []byte, v *money) error {
	if version > c.version {
		return fmt.Errorf("version %d is not known yet", version)
	}
	var n int
	v.cents, n = binary.Varint(b)
	v.currency = "EUR"
	if version > 0 {
		v.currency = string(b[n:])
	}
	return nil
}

func (moneyCodec) Size(v *money) int { return len(v.currency) }

// TestMigration reads rows of an older version, writes them anew as they
// change, and refuses rows from the future.
func TestMigration(t *testing.T) {
	backend := statetest.NewMap()
	at := func(version uint8) (*state.Store, *state.Table[money]) {
		store, err := state.Open(backend, state.Options{CacheBytes: 1})
		if err != nil {
			t.Fatal(err)
		}
		return store, state.NewTable(store, "money", moneyCodec{version})
	}
	get := func(table *state.Table[money], key string) (*state.Entry[money], error) {
		return table.Get([]byte(key))
	}

	store, table := at(0)
	for _, key := range []string{"kept", "changed"} {
		e, err := table.GetOrCreate([]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		table.Update(e).cents = 5
	}
	checkpoint(t, store, "")

	store, table = at(1)
	for _, key := range []string{"kept", "changed"} {
		e, err := get(table, key)
		if err != nil || *e.Value() != (money{5, "EUR"}) {
			t.Fatalf("%s: %+v, %v", key, e, err)
		}
	}
	e, _ := get(table, "changed")
	*table.Update(e) = money{6, "JPY"}
	checkpoint(t, store, "")

	_, table = at(1)
	if e, err := get(table, "changed"); err != nil || *e.Value() != (money{6, "JPY"}) {
		t.Fatalf("%+v, %v", e, err)
	}
	_, table = at(0)
	if e, err := get(table, "kept"); err != nil || e.Value().cents != 5 {
		t.Errorf("an old row for an old program: %+v, %v", e, err)
	}
	if _, err := get(table, "changed"); tidegate.CodeOf(err) != tidegate.CodeCorrupt {
		t.Errorf("a new row for an old program: %v", err)
	}
}

// TestVersionOfPlainCodec refuses a row of another version for a codec that
// knows of none.
func TestVersionOfPlainCodec(t *testing.T) {
	backend := statetest.NewMap()
	store, err := state.Open(backend, state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	table := state.NewTable(store, "values", moneyCodec{3})
	if _, err := table.GetOrCreate([]byte("key")); err != nil {
		t.Fatal(err)
	}
	checkpoint(t, store, "")
	_, values := open(t, backend, state.Options{})
	if _, err := values.Get([]byte("key")); tidegate.CodeOf(err) != tidegate.CodeCorrupt {
		t.Errorf("read with %v", err)
	}
}

// TestTableOfAnotherType opens a table under a name that is taken.
func TestTableOfAnotherType(t *testing.T) {
	store := state.NewMemory()
	first := state.NewTable(store, "values", statetest.Codec{})
	if state.NewTable(store, "values", statetest.Codec{}) != first {
		t.Error("the same table twice is two")
	}
	other := state.NewTable(store, "values", moneyCodec{})
	for name, use := range map[string]func() error{
		"Get":         func() error { _, err := other.Get([]byte("key")); return err },
		"GetOrCreate": func() error { _, err := other.GetOrCreate([]byte("key")); return err },
		"Replace":     func() error { _, err := other.Replace([]byte("key")); return err },
		"Remove":      func() error { return other.Remove([]byte("key")) },
	} {
		if tidegate.CodeOf(use()) != tidegate.CodeInternal || use() == nil {
			t.Errorf("%s: %v", name, use())
		}
	}
}
