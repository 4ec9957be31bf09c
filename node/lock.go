package node

import (
	"time"

	"github.com/tidegate/tidegate"
)

// lock takes the writer's turn: the order of records, and the state's keys.
func (n *Node) lock() {
	n.mu.Lock()
	n.store.Shard(nil).Lock()
}

func (n *Node) release() {
	n.store.Shard(nil).Unlock()
	n.mu.Unlock()
}

// arrival is the time that goes into the next record: the arrival clock, or
// the newest event time where that is the clock. It moves the state's time.
func (n *Node) arrival(event tidegate.Millis) tidegate.Millis {
	at := tidegate.MillisOf(n.clock())
	if n.options.EventClock {
		at = max(n.newest, event)
	}
	n.newest = max(n.newest, at)
	n.store.Advance(int64(at))
	return at
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
