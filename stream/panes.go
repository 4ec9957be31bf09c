package stream

func buildPanes[K comparable, T, A any](w Windowed[K, T], n *node, out Stream[Result[K, A]], agg Aggregator[T, A]) {
	buildWindow(w, n, out, &folded[T, A]{agg})
}
