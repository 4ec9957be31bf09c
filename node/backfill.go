package node

import (
	"context"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/scoring"
)

// backfill makes the histories of a changed set of features from the journal,
// from its oldest record on. It is nil when the features stay as they are.
type backfill struct {
	node  *Node
	known *scoring.Known
	fresh *features.State // the part of its features that is empty
	next  uint64          // record
}

// backfillSlice is how many records are applied while the writer waits.
const backfillSlice = 64

func (n *Node) newBackfill(a *active) (*backfill, error) {
	if now := n.current.Load(); now != nil && now.scorer.FeatureSet().Hash() == a.scorer.FeatureSet().Hash() {
		return nil, nil
	}
	b := &backfill{node: n, next: n.journal.First()}
	a.Backfilled = b.next
	var err error
	if n.known != nil {
		b.known, b.fresh, err = n.known.WithFeatures(n.store, a.scorer.FeatureSet())
		return b, err
	}
	b.known, err = scoring.NewKnown(n.store, a.scorer.FeatureSet(), n.options.IDs)
	if err == nil {
		b.fresh = b.known.Features()
	}
	return b, err
}

// run applies records up to one, the writer's lock being held by the caller
// or, when slices is true, taken for a few records at a time.
func (b *backfill) run(last uint64, slices bool) error {
	if b == nil || b.next > last {
		return nil
	}
	n := b.node
	if err := n.journal.Wait(context.Background(), last); err != nil {
		return err
	}
	reader := n.journal.ReadFrom(b.next)
	defer reader.Close()
	var r Record
	for i := 0; b.next <= last; i++ {
		sequence, body, err := reader.Next(context.Background())
		if err != nil {
			return err
		}
		r.reset()
		if err := r.Decode(sequence, body); err != nil {
			return err
		}
		if slices && i%backfillSlice == 0 {
			n.lock()
		}
		err = b.apply(&r)
		b.next = sequence + 1
		if slices && (i%backfillSlice == backfillSlice-1 || b.next > last || err != nil) {
			n.release()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// apply gives a record to the new features alone. A label is told as it is
// known today: its place in time is its transaction's.
func (b *backfill) apply(r *Record) error {
	switch r.Kind {
	case KindDecision:
		follows, err := b.node.predecessor(&r.Event)
		if err != nil {
			return err
		}
		if err := b.fresh.Apply(&r.Event, features.Effect{Outcome: r.Decision.Outcome, HasOutcome: true, Follows: follows}); err != nil {
			return err
		}
		return b.settle(&r.Event)
	case KindEvent:
		return b.fresh.Apply(&r.Event, features.Effect{})
	}
	return nil
}

func (b *backfill) settle(tx *tidegate.Event) error {
	fraud, err := b.known.Fraud(tx.Tenant, tx.Text[tidegate.TransactionID])
	if err != nil || !fraud {
		return err
	}
	return b.fresh.ApplyLabel(tx, true)
}
