package features

// move brings a slider to another window. The reader must have no hole.
func (s *slider) move(r *reader, spec *sliderSpec, lo, hi int64) {
	far := (hi - lo) / 2
	if !s.built || abs(hi-s.hi) > far || abs(lo-s.lo) > far {
		s.fill(r, spec, lo, hi)
		return
	}
	if hi > s.hi {
		s.countBetween(r, spec, s.hi, hi, true)
	} else if hi < s.hi {
		s.countBetween(r, spec, hi, s.hi, false)
	}
	if lo < s.lo {
		s.countBetween(r, spec, lo, s.lo, true)
	} else if lo > s.lo {
		s.countBetween(r, spec, s.lo, lo, false)
	}
	s.lo, s.hi = lo, hi
	s.built = r.err == nil
}

// fill builds a slider from the history.
func (s *slider) fill(r *reader, spec *sliderSpec, lo, hi int64) {
	s.tokens.clear()
	s.pairs.clear()
	s.pairs.columns = len(spec.sums)
	s.tokens.level = s.level
	s.values = histogram{coarse: s.level > 0}
	s.rows, s.lo, s.hi = 0, lo, hi // a pair's last event is the latest one added
	s.countBetween(r, spec, lo, hi, true)
	s.built = r.err == nil
}

// countBetween adds or takes out the events with from < t <= to.
func (s *slider) countBetween(r *reader, spec *sliderSpec, from, to int64, in bool) {
	lo, at := r.after(from), r.after(to)
	for {
		b, rows, ok := r.back(&at, lo)
		if !ok {
			return
		}
		s.count(r.s.group, spec, b, rows, in)
	}
}

func abs(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// promote decides, after a block was sealed, which windows have sliders.
func (s *groupState) promote(h *head) error {
	o := h.older
	if o.sliders == nil {
		o.sliders = make([]slider, len(s.sliders))
	}
	r := reader{s: s, head: h}
	for i := range s.sliders {
		spec, sl := &s.sliders[i], &o.sliders[i]
		lo, hi := s.window(spec, h.newest())
		n := s.population(&r, spec, lo, hi)
		switch {
		case r.err != nil:
			return r.err
		case !sl.promoted && n > promoteAbove:
			sl.promoted = true
		case sl.promoted && n < demoteBelow:
			*sl = slider{}
		}
		if sl.promoted && spec.kind != ofPairs {
			s.limit(&r, spec, sl, lo, hi)
		}
	}
	return r.err
}

// population is the number of events of a window that pass the filter.
func (s *groupState) population(r *reader, spec *sliderSpec, lo, hi int64) int64 {
	s.sums.counts[0] = 0
	s.sums.addBetween(r, &spec.counts, reach{counts: 1}, r.after(lo), r.after(hi))
	return s.sums.counts[0]
}

// limit keeps what a slider holds between an eighth of the cap and the cap.
func (s *groupState) limit(r *reader, spec *sliderSpec, sl *slider, lo, hi int64) {
	sl.move(r, spec, lo, hi)
	if spec.kind == ofValues {
		switch {
		case sl.level == 0 && sl.values.n > distinctCap:
			sl.level = 1
			sl.values.coarsen()
		case sl.level > 0 && sl.rows < distinctCap/8:
			sl.level = 0
			sl.fill(r, spec, lo, hi)
		}
		return
	}
	for sl.tokens.n > distinctCap {
		sl.tokens.thin()
		sl.level = sl.tokens.level
	}
	for sl.level > 0 && sl.tokens.n < distinctCap/8 && r.err == nil {
		sl.level--
		sl.fill(r, spec, lo, hi)
	}
}

// advance brings the sliders that are in use to the window of an event that
// is about to be inserted, so that what is evicted then has left them.
func (s *groupState) advance(h *head, newest int64) error {
	if h.older == nil {
		return nil
	}
	r := reader{s: s, head: h}
	for i := range h.older.sliders {
		if sl := &h.older.sliders[i]; sl.built {
			lo, hi := s.window(&s.sliders[i], newest)
			sl.move(&r, &s.sliders[i], lo, hi)
		}
	}
	return r.err
}

// slideIn adds an inserted row to the sliders in use.
func (s *groupState) slideIn(h *head, r *row) {
	if h.older == nil {
		return
	}
	for k := range h.older.sliders {
		if sl := &h.older.sliders[k]; sl.built && sl.lo < r.time && r.time <= sl.hi {
			sl.countRow(s.group, &s.sliders[k], r)
		}
	}
}

// slideRow adds a row of a block to the sliders in use, or takes it out.
func (s *groupState) slideRow(h *head, b *block, i int, in bool) {
	if h.older == nil {
		return
	}
	t := b.time(i)
	for k := range h.older.sliders {
		if sl := &h.older.sliders[k]; sl.built && sl.lo < t && t <= sl.hi {
			sl.count(s.group, &s.sliders[k], b, 1<<i, in)
		}
	}
}

// slider is the slider of a window at the event's time, or nil where the
// window has none.
func (e *evaluation) slider(i int) *slider {
	if i < 0 || e.head == nil || e.head.older == nil || len(e.head.older.sliders) == 0 {
		return nil
	}
	sl := &e.head.older.sliders[i]
	if !sl.promoted {
		return nil
	}
	spec := &e.s.sliders[i]
	lo, hi := e.s.window(spec, e.at)
	hole := e.hasHole
	e.hasHole = false
	sl.move(&e.reader, spec, lo, hi)
	e.hasHole = hole
	return sl
}

// withoutHole runs use while the slider does not hold the row passed over.
func (e *evaluation) withoutHole(i int, sl *slider, use func()) {
	if !e.hasHole {
		use()
		return
	}
	b := e.blockAt(e.hole)
	if t := b.time(e.hole.row); t <= sl.lo || t > sl.hi {
		use()
		return
	}
	sl.count(e.s.group, &e.s.sliders[i], b, 1<<e.hole.row, false)
	use()
	sl.count(e.s.group, &e.s.sliders[i], b, 1<<e.hole.row, true)
}
