//go:build unix

package features_test

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/internal/hugepages"
	"github.com/tidegate/tidegate/stream/state"
)

const (
	second = tidegate.Millis(1000)
	day    = 24 * 3600 * second
)

var sevenWindows = []string{"2m", "10m", "1h", "6h", "24h", "7d", "30d"}

// sixAggregates over seven windows of the customer's amounts.
func sixAggregates() string {
	var b strings.Builder
	b.WriteString("features:\n")
	for _, w := range sevenWindows {
		for _, a := range []string{"count", "sum(amount)", "avg(amount)", "stddev(amount)", "min(amount)", "max(amount)"} {
			fmt.Fprintf(&b, "  - {name: %s_%s, key: customer_id, aggregate: %s, window: %s}\n", strings.NewReplacer("(", "_", ")", "").Replace(a), w, a, w)
		}
	}
	return b.String()
}

const distinctAndMedian = `
  - {name: merchants_30d, key: customer_id, aggregate: count_distinct(merchant_id), window: 30d}
  - {name: median_30d, key: customer_id, aggregate: median(amount), window: 30d}
`

// load is a state and a source of events for it.
type load struct {
	st     *features.State
	facts  *tidegate.Facts
	event  tidegate.Event
	random *rand.Rand
	ids    []string
	names  []string
	t      tidegate.Millis
}

// asServed gives the heap the pages that the service gives it.
var asServed = sync.OnceFunc(func() { hugepages.Reserve(1 << 30) })

func newLoad(b *testing.B, yaml string, merchants int) *load {
	asServed()
	eur, _ := tidegate.ParseCurrency("EUR")
	set := compile(b, yaml, features.Options{Base: eur})
	st, err := features.NewState(set, state.NewMemory())
	if err != nil {
		b.Fatal(err)
	}
	l := &load{st: st, facts: tidegate.NewFacts(len(set.Variables())), random: rand.New(rand.NewPCG(1, 2))}
	l.event = tidegate.Event{Type: tidegate.TypeTransaction, HasAmount: true, Amount: tidegate.Money{Currency: eur}}
	for i := range 1 << 12 {
		l.ids = append(l.ids, fmt.Sprintf("t-%08d", i))
	}
	for i := range merchants {
		l.names = append(l.names, fmt.Sprintf("merchant-%06d", i))
	}
	return l
}

func (l *load) next(customer string, t tidegate.Millis) *tidegate.Event {
	ev := &l.event
	ev.Time = t
	ev.Amount.Minor = 100 + l.random.Int64N(20000)
	ev.Text[tidegate.TransactionID] = l.ids[l.random.IntN(len(l.ids))]
	ev.Text[tidegate.CustomerID] = customer
	if len(l.names) > 0 {
		ev.Text[tidegate.MerchantID] = l.names[l.random.IntN(len(l.names))]
	}
	return ev
}

func (l *load) fill(b *testing.B, keys []string, events int, step tidegate.Millis) (heap float64) {
	before := heapInUse()
	for range events {
		for _, key := range keys {
			l.t += step
			if err := l.st.Apply(l.next(key, l.t), features.Effect{}); err != nil {
				b.Fatal(err)
			}
		}
	}
	return heapInUse() - before
}

// cpuTime is the processor time of this process in nanoseconds, which other
// processes on the machine distort less than the time on the wall.
func cpuTime() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(syscall.TimevalToNsec(u.Utime) + syscall.TimevalToNsec(u.Stime))
}

func heapInUse() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

func names(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("customer-%07d", i)
	}
	return keys
}

