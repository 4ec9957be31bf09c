// Package cep finds sequences of events: "three failed logins, then a success
// from a new address, then a large payment, within an hour". Its semantics are
// those of Apache Flink CEP 2.3, output for output.
//
//	login := func(outcome string) cep.Condition[Event] {
//		return cep.If(func(e Event) bool { return e.Type == "login" && e.Outcome == outcome })
//	}
//	pattern := cep.Begin[Event]("failed").Where(login("failed")).Times(3).
//		FollowedBy("entered").Where(login("ok")).
//		Within(10 * time.Minute).AfterMatch(cep.SkipPastLastEvent())
//	automaton, err := cep.Compile(pattern) // refuses what has no meaning, with the reason
//	matcher := cep.NewMatcher(automaton)
//	live, err := matcher.Live(&customer.State, event, event.Time)
//	for _, match := range live.Completed { … match.Of("failed") … }
//
// # What is where
//
// A [Pattern] is built in Go, or read from a file by [Load], whose conditions
// are compiled by somebody else. [Compile] makes an [Automaton] of it, which
// is shared. A [Matcher] works with it, one per goroutine. A [State] is what
// one key holds; it belongs to the caller, who drops it when it is idle and
// writes it with [Automaton.AppendState]. Time is an argument everywhere, in
// milliseconds.
//
// There are two ways to feed a key. In stream mode events come in any order and
// wait for the watermark ([Matcher.Offer], [Matcher.Watermark], and [Operator]
// for many keys). In live mode an event counts at once ([Matcher.Live]), what
// it completes is seen before the skip strategy, and an event older than the
// key's newest is offered to nothing. The ends of windows are timers that the
// caller drives ([Matcher.Timer], [Matcher.Advance]).
//
// # What surprises
//
//   - Relaxed "a+ b" gives a match for every number of a's, from every a on.
//     [Pattern.Greedy] on the last stage changes nothing about that.
//   - A window's end is outside: an event at first + window is too late.
//   - [Pattern.NotNext] as the last stage comes out with the next event;
//     [Pattern.NotFollowedBy] as the last stage when the window has ended.
//   - With a skip strategy a complete match waits for earlier partial matches
//     to end. Without a window that can be for ever.
//   - [Pattern.WithinPrevious] sets no timer: what it ends is seen at the key's
//     next event. A pattern that has no [Pattern.Within] keeps its partial
//     matches until they complete or the [Limit] drops them.
//   - A stage without a condition takes anything, so FollowedBy is Next then.
//   - [Pattern.Until] stops taking; the event that stops can be the next stage's.
//   - Partial matches with the same first event are advanced in the order of a
//     binary heap. Under a skip strategy that order can decide which match
//     survives. It is reproduced, so results are the same everywhere.
//
// # Where it differs from Flink
//
// Flink sets no timer for the end of a window that began at or before the
// epoch: an event of time -1 and a window of 10 ms leave a partial match that
// never times out. Here every window ends. Patterns that Flink accepts and then
// stumbles over while it runs (rejected.json.gz of the vectors lists their
// kinds) are refused when they are compiled.
package cep
