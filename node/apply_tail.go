package node

import (
	"io"
	"sync"

	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/scoring"
)

// applyTail applies the records that the checkpoint does not hold. It does
// not decide: a record holds its decision.
//
// The histories of features are half of the work, and nothing else is asked
// for or changed with them. So one goroutine decodes records, this one applies
// them to all but the histories, and a third one, behind it, to those: each in
// the order of the records, so that all is as if one had done it.
func (n *Node) applyTail(after, last uint64, r *Recovery) (err error) {
	tail := decodeAhead(n.journal, after+1, last)
	defer tail.stop()
	h := n.applyHistories(tail)
	defer h.stop()
	for {
		b, err := tail.take()
		if err == io.EOF {
			return h.catchUp()
		}
		if err != nil {
			return err
		}
		records := len(b.records) // once it is applied the batch is another's
		if err := n.applyBatch(b, h); err != nil {
			return err
		}
		was := r.Applied
		r.Applied += uint64(records)
		if n.options.Progress != nil && r.Applied/10_000 > was/10_000 {
			n.options.Progress("recovery", r.Applied, last-after)
		}
	}
}

// applyBatch applies records, and hands them to the histories in the spans
// between those that have to be applied to all at once.
func (n *Node) applyBatch(b *batch, h *historian) error {
	from := 0
	for i := range b.records {
		r := &b.records[i]
		alone, err := n.needsAll(r)
		if err != nil {
			return err
		}
		if !alone {
			if b.effects[i], err = n.applyAhead(r); err != nil {
				return err
			}
			continue
		}
		h.hand(span{batch: b, from: from, to: i})
		if err := h.catchUp(); err != nil {
			return err
		}
		if r.Kind != KindActivation { // its histories were made before it was recorded
			n.histories.Advance(int64(r.Arrival))
		}
		n.lock()
		err = n.apply(r)
		n.release()
		if err != nil {
			return err
		}
		n.histories.Advance(int64(r.Arrival))
		from = i + 1
	}
	h.hand(span{batch: b, from: from, to: len(b.records), last: true})
	return h.failed.get()
}

// needsAll tells whether a record concerns the histories and something else
// that has to do with them: labels and other configurations do.
func (n *Node) needsAll(r *Record) (bool, error) {
	switch r.Kind {
	case KindDecision:
		return n.known.LabelWaits(&r.Event)
	case KindEvent, KindWindowEnd, KindUnanswered, KindReading:
		return false, nil
	}
	return true, nil
}

// applyAhead applies a record to all but the histories, and tells what it
// means for those.
func (n *Node) applyAhead(r *Record) (effect features.Effect, err error) {
	shard := n.store.Shard(nil)
	shard.Lock()
	defer shard.Unlock()
	if r.Kind != KindDecision && r.Kind != KindEvent {
		return effect, n.apply(r)
	}
	n.arrive(r)
	follows, err := n.applyBeside(r)
	if r.Kind == KindDecision {
		effect = scoring.EffectOf(follows, &r.Decision)
	}
	return effect, err
}

// historian brings the histories up to date, one record after the other.
type historian struct {
	node    *Node
	tail    *tail
	spans   chan span
	handed  sync.WaitGroup // spans that are not done
	running sync.WaitGroup
	failed  failure
}

// span is a part of a batch; the last one gives it back.
type span struct {
	batch    *batch
	from, to int
	last     bool
}

// applyHistories begins to. The group has its own time meanwhile, that of the
// record at hand.
func (n *Node) applyHistories(t *tail) *historian {
	h := &historian{node: n, tail: t, spans: make(chan span, tailBatches)}
	h.failed.done = make(chan struct{})
	n.histories.Part()
	h.running.Go(func() {
		for s := range h.spans {
			if h.failed.get() == nil {
				if err := h.apply(s); err != nil {
					h.failed.set(err)
				}
			}
			if s.last {
				h.tail.done(s.batch)
			}
			h.handed.Done()
		}
	})
	return h
}

func (h *historian) hand(s span) {
	h.handed.Add(1)
	h.spans <- s
}

// catchUp waits until the histories are as far as everything else.
func (h *historian) catchUp() error {
	h.handed.Wait()
	return h.failed.get()
}

func (h *historian) stop() {
	close(h.spans)
	h.running.Wait()
	h.node.histories.Rejoin()
}

func (h *historian) apply(s span) error {
	shard, records := h.node.histories.Shard(nil), s.batch.records
	for i := s.from; i < s.to; i++ {
		shard.Lock()
		err := h.record(&records[i], s.batch.effects[i])
		shard.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *historian) record(r *Record, effect features.Effect) error {
	h.node.histories.Advance(int64(r.Arrival))
	if r.Kind != KindDecision && r.Kind != KindEvent {
		return nil
	}
	return h.node.known.Features().Apply(&r.Event, effect)
}
