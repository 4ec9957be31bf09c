package node

import (
	"encoding/binary"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// Kind says what a journal record is.
type Kind byte

const (
	KindDecision   Kind = 1 + iota // a transaction and what was decided
	KindEvent                      // an event that asks for no decision
	KindLabel                      // a label
	KindActivation                 // from here on another configuration decides
	KindUnanswered                 // a decision whose deadline passed before its answer
	KindDeadLetter                 // an input that can't be used, with the reason
)

const flagAlerts = 1 // the decision carries alerts

// Record is one journal record, taken apart. What does not belong to its
// kind is zero.
type Record struct {
	Sequence uint64
	Kind     Kind
	Flags    byte
	Arrival  tidegate.Millis
	Event    tidegate.Event    // decisions and events
	Decision tidegate.Decision // decisions
	Facts    []byte            // decisions: the feature values used, as wire wrote them
	Label    tidegate.Label
	Activation
	Unanswered uint64 // sequence number of the decision
	DeadLetter DeadLetter
}

// DeadLetter is an input that can't be used.
type DeadLetter struct {
	Reason  string // a tidegate.Code or a word of its own, as "unknown_transaction"
	ID      string // of the label or event
	Payload []byte // what it was, without card data
}

// The header of every record: kind, flags, arrival time in ms (8 bytes,
// little endian). What follows depends on the kind.
const headerSize = 10

func appendHeader(b []byte, kind Kind, flags byte, arrival tidegate.Millis) []byte {
	return binary.LittleEndian.AppendUint64(append(b, byte(kind), flags), uint64(arrival))
}

func appendDecision(b []byte, arrival tidegate.Millis, tx *tidegate.Event, d *tidegate.Decision, appendFacts func([]byte) []byte) []byte {
	flags := byte(0)
	if len(d.Alerts) > 0 {
		flags = flagAlerts
	}
	b = appendHeader(b, KindDecision, flags, arrival)
	b = appendSized(b, func(b []byte) []byte { return wire.AppendEventBinary(b, tx) })
	b = appendSized(b, func(b []byte) []byte { return wire.AppendDecisionBinary(b, d) })
	return appendFacts(b)
}

func appendEvent(b []byte, arrival tidegate.Millis, e *tidegate.Event) []byte {
	return wire.AppendEventBinary(appendHeader(b, KindEvent, 0, arrival), e)
}

func appendLabel(b []byte, arrival tidegate.Millis, l *tidegate.Label) []byte {
	return wire.AppendLabelBinary(appendHeader(b, KindLabel, 0, arrival), l)
}

func appendUnanswered(b []byte, arrival tidegate.Millis, sequence uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendHeader(b, KindUnanswered, 0, arrival), sequence)
}

// appendSized appends a part with its size before it, in 4 bytes.
func appendSized(b []byte, part func([]byte) []byte) []byte {
	at := len(b)
	b = part(append(b, 0, 0, 0, 0))
	binary.LittleEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b
}
