package node

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"

	"github.com/cespare/xxhash/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream/blob"
	"github.com/tidegate/tidegate/stream/journal"
	"github.com/tidegate/tidegate/stream/pebble"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/wire"
)

// position is a checkpoint's note: how much of which journal is in it, and
// what decided there.
type position struct {
	Journal  string `json:"journal"` // its UUID
	Sequence uint64 `json:"sequence"`
	Activation
	Readings []Reading `json:"readings,omitempty"` // of Kafka's partitions
}

// Recovery says what was found at start.
type Recovery struct {
	Created    bool
	Checkpoint uint64 // the last record that it holds
	Applied    uint64 // records of the journal's tail, applied again
	TornBytes  int64  // of a last record that nobody was told of, cut off
	Warnings   []string
}

// Open opens a data directory, or makes one: it locks it, recovers what it
// holds, and lets o.Files decide if they are sound. If they are not and an
// older configuration is recorded, that goes on deciding and activation tells
// why; on a new directory that is the error.
func Open(o Options) (n *Node, r Recovery, activation, err error) {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	n = &Node{options: o, clock: o.Clock}
	n.failed.done = make(chan struct{})
	n.orders, n.decided = make(chan *order, orders), make(chan *order, orders)
	n.running, n.stop = context.WithCancel(context.Background())
	n.generations.node = n
	if n.owner, err = state.LockDirectory(o.Dir, o.Clock()); err != nil {
		return nil, r, nil, err
	}
	if err = n.recover(&r); err == nil {
		_, activation = n.Activate(o.Files)
		if n.current.Load() == nil {
			err = activation
		}
	}
	if err != nil {
		n.stop()
		return nil, r, nil, errors.Join(err, n.closeParts())
	}
	n.start()
	return n, r, activation, nil
}

func (n *Node) recover(r *Recovery) (err error) {
	o := n.options
	if n.blobs, err = blob.Open(o.Dir, o.FS); err != nil {
		return err
	}
	if n.backend, err = pebble.Open(filepath.Join(o.Dir, "state"), pebble.Options{FS: o.FS, Alarm: o.Report}); err != nil {
		return err
	}
	for _, skipped := range n.backend.Recovery().Skipped {
		r.Warnings = append(r.Warnings, "a damaged checkpoint was passed over: "+skipped.Error())
	}
	held := state.Options{CacheBytes: o.CacheBytes, Now: o.Clock}
	if !o.History { // nobody waits beside an import
		held.Rest = n.rest
	}
	if n.store, err = state.Open(n.backend, held); err != nil {
		return err
	}
	n.histories = n.store.NewGroup(1)
	n.newest = tidegate.Millis(n.store.Time())
	if err = n.readPoison(); err != nil {
		return err
	}
	var at position
	if meta := n.store.Meta(); meta != nil {
		if err := json.Unmarshal(meta, &at); err != nil {
			return &tidegate.Error{Code: tidegate.CodeCorrupt, Message: "the checkpoint's position can't be read", Cause: err}
		}
	}
	r.Checkpoint, n.before = at.Sequence, at.Sequence
	var found journal.Recovery
	n.journal, found, err = journal.Open(filepath.Join(o.Dir, "journal"), journal.Options{
		FS: o.FS, SegmentBytes: o.SegmentBytes, MinFreeBytes: uint64(o.MinFreeBytes), VerifyFrom: at.Sequence,
		NewIncarnation: o.Restored,
	})
	if err != nil {
		return err
	}
	r.Created, r.TornBytes = found.Created, found.TornBytes
	if err := n.agrees(at, found); err != nil {
		return err
	}
	if at.Generation > 0 {
		now, err := n.compile(at.Activation)
		if err != nil {
			return err
		}
		if n.known, err = scoring.NewKnown(n.store, now.scorer.FeatureSet(), n.options.IDs, state.In(n.histories)); err != nil {
			return err
		}
		n.lock()
		err = n.install(now, nil)
		n.release()
		if err != nil {
			return err
		}
	}
	for _, reading := range at.Readings {
		if err := n.readings.set(reading); err != nil {
			return err
		}
	}
	return n.applyTail(at.Sequence, found.Last, r)
}

