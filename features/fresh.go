package features

import (
	"errors"
	"slices"
)

// Fresh is the part of a state whose histories another one does not share:
// what has to be filled when the state's set follows the other's.
func (st *State) Fresh(other *State) *State {
	fresh := &State{set: st.set}
	for _, g := range st.groups {
		shared := other != nil && slices.ContainsFunc(other.groups, func(o *groupState) bool { return o.heads == g.heads })
		if !shared {
			fresh.groups = append(fresh.groups, g)
		}
	}
	return fresh
}

// Empty tells that a state has no histories at all.
func (st *State) Empty() bool { return len(st.groups) == 0 }

// Clear empties the histories, whatever has been left in them: those of a set
// that is left, so that they do not come back stale, and those that are to be
// filled anew. No checkpoint of the store may be under way.
func (st *State) Clear() error {
	st.observed = nil
	for _, g := range st.groups {
		g.event, g.entry = nil, nil
		if err := errors.Join(g.heads.Clear(), g.chunks.Clear()); err != nil {
			return err
		}
	}
	return nil
}

// Keys are the names of the fields that histories are kept by.
func (s *Set) Keys() []string {
	var keys []string
	for _, g := range s.groups {
		keys = append(keys, g.key.name())
	}
	return keys
}
