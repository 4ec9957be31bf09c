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
// as integers of minor units (see moments.go); other numbers are floats, and
// their variance is merged, never subtracted. What is exact stays exact for a
// key with a million events; where a sketch answers, [State.Approximate] says so.
//
// # Histories
//
// A key field's features share one history per entity, which keeps only the
// columns that they name. It is a tail of up to 64 newest events and, behind
// it, sealed blocks of 64 events under pages of 64 blocks, each with sums of
// what the features ask for. Every feature of a window and a delay is answered
// in one pass from the newest event backwards. All of it depends on the
// entity's sequence of records alone, so a replay gives the same bits.
//
// The package does no input or output and has no clock; a state has one writer.
package features
