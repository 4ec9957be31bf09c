package replay

import (
	"github.com/cespare/xxhash/v2"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/wire"
)

// Scratch decides on state of its own, in memory, and remembers nothing
// afterwards. Within a run an id counts once, as it does in a node.
type Scratch struct {
	scorer   *scoring.Scorer
	known    *scoring.Known
	store    *state.Store
	sequence uint64

	transactions, events, labels taken
	past                         map[uint64][]byte // what transactions were; nil: nothing will ask
}

// taken tells what ids were taken for: hashes of both.
type taken map[uint64]uint64

// before reports whether an id was taken for this content; for another one it
// is a conflict.
func (t taken) before(id string, content uint64, field string) (bool, error) {
	key := xxhash.Sum64String(id)
	first, ok := t[key]
	if ok && first != content {
		return false, tidegate.FieldErrorf(tidegate.CodeConflict, field, "was used before, for another content")
	}
	t[key] = content
	return ok, nil
}

// NewScratch makes an engine for a configuration. refer says that rows may
// refer to transactions before them, which are kept then.
func NewScratch(scorer *scoring.Scorer, refer bool) (*Scratch, error) {
	store := state.NewMemory()
	known, err := scoring.NewKnown(store, scorer.FeatureSet(), 0)
	s := &Scratch{scorer: scorer, known: known, store: store, transactions: taken{}, events: taken{}, labels: taken{}}
	if refer {
		s.past = map[uint64][]byte{}
	}
	return s, err
}

func (s *Scratch) Transaction(row *Row, d *tidegate.Decision) (err error) {
	d.Retry, err = s.transactions.before(row.Event.Text[tidegate.TransactionID], wire.ContentHash(&row.Event), "/transaction_id")
	if d.Retry || err != nil {
		return err
	}
	s.turn(row.Event.Time)
	defer s.store.Shard(nil).Unlock()
	d.Sequence, d.ArrivalTime, d.Generation = s.sequence, row.Event.Time, 1
	follows, _, err := node.Predecessor(&row.Event, s.find)
	if err == nil {
		err = s.scorer.Decide(&row.Event, follows, s.known, d)
	}
	if s.past != nil {
		s.past[xxhash.Sum64String(row.Event.Text[tidegate.TransactionID])] = wire.AppendEventBinary(nil, &row.Event)
	}
	return err
}

// find gives a transaction that was decided; nil if there is none.
func (s *Scratch) find(_, id string) (*tidegate.Event, uint64, error) {
	kept, ok := s.past[xxhash.Sum64String(id)]
	if !ok {
		return nil, 0, nil
	}
	tx := &tidegate.Event{}
	_, err := wire.DecodeEventBinary(kept, tx)
	return tx, 0, err
}

func (s *Scratch) Event(row *Row) error {
	if row.Event.ID != "" {
		if again, err := s.events.before(row.Event.ID, wire.EventHash(&row.Event), "/event_id"); again || err != nil {
			return err
		}
	}
	s.turn(row.Event.Time)
	defer s.store.Shard(nil).Unlock()
	if id := row.Event.Text[tidegate.TransactionID]; id != "" {
		tx, _, err := s.find("", id)
		if err != nil {
			return err
		}
		if tx != nil {
			node.Complete(&row.Event, tx)
		}
	}
	s.scorer.Convert(&row.Event)
	if err := s.scorer.Recall(&row.Event, s.known); err != nil {
		return err
	}
	return s.known.ApplyEvent(&row.Event)
}

func (s *Scratch) Label(l *tidegate.Label, tx *tidegate.Event) error {
	again, err := s.labels.before(l.ID, xxhash.Sum64(wire.AppendLabelBinary(nil, l)), "/label_id")
	if again || err != nil {
		return err
	}
	s.turn(tx.Time)
	defer s.store.Shard(nil).Unlock()
	return s.known.ApplyLabel(l, tx, l.ReportedAt)
}

func (s *Scratch) turn(at tidegate.Millis) {
	s.sequence++
	s.store.Shard(nil).Lock()
	s.store.Advance(int64(at))
}

func (s *Scratch) FeatureRow() ([]float64, []string) { return s.scorer.FeatureRow() }
