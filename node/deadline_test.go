package node

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
)

// A deadline that passed before the decision began leaves no trace.
func TestDeadlineBefore(t *testing.T) {
	r := newRig(t, files())
	over, cancel := context.WithCancel(background)
	cancel()
	for range 100 {
		_, err := r.Authorize(over, r.tx("a", "anna", 100), false)
		wantCode(t, err, tidegate.CodeOverloaded)
	}
	if got := r.kinds(); got[KindDecision] != 0 {
		t.Errorf("the journal holds %v", got)
	}
	r.wantFeature("customer", "anna", "count_1h", 0)
	if a := r.decide(r.tx("a", "anna", 200)); a.Decision.Retry {
		t.Error("the id was taken")
	}
}

// A deadline that passes while the record is on its way to the disk: the
// decision stands, a record says that nobody was told, and the retry is.
func TestDeadlineAfter(t *testing.T) {
	r := newRig(t, files())
	goOn := r.faults.stopJournal()
	late, cancel := context.WithCancel(background)
	failed := make(chan error)
	go func() {
		_, err := r.Authorize(late, r.tx("a", "anna", 60_000), false)
		failed <- err
	}()
	for r.journal.Last() < 2 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	wantCode(t, <-failed, tidegate.CodeDeadline)

	impatient, cancel := context.WithTimeout(background, time.Millisecond)
	defer cancel()
	_, err := r.Authorize(impatient, r.tx("a", "anna", 60_000), false)
	wantCode(t, err, tidegate.CodeDeadline)

	goOn()
	a := r.decide(r.tx("a", "anna", 60_000))
	if d := a.Decision; !d.Retry || d.Outcome != tidegate.Review || d.Sequence != 2 {
		t.Errorf("the retry got %+v", d)
	}
	records := r.records()
	var last Record
	if err := last.Decode(3, []byte(records[2])); err != nil || last.Kind != KindUnanswered || last.Unanswered != 2 || len(records) != 3 {
		t.Errorf("%d records, the last %+v, error %v", len(records), last, err)
	}
	r.restart()
	same(t, a, r.decide(r.tx("a", "anna", 60_000)))
}

// While the disk hangs, everybody is told so when the deadline passes, however
// many they are. When it goes on, those that were decided are there, each with
// a record that nobody was told, and the others are not.
func TestTheDiskHangs(t *testing.T) {
	const n = orders + 600
	r := newRig(t, files())
	goOn := r.faults.stopJournal()
	codes := make([]tidegate.Code, n)
	var wait sync.WaitGroup
	for from := range 64 {
		wait.Go(func() {
			for i := from; i < n; i += 64 {
				soon, cancel := context.WithTimeout(background, time.Millisecond)
				_, err := r.Authorize(soon, r.tx(fmt.Sprint("t", i), fmt.Sprint("c", i), 100), false)
				cancel()
				codes[i] = tidegate.CodeOf(err)
			}
		})
	}
	wait.Wait()
	goOn()
	decided := 0
	for i, code := range codes {
		retry := r.decide(r.tx(fmt.Sprint("t", i), fmt.Sprint("c", i), 100)).Decision.Retry
		switch {
		case code == tidegate.CodeDeadline && retry:
			decided++
		case code == tidegate.CodeOverloaded && !retry:
		default:
			t.Fatalf("t%d: the first try said %s, the second was a retry: %v", i, code, retry)
		}
	}
	r.save()
	if got := r.kinds(); got[KindUnanswered] != decided || got[KindDecision] != n || decided == 0 {
		t.Errorf("%d were decided, the journal holds %v", decided, got)
	}
}

// Who asks a node that closes is told so.
func TestClosing(t *testing.T) {
	r := newRig(t, files())
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for i := 0; ; i++ {
				_, err := r.Authorize(background, r.tx(fmt.Sprintf("%p-%d", &i, i), "anna", 100), false)
				if err != nil {
					if tidegate.CodeOf(err) != tidegate.CodeUnavailable {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	time.Sleep(10 * time.Millisecond)
	r.stop()
	wait.Wait()
}
