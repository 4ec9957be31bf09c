package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// BenchmarkBacklog publishes a backlog, beside a client that produces the same
// messages without transactions and without remembering where it is.
func BenchmarkBacklog(b *testing.B) {
	broker := kafkatest.Start(b)
	b.Run("exactly-once", func(b *testing.B) {
		j := benchJournal(b, broker, 3)
		p := benchPublisher(b, broker, j)
		b.ReportAllocs()
		j.append(b.N)
		for p.Published() < uint64(b.N) {
			time.Sleep(time.Millisecond)
		}
	})
	b.Run("bare", func(b *testing.B) {
		j := benchJournal(b, broker, 3)
		client := broker.Client(b)
		b.ReportAllocs()
		b.ResetTimer()
		var failed error
		for record := range uint64(b.N) {
			for _, m := range j.messages(record, nil) {
				client.Produce(context.Background(), &kgo.Record{Topic: m.Topic, Key: m.Key, Value: m.Value, Headers: m.Headers}, func(_ *kgo.Record, err error) {
					failed = errors.Join(failed, err)
				})
			}
		}
		if err := errors.Join(client.Flush(context.Background()), failed); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkLatency is from a durable record to a consumer of what is
// committed, beside a record sent without a transaction. The time of one
// operation includes the pause between two; look at the percentiles.
func BenchmarkLatency(b *testing.B) {
	broker := kafkatest.Start(b)
	consumer := func(b *testing.B, topic string) *kgo.Client {
		c := broker.Client(b, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		return c
	}
	b.Run("exactly-once", func(b *testing.B) {
		j := benchJournal(b, broker, 1)
		benchPublisher(b, broker, j)
		measure(b, consumer(b, j.decisions), func() { j.append(1) })
	})
	b.Run("bare", func(b *testing.B) {
		topic := benchJournal(b, broker, 1).decisions
		client := broker.Client(b, kgo.ProducerLinger(0))
		measure(b, consumer(b, topic), func() {
			client.Produce(context.Background(), &kgo.Record{Topic: topic, Key: []byte("customer-1"), Value: []byte("decision")}, nil)
		})
	})
}

func measure(b *testing.B, consumer *kgo.Client, send func()) {
	var took []time.Duration
	for range b.N + 1 {
		time.Sleep(5 * time.Millisecond)
		began := time.Now()
		send()
		if fetches := consumer.PollRecords(context.Background(), 1); fetches.NumRecords() != 1 {
			b.Fatal(fetches.Err())
		}
		took = append(took, time.Since(began))
	}
	took = took[1:] // connections were made
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2].Seconds()*1000, "p50-ms")
	b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
}

// benchJournal has topics of its own for every round of a benchmark.
func benchJournal(b *testing.B, broker *kafkatest.Broker, partitions int32) *journal {
	return newJournal(broker.Topic(b, fmt.Sprintf("decisions-%d", b.N), partitions), broker.Topic(b, fmt.Sprintf("alerts-%d", b.N), 1))
}

// benchPublisher publishes until the benchmark is over; it has begun when this
// returns.
func benchPublisher(b *testing.B, broker *kafkatest.Broker, j *journal) *kafka.Publisher {
	p, err := kafka.NewPublisher(&reader{journal: j}, kafka.Options{
		Brokers: broker.Addresses, Journal: fmt.Sprintf("%s-%d-%d", b.Name(), b.N, time.Now().UnixNano()), Incarnation: 1, Instance: "benchmark",
		Local: filepath.Join(b.TempDir(), "published"), Report: func(err error) { b.Log(err) },
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	for p.Stats().Transactions == 0 {
		time.Sleep(time.Millisecond)
	}
	b.ResetTimer()
	return p
}
