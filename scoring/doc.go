// Package scoring decides. [Scorer.Decide] is the main flow of Tidegate, as
// one function: features, patterns, models, rules, policy. It is pure: no
// I/O but keyed state, no clock, no goroutine; time comes in with the event,
// so the same records in the same order give the same decisions.
//
// A [Scorer] is one configuration, compiled from the contents of its files by
// [Compile]; [Known] is what is remembered. Who orders the events, writes the
// journal and answers is the business of package node.
package scoring
