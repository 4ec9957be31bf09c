package journal

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tidegate/tidegate"
)

// One writer, many waiters, readers at several places, random access,
// retention and an exporter, all at once on real files.
func TestConcurrent(t *testing.T) {
	const records = 20_000
	path := t.TempDir()
	j, _, err := Open(path, Options{SegmentBytes: 256 << 10, MaxPending: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	var all sync.WaitGroup
	var keep atomic.Uint64 // readers are behind this
	answers := make(chan uint64, 64)

	all.Go(func() {
		defer close(answers)
		for seq := uint64(1); seq <= records; {
			_, err := j.Append(payloadOf(seq))
			if errors.Is(err, ErrFull) {
				err = j.Wait(ctx, j.Last())
			} else if err == nil {
				answers <- seq
				seq++
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 64 {
		all.Go(func() {
			for seq := range answers {
				if err := j.Wait(ctx, seq); err != nil || j.Durable() < seq {
					t.Errorf("record %d: %v", seq, err)
				}
			}
		})
	}
	for i := range 4 {
		all.Go(func() {
			r := j.ReadFrom(1)
			defer r.Close()
			for want := uint64(1); want <= records; want++ {
				seq, payload, err := r.Next(ctx)
				if err != nil || seq != want || string(payload) != string(payloadOf(want)) || seq > j.Durable() {
					t.Errorf("reader %d: record %d is %d %q: %v", i, want, seq, payload, err)
					return
				}
				if i == 0 {
					keep.Store(want)
				}
			}
		})
	}
	all.Go(func() { // retention, behind one reader and perhaps before the others
		for keep.Load() < records {
			if _, err := j.Segments(); err != nil {
				t.Error(err)
			}
			seq := keep.Load()/2 + 1
			payload, err := j.Get(seq)
			if err == nil && string(payload) != string(payloadOf(seq)) || err != nil && tidegate.CodeOf(err) != tidegate.CodeNotFound {
				t.Errorf("get %d: %q, %v", seq, payload, err)
			}
			_ = j.Stats()
		}
	})
	all.Wait()
	if n, err := j.TruncateBefore(records); n == 0 || err != nil {
		t.Errorf("%d segments dropped, %v", n, err)
	}
	if s := j.Stats(); s.Records != records || s.Commits == 0 || s.Commits > records {
		t.Errorf("%+v", s)
	}
	closeJournal(t, j)
}

// A reader that retention has overtaken is told so; it never skips.
func TestRetentionOvertakesReaders(t *testing.T) {
	path := t.TempDir()
	j, _, err := Open(path, Options{SegmentBytes: 4 << 10})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			r := j.ReadFrom(1)
			defer r.Close()
			for want := uint64(1); ; want++ {
				seq, payload, err := r.Next(background)
				if errors.Is(err, ErrDropped) || errors.Is(err, ErrClosed) {
					return
				}
				if err != nil || seq != want || string(payload) != string(payloadOf(want)) {
					t.Errorf("record %d is %d %q: %v", want, seq, payload, err)
					return
				}
			}
		})
	}
	for range 200 {
		commit(t, j, 10)
		if _, err := j.TruncateBefore(j.Last()); err != nil {
			t.Error(err)
		}
	}
	closeJournal(t, j)
	all.Wait()
}

// A journal in use can be opened for reading by others. They see a beginning
// of it, however busy its writer is.
func TestReadOnlyBesideWriter(t *testing.T) {
	path := t.TempDir()
	j, _, err := Open(path, Options{SegmentBytes: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var stop atomic.Bool
	all.Go(func() {
		for !stop.Load() {
			appendRecord(t, j)
			if j.Last()%64 == 0 {
				_ = j.Wait(background, j.Last()-32)
			}
		}
	})
	for range 200 {
		durable := j.Durable()
		beside, _, err := OpenReadOnly(path, Options{VerifyFrom: durable})
		if err != nil {
			t.Error(err)
			break
		}
		if beside.Durable() < durable {
			t.Errorf("%d were durable, %d are seen", durable, beside.Durable())
		}
		r := beside.ReadFrom(beside.Durable())
		if seq, payload, err := r.Next(background); durable > 0 && (err != nil || string(payload) != string(payloadOf(seq))) {
			t.Errorf("record %d is %q: %v", seq, payload, err)
		}
		_ = r.Close()
	}
	stop.Store(true)
	all.Wait()
	closeJournal(t, j)
}
