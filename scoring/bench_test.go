package scoring_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/bench/generate"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/examples"
	"github.com/tidegate/tidegate/internal/hugepages"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream/state"
)

// BenchmarkDecide decides generated payments: with the example configuration,
// without its patterns, and with the configuration that the aim is stated for.
func BenchmarkDecide(b *testing.B) {
	b.Run("50_features_100_rules_100x6", func(b *testing.B) { benchmarkDecide(b, hundredRules(b), 5_000) })
	b.Run("first_seen", func(b *testing.B) { benchmarkDecide(b, hundredRules(b), 1<<20) })
	b.Run("example", func(b *testing.B) { benchmarkDecide(b, issuer(b), 5_000) })
	b.Run("example_without_patterns", func(b *testing.B) {
		files := issuer(b)
		for name := range files {
			if strings.HasPrefix(name, "patterns/") {
				delete(files, name)
			}
		}
		benchmarkDecide(b, files, 5_000)
	})
}

// pace is the event time between two payments: 40 a customer and 30 days, if
// there are 5,000 customers.
const pace = 30 * 24 * 3600 * 1000 / 200_000

// benchmarkDecide lets 40 payments a customer pass, at most 200,000 in all,
// before it measures. With many customers most are new at their first payment.
func benchmarkDecide(b *testing.B, files map[string][]byte, customers int) {
	hugepages.Reserve(1 << 30) // as the service does
	s, err := scoring.Compile(files)
	if err != nil {
		b.Fatal(err)
	}
	store := state.NewMemory()
	known, err := scoring.NewKnown(store, s.FeatureSet(), 0)
	if err != nil {
		b.Fatal(err)
	}
	const endless = 1 << 30
	stream := generate.New(generate.Options{Transactions: endless, Span: endless * pace, Customers: customers, Merchants: 2_000})
	var d tidegate.Decision
	decide := func(tx *tidegate.Event) {
		store.Advance(int64(tx.Time))
		d.Reset()
		if err := s.Decide(tx, nil, known, &d); err != nil {
			b.Fatal(err)
		}
	}
	for range 200_000 {
		decide(nextPayment(stream))
	}
	events := make([]*tidegate.Event, b.N)
	for i := range events {
		events[i] = nextPayment(stream)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, tx := range events {
		decide(tx)
	}
}

func nextPayment(stream *generate.Stream) *tidegate.Event {
	for {
		if item, _ := stream.Next(); item.Event.Type == tidegate.TypeTransaction {
			return &item.Event
		}
	}
}

func issuer(b *testing.B) map[string][]byte {
	files, err := config.Deciding(examples.Issuer())
	if err != nil {
		b.Fatal(err)
	}
	return files
}

// hundredRules is the example's features under a hundred rules of three
// comparisons and a model of 100 trees of depth 6.
func hundredRules(b *testing.B) map[string][]byte {
	graph, err := os.ReadFile("../models/onnx/testdata/models/handbook_xgb_100x6.onnx")
	if err != nil {
		b.Fatal(err)
	}
	files := issuer(b)
	for name := range files {
		if !strings.HasPrefix(name, "features") && name != "attributes.yaml" && name != "rates.yaml" && name != "points.csv" {
			delete(files, name)
		}
	}
	numbers := []string{
		"customer_tx_count_2m", "customer_tx_count_1h", "customer_tx_count_24h", "customer_tx_count_7d", "customer_tx_count_30d",
		"customer_amount_sum_1h", "customer_amount_sum_24h", "customer_amount_sum_7d", "customer_history_30d", "customer_merchants_24h",
		"customer_devices_7d", "customer_ips_24h", "device_tx_count_1h", "ip_tx_count_1h", "merchant_tx_count_1h",
	}
	var rules strings.Builder
	rules.WriteString("rules:\n")
	for i := range 100 {
		a, c := numbers[i%len(numbers)], numbers[(i/len(numbers)+i+1)%len(numbers)]
		fmt.Fprintf(&rules, "  - {id: r%d, when: '%s > %d and %s > %d and tx.amount > %d', then: {outcome: review, score: 1, reason: R%d}}\n",
			i, a, 20+i, c, 10+i%40, 50+10*i, i)
	}
	files["rules/hundred.yaml"] = []byte(rules.String())
	files["models/trees.onnx"] = graph
	files["models/trees.yaml"] = fmt.Appendf(nil, "name: trees\nfile: trees.onnx\nrole: champion\nfeatures: [%s]\n", strings.Join(numbers, ", "))
	return files
}
