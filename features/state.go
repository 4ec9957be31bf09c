package features

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
)

// State is what a set of features knows: a history for each entity. It has
// one writer; nothing of it may be used concurrently.
type State struct {
	set    *Set
	groups []*groupState
	// observed is the event whose look-ups the groups hold for Apply.
	observed *tidegate.Event
	time     tidegate.Millis // of the event observed, to tell when it was
	id       string          // overwritten since
	scope    scope
	run      evaluation
	touched  byte // so that reading ahead is not left out
}

// Effect is what became of an event.
type Effect struct {
	// Outcome is the decision's, if there was one.
	Outcome    tidegate.Outcome
	HasOutcome bool
	// Follows is the event that this one repeats (a payment tried again after
	// a challenge, an incremental authorization): the first of the chain. The
	// event does not count again; what it adds to the amount is added to the
	// event it follows, which then has both outcomes.
	Follows *tidegate.Event
}

// recallMemory is how long an entity without events is remembered by features
// that have no window.
const recallMemory = 400 * 24 * int64(time.Hour/time.Millisecond)

func keyOfChunk(key []byte) int { return len(key) - chunkIDBytes }

// NewState opens the tables of the set's histories in a store: two for each
// key field. Their names hold a hash of what a row keeps, so that a set that
// keeps something else starts with histories of its own. Options say in which
// group of the store the tables are.
func NewState(set *Set, store *state.Store, options ...state.TableOption) (*State, error) {
	st := &State{set: set}
	ofChunks := append(slices.Clone(options), state.ShardedBy(keyOfChunk))
	for _, g := range set.groups {
		name := fmt.Sprintf("features.%s.%016x", g.key.name(), g.layout.hash)
		heads := state.NewTable[packed](store, name, headCodec{g, newPacker()}, options...)
		st.groups = append(st.groups, &groupState{
			group:     g,
			heads:     heads,
			packer:    heads.Codec().(headCodec).packer, // another set's, if it keeps the same
			chunks:    state.NewTable[chunk](store, name+".chunks", chunkCodec{g}, ofChunks...),
			row:       newRow(&g.layout),
			sum:       newSummary(g),
			sums:      newSums(g),
			baseScale: majorUnit(set.options.Base),
		})
		s := st.groups[len(st.groups)-1]
		s.cutoff = g.horizon + int64(set.options.Lateness/time.Millisecond)
		s.memory = s.cutoff
		if len(g.recalls) > 0 {
			s.memory = max(s.memory, recallMemory)
		}
	}
	return st, nil
}

// Observe answers the set's features for an event as if it had been applied,
// and writes them to facts, from place offset on. It changes nothing.
func (st *State) Observe(ev *tidegate.Event, facts *tidegate.Facts, offset int) error {
	return st.observe(ev, nil, facts, offset)
}

// ObserveFollowUp answers for an event that follows another one, the first of
// its chain: as if the event stood in its place. A first that is older than
// all windows is not held any more and counts as it did.
func (st *State) ObserveFollowUp(ev, first *tidegate.Event, facts *tidegate.Facts, offset int) error {
	return st.observe(ev, first, facts, offset)
}

func (st *State) observe(ev, first *tidegate.Event, facts *tidegate.Facts, offset int) error {
	st.observed = nil
	st.values(ev, facts, offset)
	tag := tagOf(ev)
	if err := st.lookUp(ev, tag); err != nil {
		return err
	}
	for _, s := range st.groups {
		e := &st.run
		*e = evaluation{
			reader: reader{s: s}, at: int64(ev.Time), row: &s.row, counts: s.takes(ev.Type), event: ev, facts: facts, offset: offset,
		}
		if len(s.id) == 0 {
			e.missing()
			continue
		}
		if s.entry != nil {
			e.head = s.head(s.entry)
			if first != nil {
				e.skip(int64(first.Time), tagOf(first))
			}
		}
		if err := e.run(); err != nil {
			return err
		}
	}
	st.observed, st.time, st.id = ev, ev.Time, idOf(ev)
	return nil
}

// values answers the features of the current event alone.
func (st *State) values(ev *tidegate.Event, facts *tidegate.Facts, offset int) {
	st.scope = scope{event: ev}
	for i := range st.set.values {
		v := &st.set.values[i]
		at := offset + v.variable
		if v.expression.kind == tidegate.KindText {
			facts.SetMissing(at)
			if text, ok := v.expression.text(&st.scope); ok {
				facts.SetText(at, text)
			}
			continue
		}
		var x float64
		if v.expression.number != nil {
			x = v.expression.number(&st.scope)
		} else if v.expression.test(&st.scope) {
			x = 1
		}
		if math.IsNaN(x) && v.hasDefault {
			x = v.fallback
		}
		facts.Num[at], facts.Text[at] = x, ""
	}
}

// Apply makes an event part of the histories. The event observed last is not
// looked up again.
func (st *State) Apply(ev *tidegate.Event, effect Effect) error {
	known := st.observed == ev && st.time == ev.Time && st.id == idOf(ev)
	st.observed = nil
	outcome := ""
	if effect.HasOutcome {
		outcome = effect.Outcome.String()
	}
	if !known && effect.Follows == nil {
		if err := st.lookUp(ev, tagOf(ev)); err != nil {
			return err
		}
	}
	for _, s := range st.groups {
		if !s.takes(ev.Type) {
			continue
		}
		if effect.Follows != nil {
			if err := s.raise(effect.Follows, ev, outcome); err != nil {
				return err
			}
			continue
		}
		if err := s.apply(ev, outcome); err != nil {
			return err
		}
	}
	return nil
}

// apply makes an event that was looked up part of its history.
func (s *groupState) apply(ev *tidegate.Event, outcome string) (err error) {
	if len(s.id) == 0 || !s.fillOutcome(&s.row, ev, outcome) {
		return nil
	}
	if s.entry == nil {
		if s.entry, err = s.heads.Replace(s.id); err != nil { // nobody has it: that was looked up
			return err
		}
	}
	p := s.heads.Update(s.entry)
	h := s.head(s.entry)
	err = s.insert(h, &s.row)
	s.packer.pack(p, h) // also after an error: its parts may have moved
	if err != nil {
		return err
	}
	s.heads.SetExpiry(s.entry, h.newest()+s.memory)
	return nil
}
