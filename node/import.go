package node

import (
	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// Import decides a transaction of the past without waiting for its record to
// be durable: Close, or [Node.Flush], waits for all. A transaction that was
// decided before is left alone: d.Retry tells, and its first decision is not
// read again.
func (n *Node) Import(tx *tidegate.Event, d *tidegate.Decision) error {
	content := wire.ContentHash(tx)
	n.lock()
	defer n.release()
	first, taken, err := n.known.Transaction(tx.Tenant, tx.Text[tidegate.TransactionID])
	if err != nil {
		return n.fail(err)
	}
	if taken && first.Content != content {
		return tidegate.FieldErrorf(tidegate.CodeConflict, "/transaction_id", "%s is recorded with another amount, currency, customer, card, account or merchant", tx.Text[tidegate.TransactionID])
	}
	if taken {
		n.counters.retries.Add(1)
		d.Retry = true
		return nil
	}
	if err := n.room(); err != nil {
		return err
	}
	var answer Answer
	answer.Decision = *d
	_, err = n.decide(tx, content, &answer, false)
	*d = answer.Decision
	return err
}

// ImportEvent is Event without waiting.
func (n *Node) ImportEvent(e *tidegate.Event) error {
	n.lock()
	defer n.release()
	if err := n.room(); err != nil {
		return err
	}
	_, _, err := n.event(e)
	return err
}

// ImportLabel is Label without waiting.
func (n *Node) ImportLabel(l *tidegate.Label) error {
	n.lock()
	defer n.release()
	if err := n.room(); err != nil {
		return err
	}
	_, _, err := n.label(l)
	return err
}

// room waits while the journal has none for another record.
func (n *Node) room() error {
	if stats := n.journal.Stats(); stats.PendingBytes < 4<<20 {
		return nil
	}
	return n.journal.Wait(n.running, n.journal.Last())
}

// Flush waits until everything is durable and in a checkpoint.
func (n *Node) Flush() error {
	return n.checkpoint(n.running)
}

// FeatureRow is the feature values of the transaction decided last, for the
// one who imports.
func (n *Node) FeatureRow() ([]float64, []string) { return n.scorer.FeatureRow() }
