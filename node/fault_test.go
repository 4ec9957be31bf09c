package node

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/tidegate/tidegate"
)

// A write or a sync of the journal fails once. From then on everybody is told
// that the service is unavailable, although the disk is well again; the node
// says that it has to stop, and does. The next one has every answered decision.
func TestJournalFails(t *testing.T) {
	for name, fault := range map[string]struct {
		kind errorfs.OpKind
		err  error
	}{
		"full disk": {errorfs.OpFileWriteAt, syscall.ENOSPC},
		"fsync":     {errorfs.OpFileSyncData, syscall.EIO},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, files())
			var once sync.Once
			var answered sync.Map
			var wait sync.WaitGroup
			for worker := range 4 {
				wait.Go(func() {
					for i := 0; ; i++ {
						id := fmt.Sprint("t", worker, "-", i)
						a, err := r.Authorize(background, r.tx(id, id, 60_000), true)
						if err != nil {
							wantUnavailable(t, err)
							return
						}
						answered.Store(id, a)
						if worker == 0 && i == 20 {
							r.faults.set(func(op errorfs.Op) (err error) {
								if op.Kind == fault.kind && isJournal(op.Path) {
									once.Do(func() { err = fault.err })
								}
								return err
							})
						}
					}
				})
			}
			wait.Wait()
			<-r.Failed()
			if !errors.Is(r.Err(), fault.err) || tidegate.CodeOf(r.Err()) != tidegate.CodeUnavailable || r.Status().Ready {
				t.Errorf("failed with %v, status %+v", r.Err(), r.Status())
			}
			_, err := r.Event(background, r.event("e", "login_failed", "anna"))
			wantUnavailable(t, err)
			_, err = r.Label(background, r.fraud("l", "t"))
			wantUnavailable(t, err)
			_, err = r.Activate(files(otherRules))
			wantUnavailable(t, err)
			wantUnavailable(t, r.checkpoint(background))
			if err := r.Node.Close(); !errors.Is(err, fault.err) {
				t.Errorf("closed with %v", err)
			}

			r.faults.clear()
			r.open()
			answered.Range(func(id, first any) bool {
				same(t, first.(*Answer), r.decide(r.tx(id.(string), id.(string), 60_000)))
				return true
			})
			if got := r.redecideAll(); got.Differences != 0 {
				t.Errorf("decided again: %+v", got)
			}
		})
	}
}

func wantUnavailable(t testing.TB, err error) {
	t.Helper()
	if tidegate.CodeOf(err) != tidegate.CodeUnavailable {
		t.Errorf("want an error of code unavailable, got %v", err)
	}
}

// Before the disk runs out nothing more is taken, and the node says so; when
// there is room again it goes on.
func TestLowSpace(t *testing.T) {
	r := newRig(t, files(), func(o *Options) { o.MinFreeBytes = 1000 })
	free := func(bytes uint64) { r.disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: bytes, TotalBytes: 1 << 20}) }
	free(1000)
	r.decide(r.tx("a", "anna", 100))
	r.tell(r.event("told", "login_failed", "anna"))
	r.label(r.fraud("l", "a"))
	free(999)
	// It is looked at after each commit, perhaps that of "a" still.
	decided := 1.0
	_, err := r.Authorize(background, r.tx("b", "anna", 100), false)
	if err == nil {
		decided++
	} else {
		wantUnavailable(t, err)
	}
	for r.Status().Ready {
	}
	_, err = r.Authorize(background, r.tx("c", "anna", 100), false)
	wantUnavailable(t, err)
	_, err = r.Event(background, r.event("e", "login_failed", "anna"))
	wantUnavailable(t, err)
	// What was taken before needs no room.
	if a := r.decide(r.tx("a", "anna", 100)); !a.Decision.Retry {
		t.Error("a retry was decided")
	}
	if !r.tell(r.event("told", "login_failed", "anna")) || !r.label(r.fraud("l", "a")) {
		t.Error("a repeated event or label was recorded")
	}
	_, err = r.Activate(files(otherRules))
	wantUnavailable(t, err)
	if r.Err() != nil {
		t.Fatalf("the node stops: %v", r.Err())
	}
	r.wantFeature("customer", "anna", "count_1h", decided)
	r.save()
	free(2000)
	for {
		if _, err = r.Authorize(background, r.tx("c", "anna", 100), false); err == nil {
			break
		}
		wantUnavailable(t, err)
	}
	r.activate(files(otherRules))
	r.crash(rng(1))
	r.wantFeature("customer", "anna", "count_1h", decided+1)
}

// A checkpoint that can't be written leaves the one before; deciding goes on,
// and the next one holds what this one would have.
func TestCheckpointFails(t *testing.T) {
	r := newRig(t, files(), func(o *Options) {
		o.Report = func(err error) { wantUnavailable(t, err) } // of compactions
	})
	history(r, 0, 100)
	r.save()
	for step := int32(0); ; step++ {
		history(r, 100+int(step), 101+int(step))
		at := errorfs.OnIndex(step)
		var reached atomic.Bool // compactions go on beside
		r.faults.set(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && !isJournal(op.Path) {
				err := at.MaybeError(op)
				if err != nil {
					reached.Store(true)
				}
				return err
			}
			return nil
		})
		err := r.checkpoint(background)
		r.faults.clear()
		if !reached.Load() {
			break
		}
		if err != nil {
			wantUnavailable(t, err)
		}
		if step%8 == 0 {
			before := r.knowledge(everybody)
			r.crash(rng(uint64(step)))
			if after := r.knowledge(everybody); after != before {
				t.Fatalf("step %d: features are\n%s\nwere\n%s", step, after, before)
			}
		}
	}
	sameKnowledge(t, replayed(t, r), r)
	if got := r.redecideAll(); got.Differences != 0 {
		t.Errorf("decided again: %+v", got)
	}
}
