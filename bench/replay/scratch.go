package replay

import (
	"github.com/cespare/xxhash/v2"

	"github.com/tidegate/tidegate"
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

// NewScratch makes an engine for a configuration.
func NewScratch(scorer *scoring.Scorer) (*Scratch, error) {
	store := state.NewMemory()
	known, err := scoring.NewKnown(store, scorer.FeatureSet(), 0)
	return &Scratch{scorer: scorer, known: known, store: store, transactions: taken{}, events: taken{}, labels: taken{}}, err
}

func (s *Scratch) Transaction(row *Row, d *tidegate.Decision) (err error) {
	d.Retry, err = s.transactions.before(row.Event.Text[tidegate.TransactionID], wire.ContentHash(&row.Event), "/transaction_id")
	if d.Retry || err != nil {
		return err
	}
	s.turn(row.Event.Time)
	defer s.store.Shard(nil).Unlock()
	d.Sequence, d.ArrivalTime, d.Generation = s.sequence, row.Event.Time, 1
	return s.scorer.Decide(&row.Event, nil, s.known, d)
}

func (s *Scratch) Event(row *Row) error {
	if row.Event.ID != "" {
		if again, err := s.events.before(row.Event.ID, wire.EventHash(&row.Event), "/event_id"); again || err != nil {
			return err
		}
	}
	s.turn(row.Event.Time)
	defer s.store.Shard(nil).Unlock()
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
