package stream

import (
	"encoding/json"
	"fmt"

	"github.com/tidegate/tidegate"
)

// DeadLetter is a record that could not be decoded, processed or delivered,
// and what is needed to understand it and to send it again.
type DeadLetter struct {
	Pipeline  string   `json:"pipeline"`
	Version   string   `json:"version,omitempty"`
	Operator  string   `json:"operator"`
	Code      string   `json:"code"` // of the error; one of tidegate.CodeUnavailable passes
	Error     string   `json:"error"`
	Stack     string   `json:"stack,omitempty"`
	EventTime Millis   `json:"event_time"`
	FailedAt  Millis   `json:"failed_at"`
	Source    string   `json:"source,omitempty"`   // the partition that it came from
	Position  int64    `json:"position,omitempty"` // where the source reads on after it
	Key       []byte   `json:"key,omitempty"`
	Headers   []Header `json:"headers,omitempty"`
	// Original are the source's bytes, where it has such; Value is the record
	// as it came to the operator.
	Original []byte          `json:"original,omitempty"`
	Value    json.RawMessage `json:"value,omitempty"`
}

// DeadLetters is the stream of the pipeline's dead letters. If nothing reads
// it they are logged.
func (p *Pipeline) DeadLetters() Stream[DeadLetter] {
	if p.dead.node == nil {
		p.dead = streamOf[DeadLetter](p, p.add("dead letters"))
	}
	return p.dead
}

// bury makes a dead letter of a record that an operator could not handle.
func (t *task) bury(n *node, err error, stack string, at Millis, value any) {
	p := t.run.p
	t.stats[n.id].failed++
	letter := DeadLetter{
		Pipeline: p.name, Version: p.options.Version, Operator: n.name,
		Code: string(tidegate.CodeOf(err)), Error: err.Error(), Stack: stack, EventTime: at, FailedAt: t.run.clock.Now(),
	}
	if m := t.origin; m != nil {
		letter.Source, letter.Position = t.from, m.Next
		letter.Key, letter.Original = clone(m.Key), clone(m.Raw)
		for _, h := range m.Headers {
			letter.Headers = append(letter.Headers, Header{h.Key, clone(h.Value)})
		}
	}
	if value != nil {
		b, err := marshal(value)
		if err != nil {
			b, _ = json.Marshal(fmt.Sprintf("%+v", value))
		}
		letter.Value = b
	}
	out := p.dead.out
	if out == nil || t.burying {
		p.options.Log.Error("dead letter", "pipeline", p.name, "operator", n.name, "error", err, "source", letter.Source, "position", letter.Position)
		return
	}
	t.burying = true // a dead letter that fails in turn is only logged
	defer func() { t.burying = false }()
	out.emit(t, Record[DeadLetter]{Value: letter, Time: at})
}

func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}
