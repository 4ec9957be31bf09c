package journal

import (
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/tidegate/tidegate"
)

// faultOnce fails the n-th operation that changes the disk, and no other: who
// tried again would succeed.
type faultOnce struct {
	err   error
	n     int64
	count atomic.Int64
}

func (f *faultOnce) String() string { return "fault once" }

func (f *faultOnce) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && op.Kind != errorfs.OpLock && f.count.Add(1) == f.n {
		return f.err
	}
	return nil
}

// Each operation on the disk fails once, with a full disk or an error of the
// device. What was durable before is there afterwards; nothing becomes durable
// after the fault although the disk is well again; the journal says so to
// everybody; and the next process goes on.
func TestFaults(t *testing.T) {
	for _, fault := range []error{syscall.ENOSPC, syscall.EIO} {
		n := int64(1)
		for ; faultAt(t, fault, n); n++ {
		}
		if n < 60 {
			t.Errorf("only %d operations were tried", n)
		}
	}
}

func faultAt(t *testing.T, fault error, n int64) (reached bool) {
	fs := vfs.NewMem()
	inject := &faultOnce{err: fault, n: n}
	j, _, err := Open(dir, Options{FS: errorfs.Wrap(fs, inject), SegmentBytes: 1 << 10})
	var promised uint64
	if err == nil {
		promised, err = writeUntilFault(t, j)
		if closing := j.Close(); err == nil && closing != nil {
			err = closing // the fault hit the closing commit frame
		}
	}
	if err == nil {
		return false
	}
	if !errors.Is(err, fault) {
		t.Fatalf("operation %d: %v", n, err)
	}
	j, recovery := open(t, fs, Options{})
	if recovery.Last < promised {
		t.Fatalf("operation %d: %d records were durable, %d are there", n, promised, recovery.Last)
	}
	commit(t, j, 1)
	check(t, j, 1, recovery.Last+1)
	closeJournal(t, j)
	return true
}

func writeUntilFault(t *testing.T, j *Journal) (promised uint64, err error) {
	for range 25 {
		seq, err := j.Append(payloadOf(j.Last() + 1))
		if err == nil {
			err = j.Wait(background, seq)
		}
		if err != nil {
			checkFailed(t, j, promised, err)
			return promised, err
		}
		promised = seq
	}
	return promised, nil
}

func checkFailed(t *testing.T, j *Journal, promised uint64, err error) {
	t.Helper()
	<-j.Failed()
	if !errors.Is(err, ErrFailed) || tidegate.CodeOf(err) != tidegate.CodeUnavailable || !errors.Is(j.Err(), ErrFailed) {
		t.Fatalf("failed with %v", err)
	}
	if _, err := j.Append(nil); !errors.Is(err, ErrFailed) {
		t.Fatalf("append after the fault: %v", err)
	}
	if err := j.Reserve(); !errors.Is(err, ErrFailed) {
		t.Fatalf("reserve after the fault: %v", err)
	}
	if err := j.Wait(background, promised+1); !errors.Is(err, ErrFailed) {
		t.Fatalf("wait after the fault: %v", err)
	}
	if j.Durable() != promised {
		t.Fatalf("%d is durable, %d was promised", j.Durable(), promised)
	}
	check(t, j, 1, promised)
	r := j.ReadFrom(promised + 1)
	defer r.Close()
	if _, _, err := r.Next(background); !errors.Is(err, ErrFailed) {
		t.Fatalf("reader after the fault: %v", err)
	}
}

// After a failed sync the page cache may hold what the disk doesn't, and say
// that it is clean. So recovery writes the last commit again before it syncs.
func TestLastCommitIsWrittenAgain(t *testing.T) {
	fs := vfs.NewMem()
	fail := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileSyncData {
			return syscall.EIO
		}
		return nil
	})}
	j, _ := open(t, errorfs.Wrap(fs, &fail), Options{})
	commit(t, j, 3)
	end := j.segments[0].size.Load()
	fail.On()
	appendRecord(t, j)
	if err := j.Wait(background, 4); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	if err := j.Close(); !errors.Is(err, ErrFailed) {
		t.Errorf("close: %v", err)
	}

	var operations []string
	observe := errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch {
		case op.Kind == errorfs.OpFileWriteAt && op.Offset == end:
			operations = append(operations, "write the last commit")
		case op.Kind == errorfs.OpFileSync && strings.HasSuffix(op.Path, segmentSuffix):
			operations = append(operations, "sync")
		}
		return nil
	})
	j, recovery := open(t, errorfs.Wrap(fs, observe), Options{})
	if recovery.Last != 4 || strings.Join(operations, ", ") != "write the last commit, sync" {
		t.Errorf("%+v after: %q", recovery, operations)
	}
	closeJournal(t, j)
}

func TestReadErrors(t *testing.T) {
	fs := vfs.NewMem()
	j, _ := open(t, fs, Options{SegmentBytes: 1 << 10})
	commit(t, j, 30)
	closeJournal(t, j)
	for n := int32(0); ; n++ {
		index := errorfs.OnIndex(n)
		inject := errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsRead && op.Kind != errorfs.OpGetDiskUsage && op.Kind != errorfs.OpStat {
				return index.MaybeError(op)
			}
			return nil
		})
		j, _, err := Open(dir, Options{FS: errorfs.Wrap(fs, inject)})
		if err == nil {
			closeJournal(t, j)
			if n < 4 {
				t.Errorf("only %d operations were tried", n)
			}
			return
		}
		if !errors.Is(err, errorfs.ErrInjected) || tidegate.CodeOf(err) == tidegate.CodeCorrupt {
			t.Fatalf("operation %d: %v", n, err)
		}
	}
}
