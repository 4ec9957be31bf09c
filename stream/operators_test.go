package stream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/streamtest"
)

type sent[T any] struct {
	value T
	at    stream.Millis
}

// drive sends records through a pipeline of one operator and returns what
// came out.
func drive[In, Out any](t *testing.T, build func(in stream.Stream[In]) stream.Stream[Out], in ...sent[In]) []string {
	t.Helper()
	p := stream.New("p", stream.Options{})
	src, out := streamtest.NewSource[In](1), &streamtest.Sink[Out]{}
	stream.To(build(stream.From(p, src, stream.SourceTimestamps[In]())), out)
	d := streamtest.Drive(t, p)
	for _, r := range in {
		src.Send(0, r.value, r.at)
	}
	src.End(0)
	d.Step()
	return times(out.Take())
}

// times shows records with their times in milliseconds.
func times[T any](records []stream.Record[T]) (all []string) {
	for _, r := range records {
		all = append(all, fmt.Sprint(r.Value, "@", int64(r.Time)))
	}
	return all
}

func mustBe(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFlatMapAndSides(t *testing.T) {
	p := stream.New("p", stream.Options{})
	src, words, long := streamtest.NewSource[string](1), &streamtest.Sink[string]{}, &streamtest.Sink[int]{}
	side := stream.SideOutput[int](p, "long")
	split := stream.FlatMap(stream.From(p, src, stream.SourceTimestamps[string]()), func(c *stream.Collector[string], line string) error {
		for _, word := range strings.Fields(line) {
			if len(word) > 3 {
				stream.EmitTo(c, side, len(word))
			} else {
				c.Emit(word)
			}
		}
		c.EmitAt("end", c.Time()+1)
		return nil
	}).Writes(side)
	stream.To(split, words)
	stream.To(side.Stream, long)
	d := streamtest.Drive(t, p)
	src.Send(0, "a stream of big words", 7)
	d.Step()
	if got := fmt.Sprint(times(words.Take()), times(long.Take())); got != "[a@7 of@7 big@7 end@8] [6@7 5@7]" {
		t.Error(got)
	}
}

// TestDedupe counts the pause from the last that passed: those held back do
// not extend it, and one that is earlier is held back too.
func TestDedupe(t *testing.T) {
	got := drive(t, func(in stream.Stream[string]) stream.Stream[string] {
		return stream.Dedupe(in, identity, 10*time.Millisecond)
	}, sent[string]{"a", 100}, sent[string]{"b", 101}, sent[string]{"a", 109}, sent[string]{"a", 110}, sent[string]{"a", 111}, sent[string]{"a", 95}, sent[string]{"a", 120}, sent[string]{"b", 500})
	mustBe(t, got, "a@100", "b@101", "a@110", "a@120", "b@500")
}

// TestLookupJoin enriches from reference data; a lookup that fails is a dead
// letter.
func TestLookupJoin(t *testing.T) {
	p := stream.New("p", stream.Options{})
	src, out, letters := streamtest.NewSource[string](1), &streamtest.Sink[string]{}, &streamtest.Sink[stream.DeadLetter]{}
	countries := stream.LookupFunc[string, string](func(k string) (string, bool, error) {
		v, found := map[string]string{"ann": "DE", "bob": "FR"}[k]
		if k == "eve" {
			return "", false, errors.New("no connection")
		}
		return v, found, nil
	})
	in := stream.From(p, src, stream.SourceTimestamps[string]())
	stream.To(stream.LookupJoin(in, identity, countries, func(v, country string, found bool) string { return fmt.Sprint(v, " ", country, " ", found) }), out)
	stream.To(p.DeadLetters(), letters)
	d := streamtest.Drive(t, p)
	for _, v := range []string{"ann", "eve", "zoe", "bob"} {
		src.Send(0, v, 1)
	}
	d.Step()
	mustBe(t, out.Values(), "ann DE true", "zoe  false", "bob FR true")
	if got := letters.Values(); len(got) != 1 || got[0].Operator != "lookup join" || got[0].Error != "no connection" || string(got[0].Value) != `"eve"` {
		t.Errorf("%+v", got)
	}
}

type price struct {
	Thing string
	Cents int64
}

func (p price) Of() string { return p.Thing }

// TestTableJoin gives each sale the price at its time, in whatever order sales
// and prices come.
func TestTableJoin(t *testing.T) {
	p := stream.New("p", stream.Options{})
	sales, prices, out := streamtest.NewSource[string](1), streamtest.NewSource[price](1), &streamtest.Sink[string]{}
	sale := stream.KeyBy(stream.From(p, sales, stream.SourceTimestamps[string]().Punctuated(func(string) (stream.Millis, bool) { return 0, false })).Named("sales"), identity)
	list := stream.KeyBy(stream.From(p, prices, stream.SourceTimestamps[price]().Punctuated(func(price) (stream.Millis, bool) { return 0, false })).Named("prices"), price.Of)
	stream.To(stream.TableJoin(sale, list, func(s string, p price, found bool) string { return fmt.Sprint(s, " ", p.Cents, " ", found) }), out)
	d := streamtest.Drive(t, p)
	time := func(w stream.Millis) {
		d.Watermark("sales", 0, w)
		d.Watermark("prices", 0, w)
	}
	sales.Send(0, "tea", 50)
	prices.Send(0, price{"tea", 300}, 40)
	prices.Send(0, price{"tea", 200}, 10)
	sales.Send(0, "tea", 20)
	sales.Send(0, "tea", 5)
	sales.Send(0, "tea", 40)
	sales.Send(0, "jam", 20)
	d.Step()
	mustBe(t, out.Values())
	d.Watermark("sales", 0, 60) // the prices are not there yet
	mustBe(t, out.Values())
	d.Watermark("prices", 0, 30)
	got := out.Values()
	slices.Sort(got)
	mustBe(t, got, "jam 0 false", "tea 0 false", "tea 200 true")
	time(60)
	mustBe(t, out.Values(), "tea 300 true", "tea 300 true")
	sales.Send(0, "tea", 45) // late: at once, with what is still known
	d.Step()
	mustBe(t, out.Values(), "tea 300 true")
}

// TestIngestionTime stamps records with the clock as they are read.
func TestIngestionTime(t *testing.T) {
	clock := &streamtest.Clock{}
	p := stream.New("p", stream.Options{Clock: clock})
	src, out := streamtest.NewSource[string](1), &streamtest.Sink[stream.Result[string, int64]]{}
	in := stream.From(p, src, stream.IngestionTime[string]())
	stream.To(stream.Aggregate(stream.Window(stream.KeyBy(in, identity), stream.Tumbling(time.Second)), stream.Count[string]()), out)
	d := streamtest.Drive(t, p)
	for _, now := range []stream.Millis{100, 900, 1100} {
		clock.Set(now)
		src.Send(0, "a", 999_999) // what the source says does not matter
		d.Step()
	}
	if got := out.Values(); len(got) != 1 || got[0].Window != (stream.Span{Start: 0, End: 1000}) || got[0].Value != 2 {
		t.Errorf("%+v", got)
	}
}

// live is a source that does not say that it is recorded.
type live struct{ *streamtest.Source[string] }

func (live) Recorded() bool { return false }

// TestGuardByDefault refuses what a live source brings from more than five
// minutes ahead, and takes everything that was recorded.
func TestGuardByDefault(t *testing.T) {
	const now, limit = 10_000, 10_000 + 5*60_000
	for name, c := range map[string]struct {
		live   bool
		timing stream.Timing[string]
		want   string
	}{
		"live":          {true, stream.SourceTimestamps[string](), "[in time]"},
		"live, trusted": {true, stream.SourceTimestamps[string]().TrustAhead(), "[in time ahead]"},
		"live, an hour": {true, stream.SourceTimestamps[string]().RefuseAhead(time.Hour), "[in time ahead]"},
		"recorded":      {false, stream.SourceTimestamps[string](), "[in time ahead]"},
	} {
		clock := &streamtest.Clock{}
		clock.Set(now)
		p := stream.New("p", stream.Options{Clock: clock})
		src, out, letters := streamtest.NewSource[string](1), &streamtest.Sink[string]{}, &streamtest.Sink[stream.DeadLetter]{}
		var from stream.Source[string] = src
		if c.live {
			from = stream.Sources[string](live{src})
		} else {
			from = stream.Sources[string](src)
		}
		stream.To(stream.From(p, from, c.timing), out)
		stream.To(p.DeadLetters(), letters)
		d := streamtest.Drive(t, p)
		src.Send(0, "in time", limit)
		src.Send(0, "ahead", limit+1)
		d.Step()
		if got := fmt.Sprint(out.Values()); got != c.want || len(letters.Values()) != strings.Count("[in time ahead]", " ")-strings.Count(c.want, " ") {
			t.Errorf("%s: %s goes through", name, got)
		}
	}
}

// TestRate generates so many records a second, by the clock.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []time.Duration
		p := stream.New("p", stream.Options{})
		src := stream.GenerateAt(20, stream.WallClock, func(i int64) (int64, bool) { return i, i < 101 })
		stream.To(stream.From(p, src, stream.SourceTimestamps[int64]()), stream.ToFunc(func(context.Context, stream.Record[int64]) error {
			at = append(at, time.Since(began))
			return nil
		}))
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(at) != 101 || at[100] < 4900*time.Millisecond || at[100] > 5100*time.Millisecond || at[20] < 900*time.Millisecond || at[20] > 1100*time.Millisecond {
			t.Errorf("%d records, the 21st at %s, the last at %s", len(at), at[20], at[len(at)-1])
		}
	})
}

