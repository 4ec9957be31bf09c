package main

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/wire"
)

// publishedFile holds the publisher's position, in the data directory.
const publishedFile = "published"

// publisher sends decisions and alerts to Kafka when there are brokers.
type publisher struct {
	brokers []string
	dev     *kfake.Cluster
	reader  *node.DecisionReader
	stop    context.CancelFunc
	done    sync.WaitGroup
}

func startPublisher(ctx context.Context, s *service, registry prometheus.Registerer) (*publisher, error) {
	p := &publisher{brokers: s.config.Kafka.Brokers, stop: func() {}}
	if s.command.DevKafka {
		dev, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, s.config.Kafka.DecisionsTopic, s.config.Kafka.AlertsTopic))
		if err != nil {
			return nil, &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "the development broker does not start", Cause: err}
		}
		p.dev, p.brokers = dev, dev.ListenAddrs()
	}
	if len(p.brokers) == 0 {
		return p, nil
	}
	name := publishedFile
	if p.dev != nil {
		name += "-dev"
	}
	position := kafka.FilePosition{Path: filepath.Join(s.config.Data, name), Journal: s.node.JournalUUID()}
	from, err := position.Load()
	if err != nil {
		return nil, err
	}
	p.reader = s.node.Decisions(from + 1)
	source := decisionSource{p.reader, s.config.Kafka}
	sender, err := kafka.NewPublisher(p.brokers, source, position, func(err error) { s.log.Warn("publishing", "error", err) })
	if err != nil {
		return nil, errors.Join(err, p.reader.Close())
	}
	registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tidegate_publisher_record", Help: "Journal record up to which everything is in Kafka."},
			func() float64 { return float64(sender.Published()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "tidegate_publisher_failures_total", Help: "Attempts to send a batch that failed and were repeated."},
			func() float64 { _, failures := sender.Stats(); return float64(failures) }),
	)
	ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	p.done.Go(func() { sender.Run(ctx) })
	return p, nil
}

func (p *publisher) close() error {
	p.stop()
	p.done.Wait()
	if p.dev != nil {
		p.dev.Close()
	}
	if p.reader == nil {
		return nil
	}
	return p.reader.Close()
}

// decisionSource makes messages of journal records, keyed by customer.
type decisionSource struct {
	reader *node.DecisionReader
	topics config.Kafka
}

func (d decisionSource) Next(ctx context.Context, to []kafka.Message) (uint64, []kafka.Message, error) {
	r, err := d.reader.Next(ctx)
	if err != nil {
		return 0, to, err
	}
	key := []byte(r.Decision.CustomerID)
	headers := []kgo.RecordHeader{
		{Key: "tidegate.tenant", Value: []byte(r.Event.Tenant)},
		{Key: "tidegate.record", Value: strconv.AppendUint(nil, r.Sequence, 10)},
	}
	to = append(to, kafka.Message{Topic: d.topics.DecisionsTopic, Key: key, Value: wire.AppendDecision(nil, &r.Decision, wire.Features{}), Headers: headers})
	for i := range r.Decision.Alerts {
		to = append(to, kafka.Message{Topic: d.topics.AlertsTopic, Key: key, Value: wire.AppendAlert(nil, &r.Decision.Alerts[i]), Headers: headers})
	}
	return r.Sequence, to, nil
}
