package features_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
)

const login = "login"

func isText(f tidegate.Field, text string) func(*oracleEvent) bool {
	return func(e *oracleEvent) bool { return e.TextOf(f) == text }
}

func hadOutcome(names ...string) func(*oracleEvent) bool {
	return func(e *oracleEvent) bool {
		for _, had := range e.outcomes {
			for _, name := range names {
				if had == name {
					return true
				}
			}
		}
		return false
	}
}

// oracleFeatures hold every aggregate, alone and with each of delay, where,
// pairs, labels, outcomes and other event types.
func oracleFeatures() []oracleFeature {
	customer := []tidegate.Field{tidegate.CustomerID}
	terminal := []tidegate.Field{tidegate.TerminalID}
	pair := []tidegate.Field{tidegate.CustomerID, tidegate.MerchantID}
	triple := []tidegate.Field{tidegate.CustomerID, tidegate.MerchantID, tidegate.Channel}
	big := func(e *oracleEvent) bool { return e.HasAmount && e.amount > 5000 }
	var list []oracleFeature
	add := func(f oracleFeature, aggregate string, more ...string) {
		f.name = fmt.Sprintf("f%d", len(list))
		var keys []string
		for _, k := range f.key {
			keys = append(keys, k.String())
		}
		f.yaml = fmt.Sprintf("  - name: %s\n    key: [%s]\n    aggregate: %s\n", f.name, strings.Join(keys, ", "), aggregate)
		if f.window > 0 {
			f.yaml += fmt.Sprintf("    window: %dms\n", f.window)
		}
		if f.delay > 0 {
			f.yaml += fmt.Sprintf("    delay: %dms\n", f.delay)
		}
		for _, m := range more {
			f.yaml += "    " + m + "\n"
		}
		list = append(list, f)
	}
	for _, w := range []int64{1, 40, 700, 3000} {
		add(oracleFeature{key: customer, window: w, compute: countOf}, "count")
		add(oracleFeature{key: customer, window: w, compute: sumOf}, "sum(amount)")
		add(oracleFeature{key: customer, window: w, compute: avgOf, tolerance: 1e-12}, "avg(amount)")
		add(oracleFeature{key: customer, window: w, compute: stddevOf, tolerance: 1e-12}, "stddev(amount)")
		add(oracleFeature{key: customer, window: w, compute: minOf}, "min(amount)")
		add(oracleFeature{key: customer, window: w, compute: maxOf}, "max(amount)")
		add(oracleFeature{key: customer, window: w, compute: distinctOf(tidegate.MerchantID)}, "count_distinct(merchant_id)")
		add(oracleFeature{key: customer, window: w, compute: rank(0.5)}, "median(amount)")
		add(oracleFeature{key: customer, window: w, compute: rank(0.9)}, "quantile(amount, 0.9)")
		add(oracleFeature{key: customer, window: w, others: true, compute: ratioOf, tolerance: 1e-12}, "ratio(amount)")
		add(oracleFeature{key: customer, window: w, others: true, compute: zscoreOf, tolerance: 1e-9}, "zscore(amount)")
		add(oracleFeature{key: customer, window: w, compute: lastOf(tidegate.Channel)}, "last(channel)")
		add(oracleFeature{key: customer, window: w, others: true, compute: firstOf(tidegate.MerchantID)}, "first(merchant_id)", "exclude_current: true")
		add(oracleFeature{key: customer, window: w, compute: countOf, where: isText(tidegate.Channel, "pos")}, "count", `where: channel == "pos"`)
		add(oracleFeature{key: customer, window: w, compute: sumOf, where: big}, "sum(amount)", "where: amount > 50")
		add(oracleFeature{key: customer, window: w, onOutcome: true, compute: countOf, where: hadOutcome("decline")}, "count", `where: outcome == "decline"`)
		add(oracleFeature{key: customer, window: w, onOutcome: true, compute: avgOf, tolerance: 1e-12, where: hadOutcome("review", "challenge")},
			"avg(amount)", `where: outcome in ["review", "challenge"]`)
		add(oracleFeature{key: customer, window: w, compute: countOf, types: []string{login}}, "count", "events: [login]")
		add(oracleFeature{key: customer, window: w, delay: 300, compute: countOf}, "count")
		add(oracleFeature{key: customer, window: w, delay: 300, compute: distinctOf(tidegate.Channel)}, "count_distinct(channel)")
		add(oracleFeature{key: customer, window: w, delay: 300, compute: rank(0.5)}, "median(amount)")
		add(oracleFeature{key: customer, window: w, compute: statisticOf("weight", floatAvg), tolerance: 1e-9}, "avg(weight)")
		add(oracleFeature{key: customer, window: w, compute: statisticOf("weight", floatStddev), tolerance: 1e-7}, "stddev(weight)")
		add(oracleFeature{key: customer, window: w, compute: statisticOf("weight", floatMedian)}, "median(weight)")
		add(oracleFeature{key: pair, window: w, compute: countOf}, "count")
		add(oracleFeature{key: pair, window: w, compute: sumOf}, "sum(amount)")
		add(oracleFeature{key: pair, window: w, compute: maxOf, where: isText(tidegate.Channel, "pos")}, "max(amount)", `where: channel == "pos"`)
		add(oracleFeature{key: pair, window: w, others: true, compute: unseen}, "first_seen")
		add(oracleFeature{key: triple, window: w, compute: countOf}, "count")
		add(oracleFeature{key: triple, window: w, others: true, compute: unseen}, "first_seen")
		add(oracleFeature{key: pair, window: w, compute: distinctOf(tidegate.Channel)}, "count_distinct(channel)")
		add(oracleFeature{key: terminal, window: w, delay: 400, compute: countOf}, "count")
		add(oracleFeature{key: terminal, window: w, delay: 400, compute: otherwise(0, fraudShareOf), tolerance: 1e-12}, "avg(fraud)", "default: 0")
		add(oracleFeature{key: terminal, window: w, compute: fraudShareOf, tolerance: 1e-12}, "avg(fraud)")
		add(oracleFeature{key: terminal, window: w, compute: fraudsOf, where: big}, "sum(fraud)", "where: amount > 50")
		add(oracleFeature{key: terminal, window: w, others: true, compute: sumOf, where: func(e *oracleEvent) bool { return e.fraud && big(e) }},
			"sum(amount)", "where: fraud and amount > 50", "exclude_current: true")
		add(oracleFeature{key: terminal, window: w, compute: distinctOf(tidegate.CustomerID), where: func(e *oracleEvent) bool { return !e.fraud }},
			"count_distinct(customer_id)", "where: not fraud")
	}
	add(oracleFeature{key: customer, others: true, compute: sinceOf}, "time_since_last")
	add(oracleFeature{key: customer, others: true, onOutcome: true, compute: sinceOf, where: hadOutcome("decline")}, "time_since_last", `where: outcome == "decline"`)
	add(oracleFeature{key: pair, others: true, compute: sinceOf}, "time_since_last")
	add(oracleFeature{key: pair, others: true, window: 700, compute: sinceOf}, "time_since_last")
	add(oracleFeature{key: customer, window: 700, compute: lastAmountOf}, "last(amount)")
	return list
}

