package stream_test

import (
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/pebble"
)

// BenchmarkCheckpointPause has a pipeline change a million keys and take a
// checkpoint, over Pebble, while it goes on changing them. It reports the
// longest time from one record to the next while the checkpoint is taken, and
// for as long without one, which is what the machine itself does to it.
func BenchmarkCheckpointPause(b *testing.B) {
	large(b)
	const keys = 1_000_000
	var (
		clock  = &heldClock{Clock: stream.WallClock, begin: make(chan struct{})}
		now    gapMeter
		during gapMeter
		report stream.CheckpointReport
		done   atomic.Bool
	)
	p := stream.New("bench", stream.Options{
		State: openBackend(b), CacheBytes: 4 << 30, Checkpoint: held, Clock: clock,
		OnCheckpoint: func(r stream.CheckpointReport) {
			if !done.Load() {
				report = r
				done.Store(true)
			}
		},
	})
	var dirty, taken int64
	var began time.Time
	src := stream.Generate(func(i int64) (int64, bool) {
		switch {
		case i == keys: // all of them are in the checkpoint, and change while it is written
			began = time.Now()
			close(clock.begin)
		case i > keys && taken == 0 && done.Load():
			during, now = now, gapMeter{}
			dirty, taken = i, time.Since(began).Nanoseconds()
		case taken > 0 && time.Since(began).Nanoseconds() > 2*taken:
			return 0, false
		}
		return i * 2654435761 % keys, true
	})
	in := stream.From(p, src, stream.SourceTimestamps[int64]())
	in = stream.Filter(in, func(int64) bool { now.pass(dirty == 0 && began.IsZero()); return true })
	stream.To(stream.Process(stream.KeyBy(in, func(v int64) int64 { return v }), &counter{}), stream.Blackhole[int64]())
	for b.Loop() {
		if err := p.Run(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	if report.Err != nil || report.Keys < keys {
		b.Fatalf("%d keys, %v", report.Keys, report.Err)
	}
	ms := func(d time.Duration, unit string) { b.ReportMetric(float64(d)/float64(time.Millisecond), unit) }
	ms(report.Pause, "ms-pause-reported")
	ms(during.longest, "ms-longest-gap")
	ms(now.longest, "ms-longest-gap-without")
	ms(report.Duration, "ms/checkpoint")
	b.ReportMetric(float64(report.Keys), "keys")
	b.ReportMetric(0, "ns/op")
}

// large is for benchmarks that take minutes and gibibytes, and are run once:
// TIDEGATE_BENCH_LARGE=1 go test -run xxx -bench NAME -benchtime 1x ./stream
func large(b *testing.B) {
	if os.Getenv("TIDEGATE_BENCH_LARGE") == "" {
		b.Skip("large: TIDEGATE_BENCH_LARGE=1 and -benchtime 1x run it")
	}
}

// held is a checkpoint interval that a heldClock knows by.
const held = 12345 * time.Second

// heldClock lets the first checkpoint begin when it is told to.
type heldClock struct {
	stream.Clock
	begin  chan struct{}
	passed atomic.Int64
	begun  atomic.Bool
}

func (c *heldClock) Now() stream.Millis { return c.Clock.Now() + stream.Millis(c.passed.Load()) }

func (c *heldClock) Elapsed() time.Duration {
	return c.Clock.(interface{ Elapsed() time.Duration }).Elapsed()
}

func (c *heldClock) Sleep(done <-chan struct{}, d time.Duration) {
	select {
	case <-c.begin:
		if c.begun.CompareAndSwap(false, true) {
			c.passed.Store(2 * held.Milliseconds())
		}
	default:
	}
	c.Clock.Sleep(done, d)
}

// gapMeter is the longest time from one record to the next.
type gapMeter struct {
	last    time.Time
	longest time.Duration
}

func (g *gapMeter) pass(off bool) {
	if off {
		return
	}
	now := time.Now()
	if !g.last.IsZero() {
		g.longest = max(g.longest, now.Sub(g.last))
	}
	g.last = now
}

// BenchmarkTenMillionKeys has a pipeline of ten million keys, which change in
// any order, in a gibibyte of memory: what state may take is a part of it, the
// rest is Pebble's and the collector's, which is told of the limit. Each key
// changes once, then a million of them again. Run it in a process of its own:
// -bench TenMillionKeys -benchtime 1x.
func BenchmarkTenMillionKeys(b *testing.B) {
	large(b)
	const keys, again = 10_000_000, 1_000_000
	debug.SetMemoryLimit(900 << 20)
	rng := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		p := stream.New("bench", stream.Options{State: openBackend(b), CacheBytes: 128 << 20, Checkpoint: 10 * time.Second})
		src := stream.Generate(func(i int64) (int64, bool) {
			if i < keys {
				return i * 2654435761 % keys, true
			}
			return rng.Int64N(keys), i < keys+again
		})
		k := stream.KeyBy(stream.From(p, src, stream.SourceTimestamps[int64]()), func(v int64) int64 { return v })
		stream.To(stream.Process(k, &counter{}), stream.Blackhole[int64]())
		if err := p.Run(b.Context()); err != nil {
			b.Fatal(err)
		}
		if taken := p.Checkpoints(); taken.Failed > 0 {
			b.Fatal(taken.LastFailed.Err)
		}
	}
	b.ReportMetric(float64(b.N*(keys+again))/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(peakMiB(b), "MiB-peak")
	b.ReportMetric(0, "ns/op")
}

func openBackend(b *testing.B) *pebble.Backend {
	backend, err := pebble.Open(b.TempDir(), pebble.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := backend.Close(); err != nil {
			b.Error(err)
		}
	})
	return backend
}

// peakMiB is the most memory that the process has had.
func peakMiB(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kib / 1024
		}
	}
	return 0
}
