package stream

// contents is how a window keeps its records: in a C.
type contents[T, A, C any] interface {
	add(c *C, r Record[T], measure float64)
	merge(c, other *C)
	// result makes the result of a firing. It may remove records, and says
	// whether any remain.
	result(c *C) (a A, filled bool)
}

// folded contents are the accumulator.
type folded[T, A any] struct{ agg Aggregator[T, A] }

func (f *folded[T, A]) add(c *A, r Record[T], _ float64) { f.agg.Add(c, r.Value) }
func (f *folded[T, A]) merge(c, other *A)                { f.agg.Merge(c, other) }
func (f *folded[T, A]) result(c *A) (A, bool)            { return *c, true }

// kept contents are the records, for evictors to choose from.
type kept[T, A any] struct {
	agg           Aggregator[T, A]
	before, after Evictor
}

type keptRecord[T any] struct {
	Record  Record[T]
	Measure float64
}

func (k *kept[T, A]) add(c *[]keptRecord[T], r Record[T], measure float64) {
	*c = append(*c, keptRecord[T]{r, measure})
}

func (k *kept[T, A]) merge(c, other *[]keptRecord[T]) { *c = append(*c, *other...) }

func (k *kept[T, A]) result(c *[]keptRecord[T]) (acc A, filled bool) {
	*c = evict(k.before, *c)
	for _, r := range *c {
		k.agg.Add(&acc, r.Record.Value)
	}
	*c = evict(k.after, *c)
	return acc, len(*c) > 0
}

func evict[T any](e Evictor, records []keptRecord[T]) []keptRecord[T] {
	if e == nil {
		return records
	}
	elements := make([]Element, len(records))
	for i, r := range records {
		elements[i] = Element{r.Record.Time, r.Measure}
	}
	drop := make([]bool, len(records))
	e.Evict(elements, drop)
	remaining := make([]keptRecord[T], 0, len(records))
	for i, r := range records {
		if !drop[i] {
			remaining = append(remaining, r)
		}
	}
	return remaining
}
