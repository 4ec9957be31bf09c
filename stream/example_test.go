package stream_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/tidegate/tidegate/stream"
)

type order struct {
	User  string
	Cents int64
	At    stream.Millis
}

func (o order) Time() stream.Millis { return o.At }
func (o order) By() string          { return o.User }

func Example() {
	p := stream.New("shop", stream.Options{})
	orders := stream.From(p, stream.FromSlice(
		order{"ann", 300, 1_000},
		order{"bob", 500, 2_000},
		order{"ann", 200, 61_000},
		order{"ann", 100, 59_000}, // late, but not too late
	), stream.Timestamps(order.Time).BoundedOutOfOrderness(10*time.Second))

	perMinute := stream.Window(stream.KeyBy(orders, order.By), stream.Tumbling(time.Minute))
	spent := stream.Aggregate(perMinute, stream.Sum(func(o order) int64 { return o.Cents }))
	lines := stream.Map(spent, func(r stream.Result[string, int64]) string {
		return fmt.Sprintf("%s spent %d cents in minute %d", r.Key, r.Value, r.Window.Start/60_000)
	})
	stream.To(lines, stream.Print[string](os.Stdout))
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// "ann spent 400 cents in minute 0"
	// "bob spent 500 cents in minute 0"
	// "ann spent 200 cents in minute 1"
}

// silence tells of users who order nothing for a while: state and a timer.
type silence struct {
	After time.Duration
	last  stream.Value[int64]
}

func (s *silence) Open(states *stream.States) error {
	s.last = stream.NewValue[int64](states, "last order")
	return nil
}

func (s *silence) Process(c *stream.Context[string, string], o order) error {
	s.last.Set(c, int64(c.Time()))
	c.SetTimer(c.Time() + stream.Millis(s.After.Milliseconds()))
	return nil
}

func (s *silence) OnTimer(c *stream.Context[string, string], t stream.Timer) error {
	if last := s.last.Get(c); t.At == stream.Millis(*last+s.After.Milliseconds()) {
		c.Emit(fmt.Sprintf("%s has ordered nothing since %d", c.Key, *last))
	}
	return nil
}

func ExampleProcess() {
	p := stream.New("silence", stream.Options{})
	orders := stream.From(p, stream.FromSlice(
		order{"ann", 300, 0},
		order{"ann", 200, 50_000},
		order{"bob", 100, 140_000},
	), stream.Timestamps(order.Time))
	silent := stream.Process(stream.KeyBy(orders, order.By), &silence{After: time.Minute})
	stream.To(silent, stream.Print[string](os.Stdout))
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// "ann has ordered nothing since 50000"
	// "bob has ordered nothing since 140000"
}

func ExampleIntervalJoin() {
	p := stream.New("join", stream.Options{})
	by := func(at ...stream.Millis) stream.Keyed[string, order] {
		var all []order
		for _, at := range at {
			all = append(all, order{"ann", int64(at), at})
		}
		return stream.KeyBy(stream.From(p, stream.FromSlice(all...), stream.Timestamps(order.Time)), order.By)
	}
	clicks, orders := by(10, 100), by(12, 90, 104)
	led := stream.IntervalJoin(stream.Between(clicks, orders, 0, 5*time.Millisecond), func(click, o order) string {
		return fmt.Sprintf("click at %d led to order at %d", click.At, o.At)
	})
	stream.To(stream.SortByEventTime(stream.KeyBy(led, func(string) string { return "" })).Stream(), stream.Print[string](os.Stdout))
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// "click at 10 led to order at 12"
	// "click at 100 led to order at 104"
}

func ExamplePipeline_Topology() {
	p := stream.New("words", stream.Options{})
	words := stream.From(p, stream.FromSlice("a", "b"), stream.SourceTimestamps[string]()).Named("words")
	last := stream.Window(stream.KeyBy(words, func(w string) string { return w }), stream.CountWindow(10))
	stream.To(stream.Aggregate(last, stream.Count[string]()), stream.Blackhole[stream.Result[string, int64]]())
	fmt.Print(p.Topology())
	// Output:
	// words
	//   words (source)
	//   key by ← words
	//   window: count 10 ← key by
	//   sink ← window
}
