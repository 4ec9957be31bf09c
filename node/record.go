package node

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

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
	KindWindowEnd                  // the end of an event pattern's window, and what it completes
)

const (
	flagAlerts  = 1 // the decision carries alerts
	flagFollows = 2 // the decision is on a follow-up, and the record it follows is named
	flagWaiting = 1 // the label's transaction is not known
)

// carriesAlerts tells a record with alerts by its header.
func carriesAlerts(kind Kind, flags byte) bool {
	return flags&flagAlerts != 0 && (kind == KindDecision || kind == KindEvent || kind == KindWindowEnd)
}

// Record is one journal record, taken apart. What does not belong to its
// kind is zero.
type Record struct {
	Sequence uint64
	Kind     Kind
	Flags    byte
	Arrival  tidegate.Millis
	Event    tidegate.Event    // decisions, events and ends of windows
	Decision tidegate.Decision // decisions; of the others, the matches and alerts
	Facts    []byte            // decisions: the feature values used, as wire wrote them
	Followed uint64            // decisions: the record of the first of the chain, if there is one
	Label    tidegate.Label
	Activation
	Unanswered uint64 // sequence number of the decision
	DeadLetter DeadLetter
}

// reset empties a record for the next Decode.
func (r *Record) reset() { *r = Record{} }

// Decode takes a record apart. It keeps Facts, a part of body. Whatever it
// does not understand is an error of [tidegate.CodeCorrupt].
func (r *Record) Decode(sequence uint64, body []byte) (err error) {
	if err := r.header(sequence, body); err != nil {
		return err
	}
	body = body[headerSize:]
	switch r.Kind {
	case KindDecision:
		if r.Flags&flagFollows != 0 {
			if len(body) < 8 {
				return r.corrupt(sequence, nil)
			}
			r.Followed, body = binary.LittleEndian.Uint64(body), body[8:]
		}
		if body, err = wire.DecodeEventBinary(body, &r.Event); err == nil {
			r.Facts, err = wire.DecodeDecisionBinary(body, &r.Decision)
		}
		r.Decision.Sequence = sequence
	case KindEvent, KindWindowEnd:
		if body, err = wire.DecodeEventBinary(body, &r.Event); err == nil && len(body) > 0 {
			_, err = wire.DecodeDecisionBinary(body, &r.Decision)
		}
	case KindLabel:
		_, err = wire.DecodeLabelBinary(body, &r.Label)
	case KindActivation:
		err = json.Unmarshal(body, &r.Activation)
	case KindUnanswered:
		if len(body) != 8 {
			return r.corrupt(sequence, nil)
		}
		r.Unanswered = binary.LittleEndian.Uint64(body)
	case KindDeadLetter:
		err = json.Unmarshal(body, &r.DeadLetter)
	default:
		return r.corrupt(sequence, nil)
	}
	if err != nil {
		return r.corrupt(sequence, err)
	}
	return nil
}

func (r *Record) header(sequence uint64, body []byte) error {
	if len(body) < headerSize {
		return r.corrupt(sequence, nil)
	}
	r.Sequence, r.Kind, r.Flags = sequence, Kind(body[0]), body[1]
	r.Arrival = tidegate.Millis(binary.LittleEndian.Uint64(body[2:]))
	return nil
}

func (r *Record) corrupt(sequence uint64, cause error) error {
	return &tidegate.Error{Code: tidegate.CodeCorrupt, Message: fmt.Sprintf("journal record %d is none of this version", sequence), Cause: cause}
}

// DeadLetter is an input that can't be used.
type DeadLetter struct {
	Tenant        string `json:"tenant"`
	Reason        string `json:"reason"` // as "unknown_transaction"
	ID            string `json:"id"`     // of the label
	TransactionID string `json:"transaction_id"`
}

// The header of every record: kind, flags, arrival time in ms (8 bytes,
// little endian). What follows depends on the kind.
const headerSize = 10

func appendHeader(b []byte, kind Kind, flags byte, arrival tidegate.Millis) []byte {
	return binary.LittleEndian.AppendUint64(append(b, byte(kind), flags), uint64(arrival))
}

func appendDecision(b []byte, arrival tidegate.Millis, followed uint64, tx *tidegate.Event, d *tidegate.Decision, appendFacts func([]byte) []byte) []byte {
	flags := byte(0)
	if len(d.Alerts) > 0 {
		flags = flagAlerts
	}
	if followed != 0 {
		flags |= flagFollows
	}
	b = appendHeader(b, KindDecision, flags, arrival)
	if followed != 0 {
		b = binary.LittleEndian.AppendUint64(b, followed)
	}
	b = wire.AppendEventBinary(b, tx)
	b = wire.AppendDecisionBinary(b, d)
	return appendFacts(b)
}

func appendEvent(b []byte, arrival tidegate.Millis, e *tidegate.Event) []byte {
	return wire.AppendEventBinary(appendHeader(b, KindEvent, 0, arrival), e)
}

// appendFinding is an event with what event patterns make of it.
func appendFinding(b []byte, kind Kind, arrival tidegate.Millis, e *tidegate.Event, d *tidegate.Decision) []byte {
	flags := byte(0)
	if len(d.Alerts) > 0 {
		flags = flagAlerts
	}
	return wire.AppendDecisionBinary(wire.AppendEventBinary(appendHeader(b, kind, flags, arrival), e), d)
}

func appendLabel(b []byte, arrival tidegate.Millis, l *tidegate.Label, waiting bool) []byte {
	flags := byte(0)
	if waiting {
		flags = flagWaiting
	}
	return wire.AppendLabelBinary(appendHeader(b, KindLabel, flags, arrival), l)
}

func appendUnanswered(b []byte, arrival tidegate.Millis, sequence uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendHeader(b, KindUnanswered, 0, arrival), sequence)
}
