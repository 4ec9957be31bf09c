package node

import (
	"encoding/binary"
	"encoding/json"
	"io"

	"github.com/tidegate/tidegate"
)

// DeadLetter is an input that can't be used, or a label whose transaction
// never came. Key, Value and Headers are as they came, but for what was masked.
type DeadLetter struct {
	Tenant        string `json:"tenant"`
	Reason        string `json:"reason"` // a code, as "conflict" or "unknown_transaction"
	ID            string `json:"id,omitempty"`
	TransactionID string `json:"transaction_id,omitempty"`

	Topic     string          `json:"topic,omitempty"` // that it was read from; "" for what came over HTTP
	Partition int32           `json:"partition"`
	Offset    int64           `json:"offset"`
	Key       []byte          `json:"key"` // null is another than empty
	Value     []byte          `json:"value"`
	Headers   []Header        `json:"headers,omitempty"`
	Error     string          `json:"error,omitempty"`
	Stack     string          `json:"stack,omitempty"`
	Version   string          `json:"version,omitempty"`
	Time      tidegate.Millis `json:"time,omitempty"`      // the record's own
	FailedAt  tidegate.Millis `json:"failed_at,omitempty"` // by the clock, where the journal's time is that of events

	// Of one that is to be tried again: how many tries have failed, and when it
	// is due. It is no dead letter yet.
	Tries     int             `json:"tries,omitempty"`
	NotBefore tidegate.Millis `json:"not_before,omitempty"`
}

// Header is one of a Kafka record.
type Header struct {
	Key   string `json:"key"`
	Value []byte `json:"value"`
}

// appendLetter records a letter: its members as JSON, and its value as it is,
// which may be megabytes, behind them. The writer waits for this, and with it
// everybody.
func (n *Node) appendLetter(l DeadLetter) error {
	value, flags := l.Value, byte(0)
	if value != nil {
		l.Value, flags = nil, flagValue
	}
	members, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = n.journal.AppendFunc(func(b []byte) []byte {
		b = appendHeader(b, KindDeadLetter, flags, n.head(n.arrival(n.newest)))
		if value != nil {
			b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(len(members))), uint64(len(value)))
		}
		return append(append(b, members...), value...)
	})
	return err
}

// decode takes a letter apart; behind says whether its value stands behind it,
// which it did not at first.
func (l *DeadLetter) decode(body []byte, behind bool) error {
	if !behind {
		return json.Unmarshal(body, l)
	}
	members, a := binary.Uvarint(body)
	if a <= 0 {
		return io.ErrUnexpectedEOF
	}
	value, b := binary.Uvarint(body[a:])
	if b <= 0 {
		return io.ErrUnexpectedEOF
	}
	body = body[a+b:]
	if members > uint64(len(body)) || value != uint64(len(body))-members {
		return io.ErrUnexpectedEOF
	}
	if err := json.Unmarshal(body[:members], l); err != nil {
		return err
	}
	l.Value = append(make([]byte, 0, value), body[members:]...)
	return nil
}

// unknownTransaction is the reason of a label that waited too long.
const unknownTransaction = "unknown_transaction"

// labelMembers is the form of a label in its dead letter: that of POST /v1/labels.
type labelMembers struct {
	ID            string `json:"label_id"`
	TransactionID string `json:"transaction_id"`
	Fraud         bool   `json:"fraud"`
	Kind          string `json:"kind"`
	ReasonCode    string `json:"reason_code,omitempty"`
	OccurredAt    string `json:"occurred_at,omitempty"`
	ReportedAt    string `json:"reported_at,omitempty"`
	Source        string `json:"source,omitempty"`
}

func membersOf(l *tidegate.Label) labelMembers {
	m := labelMembers{ID: l.ID, TransactionID: l.TransactionID, Fraud: l.Fraud, Kind: l.Kind, ReasonCode: l.ReasonCode, Source: l.Source}
	if l.OccurredAt != 0 {
		m.OccurredAt = l.OccurredAt.String()
	}
	if l.ReportedAt != 0 {
		m.ReportedAt = l.ReportedAt.String()
	}
	return m
}
