package stream_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/pebble"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
	"github.com/tidegate/tidegate/stream/streamtest"
)

// slow is a sink that takes its time to prepare a checkpoint, but for the last.
type slow struct {
	committing
	takes atomic.Int64
}

func (s *slow) Prepare(ctx context.Context, n uint64) error {
	time.Sleep(time.Duration(s.takes.Load()))
	return s.committing.Prepare(ctx, n)
}

// TestCheckpointInterval takes a checkpoint each interval or, where they take
// long, the minimum pause after the last.
func TestCheckpointInterval(t *testing.T) {
	for _, c := range []struct {
		takes, minPause, end time.Duration
		want                 string // when they begin, in seconds
	}{
		{time.Second, 0, 65 * time.Second, "[10 20 30 40 50 60]"},
		{8 * time.Second, 5 * time.Second, 72 * time.Second, "[10 23 36 49 62]"},
		{14 * time.Second, time.Second, 69500 * time.Millisecond, "[10 25 40 55]"},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := stream.WallClock.Now()
			var at []int64
			sink := &slow{}
			sink.takes.Store(int64(c.takes))
			p := stream.New("p", stream.Options{
				State: statetest.NewMap(), Checkpoint: 10 * time.Second, MinPause: c.minPause, StopWithin: time.Minute,
				OnCheckpoint: func(r stream.CheckpointReport) {
					if r.Err != nil || r.Duration < time.Duration(sink.takes.Load()) {
						t.Errorf("%+v", r)
					}
					at = append(at, int64(r.Began-began)/1000)
				},
			})
			in := make(chan int64)
			stream.To(stream.From(p, stream.FromChannel[int64](in), stream.IngestionTime[int64]()), sink)
			time.AfterFunc(c.end, func() {
				sink.takes.Store(0)
				close(in)
			})
			if err := p.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if at = at[:len(at)-1]; fmt.Sprint(at) != c.want { // the last one is that of the end
				t.Errorf("each takes %s, pause of %s: they begin at %v, want %s", c.takes, c.minPause, at, c.want)
			}
		})
	}
}

// alarmClock sets and deletes timers as its input says.
type alarmClock struct{}

func (alarmClock) Process(c *stream.Context[string, string], v sent[string]) error {
	switch v.value {
	case "set":
		c.SetTimer(v.at)
	case "delete":
		c.DeleteTimer(v.at)
	case "set by clock":
		c.SetProcessingTimer(v.at)
	case "delete by clock":
		c.DeleteProcessingTimer(v.at)
	}
	return nil
}

func (alarmClock) OnTimer(c *stream.Context[string, string], t stream.Timer) error {
	c.Emit(fmt.Sprint(t.Domain, " ", int64(t.At)))
	return nil
}

// TestTimersInCheckpoints sets timers of both kinds, some twice, deletes some,
// and starts again from a checkpoint between: the others fire, each once.
func TestTimersInCheckpoints(t *testing.T) {
	backend, clock := statetest.NewMap(), &streamtest.Clock{}
	type command struct {
		Do string
		At stream.Millis
	}
	src := streamtest.NewSource[command](1)
	open := func() (*streamtest.Driver, *streamtest.Sink[string]) {
		p := stream.New("p", stream.Options{State: backend, Clock: clock})
		out := &streamtest.Sink[string]{}
		in := stream.From(p, src, stream.SourceTimestamps[command]().Punctuated(func(command) (stream.Millis, bool) { return 0, false }))
		key := stream.KeyBy(in, func(command) string { return "k" })
		commands := stream.Process(key, toSent[command]{func(c command) sent[string] { return sent[string]{c.Do, c.At} }})
		stream.To(stream.Process(stream.KeyBy(commands, func(sent[string]) string { return "k" }), alarmClock{}).Named("alarms"), out)
		return streamtest.Drive(t, p), out
	}
	d, _ := open()
	for _, c := range []command{{"set", 10}, {"set", 20}, {"set", 20}, {"set", 30}, {"delete", 10}, {"set by clock", 5}, {"set by clock", 7}, {"set by clock", 7}} {
		src.Send(0, c, 1)
	}
	d.Step()
	if r := d.Checkpoint(t.Context()); r.Err != nil {
		t.Fatal(r.Err)
	}
	d, out := open()
	src.Send(0, command{"delete", 30}, 1)
	src.Send(0, command{"delete by clock", 5}, 1)
	src.Send(0, command{"set", 40}, 1)
	d.Step()
	clock.Set(8)
	d.Tick()
	mustBe(t, out.Values(), "processing time 7")
	d.Watermark("source", 0, 25)
	mustBe(t, out.Values(), "event time 20")
	d.Watermark("source", 0, 50)
	mustBe(t, out.Values(), "event time 40")
	if left, err := d.State("alarms", "k"); left != nil || err != nil {
		t.Errorf("what is left is %s, %v", left, err)
	}
}

// toSent turns values by a function.
type toSent[T any] struct{ f func(T) sent[string] }

func (s toSent[T]) Process(c *stream.Context[string, sent[string]], v T) error {
	c.Emit(s.f(v))
	return nil
}

// TestBackends runs the same operators on state in memory, on a backend, and
// on Pebble with a thousandth of the memory that it takes, through checkpoints:
// the results are the same.
func TestBackends(t *testing.T) {
	run := func(o stream.Options) []string {
		t.Helper()
		p := stream.New("p", o)
		out := mixed(p, clicks(3))
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := out.Values()
		slices.Sort(got)
		return got
	}
	want := run(stream.Options{})
	disk, err := pebble.Open(t.TempDir(), pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	for name, backend := range map[string]state.Backend{"map": statetest.NewMap(), "pebble": disk} {
		if got := run(stream.Options{State: backend, CacheBytes: 4096, Checkpoint: 5 * time.Millisecond}); !slices.Equal(got, want) {
			t.Errorf("%s: %d results, not the %d of memory", name, len(got), len(want))
		}
	}
}

// TestSinkIsWoken gives a sink a record as it comes, and one that commits none
// before a checkpoint or before there are many: waking it costs more than most
// records do.
func TestSinkIsWoken(t *testing.T) {
	for _, commits := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var written atomic.Int64
			sink := stream.ToFunc(func(context.Context, stream.Record[int64]) error {
				written.Add(1)
				return nil
			})
			if commits {
				sink = &writes{written: &written}
			}
			in := make(chan int64)
			p := stream.New("p", stream.Options{State: statetest.NewMap(), Checkpoint: 10 * time.Second})
			stream.To(stream.From(p, stream.FromChannel[int64](in), stream.IngestionTime[int64]()), sink)
			ended := make(chan error, 1)
			go func() { ended <- p.Run(t.Context()) }()
			send := func(n int) {
				for range n {
					in <- 1
				}
				time.Sleep(time.Second)
			}
			after := func(what string, min, max int64) {
				if n := written.Load(); n < min || n > max {
					t.Errorf("commits %t, after %s: %d were written, want %d to %d", commits, what, n, min, max)
				}
			}
			send(0) // all goroutines wait for something by then
			send(1)
			if commits {
				after("one", 0, 0)
			} else {
				after("one", 1, 1)
			}
			send(999)
			after("a thousand", 512, 1000)
			time.Sleep(10 * time.Second)
			after("a checkpoint", 1000, 1000)
			send(1)
			close(in)
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			after("the end", 1001, 1001)
		})
	}
}

// writes is a sink that commits and counts what it was given.
type writes struct {
	committing
	written *atomic.Int64
}

func (w *writes) Write(_ context.Context, records []stream.Record[int64]) error {
	w.written.Add(int64(len(records)))
	return nil
}
