// Package wire is everything between bytes and the domain: the JSON of
// events, labels, decisions and alerts, and the compact binary form in which
// the journal keeps them.
//
// Decoding is where bad input ends. [DecodeEvent] and [DecodeLabel] read
// untrusted JSON in one pass, check every member, and either fill in the
// whole value or return a *[tidegate.Error] that names the member by its JSON
// pointer (RFC 6901) and never repeats a value, which may be card data.
// [CheckClock] holds an event's time against the clock of its arrival.
//
// Encoding is appending: [AppendDecision] and [AppendAlert] write the answer
// and the alert of docs/schemas. [AppendEventBinary] and its siblings write
// the journal's form, which keeps every number bit for bit. Both binary and
// JSON decoders fill in a value of the caller's and reuse its slices.
//
//	var ev tidegate.Event
//	err := wire.DecodeEvent(body, wire.Options{Kind: wire.Transaction}, &ev) // checked, or a *tidegate.Error
//	record = wire.AppendEventBinary(record, &ev)                             // for the journal
//	answer = wire.AppendDecision(answer, &decision, wire.Features{})         // for the caller
//
// [Mask] makes what was refused fit to be kept in a dead letter.
//
// It decides nothing, and it knows nothing about HTTP, Kafka or files.
package wire
