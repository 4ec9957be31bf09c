package stream

import (
	"fmt"
	"slices"

	"github.com/tidegate/tidegate/stream/state"
)

// States declares the state of a [Processor].
type States struct {
	p     *Pipeline
	slots []slot
	err   error
}

// slot is one declared state of any type: how to store it, and when it ends.
// A key's contents are nil where it has none.
type slot interface {
	name() string
	version() uint8
	append(dst []byte, contents any) []byte
	decode(version uint8, b []byte) (contents any, err error)
	// expire returns the contents without what has ended by now.
	expire(contents any, now Millis) any
	// next is when some of the contents end; MaxTime for never.
	next(contents any) Millis
	// show is the contents as a value for JSON.
	show(contents any) any
}

func (s *States) add(x slot) int {
	if slices.ContainsFunc(s.slots, func(y slot) bool { return y.name() == x.name() }) {
		s.err = fmt.Errorf("two states are named %s", x.name())
	}
	s.slots = append(s.slots, x)
	return len(s.slots) - 1
}

// keyState is what a processor keeps of one key.
type keyState struct {
	schedule schedule
	expiry   armed
	contents []any // by slot
	foreign  []foreign
}

// foreign is stored state that the program does not declare, and keeps.
type foreign struct {
	name    string
	version uint8
	b       []byte
}

func (s *keyState) empty() bool {
	for _, c := range s.contents {
		if c != nil {
			return false
		}
	}
	for d := range s.schedule.armed {
		if _, ok := s.schedule.first(Domain(d)); ok {
			return false
		}
	}
	return len(s.foreign) == 0
}

func (s *keyState) expire(states *States, now Millis) {
	for i, c := range s.contents {
		if c != nil {
			s.contents[i] = states.slots[i].expire(c, now)
		}
	}
}

func (s *keyState) nextExpiry(states *States) Millis {
	next := MaxTime
	for i, c := range s.contents {
		if c != nil {
			next = min(next, states.slots[i].next(c))
		}
	}
	return next
}

// keyContext is the way to a key's state while one of its records is handled.
type keyContext struct {
	table   *state.Table[keyState]
	states  *States
	key     []byte
	at      Millis
	entry   *state.Entry[keyState]
	loaded  bool
	changed bool
	err     error
}

func (c *keyContext) keyed() *keyContext { return c }

// KeyedContext is a [Context] of any type: what gives access to a key's state.
type KeyedContext interface{ keyed() *keyContext }

// read is the key's state; nil if it has none.
func (c *keyContext) read() *keyState {
	if !c.loaded {
		c.entry, c.err = c.table.Get(c.key)
		c.loaded = true
	}
	if c.entry == nil {
		return nil
	}
	return c.entry.Value()
}

// write is the key's state for changing it.
func (c *keyContext) write() *keyState {
	if c.read() == nil && c.err == nil {
		c.entry, c.err = c.table.GetOrCreate(c.key)
	}
	if c.err != nil {
		return &keyState{contents: make([]any, len(c.states.slots))} // the run is about to end
	}
	c.changed = true
	s := c.table.Update(c.entry)
	if s.contents == nil {
		s.contents = make([]any, len(c.states.slots))
	}
	return s
}

func (c *keyContext) contents(slot int) any {
	s := c.read()
	if s == nil || s.contents == nil {
		return nil
	}
	return s.contents[slot]
}

// keyStateCodec writes each state under its name, so that a changed program
// finds what it knows, and keeps what it doesn't.
type keyStateCodec struct{ states *States }

func (k keyStateCodec) Append(dst []byte, s *keyState) []byte {
	dst = s.schedule.append(dst)
	dst = s.expiry.append(dst)
	n := len(s.foreign)
	for _, c := range s.contents {
		if c != nil {
			n++
		}
	}
	dst = appendUint(dst, uint64(n))
	for i, c := range s.contents {
		if c != nil {
			x := k.states.slots[i]
			dst = appendString(dst, x.name())
			dst = append(dst, x.version())
			dst = appendSized(dst, appender(x.append), &c)
		}
	}
	for _, f := range s.foreign {
		dst = appendString(dst, f.name)
		dst = append(dst, f.version)
		dst = appendBytes(dst, f.b)
	}
	return dst
}

func (k keyStateCodec) Decode(b []byte, s *keyState) error {
	d := decoder{b: b}
	s.schedule.decode(&d)
	s.expiry.decode(&d)
	s.contents = make([]any, len(k.states.slots))
	for range d.count() {
		name, version, b := d.string(), d.byte(), d.bytes()
		if d.fault {
			break
		}
		i := slices.IndexFunc(k.states.slots, func(x slot) bool { return x.name() == name })
		if i < 0 {
			s.foreign = append(s.foreign, foreign{name, version, clone(b)})
			continue
		}
		var err error
		if s.contents[i], err = k.states.slots[i].decode(version, b); err != nil {
			return fmt.Errorf("state %s: %w", name, err)
		}
	}
	return d.end()
}

// appender makes a codec of an append function, for appendSized.
type appender func(dst []byte, contents any) []byte

func (a appender) Append(dst []byte, c *any) []byte { return a(dst, *c) }

// Decode is never called.
func (a appender) Decode([]byte, *any) error { return nil }
