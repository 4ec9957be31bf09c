// Package patterns looks for event patterns in live decisions: it makes the
// conditions of pattern files, keeps the partial matches of every entity, and
// tells what an event completes. The matching itself is package cep's, and
// what a match means for a decision is package scoring's.
//
//	set, err := patterns.Compile(files, patterns.Options{Attributes: declared})
//	state, err := patterns.NewState(set, store)
//	found, err := state.Advance(event, tidegate.CustomerID, newest)
//	for _, f := range found { … f.Pattern.ID, f.Completed, f.Stage … }
//
// # What is where
//
// A [Set] is the patterns of one configuration (compile.go, build.go). A view
// is the event at hand: what conditions ask of the event alone is answered for
// all patterns together, once (view.go); what they ask of the events before is
// a reference (earlier.go). The [State] holds one row per entity that has
// something open (known.go, state.go). The ends of windows are found with
// [State.Due] and told with [State.Fire] (timers.go, sweep.go).
//
// # What holds
//
// What [State.Advance] and [State.Fire] find depends on their arguments, on
// what is open and on the store's time, and on nothing else. So whoever shows
// a State the same events at the same times again has the same partial matches
// again: that is how they come through a crash.
package patterns
