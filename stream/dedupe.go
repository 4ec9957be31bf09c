package stream

import "time"

// Dedupe lets the first record of a key pass, and then none until one is at
// least pause later in event time than the last that passed. Those held back
// do not extend the pause.
func Dedupe[K comparable, T any](s Stream[T], key func(T) K, pause time.Duration) Stream[T] {
	return process(KeyBy(s, key), "dedupe", &deduper[K, T]{pause: millis(pause)})
}

type deduper[K comparable, T any] struct {
	pause Millis
	last  Value[int64]
}

func (d *deduper[K, T]) Open(s *States) error {
	d.last = NewValue[int64](s, "last", TTL(time.Duration(d.pause)*time.Millisecond))
	return nil
}

func (d *deduper[K, T]) Process(c *Context[K, T], v T) error {
	last := d.last.Get(c)
	if last == nil || c.Time() >= later(Millis(*last), d.pause) {
		d.last.Set(c, int64(c.Time()))
		c.Emit(v)
	}
	return nil
}
