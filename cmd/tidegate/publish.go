package main

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/stream/kafka"
)

// publishedFile holds the publisher's position, in the data directory.
const publishedFile = "published"

// publisher sends decisions and alerts to Kafka when there are brokers.
type publisher struct {
	brokers []string
	dev     *kfake.Cluster
	client  []kgo.Opt // TLS, SASL and the like
	source  *decisionSource
	stop    context.CancelFunc
	done    sync.WaitGroup
}

func startPublisher(ctx context.Context, s *service, registry prometheus.Registerer) (*publisher, error) {
	p := &publisher{brokers: s.config.Kafka.Brokers, stop: func() {}}
	o := kafka.Options{
		Journal: s.node.JournalUUID(), Instance: rand.Text(), Local: filepath.Join(s.config.Data, publishedFile),
		Topics: s.config.Kafka.Written(), Timeout: s.config.Kafka.TransactionTimeout.Std(),
		AtLeastOnce: s.config.Kafka.Delivery == config.AtLeastOnce,
		Report:      func(err error) { s.log.Warn("publishing", "error", kafka.Explain(err)) },
	}
	var err error
	if s.command.DevKafka {
		err = p.develop(&o, s.config.Kafka.InputTopics())
	} else if o.Accept, err = acceptedRecord(); err == nil {
		o.Client, err = s.config.Kafka.Options()
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	if len(p.brokers) > 0 {
		o.Client = append(o.Client, kgo.WithHooks(newRequestMetrics(registry)),
			kgo.ProducerBatchCompression(config.Codecs[s.config.Kafka.Outputs.Compression], kgo.NoCompression()))
	}
	p.client = o.Client
	if o.Brokers = p.brokers; len(o.Brokers) == 0 {
		return p, nil
	}
	if p.source, err = newDecisionSource(s); err != nil {
		return nil, errors.Join(err, p.close())
	}
	o.Incarnation = p.source.incarnation
	transactions := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "tidegate_publisher_transaction_seconds", Help: "Time that a transaction takes, from its beginning to its end.",
		Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
	})
	registry.MustRegister(transactions)
	o.Committed = func(d time.Duration) { transactions.Observe(d.Seconds()) }
	sender, err := kafka.NewPublisher(p.source, o)
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	var stopped atomic.Bool
	publisherMetrics(registry, sender, &stopped)
	s.sender.Store(sender)
	ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	p.done.Go(func() {
		if err := p.source.outputs.register(ctx, func(err error) {
			stopped.Store(tidegate.CodeOf(err) != tidegate.CodeUnavailable)
			s.log.Error("publishing", "error", err)
		}); err != nil {
			return
		}
		stopped.Store(false)
		if err := sender.Run(ctx); err != nil {
			stopped.Store(true)
			s.log.Error("nothing is published any more; decisions go on. Find out why, then start with "+acceptVariable+" set to the record to go on with", "error", err)
		}
	})
	return p, nil
}

// usable finds what is wrong with what Kafka needs before anything begins.
func (s *service) usable() error {
	k, dev := &s.config.Kafka, s.command.DevKafka
	if len(k.Brokers) == 0 && !dev {
		return nil
	}
	if err := k.Usable(!dev); err != nil || dev {
		return err
	}
	_, err := acceptedRecord()
	return err
}

// publishedAt is the record that the publisher has come to: the journal keeps
// what is behind it. Until there is a publisher it keeps everything.
func (s *service) publishedAt() uint64 {
	if sender := s.sender.Load(); sender != nil {
		return sender.Published()
	}
	return 0
}

// develop starts a broker inside this process. It forgets what it was sent
// when it ends, so publishing begins again where it was.
func (p *publisher) develop(o *kafka.Options, inputs []string) (err error) {
	var names []string
	for _, t := range o.Topics {
		names = append(names, t.Name)
	}
	p.dev, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, append(names, inputs...)...))
	if err != nil {
		return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "the development broker does not start", Cause: err}
	}
	p.brokers = p.dev.ListenAddrs()
	o.Local += "-dev"
	last, err := kafka.FilePosition{Path: o.Local, Journal: o.Journal}.Record()
	o.Accept = last + 1
	return err
}

// acceptVariable names the record to publish next where the publisher must
// not guess. It is looked at only then.
const acceptVariable = "TIDEGATE_PUBLISH_FROM"

func acceptedRecord() (uint64, error) {
	text := os.Getenv(acceptVariable)
	if text == "" {
		return 0, nil
	}
	record, err := strconv.ParseUint(text, 10, 64)
	if err != nil || record == 0 {
		return 0, &tidegate.Error{Code: tidegate.CodeConfig, Message: acceptVariable + " is the number of a journal record, from 1", Cause: err}
	}
	return record, nil
}

func publisherMetrics(registry prometheus.Registerer, sender *kafka.Publisher, stopped *atomic.Bool) {
	gauge := func(name, help string, value func() float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	counter := func(name, help string, value func(kafka.Stats) uint64) {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(value(sender.Stats())) }))
	}
	gauge("tidegate_publisher_record", "Journal record up to which everything is in Kafka.", func() float64 { return float64(sender.Published()) })
	gauge("tidegate_publisher_stopped", "1 when the publisher must not go on without a person's word.", func() float64 {
		if stopped.Load() {
			return 1
		}
		return 0
	})
	counter("tidegate_publisher_messages_total", "Decisions, alerts and dead letters in Kafka.", func(s kafka.Stats) uint64 { return s.Messages })
	counter("tidegate_publisher_transactions_total", "Transactions committed in Kafka.", func(s kafka.Stats) uint64 { return s.Transactions })
	counter("tidegate_publisher_refused_total", "Messages that Kafka would not take, and that are dead letters.", func(s kafka.Stats) uint64 { return s.Refused })
	counter("tidegate_publisher_failures_total", "Failures after which publishing was begun again.", func(s kafka.Stats) uint64 { return s.Failures })
}

func (p *publisher) close() error {
	p.stop()
	p.done.Wait()
	if p.dev != nil {
		p.dev.Close()
	}
	if p.source == nil {
		return nil
	}
	return p.source.close()
}
