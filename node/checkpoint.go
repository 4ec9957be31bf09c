package node

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"github.com/tidegate/tidegate"
)

// start runs what goes on in the background until the node closes.
func (n *Node) start() {
	n.wait.Go(n.decideOrders)
	n.wait.Go(n.acknowledge)
	n.wait.Go(n.checkpoints)
	n.wait.Go(n.endWindows)
	from := max(n.journal.First(), n.journal.Durable()-min(n.journal.Durable(), recentRecords))
	n.wait.Go(func() { n.followAlerts(from) })
	n.wait.Go(func() {
		select {
		case <-n.journal.Failed():
			n.failed.set(n.journal.Err())
		case <-n.running.Done():
		}
	})
}

// recentRecords is how far back alerts are looked for at start.
const recentRecords = 200_000

// checkpoints writes one after the other, dead letters of labels that waited
// too long, and lets go of journal that is past its retention.
func (n *Node) checkpoints() {
	tick := time.NewTicker(n.options.CheckpointEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-n.running.Done():
			return
		}
		if err := n.checkpoint(n.running); err != nil && n.running.Err() == nil {
			n.counters.checkpointErrors.Add(1)
			n.report(err)
		}
	}
}

// checkpoint cuts between two records and writes what changed while deciding
// goes on. A failure leaves the checkpoint before valid; the next one holds
// what this one would have.
func (n *Node) checkpoint(ctx context.Context) error {
	n.checkpointing.Lock()
	defer n.checkpointing.Unlock()
	if err := n.expireLabels(); err != nil {
		return err
	}
	n.lock()
	if err := n.recordLate(); err != nil {
		n.release()
		return err
	}
	at := position{Journal: n.journal.UUID().String(), Sequence: n.journal.Last(), Activation: n.current.Load().Activation, Readings: n.readings.all()}
	meta, err := json.Marshal(at)
	if err != nil {
		n.release()
		return err
	}
	cut, err := n.store.Cut(meta)
	n.release()
	if err != nil {
		return err
	}
	// State must never hold what the journal might not.
	durable := n.journal.Wait(ctx, at.Sequence)
	if durable != nil {
		done, cancel := context.WithCancel(ctx)
		cancel()
		ctx = done // gives the cut up
	}
	stats, err := cut.Write(ctx)
	if durable != nil {
		return durable
	}
	if err != nil {
		return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "a checkpoint could not be written; the one before stands", Cause: err}
	}
	n.counters.checkpoint(stats)
	return n.retain(at)
}

// restTime is long beside the millisecond's work before it: a checkpoint takes
// a fifth of a processor, and decisions do not queue behind it.
const restTime = 4 * time.Millisecond

// rest is between two steps of a checkpoint. The last one makes haste.
func (n *Node) rest() {
	select {
	case <-time.After(restTime):
	case <-n.running.Done():
	}
}

// labelPatience is how long a label waits for its transaction.
const labelPatience = 7 * 24 * 3600 * 1000

// expireLabels makes dead letters of labels that waited too long. What finds
// no room in the journal waits for the next time.
func (n *Node) expireLabels() error {
	n.lock()
	defer n.release()
	old, err := n.known.WaitingSince(n.newest - labelPatience)
	if err != nil {
		return n.fail(err)
	}
	for _, l := range old {
		if err := n.reserve(); err != nil {
			return err
		}
		letter, err := n.letterOf(l)
		if err != nil {
			return n.fail(err)
		}
		if err := n.bury(letter); err != nil {
			return err
		}
		if err := n.known.GiveUpLabel(l.Tenant, l.LabelID, l.TransactionID); err != nil {
			return n.fail(err)
		}
	}
	return nil
}

// retain drops journal segments that are in the checkpoint and older than the
// retention. Not now if an activation is under way, or came after the
// checkpoint: recovery would fill its histories from the journal again.
func (n *Node) retain(at position) error {
	// A damaged checkpoint falls back to the one before, which needs what is
	// behind it.
	before := n.before
	n.before = at.Sequence
	if !n.activating.TryLock() {
		return nil
	}
	defer n.activating.Unlock()
	if n.current.Load().Generation != at.Generation {
		return nil
	}
	oldest := tidegate.MillisOf(n.now().Add(-n.options.Retention))
	segments, err := n.journal.Segments()
	if err != nil {
		return err
	}
	keep := segments[0].First
	for _, segment := range segments[1:] {
		if segment.First > min(before, n.readersAt()) {
			break
		}
		arrival, err := n.arrivalOf(segment.First)
		if err != nil {
			return err
		}
		if arrival >= oldest {
			break
		}
		keep = segment.First
	}
	_, err = n.journal.TruncateBefore(keep)
	return err
}

// arrivalOf is the time of arrival in a record.
func (n *Node) arrivalOf(sequence uint64) (tidegate.Millis, error) {
	body, err := n.journal.Get(sequence)
	if err != nil {
		return 0, err
	}
	r := Record{}
	_, err = r.header(sequence, body)
	return r.Arrival, err
}

// readersAt is the record up to which every reader that must not miss
// anything has come.
func (n *Node) readersAt() uint64 {
	if n.options.ReadersAt == nil {
		return math.MaxUint64
	}
	return n.options.ReadersAt()
}

func (n *Node) lastCheckpoint() error {
	if n.current.Load() == nil || n.failed.get() != nil {
		return nil
	}
	return n.checkpoint(context.Background())
}
