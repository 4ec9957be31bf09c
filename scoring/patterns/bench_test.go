package patterns

import (
	"fmt"
	"testing"

	"github.com/tidegate/tidegate"
)

func payment(i int) *tidegate.Event {
	e := &tidegate.Event{
		ID: fmt.Sprint("e", i), Type: tidegate.TypeTransaction, Tenant: tidegate.DefaultTenant, Time: tidegate.Millis(1_700_000_000_000 + int64(i)*1000),
		Amount: tidegate.Money{Minor: 4200, Currency: euro}, HasAmount: true,
	}
	e.Base, e.HasBase = e.Amount, true
	e.Text[tidegate.CustomerID] = fmt.Sprint("c", i%1000)
	e.Text[tidegate.CardID] = fmt.Sprint("k", i%1000)
	e.Text[tidegate.DeviceFingerprint] = fmt.Sprint("d", i%1000)
	e.Text[tidegate.MCC], e.Text[tidegate.TransactionType], e.Text[tidegate.EntryMode] = "5411", "purchase", "chip"
	return e
}

// BenchmarkAdvance shows payments to the example patterns: of customers with
// nothing open, which most are; of cards that begin a partial match with each;
// and of one with 20 partial matches.
func BenchmarkAdvance(b *testing.B) {
	run := func(b *testing.B, s *State, next func(i int) *tidegate.Event) {
		events := make([]*tidegate.Event, 1000)
		for i := range events {
			events[i] = next(i)
		}
		now := events[len(events)-1].Time
		b.ReportAllocs()
		b.ResetTimer()
		for i := range b.N {
			e := events[i%1000]
			now += 1000
			e.Time = now
			s.store.Advance(int64(e.Time))
			if _, err := s.Advance(e, tidegate.CustomerID, 0); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("idle", func(b *testing.B) { run(b, memory(b, compileExamples(b)), payment) })
	b.Run("begins", func(b *testing.B) {
		run(b, memory(b, compileExamples(b)), func(i int) *tidegate.Event {
			e := payment(i)
			e.Base.Minor = 900
			return e
		})
	})
	b.Run("open20", func(b *testing.B) {
		s := memory(b, compileText(b, "patterns:\n  - {id: p, key: customer_id, within: 1000000h, stages: [{begin: a, where: 'type == \"begin\"'}, {followed_by: b, where: 'amount > 2 * a.amount'}]}\n"))
		for i := range 20 {
			e := payment(0)
			e.Type, e.Time = "begin", e.Time-tidegate.Millis(1000-i)
			if _, err := s.Advance(e, tidegate.CustomerID, 0); err != nil {
				b.Fatal(err)
			}
		}
		run(b, s, func(i int) *tidegate.Event { return payment(i * 1000) })
	})
}
