package stream_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tidegate/tidegate/stream"
)

type tick struct {
	Key string
	At  stream.Millis
}

func (t tick) Time() stream.Millis { return t.At }
func (t tick) By() string          { return t.Key }

// BenchmarkWindows compares windows that fire equally often: 100 keys, each
// with 100 events a second, and a result of each key every second. The windows
// are full from the start of what is measured. It reports how many times the
// work of a tumbling window each of the others is.
func BenchmarkWindows(b *testing.B) {
	const keys, perSecond, seconds = 100, 100, 60
	names := make([]string, keys)
	for i := range names {
		names[i] = fmt.Sprintf("key-%03d", i)
	}
	tumbling := 0.0
	for _, c := range []struct {
		name string
		w    stream.Windows
	}{
		{"tumbling 1s", stream.Tumbling(time.Second)},
		{"sliding 1m by 1s", stream.Sliding(time.Minute, time.Second)},
		{"sliding 1h by 1s", stream.Sliding(time.Hour, time.Second)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			took := time.Duration(0)
			for b.Loop() {
				var began time.Time
				src := stream.Generate(func(i int64) (tick, bool) {
					if i < 3600*keys { // an hour of an event a second fills them
						return tick{names[i%keys], stream.Millis(i / keys * 1000)}, true
					}
					if i -= 3600 * keys; i == 0 {
						began = time.Now()
					} else if i == keys*perSecond*seconds {
						took += time.Since(began)
					}
					return tick{names[i%keys], stream.Millis(3_600_000 + i*1000/(keys*perSecond))}, i < keys*perSecond*seconds
				})
				p := stream.New("bench", stream.Options{})
				k := stream.KeyBy(stream.From(p, src, stream.Timestamps(tick.Time)), tick.By)
				stream.To(stream.Aggregate(stream.Window(k, c.w), stream.Count[tick]()), stream.Blackhole[stream.Result[string, int64]]())
				if err := p.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			each := took.Seconds() / float64(b.N*keys*perSecond*seconds)
			if tumbling == 0 {
				tumbling = each
			}
			b.ReportMetric(1/each, "events/s")
			b.ReportMetric(each/tumbling, "x-tumbling")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkRecord is what a record costs that goes through five operators
// without state.
func BenchmarkRecord(b *testing.B) {
	n := int64(b.N)
	p := stream.New("bench", stream.Options{})
	s := stream.From(p, stream.Generate(func(i int64) (int64, bool) { return i, i < n }), stream.SourceTimestamps[int64]())
	for range 4 {
		s = stream.Map(s, func(v int64) int64 { return v + 1 })
	}
	stream.To(stream.Filter(s, func(v int64) bool { return v%1000 == 0 }), stream.Blackhole[int64]())
	b.ReportAllocs()
	b.ResetTimer()
	if err := p.Run(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkKeyed is what a record costs that changes the state of one of many
// keys.
func BenchmarkKeyed(b *testing.B) {
	for _, keys := range []int64{1000, 1_000_000} {
		b.Run(fmt.Sprintf("%d keys", keys), func(b *testing.B) {
			n := int64(b.N)
			p := stream.New("bench", stream.Options{})
			s := stream.From(p, stream.Generate(func(i int64) (int64, bool) { return i * 2654435761 % keys, i < n }), stream.SourceTimestamps[int64]())
			k := stream.KeyBy(s, func(v int64) int64 { return v })
			stream.To(stream.Process(k, &counter{}), stream.Blackhole[int64]())
			b.ReportAllocs()
			b.ResetTimer()
			if err := p.Run(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

type counter struct{ n stream.Value[int64] }

func (c *counter) Open(s *stream.States) error {
	c.n = stream.NewValue[int64](s, "n")
	return nil
}

func (c *counter) Process(x *stream.Context[int64, int64], _ int64) error {
	*c.n.Update(x)++
	return nil
}
