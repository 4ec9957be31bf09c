package pebble_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tidegate/tidegate/stream/pebble"
	"github.com/tidegate/tidegate/stream/state"
)

// profile is a value of the size of a customer's head: 96 bytes.
type profile struct{ fields [12]int64 }

type profileCodec struct{}

func (profileCodec) Append(dst []byte, v *profile) []byte {
	for _, f := range v.fields {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(f))
	}
	return dst
}

func (profileCodec) Decode(b []byte, v *profile) error {
	for i := range v.fields {
		v.fields[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return nil
}

func profileKey(dst []byte, i int) []byte {
	return binary.BigEndian.AppendUint64(append(dst[:0], "customer:"...), uint64(i)*0x9e3779b97f4a7c15)
}

func openProfiles(tb testing.TB, o state.Options) (*pebble.Backend, *state.Store, *state.Table[profile]) {
	backend, err := pebble.Open(tb.TempDir(), pebble.Options{CacheBytes: 64 << 20})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := backend.Close(); err != nil {
			tb.Error(err)
		}
	})
	store, err := state.Open(backend, o)
	if err != nil {
		tb.Fatal(err)
	}
	return backend, store, state.NewTable(store, "profiles", profileCodec{})
}

func fillProfiles(tb testing.TB, store *state.Store, table *state.Table[profile], from, to int) {
	var key []byte
	shard := store.Shard(nil)
	for i := from; i < to; i++ {
		shard.Lock()
		key = profileKey(key, i)
		e, err := table.GetOrCreate(key)
		if err != nil {
			tb.Fatal(err)
		}
		p := table.Update(e)
		for f := range p.fields { // half of it compresses
			p.fields[f] = int64(uint64(i) * 0x9e3779b97f4a7c15 >> (16 * (f % 4)))
		}
		shard.Unlock()
	}
}

func checkpoint(tb testing.TB, store *state.Store) state.CheckpointStats {
	c, err := store.Cut(nil)
	if err != nil {
		tb.Fatal(err)
	}
	stats, err := c.Write(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	return stats
}

// cpuTime is what the process has used of the processors, which a busy machine
// leaves as it is.
func cpuTime(tb testing.TB) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkHot reads and changes entries that are in memory.
func BenchmarkHot(b *testing.B) {
	const keys = 100_000
	_, store, table := openProfiles(b, state.Options{})
	fillProfiles(b, store, table, 0, keys)
	shard := store.Shard(nil)
	var key []byte
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		shard.Lock()
		key = profileKey(key, i%keys)
		e, err := table.Get(key)
		if err != nil {
			b.Fatal(err)
		}
		table.Update(e).fields[1]++
		shard.Unlock()
		i++
	}
}

// BenchmarkCold reads entries that are on disk, of a million that were written
// by ten checkpoints.
func BenchmarkCold(b *testing.B) {
	const keys = 1_000_000
	_, store, table := openProfiles(b, state.Options{CacheBytes: 16 << 20})
	for i := range 10 {
		fillProfiles(b, store, table, i*keys/10, (i+1)*keys/10)
		checkpoint(b, store)
	}
	shard := store.Shard(nil)
	rng := rand.New(rand.NewPCG(1, 1))
	var key []byte
	for _, c := range []struct {
		name string
		from int
	}{{"present", 0}, {"absent", keys}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			used := cpuTime(b)
			defer func() { b.ReportMetric(float64(cpuTime(b)-used)/float64(b.N), "cpu-ns/op") }()
			for b.Loop() {
				shard.Lock()
				key = profileKey(key, c.from+rng.IntN(keys))
				if _, err := table.Get(key); err != nil {
					b.Fatal(err)
				}
				shard.Unlock()
			}
		})
	}
}

// threadTime is what this thread has used of a processor: a lock is held for
// less than a thread that is put aside with it makes it seem.
func threadTime() time.Time {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Unix(t.Unix())
}

// BenchmarkCheckpoint writes a million changed keys while a writer goes on
// with keys of the same million. It reports the longest times that a record of
// the writer took, beside the same without a checkpoint, for as long, since a
// busy machine makes records wait too; and the most work under one lock.
func BenchmarkCheckpoint(b *testing.B) {
	const keys = 1_000_000
	_, store, table := openProfiles(b, state.Options{CacheBytes: 1 << 30, Now: threadTime})
	fillProfiles(b, store, table, 0, keys)
	shard := store.Shard(nil)
	rng := rand.New(rand.NewPCG(1, 1))
	var key []byte
	writeUntil := func(done <-chan struct{}) (took []time.Duration) {
		for {
			select {
			case <-done:
				slices.Sort(took)
				return took
			default:
			}
			key = profileKey(key, rng.IntN(keys))
			began := time.Now()
			shard.Lock()
			e, err := table.Get(key)
			if err != nil {
				b.Fatal(err)
			}
			table.Update(e).fields[2]++
			shard.Unlock()
			took = append(took, time.Since(began))
			time.Sleep(5 * time.Microsecond)
		}
	}
	var during, without []time.Duration
	var sum state.CheckpointStats
	rounds := time.Duration(0)
	b.ReportAllocs()
	for b.Loop() {
		rounds++
		fillProfiles(b, store, table, 0, keys)
		began := time.Now()
		shard.Lock()
		c, err := store.Cut(nil)
		shard.Unlock()
		if err != nil {
			b.Fatal(err)
		}
		during = append(during, time.Since(began))
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread() // for threadTime
			defer runtime.UnlockOSThread()
			stats, err := c.Write(context.Background())
			if err != nil || stats.Keys != keys {
				b.Errorf("%d keys, %v", stats.Keys, err)
			}
			sum.Duration += time.Since(began)
			sum.Bytes += stats.Bytes
			sum.LongestPause = max(sum.LongestPause, stats.LongestPause)
		}()
		during = append(during, writeUntil(done)...)
		b.StopTimer()
		quiet := make(chan struct{})
		time.AfterFunc(sum.Duration/rounds, func() { close(quiet) })
		without = append(without, writeUntil(quiet)...)
		b.StartTimer()
	}
	slices.Sort(during)
	slices.Sort(without)
	report := func(d time.Duration, unit string) { b.ReportMetric(float64(d)/float64(time.Microsecond), unit) }
	report(during[len(during)-1], "µs-max")
	report(during[len(during)*999/1000], "µs-p99.9")
	report(without[len(without)-1], "µs-max-without")
	report(without[len(without)*999/1000], "µs-p99.9-without")
	report(sum.LongestPause, "µs-longest-lock-cpu")
	report(sum.Duration/rounds, "µs/checkpoint")
	b.ReportMetric(float64(sum.Bytes)/float64(rounds)/keys, "B/key")
	b.ReportMetric(0, "ns/op")
}
