package features

import "math"

// insert puts a row into a history: behind every event that is not later.
func (s *groupState) insert(h *head, r *row) error {
	if h.tail.n == 0 {
		h.first = r.time
	}
	h.first = min(h.first, r.time)
	newest := max(r.time, h.newest())
	if err := s.advance(h, newest); err != nil {
		return err
	}
	if err := s.evict(h, newest-s.cutoff); err != nil {
		return err
	}
	full := h.tail.n == blockRows
	if err := s.place(h, r); err != nil {
		return err
	}
	s.slideIn(h, r)
	if full && h.tail.n < blockRows {
		return s.promote(h)
	}
	return nil
}

// place finds the row its place; it seals the tail if that is full.
func (s *groupState) place(h *head, r *row) error {
	if o := h.older; o != nil && r.time < h.tail.first() {
		if newest, ok := o.newest(); ok && r.time < newest {
			return s.insertOlder(h, r)
		}
	}
	if h.tail.n == blockRows {
		return s.insertFull(h, r)
	}
	if h.tail.n == 0 || !h.tail.holds(&s.layout, r) {
		s.moveTail(h, h.tail.with(&s.layout, r, s.packer.tails))
	}
	h.tail.insert(&s.layout, h.tail.upTo(r.time), r)
	return nil
}

func (h *head) newest() int64 {
	if h.tail.n == 0 {
		return h.first
	}
	return h.tail.last()
}

// newest is the time of the newest sealed event.
func (o *older) newest() (int64, bool) {
	switch {
	case len(o.open.refs) > 0:
		return o.open.last(), true
	case len(o.top.refs) > 0:
		return o.top.last(), true
	}
	return 0, false
}

// oldest is the time of the last event of the oldest block or page.
func (o *older) oldest() int64 {
	switch {
	case len(o.top.refs) > 0:
		return o.top.refs[0].last
	case len(o.open.refs) > 0:
		return o.open.refs[0].last
	}
	return math.MaxInt64
}

func (o *older) chunks() int { return len(o.top.refs) + len(o.open.refs) }

// insertFull seals the tail, or its older half if the row belongs inside.
func (s *groupState) insertFull(h *head, r *row) error {
	if h.older == nil {
		h.older = &older{top: newIndex(s.group), open: newIndex(s.group)}
	}
	at := h.tail.upTo(r.time)
	cut := blockRows
	if at < blockRows {
		cut = blockRows / 2
	}
	sealed := h.tail.part(&s.layout, 0, cut, 0, nil)
	var tail block
	if cut < blockRows {
		tail = h.tail.part(&s.layout, cut, blockRows, blockRows, s.packer.tails)
	}
	if cut <= at {
		narrow := tail
		if tail = tail.with(&s.layout, r, s.packer.tails); tail.home != narrow.home {
			s.giveTail(narrow)
		}
		tail.insert(&s.layout, at-cut, r)
	} else {
		sealed = sealed.with(&s.layout, r, nil)
		sealed.insert(&s.layout, at, r)
	}
	if err := s.appendBlock(h.older, &sealed); err != nil {
		return err
	}
	s.moveTail(h, tail)
	return nil
}

// refBlock makes a block a chunk and sums it up.
func (s *groupState) refBlock(o *older, b *block) (ref, error) {
	id, err := s.seal(o, chunk{block: b}, b.last())
	s.sum.ofBlock(s.group, b)
	return ref{id: id, first: b.first(), last: b.last(), n: b.n, block: b}, err
}

func (s *groupState) refPage(o *older, p *index) (ref, error) {
	id, err := s.seal(o, chunk{page: p}, p.last())
	s.sum.ofIndex(s.group, p)
	return ref{id: id, first: p.refs[0].first, last: p.last(), n: p.rows(), page: p}, err
}

// appendBlock adds the newest sealed block, and makes the open page a sealed
// one when it is full.
func (s *groupState) appendBlock(o *older, b *block) error {
	r, err := s.refBlock(o, b)
	if err != nil {
		return err
	}
	o.open.insert(len(o.open.refs), r, s.sum)
	if len(o.open.refs) < pageRefs {
		return nil
	}
	return s.closePage(o, len(o.open.refs))
}

// closePage seals the first k blocks of the open page as a page.
func (s *groupState) closePage(o *older, k int) error {
	r, err := s.refPage(o, o.open.part(s.group, 0, k))
	if err == nil {
		o.top.insert(len(o.top.refs), r, s.sum)
		o.open.drop(s.group, k)
	}
	return err
}

// insertOlder puts a late row into the sealed block where it belongs.
func (s *groupState) insertOlder(h *head, r *row) error {
	o := h.older
	if len(o.open.refs) > 0 && (len(o.top.refs) == 0 || r.time >= o.top.last()) {
		err := s.insertInPage(o, &o.open, r)
		if err != nil || len(o.open.refs) < 2*pageRefs {
			return err
		}
		return s.closePage(o, pageRefs)
	}
	p := o.top.after(r.time)
	err := s.changePage(o, p, func(page *index) error { return s.insertInPage(o, page, r) })
	if err != nil || len(o.top.refs[p].page.refs) < 2*pageRefs {
		return err
	}
	return s.splitPage(o, p)
}

