package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/stream/journal"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/schema"
	"github.com/tidegate/tidegate/wire"
)

// decisionSource makes messages of journal records, keyed by customer.
type decisionSource struct {
	node        *node.Node
	topics      config.Kafka
	outputs     outputs
	reader      *node.DecisionReader
	first       uint64 // record kept, when the process started
	incarnation uint64
	scratch     []byte // what a value is written to: most are as long as the one before
}

func newDecisionSource(s *service) (*decisionSource, error) {
	// The last record is enough to look at: only the header counts here.
	j, _, err := journal.OpenReadOnly(filepath.Join(s.config.Data, "journal"), journal.Options{VerifyFrom: s.node.Status().Durable})
	if err != nil {
		return nil, err
	}
	outputs, err := newOutputs(&s.config.Kafka)
	if err != nil {
		return nil, errors.Join(err, j.Close())
	}
	d := &decisionSource{node: s.node, topics: s.config.Kafka, outputs: outputs, first: j.First(), incarnation: j.Incarnation()}
	return d, j.Close()
}

func (d *decisionSource) Seek(record uint64) error {
	err := d.close()
	d.reader = d.node.Decisions(record)
	return err
}

func (d *decisionSource) close() error {
	if d.reader == nil {
		return nil
	}
	return d.reader.Close()
}

func (d *decisionSource) Bounds() (first, end uint64) { return d.first, d.node.Status().Durable }

func (d *decisionSource) Next(ctx context.Context, to []kafka.Message) (uint64, []kafka.Message, error) {
	if d.reader == nil {
		return 0, to, errors.New("a source is read before Seek")
	}
	r, err := d.reader.Next(ctx)
	if err != nil {
		return 0, to, err
	}
	if r.Kind == node.KindDeadLetter {
		return r.Sequence, append(to, d.letter(r)), nil
	}
	key := []byte(cmp.Or(r.Decision.CustomerID, r.Event.Text[tidegate.AccountID], r.Event.Text[tidegate.CardID]))
	headers := []kgo.RecordHeader{
		{Key: kafka.HeaderTenant, Value: []byte(r.Event.Tenant)},
		{Key: kafka.HeaderRecord, Value: strconv.AppendUint(nil, r.Sequence, 10)},
	}
	if r.Kind == node.KindDecision { // else it only carries alerts
		value, err := d.encoded(d.outputs.decision, wire.AppendDecision(d.scratch[:0], &r.Decision, wire.Features{}))
		if err != nil {
			return 0, to, err
		}
		to = append(to, kafka.Message{Topic: d.topics.DecisionsTopic, Key: key, Value: value, Headers: headers})
	}
	for i := range r.Decision.Alerts {
		value, err := d.encoded(d.outputs.alert, wire.AppendAlert(d.scratch[:0], &r.Decision.Alerts[i]))
		if err != nil {
			return 0, to, err
		}
		to = append(to, kafka.Message{Topic: d.topics.AlertsTopic, Key: key, Value: value, Headers: headers})
	}
	return r.Sequence, to, nil
}

// encoded is a value that was written to the scratch buffer, as e writes it.
func (d *decisionSource) encoded(e *schema.Encoder, value []byte) ([]byte, error) {
	d.scratch = value
	if e == nil {
		return bytes.Clone(value), nil
	}
	return e.Encode(value)
}

// letter is the message of a dead letter. One without a topic is a label that
// came over HTTP; it goes where labels from Kafka would.
func (d *decisionSource) letter(r *node.Record) kafka.Message {
	l := &r.DeadLetter
	record := &kgo.Record{Topic: cmp.Or(l.Topic, d.topics.LabelsTopic()), Partition: l.Partition, Offset: l.Offset, Key: l.Key, Value: l.Value}
	if l.Topic == "" {
		record.Partition, record.Offset, record.Key = -1, -1, []byte(l.TransactionID)
	}
	for _, h := range l.Headers {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
	}
	letter := kafka.DeadLetter{Record: record, Code: l.Reason, Error: l.Error, Stack: l.Stack, At: cmp.Or(l.FailedAt, r.Arrival).Time(), Version: l.Version}
	m := letter.Message(func(b []byte) []byte { return b }) // masked before it came into the journal
	if l.NotBefore != 0 {
		m = letter.Again(l.Tries, l.NotBefore.Time())
	}
	m.Headers = append(m.Headers, kgo.RecordHeader{Key: kafka.HeaderTenant, Value: []byte(l.Tenant)},
		kgo.RecordHeader{Key: kafka.HeaderRecord, Value: strconv.AppendUint(nil, r.Sequence, 10)})
	return m
}
