package journal

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/tidegate/tidegate"
)

var background = context.Background()

func TestAppendReadReopen(t *testing.T) {
	fs := vfs.NewMem()
	for round := range uint64(4) {
		j, recovery := open(t, fs, Options{SegmentBytes: 8 << 10})
		if recovery.Last != round*200 || recovery.Created != (round == 0) || recovery.TornBytes != 0 {
			t.Fatalf("round %d: %+v", round, recovery)
		}
		for range 20 {
			commit(t, j, 10)
		}
		check(t, j, 1, (round+1)*200)
		closeJournal(t, j)
	}
	j, recovery, err := OpenReadOnly(dir, Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	check(t, j, 1, 800)
	if recovery.Verified != 800 || recovery.Segments < 5 {
		t.Errorf("%+v", recovery)
	}
	if _, err := j.Append(nil); !errors.Is(err, ErrReadOnly) {
		t.Errorf("append to a journal for reading: %v", err)
	}
	if j.UUID() != testUUID || j.Incarnation() != 1 {
		t.Errorf("identity %v %d", j.UUID(), j.Incarnation())
	}
	closeJournal(t, j)
}

func TestSizes(t *testing.T) {
	j, _, err := Open(t.TempDir(), Options{SegmentBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer closeJournal(t, j)
	for _, n := range []int{0, 1, 2, 3, 4, 5, 100, readAhead - frameHeader, readAhead, readAhead + 1, 1 << 20, MaxRecord} {
		want := bytes.Repeat([]byte{0xa5}, n)
		seq, err := j.AppendFunc(func(dst []byte) []byte { return append(dst, want...) })
		if err != nil {
			t.Fatal(n, err)
		}
		if err := j.Wait(background, seq); err != nil {
			t.Fatal(n, err)
		}
		if got, err := j.Get(seq); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes came back as %d, error %v", n, len(got), err)
		}
	}
	for name, add := range map[string]func() (uint64, error){
		"too long":     func() (uint64, error) { return j.Append(make([]byte, MaxRecord+1)) },
		"header taken": func() (uint64, error) { return j.AppendFunc(func([]byte) []byte { return nil }) },
	} {
		if _, err := add(); tidegate.CodeOf(err) != tidegate.CodeTooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	if seq := appendRecord(t, j); seq != 13 {
		t.Errorf("a refused record took a number: the next is %d", seq)
	}
}

// slowSync holds every sync back until it is released.
type slowSync struct{ gate chan struct{} }

func (s slowSync) String() string { return "slow sync" }

func (s slowSync) MaybeError(op errorfs.Op) error {
	if op.Kind == errorfs.OpFileSyncData {
		<-s.gate
	}
	return nil
}

func TestFullAndReserve(t *testing.T) {
	gate := slowSync{make(chan struct{})}
	j, _ := open(t, errorfs.Wrap(vfs.NewMem(), gate), Options{MaxPending: 2 << 10})
	var n uint64
	for {
		if err := j.Reserve(); err != nil {
			if !errors.Is(err, ErrFull) || tidegate.CodeOf(err) != tidegate.CodeOverloaded {
				t.Fatal(err)
			}
			break
		}
		n++
		if seq := appendRecord(t, j); seq != n {
			t.Fatalf("record %d got number %d", n, seq)
		}
		if n == 1 {
			for !committing(j) { // and it waits at the gate; nothing more is taken
				runtime.Gosched()
			}
		}
	}
	if _, err := j.Append(nil); !errors.Is(err, ErrFull) {
		t.Errorf("append without room: %v", err)
	}
	if s := j.Stats(); s.PendingRecords != n || s.PendingBytes < 2<<10 || s.PendingBytes > 8<<10 {
		t.Errorf("%+v", s)
	}
	if j.Durable() != 0 {
		t.Errorf("durable before the sync: %d", j.Durable())
	}
	close(gate.gate)
	if err := j.Wait(background, j.Last()); err != nil {
		t.Fatal(err)
	}
	commit(t, j, 1)
	check(t, j, 1, n+1)
	if s := j.Stats(); s.Records != n+1 || s.PendingRecords != 0 || s.Commits < 2 {
		t.Errorf("%+v", s)
	}
	closeJournal(t, j)
}

// committing tells whether the committer has a batch in its hands.
func committing(j *Journal) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.committing != nil
}

func TestWait(t *testing.T) {
	gate := slowSync{make(chan struct{}, 1)}
	j, _ := open(t, errorfs.Wrap(vfs.NewMem(), gate), Options{})
	cancelled, cancel := context.WithCancel(background)
	appendRecord(t, j)
	var future atomic.Bool
	waited := make(chan error)
	go func() {
		err := j.Wait(background, 2) // not appended yet
		future.Store(true)
		waited <- err
	}()
	cancel()
	if err := j.Wait(cancelled, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled wait: %v", err)
	}
	gate.gate <- struct{}{}
	if err := j.Wait(background, 1); err != nil {
		t.Error(err)
	}
	if future.Load() {
		t.Error("record 2 was durable before it was appended")
	}
	appendRecord(t, j)
	gate.gate <- struct{}{}
	if err := <-waited; err != nil {
		t.Error(err)
	}
	close(gate.gate)
	closeJournal(t, j)
}

// A lock that can't be opened is nobody else's.
func TestLockThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	if err := vfs.Default.MkdirAll(vfs.Default.PathJoin(dir, "LOCK"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(dir, Options{FS: vfs.Default}); tidegate.CodeOf(err) != tidegate.CodeUnavailable || strings.Contains(err.Error(), "another process") {
		t.Errorf("%v", err)
	}
}

func TestClose(t *testing.T) {
	fs := vfs.NewMem()
	j, _ := open(t, fs, Options{})
	if _, _, err := Open(dir, Options{FS: fs}); tidegate.CodeOf(err) != tidegate.CodeConflict {
		t.Errorf("second owner: %v", err)
	}
	for range 10 {
		appendRecord(t, j)
	}
	r := j.ReadFrom(11)
	defer r.Close()
	ended := make(chan error)
	go func() { _, _, err := r.Next(background); ended <- err }()
	closeJournal(t, j) // what is pending becomes durable
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("reader: %v", err)
	}
	if _, err := j.Append(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("append: %v", err)
	}
	if err := j.Wait(background, 11); !errors.Is(err, ErrClosed) {
		t.Errorf("wait: %v", err)
	}
	check(t, j, 1, 10)
	closeJournal(t, j)
	j, _ = open(t, fs, Options{})
	check(t, j, 1, 10)
	closeJournal(t, j)
}

func TestLowSpace(t *testing.T) {
	fs := vfs.NewMem()
	fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 2 << 20, TotalBytes: 10 << 20})
	j, _ := open(t, fs, Options{MinFreeBytes: 1 << 20})
	commit(t, j, 3)
	fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1<<20 - 1, TotalBytes: 10 << 20})
	kept := uint64(3)
	if j.Reserve() == nil { // the look after the commit before may come late enough to see it
		commit(t, j, 1)
		kept++
	}
	for !j.Stats().LowSpace {
		runtime.Gosched() // the look comes after who waited for the commit is told
	}
	if err := j.Reserve(); !errors.Is(err, ErrLowSpace) || tidegate.CodeOf(err) != tidegate.CodeUnavailable {
		t.Errorf("reserve: %v", err)
	}
	if _, err := j.Append(nil); !errors.Is(err, ErrLowSpace) {
		t.Errorf("append: %v", err)
	}
	if s := j.Stats(); !s.LowSpace || s.FreeBytes != 1<<20-1 {
		t.Errorf("%+v", s)
	}
	fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 3 << 20, TotalBytes: 10 << 20})
	for j.Reserve() != nil {
		continue // each refusal makes the committer look again
	}
	commit(t, j, 1)
	check(t, j, 1, kept+1)
	closeJournal(t, j)
}

// A reserved record is accepted even if space ran low in between: the writer
// has already changed its state.
func TestReserveOutlivesLowSpace(t *testing.T) {
	fs := vfs.NewMem()
	j, _ := open(t, fs, Options{})
	defer closeJournal(t, j)
	if err := j.Reserve(); err != nil {
		t.Fatal(err)
	}
	j.space.low.Store(true)
	commit(t, j, 1)
}

func TestAppendAllocatesNothing(t *testing.T) {
	gate := slowSync{make(chan struct{})}
	j, _ := open(t, errorfs.Wrap(vfs.NewMem(), gate), Options{})
	payload := make([]byte, 500)
	for range 2 { // both buffers
		for range 5000 {
			if _, err := j.Append(payload); err != nil {
				t.Fatal(err)
			}
		}
		gate.gate <- struct{}{}
	}
	close(gate.gate)
	if err := j.Wait(background, j.Last()); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := j.Append(payload); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		// The commits in the background allocate a channel each.
		t.Errorf("%v allocations", n)
	}
	closeJournal(t, j)
}
