package features_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
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

func TestAgainstOracle(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt, rapid.Uint64().Draw(rt, "seed"), rapid.Bool().Draw(rt, "evicting"))
		w.keys = rapid.IntRange(1, 4).Draw(rt, "keys")
		for _, kind := range rapid.SliceOfN(rapid.IntRange(0, 16), 100, 800).Draw(rt, "steps") {
			w.step(kind, true)
		}
	})
}

// TestHotKeys goes on long enough for pages, sliders and eviction.
func TestHotKeys(t *testing.T) {
	steps := 15_000
	if testing.Short() {
		steps = 3000
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