// agrees refuses a state and a journal that do not belong together.
func (n *Node) agrees(at position, found journal.Recovery) error {
	fail := func(format string, args ...any) error { return tidegate.Errorf(tidegate.CodeCorrupt, format, args...) }
	switch {
	case at.Journal == "" && found.First > 1:
		return fail("the journal begins with record %d and no checkpoint holds what was before", found.First)
	case at.Journal == "":
		return nil
	case at.Journal != n.journal.UUID().String():
		return fail("the checkpoint belongs to another journal: restore both from one backup")
	case at.Sequence > found.Last:
		return fail("the checkpoint holds record %d but the journal ends with %d: restore both from one backup", at.Sequence, found.Last)
	case at.Sequence+1 < found.First:
		return fail("the checkpoint ends with record %d but the journal begins with %d", at.Sequence, found.First)
	}
	return nil
}

// apply brings a recorded fact into state.
func (n *Node) apply(r *Record) error {
	if r.Kind == KindActivation {
		return n.applyActivation(r)
	}
	n.arrive(r)
	switch r.Kind {
	case KindDecision:
		follows, err := n.applyBeside(r)
		if err != nil {
			return err
		}
		return n.known.ApplyHistories(&r.Event, scoring.EffectOf(follows, &r.Decision))
	case KindEvent:
		if _, err := n.applyBeside(r); err != nil {
			return err
		}
		return n.known.Features().Apply(&r.Event, features.Effect{})
	case KindWindowEnd:
		return n.applyWindowEnd(r)
	case KindLabel:
		tx, err := n.labelled(&r.Label, r.Flags)
		if err != nil {
			return err
		}
		return n.applyLabel(r.Sequence, r.Arrival, labelContent(&r.Label), &r.Label, tx)
	case KindDeadLetter:
		if r.DeadLetter.Reason == unknownTransaction {
			return n.known.GiveUpLabel(r.DeadLetter.Tenant, r.DeadLetter.ID, r.DeadLetter.TransactionID)
		}
	case KindReading:
		return n.readings.set(r.Reading)
	}
	return nil
}

// arrive notes when a record came, and from where.
func (n *Node) arrive(r *Record) {
	n.passTo(r.Arrival)
	n.readings.took(r.Origin)
}

// applyBeside applies a decision or an event to all but the histories.
func (n *Node) applyBeside(r *Record) (follows *tidegate.Event, err error) {
	if err := n.scorer.Recall(&r.Event, n.known); err != nil {
		return nil, err
	}
	if r.Kind == KindEvent {
		if err := n.known.RememberEvent(&r.Event); err != nil {
			return nil, err
		}
		return nil, n.rememberEvent(r.Sequence, r.Arrival, &r.Event, &r.Decision)
	}
	if follows, err = n.followed(r); err != nil {
		return nil, err
	}
	if err := n.known.RememberDecision(&r.Event, &r.Decision); err != nil {
		return nil, err
	}
	return follows, n.known.TakeTransaction(&r.Event, scoring.Taken{Sequence: r.Sequence, Content: wire.ContentHash(&r.Event), Arrival: r.Arrival})
}

func (n *Node) applyActivation(r *Record) error {
	next, err := n.compile(r.Activation)
	if err != nil {
		return err
	}
	b, err := n.newBackfill(next)
	if err != nil {
		return err
	}
	if err := b.run(context.Background(), r.Sequence-1, false); err != nil {
		return err
	}
	n.passTo(r.Arrival)
	return n.install(next, b)
}

// labelContent is what makes a repeated label_id a retry: all but the time of
// the report, which is that of the arrival where the sender names none.
func labelContent(l *tidegate.Label) uint64 {
	told := *l
	told.ReportedAt = 0
	return xxhash.Sum64(wire.AppendLabelBinary(nil, &told))
}