// TestChannels goes from a channel to a channel, which is closed at the end.
func TestChannels(t *testing.T) {
	in, out := make(chan int, 3), make(chan int)
	p := stream.New("p", stream.Options{})
	from := stream.From(p, stream.FromChannel[int](in), stream.IngestionTime[int]())
	stream.To(stream.Map(from, func(v int) int { return v * v }), stream.ToChannel[int](out))
	done := make(chan error, 1)
	go func() { done <- p.Run(t.Context()) }()
	in <- 2
	in <- 3
	close(in)
	var got []int
	for v := range out {
		got = append(got, v)
	}
	if err := <-done; err != nil || !slices.Equal(got, []int{4, 9}) {
		t.Error(got, err)
	}
}

// grim can't be shown.
type grim int

func (g grim) MarshalJSON() ([]byte, error) {
	if g == 13 {
		panic("unlucky")
	}
	return []byte(fmt.Sprint(int(g))), nil
}

// TestPoisonAtSinks panics in sinks: each such record is a dead letter, and
// the others arrive.
func TestPoisonAtSinks(t *testing.T) {
	var printed bytes.Buffer
	var called []int
	p := stream.New("p", stream.Options{})
	in := stream.From(p, stream.FromSlice[grim](12, 13, 14), stream.SourceTimestamps[grim]())
	letters := &streamtest.Sink[stream.DeadLetter]{}
	stream.ToNamed(in, "print", stream.Print[grim](&printed))
	stream.ToNamed(in, "call", stream.ToFunc(func(_ context.Context, r stream.Record[grim]) error {
		if r.Value == 12 {
			panic("early")
		}
		called = append(called, int(r.Value))
		return nil
	}))
	stream.To(p.DeadLetters(), letters)
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if printed.String() != "12\n14\n" || !slices.Equal(called, []int{13, 14}) {
		t.Errorf("printed %q, called with %v", printed.String(), called)
	}
	var got []string
	for _, l := range letters.Values() {
		got = append(got, fmt.Sprint(l.Operator, ": ", l.Error, ", ", string(l.Value)))
	}
	slices.Sort(got)
	mustBe(t, got, "call: panic: early, 12", `print: panic: unlucky, "13"`)
}

