package node

import (
	"context"
	"errors"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream/journal"
	"github.com/tidegate/tidegate/wire"
)

// Event records an event that asks for no decision. An event with an id that
// was seen before is not recorded again. It returns when the record is durable.
func (n *Node) Event(ctx context.Context, e *tidegate.Event) (repeated bool, err error) {
	sequence, repeated, err := n.eventInTurn(e)
	if err != nil {
		return false, err
	}
	if err := n.journal.Wait(ctx, sequence); err != nil {
		return false, n.waitError(err)
	}
	return repeated, nil
}

func (n *Node) eventInTurn(e *tidegate.Event) (sequence uint64, repeated bool, err error) {
	n.lock()
	defer n.ended(&err)
	return n.event(e)
}

func (n *Node) event(e *tidegate.Event) (sequence uint64, repeated bool, err error) {
	if first, taken, err := n.takenEvent(e); err != nil || taken {
		return first, taken, err
	}
	if err := n.reserve(); err != nil {
		return 0, false, err
	}
	arrival := n.arrival(e.Time)
	if err := n.completeFromPast(e); err != nil {
		return 0, false, err
	}
	n.scorer.Convert(e)
	d := tidegate.Decision{Generation: n.generation, ArrivalTime: arrival, Sequence: n.journal.Last() + 1}
	found, err := n.scorer.Notice(e, n.known, &d)
	if err != nil {
		return 0, false, n.fail(err)
	}
	n.counters.patterns.add(n.scorer.Found())
	sequence, err = n.journal.AppendFunc(func(b []byte) []byte {
		if found {
			return appendFinding(b, KindEvent, n.head(arrival), e, &d)
		}
		return appendEvent(b, n.head(arrival), e)
	})
	if err != nil {
		return 0, false, n.fail(err)
	}
	if err := n.applyEvent(sequence, arrival, e, &d); err != nil {
		return 0, false, n.fail(err)
	}
	n.counters.events.Add(1)
	return sequence, false, nil
}

func (n *Node) applyEvent(sequence uint64, arrival tidegate.Millis, e *tidegate.Event, d *tidegate.Decision) error {
	if err := n.known.ApplyEvent(e); err != nil {
		return err
	}
	return n.rememberEvent(sequence, arrival, e, d)
}

func (n *Node) rememberEvent(sequence uint64, arrival tidegate.Millis, e *tidegate.Event, d *tidegate.Decision) error {
	if err := n.known.ApplyAlerts(e, d); err != nil {
		return err
	}
	return n.known.TakeEvent(e, scoring.Taken{Sequence: sequence, Content: wire.EventHash(e), Arrival: arrival})
}

// completeFromPast gives an event about a transaction (an outcome, a capture)
// the keys of that transaction, so that it feeds the same features.
func (n *Node) completeFromPast(e *tidegate.Event) error {
	id := e.Text[tidegate.TransactionID]
	if id == "" {
		return nil
	}
	past, _, err := n.past(e.Tenant, id)
	if err != nil {
		return n.fail(err)
	}
	if past == nil {
		e.Warnings = append(e.Warnings, "transaction_id: unknown transaction")
		return nil
	}
	Complete(e, past)
	return nil
}

// Complete gives an event the keys of the transaction that it is about.
func Complete(e, past *tidegate.Event) {
	for f := range tidegate.NumText {
		if e.Text[f] == "" && f != tidegate.Follows {
			e.Text[f] = past.Text[f]
		}
	}
}

// Label records a label: idempotent by its id. One about an unknown
// transaction waits for it. It returns when the record is durable.
func (n *Node) Label(ctx context.Context, l *tidegate.Label) (repeated bool, err error) {
	sequence, repeated, err := n.labelInTurn(l)
	if err != nil {
		return false, err
	}
	if err := n.journal.Wait(ctx, sequence); err != nil {
		return false, n.waitError(err)
	}
	return repeated, nil
}

func (n *Node) labelInTurn(l *tidegate.Label) (sequence uint64, repeated bool, err error) {
	n.lock()
	defer n.ended(&err)
	return n.label(l)
}

func (n *Node) label(l *tidegate.Label) (sequence uint64, repeated bool, err error) {
	content := labelContent(l)
	first, taken, err := n.known.Label(l.Tenant, l.ID)
	switch {
	case err != nil:
		return 0, false, n.fail(err)
	case taken && first.Content != content:
		n.counters.conflicts.Add(1)
		return 0, false, tidegate.FieldErrorf(tidegate.CodeConflict, "/label_id", "this label_id was used with another content")
	case taken:
		n.counters.retries.Add(1)
		return first.Sequence, true, nil
	}
	if err := n.reserve(); err != nil {
		return 0, false, err
	}
	if n.known.WaitingFull() {
		return 0, false, tidegate.Errorf(tidegate.CodeOverloaded, "too many labels wait for transactions that are not known")
	}
	arrival := n.arrival(l.ReportedAt)
	if l.ReportedAt == 0 {
		l.ReportedAt = arrival
	}
	tx, err := n.labelled(l, 0)
	if err != nil {
		return 0, false, n.fail(err)
	}
	sequence, err = n.journal.AppendFunc(func(b []byte) []byte { return appendLabel(b, n.head(arrival), l, tx == nil) })
	if err != nil {
		return 0, false, n.fail(err)
	}
	if err := n.applyLabel(sequence, arrival, content, l, tx); err != nil {
		return 0, false, n.fail(err)
	}
	n.counters.labels.Add(1)
	return sequence, false, nil
}

// labelled finds the transaction that a label speaks of; nil if it is not
// known, or was not when the label was recorded, which the record's flags tell.
func (n *Node) labelled(l *tidegate.Label, flags byte) (*tidegate.Event, error) {
	if flags&flagWaiting != 0 {
		return nil, nil
	}
	tx, _, err := n.past(l.Tenant, l.TransactionID)
	return tx, err
}

func (n *Node) applyLabel(sequence uint64, arrival tidegate.Millis, content uint64, l *tidegate.Label, tx *tidegate.Event) error {
	if err := n.known.ApplyLabel(l, tx, arrival); err != nil {
		return err
	}
	return n.known.TakeLabel(l, scoring.Taken{Sequence: sequence, Content: content, Arrival: arrival})
}

// past reads a transaction that was decided before, and where its record is;
// nil if there is none. The caller holds the writer's lock.
func (n *Node) past(tenant, transactionID string) (tx *tidegate.Event, sequence uint64, err error) {
	t, ok, err := n.known.Transaction(tenant, transactionID)
	if err != nil || !ok {
		return nil, 0, err
	}
	tx, err = n.pastRecord(t.Sequence)
	return tx, t.Sequence, err
}

// pastRecord reads the transaction of a record; nil if retention has removed it.
func (n *Node) pastRecord(sequence uint64) (*tidegate.Event, error) {
	// A record of this very moment may still be on its way to the disk.
	if err := n.journal.Wait(context.Background(), sequence); err != nil {
		return nil, err
	}
	body, err := n.journal.Get(sequence)
	if errors.Is(err, journal.ErrDropped) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var r Record
	if err := r.Decode(sequence, body); err != nil {
		return nil, err
	}
	return &r.Event, nil
}
