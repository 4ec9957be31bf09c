package stream

import (
	"fmt"
	"iter"

	"github.com/tidegate/tidegate/stream/state"
)

// MapState is a state of a map a key. It is stored as a whole: a map of very
// many entries is better a stream keyed by more.
type MapState[K comparable, V any] struct {
	slot int
	d    *mapSlot[K, V]
}

// NewMap declares a map. A TTL is one of each entry.
func NewMap[K comparable, V any](s *States, name string, options ...StateOption) MapState[K, V] {
	d := &mapSlot[K, V]{declared: declare[V](s, name, options)}
	var err error
	if d.keys, err = codecFor[K](s.p); err != nil {
		s.err = fmt.Errorf("state %s: %w", name, err)
	}
	return MapState[K, V]{s.declare(name, d, d.ttl), d}
}

func (x MapState[K, V]) entries(c KeyedContext) map[K]held[V] {
	m, _ := c.keyed().row.contents(x.slot).(map[K]held[V])
	return m
}

// Get is an entry's value.
func (x MapState[K, V]) Get(c KeyedContext, k K) (v V, ok bool) {
	h, ok := x.entries(c)[k]
	if !ok || ended(h.end, c.keyed().at) {
		return v, false
	}
	return h.v, true
}

// Put sets an entry.
func (x MapState[K, V]) Put(c KeyedContext, k K, v V) {
	p := c.keyed().place(x.slot)
	m, _ := (*p).(map[K]held[V])
	if m == nil {
		m = map[K]held[V]{}
		*p = m
	}
	m[k] = held[V]{v, x.d.end(c.keyed().at)}
}

// Delete removes an entry.
func (x MapState[K, V]) Delete(c KeyedContext, k K) {
	if _, ok := x.entries(c)[k]; !ok {
		return
	}
	p := c.keyed().place(x.slot)
	m := (*p).(map[K]held[V])
	if delete(m, k); len(m) == 0 {
		*p = nil
	}
}

// Len is how many entries there are, those included that have just ended.
func (x MapState[K, V]) Len(c KeyedContext) int { return len(x.entries(c)) }

// All are the entries, in no order.
func (x MapState[K, V]) All(c KeyedContext) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for k, h := range x.entries(c) {
			if !ended(h.end, c.keyed().at) && !yield(k, h.v) {
				return
			}
		}
	}
}

// Clear removes all entries.
func (x MapState[K, V]) Clear(c KeyedContext) {
	if x.entries(c) != nil {
		*c.keyed().place(x.slot) = nil
	}
}

type mapSlot[K comparable, V any] struct {
	declared[V]
	keys state.Codec[K]
}

func (d *mapSlot[K, V]) append(dst []byte, contents any) []byte {
	m := contents.(map[K]held[V])
	dst = appendUint(dst, uint64(len(m)))
	for k, h := range m {
		dst = appendSized(dst, d.keys, &k)
		dst = appendInt(dst, int64(h.end))
		dst = appendSized(dst, d.codec, &h.v)
	}
	return dst
}

func (d *mapSlot[K, V]) decode(version uint8, b []byte) (any, error) {
	r := decoder{b: b}
	m := map[K]held[V]{}
	for range r.count() {
		var k K
		var h held[V]
		if err := d.keys.Decode(r.bytes(), &k); err != nil {
			return nil, err
		}
		h.end = Millis(r.int())
		if err := d.decodeOne(version, r.bytes(), &h.v); err != nil {
			return nil, err
		}
		m[k] = h
	}
	return m, r.end()
}

func (d *mapSlot[K, V]) expire(contents any, now Millis) any {
	m := contents.(map[K]held[V])
	if d.ttl == 0 {
		return contents
	}
	for k, h := range m {
		if ended(h.end, now) {
			delete(m, k)
		}
	}
	if len(m) == 0 {
		return nil
	}
	return m
}

func (d *mapSlot[K, V]) next(contents any) Millis {
	next := MaxTime
	if d.ttl == 0 {
		return next
	}
	for _, h := range contents.(map[K]held[V]) {
		next = min(next, h.end)
	}
	return next
}

func (d *mapSlot[K, V]) show(contents any) any {
	shown := map[string]any{}
	for k, h := range contents.(map[K]held[V]) {
		shown[fmt.Sprint(k)] = h.v
	}
	return shown
}
