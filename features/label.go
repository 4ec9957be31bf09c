package features

import (
	"github.com/tidegate/tidegate"
)

// ApplyLabel marks a transaction that was applied as fraud, or as not fraud
// after all. It is found by its keys, time and id; one that is no longer held
// is none of anyone's windows either, and is passed over. Repeating a label
// changes nothing.
func (st *State) ApplyLabel(tx *tidegate.Event, fraud bool) error {
	st.observed = nil
	for _, s := range st.groups {
		if s.layout.fraud < 0 || !s.takes(tx.Type) {
			continue
		}
		err := s.changeRow(tx, func(b *block, i int) bool {
			column := s.layout.masksAt()
			mask := b.mask(column, s.layout.fraud)
			if mask>>i&1 == 1 == fraud {
				return false
			}
			b.setMask(column, s.layout.fraud, mask^1<<i)
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// raise applies an event that follows another one: where its amount is higher
// the other one's is raised to it, and filters that ask for the outcome or the
// amount let the other one pass if they would let this one.
func (s *groupState) raise(first, ev *tidegate.Event, outcome string) error {
	raised := *first
	if ev.HasAmount && first.HasAmount && ev.Amount.Currency == first.Amount.Currency && ev.Amount.Minor > first.Amount.Minor {
		raised.Amount = ev.Amount
		raised.Base, raised.HasBase = ev.Base, ev.HasBase
	}
	return s.changeRow(first, func(b *block, i int) bool {
		return s.raiseRow(b, i, &raised, outcome)
	})
}

func (s *groupState) raiseRow(b *block, i int, raised *tidegate.Event, outcome string) (changed bool) {
	l := &s.layout
	column := l.masksAt()
	s.atLeast(b, i, raised)
	r := &s.row
	s.fill(r, raised, 0)
	s.fillOutcome(r, raised, outcome)
	for k := range l.ints {
		c := &l.ints[k]
		if c.money == notMoney || !r.masks.has(c.present) || b.integer(firstInt+k, i) >= r.ints[k] {
			continue
		}
		if _, width := b.at(firstInt + k); width < int(intWidth(r.ints[k])) {
			*b = b.widened(l, firstInt+k, intWidth(r.ints[k]))
		}
		b.putInt(firstInt+k, i, r.ints[k])
		changed = true
	}
	for k := range s.filters {
		f := &s.filters[k]
		for _, m := range [...]int{f.mask, f.maskIfFraud} {
			if m < 0 {
				continue
			}
			was := b.mask(column, m)>>i&1 == 1
			if now := r.masks.has(m) || was && f.usesOutcome; now != was {
				b.setMask(column, m, b.mask(column, m)^1<<i)
				changed = true
			}
		}
	}
	return changed
}

// atLeast gives an event the amount that its row was raised to before.
func (s *groupState) atLeast(b *block, i int, ev *tidegate.Event) {
	for k := range s.layout.ints {
		c := &s.layout.ints[k]
		if b.mask(s.layout.masksAt(), c.present)>>i&1 == 0 {
			continue
		}
		v := b.integer(firstInt+k, i)
		switch c.money {
		case baseMoney:
			if was, ok := s.words.baseAmount(ev); ok && was.Minor < v {
				ev.Base, ev.HasBase = tidegate.Money{Minor: v, Currency: was.Currency}, true
			}
		case ownMoney:
			ev.Amount.Minor = max(ev.Amount.Minor, v)
		}
	}
}

// widened is a copy of the block with a wider column.
func (b *block) widened(l *layout, column int, width uint8) block {
	s := shapeOf(l, b.room())
	s.fitBlock(l, b)
	s.fitTimes(b.first(), b.last())
	s.width[column] = width
	w := s.make(l, nil)
	w.copyRows(l, b, 0, b.n)
	return w
}

// changeRow changes the row of an event that was applied: in the tail in
// place, elsewhere in a copy of its block. Nothing is changed until change
// says that something is.
func (s *groupState) changeRow(ev *tidegate.Event, change func(b *block, i int) bool) error {
	s.event = nil
	s.id = s.appendKey(s.id[:0], ev)
	if len(s.id) == 0 {
		return nil
	}
	entry, err := s.heads.Get(s.id)
	if err != nil || entry == nil {
		return err
	}
	r := reader{s: s, head: s.head(entry)}
	at, ok := r.find(int64(ev.Time), tagOf(ev))
	if !ok || r.err != nil {
		return r.err
	}
	changed := r.blockAt(at).clone()
	if !change(&changed, at.row) {
		return nil
	}
	h, p := r.head, s.heads.Update(entry)
	defer s.packer.pack(p, h)
	s.slideRow(h, r.blockAt(at), at.row, false)
	s.slideRow(h, &changed, at.row, true)
	if at.page == r.pages()+1 {
		s.moveTail(h, changed)
		return nil
	}
	replace := func(page *index) error {
		return s.changeBlock(h.older, page, at.block, func(*block) []block { return []block{changed} })
	}
	if at.page == r.pages() {
		return replace(&h.older.open)
	}
	return s.changePage(h.older, at.page, replace)
}

func (b *block) clone() block {
	c := *b
	c.home = 0
	c.data = append([]byte(nil), b.data...)
	if b.texts != nil {
		texts := make([][]string, len(*b.texts))
		for i, t := range *b.texts {
			texts[i] = append([]string(nil), t...)
		}
		c.texts = &texts
	}
	return c
}
