package replay

import (
	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream/state"
)

// Scratch decides on state of its own, in memory, and remembers nothing
// afterwards.
type Scratch struct {
	scorer   *scoring.Scorer
	known    *scoring.Known
	store    *state.Store
	sequence uint64
}

// NewScratch makes an engine for a configuration.
func NewScratch(scorer *scoring.Scorer) (*Scratch, error) {
	store := state.NewMemory()
	known, err := scoring.NewKnown(store, scorer.FeatureSet(), 0)
	return &Scratch{scorer: scorer, known: known, store: store}, err
}

func (s *Scratch) Transaction(row *Row, d *tidegate.Decision) error {
	s.turn(row.Event.Time)
	defer s.store.Shard(nil).Unlock()
	d.Sequence, d.ArrivalTime, d.Generation = s.sequence, row.Event.Time, 1
	return s.scorer.Decide(&row.Event, nil, s.known, d)
}

func (s *Scratch) Event(row *Row) error {
	s.turn(row.Event.Time)
	defer s.store.Shard(nil).Unlock()
	s.scorer.Convert(&row.Event)
	if err := s.scorer.Recall(&row.Event, s.known); err != nil {
		return err
	}
	return s.known.ApplyEvent(&row.Event)
}

func (s *Scratch) Label(l *tidegate.Label, tx *tidegate.Event) error {
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
