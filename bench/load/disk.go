package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Disk is how long a disk takes to make a write durable when it has nothing
// else to do: no answer that waits for it can be faster.
type Disk struct {
	Syncs   int64            `json:"syncs"`
	Micros  map[string]int64 `json:"latency_us"`
	Stalled float64          `json:"stalled"` // share of the time spent in syncs longer than SlowSync

	latency       *Latency
	took, stalled time.Duration
}

// SlowSync is what a sync takes at most on a disk that does not stall.
const SlowSync = 5 * time.Millisecond

// diskWrite is about what a commit of the journal writes: some records.
const (
	diskWrite = 4 << 10
	diskFile  = 64 << 20
	diskWaits = 500 * time.Microsecond // between two commits
)

// Measure writes to a file in a directory, as a journal does, until the
// duration is over, and adds to what was measured before.
func (r *Disk) Measure(ctx context.Context, dir string, d time.Duration) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("measuring the disk of %s: %w", dir, err)
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	path := vfs.Default.PathJoin(dir, "disk-measured")
	f, err := vfs.Default.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(path)) }()
	if err := f.Preallocate(0, diskFile); err != nil {
		return err
	}
	if r.latency == nil {
		r.latency = NewLatency()
	}
	b := make([]byte, diskWrite)
	began := time.Now()
	for at := int64(0); time.Since(began) < d && ctx.Err() == nil; at = (at + diskWrite) % diskFile {
		if _, err := f.WriteAt(b, at); err != nil {
			return err
		}
		start := time.Now()
		if err := f.SyncData(); err != nil {
			return err
		}
		took := time.Since(start)
		r.latency.Record(0, took)
		if took > SlowSync {
			r.stalled += took
		}
		time.Sleep(diskWaits)
	}
	r.took += time.Since(began)
	all := r.latency.Result()
	r.Syncs, r.Micros, r.Stalled = all.Requests, all.Micros, r.stalled.Seconds()/r.took.Seconds()
	return ctx.Err()
}
