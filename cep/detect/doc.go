// Package detect looks for event patterns in streams: package cep's matching
// as an operator of package stream.
//
//	customer := stream.SortByEventTime(stream.KeyBy(logins, Login.Customer)).LateTo(late)
//	takeover := detect.In(customer, automaton, nil).TimedOutTo(timedOut)
//	stream.To(takeover.Stream, alerts)
//
// The stream must be sorted, so that events come in the order of their times
// and late ones have gone to a side output of the sort. Partial matches are
// keyed state of the pipeline: they are in its checkpoints, and the ends of
// windows are its timers. A key that has no partial match has no state. What
// comes out is what Flink's operator emits, at the same watermarks; the tests
// hold it to that. A pattern whose definition has changed since the checkpoint
// starts fresh.
package detect
