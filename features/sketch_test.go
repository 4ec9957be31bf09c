package features_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/stream/state"
)

// TestSketches: with more different values in a window than are held one by
// one, count_distinct stays within 4% (four standard errors) and the median
// within 1%, and both say that they are approximate; when the window has fewer
// again they are exact.
func TestSketches(t *testing.T) {
	eur, _ := tidegate.ParseCurrency("EUR")
	set := compile(t, `
features:
  - {name: customers, key: merchant_id, aggregate: count_distinct(customer_id), window: 1h}
  - {name: middle, key: merchant_id, aggregate: median(amount), window: 1h}
  - {name: high, key: merchant_id, aggregate: "quantile(weight, 0.99)", window: 1h}
  - {name: n, key: merchant_id, aggregate: count, window: 1h}
`, features.Options{Base: eur, Attributes: map[string]tidegate.Kind{"weight": tidegate.KindNumber}})
	st, err := features.NewState(set, state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	facts := tidegate.NewFacts(len(set.Variables()))
	type kept struct {
		time     tidegate.Millis
		customer int
		minor    int64
		weight   float64
	}
	var window []kept
	now := tidegate.Millis(1_700_000_000_000)
	sketched, exact := 0, 0
	var approximate []int
	for i := range 42_000 {
		// 30,000 events an hour, then 600, from many customers and then few.
		customers, step := 1_000_000, tidegate.Millis(120)
		if i >= 40_000 {
			customers, step = 300, 6000
		}
		now += step
		e := kept{now, random.IntN(customers), int64(math.Exp(random.Float64() * 20)), math.Exp(random.NormFloat64()*3) - 1}
		for len(window) > 0 && window[0].time <= now-3_600_000 {
			window = window[1:]
		}
		window = append(window, e)
		ev := &tidegate.Event{
			Type: tidegate.TypeTransaction, Time: now, Amount: tidegate.Money{Minor: e.minor, Currency: eur}, HasAmount: true,
			Attributes: []tidegate.Attribute{{Name: "weight", Kind: tidegate.KindNumber, Num: e.weight}},
		}
		ev.Text[tidegate.MerchantID] = "m"
		ev.Text[tidegate.CustomerID] = fmt.Sprint("c", e.customer)
		ev.Text[tidegate.TransactionID] = fmt.Sprint("t", i)
		if i%499 == 0 {
			if err := st.Observe(ev, facts, 0); err != nil {
				t.Fatal(err)
			}
			different := map[int]bool{}
			var minors []int64
			var weights []float64
			for _, k := range window {
				different[k.customer] = true
				minors, weights = append(minors, k.minor), append(weights, k.weight)
			}
			slices.Sort(minors)
			slices.Sort(weights)
			want := []float64{float64(len(different)), float64(minors[(len(minors)-1)/2]) / 100, weights[int(0.99*float64(len(weights)-1))], float64(len(window))}
			approximate = st.Approximate(nil)
			for k, tolerance := range []float64{0.04, 0.01, 0.01, 0} {
				if slices.Contains(approximate, k) {
					sketched++
				} else {
					exact++
					tolerance = 0
				}
				if math.Abs(facts.Num[k]-want[k]) > tolerance*math.Abs(want[k]) {
					t.Fatalf("event %d: %s = %v, want %v within %v", i, set.Variables()[k].Name, facts.Num[k], want[k], tolerance)
				}
			}
		}
		if err := st.Apply(ev, features.Effect{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(approximate) > 0 || sketched < 50 || exact < 50 {
		t.Errorf("%v at the end, %d values by sketches, %d exact", approximate, sketched, exact)
	}
}
