package scoring_test

import (
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/bench/generate"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/examples"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream/state"
)

// BenchmarkDecide decides generated payments with the example configuration,
// and with what it is without its patterns.
func BenchmarkDecide(b *testing.B) {
	for _, c := range []struct {
		name string
		skip string
	}{{"example", "-"}, {"without_patterns", "patterns/"}} {
		b.Run(c.name, func(b *testing.B) {
			files, err := config.Deciding(examples.Issuer())
			if err != nil {
				b.Fatal(err)
			}
			for name := range files {
				if strings.HasPrefix(name, c.skip) {
					delete(files, name)
				}
			}
			s, err := scoring.Compile(files)
			if err != nil {
				b.Fatal(err)
			}
			store := state.NewMemory()
			known, err := scoring.NewKnown(store, s.FeatureSet(), 0)
			if err != nil {
				b.Fatal(err)
			}
			stream := generate.New(generate.Options{Transactions: 1 << 40, Customers: 5_000})
			next := func() *tidegate.Event {
				for {
					item, _ := stream.Next()
					if item.Event.Type == tidegate.TypeTransaction {
						return &item.Event
					}
				}
			}
			for range 50_000 {
				tx := next()
				store.Advance(int64(tx.Time))
				if err := s.Decide(tx, nil, known, &tidegate.Decision{}); err != nil {
					b.Fatal(err)
				}
			}
			events := make([]*tidegate.Event, b.N)
			for i := range events {
				e := *next()
				events[i] = &e
			}
			b.ReportAllocs()
			b.ResetTimer()
			for _, tx := range events {
				store.Advance(int64(tx.Time))
				if err := s.Decide(tx, nil, known, &tidegate.Decision{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
