package patterns

import (
	"errors"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/cep"
	"github.com/tidegate/tidegate/stream/state"
)

// State is what is open for every entity, in tables of a store. It has one
// writer.
type State struct {
	set     *Set
	store   *state.Store
	tables  []table
	tenures []uint64 // by place in the set
	tenured *state.Table[tenures]
	timers  calendar
	key     []byte
	found   []Found
	now     []*Found // by place in the set: what was found now, or nil
}

// table holds the entities of one key field.
type table struct {
	keyed
	open *state.Table[open]
}

// lateness is how much longer than their windows entities are remembered, and
// how long a timer waits for events that are late: the clocks of senders
// differ.
const (
	slack    = 3600 * 1000
	lateness = 5 * 1000
)

// Found is what one event, or the end of a window, means for one pattern.
type Found struct {
	Pattern *Pattern
	// Completed are the matches that this event completes, before the skip
	// strategy: the ids of their events.
	Completed [][]string
	// Emitted are the matches that the skip strategy lets through: what alerts
	// are made of. Earlier events may have completed them.
	Emitted [][]string
	// Expired are the partial matches that ran out of time, of a pattern that
	// reports them; TimedOut is how many there were of any.
	Expired  [][]string
	TimedOut int
	Stage    int  // the furthest of a partial match, from 1; 0: there is none
	Stale    bool // the event is older than its key's newest and was offered to nothing
	Dropped  int  // partial matches given up for the limit
	Failed   bool // the skip strategy has no target: everything open was given up
}

// maxIDs bounds the ids that are reported of one match, and the matches of
// one event.
const (
	maxIDs     = 32
	maxMatches = 8
)

// NewState opens the partial matches in a store for a set of patterns. A
// pattern whose definition was in use until now keeps its own; all others
// start without.
func NewState(set *Set, store *state.Store) (*State, error) {
	s := &State{set: set, store: store, now: make([]*Found, len(set.patterns))}
	for _, k := range set.keys {
		s.tables = append(s.tables, table{k, newOpenTable(store, k.field)})
	}
	s.tenured = state.NewTable[tenures](store, "patterns", tenureCodec{})
	s.timers = newCalendar(store)
	s.found = make([]Found, 0, len(set.patterns))
	return s, s.begin()
}

func newOpenTable(store *state.Store, field tidegate.Field) *state.Table[open] {
	return state.NewTable[open](store, "patterns."+field.String(), openCodec{})
}

// begin gives every definition its tenure.
func (s *State) begin() error {
	entry, err := s.tenured.Get([]byte("now"))
	if err != nil {
		return err
	}
	var before tenures
	if entry != nil {
		before = *entry.Value()
	}
	after := tenures{next: before.next}
	fresh := len(s.set.patterns) != len(before.now)
	for _, p := range s.set.patterns {
		number := uint64(0)
		for _, d := range before.now {
			if d.identity == p.identity {
				number = d.number
			}
		}
		if number == 0 {
			after.next++
			number, fresh = after.next, true
		}
		after.now = append(after.now, tenured{p.identity, number})
		s.tenures = append(s.tenures, number)
	}
	if !fresh {
		return nil
	}
	if entry, err = s.tenured.GetOrCreate([]byte("now")); err != nil {
		return err
	}
	*s.tenured.Update(entry) = after
	return nil
}

// Set is the patterns that are looked for.
func (s *State) Set() *Set { return s.set }

// Advance shows an event to the partial matches of its entities. newest is
// the time of the newest event before it of the entity that owner names. What
// it finds depends on these, on what is open and on the store's time: so it
// finds the same when records are applied again. The result is valid until
// the next call.
func (s *State) Advance(tx *tidegate.Event, owner tidegate.Field, newest tidegate.Millis) ([]Found, error) {
	s.reset()
	s.set.view.turn(tx)
	for i := range s.tables {
		t := &s.tables[i]
		if tx.Text[t.field] == "" {
			continue
		}
		known := newest
		if t.field != owner {
			known = 0
		}
		if err := s.advance(t, tx, known); err != nil {
			return nil, err
		}
	}
	return s.found, nil
}

func (s *State) reset() {
	for i := range s.found {
		s.now[s.found[i].Pattern.place] = nil
	}
	s.found = s.found[:0]
}

