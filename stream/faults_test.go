package stream_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/state/statetest"
	"github.com/tidegate/tidegate/stream/streamtest"
)

// fragile is a processor that fails as its input says.
type fragile struct{}

func (fragile) Process(c *stream.Context[string, string], v string) error {
	switch {
	case strings.HasPrefix(v, "refuse"):
		return errors.New("refused: " + v)
	case strings.HasPrefix(v, "panic"):
		panic("poison: " + v)
	case v == "timer":
		c.SetTimer(c.Time())
	}
	c.Emit(v)
	return nil
}

func (fragile) OnTimer(*stream.Context[string, string], stream.Timer) error { panic("in a timer") }

// TestDeadLetters sends records that fail in each kind of place: each is one
// dead letter that says where and why, and the others go through.
func TestDeadLetters(t *testing.T) {
	clock := &streamtest.Clock{}
	clock.Set(5000)
	p := stream.New("p", stream.Options{Clock: clock, Version: "v7"})
	src := streamtest.NewSource[string](1)
	in := stream.From(p, src, stream.Timestamps(func(s string) stream.Millis {
		if s == "panic in time" {
			panic("no time")
		}
		return 100
	}).RefuseAhead(time.Hour))
	mapped := stream.Map(in, func(s string) string {
		if s == "panic in map" {
			panic("in map")
		}
		return s
	})
	tried := stream.TryMap(mapped, func(s string) (string, error) {
		if s == "fail in try" {
			return "", errors.New("can't")
		}
		return s, nil
	})
	results, letters := &streamtest.Sink[string]{}, &streamtest.Sink[stream.DeadLetter]{}
	stream.To(stream.Process(stream.KeyBy(tried, identity), fragile{}), results)
	stream.To(p.DeadLetters(), letters)
	d := streamtest.Drive(t, p)
	for _, v := range []string{"good", "panic in time", "panic in map", "fail in try", "refuse in process", "panic in process", "timer", "good 2"} {
		src.Send(0, v, 0)
	}
	d.Step()
	d.Watermark("source", 0, 200)

	if got := fmt.Sprint(results.Values()); got != "[good timer good 2]" {
		t.Errorf("results %s", got)
	}
	want := []struct{ operator, err, value string }{
		{"source", "panic in the function that tells its time: no time", `"panic in time"`},
		{"map", "panic: in map", `"panic in map"`},
		{"map 2", "can't", `"fail in try"`},
		{"process", "refused: refuse in process", `"refuse in process"`},
		{"process", "panic: poison: panic in process", `"panic in process"`},
		{"process", "panic: in a timer", `"timer"`},
	}
	got := letters.Values()
	if len(got) != len(want) {
		t.Fatalf("%d dead letters, want %d: %+v", len(got), len(want), got)
	}
	for i, w := range want {
		g := got[i]
		if g.Operator != w.operator || g.Error != w.err || string(g.Value) != w.value || g.Pipeline != "p" || g.Version != "v7" || g.FailedAt != 5000 {
			t.Errorf("dead letter %d is %+v, want %+v", i, g, w)
		}
		if strings.HasPrefix(w.err, "panic: ") && !strings.Contains(g.Stack, "faults_test.go") {
			t.Errorf("dead letter %d does not show where it panicked", i)
		}
	}
	if got[1].Source != "0" || got[1].Position != 3 {
		t.Errorf("the third message's letter says source %s, position %d", got[1].Source, got[1].Position)
	}
}

// stubborn is a sink that takes nothing until it is let.
type stubborn struct {
	open  chan struct{}
	taken []int64
}

func (s *stubborn) Write(ctx context.Context, records []stream.Record[int64]) error {
	select {
	case <-s.open:
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, r := range records {
		s.taken = append(s.taken, r.Value)
	}
	return nil
}

func (s *stubborn) Close() error { return nil }

// TestBackpressure stops a sink: the source stops soon after, checkpoints go
// on to be possible, and when the sink goes on everything arrives.
func TestBackpressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 100_000
		var read atomic.Int64
		src := stream.Generate(func(i int64) (int64, bool) {
			read.Store(i)
			return i, i < n
		})
		sink := &stubborn{open: make(chan struct{})}
		p := stream.New("p", stream.Options{})
		stream.To(stream.From(p, src, stream.SourceTimestamps[int64]()), sink)
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := p.Run(t.Context()); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := read.Load(); got > 10_000 {
			t.Errorf("%d records were read while the sink took none", got)
		}
		close(sink.open)
		wg.Wait()
		if len(sink.taken) != n || sink.taken[n-1] != n-1 {
			t.Errorf("%d records arrived, of %d", len(sink.taken), n)
		}
	})
}

