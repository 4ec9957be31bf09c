package rules

import (
	"fmt"
	"strings"
	"testing"
)

// A hundred rules of three comparisons each, some on texts and lists, beside
// a block, an allow and a watch list.
func BenchmarkSetEvaluate(b *testing.B) {
	var file strings.Builder
	file.WriteString("rules:\n")
	for i := range 100 {
		when := fmt.Sprintf("customer_tx_count_2m > %d and tx.amount > %d and travel_km > %d", 1+i%9, 100*(i%37), 50*(i%23))
		switch i % 10 {
		case 0:
			when = fmt.Sprintf(`tx.mcc in ["%d", "6051"] and tx.card_country != tx.merchant_country and tx.amount > %d`, 5000+i, 10*i)
		case 1:
			when = fmt.Sprintf(`in_list("countries", tx.card_country) and tx.amount > %d * customer_amount_avg_30d and travel_km > 10`, 2+i%7)
		}
		fmt.Fprintf(&file, "  - {id: r%d, when: '%s', then: {outcome: review, score: 10, reason: X}}\n", i, when)
	}
	schema := testSchema(b)
	lists, err := LoadLists([]File{{"lists/l.yaml", []byte(countriesFile)}}, schema)
	if err != nil {
		b.Fatal(err)
	}
	set, err := Load([]File{{"rules.yaml", []byte(file.String())}}, schema, lists, Options{})
	if err != nil {
		b.Fatal(err)
	}
	ctx := &Context{Facts: riskyFacts(b), Tenant: "default"}
	b.ReportAllocs()
	for b.Loop() {
		set.Evaluate(ctx)
	}
	b.ReportMetric(float64(len(ctx.Verdict.Fired)), "fired/op")
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		testSet(b)
	}
}