// travelFeature stands for three oracle features.
var travelFeatures = func() (list []oracleFeature) {
	for i, suffix := range []string{"_km", "_s", "_kmh"} {
		list = append(list, oracleFeature{
			name: "travel" + suffix, key: []tidegate.Field{tidegate.CustomerID}, others: true, compute: located(i), tolerance: 1e-6,
		})
	}
	list[0].yaml = "  - {name: travel, key: customer_id, kind: travel}\n"
	return list
}()

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

// followUp is a transaction that follows a recent one.
func (w *world) followUp() (e, first *oracleEvent) {
	recent := w.oracle.events[max(0, len(w.oracle.events)-40):]
	if len(recent) == 0 {
		return nil, nil
	}
	first = recent[w.random.IntN(len(recent))]
	if first.Type != tidegate.TypeTransaction {
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

func TestAgainstOracle(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt, rapid.Uint64().Draw(rt, "seed"), rapid.Bool().Draw(rt, "evicting"))
		w.keys = rapid.IntRange(1, 4).Draw(rt, "keys")
		for _, kind := range rapid.SliceOfN(rapid.IntRange(0, 16), 1, 800).Draw(rt, "steps") {
			w.step(kind, true)
		}
	})
}

// TestHotKeys goes on long enough for pages, sliders and eviction.
func TestHotKeys(t *testing.T) {
	steps := 25_000
	if testing.Short() {
		steps = 8000
	}
	for _, c := range []struct {
		name     string
		evicting bool
		paces    []int64
	}{
		{"sparse, with pairs kept for long", false, []int64{0, 0, 1, 5, 30, 200}},
		{"sparse", true, []int64{0, 0, 1, 5, 30, 200}},
		{"dense", true, []int64{0, 0, 0, 0, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 7, c.evicting)
			w.keys, w.paces = 1, c.paces
			for i := range steps {
				kind := w.random.IntN(15)
				if i%997 == 0 {
					kind = 16
				}
				w.step(kind, i%203 == 0)
			}
		})
	}
}
