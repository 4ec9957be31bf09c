package stream_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/streamtest"
)

type click struct {
	User string
	N    int64
}

// mixed is a pipeline with a bit of everything: windows of three kinds, a
// join, a dedupe, a re-keying and a union.
func mixed(p *stream.Pipeline, src stream.Source[click]) *streamtest.Sink[string] {
	in := stream.From(p, src, stream.SourceTimestamps[click]().BoundedOutOfOrderness(50*time.Millisecond))
	user := stream.KeyBy(in, func(c click) string { return c.User })
	show := func(kind string) func(r stream.Result[string, int64]) string {
		return func(r stream.Result[string, int64]) string { return fmt.Sprint(kind, r.Key, r.Window, r.Value) }
	}
	total := stream.Sum(func(c click) int64 { return c.N })
	sliding := stream.Map(stream.Aggregate(stream.Window(user, stream.Sliding(200*time.Millisecond, 70*time.Millisecond)), total), show("sliding"))
	sessions := stream.Map(stream.Aggregate(stream.Window(user, stream.Session(20*time.Millisecond)), total), show("session"))
	byN := stream.KeyBy(in, func(c click) string { return fmt.Sprint(c.N % 7) })
	tumbling := stream.Map(stream.Aggregate(stream.Window(byN, stream.Tumbling(time.Second)), stream.Count[click]()), show("tumbling"))
	pairs := stream.IntervalJoin(stream.Between(user, user, 0, 3*time.Millisecond).ExcludeLower(), func(a, b click) string {
		return fmt.Sprint("pair", a.User, a.N, "-", b.N)
	})
	sorted := stream.SortByEventTime(stream.KeyBy(stream.Union(sliding, sessions), identity))
	one := stream.Process(sorted.Keyed, pass{})
	out := &streamtest.Sink[string]{}
	stream.To(stream.Union(one, tumbling, pairs), out)
	return out
}

type pass struct{}

func (pass) Process(c *stream.Context[string, string], v string) error {
	c.Emit(v)
	return nil
}

// clicks are sent to partitions by user, out of order within the bound.
func clicks(partitions int) *streamtest.Source[click] {
	src := streamtest.NewSource[click](partitions)
	random := rand.New(rand.NewPCG(7, 7))
	for i := range int64(20_000) {
		user := random.IntN(50)
		at := stream.Millis(i/2 + random.Int64N(45))
		src.Send(user%partitions, click{fmt.Sprint("u", user), i}, at)
	}
	for i := range partitions {
		src.End(i)
	}
	return src
}

// TestParallel runs a pipeline over several partitions at once, and on one
// goroutine: the results are the same.
func TestParallel(t *testing.T) {
	p := stream.New("alone", stream.Options{})
	out := mixed(p, clicks(4))
	streamtest.Drive(t, p).Step()
	want := out.Values()
	slices.Sort(want)
	if len(want) < 10_000 {
		t.Fatalf("only %d results", len(want))
	}
	for range 5 {
		p := stream.New("parallel", stream.Options{Checkpoint: 3 * time.Millisecond})
		out := mixed(p, clicks(4))
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := out.Values()
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%d results differ from %d", len(got), len(want))
		}
	}
}

// TestAlignment reads a partition that has everything beside one that has
// little: the first is not read far beyond the second.
func TestAlignment(t *testing.T) {
	ahead, behind := make(chan int64), make(chan int64)
	src := stream.Sources(stream.FromChannel[int64](ahead), stream.FromChannel[int64](behind))
	p := stream.New("p", stream.Options{})
	in := stream.From(p, src, stream.Timestamps(func(v int64) stream.Millis { return stream.Millis(v) }).AlignWithin(100*time.Millisecond))
	seen := make(chan int64, 100)
	stream.To(in, stream.ToFunc(func(_ context.Context, r stream.Record[int64]) error { seen <- r.Value; return nil }))
	done := make(chan error)
	go func() { done <- p.Run(t.Context()) }()

	behind <- 1000
	ahead <- 1050
	ahead <- 5000 // makes it too far ahead
	for v := int64(0); v != 5000; v = <-seen {
	}
	blocked := false
	for range 20 {
		select {
		case ahead <- 6000:
			t.Fatal("it is read on")
		case <-time.After(time.Millisecond):
			blocked = true
		}
	}
	behind <- 4950
	ahead <- 6000
	close(behind)
	close(ahead)
	if err := <-done; err != nil || !blocked {
		t.Error(err)
	}
	if len(seen) != 2 {
		t.Errorf("%d records arrived after that", len(seen))
	}
}

// TestIdle leaves a partition out of the watermark that has nothing to say.
func TestIdle(t *testing.T) {
	clock := &streamtest.Clock{}
	p := stream.New("p", stream.Options{Clock: clock})
	src, out := streamtest.NewSource[string](2), &streamtest.Sink[stream.Result[string, int64]]{}
	in := stream.From(p, src, stream.SourceTimestamps[string]().IdleAfter(time.Second))
	stream.To(stream.Aggregate(stream.Window(stream.KeyBy(in, identity), stream.Tumbling(10*time.Millisecond)), stream.Count[string]()), out)
	d := streamtest.Drive(t, p)
	src.Send(0, "a", 5)
	src.Send(0, "a", 15)
	d.Step()
	d.Tick()
	if got := out.Values(); len(got) != 0 {
		t.Errorf("it does not wait for the other partition: %v", got)
	}
	clock.Set(500)
	d.Tick()
	src.Send(0, "a", 16)
	d.Step()
	clock.Set(1501)
	d.Tick()
	if got := out.Values(); len(got) != 1 || got[0].Window.End != 10 {
		t.Errorf("it waits for an idle partition: %v", got)
	}
}

func TestRefuseAhead(t *testing.T) {
	clock := &streamtest.Clock{}
	clock.Set(10_000)
	p := stream.New("p", stream.Options{Clock: clock})
	src, out, letters := streamtest.NewSource[string](1), &streamtest.Sink[string]{}, &streamtest.Sink[stream.DeadLetter]{}
	stream.To(stream.From(p, src, stream.SourceTimestamps[string]().RefuseAhead(time.Second)), out)
	stream.To(p.DeadLetters(), letters)
	d := streamtest.Drive(t, p)
	src.Send(0, "on time", 11_000)
	src.Send(0, "from the future", 11_001)
	d.Step()
	if got := out.Values(); len(got) != 1 {
		t.Errorf("%v got through", got)
	}
	if got := letters.Values(); len(got) != 1 || !strings.Contains(got[0].Error, "1001 ms ahead of the clock") {
		t.Errorf("dead letters %+v", got)
	}
	if w, _ := d.EventTime("source"); w != 10_999 {
		t.Errorf("the watermark is at %d", w)
	}
}
