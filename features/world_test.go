package features_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
)

// world is a state under test, twice, and the oracle.
type world struct {
	t        failer
	features []oracleFeature
	set      *features.Set
	memory   *features.State // never leaves memory
	disk     *statetest.Map
	ram      *state.Store
	store    *state.Store // goes through the codec now and then
	stored   *features.State
	oracle   oracle
	random   *rand.Rand
	now      int64
	paces    []int64 // by how much it goes on from event to event
	keys     int
	facts    [2]*tidegate.Facts
	places   []int
}

// lateness is how far behind the newest event others come here.
const lateness = 500

// newWorld makes a world of all features, or of those that let a customer's
// old events go.
func newWorld(t failer, seed uint64, evicting bool) *world {
	w := &world{t: t, random: rand.New(rand.NewPCG(seed, 1)), now: 1_700_000_000_000, keys: 3, paces: []int64{0, 0, 1, 5, 30, 200}}
	for _, f := range append(oracleFeatures(), travelFeatures...) {
		if !evicting || len(f.key) == 1 || f.window > 0 {
			w.features = append(w.features, f)
		}
	}
	w.random.Shuffle(len(w.features), func(i, j int) { w.features[i], w.features[j] = w.features[j], w.features[i] })
	yaml := "features:\n"
	for _, f := range w.features {
		yaml += f.yaml
	}
	eur, _ := tidegate.ParseCurrency("EUR")
	w.set = compile(t, yaml, features.Options{
		Base: eur, Lateness: lateness * time.Millisecond, Attributes: map[string]tidegate.Kind{"weight": tidegate.KindNumber},
	})
	schema, err := tidegate.NewSchema(w.set.Variables())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range w.features {
		at, ok := schema.Index(f.name)
		if !ok {
			t.Fatalf("no variable %s", f.name)
		}
		w.places = append(w.places, at)
	}
	for i := range w.facts {
		w.facts[i] = tidegate.NewFacts(schema.Len())
	}
	w.ram = state.NewMemory()
	w.memory, err = features.NewState(w.set, w.ram)
	if err != nil {
		t.Fatal(err)
	}
	w.disk = statetest.NewMap()
	w.open()
	return w
}

func (w *world) open() {
	var err error
	if w.store, err = state.Open(w.disk, state.Options{CacheBytes: 20_000}); err != nil {
		w.t.Fatal(err)
	}
	if w.stored, err = features.NewState(w.set, w.store); err != nil {
		w.t.Fatal(err)
	}
}

// checkpoint writes the stored state; reopen reads it back from there.
func (w *world) checkpoint(reopen bool) {
	w.store.Advance(w.now - lateness)
	w.ram.Advance(w.now - lateness)
	cut, err := w.store.Cut(nil)
	if err == nil {
		_, err = cut.Write(context.Background())
	}
	if err != nil {
		w.t.Fatal(err)
	}
	if reopen {
		w.open()
	}
}

