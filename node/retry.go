package node

import (
	"context"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/wire"
)

// Retry answers a transaction that is refused for its time unless it is a
// retry: what a retry is stamped does not matter. False if its id is not taken,
// and answer is as it was. Errors are those of [Node.Authorize].
func (n *Node) Retry(ctx context.Context, tx *tidegate.Event, withFeatures bool, answer *Answer) (bool, error) {
	first, ok, err := n.firstOf(tx)
	if err != nil || !ok {
		return false, err
	}
	answer.reset()
	return true, n.repeat(ctx, first.Sequence, first.Content == wire.ContentHash(tx), withFeatures, answer)
}

func (n *Node) firstOf(tx *tidegate.Event) (first scoring.Taken, ok bool, err error) {
	n.lock()
	defer n.ended(&err)
	return n.taken(tx)
}

// taken tells whether a transaction's id is taken. What retention has taken
// away can't be repeated: its id is free.
func (n *Node) taken(tx *tidegate.Event) (first scoring.Taken, ok bool, err error) {
	first, ok, err = n.known.Transaction(tx.Tenant, tx.Text[tidegate.TransactionID])
	if err != nil {
		return first, false, n.fail(err)
	}
	return first, ok && first.Sequence >= n.journal.First(), nil
}

// repeat answers a retry with what was answered first.
func (n *Node) repeat(ctx context.Context, sequence uint64, same, withFeatures bool, answer *Answer) error {
	if !same {
		n.counters.conflicts.Add(1)
		return tidegate.FieldErrorf(tidegate.CodeConflict, "/transaction_id", "this transaction_id was decided with another amount, currency, customer, card, account or merchant")
	}
	if err := n.journal.Wait(ctx, sequence); err != nil {
		return n.waitError(err)
	}
	if err := n.recorded(sequence, withFeatures, answer); err != nil {
		return err
	}
	answer.Decision.Retry = true
	n.counters.retries.Add(1)
	return nil
}

// RetryEvent is [Node.Retry] for an event that asks for no decision: it reports
// whether the event was taken before.
func (n *Node) RetryEvent(ctx context.Context, e *tidegate.Event) (bool, error) {
	first, taken, err := n.firstOfEvent(e)
	if err != nil || !taken {
		return false, err
	}
	if err := n.journal.Wait(ctx, first); err != nil {
		return false, n.waitError(err)
	}
	return true, nil
}

func (n *Node) firstOfEvent(e *tidegate.Event) (sequence uint64, taken bool, err error) {
	n.lock()
	defer n.ended(&err)
	return n.takenEvent(e)
}

// takenEvent tells whether an event's id is taken, and by which record.
func (n *Node) takenEvent(e *tidegate.Event) (sequence uint64, taken bool, err error) {
	if e.ID == "" {
		return 0, false, nil
	}
	first, taken, err := n.known.Event(e.Tenant, e.ID)
	switch {
	case err != nil:
		return 0, false, n.fail(err)
	case taken && first.Content != 0 && first.Content != wire.EventHash(e): // 0: recorded by an older version
		n.counters.conflicts.Add(1)
		return 0, false, tidegate.FieldErrorf(tidegate.CodeConflict, "/event_id", "this event_id was used with another type, transaction, amount or other keys")
	case taken:
		n.counters.retries.Add(1)
	}
	return first.Sequence, taken, nil
}
