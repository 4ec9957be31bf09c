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
	KindReading                    // where the reading of a Kafka partition begins
)

const (
	flagAlerts  = 1 // the decision carries alerts
	flagFollows = 2 // the decision is on a follow-up, and the record it follows is named
	flagWaiting = 1 // the label's transaction is not known
	flagValue   = 1 // the dead letter's value stands behind it, as it is
	flagHistory = 8 // of any kind: it was imported, and is not for publishing
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
	Origin   Origin            // of what was read from Kafka
	Event    tidegate.Event    // decisions, events and ends of windows
	Decision tidegate.Decision // decisions; of the others, the matches and alerts
	Facts    []byte            // decisions: the feature values used, as wire wrote them
	Followed uint64            // decisions: the record of the first of the chain, if there is one
	Label    tidegate.Label
	Activation
	Unanswered uint64 // sequence number of the decision
	DeadLetter DeadLetter
	Reading    Reading
}

// reset empties a record for the next Decode.
func (r *Record) reset() { *r = Record{} }

// again is reset for who keeps nothing of the record but texts: the next
// Decode uses the memory of its lists.
func (r *Record) again() {
	r.Decision.Reset()
	*r = Record{Event: tidegate.Event{Attributes: r.Event.Attributes[:0], Warnings: r.Event.Warnings[:0]}, Decision: r.Decision}
}

// Decode takes a record apart. It keeps Facts, a part of body. Whatever it
// does not understand is an error of [tidegate.CodeCorrupt].
func (r *Record) Decode(sequence uint64, body []byte) (err error) {
	body, err = r.header(sequence, body)
	if err != nil {
		return err
	}
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
		err = r.DeadLetter.decode(body, r.Flags&flagValue != 0)
	case KindReading:
		err = json.Unmarshal(body, &r.Reading)
	default:
		return r.corrupt(sequence, nil)
	}
	if err != nil {
		return r.corrupt(sequence, err)
	}
	return nil
}

// header takes what every record begins with, and returns the rest.
func (r *Record) header(sequence uint64, body []byte) (rest []byte, err error) {
	if len(body) < headerSize {
		return nil, r.corrupt(sequence, nil)
	}
	r.Sequence, r.Kind, r.Flags = sequence, Kind(body[0]), body[1]
	r.Arrival = tidegate.Millis(binary.LittleEndian.Uint64(body[2:]))
	rest = body[headerSize:]
	if r.Flags&flagOrigin != 0 {
		var ok bool
		if rest, ok = decodeOrigin(rest, &r.Origin); !ok {
			return nil, r.corrupt(sequence, nil)
		}
	}
	return rest, nil
}

func (r *Record) corrupt(sequence uint64, cause error) error {
	return &tidegate.Error{Code: tidegate.CodeCorrupt, Message: fmt.Sprintf("journal record %d is none of this version", sequence), Cause: cause}
}

// The header of every record: kind, flags, arrival time in ms (8 bytes,
// little endian), and if the flags say so an origin. What follows depends on
// the kind.
const headerSize = 10

// head is what headers have in common.
type head struct {
	arrival tidegate.Millis
	origin  Origin
	history bool
}

// head is the header of a record that is made now.
func (n *Node) head(arrival tidegate.Millis) head { return head{arrival, n.origin, n.options.History} }

func appendHeader(b []byte, kind Kind, flags byte, h head) []byte {
	if h.origin.there() {
		flags |= flagOrigin
	}
	if h.history {
		flags |= flagHistory
	}
	b = binary.LittleEndian.AppendUint64(append(b, byte(kind), flags), uint64(h.arrival))
	if h.origin.there() {
		b = appendOrigin(b, h.origin)
	}
	return b
}

func appendDecision(b []byte, h head, followed uint64, tx *tidegate.Event, d *tidegate.Decision, appendFacts func([]byte) []byte) []byte {
	flags := byte(0)
	if len(d.Alerts) > 0 {
		flags = flagAlerts
	}
	if followed != 0 {
		flags |= flagFollows
	}
	b = appendHeader(b, KindDecision, flags, h)
	if followed != 0 {
		b = binary.LittleEndian.AppendUint64(b, followed)
	}
	b = wire.AppendEventBinary(b, tx)
	b = wire.AppendDecisionBinary(b, d)
	return appendFacts(b)
}

func appendEvent(b []byte, h head, e *tidegate.Event) []byte {
	return wire.AppendEventBinary(appendHeader(b, KindEvent, 0, h), e)
}

// appendFinding is an event with what event patterns make of it.
func appendFinding(b []byte, kind Kind, h head, e *tidegate.Event, d *tidegate.Decision) []byte {
	flags := byte(0)
	if len(d.Alerts) > 0 {
		flags = flagAlerts
	}
	return wire.AppendDecisionBinary(wire.AppendEventBinary(appendHeader(b, kind, flags, h), e), d)
}

func appendLabel(b []byte, h head, l *tidegate.Label, waiting bool) []byte {
	flags := byte(0)
	if waiting {
		flags = flagWaiting
	}
	return wire.AppendLabelBinary(appendHeader(b, KindLabel, flags, h), l)
}

func appendUnanswered(b []byte, h head, sequence uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendHeader(b, KindUnanswered, 0, h), sequence)
}
