package stream

// Value is a state of one value a key.
type Value[V any] struct {
	slot int
	d    *valueSlot[V]
}

// NewValue declares a value.
func NewValue[V any](s *States, name string, options ...StateOption) Value[V] {
	d := &valueSlot[V]{declare[V](s, name, options)}
	return Value[V]{s.declare(name, d, d.ttl), d}
}

// Get is the key's value for reading; nil if there is none.
func (x Value[V]) Get(c KeyedContext) *V {
	k := c.keyed()
	if h, _ := k.row.contents(x.slot).(*held[V]); h != nil && !ended(h.end, k.at) {
		return &h.v
	}
	return nil
}

// Update is the key's value for changing it: a zero one if there was none.
func (x Value[V]) Update(c KeyedContext) *V {
	k := c.keyed()
	p := k.place(x.slot)
	h, _ := (*p).(*held[V])
	if h == nil || ended(h.end, k.at) {
		h = &held[V]{}
		*p = h
	}
	h.end = x.d.end(k.at)
	return &h.v
}

// Set sets the key's value.
func (x Value[V]) Set(c KeyedContext, v V) { *x.Update(c) = v }

// Clear removes it.
func (x Value[V]) Clear(c KeyedContext) {
	if k := c.keyed(); k.row.contents(x.slot) != nil {
		*k.place(x.slot) = nil
	}
}

type held[V any] struct {
	v   V
	end Millis
}

type valueSlot[V any] struct{ declared[V] }

func (d *valueSlot[V]) append(dst []byte, contents any) []byte {
	h := contents.(*held[V])
	return d.codec.Append(appendInt(dst, int64(h.end)), &h.v)
}

func (d *valueSlot[V]) decode(version uint8, b []byte) (any, error) {
	r := decoder{b: b}
	h := &held[V]{end: Millis(r.int())}
	if err := d.decodeOne(version, r.b, &h.v); err != nil {
		return nil, err
	}
	return h, nil
}

func (d *valueSlot[V]) expire(contents any, now Millis) any {
	if ended(contents.(*held[V]).end, now) {
		return nil
	}
	return contents
}

func (d *valueSlot[V]) next(contents any) Millis {
	if end := contents.(*held[V]).end; end != 0 {
		return end
	}
	return MaxTime
}

func (d *valueSlot[V]) show(contents any) any { return contents.(*held[V]).v }

// Aggregating is a state that folds what is added to it.
type Aggregating[T, A any] struct {
	value Value[A]
	agg   Aggregator[T, A]
}

// NewAggregating declares an aggregate.
func NewAggregating[T, A any](s *States, name string, agg Aggregator[T, A], options ...StateOption) Aggregating[T, A] {
	return Aggregating[T, A]{NewValue[A](s, name, options...), agg}
}

// Add adds to the key's aggregate.
func (x Aggregating[T, A]) Add(c KeyedContext, v T) { x.agg.Add(x.value.Update(c), v) }

// Get is the key's aggregate; of nothing added, the zero one.
func (x Aggregating[T, A]) Get(c KeyedContext) (a A) {
	if v := x.value.Get(c); v != nil {
		return *v
	}
	return a
}

// Clear removes it.
func (x Aggregating[T, A]) Clear(c KeyedContext) { x.value.Clear(c) }
