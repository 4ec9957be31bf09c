package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/bench/load"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// BenchmarkKafka is the service from topic to topic, beside a bare client that
// does nothing but consume and produce in transactions, in the same run and with
// the same records and sizes: first a backlog as fast as it goes, then a quarter
// of the service's rate, with the time from producing a payment to its committed
// decision; exactly once, and at least once.
func BenchmarkKafka(b *testing.B) {
	broker := kafkatest.Start(b)
	const backlog = 150_000
	bareRate(b, broker, backlog) // the broker's code is compiled now
	for range b.N {
		bare := bareRate(b, broker, backlog)
		once := serviceRun(b, broker, backlog, config.ExactlyOnce)
		least := serviceRun(b, broker, backlog, config.AtLeastOnce)
		b.ReportMetric(bare, "bare/s")
		b.ReportMetric(once.rate, "service/s")
		b.ReportMetric(once.rate/bare, "ratio")
		b.ReportMetric(once.service.Seconds()*1e6/backlog, "service-cpu-us")
		b.ReportMetric(once.broker.Seconds()*1e6/backlog, "broker-cpu-us")
		b.ReportMetric(once.p50.Seconds()*1000, "p50-ms")
		b.ReportMetric(once.p99.Seconds()*1000, "p99-ms")
		b.ReportMetric(least.rate, "at-least-once/s")
		b.ReportMetric(least.p50.Seconds()*1000, "at-least-once-p50-ms")
		b.ReportMetric(least.p99.Seconds()*1000, "at-least-once-p99-ms")
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

// arrivals reads the next n records that are produced and committed, and then
// gives their rate from the first ones on: that of all but these. saw is called
// with each.
func arrivals(b *testing.B, broker *kafkatest.Broker, topic string, n int, saw func(*kgo.Record)) (rate func() float64) {
	b.Helper()
	client := broker.Client(b, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AfterMilli(time.Now().UnixMilli())))
	if err := client.Ping(context.Background()); err != nil {
		b.Fatal(err)
	}
	measured := make(chan float64, 1)
	var failed error
	go func() {
		defer close(measured)
		defer client.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		var seen, from int
		var began time.Time
		for seen < n {
			fetches := client.PollFetches(ctx)
			if err := fetches.Err(); err != nil {
				failed = fmt.Errorf("%w after %d of %d", err, seen, n)
				return
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
		measured <- float64(seen-from) / time.Since(began).Seconds()
	}()
	return func() float64 {
		rate, ok := <-measured
		if !ok {
			b.Fatal(failed)
		}
		return rate
	}
}

// bareRate consumes and produces in transactions, a poll each. It sends on what
// it reads, which is as large as a decision, and no easier to compress.
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
	arrived := arrivals(b, broker, out, n, nil)
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
					session.Produce(ctx, &kgo.Record{Topic: out, Key: r.Key, Value: r.Value}, nil)
				})
				if _, err := session.End(ctx, kgo.TryCommit); err != nil && ctx.Err() == nil {
					return err
				}
			}
		}()
	}()
	rate := arrived()
	stop()
	err = <-ended
	session.Close()
	if err != nil {
		b.Fatal(err)
	}
	return rate
}

// served is what a run of the service was measured to do.
type served struct {
	rate            float64       // of the backlog
	service, broker time.Duration // of the processors, for the backlog
	p50, p99        time.Duration // at a quarter of that
}

func serviceRun(b *testing.B, broker *kafkatest.Broker, n int, delivery string) (run served) {
	in := broker.Topic(b, fmt.Sprint("in-", time.Now().UnixNano()), 3)
	s := newPublishing(b, broker, fmt.Sprintf("inputs: [{topic: %q, takes: transactions}], delivery: %s", in, delivery))
	client := broker.Client(b, kgo.ProducerLinger(0))
	fillBacklog(b, client, in, n)
	busy := processorTime(broker.Process(b, 1))
	arrived := arrivals(b, broker, s.topics["decisions"], n, nil)
	s.start()
	rate := arrived()
	run.rate, run.service, run.broker = rate, processorTime(s.process.Process.Pid), processorTime(broker.Process(b, 1))-busy
	// A quarter of that, for some seconds.
	const seconds = 8
	count := int(rate / 4 * seconds)
	sent := make([]time.Time, count)
	took := make([]time.Duration, 0, count)
	arrived = arrivals(b, broker, s.topics["decisions"], count, func(r *kgo.Record) {
		var id int
		if _, err := fmt.Sscanf(between(r.Value, `"transaction_id":"l-`, `"`), "%d", &id); err == nil {
			took = append(took, time.Since(sent[id-1]))
		}
	})
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
	arrived()
	slices.Sort(took)
	s.kill()
	run.p50, run.p99 = took[len(took)/2], took[len(took)*99/100]
	return run
}

func between(b []byte, from, to string) string {
	_, rest, _ := strings.Cut(string(b), from)
	text, _, _ := strings.Cut(rest, to)
	return text
}

// processorTime is what a process has used of the processors; 0 where /proc
// does not tell.
func processorTime(pid int) (used time.Duration) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	for _, ticks := range strings.Fields(rest)[11:13] { // in user's and in system's code
		n, _ := strconv.Atoi(ticks)
		used += time.Duration(n) * time.Second / 100
	}
	return used
}
