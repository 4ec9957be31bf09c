package node

import (
	"context"
	"errors"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream/journal"
)

// Answer is a durable decision and, on request, the feature values behind it.
type Answer struct {
	Decision tidegate.Decision
	Features Values
}

// reset empties an answer; its slices are used again.
func (a *Answer) reset() {
	d := &a.Decision
	*d = tidegate.Decision{
		Reasons: d.Reasons[:0], Rules: d.Rules[:0], Models: d.Models[:0], Patterns: d.Patterns[:0],
		Degraded: d.Degraded[:0], Warnings: d.Warnings[:0], Alerts: d.Alerts[:0],
	}
	a.Features = Values{}
}

// Authorize decides a transaction, or repeats the first answer to it. It
// returns when the record is durable. What answer held before is overwritten;
// without an error, tx and answer are the caller's to use again. After one
// they may still be looked at: leave them alone.
//
// Errors: [tidegate.CodeConflict] when the id is taken by other content;
// [tidegate.CodeOverloaded] when ctx was over before the decision began, and
// nothing was remembered; [tidegate.CodeDeadline] when it was over before the
// record was durable, and a retry gets the recorded answer;
// [tidegate.CodeUnavailable] when the journal can't be written any more.
func (n *Node) Authorize(ctx context.Context, tx *tidegate.Event, withFeatures bool, answer *Answer) error {
	began := n.clock()
	o := freeOrders.Get().(*order)
	o.ask(ctx, tx, withFeatures, answer)
	if err := n.give(o); err != nil {
		return err // with the order, which may still be looked at
	}
	repeated, first, same := o.repeated, o.first.Sequence, o.first.Content == o.content
	o.release()
	if repeated {
		return n.repeat(ctx, first, same, withFeatures, answer)
	}
	answer.Decision.DecidedInUS = n.clock().Sub(began).Microseconds()
	n.counters.decided(&answer.Decision)
	return nil
}

// give hands an order to the writer and waits until what it did is durable.
func (n *Node) give(o *order) error {
	select {
	case n.orders <- o:
	case <-o.ctx.Done():
		return errNoRoom
	}
	select {
	case err := <-o.done:
		return err
	case <-o.ctx.Done():
		if o.stage.CompareAndSwap(waiting, givenUp) {
			return errNoRoom
		}
		return n.unanswered(o)
	case <-n.running.Done():
		if o.stage.CompareAndSwap(waiting, givenUp) {
			return errClosing
		}
		return <-o.done
	}
}

var (
	errNoRoom  = tidegate.Errorf(tidegate.CodeOverloaded, "the deadline passed before the decision began")
	errClosing = tidegate.Errorf(tidegate.CodeUnavailable, "the node is closing")
)

// decide runs the main flow and hands the record to the journal. The caller
// holds the writer's lock.
func (n *Node) decide(tx *tidegate.Event, content uint64, answer *Answer, withFeatures bool) (uint64, error) {
	if err := n.reserve(); err != nil {
		return 0, err
	}
	arrival := n.arrival(tx.Time)
	follows, first, err := n.predecessor(tx)
	if err != nil {
		return 0, n.fail(err)
	}
	d := &answer.Decision
	d.Generation, d.ArrivalTime, d.Sequence = n.generation, arrival, n.journal.Last()+1
	if err := n.scorer.Decide(tx, follows, n.known, d); err != nil {
		return 0, n.fail(err)
	}
	n.counters.patterns.add(n.scorer.Found())
	sequence, err := n.journal.AppendFunc(func(b []byte) []byte {
		return appendDecision(b, n.head(arrival), first, tx, d, n.scorer.AppendFacts)
	})
	if err != nil {
		return 0, n.fail(err) // remembered, but no record: the node must stop
	}
	if err := n.known.TakeTransaction(tx, scoring.Taken{Sequence: sequence, Content: content, Arrival: arrival}); err != nil {
		return 0, n.fail(err)
	}
	if withFeatures {
		answer.Features = n.featureValues()
	}
	return sequence, nil
}

