//go:build unix

package node_test

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/bench/generate"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/examples"
	"github.com/tidegate/tidegate/internal/hugepages"
	"github.com/tidegate/tidegate/node"
)

// BenchmarkRecovery opens a journal of 200,000 records of the example
// configuration without a checkpoint: every record is applied again. Memory is
// as the service sets it up.
func BenchmarkRecovery(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	hugepages.Reserve(1 << 30)
	files, err := config.Deciding(examples.Issuer())
	if err != nil {
		b.Fatal(err)
	}
	options := node.Options{
		Dir: b.TempDir(), Files: files, Clock: time.Now, EventClock: true, CacheBytes: 1 << 30,
		CheckpointEvery: time.Hour, Retention: 10 * 365 * 24 * time.Hour, IDs: 24 * time.Hour,
	}
	n := open(b, options)
	stream := generate.New(generate.Options{Transactions: 200_000, Customers: 20_000})
	for {
		item, ok := stream.Next()
		if !ok {
			break
		}
		if item.Event.Type != tidegate.TypeTransaction {
			continue
		}
		if err := n.Import(&item.Event, &tidegate.Decision{}); err != nil {
			b.Fatal(err)
		}
	}
	if err := n.Close(); err != nil {
		b.Fatal(err)
	}
	records, took, used := uint64(0), time.Duration(0), time.Duration(0)
	for b.Loop() {
		b.StopTimer()
		if err := os.RemoveAll(filepath.Join(options.Dir, "state")); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		began, busy := time.Now(), cpuTime()
		n, r, _, err := node.Open(options)
		took += time.Since(began)
		used += cpuTime() - busy
		b.StopTimer()
		if err != nil {
			b.Fatal(err)
		}
		records += r.Applied
		if err := n.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(records)/took.Seconds(), "records/s")
	b.ReportMetric(float64(used.Nanoseconds())/float64(records), "cpu-ns/record")
}

// cpuTime is the processor time of this process, on all cores, which other
// processes on the machine distort less than the time on the wall.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(syscall.TimevalToNsec(u.Utime) + syscall.TimevalToNsec(u.Stime))
}

func open(tb testing.TB, o node.Options) *node.Node {
	tb.Helper()
	n, _, activation, err := node.Open(o)
	if err != nil || activation != nil {
		tb.Fatal(err, activation)
	}
	return n
}