// TestStop stops a pipeline whose sink does not take anything.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := stream.New("p", stream.Options{StopWithin: time.Second})
		src := stream.Generate(func(i int64) (int64, bool) { return i, true })
		stream.To(stream.From(p, src, stream.SourceTimestamps[int64]()), &stubborn{open: make(chan struct{})})
		time.AfterFunc(time.Minute, cancel)
		if err := p.Run(ctx); err == nil || !strings.Contains(err.Error(), "did not finish within 1s") {
			t.Errorf("error %v", err)
		}
	})
}

// TestSinkError ends the run with the sink's error.
func TestSinkError(t *testing.T) {
	p := stream.New("p", stream.Options{})
	src := stream.Generate(func(i int64) (int64, bool) { return i, true })
	broken := errors.New("broken")
	stream.To(stream.From(p, src, stream.SourceTimestamps[int64]()), stream.ToFunc(func(context.Context, stream.Record[int64]) error { return broken }))
	if err := p.Run(t.Context()); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

// TestRefused sends what a sink refuses to the dead letters.
func TestRefused(t *testing.T) {
	p := stream.New("p", stream.Options{})
	letters := &streamtest.Sink[stream.DeadLetter]{}
	taken := 0
	odd := refusing(func(records []stream.Record[int64]) error {
		refused := &stream.Refused{Err: errors.New("odd")}
		for i, r := range records {
			if r.Value%2 == 1 {
				refused.Indexes = append(refused.Indexes, i)
			} else {
				taken++
			}
		}
		return refused
	})
	stream.To(stream.From(p, stream.FromSlice[int64](1, 2, 3, 4), stream.SourceTimestamps[int64]()), odd)
	stream.To(p.DeadLetters(), letters)
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := letters.Values(); taken != 2 || len(got) != 2 || got[0].Operator != "sink" || got[0].Error != "odd" || string(got[1].Value) != "3" {
		t.Errorf("%d taken, dead letters %+v", taken, got)
	}
}

type refusing func([]stream.Record[int64]) error

func (f refusing) Write(_ context.Context, records []stream.Record[int64]) error { return f(records) }
func (f refusing) Close() error                                                  { return nil }

// TestCheckpointFails fills the disk during a checkpoint: processing goes on,
// the failure is reported, and the next checkpoint holds what that one should
// have.
func TestCheckpointFails(t *testing.T) {
	backend := statetest.NewMap()
	var reports []stream.CheckpointReport
	open := func() (*streamtest.Driver, *streamtest.Source[string], *streamtest.Sink[stream.Result[string, int64]]) {
		p := stream.New("p", stream.Options{State: backend, OnCheckpoint: func(r stream.CheckpointReport) { reports = append(reports, r) }})
		src, out := streamtest.NewSource[string](1), &streamtest.Sink[stream.Result[string, int64]]{}
		in := stream.From(p, src, stream.SourceTimestamps[string]())
		stream.To(stream.Aggregate(stream.Window(stream.KeyBy(in, identity), stream.CountWindow(4)), stream.Count[string]()), out)
		return streamtest.Drive(t, p), src, out
	}
	d, src, _ := open()
	src.Send(0, "a", 1)
	d.Step()
	full := errors.New("no space left on device")
	backend.Fail = func() error { return full }
	if r := d.Checkpoint(t.Context()); !errors.Is(r.Err, full) {
		t.Errorf("report %+v", r)
	}
	src.Send(0, "a", 2)
	d.Step()
	backend.Fail = nil
	if r := d.Checkpoint(t.Context()); r.Err != nil || r.Keys != 1 {
		t.Errorf("report %+v", r)
	}
	d, src, out := open()
	for i := range 4 {
		src.Send(0, "a", stream.Millis(i))
	}
	d.Step() // the first two are known
	if got := out.Values(); len(got) != 1 || got[0].Value != 4 {
		t.Errorf("results %+v", got)
	}
	if len(reports) != 2 || reports[0].Number != 1 || reports[1].Number != 2 {
		t.Errorf("reports %+v", reports)
	}
}
