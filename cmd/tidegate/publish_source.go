package main

import (
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
	"github.com/tidegate/tidegate/wire"
)

// decisionSource makes messages of journal records, keyed by customer.
type decisionSource struct {
	node        *node.Node
	topics      config.Kafka
	reader      *node.DecisionReader
	first       uint64 // record kept, when the process started
	incarnation uint64
}

func newDecisionSource(s *service) (*decisionSource, error) {
	// The last record is enough to look at: only the header counts here.
	j, _, err := journal.OpenReadOnly(filepath.Join(s.config.Data, "journal"), journal.Options{VerifyFrom: s.node.Status().Durable})
	if err != nil {
		return nil, err
	}
	d := &decisionSource{node: s.node, topics: s.config.Kafka, first: j.First(), incarnation: j.Incarnation()}
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
	key := []byte(cmp.Or(r.Decision.CustomerID, r.Event.Text[tidegate.AccountID], r.Event.Text[tidegate.CardID]))
	headers := []kgo.RecordHeader{
		{Key: "tidegate.tenant", Value: []byte(r.Event.Tenant)},
		{Key: "tidegate.record", Value: strconv.AppendUint(nil, r.Sequence, 10)},
	}
	if r.Kind == node.KindDecision { // else it only carries alerts
		to = append(to, kafka.Message{Topic: d.topics.DecisionsTopic, Key: key, Value: wire.AppendDecision(nil, &r.Decision, wire.Features{}), Headers: headers})
	}
	for i := range r.Decision.Alerts {
		to = append(to, kafka.Message{Topic: d.topics.AlertsTopic, Key: key, Value: wire.AppendAlert(nil, &r.Decision.Alerts[i]), Headers: headers})
	}
	return r.Sequence, to, nil
}
