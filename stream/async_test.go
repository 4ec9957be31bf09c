package stream_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/state/statetest"
	"github.com/tidegate/tidegate/stream/streamtest"
)

// TestAsync calls a service that takes longer for some records than for
// others.
func TestAsync(t *testing.T) {
	for _, ordered := range []bool{true, false} {
		t.Run(fmt.Sprintf("ordered %v", ordered), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var under, most atomic.Int64
				service := func(_ context.Context, v int64) (int64, error) {
					most.Store(max(most.Load(), under.Add(1)))
					time.Sleep(time.Duration(v*7919%97) * time.Millisecond)
					under.Add(-1)
					switch v {
					case 13:
						return 0, errors.New("unlucky")
					case 14:
						panic("worse")
					}
					return 10 * v, nil
				}
				p := stream.New("p", stream.Options{})
				src := stream.Generate(func(i int64) (int64, bool) { return i, i < 500 })
				in := stream.From(p, src, stream.Timestamps(func(v int64) stream.Millis { return stream.Millis(v) }))
				called := stream.Async(in, service, stream.AsyncOptions{InFlight: 8, Ordered: ordered})
				out, windows, letters := &streamtest.Sink[int64]{}, &streamtest.Sink[stream.Result[string, int64]]{}, &streamtest.Sink[stream.DeadLetter]{}
				stream.To(called, out)
				one := stream.KeyBy(called, func(int64) string { return "" })
				late := stream.SideOutput[int64](p, "late")
				stream.To(stream.Aggregate(stream.Window(one, stream.Tumbling(50*time.Millisecond)).LateTo(late), stream.Count[int64]()), windows)
				stream.To(late.Stream, stream.ToFunc(func(_ context.Context, r stream.Record[int64]) error {
					t.Errorf("%d is late: event time went past it while it was under way", r.Value)
					return nil
				}))
				stream.To(p.DeadLetters(), letters)
				if err := p.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				got := out.Values()
				if sorted := slices.IsSorted(got); sorted != ordered {
					t.Errorf("in the order of the records: %v", sorted)
				}
				if len(got) != 498 {
					t.Errorf("%d results", len(got))
				}
				if m := most.Load(); m > 9 { // one may be admitted while one more is on its way
					t.Errorf("%d calls at once", m)
				}
				var errs []string
				for _, l := range letters.Values() {
					errs = append(errs, string(l.Value)+" "+l.Error)
				}
				slices.Sort(errs)
				if want := []string{"13 unlucky", "14 panic: worse"}; !slices.Equal(errs, want) {
					t.Errorf("dead letters %v", errs)
				}
				total := int64(0)
				for _, w := range windows.Values() {
					total += w.Value
				}
				if total != 498 {
					t.Errorf("the windows hold %d", total)
				}
			})
		})
	}
}

// TestAsyncRestart stops a pipeline with calls under way: after the restart
// they are made again, and nothing is lost or doubled.
func TestAsyncRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := statetest.NewMap()
		committed := &committing{}
		run := func(ctx context.Context, delay time.Duration) error {
			p := stream.New("p", stream.Options{State: backend})
			src := stream.Generate(func(i int64) (int64, bool) { return i, i < 300 })
			called := stream.Async(stream.From(p, src, stream.SourceTimestamps[int64]()), func(ctx context.Context, v int64) (int64, error) {
				select {
				case <-time.After(delay):
					return v, nil
				case <-ctx.Done():
					return 0, ctx.Err()
				}
			}, stream.AsyncOptions{InFlight: 10})
			stream.To(called, committed)
			return p.Run(ctx)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 550*time.Millisecond)
		defer cancel()
		if err := run(ctx, 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		first := len(committed.seen)
		if err := run(t.Context(), time.Millisecond); err != nil {
			t.Fatal(err)
		}
		slices.Sort(committed.seen)
		if first == 0 || first >= 300 || len(committed.seen) != 300 || committed.seen[299] != 299 {
			t.Errorf("%d results before the restart, %d in all", first, len(committed.seen))
		}
	})
}

// committing is a sink that shows what it was given when a checkpoint says so.
type committing struct {
	written, prepared, seen []int64
	log                     []string
}

func (c *committing) Write(_ context.Context, records []stream.Record[int64]) error {
	for _, r := range records {
		c.written = append(c.written, r.Value)
	}
	return nil
}

func (c *committing) Recover(_ context.Context, n uint64) error {
	c.log = append(c.log, fmt.Sprint("recover ", n))
	c.written, c.prepared = nil, nil
	return nil
}

func (c *committing) Prepare(_ context.Context, n uint64) error {
	c.log = append(c.log, fmt.Sprint("prepare ", n))
	c.prepared, c.written = append(c.prepared, c.written...), nil
	return nil
}

func (c *committing) Commit(_ context.Context, n uint64) error {
	c.log = append(c.log, fmt.Sprint("commit ", n))
	c.seen, c.prepared = append(c.seen, c.prepared...), nil
	return nil
}

func (c *committing) Close() error { return nil }

// TestCommitter tells a sink about checkpoints in the right order, also when
// one fails.
func TestCommitter(t *testing.T) {
	backend := statetest.NewMap()
	sink := &committing{}
	p := stream.New("p", stream.Options{State: backend})
	src := streamtest.NewSource[int64](1)
	stream.To(stream.From(p, src, stream.SourceTimestamps[int64]()), sink)
	d := streamtest.Drive(t, p)
	for i := range int64(3) {
		if i == 1 {
			backend.Fail = func() error { return errors.New("full") }
		} else {
			backend.Fail = nil
		}
		src.Send(0, i, 1)
		d.Step()
		d.Checkpoint(t.Context())
	}
	if got, want := strings.Join(sink.log, ", "), "recover 0, prepare 1, commit 1, prepare 2, prepare 3, commit 3"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if !slices.Equal(sink.seen, []int64{0, 1, 2}) {
		t.Errorf("seen %v", sink.seen)
	}
}
