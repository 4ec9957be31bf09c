package features

// reader looks at one key's history. The tail counts as the last block.
type reader struct {
	s    *groupState
	head *head // nil: no history
	// hole is a row that is passed over: a follow-up's predecessor.
	hole    position
	hasHole bool
	here    position // of the block that forward returned last
	err     error    // the first chunk that couldn't be read
}

// position is a place between two events: before row row of a block. The
// open page follows the pages of the top, the tail follows the open page as
// the only block of a page of its own.
type position struct{ page, block, row int }

func (p position) before(q position) bool {
	if p.page != q.page {
		return p.page < q.page
	}
	if p.block != q.block {
		return p.block < q.block
	}
	return p.row < q.row
}

var noBlock block

func (r *reader) pages() int {
	if r.head.older == nil {
		return 0
	}
	return len(r.head.older.top.refs)
}

// page is a page's index; not the tail's, which has none.
func (r *reader) page(i int) *index {
	o := r.head.older
	if o == nil {
		return &index{}
	}
	if i == len(o.top.refs) {
		return &o.open
	}
	page, err := r.s.loadPage(&o.top.refs[i])
	if err != nil {
		r.fail(err)
		return &index{}
	}
	return page
}

func (r *reader) blockOf(x *index, i int) *block {
	b, err := r.s.loadBlock(&x.refs[i])
	if err != nil {
		r.fail(err)
		return &noBlock
	}
	return b
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// after is the position of the first event later than t.
func (r *reader) after(t int64) position {
	pages := r.pages()
	tail := &r.head.tail
	o := r.head.older
	if o == nil || tail.n > 0 && tail.first() <= t {
		return position{pages + 1, 0, tail.upTo(t)}
	}
	newest, ok := o.newest()
	if !ok || newest <= t {
		return position{pages + 1, 0, 0}
	}
	p := pages
	if len(o.open.refs) == 0 || pages > 0 && o.top.last() > t {
		p = o.top.after(t)
	}
	page := r.page(p)
	i := page.after(t)
	if i == len(page.refs) { // only after a failed load
		return position{p, 0, 0}
	}
	if page.refs[i].first > t {
		return position{p, i, 0}
	}
	return position{p, i, r.blockOf(page, i).upTo(t)}
}

// back moves at towards from by what lies in one block, and returns the block
// and the mask of the rows in between.
func (r *reader) back(at *position, from position) (b *block, rows uint64, ok bool) {
	for from.before(*at) {
		if at.row == 0 && !r.stepBack(at) {
			break
		}
		if !from.before(*at) {
			break
		}
		b = r.blockAt(*at)
		i := 0
		if at.page == from.page && at.block == from.block {
			i = from.row
		}
		rows = r.around(*at, bitsFrom(i, min(at.row, b.n)))
		at.row = i
		if rows != 0 {
			return b, rows, true
		}
	}
	return nil, 0, false
}

// forward moves at towards to, like back in the other direction.
func (r *reader) forward(at *position, to position) (b *block, rows uint64, ok bool) {
	tail := r.pages() + 1
	for at.before(to) {
		if at.page < tail && at.block == len(r.page(at.page).refs) {
			*at = position{at.page + 1, 0, 0}
			continue
		}
		here := *at
		r.here = here
		b = r.blockAt(here)
		end := b.n
		if here.page == to.page && here.block == to.block {
			end = to.row
		}
		rows = r.around(here, bitsFrom(here.row, end))
		if here.page == tail {
			*at = position{tail, 0, end}
		} else {
			*at = position{here.page, here.block + 1, 0}
		}
		if rows != 0 {
			return b, rows, true
		}
		if here.page == tail {
			break
		}
	}
	return nil, 0, false
}

// stepBack goes from the beginning of a block to the end of the one before.
func (r *reader) stepBack(at *position) bool {
	for {
		switch {
		case at.block > 0:
			at.block--
			at.row = r.page(at.page).refs[at.block].n
			return true
		case at.page == 0:
			return false
		}
		at.page--
		at.block = len(r.page(at.page).refs)
	}
}

func (r *reader) blockAt(p position) *block {
	if p.page == r.pages()+1 {
		return &r.head.tail
	}
	return r.blockOf(r.page(p.page), p.block)
}

// around takes the hole out of a mask of rows of the block at p.
func (r *reader) around(p position, rows uint64) uint64 {
	if r.hasHole && p.page == r.hole.page && p.block == r.hole.block {
		rows &^= 1 << r.hole.row
	}
	return rows
}

// find is the position of an event.
func (r *reader) find(t int64, tag uint32) (position, bool) {
	at, end := r.after(t-1), r.after(t)
	for {
		b, rows, ok := r.forward(&at, end)
		if !ok {
			return position{}, false
		}
		for ; rows != 0; rows &= rows - 1 {
			if i := trailing(rows); b.tag(i) == tag {
				return position{r.here.page, r.here.block, i}, true
			}
		}
	}
}

// skip passes over an event from here on.
func (r *reader) skip(t int64, tag uint32) { r.hole, r.hasHole = r.find(t, tag) }
