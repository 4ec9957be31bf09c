package features

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
)

// In all tests, but not in benchmarks, whoever reads a tail that was given back
// reads nonsense.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() == "" {
		forget = func(data []byte) {
			for i := range data {
				data[i] = 0xff
			}
		}
	}
	os.Exit(m.Run())
}

func (t *tails) size() (total int) {
	for _, memory := range *t.memory.Load() {
		total += len(memory)
	}
	return total
}

// Memory is zeroed, of one tail alone, and used again.
func TestTails(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	all := newTails()
	type tail struct {
		data  []byte
		place uint32
		is    byte
	}
	var live []tail
	check := func(x tail) {
		for _, b := range x.data {
			if b != x.is {
				t.Fatal("a tail has changed")
			}
		}
	}
	for round := range 20_000 {
		if len(live) < 100 || random.IntN(2) == 0 && len(live) < 200 {
			data, place := all.take(1 + random.IntN(tailUnit*tailSizes+500))
			check(tail{data, place, 0})
			is := byte(round | 1)
			for i := range data {
				data[i] = is
			}
			live = append(live, tail{data, place, is})
			continue
		}
		i := random.IntN(len(live))
		check(live[i])
		all.give(live[i].place, uint16(unitsOf(len(live[i].data))))
		live[i] = live[len(live)-1]
		live = live[:len(live)-1]
	}
	for _, x := range live {
		check(x)
	}
	for _, x := range live {
		all.give(x.place, uint16(unitsOf(len(x.data))))
	}
	if most := tailSizes * spanUnits * tailUnit; all.size() > most {
		t.Errorf("%d bytes for no tails, more than a span of each size", all.size())
	}
}

// The memory of histories that leave memory, and of what they grow out of, is
// used for others: it does not grow with what was ever seen.
func TestTailsComeBack(t *testing.T) {
	yaml := "features:\n  - {name: n, key: customer_id, aggregate: sum(amount), window: 30d}\n"
	catalog, err := Parse("features.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	set, err := Compile(catalog, Options{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := state.Open(statetest.NewMap(), state.Options{CacheBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	st, err := NewState(set, store)
	if err != nil {
		t.Fatal(err)
	}
	shard := store.Shard(nil)
	const customers = 4000
	for round := range 12 {
		for i := range customers {
			ev := &tidegate.Event{Type: tidegate.TypeTransaction, Time: tidegate.Millis(1_700_000_000_000 + round*customers + i)}
			ev.Text[tidegate.CustomerID], ev.Text[tidegate.TransactionID] = fmt.Sprint(i), fmt.Sprint(round, "-", i)
			ev.Amount, ev.HasAmount = tidegate.Money{Minor: int64(i)}, true
			shard.Lock()
			err := st.Apply(ev, Effect{})
			shard.Unlock()
			if err != nil {
				t.Fatal(err)
			}
			if i%500 == 0 {
				cut, err := store.Cut(nil)
				if err == nil {
					_, err = cut.Write(context.Background())
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	// The cache holds a few hundred heads; all tails that there were took 5 MB.
	if total := st.groups[0].packer.tails.size(); total > 512<<10 {
		t.Errorf("%d bytes for tails", total)
	}
}

// The collector does not look into slabs of heads.
func TestPackedHeadsHaveNoPointers(t *testing.T) {
	head := reflect.TypeFor[packed]()
	for i := range head.NumField() {
		switch f := head.Field(i); f.Type.Kind() {
		case reflect.Int64, reflect.Uint32, reflect.Uint16, reflect.Uint8:
		default:
			t.Errorf("%s is a %s", f.Name, f.Type)
		}
	}
}