// insertInPage puts a row into the page's first block that ends after it.
func (s *groupState) insertInPage(o *older, page *index, r *row) error {
	i := page.after(r.time)
	return s.changeBlock(o, page, i, func(b *block) []block {
		at := b.upTo(r.time)
		if b.n < blockRows {
			wider := b.part(&s.layout, 0, b.n, b.n+1, nil)
			wider = wider.with(&s.layout, r, nil)
			wider.insert(&s.layout, at, r)
			return []block{wider}
		}
		half := b.n / 2
		left, right := b.part(&s.layout, 0, half, 0, nil), b.part(&s.layout, half, b.n, 0, nil)
		into, i := &left, at
		if at > half {
			into, i = &right, at-half
		}
		*into = into.with(&s.layout, r, nil)
		into.insert(&s.layout, i, r)
		return []block{left, right}
	})
}

// changeBlock replaces a sealed block of a page by what change makes of it.
func (s *groupState) changeBlock(o *older, page *index, i int, change func(*block) []block) error {
	was, err := s.loadBlock(&page.refs[i])
	if err != nil {
		return err
	}
	if err := s.discard(page.refs[i].id); err != nil {
		return err
	}
	for k, b := range change(was) {
		r, err := s.refBlock(o, &b)
		if err != nil {
			return err
		}
		if k == 0 {
			page.replace(i, r, s.sum)
		} else {
			page.insert(i+k, r, s.sum)
		}
	}
	return nil
}

// changePage replaces a sealed page by a changed copy.
func (s *groupState) changePage(o *older, p int, change func(*index) error) error {
	was, err := s.loadPage(&o.top.refs[p])
	if err != nil {
		return err
	}
	page := was.part(s.group, 0, len(was.refs))
	if err := change(page); err != nil {
		return err
	}
	if err := s.discard(o.top.refs[p].id); err != nil {
		return err
	}
	r, err := s.refPage(o, page)
	if err == nil {
		o.top.replace(p, r, s.sum)
	}
	return err
}

// splitPage halves a page that late events have filled.
func (s *groupState) splitPage(o *older, p int) error {
	was := o.top.refs[p]
	half := len(was.page.refs) / 2
	for k, page := range []*index{was.page.part(s.group, 0, half), was.page.part(s.group, half, len(was.page.refs))} {
		r, err := s.refPage(o, page)
		if err != nil {
			return err
		}
		if k == 0 {
			o.top.replace(p, r, s.sum)
		} else {
			o.top.insert(p+1, r, s.sum)
		}
	}
	return s.discard(was.id)
}

// evict drops events that no window can reach any more, seen from the key's
// newest event: whole chunks as soon as they are past the cutoff, rows of the
// tail when it would have to grow.
func (s *groupState) evict(h *head, cutoff int64) error {
	if o := h.older; o != nil && o.oldest() <= cutoff {
		if err := s.evictOlder(h, cutoff); err != nil {
			return err
		}
	}
	if h.tail.n < h.tail.room() || h.older != nil && h.older.chunks() > 0 {
		return nil
	}
	// The newest event stays, however old it is.
	k := min(h.tail.upTo(cutoff), h.tail.n-1)
	if k <= 0 {
		return nil
	}
	s.remember(h, &h.tail, k)
	s.moveTail(h, h.tail.part(&s.layout, k, h.tail.n, roomFor(h.tail.n-k+1), s.packer.tails))
	return nil
}

// moveTail puts another block in the place of the tail, a copy, and keeps the
// memory for the next one. Nobody else reads a tail.
func (s *groupState) moveTail(h *head, to block) {
	s.giveTail(h.tail)
	h.tail = to
}

func (s *groupState) giveTail(b block) {
	s.packer.tails.give(b.home, uint16(unitsOf(len(b.data))))
}

func (s *groupState) evictOlder(h *head, cutoff int64) error {
	o := h.older
	pages := o.top.after(cutoff)
	for p := range pages {
		page, err := s.loadPage(&o.top.refs[p])
		if err != nil {
			return err
		}
		if err := s.evictBlocks(h, page, len(page.refs)); err != nil {
			return err
		}
		if err := s.discard(o.top.refs[p].id); err != nil {
			return err
		}
	}
	if pages > 0 {
		o.top.drop(s.group, pages)
	}
	if len(o.top.refs) > 0 {
		return nil
	}
	blocks := o.open.after(cutoff)
	if blocks > 0 {
		if err := s.evictBlocks(h, &o.open, blocks); err != nil {
			return err
		}
		o.open.drop(s.group, blocks)
	}
	return nil
}

// evictBlocks forgets the first k blocks of a page, except for what is recalled.
func (s *groupState) evictBlocks(h *head, page *index, k int) error {
	for i := range k {
		if len(s.recalls) > 0 {
			b, err := s.loadBlock(&page.refs[i])
			if err != nil {
				return err
			}
			s.remember(h, b, b.n)
		}
		if err := s.discard(page.refs[i].id); err != nil {
			return err
		}
	}
	return nil
}

// remember keeps what is recalled of the first k rows of a block.
func (s *groupState) remember(h *head, b *block, k int) {
	if len(s.recalls) == 0 {
		return
	}
	if h.recalls == nil {
		list := make([]recalled, len(s.recalls))
		h.recalls = &list
	}
	for i, want := range s.recalls {
		mask := bitsFrom(0, k) & s.rowsWith(b, want.filter, want.with)
		if mask == 0 {
			continue
		}
		row := leading(mask) - 1
		got := &(*h.recalls)[i]
		if got.known && got.time > b.time(row) {
			continue // the row came so late that its neighbours were gone already
		}
		*got = recalled{known: true, time: b.time(row)}
		if want.with.kind == hasPlace {
			got.place = b.place(s.layout.placeAt(want.with.column), row)
		}
	}
}
