package features

// plan answers the features of a group that share a delay and a pair: one
// backward pass over the history, from window edge to window edge.
type plan struct {
	delay int64
	// pair are token columns that must equal the current event's: the further
	// fields of a key like [customer_id, merchant_id]. Such rows are found by
	// looking at the blocks; the index knows no sums of them.
	pair []int
	// edges are the windows, shortest first.
	edges []int64

	counts []planTerm[countTerm]
	ints   []planTerm[intTerm]
	floats []planTerm[floatTerm]
	// outputs are the features computed from the terms, by edge.
	outputs [][]output
	upTo    []reach // by edge

	distincts []distinct
	quantiles []quantile
	ends      []end
}

// planTerm is a term, its place in the index's summaries (-1: none) and the
// number of edges up to which some feature asks for it.
type planTerm[T any] struct {
	term  T
	slot  int
	edges int
}

// output is a feature computed from a term of a plan.
type output struct {
	result
	operation operation
	from      termKind
	term      int // of its kind
	over      int // share: the count it is divided by; pair: the slider's column
	slider    int // of a pair, or -1
	current   bool
}

// result is where a value goes and what stands for a missing one.
type result struct {
	variable   int
	fallback   float64
	hasDefault bool
	money      moneyKind
}

type termKind uint8

const (
	fromCount termKind = iota
	fromInts
	fromFloats
)

type operation uint8

const (
	opCount operation = iota
	opShare
	opUnseen
	opSum
	opAvg
	opMin
	opMax
	opStddev
	opRatio
	opZscore
)

// distinct counts the different tokens of a column.
type distinct struct {
	filter, column int
	edge           int
	slider         int // or -1
	result
	current bool
}

// quantile is an element of the sorted values of a column.
type quantile struct {
	filter, column int
	floats         bool
	q              float64
	edge           int
	slider         int // or -1
	result
	current bool
}

// end is a feature about one event at an end of its window.
type end struct {
	kind   endKind
	filter int
	column int // of the kind's columns
	edge   int // -1: no window
	with   property
	slot   int // of the index's count of such rows, or -1
	recall int // -1: none
	slider int // of a pair, or -1
	result
	current bool
}

type endKind uint8

const (
	sinceLast endKind = iota
	firstInt64
	lastInt64
	firstFloat
	lastFloat
	firstText
	lastText
	travelled // three values: distance, elapsed, speed
)

// property is what a row must have to be the end.
func (f *end) property() property {
	switch f.kind {
	case firstInt64, lastInt64:
		return property{hasInt, f.column}
	case firstFloat, lastFloat:
		return property{hasFloat, f.column}
	case firstText, lastText:
		return property{hasToken, f.column}
	case travelled:
		return property{hasPlace, f.column}
	}
	return property{}
}