func (l *load) run(b *testing.B, keys []string, step tidegate.Millis) {
	b.ReportAllocs()
	b.ResetTimer()
	began := cpuTime()
	defer func() { b.ReportMetric((cpuTime()-began)/float64(b.N), "cpu-ns/op") }()
	for range b.N {
		l.t += step
		ev := l.next(keys[l.random.IntN(len(keys))], l.t)
		if err := l.st.Observe(ev, l.facts, 0); err != nil {
			b.Fatal(err)
		}
		if err := l.st.Apply(ev, features.Effect{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkColdKeys is one event of one of 100,000 customers with 60 events
// each in the last 30 days: six aggregates over seven windows.
func BenchmarkColdKeys(b *testing.B) {
	for _, c := range []struct {
		name, yaml string
		merchants  int
	}{{"statistics", sixAggregates(), 0}, {"distinct+median", sixAggregates() + distinctAndMedian, 500}} {
		l := newLoad(b, c.yaml, c.merchants)
		keys := names(100_000)
		const events = 60
		step := 30 * day / (events * 100_000)
		if step == 0 {
			step = 1
		}
		bytes := l.fill(b, keys, events, step)
		b.Run(c.name, func(b *testing.B) {
			l.run(b, keys, step)
			b.ReportMetric(bytes/float64(events*len(keys)), "B/held")
		})
	}
}

// BenchmarkHotKey is one event of a customer with a million in the last 30 days.
func BenchmarkHotKey(b *testing.B) {
	for _, c := range []struct {
		name, yaml string
		merchants  int
	}{
		{"statistics", sixAggregates(), 0},
		{"distinct+median", sixAggregates() + distinctAndMedian, 500},
		{"distinct100k+median", sixAggregates() + distinctAndMedian, 100_000},
	} {
		l := newLoad(b, c.yaml, c.merchants)
		keys := names(1)
		const events = 1_000_000
		step := 30 * day / events
		bytes := l.fill(b, keys, events, step)
		b.Run(c.name, func(b *testing.B) {
			l.run(b, keys, step)
			b.ReportMetric(bytes/events, "B/held")
		})
	}
}

// BenchmarkHandbook is one transaction of the handbook with its label: its
// features over seven windows, on a customer and on a terminal.
func BenchmarkHandbook(b *testing.B) {
	dir := os.Getenv("TIDEGATE_DATA")
	if dir == "" {
		b.Skip("TIDEGATE_DATA names no data")
	}
	eur, _ := tidegate.ParseCurrency("EUR")
	in := csv.NewReader(gunzip(b, filepath.Join(dir, "handbook", "transactions.csv.gz")))
	if _, err := in.Read(); err != nil {
		b.Fatal(err)
	}
	events := make([]*tidegate.Event, 500_000)
	frauds := make([]bool, len(events))
	for i := range events {
		tx, err := in.Read()
		if err != nil {
			b.Fatal(err)
		}
		events[i], frauds[i] = handbookEvent(b, tx, eur), tx[5] == "1"
	}
	set := compile(b, handbookFeatures, features.Options{Base: eur})
	facts := tidegate.NewFacts(len(set.Variables()))
	b.ReportAllocs()
	for b.Loop() {
		began := cpuTime()
		st, err := features.NewState(set, state.NewMemory())
		if err != nil {
			b.Fatal(err)
		}
		for i, ev := range events {
			if err := st.Observe(ev, facts, 0); err != nil {
				b.Fatal(err)
			}
			if err := st.Apply(ev, features.Effect{}); err != nil {
				b.Fatal(err)
			}
			if frauds[i] {
				if err := st.ApplyLabel(ev, true); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric((cpuTime()-began)/float64(len(events)), "cpu-ns/transaction")
	}
}

// BenchmarkIssuer is one payment through the example configuration: some fifty
// features of six entities, 100,000 customers with 40 payments each.
func BenchmarkIssuer(b *testing.B) {
	yaml, err := os.ReadFile("../examples/issuer/features.yaml")
	if err != nil {
		b.Fatal(err)
	}
	l := newLoad(b, string(yaml), 5000)
	b.Run("", func(b *testing.B) {
		ids := func(prefix string, n int) []string {
			list := make([]string, n)
			for i := range list {
				list[i] = fmt.Sprint(prefix, i)
			}
			return list
		}
		const customers = 100_000
		customer, device, ip, card, terminal := ids("c", customers), ids("d", customers), ids("10.1.", customers/2), ids("k", customers), ids("x", 10_000)
		next := func() *tidegate.Event {
			i := l.random.IntN(customers)
			l.t += 30 * day / (40 * customers)
			ev := l.next(customer[i], l.t)
			ev.Text[tidegate.DeviceFingerprint] = device[(i+l.random.IntN(2))%customers]
			ev.Text[tidegate.IPAddress] = ip[(i/2+l.random.IntN(3))%len(ip)]
			ev.Text[tidegate.CardID] = card[i]
			ev.Text[tidegate.TerminalID] = terminal[l.random.IntN(len(terminal))]
			ev.Text[tidegate.Channel] = []string{"pos", "ecom", "atm"}[l.random.IntN(3)]
			ev.Text[tidegate.MerchantCountry] = []string{"DE", "FR", "GB", "US"}[l.random.IntN(4)]
			ev.Text[tidegate.TransactionType] = "purchase"
			return ev
		}
		if l.t == 0 {
			for range 40 * customers {
				if err := l.st.Apply(next(), features.Effect{HasOutcome: true}); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportAllocs()
		b.ResetTimer()
		began := cpuTime()
		for range b.N {
			ev := next()
			if err := l.st.Observe(ev, l.facts, 0); err != nil {
				b.Fatal(err)
			}
			if err := l.st.Apply(ev, features.Effect{HasOutcome: true}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric((cpuTime()-began)/float64(b.N), "cpu-ns/op")
	})
}
