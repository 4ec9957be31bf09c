// Package node is the one writer: it puts transactions, events, labels and
// activations into one order, lets scoring decide, writes every record to the
// journal, and lets nobody see a record before it is durable.
//
//	input ─► lock ─► retry? ─► scoring.Decide ─► journal.Append ─► unlock ─► wait durable ─► answer
//
// State is checkpointed in the background; recovery opens the last checkpoint
// and applies the journal's tail again. Publishers, alert streams and queries
// are readers of the journal.
//
// It knows nothing of HTTP, Kafka or configuration files: api, stream/kafka
// and cmd stand around it.
package node
