package journal

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

func TestTruncateBefore(t *testing.T) {
	fs := vfs.NewMem()
	j, _ := open(t, fs, Options{SegmentBytes: 1 << 10})
	for range 50 {
		commit(t, j, 1)
	}
	behind := j.ReadFrom(1)
	defer behind.Close()
	if _, _, err := behind.Next(background); err != nil {
		t.Fatal(err)
	}
	segments, err := j.Segments()
	if err != nil || len(segments) < 4 {
		t.Fatal(segments, err)
	}
	for i, s := range segments {
		if s.Bytes <= 0 || s.Modified.IsZero() || s.Incarnation != 1 || i > 0 && s.First != segments[i-1].Last+1 {
			t.Errorf("segment %d: %+v", i, s)
		}
	}
	if last := segments[len(segments)-1]; last.Last != 50 {
		t.Errorf("newest: %+v", last)
	}

	for seq := range segments[1].First { // all before the second segment's first: nothing to drop
		if n, err := j.TruncateBefore(seq); n != 0 || err != nil {
			t.Fatalf("before %d: %d dropped, %v", seq, n, err)
		}
	}
	if n, err := j.TruncateBefore(segments[2].First + 1); n != 2 || err != nil {
		t.Fatalf("%d dropped, %v", n, err)
	}
	if j.First() != segments[2].First {
		t.Errorf("first is %d", j.First())
	}
	check(t, j, j.First(), 50)
	if _, err := j.Get(1); !errors.Is(err, ErrDropped) {
		t.Errorf("get: %v", err)
	}
	// A reader may finish the file it has open, and is told then.
	for seq := uint64(1); err == nil; {
		if seq, _, err = behind.Next(background); err == nil && seq > segments[0].Last {
			t.Fatalf("record %d of a segment that is gone", seq)
		}
	}
	if !errors.Is(err, ErrDropped) {
		t.Errorf("reader: %v", err)
	}
	if n, err := j.TruncateBefore(1000); n != len(segments)-3 || err != nil {
		t.Errorf("all: %d dropped, %v", n, err)
	}
	check(t, j, segments[len(segments)-1].First, 50)
	closeJournal(t, j)

	j, recovery := open(t, fs, Options{})
	if recovery.First != segments[len(segments)-1].First || recovery.Last != 50 {
		t.Errorf("%+v", recovery)
	}
	closeJournal(t, j)
}

// A failed removal leaves no gap and is made good by the next call.
func TestTruncateFault(t *testing.T) {
	for n := int32(1); n <= 4; n++ {
		var left atomic.Int32 // until the fault
		inject := errorfs.InjectorFunc(func(op errorfs.Op) error {
			switch op.Kind {
			case errorfs.OpRemove, errorfs.OpOpenDir, errorfs.OpFileSync:
				if left.Add(-1) == 0 {
					return errorfs.ErrInjected
				}
			}
			return nil
		})
		fs := vfs.NewMem()
		j, _ := open(t, errorfs.Wrap(fs, inject), Options{SegmentBytes: 1 << 10})
		for range 50 {
			commit(t, j, 1)
		}
		left.Store(n)
		if _, err := j.TruncateBefore(40); !errors.Is(err, errorfs.ErrInjected) {
			t.Fatal(err)
		}
		again, _, err := OpenReadOnly(dir, Options{FS: clone(t, fs)})
		if err != nil {
			t.Fatal(err)
		}
		check(t, again, again.First(), 50)
		if _, err := j.TruncateBefore(40); err != nil {
			t.Fatal(err)
		}
		check(t, j, j.First(), 50)
		closeJournal(t, j)
	}
}

func TestNewIncarnation(t *testing.T) {
	fs := vfs.NewMem()
	j, _ := open(t, fs, Options{})
	commit(t, j, 3)
	closeJournal(t, j)
	for want := uint64(2); want <= 4; want++ { // the later ones of an empty segment
		j, _ = open(t, fs, Options{NewIncarnation: true})
		if j.Incarnation() != want || j.Durable() != 3 {
			t.Errorf("incarnation %d, durable %d", j.Incarnation(), j.Durable())
		}
		closeJournal(t, j)
	}
	j, recovery := open(t, fs, Options{})
	if j.Incarnation() != 4 || recovery.Segments != 2 {
		t.Errorf("incarnation %d, %+v", j.Incarnation(), recovery)
	}
	commit(t, j, 2)
	check(t, j, 1, 5)
	closeJournal(t, j)
}
