package stream

import (
	"fmt"
	"time"

	"github.com/tidegate/tidegate/stream/state"
)

// States declares the state of a [Processor].
type States struct {
	p        *Pipeline
	operator string
	names    map[string]bool
	add      func(part) int
	mortal   map[int]mortal // those with a time to live
	err      error
}

// mortal is a state whose contents end.
type mortal interface {
	part
	// expire returns the contents without what has ended by now.
	expire(contents any, now Millis) any
	// next is when some of the contents end; MaxTime for never.
	next(contents any) Millis
}

// declare makes a state a part of the operator's rows.
func (s *States) declare(name string, p mortal, ttl Millis) (slot int) {
	if s.names[name] {
		s.err = fmt.Errorf("two states are named %s", name)
	}
	if s.names == nil {
		s.names, s.mortal = map[string]bool{}, map[int]mortal{}
	}
	s.names[name] = true
	slot = s.add(p)
	if ttl > 0 {
		s.mortal[slot] = p
	}
	return slot
}

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
	id       string
	ttl      Millis
	codec    state.Codec[V]
	migrator state.Migrator[V]
}

func declare[V any](s *States, name string, options []StateOption) declared[V] {
	var o stateOptions
	for _, option := range options {
		option(&o)
	}
	d := declared[V]{id: s.operator + "/" + name, ttl: o.ttl}
	var err error
	if o.codec == nil {
		d.codec, err = codecFor[V](s.p)
	} else if codec, ok := o.codec.(state.Codec[V]); ok {
		d.codec = codec
	} else {
		err = fmt.Errorf("its codec is for other values")
	}
	if err != nil {
		s.err = fmt.Errorf("state %s: %w", name, err)
	}
	d.migrator, _ = d.codec.(state.Migrator[V])
	return d
}

func (d *declared[V]) name() string { return d.id }

// rearm does nothing: the timers are a part of their own.
func (d *declared[V]) rearm(string, any) {}

func (d *declared[V]) version() uint8 {
	if d.migrator != nil {
		return d.migrator.Version()
	}
	return 0
}

// decodeOne decodes a value of this or an earlier version.
func (d *declared[V]) decodeOne(version uint8, b []byte, v *V) error {
	switch {
	case version == d.version():
		return d.codec.Decode(b, v)
	case d.migrator != nil:
		return d.migrator.DecodeVersion(version, b, v)
	default:
		return fmt.Errorf("it was stored as version %d, and its codec knows no versions", version)
	}
}

// end is when what is written at a time ends; 0 for never.
func (d *declared[V]) end(at Millis) Millis {
	if d.ttl == 0 {
		return 0
	}
	return later(at, d.ttl)
}

func ended(end, now Millis) bool { return end != 0 && end <= now }