// unanswered records that a decision's deadline passed before its answer.
func (n *Node) unanswered(o *order) error {
	n.lock() // the writer is done with the order
	defer n.release()
	if o.err != nil {
		return o.err
	}
	if o.repeated {
		return n.waitError(context.DeadlineExceeded)
	}
	n.late = append(n.late, o.sequence)
	n.counters.unanswered.Add(1)
	if err := n.recordLate(); err != nil {
		return err
	}
	return tidegate.Errorf(tidegate.CodeDeadline, "the deadline passed before the decision was durable; a retry gets the recorded answer")
}

// recordLate records which decisions were not answered in time. A disk that
// has no room for that has none for decisions: those that wait are as many as
// requests are under way.
func (n *Node) recordLate() error {
	for len(n.late) > 0 {
		err := n.reserve()
		if errors.Is(err, journal.ErrFull) || errors.Is(err, journal.ErrLowSpace) {
			return nil // the next one, or the next checkpoint, tries again
		}
		if err != nil {
			return err
		}
		arrival := n.arrival(0)
		if _, err := n.journal.AppendFunc(func(b []byte) []byte { return appendUnanswered(b, head{arrival: arrival}, n.late[0]) }); err != nil {
			return n.fail(err)
		}
		n.late = n.late[1:]
	}
	return nil
}

func (n *Node) waitError(err error) error {
	if tidegate.CodeOf(err) != tidegate.CodeInternal {
		return err
	}
	return &tidegate.Error{Code: tidegate.CodeDeadline, Message: "the deadline passed while the record became durable", Cause: err}
}

// maxChain bounds a chain of follow-ups.
const maxChain = 16

const (
	warnUnknownFollows = "follows: unknown transaction"
	warnOtherFollows   = "follows: a transaction of another customer"
	warnLongChain      = "follows: the chain is too long"
)

func (n *Node) predecessor(tx *tidegate.Event) (*tidegate.Event, uint64, error) {
	return Predecessor(tx, n.past)
}

// Predecessor finds the first transaction of the chain that tx goes on with,
// the one that counts in the features, and its record. All of the chain is of
// one customer. past looks a transaction up; nil if it is not known.
func Predecessor(tx *tidegate.Event, past func(tenant, id string) (*tidegate.Event, uint64, error)) (*tidegate.Event, uint64, error) {
	if tx.Text[tidegate.Follows] == "" {
		return nil, 0, nil
	}
	id := tx.Text[tidegate.Follows]
	for range maxChain {
		before, sequence, err := past(tx.Tenant, id)
		if err != nil {
			return nil, 0, err
		}
		if before == nil {
			tx.Warnings = append(tx.Warnings, warnUnknownFollows)
			return nil, 0, nil
		}
		if !samePayer(before, tx) {
			tx.Warnings = append(tx.Warnings, warnOtherFollows)
			return nil, 0, nil
		}
		if id = before.Text[tidegate.Follows]; id == "" {
			return before, sequence, nil
		}
	}
	tx.Warnings = append(tx.Warnings, warnLongChain)
	return nil, 0, nil
}

// samePayer compares the first of customer, card and account that both name:
// who names the payment of somebody else must not escape being counted.
func samePayer(a, b *tidegate.Event) bool {
	for _, f := range [...]tidegate.Field{tidegate.CustomerID, tidegate.CardID, tidegate.AccountID} {
		if a.Text[f] != "" && b.Text[f] != "" {
			return a.Text[f] == b.Text[f]
		}
	}
	return false
}

// followed reads the predecessor that was found when a transaction was
// decided: by then others may have come, or been forgotten.
func (n *Node) followed(r *Record) (*tidegate.Event, error) {
	if r.Followed == 0 {
		return nil, nil
	}
	return n.pastRecord(r.Followed)
}

// Deadline is the policy's time for an answer.
func (n *Node) Deadline() time.Duration { return n.current.Load().scorer.Policy().Deadline.Std() }
