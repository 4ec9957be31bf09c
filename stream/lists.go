package stream

import "slices"

// List is a state of a list of values a key.
type List[V any] struct {
	slot int
	d    *listSlot[V]
}

// NewList declares a list. A TTL is one of each element.
func NewList[V any](s *States, name string, options ...StateOption) List[V] {
	d := &listSlot[V]{declare[V](s, name, options)}
	return List[V]{s.declare(name, d, d.ttl), d}
}

// Get is the key's list, for reading.
func (x List[V]) Get(c KeyedContext) []V {
	k := c.keyed()
	l, _ := k.row.contents(x.slot).(*list[V])
	if l == nil {
		return nil
	}
	if !slices.ContainsFunc(l.ends, func(end Millis) bool { return ended(end, k.at) }) {
		return l.values
	}
	live := list[V]{slices.Clone(l.values), slices.Clone(l.ends)}
	live.drop(k.at)
	return live.values
}

// Append adds to the end of the list.
func (x List[V]) Append(c KeyedContext, values ...V) {
	k := c.keyed()
	p := k.place(x.slot)
	l, _ := (*p).(*list[V])
	if l == nil {
		l = &list[V]{}
		*p = l
	}
	l.drop(k.at)
	l.values = append(l.values, values...)
	for range values {
		if end := x.d.end(k.at); end != 0 {
			l.ends = append(l.ends, end)
		}
	}
}

// Set replaces the list.
func (x List[V]) Set(c KeyedContext, values []V) {
	x.Clear(c)
	if len(values) > 0 {
		x.Append(c, values...)
	}
}

// Clear removes the list.
func (x List[V]) Clear(c KeyedContext) {
	if k := c.keyed(); k.row.contents(x.slot) != nil {
		*k.place(x.slot) = nil
	}
}

// list are a key's values, and when they end, if they do.
type list[V any] struct {
	values []V
	ends   []Millis
}

// drop removes the elements that have ended.
func (l *list[V]) drop(now Millis) {
	n := 0
	for i, end := range l.ends {
		if !ended(end, now) {
			l.values[n], l.ends[n] = l.values[i], end
			n++
		}
	}
	if l.ends != nil {
		clear(l.values[n:])
		l.values, l.ends = l.values[:n], l.ends[:n]
	}
}

type listSlot[V any] struct{ declared[V] }

func (d *listSlot[V]) append(dst []byte, contents any) []byte {
	l := contents.(*list[V])
	dst = appendUint(dst, uint64(len(l.values)))
	dst = appendBool(dst, len(l.ends) > 0)
	for i := range l.values {
		if len(l.ends) > 0 {
			dst = appendInt(dst, int64(l.ends[i]))
		}
		dst = appendSized(dst, d.codec, &l.values[i])
	}
	return dst
}

func (d *listSlot[V]) decode(version uint8, b []byte) (any, error) {
	r := decoder{b: b}
	n, ends := r.count(), r.bool()
	l := &list[V]{values: make([]V, n)}
	for i := range n {
		if ends {
			l.ends = append(l.ends, Millis(r.int()))
		}
		if err := d.decodeOne(version, r.bytes(), &l.values[i]); err != nil {
			return nil, err
		}
	}
	return l, r.end()
}

func (d *listSlot[V]) expire(contents any, now Millis) any {
	l := contents.(*list[V])
	l.drop(now)
	if len(l.values) == 0 {
		return nil
	}
	return l
}

func (d *listSlot[V]) next(contents any) Millis {
	if l := contents.(*list[V]); len(l.ends) > 0 {
		return slices.Min(l.ends)
	}
	return MaxTime
}

func (d *listSlot[V]) show(contents any) any { return contents.(*list[V]).values }
