package stream

import (
	"reflect"
	"time"
)

// Windowed is a keyed stream cut into windows. [Aggregate] makes results of it.
type Windowed[K comparable, T any] struct {
	keyed    Keyed[K, T]
	windows  Windows
	trigger  Trigger
	before   Evictor
	after    Evictor
	lateness Millis
	measure  func(T) float64
	gap      func(T) time.Duration
	late     Side[T]
}

// Window cuts a keyed stream into windows.
func Window[K comparable, T any](k Keyed[K, T], w Windows) Windowed[K, T] {
	out := Windowed[K, T]{keyed: k, windows: w, trigger: w.defaultTrigger()}
	if n := w.counted; n[0] != n[1] {
		out.before = KeepCount(n[0])
	}
	return out
}

// Trigger replaces the trigger that the windows have by default.
func (w Windowed[K, T]) Trigger(t Trigger) Windowed[K, T] {
	w.trigger = t
	return w
}

// EvictBefore removes records before a window's result is made, EvictAfter
// after it.
func (w Windowed[K, T]) EvictBefore(e Evictor) Windowed[K, T] {
	w.before = e
	return w
}

// EvictAfter removes records after a window's result was made.
func (w Windowed[K, T]) EvictAfter(e Evictor) Windowed[K, T] {
	w.after = e
	return w
}

// AllowedLateness keeps a window of event time for this long after its end.
// A late record updates it, and its result is emitted again.
func (w Windowed[K, T]) AllowedLateness(d time.Duration) Windowed[K, T] {
	w.lateness = millis(d)
	return w
}

// LateTo sends the records that come too late for all of their windows to a
// side output. Without it they are only counted.
func (w Windowed[K, T]) LateTo(s Side[T]) Windowed[K, T] {
	w.late = s
	return w
}

// Measure gives records the number that triggers and evictors on differences
// go by.
func (w Windowed[K, T]) Measure(f func(T) float64) Windowed[K, T] {
	w.measure = f
	return w
}

// Gap gives records the session gap of [DynamicSession]; it must be positive.
func (w Windowed[K, T]) Gap(f func(T) time.Duration) Windowed[K, T] {
	w.gap = f
	return w
}

// Result is the result of a window.
type Result[K comparable, A any] struct {
	Key    K
	Window Span
	// Value is the window's accumulator. Where it holds references it may
	// change after the record has been handled; map it to what is kept.
	Value A
}

// Aggregate folds each window's records into a result, emitted whenever the
// trigger fires, at the window's last instant.
//
// Windows share the work where the aggregator says that the order of records
// does not matter to it and the windows fire once, at their end: a record is
// added once, to the pane that several sliding windows have in common.
func Aggregate[K comparable, T, A any](w Windowed[K, T], agg Aggregator[T, A]) Stream[Result[K, A]] {
	n := w.keyed.attach("window")
	n.detail = w.windows.String()
	out := streamOf[Result[K, A]](w.keyed.p, n)
	w.validate(n)
	if w.late.node != nil {
		w.late.writtenBy(n)
	}
	switch {
	case w.before != nil || w.after != nil:
		buildWindow(w, n, out, &kept[T, A]{agg: agg, before: w.before, after: w.after})
	case w.sharesPanes(agg):
		buildPanes(w, n, out, agg)
	default:
		buildWindow(w, n, out, &folded[T, A]{agg})
	}
	return out
}

func (w *Windowed[K, T]) validate(n *node) {
	p := w.keyed.p
	if err := w.windows.validate(); err != nil {
		p.reject(n, "%v", err)
	}
	if w.windows.kind == sessionWindows && !mergeable(w.trigger) {
		p.reject(n, "sessions merge, and the trigger %v can't", reflect.TypeOf(w.trigger))
	}
	if w.windows.dynamic != (w.gap != nil) {
		p.reject(n, "dynamic sessions and the gap function come together")
	}
	if w.lateness < 0 {
		p.reject(n, "the allowed lateness is negative")
	}
}

func (w *Windowed[K, T]) sharesPanes(agg any) bool {
	c, ok := agg.(Commuting)
	return ok && c.Commutes() && w.windows.kind == slidingWindows && w.windows.domain == EventTime &&
		w.windows.slide <= w.windows.size && w.lateness == 0 && w.trigger == w.windows.defaultTrigger()
}
