package features

import "github.com/tidegate/tidegate"

// lookUp finds the histories of the event's entities and makes the event a row
// of each. It reads a little of all of them before it looks at the first, so
// that the processor fetches them from memory at the same time.
func (st *State) lookUp(ev *tidegate.Event, tag uint32) (err error) {
	touched := byte(0)
	for _, s := range st.groups {
		if s.name(ev) {
			s.reach = s.heads.Reach(s.id)
		}
	}
	for _, s := range st.groups {
		if s.likely = nil; len(s.id) > 0 {
			if s.likely = s.reach.Likely(); s.likely != nil {
				touched += byte(s.likely.Value().n)
			}
		}
	}
	for _, s := range st.groups {
		if s.likely != nil {
			touched += s.reach.Touch(s.likely) + s.packer.touch(s.likely.Value())
		}
	}
	st.touched = touched
	for _, s := range st.groups {
		if len(s.id) == 0 {
			continue
		}
		s.fill(&s.row, ev, tag)
		if s.entry, err = s.heads.Reached(s.id, &s.reach, s.likely); err != nil {
			return err
		}
	}
	return nil
}

// name makes the key of the event's entity; false if it has none.
func (s *groupState) name(ev *tidegate.Event) bool {
	s.entry, s.event, s.approximate = nil, ev, s.approximate[:0]
	s.id = s.appendKey(s.id[:0], ev)
	return len(s.id) > 0
}

// cacheLine is what the processor fetches at once.
const cacheLine = 64

// touch reads a byte of each cache line of the newest events.
func (k *packer) touch(p *packed) (touched byte) {
	if p.tail == 0 {
		return 0
	}
	for data := k.tails.at(p.tail, p.units); len(data) > 0; data = data[min(cacheLine, len(data)):] {
		touched += data[0]
	}
	return touched
}
