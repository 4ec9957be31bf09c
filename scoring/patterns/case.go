package patterns

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/cep"
	"github.com/tidegate/tidegate/wire"
)

// Failure is a test in a pattern file that fails.
type Failure struct {
	Case string
	Err  error // names the pattern's place
}

// Test runs the tests of a pattern.
func (s *Set) Test(p *Pattern) []Failure {
	var failures []Failure
	for i := range p.Cases {
		one := *p.Definition
		one.Cases = p.Cases[i : i+1]
		for _, err := range one.Test(caseReader{p, s.base}) {
			var placed *tidegate.Error
			if errors.As(err, &placed) {
				placed.File = p.File
			}
			failures = append(failures, Failure{p.Cases[i].Name, err})
		}
	}
	return failures
}

// Tests counts the tests in a pattern's file.
func (p *Pattern) Tests() int { return len(p.Cases) }

// caseReader makes events of the fields in tests: as in a payload, with the
// type beside them. What every event of a test has in common is made up: the
// key, a transaction's id and its customer, the currency.
type caseReader struct {
	pattern *Pattern
	base    tidegate.CurrencyCode
}

var _ cep.EventReader[*Event] = caseReader{}

func (r caseReader) ReadEvent(id string, t int64, fields map[string]any) (*Event, error) {
	payload := maps.Clone(fields)
	kind, ok := payload["type"].(string)
	if !ok {
		return nil, fmt.Errorf("has no type: write type: transaction or the event's own")
	}
	delete(payload, "type")
	if kind == "transaction" {
		kind = tidegate.TypeTransaction
	}
	set := func(name, value string) {
		if payload[name] == nil {
			payload[name] = value
		}
	}
	set(r.pattern.Key, "one") // a test is about one entity
	if kind == tidegate.TypeTransaction {
		set("transaction_id", id)
		set("customer_id", "one")
	}
	if payload["amount"] != nil && payload["currency"] == nil {
		payload["currency"] = r.base.String()
	}
	body, err := json.Marshal(map[string]any{
		"event_id": id, "event_type": kind, "timestamp": tidegate.Millis(t).String(), "payload": payload,
	})
	if err != nil {
		return nil, err
	}
	tx := &tidegate.Event{}
	if err := wire.DecodeEvent(body, wire.Options{Attributes: r.pattern.set.attributes}, tx); err != nil {
		return nil, err
	}
	if len(tx.Warnings) > 0 {
		return nil, fmt.Errorf("%s", tx.Warnings[0])
	}
	tx.Base, tx.HasBase = tx.Amount, tx.HasAmount && tx.Amount.Currency == r.base
	return r.pattern.newEvent(tx), nil
}

func (caseReader) EventID(e *Event) string { return e.ID }
