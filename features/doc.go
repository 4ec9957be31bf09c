// Package features answers what is known about an event's customer, card,
// device, address, merchant and terminal: counts, sums, averages and the rest
// over exact windows of event time, the event itself included.
//
// Features are declared in YAML ([Parse]), checked and compiled ([Compile])
// and answered from a [State]:
//
//	defs, err := features.Parse("features.yaml", data)
//	set, err := features.Compile(defs, features.Options{Base: eur})
//	st, err := features.NewState(set, state.NewMemory())
//	...
//	err = st.Observe(ev, facts, 0) // what is known, ev included
//	err = st.Apply(ev, effect)     // what the next event will know
//
// # Exactness
//
// A window holds the events with t-delay-window < ti <= t-delay, in int64
// milliseconds; events of one instant stand in order of arrival. Late events
// are put where they belong in time and seen from then on. Amounts are summed
// as integers of minor units, in the base currency unless the key holds the
// currency, and so are their squares (see moments.go); other numbers are
// floats, whose variance is merged, never subtracted. An event that lacks a
// field of the key does not count for it; a value that is absent is left out.
//
// Features that ask for the outcome never include the current event. A
// transaction without a label is not fraud.
//
// # Histories
//
// A key field's features share one history per entity, which keeps only the
// columns that they name. It is a tail of up to 64 newest events and, behind
// it, sealed blocks of 64 events under pages of 64 blocks, each with sums of
// what the features ask for. Every feature of a window and a delay is answered
// in one pass from the newest event backwards. A pair of fields is a filter on
// the history of the first.
//
// Where a window holds more than 512 events, what sums of blocks can't tell
// slides along with it: different values, quantiles and pairs (see slider.go).
// Up to 16,384 different values they are exact; above that they are sampled,
// and [State.Approximate] says so. For a pair, min, max, first, last, median
// and count_distinct have no such help: they look at all blocks of a window.
//
// All of it depends on the entity's sequence of records alone, never on caches
// or checkpoints, so a replay gives the same bits.
//
// The package does no input or output and has no clock. A state has one
// writer, which holds the lock of its store's shard from Observe to Apply.
package features
