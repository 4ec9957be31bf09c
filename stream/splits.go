package stream

// splits tells the event time of a source from that of its partitions: each
// partition's watermark is its largest timestamp minus the bound minus one
// millisecond, the source's is the minimum over those that are not idle.
// (Apache Flink: BoundedOutOfOrdernessWatermarks, WatermarksWithIdleness and
// WatermarkOutputMultiplexer.)
type splits struct {
	bound       Millis
	idleTimeout Millis // 0: never idle
	drift       Millis // how far a partition may be ahead; 0: any
	splits      []split
	out         Millis
	idle        bool
}

type split struct {
	max       Millis // largest timestamp
	marked    Millis // largest watermark that a record brought
	watermark Millis // announced
	idle      bool
	saidIdle  bool
	events    uint64
	checked   uint64 // events at the last check
	quiet     Millis // when a check first saw no event
	counting  bool   // quiet is set
}

func newSplits(n int, bound, idleTimeout Millis) *splits {
	s := &splits{bound: bound, idleTimeout: idleTimeout, splits: make([]split, n), out: MinTime}
	for i := range s.splits {
		s.splits[i] = split{max: later(MinTime, bound+1), marked: MinTime, watermark: MinTime}
	}
	return s
}

// ahead says whether a partition is further ahead of the source than d.
func (s *splits) ahead(i int, d Millis) bool {
	return s.splits[i].watermark > later(max(s.out, MinTime), d)
}

// event notes a record's timestamp.
func (s *splits) event(i int, at Millis) {
	p := &s.splits[i]
	p.max = max(p.max, at)
	p.events++
	p.saidIdle = false
}

// mark notes a record of a source that makes its own watermarks.
func (s *splits) mark(i int, w Millis) {
	p := &s.splits[i]
	p.marked = max(p.marked, w)
	p.events++
	p.saidIdle = false
}

// announce moves a partition's watermark to what its records allow. It says
// whether the source's watermark advanced.
func (s *splits) announce(i int) bool {
	p := &s.splits[i]
	return s.raise(i, p.reached(s.bound))
}

// reached is the watermark that the partition's records allow.
func (p *split) reached(bound Millis) Millis { return max(p.max-bound-1, p.marked) }

// raise moves a partition's watermark to w, if that is further.
func (s *splits) raise(i int, w Millis) bool {
	p := &s.splits[i]
	p.idle = false
	p.watermark = max(p.watermark, w)
	return s.update()
}

// end says that a partition has no more records.
func (s *splits) end(i int) bool {
	s.splits[i].max = MaxTime
	return s.raise(i, MaxTime)
}

// tick is the periodic emission: it finds the partitions that have fallen
// idle, and announces the watermarks of the others.
func (s *splits) tick(now Millis) (changed bool) {
	for i := range s.splits {
		p := &s.splits[i]
		if s.idleTimeout > 0 && p.max < MaxTime && p.checkIdle(now, s.idleTimeout) {
			if !p.saidIdle {
				p.idle, p.saidIdle = true, true
			}
			continue
		}
		p.idle = false
		p.watermark = max(p.watermark, p.reached(s.bound))
	}
	return s.update()
}

// checkIdle says whether a partition has had no event for longer than the
// timeout, counted from the first check that saw none.
func (p *split) checkIdle(now, timeout Millis) bool {
	switch {
	case p.events != p.checked:
		p.checked, p.counting = p.events, false
		return false
	case !p.counting:
		p.quiet, p.counting = now, true
		return false
	}
	return now-p.quiet > timeout
}

// update combines the partitions. When all are idle the watermark moves to the
// furthest. A source that was idle is active again with its next watermark,
// not before.
func (s *splits) update() (changed bool) {
	lowest, furthest, allIdle := MaxTime, MinTime, true
	for i := range s.splits {
		p := &s.splits[i]
		furthest = max(furthest, p.watermark)
		if !p.idle {
			lowest, allIdle = min(lowest, p.watermark), false
		}
	}
	if allIdle {
		lowest = furthest
	}
	if lowest > s.out {
		s.out, changed = lowest, true
		s.idle = s.idle && allIdle
	}
	if allIdle && !s.idle {
		s.idle, changed = true, true
	}
	return changed
}
