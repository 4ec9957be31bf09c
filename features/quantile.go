package features

import "math"

// quantiles answers the plan's median and quantile features.
func (e *evaluation) quantiles(p *plan, hi position) {
	for i := range p.quantiles {
		q := &p.quantiles[i]
		current, has := int64(0), false
		if e.included(p, q.filter, q.current) {
			current, has = e.currentValue(q)
		}
		if sl := e.slider(q.slider); sl != nil {
			e.withoutHole(q.slider, sl, func() { e.slidingQuantile(q, sl, current, has) })
			continue
		}
		e.s.sorted = e.s.sorted[:0]
		if e.head != nil {
			e.collectValues(p, q, hi)
		}
		if has {
			e.s.sorted = append(e.s.sorted, current)
		}
		if len(e.s.sorted) == 0 {
			e.set(&q.result, math.NaN())
			continue
		}
		v := selectRank(e.s.sorted, int(q.q*float64(len(e.s.sorted)-1)))
		if q.floats {
			e.set(&q.result, fromOrdered(v))
		} else {
			e.set(&q.result, float64(v)/e.scale(q.money))
		}
	}
}

// slidingQuantile answers from a slider, which lends the current event a place.
func (e *evaluation) slidingQuantile(q *quantile, sl *slider, current int64, has bool) {
	n, bucket := sl.rows, int64(0)
	if has {
		n++
		if bucket = bucketOfOrdered(current); !q.floats {
			bucket = bucketOfInt(current)
		}
		sl.values.add(bucket, current)
	}
	v := math.NaN()
	if n > 0 {
		v = e.element(q, sl, uint32(q.q*float64(n-1)))
	}
	e.set(&q.result, v)
	if sl.values.coarse {
		e.s.approximate = append(e.s.approximate, q.variable)
	}
	if has {
		sl.values.remove(bucket, current)
	}
}

// element is the element of rank k, or the middle of its bucket.
func (e *evaluation) element(q *quantile, sl *slider, k uint32) float64 {
	bucket, value := sl.values.rank(k)
	switch {
	case q.floats && sl.values.coarse:
		return middleFloat(bucket)
	case q.floats:
		return fromOrdered(value)
	case sl.values.coarse:
		return middleInt(bucket) / e.scale(q.money)
	}
	return float64(value) / e.scale(q.money)
}

// currentValue is the current event's value, as an integer that sorts like it.
func (e *evaluation) currentValue(q *quantile) (int64, bool) {
	if q.floats {
		v := e.row.floats[q.column]
		return ordered(v), v == v
	}
	return e.row.ints[q.column], e.row.masks.has(e.s.layout.ints[q.column].present)
}

func (e *evaluation) collectValues(p *plan, q *quantile, hi position) {
	g := e.s.group
	lo := e.s.edges[q.edge]
	for {
		b, rows, ok := e.back(&hi, lo)
		if !ok {
			return
		}
		if len(p.pair) > 0 {
			rows &= e.pairMask(b, p)
		}
		if q.floats {
			for m := rows & g.rowsWith(b, q.filter, property{hasFloat, q.column}); m != 0; m &= m - 1 {
				e.s.sorted = append(e.s.sorted, ordered(b.float(g.layout.floatAt(q.column), trailing(m))))
			}
			continue
		}
		for m := rows & g.rowsWith(b, q.filter, property{hasInt, q.column}); m != 0; m &= m - 1 {
			e.s.sorted = append(e.s.sorted, b.integer(firstInt+q.column, trailing(m)))
		}
	}
}

// ordered maps floats to integers that sort alike; fromOrdered undoes it.
func ordered(v float64) int64 {
	bits := int64(math.Float64bits(v + 0))
	return bits ^ (bits >> 63 & math.MaxInt64)
}

func fromOrdered(v int64) float64 { return math.Float64frombits(uint64(v ^ (v >> 63 & math.MaxInt64))) }

// selectRank moves the element of rank k (from 0) to its place and returns it
// (Hoare's quickselect, pivot: median of three).
func selectRank(v []int64, k int) int64 {
	lo, hi := 0, len(v)-1
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if v[mid] < v[lo] {
			v[mid], v[lo] = v[lo], v[mid]
		}
		if v[hi] < v[lo] {
			v[hi], v[lo] = v[lo], v[hi]
		}
		if v[hi] < v[mid] {
			v[hi], v[mid] = v[mid], v[hi]
		}
		pivot := v[mid]
		i, j := lo, hi
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return v[k]
		}
	}
	return v[k]
}
