package pebble_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/tidegate/tidegate/stream/state"
)

// BenchmarkLarge makes a state of ten million keys with a checkpoint at every
// half a million, then changes keys at random, and reports the largest memory
// that the process has had. Run it alone: -bench Large -benchtime 1x.
func BenchmarkLarge(b *testing.B) {
	const keys, changes = 10_000_000, 500_000
	for b.Loop() {
		_, store, table := openProfiles(b, state.Options{CacheBytes: 256 << 20})
		for i := 0; i < keys; i += changes {
			fillProfiles(b, store, table, i, i+changes)
			checkpoint(b, store)
		}
		rng := rand.New(rand.NewPCG(1, 1))
		var key []byte
		shard := store.Shard(nil)
		for range changes {
			shard.Lock()
			key = profileKey(key, rng.IntN(keys))
			e, err := table.Get(key)
			if err != nil || e == nil {
				b.Fatal(e, err)
			}
			table.Update(e).fields[1]++
			shard.Unlock()
		}
		checkpoint(b, store)
	}
	b.ReportMetric(float64(peakMemory(b))/(1<<20), "MiB-peak")
}

// peakMemory is the most memory that the process has had, in bytes.
func peakMemory(tb testing.TB) (bytes int64) {
	file, err := os.Open("/proc/self/status")
	if err != nil {
		tb.Skip("no /proc: ", err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			if _, err := fmt.Sscanf(rest, "%d kB", &bytes); err != nil {
				tb.Fatal(err)
			}
			return bytes << 10
		}
	}
	tb.Fatal("no VmHWM")
	return 0
}
