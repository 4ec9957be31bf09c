package stream

import (
	"fmt"
	"time"

	"github.com/tidegate/tidegate/stream/state"
)

// StateOption changes a state that is being declared.
type StateOption func(*stateOptions)

type stateOptions struct {
	ttl   Millis
	codec any
}

// TTL ends what was written this long ago, in event time: a record later than
// that does not see it any more, and it is removed when the watermark gets
// there.
func TTL(d time.Duration) StateOption { return func(o *stateOptions) { o.ttl = millis(d) } }

// Codec gives a state its encoding; of lists and maps, that of their elements.
// A [state.Migrator] reads earlier versions too.
func Codec[V any](c state.Codec[V]) StateOption { return func(o *stateOptions) { o.codec = c } }

// declared is what the kinds of state have in common.
type declared[V any] struct {
	id    string
	ttl   Millis
	codec state.Codec[V]
}

func declare[V any](s *States, name string, options []StateOption) declared[V] {
	var o stateOptions
	for _, option := range options {
		option(&o)
	}
	d := declared[V]{id: name, ttl: o.ttl}
	if o.codec != nil {
		var ok bool
		if d.codec, ok = o.codec.(state.Codec[V]); !ok {
			s.err = fmt.Errorf("state %s: its codec is for other values", name)
		}
		return d
	}
	var err error
	if d.codec, err = codecFor[V](s.p); err != nil {
		s.err = fmt.Errorf("state %s: %w", name, err)
	}
	return d
}

func (d *declared[V]) name() string { return d.id }

func (d *declared[V]) version() uint8 {
	if m, ok := d.codec.(state.Migrator[V]); ok {
		return m.Version()
	}
	return 0
}

// decodeOne decodes a value of this or an earlier version.
func (d *declared[V]) decodeOne(version uint8, b []byte, v *V) error {
	if version == d.version() {
		return d.codec.Decode(b, v)
	}
	if m, ok := d.codec.(state.Migrator[V]); ok {
		return m.DecodeVersion(version, b, v)
	}
	return fmt.Errorf("it was stored as version %d, and its codec knows no versions", version)
}

// end is when what is written at a time ends; 0 for never.
func (d *declared[V]) end(at Millis) Millis {
	if d.ttl == 0 {
		return 0
	}
	return later(at, d.ttl)
}

func ended(end, now Millis) bool { return end != 0 && end <= now }

// Value is a state of one value a key.
type Value[V any] struct {
	slot int
	d    *valueSlot[V]
}

// NewValue declares a value.
func NewValue[V any](s *States, name string, options ...StateOption) Value[V] {
	d := &valueSlot[V]{declare[V](s, name, options)}
	return Value[V]{s.add(d), d}
}

// Get is the key's value for reading; nil if there is none.
func (x Value[V]) Get(c KeyedContext) *V {
	k := c.keyed()
	if h, _ := k.contents(x.slot).(*held[V]); h != nil && !ended(h.end, k.at) {
		return &h.v
	}
	return nil
}

// Update is the key's value for changing it: a zero one if there was none.
func (x Value[V]) Update(c KeyedContext) *V {
	k := c.keyed()
	s := k.write()
	h, _ := s.contents[x.slot].(*held[V])
	if h == nil || ended(h.end, k.at) {
		h = &held[V]{}
		s.contents[x.slot] = h
	}
	h.end = x.d.end(k.at)
	return &h.v
}

// Set sets the key's value.
func (x Value[V]) Set(c KeyedContext, v V) { *x.Update(c) = v }

// Clear removes it.
func (x Value[V]) Clear(c KeyedContext) {
	if c.keyed().contents(x.slot) != nil {
		c.keyed().write().contents[x.slot] = nil
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