// moody is an aggregator whose code panics.
type moody struct{}

func (moody) Add(acc *int64, v string) {
	if *acc++; v == "poison" {
		panic("poison")
	}
}

func (moody) Merge(acc, other *int64) { *acc += *other }

// TestPoisonInWindows panics in a window's function: the record is a dead
// letter, the window goes on with the others, and one that has no others is
// forgotten.
func TestPoisonInWindows(t *testing.T) {
	p := stream.New("p", stream.Options{})
	src, out, letters := streamtest.NewSource[string](1), &streamtest.Sink[stream.Result[string, int64]]{}, &streamtest.Sink[stream.DeadLetter]{}
	in := stream.KeyBy(stream.From(p, src, stream.SourceTimestamps[string]()), func(string) string { return "k" })
	stream.To(stream.Aggregate(stream.Window(in, stream.Session(10*time.Millisecond)), moody{}).Named("w"), out)
	stream.To(p.DeadLetters(), letters)
	d := streamtest.Drive(t, p)
	src.Send(0, "poison", 100)
	d.Step()
	if got, err := d.State("w", "k"); got != nil || err != nil {
		t.Errorf("what is left is %s, %v", got, err)
	}
	for _, r := range []sent[string]{{"a", 200}, {"b", 201}, {"poison", 300}, {"c", 301}} {
		src.Send(0, r.value, r.at)
	}
	src.End(0)
	d.Step()
	var got []string
	for _, r := range out.Values() {
		got = append(got, fmt.Sprint(int64(r.Window.Start), " ", r.Value))
	}
	mustBe(t, got, "200 2", "301 1")
	if n := len(letters.Values()); n != 2 {
		t.Errorf("%d dead letters", n)
	}
}
