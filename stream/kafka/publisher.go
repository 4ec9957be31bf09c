package kafka

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
)

// Source is where a publisher reads: durable records in order.
type Source interface {
	// Next appends the messages of the next durable record that has any, and
	// returns its sequence number. It waits until there is one or ctx is over.
	Next(ctx context.Context, to []Message) (sequence uint64, messages []Message, err error)
}

// Position remembers how far a publisher has come.
type Position interface {
	Load() (sequence uint64, err error)
	// Save is called when every message up to sequence is in Kafka.
	Save(sequence uint64) error
}

// Message is one record for a topic.
type Message struct {
	Topic   string
	Key     []byte
	Value   []byte
	Headers []kgo.RecordHeader
}

// Publisher sends the journal's messages to Kafka, in order per key, and goes
// on where it stopped: after an outage of the brokers and after a restart.
// Delivery is at least once: after a crash the last batch may be there twice,
// with the same keys and ids.
type Publisher struct {
	client    *kgo.Client
	source    Source
	position  Position
	report    func(error)
	published atomic.Uint64 // sequence
	messages  atomic.Uint64
	failures  atomic.Uint64
}

// A batch is what is sent before the position is saved.
const (
	batchMessages = 4096
	batchWait     = 50 * time.Millisecond
	retryMin      = 100 * time.Millisecond
	retryMax      = 10 * time.Second
)

// NewPublisher makes a publisher; Run does the work. report is told of
// failures, each of which is tried again.
func NewPublisher(brokers []string, source Source, position Position, report func(error)) (*Publisher, error) {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(brokers...),
		kgo.ClientID("tidegate-publisher"),
		kgo.ProducerBatchCompression(kgo.Lz4Compression(), kgo.NoCompression()),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerLinger(5*time.Millisecond),
		kgo.MaxBufferedRecords(2*batchMessages),
		kgo.AllowAutoTopicCreation(),
	)
	if err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeConfig, Message: "the Kafka client refuses its configuration", Cause: err}
	}
	p := &Publisher{client: client, source: source, position: position, report: report}
	at, err := position.Load()
	if err != nil {
		client.Close()
		return nil, err
	}
	p.published.Store(at)
	return p, nil
}

// Run publishes until ctx is over.
func (p *Publisher) Run(ctx context.Context) {
	defer p.client.Close()
	var batch []Message
	for ctx.Err() == nil {
		var last uint64
		var err error
		last, batch, err = p.collect(ctx, batch[:0])
		if err != nil {
			if ctx.Err() == nil {
				p.report(err)
			}
			return
		}
		if !p.deliver(ctx, batch) {
			return
		}
		if err := p.position.Save(last); err != nil {
			p.report(err)
		}
		p.published.Store(last)
		p.messages.Add(uint64(len(batch)))
	}
}

// collect waits for a first record, and a short while for more.
func (p *Publisher) collect(ctx context.Context, batch []Message) (last uint64, _ []Message, err error) {
	last, batch, err = p.source.Next(ctx, batch)
	if err != nil {
		return 0, nil, err
	}
	more, cancel := context.WithTimeout(ctx, batchWait)
	defer cancel()
	for len(batch) < batchMessages {
		sequence, longer, err := p.source.Next(more, batch)
		if more.Err() != nil {
			return last, batch, nil
		}
		if err != nil {
			return 0, nil, err
		}
		last, batch = sequence, longer
	}
	return last, batch, nil
}

// deliver sends a batch until all of it is acknowledged; false when ctx is
// over before.
func (p *Publisher) deliver(ctx context.Context, batch []Message) bool {
	wait := retryMin
	for {
		err := p.send(ctx, batch)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		p.failures.Add(1)
		p.report(&tidegate.Error{Code: tidegate.CodeUnavailable, Message: "Kafka does not take the messages; trying again", Cause: err})
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return false
		}
		wait = min(2*wait, retryMax)
	}
}

func (p *Publisher) send(ctx context.Context, batch []Message) error {
	records := make([]*kgo.Record, len(batch))
	for i, m := range batch {
		records[i] = &kgo.Record{Topic: m.Topic, Key: m.Key, Value: m.Value, Headers: m.Headers}
	}
	var errs []error
	for _, r := range p.client.ProduceSync(ctx, records...) {
		if r.Err != nil && !errors.Is(r.Err, kerr.DuplicateSequenceNumber) {
			errs = append(errs, r.Err)
			break // one says it; the whole batch is sent again
		}
	}
	return errors.Join(errs...)
}

// Published is the sequence number of the last record that is in Kafka.
func (p *Publisher) Published() uint64 { return p.published.Load() }

// Stats counts messages sent and failed attempts.
func (p *Publisher) Stats() (messages, failures uint64) { return p.messages.Load(), p.failures.Load() }
