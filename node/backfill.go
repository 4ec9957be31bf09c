package node

import (
	"context"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream/journal"
	"github.com/tidegate/tidegate/stream/state"
)

// backfill makes the histories of a changed set of features from the journal,
// from its oldest record on. It is nil when the features stay as they are.
type backfill struct {
	node      *Node
	histories *features.State // of the changed set
	fresh     *features.State // the part of them that has to be filled
	began     uint64          // the last record when it began
	next      uint64          // record
}

// backfillSlice is how many records are applied while the writer waits.
const backfillSlice = 64

// newBackfill opens the histories that a configuration needs, and empties
// those that are not in use: an earlier configuration, or a backfill that was
// cut short, may have left something in them. The caller holds the writer's
// lock, and no checkpoint is under way.
func (n *Node) newBackfill(a *active) (*backfill, error) {
	set := a.scorer.FeatureSet()
	now := n.current.Load()
	if now == nil {
		known, err := scoring.NewKnown(n.store, set, n.options.IDs, state.In(n.histories))
		n.known = known
		return nil, err
	}
	if now.scorer.FeatureSet().Hash() == set.Hash() {
		return nil, nil
	}
	histories, fresh, err := n.known.Histories(n.store, set)
	if err != nil {
		return nil, err
	}
	b := &backfill{node: n, histories: histories, fresh: fresh, began: n.journal.Last(), next: n.journal.First()}
	a.Backfilled = b.next
	return b, fresh.Clear()
}

// run applies records up to one, the writer's lock being held by the caller
// or, when slices is true, taken for a few records at a time, and not for more
// when ctx is over.
func (b *backfill) run(ctx context.Context, last uint64, slices bool) error {
	if b == nil || b.next > last || b.fresh.Empty() {
		return nil
	}
	if err := b.node.journal.Wait(context.Background(), last); err != nil {
		return err
	}
	reader := b.node.journal.ReadFrom(b.next)
	defer reader.Close()
	for b.next <= last {
		until := last
		if slices {
			if err := ctx.Err(); err != nil {
				return err
			}
			until = min(last, b.next+backfillSlice-1)
			b.node.lock()
		}
		err := b.slice(reader, until)
		if slices {
			b.node.release()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *backfill) slice(reader *journal.Reader, last uint64) error {
	var r Record
	for b.next <= last {
		sequence, body, err := reader.Next(context.Background())
		if err != nil {
			return err
		}
		r.reset()
		if err := r.Decode(sequence, body); err != nil {
			return err
		}
		if err := b.apply(&r); err != nil {
			return err
		}
		b.next = sequence + 1
	}
	return nil
}

// apply gives a record to the new histories alone. A label is told with its
// transaction, as it is known by then: its place in time is the transaction's.
// One that came later is told when its record comes by.
func (b *backfill) apply(r *Record) error {
	switch r.Kind {
	case KindDecision:
		follows, err := b.node.followed(r)
		if err != nil {
			return err
		}
		if err := b.fresh.Apply(&r.Event, features.Effect{Outcome: r.Decision.Outcome, HasOutcome: true, Follows: follows}); err != nil {
			return err
		}
		fraud, err := b.node.known.Fraud(r.Event.Tenant, r.Event.Text[tidegate.TransactionID])
		if err != nil || !fraud {
			return err
		}
		return b.fresh.ApplyLabel(&r.Event, true)
	case KindEvent:
		return b.fresh.Apply(&r.Event, features.Effect{})
	case KindLabel:
		if r.Sequence <= b.began {
			return nil
		}
		tx, _, err := b.node.past(r.Label.Tenant, r.Label.TransactionID)
		if err != nil || tx == nil {
			return err
		}
		fraud, err := b.node.known.Fraud(tx.Tenant, tx.Text[tidegate.TransactionID])
		if err != nil {
			return err
		}
		return b.fresh.ApplyLabel(tx, fraud)
	}
	return nil
}
