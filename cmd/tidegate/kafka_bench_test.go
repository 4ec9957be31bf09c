package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/bench/load"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// BenchmarkKafka is the service from topic to topic, beside a bare client that
// does nothing but consume and produce in transactions, in the same run and with
// the same records and sizes: first a backlog as fast as it goes, then a quarter
// of the service's rate, with the time from producing a payment to its committed
// decision.
func BenchmarkKafka(b *testing.B) {
	broker := kafkatest.Start(b)
	const backlog = 150_000
	for range b.N {
		bare := bareRate(b, broker, backlog)
		service, p50, p99 := serviceRate(b, broker, backlog)
		b.ReportMetric(bare, "bare/s")
		b.ReportMetric(service, "service/s")
		b.ReportMetric(service/bare, "ratio")
		b.ReportMetric(p50.Seconds()*1000, "p50-ms")
		b.ReportMetric(p99.Seconds()*1000, "p99-ms")
		b.ReportMetric(0, "ns/op")
	}
}

// benchPayments are those of `tidegate bench authorize`: customers, merchants
// and devices as there are.
func benchPayments(run string) func() *kgo.Record {
	payments := load.NewPayments(1, 1_000_000, 1, 1, run)
	return func() *kgo.Record {
		body := payments.Body(0, time.Now(), nil)
		return &kgo.Record{Key: []byte(between(body, `"customer_id":"`, `"`)), Value: body}
	}
}

// fillBacklog writes n payments.
func fillBacklog(b *testing.B, client *kgo.Client, topic string, n int) {
	b.Helper()
	var failed error
	next := benchPayments("b")
	for range n {
		r := next()
		r.Topic = topic
		client.Produce(context.Background(), r,
			func(_ *kgo.Record, err error) { failed = errors.Join(failed, err) })
	}
	if err := errors.Join(client.Flush(context.Background()), failed); err != nil {
		b.Fatal(err)
	}
}

// arrivals reads n committed records, and gives their rate from the first one
// on: that of all but what came with it. saw is called with each.
func arrivals(b *testing.B, broker *kafkatest.Broker, topic string, n int, saw func(*kgo.Record)) float64 {
	b.Helper()
	client := broker.Client(b, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var seen, from int
	var began time.Time
	for seen < n {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			b.Fatalf("%v after %d of %d", err, seen, n)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			seen++
			if saw != nil {
				saw(r)
			}
		})
		if began.IsZero() {
			began, from = time.Now(), seen
		}
	}
	return float64(seen-from) / time.Since(began).Seconds()
}

// bareRate consumes and produces in transactions, a poll each. What it produces
// is as large as a decision.
func bareRate(b *testing.B, broker *kafkatest.Broker, n int) float64 {
	in, out := broker.Topic(b, fmt.Sprint("bare-in-", time.Now().UnixNano()), 3), broker.Topic(b, fmt.Sprint("bare-out-", time.Now().UnixNano()), 3)
	fillBacklog(b, broker.Client(b), in, n)
	session, err := kgo.NewGroupTransactSession(kgo.SeedBrokers(broker.Addresses...), kgo.TransactionalID(in), kgo.ConsumerGroup(in), kgo.ConsumeTopics(in),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.ProducerBatchCompression(kgo.Lz4Compression(), kgo.NoCompression()))
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	decision := make([]byte, 600)
	for i := range decision {
		decision[i] = "0123456789abcdef\",:"[i*7%19]
	}
	go func() {
		ended <- func() error {
			for {
				fetches := session.PollRecords(ctx, 16384)
				if ctx.Err() != nil {
					return nil
				}
				if err := errors.Join(fetches.Err(), session.Begin()); err != nil {
					return err
				}
				fetches.EachRecord(func(r *kgo.Record) {
					session.Produce(ctx, &kgo.Record{Topic: out, Key: r.Key, Value: decision}, nil)
				})
				if _, err := session.End(ctx, kgo.TryCommit); err != nil && ctx.Err() == nil {
					return err
				}
			}
		}()
	}()
	rate := arrivals(b, broker, out, n, nil)
	stop()
	err = <-ended
	session.Close()
	if err != nil {
		b.Fatal(err)
	}
	return rate
}

func serviceRate(b *testing.B, broker *kafkatest.Broker, n int) (rate float64, p50, p99 time.Duration) {
	in := broker.Topic(b, fmt.Sprint("in-", time.Now().UnixNano()), 3)
	s := newPublishing(b, broker, fmt.Sprintf("inputs: [{topic: %q, takes: transactions}]", in))
	client := broker.Client(b, kgo.ProducerLinger(0))
	fillBacklog(b, client, in, n)
	s.start()
	rate = arrivals(b, broker, s.topics["decisions"], n, nil)
	// A quarter of that, for some seconds.
	const seconds = 8
	count := int(rate / 4 * seconds)
	sent := make([]time.Time, count)
	took := make([]time.Duration, 0, count)
	seen := make(chan struct{})
	go func() {
		defer close(seen)
		arrivals(b, broker, s.topics["decisions"], n+count, func(r *kgo.Record) {
			var id int
			if _, err := fmt.Sscanf(between(r.Value, `"transaction_id":"l-`, `"`), "%d", &id); err == nil {
				took = append(took, time.Since(sent[id-1]))
			}
		})
	}()
	next := benchPayments("l")
	began := time.Now()
	for i := range count {
		due := began.Add(time.Duration(float64(i) / rate * 4 * float64(time.Second)))
		if wait := time.Until(due); wait > time.Millisecond {
			time.Sleep(wait)
		}
		r := next()
		r.Topic = in
		sent[i] = time.Now()
		client.Produce(context.Background(), r, nil)
	}
	<-seen
	took = took[len(took)/10:]
	slices.Sort(took)
	s.kill()
	return rate, took[len(took)/2], took[len(took)*99/100]
}

func between(b []byte, from, to string) string {
	_, rest, _ := strings.Cut(string(b), from)
	text, _, _ := strings.Cut(rest, to)
	return text
}
