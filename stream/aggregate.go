package stream

import "cmp"

// Aggregator folds records into an accumulator. The zero A is the accumulator
// of no records.
type Aggregator[T, A any] interface {
	// Add adds a record.
	Add(acc *A, v T)
	// Merge adds what another accumulator holds, which stays as it is and
	// shares nothing with acc: for windows that merge, and for panes that
	// windows share.
	Merge(acc, other *A)
}

// Commuting is an [Aggregator] that may not care about the order of records
// and merges.
type Commuting interface{ Commutes() bool }

// Number is what can be summed.
type Number interface {
	~int | ~int32 | ~int64 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// Count counts records.
func Count[T any]() Aggregator[T, int64] { return count[T]{} }

type count[T any] struct{}

func (count[T]) Add(acc *int64, _ T)     { *acc++ }
func (count[T]) Merge(acc, other *int64) { *acc += *other }
func (count[T]) Commutes() bool          { return true }

// Sum sums a number of the records.
func Sum[T any, N Number](of func(T) N) Aggregator[T, N] { return sum[T, N]{of} }

type sum[T any, N Number] struct{ of func(T) N }

func (s sum[T, N]) Add(acc *N, v T)   { *acc += s.of(v) }
func (sum[T, N]) Merge(acc, other *N) { *acc += *other }

// Commutes is true of integers: sums of floats depend on their order.
func (sum[T, N]) Commutes() bool { return N(1)/N(2) == 0 }

// Optional is a value, or none: the smallest of no records.
type Optional[V any] struct {
	Value V
	Valid bool
}

// Min is the smallest of a value of the records, Max the largest.
func Min[T any, V cmp.Ordered](of func(T) V) Aggregator[T, Optional[V]] {
	return extreme[T, V]{of, -1}
}

// Max is the largest of a value of the records.
func Max[T any, V cmp.Ordered](of func(T) V) Aggregator[T, Optional[V]] {
	return extreme[T, V]{of, +1}
}

type extreme[T any, V cmp.Ordered] struct {
	of   func(T) V
	sign int
}

func (e extreme[T, V]) Add(acc *Optional[V], v T) { e.take(acc, e.of(v)) }

func (e extreme[T, V]) Merge(acc, other *Optional[V]) {
	if other.Valid {
		e.take(acc, other.Value)
	}
}

func (e extreme[T, V]) take(acc *Optional[V], v V) {
	if !acc.Valid || cmp.Compare(v, acc.Value) == e.sign {
		*acc = Optional[V]{v, true}
	}
}

func (extreme[T, V]) Commutes() bool { return true }

// Collect keeps all records, in the order in which they came: for functions
// that need to see a window whole.
func Collect[T any]() Aggregator[T, []T] { return collect[T]{} }

type collect[T any] struct{}

func (collect[T]) Add(acc *[]T, v T)     { *acc = append(*acc, v) }
func (collect[T]) Merge(acc, other *[]T) { *acc = append(*acc, *other...) }

// Reduce combines two records into one, again and again.
func Reduce[T any](f func(a, b T) T) Aggregator[T, Optional[T]] { return reduce[T]{f} }

type reduce[T any] struct{ f func(a, b T) T }

func (r reduce[T]) Add(acc *Optional[T], v T) {
	if acc.Valid {
		v = r.f(acc.Value, v)
	}
	*acc = Optional[T]{v, true}
}

func (r reduce[T]) Merge(acc, other *Optional[T]) {
	if other.Valid {
		r.Add(acc, other.Value)
	}
}
