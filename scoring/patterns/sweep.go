package patterns

import (
	"slices"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
)

// Due is an entity for which the end of a window has come.
type Due struct {
	Tenant string
	Field  tidegate.Field
	Value  string
	At     tidegate.Millis // the end of the window, in the entity's own time
}

// sweepStep bounds how many entities one call of [State.Due] looks at.
const sweepStep = 32

// Due looks for an entity whose window has ended at a time of arrival. It
// looks at a few; more tells that it may find others when it is called again.
// What is found is for [State.Fire]; that nothing is done with it, or that it
// is found twice, does no harm.
func (s *State) Due(now tidegate.Millis) (due Due, found, more bool, err error) {
	for range sweepStep {
		e, of, ok, err := s.timers.take(int64(now))
		if !ok || err != nil {
			return Due{}, false, false, err
		}
		if due, found, err = s.due(e, of, int64(now)); found || err != nil {
			return due, found, true, err
		}
	}
	return Due{}, false, true, nil
}

// due tells whether an entity has really something to do. If its partial
// matches have moved on since its timer was set, that is set anew.
func (s *State) due(e entity, minuteOf, now int64) (Due, bool, error) {
	t, entry, err := s.entry(e.field, e.key)
	if t == nil { // no pattern has this key any more
		return Due{}, false, newOpenTable(s.store, e.field).Remove([]byte(e.key))
	}
	if entry == nil || err != nil {
		return Due{}, false, err
	}
	if set := entry.Value().due; e.due != 0 && set != e.due || set/minute != minuteOf {
		return Due{}, false, nil // its timer was set anew
	}
	o := t.open.Update(entry)
	if err := s.wake(o); err != nil {
		return Due{}, false, err
	}
	at, ok := o.timer()
	if ok && at+o.late+lateness <= now {
		tenant, value := splitKey(e.key)
		return Due{tenant, e.field, value, tidegate.Millis(at)}, true, nil
	}
	o.due = 0
	return Due{}, false, s.keep(t, entry)
}

// Fire moves the time of an entity to the end of a window. It depends on what
// is open alone, so it finds the same when its record is applied again.
func (s *State) Fire(d Due) ([]Found, error) {
	s.reset()
	t, entry, err := s.entry(d.Field, string(appendKey(nil, d.Tenant, d.Value)))
	if entry == nil || err != nil {
		return nil, err
	}
	o := t.open.Update(entry)
	if err := s.wake(o); err != nil {
		return nil, err
	}
	for i := range o.held {
		h := &o.held[i]
		outputs, err := h.pattern.matcher.Advance(h.state, int64(d.At))
		failed, err := givenUp(err)
		if err != nil {
			return nil, err
		}
		f := s.note(h.pattern)
		f.Failed = failed
		f.emitted(outputs)
	}
	o.due = 0
	return s.found, s.keep(t, entry)
}

// wake decodes all that the definitions of now hold and forgets the rest.
func (s *State) wake(o *open) error {
	o.settle(s.tenures)
	for i := range o.held {
		at := slices.Index(s.tenures, o.held[i].tenure)
		if err := o.held[i].wake(s.set.patterns[at]); err != nil {
			return err
		}
	}
	return nil
}

func (s *State) entry(field tidegate.Field, key string) (*table, *state.Entry[open], error) {
	for i := range s.tables {
		if t := &s.tables[i]; t.field == field {
			entry, err := t.open.Get([]byte(key))
			return t, entry, err
		}
	}
	return nil, nil, nil
}
