package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream/blob"
	"github.com/tidegate/tidegate/stream/journal"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/wire"
)

// Redecided is what came of deciding a journal again.
type Redecided struct {
	Decisions   uint64 `json:"decisions"`
	Activations uint64 `json:"activations"`
	Others      uint64 `json:"other_records"`
	Differences uint64 `json:"differences"`
	First       string `json:"first_difference,omitempty"` // transaction id and what differs
}

// Redecide decides every transaction of a data directory's journal again, on
// scratch state, with the configurations that decided then, and compares the
// decisions and the feature values bit for bit. The journal must go back to
// its first record. The directory is only read.
func Redecide(ctx context.Context, dir string, progress func(done, total uint64)) (Redecided, error) {
	return redecide(ctx, vfs.Default, dir, progress)
}

func redecide(ctx context.Context, files vfs.FS, dir string, progress func(done, total uint64)) (Redecided, error) {
	j, found, err := journal.OpenReadOnly(filepath.Join(dir, "journal"), journal.Options{FS: files})
	if errors.Is(err, fs.ErrNotExist) {
		return Redecided{}, tidegate.Errorf(tidegate.CodeNotFound, "there is no journal in %s", dir)
	}
	if err != nil {
		return Redecided{}, err
	}
	if found.First > 1 {
		return Redecided{}, errors.Join(tidegate.Errorf(tidegate.CodeNotFound, "the journal begins with record %d: what came before is not kept", found.First), j.Close())
	}
	// A node without a journal of its own: the state is in memory and the
	// past is read from the journal that is decided again.
	n := &Node{journal: j, blobs: blob.OpenReadOnly(dir, files), store: state.NewMemory()}
	n.histories = n.store.NewGroup(1)
	n.generations.node = n
	r := redecider{node: n}
	err = r.run(ctx, found.Last, progress)
	return r.result, errors.Join(err, j.Close())
}

type redecider struct {
	node     *Node
	result   Redecided
	again    tidegate.Decision
	was, now []byte
}

func (d *redecider) run(ctx context.Context, last uint64, progress func(done, total uint64)) error {
	tail := decodeAhead(d.node.journal, 1, last)
	defer tail.stop()
	for {
		record, err := tail.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		d.node.lock()
		err = d.record(record)
		d.node.release()
		if err != nil {
			return err
		}
		if record.Sequence%4096 == 0 {
			if progress != nil {
				progress(record.Sequence, last)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
}

func (d *redecider) record(r *Record) error {
	n := d.node
	if r.Kind != KindDecision {
		d.result.Others++
		if r.Kind == KindActivation {
			d.result.Activations++
			d.result.Others--
		}
		return n.apply(r)
	}
	d.result.Decisions++
	n.passTo(r.Arrival)
	// What the first decision added to the event is worked out again.
	tx := r.Event
	tx.Base, tx.HasBase = tidegate.Money{}, false
	follows, err := n.followed(r)
	if err != nil {
		return err
	}
	d.again = tidegate.Decision{Sequence: r.Sequence, Generation: n.generation, ArrivalTime: r.Arrival}
	if err := n.scorer.Decide(&tx, follows, n.known, &d.again); err != nil {
		return err
	}
	d.compare(r, &tx)
	taken := scoring.Taken{Sequence: r.Sequence, Content: wire.ContentHash(&tx), Arrival: r.Arrival}
	return n.known.TakeTransaction(&tx, taken)
}

func (d *redecider) compare(r *Record, tx *tidegate.Event) {
	d.was = append(wire.AppendDecisionBinary(d.was[:0], &r.Decision), r.Facts...)
	d.now = d.node.scorer.AppendFacts(wire.AppendDecisionBinary(d.now[:0], &d.again))
	if bytes.HasPrefix(d.now, d.was) { // records of an older version end before what is warming
		return
	}
	d.result.Differences++
	if d.result.First == "" {
		d.result.First = r.Decision.TransactionID + ": " + d.difference(r)
	}
}

func (d *redecider) difference(r *Record) string {
	was, now := &r.Decision, &d.again
	if values, err := d.node.values(r); err == nil {
		nums, texts := d.node.scorer.FeatureRow()
		for i, v := range values.Variables {
			if math.Float64bits(values.Num[i]) != math.Float64bits(nums[i]) || values.Text[i] != texts[i] {
				return fmt.Sprintf("%s was %v, now %v", v.Name, values.Num[i], nums[i])
			}
		}
	}
	switch {
	case was.Outcome != now.Outcome:
		return "outcome " + was.Outcome.String() + ", now " + now.Outcome.String()
	case was.Score != now.Score:
		return "score"
	case len(was.Rules) != len(now.Rules):
		return "rules that fired"
	case len(was.Alerts) != len(now.Alerts):
		return "alerts"
	}
	return "reasons or what else an answer says"
}
