// Package tidegate holds the domain: what a transaction is, what is decided
// about it, and what can be wrong with either. It imports the standard
// library only; every other package may import it.
//
// An [Event] is the one input of the system. A transaction is an event that
// asks for a decision; a login, a capture or a chargeback is an event that
// only informs later decisions. A [Decision] answers a transaction and an
// [Alert] tells people about it. [Facts] is the row of named values in
// between: what is known about one event when rules and models look at it.
package tidegate
