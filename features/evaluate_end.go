package features

import "math"

func (e *evaluation) missingEnd(f *end) {
	switch f.kind {
	case firstText, lastText:
		e.setText(&f.result, "", false)
	case travelled:
		e.travel(f, math.NaN(), math.NaN(), math.NaN())
	default:
		e.set(&f.result, math.NaN())
	}
}

// end answers a feature about the first or the last event of its window.
func (e *evaluation) end(p *plan, f *end, hi position) {
	switch f.kind {
	case sinceLast:
		if sl := e.slider(f.slider); sl != nil && !e.hasHole {
			pair := sl.pairs.slot(e.row.pairOf(p.pair))
			if pair.known {
				e.set(&f.result, float64(e.at-pair.last)/1000)
				return
			}
			if pair.count == 0 {
				break
			}
		}
		if t, _, ok := e.latest(p, f, hi); ok {
			e.set(&f.result, float64(e.at-t)/1000)
			return
		}
	case travelled:
		if e.row.masks.has(e.s.layout.places[f.column].present) {
			if t, from, ok := e.latest(p, f, hi); ok {
				to := e.row.places[f.column]
				km := distance(from, to)
				seconds := float64(e.at-t) / 1000
				e.travel(f, km, seconds, km/(max(seconds, 1)/3600))
				return
			}
		}
	case lastInt64, lastFloat, lastText:
		if e.included(p, f.filter, f.current) && e.currentEnd(f) {
			return
		}
		if b, i, ok := e.newest(p, f, hi); ok {
			e.blockEnd(f, b, i)
			return
		}
	case firstInt64, firstFloat, firstText:
		if b, i, ok := e.oldest(p, f, hi); ok {
			e.blockEnd(f, b, i)
			return
		}
		if e.included(p, f.filter, f.current) && e.currentEnd(f) {
			return
		}
	}
	e.missingEnd(f)
}

// currentEnd answers with the current event's value, if it has one.
func (e *evaluation) currentEnd(f *end) bool {
	l := &e.s.layout
	switch f.kind {
	case firstInt64, lastInt64:
		if !e.row.masks.has(l.ints[f.column].present) {
			return false
		}
		e.set(&f.result, float64(e.row.ints[f.column])/e.scale(f.money))
	case firstFloat, lastFloat:
		if math.IsNaN(e.row.floats[f.column]) {
			return false
		}
		e.set(&f.result, e.row.floats[f.column])
	default:
		if e.row.tokens[f.column] == 0 {
			return false
		}
		e.setText(&f.result, e.row.texts[l.tokens[f.column].text], true)
	}
	return true
}

func (e *evaluation) blockEnd(f *end, b *block, i int) {
	l := &e.s.layout
	switch f.kind {
	case firstInt64, lastInt64:
		e.set(&f.result, float64(b.integer(firstInt+f.column, i))/e.scale(f.money))
	case firstFloat, lastFloat:
		e.set(&f.result, b.float(l.floatAt(f.column), i))
	default:
		e.setText(&f.result, b.text(l, f.column, i, &e.s.short), true)
	}
}

// endMask leaves of a block's rows those that an end can be.
func (e *evaluation) endMask(p *plan, f *end, b *block, rows uint64) uint64 {
	if len(p.pair) > 0 {
		rows &= e.pairMask(b, p)
	}
	return rows & e.s.rowsWith(b, f.filter, f.with)
}

// newest finds the newest row of the window.
func (e *evaluation) newest(p *plan, f *end, hi position) (*block, int, bool) {
	if e.head == nil {
		return nil, 0, false
	}
	lo := position{}
	if f.edge >= 0 {
		lo = e.s.edges[f.edge]
	}
	for {
		if f.slot >= 0 {
			hi = e.skipBack(hi, f.slot)
		}
		b, rows, ok := e.back(&hi, lo)
		if !ok {
			return nil, 0, false
		}
		if rows = e.endMask(p, f, b, rows); rows != 0 {
			return b, leading(rows) - 1, true
		}
	}
}

// oldest finds the oldest row of the window.
func (e *evaluation) oldest(p *plan, f *end, hi position) (*block, int, bool) {
	if e.head == nil {
		return nil, 0, false
	}
	lo := e.s.edges[f.edge]
	for {
		if f.slot >= 0 {
			lo = e.skipForward(lo, f.slot)
		}
		b, rows, ok := e.forward(&lo, hi)
		if !ok {
			return nil, 0, false
		}
		if rows = e.endMask(p, f, b, rows); rows != 0 {
			return b, trailing(rows), true
		}
	}
}

// latest is the time and place of the newest row, evicted ones included.
func (e *evaluation) latest(p *plan, f *end, hi position) (int64, Point, bool) {
	if b, i, ok := e.newest(p, f, hi); ok {
		if f.kind == travelled {
			return b.time(i), b.place(e.s.layout.placeAt(f.column), i), true
		}
		return b.time(i), Point{}, true
	}
	if e.head != nil && f.recall >= 0 && e.head.recalls != nil {
		if was := (*e.head.recalls)[f.recall]; was.known && was.time <= e.at-p.delay {
			return was.time, was.place, true
		}
	}
	return 0, Point{}, false
}

// travel sets the three features of kind travel, which stand side by side.
func (e *evaluation) travel(f *end, values ...float64) {
	for i, v := range values {
		r := f.result
		r.variable += i
		e.set(&r, v)
	}
}

// earthRadius is the mean radius of the Earth in km (IUGG).
const earthRadius = 6371.0088

// distance is the great-circle distance in km, by the haversine formula.
func distance(a, b Point) float64 {
	const rad = math.Pi / 180
	dLat, dLon := (b.Lat-a.Lat)*rad, (b.Lon-a.Lon)*rad
	sLat, sLon := math.Sin(dLat/2), math.Sin(dLon/2)
	h := float64(sLat*sLat) + float64(math.Cos(a.Lat*rad)*math.Cos(b.Lat*rad)*float64(sLon*sLon))
	return 2 * earthRadius * math.Asin(math.Sqrt(min(h, 1)))
}
