package pebble

import (
	"sync"

	crdb "github.com/cockroachdb/pebble/v2"
)

// scheduler lets one compaction run at a time. After one has failed, on a full
// disk or a damaged table, it lets none run until the next checkpoint begins:
// Pebble would try again at once, for ever. It starts paused, until the
// database is open: a compaction that runs while opening fails is not waited
// for, and crashes.
type scheduler struct {
	granting sync.Mutex // held while calling the database; before its own locks
	mu       sync.Mutex // after the database's locks
	db       crdb.DBForCompaction
	running  bool
	paused   bool
	closed   bool
}

var _ crdb.CompactionScheduler = (*scheduler)(nil)

func (s *scheduler) Register(_ int, db crdb.DBForCompaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.db = db
}

func (s *scheduler) Unregister() {
	s.granting.Lock()
	defer s.granting.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

func (s *scheduler) TrySchedule() (bool, crdb.CompactionGrantHandle) {
	return s.start(), s
}

func (*scheduler) UpdateGetAllowedWithoutPermission() {}

// pause lets no compaction start until resume.
func (s *scheduler) pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = true
}

func (s *scheduler) resume() {
	s.mu.Lock()
	s.paused = false
	s.mu.Unlock()
	s.grant()
}

// grant starts the compaction that waits, if any.
func (s *scheduler) grant() {
	s.granting.Lock()
	defer s.granting.Unlock()
	if !s.start() {
		return
	}
	if waiting, _ := s.db.GetWaitingCompaction(); !waiting || !s.db.Schedule(s) {
		s.stop()
	}
}

func (s *scheduler) start() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running || s.paused || s.closed {
		return false
	}
	s.running = true
	return true
}

func (s *scheduler) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = false
}

// Done is [crdb.CompactionGrantHandle.Done]: the compaction has ended.
func (s *scheduler) Done() {
	s.stop()
	s.grant()
}

func (*scheduler) Started()                                        {}
func (*scheduler) MeasureCPU(crdb.CompactionGoroutineKind)         {}
func (*scheduler) CumulativeStats(crdb.CompactionGrantHandleStats) {}
