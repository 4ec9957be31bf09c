package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream/journal"
	"github.com/tidegate/tidegate/wire"
)

// Input is something that was read from Kafka: one of a transaction, another
// event, a label, what can't be used, or only a place that was read and said
// nothing.
type Input struct {
	Origin      Origin
	Transaction *tidegate.Event
	Event       *tidegate.Event
	Label       *tidegate.Label
	Letter      *DeadLetter
}

// Take takes inputs of one partition in their order, each once: what lies
// before the partition's position was taken, and an id that was seen before is
// not decided again. It does not wait for records to be durable: after a crash
// the position is that of what was.
//
// It returns how many it took. The error is about the next one: with
// [tidegate.CodeUnavailable] or [tidegate.CodeOverloaded] it may pass; with any
// other the input can't be used, and the caller puts a dead letter in its place.
func (n *Node) Take(ctx context.Context, inputs []Input) (taken int, err error) {
	for taken < len(inputs) && err == nil {
		if err := ctx.Err(); err != nil {
			return taken, err
		}
		if err := n.room(); err != nil {
			return taken, err
		}
		if err := n.lockWithRoom(); err != nil {
			return taken, err
		}
		var some int
		some, err = n.takeTurn(inputs[taken:])
		n.release()
		taken += some
	}
	return taken, err
}

// takeTurn takes as many as fit into a turn of the writer. Callers who wait
// for an answer go first. The caller holds the writer's lock.
func (n *Node) takeTurn(inputs []Input) (taken int, err error) {
	for taken < min(turn, len(inputs)) && (taken == 0 || len(n.orders) == 0) {
		in := &inputs[taken]
		if next, known := n.readings.next[in.Origin.Partition]; !known || in.Origin.Offset >= next {
			n.origin = in.Origin
			err = n.takeOne(in)
			n.origin = Origin{}
			if errors.Is(err, journal.ErrFull) {
				return taken, nil
			}
			if err != nil {
				return taken, err
			}
			n.readings.took(in.Origin)
		}
		taken++
	}
	return taken, nil
}

func (n *Node) takeOne(in *Input) (err error) {
	if n.poison != nil && n.poison.Origin == in.Origin && in.Letter == nil {
		return n.poison
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = n.poisoned(in.Origin, fmt.Sprint(cause), string(debug.Stack()))
		}
	}()
	switch {
	case in.Transaction != nil:
		return n.takeTransaction(in.Transaction)
	case in.Event != nil:
		_, _, err = n.event(in.Event)
	case in.Label != nil:
		_, _, err = n.label(in.Label)
	case in.Letter != nil:
		err = n.bury(*in.Letter)
	}
	return err
}

func (n *Node) takeTransaction(tx *tidegate.Event) error {
	content := wire.ContentHash(tx)
	first, seen, err := n.known.Transaction(tx.Tenant, tx.Text[tidegate.TransactionID])
	switch {
	case err != nil:
		return n.fail(err)
	case seen && first.Content != content:
		n.counters.conflicts.Add(1)
		return tidegate.FieldErrorf(tidegate.CodeConflict, "/transaction_id", "this transaction_id was decided with another amount, currency, customer, card, account or merchant")
	case seen:
		n.counters.retries.Add(1)
		return nil
	}
	answer := &n.untold
	answer.reset()
	if _, err := n.decide(tx, content, answer, false); err != nil {
		return err
	}
	n.counters.decided(&answer.Decision)
	return nil
}

// bury records a dead letter. The caller holds the writer's lock.
func (n *Node) bury(letter DeadLetter) error {
	if err := n.reserve(); err != nil {
		return err
	}
	letter.Version = fmt.Sprintf("%s, configuration %d", n.scorer.Versions().Engine, n.generation)
	if err := n.appendLetter(letter); err != nil {
		return n.fail(err)
	}
	if letter.NotBefore == 0 {
		n.counters.buried(letter.Reason)
	}
	if n.poison != nil && n.poison.Origin == n.origin {
		return n.digested()
	}
	return nil
}

// letterOf is the dead letter of a label that waited too long: the label as it
// was sent, if its record is still there.
func (n *Node) letterOf(l scoring.Waiting) (DeadLetter, error) {
	letter := DeadLetter{
		Tenant: l.Tenant, Reason: unknownTransaction, ID: l.LabelID, TransactionID: l.TransactionID,
		Error: "no such transaction within 7 days", Time: l.Arrival,
	}
	first, ok, err := n.known.Label(l.Tenant, l.LabelID)
	if err != nil || !ok || first.Sequence < n.journal.First() {
		return letter, err
	}
	if err := n.journal.Wait(context.Background(), first.Sequence); err != nil {
		return letter, err
	}
	body, err := n.journal.Get(first.Sequence)
	if err != nil {
		return letter, err
	}
	var r Record
	if err := r.Decode(first.Sequence, body); err != nil {
		return letter, err
	}
	if r.Origin.there() {
		letter.Topic, letter.Partition, letter.Offset = n.readings.names[r.Origin.Topic], r.Origin.Number, r.Origin.Offset
	}
	letter.Value, err = json.Marshal(membersOf(&r.Label))
	return letter, err
}
