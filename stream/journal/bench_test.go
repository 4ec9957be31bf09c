package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

func openBench(b *testing.B) *Journal {
	b.Helper()
	j, _, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := j.Close(); err != nil {
			b.Error(err)
		}
	})
	return j
}

// BenchmarkAppend is the writer's own cost of a record of 500 bytes.
func BenchmarkAppend(b *testing.B) {
	j := openBench(b)
	payload := make([]byte, 500)
	ctx := context.Background()
	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		if _, err := j.Append(payload); errors.Is(err, ErrFull) {
			if err := j.Wait(ctx, j.Last()); err != nil {
				b.Fatal(err)
			}
		} else if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAppendWait is a server's shape: callers hand a record of 500 bytes
// to the one writer (here a mutex) and wait until it is durable (a sync of
// a real file).
func BenchmarkAppendWait(b *testing.B) {
	for _, callers := range []int{1, 64, 1000} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			j := openBench(b)
			payload := make([]byte, 500)
			var writer sync.Mutex
			var all sync.WaitGroup
			took := make([][]time.Duration, callers)
			b.ReportAllocs()
			b.ResetTimer()
			for c := range callers {
				all.Go(func() {
					for i := c; i < b.N; i += callers {
						start := time.Now()
						writer.Lock()
						seq, err := j.Append(payload)
						writer.Unlock()
						if err == nil {
							err = j.Wait(context.Background(), seq)
						}
						if err != nil {
							b.Error(err)
							return
						}
						took[c] = append(took[c], time.Since(start))
					}
				})
			}
			all.Wait()
			b.StopTimer()
			sorted := slices.Sorted(func(yield func(time.Duration) bool) {
				for _, t := range slices.Concat(took...) {
					if !yield(t) {
						return
					}
				}
			})
			stats := j.Stats()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(sorted[len(sorted)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(sorted[len(sorted)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64(stats.Records)/float64(stats.Commits), "records/commit")
			b.ReportMetric(float64(stats.SyncTime.Microseconds())/float64(stats.Commits), "sync-µs")
		})
	}
}

// BenchmarkRead is recovery's shape: one reader from the beginning to the end,
// checksums included.
func BenchmarkRead(b *testing.B) {
	for _, size := range []int{100, 500} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			j := openBench(b)
			fill(b, j, 1_000_000/size*100, size)
			ctx := context.Background()
			r := j.ReadFrom(1)
			defer r.Close()
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if r.want > j.Durable() {
					r.want = 1
					_ = r.Close()
				}
				if _, _, err := r.Next(ctx); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkOpen is what a start costs before its first record: all checksums.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	j, _, err := Open(dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	fill(b, j, 200_000, 500)
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		j, _, err := OpenReadOnly(dir, Options{})
		if err != nil || j.Durable() != 200_000 {
			b.Fatal(j.Durable(), err)
		}
	}
	b.ReportMetric(200_000*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkGet reads records here and there.
func BenchmarkGet(b *testing.B) {
	j := openBench(b)
	const n = 200_000
	fill(b, j, n, 500)
	b.ReportAllocs()
	seq := uint64(0)
	for b.Loop() {
		seq = (seq + 104_729) % n
		if _, err := j.Get(seq + 1); err != nil {
			b.Fatal(err)
		}
	}
}

func fill(b *testing.B, j *Journal, n, size int) {
	b.Helper()
	payload := make([]byte, size)
	for range n {
		_, err := j.Append(payload)
		if errors.Is(err, ErrFull) {
			if err := j.Wait(context.Background(), j.Last()); err != nil {
				b.Fatal(err)
			}
			_, err = j.Append(payload)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := j.Wait(context.Background(), j.Last()); err != nil {
		b.Fatal(err)
	}
}
