package node

import (
	"time"

	"github.com/tidegate/tidegate"
)

// The ends of patterns' windows are looked for this often, and this many are
// recorded in one of the writer's turns.
const (
	windowsEvery = time.Second
	windowsStep  = 8
)

// endWindows records what event patterns find when nothing happens, as a
// login without a logout: one entity a record, a few a turn, so that
// transactions need not wait.
func (n *Node) endWindows() {
	tick := time.NewTicker(windowsEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-n.running.Done():
			return
		}
		for more := true; more && n.running.Err() == nil; {
			var err error
			if more, err = n.endSomeWindows(); err != nil {
				n.report(err)
				break
			}
		}
	}
}

func (n *Node) endSomeWindows() (more bool, err error) {
	if err := n.lockWithRoom(); err != nil {
		return false, err
	}
	defer n.release()
	for range windowsStep {
		if more, err = n.endWindow(); !more || err != nil {
			return false, err
		}
	}
	return true, nil
}

// endWindow ends the windows of one entity, if there is one whose time has
// come. The caller holds the writer's lock.
func (n *Node) endWindow() (more bool, err error) {
	if n.scorer == nil || n.failed.get() != nil {
		return false, nil
	}
	if err := n.reserve(); err != nil {
		return false, err
	}
	now := n.newest
	if !n.options.EventClock {
		now = max(now, tidegate.MillisOf(n.clock()))
	}
	e, more, err := n.scorer.WindowEnd(n.known, now)
	if err != nil {
		return false, n.fail(err)
	}
	if e == nil {
		return more, nil
	}
	arrival := n.arrival(n.newest)
	d := tidegate.Decision{Generation: n.generation, ArrivalTime: arrival, Sequence: n.journal.Last() + 1}
	if err := n.scorer.Fire(e, n.known, &d); err != nil {
		return false, n.fail(err)
	}
	n.counters.patterns.add(n.scorer.Found())
	if err := n.known.ApplyAlerts(e, &d); err != nil {
		return false, n.fail(err)
	}
	_, err = n.journal.AppendFunc(func(b []byte) []byte {
		return appendFinding(b, KindWindowEnd, head{arrival: arrival, history: n.options.History}, e, &d)
	})
	if err != nil {
		return false, n.fail(err)
	}
	return more, nil
}

// applyWindowEnd does again what endWindow recorded.
func (n *Node) applyWindowEnd(r *Record) error {
	if err := n.scorer.RecallWindowEnd(&r.Event, n.known); err != nil {
		return err
	}
	return n.known.ApplyAlerts(&r.Event, &r.Decision)
}
