package features

// skipBack moves a position back over chunks in which no row counts for a
// term of the index. It stops at the end of a block where one does, in the
// middle of a block, and at the beginning of everything.
func (r *reader) skipBack(at position, slot int) position {
	g, tail := r.s.group, r.pages()+1
	if at.page == tail {
		if at.row > 0 || r.head.older == nil {
			return at
		}
		at = position{tail - 1, len(r.head.older.open.refs), 0}
	}
	for {
		x := r.page(at.page)
		if at.row > 0 {
			if at.block >= len(x.refs) || at.row < x.refs[at.block].n {
				return at
			}
			at.block, at.row = at.block+1, 0
		}
		for ; at.block > 0 && x.count(g, slot, 0, at.block) > 0; at.block-- {
			if x.count(g, slot, at.block-1, at.block) > 0 {
				return position{at.page, at.block - 1, x.refs[at.block-1].n}
			}
		}
		for at.page > 0 && r.head.older.top.count(g, slot, at.page-1, at.page) == 0 {
			at.page--
		}
		if at.page == 0 {
			return position{}
		}
		at = position{at.page - 1, len(r.page(at.page - 1).refs), 0}
	}
}

// skipForward moves a position on, likewise, to the beginning of a block.
func (r *reader) skipForward(at position, slot int) position {
	g, tail := r.s.group, r.pages()+1
	for at.page < tail {
		x := r.page(at.page)
		if at.row > 0 && at.block < len(x.refs) {
			if at.row < x.refs[at.block].n {
				return at
			}
			at.block, at.row = at.block+1, 0
		}
		for ; at.block < len(x.refs); at.block++ {
			if x.count(g, slot, at.block, at.block+1) > 0 {
				return at
			}
		}
		at = position{at.page + 1, 0, 0}
		for at.page < tail-1 && r.head.older.top.count(g, slot, at.page, at.page+1) == 0 {
			at.page++
		}
	}
	return at
}