func (w *world) locked(record func() error) {
	shard := w.store.Shard(nil)
	shard.Lock()
	defer shard.Unlock()
	if err := record(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) event() *oracleEvent {
	r := w.random
	eur, _ := tidegate.ParseCurrency("EUR")
	w.now += w.paces[r.IntN(len(w.paces))]
	if r.IntN(200) == 0 {
		w.now += 25 * w.paces[len(w.paces)-1]
	}
	ev := &tidegate.Event{Type: tidegate.TypeTransaction, Time: tidegate.Millis(w.now)}
	if r.IntN(5) == 0 {
		ev.Time -= tidegate.Millis(r.Int64N(lateness))
	}
	e := &oracleEvent{Event: ev, arrival: len(w.oracle.events)}
	ev.Text[tidegate.TransactionID] = fmt.Sprint("t", e.arrival)
	ev.Text[tidegate.CustomerID] = fmt.Sprint("c", r.IntN(w.keys)*r.IntN(2))
	ev.Text[tidegate.TerminalID] = fmt.Sprint("x", r.IntN(w.keys))
	if r.IntN(8) > 0 {
		ev.Text[tidegate.MerchantID] = fmt.Sprint("m", int(math.Abs(r.NormFloat64())*8))
	}
	ev.Text[tidegate.Channel] = []string{"pos", "atm", "ecommerce", ""}[r.IntN(4)]
	if r.IntN(10) == 0 {
		ev.Text[tidegate.CustomerID] = ""
	}
	if r.IntN(8) == 0 {
		ev.Tenant = []string{"default", "other"}[r.IntN(2)]
	}
	if r.IntN(10) == 0 {
		ev.Type = login
	} else if r.IntN(10) > 0 {
		minor := r.Int64N(200)
		switch r.IntN(6) {
		case 0:
			minor = r.Int64N(10_000_00)
		case 1:
			minor = int64(math.Exp(r.Float64() * 25))
		case 2:
			if r.IntN(20) == 0 {
				minor = r.Int64()
			}
		}
		ev.Amount, ev.HasAmount = tidegate.Money{Minor: minor, Currency: eur}, true
		e.amount = minor
	}
	if r.IntN(3) > 0 {
		ev.HasLocation, ev.Lat, ev.Lon = true, math.Round(r.Float64()*180e6)/1e6-90, math.Round(r.Float64()*360e6)/1e6-180
		if r.IntN(10) == 0 {
			ev.Lat /= 3
		}
	}
	if r.IntN(2) == 0 {
		ev.Attributes = []tidegate.Attribute{{Name: "weight", Kind: tidegate.KindNumber, Num: float64(r.IntN(5))/10 + 1000}}
	}
	return e
}

// observe asks all three; the two states agree to the bit.
func (w *world) observe(e, first *oracleEvent, judge bool) {
	ask := func(st *features.State, facts *tidegate.Facts) error {
		if first != nil {
			return st.ObserveFollowUp(e.Event, first.Event, facts, 0)
		}
		return st.Observe(e.Event, facts, 0)
	}
	if err := ask(w.memory, w.facts[0]); err != nil {
		w.t.Fatal(err)
	}
	if err := ask(w.stored, w.facts[1]); err != nil {
		w.t.Fatal(err)
	}
	for i := range w.facts[0].Num {
		a, b := w.facts[0].Num[i], w.facts[1].Num[i]
		if math.Float64bits(a) != math.Float64bits(b) && !(a != a && b != b) || w.facts[0].Text[i] != w.facts[1].Text[i] {
			w.t.Fatalf("%s: %v %q in memory, %v %q from disk", w.set.Variables()[i].Definition, a, w.facts[0].Text[i], b, w.facts[1].Text[i])
		}
	}
	if !judge {
		return
	}
	recent := w.oracle.recent(e.Time, 5000)
	for i := range w.features {
		f := &w.features[i]
		o := &w.oracle
		if f.window > 0 {
			o = recent
		}
		want := o.answer(f, e, first)
		if !w.same(f, w.places[i], want) {
			at := w.places[i]
			w.t.Fatalf("%s: %s = %v %q at event %d, want %v\n%s", f.name, w.set.Variables()[at].Definition,
				w.facts[0].Num[at], w.facts[0].Text[at], e.arrival, want, f.yaml)
		}
	}
}

func (w *world) same(f *oracleFeature, at int, want value) bool {
	got := w.facts[0].Num[at]
	switch {
	case want.missing || got != got:
		return want.missing && got != got
	case want.text != "":
		return w.facts[0].Text[at] == want.text
	}
	tolerance := f.tolerance
	if math.Abs(want.number) > 1<<53/100 {
		tolerance += 4e-16 // minor units and major units are rounded
	}
	return math.Abs(got-want.number) <= tolerance*math.Abs(want.number)
}

func (w *world) apply(e, first *oracleEvent) {
	effect := features.Effect{}
	outcome := ""
	if e.Type == tidegate.TypeTransaction && w.random.IntN(10) > 0 {
		effect.Outcome, effect.HasOutcome = tidegate.Outcome(w.random.IntN(4)), true
		outcome = effect.Outcome.String()
	}
	if first != nil {
		effect.Follows = first.Event
	}
	for _, st := range []*features.State{w.memory, w.stored} {
		if err := st.Apply(e.Event, effect); err != nil {
			w.t.Fatal(err)
		}
	}
	into := e
	if first != nil {
		into = first
		if e.HasAmount && first.HasAmount {
			first.amount = max(first.amount, e.amount)
		}
	} else {
		w.oracle.events = append(w.oracle.events, e)
	}
	if outcome != "" {
		into.outcomes = append(into.outcomes, outcome)
	}
}

// followUp is a transaction that follows a recent one, which is still held.
func (w *world) followUp() (e, first *oracleEvent) {
	recent := w.oracle.events[max(0, len(w.oracle.events)-40):]
	if len(recent) == 0 {
		return nil, nil
	}
	first = recent[w.random.IntN(len(recent))]
	if first.Type != tidegate.TypeTransaction || int64(first.Time) < w.now-3000 {
		return nil, nil
	}
	e = w.event()
	e.Text[tidegate.CustomerID], e.Text[tidegate.MerchantID] = first.Text[tidegate.CustomerID], first.Text[tidegate.MerchantID]
	e.Type, e.Tenant, e.HasAmount = first.Type, first.Tenant, first.HasAmount
	if e.HasAmount {
		e.Amount = first.Amount
		e.Amount.Minor += w.random.Int64N(3) * 1000
		e.amount = e.Amount.Minor
	} else {
		e.amount, e.Amount = 0, first.Amount
	}
	return e, first
}

func (w *world) label() {
	if len(w.oracle.events) == 0 {
		return
	}
	back := w.random.IntN(min(len(w.oracle.events), 400))
	e := w.oracle.events[len(w.oracle.events)-1-back]
	fraud := w.random.IntN(4) > 0
	if e.Type != tidegate.TypeTransaction {
		return
	}
	e.fraud = fraud
	for _, st := range []*features.State{w.memory, w.stored} {
		if err := st.ApplyLabel(e.Event, fraud); err != nil {
			w.t.Fatal(err)
		}
	}
}

// step does one random thing.
func (w *world) step(kind int, judge bool) {
	w.locked(func() error {
		switch {
		case kind < 12:
			e := w.event()
			if kind > 0 { // recovery applies without observing
				w.observe(e, nil, judge)
			}
			w.apply(e, nil)
		case kind < 14:
			w.label()
		case kind < 15:
			if e, first := w.followUp(); e != nil {
				w.observe(e, first, judge)
				w.apply(e, first)
			}
		}
		return nil
	})
	if kind >= 15 {
		w.checkpoint(kind == 16)
	}
}
