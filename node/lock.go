package node

import (
	"errors"
	"runtime/debug"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/journal"
)

// lock takes the writer's turn: the order of records, and the state's keys,
// those of the histories and all others.
func (n *Node) lock() {
	n.mu.Lock()
	n.store.Shard(nil).Lock()
	n.histories.Shard(nil).Lock()
}

func (n *Node) release() {
	n.histories.Shard(nil).Unlock()
	n.store.Shard(nil).Unlock()
	n.mu.Unlock()
}

// ended ends a turn in a goroutine of the face's, deferred. A panic may have
// left the state half changed: the node stops.
func (n *Node) ended(err *error) {
	if cause := recover(); cause != nil {
		*err = n.fail(tidegate.Errorf(tidegate.CodeInternal, "panic while a request was processed: %v\n%s", cause, debug.Stack()))
	}
	n.release()
}

// lockWithRoom takes the writer's turn when there is room for a record. It is
// for those who can wait.
func (n *Node) lockWithRoom() error {
	for {
		n.lock()
		err := n.reserve()
		if err == nil {
			return nil
		}
		n.release()
		if !errors.Is(err, journal.ErrFull) {
			return err
		}
		if err := n.journal.Wait(n.running, n.journal.Last()); err != nil {
			return err
		}
	}
}

// arrival is the time that goes into the next record: the arrival clock, or
// the newest event time where that is the clock. It moves the state's time,
// which therefore is that of the last record.
func (n *Node) arrival(event tidegate.Millis) tidegate.Millis {
	at := tidegate.MillisOf(n.clock())
	if n.options.EventClock {
		at = max(n.newest, event)
	}
	n.passTo(at)
	return at
}

// passTo moves the state's time to a record's arrival.
func (n *Node) passTo(arrival tidegate.Millis) {
	n.newest = max(n.newest, arrival)
	n.store.Advance(int64(arrival))
}

// now is the node's idea of the present, for retention.
func (n *Node) now() time.Time {
	if !n.options.EventClock {
		return n.clock()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.newest.Time()
}

func (n *Node) report(err error) {
	if n.options.Report != nil {
		n.options.Report(err)
	}
}