// advance shows the event to the patterns of one key field.
func (s *State) advance(t *table, tx *tidegate.Event, newest tidegate.Millis) error {
	s.key = appendKey(s.key[:0], tx.Tenant, tx.Text[t.field])
	entry, err := t.open.Get(s.key)
	if err != nil {
		return err
	}
	for _, p := range t.patterns {
		var h *held
		if entry != nil {
			h = entry.Value().of(s.tenures[p.place])
		}
		if h == nil && !p.begins(tx) {
			continue
		}
		if entry == nil {
			if entry, err = t.open.GetOrCreate(s.key); err != nil {
				return err
			}
		}
		o := t.open.Update(entry)
		if h == nil {
			o.held = append(o.held, held{tenure: s.tenures[p.place], pattern: p, state: &cep.State[*Event]{}})
			h = &o.held[len(o.held)-1]
			if newest > 0 {
				h.state.Seen(int64(newest))
			}
		}
		if err := s.show(p, h, tx); err != nil {
			return err
		}
	}
	if entry == nil {
		return nil
	}
	o := t.open.Update(entry)
	o.newest = max(o.newest, timeOf(tx))
	o.late = max(0, s.store.Time()-o.newest)
	return s.keep(t, entry)
}

// show offers an event to what one pattern holds.
func (s *State) show(p *Pattern, h *held, tx *tidegate.Event) error {
	if err := h.wake(p); err != nil {
		return err
	}
	e := p.newEvent(tx)
	live, err := p.matcher.Live(h.state, e, timeOf(tx))
	e.tx = nil // its values stay
	failed, err := givenUp(err)
	if err != nil {
		return err
	}
	f := s.note(p)
	f.Failed, f.Stale, f.Dropped = failed, live.Stale, live.Dropped
	for _, m := range live.Completed[:min(len(live.Completed), maxMatches)] {
		f.Completed = append(f.Completed, IDs(m))
	}
	f.emitted(live.Outputs)
	_, f.Stage = p.Automaton.Progress(h.state)
	return nil
}

// givenUp tells a skip strategy that has no target, which empties the state,
// from an error that is one.
func givenUp(err error) (bool, error) {
	var skip *cep.SkipError
	if errors.As(err, &skip) {
		return true, nil
	}
	return false, err
}

func (s *State) note(p *Pattern) *Found {
	s.found = append(s.found, Found{Pattern: p})
	f := &s.found[len(s.found)-1] // there is room for every pattern
	s.now[p.place] = f
	return f
}

func (f *Found) emitted(outputs []cep.Output[*Event]) {
	for _, o := range outputs {
		switch {
		case o.Kind == cep.TimedOut:
			f.TimedOut++
			if f.Pattern.OnTimeout != nil && len(f.Expired) < maxMatches {
				f.Expired = append(f.Expired, IDs(o.Match))
			}
		case len(f.Emitted) < maxMatches:
			f.Emitted = append(f.Emitted, IDs(o.Match))
		}
	}
}

// IDs are the ids of a match's events; of a long match, of its first ones.
func IDs(m cep.Match[*Event]) []string {
	events := m.Events[:min(len(m.Events), maxIDs)]
	ids := make([]string, 0, len(events))
	for _, t := range events {
		if id := t.Event.ID; id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// keep drops an entity that holds nothing, and says of another one how long
// it is remembered.
func (s *State) keep(t *table, entry *state.Entry[open]) error {
	o := t.open.Update(entry)
	o.settle(s.tenures)
	if len(o.held) == 0 {
		t.open.Delete(entry)
		return nil
	}
	memory := int64(0)
	for i := range o.held {
		memory = max(memory, o.held[i].pattern.memory)
	}
	if at, ok := o.timer(); ok {
		t.open.SetExpiry(entry, 0) // the timer ends it
		return s.timers.set(t, entry, at+o.late+lateness)
	}
	t.open.SetExpiry(entry, o.newest+o.late+memory+slack)
	return nil
}

// Write puts pattern.NAME.matched and pattern.NAME.stage of the event at hand
// into facts, from a place on.
func (s *State) Write(facts *tidegate.Facts, offset int) {
	for i, f := range s.now {
		place := offset + 2*i
		if f == nil {
			facts.Num[place], facts.Num[place+1] = 0, 0
			continue
		}
		facts.SetBool(place, len(f.Completed) > 0)
		facts.SetNumber(place+1, float64(f.Stage))
	}
}

// Partials are the partial matches of the patterns that look at one of the
// event's entities, for people to look at.
func (s *State) Partials(p *Pattern, tx *tidegate.Event) ([]cep.Partial[*Event], error) {
	for i := range s.tables {
		t := &s.tables[i]
		if t.field != p.Field || tx.Text[t.field] == "" {
			continue
		}
		entry, err := t.open.Get(appendKey(nil, tx.Tenant, tx.Text[t.field]))
		if entry == nil || err != nil {
			return nil, err
		}
		h := entry.Value().of(s.tenures[p.place])
		if h == nil {
			return nil, nil
		}
		if err := h.wake(p); err != nil {
			return nil, err
		}
		return p.matcher.Partials(h.state), nil
	}
	return nil, nil
}
