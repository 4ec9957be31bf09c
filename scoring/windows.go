package scoring

import (
	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/scoring/patterns"
)

// typeWindowEnd is the event type of the ends of windows: as what is on
// record of an entity for which nothing happened in time.
const typeWindowEnd = "pattern.window_end"

// WindowEnd looks for an entity for which a pattern's window has ended at a
// time of arrival, as that of a login without a logout. What it gives is for
// [Scorer.Fire]; nil is none. It looks at a few entities only; more tells
// that there may be others.
func (s *Scorer) WindowEnd(known *Known, now tidegate.Millis) (e *tidegate.Event, more bool, err error) {
	if err := known.look(s.patterns); err != nil {
		return nil, false, err
	}
	due, found, more, err := known.patterns.Due(now)
	if !found || err != nil {
		return nil, more, err
	}
	e = &tidegate.Event{Type: typeWindowEnd, Tenant: due.Tenant, Time: due.At}
	e.Text[due.Field] = due.Value
	return e, more, nil
}

// Fire ends the windows of an entity. d gets the matches that are complete
// now, and their alerts.
func (s *Scorer) Fire(e *tidegate.Event, known *Known, d *tidegate.Decision) (err error) {
	if s.found, err = known.fire(s.patterns, e); err != nil {
		return err
	}
	for i := range s.found {
		f := &s.found[i]
		f.Completed = f.Emitted // time completed them, no event
	}
	customer, err := known.customerOf(e)
	if err != nil {
		return err
	}
	s.report(e, customer, d)
	return nil
}

// RecallWindowEnd does again what [Scorer.Fire] did, from its record.
func (s *Scorer) RecallWindowEnd(e *tidegate.Event, known *Known) error {
	_, err := known.fire(s.patterns, e)
	return err
}

func (k *Known) fire(set *patterns.Set, e *tidegate.Event) ([]patterns.Found, error) {
	if err := k.look(set); err != nil {
		return nil, err
	}
	for f := range tidegate.NumText {
		if e.Text[f] != "" {
			return k.patterns.Fire(patterns.Due{Tenant: e.Tenant, Field: f, Value: e.Text[f], At: e.Time})
		}
	}
	return nil, nil
}
