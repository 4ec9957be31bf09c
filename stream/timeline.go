package stream

import (
	"sync"
	"sync/atomic"
)

// timeline is the event time of a source or of an operator that has a say in
// it: one with timers, or with several inputs.
type timeline struct {
	node   *node
	inputs []*timeline
	told   []mark       // what the node's merger knows of the inputs
	now    atomic.Int64 // the operator's watermark, by which its timers and lateness go
	out    mark         // what those behind it may know; guarded by the keeper
	pass   uint64       // the last pass in which out was announced
	freed  bool         // a holder may let event time pass; guarded by the keeper
}

type mark struct {
	watermark Millis
	idle      bool
}

func newTimeline(n *node, inputs ...*timeline) *timeline {
	l := &timeline{node: n, inputs: inputs, told: make([]mark, len(inputs))}
	l.out.watermark = MinTime
	l.now.Store(int64(MinTime))
	for i := range l.told {
		l.told[i].watermark = MinTime
	}
	return l
}

func (l *timeline) watermark() Millis { return Millis(l.now.Load()) }

// next is the event time that the inputs allow, and whether an input has
// announced one in this pass.
func (l *timeline) next(pass uint64) (m mark, announced bool) {
	if l.node.merge == nil {
		in := l.inputs[0]
		return in.out, in.pass == pass || in.out.watermark > l.watermark() || in.out.idle != l.out.idle
	}
	for i, in := range l.inputs {
		old, m := &l.told[i], in.out
		if old.idle && !m.idle {
			announced = l.node.merge.status(i, false) || announced
		}
		if m.watermark != old.watermark {
			announced = l.node.merge.watermark(i, m.watermark) || announced
		}
		if !old.idle && m.idle {
			announced = l.node.merge.status(i, true) || announced
		}
		*old = m
	}
	m.watermark, m.idle = l.node.merge.combined()
	return m, announced
}

// holder is a timed operator that has records on their way, and so lets a
// watermark pass only when those before it have been emitted.
type holder interface {
	// hold is told the operator's watermark and returns how far those behind
	// it may go.
	hold(w Millis) Millis
}

// keeper moves event time through the graph. A pass goes from the sources
// down: each operator's watermark moves, its timers up to there fire, and only
// then those behind it get to know. Every goroutine that has moved a source's
// watermark helps with the pass under way, a queue of timers at a time, and
// goes back to its records when there is nothing left to take.
type keeper struct {
	mu      sync.Mutex
	lines   []*timeline // in the order of the graph, sources left out
	queues  int         // of each operator's timers
	pass    uint64
	pending bool // a source has announced something since the pass began
	running bool
	at      int // the operator whose turn it is
	begun   bool
	queue   int // the next of its queues to fire
	busy    int // goroutines firing one
	rested  sync.Cond
	moved   sync.Cond // a source's event time, for partitions that are ahead of it
}

// announce is a source's new event time. The caller holds mu.
func (k *keeper) announce(l *timeline, m mark) {
	l.out = m
	l.now.Store(int64(m.watermark))
	l.pass = k.pass + 1
	k.pending = true
}

// work does what there is to do of the pass. The caller holds mu, which is
// released while timers fire.
func (k *keeper) work(t *task) {
	for {
		if !k.running {
			if !k.pending {
				return
			}
			k.pass++
			k.pending, k.running, k.at, k.begun = false, true, 0, false
		}
		if k.at == len(k.lines) {
			if k.running = false; !k.pending {
				k.rested.Broadcast()
			}
			continue
		}
		l := k.lines[k.at]
		if !k.begun && !k.begin(l) {
			k.at++
			continue
		}
		if k.claim(l) {
			queue := k.queue - 1
			k.busy++
			k.mu.Unlock()
			done := l.node.timed.fire(t, EventTime, queue, l.watermark())
			k.mu.Lock()
			k.busy--
			if !done {
				return // the run ends: the pass is not to
			}
			continue
		}
		if k.busy > 0 {
			return // whoever finishes last goes on
		}
		k.end(l)
		k.at++
	}
}

// resting says whether there is nothing to do. The caller holds mu.
func (k *keeper) resting() bool { return !k.running && !k.pending }

// begin moves an operator's watermark, if there is a reason to.
func (k *keeper) begin(l *timeline) bool {
	m, announced := l.next(k.pass)
	if !announced && !l.freed {
		return false
	}
	l.freed = false
	if m.watermark > l.watermark() {
		l.now.Store(int64(m.watermark))
	}
	l.out.idle = m.idle
	k.begun, k.queue = true, 0
	return true
}

// claim takes the operator's next queue that has a timer due.
func (k *keeper) claim(l *timeline) bool {
	if l.node.timed == nil {
		return false
	}
	for k.queue < k.queues {
		k.queue++
		if l.node.timed.due(EventTime, k.queue-1, l.watermark()) {
			return true
		}
	}
	return false
}

// end lets those behind the operator know.
func (k *keeper) end(l *timeline) {
	w := l.watermark()
	if h, ok := l.node.timed.(holder); ok {
		w = h.hold(w)
	}
	l.out.watermark = max(l.out.watermark, w)
	l.pass = k.pass
	k.begun = false
}
