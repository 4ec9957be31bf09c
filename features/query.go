package features

import (
	"math"
	"slices"

	"github.com/tidegate/tidegate"
)

// Warming appends to dst the places (from 0) of the windowed features whose
// history for the event observed last is shorter than their window. An entity
// never seen before warms all of them.
func (st *State) Warming(dst []int) []int {
	if st.observed == nil {
		return dst
	}
	for _, s := range st.groups {
		if len(s.id) == 0 {
			continue
		}
		first := int64(math.MaxInt64)
		if s.entry != nil {
			first = s.entry.Value().first
		}
		for _, w := range s.windows {
			if first > int64(st.observed.Time)-w.span {
				dst = append(dst, w.variable)
			}
		}
	}
	return dst
}

// Approximate appends to dst the places of the features that a sketch answered
// for the event observed last: a count_distinct of more different values than
// are counted one by one, a median of more events than are sorted.
func (st *State) Approximate(dst []int) []int {
	if st.observed != nil {
		for _, s := range st.groups {
			dst = append(dst, s.approximate...)
		}
	}
	return dst
}

// Value is one feature of an entity as [State.Query] answers it.
type Value struct {
	Variable tidegate.Variable
	Number   float64 // as in [tidegate.Facts]: NaN is missing
	Text     string
	Warming  bool
	// Approximate tells that a sketch answered, see [State.Approximate].
	Approximate bool
}

// Query answers the features of an entity at an instant, without a current
// event: what is about that event is missing. key is a field's name. It is
// empty if no feature has this key.
func (st *State) Query(key, value, tenant string, at tidegate.Millis) ([]Value, error) {
	for _, s := range st.groups {
		if s.key.name() != key {
			continue
		}
		facts := tidegate.NewFacts(len(st.set.variables))
		if err := st.query(s, value, tenant, at, facts); err != nil {
			return nil, err
		}
		warming := map[int]bool{}
		first := int64(math.MaxInt64)
		if s.entry != nil {
			first = s.entry.Value().first
		}
		for _, w := range s.windows {
			warming[w.variable] = first > int64(at)-w.span
		}
		values := make([]Value, 0, len(s.variables))
		for _, i := range s.variables {
			values = append(values, Value{
				Variable: st.set.variables[i], Number: facts.Num[i], Text: facts.Text[i],
				Warming: warming[i], Approximate: slices.Contains(s.approximate, i),
			})
		}
		return values, nil
	}
	return nil, nil
}

func (st *State) query(s *groupState, value, tenant string, at tidegate.Millis, facts *tidegate.Facts) (err error) {
	st.observed = nil
	blank := tidegate.Event{Time: at, Tenant: tenant}
	s.event, s.approximate = nil, s.approximate[:0]
	s.id = appendKey(s.id[:0], tenant, value)
	s.fill(&s.row, &blank, 0)
	if s.entry, err = s.heads.Get(s.id); err != nil {
		return err
	}
	e := evaluation{reader: reader{s: s}, at: int64(at), row: &s.row, event: &blank, facts: facts}
	if s.entry != nil {
		e.head = s.head(s.entry)
	}
	return e.run()
}
