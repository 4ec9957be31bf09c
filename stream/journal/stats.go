package journal

import "time"

// SyncBounds are the upper bounds of [Stats].Syncs; the last bucket has none.
var SyncBounds = [...]time.Duration{
	50 * time.Microsecond, 100 * time.Microsecond, 200 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second,
}

// Stats counts what became durable since the journal was opened.
type Stats struct {
	Records uint64
	Bytes   uint64 // on disk, frames included
	Commits uint64

	Syncs     [len(SyncBounds) + 1]uint64        // commits by duration of their sync, by SyncBounds
	SyncTimes [len(SyncBounds) + 1]time.Duration // of each bucket's together
	SyncTime  time.Duration                      // of all

	PendingRecords uint64 // appended, not durable
	PendingBytes   int
	FreeBytes      uint64 // on the disk; 0 where the file system can't tell
	LowSpace       bool   // Append refuses
}

// Stats returns the counters.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.stats
	for _, b := range []*batch{j.pending, j.committing} {
		if b != nil {
			s.PendingRecords += uint64(b.records)
			s.PendingBytes += len(b.buf)
		}
	}
	s.FreeBytes = j.space.free.Load()
	s.LowSpace = j.space.low.Load()
	return s
}

// SyncsOver counts the syncs that took longer than one of the SyncBounds, and
// the time that they took together.
func (s *Stats) SyncsOver(bound time.Duration) (n uint64, took time.Duration) {
	for i := range s.Syncs {
		if i == len(SyncBounds) || SyncBounds[i] > bound {
			n += s.Syncs[i]
			took += s.SyncTimes[i]
		}
	}
	return n, took
}

func (s *Stats) observe(b *batch, took time.Duration) {
	s.Records += uint64(b.records)
	s.Bytes += uint64(len(b.buf))
	s.Commits++
	s.SyncTime += took
	i := 0
	for i < len(SyncBounds) && took > SyncBounds[i] {
		i++
	}
	s.Syncs[i]++
	s.SyncTimes[i] += took
}
