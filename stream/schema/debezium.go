package schema

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/tidegate/tidegate"
)

// Debezium takes change events apart: the envelope {before, after, source, op,
// ts_ms}, with or without its schema around it, becomes an event of Tidegate.
// Its payload is the row after the change, for a deletion the one before; its
// timestamp the row's own member of that name, else when the database made the
// change. With a schema (as the JSON converter writes it by default), decimals
// become exact text and times RFC 3339; so they do from Avro.
type Debezium struct {
	// Operations are those of interest: c(reate), u(pdate), d(elete), r(ead, of
	// a snapshot). Others say nothing. Empty is c and r: rows that are there.
	Operations string
	// Type is the event_type; "" leaves it out, as for transactions. With
	// "table" it is the table's name and what happened, as "logins.created".
	Type string
}

// TypeOfTable is the Type that is made of the table and the change.
const TypeOfTable = "table"

// unwrapped is a decoder behind which change events come.
type unwrapped struct {
	Debezium
	inner Decoder
}

func (u *unwrapped) Check(ctx context.Context) error { return u.inner.Check(ctx) }

func (u *unwrapped) Decode(ctx context.Context, value []byte) ([]byte, error) {
	body, err := u.inner.Decode(ctx, value)
	if err != nil || body == nil || bytes.Equal(bytes.TrimSpace(body), []byte("null")) {
		return nil, err
	}
	return u.event(body)
}

// change is Debezium's envelope.
type change struct {
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
	Op     string          `json:"op"`
	At     json.RawMessage `json:"ts_ms"`
	Source struct {
		Table string          `json:"table"`
		At    json.RawMessage `json:"ts_ms"`
	} `json:"source"`
}

var happened = map[string]string{"c": "created", "u": "updated", "d": "deleted", "r": "read", "t": "truncated"}

func (u *unwrapped) event(body []byte) ([]byte, error) {
	// A schema stands beside the payload, unless the converter was told not to.
	var wrapped struct {
		Schema  *connectSchema  `json:"schema"`
		Payload json.RawMessage `json:"payload"`
		Op      json.RawMessage `json:"op"`
	}
	if err := json.Unmarshal(body, &wrapped); err != nil {
		return nil, malformed("the value is no change event")
	}
	if wrapped.Payload != nil && wrapped.Op == nil {
		if body = wrapped.Payload; bytes.Equal(body, []byte("null")) {
			return nil, nil
		}
	}
	var c change
	if err := json.Unmarshal(body, &c); err != nil || happened[c.Op] == "" {
		return nil, malformed("the value is no change event: it has no op that is known")
	}
	wanted := u.Operations
	if wanted == "" {
		wanted = "cr"
	}
	if !bytes.Contains([]byte(wanted), []byte(c.Op)) || c.Op == "t" {
		return nil, nil
	}
	row, side := c.After, "after"
	if c.Op == "d" {
		row, side = c.Before, "before"
	}
	members, order, err := object(row)
	if err != nil {
		return nil, tidegate.FieldErrorf(tidegate.CodeInvalid, "/"+side, "the change has no row")
	}
	if wrapped.Schema != nil {
		wrapped.Schema.field(side).convertAll(members)
	}
	return u.envelope(&c, members, order)
}

// envelope is the event of a row.
func (u *unwrapped) envelope(c *change, members map[string]json.RawMessage, order []string) ([]byte, error) {
	at := c.Source.At
	if len(at) == 0 || string(at) == "null" {
		at = c.At
	}
	if own, ok := members["timestamp"]; ok && string(own) != "null" {
		at = own
	}
	if len(at) == 0 {
		return nil, tidegate.FieldErrorf(tidegate.CodeInvalid, "/ts_ms", "the change has no time")
	}
	dst := append([]byte(`{"timestamp":`), at...)
	switch u.Type {
	case "":
	case TypeOfTable:
		dst = appendText(append(dst, `,"event_type":`...), c.Source.Table+"."+happened[c.Op])
	default:
		dst = appendText(append(dst, `,"event_type":`...), u.Type)
	}
	dst = append(dst, `,"payload":{`...)
	first := true
	for _, name := range order {
		if name == "timestamp" {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(appendText(dst, name), ':'), members[name]...)
	}
	return append(dst, "}}"...), nil
}

// object is a row: its members, and their order.
func object(row json.RawMessage) (map[string]json.RawMessage, []string, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(row, &members); err != nil || members == nil {
		return nil, nil, malformed("not an object")
	}
	order := make([]string, 0, len(members))
	for name := range members {
		order = append(order, name)
	}
	slices.Sort(order)
	return members, order, nil
}
