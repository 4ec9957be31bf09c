package stream

import (
	"fmt"
	"time"
)

// Timing says how the records of a source get their time, and how far event
// time has come when some of them have been seen.
type Timing[T any] struct {
	of        func(T) Millis
	ingestion bool
	bound     Millis
	idle      Millis
	drift     Millis
	ahead     Millis
	trusted   bool // no guard against the future
	each      bool
	marks     func(T) (Millis, bool)
}

// Timestamps takes a record's time from the record.
func Timestamps[T any](of func(T) Millis) Timing[T] { return Timing[T]{of: of} }

// SourceTimestamps takes the timestamps that the source gives its messages.
func SourceTimestamps[T any]() Timing[T] { return Timing[T]{} }

// IngestionTime takes the clock's time at which a record is read.
func IngestionTime[T any]() Timing[T] { return Timing[T]{ingestion: true} }

// BoundedOutOfOrderness is how far a record may be behind the largest
// timestamp before it in its partition without being late: a partition's
// watermark is its largest timestamp minus this minus one millisecond.
func (t Timing[T]) BoundedOutOfOrderness(d time.Duration) Timing[T] {
	t.bound = millis(d)
	return t
}

// Punctuated takes watermarks from the records: mark returns the watermark of
// the record's partition from there on, or false for none. No other
// watermarks are made.
func (t Timing[T]) Punctuated(mark func(T) (Millis, bool)) Timing[T] {
	t.marks = mark
	return t
}

// IdleAfter leaves a partition out of the watermark when it has had no record
// for this long by the clock.
func (t Timing[T]) IdleAfter(d time.Duration) Timing[T] {
	t.idle = millis(d)
	return t
}

// AlignWithin bounds how far the watermark of a partition runs ahead of the
// source's; beyond that it is not read. It keeps the state small that waits for
// the slower ones.
func (t Timing[T]) AlignWithin(d time.Duration) Timing[T] {
	t.drift = millis(d)
	return t
}

// RefuseAhead sends records to the dead letters that are further ahead of the
// clock than d, so that one bad clock does not make everyone else's records
// late. Without it d is 5 minutes, but for sources that are [Recorded], which
// have no guard.
func (t Timing[T]) RefuseAhead(d time.Duration) Timing[T] {
	t.ahead, t.trusted = millis(d), false
	return t
}

// TrustAhead takes records however far they are ahead of the clock.
func (t Timing[T]) TrustAhead() Timing[T] {
	t.ahead, t.trusted = 0, true
	return t
}

// defaultAhead is how far ahead of the clock a live record may be.
const defaultAhead = 5 * time.Minute

// EachRecord moves event time after every record. Without it a pipeline that
// reads several partitions moves it after every batch.
func (t Timing[T]) EachRecord() Timing[T] {
	t.each = true
	return t
}

func (t *Timing[T]) validate() error {
	if t.bound < 0 || t.idle < 0 || t.drift < 0 || t.ahead < 0 {
		return fmt.Errorf("a bound of its timing is negative")
	}
	return nil
}
