package stream

// Group is what two streams have of one key in one window.
type Group[L, R any] struct {
	Left  []L
	Right []R
}

// CoGroup pairs all that two connected streams have in each window; one side
// may be empty.
//
//	pairs := stream.CoGroup(stream.Window(stream.Connect(orders, payments), stream.Tumbling(time.Minute)))
func CoGroup[K comparable, L, R any](w Windowed[K, Either[L, R]]) Stream[Result[K, Group[L, R]]] {
	return Aggregate(w, grouping[L, R]{})
}

// Join pairs each record of the left stream with each of the right one in the
// same window. A pair has the time of the window's last instant.
func Join[K comparable, L, R, Out any](w Windowed[K, Either[L, R]], f func(L, R) Out) Stream[Out] {
	return FlatMap(CoGroup(w), func(c *Collector[Out], r Result[K, Group[L, R]]) error {
		for _, left := range r.Value.Left {
			for _, right := range r.Value.Right {
				c.Emit(f(left, right))
			}
		}
		return nil
	})
}

type grouping[L, R any] struct{}

func (grouping[L, R]) Add(acc *Group[L, R], v Either[L, R]) {
	if v.IsRight {
		acc.Right = append(acc.Right, v.Right)
	} else {
		acc.Left = append(acc.Left, v.Left)
	}
}

func (grouping[L, R]) Merge(acc, other *Group[L, R]) {
	acc.Left = append(acc.Left, other.Left...)
	acc.Right = append(acc.Right, other.Right...)
}
