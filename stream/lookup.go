package stream

// Lookup is reference data that is there already, in memory or close by. For
// data that has to be waited for there is [Async].
type Lookup[K comparable, V any] interface {
	// Lookup finds a key's value. It is called from several goroutines.
	Lookup(k K) (v V, found bool, err error)
}

// LookupFunc is a function as a [Lookup].
type LookupFunc[K comparable, V any] func(K) (V, bool, error)

// Lookup calls the function.
func (f LookupFunc[K, V]) Lookup(k K) (V, bool, error) { return f(k) }

// LookupJoin enriches each record with reference data. A record whose lookup
// fails goes to the dead letters.
func LookupJoin[K comparable, T, V, Out any](s Stream[T], key func(T) K, in Lookup[K, V], f func(v T, row V, found bool) Out) Stream[Out] {
	return tryMap(s, "lookup join", func(v T) (Out, error) {
		row, found, err := in.Lookup(key(v))
		if err != nil {
			var none Out
			return none, err
		}
		return f(v, row, found), nil
	})
}
